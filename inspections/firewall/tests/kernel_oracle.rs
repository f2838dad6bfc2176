//! A Linux kernel as the judge: random rule sets are loaded into fresh network namespaces, packets are sent through, and what
//! the kernel forwards is compared with what the policies decide.
//!
//! Ignored, because it needs Linux with network namespaces, `ip`, `nft` and both kinds of `iptables`; without them it says
//! so and ends. The process that sends has one namespace, the router under test another; three pairs of interfaces join
//! them, so that every packet has a way in and a way out.

#![allow(clippy::cast_possible_truncation, clippy::unused_self, reason = "numbers of packets and ports are small")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test starts programs and reads its environment; the inspection does not"
)]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secdiag_firewall::flat::{Effect, Packet, Universe, flatten};
use secdiag_firewall::policy::{Hook, Policy};
use secdiag_firewall::vendors::{Parsed, iptables, nftables};
use socket2::{Domain, Protocol, Socket, Type};

const INSIDE: &str = "SECDIAG_KERNEL_ORACLE";
const TEST: &str = "the_kernel_decides_alike";
/// Rule sets of each kind, and packets sent through each.
const ROUNDS: u64 = 60;
const PACKETS: usize = 170;

#[test]
#[ignore = "needs SECDIAG_DATA runs: network namespaces, ip, nft and iptables, else it says that it is skipped"]
fn the_kernel_decides_alike() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if let Some(why) = missing() {
        println!("SKIPPED: the kernel was not asked: {why}");
        return;
    }
    let status = Command::new("unshare")
        .arg("-rn")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", TEST, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success());
}

/// What is not there.
fn missing() -> Option<String> {
    for (tool, arguments) in [
        ("unshare", &["-rn", "true"][..]),
        ("unshare", &["-rn", "nft", "list", "ruleset"]),
        ("unshare", &["-rn", "iptables-legacy", "-S"]),
        ("unshare", &["-rn", "iptables-nft", "-S"]),
        ("ip", &["link"]),
        ("nsenter", &["--version"]),
    ] {
        let run = Command::new(tool).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !run.is_ok_and(|status| status.success()) {
            return Some(format!("`{tool} {}` does not work here", arguments.join(" ")));
        }
    }
    None
}

fn inside() {
    let mut tally = Tally::default();
    for round in 0..ROUNDS {
        let mut random = Random(round * 0x9e37_79b9 + 1);
        let text = iptables_rules(&mut random);
        for restore in ["iptables-legacy-restore", "iptables-nft-restore"] {
            let router = Router::new(round);
            router.load(restore, &[], &text);
            let packets = packets(&mut random, false);
            let verdicts = router.send(&packets);
            tally.compare(restore, &text, iptables::parse(&text), &packets, &verdicts);
            if restore == "iptables-nft-restore" {
                let listed = router.output("nft", &["list", "ruleset"]);
                // What nft cannot show of a match of iptables is not known from its list: there is nothing to compare.
                if !listed.contains(" xt ") {
                    tally.compare("nft list of iptables-nft", &listed, nftables::parse(&listed), &packets, &verdicts);
                }
            }
        }
        let text = nft_rules(&mut random);
        let router = Router::new(round);
        router.load("nft", &["-f", "-"], &text);
        let packets = packets(&mut random, true);
        let verdicts = router.send(&packets);
        tally.compare("nft", &text, nftables::parse(&text), &packets, &verdicts);
        let listed = router.output("nft", &["list", "ruleset"]);
        tally.compare("nft list ruleset", &listed, nftables::parse(&listed), &packets, &verdicts);
        let json = router.output("nft", &["-j", "list", "ruleset"]);
        tally.compare("nft -j list ruleset", &json, nftables::parse_json(&json), &packets, &verdicts);
    }
    println!("kernel: {tally:?}");
    assert!(tally.undecided * 20 <= tally.verdicts, "{tally:?}");
    assert!(tally.verdicts >= 20_000 && tally.forwarded * 10 > tally.verdicts && tally.blocked * 10 > tally.verdicts);
}

#[derive(Debug, Default)]
struct Tally {
    verdicts: usize,
    forwarded: usize,
    blocked: usize,
    undecided: usize,
    policies: usize,
}

impl Tally {
    fn compare(&mut self, what: &str, text: &str, parsed: Parsed, packets: &[Sent], verdicts: &[bool]) {
        assert!(parsed.notes.is_empty(), "{what}: {:?}\n{text}", parsed.notes);
        self.policies += 1;
        for (packet, forwarded) in packets.iter().zip(verdicts) {
            let expected = if *forwarded { Effect::Permit } else { Effect::Deny };
            // A match that is not evaluated leaves a packet undecided, which is no wrong answer; it must stay rare.
            let Some(found) = decide(&parsed.policies, packet) else {
                self.undecided += 1;
                continue;
            };
            assert_eq!(found, expected, "{what}: {packet:?}\n{text}");
            self.verdicts += 1;
            *(if *forwarded { &mut self.forwarded } else { &mut self.blocked }) += 1;
        }
    }
}

fn decide(policies: &[Policy], packet: &Sent) -> Option<Effect> {
    // Tables of both families make two policies, the second for IPv6.
    let policy = if packet.src.is_ipv6() { policies.last() } else { policies.first() }?;
    let universe = Universe::of(policy);
    let Some(path) = policy.paths.iter().find(|path| path.hook == Hook::Forward) else { return Some(Effect::Permit) };
    flatten(policy, &universe, path, None).decide(&Packet {
        in_if: universe.number(&format!("r{}", packet.input)),
        out_if: universe.number(&format!("r{}", packet.output)),
        src: packet.src,
        dst: packet.dst,
        proto: packet.proto,
        sport: packet.sport,
        dport: packet.dport,
    })
}

/// A packet that is sent.
#[derive(Clone, Debug)]
struct Sent {
    number: u16,
    input: usize,
    output: usize,
    src: IpAddr,
    dst: IpAddr,
    proto: u8,
    sport: u16,
    /// Of ICMP the type and code.
    dport: u16,
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % below as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.next(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.next(100) < percent
    }
}

const PORTS: [u16; 10] = [1, 22, 53, 80, 81, 443, 1024, 8000, 8080, 65_535];

/// First packets of connections, none of which repeats or answers another.
fn packets(random: &mut Random, with_v6: bool) -> Vec<Sent> {
    let mut seen = BTreeSet::new();
    let mut found: Vec<Sent> = Vec::new();
    while found.len() < PACKETS {
        let v6 = with_v6 && random.chance(40);
        let address = |random: &mut Random, net: usize| -> IpAddr {
            let (low, host) = (random.next(3), [1, 5, 9, 17, 200][random.next(5)]);
            if v6 {
                Ipv6Addr::new(0x2001, 0xdb8, net as u16, low as u16, 0, 0, 0, host).into()
            } else {
                Ipv4Addr::new(10, net as u8, low as u8, host as u8).into()
            }
        };
        let (net, output) = (random.next(3), random.next(3));
        let (src, dst) = (address(random, net), address(random, output));
        let proto = match random.next(10) {
            0..5 => 6,
            5..8 => 17,
            _ if v6 => 58,
            _ => 1,
        };
        let (mut sport, mut dport) = (PORTS[random.next(10)], PORTS[random.next(10)]);
        if matches!(proto, 1 | 58) {
            let echo = if v6 { 128 } else { 8 };
            (sport, dport) = (0, echo << 8);
        }
        let (a, b) = ((src, sport), (dst, dport));
        if src != dst && seen.insert((proto, a.min(b), a.max(b))) {
            let number = found.len() as u16 + 1;
            found.push(Sent { number, input: random.next(3), output, src, dst, proto, sport, dport });
        }
    }
    found
}

/// A router with three interfaces `r0` to `r2`, and their other ends here.
struct Router {
    keeper: Child,
    pid: String,
}

impl Router {
    fn new(round: u64) -> Self {
        let keeper = Command::new("unshare").args(["-n", "sleep", "600"]).spawn().unwrap();
        let pid = keeper.id().to_string();
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        while std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|its| its == own) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let router = Self { keeper, pid };
        let mut here = String::from("link set lo up\n");
        let mut there = String::from("link set lo up\n");
        for i in 0..3 {
            let _ = writeln!(
                here,
                "link add s{i} address 02:00:00:00:00:0{i} type veth peer name r{i} address 02:00:00:00:01:0{i} netns {}",
                router.pid
            );
            for (batch, name, own, other, side) in [(&mut here, "s", 2, 1, 1), (&mut there, "r", 1, 2, 0)] {
                let _ = writeln!(batch, "link set {name}{i} up");
                let _ = writeln!(batch, "addr add 10.255.{i}.{own}/24 dev {name}{i}");
                let _ = writeln!(batch, "addr add fd00:255:{i}::{own}/64 dev {name}{i} nodad");
                let _ = writeln!(
                    batch,
                    "neigh replace 10.255.{i}.{other} lladdr 02:00:00:00:0{side}:0{i} nud permanent dev {name}{i}"
                );
                let _ = writeln!(
                    batch,
                    "neigh replace fd00:255:{i}::{other} lladdr 02:00:00:00:0{side}:0{i} nud permanent dev {name}{i}"
                );
            }
            let _ = writeln!(here, "route add 0.0.0.0/1 via 10.255.{i}.1 dev s{i} metric 1{i}");
            let _ = writeln!(here, "route add 2001:db8::/32 via fd00:255:{i}::1 dev s{i} metric 1{i}");
            let _ = writeln!(there, "route add 10.{i}.0.0/16 via 10.255.{i}.2 dev r{i}");
            let _ = writeln!(there, "route add 2001:db8:{i}::/48 via fd00:255:{i}::2 dev r{i}");
        }
        feed(Command::new("ip").args(["-batch", "-"]), &here);
        router.load("ip", &["-batch", "-"], &there);
        router.load(
            "sh",
            &[],
            "cd /proc/sys/net && echo 1 > ipv4/ip_forward && echo 1 > ipv6/conf/all/forwarding\nfor c in all default r0 r1 r2; do echo 0 > ipv4/conf/$c/rp_filter; echo 0 > ipv4/conf/$c/send_redirects; done\n",
        );
        let _ = round;
        router
    }

    fn command(&self, tool: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.pid, "-n", tool]).args(arguments);
        command
    }

    fn load(&self, tool: &str, arguments: &[&str], text: &str) {
        feed(&mut self.command(tool, arguments), text);
    }

    fn output(&self, tool: &str, arguments: &[&str]) -> String {
        let output = self.command(tool, arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Which packets came out again where they should.
    fn send(&self, packets: &[Sent]) -> Vec<bool> {
        let ears = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(i32::from(3_u16.to_be())))).unwrap();
        ears.set_nonblocking(true).unwrap();
        let mouths: Vec<[Socket; 2]> = (0..3)
            .map(|i| {
                [Domain::IPV4, Domain::IPV6].map(|domain| {
                    let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(255))).unwrap();
                    socket.bind_device(Some(format!("s{i}").as_bytes())).unwrap();
                    socket
                })
            })
            .collect();
        let mut verdicts = vec![false; packets.len()];
        for batch in packets.chunks(16) {
            for packet in batch {
                let bytes = packet.bytes();
                let to = SocketAddr::new(packet.dst, 0).into();
                mouths[packet.input][usize::from(packet.dst.is_ipv6())].send_to(&bytes, &to).unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
            listen(&ears, packets, &mut verdicts);
        }
        std::thread::sleep(Duration::from_millis(30));
        listen(&ears, packets, &mut verdicts);
        verdicts
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        for i in 0..3 {
            let _ = Command::new("ip").args(["link", "del", &format!("s{i}")]).status();
        }
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

fn feed(command: &mut Command, text: &str) {
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

fn listen(mut ears: &Socket, packets: &[Sent], verdicts: &mut [bool]) {
    let mut frame = [0_u8; 2048];
    while let Ok(length) = ears.read(&mut frame) {
        // Only what comes in here: to an address of this side.
        if length < 34 || frame[..5] != [2, 0, 0, 0, 0] {
            continue;
        }
        let (number, src, dst) = match frame[12..14] {
            [0x08, 0x00] => {
                let address = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&frame[at..at + 4]).unwrap());
                (u16::from_be_bytes([frame[18], frame[19]]), address(26), address(30))
            }
            [0x86, 0xdd] if length >= 54 => {
                let address = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&frame[at..at + 16]).unwrap());
                (u16::from_be_bytes([frame[16], frame[17]]), address(22), address(38))
            }
            _ => continue,
        };
        let place = usize::from(number).wrapping_sub(1);
        if let Some(packet) = packets.get(place).filter(|packet| packet.src == src && packet.dst == dst) {
            assert_eq!(usize::from(frame[5]), packet.output, "{packet:?} went another way");
            verdicts[place] = true;
        }
    }
}

impl Sent {
    /// The packet with its headers and right checksums: connection tracking looks at them.
    fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        match self.proto {
            6 => {
                body.extend(self.sport.to_be_bytes());
                body.extend(self.dport.to_be_bytes());
                // Sequence, acknowledgement, length of the header, SYN, window, checksum, urgent.
                body.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x20, 0, 0, 0, 0, 0]);
            }
            17 => {
                body.extend(self.sport.to_be_bytes());
                body.extend(self.dport.to_be_bytes());
                body.extend([0, 12, 0, 0, 1, 2, 3, 4]);
            }
            _ => {
                body.extend(self.dport.to_be_bytes());
                body.extend([0, 0]);
                body.extend(self.number.to_be_bytes());
                body.extend([0, 1, 9, 9, 9, 9]);
            }
        }
        let length = u16::try_from(body.len()).unwrap();
        let mut pseudo = Vec::new();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => [src, dst].iter().for_each(|a| pseudo.extend(a.octets())),
            (IpAddr::V6(src), IpAddr::V6(dst)) => [src, dst].iter().for_each(|a| pseudo.extend(a.octets())),
            _ => unreachable!(),
        }
        pseudo.extend([0, self.proto]);
        pseudo.extend(length.to_be_bytes());
        if self.proto == 1 {
            pseudo.clear();
        }
        pseudo.extend(&body);
        let at = match self.proto {
            6 => 16,
            17 => 6,
            _ => 2,
        };
        body[at..at + 2].copy_from_slice(&checksum(&pseudo).to_be_bytes());
        let mut bytes = Vec::new();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                bytes.extend([0x45, 0]);
                bytes.extend((length + 20).to_be_bytes());
                bytes.extend(self.number.to_be_bytes());
                bytes.extend([0, 0, 64, self.proto, 0, 0]);
                bytes.extend(src.octets());
                bytes.extend(dst.octets());
                let sum = checksum(&bytes);
                bytes[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                // The number stands in the flow label.
                bytes.extend([0x60, 0]);
                bytes.extend(self.number.to_be_bytes());
                bytes.extend(length.to_be_bytes());
                bytes.extend([self.proto, 64]);
                bytes.extend(src.octets());
                bytes.extend(dst.octets());
            }
            _ => unreachable!(),
        }
        bytes.extend(body);
        bytes
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    match !u16::try_from(sum).unwrap() {
        0 => 0xffff,
        sum => sum,
    }
}

const V4: &[&str] =
    &["10.0.0.0/16", "10.1.1.0/24", "10.2.0.0/15", "10.1.0.0/28", "10.0.0.5", "10.2.2.200", "10.0.0.0/8"];
const RANGES: &[&str] = &["10.0.0.9-10.0.1.5", "10.1.0.0-10.1.0.17", "10.2.1.1-10.2.2.9"];
const V6: &[&str] = &["2001:db8::/48", "2001:db8:1::/47", "2001:db8:2:1::/64", "2001:db8:1:2::5", "2001:db8::/32"];
const V6_RANGES: &[&str] = &["2001:db8::9-2001:db8:0:1::5", "2001:db8:1::-2001:db8:1:1::ffff"];

/// A filter table with two chains of its own.
fn iptables_rules(random: &mut Random) -> String {
    let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    let _ = writeln!(text, ":FORWARD {} [0:0]", random.one(&["ACCEPT", "DROP", "DROP"]));
    text.push_str(":OUTPUT ACCEPT [0:0]\n:one - [0:0]\n:two - [0:0]\n");
    for (chain, count) in [("two", 5), ("one", 6), ("FORWARD", 14)] {
        for _ in 0..count {
            let _ = write!(text, "-A {chain}");
            let not = |random: &mut Random| if random.chance(15) { " !" } else { "" };
            for option in ["-i", "-o"] {
                if random.chance(20) {
                    let _ = write!(text, "{} {option} {}", not(random), random.one(&["r0", "r1", "r2", "r+"][..3]));
                } else if random.chance(3) {
                    let _ = write!(text, " {option} r+");
                }
            }
            for option in ["-s", "-d"] {
                if random.chance(35) {
                    let _ = write!(text, "{} {option} {}", not(random), random.one(V4));
                }
            }
            match random.next(8) {
                0..3 => {
                    let _ = write!(text, " -p {}", random.one(&["tcp", "udp"]));
                    match random.next(5) {
                        0 => {
                            let _ = write!(text, " -m multiport{} --dports 22,80:443,8080", not(random));
                        }
                        1 => {
                            let _ = write!(text, " -m multiport --ports 53,8000");
                        }
                        2 => {
                            let last = text.rfind("-p ").unwrap();
                            let proto = text[last + 3..].split(' ').next().unwrap().to_owned();
                            let _ = write!(text, " -m {proto}{} --sport 1024:65535", not(random));
                        }
                        3 => {
                            let last = text.rfind("-p ").unwrap();
                            let proto = text[last + 3..].split(' ').next().unwrap().to_owned();
                            let _ = write!(text, " -m {proto}{} --dport {}", not(random), PORTS[random.next(10)]);
                        }
                        _ => {}
                    }
                }
                3 => text.push_str(random.one(&[
                    " -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
                    " -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN",
                    " -p tcp -m tcp --tcp-flags SYN,FIN SYN,FIN",
                ])),
                4 => text.push_str(random.one(&[
                    " -p icmp",
                    " -p icmp -m icmp --icmp-type 8",
                    " ! -p tcp",
                    " -p icmp -m icmp --icmp-type 3/1",
                ])),
                5 => {
                    let side = random.one(&["src", "dst"]);
                    let _ = write!(text, " -m iprange{} --{side}-range {}", not(random), random.one(RANGES));
                }
                6 if random.chance(40) => {
                    let states = random.one(&["NEW", "ESTABLISHED,RELATED", "INVALID", "NEW,ESTABLISHED"]);
                    let _ = write!(text, " -m conntrack --ctstate {states}");
                }
                _ => {}
            }
            let targets: &[&str] = match chain {
                "FORWARD" => &["-j ACCEPT", "-j DROP", "-j one", "-j two", "-g one", "-j RETURN"],
                "one" => &["-j ACCEPT", "-j DROP", "-j two", "-g two", "-j RETURN"],
                _ => &["-j ACCEPT", "-j DROP", "-j RETURN"],
            };
            let _ = writeln!(text, " {}", random.one(targets));
        }
    }
    text.push_str("COMMIT\n");
    text
}

/// A table of both families: sets, maps, concatenations, two base chains of the hook and one before it.
fn nft_rules(random: &mut Random) -> String {
    let mut text = String::from(
        "define SOME = { 10.0.0.5, 10.1.1.0/24 }\ntable inet t {\n set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/24, 10.1.1.5-10.1.2.9, 10.2.2.200 } }\n set six { type ipv6_addr; flags interval; elements = { 2001:db8:1::/48, 2001:db8:2:2::9 } }\n set pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/16 . 22, 10.1.0.0-10.1.1.255 . 80-443, 10.2.0.5 . 8080 } }\n set names { type ifname; elements = { \"r0\", \"r2\" } }\n map ways { type inet_service : verdict; flags interval; elements = { 22 : jump one, 80-81 : accept, 8000 : drop } }\n",
    );
    for (chain, count) in [("two", 4), ("one", 5)] {
        let _ = writeln!(text, " chain {chain} {{");
        (0..count).for_each(|_| nft_rule(random, chain, &mut text));
        text.push_str(" }\n");
    }
    for (chain, hook, priority, count) in
        [("early", "prerouting", "raw", 2), ("main", "forward", "filter", 12), ("late", "forward", "filter + 5", 5)]
    {
        let policy = if chain == "main" { random.one(&["accept", "drop"]) } else { "accept" };
        let _ = writeln!(text, " chain {chain} {{\n  type filter hook {hook} priority {priority}; policy {policy};");
        for _ in 0..count {
            nft_rule(random, chain, &mut text);
        }
        text.push_str(" }\n");
    }
    text.push_str("}\n");
    text
}

/// Adds a rule, unless its matches contradict each other: nft refuses those.
fn nft_rule(random: &mut Random, chain: &str, text: &mut String) {
    let mut rule = String::new();
    any_nft_rule(random, chain, &mut rule);
    let says = |words: &[&str]| words.iter().any(|word| rule.contains(word));
    let v4 = says(&["ip saddr", "ip daddr", "icmp type", "nfproto ipv4", "pairs"]);
    let v6 = says(&["ip6 ", "icmpv6 type", "nfproto ipv6", "nfproto != ipv4"]);
    let icmp = says(&["icmp type", "icmpv6 type", "l4proto icmp"]);
    let (tcp, udp) = (says(&["tcp dport", "tcp sport", "tcp flags"]), says(&["udp dport", "udp sport"]));
    let other = says(&["th dport", "l4proto vmap", "l4proto !=", "l4proto {"]);
    if (v4 && v6) || [icmp, tcp, udp, other].into_iter().filter(|said| *said).count() > 1 {
        return;
    }
    text.push_str(&rule);
}

fn any_nft_rule(random: &mut Random, chain: &str, text: &mut String) {
    text.push_str("  ");
    let early = chain == "early";
    let mut said = BTreeSet::new();
    for _ in 0..=random.next(3) {
        let kind = random.next(14);
        if !said.insert(kind.min(9)) {
            continue;
        }
        let not = |random: &mut Random| if random.chance(20) { "!= " } else { "" };
        let _ = match kind {
            0 => write!(
                text,
                "iifname {}{} ",
                not(random),
                random.one(&["\"r0\"", "{ \"r1\", \"r2\" }", "\"r1*\"", "@names"])
            ),
            1 if !early => {
                write!(text, "oifname {}{} ", not(random), random.one(&["\"r0\"", "{ \"r1\", \"r2\" }", "\"r*\""]))
            }
            2 => {
                let side = random.one(&["saddr", "daddr"]);
                let value = match random.next(5) {
                    0 => format!("{{ {}, {} }}", V4[random.next(2)], random.one(&["10.2.1.0/24", "10.2.2.9"])),
                    1 => random.one(&["@nets", "$SOME"]).to_owned(),
                    2 => random.one(RANGES).to_owned(),
                    _ => random.one(V4).to_owned(),
                };
                write!(text, "ip {side} {}{value} ", not(random))
            }
            3 => {
                let side = random.one(&["saddr", "daddr"]);
                let value = match random.next(4) {
                    0 => "@six".to_owned(),
                    1 => random.one(V6_RANGES).to_owned(),
                    _ => random.one(V6).to_owned(),
                };
                if said.contains(&2) { Ok(()) } else { write!(text, "ip6 {side} {}{value} ", not(random)) }
            }
            4 => {
                let proto = random.one(&["tcp", "udp"]);
                let value = random.one(&["22", "{ 22, 80-443, 8080 }", "1024-65535", "53", "{ 1, 81 }"]);
                write!(text, "{proto} {} {}{value} ", random.one(&["dport", "sport"]), not(random))
            }
            5 if !said.contains(&4) => write!(
                text,
                "meta l4proto {{ tcp, udp }} th dport {}{} ",
                not(random),
                random.one(&["53", "{ 80, 443 }", "8000-8080"])
            ),
            6 if !said.contains(&4) && !said.contains(&5) => text.write_str(random.one(&[
                "icmp type echo-request ",
                "icmpv6 type { echo-request, echo-reply } ",
                "meta l4proto icmp ",
                "meta l4proto { icmp, icmpv6 } ",
                "meta l4proto != tcp ",
            ])),
            7 if !early => text.write_str(random.one(&[
                "ct state new ",
                "ct state established,related ",
                "ct state != invalid ",
                "ct state { new, related } ",
            ])),
            8 => text.write_str(random.one(&["meta nfproto ipv4 ", "meta nfproto ipv6 ", "meta nfproto != ipv4 "])),
            _ => Ok(()),
        };
    }
    let verdict = match random.next(20) {
        0 if !early => "ip saddr . tcp dport @pairs accept".to_owned(),
        1 if !early => "ip saddr . tcp dport { 10.0.0.5 . 22, 10.1.1.0/24 . 1-100 } drop".to_owned(),
        2 if matches!(chain, "main" | "late") => "tcp dport vmap @ways".to_owned(),
        3 if !early => "meta l4proto vmap { tcp : continue, udp : accept, icmp : return }".to_owned(),
        4 if matches!(chain, "main" | "late") => {
            "ip saddr vmap { 10.0.0.0/24 : accept, 10.1.0.0/16 : goto two, 10.2.2.0/24 : drop }".to_owned()
        }
        5 if !early => "iifname . ip daddr vmap { \"r0\" . 10.1.1.5 : drop, \"r2\" . 10.0.0.9 : accept }".to_owned(),
        6 if !early => "tcp flags & (fin | syn | rst | ack) == syn accept".to_owned(),
        7 if !early => "tcp flags & (fin|syn) == fin|syn drop".to_owned(),
        _ => {
            let verdicts: &[&str] = match chain {
                "early" => &["drop", "accept", "counter"],
                "main" | "late" => &[
                    "accept",
                    "drop",
                    "jump one",
                    "jump two",
                    "goto one",
                    "return",
                    "counter accept",
                    "log prefix \"x \" drop",
                ],
                "one" => &["accept", "drop", "jump two", "goto two", "return", "counter"],
                _ => &["accept", "drop", "return"],
            };
            random.one(verdicts).to_owned()
        }
    };
    let _ = writeln!(text, "{verdict}");
}
