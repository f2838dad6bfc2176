//! The closing block of a run for a terminal: items with their outcome, the worst findings and where they are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use secdiag_model::result::{FindingRecord, ItemResult, RunResult};
use secdiag_model::{ItemId, Lang, Outcome, Severity};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::findings::locator;
use crate::format;
use crate::labels::{Labels, counted, fill};
use crate::mark::{Mark, OUTCOMES, rank};
use crate::summary::Tally;

/// More items than this are listed only where they need a reader; the rest are counted.
const ALL_ITEMS: usize = 40;
const WORST_FINDINGS: usize = 8;
const NARROWEST: usize = 64;
const WIDEST: usize = 160;

/// The closing block, at most `width` columns wide (East Asian characters take two), each line ending in a line
/// feed. Severity and outcome are shapes and words; with `colour` also ANSI colours (ECMA-48 SGR), without it no
/// escape sequence at all, whatever the evidence contains.
pub fn terminal_summary(result: &RunResult, lang: Lang, width: usize, colour: bool) -> String {
    let block = Block { result, lang, l: Labels::of(lang), width: width.clamp(NARROWEST, WIDEST), colour };
    let parts = [block.items(), block.tally(), block.findings()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

struct Block<'a> {
    result: &'a RunResult,
    lang: Lang,
    l: &'static Labels,
    width: usize,
    colour: bool,
}

/// One item over all systems.
struct Line<'a> {
    id: &'a ItemId,
    title: &'a str,
    outcome: Outcome,
    systems: Option<String>,
    score: Option<f64>,
    coverage: Option<f64>,
    findings: u64,
    why: &'a str,
}

impl Block<'_> {
    fn items(&self) -> String {
        let mut lines = self.lines();
        let all = lines.len();
        if all > ALL_ITEMS {
            lines.retain(|line| matches!(line.outcome, Outcome::Fail | Outcome::Observation | Outcome::Error));
        }
        let id = longest(lines.iter().map(|line| line.id.0.width()), 12);
        let outcome = longest(lines.iter().map(|line| 2 + Mark::outcome(line.outcome, self.lang).word.width()), 24);
        // What gaps, score and coverage leave, and room for a word of the last column.
        let room = self.width.saturating_sub(id + outcome + 30).clamp(8, self.width * 3 / 10);
        let columns = [id, longest(lines.iter().map(|line| line.title.width()), room), outcome];
        let mut out: String = lines.iter().map(|line| self.item(line, columns)).collect();
        if lines.len() < all {
            let more = fill(self.l.term_more_items, &[("n", &format::number(format::len(all - lines.len())))]);
            out.extend(["  ", &fit(&more, self.width - 2), "\n"]);
        }
        out
    }

    fn item(&self, line: &Line<'_>, [id, title, outcome]: [usize; 3]) -> String {
        let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format::hundredths(v).to_string());
        let coverage = line.coverage.map_or_else(|| "–".to_owned(), |v| format!("{} %", format::hundredths(v)));
        let mark = Mark::outcome(line.outcome, self.lang);
        let left = format!("  {}  {}  ", pad(&line.id.0, id), pad(line.title, title));
        let state = self.paint(mark.class, &pad(&format!("{} {}", mark.glyph, mark.word), outcome));
        let numbers = format!("  {:>3}  {:>5}  ", share(line.score), coverage);
        let rest = match (line.findings, &line.systems) {
            (0, None) => line.why.to_owned(),
            (0, Some(systems)) => systems.clone(),
            (n, None) => counted(n, self.l.term_findings_one, self.l.term_findings),
            (n, Some(systems)) => {
                let findings = counted(n, self.l.term_findings_one, self.l.term_findings);
                format!("{findings}{}{systems}", self.l.comma)
            }
        };
        let used = left.width() + outcome + numbers.width();
        format!("{left}{state}{numbers}{}\n", fit(&rest, self.width.saturating_sub(used)))
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut by_item: BTreeMap<&ItemId, Vec<&ItemResult>> = BTreeMap::new();
        for item in &self.result.items {
            by_item.entry(&item.item).or_default().push(item);
        }
        by_item.into_iter().filter_map(|(id, of_item)| self.line(id, &of_item)).collect()
    }

    /// The worst system speaks for the item.
    fn line<'a>(&self, id: &'a ItemId, of_item: &[&'a ItemResult]) -> Option<Line<'a>> {
        let worst = of_item.iter().min_by_key(|item| rank(item.outcome))?;
        let same = of_item.iter().filter(|item| item.outcome == worst.outcome).count();
        let numbers = [same, of_item.len()].map(|n| format::number(format::len(n)));
        Some(Line {
            id,
            title: worst.title.get(self.lang),
            outcome: worst.outcome,
            systems: (of_item.len() > 1).then(|| fill(self.l.term_systems, &[("a", &numbers[0]), ("b", &numbers[1])])),
            score: worst.score,
            coverage: worst.coverage,
            findings: of_item.iter().flat_map(|item| item.findings.values()).sum(),
            why: worst.why.get(self.lang),
        })
    }

    fn tally(&self) -> String {
        let tally = Tally::new(&self.result.items);
        let (mut out, mut used) = (String::new(), 0);
        for outcome in OUTCOMES.into_iter().filter(|outcome| tally.of(*outcome) > 0) {
            let mark = Mark::outcome(outcome, self.lang);
            let text = format!("{} {} {}", mark.glyph, format::number(tally.of(outcome)), lower(mark.word));
            let gap = match used {
                0 => "  ",
                used if used + 3 + text.width() > self.width => "\n  ",
                _ => "   ",
            };
            used = if gap.contains('\n') { 2 } else { used + gap.len() } + text.width();
            out.push_str(gap);
            out.push_str(&self.paint(mark.class, &text));
        }
        if out.is_empty() { out } else { out + "\n" }
    }

    /// The worst finding of each check, and how many more the check has.
    fn findings(&self) -> String {
        let mut by_check: BTreeMap<&str, Vec<&FindingRecord>> = BTreeMap::new();
        for finding in self.result.findings.iter().filter(|finding| finding.severity > Severity::Info) {
            by_check.entry(&finding.check).or_default().push(finding);
        }
        let mut worst: Vec<_> = by_check
            .into_values()
            .filter_map(|these| Some((*these.iter().min_by_key(|f| Reverse(f.severity))?, these.len() - 1)))
            .collect();
        worst.sort_by_key(|(finding, more)| (Reverse((finding.severity, *more)), &finding.check));
        let shown = &worst[..worst.len().min(WORST_FINDINGS)];
        let columns = [
            longest(shown.iter().map(|(f, _)| 2 + Mark::severity(f.severity, self.lang).word.width()), 12),
            longest(shown.iter().map(|(f, _)| f.check.width()), self.width / 3),
        ];
        let mut out: String = shown.iter().map(|(finding, more)| self.finding(finding, *more, columns)).collect();
        let left: usize = worst[shown.len()..].iter().map(|(_, more)| more + 1).sum();
        if left > 0 {
            out.extend(["  ", &self.more(left), "\n"]);
        }
        out
    }

    fn more(&self, n: usize) -> String {
        fill(self.l.term_more, &[("n", &format::number(format::len(n)))])
    }

    fn finding(&self, finding: &FindingRecord, more: usize, [severity, check]: [usize; 2]) -> String {
        let mark = Mark::severity(finding.severity, self.lang);
        let title = match self.lang {
            Lang::En => &finding.title,
            Lang::ZhTw => &finding.zh_tw.title,
        };
        let word = self.paint(mark.class, &pad(&format!("{} {}", mark.glyph, lower(mark.word)), severity));
        let left = format!("  {}  ", pad(&finding.check, check));
        let indent = severity + left.width() + 2;
        let first = fit(title, self.width.saturating_sub(indent));
        let place = finding.evidence.first().map(|proof| {
            let path = proof.member.as_ref().map_or_else(|| proof.path.clone(), |m| format!("{}!/{m}", proof.path));
            let more = if more > 0 { format!("{}{}", self.l.clause, self.more(more)) } else { String::new() };
            let place = format!("{path}{}{}{more}", self.l.comma, locator(self.l, &proof.locator));
            format!("{}{}\n", " ".repeat(indent), fit(&place, self.width.saturating_sub(indent)))
        });
        format!("  {word}{left}{first}\n{}", place.unwrap_or_default())
    }

    fn paint(&self, class: &str, text: &str) -> String {
        let code = match class {
            "critical" | "error" => "1;35",
            "high" | "fail" => "1;31",
            "medium" | "observation" => "33",
            "low" => "34",
            "pass" => "32",
            _ => "2",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

fn longest(widths: impl Iterator<Item = usize>, most: usize) -> usize {
    widths.max().unwrap_or_default().min(most)
}

/// Cut to `width` columns or filled with blanks.
fn pad(text: &str, width: usize) -> String {
    let mut out = fit(text, width);
    out.push_str(&" ".repeat(width.saturating_sub(out.width())));
    out
}

/// What fits into `width` columns, with a mark where something was cut; nothing that a terminal would act on.
fn fit(text: &str, width: usize) -> String {
    let text = format::visible(text).replace('\t', " ");
    if width == 0 || text.width() <= width {
        return if width == 0 { String::new() } else { text };
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += c.width().unwrap_or_default();
        if used + 1 > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}
