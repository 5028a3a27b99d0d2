//! Metrics as formulas: what each is made of, with what differs, or why it is not carried.
//!
//! A metric that another uses as it is stands there by its name. One that is used with a filter is written out, since a filter belongs to
//! the rows of all that it is made of.

use super::aggregate::{self, Wanted};
use super::artifacts::Artifacts;
use super::expression::{self, Names};
use super::node::{ATOM, Leaf, Node, Ty};
use super::semantic::{Filter, Input, InputMeasure, Measure, Metric, SemanticModel, WindowOf};
use super::sources::Sources;
use crate::calendar::Grain;
use crate::draft::snake;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many metrics may be made of one another.
const DEEPEST: usize = 40;
/// What is said where something stands for a sum of nothing but nulls.
const ONLY_NULLS: &str =
    "where there is nothing but nulls to add up it has no row, and MetricFlow shows what stands for a missing value";
/// No formula that is longer is written.
const LONGEST: usize = 10_000;

/// A metric's formula.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else of it")]
pub(super) struct Formula {
    pub(super) node: Node,
    /// What differs from MetricFlow's figures.
    pub(super) differences: Vec<String>,
    /// The metrics that stand in it by name.
    pub(super) uses: Vec<String>,
    /// The source whose rows it counts first.
    pub(super) source: Option<usize>,
    /// The coarsest grain at which it has a value of its own.
    pub(super) grain: Option<Grain>,
    /// Whether every period has a row.
    pub(super) is_dense: bool,
    /// Whether sums and counts of its own are null over no rows.
    pub(super) is_null_over_nothing: bool,
    /// Whether rows whose value is null do not count.
    pub(super) drops_nulls: bool,
    /// Whether a filter looks at a time.
    looks_at_time: bool,
    /// Whether it adds up over more than its period.
    has_window: bool,
}

impl Formula {
    /// A formula that has no rows where nothing is there.
    pub(super) fn of(node: Node, differences: Vec<String>, uses: Vec<String>) -> Self {
        Self { uses, ..together(node, differences, []) }
    }
}

/// The formulas of all metrics.
pub(super) struct Metrics<'a> {
    sources: &'a mut Sources,
    pub(super) all: BTreeMap<String, Result<Metric, String>>,
    pub(super) names: HashMap<String, String>,
    measures: HashMap<String, (usize, Measure)>,
    done: HashMap<String, Result<Formula, String>>,
    under_way: Vec<String>,
}

impl<'a> Metrics<'a> {
    pub(super) fn of(artifacts: &Artifacts, sources: &'a mut Sources) -> Self {
        let mut measures = HashMap::new();
        for (at, model) in sources.all.iter().map(|source| &source.model).enumerate() {
            let SemanticModel { measures: own, .. } = model;
            measures.extend(own.iter().map(|measure| (measure.name.clone(), (at, measure.clone()))));
        }
        let mut all = BTreeMap::new();
        for (at, value) in artifacts.semantic.metrics.iter().enumerate() {
            let name = value
                .get("name")
                .and_then(serde_json::Value::as_str)
                .map_or_else(|| format!("metric {}", at + 1), str::to_owned);
            let read = serde_json::from_value::<Metric>(value.clone()).map_err(|error| super::unlike_dbt(&error));
            let is_twice = all.contains_key(&name);
            all.insert(name, if is_twice { Err("two metrics have its name".to_owned()) } else { read });
        }
        let mut taken = HashSet::new();
        let names = all
            .keys()
            .map(|name| (name.clone(), super::sources::free(&snake(name).unwrap_or_else(|| "metric".to_owned()), &mut taken)));
        let names = names.collect();
        Self { sources, all, names, measures, done: HashMap::new(), under_way: Vec::new() }
    }

    /// The formula of a metric.
    pub(super) fn formula(&mut self, name: &str) -> Result<Formula, String> {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let found = self.body(name, &[], true).and_then(|formula| {
            let is_long = formula.node.written().len() > LONGEST;
            if is_long { Err(format!("its formula would be longer than {LONGEST} bytes")) } else { Ok(formula) }
        });
        self.done.insert(name.to_owned(), found.clone());
        found
    }

    /// What stands for a metric in the formula of another.
    fn part(&mut self, input: &Input, filters: &[&Filter]) -> Result<Formula, String> {
        let all: Vec<&Filter> = filters.iter().copied().chain([&input.filter]).filter(|filter| !filter.0.is_empty()).collect();
        let why = |why: String| format!("it is made of `{}`, which is not carried: {why}", super::short(&input.name));
        let mut formula = if all.is_empty() {
            let used = self.formula(&input.name).map_err(why)?;
            let text = self.names.get(&input.name).cloned().unwrap_or_default();
            let leaf = Leaf { text, holds: ATOM, ty: used.node.ty(), nullable: true, by_day: false, is_column: false };
            let differs = format!("it is made of `{}`, which differs", super::short(&input.name));
            let differences = if used.differences.is_empty() { Vec::new() } else { vec![differs] };
            Formula { node: Node::Leaf(leaf), differences, uses: vec![input.name.clone()], is_null_over_nothing: false, ..used }
        } else {
            self.body(&input.name, &all, false).map_err(why)?
        };
        if input.offset_to_grain.is_some() {
            return Err("it looks at the first day of a period, which no formula does".to_owned());
        }
        if let Some(back) = &input.offset_window {
            if formula.looks_at_time {
                return Err("it looks back at a metric whose filter looks at a time, which may mean the time before or after"
                    .to_owned());
            }
            if formula.has_window {
                let open =
                    "in a period that is not over MetricFlow looks back to the same day, and kpic to the whole period before";
                formula.differences.push(open.to_owned());
            }
            let (count, unit) = length(back)?;
            let text = format!("prior({}, {count} {unit})", formula.node.written());
            let leaf = Leaf { text, holds: ATOM, ty: formula.node.ty(), nullable: true, by_day: false, is_column: false };
            formula.node = Node::Leaf(leaf);
            let grain = match unit.trim_end_matches('s') {
                "day" => Some(Grain::Day),
                "week" => Some(Grain::Week),
                _ => None,
            };
            let by_week = match unit.trim_end_matches('s') {
                "day" => Some("by week MetricFlow moves days, and kpic whole weeks"),
                "quarter" | "year" => {
                    Some("by week kpic goes back 13 weeks for a quarter and 52 for a year, where MetricFlow finds nothing")
                }
                _ => None,
            };
            formula
                .differences
                .extend(by_week.filter(|text| !formula.differences.iter().any(|known| known == text)).map(str::to_owned));
            formula.grain = finest(formula.grain, grain);
        }
        Ok(formula)
    }

    /// The formula of a metric of whose rows only some count; `is_own` where it is that of the metric's own KPI.
    fn body(&mut self, name: &str, filters: &[&Filter], is_own: bool) -> Result<Formula, String> {
        if self.under_way.iter().any(|known| known == name) {
            return Err("it is made of itself".to_owned());
        }
        if self.under_way.len() > DEEPEST {
            return Err(format!("more than {DEEPEST} metrics are made of one another"));
        }
        let metric = self.all.get(name).cloned().ok_or_else(|| format!("there is no metric `{}`", super::short(name)))??;
        self.under_way.push(name.to_owned());
        let filters: Vec<&Filter> =
            filters.iter().copied().chain([&metric.filter]).filter(|filter| !filter.0.is_empty()).collect();
        let formula = match metric.kind.as_str() {
            "simple" => self.simple(&metric, &filters, is_own),
            "ratio" => self.ratio(&metric, &filters),
            "derived" => self.derived(&metric, &filters),
            "cumulative" => self.cumulative(&metric, &filters, is_own),
            "conversion" => {
                Err("it is a conversion: declare a journey with both events as steps, and count what is reached".to_owned())
            }
            other => Err(format!("kpic does not know metrics of the type `{}`", super::short(other))),
        };
        self.under_way.pop();
        formula
    }

    fn simple(&mut self, metric: &Metric, filters: &[&Filter], is_own: bool) -> Result<Formula, String> {
        let input = input_of(metric);
        let (at, measure) = self.measure(metric, &input)?;
        let filters: Vec<&Filter> = filters.iter().copied().chain([&input.filter]).collect();
        self.aggregate(&Of { at, measure: &measure, input: &input, is_own }, &filters, "")
    }

    /// A measure, aggregated, with what is shown where there is nothing.
    fn aggregate(&mut self, of: &Of<'_>, filters: &[&Filter], window: &str) -> Result<Formula, String> {
        let Of { at, measure, input, is_own } = *of;
        let counts = matches!(measure.agg.to_lowercase().as_str(), "sum" | "count" | "count_distinct" | "sum_boolean");
        // Of a KPI of its own sums are 0 over nothing anyway.
        let zero = is_own && counts && input.fill_nulls_with == Some(0.0);
        let wanted = Wanted { at, measure, filters, window, times: window.is_empty(), zero };
        let made = aggregate::make(self.sources, &wanted)?;
        let node = match input.fill_nulls_with.filter(|_| !zero) {
            Some(number) => Node::Call("coalesce", vec![Node::Leaf(made.leaf), signed(number)]),
            None => Node::Leaf(made.leaf),
        };
        let mut differences = made.differences;
        if made.drops_nulls && matches!(node, Node::Call(..)) {
            differences.push(ONLY_NULLS.to_owned());
        }
        if input.join_to_timespine {
            let spine = "every day from `start` to `as_of` counts, in every slice; MetricFlow's are those of its time spine, without a slice";
            differences.push(spine.to_owned());
        }
        Ok(Formula {
            node,
            differences,
            uses: Vec::new(),
            source: Some(at),
            grain: self.coarse(at, measure),
            is_dense: input.join_to_timespine,
            is_null_over_nothing: counts && !zero,
            drops_nulls: made.drops_nulls,
            looks_at_time: made.looks_at_time,
            has_window: !window.is_empty(),
        })
    }

    /// The grain below which the time of a measure is not known.
    fn coarse(&self, at: usize, measure: &Measure) -> Option<Grain> {
        let model = &self.sources.source(at)?.model;
        let time = measure.agg_time_dimension.as_ref().or(model.defaults.agg_time_dimension.as_ref())?;
        let dimension = model.dimensions.iter().find(|one| one.name == *time)?;
        match dimension.type_params.time_granularity.as_deref()? {
            "quarter" => Some(Grain::Quarter),
            "year" => Some(Grain::Year),
            _ => None,
        }
    }

    /// The measure that a simple or cumulative metric aggregates, with the source that it is in.
    fn measure(&self, metric: &Metric, input: &InputMeasure) -> Result<(usize, Measure), String> {
        if let Some(own) = &metric.type_params.metric_aggregation_params
            && metric.type_params.measure.is_none()
        {
            let at = self.sources.find(&own.semantic_model);
            let at = at.ok_or_else(|| format!("its model `{}` is not there", super::short(&own.semantic_model)))?;
            let expr = own.expr.clone().or_else(|| metric.type_params.expr.clone());
            return Ok((at, Measure { name: metric.name.clone(), expr, ..own.clone() }));
        }
        let found = self.measures.get(&input.name).cloned();
        found.ok_or_else(|| format!("its measure `{}` is not there", super::short(&input.name)))
    }

    fn ratio(&mut self, metric: &Metric, filters: &[&Filter]) -> Result<Formula, String> {
        let params = &metric.type_params;
        let (Some(top), Some(bottom)) = (&params.numerator, &params.denominator) else {
            return Err("it lacks a numerator or a denominator".to_owned());
        };
        let (top, bottom) = (self.part(top, filters)?, self.part(bottom, filters)?);
        let node = Node::Binary("/", Box::new(top.node.clone()), Box::new(bottom.node.clone()));
        Ok(together(node, Vec::new(), [top, bottom]))
    }

    fn derived(&mut self, metric: &Metric, filters: &[&Filter]) -> Result<Formula, String> {
        let params = &metric.type_params;
        let expr = params.expr.as_deref().ok_or("it has no expression")?;
        let mut parts = HashMap::new();
        for input in &params.metrics {
            let name = input.alias.as_ref().unwrap_or(&input.name).to_lowercase();
            let part = self.part(input, filters)?;
            if parts.insert(name.clone(), part).is_some() {
                return Err(format!("two of its inputs are called `{}`", super::short(&name)));
            }
        }
        let mut names = Parts { parts: &parts, cuts: self.sources.dialect.cuts_quotients() };
        let (node, differences) =
            expression::read(expr, &mut names).map_err(|why| format!("its expression is not one that kpic reads: {why}"))?;
        let mut all: Vec<(String, Formula)> = parts.into_iter().collect();
        let order = |name: &str| {
            params.metrics.iter().position(|input| input.alias.as_ref().unwrap_or(&input.name).eq_ignore_ascii_case(name))
        };
        all.sort_by_key(|(name, _)| order(name));
        let mut differences = differences;
        if node.fills() && all.iter().any(|(_, part)| part.drops_nulls) {
            differences.push(ONLY_NULLS.to_owned());
        }
        Ok(together(node, differences, all.into_iter().map(|(_, part)| part)))
    }

    fn cumulative(&mut self, metric: &Metric, filters: &[&Filter], is_own: bool) -> Result<Formula, String> {
        let params = &metric.type_params;
        let own = &params.cumulative_type_params;
        // A newer one names a simple metric in the place of a measure.
        let (inner, input, more) = match &own.metric {
            Some(named) => {
                let inner = self
                    .all
                    .get(&named.name)
                    .cloned()
                    .ok_or_else(|| format!("there is no metric `{}`", super::short(&named.name)))??;
                let input = input_of(&inner);
                (inner.clone(), input, vec![named.filter.clone(), inner.filter.clone()])
            }
            None => (metric.clone(), input_of(metric), Vec::new()),
        };
        if inner.kind != "simple" && own.metric.is_some() {
            return Err(format!("it adds up `{}`, which is not simple", super::short(&inner.name)));
        }
        let (at, measure) = self.measure(&inner, &input)?;
        let mut differences = Vec::new();
        if own.metric.as_ref().is_some_and(|named| !named.filter.0.is_empty()) {
            differences.push("MetricFlow 0.213 and others do not heed the filter of `input_metric`, and kpic does".to_owned());
        }
        let filters: Vec<&Filter> = filters.iter().copied().chain(&more).chain([&input.filter]).collect();
        let to_date = own.grain_to_date.as_ref().or(params.grain_to_date.as_ref());
        let window = match (own.window.as_ref().or(params.window.as_ref()), to_date) {
            (Some(window), None) => {
                let (count, unit) = length(window)?;
                if !unit.starts_with("day") && !unit.starts_with("week") {
                    differences.push("at the ends of months its window may be up to three days longer or shorter".to_owned());
                }
                format!(" over trailing {count} {unit}")
            }
            (None, Some(grain)) => match grain.to_lowercase().as_str() {
                grain @ ("week" | "month" | "quarter" | "year") => format!(" over {grain} to date"),
                other => return Err(format!("kpic adds nothing up since the start of a {}", super::short(other))),
            },
            (None, None) => " over all time".to_owned(),
            (Some(_), Some(_)) => return Err("it has both a window and a grain to date".to_owned()),
        };
        let mut formula = self.aggregate(&Of { at, measure: &measure, input: &input, is_own }, &filters, &window)?;
        match own.period_agg.as_deref().unwrap_or("first").to_lowercase().as_str() {
            "last" => {}
            "average" => {
                let text = format!("avg({} each day)", formula.node.written());
                let leaf = Leaf { text, holds: ATOM, ty: Some(Ty::Number), nullable: true, by_day: false, is_column: false };
                formula.node = Node::Leaf(leaf);
            }
            "first" => {
                formula.grain = Some(Grain::Day);
                differences.push(
                    "by week and longer MetricFlow shows the value of the first day, and kpic that of the last".to_owned(),
                );
            }
            other => return Err(format!("kpic does not know the period aggregation `{}`", super::short(other))),
        }
        formula.differences.extend(differences);
        Ok(formula)
    }
}

/// A measure as a metric uses it.
struct Of<'a> {
    at: usize,
    measure: &'a Measure,
    input: &'a InputMeasure,
    /// Whether nothing else stands in the KPI's formula.
    is_own: bool,
}

/// The measure that a metric names, with what a newer metric says itself.
fn input_of(metric: &Metric) -> InputMeasure {
    let params = &metric.type_params;
    let own = params.measure.clone().unwrap_or_default();
    InputMeasure {
        join_to_timespine: own.join_to_timespine || params.join_to_timespine,
        fill_nulls_with: own.fill_nulls_with.or(params.fill_nulls_with),
        ..own
    }
}

/// A formula over several parts.
fn together(node: Node, differences: Vec<String>, parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut whole = Formula {
        node,
        differences,
        uses: Vec::new(),
        source: None,
        grain: None,
        is_dense: false,
        is_null_over_nothing: false,
        drops_nulls: false,
        looks_at_time: false,
        has_window: false,
    };
    for part in parts {
        let new: Vec<String> = part.differences.into_iter().filter(|one| !whole.differences.contains(one)).collect();
        whole.differences.extend(new);
        whole.uses.extend(part.uses);
        whole.source = whole.source.or(part.source);
        whole.grain = finest(whole.grain, part.grain);
        whole.is_dense |= part.is_dense;
        whole.is_null_over_nothing |= part.is_null_over_nothing;
        whole.drops_nulls |= part.drops_nulls;
        whole.looks_at_time |= part.looks_at_time;
        whole.has_window |= part.has_window;
    }
    whole
}

fn finest(one: Option<Grain>, other: Option<Grain>) -> Option<Grain> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(Grain::Day.min(one).min(other)),
        (one, other) => one.or(other),
    }
}

/// A number of periods, in words of formulas.
fn length(window: &WindowOf) -> Result<(u32, String), String> {
    let unit = window.granularity.to_lowercase();
    let unit = unit.strip_suffix('s').unwrap_or(&unit);
    match (window.count, unit) {
        (0, _) => Err("its window has no length".to_owned()),
        (1, "day" | "week" | "month" | "quarter" | "year") => Ok((1, unit.to_owned())),
        (count, "day" | "week" | "month" | "quarter" | "year") => Ok((count, format!("{unit}s"))),
        (_, other) => Err(format!("its window is in units of {}", super::short(other))),
    }
}

fn signed(number: f64) -> Node {
    let digits = Node::Number(number.abs().to_string());
    if number < 0.0 { Node::Negate(Box::new(digits)) } else { digits }
}

/// The parts of a derived metric as the names of its expression.
struct Parts<'a> {
    parts: &'a HashMap<String, Formula>,
    cuts: bool,
}

impl Names for Parts<'_> {
    fn leaf(&mut self, name: &str) -> Option<Leaf> {
        let node = &self.parts.get(&name.to_lowercase())?.node;
        Some(Leaf { text: node.written(), holds: node.holds(), ty: node.ty(), nullable: true, by_day: false, is_column: false })
    }

    fn is_of_metrics(&self) -> bool {
        true
    }

    fn cuts_quotients(&self) -> bool {
        self.cuts
    }
}
