//! What each format's specification allows, beyond what the sample files use.

use secdiag_interop::finding::{SuppressionKind, Verdict};
use secdiag_interop::read::Import;
use secdiag_interop::{ImportedFinding, import};
use secdiag_model::Severity;

fn read(text: &str) -> Import {
    let import = import(text.as_bytes(), "x").unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(import.log.balance(), import.log.kept);
    import
}

/// `rule @ component or path:line severity` and what was decided.
fn show(finding: &ImportedFinding) -> String {
    let place = match (&finding.component, finding.locations.first()) {
        (Some(component), _) => format!("{}@{}", component.name, component.version),
        (None, Some(place)) => format!("{}:{}", place.path, place.line.unwrap_or_default()),
        (None, None) => finding.asset.clone().unwrap_or_default(),
    };
    let decided = finding.suppressed.as_ref().map(|one| format!(" {:?} ({})", one.kind, one.justification));
    format!("{} @ {place} {}{}", finding.rule, finding.severity.ours, decided.unwrap_or_default())
}

fn list(import: &Import) -> Vec<String> {
    import.findings.iter().map(show).collect()
}

#[test]
fn sarif_rules_levels_kinds_and_taxa() {
    let log = read(
        r#"{"runs":[{"results":[
            {"ruleIndex":0,"message":{"id":"m","arguments":["x","{0}"]},"taxa":[{"index":0,"toolComponent":{"index":0}}]},
            {"ruleId":"R1/sub","message":{"text":"b"},"properties":{"security-severity":"9.1"}},
            {"rule":{"index":0,"toolComponent":{"index":0}},"message":{"text":"c"},"kind":"review"},
            {"ruleId":"R1","message":{"text":"d"},"kind":"notApplicable"},
            {"ruleId":"R1","message":{"text":"e"},"kind":"informational"},
            {"ruleId":"R1","message":{"text":"f"},"baselineState":"absent"},
            {"ruleId":"R1","message":{"text":"g"},"suppressions":[{"kind":"external","status":"underReview"}]},
            {"ruleId":"R1","message":{"text":"h"},"suppressions":[{"kind":"inSource","justification":"known"}]},
            {"ruleId":"R2","message":{"text":"i"},"locations":[{"physicalLocation":{"artifactLocation":{"index":0},"region":{"startLine":"7"}}}]},
            {"ruleId":"R2","message":{"text":"j"},"locations":[{"logicalLocations":[{"index":0}]}]},
            7,
            {"message":{}}
        ],
        "taxonomies":[{"name":"CWE","taxa":[{"id":"79"}]}],
        "artifacts":[{"location":{"uri":"a%20b.c"}}],
        "logicalLocations":[{"fullyQualifiedName":"N::f"}],
        "invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[{"descriptor":{"id":"R2"},"configuration":{"level":"note"}}]}],
        "tool":{"driver":{"name":"T","rules":[{"id":"R1","messageStrings":{"m":{"text":"a {0} {{}} {1}"}},"defaultConfiguration":{"level":"error"}},{"id":"R2"}]},
                "extensions":[{"name":"E","rules":[{"id":"X1","shortDescription":{"text":"ext"}}]}]}
        }],"version":"2.1.0"}"#,
    );
    assert_eq!(
        list(&log),
        [
            "R1 @  high",
            "R1/sub @  critical",
            "X1 @  medium",
            "R1 @  high",
            "R1 @  high Muted (known)",
            "R2 @ a b.c:7 low",
            "R2 @ :0 low"
        ]
    );
    assert_eq!(log.findings[0].description, "a x {} {0}");
    assert_eq!(log.findings[0].cwes.iter().copied().collect::<Vec<_>>(), [79]);
    assert_eq!((log.findings[2].title.as_str(), log.findings[2].verdict), ("ext", Verdict::Review));
    assert_eq!(log.findings[6].locations[0].logical, "N::f");
    assert_eq!(log.log.passed.len(), 3);
    assert_eq!(
        log.log.refused.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(),
        ["/runs/0/results/10", "/runs/0/results/11"]
    );
    assert!(!log.log.looked_for("R1"), "records were refused: absence says nothing");
}

#[test]
fn sarif_says_when_it_is_not_whole() {
    let run = |more: &str| {
        read(&format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"T","rules":[{{"id":"R"}}]}}}},"results":[]{more}}}]}}"#
        ))
    };
    assert!(run("").log.looked_for("R"));
    assert!(!run("").log.looked_for("other"));
    assert!(!run(r#","invocations":[{"executionSuccessful":false}]"#).log.looked_for("R"));
    let outside = run(r#","externalPropertyFileReferences":{"results":[{"location":{"uri":"x"}}]}"#);
    assert!(!outside.log.looked_for("R"));
    assert_eq!(outside.log.notes.len(), 1);
    let why = import(br#"{"version":"2.0.0","runs":[{"tool":{"driver":{}}}]}"#, "x").unwrap_err().to_string();
    assert!(why.contains("version 2.0.0 is not read"), "{why}");
}

#[test]
fn cyclonedx_nested_components_links_and_states() {
    let json = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:aaaa","metadata":{
        "tools":{"components":[{"name":"scan","version":"2"}]},"component":{"type":"container","name":"reg:5000/app:1.2","bom-ref":"root"}},
        "components":[{"bom-ref":"a","name":"outer","version":"1","components":[{"bom-ref":"b","group":"g","name":"inner","version":"2"}]}],
        "vulnerabilities":[
          {"id":"CVE-2026-1","ratings":[{"method":"CVSSv31","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
           "affects":[{"ref":"a"},{"ref":"urn:cdx:aaaa/1#b"},{"ref":"a"}]},
          {"id":"X","ratings":[{"severity":"unknown"}],"analysis":{"state":"in_triage"},"affects":[{"ref":"pkg:npm/%40s/n@3.0?q=1"}]},
          {"id":"Y","analysis":{"state":"resolved","detail":"patched"},"affects":[{"ref":"root"}]},
          {"id":"Z","affects":[{"ref":"b","versions":[{"version":"1","status":"unaffected"}]}]},
          {"id":"W"},
          {}
        ]}"#;
    let import = read(json);
    assert_eq!(
        list(&import),
        [
            "CVE-2026-1 @ outer@1 critical",
            "CVE-2026-1 @ g/inner@2 critical",
            "X @ @s/n@3.0 info",
            "Y @ reg:5000/app:1.2@ info Fixed (patched)",
            "Z @ g/inner@2 info NotAffected (every version named is stated to be unaffected)",
            "W @ reg:5000/app info",
        ]
    );
    assert_eq!(import.findings[0].tool, "scan");
    assert_eq!(import.findings[2].verdict, Verdict::Review);
    assert_eq!(import.log.refused.len(), 1);
    assert!(secdiag_interop::import(br#"{"bomFormat":"CycloneDX","specVersion":"1.1"}"#, "x").is_err());
}

#[test]
fn cyclonedx_xml_in_components_and_hostile_documents() {
    let head = r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.3" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0">"#;
    let inner = format!(
        "{head}<components><component type='library' bom-ref='c'><name>n &amp; <![CDATA[m]]></name><version>1</version>\
         <v:vulnerabilities><v:vulnerability><v:id>CVE-2026-2</v:id><v:ratings><v:rating><v:severity>Low</v:severity></v:rating></v:ratings>\
         <v:description>a&#x20;b &lt;c&gt;</v:description></v:vulnerability></v:vulnerabilities></component></components></bom>"
    );
    let import = read(&inner);
    assert_eq!(list(&import), ["CVE-2026-2 @ n & m@1 low"]);
    assert_eq!(import.findings[0].description, "a b <c>");
    for (text, word) in [
        (format!("{head}<components>"), "cut off"),
        (format!("{head}<a>&lol9;</a></bom>"), "entity"),
        (format!("{head}</b></bom>"), "well-formed"),
        (format!("{head}{}", "<a>".repeat(5000)), "nested deeper"),
    ] {
        let why = secdiag_interop::import(text.as_bytes(), "x").unwrap_err().to_string();
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn csaf_resolves_products_and_states() {
    let import = read(
        r#"{"document":{"csaf_version":"2.0","publisher":{"name":"P"},"tracking":{"id":"A-1","current_release_date":"2026-01-01"}},
        "product_tree":{
          "branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":"App","branches":[
             {"category":"product_version","name":"1.0","product":{"product_id":"P1","name":"V App 1.0","product_identification_helper":{"purl":"pkg:generic/app@1.0"}}},
             {"category":"product_version","name":"2.0","product":{"product_id":"P2","name":"V App 2.0"}}]}]}],
          "full_product_names":[{"product_id":"OS","name":"Some OS"}],
          "relationships":[{"category":"installed_on","product_reference":"P1","relates_to_product_reference":"OS","full_product_name":{"product_id":"P1-OS","name":"V App 1.0 on Some OS"}}]},
        "vulnerabilities":[
          {"cve":"CVE-2026-3","product_status":{"known_affected":["P1","P1-OS","GHOST"],"fixed":["P2"],"known_not_affected":["OS"]},
           "flags":[{"label":"component_not_present","product_ids":["OS"]}],
           "scores":[{"products":["P1"],"cvss_v3":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"}}],
           "threats":[{"category":"impact","details":"Important"}],
           "remediations":[{"category":"vendor_fix","details":"Update.","product_ids":["P1"]}]},
          {"ids":[{"system_name":"s","text":"BUG-7"}],"title":"t","product_status":{"under_investigation":["P2"]}},
          {"title":"no products"},
          {}
        ]}"#,
    );
    assert_eq!(
        list(&import),
        [
            "CVE-2026-3 @ GHOST@ high",
            "CVE-2026-3 @ Some OS@ high NotAffected (component_not_present)",
            "CVE-2026-3 @ V App 1.0@1.0 critical",
            "CVE-2026-3 @ V App 1.0 on Some OS@1.0 high",
            "CVE-2026-3 @ V App 2.0@2.0 high Fixed ()",
            "BUG-7 @ V App 2.0@2.0 info",
            "no products @  info",
        ]
    );
    assert_eq!((import.findings[2].advice.as_str(), import.findings[3].advice.as_str()), ("Update.", ""));
    assert_eq!(import.findings[5].verdict, Verdict::Review);
    assert_eq!((import.findings[2].asset.as_deref(), import.findings[3].asset.as_deref()), (None, Some("Some OS")));
}

#[test]
fn csaf_severities_in_words_are_about_their_products() {
    let import = read(
        r#"{"document":{"csaf_version":"2.0"},"vulnerabilities":[{"cve":"CVE-2026-3",
           "product_status":{"known_affected":["P1","P2","P3"]},
           "threats":[{"category":"impact","details":"Low","product_ids":["P1"]},{"category":"impact","details":"Important","product_ids":["P2"]}]}]}"#,
    );
    assert_eq!(list(&import), ["CVE-2026-3 @ P1@ low", "CVE-2026-3 @ P2@ high", "CVE-2026-3 @ P3@ info"]);
}

#[test]
fn openvex_later_statements_take_the_place_of_earlier_ones() {
    let import = read(
        r#"{"@context":"https://openvex.dev/ns/v0.2.0","author":"A","timestamp":"2026-01-01T00:00:00Z","statements":[
          {"vulnerability":{"name":"CVE-2026-4","aliases":["GHSA-aaaa-bbbb-cccc"]},"products":[{"@id":"pkg:oci/app@1","subcomponents":[{"@id":"pkg:npm/x@1"},{"@id":"pkg:npm/y@1"}]}],"status":"under_investigation"},
          {"vulnerability":{"name":"CVE-2026-4"},"products":[{"@id":"pkg:oci/app@1","subcomponents":[{"@id":"pkg:npm/x@1"}]}],"status":"not_affected","justification":"inline_mitigations_already_exist","impact_statement":"why","timestamp":"2026-02-01T00:00:00Z"},
          {"vulnerability":"CVE-2026-5","products":["pkg:npm/z@1"],"status":"affected","action_statement":"update","timestamp":"2026-01-01T00:00:00Z"},
          {"vulnerability":"CVE-2026-5","products":["pkg:npm/z@1"],"status":"fixed","timestamp":"2025-01-01T00:00:00Z"},
          {"status":"affected"}
        ]}"#,
    );
    assert_eq!(
        list(&import),
        [
            "CVE-2026-4 @ y@1 info",
            "CVE-2026-4 @ x@1 info NotAffected (inline_mitigations_already_exist; why)",
            "CVE-2026-5 @ z@1 info",
        ]
    );
    assert_eq!(import.findings[0].asset.as_deref(), Some("pkg:oci/app"));
    assert_eq!(import.findings[2].advice, "update");
    assert_eq!((import.log.passed.len(), import.log.refused.len()), (1, 1));
}

#[test]
fn ocsf_classes_as_lines() {
    let metadata = r#""metadata":{"version":"1.3.0","product":{"name":"P","version":"1"}}"#;
    let import = read(&[
        format!(r#"{{"class_uid":2001,{metadata},"severity_id":4,"finding":{{"uid":"1","title":"old","desc":"d","remediation":{{"desc":"fix"}}}},"resources":[{{"uid":"r1"}},{{"name":"r2"}}]}}"#),
        format!(r#"{{"class_uid":2002,{metadata},"severity_id":0,"finding_info":{{"title":"v"}},"vulnerabilities":[{{"cve":{{"uid":"CVE-2026-6","cvss":[{{"base_score":7.5}}]}},"affected_packages":[{{"name":"a","version":"1"}},{{"name":"b","version":"2"}}],"severity":"Low"}}],"device":{{"hostname":"h"}}}}"#),
        format!(r#"{{"class_uid":2003,{metadata},"severity_id":3,"finding_info":{{"title":"c"}},"compliance":{{"control":"1.1","status_id":3,"standards":["CIS"],"requirements":["1.1"]}},"resource":{{"uid":"acc1/x"}},"cloud":{{"account":{{"uid":"acc1"}}}}}}"#),
        format!(r#"{{"class_uid":2003,{metadata},"finding_info":{{"title":"c"}},"compliance":{{"control":"1.2","status":"Pass"}}}}"#),
        format!(r#"{{"class_uid":2004,{metadata},"severity":"Fatal","status_id":3,"comment":"seen","finding_info":{{"title":"d"}}}}"#),
        format!(r#"{{"class_uid":2004,{metadata},"severity_id":2,"status_id":4,"finding_info":{{"title":"e"}}}}"#),
        format!(r#"{{"class_uid":2004,{metadata},"severity_id":2,"finding_info":{{"title":"f"}},"evidences":[{{"file":{{"path":"/a/b"}}}},{{"file":{{"name":"c"}}}},{{"data":{{}}}}]}}"#),
        format!(r#"{{"class_uid":2002,{metadata},"severity_id":2,"finding_info":{{"title":"g"}},"vulnerabilities":[{{"advisory":{{"uid":"GHSA-aaaa-bbbb-cccc"}}}}]}}"#),
        format!(r#"{{"class_uid":4001,{metadata},"class_name":"Network Activity"}}"#),
    ].join("\n"));
    assert_eq!(
        list(&import),
        [
            "old @ r1 high",
            "old @ r2 high",
            "CVE-2026-6 @ a@1 low",
            "CVE-2026-6 @ b@2 low",
            "1.1 @ acc1/x medium",
            "d @  critical Muted (seen)",
            "e @  low Fixed ()",
            "f @ /a/b:0 low",
            "GHSA-aaaa-bbbb-cccc @  low",
        ]
    );
    assert_eq!(import.findings[2].asset.as_deref(), Some("h"));
    assert!(import.findings[4].taxa.contains("CIS: 1.1"));
    assert_eq!(import.log.refused[0].place, "object 9");
    let why =
        secdiag_interop::import(format!("{{\"class_uid\":2004,{metadata}}}\n{{\"class").as_bytes(), "x").unwrap_err();
    assert!(why.to_string().contains("cut off"), "{why}");
}

#[test]
fn prowler_passes_mutes_and_ragged_rows() {
    let import = read(
        "CHECK_ID;STATUS;STATUS_EXTENDED;SEVERITY;MUTED;RESOURCE_UID;ACCOUNT_UID;REGION;COMPLIANCE;REMEDIATION_CODE_CLI\n\
         a;PASS;ok;high;False;r;1;eu;;\n\
         b;FAIL;bad;critical;True;r;1;eu;CIS-1.4: 1.1, 1.2 | ENS: x;aws fix\n\
         c;MANUAL;look;low;False;arn:aws:1:eu:x;1;eu;;\n\
         d;FAIL;bad\n",
    );
    assert_eq!(list(&import), ["b @ 1/eu/r critical Muted ()", "c @ arn:aws:1:eu:x low"]);
    assert_eq!(import.findings[0].taxa.iter().cloned().collect::<Vec<_>>(), ["CIS-1.4: 1.1", "CIS-1.4: 1.2", "ENS: x"]);
    assert_eq!(import.findings[0].advice, "aws fix");
    assert_eq!(import.findings[1].verdict, Verdict::Review);
    assert_eq!(import.log.refused[0].place, "line 5");
}

#[test]
fn generic_findings_with_decisions_and_addresses() {
    let import = read(
        r#"{"name":"Pentest","findings":[
          {"title":"t","severity":"High","description":"d","endpoints":[{"protocol":"https","host":"h","port":8443,"path":"p","query":"q=1"},"x.example"],
           "cwes":["CWE-79",80],"vulnerability_ids":["cve-2026-7","other"],"param":"id","false_p":true,"component_name":"c","component_version":"1"},
          {"title":"t","severity":"Odd","description":"d","active":false}
        ]}"#,
    );
    let first = &import.findings[0];
    assert_eq!(first.endpoints.iter().cloned().collect::<Vec<_>>(), ["https://h:8443/p?q=1", "x.example"]);
    assert_eq!(first.cwes.iter().copied().collect::<Vec<_>>(), [79, 80]);
    assert_eq!(first.ids.iter().cloned().collect::<Vec<_>>(), ["CVE-2026-7"]);
    assert_eq!(first.suppressed.as_ref().map(|one| one.kind), Some(SuppressionKind::FalsePositive));
    assert_eq!((import.findings[1].severity.ours, import.findings[1].severity.given.as_str()), (Severity::Info, "Odd"));
    assert_eq!(import.findings[1].suppressed.as_ref().map(|one| one.given.as_str()), Some("inactive"));
}

#[test]
fn what_is_nothing_says_so() {
    for (text, word) in [
        ("", "empty"),
        (" \n", "empty"),
        ("hello", "no format"),
        (r#"{"a":1}"#, "no format"),
        (r#"{"a":"#, "cut off"),
        ("title,severity\n", "Description"),
        (r#"{"runs":[]}"#, "no format"),
        (r#"{"findings":{}}"#, "not a list"),
    ] {
        let why = import(text.as_bytes(), "x").unwrap_err().to_string();
        assert!(why.contains(word), "{text:?}: {why}");
    }
}
