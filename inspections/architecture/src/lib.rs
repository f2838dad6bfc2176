//! Inspection of network architecture: diagrams, single points of failure and what they cost.

pub mod drawing;
pub mod facts;
pub mod failure;
pub mod graph;
pub mod import;
pub mod needs;
pub mod topology;
pub mod words;
