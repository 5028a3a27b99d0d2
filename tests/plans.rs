//! Compares plans with those in `tests/plans/`: what is read, joined, grouped and shown for a question, before any SQL.
//!
//! A file holds cases. Each has a heading, a block `yaml` with a spec and one or more blocks `plan KPI GRAIN [DIMENSION...]` with the
//! printed plan. `KPIC_UPDATE_PLANS=1 cargo test --test plans` writes the plans anew; read the change before you commit it.
//! Every plan is verified too, and so is every plan of every other test: debug builds do that before they write SQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its cases has failed")]

use kpic::build::{Documents, outputs};
use kpic::calendar::Grain;
use kpic::pipeline::{Options, check_texts};
use kpic::plan::views::{self, Shows};
use kpic::plan::{Question, plan, print, verify};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-03-31 }\n";

#[test]
fn plans_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let update = std::env::var("KPIC_UPDATE_PLANS").is_ok_and(|value| value == "1");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(path).unwrap();
        let made = with_plans(&text, &mut count);
        if update {
            std::fs::write(path, &made).unwrap();
        } else if made != text {
            let differing = text.lines().zip(made.lines()).position(|(one, other)| one != other).unwrap_or(0);
            failures.push(format!(
                "{}:{}:\n  expected {:?}\n  got      {:?}",
                path.display(),
                differing + 1,
                text.lines().nth(differing).unwrap_or_default(),
                made.lines().nth(differing).unwrap_or_default()
            ));
        }
    }
    assert!(count > 0, "there are no plans");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A file with the plans that are made now.
fn with_plans(text: &str, count: &mut usize) -> String {
    let (mut out, mut spec) = (String::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        _ = writeln!(out, "{line}");
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        if let Some(question) = info.strip_prefix("plan ") {
            out.push_str(&printed(&spec, question));
            *count += 1;
        } else {
            if info == "yaml" {
                spec = block.join("\n") + "\n";
            }
            block.iter().for_each(|line| _ = writeln!(out, "{line}"));
        }
        out.push_str("```\n");
    }
    out
}

fn printed(spec: &str, question: &str) -> String {
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/case.yml".to_owned(), spec.to_owned())];
    let checked = check_texts(texts, &Options::default());
    let valid = match checked.valid() {
        Ok(valid) => valid,
        Err(checked) => panic!("{:?}", checked.findings.iter().map(|finding| &finding.message).collect::<Vec<_>>()),
    };
    let mut words = question.split(' ');
    let model = valid.model();
    let kpi = words.next().and_then(|name| model.kpis.ids().find(|id| model.kpis.get(*id).name.value == name)).unwrap();
    let grain = words.next().and_then(Grain::parse).unwrap();
    let dimensions = words.map(|name| model.dimensions.ids().find(|id| model.dimensions.get(*id).name == name).unwrap());
    let plan = plan(&valid, &Question::view(model, kpi, grain, dimensions.collect()));
    verify(&plan).unwrap();
    print(&plan)
}

/// Each series of a stack has a column of its own, so one stack of all would grow with the square of their number.
#[test]
fn views_of_many_kpis_grow_with_their_number() {
    let length = |count: usize| {
        let all = (0..count).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ");
        let mut spec = format!("scorecards: {{ all: {{ grain: month, kpis: [{all}] }} }}\nsources:\n");
        for at in 0..count {
            _ = writeln!(
                spec,
                "  s{at}: {{ table: data.s{at}, kind: events, key: id, time: on, columns: {{ id: integer, on: date }} }}"
            );
        }
        spec.push_str("kpis:\n");
        for at in 0..count {
            _ = writeln!(spec, "  k{at}: {{ formula: count(s{at}), grain: month }}");
        }
        let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), spec)];
        let valid = check_texts(texts, &Options::default()).valid().unwrap_or_else(|_| panic!("a spec that is not valid"));
        let query = views::query(&valid, &Shows::AllValues).unwrap();
        verify(&query).unwrap();
        print(&query).len()
    };
    let (few, many) = (length(40), length(320));
    // Eight times as many, and one level of stacks more.
    assert!(many < few * 12, "{few} characters for 40 KPIs, {many} for 320");
}

/// PostgreSQL takes 1,600 columns. What has a row for each KPI is laid out in several parts; what has a column for each is refused.
#[test]
fn a_warehouse_gets_no_more_columns_than_it_takes() {
    let mut spec = "sources:\n  s: { table: data.s, kind: events, key: id, time: on, columns: { id: integer, on: date, n: integer } }\nkpis:\n"
        .to_owned();
    for at in 0..900 {
        _ = writeln!(spec, "  k{at}: {{ formula: sum(s.n where n = {at}) / count(s where n = {at}), grain: month }}");
    }
    let all = (0..900).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ");
    _ = writeln!(spec, "scorecards:\n  all: {{ grain: month, kpis: [{all}] }}");
    let project = format!("{PROJECT}warehouse: {{ dialect: postgres, schema: kpi }}\n");
    let texts = vec![("kpic.yml".to_owned(), project), ("specs/a.yml".to_owned(), spec)];
    let valid = check_texts(texts, &Options::default()).valid().unwrap_or_else(|_| panic!("a spec that is not valid"));
    assert!(views::query(&valid, &Shows::AllValues).unwrap().widest() <= 1_600);
    let found = outputs(&valid, Documents::None).unwrap_err();
    let said: Vec<(&str, &str)> = found.iter().map(|finding| (finding.code.name, finding.message.as_str())).collect();
    assert_eq!(
        said,
        [("not-in-dialect", "the query of the view `scorecard__all` has 1802 columns side by side, and `postgres` takes 1600")]
    );
}

/// A view of BigQuery has 256,000 characters at most.
#[test]
fn a_warehouse_gets_no_longer_view_than_it_takes() {
    let mut spec =
        "sources:\n  s: { table: data.s, kind: events, key: id, time: on, columns: { id: integer, on: date } }\nkpis:\n"
            .to_owned();
    for at in 0..600 {
        _ = writeln!(spec, "  k{at}: {{ formula: count(s where id = {at}) + median(s.id where id > {at}), grain: month }}");
    }
    let all = (0..600).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ");
    _ = writeln!(spec, "scorecards:\n  all: {{ grain: month, kpis: [{all}] }}");
    let built = |dialect: &str| {
        let project = format!("{PROJECT}warehouse: {{ dialect: {dialect}, schema: kpi }}\n");
        let texts = vec![("kpic.yml".to_owned(), project), ("specs/a.yml".to_owned(), spec.clone())];
        let valid = check_texts(texts, &Options::default()).valid().unwrap_or_else(|_| panic!("a spec that is not valid"));
        outputs(&valid, Documents::None).map(drop).map_err(|found| {
            found.iter().map(|finding| format!("{} {}", finding.code.name, finding.message)).collect::<Vec<_>>()
        })
    };
    assert_eq!(built("duckdb"), Ok(()));
    let said = built("bigquery").unwrap_err();
    let (before, after) = ("not-in-dialect the query of the view `", " characters, and a view of `bigquery` 256000 at most");
    assert!(!said.is_empty() && said.iter().all(|said| said.starts_with(before) && said.ends_with(after)), "{said:?}");
}
