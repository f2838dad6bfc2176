//! Behaviour of the PAN-OS parser.

use std::net::IpAddr;

use super::{parse_text, parse_xml};
use crate::ask::{Lists, Question, Verdict};
use crate::net::proto;
use crate::policy::{Action, Log, Policy, Role};
use crate::vendors::Parsed;

const NETWORK: &str = "\
set deviceconfig system hostname pa-1
set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/29
set network interface ethernet ethernet1/2 layer3 ip 10.1.0.1/16
set network interface ethernet ethernet1/3 layer3 units ethernet1/3.9 ip 10.9.0.1/24
set network virtual-router vr interface [ ethernet1/1 ethernet1/2 ethernet1/3.9 ]
set network virtual-router vr routing-table ip static-route default destination 0.0.0.0/0
set network virtual-router vr routing-table ip static-route default nexthop ip-address 203.0.113.1
set zone untrust network layer3 ethernet1/1
set zone trust network layer3 ethernet1/2
set zone dmz network layer3 [ ethernet1/3.9 ]
";

fn with(rules: &str) -> Policy {
    let parsed = parse_text(&format!("{NETWORK}{rules}"));
    assert_eq!(parsed.policies.len(), 1, "{:?}", parsed.notes);
    parsed.policies.into_iter().next().unwrap()
}

fn reasons(parsed: &Parsed) -> Vec<String> {
    parsed.notes.iter().map(|note| format!("{} {}", note.reason, note.place.as_deref().unwrap_or("-"))).collect()
}

fn decide(policy: &Policy, src: &str, dst: &str, proto: u8, dport: u16) -> (Verdict, String) {
    let lists = Lists::of(policy, None);
    let decider = lists.ready();
    let (src, dst): (IpAddr, IpAddr) = (src.parse().unwrap(), dst.parse().unwrap());
    let question = Question { in_if: None, out_if: None, src, dst, proto, sport: 40_000, dport };
    let outcome = crate::translate::through(policy, &decider, &question);
    let by = outcome.decision.by.and_then(|by| by.rule).map(|rule| rule.id.clone()).unwrap_or_default();
    (outcome.decision.verdict, by)
}

fn tcp(policy: &Policy, src: &str, dst: &str, dport: u16) -> Verdict {
    decide(policy, src, dst, proto::TCP, dport).0
}

#[test]
fn zones_interfaces_and_defaults() {
    let policy = with("");
    let role = |name: &str| policy.interface(name).unwrap().role;
    assert_eq!(role("ethernet1/1"), Role::External);
    assert_eq!(role("ethernet1/2"), Role::Internal);
    assert_eq!(role("ethernet1/3.9"), Role::Dmz);
    assert_eq!(policy.device, "pa-1");
    assert_eq!(tcp(&policy, "10.1.0.5", "10.9.0.5", 80), Verdict::Deny);
    assert_eq!(decide(&policy, "10.1.0.5", "10.1.9.5", proto::TCP, 80), (Verdict::Permit, "intrazone-default".into()));
    let stated = with(
        "set rulebase default-security-rules rules interzone-default action deny
set rulebase default-security-rules rules interzone-default log-end yes
set rulebase default-security-rules rules intrazone-default action deny
",
    );
    assert_eq!(tcp(&stated, "10.1.0.5", "10.1.9.5", 80), Verdict::Deny);
    let default = &stated.chain("rulebase").unwrap().default;
    assert!(default.explicit && default.log == Log::Yes && default.line == 11);
}

#[test]
fn rules_with_groups_negation_and_several_settings_a_line() {
    let policy = with(
        "set address web-1 ip-netmask 10.9.0.10 tag [ web \"very web\" ]
set address net ip-netmask 10.9.0.77/24
set address some ip-range 10.9.0.20-10.9.0.29
set address odd ip-wildcard 10.9.0.1/0.0.0.254
set address-group inner static [ web-1 some ]
set address-group outer static [ inner outer ]
set service alt protocol tcp port 8443,9000-9010 source-port 1024-65535
set service-group both members [ alt service-https ]
set rulebase security rules \"to web\" from untrust to dmz source any destination outer service both application any action allow log-start yes
set rulebase security rules off from any to any source any destination any service any application any action allow disabled yes
set rulebase security rules others from untrust to dmz source [ 198.51.100.0/24 ] negate-source yes destination odd service any application any action drop
",
    );
    let rules: Vec<&str> = policy.rules().filter(|rule| !rule.implicit).map(|rule| rule.id.as_str()).collect();
    assert_eq!(rules, ["to web", "off", "others"]);
    let rule = policy.rules().next().unwrap();
    assert_eq!(rule.dst.describe(), "outer (10.9.0.10, 10.9.0.20-10.9.0.29)");
    assert_eq!(rule.action, Action::Permit);
    assert_eq!((rule.line_from, rule.line_to), (19, 19));
    let ports = rule.services.lower.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ports, ["tcp/8443, 9000-9010 from port 1024-65535", "tcp/443"]);
    for (dst, port, verdict) in
        [("10.9.0.10", 443, Verdict::Permit), ("10.9.0.25", 9005, Verdict::Permit), ("10.9.0.30", 443, Verdict::Deny)]
    {
        assert_eq!(tcp(&policy, "192.0.2.9", dst, port), verdict, "{dst} {port}");
    }
    assert_eq!(decide(&policy, "192.0.2.9", "10.9.0.3", proto::TCP, 22).1, "others");
    assert_eq!(decide(&policy, "198.51.100.9", "10.9.0.3", proto::TCP, 22).1, "");
    let parsed =
        parse_text(&format!("{NETWORK}set address-group g static g\nset rulebase security rules a source g\n"));
    assert_eq!(reasons(&parsed), ["cycle line 11"]);
}

#[test]
fn zones_of_a_rule_go_together_by_its_type() {
    let between = with(
        "set rulebase security rules r from [ trust dmz ]
set rulebase security rules r to [ trust dmz ]
set rulebase security rules r action allow
set rulebase security rules r rule-type interzone
",
    );
    assert_eq!(decide(&between, "10.1.0.5", "10.9.0.5", proto::TCP, 80), (Verdict::Permit, "r".into()));
    assert_eq!(decide(&between, "10.9.0.5", "10.1.0.5", proto::TCP, 80), (Verdict::Permit, "r".into()));
    assert_eq!(decide(&between, "10.1.0.5", "10.1.0.6", proto::TCP, 80).1, "intrazone-default");
    let within = with(
        "set rulebase security rules r from any
set rulebase security rules r to any
set rulebase security rules r action deny
set rulebase security rules r rule-type intrazone
",
    );
    assert_eq!(decide(&within, "10.1.0.5", "10.1.0.6", proto::TCP, 80), (Verdict::Deny, "r".into()));
    assert_eq!(decide(&within, "10.1.0.5", "10.9.0.6", proto::TCP, 80).1, "");
    let any = with("set rulebase security rules r rule-type interzone\nset rulebase security rules r action allow\n");
    assert_eq!(decide(&any, "192.0.2.1", "10.9.0.6", proto::TCP, 80), (Verdict::Permit, "r".into()));
    assert_eq!(decide(&any, "10.9.0.5", "10.9.0.6", proto::TCP, 80).1, "intrazone-default");
    // One rule in the file is one rule in the policy.
    assert_eq!(any.rules().filter(|rule| !rule.implicit).count(), 1);
}

#[test]
fn applications_that_own_their_port_and_others() {
    let policy = with(
        "set application-group admin members [ ssh ms-rdp ]
set application own default port [ tcp/7000 udp/7001 ]
set application sct default ident-by-ip-protocol 132
set rulebase security rules a from trust to dmz application admin service application-default action allow
set rulebase security rules b from trust to dmz application [ facebook-base own ] service service-https action deny
set rulebase security rules c from trust to dmz application sct service any action allow
set rulebase security rules d from trust to dmz application any service application-default action allow
",
    );
    assert_eq!(tcp(&policy, "10.1.0.5", "10.9.0.5", 22), Verdict::Permit);
    assert_eq!(tcp(&policy, "10.1.0.5", "10.9.0.5", 3389), Verdict::Permit);
    // Perhaps the one that is denied, perhaps another on its own port.
    assert_eq!(tcp(&policy, "10.1.0.5", "10.9.0.5", 443), Verdict::Undecided);
    assert_eq!(decide(&policy, "10.1.0.5", "10.9.0.5", proto::SCTP, 9).0, Verdict::Permit);
    let b = policy.rules().find(|rule| rule.id == "b").unwrap();
    assert!(b.services.lower.is_empty());
    assert_eq!(b.services.maybe.iter().map(ToString::to_string).collect::<Vec<_>>(), ["tcp/443"]);
    assert_eq!(b.services.unknown, ["application facebook-base", "application own"]);
}

#[test]
fn names_without_known_addresses_are_unknown_and_undefined_ones_noted() {
    let text = format!(
        "{NETWORK}set address host fqdn www.example.org
set address a1 ip-netmask 10.1.0.1
set address a1 tag [ red blue ]
set address-group reds dynamic filter \"'red' and 'blue'\"
set external-list bad type ip url https://example.org/bad
set region hq address 10.1.0.0/24
set rulebase security rules a source [ host bad ]
set rulebase security rules b source TW
set rulebase security rules c source [ hq reds ]
set rulebase security rules d source nowhere service nothing
set rulebase security rules e source-user [ cn=admins ] category gambling hip-profiles any
set rulebase security rules f frobnicate yes
set rulebase security rules f action allow
"
    );
    let parsed = parse_text(&text);
    let rule = |name: &str| parsed.policies[0].rules().find(|rule| rule.id == name).unwrap();
    assert_eq!(rule("a").src.unknown, ["FQDN www.example.org", "external list bad"]);
    assert!(rule("a").src.lower.is_empty() && rule("b").src.wide);
    assert_eq!(rule("c").src.lower.describe(9), "10.1.0.0/24");
    assert_eq!(rule("c").src.unknown, ["dynamic group reds"]);
    assert_eq!(rule("d").src.unknown, ["undefined nowhere"]);
    assert_eq!(rule("e").unknown.len(), 2);
    assert_eq!((rule("f").unknown.len(), &rule("f").action), (1, &Action::Permit));
    assert_eq!(reasons(&parsed), ["undefined line 20", "unknown-option line 22"]);
}

#[test]
fn commands_that_change_what_was_stated() {
    let policy = with(
        "set rulebase security rules r1 from trust
set rulebase security rules r1 source [ 10.1.0.1 10.1.0.2 ]
set rulebase security rules r2 action allow
set rulebase security rules r3 action allow
set rulebase security rules r4 description \"a \"quoted\" word\"
set rulebase security rules gone action allow
delete rulebase security rules r1 source 10.1.0.1
delete rulebase security rules gone
rename rulebase security rules r4 to r5
move rulebase security rules r3 top
move rulebase security rules r5 before r1
edit rulebase security
set rules r6 action deny
top
",
    );
    let ids: Vec<&str> = policy.rules().filter(|rule| !rule.implicit).map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["r3", "r5", "r1", "r2", "r6"]);
    let r1 = policy.rules().find(|rule| rule.id == "r1").unwrap();
    assert_eq!(r1.src.describe(), "10.1.0.2");
}

#[test]
fn translations_come_first_and_zones_are_those_of_the_new_destination() {
    let nat = "set address pub ip-netmask 203.0.113.5
set address srv ip-netmask 10.9.0.10
set rulebase nat rules in from untrust
set rulebase nat rules in to untrust
set rulebase nat rules in source any
set rulebase nat rules in destination pub
set rulebase nat rules in service service-https
set rulebase nat rules in destination-translation translated-address srv
set rulebase nat rules in destination-translation translated-port 8443
set rulebase nat rules out from [ trust dmz ] to untrust source any destination any service any source-translation dynamic-ip-and-port interface-address interface ethernet1/1
set rulebase nat rules fixed from dmz to untrust source 10.9.0.11 destination any source-translation static-ip translated-address 203.0.113.6 bi-directional yes
set rulebase nat rules off disabled yes
";
    let rule = |to: &str, dst: &str| {
        format!(
            "{nat}set rulebase security rules r from untrust to {to} source any destination {dst} service any application any action allow\n"
        )
    };
    let ask = |to: &str, dst: &str, port: u16| tcp(&with(&rule(to, dst)), "192.0.2.1", "203.0.113.5", port);
    assert_eq!(ask("dmz", "pub", 443), Verdict::Permit);
    assert_eq!(ask("dmz", "srv", 443), Verdict::Deny, "rules see the destination as it came");
    assert_eq!(ask("untrust", "pub", 443), Verdict::Deny, "they see the zone of the new destination");
}

#[test]
fn settings_of_translations() {
    let policy = with(
        "set rulebase nat rules out from trust to untrust source any destination any service any source-translation dynamic-ip-and-port interface-address interface ethernet1/1
set rulebase nat rules fixed from dmz to untrust source 10.9.0.11 destination any source-translation static-ip translated-address 203.0.113.6 bi-directional yes
set rulebase nat rules pool from dmz to untrust source-translation dynamic-ip translated-address [ 203.0.113.4 203.0.113.5 ]
set rulebase nat rules off disabled yes
set rulebase nat rules six nat-type nat64
set rulebase security rules r from untrust to dmz source any destination 203.0.113.6 action allow
",
    );
    let nat = |name: &str| policy.nat.iter().find(|nat| nat.id == name).unwrap();
    assert_eq!(nat("out").to_src.as_ref().unwrap().describe(), "203.0.113.2");
    assert_eq!(nat("pool").to_src.as_ref().unwrap().lower.size_v4(), 2);
    assert!(nat("fixed").both_ways && !nat("off").enabled && nat("six").unknown.len() == 1);
    assert_eq!(tcp(&policy, "192.0.2.1", "203.0.113.6", 443), Verdict::Permit);
}

const XML: &str = r#"<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <devices>
    <entry name="localhost.localdomain">
      <deviceconfig><system><hostname>pa-x</hostname></system></deviceconfig>
      <vsys>
        <entry name="vsys1">
          <address>
            <entry name="R&amp;D">
              <ip-netmask>10.2.0.0/16</ip-netmask>
            </entry>
          </address>
          <zone>
            <entry name="a"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
            <entry name="b"><network><layer3><member>ethernet1/2</member></layer3></network></entry>
          </zone>
          <rulebase>
            <security>
              <rules>
                <entry name="first" uuid="x">
                  <from><member>a</member></from>
                  <to><member>b</member></to>
                  <source><member>R&amp;D</member></source>
                  <destination><member>any</member></destination>
                  <application><member>any</member></application>
                  <service><member>service-https</member></service>
                  <action>allow</action>
                  <log-end>no</log-end>
                </entry>
                <entry name="second">
                  <action>deny</action>
                </entry>
              </rules>
            </security>
          </rulebase>
        </entry>
      </vsys>
    </entry>
  </devices>
</config>
"#;

#[test]
fn xml_is_read_with_lines_and_entities() {
    let parsed = parse_xml(XML);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let policy = &parsed.policies[0];
    assert_eq!((policy.device.as_str(), policy.vendor.as_str()), ("pa-x", "panos-xml"));
    let first = policy.rules().next().unwrap();
    assert_eq!((first.line_from, first.line_to), (20, 29));
    assert_eq!(first.src.describe(), "R&D (10.2.0.0/16)");
    assert_eq!(first.log, Log::No);
    assert!(first.text.starts_with("                <entry name=\"first\"") && first.text.ends_with("</entry>"));
    assert_eq!(policy.coverage.understood, policy.coverage.total);
    assert!(!policy.truncated);
}

#[test]
fn broken_and_hostile_xml() {
    for (text, reason) in [
        (XML.replace("R&amp;D</member>", "&boom;</member>"), "unknown-entity"),
        (XML.replace("<config ", "<!DOCTYPE config [<!ENTITY boom \"x\">]><config "), "document-type"),
        (XML.replace("</to>", "</ot>"), "mismatched-tag"),
    ] {
        let parsed = parse_xml(&text);
        assert!(reasons(&parsed).iter().any(|one| one.starts_with(reason)), "{reason}: {:?}", parsed.notes);
        let ids: Vec<&str> = parsed.policies[0].rules().filter(|rule| !rule.implicit).map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["first", "second"], "{reason}");
    }
    // Cut anywhere, it neither fails nor hangs, and says so where rules may be missing.
    for end in (0..XML.len()).filter(|end| XML.is_char_boundary(*end)) {
        let parsed = parse_xml(&XML[..end]);
        let whole = XML[end..].trim().is_empty();
        assert!(parsed.policies.iter().all(|policy| policy.truncated != whole), "{end}");
    }
    let deep = format!("<config>{}{}</config>", "<a>".repeat(50_000), "</a>".repeat(50_000));
    assert!(reasons(&parse_xml(&deep))[0].starts_with("too-deep"));
}

const BRACES: &str = "\
config {
  devices {
    localhost.localdomain {
      vsys {
        vsys1 {
          zone {
            a {
              network {
                layer3 [ ethernet1/1 ethernet1/2];
              }
            }
          }
          address {
            \"R and D\" {
              ip-netmask 10.2.0.0/16;
              description \"it says \"no\";\";
            }
          }
          rulebase {
            security {
              rules {
                first {
                  from a;
                  to any;
                  source \"R and D\";
                  action allow;
                }
              }
            }
          }
        }
      }
    }
  }
}
";

#[test]
fn braces_are_read_like_the_others() {
    let parsed = parse_text(BRACES);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let policy = &parsed.policies[0];
    let first = policy.rules().next().unwrap();
    assert_eq!((first.id.as_str(), first.line_from, first.line_to), ("first", 22, 27));
    assert_eq!(first.src.describe(), "R and D (10.2.0.0/16)");
    assert_eq!(policy.zones["a"].len(), 2);
    assert!(!policy.truncated);
    for end in 0..BRACES.len() {
        let parsed = parse_text(&BRACES[..end]);
        assert!(parsed.policies.iter().all(|policy| policy.truncated || end + 1 >= BRACES.len()), "{end}");
    }
}

#[test]
fn panorama_gives_a_policy_for_each_device_group_with_what_it_inherits() {
    let parsed = parse_text(
        "set deviceconfig system hostname panorama
set shared address srv ip-netmask 10.0.0.1
set shared pre-rulebase security rules s-pre source srv action allow
set shared post-rulebase security rules s-post action deny
set device-group parent address srv ip-netmask 10.0.0.2
set device-group parent pre-rulebase security rules p-pre source srv action allow
set device-group child devices 0001
set device-group child address srv ip-netmask 10.0.0.3
set device-group child pre-rulebase security rules c-pre source srv action allow
set device-group child post-rulebase security rules c-post action deny
set device-group child post-rulebase security rules c-post target devices 0002
set readonly devices localhost.localdomain device-group child parent-dg parent
set template t variable $lan type ip-netmask 10.7.0.1/24
set template t config devices localhost.localdomain vsys vsys1 zone lan network layer3 ethernet1/1
set template t config devices localhost.localdomain network interface ethernet ethernet1/1 layer3 ip $lan
set template-stack ts templates t
set template-stack ts devices 0001
",
    );
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    assert_eq!(parsed.policies.len(), 1);
    let policy = &parsed.policies[0];
    assert_eq!(policy.device, "panorama/child");
    let names: Vec<&str> = policy.paths[0].layers[0].iter().map(String::as_str).collect();
    let all = [
        "shared pre-rulebase",
        "device-group parent pre-rulebase",
        "device-group child pre-rulebase",
        "device-group child post-rulebase",
        "shared post-rulebase",
    ];
    assert_eq!(names, all);
    // The innermost object of a name counts for all rules of the group.
    assert!(
        policy.rules().filter(|rule| rule.id.ends_with("-pre")).all(|rule| rule.src.describe().contains("10.0.0.3"))
    );
    assert_eq!(policy.interface("ethernet1/1").unwrap().networks.describe(1), "10.7.0.0/24");
    assert_eq!(policy.rules().find(|rule| rule.id.ends_with("c-post")).unwrap().unknown.len(), 1);
}

#[test]
fn virtual_systems_are_policies_of_their_own() {
    let parsed = parse_text(
        "set deviceconfig system hostname pa
set network interface ethernet ethernet1/1 layer3 ip 10.1.0.1/24
set network interface ethernet ethernet1/2 layer3 ip 10.2.0.1/24
set vsys vsys1 zone a network layer3 ethernet1/1
set vsys vsys1 rulebase security rules r action deny
set vsys vsys2 zone a network layer3 ethernet1/2
set vsys vsys2 zone up network external vsys1
set vsys vsys2 rulebase security rules r to up action allow
",
    );
    let devices: Vec<&str> = parsed.policies.iter().map(|policy| policy.device.as_str()).collect();
    assert_eq!(devices, ["pa/vsys1", "pa/vsys2"]);
    assert_eq!(parsed.policies[1].zones["a"], ["ethernet1/2"]);
    assert!(parsed.policies[1].interface("ethernet1/1").is_none() && parsed.policies[1].interface("up").is_some());
}

#[test]
fn hostile_text_ends_and_keeps_rules() {
    let open = format!("{NETWORK}{}", "set rulebase security rules r description \"open\n".repeat(20_000));
    assert_eq!(parse_text(&open).policies[0].rules().filter(|rule| rule.id == "r").count(), 1);
    let braces = format!("rulebase {{\n{}", "a {\n".repeat(100_000));
    parse_text(&braces);
    parse_text(&format!("mgt {{\n{}}}\n", "x \"open\n".repeat(20_000)));
    parse_text(&format!("set {}\n", "a ".repeat(100_000)));
    let parsed = parse_text(
        "junk here\nset\nset rulebase security rules\ndelete nothing at all\nset rulebase security rules r action allow",
    );
    assert_eq!(reasons(&parsed), ["unknown-statement line 1", "undefined line 4"]);
}

#[test]
fn schedules_that_ended() {
    let policy = with(
        "set schedule once schedule-type non-recurring 2026/01/10@08:00-2026/01/12@18:00
set rulebase security rules r schedule once
",
    );
    let schedule = policy.rules().next().unwrap().schedule.clone().unwrap();
    assert_eq!(schedule.ends, Some(jiff::civil::date(2026, 1, 12)));
}
