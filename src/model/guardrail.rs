//! Guardrails: conditions over KPIs that call somebody to act.

use super::expr::Calc;
use super::unit::Unit;
use super::{DimensionId, KpiId, TeamId};
use crate::calendar::Grain;
use crate::text::{Name, Span, Spanned};

/// A condition over KPIs that calls somebody to act.
#[derive(Debug)]
pub struct Guardrail {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// What it guards against.
    pub description: String,
    /// The condition under which it fires; nothing if it is wrong, and that has been said.
    pub condition: Option<Calc>,
    /// The condition as one line, for people.
    pub written: String,
    /// Where the condition stands.
    pub when_span: Span,
    /// The KPIs that the condition names, each once, in order.
    pub watches: Vec<KpiId>,
    /// The grain of the periods that are looked at.
    pub grain: Grain,
    /// The slices that are watched, with their places; none for the total.
    pub by: Vec<Spanned<Vec<DimensionId>>>,
    /// In how many consecutive complete periods the condition has to hold.
    pub periods: u32,
    /// How bad it is.
    pub severity: Severity,
    /// The team that acts.
    pub owner: Option<TeamId>,
    /// Whether an owner is named, known or not.
    pub owner_named: bool,
    /// What the team does; empty if nobody says.
    pub action: String,
    /// The figures that the condition compares, in order.
    pub readings: Vec<Reading>,
}

/// How bad it is that a guardrail fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// To be looked into.
    Warn,
    /// To be acted on now.
    Alert,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Severity; 3] = [Severity::Notice, Severity::Warn, Severity::Alert];

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Warn => "warn",
            Severity::Alert => "alert",
        }
    }

    /// The severity of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == text)
    }
}

/// A figure that a condition compares.
#[derive(Debug, Clone)]
pub struct Reading {
    /// How it is written in the condition.
    pub text: String,
    /// What it is.
    pub of: Calc,
    /// Its unit.
    pub unit: Unit,
}

impl Guardrail {
    /// The dimensions of each slice that is watched; one without any for the total.
    pub fn slices(&self) -> Vec<&[DimensionId]> {
        if self.by.is_empty() { vec![&[]] } else { self.by.iter().map(|slice| slice.value.as_slice()).collect() }
    }
}
