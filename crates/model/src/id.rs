//! Identifiers that are more than strings.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest;

/// A SHA-256 digest (FIPS 180-4); the name of a piece of evidence. Written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Wraps a finished digest.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Digest of bytes already in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The first half of the hex form: enough to name a finding or a run, short enough to read out.
    pub fn short(&self) -> String {
        self.to_string()[..32].to_owned()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a SHA-256 digest: 64 hex digits expected");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Sha256 {
    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

/// An item of an item set, such as `GOV-6.1`. Ordered as a reader expects: set, then number by number.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ItemId(pub String);

impl ItemId {
    /// The item set: what stands before the first `-`.
    pub fn set(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// The item this one is a sub-item of: `GOV-6` for `GOV-6.1`, itself where there is no dot.
    pub fn parent(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    fn key(&self) -> (usize, &str, Vec<u32>) {
        let rank = ["GOV", "FIN", "SEC"].iter().position(|set| *set == self.set()).unwrap_or(usize::MAX);
        let numbers = self.0.split(['-', '.']).skip(1).map(|part| part.parse().unwrap_or(u32::MAX)).collect();
        (rank, self.set(), numbers)
    }
}

impl Ord for ItemId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for ItemId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An information system of the firm, as its inventory names it. The unnamed system is [`SystemId::UNNAMED`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct SystemId(pub String);

impl SystemId {
    /// What evidence belongs to when no `assessment.toml` names a system.
    pub const UNNAMED: &'static str = "unnamed";

    /// The one system of an assessment without an `assessment.toml`.
    pub fn unnamed() -> Self {
        Self(Self::UNNAMED.to_owned())
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_round_trip_and_refuse_other_text() {
        let digest = Sha256::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("ba78".parse::<Sha256>().is_err());
        assert!("é".repeat(32).parse::<Sha256>().is_err());
    }

    #[test]
    fn items_sort_by_number_not_by_letter() {
        let mut items: Vec<_> =
            ["SEC-10.1", "FIN-2.1", "SEC-2.1", "GOV-6.10", "GOV-6.2", "GOV-6"].map(|id| ItemId(id.to_owned())).into();
        items.sort();
        assert_eq!(format!("{items:?}"), "[GOV-6, GOV-6.2, GOV-6.10, FIN-2.1, SEC-2.1, SEC-10.1]");
    }
}
