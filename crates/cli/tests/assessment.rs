//! Assessments go their way by the guards; devices stay themselves.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

const FIRM: &str = "Harbour Light Securities Co., Ltd. 港明證券股份有限公司";

fn secdiag(place: &Path, arguments: &[&str]) -> Output {
    let more = ["--firm", FIRM, "--workspace", "demo/workspace"];
    Command::new(env!("CARGO_BIN_EXE_secdiag")).current_dir(place).args(arguments).args(more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn demo() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_secdiag")).current_dir(place.path()).args(["demo", "--out", "demo"]).output();
    assert!(output.unwrap().status.success());
    place
}

#[test]
fn an_assessment_is_signed_by_its_lead_after_somebody_else_has_read_it() {
    let place = demo();
    let here = place.path();
    let run: Json = serde_json::from_slice(&std::fs::read(here.join("demo/result/run.json")).unwrap()).unwrap();
    let run = run["run"].as_str().unwrap();
    let step = |arguments: &[&str], by: &str| {
        secdiag(here, &[&["assessment"], arguments, &["--by", by, "--reason", "as planned"]].concat())
    };
    let refused = |output: Output, words: &str| {
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    };
    // C. Wang owns the order system, as the register says.
    refused(step(&["plan", "2026", "--lead", "C. Wang"], "M. Hsieh"), "owns a system");
    assert!(step(&["plan", "2026", "--lead", "A. Tsai"], "M. Hsieh").status.success());
    for stage in ["preparing", "collecting", "analysing"] {
        assert!(step(&["to", "2026", stage], "A. Tsai").status.success(), "{stage}");
    }
    refused(step(&["to", "2026", "signed"], "A. Tsai"), "cannot go to signed");
    refused(step(&["to", "2026", "review"], "A. Tsai"), "name the run");
    refused(step(&["to", "2026", "review", "--run", "0123"], "A. Tsai"), "name the run");
    assert!(step(&["to", "2026", "review", "--run", run], "A. Tsai").status.success());
    refused(step(&["to", "2026", "firm_response"], "A. Tsai"), "cannot review it");
    assert!(step(&["to", "2026", "firm_response"], "B. Kuo").status.success());
    refused(step(&["to", "2026", "signed"], "B. Kuo"), "signs it");
    assert!(step(&["to", "2026", "signed"], "A. Tsai").status.success());
    refused(step(&["to", "2026", "analysing"], "A. Tsai"), "reopen it");
    refused(step(&["to", "2026", "somewhere"], "A. Tsai"), "there is no stage");
    let listed = said(&secdiag(here, &["assessment", "list"]));
    assert!(listed.contains("signed") && listed.contains("revision 1") && listed.contains(run), "{listed}");
}

#[test]
fn an_inventory_is_taken_in_and_devices_stay_themselves() {
    let place = demo();
    let here = place.path();
    let import = |text: &str| {
        std::fs::write(here.join("inventory.csv"), text).unwrap();
        secdiag(here, &["asset", "import", "inventory.csv", "--by", "Lin"])
    };
    let first = "name,system,serial,mac,ip\nfw-edge-1,trading,FGT1,,10.20.0.1\norder-web01,trading,,0050.56AA.BBCC,10.20.8.80\n";
    assert!(said(&import(first)).contains("2 devices, 2 of them new, 2 new or changed"));
    assert!(said(&import(first)).contains("2 devices, 0 of them new, 0 new or changed"), "again changes nothing");
    // A new name and address for one, a new address for the other, and a new device on the old address.
    let later = "name,system,serial,mac,ip\nfw-hq-1,trading,fgt1,,10.99.0.1\norder-web01,trading,,,10.20.8.99\nprinter,office,P9,,10.20.8.80\n";
    assert!(said(&import(later)).contains("3 devices, 1 of them new, 3 new or changed"));
    let listed = said(&secdiag(here, &["asset", "list"]));
    assert!(listed.contains("fw-hq-1") && !listed.lines().any(|line| line.contains("fw-edge-1  ")), "{listed}");
    let bad = import("name,ip\n,10.0.0.1\nx,10.0.0.2\n");
    assert_eq!(bad.status.code(), Some(1));
    assert!(said(&bad).contains("line 2") && said(&bad).contains("nothing was taken over"), "{}", said(&bad));
}
