//! Aggregates: their source, time and window, and whether rows, entities or periods are aggregated.

use super::Resolver;
use super::around::identifies;
use super::cohort::takes_related;
use super::entities;
use super::row::Scope;
use super::states::Look;
use crate::calendar::{Grain, Length};
use crate::diagnostic::{codes, suggest};
use crate::formula::{Call, Expression, Kind, Literal as Written, Window as WrittenWindow};
use crate::functions::{Argument, Function, count, first, last};
use crate::model::expr::{Aggregate, At, Calc, CalcLeaf, Expr, Node, Related, RowExpr, RowLeaf, Window};
use crate::model::uses::Meant;
use crate::model::{ColumnId, Holds, SourceId};
use crate::text::{Name, Span, Spanned};

/// A finding has said what is wrong.
pub(super) struct Reported;

impl<'a> Resolver<'a> {
    /// An aggregate in KPI arithmetic: over the values of periods, of entities, or of rows.
    pub(super) fn aggregate_call(&mut self, call: &Call, function: &'static Function, span: Span) -> Calc {
        if call.each.is_some() {
            return self.each(call, function, span);
        }
        if let Some(argument) = call.arguments.first()
            && entities::goes_over_entities(call, argument)
            && (call.per.is_some() || !takes_related(argument))
        {
            return self.grouped(call, function, argument, span);
        }
        match self.aggregate(call, function, span, None) {
            Some(aggregate) => Expr::new(Node::Leaf(CalcLeaf::Aggregate(Box::new(aggregate))), span),
            None => Expr::new(Node::Broken, span),
        }
    }

    /// An aggregate in the condition of another: over the rows that belong to the current row.
    pub(super) fn related(&mut self, call: &Call, function: &'static Function, span: Span, scope: &Scope<'_>) -> RowExpr {
        let broken = Expr::new(Node::Broken, span);
        let super::row::Names::Columns(outer) = scope.names else { return broken };
        if call.each.is_some() || call.per.is_some() || call.top.is_some() {
            self.only_clauses(call, &["from", "via", "where", "at", "over", "within", "of"], "an aggregate in a condition");
            return broken;
        }
        let of = self.of_time(call, outer);
        self.ages.related += 1;
        let aggregate = self.aggregate(call, function, span, Some(outer));
        self.ages.related -= 1;
        let (Some(aggregate), Ok(of)) = (aggregate, of) else { return broken };
        let inner = self.model.sources.get(aggregate.source);
        if let (Some(Holds::Snapshot { .. } | Holds::Readings { .. }), Some(_)) = (inner.holds, &aggregate.stock) {
            let message = format!("`{}` has snapshots, and conditions on them are not supported yet", inner.name.value);
            self.report(&codes::NOT_SUPPORTED_YET, span, message)
                .help("if the latest snapshot is too old, the condition would be unknown; make it a column of the source");
            return broken;
        }
        let Some(via) = self.via(call, aggregate.source, outer) else { return broken };
        if !self.is_plain_at_age(&aggregate, span) || !self.is_plain_within(&aggregate, span) {
            return broken;
        }
        Expr::new(Node::Leaf(RowLeaf::Related(Box::new(Related { aggregate, via, of }))), span)
    }

    /// An aggregate over rows; `outer` is the source whose row it belongs to, if it is in a condition.
    pub(super) fn aggregate(
        &mut self,
        call: &Call,
        function: &'static Function,
        span: Span,
        outer: Option<SourceId>,
    ) -> Option<Aggregate> {
        let mut allowed = vec!["from", "where", "at", "over"];
        if outer.is_some() {
            allowed.extend(["via", "within", "of"]);
        }
        // On states `per` stands without an inner aggregate; whether these are some is known later.
        if outer.is_none() && self.may_read_states(call) {
            allowed.push("per");
        }
        self.only_clauses(call, &allowed, "an aggregate over rows");
        let fraction = self.fraction(call, function);
        let counts_rows = *function == count::COUNT;
        let enough =
            call.arguments.len() == function.takes.len() || (counts_rows && call.arguments.is_empty() && call.from.is_some());
        if !enough {
            self.arity(call, function);
            return None;
        }
        if !self.names_rows(call) {
            return None;
        }
        let source = self.source_of(call)?;
        if self.model.sources.get(source).unread {
            return None;
        }
        let stock = match self.look(call, source) {
            Look::Times => None,
            Look::States(stock) => Some(stock),
            Look::Wrong => return None,
        };
        let argument = match call.arguments.first() {
            None => None,
            Some(argument) if self.is_source_itself(argument, source) => {
                if !counts_rows {
                    let source = self.model.sources.get(source);
                    let name = &source.name.value;
                    let mut columns = source.columns.iter();
                    let numeric = columns.find(|(id, column)| column.ty.is_numeric() && !identifies(source, *id));
                    let column = numeric.map_or("column", |(_, column)| column.name.value.as_str());
                    let message = format!("`{}` needs a value of each row of `{name}`", function.name);
                    let help =
                        format!("name a column, as in `{}({name}.{column})`; `count({name})` counts rows", function.name);
                    self.report(&codes::WRONG_ARGUMENTS, argument.span, message).help(help);
                    return None;
                }
                None
            }
            Some(argument) => {
                let scope = if outer.is_none() { Scope::argument(source) } else { Scope::derived(source) };
                let argument = self.row(argument, &scope.looking(stock.as_ref()));
                if !self.says_which_related(&argument, span) {
                    return None;
                }
                Some(argument)
            }
        };
        let filter = call.filter.as_ref().map(|filter| self.row(filter, &Scope::filter(source).looking(stock.as_ref())));
        let window = match (&call.within, outer) {
            (Some(within), Some(_)) if self.is_within_events(call, source, stock.is_some()) => {
                Some(Window::Within(within.value.0, within.value.1))
            }
            (Some(_), Some(_)) => return None,
            _ => self.window(call.over.as_ref(), None),
        };
        let time = if stock.is_some() { None } else { self.time(call, source, window).ok()? };
        let window = window?;
        if (*function == first::FIRST || *function == last::LAST) && !self.can_order(call, function, source, time) {
            return None;
        }
        if fraction.is_none() && function.takes.contains(&Argument::Fraction) {
            return None;
        }
        let aggregate = Aggregate {
            function,
            fraction,
            source,
            argument,
            filter,
            time,
            stock,
            window,
            null_if_empty: false,
            at: At(Some(span)),
        };
        (outer.is_some() || self.is_cohort(call, &aggregate)).then_some(aggregate)
    }

    /// Whether the rows of a source are in an order without ties.
    fn can_order(&mut self, call: &Call, function: &Function, source: SourceId, time: Option<ColumnId>) -> bool {
        let source = self.model.sources.get(source);
        // The key of a journey is that of the row that it starts with.
        let first = source.journey.as_ref().and_then(|journey| journey.first());
        let source = first.map_or(source, |first| self.model.sources.get(first.source));
        let message = if source.key.is_empty() {
            format!("`{}` needs a `key` on `{}`, to decide between rows with the same time", function.name, source.name.value)
        } else if time.is_none() {
            format!("`{}` needs a time, and `{}` has none", function.name, source.name.value)
        } else {
            return true;
        };
        let defined = source.name.span;
        self.report(&codes::WRONG_ARGUMENTS, call.name.span, message)
            .also(defined, "the source")
            .help("add `key:` and `time:` to the source, or take `min`, `max` or `avg`, which need no order");
        false
    }

    /// The share of a percentile.
    pub(super) fn fraction(&mut self, call: &Call, function: &Function) -> Option<String> {
        let at = function.takes.iter().position(|argument| *argument == Argument::Fraction)?;
        let argument = call.arguments.get(at)?;
        if let Kind::Literal(written @ (Written::Percent(_) | Written::Number(_))) = &argument.kind
            && let crate::model::expr::Literal::Number(digits) = super::row::literal(written)
            && digits.parse::<f64>().is_ok_and(|share| (0.0..=1.0).contains(&share))
        {
            return Some(digits);
        }
        let digits = match &argument.kind {
            Kind::Literal(Written::Number(digits)) if digits.parse::<f64>().is_ok_and(|share| share <= 100.0) => {
                digits.as_str()
            }
            _ => "90",
        };
        self.report(&codes::WRONG_ARGUMENTS, argument.span, "expected a share between 0% and 100% here")
            .help(format!("write `{digits}%`"));
        None
    }

    /// Whether an expression is nothing but the name of the source.
    fn is_source_itself(&self, argument: &Expression, id: SourceId) -> bool {
        let source = self.model.sources.get(id);
        match &argument.kind {
            Kind::Path(path) => match path.as_slice() {
                [only] => {
                    let is_it = only.value == source.name.value && !source.names.contains_key(&only.value);
                    if is_it {
                        self.model.uses.note(only.span, Meant::Source(id));
                    }
                    is_it
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The source that an aggregate reads: the one after `from`, or the one with which its paths start.
    fn source_of(&mut self, call: &Call) -> Option<SourceId> {
        if let Some(from) = &call.from {
            return self.source(from);
        }
        let mut paths: Vec<&[Name]> = Vec::new();
        for argument in &call.arguments {
            argument.walk(&mut |expression| {
                if let Kind::Path(path) = &expression.kind {
                    paths.push(path);
                }
            });
        }
        let mut found: Option<(SourceId, &Name)> = None;
        for path in &paths {
            let Some(name) = path.first() else { continue };
            let Some(id) = self.model.source_names.get(&name.value).copied() else { continue };
            match found {
                Some((known, before)) if known != id => {
                    let message =
                        format!("this aggregate uses columns of two sources, `{}` and `{}`", before.value, name.value);
                    let help = format!(
                        "an aggregate reads one source; get to the other through a reference, or combine two aggregates, as \
                         in `{0}({1}...) + {0}({2}...)`",
                        call.name.value, before.value, name.value
                    );
                    let before = before.span;
                    self.report(&codes::UNCLEAR_SOURCE, name.span, message).also(before, "the other one").help(help);
                    return None;
                }
                _ => found = Some((id, name)),
            }
        }
        if let Some((id, _)) = found {
            return Some(id);
        }
        self.no_source(call, &paths);
        None
    }

    /// The source whose name a column's is near to, where a source is what the call has in this place.
    fn meant_source(&self, call: &Call, paths: &[&[Name]]) -> Option<&'a str> {
        let [first, ..] = paths else { return None };
        let [name, rest @ ..] = *first else { return None };
        let model = self.model;
        let sources = model.sources.rows();
        let near = suggest::nearest(&name.value, sources.iter().map(|source| source.name.value.as_str()))?;
        let columns = |named: &[Name]| {
            let source = sources.iter().find(|source| source.name.value == near);
            source.zip(named.first()).is_some_and(|(source, column)| source.names.contains_key(&column.value))
        };
        let counts = call.name.value.eq_ignore_ascii_case("count") && call.arguments.len() == 1 && rest.is_empty();
        (counts || columns(rest)).then_some(near)
    }

    /// Says why it is not clear which source is meant.
    fn no_source(&mut self, call: &Call, paths: &[&[Name]]) {
        let model = self.model;
        let Some(name) = paths.first().and_then(|path| path.first()) else {
            let message = format!("nothing says which source `{}` reads", call.name.value);
            self.report(&codes::UNCLEAR_SOURCE, call.name.span, message)
                .help(format!("name it: `{}(... from orders)`", call.name.value));
            return;
        };
        if paths.first().is_some_and(|path| self.pair_without_source(call, path)) {
            return;
        }
        let has_column = |source: &&crate::model::Source| source.names.contains_key(&name.value);
        let holders: Vec<&str> =
            model.sources.rows().iter().filter(has_column).map(|source| source.name.value.as_str()).take(5).collect();
        if model.kpi_names.contains_key(&name.value) && holders.is_empty() {
            let message = format!("`{}` is a KPI, but `{}` aggregates rows", name.value, call.name.value);
            self.report(&codes::KPI_IN_ROWS, name.span, message).help(match &call.over {
                None => format!(
                    "`{1}` already has a value for each period, so write just `{1}`; over the days of a period write \
                         `{0}({1} each day)`",
                    call.name.value, name.value
                ),
                Some(window) => format!("write `{}({} each day over {})`", call.name.value, name.value, window.value),
            });
        } else if let (Some(near), Some(source)) = (self.meant_source(call, paths), holders.first()) {
            let message = format!("there is no source `{}`", name.value);
            self.report(&codes::UNKNOWN_SOURCE, name.span, message).help(format!(
                "did you mean the source `{near}`? the column of `{source}` is written `{source}.{}`",
                name.value
            ));
        } else if let Some(source) = holders.first() {
            let message = format!("which source does the column `{}` belong to?", name.value);
            let first = match paths.len() {
                1 => format!("write `{source}.{}`", name.value),
                _ => format!(
                    "write `{source}.{}`, or name the source for all names: `{}(... from {source})`",
                    name.value, call.name.value
                ),
            };
            let help = if holders.len() == 1 {
                first
            } else {
                format!("{first}; the sources that have it are {}", holders.join(", "))
            };
            self.report(&codes::UNCLEAR_SOURCE, name.span, message).help(help);
        } else if paths.first().is_some_and(|path| path.len() > 1) || !self.incomplete {
            let message = format!("there is no source or column `{}`", name.value);
            let sources = model.sources.rows().iter().map(|source| source.name.value.as_str());
            let help = suggest::did_you_mean(&name.value, "the sources are", sources.clone());
            let meant = suggest::certain(&name.value, sources, suggest::Words::Project);
            if !self.incomplete {
                let finding = self.report(&codes::UNKNOWN_SOURCE, name.span, message);
                finding.help = help;
                finding.mend(name.span, &name.value, meant);
            }
        }
    }

    /// The column that says when a row counts. An error has been reported; no column means at all times.
    fn time(&mut self, call: &Call, id: SourceId, window: Option<Window>) -> Result<Option<ColumnId>, Reported> {
        let source = self.model.sources.get(id);
        let Some(at) = &call.at else {
            if source.time.is_some() || window == Some(Window::AllTime) {
                return Ok(source.time);
            }
            if source.lacks_time {
                return Err(Reported);
            }
            let times: Vec<String> = source
                .columns
                .rows()
                .iter()
                .filter(|column| column.ty.is_time())
                .map(|column| format!("`at {}`", column.name.value))
                .collect();
            let message = format!("`{}` has no time, so its rows belong to no period", source.name.value);
            let mut choices = times;
            if !matches!(window, Some(Window::Within(..))) {
                choices.push("`over all time`".to_owned());
            }
            let defined = source.name.span;
            let finding = self.report(&codes::MISSING_TIME, call.name.span, message).also(defined, "defined without `time`");
            match choices.as_slice() {
                [] => finding.help("give it a column with the time of its rows"),
                [only] => finding.help(format!("say {only}")),
                [all @ .., last] => finding.help(format!("say {}, or {last}", all.join(", "))),
            };
            return Err(Reported);
        };
        let (Some(name), None) = (at.first(), at.get(1)) else {
            let span = call.clause("at").unwrap_or(call.name.span);
            self.report(&codes::MISSING_TIME, span, "`at` takes a time column of the source itself")
                .help("to use a time of another source, derive a column here with `expr:`");
            return Err(Reported);
        };
        let Some(column) = source.names.get(&name.value).copied() else {
            super::source::unknown_column(source, name, &mut self.findings);
            return Err(Reported);
        };
        let ty = source.columns.get(column).ty;
        if !ty.is_time() {
            let message = format!("`{}` is {ty}, so it cannot say when a row counts", name.value);
            self.report(&codes::TYPE_MISMATCH, name.span, message).help("name a column of dates, timestamps or instants");
            return Err(Reported);
        }
        Ok(Some(column))
    }

    /// What a window means, over rows or over periods of a grain; nothing, with a finding, if it has no meaning.
    pub(super) fn window(&mut self, over: Option<&Spanned<WrittenWindow>>, each: Option<Grain>) -> Option<Window> {
        let Some(over) = over else { return Some(Window::Period) };
        match over.value {
            WrittenWindow::AllTime => Some(Window::AllTime),
            WrittenWindow::Previous => Some(Window::Previous),
            WrittenWindow::Age => self.over_age(over.span).map(Window::Age),
            WrittenWindow::AgeToDate => self.over_age(over.span).map(Window::AgeToDate),
            WrittenWindow::Trailing(count, unit) => {
                let length = self.whole_periods(&Spanned::new((count, unit), over.span))?;
                // A number of periods is one in every calendar.
                let counts = each.is_some_and(|grain| grain == length.unit);
                (counts || self.custom_length(length, over.span, each)).then_some(Window::Trailing(length))
            }
            WrittenWindow::ToDate(unit) => match unit.grain() {
                Some(grain) if grain != Grain::Day => Some(Window::ToDate(grain)),
                _ => {
                    let message = format!("`{} to date` is not a window", unit.name());
                    self.report(&codes::BAD_WINDOW, over.span, message)
                        .help("it can be `week`, `month`, `quarter` or `year to date`");
                    None
                }
            },
        }
    }

    /// In a custom calendar a month has no length of its own.
    fn custom_length(&mut self, length: Length, span: Span, each: Option<Grain>) -> bool {
        if !self.model.calendar.custom || length.unit < Grain::Month {
            return true;
        }
        let (unit, is) = (length.unit, if length.count == 1 { "is" } else { "are" });
        let parts = each.unwrap_or(Grain::Day);
        let message = format!("in a custom calendar {length} {is} not a fixed number of {parts}s");
        let help = match each {
            None => {
                format!("write the window in days or weeks, or use periods: `sum(kpi each {unit} over trailing {length})`")
            }
            Some(Grain::Day) => format!("write the window in days or weeks, or use whole {unit}s: `each {unit}`"),
            Some(parts) => format!("write the window in {parts}s, or use whole {unit}s: `each {unit}`"),
        };
        self.report(&codes::BAD_WINDOW, span, message).help(help);
        false
    }

    /// Reports clauses that an aggregate of this kind does not take.
    pub(super) fn only_clauses(&mut self, call: &Call, allowed: &[&str], what: &str) {
        for (clause, span) in &call.clauses {
            // Of `within ... of ...` one is told.
            if allowed.contains(clause) || *clause == "of" && call.within.is_some() {
                continue;
            }
            let inner = match call.arguments.first().map(ToString::to_string) {
                Some(inner) if inner.ends_with(')') && inner.len() < 60 => {
                    format!(
                        "write it inside the inner aggregate: `{} {clause} ...)`",
                        inner.strip_suffix(')').unwrap_or(&inner)
                    )
                }
                _ => "write it inside the aggregates of the KPI's own formula".to_owned(),
            };
            let (code, help) = match *clause {
                "within" | "of" => (
                    &codes::WRONG_CLAUSE,
                    "use it for the time between two steps, as in `reached(bought within 14 days)`, or in a condition on \
                     related rows: `count(users where count(visits within 7 days of created_at) > 0)`",
                ),
                "per" => {
                    (&codes::WRONG_CLAUSE, "`per` goes around an aggregate: `avg(sum(orders.amount) per orders.customer)`")
                }
                "top" => (&codes::WRONG_CLAUSE, "`top` goes with `per`: `sum(sum(orders.amount) per orders.customer top 10)`"),
                "via" => (&codes::WRONG_CLAUSE, "`via` names the reference of related rows, in a condition"),
                "from" | "at" | "over" => (&codes::WRONG_CLAUSE, inner.as_str()),
                _ => (
                    &codes::WRONG_CLAUSE,
                    "a condition on rows goes into the KPI's own aggregates; for a part of a KPI use `slice`",
                ),
            };
            self.report(code, *span, format!("{what} takes no `{clause}`")).help(help);
        }
    }
}
