use crate::collect::Collector;
use secdiag_model::{Head, Match};
pub(super) fn sniff_json(_: &Head<'_>) -> Match {
    Match::No
}
pub(super) fn sniff_csv(_: &Head<'_>) -> Match {
    Match::No
}
pub(super) fn read_json(_: &str, _: &mut Collector) -> Result<(), String> {
    Ok(())
}
pub(super) fn read_csv(_: &str, _: &mut Collector) -> Result<(), String> {
    Ok(())
}
