//! Puts what a tool brings along beside what a project has, has it checked, and leaves out what would not pass.
//!
//! A definition that is there already stays as it is, and is only compared. New ones go into files of their own, so that nothing that a
//! person wrote is touched.

use super::artifacts::{Artifacts, Unreadable};
use super::brought::Brought;
use super::files::{self, Id, Written};
use super::kept::{self, There};
use super::kpis::{self, Made};
use super::report::{Fate, Finding, Kept, Metric, Report};
use super::sources::Sources;
use crate::calendar::Date;
use crate::diagnostic::Severity;
use crate::dialect;
use crate::draft::File;
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Checked, Options};
use crate::spec::project::DEFAULT_SPECS;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How often a project is checked and something left out, at most.
const ROUNDS: usize = 40;

/// The project that is imported into.
#[derive(Debug, Clone)]
pub struct Existing {
    /// Paths and texts, `kpic.yml` first.
    pub texts: Vec<(String, String)>,
    /// The folder of the spec files.
    pub specs: String,
    /// Its dialect, if it names one.
    pub dialect: Option<String>,
    /// The zone of its days.
    pub zone: String,
    /// How its weeks, quarters and years differ from those of SQL, if they do.
    pub periods: Option<String>,
}

/// What a caller decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of a new project, instead of the tool's.
    pub name: Option<String>,
    /// The first day of a new project.
    pub start: Date,
}

/// What an import comes to.
#[derive(Debug)]
pub struct Import {
    /// The files to write.
    pub files: Vec<File>,
    /// What became of each metric.
    pub report: Report,
}

/// Imports a dbt project, into a project that is there or into a new one.
///
/// # Errors
/// Fails if no dialect fits, or if what is there already keeps anything from being checked.
pub fn import(
    artifacts: &Artifacts,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let adapter = artifacts.manifest.metadata.adapter_type.as_deref();
    let named = options.dialects.first().copied().or(existing.and_then(|existing| existing.dialect.as_deref())).or(adapter);
    let dialect = super::known(named, || {
        let message =
            format!("dbt's warehouse is `{}`, for which kpic has no dialect", super::short(named.unwrap_or_default()));
        let help = format!("name one of its own with `--dialect`: {}", dialect::names().collect::<Vec<_>>().join(", "));
        Unreadable { message, help }
    })?;
    let made = kpis::make(artifacts, Sources::of(artifacts, dialect));
    let named = artifacts.semantic.metrics.iter().filter_map(|value| value.get("name")?.as_str());
    let brought = Brought {
        dialect,
        name: artifacts.manifest.metadata.project_name.clone(),
        order: named.map(str::to_owned).collect(),
        types: if artifacts.catalog.is_none() {
            "run `dbt docs generate`, which writes catalog.json, and import again"
        } else {
            "look for `# the type is assumed` in the specs"
        },
        notes: notes(artifacts, &made),
        made,
    };
    put(brought, existing, settings, options)
}

/// Puts what a tool brings along into a project that is there or into a new one.
///
/// # Errors
/// Fails if what is there already keeps anything from being checked.
pub(super) fn put(
    brought: Brought,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let Brought { mut made, dialect, name, order, types, mut notes } = brought;
    // Times are taken as they are stored, so their zone is that of the days.
    made.zone = existing.map(|existing| existing.zone.clone()).filter(|zone| zone != "UTC");
    for text in existing.iter().filter_map(|existing| existing.periods.as_ref()) {
        made.kpis.iter_mut().for_each(|kpi| kpi.formula.differences.push(text.clone()));
    }
    let mut texts = existing.map(|existing| existing.texts.clone()).unwrap_or_default();
    let project = existing.is_none().then(|| project_file(name, settings, dialect.name(), made.words.figures));
    texts.extend(project.iter().map(|text| (PROJECT_FILE.to_owned(), text.clone())));
    let folder = existing.map_or(DEFAULT_SPECS, |existing| existing.specs.as_str()).to_owned();
    let there = There::of(&texts);
    let mut trial = Trial { left_out: there.ids(&made), texts, folder, options, reasons: BTreeMap::new() };
    let kept_kpis: HashSet<usize> =
        trial.left_out.iter().filter_map(|id| if let Id::Kpi(at) = id { Some(*at) } else { None }).collect();
    let kept = kept::compare(&there, &made);
    kept::mark(&kept, &mut made);
    let (written, checked) = trial.settle(&mut made)?;
    notes.splice(0..0, notes_of(&made, &trial, types, existing.is_none().then_some(settings.start)));
    let report = report(&made, &order, &kept, &kept_kpis, &trial, &written, &checked, notes);
    let mut files: Vec<File> = written.files.into_iter().map(|(path, text)| File { path, text }).collect();
    // `kpic.yml`, which makes it a project, is the last. There is no project without specs.
    if !files.is_empty() {
        files.extend(project.map(|text| File { path: PROJECT_FILE.to_owned(), text }));
    }
    Ok(Import { files, report })
}

/// A project on trial, with what is left out of it and why.
struct Trial<'a> {
    texts: Vec<(String, String)>,
    folder: String,
    options: &'a Options,
    left_out: HashSet<Id>,
    reasons: BTreeMap<Id, String>,
}

impl Trial<'_> {
    /// Leaves out what has errors until nothing has.
    fn settle(&mut self, made: &mut Made) -> Result<(Written, Checked), Unreadable> {
        let own: HashSet<String> = self.texts.iter().map(|(path, _)| path.clone()).collect();
        for _ in 0..ROUNDS {
            let written = files::write(made, &self.left_out, &self.folder, &own);
            let texts = self.texts.iter().cloned().chain(written.files.iter().cloned()).collect();
            let checked = pipeline::check_texts(texts, self.options);
            let wrong = wrong(&written, &checked, &own)?;
            if wrong.is_empty() {
                return Ok((written, checked));
            }
            for (id, why) in wrong {
                self.leave_out(made, id, why);
            }
        }
        let message =
            format!("what {} has does not settle: definitions keep depending on others that are left out", made.words.tool);
        Err(Unreadable { message, help: "import into a new folder with `--output DIR`".to_owned() })
    }

    fn leave_out(&mut self, made: &mut Made, id: Id, why: String) {
        // What cannot be sliced as a query asks may still be a KPI.
        if let Id::Kpi(at) = id
            && let Some(kpi) = made.kpis.get_mut(at).filter(|kpi| !kpi.by.is_empty())
        {
            kpi.by.clear();
            made.sources.left_out.push((format!("slices of `{}`", kpi.metric), why));
            return;
        }
        if !self.left_out.insert(id) {
            return;
        }
        self.reasons.insert(id, why.clone());
        match id {
            Id::Kpi(at) => {
                let Some((metric, name)) = made.kpis.get(at).map(|kpi| (kpi.metric.clone(), kpi.name.clone())) else { return };
                let made_of_it = |kpi: &kpis::Kpi| kpi.formula.uses.contains(&metric);
                let others: Vec<usize> =
                    made.kpis.iter().enumerate().filter(|(_, kpi)| made_of_it(kpi)).map(|(at, _)| at).collect();
                let why = format!("it is made of `{metric}`, which is not carried: {why}");
                for other in others.into_iter().filter(|other| !self.left_out.contains(&Id::Kpi(*other))).collect::<Vec<_>>() {
                    made.kpis.get_mut(other).into_iter().for_each(|kpi| kpi.by.clear());
                    self.leave_out(made, Id::Kpi(other), why.clone());
                }
                for at in 0..made.scorecards.len() {
                    let Some(card) = made.scorecards.get_mut(at).filter(|card| card.kpis.contains(&name)) else { continue };
                    card.kpis.retain(|kpi| *kpi != name);
                    let (title, is_empty) = (format!("{} `{}`", made.words.card, card.name), card.kpis.is_empty());
                    made.sources.left_out.push((title, format!("it lacks `{metric}`, which is not carried")));
                    if is_empty {
                        self.left_out.insert(Id::Scorecard(at));
                    }
                }
            }
            Id::Team(at) => {
                let name = made.teams.get(at).map(|team| team.name.clone());
                made.kpis.iter_mut().filter(|kpi| kpi.owner == name).for_each(|kpi| kpi.owner = None);
                self.say(made, "group", name, why);
            }
            Id::Source(at) => {
                let name = made.sources.all.get(at).map(|source| source.model.name.clone());
                let what = made.words.what;
                let shown = super::short(name.as_deref().unwrap_or_default());
                let of_it = format!("its {what} `{shown}` is not carried: {why}");
                self.say(made, what, name, why);
                let kpis = made.kpis.iter().enumerate().filter(|(_, kpi)| kpi.formula.source == Some(at));
                for kpi in kpis.map(|(kpi, _)| kpi).collect::<Vec<_>>() {
                    made.kpis.get_mut(kpi).into_iter().for_each(|kpi| kpi.by.clear());
                    self.leave_out(made, Id::Kpi(kpi), of_it.clone());
                }
            }
            Id::Column(at, column) => {
                let source = made.sources.all.get(at);
                let name =
                    source.and_then(|source| Some(format!("{}.{}", source.model.name, source.columns.get(column)?.name)));
                self.say(made, "column", name, why);
            }
            Id::Dimension(at) => {
                let name = made.dimensions.get(at).map(|dimension| dimension.name.clone());
                self.say(made, "dimension", name, why);
            }
            Id::Scorecard(at) => {
                let name = made.scorecards.get(at).map(|card| card.name.clone());
                self.say(made, made.words.card, name, why);
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads as what it does beside the others")]
    fn say(&self, made: &mut Made, what: &str, name: Option<String>, why: String) {
        made.sources.left_out.push((format!("{what} `{}`", super::short(&name.unwrap_or_default())), why));
    }
}

/// Where definitions stand in the files that were written.
struct Places<'a> {
    /// For each file the lines of each definition, by the first of them.
    lines: HashMap<&'a str, Vec<(std::ops::Range<usize>, Id)>>,
    /// For each definition its file, and the first line there.
    first: HashMap<Id, (&'a str, usize)>,
}

impl<'a> Places<'a> {
    fn of(written: &'a Written) -> Self {
        let mut places = Self { lines: HashMap::new(), first: HashMap::new() };
        for (path, range, id) in &written.lines {
            places.lines.entry(path).or_default().push((range.clone(), *id));
            places.first.entry(*id).or_insert((path, range.start));
        }
        places.lines.values_mut().for_each(|lines| lines.sort_by_key(|(range, _)| range.start));
        places
    }

    /// The innermost definition on a line.
    fn on_line(&self, path: &str, line: usize) -> Option<Id> {
        let lines = self.lines.get(path)?;
        let begun = lines.partition_point(|(range, _)| range.start <= line);
        lines.get(..begun)?.iter().rev().find(|(range, _)| range.contains(&line)).map(|(_, id)| *id)
    }
}

/// The definitions that have errors, each with the first of them.
fn wrong(written: &Written, checked: &Checked, own: &HashSet<String>) -> Result<BTreeMap<Id, String>, Unreadable> {
    let mut found = BTreeMap::new();
    let places = Places::of(written);
    for finding in checked.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let place = finding.labels.first().map(|label| (checked.files.path(label.span.file), checked.files.line(label.span)));
        // What was wrong before stays as wrong as it was.
        let Some((path, line)) = place.filter(|(path, _)| !own.contains(*path)) else { continue };
        let on_line = places.on_line(path, line);
        let help = finding.help.as_ref().map(|help| format!(" ({})", super::on_a_line(help))).unwrap_or_default();
        let why = format!("kpic refuses it: {}{help}", super::on_a_line(&finding.message));
        match on_line {
            Some(id) => found.entry(id).or_insert(why),
            None => return Err(Unreadable { message: why, help: "this is a fault of kpic's: please report it".to_owned() }),
        };
    }
    Ok(found)
}

fn project_file(name: Option<String>, settings: &Settings, dialect: &str, figures: &str) -> String {
    let name = settings.name.clone().or(name);
    let name = name.and_then(|name| crate::draft::snake(&name)).unwrap_or_else(|| "kpis".to_owned());
    format!(
        "# The project: its calendar, and where its views go. Everything else is in {DEFAULT_SPECS}/.
kpic: 1
project: {}
calendar:
  start: {}             # the first day that is shown: set it to the first from which data is whole
  as_of: today                  # the last day that is shown
  timezone: UTC                 # {figures} takes times as they are stored
warehouse:
  dialect: {dialect}
  schema: kpi                   # where `kpic build` puts the views
",
        super::yaml::scalar(&name),
        settings.start,
    )
}

#[expect(clippy::too_many_arguments, reason = "all that is known at the end")]
fn report(
    made: &Made,
    order: &[String],
    kept: &[Kept],
    kept_kpis: &HashSet<usize>,
    trial: &Trial<'_>,
    written: &Written,
    checked: &Checked,
    notes: Vec<String>,
) -> Report {
    let places = Places::of(written);
    let mut by_id: HashMap<Id, Vec<Finding>> = HashMap::new();
    for finding in checked.findings.iter().filter(|finding| finding.severity != Severity::Error) {
        let Some(label) = finding.labels.first() else { continue };
        let (path, line) = (checked.files.path(label.span.file), checked.files.line(label.span));
        if let Some(id) = places.on_line(path, line) {
            let one = Finding { code: finding.code.name.to_owned(), message: super::on_a_line(&finding.message) };
            by_id.entry(id).or_default().push(one);
        }
    }
    let place = |id: Id| places.first.get(&id).map(|(path, line)| ((*path).to_owned(), *line));
    let mut metrics: Vec<Metric> = made
        .kpis
        .iter()
        .enumerate()
        .map(|(at, kpi)| {
            let id = Id::Kpi(at);
            let fate = match trial.reasons.get(&id) {
                Some(why) => Fate::NotCarried(why.clone()),
                None if kept_kpis.contains(&at) => Fate::Kept,
                None if kpi.formula.differences.is_empty() => Fate::Exact,
                None => Fate::Differs(kpi.formula.differences.clone()),
            };
            let is_there = !matches!(fate, Fate::NotCarried(_));
            Metric {
                metric: kpi.metric.clone(),
                kpi: is_there.then(|| kpi.name.clone()),
                origin: kpi.origin.clone(),
                place: place(id),
                fate,
                findings: by_id.remove(&id).unwrap_or_default(),
            }
        })
        .collect();
    let also = made.also.iter().filter_map(|(metric, at)| {
        let known = metrics.get(*at)?.clone();
        Some(Metric { metric: metric.clone(), origin: made.origins.get(metric).cloned(), findings: Vec::new(), ..known })
    });
    metrics.extend(also.collect::<Vec<_>>());
    metrics.extend(made.refused.iter().map(|(metric, why)| Metric {
        metric: metric.clone(),
        kpi: None,
        origin: made.origins.get(metric).cloned(),
        place: None,
        fate: Fate::NotCarried(why.clone()),
        findings: Vec::new(),
    }));
    let order: HashMap<&str, usize> = order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    metrics.sort_by_key(|metric| order.get(metric.metric.as_str()).copied().unwrap_or(usize::MAX));
    let mut others: Vec<(Id, Vec<Finding>)> = by_id.into_iter().collect();
    others.sort_by_key(|(id, _)| *id);
    let what = |id: Id| match id {
        Id::Source(at) | Id::Column(at, _) => made.sources.all.get(at).map(|source| format!("source `{}`", source.name)),
        Id::Team(at) => made.teams.get(at).map(|team| format!("team `{}`", team.name)),
        Id::Dimension(at) => made.dimensions.get(at).map(|dimension| format!("dimension `{}`", dimension.name)),
        Id::Scorecard(at) => made.scorecards.get(at).map(|card| format!("scorecard `{}`", card.name)),
        Id::Kpi(_) => None,
    };
    let findings = others.into_iter().filter_map(|(id, all)| Some((what(id)?, all)));
    let findings = findings.flat_map(|(what, all)| all.into_iter().map(move |one| (what.clone(), one))).collect();
    Report { words: made.words, metrics, left_out: made.sources.left_out.clone(), kept: kept.to_vec(), findings, notes }
}

/// What holds for whatever is imported.
fn notes_of(made: &Made, trial: &Trial<'_>, types: &str, start: Option<Date>) -> Vec<String> {
    let mut notes = Vec::new();
    let written = made.sources.all.iter().enumerate().filter(|(at, _)| !trial.left_out.contains(&Id::Source(*at)));
    let assumed = |column: &&super::sources::Column| column.ty.is_none() && column.references.is_none();
    let count: usize = written.map(|(_, source)| source.columns.iter().filter(assumed).count()).sum();
    if count > 0 {
        let columns = if count == 1 { "1 column is".to_owned() } else { format!("{count} columns are") };
        notes.push(format!("The types of {columns} assumed; kpic refuses to compute with a wrong one: {types}."));
    }
    if let Some(start) = start {
        notes.push(format!("Figures go from {start} to today, and rows without a time are in no period: set `start` in kpic.yml to the first day from which data is whole."));
    }
    notes
}

/// What holds for all metrics of dbt.
fn notes(artifacts: &Artifacts, made: &Made) -> Vec<String> {
    let mut notes = Vec::new();
    if !made.kpis.is_empty() {
        notes.push("No KPI has a unit, since MetricFlow knows none: set `unit:` on columns with money or time, so that kpic sees what must not be added.".to_owned());
    }
    let spines = &artifacts.semantic.project_configuration.time_spines;
    let own: Vec<String> = spines
        .iter()
        .flat_map(|spine| &spine.custom_granularities)
        .map(|one| format!("`{}`", super::short(&one.name)))
        .collect();
    if !own.is_empty() {
        notes.push(format!(
            "Granularities of your own are not carried: {}. kpic's calendar has day, week, month, quarter and year.",
            own.join(", ")
        ));
    }
    notes
}
