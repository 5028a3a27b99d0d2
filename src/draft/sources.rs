//! Decides what a table is: its key, its time, what it refers to, and which KPIs to begin with.
//!
//! What the engine declares (keys, references) counts first; then names, as far as the rows bear them out. Whatever is decided here
//! is a proposal: the file that comes of it says so where it matters.

use super::names::{free, singular};
use super::tables::{Column, Place, Table, key_stem, may_be_key, relation};
use crate::engine::types::Family;
use crate::engine::{Engine, Failure};
use crate::measure::number;
use crate::model::unit::Unit;
use crate::sql::dialect::dialect;

/// A source that is proposed for a table.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name, which is that of the table.
    pub name: String,
    /// The noun that one row stands for.
    pub row: String,
    /// The table.
    pub table: Table,
    /// Whether rows happen; else they are things.
    pub events: bool,
    /// The columns of the key, by place.
    pub key: Vec<usize>,
    /// The column of the time, by place.
    pub time: Option<usize>,
    /// The references.
    pub references: Vec<Reference>,
    /// The KPIs to begin with.
    pub kpis: Vec<Kpi>,
}

/// A column that holds the key of another source.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// The column, by place.
    pub column: usize,
    /// The name of the reference.
    pub name: String,
    /// The source.
    pub target: String,
    /// How many rows name a key that is not there.
    pub lost: u64,
}

/// A KPI to begin with.
#[derive(Debug, Clone)]
pub(super) struct Kpi {
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub of: Of,
    /// The columns by which it is sliced, by their names in the spec.
    pub by: Vec<String>,
}

/// What a KPI is made of.
#[derive(Debug, Clone)]
pub(super) enum Of {
    /// The rows of the period.
    Rows,
    /// All rows, as they have no time.
    AllRows,
    /// A column, by place, with the currency that its name says.
    Sum(usize, Option<String>),
}

/// A table that has been left out, with the reason.
type LeftOut = (String, String);

/// What a table may be referred to by: its single key.
struct Target {
    name: String,
    row: String,
    place: Place,
    key: Column,
}

/// Proposes a source for each table of which one can be made.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn decide(tables: Vec<Table>, engine: &dyn Engine) -> Result<(Vec<Source>, Vec<LeftOut>), Failure> {
    let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    let mut left_out = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    for table in tables {
        let key = key(&table, &names);
        let time = time(&table);
        if key.is_empty() && time.is_none() {
            let reason = if table.rows == 0 {
                "it has no rows, which would show what its columns are"
            } else {
                "no column is a time, and none tells its rows apart"
            };
            left_out.push((table.name.clone(), reason.to_owned()));
            continue;
        }
        let (name, row) = (table.name.clone(), singular(&table.name));
        sources.push(Source { name, row, table, events: false, key, time, references: Vec::new(), kpis: Vec::new() });
    }
    references(&mut sources, engine)?;
    let referred: Vec<String> =
        sources.iter().flat_map(|source| source.references.iter().map(|reference| reference.target.clone())).collect();
    let mut taken = Vec::new();
    for source in &mut sources {
        // What others refer to and itself refers to nothing is a thing, even if it says when it came to be.
        let thing = source.references.is_empty() && referred.contains(&source.name) && !source.key.is_empty();
        source.events = source.time.is_some() && !thing;
        taken.push(source.name.clone());
    }
    for source in &mut sources {
        source.kpis = kpis(source, &mut taken);
    }
    Ok((sources, left_out))
}

fn has_type(column: &Column) -> bool {
    column.family != Family::Other
}

/// The columns that tell the rows apart: the declared key, or a column that is named like one and is one.
fn key(table: &Table, tables: &[String]) -> Vec<usize> {
    let declared: Vec<usize> =
        table.key.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect();
    if !declared.is_empty()
        && declared.len() == table.key.len()
        && declared.iter().all(|at| table.columns.get(*at).is_some_and(has_type))
    {
        return declared;
    }
    let own = singular(&table.name);
    let rank = |at: usize, column: &Column| match key_stem(&column.spec_name) {
        // Tables of codes begin with the code.
        None => (at == 0 && table.rows > 1).then_some(3),
        Some("") => Some(0),
        Some(stem) if stem == own || stem == table.name || own.ends_with(&format!("_{stem}")) => Some(1),
        // The key of another table tells nothing apart here, even if it does so by chance.
        Some(stem) if tables.iter().any(|name| *name == stem || singular(name) == stem) => None,
        Some(_) => (table.rows > 0).then_some(2),
    };
    let is_key = |column: &Column| {
        matches!(column.family, Family::Integer | Family::Text) && column.filled == table.rows && column.different == table.rows
    };
    let ranked = table.columns.iter().enumerate().filter(|(_, column)| is_key(column));
    let best = ranked.filter_map(|(at, column)| Some((rank(at, column)?, at))).min();
    best.map(|(_, at)| at).into_iter().collect()
}

/// The time at which a row counts: rather one that is always there, and not that of the last change.
fn time(table: &Table) -> Option<usize> {
    let is_time = |column: &Column| matches!(column.family, Family::Date | Family::Timestamp | Family::Instant);
    let late =
        ["update", "modif", "delete", "load", "sync", "change", "end", "expire", "due", "valid", "birth", "cancel", "last"];
    let early = ["creat", "order", "happen", "occur", "event", "placed", "purchas", "sold", "sign", "start", "book", "paid"];
    let score = |column: &Column| {
        let name = &column.spec_name;
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let has_nulls = column.filled < table.rows;
        (has_nulls, is(&late), !is(&early))
    };
    let times = table.columns.iter().enumerate().filter(|(_, column)| is_time(column));
    // A column that is null in most rows says when something else happened.
    let usable = times.filter(|(_, column)| table.rows == 0 || column.filled * 2 > table.rows);
    usable.min_by_key(|(at, column)| (score(column), *at)).map(|(at, _)| at)
}

/// Finds references: columns that are declared so or named after another source, whose values are keys there.
fn references(sources: &mut [Source], engine: &dyn Engine) -> Result<(), Failure> {
    let dialect = dialect(None);
    let targets: Vec<Target> = sources
        .iter()
        .filter_map(|source| match source.key.as_slice() {
            [only] => Some(Target {
                name: source.name.clone(),
                row: source.row.clone(),
                place: source.table.place.clone(),
                key: source.table.columns.get(*only)?.clone(),
            }),
            _ => None,
        })
        .collect();
    let mut asked: Vec<(usize, usize, String, String)> = Vec::new();
    let mut queries = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        for (place, column) in source.table.columns.iter().enumerate() {
            let own_key = source.key == [place];
            let Some((target, name)) = target(source, column, &targets).filter(|_| !own_key || declared(source, column)) else {
                continue;
            };
            let (here, there) = (dialect.identifier(&column.name), dialect.identifier(&target.key.name));
            queries.push(format!(
                "select count(*) as lost from {} where {here} is not null and {here} not in \
                 (select {there} from {} where {there} is not null)",
                relation(&source.table.place, dialect),
                relation(&target.place, dialect),
            ));
            asked.push((at, place, target.name.clone(), name));
        }
    }
    for ((at, column, target, name), answer) in asked.into_iter().zip(engine.answer("", &queries)?) {
        let Ok(rows) = answer else { continue };
        let lost = rows.rows.first().and_then(|row| rows.get(row, "lost")).and_then(number).unwrap_or(0.0);
        let Some(source) = sources.get_mut(at) else { continue };
        let filled = source.table.columns.get(column).map_or(0, |column| column.filled);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
        let lost = lost.max(0.0) as u64;
        // A name alone makes no reference: most values have to be keys.
        if filled > 0 && lost.saturating_mul(5) > filled {
            continue;
        }
        let others = source.table.columns.iter().enumerate().filter(|(place, _)| *place != column);
        let mut taken: Vec<String> = others.map(|(_, column)| column.spec_name.clone()).collect();
        taken.extend(source.references.iter().map(|reference| reference.name.clone()));
        let own = source.table.columns.get(column).map(|column| column.spec_name.clone()).unwrap_or_default();
        // A key keeps its name, which stands under `key:` too.
        let wish = if taken.contains(&name) || source.key.contains(&column) { own } else { name };
        source.references.push(Reference { column, name: free(&wish, &mut taken), target, lost });
    }
    Ok(())
}

fn declared(source: &Source, column: &Column) -> bool {
    source.table.references.iter().any(|(name, ..)| *name == column.name)
}

/// To which source a column may refer, and what the reference is called.
fn target<'a>(source: &Source, column: &Column, targets: &'a [Target]) -> Option<(&'a Target, String)> {
    let stem = key_stem(&column.spec_name).filter(|stem| !stem.is_empty());
    let name = || stem.unwrap_or(&column.spec_name).to_owned();
    let of = source.table.references.iter().find(|(name, ..)| *name == column.name);
    if let Some((_, place, key)) = of {
        return targets.iter().find(|target| target.place == *place && target.key.name == *key).map(|target| (target, name()));
    }
    let same_type = |target: &&Target| target.key.family == column.family && target.name != source.name;
    let exact = |target: &&Target| stem.is_some_and(|stem| stem == target.row || stem == target.name);
    // `origin_airport_id` refers to airports, in the role of an origin.
    let role = |target: &&Target| stem.is_some_and(|stem| stem.ends_with(&format!("_{}", target.row)));
    let same_key = |target: &&Target| column.spec_name == target.key.spec_name && column.spec_name != "id";
    let by_name = |target: &&Target| column.spec_name == target.row && may_be_key(&target.key.spec_name);
    let mut fitting = targets.iter().filter(same_type);
    let found = fitting
        .clone()
        .find(exact)
        .or_else(|| fitting.clone().find(same_key))
        .or_else(|| fitting.clone().find(by_name))
        .or_else(|| fitting.find(role));
    found.map(|target| (target, name()))
}

/// The words of names that are amounts, the most telling first.
const AMOUNTS: [&str; 15] = [
    "revenue", "amount", "sales", "turnover", "total", "paid", "net", "gross", "value", "cost", "fee", "price", "quantity",
    "qty", "units",
];
/// Words that need the name of the row before them to mean something.
const BARE: [&str; 9] = ["amount", "total", "value", "paid", "net", "gross", "price", "cost", "fee"];
/// How many sums of a source are proposed.
const SUMS: usize = 2;

fn kpis(source: &Source, taken: &mut Vec<String>) -> Vec<Kpi> {
    let table = &source.table;
    let mut kpis = Vec::new();
    // The names of sources have been taken for the counts.
    let reserved =
        ["period", "is_complete", "kpi_values", "key_results", "objectives", "guardrails", "north_star", "source_freshness"];
    let name = if reserved.contains(&source.name.as_str()) {
        free(&format!("{}_count", source.name), taken)
    } else {
        source.name.clone()
    };
    let of = if source.time.is_some() { Of::Rows } else { Of::AllRows };
    kpis.push(Kpi { name, of, by: slice(source).into_iter().collect() });
    if source.time.is_none() {
        return kpis;
    }
    let rank = |column: &Column| AMOUNTS.iter().position(|word| column.spec_name.split('_').any(|part| part == *word));
    let is_amount = |at: usize, column: &Column| {
        matches!(column.family, Family::Integer | Family::Decimal | Family::Floating)
            && !may_be_key(&column.spec_name)
            && !source.key.contains(&at)
            && !source.references.iter().any(|reference| reference.column == at)
    };
    let columns = table.columns.iter().enumerate().filter(|(at, column)| is_amount(*at, column));
    let mut amounts: Vec<(usize, usize)> = columns.filter_map(|(at, column)| Some((rank(column)?, at))).collect();
    amounts.sort_unstable();
    for (_, at) in amounts.into_iter().take(SUMS) {
        let Some(column) = table.columns.get(at) else { continue };
        let currency = column.spec_name.rsplit('_').next().and_then(currency);
        let bare = BARE.contains(&column.spec_name.as_str());
        let wish = if bare { format!("{}_{}", source.row, column.spec_name) } else { column.spec_name.clone() };
        kpis.push(Kpi { name: free(&wish, taken), of: Of::Sum(at, currency), by: Vec::new() });
    }
    kpis
}

/// The currency that the last word of a name is.
fn currency(word: &str) -> Option<String> {
    let code = word.to_uppercase();
    let unit = (word.len() == 3).then(|| Unit::parse(&code).ok()).flatten()?;
    unit.currency().is_some().then_some(code)
}

/// A column with a handful of values, to slice the count by.
fn slice(source: &Source) -> Option<String> {
    let views = ["period", "value", "is_complete", "age"];
    let fits = |column: &&Column| {
        column.family == Family::Text
            && (2..=12).contains(&column.different)
            && source.table.rows >= 4 * column.different
            && !may_be_key(&column.spec_name)
            && !views.contains(&column.spec_name.as_str())
            && !crate::spec::RESERVED_WORDS.contains(&column.spec_name.as_str())
    };
    source.table.columns.iter().find(fits).map(|column| column.spec_name.clone())
}
