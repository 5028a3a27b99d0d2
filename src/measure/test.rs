//! Spec tests: the given rows become tables of an empty database, the same plans answer, and figures are held against those
//! that are expected.

use super::firings::{self, Firing};
use super::{as_conditions, number, refused, sheet};
use crate::calendar::{Date, Grain, Label};
use crate::diagnostic::{Findings, codes};
use crate::dialect::{self, Dialect};
use crate::engine::{Answer, Batch, Engine, Failure, Refusal, Rows};
use crate::model::facts::Type;
use crate::model::value;
use crate::model::{
    Cell, Clock, Column, ColumnId, DimensionId, Expected, ExpectedFiring, ExpectedFirings, ExpectedRow, ExpectedSheet,
    ExpectedValue, Given, KeyPart, KpiId, Model, Source, SourceId, Storage, TestCase, given_table,
};
use crate::pipeline::Valid;
use crate::plan::relation::Query;
use crate::plan::views::{guardrails, objectives};
use crate::plan::{Data, Question, plan};
use crate::sql;
use crate::text::Span;
use serde_json::Value;

/// How a test came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Every expected figure with what it is.
    pub figures: Vec<Figure>,
    /// The queries, each with what it is for.
    pub queries: Vec<(String, String)>,
    /// Why some of it cannot be computed: what that is, and why the engine refuses it.
    pub refused: Vec<(String, Refusal)>,
}

/// One expected figure and what it is.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The KPI, with the dimensions of the slice.
    pub of: String,
    /// The period and the values of the dimensions.
    pub row: String,
    /// What is expected.
    pub expected: String,
    /// What it is.
    pub actual: String,
    /// Whether the two agree.
    pub agrees: bool,
    /// Where the expectation stands.
    pub span: Span,
}

impl Outcome {
    /// Whether everything agrees.
    pub fn passes(&self) -> bool {
        self.refused.is_empty() && self.figures.iter().all(|figure| figure.agrees)
    }
}

/// What a test asks for: one query, and the rows that are expected of it.
struct Asked<'a> {
    expected: Wanted<'a>,
    of: String,
    plan: Query,
    query: String,
}

/// What a test expects of a query.
enum Wanted<'a> {
    /// Figures of a KPI.
    Figures(&'a Expected),
    /// When a guardrail fires.
    Firings(&'a ExpectedFirings),
    /// Rows of the views of objectives.
    Rows(&'a ExpectedSheet),
}

/// A test that is ready to be run.
struct Prepared<'a> {
    test: &'a TestCase,
    /// The tables of the given rows.
    tables: String,
    asked: Vec<Asked<'a>>,
}

/// Runs tests on the embedded engine: all of them if none is named.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn run(project: &mut Valid, engine: &dyn Engine, names: &[String]) -> Result<Vec<Outcome>, Failure> {
    run_as(project, engine, names, dialect::dialect(None))
}

/// The same in the dialect of an engine.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn run_as(
    project: &mut Valid,
    engine: &dyn Engine,
    names: &[String],
    dialect: &'static dyn Dialect,
) -> Result<Vec<Outcome>, Failure> {
    let wanted = |test: &&TestCase| names.is_empty() || names.contains(&test.name.value);
    let tests: Vec<TestCase> = project.model().tests.iter().filter(wanted).cloned().collect();
    let mut prepared = Vec::new();
    for test in &tests {
        let own = project.model().calendar.as_of;
        project.set_as_of(test.as_of.unwrap_or(own));
        prepared.push(prepare(project, test, dialect, engine.own_table()));
        project.set_as_of(own);
    }
    let batch = |test: &Prepared<'_>| Batch {
        setup: test.tables.clone(),
        queries: test.asked.iter().map(|asked| asked.query.clone()).collect(),
    };
    let mut all = engine.rehearse(&prepared.iter().map(batch).collect::<Vec<_>>())?;
    for (test, answers) in prepared.iter().zip(&mut all) {
        for (asked, answer) in test.asked.iter().zip(answers) {
            as_conditions(&asked.plan, answer, dialect);
        }
    }
    Ok(prepared.iter().zip(all).map(|(test, answers)| outcome(project, test, answers)).collect())
}

fn prepare<'a>(project: &Valid, test: &'a TestCase, dialect: &'static dyn Dialect, kind: &str) -> Prepared<'a> {
    let model = project.model();
    let asked = test.expect.iter().map(|expected| {
        let plan = query(project, expected.kpi, expected.grain, &expected.dimensions);
        let query = sql::query(&plan, dialect);
        Asked { expected: Wanted::Figures(expected), of: title(model, expected), plan, query }
    });
    let sheets = test.sheets.iter().map(|expected| {
        let plan = objectives::query(project, expected.sheet, Data::Given);
        let query = sql::query(&plan, dialect);
        Asked { expected: Wanted::Rows(expected), of: expected.sheet.name().to_owned(), plan, query }
    });
    let firings = test.firings.iter().filter_map(|expected| {
        let guardrail = model.guardrails.get(expected.guardrail)?;
        let plan = guardrails::query(model, &[guardrail], Data::Given);
        let query = sql::query(&plan, dialect);
        Some(Asked { expected: Wanted::Firings(expected), of: guardrail.name.value.clone(), plan, query })
    });
    Prepared { test, tables: tables(model, test, dialect, kind, |_| true), asked: asked.chain(sheets).chain(firings).collect() }
}

fn outcome(project: &Valid, prepared: &Prepared<'_>, answers: Vec<Answer>) -> Outcome {
    let mut outcome = Outcome {
        name: prepared.test.name.value.clone(),
        figures: Vec::new(),
        queries: prepared.asked.iter().map(|asked| (asked.of.clone(), asked.query.clone())).collect(),
        refused: Vec::new(),
    };
    for (asked, answer) in prepared.asked.iter().zip(answers) {
        match answer {
            Ok(rows) => match asked.expected {
                Wanted::Figures(expected) => figures(project.model(), asked, expected, &rows, &mut outcome.figures),
                Wanted::Firings(expected) => firings(project.model(), asked, expected, &rows, &mut outcome.figures),
                Wanted::Rows(expected) => sheet::figures(expected, &rows, &mut outcome.figures),
            },
            Err(why) if why.in_setup => {
                // That the rows cannot be laid out is said once, whatever is asked of them.
                outcome.refused = vec![("its rows".to_owned(), why)];
                break;
            }
            Err(why) => outcome.refused.push((asked.of.clone(), why)),
        }
    }
    outcome
}

/// Queries over the sources that a test gives rows of, be it none, for an engine that speaks the embedded one's dialect.
pub fn batch(model: &Model, test: &TestCase, queries: &[Query], engine: &dyn Engine) -> Batch {
    let dialect = dialect::dialect(None);
    let given = |id: &SourceId| test.given.iter().any(|given| given.source == *id);
    let setup = tables(model, test, dialect, engine.own_table(), given);
    Batch { setup, queries: queries.iter().map(|query| sql::query(query, dialect)).collect() }
}

/// The plan of a view over the given rows.
fn query(project: &Valid, kpi: KpiId, grain: Grain, dimensions: &[DimensionId]) -> Query {
    let mut question = Question::view(project.model(), kpi, grain, dimensions.to_vec());
    question.data = Data::Given;
    plan(project, &question)
}

fn title(model: &Model, expected: &Expected) -> String {
    let kpi = &model.kpis.get(expected.kpi).name.value;
    let names: Vec<&str> = expected.dimensions.iter().map(|id| model.dimensions.get(*id).name.as_str()).collect();
    if names.is_empty() { kpi.clone() } else { format!("{kpi} by {}", names.join(", ")) }
}

// --- Given rows ---

/// The tables of a test: one for each source, empty where the test gives no rows.
fn tables(model: &Model, test: &TestCase, dialect: &dyn Dialect, kind: &str, is_wanted: impl Fn(&SourceId) -> bool) -> String {
    let mut out = String::new();
    for (id, source) in model.sources.iter().filter(|(id, source)| source.journey.is_none() && is_wanted(id)) {
        let given = test.given.iter().find(|given| given.source == id);
        let is_calendar = model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == id);
        if let (None, true, Some(relation)) = (given, is_calendar, &source.relation) {
            // A calendar is the same in every test unless a test gives one.
            let relation = sql::relation(&crate::plan::relation::RelationRef::of(relation), dialect);
            let table = given_table(&source.name.value);
            let table = dialect.identifier(&table);
            out.push_str(&format!("create {kind} {table} as select * from {relation};\n"));
            continue;
        }
        out.push_str(&table(model, source, given, dialect, kind));
    }
    out
}

fn table(model: &Model, source: &Source, given: Option<&Given>, dialect: &dyn Dialect, kind: &str) -> String {
    let mut columns: Vec<(String, String)> = Vec::new();
    for id in source.columns.ids() {
        if let (Type::Decimal, [(name, ..)]) = (source.columns.get(id).ty, stored(model, source, id, dialect).as_slice()) {
            let ty = decimal(given.into_iter().flat_map(|given| &given.rows).flatten(), id);
            match columns.iter_mut().find(|(known, _)| known == name) {
                // Two columns may read the same stored one: that with more digits decides.
                Some((_, known)) if ty.len() > known.len() => *known = ty,
                Some(_) => {}
                None => columns.push((name.clone(), ty)),
            }
            continue;
        }
        for (name, ty, _) in stored(model, source, id, dialect) {
            if !columns.iter().any(|(known, _)| *known == name) {
                columns.push((name, ty.to_owned()));
            }
        }
    }
    let name = given_table(&source.name.value);
    let name = dialect.identifier(&name);
    let list: Vec<String> = columns.iter().map(|(name, ty)| format!("{} {ty}", dialect.identifier(name))).collect();
    let mut out = format!("create {kind} {name} ({});\n", list.join(", "));
    let Some(given) = given.filter(|given| !given.rows.is_empty()) else { return out };
    let rows: Vec<String> = given
        .rows
        .iter()
        .map(|row| {
            let cell = |name: &String| {
                let found = row.iter().find_map(|(id, cell)| {
                    let (.., part) = stored(model, source, *id, dialect).into_iter().find(|(known, ..)| known == name)?;
                    Some(literal(cell, part, dialect))
                });
                found.unwrap_or_else(|| "null".to_owned())
            };
            let cells: Vec<String> = columns.iter().map(|(name, _)| cell(name)).collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    out.push_str(&format!("insert into {name} values {};\n", rows.join(", ")));
    out
}

/// The columns of the table of given rows that hold a column, with their types, and which part of its value each holds.
fn stored(model: &Model, source: &Source, id: ColumnId, dialect: &dyn Dialect) -> Vec<(String, &'static str, usize)> {
    let column = source.columns.get(id);
    match &column.storage {
        Storage::Stored(name) => vec![(name.clone(), type_name(column, dialect), 0)],
        Storage::Raw(_) => vec![(source.made_name(id), type_name(column, dialect), 0)],
        Storage::Derived(_) => Vec::new(),
        Storage::Several(parts) => {
            let target = column.reference.map(|id| model.sources.get(id));
            let key = |at: usize| target.and_then(|target| target.key.get(at).map(|key| target.columns.get(*key)));
            let part = |(at, part): (usize, &KeyPart)| match part {
                KeyPart::Stored(name) => Some((name.clone(), key(at).map_or("varchar", |key| type_name(key, dialect)), at)),
                KeyPart::Made(_) => None,
            };
            parts.iter().enumerate().filter_map(part).collect()
        }
    }
}

/// A decimal with room for all digits that a test gives a column: with those of most warehouses where they will do.
fn decimal<'a>(cells: impl Iterator<Item = &'a (ColumnId, Cell)>, column: ColumnId) -> String {
    let (mut before, mut after) = (14, 4);
    for (id, cell) in cells {
        if let (true, Cell::Number(digits)) = (*id == column, cell) {
            // What has an exponent is as long as that says.
            before = before.max(if digits.contains(['e', 'E']) { 30 } else { 0 });
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            before = before.max(whole.trim_start_matches(['-', '+', '0']).len());
            after = after.max(fraction.len());
        }
    }
    if before + after <= 18 { "decimal(18, 4)".to_owned() } else { format!("decimal(38, {after})") }
}

fn type_name(column: &Column, dialect: &dyn Dialect) -> &'static str {
    match (column.ty, &column.clock) {
        (Type::Boolean, _) => "boolean",
        (Type::Integer, _) => "bigint",
        (Type::Decimal, _) => "decimal(18, 4)",
        (Type::Number, _) => dialect.type_name(value::Type::Double),
        (Type::Date, _) => "date",
        (Type::Timestamp, Clock::Instant) => "timestamptz",
        (Type::Timestamp, _) => "timestamp",
        (Type::Text | Type::Key | Type::Null | Type::Error, _) => "varchar",
    }
}

fn literal(cell: &Cell, at: usize, dialect: &dyn Dialect) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Truth(value) => value.to_string(),
        Cell::Number(digits) => digits.clone(),
        Cell::NotFinite(word) => dialect.cast(&dialect.text(word), value::Type::Double),
        Cell::Text(text) => dialect.text(text),
        Cell::Day(day) => dialect.day(*day),
        Cell::Wall(reading) => dialect.wall(*reading),
        Cell::Instant(reading) => dialect.instant(*reading),
        Cell::Key(parts) => parts.get(at).map_or("null".to_owned(), |part| dialect.text(part)),
    }
}

// --- Expected figures ---

fn figures(model: &Model, asked: &Asked<'_>, kpi: &Expected, rows: &Rows, out: &mut Vec<Figure>) {
    for expected in &kpi.rows {
        let found = rows.rows.iter().find(|row| is_row(model, kpi, expected, rows, row));
        let value = found.and_then(|row| rows.get(row, "value"));
        let complete = found.and_then(|row| rows.get(row, "is_complete")).and_then(Value::as_bool);
        let same_value = match (expected.value, found) {
            (ExpectedValue::Absent, None) | (ExpectedValue::Any, Some(_)) => true,
            (ExpectedValue::Null, Some(_)) => value.is_some_and(Value::is_null),
            (ExpectedValue::Number(wanted), Some(_)) => value.and_then(number).is_some_and(|found| close(wanted, found)),
            _ => false,
        };
        let same_complete = expected.is_complete.is_none_or(|wanted| complete == Some(wanted));
        let shown_complete = |complete: Option<bool>| match complete {
            Some(true) if expected.is_complete.is_some() => ", complete",
            Some(false) if expected.is_complete.is_some() => ", not complete",
            _ => "",
        };
        let wanted = match expected.value {
            ExpectedValue::Number(number) => plain(number),
            ExpectedValue::Null => "null".to_owned(),
            ExpectedValue::Absent => "no row".to_owned(),
            ExpectedValue::Any => "any value".to_owned(),
        };
        let actual = match (found, value) {
            (None, _) => "no row".to_owned(),
            (Some(_), Some(Value::Null) | None) => "null".to_owned(),
            (Some(_), Some(value)) => number(value).map_or_else(|| value.to_string(), plain),
        };
        let age = expected.age.map(|age| format!("age {age}"));
        let keys: Vec<String> = age.into_iter().chain(expected.keys.iter().map(shown)).collect();
        out.push(Figure {
            of: asked.of.clone(),
            row: std::iter::once(expected.label.clone()).chain(keys).collect::<Vec<_>>().join(" "),
            expected: format!("{wanted}{}", shown_complete(expected.is_complete)),
            actual: format!("{actual}{}", shown_complete(complete)),
            agrees: same_value && same_complete,
            span: expected.span,
        });
    }
}

/// When a guardrail fires, and when it is expected to: what is on one side only does not agree.
fn firings(model: &Model, asked: &Asked<'_>, wanted: &ExpectedFirings, rows: &Rows, out: &mut Vec<Figure>) {
    let found = firings::firings(model, rows);
    let is_of = |firing: &Firing<'_>, row: &ExpectedFiring| firing.period == row.period && firing.slice == row.slice;
    let grain = model.guardrails.get(wanted.guardrail).map_or(Grain::Month, |guardrail| guardrail.grain);
    let calendar = &model.calendar;
    let label = |day: Date| if calendar.custom { day.to_string() } else { Label::of(grain, day, calendar).to_string() };
    let of_slice = |label: &str, slice: &Option<String>| match slice {
        Some(slice) => format!("{label} {slice}"),
        None => label.to_owned(),
    };
    let mut add = |row: String, expected: String, actual: String, span: Span| {
        let agrees = expected == actual;
        out.push(Figure { of: asked.of.clone(), row, expected, actual, agrees, span });
    };
    for row in &wanted.rows {
        let firing = found.iter().find(|firing| is_of(firing, row));
        let (mut expected, mut actual) = (FIRES.to_owned(), firing.map_or(QUIET, |_| FIRES).to_owned());
        if let (Some(since), Some(firing)) = (row.since, firing) {
            expected.push_str(&format!(" since {}", label(since)));
            actual.push_str(&format!(" since {}", label(firing.since)));
        }
        for (text, value) in &row.figures {
            let Some(firing) = firing else { continue };
            let at = firing.guardrail.readings.iter().position(|reading| reading.text == *text);
            let is = at.map(|at| firing.figures.get(at).copied().flatten());
            let (wanted, same) = match (value, is) {
                (ExpectedValue::Number(number), Some(Some(is))) => (plain(*number), near(*number, is)),
                (ExpectedValue::Number(number), _) => (plain(*number), false),
                (ExpectedValue::Null, is) => ("null".to_owned(), is == Some(None)),
                (ExpectedValue::Absent, is) => ("not compared".to_owned(), is.is_none()),
                (ExpectedValue::Any, is) => ("any value".to_owned(), is.is_some()),
            };
            let is = is.map_or_else(|| "not compared".to_owned(), |is| is.map_or_else(|| "null".to_owned(), plain));
            expected.push_str(&format!(", {text} = {wanted}"));
            actual.push_str(&format!(", {text} = {}", if same { wanted } else { is }));
        }
        add(of_slice(&row.label, &row.slice), expected, actual, row.span);
    }
    for firing in found.iter().filter(|firing| !wanted.rows.iter().any(|row| is_of(firing, row))) {
        add(of_slice(&label(firing.period), &firing.slice), QUIET.to_owned(), FIRES.to_owned(), wanted.span);
    }
    if wanted.rows.is_empty() && found.is_empty() {
        add("every period".to_owned(), QUIET.to_owned(), QUIET.to_owned(), wanted.span);
    }
}

/// What is said of a guardrail that fires.
const FIRES: &str = "fires";
/// What is said of one that does not.
const QUIET: &str = "does not fire";

/// Whether two numbers are the same to the six digits after the point that the view shows.
fn near(wanted: f64, shown: f64) -> bool {
    (wanted - shown).abs() <= 5.000_001e-7 || close(wanted, shown)
}

/// Whether a row is of the period and has the values of the dimensions that are expected.
fn is_row(model: &Model, expected: &Expected, wanted: &ExpectedRow, rows: &Rows, row: &[Value]) -> bool {
    let period = rows.get(row, "period").and_then(Value::as_str);
    let keys = expected.dimensions.iter().zip(&wanted.keys);
    let age = rows.get(row, "age").and_then(Value::as_u64);
    period == Some(wanted.period.to_string().as_str())
        && wanted.age.is_none_or(|wanted| age == Some(wanted.into()))
        && keys.into_iter().all(|(id, key)| {
            let name = &model.dimensions.get(*id).name;
            rows.get(row, name).is_some_and(|value| same(key, value))
        })
}

fn same(wanted: &Cell, found: &Value) -> bool {
    match wanted {
        Cell::Null => found.is_null(),
        Cell::Truth(truth) => found.as_bool() == Some(*truth),
        Cell::Number(digits) => {
            digits.parse::<f64>().ok().zip(number(found)).is_some_and(|(wanted, found)| close(wanted, found))
        }
        Cell::Text(text) => found.as_str() == Some(text),
        Cell::Day(day) => found.as_str() == Some(&day.to_string()),
        Cell::NotFinite(_) | Cell::Wall(_) | Cell::Instant(_) | Cell::Key(_) => false,
    }
}

/// Whether two numbers are the same but for the last digits that floating point allows.
pub fn close(wanted: f64, found: f64) -> bool {
    (wanted - found).abs() <= 1e-9 * wanted.abs().max(found.abs()).max(1.0)
}

/// A number without needless digits.
pub fn plain(number: f64) -> String {
    let text = format!("{number}");
    if text.len() > 17 { format!("{number:.12}").trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Truth(value) => value.to_string(),
        Cell::Number(text) | Cell::Text(text) => text.clone(),
        Cell::NotFinite(word) => (*word).to_owned(),
        Cell::Day(day) => day.to_string(),
        Cell::Wall(reading) | Cell::Instant(reading) => reading.to_string(),
        Cell::Key(parts) => parts.join(", "),
    }
}

/// What failed, as findings.
pub fn findings(project: &Valid, outcomes: &[Outcome]) -> Findings {
    let mut findings = Findings::default();
    for outcome in outcomes.iter().filter(|outcome| !outcome.passes()) {
        let test = project.model().tests.iter().find(|test| test.name.value == outcome.name);
        for ((of, why), test) in outcome.refused.iter().zip(test.iter().cycle()) {
            let what = format!("`{}`: {of} cannot be computed", outcome.name);
            findings.push(refused::finding(&what, Some(test.name.span), why));
        }
        for figure in outcome.figures.iter().filter(|figure| !figure.agrees) {
            let message =
                format!("`{}`: {} at {} is {}, not {}", outcome.name, figure.of, figure.row, figure.actual, figure.expected);
            findings.report(&codes::TEST_FAILED, figure.span, message);
        }
    }
    findings
}
