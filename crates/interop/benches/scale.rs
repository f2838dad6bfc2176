//! Reading and matching 10,000 and 100,000 findings that move from one version of a project to the next.

#[path = "../tests/scale.rs"]
mod scale;

fn main() {
    scale::measure(&[10_000, 100_000]);
}
