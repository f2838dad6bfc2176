-- How far each source of intelligence was read: kept in the same transaction as what it brought.
CREATE TABLE feeds (
    url    TEXT NOT NULL PRIMARY KEY,
    cursor TEXT NOT NULL -- JSON
);
