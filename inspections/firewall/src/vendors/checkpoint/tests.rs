//! Exports of Check Point, and what they must become.

use super::parse;
use crate::flat::Universe;
use crate::policy::{Action, Log, Policy};

const OBJECTS: &str = r#"{"objects": [
 {"uid": "any", "name": "Any", "type": "CpmiAnyObject"},
 {"uid": "acc", "name": "Accept", "type": "RulebaseAction"},
 {"uid": "drop", "name": "Drop", "type": "RulebaseAction"},
 {"uid": "log", "name": "Log", "type": "Track"},
 {"uid": "none", "name": "None", "type": "Track"},
 {"uid": "h1", "name": "web", "type": "host", "ipv4-address": "10.0.0.1"},
 {"uid": "n1", "name": "lan", "type": "network", "subnet4": "10.0.0.0", "mask-length4": 24},
 {"uid": "r1", "name": "range", "type": "address-range", "ipv4-address-first": "10.0.0.5", "ipv4-address-last": "10.0.0.9"},
 {"uid": "g1", "name": "ring", "type": "group", "members": ["h1", "g2"]},
 {"uid": "g2", "name": "ring2", "type": "group", "members": ["g1", "r1"]},
 {"uid": "x1", "name": "lan-without", "type": "group-with-exclusion", "include": {"uid": "n1"}, "except": {"uid": "r1"}},
 {"uid": "role", "name": "staff", "type": "access-role"},
 {"uid": "t443", "name": "https", "type": "service-tcp", "port": "443"},
 {"uid": "high", "name": "high", "type": "service-udp", "port": ">1023", "source-port": "53"},
 {"uid": "ping", "name": "ping", "type": "service-icmp", "icmp-type": 8},
 {"uid": "gre", "name": "gre", "type": "service-other", "ip-protocol": 47},
 {"uid": "odd", "name": "odd", "type": "service-other", "ip-protocol": 17, "match": "something"},
 {"uid": "sg", "name": "services", "type": "service-group", "members": ["t443", "ping"]},
 {"uid": "t1", "name": "until", "type": "time", "end-never": false, "end": {"date": "24-Nov-2025", "iso-8601": "2025-11-24T00:00:00"}}
]}
"#;

fn rule(uid: &str, rest: &str) -> String {
    format!(
        r#"{{"uid": "{uid}", "type": "access-rule", "name": "{uid}", "track": {{"type": "log"}}, "vpn": ["any"], {rest}}}"#
    )
}

fn file(rules: &[String]) -> String {
    format!(
        "{OBJECTS}{{\"uid\": \"L1\", \"name\": \"Network\", \"rulebase\": [{{\"type\": \"access-section\", \"name\": \"s\", \"rulebase\": [{}]}}]}}",
        rules.join(",\n")
    )
}

fn one(text: &str) -> Policy {
    let mut parsed = parse(text);
    assert_eq!(parsed.policies.len(), 1, "{:?}", parsed.notes);
    parsed.policies.remove(0)
}

#[test]
fn objects_are_resolved() {
    let rules = [
        rule(
            "r1",
            r#""source": ["x1"], "destination": ["g1"], "service": ["sg", "high"], "action": "acc", "enabled": true"#,
        ),
        rule(
            "r2",
            r#""source": ["n1"], "source-negate": true, "destination": ["role"], "service": ["odd"], "action": "acc", "enabled": false, "time": ["t1"], "hits": {"value": 7}"#,
        ),
        rule(
            "r3",
            r#""source": ["any"], "destination": ["gone"], "service": ["gre"], "action": "drop", "content": ["pdf"]"#,
        ),
    ];
    let parsed = parse(&file(&rules));
    let all = &parsed.policies[0].chains[0].rules;
    assert_eq!(all[0].src.lower.describe(9), "10.0.0.0-10.0.0.4, 10.0.0.10-10.0.0.255");
    assert_eq!(all[0].dst.lower.describe(9), "10.0.0.1, 10.0.0.5-10.0.0.9");
    assert_eq!(
        all[0].services.lower.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["tcp/443", "icmp/type 8", "udp/1024-65535 from port 53"]
    );
    assert_eq!((all[0].log, &all[0].action), (Log::Yes, &Action::Permit));
    assert!(
        !all[1].src.lower.covers(&"10.0.0.7".parse().unwrap()) && all[1].src.lower.covers(&"10.0.1.7".parse().unwrap())
    );
    assert_eq!((all[1].dst.unknown.as_slice(), all[1].services.lower.len()), (["staff".to_owned()].as_slice(), 0));
    assert_eq!(all[1].schedule.as_ref().unwrap().ends, Some(jiff::civil::date(2025, 11, 24)));
    assert_eq!((all[1].enabled, all[1].hits), (false, Some(7)));
    assert_eq!((all[2].dst.unknown.as_slice(), all[2].unknown.len()), (["gone".to_owned()].as_slice(), 1));
    assert!(parsed.notes.iter().any(|note| note.reason == "undefined-object"));
}

#[test]
fn layers_are_ordered_and_inline_ones_are_called() {
    let any = r#""source": ["any"], "destination": ["any"], "service": ["any"]"#;
    let first = rule("r1", &format!(r#"{any}, "action": {{"name": "Inner Layer"}}, "inline-layer": "L2""#));
    let inner = rule("i1", r#""source": ["n1"], "destination": ["any"], "service": ["t443"], "action": "acc""#);
    let second = rule("s1", &format!(r#"{any}, "action": "acc""#));
    let text = format!(
        "{}\n{{\"uid\": \"L2\", \"name\": \"inner\", \"rulebase\": [{inner}]}}\n{{\"uid\": \"L3\", \"name\": \"Application\", \"rulebase\": [{second}]}}\n\
         {{\"packages\": [{{\"uid\": \"p\", \"name\": \"Standard\", \"type\": \"package\", \"access-layers\": [{{\"uid\": \"L1\"}}, {{\"uid\": \"L3\", \"type\": \"access-layer\", \"implicit-cleanup-action\": \"accept\"}}]}}]}}",
        file(&[first])
    );
    let policy = one(&text);
    assert_eq!(policy.device, "Standard");
    assert_eq!(policy.paths[0].layers, [["Network"], ["Application"]]);
    assert_eq!(policy.chain("Network").unwrap().rules[0].action, Action::Jump("inner".into()));
    let inner = policy.chain("inner").unwrap();
    assert!(inner.rules[1].implicit && inner.rules[1].action == Action::Deny);
    assert_eq!(policy.chain("Application").unwrap().default.action, Action::Permit);
    let universe = Universe::of(&policy);
    let flat = crate::flat::flatten(&policy, &universe, &policy.paths[0], None);
    let packet = |src: &str, dport| crate::flat::Packet {
        in_if: 0,
        out_if: 0,
        src: src.parse().unwrap(),
        dst: "192.0.2.1".parse().unwrap(),
        proto: 6,
        sport: 1024,
        dport,
    };
    assert_eq!(flat.decide(&packet("10.0.0.7", 443)), Some(crate::flat::Effect::Permit));
    assert_eq!(flat.decide(&packet("10.0.0.7", 80)), Some(crate::flat::Effect::Deny));
    assert_eq!(flat.decide(&packet("10.9.0.7", 443)), Some(crate::flat::Effect::Deny));
}

#[test]
fn pages_are_put_together_and_missing_ones_told() {
    let any = r#""source": ["any"], "destination": ["any"], "service": ["any"], "action": "drop""#;
    let page = |uids: &[&str]| {
        let rules: Vec<String> = uids.iter().map(|uid| rule(uid, any)).collect();
        format!("{{\"uid\": \"L1\", \"name\": \"Network\", \"total\": 4, \"rulebase\": [{}]}}\n", rules.join(","))
    };
    let parsed = parse(&format!("{OBJECTS}{}{}", page(&["a", "b"]), page(&["b", "c"])));
    let ids: Vec<&str> = parsed.policies[0].chains[0].rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(parsed.notes.iter().any(|note| note.reason == "pages-missing"));
}

#[test]
fn what_breaks_off_keeps_its_rules() {
    let any = r#""source": ["any"], "destination": ["any"], "service": ["any"], "action": "drop""#;
    let text = file(&[rule("a", any), rule("b", any)]);
    let policy = one(&text[..text.len() - 40]);
    assert!(policy.truncated);
    assert_eq!(policy.chains[0].rules.len(), 2);
    let strange =
        one(&file(&[rule("a", r#""source": ["any"], "destination": ["any"], "service": ["any"], "action": "what""#)]));
    assert_eq!(strange.chains[0].rules[0].action, Action::Deny);
}
