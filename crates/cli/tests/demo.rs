//! The demo's truth against its result: everything planted is found, and nothing else.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

fn demo(seed: &str) -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["demo", "--out", "demo", "--seed", seed])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (place, String::from_utf8(output.stdout).unwrap())
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether everything that `part` names is in `whole`.
fn includes(whole: &Json, part: &Json) -> bool {
    part.as_object().is_none_or(|part| part.iter().all(|(key, value)| whole.get(key) == Some(value)))
}

#[test]
fn every_planted_problem_is_found_and_no_look_alike() {
    for seed in ["1", "7", "2026"] {
        let (place, _) = demo(seed);
        let demo = place.path().join("demo");
        let truth = json(&demo.join("truth.json"));
        let findings: Vec<Json> = std::fs::read_to_string(demo.join("result/findings.jsonl"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let planted = truth["planted"].as_array().unwrap();
        let same = |planted: &Json, finding: &Json| {
            planted["check"] == finding["check"]
                && planted["system"] == finding["system"]
                && includes(&finding["subject"], &planted["subject"])
                && includes(&finding["facts"], &planted["facts"])
        };
        let missed: Vec<_> =
            planted.iter().filter(|planted| !findings.iter().any(|finding| same(planted, finding))).collect();
        let extra: Vec<_> = findings
            .iter()
            .filter(|finding| !planted.iter().any(|planted| same(planted, finding)))
            .map(|finding| {
                format!("{} {} {} {}", finding["check"], finding["system"], finding["subject"], finding["facts"])
            })
            .collect();
        assert!(missed.is_empty() && extra.is_empty(), "seed {seed}: missed {missed:#?}\nnot planted {extra:#?}");
        assert!(planted.len() >= 15, "the demo plants too little: {}", planted.len());

        let innocent = truth["innocent"].as_array().unwrap();
        assert!(innocent.len() >= 8);
        for look_alike in innocent {
            let wrong = findings.iter().find(|finding| {
                look_alike["must_not_fire"].as_array().unwrap().contains(&finding["check"])
                    && look_alike["system"] == finding["system"]
                    && includes(&finding["subject"], &look_alike["subject"])
            });
            assert!(wrong.is_none(), "{} was reported: {wrong:?}", look_alike["what"]);
        }
        let coverage = json(&demo.join("result/coverage.json"));
        for unreadable in truth["unreadable"].as_array().unwrap() {
            let listed = coverage["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .find(|file| file["path"] == unreadable["path"])
                .unwrap_or_else(|| panic!("{} is not listed", unreadable["path"]));
            assert_eq!(listed["recognition"]["state"], unreadable["state"], "{}", unreadable["path"]);
        }
    }
}

#[test]
fn the_demo_names_the_report_and_the_five_worst_findings() {
    let (place, text) = demo("1");
    let findings = std::fs::read_to_string(place.path().join("demo/result/findings.jsonl")).unwrap();
    assert!(text.contains("report.html"), "{text}");
    let worst: Vec<Json> = findings.lines().take(5).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(worst.len(), 5);
    for finding in worst {
        assert!(text.contains(finding["title"].as_str().unwrap()), "{} is not told:\n{text}", finding["title"]);
    }
}

#[test]
fn the_demo_in_chinese_is_chinese() {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["demo", "--out", "demo", "--lang", "zh-TW"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let report = std::fs::read_to_string(place.path().join("demo/result/report.html")).unwrap();
    assert!(report.contains("lang=\"zh-TW\"") || report.contains("lang=\"zh-Hant-TW\""));
    assert!(String::from_utf8_lossy(&output.stdout).contains("最嚴重的五項發現"));
}
