//! The workspace database: firms, systems, runs, findings over the years.
//!
//! One SQLite file (write-ahead log, one writer at a time, foreign keys enforced). A run's rows are written once, in
//! one transaction, and never changed; a finding's life is computed from them ([`Store::lifecycle`]), so that a run
//! repeated on the same inputs has the same history, whatever was recorded after it.
//!
//! Needs a tokio runtime with its timers on (`enable_all`). The SQL is the same for PostgreSQL, except for how a connection is opened and a writing transaction begins.

mod bulk;
mod device;
mod error;
mod import;
mod known;
mod life;
mod log;
mod record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use secdiag_model::result::{CheckCoverage, CoveragePart, FindingRecord, RunInfo};
use secdiag_model::{CheckState, Severity, SystemId};
use serde_json::Value as Json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

pub use device::DeviceNames;
pub use error::StoreError;
pub use import::{Import, Imported};
pub use life::{FindingLife, Lifecycle};
pub use log::{AsOf, EventFilter, FindingFacts, FindingTexts, StateCount};
pub use record::Recorded;

use device::{Moment, Names};
use life::{Identity, Looks, Memory, Seen, What};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How long one waits for another process that writes.
const PATIENCE: Duration = Duration::from_secs(15);

/// The workspace database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    path: PathBuf,
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Place in the order of recording, from 1.
    pub sequence: i64,
    /// Id.
    pub run: String,
    /// Firm, where `assessment.toml` named it.
    pub firm: Option<String>,
    /// Assessment, where `assessment.toml` named it.
    pub assessment: Option<String>,
    /// Version of secdiag.
    pub engine: String,
    /// Regime.
    pub regime: String,
    /// Date that the run is about, `YYYY-MM-DD`.
    pub as_of: String,
    /// Threshold set.
    pub thresholds: String,
    /// Seal, 64 hex digits.
    pub seal: String,
    /// Whether an `assessment.toml` bound the evidence.
    pub bound: bool,
    /// Whether an inspection crashed.
    pub crashed: bool,
    /// Number of findings.
    pub findings: u64,
    /// When it was recorded, where that is known.
    pub recorded_at: Option<Timestamp>,
}

/// A finding over all runs of its firm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingHistory {
    /// Firm, where it is named.
    pub firm: Option<String>,
    /// Fingerprint.
    pub id: String,
    /// System.
    pub system: SystemId,
    /// Slug of the check.
    pub check: String,
    /// Which side of the check's question.
    pub aspect: Option<String>,
    /// Device or host.
    pub asset: Option<String>,
    /// What it is about, as JSON.
    pub subject: Json,
    /// Every run that has the system, in order of as-of date and recording.
    pub runs: Vec<Sighting>,
}

/// One run in the history of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Run.
    pub run: String,
    /// Its as-of date, `YYYY-MM-DD`.
    pub as_of: String,
    /// What the run says of the finding.
    pub view: View,
}

/// What one run says of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// It is there.
    Seen {
        /// Severity then.
        severity: Severity,
        /// Headline then, English.
        title: String,
    },
    /// The run looked for it and it was not there.
    NotSeen,
    /// The run did not look: it says nothing.
    NotLookedAt,
}

impl Store {
    /// Opens the database file; it and its folder are made where they do not exist, and older tables are brought up
    /// to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_patiently(path, PATIENCE).await
    }

    /// The same, giving up on another process that writes after `patience`.
    pub async fn open_patiently(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let open_error = |source| StoreError::Open { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(open_error)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A run that was reported as recorded survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(patience);
        let pool = connect(path, &options, patience).await?;
        let store = Self { pool, path: path.to_owned() };
        store.check().await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Closes the file. Without it the file closes when the last clone is dropped.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// How `findings` stand against the earlier runs of the same firm: those with an earlier as-of date, and those
    /// with the same date that were recorded before. The run itself, should it be recorded, does not count, nor does
    /// what was recorded after it with its date.
    ///
    /// - Never seen before: new.
    /// - Seen in the last earlier run that looked for it: persisting.
    /// - Seen before, but a later run looked and did not see it: returned.
    /// - Seen before, not seen now, and this run looked for it: resolved. A run looks where its check found something
    ///   or passed on at least one subject of the system, of the finding's aspect and on its device or host, where the
    ///   check tells these apart; where it did not look the finding stays open and is neither resolved nor listed.
    ///
    /// Devices are told apart by the firm's register of devices, each name as of the day of the run that used it; the
    /// register is taken as it was known `now`, or when the run was recorded, should it be.
    pub async fn lifecycle(
        &self,
        run: &RunInfo,
        coverage: &[CheckCoverage],
        findings: &[FindingRecord],
        now: Timestamp,
    ) -> Result<Lifecycle, StoreError> {
        let mut tx = self.read().await?;
        let own = self.own(&mut tx, run, now).await?;
        let firm = run.firm.as_deref().unwrap_or_default();
        let devices = self.devices_for(&mut tx, firm, &own).await?;
        let mut memory = Memory::default();
        for earlier in self.earlier_runs(&mut tx, run, own.sequence).await? {
            let names = Names { devices: &devices, at: self.eye(&earlier.moment)? };
            let looks = self.looks(&mut tx, &earlier.run, &names).await?;
            let seen = self.seen(&mut tx, &earlier.run, &names).await?;
            memory.run(&earlier.moment.as_of, earlier.sequence, &looks, seen);
        }
        let names = Names { devices: &devices, at: own.eye };
        let seen = findings.iter().map(|finding| names.seen(finding)).collect();
        Ok(memory.judge(&run.as_of, own.sequence, &Looks::of(coverage, &names), seen))
    }

    /// Every recorded run, in order of recording.
    pub async fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "SELECT sequence, run, firm, assessment, engine, regime, as_of, thresholds, seal, bound, crashed, findings, recorded_at
             FROM runs ORDER BY sequence",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        Ok(rows.into_iter().map(RunSummary::from).collect())
    }

    /// How many items of a firm's run had each outcome; nothing where the run is not recorded.
    pub async fn outcomes(&self, firm: &str, run: &str) -> Result<Option<BTreeMap<String, u64>>, StoreError> {
        let known: Option<String> = sqlx::query_scalar("SELECT run FROM runs WHERE run = $1 AND firm = $2")
            .bind(run)
            .bind(firm)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.error(error))?;
        if known.is_none() {
            return Ok(None);
        }
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT outcome, COUNT(*) FROM items WHERE run = $1 GROUP BY outcome ORDER BY outcome")
                .bind(run)
                .fetch_all(&self.pool)
                .await
                .map_err(|error| self.error(error))?;
        Ok(Some(rows.into_iter().map(|(outcome, count)| (outcome, unsigned(count))).collect()))
    }

    /// A finding over the years, once for each firm that has it; nothing when no run saw it.
    pub async fn finding_history(&self, id: &str) -> Result<Vec<FindingHistory>, StoreError> {
        let mut tx = self.read().await?;
        let findings: Vec<FindingRow> = sqlx::query_as(
            "SELECT firm, id, system, check_slug, aspect, asset, subject FROM findings WHERE id = $1 ORDER BY firm",
        )
        .bind(id)
        .fetch_all(&mut *tx)
        .await
        .map_err(|error| self.error(error))?;
        let mut histories = Vec::new();
        for row in findings {
            let runs = self.sightings(&mut tx, &row).await?;
            histories.push(FindingHistory {
                firm: named(row.firm),
                id: row.id,
                system: SystemId(row.system),
                check: row.check_slug,
                aspect: row.aspect,
                asset: row.asset,
                subject: self.json("findings.subject", &row.subject)?,
                runs,
            });
        }
        Ok(histories)
    }

    /// Refuses a damaged file before anything is read from it.
    async fn check(&self) -> Result<(), StoreError> {
        let detail: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.error(error))?;
        if detail == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: self.path.clone(), detail }) }
    }

    /// In one transaction that holds the writer's lock, so that two processes do not both make the tables.
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        MIGRATIONS
            .run_direct(None, &mut *tx, false)
            .await
            .map_err(|error| StoreError::of_migration(&self.path, error))?;
        tx.commit().await.map_err(|error| self.error(error))
    }

    /// The place of a run that may be recorded already.
    pub(crate) async fn own(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        run: &RunInfo,
        now: Timestamp,
    ) -> Result<Own, StoreError> {
        let known: Option<(i64, Option<i64>)> = sqlx::query_as("SELECT sequence, recorded_at FROM runs WHERE run = $1")
            .bind(&run.run)
            .fetch_optional(&mut **tx)
            .await
            .map_err(|error| self.error(error))?;
        let (sequence, recorded_at) = known.unwrap_or((i64::MAX, Some(now.as_microsecond())));
        let eye = self.eye(&Moment { as_of: run.as_of.clone(), recorded_at })?;
        let recorded_at = recorded_at.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        Ok(Own { sequence, eye, recorded_at })
    }

    async fn earlier_runs(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        run: &RunInfo,
        sequence: i64,
    ) -> Result<Vec<OrderRow>, StoreError> {
        sqlx::query_as(
            "SELECT run, sequence, as_of, recorded_at FROM runs
             WHERE firm = $1 AND run <> $2 AND (as_of < $3 OR (as_of = $3 AND sequence < $4))
             ORDER BY as_of, sequence",
        )
        .bind(run.firm.as_deref().unwrap_or_default())
        .bind(&run.run)
        .bind(&run.as_of)
        .bind(sequence)
        .fetch_all(&mut **tx)
        .await
        .map_err(|error| self.error(error))
    }

    async fn looks(&self, tx: &mut Transaction<'_, Sqlite>, run: &str, names: &Names<'_>) -> Result<Looks, StoreError> {
        let rows: Vec<CoverageRow> =
            sqlx::query_as("SELECT system, check_slug, state, parts FROM run_coverage WHERE run = $1")
                .bind(run)
                .fetch_all(&mut **tx)
                .await
                .map_err(|error| self.error(error))?;
        let mut looks = Looks::default();
        for row in rows {
            let state: CheckState = self.word("run_coverage.state", &row.state)?;
            let parts: Vec<CoveragePart> = self.json("run_coverage.parts", &row.parts)?;
            looks.add(&row.system, &row.check_slug, state, parts, names);
        }
        Ok(looks)
    }

    async fn seen(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        run: &str,
        names: &Names<'_>,
    ) -> Result<Vec<Seen>, StoreError> {
        let rows: Vec<SeenRow> = sqlx::query_as(
            "SELECT f.id, f.system, f.check_slug, f.aspect,
                    CASE WHEN o.subject IS NULL THEN f.asset ELSE o.asset END AS asset,
                    COALESCE(o.subject, f.subject) AS subject, i.finding IS NOT NULL AS matched, o.title, o.severity
             FROM occurrences o
             JOIN findings f ON f.firm = o.firm AND f.id = o.finding
             LEFT JOIN finding_identity i ON i.firm = o.firm AND i.finding = o.finding
             WHERE o.run = $1 ORDER BY o.ordinal",
        )
        .bind(run)
        .fetch_all(&mut **tx)
        .await
        .map_err(|error| self.error(error))?;
        let seen = |row: SeenRow| {
            let severity = self.word("occurrences.severity", &row.severity)?;
            let (identity, what) = self.identity(row.known, names)?;
            Ok(Seen { identity, what, title: row.title, severity })
        };
        rows.into_iter().map(seen).collect()
    }

    /// The findings of a firm, or one of them, each as the last run that saw it named it; one run left out.
    pub(crate) async fn last_seen(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        firm: &str,
        finding: Option<&str>,
        but: &str,
    ) -> Result<Vec<LastRow>, StoreError> {
        sqlx::query_as(
            "SELECT f.id, f.system, f.check_slug, f.aspect,
                    CASE WHEN o.subject IS NULL THEN f.asset ELSE o.asset END AS asset,
                    COALESCE(o.subject, f.subject) AS subject, i.finding IS NOT NULL AS matched, o.as_of, o.recorded_at
             FROM findings f
             JOIN (SELECT o.finding, o.asset, o.subject, r.as_of, r.recorded_at,
                          ROW_NUMBER() OVER (PARTITION BY o.finding ORDER BY r.as_of DESC, r.sequence DESC, o.ordinal) AS place
                   FROM occurrences o JOIN runs r ON r.run = o.run
                   WHERE o.firm = $1 AND ($2 IS NULL OR o.finding = $2) AND o.run <> $3) o
               ON o.finding = f.id AND o.place = 1
             LEFT JOIN finding_identity i ON i.firm = f.firm AND i.finding = f.id
             WHERE f.firm = $1 ORDER BY f.id",
        )
        .bind(firm)
        .bind(finding)
        .bind(but)
        .fetch_all(&mut **tx)
        .await
        .map_err(|error| self.error(error))
    }

    /// What a recorded finding is, by the names of the run that saw it.
    pub(crate) fn identity(&self, row: KnownRow, names: &Names<'_>) -> Result<(Identity, What), StoreError> {
        let KnownRow { id, system, check_slug: check, aspect, asset, subject, matched } = row;
        let asset = asset.map(|name| names.device(&system, &name));
        let what = What { system, check, aspect, asset };
        // What another tool told is matched when it is taken over.
        let device = if matched || names.devices.all().is_empty() {
            None
        } else {
            names.identity(&what, &self.json("findings.subject", &subject)?)
        };
        Ok((Identity { id, device }, what))
    }

    async fn sightings(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        finding: &FindingRow,
    ) -> Result<Vec<Sighting>, StoreError> {
        let runs: Vec<OrderRow> = sqlx::query_as(
            "SELECT r.run, r.sequence, r.as_of, r.recorded_at FROM runs r JOIN run_systems s ON s.run = r.run
             WHERE r.firm = $1 AND s.system = $2 ORDER BY r.as_of, r.sequence",
        )
        .bind(&finding.firm)
        .bind(&finding.system)
        .fetch_all(&mut **tx)
        .await
        .map_err(|error| self.error(error))?;
        let devices = self.devices(tx, &finding.firm, Timestamp::MAX, Timestamp::MAX).await?;
        let Some(LastRow { known, moment }) = self.last_seen(tx, &finding.firm, Some(&finding.id), "").await?.pop()
        else {
            return Ok(Vec::new());
        };
        let (_, what) = self.identity(known, &Names { devices: &devices, at: self.eye(&moment)? })?;
        let mut sightings = Vec::new();
        for OrderRow { run, moment, .. } in runs {
            let names = Names { devices: &devices, at: self.eye(&moment)? };
            let seen: Option<(String, String)> = sqlx::query_as(
                "SELECT severity, title FROM occurrences WHERE run = $1 AND finding = $2 ORDER BY ordinal LIMIT 1",
            )
            .bind(&run)
            .bind(&finding.id)
            .fetch_optional(&mut **tx)
            .await
            .map_err(|error| self.error(error))?;
            let view = match seen {
                Some((severity, title)) => {
                    View::Seen { severity: self.word("occurrences.severity", &severity)?, title }
                }
                None if self.looks(tx, &run, &names).await?.covers(&what) => View::NotSeen,
                None => View::NotLookedAt,
            };
            sightings.push(Sighting { run, as_of: moment.as_of, view });
        }
        Ok(sightings)
    }

    /// One consistent view of the database, whatever another process writes meanwhile.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.pool.begin().await.map_err(|error| self.error(error))
    }

    /// A transaction that has the writer's lock from its start: what it reads stays true until it writes.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.error(error))
    }

    fn error(&self, error: sqlx::Error) -> StoreError {
        StoreError::of(&self.path, error)
    }

    /// A word of one of the model's enumerations.
    fn word<T: serde::de::DeserializeOwned>(&self, column: &'static str, value: &str) -> Result<T, StoreError> {
        serde_json::from_value(Json::from(value)).map_err(|_| self.unknown(column, value))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str, value: &str) -> Result<T, StoreError> {
        serde_json::from_str(value).map_err(|_| self.unknown(column, value))
    }

    pub(crate) fn unknown(&self, column: &'static str, value: &str) -> StoreError {
        StoreError::Value { path: self.path.clone(), column, value: value.to_owned() }
    }
}

/// Opens the file. Turning a new file's write-ahead log on does not wait for another process that does the same, as
/// everything later does (sqlite.org/wal.html, "busy"): here it is tried again.
async fn connect(path: &Path, options: &SqliteConnectOptions, patience: Duration) -> Result<SqlitePool, StoreError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await;
        match pool.map_err(|source| StoreError::of(path, source)) {
            Err(StoreError::Busy { .. }) if waited < patience => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            result => return result,
        }
    }
}

/// The place of a run in the order of recording, and what it saw.
pub(crate) struct Own {
    pub(crate) sequence: i64,
    /// Until when it saw the world.
    pub(crate) eye: Timestamp,
    /// When it was or is recorded; nothing: before that was kept.
    pub(crate) recorded_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    run: String,
    sequence: i64,
    #[sqlx(flatten)]
    moment: Moment,
}

/// A finding as the last run that saw it named it.
#[derive(sqlx::FromRow)]
pub(crate) struct LastRow {
    #[sqlx(flatten)]
    pub(crate) known: KnownRow,
    #[sqlx(flatten)]
    pub(crate) moment: Moment,
}

/// A finding as a run named it.
#[derive(sqlx::FromRow)]
pub(crate) struct KnownRow {
    pub(crate) id: String,
    system: String,
    check_slug: String,
    aspect: Option<String>,
    asset: Option<String>,
    subject: String,
    /// Told by another tool.
    matched: bool,
}

#[derive(sqlx::FromRow)]
struct CoverageRow {
    system: String,
    check_slug: String,
    state: String,
    parts: String,
}

#[derive(sqlx::FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    known: KnownRow,
    title: String,
    severity: String,
}

#[derive(sqlx::FromRow)]
struct FindingRow {
    firm: String,
    id: String,
    system: String,
    check_slug: String,
    aspect: Option<String>,
    asset: Option<String>,
    subject: String,
}

#[derive(sqlx::FromRow)]
struct RunRow {
    sequence: i64,
    run: String,
    firm: String,
    assessment: Option<String>,
    engine: String,
    regime: String,
    as_of: String,
    thresholds: String,
    seal: String,
    bound: bool,
    crashed: bool,
    findings: i64,
    recorded_at: Option<i64>,
}

impl From<RunRow> for RunSummary {
    fn from(row: RunRow) -> Self {
        Self {
            sequence: row.sequence,
            run: row.run,
            firm: named(row.firm),
            assessment: row.assessment,
            engine: row.engine,
            regime: row.regime,
            as_of: row.as_of,
            thresholds: row.thresholds,
            seal: row.seal,
            bound: row.bound,
            crashed: row.crashed,
            findings: unsigned(row.findings),
            recorded_at: row.recorded_at.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
        }
    }
}

/// The database names a firm without a name with the empty text.
fn named(firm: String) -> Option<String> {
    (!firm.is_empty()).then_some(firm)
}

/// Counts are written from unsigned numbers; a negative one was not written by us.
fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
