//! Spec tests as unit tests of dbt.
//!
//! A unit test of dbt compares all rows of a model, on the day on which it runs; a spec test expects some figures on a day of its own. So each expectation gets a model
//! that dbt never builds: the KPI's query on that day, with the rows that the test speaks of, and figures rounded to the digits that count.

use super::models::part_name;
use super::relations::{Known, Relations};
use super::yaml::{Yaml, map};
use super::{Exported, jinja};
use crate::dialect::Dialect;
use crate::functions::{operators, round};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::model::{Cell, Expected, ExpectedRow, ExpectedValue, KeyPart, Model, SourceId, Storage, TestCase};
use crate::pipeline::Valid;
use crate::plan::relation::{Body, Part, Query, Scalar, Select, column, day, text};
use crate::plan::types::Types;
use crate::plan::{self, Question};
use crate::sql;
use crate::support::views::view_name;

/// Unit tests, and what is said of their models.
#[derive(Debug, Default)]
pub(super) struct UnitTests {
    pub(super) models: Vec<Yaml>,
    pub(super) tests: Vec<Yaml>,
}

/// Makes the unit tests of a project; each model is given to `put`.
pub(super) fn of(
    project: &mut Valid,
    dialect: &'static dyn Dialect,
    relations: &Relations,
    put: &(dyn Fn(&str, &str) + Sync),
    exported: &mut Exported,
) -> UnitTests {
    let mut made = UnitTests::default();
    let tests: Vec<TestCase> = project.model().tests.clone();
    for test in &tests {
        let own = project.model().calendar.as_of;
        project.set_as_of(test.as_of.unwrap_or(own));
        for (at, expected) in test.expect.iter().enumerate() {
            let model = project.model();
            let of = view_name(model, model.kpis.get(expected.kpi), expected.grain, &expected.dimensions);
            let name = format!("test__{}__{}", test.name.value, at + 1);
            match one(project, dialect, relations, test, expected) {
                Ok(None) => {}
                Ok(Some(written)) => {
                    put(&format!("tests/{name}.sql"), &written.sql);
                    let about = format!("What the spec test {} expects of {of}.", test.name.value);
                    made.models.push(map([
                        ("name", name.as_str().into()),
                        ("description", about.into()),
                        ("config", map([("materialized", "ephemeral".into())])),
                    ]));
                    let description = jinja::said(test.description.trim());
                    made.tests.push(map([
                        ("name", format!("{}__{of}", test.name.value).into()),
                        ("description", description.into()),
                        ("model", name.into()),
                        ("given", Yaml::List(written.given)),
                        ("expect", map([("rows", Yaml::List(written.rows))])),
                    ]));
                }
                Err(why) => exported.left_out.push(format!("the test `{}` of `{of}`: {why}", test.name.value)),
            }
        }
        project.set_as_of(own);
        let others = test.sheets.len() + test.firings.len();
        if others > 0 {
            let what = "what it expects of objectives and guardrails is not of one model";
            exported.left_out.push(format!("a part of the test `{}`: {what}", test.name.value));
        }
    }
    exported.unit_tests = made.tests.len();
    made
}

/// A unit test.
struct Written {
    sql: String,
    given: Vec<Yaml>,
    rows: Vec<Yaml>,
}

/// One expectation; nothing where it says nothing of values.
fn one(
    project: &Valid,
    dialect: &'static dyn Dialect,
    relations: &Relations,
    test: &TestCase,
    expected: &Expected,
) -> Result<Option<Written>, String> {
    let model = project.model();
    let told: Vec<&ExpectedRow> = expected.rows.iter().filter(|row| row.value != ExpectedValue::Any).collect();
    if told.is_empty() {
        return Ok(None);
    }
    let mut plan = plan::plan(project, &Question::view(model, expected.kpi, expected.grain, expected.dimensions.clone()));
    let is_whole =
        Types::of(&plan).is_ok_and(|(_, columns)| columns.iter().any(|(name, ty)| name == "value" && *ty == Type::Integer));
    let digits = if is_whole { None } else { Some(digits(&told)) };
    narrow(&mut plan, model, expected, &told, digits)?;
    let (mut is_raw, mut is_unknown) = (false, false);
    sql::every_source(&mut plan, &mut |rows| {
        is_raw = is_raw || !rows.raw.is_empty();
        is_unknown = is_unknown || !relations.knows(&rows.relation);
    });
    if is_unknown {
        return Err("it reads a table without a schema, which dbt does not know".to_owned());
    }
    if is_raw {
        return Err("it gives values of a column with `sql:`, which dbt would compute from others".to_owned());
    }
    let read = relations.mark(&mut plan);
    let mut query = String::new();
    sql::write_query(&plan, dialect, &mut query);
    let sql = format!("{{#- Made by kpic: change the specs instead. #}}\n{}\n", relations.template(&query, dialect));
    let mut given = Vec::new();
    for known in read.iter().filter_map(|at| relations.known.get(*at)) {
        given.push(input(model, known, test)?);
    }
    let rows = told.iter().filter(|row| row.value != ExpectedValue::Absent);
    let mut rows = rows.map(|row| expectation(model, expected, row, digits)).collect::<Result<Vec<Yaml>, String>>()?;
    // dbt counts rows, and a test may say twice what it expects.
    let mut seen: Vec<Yaml> = Vec::new();
    rows.retain(|row| {
        let is_new = !seen.contains(row);
        seen.push(row.clone());
        is_new
    });
    Ok(Some(Written { sql, given, rows }))
}

/// How many digits after the point are compared: twelve in all, nine at most.
fn digits(told: &[&ExpectedRow]) -> usize {
    let number = |row: &&ExpectedRow| if let ExpectedValue::Number(number) = row.value { number.abs() } else { 0.0 };
    let greatest = told.iter().map(number).fold(1.0, f64::max);
    (0..=9_usize).rev().find(|digits| greatest * 10_f64.powi(i32::try_from(*digits).unwrap_or(0)) < 1e12).unwrap_or(0)
}

/// Leaves the rows of a plan that are expected, with the columns that say so.
fn narrow(
    plan: &mut Query,
    model: &Model,
    expected: &Expected,
    told: &[&ExpectedRow],
    digits: Option<usize>,
) -> Result<(), String> {
    let name = part_name(plan);
    let mut outer = Select::from_part(&name);
    let own = |of: &str| column(&name, of);
    outer.column(own("period"), "period");
    if model.kpis.get(expected.kpi).age.is_some() {
        outer.column(own("age"), "age");
    }
    for id in &expected.dimensions {
        let dimension = &model.dimensions.get(*id).name;
        outer.column(own(dimension), dimension);
    }
    let value = match digits {
        Some(digits) => Expr::apply(&round::ROUND, vec![own("value"), Expr::number(digits)]),
        None => own("value"),
    };
    outer.column(value, "value");
    let mut any: Option<Scalar> = None;
    for row in told {
        let mut is_it = Expr::apply(&operators::EQUAL, vec![own("period"), day(row.period)]);
        if let Some(age) = row.age {
            let same = Expr::apply(&operators::EQUAL, vec![own("age"), Expr::number(age)]);
            is_it = Expr::apply(&operators::AND, vec![is_it, same]);
        }
        for (id, key) in expected.dimensions.iter().zip(&row.keys) {
            let of = own(&model.dimensions.get(*id).name);
            let same = match key {
                Cell::Null => Expr::apply(&operators::IS_NULL, vec![of]),
                Cell::Truth(truth) => {
                    Expr::apply(&operators::EQUAL, vec![of, Expr::made(Node::Literal(Literal::Truth(*truth)))])
                }
                Cell::Number(digits) => Expr::apply(&operators::EQUAL, vec![of, Expr::number(digits)]),
                Cell::Text(value) => Expr::apply(&operators::EQUAL, vec![of, text(value)]),
                Cell::Day(value) => Expr::apply(&operators::EQUAL, vec![of, day(*value)]),
                Cell::NotFinite(_) | Cell::Wall(_) | Cell::Instant(_) | Cell::Key(_) => {
                    return Err("a slice with a time cannot be written down".to_owned());
                }
            };
            is_it = Expr::apply(&operators::AND, vec![is_it, same]);
        }
        any = Some(match any {
            Some(others) => Expr::apply(&operators::OR, vec![others, is_it]),
            None => is_it,
        });
    }
    outer.filter = any.into_iter().collect();
    let result = std::mem::replace(&mut plan.result, Body::Select(outer));
    plan.parts.push(Part { name, body: result });
    Ok(())
}

/// The rows that a test gives of a relation.
fn input(model: &Model, known: &Known, test: &TestCase) -> Result<Yaml, String> {
    let of = |id: &SourceId| test.given.iter().find(|given| given.source == *id && !given.rows.is_empty());
    let mut all = known.sources.iter().filter_map(of);
    let given = all.next();
    if all.next().is_some() {
        return Err("it gives rows of two sources that read one table".to_owned());
    }
    let is_calendar = |id: &SourceId| model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == *id);
    if given.is_none() && known.sources.iter().any(is_calendar) {
        return Err("it goes by the calendar's own rows".to_owned());
    }
    let mut rows = Vec::new();
    for (source, row) in given.iter().flat_map(|given| given.rows.iter().map(|row| (model.sources.get(given.source), row))) {
        let mut cells: Vec<(String, Yaml)> = Vec::new();
        for (id, cell) in row {
            let names: Vec<(usize, &String)> = match &source.columns.get(*id).storage {
                Storage::Stored(name) => vec![(0, name)],
                Storage::Several(parts) => {
                    let mut stored = Vec::new();
                    for (at, part) in parts.iter().enumerate() {
                        if let KeyPart::Stored(name) = part {
                            stored.push((at, name));
                        }
                    }
                    stored
                }
                Storage::Derived(_) => Vec::new(),
                Storage::Raw(_) => return Err("it gives values of a column with `sql:`".to_owned()),
            };
            for (at, name) in names {
                if jinja::is_template(name) {
                    return Err(format!("the column `{name}` has braces that dbt takes for a template"));
                }
                if !cells.iter().any(|(known, _)| known == name) {
                    cells.push((name.clone(), written(cell, at)?));
                }
            }
        }
        rows.push(Yaml::Map(cells));
    }
    Ok(map([("input", known.call.as_str().into()), ("rows", Yaml::List(rows))]))
}

/// A value as dbt reads it.
fn written(cell: &Cell, at: usize) -> Result<Yaml, String> {
    let plain = |text: &str| {
        // How often dbt renders what stands in rows is nowhere said.
        if jinja::is_template(text) {
            Err("a text in it has braces that dbt takes for a template".to_owned())
        } else {
            Ok(text.into())
        }
    };
    Ok(match cell {
        Cell::Null => Yaml::Plain("null".to_owned()),
        Cell::Truth(truth) => (*truth).into(),
        Cell::Number(digits) => Yaml::number(digits),
        Cell::NotFinite(word) => (*word).into(),
        Cell::Text(text) => plain(text)?,
        Cell::Day(day) => day.to_string().into(),
        Cell::Wall(reading) => format!("{} {}", reading.date(), reading.time()).into(),
        Cell::Instant(reading) => format!("{} {}+00", reading.date(), reading.time()).into(),
        Cell::Key(parts) => match parts.get(at) {
            Some(part) => plain(part)?,
            None => Yaml::Plain("null".to_owned()),
        },
    })
}

fn expectation(model: &Model, expected: &Expected, row: &ExpectedRow, digits: Option<usize>) -> Result<Yaml, String> {
    let mut cells = vec![("period".to_owned(), Yaml::Text(row.period.to_string()))];
    if model.kpis.get(expected.kpi).age.is_some() {
        let Some(age) = row.age else { return Err("it expects figures of no age".to_owned()) };
        cells.push(("age".to_owned(), Yaml::Plain(age.to_string())));
    }
    for (id, key) in expected.dimensions.iter().zip(&row.keys) {
        cells.push((model.dimensions.get(*id).name.clone(), written(key, 0)?));
    }
    let value = match row.value {
        ExpectedValue::Number(number) => Yaml::number(&rounded(number, digits.unwrap_or(9))),
        _ => Yaml::Plain("null".to_owned()),
    };
    cells.push(("value".to_owned(), value));
    Ok(Yaml::Map(cells))
}

/// A number with so many digits after the point at most.
fn rounded(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
