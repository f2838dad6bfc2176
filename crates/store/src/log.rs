//! The event log and what is computed from it: appended, never changed, asked as of any date.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz};
use secdiag_model::{Bilingual, Proof, Severity};
use secdiag_programme::event::{Body, Event, in_order};
use secdiag_programme::life::{Change, Life, State, changes_of, intervals};
use sqlx::query_builder::QueryBuilder;
use sqlx::{Sqlite, Transaction};

use crate::bulk::insert_all;
use crate::{Store, StoreError};

/// Values in one `IN (…)`.
const MOST_NAMES: usize = 5_000;

/// End of an interval that still goes on.
const STILL: i64 = i64::MAX;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventFilter<'a> {
    /// Of one firm.
    pub firm: Option<&'a str>,
    /// About one kind of thing.
    pub entity: Option<&'a str>,
    /// About one thing.
    pub subject: Option<&'a str>,
    /// Known here by then.
    pub known_on: Option<Timestamp>,
}

/// How many findings were in one state with one severity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateCount {
    /// Firm; empty where none is named.
    pub firm: String,
    /// State.
    pub state: State,
    /// Severity.
    pub severity: Severity,
    /// Findings.
    pub count: u64,
}

/// What is known of a finding besides its life, as it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct FindingFacts {
    /// System.
    pub system: String,
    /// Category of the system, as the latest run declares it.
    pub category: Option<u8>,
    /// Slug of the check.
    pub check: String,
    /// Device or host.
    pub asset: Option<String>,
    /// Headline, English.
    pub title: String,
    /// Headline, Traditional Chinese.
    pub title_zh_tw: String,
    /// Digest of what an exception would be about.
    pub digest: String,
}

/// Where a finding's proof lies, and what to do about it.
#[derive(Clone, Debug)]
pub struct FindingTexts {
    /// The first proof.
    pub proof: Option<Proof>,
    /// What is advised.
    pub advice: Bilingual,
}

/// As of when, and with what knowledge, something is asked; nothing: as it is, with all that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsOf {
    /// What had taken effect by then.
    pub at: Option<Timestamp>,
    /// What was recorded by then.
    pub known_on: Option<Timestamp>,
}

impl AsOf {
    /// The day in Taiwan, as runs name it.
    fn day(&self) -> Option<String> {
        self.at.map(|at| tz::offset(8).to_datetime(at).date().to_string())
    }

    fn known_on(&self) -> Option<i64> {
        self.known_on.map(Timestamp::as_microsecond)
    }
}

impl Store {
    /// What is known of every finding that a run or an import had seen by then, as the last of them saw it, by firm and
    /// id.
    pub async fn finding_facts(
        &self,
        firm: Option<&str>,
        as_of: AsOf,
    ) -> Result<BTreeMap<(String, String), FindingFacts>, StoreError> {
        let rows: Vec<FactsRow> = sqlx::query_as(
            "SELECT f.firm, f.id, f.system, s.category, f.check_slug,
                    CASE WHEN o.subject IS NULL THEN f.asset ELSE o.asset END AS asset,
                    COALESCE(o.title_zh_tw, f.title_zh_tw) AS title_zh_tw, COALESCE(o.digest, f.digest) AS digest, o.title
             FROM findings f
             JOIN (SELECT o.firm, o.finding, o.title, o.title_zh_tw, o.digest, o.asset, o.subject,
                          ROW_NUMBER() OVER (PARTITION BY o.firm, o.finding ORDER BY r.as_of DESC, r.sequence DESC) AS place
                   FROM occurrences o JOIN runs r ON r.run = o.run
                   WHERE ($2 IS NULL OR r.as_of <= $2) AND ($3 IS NULL OR COALESCE(r.recorded_at, 0) <= $3)) o
               ON o.firm = f.firm AND o.finding = f.id AND o.place = 1
             LEFT JOIN (SELECT s.firm, s.system, s.category,
                               ROW_NUMBER() OVER (PARTITION BY s.firm, s.system ORDER BY r.as_of DESC, r.sequence DESC) AS place
                        FROM run_systems s JOIN runs r ON r.run = s.run
                        WHERE s.category IS NOT NULL AND ($2 IS NULL OR r.as_of <= $2)
                          AND ($3 IS NULL OR COALESCE(r.recorded_at, 0) <= $3)) s
               ON s.firm = f.firm AND s.system = f.system AND s.place = 1
             WHERE $1 IS NULL OR f.firm = $1",
        )
        .bind(firm)
        .bind(as_of.day())
        .bind(as_of.known_on())
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        let facts = |row: FactsRow| {
            let facts = FindingFacts {
                system: row.system,
                category: row.category.and_then(|category| u8::try_from(category).ok()),
                check: row.check_slug,
                asset: row.asset,
                title: row.title,
                title_zh_tw: row.title_zh_tw,
                digest: row.digest,
            };
            ((row.firm, row.id), facts)
        };
        Ok(rows.into_iter().map(facts).collect())
    }

    /// Where the first proof of every finding of a firm lay by then, and what is advised about it, by id.
    pub async fn finding_texts(&self, firm: &str, as_of: AsOf) -> Result<BTreeMap<String, FindingTexts>, StoreError> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT f.id, f.advice, f.advice_zh_tw, o.evidence
             FROM findings f
             JOIN (SELECT o.finding, o.evidence,
                          ROW_NUMBER() OVER (PARTITION BY o.finding ORDER BY r.as_of DESC, r.sequence DESC) AS place
                   FROM occurrences o JOIN runs r ON r.run = o.run
                   WHERE o.firm = $1 AND ($2 IS NULL OR r.as_of <= $2) AND ($3 IS NULL OR COALESCE(r.recorded_at, 0) <= $3)) o
               ON o.finding = f.id AND o.place = 1
             WHERE f.firm = $1",
        )
        .bind(firm)
        .bind(as_of.day())
        .bind(as_of.known_on())
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        let texts = |(id, en, zh_tw, evidence): (String, String, String, String)| {
            let proofs: Vec<Proof> = self.json("occurrences.evidence", &evidence)?;
            let advice = Bilingual { en, zh_tw };
            Ok((id, FindingTexts { proof: proofs.into_iter().next(), advice }))
        };
        rows.into_iter().map(texts).collect()
    }

    /// Appends events in one transaction; those that are there already are passed over. Gives how many were new.
    pub async fn append(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let new = append(&mut tx, events).await.map_err(|error| self.error(error))?;
        tx.commit().await.map_err(|error| self.error(error))?;
        Ok(new)
    }

    /// How far a source of intelligence was read; nothing where it never was.
    pub async fn cursor(&self, url: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT cursor FROM feeds WHERE url = $1")
            .bind(url)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.error(error))
    }

    /// Appends what a page of a source brought and keeps how far it was read: both or neither.
    pub async fn keep_page(&self, events: &[Event], url: &str, cursor: &str) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let new = append(&mut tx, events).await.map_err(|error| self.error(error))?;
        sqlx::query(
            "INSERT INTO feeds (url, cursor) VALUES ($1, $2) ON CONFLICT (url) DO UPDATE SET cursor = excluded.cursor",
        )
        .bind(url)
        .bind(cursor)
        .execute(&mut *tx)
        .await
        .map_err(|error| self.error(error))?;
        tx.commit().await.map_err(|error| self.error(error))?;
        Ok(new)
    }

    /// Events, in the order in which they are folded.
    pub async fn events(&self, filter: &EventFilter<'_>) -> Result<Vec<Event>, StoreError> {
        let mut tx = self.read().await?;
        self.events_in(&mut tx, filter).await
    }

    pub(crate) async fn events_in(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        filter: &EventFilter<'_>,
    ) -> Result<Vec<Event>, StoreError> {
        let mut query =
            QueryBuilder::new("SELECT id, firm, entity, subject, at, recorded_at, body FROM events WHERE 1 = 1");
        let conditions = [("firm", filter.firm), ("entity", filter.entity), ("subject", filter.subject)];
        for (column, value) in conditions.into_iter().filter_map(|(column, value)| Some((column, value?))) {
            query.push(format!(" AND {column} = ")).push_bind(value);
        }
        if let Some(known_on) = filter.known_on {
            query.push(" AND recorded_at <= ").push_bind(known_on.as_microsecond());
        }
        let rows: Vec<EventRow> =
            query.build_query_as().fetch_all(&mut **tx).await.map_err(|error| self.error(error))?;
        let mut events = rows.into_iter().map(|row| self.event(row)).collect::<Result<Vec<_>, _>>()?;
        in_order(&mut events);
        Ok(events)
    }

    /// Findings by firm, state and severity at an instant, with all that is known now.
    pub async fn counts_as_of(&self, firm: Option<&str>, at: Timestamp) -> Result<Vec<StateCount>, StoreError> {
        let mut query = QueryBuilder::new("SELECT firm, state, severity, COUNT(*) FROM finding_intervals WHERE ");
        if let Some(firm) = firm {
            query.push("firm = ").push_bind(firm).push(" AND ");
        }
        query.push("valid_from <= ").push_bind(at.as_microsecond());
        query.push(" AND valid_to > ").push_bind(at.as_microsecond());
        query.push(" GROUP BY firm, state, severity");
        let rows: Vec<(String, String, String, i64)> =
            query.build_query_as().fetch_all(&self.pool).await.map_err(|error| self.error(error))?;
        let mut counts = Vec::new();
        for (firm, state, severity, count) in rows {
            counts.push(StateCount {
                firm,
                state: self.word("finding_intervals.state", &state)?,
                severity: self.word("finding_intervals.severity", &severity)?,
                count: crate::unsigned(count),
            });
        }
        counts.sort();
        Ok(counts)
    }

    /// How every finding of a firm stood at an instant, as far as it was known by another.
    pub async fn lives(
        &self,
        firm: Option<&str>,
        at: Timestamp,
        known_on: Option<Timestamp>,
    ) -> Result<BTreeMap<(String, String), Life>, StoreError> {
        let mut tx = self.read().await?;
        self.lives_in(&mut tx, firm, at, known_on).await
    }

    pub(crate) async fn lives_in(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        firm: Option<&str>,
        at: Timestamp,
        known_on: Option<Timestamp>,
    ) -> Result<BTreeMap<(String, String), Life>, StoreError> {
        let filter = EventFilter { firm, entity: Some(Change::ENTITY), known_on, ..EventFilter::default() };
        let mut of_finding: BTreeMap<(String, String), Vec<Event>> = BTreeMap::new();
        for event in self.events_in(tx, &filter).await? {
            of_finding.entry((event.firm.clone(), event.subject.clone())).or_default().push(event);
        }
        let life = |events: &[Event]| {
            let (changes, _) = changes_of(events);
            Life::fold(changes.iter().map(|(at, change)| (*at, change)), at)
        };
        Ok(of_finding.into_iter().filter_map(|(key, events)| Some((key, life(&events)?))).collect())
    }

    fn event(&self, row: EventRow) -> Result<Event, StoreError> {
        let body: StoredBody = self.json("events.body", &row.body)?;
        let instant =
            |micros| Timestamp::from_microsecond(micros).map_err(|_| self.unknown("events.at", &micros.to_string()));
        Ok(Event {
            id: row.id,
            firm: row.firm,
            entity: row.entity,
            subject: row.subject,
            at: instant(row.at)?,
            recorded_at: instant(row.recorded_at)?,
            actor: body.actor,
            reason: body.reason,
            body: body.body,
        })
    }
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    firm: String,
    id: String,
    system: String,
    category: Option<i64>,
    check_slug: String,
    asset: Option<String>,
    title: String,
    title_zh_tw: String,
    digest: String,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: String,
    firm: String,
    entity: String,
    subject: String,
    at: i64,
    recorded_at: i64,
    body: String,
}

/// What of an event nobody searches for.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredBody {
    actor: String,
    reason: String,
    body: serde_json::Value,
}

/// Appends events and brings the intervals of their findings up to date.
pub(crate) async fn append(tx: &mut Transaction<'_, Sqlite>, events: &[Event]) -> Result<u64, sqlx::Error> {
    let known = known_ids(tx, events).await?;
    let mut met = BTreeSet::new();
    let new: Vec<&Event> =
        events.iter().filter(|event| !known.contains(&event.id) && met.insert(event.id.as_str())).collect();
    if new.is_empty() {
        return Ok(0);
    }
    let firms: Vec<&str> = new.iter().map(|event| event.firm.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    insert_all(tx, "INSERT INTO firms (name) ", 1, &firms, " ON CONFLICT (name) DO NOTHING", |mut row, firm| {
        row.push_bind(*firm);
    })
    .await?;
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(sequence) FROM events").fetch_one(&mut **tx).await?;
    let rows = (last.unwrap_or(0) + 1..)
        .zip(&new)
        .map(|(sequence, event)| {
            let body =
                StoredBody { actor: event.actor.clone(), reason: event.reason.clone(), body: event.body.clone() };
            Ok((sequence, *event, crate::record::json(&body)?))
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let head = "INSERT INTO events (sequence, id, firm, entity, subject, at, recorded_at, body) ";
    insert_all(tx, head, 8, &rows, "", |mut row, (sequence, event, body)| {
        row.push_bind(*sequence)
            .push_bind(&event.id)
            .push_bind(&event.firm)
            .push_bind(&event.entity)
            .push_bind(&event.subject)
            .push_bind(event.at.as_microsecond())
            .push_bind(event.recorded_at.as_microsecond())
            .push_bind(body);
    })
    .await?;
    project(tx, &new).await?;
    Ok(new.len() as u64)
}

async fn known_ids(tx: &mut Transaction<'_, Sqlite>, events: &[Event]) -> Result<BTreeSet<String>, sqlx::Error> {
    let mut known = BTreeSet::new();
    for some in events.chunks(MOST_NAMES) {
        let mut query = QueryBuilder::new("SELECT id FROM events WHERE id IN (");
        names(&mut query, some.iter().map(|event| event.id.as_str()));
        known.extend(query.build_query_scalar::<String>().fetch_all(&mut **tx).await?);
    }
    Ok(known)
}

/// Computes the intervals of the findings that `new` is about from all their events.
async fn project(tx: &mut Transaction<'_, Sqlite>, new: &[&Event]) -> Result<(), sqlx::Error> {
    let mut touched: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in new.iter().filter(|event| event.entity == Change::ENTITY) {
        touched.entry(&event.firm).or_default().insert(&event.subject);
    }
    for (firm, findings) in touched {
        let findings: Vec<&str> = findings.into_iter().collect();
        for some in findings.chunks(MOST_NAMES) {
            let mut query = QueryBuilder::new("SELECT id, subject, at, recorded_at, body FROM events WHERE entity = ");
            query.push_bind(Change::ENTITY).push(" AND firm = ").push_bind(firm).push(" AND subject IN (");
            names(&mut query, some.iter().copied());
            let rows: Vec<(String, String, i64, i64, String)> = query.build_query_as().fetch_all(&mut **tx).await?;
            let mut changes: BTreeMap<String, Vec<(i64, i64, String, Change)>> = BTreeMap::new();
            for (id, finding, at, recorded_at, body) in rows {
                // A change that this version does not know has no interval; asking for the events tells of it.
                if let Some(change) = change_of(&body) {
                    changes.entry(finding).or_default().push((at, recorded_at, id, change));
                }
            }
            let mut rows = Vec::new();
            for (finding, mut changes) in changes {
                changes.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
                let dated = changes
                    .iter()
                    .filter_map(|(at, _, _, change)| Some((Timestamp::from_microsecond(*at).ok()?, change)));
                rows.extend(intervals(dated).into_iter().map(|interval| (finding.clone(), interval)));
            }
            let mut delete = QueryBuilder::new("DELETE FROM finding_intervals WHERE firm = ");
            delete.push_bind(firm).push(" AND finding IN (");
            names(&mut delete, some.iter().copied());
            delete.build().execute(&mut **tx).await?;
            let head = "INSERT INTO finding_intervals (firm, finding, state, severity, valid_from, valid_to) ";
            insert_all(tx, head, 6, &rows, "", |mut row, (finding, interval)| {
                row.push_bind(firm)
                    .push_bind(finding)
                    .push_bind(interval.state.word())
                    .push_bind(Severity::word(interval.severity))
                    .push_bind(interval.from.as_microsecond())
                    .push_bind(interval.to.map_or(STILL, Timestamp::as_microsecond));
            })
            .await?;
        }
    }
    Ok(())
}

fn change_of(body: &str) -> Option<Change> {
    let stored: StoredBody = serde_json::from_str(body).ok()?;
    serde_json::from_value(stored.body).ok()
}

fn names<'a>(query: &mut QueryBuilder<Sqlite>, names: impl Iterator<Item = &'a str>) {
    let mut list = query.separated(", ");
    for name in names {
        list.push_bind(name.to_owned());
    }
    query.push(")");
}
