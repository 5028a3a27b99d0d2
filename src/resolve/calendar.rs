//! The project's calendar, and the source of a custom one.

use crate::calendar::{AsOf, Calendar, Date, Grain, Weekday, Zone};
use crate::diagnostic::{Findings, codes};
use crate::model::facts::Type;
use crate::model::{CalendarSource, ColumnId, Model, Source};
use crate::spec::Spec;
use crate::spec::project::CalendarSpec;

/// The calendar that a spec describes; what is missing has been reported and gets a default.
pub(super) fn calendar(spec: &CalendarSpec) -> Calendar {
    let start = spec.start.as_ref().map_or(Date::constant(2000, 1, 1), |day| day.value);
    let data_from = spec.data_from.as_ref().map_or(start, |day| day.value.min(start));
    Calendar {
        start,
        data_from,
        as_of: spec.as_of.unwrap_or(AsOf::Today),
        settle: spec.settle,
        zone: spec.zone.clone().unwrap_or_else(Zone::utc),
        week_starts: spec.week_starts.unwrap_or(Weekday::Monday),
        fiscal_month: spec.fiscal_month.unwrap_or(1),
        custom: spec.source.is_some(),
    }
}

/// Finds the source of a custom calendar and its columns.
pub(super) fn source(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let Some(name) = &spec.project.calendar.source else { return };
    let Some(id) = model.source_named(name) else {
        if !spec.incomplete {
            super::unknown_source(model, name, findings);
        }
        return;
    };
    let source = model.sources.get(id);
    let mut lacks = |message: String, help: &str| {
        findings.report(&codes::BAD_CALENDAR_SOURCE, name.span, message).also(source.name.span, "defined here").help(help);
    };
    let day = match source.key.as_slice() {
        [day] if is_date(source, *day) => Some(*day),
        _ => {
            let message = format!("`{}` cannot be a calendar: its key is not one column of dates", name.value);
            lacks(message, "a calendar has one row per day; set its `key` to the column of days");
            None
        }
    };
    let mut periods = Vec::new();
    for grain in Grain::ALL.into_iter().filter(|grain| *grain != Grain::Day) {
        match source.names.get(grain.name()) {
            Some(column) if is_date(source, *column) => periods.push((grain, *column)),
            Some(_) => {
                let message = format!("`{}` cannot be a calendar: its column `{grain}` holds no dates", name.value);
                lacks(message, "the column needs the first day of the period, as a date");
            }
            None => {
                let message = format!("`{}` cannot be a calendar: it has no column `{grain}`", name.value);
                lacks(message, "add a column of dates with the first day of the period");
            }
        }
    }
    if let (Some(day), 4) = (day, periods.len()) {
        model.calendar_source = Some(CalendarSource { source: id, day, periods });
    }
}

fn is_date(source: &Source, column: ColumnId) -> bool {
    source.columns.get(column).ty == Type::Date
}
