//! Interfaces of files that do not define them: named by rules, their sides told by what rules do with them.

use std::collections::BTreeSet;

use crate::policy::{Action, Chain, Interface, Role};
use crate::zones;

/// Interfaces that rules name. `translated_out` are those where packets leave with another source, `translated_in` those
/// where they enter for another destination.
pub(crate) fn of_rules(
    chains: &[Chain],
    translated_out: &BTreeSet<String>,
    translated_in: &BTreeSet<String>,
) -> Vec<Interface> {
    let private = zones::private();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let (mut with_private, mut with_public): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
    for rule in chains.iter().flat_map(|chain| &chain.rules) {
        for (ifs, addrs) in [(&rule.in_ifs, &rule.src), (&rule.out_ifs, &rule.dst)] {
            for name in ifs.names.iter().filter(|name| !name.ends_with('+')) {
                names.insert(name);
                let narrow =
                    !ifs.negated && addrs.unknown.is_empty() && !addrs.upper.is_empty() && !addrs.upper.is_any();
                if narrow && rule.action != Action::Deny {
                    if private.covers(&addrs.upper) {
                        with_private.insert(name);
                    } else if !private.overlaps(&addrs.upper) {
                        with_public.insert(name);
                    }
                }
            }
        }
    }
    let role = |name: &str| {
        if translated_out.contains(name) {
            (Role::External, "addresses of packets that leave here are translated".to_owned())
        } else if translated_in.contains(name) {
            (Role::External, "destinations of packets that enter here are translated".to_owned())
        } else if let Some(named) = zones::role_by_name(name) {
            named
        } else if with_private.contains(name) && !with_public.contains(name) {
            (Role::Internal, "rules name it with private addresses only".to_owned())
        } else {
            (Role::Unknown, "neither its name nor the rules tell".to_owned())
        }
    };
    let interface = |name: &str| {
        let (role, role_why) = role(name);
        Interface { name: name.to_owned(), role, role_why, ..Interface::default() }
    };
    names.into_iter().map(interface).collect()
}
