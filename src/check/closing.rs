//! `closing_day()`: only what is looked at when its period closes has one: rows in their period, and states at its end.

use super::Context;
use crate::diagnostic::{Findings, codes};
use crate::model::expr::{Aggregate, Grouped, Path, Related, RowExpr};
use crate::model::facts::Range;
use crate::model::journey::Journey;
use crate::model::{ColumnId, ColumnUnit, Holds, KeyPart, Model, Source, SourceId, Storage};
use crate::text::Span;

/// What to do instead.
const HELP: &str = "it has one in aggregates over the rows of a period, such as `count(orders where ...)`, and over states at the end of one, such as \
                    `sum(invoices.amount)`";

impl Context<'_> {
    /// Whether an aggregate looks at a closing day that its rows do not have.
    pub(super) fn has_no_closing_day(&mut self, aggregate: &Aggregate) -> bool {
        let source = aggregate.source;
        let written = aggregate.argument.iter().chain(&aggregate.filter).find(|expr| self.model.closes(source, expr));
        let span = written.map(|expr| place(expr, self.or));
        if let Some(time) = aggregate.time.filter(|time| self.model.path_closes(source, &Path::to(*time))) {
            let name = &self.model.sources.get(source).columns.get(time).name.value;
            let why =
                format!("`{name}` depends on the day on which a period closes, so it cannot say in which period a row is");
            self.no_closing_day(aggregate.at.0.unwrap_or(self.or), why);
            return true;
        }
        match (span, self.model.no_closing_day(aggregate)) {
            (Some(span), Some(why)) => {
                self.no_closing_day(span, format!("there is no closing day here: {why}"));
                true
            }
            _ => false,
        }
    }

    /// The same for an aggregate over related rows, whose period is that of the row that they belong to.
    pub(super) fn related_has_no_closing_day(&mut self, related: &Related) -> bool {
        let aggregate = &related.aggregate;
        let paths = std::iter::once((aggregate.source, &related.via));
        let written = aggregate.argument.iter().chain(&aggregate.filter).find(|expr| self.model.closes(aggregate.source, expr));
        let by_path = paths.into_iter().any(|(source, path)| self.model.path_closes(source, path));
        let span = written.map(|expr| place(expr, self.or)).or(by_path.then(|| aggregate.at.0.unwrap_or(self.or)));
        let Some(span) = span else { return false };
        let name = &self.model.sources.get(aggregate.source).name.value;
        self.no_closing_day(span, format!("there is no closing day here: rows of `{name}` are looked at for another row"));
        true
    }

    /// The same for what tells entities apart.
    pub(super) fn entity_has_no_closing_day(&mut self, grouped: &Grouped) -> bool {
        let source = grouped.source;
        let closes = self.model.path_closes(source, &grouped.entity);
        if closes {
            let why =
                format!("`{}` depends on the day on which a period closes", self.model.path_text(source, &grouped.entity));
            self.no_closing_day(grouped.of.at.0.unwrap_or(self.or), format!("{why}, so it tells no entities apart"));
        }
        closes
    }

    fn no_closing_day(&mut self, span: Span, message: String) {
        self.report(&codes::NO_CLOSING_DAY, span, message).help(HELP);
    }

    /// Whether the formula of a column depends on the closing day and the column is one that every row has once and for all.
    pub(super) fn is_of_no_period(&mut self, source: SourceId, column: ColumnId, expr: &RowExpr) -> bool {
        if !self.model.closes(source, expr) {
            return false;
        }
        let own = self.model.sources.get(source);
        let known = own.columns.get(column);
        if known.range != Range::ANY || !known.values.is_empty() || !known.nullable {
            // Checks of data go over rows, and not over rows by period.
            let message = format!(
                "`{}` depends on the day on which a period closes, so kpic cannot check what is promised of its values",
                known.name.value
            );
            let help = "remove `min`, `max`, `values` and `nullable` from this column";
            self.report(&codes::NO_CLOSING_DAY, place(expr, self.or), message).help(help);
            return true;
        }
        let Some(what) = role(own, column) else { return false };
        let message = format!(
            "`{}` depends on the day on which a period closes, so it cannot be {what}",
            own.columns.get(column).name.value
        );
        self.report(&codes::NO_CLOSING_DAY, place(expr, self.or), message).help(HELP);
        true
    }
}

/// What a column is to a source, beside one of its values.
fn role(source: &Source, column: ColumnId) -> Option<&'static str> {
    let held = match source.holds {
        Some(Holds::Valid { from, to, .. }) => vec![from, to],
        Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => vec![taken],
        None => Vec::new(),
    };
    let is_part = |storage: &Storage| match storage {
        Storage::Several(parts) => parts.iter().any(|part| matches!(part, KeyPart::Made(made) if *made == column)),
        Storage::Stored(_) | Storage::Derived(_) | Storage::Raw(_) => false,
    };
    let is_currency = |unit: &ColumnUnit| matches!(unit, ColumnUnit::ByColumn(currency) if *currency == column);
    if source.time == Some(column) {
        Some("the time of its source")
    } else if held.contains(&column) {
        Some("a time for which states hold")
    } else if source.key.contains(&column) || source.columns.rows().iter().any(|each| is_part(&each.storage)) {
        Some("a part of a key")
    } else if source.columns.get(column).reference.is_some() {
        Some("a reference")
    } else if source.columns.rows().iter().any(|each| is_currency(&each.unit)) {
        Some("the currency of amounts")
    } else {
        None
    }
}

/// Says which steps of a journey depend on the closing day: a step is taken once, whenever somebody looks.
pub(super) fn steps(journey: &Journey, model: &Model, findings: &mut Findings) {
    for rows in journey.steps.iter().filter_map(|step| step.rows.as_ref()) {
        let by_filter = rows.filter.as_ref().filter(|filter| model.closes(rows.source, filter));
        let by_path = [&Path::to(rows.time), &rows.entity].into_iter().any(|path| model.path_closes(rows.source, path));
        let span = by_filter.map(|filter| place(filter, rows.time_span)).or(by_path.then_some(rows.time_span));
        if let Some(span) = span {
            let message = "there is no closing day here: a step is taken once, whenever somebody looks";
            findings.report(&codes::NO_CLOSING_DAY, span, message).help(HELP);
        }
    }
}

/// Where an expression looks at the closing day, or where it stands.
fn place(expr: &RowExpr, or: Span) -> Span {
    expr.written_closing_day().unwrap_or_else(|| expr.span_or(or))
}
