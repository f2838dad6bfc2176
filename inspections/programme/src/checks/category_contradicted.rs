//! A system belongs to a stricter category than the one that it is declared in.
//!
//! **What.** Three contradictions: the facts of the register propose a stricter category than the decision gives, and
//! nobody approved that with a reason; `assessment.toml` declares a less strict category than the register decided; or a
//! system of category 2 or 3 takes connections from the Internet that are answered with data.
//!
//! **Why.** A category that is too lax puts off the assessment by years and leaves out items.
//!
//! **Evidence.** The register; captures or logs that were taken where Internet traffic passes.
//!
//! **Limits.** Behind an address translation or a proxy the caller's address is the translator's. A capture shows its own
//! hours only: silence proves nothing. Servers with public addresses are told from the sites that the firm calls only
//! where the register gives the system's `addresses`.
//!
//! **References.** INS (classification, 112-09-07); SEC25 art. 2

use secdiag_inspect::{Check, JudgeCx, Looked, Query};
use secdiag_model::{Conn, Finding, Locator, Note, NoteKind, Proof, Record, Sha256, Subject};
use serde::Deserialize;

use super::{READS, looked_at};
use crate::{Case, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/category-contradicted", READS).asks(&[&INBOUND]);

pub(crate) const INBOUND: Query =
    Query { name: "programme/inbound", sql: include_str!("inbound.sql"), tables: &[Conn::TABLE] };

/// A row of `inbound.sql`: a host that answered callers from the Internet.
#[derive(Deserialize)]
pub(crate) struct Inbound {
    host: Option<String>,
    dst_port: Option<u16>,
    private: Option<bool>,
    callers: u64,
    connections: u64,
    example: Option<String>,
    evidence: Option<String>,
    locator: Option<u64>,
    conversations: u64,
}

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let all = case.views.iter().flat_map(View::in_service);
    looked_at(&CHECK, all.map(|(row, _)| row.system.as_str()), cx);
    for view in &case.views {
        for (row, system) in view.in_service() {
            for decision in system.lowered_without_approval() {
                if row.unapproved != Some(decision.category) {
                    continue;
                }
                cx.report(
                    view.finding(&CHECK, row)
                        .aspect("facts")
                        .fact("declared", decision.category)
                        .fact("proposed", row.proposed.category)
                        .fact("because", because(row.proposed.because).0)
                        .fact("because_zh", because(row.proposed.because).1)
                        .fact("how", "the register's own facts")
                        .fact("how_zh", "登錄之系統屬性"),
                );
            }
        }
    }
    against_register(case, cx);
    by_traffic(case, cx);
}

/// What `assessment.toml` declares, against what the register decided.
fn against_register(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let Some(declared) = cx.system.category else { return };
    for view in &case.views {
        for (row, _) in view.in_service().filter(|(row, _)| row.system == cx.system.id.0) {
            let Some(decided) = row.category.filter(|decided| *decided != declared) else { continue };
            if decided > declared {
                let text = format!(
                    "system {}: assessment.toml declares category {declared}, the register {decided}: the stricter one is used",
                    row.system
                );
                cx.note(Note::new(NoteKind::Assumed, "category-differs", text).on(view.artefact));
                continue;
            }
            cx.report(
                view.finding(&CHECK, row)
                    .aspect("facts")
                    .fact("declared", declared)
                    .fact("proposed", decided)
                    .fact("because", format!("the register decided category {decided} for it"))
                    .fact("because_zh", format!("登錄檔核定為第 {decided} 類"))
                    .fact("how", "the register")
                    .fact("how_zh", "登錄檔"),
            );
        }
    }
}

/// The laxer of what `assessment.toml` and the register say: that is what traffic may contradict.
fn declared(case: &Case<'_>, cx: &JudgeCx<'_>) -> Option<u8> {
    let own = case.views.iter().flat_map(View::in_service).filter(|(row, _)| row.system == cx.system.id.0);
    let registered = own.filter_map(|(row, _)| row.unapproved.or(row.category));
    registered.chain(cx.system.category).max()
}

/// Whether a host is the system's: by the addresses that the register gives, else where it is private and no other
/// system's.
fn is_own(case: &Case<'_>, system: &str, host: &str, private: bool) -> bool {
    let Ok(host) = host.parse() else { return false };
    let with_addresses = || {
        let systems = case.views.iter().flat_map(|view| &view.document.register.systems);
        systems.filter(|system| !system.addresses.is_empty())
    };
    let mut own = with_addresses().filter(|known| known.id == system).peekable();
    if own.peek().is_some() {
        return own.any(|known| known.has_address(host));
    }
    private && !with_addresses().any(|known| known.has_address(host))
}

fn by_traffic(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let Some(declared) = declared(case, cx).filter(|category| *category > 1) else { return };
    if let Some(conversations) = case.inbound.first().map(|row| row.conversations).filter(|count| *count > 0) {
        cx.looked(Looked::at(&CHECK, conversations, "conversations").on(cx.system.id.0.as_str()));
    }
    for row in &case.inbound {
        let (Some(host), Some(evidence), Some(locator)) = (&row.host, &row.evidence, row.locator) else { continue };
        if !is_own(case, &cx.system.id.0, host, row.private.unwrap_or(true)) {
            continue;
        }
        let digest = evidence.parse::<Sha256>().ok();
        let Some(artefact) = digest.and_then(|digest| case.facts.artefact(digest)) else { continue };
        let port = row.dst_port.map_or_else(String::new, |port| format!(" port {port}"));
        let caller = row.example.as_deref().unwrap_or_default();
        let excerpt = format!("{caller} → {host}{port}: answered; {} connections in all", row.connections);
        let locator = match artefact.format() {
            Some("pcap" | "pcapng") => Locator::Packet(locator),
            _ => Locator::Record(locator),
        };
        let subject = Subject::Record { record: format!("{} {host}{port}", cx.system.id) };
        cx.report(
            Finding::new(CHECK.id, subject, Proof::new(artefact, locator, excerpt))
                .asset(cx.system.id.0.as_str())
                .aspect("traffic")
                .fact("system", cx.system.id.0.as_str())
                .fact("name", cx.system.name.as_str())
                .fact("category", declared)
                .fact("declared", declared)
                .fact("proposed", 1)
                .fact("because", format!("{} callers from the Internet got answers from {host}{port}", row.callers))
                .fact("because_zh", format!("{} 個網際網路位址連線 {host}{port} 並獲得回應", row.callers))
                .fact("how", "observed traffic")
                .fact("how_zh", "實際觀測流量"),
        );
    }
}

fn because(fact: secdiag_programme::register::Fact) -> (&'static str, &'static str) {
    use secdiag_programme::register::Fact;
    match fact {
        Fact::InternetFacing => ("it can be reached from the Internet", "可由網際網路直接連線"),
        Fact::Critical => ("its failure has a significant impact on operations", "對營運有重大影響"),
        Fact::CustomerData => ("it holds large amounts of customer data", "存放大量客戶資料"),
        Fact::CustomerService => ("it serves customers", "提供客戶服務"),
        Fact::NoneOfThese => ("an earlier decision was stricter", "先前核定之類別較嚴格"),
    }
}
