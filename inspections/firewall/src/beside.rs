//! What other evidence says beside the configuration: addresses on lists of intelligence, connections that were seen.

use std::net::IpAddr;

use secdiag_inspect::{Facts, Query, Stop};
use secdiag_model::{Conn, Indicator, Record};
use serde::Deserialize;

/// Addresses and networks on the lists that the run loaded; what a warning list calls innocent is left out.
pub(crate) const LISTED: Query =
    Query { name: "firewall/listed", sql: include_str!("listed.sql"), tables: &[Indicator::TABLE] };

/// Connections in captures and logs, by who called whom on which port.
pub(crate) const OBSERVED: Query =
    Query { name: "firewall/observed", sql: include_str!("observed.sql"), tables: &[Conn::TABLE] };

/// A row of `listed.sql`.
#[derive(Clone, Debug, Deserialize)]
pub struct Listed {
    /// As the list wrote it.
    pub value: String,
    /// First address of the network.
    pub address: IpAddr,
    /// Length of the prefix over 128 bits.
    pub prefix_len: u8,
    /// Name of the list.
    pub list: String,
    /// What the list says it is.
    pub label: String,
    /// From when it is valid, microseconds since 1970, UTC.
    pub valid_from: Option<i64>,
    /// Until when.
    pub valid_until: Option<i64>,
}

/// A row of `observed.sql`.
#[derive(Clone, Debug, Deserialize)]
pub struct Observed {
    /// Who called.
    pub src: IpAddr,
    /// Who was called.
    pub dst: IpAddr,
    /// `tcp`, `udp`, `icmp` …
    pub proto: String,
    /// Port called.
    pub dst_port: Option<u16>,
    /// Connections.
    pub connections: u64,
}

/// Both.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Listed addresses.
    pub listed: Vec<Listed>,
    /// Connections seen, the most frequent first.
    pub observed: Vec<Observed>,
}

impl Beside {
    /// What a run knows.
    pub fn of(facts: &Facts<'_>) -> Result<Self, Stop> {
        Ok(Self { listed: facts.rows(LISTED.name)?, observed: facts.rows(OBSERVED.name)? })
    }
}
