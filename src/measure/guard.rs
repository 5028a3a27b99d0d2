//! Checks of the data that figures stand on, beside the figures: what these rely on, of the rows that they read. What would give a
//! wrong number is refused; of what a figure leaves out, it is said how much that is. `held` has the table.

use super::held::{self, Of};
use super::refused::{Refused, SAME_NAME, finding, place};
use super::{Session, calendar, files, number};
use crate::diagnostic::{Finding, Findings, Level, Severity, codes, suggest};
use crate::engine::types::Family;
use crate::engine::{Answer, Failure, Kind, Refusal, Rows};
use crate::model::facts::Type;
use crate::model::{Clock, Column, ColumnId, Relation, Source, SourceId, Storage};
use crate::plan::relation::{Query, RelationRef};
use crate::plan::rules::Rule;
use crate::plan::rules::guards::{self, Counted, Guard, Guards, sources_read};
use crate::plan::views::checks;
use crate::rawsql;
use crate::sql;
use std::collections::{BTreeMap, BTreeSet};

/// Whether data is looked at beside figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarding {
    /// What figures rely on is looked at.
    On,
    /// Nothing is.
    Off,
}

/// Looks at the data that some queries read while these are answered.
///
/// # Errors
/// Fails if the engine cannot be used, unless something is wrong with the data: then that is why.
pub fn beside<T: Send>(
    session: &Session<'_>,
    guarding: Guarding,
    queries: &[Query],
    answer: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<Guarded<T>, Failure> {
    if guarding == Guarding::Off {
        return Ok(Guarded::Sound(answer()?, Findings::default()));
    }
    let (found, answered) = rayon::join(|| check(session, queries), answer);
    let found = found?;
    if found.has_errors() { Ok(Guarded::Unfit(found)) } else { Ok(Guarded::Sound(answered?, found)) }
}

/// An answer, and what there is to say of the data that it stands on.
#[derive(Debug)]
pub enum Guarded<T> {
    /// The answer stands; the findings say what it leaves out.
    Sound(T, Findings),
    /// The data is not fit for figures.
    Unfit(Findings),
}

/// Checks the data that some queries read: columns and types, a custom calendar, and the rules that figures rely on.
///
/// # Errors
/// Fails if the engine cannot be used. What is wrong with the data comes back as findings, at the levels that the project gives them.
pub fn check(session: &Session<'_>, queries: &[Query]) -> Result<Findings, Failure> {
    let model = session.project.model();
    let read = sources_read(queries);
    let calendar = model.calendar_source.as_ref().filter(|calendar| read.contains(&calendar.source));
    let of_days = calendar.map(|days| calendar::questions(session, days)).unwrap_or_default();
    let Guards { guards, counts } = guards::guards(model, queries);
    // All at once: the engine is started once, and reads while nobody waits.
    let (of_files, others) = by_files(session, &read);
    let (asked, mut texts) = descriptions(session, &others);
    texts.extend(of_days.iter().cloned());
    texts.extend(counts.iter().map(|counting| sql::query(&counting.query, session.dialect())));
    let mut answers = session.engine.answer("", &texts)?;
    let counted = answers.split_off(asked.len() + of_days.len());
    let of_calendar = answers.split_off(asked.len());
    let mut findings = Findings::default();
    let mut unfit = files::columns(session, &of_files, &mut findings)?;
    unfit.extend(described(session, asked, answers, &mut findings)?);
    raw_columns(session, &mut unfit, &mut findings)?;
    let mut unchecked = Refused::default();
    let is_sound = |id: &SourceId| unfit.get(id).is_some_and(BTreeSet::is_empty);
    if let Some(calendar) = calendar.filter(|calendar| is_sound(&calendar.source)) {
        calendar::answered(session, calendar, of_calendar, &mut findings, &mut unchecked);
    }
    let mut broken = vec![0; guards.len()];
    let mut said = BTreeSet::new();
    for (counting, answer) in counts.iter().zip(counted) {
        match answer {
            Ok(rows) => add_counts(&rows, &counting.columns, &mut broken),
            // What cannot be read has been said, and what stops one query stops others.
            Err(why) if !counting.reads.iter().all(is_sound) || !said.insert(why.said.clone()) => {}
            Err(why) => {
                let not_counted: Vec<&Guard> =
                    counting.columns.iter().filter_map(|counted| guards.get(counted.guard)).collect();
                if let Some(finding) = not_checked(session, &not_counted, &why) {
                    unchecked.of(counting.reads.clone(), finding);
                }
            }
        }
    }
    findings.append(unchecked.explained(session)?);
    // What is counted of rows that cannot all be read means nothing.
    let of_files = [&codes::VALUE_DOES_NOT_FIT, &codes::BROKEN_FILE];
    if !findings.iter().any(|finding| of_files.iter().any(|code| code.id == finding.code.id)) {
        report(session, &guards, &broken, &mut findings)?;
    }
    findings.sort();
    session.project.settle(false, &mut findings);
    Ok(findings)
}

/// Adds up how many rows each guard is about.
fn add_counts(rows: &Rows, columns: &[Counted], broken: &mut [i64]) {
    let Some(row) = rows.rows.first() else { return };
    for counted in columns {
        let value = rows.get(row, &counted.column).and_then(number).map_or(0, signed);
        if let Some(count) = broken.get_mut(counted.guard) {
            *count += if counted.taken_off { -value } else { value };
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a count of rows")]
fn signed(number: f64) -> i64 {
    number as i64
}

/// Reports the rules that do not hold, with the first rows for which they do not.
fn report(session: &Session<'_>, guards: &[Guard], broken: &[i64], findings: &mut Findings) -> Result<(), Failure> {
    let model = session.project.model();
    let is_key = |guard: &Guard| matches!(guard.rule, Rule::UniqueKey | Rule::NoOverlap);
    // A rule may be asked of several selects' rows: the most that are wrong stand for all.
    let mut worst: BTreeMap<_, (u64, &Guard)> = BTreeMap::new();
    for (guard, count) in guards.iter().zip(broken) {
        let Some(count) = u64::try_from(*count).ok().filter(|count| *count > 0) else { continue };
        let known = worst.entry((guard.of, &guard.through, guard.rule)).or_insert((0, guard));
        if count > known.0 {
            *known = (count, guard);
        }
    }
    let doubled: BTreeSet<SourceId> =
        worst.values().filter(|(_, guard)| is_key(guard)).map(|(_, guard)| guard.source).collect();
    // Through a key that appears twice rows are met twice, and counts of them mean nothing.
    let stands = |guard: &Guard| {
        let last = if let Rule::Found(column) = guard.rule { Some(column) } else { None };
        let mut at = guard.of;
        guard.through.iter().copied().chain(last).all(|step| {
            at = model.sources.get(at).columns.get(step).reference.unwrap_or(at);
            !doubled.contains(&at)
        })
    };
    let worst: Vec<(u64, &Guard)> = worst.into_values().filter(|(_, guard)| stands(guard)).collect();
    if worst.is_empty() {
        return Ok(());
    }
    let plans: Vec<Query> = worst.iter().map(|(_, guard)| guard.examples.clone()).collect();
    for ((count, guard), answer) in worst.into_iter().zip(session.answer(&plans)?) {
        let source = model.sources.get(guard.of);
        let shown = answer.ok().filter(|_| held::can_be_shown(source, guard.rule));
        let examples = shown.map(|rows| held::shown(source, guard.rule, &rows)).unwrap_or_default();
        let of = Of { source: guard.of, through: &guard.through, declared: guard.source, follows: true };
        let mut finding = held::broken(session.project, of, guard.rule, count, &examples);
        finding.severity = held::severity_beside_figures(finding.code);
        findings.push(finding);
    }
    Ok(())
}

/// Checks columns and types; gives the sources that can be read, each with the columns that are missing or of another type.
pub(super) fn columns(
    session: &Session<'_>,
    read: &BTreeSet<SourceId>,
    findings: &mut Findings,
) -> Result<BTreeMap<SourceId, BTreeSet<ColumnId>>, Failure> {
    let (of_files, others) = by_files(session, read);
    let mut readable = files::columns(session, &of_files, findings)?;
    let (asked, queries) = descriptions(session, &others);
    let answers = session.engine.answer("", &queries)?;
    readable.extend(described(session, asked, answers, findings)?);
    Ok(readable)
}

/// The queries that describe the columns of sources.
fn descriptions(session: &Session<'_>, read: &[SourceId]) -> (Vec<SourceId>, Vec<String>) {
    let mut asked = Vec::new();
    let mut queries = Vec::new();
    for id in read {
        if let Some(relation) = &session.project.model().sources.get(*id).relation {
            let relation = sql::relation(&RelationRef::of(relation), session.dialect());
            queries.push(session.engine.description(&format!("select * from {relation}")));
            asked.push(*id);
        }
    }
    (asked, queries)
}

/// The sources that are files, and all others.
fn by_files(session: &Session<'_>, read: &BTreeSet<SourceId>) -> (Vec<SourceId>, Vec<SourceId>) {
    read.iter().partition(|id| files::of(session.project.model().sources.get(**id)).is_some())
}

/// What the engine says of the columns of sources, against what is declared.
fn described(
    session: &Session<'_>,
    asked: Vec<SourceId>,
    answers: Vec<Answer>,
    findings: &mut Findings,
) -> Result<BTreeMap<SourceId, BTreeSet<ColumnId>>, Failure> {
    let mut readable = BTreeMap::new();
    for (id, answer) in asked.into_iter().zip(answers) {
        let source = session.project.model().sources.get(id);
        match answer {
            Ok(rows) => {
                readable.insert(id, unfit(source, &rows, findings));
            }
            Err(why) => {
                findings.push(unreadable(session, source, &why)?);
            }
        }
    }
    Ok(readable)
}

/// That the rows of a source cannot be read at all.
fn unreadable(session: &Session<'_>, source: &Source, why: &Refusal) -> Result<Finding, Failure> {
    // Of a table only its name is there to point at; of a query the place that the engine complains of.
    let query = source.relation_span.filter(|_| matches!(source.relation, Some(Relation::Query(_))));
    let span = query.map_or(source.name.span, |span| place(session.project.files(), span, why));
    let mut found = finding(&format!("the rows of `{}` cannot be read", source.name.value), Some(span), why);
    let is_kept_from_it = matches!(why.kind, Kind::Outside | Kind::Network | Kind::Confined | Kind::Unread);
    if is_kept_from_it || matches!(why.kind, Kind::NotAllowed | Kind::NoMemory | Kind::Interrupted) {
        return Ok(found);
    }
    found.code = &codes::NOT_IN_DATA;
    found.help(match &source.relation {
        _ if why.kind == Kind::SameName => SAME_NAME.to_owned(),
        Some(Relation::Query(_)) if why.kind == Kind::NoFile => {
            let near = why.about.as_deref().map_or(Ok(None), |path| files::nearby(session, path))?;
            near.unwrap_or_else(|| files::WHERE.to_owned())
        }
        Some(Relation::Query(_)) => {
            "run the query by itself to see more; `--verbose` shows the engine's own message".to_owned()
        }
        _ if session.dialect().is_embedded() => {
            "tables are read from the database set by `--database`, or by `database:` under `warehouse:`".to_owned()
        }
        _ => "check the name of the table, and which database `--connection` or the environment names".to_owned(),
    });
    Ok(found)
}

/// The columns of a source, if it has several that are in the data and none of them does.
fn none_is_there(source: &Source, known: &[(String, String)]) -> Option<BTreeSet<ColumnId>> {
    let mut stored = BTreeSet::new();
    for (id, column) in source.columns.iter() {
        for name in column.storage.stored() {
            if known.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return None;
            }
            stored.insert(id);
        }
    }
    (stored.len() > 2).then_some(stored)
}

/// The columns of a source that are missing or of another type.
fn unfit(source: &Source, rows: &Rows, findings: &mut Findings) -> BTreeSet<ColumnId> {
    let text =
        |row: &Vec<serde_json::Value>, at: usize| row.get(at).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let known: Vec<(String, String)> = rows.rows.iter().map(|row| (text(row, 0), text(row, 1))).collect();
    let mut unfit = BTreeSet::new();
    if let Some(stored) = none_is_there(source, &known) {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("the data of `{}` has none of the declared columns", source.name.value);
        findings.report(&codes::NOT_IN_DATA, source.name.span, message).help(format!(
            "it has: {}; check that it is the right data, and that a file's first line has the column names",
            names.join(", ")
        ));
        return stored;
    }
    for (id, column) in source.columns.iter() {
        for name in column.storage.stored() {
            let Some((_, ty)) = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
                let message = format!("the data of `{}` has no column `{name}`", source.name.value);
                let finding = findings.report(&codes::NOT_IN_DATA, column.name.span, message);
                let names = known.iter().map(|(name, _)| name.as_str());
                let mut help = suggest::did_you_mean(name, "it has", names).unwrap_or_default();
                if *name == column.name.value {
                    help.push_str(if help.is_empty() { "" } else { "; " });
                    help.push_str("if it has another name there, write `column: ...`");
                }
                finding.help(help);
                unfit.insert(id);
                continue;
            };
            if let Some(declared) = mismatch(column, ty) {
                let message = format!("`{}` is declared as {declared}, but the data has {ty}", column.name.value);
                let finding = findings.report(&codes::COLUMN_TYPE_DIFFERS, column.name.span, message);
                finding.help(advice(column, ty));
                unfit.insert(id);
            }
        }
    }
    unfit
}

/// How a column is declared, if the engine's type does not fit.
pub(super) fn mismatch(column: &Column, ty: &str) -> Option<String> {
    let found = Family::of(ty)?;
    let (declared, fits) = match (column.ty, &column.clock) {
        (Type::Timestamp, Clock::Instant) => ("an instant", found == Family::Instant),
        (Type::Timestamp, _) => ("a timestamp", found == Family::Timestamp),
        (Type::Date, _) => ("a date", found == Family::Date),
        (Type::Boolean, _) => ("a boolean", found == Family::Boolean),
        (Type::Integer, _) => ("an integer", found == Family::Integer),
        (Type::Decimal, _) => ("a decimal", matches!(found, Family::Decimal | Family::Integer)),
        (Type::Number, _) => ("a number", matches!(found, Family::Decimal | Family::Integer | Family::Floating)),
        (Type::Text, _) => ("a text", found == Family::Text),
        (Type::Key | Type::Null | Type::Error, _) => return None,
    };
    (!fits).then(|| declared.to_owned())
}

/// What to do about a column whose data has another type.
pub(super) fn advice(column: &Column, ty: &str) -> String {
    let name = &column.name.value;
    match (Family::of(ty).and_then(Family::declared), column.ty) {
        (None, _) => "kpic does not have this type; make the source a `query:` that casts the column".to_owned(),
        (Some("text"), Type::Date) => {
            format!("declare it as `text`, and derive the day in another column: `{{ type: date, expr: date({name}) }}`")
        }
        (Some("text"), Type::Integer | Type::Decimal | Type::Number) => {
            format!(
                "declare it as `text`, and derive the number in another column: `{{ type: number, expr: number({name}) \
             }}`"
            )
        }
        (Some("text"), Type::Timestamp) => {
            "make the source a `query:` that casts the column, or declare it as `text`".to_owned()
        }
        (Some(fitting), _) => format!("declare it as `{fitting}`"),
    }
}

/// Columns of raw SQL are there if the engine can make them; what cannot be made joins those that are unfit.
pub(super) fn raw_columns(
    session: &Session<'_>,
    unfit: &mut BTreeMap<SourceId, BTreeSet<ColumnId>>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let model = session.project.model();
    let (mut asked, mut queries, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for id in unfit.keys() {
        let source = model.sources.get(*id);
        // Where columns cannot be read, that has been said, and what stands on them cannot be told.
        let is_unread = |(column, _): (ColumnId, &Column)| unfit.get(id).is_some_and(|unfit| unfit.contains(&column));
        if files::of(source).is_some() && source.columns.iter().any(is_unread) {
            unread.push(*id);
            continue;
        }
        let Some(relation) = &source.relation else { continue };
        let relation = sql::relation(&RelationRef::of(relation), session.dialect());
        for (column_id, column) in source.columns.iter() {
            let Storage::Raw(each) = &column.storage else { continue };
            let Some((at, raw)) = each.placed(session.dialect().name()) else { continue };
            let raw = rawsql::enclosed(raw);
            queries.push(session.engine.description(&format!("select {raw} as made from {relation}")));
            asked.push((*id, column_id, column.sql_spans.get(at).copied().unwrap_or(column.name.span)));
        }
    }
    for id in unread {
        let raw = model.sources.get(id).columns.iter().filter(|(_, column)| matches!(column.storage, Storage::Raw(_)));
        unfit.entry(id).or_default().extend(raw.map(|(column, _)| column));
    }
    for ((id, column_id, written), answer) in asked.into_iter().zip(session.engine.answer("", &queries)?) {
        let column = model.sources.get(id).columns.get(column_id);
        let name = &column.name.value;
        let wrong = match answer {
            Ok(rows) => {
                let ty = rows
                    .rows
                    .first()
                    .and_then(|row| rows.get(row, "column_type"))
                    .and_then(|ty| ty.as_str())
                    .unwrap_or_default();
                mismatch(column, ty).map(|declared| {
                    let message = format!("`{name}` is declared as {declared}, but its SQL gives {ty}");
                    findings.report(&codes::COLUMN_TYPE_DIFFERS, column.name.span, message).help("declare this type");
                })
            }
            Err(why) => {
                let span = place(session.project.files(), written, &why);
                let mut found = finding(&format!("the SQL of `{name}` cannot be run"), Some(span), &why);
                found.code = &codes::NOT_IN_DATA;
                found.help(
                    "`sql:` is an expression over the stored columns of the source; `--verbose` shows the engine's own message",
                );
                findings.push(found);
                Some(())
            }
        };
        if wrong.is_some() {
            unfit.entry(id).or_default().insert(column_id);
        }
    }
    Ok(())
}

/// That the rows of a source can be read, but not looked through.
pub(super) fn refused(source: &Source, why: &Refusal) -> Finding {
    let mut found = finding(&format!("the rows of `{}` cannot be checked", source.name.value), Some(source.name.span), why);
    if why.kind == Kind::Other {
        found.help(
            "run the source's query or view by itself to see which rows fail; `--verbose` shows the engine's own \
             message",
        );
    }
    found
}

/// Whether what the engine refuses is to compute with some value, so that a query of less may work.
fn is_of_values(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Whole
            | Kind::Decimals
            | Kind::Sum
            | Kind::Spread
            | Kind::Number
            | Kind::Time
            | Kind::NotConvertible
            | Kind::NotStored
            | Kind::Other
    )
}

/// That what figures rely on has not been looked at. Figures that would be wrong without it are refused; where it would only say what
/// they leave out, they are shown.
fn not_checked(session: &Session<'_>, guards: &[&Guard], why: &Refusal) -> Option<Finding> {
    let model = session.project.model();
    let first = guards.first()?;
    let mut found = refused(model.sources.get(first.of), why);
    let only_warns = |guard: &&Guard| {
        let (code, span) = checks::declared(model, guard.source, guard.rule);
        matches!(session.project.level(code, span, checks::level_beside_figures(code)), Level::Warn | Level::Allow)
    };
    if guards.iter().all(only_warns) {
        found.severity = Severity::Warning;
        if !is_of_values(why.kind) {
            // The figures are not there either, for the same reason.
            return Some(found);
        }
        let mut unknown: Vec<String> = Vec::new();
        for guard in guards {
            let of = Of { source: guard.of, through: &guard.through, declared: guard.source, follows: true };
            let what = held::words(session.project, of, guard.rule).what;
            if !unknown.contains(&what) {
                unknown.push(what);
            }
        }
        found.help(format!(
            "the figures are those of the rows, but nobody has looked whether this holds: {}; a column that cannot be computed for \
             every row stands in the way",
            unknown.join("; ")
        ));
    }
    Some(found)
}
