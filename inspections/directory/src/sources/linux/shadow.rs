//! `/etc/shadow` (shadow(5)): who has a password and the ageing of each account. Hashes are never kept.

use std::collections::BTreeMap;

use super::super::cap;
use super::{DAY, NEVER_DAYS, max_age};
use crate::policy::{Accounts, Coverage, FlaggedAccount, MaxAge, NAMES_CAP, Place, Scope, ScopeKind, Settings};

/// Accounts that have a password or need none; `*` and `!` cannot log in with one and do not count.
#[derive(Default)]
pub(super) struct Shadow {
    accounts: Vec<Account>,
    seen: bool,
    /// Lines that are no entries: count and first line.
    pub(super) odd: (u64, u64),
}

struct Account {
    name: String,
    empty: bool,
    min: u64,
    max: MaxAge,
    at: Place,
}

impl Shadow {
    pub(super) fn read(file: usize, text: &str) -> Self {
        let mut shadow = Self { seen: true, ..Self::default() };
        for (line, raw) in (1..).zip(text.lines()) {
            if raw.trim().is_empty() {
                continue;
            }
            let fields: Vec<&str> = raw.trim_end().split(':').collect();
            let [name, password, _, min, max, ..] = fields[..] else {
                shadow.odd = (shadow.odd.0 + 1, if shadow.odd.0 == 0 { line } else { shadow.odd.1 });
                continue;
            };
            if password.starts_with(['*', '!']) || password == "x" {
                continue;
            }
            // Empty and negative fields switch the rule off.
            let days = |field: &str| field.parse::<u64>().ok();
            let masked = if password.is_empty() { "" } else { "***" };
            let excerpt = format!("{name}:{masked}:{}", fields[2..].join(":"));
            shadow.accounts.push(Account {
                name: name.to_owned(),
                empty: password.is_empty(),
                min: days(min).unwrap_or(0).min(NEVER_DAYS) * DAY,
                max: days(max).map_or(MaxAge::Never, |days| max_age(days.min(NEVER_DAYS))),
                at: Place::line(file, line, excerpt),
            });
        }
        shadow.accounts.sort_by(|a, b| a.name.cmp(&b.name));
        shadow
    }

    /// Accounts with a password, where the file was there.
    pub(super) fn coverage(&self) -> Option<Coverage> {
        self.seen.then(|| cover(&self.accounts.iter().collect::<Vec<_>>()))
    }

    /// A scope for each pair of ages that differs from the computer's default.
    pub(super) fn own_ageing(&self, default: Option<(u64, MaxAge)>) -> Vec<Scope> {
        let mut groups: BTreeMap<(u64, Option<u64>), Vec<&Account>> = BTreeMap::new();
        for account in self.accounts.iter().filter(|account| !account.empty) {
            // An age without limit is reported of the account itself.
            let max = match account.max {
                MaxAge::Seconds(seconds) => Some(seconds),
                MaxAge::Never => None,
            };
            let same_max = max.is_none() || default.is_some_and(|(_, max)| max == account.max);
            if !(same_max && default.is_some_and(|(min, _)| min == account.min)) {
                groups.entry((account.min, max)).or_default().push(account);
            }
        }
        groups
            .into_iter()
            .map(|((min, max), accounts)| {
                let at = &accounts[0].at;
                let days = |seconds: u64| seconds / DAY;
                let name = match max {
                    Some(max) => format!("min {} max {}", days(min), days(max)),
                    None => format!("min {}", days(min)),
                };
                let settings = Settings {
                    min_age: Some(at.clone().state(min)),
                    max_age: max.map(|max| at.clone().state(MaxAge::Seconds(max))),
                    ..Settings::default()
                };
                Scope { kind: ScopeKind::OwnAgeing, name, precedence: None, settings, coverage: Some(cover(&accounts)) }
            })
            .collect()
    }

    pub(super) fn accounts(&self) -> Accounts {
        let known = self.seen.then_some(self.accounts.len() as u64);
        let flagged = self.accounts.iter().filter(|account| account.empty || account.max == MaxAge::Never);
        let flagged = flagged.map(|account| FlaggedAccount {
            name: account.name.clone(),
            disabled: false,
            privileged: account.name == "root",
            never_expires: account.max == MaxAge::Never && !account.empty,
            not_required: account.empty,
            reversible: false,
            at: account.at.clone(),
        });
        let (flagged, flagged_more) = cap(flagged.collect());
        Accounts { expiry_known: known, need_known: known, storage_known: None, flagged, flagged_more }
    }
}

fn cover(accounts: &[&Account]) -> Coverage {
    let names = accounts.iter().take(NAMES_CAP).map(|account| account.name.clone()).collect();
    Coverage { users: accounts.len() as u64, names, complete: true }
}
