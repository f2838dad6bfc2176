//! Applications and the ports that they have by default (Applipedia, "Standard Ports"; IANA service names).
//!
//! PAN-OS recognises an application by what is said, not by its port. Only protocols that own their port are listed:
//! what a connection to it says is, as a rule, that protocol. Many more applications run over the ports of `ssl` and
//! `web-browsing`; of those a port tells nothing.

use crate::interval::Intervals;
use crate::net::{Service, proto};

/// What is known of an application.
pub(super) struct Known {
    /// Packets that are its own.
    pub(super) own: Vec<Service>,
    /// Protocols that it runs over, on any port.
    pub(super) over: Vec<Service>,
}

/// The application of a name.
pub(super) fn known(name: &str) -> Option<Known> {
    let (_, text) = APPS.iter().find(|(known, _)| *known == name)?;
    let own: Vec<Service> = text.split(' ').filter_map(service).collect();
    let mut over: Vec<Service> = Vec::new();
    for service in &own {
        let whole = Service::protos(service.proto.0.clone());
        if !over.contains(&whole) {
            over.push(whole);
        }
    }
    Some(Known { own, over })
}

/// `tcp/80,443`, `udp/1024-2000`, `ip/47`, `icmp/8`
fn service(text: &str) -> Option<Service> {
    let (protocol, rest) = text.split_once('/')?;
    let number = match protocol {
        "tcp" => proto::TCP,
        "udp" => proto::UDP,
        "sctp" => proto::SCTP,
        "ip" => return Some(Service::proto(rest.parse().ok()?)),
        "icmp" => return Some(Service::icmp(proto::ICMP, rest.parse().ok()?, None)),
        "icmp6" => return Some(Service::icmp(proto::ICMP6, rest.parse().ok()?, None)),
        _ => return None,
    };
    Some(Service::to(number, ports(rest)?))
}

/// `80,443,1024-2000`
pub(super) fn ports(text: &str) -> Option<Intervals<u16>> {
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high) = (low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?);
        (low <= high).then_some((low, high))
    };
    let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
    ranges.map(Intervals::of)
}

const APPS: &[(&str, &str)] = &[
    ("bgp", "tcp/179"),
    ("dhcp", "udp/67,68"),
    ("dhcpv6", "udp/546,547"),
    ("dns", "tcp/53 udp/53"),
    ("dns-base", "tcp/53 udp/53"),
    ("echo", "tcp/7 udp/7"),
    ("egp", "ip/8"),
    ("eigrp", "ip/88"),
    ("esp", "ip/50"),
    ("etherip", "ip/97"),
    ("finger", "tcp/79"),
    ("ftp", "tcp/21"),
    ("gre", "ip/47"),
    ("ident", "tcp/113"),
    ("igmp", "ip/2"),
    ("ike", "udp/500,4500"),
    ("imap", "tcp/143"),
    ("ipip", "ip/4"),
    ("ipsec-ah", "ip/51"),
    ("ipsec-esp", "ip/50"),
    ("ah", "ip/51"),
    ("ipv6", "ip/41"),
    ("kerberos", "tcp/88 udp/88"),
    ("l2tp", "udp/1701"),
    ("ldap", "tcp/389 udp/389"),
    ("ms-rdp", "tcp/3389"),
    ("ms-sql-mon", "udp/1434"),
    ("mssql-db", "tcp/1433"),
    ("mssql-db-base", "tcp/1433"),
    ("mssql-mon", "udp/1434"),
    ("mysql", "tcp/3306"),
    ("netbios-dg", "udp/138"),
    ("netbios-ns", "udp/137"),
    ("netbios-ss", "tcp/139"),
    ("nfs", "tcp/2049 udp/2049"),
    ("nntp", "tcp/119"),
    ("ntp", "udp/123"),
    ("ntp-base", "udp/123"),
    ("oracle", "tcp/1521"),
    ("ospf", "ip/89"),
    ("ospfigp", "ip/89"),
    ("pim", "ip/103"),
    ("ping", "icmp/8"),
    ("ping6", "icmp6/128"),
    ("pop3", "tcp/110"),
    ("portmapper", "tcp/111 udp/111"),
    ("postgres", "tcp/5432"),
    ("pptp", "tcp/1723"),
    ("radius", "udp/1645,1646,1812,1813"),
    ("rip", "udp/520"),
    ("rsh", "tcp/514"),
    ("rsync", "tcp/873"),
    ("rtsp", "tcp/554"),
    ("sctp", "ip/132"),
    ("sip", "tcp/5060 udp/5060"),
    ("smtp", "tcp/25"),
    ("smtp-base", "tcp/25"),
    ("snmp", "udp/161"),
    ("snmp-base", "udp/161"),
    ("snmp-trap", "udp/162"),
    ("snmpv1", "udp/161"),
    ("snmpv2", "udp/161"),
    ("snmpv3", "udp/161"),
    ("ssh", "tcp/22"),
    ("ssl", "tcp/443"),
    ("syslog", "udp/514"),
    ("tacacs-plus", "tcp/49"),
    ("telnet", "tcp/23"),
    ("tftp", "udp/69"),
    ("vnc", "tcp/5900"),
    ("vnc-base", "tcp/5900"),
    ("vrrp", "ip/112"),
    ("web-browsing", "tcp/80"),
    ("whois", "tcp/43"),
    ("x11", "tcp/6000-6063"),
    ("ms-ds-smb", "tcp/445"),
    ("ms-ds-smb-base", "tcp/445"),
    ("ms-ds-smbv2", "tcp/445"),
    ("ms-ds-smbv3", "tcp/445"),
    ("icmp", "ip/1"),
    ("ipv6-icmp", "ip/58"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_of_the_table_can_be_read() {
        for (name, text) in APPS {
            let known = known(name).unwrap();
            assert_eq!(known.own.len(), text.split(' ').count(), "{name}");
            assert!(!known.over.is_empty());
        }
        assert!(known("facebook-base").is_none());
        assert_eq!(ports("80, 443,1-5").unwrap().ranges(), [(1, 5), (80, 80), (443, 443)]);
        assert!(ports("5-1").is_none() && ports("a").is_none());
    }
}
