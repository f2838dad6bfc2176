//! Importers of drawings, one file per format: bytes → [`crate::drawing::Drawing`]. An importer never fails: what it does
//! not understand is noted with its place.

pub mod dot;
pub mod drawio;
pub mod graphml;
pub mod mermaid;
pub mod netbox;
mod scan;
mod sketch;
pub mod vsdx;
mod xml;
pub mod yed;
