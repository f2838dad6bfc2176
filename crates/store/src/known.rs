//! What there is to ask about: firms, kinds of things, systems. For answers that would be empty otherwise.

use crate::{Store, StoreError};

impl Store {
    /// Firms that a run, an import or an event names, in order; the empty name stands for events that name none.
    pub async fn firms(&self) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT name FROM firms ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.error(error))
    }

    /// Firms that have events about a kind of thing, in order.
    pub async fn firms_with(&self, entity: &str) -> Result<Vec<String>, StoreError> {
        // One look into the index per firm, however many events there are.
        sqlx::query_scalar(
            "SELECT name FROM firms f
             WHERE EXISTS (SELECT 1 FROM events e WHERE e.firm = f.name AND e.entity = $1) ORDER BY name",
        )
        .bind(entity)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))
    }

    /// Kinds of things that the log has events about, in order.
    pub async fn entities(&self) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT DISTINCT entity FROM events ORDER BY entity")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.error(error))
    }

    /// Systems that a run or an import of a firm names, in order.
    pub async fn systems(&self, firm: Option<&str>) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT DISTINCT id FROM systems WHERE $1 IS NULL OR firm = $1 ORDER BY id")
            .bind(firm)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.error(error))
    }
}
