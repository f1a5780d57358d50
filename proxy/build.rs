//! Builds again when an embedded SQL file changes: the compiler does not see what `include_dir!` reads.

fn main() {
    for folder in ["../migrations", "../sql/views", "../sql/api", "../sql/demo"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
