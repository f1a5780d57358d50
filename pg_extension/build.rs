//! Keeps what pgrx hides in the library: its SQL is built from a linker section that no code refers to.
//!
//! cargo-pgrx would say so to the linker for every crate, which compiles the shared ones a second time.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo:rustc-link-arg-cdylib=-Wl,--no-gc-sections");
    }
}
