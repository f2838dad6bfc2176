//! Improvement actions, incidents' reports and questions about what is not there, on the command line.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::process::{Command, Output};

use serde_json::{Value as Json, json};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, path: &str, text: &str) {
        std::fs::write(self.0.path().join(path), text).unwrap();
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

    /// What a command complains about, where it has to end with this code and print nothing.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.secdiag(arguments);
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{error}");
        assert!(out.is_empty() && !error.trim().is_empty(), "{arguments:?}: {out}{error}");
        error.into_owned()
    }

    /// A workspace with two findings of another tool, found on this day; gives their ids.
    fn with_findings(day: &str) -> (Self, Vec<String>) {
        let place = Self::new();
        place.put("x.sarif", SARIF);
        place.told(&["import", "x.sarif", "--system", "trading", "--firm", "Harbour", "--as-of", day]);
        let mut rows = place.json(&["findings", "--json"]);
        rows.sort_by_key(|row| row["check"].as_str().unwrap().to_owned());
        let ids: Vec<String> = rows.iter().map(|row| row["finding"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 2);
        (place, ids)
    }
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T","rules":[{"id":"a"},{"id":"b"}]}},"results":[
{"ruleId":"a","level":"error","message":{"text":"bad a"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x.c"},"region":{"startLine":3,"snippet":{"text":"gets(p)"}}}}]},
{"ruleId":"b","level":"warning","message":{"text":"bad b"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"y.c"},"region":{"startLine":9,"snippet":{"text":"strcpy(a,b)"}}}}]}]}]}"#;

const LIST: [&str; 2] = ["action", "list"];

#[test]
fn an_action_goes_from_plan_to_done_and_every_list_shows_it_as_it_stood() {
    let (place, ids) = Place::with_findings("2026-03-01");
    let finding = ids[0].as_str();
    let nothing = place.refused(3, &LIST);
    assert!(nothing.contains("secdiag action add"), "{nothing}");
    let add = |finding: &str, what: &str, owner: &str, due: &str| {
        let told = place.told(&[
            "action",
            "add",
            finding,
            "--what",
            what,
            "--owner",
            owner,
            "--due",
            due,
            "--by",
            "Lin",
            "--at",
            "2026-03-10",
        ]);
        told.split_whitespace().next().unwrap().to_owned()
    };
    let first = add(finding, "Replace gets by fgets", "Chen", "2026-04-30");
    let second = add(finding, "=1+1 Turn on the compiler's warning", "Wu", "2026-12-31");
    add(&ids[1], "Use a checked copy", "Chen", "2026-05-31");

    // Ids may be shortened; who, how far and what shows it must be said.
    let progress = ["action", "progress", &first[..6], "--percent", "40", "--note", "two of five places"];
    assert!(place.refused(2, &progress).contains("--by NAME"));
    let told = place.told(&[&progress[..], &["--by", "Chen", "--at", "2026-04-01"]].concat());
    assert!(told.contains("in progress  40 %") && told.contains("two of five places"), "{told}");
    let early = [&progress[..], &["--by", "Chen", "--at", "2026-01-01"]].concat();
    assert!(place.refused(2, &early).contains("was planned on 2026-03-10"));
    assert!(
        place.refused(2, &["action", "progress", "zz", "--percent", "1", "--note", "x", "--by", "C"]).contains("zz")
    );
    let too_much = ["action", "progress", &first, "--percent", "101", "--note", "x", "--by", "C"];
    assert!(place.refused(2, &too_much).contains("101"));
    let late = ["action", "add", finding, "--what", "x", "--owner", "C", "--due", "2020-01-01", "--by", "L"];
    assert!(place.refused(2, &late).contains("2020-01-01"));

    let at = |day: &str, more: &[&str]| {
        let rows = place.json(&[&LIST[..], &["--format", "json", "--as-of", day], more].concat());
        rows.into_iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(at("2026-04-30", &["--overdue"]).len(), 0, "the last day is not over");
    assert_eq!(at("2026-05-01", &["--overdue"]), [first.as_str()]);
    assert_eq!(at("2026-06-01", &["--overdue", "--owner", "Chen"]).len(), 2);
    assert_eq!(at("2026-06-01", &["--owner", "Wu", "--firm", "Harbour"]), [second.as_str()]);
    // Before it was planned, and by what was known before it was recorded, there is none.
    place.refused(3, &[&LIST[..], &["--as-of", "2026-03-09"]].concat());
    place.refused(3, &[&LIST[..], &["--known-on", "2020-01-01"]].concat());

    let due = place.told(&["due", "--as-of", "2026-05-11", "--lang", "zh-TW"]);
    assert!(due.contains("Replace gets by fgets") && due.contains("已逾期 11 日"), "{due}");
    let due = place.json(&["due", "--as-of", "2026-05-11", "--json"]);
    assert_eq!((due.len(), &due[0]["action"]["days_late"]), (1, &json!(11)));

    let done = ["action", "done", &first, "--evidence", "change-4711.pdf", "--by", "Chen", "--at", "2026-06-10"];
    let told = place.told(&done);
    assert!(told.contains("done on 2026-06-10: change-4711.pdf") && told.contains("are not done yet"), "{told}");
    assert_eq!(place.told(&done), told, "told twice is told once");
    assert!(place.refused(2, &[&done[..3], &["--evidence", "other", "--by", "C"]].concat()).contains("2026-06-10"));
    assert_eq!(at("2026-06-09", &["--overdue"]).len(), 2, "the past stays as it was");
    assert_eq!(at("2026-06-11", &["--overdue"]).len(), 1);

    let show = place.told(&["finding", "show", finding, "--lang", "zh-TW"]);
    assert!(show.contains("改善措施") && show.contains("change-4711.pdf") && show.contains("已規劃"), "{show}");
    let shown = place.json(&["finding", "show", finding, "--json"]);
    assert_eq!(shown.iter().filter(|row| row["action"]["about"] == *finding).count(), 2);
    // The finding is as open as before, and once it is gone nothing of it is late.
    assert_eq!(place.json(&["findings", "--json", "--state", "new"]).len(), 2);
    let by = ["--by", "Hsieh", "--reason", "looked", "--at", "2026-06-20"];
    place.told(&[&["finding", "remediate", &ids[1], "--evidence", "x"][..], &by].concat());
    place.told(&[
        "finding",
        "verify",
        &ids[1],
        "--evidence",
        "x",
        "--by",
        "Wang",
        "--reason",
        "ok",
        "--at",
        "2026-06-21",
    ]);
    assert_eq!(at("2026-06-20", &["--overdue"]).len(), 1);
    let none = place.secdiag(&[&LIST[..], &["--overdue", "--as-of", "2026-06-22"]].concat());
    assert!(none.status.success() && String::from_utf8_lossy(&none.stderr).contains("none of the 3"));
    let more = ["action", "add", &ids[1], "--what", "x", "--owner", "C", "--due", "2027-01-01", "--by", "L", "--at"];
    assert!(place.refused(2, &[&more[..], &["2026-07-01"]].concat()).contains("verified"));

    let table = place.told(&[&LIST[..], &["--lang", "zh-TW", "--as-of", "2026-05-01"]].concat());
    assert!(table.lines().next().unwrap().starts_with("措施編號") && table.contains("逾期"), "{table}");
    let csv = place.told(&[&LIST[..], &["--format", "csv"]].concat());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().any(|row| row[2].starts_with("'=1+1")), "no program computes it: {csv}");
    // The log has all of it, as any other act.
    let log = place.json(&["log", "--entity", "action", "--json"]);
    let kinds: Vec<&str> = log.iter().map(|event| event["body"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["planned", "planned", "planned", "progress", "done"]);
}

#[test]
fn the_tracker_and_the_command_speak_of_the_same_actions() {
    let (place, ids) = Place::with_findings("2026-03-01");
    let export = |name: &str| {
        place.told(&["tracker", "export", name]);
        let text = std::fs::read_to_string(place.0.path().join(name)).unwrap();
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect::<Vec<Vec<String>>>()
    };
    let save = |name: &str, rows: &[Vec<String>]| {
        let mut writer = csv::Writer::from_path(place.0.path().join(name)).unwrap();
        for row in rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
    };
    let import = |name: &str| place.told(&["tracker", "import", name, "--by", "Chen"]);
    let actions = || place.json(&["action", "list", "--format", "json"]);
    let mut rows = export("t.csv");
    let column = |rows: &[Vec<String>], word: &str| rows[0].iter().position(|head| head.contains(word)).unwrap();
    let (plan, due) = (column(&rows, "Measure"), column(&rows, "Done by"));
    let row = rows.iter().position(|row| row[0] == ids[0]).unwrap();
    (rows[row][plan], rows[row][due]) = ("Replace it".into(), "2030-01-31".into());
    save("t.csv", &rows);
    import("t.csv");
    let told = actions();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["plan"], &told[0]["due"], &told[0]["state"]),
        (&json!("Replace it"), &json!("2030-01-31"), &json!("planned"))
    );
    let id = told[0]["id"].as_str().unwrap().to_owned();
    // Another day in the next answer is the same action; progress by the command goes on with it.
    place.told(&["action", "progress", &id, "--percent", "50", "--note", "half", "--by", "Chen"]);
    let mut rows = export("u.csv");
    let row = rows.iter().position(|row| row[0] == ids[0]).unwrap();
    assert_eq!(rows[row][plan], "Replace it");
    rows[row][due] = "2030-02-28".into();
    save("u.csv", &rows);
    import("u.csv");
    let told = actions();
    assert_eq!((told.len(), &told[0]["id"], &told[0]["due"]), (1, &json!(id), &json!("2030-02-28")));
    assert_eq!((&told[0]["state"], &told[0]["percent"]), (&json!("in_progress"), &json!(50)));
    // What the command plans stands in the next tracker; what is done does not.
    let add = ["action", "add", &ids[1], "--what", "Check it", "--owner", "Wu", "--due", "2030-03-31", "--by", "Lin"];
    place.told(&add);
    place.told(&["action", "done", &id, "--evidence", "x.pdf", "--by", "Chen"]);
    let rows = export("v.csv");
    let planned = |finding: &str| rows.iter().find(|row| row[0] == finding).unwrap()[plan].clone();
    assert_eq!((planned(&ids[0]), planned(&ids[1])), (String::new(), "Check it".into()));
    assert!(import("v.csv").contains("0 events recorded"));
}

const REGISTER: &str = r#"
firm = "Harbour"
[[system]]
id = "trading"
name = "Order system"
commissioned = 2020-01-05
category = [{ category = 1, effective = 2020-01-05 }]
[[incident]]
id = "worm"
systems = ["trading"]
level = 3
occurred = 2026-06-01
[incident.report]
times = "x"
impact = "x"
containment = "x"
investigation = "x"
measures = "x"
"#;

#[test]
fn missing_blocks_of_an_incident_s_report_are_named_in_both_languages() {
    let place = Place::new();
    assert!(place.refused(3, &["incident", "list"]).contains("register import"));
    place.put("register.toml", REGISTER);
    let taken = place.secdiag(&["register", "import", "register.toml", "--by", "Lin", "--lang", "zh-TW"]);
    let said = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(taken.status.success() && said.contains("worm") && said.contains("事件根因分析"), "{said}");
    let list = |more: &[&str]| place.told(&[&["incident", "list"][..], more].concat());
    let en = list(&["--as-of", "2026-07-05"]);
    assert!(en.contains("notice overdue since 2026-06-02"), "{en}");
    assert!(en.contains("overdue since 2026-07-04, lacks: root cause, schedule and tracking of the measures"), "{en}");
    let zh = list(&["--as-of", "2026-07-04", "--lang", "zh-TW", "--missing"]);
    assert!(zh.contains("尚缺：事件根因分析、措施之預定完成時程及成效追蹤機制"), "{zh}");
    let row = place.json(&["incident", "list", "--json", "--as-of", "2026-07-05"]).remove(0);
    assert_eq!(row["reporting"]["missing"], json!(["root_cause", "follow_up"]));
    assert_eq!((&row["missing"][0], &row["missing_zh_tw"][0]), (&json!("root cause"), &json!("事件根因分析")));
    assert!(place.refused(2, &["incident", "list", "--firm", "Nobody"]).contains("Harbour"));
    place.put("register.toml", &format!("{REGISTER}root_cause = \"x\"\nfollow_up = \"x\"\n"));
    place.told(&["register", "import", "register.toml", "--by", "Lin"]);
    assert!(list(&[]).contains("all seven blocks"));
}

#[test]
fn a_question_about_what_is_not_there_says_so() {
    let place = Place::new();
    for list in [
        &["findings"][..],
        &["asset", "list"],
        &["assessment", "list"],
        &["intel", "list"],
        &["log"],
        &["register", "show"],
    ] {
        place.refused(3, list);
    }
    let (place, _) = Place::with_findings("2026-03-01");
    let unknown = |arguments: &[&str], there: &str| {
        let said = place.refused(2, arguments);
        assert!(said.contains(there), "{arguments:?}: {said}");
    };
    unknown(&["findings", "--firm", "Nobody"], "Harbour");
    unknown(&["findings", "--system", "nowhere"], "trading");
    unknown(&["asset", "list", "--firm", "Nobody"], "Harbour");
    unknown(&["assessment", "list", "--firm", "Nobody"], "Harbour");
    unknown(&["due", "--firm", "Nobody"], "Harbour");
    unknown(&["schedule", "--firm", "Nobody"], "Harbour");
    unknown(&["intel", "list", "--firm", "Nobody"], "Harbour");
    unknown(&["action", "list", "--firm", "Nobody"], "Harbour");
    unknown(&["tracker", "export", "t.csv", "--firm", "Nobody"], "Harbour");
    unknown(&["log", "--firm", "Nobody"], "Harbour");
    unknown(&["log", "--entity", "findings"], "finding, incident");
    assert!(place.refused(3, &["log", "--entity", "incident"]).contains("no event"));
    assert!(place.refused(3, &["log", "--subject", "nothing"]).contains("no event"));

    // Devices of the only firm that has any are listed without its name; of several, one has to be named.
    place.put("inventory.csv", "name,system,serial\nfw-1,trading,SN1\n");
    place.told(&["asset", "import", "inventory.csv", "--by", "Lin", "--firm", "Harbour"]);
    assert!(place.told(&["asset", "list"]).contains("fw-1"));
    place.told(&["asset", "import", "inventory.csv", "--by", "Lin", "--firm", "Other"]);
    unknown(&["asset", "list"], "Harbour, Other");
    assert!(place.told(&["asset", "list", "--firm", "Other"]).contains("fw-1"));
}

#[test]
fn a_calendar_without_dates_is_not_written() {
    let place = Place::new();
    let register = "[[system]]\nid = \"old\"\nname = \"Old\"\ncommissioned = 2010-01-01\nretired = 2020-01-01\n\
                    category = [{ category = 3, effective = 2010-01-01 }]\n";
    place.put("register.toml", register);
    place.told(&["register", "import", "register.toml", "--by", "Lin"]);
    let said = place.refused(3, &["schedule", "--ics", "dates.ics"]);
    assert!(said.contains("dates.ics was not written") && !place.0.path().join("dates.ics").exists(), "{said}");
}
