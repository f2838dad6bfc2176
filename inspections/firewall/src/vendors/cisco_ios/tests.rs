//! Tricky meanings: order, layers, families, zones, first packets.

use std::net::IpAddr;

use super::*;
use crate::flat::{Effect, Packet, Universe, flatten};
use crate::net::proto;
use crate::policy::{Action, ConnState, Hook, Log, Policy, Role, Rule};

fn read(text: &str, dialect: Dialect) -> Policy {
    parse(text, dialect).policies.remove(0)
}

fn rules(text: &str, dialect: Dialect) -> Vec<Rule> {
    let parsed = parse(text, dialect);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    parsed.policies[0].chains[0].rules.clone()
}

fn reasons(parsed: &Parsed) -> Vec<(&str, &str)> {
    parsed.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap_or("-"))).collect()
}

/// What happens to a packet from one interface to another; `None` where it is not certain.
fn outcome(policy: &Policy, ways: (&str, &str), addresses: (&str, &str), service: (u8, u16)) -> Option<Effect> {
    let universe = Universe::of(policy);
    let packet = Packet {
        in_if: universe.number(ways.0),
        out_if: universe.number(ways.1),
        src: addresses.0.parse::<IpAddr>().unwrap(),
        dst: addresses.1.parse::<IpAddr>().unwrap(),
        proto: service.0,
        sport: 40_000,
        dport: service.1,
    };
    let outcomes: Vec<Option<Effect>> = policy
        .paths
        .iter()
        .filter(|path| path.hook == Hook::Forward)
        .filter(|path| universe.resolve(&path.in_ifs).contains(packet.in_if))
        .filter(|path| universe.resolve(&path.out_ifs).contains(packet.out_if))
        .map(|path| flatten(policy, &universe, path, None).decide(&packet))
        .collect();
    assert_eq!(outcomes.len(), 1, "one path for each pair of interfaces");
    outcomes[0]
}

const WEB: (u8, u16) = (proto::TCP, 80);
const SSH: (u8, u16) = (proto::TCP, 22);

const ROUTER: &str = "\
hostname edge
interface GigabitEthernet0/0
 description uplink to the ISP
 ip address 192.0.2.1 255.255.255.0
 ip access-group IN in
 ip access-group OUT out
interface GigabitEthernet0/1
 ip address 10.0.0.1 255.255.255.0
interface GigabitEthernet0/2
 ip address 10.0.1.1 255.255.255.0
 ip access-group LAN in
ip access-list extended IN
 permit tcp any host 10.0.0.5 eq www
ip access-list extended OUT
 deny tcp any any eq 22
 permit ip any any
ip access-list extended LAN
 permit ip 10.0.1.0 0.0.0.255 any
";

#[test]
fn a_packet_passes_the_list_where_it_comes_in_and_the_list_where_it_goes_out() {
    let policy = read(ROUTER, Dialect::Ios);
    let (wan, free, lan) = ("GigabitEthernet0/0", "GigabitEthernet0/1", "GigabitEthernet0/2");
    for (ways, addresses, service, expected) in [
        ((wan, free), ("198.51.100.7", "10.0.0.5"), WEB, Effect::Permit),
        ((wan, free), ("198.51.100.7", "10.0.0.5"), SSH, Effect::Deny),
        ((lan, wan), ("10.0.1.9", "198.51.100.7"), WEB, Effect::Permit),
        // The in-list lets it pass, the out-list does not, and the other way round.
        ((lan, wan), ("10.0.1.9", "198.51.100.7"), SSH, Effect::Deny),
        ((lan, wan), ("10.9.9.9", "198.51.100.7"), WEB, Effect::Deny),
        ((free, wan), ("10.0.0.5", "198.51.100.7"), SSH, Effect::Deny),
        ((free, lan), ("10.0.0.5", "10.0.1.9"), SSH, Effect::Permit),
        ((lan, free), ("10.0.1.9", "10.0.0.5"), SSH, Effect::Permit),
    ] {
        assert_eq!(outcome(&policy, ways, addresses, service), Some(expected), "{ways:?} {addresses:?} {service:?}");
    }
    assert_eq!(policy.interface(wan).unwrap().role, Role::External);
    assert_eq!(policy.interface(wan).unwrap().addresses.describe(2), "192.0.2.1");
}

#[test]
fn the_first_statement_that_matches_decides() {
    for (first, second, expected) in [
        ("permit tcp any any eq 80", "deny ip any any", Effect::Permit),
        ("deny ip any any", "permit tcp any any eq 80", Effect::Deny),
    ] {
        let list = format!("ip access-list extended A\n {first}\n {second}\n");
        let policy = read(&list, Dialect::Ios);
        assert_eq!(outcome(&policy, ("a", "b"), ("10.0.0.1", "10.0.0.2"), WEB), Some(expected), "{list}");
    }
}

#[test]
fn numbers_decide_the_order_of_statements() {
    let list = "ip access-list A\n 20 permit ip any any\n 10 deny tcp any any eq 80\n no 30\n";
    let found = rules(list, Dialect::NxOs);
    assert_eq!(found.iter().map(|rule| rule.line_from).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(found[0].id, "A deny tcp any any eq 80");
    let list = "ipv6 access-list A\n permit tcp any any eq 80 sequence 20\n sequence 10 deny ipv6 any any\n";
    let found = rules(list, Dialect::Ios);
    let written = found.iter().filter(|rule| !rule.implicit);
    assert_eq!(written.map(|rule| rule.line_from).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(found[2].services.describe(), "icmpv6/type 136");
}

#[test]
fn a_management_of_eos_is_a_terminal() {
    let text = "\
hostname sw
interface Ethernet1
   no switchport
   ip address 10.0.0.1/24
   ip nat source static 10.0.0.5 192.0.2.5
ip access-list ADMIN
   10 permit tcp 10.0.0.0/24 any
system control-plane
   ip access-group ADMIN in
management ssh
   ip access-group ADMIN in
   idle-timeout 15
management telnet
   no shutdown
";
    let parsed = parse(text, Dialect::Eos);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let policy = &parsed.policies[0];
    let layers: Vec<_> = policy.paths.iter().map(|path| path.layers.concat()).collect();
    assert_eq!(layers, [["ADMIN", "management ssh"], ["ADMIN", "management telnet"]]);
    assert_eq!(policy.chain("management telnet").unwrap().rules[0].services.describe(), "tcp/23");
    assert_eq!(policy.nat[0].out_ifs.names, ["Ethernet1"]);
}

#[test]
fn a_file_indented_as_a_whole_is_read() {
    let text = "  hostname r\n  interface Gi0/0\n    ip address 10.0.0.1 255.0.0.0\n  access-list 100 permit tcp any any eq 80\n  sparkle\n";
    let parsed = parse(text, Dialect::Ios);
    let policy = &parsed.policies[0];
    assert_eq!((policy.device.as_str(), policy.interfaces.len(), policy.chains[0].rules.len()), ("r", 1, 1));
    assert_eq!(reasons(&parsed)[1], ("unknown-command", "line 5"));
}

#[test]
fn wildcards_may_be_scattered() {
    let found = rules("access-list 100 permit ip 10.0.0.1 0.0.255.0 host 10.9.9.9\n", Dialect::Ios);
    assert_eq!(found[0].src.lower.size_v4(), 256);
    assert!(found[0].src.unknown.is_empty());
    // Too many pieces to list: it may be any address, and the line is noted.
    let parsed = parse("access-list 100 deny ip 0.0.0.1 255.255.255.254 any\n", Dialect::Ios);
    assert!(parsed.policies[0].chains[0].rules[0].src.lower.is_empty());
    assert_eq!(reasons(&parsed), [("bad-value", "line 1")]);
}

#[test]
fn ports_by_name_number_and_operator() {
    let list = "\
ip access-list extended A
 permit tcp any eq 179 any gt 1023
 permit tcp any any eq www 443 established
 permit udp any any range snmp snmptrap
 permit tcp any any neq telnet
 permit tcp any any lt 0
 permit icmp any any host-unreachable
 permit icmp any any 8 0
 permit 89 any any
";
    let found: Vec<String> = rules(list, Dialect::Ios).iter().map(|rule| rule.services.describe()).collect();
    assert_eq!(
        found,
        [
            "tcp/1024-65535 from port 179",
            "tcp/80, 443",
            "udp/161-162",
            "tcp/0-22, 24-65535",
            "none",
            "icmp/type 3 code 1",
            "icmp/type 8 code 0",
            "ospf",
        ]
    );
}

#[test]
fn known_connections_are_no_first_packets() {
    let list = "\
ip access-list extended A
 permit tcp any any established
 permit tcp any any ack
 permit tcp any any syn
 permit tcp any any match-all +syn -ack
 permit tcp any any match-any +rst +fin
 permit ip any any fragments
 evaluate ANSWERS
 permit tcp any any reflect ANSWERS timeout 30
";
    let found = rules(list, Dialect::Ios);
    let new: Vec<bool> = found.iter().map(Rule::matches_new).collect();
    assert_eq!(new, [false, false, true, true, false, false, false, true]);
    assert_eq!(found[6].states, [ConnState::Established, ConnState::Related]);
    assert_eq!(found[6].unknown[0].text, "evaluate ANSWERS");
    assert!(found[7].unknown.is_empty());
}

#[test]
fn options_keep_the_rule_and_make_it_uncertain() {
    let list = "\
ip access-list extended A
 permit ip any any dscp ef log
 permit ip any any ttl lt 5
 deny tcp any any eq 23 log-input
";
    let found = rules(list, Dialect::Ios);
    assert_eq!(found[0].unknown[0].text, "dscp ef");
    assert_eq!(found[1].unknown[0].text, "ttl lt 5");
    assert_eq!(found.iter().map(|rule| rule.log).collect::<Vec<_>>(), [Log::Yes, Log::No, Log::Yes]);
    let parsed = parse("ip access-list A\n 10 permit tcp any any eq 80 sparkle 7\n", Dialect::NxOs);
    let rule = &parsed.policies[0].chains[0].rules[0];
    assert_eq!((rule.services.describe().as_str(), rule.unknown[0].text.as_str()), ("tcp/80", "sparkle 7"));
    assert_eq!(reasons(&parsed), [("unknown-option", "line 2")]);
}

#[test]
fn time_ranges_end() {
    let text = "\
time-range OLD
 absolute start 00:00 1 January 2020 end 23:59 31 December 2021
time-range WORK
 periodic weekdays 8:00 to 18:00
access-list 100 permit tcp any any eq 22 time-range OLD
access-list 100 permit tcp any any eq 80 time-range WORK
access-list 100 permit tcp any any eq 81 time-range NONE
";
    let parsed = parse(text, Dialect::Ios);
    let found = &parsed.policies[0].chains[0].rules;
    assert_eq!(found[0].schedule.as_ref().unwrap().ends, Some(jiff::civil::date(2021, 12, 31)));
    assert_eq!(found[1].schedule.as_ref().unwrap().ends, None);
    assert!(found[2].schedule.is_none() && found[2].unknown.len() == 1);
    assert_eq!(reasons(&parsed), [("undefined", "line 7")]);
}

#[test]
fn groups_of_each_platform() {
    let text = "\
object-group network SERVERS
 host 10.0.0.1
 10.1.0.0 255.255.0.0
 range 10.2.0.1 10.2.0.9
 group-object MORE
object-group network MORE
 10.3.0.0/16
 group-object SERVERS
object-group service WEB
 tcp eq www
 tcp source gt 1023 eq 443
 icmp echo
ip access-list extended A
 permit object-group WEB any object-group SERVERS
";
    let parsed = parse(text, Dialect::Ios);
    let rule = &parsed.policies[0].chains[0].rules[0];
    assert_eq!(rule.dst.describe(), "SERVERS (10.0.0.1, 10.1.0.0/16, 10.2.0.1-10.2.0.9, 10.3.0.0/16)");
    assert_eq!(rule.services.describe(), "WEB (tcp/80, tcp/443 from port 1024-65535, icmp/type 8)");
    assert_eq!(reasons(&parsed), [("cyclic-group", "line 1")]);

    let text = "\
object-group ip address HOSTS
  10 host 192.0.2.1
  20 192.0.2.0 0.0.0.15
object-group ip port PORTS
  eq 80
  range 8080 8090
ip access-list A
  10 permit tcp addrgroup HOSTS any portgroup PORTS
";
    let found = rules(text, Dialect::NxOs);
    assert_eq!(found[0].src.upper.describe(9), "192.0.2.0/28");
    assert_eq!(found[0].services.describe(), "tcp/80, 8080-8090");

    let text = "\
object-group network ipv4 NET
 10.0.0.0/8
 host 192.0.2.1
!
object-group port PORTS
 eq 443
!
ipv4 access-list A
 10 permit tcp net-group NET any port-group PORTS
 20 permit ipv4 any any nexthop1 vrf X ipv4 10.0.0.1
 30 permit 10.5.0.0 0.0.255.255
";
    let found = rules(text, Dialect::IosXr);
    assert_eq!(found[0].src.upper.describe(9), "10.0.0.0/8, 192.0.2.1");
    assert_eq!(found[0].services.describe(), "tcp/443");
    assert!(found[1].unknown.is_empty() && found[1].services.is_any());
    assert_eq!(found[2].src.upper.describe(9), "10.5.0.0/16");
}

#[test]
fn an_undefined_group_may_be_anything() {
    let parsed =
        parse("access-list 100 deny tcp object-group X any eq 22\naccess-list 100 permit ip any any\n", Dialect::Ios);
    let policy = &parsed.policies[0];
    assert_eq!(policy.chains[0].rules[0].services.describe(), "tcp/22");
    assert_eq!(outcome(policy, ("a", "b"), ("10.0.0.1", "10.0.0.2"), SSH), None);
    assert_eq!(outcome(policy, ("a", "b"), ("10.0.0.1", "10.0.0.2"), WEB), Some(Effect::Permit));
    assert_eq!(reasons(&parsed), [("undefined", "line 1")]);
}

const ZONES: &str = "\
hostname zbf
class-map type inspect match-any WEB
 match protocol http
 match protocol https
class-map type inspect match-all FROM-LAN
 match access-group name LAN
 match class-map WEB
policy-map type inspect OUTBOUND
 class type inspect FROM-LAN
  inspect
 class class-default
  drop log
policy-map type inspect TO-SELF
 class type inspect WEB
  drop
 class class-default
  pass
zone security inside
zone security outside
zone-pair security OUT source inside destination outside
 service-policy type inspect OUTBOUND
zone-pair security SELF source outside destination self
 service-policy type inspect TO-SELF
interface Ethernet0/0
 ip address 10.0.0.1 255.255.255.0
 zone-member security inside
interface Ethernet0/1
 ip address 10.0.1.1 255.255.255.0
 zone-member security inside
interface Ethernet0/2
 ip address 192.0.2.1 255.255.255.0
 zone-member security outside
interface Ethernet0/3
 ip address 10.0.3.1 255.255.255.0
ip access-list extended LAN
 deny ip host 10.0.0.66 any
 permit ip 10.0.0.0 0.0.0.255 any
";

#[test]
fn zones_pass_what_a_pair_inspects() {
    let parsed = parse(ZONES, Dialect::Ios);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let policy = &parsed.policies[0];
    let (a, b, outside, free) = ("Ethernet0/0", "Ethernet0/1", "Ethernet0/2", "Ethernet0/3");
    for (ways, src, service, expected) in [
        ((a, outside), "10.0.0.5", WEB, Effect::Permit),
        ((a, outside), "10.0.0.5", SSH, Effect::Deny),
        // Denied by the class's list: not of the class.
        ((a, outside), "10.0.0.66", WEB, Effect::Deny),
        ((a, outside), "10.0.9.9", WEB, Effect::Deny),
        ((a, b), "10.0.0.5", SSH, Effect::Permit),
        ((outside, a), "198.51.100.1", WEB, Effect::Deny),
        ((a, free), "10.0.0.5", WEB, Effect::Deny),
        ((free, outside), "10.0.3.5", WEB, Effect::Deny),
    ] {
        assert_eq!(outcome(policy, ways, (src, "203.0.113.9"), service), Some(expected), "{ways:?} {src} {service:?}");
    }
    assert_eq!(policy.zones["inside"], [a, b]);
    assert_eq!(policy.interface(outside).unwrap().role, Role::External);
    let own = policy.chain("zone-pair OUT").unwrap();
    assert!(own.default.explicit && own.default.log == Log::Yes && own.default.line == 11);
    let to_self: Vec<_> = policy.paths.iter().filter(|path| path.hook == Hook::Input).collect();
    assert!(to_self.iter().any(|path| path.layers == [["zone-pair SELF"]] && path.in_ifs.names == ["outside"]));
}

#[test]
fn classes_ask_every_list_of_a_match_all() {
    for (first, second, expected) in [("A", "B", Effect::Permit), ("A", "C", Effect::Deny), ("C", "A", Effect::Deny)] {
        let text = format!(
            "class-map type inspect match-all X\n match access-group name {first}\n match access-group name {second}\n\
             policy-map type inspect P\n class type inspect X\n  pass\n\
             zone-pair security Z source a destination b\n service-policy type inspect P\n\
             interface E0\n ip address 10.0.0.1 255.0.0.0\n zone-member security a\n\
             interface E1\n ip address 11.0.0.1 255.0.0.0\n zone-member security b\n\
             access-list 1 permit any\n\
             ip access-list extended A\n permit ip any any\n\
             ip access-list extended B\n permit tcp any any\n\
             ip access-list extended C\n deny tcp any any eq 80\n permit ip any any\n"
        );
        let policy = read(&text, Dialect::Ios);
        assert_eq!(outcome(&policy, ("E0", "E1"), ("10.0.0.2", "11.0.0.2"), WEB), Some(expected), "{first} {second}");
    }
}

#[test]
fn terminals_ask_their_list() {
    let text = "\
hostname r
interface Gi0/0
 ip address 192.0.2.1 255.255.255.0
 ip access-group 100 in
access-list 10 permit 10.0.0.0 0.0.0.255
access-list 100 deny tcp host 10.0.0.7 any
access-list 100 permit ip any any
line vty 0 4
 access-class 10 in
 transport input telnet ssh
line vty 5 15
 access-class 10 in
 transport input telnet ssh
";
    let policy = read(text, Dialect::Ios);
    let path = policy.paths.iter().find(|path| path.hook == Hook::Input).unwrap();
    assert_eq!(path.layers, [vec!["100".to_owned()], vec!["line vty 0 4".to_owned()]]);
    let universe = Universe::of(&policy);
    let flat = flatten(&policy, &universe, path, None);
    let decide = |src: &str, dport: u16| {
        let (in_if, out_if) = (universe.number("Gi0/0"), 0);
        let (src, dst) = (src.parse().unwrap(), "192.0.2.1".parse().unwrap());
        flat.decide(&Packet { in_if, out_if, src, dst, proto: proto::TCP, sport: 1, dport })
    };
    assert_eq!(decide("10.0.0.5", 23), Some(Effect::Permit));
    assert_eq!(decide("10.0.0.7", 23), Some(Effect::Deny));
    assert_eq!(decide("10.0.1.5", 22), Some(Effect::Deny));
    // What else the device offers, the file does not say.
    assert_eq!(decide("10.0.0.5", 9999), None);
}

#[test]
fn an_applied_list_that_is_not_there_lets_everything_pass() {
    let text = |list: &str| {
        format!(
            "interface Ethernet1/1\n ip address 10.0.0.1/24\n ip access-group X in\n\
             interface Ethernet1/2\n ip address 10.0.1.1/24\n{list}"
        )
    };
    let ways = ("Ethernet1/1", "Ethernet1/2");
    for (list, dialect, expected) in [
        ("", Dialect::Ios, Some(Effect::Permit)),
        ("", Dialect::NxOs, None),
        ("ip access-list X\n", Dialect::Ios, Some(Effect::Permit)),
        ("ip access-list X\n", Dialect::Eos, None),
        ("ip access-list X\n 10 permit icmp any any\n", Dialect::NxOs, Some(Effect::Deny)),
    ] {
        let policy = read(&text(list), dialect);
        assert_eq!(outcome(&policy, ways, ("10.0.0.2", "10.0.1.2"), WEB), expected, "{list:?} {dialect:?}");
    }
}

#[test]
fn families_and_routing_tables_are_policies_of_their_own() {
    let text = "\
hostname r
interface Gi0/0
 ip address 10.0.0.1 255.255.255.0
 ipv6 address 2001:db8::1/64
 ipv6 traffic-filter SIX in
interface Gi0/1
 ip address 10.0.1.1 255.255.255.0
 ipv6 address 2001:db8:1::1/64
interface Gi0/2
 vrf forwarding MGMT
 ip address 10.0.2.1 255.255.255.0
ipv6 access-list SIX
 deny tcp any any eq 22
 permit ipv6 any any
ip route 0.0.0.0 0.0.0.0 10.0.1.254 200 name out
ip route 10.9.0.0 255.255.0.0 Null0
ip route vrf MGMT 0.0.0.0 0.0.0.0 10.0.2.254
ipv6 route 2001:db8:2::/48 Gi0/1 FE80::1
";
    let parsed = parse(text, Dialect::Ios);
    let names: Vec<(&str, usize)> =
        parsed.policies.iter().map(|policy| (policy.device.as_str(), policy.routes.len())).collect();
    assert_eq!(names, [("r", 2), ("r", 1), ("r/MGMT", 1)]);
    let (four, six) = (&parsed.policies[0], &parsed.policies[1]);
    assert_eq!(outcome(four, ("Gi0/0", "Gi0/1"), ("10.0.0.2", "10.0.1.2"), SSH), Some(Effect::Permit));
    assert_eq!(outcome(six, ("Gi0/0", "Gi0/1"), ("2001:db8::2", "2001:db8:1::2"), SSH), Some(Effect::Deny));
    assert_eq!(outcome(six, ("Gi0/0", "Gi0/1"), ("2001:db8::2", "2001:db8:1::2"), WEB), Some(Effect::Permit));
    assert_eq!((four.routes[0].distance, four.routes[1].discard), (200, true));
    assert_eq!(six.routes[0].interface, "Gi0/1");
    assert!(six.interface("Gi0/1").unwrap().networks.covers(&"2001:db8:2::/48".parse().unwrap()));
}

#[test]
fn routes_of_each_platform() {
    let text = "\
vrf context A
  ip route 10.1.0.0/16 Ethernet1/1 10.0.0.2 name x tag 5 track 3 200
ip route 0.0.0.0/0 10.0.0.1
ip route 10.2.0.0/16 Null0
ip route 10.3.0.0/16 10.0.0.9
no ip route 10.3.0.0/16 10.0.0.9
";
    let parsed = parse(text, Dialect::NxOs);
    assert_eq!(parsed.policies.iter().map(|policy| policy.routes.len()).collect::<Vec<_>>(), [2, 1]);
    let route = &parsed.policies[1].routes[0];
    assert_eq!((route.distance, route.interface.as_str()), (200, "Ethernet1/1"));
    let text = "\
router static
 address-family ipv4 unicast
  0.0.0.0/0 192.0.2.1
  10.0.0.0/8 GigabitEthernet0/0/0/1 192.0.2.2 50
 !
 vrf RED
  address-family ipv4 unicast
   10.5.0.0/16 192.0.2.9
  !
 !
!
";
    let parsed = parse(text, Dialect::IosXr);
    let found: Vec<_> = parsed.policies.iter().map(|policy| (policy.device.as_str(), policy.routes.len())).collect();
    assert_eq!(found, [("", 2), ("/RED", 1)]);
    assert_eq!(parsed.policies[0].routes[1].distance, 50);
}

#[test]
fn translations() {
    let text = "\
interface Gi0/0
 ip address 192.0.2.1 255.255.255.0
 ip nat outside
interface Gi0/1
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
access-list 1 deny host 10.0.0.9
access-list 1 permit 10.0.0.0 0.0.0.255
ip nat pool P 192.0.2.10 192.0.2.20 netmask 255.255.255.0
ip nat inside source list 1 interface Gi0/0 overload
ip nat inside source list 1 pool P
ip nat inside source static 10.0.0.5 192.0.2.5
ip nat inside source static tcp 10.0.0.6 8080 192.0.2.6 80 extendable
ip nat inside source static tcp 10.0.0.7 22 interface Gi0/0 2222
ip nat outside source static 198.51.100.1 10.0.0.200
";
    let parsed = parse(text, Dialect::Ios);
    let nat = &parsed.policies[0].nat;
    let shown: Vec<String> = nat
        .iter()
        .map(|nat| {
            let side = |names: &crate::policy::Names| names.describe();
            let to = |addrs: &Option<crate::policy::Addrs>| {
                addrs.as_ref().map_or("-".into(), crate::policy::Addrs::describe)
            };
            format!(
                "{}>{} {} {} {} => {} {}",
                side(&nat.in_ifs),
                side(&nat.out_ifs),
                nat.src.describe(),
                nat.dst.describe(),
                nat.services.describe(),
                to(&nat.to_src),
                to(&nat.to_dst)
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Gi0/1>Gi0/0 10.0.0.5 any any => 192.0.2.5 -",
            "Gi0/0>Gi0/1 any 192.0.2.6 tcp/80 => - 10.0.0.6",
            "Gi0/0>Gi0/1 any 192.0.2.1 tcp/2222 => - 10.0.0.7",
            "Gi0/0>Gi0/1 198.51.100.1 any any => 10.0.0.200 -",
            "Gi0/1>Gi0/0 1 (10.0.0.0-10.0.0.8, 10.0.0.10-10.0.0.255) any any => 192.0.2.1 -",
            "Gi0/1>Gi0/0 1 (10.0.0.0-10.0.0.8, 10.0.0.10-10.0.0.255) any any => P (192.0.2.10-192.0.2.20) -",
        ]
    );
    assert!(nat.iter().all(|nat| nat.unknown.is_empty()));
}

#[test]
fn a_common_list_of_ios_xr_is_followed_by_the_interface_s_own() {
    let text = "\
ipv4 access-list common
 10 permit tcp any any eq 22
ipv4 access-list own
 10 permit tcp any any eq 80
interface GigabitEthernet0/0/0/0
 ipv4 address 10.0.0.1/24
 ipv4 access-group common common own ingress
interface GigabitEthernet0/0/0/1
 ipv4 address 10.0.1.1/24
 ipv4 access-group common common ingress
";
    let policy = read(text, Dialect::IosXr);
    let (a, b) = ("GigabitEthernet0/0/0/0", "GigabitEthernet0/0/0/1");
    for (ways, service, expected) in [
        ((a, b), SSH, Effect::Permit),
        ((a, b), WEB, Effect::Permit),
        ((b, a), SSH, Effect::Permit),
        ((b, a), WEB, Effect::Deny),
    ] {
        assert_eq!(outcome(&policy, ways, ("10.0.0.2", "10.0.1.2"), service), Some(expected), "{ways:?}");
    }
}

#[test]
fn counters_of_a_listing_are_kept() {
    let text = "\
r1#show access-lists
Standard IP access list 10
    10 permit 10.0.0.0, wildcard bits 0.0.0.255 (17 matches)
Extended IP access list OUT
    10 permit tcp any any eq www (5 matches)
    20 deny ip any any log (1 match)
";
    let parsed = parse(text, Dialect::Ios);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let hits: Vec<_> = parsed.policies[0].rules().map(|rule| (rule.hits, rule.id.as_str())).collect();
    assert_eq!(
        hits,
        [
            (Some(17), "10 permit 10.0.0.0, wildcard bits 0.0.0.255"),
            (Some(5), "OUT permit tcp any any eq www"),
            (Some(1), "OUT deny ip any any log"),
        ]
    );
}

#[test]
fn banners_and_certificates_lose_no_rule() {
    let text = "\
banner motd ^C
access-list 100 permit ip any any
^C
crypto pki certificate chain X
 certificate self-signed 01
  30820229 30820192
        quit
access-list 101 deny tcp any any eq 23
";
    let parsed = parse(text, Dialect::Ios);
    assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    let names: Vec<_> = parsed.policies[0].chains.iter().map(|chain| chain.name.as_str()).collect();
    assert_eq!(names, ["101"]);
}

#[test]
fn secrets_are_masked() {
    let parsed = parse("interface E0\n ip address 10.0.0.1 255.0.0.0\nfoo password hunter2\n", Dialect::Ios);
    let all = format!("{parsed:?}");
    assert!(!all.contains("hunter2") && parsed.notes.len() == 1);
}

#[test]
fn a_file_that_breaks_off_is_truncated() {
    for (text, expected) in [
        ("ip access-list extended A\n permit ip any any\n deny tc", true),
        ("ip access-list extended A\n permit ip any any\n deny tcp", true),
        ("ip access-list extended A\n permit ip any any\n", false),
        ("Building configuration...\naccess-list 1 permit any\n", true),
        ("Building configuration...\naccess-list 1 permit any\nend\n", false),
    ] {
        assert_eq!(read(text, Dialect::Ios).truncated, expected, "{text:?}");
    }
}

#[test]
fn indentation_may_be_lost() {
    let text = "interface Gi0/0\nip address 10.0.0.1 255.255.255.0\nip access-group A in\nip access-list extended A\npermit tcp any any eq 80\n";
    let policy = read(text, Dialect::Ios);
    assert_eq!(policy.chain("A").unwrap().rules[0].action, Action::Permit);
    assert!(policy.paths.iter().any(|path| path.layers == [["A"]]));
}
