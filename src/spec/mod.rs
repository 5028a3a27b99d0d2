//! From trees to definitions, decoded one by one, every finding collected.
//!
//! One file a section: each has the table of its keys ([`shape::Record`]) and the decoder that reads them. [`decode`] holds
//! every file against the tables, decodes the definitions, and reports names that are defined twice or reserved. Nothing here
//! looks inside a formula or follows a name.

pub mod allow;
pub mod dimension;
pub mod extent;
pub mod files;
mod foreign;
pub mod guardrail;
pub mod journey;
pub mod kpi;
pub mod north_star;
pub mod objective;
mod places;
pub mod project;
pub mod reader;
pub mod scorecard;
pub mod shape;
pub mod source;
pub mod targets;
pub mod team;
pub mod test;

use crate::diagnostic::{Findings, codes};
use crate::load::yaml::Style;
use crate::load::{Entry, Loaded, Node, PROJECT_FILE, Tree, Value};
use crate::text::{Files, Name, Span};
use extent::{Extent, LeftOut};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use rayon::prelude::*;
use reader::Reader;
use shape::{Field, Record, Shape};

/// Everything that a project's files define.
#[derive(Debug, Default)]
pub struct Spec {
    /// The settings of `kpic.yml`.
    pub project: project::Project,
    /// Sources, in the order of files and lines, as all that follows.
    pub sources: Vec<source::Source>,
    /// Dimensions.
    pub dimensions: Vec<dimension::Dimension>,
    /// Journeys.
    pub journeys: Vec<journey::Journey>,
    /// KPIs. They are large, and move when files are put together.
    pub kpis: Vec<Box<kpi::Kpi>>,
    /// Teams.
    pub teams: Vec<team::Team>,
    /// Taxonomies.
    pub taxonomies: Vec<team::Taxonomy>,
    /// Scorecards.
    pub scorecards: Vec<scorecard::Scorecard>,
    /// The North Star; more than one is a mistake.
    pub north_star: Vec<north_star::NorthStar>,
    /// Guardrails.
    pub guardrails: Vec<guardrail::Guardrail>,
    /// Objectives.
    pub objectives: Vec<objective::Objective>,
    /// Lints that definitions silence.
    pub allowances: Vec<allow::Allowance>,
    /// Spec tests.
    pub tests: Vec<test::Test>,
    /// Where each definition stands.
    pub extents: Vec<extent::Extent>,
    /// Whether names that nobody defines may be in a file that could not be read.
    pub incomplete: bool,
}

impl Spec {
    /// Adds what a further file defines.
    fn append(&mut self, part: Spec) {
        // Every section is named, so that none can be forgotten.
        let Spec {
            project: _,
            sources,
            dimensions,
            journeys,
            kpis,
            teams,
            taxonomies,
            scorecards,
            north_star,
            guardrails,
            objectives,
            allowances,
            tests,
            extents,
            incomplete,
        } = part;
        self.incomplete |= incomplete;
        self.journeys.extend(journeys);
        self.sources.extend(sources);
        self.dimensions.extend(dimensions);
        self.kpis.extend(kpis);
        self.teams.extend(teams);
        self.taxonomies.extend(taxonomies);
        self.scorecards.extend(scorecards);
        self.north_star.extend(north_star);
        self.guardrails.extend(guardrails);
        self.objectives.extend(objectives);
        self.allowances.extend(allowances);
        self.tests.extend(tests);
        self.extents.extend(extents);
    }
}

/// The sections of a spec file.
pub static FILE: Record = Record {
    what: "a spec file",
    fields: &[
        Field::new(
            "sources",
            Shape::Named("a source", &Shape::Record(&source::SOURCE)),
            "Relations that the warehouse already has.",
        ),
        Field::new(
            "dimensions",
            Shape::Named("a dimension", &Shape::Record(&dimension::DIMENSION)),
            "Business terms to slice by, with their column in each source.",
        ),
        Field::new(
            "journeys",
            Shape::Named("a journey", &Shape::Record(&journey::JOURNEY)),
            "Sequences of steps that an entity goes through.",
        ),
        Field::new("kpis", Shape::Named("a KPI", &Shape::Record(&kpi::KPI)), "The figures and what they mean."),
        Field::new("teams", Shape::Named("a team", &Shape::Record(&team::TEAM)), "Who owns KPIs."),
        Field::new(
            "taxonomies",
            Shape::Named("a taxonomy", &Shape::Record(&team::TAXONOMY)),
            "Sets of values to classify KPIs by.",
        ),
        Field::new(
            "scorecards",
            Shape::Named("a scorecard", &Shape::Record(&scorecard::SCORECARD)),
            "KPIs that are reviewed together.",
        ),
        Field::new("north_star", Shape::Record(&north_star::NORTH_STAR), "What the company aims for."),
        Field::new(
            "objectives",
            Shape::Named("an objective", &Shape::Record(&objective::OBJECTIVE)),
            "What to achieve, and the key results that show it.",
        ),
        Field::new(
            "guardrails",
            Shape::Named("a guardrail", &Shape::Record(&guardrail::GUARDRAIL)),
            "Conditions over KPIs that tell somebody to act.",
        ),
        Field::new("tests", Shape::Map(&Shape::Record(&test::TEST)), "Given rows and expected figures."),
    ],
};

/// Reads all definitions of a project; the trees of the spec files go on the way.
pub fn decode(loaded: &mut Loaded) -> Spec {
    decode_without(loaded, &LeftOut::new())
}

/// The same without some definitions, as if they stood in no file. What stays keeps its meaning as long as all that needs one of them is
/// left out too.
pub fn decode_without(loaded: &mut Loaded, left_out: &LeftOut) -> Spec {
    let mut findings = Findings::default();
    let mut spec = Spec { incomplete: loaded.incomplete, ..Spec::default() };
    if let Some(tree) = loaded.project.as_ref().filter(|tree| tree.roots.is_empty()) {
        findings
            .report(&codes::MISSING_KEY, Span::start_of(tree.file), format!("{PROJECT_FILE} is empty"))
            .help("it needs at least `kpic: 1` and `calendar: { start: 2024-01-01 }`");
    }
    if let Some(root) = loaded.project.as_ref().and_then(|tree| only_root(tree, &mut findings)) {
        shape::check(root, &Shape::Record(&project::PROJECT), &mut findings);
        project_sections(root, &mut findings);
        targets::no_connections(root, &mut findings, &mut loaded.files);
        spec.project = project::decode(&Reader::of(root), &mut findings);
    }
    // Each tree goes when it has been read, and the next definitions take its place in memory.
    let trees = std::mem::take(&mut loaded.specs);
    let parts: Vec<_> = trees.into_par_iter().map(|tree| file(tree, left_out, &loaded.files)).collect();
    for (part, found) in parts {
        spec.append(part);
        findings.append(found);
    }
    // What an alias without an anchor stands for is not known; that it is nothing has been said.
    let unknown = loaded.findings.iter().filter(|finding| finding.code == &codes::UNKNOWN_ANCHOR);
    let unknown: Vec<Span> = unknown.filter_map(|finding| Some(finding.labels.first()?.span)).collect();
    findings.retain(|finding| finding.labels.first().is_none_or(|label| !unknown.contains(&label.span)));
    if let Some(tree) = &loaded.project {
        let kpic_yml = Span::start_of(tree.file);
        spec.forget(left_out, kpic_yml);
        if let Some(bounds) = &loaded.bounds {
            places::check(&spec, &specs_folder(tree), bounds, kpic_yml, &mut findings);
        }
    }
    unique(&mut spec, &mut findings);
    reserved(&spec, &mut findings);
    loaded.findings.append(findings);
    spec
}

/// The folder of the spec files, as `kpic.yml` names it.
pub fn specs_folder(tree: &Tree) -> String {
    let named = tree.roots.first().and_then(|root| Reader::of(root).text("specs")).map(|text| text.value);
    let folder = named.unwrap_or_else(|| project::DEFAULT_SPECS.to_owned());
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() { ".".to_owned() } else { folder.trim_start_matches("./").to_owned() }
}

fn only_root<'a>(tree: &'a Tree, findings: &mut Findings) -> Option<&'a Node> {
    if let Some(second) = tree.roots.get(1) {
        findings.report(
            &codes::WRONG_SHAPE,
            second.span,
            format!(
                "{PROJECT_FILE} can have only one document, and this is a \
         second one"
            ),
        );
    }
    tree.roots.first()
}

/// Definitions that were written into `kpic.yml` get an error that says where they belong.
fn project_sections(root: &Node, findings: &mut Findings) {
    let Value::Map(entries) = &root.value else { return };
    for entry in entries {
        let section = FILE.fields.iter().any(|field| field.key == entry.key.value);
        if section && !project::PROJECT.fields.iter().any(|field| field.key == entry.key.value) {
            findings.retain(|known| known.labels.first().is_none_or(|label| label.span != entry.key.span));
            findings
                .report(&codes::UNKNOWN_KEY, entry.key.span, format!("`{}` does not belong in {PROJECT_FILE}", entry.key.value))
                .help("definitions go in the spec files, by default any `*.yml` in `specs/`: move it there");
        }
    }
}

/// Where a spec file says that it is the file of a project of its own.
fn project_inside(tree: &Tree, files: &Files) -> Option<Span> {
    let name = files.path(tree.file).rsplit('/').next()?;
    let Value::Map(entries) = &tree.roots.first()?.value else { return None };
    let version = entries.iter().find(|entry| entry.key.value == "kpic")?;
    (name == PROJECT_FILE).then_some(version.key.span)
}

/// What one file defines.
fn file(mut tree: Tree, left_out: &LeftOut, files: &Files) -> (Spec, Findings) {
    let (mut spec, mut findings) = (Spec::default(), Findings::default());
    if let Some(span) = project_inside(&tree, files) {
        spec.incomplete = true;
        findings
            .report(
                &codes::UNKNOWN_KEY,
                span,
                format!(
                    "a {PROJECT_FILE} is among the spec files, but a project has one, at \
             its root"
                ),
            )
            .help("move that other project elsewhere, or delete the file if its settings are at the root");
        return (spec, findings);
    }
    for root in tree.roots.iter_mut().filter(|root| root.value != Value::Null) {
        if !left_out.is_empty() {
            extent::prune(root, left_out);
        }
        document(root, files, &mut spec, &mut findings);
    }
    (spec, findings)
}

fn document(root: &Node, files: &Files, spec: &mut Spec, findings: &mut Findings) {
    shape::check(root, &Shape::Record(&FILE), findings);
    cut_texts(root, files, findings);
    let reader = Reader::of(root);
    // What is under a key that is none may define names; they must not be called unknown.
    let is_section = |entry: &Entry| FILE.fields.iter().any(|field| field.key == entry.key.value);
    let holds_more = |entry: &Entry| matches!(entry.value.value, Value::Map(_) | Value::List(_));
    spec.incomplete |= reader.all().iter().any(|entry| holds_more(entry) && !is_section(entry));
    spec.incomplete |= reader.all().iter().any(|entry| {
        let key = &entry.key.value;
        let lost = (0..reader.entries(key).len()).any(|at| is_lost(&reader, key, at));
        is_section(entry) && (lost || matches!(entry.value.value, Value::List(_)))
    });
    each(&reader, "sources", |entry| spec.sources.push(source::decode(entry, files)));
    each(&reader, "dimensions", |entry| spec.dimensions.push(dimension::decode(entry)));
    each(&reader, "journeys", |entry| spec.journeys.push(journey::decode(entry, files)));
    each(&reader, "kpis", |entry| spec.kpis.push(Box::new(kpi::decode(entry, files))));
    each(&reader, "teams", |entry| spec.teams.push(team::decode(entry, findings)));
    each(&reader, "taxonomies", |entry| spec.taxonomies.push(team::decode_taxonomy(entry)));
    each(&reader, "scorecards", |entry| spec.scorecards.push(scorecard::decode(entry)));
    each(&reader, "objectives", |entry| spec.objectives.push(objective::decode(entry)));
    each(&reader, "guardrails", |entry| spec.guardrails.push(guardrail::decode(entry, files)));
    each(&reader, "tests", |entry| spec.tests.push(test::decode(entry)));
    for entry in reader.all().iter().filter(|entry| entry.key.value == "north_star") {
        spec.north_star.push(north_star::decode(entry));
        spec.extents.push(Extent::of(extent::NORTH_STAR, entry));
        allow::collect(entry, &mut spec.allowances, findings);
    }
    for field in FILE.fields.iter().filter(|field| field.key != extent::NORTH_STAR) {
        each(&reader, field.key, |entry| spec.extents.push(Extent::of(field.key, entry)));
    }
    for section in ["sources", "journeys", "kpis", "teams", "scorecards", "objectives", "guardrails"] {
        each(&reader, section, |entry| allow::collect(entry, &mut spec.allowances, findings));
    }
}

/// Decodes what is in a section; what lacks its indentation has been reported and defines nothing.
fn each(reader: &Reader<'_>, section: &str, mut decode: impl FnMut(&Entry)) {
    for (at, entry) in reader.entries(section).iter().enumerate() {
        if !is_lost(reader, section, at) && !is_lost(reader, section, at + 1) {
            decode(entry);
        }
    }
}

/// Whether an entry of a section belongs to the definition above it.
fn is_lost(reader: &Reader<'_>, section: &str, at: usize) -> bool {
    let shape = FILE.fields.iter().find(|field| field.key == section).map(|field| &field.shape);
    let Some(Shape::Named(_, inner) | Shape::Map(inner)) = shape else { return false };
    shape::belongs_above(reader.entries(section), at, inner)
}

/// Points at texts that YAML ended at what it took for a comment: `title: Revenue #1`.
fn cut_texts(node: &Node, files: &Files, findings: &mut Findings) {
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|entry| cut_texts(&entry.value, files, findings)),
        Value::List(items) => items.iter().for_each(|item| cut_texts(item, files, findings)),
        Value::Scalar(scalar) if scalar.style == Style::Plain => {
            let text = files.get(node.span.file).map_or("", |file| file.text.as_str());
            let rest = text.get(node.span.end as usize..).unwrap_or_default();
            // Behind most texts their line ends.
            if !rest.trim_start_matches([' ', '\t']).starts_with('#') {
                return;
            }
            let rest = rest.lines().next().unwrap_or_default();
            let comment = rest.trim_start();
            let number = comment.strip_prefix('#').is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()));
            if number && !files.slice(node.span).is_empty() {
                let start = node.span.end as usize + (rest.len() - comment.len());
                let span = Span::new(node.span.file, start..start + comment.trim_end().len());
                let shown: String = comment.chars().take(40).collect();
                findings
                    .report(
                        &codes::TEXT_CUT,
                        span,
                        format!("YAML reads `{}` as a comment, so the text ends before it", shown.trim_end()),
                    )
                    .help("put quotes around the whole text; for a comment add a space after `#`");
            }
        }
        Value::Scalar(_) | Value::Null => {}
    }
}

/// Reports and drops what has the name of an earlier definition of its section.
fn unique(spec: &mut Spec, findings: &mut Findings) {
    keep_first(&mut spec.sources, |source| &source.name, "source", findings);
    keep_first(&mut spec.dimensions, |dimension| &dimension.name, "dimension", findings);
    keep_first(&mut spec.journeys, |journey| &journey.name, "journey", findings);
    journeys(spec, findings);
    keep_first(&mut spec.kpis, |kpi| &kpi.name, "KPI", findings);
    keep_first(&mut spec.teams, |team| &team.name, "team", findings);
    keep_first(&mut spec.taxonomies, |taxonomy| &taxonomy.name, "taxonomy", findings);
    keep_first(&mut spec.scorecards, |scorecard| &scorecard.name, "scorecard", findings);
    only_one_north_star(spec, findings);
    keep_first(&mut spec.guardrails, |guardrail| &guardrail.name, "guardrail", findings);
    keep_first(&mut spec.objectives, |objective| &objective.name, "objective", findings);
    keep_first(&mut spec.tests, |test| &test.name, "test", findings);
    aliases(spec, findings);
}

/// The article of a noun.
fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn keep_first<T>(items: &mut Vec<T>, name: impl Fn(&T) -> &Name, what: &str, findings: &mut Findings) {
    let mut seen: HashMap<String, Span> = HashMap::with_capacity(items.len());
    let mut reported: Option<HashSet<Span>> = None;
    items.retain(|item| {
        let name = name(item);
        let Some(first) = seen.get(&name.value) else {
            seen.insert(name.value.clone(), name.span);
            return true;
        };
        // Within one map the same mistake has been reported as a key that appears twice.
        let places = || findings.iter().filter_map(|known| known.labels.first().map(|label| label.span)).collect();
        if reported.get_or_insert_with(places).insert(name.span) {
            findings
                .report(
                    &codes::DUPLICATE_DEFINITION,
                    name.span,
                    format!("there is already {} {what} `{}`", article(what), name.value),
                )
                .here("again here")
                .also(*first, format!("`{}` is first defined here", name.value))
                .help("rename one of the two, or delete it");
        }
        false
    });
}

/// A company aims for one thing.
fn only_one_north_star(spec: &mut Spec, findings: &mut Findings) {
    let Some((first, rest)) = spec.north_star.split_first() else { return };
    for again in rest {
        findings
            .report(&codes::DUPLICATE_DEFINITION, again.name.span, "there is already a North Star")
            .here("again here")
            .also(first.name.span, "the first")
            .help("a company has one: keep it, and make the other its efficiency or a counter metric");
    }
    spec.north_star.truncate(1);
}

/// Formulas name sources and journeys alike, so a journey may not have the name of a source.
fn journeys(spec: &mut Spec, findings: &mut Findings) {
    let sources: HashMap<&str, crate::text::Span> =
        spec.sources.iter().map(|source| (source.name.value.as_str(), source.name.span)).collect();
    spec.journeys.retain(|journey| {
        let name = &journey.name;
        let Some(first) = sources.get(name.value.as_str()) else { return true };
        findings
            .report(&codes::DUPLICATE_DEFINITION, name.span, format!("there is already a source `{}`", name.value))
            .here("a journey of that name")
            .also(*first, "the source")
            .help("formulas use the same names for sources and journeys: rename one of the two");
        false
    });
}

/// A former name may not be the name of another KPI, nor the former name of two.
fn aliases(spec: &Spec, findings: &mut Findings) {
    let mut taken: HashMap<&str, Span> = spec.kpis.iter().map(|kpi| (kpi.name.value.as_str(), kpi.name.span)).collect();
    for alias in spec.kpis.iter().flat_map(|kpi| &kpi.aliases) {
        if let Some(first) = taken.insert(&alias.value, alias.span) {
            findings
                .report(&codes::DUPLICATE_DEFINITION, alias.span, format!("`{}` is already the name of a KPI", alias.value))
                .also(first, "here")
                .help("delete the alias, or rename the KPI: a view can have only one meaning");
        }
    }
}

/// Words of the formula language, which cannot be names; a column of such a name is written in backticks.
pub const RESERVED_WORDS: [&str; 15] =
    ["and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "case", "when", "then", "else", "end"];

/// Views that are emitted beside those of the KPIs.
const RESERVED_VIEWS: [&str; 9] = [
    "key_results",
    "key_results_history",
    "objectives",
    "guardrails",
    "north_star",
    "north_star_drivers",
    "kpi_values",
    "source_checks",
    "source_freshness",
];

/// Columns of emitted views; `age` only where KPIs have ages.
pub const RESERVED_COLUMNS: [&str; 4] = ["period", "value", "is_complete", "age"];

fn reserved(spec: &Spec, findings: &mut Findings) {
    let mut refuse = |name: &Name, why: &str| {
        findings
            .report(&codes::RESERVED_NAME, name.span, format!("`{}` cannot be a name here: {why}", name.value))
            .help(format!("choose a name that says more, such as `customer_{}`", name.value));
    };
    let word = |name: &Name| RESERVED_WORDS.contains(&name.value.as_str());
    for name in spec.kpis.iter().flat_map(|kpi| std::iter::once(&kpi.name).chain(&kpi.aliases)) {
        if RESERVED_VIEWS.contains(&name.value.as_str()) {
            refuse(name, "kpic emits a view of that name itself");
        } else if matches!(name.value.as_str(), "period" | "is_complete") {
            refuse(name, "it is a column of every scorecard");
        } else if word(name) {
            refuse(name, "it is a word of the formula language");
        }
    }
    for dimension in &spec.dimensions {
        if RESERVED_COLUMNS.contains(&dimension.name.value.as_str()) {
            refuse(&dimension.name, "it is a column of every view");
        } else if word(&dimension.name) {
            refuse(&dimension.name, "it is a word of the formula language");
        }
    }
    for name in spec.sources.iter().map(|source| &source.name).chain(spec.journeys.iter().map(|journey| &journey.name)) {
        if word(name) {
            refuse(name, "it is a word of the formula language");
        }
    }
}
