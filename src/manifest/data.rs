//! The structs of the manifest. Their comments are the descriptions in its JSON Schema.

pub use super::objective::{KeyResult, Objective};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A project as data. Definitions are found by name; names that are inside them are keys of the other maps.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Manifest {
    /// The file with the JSON Schema of this one.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The version of this form.
    pub manifest_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// What the project is.
    pub project: Project,
    /// Its periods.
    pub calendar: Calendar,
    /// Where its views live.
    pub warehouse: Warehouse,
    /// Its KPIs.
    pub kpis: BTreeMap<String, Kpi>,
    /// The relations that it reads.
    pub sources: BTreeMap<String, Source>,
    /// The orders in which entities pass steps; formulas read them like sources.
    pub journeys: BTreeMap<String, Journey>,
    /// What its KPIs can be sliced by: the dimensions that a spec defines or a KPI is sliced by.
    pub dimensions: BTreeMap<String, Dimension>,
    /// Who owns KPIs.
    pub teams: BTreeMap<String, Team>,
    /// What KPIs are classified by.
    pub taxonomies: BTreeMap<String, Taxonomy>,
    /// What the company aims for.
    pub north_star: Option<NorthStar>,
    /// KPIs that are reviewed together.
    pub scorecards: BTreeMap<String, Scorecard>,
    /// What to achieve, and the key results that show it.
    pub objectives: BTreeMap<String, Objective>,
    /// Conditions over KPIs that tell somebody to act.
    pub guardrails: BTreeMap<String, Guardrail>,
    /// What is looked at together, the most often first.
    pub reviews: Vec<Review>,
    /// The spec tests.
    pub tests: BTreeMap<String, Test>,
    /// The views that are built.
    pub views: BTreeMap<String, View>,
}

/// What the project is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Project {
    /// Its name; empty if it has none.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it is about.
    pub description: String,
}

/// Periods, and how far data goes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Calendar {
    /// The first period shown is the first that starts on or after this day.
    pub start: String,
    /// The day from which data is whole.
    pub data_from: String,
    /// The last visible day: a day, or `today`.
    pub as_of: String,
    /// How many days late data may take.
    pub settle_days: u32,
    /// The zone in which an instant falls into a day.
    pub timezone: String,
    /// The first day of a week.
    pub week_starts: String,
    /// The month with which quarters and years start.
    pub fiscal_year_starts: String,
    /// The source of a custom calendar.
    pub source: Option<String>,
}

/// Where views live.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Warehouse {
    /// The SQL dialect.
    pub dialect: String,
    /// The parts of the schema's name.
    pub schema: Vec<String>,
}

/// Where a definition stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Place {
    /// The file, from the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A figure and what it means.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent facts about a KPI, each with a name of its own in the JSON"
)]
pub struct Kpi {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// The formula as written; null if its figures are kept by hand.
    pub formula: Option<String>,
    /// The figures, if they are kept by hand.
    pub values: Vec<Figure>,
    /// A mark of what it means, which differs where another version of the specs or of kpic may show other figures.
    pub meaning: String,
    /// What the formula does, in plain words, a sentence each.
    pub reading: Vec<String>,
    /// The unit of its values; null if they have none. With `%` a value is a fraction: 0.25 is 25 %.
    pub unit: Option<String>,
    /// What readers may do with values over time: `flow`, `stock`, `distinct`, `movement` or `ratio`.
    pub kind: String,
    /// Whether the values of periods add up to that of a longer period.
    pub adds_over_periods: bool,
    /// Whether the values of a slice's parts add up to the total.
    pub adds_over_slices: bool,
    /// Which way is good.
    pub better: Option<Better>,
    /// The team that owns it.
    pub owner: Option<String>,
    /// The grain of its figures.
    pub grain: String,
    /// All grains at which there are views, its own first.
    pub grains: Vec<String>,
    /// Slices for which there are views, each the names of its dimensions.
    pub slices: Vec<Vec<String>>,
    /// The ages at which its cohorts are looked at; null if it has none. With ages its views have a row for each.
    pub age: Option<Ages>,
    /// Whether there are views without any slice: amounts of several currencies have no total.
    pub has_total: bool,
    /// Whether periods without data are left out of the views.
    pub omits_gaps: bool,
    /// Whether its sums and counts over no rows are null, instead of 0.
    pub empty_is_null: bool,
    /// Its value in each taxonomy that classifies it.
    pub taxonomies: BTreeMap<String, String>,
    /// `leading` or `lagging`.
    pub signal: Option<String>,
    /// `real_time`, `periodic` or `long_term`.
    pub horizon: Option<String>,
    /// What a good or bad value means.
    pub insight: String,
    /// Questions that it answers.
    pub questions: Vec<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// What it is claimed to move.
    pub drives: Vec<Drive>,
    /// KPIs that are claimed to move it.
    pub driven_by: Vec<String>,
    /// That it should not be used any more.
    pub deprecated: Option<Deprecated>,
    /// Deprecated KPIs that it replaces.
    pub replaces: Vec<String>,
    /// Former names, which keep their views.
    pub aliases: Vec<String>,
    /// Why it need not move the North Star.
    pub unaligned: Option<String>,
    /// Its paths to the North Star; null in a project without one.
    pub ways: Option<Ways>,
    /// Anything that the spec says under `meta`.
    pub meta: serde_json::Value,
    /// The KPIs that are in its formula.
    pub components: Vec<String>,
    /// The KPIs in whose formulas it stands.
    pub used_by: Vec<String>,
    /// The sources that its own formula reads, with the columns of each.
    pub reads: BTreeMap<String, Vec<String>>,
    /// The scorecards that show it.
    pub scorecards: Vec<String>,
    /// The guardrails that watch it.
    pub guardrails: Vec<String>,
    /// The tests that expect figures of it.
    pub tests: Vec<String>,
    /// Its views.
    pub views: Vec<String>,
    /// Where it is defined.
    pub defined: Place,
}

/// What the company aims for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NorthStar {
    /// How people call it.
    pub title: String,
    /// Why this and nothing else.
    pub because: String,
    /// Its volume and efficiency.
    pub parts: Vec<NorthStarPart>,
    /// KPIs that must not suffer.
    pub counter: Vec<String>,
    /// What its growth means for whom.
    pub consequences: Vec<Prepared>,
    /// What moves what, in the whole project.
    pub moves: Vec<Moves>,
    /// How much of the project has a way to it.
    pub coverage: Coverage,
    /// Where it is defined.
    pub defined: Place,
}

/// A part of the North Star.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NorthStarPart {
    /// `volume` or `efficiency`.
    pub part: String,
    /// Its KPI.
    pub kpi: String,
    /// Which way is good.
    pub better: Option<Better>,
}

/// What the growth of the North Star means for a team.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Prepared {
    /// The team.
    pub team: Option<String>,
    /// What changes for it.
    pub change: String,
    /// The KPI that shows whether it is prepared.
    pub ready: Option<String>,
}

/// That one KPI moves another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Moves {
    /// The KPI that moves.
    pub from: String,
    /// The KPI that is moved.
    pub to: String,
    /// `plus`, `minus` or `unknown`: which way it moves when the other rises.
    pub sign: String,
    /// `formula` or `claim`.
    pub by: String,
    /// Why.
    pub why: String,
}

/// How many KPIs are linked to the North Star.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Coverage {
    /// KPIs with a way, parts of the North Star and counter metrics among them.
    pub with_a_way: usize,
    /// KPIs of which it is said why they need none.
    pub need_none: usize,
    /// KPIs without one.
    pub without: Vec<String>,
    /// The same by team.
    pub teams: Vec<CoverageOfTeam>,
}

/// How many KPIs of a team are linked to the North Star.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CoverageOfTeam {
    /// The team.
    pub team: String,
    /// KPIs with a way.
    pub with_a_way: usize,
    /// All of its KPIs.
    pub kpis: usize,
}

/// The ways of a KPI to the North Star.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ways {
    /// `volume` or `efficiency` if it is a part of the North Star itself.
    pub is_part: Option<String>,
    /// Whether it is a counter metric.
    pub is_counter: bool,
    /// How many ways there are along which more of it makes the North Star better.
    pub helps: u64,
    /// Along which more of it makes it worse.
    pub harms: u64,
    /// Of which that is not known.
    pub unknown: u64,
    /// The shortest of them.
    pub shortest: Vec<Steps>,
}

/// A path to the North Star.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Steps {
    /// To which part: `volume` or `efficiency`.
    pub part: String,
    /// `plus` if that part gets better when the KPI rises, `minus` if worse, or `unknown`.
    pub sign: String,
    /// The KPIs on the way, in order.
    pub steps: Vec<WayStep>,
}

/// A step on a way.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WayStep {
    /// The KPI that is moved.
    pub kpi: String,
    /// Which way it moves when the one before it rises.
    pub sign: String,
}

/// The ages at which cohorts are looked at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ages {
    /// The unit in which ages are counted.
    pub unit: String,
    /// The last age; the first is 0.
    pub up_to: u32,
}

/// A figure that is kept by hand.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Figure {
    /// The period's name: `2025-01`, `2025-Q1`.
    pub period: String,
    /// Its first day.
    pub starts: String,
    /// The figure.
    pub value: serde_json::Number,
}

/// Which way is good.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Better {
    /// `up`, `down` or `between`.
    pub direction: String,
    /// The least good value, where it is best between two.
    pub low: Option<f64>,
    /// The greatest good value, where it is best between two.
    pub high: Option<f64>,
}

/// A claim that one KPI moves another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Drive {
    /// The KPI that is moved.
    pub kpi: String,
    /// `up` or `down`: which way it moves when this one rises.
    pub effect: String,
    /// How long that takes.
    pub lag: String,
    /// Why it should be so.
    pub because: String,
}

/// That a KPI should not be used any more.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Deprecated {
    /// Since which day.
    pub since: Option<String>,
    /// The KPI to use instead.
    #[serde(rename = "use")]
    pub instead: Option<String>,
    /// Why.
    pub because: String,
}

/// A relation that the warehouse already has.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// Where its rows are.
    pub relation: Relation,
    /// `events` if rows happen, `entities` if they are, `states` if they hold for a while.
    pub kind: String,
    /// A noun for one row.
    pub row: String,
    /// The columns that tell rows apart.
    pub key: Vec<String>,
    /// The time at which a row counts.
    pub time: Option<String>,
    /// How long before the last visible day its last row may be: `2 days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_within: Option<String>,
    /// How often it has a row: `every day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// For how long a row holds; only states have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
    /// What formulas may touch, in the order of the spec.
    pub columns: Vec<Column>,
    /// Where it is defined.
    pub defined: Place,
}

/// For how long the rows of a source of states hold.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// From one time up to another.
    Valid {
        /// The column with the time since which.
        from: String,
        /// The column with the time up to which; null for what still holds.
        to: String,
        /// Whether that is the last day on which it holds.
        inclusive: bool,
    },
    /// From one snapshot to the next.
    Snapshot {
        /// The column with the day of the snapshot.
        taken: String,
        /// How often snapshots are taken: `week`.
        every: String,
        /// How long the latest stands for what is so: `2 weeks`.
        fresh_for: String,
    },
    /// From one reading of a key to the next of the same key.
    Readings {
        /// The column with the time of the reading.
        taken: String,
        /// How long a reading counts: `35 days`.
        fresh_for: String,
    },
}

/// The order in which an entity passes steps. It has a row for each journey, with a column for each step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it follows.
    pub description: String,
    /// A noun for one journey.
    pub row: String,
    /// `first` if an entity has one journey, `every` if every first step starts one.
    pub starts: String,
    /// `strict` if a step has to come after all steps before it, `any` if after the first.
    pub order: String,
    /// The steps, the first one first.
    pub steps: Vec<Step>,
    /// Further columns: those of the first step's source, with the values of the row that the journey starts with.
    pub columns: Vec<Column>,
    /// Where it is defined.
    pub defined: Place,
}

/// A step of a journey.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// Its name, which is that of the column with the time at which it was reached.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// `date` or `timestamp`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The source whose rows are the step.
    pub source: String,
    /// The column of the source that says when.
    pub at: String,
    /// The column, or path, that says who takes the step.
    pub entity: String,
    /// Which rows are the step; null if all are.
    #[serde(rename = "where")]
    pub filter: Option<String>,
}

/// Where rows are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// A table or view, by the parts of its name.
    Table(Vec<String>),
    /// Files, relative to the project's folder.
    Files(Vec<String>),
    /// A query.
    Query(String),
}

/// A column of a source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Column {
    /// Its name in formulas.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// Its type in formulas.
    #[serde(rename = "type")]
    pub ty: String,
    /// The unit of its numbers.
    pub unit: Option<String>,
    /// The column that names each row's currency.
    pub currency_in: Option<String>,
    /// The columns of the relation that hold it.
    pub stored_as: Vec<String>,
    /// Its formula over the other columns, or its SQL.
    pub expr: Option<String>,
    /// Whether `expr` is SQL.
    pub is_raw_sql: bool,
    /// The source whose key it holds.
    pub references: Option<String>,
    /// All values that it can have, if declared.
    pub values: Vec<String>,
    /// Whether it may be null.
    pub nullable: bool,
}

/// One business notion with its place in each source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// For each source the column or path that holds it.
    pub from: BTreeMap<String, String>,
    /// The KPIs that are sliced by it.
    pub kpis: Vec<String>,
    /// Where it is defined; null for one that is only a column's name.
    pub defined: Option<Place>,
}

/// Who owns KPIs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Who leads it.
    pub lead: String,
    /// The KPIs that it owns, in the order of the spec.
    pub kpis: Vec<String>,
    /// Where it is defined.
    pub defined: Place,
}

/// A set of values to classify KPIs by.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Taxonomy {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it classifies.
    pub description: String,
    /// Whether each value needs a KPI.
    pub cover: bool,
    /// Its values, in their order.
    pub values: Vec<TaxonomyValue>,
}

/// A value of a taxonomy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TaxonomyValue {
    /// The value.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// The KPIs of that value, in the order of the spec.
    pub kpis: Vec<String>,
}

/// KPIs that are reviewed together.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Scorecard {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// How often it is reviewed.
    pub cadence: Option<String>,
    /// The grain of its rows.
    pub grain: String,
    /// Its KPIs, in their order.
    pub kpis: Vec<String>,
    /// Its view.
    pub view: String,
    /// Where it is defined.
    pub defined: Place,
}

/// Everything that is looked at with one cadence.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Review {
    /// How often: `weekly`.
    pub cadence: String,
    /// The scorecards of that cadence.
    pub scorecards: Vec<String>,
    /// The objectives that are reviewed with it.
    pub objectives: Vec<String>,
    /// The guardrails that watch a KPI of these scorecards or objectives.
    pub guardrails: Vec<String>,
    /// The guardrails of the same period that watch none of them.
    pub others: Vec<String>,
}

/// A condition over KPIs that calls somebody to act.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Guardrail {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it guards against.
    pub description: String,
    /// The condition under which it fires, as written.
    pub when: String,
    /// The figures that the condition compares, as written; they are the keys of `figures` in the view.
    pub compares: Vec<String>,
    /// The KPIs that it watches.
    pub kpis: Vec<String>,
    /// The grain of its periods.
    pub grain: String,
    /// The slices that it watches, each a list of dimensions; none for the total.
    pub slices: Vec<Vec<String>>,
    /// In how many consecutive complete periods the condition has to hold.
    pub periods: u32,
    /// How bad it is: `notice`, `warn` or `alert`.
    pub severity: String,
    /// The team that acts.
    pub owner: Option<String>,
    /// What the team does; empty if nobody says.
    pub action: String,
    /// The tests that say when it fires.
    pub tests: Vec<String>,
    /// Where it is defined.
    pub defined: Place,
}

/// Given rows and expected figures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// Which rule it shows.
    pub description: String,
    /// What it expects figures of.
    pub expects: Vec<TestedKpi>,
    /// Where it is defined.
    pub defined: Place,
}

/// What a test expects of a KPI.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TestedKpi {
    /// The KPI.
    pub kpi: String,
    /// The grain of the figures.
    pub grain: String,
    /// The dimensions of the figures.
    pub dimensions: Vec<String>,
    /// How many figures are expected.
    pub figures: usize,
}

/// What a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewOf {
    /// A KPI at one grain, perhaps sliced.
    Kpi,
    /// The KPIs of a scorecard, a column each.
    Scorecard,
    /// The KPIs of all scorecards, a row each.
    AllScorecards,
    /// Every period in which a guardrail fires, a row each.
    Guardrails,
    /// The parts of the North Star, a row for each period.
    NorthStar,
    /// What contributed to the changes of the North Star.
    NorthStarDrivers,
    /// Objectives, or their key results, or how far these were.
    Objectives,
    /// How many rows of each source are not as declared, a row for each rule.
    SourceChecks,
    /// How fresh the sources are that promise when their rows come.
    SourceFreshness,
    /// What another view shows, under a former name.
    FormerName,
}

/// A view that is built.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Its name with its schema, as SQL has it.
    pub relation: String,
    /// The file with its SQL, from the manifest's folder.
    pub file: String,
    /// What it becomes in the warehouse: `view`, or `table`, which shows what was there when it was filled.
    pub materialize: &'static str,
    /// What it shows.
    pub shows: ViewOf,
    /// The KPI that it shows.
    pub kpi: Option<String>,
    /// The scorecard that it shows.
    pub scorecard: Option<String>,
    /// The grain of its periods.
    pub grain: Option<String>,
    /// The dimensions that it is sliced by.
    pub dimensions: Vec<String>,
    /// Its columns; none for a former name, which has those of the other view.
    pub columns: Vec<String>,
    /// The view of which it is a former name.
    pub former_of: Option<String>,
}
