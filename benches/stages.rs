//! Times each stage of the compiler on a generated project of 10,000 KPIs in 200 files, in memory.
//!
//! `make bench`, or `cargo bench --bench stages -- plan` for one stage. What a stage needs is made before the clock starts.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "shared/project.rs"]
mod project;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use kpic::diagnostic::Findings;
use kpic::graph::Graph;
use kpic::load::{self, Loaded};
use kpic::model::Model;
use kpic::pipeline::{Options, Valid, check_texts};
use kpic::plan::relation::Query;
use kpic::plan::views::{self, View};
use kpic::resolve::{self, Formulas};
use kpic::spec::{self, Spec};
use kpic::{build, check, docs, formula, lint, manifest, sql, support};

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many KPIs the project has.
const KPIS: usize = 10_000;

fn main() {
    divan::main();
}

fn loaded() -> Loaded {
    load::texts(project::files(KPIS))
}

fn decoded() -> (Loaded, Spec) {
    let mut loaded = loaded();
    let spec = spec::decode(&mut loaded);
    (loaded, spec)
}

fn parsed(spec: &Spec) -> Formulas {
    let mut findings = Findings::default();
    let mut parse = |text: Option<&spec::reader::FormulaText>| formula::parse(text?, &mut findings);
    let kpis = spec.kpis.iter().map(|kpi| parse(kpi.formula.as_ref())).collect();
    let columns = spec.sources.iter().map(|source| source.columns.iter().map(|column| parse(column.expr.as_ref())).collect());
    Formulas { kpis, columns: columns.collect(), ..Formulas::default() }
}

fn resolved(spec: &Spec) -> (Model, Graph) {
    let model = resolve::resolve(spec, &parsed(spec), &mut Findings::default());
    let graph = Graph::of(&model);
    (model, graph)
}

fn valid() -> Valid {
    check_texts(project::files(KPIS), &Options::default()).valid().expect("a valid project")
}

fn planned(project: &Valid, views: &[View]) -> Vec<Query> {
    views.iter().filter_map(|view| views::query(project, &view.shows)).collect()
}

/// YAML to trees with spans, one file after the other.
#[divan::bench(sample_count = 10)]
fn load_files(bencher: Bencher<'_, '_>) {
    let kpis = ItemsCount::new(KPIS);
    bencher.counter(kpis).with_inputs(|| project::files(KPIS)).bench_values(load::texts);
}

/// Trees to definitions.
#[divan::bench(sample_count = 10)]
fn decode(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(KPIS)).with_inputs(loaded).bench_values(|mut loaded| spec::decode(&mut loaded));
}

/// Texts of formulas to syntax trees, one after the other.
#[divan::bench(sample_count = 10)]
fn parse_formulas(bencher: Bencher<'_, '_>) {
    let (_, spec) = decoded();
    bencher.counter(ItemsCount::new(KPIS)).bench(|| parsed(&spec));
}

/// Names to ids.
#[divan::bench(sample_count = 10)]
fn resolve_names(bencher: Bencher<'_, '_>) {
    let (_, spec) = decoded();
    let formulas = parsed(&spec);
    bencher.counter(ItemsCount::new(KPIS)).bench(|| resolve::resolve(&spec, &formulas, &mut Findings::default()));
}

/// Ids to the graph of who needs whom.
#[divan::bench(sample_count = 10)]
fn make_graph(bencher: Bencher<'_, '_>) {
    let (_, spec) = decoded();
    let (model, _) = resolved(&spec);
    bencher.counter(ItemsCount::new(KPIS)).bench(|| {
        let mut graph = Graph::of(&model);
        graph.cycles(&model, &mut Findings::default());
        graph
    });
}

/// Types, units, kinds, grains and slices.
#[divan::bench(sample_count = 10)]
fn check_meaning(bencher: Bencher<'_, '_>) {
    let (loaded, spec) = decoded();
    bencher.counter(ItemsCount::new(KPIS)).with_inputs(|| resolved(&spec)).bench_values(|(mut model, graph)| {
        check::check(&mut model, &graph, &loaded.files, &mut Findings::default());
        model
    });
}

/// Lints and what the dialect supports.
#[divan::bench(sample_count = 10)]
fn lint_and_support(bencher: Bencher<'_, '_>) {
    let project = valid();
    bencher.counter(ItemsCount::new(KPIS)).bench(|| {
        let mut findings = Findings::default();
        lint::lint(project.model(), project.graph(), project.alignment(), project.files(), &mut findings);
        support::support(project.model(), &mut findings);
        findings
    });
}

/// The model to relational algebra, one view after the other.
#[divan::bench(sample_count = 10)]
fn plan(bencher: Bencher<'_, '_>) {
    let project = valid();
    bencher.counter(ItemsCount::new(KPIS)).bench(|| planned(&project, &views::views(&project)));
}

/// Relational algebra to SQL, one view after the other.
#[divan::bench(sample_count = 10)]
fn emit_sql(bencher: Bencher<'_, '_>) {
    let project = valid();
    let queries = planned(&project, &views::views(&project));
    let dialect = kpic::dialect::dialect(None);
    bencher.counter(ItemsCount::new(KPIS)).bench(|| {
        for query in &queries {
            black_box(sql::statement(query, dialect));
        }
    });
}

/// The manifest as JSON.
#[divan::bench(sample_count = 10)]
fn emit_manifest(bencher: Bencher<'_, '_>) {
    let project = valid();
    let views = views::views(&project);
    let dialect = kpic::dialect::dialect(None);
    bencher.counter(ItemsCount::new(KPIS)).bench(|| manifest::json(&manifest::manifest(&project, &views, dialect)));
}

/// The manifest to pages, on all processors.
#[divan::bench(sample_count = 10)]
fn emit_docs(bencher: Bencher<'_, '_>) {
    let project = valid();
    let views = views::views(&project);
    let dialect = kpic::dialect::dialect(None);
    let manifest = manifest::manifest(&project, &views, dialect);
    let texts: Vec<String> = planned(&project, &views).iter().map(|query| sql::statement(query, dialect)).collect();
    let texts = views.iter().map(|view| view.name.as_str()).zip(texts.iter().map(String::as_str)).collect();
    bencher.counter(ItemsCount::new(KPIS)).bench(|| {
        docs::pages(&manifest, docs::Beside::default(), &texts, project.files(), &|page| _ = std::hint::black_box(page))
    });
}

/// All files of a build, in memory, on all processors.
#[divan::bench(sample_count = 10)]
fn all_outputs(bencher: Bencher<'_, '_>) {
    let project = valid();
    bencher
        .counter(ItemsCount::new(KPIS))
        .bench(|| build::outputs(&project, kpic::build::Documents::Pages(kpic::docs::Beside::default())));
}
