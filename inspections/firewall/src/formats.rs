//! Recognition by content. A look-alike that is not read gets an answer that says what to give instead.

use secdiag_model::{EvidenceKind, Format, Head, Match};

/// FortiOS configuration.
pub static FORTIOS: Format =
    Format { id: "fortios", kind: EvidenceKind::Fwcfg, title: "Fortinet FortiOS configuration", sniff: fortios };

/// Cisco ASA or FTD configuration.
pub static CISCO_ASA: Format =
    Format { id: "cisco-asa", kind: EvidenceKind::Fwcfg, title: "Cisco ASA or FTD configuration", sniff: cisco_asa };

/// Linux packet filter dump.
pub static IPTABLES_SAVE: Format = Format {
    id: "iptables-save",
    kind: EvidenceKind::Fwcfg,
    title: "Linux iptables-save or ip6tables-save dump",
    sniff: iptables_save,
};

fn lines<'h>(head: &'h Head<'_>) -> impl Iterator<Item = &'h str> {
    head.text().lines().map(str::trim_end)
}

fn fortios(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    if head.text().trim_start().starts_with("#config-version=F") {
        return Match::Yes(100);
    }
    let has = |wanted: &dyn Fn(&str) -> bool| lines(head).any(|line| wanted(line.trim()));
    let grammar =
        has(&|line| line.starts_with("edit ")) && has(&|line| line == "next") && has(&|line| line.starts_with("set "));
    if !grammar || !has(&|line| line.starts_with("config ")) {
        return Match::No;
    }
    let rules = |line: &str| {
        [
            "config firewall policy",
            "config firewall policy6",
            "config firewall local-in-policy",
            "config firewall local-in-policy6",
        ]
        .iter()
        .any(|section| line.ends_with(section))
    };
    if has(&rules) {
        return Match::Yes(80);
    }
    let fortinet = |line: &str| {
        ["config firewall ", "config system ", "config router ", "config log ", "config vdom", "config global"]
            .iter()
            .any(|section| line.starts_with(section))
    };
    match has(&fortinet) {
        // The rules may stand behind what recognisers see.
        true if head.size > head.bytes.len() as u64 => Match::Yes(60),
        true => Match::Close("a part of a FortiOS configuration without firewall policies: give the whole backup"),
        false => Match::No,
    }
}

fn cisco_asa(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let (mut asa, mut lists, mut interfaces, mut ios) = (false, false, false, false);
    for line in lines(head) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        match words.as_slice() {
            ["ASA" | "NGFW" | "PIX" | "FWSM", "Version", ..] => asa = !line.starts_with(' '),
            ["access-list", _, "extended" | "advanced", "permit" | "deny" | "trust", ..]
            | ["access-list", _, "line", _, "extended" | "advanced", ..]
            | ["access-list", _, "standard", "permit" | "deny", ..] => lists = true,
            ["nameif" | "security-level", _] => interfaces = true,
            ["ip" | "ipv6", "access-list", ..] | ["ip", "access-group", ..] | ["zone-pair", ..] => ios = true,
            ["access-list", number, "permit" | "deny", ..] if number.parse::<u16>().is_ok() => ios = true,
            _ => {}
        }
    }
    if asa {
        Match::Yes(90)
    } else if lists && !ios {
        Match::Yes(80)
    } else if interfaces && !ios {
        Match::Yes(70)
    } else if ios {
        Match::Close("a Cisco router or switch configuration: of Cisco only ASA and FTD are read so far")
    } else {
        Match::No
    }
}

fn iptables_save(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let (mut table, mut chain, mut rules, mut rest) = (false, false, 0, 0);
    let (mut listing, mut script, mut nft) = (false, false, false);
    for line in lines(head).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "*filter" | "*nat" | "*mangle" | "*raw" | "*security" => table = true,
            "COMMIT" => {}
            _ if line.starts_with(':') && line.ends_with(']') => chain = true,
            _ if is_rule(line) => rules += 1,
            _ => {
                rest += 1;
                listing |= line.starts_with("Chain ")
                    && line.ends_with(')')
                    && (line.contains("(policy ") || line.contains(" references)"));
                script |= ["iptables ", "ip6tables ", "/sbin/iptables ", "$IPT ", "$IPTABLES "]
                    .iter()
                    .any(|tool| line.starts_with(tool));
                nft |= line.ends_with('{')
                    && ["table ip ", "table ip6 ", "table inet ", "table bridge ", "table netdev ", "table arp "]
                        .iter()
                        .any(|start| line.starts_with(start));
            }
        }
    }
    if table && (chain || rules > 0) {
        Match::Yes(95)
    } else if rules > rest {
        Match::Yes(70)
    } else if listing {
        Match::Close("a listing of iptables -L: give the output of iptables-save, which leaves nothing out")
    } else if script {
        Match::Close("a shell script that calls iptables: give the output of iptables-save on the running host")
    } else if nft {
        Match::Close("an nftables rule set: it is not read so far; iptables-save (iptables-nft) may show it")
    } else {
        Match::No
    }
}

/// `-A INPUT … -j ACCEPT`, with counters or not; `-P INPUT DROP`, `-N chain`.
fn is_rule(line: &str) -> bool {
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((counters, rest)) if counters.bytes().all(|b| b.is_ascii_digit() || b == b':') => rest,
        _ => line,
    };
    let mut words = line.split_whitespace();
    match words.next() {
        Some("-A" | "-I") => words.any(|word| matches!(word, "-j" | "-g" | "-m" | "-p" | "-s" | "-d")),
        Some("-P") => words.nth(1).is_some_and(|policy| matches!(policy, "ACCEPT" | "DROP")),
        Some("-N") => words.count() == 1,
        _ => false,
    }
}
