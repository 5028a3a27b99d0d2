//! Objectives: what is to be reached until when, and the key results that show how far it is.
//!
//! Numbers of targets and baselines are in the unit of the KPI once the checker has seen them.

use super::expr::Literal;
use super::id::Id;
use super::unit::Unit;
use super::{DimensionId, KpiId, Model, TeamId};
use crate::calendar::{Date, Grain, Stretch};
use crate::text::{Name, Span, Spanned};

/// An objective.
pub type ObjectiveId = Id<Objective>;

/// A key result: its objective, and its place in it.
pub type ResultId = (ObjectiveId, usize);

/// How objectives are judged, and how many are allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Okrs {
    /// The share of the expected progress from which on a result is on track.
    pub on_track: f64,
    /// The share of the expected progress from which on it is at risk rather than off track.
    pub at_risk: f64,
    /// How many objectives a team may have in one period.
    pub objectives: u32,
    /// How many key results an objective may have.
    pub key_results: u32,
    /// For how many days a check-in is fresh.
    pub stale_after: u32,
}

impl Default for Okrs {
    fn default() -> Self {
        Self { on_track: 0.95, at_risk: 0.75, objectives: 5, key_results: 5, stale_after: 31 }
    }
}

/// What is to be reached until when.
#[derive(Debug)]
pub struct Objective {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// Where the title is written.
    pub title_span: Option<Span>,
    /// Why it matters.
    pub description: String,
    /// The team that owns it.
    pub owner: Option<TeamId>,
    /// Whether an owner is named, known or not.
    pub owner_named: bool,
    /// The days in which it is to be reached; nothing where that is wrong, which has been said.
    pub period: Option<Stretch>,
    /// The period as it was written: `2025-Q3`, or two days.
    pub period_text: String,
    /// Where the period is written.
    pub period_span: Option<Span>,
    /// The objective that it serves.
    pub parent: Option<Spanned<ObjectiveId>>,
    /// How often it is reviewed; empty if nobody says.
    pub review: String,
    /// What is being done for it.
    pub initiatives: Vec<Initiative>,
    /// What shows that it is reached.
    pub key_results: Vec<KeyResult>,
    /// Whether key results are missing because they could not be read.
    pub is_partial: bool,
    /// How it was judged in the end, the earliest first.
    pub finals: Vec<Final>,
}

/// Something that is being done for an objective.
#[derive(Debug, Clone)]
pub struct Initiative {
    /// What.
    pub title: String,
    /// Where more of it stands; empty if nobody says.
    pub link: String,
    /// The team that does it.
    pub owner: Option<TeamId>,
}

/// How an objective was judged.
#[derive(Debug, Clone)]
pub struct Final {
    /// On which day.
    pub day: Date,
    /// The grade, 0 to 1.
    pub grade: Option<f64>,
    /// What was learned; empty if nobody says.
    pub learned: String,
}

/// What shows how far an objective is.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one thing is so that a spec may say")]
pub struct KeyResult {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// Where the title is written.
    pub title_span: Option<Span>,
    /// What it means.
    pub description: String,
    /// Where its value comes from.
    pub evidence: Evidence,
    /// What is to be reached or kept; nothing where none is given, or it is wrong, which has been said.
    pub goal: Option<Goal>,
    /// Whether any goal is given, right or wrong.
    pub goal_given: bool,
    /// What is read.
    pub reads: Reads,
    /// The last day; nothing where the objective's period is wrong.
    pub due: Option<Date>,
    /// Where the last day is written.
    pub due_span: Option<Span>,
    /// Whether it is all or nothing in the end.
    pub is_committed: bool,
    /// The team that owns it: its own, or that of the objective.
    pub owner: Option<TeamId>,
    /// Whether an owner is named here or at the objective, known or not.
    pub owner_named: bool,
    /// How much it counts beside the others.
    pub weight: f64,
    /// Where the weight is written.
    pub weight_span: Option<Span>,
    /// When how much is to be reached: straight lines between these points, from 0 at the start to 1 at the end.
    pub pace: Vec<PacePoint>,
    /// The pace as it was written: `linear`, `late`, or empty where points are given.
    pub pace_text: String,
    /// How sure people are, the earliest first.
    pub confidence: Vec<(Date, u32)>,
    /// What people said about it, the earliest first.
    pub check_ins: Vec<CheckIn>,
    /// The key result of an earlier period that it carries on.
    pub continues: Option<Spanned<ResultId>>,
    /// Whether it must not break, rather than be reached.
    pub is_health: bool,
    /// Why it is no longer pursued.
    pub dropped: Option<String>,
    /// Why it need not move the North Star; empty if nobody says.
    pub unaligned: String,
}

/// Where the value of a key result comes from.
#[derive(Debug)]
pub enum Evidence {
    /// From a KPI.
    Kpi(Box<MeasuredKpi>),
    /// From people.
    Manual(Manual),
    /// From nowhere: the spec does not say.
    Missing,
    /// Something is wrong, which has been said.
    Broken,
}

impl Evidence {
    /// Whether something about it is wrong.
    pub fn is_broken(&self) -> bool {
        matches!(self, Evidence::Broken)
    }
}

/// A KPI, or a part of it, as a key result looks at it.
#[derive(Debug)]
pub struct MeasuredKpi {
    /// The KPI.
    pub kpi: KpiId,
    /// Where it is named.
    pub span: Span,
    /// The values of dimensions that it is about.
    pub slice: Vec<Member>,
    /// Where the slice is written.
    pub slice_span: Option<Span>,
    /// The grain of what is read.
    pub grain: Grain,
}

impl MeasuredKpi {
    /// The dimensions that it is about, in order.
    pub fn dimensions(&self) -> Vec<DimensionId> {
        let mut dimensions: Vec<DimensionId> = self.slice.iter().map(|member| member.dimension).collect();
        dimensions.sort_unstable();
        dimensions
    }
}

/// One value of a dimension.
#[derive(Debug, Clone)]
pub struct Member {
    /// The dimension.
    pub dimension: DimensionId,
    /// The value as written; nothing for null.
    pub text: Option<String>,
    /// The same as a value of the dimension's type, once it has been checked.
    pub value: Literal,
    /// Whether the dimension's values are times of day, which no literal has: the value is their text.
    pub is_time: bool,
    /// Where the dimension is named.
    pub span: Span,
    /// Where the value stands.
    pub value_span: Span,
}

/// A result of which check-ins say how far it is.
#[derive(Debug)]
pub struct Manual {
    /// The unit.
    pub unit: Unit,
}

/// What people said about a key result at the end of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckIn {
    /// The day.
    pub day: Date,
    /// How far it was; nothing where a KPI says that.
    pub value: Option<f64>,
    /// What there is to say; empty if nothing.
    pub note: String,
    /// What is in its way; empty if nothing.
    pub blocker: String,
    /// What somebody has to decide; empty if nothing.
    pub decision: String,
    /// Where it stands.
    pub span: Span,
}

/// What is read of a KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Its value in the latest period.
    Latest,
    /// Its value over everything since the objective started.
    ToDate,
    /// The mean of its values in the periods since the objective started.
    Mean,
}

/// What is to be reached or kept.
#[derive(Debug, Clone)]
pub enum Goal {
    /// From one value to another.
    Reach {
        /// The value at the start.
        from: Baseline,
        /// The value at the end.
        to: Target,
    },
    /// A bound that must hold.
    Keep(Bound),
}

/// A number that a key result gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// The number, in the unit of the KPI once it has been checked.
    pub number: f64,
    /// The unit that was written with it.
    pub unit: Option<Unit>,
    /// Where it stands.
    pub span: Span,
}

/// The value at the start.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// That number.
    Number(Amount),
    /// The value of the last complete period before the objective starts; whether the spec says so, and where.
    Measured(Option<Span>),
    /// Nothing is said about a manual result, which counts from 0.
    Zero,
}

/// The value at the end.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// That number.
    Number(Amount),
    /// Relative to the baseline.
    Relative(Relative),
}

/// A value that follows from another: `value * times + abs(value) * share + plus`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relative {
    /// How many times the value.
    pub times: f64,
    /// Which share of its size more.
    pub share: f64,
    /// How much more.
    pub plus: f64,
    /// As it was written: `+20%`.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A bound that must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// Not below.
    AtLeast(Amount),
    /// Not above.
    AtMost(Amount),
    /// Above.
    Above(Amount),
    /// Below.
    Below(Amount),
    /// Not outside the two.
    Between(Amount, Amount),
}

/// When how much is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PacePoint {
    /// By the end of that day.
    pub day: Date,
    /// That share of the way.
    pub share: f64,
}

/// Which way a key result wants a KPI to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Up.
    Up,
    /// Down.
    Down,
}

/// A view of objectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// One row for each key result and complete period within its time: how far it was then.
    History,
    /// One row for each key result: how far it is.
    KeyResults,
    /// One row for each objective: how far its key results, or else the objectives that serve it, have brought it.
    Objectives,
}

impl Sheet {
    /// All of them.
    pub const ALL: [Sheet; 3] = [Sheet::History, Sheet::KeyResults, Sheet::Objectives];

    /// The view's name.
    pub fn name(self) -> &'static str {
        match self {
            Sheet::History => "key_results_history",
            Sheet::KeyResults => "key_results",
            Sheet::Objectives => "objectives",
        }
    }

    /// What a reader has to know of the view.
    pub fn about(self) -> [&'static str; 2] {
        match self {
            Sheet::History => [
                "Progress of key results over time: one row for each complete period or check-in",
                "progress: the share of the way from baseline to target; score: the same, limited to 0 to 1; expected: what the pace asks for",
            ],
            Sheet::KeyResults => [
                "Progress of key results: one row for each, as of its latest complete period or check-in",
                "progress: the share of the way from baseline to target; score: the same from 0 to 1; expected: what the pace asks for",
            ],
            Sheet::Objectives => [
                "Progress of objectives: one row for each",
                "score: the weighted mean of its own key results; without any, the mean of its child objectives",
            ],
        }
    }

    /// The view's columns.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Sheet::History => &[
                "objective",
                "key_result",
                "owner",
                "kpi",
                "slice",
                "period",
                "as_of",
                "baseline",
                "target",
                "current",
                "progress",
                "score",
                "expected",
                "status",
                "is_complete",
            ],
            Sheet::KeyResults => &[
                "objective",
                "key_result",
                "title",
                "owner",
                "kpi",
                "slice",
                "unit",
                "due",
                "baseline",
                "target",
                "current",
                "progress",
                "score",
                "expected",
                "status",
                "period",
                "as_of",
                "is_complete",
            ],
            Sheet::Objectives => &[
                "objective",
                "title",
                "owner",
                "parent",
                "begins",
                "due",
                "score",
                "expected",
                "status",
                "as_of",
                "is_complete",
            ],
        }
    }

    /// The columns that tell its rows apart.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Sheet::History => &["objective", "key_result", "period"],
            Sheet::KeyResults => &["objective", "key_result"],
            Sheet::Objectives => &["objective"],
        }
    }

    /// The view of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sheet| sheet.name() == name)
    }
}

impl Relative {
    /// The value that follows from a baseline. Rounded where floating point leaves a trace: 10 % on 100 is 110.
    pub fn of(&self, baseline: f64) -> f64 {
        settled(baseline * self.times + baseline.abs() * self.share + self.plus)
    }
}

/// A number without the trace of binary arithmetic, to 12 digits.
fn settled(number: f64) -> f64 {
    format!("{number:.12e}").parse().unwrap_or(number)
}

impl Bound {
    /// The words of the bound as specs write them.
    pub fn word(&self) -> &'static str {
        match self {
            Bound::AtLeast(_) => "at_least",
            Bound::AtMost(_) => "at_most",
            Bound::Above(_) => "above",
            Bound::Below(_) => "below",
            Bound::Between(..) => "between",
        }
    }

    /// Its numbers: one, or the lower and the upper one.
    pub fn amounts(&self) -> Vec<&Amount> {
        match self {
            Bound::AtLeast(amount) | Bound::AtMost(amount) | Bound::Above(amount) | Bound::Below(amount) => vec![amount],
            Bound::Between(low, high) => vec![low, high],
        }
    }

    /// The same, to be changed.
    pub fn amounts_mut(&mut self) -> Vec<&mut Amount> {
        match self {
            Bound::AtLeast(amount) | Bound::AtMost(amount) | Bound::Above(amount) | Bound::Below(amount) => vec![amount],
            Bound::Between(low, high) => vec![low, high],
        }
    }
}

impl Goal {
    /// Which way the goal wants the value to move; nothing where that depends.
    pub fn direction(&self) -> Option<Direction> {
        match self {
            Goal::Keep(Bound::AtLeast(_) | Bound::Above(_)) => Some(Direction::Up),
            Goal::Keep(Bound::AtMost(_) | Bound::Below(_)) => Some(Direction::Down),
            Goal::Keep(Bound::Between(..)) => None,
            Goal::Reach { from, to } => {
                let change = match (from.number(), to) {
                    (Some(from), _) => self.target()? - from,
                    // Twice a value that is not known is more unless the value is negative, which few are.
                    (None, Target::Relative(relative)) => relative.times - 1.0 + relative.share + relative.plus,
                    (None, Target::Number(_)) => return None,
                };
                match change {
                    change if change > 0.0 => Some(Direction::Up),
                    change if change < 0.0 => Some(Direction::Down),
                    _ => None,
                }
            }
        }
    }

    /// The value at the start, if the spec gives it.
    pub fn baseline(&self) -> Option<f64> {
        match self {
            Goal::Reach { from, .. } => from.number(),
            Goal::Keep(_) => None,
        }
    }

    /// The value to be reached, if the spec gives it or it follows from what it gives.
    pub fn target(&self) -> Option<f64> {
        match self {
            Goal::Reach { to: Target::Number(amount), .. } => Some(amount.number),
            Goal::Reach { from, to: Target::Relative(relative) } => from.number().map(|from| relative.of(from)),
            Goal::Keep(_) => None,
        }
    }

    /// Where the target or the bound stands.
    pub fn span(&self) -> Span {
        match self {
            Goal::Reach { to: Target::Number(amount), .. } => amount.span,
            Goal::Reach { to: Target::Relative(relative), .. } => relative.span,
            Goal::Keep(bound) => match bound {
                Bound::Between(low, high) => low.span.to(high.span),
                Bound::AtLeast(amount) | Bound::AtMost(amount) | Bound::Above(amount) | Bound::Below(amount) => amount.span,
            },
        }
    }
}

impl Baseline {
    /// The number, if the spec gives it.
    pub fn number(&self) -> Option<f64> {
        match self {
            Baseline::Number(amount) => Some(amount.number),
            Baseline::Zero => Some(0.0),
            Baseline::Measured(_) => None,
        }
    }
}

/// For how long nobody has said how far a manual result is.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    /// The day of the last check-in, if there is one.
    pub since: Option<Date>,
    /// The day until which somebody should have said: today, or the last day of the result.
    pub until: Date,
    /// The days between, from the objective's first day where nobody has ever said.
    pub days: i32,
}

/// How sure people are of reaching a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sureness {
    /// The day on which they last said so.
    pub day: Date,
    /// How sure they are, from 1 to 10.
    pub now: u32,
    /// What they said the time before, and when.
    pub before: Option<(Date, u32)>,
}

impl Sureness {
    /// Whether they are less sure than the time before.
    pub fn falls(&self) -> bool {
        self.before.is_some_and(|(_, before)| self.now < before)
    }

    /// How it fell, in words; nothing where it did not.
    pub fn fall(&self) -> Option<String> {
        let (_, before) = self.before.filter(|_| self.falls())?;
        Some(format!("confidence fell from {before} to {} on {}", self.now, self.day))
    }
}

impl KeyResult {
    /// For how long nobody has said how far a manual result of the objective is, if that is more than so many days. Nobody has to of
    /// what is dropped, has not begun or is graded.
    pub fn silence(&self, objective: &Objective, today: Date, longest: u32) -> Option<Silence> {
        let first = objective.period?.first;
        let is_manual = matches!(self.evidence, Evidence::Manual(_));
        if !is_manual || !self.is_pursued(objective, today) {
            return None;
        }
        let since = self.check_ins.iter().map(|check_in| check_in.day).filter(|day| *day <= today).max();
        let until = self.due?.min(today);
        let days = until.since(since.unwrap_or(first)).ok()?.get_days();
        (days > i32::try_from(longest).unwrap_or(i32::MAX)).then_some(Silence { since, until, days })
    }

    /// Whether anybody has to do something for it: not for what is dropped, has not begun or is graded.
    fn is_pursued(&self, objective: &Objective, today: Date) -> bool {
        let has_begun = objective.period.is_some_and(|period| period.first <= today);
        has_begun && self.dropped.is_none() && !objective.finals.iter().any(|graded| graded.day <= today)
    }

    /// How sure people are, by what they last said until a day; nothing if they have said nothing.
    pub fn sureness(&self, today: Date) -> Option<Sureness> {
        let mut said = self.confidence.iter().rev().filter(|(day, _)| *day <= today);
        let (day, now) = *said.next()?;
        Some(Sureness { day, now, before: said.next().copied() })
    }

    /// How sure people are, where they are less so than the time before and somebody has to act.
    pub fn lost_confidence(&self, objective: &Objective, today: Date) -> Option<Sureness> {
        self.sureness(today).filter(|sureness| sureness.falls() && self.is_pursued(objective, today))
    }

    /// The last check-in until a day.
    pub fn last_check_in(&self, today: Date) -> Option<&CheckIn> {
        self.check_ins.iter().rev().find(|check_in| check_in.day <= today)
    }

    /// Which way it wants its KPI to move; nothing where that depends, or where no goal is known.
    pub fn direction(&self) -> Option<Direction> {
        self.goal.as_ref()?.direction()
    }

    /// The KPI, if one shows it.
    pub fn kpi(&self) -> Option<&MeasuredKpi> {
        match &self.evidence {
            Evidence::Kpi(shown) => Some(shown),
            Evidence::Manual(_) | Evidence::Missing | Evidence::Broken => None,
        }
    }

    /// Whether it counts for the score of its objective.
    pub fn counts(&self) -> bool {
        !self.is_health && self.dropped.is_none()
    }
}

impl Model {
    /// How a key result is named from outside of its objective: `grow.more_buyers`.
    pub fn result_name(&self, (objective, at): ResultId) -> String {
        let objective = self.objectives.get(objective);
        let result = objective.key_results.get(at).map_or("", |result| result.name.value.as_str());
        format!("{}.{result}", objective.name.value)
    }
}

impl Objective {
    /// Whether it has results of its own that count for its score.
    pub fn has_own_score(&self) -> bool {
        self.key_results.iter().any(KeyResult::counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, Files};

    fn relative(times: f64, share: f64, plus: f64) -> Relative {
        let mut files = Files::default();
        let file: FileId = files.add(String::new(), String::new());
        Relative { times, share, plus, text: String::new(), span: Span::start_of(file) }
    }

    #[test]
    fn relative_targets_follow_the_size_of_the_baseline() {
        let close = |value: f64, wanted: f64| assert!((value - wanted).abs() < f64::EPSILON, "{value} is not {wanted}");
        close(relative(1.0, 0.1, 0.0).of(100.0), 110.0);
        close(relative(1.0, -0.2, 0.0).of(50.0), 40.0);
        // 20 % up from a loss of 100 is a loss of 80.
        close(relative(1.0, 0.2, 0.0).of(-100.0), -80.0);
        close(relative(2.0, 0.0, 0.0).of(0.15), 0.3);
        close(relative(1.0, 0.0, -0.05).of(0.08), 0.03);
    }
}
