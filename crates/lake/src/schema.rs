//! Arrow schemas of the model's tables.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use secdiag_model::{CellKind, Table};

/// Column with the digest of the evidence that a row came from.
pub(crate) const EVIDENCE: &str = "_evidence";
/// Column with the packet, line or record number that a row came from.
pub(crate) const LOCATOR: &str = "_locator";

/// The Arrow schema of a table, with the two columns that every stored row carries.
pub(crate) fn arrow_schema(table: &Table) -> SchemaRef {
    let own = table.columns.iter().map(|column| Field::new(column.name, data_type(column.kind), column.nullable));
    let origin = [Field::new(EVIDENCE, DataType::Utf8, false), Field::new(LOCATOR, DataType::UInt64, false)];
    Arc::new(Schema::new(own.chain(origin).collect::<Vec<_>>()))
}

fn data_type(kind: CellKind) -> DataType {
    match kind {
        CellKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        CellKind::UInt => DataType::UInt64,
        CellKind::Int => DataType::Int64,
        CellKind::Float => DataType::Float64,
        CellKind::Bool => DataType::Boolean,
        CellKind::Text => DataType::Utf8,
        CellKind::Ip => DataType::FixedSizeBinary(16),
        CellKind::TextList => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
    }
}
