//! Runs over the real evidence folder: the crates' conformance tests, and one diagnostic of all of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A whole diagnostic may not take more than this.
const MEMORY_LIMIT_KIB: u64 = 1024 * 1024;

/// Everything that needs the evidence folder.
pub(crate) fn conformance(data: &Path) -> Result<()> {
    let data = data.canonicalize().with_context(|| format!("the evidence folder {} is missing", data.display()))?;
    crate::run(
        crate::cargo(&["test", "--release", "--workspace", "--test", "conformance", "--", "--include-ignored"])
            .env("SECDIAG_DATA", &data),
    )?;
    diagnose_all(&data)
}

/// Diagnoses the whole folder: no crash, every file listed once, memory within the limit.
pub(crate) fn diagnose_all(data: &Path) -> Result<()> {
    crate::run(&mut crate::cargo(&["build", "--release", "--package", "secdiag"]))?;
    let target = crate::target_dir()?;
    let place = target.join("conformance");
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::create_dir_all(&place)?;
    let (out, workspace) = (place.join("out"), place.join("workspace"));
    let mut child = Command::new(target.join("release/secdiag"));
    child
        .arg("diagnose")
        .arg(data)
        .arg("--out")
        .arg(&out)
        .arg("--workspace")
        .arg(&workspace)
        .args(["--as-of", "2026-11-23"])
        .stdout(std::process::Stdio::null());
    let mut child = child.spawn().context("secdiag cannot be started")?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(peak_memory_kib(child.id()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    ensure!(status.success(), "diagnose ended with {status}");

    let read = |name: &str| -> Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(out.join(name)).with_context(|| name.to_owned())?)?)
    };
    let (run, coverage) = (read("run.json")?, read("coverage.json")?);
    let listed: Vec<(&str, bool)> = coverage["evidence"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|artefact| Some((artefact["path"].as_str()?, artefact["member"].is_null())))
        .collect();
    let mut top: Vec<&str> = listed.iter().filter(|(_, whole)| *whole).map(|(path, _)| *path).collect();
    let total = top.len();
    top.dedup();
    ensure!(top.len() == total, "a file is listed twice");
    let on_disk = crate::files(data)?.len();
    ensure!(total == on_disk, "{total} files listed, {on_disk} in the folder");
    let words = std::fs::read_to_string(crate::root().join("catalogue/words.yaml"))?;
    let nameless: std::collections::BTreeSet<String> = std::fs::read_to_string(out.join("notes.jsonl"))?
        .lines()
        .filter_map(|line| Some(serde_json::from_str::<Value>(line).ok()?["reason"].as_str()?.to_owned()))
        .filter(|reason| !words.contains(&format!("\n  {reason}: ")))
        .collect();
    ensure!(nameless.is_empty(), "catalogue/words.yaml has no words for notes with these reasons: {nameless:?}");
    ensure!(run["crashed"] == false, "an inspection crashed: see {}", out.join("notes.jsonl").display());
    if peak > MEMORY_LIMIT_KIB {
        bail!("peak memory {} MiB is over the limit of {} MiB", peak / 1024, MEMORY_LIMIT_KIB / 1024);
    }
    crate::say(&format!(
        "{total} files and {} members: {}; {} MiB peak",
        listed.len() - total,
        run["files"],
        peak / 1024
    ));
    Ok(())
}

/// High-water mark of resident memory, where the system tells (Linux).
fn peak_memory_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").trim().parse().ok()
}
