//! The one list of inspections. Adding a family is one line here.

use secdiag_inspect::{Check, Inspection};
use secdiag_model::Format;

/// In the order of reports and documentation.
pub(crate) static INSPECTIONS: &[&dyn Inspection] = &[
    secdiag_firewall::FIREWALL,
    secdiag_traffic::TRAFFIC,
    secdiag_directory::DIRECTORY,
    secdiag_architecture::ARCHITECTURE,
    secdiag_programme_inspection::PROGRAMME,
    secdiag_compliance::COMPLIANCE,
    secdiag_drill::DRILL,
];

/// Every format that something reads.
pub(crate) fn formats() -> Vec<&'static Format> {
    let inspected = INSPECTIONS.iter().flat_map(|inspection| inspection.meta().formats.iter().copied());
    inspected.chain(secdiag_intel::FORMATS.iter().copied()).collect()
}

/// Every check.
pub(crate) fn checks() -> impl Iterator<Item = &'static Check> {
    INSPECTIONS.iter().flat_map(|inspection| inspection.meta().checks.iter().copied())
}
