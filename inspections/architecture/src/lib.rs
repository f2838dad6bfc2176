//! Inspection of network architecture: diagrams, single points of failure and what they cost.

pub mod drawing;
pub mod import;
