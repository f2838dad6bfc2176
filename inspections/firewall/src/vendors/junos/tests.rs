//! Both forms of Junos, and what they must become.

use super::*;
use crate::policy::ConnState;

fn read(text: &str) -> Parsed {
    parse(text)
}

fn one(text: &str) -> Policy {
    let mut parsed = read(text);
    assert_eq!(parsed.policies.len(), 1, "{:?}", parsed.notes);
    parsed.policies.remove(0)
}

const BRACES: &str = "\
system { host-name fw; }
security {
    address-book {
        global {
            address web 10.9.0.10/32;
            address-set servers { address web; address-set servers; }
        }
    }
    policies {
        from-zone trust to-zone untrust {
            policy p1 {
                match { source-address any; destination-address [ servers gone ]; application [ junos-ssh own ]; }
                then { permit; log { session-close; } }
            }
            inactive: policy p2 {
                match { source-address any; destination-address any; application any; }
                then { deny; }
            }
        }
        global { policy g { match { source-address any; destination-address any; application any; } then { reject; } } }
    }
}
applications { application own { term t1 protocol tcp destination-port 8080; term t2 protocol udp source-port 53; } }
";

const SET: &str = "\
set system host-name fw
set security address-book global address web 10.9.0.10/32
set security address-book global address-set servers address web
set security address-book global address-set servers address-set servers
set security policies from-zone trust to-zone untrust policy p1 match source-address any
set security policies from-zone trust to-zone untrust policy p1 match destination-address servers
set security policies from-zone trust to-zone untrust policy p1 match destination-address gone
set security policies from-zone trust to-zone untrust policy p1 match application junos-ssh
set security policies from-zone trust to-zone untrust policy p1 match application own
set security policies from-zone trust to-zone untrust policy p1 then permit
set security policies from-zone trust to-zone untrust policy p1 then log session-close
set security policies from-zone trust to-zone untrust policy p2 match source-address any
set security policies from-zone trust to-zone untrust policy p2 match destination-address any
set security policies from-zone trust to-zone untrust policy p2 match application any
set security policies from-zone trust to-zone untrust policy p2 then deny
deactivate security policies from-zone trust to-zone untrust policy p2
set security policies global policy g match source-address any
set security policies global policy g match destination-address any
set security policies global policy g match application any
set security policies global policy g then reject
set applications application own term t1 protocol tcp
set applications application own term t1 destination-port 8080
set applications application own term t2 protocol udp
set applications application own term t2 source-port 53
";

#[test]
fn both_forms_give_the_same_rules() {
    let (braces, set) = (one(BRACES), one(SET));
    let bare = |policy: &Policy| -> Vec<Rule> {
        let plain = |rule: &Rule| Rule { text: String::new(), line_from: 0, line_to: 0, ..rule.clone() };
        policy.rules().map(plain).collect()
    };
    assert_eq!(bare(&braces), bare(&set));
    assert_eq!(set.device, "fw");
    let rules = &set.chain(security::POLICIES).unwrap().rules;
    assert_eq!(rules.iter().map(|rule| rule.enabled).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(rules[0].dst.lower.describe(9), "10.9.0.10");
    assert_eq!(rules[0].dst.unknown, ["gone"]);
    assert_eq!(rules[0].log, Log::Yes);
    assert_eq!(
        rules[0].services.describe(),
        "junos-ssh, own (tcp/22, 8080, udp/any)".replace("udp/any", "udp from port 53")
    );
    assert_eq!(rules[2].action, Action::Deny);
    assert!(rules[2].in_ifs.is_any());
    assert_eq!((rules[0].line_from, rules[0].line_to), (5, 11));
}

#[test]
fn the_longest_address_decides_and_exceptions_alone_match_nothing() {
    let policy = one("\
firewall { family inet { filter f {
    term a { from { source-address { 10.0.0.0/8; 10.1.0.0/16 except; 10.1.1.0/24; } } then { count x; accept; } }
    term b { from { source-address { 10.1.0.0/16 except; } } then discard; }
    term c { from { protocol tcp; tcp-flags \"(ack | rst)\"; port [ ssh 8000-8010 ]; } then { log; next term; } }
    term d { from { address 192.0.2.0/24; } }
    term e { from { protocol tcp; bogus 1; } then accept; }
} } }
");
    let rules = &policy.chain("f").unwrap().rules;
    assert_eq!(rules[0].src.upper.describe(9), "10.0.0.0/16, 10.1.1.0/24, 10.2.0.0-10.255.255.255");
    assert!(rules[1].src.upper.is_empty());
    assert_eq!((&rules[2].action, &rules[2].states[..]), (&Action::Continue, &[ConnState::Established][..]));
    assert_eq!(rules[2].services.lower.len(), 2);
    // Source or destination, and without an action: accepted.
    assert_eq!((rules[3].id.as_str(), rules[4].id.as_str()), ("f term d (source)", "f term d (destination)"));
    assert_eq!((&rules[3].action, rules[4].dst.upper.describe(9).as_str()), (&Action::Permit, "192.0.2.0/24"));
    assert_eq!((&rules[5].action, rules[5].unknown.len()), (&Action::Permit, 1));
    assert_eq!(policy.paths.len(), 1);
}

#[test]
fn groups_are_inherited_with_patterns_and_in_rings() {
    let policy = one("\
set groups A apply-groups B
set groups B apply-groups A
set groups B interfaces <ge-*> unit <*> family inet filter input f
set firewall family inet filter f term t then accept
set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24
set interfaces xe-0/0/0 unit 0 family inet address 10.0.0.1/24
set apply-groups A
");
    assert!(policy.paths.iter().any(|path| path.chains().any(|chain| chain == "f")));
    assert_eq!(policy.interface("xe-0/0/0.0").unwrap().networks.describe(9), "10.0.0.0/24");
}

#[test]
fn host_inbound_of_an_interface_stands_in_place_of_its_zone() {
    let policy = one("\
set security zones security-zone trust host-inbound-traffic system-services ssh
set security zones security-zone trust interfaces ge-0/0/0.0 host-inbound-traffic system-services ping
set security zones security-zone trust interfaces ge-0/0/1
");
    let rules = &policy.chain(security::HOST_INBOUND).unwrap().rules;
    assert_eq!(rules.iter().map(|rule| rule.in_ifs.describe()).collect::<Vec<_>>(), ["ge-0/0/0.0", "ge-0/0/1.0"]);
    assert!(policy.paths.iter().any(|path| path.hook == Hook::Input));
}

#[test]
fn translations_give_the_destination_that_policies_see() {
    let policy = one("\
set security nat destination pool p address 10.0.0.5/32 port 8080
set security nat destination rule-set r from zone untrust
set security nat destination rule-set r rule one match destination-address 192.0.2.5/32
set security nat destination rule-set r rule one match destination-port 80
set security nat destination rule-set r rule one then destination-nat pool p
set security nat static rule-set s from zone untrust
set security nat static rule-set s rule two match destination-address 192.0.2.6/32
set security nat static rule-set s rule two then static-nat prefix 10.0.0.6/32
");
    assert_eq!(policy.rules_see, RulesSee::Translated);
    let shown: Vec<_> = policy.nat.iter().map(|nat| nat.to_dst.as_ref().unwrap().upper.describe(9)).collect();
    assert_eq!(shown, ["10.0.0.6", "10.0.0.5"]);
    assert!(policy.nat[0].both_ways && policy.nat[1].to_port.is_some());
}

#[test]
fn logical_systems_are_policies_of_their_own() {
    let parsed = read(
        "\
set system host-name core
set logical-systems one firewall family inet filter f term t then discard
set tenants two security policies default-policy permit-all
",
    );
    let names: Vec<_> = parsed.policies.iter().map(|policy| policy.device.as_str()).collect();
    assert_eq!(names, ["core/one", "core/two"]);
    assert_eq!(parsed.policies[1].chain(security::POLICIES).unwrap().default.action, Action::Permit);
}

#[test]
fn broken_files_end_with_notes() {
    let cut =
        read("firewall {\n    family inet {\n        filter f {\n            term t {\n                then discard;");
    assert!(cut.policies[0].truncated);
    for text in
        ["}", "security { policies {", "\"", "[", "/*", "set", "set a \"b", "firewall { filter f { term \"t", ";{;}"]
    {
        read(text);
    }
    let deep = "a { ".repeat(20_000);
    assert!(read(&deep).policies.is_empty());
    let quote = read(
        "system {\n    license foo bar\";\n    contact \"open;\n}\nfirewall { filter f { term t { then accept; } } }\n",
    );
    assert_eq!(quote.policies.len(), 1);
    assert!(quote.notes.iter().any(|note| note.place.as_deref() == Some("line 3")));
}

#[test]
fn secrets_are_masked() {
    let policy = one("\
set security policies from-zone a to-zone b policy p then permit
set security policies from-zone a to-zone b policy p secret hunter2
");
    assert!(policy.rules().all(|rule| !rule.text.contains("hunter2")));
    assert!(policy.rules().flat_map(|rule| &rule.unknown).all(|unknown| !unknown.text.contains("hunter2")));
}
