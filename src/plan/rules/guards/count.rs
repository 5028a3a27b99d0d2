//! The queries that count rows for which a rule does not hold, and those that show the first of them.
//!
//! Where a table or Parquet files are read, each look costs as much as the columns that it needs, so each has its own query: a null
//! time is found by statistics alone, and a reference that is not found by counting those that are, which engines do several times
//! as fast as the opposite. What has to be read or worked out as a whole is so once.

use super::read::{About, Asked, Look};
use super::{Counted, Counting, Guard, Guards, sources_read};
use crate::functions::{operators, sum};
use crate::model::expr::Expr;
use crate::model::files::FileFormat;
use crate::model::{Model, Relation, SourceId};
use crate::plan::algebra::relation::{
    Body, From, JoinKind, Part, Query, Rows, Scalar, Select, column, count_rows, fold, impossible,
};
use crate::plan::rules::{self, EXAMPLES, RowsOf, Rule, Within, count_where, is_there};

/// How many lists of conditions are looked at, at most; with more only those that all of them share.
const ALTERNATIVES: usize = 16;

pub(super) fn guards(model: &Model, asked: Vec<Asked>) -> Guards {
    let mut made = Guards::default();
    let mut rows: Vec<(usize, Asked)> = Vec::new();
    for asked in asked {
        let place = made.guards.len();
        let (examples, counting) = queries(model, &asked);
        let About { of, through, source, rule } = asked.about.clone();
        made.guards.push(Guard { of, through, source, rule, examples });
        match counting {
            Some((query, column)) => {
                let columns = vec![Counted { guard: place, column: column.to_owned(), taken_off: false }];
                made.counts.push(counting_of(query, columns));
            }
            None => rows.push((place, asked)),
        }
    }
    while let Some((_, first)) = rows.first() {
        let of = first.about.of;
        let within = bare(&first.within);
        let (same, others) = rows.into_iter().partition(|(_, other)| other.about.of == of && bare(&other.within) == within);
        rows = others;
        if is_read_once(model, of, &within) { together(model, &same, &mut made) } else { apart(model, &same, &mut made) }
    }
    made
}

fn counting_of(query: Query, columns: Vec<Counted>) -> Counting {
    let reads = sources_read(std::slice::from_ref(&query));
    Counting { query, columns, reads }
}

/// What decides whether rows can be looked at in one query.
fn bare(within: &Within) -> Within {
    Within { parts: within.parts.clone(), rows: within.rows.clone(), taken: within.taken.clone(), ..Within::default() }
}

/// Whether rows are better read once, whatever is asked of them.
fn is_read_once(model: &Model, of: SourceId, within: &Within) -> bool {
    let columns_alone = match &model.sources.get(of).relation {
        Some(Relation::Table(_)) => true,
        Some(Relation::Files(files)) => files.format == FileFormat::Parquet,
        Some(Relation::Query(_)) | None => false,
    };
    within.rows.is_some() || !columns_alone
}

/// The rows of one guard.
fn rows_of<'a>(model: &'a Model, asked: &Asked) -> RowsOf<'a> {
    let within = Within { filter: conditions(&asked.filters), ..asked.within.clone() };
    RowsOf::read(model, asked.about.of, within)
}

/// The query that shows the first rows of a guard, and the one that counts them, if it is one of its own.
fn queries(model: &Model, asked: &Asked) -> (Query, Option<(Query, &'static str)>) {
    match &asked.look {
        Look::Rows => {
            let rule = asked.about.rule;
            let counting = (rule == Rule::NoOverlap).then(|| (rules::count_overlaps(rows_of(model, asked)), "overlaps"));
            (rules::examples_among(rows_of(model, asked), rule), counting)
        }
        Look::Key => {
            let mut rows = rows_of(model, asked);
            let mut select = Select::default();
            for (at, part) in rows.key().into_iter().enumerate() {
                select.filter.push(is_there(&part));
                select.column(part, &format!("key_{}", at + 1));
            }
            let parts = rows.finish(&mut select);
            repeated(&parts, select)
        }
        Look::Made(select) => repeated(&asked.within.parts, (**select).clone()),
    }
}

/// The keys that stand in several rows: the first of them, and how many rows are too many.
fn repeated(parts: &[Part], mut select: Select) -> (Query, Option<(Query, &'static str)>) {
    const KEYS: &str = "rows_of_keys";
    let names: Vec<String> =
        select.columns.iter().map(|(_, name)| name.clone()).filter(|name| name.starts_with("key_")).collect();
    select.group_by_these();
    select.column(count_rows(), "times");
    select.having.push(Expr::apply(&operators::GREATER, vec![count_rows(), Expr::number(1)]));
    let from = Some(From { relation: Rows::Select(Box::new(select)), name: KEYS.to_owned() });
    let query = |select: Select| Query { parts: parts.to_vec(), result: Body::Select(select) };
    let mut examples = Select { from: from.clone(), limit: Some(EXAMPLES), ..Select::default() };
    examples.order.push((column(KEYS, "times"), true));
    for name in &names {
        examples.column(column(KEYS, name), name);
        examples.order.push((column(KEYS, name), false));
    }
    examples.column(column(KEYS, "times"), "times");
    let mut count = Select { from, ..Select::default() };
    let more = Expr::apply(&operators::SUBTRACT, vec![column(KEYS, "times"), Expr::number(1)]);
    count.column(fold(&sum::SUM, more), "repeated");
    (query(examples), Some((query(count), "repeated")))
}

/// All guards of some rows in one query.
fn together(model: &Model, all: &[(usize, Asked)], made: &mut Guards) {
    let Some((_, first)) = all.first() else { return };
    let filters: Vec<Vec<Scalar>> = all.iter().map(|(_, asked)| conditions(&asked.filters)).collect();
    let shared: Vec<Scalar> = filters.first().cloned().unwrap_or_default();
    let shared: Vec<Scalar> =
        shared.into_iter().filter(|condition| filters.iter().all(|filter| filter.contains(condition))).collect();
    let mut within = Within { filter: shared.clone(), ..bare(&first.within) };
    for (_, asked) in all {
        within.stored.extend(asked.within.stored.iter().cloned());
        within.raw.extend(asked.within.raw.iter().cloned());
    }
    let mut rows = RowsOf::read(model, first.about.of, within);
    let mut select = Select::default();
    let mut columns = Vec::new();
    for ((place, asked), filter) in all.iter().zip(filters) {
        rows.within.through.clone_from(&asked.within.through);
        let own = filter.into_iter().filter(|condition| !shared.contains(condition));
        let condition = Expr::all(own.chain([rows.breaks(asked.about.rule)]).collect()).unwrap_or_else(impossible);
        columns.push(counted(*place, count_where(condition), &mut select));
    }
    let parts = rows.finish(&mut select);
    made.counts.push(counting_of(Query { parts, result: Body::Select(select) }, columns));
}

/// Adds a column that counts rows of a guard.
fn counted(guard: usize, count: Scalar, select: &mut Select) -> Counted {
    let column = format!("count_{}", guard + 1);
    select.column(count, &column);
    Counted { guard, column, taken_off: false }
}

/// Each look in a query of its own, but for those that read the same rows.
fn apart(model: &Model, all: &[(usize, Asked)], made: &mut Guards) {
    let is_reference = |asked: &Asked| matches!(asked.about.rule, Rule::Found(_));
    for (place, asked) in all.iter().filter(|(_, asked)| is_reference(asked)) {
        for is_found in [false, true] {
            let (query, counted) = references(model, *place, asked, is_found);
            made.counts.push(counting_of(query, vec![counted]));
        }
    }
    let mut left: Vec<&(usize, Asked)> = all.iter().filter(|(_, asked)| !is_reference(asked)).collect();
    while let Some((_, first)) = left.first() {
        let filter = conditions(&first.filters);
        let (same, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, other)| conditions(&other.filters) == filter);
        left = others;
        let [(place, asked)] = same.as_slice() else {
            let same: Vec<(usize, Asked)> = same.into_iter().cloned().collect();
            together(model, &same, made);
            continue;
        };
        let mut rows = rows_of(model, asked);
        let mut select = Select::default();
        select.filter.push(rows.breaks(asked.about.rule));
        let parts = rows.finish(&mut select);
        let counted = counted(*place, count_rows(), &mut select);
        made.counts.push(counting_of(Query { parts, result: Body::Select(select) }, vec![counted]));
    }
}

/// Counts the references that there are, or those that are found.
fn references(model: &Model, place: usize, asked: &Asked, is_found: bool) -> (Query, Counted) {
    let mut rows = rows_of(model, asked);
    let mut select = Select::default();
    if let Rule::Found(column) = asked.about.rule {
        select.filter = rows.scan.parts_along(&asked.within.through, column).iter().map(is_there).collect();
        if is_found {
            let path: Vec<_> = asked.within.through.iter().copied().chain([column]).collect();
            rows.scan.key_at(&path);
        }
    }
    let parts = rows.finish(&mut select);
    // Each row is joined to one at most: that no key stands twice is looked at beside.
    select.joins.iter_mut().for_each(|join| join.kind = JoinKind::Inner);
    let counted = Counted { taken_off: is_found, ..counted(place, count_rows(), &mut select) };
    (Query { parts, result: Body::Select(select) }, counted)
}

/// Lists of conditions, one of which has to hold as a whole, as one list: what all share, and one of the rests.
fn conditions(filters: &[Vec<Scalar>]) -> Vec<Scalar> {
    let Some((first, others)) = filters.split_first() else { return Vec::new() };
    let shared: Vec<Scalar> =
        first.iter().filter(|condition| others.iter().all(|filter| filter.contains(condition))).cloned().collect();
    let rests: Vec<Vec<Scalar>> =
        filters.iter().map(|filter| filter.iter().filter(|condition| !shared.contains(condition)).cloned().collect()).collect();
    if rests.len() > ALTERNATIVES || rests.iter().any(Vec::is_empty) {
        return shared;
    }
    let either = Expr::any(rests.into_iter().filter_map(Expr::all).collect());
    shared.into_iter().chain(either).collect()
}
