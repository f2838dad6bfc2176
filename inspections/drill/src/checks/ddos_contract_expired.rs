//! `drill/ddos-contract-expired`
//!
//! # What
//! A public system that no contract for scrubbing or line protection in force covers.
//!
//! # Why
//! Scrubbing is bought before the attack or not at all.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! The contract is believed as written down; what it promises is for the reader.
//!
//! # References
//! INS 伍; NETG 16.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_records::At;

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-contract-expired", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let public: BTreeSet<&str> = view.ddos().flat_map(|(_, ddos)| &ddos.public).map(String::as_str).collect();
    let Some((artefact, _)) = view.ddos().next() else { return };
    if public.is_empty() {
        return;
    }
    cx.looked(Looked::at(&CHECK, public.len() as u64, "public systems"));
    for system in public {
        let covers = |contract: &&crate::ddos::Contract| {
            contract.systems.is_empty() || contract.systems.iter().any(|name| name.eq_ignore_ascii_case(system))
        };
        let contracts = || view.ddos().flat_map(|(file, ddos)| ddos.contracts.iter().map(move |c| (file, c)));
        let mine: Vec<_> = contracts().filter(|(_, contract)| covers(contract)).collect();
        if mine.iter().any(|(_, contract)| contract.until.is_some_and(|until| until >= cx.as_of)) {
            continue;
        }
        let last = mine.iter().max_by_key(|(_, contract)| contract.until);
        let (state, until, place) = match last {
            Some((file, contract)) => (
                if contract.until.is_some() { "expired" } else { "undated" },
                contract.until.map(|until| until.to_string()),
                proof(file, &contract.at, format!("contract with {}", contract.provider)),
            ),
            None => ("none", None, proof(artefact, &At::default(), format!("public system {system}, no contract"))),
        };
        cx.report(record(&CHECK, system, place).fact("state", state).fact("until", until));
    }
}
