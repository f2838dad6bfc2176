//! The command as a user meets it.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

/// A folder with a workspace, an evidence folder and results.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.evidence()).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn evidence(&self) -> PathBuf {
        self.path().join("evidence")
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.evidence().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    fn command(&self, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secdiag"));
        command
            .current_dir(self.path())
            .args(["diagnose", "evidence", "--workspace", "ws", "--out", out, "--as-of", "2026-11-23"])
            .args(more);
        command
    }

    fn diagnose(&self, out: &str, more: &[&str]) -> Output {
        self.command(out, more).output().unwrap()
    }

    fn json(&self, out: &str, name: &str) -> Json {
        serde_json::from_slice(&std::fs::read(self.path().join(out).join(name)).unwrap()).unwrap()
    }

    fn findings(&self, out: &str) -> Vec<Json> {
        lines(&self.path().join(out).join("findings.jsonl"))
    }

    fn item(&self, out: &str, item: &str) -> Json {
        let items = self.json(out, "items.json");
        items["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|found| found["item"] == item)
            .unwrap_or_else(|| panic!("no {item}"))
            .clone()
    }

    fn notes(&self, out: &str) -> Vec<Json> {
        lines(&self.path().join(out).join("notes.jsonl"))
    }
}

fn lines(path: &Path) -> Vec<Json> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const OPEN_FIREWALL: &str =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n";
const CLOSED_FIREWALL: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A FORWARD -j LOG\n-A FORWARD -j DROP\n-A INPUT -j LOG\n-A INPUT -j DROP\n-A OUTPUT -j LOG\n-A OUTPUT -j DROP\nCOMMIT\n";

#[test]
fn an_empty_folder_is_nothing_to_inspect_and_says_what_to_do() {
    let place = Place::new();
    let output = place.diagnose("out", &[]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("nothing to inspect"), "{}", stderr(&output));
    assert!(!place.path().join("out/run.json").exists());
}

#[test]
fn usage_errors_are_two_and_name_what_there_is() {
    let place = Place::new();
    place.put("fw", OPEN_FIREWALL.as_bytes());
    let output = place.diagnose("out", &["--regime", "nobody"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("government, financial, securities"), "{}", stderr(&output));
    let missing = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["diagnose", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(code(&missing), 2);
    place.put("assessment.toml", b"[[system]]\nid = \"a\"\nname = \"A\"\ncategory = 9\n");
    let output = place.diagnose("out", &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("assessment.toml:4"), "{}", stderr(&output));
}

#[test]
fn findings_follow_the_contract_and_fail_on_is_ten() {
    let place = Place::new();
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    let output = place.diagnose("out", &["--fail-on", "medium"]);
    assert_eq!(code(&output), 10, "{}", stderr(&output));
    let findings = place.findings("out");
    let any = findings.iter().find(|finding| finding["check"] == "firewall/permit-any-any").unwrap();
    assert_eq!(any["evidence"][0]["path"], "gateway.rules");
    assert_eq!(any["evidence"][0]["locator"], serde_json::json!({"kind": "line", "value": 5}));
    assert_eq!(any["evidence"][0]["excerpt"], "-A FORWARD -j ACCEPT");
    assert_eq!(any["status"], "new");
    assert_eq!((any["first_seen"].as_str(), any["last_seen"].as_str()), (Some("2026-11-23"), Some("2026-11-23")));
    let report = std::fs::read_to_string(place.path().join("out/report.html")).unwrap();
    assert!(findings.iter().all(|finding| report.contains(finding["id"].as_str().unwrap())));
    assert!(!report.contains("<script"));
    assert_eq!(place.item("out", "GOV-6.4")["outcome"], "fail");
}

/// Reads a value as a type and writes it again.
fn same<T: serde::Serialize + serde::de::DeserializeOwned>(value: Json) {
    let typed: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(typed).unwrap(), value);
}

#[test]
fn results_read_back_as_the_types_that_the_schemas_are_made_from() {
    let place = Place::new();
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    place.put("junk.bin", &[0, 1, 2, 3]);
    place.diagnose("out", &[]);
    assert!(!place.findings("out").is_empty() && !place.notes("out").is_empty());
    place.findings("out").into_iter().for_each(same::<secdiag_model::result::FindingRecord>);
    place.notes("out").into_iter().for_each(same::<secdiag_model::Note>);
    same::<secdiag_model::result::ItemsFile>(place.json("out", "items.json"));
    same::<secdiag_model::result::CoverageFile>(place.json("out", "coverage.json"));
    same::<secdiag_model::result::RunInfo>(place.json("out", "run.json"));
}

#[test]
fn broken_files_are_noted_one_by_one_and_the_run_goes_on() {
    let place = Place::new();
    place.put("gateway.rules", CLOSED_FIREWALL.as_bytes());
    place.put("empty.log", b"");
    place.put("cut.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]);
    place.put("page.pcap", b"<html><body>not a capture</body></html>");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        std::os::unix::fs::symlink(".", place.evidence().join("loop")).unwrap();
        std::fs::write(place.evidence().join(std::ffi::OsStr::from_bytes(b"na\xffme")), "text").unwrap();
    }
    let output = place.diagnose("out", &[]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let coverage = place.json("out", "coverage.json");
    let states: BTreeMap<&str, &str> = coverage["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["member"].is_null())
        .map(|file| (file["path"].as_str().unwrap(), file["recognition"]["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states["gateway.rules"], "recognised");
    assert_eq!(states["empty.log"], "broken");
    assert_eq!(states["page.pcap"], "unsupported");
    #[cfg(unix)]
    assert!(states.contains_key("na\\xffme"), "{states:?}");
    let noted: Vec<String> = place.notes("out").iter().map(|note| note["path"].as_str().unwrap().to_owned()).collect();
    for path in ["empty.log", "cut.gz", "page.pcap"] {
        assert!(noted.iter().any(|noted| noted == path), "{path} has no note: {noted:?}");
    }
}

#[test]
fn history_says_new_persisting_resolved_and_returned() {
    let place = Place::new();
    let status = |out: &str, as_of: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
            .current_dir(place.path())
            .args(["diagnose", "evidence", "--workspace", "ws", "--out", out, "--as-of", as_of])
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let any = place.findings(out).into_iter().find(|finding| finding["check"] == "firewall/permit-any-any");
        let resolved = place.json(out, "run.json")["resolved"]
            .as_array()
            .unwrap()
            .iter()
            .any(|gone| gone["check"] == "firewall/permit-any-any");
        (
            any.map(|finding| {
                (finding["status"].as_str().unwrap().to_owned(), finding["first_seen"].as_str().unwrap().to_owned())
            }),
            resolved,
        )
    };
    let seen = |status: &str| Some((status.to_owned(), "2026-01-01".to_owned()));
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    assert_eq!(status("1", "2026-01-01"), (seen("new"), false));
    assert_eq!(status("1b", "2026-01-01"), (seen("new"), false), "the same run again is the same run");
    assert_eq!(status("2", "2026-02-01"), (seen("persisting"), false));
    std::fs::remove_file(place.evidence().join("gateway.rules")).unwrap();
    place.put("policy.inf", b"[Unicode]\r\nUnicode=yes\r\n[System Access]\r\nLockoutBadCount = 5\r\n[Version]\r\nsignature=\"$CHICAGO$\"\r\nRevision=1\r\n");
    assert_eq!(status("3", "2026-03-01"), (None, false), "not looked at again is not resolved");
    place.put("gateway.rules", CLOSED_FIREWALL.as_bytes());
    assert_eq!(status("4", "2026-04-01"), (None, true));
    assert_eq!(status("5", "2026-05-01"), (None, false), "resolved once");
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    assert_eq!(status("6", "2026-06-01"), (seen("returned"), false));
    assert_eq!(status("7", "2026-07-01"), (seen("persisting"), false));
}

/// A pcap of one UDP packet every four minutes.
fn capture(minutes: u32) -> Vec<u8> {
    let mut bytes = [
        0xa1b2_c3d4_u32.to_le_bytes(),
        0x0004_0002_u32.to_le_bytes(),
        [0; 4],
        [0; 4],
        65535_u32.to_le_bytes(),
        101_u32.to_le_bytes(),
    ]
    .concat();
    let mut packet = vec![0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([0x30, 0x39, 0x30, 0x3a, 0, 12, 0, 0, 1, 2, 3, 4]);
    let times = (0..minutes).step_by(4).chain([minutes]);
    for minute in times {
        for word in [1_790_000_000 + minute * 60, 0, 32, 32] {
            bytes.extend(u32::to_le_bytes(word));
        }
        bytes.extend(&packet);
    }
    bytes
}

fn need<'a>(item: &'a Json, kind: &str) -> &'a Json {
    item["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .find(|need| need["any_of"].as_array().unwrap().iter().any(|code| code == kind))
        .unwrap_or_else(|| panic!("{item} asks for no {kind}"))
}

#[test]
fn six_hours_of_capture_are_enough_and_a_minute_less_is_not() {
    for (minutes, enough) in [(359, false), (360, true)] {
        let place = Place::new();
        place.put("tap.pcap", &capture(minutes));
        assert_eq!(code(&place.diagnose("out", &[])), 0);
        let item = place.item("out", "GOV-2.1");
        assert_eq!(
            need(&item, "PCAP")["sufficient"],
            enough,
            "{minutes} minutes: {}",
            need(&item, "PCAP")["why"]["en"]
        );
        assert_ne!(item["outcome"], "pass");
    }
}

#[test]
fn thirty_days_or_a_hundred_megabytes_of_logs_are_enough() {
    for (days, megabytes, enough) in [(29, 99, false), (30, 99, true), (29, 100, true)] {
        let place = Place::new();
        let log = std::fs::File::create(place.evidence().join("fw.log")).unwrap();
        log.set_len(megabytes * 1_000_000).unwrap();
        let end = if days == 30 { "2026-10-31T00:00:00Z" } else { "2026-10-30T00:00:00Z" };
        let toml = format!(
            "[[system]]\nid = \"net\"\nname = \"Network\"\n[[evidence]]\npath = \"fw.log\"\nsystems = [\"net\"]\nkind = \"FWLOG\"\ncovers = [\"2026-10-01T00:00:00Z\", \"{end}\"]\n"
        );
        place.put("assessment.toml", toml.as_bytes());
        place.diagnose("out", &[]);
        let item = place.item("out", "GOV-2.2");
        assert_eq!(
            need(&item, "FWLOG")["sufficient"],
            enough,
            "{days} days, {megabytes} MB: {}",
            need(&item, "FWLOG")["why"]["en"]
        );
    }
}

#[test]
fn ten_percent_or_a_hundred_computers_are_enough() {
    for (hosts, population, enough) in [(99, 1000, false), (100, 1000, true), (99, 990, true), (100, 5000, true)] {
        let place = Place::new();
        for host in 0..hosts {
            place.put(
                &format!("pc-{host:03}/etc/login.defs"),
                format!("# {host}\nPASS_MAX_DAYS\t90\nPASS_MIN_DAYS\t1\nPASS_WARN_AGE\t14\nENCRYPT_METHOD SHA512\n")
                    .as_bytes(),
            );
        }
        place.put(
            "assessment.toml",
            format!("[[system]]\nid = \"pcs\"\nname = \"PCs\"\npopulation = {{ LOCPOL = {population} }}\n").as_bytes(),
        );
        assert_eq!(code(&place.diagnose("out", &[])), 0);
        let item = place.item("out", "GOV-5.1");
        assert_eq!(
            need(&item, "LOCPOL")["sufficient"],
            enough,
            "{hosts} of {population}: {}",
            need(&item, "LOCPOL")["why"]["en"]
        );
    }
}

#[test]
fn the_catalogue_is_whole_and_explains_every_check() {
    let run = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_secdiag")).args(arguments).output().unwrap();
    let lint = run(&["catalogue", "lint", "--json"]);
    let told: Json = serde_json::from_slice(&lint.stdout).unwrap();
    assert_eq!(code(&lint), 0, "{}", told["complaints"]);
    assert_eq!(told["requirements"], 128);
    for lang in ["en", "zh-TW"] {
        let page = run(&["explain", "directory/lockout-never", "--lang", lang]);
        assert_eq!(code(&page), 0);
        assert!(String::from_utf8_lossy(&page.stdout).contains("SEC-8.2"));
    }
    assert_eq!(code(&run(&["explain", "no/such-check"])), 2);
    assert_eq!(code(&run(&["catalogue", "show", "SEC-8.2"])), 0);
    assert_eq!(code(&run(&["catalogue", "crosswalk"])), 0);
    assert_eq!(code(&run(&["catalogue", "trace"])), 0);
}

#[test]
fn an_overlay_changes_policy_without_a_new_build() {
    let place = Place::new();
    place.put("policy.inf", b"[Unicode]\r\nUnicode=yes\r\n[System Access]\r\nMinimumPasswordLength = 10\r\n[Version]\r\nsignature=\"$CHICAGO$\"\r\nRevision=1\r\n");
    let too_short = |out: &str, more: &[&str]| {
        assert_eq!(code(&place.diagnose(out, more)), 0);
        place.findings(out).iter().filter(|finding| finding["check"] == "directory/password-too-short").count()
    };
    assert_eq!(too_short("plain", &["--thresholds", "firm"]), 0);
    let folder = place.path().join("ours/thresholds");
    std::fs::create_dir_all(&folder).unwrap();
    let own = "id: firm\ntitle: {en: Our standard, zh-TW: 本公司標準}\npublisher: us\nversion: '1'\nsettings:\n  min_length: {at_least: 12, source: Policy 4.2, text_status: verified}\n";
    std::fs::write(folder.join("firm.yaml"), own).unwrap();
    assert_eq!(too_short("ours-out", &["--thresholds", "firm", "--catalogue", "ours"]), 1);
}

#[test]
fn parse_shows_rows_by_the_lake_s_column_names() {
    let place = Place::new();
    place.put("tap.pcap", &capture(8));
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.evidence())
        .args(["parse", "tap.pcap", "--table", "conn", "--json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let row: Json = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        (row["src_ip"].as_str(), row["dst_ip"].as_str(), row["proto"].as_str()),
        (Some("10.0.0.1"), Some("10.0.0.2"), Some("udp"))
    );
}

#[test]
fn an_interrupted_run_continues_to_the_same_bytes() {
    let place = Place::new();
    for n in 0..200 {
        place.put(&format!("tap-{n:03}.pcap"), &capture(1000 + n));
        place.put(&format!("fw-{n:03}.rules"), format!("# {n}\n{OPEN_FIREWALL}").as_bytes());
    }
    // First killed, then, further on, interrupted as by Ctrl-C.
    let parsed = place.path().join("ws/lake/firewall");
    let units = || std::fs::read_dir(&parsed).map_or(0, Iterator::count);
    for (signal, more) in [("-KILL", 10), ("-INT", 30)] {
        let before = units();
        let mut child = place
            .command("cut", &["--threads", "1"])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() && units() < before + more {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(!place.path().join("cut/run.json").exists(), "the run was too fast to be cut");
        if signal == "-INT" {
            assert_eq!(code(&output), 1);
            assert!(stderr(&output).contains("run the same command again"), "{}", stderr(&output));
        }
    }
    assert_eq!(code(&place.diagnose("resumed", &[])), 0);
    for threads in ["1", "2", "8"] {
        let fresh = format!("ws-{threads}");
        let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
            .current_dir(place.path())
            .args([
                "diagnose",
                "evidence",
                "--as-of",
                "2026-11-23",
                "--workspace",
                &fresh,
                "--out",
                &format!("out-{threads}"),
                "--threads",
                threads,
            ])
            .output()
            .unwrap();
        assert_eq!(code(&output), 0);
        for name in ["findings.jsonl", "items.json", "coverage.json", "notes.jsonl", "run.json", "report.html"] {
            let bytes = |out: &str| std::fs::read(place.path().join(out).join(name)).unwrap();
            assert!(
                bytes("resumed") == bytes(&format!("out-{threads}")),
                "{name} differs between the resumed run and {threads} threads"
            );
        }
    }
}

/// A disk that fills up, as programs see it: a write that does not fit into the limit fails.
#[test]
fn a_full_disk_is_told_and_nothing_half_written_passes_for_a_result() {
    let place = Place::new();
    place.put("tap.pcap", &capture(600));
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    let fresh = Place::new();
    place.put("list.csv", "x,y\n".repeat(30_000).as_bytes());
    for file in ["tap.pcap", "gateway.rules", "list.csv"] {
        fresh.put(file, &std::fs::read(place.evidence().join(file)).unwrap());
    }
    let results = ["findings.jsonl", "items.json", "coverage.json", "notes.jsonl", "run.json", "report.html"];
    let mut told = std::collections::BTreeSet::new();
    for blocks in ["1", "20", "100", "300", "600", "1200"] {
        let diagnose = place.command("out", &[]);
        let output = Command::new("sh")
            .current_dir(place.path())
            .args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", blocks])
            .arg(diagnose.get_program())
            .args(diagnose.get_args())
            .output()
            .unwrap();
        let whole = place.path().join("out/run.json").exists();
        match code(&output) {
            0 => assert!(whole && results.iter().all(|name| place.path().join("out").join(name).exists())),
            1 => {
                assert!(!whole, "{blocks}: {}", stderr(&output));
                assert!(stderr(&output).contains("error: "), "{blocks}: {}", stderr(&output));
                told.insert(stderr(&output));
            }
            other => panic!("{blocks}: exit code {other}: {}", stderr(&output)),
        }
    }
    assert!(told.len() >= 2, "the disk never filled up at different places: {told:?}");
    assert_eq!(code(&place.diagnose("out", &[])), 0);
    assert_eq!(code(&fresh.diagnose("out", &[])), 0);
    for name in results {
        let bytes = |place: &Place| std::fs::read(place.path().join("out").join(name)).unwrap();
        assert!(bytes(&place) == bytes(&fresh), "{name} differs after the disk had filled up");
    }
}

#[test]
fn every_regime_answers_its_own_items_from_the_same_findings() {
    let place = Place::new();
    place.put("gateway.rules", OPEN_FIREWALL.as_bytes());
    let mut findings = Vec::new();
    for (regime, sets) in [
        ("government", vec!["GOV"]),
        ("financial", vec!["FIN"]),
        ("securities", vec!["SEC"]),
        ("all", vec!["GOV", "FIN", "SEC"]),
    ] {
        assert_eq!(code(&place.diagnose(regime, &["--regime", regime, "--thresholds", "gcb-win11"])), 0);
        let items = place.json(regime, "items.json");
        let mut answered: Vec<&str> =
            items["items"].as_array().unwrap().iter().map(|item| &item["item"].as_str().unwrap()[..3]).collect();
        answered.dedup();
        assert_eq!(answered, sets);
        let bare = |mut finding: Json| {
            for key in ["status", "first_seen", "last_seen"] {
                finding.as_object_mut().unwrap().remove(key);
            }
            finding
        };
        findings.push(place.findings(regime).into_iter().map(bare).collect::<Vec<_>>());
    }
    assert!(!findings[0].is_empty());
    assert!(findings.iter().all(|found| *found == findings[0]));
}
