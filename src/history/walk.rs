//! From a version back through history.

use super::step::{Brought, Step, Subject, compare, find, first, first_error, is_sound};
use super::version;
use crate::calendar::Date;
use crate::diff::Class;
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

impl History<'_> {
    /// Goes back from the newest version: `here` where that is in a folder, else that of `from`.
    ///
    /// # Errors
    /// Says why git cannot be asked.
    pub fn walk(
        &self,
        mut subject: Subject,
        from: &Commit,
        here: Option<Checked>,
        visit: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Result<Ended, Problem> {
        let log = self.repository.log(from, None, Order::FirstParent)?;
        let commits: Vec<Commit> = log.iter().map(|logged| logged.commit.clone()).collect();
        let states = self.states(&commits)?;
        let last = log.last().cloned();
        let mut versions = distinct(log, states).into_iter();
        let mut here = here;
        let mut newer: Option<(Version, Checked)> = None;
        let mut broken: Vec<Option<Logged>> = Vec::new();
        let mut why = String::new();
        loop {
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
                let step = match &checked {
                    Some(old) => self.step(&mut subject, &after, (old, &new), broken.len())?,
                    None => first(&subject, after.logged.as_ref(), &new, broken.len()),
                };
                let is_first = step.as_ref().is_some_and(Step::is_first);
                pipeline::aside(new);
                if let Some(step) = step
                    && visit(Item::Step(Box::new(step))).is_break()
                {
                    return Ok(Ended::Stopped);
                }
                if is_first {
                    return Ok(Ended::Began);
                }
            }
            if !broken.is_empty() && visit(Item::Broken(std::mem::take(&mut broken), std::mem::take(&mut why))).is_break() {
                return Ok(Ended::Stopped);
            }
            let Some(checked) = checked else { continue };
            newer = Some((version, checked));
        }
        Ok(self.end(&subject, newer.as_ref(), (broken, why), last, visit))
    }

    /// What there is to say where no older version is left.
    fn end(
        &self,
        subject: &Subject,
        newer: Option<&(Version, Checked)>,
        (broken, why): (Vec<Option<Logged>>, String),
        last: Option<Logged>,
        visit: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Ended {
        let cut_off = last.filter(|last| self.repository.is_cut_off(last));
        let unread = !broken.is_empty();
        let is_known = newer.is_some_and(|(_, new)| find(new, subject).is_some());
        if let (Some((after, new)), false, None) = (newer, unread, &cut_off)
            && let Some(step) = first(subject, after.logged.as_ref(), new, 0)
        {
            return if visit(Item::Step(Box::new(step))).is_break() { Ended::Stopped } else { Ended::Began };
        }
        if unread && visit(Item::Broken(broken, why)).is_break() {
            return Ended::Stopped;
        }
        match cut_off {
            Some(last) => Ended::CutOff(last.commit),
            None if unread => Ended::Unread,
            None if is_known => Ended::Began,
            None => Ended::NotFound,
        }
    }

    /// What the step from one version to the next did; the subject is called as before it from then on.
    fn step(
        &self,
        subject: &mut Subject,
        after: &Version,
        (old, new): (&Checked, &Checked),
        unsure: usize,
    ) -> Result<Option<Step>, Problem> {
        let Some(mut step) = compare(subject, (old, new), self.today) else { return Ok(None) };
        step.unsure = unsure;
        if let Some(merge) = after.logged.as_ref().filter(|logged| logged.parents.len() > 1) {
            step.brought = self.brought(&step, merge)?;
        }
        step.logged.clone_from(&after.logged);
        subject.kind = Some(step.kind);
        if let Some(former) = step.own.as_ref().and_then(|own| own.former.clone()) {
            subject.name = former;
        }
        Ok(Some(step))
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
            let class = match self.sound_before(&parent)? {
                Some(old) => {
                    let steps = subjects.iter().filter_map(|subject| compare(subject, (&old, &new), self.today));
                    steps.map(|step| step.class()).max()
                }
                None => subjects.iter().any(|subject| find(&new, subject).is_some()).then_some(Class::None),
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
