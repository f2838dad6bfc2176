//! Writes sample reports into a folder, for looking at them: `cargo run -p secdiag-report --example sample -- DIR`.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;

use secdiag_catalogue::Catalogue;
use secdiag_model::Lang;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| ".".into()));
    std::fs::create_dir_all(&folder)?;
    let catalogue = Catalogue::built_in()?;
    let runs = [
        ("one", support::one_system()),
        ("three", support::three_systems()),
        ("empty", support::empty()),
        ("many", support::many(5_000, 300)),
        ("hostile", support::hostile()),
    ];
    for (name, result) in runs {
        for lang in [Lang::En, Lang::ZhTw] {
            let file = folder.join(format!("{name}.{}.html", lang.tag()));
            std::fs::write(&file, secdiag_report::html(&result, &catalogue, lang)?)?;
            println!("{}", file.display());
        }
    }
    let result = support::three_systems();
    println!("{}", secdiag_report::terminal_summary(&result, Lang::En, 110, false));
    println!("{}", secdiag_report::terminal_summary(&result, Lang::ZhTw, 110, true));
    Ok(())
}
