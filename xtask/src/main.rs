//! Chores of the project: `cargo xtask test | tidy | docs [--check] | conformance DATA | ci DATA`.

mod conformance;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test                 check that the machine has what tests need, then run every test
  fmt [--check]        format every source file, also those that a list of checks names
  tidy                 check the house: arrows between crates, lists, texts, fixtures, documents
  docs [--check]       write docs/generated and docs/schemas, or prove that they are fresh
  conformance DATA     run the conformance tests and a whole diagnostic over the evidence in DATA
  ci DATA              everything that has to hold before a change lands
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["test"] => test(None),
        ["tidy"] => tidy::tidy(&root()),
        ["fmt"] => fmt(false),
        ["fmt", "--check"] => fmt(true),
        ["docs"] => docs(false),
        ["docs", "--check"] => docs(true),
        ["conformance", data] => conformance::conformance(Path::new(data)),
        ["ci", data] => ci(Path::new(data)),
        _ => {
            say(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Every test of the workspace, in the profile of the shipped binary so that dependencies are compiled once.
fn test(data: Option<&Path>) -> Result<()> {
    need_c_compiler()?;
    let mut cargo = cargo(&["test", "--release", "--workspace", "--no-fail-fast"]);
    match data {
        Some(data) => cargo.env("SECDIAG_DATA", data).args(["--", "--include-ignored"]),
        None => cargo.args(["--", "--quiet"]),
    };
    run(&mut cargo)?;
    if data.is_none() {
        say("tests marked `ignored` need real evidence: `cargo xtask conformance DATA` runs them");
    }
    Ok(())
}

/// Formats every source file. `cargo fmt` does not find modules that the list of checks names.
fn fmt(check: bool) -> Result<()> {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.current_dir(root()).args(["--edition", "2024"]).args(check.then_some("--check"));
    for folder in ["crates", "inspections", "xtask", "fuzz"] {
        let sources = files(&root().join(folder))?
            .into_iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "rs") && !file.starts_with("target"));
        rustfmt.args(sources.map(|file| Path::new(folder).join(file)));
    }
    run(&mut rustfmt)
}

/// SQLite, zstd and xz are compiled from C.
fn need_c_compiler() -> Result<()> {
    let found = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        bail!(
            "no C compiler found: SQLite, zstd and xz are compiled from source. Install one (Debian: apt-get install gcc libc6-dev) or set CC"
        );
    }
    Ok(())
}

/// Pages generated from the binary itself: checks, command line, schemas.
fn docs(check: bool) -> Result<()> {
    let fresh = target_dir()?.join("docs-fresh");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    let fresh_text = fresh.to_string_lossy().into_owned();
    run(&mut cargo(&["run", "--release", "--quiet", "--package", "secdiag", "--", "generate-docs", &fresh_text]))?;
    let committed = root().join("docs/generated");
    if check {
        let differing = differences(&fresh, &committed)?;
        if !differing.is_empty() {
            bail!(
                "docs/generated is not what this binary generates; run `cargo xtask docs` and commit:\n  {}",
                differing.join("\n  ")
            );
        }
        return Ok(());
    }
    if committed.exists() {
        std::fs::remove_dir_all(&committed)?;
    }
    for file in files(&fresh)? {
        let to = committed.join(&file);
        std::fs::create_dir_all(to.parent().unwrap_or(&committed))?;
        std::fs::copy(fresh.join(&file), to)?;
    }
    Ok(())
}

/// What CI runs, in the order that fails fastest.
fn ci(data: &Path) -> Result<()> {
    let data = data.canonicalize().with_context(|| format!("the evidence folder {} is missing", data.display()))?;
    let steps: [(&str, &dyn Fn() -> Result<()>); 6] = [
        ("fmt", &|| fmt(true)),
        ("tidy", &|| tidy::tidy(&root())),
        ("test, with conformance", &|| test(Some(&data))),
        ("docs", &|| docs(true)),
        ("diagnose the whole evidence folder", &|| conformance::diagnose_all(&data)),
        ("clippy", &|| {
            run(&mut cargo(&["clippy", "--release", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
        }),
    ];
    for (name, step) in steps {
        let start = std::time::Instant::now();
        say(&format!("== {name}"));
        step().with_context(|| format!("{name} failed"))?;
        say(&format!("== {name}: {} s", start.elapsed().as_secs()));
    }
    Ok(())
}

fn differences(fresh: &Path, committed: &Path) -> Result<Vec<String>> {
    let (new, old) = (files(fresh)?, if committed.exists() { files(committed)? } else { Vec::new() });
    let mut differing: Vec<String> = old
        .iter()
        .filter(|file| !new.contains(file))
        .map(|file| format!("{} is no longer generated", file.display()))
        .collect();
    for file in new {
        if std::fs::read(fresh.join(&file)).ok() != std::fs::read(committed.join(&file)).ok() {
            differing.push(format!("{} differs", file.display()));
        }
    }
    Ok(differing)
}

/// Paths of all files below a folder, relative to it, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn target_dir() -> Result<PathBuf> {
    Ok(tidy::metadata(&root())?.target_directory)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "this is a command-line tool")]
fn say(text: &str) {
    eprintln!("{text}");
}
