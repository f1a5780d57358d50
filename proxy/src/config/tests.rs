use std::time::Duration;

use super::*;

const URL: &str = "postgres://rota:secret@/rota?host=/tmp";

fn layers(given: &[(&str, &str)]) -> Layers {
    let (mut layers, mut faults) = (Layers::default(), Vec::new());
    let variables =
        given.iter().map(|(name, value)| (format!("ROTA_{}", name.to_uppercase()), (*value).to_owned()));
    layers.put_variables(variables, &mut faults);
    assert_eq!(faults, []);
    layers
}

fn file(content: &str) -> (Layers, Vec<Fault>) {
    let path = std::env::temp_dir().join(format!("rota-settings-{}.toml", uuid::Uuid::new_v4()));
    std::fs::write(&path, content).unwrap();
    let (mut layers, mut faults) = (Layers::default(), Vec::new());
    layers.put_file(&path, &mut faults);
    std::fs::remove_file(path).unwrap();
    (layers, faults)
}

fn faults_of(layers: &Layers, faults: Vec<Fault>) -> Vec<(String, String)> {
    let faults = Settings::gather(layers, faults).unwrap_err();
    faults.into_iter().map(|fault| (fault.setting, fault.message)).collect()
}

#[test]
fn every_default_is_within_its_bounds_and_explained() {
    let settings = Settings::gather(&Layers::default(), Vec::new()).unwrap();
    assert_eq!(settings.slow_threshold_ms, Duration::from_millis(500));
    assert_eq!(settings.body_limit_bytes, 1 << 20);
    for declared in DECLARED {
        assert!(declared.help.trim().len() > 25, "{} wants a reason", declared.name);
    }
}

#[test]
fn flags_beat_variables_beat_the_file() {
    let (mut layers, faults) = file("pool_size = 3\nthreads = 3\nimport_limit = 3");
    layers.put("threads", Source::Variable("ROTA_THREADS".to_owned()), "4".to_owned());
    layers.put("import_limit", Source::Variable("ROTA_IMPORT_LIMIT".to_owned()), "4".to_owned());
    layers.put("import_limit", Source::Flag("import-limit".to_owned()), "5".to_owned());
    let settings = Settings::gather(&layers, faults).unwrap();
    assert_eq!((settings.pool_size, settings.threads, settings.import_limit), (3, 4, 5));
    assert_eq!(layers.source("import_limit").to_string(), "flag --import-limit");
}

#[test]
fn all_faults_of_all_layers_are_told_with_their_sources() {
    let (mut layers, faults) =
        file("pool_sise = 3\npool_size = 0\nlisten = [1]\nslow_threshold_ms = \"soon\"");
    layers.put("pool_size", Source::Variable("ROTA_POOL_SIZE".to_owned()), "many".to_owned());
    layers.put("log_format", Source::Flag("log-format".to_owned()), "xml".to_owned());
    let faults = Settings::gather(&layers, faults).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 6, "{told:#?}");
    let has = |start: &str, end: &str| told.iter().any(|line| line.starts_with(start) && line.ends_with(end));
    assert!(has("pool_sise (file ", "is no setting; did you mean pool_size?"));
    assert!(has("pool_size (file ", "must be a whole number from 1 to 1000"));
    assert!(has("pool_size (variable ROTA_POOL_SIZE): must be a whole number from 1 to 1000", ""));
    assert!(has("listen (file ", "must be a string, a number or a boolean"));
    assert!(has("slow_threshold_ms (file ", "must be a whole number from 0 to 86400000"));
    assert!(has("log_format (flag --log-format): must be json or human", ""));
}

#[test]
fn a_misspelt_variable_is_a_fault_and_those_of_others_are_not() {
    let (mut layers, mut faults) = (Layers::default(), Vec::new());
    let variables = ["ROTA_POOLSIZE", "ROTA_CONFIG", "HOME"].map(|name| (name.to_owned(), "8".to_owned()));
    layers.put_variables(variables.into_iter(), &mut faults);
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["poolsize (variable ROTA_POOLSIZE): is no setting; did you mean pool_size?"]);
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_a_fault() {
    let (layers, faults) = file("pool_size 3");
    assert!(faults_of(&layers, faults)[0].1.starts_with("is not TOML: "));
    let (mut layers, mut faults) = (Layers::default(), Vec::new());
    layers.put_file(std::path::Path::new("/nowhere/rota.toml"), &mut faults);
    assert!(faults_of(&layers, faults)[0].1.starts_with("cannot be read: "));
}

#[test]
fn settings_that_contradict_each_other_are_faults() {
    let faults = faults_of(
        &layers(&[
            ("statement_timeout_ms", "40000"),
            ("listen", "127.0.0.1:9"),
            ("admin_listen", "127.0.0.1:9"),
        ]),
        Vec::new(),
    );
    let settings: Vec<&str> = faults.iter().map(|(setting, _)| setting.as_str()).collect();
    assert_eq!(settings, ["statement_timeout_ms", "admin_listen"]);
}

#[test]
fn the_password_is_never_shown_and_the_rest_can_be_read_back() {
    let layers = layers(&[("database_url", URL)]);
    let settings = Settings::gather(&layers, Vec::new()).unwrap();
    let shown = effective(&settings, &layers);
    assert!(!shown.contains("secret") && !format!("{settings:?}").contains("secret"));
    assert!(shown.contains("database_url = \"host=/tmp user=rota dbname=rota password=***\""), "{shown}");
    let (read_back, faults) = file(&shown);
    let again = Settings::gather(&read_back, faults).unwrap();
    assert_eq!(again.pool_size, settings.pool_size);
    assert_eq!(again.shown().len(), DECLARED.len());
}

#[test]
fn a_database_without_a_host_is_a_fault_that_shows_how_to_name_one() {
    let faults = faults_of(&layers(&[("database_url", "dbname=rota")]), Vec::new());
    assert!(faults[0].1.contains("?host="));
    let faults = faults_of(&layers(&[("database_url", "mysql://x")]), Vec::new());
    assert!(faults[0].1.starts_with("must be a connection string"));
}
