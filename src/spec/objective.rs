//! `objectives:`, what is to be reached, and the key results that show it.

use super::allow;
use super::reader::{Reader, Text, text, text_list};
use super::shape::{Field, Record, Shape};
use crate::calendar::Date;
use crate::load::{Entry, Node, Value};
use crate::model::review::CADENCES;
use crate::text::{Name, Span, Spanned};

/// An objective as written.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// Why it matters.
    pub description: Option<Text>,
    /// The team that owns it.
    pub owner: Option<Name>,
    /// When it is to be reached.
    pub period: Option<Period>,
    /// The objective that it serves.
    pub parent: Option<Name>,
    /// How often it is reviewed.
    pub review: Option<Text>,
    /// What is being done for it.
    pub initiatives: Vec<Initiative>,
    /// What shows that it is reached.
    pub key_results: Vec<KeyResult>,
    /// Whether the key results could not be read, so that none must be called missing.
    pub is_partial: bool,
    /// Its final grade, by day.
    pub finals: Vec<(Name, Final)>,
}

/// When an objective is to be reached.
#[derive(Debug, Clone)]
pub enum Period {
    /// `2025-Q3`
    Named(Text),
    /// From a day to another.
    Days {
        /// The first day.
        from: Option<Spanned<Date>>,
        /// The last day.
        to: Option<Spanned<Date>>,
        /// Where that stands.
        span: Span,
    },
}

/// Something that is being done for an objective.
#[derive(Debug, Clone)]
pub struct Initiative {
    /// What.
    pub title: Option<Text>,
    /// A link to more about it.
    pub link: Option<Text>,
    /// The team that does it.
    pub owner: Option<Name>,
}

/// How an objective was judged.
#[derive(Debug, Clone)]
pub struct Final {
    /// The grade, 0 to 1.
    pub grade: Option<Spanned<f64>>,
    /// What was learned.
    pub learned: Option<Text>,
}

/// A key result as written.
#[derive(Debug, Clone)]
pub struct KeyResult {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it means.
    pub description: Option<Text>,
    /// The KPI that measures it.
    pub kpi: Option<Name>,
    /// The values of dimensions that it is about; nothing for null.
    pub slice: Vec<(Name, Spanned<Option<String>>)>,
    /// The value at the start.
    pub from: Option<Text>,
    /// The value to be reached.
    pub to: Option<Text>,
    /// The bounds that are given, each by its key.
    pub bounds: Vec<(Name, Vec<Text>)>,
    /// What is read.
    pub measure: Option<Text>,
    /// The last day.
    pub due: Option<Spanned<Date>>,
    /// `committed` or `aspirational`.
    pub commitment: Option<Text>,
    /// The team that owns it.
    pub owner: Option<Name>,
    /// How much it counts.
    pub weight: Option<Spanned<f64>>,
    /// When how much is to be reached.
    pub pace: Option<Pace>,
    /// How sure people are, by day.
    pub confidence: Vec<(Name, Spanned<u32>)>,
    /// Whether it must not break, rather than be reached.
    pub health: bool,
    /// Whether people say how far it is.
    pub manual: bool,
    /// The unit of a manual result.
    pub unit: Option<Text>,
    /// What people said about it, by day.
    pub check_ins: Vec<(Name, CheckIn)>,
    /// The key result of an earlier period that it carries on.
    pub continues: Option<Text>,
    /// Why it is no longer pursued.
    pub dropped: Option<Text>,
    /// Why it need not move the North Star.
    pub unaligned: Option<Text>,
}

/// When how much of a result is to be reached.
#[derive(Debug, Clone)]
pub enum Pace {
    /// `linear` or `late`.
    Named(Text),
    /// The share of the way by day.
    Points(Vec<(Name, Spanned<f64>)>),
}

/// What people said about a result on a day.
#[derive(Debug, Clone)]
pub struct CheckIn {
    /// How far it was.
    pub value: Option<Spanned<f64>>,
    /// A note.
    pub note: Option<Text>,
    /// What is in its way.
    pub blocker: Option<Text>,
    /// What somebody has to decide.
    pub decision: Option<Text>,
}

static PERIOD: Record = Record {
    what: "a period",
    fields: &[
        Field::new("from", Shape::Day, "The first day.").example("2025-07-01").required(),
        Field::new("to", Shape::Day, "The last day.").example("2025-09-30").required(),
    ],
};

static INITIATIVE: Record = Record {
    what: "an initiative",
    fields: &[
        Field::new("title", Shape::Text, "What is being done.").example("Guided onboarding").required(),
        Field::new("link", Shape::Text, "A link to more about it.").example("https://example.com/onboarding"),
        Field::new("owner", Shape::Name, "The team that does it.").example("growth"),
    ],
};

static FINAL: Record = Record {
    what: "a final grade",
    fields: &[
        Field::new("grade", Shape::Number, "The grade, from 0 to 1.").example("0.6"),
        Field::new("learned", Shape::Text, "What was learned.").example("Partners needed a sandbox first."),
    ],
};

static CHECK_IN: Record = Record {
    what: "a check-in",
    fields: &[
        Field::new("value", Shape::Number, "The value of a manual result at the end of that day.").example("1"),
        Field::new("note", Shape::Text, "A note.").example("Signed in Lisbon."),
        Field::new("blocker", Shape::Text, "What is in its way, until the next check-in.")
            .example("The contract waits for legal."),
        Field::new("decision", Shape::Text, "What somebody has to decide, until the next check-in.")
            .example("Do we offer the partner a fixed price?"),
    ],
};

/// The keys that set a bound.
pub const BOUNDS: [&str; 5] = ["at_least", "at_most", "above", "below", "between"];

/// The keys of a key result.
static KEY_RESULT: Record = Record {
    what: "a key result",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("Lift activation"),
        Field::new("description", Shape::Text, "What it means.").example("More new teams see value in their first week."),
        Field::new("kpi", Shape::Name, "The KPI that measures it.").example("activation_rate"),
        Field::new("slice", Shape::Map(&Shape::Any), "The slice that it is about: one value for each dimension.")
            .example("{ channel: partner }"),
        Field::new("manual", Shape::Truth, "Whether people report its value in `check_ins`. Default: false."),
        Field::new("unit", Shape::Text, "The unit of a manual result.").example("market"),
        Field::new(
            "from",
            Shape::Text,
            "The baseline: a number, or `measured` for the value of the last complete period before the objective starts.",
        )
        .example("32%"),
        Field::new("to", Shape::Text, "The target: a number, or relative to the baseline: `+20%`, `-5 pp`, `x2`.")
            .example("45%"),
        Field::new("at_least", Shape::Text, "It must not be below that.").example("46%"),
        Field::new("at_most", Shape::Text, "It must not be above that.").example("12 months"),
        Field::new("above", Shape::Text, "It must be above that.").example("0"),
        Field::new("below", Shape::Text, "It must be below that.").example("0"),
        Field::new("between", Shape::List(&Shape::Text), "It must not leave these two bounds, the lower first.")
            .example("[40%, 60%]"),
        Field::new(
            "measure",
            Shape::Word(&["latest", "to_date", "mean"]),
            "What to read: the latest period, everything since the objective started, or the mean of its periods. Default: \
             latest.",
        ),
        Field::new("due", Shape::Day, "The last day. Default: that of the objective.").example("2025-09-30"),
        Field::new(
            "commitment",
            Shape::Word(&["committed", "aspirational"]),
            "Whether it is all or nothing, or a stretch goal of which 0.7 is good. Default: aspirational.",
        ),
        Field::new("owner", Shape::Name, "The team that owns it. Default: that of the objective.").example("growth"),
        Field::new("weight", Shape::Number, "Its weight among the key results. Default: 1.").example("2"),
        Field::new(
            "pace",
            Shape::Either(&[Shape::Word(&["linear", "late"]), Shape::Map(&Shape::Number)]),
            "The expected progress: even, a quarter by half-time, or a share of the way by day. Default: linear.",
        )
        .example("{ 2025-08-15: 40% }"),
        Field::new("confidence", Shape::Map(&Shape::Count), "How confident people are of reaching it, from 1 to 10, by day.")
            .example("{ 2025-07-15: 7 }"),
        Field::new("health", Shape::Truth, "Whether it is a guard that must not break and has no score. Default: false."),
        Field::new(
            "check_ins",
            Shape::Map(&Shape::Either(&[Shape::Number, Shape::Record(&CHECK_IN)])),
            "What people say about it, by day: a manual result's value, and for any result what helps or is in its way.",
        )
        .example("{ 2025-07-15: { value: 1, note: Signed in Lisbon. } }"),
        Field::new("continues", Shape::Text, "The key result of an earlier period that it carries on: `objective.result`.")
            .example("grow.more_buyers"),
        Field::new("dropped", Shape::Text, "Why it is no longer pursued.").example("The programme stopped in August."),
        Field::new("unaligned", Shape::Text, "Why it need not move the North Star.").example("The law asks for it."),
        allow::FIELD,
    ],
};

/// The keys of an objective.
pub static OBJECTIVE: Record = Record {
    what: "an objective",
    fields: &[
        Field::new("title", Shape::Text, "The goal, in words that people remember. Default: made from the name.")
            .example("New teams love us from the first week"),
        Field::new("description", Shape::Text, "Why it matters.").example("Teams that see value early stay."),
        Field::new("owner", Shape::Name, "The team that owns it.").example("growth"),
        Field::new(
            "period",
            Shape::Either(&[Shape::Text, Shape::Record(&PERIOD)]),
            "Its period: a year, half, quarter or month, or a first and last day.",
        )
        .example("2025-Q3")
        .required(),
        Field::new("parent", Shape::Name, "The objective that it contributes to, whose period contains its own.")
            .example("grow_sustainably"),
        Field::new("review", Shape::Word(&CADENCES), "How often it is reviewed."),
        Field::new("initiatives", Shape::List(&Shape::Record(&INITIATIVE)), "What is being done for it."),
        Field::new(
            "key_results",
            Shape::Named("a key result", &Shape::Record(&KEY_RESULT)),
            "What shows that it was achieved: outcomes, each with a number.",
        ),
        Field::new("final", Shape::Map(&Shape::Record(&FINAL)), "Its final grade, by day.")
            .example("{ 2025-10-05: { grade: 0.6, learned: Partners needed a sandbox first. } }"),
        allow::FIELD,
    ],
};

/// Reads one objective.
pub fn decode(entry: &Entry) -> Objective {
    let reader = Reader::of(&entry.value);
    let finals = reader.entries("final").iter().map(|entry| {
        let reader = Reader::of(&entry.value);
        (entry.key.clone(), Final { grade: reader.number("grade"), learned: reader.text("learned") })
    });
    Objective {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        owner: reader.text("owner"),
        period: reader.get("period").and_then(period),
        parent: reader.text("parent"),
        review: reader.text("review"),
        initiatives: reader.items("initiatives").iter().map(initiative).collect(),
        key_results: reader.entries("key_results").iter().map(key_result).collect(),
        is_partial: reader.get("key_results").is_some_and(|node| !matches!(node.value, Value::Map(_) | Value::Null)),
        finals: finals.collect(),
    }
}

fn period(node: &Node) -> Option<Period> {
    match &node.value {
        Value::Scalar(_) => text(node).map(Period::Named),
        Value::Map(_) => {
            let reader = Reader::of(node);
            Some(Period::Days { from: reader.day("from"), to: reader.day("to"), span: node.span })
        }
        Value::Null | Value::List(_) => None,
    }
}

fn initiative(node: &Node) -> Initiative {
    let reader = Reader::of(node);
    Initiative { title: reader.text("title"), link: reader.text("link"), owner: reader.text("owner") }
}

fn key_result(entry: &Entry) -> KeyResult {
    let reader = Reader::of(&entry.value);
    let bounds = BOUNDS.into_iter().filter_map(|key| {
        let amounts = text_list(reader.get(key)?);
        Some((Name::new(key.to_owned(), reader.key_span(key)?), amounts))
    });
    let slice = reader.entries("slice").iter().map(|entry| {
        let value = text(&entry.value).map(|text| text.value);
        (entry.key.clone(), Spanned::new(value, entry.value.span))
    });
    let confidence = reader.entries("confidence").iter().filter_map(|entry| {
        let text = text(&entry.value)?;
        Some((entry.key.clone(), Spanned::new(text.value.parse().ok()?, text.span)))
    });
    KeyResult {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        kpi: reader.text("kpi"),
        slice: slice.collect(),
        from: reader.text("from"),
        to: reader.text("to"),
        bounds: bounds.collect(),
        measure: reader.text("measure"),
        due: reader.day("due"),
        commitment: reader.text("commitment"),
        owner: reader.text("owner"),
        weight: reader.number("weight"),
        pace: reader.get("pace").and_then(pace),
        confidence: confidence.collect(),
        health: reader.truth("health").unwrap_or(false),
        manual: reader.truth("manual").unwrap_or(false),
        unit: reader.text("unit"),
        check_ins: reader.entries("check_ins").iter().map(|entry| (entry.key.clone(), check_in(&entry.value))).collect(),
        continues: reader.text("continues"),
        dropped: reader.text("dropped"),
        unaligned: reader.text("unaligned"),
    }
}

fn pace(node: &Node) -> Option<Pace> {
    match &node.value {
        Value::Map(entries) => {
            let point = |entry: &Entry| Some((entry.key.clone(), number(&entry.value)?));
            Some(Pace::Points(entries.iter().filter_map(point).collect()))
        }
        Value::Scalar(_) | Value::Null | Value::List(_) => text(node).map(Pace::Named),
    }
}

fn check_in(node: &Node) -> CheckIn {
    let reader = Reader::of(node);
    CheckIn {
        value: number(node).or_else(|| reader.number("value")),
        note: reader.text("note"),
        blocker: reader.text("blocker"),
        decision: reader.text("decision"),
    }
}

fn number(node: &Node) -> Option<Spanned<f64>> {
    let text = text(node)?;
    super::shape::number(&text.value).map(|value| Spanned::new(value, text.span))
}
