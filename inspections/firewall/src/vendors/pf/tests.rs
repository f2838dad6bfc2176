//! pfSense and OPNsense, and what they must become.

use super::*;
use crate::flat::{Effect, Packet, Universe, flatten};
use crate::policy::{Action, Hook, Log, Policy, Role, Rule};

const INTERFACES: &str = "<system><hostname>edge</hostname><webgui><noantilockout/></webgui></system>\n<interfaces>\n<wan><if>em0</if><ipaddr>192.0.2.2</ipaddr><subnet>24</subnet><gateway>GW</gateway></wan>\n<lan><if>em1</if><ipaddr>10.0.0.1</ipaddr><subnet>24</subnet></lan>\n<opt1><if>em2</if><descr>DMZ</descr><ipaddr>10.9.0.1</ipaddr><subnet>24</subnet></opt1>\n</interfaces>\n";

fn config(rest: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<pfsense>\n{INTERFACES}{rest}\n</pfsense>\n")
}

fn one(text: &str) -> Policy {
    let parsed = parse(text);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    parsed.policies.into_iter().next().unwrap()
}

fn with_rules(rules: &str) -> Policy {
    one(&config(&format!("<filter>{rules}</filter>")))
}

fn rule(inner: &str) -> Rule {
    let policy = with_rules(&format!("<rule><interface>lan</interface>{inner}</rule>"));
    assert_eq!(policy.rules().count(), 1);
    policy.rules().next().unwrap().clone()
}

fn decide(policy: &Policy, hook: Hook, ifs: (&str, &str), src: &str, dst: &str, dport: u16) -> Option<Effect> {
    let universe = Universe::of(policy);
    let path = policy.paths.iter().find(|path| path.hook == hook).unwrap();
    flatten(policy, &universe, path, None).decide(&Packet {
        in_if: universe.number(ifs.0),
        out_if: universe.number(ifs.1),
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        proto: 6,
        sport: 1,
        dport,
    })
}

#[test]
fn a_rule_with_all_that_it_may_say() {
    let rule = rule(
        "<type>pass</type><tracker>17</tracker><ipprotocol>inet</ipprotocol><protocol>tcp/udp</protocol><source><network>lan</network><not/></source><destination><network>opt1ip</network><port>8000:8010</port></destination><descr><![CDATA[to the DMZ]]></descr><log/><gateway>GW</gateway><created><username>admin@10.0.0.9</username></created>",
    );
    assert_eq!((rule.id.as_str(), rule.name.as_deref()), ("17", Some("to the DMZ")));
    assert!(!rule.src.lower.v4.contains(0x0a00_0005) && rule.src.lower.v4.contains(0x0a00_0105));
    assert!(rule.src.upper.v6.is_empty());
    assert_eq!(rule.dst.lower.describe(3), "10.9.0.1");
    assert_eq!(rule.services.describe(), "tcp+udp/8000-8010");
    assert_eq!((rule.log, rule.action), (Log::Yes, Action::Permit));
    assert!(rule.unknown.is_empty());
}

#[test]
fn switches_are_there_or_say_no() {
    assert!(!rule("<type>pass</type><disabled/>").enabled);
    assert!(!rule("<type>pass</type><disabled>1</disabled>").enabled);
    assert!(rule("<type>pass</type><disabled>0</disabled>").enabled);
    assert_eq!(rule("<type>reject</type>").action, Action::Deny);
    assert_eq!(rule("<type>pass</type><ipprotocol>inet6</ipprotocol><protocol>icmp</protocol><icmptype>echoreq,toobig</icmptype>").services.describe(), "icmpv6/type 2, type 128");
}

#[test]
fn quick_rules_decide_in_order_and_the_others_from_the_last_on() {
    let floating = |kind: &str, quick: bool, dst: &str, port: u16| {
        format!(
            "<rule><type>{kind}</type><floating>yes</floating>{}<direction>in</direction><protocol>tcp</protocol><source><any/></source><destination><address>{dst}</address><port>{port}</port></destination></rule>",
            if quick { "<quick>yes</quick>" } else { "" }
        )
    };
    let any = |kind: &str, interface: &str| {
        format!(
            "<rule><type>{kind}</type><interface>{interface}</interface><protocol>tcp</protocol><source><any/></source><destination><any/></destination></rule>"
        )
    };
    let rules = [
        floating("pass", false, "10.9.0.0/24", 80),
        floating("block", false, "10.9.0.5", 80),
        floating("block", true, "10.9.0.9", 22),
        any("pass", "lan"),
    ];
    let policy = with_rules(&rules.concat());
    for (input, dst, port, expected) in [
        // Nothing quick names it: of two floating rules the last one decides.
        ("wan", "10.9.0.5", 80, Effect::Deny),
        ("wan", "10.9.0.6", 80, Effect::Permit),
        ("wan", "10.9.0.6", 81, Effect::Deny),
        // A rule of an interface is quick, although it stands later.
        ("lan", "10.9.0.5", 80, Effect::Permit),
        ("lan", "10.9.0.9", 22, Effect::Deny),
        ("lan", "10.9.0.9", 23, Effect::Permit),
    ] {
        assert_eq!(
            decide(&policy, Hook::Forward, (input, "opt1"), "203.0.113.7", dst, port),
            Some(expected),
            "{input} {dst} {port}"
        );
    }
}

/// The order of a policy agrees with pf itself: the last matching rule, unless a quick one ends the search.
#[test]
fn the_order_is_pf_s_own() {
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..200 {
        let rules: Vec<(bool, bool, u64, u64)> =
            (0..8).map(|_| (random(2) == 0, random(2) == 0, random(6), random(4))).collect();
        let text: String = rules
            .iter()
            .map(|(pass, quick, low, more)| {
                format!(
                    "<rule><type>{}</type><floating>yes</floating>{}<direction>in</direction><protocol>tcp</protocol><source><any/></source><destination><any/><port>{}:{}</port></destination></rule>",
                    if *pass { "pass" } else { "block" },
                    if *quick { "<quick>yes</quick>" } else { "" },
                    low + 1,
                    low + more + 1
                )
            })
            .collect();
        let policy = with_rules(&text);
        for port in 1..11_u16 {
            let mut expected = Effect::Deny;
            for (pass, quick, low, more) in &rules {
                if (low + 1..=low + more + 1).contains(&u64::from(port)) {
                    expected = if *pass { Effect::Permit } else { Effect::Deny };
                    if *quick {
                        break;
                    }
                }
            }
            assert_eq!(
                decide(&policy, Hook::Forward, ("wan", "lan"), "1.1.1.1", "2.2.2.2", port),
                Some(expected),
                "{rules:?} {port}"
            );
        }
    }
}

#[test]
fn out_rules_are_a_second_layer() {
    let policy = with_rules(
        "<rule><type>block</type><floating>yes</floating><quick>yes</quick><interface>wan</interface><direction>out</direction><protocol>tcp</protocol><source><any/></source><destination><any/><port>25</port></destination></rule><rule><type>pass</type><interface>lan</interface><source><any/></source><destination><any/></destination></rule>",
    );
    assert_eq!(decide(&policy, Hook::Forward, ("lan", "wan"), "10.0.0.5", "1.1.1.1", 25), Some(Effect::Deny));
    assert_eq!(decide(&policy, Hook::Forward, ("lan", "opt1"), "10.0.0.5", "10.9.0.1", 25), Some(Effect::Permit));
    assert_eq!(decide(&policy, Hook::Forward, ("lan", "wan"), "10.0.0.5", "1.1.1.1", 26), Some(Effect::Permit));
    assert_eq!(decide(&policy, Hook::Output, ("", "wan"), "192.0.2.2", "1.1.1.1", 25), Some(Effect::Deny));
}

#[test]
fn aliases_nest_and_may_be_unknown() {
    let policy = one(&config(
        "<aliases>\n<alias><name>web</name><type>host</type><address>10.9.0.5 10.9.0.6-10.9.0.8 more</address></alias>\n<alias><name>more</name><type>network</type><address>10.8.0.0/16 web www.example.org</address></alias>\n<alias><name>feed</name><type>urltable</type><address>https://example.org/list</address></alias>\n<alias><name>ports</name><type>port</type><address>80 8000:8010 others</address></alias>\n<alias><name>others</name><type>port</type><address>443</address></alias>\n</aliases>\n<filter>\n<rule><type>pass</type><interface>lan</interface><protocol>tcp</protocol><source><address>feed</address></source><destination><address>web</address><port>ports</port></destination></rule>\n<rule><type>pass</type><interface>lan</interface><protocol>tcp</protocol><source><address>nobody</address></source><destination><any/><port>noport</port></destination></rule>\n</filter>",
    ));
    let rules: Vec<&Rule> = policy.rules().collect();
    assert_eq!(rules[0].dst.lower.describe(9), "10.8.0.0/16, 10.9.0.5-10.9.0.8");
    assert_eq!(rules[0].dst.unknown, ["www.example.org"]);
    assert_eq!(rules[0].dst.names, ["web"]);
    assert_eq!(rules[0].src.unknown, ["feed"]);
    assert_eq!(rules[0].services.lower[0].dport.0.ranges(), [(80, 80), (443, 443), (8000, 8010)]);
    assert_eq!(rules[1].src.unknown, ["nobody"]);
    assert!(rules[1].services.lower.is_empty() && rules[1].services.unknown == ["port noport"]);
}

#[test]
fn aliases_of_opnsense_exclude_and_are_lines() {
    let text = "<opnsense>\n<OPNsense><Firewall><Alias><aliases>\n<alias uuid=\"1\"><enabled>1</enabled><name>inner</name><type>network</type><content>10.0.0.0/8\n!10.1.0.0/16</content></alias>\n<alias uuid=\"2\"><enabled>1</enabled><name>TW</name><type>geoip</type><content>TW</content></alias>\n</aliases></Alias><Filter><rules>\n<rule uuid=\"b\"><enabled>1</enabled><sequence>2</sequence><action>pass</action><quick>1</quick><interface>lan</interface><direction>in</direction><ipprotocol>inet</ipprotocol><protocol>TCP</protocol><source_net>inner</source_net><source_not>0</source_not><destination_net>TW</destination_net><destination_not>1</destination_not><destination_port>443</destination_port><log>1</log><description>b</description></rule>\n<rule uuid=\"a\"><enabled>0</enabled><sequence>1</sequence><action>block</action><quick>1</quick><interface>lan</interface><direction>in</direction><ipprotocol>inet</ipprotocol><protocol>any</protocol><source_net>any</source_net><destination_net>any</destination_net></rule>\n</rules></Filter></Firewall></OPNsense>\n</opnsense>\n";
    let policy = one(text);
    assert_eq!(policy.vendor, "opnsense");
    let rules: Vec<&Rule> = policy.rules().collect();
    assert_eq!([rules[0].id.as_str(), rules[1].id.as_str()], ["a", "b"]);
    assert!(!rules[0].enabled);
    assert!(!rules[1].src.lower.v4.contains(0x0a01_0001) && rules[1].src.lower.v4.contains(0x0a02_0001));
    assert!(rules[1].dst.wide && rules[1].log == Log::Yes);
    assert_eq!(rules[1].services.describe(), "tcp/443");
}

#[test]
fn the_platform_s_own_rules() {
    let text = config("<filter></filter>")
        .replace("<noantilockout/>", "<port>8443</port>")
        .replace("<gateway>GW</gateway>", "<gateway>GW</gateway><blockpriv/><blockbogons/>");
    let policy = one(&text);
    let own: Vec<&Rule> = policy.rules().collect();
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|rule| rule.implicit));
    assert_eq!(own[1].src.unknown, ["bogon networks"]);
    assert_eq!(own[2].services.describe(), "tcp/80, 8443");
    assert_eq!(decide(&policy, Hook::Input, ("lan", ""), "10.0.0.9", "10.0.0.1", 8443), Some(Effect::Permit));
    assert_eq!(decide(&policy, Hook::Input, ("wan", ""), "10.0.0.9", "10.0.0.1", 8443), Some(Effect::Deny));
    assert_eq!(policy.interface("wan").unwrap().role, Role::External);
    assert_eq!(policy.interface("opt1").unwrap().role, Role::Dmz);
}

#[test]
fn translations_and_what_passes_by_itself() {
    let policy = one(&config(
        "<nat>\n<rule><source><any/></source><destination><network>wanip</network><port>443:445</port></destination><protocol>tcp</protocol><target>10.9.0.5</target><local-port>8443</local-port><interface>wan</interface><descr>web</descr><associated-rule-id>pass</associated-rule-id></rule>\n<onetoone><external>192.0.2.9</external><interface>wan</interface><source><address>10.9.0.9</address></source><destination><any/></destination></onetoone>\n<outbound><mode>hybrid</mode><rule><source><network>10.0.0.0/24</network></source><destination><any/></destination><interface>wan</interface><target>192.0.2.7</target></rule></outbound>\n</nat>\n<filter></filter>",
    ));
    assert_eq!(policy.nat.len(), 4);
    assert!(policy.nat[0].both_ways);
    let forward = &policy.nat[1];
    assert_eq!(forward.dst.lower.describe(3), "192.0.2.2");
    assert_eq!(forward.to_port.as_ref().unwrap().0.ranges(), [(8443, 8445)]);
    assert_eq!(policy.nat[2].to_src.as_ref().unwrap().describe(), "192.0.2.7");
    assert_eq!(policy.nat[3].id, "automatic outbound");
    assert_eq!(decide(&policy, Hook::Forward, ("wan", "opt1"), "1.1.1.1", "10.9.0.5", 8444), Some(Effect::Permit));
    assert_eq!(decide(&policy, Hook::Forward, ("wan", "opt1"), "1.1.1.1", "10.9.0.5", 443), Some(Effect::Deny));
}

#[test]
fn what_is_not_evaluated_or_not_known_leaves_a_rule_uncertain() {
    assert_eq!(rule("<type>block</type><os>Windows</os>").unknown.len(), 1);
    assert_eq!(rule("<type>pass</type><tagged>vpn</tagged>").unknown.len(), 1);
    assert_eq!(rule("<type>pass</type><sched>night</sched>").unknown.len(), 1);
    assert!(
        !rule("<type>pass</type><protocol>tcp</protocol><tcpflags1>ack</tcpflags1><tcpflags2>syn,ack</tcpflags2>")
            .matches_new()
    );
    let parsed = parse(&config("<filter><rule>\n<type>pass</type>\n<surprise>1</surprise></rule></filter>"));
    assert_eq!(parsed.notes.len(), 1);
    let rule = parsed.policies[0].rules().next().unwrap();
    assert_eq!((rule.action.clone(), rule.unknown.len()), (Action::Permit, 1));
    let coverage = parsed.policies[0].coverage;
    assert_eq!(coverage.total - coverage.understood, 1);
}

#[test]
fn hostile_files_end_soon() {
    let mut nested = String::from("<aliases>");
    for n in 0..200 {
        let next = n + 1;
        nested.push_str(&format!("<alias><name>a{n}</name><type>host</type><address>a{next} a{next} a0</address></alias><alias><name>p{n}</name><type>port</type><address>p{next} p{next} p0</address></alias>"));
    }
    nested.push_str("</aliases><filter><rule><type>pass</type><interface>lan</interface><protocol>tcp</protocol><source><address>a0</address></source><destination><any/><port>p0</port></destination></rule></filter>");
    parse(&config(&nested));
    let cut = config(
        "<filter><rule><type>pass</type><interface>lan</interface><source><any/></source></rule><rule><type>block",
    );
    let cut = &cut[..cut.len() - 12];
    let policy = parse(cut).policies.remove(0);
    assert!(policy.truncated);
    assert_eq!(policy.rules().count(), 2);
    assert!(parse("<pfsense>").policies.is_empty());
    assert!(parse("").policies.is_empty());
}

#[test]
fn a_filter_that_is_switched_off_lets_all_through() {
    let text = config("<filter><rule><type>block</type><interface>lan</interface></rule></filter>")
        .replace("<hostname>", "<disablefilter>enabled</disablefilter><hostname>");
    let parsed = parse(&text);
    assert_eq!(parsed.notes.len(), 1);
    let policy = &parsed.policies[0];
    assert_eq!(decide(policy, Hook::Forward, ("lan", "wan"), "10.0.0.5", "1.1.1.1", 25), Some(Effect::Permit));
}
