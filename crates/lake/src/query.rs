//! Runs SQL over table parts on the local engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use secdiag_model::Table;
use serde_json::{Map, Value as Json};

use crate::functions;
use crate::schema::arrow_schema;

/// A table for a query: its parts, which may be none.
pub struct TableParts<'a> {
    /// Which table.
    pub table: &'static Table,
    /// Its Parquet files.
    pub parts: &'a [PathBuf],
}

/// The local query engine.
pub struct Lake {
    runtime: tokio::runtime::Runtime,
    config: SessionConfig,
    environment: Arc<datafusion::execution::runtime_env::RuntimeEnv>,
}

/// Trouble with a table part or a query.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A part cannot be written or read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A part cannot be encoded.
    #[error("a table part cannot be written: {0}")]
    Parquet(#[from] datafusion::parquet::errors::ParquetError),
    /// A query failed.
    #[error("query failed: {0}")]
    Query(#[from] DataFusionError),
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A query gave a column of a type that results do not have.
    #[error("query column {column} has type {kind}, which results do not have: cast it")]
    ColumnType {
        /// Column.
        column: String,
        /// Arrow type.
        kind: DataType,
    },
}

impl LakeError {
    pub(crate) fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

impl Lake {
    /// An engine with so many threads that spills to `spill` beyond `memory` bytes.
    pub fn new(threads: usize, memory: usize, spill: &Path) -> Result<Self, LakeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .enable_all()
            .build()
            .map_err(|error| LakeError::io(spill, error))?;
        let mut config = SessionConfig::new().with_target_partitions(threads.max(1)).with_information_schema(false);
        // Functions and results know plain strings; views would need every function twice.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![spill.to_owned()])),
            )
            .build_arc()?;
        Ok(Self { runtime, config, environment })
    }

    /// Runs one query over these tables. Rows come in the query's order, one object per row: addresses as text, times as
    /// microseconds. `cancelled` is asked between batches.
    pub fn query(
        &self,
        tables: &[TableParts<'_>],
        sql: &str,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<Json>, LakeError> {
        self.runtime.block_on(async {
            let context = SessionContext::new_with_config_rt(self.config.clone(), Arc::clone(&self.environment));
            for function in functions::all() {
                context.register_udf(function);
            }
            for table in tables {
                register(&context, table)?;
            }
            let mut stream = context.sql(sql).await?.execute_stream().await?;
            let mut rows = Vec::new();
            while let Some(batch) = stream.next().await {
                if cancelled() {
                    return Err(LakeError::Cancelled);
                }
                append_rows(&batch?, &mut rows)?;
            }
            Ok(rows)
        })
    }
}

fn register(context: &SessionContext, table: &TableParts<'_>) -> Result<(), LakeError> {
    let schema = arrow_schema(table.table);
    if table.parts.is_empty() {
        context.register_table(table.table.name, Arc::new(MemTable::try_new(schema, vec![vec![]])?))?;
        return Ok(());
    }
    let urls =
        table.parts.iter().map(|part| ListingTableUrl::parse(part.to_string_lossy())).collect::<Result<Vec<_>, _>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    context.register_table(table.table.name, Arc::new(ListingTable::try_new(config)?))?;
    Ok(())
}

fn append_rows(batch: &RecordBatch, rows: &mut Vec<Json>) -> Result<(), LakeError> {
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        let mut object = Map::new();
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let value = json(column, row).ok_or_else(|| LakeError::ColumnType {
                column: field.name().clone(),
                kind: field.data_type().clone(),
            })?;
            object.insert(field.name().clone(), value);
        }
        rows.push(Json::Object(object));
    }
    Ok(())
}

fn json(column: &ArrayRef, row: usize) -> Option<Json> {
    if column.is_null(row) {
        return Some(Json::Null);
    }
    Some(match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Microsecond, _) => {
            column.as_primitive::<TimestampMicrosecondType>().value(row).into()
        }
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Utf8View => column.as_string_view().value(row).into(),
        DataType::FixedSizeBinary(16) => functions::ip_text(column.as_fixed_size_binary().value(row)).into(),
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(row);
            (0..list.len()).map(|i| json(&list, i)).collect::<Option<Vec<_>>>()?.into()
        }
        DataType::Null => Json::Null,
        _ => return None,
    })
}
