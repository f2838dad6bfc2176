//! Services that nothing on the Internet should be able to reach from everywhere. Data: port, name, how bad it is, why.
//! Telnet, FTP and SMB have checks of their own, in every direction.

use crate::interval::Intervals;
use crate::net::{Service, proto};

/// A risky service.
#[derive(Debug)]
pub struct Risky {
    /// Name for readers.
    pub name: &'static str,
    /// `tcp/3389 udp/3389`
    pub ports: &'static str,
    /// Opened to the Internet it is critical; else high or medium.
    pub severity: &'static str,
    /// Why.
    pub rationale: &'static str,
}

impl Risky {
    /// The ports as services.
    pub fn services(&self) -> Vec<Service> {
        let one = |text: &str| {
            let (protocol, ports) = text.split_once('/')?;
            let number = crate::net::proto_number(protocol)?;
            let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
            Some(Service::to(number, Intervals::range(low.parse().ok()?, high.parse().ok()?)))
        };
        self.ports.split(' ').filter_map(one).collect()
    }
}

/// Most severe first, then by name.
pub const RISKY: &[Risky] = &[
    Risky {
        name: "Cassandra",
        ports: "tcp/9042 tcp/9160",
        severity: "critical",
        rationale: "database: data belongs behind its application, often without authentication",
    },
    Risky {
        name: "Citrix ICA",
        ports: "tcp/1494 tcp/2598",
        severity: "critical",
        rationale: "remote desktop without its gateway",
    },
    Risky {
        name: "CouchDB",
        ports: "tcp/5984",
        severity: "critical",
        rationale: "database with an administrative web interface",
    },
    Risky {
        name: "DB2",
        ports: "tcp/50000",
        severity: "critical",
        rationale: "database: password guessing and direct access to data",
    },
    Risky {
        name: "Docker API",
        ports: "tcp/2375-2376",
        severity: "critical",
        rationale: "whoever reaches it owns the host; 2375 has no authentication",
    },
    Risky {
        name: "Elasticsearch",
        ports: "tcp/9200 tcp/9300",
        severity: "critical",
        rationale: "open by default; mass theft and ransom of indices",
    },
    Risky {
        name: "etcd",
        ports: "tcp/2379-2380",
        severity: "critical",
        rationale: "holds all secrets of a Kubernetes cluster",
    },
    Risky {
        name: "Kubernetes API and kubelet",
        ports: "tcp/6443 tcp/10250 tcp/10255",
        severity: "critical",
        rationale: "control of all containers",
    },
    Risky {
        name: "LDAP",
        ports: "tcp/389 udp/389 tcp/636 tcp/3268-3269",
        severity: "critical",
        rationale: "directory: accounts readable and guessable, amplification over UDP",
    },
    Risky {
        name: "Kerberos",
        ports: "tcp/88 udp/88 tcp/464 udp/464",
        severity: "critical",
        rationale: "domain controllers must not face the Internet: account enumeration and offline password guessing",
    },
    Risky {
        name: "Memcached",
        ports: "tcp/11211 udp/11211",
        severity: "critical",
        rationale: "no authentication; record amplification attacks",
    },
    Risky {
        name: "MongoDB",
        ports: "tcp/27017-27019",
        severity: "critical",
        rationale: "database: mass theft and ransom of open instances",
    },
    Risky {
        name: "Microsoft SQL Server",
        ports: "tcp/1433 udp/1434",
        severity: "critical",
        rationale: "database: password guessing, worms, command execution",
    },
    Risky {
        name: "MySQL",
        ports: "tcp/3306 tcp/33060",
        severity: "critical",
        rationale: "database: password guessing and direct access to data",
    },
    Risky {
        name: "NFS",
        ports: "tcp/2049 udp/2049",
        severity: "critical",
        rationale: "file shares that trust addresses",
    },
    Risky {
        name: "Oracle listener",
        ports: "tcp/1521-1522",
        severity: "critical",
        rationale: "database: password guessing, listener attacks",
    },
    Risky {
        name: "PostgreSQL",
        ports: "tcp/5432",
        severity: "critical",
        rationale: "database: password guessing and direct access to data",
    },
    Risky {
        name: "r-services",
        ports: "tcp/512-514",
        severity: "critical",
        rationale: "remote shells that trust addresses and send passwords in the clear",
    },
    Risky {
        name: "RDP",
        ports: "tcp/3389 udp/3389",
        severity: "critical",
        rationale: "first way in of ransomware: password guessing and remote execution flaws",
    },
    Risky {
        name: "Redis",
        ports: "tcp/6379",
        severity: "critical",
        rationale: "no authentication by default; writes files, so takes over hosts",
    },
    Risky {
        name: "RPC endpoint mapper",
        ports: "tcp/135 udp/135 tcp/593",
        severity: "critical",
        rationale: "Windows remote procedure calls: WMI, DCOM, task scheduling",
    },
    Risky {
        name: "Portmapper",
        ports: "tcp/111 udp/111",
        severity: "critical",
        rationale: "lists Unix RPC services; amplification",
    },
    Risky {
        name: "rsync",
        ports: "tcp/873",
        severity: "critical",
        rationale: "file copies, often without authentication",
    },
    Risky { name: "iSCSI", ports: "tcp/3260", severity: "critical", rationale: "raw access to disks" },
    Risky {
        name: "SNMP",
        ports: "udp/161-162 tcp/161-162",
        severity: "critical",
        rationale: "device secrets and configuration in the clear; amplification",
    },
    Risky {
        name: "TFTP",
        ports: "udp/69",
        severity: "critical",
        rationale: "no authentication: device configurations and boot images",
    },
    Risky {
        name: "VMware and Proxmox consoles",
        ports: "tcp/902 tcp/8006 tcp/9443",
        severity: "critical",
        rationale: "control of all virtual machines",
    },
    Risky {
        name: "VNC",
        ports: "tcp/5800-5801 tcp/5900-5910",
        severity: "critical",
        rationale: "remote desktop with a short password or none",
    },
    Risky { name: "WinRM", ports: "tcp/5985-5986", severity: "critical", rationale: "Windows remote administration" },
    Risky {
        name: "X11",
        ports: "tcp/6000-6063",
        severity: "critical",
        rationale: "remote screens and keyboards without encryption",
    },
    Risky {
        name: "IPMI",
        ports: "udp/623",
        severity: "critical",
        rationale: "server hardware: gives out password hashes by design",
    },
    Risky {
        name: "Cisco Smart Install",
        ports: "tcp/4786",
        severity: "critical",
        rationale: "replaces device configurations without authentication",
    },
    Risky {
        name: "SSH",
        ports: "tcp/22",
        severity: "high",
        rationale: "administration: password guessing; belongs behind VPN or a jump host",
    },
    Risky {
        name: "Remote support tools",
        ports: "tcp/5938 udp/5938 tcp/7070 tcp/5631 udp/5632",
        severity: "high",
        rationale: "remote control outside the firm's administration",
    },
    Risky {
        name: "Web administration consoles",
        ports: "tcp/10000 tcp/4848 tcp/7001-7002 tcp/9090",
        severity: "high",
        rationale: "consoles of servers and appliances with default accounts and known flaws",
    },
    Risky {
        name: "Open proxies",
        ports: "tcp/1080 tcp/3128",
        severity: "high",
        rationale: "lets outsiders act from the firm's addresses",
    },
    Risky { name: "Syslog", ports: "udp/514 tcp/6514", severity: "medium", rationale: "forged log entries and floods" },
    Risky { name: "PPTP", ports: "tcp/1723", severity: "medium", rationale: "VPN whose authentication is broken" },
    Risky { name: "Finger", ports: "tcp/79", severity: "medium", rationale: "gives out account names" },
    Risky {
        name: "Unencrypted mail retrieval",
        ports: "tcp/110 tcp/143",
        severity: "medium",
        rationale: "mailbox passwords in the clear",
    },
];

/// What the checks of single services look for.
pub fn telnet() -> Vec<Service> {
    vec![Service::to(proto::TCP, Intervals::one(23))]
}

/// Control and data connections of FTP.
pub fn ftp() -> Vec<Service> {
    vec![Service::to(proto::TCP, Intervals::range(20, 21))]
}

/// SMB itself and NetBIOS under it.
pub fn smb() -> Vec<Service> {
    vec![
        Service::to(proto::TCP, Intervals::of([(139, 139), (445, 445)])),
        Service::to(proto::UDP, Intervals::range(137, 138)),
    ]
}

/// Services of the table by their names.
fn named(names: &[&str]) -> Vec<Service> {
    RISKY.iter().filter(|risky| names.contains(&risky.name)).flat_map(Risky::services).collect()
}

/// Remote desktops and shells.
pub fn remote_access() -> Vec<Service> {
    named(REMOTE_ACCESS)
}

const REMOTE_ACCESS: &[&str] = &["RDP", "VNC", "SSH", "WinRM", "Citrix ICA", "X11", "Remote support tools"];

/// Administration of a device.
pub fn management() -> Vec<Service> {
    let mut services = named(&["SSH", "SNMP", "RDP", "WinRM", "VNC"]);
    services.extend(telnet());
    services
}

/// Web consoles of devices.
pub fn web_consoles() -> Vec<Service> {
    vec![Service::to(proto::TCP, Intervals::of([(80, 80), (443, 443), (4443, 4443), (8080, 8080), (8443, 8443)]))]
}

/// Databases.
pub fn databases() -> Vec<Service> {
    named(DATABASES)
}

const DATABASES: &[&str] = &[
    "Cassandra",
    "CouchDB",
    "DB2",
    "Elasticsearch",
    "Memcached",
    "MongoDB",
    "MySQL",
    "Oracle listener",
    "PostgreSQL",
    "Redis",
    "Microsoft SQL Server",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_service_is_in_the_table() {
        for name in REMOTE_ACCESS.iter().chain(DATABASES) {
            assert!(RISKY.iter().any(|risky| risky.name == *name), "{name}");
        }
    }

    #[test]
    fn every_entry_has_readable_ports_and_a_known_severity() {
        for risky in RISKY {
            assert_eq!(risky.services().len(), risky.ports.split(' ').count(), "{}", risky.name);
            assert!(["critical", "high", "medium"].contains(&risky.severity), "{}", risky.name);
        }
    }
}
