//! Names that meet those that the compiler has for itself: a project means the same whatever its sources, columns, steps, dimensions
//! and KPIs are called.
//!
//! All of a project is made first and then renamed. A KPI may share its name with a column or a source.

use super::generate::Choices;
use super::project::{
    Aggregate, Body, Each, Expr, Figure, Formula, Grouped, Holds, Pair, Project, Row, RowLeaf, Source, Stock,
};
use kpic::spec::shape::is_name;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// Words that mean something in formulas where a name could stand, and names that are reserved.
const NOT_NAMES: [&str; 36] = [
    "all",
    "and",
    "at",
    "between",
    "by",
    "case",
    "date",
    "day",
    "each",
    "end",
    "exists",
    "from",
    "guardrails",
    "if",
    "in",
    "key_results",
    "kpi_values",
    "month",
    "north_star",
    "north_star_drivers",
    "not",
    "null",
    "objectives",
    "of",
    "or",
    "over",
    "per",
    "quarter",
    "source_checks",
    "source_freshness",
    "start",
    "value",
    "via",
    "week",
    "where",
    "year",
];

/// What stands in the planner as a text and could be a name: columns and parts of queries, and much else.
fn words() -> &'static [String] {
    static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut words = BTreeSet::new();
        of_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan")), &mut words);
        assert!(words.contains("own_above") && words.contains("first_day"), "the planner's own names are not found");
        words.into_iter().filter(|word| !OF_VIEWS.contains(&word.as_str()) && !NOT_NAMES.contains(&word.as_str())).collect()
    });
    &WORDS
}

fn of_folder(folder: &Path, words: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            of_folder(&path, words);
            continue;
        }
        // A pattern such as `figure_{}` begins with a name as well.
        let text = std::fs::read_to_string(path).unwrap();
        let pieces = text.split('"').skip(1).step_by(2).map(|piece| piece.replace("{}", "1").replace("{at}", "1"));
        words.extend(pieces.filter(|piece| is_name(piece)));
    }
}

/// The columns that every view has, which only those may be called by which nothing is sliced.
const OF_VIEWS: [&str; 3] = ["period", "is_complete", "age"];

/// The new names of one kind of thing.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// Renames some of them, each to a word of its own.
    fn of<'a>(names: impl Iterator<Item = &'a String>, words: &[&str], percent: usize, choices: &mut Choices) -> Self {
        let names: BTreeSet<&String> = names.collect();
        let mut free: Vec<&str> = words.iter().copied().filter(|word| !names.iter().any(|name| name == word)).collect();
        let mut made = BTreeMap::new();
        for name in names {
            if choices.chance(percent) && !free.is_empty() {
                made.insert(name.clone(), free.swap_remove(choices.below(free.len())).to_owned());
            }
        }
        Self(made)
    }

    fn give(&self, name: &mut String) {
        if let Some(new) = self.0.get(name) {
            name.clone_from(new);
        }
    }

    fn all(&self, names: &mut [String]) {
        names.iter_mut().for_each(|name| self.give(name));
    }
}

/// Renames so much of a hundred of what a project has.
pub fn rename(project: &mut Project, percent: usize, choices: &mut Choices) {
    // What is a column's name in the data is not that of another one in the spec, which is refused as a mistake.
    let stored: BTreeSet<&String> =
        project.sources.iter().flat_map(|source| source.columns.iter().map(|column| &column.stored_as)).collect();
    let words: Vec<&str> = words().iter().filter(|word| !stored.contains(word)).map(String::as_str).collect();
    let slices =
        project.kpis.iter().flat_map(|kpi| kpi.by.iter().flatten()).chain(project.dimensions.iter().map(|of| &of.name));
    let slices: BTreeSet<String> = slices.cloned().collect();
    let steps = project.journeys.iter().flat_map(|journey| &journey.steps).map(|step| &step.name);
    let columns = project.sources.iter().flat_map(|source| source.columns.iter().map(|column| &column.name));
    // Raw SQL names this one.
    let columns: BTreeSet<&String> = columns.chain(steps).filter(|name| *name != "plain1").collect();
    // What keeps its name must not meet a new one.
    let words: Vec<&str> =
        words.into_iter().filter(|word| !columns.iter().any(|name| name == word) && !slices.contains(*word)).collect();
    let mut own = Names::of(
        columns.iter().copied().filter(|name| !slices.contains(*name)),
        &[&words[..], &OF_VIEWS].concat(),
        percent,
        choices,
    );
    let left: Vec<&str> = words.iter().copied().filter(|word| !own.0.values().any(|taken| taken == word)).collect();
    own.0.extend(Names::of(slices.iter().filter(|name| *name != "plain1"), &left, percent, choices).0);
    let tables = project.sources.iter().map(|source| &source.name).chain(project.journeys.iter().map(|journey| &journey.name));
    // `count(orders)` of a source with a column `orders` could mean either.
    let others: Vec<&str> = words.iter().copied().filter(|word| !own.0.values().any(|taken| taken == word)).collect();
    let renaming = Renaming {
        sources: Names::of(tables, &others, percent, choices),
        kpis: Names::of(project.kpis.iter().map(|kpi| &kpi.name), &words, percent, choices),
        columns: own,
    };
    renaming.project(project, choices);
}

struct Renaming {
    sources: Names,
    kpis: Names,
    /// Columns, steps and dimensions.
    columns: Names,
}

impl Renaming {
    fn project(&self, project: &mut Project, choices: &mut Choices) {
        for source in &mut project.sources {
            self.source(source, choices);
        }
        for dimension in &mut project.dimensions {
            self.columns.give(&mut dimension.name);
            for (source, path) in &mut dimension.from {
                self.sources.give(source);
                self.columns.all(path);
            }
        }
        for journey in &mut project.journeys {
            self.sources.give(&mut journey.name);
            for step in &mut journey.steps {
                self.columns.give(&mut step.name);
                self.sources.give(&mut step.source);
                self.columns.give(&mut step.at);
                self.columns.all(&mut step.entity);
                step.filter.iter_mut().for_each(|filter| self.row(filter));
            }
        }
        for kpi in &mut project.kpis {
            self.kpis.give(&mut kpi.name);
            kpi.by.iter_mut().for_each(|slice| self.columns.all(slice));
            if let Body::Formula(formula) = &mut kpi.body {
                self.formula(formula);
            }
        }
    }

    fn source(&self, source: &mut Source, choices: &mut Choices) {
        self.sources.give(&mut source.name);
        for name in source.key.iter_mut().chain(&mut source.time) {
            self.columns.give(name);
        }
        match &mut source.states {
            Some(Holds::Valid { from, to, .. }) => [from, to].into_iter().for_each(|name| self.columns.give(name)),
            Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => self.columns.give(taken),
            None => {}
        }
        // The table has the new name too, or still the old one.
        let is_stored_so = source.columns.iter().all(|column| column.sql.is_none()) && choices.chance(70);
        for column in &mut source.columns {
            let is_own = column.stored_as == column.name;
            self.columns.give(&mut column.name);
            if column.expr.is_some() {
                self.columns.give(&mut column.stored_as);
            } else if is_own && is_stored_so {
                column.stored_as.clone_from(&column.name);
            }
            column.references.iter_mut().for_each(|target| self.sources.give(target));
            column.expr.iter_mut().for_each(|expr| self.row(expr));
        }
    }

    fn row(&self, of: &mut Row) {
        leaves(of, &mut |leaf| match leaf {
            RowLeaf::Path(path) | RowLeaf::Pair(Pair::Of(_, path)) => self.columns.all(path),
            RowLeaf::Related(of) => self.aggregate(of),
            RowLeaf::Dimension(name) => self.columns.give(name),
            RowLeaf::Reached { step, of, .. } => {
                self.columns.give(step);
                of.iter_mut().for_each(|of| self.columns.give(of));
            }
            RowLeaf::Grain(_) | RowLeaf::Closing | RowLeaf::Value | RowLeaf::Pair(Pair::Exists(_) | Pair::Ever) => {}
        });
    }

    fn aggregate(&self, of: &mut Aggregate) {
        self.sources.give(&mut of.source);
        for row in of.argument.iter_mut().chain(&mut of.filter) {
            self.row(row);
        }
        for path in of.via.iter_mut().chain(&mut of.of) {
            self.columns.all(path);
        }
        of.at.iter_mut().for_each(|at| self.columns.give(at));
        if let Some(Stock::Pairs(Some(per))) = &mut of.stock {
            self.columns.all(per);
        }
    }

    fn formula(&self, of: &mut Formula) {
        leaves(of, &mut |figure| match figure {
            Figure::Kpi(name) => self.kpis.give(name),
            Figure::Aggregate(of) => self.aggregate(of),
            Figure::Grouped(grouped) => {
                let Grouped { of, per, filter, .. } = &mut **grouped;
                self.aggregate(of);
                self.columns.all(per);
                filter.iter_mut().for_each(|filter| self.row(filter));
            }
            Figure::Each(each) => {
                let Each { of, .. } = &mut **each;
                self.formula(of);
            }
            Figure::Past(_, of, _) => self.formula(of),
            Figure::Slice(of, condition) => {
                self.formula(of);
                self.row(condition);
            }
            Figure::Total(of, dimensions) => {
                self.formula(of);
                self.columns.all(dimensions);
            }
        });
    }
}

/// Calls a function with every leaf of an expression, to change it.
fn leaves<L>(of: &mut Expr<L>, change: &mut dyn FnMut(&mut L)) {
    match of {
        Expr::Literal(_) => {}
        Expr::Leaf(leaf) => change(leaf),
        Expr::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| leaves(argument, change)),
    }
}
