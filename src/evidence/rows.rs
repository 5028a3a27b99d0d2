//! Looks for rows on which both versions have other figures: first those that spec tests give, then made-up ones.

use super::asked::{Asked, Pair, differing};
use super::made::{Constants, Maker, Span};
use super::smaller::Case;
use super::world::{View, World};
use super::{Versions, kpis, smaller, written};
use crate::calendar::{AsOf, Date, add_days};
use crate::diff::evidence::{Example, OverRows};
use crate::diff::{Diff, Kind};
use crate::engine::{Answer, Batch, Engine, Failure};
use crate::graph::Node;
use crate::meaning::{Names, Writer};
use crate::measure::test::batch;
use crate::model::{Model, Relation, Storage, TestCase};
use crate::pipeline::Valid;
use crate::plan::Data;
use std::collections::{BTreeMap, BTreeSet};

/// So many sets of rows are made up.
const MADE: u64 = 8;

/// The rows of so many spec tests are looked at.
const TESTS: usize = 8;

/// So many views of a KPI are compared: what differs at another grain or in another slice does so in one of these, mostly.
const VIEWS: usize = 3;

/// Made-up rows are in so many days at most: a year and a month, so that a window of twelve months is filled.
const DAYS: i64 = 396;

/// A figure in a test has so many rows at most.
const SHOWN: usize = 3;

/// For each KPI whose figures may differ: rows on which they do, as few as could be found.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn over_rows(versions: &mut Versions<'_>, diff: &Diff, engine: &dyn Engine) -> Result<BTreeMap<String, OverRows>, Failure> {
    let mut found: BTreeMap<String, OverRows> = BTreeMap::new();
    let mut open: Vec<Vec<Asked>> = Vec::new();
    let names = &diff.names;
    let own = Names::default();
    for kpi in kpis(diff) {
        let (before, after) = views(versions, names, &own);
        let asked = Asked::of(&kpi, before, after, VIEWS);
        if asked.is_empty() {
            found.insert(kpi, OverRows::Untried { reason: "no view of it is there in both versions".to_owned() });
        } else {
            open.push(asked);
        }
    }
    let wanted = wanted(versions, names, &open);
    let worlds = worlds(versions, names, &open, &wanted);
    let (mut cases, mut looked_at) = (Vec::new(), 0);
    let mut last_failure: Option<String> = None;
    for (test, world) in worlds {
        if open.is_empty() {
            break;
        }
        let asked: Vec<&Asked> = open.iter().flatten().collect();
        let answers = match compared(versions, names, engine, &[(&world, &asked)])?.pop() {
            Some(Ok(pairs)) => pairs,
            Some(Err(why)) => {
                last_failure = Some(why);
                continue;
            }
            None => continue,
        };
        looked_at += 1;
        let mut first: BTreeMap<&str, (&Asked, Pair)> = BTreeMap::new();
        for (asked, pairs) in asked.iter().zip(answers) {
            if let Some(pair) = best(pairs) {
                first.entry(&asked.kpi).or_insert((asked, pair));
            }
        }
        let new: Vec<Case> = first
            .into_values()
            .map(|(asked, pair)| Case { asked: asked.clone(), world: world.clone(), pairs: vec![pair], test: test.clone() })
            .collect();
        open.retain(|asked| !asked.first().is_some_and(|one| new.iter().any(|case| case.asked.kpi == one.kpi)));
        cases.extend(new);
    }
    let raw = with_own_sql(versions, diff);
    for kpi in open.iter().filter_map(|asked| asked.first()).map(|asked| asked.kpi.clone()) {
        let outcome = match (raw.get(&kpi), looked_at, last_failure.as_ref()) {
            (Some(source), ..) => {
                let reason = format!("given rows stand for what `{source}` reads, so they do not show a change there");
                OverRows::Untried { reason }
            }
            (None, 0, Some(why)) => OverRows::Untried { reason: why.clone() },
            (None, count, _) => OverRows::Alike { sets: count },
        };
        found.insert(kpi, outcome);
    }
    for mut case in cases {
        smaller::smaller(versions, names, engine, &mut case)?;
        let model = versions.after.model();
        let figures = case.pairs.iter().take(SHOWN).map(|pair| case.asked.told(model, pair)).collect();
        let test = written::test(View { model, names: &own }, &case, SHOWN);
        let example = Example { from_test: case.test.clone(), rows: case.world.size(), figures, test };
        found.insert(case.asked.kpi, OverRows::Differs(example));
    }
    Ok(found)
}

/// A pair with two numbers, if there is one: it says more than one with a null or without a row.
fn best(mut pairs: Vec<Pair>) -> Option<Pair> {
    let is_number = |figure: &Option<super::asked::Figure>| figure.as_ref().is_some_and(|figure| !figure.value.is_null());
    let at = pairs.iter().position(|pair| is_number(&pair.before) && is_number(&pair.after)).unwrap_or(0);
    (at < pairs.len()).then(|| pairs.swap_remove(at))
}

fn views<'a>(versions: &'a Versions<'_>, names: &'a Names, own: &'a Names) -> (View<'a>, View<'a>) {
    (View { model: versions.before.model(), names }, View { model: versions.after.model(), names: own })
}

/// Where both versions differ over some rows, for each of what is asked; the words of why not, where rows do not fit or an engine refuses them.
pub(super) type Compared = Result<Vec<Vec<Pair>>, String>;

/// Compares both versions over several worlds at once.
pub(super) fn compared(
    versions: &mut Versions<'_>,
    names: &Names,
    engine: &dyn Engine,
    worlds: &[(&World, &[&Asked])],
) -> Result<Vec<Compared>, Failure> {
    let own = Names::default();
    let mut batches = Vec::new();
    let mut places = Vec::new();
    for (world, asked) in worlds {
        let (before, after) = views(versions, names, &own);
        let (Some(old), Some(new)) = (world.as_test(before), world.as_test(after)) else {
            places.push(None);
            continue;
        };
        batches.push(one(versions.before, &old, world.as_of, engine, asked, Asked::before));
        batches.push(one(versions.after, &new, world.as_of, engine, asked, Asked::after));
        places.push(Some(batches.len() - 2));
    }
    let answers = engine.rehearse(&batches)?;
    let pairs = |(place, (_, asked)): (Option<usize>, &(&World, &[&Asked]))| {
        let Some(at) = place else { return Err("a column has another type, so no rows fit both versions".to_owned()) };
        let (Some(old), Some(new)) = (answers.get(at), answers.get(at + 1)) else { return Ok(Vec::new()) };
        let each = asked.iter().zip(old.iter().zip(new));
        each.map(|(asked, answers)| differences(versions, asked, answers)).collect()
    };
    Ok(places.into_iter().zip(worlds).map(pairs).collect())
}

fn differences(versions: &Versions<'_>, asked: &Asked, answers: (&Answer, &Answer)) -> Result<Vec<Pair>, String> {
    match answers {
        (Ok(old), Ok(new)) => {
            let before = asked.rows_before(versions.before.model(), old);
            let after = asked.rows_after(versions.after.model(), new);
            Ok(differing(&before, &after))
        }
        (Err(why), _) | (_, Err(why)) if why.in_setup => Err(format!("the rows cannot be laid out: {why}")),
        // A value that overflows says nothing of the other version.
        _ => Ok(Vec::new()),
    }
}

fn one(
    project: &mut Valid,
    test: &TestCase,
    as_of: Date,
    engine: &dyn Engine,
    asked: &[&Asked],
    plan: impl Fn(&Asked, &Valid, Data) -> crate::plan::relation::Query,
) -> Batch {
    let own = project.set_as_of(AsOf::Day(as_of));
    let queries: Vec<_> = asked.iter().map(|asked| plan(asked, project, Data::Given)).collect();
    project.set_as_of(own);
    batch(project.model(), test, &queries, engine)
}

/// The sources whose rows matter, by their names in the version after: those that KPIs need, and what these refer to.
fn wanted(versions: &Versions<'_>, names: &Names, open: &[Vec<Asked>]) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let own = Names::default();
    for (project, names) in [(&*versions.before, names), (&*versions.after, &own)] {
        let model = project.model();
        let mut sources = BTreeSet::new();
        for asked in open.iter().filter_map(|asked| asked.first()) {
            let id = model.kpis.iter().find(|(_, kpi)| names.kpi(&kpi.name.value) == asked.kpi).map(|(id, _)| id);
            let nodes = id.map(|id| project.graph().upstream(Node::Kpi(id))).unwrap_or_default();
            sources.extend(nodes.into_iter().filter_map(|node| match node {
                Node::Source(source) | Node::Column(source, _) => Some(source),
                Node::Kpi(_) | Node::Dimension(_) => None,
            }));
        }
        let mut stack: Vec<_> = sources.iter().copied().collect();
        while let Some(id) = stack.pop() {
            let source = model.sources.get(id);
            let steps = source.journey.iter().flat_map(|journey| &journey.steps).filter_map(|step| step.rows.as_ref());
            let targets = source.columns.rows().iter().filter_map(|column| column.reference);
            for next in targets.chain(steps.map(|rows| rows.source)) {
                if sources.insert(next) {
                    stack.push(next);
                }
            }
        }
        wanted.extend(sources.into_iter().map(|id| names.source(&model.sources.get(id).name.value)));
    }
    wanted
}

/// The rows to look at, each with the test that gives them.
fn worlds(
    versions: &Versions<'_>,
    names: &Names,
    open: &[Vec<Asked>],
    wanted: &BTreeSet<String>,
) -> Vec<(Option<String>, World)> {
    let own = Names::default();
    let (before, after) = views(versions, names, &own);
    let mut worlds: Vec<(Option<String>, World)> = Vec::new();
    for view in [after, before] {
        for test in &view.model.tests {
            let AsOf::Day(as_of) = test.as_of.unwrap_or(view.model.calendar.as_of) else { continue };
            let mut world = World::of_test(view, test, as_of);
            world.rows.retain(|source, _| wanted.contains(source));
            let is_there = world.size() > 0;
            wanted.iter().for_each(|source| _ = world.rows.entry(source.clone()).or_default());
            let is_new = !worlds.iter().any(|(_, known)| *known == world);
            if is_new && worlds.len() < TESTS && is_there {
                worlds.push((Some(test.name.value.clone()), world));
            }
        }
    }
    // The periods of such a calendar are in the warehouse, and nothing is known of them here.
    if [before, after].iter().any(|view| view.model.calendar_source.is_some()) {
        return worlds;
    }
    let constants = constants(before, after, open);
    for seed in 0..MADE {
        let span = span(before.model, after.model, seed);
        let mut world = Maker::new(after, &constants, span, seed).world(wanted);
        beside(&mut world, Maker::new(before, &constants, span, seed).world(wanted));
        worlds.push((None, world));
    }
    worlds
}

/// The days of made-up rows: whole months for some, else the last one is under way.
fn span(before: &Model, after: &Model, seed: u64) -> Span {
    let first = before.calendar.start.max(after.calendar.start);
    let odd = i64::from(seed % 2 == 1) * 11;
    let mut last = add_days(first, DAYS);
    last = add_days(last, -i64::from(last.day()) + odd);
    for model in [before, after] {
        if let AsOf::Day(day) = model.calendar.as_of {
            last = last.min(day);
        }
    }
    Span { first: first.min(last), last }
}

/// Adds what only the version before reads.
fn beside(world: &mut World, before: World) {
    for (source, rows) in before.rows {
        let Some(own) = world.rows.get_mut(&source) else {
            world.rows.insert(source, rows);
            continue;
        };
        for (at, row) in own.iter_mut().enumerate() {
            let Some(other) = rows.get(at % rows.len().max(1)) else { continue };
            for (column, cell) in other {
                row.entry(column.clone()).or_insert_with(|| cell.clone());
            }
        }
    }
}

fn constants(before: View<'_>, after: View<'_>, open: &[Vec<Asked>]) -> Constants {
    let mut constants = Constants::default();
    for view in [before, after] {
        let writer = Writer::written_out(view.model, view.names);
        for asked in open.iter().filter_map(|asked| asked.first()) {
            let id = view.model.kpis.iter().find(|(_, kpi)| view.names.kpi(&kpi.name.value) == asked.kpi);
            if let Some((id, _)) = id {
                constants.add(&writer.kpi(id));
            }
        }
    }
    constants
}

/// KPIs that a change reaches which given rows cannot show: where rows come from, or SQL of a column. Each with its source.
fn with_own_sql(versions: &Versions<'_>, diff: &Diff) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let is_query = |model: &Model, source: &str| {
        let id = model.source_names.get(source).copied();
        id.is_some_and(|id| {
            matches!(model.sources.get(id).relation, Some(Relation::Query(_) | Relation::Files(_) | Relation::Table(_)))
        })
    };
    for change in diff.changes.iter().filter(|change| change.kind == Kind::Source) {
        let name = &change.name;
        let is_unseen = change.fields.iter().any(|field| {
            let column = field.name.strip_prefix("columns.").map(|column| column.split('.').next().unwrap_or(column));
            let models = [versions.before.model(), versions.after.model()];
            match column {
                None => field.name == "rows" && models.iter().any(|model| is_query(model, name)),
                Some(column) => models.iter().any(|model| is_raw(model, name, column)),
            }
        });
        if is_unseen {
            for kpi in &change.downstream.kpis {
                found.insert(kpi.name.clone(), name.clone());
            }
        }
    }
    found
}

fn is_raw(model: &Model, source: &str, column: &str) -> bool {
    let Some(id) = model.source_names.get(source).copied() else { return false };
    let source = model.sources.get(id);
    let storage = source.names.get(column).map(|column| &source.columns.get(*column).storage);
    matches!(storage, Some(Storage::Raw(_)))
}
