//! The command line of autophage.
fn main() {}
