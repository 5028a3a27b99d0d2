//! Random small projects: a reference evaluator, written from the language and not from the compiler, agrees with the SQL.
//!
//! `cargo test --test random` tries 300 projects from a fixed seed. `KPIC_RANDOM_CASES` is how many to try instead,
//! `KPIC_RANDOM_SEED` another seed, and `KPIC_RANDOM_SKIP` how many of its projects to leave out first. What fails is shown, made
//! smaller and shown again; its seed goes into `random.proptest-regressions` and is tried first from then on. With `-- --nocapture` it is
//! said every 500 projects how far it is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]
// What stands in the modules is for this file only.
#![allow(unreachable_pub)]

#[path = "random/calendar.rs"]
mod calendar;
#[path = "random/called.rs"]
mod called;
#[path = "random/changes.rs"]
mod changes;
#[path = "random/cohorts.rs"]
mod cohorts;
#[path = "random/conditions.rs"]
mod conditions;
#[path = "random/customs.rs"]
mod customs;
#[path = "random/data.rs"]
mod data;
#[path = "random/engine.rs"]
mod engine;
#[path = "random/evaluate.rs"]
mod evaluate;
#[path = "random/facts.rs"]
mod facts;
#[path = "random/formulas.rs"]
mod formulas;
#[path = "random/freshness.rs"]
mod freshness;
#[path = "random/functions.rs"]
mod functions;
#[path = "random/generate.rs"]
mod generate;
#[path = "random/goals.rs"]
mod goals;
#[path = "random/guards.rs"]
mod guards;
#[path = "random/journeys.rs"]
mod journeys;
#[path = "random/names.rs"]
mod names;
#[path = "random/print.rs"]
mod print;
#[path = "random/project.rs"]
mod project;
#[path = "random/rows.rs"]
mod rows;
#[path = "random/sharing.rs"]
mod sharing;
#[path = "random/shown.rs"]
mod shown;
#[path = "random/shrink.rs"]
mod shrink;
#[path = "random/stocks/mod.rs"]
mod stocks;
#[path = "random/text.rs"]
mod text;
#[path = "random/to_date.rs"]
mod to_date;
#[path = "random/together.rs"]
mod together;
#[path = "random/tops.rs"]
mod tops;
#[path = "random/tries.rs"]
mod tries;
#[path = "random/twin.rs"]
mod twin;
#[path = "random/whole.rs"]
mod whole;
#[path = "random/written.rs"]
mod written;

use engine::{Answer, Engine};
use evaluate::{Evaluator, Line};
use generate::Choices;
use guards::{Found, Looks};
use kpic::engine::{Kind, Refusal};
use kpic::pipeline::{Options, Valid, check_texts};
use kpic::plan::relation::Query;
use kpic::plan::views::{Shows, View, query, views};
use project::{Grain, Kpi, Project, Value};
use proptest::test_runner::TestCaseError;
use rows::Rows;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use together::Together;
use tries::Tries;

#[test]
fn the_sql_agrees_with_the_evaluator() {
    Tries::new().remembering().run(&agree);
}

#[test]
fn a_calendar_whose_rows_are_what_the_rules_give_shows_the_same() {
    of_twins(twin::agree);
}

#[test]
fn a_day_that_is_today_shows_what_it_shows_when_it_is_named() {
    of_twins(twin::agree_today);
}

#[test]
fn guardrails_and_the_north_star_say_the_same_whatever_things_are_called() {
    of_twins(called::agree);
}

#[test]
fn what_is_not_among_the_top_is_computed_anew() {
    of_twins(tops::agree);
}

/// Compares each of some projects with one that has to show the same.
fn of_twins(agree: fn(&Project, &mut Engine) -> Result<usize, TestCaseError>) {
    let (tries, compared) = (Tries::new().third(), AtomicUsize::new(0));
    tries.run(&|project, engine| {
        compared.fetch_add(agree(project, engine)?, Ordering::Relaxed);
        Ok(())
    });
    let compared = compared.into_inner();
    assert!(compared >= tries.count(), "{compared} views of {} projects prove little", tries.count());
}

#[test]
fn a_change_of_figures_is_never_taken_for_none() {
    let count = std::env::var("KPIC_RANDOM_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let first = std::env::var("KPIC_RANDOM_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()).unwrap_or(1);
    let (mut counts, mut wrong) = (changes::Counts::default(), Vec::new());
    for seed in first..first + count {
        wrong.extend(changes::agree(seed, &mut counts).err());
    }
    eprintln!("{counts:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(counts.differing as u64 > count / 2, "{counts:?} prove little");
}

#[test]
fn whatever_is_made_smaller_is_still_a_project() {
    for seed in 0..40 {
        let choices = &mut Choices::new(seed);
        let mut project = generate::project(choices);
        // One of the first mostly, which are much smaller.
        for _ in 0..12 {
            for source in &project.sources {
                let width = source.columns.len();
                assert!(source.rows.iter().all(|cells| cells.len() == width), "seed {seed}: {} has uneven rows", source.name);
            }
            let smaller = shrink::smaller(&project);
            let Some(next) = smaller.get(choices.below(smaller.len().max(1)).min(choices.below(60))) else { break };
            project = next.clone();
        }
    }
}

#[test]
fn plans_make_sense_whatever_things_are_called() {
    let count = std::env::var("KPIC_RANDOM_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(150);
    for seed in 0..count {
        let choices = &mut Choices::new(seed);
        let mut project = generate::project(choices);
        names::rename(&mut project, 100, choices);
        if let Err(why) = compile(&project) {
            panic!("seed {seed}: a valid project is refused:\n{why}");
        }
    }
}

/// A view by its name, with the SQL that shows it.
type Views = Vec<(String, String)>;

/// Whether every view of a project shows what the evaluator says.
fn agree(project: &Project, engine: &mut Engine) -> Result<(), TestCaseError> {
    if project.reduced && !project.calendar.is_sound() {
        return Ok(());
    }
    let Compiled { views, together, looks, checks, fresh, valid } = match compile(project) {
        Ok(compiled) => compiled,
        // A project on its way to a smaller one may make no sense.
        Err(_) if project.reduced => return Ok(()),
        Err(why) => return Err(TestCaseError::fail(format!("a valid project is refused:\n{why}"))),
    };
    written::write(project);
    if let Some((name, problem)) = views.iter().find_map(|(name, sql)| Some((name, text::problem(sql)?))) {
        return Err(TestCaseError::fail(format!("the SQL of {name} has {problem}")));
    }
    let queries: Vec<String> = views
        .iter()
        .map(|(_, sql)| sql)
        .chain(together.iter().map(|together| &together.sql))
        .chain(&checks)
        .chain(looks.iter().flat_map(|looks| &looks.sql))
        .chain(fresh.iter().map(|(_, sql)| sql))
        .cloned()
        .collect();
    let mut answers = engine.answers(&statements_of(project, project), &queries);
    let mut answers_together = answers.split_off(views.len());
    let mut checked = answers_together.split_off(together.len());
    let mut looked = checked.split_off(checks.len());
    let freshness = looked.split_off(looked.len() - fresh.len());
    let answers: BTreeMap<String, _> = views.iter().map(|(name, _)| name.clone()).zip(answers).collect();
    let whole = journeys::materialised(project);
    let (said, shared) = (sharing::said(valid.findings()), sharing::shared(&whole));
    if said != shared {
        return Err(TestCaseError::fail(format!("{said:?} are said to aggregate what rows share, and it is {shared:?}")));
    }
    let evaluator = Evaluator::new(&whole);
    freshness_agrees(&evaluator, freshness)?;
    let rounding = rounding(project);
    let mut expected = 0;
    // The largest number that has been met so far.
    let mut largest = largest_unseen(&whole);
    for kpi in &whole.kpis {
        for grain in &kpi.grains {
            for slice in std::iter::once(&Vec::new()).chain(&kpi.by) {
                expected += 1;
                let name = view_name(&kpi.name, *grain, kpi.grains[0], slice);
                let sql = || views.iter().find(|(view, _)| *view == name).map(|(_, sql)| sql.clone()).unwrap_or_default();
                let lines = evaluator.view(kpi, *grain, slice);
                largest = largest.max(functions::largest());
                // An age is compared like the value of one more dimension.
                let age = kpi.age.map(|_| "age".to_owned());
                let columns: Vec<String> = slice.iter().cloned().chain(age).collect();
                let problem = match answers.get(&name) {
                    None => Some("there is no such view".to_owned()),
                    Some(Err(why)) if may_be_refused(project, largest, why) => None,
                    Some(Err(why)) => Some(format!("the engine refuses it:\n{why}\n{}", sql())),
                    Some(Ok(rows)) => difference(&columns, &lines, rows, rounding),
                };
                if let Some(problem) = problem {
                    return Err(TestCaseError::fail(format!("the view {name}: {problem}")));
                }
            }
        }
    }
    for (Together { grain, kpis, sql }, answer) in together.iter().zip(answers_together) {
        let rows = match answer {
            Ok(rows) => rows,
            Err(why) if may_be_refused(project, largest, &why) => continue,
            Err(why) => return Err(TestCaseError::fail(format!("the engine refuses all by {grain}:\n{why}\n{sql}"))),
        };
        for kpi in whole.kpis.iter().filter(|kpi| kpis.contains(&kpi.name)) {
            let own = kpi.grains.iter().copied().find(|own| own.name() == grain.name()).unwrap();
            let lines = evaluator.view(kpi, own, &[]);
            if let Some(problem) = together::difference(&kpi.name, &lines, &rows, rounding) {
                return Err(TestCaseError::fail(format!("{} among others by {grain}:\n{problem}\n{sql}", kpi.name)));
            }
        }
    }
    if expected != views.len() {
        return Err(TestCaseError::fail(format!("{} views instead of {expected}", views.len())));
    }
    goals_agree(project, &whole, engine, &evaluator, largest)?;
    let is_too_much =
        |answer: &Result<Vec<Answer>, String>| answer.as_ref().is_err_and(|why| may_be_refused(project, largest, why));
    if answers.values().chain(&checked).chain(&looked).any(is_too_much) {
        return Ok(());
    }
    let found = found(&looks, &looked)?;
    let problem = views.iter().zip(&found).find_map(|((name, _), found)| Some((name, found.wrong(valid.model(), &whole)?)));
    if let Some((name, problem)) = problem {
        return Err(TestCaseError::fail(format!("beside the view {name}: {problem}")));
    }
    for answer in checked {
        let rows = answer.map_err(|why| TestCaseError::fail(format!("the engine refuses source_checks:\n{why}")))?;
        if let Some(problem) = guards::checks(project, &rows) {
            return Err(TestCaseError::fail(problem));
        }
    }
    let answers: Vec<&Vec<Answer>> = views.iter().filter_map(|(name, _)| answers.get(name)?.as_ref().ok()).collect();
    if project.extreme {
        // Other rows may add up to what the engine refuses.
        return Ok(());
    }
    Guarded { project: &whole, views: &views, looks: &looks, answers: &answers, before: &found }.agree(engine)
}

/// Whether the view `source_freshness`, if there is one, shows what the evaluator says.
fn freshness_agrees(evaluator: &Evaluator<'_>, answers: Vec<Result<Vec<Answer>, String>>) -> Result<(), TestCaseError> {
    for answer in answers {
        let rows = answer.map_err(|why| TestCaseError::fail(format!("the engine refuses source_freshness:\n{why}")))?;
        let columns = ["source", "last_row", "days_behind", "is_fresh", "holes", "last_hole"];
        let got: Vec<_> = rows.iter().map(|row| columns.map(|name| row[name].clone())).collect();
        let expected = freshness::view(evaluator);
        if got != expected {
            return Err(TestCaseError::fail(format!("source_freshness: expected {expected:?}, got {got:?}")));
        }
    }
    Ok(())
}

/// What is run before any query: the settings of a session, and the tables of some rows.
fn statements_of(project: &Project, stored: &Project) -> String {
    let settings: String = project.settings.iter().map(|setting| format!("{setting};\n")).collect();
    format!("set threads = 1;\nset TimeZone = '{}';\n{settings}{}", project.session, print::tables(stored))
}

/// Whether key results of slices show what the evaluator says.
fn goals_agree<'a>(
    project: &Project,
    whole: &'a Project,
    engine: &mut Engine,
    evaluator: &Evaluator<'a>,
    largest: f64,
) -> Result<(), TestCaseError> {
    let goals = match goals::goals(project, whole, evaluator) {
        Ok(Some(goals)) => goals,
        Ok(None) => return Ok(()),
        Err(_) if project.reduced => return Ok(()),
        Err(why) => return Err(TestCaseError::fail(format!("key results are refused:\n{why}"))),
    };
    let answer = engine.answers("", std::slice::from_ref(&goals.sql)).pop().unwrap();
    let largest = largest.max(functions::largest());
    let rows = match answer {
        Ok(rows) => rows,
        Err(why) if may_be_refused(project, largest, &why) => return Ok(()),
        Err(why) => return Err(TestCaseError::fail(format!("the engine refuses key results:\n{why}\n{}", goals.sql))),
    };
    match goals::difference(&goals, &rows, rounding(project)) {
        None => Ok(()),
        Some(problem) => Err(TestCaseError::fail(format!("key results of slices: {problem}\n{}", goals.sql))),
    }
}

/// What the rows say to all that the views rely on.
fn found<'a>(looks: &'a [Looks], answers: &[Result<Vec<Answer>, String>]) -> Result<Vec<Found<'a>>, TestCaseError> {
    let mut rest = answers;
    let mut all = Vec::new();
    for looks in looks {
        let (own, others) = rest.split_at(looks.sql.len());
        rest = others;
        all.push(looks.found(own).map_err(TestCaseError::fail)?);
    }
    Ok(all)
}

/// The views of a project with what they rely on.
struct Guarded<'a> {
    /// The project, its journeys written out.
    project: &'a Project,
    views: &'a Views,
    looks: &'a [Looks],
    /// What the views show.
    answers: &'a [&'a Vec<Answer>],
    /// What is said of the rows.
    before: &'a [Found<'a>],
}

impl Guarded<'_> {
    /// Whether it is said of other rows what they do to the figures. A project that fails is tried in every way, others in one.
    fn agree(&self, engine: &mut Engine) -> Result<(), TestCaseError> {
        let all = self.project.reduced;
        let way = self.project.sources.iter().map(|source| source.rows.len()).sum::<usize>() % 4;
        if all || way == 0 {
            let changed = guards::completed(self.project);
            let (answers, _) = self.with(&changed.project, engine)?;
            self.each(|at, kpi| {
                let tells = self.before[at].misses_rows() || !guards::looks_up(&changed, &kpi.body);
                (!tells && !guards::agree(self.answers[at], &answers[at]))
                    .then_some("references are not found, and nothing is said")
            })?;
        }
        for (states, number) in [(true, 1), (false, 2)] {
            if all || way == number {
                let changed = guards::loaded_twice(self.project, states);
                let (answers, found) = self.with(&changed.project, engine)?;
                self.each(|at, kpi| {
                    let tells = found[at].refuses() || !guards::counts_once(&changed, &kpi.body);
                    (!tells && !guards::agree(self.answers[at], &answers[at]))
                        .then_some("rows are there twice, and it is not refused")
                })?;
            }
        }
        if all || way == 3 {
            let [one, other] = guards::in_doubt(self.project);
            let (one, found) = self.with(&one, engine)?;
            let (other, _) = self.with(&other, engine)?;
            self.each(|at, _| {
                let tells = found[at].refuses();
                (!tells && !guards::agree(&one[at], &other[at]))
                    .then_some("it depends on the order of rows, and is not refused")
            })?;
        }
        Ok(())
    }

    /// What views show of other rows, and what is said of these.
    fn with(&self, project: &Project, engine: &mut Engine) -> Result<(Vec<Vec<Answer>>, Vec<Found<'_>>), TestCaseError> {
        let mut project = project.clone();
        written::as_in(&mut project, self.project);
        written::write(&project);
        let mut stored = project.clone();
        stored.sources.retain(|source| source.journey.is_none());
        let sql = self.views.iter().map(|(_, sql)| sql).chain(self.looks.iter().flat_map(|looks| &looks.sql));
        let mut answers = engine.answers(&statements_of(&project, &stored), &sql.cloned().collect::<Vec<_>>());
        let looked = answers.split_off(self.views.len());
        let refused = |why: String| TestCaseError::fail(format!("the engine refuses other rows:\n{why}"));
        let answers = answers.into_iter().map(|answer| answer.map_err(refused)).collect::<Result<Vec<_>, _>>()?;
        Ok((answers, found(self.looks, &looked)?))
    }

    /// Looks at each view with its KPI.
    fn each(&self, problem: impl Fn(usize, &Kpi) -> Option<&'static str>) -> Result<(), TestCaseError> {
        for (at, (name, sql)) in self.views.iter().enumerate() {
            let kpi = self.project.kpis.iter().find(|kpi| name == &kpi.name || name.starts_with(&format!("{}__", kpi.name)));
            if let Some(problem) = problem(at, kpi.unwrap()) {
                return Err(TestCaseError::fail(format!(
                    "the view {name}: {problem}\n{sql}\n{}",
                    self.looks[at].sql.join("\n")
                )));
            }
        }
        Ok(())
    }
}

/// A project as the compiler has it.
struct Compiled {
    views: Views,
    /// All KPIs together.
    together: Vec<Together>,
    /// What each view relies on.
    looks: Vec<Looks>,
    /// The SQL of the view `source_checks`, if there is one.
    checks: Vec<String>,
    /// The view `source_freshness`, if there is one.
    fresh: Views,
    valid: Valid,
}

/// The SQL of all views, and of all KPIs together; what is wrong with the project if the compiler refuses it.
fn compile(project: &Project) -> Result<Compiled, String> {
    compile_files(print::files(project))
}

fn compile_files(files: Vec<(String, String)>) -> Result<Compiled, String> {
    let checked = check_texts(files, &Options::default());
    let valid = checked.valid().map_err(|checked| print::findings(&checked))?;
    let dialect = kpic::dialect::dialect(None);
    let sql = |plan: &Query| {
        // Optimized builds do not do so by themselves.
        kpic::plan::verify(plan).unwrap_or_else(|fault| panic!("a plan makes no sense: {fault}\n{}", kpic::plan::print(plan)));
        kpic::sql::query(plan, dialect)
    };
    let plans: Vec<_> = views(&valid).into_iter().map(|view| (query(&valid, &view.shows).unwrap(), view)).collect();
    let (checks, plans): (Vec<_>, Vec<_>) = plans.into_iter().partition(|(_, view)| matches!(view.shows, Shows::SourceChecks));
    let (fresh, plans): (Vec<_>, Vec<_>) =
        plans.into_iter().partition(|(_, view)| matches!(view.shows, Shows::SourceFreshness));
    let named = |plans: &[(Query, View)]| plans.iter().map(|(plan, view)| (view.name.clone(), sql(plan))).collect();
    Ok(Compiled {
        fresh: named(&fresh),
        views: named(&plans),
        together: together::questions(&valid),
        looks: plans.iter().map(|(plan, _)| Looks::of(&valid, plan)).collect(),
        checks: checks.iter().map(|(plan, _)| sql(plan)).collect(),
        valid,
    })
}

/// Section 15: how the view of a grain and slice is called.
fn view_name(kpi: &str, grain: Grain, own: Grain, slice: &[String]) -> String {
    let grain = if grain == own { String::new() } else { format!("__{}", grain.name()) };
    let by = if slice.is_empty() { String::new() } else { format!("__by_{}", slice.join("__")) };
    format!("{kpi}{grain}{by}")
}

/// Where a view and the evaluator differ; nothing if they agree.
fn difference(slice: &[String], expected: &[Line], got: &[Answer], rounding: f64) -> Option<String> {
    let cell = |row: &Answer, column: &str| row.get(column).unwrap_or_else(|| panic!("no column {column}")).clone();
    let mut left: BTreeMap<(String, Vec<Option<String>>), &Answer> = BTreeMap::new();
    let mut problems = String::new();
    for row in got {
        let place = (cell(row, "period").unwrap_or_default(), slice.iter().map(|name| cell(row, name)).collect::<Vec<_>>());
        if left.insert(place.clone(), row).is_some() {
            _ = writeln!(problems, "  {place:?} comes twice");
        }
    }
    for line in expected {
        let place = (line.period.to_string(), line.dimensions.iter().map(shown).collect::<Vec<_>>());
        let Some(row) = left.remove(&place) else {
            _ = writeln!(problems, "  {place:?} is missing, expected {:?}, complete: {:?}", line.value, line.is_complete);
            continue;
        };
        let value = cell(row, "value");
        if !same(&line.value, value.as_deref(), rounding) {
            _ = writeln!(problems, "  {place:?}: expected {:?}, got {value:?}", line.value);
        }
        for (name, wanted) in ["n", "low", "high"].iter().zip(line.beside.iter().flatten()) {
            let found = cell(row, name);
            if !same(wanted, found.as_deref(), rounding) {
                _ = writeln!(problems, "  {place:?}: expected {name} {wanted:?}, got {found:?}");
            }
        }
        let is_complete = cell(row, "is_complete");
        if is_complete != Some(line.is_complete.to_string()) {
            _ = writeln!(problems, "  {place:?}: expected complete: {}, got {is_complete:?}", line.is_complete);
        }
    }
    for place in left.keys() {
        _ = writeln!(problems, "  {place:?} is too much");
    }
    let most: Vec<&str> = problems.lines().take(12).collect();
    (!most.is_empty()).then(|| format!("expected and got differ\n{}", most.join("\n")))
}

/// The largest number of what an engine may work out although no figure shows it: raw SQL of every row of a table, and what is stored in rows
/// that a condition or a calendar leaves out.
fn largest_unseen(project: &Project) -> f64 {
    let rows = Rows::new(project);
    functions::largest();
    for source in &project.sources {
        for column in source.columns.iter().filter(|column| column.sql.is_some()) {
            for record in rows.of(&source.name) {
                rows.column(record, std::slice::from_ref(&column.name));
            }
        }
    }
    let cells = project.sources.iter().flat_map(|source| source.rows.iter().flatten());
    let sizes = cells.filter_map(|cell| if let Value::Number(number) = cell { Some(number.abs()) } else { None });
    functions::largest().max(sizes.fold(0.0, f64::max))
}

/// Whether figures are refused because one of them is larger than its type holds: never in ordinary projects.
fn may_be_refused(project: &Project, largest: f64, why: &str) -> bool {
    // A product of decimals may have as few as ten digits before its point.
    project.extreme && is_too_large(why) && largest >= 1e9
}

/// Whether figures are refused because one of them is larger than its type holds.
fn is_too_large(why: &str) -> bool {
    matches!(Refusal::of(why).kind, Kind::Whole | Kind::Decimals | Kind::Sum | Kind::Spread)
}

/// By how much the evaluator, which has floating numbers only, may be off where whole numbers are multiplied that are too large for
/// that: `change` of two of them is 1 in SQL, and 0 to it.
fn rounding(project: &Project) -> f64 {
    if project.extreme {
        // What is left of the difference of two numbers of 300 digits depends on the order of the rows. That a figure is null, or is
        // not, does not.
        return f64::MAX;
    }
    let cells = project.sources.iter().flat_map(|source| source.rows.iter().flatten());
    let sizes = cells.map(|cell| if let Value::Number(number) = cell { number.abs() } else { 0.0 });
    let largest = sizes.fold(0.0, f64::max);
    let multiplies = || print::files(project).iter().any(|(_, text)| text.contains(" * "));
    if largest * largest > 2f64.powi(52) && multiplies() { largest * largest * 1e-15 } else { 0.0 }
}

/// A dimension's value as the engine writes it.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Date(day) => Some(day.to_string()),
        other => panic!("{other:?} is not a value of a dimension"),
    }
}

/// Whether a value is what the engine shows, to the last digits of a floating number.
fn same(expected: &Value, got: Option<&str>, rounding: f64) -> bool {
    match (expected, got) {
        (Value::Null, None) => true,
        (Value::Number(expected), Some(got)) => {
            let got: f64 = got.parse().unwrap();
            (expected - got).abs() <= rounding.max(1e-9 * expected.abs().max(got.abs()).max(1.0))
        }
        _ => false,
    }
}
