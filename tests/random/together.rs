//! All KPIs of a grain in one query, as `kpic run` and scorecards ask for them: what each shows there, and what it was in the period
//! before, is what the evaluator says of it alone.

use super::engine::Answer;
use super::evaluate::Line;
use super::project::Value;
use super::same;
use kpic::calendar::Grain;
use kpic::model::KpiId;
use kpic::pipeline::Valid;
use kpic::plan::views::blank;
use kpic::plan::{Output, Question, Show, plan};
use std::collections::BTreeMap;

/// The KPIs of a grain, and the query that shows them side by side.
pub struct Together {
    /// The grain.
    pub grain: Grain,
    /// Their names.
    pub kpis: Vec<String>,
    /// The query.
    pub sql: String,
}

/// The column of what a KPI was in the period before.
fn before(kpi: &str) -> String {
    format!("{kpi}__before")
}

/// The column of what a KPI shows in a list of several.
fn in_list(kpi: &str) -> String {
    format!("{kpi}__in_list")
}

/// The column that says whether its own view has a row.
fn is_shown(kpi: &str) -> String {
    format!("{kpi}__is_shown")
}

/// One query for each grain that a KPI has. What has ages has rows of its own.
pub fn questions(project: &Valid) -> Vec<Together> {
    let model = project.model();
    let dialect = kpic::dialect::dialect(None);
    let at = |grain: Grain| {
        let kpis = model.kpis.iter().filter(|(_, kpi)| kpi.age.is_none() && model.grains(kpi).contains(&grain));
        let kpis: Vec<(KpiId, String)> = kpis.map(|(id, kpi)| (id, kpi.name.value.clone())).collect();
        let columns = |(id, name): &(KpiId, String)| {
            [
                Output { name: name.clone(), show: Show::Value(*id) },
                Output { name: before(name), show: Show::Prior(*id) },
                Output { name: in_list(name), show: Show::ValueIfShown(*id) },
                Output { name: is_shown(name), show: Show::IsShown(*id) },
            ]
        };
        let question = Question { outputs: kpis.iter().flat_map(columns).collect(), ..blank(grain) };
        let kpis: Vec<String> = kpis.into_iter().map(|(_, name)| name).collect();
        (!kpis.is_empty()).then(|| Together { grain, kpis, sql: kpic::sql::query(&plan(project, &question), dialect) })
    };
    Grain::ALL.into_iter().filter_map(at).collect()
}

/// Where a KPI among others differs from what it is alone.
pub fn difference(kpi: &str, alone: &[Line], got: &[Answer], rounding: f64) -> Option<String> {
    let alone: BTreeMap<String, &Line> = alone.iter().map(|line| (line.period.to_string(), line)).collect();
    let cell = |row: &Answer, column: &str| row[column].clone();
    let mut got: Vec<&Answer> = got.iter().collect();
    got.sort_by_key(|row| cell(row, "period"));
    let mut last: Option<&Line> = None;
    for row in got {
        let period = cell(row, "period").unwrap_or_default();
        let line = alone.get(&period).copied();
        if cell(row, &is_shown(kpi)) != Some(line.is_some().to_string()) {
            return Some(format!("  {period}: is shown by itself: {}, here: {:?}", line.is_some(), cell(row, &is_shown(kpi))));
        }
        let listed = line.map_or(&Value::Null, |line| &line.value);
        if !same(listed, cell(row, &in_list(kpi)).as_deref(), rounding) {
            return Some(format!("  {period}, in a list: expected {listed:?}, got {:?}", cell(row, &in_list(kpi))));
        }
        // Where gaps are left out, a period may have no line.
        for (column, line) in [(kpi.to_owned(), line), (before(kpi), last)] {
            if let Some(line) = line
                && !same(&line.value, cell(row, &column).as_deref(), rounding)
            {
                return Some(format!("  {period}, {column}: expected {:?}, got {:?}", line.value, cell(row, &column)));
            }
        }
        last = line;
    }
    None
}
