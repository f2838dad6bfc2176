//! Many rows with few statements: a row at a time costs more in calls than in writing.

use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::{Sqlite, Transaction};

/// Values of one statement. SQLite takes 32,766 (sqlite.org/limits.html), PostgreSQL 65,535.
const MOST_VALUES: usize = 16_000;

/// Inserts `rows` of `columns` values each: `head` is the statement up to its values, `tail` what follows them.
pub(crate) async fn insert_all<'a, T>(
    tx: &mut Transaction<'_, Sqlite>,
    head: &str,
    columns: usize,
    rows: &'a [T],
    tail: &str,
    mut push: impl FnMut(Separated<'_, Sqlite, &'static str>, &'a T),
) -> Result<(), sqlx::Error> {
    for some in rows.chunks(MOST_VALUES / columns) {
        let mut statement = QueryBuilder::new(head);
        statement.push_values(some, &mut push);
        statement.push(tail);
        statement.build().execute(&mut **tx).await?;
    }
    Ok(())
}
