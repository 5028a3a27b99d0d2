//! The one place where the stages meet. Each state of a project is a struct, and each step consumes the one before.
//!
//! ```text
//! Loaded -> Decoded -> Parsed -> Resolved -> Checked -> Valid
//! ```
//!
//! [`Checked`] may hold definitions that are wrong, and the findings about them. [`Valid`] holds none; it is the only thing
//! that can be planned, and [`Checked::valid`] is the only way to it. Of a project with errors [`part`] is what no error reaches.

mod needed;
mod part;

pub use crate::spec::targets::{Chosen, VARIABLE};
pub use crate::support::Elsewhere;
pub use part::{SoundPart, part};

use crate::align::{self, Alignment};
use crate::calendar::AsOf;
use crate::check;
use crate::diagnostic::{Code, Finding, Findings, Level, codes};
use crate::formula;
use crate::graph::Graph;
use crate::lint;
use crate::load::bounds::Bounds;
use crate::load::{self, Loaded};
use crate::model::Model;
use crate::resolve::{self, Formulas};
use crate::spec::allow::Allowance;
use crate::spec::extent::{Extent, LeftOut};
use crate::spec::reader::FormulaText;
use crate::spec::targets;
use crate::spec::{self, Spec};
use crate::support;
use crate::text::{FileId, Files, Span, Spanned};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// What a caller may set from outside the specs.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The last visible day, instead of the project's.
    pub as_of: Option<AsOf>,
    /// The dialects, instead of the project's; its own where there are none.
    pub dialects: Vec<&'static str>,
    /// The target, instead of the project's, and what names in specs take from the environment.
    pub chosen: Chosen,
    /// Folders outside the project that specs, templates and data may be read from.
    pub opened: Vec<PathBuf>,
    /// Functions that SQL of specs may call, beside those that only compute.
    pub functions: Vec<String>,
}

/// Files have been read; definitions follow.
struct Decoded {
    files: Files,
    spec: Spec,
    findings: Findings,
}

/// Formulas have been parsed; names follow.
struct Parsed {
    files: Files,
    spec: Spec,
    formulas: Formulas,
    findings: Findings,
}

/// Names have been resolved; meaning follows.
struct Resolved {
    files: Files,
    model: Model,
    graph: Graph,
    settings: Settings,
    /// Whether there may be definitions that could not be read.
    incomplete: bool,
    findings: Findings,
}

/// A project that has been looked at from all sides, with what was found.
#[derive(Debug)]
pub struct Checked {
    /// The texts that findings point into.
    pub files: Files,
    /// The model; definitions that are wrong are broken in it.
    pub model: Model,
    /// Who needs whom.
    pub graph: Graph,
    /// What moves what.
    pub alignment: Alignment,
    /// All findings, sorted by place.
    pub findings: Findings,
    /// Whether there may be definitions that could not be read.
    pub incomplete: bool,
    settings: Settings,
}

/// What a project says about findings: the levels of lints, what definitions allow, and where they stand.
#[derive(Debug, Default)]
struct Settings {
    levels: BTreeMap<String, Level>,
    allowances: Vec<Allowance>,
    extents: Vec<Extent>,
    denied: Vec<String>,
    changelog: Option<String>,
    forbids_trailers: bool,
}

/// A project without errors.
#[derive(Debug)]
pub struct Valid {
    files: Files,
    model: Model,
    graph: Graph,
    alignment: Alignment,
    findings: Findings,
    settings: Settings,
}

/// The folder of the spec files, as `kpic.yml` names it now; the usual one where that cannot be read, or is not to be.
pub fn specs_folder(root: &Path, options: &Options) -> PathBuf {
    let named = load::project_file(root, &options.opened).map(|tree| PathBuf::from(spec::specs_folder(&tree)));
    let is_inside = |folder: &PathBuf| Bounds::of(root, &options.opened).outside(folder).is_none();
    named.filter(is_inside).unwrap_or_else(|| spec::project::DEFAULT_SPECS.into())
}

/// Reads and checks the project whose `kpic.yml` is in `root`.
pub fn check(root: &Path, options: &Options) -> Checked {
    run(load::project(root, &options.opened, spec::specs_folder), options)
}

/// The same, and the project as each of its other dialects has it. What is wrong in one of these is among its findings.
pub fn check_everywhere(root: &Path, options: &Options) -> (Checked, Vec<Elsewhere>) {
    let resolved = decode(load::project(root, &options.opened, spec::specs_folder)).parse().resolve(options);
    let others = support::others(&resolved.model);
    resolved.check_for(&others)
}

/// The same with further KPIs that are in no file; their places are in texts that are added.
pub fn check_with(root: &Path, asked: impl FnOnce(&Spec, &mut Files) -> Vec<spec::kpi::Kpi>, options: &Options) -> Checked {
    decode(load::project(root, &options.opened, spec::specs_folder)).with(asked).parse().resolve(options).check()
}

/// Checks a project whose files are given as pairs of path and text, `kpic.yml` first.
pub fn check_texts(texts: Vec<(String, String)>, options: &Options) -> Checked {
    run(load::texts(texts), options)
}

/// Checks a version of a project that is in no folder; see [`load::version`].
pub fn check_version(project: load::Version, read: impl FnOnce(&str) -> Vec<load::Version>, options: &Options) -> Checked {
    run(load::version(project, spec::specs_folder, read), options)
}

fn run(loaded: Loaded, options: &Options) -> Checked {
    decode(loaded).parse().resolve(options).check()
}

fn decode(mut loaded: Loaded) -> Decoded {
    let spec = spec::decode(&mut loaded);
    let Loaded { files, findings, .. } = loaded;
    Decoded { files, spec, findings }
}

/// Reads a project as if some of its definitions stood in no file.
fn decode_without(root: &Path, left_out: &LeftOut, options: &Options) -> Decoded {
    let mut loaded = load::project(root, &options.opened, spec::specs_folder);
    let spec = spec::decode_without(&mut loaded, left_out);
    let Loaded { files, findings, .. } = loaded;
    Decoded { files, spec, findings }
}

/// Drops what is needed no more while others go on with their work: it is many small things.
pub(crate) fn aside(what: impl Send + 'static) {
    rayon::spawn(move || drop(what));
}

impl Decoded {
    /// The same with further KPIs.
    fn with(mut self, asked: impl FnOnce(&Spec, &mut Files) -> Vec<spec::kpi::Kpi>) -> Self {
        let kpis = asked(&self.spec, &mut self.files);
        self.spec.kpis.extend(kpis.into_iter().map(Box::new));
        self
    }

    fn parse(self) -> Parsed {
        crate::diagnostic::suggest::begin();
        let Self { files, spec, mut findings } = self;
        let parse = |text: Option<&FormulaText>| {
            let mut found = Findings::default();
            let tree = text.and_then(|text| formula::parse(text, &mut found));
            (tree, found)
        };
        let mut keep = |(tree, found)| {
            findings.append(found);
            tree
        };
        let of_kpi = |kpi: &spec::kpi::Kpi| {
            let (tree, mut found) = parse(kpi.formula.as_ref());
            let Some(part) = &kpi.part else { return (tree, found) };
            let (condition, wrong) = parse(Some(part));
            found.append(wrong);
            (tree.zip(condition).map(|(tree, condition)| formula::Expression::slice(tree, condition)), found)
        };
        let kpis: Vec<_> = spec.kpis.par_iter().map(|kpi| of_kpi(kpi)).collect();
        let columns = spec.sources.iter().map(|source| {
            let trees = source.columns.iter().map(|column| parse(column.expr.as_ref()));
            trees.collect::<Vec<_>>()
        });
        let columns: Vec<Vec<_>> = columns.collect();
        let steps = spec.journeys.iter().map(|journey| journey.steps.iter().map(|step| parse(step.filter.as_ref())));
        let steps: Vec<Vec<_>> = steps.map(Iterator::collect).collect();
        let guardrails: Vec<_> = spec.guardrails.iter().map(|guardrail| parse(guardrail.when.as_ref())).collect();
        let formulas = Formulas {
            kpis: kpis.into_iter().map(&mut keep).collect(),
            guardrails: guardrails.into_iter().map(&mut keep).collect(),
            columns: columns.into_iter().map(|trees| trees.into_iter().map(&mut keep).collect()).collect(),
            steps: steps.into_iter().map(|trees| trees.into_iter().map(&mut keep).collect()).collect(),
        };
        Parsed { files, spec, formulas, findings }
    }
}

impl Parsed {
    fn resolve(self, options: &Options) -> Resolved {
        let Self { files, mut spec, formulas, mut findings } = self;
        targets::choose(&mut spec.project, &options.chosen, &mut findings);
        let mut model = resolve::resolve(&spec, &formulas, &mut findings);
        model.warehouse.functions.clone_from(&options.functions);
        if let Some(as_of) = options.as_of {
            model.calendar.as_of = as_of;
            if let (AsOf::Day(last), start) = (as_of, model.calendar.start)
                && last < start
            {
                let message = format!("nothing is visible as of {last}: the first period starts on {start}");
                let mut finding = Finding::placeless(&codes::CALENDAR_ORDER, message);
                finding.help("use a later day, or set an earlier `start` under `calendar` in kpic.yml");
                findings.push(finding);
            }
        }
        if let Some((first, others)) = options.dialects.split_first() {
            let span = model.warehouse.dialect.as_ref().map_or(Span::start_of(FileId::FIRST), |written| written.span);
            let named = |name: &&str| Spanned { value: (*name).to_owned(), span };
            model.warehouse.dialect = Some(named(first));
            model.warehouse.also = others.iter().map(named).collect();
        }
        let mut graph = Graph::of(&model);
        graph.cycles(&model, &mut findings);
        let levels = std::mem::take(&mut spec.project.lints);
        let (allowances, extents) = (std::mem::take(&mut spec.allowances), std::mem::take(&mut spec.extents));
        let denied = std::mem::take(&mut spec.project.denied);
        let (changelog, forbids_trailers) = (spec.project.changelog.take(), spec.project.forbids_trailers);
        let settings = Settings { levels, allowances, extents, denied, changelog, forbids_trailers };
        let incomplete = spec.incomplete;
        aside((spec, formulas));
        Resolved { files, model, graph, settings, incomplete, findings }
    }
}

impl Resolved {
    fn check(self) -> Checked {
        self.check_for(&[]).0
    }

    /// The same, and for other dialects than the first.
    fn check_for(self, others: &[&'static str]) -> (Checked, Vec<Elsewhere>) {
        let Self { files, mut model, graph, settings, incomplete, mut findings } = self;
        check::check(&mut model, &graph, &files, &mut findings);
        let alignment = Alignment::of(&model, &graph);
        align::check::check(&model, &alignment, &mut findings);
        lint::lint(&model, &graph, &alignment, &files, &mut findings);
        let mut elsewhere = Findings::default();
        let others = others.iter().map(|dialect| support::elsewhere(&mut model, dialect, &mut elsewhere)).collect();
        support::complete(&mut model);
        support::support(&model, &mut findings);
        findings.append(elsewhere);
        // What is mended for several dialects in one way is said of the first.
        let mut said = HashSet::new();
        findings.retain(|finding| {
            let places: Vec<Span> = finding.labels.iter().map(|label| label.span).collect();
            finding.code != &codes::NOT_IN_DIALECT || said.insert((places, finding.help.clone()))
        });
        lint::allow(&settings.allowances, false, &mut findings);
        let is_certain = |finding: &Finding| !finding.code.is_about_absence();
        // An error that no setting changes stays, so that nothing broken is taken for valid.
        if incomplete && findings.iter().any(|finding| finding.code.level == Level::Error && is_certain(finding)) {
            findings.retain(is_certain);
        }
        findings.set_levels(&settings.levels);
        findings.sort();
        (Checked { files, model, graph, alignment, findings, incomplete, settings }, others)
    }
}

impl Checked {
    /// What a change of the project must not do, as `diff` in `kpic.yml` says.
    pub fn denied(&self) -> &[String] {
        &self.settings.denied
    }

    /// The file that has to name what changes its meaning, if the project has one.
    pub fn changelog(&self) -> Option<&str> {
        self.settings.changelog.as_deref()
    }

    /// Whether trailers of commits allow nothing that is denied.
    pub fn forbids_trailers(&self) -> bool {
        self.settings.forbids_trailers
    }

    /// The project, if nothing in it is wrong; else itself, with the findings that say what is.
    ///
    /// # Errors
    /// Gives the checked project back if any finding is an error.
    pub fn valid(self) -> Result<Valid, Box<Checked>> {
        if self.findings.has_errors() {
            return Err(Box::new(self));
        }
        let Self { files, model, graph, alignment, findings, incomplete: _, settings } = self;
        Ok(Valid { files, model, graph, alignment, findings, settings })
    }
}

impl Valid {
    /// The texts that findings point into.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Who needs whom.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What moves what.
    pub fn alignment(&self) -> &Alignment {
        &self.alignment
    }

    /// The same as a project that has been looked at, so that more can be found in it.
    pub fn into_checked(self) -> Checked {
        let Self { files, model, graph, alignment, findings, settings } = self;
        Checked { files, model, graph, alignment, findings, incomplete: false, settings }
    }

    /// Gives findings about data the level that the project asks for, and drops those that it allows. An allowance without a
    /// finding is one itself where the `whole` data has been looked at.
    pub fn settle(&self, whole: bool, findings: &mut Findings) {
        let settings = &self.settings;
        findings.set_levels(&settings.levels);
        lint::allow(&settings.allowances, true, findings);
        if !whole {
            findings.retain(|finding| finding.code != &codes::UNNEEDED_ALLOW);
        }
        findings.set_levels(&settings.levels);
        findings.sort();
    }

    /// The level of what is found about data at a place: the project's, or `default` where it sets none.
    pub fn level(&self, code: &Code, at: Span, default: Level) -> Level {
        let allowed = |allowance: &Allowance| allowance.lint == code && allowance.within.holds(at);
        if code.is_lint() && self.settings.allowances.iter().any(allowed) {
            return Level::Allow;
        }
        self.settings.levels.get(code.name).filter(|_| code.is_lint()).copied().unwrap_or(default)
    }

    /// Moves the last visible day, as spec tests do; gives the one before. Nothing else about a project depends on it, so that
    /// a valid project stays valid.
    pub fn set_as_of(&mut self, as_of: AsOf) -> AsOf {
        std::mem::replace(&mut self.model.calendar.as_of, as_of)
    }

    /// The warnings.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}
