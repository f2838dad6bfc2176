//! Writing a run: all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz};
use secdiag_model::Severity;
use secdiag_model::result::RunResult;
use secdiag_programme::custody::{Attestation, Custody};
use secdiag_programme::event::{Act, Event};
use secdiag_programme::identity::Standing;
use secdiag_programme::life::{Change, after_run, digest_of};
use serde::Serialize;
use sqlx::{Sqlite, Transaction};

use crate::bulk::insert_all;
use crate::device::Names;
use crate::life::{Identity, Looks, Present};
use crate::{LastRow, Own, Store, StoreError, log};

/// What recording a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It was written.
    New,
    /// It was there already, with the same seal.
    Already,
    /// It was there from a time when an inspection crashed, and was written again in its place.
    Repaired,
}

impl Store {
    /// Writes a run in one transaction, with what it changes in the lives of the firm's findings; `now` is when it
    /// became known. The same run again changes nothing; the same run with another seal is refused
    /// ([`StoreError::SealDiffers`]), except where the recorded one had crashed: then it takes its place in the order.
    pub async fn record(&self, result: &RunResult, now: Timestamp) -> Result<Recorded, StoreError> {
        let mut tx = self.write().await?;
        let run = &result.run;
        let error = |error| self.error(error);
        let own = self.own(&mut tx, run, now).await?;
        let before: Option<(i64, String, bool)> =
            sqlx::query_as("SELECT sequence, seal, crashed FROM runs WHERE run = $1")
                .bind(&run.run)
                .fetch_optional(&mut *tx)
                .await
                .map_err(error)?;
        let (sequence, recorded) = match before {
            None => {
                let last: Option<i64> =
                    sqlx::query_scalar("SELECT MAX(sequence) FROM runs").fetch_one(&mut *tx).await.map_err(error)?;
                (last.unwrap_or(0) + 1, Recorded::New)
            }
            Some((sequence, _, true)) if !run.crashed => {
                delete(&mut tx, &run.run).await.map_err(error)?;
                (sequence, Recorded::Repaired)
            }
            // Two runs that crashed may have got to different places: the first one stands, as does a sound one.
            Some((_, seal, _)) if run.crashed || seal == run.seal.to_string() => return Ok(Recorded::Already),
            Some((_, recorded, _)) => {
                let (run, now) = (run.run.clone(), run.seal.to_string());
                return Err(StoreError::SealDiffers { run, recorded, now });
            }
        };
        insert(&mut tx, sequence, own.recorded_at, result).await.map_err(error)?;
        let events = self.run_events(&mut tx, result, &own, now).await?;
        log::append(&mut tx, &events).await.map_err(error)?;
        tx.commit().await.map_err(error)?;
        Ok(recorded)
    }
}

impl Store {
    /// When a run about a day in Taiwan takes effect: when it was recorded, where that was on the day; recorded later,
    /// at the day's last instant, so that it speaks after what people claimed on that day.
    pub(crate) fn effect(&self, as_of: &str, recorded: Timestamp) -> Result<Timestamp, StoreError> {
        let unknown = || self.unknown("runs.as_of", as_of);
        let midnight = |day: Date| tz::offset(8).to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| unknown());
        let day: Date = as_of.parse().map_err(|_| unknown())?;
        let end = midnight(day.tomorrow().map_err(|_| unknown())?)? - SignedDuration::from_micros(1);
        Ok(recorded.clamp(midnight(day)?, end))
    }

    /// What a run changes: findings seen for the first time or again, and those that it looked for and did not see.
    async fn run_events(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        result: &RunResult,
        own: &Own,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        let run = &result.run;
        let firm = run.firm.as_deref().unwrap_or_default();
        let at = self.effect(&run.as_of, own.recorded_at.unwrap_or(now))?;
        let act = Act { actor: format!("run {}", run.run), reason: "diagnostic".into(), at, recorded_at: now };
        let lives = self.lives_in(tx, Some(firm), at, None).await?;
        let life = |id: &str| lives.get(&(firm.to_owned(), id.to_owned()));
        let mut events = Vec::new();
        for finding in &result.findings {
            let life = life(&finding.id);
            let standing = if life.is_some() { Standing::Unchanged } else { Standing::New };
            let changes = after_run(life, standing, finding.severity, &digest_of(finding), &run.run);
            events.extend(changes.iter().map(|change| Event::new(firm, &finding.id, &act, change)));
        }
        let devices = self.devices_for(tx, firm, own).await?;
        let names = Names { devices: &devices, at: own.eye };
        let seen: BTreeSet<&str> = result.findings.iter().map(|finding| finding.id.as_str()).collect();
        let present = Present::of(result.findings.iter().map(|finding| {
            let device = names.seen(finding).identity.device;
            (Identity { id: finding.fingerprint(), device }, finding.id.clone())
        }));
        let looks = Looks::of(&result.coverage.checks, &names);
        for LastRow { known, moment } in self.last_seen(tx, firm, None, &run.run).await? {
            if seen.contains(known.id.as_str()) {
                continue;
            }
            let (known, what) = self.identity(known, &Names { devices: &devices, at: self.eye(&moment)? })?;
            let Some(life) = life(&known.id) else { continue };
            let changes = match present.find(&known) {
                // It is there, under the id that it had before its device was called otherwise.
                Some(by) if life.state.is_open() => vec![Change::Superseded { by: by.to_owned() }],
                None if looks.covers(&what) => {
                    after_run(Some(life), Standing::AbsentEvaluated, life.severity, "", &run.run)
                }
                Some(_) | None => Vec::new(),
            };
            events.extend(changes.iter().map(|change| Event::new(firm, &known.id, &act, change)));
        }
        events.extend(on_record(result, firm, &act));
        Ok(events)
    }
}

/// What else a run puts on record: evidence whose collector is named, and statements.
fn on_record(result: &RunResult, firm: &str, act: &Act) -> Vec<Event> {
    let mut events = Vec::new();
    for artefact in &result.coverage.evidence {
        let binding = &artefact.binding;
        if binding.collected_by.is_none() && binding.collected_at.is_none() {
            continue;
        }
        let taken_in = Custody::TakenIn {
            run: result.run.run.clone(),
            path: artefact.display_path(),
            systems: binding.systems.iter().map(|system| system.0.clone()).collect(),
            asset: binding.asset.clone(),
            collected_by: binding.collected_by.clone(),
            collected_at: binding.collected_at.clone(),
        };
        events.push(Event::new(firm, &artefact.sha256.to_string(), act, &taken_in));
    }
    for item in &result.items {
        for given in &item.attestations {
            let Some(by) = &given.by else { continue };
            let subject = format!("{} {} {}", item.system.0, item.item.0, given.id);
            let stated =
                Attestation::Stated { run: result.run.run.clone(), by: by.clone(), text: given.text.en.clone() };
            events.push(Event::new(firm, &subject, act, &stated));
        }
    }
    events
}

/// Takes a run's rows away; firms, systems and findings that it was the first to name stay.
async fn delete(tx: &mut Transaction<'_, Sqlite>, run: &str) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM items WHERE run = $1",
        "DELETE FROM notes WHERE run = $1",
        "DELETE FROM occurrences WHERE run = $1",
        "DELETE FROM run_coverage WHERE run = $1",
        "DELETE FROM run_systems WHERE run = $1",
        "DELETE FROM runs WHERE run = $1",
    ] {
        sqlx::query(sql).bind(run).execute(&mut **tx).await?;
    }
    Ok(())
}

pub(crate) async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    sequence: i64,
    recorded_at: Option<Timestamp>,
    result: &RunResult,
) -> Result<(), sqlx::Error> {
    let run = &result.run;
    let firm = run.firm.as_deref().unwrap_or_default();
    sqlx::query("INSERT INTO firms (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
        .bind(firm)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO runs (run, sequence, firm, assessment, engine, catalogue, regime, as_of, thresholds, evidence,
                           seal, bound, crashed, findings, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&run.run)
    .bind(sequence)
    .bind(firm)
    .bind(&run.assessment)
    .bind(&run.engine)
    .bind(run.catalogue.to_string())
    .bind(&run.regime)
    .bind(&run.as_of)
    .bind(&run.thresholds)
    .bind(run.evidence.to_string())
    .bind(run.seal.to_string())
    .bind(run.bound)
    .bind(run.crashed)
    .bind(signed(result.findings.len() as u64))
    .bind(recorded_at.map(Timestamp::as_microsecond))
    .execute(&mut **tx)
    .await?;
    systems(tx, firm, result).await?;
    coverage(tx, result).await?;
    findings(tx, firm, result).await?;
    notes(tx, result).await?;
    items(tx, result).await
}

/// The declared systems, and any other that the result names. Who knows neither name nor category, such as another
/// tool, takes none away.
async fn systems(tx: &mut Transaction<'_, Sqlite>, firm: &str, result: &RunResult) -> Result<(), sqlx::Error> {
    let named = result
        .coverage
        .checks
        .iter()
        .map(|line| &line.system)
        .chain(result.items.iter().map(|item| &item.system))
        .chain(result.findings.iter().map(|finding| &finding.system));
    let mut systems: BTreeMap<&str, (&str, Option<u8>)> =
        named.map(|id| (id.0.as_str(), (id.0.as_str(), None))).collect();
    systems.extend(
        result.run.systems.iter().map(|system| (system.id.0.as_str(), (system.name.as_str(), system.category))),
    );
    for (id, (name, category)) in systems {
        sqlx::query(
            "INSERT INTO systems (firm, id, name, category, as_of) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (firm, id) DO UPDATE
             SET name = CASE WHEN excluded.name = excluded.id THEN systems.name ELSE excluded.name END,
                 category = COALESCE(excluded.category, systems.category), as_of = excluded.as_of
             WHERE excluded.as_of >= systems.as_of",
        )
        .bind(firm)
        .bind(id)
        .bind(name)
        .bind(category.map(i64::from))
        .bind(&result.run.as_of)
        .execute(&mut **tx)
        .await?;
        sqlx::query("INSERT INTO run_systems (run, firm, system, name, category) VALUES ($1, $2, $3, $4, $5)")
            .bind(&result.run.run)
            .bind(firm)
            .bind(id)
            .bind(name)
            .bind(category.map(i64::from))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn coverage(tx: &mut Transaction<'_, Sqlite>, result: &RunResult) -> Result<(), sqlx::Error> {
    let rows = result
        .coverage
        .checks
        .iter()
        .map(|line| Ok((line, word(&line.state)?, json(&line.parts)?)))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let head = "INSERT INTO run_coverage (run, system, check_slug, state, looked_at, parts) ";
    insert_all(tx, head, 6, &rows, "", |mut row, (line, state, parts)| {
        row.push_bind(&result.run.run)
            .push_bind(&line.system.0)
            .push_bind(&line.check)
            .push_bind(state)
            .push_bind(signed(line.looked_at))
            .push_bind(parts);
    })
    .await
}

async fn findings(tx: &mut Transaction<'_, Sqlite>, firm: &str, result: &RunResult) -> Result<(), sqlx::Error> {
    let rows = (1_i64..)
        .zip(&result.findings)
        .map(|(ordinal, finding)| Ok((ordinal, finding, json(&finding.subject)?, json(&finding.evidence)?)))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let head = "INSERT INTO findings (firm, id, system, check_slug, aspect, asset, subject, digest, title_zh_tw, advice, advice_zh_tw) ";
    let tail = " ON CONFLICT (firm, id) DO UPDATE SET digest = excluded.digest, title_zh_tw = excluded.title_zh_tw, advice = excluded.advice, advice_zh_tw = excluded.advice_zh_tw";
    insert_all(tx, head, 11, &rows, tail, |mut row, (_, finding, subject, _)| {
        row.push_bind(firm)
            .push_bind(&finding.id)
            .push_bind(&finding.system.0)
            .push_bind(&finding.check)
            .push_bind(&finding.aspect)
            .push_bind(&finding.asset)
            .push_bind(subject)
            .push_bind(digest_of(finding))
            .push_bind(&finding.zh_tw.title)
            .push_bind(&finding.advice)
            .push_bind(&finding.zh_tw.advice);
    })
    .await?;
    let head = "INSERT INTO occurrences (run, ordinal, firm, finding, title, severity, confidence, evidence, asset, subject, title_zh_tw, digest) ";
    insert_all(tx, head, 12, &rows, "", |mut row, (ordinal, finding, subject, evidence)| {
        let renamed = finding.id != finding.fingerprint();
        row.push_bind(&result.run.run)
            .push_bind(*ordinal)
            .push_bind(firm)
            .push_bind(&finding.id)
            .push_bind(&finding.title)
            .push_bind(Severity::word(finding.severity))
            .push_bind(finding.confidence)
            .push_bind(evidence)
            .push_bind(finding.asset.as_ref().filter(|_| renamed))
            .push_bind(renamed.then_some(subject))
            .push_bind(&finding.zh_tw.title)
            .push_bind(digest_of(finding));
    })
    .await
}

async fn notes(tx: &mut Transaction<'_, Sqlite>, result: &RunResult) -> Result<(), sqlx::Error> {
    let rows = (1_i64..)
        .zip(&result.notes)
        .map(|(ordinal, note)| Ok((ordinal, note, word(&note.kind)?)))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let head = "INSERT INTO notes (run, ordinal, path, member, place, kind, reason, text, count, sha256) ";
    insert_all(tx, head, 10, &rows, "", |mut row, (ordinal, note, kind)| {
        row.push_bind(&result.run.run)
            .push_bind(*ordinal)
            .push_bind(&note.path)
            .push_bind(&note.member)
            .push_bind(&note.place)
            .push_bind(kind)
            .push_bind(&note.reason)
            .push_bind(&note.text)
            .push_bind(signed(note.count))
            .push_bind(note.sha256.map(|digest| digest.to_string()));
    })
    .await
}

async fn items(tx: &mut Transaction<'_, Sqlite>, result: &RunResult) -> Result<(), sqlx::Error> {
    let rows =
        result.items.iter().map(|item| Ok((item, word(&item.outcome)?))).collect::<Result<Vec<_>, sqlx::Error>>()?;
    let head = "INSERT INTO items (run, item, rev, system, outcome, score, coverage, trustworthy) ";
    insert_all(tx, head, 8, &rows, "", |mut row, (item, outcome)| {
        row.push_bind(&result.run.run)
            .push_bind(&item.item.0)
            .push_bind(i64::from(item.rev))
            .push_bind(&item.system.0)
            .push_bind(outcome)
            .push_bind(item.score)
            .push_bind(item.coverage)
            .push_bind(item.trustworthy);
    })
    .await
}

/// The word of one of the model's enumerations, as results write it.
fn word<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(sqlx::Error::Encode(format!("{other} is not a word").into())),
        Err(error) => Err(sqlx::Error::Encode(error.into())),
    }
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// SQL's integers are signed; no count of ours comes near the limit.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
