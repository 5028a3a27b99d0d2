//! A project whose sources are tables that every engine has: files, queries and raw SQL are read through DuckDB once, and the rows that a
//! spec test gives are taken as they are.
//!
//! Each source becomes the table `given_` and its name, with the columns that its declaration reads, as in spec tests.

use super::driver::Driver;
use super::tables::{Cell, Column, Table};
use kpic::dialect::Dialect;
use kpic::model::facts::Type;
use kpic::model::{self, Clock, ColumnId, Given, KeyPart, Model, Relation, Source, SourceId, Storage, TestCase, given_table};
use kpic::pipeline::{Checked, Valid};
use kpic::plan::relation::RelationRef;
use kpic::text::Spanned;
use std::path::Path;

/// A project over the tables that this module makes, in the schema in which a dialect has its tables; else what is wrong with it.
pub fn over_tables(mut checked: Checked, dialect: &dyn Dialect) -> Result<Valid, String> {
    let ids: Vec<SourceId> = checked.model.sources.ids().collect();
    for id in ids {
        let source = checked.model.sources.get_mut(id);
        if source.journey.is_some() {
            continue;
        }
        let schema = dialect.source_schema().map(str::to_owned);
        source.relation = Some(Relation::Table(schema.into_iter().chain([given_table(&source.name.value)]).collect()));
        // What raw SQL gives is a column of the table.
        let raw = |id: &ColumnId| matches!(source.columns.get(*id).storage, Storage::Raw(_));
        let made: Vec<(ColumnId, String)> = source.columns.ids().filter(raw).map(|id| (id, source.made_name(id))).collect();
        for (id, name) in made {
            source.columns.get_mut(id).storage = Storage::Stored(name);
        }
    }
    let written = checked.model.warehouse.dialect.as_ref().map(|name| name.span);
    // Where none is written, any place will do: nobody is told of it.
    let span = written.or_else(|| checked.model.sources.rows().first().map(|source| source.name.span));
    checked.model.warehouse.dialect = span.map(|span| Spanned { value: dialect.name().to_owned(), span });
    checked.valid().map_err(|checked| format!("{:?}", checked.findings))
}

/// What a table has of a source: the column's name, what it is read from, and the part of a key that it holds.
struct Stored<'a> {
    name: String,
    /// Nothing for a stored column, or raw SQL.
    sql: Option<String>,
    column: Option<&'a model::Column>,
    id: ColumnId,
    part: usize,
}

/// The columns of a source's table, each once.
fn stored<'a>(model: &'a Model, source: &'a Source) -> Vec<Stored<'a>> {
    let mut all: Vec<Stored<'_>> = Vec::new();
    for id in source.columns.ids() {
        let column = source.columns.get(id);
        let whole = |name: &String| Stored { name: name.clone(), sql: None, column: Some(column), id, part: 0 };
        match &column.storage {
            Storage::Stored(name) => all.push(whole(name)),
            Storage::Raw(raw) => {
                let sql = raw.of("duckdb").map(|sql| format!("({sql}\n)"));
                all.push(Stored { sql, ..whole(&source.made_name(id)) });
            }
            Storage::Derived(_) => {}
            Storage::Several(parts) => {
                let target = column.reference.map(|target| model.sources.get(target));
                for (part, of) in parts.iter().enumerate() {
                    let key = target.and_then(|target| Some(target.columns.get(*target.key.get(part)?)));
                    if let KeyPart::Stored(name) = of {
                        all.push(Stored { name: name.clone(), sql: None, column: key, id, part });
                    }
                }
            }
        }
    }
    all
}

/// The type of a table's column; that of a decimal without its digits.
fn type_of(column: Option<&model::Column>) -> &'static str {
    match column.map(|column| (column.ty, &column.clock)) {
        Some((Type::Boolean, _)) => "boolean",
        Some((Type::Integer, _)) => "integer",
        Some((Type::Decimal, _)) => "decimal",
        Some((Type::Number, _)) => "double",
        Some((Type::Date, _)) => "date",
        Some((Type::Timestamp, Clock::Instant)) => "instant",
        Some((Type::Timestamp, _)) => "timestamp",
        Some((Type::Text | Type::Key | Type::Null | Type::Error, _)) | None => "text",
    }
}

/// DuckDB's name of a type.
fn in_duckdb(ty: &str) -> &str {
    match ty {
        "integer" => "bigint",
        "text" => "varchar",
        "instant" => "timestamptz",
        other => other,
    }
}

/// The table of a source without rows, its columns in order; a name that two columns read stands there once.
fn empty(source: &Source, stored: &[Stored<'_>]) -> Table {
    let mut table = Table { name: vec![given_table(&source.name.value)], columns: Vec::new(), rows: Vec::new(), file: None };
    for Stored { name, column, .. } in stored {
        let is_same = |known: &Column| known.name.to_lowercase() == name.to_lowercase();
        if !table.columns.iter().any(is_same) {
            table.columns.push(Column { name: name.clone(), ty: type_of(*column).to_owned() });
        }
    }
    table
}

/// The tables of all sources with the rows that DuckDB reads of them; into files of a folder, if one is given.
pub fn read(model: &Model, duckdb: &mut Driver, folder: Option<&Path>) -> Vec<Table> {
    let sources = model.sources.rows().iter().filter(|source| source.journey.is_none());
    sources.map(|source| read_source(model, source, duckdb, folder)).collect()
}

fn read_source(model: &Model, source: &Source, duckdb: &mut Driver, folder: Option<&Path>) -> Table {
    let dialect = kpic::dialect::dialect(None);
    let stored = stored(model, source);
    let mut table = empty(source, &stored);
    let table_of = || Relation::Table(vec![source.name.value.clone()]);
    let relation = source.relation.clone().unwrap_or_else(table_of);
    let from = kpic::sql::relation(&RelationRef::of(&relation), dialect);
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let read = |column: &Column| {
        let of = stored.iter().find(|stored| stored.name.to_lowercase() == column.name.to_lowercase());
        of.and_then(|stored| stored.sql.clone()).unwrap_or_else(|| quoted(&column.name))
    };
    let list: Vec<String> =
        table.columns.iter().map(|column| format!("{} as {}", read(column), quoted(&column.name))).collect();
    let select = if list.is_empty() { "1 as one".to_owned() } else { list.join(", ") };
    let fail = |why: String| -> ! { panic!("cannot read {}: {why}\nselect {select} from {from}", source.name.value) };
    let described = duckdb.query(&format!("describe select {select} from {from}")).unwrap_or_else(|why| fail(why));
    let types: Vec<Cell> = described.rows.iter().map(|row| row[1].clone()).collect();
    for (column, stored) in table.columns.iter_mut().zip(&types).filter(|(column, _)| column.ty == "decimal") {
        // As it is stored, so that sums and products have the same room.
        let stored = stored.as_deref().unwrap_or_default().to_lowercase().replace(',', ", ");
        column.ty = if stored.starts_with("decimal") { stored } else { "decimal(38, 9)".to_owned() };
    }
    let cast = |column: &Column| format!("cast({0} as {1}) as {0}", quoted(&column.name), in_duckdb(&column.ty));
    let casts: Vec<String> = table.columns.iter().map(cast).collect();
    let casts = if casts.is_empty() { "1 as one".to_owned() } else { casts.join(", ") };
    let sql = format!("select {casts} from (select {select} from {from}) as stored");
    if let Some(folder) = folder {
        let file = folder.join(format!("{}.json", source.name.value));
        // What is there has been read of the same files by the same query.
        let asked = folder.join(format!("{}.sql", source.name.value));
        if !std::fs::read_to_string(&asked).is_ok_and(|known| known == sql) {
            duckdb.write(&sql, &file).unwrap_or_else(|why| fail(why));
            std::fs::write(asked, sql).unwrap();
        }
        table.file = Some(file);
    } else {
        table.rows = duckdb.query(&sql).unwrap_or_else(|why| fail(why)).rows;
    }
    if table.columns.is_empty() {
        table.columns.push(Column { name: "one".to_owned(), ty: "integer".to_owned() });
    }
    table
}

/// The tables of a spec test: those of sources without rows are empty, but for a calendar, which every test has.
pub fn of_test(model: &Model, test: &TestCase, duckdb: &mut Driver) -> Vec<Table> {
    let mut tables = Vec::new();
    for (id, source) in model.sources.iter().filter(|(_, source)| source.journey.is_none()) {
        let given = test.given.iter().find(|given| given.source == id);
        let is_calendar = model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == id);
        tables.push(match given {
            None if is_calendar && source.relation.is_some() => read_source(model, source, duckdb, None),
            given => given_rows(model, source, given),
        });
    }
    tables
}

fn given_rows(model: &Model, source: &Source, given: Option<&Given>) -> Table {
    let stored = stored(model, source);
    let mut table = empty(source, &stored);
    let rows = given.map_or(&[][..], |given| &given.rows);
    for row in rows {
        let cell = |column: &Column| {
            let of = stored.iter().filter(|stored| stored.name.to_lowercase() == column.name.to_lowercase());
            of.flat_map(|stored| row.iter().filter(|(id, _)| *id == stored.id).map(|(_, cell)| text(cell, stored.part)))
                .next()
                .flatten()
        };
        table.rows.push(table.columns.iter().map(cell).collect());
    }
    for (at, column) in table.columns.iter_mut().enumerate().filter(|(_, column)| column.ty == "decimal") {
        column.ty = decimal(table.rows.iter().filter_map(|row| row[at].as_deref()));
    }
    if table.columns.is_empty() {
        table.columns.push(Column { name: "one".to_owned(), ty: "integer".to_owned() });
        table.rows.iter_mut().for_each(|row| row.push(Some("1".to_owned())));
    }
    table
}

/// A decimal with room for all digits: that of most warehouses where it will do.
fn decimal<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let (mut before, mut after) = (14, 4);
    for digits in cells {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        before = before.max(whole.trim_start_matches(['-', '0']).len());
        after = after.max(fraction.len());
    }
    if before + after <= 18 { "decimal(18, 4)".to_owned() } else { format!("decimal(38, {after})") }
}

/// A cell that a test gives, as canonical text.
fn text(cell: &model::Cell, part: usize) -> Cell {
    Some(match cell {
        model::Cell::Null => return None,
        model::Cell::Truth(truth) => truth.to_string(),
        model::Cell::Number(digits) => plain(digits),
        model::Cell::NotFinite(word) => match word.to_lowercase().as_str() {
            "nan" => "NaN".to_owned(),
            word if word.starts_with('-') => "-Infinity".to_owned(),
            _ => "Infinity".to_owned(),
        },
        model::Cell::Text(text) => text.clone(),
        model::Cell::Day(day) => day.to_string(),
        model::Cell::Wall(reading) | model::Cell::Instant(reading) => format!("{} {}", reading.date(), reading.time()),
        model::Cell::Key(parts) => return parts.get(part).cloned(),
    })
}

/// Digits without an exponent, a sign that says nothing, or a point at an end.
fn plain(written: &str) -> String {
    let lower = written.to_lowercase();
    let (digits, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.trim_start_matches('+')),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let shift: i64 = exponent.parse().unwrap();
    let all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).unwrap() + shift;
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= all.len() => (format!("{all:0<point$}"), String::new()),
        Ok(point) => (all[..point].to_owned(), all[point..].to_owned()),
        Err(_) => (String::new(), format!("{}{all}", "0".repeat(usize::try_from(-point).unwrap()))),
    };
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[test]
fn digits_are_written_out() {
    let all = [("1", "1"), ("+012.50", "12.5"), ("-.5", "-0.5"), ("1.25e3", "1250"), ("125e-4", "0.0125"), ("1e2", "100")];
    for (written, expected) in all {
        assert_eq!(plain(written), expected, "{written}");
    }
}
