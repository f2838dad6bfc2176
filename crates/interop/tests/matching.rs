//! Matching as a property: one answer for everything, whatever the order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use secdiag_programme::identity::{
    Candidate, Key, KeyKind, Known, Place, Ruling, Standing, match_findings, match_with_rulings,
};

/// A finding out of few keys, lines and words, so that groups of all shapes come about.
fn candidate() -> impl Strategy<Value = Candidate> {
    let parts = (0..3_u8, 0..4_u8, 0..4_u8, proptest::option::of(0..30_u64), 0..3_u8, 0..3_u8, 0..2_u8);
    parts.prop_map(|(tool, semantic, context, line, wording, digest, path)| {
        let key = |kind, value: u8| Key { kind, scheme: format!("{kind:?}/v1"), value: value.to_string() };
        let mut keys = vec![key(KeyKind::Semantic, semantic)];
        keys.extend((tool > 0).then(|| key(KeyKind::Tool, tool)));
        keys.extend((context > 0).then(|| key(KeyKind::Context, context)));
        keys.sort();
        let place = Place { path: path.to_string(), line, column: None, ordinal: 0 };
        Candidate { keys, place, wording: wording.to_string(), digest: format!("{wording}{digest}") }
    })
}

fn lists() -> impl Strategy<Value = (Vec<Known>, Vec<Candidate>)> {
    let known = proptest::collection::vec((candidate(), any::<bool>()), 0..25);
    let known = known.prop_map(|list| {
        let known = |(n, (seen, resolved))| Known { id: format!("{n:02}"), resolved, seen };
        list.into_iter().enumerate().map(known).collect()
    });
    (known, proptest::collection::vec(candidate(), 0..25))
}

/// Known id, current finding, standing, scheme.
type Answer = (Option<String>, Option<Candidate>, Standing, Option<String>);

/// The answers without indexes, so that orders can be compared.
fn answers(known: &[Known], current: &[Candidate]) -> Vec<Answer> {
    let matches = match_findings(known, current, |known| known.id.as_str() < "10");
    let mut list: Vec<_> = matches
        .list
        .into_iter()
        .map(|one| {
            (one.known.map(|k| known[k].id.clone()), one.current.map(|c| current[c].clone()), one.standing, one.scheme)
        })
        .collect();
    list.sort();
    list
}

proptest! {
    #[test]
    fn order_makes_no_difference((known, current) in lists(), seed in any::<u64>()) {
        let expected = answers(&known, &current);
        let (mut known, mut current) = (known, current);
        let mut random = seed;
        let mut turn = |n: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(random >> 33).unwrap_or_default() % n.max(1)
        };
        for at in (1..known.len()).rev() {
            known.swap(at, turn(at + 1));
        }
        for at in (1..current.len()).rev() {
            current.swap(at, turn(at + 1));
        }
        prop_assert_eq!(answers(&known, &current), expected);
    }

    #[test]
    fn everything_gets_exactly_one_answer((known, current) in lists()) {
        let matches = match_findings(&known, &current, |_| false);
        let mut of_known = BTreeMap::new();
        let mut of_current = BTreeMap::new();
        for answer in &matches.list {
            if let Some(k) = answer.known {
                *of_known.entry(k).or_insert(0) += 1;
            }
            if let Some(c) = answer.current {
                *of_current.entry(c).or_insert(0) += 1;
            }
            let expected = match (answer.known, answer.current) {
                (None, Some(_)) => vec![Standing::New],
                (Some(_), None) => vec![Standing::AbsentNotEvaluated],
                (Some(k), Some(_)) if known[k].resolved => vec![Standing::Repeat],
                (Some(_), Some(_)) => vec![Standing::Unchanged, Standing::Updated],
                (None, None) => vec![],
            };
            prop_assert!(expected.contains(&answer.standing), "{:?}", answer);
            // What is paired shares the key that is said to have decided.
            if let (Some(k), Some(c)) = (answer.known, answer.current) {
                let shared = current[c].keys.iter().filter(|key| known[k].seen.keys.contains(key));
                prop_assert!(shared.clone().any(|key| Some(key.kind) == answer.kind && Some(&key.scheme) == answer.scheme.as_ref()));
            }
        }
        prop_assert!(of_known.len() == known.len() && of_known.values().all(|n| *n == 1));
        prop_assert!(of_current.len() == current.len() && of_current.values().all(|n| *n == 1));
    }

    #[test]
    fn the_same_list_again_is_unchanged((known, _) in lists()) {
        let again: Vec<_> = known.iter().map(|known| known.seen.clone()).collect();
        let open: Vec<_> = known.into_iter().map(|known| Known { resolved: false, ..known }).collect();
        let matches = match_findings(&open, &again, |_| true);
        prop_assert_eq!(matches.count(Standing::Unchanged), again.len());
    }

    #[test]
    fn a_merge_holds_and_a_split_holds((known, current) in lists()) {
        prop_assume!(!known.is_empty() && !current.is_empty());
        let key = current[0].keys[0].clone();
        let ruling = |same| [Ruling { key: key.clone(), id: known[0].id.clone(), same }];
        let has = |c: usize| current[c].keys.contains(&key);
        let merged = match_with_rulings(&known, &current, &ruling(true), |_| true);
        prop_assert!(merged.list.iter().all(|one| !one.current.is_some_and(has) || one.known == Some(0)));
        let split = match_with_rulings(&known, &current, &ruling(false), |_| true);
        prop_assert!(split.list.iter().all(|one| !(one.current.is_some_and(has) && one.known == Some(0))));
    }
}
