//! What guardrails, the North Star and key results say is the same whatever sources, columns, dimensions and KPIs are called.

use super::engine::{Answer, Engine};
use super::generate::Choices;
use super::names::rename;
use super::project::Project;
use super::{Views, compile_files, is_too_large, print, statements_of, written};
use proptest::test_runner::TestCaseError;
use std::fmt::Write;

/// Views that show figures of several KPIs.
const VIEWS: [&str; 4] = ["guardrails", "north_star", "north_star_drivers", "kpi_values"];

/// Columns with the names of things.
const NAMES: [&str; 5] = ["kpi", "component", "path", "dimension", "guardrail"];

/// Whether they say the same; how many views were compared.
pub fn agree(project: &Project, engine: &mut Engine) -> Result<usize, TestCaseError> {
    let rows: usize = project.sources.iter().map(|source| source.rows.len()).sum();
    let mut called = project.clone();
    rename(&mut called, 100, &mut Choices::new(rows as u64));
    let Some(one) = views(project) else { return Ok(0) };
    let Some(other) = views(&called) else {
        return Err(TestCaseError::fail("under other names it is refused"));
    };
    let (ones, others) = (answers(project, &one, engine), answers(&called, &other, engine));
    for ((name, sql), (one, other)) in other.iter().zip(ones.into_iter().zip(others)) {
        let (one, other) = match (one, other) {
            (Ok(one), Ok(other)) => (said(project, &one), said(&called, &other)),
            (Err(why), _) | (_, Err(why)) if project.extreme && is_too_large(&why) => continue,
            (Err(why), _) | (_, Err(why)) => {
                return Err(TestCaseError::fail(format!("the engine refuses the view {name}:\n{why}\n{sql}")));
            }
        };
        if one != other {
            let differ = one.iter().zip(&other).find(|(one, other)| one != other);
            return Err(TestCaseError::fail(format!(
                "the view {name} has {} rows, and under other names {}: {differ:?}\n{:?}\n{sql}",
                one.len(),
                other.len(),
                print::files(&called)
            )));
        }
    }
    Ok(one.len())
}

/// The views, with their SQL; nothing where the compiler has a reason to refuse a North Star or a guardrail of these KPIs.
fn views(project: &Project) -> Option<Views> {
    let mut files = print::files(project);
    files[1].1.push_str(&sheets(project));
    let compiled = compile_files(files).ok()?;
    Some(compiled.views.into_iter().filter(|(name, _)| VIEWS.contains(&name.as_str())).collect())
}

/// A guardrail for each slice of each KPI, a scorecard for each grain, and a North Star of two KPIs.
fn sheets(project: &Project) -> String {
    let kpis: Vec<_> = project.kpis.iter().filter(|kpi| kpi.age.is_none()).collect();
    let mut text = "guardrails:\n".to_owned();
    for (at, kpi) in kpis.iter().enumerate() {
        for (number, slice) in std::iter::once(&Vec::new()).chain(&kpi.by).enumerate() {
            let by = if slice.is_empty() { String::new() } else { format!(", by: [[{}]]", slice.join(", ")) };
            let condition = ["> 0", "<= 2"][(at + number) % 2];
            let runs = 1 + (at + number) % 3;
            _ = writeln!(text, "  g{at}_{number}: {{ when: \"{} {condition}\"{by}, for: {runs} }}", kpi.name);
        }
    }
    if let [.., one, other] = kpis.as_slice() {
        _ = writeln!(text, "north_star: {{ title: Star, volume: {}, efficiency: {} }}", one.name, other.name);
    }
    if let Some(first) = kpis.first() {
        _ = writeln!(text, "scorecards:\n  all: {{ grain: {}, kpis: [{}] }}", first.grains[0].name(), first.name);
    }
    text
}

fn answers(project: &Project, views: &Views, engine: &mut Engine) -> Vec<Result<Vec<Answer>, String>> {
    written::write(project);
    let queries: Vec<String> = views.iter().map(|(_, sql)| sql.clone()).collect();
    engine.answers(&statements_of(project, project), &queries)
}

/// The rows without names of the project, in order.
fn said(project: &Project, rows: &[Answer]) -> Vec<String> {
    let slices = project.kpis.iter().flat_map(|kpi| kpi.by.iter().flatten());
    let names: Vec<&String> = slices.collect();
    let cell = |column: &str, cell: &Option<String>| {
        let Some(text) = cell else { return "null".to_owned() };
        match column {
            // `{"kpi": 3}`, and `dimension = a`.
            "figures" => text.rsplit("\": ").next().unwrap_or_default().to_owned(),
            "slice" => names.iter().fold(format!(", {text}"), |text, name| text.replace(&format!(", {name} "), ", ")),
            _ => text.clone(),
        }
    };
    let row = |row: &Answer| {
        let mut cells: Vec<String> = row
            .iter()
            .filter(|(name, _)| !NAMES.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", cell(name, value)))
            .collect();
        cells.sort();
        cells.join("; ")
    };
    let mut rows: Vec<String> = rows.iter().map(row).collect();
    rows.sort();
    rows
}
