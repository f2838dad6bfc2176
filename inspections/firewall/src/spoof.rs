//! Whether an interface accepts packets whose source cannot lie behind it.
//!
//! The certificate of Diekmann et al., "Certifying Spoofing-Protection of Firewalls", 2015: an interface is protected if
//! no packet with a foreign source *may* be accepted on it. Rules that cannot be evaluated count against it.

use crate::cover::{Ask, Index};
use crate::flat::{Cube, Effect, Left, Sure};
use crate::interval::Intervals;
use crate::net::AddrSet;

/// Packets with a source of `foreign` that an interface may accept; none where it is protected. What the budget does
/// not decide counts as accepted.
pub fn accepted(index: &Index<'_>, interface: u16, foreign: &AddrSet) -> Option<Cube> {
    let here = Intervals::one(interface);
    let entries = index.flat().entries.iter().enumerate().filter(|(_, entry)| entry.effect == Effect::Permit);
    for (number, entry) in entries {
        let part = |cube: &Cube| {
            let part = Cube { in_ifs: cube.in_ifs.intersect(&here), src: cube.src.intersect(foreign), ..cube.clone() };
            (!part.is_empty()).then_some(part)
        };
        let cubes: Vec<Cube> = entry.upper.iter().filter_map(part).collect();
        let ask = Ask { sure: Sure::Possible, permits_take: false };
        match index.reaching(number, &cubes, ask).left {
            Left::Nothing => {}
            Left::Piece(piece) | Left::Undecided(piece) => return Some(*piece),
        }
    }
    None
}
