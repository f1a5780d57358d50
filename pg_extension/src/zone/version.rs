//! Which edition of the tz database the server reads, as far as its files say.

use std::ffi::{CStr, c_char};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use pgrx::pg_sys;

/// How a server is built that takes its zones from the system.
const SYSTEM_FOLDER_OPTION: &str = "--with-system-tzdata=";

/// The edition, such as `2025b`. `None` when no file says it: the zones that Postgres brings along do not.
pub(crate) fn database_version() -> Option<String> {
    let folder = folder();
    // Debian and others install the whole source in one file, the system of BSD a file with the bare version.
    let source = first_line(&folder.join("tzdata.zi"));
    let version = source.and_then(|line| Some(line.strip_prefix("# version ")?.to_owned()));
    version.or_else(|| first_line(&folder.join("+VERSION"))).map(|version| version.trim().to_owned())
}

/// The folder of the zones, found as the server finds it (`pg_TZDIR` of its `pgtz.c`).
fn folder() -> PathBuf {
    configured_folder().unwrap_or_else(|| share_folder().join("timezone"))
}

/// The folder that the server was built to take its zones from.
fn configured_folder() -> Option<PathBuf> {
    let mut length = 0;
    // SAFETY: reads the path of the server's program, a C string that lives as long as the backend; returns an
    // array of as many entries as it says, palloc'd in the current memory context, whose two members are C
    // strings.
    let configuration = unsafe {
        let entries = pg_sys::get_configdata((&raw const pg_sys::my_exec_path).cast(), &raw mut length);
        std::slice::from_raw_parts(entries, length)
    };
    configuration.iter().find_map(|entry| {
        // SAFETY: see above.
        let (name, setting) = unsafe { (CStr::from_ptr(entry.name), CStr::from_ptr(entry.setting)) };
        if name != c"CONFIGURE" {
            return None;
        }
        let setting = setting.to_str().ok()?;
        let folder =
            setting.split(['\'', ' ']).find_map(|option| option.strip_prefix(SYSTEM_FOLDER_OPTION))?;
        Some(PathBuf::from(folder))
    })
}

/// The folder of what the server shares among architectures.
fn share_folder() -> PathBuf {
    let mut path: [c_char; pg_sys::MAXPGPATH as usize] = [0; pg_sys::MAXPGPATH as usize];
    // SAFETY: reads the path of the server's program, as above, and writes a C string of at most `MAXPGPATH`
    // bytes.
    let path = unsafe {
        pg_sys::get_share_path((&raw const pg_sys::my_exec_path).cast(), path.as_mut_ptr());
        CStr::from_ptr(path.as_ptr())
    };
    PathBuf::from(path.to_string_lossy().into_owned())
}

fn first_line(file: &Path) -> Option<String> {
    let mut line = String::new();
    BufReader::new(File::open(file).ok()?).read_line(&mut line).ok()?;
    Some(line)
}
