use crate::collect::Collector;
use secdiag_model::{Head, Match};
pub(super) fn sniff(_: &Head<'_>) -> Match {
    Match::No
}
pub(super) fn read(_: &str, _: &mut Collector) -> Result<(), String> {
    Ok(())
}
