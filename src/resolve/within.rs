//! `within 7 days of created_at`: rows that belong to another, from a time of that on up to so long after it.
//!
//! The rows are those that have been seen, whatever period the other row counts in. So the clause excludes `over`, is in conditions
//! only, and what is asked of the rows themselves must not depend on a period either.

use super::Resolver;
use super::aggregate::Reported;
use crate::diagnostic::codes;
use crate::formula::Call;
use crate::formula::print::dotted;
use crate::model::SourceId;
use crate::model::expr::{Aggregate, Path, RowExpr, RowLeaf, Window};
use crate::model::facts::Type;
use crate::text::Span;

impl Resolver<'_> {
    /// The time of the outer row from which a `within` counts, if there is one.
    pub(super) fn of_time(&mut self, call: &Call, outer: SourceId) -> Result<Option<Path>, Reported> {
        let model = self.model;
        let source = model.sources.get(outer);
        let example = source.time.map_or("created_at", |time| source.columns.get(time).name.value.as_str());
        match (&call.within, &call.of) {
            (None, None) => Ok(None),
            (None, Some(of)) => {
                let place = call.clause("of").unwrap_or(call.name.span);
                let help = format!("write `within 7 days of {}`", dotted(of));
                self.report(
                    &codes::WRONG_CLAUSE,
                    place,
                    "`of` needs a `within`: it names the time from which `within` \
                 counts",
                )
                .help(help);
                Err(Reported)
            }
            (Some(within), None) => {
                let message = "`within` needs a time of the row to count from";
                let written = call.clause("within").unwrap_or(within.span);
                self.report(&codes::WRONG_CLAUSE, written, message)
                    .help(format!("name a time of `{}`, as in `within 7 days of {example}`", source.name.value));
                Err(Reported)
            }
            (Some(_), Some(of)) => {
                let path = self.column_path(outer, of).ok_or(Reported)?;
                let ty = model.column(outer, &path).ty;
                if ty.is_time() {
                    return Ok(Some(path));
                }
                let place = of.last().map_or(call.name.span, |name| name.span);
                let message = format!("`{}` is {ty}, but `within` counts from a time", dotted(of));
                self.report(&codes::TYPE_MISMATCH, place, message).help(format!("name a time of `{}`", source.name.value));
                Err(Reported)
            }
        }
    }

    /// Whether the rows that `within` is said of happen at a time, and nothing else says of which time they are.
    pub(super) fn is_within_events(&mut self, call: &Call, source: SourceId, is_stock: bool) -> bool {
        let source = self.model.sources.get(source);
        let place = call.clause("within").unwrap_or(call.name.span);
        if let Some(over) = &call.over {
            let message = "`over` and `within` cannot be combined";
            self.report(&codes::WRONG_CLAUSE, over.span, message)
                .also(place, "counted from the other row")
                .help("remove `over`: `within` already takes all rows from that time until that long after it");
            return false;
        }
        if is_stock {
            let message = format!("`{}` has states, but `within` takes rows with one time", source.name.value);
            let times = source.columns.rows().iter().find(|column| column.ty.is_time() && column.ty != Type::Error);
            let at = times.map_or("started_on", |column| column.name.value.as_str());
            self.report(&codes::WRONG_CLAUSE, place, message).help(format!("name one of its dates: `at {at}`"));
            return false;
        }
        true
    }

    /// Whether what an aggregate asks of the rows `within` a time depends on no period, as the rows themselves do not.
    pub(super) fn is_plain_within(&mut self, aggregate: &Aggregate, span: Span) -> bool {
        let (Window::Within(..), Some(filter)) = (aggregate.window, &aggregate.filter) else { return true };
        if !has_periods(filter) {
            return true;
        }
        let message = "rows selected by `within` belong to no period, but their condition looks at related rows of a period";
        self.report(&codes::WRONG_CLAUSE, span, message)
            .help("use `within ... of ...` in the inner condition too, or make it a column of the source");
        false
    }
}

/// Whether a condition looks at related rows of a period or a window of one.
fn has_periods(filter: &RowExpr) -> bool {
    let mut found = false;
    filter.leaves(&mut |leaf| {
        if let RowLeaf::Related(related) = leaf {
            found |= !matches!(related.aggregate.window, Window::Within(..));
        }
    });
    found
}
