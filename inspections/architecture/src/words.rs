//! Names into roles and kinds of zones: the words are data (`words.toml`), the longest match wins, and what several
//! words call differently is not decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// Declares an enum whose variants have slugs.
macro_rules! slugs {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $slug:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "the words are the field's own")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All of them with their slugs, as a file names them.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($slug, Self::$variant)),+];

            /// Its slug.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            fn of(slug: &str) -> Option<Self> {
                Self::ALL.iter().find(|(known, _)| *known == slug).map(|(_, found)| *found)
            }
        }
    };
}

slugs! {
    /// What a thing on a diagram does.
    Role {
        Internet "internet", Provider "provider", Exchange "exchange", Partner "partner", Firewall "firewall",
        Router "router", Switch "switch", LoadBalancer "load-balancer", Waf "waf", Ids "ids", Ddos "ddos", Vpn "vpn",
        JumpHost "jump-host", LogCollector "log-collector", TimeServer "time-server", Dns "dns", Directory "directory",
        Hsm "hsm", Proxy "proxy", Web "web", OrderGateway "order-gateway", Application "application",
        Database "database", FileServer "file-server", Mail "mail", Backup "backup", Storage "storage",
        Hypervisor "hypervisor", Management "management", Workstation "workstation", Mobile "mobile",
        Wireless "wireless", Iot "iot", Ups "ups", Power "power", Server "server", Cloud "cloud",
    }
}

slugs! {
    /// What a part of the network is for.
    ZoneKind {
        Internet "internet", Dmz "dmz", Extranet "extranet", Database "database", Management "management",
        User "user", Branch "branch", Backup "backup", Recovery "recovery", Wireless "wireless", Iot "iot",
        Test "test", Development "development", Cloud "cloud", Core "core",
    }
}

slugs! {
    /// What a container is that is no part of the network: its failure takes all that stands in it.
    Holder { Site "site", Room "room", Rack "rack" }
}

impl Role {
    /// Whether it answers others with data or work.
    pub fn is_server(self) -> bool {
        matches!(
            self,
            Self::Server
                | Self::Web
                | Self::OrderGateway
                | Self::Application
                | Self::Database
                | Self::FileServer
                | Self::Mail
                | Self::Backup
                | Self::Storage
                | Self::Hypervisor
                | Self::Directory
                | Self::Dns
                | Self::Hsm
                | Self::LogCollector
                | Self::TimeServer
                | Self::Management
                | Self::JumpHost
        )
    }

    /// Whether it passes traffic on and decides nothing about it.
    pub fn is_wiring(self) -> bool {
        matches!(self, Self::Router | Self::Switch | Self::LoadBalancer | Self::Provider | Self::Wireless)
    }

    /// Whether it lies beyond the firm's own network.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Internet | Self::Provider | Self::Exchange | Self::Partner)
    }
}

#[derive(Deserialize)]
struct File {
    role: BTreeMap<String, Entry>,
    zone: BTreeMap<String, Entry>,
    holder: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    words: Vec<String>,
    #[serde(default)]
    general: bool,
}

/// Words by what they mean; a general one yields to others.
struct Words<T>(Vec<(String, T, bool)>);

struct Known {
    roles: Words<Role>,
    zones: Words<ZoneKind>,
    holders: Words<Holder>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    // A broken table is seen by the test below, never by a firm.
    let file: Option<File> = toml::from_str(include_str!("words.toml")).ok();
    let (role, zone, holder) = file.map_or_else(Default::default, |file| (file.role, file.zone, file.holder));
    Known {
        roles: Words::of(role, Role::of),
        zones: Words::of(zone, ZoneKind::of),
        holders: Words::of(holder, Holder::of),
    }
});

/// Roles that a text names; more than one where it is ambiguous.
pub fn roles(text: &str) -> BTreeSet<Role> {
    KNOWN.roles.named(text)
}

/// Whether a role is a general one, such as `server`, that a more exact word refines.
pub fn is_general(role: Role) -> bool {
    KNOWN.roles.0.iter().any(|(_, known, general)| *known == role && *general)
}

/// Whether a text says nothing but a role: `Switch`, `防火牆`.
pub fn is_only_a_role(text: &str) -> bool {
    let digits = text.chars().any(|c| c.is_ascii_digit());
    !digits && KNOWN.roles.0.iter().any(|(word, ..)| *word == normal(text))
}

/// Kinds of zones that a text names.
pub fn zones(text: &str) -> BTreeSet<ZoneKind> {
    KNOWN.zones.named(text)
}

/// Kinds of containers that a text names.
pub fn holders(text: &str) -> BTreeSet<Holder> {
    KNOWN.holders.named(text)
}

impl<T: Copy + Ord> Words<T> {
    fn of(entries: BTreeMap<String, Entry>, known: fn(&str) -> Option<T>) -> Self {
        let entries = entries.into_iter().filter_map(|(slug, entry)| Some((known(&slug)?, entry)));
        Self(
            entries
                .flat_map(|(meaning, entry)| {
                    let general = entry.general;
                    entry.words.into_iter().map(move |word| (normal(&word), meaning, general))
                })
                .collect(),
        )
    }

    fn named(&self, text: &str) -> BTreeSet<T> {
        let text = normal(text);
        let mut found: Vec<(usize, usize, T, bool)> = Vec::new();
        for (word, meaning, general) in &self.0 {
            let inner = word.trim();
            let chinese = !inner.is_ascii();
            let (needle, skip) = if chinese { (inner, 0) } else { (word.as_str(), 1) };
            for (at, _) in text.match_indices(needle) {
                found.push((at + skip, at + skip + inner.len(), *meaning, *general));
            }
        }
        let within = |inner: &(usize, usize, T, bool), outer: &(usize, usize, T, bool)| {
            outer.0 <= inner.0 && inner.1 <= outer.1 && outer.1 - outer.0 > inner.1 - inner.0
        };
        let longest: Vec<_> = found.iter().filter(|one| !found.iter().any(|other| within(one, other))).collect();
        let exact: BTreeSet<T> = longest.iter().filter(|one| !one.3).map(|one| one.2).collect();
        if exact.is_empty() { longest.iter().map(|one| one.2).collect() } else { exact }
    }
}

/// Lower-case words between single spaces, without the digits at their ends; Chinese as it is.
fn normal(text: &str) -> String {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let part = if c.is_alphanumeric() { kind(c) } else { ' ' };
        let camel = part == 'a' && c.is_uppercase() && before == 'l';
        if part == ' ' || camel || (part == 'c') != (before == 'c') {
            words.push(String::new());
        }
        if let (true, Some(word)) = (part != ' ', words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before = if c.is_lowercase() { 'l' } else { part };
    }
    let mut normal = String::from(" ");
    for word in words {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        // `l3`, `f5` and `s3` are names, digits and all.
        let kept = if stem.len() < 2 { word.as_str() } else { stem };
        if !kept.is_empty() {
            normal.push_str(kept);
            normal.push(' ');
        }
    }
    normal
}

/// `c` for Chinese, `a` for other letters and digits.
fn kind(c: char) -> char {
    if matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}') { 'c' } else { 'a' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_table_is_known_and_names_one_role() {
        let file: File = toml::from_str(include_str!("words.toml")).unwrap();
        assert_eq!(file.role.len(), Role::ALL.len());
        assert_eq!(file.zone.len(), ZoneKind::ALL.len());
        for (slug, entry) in &file.role {
            for word in &entry.words {
                assert_eq!(roles(word), BTreeSet::from([Role::of(slug).unwrap()]), "{slug}: {word}");
            }
        }
    }

    #[test]
    fn labels_are_read_as_firms_write_them() {
        let cases = [
            ("FW-01", "firewall"),
            ("CoreSwitch2", "switch"),
            ("核心防火牆A", "firewall"),
            ("web application firewall", "waf"),
            ("網頁應用程式防火牆", "waf"),
            ("db01.example", "database"),
            ("下單主機", "order-gateway"),
            ("AD 主機", "directory"),
            ("F5 LTM", "load-balancer"),
            ("mxgraph.cisco.routers.router", "router"),
            ("證交所專線", "exchange"),
            ("Server 7", "server"),
            ("Firewall log server", "log-collector"),
        ];
        for (label, role) in cases {
            let found: Vec<&str> = roles(label).into_iter().map(Role::slug).collect();
            assert_eq!(found, [role], "{label}");
        }
        assert_eq!(roles("Web and database").len(), 2, "ambiguous stays ambiguous");
        assert!(roles("Alice").is_empty() && roles("swim").is_empty() && roles("").is_empty());
        assert_eq!(zones("DMZ 區").into_iter().collect::<Vec<_>>(), [ZoneKind::Dmz]);
        assert_eq!(holders("內湖機房").into_iter().collect::<Vec<_>>(), [Holder::Site]);
    }
}
