//! Which device a run meant: names and addresses of its findings, resolved through the register of devices.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_model::Subject;
use secdiag_model::result::FindingRecord;
use secdiag_programme::asset::{Change, Devices};
use secdiag_programme::event::Body as _;
use sqlx::{Sqlite, Transaction};

use crate::life::{Device, Identity, Seen, What};
use crate::{EventFilter, Own, Store, StoreError};

/// The register of devices, as it names them at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) devices: &'a Devices,
    pub(crate) at: Timestamp,
}

impl Names<'_> {
    pub(crate) fn device(&self, system: &str, name: &str) -> Device {
        let id = self.devices.bearer(system, name, self.at).map(str::to_owned);
        Device { name: name.to_owned(), id }
    }

    pub(crate) fn seen(&self, finding: &FindingRecord) -> Seen {
        let what = What {
            system: finding.system.0.clone(),
            check: finding.check.clone(),
            aspect: finding.aspect.clone(),
            asset: finding.asset.as_ref().map(|name| self.device(&finding.system.0, name)),
        };
        let identity = Identity { id: finding.id.clone(), device: self.identity(&what, &finding.subject) };
        Seen { identity, what, title: finding.title.clone(), severity: finding.severity }
    }

    /// What a finding is about, told by its devices and not by their names; nothing where the register knows none of
    /// them.
    pub(crate) fn identity(&self, what: &What, subject: &Subject) -> Option<String> {
        if self.devices.all().is_empty() {
            return None;
        }
        let mut known = false;
        let mut token = |device: &Device| {
            known |= device.id.is_some();
            device.id.as_ref().map_or_else(|| device.name.clone(), |id| format!("device:{id}"))
        };
        let asset = what.asset.as_ref().map(&mut token);
        let subject = subject.identity().with_devices(|name| token(&self.device(&what.system, name)));
        let identity = serde_json::json!([what.check, what.aspect, what.system, asset, subject]);
        known.then(|| identity.to_string())
    }
}

/// Until when a run saw the world: the end of its day in Taiwan, or the instant of its recording, where that was the day.
pub(crate) fn eye(as_of: &str, recorded_at: Option<Timestamp>) -> Option<Timestamp> {
    let day: Date = as_of.parse().ok()?;
    let taiwan = tz::offset(8);
    match recorded_at {
        Some(recorded_at) if taiwan.to_datetime(recorded_at).date() == day => Some(recorded_at),
        _ => taiwan
            .to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0))
            .ok()?
            .checked_sub(jiff::Span::new().microseconds(1))
            .ok(),
    }
}

/// A run's place in time.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Moment {
    pub(crate) as_of: String,
    pub(crate) recorded_at: Option<i64>,
}

/// What a device of a finding is called, and was.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DeviceNames {
    /// By the evidence of the last run that saw the finding.
    pub name: String,
    /// Other names and addresses, by the evidence of earlier runs and the register of devices.
    pub formerly: Vec<String>,
}

impl Store {
    /// The firm's register of devices up to an instant, as it was known at another.
    pub(crate) async fn devices(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        firm: &str,
        at: Timestamp,
        known_on: Timestamp,
    ) -> Result<Devices, StoreError> {
        let (firm, known_on) = (Some(firm), Some(known_on));
        let filter = EventFilter { firm, entity: Some(Change::ENTITY), known_on, ..EventFilter::default() };
        let mut events = self.events_in(tx, &filter).await?;
        events.retain(|event| event.at <= at);
        Ok(Devices::of(&events))
    }

    /// The register that a run is compared with.
    pub(crate) async fn devices_for(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        firm: &str,
        run: &Own,
    ) -> Result<Devices, StoreError> {
        self.devices(tx, firm, run.eye, run.recorded_at.unwrap_or(Timestamp::MIN)).await
    }

    /// Until when a run saw the world.
    pub(crate) fn eye(&self, moment: &Moment) -> Result<Timestamp, StoreError> {
        let recorded_at = moment.recorded_at.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        eye(&moment.as_of, recorded_at).ok_or_else(|| self.unknown("runs.as_of", &moment.as_of))
    }

    /// What the device of a firm's finding is called and was; nothing where no run saw it or it has none.
    pub async fn device_names(&self, firm: &str, finding: &str) -> Result<Option<DeviceNames>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<NamedRow> = sqlx::query_as(
            "SELECT f.system, CASE WHEN o.subject IS NULL THEN f.asset ELSE o.asset END AS asset,
                    COALESCE(o.subject, f.subject) AS subject, r.as_of, r.recorded_at
             FROM occurrences o
             JOIN findings f ON f.firm = o.firm AND f.id = o.finding
             JOIN runs r ON r.run = o.run
             WHERE o.firm = $1 AND o.finding = $2 ORDER BY r.as_of, r.sequence",
        )
        .bind(firm)
        .bind(finding)
        .fetch_all(&mut *tx)
        .await
        .map_err(|error| self.error(error))?;
        let devices = self.devices(&mut tx, firm, Timestamp::MAX, Timestamp::MAX).await?;
        let (mut now, mut all) = (None, BTreeSet::new());
        for row in rows {
            let mut names: Vec<String> = row.asset.into_iter().collect();
            if names.is_empty() {
                let subject: Subject = self.json("findings.subject", &row.subject)?;
                subject.with_devices(|name| {
                    names.push(name.to_owned());
                    name.to_owned()
                });
            }
            let Some(name) = names.into_iter().next() else { continue };
            let at = self.eye(&row.moment)?;
            let device = devices.bearer(&row.system, &name, at);
            all.extend(
                device
                    .iter()
                    .flat_map(|id| devices.names(id))
                    .filter(|known| known.until.is_some())
                    .map(|known| known.name),
            );
            all.insert(name.clone());
            now = Some(name);
        }
        Ok(now.map(|name| {
            let formerly = all.into_iter().filter(|other| !other.eq_ignore_ascii_case(&name)).collect();
            DeviceNames { name, formerly }
        }))
    }
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    system: String,
    asset: Option<String>,
    subject: String,
    #[sqlx(flatten)]
    moment: Moment,
}
