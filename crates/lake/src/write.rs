//! Writes one part of a table, row by row, in batches.

use std::fs::File;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int64Builder, ListBuilder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder, UInt64Builder,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use secdiag_model::{CellKind, RowValues, Sha256, Table, Value};

use crate::LakeError;
use crate::schema::arrow_schema;

/// Rows held before they are handed to the Parquet encoder.
const BATCH: usize = 8 * 1024;

/// Writes one Parquet file. Holds at most a batch of rows plus one row group.
pub struct PartWriter {
    table: &'static Table,
    builders: Vec<Builder>,
    evidence: StringBuilder,
    locator: UInt64Builder,
    rows: usize,
    out: ArrowWriter<File>,
}

enum Builder {
    Time(TimestampMicrosecondBuilder),
    UInt(UInt64Builder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Ip(FixedSizeBinaryBuilder),
    TextList(ListBuilder<StringBuilder>),
}

impl PartWriter {
    /// Creates the file; an existing one is replaced.
    pub fn create(path: &Path, table: &'static Table) -> Result<Self, LakeError> {
        let file = File::create(path).map_err(|error| LakeError::io(path, error))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(128 * 1024))
            .set_created_by("secdiag".to_owned())
            .build();
        let out = ArrowWriter::try_new(file, arrow_schema(table), Some(properties))?;
        let builders = table.columns.iter().map(|column| Builder::new(column.kind)).collect();
        Ok(Self { table, builders, evidence: StringBuilder::new(), locator: UInt64Builder::new(), rows: 0, out })
    }

    /// Adds a row; `values` calls back once per column, in order.
    pub fn push(&mut self, evidence: Sha256, locator: u64, values: RowValues<'_>) -> Result<(), LakeError> {
        let mut column = 0;
        values(&mut |value| {
            self.builders[column].append(&value);
            column += 1;
        });
        self.evidence.append_value(evidence.to_string());
        self.locator.append_value(locator);
        self.rows += 1;
        if self.rows >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes what is left and closes the file.
    pub fn finish(mut self) -> Result<(), LakeError> {
        self.flush()?;
        self.out.close()?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LakeError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut columns: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        columns.push(Arc::new(self.evidence.finish()));
        columns.push(Arc::new(self.locator.finish()));
        self.rows = 0;
        let batch = RecordBatch::try_new(arrow_schema(self.table), columns)
            .map_err(datafusion::error::DataFusionError::from)?;
        self.out.write(&batch)?;
        Ok(())
    }
}

impl Builder {
    fn new(kind: CellKind) -> Self {
        match kind {
            CellKind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            CellKind::UInt => Self::UInt(UInt64Builder::new()),
            CellKind::Int => Self::Int(Int64Builder::new()),
            CellKind::Float => Self::Float(Float64Builder::new()),
            CellKind::Bool => Self::Bool(BooleanBuilder::new()),
            CellKind::Text => Self::Text(StringBuilder::new()),
            CellKind::Ip => Self::Ip(FixedSizeBinaryBuilder::new(16)),
            CellKind::TextList => Self::TextList(ListBuilder::new(StringBuilder::new())),
        }
    }

    /// A value of another type than the column's is a bug of the row type, which [`secdiag_model::table!`] rules out;
    /// it is stored as nothing, which a column that must not be null refuses when the batch is made.
    fn append(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Self::Time(b), Value::Time(v)) => b.append_value(*v),
            (Self::UInt(b), Value::UInt(v)) => b.append_value(*v),
            (Self::Int(b), Value::Int(v)) => b.append_value(*v),
            (Self::Float(b), Value::Float(v)) => b.append_value(*v),
            (Self::Bool(b), Value::Bool(v)) => b.append_value(*v),
            (Self::Text(b), Value::Text(v)) => b.append_value(v),
            (Self::Ip(b), Value::Ip(v)) => {
                // Always 16 bytes, so this cannot fail.
                let _ = b.append_value(mapped(*v));
            }
            (Self::TextList(b), Value::TextList(v)) => {
                v.iter().for_each(|text| b.values().append_value(text));
                b.append(true);
            }
            (builder, _) => builder.append_null(),
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Time(b) => b.append_null(),
            Self::UInt(b) => b.append_null(),
            Self::Int(b) => b.append_null(),
            Self::Float(b) => b.append_null(),
            Self::Bool(b) => b.append_null(),
            Self::Text(b) => b.append_null(),
            Self::Ip(b) => b.append_null(),
            Self::TextList(b) => b.append(false),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match self {
            Self::Time(b) => b,
            Self::UInt(b) => b,
            Self::Int(b) => b,
            Self::Float(b) => b,
            Self::Bool(b) => b,
            Self::Text(b) => b,
            Self::Ip(b) => b,
            Self::TextList(b) => b,
        };
        builder.finish()
    }
}

/// 16 bytes of an address, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2).
fn mapped(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}
