//! Words that stand for numbers: protocols, ports, ICMP messages, predefined applications, services of the device itself.
//! From Juniper's pages on firewall filter match conditions, on predefined policy applications (the group
//! `junos-defaults`), and on `host-inbound-traffic`.

use crate::interval::Intervals;
use crate::net::{self, Service, proto};
use crate::policy::Services;

/// A protocol by number or name.
pub(super) fn protocol(word: &str) -> Option<u8> {
    match word {
        "ipip" => Some(4),
        "icmp6" | "icmpv6" => Some(proto::ICMP6),
        "dstopts" => Some(60),
        "fragment" => Some(44),
        "hop-by-hop" => Some(0),
        "no-next-header" => Some(59),
        "routing" => Some(43),
        _ => net::proto_number(word),
    }
}

/// `ssh`, `80`, `1024-65535`.
pub(super) fn ports(word: &str) -> Option<Intervals<u16>> {
    range(word, |word| {
        word.parse().ok().or_else(|| PORTS.iter().find(|(name, _)| *name == word).map(|(_, port)| *port))
    })
}

/// A number or name, or two with a hyphen between.
pub(super) fn range<T: crate::interval::Point>(word: &str, read: impl Fn(&str) -> Option<T>) -> Option<Intervals<T>> {
    if let Some(one) = read(word) {
        return Some(Intervals::one(one));
    }
    // Names have hyphens too.
    word.match_indices('-').find_map(|(at, _)| {
        let (low, high) = (read(&word[..at])?, read(&word[at + 1..])?);
        (low <= high).then(|| Intervals::range(low, high))
    })
}

/// Type of a message; `v6` for ICMPv6. Some names stand for a type with a code.
pub(super) fn icmp_type(word: &str, v6: bool) -> Option<Intervals<u8>> {
    let names = if v6 { ICMP6_TYPES } else { ICMP_TYPES };
    range(word, |word| number(word, names))
}

/// Code of a message.
pub(super) fn icmp_code(word: &str, v6: bool) -> Option<Intervals<u8>> {
    let names = if v6 { ICMP6_CODES } else { ICMP_CODES };
    range(word, |word| number(word, names))
}

fn number(word: &str, names: &[(&str, u8)]) -> Option<u8> {
    word.parse().ok().or_else(|| names.iter().find(|(name, _)| *name == word).map(|(_, number)| *number))
}

const ICMP_TYPES: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("unreachable", 3),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("router-advertisement", 9),
    ("router-solicit", 10),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("mask-request", 17),
    ("mask-reply", 18),
];

const ICMP6_TYPES: &[(&str, u8)] = &[
    ("destination-unreachable", 1),
    ("unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("parameter-problem", 4),
    ("private-experimentation-100", 100),
    ("private-experimentation-101", 101),
    ("echo-request", 128),
    ("echo-reply", 129),
    ("membership-query", 130),
    ("membership-report", 131),
    ("membership-termination", 132),
    ("router-solicit", 133),
    ("router-advertisement", 134),
    ("neighbor-solicit", 135),
    ("neighbor-advertisement", 136),
    ("redirect", 137),
    ("router-renumbering", 138),
    ("node-information-request", 139),
    ("node-information-reply", 140),
    ("inverse-neighbor-discovery-solicitation", 141),
    ("inverse-neighbor-discovery-advertisement", 142),
    ("home-agent-address-discovery-request", 144),
    ("home-agent-address-discovery-reply", 145),
    ("mobile-prefix-solicitation", 146),
    ("mobile-prefix-advertisement-reply", 147),
    ("certificate-path-solicitation", 148),
    ("certificate-path-advertisement", 149),
    ("private-experimentation-200", 200),
    ("private-experimentation-201", 201),
];

const ICMP_CODES: &[(&str, u8)] = &[
    ("network-unreachable", 0),
    ("host-unreachable", 1),
    ("protocol-unreachable", 2),
    ("port-unreachable", 3),
    ("fragmentation-needed", 4),
    ("source-route-failed", 5),
    ("destination-network-unknown", 6),
    ("destination-host-unknown", 7),
    ("source-host-isolated", 8),
    ("destination-network-prohibited", 9),
    ("destination-host-prohibited", 10),
    ("network-unreachable-for-tos", 11),
    ("network-unreachable-for-TOS", 11),
    ("host-unreachable-for-tos", 12),
    ("host-unreachable-for-TOS", 12),
    ("communication-prohibited-by-filtering", 13),
    ("host-precedence-violation", 14),
    ("precedence-cutoff-in-effect", 15),
    ("redirect-for-network", 0),
    ("redirect-for-host", 1),
    ("redirect-for-tos-and-net", 2),
    ("redirect-for-tos-and-host", 3),
    ("ttl-eq-zero-during-transit", 0),
    ("ttl-eq-zero-during-reassembly", 1),
    ("ip-header-bad", 0),
    ("required-option-missing", 1),
];

const ICMP6_CODES: &[(&str, u8)] = &[
    ("no-route-to-destination", 0),
    ("administratively-prohibited", 1),
    ("address-unreachable", 3),
    ("port-unreachable", 4),
    ("ttl-eq-zero-during-transit", 0),
    ("ttl-eq-zero-during-reassembly", 1),
    ("ip6-header-bad", 0),
    ("unrecognized-next-header", 1),
    ("unrecognized-option", 2),
];

const PORTS: &[(&str, u16)] = &[
    ("afs", 1483),
    ("bgp", 179),
    ("biff", 512),
    ("bootpc", 68),
    ("bootps", 67),
    ("cmd", 514),
    ("cvspserver", 2401),
    ("dhcp", 67),
    ("domain", 53),
    ("eklogin", 2105),
    ("ekshell", 2106),
    ("exec", 512),
    ("finger", 79),
    ("ftp", 21),
    ("ftp-data", 20),
    ("http", 80),
    ("https", 443),
    ("ident", 113),
    ("imap", 143),
    ("kerberos-sec", 88),
    ("klogin", 543),
    ("kpasswd", 761),
    ("krb-prop", 754),
    ("krbupdate", 760),
    ("kshell", 544),
    ("ldap", 389),
    ("ldp", 646),
    ("login", 513),
    ("mobileip-agent", 434),
    ("mobilip-mn", 435),
    ("msdp", 639),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nfsd", 2049),
    ("nntp", 119),
    ("ntalk", 518),
    ("ntp", 123),
    ("pop3", 110),
    ("pptp", 1723),
    ("printer", 515),
    ("radacct", 1813),
    ("radius", 1812),
    ("rip", 520),
    ("rkinit", 2108),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmptrap", 162),
    ("snmp-trap", 162),
    ("snpp", 444),
    ("socks", 1080),
    ("ssh", 22),
    ("sunrpc", 111),
    ("syslog", 514),
    ("tacacs", 49),
    ("tacacs-ds", 65),
    ("talk", 517),
    ("telnet", 23),
    ("tftp", 69),
    ("timed", 525),
    ("who", 513),
    ("xdmcp", 177),
    ("xnm-clear-text", 3221),
    ("xnm-ssl", 3220),
];

/// `tcp:80,443 udp:53 47 icmp:8`: protocols, each with ports or a type where it has them.
fn services(text: &str) -> Services {
    let mut all = Services::default();
    for part in text.split_whitespace() {
        let (name, ports) = part.split_once(':').unwrap_or((part, ""));
        let Some(number) = protocol(name) else { continue };
        if ports.is_empty() {
            all.push(Service::proto(number));
        }
        for port in ports.split(',').filter(|port| !port.is_empty()) {
            let icmp = [proto::ICMP, proto::ICMP6].contains(&number);
            let (kind, code) = port.split_once('.').map_or((port, None), |(kind, code)| (kind, code.parse().ok()));
            match (icmp, kind.parse(), range(port, |word| word.parse().ok())) {
                (true, Ok(kind), _) => all.push(Service::icmp(number, kind, code)),
                (false, _, Some(range)) => all.push(Service::to(number, range)),
                _ => {}
            }
        }
    }
    all
}

/// An application or set of them that every device has; `None` when there is none of this name.
pub(super) fn predefined_application(name: &str) -> Option<Services> {
    if let Some((_, text)) = APPLICATIONS.iter().find(|(known, _)| *known == name) {
        return Some(services(text));
    }
    // Told apart by a UUID or program number that is negotiated before: they may use any port of their protocol.
    let by_content = ["junos-ms-rpc", "junos-sun-rpc"].iter().any(|stem| name.starts_with(stem));
    by_content.then(|| {
        let both = [proto::TCP, proto::UDP];
        let protocols: &[u8] = match name.rsplit('-').next() {
            Some("tcp") => &both[..1],
            Some("udp") => &both[1..],
            _ => &both,
        };
        let maybe = protocols.iter().map(|number| Service::proto(*number)).collect();
        Services { maybe, unknown: vec![name.to_owned()], ..Services::default() }
    })
}

const APPLICATIONS: &[(&str, &str)] = &[
    ("junos-aol", "tcp:5190-5193"),
    ("junos-bgp", "tcp:179"),
    ("junos-biff", "udp:512"),
    ("junos-bootpc", "udp:68"),
    ("junos-bootps", "udp:67"),
    ("junos-chargen", "udp:19"),
    ("junos-cifs", "tcp:139,445"),
    ("junos-cvspserver", "tcp:2401"),
    ("junos-dhcp-client", "udp:68"),
    ("junos-dhcp-relay", "udp:67"),
    ("junos-dhcp-server", "udp:67"),
    ("junos-discard", "udp:9"),
    ("junos-dns-tcp", "tcp:53"),
    ("junos-dns-udp", "udp:53"),
    ("junos-echo", "udp:7"),
    ("junos-finger", "tcp:79"),
    ("junos-ftp", "tcp:21"),
    ("junos-ftp-data", "tcp:20"),
    ("junos-gnutella", "udp:6346-6347"),
    ("junos-gopher", "tcp:70"),
    ("junos-gprs-gtp-c", "tcp:2123 udp:2123"),
    ("junos-gprs-gtp-c-tcp", "tcp:2123"),
    ("junos-gprs-gtp-c-udp", "udp:2123"),
    ("junos-gprs-gtp-u", "tcp:2152 udp:2152"),
    ("junos-gprs-gtp-u-tcp", "tcp:2152"),
    ("junos-gprs-gtp-u-udp", "udp:2152"),
    ("junos-gprs-gtp-v0", "tcp:3386 udp:3386"),
    ("junos-gprs-gtp-v0-tcp", "tcp:3386"),
    ("junos-gprs-gtp-v0-udp", "udp:3386"),
    ("junos-gprs-sctp", "sctp"),
    ("junos-gre", "gre"),
    ("junos-gtp", "udp:2123"),
    ("junos-h323", "tcp:389,522,1503,1720,1731 udp:1719"),
    ("junos-http", "tcp:80"),
    ("junos-http-ext", "tcp:7001"),
    ("junos-https", "tcp:443"),
    ("junos-icmp-all", "icmp"),
    ("junos-icmp-ping", "icmp:8"),
    ("junos-icmp6-all", "icmp6"),
    ("junos-icmp6-dst-unreach-addr", "icmp6:1.3"),
    ("junos-icmp6-dst-unreach-admin", "icmp6:1.1"),
    ("junos-icmp6-dst-unreach-beyond", "icmp6:1.2"),
    ("junos-icmp6-dst-unreach-port", "icmp6:1.4"),
    ("junos-icmp6-dst-unreach-route", "icmp6:1.0"),
    ("junos-icmp6-echo-reply", "icmp6:129"),
    ("junos-icmp6-echo-request", "icmp6:128"),
    ("junos-icmp6-packet-to-big", "icmp6:2.0"),
    ("junos-icmp6-packet-too-big", "icmp6:2.0"),
    ("junos-icmp6-param-prob-header", "icmp6:4.0"),
    ("junos-icmp6-param-prob-nexthdr", "icmp6:4.1"),
    ("junos-icmp6-param-prob-option", "icmp6:4.2"),
    ("junos-icmp6-time-exceed-reassembly", "icmp6:3.1"),
    ("junos-icmp6-time-exceed-transit", "icmp6:3.0"),
    ("junos-ident", "tcp:113"),
    ("junos-ike", "udp:500"),
    ("junos-ike-nat", "udp:4500"),
    ("junos-imap", "tcp:143"),
    ("junos-imaps", "tcp:993"),
    ("junos-internet-locator-service", "tcp:389"),
    ("junos-irc", "tcp:6660-6669"),
    ("junos-l2tp", "udp:1701"),
    ("junos-ldap", "tcp:389"),
    ("junos-ldp-tcp", "tcp:646"),
    ("junos-ldp-udp", "udp:646"),
    ("junos-lpr", "tcp:515"),
    ("junos-mail", "tcp:25"),
    ("junos-mgcp", "udp:2427,2727"),
    ("junos-mgcp-ca", "udp:2727"),
    ("junos-mgcp-ua", "udp:2427"),
    ("junos-ms-rpc-tcp", "tcp:135"),
    ("junos-ms-rpc-udp", "udp:135"),
    ("junos-ms-rpc", "tcp:135 udp:135"),
    ("junos-ms-rpc-epm", "tcp:135"),
    ("junos-ms-sql", "tcp:1433"),
    ("junos-msn", "tcp:1863"),
    ("junos-nbds", "udp:138"),
    ("junos-nbname", "udp:137"),
    ("junos-netbios-session", "tcp:139"),
    ("junos-nfs", "udp:111"),
    ("junos-nfsd-tcp", "tcp:2049"),
    ("junos-nfsd-udp", "udp:2049"),
    ("junos-nntp", "tcp:119"),
    ("junos-ns-global", "tcp:15397"),
    ("junos-ns-global-pro", "tcp:15397"),
    ("junos-nsm", "udp:69"),
    ("junos-ntalk", "tcp:518 udp:518"),
    ("junos-ntp", "udp:123"),
    ("junos-ospf", "ospf"),
    ("junos-pc-anywhere", "udp:5632"),
    ("junos-persistent-nat", "255"),
    ("junos-ping", "icmp"),
    ("junos-pingv6", "icmp6"),
    ("junos-pop3", "tcp:110"),
    ("junos-pptp", "tcp:1723"),
    ("junos-printer", "tcp:515"),
    ("junos-r2cp", "udp:28672"),
    ("junos-radacct", "udp:1813"),
    ("junos-radius", "udp:1812"),
    ("junos-rdp", "tcp:3389"),
    ("junos-realaudio", "tcp:554"),
    ("junos-rip", "udp:520"),
    ("junos-routing-inbound", "tcp:179,646 udp:520,646 ospf"),
    ("junos-rsh", "tcp:514"),
    ("junos-rtsp", "tcp:554"),
    ("junos-sccp", "tcp:2000"),
    ("junos-sctp-any", "sctp"),
    ("junos-sip", "tcp:5060 udp:5060"),
    ("junos-smb", "tcp:139,445"),
    ("junos-smb-session", "tcp:445"),
    ("junos-smtp", "tcp:25"),
    ("junos-smtps", "tcp:465"),
    ("junos-snmp-agentx", "tcp:705"),
    ("junos-snpp", "tcp:444"),
    ("junos-sql-monitor", "udp:1434"),
    ("junos-sqlnet-v1", "tcp:1525"),
    ("junos-sqlnet-v2", "tcp:1521"),
    ("junos-ssh", "tcp:22"),
    ("junos-stun", "tcp:3478-3479 udp:3478-3479"),
    ("junos-stun-tcp", "tcp:3478-3479"),
    ("junos-stun-udp", "udp:3478-3479"),
    ("junos-sun-rpc", "tcp:111 udp:111"),
    ("junos-sun-rpc-tcp", "tcp:111"),
    ("junos-sun-rpc-udp", "udp:111"),
    ("junos-syslog", "udp:514"),
    ("junos-tacacs", "tcp:49"),
    ("junos-tacacs-ds", "tcp:65"),
    ("junos-talk", "tcp:517 udp:517"),
    ("junos-tcp-any", "tcp"),
    ("junos-telnet", "tcp:23"),
    ("junos-tftp", "udp:69"),
    ("junos-udp-any", "udp"),
    ("junos-uucp", "udp:540"),
    ("junos-vdo-live", "udp:7000-7010"),
    ("junos-vnc", "tcp:5800"),
    ("junos-vxlan", "udp:4789"),
    ("junos-wais", "tcp:210"),
    ("junos-who", "udp:513"),
    ("junos-whois", "tcp:43"),
    ("junos-winframe", "tcp:1494"),
    ("junos-wxcontrol", "tcp:3578"),
    ("junos-x-windows", "tcp:6000-6063"),
    ("junos-xnm-clear-text", "tcp:3221"),
    ("junos-xnm-ssl", "tcp:3220"),
    ("junos-ymsg", "tcp:5000-5010,5050 udp:5000-5010,5050"),
];

/// A service or protocol that `host-inbound-traffic` lets reach the device; `None` when it is not known.
pub(super) fn host_inbound(kind: &str, name: &str) -> Option<Services> {
    let table = if kind == "protocols" { HOST_PROTOCOLS } else { HOST_SERVICES };
    match name {
        "any-service" => Some(Services::any()),
        "all" => {
            let mut all = Services::default();
            for (_, text) in table {
                all.add(&services(text));
            }
            Some(all)
        }
        _ => table.iter().find(|(known, _)| *known == name).map(|(_, text)| services(text)),
    }
}

const HOST_SERVICES: &[(&str, &str)] = &[
    ("appqoe", "udp:36000"),
    ("bootp", "udp:67-68"),
    ("dhcp", "udp:67-68"),
    ("dhcpv6", "udp:546-547"),
    ("dns", "tcp:53 udp:53"),
    ("finger", "tcp:79"),
    ("ftp", "tcp:21"),
    ("high-availability", "udp:49153"),
    ("http", "tcp:80"),
    ("https", "tcp:443"),
    ("ident-reset", "tcp:113"),
    ("ike", "udp:500,4500"),
    ("lsping", "udp:3503"),
    ("lsselfping", "udp:8503"),
    ("netconf", "tcp:830"),
    ("ntp", "udp:123"),
    ("ping", "icmp:8 icmp6:128"),
    ("r2cp", "udp:28672"),
    ("reverse-ssh", "tcp:2901"),
    ("reverse-telnet", "tcp:2900"),
    ("rlogin", "tcp:513"),
    ("rpm", "tcp:7 udp:7"),
    ("rsh", "tcp:514"),
    ("sip", "tcp:5060 udp:5060"),
    ("snmp", "udp:161"),
    ("snmp-trap", "udp:162"),
    ("ssh", "tcp:22"),
    ("tcp-encap", "tcp:443"),
    ("telnet", "tcp:23"),
    ("tftp", "udp:69"),
    ("traceroute", "udp:33434-33523"),
    ("webapi-clear-text", "tcp:8080"),
    ("webapi-ssl", "tcp:8443"),
    ("xnm-clear-text", "tcp:3221"),
    ("xnm-ssl", "tcp:3220"),
];

const HOST_PROTOCOLS: &[(&str, &str)] = &[
    ("bfd", "udp:3784-3785,4784"),
    ("bgp", "tcp:179"),
    ("dvmrp", "igmp"),
    ("igmp", "igmp"),
    ("ldp", "tcp:646 udp:646"),
    ("msdp", "tcp:639"),
    ("ndp", "icmp6:133,134,135,136,137"),
    ("nhrp", "54"),
    ("ospf", "ospf"),
    ("ospf3", "ospf"),
    ("pgm", "pgm"),
    ("pim", "pim"),
    ("rip", "udp:520"),
    ("ripng", "udp:521"),
    ("router-discovery", "icmp:9,10"),
    ("rsvp", "rsvp"),
    ("sap", "udp:9875"),
    ("vrrp", "vrrp"),
];
