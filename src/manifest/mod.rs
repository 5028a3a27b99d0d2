//! A valid project as data: what `manifest.json` holds, what documents are made of, and the JSON Schema of both.
//!
//! [`manifest`] collects each definition with what only the whole project knows of it: what it is made of, who uses it, which
//! views show it. Everything is found by name, in maps that are sorted by name. `kpi` makes the entries of KPIs, `reading`
//! says in plain words what their formulas do, [`data`] has the structs.

pub mod data;
mod guardrail;
mod journey;
mod kpi;
mod layout;
mod north_star;
pub mod objective;
pub mod present;
mod reading;

pub use data::Manifest;

use crate::align::Alignment;
use crate::calendar::{AsOf, Grain};
use crate::dialect::Dialect;
use crate::graph::Graph;
use crate::model::{self, ColumnUnit, KeyPart, KpiId, Model, SourceKind, Storage};
use crate::pipeline::Valid;
use crate::plan::views::{Shows, View};
use crate::text::{Files, Span};
use data::{
    Calendar, Column, Dimension, Holds, Place, Project, Relation, Review, Scorecard, Source, Team, Test, TestedKpi, ViewOf,
    Warehouse,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the manifest's form. It grows when a program that reads an older one would be misled.
pub const VERSION: u32 = 1;
/// The file of a manifest below the target folder.
pub const FILE: &str = "manifest.json";
/// The file of its schema, beside it.
pub const SCHEMA_FILE: &str = "manifest.schema.json";

/// The manifest of a project with these views.
pub fn manifest(project: &Valid, views: &[View], dialect: &dyn Dialect) -> Manifest {
    let all = Collected::of(project, views);
    let model = all.model;
    Manifest {
        schema: SCHEMA_FILE.to_owned(),
        manifest_version: VERSION,
        kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
        project: Project { name: model.name.clone(), title: model.title.clone(), description: model.description.clone() },
        calendar: calendar(model),
        warehouse: Warehouse { dialect: dialect.name().to_owned(), schema: model.warehouse.schema.clone() },
        kpis: kpi::kpis(&all),
        sources: all.sources(),
        journeys: journey::journeys(&all),
        dimensions: all.dimensions(),
        teams: all.teams(),
        taxonomies: all.taxonomies(),
        north_star: north_star::north_star(&all),
        scorecards: model.scorecards.iter().map(|card| (card.name.value.clone(), all.scorecard(card))).collect(),
        objectives: objective::objectives(&all),
        guardrails: guardrail::guardrails(&all),
        reviews: model::review::reviews(model).iter().map(|review| all.review(review)).collect(),
        tests: model.tests.iter().map(|test| (test.name.value.clone(), all.test(test))).collect(),
        views: views.iter().map(|view| (view.name.clone(), all.view(view, dialect))).collect(),
    }
}

/// The manifest as JSON, a definition on each line.
pub fn json(manifest: &Manifest) -> String {
    // A view and its KPI take about so many bytes. To grow such a text means to copy it.
    let mut text = Vec::with_capacity(4_000 + 1_600 * manifest.views.len());
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, layout::Definitions::default());
    if manifest.serialize(&mut serializer).is_err() {
        text.clear();
    }
    text.push(b'\n');
    String::from_utf8(text).unwrap_or_default()
}

/// The JSON Schema of manifests.
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Manifest)).unwrap_or_default();
    text.push('\n');
    text
}

/// A project, and what has to be collected from all of it before any entry can be made.
struct Collected<'a> {
    model: &'a Model,
    graph: &'a Graph,
    alignment: &'a Alignment,
    files: &'a Files,
    /// For each KPI by its place what mentions it or shows it.
    around: Vec<Around>,
}

/// What mentions or shows a KPI, by name.
#[derive(Debug, Clone, Default)]
struct Around {
    used_by: Vec<String>,
    driven_by: Vec<String>,
    replaces: Vec<String>,
    scorecards: Vec<String>,
    guardrails: Vec<String>,
    tests: Vec<String>,
    views: Vec<String>,
}

impl<'a> Collected<'a> {
    fn of(project: &'a Valid, views: &[View]) -> Self {
        let (model, files) = (project.model(), project.files());
        let (graph, alignment) = (project.graph(), project.alignment());
        let mut whole = Self { model, graph, alignment, files, around: vec![Around::default(); model.kpis.len()] };
        for (id, kpi) in model.kpis.iter() {
            let name = &kpi.name.value;
            for needed in kpi::components(whole.graph, id) {
                whole.add(needed, |around| &mut around.used_by, name);
            }
            for drive in &kpi.about.drives {
                whole.add(drive.kpi, |around| &mut around.driven_by, name);
            }
            if let Some(instead) = kpi.deprecated.as_ref().and_then(|deprecated| deprecated.instead) {
                whole.add(instead, |around| &mut around.replaces, name);
            }
        }
        for card in &model.scorecards {
            for kpi in &card.kpis {
                whole.add(kpi.value, |around| &mut around.scorecards, &card.name.value);
            }
        }
        for guardrail in &model.guardrails {
            for kpi in &guardrail.watches {
                whole.add(*kpi, |around| &mut around.guardrails, &guardrail.name.value);
            }
        }
        for test in &model.tests {
            for expected in &test.expect {
                whole.add(expected.kpi, |around| &mut around.tests, &test.name.value);
            }
        }
        for view in views {
            if let Shows::Kpi(kpi, ..) = &view.shows {
                whole.add(*kpi, |around| &mut around.views, &view.name);
            }
        }
        whole
    }

    fn add(&mut self, kpi: KpiId, list: impl Fn(&mut Around) -> &mut Vec<String>, name: &str) {
        if let Some(around) = self.around.get_mut(kpi.index()) {
            let names = list(around);
            // Whatever adds to a list adds a name's mentions one after the other.
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
        }
    }

    fn kpi_name(&self, id: KpiId) -> String {
        self.model.kpis.get(id).name.value.clone()
    }

    fn dimension_names(&self, ids: &[model::DimensionId]) -> Vec<String> {
        ids.iter().map(|id| self.model.dimensions.get(*id).name.clone()).collect()
    }

    /// Where a definition stands.
    fn place(&self, span: Span) -> Place {
        Place { file: self.files.path(span.file).to_owned(), line: self.files.line(span) }
    }

    fn sources(&self) -> BTreeMap<String, Source> {
        let sources = self.model.sources.rows().iter().filter(|source| source.journey.is_none());
        sources.map(|source| (source.name.value.clone(), self.source(source))).collect()
    }

    fn source(&self, source: &model::Source) -> Source {
        let name_of = |id| source.columns.get(id).name.value.clone();
        let relation = match &source.relation {
            Some(model::Relation::Table(parts)) => Relation::Table(parts.clone()),
            Some(model::Relation::Files(files)) => Relation::Files(files.paths.clone()),
            Some(model::Relation::Query(query)) => Relation::Query(query.clone()),
            None => Relation::Files(Vec::new()),
        };
        Source {
            name: source.name.value.clone(),
            title: self.model.title(&source.name.value),
            description: source.description.clone(),
            relation,
            kind: match source.kind {
                SourceKind::Events => "events",
                SourceKind::Entities => "entities",
                SourceKind::States => "states",
            }
            .to_owned(),
            row: source.row.clone(),
            key: source.key.iter().map(|id| name_of(*id)).collect(),
            time: source.time.map(name_of),
            fresh_within: source.freshness.within.as_ref().map(|within| within.value.to_string()),
            expect: source.freshness.expect.as_ref().map(|expect| expect.value.to_string()),
            holds: source.holds.map(|holds| match holds {
                model::Holds::Valid { from, to, inclusive } => Holds::Valid { from: name_of(from), to: name_of(to), inclusive },
                model::Holds::Snapshot { taken, every, fresh_for } => {
                    Holds::Snapshot { taken: name_of(taken), every: every.to_string(), fresh_for: fresh_for.to_string() }
                }
                model::Holds::Readings { taken, fresh_for } => {
                    Holds::Readings { taken: name_of(taken), fresh_for: fresh_for.to_string() }
                }
            }),
            columns: source.columns.rows().iter().map(|column| self.column(source, column)).collect(),
            defined: self.place(source.name.span),
        }
    }

    fn column(&self, source: &model::Source, column: &model::Column) -> Column {
        let (unit, currency_in) = match &column.unit {
            ColumnUnit::Fixed(unit) => (Some(unit.to_string()).filter(|unit| !unit.is_empty()), None),
            ColumnUnit::ByColumn(id) => (None, Some(source.columns.get(*id).name.value.clone())),
        };
        let part = |part: &KeyPart| match part {
            KeyPart::Stored(name) => name.clone(),
            KeyPart::Made(id) => source.columns.get(*id).name.value.clone(),
        };
        let (stored_as, expr) = match &column.storage {
            Storage::Stored(name) => (vec![name.clone()], None),
            Storage::Several(parts) => (parts.iter().map(part).collect(), None),
            Storage::Derived(_) => (Vec::new(), Some(column.written.clone())),
            Storage::Raw(each) => (Vec::new(), each.0.first().map(|(_, sql)| sql.clone())),
        };
        Column {
            name: column.name.value.clone(),
            description: column.description.clone(),
            ty: column.ty.written().to_owned(),
            unit,
            currency_in,
            stored_as,
            is_raw_sql: matches!(column.storage, Storage::Raw(_)),
            expr,
            references: column.reference.map(|id| self.model.sources.get(id).name.value.clone()),
            values: column.values.clone(),
            nullable: column.nullable,
        }
    }

    /// The dimensions that a spec defines or a KPI is sliced by.
    fn dimensions(&self) -> BTreeMap<String, Dimension> {
        let mut sliced: BTreeMap<model::DimensionId, Vec<String>> = BTreeMap::new();
        for kpi in self.model.kpis.rows() {
            for id in kpi.by.iter().flat_map(|slice| &slice.value) {
                let kpis = sliced.entry(*id).or_default();
                if kpis.last() != Some(&kpi.name.value) {
                    kpis.push(kpi.name.value.clone());
                }
            }
        }
        let wanted = self.model.dimensions.iter().filter(|(id, each)| each.defined.is_some() || sliced.contains_key(id));
        let entry = |(id, each): (model::DimensionId, &model::Dimension)| {
            let from = each.places.iter().map(|(source, path)| {
                (self.model.sources.get(*source).name.value.clone(), self.model.path_text(*source, path))
            });
            // One that is only a column's name means what the column holds.
            let column = each.places.iter().next().map(|(source, path)| &self.model.column(*source, path).description);
            let own = Some(&each.description).filter(|description| !description.is_empty());
            let dimension = Dimension {
                name: each.name.clone(),
                title: each.title.clone(),
                description: own.or(column.filter(|_| each.defined.is_none())).cloned().unwrap_or_default(),
                ty: each.ty.map(|ty| ty.written().to_owned()),
                from: from.collect(),
                kpis: sliced.get(&id).cloned().unwrap_or_default(),
                defined: each.defined.map(|span| self.place(span)),
            };
            (each.name.clone(), dimension)
        };
        wanted.map(entry).collect()
    }

    fn teams(&self) -> BTreeMap<String, Team> {
        let mut owned: Vec<Vec<String>> = vec![Vec::new(); self.model.teams.len()];
        for kpi in self.model.kpis.rows() {
            if let Some(kpis) = kpi.owner.and_then(|team| owned.get_mut(team.index())) {
                kpis.push(kpi.name.value.clone());
            }
        }
        let entry = |(team, kpis): (&model::Team, Vec<String>)| {
            let name = team.name.value.clone();
            let team = Team {
                name: name.clone(),
                title: team.title.clone(),
                description: team.description.clone(),
                lead: team.lead.clone(),
                kpis,
                defined: self.place(team.name.span),
            };
            (name, team)
        };
        self.model.teams.rows().iter().zip(owned).map(entry).collect()
    }

    fn taxonomies(&self) -> BTreeMap<String, data::Taxonomy> {
        let mut members: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for kpi in self.model.kpis.rows() {
            for (taxonomy, value) in &kpi.taxonomies {
                members.entry((taxonomy, value)).or_default().push(kpi.name.value.clone());
            }
        }
        let entry = |taxonomy: &model::Taxonomy| {
            let value = |(value, _): &(String, Option<Span>)| data::TaxonomyValue {
                name: value.clone(),
                title: self.model.title(value),
                kpis: members.get(&(taxonomy.name.as_str(), value.as_str())).cloned().unwrap_or_default(),
            };
            let made = data::Taxonomy {
                name: taxonomy.name.clone(),
                title: taxonomy.title.clone(),
                description: taxonomy.description.clone(),
                cover: taxonomy.cover,
                values: taxonomy.values.iter().map(value).collect(),
            };
            (taxonomy.name.clone(), made)
        };
        self.model.taxonomies.iter().map(entry).collect()
    }

    fn scorecard(&self, card: &model::Scorecard) -> Scorecard {
        Scorecard {
            name: card.name.value.clone(),
            title: card.title.clone(),
            description: card.description.clone(),
            cadence: Some(card.cadence.clone()).filter(|cadence| !cadence.is_empty()),
            grain: card.grain.name().to_owned(),
            kpis: card.kpis.iter().map(|kpi| self.kpi_name(kpi.value)).collect(),
            view: format!("scorecard__{}", card.name.value),
            defined: self.place(card.name.span),
        }
    }

    fn review(&self, review: &model::review::Review) -> Review {
        let guardrails = |places: &[usize]| {
            let known = places.iter().filter_map(|at| self.model.guardrails.get(*at));
            known.map(|guardrail| guardrail.name.value.clone()).collect()
        };
        let cards = review.scorecards.iter().filter_map(|at| self.model.scorecards.get(*at));
        let objectives = review.objectives.iter().map(|id| self.model.objectives.get(*id).name.value.clone());
        Review {
            cadence: review.cadence.to_owned(),
            scorecards: cards.map(|card| card.name.value.clone()).collect(),
            objectives: objectives.collect(),
            guardrails: guardrails(&review.guardrails),
            others: guardrails(&review.others),
        }
    }

    fn test(&self, test: &model::TestCase) -> Test {
        let expects = test.expect.iter().map(|expected| TestedKpi {
            kpi: self.kpi_name(expected.kpi),
            grain: expected.grain.name().to_owned(),
            dimensions: self.dimension_names(&expected.dimensions),
            figures: expected.rows.len(),
        });
        Test {
            name: test.name.value.clone(),
            title: self.model.title(&test.name.value),
            description: test.description.clone(),
            expects: expects.collect(),
            defined: self.place(test.name.span),
        }
    }

    fn view(&self, view: &View, dialect: &dyn Dialect) -> data::View {
        let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut made = data::View {
            name: view.name.clone(),
            relation: crate::sql::view(&self.model.warehouse.schema, &view.name, dialect),
            file: crate::sql::file(&view.name, dialect),
            materialize: crate::plan::views::made(self.model, &view.shows).word(),
            shows: match view.shows {
                Shows::Kpi(..) => ViewOf::Kpi,
                Shows::Scorecard(_) => ViewOf::Scorecard,
                Shows::AllValues => ViewOf::AllScorecards,
                Shows::Guardrails => ViewOf::Guardrails,
                Shows::NorthStar => ViewOf::NorthStar,
                Shows::NorthStarDrivers => ViewOf::NorthStarDrivers,
                Shows::Objectives(_) => ViewOf::Objectives,
                Shows::SourceChecks => ViewOf::SourceChecks,
                Shows::SourceFreshness => ViewOf::SourceFreshness,
                Shows::Former(_) => ViewOf::FormerName,
            },
            kpi: None,
            scorecard: None,
            grain: None,
            dimensions: Vec::new(),
            columns: Vec::new(),
            former_of: None,
        };
        let grain = |grain: Grain| Some(grain.name().to_owned());
        match &view.shows {
            Shows::Kpi(kpi, of, slice) => {
                made.kpi = Some(self.kpi_name(*kpi));
                made.grain = grain(*of);
                made.dimensions = self.dimension_names(slice);
                let age: &[&str] = if self.model.kpis.get(*kpi).age.is_some() { &["age"] } else { &[] };
                let beside = self.model.kpis.get(*kpi).sampling.iter().flat_map(|sampling| sampling.columns());
                let beside = beside.map(|(name, _)| name.to_owned()).collect();
                let (first, last) = (text(&["period"]), text(&["is_complete"]));
                made.columns = [first, text(age), made.dimensions.clone(), text(&["value"]), beside, last].concat();
            }
            Shows::Scorecard(place) => {
                if let Some(card) = self.model.scorecards.get(*place) {
                    let kpis = card.kpis.iter().map(|kpi| self.kpi_name(kpi.value)).collect();
                    made.scorecard = Some(card.name.value.clone());
                    made.grain = grain(card.grain);
                    made.columns = [text(&["period"]), kpis, text(&["is_complete"])].concat();
                }
            }
            Shows::AllValues => {
                made.columns = text(&["kpi", "grain", "period", "value", "prior", "change", "is_complete", "unit", "owner"]);
            }
            Shows::Guardrails => made.columns = text(&crate::plan::views::guardrails::COLUMNS),
            Shows::NorthStar => made.columns = text(&crate::plan::views::north_star::COLUMNS),
            Shows::NorthStarDrivers => made.columns = text(&crate::plan::views::north_star::DRIVER_COLUMNS),
            Shows::Objectives(sheet) => made.columns = text(sheet.columns()),
            Shows::SourceChecks => made.columns = text(&crate::plan::views::checks::COLUMNS),
            Shows::SourceFreshness => made.columns = text(&crate::plan::views::freshness::COLUMNS),
            Shows::Former(name) => {
                made.former_of = Some(name.clone());
            }
        }
        made
    }
}

fn calendar(model: &Model) -> Calendar {
    let calendar = &model.calendar;
    let month = usize::try_from(calendar.fiscal_month - 1).ok();
    let months = crate::calendar::Calendar::MONTHS;
    let weekday = usize::try_from(calendar.week_starts.to_monday_zero_offset()).ok();
    let weekdays = crate::calendar::Calendar::WEEKDAYS;
    let name = |names: &[&str], at: Option<usize>| at.and_then(|at| names.get(at)).map_or("", |name| name).to_owned();
    Calendar {
        start: calendar.start.to_string(),
        data_from: calendar.data_from.to_string(),
        as_of: match calendar.as_of {
            AsOf::Today => "today".to_owned(),
            AsOf::Day(day) => day.to_string(),
        },
        settle_days: calendar.settle,
        timezone: calendar.zone.name().to_owned(),
        week_starts: name(weekdays, weekday),
        fiscal_year_starts: name(months, month),
        source: model.calendar_source.as_ref().map(|source| model.sources.get(source.source).name.value.clone()),
    }
}
