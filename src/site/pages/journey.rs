//! The pages of journeys: how many reach each step, and the KPIs that look at them.

use super::{Level, Link, Site, Tile};
use crate::manifest::data::{Journey, Step};
use crate::site::chart;
use crate::site::words;
use crate::text::grouped;
use minijinja::Value;
use serde::Serialize;

/// `journeys.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct JourneysPage<'a> {
    journeys: Vec<JourneyRow<'a>>,
}

#[derive(Serialize)]
struct JourneyRow<'a> {
    link: Link,
    summary: String,
    steps: Vec<&'a str>,
    rows: Vec<StepRow<'a>>,
    period: String,
}

/// `journey.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct JourneyPage<'a> {
    journey: &'a Journey,
    chart: Option<Value>,
    /// The months in which the journeys started.
    period: String,
    rows: Vec<StepRow<'a>>,
    tiles: Vec<Tile>,
}

/// A step in the table behind the chart.
#[derive(Serialize)]
struct StepRow<'a> {
    #[serde(flatten)]
    step: &'a Step,
    /// How many have reached it; empty if that is not known.
    count: String,
    raw: String,
    /// The share of those who have reached the step before, and of all.
    of_before: String,
    of_all: String,
    /// How many of the step before have not come so far.
    lost: String,
}

impl<'a> JourneysPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>) -> Self {
        let row = |journey: &'a Journey| {
            let (period, rows) = rows(site, journey);
            let link = Link { title: journey.title.clone(), href: Site::href(Level::Root, "journeys", &journey.name) };
            let steps = journey.steps.iter().map(|step| step.title.as_str()).collect();
            JourneyRow { link, summary: words::summary(&journey.description), steps, rows, period }
        };
        Self { journeys: site.manifest.journeys.values().map(row).collect() }
    }
}

impl<'a> JourneyPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>, journey: &'a Journey) -> Self {
        let (period, rows) = rows(site, journey);
        let counts = site.figures.journeys.get(&journey.name).map(|funnel| funnel.steps.as_slice()).unwrap_or_default();
        let steps: Vec<chart::Step> = rows
            .iter()
            .zip(counts)
            .map(|(row, count)| chart::Step {
                name: row.step.title.clone(),
                count: *count,
                shown: if row.of_all.is_empty() { row.count.clone() } else { format!("{} ({})", row.count, row.of_all) },
            })
            .collect();
        let name = format!("{}, started {period}: how many reach each step; the table below has the figures", journey.title);
        let readers = site.manifest.kpis.values().filter(|kpi| kpi.reads.contains_key(&journey.name));
        Self {
            chart: (!steps.is_empty()).then(|| Value::from_safe_string(chart::funnel(&name, &steps))),
            tiles: readers.filter_map(|kpi| site.tile(&kpi.name, None, Level::Folder)).collect(),
            period,
            rows,
            journey,
        }
    }
}

fn rows<'a>(site: &Site<'a>, journey: &'a Journey) -> (String, Vec<StepRow<'a>>) {
    let funnel = site.figures.journeys.get(&journey.name);
    let count = |at: usize| funnel.and_then(|funnel| funnel.steps.get(at)).copied();
    let share = |part: Option<f64>, of: Option<f64>| {
        let share = part.zip(of).filter(|(_, of)| *of > 0.0).map(|(part, of)| format!("{:.1}%", part / of * 100.0));
        share.unwrap_or_default()
    };
    let before = |at: usize| at.checked_sub(1).and_then(count);
    let whole = |value: Option<f64>| value.map(|value| grouped(&format!("{value:.0}"))).unwrap_or_default();
    let row = |(at, step): (usize, &'a Step)| StepRow {
        step,
        count: whole(count(at)),
        raw: count(at).map(|value| format!("{value:.0}")).unwrap_or_default(),
        of_before: share(count(at), before(at)),
        of_all: if at == 0 { String::new() } else { share(count(at), count(0)) },
        lost: whole(before(at).zip(count(at)).map(|(before, now)| before - now)),
    };
    let period = funnel.map(|funnel| format!("{} to {}", funnel.since, funnel.until)).unwrap_or_default();
    (period, journey.steps.iter().enumerate().map(row).collect())
}
