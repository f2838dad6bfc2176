//! Parquet tables and the query engine. The only crate that names DataFusion.
//!
//! A table part is one Parquet file written from one parsing unit; a table, for a query, is the list of the parts
//! that belong to one system. Every table is Parquet at a path and functions are registered from one list, so that
//! the same SQL runs on another engine later.

mod functions;
mod query;
mod schema;
mod write;

pub use query::{Lake, LakeError, TableParts};
pub use write::PartWriter;
