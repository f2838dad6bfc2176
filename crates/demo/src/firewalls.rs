//! Three firewalls of three makers: at the Internet edge, before the back office, and a Linux gateway of the office.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::edition::NOW;
use crate::random::Random;
use crate::{BACK_OFFICE, Book, OFFICE, TRADING};

const ANY_ANY: &str = "firewall/permit-any-any";
const EXPOSED: &str = "firewall/permissive-inbound-service";
const TELNET: &str = "firewall/telnet-allowed";
const FTP: &str = "firewall/ftp-allowed";
const SMB: &str = "firewall/smb-allowed";
const NO_DENY_ALL: &str = "firewall/missing-deny-all";
const NOT_LOGGED: &str = "firewall/deny-all-not-logged";
const REMOTE: &str = "firewall/remote-desktop-from-outside";
const REDUNDANT: &str = "firewall/redundant-rule";
const DISABLED: &str = "firewall/disabled-rule";
const EXPIRED: &str = "firewall/expired-rule";
const NAT: &str = "firewall/nat-exposes-internal";
const PERMIT_NOT_LOGGED: &str = "firewall/permit-not-logged";
const LISTED: &str = "firewall/indicator-not-blocked";

pub(crate) fn write(seed: u64, book: &mut Book) {
    edge(seed, book);
    if book.edition.covers(BACK_OFFICE) {
        back_office(seed, book);
    }
    if book.edition.covers(OFFICE) {
        gateway(seed, book);
    }
}

/// No firewall of the firm knows the lists of intelligence that it receives.
fn listed(book: &mut Book, device: &str, system: &str) {
    let subject = json!({"kind": "policy", "scope": device, "setting": "indicators"});
    book.plant(LISTED, system, subject, "hosts inside may surf to every listed address");
}

fn rule(device: &str, rule: impl Into<Json>) -> Json {
    json!({"kind": "rule", "device": device, "rule": rule.into()})
}

/// A FortiOS policy being written.
struct Policy {
    name: String,
    from: &'static str,
    to: &'static str,
    src: &'static str,
    dst: &'static str,
    service: &'static str,
    /// Further lines.
    more: &'static str,
    means: Means,
    /// Years in which it is there; none: always. A rule that is not there keeps its number.
    years: &'static [i16],
}

impl Policy {
    fn only_in(self, years: &'static [i16]) -> Self {
        Self { years, ..self }
    }
}

/// What a policy is in the story.
#[derive(Clone, Copy, Default)]
struct Means {
    /// Checks that have to fire, and why.
    planted: &'static [(&'static str, &'static str)],
    /// Checks that must not, although it looks like it.
    innocent: &'static [&'static str],
    /// What it looks like.
    looks: &'static str,
}

const ORDINARY: Means = Means { planted: &[], innocent: &[], looks: "" };

const fn planted(planted: &'static [(&'static str, &'static str)]) -> Means {
    Means { planted, ..ORDINARY }
}

const fn innocent(innocent: &'static [&'static str], looks: &'static str) -> Means {
    Means { innocent, looks, ..ORDINARY }
}

fn policy(
    name: &str,
    [from, to]: [&'static str; 2],
    [src, dst, service]: [&'static str; 3],
    more: &'static str,
    means: Means,
) -> Policy {
    Policy { name: name.to_owned(), from, to, src, dst, service, more, means, years: &[] }
}

const ACCEPT: &str = "set action accept\nset logtraffic all";
const DENY: &str = "set action deny\nset logtraffic all";

/// Firms that orders are handed on to; some of them have a rule.
const PARTNERS: [&str; 6] = ["partner-1", "partner-2", "partner-3", "partner-4", "partner-5", "partner-6"];

/// Rules that firms have, in any order that the seed gives them.
fn ordinary(random: &mut Random) -> Vec<Policy> {
    let rule = |name: &str, way: [&'static str; 2], what: [&'static str; 3]| policy(name, way, what, ACCEPT, ORDINARY);
    let mut rules = vec![
        rule("web-in", ["wan1", "dmz"], ["all", "vip-web", "HTTPS"]),
        rule("order-api-in", ["wan1", "dmz"], ["grp-brokers", "vip-api", "HTTPS"]),
        rule("mail-in", ["wan1", "dmz"], ["all", "vip-mail", "SMTP"]),
        rule("mail-out", ["dmz", "wan1"], ["h-mail", "all", "SMTP"]),
        rule("web-to-order", ["dmz", "servers"], ["h-web", "h-order", "svc-order"]),
        rule("api-to-order", ["dmz", "servers"], ["h-api", "h-order", "svc-order"]),
        rule("order-to-exchange", ["servers", "wan1"], ["h-order", "net-exchange", "svc-fix"]),
        rule("quotes", ["servers", "wan1"], ["h-quote", "net-exchange", "svc-quote"]),
        rule("office-web", ["office", "wan1"], ["net-office", "all", "grp-web"]),
        rule("office-to-order", ["office", "servers"], ["net-office", "h-order", "HTTPS"]),
        rule("office-directory", ["office", "servers"], ["net-office", "h-directory", "grp-directory"]),
        rule("resolver-out", ["servers", "wan1"], ["h-directory", "all", "DNS"]),
        rule("time", ["servers", "wan1"], ["net-servers", "h-time", "NTP"]),
        rule("manage-servers", ["mgmt", "servers"], ["net-mgmt", "net-servers", "grp-manage"]),
        rule("manage-dmz", ["mgmt", "dmz"], ["net-mgmt", "net-dmz", "grp-manage"]),
        rule("logs-dmz", ["dmz", "mgmt"], ["net-dmz", "h-collector", "SYSLOG"]),
        rule("logs-servers", ["servers", "mgmt"], ["net-servers", "h-collector", "SYSLOG"]),
        rule("watch", ["mgmt", "servers"], ["h-collector", "net-servers", "grp-watch"]),
        rule("database", ["servers", "servers"], ["h-order", "h-database", "svc-database"]),
    ];
    for partner in &PARTNERS[..usize::try_from(random.range(2, 7)).unwrap_or(2)] {
        rules.push(rule(&format!("order-to-{partner}"), ["servers", "wan1"], ["h-order", partner, "HTTPS"]));
    }
    random.shuffle(&mut rules);
    rules
}

fn notable(random: &mut Random) -> Vec<Policy> {
    const UNREACHED: &[&str] = &[ANY_ANY, EXPOSED, TELNET, FTP, SMB];
    let all = ["all", "all", "ALL"];
    let mut rules = vec![
        policy(
            "support-rdp",
            ["wan1", "servers"],
            ["all", "vip-rdp", "RDP"],
            ACCEPT,
            planted(&[
                (EXPOSED, "remote desktop of a server is open to the whole Internet"),
                (REMOTE, "remote desktop of a server is open to the outside"),
                (NAT, "a server among the internal ones is published"),
            ]),
        )
        .only_in(&[2025, 2026]),
        policy(
            "migration",
            ["wan1", "servers"],
            all,
            "set action accept\nset status disable",
            Means {
                planted: &[(DISABLED, "a rule of the migration was switched off and left")],
                ..innocent(UNREACHED, "permits everything, but is disabled")
            },
        ),
        policy(
            "audit-2025",
            ["wan1", "office"],
            all,
            "set action accept\nset schedule \"until-2025\"",
            Means {
                planted: &[(EXPIRED, "a rule for the audit of 2025 is over")],
                ..innocent(UNREACHED, "permits everything, but ended in 2025")
            },
        )
        .only_in(&[2026]),
        policy("no-dmz-to-office", ["dmz", "office"], all, DENY, innocent(UNREACHED, "any to any, but denies")),
        policy(
            "updates",
            ["servers", "wan1"],
            ["all", "fqdn-updates", "HTTPS"],
            ACCEPT,
            innocent(UNREACHED, "any source, but to one host name and by HTTPS only"),
        ),
        policy(
            "support-ssh",
            ["wan1", "mgmt"],
            ["grp-brokers", "h-collector", "SSH"],
            ACCEPT,
            Means {
                planted: &[(REMOTE, "brokers reach a shell in the management network")],
                ..innocent(&[ANY_ANY, EXPOSED], "SSH from outside, but from a few addresses only")
            },
        ),
    ];
    random.shuffle(&mut rules);
    // These two belong together: what the second permits has been denied by the first.
    rules.push(policy(
        "vault-no-cleartext",
        ["servers", "mgmt"],
        ["h-backup", "h-vault", "grp-cleartext"],
        DENY,
        ORDINARY,
    ));
    rules.push(policy(
        "vault",
        ["servers", "mgmt"],
        ["h-backup", "h-vault", "ALL"],
        ACCEPT,
        innocent(UNREACHED, "any service between two hosts, after Telnet, FTP and SMB were denied"),
    ));
    rules
}

fn edge(seed: u64, book: &mut Book) {
    const DEVICE: &str = "fw-edge-1";
    let mut random = Random::new(seed, "edge");
    let mut rules = ordinary(&mut random);
    rules.extend(notable(&mut random));
    // Taken away after the first diagnostic, and back today.
    let printing = planted(&[
        (ANY_ANY, "everything is permitted from the office to the servers"),
        (REDUNDANT, "the office's rules to the servers do nothing that this one does not do"),
    ]);
    let all = ["all", "all", "ALL"];
    rules.push(policy("printing", ["office", "servers"], all, ACCEPT, printing).only_in(&[2023, 2026]));
    // Taken away for good.
    let drop = ["grp-brokers", "vip-web", "FTP"];
    let means = planted(&[(FTP, "brokers hand files in by FTP")]);
    rules.push(policy("file-drop", ["wan1", "dmz"], drop, ACCEPT, means).only_in(&[2023]));
    let mut text = String::from(
        "#config-version=FGT100F-7.2.8-FW-build1639-240313:opmode=0:vdom=0:user=admin\n#conf_file_ver=1204512\n\
         config system global\n    set admin-https-redirect enable\n    set hostname \"fw-edge-1\"\n    set timezone 61\nend\n",
    );
    interfaces(&mut text, &mut random);
    objects(&mut text, &mut random);
    text.push_str("config firewall policy\n");
    let mut id = 0;
    for rule in &rules {
        id += random.range(1, 4);
        let change = random.range(10_000, 90_000);
        if !rule.years.is_empty() && !rule.years.contains(&book.edition.year) {
            continue;
        }
        let _ = write!(
            text,
            "    edit {id}\n        set name \"{}\"\n        set srcintf \"{}\"\n        set dstintf \"{}\"\n        \
             set srcaddr \"{}\"\n        set dstaddr \"{}\"\n        set service \"{}\"\n",
            rule.name, rule.from, rule.to, rule.src, rule.dst, rule.service,
        );
        if !rule.more.contains("schedule") {
            text.push_str("        set schedule \"always\"\n");
        }
        for line in rule.more.lines() {
            let _ = writeln!(text, "        {line}");
        }
        let _ = writeln!(text, "        set comments \"CHG-{change}\"\n    next");
        let subject = self::rule(DEVICE, id.to_string());
        for (check, why) in rule.means.planted {
            let about = match *check {
                // Rules that are over or switched off are told list by list.
                DISABLED | EXPIRED => self::rule(DEVICE, "policy (list)"),
                NAT => self::rule(DEVICE, rule.dst),
                _ => subject.clone(),
            };
            book.plant(check, TRADING, about, why);
        }
        if !rule.means.innocent.is_empty() {
            let what = format!("{}: {}", rule.name, rule.means.looks);
            book.innocent(TRADING, subject, rule.means.innocent, &what);
        }
    }
    id += random.range(1, 4);
    let _ = write!(
        text,
        "    edit {id}\n        set name \"deny-all\"\n        set srcintf \"any\"\n        set dstintf \"any\"\n        \
         set srcaddr \"all\"\n        set dstaddr \"all\"\n        set service \"ALL\"\n        set schedule \"always\"\n        \
         set action deny\n        set logtraffic disable\n    next\nend\n"
    );
    book.plant(NOT_LOGGED, TRADING, rule(DEVICE, id.to_string()), "the deny-all at the end is not logged");
    book.innocent(TRADING, rule(DEVICE, id.to_string()), &[ANY_ANY], "any to any, but denies");
    listed(book, DEVICE, TRADING);
    book.file("firewall/fw-edge-1.conf", text);
}

fn interfaces(text: &mut String, random: &mut Random) {
    text.push_str("config system interface\n");
    for (name, address, role) in [
        ("wan1", "203.0.113.2 255.255.255.240", "wan"),
        ("dmz", "10.20.8.1 255.255.255.0", "dmz"),
        ("servers", "10.20.16.1 255.255.255.0", "lan"),
        ("office", "10.20.1.1 255.255.255.0", "lan"),
        ("mgmt", "10.20.0.1 255.255.255.0", "lan"),
    ] {
        let access = if name == "mgmt" { "ping https ssh" } else { "ping" };
        let _ = write!(
            text,
            "    edit \"{name}\"\n        set vdom \"root\"\n        set ip {address}\n        set allowaccess {access}\n        \
             set type physical\n        set role {role}\n        set snmp-index {}\n    next\n",
            random.range(1, 40),
        );
    }
    text.push_str("end\nconfig router static\n    edit 1\n        set gateway 203.0.113.1\n        set device \"wan1\"\n    next\nend\n");
}

fn objects(text: &mut String, random: &mut Random) {
    let mut host = || random.range(20, 60);
    let hosts = [
        ("h-order", format!("10.20.16.{}", host())),
        ("h-quote", format!("10.20.16.{}", 60 + host())),
        ("h-database", format!("10.20.16.{}", 120 + host())),
        ("h-directory", "10.20.16.10".into()),
        ("h-backup", "10.20.16.200".into()),
        ("h-rdp", "10.20.16.30".into()),
        ("h-web", "10.20.8.80".into()),
        ("h-api", "10.20.8.81".into()),
        ("h-mail", "10.20.8.25".into()),
        ("h-collector", "10.20.0.14".into()),
        ("h-vault", "10.20.0.90".into()),
        ("h-time", "192.0.2.123".into()),
        ("h-broker-1", format!("198.51.100.{}", 40 + host())),
        ("h-broker-2", format!("203.0.113.{}", 100 + host())),
    ];
    text.push_str("config firewall address\n");
    let partners = (1..).zip(PARTNERS).map(|(number, name)| (name, format!("198.51.100.{number}")));
    for (name, address) in hosts.into_iter().chain(partners) {
        let _ = writeln!(text, "    edit \"{name}\"\n        set subnet {address} 255.255.255.255\n    next");
    }
    for (name, network) in [
        ("net-office", "10.20.1.0 255.255.255.0"),
        ("net-servers", "10.20.16.0 255.255.255.0"),
        ("net-dmz", "10.20.8.0 255.255.255.0"),
        ("net-mgmt", "10.20.0.0 255.255.255.0"),
        ("net-exchange", "192.0.2.0 255.255.255.192"),
    ] {
        let _ = writeln!(text, "    edit \"{name}\"\n        set subnet {network}\n    next");
    }
    text.push_str(
        "    edit \"fqdn-updates\"\n        set type fqdn\n        set fqdn \"update.vendor.example\"\n    next\nend\n\
         config firewall addrgrp\n    edit \"grp-brokers\"\n        set member \"h-broker-1\" \"h-broker-2\"\n    next\nend\n\
         config firewall vip\n",
    );
    for (name, outside, inside) in [
        ("vip-web", "203.0.113.5", "10.20.8.80"),
        ("vip-api", "203.0.113.6", "10.20.8.81"),
        ("vip-mail", "203.0.113.7", "10.20.8.25"),
        ("vip-rdp", "203.0.113.8", "10.20.16.30"),
    ] {
        let _ = writeln!(
            text,
            "    edit \"{name}\"\n        set extip {outside}\n        set mappedip \"{inside}\"\n        set extintf \"wan1\"\n    next"
        );
    }
    text.push_str("end\nconfig firewall service custom\n");
    for (name, ports) in
        [("svc-order", "9101"), ("svc-fix", "5001-5008"), ("svc-quote", "6101"), ("svc-database", "5432")]
    {
        let _ = writeln!(text, "    edit \"{name}\"\n        set tcp-portrange {ports}\n    next");
    }
    text.push_str(
        "    edit \"svc-cleartext\"\n        set tcp-portrange 20-21 23 139 445\n        set udp-portrange 137-138\n    next\nend\n\
         config firewall service group\n",
    );
    for (name, members) in [
        ("grp-web", r#""HTTP" "HTTPS""#),
        ("grp-directory", r#""KERBEROS" "LDAP" "DNS""#),
        ("grp-manage", r#""SSH" "HTTPS""#),
        ("grp-watch", r#""SNMP" "PING""#),
        ("grp-cleartext", r#""svc-cleartext""#),
    ] {
        let _ = writeln!(text, "    edit \"{name}\"\n        set member {members}\n    next");
    }
    text.push_str(
        "end\nconfig firewall schedule onetime\n    edit \"until-2025\"\n        set start 09:00 2025/11/03\n        \
         set end 18:00 2025/12/31\n    next\nend\n",
    );
}

/// A Cisco ASA.
fn back_office(seed: u64, book: &mut Book) {
    const DEVICE: &str = "asa-back-1";
    let mut random = Random::new(seed, "back-office");
    let (ledger, files, old_host) = (random.range(20, 60), random.range(60, 100), random.range(100, 140));
    let serial = random.range(100_000, 999_999);
    let telnet = format!("inside_in extended permit tcp 10.30.1.0 255.255.255.0 host 10.30.2.{old_host} eq telnet");
    let ftp = format!("outside_in extended permit tcp any host 10.30.8.{files} eq ftp");
    let inactive = "outside_in extended permit ip any any inactive";
    let ledger_rule = "inside_in extended permit tcp 10.30.1.0 255.255.255.0 object ledger eq https";
    let remark = |list: &str, text: &str| format!("access-list {list} remark {text}");
    let is_now = book.edition.year == NOW.year;
    let lines = [
        format!(
            ": Saved\n:\n: Serial Number: JAD24{serial}\n:\nASA Version 9.16(4)\n!\nhostname {DEVICE}\ndomain-name hlsec.example"
        ),
        "names\n!".into(),
        interface(0, "outside", 0, "203.0.113.34 255.255.255.240"),
        interface(1, "inside", 100, "10.30.1.1 255.255.255.0"),
        interface(2, "servers", 90, "10.30.2.1 255.255.255.0"),
        interface(3, "dmz", 50, "10.30.8.1 255.255.255.0"),
        format!(
            "object network ledger\n host 10.30.2.{ledger}\nobject network depository\n subnet 192.0.2.192 255.255.255.224"
        ),
        "object-group service web tcp\n port-object eq www\n port-object eq https".into(),
        "access-list outside_in remark formerly: permit ip any any".into(),
        remark("outside_in", "CHG-19002 customers' statements"),
        format!("access-list outside_in extended permit tcp any host 10.30.8.{} eq https log", files + 1),
        remark("outside_in", "CHG-18450 files of the depository"),
        format!("access-list {ftp}"),
        format!("access-list {inactive}"),
        "access-list outside_in extended deny ip any any log".into(),
        remark("inside_in", "CHG-19110 ledger"),
        format!("access-list {ledger_rule}"),
        if is_now {
            format!("access-list inside_in remark CHG-20117 terminal of the old settlement host\naccess-list {telnet}")
        } else {
            "access-list inside_in remark CHG-20117 the old settlement host is to get a terminal".into()
        },
        remark("inside_in", "CHG-17733 web"),
        "access-list inside_in extended permit tcp 10.30.1.0 255.255.255.0 any object-group web".into(),
        remark("inside_in", "CHG-17734 names"),
        "access-list inside_in extended permit udp 10.30.1.0 255.255.255.0 host 10.30.2.10 eq domain".into(),
        "access-list inside_in extended deny ip any any log".into(),
        remark("servers_in", "CHG-19111 depository"),
        "access-list servers_in extended permit tcp object ledger object depository eq 5500".into(),
        remark("servers_in", "CHG-17735 time"),
        "access-list servers_in extended permit udp 10.30.2.0 255.255.255.0 host 192.0.2.123 eq ntp".into(),
        "access-list servers_in extended deny ip any any log".into(),
        remark("dmz_in", "CHG-19112 files to the ledger"),
        format!("access-list dmz_in extended permit tcp host 10.30.8.{files} object ledger eq 9443"),
        "access-list dmz_in extended deny ip any any log".into(),
        "pager lines 24\nlogging enable\nlogging timestamp\nlogging trap informational\nlogging host inside 10.30.1.14"
            .into(),
        "mtu outside 1500\nmtu inside 1500".into(),
        "access-group outside_in in interface outside\naccess-group inside_in in interface inside".into(),
        "access-group servers_in in interface servers\naccess-group dmz_in in interface dmz".into(),
        "route outside 0.0.0.0 0.0.0.0 203.0.113.33 1\ntimeout xlate 3:00:00".into(),
        "ssh 10.30.1.0 255.255.255.240 inside\nssh timeout 10\nconsole timeout 10".into(),
        format!(": end\nCryptochecksum:{:032x}", u128::from(random.next()) << 64 | u128::from(random.next())),
    ];
    listed(book, DEVICE, BACK_OFFICE);
    book.file("firewall/asa-back-1.cfg", lines.join("\n") + "\n");
    book.plant(FTP, BACK_OFFICE, rule(DEVICE, ftp), "FTP from anywhere into the DMZ").fact("direction", "inbound");
    book.plant(DISABLED, BACK_OFFICE, rule(DEVICE, "outside_in (list)"), "a rule was made inactive and left");
    let repeated = "the rule for the web permits the ledger as well";
    book.plant(REDUNDANT, BACK_OFFICE, rule(DEVICE, ledger_rule), repeated);
    if is_now {
        book.plant(TELNET, BACK_OFFICE, rule(DEVICE, telnet), "Telnet between two inside networks")
            .fact("direction", "internal");
    }
    book.innocent(
        BACK_OFFICE,
        rule(DEVICE, inactive),
        &[ANY_ANY, EXPOSED, TELNET, FTP, SMB],
        "permits everything, but is inactive",
    );
    book.innocent(
        BACK_OFFICE,
        json!({"kind": "rule", "device": DEVICE}),
        &[ANY_ANY],
        "a remark says `permit ip any any`",
    );
    book.innocent(
        BACK_OFFICE,
        json!({"kind": "rule", "device": DEVICE}),
        &[NO_DENY_ALL, NOT_LOGGED],
        "every list ends in a logged deny-all",
    );
}

fn interface(number: u8, name: &str, level: u8, address: &str) -> String {
    format!("interface GigabitEthernet0/{number}\n nameif {name}\n security-level {level}\n ip address {address}\n!")
}

/// A Linux computer that leads the office to the Internet.
fn gateway(seed: u64, book: &mut Book) {
    const DEVICE: &str = "gw-office-1";
    let mut random = Random::new(seed, "gateway");
    let mut count = || {
        let packets = random.range(1_000, 900_000);
        format!("[{packets}:{}]", packets * 311)
    };
    let smb = "FORWARD -s 10.40.1.0/24 -i eth1 -o eth0 -p tcp -m tcp --dport 445 -j ACCEPT";
    let saved = book.edition.day(4).at(9, 12, 44, 0).strftime("%a %b %d %H:%M:%S %Y").to_string();
    let mut text = format!("# Generated by iptables-save v1.8.9 on {saved}\n*nat\n");
    let _ = writeln!(text, ":PREROUTING ACCEPT {}\n:INPUT ACCEPT {}\n:OUTPUT ACCEPT {}", count(), count(), count());
    let _ = writeln!(
        text,
        ":POSTROUTING ACCEPT {}\n{} -A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n*filter",
        count(),
        count()
    );
    let _ = writeln!(text, ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT {}\n:OUTPUT ACCEPT [0:0]\n:LOGDROP - [0:0]", count());
    for line in [
        "INPUT -i lo -j ACCEPT",
        "INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "INPUT -s 10.40.0.0/24 -i eth1 -p tcp -m tcp --dport 22 -j ACCEPT",
        "INPUT -s 10.40.1.0/24 -i eth1 -p udp -m udp --dport 53 -j ACCEPT",
        "INPUT -j LOGDROP",
        "FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "FORWARD -m conntrack --ctstate INVALID -j DROP",
        "FORWARD -s 10.40.1.0/24 -i eth1 -o eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT",
        smb,
        "FORWARD -s 10.40.1.0/24 -i eth1 -o eth0 -p udp -m udp --dport 123 -j ACCEPT",
        "OUTPUT -o lo -j ACCEPT",
        "OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "OUTPUT -o eth0 -p udp -m multiport --dports 53,123 -j ACCEPT",
        "OUTPUT -o eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT",
        "OUTPUT -j LOGDROP",
        "LOGDROP -m limit --limit 5/min -j LOG --log-prefix \"dropped: \"",
        "LOGDROP -j DROP",
    ] {
        // A comment is no part of what a rule asks.
        let noted = line.starts_with("FORWARD -s");
        let line = if noted { line.replace(" -j ", " -m comment --comment \"office\" -j ") } else { line.to_owned() };
        let _ = writeln!(text, "{} -A {line}", count());
    }
    let _ = writeln!(text, "COMMIT\n# Completed on {saved}");
    listed(book, DEVICE, OFFICE);
    book.file("firewall/gw-office-1.rules", text);
    book.plant(
        NO_DENY_ALL,
        OFFICE,
        rule(DEVICE, "filter/FORWARD (end of list)"),
        "the forwarding chain accepts what no rule takes",
    )
    .fact("default", "accept");
    let unlogged = "what the office's rules let through leaves no trace";
    book.plant(PERMIT_NOT_LOGGED, OFFICE, rule(DEVICE, "filter/FORWARD (list)"), unlogged);
    book.plant(SMB, OFFICE, rule(DEVICE, smb), "SMB from the office to the Internet").fact("direction", "outbound");
    for (line, what) in [
        ("INPUT -i lo -j ACCEPT", "accepts everything, but of the computer from itself"),
        ("INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "accepts answers only"),
        ("FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "accepts answers only"),
    ] {
        book.innocent(OFFICE, rule(DEVICE, line), &[ANY_ANY, EXPOSED, TELNET, FTP, SMB], what);
    }
    for chain in ["INPUT", "OUTPUT"] {
        let subject = rule(DEVICE, format!("filter/{chain} (end of list)"));
        book.innocent(
            OFFICE,
            subject,
            &[NO_DENY_ALL, NOT_LOGGED],
            "its policy accepts, but its last rule leads to a chain that logs and drops everything",
        );
    }
}
