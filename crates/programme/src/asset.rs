//! Which device is which, although it gets another address or another name.
//!
//! What tells a device for sure (serial number, machine id, agent id, domain SID, instance id of a cloud, a MAC address that
//! its maker gave it) decides; its name counts where nothing contradicts; an address alone never does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Body, Event};

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Serial number of the maker.
    Serial,
    /// `/etc/machine-id`, `MachineGuid`.
    MachineId,
    /// Id of an agent of an endpoint product.
    AgentId,
    /// SID of the computer's account.
    DomainSid,
    /// Instance of a cloud.
    InstanceId,
    /// Hardware address.
    Mac,
    /// Name, with or without its domain.
    Hostname,
    /// Address.
    Ip,
}

impl KeyKind {
    /// Whether two devices never share it.
    const fn is_strong(self) -> bool {
        !matches!(self, Self::Hostname | Self::Ip)
    }
}

/// Keys of a device, by kind.
pub type Keys = BTreeMap<KeyKind, BTreeSet<String>>;

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Its id here, for ever.
    pub id: String,
    /// System; empty where none is named.
    pub system: String,
    /// Its name now.
    pub name: String,
    /// Everything it was ever known by.
    pub keys: Keys,
}

/// What happens to a device; its subject is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Change {
    /// It was seen with these keys.
    Seen {
        /// System.
        system: String,
        /// Name then.
        name: String,
        /// Keys then.
        keys: Keys,
    },
    /// It is the same as another one, which stays.
    Merged {
        /// The one that stays.
        into: String,
    },
}

impl Body for Change {
    const ENTITY: &'static str = "asset";
}

/// What makers and programs write where they have nothing to say.
const PLACEHOLDERS: &[&str] = &[
    "",
    "none",
    "n/a",
    "unknown",
    "default string",
    "to be filled by o.e.m.",
    "system serial number",
    "not specified",
    "0",
    "00000000",
    "localhost",
    "localhost.localdomain",
    "127.0.0.1",
    "::1",
    "0.0.0.0",
];

/// Brings a key into one form: case, separators of MAC addresses, the final dot of names. Nothing for values that tell
/// nobody apart: empty ones, placeholders of makers, MAC addresses that software made up, loopback.
pub fn normal(kind: KeyKind, value: &str) -> Option<String> {
    let value = value.trim().trim_end_matches('.').to_lowercase();
    let value = match kind {
        KeyKind::Mac => {
            let hex: String = value.chars().filter(char::is_ascii_hexdigit).collect();
            let first = hex.get(1..2).and_then(|digit| u8::from_str_radix(digit, 16).ok())?;
            // The second bit of the first octet: locally administered (IEEE 802); the first: a group.
            if hex.len() != 12 || first & 0b11 != 0 || hex == "000000000000" {
                return None;
            }
            hex
        }
        KeyKind::Ip => value.parse::<IpAddr>().map_or(value, |address| address.to_string()),
        _ => value,
    };
    (!PLACEHOLDERS.contains(&value.as_str())).then_some(value)
}

/// Which known device a sighting is, if any.
///
/// The device with a strong key in common that contradicts in none; else the only one with the name (with its domain, or
/// without where only one has it) that contradicts in no strong key. Devices contradict where both have keys of a strong
/// kind and none in common. A network card moves: MAC addresses agree, but do not contradict.
pub fn resolve<'a>(known: impl IntoIterator<Item = &'a Asset>, sighting: &Keys) -> Option<&'a Asset> {
    let mut by_name: Vec<&Asset> = Vec::new();
    let mut by_key: Vec<(usize, &Asset)> = Vec::new();
    for asset in known {
        if contradicts(&asset.keys, sighting) {
            continue;
        }
        let shared = sighting
            .iter()
            .filter(|(kind, values)| {
                kind.is_strong() && asset.keys.get(kind).is_some_and(|known| !known.is_disjoint(values))
            })
            .count();
        if shared > 0 {
            by_key.push((shared, asset));
        } else if same_name(&asset.keys, sighting) {
            by_name.push(asset);
        }
    }
    by_key.sort_by(|a, b| (b.0, &a.1.id).cmp(&(a.0, &b.1.id)));
    if let Some((_, asset)) = by_key.first() {
        return Some(asset);
    }
    match by_name.as_slice() {
        [one] => Some(one),
        // Two devices with one name: nobody can say which.
        _ => None,
    }
}

fn contradicts(a: &Keys, b: &Keys) -> bool {
    a.iter().any(|(kind, values)| {
        kind.is_strong() && *kind != KeyKind::Mac && b.get(kind).is_some_and(|other| other.is_disjoint(values))
    })
}

fn same_name(a: &Keys, b: &Keys) -> bool {
    let names = |keys: &Keys| keys.get(&KeyKind::Hostname).cloned().unwrap_or_default();
    let (a, b) = (names(a), names(b));
    a.iter().any(|one| b.iter().any(|other| is_name(one, other)))
}

/// `web01` and `web01.firm.example` are one; two names with domains must agree whole.
fn is_name(a: &str, b: &str) -> bool {
    let without_domain = |bare: &str, full: &str| !bare.contains('.') && full.split('.').next() == Some(bare);
    a == b || without_domain(a, b) || without_domain(b, a)
}

/// The register of devices after events in order: who they are, and which name or address was whose when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    all: BTreeMap<String, Asset>,
    /// Those that were merged, each with the one that stays.
    gone: BTreeMap<String, String>,
    /// By address, or name without its domain.
    claims: BTreeMap<String, Vec<Claim>>,
    /// Under which of these the claims of each device are.
    claimed: BTreeMap<String, BTreeSet<String>>,
}

/// A device answers to a name or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    /// In full.
    name: String,
    kind: KeyKind,
    device: String,
    from: Timestamp,
    /// Nothing: still so.
    until: Option<Timestamp>,
    /// What it was first known by: nobody knows since when.
    first: bool,
}

impl Claim {
    const fn is_open(&self) -> bool {
        self.until.is_none()
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A name or an address that a device answers to, or did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// In full.
    pub name: String,
    /// Until when; nothing: still so.
    pub until: Option<Timestamp>,
}

impl Devices {
    /// Of events in order. What was merged lives on in the one that stays; a merge that would bite its own tail is
    /// passed over.
    pub fn of(events: &[Event]) -> Self {
        let mut devices = Self::default();
        for event in events {
            match event.body::<Change>() {
                Some(Ok(Change::Seen { system, name, keys })) => {
                    devices.see(&event.subject, event.at, &system, &name, &keys);
                }
                Some(Ok(Change::Merged { into })) => devices.merge(&event.subject, &into),
                Some(Err(_)) | None => {}
            }
        }
        devices
    }

    /// All devices, by id.
    pub const fn all(&self) -> &BTreeMap<String, Asset> {
        &self.all
    }

    /// Takes a sighting in; says whether it told anything new.
    pub fn see(&mut self, id: &str, at: Timestamp, system: &str, name: &str, keys: &Keys) -> bool {
        let id = self.stays(id).to_owned();
        let before = self.all.get(&id).cloned();
        let asset = self.all.entry(id.clone()).or_insert_with(|| Asset { id: id.clone(), ..Asset::default() });
        if !system.is_empty() {
            system.clone_into(&mut asset.system);
        }
        name.clone_into(&mut asset.name);
        for (kind, values) in keys {
            asset.keys.entry(*kind).or_default().extend(values.iter().cloned());
        }
        let mut new = before.as_ref() != Some(&*asset);
        for kind in [KeyKind::Hostname, KeyKind::Ip] {
            if let Some(names) = keys.get(&kind).filter(|names| !names.is_empty()) {
                new |= self.claim(&id, at, kind, names);
            }
        }
        new
    }

    /// From now on the device answers to these names and to no others, and nobody else does to these. What is said at
    /// one instant stands together.
    fn claim(&mut self, id: &str, at: Timestamp, kind: KeyKind, names: &BTreeSet<String>) -> bool {
        let own = self.claimed.entry(id.to_owned()).or_default();
        let places: BTreeSet<String> = names.iter().map(|name| short(kind, name)).chain(own.iter().cloned()).collect();
        own.extend(names.iter().map(|name| short(kind, name)));
        let concerned = |claim: &&Claim| claim.kind == kind && claim.device == id;
        let known: Vec<&Claim> =
            places.iter().filter_map(|place| self.claims.get(place)).flatten().filter(concerned).collect();
        let first = known.iter().all(|claim| claim.from >= at);
        let held: BTreeSet<String> =
            known.iter().filter(|claim| claim.is_open()).map(|claim| claim.name.clone()).collect();
        let mut new = false;
        for place in &places {
            for claim in self.claims.get_mut(place).into_iter().flatten() {
                let named = names.contains(&claim.name);
                let lost = if claim.device == id { !named } else { named && !held.contains(&claim.name) };
                if lost && claim.kind == kind && claim.is_open() && claim.from < at {
                    claim.until = Some(at);
                    new = true;
                }
            }
        }
        for name in names {
            if !held.contains(name) {
                let (place, name, device) = (short(kind, name), name.clone(), id.to_owned());
                self.claims.entry(place).or_default().push(Claim { name, kind, device, from: at, until: None, first });
                new = true;
            }
        }
        new
    }

    fn merge(&mut self, id: &str, into: &str) {
        let (id, into) = (self.stays(id).to_owned(), self.stays(into).to_owned());
        if into == id || !self.all.contains_key(&into) {
            return;
        }
        if let Some(merged) = self.all.remove(&id) {
            let asset = self.all.entry(into.clone()).or_default();
            for (kind, values) in merged.keys {
                asset.keys.entry(kind).or_default().extend(values);
            }
            let places = self.claimed.remove(&id).unwrap_or_default();
            for place in &places {
                for claim in self.claims.get_mut(place).into_iter().flatten().filter(|claim| claim.device == id) {
                    claim.device.clone_from(&into);
                }
            }
            self.claimed.entry(into.clone()).or_default().extend(places);
            self.gone.insert(id, into);
        }
    }

    /// The device that stands for one that may have been merged.
    fn stays<'a>(&'a self, mut id: &'a str) -> &'a str {
        // Every merge goes to one that was still there: the chain ends.
        while let Some(into) = self.gone.get(id) {
            id = into;
        }
        id
    }

    /// Which device a sighting is, if any: see [`resolve`]; of several that ever had the name, the one that has it now.
    pub fn resolve(&self, system: &str, name: &str, keys: &Keys, at: Timestamp) -> Option<&Asset> {
        let bearer = || self.all.get(self.bearer(system, name, at)?).filter(|asset| !contradicts(&asset.keys, keys));
        resolve(self.all.values(), keys).or_else(bearer)
    }

    /// The device that answered to a name or an address at an instant, where exactly one did: of those of the system, or
    /// else of all.
    ///
    /// A name belongs to the device that was last seen with it, until that one is seen with other names. Before a device
    /// was ever seen, it had the names that it was first seen with, unless another device had them.
    pub fn bearer(&self, system: &str, name: &str, at: Timestamp) -> Option<&str> {
        let kind = if name.trim().parse::<IpAddr>().is_ok() { KeyKind::Ip } else { KeyKind::Hostname };
        let name = normal(kind, name)?;
        let claims: Vec<&Claim> = self
            .claims
            .get(&short(kind, &name))?
            .iter()
            .filter(|claim| claim.kind == kind && is_name(&claim.name, &name))
            .collect();
        let mut bearers: BTreeSet<&str> =
            claims.iter().filter(|claim| claim.holds(at)).map(|claim| claim.device.as_str()).collect();
        if claims.iter().all(|claim| at < claim.from) {
            let first = claims.iter().map(|claim| claim.from).min();
            let earliest = claims.iter().filter(|claim| claim.first && Some(claim.from) == first);
            bearers = earliest.map(|claim| claim.device.as_str()).collect();
        }
        let of_system: Vec<&str> = bearers
            .iter()
            .copied()
            .filter(|id| self.all.get(*id).is_some_and(|asset| asset.system == system))
            .collect();
        match (of_system.as_slice(), bearers.len()) {
            ([one], _) => Some(one),
            ([], 1) => bearers.first().copied(),
            _ => None,
        }
    }

    /// All that a device answers to or did, by when it ended.
    pub fn names(&self, id: &str) -> Vec<Name> {
        let places = self.claimed.get(id).into_iter().flatten();
        let claims = places.filter_map(|place| self.claims.get(place)).flatten();
        let of_device = claims.filter(|claim| claim.device == id);
        let mut names: Vec<Name> =
            of_device.map(|claim| Name { name: claim.name.clone(), until: claim.until }).collect();
        names.sort_by(|a, b| (a.until.is_none(), a.until, &a.name).cmp(&(b.until.is_none(), b.until, &b.name)));
        names
    }
}

fn short(kind: KeyKind, name: &str) -> String {
    if kind == KeyKind::Ip { name.to_owned() } else { name.split('.').next().unwrap_or_default().to_owned() }
}
