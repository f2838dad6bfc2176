//! The report model: what the template shows, as text.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use secdiag_catalogue::Catalogue;
use secdiag_model::result::{FindingRecord, RunResult, SystemInfo};
use secdiag_model::{Bilingual, ItemId, Lang, SystemId};

use crate::appendix::{EvidenceList, Identity, Method, NoteGroup, Record, Untested};
use crate::findings::{CheckOverview, SeveritySection};
use crate::follow_up::FollowUp;
use crate::format;
use crate::items::ItemSet;
use crate::labels::Labels;
use crate::mark::{Mark, OUTCOMES};
use crate::summary::Summary;

/// Numbers of the sections, for texts that point at them.
pub(crate) mod section {
    pub(crate) const ITEMS: &str = "2";
    pub(crate) const FINDINGS: &str = "3";
    pub(crate) const UNTESTED: &str = "4";
    pub(crate) const EVIDENCE: &str = "6";
    pub(crate) const RECORD: &str = "9";
    pub(crate) const IDENTITY: &str = "10";
}

/// What every part of the report is made from.
pub(crate) struct Cx<'a> {
    pub(crate) result: &'a RunResult,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) lang: Lang,
    pub(crate) l: &'static Labels,
    infos: BTreeMap<&'a SystemId, &'a SystemInfo>,
    artefacts: BTreeMap<(&'a str, Option<&'a str>), usize>,
    items: BTreeMap<&'a ItemId, &'a Bilingual>,
    /// Systems that the run's items are about, in order.
    pub(crate) systems: BTreeSet<&'a SystemId>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(result: &'a RunResult, catalogue: &'a Catalogue, lang: Lang) -> Self {
        let evidence = result.coverage.evidence.iter().enumerate();
        Self {
            result,
            catalogue,
            lang,
            l: Labels::of(lang),
            infos: result.run.systems.iter().map(|system| (&system.id, system)).collect(),
            artefacts: evidence.map(|(at, a)| ((a.path.as_str(), a.member.as_deref()), at)).collect(),
            items: result.items.iter().map(|item| (&item.item, &item.title)).collect(),
            systems: result.items.iter().map(|item| &item.system).collect(),
        }
    }

    /// The system's name for readers.
    pub(crate) fn system(&self, id: &SystemId) -> String {
        match self.infos.get(id) {
            _ if id.0 == SystemId::UNNAMED => self.l.system_unnamed.to_owned(),
            Some(system) if !system.name.is_empty() => format::visible(&system.name),
            _ => format::visible(&id.0),
        }
    }

    /// Names of systems; all of several as one word.
    pub(crate) fn names<'s>(&self, ids: impl Iterator<Item = &'s SystemId>) -> String {
        let ids: BTreeSet<_> = ids.collect();
        if ids.len() > 1 && ids.len() == self.systems.len() {
            return self.l.all_systems.to_owned();
        }
        ids.into_iter().map(|id| self.system(id)).collect::<Vec<_>>().join(self.l.comma)
    }

    /// `Category 1`, where it was declared.
    pub(crate) fn category(&self, id: &SystemId) -> Option<String> {
        self.infos.get(id).and_then(|system| system.category).map(|category| self.category_n(category))
    }

    pub(crate) fn category_n(&self, category: u8) -> String {
        let n = match (self.lang, category) {
            (Lang::ZhTw, 1) => "一".to_owned(),
            (Lang::ZhTw, 2) => "二".to_owned(),
            (Lang::ZhTw, 3) => "三".to_owned(),
            _ => category.to_string(),
        };
        labels_fill(self.l.category_n, &n)
    }

    /// Where in the list of evidence an artefact stands.
    pub(crate) fn artefact(&self, path: &str, member: Option<&str>) -> Option<usize> {
        self.artefacts.get(&(path, member)).copied()
    }

    /// Title of an item of this run.
    pub(crate) fn item_title(&self, id: &ItemId) -> Option<&'a str> {
        self.items.get(id).map(|title| title.get(self.lang))
    }

    /// Title of a top-level item.
    pub(crate) fn group_title(&self, id: &str) -> Option<String> {
        self.catalogue.group(id).map(|group| group.title.get(self.lang).to_owned())
    }

    /// Title, risk and advice of a finding.
    pub(crate) fn texts<'f>(&self, finding: &'f FindingRecord) -> (&'f str, &'f str, &'f str) {
        match self.lang {
            Lang::En => (&finding.title, &finding.risk, &finding.advice),
            Lang::ZhTw => (&finding.zh_tw.title, &finding.zh_tw.risk, &finding.zh_tw.advice),
        }
    }
}

fn labels_fill(text: &str, n: &str) -> String {
    crate::labels::fill(text, &[("n", n)])
}

/// The whole report.
#[derive(Template)]
#[template(path = "report.html")]
pub(crate) struct Report {
    l: &'static Labels,
    lang: &'static str,
    page_rule: String,
    firm: String,
    assessment: String,
    as_of: String,
    regime: String,
    run: String,
    engine: String,
    summary: Summary,
    outcome_marks: Vec<Mark>,
    sets: Vec<ItemSet>,
    several_systems: bool,
    overview: Vec<CheckOverview>,
    findings: Vec<SeveritySection>,
    untested: Untested,
    follow_up: FollowUp,
    evidence: EvidenceList,
    notes: Vec<NoteGroup>,
    method: Method,
    record: Record,
    identity: Identity,
}

impl Report {
    pub(crate) fn new(result: &RunResult, catalogue: &Catalogue, lang: Lang) -> Self {
        let cx = Cx::new(result, catalogue, lang);
        let run = &result.run;
        let firm = run.firm.as_deref().map_or_else(|| cx.l.firm_unnamed.to_owned(), format::visible);
        let assessment = run.assessment.as_deref().map_or_else(|| cx.l.assessment_unnamed.to_owned(), format::visible);
        let findings = SeveritySection::all(&cx);
        Self {
            l: cx.l,
            lang: lang.tag(),
            page_rule: page_rule(&format!("{firm} · {}", cx.l.title), &run.run, cx.l),
            as_of: format::date(&run.as_of, lang),
            regime: catalogue
                .regime(&run.regime)
                .map_or_else(|| format::visible(&run.regime), |regime| regime.title.get(lang).to_owned()),
            run: format::visible(&run.run),
            engine: format!("secdiag {}", format::visible(&run.engine)),
            summary: Summary::new(&cx),
            outcome_marks: OUTCOMES.iter().map(|outcome| Mark::outcome(*outcome, lang)).collect(),
            sets: ItemSet::all(&cx),
            several_systems: cx.systems.len() > 1,
            overview: CheckOverview::all(&findings),
            findings,
            untested: Untested::new(&cx),
            follow_up: FollowUp::new(&cx),
            evidence: EvidenceList::new(&cx),
            notes: NoteGroup::all(&cx),
            method: Method::new(&cx),
            record: Record::new(&cx),
            identity: Identity::new(&cx),
            firm,
            assessment,
        }
    }
}

/// Running header and footer of the printed page. The firm's name is the only foreign text in the style sheet.
fn page_rule(header: &str, run: &str, l: &Labels) -> String {
    let (header, run, page) = (format::css_string(header), format::css_string(run), format::css_string(l.page_of));
    format!(
        "@page{{@top-left{{content:{header}}}@bottom-left{{content:{run}}}@bottom-right{{content:{page} \"\\0000a0\" counter(page) \" / \" counter(pages)}}}}"
    )
}
