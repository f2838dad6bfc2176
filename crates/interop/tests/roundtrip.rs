//! What we write, we read back: same findings, same ids, same decisions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use secdiag_interop::finding::SuppressionKind;
use secdiag_interop::write::{
    Exception, ExceptionKind, Export, csaf, cyclonedx, generic_csv, generic_json, ocsf, openvex, sarif,
};
use secdiag_interop::{ImportedFinding, import};
use secdiag_model::result::{FindingRecord, FindingStatus, FindingTexts, ResolvedFinding};
use secdiag_model::{ItemId, Lang, Locator, Proof, Severity, Sha256, Subject, SystemId};
use secdiag_programme::identity::{KeyKind, Known, Standing, match_findings};

/// Words as people write them, in both languages, with everything that formats have to escape.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z=+@'\"<>&{}%;,|\u{4e00}-\u{4e20}\u{21d9b}-][ a-z0-9,;'\"<>&{}%\u{4e00}-\u{4e20}-]{0,30}[a-z\u{4e00}-\u{4e20}]"
}

/// Subjects of each kind that formats treat apart.
fn subject() -> impl Strategy<Value = Subject> {
    let vulnerability = prop_oneof![Just("CVE-2026-1000"), Just("CVE-2026-1001"), Just("GHSA-aaaa-bbbb-cccc")];
    let asset = prop_oneof![Just("Web 1"), Just("db%2"), Just("pkg:deb/debian/x@1")];
    prop_oneof![
        Just(Subject::Host { host: "h".into() }),
        Just(Subject::Policy { scope: "domain".into(), setting: "s".into() }),
        Just(Subject::Name { name: "c2.example".into(), src: None }),
        (asset, vulnerability)
            .prop_map(|(asset, name)| Subject::Vulnerability { asset: asset.into(), vulnerability: name.into() }),
        "[ab]{0,1}".prop_map(|host| Subject::Package { host, purl: "pkg:npm/%40s/n@3.0".into() }),
    ]
}

/// The vulnerability, and the product in words, where a subject is about such.
fn about(finding: &FindingRecord) -> Option<(String, String)> {
    match &finding.subject {
        Subject::Vulnerability { asset, vulnerability } => Some((vulnerability.clone(), asset.clone())),
        Subject::Package { host, purl } => Some(("CVE-2026-1001".into(), format!("{host}{purl}"))),
        _ => None,
    }
}

fn finding() -> impl Strategy<Value = FindingRecord> {
    let proof = ("[a-z /#%\u{4e00}-\u{4e10}]{1,12}[a-z]", proptest::option::of(1..5000_u64), words());
    let parts = (
        words(),
        words(),
        words(),
        0..5_usize,
        proptest::collection::vec(proof, 1..4),
        proptest::option::of("[a-z]{3,8}"),
        "[a-z]{2,8}/[a-z-]{2,12}",
        0..3_u8,
        subject(),
    );
    parts.prop_map(|(title, risk, advice, severity, proofs, asset, check, status, subject)| FindingRecord {
        id: String::new(),
        check,
        aspect: None,
        title: title.clone(),
        severity: Severity::DESCENDING[severity],
        confidence: 0.5,
        items: vec![ItemId("GOV-1".into()), ItemId("SEC-8.2".into())],
        system: SystemId("sys".into()),
        asset,
        facts: match &subject {
            Subject::Package { .. } => BTreeMap::from([("cve".to_owned(), "CVE-2026-1001".into())]),
            _ => BTreeMap::new(),
        },
        subject,
        evidence: proofs
            .into_iter()
            .map(|(path, line, excerpt)| Proof {
                sha256: Sha256::of(path.as_bytes()),
                path,
                member: None,
                locator: line.map_or(Locator::Whole, Locator::Line),
                excerpt,
            })
            .collect(),
        risk: risk.clone(),
        advice: advice.clone(),
        zh_tw: FindingTexts { title, risk, advice },
        status: [FindingStatus::New, FindingStatus::Persisting, FindingStatus::Returned][usize::from(status)],
        first_seen: "2026-01-01".into(),
        last_seen: "2026-06-30".into(),
    })
}

/// Findings with ids of their own; every third has an exception.
fn run() -> impl Strategy<Value = (Vec<FindingRecord>, Vec<Exception>)> {
    proptest::collection::vec(finding(), 0..12).prop_map(|mut findings| {
        let mut exceptions = Vec::new();
        for (n, finding) in findings.iter_mut().enumerate() {
            finding.id = Sha256::of(format!("{n}").as_bytes()).short();
            if n % 3 == 0 {
                exceptions.push(Exception {
                    finding: finding.id.clone(),
                    kind: [ExceptionKind::RiskAccepted, ExceptionKind::FalsePositive, ExceptionKind::OutOfScope]
                        [n / 3 % 3],
                    justification: "because, \"so\"".into(),
                    approved_by: "CISO".into(),
                    until: Some("2027-01-01".into()),
                });
            }
        }
        (findings, exceptions)
    })
}

fn export<'a>(findings: &'a [FindingRecord], exceptions: &'a [Exception]) -> Export<'a> {
    Export { version: "0.1.0", run: "r1", as_of: "2026-06-30", lang: Lang::En, findings, resolved: &[], exceptions }
}

fn own_id(finding: &ImportedFinding) -> String {
    finding.keys.iter().find(|key| key.kind == KeyKind::Tool).map(|key| key.value.clone()).unwrap_or_default()
}

fn kind(exception: &Exception) -> SuppressionKind {
    match exception.kind {
        ExceptionKind::FalsePositive => SuppressionKind::FalsePositive,
        ExceptionKind::OutOfScope => SuppressionKind::OutOfScope,
        _ => SuppressionKind::RiskAccepted,
    }
}

/// What must come back whatever the format.
fn same(wrote: &[FindingRecord], exceptions: &[Exception], read: &[ImportedFinding]) -> Result<(), TestCaseError> {
    prop_assert_eq!(wrote.len(), read.len());
    for (wrote, read) in wrote.iter().zip(read) {
        prop_assert_eq!(&own_id(read), &wrote.id);
        prop_assert_eq!(&read.title, &wrote.title);
        prop_assert_eq!(&read.advice, &wrote.advice);
        prop_assert!(read.description.contains(&wrote.risk), "{:?} {:?}", read.description, wrote.risk);
        prop_assert_eq!(read.severity.ours, wrote.severity);
        prop_assert_eq!(read.suppressed.is_some(), exceptions.iter().any(|exception| exception.finding == wrote.id));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sarif_comes_back((findings, exceptions) in run()) {
        let read = import(&sarif(&export(&findings, &exceptions)), "x").unwrap();
        same(&findings, &exceptions, &read.findings)?;
        for (wrote, read) in findings.iter().zip(&read.findings) {
            prop_assert_eq!(&read.rule, &wrote.check);
            prop_assert_eq!(&read.asset, &wrote.asset);
            prop_assert_eq!(&read.locations[0].path, &wrote.evidence[0].path);
            let line = match wrote.evidence[0].locator { Locator::Line(line) => Some(line), _ => None };
            prop_assert_eq!(read.locations[0].line, line);
            if let Some(exception) = exceptions.iter().find(|exception| exception.finding == wrote.id) {
                let decided = read.suppressed.as_ref().unwrap();
                prop_assert_eq!(&decided.justification, &exception.justification);
                prop_assert_eq!(decided.kind, kind(exception));
            }
        }
    }

    #[test]
    fn generic_json_comes_back((findings, exceptions) in run()) {
        let read = import(&generic_json(&export(&findings, &exceptions)), "x").unwrap();
        same(&findings, &exceptions, &read.findings)?;
        for (wrote, read) in findings.iter().zip(&read.findings) {
            prop_assert_eq!(&read.rule, &wrote.check);
        }
    }

    #[test]
    fn generic_csv_comes_back((findings, exceptions) in run()) {
        let bytes = generic_csv(&export(&findings, &exceptions));
        same(&findings, &exceptions, &import(&bytes, "x").unwrap().findings)?;
    }

    #[test]
    fn ocsf_comes_back((findings, exceptions) in run()) {
        prop_assume!(!findings.is_empty());
        let read = import(&ocsf(&export(&findings, &exceptions)), "x").unwrap();
        same(&findings, &exceptions, &read.findings)?;
        for (wrote, read) in findings.iter().zip(&read.findings) {
            prop_assert_eq!(&read.rule, &about(wrote).map_or(wrote.check.clone(), |(name, _)| name));
            prop_assert_eq!(read.asset.as_deref(), Some(wrote.asset.as_deref().unwrap_or("sys")));
            let taxa = ["secdiag items: GOV-1", "secdiag items: SEC-8.2"];
            prop_assert_eq!(read.taxa.iter().collect::<Vec<_>>(), taxa);
            prop_assert_eq!(&read.seen_at, "2026-06-30T00:00:00Z");
            prop_assert_eq!(read.locations.len(), wrote.evidence.len());
            for (place, proof) in read.locations.iter().zip(&wrote.evidence) {
                let line = match proof.locator { Locator::Line(line) => Some(line), _ => None };
                prop_assert_eq!((&place.path, place.line), (&proof.path, line));
            }
            if let Some(exception) = exceptions.iter().find(|exception| exception.finding == wrote.id) {
                let decided = read.suppressed.as_ref().unwrap();
                prop_assert_eq!((&decided.justification, decided.kind), (&exception.justification, kind(exception)));
            }
        }
    }

    #[test]
    fn csaf_comes_back((findings, exceptions) in run()) {
        let document = csaf(&export(&findings, &exceptions), "https://firm.example", "Firm");
        let read = import(&document.bytes, "x").unwrap().findings;
        let decided = |finding: &FindingRecord| exceptions.iter().find(|exception| exception.finding == finding.id);
        let out = |finding: &&FindingRecord| decided(finding).is_some_and(|one| one.kind == ExceptionKind::OutOfScope);
        prop_assert_eq!(document.left_out.len(), findings.iter().filter(out).count());
        let inside: Vec<_> = findings.iter().filter(|finding| !out(finding)).collect();
        let flaws: BTreeSet<_> = inside.iter().filter_map(|finding| about(finding)).collect();
        let others: Vec<_> = inside.iter().filter(|finding| about(finding).is_none()).collect();
        prop_assert_eq!(read.len(), flaws.len() + others.len());
        for wrote in others {
            let read = read.iter().find(|read| own_id(read) == wrote.id);
            prop_assert!(read.is_some(), "{:?}", wrote);
            let read = read.unwrap();
            prop_assert_eq!((&read.rule, &read.title, read.severity.ours), (&wrote.check, &wrote.title, wrote.severity));
            prop_assert!(read.description.contains(&wrote.risk) && read.advice.starts_with(&wrote.advice));
            prop_assert_eq!(&read.component.as_ref().unwrap().name, wrote.asset.as_deref().unwrap_or("sys"));
            let wrong = decided(wrote).filter(|one| one.kind == ExceptionKind::FalsePositive);
            prop_assert_eq!(read.suppressed.as_ref().map(|one| &one.justification), wrong.map(|one| &one.justification));
        }
        // A false positive stands as such only where nothing else is said about the same product.
        let about_one = |flaw: &(String, String)| inside.iter().filter(|finding| about(finding).as_ref() == Some(flaw)).copied().collect::<Vec<_>>();
        let wrong = |finding: &&FindingRecord| decided(finding).is_some_and(|one| one.kind == ExceptionKind::FalsePositive);
        let expected = flaws.iter().filter(|flaw| about_one(flaw).iter().all(wrong)).count();
        let found = read.iter().filter(|read| own_id(read).is_empty() || flaws.iter().any(|flaw| flaw.0 == read.rule));
        prop_assert_eq!(found.filter(|read| read.suppressed.is_some()).count(), expected);
    }

    #[test]
    fn the_export_of_the_next_run_changes_nothing((findings, exceptions) in run()) {
        let later: Vec<_> = findings.iter().cloned().map(|finding| FindingRecord {
            status: FindingStatus::Persisting,
            last_seen: "2026-09-30".into(),
            ..finding
        }).collect();
        let before = export(&findings, &exceptions);
        let after = Export { run: "r2", as_of: "2026-09-30", ..export(&later, &exceptions) };
        let written: [fn(&Export<'_>) -> Vec<u8>; 6] = [
            sarif,
            generic_json,
            generic_csv,
            ocsf,
            |export| csaf(export, "https://firm.example", "Firm").bytes,
            |export| cyclonedx(export).bytes,
        ];
        for write in written {
            let (before, after) = (write(&before), write(&after));
            if before.is_empty() {
                continue;
            }
            let (before, after) = (import(&before, "x").unwrap().findings, import(&after, "x").unwrap().findings);
            let known = |(n, finding): (usize, &ImportedFinding)| Known { id: format!("{n:03}"), resolved: false, seen: finding.candidate() };
            let known: Vec<_> = before.iter().enumerate().map(known).collect();
            let matches = match_findings(&known, &after.iter().map(ImportedFinding::candidate).collect::<Vec<_>>(), |_| true);
            prop_assert_eq!(matches.count(Standing::Unchanged), after.len());
            prop_assert_eq!(before.len(), after.len());
        }
    }

    #[test]
    fn a_moved_and_reworded_export_is_still_the_same_findings((findings, _) in run()) {
        let before = import(&sarif(&export(&findings, &[])), "x").unwrap().findings;
        let mut changed = findings;
        for finding in &mut changed {
            finding.title.push_str(" again");
            for proof in &mut finding.evidence {
                proof.locator = Locator::Line(7);
            }
        }
        changed.reverse();
        let now = import(&sarif(&export(&changed, &[])), "x").unwrap().findings;
        let known = |(n, finding): (usize, &ImportedFinding)| Known { id: format!("{n:03}"), resolved: false, seen: finding.candidate() };
        let known: Vec<_> = before.iter().enumerate().map(known).collect();
        let matches = match_findings(&known, &now.iter().map(ImportedFinding::candidate).collect::<Vec<_>>(), |_| true);
        prop_assert_eq!(matches.count(Standing::Updated), now.len());
        for answer in &matches.list {
            prop_assert_eq!(answer.known.unwrap() + answer.current.unwrap() + 1, now.len());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(import(&bytes, "x"));
    }

    #[test]
    fn any_json_near_a_format_is_survived(
        frame in 0..6_usize,
        inner in r#"[\[\]{}":,a-z0-9 null]{0,80}"#,
    ) {
        let frames = [
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[%]}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[%]}"#,
            r#"{"document":{"csaf_version":"2.0"},"vulnerabilities":[%]}"#,
            r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[%]}"#,
            r#"[{"metadata":{},"class_uid":2004,"x":%}]"#,
            r#"{"findings":[%]}"#,
        ];
        if let Ok(read) = import(frames[frame].replace('%', &inner).as_bytes(), "x") {
            prop_assert_eq!(read.log.balance(), read.log.kept);
        }
    }
}

#[test]
fn what_is_gone_is_written_as_gone() {
    let gone = ResolvedFinding {
        id: "0123456789abcdef0123456789abcdef".into(),
        check: "a/b".into(),
        system: SystemId("s".into()),
        title: "t".into(),
        severity: Severity::High,
        first_seen: "2025-01-01".into(),
        last_seen: "2025-01-01".into(),
    };
    let gone = [gone];
    let bytes = sarif(&Export { resolved: &gone, ..export(&[], &[]) });
    let read = import(&bytes, "x").unwrap();
    assert!(read.findings.is_empty());
    assert_eq!(read.log.passed.values().map(|tally| tally.count).sum::<u64>(), 1);
    // OCSF closes a finding by a record of it.
    let read = import(&ocsf(&Export { resolved: &gone, ..export(&[], &[]) }), "x").unwrap().findings;
    assert_eq!((own_id(&read[0]), read[0].severity.ours), (gone[0].id.clone(), Severity::High));
    assert_eq!(read[0].suppressed.as_ref().unwrap().kind, SuppressionKind::Fixed);
}

#[test]
fn exceptions_about_vulnerabilities_become_vex() {
    let finding = |id: &str, subject: Subject| FindingRecord { subject, ..known_flaw(id) };
    let findings = [
        finding("a", Subject::Vulnerability { asset: "web 1".into(), vulnerability: "CVE-2026-1".into() }),
        finding("b", Subject::Package { host: "h".into(), purl: "pkg:deb/debian/x@1".into() }),
        finding("c", Subject::Host { host: "h".into() }),
    ];
    let exception = |finding: &str, kind| Exception {
        finding: finding.into(),
        kind,
        justification: "reason".into(),
        approved_by: "x".into(),
        until: Some("2027-01-01".into()),
    };
    let exceptions = [
        exception("a", ExceptionKind::FalsePositive),
        exception("b", ExceptionKind::RiskAccepted),
        exception("c", ExceptionKind::RiskAccepted),
    ];
    let vex = openvex(&export(&findings, &exceptions), "https://firm.example/vex/1", "Firm");
    assert_eq!(vex.left_out, ["c"]);
    let read = import(&vex.bytes.unwrap(), "x").unwrap().findings;
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].rule, "CVE-2026-1");
    assert_eq!(read[0].component.as_ref().unwrap().name, "web 1");
    assert_eq!(read[0].suppressed.as_ref().unwrap().justification, "reason");
    assert_eq!(read[1].component.as_ref().unwrap().name, "debian/x");
    assert_eq!(read[1].asset.as_deref(), Some("h"));
    assert!(read[1].suppressed.is_none(), "an accepted risk is not absence of the vulnerability");
    assert_eq!(read[1].advice, "risk_accepted (until 2027-01-01): reason");
    let nothing = openvex(&export(&findings[2..], &exceptions), "https://firm.example/vex/1", "Firm");
    assert_eq!((nothing.bytes, nothing.left_out.len()), (None, 1));
    let bom = cyclonedx(&export(&findings, &exceptions[..1]));
    assert_eq!(bom.left_out, ["c"]);
    let read = import(&bom.bytes, "x").unwrap().findings;
    assert_eq!(read.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["CVE-2026-1", &read[1].rule]);
    assert!(read[0].suppressed.is_some() && read[1].suppressed.is_none(), "{read:?}");
    assert_eq!(read[1].component.as_ref().unwrap().name, "debian/x");

    let category = |findings: &[FindingRecord]| {
        let bytes = csaf(&export(findings, &exceptions), "https://firm.example", "Firm").bytes;
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["document"]["category"].to_string()
    };
    assert_eq!([&findings[..2], &findings, &[]].map(category), ["\"csaf_vex\"", "\"csaf_base\"", "\"csaf_base\""]);
    let read = import(&csaf(&export(&findings[..2], &exceptions), "https://firm.example", "Firm").bytes, "x").unwrap();
    let read = read.findings;
    let purl = &read[1].component.as_ref().unwrap().purl;
    assert_eq!((purl.as_str(), read[1].asset.as_deref()), ("pkg:deb/debian/x@1", Some("h")));
    assert_eq!(read[0].suppressed.as_ref().unwrap().justification, "reason");
    assert_eq!(
        (read[1].suppressed.as_ref(), read[1].advice.as_str()),
        (None, "risk_accepted (until 2027-01-01): reason")
    );
}

#[test]
fn one_hosts_decision_says_nothing_about_another() {
    let mut findings: Vec<_> = ["a", "b"].into_iter().map(known_flaw).collect();
    findings.push(FindingRecord { id: "other check".into(), ..findings[1].clone() });
    let exceptions = ["a", "b"].map(|id| Exception {
        finding: id.into(),
        kind: ExceptionKind::FalsePositive,
        justification: "reason".into(),
        approved_by: "x".into(),
        until: None,
    });
    let document = csaf(&export(&findings, &exceptions), "https://firm.example", "Firm");
    let read = import(&document.bytes, "x").unwrap().findings;
    let told: Vec<_> = read.iter().map(|read| (read.asset.as_deref(), read.suppressed.is_some())).collect();
    assert_eq!(told, [(Some("a"), true), (Some("b"), false)], "the strongest statement about b holds");
    let twice = [findings[0].clone(), findings[0].clone(), findings[1].clone()];
    let vex: serde_json::Value =
        serde_json::from_slice(&openvex(&export(&twice, &exceptions), "urn:x:y", "Firm").bytes.unwrap()).unwrap();
    assert_eq!(vex["statements"].as_array().unwrap().len(), 2, "no statement stands twice");
}

#[test]
fn ocsf_is_known_by_its_beginning_however_long_the_evidence() {
    let mut finding = known_flaw("a");
    finding.subject = Subject::Host { host: "a".into() };
    let proof = finding.evidence[0].clone();
    finding.evidence = (1..5000).map(|line| Proof { locator: Locator::Line(line), ..proof.clone() }).collect();
    let read = import(&ocsf(&export(&[finding], &[])), "x").unwrap();
    assert_eq!(read.findings[0].locations.len(), 4999);
}

/// A finding about a package on a host, which is also its id.
fn known_flaw(host: &str) -> FindingRecord {
    FindingRecord {
        id: host.into(),
        check: "vulnerability/known".into(),
        aspect: None,
        title: "t".into(),
        severity: Severity::High,
        confidence: 1.0,
        items: vec![ItemId("SEC-8.2".into())],
        system: SystemId("s".into()),
        asset: None,
        subject: Subject::Package { host: host.into(), purl: "pkg:deb/debian/x@1".into() },
        facts: BTreeMap::from([("cve".to_owned(), "CVE-2026-1002".into())]),
        evidence: vec![Proof {
            sha256: Sha256::of(b""),
            path: "a".into(),
            member: None,
            locator: Locator::Whole,
            excerpt: "text".into(),
        }],
        risk: String::new(),
        advice: String::new(),
        zh_tw: FindingTexts { title: String::new(), risk: String::new(), advice: String::new() },
        status: FindingStatus::New,
        first_seen: "2026-01-01".into(),
        last_seen: "2026-01-01".into(),
    }
}
