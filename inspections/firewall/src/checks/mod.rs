//! One file per check. What they share: one firewall made ready for questions, and how a rule becomes a finding.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use secdiag_inspect::{Check, JudgeCx, Looked, ParsedDocument};
use secdiag_model::{Artefact, Finding, Locator, Proof, Subject};

use crate::beside::Beside;
use crate::cover::{Ask, Index};
use crate::direction::{Compass, Direction};
use crate::flat::{Cube, Effect, Entry, Flat, Left, Sure, Universe, flatten};
use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto};
use crate::policy::{Action, Chain, Hook, Policy, Rule};
use crate::proposal::Proposal;
use crate::standing::{Placed, Standing, standings};

secdiag_inspect::checks! {
    fn(&Firewall<'_>, &JudgeCx<'_>);
    permit_any_any,
    outbound_any_service,
    wide_port_range,
    permissive_inbound_service,
    telnet_allowed,
    ftp_allowed,
    smb_allowed,
    remote_desktop_from_outside,
    database_from_outside,
    management_from_any,
    nat_exposes_internal,
    indicator_not_blocked,
    missing_deny_all,
    deny_all_not_logged,
    permit_not_logged,
    shadowed_rule,
    deny_shadows_permit,
    redundant_rule,
    unmatchable_rule,
    unused_rule,
    disabled_rule,
    expired_rule,
    temporary_rule,
    rule_without_owner,
}

pub(crate) use crate::vendors::READS;

/// Proofs of one finding.
pub(crate) const PROOFS_MAX: usize = 10;
/// Narrow rules that a text names; all are among the facts.
const NARROW_SHOWN: usize = 12;
/// Lines that a finding about many rules lists.
const ALL_MAX: usize = 10_000;

/// A policy's paths, unfolded.
pub struct Unfolded<'a> {
    universe: Universe,
    as_of: Date,
    /// One per path.
    pub flats: Vec<Flat<'a>>,
}

impl<'a> Unfolded<'a> {
    /// Of a policy; `as_of` decides which schedules have ended.
    pub fn of(policy: &'a Policy, as_of: Date) -> Self {
        let universe = Universe::of(policy);
        let flats = policy.paths.iter().map(|path| flatten(policy, &universe, path, Some(as_of))).collect();
        Self { universe, as_of, flats }
    }
}

/// One policy, ready for questions.
pub struct Firewall<'a> {
    /// Name shown: the host name, or the file's name where the configuration has none.
    pub name: String,
    /// The policy.
    pub policy: &'a Policy,
    /// Its paths, unfolded.
    pub flats: &'a [Flat<'a>],
    /// The same, ready for questions about rules against each other.
    pub indexes: Vec<Index<'a>>,
    /// Its directions.
    pub compass: Compass,
    universe: &'a Universe,
    /// What other evidence says.
    pub beside: &'a Beside,
    standings: OnceCell<Vec<(Placed<'a>, Standing<'a>)>>,
    proposals: OnceCell<BTreeMap<*const Rule, Proposal>>,
    as_of: Date,
    artefact: &'a Artefact,
}

impl<'a> Firewall<'a> {
    /// Of a policy and its unfolded paths.
    pub fn new(
        document: &'a ParsedDocument<'a, Policy>,
        unfolded: &'a Unfolded<'a>,
        beside: &'a Beside,
    ) -> Option<Self> {
        let artefact = *document.artefacts.first()?;
        let policy = &document.value;
        let stem = artefact.file_name().split('.').next().unwrap_or_default();
        let name = if policy.device.is_empty() { stem.to_owned() } else { policy.device.clone() };
        let indexes = unfolded.flats.iter().map(Index::of).collect();
        let compass = Compass::of(policy, &unfolded.universe);
        Some(Self {
            name,
            policy,
            flats: &unfolded.flats,
            indexes,
            compass,
            universe: &unfolded.universe,
            beside,
            standings: OnceCell::new(),
            proposals: OnceCell::new(),
            as_of: unfolded.as_of,
            artefact,
        })
    }

    /// Whether packets of a box come in by an interface.
    pub(crate) fn is_on(&self, cube: &Cube, interface: &str) -> bool {
        cube.in_ifs.contains(self.universe.number(interface))
    }

    /// Whether packets of a box go out by an interface.
    pub(crate) fn goes_out_by(&self, cube: &Cube, interface: &str) -> bool {
        cube.out_ifs.contains(self.universe.number(interface))
    }

    /// Every interface.
    pub(crate) fn any_interface(&self) -> Intervals<u16> {
        self.universe.all.clone()
    }

    /// Names of the interfaces that packets of a box come in by.
    pub(crate) fn interfaces_of(&self, cube: &Cube) -> String {
        if cube.in_ifs.covers(&self.universe.all) {
            return "any".into();
        }
        let names = self.universe.names(&cube.in_ifs).map(|name| name.unwrap_or("any other").to_owned());
        crate::net::shorten(names.collect(), 4)
    }

    /// What becomes of each rule among the others; worked out once for all checks.
    pub fn standings(&self) -> &[(Placed<'a>, Standing<'a>)] {
        self.standings.get_or_init(|| standings(self.flats, &self.indexes))
    }

    /// What a rule was used for in the traffic given; nothing where none was, or none of it.
    fn proposal(&self, rule: &Rule) -> Option<&Proposal> {
        let worked_out = || {
            let inside = &self.compass.inside_addrs;
            crate::proposal::proposals(self.policy, &self.beside.observed, inside, Some(self.as_of))
        };
        self.proposals.get_or_init(worked_out).get(&std::ptr::from_ref(rule))
    }

    /// The finding, with the narrow rules that would have let the same connections pass; both texts are empty where no
    /// traffic was given that the rule lets pass.
    pub(crate) fn with_proposal(&self, finding: Finding, rule: &Rule) -> Finding {
        let Some(used) = self.proposal(rule) else {
            return finding.fact("proposal", "").fact("proposal_zh", "");
        };
        let outside = AddrSet::full().minus(&self.compass.inside_addrs);
        let rules = |words: [&str; 2]| -> Vec<String> {
            used.rules.iter().map(|rule| rule.describe(&outside, words)).collect()
        };
        let (en, zh) = (rules(["the Internet", "connections"]), rules(["網際網路", "筆連線"]));
        let proposal = format!(
            " The traffic given used it for {} connections; these rules permit them all: {}.",
            used.connections,
            crate::net::shorten(en.clone(), NARROW_SHOWN)
        );
        let proposal_zh = format!(
            "依所提供之流量，該規則共放行 {} 筆連線，下列規則即可涵蓋：{}。",
            used.connections,
            crate::net::shorten(zh, NARROW_SHOWN)
        );
        finding.fact("proposal", proposal).fact("proposal_zh", proposal_zh).fact("narrow_rules", en)
    }

    /// Lists that packets can come to.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &'a Chain> {
        self.policy.chains.iter().filter(|chain| self.is_on_a_path(chain))
    }

    /// Rules on all paths, each list's end counted as one.
    pub fn rule_count(&self) -> u64 {
        self.lists().map(|chain| chain.rules.len() as u64 + 1).sum()
    }

    /// Lists that packets through the device can come to.
    fn forward_lists(&self) -> impl Iterator<Item = &'a Chain> {
        let forward = |chain: &&'a Chain| {
            let entries =
                self.flats.iter().filter(|flat| flat.path.hook == Hook::Forward).flat_map(|flat| &flat.entries);
            entries.into_iter().any(|entry| std::ptr::eq(entry.chain, *chain))
        };
        self.policy.chains.iter().filter(forward)
    }

    fn is_on_a_path(&self, chain: &Chain) -> bool {
        self.policy.paths.iter().any(|path| path.chains().any(|name| *name == chain.name))
            || self.flats.iter().any(|flat| flat.entries.iter().any(|entry| std::ptr::eq(entry.chain, chain)))
    }

    /// What a check looked at on this firewall.
    pub(crate) fn looked(&self, check: &Check, count: u64, what: &'static str) -> Looked {
        Looked::at(check, count, what).on(self.name.as_str())
    }

    /// Says for each direction how many rules were looked at.
    pub(crate) fn looked_every_way(&self, check: &Check, cx: &JudgeCx<'_>) {
        for direction in Direction::ASPECTS {
            cx.looked(self.looked(check, self.rule_count(), "rules").aspect(direction.word()));
        }
    }

    /// A proof at a rule's own lines.
    pub(crate) fn proof(&self, rule: &Rule) -> Proof {
        Proof::new(self.artefact, Locator::Line(rule.line_from.into()), rule.text.as_str())
    }

    /// A proof elsewhere in the file.
    pub(crate) fn proof_at(&self, locator: Locator, excerpt: &str) -> Proof {
        Proof::new(self.artefact, locator, excerpt)
    }

    /// A finding about a rule, with the facts that all texts use.
    pub(crate) fn finding(&self, check: &Check, permit: &Permit<'_>) -> Finding {
        let rule = permit.rule;
        let subject = Subject::Rule { device: self.name.clone(), rule: rule.id.clone(), line: rule.line_from.into() };
        let confidence = match (permit.certain, permit.direction, permit.by_zones) {
            (false, ..) => 0.5,
            (true, Direction::Unknown, _) => 0.7,
            (true, _, false) => 0.85,
            (true, _, true) => 1.0,
        };
        let mut finding = Finding::new(check.id, subject, self.proof(rule))
            .asset(self.name.as_str())
            .confidence(confidence)
            .fact("device", self.name.as_str())
            .fact("rule", rule.id.as_str())
            .fact("rule_name", rule.name.clone().unwrap_or_default())
            .fact("rule_label", label(rule))
            .fact("list", permit.chain.name.as_str())
            .fact("line", rule.line_from)
            .fact("src", rule.src.describe())
            .fact("dst", rule.dst.describe())
            .fact("services", rule.services.describe())
            .fact("zones", format!("{} → {}", rule.in_ifs.describe(), rule.out_ifs.describe()))
            .fact("direction", permit.direction.word())
            .fact("direction_by", if permit.by_zones { "zones" } else { "addresses" })
            .fact("certain", permit.certain)
            .fact("implicit", rule.implicit)
            .fact("example", example(&permit.witness));
        if let Some(hits) = rule.hits {
            finding = finding.fact("hits", hits);
        }
        if permit.direction != Direction::Unknown {
            finding = finding.aspect(permit.direction.word());
        }
        finding
    }

    /// A finding about several rules of a list at once: how many, which, and the first of them as proof.
    pub(crate) fn finding_of_rules(&self, check: &Check, chain: &Chain, rules: &[&Rule]) -> Option<Finding> {
        let first = rules.first()?;
        let subject = Subject::Rule {
            device: self.name.clone(),
            rule: format!("{} (list)", chain.name),
            line: first.line_from.into(),
        };
        let labels: Vec<String> = rules.iter().map(|rule| label(rule)).collect();
        let mut finding = Finding::new(check.id, subject, self.proof(first))
            .asset(self.name.as_str())
            .fact("device", self.name.as_str())
            .fact("list", chain.name.as_str())
            .fact("count", rules.len())
            .fact("of", chain.rules.iter().filter(|rule| !rule.implicit).count())
            .fact("line", first.line_from)
            .fact("rules", crate::net::shorten(labels, 10))
            .fact("lines", rules.iter().take(ALL_MAX).map(|rule| rule.line_from).collect::<Vec<_>>());
        for rule in rules.iter().skip(1).take(PROOFS_MAX - 1) {
            finding = finding.proof(self.proof(rule));
        }
        Some(finding)
    }

    /// Rules that permit something of `question`, each once per direction, in the order of the paths. `question`
    /// gives the boxes of an entry that are asked about; an entry for which it gives none is passed over.
    pub(crate) fn permits(&self, question: &dyn Fn(&Entry<'_>, &[Cube]) -> Vec<Cube>) -> Vec<Permit<'a>> {
        self.permits_where(&|_| true, question)
    }

    /// The same, of one kind of packets.
    pub(crate) fn permits_on(
        &self,
        hook: Hook,
        question: &dyn Fn(&Entry<'_>, &[Cube]) -> Vec<Cube>,
    ) -> Vec<Permit<'a>> {
        self.permits_where(&|of| of == hook, question)
    }

    fn permits_where(
        &self,
        wanted: &dyn Fn(Hook) -> bool,
        question: &dyn Fn(&Entry<'_>, &[Cube]) -> Vec<Cube>,
    ) -> Vec<Permit<'a>> {
        let mut permits: Vec<Permit<'a>> = Vec::new();
        let mut seen: BTreeMap<(*const Rule, Direction), usize> = BTreeMap::new();
        for (flat, rules) in self.flats.iter().zip(&self.indexes).filter(|(flat, _)| wanted(flat.path.hook)) {
            for (index, entry) in flat.entries.iter().enumerate() {
                let (Effect::Permit, Some(rule)) = (entry.effect, entry.rule) else { continue };
                let asked = question(entry, &entry.upper);
                if asked.is_empty() {
                    continue;
                }
                let mut sure = self.compass.directions(flat.path.hook, &question(entry, entry.lower()));
                for (direction, sight) in self.compass.directions(flat.path.hook, &asked) {
                    let (mut witness, mut certain) =
                        match rules.reaching(index, &sight.cubes, asking(Sure::Possible)).left {
                            Left::Nothing => continue,
                            Left::Piece(piece) | Left::Undecided(piece) => (*piece, false),
                        };
                    if let Some(sure) = sure.remove(&direction).filter(|_| !flat.incomplete)
                        && let Left::Piece(piece) = rules.reaching(index, &sure.cubes, asking(Sure::Certain)).left
                    {
                        (witness, certain) = (*piece, true);
                    }
                    let by_zones = sight.by_zones;
                    let permit = Permit { rule, chain: entry.chain, direction, witness, certain, by_zones };
                    match seen.get(&(std::ptr::from_ref(rule), direction)) {
                        Some(known) => {
                            if certain && !permits[*known].certain {
                                permits[*known] = permit;
                            }
                        }
                        None => {
                            seen.insert((std::ptr::from_ref(rule), direction), permits.len());
                            permits.push(permit);
                        }
                    }
                }
            }
        }
        permits
    }

    /// The check of rules one by one: those that are so make one finding per list.
    pub(crate) fn judge_rules(&self, check: &Check, cx: &JudgeCx<'_>, is_so: &dyn Fn(&Rule) -> bool) {
        self.judge_rules_of(self.lists(), check, cx, is_so);
    }

    /// The same, of the lists for packets through the device.
    pub(crate) fn judge_forwarding_rules(&self, check: &Check, cx: &JudgeCx<'_>, is_so: &dyn Fn(&Rule) -> bool) {
        self.judge_rules_of(self.forward_lists(), check, cx, is_so);
    }

    fn judge_rules_of(
        &self,
        lists: impl Iterator<Item = &'a Chain>,
        check: &Check,
        cx: &JudgeCx<'_>,
        is_so: &dyn Fn(&Rule) -> bool,
    ) {
        let mut looked = 0;
        for chain in lists {
            looked += chain.rules.len() as u64;
            let rules: Vec<&Rule> = chain.rules.iter().filter(|rule| !rule.implicit && is_so(rule)).collect();
            if let Some(finding) = self.finding_of_rules(check, chain, &rules) {
                cx.report(finding);
            }
        }
        if looked > 0 {
            cx.looked(self.looked(check, looked, "rules"));
        }
    }

    /// The check of rules of one effect that earlier rules of the opposite effect take wholly.
    pub(crate) fn judge_shadowed(&self, check: &Check, effect: Effect, cx: &JudgeCx<'_>) {
        let mut groups: BTreeMap<u32, Taken<'a>> = BTreeMap::new();
        for (placed, standing) in self.standings() {
            let Standing::Shadowed { by, against, witness } = standing else { continue };
            let Some(rule) = placed.rule.filter(|rule| effect_of(rule) == Some(effect)) else { continue };
            let line = against.rule.map_or(u32::MAX, |rule| rule.line_from);
            let group = groups.entry(line).or_insert_with(|| Taken::by(*against));
            group.witness.get_or_insert_with(|| witness.clone());
            group.others = group.others.max(by.iter().filter(|one| one.rule != against.rule).count());
            group.rules.push((*placed, rule));
        }
        cx.looked(self.looked(check, self.rule_count(), "rules"));
        for group in groups.values() {
            if let Some(finding) = self.finding_of_taken(check, group) {
                cx.report(finding);
            }
        }
    }

    /// A finding about rules whose packets others take.
    pub(crate) fn finding_of_taken(&self, check: &Check, taken: &Taken<'_>) -> Option<Finding> {
        let (placed, first) = taken.rules.first()?;
        let rules: Vec<&Rule> = taken.rules.iter().map(|(_, rule)| *rule).collect();
        let mut finding = self.finding_of_rules(check, placed.chain, &rules)?;
        let one = rules.len() == 1;
        let named = if one { *first } else { taken.by.rule.unwrap_or(first) };
        finding.subject =
            Subject::Rule { device: self.name.clone(), rule: named.id.clone(), line: named.line_from.into() };
        let (edit, edit_zh) = crate::edit::removal(self.policy, placed.chain, first);
        finding = finding
            .fact("by", taken.by.label())
            .fact("by_line", taken.by.rule.map(|rule| rule.line_from))
            .fact("others", taken.others)
            .fact("example", taken.witness.as_deref().map(example).unwrap_or_default())
            .fact("edit", edit)
            .fact("edit_zh", edit_zh);
        if let Some(by) = taken.by.rule {
            finding = finding.proof(self.proof(by));
        }
        Some(finding)
    }

    /// The check of services that nobody outside should reach.
    pub(crate) fn judge_from_outside(&self, check: &Check, services: &[Service], cx: &JudgeCx<'_>) {
        cx.looked(self.looked(check, self.rule_count(), "rules"));
        let permits = self.permits(&|entry, cubes| {
            if any_to_any(&entry.upper).is_empty() { those(cubes, services) } else { Vec::new() }
        });
        for permit in permits.iter().filter(|permit| permit.direction == Direction::Inbound) {
            let mut finding = self.finding(check, permit);
            // The question has one side only.
            finding.aspect = None;
            cx.report(finding.fact("reached", permit.witness.service.to_string()));
        }
    }

    /// The check of a single service in every direction.
    pub(crate) fn judge_service(&self, check: &Check, services: &[Service], cx: &JudgeCx<'_>) {
        self.looked_every_way(check, cx);
        let permits = self.permits(&|entry, cubes| {
            // A rule that permits everything has a finding of its own, which says all there is to say.
            if any_to_any(&entry.upper).is_empty() { those(cubes, services) } else { Vec::new() }
        });
        for permit in &permits {
            cx.report(self.finding(check, permit));
        }
    }
}

/// Rules whose packets another rule takes.
pub(crate) struct Taken<'a> {
    by: Placed<'a>,
    /// How many more rules it takes at most, besides `by`.
    others: usize,
    rules: Vec<(Placed<'a>, &'a Rule)>,
    witness: Option<Box<Cube>>,
}

impl<'a> Taken<'a> {
    fn by(by: Placed<'a>) -> Self {
        Self { by, others: 0, rules: Vec::new(), witness: None }
    }
}

fn effect_of(rule: &Rule) -> Option<Effect> {
    match rule.action {
        Action::Permit => Some(Effect::Permit),
        Action::Deny => Some(Effect::Deny),
        _ => None,
    }
}

/// Earlier permits do not count: what they let through, the entry would let through as well.
const fn asking(sure: Sure) -> Ask {
    Ask { sure, permits_take: false }
}

/// A rule that permits something that was asked about, in one direction.
pub struct Permit<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The list that it stands in.
    pub chain: &'a Chain,
    /// Which way.
    pub direction: Direction,
    /// Packets that get through.
    pub witness: Cube,
    /// Surely; else a match of the rule, or of one before it, could not be evaluated.
    pub certain: bool,
    /// The direction comes from the roles of interfaces; else from addresses.
    pub by_zones: bool,
}

/// What of the boxes is one of these services.
pub(crate) fn those(cubes: &[Cube], services: &[Service]) -> Vec<Cube> {
    let parts = cubes.iter().flat_map(|cube| {
        services.iter().map(|service| Cube { service: cube.service.intersect(service), ..cube.clone() })
    });
    parts.filter(|cube| !cube.is_empty()).collect()
}

/// The boxes with any source and any destination, provided that together they let every service through: every
/// protocol, or at least every TCP and UDP port (0 need not be among them).
pub(crate) fn any_to_any(cubes: &[Cube]) -> Vec<Cube> {
    let wide: Vec<&Cube> = cubes.iter().filter(|cube| cube.src.is_any() && cube.dst.is_any()).collect();
    if all_ports(&wide) { wide.into_iter().cloned().collect() } else { Vec::new() }
}

/// Whether boxes together hold every TCP and every UDP port from 1 on, from any source port.
pub(crate) fn all_ports(cubes: &[&Cube]) -> bool {
    [proto::TCP, proto::UDP].into_iter().all(|number| {
        let of = cubes.iter().filter(|cube| cube.service.proto.0.contains(number) && cube.service.sport.0.is_full());
        let ports = of.fold(Intervals::empty(), |all, cube| all.union(&cube.service.dport.0));
        ports.covers(&Intervals::range(1, u16::MAX))
    })
}

/// Number or statement, with the name where there is one, short enough for a headline.
pub(crate) fn label(rule: &Rule) -> String {
    let mut label = match &rule.name {
        Some(name) if !name.is_empty() && rule.id.len() < 24 => format!("{} ({name})", rule.id),
        _ => rule.id.clone(),
    };
    if label.chars().count() > 120 {
        label = label.chars().take(119).chain(['…']).collect();
    }
    label
}

/// One packet of a box: `198.51.100.7 → 10.0.0.5 tcp/23`.
pub fn example(cube: &Cube) -> String {
    let address = |set: &AddrSet, prefer: &AddrSet| {
        let pick = set.intersect(prefer);
        let pick = if pick.is_empty() { set.clone() } else { pick };
        match (pick.v4.first(), pick.v6.first()) {
            (Some(first), _) => {
                // A network's own address is no host's.
                let next = first.saturating_add(u32::from(first.trailing_zeros() >= 8));
                std::net::Ipv4Addr::from(if pick.v4.contains(next) { next } else { first }).to_string()
            }
            (None, Some(address)) => std::net::Ipv6Addr::from(address).to_string(),
            (None, None) => String::new(),
        }
    };
    // Addresses that a reader recognises as hosts, not as the network's own.
    let hosts = AddrSet {
        v4: Intervals::of([(0x0808_0808, 0xdfff_fffe)]),
        v6: Intervals::range(0x2001_0db8 << 96 | 1, u128::MAX),
    };
    let port = cube.service.dport.0.first().unwrap_or(0);
    let named = cube.service.proto.0.contains(proto::TCP).then_some(proto::TCP).or(cube.service.proto.0.first());
    let service = match named {
        Some(number @ (proto::TCP | proto::UDP | proto::SCTP)) => {
            format!("{}/{}", crate::net::proto_name(number), port.max(1))
        }
        Some(number) => crate::net::proto_name(number),
        None => String::new(),
    };
    format!("{} → {} {service}", address(&cube.src, &hosts), address(&cube.dst, &hosts))
}
