//! Importers of drawings, one file per format: bytes → [`crate::drawing::Drawing`]. An importer never fails: what it does
//! not understand is noted with its place.

pub mod drawio;
mod sketch;
mod xml;
pub mod yed;
