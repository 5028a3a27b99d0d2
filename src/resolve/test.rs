//! Spec tests: which sources, columns, KPIs and dimensions they name, and what their values are.

use super::{kpi_by_name, unknown_source};
use crate::calendar::{Date, DateTime, Grain, Label, Zone};
use crate::diagnostic::{Findings, codes, suggest};
use crate::formula::{Expression, Kind, Literal as Written, Operator};
use crate::load::{Entry, Node, Value};
use crate::model::facts::Type;
use crate::model::objective::Sheet;
use crate::model::uses::Meant;
use crate::model::{
    Cell, Clock, ColumnId, DimensionId, Expected, ExpectedRow, ExpectedValue, Given, KeyPart, KpiId, Model, SourceId, Storage,
    TestCase,
};
use crate::spec::reader::{FormulaText, Reader, text};
use crate::spec::test as written;
use crate::spec::{Spec, project};
use crate::text::{Name, Span};
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Under which name a test says which guardrails fire. No KPI has it.
const GUARDRAILS: &str = "guardrails";

/// Resolves the tests.
pub(super) fn tests(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let mut tests = Vec::new();
    for test in &spec.tests {
        let mut resolver = TestResolver { model, incomplete: spec.incomplete, findings };
        tests.push(resolver.test(test));
    }
    model.tests = tests;
}

pub(super) struct TestResolver<'a> {
    pub(super) model: &'a Model,
    pub(super) incomplete: bool,
    pub(super) findings: &'a mut Findings,
}

impl TestResolver<'_> {
    fn test(&mut self, test: &written::Test) -> TestCase {
        let as_of = test.as_of.as_ref().and_then(|text| project::as_of(text, self.findings));
        let mut given: Vec<Given> = Vec::new();
        for (name, rows) in &test.given {
            let Some(source) = self.model.source_named(name) else {
                if !self.incomplete {
                    unknown_source(self.model, name, self.findings);
                }
                continue;
            };
            if self.model.sources.get(source).journey.is_some() {
                let message = format!("`{}` is a journey, and its rows come from its steps", name.value);
                self.bad(name.span, message, "give rows to the sources of its steps");
                continue;
            }
            let rows = rows.iter().map(|row| self.row(source, row)).collect();
            given.push(Given { source, rows });
        }
        let mut expect = Vec::new();
        let (mut sheets, mut firings) = (Vec::new(), Vec::new());
        for (name, node) in &test.expect {
            match Sheet::named(&name.value) {
                None if name.value == GUARDRAILS => firings.extend(self.firings(name, node)),
                Some(sheet) => sheets.extend(self.sheet(sheet, name, node)),
                None => expect.extend(self.expected(name, node)),
            }
        }
        let description = test.description.as_ref().map(|text| text.value.clone()).unwrap_or_default();
        TestCase { name: test.name.clone(), description, as_of, given, expect, sheets, firings }
    }

    pub(super) fn bad(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.findings.report(&codes::BAD_TEST, span, message).help(help);
    }

    // --- Given rows ---

    fn row(&mut self, source: SourceId, row: &Node) -> Vec<(ColumnId, Cell)> {
        let mut cells = Vec::new();
        for entry in Reader::of(row).all() {
            let known = self.model.sources.get(source);
            let Some(column) = known.names.get(&entry.key.value).copied() else {
                super::source::unknown_column(known, &entry.key, self.findings);
                continue;
            };
            match &known.columns.get(column).storage {
                Storage::Derived(_) if known.columns.get(column).reference.is_some() => {
                    let message = format!("`{}` is computed from another column, so tests cannot set it", entry.key.value);
                    self.bad(entry.key.span, message, "set the columns that it is computed from");
                    continue;
                }
                Storage::Derived(_) => {
                    let message = format!("`{}` is computed by its formula, so tests cannot set it", entry.key.value);
                    self.bad(entry.key.span, message, "set the columns that its formula reads");
                    continue;
                }
                Storage::Several(parts) if parts.iter().any(|part| matches!(part, KeyPart::Made(_))) => {
                    let message = format!("part of `{}` is computed, so tests cannot set it", entry.key.value);
                    self.bad(entry.key.span, message, "declare its stored parts as separate columns, and set these");
                    continue;
                }
                Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => {}
            }
            cells.extend(self.cell(source, column, &entry.value).map(|cell| (column, cell)));
        }
        cells
    }

    /// A value of a column; nothing, with a finding, if it is none.
    fn cell(&mut self, source: SourceId, column: ColumnId, node: &Node) -> Option<Cell> {
        let column = self.model.sources.get(source).columns.get(column);
        let written = match &node.value {
            Value::Null => return Some(Cell::Null),
            Value::List(items) if column.ty == Type::Key => {
                return Some(Cell::Key(items.iter().filter_map(text).map(|text| text.value).collect()));
            }
            Value::Scalar(scalar) => scalar.text.as_str(),
            Value::List(_) | Value::Map(_) => {
                let message = format!("`{}` holds {}, not {}", column.name.value, column.ty, node.describe());
                self.bad(node.span, message, "write a single value");
                return None;
            }
        };
        let cell = match (column.ty, &column.clock) {
            (Type::Timestamp, Clock::Instant) => instant(written, &self.model.calendar.zone).map(Cell::Instant),
            (Type::Timestamp, _) => wall(written).map(Cell::Wall),
            (ty, _) => plain(ty, written),
        };
        if cell.is_none() {
            let message = format!("`{}` is {}, and `{written}` is not", column.name.value, column.ty);
            let help = match column.ty {
                Type::Timestamp => "write it as `2024-01-31 10:00`; an instant without an offset is in the project's zone",
                Type::Date => "write it as `2024-01-31`",
                Type::Key => "write the parts of the key as a list",
                _ => "write a value of that type",
            };
            self.bad(node.span, message, help);
        }
        if let Some(Cell::Text(text)) = &cell
            && !column.values.is_empty()
            && !column.values.contains(text)
        {
            let message = format!("`{}` is never '{text}'", column.name.value);
            let finding = self.findings.report(&codes::VALUE_NOT_LISTED, node.span, message);
            finding.also(column.name.span, "its `values` are declared here").help =
                suggest::did_you_mean(text, "its values are", column.values.iter().map(String::as_str));
        }
        cell
    }

    // --- Expected figures ---

    fn expected(&mut self, name: &Name, node: &Node) -> Vec<Expected> {
        let (kpi_name, rest) = match name.value.split_once(" by ") {
            Some((kpi, rest)) => (kpi.trim(), Some(rest)),
            None => (name.value.trim(), None),
        };
        let kpi_name = Name::new(kpi_name.to_owned(), name.span);
        let Some(kpi) = kpi_by_name(self.model, &kpi_name, self.incomplete, self.findings) else { return Vec::new() };
        let mut dimensions = Vec::new();
        for part in rest.into_iter().flat_map(|rest| rest.split([',', ' '])).filter(|part| !part.is_empty() && *part != "and") {
            let Some(id) = self.model.dimension_named(&Name::new(part.to_owned(), name.span)) else {
                if !self.incomplete {
                    super::kpi::unknown_dimension(self.model, &Name::new(part.to_owned(), name.span), self.findings);
                }
                return Vec::new();
            };
            dimensions.push(id);
        }
        if !dimensions.is_empty() && !self.is_sliced(kpi, &dimensions) {
            let message = format!("`{}` has no slice `by {}`", kpi_name.value, rest.unwrap_or_default());
            self.bad(name.span, message, "tests can use the slices that the KPI lists under `by`");
            return Vec::new();
        }
        let mut found: Vec<Expected> = Vec::new();
        let mut add = |grain: Grain, row: ExpectedRow| match found.iter_mut().find(|known| known.grain == grain) {
            Some(known) => known.rows.push(row),
            None => found.push(Expected { kpi, grain, dimensions: dimensions.clone(), rows: vec![row] }),
        };
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    for (grain, row) in self.period_entry(kpi, entry, &dimensions).unwrap_or_default() {
                        add(grain, row);
                    }
                }
            }
            Value::List(items) => {
                for item in items {
                    for (grain, row) in self.full_row(kpi, item, &dimensions).unwrap_or_default() {
                        add(grain, row);
                    }
                }
            }
            Value::Null | Value::Scalar(_) => {}
        }
        found
    }

    fn is_sliced(&self, kpi: KpiId, dimensions: &[DimensionId]) -> bool {
        self.model.kpis.get(kpi).by.iter().any(|slice| slice.value == dimensions)
    }

    /// `2024-01: 10`, or `2024-01: [1, 1 / 2]` for the ages of a cohort.
    fn period_entry(&mut self, kpi: KpiId, entry: &Entry, dimensions: &[DimensionId]) -> Option<Vec<(Grain, ExpectedRow)>> {
        if !dimensions.is_empty() {
            self.bad(
                entry.key.span,
                "figures of slices are a list of rows",
                "write `- { period: 2024-01, channel: web, value: 10 }`",
            );
            return None;
        }
        let (grain, period) = self.period(kpi, &entry.key)?;
        let (label, span) = (entry.key.value.clone(), entry.value.span);
        let (value, keys) = (ExpectedValue::Any, Vec::new());
        let row = ExpectedRow { label, period, keys, age: None, value, is_complete: None, span };
        Some(self.at_ages(kpi, row, &entry.value)?.into_iter().map(|row| (grain, row)).collect())
    }

    /// A row with its figure; for the ages of a cohort a row for each, from age 0 on.
    fn at_ages(&mut self, kpi: KpiId, row: ExpectedRow, figures: &Node) -> Option<Vec<ExpectedRow>> {
        let has_ages = self.model.kpis.get(kpi).age.is_some();
        match &figures.value {
            Value::List(items) if has_ages && row.age.is_none() => {
                let mut rows = Vec::new();
                for (age, item) in (0..).zip(items) {
                    let value = self.value(item)?;
                    rows.push(ExpectedRow { age: Some(age), value, span: item.span, ..row.clone() });
                }
                Some(rows)
            }
            _ if has_ages && row.age.is_none() => {
                let message = "figures of a cohort are a list, one for each age";
                self.bad(figures.span, message, "write a list that starts with age 0: `[1, 0.5, absent]`");
                None
            }
            _ => Some(vec![ExpectedRow { value: self.value(figures)?, span: figures.span, ..row }]),
        }
    }

    /// `{ period: 2024-01, channel: web, value: 10 }`
    fn full_row(&mut self, kpi: KpiId, node: &Node, dimensions: &[DimensionId]) -> Option<Vec<(Grain, ExpectedRow)>> {
        let reader = Reader::of(node);
        let Some(label) = reader.text("period") else {
            self.bad(node.span, "this row has no `period`", "add `period: 2024-01`");
            return None;
        };
        let (grain, period) = self.period(kpi, &label)?;
        let mut keys = Vec::new();
        for id in dimensions {
            let dimension = self.model.dimensions.get(*id);
            let Some(node) = reader.get(&dimension.name) else {
                let message = format!("this row has no `{}`", dimension.name);
                self.bad(node.span, message, "name the value, or `null`");
                return None;
            };
            for entry in reader.all().iter().filter(|entry| entry.key.value == dimension.name) {
                self.model.uses.note(entry.key.span, Meant::Dimension(*id));
            }
            keys.push(match &node.value {
                Value::Scalar(scalar) => {
                    let place = dimension.places.iter().next();
                    let ty = dimension.ty.or(place.map(|(source, path)| self.model.column(*source, path).ty));
                    plain(ty.unwrap_or(Type::Text), &scalar.text).unwrap_or(Cell::Text(scalar.text.clone()))
                }
                Value::Null | Value::List(_) | Value::Map(_) => Cell::Null,
            });
        }
        for entry in reader.all() {
            let has_ages = self.model.kpis.get(kpi).age.is_some();
            let known =
                matches!(entry.key.value.as_str(), "period" | "value" | "is_complete") || entry.key.value == "age" && has_ages;
            if !known && !dimensions.iter().any(|id| self.model.dimensions.get(*id).name == entry.key.value) {
                let message = format!("`{}` is not a column of this view", entry.key.value);
                self.bad(entry.key.span, message, "a row has `period`, the dimensions, `value` and `is_complete`");
                return None;
            }
        }
        let age = reader.count("age").map(|age| age.value);
        if let (Some(node), None) = (reader.get("age"), age) {
            self.bad(node.span, "an age is a whole number, 0 or more", "write `age: 3`");
            return None;
        }
        let (value, is_complete) = (ExpectedValue::Any, reader.truth("is_complete"));
        let row = ExpectedRow { label: label.value, period, keys, age, value, is_complete, span: node.span };
        let rows = match reader.get("value") {
            Some(figures) => self.at_ages(kpi, row, figures)?,
            None if self.model.kpis.get(kpi).age.is_some() && age.is_none() => {
                self.bad(node.span, "this row has no `age`", "add `age: 0`");
                return None;
            }
            None => vec![row],
        };
        Some(rows.into_iter().map(|row| (grain, row)).collect())
    }

    /// The period of a label, at the grain that the label names.
    fn period(&mut self, kpi: KpiId, name: &Name) -> Option<(Grain, Date)> {
        let kpi = self.model.kpis.get(kpi);
        let calendar = &self.model.calendar;
        let grains = self.model.grains(kpi);
        let Some(label) = Label::parse(&name.value) else {
            self.bad(
                name.span,
                format!("`{}` is not a period", name.value),
                "for instance `2024-01`, `2024-W05`, `2024-Q1`, `2024`",
            );
            return None;
        };
        let grain = label.grain();
        if let Label::Day(day) = label
            && !grains.contains(&Grain::Day)
        {
            // Weeks and the periods of custom calendars may be named by their first day.
            let starts = calendar.custom || calendar.period_start(kpi.grain, day) == day;
            if starts {
                return Some((kpi.grain, day));
            }
        }
        if !grains.contains(&grain) {
            let message = format!("`{}` is a {grain}, but `{}` does not have that grain", name.value, kpi.name.value);
            self.bad(name.span, message, "use one of the KPI's grains, or add this one to `grains`");
            return None;
        }
        let start = if calendar.custom && grain != Grain::Day { None } else { label.start(calendar) };
        if start.is_none() {
            let help =
                if calendar.custom { "in a custom calendar write a period as its first day" } else { "check the number" };
            self.bad(name.span, format!("the calendar has no {grain} `{}`", name.value), help);
        }
        start.map(|start| (grain, start))
    }

    /// An expected figure: a number, a sum that can be computed, `null`, or `absent`.
    pub(super) fn value(&mut self, node: &Node) -> Option<ExpectedValue> {
        let scalar = match &node.value {
            Value::Null => return Some(ExpectedValue::Null),
            Value::Scalar(scalar) => scalar,
            Value::List(_) | Value::Map(_) => {
                self.bad(node.span, "expected a number, `null` or `absent` here", "write the figure");
                return None;
            }
        };
        if scalar.text == "absent" {
            return Some(ExpectedValue::Absent);
        }
        if let Some(number) = crate::spec::shape::number(&scalar.text) {
            return Some(ExpectedValue::Number(number));
        }
        let formula = FormulaText::bare(&scalar.text, node.span);
        let worked_out = crate::formula::parse(&formula, &mut Findings::default()).and_then(|tree| constant(&tree));
        if worked_out.is_none() {
            let message = format!("`{}` is not a figure", scalar.text);
            self.bad(
                node.span,
                message,
                "write a number, a sum such as `2 / 3`, `null`, or `absent` for a row that is not there",
            );
        }
        worked_out.map(ExpectedValue::Number)
    }
}

/// The value of a formula of numbers alone.
fn constant(tree: &Expression) -> Option<f64> {
    match &tree.kind {
        Kind::Literal(Written::Number(digits)) => digits.parse().ok(),
        Kind::Literal(Written::Percent(digits)) => digits.parse::<f64>().ok().map(|value| value / 100.0),
        Kind::Operator(operator, _, operands) => {
            let values: Vec<f64> = operands.iter().map(constant).collect::<Option<_>>()?;
            match (operator, values.as_slice()) {
                (Operator::Negate, [value]) => Some(-value),
                (Operator::Add, [a, b]) => Some(a + b),
                (Operator::Subtract, [a, b]) => Some(a - b),
                (Operator::Multiply, [a, b]) => Some(a * b),
                (Operator::Divide, [a, b]) if *b != 0.0 => Some(a / b),
                _ => None,
            }
        }
        Kind::Call(call) => {
            let value = call.arguments.first().and_then(constant)?;
            match call.name.value.as_str() {
                "sqrt" => Some(value.sqrt()),
                "ln" => Some(value.ln()),
                "exp" => Some(value.exp()),
                _ => None,
            }
        }
        Kind::Literal(_) | Kind::Path(_) | Kind::Case { .. } => None,
    }
}

/// A value of a type without a clock.
fn plain(ty: Type, written: &str) -> Option<Cell> {
    match ty {
        Type::Boolean => written.parse().ok().map(Cell::Truth),
        Type::Integer => written.parse::<i64>().ok().map(|number| Cell::Number(number.to_string())),
        Type::Number if not_finite(written).is_some() => not_finite(written).map(Cell::NotFinite),
        Type::Decimal | Type::Number => {
            let fits = written.parse::<f64>().is_ok_and(f64::is_finite);
            fits.then(|| Cell::Number(written.trim_start_matches('+').to_owned()))
        }
        Type::Date => written.parse().ok().map(Cell::Day),
        Type::Text | Type::Error => Some(Cell::Text(written.to_owned())),
        Type::Timestamp | Type::Key | Type::Null => None,
    }
}

/// NaN and infinity as YAML writes them, in the words of SQL.
fn not_finite(written: &str) -> Option<&'static str> {
    match written {
        ".nan" | ".NaN" | ".NAN" => Some("nan"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some("infinity"),
        "-.inf" | "-.Inf" | "-.INF" => Some("-infinity"),
        _ => None,
    }
}

/// A reading of a wall clock; a day alone is its midnight.
fn wall(written: &str) -> Option<DateTime> {
    if let Ok(day) = written.parse::<Date>()
        && written.len() == 10
    {
        return Some(day.to_datetime(Time::midnight()));
    }
    written.replacen(' ', "T", 1).parse().ok()
}

/// An instant by its reading in UTC; without an offset it is in the project's zone.
fn instant(written: &str, zone: &Zone) -> Option<DateTime> {
    let text = written.replacen(' ', "T", 1);
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(TimeZone::UTC.to_datetime(timestamp));
    }
    let reading = wall(written)?;
    let day = reading.date();
    Some(zone.pieces_to(&Zone::utc(), day, day).apply(reading))
}
