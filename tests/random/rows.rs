//! The rows of a project in memory: local times, derived columns, references, and what a row expression gives on a row.

use super::functions;
use super::project::{Aggregate, Expr, Path, Project, Row, RowLeaf, Source, Type, Unit, Value, is_fixed};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// A row of a source.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub source: &'a Source,
    pub cells: &'a [Value],
}

/// What an aggregate in a condition gives for a row.
pub type Related<'r> = &'r dyn Fn(&Aggregate, Record<'_>) -> Value;

/// The rows of a project.
pub struct Rows<'a> {
    pub project: &'a Project,
    /// For each source the place of the row that has a key.
    keys: HashMap<&'a str, HashMap<String, usize>>,
}

impl<'a> Rows<'a> {
    pub fn new(project: &'a Project) -> Self {
        let mut keys: HashMap<&str, HashMap<String, usize>> = HashMap::new();
        for source in &project.sources {
            let Some(key) = &source.key else { continue };
            let at = source.at(key);
            let places = source.rows.iter().enumerate().map(|(place, cells)| (format!("{:?}", cells[at]), place)).collect();
            keys.insert(&source.name, places);
        }
        Self { project, keys }
    }

    pub fn of(&self, source: &str) -> impl Iterator<Item = Record<'a>> {
        let source = self.project.source(source);
        source.rows.iter().map(move |cells| Record { source, cells })
    }

    /// The value of a column, perhaps through references. Where a reference is null or leads nowhere everything behind it is.
    pub fn column(&self, record: Record<'_>, path: &[String]) -> Value {
        let source = record.source;
        let column = source.column(&path[0]);
        let stored = &record.cells[source.at(&path[0])];
        if path.len() == 1 {
            return match &column.expr {
                Some(expr) => self.row(record, expr, &|_, _| unreachable!("a derived column has no aggregates")),
                None => self.local(stored, column.ty),
            };
        }
        let made = column.expr.as_ref().map(|_| self.column(record, &path[..1]));
        let stored = made.as_ref().unwrap_or(stored);
        let target = self.project.source(column.references.as_ref().unwrap());
        if target.states.is_some() {
            let state = self.state_of(record, stored, target);
            return state.map_or(Value::Null, |state| self.column(state, &path[1..]));
        }
        match self.keys[target.name.as_str()].get(&format!("{stored:?}")) {
            Some(place) => self.column(Record { source: target, cells: &target.rows[*place] }, &path[1..]),
            None => Value::Null,
        }
    }

    /// A stored value with its time made local (rule 1).
    fn local(&self, stored: &Value, ty: Type) -> Value {
        let zone = match ty {
            Type::Instant => "UTC",
            Type::Timestamp(zone) => zone,
            _ => return known(stored),
        };
        let Value::Time(time) = stored else { return Value::Null };
        let calendar = &self.project.calendar;
        let instant = || time.to_zoned(TimeZone::get(zone).unwrap()).unwrap();
        if is_fixed(zone) {
            return calendar.instant(instant().with_time_zone(TimeZone::UTC).datetime());
        }
        // A wall clock of the project's own zone is local as it stands, also where clocks are changed.
        if zone == calendar.zone {
            return stored.clone();
        }
        Value::Time(instant().with_time_zone(calendar.time_zone()).datetime())
    }

    /// A row expression on a row.
    pub fn row(&self, record: Record<'_>, expr: &Row, related: Related<'_>) -> Value {
        evaluate(self.project, expr, &|leaf| match leaf {
            RowLeaf::Path(path) => self.column(record, path),
            RowLeaf::Related(aggregate) => related(aggregate, record),
            RowLeaf::Grain(grain) => Value::Text(grain.name().to_owned()),
            RowLeaf::Dimension(name) => self.dimension(record, name),
            RowLeaf::Pair(_) => unreachable!("a row is no pair of states"),
            RowLeaf::Reached { step, within, of } => {
                let time = |name: &String| self.column(record, std::slice::from_ref(name));
                let of = time(of.as_ref().or(record.source.time.as_ref()).unwrap());
                Value::Bool(reached(self.project, &time(step), *within, &of))
            }
            RowLeaf::Closing => unreachable!("it has become the day of the period"),
            RowLeaf::Value => unreachable!("only entities have a value"),
        })
    }

    /// The value that a row has in a dimension.
    pub fn dimension(&self, record: Record<'_>, name: &str) -> Value {
        self.column(record, &self.project.place(record.source, name).unwrap())
    }

    /// The day on which a row counts: that of the column given, else of the source's time. Nothing if that is null.
    pub fn day(&self, record: Record<'_>, at: Option<&String>) -> Option<Date> {
        match self.column(record, std::slice::from_ref(at.or(record.source.time.as_ref())?)) {
            Value::Null => None,
            time => Some(functions::day_of(&time)),
        }
    }

    /// What decides which of two rows is first: the time as it is stored, then the key.
    pub fn order(&self, record: Record<'_>, at: Option<&String>) -> (DateTime, Value) {
        let time = at.or(record.source.time.as_ref()).unwrap();
        let derived = record.source.column(time).expr.is_some();
        let stored = if derived {
            self.column(record, std::slice::from_ref(time))
        } else {
            record.cells[record.source.at(time)].clone()
        };
        let time = match stored {
            Value::Date(day) => day.to_datetime(jiff::civil::Time::midnight()),
            Value::Time(time) | Value::Instant { utc: time, .. } => time,
            other => unreachable!("a row in a period has a time, not {other:?}"),
        };
        (time, record.cells[record.source.at(record.source.key.as_ref().unwrap())].clone())
    }

    /// The key of a row.
    pub fn key(&self, record: Record<'_>) -> Value {
        self.column(record, std::slice::from_ref(record.source.key.as_ref().unwrap()))
    }
}

/// A stored value as it is read: NaN and infinity are null.
pub fn known(stored: &Value) -> Value {
    match stored {
        Value::Number(number) if !number.is_finite() => Value::Null,
        other => other.clone(),
    }
}

/// Whether a step was reached, and in time, both ends included.
fn reached(project: &Project, step: &Value, within: Option<(i32, Unit)>, of: &Value) -> bool {
    let Some((count, unit)) = within else { return *step != Value::Null };
    let apply = |name, one: &Value, two: &Value| functions::apply(&project.calendar, name, &[one.clone(), two.clone()]);
    let last = apply("+", of, &Value::Span(count, unit));
    apply(">=", step, of) == Value::Bool(true) && apply("<=", step, &last) == Value::Bool(true)
}

/// An expression, given what its leaves are.
pub fn evaluate<L>(project: &Project, expr: &Expr<L>, leaf: &dyn Fn(&L) -> Value) -> Value {
    match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Leaf(of) => leaf(of),
        Expr::Apply(name, arguments) => {
            let values: Vec<Value> = arguments.iter().map(|argument| evaluate(project, argument, leaf)).collect();
            functions::apply(&project.calendar, name, &values)
        }
    }
}

/// The aggregates over related rows that stand in a condition.
pub fn related(filter: Option<&Row>) -> Vec<&Aggregate> {
    let mut found = Vec::new();
    if let Some(filter) = filter {
        filter.leaves(&mut |leaf| {
            if let RowLeaf::Related(aggregate) = leaf {
                found.push(&**aggregate);
            }
        });
    }
    found
}

/// The place of a row's own key in another row.
pub fn refers(rows: &Rows<'_>, record: Record<'_>, via: &Path, to: Record<'_>) -> bool {
    rows.column(record, via) == rows.key(to)
}
