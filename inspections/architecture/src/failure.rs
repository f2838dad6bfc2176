//! Every single failure, played through: what stops, for how long, and what it costs.
//!
//! *Events.* Each element and each drawn line; each site, room, rack, power feed and provider that several hang on; each
//! group that the firm says fails together. Members of a redundancy group whose switch-over was not tried within the
//! period count as one: the failure of one is the failure of all.
//!
//! *Which functions stop.* For a single element or line this needs no search: what stands on every way from the users to
//! a server are its dominators, so only those can stop a function, and only for them its gates are asked. A set of
//! elements is taken away and searched once.
//!
//! *How long and how much.* Repair time of the event; loss per hour by the market's hours, at the worst minute to begin
//! and on average. Weeks without holidays: the firm's worst.
//!
//! *Verdict.* What is not given makes a verdict impossible, never a pass; what is given and exceeded exceeds.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::facts::{Facts, Function, Measure};
use crate::graph::{Dominators, Gone, Graph};
use crate::topology::{Source, Topology};
use crate::words::{Holder, Role};

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// An element.
    Element(usize),
    /// A drawn line.
    Wire(usize),
    /// Several elements and lines at once: `power A`, `site HQ`, with the kind in the firm's words.
    Together {
        /// `site`, `room`, `rack`, `power`, `provider`, or the firm's word.
        kind: String,
        /// Which one.
        name: String,
        /// Elements.
        elements: Vec<usize>,
        /// Wires.
        wires: Vec<usize>,
    },
}

/// How an event stands to what the firm can bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every function is back in time, and the loss is within the appetite.
    Within,
    /// So it is with a measure that was tried within the period.
    Conditional,
    /// Something that it would take is not given.
    CannotConclude,
    /// A limit is exceeded.
    Exceeds,
}

impl Verdict {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Conditional => "conditional",
            Self::CannotConclude => "cannot conclude",
            Self::Exceeds => "exceeds",
        }
    }
}

/// An event with what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What fails.
    pub event: Event,
    /// Functions that stop, by their place in the list of functions.
    pub stopped: Vec<usize>,
    /// Redundancy group whose switch-over was not tried, and which is therefore held to be none.
    pub untested: Option<String>,
    /// Minutes until everything is back; nothing: not given.
    pub minutes: Option<u64>,
    /// Loss in the firm's currency if it begins at the worst minute of a week; nothing: not given.
    pub worst_loss: Option<u64>,
    /// On average over all minutes of a week.
    pub mean_loss: Option<u64>,
    /// See [`Verdict`].
    pub verdict: Verdict,
    /// What exceeds, or what is not given, in short words.
    pub because: Vec<Reason>,
    /// The measure that makes it bearable.
    pub measure: Option<String>,
    /// Who accepted the remaining risk, and when.
    pub accepted: Option<(String, Date)>,
}

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The outage is longer than a function's recovery objective.
    Recovery(String, u64, u64),
    /// The outage is longer than a function can be without.
    Tolerable(String, u64, u64),
    /// More data is lost than a function can lose.
    Data(String, u64, u64),
    /// The loss is above the appetite.
    Loss(u64, u64),
    /// Not given: what, of whom.
    Missing(&'static str, String),
}

impl Reason {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Recovery(function, is, limit) => format!("{function}: {is} min > RTO {limit} min"),
            Self::Tolerable(function, is, limit) => format!("{function}: {is} min > MTPD {limit} min"),
            Self::Data(function, is, limit) => format!("{function}: {is} min > RPO {limit} min"),
            Self::Loss(is, limit) => format!("{is} > {limit}"),
            Self::Missing(what, whom) if whom.is_empty() => format!("? {what}"),
            Self::Missing(what, whom) => format!("? {what} ({whom})"),
        }
    }
}

/// Losses by function and minutes: at the worst minute and on average; nothing where they cannot be told.
type Losses = BTreeMap<(usize, u64), Option<(u64, u64)>>;

/// What an outage is that lasts longer than a limit: function, minutes, limit.
type Beyond = fn(String, u64, u64) -> Reason;

/// What is played with.
pub struct Play<'a> {
    topology: &'a Topology,
    graph: Graph,
    facts: Vec<(usize, &'a Facts)>,
    /// Functions with the file that says them.
    pub functions: Vec<(usize, &'a Function)>,
    /// Where users stand, by function.
    origins: Vec<Vec<u32>>,
    /// Elements by name, of every function.
    needs: Vec<BTreeMap<&'a str, Option<u32>>>,
    groups: Vec<Group>,
    as_of: Date,
    days: i32,
    /// Losses already computed, by function and minutes.
    losses: RefCell<Losses>,
}

/// A redundancy group.
struct Group {
    name: String,
    members: BTreeSet<usize>,
    needed: usize,
    capacities: Option<(Vec<(usize, u64)>, u64)>,
    tested: bool,
}

impl<'a> Play<'a> {
    /// A switch-over holds for `days` after it was tried.
    pub fn new(topology: &'a Topology, facts: &[(usize, &'a Facts)], as_of: Date, days: i32) -> Self {
        let functions: Vec<(usize, &Function)> =
            facts.iter().flat_map(|(file, facts)| facts.functions.iter().map(move |each| (*file, each))).collect();
        let node = |name: &str| topology.find(name).and_then(|at| u32::try_from(at).ok());
        let internet: Vec<u32> = topology.with(Role::Internet).filter_map(|at| u32::try_from(at).ok()).collect();
        let origins = functions
            .iter()
            .map(|(_, each)| {
                if each.from.is_empty() {
                    internet.clone()
                } else {
                    each.from.iter().filter_map(|name| node(name)).collect()
                }
            })
            .collect();
        let needs =
            functions.iter().map(|(_, each)| each.needs.elements().map(|name| (name, node(name))).collect()).collect();
        let mut play = Self {
            topology,
            graph: topology.graph(),
            facts: facts.to_vec(),
            functions,
            origins,
            needs,
            groups: Vec::new(),
            as_of,
            days,
            losses: RefCell::default(),
        };
        play.groups = play.redundancy();
        play
    }

    fn redundancy(&self) -> Vec<Group> {
        let stated = self.facts.iter().flat_map(|(_, facts)| &facts.redundancies);
        stated
            .map(|group| {
                let members: BTreeSet<usize> =
                    group.members.iter().filter_map(|name| self.topology.find(name)).collect();
                let capacity = |at: &usize| Some((*at, self.topology.elements[*at].facts.capacity?));
                let each: Option<Vec<(usize, u64)>> = members.iter().map(capacity).collect();
                Group {
                    name: group.group.clone(),
                    needed: group.needed.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).max(1),
                    capacities: each.zip(group.peak_load),
                    tested: self.held(group.tested_on),
                    members,
                }
            })
            .filter(|group| group.members.len() > 1)
            .collect()
    }

    /// Whether something was tried within the period.
    pub(crate) fn held(&self, tested: Option<Date>) -> bool {
        tested.is_some_and(|day| day <= self.as_of && (self.as_of - day).get_days() <= self.days)
    }

    /// Every event that stops a function, the costliest first.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let mut stops: BTreeMap<Event, (BTreeSet<usize>, Option<String>)> = BTreeMap::new();
        self.singles(&mut stops);
        self.sets(&mut stops);
        let mut outcomes: Vec<Outcome> = stops
            .into_iter()
            .filter(|(_, (stopped, _))| !stopped.is_empty())
            .map(|(event, (stopped, untested))| self.outcome(event, stopped.into_iter().collect(), untested))
            .collect();
        outcomes.sort_by(|a, b| {
            let rank = |one: &Outcome| (one.verdict, one.worst_loss, one.stopped.len());
            rank(b).cmp(&rank(a)).then_with(|| a.event.cmp(&b.event))
        });
        outcomes
    }

    /// Single elements and lines, by dominators.
    fn singles(&self, stops: &mut BTreeMap<Event, (BTreeSet<usize>, Option<String>)>) {
        let mut trees: BTreeMap<&[u32], Dominators> = BTreeMap::new();
        for (index, (_, function)) in self.functions.iter().enumerate() {
            let origins = self.origins[index].as_slice();
            if origins.is_empty() || function.needs.gates.is_empty() {
                continue;
            }
            let tree = trees.entry(origins).or_insert_with(|| self.graph.dominators(origins));
            // Which of the function's elements each failure takes: only these can stop it.
            let mut takes: BTreeMap<Event, BTreeSet<&str>> = BTreeMap::new();
            for (name, node) in &self.needs[index] {
                let Some(node) = *node else { continue };
                if !tree.reached(node) {
                    continue;
                }
                let mut take = |event: Event| {
                    takes.entry(event).or_default().insert(*name);
                };
                take(Event::Element(node as usize));
                tree.nodes(node).for_each(|at| take(Event::Element(at as usize)));
                tree.links(node).for_each(|at| take(Event::Wire(at as usize)));
            }
            let before = |name: &str| self.works_before(index, name, tree);
            if !function.needs.work(before) {
                continue;
            }
            for (event, taken) in takes {
                let drawn = match &event {
                    Event::Element(at) => self.is_device(*at),
                    Event::Wire(at) => !self.topology.wires[*at].implied,
                    Event::Together { .. } => true,
                };
                if drawn && !function.needs.work(|name| before(name) && !taken.contains(name)) {
                    stops.entry(event).or_default().0.insert(index);
                }
            }
        }
    }

    /// A box is no device, and the Internet is nobody's to repair.
    fn is_device(&self, element: usize) -> bool {
        let element = &self.topology.elements[element];
        !element.segment && element.role != Some(Role::Internet)
    }

    fn works_before(&self, function: usize, name: &str, tree: &Dominators) -> bool {
        self.needs[function].get(name).copied().flatten().is_some_and(|node| tree.reached(node))
    }

    /// Events that take several elements: common causes, and members of groups that are none.
    fn sets(&self, stops: &mut BTreeMap<Event, (BTreeSet<usize>, Option<String>)>) {
        for event in self.common_causes() {
            let Event::Together { elements, wires, .. } = &event else { continue };
            let stopped = self.stopped_without(elements, wires);
            if !stopped.is_empty() {
                stops.insert(event, (stopped, None));
            }
        }
        let members: BTreeSet<usize> = self.groups.iter().flat_map(|group| group.members.iter().copied()).collect();
        for member in members {
            let down: Vec<&Group> =
                self.groups.iter().filter(|group| group.members.contains(&member) && !group.bears(member)).collect();
            let elements: Vec<usize> = down.iter().flat_map(|group| group.members.iter().copied()).collect();
            if elements.is_empty() {
                continue;
            }
            let stopped = self.stopped_without(&elements, &[]);
            let untested = down.iter().find(|group| !group.tested).map(|group| group.name.clone());
            if !stopped.is_empty() {
                let entry = stops.entry(Event::Element(member)).or_default();
                if !stopped.is_subset(&entry.0) {
                    entry.1 = untested;
                }
                entry.0.extend(stopped);
            }
        }
    }

    /// What fails together, by the drawing and by the firm's file.
    fn common_causes(&self) -> Vec<Event> {
        let mut together: BTreeMap<(String, String), (BTreeSet<usize>, BTreeSet<usize>)> = BTreeMap::new();
        let mut feeds: BTreeSet<&str> = BTreeSet::new();
        for (at, element) in self.topology.elements.iter().enumerate() {
            for (holder, name) in &element.holders {
                let kind = match holder {
                    Holder::Site => "site",
                    Holder::Room => "room",
                    Holder::Rack => "rack",
                };
                together.entry((kind.to_owned(), name.clone())).or_default().0.insert(at);
            }
            if let Some(provider) = &element.facts.provider {
                together.entry(("provider".to_owned(), provider.clone())).or_default().0.insert(at);
            }
            feeds.extend(element.facts.power.iter().map(String::as_str));
        }
        for (at, wire) in self.topology.wires.iter().enumerate() {
            if let Some(provider) = &wire.provider {
                together.entry(("provider".to_owned(), provider.clone())).or_default().1.insert(at);
            }
        }
        for feed in feeds {
            // An element with a second feed stays up.
            let hangs = |element: &crate::topology::Element| element.facts.power == [feed];
            let down = (0..self.topology.elements.len()).filter(|at| hangs(&self.topology.elements[*at]));
            together.entry(("power".to_owned(), feed.to_owned())).or_default().0.extend(down);
        }
        for (_, facts) in &self.facts {
            for group in &facts.common_causes {
                let kind = group.kind.clone().unwrap_or_else(|| "common cause".to_owned());
                let members = group.members.iter().filter_map(|name| self.topology.find(name));
                together.entry((kind, group.id.clone())).or_default().0.extend(members);
            }
        }
        together
            .into_iter()
            .map(|((kind, name), (elements, wires))| Event::Together {
                kind,
                name,
                elements: elements.into_iter().collect(),
                wires: wires.into_iter().collect(),
            })
            .collect()
    }

    /// Functions that work with everything and stop without these; a group left with fewer than it needs is down.
    fn stopped_without(&self, elements: &[usize], wires: &[usize]) -> BTreeSet<usize> {
        let mut down: BTreeSet<usize> = elements.iter().copied().collect();
        for group in &self.groups {
            let lost: BTreeSet<usize> = group.members.intersection(&down).copied().collect();
            if !lost.is_empty() && !group.bears_all(&lost) {
                down.extend(group.members.iter().copied());
            }
        }
        let wires: BTreeSet<usize> = wires.iter().copied().collect();
        let (no_node, no_link) = (|at: u32| down.contains(&(at as usize)), |at: u32| wires.contains(&(at as usize)));
        let gone = Gone { node: &no_node, link: &no_link };
        let mut reached: BTreeMap<(&[u32], bool), Vec<bool>> = BTreeMap::new();
        let mut stopped = BTreeSet::new();
        for (index, (_, function)) in self.functions.iter().enumerate() {
            let origins = self.origins[index].as_slice();
            if origins.is_empty() || function.needs.gates.is_empty() {
                continue;
            }
            for after in [false, true] {
                let gone = if after { &gone } else { &Gone::NOTHING };
                reached.entry((origins, after)).or_insert_with(|| self.graph.reached(origins, gone));
            }
            let works = |after: bool| {
                let seen = &reached[&(origins, after)];
                function
                    .needs
                    .work(|name| self.needs[index].get(name).copied().flatten().is_some_and(|node| seen[node as usize]))
            };
            if works(false) && !works(true) {
                stopped.insert(index);
            }
        }
        stopped
    }

    fn outcome(&self, event: Event, stopped: Vec<usize>, untested: Option<String>) -> Outcome {
        let repair = self.repair(&event);
        let measure = self.measure(&event);
        let plain = self.judge(&stopped, repair);
        let helped = measure.and_then(|measure| Some((measure, self.judge(&stopped, Some(measure.minutes?)))));
        let helped = helped.filter(|(_, judged)| judged.verdict == Verdict::Within && plain.verdict != Verdict::Within);
        let (judged, measure) = match helped {
            Some((measure, judged)) => (Judged { verdict: Verdict::Conditional, ..judged }, Some(measure.name.clone())),
            None => (plain, None),
        };
        let accepted = self.accepted(&event);
        Outcome {
            event,
            stopped,
            untested,
            minutes: judged.minutes,
            worst_loss: judged.worst,
            mean_loss: judged.mean,
            verdict: judged.verdict,
            because: judged.because,
            measure,
            accepted,
        }
    }

    fn judge(&self, stopped: &[usize], minutes: Option<u64>) -> Judged {
        let mut because = BTreeSet::new();
        let mut exceeded = BTreeSet::new();
        let (mut worst, mut mean) = (Some(0_u64), Some(0_u64));
        if minutes.is_none() {
            because.insert(Reason::Missing("repair time", String::new()));
        }
        for index in stopped {
            let function = self.functions[*index].1;
            let name = function.name.clone().unwrap_or_else(|| function.id.clone());
            let limits: [(Option<u64>, Option<u64>, Beyond, &'static str); 3] = [
                (minutes, function.rto_minutes, Reason::Recovery, "RTO"),
                (minutes, function.mtpd_minutes, Reason::Tolerable, "MTPD"),
                (function.copy_minutes, function.rpo_minutes, Reason::Data, "RPO"),
            ];
            for (is, limit, reason, what) in limits {
                match (is, limit) {
                    (Some(is), Some(limit)) if is > limit => drop(exceeded.insert(reason(name.clone(), is, limit))),
                    (_, None) if what != "RPO" => drop(because.insert(Reason::Missing(what, name.clone()))),
                    _ => {}
                }
            }
            let loss = minutes.and_then(|minutes| {
                *self.losses.borrow_mut().entry((*index, minutes)).or_insert_with(|| loss(function, minutes))
            });
            if loss.is_none() && minutes.is_some() {
                because.insert(Reason::Missing("loss per hour", name.clone()));
            }
            worst = worst.zip(loss).map(|(sum, loss)| sum.saturating_add(loss.0));
            mean = mean.zip(loss).map(|(sum, loss)| sum.saturating_add(loss.1));
        }
        match (worst, self.appetite()) {
            (Some(is), Some(limit)) if is > limit => drop(exceeded.insert(Reason::Loss(is, limit))),
            (_, None) => drop(because.insert(Reason::Missing("risk appetite with approver and date", String::new()))),
            _ => {}
        }
        let verdict = match (exceeded.is_empty(), because.is_empty()) {
            (false, _) => Verdict::Exceeds,
            (true, false) => Verdict::CannotConclude,
            (true, true) => Verdict::Within,
        };
        because.extend(exceeded);
        Judged { minutes, worst, mean, verdict, because: because.into_iter().rev().collect() }
    }

    /// The single-event appetite that somebody approved by the day; the smallest where several are.
    fn appetite(&self) -> Option<u64> {
        let stated = self.facts.iter().flat_map(|(_, facts)| &facts.appetites);
        stated
            .filter(|stated| {
                let approval = &stated.approval;
                approval.by.is_some()
                    && approval.on.is_some_and(|day| day <= self.as_of)
                    && approval.until.is_none_or(|day| day >= self.as_of)
            })
            .filter_map(|stated| stated.appetite)
            .min()
    }

    /// Minutes until an event's elements and lines are back; the longest of them.
    fn repair(&self, event: &Event) -> Option<u64> {
        let repairs = || self.facts.iter().flat_map(|(_, facts)| &facts.repairs);
        let element = |at: &usize| {
            let element = &self.topology.elements[*at];
            let by_role = || repairs().find(|repair| repair.role.is_some() && repair.role == element.role);
            element.facts.repair_minutes.or_else(|| by_role().map(|repair| repair.minutes))
        };
        let wire = |at: &usize| {
            let by_kind = || repairs().find(|repair| repair.role.is_none()).map(|repair| repair.minutes);
            self.topology.wires[*at].repair_minutes.or_else(by_kind)
        };
        match event {
            Event::Element(at) => element(at),
            Event::Wire(at) => wire(at),
            Event::Together { name, elements, wires, .. } => {
                let stated = self.facts.iter().flat_map(|(_, facts)| &facts.common_causes);
                let stated = stated.filter(|cause| cause.id == *name).find_map(|cause| cause.repair_minutes);
                stated.or_else(|| {
                    let each: Option<Vec<u64>> = elements.iter().map(element).chain(wires.iter().map(wire)).collect();
                    each?.into_iter().max()
                })
            }
        }
    }

    fn measure(&self, event: &Event) -> Option<&'a Measure> {
        let id = self.id(event);
        let all = self.facts.iter().flat_map(|(_, facts)| &facts.measures);
        all.filter(|measure| {
            measure.covers.iter().any(|name| self.names(event, &id, name)) && self.held(measure.tested_on)
        })
        .min_by_key(|measure| measure.minutes)
    }

    fn accepted(&self, event: &Event) -> Option<(String, Date)> {
        let id = self.id(event);
        let all = self.facts.iter().flat_map(|(_, facts)| &facts.accepted);
        all.filter(|accepted| self.names(event, &id, &accepted.event)).find_map(|accepted| {
            let (by, on) = (accepted.approval.by.clone()?, accepted.approval.on?);
            let holds = on <= self.as_of && accepted.approval.until.is_none_or(|until| until >= self.as_of);
            holds.then_some((by, on))
        })
    }

    fn names(&self, event: &Event, id: &str, name: &str) -> bool {
        let same_element = matches!(event, Event::Element(at) if self.topology.find(name) == Some(*at));
        same_element || id == name || matches!(event, Event::Together { name: own, .. } if own == name)
    }

    /// A stable name of an event.
    pub fn id(&self, event: &Event) -> String {
        match event {
            Event::Element(at) => self.topology.elements[*at].id.clone(),
            Event::Wire(at) => {
                let wire = &self.topology.wires[*at];
                let (a, b) = (&self.topology.elements[wire.a].id, &self.topology.elements[wire.b].id);
                let (a, b) = if a <= b { (a, b) } else { (b, a) };
                if wire.label.is_empty() { format!("{a} – {b}") } else { format!("{a} – {b} ({})", wire.label) }
            }
            Event::Together { kind, name, .. } => format!("{kind} {name}"),
        }
    }

    /// A name for readers.
    pub fn name(&self, event: &Event) -> String {
        match event {
            Event::Element(at) => self.topology.name(*at).to_owned(),
            Event::Wire(at) => {
                let wire = &self.topology.wires[*at];
                let ends = format!("{} – {}", self.topology.name(wire.a), self.topology.name(wire.b));
                if wire.label.is_empty() { ends } else { format!("{ends} ({})", wire.label) }
            }
            Event::Together { kind, name, .. } => format!("{kind} {name}"),
        }
    }

    /// Where an event's first element is drawn.
    pub fn source(&self, event: &Event) -> Source {
        match event {
            Event::Element(at) => self.topology.elements[*at].source.clone(),
            Event::Wire(at) => self.topology.wires[*at].source.clone(),
            Event::Together { elements, wires, .. } => {
                let element = elements.first().map(|at| self.topology.elements[*at].source.clone());
                let wire = wires.first().map(|at| self.topology.wires[*at].source.clone());
                element.or(wire).unwrap_or_default()
            }
        }
    }

    /// How many single events there are.
    pub fn events(&self) -> usize {
        let elements = (0..self.topology.elements.len()).filter(|at| self.is_device(*at)).count();
        let wires = self.topology.wires.iter().filter(|wire| !wire.implied).count();
        elements + wires + self.common_causes().len()
    }

    /// What a second device, line, feed or site would gain, the best first: the greatest loss and the number of events
    /// beyond the appetite before and after each, one added to the next.
    pub fn improvements(&self, outcomes: &[Outcome], most: usize) -> Vec<Improvement> {
        let mut left: Vec<&Outcome> = outcomes.iter().collect();
        left.sort_by_key(|one| std::cmp::Reverse((one.verdict, one.worst_loss, one.stopped.len())));
        let exceeding = |left: &[&Outcome]| left.iter().filter(|one| one.verdict == Verdict::Exceeds).count();
        let greatest = |left: &[&Outcome]| left.iter().filter_map(|one| one.worst_loss).max();
        let mut found = Vec::new();
        while found.len() < most && !left.is_empty() {
            let before = (greatest(&left), exceeding(&left));
            let first = left.remove(0);
            found.push(Improvement {
                event: first.event.clone(),
                loss: (before.0, greatest(&left)),
                exceeding: (before.1, exceeding(&left)),
            });
        }
        found
    }
}

/// A single point made double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improvement {
    /// What gets a second.
    pub event: Event,
    /// Greatest loss of a single event before and after.
    pub loss: (Option<u64>, Option<u64>),
    /// Events that exceed before and after.
    pub exceeding: (usize, usize),
}

struct Judged {
    minutes: Option<u64>,
    worst: Option<u64>,
    mean: Option<u64>,
    verdict: Verdict,
    because: Vec<Reason>,
}

impl Group {
    fn bears(&self, member: usize) -> bool {
        self.bears_all(&BTreeSet::from([member]))
    }

    fn bears_all(&self, lost: &BTreeSet<usize>) -> bool {
        let enough = self.capacities.as_ref().is_none_or(|(each, peak)| {
            let left: u64 = each.iter().filter(|(at, _)| !lost.contains(at)).map(|(_, capacity)| capacity).sum();
            left >= *peak
        });
        self.tested && enough && self.members.difference(lost).count() >= self.needed
    }
}

const DAY: u64 = 24 * 60;
const WEEK: u64 = 7 * DAY;

/// Loss of an outage that begins at the worst minute of a week, and on average; nothing where no rate is given.
pub fn loss(function: &Function, minutes: u64) -> Option<(u64, u64)> {
    let rate = function.loss_per_hour.or(function.peak_loss_per_hour)?;
    let peak_rate = function.peak_loss_per_hour.unwrap_or(rate);
    let (open, close) = function.peak_hours.as_deref().and_then(hours).unwrap_or((9 * 60, 13 * 60 + 30));
    let peak = |minute: u64| {
        let minute = minute % WEEK;
        minute < 5 * DAY && (open..close).contains(&(minute % DAY))
    };
    // Peak minutes from the week's begin; a window is whole weeks and a rest.
    let mut sums: Vec<u64> = vec![0];
    for minute in 0..2 * WEEK {
        sums.push(sums.last().copied().unwrap_or(0) + u64::from(peak(minute)));
    }
    let at = |minute: u64| usize::try_from(minute).ok().and_then(|minute| sums.get(minute)).copied().unwrap_or(0);
    let (weeks, rest) = (minutes / WEEK, minutes % WEEK);
    let windows = (0..WEEK).map(|start| (weeks.saturating_mul(at(WEEK))) + at(start + rest) - at(start));
    let cost = |peak_minutes: u64| {
        let other = minutes.saturating_sub(peak_minutes);
        (peak_minutes.saturating_mul(peak_rate).saturating_add(other.saturating_mul(rate))) / 60
    };
    let worst = windows.map(cost).max().unwrap_or(0);
    let share = u128::from(minutes) * u128::from(at(WEEK)) / u128::from(WEEK);
    let mean = cost(u64::try_from(share).unwrap_or(u64::MAX));
    let fixed = function.fixed_loss.filter(|_| function.mtpd_minutes.is_some_and(|limit| minutes > limit)).unwrap_or(0);
    Some((worst.saturating_add(fixed), mean.saturating_add(fixed)))
}

/// `09:00-13:30` in minutes of a day.
fn hours(text: &str) -> Option<(u64, u64)> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u64, u64) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once(['-', '–', '~'])?;
    Some((minute(from)?, minute(to)?)).filter(|(from, to)| from < to)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use secdiag_records::tree::Syntax;

    use super::*;
    use crate::facts;

    const AS_OF: Date = date(2026, 11, 27);

    fn play(text: &str) -> Vec<String> {
        let (facts, notes) = facts::read(text, Syntax::Toml);
        assert!(notes.is_empty(), "{notes:?}");
        let all = [(0, &facts)];
        let topology = Topology::of(&[], &all);
        let play = Play::new(&topology, &all, AS_OF, 365);
        let told = |one: &Outcome| {
            let loss = one.worst_loss.map_or("?".to_owned(), |loss| loss.to_string());
            let untested = one.untested.as_ref().map_or(String::new(), |group| format!(" ({group} untested)"));
            format!("{}: {} {loss}{untested}", play.name(&one.event), one.verdict.word())
        };
        let mut told: Vec<String> = play.outcomes().iter().map(told).collect();
        told.sort();
        told
    }

    const OFFICE: &str = r#"
secdiag = "architecture"
element = [ {id = "net", role = "internet"}, {id = "r1", role = "router", power = ["A"]}, {id = "r2", role = "router", power = ["A"]},
  {id = "fw", role = "firewall", power = ["A", "B"], repair_minutes = 60}, {id = "web", role = "web", power = ["A", "B"], repair_minutes = 30},
  {id = "db1", role = "database", power = ["A", "B"]}, {id = "db2", role = "database", power = ["A", "B"]} ]
link = [ {from = "net", to = "r1"}, {from = "net", to = "r2"}, {from = "r1", to = "fw"}, {from = "r2", to = "fw"},
  {from = "fw", to = "web", label = "trunk"}, {from = "web", to = "db1"}, {from = "web", to = "db2"} ]
repair = [ {of = "router", minutes = 240}, {of = "link", minutes = 20}, {of = "database", minutes = 500} ]
"#;

    #[test]
    fn single_elements_lines_feeds_and_gates_decide() {
        let function = "[[function]]\nid = \"order\"\nneeds = \"all(web, any(db1, db2))\"\nloss_per_hour = 0\npeak_loss_per_hour = 600\nrto_minutes = 30\nmtpd_minutes = 45\n\
                        [[appetite]]\nsingle_event = 500\napproved_by = \"board\"\napproved_on = 2026-01-01\n";
        let told = play(&format!("{OFFICE}{function}"));
        assert_eq!(
            told,
            ["fw – web (trunk): within 200", "fw: exceeds 600", "power A: exceeds 2400", "web: within 300",]
        );
    }

    #[test]
    fn a_pair_that_was_not_tried_is_none_and_a_tried_measure_makes_conditional() {
        let function = "[[function]]\nid = \"order\"\nneeds = \"all(fw, any(db1, db2))\"\nloss_per_hour = 60\nrto_minutes = 30\nmtpd_minutes = 45\n\
                        [[appetite]]\nsingle_event = 500\napproved_by = \"board\"\napproved_on = 2026-01-01\n\
                        [[measure]]\nname = \"cold spare\"\ncovers = [\"fw\"]\nminutes = 20\ntested_on = 2026-06-01\n\
                        [[redundancy]]\ngroup = \"databases\"\nmembers = [\"db1\", \"db2\"]\n";
        let told = play(&format!("{OFFICE}{function}tested_on = 2024-01-01\n"));
        let databases = "db1: exceeds 500 (databases untested)";
        assert!(told.contains(&databases.to_owned()) && told.contains(&"fw: conditional 20".to_owned()), "{told:?}");
        let told = play(&format!("{OFFICE}{function}tested_on = 2026-02-01\n"));
        assert!(!told.iter().any(|one| one.starts_with("db")), "{told:?}");
    }

    #[test]
    fn what_is_not_given_is_no_pass() {
        let told = play(&format!("{OFFICE}[[function]]\nid = \"order\"\nneeds = \"web\"\n"));
        assert!(told.iter().all(|one| one.contains("cannot conclude ?")) && told.len() == 4, "{told:?}");
    }

    #[test]
    fn the_worst_minute_to_begin_is_found() {
        let function = |hours: &str| Function {
            loss_per_hour: Some(60),
            peak_loss_per_hour: Some(600),
            peak_hours: Some(hours.to_owned()),
            ..Function::default()
        };
        assert_eq!(loss(&function("09:00-13:30"), 60).map(|loss| loss.0), Some(600));
        assert_eq!(loss(&function("09:00-13:30"), 300).map(|loss| loss.0), Some(2730));
        assert_eq!(loss(&function("09:00-13:30"), WEEK).unwrap().0, (1350 * 600 + (WEEK - 1350) * 60) / 60);
        assert_eq!(loss(&function("x"), 60).map(|loss| loss.0), Some(600));
        assert_eq!(loss(&Function::default(), 60), None);
    }

    proptest! {
        #[test]
        fn dominators_stop_what_removal_stops(links in proptest::collection::vec((0_usize..7, 0_usize..7), 4..14), formula in 0_usize..4) {
            let mut text = String::from("secdiag = \"architecture\"\n");
            for at in 0..7 {
                text += &format!("[[element]]\nid = \"n{at}\"\nrole = \"server\"\n");
            }
            for (at, (a, b)) in links.iter().enumerate() {
                text += &format!("[[link]]\nfrom = \"n{a}\"\nto = \"n{b}\"\nlabel = \"l{at}\"\n");
            }
            let needs = ["n6", "all(n5, n6)", "any(n4, n6)", "2 of (n3, n4, all(n5, n6))"][formula];
            text += &format!("[[function]]\nid = \"f\"\nfrom = [\"n0\", \"n1\"]\nneeds = \"{needs}\"\n");
            let (facts, _) = facts::read(&text, Syntax::Toml);
            let all = [(0, &facts)];
            let topology = Topology::of(&[], &all);
            let play = Play::new(&topology, &all, AS_OF, 365);
            let found: BTreeSet<Event> = play.outcomes().into_iter().map(|outcome| outcome.event).collect();
            let mut slow = BTreeSet::new();
            for at in 0..topology.elements.len() {
                if !play.stopped_without(&[at], &[]).is_empty() {
                    slow.insert(Event::Element(at));
                }
            }
            for at in 0..topology.wires.len() {
                if !play.stopped_without(&[], &[at]).is_empty() {
                    slow.insert(Event::Wire(at));
                }
            }
            prop_assert_eq!(found, slow);
        }
    }
}
