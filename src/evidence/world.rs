//! Rows that both versions of a project can be given.
//!
//! A row is a map from what a column is stored as to its value, so that a column with another name reads the same values, and one that is read
//! from another place reads others.

use crate::calendar::{AsOf, Date};
use crate::meaning::Names;
use crate::model::facts::Type;
use crate::model::{Cell, Clock, Column, ColumnId, Given, KeyPart, Model, Source, SourceId, Storage, TestCase};
use crate::text::{FileId, Span, Spanned};
use std::collections::BTreeMap;

/// A row, by what its columns are stored as.
pub(super) type Row = BTreeMap<String, Cell>;

/// The rows of all sources, and the last visible day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct World {
    pub as_of: Date,
    /// By the name of the source in the version after.
    pub rows: BTreeMap<String, Vec<Row>>,
}

/// A version and what its sources are called in the version after.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub model: &'a Model,
    pub names: &'a Names,
}

impl<'a> View<'a> {
    /// The sources that have rows of their own, by their names in the version after.
    pub(super) fn sources(self) -> impl Iterator<Item = (String, SourceId, &'a Source)> {
        let sources = self.model.sources.iter().filter(|(_, source)| source.journey.is_none());
        sources.map(move |(id, source)| (self.names.source(&source.name.value), id, source))
    }
}

/// What a column is stored as; nothing for what is computed.
pub(super) fn stored(source: &Source, id: ColumnId) -> Option<String> {
    match &source.columns.get(id).storage {
        Storage::Stored(name) => Some(name.clone()),
        Storage::Raw(_) => Some(format!("sql {}", source.columns.get(id).name.value)),
        Storage::Derived(_) => None,
        Storage::Several(parts) => {
            let stored = parts.iter().map(|part| match part {
                KeyPart::Stored(name) => Some(name.as_str()),
                KeyPart::Made(_) => None,
            });
            stored.collect::<Option<Vec<_>>>().map(|parts| format!("key {}", parts.join(", ")))
        }
    }
}

impl World {
    /// The rows that a spec test gives.
    pub(super) fn of_test(view: View<'_>, test: &TestCase, as_of: Date) -> Self {
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for (name, id, source) in view.sources() {
            for given in test.given.iter().filter(|given| given.source == id) {
                let row = |cells: &Vec<(ColumnId, Cell)>| {
                    cells.iter().filter_map(|(column, cell)| Some((stored(source, *column)?, cell.clone()))).collect()
                };
                rows.entry(name.clone()).or_default().extend(given.rows.iter().map(row));
            }
        }
        World { as_of, rows }
    }

    /// The same rows as a spec test of a version; nothing if a value does not fit a column there.
    pub(super) fn as_test(&self, view: View<'_>) -> Option<TestCase> {
        let mut given = Vec::new();
        for (name, id, source) in view.sources() {
            let Some(rows) = self.rows.get(&name) else { continue };
            let mut found = Vec::new();
            for row in rows {
                let mut cells = Vec::new();
                for column in source.columns.ids() {
                    let Some(cell) = stored(source, column).and_then(|stored| row.get(&stored)) else { continue };
                    cells.push((column, fitting(cell, source.columns.get(column))?));
                }
                found.push(cells);
            }
            given.push(Given { source: id, rows: found });
        }
        let name = Spanned { value: String::new(), span: Span::start_of(FileId::FIRST) };
        Some(TestCase {
            name,
            description: String::new(),
            as_of: Some(AsOf::Day(self.as_of)),
            given,
            expect: Vec::new(),
            sheets: Vec::new(),
            firings: Vec::new(),
        })
    }

    /// How many rows there are.
    pub(super) fn size(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }
}

/// A value as a column holds it.
fn fitting(cell: &Cell, column: &Column) -> Option<Cell> {
    let midnight = jiff::civil::Time::midnight();
    Some(match (cell, column.ty, &column.clock) {
        (Cell::Number(digits), Type::Integer, _) if digits.contains('.') => return None,
        (Cell::Null, ..)
        | (Cell::Truth(_), Type::Boolean, _)
        | (Cell::Day(_), Type::Date, _)
        | (Cell::Number(_), Type::Integer | Type::Decimal | Type::Number, _)
        | (Cell::NotFinite(_), Type::Number, _)
        | (Cell::Text(_), Type::Text, _)
        | (Cell::Key(_), Type::Key, _) => cell.clone(),
        (Cell::Number(digits), Type::Text, _) => Cell::Text(digits.clone()),
        (Cell::Day(day), Type::Timestamp, Clock::Instant) => Cell::Instant(day.to_datetime(midnight)),
        (Cell::Day(day), Type::Timestamp, _) => Cell::Wall(day.to_datetime(midnight)),
        (Cell::Wall(reading) | Cell::Instant(reading), Type::Timestamp, Clock::Instant) => Cell::Instant(*reading),
        (Cell::Wall(reading) | Cell::Instant(reading), Type::Timestamp, _) => Cell::Wall(*reading),
        (Cell::Wall(reading) | Cell::Instant(reading), Type::Date, _) => Cell::Day(reading.date()),
        _ => return None,
    })
}
