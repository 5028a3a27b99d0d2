//! A project as a list of definitions, each with its fields: keyed by name, without places and without order, so that two versions can be
//! compared.

use super::class::Class;
use crate::meaning::Term;
use crate::text::Span;
use std::collections::BTreeMap;

/// What is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The calendar.
    Calendar,
    /// Where views live.
    Warehouse,
    /// How objectives are judged.
    Okrs,
    /// A source.
    Source,
    /// A journey.
    Journey,
    /// A dimension.
    Dimension,
    /// A KPI.
    Kpi,
    /// The North Star.
    NorthStar,
    /// An objective.
    Objective,
    /// A key result, by `objective.result`.
    KeyResult,
    /// A guardrail.
    Guardrail,
    /// A scorecard.
    Scorecard,
    /// A team.
    Team,
    /// A taxonomy.
    Taxonomy,
    /// A spec test.
    Test,
    /// A template of the project.
    Template,
    /// What the project says of itself.
    Project,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 17] = [
        Kind::Calendar,
        Kind::Warehouse,
        Kind::Okrs,
        Kind::Source,
        Kind::Journey,
        Kind::Dimension,
        Kind::Kpi,
        Kind::NorthStar,
        Kind::Objective,
        Kind::KeyResult,
        Kind::Guardrail,
        Kind::Scorecard,
        Kind::Team,
        Kind::Taxonomy,
        Kind::Test,
        Kind::Template,
        Kind::Project,
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Calendar => "calendar",
            Kind::Warehouse => "warehouse",
            Kind::Okrs => "okrs",
            Kind::Source => "source",
            Kind::Journey => "journey",
            Kind::Dimension => "dimension",
            Kind::Kpi => "kpi",
            Kind::NorthStar => "north_star",
            Kind::Objective => "objective",
            Kind::KeyResult => "key_result",
            Kind::Guardrail => "guardrail",
            Kind::Scorecard => "scorecard",
            Kind::Team => "team",
            Kind::Taxonomy => "taxonomy",
            Kind::Test => "test",
            Kind::Template => "template",
            Kind::Project => "project",
        }
    }

    /// What people call it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Kpi => "KPI",
            Kind::NorthStar => "North Star",
            Kind::KeyResult => "key result",
            Kind::Okrs => "rating of objectives",
            Kind::Test => "spec test",
            other => other.name(),
        }
    }

    /// Whether there is one of it, so that its name says nothing more.
    pub fn is_single(self) -> bool {
        matches!(self, Kind::Calendar | Kind::Warehouse | Kind::Okrs | Kind::NorthStar | Kind::Project)
    }
}

/// What a difference in a field does to readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Always this.
    Always(Class),
    /// A formula: it may be proven to be the same, or to differ.
    Formula(Class),
    /// A list of names: what is gone is this; what is new is nothing to those who read what was there.
    List(Class),
    /// What is gone or different is this, what is new is [`Class::None`].
    Part(Class),
    /// A list, a line each, in which places count: what is new at its end is nothing, all else is this.
    Order(Class),
}

/// What is compared of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Compared {
    /// A text.
    Text(String),
    /// A formula as it is written, by names.
    Formula(Term),
}

impl Compared {
    /// The text; empty for a formula.
    pub(super) fn text(&self) -> &str {
        match self {
            Compared::Text(text) => text,
            Compared::Formula(_) => "",
        }
    }
}

impl From<String> for Compared {
    fn from(text: String) -> Self {
        Compared::Text(text)
    }
}

impl From<&str> for Compared {
    fn from(text: &str) -> Self {
        Compared::Text(text.to_owned())
    }
}

impl From<Term> for Compared {
    fn from(term: Term) -> Self {
        Compared::Formula(term)
    }
}

/// A field of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// What it says, for people.
    pub text: String,
    /// What is compared.
    pub compared: Compared,
    /// What a difference does.
    pub effect: Effect,
}

/// A definition of a project.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// Where it stands.
    pub span: Option<Span>,
    /// Whether something in it is wrong.
    pub is_broken: bool,
    /// Whether no spec defines it: a dimension that is only the name of columns.
    pub is_implied: bool,
    /// Its former names.
    pub aliases: Vec<String>,
    /// Its fields, by name. Those of parts have a dot: `columns.amount`.
    pub fields: BTreeMap<String, Field>,
}

impl Definition {
    /// A definition without fields.
    pub(super) fn at(span: Option<Span>) -> Self {
        Self { span, is_broken: false, is_implied: false, aliases: Vec::new(), fields: BTreeMap::new() }
    }

    /// With a field, if it says anything.
    pub(super) fn say(&mut self, name: impl Into<String>, class: Class, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            let compared = Compared::Text(text.clone());
            self.fields.insert(name.into(), Field { text, compared, effect: Effect::Always(class) });
        }
    }

    /// With a field that is compared by something else than what it says.
    pub(super) fn put(
        &mut self,
        name: impl Into<String>,
        effect: Effect,
        text: impl Into<String>,
        compared: impl Into<Compared>,
    ) {
        self.fields.insert(name.into(), Field { text: text.into(), compared: compared.into(), effect });
    }

    /// With a list of names.
    pub(super) fn list(&mut self, name: impl Into<String>, class: Class, names: impl IntoIterator<Item = String>) {
        let names: Vec<String> = names.into_iter().collect();
        if !names.is_empty() {
            let text = names.join(", ");
            self.put(name, Effect::List(class), text.clone(), text);
        }
    }
}

/// All definitions of a project.
pub(super) type Definitions = BTreeMap<(Kind, String), Definition>;
