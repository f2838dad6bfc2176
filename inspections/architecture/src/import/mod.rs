//! Importers: one file per format, each a pure function from bytes to a [`crate::drawing::Drawing`]. An importer never
//! fails: what it does not understand is noted with its place.

pub mod containerlab;
pub mod d2;
pub mod dot;
pub mod drawio;
pub mod drawio_csv;
pub mod graphml;
pub mod mermaid;
pub mod netbox;
pub mod nmap;
pub mod plantuml;
mod scan;
mod sketch;
pub mod tables;
pub mod vsdx;
mod xml;
pub mod yed;
