//! Projects that have to show the same rows, of which the same are complete: in a calendar of one's own whose rows are the periods that
//! the rules give, and on a day that is today.

use super::calendar::days;
use super::customs;
use super::engine::{Answer, Engine};
use super::project::{Body, Figure, Formula, Grain, Kpi, Length, Project, Window};
use super::{Views, compile, compile_files, is_too_large, print, rounding, same, written};
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;

/// The project with such a calendar, and with the KPIs alone that mean the same in both; nothing if there are none.
fn twins(project: &Project) -> Option<(Project, Project)> {
    if project.calendar.custom.is_some() {
        return None;
    }
    let mut rules = project.clone();
    // What is made of a KPI comes after it.
    let mut kept: Vec<Kpi> = Vec::new();
    for kpi in &project.kpis {
        let means_the_same = |formula: &Formula| kpi.grains.iter().all(|grain| is_alike(formula, *grain, &kept));
        let alike = match &kpi.body {
            Body::Formula(formula) => means_the_same(formula),
            Body::Values { .. } => true,
        };
        // A week lies in two months, which a calendar of one's own does not have.
        let weeks = |grain: Grain| grain == Grain::Week;
        let mixes = kpi.age.is_some_and(|(unit, _)| kpi.grains.iter().any(|grain| weeks(*grain) != weeks(unit)));
        if alike && !mixes {
            kept.push(kpi.clone());
        }
    }
    rules.kpis = kept;
    let mut rows = rules.clone();
    let (first, last) = (days(project.calendar.data_from, -900), days(project.calendar.as_of, 900));
    rows.calendar.custom = Some(customs::regular(&project.calendar, first, last));
    (!rules.kpis.is_empty()).then_some((rules, rows))
}

/// Whether a formula at a grain means the same in both calendars: `prior` goes back by periods of the grain or of the same number, and
/// windows are no months long.
fn is_alike(formula: &Formula, grain: Grain, known: &[Kpi]) -> bool {
    let mut all = true;
    formula.leaves(&mut |figure| {
        all &= match figure {
            Figure::Kpi(name) => known.iter().any(|kpi| kpi.name == *name && body_is_alike(kpi, grain, known)),
            Figure::Aggregate(_) | Figure::Grouped(_) => true,
            Figure::Each(each) => {
                let counts =
                    |Length { unit, .. }: Length| unit == each.grain || each.grain == Grain::Day && unit <= Grain::Week;
                let fits = if let Window::Trailing(length) = each.window { counts(length) } else { true };
                fits && is_alike(&each.of, each.grain, known)
            }
            Figure::Past(_, of, length) => {
                let unit = length.map_or(grain, |length| length.unit);
                // Months and quarters have the same numbers in all years; days and weeks do not.
                let same = unit == grain || grain >= Grain::Month && unit > grain || grain == Grain::Day && unit == Grain::Week;
                same && is_alike(of, grain, known)
            }
            Figure::Slice(of, _) | Figure::Total(of, _) => is_alike(of, grain, known),
        };
    });
    all
}

fn body_is_alike(kpi: &Kpi, grain: Grain, known: &[Kpi]) -> bool {
    match &kpi.body {
        Body::Formula(formula) => is_alike(formula, grain, known),
        Body::Values { .. } => true,
    }
}

/// Whether both calendars show the same; how many views were compared.
pub fn agree(project: &Project, engine: &mut Engine) -> Result<usize, TestCaseError> {
    let Some((rules, rows)) = twins(project) else { return Ok(0) };
    // How far an open period is in, a calendar of rows counts in days, and rules move the day: 2 June is the 63rd of its quarter, and 2 March the 61st.
    let whole = |project: &Project| {
        let mut files = print::files(project);
        let forms = ["prior", "change", "growth"].map(|form| (format!("{form}_to_date("), format!("{form}(")));
        for (_, text) in &mut files {
            *text = forms.iter().fold(std::mem::take(text), |text, (to_date, whole)| text.replace(to_date, whole));
        }
        compile_files(files)
    };
    let (Ok(by_rules), Ok(by_rows)) = (whole(&rules), whole(&rows)) else { return Ok(0) };
    compare(&rows, &by_rules.views, &by_rows.views, engine)
}

/// Whether `as_of: today` shows on a day what the day shows when it is named: with a day more to settle, as today is not whole yet.
pub fn agree_today(project: &Project, engine: &mut Engine) -> Result<usize, TestCaseError> {
    // What today has not come yet is no hole, but on a day that is named it is one.
    if project.sources.iter().any(|source| source.freshness.expect.is_some()) {
        return Ok(0);
    }
    let mut named = project.clone();
    named.calendar.settle += 1;
    let day = project.calendar.as_of;
    let mut files = print::files(project);
    files[0].1 = files[0].1.replace(&format!("as_of: {day}"), "as_of: today");
    let (Ok(mut by_day), Ok(mut by_today)) = (compile(&named), compile_files(files)) else { return Ok(0) };
    for compiled in [&mut by_day, &mut by_today] {
        compiled.views.append(&mut compiled.fresh);
    }
    let today = kpic::dialect::dialect(None).today(project.calendar.zone);
    let by_today: Views =
        by_today.views.into_iter().map(|(view, sql)| (view, sql.replace(&today, &format!("date '{day}'")))).collect();
    compare(project, &by_day.views, &by_today, engine)
}

fn compare(project: &Project, ones: &Views, others: &Views, engine: &mut Engine) -> Result<usize, TestCaseError> {
    written::write(project);
    let statements = format!("set threads = 1;\nset TimeZone = '{}';\n{}", project.session, print::tables(project));
    let queries: Vec<String> = ones.iter().chain(others).map(|(_, sql)| sql.clone()).collect();
    let mut answers = engine.answers(&statements, &queries);
    let of_others = answers.split_off(ones.len());
    // Numbers of 300 digits are added up in another order where views are planned in another way.
    let rounding = if project.extreme { rounding(project) } else { 0.0 };
    for ((view, sql), (one, two)) in others.iter().zip(answers.into_iter().zip(of_others)) {
        let fails = |why: String| Err(TestCaseError::fail(format!("the view {view}: {why}\n{sql}")));
        let (one, two) = match (one, two) {
            (Ok(one), Ok(two)) => (one, two),
            (Err(why), _) | (_, Err(why)) if project.extreme && is_too_large(&why) => continue,
            (Err(why), _) | (_, Err(why)) => return fails(format!("the engine refuses it:\n{why}")),
        };
        if let Some(difference) = difference(&one, &two, rounding) {
            return fails(difference);
        }
    }
    Ok(ones.len())
}

/// Where the rows of two views differ. A view without figures has the same rows in both.
fn difference(ones: &[Answer], others: &[Answer], rounding: f64) -> Option<String> {
    // A sum in another order has other last digits, and so has what is made of it.
    let has_interval = ones.iter().all(|row| ["n", "low", "high"].iter().all(|name| row.contains_key(*name)));
    let figures: &[&str] = if has_interval { &["value", "low", "high"] } else { &["value"] };
    let place = |row: &Answer| {
        let is_figure = |name: &&String| figures.contains(&name.as_str());
        row.iter()
            .filter(|(name, _)| !is_figure(name))
            .map(|(name, cell)| (name.clone(), cell.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let shown = |row: &Answer| figures.iter().map(|name| row.get(*name).cloned().flatten()).collect::<Vec<_>>();
    let mut left: BTreeMap<_, _> = others.iter().map(|row| (place(row), shown(row))).collect();
    for row in ones {
        let place = place(row);
        let Some(other) = left.remove(&place) else { return Some(format!("{place:?} is in the first alone")) };
        for (value, other) in shown(row).into_iter().zip(other) {
            let value = value.map_or(super::Value::Null, |value| super::Value::Number(value.parse().unwrap()));
            if !same(&value, other.as_deref(), rounding) {
                return Some(format!("{place:?}: {value:?}, and {other:?}"));
            }
        }
    }
    left.keys().next().map(|place| format!("{place:?} is in this alone"))
}
