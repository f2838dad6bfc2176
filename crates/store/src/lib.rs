//! The workspace database: firms, systems, runs, findings over the years.
