//! What the views over several KPIs must show: a scorecard, wide, and all of them, long.

use crate::days::Period;
use crate::figures::{Cell, Expected, View};

/// The figures of a KPI, one for each period.
pub(crate) struct Series<'a> {
    pub kpi: &'a str,
    pub unit: &'a str,
    pub owner: &'a str,
    pub value: Box<dyn Fn(Period) -> Cell + 'a>,
    /// Whether the KPI's window lies within the data.
    pub is_whole: Box<dyn Fn(Period) -> bool + 'a>,
}

impl<'a> Series<'a> {
    /// The figures of a KPI that does not look back beyond its period.
    pub(crate) fn new(kpi: &'a str, unit: &'a str, owner: &'a str, value: impl Fn(Period) -> Cell + 'a) -> Self {
        Self { kpi, unit, owner, value: Box::new(value), is_whole: Box::new(|_| true) }
    }

    fn is_complete(&self, period: Period) -> bool {
        period.is_over && (self.is_whole)(period)
    }
}

/// Adds the view of a scorecard, and `kpi_values` of a project that has only this one.
pub(crate) fn add(expected: &mut Expected, scorecard: &str, grain: &str, periods: &[Period], series: &[Series<'_>]) {
    let names: Vec<&str> = series.iter().map(|series| series.kpi).chain(["is_complete"]).collect();
    let mut wide = View::new(&["period"], &names);
    for period in periods {
        let mut cells: Vec<Cell> = series.iter().map(|series| (series.value)(*period)).collect();
        cells.push(Cell::Flag(series.iter().all(|series| series.is_complete(*period))));
        wide.row(&[&period.start.to_string()], cells);
    }
    expected.add(&format!("scorecard__{scorecard}"), wide);

    let others = ["value", "prior", "change", "is_complete", "unit", "owner"];
    let mut long = View::new(&["kpi", "grain", "period"], &others);
    for series in series {
        // The period before the first one shown begins before the data does.
        let mut prior = Cell::Null;
        for period in periods {
            let value = (series.value)(*period);
            let change = match (value.as_number(), prior.as_number()) {
                (Some(value), Some(prior)) => Cell::Number(value - prior),
                _ => Cell::Null,
            };
            let complete = Cell::Flag(series.is_complete(*period));
            let (unit, owner) = (Cell::Text(series.unit.to_owned()), Cell::Text(series.owner.to_owned()));
            let keys = [series.kpi, grain, &period.start.to_string()];
            long.row(&keys, vec![value.clone(), prior, change, complete, unit, owner]);
            prior = value;
        }
    }
    expected.add("kpi_values", long);
}
