//! The context of a journey's page.

use super::diagram;
use super::site::{Level, Link, Site, summary};
use crate::manifest::data::{self, Journey};
use minijinja::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// `journey.md.j2`
#[derive(Serialize)]
pub(super) struct JourneyPage<'a> {
    journey: &'a Journey,
    steps: Vec<StepRow<'a>>,
    /// The source of the first step, whose columns the journey has.
    first: Option<Link>,
    funnel: String,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    #[serde(flatten)]
    step: &'a data::Step,
    from: Option<Link>,
}

impl<'a> JourneyPage<'a> {
    pub(super) fn of(site: &Site<'a>, journey: &'a Journey, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Self {
        let level = Level::Folder;
        let step = |step: &'a data::Step| StepRow { step, from: site.source(&step.source, level) };
        let kpis = readers.get(journey.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        Self {
            steps: journey.steps.iter().map(step).collect(),
            first: journey.steps.first().and_then(|step| site.source(&step.source, level)),
            funnel: diagram::journey(site, journey),
            kpis: kpis.iter().filter_map(|name| site.row(name, level)).collect(),
            journey,
        }
    }
}

/// A journey as a row of a table.
#[derive(Serialize)]
pub(super) struct JourneyRow {
    #[serde(flatten)]
    link: Link,
    summary: String,
    /// The titles of its steps.
    steps: Vec<String>,
    kpis: usize,
}

impl JourneyRow {
    /// The rows of all journeys, for pages at the root.
    pub(super) fn all<'a>(site: &Site<'a>, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<Self> {
        let row = |journey: &'a Journey| {
            Some(Self {
                link: site.source(&journey.name, Level::Root)?,
                summary: summary(&journey.description),
                steps: journey.steps.iter().map(|step| step.title.clone()).collect(),
                kpis: readers.get(journey.name.as_str()).map_or(0, Vec::len),
            })
        };
        site.manifest.journeys.values().filter_map(row).collect()
    }
}
