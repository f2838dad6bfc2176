//! Taking over another tool's findings: matched with what that tool told before, recorded as a run, in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use secdiag_model::Sha256;
use secdiag_model::result::{FindingStatus, RunResult};
use secdiag_programme::event::{Act, Event};
use secdiag_programme::identity::{Candidate, Known, Standing, match_findings};
use secdiag_programme::life::{Change, after_run, digest_of};
use sqlx::{Sqlite, Transaction};

use crate::bulk::insert_all;
use crate::record::{insert, json};
use crate::{Store, StoreError, log};

/// A file of another tool's findings, ready to be taken over.
#[derive(Clone, Debug)]
pub struct Import {
    /// The run that it is recorded as; the ids of its findings are empty and are given here.
    pub result: RunResult,
    /// What tells each finding again, in the order of `result.findings`.
    pub candidates: Vec<Candidate>,
    /// What the file says was decided about each finding, in the same order.
    pub decided: Vec<Option<Change>>,
    /// System and tool: findings are compared with those of the same source only.
    pub source: String,
    /// Slugs of the rules that the file says were evaluated; only these can show that a finding is gone.
    pub evaluated: BTreeSet<String>,
    /// Name of the file.
    pub name: String,
    /// Digest of the file.
    pub sha256: Sha256,
    /// Somebody said which day the file is about: then the same bytes may tell of another day that nothing changed.
    pub dated: bool,
    /// The account of its records, JSON.
    pub log: serde_json::Value,
}

/// What taking over a file came to: findings by standing.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// False when this very file was taken over before: nothing changed.
    pub recorded: bool,
    /// The day as of which it was taken over before, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Findings by standing; standings that none has are left out.
    pub standings: BTreeMap<Standing, u64>,
    /// Events that were appended: changes of state or severity.
    pub changes: u64,
}

impl Store {
    /// Takes a file over, all of it or nothing; the same file again changes nothing.
    pub async fn import(&self, mut import: Import, now: Timestamp) -> Result<Imported, StoreError> {
        let mut tx = self.write().await?;
        let run = import.result.run.run.clone();
        let firm = import.result.run.firm.clone().unwrap_or_default();
        let error = |error| self.error(error);
        if let Some(before) = self.taken_before(&mut tx, &firm, &import).await? {
            return Ok(Imported { before: Some(before), ..Imported::default() });
        }
        let at = self.effect(&import.result.run.as_of, now)?;
        let act = Act { actor: format!("import of {}", import.name), reason: run.clone(), at, recorded_at: now };

        let lives = self.lives_in(&mut tx, Some(&firm), at, None).await?;
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT i.finding, i.seen, f.check_slug FROM finding_identity i
             JOIN findings f ON f.firm = i.firm AND f.id = i.finding
             WHERE i.firm = $1 AND i.source = $2 ORDER BY i.finding",
        )
        .bind(&firm)
        .bind(&import.source)
        .fetch_all(&mut *tx)
        .await
        .map_err(error)?;
        let life = |id: &str| lives.get(&(firm.clone(), id.to_owned()));
        let mut rule_of: HashMap<String, String> = HashMap::new();
        let mut known = Vec::new();
        for (id, seen, check) in rows {
            let resolved = life(&id).is_some_and(|life| life.state.is_resolved());
            let seen: Candidate = self.json("finding_identity.seen", &seen)?;
            rule_of.insert(id.clone(), check);
            known.push(Known { id, resolved, seen });
        }
        let evaluated = |known: &Known| rule_of.get(&known.id).is_some_and(|rule| import.evaluated.contains(rule));
        let matches = match_findings(&known, &import.candidates, evaluated);

        let mut taken: BTreeSet<String> = known.iter().map(|known| known.id.clone()).collect();
        let mut imported = Imported { recorded: true, ..Imported::default() };
        let (mut events, mut identities) = (Vec::new(), Vec::new());
        for answer in &matches.list {
            *imported.standings.entry(answer.standing).or_default() += 1;
            let before = answer.known.map(|index| &known[index]);
            let Some(current) = answer.current else {
                let Some(before) = before else { continue };
                let Some(life) = life(&before.id) else { continue };
                let changes = after_run(Some(life), answer.standing, life.severity, "", &run);
                events.extend(changes.iter().map(|change| Event::new(&firm, &before.id, &act, change)));
                continue;
            };
            let candidate = &import.candidates[current];
            let finding = &mut import.result.findings[current];
            finding.id =
                before.map_or_else(|| new_id(&import.source, candidate, &mut taken), |before| before.id.clone());
            finding.status = match answer.standing {
                Standing::New => FindingStatus::New,
                Standing::Repeat => FindingStatus::Returned,
                _ => FindingStatus::Persisting,
            };
            let life = life(&finding.id);
            let mut changes = after_run(life, answer.standing, finding.severity, &digest_of(finding), &run);
            if let Some(decided) = &import.decided[current] {
                // The file shows it together with the decision: that it is there does not speak against it.
                changes.retain(|change| !matches!(change, Change::VerificationFailed | Change::AcceptanceExpired));
                if life.is_none() {
                    changes.push(decided.clone());
                }
            }
            events.extend(changes.iter().map(|change| Event::new(&firm, &finding.id, &act, change)));
            let seen = with_all_keys(candidate, before.map(|before| &before.seen));
            if before.is_none_or(|before| before.seen != seen) {
                identities.push((finding.id.clone(), json(&seen).map_err(error)?));
            }
        }

        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(sequence) FROM runs").fetch_one(&mut *tx).await.map_err(error)?;
        insert(&mut tx, last.unwrap_or(0) + 1, Some(now), &import.result).await.map_err(error)?;
        let head = "INSERT INTO finding_identity (firm, finding, source, seen) ";
        let tail = " ON CONFLICT (firm, finding) DO UPDATE SET seen = excluded.seen";
        insert_all(&mut tx, head, 4, &identities, tail, |mut row, (finding, seen)| {
            row.push_bind(&firm).push_bind(finding).push_bind(&import.source).push_bind(seen);
        })
        .await
        .map_err(error)?;
        sqlx::query("INSERT INTO imports (firm, run, sha256, name, log) VALUES ($1, $2, $3, $4, $5)")
            .bind(&firm)
            .bind(&run)
            .bind(import.sha256.to_string())
            .bind(&import.name)
            .bind(json(&import.log).map_err(error)?)
            .execute(&mut *tx)
            .await
            .map_err(error)?;
        imported.changes = log::append(&mut tx, &events).await.map_err(error)?;
        tx.commit().await.map_err(error)?;
        Ok(imported)
    }

    /// The day as of which these very bytes were taken over for the same system. Where nobody says that they are about
    /// another day, an old report is not a new one because it is given again.
    async fn taken_before(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        firm: &str,
        import: &Import,
    ) -> Result<Option<String>, StoreError> {
        let system = import.result.run.systems.first().map(|system| system.id.0.as_str()).unwrap_or_default();
        sqlx::query_scalar(
            "SELECT r.as_of FROM imports i
             JOIN runs r ON r.run = i.run
             JOIN run_systems s ON s.run = i.run AND s.system = $3
             WHERE i.firm = $1 AND i.sha256 = $2 AND ($4 IS NULL OR r.as_of = $4) ORDER BY r.sequence LIMIT 1",
        )
        .bind(firm)
        .bind(import.sha256.to_string())
        .bind(system)
        .bind(import.dated.then_some(import.result.run.as_of.as_str()))
        .fetch_optional(&mut **tx)
        .await
        .map_err(|error| self.error(error))
    }
}

/// A finding keeps every key that it ever had: a tool may drop its own ids from one version to the next.
fn with_all_keys(candidate: &Candidate, before: Option<&Candidate>) -> Candidate {
    let mut seen = candidate.clone();
    for key in before.into_iter().flat_map(|before| &before.keys) {
        if !seen.keys.contains(key) {
            seen.keys.push(key.clone());
        }
    }
    seen
}

/// An id that no finding of the firm has; the same file in an empty workspace gives the same ids.
fn new_id(source: &str, candidate: &Candidate, taken: &mut BTreeSet<String>) -> String {
    (0..u64::MAX)
        .map(|n| Sha256::of(serde_json::json!([source, candidate.keys, n]).to_string().as_bytes()).short())
        .find(|id| taken.insert(id.clone()))
        .unwrap_or_default()
}
