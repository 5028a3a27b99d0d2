//! Which views a project has: per KPI one for each grain and slice, one for each scorecard, and all of their figures in one.

pub mod checks;
pub mod freshness;
pub mod guardrails;
pub mod north_star;
pub mod objectives;
pub mod shape;

use crate::calendar::Grain;
use crate::model::expr::Expr;
use crate::model::objective::Sheet;
use crate::model::{DimensionId, Kpi, KpiId, Made, Model, Scorecard};
use crate::pipeline::Valid;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{Body, Part, Query, Select, column, text, text_or_null};
use crate::plan::{Data, Output, Question, Show, plan_with};
use crate::support::views::{slices, view_name};
use crate::text::Files;
use rayon::prelude::*;

/// A view of the project.
#[derive(Debug, Clone)]
pub struct View {
    /// Its name, without the schema.
    pub name: String,
    /// What it shows.
    pub shows: Shows,
    /// What a reader of its SQL has to know, line by line.
    pub comment: Vec<String>,
}

/// What a view shows.
#[derive(Debug, Clone)]
pub enum Shows {
    /// One KPI at one grain, perhaps sliced.
    Kpi(KpiId, Grain, Vec<DimensionId>),
    /// The KPIs of a scorecard, by its place, a column each.
    Scorecard(usize),
    /// The KPIs of all scorecards, a row each.
    AllValues,
    /// Every period in which a guardrail fires, a row each.
    Guardrails,
    /// The parts of the North Star, a row for each period.
    NorthStar,
    /// What contributed to its changes.
    NorthStarDrivers,
    /// Objectives or their key results.
    Objectives(Sheet),
    /// How many rows of each source are not as declared.
    SourceChecks,
    /// How fresh the sources are that promise when their rows come.
    SourceFreshness,
    /// Another view, under a former name.
    Former(String),
}

/// What a view becomes in the warehouse. A former name is another name of what is there, and what is said of sources has to be true when it is
/// read: these are never tables.
pub fn made(model: &Model, shows: &Shows) -> Made {
    match shows {
        Shows::Former(_) | Shows::SourceChecks | Shows::SourceFreshness => Made::View,
        Shows::Kpi(id, ..) => model.kpis.get(*id).made.unwrap_or(model.warehouse.made),
        _ => model.warehouse.made,
    }
}

/// All views, those that others read first.
pub fn views(project: &Valid) -> Vec<View> {
    let model = project.model();
    let of_kpi = |kpi: &Kpi, id| {
        let mut views = of_kpi(model, project.files(), id, kpi);
        let former: Vec<View> =
            kpi.aliases.iter().flat_map(|alias| views.iter().map(|view| former(kpi, &alias.value, view))).collect();
        views.extend(former);
        views
    };
    let kpis: Vec<_> = model.kpis.iter().collect();
    let mut views: Vec<View> = kpis.par_iter().flat_map_iter(|(id, kpi)| of_kpi(kpi, *id)).collect();
    for (place, card) in model.scorecards.iter().enumerate() {
        views.push(of_scorecard(model, project.files(), place, card));
    }
    if model.scorecards.iter().any(|card| !card.kpis.is_empty()) {
        let comment = vec![
            "The KPIs of all scorecards, one row for each KPI and period".to_owned(),
            "prior and change look one period back".to_owned(),
        ];
        views.push(View { name: "kpi_values".to_owned(), shows: Shows::AllValues, comment });
    }
    views.extend(of_guardrails(model));
    views.extend(of_north_star(model));
    views.extend(of_freshness(model));
    for sheet in Sheet::ALL.into_iter().filter(|_| objectives::is_filled(model)) {
        let comment = sheet.about().map(str::to_owned).to_vec();
        views.push(View { name: sheet.name().to_owned(), shows: Shows::Objectives(sheet), comment });
    }
    views.extend(of_source_checks(project));
    views
}

fn of_kpi(model: &Model, files: &Files, id: KpiId, kpi: &Kpi) -> Vec<View> {
    let slices = slices(kpi);
    let mut views = Vec::new();
    for grain in model.grains(kpi) {
        for slice in &slices {
            views.push(View {
                name: view_name(model, kpi, grain, slice),
                comment: comment(model, files, kpi, grain, slice),
                shows: Shows::Kpi(id, grain, slice.clone()),
            });
        }
    }
    views
}

fn comment(model: &Model, files: &Files, kpi: &Kpi, grain: Grain, slice: &[DimensionId]) -> Vec<String> {
    let mut title = kpi.title.clone();
    if !slice.is_empty() {
        let names: Vec<&str> = slice.iter().map(|id| model.dimensions.get(*id).title.as_str()).collect();
        title.push_str(&format!(", by {}", names.join(" and ").to_lowercase()));
    }
    title.push_str(&format!(", by {grain}"));
    let formula = if kpi.formula.is_empty() { "kept by hand".to_owned() } else { format!("= {}", kpi.formula) };
    let unit = match kpi.facts.unit.to_string() {
        unit if unit.is_empty() => "none".to_owned(),
        unit if unit == "%" => "% (a fraction: 0.25 is 25 %)".to_owned(),
        unit => unit,
    };
    let kind = format!("{}: {}", kpi.facts.kind.name(), kpi.facts.kind.advice());
    let ages = kpi.age.as_ref().map(|age| age.value);
    let ages = ages.map(|age| {
        format!(
            "age: the number of {}s after the {} of the cohort's rows; do not add up over \
         ages",
            age.unit, age.unit
        )
    });
    let owner = kpi.owner.map(|team| format!("owner: {}, ", model.teams.get(team).title)).unwrap_or_default();
    let file = files.path(kpi.name.span.file);
    let line = files.line(kpi.name.span);
    let mut lines = vec![title, formula, format!("unit: {unit}"), kind];
    lines.extend(ages);
    lines.push(format!("{owner}defined in {file}:{line}"));
    if let Some(deprecated) = &kpi.deprecated {
        let instead = deprecated.instead.map(|id| format!(", use {}", model.kpis.get(id).name.value)).unwrap_or_default();
        lines.push(format!("deprecated{instead}"));
    }
    lines
}

fn former(kpi: &Kpi, alias: &str, view: &View) -> View {
    let rest = view.name.strip_prefix(kpi.name.value.as_str()).unwrap_or_default();
    View {
        name: format!("{alias}{rest}"),
        shows: Shows::Former(view.name.clone()),
        comment: vec![format!("The former name of {}", view.name)],
    }
}

fn of_scorecard(model: &Model, files: &Files, place: usize, card: &Scorecard) -> View {
    let mut comment = vec![format!("{}, by {}", card.title, card.grain)];
    for entry in &card.kpis {
        let kpi = model.kpis.get(entry.value);
        let unit = kpi.facts.unit.to_string();
        let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        comment.push(format!("{}: {}{unit}", kpi.name.value, kpi.title));
    }
    comment.push(format!("defined in {}:{}", files.path(card.name.span.file), files.line(card.name.span)));
    View { name: format!("scorecard__{}", card.name.value), shows: Shows::Scorecard(place), comment }
}

fn of_guardrails(model: &Model) -> Option<View> {
    if model.guardrails.is_empty() {
        return None;
    }
    let mut comment = vec![
        "Every complete period in which a guardrail fires, one row each".to_owned(),
        "since: the first period of the run; is_current: it is the last complete one".to_owned(),
    ];
    comment.extend(model.guardrails.iter().map(|guardrail| format!("{}: {}", guardrail.name.value, guardrail.written)));
    Some(View { name: "guardrails".to_owned(), shows: Shows::Guardrails, comment })
}

fn of_source_checks(project: &Valid) -> Option<View> {
    let comment = vec![
        "How many rows of each source break what the specs declare, one row for each rule".to_owned(),
        "level: how bad that is for figures: error, warn or allow".to_owned(),
    ];
    checks::are_there(project).then(|| View { name: "source_checks".to_owned(), shows: Shows::SourceChecks, comment })
}

fn of_north_star(model: &Model) -> Vec<View> {
    let Some(star) = model.north_star.as_ref().filter(|_| north_star::has_views(model)) else { return Vec::new() };
    let view = |name: &str, shows, lines: &[&str]| {
        let comment = std::iter::once(star.title.clone()).chain(lines.iter().map(|line| (*line).to_owned()));
        View { name: name.to_owned(), shows, comment: comment.collect() }
    };
    let mut views = vec![view(
        "north_star",
        Shows::NorthStar,
        &[
            "The North Star: its volume, its efficiency and its counter metrics, one row for each of them and period",
            "prior and change look one period back",
        ],
    )];
    if north_star::has_drivers(model) {
        let lines = [
            "What contributed to each change of the North Star's volume and efficiency since the period before",
            "effect: total is the KPI itself; component is one of its parts (those of level 1 add up to it, and so do the \
             leaves);",
            "member, rate and mix are the values of a dimension (rate and mix of all members add up to it)",
        ];
        views.push(view("north_star_drivers", Shows::NorthStarDrivers, &lines));
    }
    views
}

fn of_freshness(model: &Model) -> Option<View> {
    let comment = [
        "How fresh the sources are, for those that declare it, one row each",
        "last_row: the day of the last visible row; null if it is too old to be looked for",
        "holes: how many days, weeks or months have no row although one is expected",
    ];
    model.promises_freshness().then(|| View {
        name: "source_freshness".to_owned(),
        shows: Shows::SourceFreshness,
        comment: comment.map(str::to_owned).to_vec(),
    })
}

/// The plan of a view; nothing for one that is another under a former name.
pub fn query(project: &Valid, shows: &Shows) -> Option<Query> {
    let model = project.model();
    match shows {
        Shows::Kpi(kpi, grain, slice) => Some(crate::plan::plan(project, &Question::view(model, *kpi, *grain, slice.clone()))),
        Shows::Scorecard(place) => {
            let card = model.scorecards.get(*place)?;
            let question = wide(model, card.grain, card.kpis.iter().map(|entry| entry.value).collect());
            Some(crate::plan::plan(project, &question))
        }
        Shows::AllValues => Some(all_values(project)),
        Shows::Guardrails => Some(guardrails::every(model)),
        Shows::NorthStar => Some(north_star::north_star(project)),
        Shows::NorthStarDrivers => Some(north_star::drivers(project)),
        Shows::Objectives(sheet) => Some(objectives::query(project, *sheet, Data::Warehouse)),
        Shows::SourceChecks => Some(checks::query(project)),
        Shows::SourceFreshness => Some(freshness::freshness(model, &freshness::promising(model))),
        Shows::Former(_) => None,
    }
}

/// Several KPIs at one grain, a column each.
fn wide(model: &Model, grain: Grain, kpis: Vec<KpiId>) -> Question {
    let name = |id: &KpiId| model.kpis.get(*id).name.value.clone();
    let mut outputs: Vec<Output> = kpis.iter().map(|id| Output { name: name(id), show: beside(&kpis, *id) }).collect();
    let omit_gaps = omit_gaps(model, &kpis);
    outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(kpis) });
    Question { outputs, omit_gaps, ..blank(grain) }
}

/// Whether KPIs side by side leave out rows: only those that every one of them leaves out.
pub fn omit_gaps(model: &Model, kpis: &[KpiId]) -> bool {
    !kpis.is_empty() && kpis.iter().all(|id| model.kpis.get(*id).omit_gaps)
}

/// How a KPI's value is shown beside those of others. Alone it has no row where it is not shown.
pub fn beside(kpis: &[KpiId], id: KpiId) -> Show {
    if kpis.iter().all(|other| *other == id) { Show::Value(id) } else { Show::ValueIfShown(id) }
}

/// A question without columns, at the project's own data.
pub fn blank(grain: Grain) -> Question {
    Question {
        outputs: Vec::new(),
        grain,
        dimensions: Vec::new(),
        age: None,
        filter: None,
        since: None,
        omit_gaps: false,
        from: None,
        is_lead_in: false,
        to: None,
        data: Data::Warehouse,
        lumped: None,
        is_own: crate::plan::nothing_is_own,
    }
}

/// KPIs side by side, each once, with four columns: `revenue__value`, `revenue__prior`, `revenue__change` and `revenue__is_complete`;
/// and `revenue__is_shown` where it omits gaps.
pub(in crate::plan) fn with_changes(model: &Model, grain: Grain, kpis: impl Iterator<Item = KpiId>) -> Question {
    let mut question = blank(grain);
    let mut added = Vec::new();
    for id in kpis {
        if added.contains(&id) {
            continue;
        }
        added.push(id);
        let name = &model.kpis.get(id).name.value;
        let mut add = |ending: &str, show| question.outputs.push(Output { name: format!("{name}__{ending}"), show });
        add("value", Show::Value(id));
        add("prior", Show::Prior(id));
        add("change", Show::Change(id));
        add("is_complete", Show::IsComplete(vec![id]));
        if model.kpis.get(id).omit_gaps {
            add(IS_SHOWN, Show::IsShown(id));
        }
    }
    question
}

/// How the column is called that says whether a KPI which omits gaps has a row, after its name.
pub const IS_SHOWN: &str = "is_shown";

/// How many KPIs are computed side by side where each of them has rows of its own in the end. Warehouses take 1,600 columns and less.
const MOST_SIDE_BY_SIDE: usize = 250;

/// The KPIs of all scorecards, one row for each KPI and period: computed side by side for each grain, then stacked.
fn all_values(project: &Valid) -> Query {
    let model = project.model();
    let mut names = Names::of(model);
    let mut parts: Vec<Part> = Vec::new();
    let mut rows: Vec<Select> = Vec::new();
    for grain in Grain::ALL {
        let mut kpis: Vec<KpiId> = Vec::new();
        for entry in model.scorecards.iter().filter(|card| card.grain == grain).flat_map(|card| &card.kpis) {
            if !kpis.contains(&entry.value) {
                kpis.push(entry.value);
            }
        }
        for some in kpis.chunks(MOST_SIDE_BY_SIDE) {
            let question = with_changes(model, grain, some.iter().copied());
            let plan = plan_with(model, &question, &mut names);
            parts.extend(plan.parts);
            let side_by_side = names.take(&format!("kpis_by_{grain}"));
            parts.push(Part { name: side_by_side.clone(), body: plan.result });
            rows.extend(some.iter().map(|id| long_rows(model, *id, grain, &side_by_side)));
        }
    }
    Query { parts, result: Body::Union(rows) }
}

/// One KPI's rows of the long form.
fn long_rows(model: &Model, id: KpiId, grain: Grain, from: &str) -> Select {
    let kpi = model.kpis.get(id);
    let name = &kpi.name.value;
    let number = |ending: &str| {
        let value = column(from, &format!("{name}__{ending}"));
        Expr::apply(&crate::functions::conversions::TO_NUMBER, vec![value])
    };
    let mut select = Select::from_part(from);
    select.column(text(name), "kpi");
    select.column(text(grain.name()), "grain");
    select.column(column(from, "period"), "period");
    select.column(number("value"), "value");
    select.column(number("prior"), "prior");
    select.column(number("change"), "change");
    select.column(column(from, &format!("{name}__is_complete")), "is_complete");
    select.column(text(&kpi.facts.unit.to_string()), "unit");
    let owner = kpi.owner.map(|team| model.teams.get(team).name.value.as_str());
    select.column(text_or_null(owner), "owner");
    if kpi.omit_gaps {
        select.filter.push(column(from, &format!("{name}__{IS_SHOWN}")));
    }
    select
}
