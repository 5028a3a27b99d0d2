//! How much each component of a KPI contributed to its change between two periods, exactly: what the parts contribute adds up to the
//! change, with nothing left over.
//!
//! [`Tree::of`] takes a KPI's formula apart down to its components (KPIs, and aggregates that are no KPI), then theirs, as far as
//! that reads well. A component's contribution is its own change times a slope, and each function between it and the KPI gives
//! one factor of the slope:
//!
//! - Sums and differences: 1 and -1.
//! - Products and quotients: by the logarithmic mean L(x, y) = (x - y) / ln(x / y). In `a * b` the slope of a is L(a * b) / L(a). It
//!   treats all factors alike, and chains of them. Where a value is 0 or changes its sign there is no such mean; then half of the
//!   change of a counts with b as it was and half with b as it is, and the contribution says so.
//! - A function of one changing value: the ratio of the two changes.
//! - Anything else cannot be taken apart: it counts as one component.
//!
//! A slope is found from values only, so the same tree serves for numbers here and for SQL in `plan`.

use crate::functions::operators;
use crate::model::expr::{Calc, CalcLeaf, Expr, Node, Past};
use crate::model::{Body, KpiId, Model};
use crate::text::Files;
use std::collections::HashMap;

/// No more levels of components below a KPI than this.
const DEEPEST: usize = 4;
/// Components are taken apart as long as there are no more than this.
const MOST: usize = 60;

/// A KPI taken apart.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The KPI.
    pub kpi: KpiId,
    /// What has to be known at both periods; the KPI itself is the first.
    pub values: Vec<Calc>,
    /// Its components, each after the one that it is a part of; the KPI itself is the first.
    pub components: Vec<Component>,
}

/// A part of a KPI whose contribution is told.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its value, by its place in [`Tree::values`].
    pub value: usize,
    /// What it is a part of, by its place in [`Tree::components`]; nothing for the KPI itself.
    pub parent: Option<usize>,
    /// How far it is below the KPI.
    pub level: usize,
    /// The KPI that it is, if it is one.
    pub kpi: Option<KpiId>,
    /// Its name, or its text as written.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it is taken apart further.
    pub is_open: bool,
    /// For each place in its parent's formula where it stands the slopes from there up to the parent.
    pub slopes: Vec<Vec<Slope>>,
}

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A KPI.
    Kpi,
    /// An aggregate that is no KPI.
    Aggregate,
    /// A part of the formula that cannot be taken apart.
    Expression,
}

impl Kind {
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Kpi => "kpi",
            Kind::Aggregate => "aggregate",
            Kind::Expression => "expression",
        }
    }
}

/// How much a value changes for each unit by which a part of it does. Values are named by their places in [`Tree::values`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slope {
    /// Always so much.
    Times(f64),
    /// In a product.
    Factor {
        /// The product.
        whole: usize,
        /// The part.
        own: usize,
        /// The other factor.
        other: usize,
    },
    /// In what is divided.
    Dividend {
        /// The quotient.
        whole: usize,
        /// The part.
        own: usize,
        /// The divisor.
        divisor: usize,
    },
    /// In a divisor.
    Divisor {
        /// The quotient.
        whole: usize,
        /// The part.
        own: usize,
        /// What is divided.
        dividend: usize,
    },
    /// In a function of nothing else that changes.
    Alone {
        /// The function's value.
        whole: usize,
        /// The part.
        own: usize,
    },
}

/// By which rule a contribution was found. A later one hides those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// By differences alone.
    Difference,
    /// By the ratio of two changes.
    Alone,
    /// By the logarithmic mean.
    LogarithmicMean,
    /// By the midpoint, where there is no logarithmic mean.
    Midpoint,
}

impl Rule {
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Difference => "difference",
            Rule::Alone => "ratio of changes",
            Rule::LogarithmicMean => "logarithmic mean",
            Rule::Midpoint => "midpoint",
        }
    }
}

/// What a component contributed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Its value before.
    pub before: Option<f64>,
    /// Its value now.
    pub now: Option<f64>,
    /// What it contributed to the change of the KPI; nothing where one of the values is null.
    pub amount: Option<f64>,
    /// How that was found.
    pub rule: Rule,
}

impl Tree {
    /// Takes a KPI apart.
    pub fn of(model: &Model, files: &Files, kpi: KpiId) -> Self {
        let tree = Self { kpi, values: Vec::new(), components: Vec::new() };
        let mut builder = Builder { model, files, tree, places: HashMap::new() };
        let value = builder.value(&Expr::leaf(CalcLeaf::Kpi(kpi)));
        let name = model.kpis.get(kpi).name.value.clone();
        builder.tree.components.push(Component {
            value,
            parent: None,
            level: 0,
            kpi: Some(kpi),
            name,
            kind: Kind::Kpi,
            is_open: false,
            slopes: vec![Vec::new()],
        });
        // Level by level, so that what is near is taken apart first.
        let mut at = 0;
        while at < builder.tree.components.len() {
            builder.open(at);
            at += 1;
        }
        builder.tree
    }

    /// What each component contributed, given all values before and now.
    pub fn contributions(&self, before: &[Option<f64>], now: &[Option<f64>]) -> Vec<Contribution> {
        let pair = |at: usize| Some((before.get(at).copied().flatten()?, now.get(at).copied().flatten()?));
        // Where nothing is known of the KPI itself, nothing can have contributed.
        let is_known = self.components.first().is_some_and(|whole| pair(whole.value).is_some());
        let mut slopes: Vec<Option<f64>> = Vec::with_capacity(self.components.len());
        let mut all = Vec::with_capacity(self.components.len());
        for component in &self.components {
            let mut rule = Rule::Difference;
            let mut own = Some(0.0);
            for place in &component.slopes {
                let mut slope = Some(1.0);
                for step in place {
                    let found = step.value(pair);
                    rule = found.map_or(rule, |(_, by)| rule.max(by));
                    slope = slope.and_then(|slope: f64| Some(slope * found?.0));
                }
                own = own.and_then(|own: f64| Some(own + slope?));
            }
            let above = component.parent.map_or(Some(1.0), |parent| slopes.get(parent).copied().flatten());
            let slope = above.and_then(|above| Some(above * own?));
            slopes.push(slope);
            all.push(Contribution {
                before: before.get(component.value).copied().flatten(),
                now: now.get(component.value).copied().flatten(),
                amount: pair(component.value)
                    .filter(|_| is_known)
                    .and_then(|(before, now)| Some(slope? * (now - before)))
                    .filter(|amount| amount.is_finite()),
                rule,
            });
        }
        all
    }
}

impl Slope {
    /// Its value, and by which rule.
    fn value(self, pair: impl Fn(usize) -> Option<(f64, f64)>) -> Option<(f64, Rule)> {
        let by_mean = |whole: usize, own: usize| {
            let (whole, own) = (pair(whole)?, pair(own)?);
            Some(mean(whole.0, whole.1)? / mean(own.0, own.1)?)
        };
        let or = |found: Option<f64>, midpoint: f64| match found {
            Some(slope) => (slope, Rule::LogarithmicMean),
            None => (midpoint, Rule::Midpoint),
        };
        Some(match self {
            Slope::Times(factor) => (factor, Rule::Difference),
            Slope::Factor { whole, own, other } => {
                // Where the whole is null nothing moved it.
                let (_, (before, now)) = (pair(whole)?, pair(other)?);
                or(by_mean(whole, own), f64::midpoint(before, now))
            }
            Slope::Dividend { whole, own, divisor } => {
                let (_, (before, now)) = (pair(whole)?, pair(divisor)?);
                or(by_mean(whole, own), f64::midpoint(1.0 / before, 1.0 / now))
            }
            Slope::Divisor { whole, own, dividend } => {
                let (_, (before, now), (above, below)) = (pair(whole)?, pair(own)?, pair(dividend)?);
                or(by_mean(whole, own).map(|slope| -slope), -f64::midpoint(above, below) / (before * now))
            }
            Slope::Alone { whole, own } => {
                let ((before, now), (one, two)) = (pair(own)?, pair(whole)?);
                // What did not change moved nothing.
                #[expect(clippy::float_cmp, reason = "exactly the same value is meant")]
                let slope = if before == now { 0.0 } else { (two - one) / (now - before) };
                (slope, Rule::Alone)
            }
        })
    }
}

/// How near two values are whose mean is found by a series: the difference of their logarithms has too few digits.
pub const NEAR: f64 = 1e-4;

/// The logarithmic mean of two values of one sign; nothing for others.
pub fn mean(one: f64, two: f64) -> Option<f64> {
    if one * two <= 0.0 {
        return None;
    }
    let apart = (two - one) / (one + two);
    Some(if apart.abs() <= NEAR {
        f64::midpoint(one, two) * (1.0 - apart * apart / 3.0)
    } else {
        (two - one) / (two / one).ln()
    })
}

struct Builder<'a> {
    model: &'a Model,
    files: &'a Files,
    tree: Tree,
    places: HashMap<Calc, usize>,
}

impl Builder<'_> {
    /// The place of a value.
    fn value(&mut self, calc: &Calc) -> usize {
        if let Some(at) = self.places.get(calc) {
            return *at;
        }
        let at = self.tree.values.len();
        self.tree.values.push(calc.clone());
        self.places.insert(calc.clone(), at);
        at
    }

    /// Takes a component apart, if it is a KPI with a formula of several parts and there is room.
    fn open(&mut self, at: usize) {
        let Some((kpi, level)) = self.tree.components.get(at).and_then(|component| Some((component.kpi?, component.level)))
        else {
            return;
        };
        let model = self.model;
        let kpi = model.kpis.get(kpi);
        let Body::Formula(calc) = &kpi.body else { return };
        // A single aggregate is the figure itself.
        let is_one = matches!(&calc.node, Node::Leaf(CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_)));
        if is_one || level >= DEEPEST || self.tree.components.len() > MOST {
            return;
        }
        let scale = kpi.facts.scale;
        let above = if (scale - 1.0).abs() < f64::EPSILON {
            // What its formula gives is its value.
            if let Some(value) = self.tree.components.get(at).map(|component| component.value) {
                self.places.entry(calc.clone()).or_insert(value);
            }
            Vec::new()
        } else {
            vec![Slope::Times(scale)]
        };
        let first = self.tree.components.len();
        self.part(calc, &above, at, level + 1, first);
        let any = self.tree.components.len() > first;
        if let Some(component) = self.tree.components.get_mut(at) {
            component.is_open = any;
        }
    }

    /// A part of a formula; `above` are the slopes from it up to the component at `parent`.
    fn part(&mut self, calc: &Calc, above: &[Slope], parent: usize, level: usize, first: usize) {
        let with = |slope: Slope| [above, &[slope]].concat();
        match &calc.node {
            Node::Literal(_) | Node::Broken | Node::Leaf(CalcLeaf::Duration(..)) => {}
            Node::Leaf(CalcLeaf::Kpi(id)) => {
                let name = self.model.kpis.get(*id).name.value.clone();
                self.component(calc, above, parent, level, first, Some(*id), name, Kind::Kpi);
            }
            Node::Leaf(leaf) => {
                let kind = match leaf {
                    CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => Kind::Aggregate,
                    _ => Kind::Expression,
                };
                self.component(calc, above, parent, level, first, None, self.text(calc), kind);
            }
            Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
                ("+", [one, two]) => {
                    self.part(one, above, parent, level, first);
                    self.part(two, above, parent, level, first);
                }
                ("-", [one, two]) => {
                    self.part(one, above, parent, level, first);
                    self.part(two, &with(Slope::Times(-1.0)), parent, level, first);
                }
                ("negate", [one]) => self.part(one, &with(Slope::Times(-1.0)), parent, level, first),
                ("to number" | "widen", [one]) => self.part(one, above, parent, level, first),
                ("*", [one, two]) => match (number(one), number(two)) {
                    (Some(factor), _) => self.part(two, &with(Slope::Times(factor)), parent, level, first),
                    (_, Some(factor)) => self.part(one, &with(Slope::Times(factor)), parent, level, first),
                    (None, None) => {
                        let (whole, left, right) = (self.value(calc), self.value(one), self.value(two));
                        self.part(one, &with(Slope::Factor { whole, own: left, other: right }), parent, level, first);
                        self.part(two, &with(Slope::Factor { whole, own: right, other: left }), parent, level, first);
                    }
                },
                ("/", [one, two]) => {
                    if let Some(divisor) = number(two) {
                        self.part(one, &with(Slope::Times(1.0 / divisor)), parent, level, first);
                    } else {
                        let (whole, dividend, divisor) = (self.value(calc), self.value(one), self.value(two));
                        self.part(one, &with(Slope::Dividend { whole, own: dividend, divisor }), parent, level, first);
                        self.part(two, &with(Slope::Divisor { whole, own: divisor, dividend }), parent, level, first);
                    }
                }
                _ => self.function(calc, arguments, above, parent, level, first),
            },
        }
    }

    /// A function that is not arithmetic: of one changing value the ratio of changes, else a component of its own.
    fn function(&mut self, calc: &Calc, arguments: &[Calc], above: &[Slope], parent: usize, level: usize, first: usize) {
        let smooth = ["abs", "round", "floor", "ceil", "ln", "exp", "sqrt", "power", "least", "greatest"];
        let is_smooth = matches!(&calc.node, Node::Apply(function, _) if smooth.contains(&function.name));
        let mut changing = arguments.iter().filter(|argument| number(argument).is_none());
        if let (true, Some(only), None) = (is_smooth, changing.next(), changing.next()) {
            let (whole, own) = (self.value(calc), self.value(only));
            self.part(only, &[above, &[Slope::Alone { whole, own }]].concat(), parent, level, first);
        } else {
            let name = self.text(calc);
            self.component(calc, above, parent, level, first, None, name, Kind::Expression);
        }
    }

    /// Adds a component, or one more place of one that is there.
    #[expect(clippy::too_many_arguments, reason = "all of it describes one row")]
    fn component(
        &mut self,
        calc: &Calc,
        above: &[Slope],
        parent: usize,
        level: usize,
        first: usize,
        kpi: Option<KpiId>,
        name: String,
        kind: Kind,
    ) {
        let value = self.value(calc);
        let known = self.tree.components.iter_mut().skip(first).find(|component| component.value == value);
        if let Some(known) = known {
            known.slopes.push(above.to_vec());
            return;
        }
        let slopes = vec![above.to_vec()];
        self.tree.components.push(Component { value, parent: Some(parent), level, kpi, name, kind, is_open: false, slopes });
    }

    /// A part of a formula as it was written.
    fn text(&self, calc: &Calc) -> String {
        let written = calc.at.0.map(|span| self.files.slice(span)).unwrap_or_default();
        let text = written.split_whitespace().collect::<Vec<_>>().join(" ");
        match (&calc.node, text.is_empty()) {
            (_, false) => text,
            (Node::Apply(function, _), true) => function.name.to_owned(),
            _ => "the rest".to_owned(),
        }
    }
}

/// The number that a part of a formula always is.
fn number(calc: &Calc) -> Option<f64> {
    use crate::model::expr::Literal;
    match &calc.node {
        Node::Literal(Literal::Number(digits)) => digits.parse().ok(),
        Node::Leaf(CalcLeaf::Duration(count, _)) => Some(f64::from(*count)),
        Node::Apply(function, arguments) if **function == operators::NEGATE => number(arguments.first()?).map(|number| -number),
        _ => None,
    }
}

/// The value of a part of a formula one period earlier.
pub fn before(calc: &Calc) -> Calc {
    Expr::leaf(CalcLeaf::Prior(Past::Prior, Box::new(calc.clone()), None))
}
