//! Since when a figure means what it means: the latest change of its meaning, its goal, its owner and its words.

use super::step::{Step, Subject};
use super::walk::{Ended, History, Item};
use crate::diff::Class;
use crate::git::{Commit, Problem};
use crate::pipeline::Checked;
use std::ops::ControlFlow;

/// The latest change of each kind; the one with which a definition began where nothing changed it since.
#[derive(Debug, Clone)]
pub struct Blame {
    /// Of its values: by its own formula, or by something upstream.
    pub meaning: Option<Step>,
    /// Of what is aimed for.
    pub goal: Option<Step>,
    /// Of who owns it.
    pub ownership: Option<Step>,
    /// Of words for people.
    pub words: Option<Step>,
    /// How many versions on the way do not compile.
    pub broken: usize,
    /// Why the way back ended.
    pub ended: Ended,
}

impl Blame {
    /// Goes back from the newest version until all is found.
    ///
    /// # Errors
    /// Says why git cannot be asked.
    pub fn of(history: &History<'_>, subject: Subject, from: &Commit, here: Option<Checked>) -> Result<Self, Problem> {
        let mut blame = Self { meaning: None, goal: None, ownership: None, words: None, broken: 0, ended: Ended::Stopped };
        blame.ended = history.walk(subject, from, here, &mut |item| blame.see(item))?;
        Ok(blame)
    }

    fn see(&mut self, item: Item) -> ControlFlow<()> {
        let step = match item {
            Item::Step(step) => *step,
            Item::Broken(versions, _) => {
                self.broken += versions.len();
                return ControlFlow::Continue(());
            }
        };
        let is_first = step.is_first();
        let has = |class: Class| step.own.iter().flat_map(|own| &own.fields).any(|field| field.class == class);
        let found = [
            (&mut self.meaning, step.is_of_meaning()),
            (&mut self.goal, has(Class::Goal) || !step.goals.is_empty()),
            (&mut self.ownership, has(Class::Ownership)),
            (&mut self.words, has(Class::Words)),
        ];
        let mut is_whole = true;
        for (place, is_such) in found {
            if place.is_none() && (is_such || is_first) {
                *place = Some(step.clone());
            }
            is_whole &= place.is_some();
        }
        if is_whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
