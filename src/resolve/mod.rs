//! From names to ids: which source, column, dimension, KPI and function each name means.
//!
//! 1. [`sources`] makes the tables of sources and columns, then of dimensions and teams.
//! 2. [`kpis`] gives every KPI its row, so that formulas can refer to each other in any order.
//! 3. [`bodies`] resolves the formulas: `calc` the arithmetic of KPIs, `aggregate` what stands at its leaves, `row` the
//!    expressions over rows.
//! 4. [`guardrail`] resolves the conditions that KPIs are held against.
//! 5. [`test`] resolves the names and values in spec tests.
//!
//! It decides levels (row or KPI) and never types. A name that is not found becomes a broken leaf, which silences what would
//! follow from it.

mod aggregate;
mod around;
mod calc;
mod calendar;
mod cohort;
mod columns;
mod each;
mod empty;
mod entities;
mod files;
mod firing;
mod foreign;
mod freshness;
mod guardrail;
mod journey;
mod kpi;
mod north_star;
mod objective;
mod operator;
mod raw;
mod reached;
mod row;
mod sheet;
mod source;
mod states;
mod target;
mod test;
mod via;
mod within;

use crate::diagnostic::{Code, Finding, Findings, codes, suggest};
use crate::formula::Expression;
use crate::model::expr::{Expr, Node};
use crate::model::id::Table;
use crate::model::uses::Uses;
use crate::model::{Body, KpiId, Model, SourceId, Taxonomy, Team};
use crate::spec::kpi::Columns;
use crate::spec::reader::Text;
use crate::spec::{Spec, project, team};
use crate::text::{Name, Span, title};
use foldhash::HashMap;
use rayon::prelude::*;
use std::sync::OnceLock;

/// The syntax trees of a project's formulas.
#[derive(Debug, Default)]
pub struct Formulas {
    /// For each KPI its tree; nothing where it has none or it could not be read.
    pub kpis: Vec<Option<Expression>>,
    /// For each guardrail the tree of its condition.
    pub guardrails: Vec<Option<Expression>>,
    /// For each source and column its tree.
    pub columns: Vec<Vec<Option<Expression>>>,
    /// For each journey and step the tree of its condition.
    pub steps: Vec<Vec<Option<Expression>>>,
}

/// Makes the model of a project.
pub fn resolve(spec: &Spec, formulas: &Formulas, findings: &mut Findings) -> Model {
    let mut model = empty(spec, findings);
    teams(spec, &mut model);
    source::sources(spec, &mut model, findings);
    source::derived(spec, formulas, &mut model, findings);
    files::columns(&mut model, findings);
    states::times_of_states(&model, findings);
    journey::journeys(spec, formulas, &mut model, findings);
    source::dimensions(spec, &mut model, findings);
    calendar::source(spec, &mut model, findings);
    kpi::kpis(spec, &mut model, findings);
    bodies(spec, formulas, &mut model, findings);
    kpi::references(spec, &mut model, findings);
    kpi::scorecards(spec, &mut model, findings);
    north_star::north_star(spec, &mut model, findings);
    guardrail::guardrails(spec, formulas, &mut model, findings);
    objective::objectives(spec, &mut model, findings);
    test::tests(spec, &mut model, findings);
    model
}

fn empty(spec: &Spec, findings: &mut Findings) -> Model {
    let project = &spec.project;
    let text = |text: &Option<Text>, or: &str| text.as_ref().map_or(or.to_owned(), |text| text.value.clone());
    let mut parts = |name: Option<&Text>| name.map(|name| source::name_parts(name, "schema", 2, findings));
    let schema = parts(project.schema.as_ref()).unwrap_or_else(|| vec!["kpi".to_owned()]);
    let source_schema = parts(project.source_schema.as_ref()).unwrap_or_default();
    Model {
        words: OnceLock::new(),
        journey_names: OnceLock::new(),
        conversions: OnceLock::new(),
        name: text(&project.name, ""),
        acronyms: project.acronyms.clone(),
        title: text(&project.title, &title(&text(&project.name, ""), &project.acronyms)),
        description: text(&project.description, ""),
        calendar: calendar::calendar(&project.calendar),
        calendar_source: None,
        warehouse: crate::model::Warehouse {
            functions: Vec::new(),
            dialect: project.dialect.clone(),
            also: project.also.clone(),
            schema,
            schema_span: project.schema.as_ref().map(|schema| schema.span),
            source_schema,
            source_schema_span: project.source_schema.as_ref().map(|schema| schema.span),
            database: project.database.as_ref().map(|database| database.value.clone()),
            made: project.made.unwrap_or_default(),
            readers: project.readers.clone(),
            target_dir: text(&project.target_dir, project::DEFAULT_TARGET),
            target: project.target.as_ref().map(|target| target.value.clone()),
            targets: project.targets.iter().map(|target| target.name.value.clone()).collect(),
            connection_env: project.connection_env.as_ref().map(|name| name.value.clone()),
        },
        sources: Table::default(),
        dimensions: Table::default(),
        kpis: Table::default(),
        teams: Table::default(),
        taxonomies: taxonomies(spec),
        scorecards: Vec::new(),
        north_star: None,
        guardrails: Vec::new(),
        objectives: Table::default(),
        okrs: project.okrs.clone(),
        tests: Vec::new(),
        uses: Uses::default(),
        kpi_names: HashMap::default(),
        source_names: HashMap::default(),
        dimension_names: HashMap::default(),
    }
}

fn teams(spec: &Spec, model: &mut Model) {
    for team in &spec.teams {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
        model.teams.push(Team {
            name: team.name.clone(),
            title: text(&team.title).unwrap_or_else(|| title(&team.name.value, &spec.project.acronyms)),
            description: text(&team.description).unwrap_or_default(),
            lead: text(&team.lead).unwrap_or_default(),
            reviewers: team.reviewers.clone(),
        });
    }
}

/// The project's taxonomies, and the built-in ones that it does not define itself.
fn taxonomies(spec: &Spec) -> Vec<Taxonomy> {
    let mut all: Vec<Taxonomy> = Vec::new();
    for (name, values) in team::BUILT_IN {
        if !spec.taxonomies.iter().any(|taxonomy| taxonomy.name.value == name) {
            all.push(Taxonomy {
                name: name.to_owned(),
                title: title(name, &spec.project.acronyms),
                description: String::new(),
                values: values.iter().map(|value| ((*value).to_owned(), None)).collect(),
                cover: false,
            });
        }
    }
    for taxonomy in &spec.taxonomies {
        let values = taxonomy.values.iter().map(|value| (value.value.clone(), Some(value.span))).collect();
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
        all.push(Taxonomy {
            name: taxonomy.name.value.clone(),
            title: text(&taxonomy.title).unwrap_or_else(|| title(&taxonomy.name.value, &spec.project.acronyms)),
            description: text(&taxonomy.description).unwrap_or_default(),
            values,
            cover: taxonomy.cover,
        });
    }
    all
}

/// Resolves the formulas, each on its own.
fn bodies(spec: &Spec, formulas: &Formulas, model: &mut Model, findings: &mut Findings) {
    let shared: &Model = model;
    let work: Vec<_> = spec.kpis.iter().zip(&formulas.kpis).collect();
    let done: Vec<(Body, Findings)> = work
        .into_par_iter()
        .map(|(kpi, tree)| {
            let mut resolver = Resolver::new(shared, spec.incomplete);
            resolver.columns = kpi.having.as_ref();
            resolver.ages.of_kpi = cohort::ages(kpi);
            resolver.ages.broken = kpi.age.is_some() && resolver.ages.of_kpi.is_none();
            let body = resolver.body(kpi, tree.as_ref());
            let body = resolver.empty(kpi, body);
            (body, resolver.findings)
        })
        .collect();
    for (id, (body, found)) in model.kpis.ids().zip(done) {
        model.kpis.get_mut(id).body = body;
        findings.append(found);
    }
}

/// Resolves one formula.
struct Resolver<'a> {
    model: &'a Model,
    /// Whether a file could not be read, so that an unknown name may be defined in it.
    incomplete: bool,
    /// Whether the formula is the condition of a guardrail.
    in_condition: bool,
    /// The columns that the formula is a condition on, if it is one on those of a question: it knows no other names.
    columns: Option<&'a Columns>,
    findings: Findings,
    /// Which ages there are where a formula is read.
    ages: cohort::Ages,
}

impl<'a> Resolver<'a> {
    fn new(model: &'a Model, incomplete: bool) -> Self {
        let (findings, ages) = (Findings::default(), cohort::Ages::default());
        Self { model, incomplete, in_condition: false, columns: None, findings, ages }
    }
}

impl Resolver<'_> {
    fn report(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Finding {
        self.findings.report(code, span, message)
    }

    /// Reports and gives a broken expression.
    fn broken<L>(&mut self, code: &'static Code, span: Span, message: impl Into<String>, help: Option<String>) -> Expr<L> {
        self.report(code, span, message).help = help;
        Expr::new(Node::Broken, span)
    }

    /// The source of that name, or a finding.
    fn source(&mut self, name: &Name) -> Option<SourceId> {
        if let Some(id) = self.model.source_named(name) {
            return Some(id);
        }
        if !self.incomplete {
            unknown_source(self.model, name, &mut self.findings);
        }
        None
    }
}

/// Reports a source that does not exist.
fn unknown_source(model: &Model, name: &Name, findings: &mut Findings) {
    let finding = findings.report(&codes::UNKNOWN_SOURCE, name.span, format!("there is no source `{}`", name.value));
    let names = model.sources.rows().iter().map(|source| source.name.value.as_str());
    finding.help = suggest::did_you_mean(&name.value, "the sources are", names.clone())
        .or_else(|| Some("define it under `sources:`".to_owned()));
    finding.mend(name.span, &name.value, suggest::certain(&name.value, names, suggest::Words::Project));
}

/// The KPI of that name, or a finding.
fn kpi_by_name(model: &Model, name: &Name, incomplete: bool, findings: &mut Findings) -> Option<KpiId> {
    if let Some(id) = model.kpi_named(name) {
        return Some(id);
    }
    if !incomplete {
        let finding = findings.report(&codes::UNKNOWN_NAME, name.span, format!("there is no KPI `{}`", name.value));
        finding.help = suggest::did_you_mean(&name.value, "the KPIs are", kpi_names(model))
            .or_else(|| Some("define it under `kpis:`".to_owned()));
        finding.mend(name.span, &name.value, suggest::certain(&name.value, kpi_names(model), suggest::Words::Project));
    }
    None
}

/// The names of all KPIs, in the order of their definitions.
fn kpi_names(model: &Model) -> impl Iterator<Item = &str> {
    // A question on the command line is a KPI too, whose name nobody has given.
    model.kpis.rows().iter().filter(|kpi| !kpi.is_asked()).map(|kpi| kpi.name.value.as_str())
}
