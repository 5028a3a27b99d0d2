//! Finds what tells the rows of a table apart: a declared key, one column, or several together.

use super::Asked;
use super::names::singular;
use super::tables::{Column, Table, key_stem, may_be_key, relation};
use crate::engine::Failure;
use crate::engine::types::Family;
use crate::measure::number;

/// What tells rows apart, and what is to be said of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Key {
    /// The columns, by place; none if nothing does.
    pub columns: Vec<usize>,
    /// What would be the key, and why it is none; empty if there is nothing to say.
    pub remark: String,
    /// The thing and the day by which rows are known, with how many days there are, if each thing is there on most days.
    pub daily: Option<(usize, usize, f64)>,
}

/// How many columns are tried together with others.
const TOGETHER: usize = 6;

/// The key of each table.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn keys(tables: &[Table], engine: &Asked<'_>) -> Result<Vec<Key>, Failure> {
    let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    let mut keys: Vec<Key> = tables.iter().map(|table| alone(table, &names)).collect();
    let mut asked = Vec::new();
    let mut queries = Vec::new();
    for (at, (table, key)) in tables.iter().zip(&keys).enumerate() {
        if !key.columns.is_empty() || table.rows < 2 {
            continue;
        }
        for (first, second) in pairs(table) {
            let name = |at: usize| table.columns.get(at).map(|column| engine.dialect.identifier(&column.name).into_owned());
            let (Some(one), Some(other)) = (name(first), name(second)) else { continue };
            queries.push(format!(
                "select count(*) as pairs, count(distinct {one}) as firsts, count(distinct {other}) as seconds from \
                 (select distinct {one}, {other} from {}) as pairs_of_them",
                relation(&table.place, engine.dialect)
            ));
            asked.push((at, first, second));
        }
    }
    for ((at, first, second), answer) in asked.into_iter().zip(engine.answer("", &queries)?) {
        let (Ok(rows), Some(table), Some(key)) = (answer, tables.get(at), keys.get_mut(at)) else { continue };
        let row = rows.rows.first().map(Vec::as_slice).unwrap_or_default();
        let count = |name: &str| rows.get(row, name).and_then(number).unwrap_or(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let all = table.rows as f64;
        // By chance nobody orders twice a day: with a day only what is there on most days is known by it.
        let has_day =
            [first, second].iter().any(|at| table.columns.get(*at).is_some_and(|column| column.family == Family::Date));
        let is_dense = !has_day || all * 2.0 > count("firsts") * count("seconds");
        if key.columns.is_empty() && (count("pairs") - all).abs() < 0.5 && is_dense {
            let is_day = |at: usize| table.columns.get(at).is_some_and(|column| column.family == Family::Date);
            key.columns = vec![first, second];
            key.remark.clear();
            key.daily = match (is_day(first), is_day(second)) {
                (true, _) => Some((second, first, count("firsts"))),
                (_, true) => Some((first, second, count("seconds"))),
                _ => None,
            };
        }
    }
    Ok(keys)
}

fn has_type(column: &Column) -> bool {
    column.family != Family::Other
}

/// The declared key, or a column that is named like one and is one; else what lacks little to be one.
fn alone(table: &Table, tables: &[String]) -> Key {
    let declared: Vec<usize> =
        table.key.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect();
    if !declared.is_empty()
        && declared.len() == table.key.len()
        && declared.iter().all(|at| table.columns.get(*at).is_some_and(has_type))
    {
        return Key { columns: declared, ..Key::default() };
    }
    let own = singular(&table.name);
    let rank = |at: usize, column: &Column| match key_stem(&column.spec_name) {
        // Tables of codes start with the code.
        None => (at == 0 && table.rows > 1).then_some(3),
        Some("") => Some(0),
        Some(stem) if stem == own || stem == table.name || own.ends_with(&format!("_{stem}")) => Some(1),
        // The key of another table tells nothing apart here, even if it does so by chance.
        Some(stem) if tables.iter().any(|name| *name == stem || singular(name) == stem) => None,
        Some(_) => (table.rows > 0).then_some(2),
    };
    let may_be = |column: &Column| matches!(column.family, Family::Integer | Family::Text);
    let is_key = |column: &Column| column.filled == table.rows && column.different == table.rows;
    let ranked = |wanted: &dyn Fn(&Column) -> bool| {
        let columns = table.columns.iter().enumerate().filter(|(_, column)| may_be(column) && wanted(column));
        columns.filter_map(|(at, column)| Some((rank(at, column)?, at))).min()
    };
    if let Some((_, at)) = ranked(&is_key) {
        return Key { columns: vec![at], ..Key::default() };
    }
    // What is called a key and nearly is one.
    let nearly = |column: &Column| column.different * 10 >= table.rows * 9 && table.rows > 0;
    let remark = match ranked(&nearly).filter(|(rank, _)| *rank < 3).and_then(|(_, at)| table.columns.get(at)) {
        None => String::new(),
        Some(column) => {
            let (missing, repeated) = (table.rows - column.filled, column.filled - column.different);
            let rows = |count: u64, one: &str, many: &str| {
                (count > 0).then(|| if count == 1 { format!("1 row {one}") } else { format!("{count} rows {many}") })
            };
            let why: Vec<String> =
                rows(repeated, "repeats one", "repeat one").into_iter().chain(rows(missing, "has none", "have none")).collect();
            format!("{} would be the key, but {}", column.spec_name, why.join(" and "))
        }
    };
    Key { remark, ..Key::default() }
}

/// Pairs of columns that may tell rows apart together, the likeliest first.
fn pairs(table: &Table) -> Vec<(usize, usize)> {
    let is_part = |column: &Column| {
        let last = column.spec_name.rsplit('_').next().unwrap_or_default();
        may_be_key(&column.spec_name)
            || ["line", "position", "pos", "item", "seq", "sequence", "month", "year", "version"].contains(&last)
    };
    let rank = |column: &Column| match column.family {
        Family::Integer | Family::Text if column.filled == table.rows && is_part(column) => Some(0),
        Family::Date if column.filled == table.rows => Some(1),
        _ => None,
    };
    let mut parts: Vec<(u8, usize)> =
        table.columns.iter().enumerate().filter_map(|(at, column)| Some((rank(column)?, at))).collect();
    parts.sort_unstable();
    parts.truncate(TOGETHER);
    let mut pairs = Vec::new();
    for (place, (rank, first)) in parts.iter().enumerate() {
        for (other, second) in parts.iter().skip(place + 1) {
            // Two days are no key.
            if rank + other < 2 {
                pairs.push((rank + other, *first.min(second), *first.max(second)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, first, second)| (first, second)).collect()
}
