//! Which device is which, although it gets another address or another name.
//!
//! What tells a device for sure (serial number, machine id, agent id, domain SID, instance id of a cloud, a MAC address that
//! its maker gave it) decides; its name counts where nothing contradicts; an address alone never does.

use std::collections::{BTreeMap, BTreeSet};

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
    let short = |name: &String| name.split('.').next().unwrap_or_default().to_owned();
    let (a, b) = (names(a), names(b));
    let full = !a.is_disjoint(&b);
    // `web01` and `web01.firm.example` are one; two names with domains must agree whole.
    let either = |some: &BTreeSet<String>, other: &BTreeSet<String>| {
        some.iter().filter(|name| !name.contains('.')).any(|name| other.iter().any(|full| short(full) == *name))
    };
    full || either(&a, &b) || either(&b, &a)
}

/// The devices after events in order. What was merged lives on in the one that stays; a merge that would bite its own
/// tail is passed over.
pub fn fold(events: &[Event]) -> BTreeMap<String, Asset> {
    let mut all: BTreeMap<String, Asset> = BTreeMap::new();
    let mut gone: BTreeMap<String, String> = BTreeMap::new();
    for event in events {
        let Some(Ok(change)) = event.body::<Change>() else { continue };
        let id = stays(&gone, &event.subject);
        match change {
            Change::Seen { system, name, keys } => {
                let asset = all.entry(id.clone()).or_insert_with(|| Asset { id, ..Asset::default() });
                if !system.is_empty() {
                    asset.system = system;
                }
                asset.name = name;
                for (kind, values) in keys {
                    asset.keys.entry(kind).or_default().extend(values);
                }
            }
            Change::Merged { into } => {
                let into = stays(&gone, &into);
                if into == id || !all.contains_key(&into) {
                    continue;
                }
                if let Some(merged) = all.remove(&id) {
                    let asset = all.entry(into.clone()).or_default();
                    for (kind, values) in merged.keys {
                        asset.keys.entry(kind).or_default().extend(values);
                    }
                    gone.insert(id, into);
                }
            }
        }
    }
    all
}

/// The device that stands for one that may have been merged.
fn stays(gone: &BTreeMap<String, String>, id: &str) -> String {
    let mut id = id;
    // Every merge goes to one that was still there: the chain ends.
    while let Some(into) = gone.get(id) {
        id = into;
    }
    id.to_owned()
}
