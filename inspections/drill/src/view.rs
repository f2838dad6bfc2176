//! One system's drills, put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_catalogue::{Allowed, Catalogue, LimitId};
use secdiag_inspect::{Check, Facts, JudgeCx, Stop};
use secdiag_model::{Artefact, Finding, Locator, Note, NoteKind, Proof, Subject};
use secdiag_records::At;

use crate::campaign::{Part, Visit};
use crate::checks::{Minute, TRAFFIC};
use crate::ddos::Ddos;
use crate::map::Map;
use crate::measure::{Campaign, Measures, campaigns};
use crate::people::{Course, Member};
use crate::review::Review;
use crate::visits::Signs;
use crate::{Known, Told, is_mapped};

/// What checks look at.
pub(crate) struct View<'a> {
    catalogue: &'a Catalogue,
    category: Option<u8>,
    known: Vec<Known<'a>>,
    /// Traffic by the minute.
    pub(crate) minutes: Vec<Minute>,
    /// Campaigns up to the as-of date, oldest first; those without a day come first.
    pub(crate) campaigns: Vec<Drilled<'a>>,
}

/// A campaign, what came of it, and a file that tells of it.
pub(crate) struct Drilled<'a> {
    pub(crate) campaign: Campaign,
    pub(crate) measures: Measures,
    pub(crate) artefact: &'a Artefact,
}

impl<'a> View<'a> {
    /// Nothing where the system has no file of ours, or the run handed over no catalogue.
    pub(crate) fn gather(facts: &Facts<'a>, cx: &JudgeCx<'a>) -> Result<Option<Self>, Stop> {
        let known: Vec<Known<'a>> = facts
            .documents::<Told>()?
            .into_iter()
            .filter_map(|document| Some(Known { artefact: *document.artefacts.first()?, told: document.value }))
            .collect();
        if known.is_empty() {
            return Ok(None);
        }
        let catalogue = cx.catalogue;
        let campaigns = drilled(&known, cx);
        let minutes = facts.rows(TRAFFIC.name)?;
        Ok(Some(Self { catalogue, category: cx.system.category, known, minutes, campaigns }))
    }

    /// Campaigns whose day is known, oldest first.
    pub(crate) fn dated(&self) -> impl DoubleEndedIterator<Item = (&Drilled<'a>, Date)> {
        self.campaigns.iter().filter_map(|drilled| Some((drilled, drilled.campaign.launched?)))
    }

    /// The latest campaign.
    pub(crate) fn latest(&self) -> Option<&Drilled<'a>> {
        self.dated().next_back().map(|(drilled, _)| drilled).or_else(|| self.campaigns.last())
    }

    /// Campaigns of the year (or what the limit says) before a day.
    pub(crate) fn recent(&self, as_of: Date) -> impl Iterator<Item = &Drilled<'a>> {
        let since = self.limit(LimitId::PhishingDrill).map_or(Date::MIN, |limit| limit.since(as_of));
        self.dated().filter(move |(_, day)| *day >= since).map(|(drilled, _)| drilled)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a Artefact, &Member)> {
        self.known.iter().flat_map(|known| known.told.members.iter().map(|member| (known.artefact, member)))
    }

    pub(crate) fn courses(&self) -> impl Iterator<Item = (&'a Artefact, &Course)> {
        self.known.iter().flat_map(|known| known.told.courses.iter().map(|course| (known.artefact, course)))
    }

    pub(crate) fn ddos(&self) -> impl Iterator<Item = (&'a Artefact, &Ddos)> {
        self.known.iter().filter_map(|known| Some((known.artefact, known.told.ddos.as_ref()?)))
    }

    /// A limit for this system; nothing where none is set.
    pub(crate) fn limit(&self, id: LimitId) -> Option<Allowed> {
        self.catalogue.duties().allowed(id, self.category)
    }
}

fn drilled<'a>(known: &[Known<'a>], cx: &JudgeCx<'_>) -> Vec<Drilled<'a>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut files: Vec<&Artefact> = Vec::new();
    for known in known {
        parts.extend(known.told.parts.iter().cloned());
        files.extend(known.told.parts.iter().map(|_| known.artefact));
    }
    let reviews: Vec<(&Artefact, &Review)> =
        known.iter().flat_map(|known| known.told.reviews.iter().map(|review| (known.artefact, review))).collect();
    let campaigns = campaigns(&parts, &Signs::of(cx.catalogue.duties(), cx.system.category));
    tell_idle_maps(known, cx);
    tell_idle_reviews(&reviews, &campaigns, cx);
    let mut all = Vec::new();
    for campaign in campaigns {
        let Some(artefact) = campaign.parts.iter().map(|part| files[*part]).min_by_key(|file| &file.path) else {
            continue;
        };
        if campaign.launched.is_some_and(|day| day > cx.as_of) {
            let text = format!("the campaign {} is later than the as-of date: it was not judged", campaign.name);
            cx.note(Note::new(NoteKind::Assumed, "later-than-as-of", text).on(artefact));
            continue;
        }
        let overruled = |visit: &Visit| {
            let review = reviews.iter().find(|(_, review)| review.is_about(&campaign, visit));
            review.map(|(_, review)| !review.automated)
        };
        let measures = campaign.measures(&overruled);
        for (count, reason, text) in [
            (
                measures.strangers,
                "more-visitors-than-mails",
                "persons did something with a mail that was not delivered to them by this file: they were not counted",
            ),
            (measures.early, "visit-before-mail", "visits are earlier than their mail: the clocks of the files differ"),
        ] {
            if count > 0 {
                let text = format!("campaign {}: {text}", campaign.name);
                cx.note(Note::new(NoteKind::NotUnderstood, reason, text).times(count).on(artefact));
            }
        }
        if !campaign.tells_visits {
            let text = format!(
                "campaign {}: single visits are not told, so those of mail scanners could not be taken out; give the events too",
                campaign.name
            );
            cx.note(Note::new(NoteKind::Assumed, "visits-not-told", text).on(artefact));
        }
        all.push(Drilled { campaign, measures, artefact });
    }
    all
}

/// Notes the maps that describe no table of the system.
fn tell_idle_maps(known: &[Known<'_>], cx: &JudgeCx<'_>) {
    let described = |map: &Map| known.iter().any(|known| is_mapped(known.artefact) && map.is_about(known.artefact));
    for known in known {
        for map in known.told.maps.iter().filter(|map| !described(map)) {
            let text = format!("no table that was kept is named `{}`: the map describes none", map.file);
            let note = Note::new(NoteKind::Assumed, "map-without-file", text).at(map.at.place());
            cx.note(note.on(known.artefact));
        }
    }
}

/// Notes the judgements that are about no visit.
fn tell_idle_reviews(reviews: &[(&Artefact, &Review)], campaigns: &[Campaign], cx: &JudgeCx<'_>) {
    for (artefact, review) in reviews {
        let met = |campaign: &Campaign| campaign.visits.iter().any(|visit| review.is_about(campaign, visit));
        if campaigns.iter().any(met) {
            continue;
        }
        let of = review.campaign.as_ref().map_or(String::new(), |name| format!(" in the campaign {name}"));
        let text = format!("no visit of {}{of} is told: the judgement changes nothing", review.person);
        let note = Note::new(NoteKind::Assumed, "review-without-visit", text).at(review.at.place());
        cx.note(note.on(artefact));
    }
}

impl Drilled<'_> {
    /// A finding about the campaign, with its figures.
    pub(crate) fn finding(&self, check: &Check, excerpt: String) -> Finding {
        let (human, every) = (&self.measures.human, &self.measures.every);
        let name = self.campaign.name.as_str();
        Finding::new(
            check.id,
            Subject::Record { record: name.to_owned() },
            Proof::new(self.artefact, Locator::Whole, excerpt),
        )
        .fact("campaign", name)
        .fact("launched", self.campaign.launched.map(|day| day.to_string()))
        .fact("delivered", human.delivered)
        .fact("opened", human.opened)
        .fact("clicked", human.clicked)
        .fact("submitted", human.submitted)
        .fact("reported", human.reported)
        .fact("opened_counting_every_visit", every.opened)
        .fact("clicked_counting_every_visit", every.clicked)
        .fact("automated_mailboxes", self.measures.automated)
        .fact("first_report_minutes", self.measures.first_report.map(|seconds| seconds / 60))
        .fact("visits_told", self.campaign.tells_visits)
    }

    /// Units whose rate is at or above a limit, worst first, in words.
    pub(crate) fn units_above(&self, hits: fn(&crate::measure::Counts) -> u64, limit: u32) -> String {
        let mut above: Vec<(u64, &str, u64, u64)> = self
            .measures
            .units
            .iter()
            .filter(|(unit, counts)| !unit.is_empty() && reaches(hits(counts), counts.delivered, limit))
            .map(|(unit, counts)| {
                (hits(counts) * 1000 / counts.delivered.max(1), unit.as_str(), hits(counts), counts.delivered)
            })
            .collect();
        above.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        above.iter().map(|(_, unit, hits, of)| format!("{unit} {hits}/{of}")).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a share is at or above a percentage.
pub(crate) fn reaches(hits: u64, of: u64, percent: u32) -> bool {
    of > 0 && hits.saturating_mul(100) >= of.saturating_mul(u64::from(percent))
}

/// `6.2 %`.
pub(crate) fn percent(hits: u64, of: u64) -> String {
    let tenths = (hits * 2000).checked_div(of).unwrap_or(0).div_ceil(2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// `4.1–9.3 %`: the Wilson interval.
pub(crate) fn interval(hits: u64, of: u64) -> String {
    let (low, high) = crate::measure::wilson(hits, of);
    format!("{:.1}–{:.1} %", low * 100.0, high * 100.0)
}

/// A place in a file of records.
pub(crate) fn proof(artefact: &Artefact, at: &At, excerpt: impl Into<String>) -> Proof {
    let locator = match (at.line, at.path.as_str()) {
        (0, "") => Locator::Whole,
        (0, path) => Locator::Setting(path.to_owned()),
        (line, _) => Locator::Line(line),
    };
    Proof::new(artefact, locator, excerpt)
}

/// A finding about a record.
pub(crate) fn record(check: &Check, name: impl Into<String>, proof: Proof) -> Finding {
    let name = name.into();
    Finding::new(check.id, Subject::Record { record: name.clone() }, proof).fact("record", name)
}

/// The first ten of some names, and how many more there are.
pub(crate) fn some(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} +{more}", shown.join(", ")) }
}

/// How often persons clicked in the last three campaigns.
pub(crate) fn clicks(view: &View<'_>) -> BTreeMap<String, u32> {
    let mut clicks: BTreeMap<String, u32> = BTreeMap::new();
    for (drilled, _) in view.dated().rev().take(3) {
        for person in &drilled.measures.clickers {
            *clicks.entry(person.clone()).or_default() += 1;
        }
    }
    clicks
}
