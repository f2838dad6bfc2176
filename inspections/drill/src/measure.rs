//! From files to campaigns, and from campaigns to rates of distinct persons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::campaign::{Mail, Part, Source, Visit, What};
use crate::visits::{Reason, Signs, automated};
use crate::when::day;

/// A campaign put together from its files, in a form that does not depend on their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Name: that of its first file.
    pub name: String,
    /// Day of the first mail; nothing where no time is told.
    pub launched: Option<Date>,
    /// Mails, one per person, in order.
    pub mails: Vec<Mail>,
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// For each visit: why it is held to be a program's.
    pub reasons: Vec<BTreeSet<Reason>>,
    /// Whether single visits are told, so that programs could be taken out.
    pub tells_visits: bool,
    /// Numbers of the parts that it is made of.
    pub parts: Vec<usize>,
}

/// Counts of distinct persons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Whose mail arrived.
    pub delivered: u64,
    /// Who opened it, or did more.
    pub opened: u64,
    /// Who called the link or opened the attachment.
    pub clicked: u64,
    /// Who handed data in.
    pub submitted: u64,
    /// Who reported it.
    pub reported: u64,
}

/// Measures of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// By people.
    pub human: Counts,
    /// Counting every visit, as tools do.
    pub every: Counts,
    /// By people, by unit.
    pub units: BTreeMap<String, Counts>,
    /// Mailboxes that a program visited.
    pub automated: u64,
    /// Who clicked, by pseudonym.
    pub clickers: BTreeSet<String>,
    /// Seconds from the first mail to the first report.
    pub first_report: Option<i64>,
    /// More persons did something than got a mail: the files contradict each other.
    pub strangers: u64,
    /// Visits before their mail was sent.
    pub early: u64,
}

/// Puts the parts together that are of one campaign: mails to the same persons in the same minutes
/// (spreadsheet programs drop the seconds).
pub fn campaigns(parts: &[Part], signs: &Signs) -> Vec<Campaign> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let home = groups.iter_mut().find(|group| group.iter().any(|other| same_mails(part, &parts[*other])));
        match home {
            Some(group) => group.push(number),
            None => groups.push(vec![number]),
        }
    }
    let mut campaigns: Vec<Campaign> = groups.into_iter().map(|group| campaign(parts, group, signs)).collect();
    campaigns.sort_by(|a, b| (a.launched, &a.name).cmp(&(b.launched, &b.name)));
    campaigns
}

/// Whether most mails of the smaller part are in the other too, sent in the same minute.
fn same_mails(a: &Part, b: &Part) -> bool {
    let key = |mail: &Mail| Some((mail.person.clone(), mail.sent? / 60_000_000));
    let keys = |part: &Part| part.mails.iter().filter_map(key).collect::<BTreeSet<_>>();
    let (a, b) = (keys(a), keys(b));
    let least = a.len().min(b.len());
    least > 0 && a.intersection(&b).count() * 2 > least
}

fn campaign(parts: &[Part], group: Vec<usize>, signs: &Signs) -> Campaign {
    let told = |number: &usize| parts[*number].source.tells_visits();
    let tells_visits = group.iter().any(told);
    let mut mails: BTreeMap<String, Mail> = BTreeMap::new();
    for mail in group.iter().flat_map(|number| &parts[*number].mails) {
        let known = mails.entry(mail.person.clone()).or_insert_with(|| mail.clone());
        // A mail that failed at first and was sent later has arrived.
        known.delivered |= mail.delivered;
        known.sent = known.sent.into_iter().chain(mail.sent).min();
        if known.unit.is_empty() {
            known.unit.clone_from(&mail.unit);
        }
    }
    // Where single visits are told, states of results say the same a second time; only reports may be new.
    let mut visits: Vec<Visit> = group
        .iter()
        .flat_map(|number| {
            let all = !tells_visits || told(number) || parts[*number].source == Source::Table;
            parts[*number].visits.iter().filter(move |visit| all || visit.what == What::Report)
        })
        .cloned()
        .collect();
    visits.sort();
    let mut mails: Vec<Mail> = mails.into_values().collect();
    mails.sort();
    let reasons = automated(&mails, &visits, signs);
    let mut names: Vec<&str> = group.iter().map(|number| parts[*number].name.as_str()).collect();
    names.sort_unstable();
    Campaign {
        name: common(&names),
        launched: mails.iter().filter_map(|mail| mail.sent).min().and_then(day),
        mails,
        visits,
        reasons,
        tells_visits,
        parts: group,
    }
}

/// What the names have in common: `2025h1` of `2025h1-results` and `2025h1-events`.
fn common(names: &[&str]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    let shared: String = first
        .chars()
        .enumerate()
        .take_while(|(place, c)| rest.iter().all(|name| name.chars().nth(*place) == Some(*c)))
        .map(|(_, c)| c)
        .collect();
    let shared = shared.trim_matches(|c: char| !c.is_alphanumeric());
    if shared.chars().count() >= 3 { shared.to_owned() } else { (*first).to_owned() }
}

impl Campaign {
    /// The measures. `by_people` says of a person's own word that a visit of theirs was theirs, whatever the signs.
    pub fn measures(&self, by_people: &dyn Fn(&Visit) -> Option<bool>) -> Measures {
        let delivered: BTreeMap<&str, &Mail> =
            self.mails.iter().filter(|mail| mail.delivered).map(|mail| (mail.person.as_str(), mail)).collect();
        let mut human: BTreeMap<&str, BTreeSet<What>> = BTreeMap::new();
        let mut every: BTreeMap<&str, BTreeSet<What>> = BTreeMap::new();
        let (mut programs, mut strangers) = (BTreeSet::new(), BTreeSet::new());
        let mut early = 0;
        for (visit, reasons) in self.visits.iter().zip(&self.reasons) {
            let person = visit.person.as_str();
            let Some(mail) = delivered.get(person) else {
                strangers.insert(person);
                continue;
            };
            if visit.at.zip(mail.sent).is_some_and(|(at, sent)| at < sent) {
                early += 1;
            }
            every.entry(person).or_default().insert(visit.what);
            if by_people(visit).unwrap_or(reasons.is_empty()) {
                human.entry(person).or_default().insert(visit.what);
            } else {
                programs.insert(person);
            }
        }
        let mut units: BTreeMap<String, Counts> = BTreeMap::new();
        for (person, mail) in &delivered {
            let done = human.get(person).cloned().unwrap_or_default();
            count(units.entry(mail.unit.clone()).or_default(), &done);
        }
        let total = |of: &BTreeMap<&str, BTreeSet<What>>| {
            let mut counts = Counts::default();
            let none = BTreeSet::new();
            for person in delivered.keys() {
                count(&mut counts, of.get(person).unwrap_or(&none));
            }
            counts
        };
        let first = self.mails.iter().filter_map(|mail| mail.sent).min();
        let report = self.visits.iter().filter(|visit| visit.what == What::Report).filter_map(|visit| visit.at).min();
        Measures {
            human: total(&human),
            every: total(&every),
            clickers: human.iter().filter(|(_, done)| clicked(done)).map(|(person, _)| (*person).to_owned()).collect(),
            units,
            automated: programs.len() as u64,
            first_report: first.zip(report).map(|(first, report)| (report - first) / 1_000_000),
            strangers: strangers.len() as u64,
            early,
        }
    }
}

fn clicked(done: &BTreeSet<What>) -> bool {
    [What::Click, What::Attachment, What::Submit].iter().any(|what| done.contains(what))
}

fn count(counts: &mut Counts, done: &BTreeSet<What>) {
    counts.delivered += 1;
    // Who clicked has seen the mail, whether or not its picture was loaded; a preview counts as opened.
    counts.opened += u64::from(done.contains(&What::Open) || clicked(done));
    counts.clicked += u64::from(clicked(done));
    counts.submitted += u64::from(done.contains(&What::Submit));
    counts.reported += u64::from(done.contains(&What::Report));
}

/// The Wilson score interval of a proportion at 95 % (Wilson 1927): honest where few persons were drilled. From 0 to 1;
/// all of it where nobody was.
pub fn wilson(hits: u64, of: u64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if of == 0 {
        return (0.0, 1.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^52")]
    let (hits, n) = (hits.min(of) as f64, of as f64);
    let p = hits / n;
    let z2 = Z * Z;
    let middle = p + z2 / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    (((middle - half) / scale).clamp(0.0, 1.0), ((middle + half) / scale).clamp(0.0, 1.0))
}
