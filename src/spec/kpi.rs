//! `kpis:`, the figures and what they mean.

use super::allow;
use super::project::MADE;
use super::reader::{FormulaText, Reader, Text, text, text_list};
use super::shape::{Field, Record, Shape};
use super::targets::made;
use crate::calendar::Grain;
use crate::load::{Entry, Node, Value, json};
use crate::model::{Better, Confidence, Made};
use crate::text::{Files, Name, Span, Spanned};

/// A KPI as written.
#[derive(Debug, Clone)]
pub struct Kpi {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it means.
    pub description: Option<Text>,
    /// How it is computed.
    pub formula: Option<FormulaText>,
    /// Of which rows only, by their dimensions. A question may say so beside its formulas.
    pub part: Option<FormulaText>,
    /// The columns of the question that it is a condition on, if it is one.
    pub having: Option<Columns>,
    /// Whether a formula or values were given but could not be read, so that it must not be called missing.
    pub broken: bool,
    /// Where its unit is written, in a way that can be read or not.
    pub unit_span: Option<Span>,
    /// The figures of a hand-kept KPI, by period.
    pub values: Vec<(Name, Text)>,
    /// Where its figures start.
    pub values_span: Option<Span>,
    /// What readers may do with the values of a hand-kept KPI.
    pub kind: Option<Text>,
    /// The unit.
    pub unit: Option<Text>,
    /// Which way is good.
    pub better: Option<Better>,
    /// The team that owns it.
    pub owner: Option<Name>,
    /// The grain of its figures.
    pub grain: Option<Spanned<Grain>>,
    /// Further grains to emit.
    pub grains: Vec<Spanned<Grain>>,
    /// Slices to emit, each a list of dimensions.
    pub by: Vec<Spanned<Vec<Name>>>,
    /// The ages at which its cohorts are looked at.
    pub age: Option<Ages>,
    /// Whether rows without data are left out.
    pub omit_gaps: bool,
    /// Where it says that its sums and counts over no rows are null, if it does.
    pub empty_is_null: Option<Span>,
    /// How sure the interval of its sampling error is, if it shows one.
    pub interval: Option<Text>,
    /// On how many rows a figure has to rest to say something.
    pub min_rows: Option<Spanned<u32>>,
    /// What its views become in the warehouse, if it says so.
    pub made: Option<Made>,
    /// Its values in taxonomies, by the taxonomy's name.
    pub taxonomies: Vec<(Name, Text)>,
    /// `leading` or `lagging`.
    pub signal: Option<Text>,
    /// `real_time`, `periodic` or `long_term`.
    pub horizon: Option<Text>,
    /// What it is claimed to move.
    pub drives: Vec<Drive>,
    /// Why it need not move the North Star.
    pub unaligned: Option<Text>,
    /// What a good or bad value means.
    pub insight: Option<Text>,
    /// Questions that it answers.
    pub questions: Vec<Text>,
    /// Free labels.
    pub tags: Vec<Text>,
    /// Why it should not be used any more.
    pub deprecated: Option<Deprecated>,
    /// Former names.
    pub aliases: Vec<Name>,
    /// Anything, for programs that read the manifest.
    pub meta: serde_json::Value,
}

/// What a condition on the columns of a question may name: the columns, each with the KPI that it shows.
#[derive(Debug, Clone, Default)]
pub struct Columns(pub Vec<(String, String)>);

impl Columns {
    /// The KPI that a column shows.
    pub fn kpi(&self, column: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, kpi)| kpi.as_str())
    }
}

/// The ages at which cohorts are looked at, as written.
#[derive(Debug, Clone)]
pub struct Ages {
    /// Where the key stands.
    pub span: Span,
    /// The unit in which ages are counted.
    pub unit: Option<Spanned<Grain>>,
    /// The last age.
    pub up_to: Option<Spanned<u32>>,
}

/// A claim that one KPI moves another.
#[derive(Debug, Clone)]
pub struct Drive {
    /// The KPI that is moved.
    pub kpi: Name,
    /// `up` or `down`.
    pub effect: Option<Text>,
    /// How long it takes.
    pub lag: Option<Text>,
    /// Why.
    pub because: Option<Text>,
}

/// That a KPI should not be used any more.
#[derive(Debug, Clone)]
pub struct Deprecated {
    /// Since when.
    pub since: Option<Text>,
    /// What to use instead.
    pub instead: Option<Name>,
    /// Why.
    pub because: Option<Text>,
}

static BETTER: Record = Record {
    what: "`better`",
    fields: &[Field::new("between", Shape::Bounds, "The two values between which it should be.")
        .example("[0.4, 0.6]")
        .required()],
};

static AGE: Record = Record {
    what: "`age`",
    fields: &[
        Field::new("unit", GRAIN, "The unit of ages: age 1 is the unit after the one that contains the cohort's row.")
            .example("month")
            .required(),
        Field::new("up_to", Shape::Count, "The last age; the first is 0.").example("12").required(),
    ],
};

static DRIVE: Record = Record {
    what: "an entry of `drives`",
    fields: &[
        Field::new("kpi", Shape::Name, "The KPI that is moved.").example("new_customers").required(),
        Field::new("effect", Shape::Word(&["up", "down"]), "Which way it moves when this one rises.").required(),
        Field::new("lag", Shape::Text, "How long that takes: `1 month`.").example("1 month"),
        Field::new("because", Shape::Text, "Why it should be so.").example("More signups feed the sales funnel."),
    ],
};

static DEPRECATED: Record = Record {
    what: "`deprecated`",
    fields: &[
        Field::new("since", Shape::Day, "The day from which it should no longer be used.").example("2025-06-01"),
        Field::new("use", Shape::Name, "The KPI to use instead.").example("signup_rate"),
        Field::new("because", Shape::Text, "Why.").example("It counted test accounts."),
    ],
};

/// The names of the kinds of values over time.
pub const KINDS: &[&str] = &["flow", "stock", "distinct", "movement", "ratio"];

const GRAIN: Shape = Shape::Word(&Grain::NAMES);

/// The keys of a KPI.
pub static KPI: Record = Record {
    what: "a KPI",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("Revenue"),
        Field::new("description", Shape::Text, "What it means.").example("What customers paid; refunds are left out."),
        Field::new("formula", Shape::Formula, "How it is computed.").example("sum(orders.amount where status = 'paid')"),
        Field::new("values", Shape::Map(&Shape::Number), "Hand-kept figures, by period, instead of a formula.")
            .example("{ 2024-Q1: 900_000, 2024-Q2: 1_000_000 }"),
        Field::new("kind", Shape::Word(KINDS), "How hand-kept figures add up over time."),
        Field::new("unit", Shape::Text, "The unit: a currency, a time unit, a noun, `%`, `points`, or a quotient of them.")
            .example("EUR"),
        Field::new(
            "better",
            Shape::Either(&[Shape::Word(&["up", "down"]), Shape::Record(&BETTER)]),
            "Which direction is good: `up`, `down` or `{ between: [a, b] }`.",
        ),
        Field::new("owner", Shape::Name, "The team that owns it.").example("growth"),
        Field::new("grain", GRAIN, "The grain of its figures. Default: month."),
        Field::new("grains", Shape::List(&GRAIN), "Further grains to emit.").example("[week, day]"),
        Field::new(
            "by",
            Shape::List(&Shape::Either(&[Shape::Name, Shape::List(&Shape::Name)])),
            "Slices to emit, each a dimension or a list of dimensions. The total is always emitted.",
        )
        .example("[channel, [channel, country]]"),
        Field::new(
            "age",
            Shape::Record(&AGE),
            "The ages of cohorts; the formula then has aggregates `over age`, and the views have a column `age`.",
        )
        .example("{ unit: month, up_to: 12 }"),
        Field::new("gaps", Shape::Word(&["show", "omit"]), "Whether periods without data have a row. Default: show."),
        Field::new(
            "empty",
            Shape::Either(&[Shape::Nothing, Shape::Word(&["zero"])]),
            "The value of its sums and counts over no rows: `null` or `zero`. Default: zero.",
        )
        .example("null"),
        Field::new(
            "interval",
            Shape::Word(&Confidence::WORDS),
            "How sure the interval is that its views show beside the value: of a share of rows, a difference of two, or a mean.",
        )
        .example("95%"),
        Field::new("min_rows", Shape::Count, "On fewer rows than these a figure is marked.").example("30"),
        Field::new("materialize", MADE, "Whether its views are views or tables. Default: what kpic.yml says.").example("table"),
        Field::new("stage", Shape::Text, "The stage of the customer's journey that it measures.").example("decision"),
        Field::new("driver", Shape::Text, "The driver of value that it measures.").example("revenue_velocity"),
        Field::new("taxonomies", Shape::Map(&Shape::Text), "Its values in the project's own taxonomies.")
            .example("{ segment: enterprise }"),
        Field::new("signal", Shape::Word(&["leading", "lagging"]), "Whether it moves before or after results do."),
        Field::new("horizon", Shape::Word(&["real_time", "periodic", "long_term"]), "How soon it shows a change."),
        Field::new("drives", Shape::List(&Shape::Record(&DRIVE)), "Causal claims that the arithmetic does not show."),
        Field::new("unaligned", Shape::Text, "Why it need not move the North Star.").example("The law asks for it."),
        Field::new("insight", Shape::Text, "What a good or bad value means.")
            .example("A high rate means that the first offer convinces."),
        Field::new("questions", Shape::List(&Shape::Text), "Questions that it answers.")
            .example("[Is the value proposition compelling?]"),
        Field::new("tags", Shape::List(&Shape::Text), "Free labels.").example("[funnel]"),
        Field::new("deprecated", Shape::Record(&DEPRECATED), "That it should no longer be used, and what to use instead."),
        Field::new("aliases", Shape::List(&Shape::Name), "Former names, which keep their views.").example("[turnover]"),
        allow::FIELD,
        Field::new("meta", Shape::Any, "Anything; copied into the manifest.").example("{ ticket: BI-42 }"),
    ],
};

/// Reads one KPI.
pub fn decode(entry: &Entry, files: &Files) -> Kpi {
    let reader = Reader::of(&entry.value);
    let formula = reader.formula("formula", files);
    let values: Vec<_> =
        reader.entries("values").iter().filter_map(|entry| Some((entry.key.clone(), text(&entry.value)?))).collect();
    let is_map = matches!(entry.value.value, Value::Map(_) | Value::Null);
    let given = !is_map || reader.get("formula").is_some() || reader.get("values").is_some();
    let built_in = ["stage", "driver"]
        .into_iter()
        .filter_map(|key| Some((Name::new(key.to_owned(), reader.key_span(key)?), reader.text(key)?)));
    let own = reader.entries("taxonomies").iter().filter_map(|entry| Some((entry.key.clone(), text(&entry.value)?)));
    Kpi {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        broken: given && formula.is_none() && values.is_empty(),
        formula,
        part: None,
        having: None,
        values,
        values_span: reader.key_span("values"),
        kind: reader.text("kind"),
        unit: reader.text("unit"),
        unit_span: reader.key_span("unit"),
        better: reader.get("better").and_then(better),
        owner: reader.text("owner"),
        grain: reader.grain("grain"),
        grains: reader.items("grains").iter().filter_map(grain).collect(),
        by: reader.items("by").iter().map(|node| Spanned::new(text_list(node), node.span)).collect(),
        age: reader.key_span("age").map(|span| {
            let record = reader.record("age");
            let unit = record.as_ref().and_then(|record| record.grain("unit"));
            Ages { span, unit, up_to: record.and_then(|record| record.count("up_to")) }
        }),
        omit_gaps: reader.text("gaps").is_some_and(|text| text.value == "omit"),
        empty_is_null: reader.get("empty").filter(|node| Shape::Nothing.takes(node)).and_then(|_| reader.key_span("empty")),
        interval: reader.text("interval"),
        min_rows: reader.count("min_rows"),
        made: made(Some(reader)),
        taxonomies: built_in.chain(own).collect(),
        signal: reader.text("signal"),
        horizon: reader.text("horizon"),
        drives: reader.items("drives").iter().filter_map(drive).collect(),
        unaligned: reader.text("unaligned"),
        insight: reader.text("insight"),
        questions: reader.texts("questions"),
        tags: reader.texts("tags"),
        deprecated: reader.record("deprecated").map(|record| Deprecated {
            since: record.text("since"),
            instead: record.text("use"),
            because: record.text("because"),
        }),
        aliases: reader.texts("aliases"),
        meta: reader.get("meta").map(json::value).unwrap_or_default(),
    }
}

impl Kpi {
    /// Whether that is its name, or a former one.
    pub fn goes_by(&self, name: &str) -> bool {
        self.name.value == name || self.aliases.iter().any(|alias| alias.value == name)
    }

    /// A KPI that no file defines: a formula that somebody asks for.
    pub fn asked(name: Name, formula: FormulaText) -> Self {
        Self {
            name,
            title: None,
            description: None,
            formula: Some(formula),
            part: None,
            having: None,
            broken: false,
            unit_span: None,
            values: Vec::new(),
            values_span: None,
            kind: None,
            unit: None,
            better: None,
            owner: None,
            grain: None,
            grains: Vec::new(),
            by: Vec::new(),
            age: None,
            omit_gaps: false,
            empty_is_null: None,
            interval: None,
            min_rows: None,
            made: None,
            taxonomies: Vec::new(),
            signal: None,
            horizon: None,
            drives: Vec::new(),
            unaligned: None,
            insight: None,
            questions: Vec::new(),
            tags: Vec::new(),
            deprecated: None,
            aliases: Vec::new(),
            meta: serde_json::Value::default(),
        }
    }
}

fn grain(node: &Node) -> Option<Spanned<Grain>> {
    let text = text(node)?;
    let exact = Grain::NAMES.contains(&text.value.as_str());
    Grain::parse(&text.value).filter(|_| exact).map(|grain| Spanned::new(grain, text.span))
}

fn better(node: &Node) -> Option<Better> {
    if let Some(text) = text(node) {
        return match text.value.as_str() {
            "up" => Some(Better::Up),
            "down" => Some(Better::Down),
            _ => None,
        };
    }
    let bounds = Reader::of(node).texts("between");
    let numbers: Vec<f64> = bounds.iter().filter_map(|text| super::shape::number(&text.value)).collect();
    match numbers.as_slice() {
        [low, high] => Some(Better::Between(*low, *high)),
        _ => None,
    }
}

fn drive(node: &Node) -> Option<Drive> {
    let reader = Reader::of(node);
    Some(Drive {
        kpi: reader.text("kpi")?,
        effect: reader.text("effect"),
        lag: reader.text("lag"),
        because: reader.text("because"),
    })
}
