//! Holds the parser to `grammar/formula.pest`, which is the language as people read it.

#![allow(missing_docs, reason = "pest makes an enum of the grammar's rules, which the grammar documents")]

use super::parse::fits;
use super::token::DEEPEST;
use pest::Parser as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/formula.pest"]
struct Grammar;

/// Whatever is in the repository's specs, documents and tests where a formula could: between quotes or backticks, and behind
/// the key of a formula. Much of it is none.
static FORMULAS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ["docs", "specs", "src", "tests", "fuzz/seeds/formula"].map(|folder| root.join(folder)).into();
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                for line in text.lines().filter(|line| line.len() < 400) {
                    found.extend(["formula:", "expr:", "filter:"].iter().filter_map(|key| line.split_once(key)).flat_map(
                        |(_, rest)| {
                            let rest = rest.trim().trim_end_matches('}').trim_end();
                            [rest, rest.split(", unit:").next().unwrap_or_default()]
                                .map(|text| text.trim_matches('"').to_owned())
                        },
                    ));
                    found.extend(line.split(['"', '`']).skip(1).map(str::to_owned));
                }
            }
        }
    }
    found.into_iter().collect()
});

/// What formulas are made of, and what they are not.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "case", "when", "then", "else", "end",
    "from", "via", "per", "each", "where", "top", "at", "over", "within", "of", "trailing", "to", "date", "all",
    "time", "previous", "period", "age", "day", "days", "month", "quarter", "1", "28", "5", "0.5", "1_000", "10%",
    "1.5_0%", "1.5%", "5x", "1e5", "1.", ".5", "1_", "'x'", "'it''s'", "'x", "`q`", "`", "``", "a", "b", "orders",
    "orders.amount", "_x", "sum(", "count(", "f(", "(", ")", ",", ".", "+", "-", "*", "/", "=", "!=", "<>", "<=",
    ">=", "==", "<", ">", "!", "|", ";", "#", "?", "[", "é", "AND", "Where", "OVER", "date '2024-01-01'",
    "date'2024-01-01'", "28 days", "28days", "1 month", "end.x", "x.end", "x.end.y", "not in ('a','b',)",
    "is not null", "between 1 and 2", "over trailing 28 days", "over quarter to date", "over all time",
    "over previous period", "over age", "over age to date", "case when a then b end", "sum(x per y)", "at end", "top 3", "each day",
    "of step", "within 14 days", "\n", "\t", "\u{a0}",
];

/// Asserts that the parser takes a text exactly if the grammar does. How deep formulas may nest, no grammar says.
fn agree(text: &str) {
    if text.matches(['(', 'c', 'C']).count() > DEEPEST {
        return;
    }
    let grammar = Grammar::parse(Rule::formula, text).map(|_| ());
    let parser = fits(text);
    assert_eq!(parser.is_ok(), grammar.is_ok(), "{text:?}: the parser is stuck at {parser:?}; the grammar says {grammar:?}");
}

#[test]
fn the_parser_takes_what_the_grammar_takes() {
    let formulas = FORMULAS.iter().filter(|text| fits(text).is_ok()).count();
    assert!(formulas > 500, "{formulas} formulas");
    FORMULAS.iter().for_each(|text| agree(text));
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn they_agree_about_texts_of_such_parts(parts in prop::collection::vec(prop::sample::select(PARTS), 1..10), glue in "| ") {
        agree(&parts.join(&glue));
    }

    #[test]
    fn they_agree_about_formulas_with_a_change(
        formula in prop::sample::select(FORMULAS.as_slice()),
        part in prop::sample::select(PARTS),
        (from, length) in (any::<prop::sample::Index>(), 0..12_usize),
        glue in "| ",
    ) {
        let chars: Vec<char> = formula.chars().collect();
        let from = from.index(chars.len() + 1);
        let to = (from + length).min(chars.len());
        let text: String = chars[..from].iter().chain(&chars[to..]).collect();
        agree(&text);
        agree(&format!("{}{glue}{part}{glue}{}", String::from_iter(&chars[..from]), String::from_iter(&chars[to..])));
    }
}
