//! The page of a KPI: its figures first, then what it means, how it is computed and where it comes from.

use super::{Level, Link, Site, Tile};
use crate::manifest::data::{Kpi, View};
use crate::measure::shown::Precision;
use crate::model::unit::Unit;
use crate::site::chart::{self, Bar, Goal, Line, Mark, Row};
use crate::site::figures::{Cohort, Point, Sliced};
use crate::site::now::{self, Figure, Now};
use crate::site::words;
use minijinja::Value;
use serde::Serialize;

/// How many cohorts are shown.
const COHORTS: usize = 24;
/// How many periods of a slice are in its table.
const SLICE_PERIODS: usize = 6;

/// `kpi.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct KpiPage<'a> {
    kpi: &'a Kpi,
    owner: Option<Link>,
    lead: &'a str,
    light: Option<&'static str>,
    status: &'static str,
    now: Option<Now>,
    missing: String,
    refused: bool,
    /// What is good, in words.
    good: String,
    chart: Option<Value>,
    rows: Vec<PeriodRow>,
    slices: Vec<SliceSection>,
    cohorts: Option<CohortSection>,
    description: Vec<String>,
    insight: Vec<String>,
    results: Vec<ResultLine>,
    guardrails: Vec<GuardrailLine<'a>>,
    components: Vec<Tile>,
    used_by: Vec<Tile>,
    drives: Vec<Claim<'a>>,
    driven_by: Vec<Claim<'a>>,
    star: Vec<Way>,
    reads: Vec<Reads<'a>>,
    scorecards: Vec<Link>,
    instead: Option<Link>,
    views: Vec<&'a View>,
    sql: Option<&'a str>,
    values_by_hand: bool,
}

/// A period in the table behind the chart.
#[derive(Serialize)]
struct PeriodRow {
    label: String,
    day: String,
    figure: Figure,
    change: String,
    verdict: &'static str,
    is_complete: bool,
}

#[derive(Serialize)]
struct SliceSection {
    title: String,
    period: String,
    chart: Value,
    periods: Vec<Heading>,
    members: Vec<MemberRow>,
    left_out: usize,
    dimensions: String,
}

#[derive(Serialize)]
struct Heading {
    label: String,
    day: String,
    is_complete: bool,
}

#[derive(Serialize)]
struct MemberRow {
    name: String,
    spark: Value,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct CohortSection {
    chart: Value,
    unit: String,
    ages: Vec<String>,
    rows: Vec<CohortRow>,
}

#[derive(Serialize)]
struct CohortRow {
    label: String,
    day: String,
    cells: Vec<CohortCell>,
}

#[derive(Serialize)]
struct CohortCell {
    #[serde(flatten)]
    figure: Figure,
    is_complete: bool,
}

/// A key result that the KPI shows.
#[derive(Serialize)]
struct ResultLine {
    objective: Link,
    title: String,
    slice: Option<String>,
    goal: String,
    now: String,
    status: String,
    light: Option<&'static str>,
    due: Option<String>,
}

#[derive(Serialize)]
struct GuardrailLine<'a> {
    title: &'a str,
    when: &'a str,
    severity: &'a str,
    owner: Option<Link>,
    action: &'a str,
    fired: Vec<String>,
}

#[derive(Serialize)]
struct Claim<'a> {
    kpi: Link,
    effect: &'a str,
    lag: &'a str,
    because: &'a str,
}

#[derive(Serialize)]
struct Way {
    sign: &'static str,
    steps: Vec<Link>,
}

#[derive(Serialize)]
struct Reads<'a> {
    title: &'a str,
    name: &'a str,
    columns: &'a [String],
}

impl<'a> KpiPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>, kpi: &'a Kpi) -> Self {
        let level = Level::Folder;
        let manifest = site.manifest;
        let read = site.read(&kpi.name);
        let points = now::last(site.points(&kpi.name, &kpi.grain), periods(&kpi.grain));
        let unit = now::unit_of(kpi);
        let claim = |other: &str, drive: &'a crate::manifest::data::Drive| {
            Some(Claim { kpi: site.kpi(other, level)?, effect: &drive.effect, lag: &drive.lag, because: &drive.because })
        };
        let driven_by = kpi.driven_by.iter().filter_map(|name| {
            let drive = manifest.kpis.get(name)?.drives.iter().find(|drive| drive.kpi == kpi.name)?;
            claim(name, drive)
        });
        let team = kpi.owner.as_ref().and_then(|name| manifest.teams.get(name));
        let slices = read.map(|read| read.slices.as_slice()).unwrap_or_default();
        let tiles = |names: &'a [String]| names.iter().filter_map(|name| site.tile(name, None, level)).collect();
        Self {
            owner: site.team(kpi.owner.as_ref(), level),
            lead: team.map(|team| team.lead.as_str()).unwrap_or_default(),
            light: site.light(kpi),
            status: site.light(kpi).map_or("", super::light_words),
            now: Now::of(kpi, points),
            missing: site.missing(kpi),
            refused: read.is_some_and(|read| read.refused.is_some()),
            good: good(kpi, &unit),
            chart: (!points.is_empty()).then(|| drawn(site, kpi, points, &unit)),
            rows: rows(kpi, points, &unit),
            slices: slices.iter().filter_map(|slice| section(site, kpi, slice, &unit)).collect(),
            cohorts: read.and_then(|read| cohorts(kpi, &read.cohorts, &unit)),
            description: words::paragraphs(&kpi.description),
            insight: words::paragraphs(&kpi.insight),
            results: results(site, kpi),
            guardrails: guardrails(site, kpi),
            components: tiles(&kpi.components),
            used_by: tiles(&kpi.used_by),
            drives: kpi.drives.iter().filter_map(|drive| claim(&drive.kpi, drive)).collect(),
            driven_by: driven_by.collect(),
            star: ways(site, kpi),
            reads: reads(site, kpi),
            scorecards: kpi.scorecards.iter().filter_map(|name| site.scorecard(name, level)).collect(),
            instead: kpi.deprecated.as_ref().and_then(|each| site.kpi(each.instead.as_ref()?, level)),
            views: kpi.views.iter().filter_map(|name| manifest.views.get(name)).collect(),
            sql: site.sql.get(&kpi.name).map(String::as_str),
            values_by_hand: !kpi.values.is_empty(),
            kpi,
        }
    }
}

/// How many periods of a grain a chart has.
fn periods(grain: &str) -> usize {
    match grain {
        "day" => 90,
        "week" => 52,
        "month" => 36,
        "quarter" => 16,
        _ => 12,
    }
}

/// Which way is good, in words.
fn good(kpi: &Kpi, unit: &Unit) -> String {
    let Some(better) = &kpi.better else { return String::new() };
    match (better.direction.as_str(), better.low, better.high) {
        ("up", ..) => "Higher is better".to_owned(),
        ("down", ..) => "Lower is better".to_owned(),
        (_, Some(low), Some(high)) => {
            let precision = Precision::of([low, high], unit);
            format!("Best between {} and {}", precision.figure(low, unit), precision.figure(high, unit))
        }
        _ => String::new(),
    }
}

fn drawn(site: &Site<'_>, kpi: &Kpi, points: &[Point], unit: &Unit) -> Value {
    let precision = now::precision(points, unit);
    let marks: Vec<Mark> = points.iter().map(|point| now::mark(point, precision, unit)).collect();
    let targets = site.figures.targets.get(&kpi.name).map(Vec::as_slice).unwrap_or_default();
    let goal = |target: &crate::site::figures::Target| {
        let result =
            site.manifest.objectives.get(&target.objective)?.key_results.iter().find(|each| each.name == target.key_result)?;
        let due = result.due.as_ref().map(|due| format!(" by {due}")).unwrap_or_default();
        let shown = site.figures.present.key_results.get(&target.objective).and_then(|known| known.get(&target.key_result));
        let to = shown.map(|known| known.to.clone()).unwrap_or_default();
        Some(Goal { value: target.value, name: format!("{}: {to}{due}", result.title) })
    };
    let goals: Vec<Goal> = targets.iter().filter_map(goal).collect();
    let band =
        kpi.better.as_ref().filter(|better| better.direction == "between").and_then(|better| Some((better.low?, better.high?)));
    let of = points.first().zip(points.last()).map(|(first, last)| format!(" from {} to {}", first.label, last.label));
    let name = format!("{} by {}{}; the table below has the figures", kpi.title, kpi.grain, of.unwrap_or_default());
    let chart = Line { name: &name, marks: &marks, goals: &goals, band, axis: &|value| now::tick(value, unit), id: "total" };
    Value::from_safe_string(chart::line(&chart))
}

fn rows(kpi: &Kpi, points: &[Point], unit: &Unit) -> Vec<PeriodRow> {
    let precision = now::precision(points, unit);
    let row = |point: &Point| PeriodRow {
        label: point.label.clone(),
        day: point.day.clone(),
        figure: Figure::of(&point.value, precision, unit),
        change: point.change.map(|change| precision.change(change, unit)).unwrap_or_default(),
        verdict: point
            .change
            .filter(|_| point.is_complete)
            .map_or("", |change| now::verdict(kpi.better.as_ref(), point.number().unwrap_or_default(), change)),
        is_complete: point.is_complete,
    };
    points.iter().rev().map(row).collect()
}

fn section(site: &Site<'_>, kpi: &Kpi, slice: &Sliced, unit: &Unit) -> Option<SliceSection> {
    let titles: Vec<String> = slice
        .dimensions
        .iter()
        .map(|name| site.manifest.dimensions.get(name).map_or(name.clone(), |dimension| dimension.title.clone()))
        .collect();
    let title = titles.join(" and ");
    let first = slice.periods.len().saturating_sub(SLICE_PERIODS);
    let shown = slice.members.iter().flat_map(|member| member.values.get(first..).unwrap_or_default());
    let precision = now::column(shown, unit);
    let current = slice.periods.iter().rposition(|period| period.is_complete).unwrap_or(slice.periods.len().checked_sub(1)?);
    let bar = |member: &crate::site::figures::Member| {
        let value = member.values.get(current).cloned().unwrap_or_default();
        Bar { name: member.name.clone(), value: crate::measure::number(&value), shown: precision.exact(&value, unit) }
    };
    let member = |member: &crate::site::figures::Member| {
        let marks: Vec<Mark> = slice
            .periods
            .iter()
            .zip(&member.values)
            .map(|(period, value)| Mark {
                label: period.label.clone(),
                value: crate::measure::number(value),
                shown: precision.exact(value, unit),
                is_complete: period.is_complete,
            })
            .collect();
        MemberRow {
            name: member.name.clone(),
            spark: Value::from_safe_string(chart::spark(&format!("{}, {}", kpi.title, member.name), &marks)),
            figures: member.values.iter().skip(first).map(|value| Figure::of(value, precision, unit)).collect(),
        }
    };
    let period = slice.periods.get(current)?.label.clone();
    let bars: Vec<Bar> = slice.members.iter().map(bar).collect();
    let name = format!("{} by {title} in {period}; the table below has the figures", kpi.title);
    let heading = |period: &crate::site::figures::Period| Heading {
        label: period.label.clone(),
        day: period.day.clone(),
        is_complete: period.is_complete,
    };
    (!slice.members.is_empty()).then(|| SliceSection {
        chart: Value::from_safe_string(chart::bars(&name, &bars)),
        periods: slice.periods.iter().skip(first).map(heading).collect(),
        members: slice.members.iter().map(member).collect(),
        left_out: slice.left_out,
        dimensions: slice.dimensions.join(","),
        period,
        title,
    })
}

fn cohorts(kpi: &Kpi, cohorts: &[Cohort], unit: &Unit) -> Option<CohortSection> {
    let shown = cohorts.get(cohorts.len().saturating_sub(COHORTS)..).filter(|shown| !shown.is_empty())?;
    let precision = now::column(shown.iter().flat_map(|cohort| cohort.ages.iter().map(|(value, _)| value)), unit);
    let is_known = |age: usize| shown.iter().any(|cohort| cohort.ages.get(age).is_some_and(|(value, _)| !value.is_null()));
    let count = (0..shown.first()?.ages.len()).rev().find(|age| is_known(*age)).map_or(0, |age| age + 1);
    let ages: Vec<String> = (0..count).map(|age| age.to_string()).collect();
    let cells = |cohort: &Cohort| cohort.ages.iter().take(count).cloned().collect::<Vec<_>>();
    let rows: Vec<Row> = shown
        .iter()
        .map(|cohort| Row {
            name: cohort.label.clone(),
            cells: cells(cohort)
                .into_iter()
                .map(|(value, is_complete)| (crate::measure::number(&value), precision.exact(&value, unit), is_complete))
                .collect(),
        })
        .collect();
    let age_unit = kpi.age.as_ref().map(|age| age.unit.clone()).unwrap_or_default();
    let name = format!("{}: cohorts by {}, age in {age_unit}s; the table below has the figures", kpi.title, kpi.grain);
    let table = shown.iter().map(|cohort| CohortRow {
        label: cohort.label.clone(),
        day: cohort.day.clone(),
        cells: cells(cohort)
            .iter()
            .map(|(value, is_complete)| CohortCell { figure: Figure::of(value, precision, unit), is_complete: *is_complete })
            .collect(),
    });
    Some(CohortSection {
        chart: Value::from_safe_string(chart::heat(&name, &ages, &rows)),
        unit: age_unit,
        rows: table.collect(),
        ages,
    })
}

fn results(site: &Site<'_>, kpi: &Kpi) -> Vec<ResultLine> {
    let mut found = Vec::new();
    for objective in site.manifest.objectives.values() {
        for result in objective.key_results.iter().filter(|result| result.kpi.as_ref() == Some(&kpi.name)) {
            let known = site.figures.present.key_results.get(&objective.name).and_then(|known| known.get(&result.name));
            let Some(link) = site.objective(&objective.name, Level::Folder) else { continue };
            found.push(ResultLine {
                objective: link,
                title: result.title.clone(),
                slice: result.slice.clone(),
                goal: result.goal.clone(),
                now: known.map(|known| known.now.clone()).unwrap_or_default(),
                status: known.map(|known| words::plain(&known.progress.status)).unwrap_or_default(),
                light: known.and_then(|known| super::light_of(&known.progress.status)),
                due: result.due.clone(),
            });
        }
    }
    found
}

fn guardrails<'a>(site: &Site<'a>, kpi: &'a Kpi) -> Vec<GuardrailLine<'a>> {
    let line = |name: &String| {
        let guardrail = site.manifest.guardrails.get(name)?;
        let fired = site.figures.present.firings.get(name);
        Some(GuardrailLine {
            title: &guardrail.title,
            when: &guardrail.when,
            severity: &guardrail.severity,
            owner: site.team(guardrail.owner.as_ref(), Level::Folder),
            action: &guardrail.action,
            fired: fired.map(super::fired).unwrap_or_default(),
        })
    };
    kpi.guardrails.iter().filter_map(line).collect()
}

fn ways(site: &Site<'_>, kpi: &Kpi) -> Vec<Way> {
    let way = |way: &crate::manifest::data::Steps| Way {
        sign: match way.sign.as_str() {
            "plus" => "helps",
            "minus" => "harms",
            _ => "moves",
        },
        steps: site.kpis(way.steps.iter().map(|step| &step.kpi), Level::Folder),
    };
    kpi.ways.iter().flat_map(|ways| &ways.shortest).map(way).collect()
}

fn reads<'a>(site: &Site<'a>, kpi: &'a Kpi) -> Vec<Reads<'a>> {
    let title = |name: &String| {
        let journey = || site.manifest.journeys.get(name).map(|journey| journey.title.as_str());
        site.manifest.sources.get(name).map(|source| source.title.as_str()).or_else(journey)
    };
    kpi.reads.iter().filter_map(|(name, columns)| Some(Reads { title: title(name)?, name, columns })).collect()
}
