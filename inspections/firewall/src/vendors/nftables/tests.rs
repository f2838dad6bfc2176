//! Rule sets of nftables, and what they must become.

use super::*;
use crate::flat::{Effect, Packet, Universe, flatten, merged};
use crate::policy::{Action, Hook, Log, Policy, Rule};

fn one(text: &str) -> Policy {
    let parsed = parse(text);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    assert_eq!(parsed.policies.len(), 1, "{:?}", parsed.policies);
    parsed.policies.into_iter().next().unwrap()
}

/// A table with an input chain of these rules that drops the rest.
fn input(rules: &str) -> String {
    format!(
        "table inet t {{\n chain other {{\n }}\n chain in {{\n  type filter hook input priority 0; policy drop;\n{rules}\n }}\n}}\n"
    )
}

fn rule(text: &str) -> Rule {
    let mut policy = one(&input(text));
    let chain = policy.chains.iter_mut().find(|chain| chain.name == "inet t/in").unwrap();
    assert_eq!(chain.rules.len(), 1, "{:?}", chain.rules);
    chain.rules.remove(0)
}

/// What becomes of a packet `proto src sport dst dport`.
fn decide_at(policy: &Policy, hook: Hook, in_if: &str, packet: &str) -> Option<Effect> {
    let universe = Universe::of(policy);
    let flat = merged(policy, &universe, hook, None).unwrap();
    let words: Vec<&str> = packet.split(' ').collect();
    let [protocol, src, sport, dst, dport] = words.as_slice() else { panic!("{packet}") };
    flat.decide(&Packet {
        in_if: universe.number(in_if),
        out_if: universe.number("out0"),
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        proto: crate::net::proto_number(protocol).unwrap(),
        sport: sport.parse().unwrap(),
        dport: dport.parse().unwrap(),
    })
}

fn decide(policy: &Policy, packet: &str) -> Option<Effect> {
    decide_at(policy, Hook::Input, "eth9", packet)
}

#[test]
fn matches_become_sets() {
    let ssh = rule(
        "ip saddr { 10.0.0.0/24, 10.9.0.1-10.9.0.9 } tcp dport { 22, 8000-8010 } ct state new counter packets 7 bytes 420 log prefix \"ssh \" accept comment \"admins\" # handle 9",
    );
    assert_eq!(ssh.src.describe(), "10.0.0.0/24, 10.9.0.1-10.9.0.9");
    assert_eq!(ssh.services.describe(), "tcp/22, 8000-8010");
    assert_eq!((ssh.hits, ssh.log, ssh.name.as_deref()), (Some(7), Log::Yes, Some("admins")));
    assert_eq!(ssh.action, Action::Permit);
    assert!(ssh.dst.upper.v6.is_empty() && ssh.unknown.is_empty() && ssh.matches_new());
    assert!(!ssh.id.contains("420") && !ssh.id.contains("admins"), "{}", ssh.id);
    for (text, services) in [
        ("meta l4proto { tcp, udp } th dport 53 accept", "tcp+udp/53"),
        ("tcp dport != 22 accept", "tcp/0-21, 23-65535"),
        ("udp dport > 1023 accept", "udp/1024-65535"),
        ("tcp dport 1024 - 2048 accept", "tcp/1024-2048"),
        ("sctp sport 5 accept", "sctp from port 5"),
        ("ip protocol icmp accept", "icmp"),
        ("icmp type echo-request accept", "icmp/type 8"),
        ("icmp type destination-unreachable icmp code frag-needed accept", "icmp/type 3 code 4"),
        ("icmpv6 type { nd-neighbor-solicit, 136 } accept", "icmpv6/34560-35071"),
        ("tcp dport ssh accept", "tcp/22"),
    ] {
        assert_eq!(rule(text).services.describe(), services, "{text}");
    }
}

#[test]
fn interfaces_and_their_wildcards() {
    assert_eq!(rule("iifname \"eth*\" accept").in_ifs.names, ["eth+"]);
    let out = rule("meta oifname != { \"lan0\", lan1 } accept").out_ifs;
    assert!(out.negated && out.names == ["lan0", "lan1"]);
    assert_eq!(rule("iif lo accept").in_ifs.names, ["lo"]);
}

#[test]
fn states_decide_about_first_packets() {
    for (text, first) in [
        ("ct state established,related accept", false),
        ("ct state { new, established } accept", true),
        ("ct state != invalid accept", true),
        ("ct direction reply accept", false),
        ("tcp flags & (fin | syn | rst | ack) == syn accept", true),
        ("tcp flags & (fin|syn|rst|ack) != syn drop", false),
        ("tcp flags syn / fin,syn,rst,ack accept", true),
        ("tcp flags syn,ack accept", true),
        ("tcp flags & (syn | fin) == syn | fin drop", false),
        ("tcp flags & (fin | syn) == 0 drop", false),
        ("tcp flags != syn drop", false),
        ("tcp flags == ack drop", false),
    ] {
        assert_eq!(rule(text).matches_new(), first, "{text}");
    }
}

#[test]
fn what_is_not_evaluated_leaves_a_rule_uncertain() {
    for text in [
        "meta mark 1 accept",
        "meta mark & 0xff == 0x10 accept",
        "ether saddr 00:11:22:33:44:55 accept",
        "meta skuid 1000 accept",
        "fib saddr . iif oif missing drop",
        "limit rate 5/second drop",
        "limit rate over 10 mbytes/second burst 20 mbytes drop",
        "ct count over 10 drop",
        "ct status dnat accept",
        "@th,16,16 22 accept",
        "tcp option maxseg size 1-500 drop",
        "meter flood { ip saddr limit rate over 10/second } drop",
        "quota over 25 mbytes drop",
        "meta hour \"08:00\"-\"17:00\" accept",
        "socket cgroupv2 level 1 \"user.slice\" accept",
        "ip dscp cs1 accept",
        "add @seen { ip saddr limit rate over 10/minute } drop",
        "queue num 1-3 bypass,fanout",
        "ip saddr example.org accept",
    ] {
        let parsed = parse(&input(&format!("  {text}\n  accept")));
        let policy = &parsed.policies[0];
        let rules = &policy.chain("inet t/in").unwrap().rules;
        assert_eq!(rules.len(), 2, "{text}: {rules:?}");
        assert!(!rules[0].unknown.is_empty() || !rules[0].src.unknown.is_empty(), "{text}: {rules:?}");
        assert!(rules[1].unknown.is_empty(), "{text}");
        let kept = matches!(rules[0].action, Action::Permit | Action::Deny);
        assert!(kept, "{text}: {:?}", rules[0].action);
    }
    // A limited permit permits at least the first.
    assert!(rule("limit rate 5/second burst 10 packets accept").unknown.is_empty());
    assert_eq!(rule("limit rate 5/minute log prefix \"x: \" level info flags all").action, Action::Log);
}

#[test]
fn an_unknown_statement_loses_neither_action_nor_rule() {
    let parsed = parse(&input("  tcp dport 22 frobnicate { a, b } 7 counter accept\n  tcp dport { 80 accept"));
    let rules = &parsed.policies[0].chain("inet t/in").unwrap().rules;
    assert_eq!(rules[0].action, Action::Permit);
    assert_eq!(rules[0].services.describe(), "tcp/22");
    assert_eq!(rules[0].unknown.len(), 1);
    assert_eq!(parsed.notes[0].place.as_deref(), Some("line 6"));
    assert!(parsed.policies[0].truncated);
}

#[test]
fn statements_that_change_something_go_on() {
    for text in [
        "meta mark set 1",
        "ct mark set meta mark",
        "meta priority set 1:2 accept",
        "tcp option maxseg size set rt mtu",
        "ip dscp set cs1 counter",
        "notrack",
        "ct helper set \"ftp-standard\"",
        "flow add @ft",
        "update @seen { ip saddr timeout 1m } accept",
        "tcp flags syn tcp option maxseg size set 1400 return",
        "ct mark set ct mark and 0xff or 0x100 accept",
    ] {
        let rule = rule(text);
        assert!(rule.unknown.is_empty(), "{text}: {:?}", rule.unknown);
        if let Some(word) = text.split(' ').next_back().filter(|word| matches!(*word, "accept" | "return")) {
            let wanted = if word == "accept" { Action::Permit } else { Action::Return };
            assert_eq!(rule.action, wanted, "{text}");
        } else {
            assert_eq!(rule.action, Action::Continue, "{text}");
        }
    }
}

#[test]
fn base_chains_of_one_hook_all_have_to_accept() {
    let text = "table inet a {\n chain late {\n type filter hook input priority filter + 10; policy accept;\n tcp dport 80 drop\n }\n chain early {\n type filter hook input priority -5; policy drop;\n tcp dport { 22, 80 } accept\n }\n}\n";
    let policy = one(text);
    assert_eq!(policy.paths[0].layers, [["inet a/early"], ["inet a/late"]]);
    assert_eq!(decide(&policy, "tcp 1.1.1.1 9 2.2.2.2 22"), Some(Effect::Permit));
    assert_eq!(decide(&policy, "tcp 1.1.1.1 9 2.2.2.2 80"), Some(Effect::Deny));
    assert_eq!(decide(&policy, "tcp 1.1.1.1 9 2.2.2.2 81"), Some(Effect::Deny));
}

#[test]
fn verdict_maps_and_concatenations_are_exact() {
    let text = input(
        "  ct state vmap { established : accept, related : accept, invalid : drop }\n  tcp dport vmap { 22 : jump other, 23 : drop, 80-90 : accept, * : continue }\n  ip saddr . tcp dport { 10.0.0.1 . 443, 10.0.0.2-10.0.0.5 . 8000-8001, 10.0.0.7 . 443 } accept\n  ip saddr vmap { 10.1.0.0/16 : accept, * : drop }",
    );
    let policy = one(&text);
    for (packet, effect) in [
        ("tcp 10.2.0.1 9 2.2.2.2 85", Effect::Permit),
        ("tcp 10.2.0.1 9 2.2.2.2 23", Effect::Deny),
        ("tcp 10.1.0.1 9 2.2.2.2 22", Effect::Permit),
        ("tcp 10.0.0.7 9 2.2.2.2 443", Effect::Permit),
        ("tcp 10.0.0.2 9 2.2.2.2 443", Effect::Deny),
        ("tcp 10.0.0.5 9 2.2.2.2 8001", Effect::Permit),
        ("udp 10.1.5.5 9 2.2.2.2 1", Effect::Permit),
        ("udp 2001:db8::1 9 2001:db8::2 1", Effect::Deny),
    ] {
        assert_eq!(decide(&policy, packet), Some(effect), "{packet}");
    }
    let rules = &policy.chain("inet t/in").unwrap().rules;
    let concatenated: Vec<_> = rules.iter().filter(|rule| rule.line_from == 8).collect();
    assert_eq!(concatenated.len(), 2, "equal ports are one rule");
    assert!(concatenated.iter().all(|rule| rule.id.contains(" [")));
}

#[test]
fn named_sets_and_definitions() {
    let text = "#!/usr/sbin/nft -f\nflush ruleset\ndefine LAN = { 10.0.0.0/8, 192.168.0.0/16 }\ndefine UP = \"wan*\"\ntable inet t {\n set web {\n  type inet_service; flags interval;\n  elements = { 80, 443,\n   8000-8080 }\n }\n map v {\n  type ipv4_addr : verdict\n  elements = { 10.0.0.1 : drop, 10.0.0.2 comment \"x\" : accept }\n }\n set seen {\n  type ipv4_addr\n  flags dynamic,timeout\n  timeout 5m\n }\n chain in {\n  type filter hook input priority filter\n  policy drop\n  ip saddr vmap @v\n  iifname $UP ip saddr { $LAN, 172.16.0.1 } tcp dport @web accept\n  ip saddr @seen udp dport 53 accept\n }\n}\nadd element inet t web { 9000 }\n";
    let policy = one(text);
    assert_eq!(decide_at(&policy, Hook::Input, "wan3", "tcp 192.168.1.1 9 2.2.2.2 8001"), Some(Effect::Permit));
    assert_eq!(decide_at(&policy, Hook::Input, "wan3", "tcp 172.16.0.1 9 2.2.2.2 9000"), Some(Effect::Permit));
    assert_eq!(decide(&policy, "tcp 10.5.5.5 9 2.2.2.2 80"), Some(Effect::Deny));
    assert_eq!(decide(&policy, "tcp 10.0.0.2 9 2.2.2.2 1"), Some(Effect::Permit));
    assert_eq!(decide(&policy, "udp 10.5.5.5 9 2.2.2.2 53"), None, "the set is filled by rules");
}

#[test]
fn undefined_names_are_unknown_and_told() {
    let parsed = parse(&input("  ip saddr @none accept\n  ip saddr $none accept\n  jump nowhere"));
    assert_eq!(parsed.notes.iter().map(|note| note.count).sum::<u64>(), 3, "{:?}", parsed.notes);
    let rules = &parsed.policies[0].chain("inet t/in").unwrap().rules;
    assert_eq!(rules.len(), 3);
    assert!(rules.iter().all(|rule| !rule.unknown.is_empty() || !rule.src.unknown.is_empty()));
}

#[test]
fn families_are_policies_of_their_own_where_both_filter() {
    let text = "table ip f {\n chain i {\n type filter hook input priority 0; policy drop;\n tcp dport 1 accept\n }\n}\ntable inet g {\n chain i {\n type filter hook input priority 5; policy accept;\n ip6 saddr 2001:db8::/32 drop\n tcp dport 2 drop\n }\n}\ntable arp a {\n chain x {\n type filter hook input priority 0; policy drop;\n }\n}\n";
    let parsed = parse(text);
    assert_eq!(parsed.policies.len(), 2);
    let [v4, v6] = parsed.policies.as_slice() else { panic!() };
    assert_eq!(v4.paths[0].layers.len(), 2);
    assert_eq!(v6.paths[0].layers, [["inet g/i"]]);
    assert_eq!(decide(v4, "tcp 1.1.1.1 9 2.2.2.2 1"), Some(Effect::Permit));
    assert_eq!(decide(v4, "tcp 1.1.1.1 9 2.2.2.2 3"), Some(Effect::Deny));
    assert_eq!(decide(v6, "tcp 2001:db9::1 9 2001::2 3"), Some(Effect::Permit));
    assert_eq!(decide(v6, "tcp 2001:db8::1 9 2001::2 3"), Some(Effect::Deny));
    assert_eq!(v4.chain("inet g/i").unwrap().rules.len(), 1, "no rule for IPv6 only");
    assert!(v6.rules().all(|rule| rule.id.starts_with("ip6 ")));
    assert!(parsed.notes.iter().any(|note| note.reason == "not-inspected"));
}

#[test]
fn ingress_chains_guard_their_device() {
    let text = "table netdev n {\n chain g {\n type filter hook ingress device \"eth0\" priority 0; policy accept;\n ip saddr 10.0.0.0/8 drop\n }\n}\ntable inet t {\n chain i {\n type filter hook input priority 0; policy accept;\n }\n}\n";
    let policy = one(text);
    assert_eq!(decide_at(&policy, Hook::Input, "eth0", "tcp 10.1.1.1 9 2.2.2.2 1"), Some(Effect::Deny));
    assert_eq!(decide_at(&policy, Hook::Input, "eth1", "tcp 10.1.1.1 9 2.2.2.2 1"), Some(Effect::Permit));
}

#[test]
fn translations() {
    let text = "table ip nat {\n chain pre {\n type nat hook prerouting priority dstnat;\n iifname wan0 tcp dport 443 dnat to 10.0.0.5:8443\n iifname wan0 tcp dport { 80, 81 } redirect to :8080\n tcp dport 25 dnat ip addr . port to tcp dport map { 25 : 10.0.0.9 . 2525 }\n }\n chain post {\n type nat hook postrouting priority srcnat;\n oifname \"wan0\" masquerade random,persistent\n ip saddr 10.0.0.0/8 snat to 192.0.2.1-192.0.2.4\n }\n}\n";
    let policy = one(text);
    assert!(policy.paths.is_empty());
    let nat = &policy.nat;
    assert_eq!(nat.len(), 5);
    assert_eq!(nat[0].to_dst.as_ref().unwrap().describe(), "10.0.0.5");
    assert!(nat[0].to_port.as_ref().unwrap().0.contains(8443));
    assert!(nat[2].to_dst.as_ref().unwrap().unknown[0].contains("map"));
    assert!(nat[3].to_src.as_ref().unwrap().lower.is_empty());
    assert_eq!(nat[4].to_src.as_ref().unwrap().describe(), "192.0.2.1-192.0.2.4");
    assert_eq!(policy.interface("wan0").unwrap().role, crate::policy::Role::External);
}

#[test]
fn commands_build_tables_too() {
    let text = "nft add table inet f\nadd chain inet f in { type filter hook input priority 0 ; policy drop ; }\nadd rule inet f in tcp dport 22 accept\ninsert rule inet f in tcp dport 22 drop\nadd chain inet f gone\ndelete chain inet f gone\n";
    let policy = one(text);
    assert_eq!(policy.chains.len(), 1);
    let actions: Vec<_> = policy.rules().map(|rule| rule.action.clone()).collect();
    assert_eq!(actions, [Action::Deny, Action::Permit]);
}

#[test]
fn json_says_the_same_as_text() {
    let json = r#"{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "t", "handle": 1}},
{"set": {"family": "inet", "name": "a", "table": "t", "type": "ipv4_addr", "flags": ["interval"], "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, {"range": ["192.0.2.1", "192.0.2.9"]}]}},
{"chain": {"family": "inet", "table": "t", "name": "in", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "inet", "table": "t", "chain": "in", "handle": 4, "comment": "say \"hi\"", "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@a"}},
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [8000, 8010]}]}}},
  {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "established"]}},
  {"counter": {"packets": 3, "bytes": 180}}, {"log": {"prefix": "in "}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "t", "chain": "in", "handle": 5, "expr": [
  {"vmap": {"key": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"meta": {"key": "iifname"}}]}, "data": {"set": [[{"concat": ["1.1.1.1", "eth0"]}, {"jump": {"target": "in2"}}]]}}}]}},
{"rule": {"family": "inet", "table": "t", "chain": "in", "handle": 6, "expr": [{"match": {"op": "==", "left": {"surprise": 1}, "right": 2}}, {"accept": null}]}},
{"chain": {"family": "inet", "table": "t", "name": "in2", "handle": 2}}"#;
    let parsed = parse_json(&format!("{json}]}}"));
    assert_eq!(parsed.notes.len(), 1, "{:?}", parsed.notes);
    assert_eq!(parsed.notes[0].place.as_deref(), Some("object 6"));
    let policy = &parsed.policies[0];
    let chain = policy.chain("inet t/in").unwrap();
    assert_eq!(chain.rules[0].src.describe(), "10.0.0.0/8, 192.0.2.1-192.0.2.9");
    assert_eq!(chain.rules[0].services.describe(), "tcp/22, 8000-8010");
    assert_eq!((chain.rules[0].hits, chain.rules[0].log), (Some(3), Log::Yes));
    assert_eq!((chain.rules[0].line_from, chain.rules[0].line_to), (5, 9));
    assert_eq!(chain.rules[1].action, Action::Jump("inet t/in2".into()));
    assert_eq!(chain.rules[1].in_ifs.names, ["eth0"]);
    assert_eq!(chain.rules[2].action, Action::Permit);
    assert!(!chain.rules[2].unknown.is_empty());
    assert_eq!((policy.coverage.total, policy.coverage.understood), (8, 7));
    let cut = parse_json(&json[..json.len() - 200]);
    assert!(cut.policies[0].truncated);
    assert_eq!(cut.policies[0].rules().count(), 2);
}

#[test]
fn hostile_scripts_end_soon() {
    let mut doubling = String::from("define a0 = { 10.0.0.1, 10.0.0.2 }\n");
    for n in 0..60 {
        doubling.push_str(&format!("define a{} = {{ $a{n}, $a{n} }}\n", n + 1));
    }
    doubling.push_str(&input("ip saddr $a60 accept"));
    let deep = "table inet t {\n".repeat(50_000);
    let braces = format!("table inet t {{ chain c {{ ip saddr {} accept\n", "{ ".repeat(50_000));
    let tuples = (0..3_000).map(|n| format!("10.0.{}.{} . {n}", n / 256, n % 256)).collect::<Vec<_>>().join(", ");
    let products = input(&format!(
        "ip saddr . tcp dport {{ {tuples} }} ip daddr . tcp sport {{ {tuples} }} accept\n{}",
        format!("ip saddr . tcp dport {{ {tuples} }} accept\n").repeat(3)
    ));
    for text in [doubling, deep, braces, products] {
        assert!(parse(&text).policies.len() < 3);
        parse_json(&text);
    }
    parse_json(&format!("{{\"nftables\": [{}", "{\"rule\":[".repeat(100_000)));
    parse_json(&format!("{{\"nftables\": [{}{}", "[".repeat(50_000), "]".repeat(50_000)));
}

#[test]
fn jumps_and_gotos_are_followed() {
    let text = "table ip t {\n chain a {\n tcp dport 1 return\n tcp dport 2 accept\n }\n chain b {\n tcp dport 3 accept\n }\n chain f {\n type filter hook forward priority 0; policy drop;\n tcp dport 1-2 jump a\n tcp dport 3-4 goto b\n tcp dport { 1, 4 } accept\n }\n}\n";
    let policy = one(text);
    let universe = Universe::of(&policy);
    assert!(!flatten(&policy, &universe, &policy.paths[0], None).incomplete);
    for (port, effect) in [(1, Effect::Permit), (2, Effect::Permit), (3, Effect::Permit), (4, Effect::Deny)] {
        let packet = format!("tcp 1.1.1.1 9 2.2.2.2 {port}");
        assert_eq!(decide_at(&policy, Hook::Forward, "x", &packet), Some(effect), "{port}");
    }
}

#[test]
fn recognised_by_content() {
    let sniff = |text: &str| {
        let head = secdiag_model::Head::new(text.as_bytes(), "x", text.len() as u64);
        (matches!(sniff_text(&head), Match::Yes(_)), matches!(sniff_json(&head), Match::Yes(_)))
    };
    assert_eq!(sniff(&input("accept")), (true, false));
    assert_eq!(sniff("add table inet x\nadd rule inet x y accept\n"), (true, false));
    assert_eq!(sniff("{\"nftables\": [{\"metainfo\": {}}]}"), (false, true));
    assert_eq!(sniff("table of contents\n{\n"), (false, false));
}
