//! A strategy that makes up projects, and makes those that fail smaller.
//!
//! Everything follows from one seed, so that a project can be made again. `data` makes the calendar, the sources and their rows,
//! `journeys` journeys over them, `conditions` what stands inside of aggregates, `formulas` the KPIs, `names` gives some of all that names
//! which the compiler has for itself, and `written` makes files of some sources. All of it is valid: a refusal is a failure.

use super::formulas;
use super::project::Project;
use super::{data, journeys, names, shrink, written};
use proptest::num::u64;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Random choices that follow from a seed.
pub struct Choices {
    state: u64,
}

impl Choices {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number of the generator known as `splitmix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).unwrap()
    }

    /// A number between two others, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    /// True so many times of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The same for words.
    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }

    /// One of several, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, of: &[(usize, T)]) -> T {
        let mut at = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in of {
            if at < *weight {
                return *item;
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }
}

/// Makes up a project.
pub fn project(choices: &mut Choices) -> Project {
    let calendar = data::calendar(choices);
    let mut project = Project {
        calendar,
        sources: Vec::new(),
        dimensions: Vec::new(),
        journeys: Vec::new(),
        kpis: Vec::new(),
        session: choices.word(&["UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"]),
        settings: settings(choices),
        reduced: false,
        extreme: choices.chance(12),
    };
    data::sources(&mut project, choices);
    data::dimensions(&mut project, choices);
    journeys::make(&mut project, choices);
    let mut whole = journeys::materialised(&project);
    formulas::kpis(&mut whole, choices);
    project.kpis = whole.kpis;
    if choices.chance(40) {
        names::rename(&mut project, 60, choices);
    }
    written::files(&mut project, choices);
    project
}

/// What the session of a reader has set, all of it anew for each project.
fn settings(choices: &mut Choices) -> Vec<String> {
    let all: [(&str, &[&'static str]); 6] = [
        ("default_order", &["asc", "desc"]),
        ("default_null_order", &["nulls_last", "nulls_first", "nulls_first_on_asc_last_on_desc"]),
        ("default_collation", &["", "nocase", "noaccent.nocase", "de"]),
        ("integer_division", &["false", "true"]),
        ("ieee_floating_point_ops", &["true", "false"]),
        ("old_implicit_casting", &["false", "true"]),
    ];
    all.map(|(name, values)| format!("set {name} = '{}'", choices.word(values))).to_vec()
}

/// The strategy.
#[derive(Debug)]
pub struct Projects;

impl Strategy for Projects {
    type Tree = Tree;
    type Value = Project;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = u64::ANY.new_tree(runner)?.current();
        let made = project(&mut Choices::new(seed));
        Ok(Tree { failing: made.clone(), current: made, smaller: Vec::new(), tried: 0, any: false })
    }
}

/// A project on its way to the smallest that still fails.
pub struct Tree {
    /// The last project that is known to fail.
    failing: Project,
    current: Project,
    /// Those that are a step smaller than it.
    smaller: Vec<Project>,
    /// How many of them have been tried.
    tried: usize,
    /// Whether one of them failed since the first was tried.
    any: bool,
}

impl ValueTree for Tree {
    type Value = Project;

    fn current(&self) -> Project {
        self.current.clone()
    }

    /// The current project fails: from here on smaller ones than it are tried. What was of no use before comes last, as it
    /// mostly is of no use again.
    fn simplify(&mut self) -> bool {
        self.failing = self.current.clone();
        self.smaller = shrink::smaller(&self.failing);
        self.any = true;
        self.tried = self.tried.saturating_sub(1);
        self.complicate()
    }

    /// The current project does not fail: another one instead.
    fn complicate(&mut self) -> bool {
        if self.tried >= self.smaller.len() && self.any {
            self.tried = 0;
            self.any = false;
        }
        if let Some(next) = self.smaller.get(self.tried) {
            self.tried += 1;
            self.current = Project { reduced: true, ..next.clone() };
            return true;
        }
        self.current = self.failing.clone();
        false
    }
}
