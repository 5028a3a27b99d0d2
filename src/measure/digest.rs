//! What a team has to know of a week: which key results moved, which slip or are blocked, and what somebody has to decide. From the figures
//! of `status` and `review`.

use super::course::{Courses, Reading};
use super::firings::Firing;
use super::present::Found;
use super::status::{ResultStanding, Standing};
use crate::calendar::Date;
use crate::model::objective::{KeyResult, Objective};
use crate::model::{Model, TeamId};

/// The days that a digest tells of: those after `since`, up to `last`.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// The day before the first one.
    pub since: Date,
    /// The last one.
    pub last: Date,
}

/// What a team has to know.
#[derive(Debug)]
pub struct Digest<'a> {
    /// How many key results there are that are pursued.
    pub pursued: usize,
    /// Those with a new reading.
    pub moved: Vec<Moved<'a>>,
    /// Those that slip, and those that have something in their way.
    pub slipping: Vec<Slipping<'a>>,
    /// The guardrails that fire.
    pub firings: Vec<&'a Firing<'a>>,
    /// What somebody has to decide.
    pub decisions: Vec<Decision<'a>>,
}

/// A key result with how far it is.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// Its objective.
    pub objective: &'a Objective,
    /// The result.
    pub result: &'a KeyResult,
    /// How far it is.
    pub known: &'a ResultStanding,
}

/// A key result with a new reading.
#[derive(Debug)]
pub struct Moved<'a> {
    /// The result.
    pub of: Of<'a>,
    /// The last reading before these days, if there is one.
    pub before: Option<&'a Reading>,
    /// The last one of these days.
    pub now: &'a Reading,
}

/// A key result that slips, or that is blocked.
#[derive(Debug)]
pub struct Slipping<'a> {
    /// The result.
    pub of: Of<'a>,
    /// Why it slips; nothing where it is only blocked.
    pub why: Vec<String>,
    /// What is in its way; empty if nothing.
    pub blocker: &'a str,
}

/// What somebody has to decide.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The objective.
    pub objective: &'a Objective,
    /// The key result; nothing where it is about the whole objective.
    pub result: Option<&'a KeyResult>,
    /// What is to be decided.
    pub what: String,
    /// Since when.
    pub since: Date,
}

/// Makes the digest of a team, or of all.
pub fn digest<'a>(
    model: &'a Model,
    found: &'a Found<'a>,
    courses: &'a Courses,
    days: Days,
    owner: Option<TeamId>,
) -> Digest<'a> {
    let is_own = |team: Option<TeamId>| owner.is_none_or(|owner| team == Some(owner));
    let firings = found.firings.iter().filter(|firing| is_own(firing.guardrail.owner)).collect();
    let mut made = Digest { pursued: 0, moved: Vec::new(), slipping: Vec::new(), firings, decisions: Vec::new() };
    for standing in &found.standings {
        let objective = model.objectives.get(standing.objective);
        for (at, (result, known)) in objective.key_results.iter().zip(&standing.key_results).enumerate() {
            if !is_own(result.owner.or(objective.owner)) || result.dropped.is_some() {
                continue;
            }
            let of = Of { objective, result, known };
            let course = courses.get(&(standing.objective, at)).map_or(&[][..], Vec::as_slice);
            made.moved.extend(moved(of, course, days));
            if is_pursued(of, days.last) {
                made.pursued += 1;
                made.talked_of(of, days.last);
            }
        }
        if is_own(objective.owner) {
            made.decisions.extend(ungraded(objective, standing, days.last));
        }
    }
    made
}

/// Whether somebody can still do something for it.
fn is_pursued(of: Of<'_>, last: Date) -> bool {
    let has_begun = of.objective.period.is_some_and(|period| period.first <= last);
    has_begun && !of.known.score.is_complete && !of.objective.finals.iter().any(|graded| graded.day <= last)
}

fn moved<'a>(of: Of<'a>, course: &'a [Reading], days: Days) -> Option<Moved<'a>> {
    let now = course.iter().rev().find(|reading| reading.day <= days.last).filter(|reading| reading.day > days.since)?;
    let before = course.iter().rev().find(|reading| reading.day <= days.since);
    Some(Moved { of, before, now })
}

impl<'a> Digest<'a> {
    /// What slips of a result, and what people said of it last.
    fn talked_of(&mut self, of: Of<'a>, last: Date) {
        let said = of.result.last_check_in(last);
        let blocker = said.map_or("", |said| said.blocker.as_str());
        if of.known.slips() || !blocker.is_empty() {
            self.slipping.push(Slipping { of, why: why(of.known), blocker });
        }
        if let Some(said) = said.filter(|said| !said.decision.is_empty()) {
            let (objective, result) = (of.objective, Some(of.result));
            self.decisions.push(Decision { objective, result, what: said.decision.clone(), since: said.day });
        }
    }
}

/// Why a result slips, in words.
fn why(known: &ResultStanding) -> Vec<String> {
    let mut why = Vec::new();
    if known.is_behind() {
        let pace = known.score.score.zip(known.score.expected);
        let pace = pace.map(|(score, expected)| format!(", score {score:.2} where {expected:.2} is expected by now"));
        why.push(format!("{}{}", known.score.status.replace('_', " "), pace.unwrap_or_default()));
    }
    why.extend(known.stale.map(|days| format!("not checked in for {days} days")));
    why.extend(known.doubt());
    why
}

/// An objective that is over and that nobody has graded.
fn ungraded<'a>(objective: &'a Objective, standing: &Standing, last: Date) -> Option<Decision<'a>> {
    let over = objective.period.filter(|period| period.last <= last)?;
    let is_graded = objective.finals.iter().any(|graded| graded.day <= last);
    let score = standing.score.score.map(|score| format!(" with a score of {score:.2}")).unwrap_or_default();
    let what = format!("it ended on {}{score}: give it a `final` grade, and say what was learned", over.last);
    (!is_graded && !objective.key_results.is_empty()).then_some(Decision { objective, result: None, what, since: over.last })
}
