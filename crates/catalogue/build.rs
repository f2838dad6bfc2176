//! Tells cargo that a file added to `catalogue/` changes this crate: `include_dir!` alone only follows files that it
//! saw before.

fn main() {
    println!("cargo::rerun-if-changed=../../catalogue");
}
