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

fn findings(folder: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(folder.join("result/findings.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a diagnostic found what was planted, nothing else, and none of the look-alikes.
fn equals_truth(truth: &Json, findings: &[Json], which: &str) {
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
    assert!(missed.is_empty() && extra.is_empty(), "{which}: missed {missed:#?}\nnot planted {extra:#?}");
    assert!(planted.len() >= 8, "{which}: the demo plants too little: {}", planted.len());
    let innocent = truth["innocent"].as_array().unwrap();
    assert!(innocent.len() >= 8);
    for look_alike in innocent {
        let wrong = findings.iter().find(|finding| {
            look_alike["must_not_fire"].as_array().unwrap().contains(&finding["check"])
                && look_alike["system"] == finding["system"]
                && includes(&finding["subject"], &look_alike["subject"])
        });
        assert!(wrong.is_none(), "{which}: {} was reported: {wrong:?}", look_alike["what"]);
    }
}

#[test]
fn every_planted_problem_is_found_and_no_look_alike() {
    for seed in ["1", "7", "2026"] {
        let (place, _) = demo(seed);
        let demo = place.path().join("demo");
        let truth = json(&demo.join("truth.json"));
        equals_truth(&truth, &findings(&demo), &format!("seed {seed}"));
        for earlier in truth["earlier"].as_array().unwrap() {
            let year = earlier["folder"].as_str().unwrap();
            equals_truth(earlier, &findings(&demo.join(year)), &format!("seed {seed}, {year}"));
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

/// Rows of a command that prints one JSON object a line; none where it says that there is nothing to list.
fn rows(place: &Path, arguments: &[&str]) -> Vec<Json> {
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place)
        .args(arguments)
        .args(["--workspace", "demo/workspace", "--json"])
        .output()
        .unwrap();
    let nothing = output.status.code() == Some(3) && output.stdout.is_empty();
    assert!(output.status.success() || nothing, "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The proposed time limits, as `catalogue/sla.yaml` has them.
fn limit(row: &Json) -> Option<i64> {
    let category = usize::try_from(row["category"].as_u64().unwrap()).unwrap() - 1;
    let days = match row["severity"].as_str().unwrap() {
        "critical" => [7, 14, 30],
        "high" => [30, 30, 60],
        "medium" => [90, 90, 180],
        "low" => [180, 180, 365],
        _ => return None,
    };
    Some(days[category])
}

#[test]
fn the_years_are_remembered_as_they_were() {
    let (place, _) = demo("4");
    let demo = place.path().join("demo");
    let truth = json(&demo.join("truth.json"));
    // Ids by what a finding is about, from all diagnostics.
    let seen: Vec<Json> = ["2023", "2025", "."].iter().flat_map(|folder| findings(&demo.join(folder))).collect();
    let standings = truth["standings"].as_array().unwrap();
    let days: std::collections::BTreeSet<&str> =
        standings.iter().map(|standing| standing["on"].as_str().unwrap()).collect();
    assert!(days.len() >= 6);
    for day in days {
        let expected: Vec<&Json> = standings.iter().filter(|standing| standing["on"] == day).collect();
        let told = rows(place.path(), &["findings", "--as-of", day]);
        assert_eq!(told.len(), expected.len(), "{day}");
        for standing in &expected {
            let about = |finding: &&Json| {
                finding["check"] == standing["check"]
                    && finding["system"] == standing["system"]
                    && includes(&finding["subject"], &standing["subject"])
            };
            let id = &seen.iter().find(about).unwrap_or_else(|| panic!("{standing} was never seen"))["id"];
            let row = told.iter().find(|row| row["finding"] == *id).unwrap_or_else(|| panic!("{day}: no {standing}"));
            for fact in ["state", "owner", "repeats"] {
                assert_eq!(row[fact], standing[fact], "{day}: {fact} of {standing}\n{row}");
            }
            let open = ["new", "triaged", "open", "remediated"].contains(&standing["state"].as_str().unwrap());
            let limit = open.then(|| limit(row)).flatten();
            let clock: jiff::civil::Date = standing["clock"].as_str().unwrap().parse().unwrap();
            let due = limit.map(|days| clock.saturating_add(jiff::Span::new().days(days)).to_string());
            assert_eq!(row["due"].as_str(), due.as_deref(), "{day}: {standing}\n{row}");
            assert_eq!(row["overdue"], due.is_some_and(|due| *due < *day), "{day}: {standing}\n{row}");
        }
        let overdue = rows(place.path(), &["findings", "--as-of", day, "--overdue"]).len();
        assert_eq!(overdue, told.iter().filter(|row| row["overdue"] == true).count(), "{day}");
    }
    for row in truth["due"].as_array().unwrap() {
        let day = row["on"].as_str().unwrap();
        let told = rows(place.path(), &["schedule", "--as-of", day]);
        let system = told.iter().find(|told| told["system"] == row["system"]).unwrap();
        assert_eq!(system["due"]["plan_by"], row["plan_by"], "{row}");
        assert_eq!(system["due"]["must_by"], row["must_by"], "{row}");
        assert_eq!(system["state"], row["state"], "{row}");
        let duty = &system["incidents"][0];
        assert_eq!((&duty["due"], &duty["state"]), (&row["incident_due"], &row["incident_state"]), "{row}");
        let needs = rows(place.path(), &["due", "--as-of", day]).iter().any(|told| told["system"] == row["system"]);
        assert_eq!(needs, row["state"] != "current" || row["incident_state"] == "open", "{row}");
    }
    // The story has what it is there to show.
    let last = |state: &str| standings.iter().filter(|s| s["on"] == "2026-06-30" && s["state"] == state).count();
    assert!(last("new") >= 5 && last("closed") == 1 && last("verified") >= 1 && last("open") >= 3);
    assert!(standings.iter().any(|standing| standing["repeats"] == 1));
    assert!(rows(place.path(), &["findings", "--as-of", "2026-06-30", "--overdue"]).len() >= 3);
}

#[test]
fn the_report_shows_the_years() {
    let (place, _) = demo("4");
    let demo = place.path().join("demo");
    let truth = json(&demo.join("truth.json"));
    let standings = truth["standings"].as_array().unwrap();
    let is_open =
        |standing: &&Json| ["new", "triaged", "open", "remediated"].contains(&standing["state"].as_str().unwrap());
    let runs = [("2023", "2023-06-30"), ("2025", "2025-04-18"), (".", "2026-06-30")];
    for (before, (folder, day)) in runs.iter().enumerate() {
        let result = demo.join(folder).join("result");
        let programme = json(&result.join("programme.json"));
        let page = std::fs::read_to_string(result.join("report.html")).unwrap();
        let on = |day: &'static str| standings.iter().filter(move |standing| standing["on"] == day);
        let trend = programme["trend"].as_array().unwrap();
        assert_eq!(trend.len(), before + 1, "{day}");
        for ((_, day), point) in runs.iter().zip(trend) {
            let open: u64 = point["open"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
            assert_eq!(usize::try_from(open).unwrap(), on(day).filter(is_open).count(), "{day}");
            assert!(page.contains(day));
        }
        let ids = |name: &str| -> Vec<Json> {
            programme[name].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
        };
        let late: Vec<Json> = rows(place.path(), &["findings", "--as-of", day, "--overdue"])
            .iter()
            .map(|row| row["finding"].clone())
            .collect();
        let mut shown = ids("overdue");
        assert!(shown.iter().all(|id| page.contains(id.as_str().unwrap())));
        shown.sort_by_key(ToString::to_string);
        let mut expected = late;
        expected.sort_by_key(ToString::to_string);
        assert_eq!(shown, expected, "{day}");
        assert_eq!(ids("repeats").len(), on(day).filter(is_open).filter(|s| s["repeats"] != 0).count(), "{day}");
        assert_eq!(ids("accepted").len(), on(day).filter(|s| s["state"] == "risk_accepted").count(), "{day}");
        // The rule for everything is back, and with it what it made redundant.
        let told = page.contains("2 findings came back after they had been shown to be gone.");
        assert_eq!(told, *day == "2026-06-30", "{day}");
        // The clock of the re-assessment runs on the day of the second diagnostic: 22 days are left.
        let clock = page.contains("because of the incident 2025-02 ransomware: 22 days left.");
        assert_eq!(clock, *day == "2025-04-18", "{day}");
    }
    let now = json(&demo.join("result/programme.json"));
    let last: Vec<&Json> = truth["due"].as_array().unwrap().iter().filter(|row| row["on"] == "2026-06-30").collect();
    assert_eq!(now["systems"].as_array().unwrap().len(), last.len());
    for system in now["systems"].as_array().unwrap() {
        let row = last.iter().find(|row| row["system"] == system["system"]).unwrap();
        for date in ["plan_by", "must_by", "state"] {
            assert_eq!(system[date], row[date], "{row}");
        }
        assert_eq!(system["reassessments"][0]["state"], row["incident_state"], "{row}");
    }
}

#[test]
fn custody_and_statements_are_on_record_with_their_run() {
    let (place, _) = demo("3");
    let log = |entity: &str, day: &str| rows(place.path(), &["log", "--entity", entity, "--as-of", day]);
    assert!(log("evidence", "2023-06-29").is_empty());
    let (first, last) = (log("evidence", "2023-06-30").len(), log("evidence", "2026-06-30"));
    assert!(first >= 10 && last.len() > first);
    let demo = place.path().join("demo");
    let coverage = json(&demo.join("result/coverage.json"));
    let run = json(&demo.join("result/run.json"))["run"].clone();
    for artefact in coverage["evidence"].as_array().unwrap() {
        let by = &artefact["binding"]["collected_by"];
        let told = last.iter().any(|event| {
            event["subject"] == artefact["sha256"]
                && event["body"]["run"] == run
                && event["body"]["collected_by"] == *by
        });
        assert_eq!(told, by.is_string(), "{artefact}");
    }
    let stated = log("attestation", "2026-06-30");
    assert!(stated.iter().any(|event| event["subject"].as_str().unwrap().contains("SEC-2.7")), "{stated:?}");
}

#[test]
fn the_drills_are_measured_as_they_were() {
    let (place, _) = demo("6");
    let demo = place.path().join("demo");
    let truth = json(&demo.join("truth.json"));
    let earlier =
        truth["earlier"].as_array().unwrap().iter().map(|earlier| (earlier["folder"].as_str().unwrap(), earlier));
    let mut drills = 0;
    for (folder, truth) in earlier.chain([(".", &truth)]) {
        for drill in truth["drills"].as_array().unwrap() {
            let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
                .current_dir(demo.join(folder))
                .args(["drill", "evidence/drill", "--json"])
                .output()
                .unwrap();
            let told: Json = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(told["campaign"], drill["campaign"]);
            for (from, name) in [("people", ""), ("every_visit", "_counting_every_visit")] {
                for what in ["opened", "clicked"] {
                    assert_eq!(told[from][what], drill[format!("{what}{name}")], "{drill}");
                }
            }
            assert_eq!(told["people"]["delivered"], drill["delivered"]);
            drills += 1;
        }
    }
    assert_eq!(drills, 2);
}

#[test]
fn the_demo_twice_is_the_demo_once() {
    let (place, _) = demo("5");
    let before = rows(place.path(), &["findings", "--as-of", "2026-06-30"]);
    let again = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["demo", "--out", "demo", "--seed", "5"])
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(rows(place.path(), &["findings", "--as-of", "2026-06-30"]), before);
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
