//! The `rota` command.

fn main() {}
