//! The change that an administrator types to carry a suggestion out, in the platform's own words.

use crate::policy::{Chain, Policy, Rule};

/// How a rule is taken out, in English and Chinese. Where the platform's words are not known: which lines of the file.
pub fn removal(policy: &Policy, chain: &Chain, rule: &Rule) -> (String, String) {
    let command = match policy.vendor.as_str() {
        "fortios" => Some(format!("config firewall {}; delete {}; end", chain.name, rule.id)),
        // What Panorama pushed is removed there. A rule asked for pairs of zones stands in a list named after both.
        "panos-xml" | "panos-set" if !chain.name.starts_with("panorama ") => {
            let list = chain.name.split(": ").next().unwrap_or_default();
            let name = rule.name.as_deref().unwrap_or(&rule.id);
            Some(format!("delete {list} security rules \"{name}\""))
        }
        "junos" if chain.name.starts_with("security policies") => Some(format!("delete security policies {}", rule.id)),
        "cisco-asa" if rule.line_from == rule.line_to => Some(format!("no {}", rule.text.trim())),
        "iptables-save" => chain
            .name
            .split_once('/')
            .zip(rule.text.split_once("-A "))
            .map(|((table, _), (_, statement))| format!("iptables -t {table} -D {}", statement.trim())),
        _ => None,
    };
    match command {
        Some(command) => (command.clone(), command),
        None if rule.line_from == rule.line_to => {
            (format!("remove line {}", rule.line_from), format!("刪除第 {} 行", rule.line_from))
        }
        None => (
            format!("remove lines {} to {}", rule.line_from, rule.line_to),
            format!("刪除第 {} 至 {} 行", rule.line_from, rule.line_to),
        ),
    }
}
