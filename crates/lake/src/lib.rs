//! Parquet tables and the query engine; the only crate that names DataFusion.
