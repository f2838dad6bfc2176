//! The programme over the years: what is due when, what an incident changes, what became of every finding.
//!
//! Pure functions over data: no clock, no I/O. Whoever asks says as of which date; the store keeps the events.

pub mod action;
pub mod advisory;
pub mod asset;
pub mod calendar;
pub mod case_table;
pub mod custody;
pub mod cycle;
pub mod engagement;
pub mod event;
pub mod held;
pub mod history;
pub mod identity;
pub mod incident;
pub mod life;
pub mod overview;
pub mod person;
pub mod register;
pub mod reporting;
pub mod schedule;
