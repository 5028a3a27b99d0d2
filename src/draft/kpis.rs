//! The KPIs to start with: a count of each source, and sums of what looks like an amount.

use super::names::free;
use super::sources::Source;
use super::tables::{Column, may_be_key};
use crate::engine::types::Family;
use crate::model::unit::Unit;

/// A KPI to start with.
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
    /// The rows of the period, or those that hold at its end.
    Rows,
    /// All rows, as they have no time.
    AllRows,
    /// A column, by place, with the currency that its name says.
    Sum(usize, Option<String>),
}

/// The words of names that are amounts, the most telling first.
const AMOUNTS: [&str; 22] = [
    "revenue", "mrr", "amount", "sales", "turnover", "total", "paid", "net", "gross", "balance", "value", "salary", "cost",
    "fee", "price", "quantity", "qty", "units", "umsatz", "betrag", "preis", "menge",
];
/// Words that need the name of the row before them to mean something.
const BARE: [&str; 12] =
    ["amount", "total", "value", "paid", "net", "gross", "price", "cost", "fee", "balance", "betrag", "preis"];
/// How many sums of a source are proposed.
const SUMS: usize = 2;

/// The KPIs of a source.
pub(super) fn kpis(source: &Source, taken: &mut Vec<String>) -> Vec<Kpi> {
    let table = &source.table;
    let mut kpis = Vec::new();
    // The names of sources have been taken for the counts.
    let reserved = [
        "period",
        "is_complete",
        "kpi_values",
        "key_results",
        "objectives",
        "guardrails",
        "north_star",
        "source_checks",
        "source_freshness",
    ];
    let name = if reserved.contains(&source.name.as_str()) {
        free(&format!("{}_count", source.name), taken)
    } else {
        source.name.clone()
    };
    let has_time = source.time.is_some() || source.holding.is_some();
    let of = if has_time { Of::Rows } else { Of::AllRows };
    kpis.push(Kpi { name, of, by: slice(source).into_iter().collect() });
    if !has_time {
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
