//! Sources of states: for how long their rows hold, and how aggregates look at them.

use super::Resolver;
use super::source::unknown_column;
use crate::calendar::{Grain, Length};
use crate::diagnostic::{Findings, codes, suggest};
use crate::formula::{Call, Expression, Kind};
use crate::functions::{first, last};
use crate::model::expr::{Edge, PairLeaf, Path, RowLeaf, Stock};
use crate::model::facts::Type;
use crate::model::{ColumnId, Holds, Model, Source, SourceId, SourceKind, Storage};
use crate::spec::reader::Text;
use crate::spec::source as written;
use crate::text::{Name, Span};

/// Reads for how long the rows of a source hold.
pub(super) fn holds(id: SourceId, written: &written::Source, model: &mut Model, findings: &mut Findings) {
    let source = model.sources.get(id);
    if source.kind != SourceKind::States {
        let keys = [
            written.valid.as_ref().and_then(|valid| Some(("valid", valid.from.as_ref()?.span))),
            written.snapshot.as_ref().map(|name| ("snapshot", name.span)),
            written.per_key.as_ref().map(|per| ("snapshot", per.span)),
            written.every.as_ref().map(|every| ("every", every.span)),
            written.stale_after.as_ref().map(|text| ("stale_after", text.span)),
        ];
        if let (Some((key, span)), Some(_)) = (keys.into_iter().flatten().next(), &written.kind) {
            let message = format!("only states have `{key}`: events and entities are not valid for a period of time");
            findings
                .report(&codes::CONFLICTING_KEYS, span, message)
                .help("if each row is a state that lasts for some time, write `kind: states`");
        }
        return;
    }
    if let Some(time) = &written.time {
        findings.report(&codes::CONFLICTING_KEYS, time.span, "states last for some time and have no single `time`").help(
            format!(
                "give their start and end in `valid`; to count them by one of their dates write `count({} at {})`",
                written.name.value, time.value
            ),
        );
    }
    if written.key.is_empty() {
        let message = format!("the source `{}` needs a `key`: it says whose state each row is", written.name.value);
        findings
            .report(&codes::MISSING_KEY, written.name.span, message)
            .help("name the column that has one state at a time, such as the contract or the employee");
    }
    let found = match (&written.valid, &written.snapshot) {
        (Some(valid), None) => self::valid(id, valid, model, findings),
        (None, Some(taken)) if written.per_key.is_some() => readings(id, taken, written, model, findings),
        (None, Some(taken)) => snapshot(id, taken, written, model, findings),
        (Some(_), Some(taken)) => {
            findings
                .report(&codes::CONFLICTING_KEYS, taken.span, "states have either `valid` or `snapshot`, not both")
                .help("keep `valid` if each row has a start and an end, `snapshot` if all rows are loaded again each time");
            None
        }
        // Its `on` is missing, which has been said.
        (None, None) if written.per_key.is_some() => None,
        (None, None) => {
            let message = format!("the states of `{}` have no `valid` and no `snapshot`", written.name.value);
            findings.report(&codes::MISSING_VALID, written.name.span, message).help(
                "write `valid: { from: started_at, to: ended_at }`, or, if all rows are loaded again each time, `snapshot: \
                 taken_on` with `every: day`",
            );
            None
        }
    };
    for (key, span) in [("every", written.every.as_ref()), ("stale_after", written.stale_after.as_ref())]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?.span)))
    {
        if written.snapshot.is_none() && written.valid.is_some() {
            findings
                .report(
                    &codes::CONFLICTING_KEYS,
                    span,
                    format!(
                        "`{key}` belongs to `snapshot`, but these states have \
                 `valid`"
                    ),
                )
                .help(format!("remove `{key}`: a state with `valid` lasts until it ends"));
        }
    }
    model.sources.get_mut(id).holds = found;
}

/// A column that says when.
fn time_column(id: SourceId, name: &Name, model: &Model, findings: &mut Findings) -> Option<ColumnId> {
    let source = model.sources.get(id);
    let Some(column) = source.names.get(&name.value).copied() else {
        unknown_column(source, name, findings);
        return None;
    };
    let ty = source.columns.get(column).ty;
    if !ty.is_time() {
        let message = format!("`{}` is {ty}, so it cannot say when a state is valid", name.value);
        findings.report(&codes::TYPE_MISMATCH, name.span, message).help("name a column of dates, timestamps or instants");
        return None;
    }
    Some(column)
}

fn valid(id: SourceId, valid: &written::Valid, model: &Model, findings: &mut Findings) -> Option<Holds> {
    let from = valid.from.as_ref().and_then(|name| time_column(id, name, model, findings));
    let to = valid.to.as_ref().and_then(|name| time_column(id, name, model, findings));
    let (from, to, name) = (from?, to?, valid.to.as_ref()?);
    let ty = model.sources.get(id).columns.get(to).ty;
    if valid.inclusive && ty == Type::Timestamp {
        let message = format!("`{}` is {ty}, but only a date can be the last day of a state", name.value);
        findings
            .report(&codes::TYPE_MISMATCH, name.span, message)
            .help("remove `inclusive`, so that a state is valid until the moment of its end; or name a column of dates");
        return None;
    }
    Some(Holds::Valid { from, to, inclusive: valid.inclusive })
}

fn snapshot(id: SourceId, taken: &Name, written: &written::Source, model: &Model, findings: &mut Findings) -> Option<Holds> {
    let Some(every) = &written.every else {
        let message = format!("`{}` does not say how often snapshots are taken", written.name.value);
        findings
            .report(&codes::MISSING_VALID, taken.span, message)
            .help("write `every: day`, `every: week` or `every: month`: if the latest one is too old, there are no figures");
        return None;
    };
    let taken = time_column(id, taken, model, findings)?;
    let every = Grain::parse(&every.value)?;
    let fresh_for = match &written.stale_after {
        None => Length { count: 2, unit: every },
        Some(text) => length(text, findings)?,
    };
    Some(Holds::Snapshot { taken, every, fresh_for })
}

/// Snapshots of which each key has its own.
fn readings(id: SourceId, taken: &Name, written: &written::Source, model: &Model, findings: &mut Findings) -> Option<Holds> {
    if let Some(every) = &written.every {
        findings
            .report(
                &codes::CONFLICTING_KEYS,
                every.span,
                "`every` is for snapshots of all keys, but here each key is read on its own days",
            )
            .help("remove `every`: `stale_after` says how long a reading counts");
    }
    let Some(stale_after) = &written.stale_after else {
        let message = format!("`{}` does not say how long a reading counts", written.name.value);
        findings.report(&codes::MISSING_STALE_AFTER, taken.span, message).help(
            "write `stale_after: 35 days`, a little more than the longest time between two readings of a key: a key without \
             a reading for longer has no state",
        );
        return None;
    };
    let (taken, fresh_for) = (time_column(id, taken, model, findings), length(stale_after, findings));
    Some(Holds::Readings { taken: taken?, fresh_for: fresh_for? })
}

/// `10 days`
pub(super) fn length(text: &Text, findings: &mut Findings) -> Option<Length> {
    let mut words = text.value.split_whitespace();
    let count = words.next().and_then(|word| word.parse::<u32>().ok()).filter(|count| (1..=10_000).contains(count));
    let unit = words.next().and_then(|unit| Grain::parse(unit.strip_suffix('s').unwrap_or(unit)));
    if let (Some(count), Some(unit), None) = (count, unit, words.next()) {
        return Some(Length { count, unit });
    }
    findings
        .report(&codes::WRONG_SHAPE, text.span, format!("expected a time such as `10 days`, found `{}`", text.value))
        .help("write a number of days, weeks or months");
    None
}

/// Why rows of one source cannot refer to states of another, and what to do about it. A reference leads to the state that held at
/// the referring row's time.
pub(super) fn reference_problem(own: &Source, target: &Source) -> Option<(String, String)> {
    let name = &target.name.value;
    match (target.kind, target.holds) {
        (SourceKind::States, Some(Holds::Snapshot { .. })) => Some((
            format!("`{name}` has snapshots, but a row's time falls between two of them"),
            "refer to a source of the entities themselves; or, if each key is read on its own days, write `snapshot: { on: \
             ..., per: key }`: then the latest reading at or before the row's time is used"
                .to_owned(),
        )),
        (SourceKind::States, Some(Holds::Valid { .. } | Holds::Readings { .. })) if own.kind == SourceKind::States => Some((
            format!("both `{}` and `{name}` are states, and it is unclear which ones belong together", own.name.value),
            "refer to a source of the entities themselves, or join the two in a `query:`".to_owned(),
        )),
        (SourceKind::States, Some(Holds::Valid { .. } | Holds::Readings { .. })) if own.time.is_none() && !own.lacks_time => {
            Some((
                format!(
                    "`{name}` has several states over time, but the rows of `{}` have no time to choose one",
                    own.name.value
                ),
                format!("give `{}` a `time`: the state that was valid at that time is used", own.name.value),
            ))
        }
        _ => None,
    }
}

/// Reports times by which states are found that are themselves computed through references: these would have to be followed before
/// they are known.
pub(super) fn times_of_states(model: &Model, findings: &mut Findings) {
    for source in model.sources.rows() {
        for reference in source.columns.rows() {
            let Some(target) = reference.reference.map(|target| model.sources.get(target)) else { continue };
            let Some(holds @ (Holds::Valid { .. } | Holds::Readings { .. })) = target.holds else { continue };
            let (name, states) = (&reference.name.value, &target.name.value);
            if let Some((time, through)) = source.time.and_then(|time| Some((time, goes_through(source, time)?))) {
                let message = format!(
                    "`{}`, the time of `{}`, chooses the state of `{name}`, but it is itself computed through `{through}`",
                    source.columns.get(time).name.value,
                    source.name.value
                );
                findings
                    .report(&codes::BAD_REFERENCE, source.time_span.unwrap_or(source.name.span), message)
                    .also(target.name.span, "the states")
                    .help(format!("make the time a column of `{}` itself", source.name.value));
            }
            let column = holds.columns().into_iter().find_map(|column| Some((column, goes_through(target, column)?)));
            if let Some((column, through)) = column {
                let held = &target.columns.get(column).name;
                let message = format!(
                    "`{name}` has to find the state that was valid, but `{}`, its start or end, is computed through \
                     `{through}`",
                    held.value
                );
                findings
                    .report(&codes::BAD_REFERENCE, reference.reference_span.unwrap_or(reference.name.span), message)
                    .also(held.span, "computed here")
                    .help(format!("make it a column of `{states}` itself, or make `{states}` a `query:`"));
            }
        }
    }
}

/// The name of a reference through which a derived column is computed, if there is one.
fn goes_through(source: &Source, column: ColumnId) -> Option<&str> {
    let (mut left, mut seen, mut found) = (vec![column], Vec::new(), None);
    while let Some(column) = left.pop() {
        let Storage::Derived(expr) = &source.columns.get(column).storage else { continue };
        if seen.contains(&column) {
            continue;
        }
        seen.push(column);
        expr.leaves(&mut |leaf| {
            let RowLeaf::Column(path) = leaf else { return };
            match path.through.first() {
                None => left.push(path.column),
                Some(first) => found = found.or(Some(source.columns.get(*first).name.value.as_str())),
            }
        });
    }
    found
}

impl Holds {
    /// The time from which on a state holds, or at which it was taken.
    pub fn begins(&self) -> ColumnId {
        match self {
            Holds::Valid { from, .. } => *from,
            Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. } => *taken,
        }
    }

    /// The columns that say for how long.
    pub fn columns(&self) -> Vec<ColumnId> {
        match self {
            Holds::Valid { from, to, .. } => vec![*from, *to],
            Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. } => vec![*taken],
        }
    }
}

/// How an aggregate over states is written.
pub(super) enum Look {
    /// At times, as events are.
    Times,
    /// As states.
    States(Stock),
    /// A finding has said what is wrong.
    Wrong,
}

impl Resolver<'_> {
    /// How an aggregate looks at its source: at the states of a moment, at pairs of states, or at times.
    pub(super) fn look(&mut self, call: &Call, id: SourceId) -> Look {
        let source = self.model.sources.get(id);
        let name = source.name.value.clone();
        let written_at = call.at.as_ref().and_then(|at| match at.as_slice() {
            [only] if !source.names.contains_key(&only.value) => edge(&only.value).map(|edge| (edge, only.span)),
            _ => None,
        });
        if source.kind != SourceKind::States {
            if let Some((_, span)) = written_at {
                self.not_a_state(id, span, call.clause("at").map(|_| "at"));
                return Look::Wrong;
            }
            return Look::Times;
        }
        let pair = self.pair_word(call, id);
        let at_time = call.at.is_some() && written_at.is_none();
        if let (Some(span), true) = (pair, call.at.is_some()) {
            let at = call.clause("at").unwrap_or(span);
            self.report(&codes::MIXED_PAIR, at, "this compares the states at the start and the end, so `at` does not apply")
                .also(span, "this compares states")
                .help("remove `at`, or remove `start.` and `end.`");
            return Look::Wrong;
        }
        if at_time {
            return Look::Times;
        }
        if let Some(over) = &call.over {
            let message = format!("`{name}` has states: they have a level at a moment, but a window has many moments");
            self.report(&codes::STOCK_OVER_TIME, over.span, message).help(format!(
                "for the mean level over a window make this a KPI and write `avg(kpi each day over trailing 3 months)`; for \
                 an earlier level write `prior(kpi)`; to count by a date write `{}({name} at ...)`",
                call.name.value
            ));
            return Look::Wrong;
        }
        if matches!(call.name.value.to_lowercase().as_str(), name if name == first::FIRST.name || name == last::LAST.name) {
            let message = format!("`{}` takes rows in the order of their times, but states overlap", call.name.value);
            self.report(&codes::WRONG_ARGUMENTS, call.name.span, message)
                .help("use `min`, `max` or `avg` of the states at a moment, or choose a date: `at started_on`");
            return Look::Wrong;
        }
        let per = match (&call.per, pair) {
            (None, _) => None,
            (Some(path), Some(_)) => match self.column_path(id, path) {
                Some(path) => Some(path),
                None => return Look::Wrong,
            },
            (Some(path), None) => {
                let span = call.clause("per").unwrap_or(call.name.span);
                let path = crate::formula::print::dotted(path);
                let message = format!("`per {path}` compares states at the start and at the end, but no column says which");
                self.report(&codes::MIXED_PAIR, span, message).help(format!(
                    "write `start.` and `end.` before columns, as in `count({name} per {path} where start.exists and not \
                     end.exists)`; to count each once write `count_distinct({name}.{path})`"
                ));
                return Look::Wrong;
            }
        };
        match (pair, written_at) {
            (Some(_), _) => Look::States(Stock::Pairs(per)),
            (None, Some((edge, _))) => Look::States(Stock::At(edge)),
            (None, None) => Look::States(Stock::At(Edge::End)),
        }
    }

    /// Whether an aggregate reads a source of states.
    pub(super) fn may_read_states(&self, call: &Call) -> bool {
        let of = |name: &Name| self.model.source_names.get(&name.value).copied();
        let mut found = call.from.as_ref().and_then(of);
        for argument in &call.arguments {
            argument.walk(&mut |expression| {
                if let (Kind::Path(path), None) = (&expression.kind, found) {
                    found = path.first().and_then(of);
                }
            });
        }
        match found {
            Some(id) => self.model.sources.get(id).kind == SourceKind::States || self.model.sources.get(id).unread,
            // It may be in a file that cannot be read.
            None => self.incomplete,
        }
    }

    /// The place of the first `start.` or `end.` in an aggregate.
    fn pair_word(&self, call: &Call, id: SourceId) -> Option<Span> {
        let source = self.model.sources.get(id);
        let mut found = None;
        let mut look = |expression: &Expression| {
            if let Kind::Path(path) = &expression.kind
                && let [first, _, ..] = path.as_slice()
                && edge(&first.value).is_some()
                && !source.names.contains_key(&first.value)
                && found.is_none()
            {
                found = Some(expression.span);
            }
        };
        call.arguments.iter().chain(&call.filter).for_each(|expression| expression.walk(&mut look));
        found
    }

    /// Reports a word of states where there are none.
    pub(super) fn not_a_state(&mut self, id: SourceId, span: Span, clause: Option<&str>) {
        let source = self.model.sources.get(id);
        let name = &source.name.value;
        let are = match source.kind {
            SourceKind::Entities => "things",
            SourceKind::Events | SourceKind::States => "events",
        };
        let word = if clause.is_some() { "`at start` and `at end` are" } else { "`start.` and `end.` are" };
        let message = format!("{word} for states, but the rows of `{name}` are {are}");
        let help = match source.kind {
            SourceKind::Entities => {
                "entities are counted in the period in which they were created, or `over all time`; if a row is valid from \
                 one time to another, make the source `kind: states` with `valid`"
            }
            SourceKind::Events | SourceKind::States => {
                "events happen within a period and add up (a flow); only states have a level at a moment (a stock): if rows \
                 last for some time, make the source `kind: states` with `valid`"
            }
        };
        self.report(&codes::NOT_A_STATE, span, message).help(help);
    }

    /// Says that a pair needs its source, if that is what is missing where a path starts with `start` or `end`.
    pub(super) fn pair_without_source(&mut self, call: &Call, path: &[Name]) -> bool {
        let [first, second, ..] = path else { return false };
        if edge(&first.value).is_none() {
            return false;
        }
        let states = self.model.sources.rows().iter().filter(|source| source.kind == SourceKind::States);
        let mut having = states.clone().filter(|source| source.names.contains_key(&second.value)).chain(states);
        let Some(source) = having.next().map(|source| source.name.value.clone()) else { return false };
        let written = as_written(path);
        let message = format!("it is unclear which source `{written}` belongs to");
        self.report(&codes::UNCLEAR_SOURCE, first.span.to(second.span), message)
            .help(format!("name the source: `{}({written} from {source})`", call.name.value));
        true
    }

    /// The word for a moment that another one was probably meant to be: `begin.exists`.
    pub(super) fn meant_edge(&self, source: SourceId, name: &Name, rest: &[Name]) -> Option<String> {
        let word = match name.value.as_str() {
            "begin" | "begins" | "beginning" | "opening" | "open" | "before" | "first" | "from" => "start",
            "close" | "closing" | "finish" | "after" | "last" | "until" | "to" | "now" => "end",
            _ => return None,
        };
        let is_states = self.model.sources.get(source).kind == SourceKind::States;
        let next = rest.first().filter(|_| is_states)?;
        Some(format!("the states at the two ends of a period are `start.` and `end.`: write `{word}.{}`", next.value))
    }

    /// A path in an aggregate over pairs: `start.mrr`, `end.exists`, `start.ever`. Nothing, with a finding, if it is none.
    pub(super) fn pair_path(&mut self, source: SourceId, per: Option<&Path>, path: &[Name], span: Span) -> Option<PairLeaf> {
        let (first, rest) = path.split_first()?;
        let Some(edge) = edge(&first.value) else {
            let name = &self.model.sources.get(source).name.value;
            let own = if first.value == *name && !rest.is_empty() { rest } else { path };
            let written = as_written(own);
            let message = format!("`{written}` of which state, at the start or at the end?");
            let (message, help) = match own.first() {
                Some(word) if self::edge(&word.value).is_some() => (
                    format!("`{}.` comes first, before the column", word.value),
                    format!("write `{written}`, and `from {name}` after it"),
                ),
                _ => (message, format!("write `start.{written}` or `end.{written}`: this aggregate compares the two")),
            };
            self.report(&codes::MIXED_PAIR, span, message).help(help);
            return None;
        };
        match rest {
            [word] if word.value == "exists" => return Some(PairLeaf::Exists(edge)),
            [word] if word.value == "ever" && edge == Edge::Start => return Some(PairLeaf::Ever),
            [word] if word.value == "ever" => {
                self.report(&codes::MIXED_PAIR, span, "`ever` only works at the start of the period")
                    .help("write `start.ever`: whether any state of it started before the period");
                return None;
            }
            _ => {}
        }
        if let [word] = rest
            && !self.model.sources.get(source).names.contains_key(&word.value)
            && let Some(near) = suggest::nearest(&word.value, ["exists", "ever"])
        {
            let message = format!("a state has no `{}`", word.value);
            self.report(&codes::UNKNOWN_COLUMN, word.span, message).help(format!("did you mean `{}.{near}`?", first.value));
            return None;
        }
        let found = self.column_path(source, rest)?;
        let column = self.model.column(source, &found);
        if let Some(per) = per
            && !column.ty.is_numeric()
            && !found.is_of(per)
        {
            let entity = self.model.path_text(source, per);
            let message = format!(
                "a `{entity}` may have several states at once, but `{}`, {}, cannot be added up",
                column.name.value, column.ty
            );
            self.report(&codes::MIXED_PAIR, span, message).help(format!(
                "`per {entity}` adds up the numbers of its states; use a column of `{entity}` itself, or `exists`, or \
                 remove `per`"
            ));
            return None;
        }
        Some(PairLeaf::Of(edge, found))
    }
}

/// A path as it is written where `end` is not a name that needs quotes.
fn as_written(path: &[Name]) -> String {
    match path {
        [first, rest @ ..] if edge(&first.value).is_some() && !rest.is_empty() => {
            format!("{}.{}", first.value, crate::formula::print::dotted(rest))
        }
        _ => crate::formula::print::dotted(path),
    }
}

fn edge(word: &str) -> Option<Edge> {
    match word {
        "start" => Some(Edge::Start),
        "end" => Some(Edge::End),
        _ => None,
    }
}
