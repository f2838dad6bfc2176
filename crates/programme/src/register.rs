//! The register of a firm: which systems it has, which category each is and who decided so, which assessments were held
//! and which incidents occurred. One TOML file that people keep, in the evidence folder or taken into the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::cycle::{CategoryChange, Cycle};
use crate::event::{Act, Body, Event};
use crate::held::{Control, Drill, Plan, Training};
use crate::incident::{Assessed, Scope};
use crate::person;

/// The register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Firm.
    #[serde(default)]
    pub firm: String,
    /// Systems.
    #[serde(default, rename = "system")]
    pub systems: Vec<System>,
    /// Assessments held or begun.
    #[serde(default, rename = "assessment")]
    pub assessments: Vec<Assessment>,
    /// Incidents.
    #[serde(default, rename = "incident")]
    pub incidents: Vec<Incident>,
    /// Plans of assessments.
    #[serde(default, rename = "plan")]
    pub plans: Vec<Plan>,
    /// Drills held.
    #[serde(default, rename = "drill")]
    pub drills: Vec<Drill>,
    /// Trainings held.
    #[serde(default, rename = "training")]
    pub trainings: Vec<Training>,
    /// Controls that the firm is held to.
    #[serde(default, rename = "control")]
    pub controls: Vec<Control>,
}

/// A record of a register: the last one of an id holds.
pub(crate) trait Kept: Body + PartialEq {
    /// Which thing it is about.
    fn id(&self) -> &str;
}

/// How much customer data a system holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerData {
    /// None.
    #[default]
    None,
    /// Some.
    Some,
    /// A large amount.
    Large,
}

/// How a system serves customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerService {
    /// Not at all.
    #[default]
    None,
    /// Through somebody.
    Indirect,
    /// By itself.
    Direct,
}

/// A system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Id, as `assessment.toml` uses it.
    pub id: String,
    /// Name for readers.
    pub name: String,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// Day on which it went into service.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub commissioned: Date,
    /// Day on which it left service.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub retired: Option<Date>,
    /// Can be reached from the Internet directly.
    #[serde(default)]
    pub internet_facing: bool,
    /// Its failure or breach has a significant impact on operations.
    #[serde(default)]
    pub critical: bool,
    /// Customer data that it holds.
    #[serde(default)]
    pub customer_data: CustomerData,
    /// Customers that it serves.
    #[serde(default)]
    pub customer_service: CustomerService,
    /// Addresses and networks by which it is reached, such as `203.0.113.10` or `10.1.2.0/24`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Decisions about its category, in any order.
    #[serde(default, rename = "category")]
    pub categories: Vec<Classification>,
    /// Day on which its category was last looked at, whether or not it changed.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub category_reviewed: Option<Date>,
}

/// A decision about a system's category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// 1, 2 or 3.
    pub category: u8,
    /// First day on which it holds.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub effective: Date,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Who asked for it.
    #[serde(default)]
    pub requested_by: String,
    /// Who approved it: needed where the category is less strict than the facts or the decision before suggest.
    #[serde(default)]
    pub approved_by: String,
}

/// Why an assessment was held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentKind {
    /// Its time had come.
    #[default]
    Periodic,
    /// After an incident.
    Incident,
    /// Asked for by somebody.
    Special,
}

/// An assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Id.
    pub id: String,
    /// Why it was held.
    #[serde(default)]
    pub kind: AssessmentKind,
    /// Systems that it covered.
    pub systems: Vec<String>,
    /// How much of them.
    pub scope: Scope,
    /// Day on which the oldest of its evidence was collected.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub first_evidence: Date,
    /// Day of its report; nothing: still open.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub completed: Option<Date>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Id.
    pub id: String,
    /// Systems that it hit.
    pub systems: Vec<String>,
    /// Level 1 to 4 (資通安全事件通報及應變辦法).
    pub level: u8,
    /// Day on which it occurred.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub occurred: Date,
    /// Day on which it became known.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub discovered: Option<Date>,
    /// Day on which it was reported.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub reported: Option<Date>,
    /// Who judged its level.
    #[serde(default)]
    pub judged_by: String,
    /// Day on which the level was judged.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub judged_on: Option<Date>,
    /// The formal report.
    #[serde(default)]
    pub report: IncidentReport,
}

/// The seven blocks of a formal incident report (the same regulation, article 8); an empty one is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IncidentReport {
    /// When it occurred, became known, was contained and recovered from.
    pub times: String,
    /// How far it reached, and the damage.
    pub impact: String,
    /// How it was contained and recovered from.
    pub containment: String,
    /// How it was investigated and handled.
    pub investigation: String,
    /// Root cause.
    pub root_cause: String,
    /// What is done so that it does not happen again: management, technology, people, resources.
    pub measures: String,
    /// Until when, and how success is tracked.
    pub follow_up: String,
}

impl IncidentReport {
    /// Names of the blocks that are empty.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("times", &self.times),
            ("impact", &self.impact),
            ("containment", &self.containment),
            ("investigation", &self.investigation),
            ("root_cause", &self.root_cause),
            ("measures", &self.measures),
            ("follow_up", &self.follow_up),
        ]
        .into_iter()
        .filter(|(_, text)| text.trim().is_empty())
        .map(|(name, _)| name)
        .collect()
    }
}

impl Body for System {
    const ENTITY: &'static str = "system";
}

impl Kept for System {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Body for Assessment {
    const ENTITY: &'static str = "assessment";
}

impl Kept for Assessment {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Body for Incident {
    const ENTITY: &'static str = "incident";
}

impl Kept for Incident {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A register that cannot be used, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct BadRegister(pub Vec<String>);

impl Register {
    /// Kinds of things that it keeps.
    pub const ENTITIES: [&'static str; 7] = [
        System::ENTITY,
        Assessment::ENTITY,
        Incident::ENTITY,
        Plan::ENTITY,
        Drill::ENTITY,
        Training::ENTITY,
        Control::ENTITY,
    ];

    /// Reads a register. Contradictions are errors: nothing of it is used while there are any.
    pub fn parse(text: &str) -> Result<Self, BadRegister> {
        let register: Self =
            toml::from_str(text).map_err(|error| BadRegister(vec![error.to_string().trim().to_owned()]))?;
        let complaints = register.complaints();
        if complaints.is_empty() { Ok(register) } else { Err(BadRegister(complaints)) }
    }

    /// What contradicts itself or something else.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut systems = BTreeSet::new();
        for system in &self.systems {
            let mut add = |text: String| complaints.push(format!("system {}: {text}", system.id));
            if !systems.insert(system.id.as_str()) {
                add("it is there twice".to_owned());
            }
            if let Some(retired) = system.retired.filter(|retired| *retired < system.commissioned) {
                add(format!("retired on {retired}, before it was commissioned on {}", system.commissioned));
            }
            for address in system.addresses.iter().filter(|address| network(address).is_none()) {
                add(format!("`{address}` is no address or network such as 203.0.113.10 or 10.1.2.0/24"));
            }
            let mut days = BTreeSet::new();
            for decision in &system.categories {
                if let Some(retired) = system.retired.filter(|retired| *retired < decision.effective) {
                    add(format!(
                        "a decision about its category takes effect on {}, after it was retired on {retired}",
                        decision.effective
                    ));
                }
                if !(1..=3).contains(&decision.category) {
                    add(format!("there is no category {}; there are 1, 2, 3", decision.category));
                }
                if !days.insert(decision.effective) {
                    add(format!("two decisions about its category take effect on {}", decision.effective));
                }
                if person::same(&decision.approved_by, &decision.requested_by) {
                    add(format!("{} asked for category {} and approved it", decision.approved_by, decision.category));
                }
            }
        }
        let mut ids = BTreeSet::new();
        for assessment in &self.assessments {
            let mut add = |text: String| complaints.push(format!("assessment {}: {text}", assessment.id));
            if !ids.insert(assessment.id.as_str()) {
                add("it is there twice".to_owned());
            }
            if let Some(completed) = assessment.completed.filter(|completed| *completed < assessment.first_evidence) {
                add(format!("completed on {completed}, before its first evidence of {}", assessment.first_evidence));
            }
            for id in &assessment.systems {
                match self.systems.iter().find(|system| system.id == *id) {
                    None => add(format!("there is no system {id}")),
                    Some(system) => {
                        if let Some(retired) = system.retired.filter(|retired| *retired < assessment.first_evidence) {
                            add(format!(
                                "its first evidence is of {}, after system {id} was retired on {retired}",
                                assessment.first_evidence
                            ));
                        }
                    }
                }
            }
        }
        let mut ids = BTreeSet::new();
        for incident in &self.incidents {
            let mut add = |text: String| complaints.push(format!("incident {}: {text}", incident.id));
            if !ids.insert(incident.id.as_str()) {
                add("it is there twice".to_owned());
            }
            if !(1..=4).contains(&incident.level) {
                add(format!("there is no level {}; there are 1 to 4", incident.level));
            }
            let days = [
                (incident.discovered, "discovered"),
                (incident.reported, "reported"),
                (incident.judged_on, "its level judged"),
            ];
            for (day, what) in days {
                if let Some(day) = day.filter(|day| *day < incident.occurred) {
                    add(format!("{what} on {day}, before it occurred on {}", incident.occurred));
                }
            }
            if let (Some(discovered), Some(reported)) = (incident.discovered, incident.reported)
                && reported < discovered
            {
                add(format!("reported on {reported}, before it was discovered on {discovered}"));
            }
            for id in &incident.systems {
                let Some(system) = self.systems.iter().find(|system| system.id == *id) else {
                    add(format!("there is no system {id}"));
                    continue;
                };
                if incident.occurred < system.commissioned {
                    add(format!(
                        "it occurred on {}, before system {id} was commissioned on {}",
                        incident.occurred, system.commissioned
                    ));
                }
                if let Some(retired) = system.retired.filter(|retired| *retired < incident.occurred) {
                    add(format!("it occurred on {}, after system {id} was retired on {retired}", incident.occurred));
                }
            }
        }
        for plan in self.plans.iter().filter(|plan| plan.to_year < plan.from_year) {
            complaints.push(format!("plan {}: it ends in {}, before it begins", plan.id, plan.to_year));
        }
        complaints.extend(contradictions(&self.plans, |plan| &plan.systems, &systems));
        complaints.extend(contradictions(&self.drills, |drill| &drill.systems, &systems));
        complaints.extend(contradictions(&self.trainings, |_| &[], &systems));
        complaints.extend(contradictions(&self.controls, |control| &control.systems, &systems));
        complaints
    }

    /// What is written down as having happened and cannot have by `today`.
    pub fn not_yet(&self, today: Date) -> Vec<String> {
        let mut days: Vec<(String, Date)> = Vec::new();
        for system in &self.systems {
            let reviewed =
                system.category_reviewed.map(|day| (format!("system {}: its category was looked at", system.id), day));
            days.extend(reviewed);
        }
        for held in &self.assessments {
            days.push((format!("assessment {}: its first evidence is of a day", held.id), held.first_evidence));
            days.extend(held.completed.map(|day| (format!("assessment {}: completed", held.id), day)));
        }
        for incident in &self.incidents {
            let of = |what: &str| format!("incident {}: {what}", incident.id);
            days.push((of("occurred"), incident.occurred));
            days.extend(incident.discovered.map(|day| (of("discovered"), day)));
            days.extend(incident.reported.map(|day| (of("reported"), day)));
            days.extend(incident.judged_on.map(|day| (of("its level judged"), day)));
        }
        days.extend(self.drills.iter().map(|drill| (format!("drill {}: held", drill.id), drill.date)));
        days.extend(self.trainings.iter().map(|training| (format!("training {}: held", training.id), training.date)));
        let ahead = days.into_iter().filter(|(_, day)| *day > today);
        ahead.map(|(what, day)| format!("{what} on {day}, which has not come yet (today is {today})")).collect()
    }

    /// Every record that is not `known` as it is, as an event. What is known and not here stays: a system leaves by
    /// its day of retirement, not by being forgotten.
    pub fn events(&self, known: &Self, act: &Act) -> Vec<Event> {
        [
            new(&self.firm, &self.systems, &known.systems, act),
            new(&self.firm, &self.assessments, &known.assessments, act),
            new(&self.firm, &self.incidents, &known.incidents, act),
            new(&self.firm, &self.plans, &known.plans, act),
            new(&self.firm, &self.drills, &known.drills, act),
            new(&self.firm, &self.trainings, &known.trainings, act),
            new(&self.firm, &self.controls, &known.controls, act),
        ]
        .concat()
    }

    /// The registers of all firms out of their events, which must be in order: the last record of a thing holds.
    pub fn fold(events: &[Event]) -> BTreeMap<String, Self> {
        let mut registers: BTreeMap<String, Self> = BTreeMap::new();
        for event in events {
            let register = registers
                .entry(event.firm.clone())
                .or_insert_with(|| Self { firm: event.firm.clone(), ..Self::default() });
            let _ = take(event, &mut register.systems)
                || take(event, &mut register.assessments)
                || take(event, &mut register.incidents)
                || take(event, &mut register.plans)
                || take(event, &mut register.drills)
                || take(event, &mut register.trainings)
                || take(event, &mut register.controls);
        }
        for register in registers.values_mut() {
            sort(&mut register.systems);
            sort(&mut register.assessments);
            sort(&mut register.incidents);
            sort(&mut register.plans);
            sort(&mut register.drills);
            sort(&mut register.trainings);
            sort(&mut register.controls);
        }
        registers
    }

    /// The assessments of a system, as far as dates go.
    pub fn assessed(&self, system: &str) -> Vec<Assessed> {
        let of_system = self.assessments.iter().filter(|held| held.systems.iter().any(|id| id == system));
        of_system
            .map(|held| Assessed { scope: held.scope, first_evidence: held.first_evidence, completed: held.completed })
            .collect()
    }
}

/// Records that are not known as they are, as events.
fn new<T: Kept>(firm: &str, records: &[T], known: &[T], act: &Act) -> Vec<Event> {
    let changed = records.iter().filter(|record| !known.contains(record));
    changed.map(|record| Event::new(firm, record.id(), act, record)).collect()
}

/// Puts an event's record in the place of the one of its id, or adds it; whether the event is of this kind.
fn take<T: Kept>(event: &Event, list: &mut Vec<T>) -> bool {
    let Some(body) = event.body::<T>() else { return false };
    if let Ok(record) = body {
        match list.iter_mut().find(|known| known.id() == event.subject) {
            Some(known) => *known = record,
            None => list.push(record),
        }
    }
    true
}

fn sort<T: Kept>(list: &mut [T]) {
    list.sort_by(|a, b| a.id().cmp(b.id()));
}

/// Ids that stand twice, and systems that are not there.
fn contradictions<T: Kept>(records: &[T], of: fn(&T) -> &[String], systems: &BTreeSet<&str>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut ids = BTreeSet::new();
    for record in records {
        if !ids.insert(record.id()) {
            complaints.push(format!("{} {}: it is there twice", T::ENTITY, record.id()));
        }
        for system in of(record).iter().filter(|system| !systems.contains(system.as_str())) {
            complaints.push(format!("{} {}: there is no system {system}", T::ENTITY, record.id()));
        }
    }
    complaints
}

/// A category, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// 1, 2 or 3.
    pub category: u8,
    /// The fact that decides.
    pub because: Fact,
}

/// Facts that decide a category; the first that holds decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Reachable from the Internet.
    InternetFacing,
    /// Significant impact on operations.
    Critical,
    /// Large amounts of customer data.
    CustomerData,
    /// Serves customers.
    CustomerService,
    /// None of them.
    NoneOfThese,
}

/// An address, or a network with the length of its prefix.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl System {
    /// Whether it is reached by this address, as the register says.
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.iter().filter_map(|text| network(text)).any(|network| network.contains(&address))
    }

    /// The category that the facts propose. A system that holds some customer data is no store of large amounts.
    pub fn proposal(&self) -> Proposal {
        let (category, because) = match () {
            () if self.internet_facing => (1, Fact::InternetFacing),
            () if self.critical => (1, Fact::Critical),
            () if self.customer_data == CustomerData::Large => (2, Fact::CustomerData),
            () if self.customer_service != CustomerService::None => (2, Fact::CustomerService),
            () => (3, Fact::NoneOfThese),
        };
        Proposal { category, because }
    }

    /// The decision that holds on a day; nothing: the system is unclassified, which is an error.
    pub fn category_on(&self, day: Date) -> Option<&Classification> {
        self.categories.iter().filter(|decision| decision.effective <= day).max_by_key(|decision| decision.effective)
    }

    /// Decisions for a less strict category than the facts propose or the one before had, without another's approval.
    pub fn lowered_without_approval(&self) -> Vec<&Classification> {
        let lowered = self.decided().into_iter().filter(|(decision, held)| decision.category != *held);
        lowered.map(|(decision, _)| decision).collect()
    }

    /// The category that a system is held to on a day: the stricter one, until a less strict one is approved. Nothing:
    /// the system is unclassified, which is an error.
    pub fn category_held(&self, day: Date) -> Option<u8> {
        let until = self.decided().into_iter().take_while(|(decision, _)| decision.effective <= day);
        until.last().map(|(_, held)| held)
    }

    /// The decisions in the order in which they take effect, each with the category that it leaves the system in.
    fn decided(&self) -> Vec<(&Classification, u8)> {
        let mut decisions: Vec<&Classification> = self.categories.iter().collect();
        decisions.sort_by_key(|decision| decision.effective);
        let proposed = self.proposal().category;
        let mut held = proposed;
        let mut decided = Vec::new();
        for decision in decisions {
            let strict = held.min(proposed);
            let lowered = decision.category > strict;
            held = if lowered && !decision.is_approved() { strict } else { decision.category };
            decided.push((decision, held));
        }
        decided
    }

    /// Its cycle as of a day; nothing while it is unclassified.
    pub fn cycle(&self, assessed: &[Assessed], as_of: Date) -> Option<Cycle> {
        self.category_on(as_of)?;
        let completed = assessed
            .iter()
            .filter(|assessed| assessed.scope == Scope::Full)
            .filter_map(|assessed| assessed.completed)
            .filter(|completed| *completed <= as_of && *completed >= self.commissioned);
        let decided = self.decided();
        let ((_, first), later) = decided.split_first()?;
        let change =
            |(decision, held): &(&Classification, u8)| CategoryChange { effective: decision.effective, to: *held };
        Some(Cycle {
            category: *first,
            last_completed: completed.max(),
            commissioned: self.commissioned,
            changes: later.iter().map(change).collect(),
        })
    }
}

impl Classification {
    /// Another person than the one who asked approved it, with a reason.
    fn is_approved(&self) -> bool {
        !self.approved_by.trim().is_empty()
            && !self.reason.trim().is_empty()
            && !person::same(&self.approved_by, &self.requested_by)
    }
}

/// TOML has dates of its own; other sources write them as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrDate {
    Date(toml::value::Datetime),
    Text(String),
}

fn parse<E: serde::de::Error>(value: TextOrDate) -> Result<Date, E> {
    let text = match value {
        TextOrDate::Date(date) => date.to_string(),
        TextOrDate::Text(text) => text,
    };
    secdiag_model::text::date(&text).ok_or_else(|| E::custom(format!("`{text}` is not a date such as 2026-06-30")))
}

pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    parse(TextOrDate::deserialize(deserializer)?)
}

pub(crate) fn maybe_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    Option::<TextOrDate>::deserialize(deserializer)?.map(parse).transpose()
}
