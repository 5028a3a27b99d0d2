//! Cohorts as a table: a row for each cohort, a column for each age.

use super::{out, show};
use crate::calendar::Date;
use crate::engine::Rows;
use crate::measure::shown::Precision;
use crate::measure::{number, shown};
use crate::model::{Kpi, KpiId, Model};
use serde_json::Value;

/// The column of ages.
const AGE: &str = "age";

/// How many cohorts are shown unless more or fewer are asked for.
const COHORTS: usize = 12;

/// The figures of a KPI with ages, by cohort and age.
pub(super) struct Cohorts {
    kpi: KpiId,
    figures: Vec<Figure>,
}

struct Figure {
    period: Date,
    age: u64,
    /// A number as the engine gives it, or null.
    value: Value,
    is_complete: bool,
}

impl Cohorts {
    /// The rows of the KPI's view.
    pub(super) fn of(kpi: KpiId, rows: &Rows) -> Self {
        let figure = |row: &Vec<Value>| {
            let period = rows.get(row, "period")?.as_str()?.parse().ok()?;
            let is_complete = rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(false);
            let age = rows.get(row, AGE)?.as_u64()?;
            let value = rows.get(row, "value").filter(|value| number(value).is_some()).cloned().unwrap_or_default();
            Some(Figure { period, age, value, is_complete })
        };
        let mut figures: Vec<Figure> = rows.rows.iter().filter_map(figure).collect();
        figures.sort_by_key(|figure| (figure.period, figure.age));
        Self { kpi, figures }
    }

    fn last(&self, wanted: usize) -> Vec<Date> {
        let mut periods: Vec<Date> = self.figures.iter().map(|figure| figure.period).collect();
        periods.dedup();
        let first = periods.len().saturating_sub(wanted);
        periods.split_off(first)
    }

    /// A table under a line that says what it is; also whether a figure is not complete.
    pub(super) fn table(&self, model: &Model, wanted: Option<usize>) -> (String, bool) {
        let kpi: &Kpi = model.kpis.get(self.kpi);
        let unit = &kpi.facts.unit;
        let periods = self.last(wanted.unwrap_or(COHORTS));
        let ages = self.figures.iter().filter(|figure| periods.contains(&figure.period)).map(|figure| figure.age).max();
        let precision = Precision::of(self.figures.iter().filter_map(|figure| number(&figure.value)), unit);
        let mut open = false;
        let mut cell = |period: &Date, age: u64| {
            let figure = self.figures.iter().find(|figure| figure.period == *period && figure.age == age);
            figure.map_or(String::new(), |figure| {
                let mark = if figure.is_complete { " " } else { "*" };
                open |= !figure.is_complete;
                format!("{}{mark}", precision.exact(&figure.value, unit))
            })
        };
        let mut rows: Vec<Vec<String>> = periods
            .iter()
            .map(|period| {
                let name = shown::period(*period, kpi.grain, &model.calendar);
                std::iter::once(name).chain((0..=ages.unwrap_or(0)).map(|age| cell(period, age))).collect()
            })
            .collect();
        let widest = |skip: usize, take: usize| {
            rows.iter().flat_map(|row| row.iter().skip(skip).take(take)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let left = out::width().saturating_sub(widest(0, 1) + 2);
        let all = rows.first().map_or(0, |row| row.len().saturating_sub(1));
        let fitting = (left / (widest(1, all) + 2)).clamp(1, all.max(1));
        rows.iter_mut().for_each(|row| row.truncate(fitting + 1));
        let mut headings = vec!["cohort".to_owned()];
        headings.extend((0..fitting).map(|age| format!("{age} ")));
        let age_unit = kpi.age.as_ref().map(|age| age.value.unit.name()).unwrap_or_default();
        let shown = unit.to_string();
        let shown = if shown.is_empty() { shown } else { format!(" ({shown})") };
        let mut text = format!("{}{shown}: cohorts by {}, age in {age_unit}s\n", kpi.name.value, kpi.grain);
        text.push_str(&show::table(headings, rows, |at| at > 0));
        if fitting < all {
            let more = format!("ages up to {} are there too: kpic query {}", all - 1, kpi.name.value);
            text.push_str(&format!("{}\n", out::styled(out::DIM, &more)));
        }
        (text, open)
    }

    /// The same for programs.
    pub(super) fn json(&self, model: &Model, wanted: Option<usize>) -> Value {
        let kpi = model.kpis.get(self.kpi);
        let periods = self.last(wanted.unwrap_or(COHORTS));
        let shown = self.figures.iter().filter(|figure| periods.contains(&figure.period));
        let figures: Vec<Value> = shown
            .map(|figure| {
                serde_json::json!({
                    "period": figure.period.to_string(),
                    "age": figure.age,
                    "value": figure.value,
                    "is_complete": figure.is_complete,
                })
            })
            .collect();
        serde_json::json!({
            "kpi": kpi.name.value,
            "title": kpi.title,
            "grain": kpi.grain.name(),
            "age": kpi.age.as_ref().map(|age| age.value.unit.name()),
            "unit": kpi.facts.unit.to_string(),
            "periods": figures,
        })
    }
}
