//! Indicators of compromise as the lake's table `indicator`: one row per pattern of a list.

use crate::table;
use crate::table::Time;

table! {
    /// One row per indicator: an address, a network, a domain, a digest or a mailbox that a list calls bad.
    pub struct Indicator: "indicator" {
        /// `ip` (an address or a network), `domain` (the name and every name below it), `hash` (of a file) or `email`.
        kind: String,
        /// As the list wrote it; digests and mailboxes in lower case.
        value: String,
        /// For `ip`: the first address of the network, IPv4 mapped; nothing for domains.
        network: Option<std::net::IpAddr>,
        /// For `ip`: prefix length over 128 bits (an IPv4 /24 is 120); nothing for domains.
        prefix_len: Option<u8>,
        /// For `domain`: lower case, IDNA A-label form, without a leading wildcard or a final dot.
        domain: Option<String>,
        /// What the list says it is, such as a malware family; empty when it says nothing.
        label: String,
        /// Name of the list.
        list_name: String,
        /// Digest of the list's file.
        list_sha256: String,
        /// Date of the list or of the entry, `YYYY-MM-DD`; empty when the list has none.
        list_date: String,
        /// 0 to 1, from the list (STIX confidence / 100), else the default of the list's form.
        confidence: f64,
        /// From when the indicator is valid.
        valid_from: Option<Time>,
        /// Until when the indicator is valid.
        valid_until: Option<Time>,
        /// Line or record of the list.
        place: u64,
        /// Warning lists that call it innocent, separated by `, `; empty: none. One that is doubtful accuses nobody by itself.
        warning: String,
    }
}
