//! `secdiag demo`: a fictional firm's evidence, diagnosed over the years.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use secdiag_demo::{Deed, EDITIONS, Edition, NOW, Truth};
use secdiag_model::Lang;
use secdiag_model::result::FindingRecord;
use secdiag_programme::event::Act;
use secdiag_programme::life::{Change, Exception};
use secdiag_store::Store;

use crate::diagnose::Done;
use crate::workspace::{Workspace, block_on};
use crate::{Exit, args, diagnose, findings, out, schedule};

pub(crate) fn demo(options: &args::Demo) -> Result<Exit> {
    let evidence = options.out.join("evidence");
    std::fs::create_dir_all(&options.out).with_context(|| options.out.display().to_string())?;
    let truth = secdiag_demo::generate(options.seed, &evidence)?;
    let workspace = options.out.join("workspace");
    let mut done = None;
    for (index, edition) in EDITIONS.iter().enumerate() {
        let folder = edition.folder(&evidence);
        let run = args::Diagnose {
            out: Some(folder.with_file_name("result")),
            paths: vec![folder],
            workspace: workspace.clone(),
            as_of: Some(edition.as_of),
            intel: Vec::new(),
            run: options.run.clone(),
        };
        let now = diagnose::run(&run)?;
        if let Some(result) = &now.result {
            let until = EDITIONS.get(index + 1).map_or(Date::MAX, |next| next.as_of);
            act(&truth, edition, until, &result.findings, &workspace)?;
        }
        done = Some(now);
    }
    schedule::take_over(&NOW.folder(&evidence).join("register.toml"), "M. Hsieh", "register", None, &workspace)?;
    let Some(Done { exit, result: Some(result), folder }) = done else { return Ok(Exit::NothingToInspect) };
    diagnose::show(&result, &folder, &options.run)?;
    if !options.run.json {
        worst(&result.findings, options.run.lang.into())?;
        further(&workspace, options.run.lang.into())?;
    }
    Ok(exit)
}

fn worst(findings: &[FindingRecord], lang: Lang) -> Result<()> {
    out::print(match lang {
        Lang::En => "\n  The five worst findings",
        Lang::ZhTw => "\n  最嚴重的五項發現",
    })?;
    for finding in findings.iter().take(5) {
        let title = if lang == Lang::En { &finding.title } else { &finding.zh_tw.title };
        out::print(&format!("  {:<8}  {:<32}  {title}", finding.severity.to_string(), finding.check))?;
    }
    Ok(())
}

/// What to try next: the years before are in the workspace too.
fn further(workspace: &Path, lang: Lang) -> Result<()> {
    out::print(match lang {
        Lang::En => "\n  The workspace remembers three diagnostics and an incident; ask it",
        Lang::ZhTw => "\n  工作區另存有三次健診與一次資安事件之歷程，可查詢",
    })?;
    for command in ["due --as-of 2025-03-01", "findings --as-of 2025-12-31", "findings --overdue --as-of 2026-06-30"] {
        out::print(&format!("  secdiag {command} --workspace {}", workspace.display()))?;
    }
    Ok(())
}

/// Does what people did between one diagnostic and the next.
fn act(truth: &Truth, edition: &Edition, until: Date, found: &[FindingRecord], workspace: &Path) -> Result<()> {
    let workspace = Workspace::open(workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let known = store.finding_facts(Some(&truth.firm), secdiag_store::AsOf::default()).await?;
        for act in &truth.acts {
            let day: Date = act.on.parse().context("the demo's day")?;
            if day < edition.as_of || day >= until {
                continue;
            }
            let subject = |finding: &&FindingRecord| {
                finding.check == act.check
                    && finding.system.0 == act.system
                    && serde_json::to_value(&finding.subject)
                        .is_ok_and(|subject| act.subject.iter().all(|(key, value)| subject.get(key) == Some(value)))
            };
            // A finding that this diagnostic no longer shows is known from an earlier one.
            let id = match found.iter().find(subject) {
                Some(finding) => finding.id.clone(),
                None => known
                    .iter()
                    .find(|(_, facts)| facts.check == act.check && facts.system == act.system)
                    .map(|((_, id), _)| id.clone())
                    .with_context(|| format!("the demo has no finding of {}", act.check))?,
            };
            let events = findings::of_one_firm(&store, Some(&truth.firm), &id).await?;
            let digest = known.get(&(truth.firm.clone(), id)).map_or("", |facts| facts.digest.as_str());
            // After the diagnostic, where it was held on the same day.
            let at = findings::end_of(day).context("the demo's day")?;
            let deed = Act { actor: act.by.clone(), reason: act.reason.clone(), at, recorded_at: Timestamp::now() };
            findings::write_down(&store, &events, &deed, &change(&act.deed, &act.by, digest)?).await?;
        }
        store.close().await;
        Ok(())
    })
}

fn change(deed: &Deed, by: &str, digest: &str) -> Result<Change> {
    Ok(match deed {
        Deed::Triage { owner } => Change::Triaged { owner: owner.clone() },
        Deed::Remediate { evidence } => Change::Remediated { evidence: evidence.clone() },
        Deed::Accept { requested_by, until } => Change::RiskAccepted {
            exception: Some(Exception {
                requested_by: requested_by.clone(),
                approved_by: by.to_owned(),
                until: Some(until.parse().context("the demo's day")?),
                digest: digest.to_owned(),
                restarts_clock: false,
            }),
        },
        Deed::Close => Change::Closed,
    })
}
