//! From a version back through history.

use super::step::{Brought, Known, Step, Subject, compare, first, first_error, is_sound};
use super::version;
use crate::calendar::Date;
use crate::diff::{self, Class};
use crate::git::{Commit, Logged, Order, Problem, Repository, State};
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Checked, Options};
use std::ops::ControlFlow;

/// So many commits of a merged branch are looked at, the latest first.
const BROUGHT: usize = 200;

/// So many commits before one that does not compile are looked at for one that does.
const SOUGHT: usize = 50;

/// A repository whose history is gone through.
#[derive(Debug)]
pub struct History<'a> {
    /// The repository, with the project's folder.
    pub repository: &'a Repository,
    /// How versions are read.
    pub options: &'a Options,
    /// The day that counts where a version's last visible day is not fixed.
    pub today: Date,
    /// Whether the commits of merged branches are looked at, too.
    pub reads_branches: bool,
}

/// What is met on the way back.
#[derive(Debug, Clone)]
pub enum Item {
    /// A step that did something to the definition.
    Step(Box<Step>),
    /// Versions that do not compile, the latest first, with the first error of that one.
    Broken(Vec<Option<Logged>>, String),
}

/// Why the way back ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The definition is new in the last step.
    Began,
    /// Whoever looked had seen enough.
    Stopped,
    /// This clone has nothing of what was before the commit.
    CutOff(Commit),
    /// No version has the definition.
    NotFound,
    /// No version that is older compiles.
    Unread,
}

/// A version: the commit that made it, if one did.
struct Version {
    logged: Option<Logged>,
    is_there: bool,
}

/// Who is shown what is met, with the place of the definition among those that are followed.
type Visit<'a> = &'a mut dyn FnMut(usize, Item) -> ControlFlow<()>;

/// The definitions that are followed, each as it is called in the version that was reached, and why its way ended.
struct Ways {
    each: Vec<(Subject, Option<Ended>)>,
}

impl Ways {
    fn are_open(&self) -> bool {
        self.each.iter().any(|(_, ended)| ended.is_none())
    }

    fn open(&mut self) -> impl Iterator<Item = (&Subject, &mut Option<Ended>)> {
        self.each.iter_mut().filter(|(_, ended)| ended.is_none()).map(|(subject, ended)| (&*subject, ended))
    }

    /// Shows something to all ways that are open.
    fn pass(&mut self, item: &Item, visit: Visit<'_>) {
        for (place, (_, ended)) in self.each.iter_mut().enumerate().filter(|(_, (_, ended))| ended.is_none()) {
            if visit(place, item.clone()).is_break() {
                *ended = Some(Ended::Stopped);
            }
        }
    }

    /// All that is there in a version begins with it, since nothing was before.
    fn begin(&mut self, new: &Checked, logged: Option<&Logged>, unsure: usize, visit: Visit<'_>) {
        let known = Known::of(new);
        for (place, (subject, ended)) in self.each.iter_mut().enumerate().filter(|(_, (_, ended))| ended.is_none()) {
            let Some(step) = first(&known, subject, logged, new, unsure) else { continue };
            let is_stopped = visit(place, Item::Step(Box::new(step))).is_break();
            *ended = Some(if is_stopped { Ended::Stopped } else { Ended::Began });
        }
    }
}

impl History<'_> {
    /// Goes back from the newest version: `here` where that is in a folder, else that of `from`.
    ///
    /// # Errors
    /// Says why git cannot be asked.
    pub fn walk(
        &self,
        subject: Subject,
        from: &Commit,
        here: Option<Checked>,
        visit: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Result<Ended, Problem> {
        let ended = self.walk_all(vec![subject], from, here, &mut |_, item| visit(item))?;
        Ok(ended.into_iter().next().unwrap_or(Ended::NotFound))
    }

    /// Goes back for several definitions at once, and reads and compares each version once; `visit` gets the place of the definition
    /// among them. Gives why each way ended.
    ///
    /// # Errors
    /// Says why git cannot be asked.
    pub fn walk_all(
        &self,
        subjects: Vec<Subject>,
        from: &Commit,
        here: Option<Checked>,
        visit: Visit<'_>,
    ) -> Result<Vec<Ended>, Problem> {
        let log = self.repository.log(from, None, Order::FirstParent)?;
        let commits: Vec<Commit> = log.iter().map(|logged| logged.commit.clone()).collect();
        let states = self.states(&commits)?;
        let last = log.last().cloned();
        let mut versions = distinct(log, states).into_iter();
        let mut here = here;
        let mut ways = Ways { each: subjects.into_iter().map(|subject| (subject, None)).collect() };
        let mut newer: Option<(Version, Checked)> = None;
        let mut broken: Vec<Option<Logged>> = Vec::new();
        let mut why = String::new();
        while ways.are_open() {
            let (version, checked) = match here.take() {
                Some(checked) => (Version { logged: None, is_there: true }, Some(checked)),
                None => match versions.next() {
                    None => break,
                    Some(version) if !version.is_there => (version, None),
                    Some(version) => {
                        let read =
                            version.logged.as_ref().map(|logged| version::at(self.repository, &logged.commit, self.options));
                        (version, read.transpose()?.flatten())
                    }
                },
            };
            if let Some(checked) = &checked
                && let Some(error) = first_error(checked)
            {
                if broken.is_empty() {
                    why = error;
                }
                broken.push(version.logged);
                continue;
            }
            if let Some((after, new)) = newer.take() {
                match &checked {
                    Some(old) => self.step(&mut ways, &after, (old, &new), broken.len(), visit)?,
                    None => ways.begin(&new, after.logged.as_ref(), broken.len(), visit),
                }
                pipeline::aside(new);
            }
            if !broken.is_empty() {
                ways.pass(&Item::Broken(std::mem::take(&mut broken), std::mem::take(&mut why)), visit);
            }
            let Some(checked) = checked else { continue };
            newer = Some((version, checked));
        }
        self.end(&mut ways, newer.as_ref(), (broken, why), last, visit);
        Ok(ways.each.into_iter().map(|(_, ended)| ended.unwrap_or(Ended::NotFound)).collect())
    }

    /// What there is to say where no older version is left.
    fn end(
        &self,
        ways: &mut Ways,
        newer: Option<&(Version, Checked)>,
        (broken, why): (Vec<Option<Logged>>, String),
        last: Option<Logged>,
        visit: Visit<'_>,
    ) {
        if !ways.are_open() {
            return;
        }
        let cut_off = last.filter(|last| self.repository.is_cut_off(last));
        let unread = !broken.is_empty();
        let known = newer.map(|(_, new)| Known::of(new));
        if let (Some((after, new)), false, None) = (newer, unread, &cut_off) {
            ways.begin(new, after.logged.as_ref(), 0, visit);
        }
        if unread {
            ways.pass(&Item::Broken(broken, why), visit);
        }
        for (subject, ended) in ways.open() {
            *ended = Some(match &cut_off {
                Some(last) => Ended::CutOff(last.commit.clone()),
                None if unread => Ended::Unread,
                None if known.as_ref().is_some_and(|known| known.find(subject).is_some()) => Ended::Began,
                None => Ended::NotFound,
            });
        }
    }

    /// What the step from one version to the next did; each definition is called as before it from then on.
    fn step(
        &self,
        ways: &mut Ways,
        after: &Version,
        (old, new): (&Checked, &Checked),
        unsure: usize,
        visit: Visit<'_>,
    ) -> Result<(), Problem> {
        let diff = diff::diff(old, new, self.today);
        for (place, (subject, ended)) in ways.each.iter_mut().enumerate().filter(|(_, (_, ended))| ended.is_none()) {
            let Some(mut step) = compare(&diff, subject, (old, new)) else { continue };
            step.unsure = unsure;
            let merge = after.logged.as_ref().filter(|logged| logged.parents.len() > 1);
            if let Some(merge) = merge.filter(|_| self.reads_branches) {
                step.brought = self.brought(&step, merge)?;
            }
            step.logged.clone_from(&after.logged);
            subject.kind = Some(step.kind);
            if let Some(former) = step.own.as_ref().and_then(|own| own.former.clone()) {
                subject.name = former;
            }
            let is_first = step.is_first();
            if visit(place, Item::Step(Box::new(step))).is_break() {
                *ended = Some(Ended::Stopped);
            } else if is_first {
                *ended = Some(Ended::Began);
            }
        }
        Ok(())
    }

    /// The commits of a merged branch that changed what the merge changed.
    fn brought(&self, step: &Step, merge: &Logged) -> Result<Vec<Brought>, Problem> {
        let Some(first) = merge.parents.first() else { return Ok(Vec::new()) };
        let log = self.repository.log(&merge.commit, Some(first), Order::All)?;
        let single: Vec<(Logged, Commit)> = log
            .into_iter()
            .filter_map(|logged| match logged.parents.as_slice() {
                [parent] => Some((logged.clone(), parent.clone())),
                _ => None,
            })
            .take(BROUGHT)
            .collect();
        let after = self.states(&single.iter().map(|(logged, _)| logged.commit.clone()).collect::<Vec<_>>())?;
        let before = self.states(&single.iter().map(|(_, parent)| parent.clone()).collect::<Vec<_>>())?;
        let mut brought = Vec::new();
        let subjects: Vec<Subject> = std::iter::once(step.name.clone())
            .chain(step.own.as_ref().and_then(|own| own.former.clone()))
            .map(|name| Subject { kind: Some(step.kind), name })
            .collect();
        for (((logged, parent), after), before) in single.into_iter().zip(after).zip(before) {
            if after == before || after.is_none() {
                continue;
            }
            let Some(new) = version::at(self.repository, &logged.commit, self.options)?.filter(is_sound) else { continue };
            let class = if let Some(old) = self.sound_before(&parent)? {
                let diff = diff::diff(&old, &new, self.today);
                let steps = subjects.iter().filter_map(|subject| compare(&diff, subject, (&old, &new)));
                steps.map(|step| step.class()).max()
            } else {
                let known = Known::of(&new);
                subjects.iter().any(|subject| known.find(subject).is_some()).then_some(Class::None)
            };
            brought.extend(class.map(|class| Brought { logged, class }));
        }
        Ok(brought)
    }

    /// The latest version up to a commit that compiles.
    fn sound_before(&self, commit: &Commit) -> Result<Option<Checked>, Problem> {
        let found = version::at(self.repository, commit, self.options)?;
        if found.as_ref().is_none_or(is_sound) {
            return Ok(found);
        }
        let log = self.repository.log(commit, None, Order::FirstParent)?;
        for logged in log.iter().skip(1).take(SOUGHT) {
            let found = version::at(self.repository, &logged.commit, self.options)?;
            if found.as_ref().is_none_or(is_sound) {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn states(&self, commits: &[Commit]) -> Result<Vec<State>, Problem> {
        self.repository.states(commits, PROJECT_FILE, version::folders)
    }
}

/// Versions that differ from the one before, each with the commit that made it.
fn distinct(log: Vec<Logged>, states: Vec<State>) -> Vec<Version> {
    let mut versions: Vec<(Version, State)> = Vec::new();
    for (logged, state) in log.into_iter().zip(states) {
        let is_there = state.is_some();
        match versions.last_mut() {
            Some((version, last)) if *last == state => version.logged = Some(logged),
            _ => versions.push((Version { logged: Some(logged), is_there }, state)),
        }
    }
    versions.into_iter().map(|(version, _)| version).collect()
}
