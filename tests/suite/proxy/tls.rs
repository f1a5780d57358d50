//! TLS to the database in every mode of libpq, and TLS to the clients with a certificate that changes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use rota_tests::http::send_bytes;
use rota_tests::proxy::Proxy;
use rota_tests::server::{OwnServer, environment, shared_port};
use rota_tests::session::Session;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::certificates::Authority;
use super::samples::samples;
use super::stage::{FUNCTIONS, Stage, serves};
use super::waiting::until;

/// A server that speaks TLS, with a certificate for `localhost` alone. None where the server was built without
/// TLS, as those that come in a wheel are.
async fn encrypted_server(authority: &Authority) -> Result<Option<(OwnServer, Session)>> {
    let server = OwnServer::start(&[("max_connections", "30")]).await?;
    let session = Session::connect(&server.cluster()?.url("postgres")).await?;
    if session.text("SHOW ssl_library").await?.is_empty() {
        return Ok(None);
    }
    session.batch_execute(&format!("CREATE EXTENSION rota; {FUNCTIONS}")).await?;
    let data = session.text("SHOW data_directory").await?;
    let (certificate, key) = authority.issue("localhost")?;
    let (account, _) = environment()?.places()?;
    for (name, content) in [("server.crt", certificate), ("server.key", key)] {
        let path = Path::new(&data).join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        account.own(&path)?;
    }
    session.batch_execute("ALTER SYSTEM SET ssl = on").await?;
    session.batch_execute("SELECT pg_reload_conf()").await?;
    until("TLS is on", async || Ok(session.text("SHOW ssl").await? == "on")).await?;
    Ok(Some((server, session)))
}

fn url(server: &OwnServer, host: &str, mode: &str) -> Result<String> {
    Ok(format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}", server.cluster()?.port()))
}

/// Whether the proxy's sessions are encrypted, once it serves.
async fn is_encrypted(session: &Session, url: &str, settings: &[(&str, &str)]) -> Result<bool> {
    let proxy = Proxy::with_url(url, settings).await?;
    serves(&proxy).await?;
    assert_eq!(proxy.get("/backend").await?.status, 200);
    let sql = "SELECT bool_and(ssl) AND count(*) > 1, bool_or(ssl) FROM pg_stat_ssl
        JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'rota%'";
    let rows = session.rows(sql).await?;
    assert_eq!(rows[0][0], rows[0][1], "all of them or none");
    Ok(rows[0][0].as_deref() == Some("t"))
}

#[tokio::test]
async fn each_mode_encrypts_as_libpq_says() -> Result<()> {
    let authority = Authority::new()?;
    let Some((server, session)) = encrypted_server(&authority).await? else { return Ok(()) };
    let file = authority.file()?;
    let vouched = [("ROTA_DATABASE_TLS_CA_FILE", file.as_str())];
    for (host, mode, settings, wanted) in [
        ("localhost", "verify-full", &vouched[..], true),
        ("127.0.0.1", "verify-ca", &vouched[..], true),
        ("127.0.0.1", "require", &[][..], true),
        ("127.0.0.1", "prefer", &[][..], true),
        ("127.0.0.1", "disable", &[][..], false),
    ] {
        let found = is_encrypted(&session, &url(&server, host, mode)?, settings).await?;
        assert_eq!(found, wanted, "{mode}");
        until("the last proxy's sessions are gone", async || {
            let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rota%'";
            Ok(session.text(left).await? == "0")
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_prove_itself_is_never_spoken_to() -> Result<()> {
    let (authority, stranger) = (Authority::new()?, Authority::new()?);
    let Some((server, session)) = encrypted_server(&authority).await? else { return Ok(()) };
    let (right, wrong) = (authority.file()?, stranger.file()?);
    for (host, mode, file) in [
        ("localhost", "verify-full", &wrong),
        ("localhost", "verify-ca", &wrong),
        // The certificate is for the name, not for the address.
        ("127.0.0.1", "verify-full", &right),
    ] {
        let settings = [("ROTA_DATABASE_TLS_CA_FILE", file.as_str())];
        let proxy = Proxy::with_url(&url(&server, host, mode)?, &settings).await?;
        let answer = proxy.get("/backend").await?;
        assert_eq!(answer.status, 503, "{mode}: {}", answer.text());
        assert!(!answer.text().contains("certificate"), "{}", answer.text());
        let ready = proxy.admin("/ready").await?;
        assert!(ready.status == 503 && ready.text().contains("certificate"), "{mode}: {}", ready.text());
        let seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rota%'";
        assert_eq!(session.text(seen).await?, "0", "{mode}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_without_tls_is_used_where_it_is_preferred_and_refused_where_it_is_required() -> Result<()> {
    let port = shared_port()?;
    let proxy =
        Proxy::with_url(&format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=require"), &[])
            .await?;
    assert_eq!(proxy.get("/backend").await?.status, 503);
    assert!(proxy.admin("/ready").await?.text().contains("TLS"));
    let stage = Stage::with_settings(FUNCTIONS, &[("ROTA_DATABASE_TLS", "prefer")]).await?;
    assert_eq!(stage.proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_the_one_of_the_settings() -> Result<()> {
    let authority = Authority::new()?;
    let Some((server, session)) = encrypted_server(&authority).await? else { return Ok(()) };
    let data = session.text("SHOW data_directory").await?;
    let (account, _) = environment()?.places()?;
    let roots = Path::new(&data).join("clients.pem");
    fs::copy(authority.file()?, &roots)?;
    account.own(&roots)?;
    let rules = Path::new(&data).join("pg_hba.conf");
    let known = fs::read_to_string(&rules)?;
    fs::write(
        &rules,
        format!("hostssl all guest all trust clientcert=verify-ca\nhost all guest all reject\n{known}"),
    )?;
    session.batch_execute("CREATE ROLE guest LOGIN SUPERUSER").await?;
    session.batch_execute("ALTER SYSTEM SET ssl_ca_file = 'clients.pem'").await?;
    session.batch_execute("SELECT pg_reload_conf()").await?;
    let url = url(&server, "localhost", "require")?.replace("//postgres@", "//guest@");
    let (certificate, key) = authority.issue_files("guest")?;
    let shown =
        [("ROTA_DATABASE_TLS_CERT_FILE", certificate.as_str()), ("ROTA_DATABASE_TLS_KEY_FILE", key.as_str())];
    assert!(is_encrypted(&session, &url, &shown).await?);
    let proxy = Proxy::with_url(&url, &[]).await?;
    assert_eq!(proxy.get("/backend").await?.status, 503, "without one");
    Ok(())
}

#[tokio::test]
async fn a_call_is_cancelled_through_tls_too() -> Result<()> {
    let authority = Authority::new()?;
    let Some((server, session)) = encrypted_server(&authority).await? else { return Ok(()) };
    let file = authority.file()?;
    let settings = [("ROTA_DATABASE_TLS_CA_FILE", file.as_str()), ("ROTA_POOL_SIZE", "1")];
    let proxy = Proxy::with_url(&url(&server, "localhost", "verify-full")?, &settings).await?;
    serves(&proxy).await?;
    let mut client = TcpStream::connect(proxy.address()).await?;
    client.write_all(b"GET /nap?seconds=600 HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    let running =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rota' AND state = 'active'";
    until("the call runs", async || Ok(session.text(running).await? == "1")).await?;
    drop(client);
    until("the call is ended", async || Ok(session.text(running).await? == "0")).await?;
    assert_eq!(proxy.get("/backend").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn clients_are_served_in_tls_and_a_new_certificate_is_taken_up() -> Result<()> {
    const REQUEST: &str = "GET /backend HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let authority = Authority::new()?;
    let (certificate, key) = authority.issue_files("first.example")?;
    let database = rota_tests::database::Database::with_extension().await?;
    database.session().await?.batch_execute(FUNCTIONS).await?;
    let settings = [("ROTA_TLS_CERT_FILE", certificate.as_str()), ("ROTA_TLS_KEY_FILE", key.as_str())];
    let mut proxy = Proxy::with_settings(&database, &settings).await?;
    let port = proxy.address().port();
    until("the endpoints are read", async || {
        Ok(authority.speak(port, "first.example", REQUEST).await?.starts_with("HTTP/1.1 200"))
    })
    .await?;
    assert!(authority.speak(port, "second.example", REQUEST).await.is_err(), "another name");
    let in_clear = send_bytes(proxy.address(), REQUEST.as_bytes()).await.unwrap_or_default();
    assert!(!String::from_utf8_lossy(&in_clear).contains("200"), "in clear");

    // A certificate without its key changes nothing; with it, new connections get it.
    fs::write(&certificate, "no certificate")?;
    authority.issue_files("second.example")?;
    until("the new certificate is shown", async || {
        Ok(authority.speak(port, "second.example", REQUEST).await?.starts_with("HTTP/1.1 200"))
    })
    .await?;
    assert_eq!(proxy.process().exit_status()?, None);
    Ok(())
}

#[tokio::test]
async fn connections_in_their_handshake_count_among_all() -> Result<()> {
    const REQUEST: &str = "GET /backend HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let authority = Authority::new()?;
    let (certificate, key) = authority.issue_files("first.example")?;
    let database = rota_tests::database::Database::with_extension().await?;
    database.session().await?.batch_execute(FUNCTIONS).await?;
    let settings = [
        ("ROTA_TLS_CERT_FILE", certificate.as_str()),
        ("ROTA_TLS_KEY_FILE", key.as_str()),
        ("ROTA_CONNECTION_LIMIT", "2"),
    ];
    let proxy = Proxy::with_settings(&database, &settings).await?;
    let port = proxy.address().port();
    let is_served = async || {
        let answer = authority.speak(port, "first.example", REQUEST).await;
        answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    };
    until("the endpoints are read", async || Ok(is_served().await)).await?;
    let connections = async || anyhow::Ok(samples(&proxy).await?.value("rota_http_connections", &[]));
    let are_connected =
        async |count: f64| until("they are counted", async || Ok(connections().await? == Some(count))).await;
    let mut silent = Vec::new();
    for count in [0.0, 1.0] {
        assert!(is_served().await, "there is a place left");
        are_connected(count).await?;
        silent.push(TcpStream::connect(proxy.address()).await?);
        are_connected(count + 1.0).await?;
    }
    for _ in 0..3 {
        assert!(!is_served().await, "there is no place left");
    }
    silent.pop();
    until("the place is free", async || Ok(is_served().await)).await?;
    silent.pop();
    are_connected(0.0).await
}

#[tokio::test]
async fn certificates_that_cannot_be_used_end_the_start_with_their_names() -> Result<()> {
    let authority = Authority::new()?;
    let (certificate, _) = authority.issue_files("a.example")?;
    let wrong_key = authority.file()?;
    for (settings, told) in [
        (
            [("ROTA_TLS_CERT_FILE", certificate.as_str()), ("ROTA_TLS_KEY_FILE", wrong_key.as_str())],
            "authority.pem",
        ),
        (
            [("ROTA_TLS_CERT_FILE", "/nowhere/a.pem"), ("ROTA_TLS_KEY_FILE", "/nowhere/a.key")],
            "/nowhere/a.pem",
        ),
        ([("ROTA_TLS_CERT_FILE", certificate.as_str()), ("ROTA_TLS_KEY_FILE", "")], "tls_key_file"),
        ([("ROTA_DATABASE_TLS", "verify-full"), ("ROTA_THREADS", "1")], "database_tls_ca_file"),
    ] {
        let started = Proxy::with_url("postgres://nobody@127.0.0.1:1/none", &settings).await;
        let error = format!("{:#}", started.err().context("it started")?);
        assert!(error.contains(told) && !error.contains("panicked"), "{error}");
    }
    Ok(())
}
