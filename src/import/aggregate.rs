//! A measure with its conditions as one aggregate of a formula.

use super::expression::{self, Names};
use super::node::{AND, ATOM, Leaf, Node, Ty, joined};
use super::paths;
use super::semantic::{Filter, Measure};
use super::sources::{self, Sources, quoted};
use super::template::{self, Part};

/// What a placeholder starts with.
const PLACEHOLDER: &str = "kpic_asked_";

/// An aggregate as it is asked for.
pub(super) struct Wanted<'a> {
    pub(super) at: usize,
    pub(super) measure: &'a Measure,
    pub(super) filters: &'a [&'a Filter],
    /// ` over trailing 7 days`, with the blank before it.
    pub(super) window: &'a str,
    /// Whether a time in a filter means the same, whatever window there is.
    pub(super) times: bool,
    /// Whether nothing counts as 0, so that nulls need no condition.
    pub(super) zero: bool,
}

/// An aggregate as a part of a formula, with what differs.
pub(super) struct Made {
    pub(super) leaf: Leaf,
    pub(super) differences: Vec<String>,
    /// Whether rows whose value is null do not count, where MetricFlow has a row without a value.
    pub(super) drops_nulls: bool,
    /// Whether a filter looks at a time.
    pub(super) looks_at_time: bool,
}

/// Makes an aggregate of a measure.
pub(super) fn make(sources: &mut Sources, wanted: &Wanted<'_>) -> Result<Made, String> {
    let measure = wanted.measure;
    if let Some(over) = &measure.non_additive_dimension {
        return Err(format!(
            "its measure does not add up over `{}`: declare a source of states, with `snapshot:` or `valid:`, and count its levels",
            super::short(&over.name)
        ));
    }
    let mut differences = Vec::new();
    let time = time(sources, wanted, &mut differences)?;
    let (mut conditions, mut looks_at_time) = (Vec::new(), false);
    for filter in wanted.filters {
        for text in &filter.0 {
            let read = condition(sources, wanted, &time, text)?;
            conditions.push(read.node);
            looks_at_time |= read.looks_at_time;
            differences.extend(read.difference.filter(|one| !differences.contains(one)));
        }
    }
    let own = conditions.len();
    let sql = measure.expr.as_deref().unwrap_or(&measure.name);
    let part = argument(sources, wanted, sql, &mut conditions, &mut differences)?;
    let drops_nulls = conditions.len() > own;
    let source = sources.source(wanted.at).ok_or("its model is not there")?;
    let at = if source.time.as_deref() == Some(time.as_str()) { String::new() } else { format!(" at {}", quoted(&time)) };
    let leaf = part.leaf(&quoted(&source.name), &conditions, &format!("{at}{}", wanted.window));
    Ok(Made { leaf, differences, drops_nulls, looks_at_time })
}

/// The column with the time by which rows count.
fn time(sources: &mut Sources, wanted: &Wanted<'_>, differences: &mut Vec<String>) -> Result<String, String> {
    let source = sources.source(wanted.at).ok_or("its model is not there")?;
    let named = wanted.measure.agg_time_dimension.clone().or_else(|| source.model.defaults.agg_time_dimension.clone());
    let dimension = named.as_ref().and_then(|name| source.model.dimensions.iter().find(|one| one.name == *name)).cloned();
    let dimension = dimension.ok_or("its model has no time by which rows count")?;
    let grain = dimension.type_params.time_granularity.as_deref().unwrap_or("day");
    if matches!(grain, "week" | "month" | "quarter" | "year") {
        differences.push(format!("its time is known by {grain}: ask for no finer grain, where MetricFlow has none"));
    }
    let name = sources.own_dimension(wanted.at, &dimension)?;
    if sources.leaf(wanted.at, &name).and_then(|leaf| leaf.ty) == Some(Ty::Instant) {
        differences.push("its days are those of `timezone` in kpic.yml, and not of the zone of a session".to_owned());
    }
    Ok(name)
}

/// What is aggregated.
pub(super) enum Argument {
    /// The rows themselves.
    Rows,
    /// A column, or a path to one.
    Column(String),
    /// What is computed of columns.
    Value(String),
}

/// An aggregate without its conditions.
pub(super) struct Aggregated {
    pub(super) function: &'static str,
    pub(super) percentile: Option<String>,
    pub(super) argument: Argument,
    pub(super) ty: Option<Ty>,
}

impl Aggregated {
    /// How a formula writes it, over the rows of a source for which conditions hold.
    pub(super) fn leaf(self, source: &str, conditions: &[Node], end: &str) -> Leaf {
        let (of, mut rest) = match self.argument {
            Argument::Rows => (source.to_owned(), String::new()),
            Argument::Column(column) => (format!("{source}.{column}"), String::new()),
            Argument::Value(value) => (value, format!(" from {source}")),
        };
        match conditions {
            [] => {}
            // One condition stands there as it is, several each as a part of `and`.
            [only] => rest.push_str(&format!(" where {}", only.written())),
            several => rest.push_str(&format!(" where {}", joined(several, " and ", AND + 1))),
        }
        let percentile = self.percentile.map(|percentile| format!(", {percentile}")).unwrap_or_default();
        let text = format!("{}({of}{percentile}{rest}{end})", self.function);
        Leaf { text, holds: ATOM, ty: self.ty, nullable: true, by_day: false, is_column: false }
    }
}

/// What is aggregated, and how.
fn argument(
    sources: &mut Sources,
    wanted: &Wanted<'_>,
    sql: &str,
    conditions: &mut Vec<Node>,
    differences: &mut Vec<String>,
) -> Result<Aggregated, String> {
    let agg = wanted.measure.agg.to_lowercase();
    let plain =
        |function: &'static str, argument: Argument, ty: Option<Ty>| Aggregated { function, percentile: None, argument, ty };
    if agg == "count_distinct"
        && let Some(reference) = reference(sources, wanted.at, sql)
    {
        return Ok(plain("count_distinct", Argument::Column(reference), Some(Ty::Integer)));
    }
    let node = value(sources, wanted, &agg, sql)?;
    let ty = node.ty();
    match agg.as_str() {
        "count" if !node.nullable() => Ok(plain("count", Argument::Rows, Some(Ty::Integer))),
        "count" => Ok(plain("count", of(&node), Some(Ty::Integer))),
        "count_distinct" => Ok(plain("count_distinct", of(&node), Some(Ty::Integer))),
        // A sum of ones counts rows.
        "sum" if node == Node::Number("1".to_owned()) => Ok(plain("count", Argument::Rows, Some(Ty::Integer))),
        "sum" => {
            let node = if wanted.zero { node } else { parted(node, conditions) };
            if !wanted.zero {
                // Without it a sum of nothing but nulls would be 0.
                let there = node.is_there();
                let new: Vec<Node> = there.into_iter().filter(|one| !conditions.contains(one)).collect();
                conditions.extend(new);
            }
            Ok(plain("sum", of(&node), ty))
        }
        "sum_boolean" => {
            let choice = Node::Call("if", vec![node, Node::Number("1".to_owned()), Node::Number("0".to_owned())]);
            Ok(plain("sum", of(&choice), Some(Ty::Integer)))
        }
        "average" => Ok(plain("avg", of(&node), Some(Ty::Number))),
        "min" => Ok(plain("min", of(&node), ty)),
        "max" => Ok(plain("max", of(&node), ty)),
        "median" => {
            unrounded(ty, differences);
            Ok(plain("median", of(&node), Some(Ty::Number)))
        }
        "percentile" => {
            let params = &wanted.measure.agg_params;
            if params.use_discrete_percentile {
                return Err("its percentile is a value that is there, and kpic's lies between two".to_owned());
            }
            if params.use_approximate_percentile {
                differences.push("its percentile is exact rather than an estimate".to_owned());
            } else {
                unrounded(ty, differences);
            }
            let share =
                params.percentile.filter(|share| (0.0..=1.0).contains(share)).ok_or("its percentile is not between 0 and 1")?;
            let percent = (share * 1e12).round() / 1e10;
            Ok(Aggregated { percentile: Some(format!("{percent}%")), ..plain("percentile", of(&node), Some(Ty::Number)) })
        }
        other => Err(format!("kpic does not know the aggregation `{}`", super::short(other))),
    }
}

/// Says that DuckDB rounds what lies between two decimals.
pub(super) fn unrounded(ty: Option<Ty>, differences: &mut Vec<String>) {
    if matches!(ty, Some(Ty::Decimal) | None) {
        differences.push("between two decimals it has all digits; DuckDB rounds it to those of the column".to_owned());
    }
}

/// A value as what is aggregated.
pub(super) fn of(node: &Node) -> Argument {
    match node {
        Node::Leaf(leaf) => Argument::Column(leaf.text.clone()),
        _ => Argument::Value(node.written()),
    }
}

/// `case when condition then x end` is x of the rows for which the condition is true.
pub(super) fn parted(node: Node, conditions: &mut Vec<Node>) -> Node {
    match node {
        Node::Case { operand: None, branches, otherwise: None } if branches.len() == 1 => {
            let mut then = Node::Null;
            for (when, value) in branches {
                conditions.push(when);
                then = value;
            }
            then
        }
        other => other,
    }
}

/// The reference that holds an entity's key, if that is what is counted.
fn reference(sources: &mut Sources, at: usize, sql: &str) -> Option<String> {
    let stored = sources::one_name(sql)?;
    let model = &sources.source(at)?.model;
    let of = |one: &&super::semantic::Entity| {
        one.kind == "foreign" && one.expr.as_deref().unwrap_or(&one.name).eq_ignore_ascii_case(&stored)
    };
    let entity = model.entities.iter().find(of)?.clone();
    let to = paths::target(sources, at, &entity.name, &|_| true).ok().flatten()?;
    sources.reference(at, &entity, to).ok().map(|name| quoted(&name))
}

/// What is aggregated: an expression, or a column with SQL where no formula says the same.
fn value(sources: &mut Sources, wanted: &Wanted<'_>, agg: &str, sql: &str) -> Result<Node, String> {
    let guess = match agg {
        "count_distinct" | "count" => Ty::Text,
        "sum_boolean" => Ty::Boolean,
        _ => Ty::Number,
    };
    if sources::one_name(sql).is_none()
        && let Ok(node) = sources.expression(wanted.at, sql)
    {
        return Ok(node);
    }
    let wish = crate::draft::snake(&wanted.measure.name).ok_or("its measure's name has no letters")?;
    let name = match sources::one_name(sql) {
        Some(stored) => sources
            .stored(wanted.at, &stored, None, guess)
            .ok_or_else(|| format!("its table has no column `{}`", super::short(&stored)))?,
        None => sources.column_of(wanted.at, &wish, sql, guess)?,
    };
    sources.leaf(wanted.at, &name).map(Node::Leaf).ok_or_else(|| "its column is not there".to_owned())
}

/// A filter as it was read.
struct Condition {
    node: Node,
    looks_at_time: bool,
    difference: Option<String>,
}

/// A filter as a condition.
fn condition(sources: &mut Sources, wanted: &Wanted<'_>, time: &str, text: &str) -> Result<Condition, String> {
    if text.to_lowercase().contains(PLACEHOLDER) {
        return Err("its filter has a name that kpic uses itself".to_owned());
    }
    let mut sql = String::new();
    let mut leaves = Vec::new();
    let (mut looks_at_time, mut difference) = (false, None);
    for part in template::parts(text)? {
        match part {
            Part::Sql(text) => sql.push_str(&text),
            Part::Asked(asked) => {
                let found = paths::find(sources, wanted.at, time, &asked)?;
                if found.is_time && !wanted.times {
                    return Err(
                        "its filter looks at a time, which means something else beside a window or an offset".to_owned()
                    );
                }
                looks_at_time |= found.is_time;
                difference = difference.or(found.difference);
                // Blanks on both sides keep it a word of its own.
                sql.push_str(&format!(" {PLACEHOLDER}{} ", leaves.len()));
                leaves.push(found.leaf);
            }
        }
    }
    let mut names = Asked { sources, at: wanted.at, leaves: &leaves };
    let read =
        expression::read(&sql, &mut names).map_err(|why| format!("its filter is not a condition that kpic reads: {why}"));
    read.map(|(node, _)| Condition { node, looks_at_time, difference })
}

/// The names in a filter: only what it asks for, since MetricFlow knows no others there.
struct Asked<'a> {
    sources: &'a Sources,
    at: usize,
    leaves: &'a [Leaf],
}

impl Names for Asked<'_> {
    fn leaf(&mut self, name: &str) -> Option<Leaf> {
        let number: usize = name.strip_prefix(PLACEHOLDER)?.parse().ok()?;
        debug_assert!(self.sources.source(self.at).is_some(), "the source of a filter");
        self.leaves.get(number).cloned()
    }

    fn is_of_metrics(&self) -> bool {
        false
    }

    fn cuts_quotients(&self) -> bool {
        self.sources.dialect.cuts_quotients()
    }
}
