//! The programme on the command line: register, schedule, lives of findings, other tools' findings.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.0.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    fn secdiag(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_secdiag")).current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    /// What a command prints, where it has to end well.
    fn told(&self, arguments: &[&str]) -> String {
        let output = self.secdiag(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Vec<Json> {
        self.told(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What a command complains about, where it has to fail with this code.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.secdiag(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }
}

fn data() -> PathBuf {
    std::env::var_os("SECDIAG_DATA").map(PathBuf::from).expect("SECDIAG_DATA names the evidence folder")
}

const OPEN: &str =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n";
const CLOSED: &str =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A FORWARD -p icmp -j ACCEPT\nCOMMIT\n";

const REGISTER: &str = r#"
[[system]]
id = "office"
name = "Office automation"
commissioned = 2020-01-05
category = [{ category = 3, effective = 2020-01-05 }]

[[assessment]]
id = "2021"
systems = ["office"]
scope = "full"
first_evidence = 2021-02-01
completed = 2021-03-10

[[incident]]
id = "worm"
systems = ["office"]
level = 3
occurred = 2026-06-01
"#;

#[test]
fn a_finding_lives_from_run_to_run_and_people_may_only_do_what_the_guards_allow() {
    let place = Place::new();
    let diagnose = |date: &str| {
        place.told(&["diagnose", "evidence", "--as-of", date, "--out", "out"]);
    };
    place.put("evidence/gw.rules", OPEN.as_bytes());
    diagnose("2025-06-30");
    let find = |more: &[&str]| {
        let rows = place.json(&[&["findings", "--json"], more].concat());
        rows.into_iter().find(|row| row["check"] == "firewall/permit-any-any").unwrap()
    };
    let new = find(&["--as-of", "2025-07-01"]);
    assert_eq!((&new["state"], &new["due"], &new["overdue"]), (&json!("new"), &json!("2025-07-07"), &json!(false)));
    let id = new["finding"].as_str().unwrap();
    let by = |who: &'static str, why: &'static str| ["--by", who, "--reason", why, "--at", "2025-07-02"];
    place.told(&[&["finding", "triage", id, "--owner", "Chen"][..], &by("Lin", "his gateway")].concat());
    let own = [&["finding", "accept", id, "--requested-by", "Lin", "--until", "2099-12-31"][..], &by("Lin", "later")];
    assert!(place.refused(2, &own.concat()).contains("another approver"));
    place.told(&[&["finding", "remediate", id][..], &by("Chen", "rule removed")].concat());
    let verify = |who| [&["finding", "verify", id, "--evidence", "photo.png"][..], &by(who, "looked")].concat();
    assert!(place.refused(2, &verify("Chen")).contains("another verifier"));
    assert!(place.refused(2, &[&["finding", "close", id][..], &by("Lin", "done")].concat()).contains("remediated"));
    // A run without the device says nothing; one that still sees the rule disproves the claim; one without it verifies.
    place.put("evidence/gw.rules", b"nothing\n");
    place.put("evidence/other.rules", CLOSED.as_bytes());
    diagnose("2025-08-01");
    assert_eq!(find(&["--as-of", "2025-08-01"])["state"], "remediated");
    place.put("evidence/gw.rules", OPEN.as_bytes());
    diagnose("2025-08-15");
    assert_eq!(find(&["--as-of", "2025-08-15"])["state"], "open");
    place.put("evidence/gw.rules", CLOSED.as_bytes());
    diagnose("2025-09-01");
    assert_eq!(find(&["--as-of", "2025-09-01"])["state"], "verified");
    place.put("evidence/gw.rules", OPEN.as_bytes());
    diagnose("2026-06-30");
    let back = find(&["--as-of", "2026-08-01"]);
    assert_eq!((&back["state"], &back["repeats"], &back["overdue"]), (&json!("open"), &json!(1), &json!(true)));
    // The past stays as it was, and before the first run nothing was known here.
    assert_eq!(find(&["--as-of", "2025-07-01"])["state"], "new");
    assert!(place.json(&["findings", "--json", "--known-on", "2020-01-01"]).is_empty());
    let total: u64 = place
        .json(&["findings", "--json", "--count", "--as-of", "2026-08-01"])
        .iter()
        .map(|count| count["count"].as_u64().unwrap())
        .sum();
    assert_eq!(total, place.json(&["findings", "--json", "--as-of", "2026-08-01"]).len() as u64);
    assert!(place.told(&["finding", "show", id]).contains("verification_failed"));
    assert!(place.refused(2, &["finding", "show", "nobody"]).contains("there is no finding nobody"));
}

#[test]
fn the_register_says_what_is_due_and_the_diagnostic_accuses() {
    let place = Place::new();
    place.put("evidence/register.toml", REGISTER.as_bytes());
    assert!(place.refused(2, &["due"]).contains("register import"));
    let import = ["register", "import", "evidence/register.toml", "--by", "Lin"];
    assert!(place.told(&import).contains("3 records new or changed"));
    assert!(place.told(&import).contains("0 records new or changed"));
    let row = place.json(&["schedule", "--json", "--as-of", "2026-09-02"]).remove(0);
    assert_eq!(row["due"], json!({"plan_by": "2026-03-10", "must_by": "2026-12-31"}));
    assert_eq!((&row["incidents"][0]["state"], &row["deadline"]), (&json!("overdue"), &json!("2026-09-01")));
    assert!(
        place.told(&["due", "--as-of", "2026-09-02", "--lang", "zh-TW"]).contains("重新評估：overdue，期限 2026-09-01")
    );
    assert_eq!(place.told(&["due", "--as-of", "2022-01-01"]), "nothing is due\n");
    place.told(&["schedule", "--as-of", "2026-08-01", "--ics", "dates.ics"]);
    let calendar = std::fs::read_to_string(place.0.path().join("dates.ics")).unwrap();
    assert!(calendar.contains("DTSTART;VALUE=DATE:20260901"), "{calendar}");

    place.told(&["diagnose", "evidence", "--as-of", "2027-01-02", "--out", "out", "--regime", "securities"]);
    let findings = std::fs::read_to_string(place.0.path().join("out/findings.jsonl")).unwrap();
    let checks: Vec<String> = findings
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap()["check"].as_str().unwrap().to_owned())
        .collect();
    let expected =
        ["programme/cycle-overdue", "programme/incident-reassessment-overdue", "programme/incident-report-incomplete"];
    assert_eq!(checks, expected);

    // A register that held since a day of the past; and none before it.
    let past = Place::new();
    past.put("register.toml", format!("firm = \"A\"\n{REGISTER}").as_bytes());
    past.told(&["register", "import", "register.toml", "--by", "Lin", "--at", "2026-06-10"]);
    assert_eq!(past.json(&["register", "show", "--firm", "A", "--as-of", "2026-06-10"]).len(), 1);
    assert!(past.refused(3, &["register", "show", "--as-of", "2026-06-09"]).contains("no register by then"));
    assert!(past.refused(2, &["register", "show", "--firm", "B"]).contains("no firm `B`"));
    let ahead = ["register", "import", "register.toml", "--by", "Lin", "--at", "2999-01-01"];
    assert!(past.refused(2, &ahead).contains("has not come yet"));
    past.put("ahead.toml", REGISTER.replace("2026-06-01", "2999-06-01").as_bytes());
    let refused = past.refused(2, &["register", "import", "ahead.toml", "--by", "Lin"]);
    assert!(refused.contains("incident worm: occurred on 2999-06-01, which has not come yet"), "{refused}");
    past.put(
        "lax.toml",
        REGISTER.replace("commissioned = 2020-01-05\n", "commissioned = 2020-01-05\ncritical = true\n").as_bytes(),
    );
    let output = past.secdiag(&["register", "import", "lax.toml", "--by", "Lin"]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("category 3 from 2020-01-05 on is less strict"), "{said}");
    assert!(past.told(&["due"]).contains("category 1 (lowering to 3 is not approved)"));

    place.put("bad.toml", REGISTER.replace("level = 3", "level = 9").as_bytes());
    let refused = place.refused(2, &["register", "import", "bad.toml", "--by", "Lin"]);
    assert!(refused.contains("incident worm: there is no level 9"), "{refused}");
}

/// A pcap of one UDP question from `src` to `dst`, and its answer.
fn question(src: [u8; 4], dst: [u8; 4]) -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let ends = [(src, dst, [0x30, 0x39, 0x01, 0xbb]), (dst, src, [0x01, 0xbb, 0x30, 0x39])];
    for (second, (from, to, ports)) in (0_u32..).zip(ends) {
        for word in [1_790_000_000 + second, 0, 32, 32] {
            bytes.extend(u32::to_le_bytes(word));
        }
        bytes.extend([0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0]);
        bytes.extend([from, to].concat());
        bytes.extend(ports);
        bytes.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    }
    bytes
}

#[test]
fn answers_to_the_internet_contradict_a_lax_category() {
    let contradicted = |category: u8, src: [u8; 4], dst: [u8; 4]| {
        let place = Place::new();
        let text = format!("[[system]]\nid = \"office\"\nname = \"Office\"\ncategory = {category}\n");
        place.put("evidence/assessment.toml", text.as_bytes());
        place.put("evidence/tap.pcap", &question(src, dst));
        place.told(&["diagnose", "evidence", "--as-of", "2026-11-23", "--out", "out"]);
        let findings = std::fs::read_to_string(place.0.path().join("out/findings.jsonl")).unwrap();
        findings.lines().filter(|line| line.contains("programme/category-contradicted")).count()
    };
    let (outside, inside, other) = ([198, 51, 100, 7], [10, 20, 0, 9], [10, 30, 0, 9]);
    assert_eq!(contradicted(3, outside, inside), 1);
    assert_eq!(contradicted(1, outside, inside), 0, "category 1 may be reached");
    assert_eq!(contradicted(3, other, inside), 0, "a caller from inside");
    assert_eq!(contradicted(3, inside, outside), 0, "its own call");
}

#[test]
fn evidence_from_before_an_incident_is_named_until_it_is_collected_again() {
    let place = Place::new();
    place.put("register.toml", REGISTER.as_bytes());
    place.told(&["register", "import", "register.toml", "--by", "Lin"]);
    let evidence = |days: [&str; 2]| {
        let bound = |file: &str, day: &str| {
            let when = if day.is_empty() { String::new() } else { format!("collected_at = {day}\n") };
            format!("[[evidence]]\npath = \"{file}\"\nsystems = [\"office\"]\n{when}")
        };
        let system = "[[system]]\nid = \"office\"\nname = \"Office\"\ncategory = 3\n";
        let text = format!("{system}{}{}", bound("old.rules", days[0]), bound("new.rules", days[1]));
        place.put("evidence/assessment.toml", text.as_bytes());
        place.put("evidence/old.rules", CLOSED.as_bytes());
        place.put("evidence/new.rules", CLOSED.replace("icmp", "esp").as_bytes());
        place.told(&["diagnose", "evidence", "--as-of", "2026-07-01", "--out", "out"]);
        let file = std::fs::read(place.0.path().join("out/programme.json")).unwrap();
        let programme: Json = serde_json::from_slice(&file).unwrap();
        programme["systems"][0]["reassessments"][0].clone()
    };
    let duty = evidence(["2026-05-31", "2026-06-02"]);
    assert_eq!((&duty["predating"], &duty["undated"]), (&json!(["old.rules"]), &json!(0)), "{duty}");
    let due = place.told(&["due", "--as-of", "2026-07-01"]);
    assert!(due.contains("to be collected again: old.rules") && !due.contains("new.rules"), "{due}");
    assert!(place.told(&["due", "--as-of", "2026-07-01", "--lang", "zh-TW"]).contains("須重新蒐集：old.rules"));
    let page = std::fs::read_to_string(place.0.path().join("out/report.html")).unwrap();
    assert!(page.contains("collected before it and not counted for it, 1 of the files: old.rules"));
    let duty = evidence(["2026-06-03", ""]);
    assert_eq!((&duty["predating"], &duty["undated"]), (&json!([]), &json!(1)), "{duty}");
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T","rules":[{"id":"a"},{"id":"b"}]}},"results":[
{"ruleId":"a","level":"error","message":{"text":"bad a"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x.c"},"region":{"startLine":3,"snippet":{"text":"gets(p)"}}}}]},
{"ruleId":"b","level":"warning","message":{"text":"bad b"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"y.c"},"region":{"startLine":9,"snippet":{"text":"strcpy(a,b)"}}}}]}]}]}"#;

#[test]
fn another_tool_s_findings_are_taken_over_once_and_belong_to_one_firm_and_system() {
    let place = Place::new();
    place.put("t.sarif", SARIF.as_bytes());
    place.put("bad.sarif", b"{\"version\":\"2.1.0\",\"runs\":[{");
    let import = |files: &[&str], firm: &str, system: &str, day: &str| {
        let fixed = ["--firm", firm, "--system", system, "--as-of", day, "--json"];
        place.json(&[&["import"], files, &fixed[..]].concat())
    };
    let first = import(&["t.sarif"], "A", "web", "2026-01-05");
    assert_eq!(first[0]["imported"]["standings"], json!({"new": 2}));
    assert_eq!(import(&["t.sarif"], "A", "web", "2026-01-05")[0]["imported"]["recorded"], false);
    let again = import(&["t.sarif"], "A", "web", "2026-02-05");
    assert_eq!(again[0]["imported"], json!({"recorded": true, "standings": {"unchanged": 2}, "changes": 0}));
    // Given again without a day, old bytes are old news: nothing comes back by them.
    place.put("fixed.sarif", SARIF.replace("\"ruleId\":\"a\"", "\"ruleId\":\"b\"").as_bytes());
    import(&["fixed.sarif"], "A", "web", "2026-03-05");
    let states = || {
        let rows = place.json(&["findings", "--firm", "A", "--system", "web", "--json"]);
        rows.iter().map(|row| (row["state"].clone(), row["repeats"].clone())).collect::<Vec<_>>()
    };
    let before = states();
    assert!(before.contains(&(json!("verified"), json!(0))), "{before:?}");
    let undated = place.told(&["import", "t.sarif", "--firm", "A", "--system", "web"]);
    assert!(undated.contains("taken over before, as of 2026-01-05"), "{undated}");
    assert_eq!(states(), before);
    assert!(place.refused(2, &["import", "t.sarif", "--system", " "]).contains("--system ID"));
    for (firm, system) in [("A", "app"), ("B", "web")] {
        assert_eq!(import(&["t.sarif"], firm, system, "2026-02-05")[0]["imported"]["standings"], json!({"new": 2}));
    }
    assert_eq!(place.json(&["findings", "--firm", "B", "--json"]).len(), 2);
    assert_eq!(place.json(&["findings", "--firm", "A", "--json"]).len(), before.len() + 2);
    let refused = place.refused(1, &["import", "t.sarif", "bad.sarif", "--firm", "C", "--system", "web"]);
    assert!(refused.contains("bad.sarif: refused"), "{refused}");
    assert!(place.refused(2, &["findings", "--firm", "C", "--json"]).contains("no firm `C`"), "nothing was taken over");
}

#[test]
fn an_import_that_is_killed_is_there_whole_or_not_at_all() {
    let place = Place::new();
    let result = |n: u32| {
        format!(
            "{{\"ruleId\":\"r{}\",\"message\":{{\"text\":\"finding {n}\"}},\"locations\":[{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"f{n}.c\"}}}}}}]}}",
            n % 50
        )
    };
    let results: Vec<String> = (0..4_000).map(result).collect();
    let text = format!(
        "{{\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"T\"}}}},\"results\":[{}]}}]}}",
        results.join(",")
    );
    place.put("many.sarif", text.as_bytes());
    let mut cut = 0;
    for n in 0..50_u64 {
        let day = format!("2026-{:02}-{:02}", 1 + n / 28, 1 + n % 28);
        let mut child = Command::new(env!("CARGO_BIN_EXE_secdiag"))
            .current_dir(place.0.path())
            .args(["import", "many.sarif", "--system", &format!("s{n}"), "--as-of", &day])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 + n * 7));
        cut += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        // Until the first one came through there is nothing to count, and it says so.
        let output = place.secdiag(&["findings", "--json", "--count", "--as-of", "2027-01-01"]);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).unwrap();
        let counts = told.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["count"].as_u64().unwrap());
        let total: u64 = counts.sum();
        assert_eq!(total % 4_000, 0, "half of a file after {n} kills");
    }
    assert!(cut >= 5, "only {cut} imports were cut");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_shared_history_is_answered_as_of_any_instant() {
    let place = Place::new();
    let folder = data().join("platform/history");
    let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(*line));
    place.put("events.jsonl", lines.join("\n").as_bytes());
    assert_eq!(place.told(&["history", "import", "events.jsonl"]), "3877 events read, 3877 new\n");
    let expected: BTreeMap<String, Json> =
        serde_json::from_slice(&std::fs::read(folder.join("asof_expected.json")).unwrap()).unwrap();
    for (instant, expected) in expected {
        let (mut by_state, mut open_high) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
        for count in place.json(&["findings", "--json", "--count", "--as-of", &instant]) {
            let n = count["count"].as_u64().unwrap();
            *by_state.entry(count["state"].as_str().unwrap().to_owned()).or_default() += n;
            if count["state"] == "open" && count["severity"] == "high" {
                *open_high.entry(count["firm"].as_str().unwrap().to_owned()).or_default() += n;
            }
        }
        assert_eq!(json!({"by_state": by_state, "open_high_by_firm": open_high}), expected, "{instant}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_shared_file_of_findings_changes_nothing_the_second_time() {
    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found.sort();
        found
    }
    let place = Place::new();
    let (mut taken, mut refused) = (0, 0);
    for file in files(&data().join("platform/findings")) {
        if file.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        let name = file.to_string_lossy().into_owned();
        // What cannot be taken over of a file is listed, and refuses all of it unless one asks for the rest.
        let import = |day: &str| {
            place.secdiag(&["import", &name, "--system", &name, "--as-of", day, "--json", "--without-refused"])
        };
        let first = import("2026-01-05");
        if !first.status.success() {
            assert!(String::from_utf8_lossy(&first.stderr).contains("refused"), "{name}");
            refused += 1;
            continue;
        }
        taken += 1;
        let again: Json = serde_json::from_slice(&import("2026-02-05").stdout).unwrap();
        let standings = again["imported"]["standings"].as_object().unwrap();
        assert!(standings.keys().all(|standing| standing == "unchanged"), "{name}: {again}");
        assert_eq!(again["imported"]["changes"], 0, "{name}");
    }
    assert_eq!((taken, refused), (39, 3));
}

/// A firewall that calls itself by a name and permits everything.
fn asa(hostname: &str) -> String {
    format!(
        "ASA Version 9.16(4)\n!\nhostname {hostname}\n!\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.2 255.255.255.0\n!\ninterface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.20.0.1 255.255.255.0\n!\naccess-list OUTSIDE_IN extended permit ip any any log\naccess-group OUTSIDE_IN in interface outside\n!\nend\n"
    )
}

#[test]
fn a_firewall_that_was_renamed_keeps_its_findings_and_one_that_replaced_it_gets_its_own() {
    let place = Place::new();
    let inventory = |text: &str, day: &str| {
        place.put("inventory.csv", text.as_bytes());
        place.told(&["asset", "import", "inventory.csv", "--by", "Lin", "--at", day]);
    };
    let diagnose = |hostname: &str, day: &str| {
        place.put("evidence/fw.cfg", asa(hostname).as_bytes());
        place.told(&["diagnose", "evidence", "--as-of", day, "--out", "out"]);
        let text = std::fs::read_to_string(place.0.path().join("out/findings.jsonl")).unwrap();
        let findings: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        findings.into_iter().find(|finding| finding["check"] == "firewall/permit-any-any").unwrap()
    };
    inventory("name,serial,ip\nfw-edge-1,JAD1,10.20.0.1\n", "2025-06-01");
    let first = diagnose("fw-edge-1", "2025-06-30");
    let id = first["id"].as_str().unwrap();
    let on = ["--by", "Lin", "--reason", "his gateway", "--at", "2025-07-02"];
    place.told(&[&["finding", "triage", id, "--owner", "Chen"][..], &on].concat());
    inventory("name,serial,ip\nfw-hq-1,JAD1,10.99.0.1\n", "2026-03-01");
    let second = diagnose("fw-hq-1", "2026-06-30");
    assert_eq!((&second["id"], &second["status"]), (&json!(id), &json!("persisting")));
    assert_eq!((&second["first_seen"], &second["asset"]), (&json!("2025-06-30"), &json!("fw-hq-1")));
    let run: Json = serde_json::from_slice(&std::fs::read(place.0.path().join("out/run.json")).unwrap()).unwrap();
    assert_eq!(run["resolved"], json!([]), "nothing was remedied");
    let items: Json = serde_json::from_slice(&std::fs::read(place.0.path().join("out/items.json")).unwrap()).unwrap();
    assert!(items.to_string().contains(id), "items name the finding as findings.jsonl does");
    assert_eq!(diagnose("fw-hq-1", "2026-06-30"), second, "again is the same");
    let shown = place.told(&["finding", "show", id]);
    assert!(shown.starts_with("on fw-hq-1, formerly 10.20.0.1, fw-edge-1\n"), "{shown}");
    let rows = place.json(&["findings", "--json", "--as-of", "2026-07-01"]);
    let row = rows.iter().find(|row| row["finding"] == id).unwrap();
    assert_eq!((&row["owner"], &row["first"]), (&json!("Chen"), &json!("2025-06-30T15:59:59.999999Z")));
    // Another machine under the name.
    inventory("name,serial,ip\nfw-hq-1,JAD2,10.99.0.1\n", "2026-09-01");
    let third = diagnose("fw-hq-1", "2026-10-01");
    assert_eq!((third["id"] == id, &third["status"]), (false, &json!("new")));
}
