//! `secdiag firewall`: questions to firewall configurations, without a diagnostic.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use secdiag_evidence::Options;
use secdiag_firewall::FIREWALL;
use secdiag_firewall::anonymise::Anonymiser;
use secdiag_firewall::ask::{Decision, Lists, Question, Step, Verdict};
use secdiag_firewall::cover::Index;
use secdiag_firewall::diff::{Difference, diff};
use secdiag_firewall::flat::{Effect, Universe, flatten, merged};
use secdiag_firewall::interval::Intervals;
use secdiag_firewall::matrix::{self, Asked};
use secdiag_firewall::net::{AddrSet, proto, proto_number};
use secdiag_firewall::policy::{Hook, Policy};
use secdiag_firewall::standing::{Placed, Standing, standings};
use serde_json::json;

use crate::args::UsageError;
use crate::{Exit, out, told};

/// Ask firewall configurations what they do.
#[derive(Debug, Args)]
pub(crate) struct FirewallArgs {
    #[command(subcommand)]
    command: FirewallCommand,
}

#[derive(Debug, Subcommand)]
enum FirewallCommand {
    /// Say what happens to one packet, rule by rule.
    ///
    /// Example: secdiag firewall explain fw.conf tcp 198.51.100.7:40000 10.9.0.10:443
    Explain(ExplainArgs),
    /// Decide each packet of a table: prints the table with verdict, device, rule and line added.
    ///
    /// Example: secdiag firewall test fw.conf --packets packets.csv
    Test(TestArgs),
    /// Say which rules take a rule's packets, or that it is needed, with a packet that shows it.
    ///
    /// Example: secdiag firewall why-shadowed fw.conf 37
    WhyShadowed(WhyArgs),
    /// Compare two versions of a configuration, or two devices of a pair: what is let through that was not, and the
    /// other way round.
    ///
    /// Example: secdiag firewall diff old.conf new.conf
    Diff(DiffArgs),
    /// Say who can reach whom on a service: addresses that behave alike, and between which of them connections may pass.
    ///
    /// Example: secdiag firewall matrix fw.conf --service tcp/22 --service tcp/443
    Matrix(MatrixArgs),
    /// Write a configuration that can be shown to others: secrets removed, addresses replaced so that prefixes stay
    /// prefixes and private addresses stay private.
    ///
    /// Example: secdiag firewall anonymise fw.conf --key-file key.txt --out shown.conf
    Anonymise(AnonymiseArgs),
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// Configurations: a file or a folder.
    config: PathBuf,
    /// Protocol: tcp, udp, icmp, a number.
    protocol: String,
    /// Source address, with its port where there is one: `10.1.2.3:40000`, `[2001:db8::1]:40000`.
    src: String,
    /// Destination address with its port, or for ICMP its type.
    dst: String,
    /// Interface or zone that it comes in by; found by the source address where none is given.
    #[arg(long = "in", value_name = "INTERFACE")]
    in_if: Option<String>,
    /// Interface or zone that it goes out by; found by the destination address where none is given.
    #[arg(long = "out", value_name = "INTERFACE")]
    out_if: Option<String>,
    /// Day on which schedules are looked at; today's day is not asked for: without it they count as running.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// Configurations; files or folders.
    #[arg(required = true)]
    config: Vec<PathBuf>,
    /// Table with the columns `in_iface`, `out_iface` (may be missing), `src`, `dst`, `proto`, `sport`, and `dport` or
    /// `dport_or_icmp`; further columns are kept.
    #[arg(long, value_name = "FILE.csv")]
    packets: PathBuf,
    /// Day on which schedules are looked at.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
}

#[derive(Debug, Args)]
struct WhyArgs {
    /// The configuration.
    config: PathBuf,
    /// The rule: its number or name, or the line that it stands on.
    rule: String,
    /// Day on which schedules are looked at.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
}

#[derive(Debug, Args)]
struct DiffArgs {
    /// The old version, or the first device.
    old: PathBuf,
    /// The new version, or the second device.
    new: PathBuf,
    /// Day on which schedules are looked at.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// One JSON object per pair of rules.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct MatrixArgs {
    /// Configurations; files or folders.
    #[arg(required = true)]
    config: Vec<PathBuf>,
    /// Protocol and destination port; may be given several times.
    #[arg(long = "service", value_name = "PROTO/PORT", required = true)]
    services: Vec<String>,
    /// Source port.
    #[arg(long, default_value_t = 40_000)]
    sport: u16,
    /// Connections to the device itself instead of those through it.
    #[arg(long)]
    to_device: bool,
    /// Day on which schedules are looked at.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// One JSON object per configuration, service and address family.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct AnonymiseArgs {
    /// The configuration, a text file.
    config: PathBuf,
    /// File whose content is the key: the same key gives the same addresses in all files. Keep it to yourself.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn firewall(options: &FirewallArgs) -> Result<Exit> {
    match &options.command {
        FirewallCommand::Explain(options) => explain(options),
        FirewallCommand::Test(options) => test(options),
        FirewallCommand::WhyShadowed(options) => why_shadowed(options),
        FirewallCommand::Diff(options) => compare(options),
        FirewallCommand::Matrix(options) => who_reaches_whom(options),
        FirewallCommand::Anonymise(options) => anonymise(options),
    }
}

/// A policy and where it was read from.
struct Config {
    path: String,
    policy: Policy,
}

impl Config {
    /// The device's name; the file's where it has none.
    fn name(&self) -> &str {
        if self.policy.device.is_empty() { &self.path } else { &self.policy.device }
    }
}

fn load(paths: &[PathBuf]) -> Result<Vec<Config>> {
    let documents = told::documents(paths, FIREWALL, &Options::default())?;
    let policies = documents.into_iter().map(|(path, document)| {
        let policy = serde_json::from_value(document.value).context("a policy as the parser gave it")?;
        Ok(Config { path, policy })
    });
    let policies: Vec<Config> = policies.collect::<Result<_>>()?;
    if policies.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let formats: Vec<&str> = FIREWALL.meta().formats.iter().map(|format| format.title).collect();
        let text =
            format!("{}: no firewall configuration was recognised; read are: {}", names.join(", "), formats.join("; "));
        return Err(UsageError(text).into());
    }
    Ok(policies)
}

fn explain(options: &ExplainArgs) -> Result<Exit> {
    let question = question(options)?;
    for config in load(std::slice::from_ref(&options.config))? {
        let lists = Lists::of(&config.policy, options.as_of);
        let (decision, steps) = lists.ready().explain(&question);
        if options.json {
            out::print_json(&json!({
                "device": config.name(),
                "file": config.path,
                "verdict": decision.verdict.word(),
                "in": decision.in_if,
                "out": decision.out_if,
                "steps": steps.iter().map(|step| json!({
                    "list": step.placed.chain.name,
                    "rule": step.placed.rule.map(|rule| &rule.id),
                    "line": line(&step.placed),
                    "text": step.placed.rule.map_or(&step.placed.chain.default.text, |rule| &rule.text),
                    "does": effect(step.effect),
                    "sure": step.sure,
                    "unknown": step.placed.rule.map(|rule| rule.unknown.iter().map(|one| &one.text).collect::<Vec<_>>()),
                })).collect::<Vec<_>>(),
            }))?;
        } else {
            out::print(&explained(&config, &decision, &steps))?;
        }
    }
    Ok(Exit::Ran)
}

fn explained(config: &Config, decision: &Decision<'_>, steps: &[Step<'_>]) -> String {
    use std::fmt::Write;
    let or_unknown = |name: &str| if name.is_empty() { "unknown interface".to_owned() } else { name.to_owned() };
    let way = match decision.hook {
        Hook::Forward => format!("{} → {}", or_unknown(&decision.in_if), or_unknown(&decision.out_if)),
        Hook::Input => format!("{} → the device itself", or_unknown(&decision.in_if)),
        Hook::Output => format!("the device itself → {}", or_unknown(&decision.out_if)),
    };
    let mut text = format!("{} ({}): {}\n", config.name(), way, told_verdict(decision.verdict));
    for step in steps {
        let sure = if step.sure { "" } else { " (if it matches)" };
        let _ = writeln!(
            text,
            "  {:<7}{sure} {} in {}, {}",
            effect(step.effect),
            step.placed.label(),
            step.placed.chain.name,
            place(&step.placed)
        );
        for line in step.placed.rule.map_or(step.placed.chain.default.text.as_str(), |rule| &rule.text).lines() {
            let _ = writeln!(text, "          {}", line.trim_end());
        }
        for unknown in step.placed.rule.into_iter().flat_map(|rule| &rule.unknown) {
            let _ = writeln!(text, "          not evaluated: {}", unknown.text);
        }
    }
    text
}

const fn told_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Permit => "permitted",
        Verdict::Deny => "denied",
        Verdict::Undecided => "undecided: a match cannot be evaluated from the configuration",
        Verdict::NoList => "no list is asked about it",
    }
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
        Effect::Log => "log",
        Effect::Skip => "go on",
    }
}

fn line(placed: &Placed<'_>) -> u32 {
    placed.rule.map_or(placed.chain.default.line, |rule| rule.line_from)
}

fn place(placed: &Placed<'_>) -> String {
    match (placed.rule.is_some(), line(placed)) {
        (true, line) => format!("line {line}"),
        (false, 0) => "at its end, as the platform does".into(),
        (false, line) => format!("at its end, line {line}"),
    }
}

fn question(options: &ExplainArgs) -> Result<Question> {
    let number = protocol(&options.protocol)?;
    let (src, sport) = endpoint(&options.src)?;
    let (dst, dport) = endpoint(&options.dst)?;
    let icmp = matches!(number, proto::ICMP | proto::ICMP6);
    Ok(Question {
        in_if: options.in_if.clone(),
        out_if: options.out_if.clone(),
        src,
        dst,
        proto: number,
        sport: sport.unwrap_or(if icmp { 0 } else { 40_000 }),
        dport: match dport {
            // An echo request where no type is given.
            None if icmp => icmp_of(if number == proto::ICMP { 8 } else { 128 }),
            Some(kind) if icmp => icmp_of(kind),
            port => port.unwrap_or(0),
        },
    })
}

fn icmp_of(kind: u16) -> u16 {
    kind.min(255) << 8
}

fn protocol(text: &str) -> Result<u8> {
    proto_number(text).ok_or_else(|| UsageError(format!("`{text}` is no protocol: tcp, udp, icmp or a number")).into())
}

/// `10.1.2.3`, `10.1.2.3:443`, `2001:db8::1`, `[2001:db8::1]:443`
fn endpoint(text: &str) -> Result<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.trim_matches(['[', ']']).parse() {
        return Ok((address, None));
    }
    text.parse::<std::net::SocketAddr>()
        .map(|both| (both.ip(), Some(both.port())))
        .map_err(|_| UsageError(format!("`{text}` is no address: 10.1.2.3:443 or [2001:db8::1]:443")).into())
}

fn test(options: &TestArgs) -> Result<Exit> {
    let configs = load(&options.config)?;
    let lists: Vec<Lists<'_>> = configs.iter().map(|config| Lists::of(&config.policy, options.as_of)).collect();
    let deciders: Vec<_> = lists.iter().map(Lists::ready).collect();
    let name = options.packets.display();
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(&options.packets)
        .map_err(|error| UsageError(format!("{name}: {error}")))?;
    let header = table.headers().with_context(|| format!("{name}: the header"))?.clone();
    let columns =
        Columns::of(&header).map_err(|missing| UsageError(format!("{name}: there is no column {missing}")))?;
    let mut told = csv::Writer::from_writer(std::io::stdout().lock());
    let mut row_out: Vec<&str> = header.iter().collect();
    row_out.extend(["verdict", "device", "rule", "line"]);
    told.write_record(&row_out)?;
    let mut refused = 0u64;
    let mut record = csv::StringRecord::new();
    loop {
        match table.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                out::error(&format!("{name}: {error}"));
                refused += 1;
                continue;
            }
        }
        let question = match columns.question(&record) {
            Ok(question) => question,
            Err(why) => {
                let line = record.position().map_or(0, csv::Position::line);
                out::error(&format!("{name}, line {line}: {why}"));
                refused += 1;
                continue;
            }
        };
        for (config, decider) in configs.iter().zip(&deciders) {
            let decision = decider.decide(&question);
            let rule = decision.by.map(|by| by.label()).unwrap_or_default();
            let line = decision.by.map(|by| line(&by).to_string()).unwrap_or_default();
            let mut row: Vec<&str> = record.iter().collect();
            row.extend([decision.verdict.word(), config.name(), &rule, &line]);
            told.write_record(&row)?;
        }
    }
    told.flush()?;
    if refused > 0 {
        out::error(&format!("{name}: {refused} rows were refused"));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Ran)
}

/// Places of the columns.
struct Columns {
    in_if: Option<usize>,
    out_if: Option<usize>,
    src: usize,
    dst: usize,
    proto: usize,
    sport: Option<usize>,
    dport: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, &'static str> {
        let find = |names: &[&str]| header.iter().position(|name| names.contains(&name.to_ascii_lowercase().as_str()));
        Ok(Self {
            in_if: find(&["in_iface", "in_if", "in", "src_zone"]),
            out_if: find(&["out_iface", "out_if", "out", "dst_zone"]),
            src: find(&["src", "src_ip"]).ok_or("src")?,
            dst: find(&["dst", "dst_ip"]).ok_or("dst")?,
            proto: find(&["proto", "protocol"]).ok_or("proto")?,
            sport: find(&["sport", "src_port"]),
            dport: find(&["dport_or_icmp", "dport", "dst_port"]).ok_or("dport")?,
        })
    }

    fn question(&self, record: &csv::StringRecord) -> Result<Question, String> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let name = |place: Option<usize>| place.map(cell).filter(|name| !name.is_empty()).map(str::to_owned);
        let address =
            |place: usize| cell(place).parse::<IpAddr>().map_err(|_| format!("`{}` is no address", cell(place)));
        let number = |text: &str| match text {
            "" => Ok(0),
            text => text.parse::<u16>().map_err(|_| format!("`{text}` is no port")),
        };
        let proto = proto_number(cell(self.proto)).ok_or_else(|| format!("`{}` is no protocol", cell(self.proto)))?;
        let icmp = matches!(proto, proto::ICMP | proto::ICMP6);
        let dport = match cell(self.dport) {
            // `8/0`: type and code; without a type an echo request.
            text if icmp => {
                let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
                let echo = if proto == proto::ICMP { 8 } else { 128 };
                let kind = if kind.is_empty() || kind == "0" { echo } else { number(kind)?.min(255) };
                icmp_of(kind) | number(code)?.min(255)
            }
            text => number(text)?,
        };
        Ok(Question {
            in_if: name(self.in_if),
            out_if: name(self.out_if),
            src: address(self.src)?,
            dst: address(self.dst)?,
            proto,
            sport: if icmp { 0 } else { number(self.sport.map(cell).unwrap_or_default())? },
            dport,
        })
    }
}

fn why_shadowed(options: &WhyArgs) -> Result<Exit> {
    let configs = load(std::slice::from_ref(&options.config))?;
    let mut found = false;
    for config in &configs {
        let universe = Universe::of(&config.policy);
        let flats: Vec<_> =
            config.policy.paths.iter().map(|path| flatten(&config.policy, &universe, path, options.as_of)).collect();
        let indexes: Vec<_> = flats.iter().map(Index::of).collect();
        let is_meant = |placed: &Placed<'_>| {
            placed.rule.is_some_and(|rule| {
                rule.id == options.rule
                    || rule.name.as_deref() == Some(&options.rule)
                    || options.rule.parse().is_ok_and(|line: u32| (rule.line_from..=rule.line_to).contains(&line))
            })
        };
        for (placed, standing) in standings(&flats, &indexes).iter().filter(|(placed, _)| is_meant(placed)) {
            found = true;
            out::print(&format!("{}: {} in {}, {}", config.name(), placed.label(), placed.chain.name, place(placed)))?;
            out::print(&told_standing(standing))?;
        }
    }
    if found {
        return Ok(Exit::Ran);
    }
    let text = format!("no rule in force is called `{}` or stands on that line", options.rule);
    Err(UsageError(text).into())
}

fn told_standing(standing: &Standing<'_>) -> String {
    let list = |by: &[Placed<'_>]| {
        let lines: Vec<String> =
            by.iter().map(|by| format!("    {} in {}, {}", by.label(), by.chain.name, place(by))).collect();
        lines.join("\n")
    };
    match standing {
        Standing::Needed => "  needed: without it some packets would be decided otherwise".into(),
        Standing::Shadowed { by, against, witness } => format!(
            "  shadowed: earlier rules take all of its packets\n{}\n  {} does the opposite, for example to {}",
            list(by),
            against.label(),
            secdiag_firewall::example(witness)
        ),
        Standing::Repeated { by } => {
            format!("  redundant: earlier rules take all of its packets and do the same\n{}", list(by))
        }
        Standing::Overtaken { by } => format!("  redundant: without it later rules would do the same\n{}", list(by)),
        Standing::Undecided => "  undecided: the budget did not suffice".into(),
    }
}

fn compare(options: &DiffArgs) -> Result<Exit> {
    let old = load(std::slice::from_ref(&options.old))?;
    let new = load(std::slice::from_ref(&options.new))?;
    let mut differ = false;
    let mut compared = 0;
    for (number, before) in old.iter().enumerate() {
        // Virtual domains by their names; where there is one policy each, whatever they are called.
        let same = |after: &&Config| after.policy.device == before.policy.device;
        let Some(after) = new.iter().find(same).or_else(|| new.get(number).filter(|_| old.len() == new.len())) else {
            out::error(&format!("{}: there is no counterpart in {}", before.name(), options.new.display()));
            continue;
        };
        let universes = Universe::common([&before.policy, &after.policy]);
        for hook in [Hook::Forward, Hook::Input, Hook::Output] {
            let first = merged(&before.policy, &universes[0], hook, options.as_of);
            let second = merged(&after.policy, &universes[1], hook, options.as_of);
            let Some((first, second)) = first.zip(second) else { continue };
            compared += 1;
            let found = diff(&Index::of(&first), &Index::of(&second));
            for difference in &found.differences {
                differ = true;
                if options.json {
                    out::print_json(&difference_json(before, difference, &universes[0]))?;
                } else {
                    out::print(&told_difference(before, difference, &universes[0]))?;
                }
            }
            if found.undecided > 0 {
                out::error(&format!(
                    "{}: {} pairs of rules could not be compared within the budget",
                    before.name(),
                    found.undecided
                ));
            }
        }
    }
    if compared == 0 {
        return Err(UsageError("the two have no list of the same kind to compare".into()).into());
    }
    if !differ && !options.json {
        out::print("no packet is decided differently")?;
    }
    Ok(Exit::Ran)
}

fn told_difference(config: &Config, difference: &Difference<'_>, universe: &Universe) -> String {
    use std::fmt::Write;
    let now = if difference.opened { "now permitted" } else { "now denied" };
    let certain = if difference.certain { "" } else { " (possibly)" };
    let mut text = format!(
        "{}: {now}{certain}\n  was decided by {}, {}\n  is decided by {}, {}\n",
        config.name(),
        difference.old.label(),
        place(&difference.old),
        difference.new.label(),
        place(&difference.new),
    );
    for cube in &difference.cubes {
        let _ = writeln!(text, "    {}", secdiag_firewall::describe(cube, universe));
    }
    if difference.more {
        text.push_str("    and more\n");
    }
    text
}

fn difference_json(config: &Config, difference: &Difference<'_>, universe: &Universe) -> serde_json::Value {
    json!({
        "device": config.name(),
        "change": if difference.opened { "permitted" } else { "denied" },
        "certain": difference.certain,
        "old": {"rule": difference.old.label(), "line": line(&difference.old)},
        "new": {"rule": difference.new.label(), "line": line(&difference.new)},
        "packets": difference.cubes.iter().map(|cube| secdiag_firewall::describe(cube, universe)).collect::<Vec<_>>(),
        "more": difference.more,
        "example": difference.cubes.first().map(secdiag_firewall::example),
    })
}

fn who_reaches_whom(options: &MatrixArgs) -> Result<Exit> {
    let services: Vec<(&String, Asked)> =
        options.services.iter().map(|text| Ok((text, asked(text, options.sport)?))).collect::<Result<_>>()?;
    let hook = if options.to_device { Hook::Input } else { Hook::Forward };
    for config in load(&options.config)? {
        let universe = Universe::of(&config.policy);
        let Some(flat) = merged(&config.policy, &universe, hook, options.as_of) else {
            out::error(&format!("{}: there is no list for such connections", config.name()));
            continue;
        };
        let behind = matrix::behind(&config.policy, &universe);
        for (text, asked) in &services {
            let v4 = matrix::v4(&flat, *asked, &behind);
            let sets = |v4: &Intervals<u32>| AddrSet { v4: v4.clone(), v6: Intervals::empty() };
            tell_matrix(options, &config, text, &v4.classes.iter().map(sets).collect::<Vec<_>>(), &v4.pairs)?;
            let v6 = matrix::v6(&flat, *asked, &behind);
            // A dump of one family says nothing of the other.
            if v6.classes.len() > 1 || !v6.pairs.is_empty() {
                let sets = |v6: &Intervals<u128>| AddrSet { v4: Intervals::empty(), v6: v6.clone() };
                tell_matrix(options, &config, text, &v6.classes.iter().map(sets).collect::<Vec<_>>(), &v6.pairs)?;
            }
        }
    }
    Ok(Exit::Ran)
}

fn tell_matrix(
    options: &MatrixArgs,
    config: &Config,
    service: &str,
    classes: &[AddrSet],
    pairs: &[(usize, usize)],
) -> Result<()> {
    use std::fmt::Write;
    if options.json {
        return out::print_json(&json!({
            "device": config.name(), "service": service, "classes": classes, "pairs": pairs,
        }));
    }
    let mut text = format!("{}: {service}\n", config.name());
    for (number, class) in classes.iter().enumerate() {
        let _ = writeln!(text, "  {:>4} {}", number + 1, class.describe(6));
    }
    for from in 0..classes.len() {
        let to: Vec<String> = pairs.iter().filter(|pair| pair.0 == from).map(|pair| (pair.1 + 1).to_string()).collect();
        if !to.is_empty() {
            let _ = writeln!(text, "  {:>4} reaches {}", from + 1, to.join(", "));
        }
    }
    if pairs.is_empty() {
        text.push_str("       nobody reaches anybody\n");
    }
    out::print(&text)
}

fn asked(text: &str, sport: u16) -> Result<Asked> {
    let wrong = || UsageError(format!("`{text}` is no service: tcp/22, udp/53"));
    let (name, port) = text.split_once('/').ok_or_else(wrong)?;
    Ok(Asked { proto: protocol(name)?, sport, dport: port.parse().map_err(|_| wrong())? })
}

fn anonymise(options: &AnonymiseArgs) -> Result<Exit> {
    let key = std::fs::read_to_string(&options.key_file)
        .map_err(|error| UsageError(format!("{}: {error}", options.key_file.display())))?;
    if key.trim().len() < 16 {
        let text = format!("{}: a key has at least 16 characters", options.key_file.display());
        return Err(UsageError(text).into());
    }
    let bytes =
        std::fs::read(&options.config).map_err(|error| UsageError(format!("{}: {error}", options.config.display())))?;
    let text = secdiag_inspect::DecodedText::decode(&bytes).text;
    let shown = Anonymiser::new(key.trim()).text(&text);
    std::fs::write(&options.out, shown).with_context(|| options.out.display().to_string())?;
    out::error("names, descriptions and comments are as they were: look through them before you hand the file on");
    Ok(Exit::Ran)
}
