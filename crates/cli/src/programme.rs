//! How a firm's findings and dates stand over the years, for the result and the report of a run.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use secdiag_catalogue::Catalogue;
use secdiag_evidence::{Intake, Vault};
use secdiag_model::programme::{ImprovementAction, Programme};
use secdiag_model::result::RunInfo;
use secdiag_model::{Artefact, Bilingual, Recognition};
use secdiag_programme::action::{self, Actions, Row, Step, day_of};
use secdiag_programme::event::{Body as _, Event};
use secdiag_programme::life::{Change, Life, changes_of};
use secdiag_programme::overview::{Facts, Run, overview};
use secdiag_programme::register::Register;
use secdiag_programme::schedule::{self, IncidentAnchor, mark_predating, schedule};
use secdiag_store::{EventFilter, Store};

use crate::findings::View;
use crate::schedule::{registers, rules};

/// The overview as of a run that is recorded. The register is the one among its evidence, else the workspace's.
pub(crate) async fn programme(
    store: &Store,
    run: &RunInfo,
    given: Option<Register>,
    evidence: &[Artefact],
    catalogue: &Catalogue,
) -> Result<Programme> {
    let firm = run.firm.as_deref().unwrap_or_default();
    let as_of: Date = run.as_of.parse().context("the day of the run")?;
    let register = match given {
        Some(register) => Some(register),
        None => registers(store, Some(firm), None).await?.pop(),
    };
    let rules = rules(catalogue, IncidentAnchor::Occurred);
    let mut rows: Vec<schedule::Row> = register.map(|register| schedule(&register, &rules, as_of)).unwrap_or_default();
    mark_predating(&mut rows, evidence);
    let filter = EventFilter { firm: Some(firm), entity: Some(Change::ENTITY), ..EventFilter::default() };
    let events = store.events(&filter).await?;
    let day = View::at(crate::findings::end_of(as_of).context("the day of the run")?);
    let facts: BTreeMap<String, Facts> = crate::findings::facts(store, Some(firm), &day)
        .await?
        .into_iter()
        .map(|((_, id), facts)| {
            let title = Bilingual { en: facts.title, zh_tw: facts.title_zh_tw };
            (id, Facts { check: facts.check, system: facts.system, category: facts.category, title })
        })
        .collect();
    let limit = |severity, category, clock| catalogue.sla().due(severity, category, clock);
    let mut programme = overview(as_of, &runs(store, run).await?, &events, &facts, &rows, &limit);
    programme.actions = actions(store, firm, as_of, &events, &facts).await?;
    Ok(programme)
}

/// The firm's improvement actions at the end of a day; `events` are those of its findings, in order.
async fn actions(
    store: &Store,
    firm: &str,
    as_of: Date,
    events: &[Event],
    facts: &BTreeMap<String, Facts>,
) -> Result<Vec<ImprovementAction>> {
    let until = View::on(as_of).instant();
    let filter = EventFilter { firm: Some(firm), entity: Some(Step::ENTITY), ..EventFilter::default() };
    let mut planned = store.events(&filter).await?;
    planned.retain(|event| event.at <= until);
    let actions = Actions::fold(&planned);
    if actions.all.is_empty() {
        return Ok(Vec::new());
    }
    let mut of_finding: BTreeMap<(String, String), Vec<(Timestamp, Change)>> = BTreeMap::new();
    for event in events {
        let changes = changes_of(std::slice::from_ref(event)).0;
        of_finding.entry((event.firm.clone(), event.subject.clone())).or_default().extend(changes);
    }
    let life = |changes: Vec<(Timestamp, Change)>| Life::fold(changes.iter().map(|(at, change)| (*at, change)), until);
    let lives = of_finding.into_iter().filter_map(|(key, changes)| Some((key, life(changes)?))).collect();
    Ok(action::rows(&actions, &lives, as_of).into_iter().filter_map(|row| improvement(row, facts)).collect())
}

/// Nothing for an action about a finding that no run of the firm has seen by then: the overview tells of others only.
fn improvement(row: Row, facts: &BTreeMap<String, Facts>) -> Option<ImprovementAction> {
    let facts = facts.get(&row.about)?;
    let (state, action) = (row.state.word().to_owned(), row.action);
    Some(ImprovementAction {
        id: action.id,
        check: facts.check.clone(),
        title: facts.title.clone(),
        system: facts.system.clone(),
        severity: row.severity?,
        finding_state: row.finding_state?.word().to_owned(),
        finding: row.about,
        plan: action.plan,
        owner: Some(action.owner).filter(|owner| !owner.is_empty()),
        due: action.due.map(|due| due.to_string()),
        state,
        percent: action.percent,
        note: action.note,
        done: action.done_at.map(|at| day_of(at).to_string()),
        evidence: action.evidence,
        overdue: row.overdue,
        days_late: row.days_late,
    })
}

/// The firm's diagnostics up to this one; files of other tools that were taken over are none.
async fn runs(store: &Store, run: &RunInfo) -> Result<Vec<Run>> {
    let mut all = store.runs().await?;
    let own = all.iter().find(|known| known.run == run.run).map_or(i64::MAX, |known| known.sequence);
    all.retain(|known| {
        known.firm == run.firm
            && known.regime != crate::import::REGIME
            && (known.as_of.as_str(), known.sequence) <= (run.as_of.as_str(), own)
    });
    all.sort_by(|a, b| (&a.as_of, a.sequence).cmp(&(&b.as_of, b.sequence)));
    all.into_iter()
        .map(|known| {
            let as_of = known.as_of.parse().with_context(|| format!("the day of run {}", known.run))?;
            Ok(Run { run: known.run, as_of, assessment: known.assessment })
        })
        .collect()
}

/// The firm's register among the evidence, where there is one that can be used; the inspection tells of others.
pub(crate) fn register(intake: &Intake, vault: &Vault) -> Result<Option<Register>> {
    let recognised = intake.evidence.artefacts.iter().filter(
        |artefact| matches!(&artefact.recognition, Recognition::Recognised { format, .. } if format.as_str() == "register"),
    );
    for artefact in recognised {
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut vault.open(&artefact.sha256)?, &mut text);
        if let Some(register) = read.ok().and_then(|_| Register::parse(&text).ok()) {
            return Ok(Some(register));
        }
    }
    Ok(None)
}
