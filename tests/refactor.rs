//! `kpic rename` and `kpic move`: over every definition of the examples nothing changes but names and places; then rules one by one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use kpic::build::{Documents, outputs};
use kpic::fix::Change;
use kpic::pipeline::{Checked, Options, check, check_texts};
use kpic::refactor::{Kind, Refusal, definitions, move_to, rename};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use support::{kpic, text, write_files};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A project with changes.
fn with(project: &Checked, changes: &[Change]) -> Checked {
    let mut texts: Vec<(String, String)> =
        project.files.iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect();
    for change in changes {
        match texts.iter_mut().find(|(path, _)| *path == change.path) {
            Some((_, text)) => text.clone_from(&change.after),
            None => texts.push((change.path.clone(), change.after.clone())),
        }
    }
    check_texts(texts, &Options::default())
}

/// What a project's findings and its SQL say, word by word, sorted, with one name in the place of another.
fn said(project: Checked, of: &str, instead: &str) -> Vec<String> {
    let named = |text: &str| text.replace(of, instead);
    let mut lines: Vec<String> = project.findings.iter().map(|finding| named(&finding.message)).collect();
    let valid = project.valid().unwrap_or_else(|_| panic!("{of} is broken"));
    for output in outputs(&valid, Documents::None).unwrap() {
        if output.path.contains("sql/") {
            // The first lines of a view are for people: a title made of the name, and the line of the spec.
            // How lines break depends on how long names are.
            let lines_of = output.text.lines().filter(|line| !line.starts_with("--") && !line.contains("comment on"));
            let parts = lines_of.flat_map(|line| line.split([' ', ',', '(', ')', ';'])).filter(|part| !part.is_empty());
            lines.extend(parts.map(named));
        }
    }
    lines.sort();
    lines
}

#[test]
fn renaming_each_definition_of_the_examples_changes_names_only() {
    for (name, step) in [("cdnow", 1), ("flights", 1), ("saas", 61)] {
        let project = check(&root().join("specs").join(name), &Options::default());
        let all = definitions(&project.model);
        let before = said(with(&project, &[]), "\u{0}", "");
        let problem = |of: &kpic::refactor::Definition| -> Option<String> {
            let (old, new) = (of.name.value.as_str(), format!("{}zz", of.name.value));
            let wish = rename::Wish { kind: Some(of.kind), old, new: &new, keeps_alias: false };
            let renamed = match rename::rename(&project, wish, &Options::default()) {
                Ok(renamed) => renamed,
                Err(refusal) => return Some(format!("{old}: {refusal:?}").chars().take(300).collect()),
            };
            for change in &renamed.changes {
                let (one, other) = (change.before.lines().count(), change.after.replace(&new, old));
                if one != change.after.lines().count() || other != change.before {
                    return Some(format!("{old}: more than names changes in {}", change.path));
                }
            }
            // Titles come from names; SQL of a dimension or KPI shows them as columns and views.
            let after = said(with(&project, &renamed.changes), &new, old);
            let differing = before.iter().zip(&after).find(|(one, other)| one != other);
            differing.map(|(one, other)| format!("{old}: {other}\n  instead of {one}"))
        };
        let problems: Vec<String> = all.par_iter().step_by(step).filter_map(problem).collect();
        assert!(problems.is_empty(), "{name}: {} of {}:\n{}", problems.len(), all.len() / step, problems.join("\n"));
    }
}

#[test]
fn moving_each_definition_of_the_examples_changes_nothing() {
    for (name, step) in [("cdnow", 1), ("flights", 1), ("saas", 83)] {
        let project = check(&root().join("specs").join(name), &Options::default());
        let all = definitions(&project.model);
        let before = said(with(&project, &[]), "\u{0}", "");
        let problem = |of: &kpic::refactor::Definition| -> Option<String> {
            let wish = move_to::Wish { kind: Some(of.kind), name: &of.name.value, to: "specs/new/other.yml" };
            let moved = match move_to::move_to(&project, wish, &Options::default()) {
                Ok(moved) => moved,
                Err(refusal) => return Some(format!("{}: {refusal:?}", of.name.value).chars().take(300).collect()),
            };
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let mut old: Vec<String> = moved.changes.iter().flat_map(|change| words(&change.before)).collect();
            let mut new: Vec<String> = moved.changes.iter().flat_map(|change| words(&change.after)).collect();
            new.retain(|word| word != &format!("{}:", of.kind.section()));
            old.retain(|word| word != &format!("{}:", of.kind.section()));
            old.sort();
            new.sort();
            if old != new {
                return Some(format!("{}: words are lost or new", of.name.value));
            }
            let after = said(with(&project, &moved.changes), "\u{0}", "");
            let differing = before.iter().zip(&after).find(|(one, other)| one != other);
            differing.map(|(one, other)| format!("{}: `{other}` instead of `{one}`", of.name.value))
        };
        let problems: Vec<String> = all.par_iter().step_by(step).filter_map(problem).collect();
        assert!(problems.is_empty(), "{name}: {} of {}:\n{}", problems.len(), all.len() / step, problems.join("\n"));
    }
}

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";
const SHOP: &str = "\
sources:
  orders:
    table: raw.orders
    kind: events
    key: order_id
    time: ordered_on
    columns: { order_id: integer, ordered_on: date, amount: decimal, country: text }

kpis:
  # What customers paid.
  revenue:
    formula: sum(orders.amount)   # with tax
    by: [country]
  orders: { formula: count(orders) }
  order_value:
    formula: >-
      revenue
      / orders
    drives: [ { kpi: 'revenue', effect: up, because: \"larger orders, more `revenue`\" } ]

guardrails:
  falling: { when: growth(revenue) < -5%, action: Ask sales. }

scorecards:
  weekly: { kpis: [revenue, orders] }

tests:
  one_order:
    as_of: 2024-01-31
    given: { orders: [ { order_id: 1, ordered_on: 2024-01-03, amount: 10, country: DE } ] }
    expect:
      revenue: { 2024-01: 10 }
      revenue by country: [ { period: 2024-01, country: DE, value: 10 } ]
      guardrails: []
";

fn shop(spec: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/shop.yml", spec)]);
    folder
}

fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

#[test]
fn a_kpi_is_renamed_wherever_it_is_used_and_keeps_its_old_name() {
    let folder = shop(SHOP);
    let out = kpic(folder.path(), &["rename", "revenue", "net_revenue"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let made = read(folder.path(), "specs/shop.yml");
    let wanted = SHOP
        .replace(
            "  revenue:\n    formula: sum(orders.amount)   # with tax\n    by: [country]\n",
            "  net_revenue:\n    formula: sum(orders.amount)   # with tax\n    by: [country]\n    aliases: [revenue]\n",
        )
        .replace("      revenue\n", "      net_revenue\n")
        .replace("'revenue'", "'net_revenue'")
        .replace("growth(revenue)", "growth(net_revenue)")
        .replace("[revenue, orders]", "[net_revenue, orders]")
        .replace("      revenue: {", "      net_revenue: {")
        .replace("      revenue by", "      net_revenue by");
    assert_eq!(made, wanted);
    assert!(text(&out.stdout).contains("in 7 places of 1 file; revenue stays its former name"), "{}", text(&out.stdout));
    assert!(text(&out.stderr).contains("specs/shop.yml:20"), "{}", text(&out.stderr));
    let out = kpic(folder.path(), &["check"]);
    assert!(out.status.success(), "{}", text(&out.stdout));
}

#[test]
fn a_source_is_told_from_a_kpi_of_its_name() {
    let folder = shop(SHOP);
    let out = kpic(folder.path(), &["rename", "orders", "purchases"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("`orders` is the name of a KPI and of a source"), "{}", text(&out.stderr));
    let out = kpic(folder.path(), &["rename", "orders", "purchases", "--kind", "source"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let wanted = SHOP
        .replace("  orders:\n    table", "  purchases:\n    table")
        .replace("sum(orders.amount)", "sum(purchases.amount)")
        .replace("count(orders)", "count(purchases)")
        .replace("given: { orders:", "given: { purchases:");
    assert_eq!(read(folder.path(), "specs/shop.yml"), wanted);
}

#[test]
fn what_cannot_be_renamed_is_refused_and_nothing_changes() {
    let folder = shop(SHOP);
    for (arguments, said) in [
        (vec!["revenue", "orders"], "there is already a KPI `orders`"),
        (vec!["revenue", "Net Revenue"], "`Net Revenue` cannot name a KPI"),
        (vec!["revenue", "case"], "`case` is a word of the formula language"),
        (vec!["revenue", "revenue"], "has that name already"),
        (vec!["revenue", "key_results"], "kpic emits a view of that name itself"),
        (vec!["revenu", "x"], "did you mean `revenue`?"),
        (vec!["country", "land"], "`country` is a column"),
        (vec!["orders", "amount", "--kind", "source"], "the name `amount`"),
    ] {
        let out = kpic(folder.path(), &[vec!["rename"], arguments.clone()].concat());
        assert_eq!(out.status.code(), Some(1), "{arguments:?}");
        assert!(text(&out.stderr).contains(said), "{arguments:?}: {}", text(&out.stderr));
        assert_eq!(read(folder.path(), "specs/shop.yml"), SHOP);
    }
    let broken = format!("{SHOP}\n---\nkpis:\n  bad: {{ formula: revenue + }}\n");
    let folder = shop(&broken);
    let out = kpic(folder.path(), &["rename", "revenue", "net_revenue"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("the project has errors") && text(&out.stderr).contains("formula-syntax"));
    assert_eq!(read(folder.path(), "specs/shop.yml"), broken);
}

#[test]
fn former_names_go_where_there_is_room_for_them() {
    let kpi = |body: &str| {
        format!(
            "sources: {{ o: {{ table: raw.o, kind: events, row: x, time: t, columns: {{ t: date }} }} }}\nkpis:\n  a:{body}"
        )
    };
    for (before, after) in [
        (" { formula: count(o) }\n", " { formula: count(o), aliases: [a] }\n"),
        ("\n    formula: count(o)", "\n    formula: count(o)\n    aliases: [a]\n"),
        ("\n    formula: count(o)  # c\n  # foot\n", "\n    formula: count(o)  # c\n    aliases: [a]\n  # foot\n"),
        ("\n    aliases: [x]\n    formula: count(o)\n", "\n    aliases: [x, a]\n    formula: count(o)\n"),
        ("\n    aliases: []\n    formula: count(o)\n", "\n    aliases: [a]\n    formula: count(o)\n"),
        ("\n    aliases:\n      - x\n    formula: count(o)\n", "\n    aliases:\n      - x\n      - a\n    formula: count(o)\n"),
        (
            "\n    formula: count(o)\n    description: |\n      one\n\n  b: { formula: count(o) }\n",
            "\n    formula: count(o)\n    description: |\n      one\n    aliases: [a]\n\n  b: { formula: count(o) }\n",
        ),
        ("\r\n    formula: count(o)\r\n", "\r\n    formula: count(o)\r\n    aliases: [a]\r\n"),
    ] {
        let crlf = before.contains('\r');
        let all = |body: &str| if crlf { kpi(body).replace("}\nkpis:\n", "}\r\nkpis:\r\n") } else { kpi(body) };
        let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), all(before))];
        let project = check_texts(texts, &Options::default());
        let wish = rename::Wish { kind: None, old: "a", new: "c", keeps_alias: true };
        let renamed =
            rename::rename(&project, wish, &Options::default()).unwrap_or_else(|refusal| panic!("{before}: {refusal:?}"));
        assert_eq!(renamed.changes[0].after, all(after).replace("  a:", "  c:"), "{before}");
    }
}

#[test]
fn a_definition_moves_with_its_comments() {
    let folder = shop(SHOP);
    let path = folder.path().join("specs/new/money.yml");
    let out = kpic(folder.path(), &["move", "revenue", path.to_str().unwrap(), "--dry-run"]);
    assert!(out.status.success() && !folder.path().join("specs/new").exists(), "{}", text(&out.stderr));
    let out = kpic(folder.path(), &["move", "revenue", path.to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(
        read(folder.path(), "specs/new/money.yml"),
        "kpis:\n  # What customers paid.\n  revenue:\n    formula: sum(orders.amount)   # with tax\n    by: [country]\n"
    );
    assert!(read(folder.path(), "specs/shop.yml").contains("\nkpis:\n  orders: { formula: count(orders) }\n"));
    let out = kpic(folder.path(), &["move", "order_value", path.to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(read(folder.path(), "specs/new/money.yml").ends_with("    by: [country]\n\n  order_value:\n    formula: >-\n      revenue\n      / orders\n    drives: [ { kpi: 'revenue', effect: up, because: \"larger orders, more `revenue`\" } ]\n"));
    let out = kpic(folder.path(), &["move", "falling", path.to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(
        read(folder.path(), "specs/new/money.yml")
            .ends_with("\n\nguardrails:\n  falling: { when: growth(revenue) < -5%, action: Ask sales. }\n")
    );
    assert!(!read(folder.path(), "specs/shop.yml").contains("guardrails:\n  f"));
    assert!(kpic(folder.path(), &["check"]).status.success());
    for (arguments, said) in [
        (["revenue", "specs/new/money.yml"], "is in specs/new/money.yml already"),
        (["revenue", "../other.yml"], "is not in the folder of the spec files"),
        (["revenue", "specs/.git/x.yml"], "is not in the folder of the spec files"),
        (["revenue", "specs/a.txt"], "is no spec file"),
    ] {
        let path = folder.path().join(arguments[1]);
        let out = kpic(folder.path(), &["move", arguments[0], path.to_str().unwrap()]);
        assert!(!out.status.success() && text(&out.stderr).contains(said), "{arguments:?}: {}", text(&out.stderr));
    }
}

#[test]
fn what_uses_an_anchor_stays() {
    let spec = "sources: { o: { table: raw.o, kind: events, row: x, time: t, columns: { t: date } } }\nkpis:\n  a: &a\n    formula: count(o)\n  b:\n    <<: *a\n  c: { formula: count(o) }\n";
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), spec.to_owned())];
    let project = check_texts(texts, &Options::default());
    for name in ["a", "b"] {
        let wish = move_to::Wish { kind: Some(Kind::Kpi), name, to: "specs/b.yml" };
        let refusal = move_to::move_to(&project, wish, &Options::default()).unwrap_err();
        assert!(matches!(&refusal, Refusal::Cannot { message, .. } if message.contains("anchor")), "{refusal:?}");
    }
    let wish = move_to::Wish { kind: Some(Kind::Kpi), name: "c", to: "specs/b.yml" };
    assert!(move_to::move_to(&project, wish, &Options::default()).is_ok());
}
