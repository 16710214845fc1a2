//! A new migration is a new program: they are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
