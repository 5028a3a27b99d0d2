//! The views of the North Star: its parts over time, and what contributed to each change.
//!
//! `north_star` has a row for each part and period. `north_star_drivers` has, for each of volume and efficiency, the KPI itself, its
//! components, theirs and so on ([`Tree`]), each with what it contributed to the change since the period before; and where the KPI
//! is sliced, what each value of the dimension contributed: by having another figure (`rate`) or another weight (`mix`).
//!
//! 1. One question gives all values that are needed, now and before.
//! 2. A part works out the logarithmic mean of each value over the two periods, where there is one.
//! 3. The next works out the slope of each component, and by which rule.
//! 4. A row for each component multiplies the slopes on its way up with its own change.

use crate::align::drivers::{Component, NEAR, Slope, Tree, before};
use crate::align::reach::Role;
use crate::align::role_name;
use crate::calendar::Grain;
use crate::functions::{abs, coalesce, conversions, if_, ln, operators};
use crate::model::expr::{Calc, CalcLeaf, Expr, Node};
use crate::model::facts::Type;
use crate::model::{Better, Body as KpiBody, DimensionId, Kpi, KpiId, Model};
use crate::pipeline::Valid;
use crate::plan::algebra::names::{Names, beside_own};
use crate::plan::algebra::relation::{Body, Part, Query, Scalar, Select, column, impossible, text, text_or_null};
use crate::plan::lookup::finite;
use crate::plan::views::{blank, with_changes};
use crate::plan::{Output, Show, plan_with};

/// The columns of `north_star`.
pub const COLUMNS: [&str; 12] =
    ["part", "kpi", "grain", "period", "value", "prior", "change", "is_better", "is_complete", "better", "unit", "owner"];

/// The columns of `north_star_drivers`.
pub const DRIVER_COLUMNS: [&str; 18] = [
    "part",
    "kpi",
    "grain",
    "period",
    "effect",
    "level",
    "component",
    "path",
    "kind",
    "is_leaf",
    "dimension",
    "member",
    "value",
    "prior",
    "change",
    "contribution",
    "rule",
    "is_complete",
];

// Columns of components beside those of KPIs, each with the place of the component.
const PART: &str = "part_";
const SLOPE: &str = "slope_";
const BY_MEAN: &str = "by_mean_";

// Columns of the parts of slices beside that of the dimension, each with the one of the period before.
const OWN_ABOVE: &str = "own_above";
const OWN_BELOW: &str = "own_below";
const ALL_BELOW: &str = "all_below";
const ALL_VALUE: &str = "all_value";
const OWN_VALUE: &str = "own_value";

/// Whether a column of the parts of slices is called so.
fn is_own_of_slices(name: &str) -> bool {
    let bare = name.strip_suffix("_before").unwrap_or(name);
    [OWN_ABOVE, OWN_BELOW, ALL_BELOW, ALL_VALUE, OWN_VALUE, "period", "is_complete"].contains(&bare)
}

/// The KPIs of the North Star that have one figure for each period, each with the part that it is.
fn parts(model: &Model) -> Vec<(&'static str, KpiId)> {
    let Some(star) = &model.north_star else { return Vec::new() };
    let volume = star.volume.iter().map(|kpi| (role_name(Role::Volume), kpi.value));
    let efficiency = star.efficiency.iter().map(|kpi| (role_name(Role::Efficiency), kpi.value));
    let counter = star.counter.iter().map(|kpi| ("counter", kpi.value));
    let all = volume.chain(efficiency).chain(counter);
    // Amounts of several currencies have no total, and cohorts have a figure for each age.
    let has_one_figure = |kpi: &Kpi| kpi.facts.needs.is_none() && kpi.age.is_none();
    all.filter(|(_, kpi)| has_one_figure(model.kpis.get(*kpi))).collect()
}

/// Whether there are views of the North Star.
pub(in crate::plan) fn has_views(model: &Model) -> bool {
    !parts(model).is_empty()
}

/// Whether there is a view of what moves it.
pub(in crate::plan) fn has_drivers(model: &Model) -> bool {
    parts(model).iter().any(|(part, _)| *part != "counter")
}

/// Its parts, a row for each period.
pub(in crate::plan) fn north_star(project: &Valid) -> Query {
    let model = project.model();
    let mut names = Names::of(model);
    let mut query_parts: Vec<Part> = Vec::new();
    let mut rows: Vec<Select> = Vec::new();
    let all = parts(model);
    for grain in Grain::ALL {
        let mine: Vec<&(&str, KpiId)> = all.iter().filter(|(_, kpi)| model.kpis.get(*kpi).grain == grain).collect();
        if mine.is_empty() {
            continue;
        }
        let question = with_changes(model, grain, mine.iter().map(|(_, id)| *id));
        let plan = plan_with(model, &question, &mut names);
        query_parts.extend(plan.parts);
        let wide = names.take(&format!("north_star_by_{grain}"));
        query_parts.push(Part { name: wide.clone(), body: plan.result });
        rows.extend(mine.iter().map(|(part, id)| star_row(model, part, *id, &wide)));
    }
    Query { parts: query_parts, result: Body::Union(rows) }
}

fn star_row(model: &Model, part: &str, id: KpiId, from: &str) -> Select {
    let kpi = model.kpis.get(id);
    let name = &kpi.name.value;
    let number = |ending: &str| to_number(column(from, &format!("{name}__{ending}")));
    let better = kpi.better.or((part == "volume").then_some(Better::Up));
    let (way, is_better) = match better {
        Some(Better::Up) => (text("up"), apply(&operators::GREATER, vec![number("change"), Expr::number(0)])),
        Some(Better::Down) => (text("down"), apply(&operators::LESS, vec![number("change"), Expr::number(0)])),
        Some(Better::Between(low, high)) => {
            (text("between"), apply(&operators::BETWEEN, vec![number("value"), Expr::number(low), Expr::number(high)]))
        }
        None => (text_or_null(None), Expr::null()),
    };
    let mut select = Select::from_part(from);
    select.column(text(part), "part");
    select.column(text(name), "kpi");
    select.column(text(kpi.grain.name()), "grain");
    select.column(column(from, "period"), "period");
    select.column(number("value"), "value");
    select.column(number("prior"), "prior");
    select.column(number("change"), "change");
    select.column(is_better, "is_better");
    select.column(column(from, &format!("{name}__is_complete")), "is_complete");
    select.column(way, "better");
    select.column(text(&kpi.facts.unit.to_string()), "unit");
    select.column(text_or_null(kpi.owner.map(|team| model.teams.get(team).name.value.as_str())), "owner");
    select
}

/// What contributed to the changes of volume and efficiency.
pub(in crate::plan) fn drivers(project: &Valid) -> Query {
    let model = project.model();
    let mut builder = Builder { project, names: Names::of(model), parts: Vec::new(), rows: Vec::new(), is_huge: false };
    for (part, id) in parts(model).into_iter().filter(|(part, _)| *part != "counter") {
        builder.components(part, id);
        for slice in &model.kpis.get(id).by {
            if let [dimension] = slice.value.as_slice() {
                builder.slices(part, id, *dimension);
            }
        }
    }
    Query { parts: builder.parts, result: Body::Union(builder.rows) }
}

struct Builder<'a> {
    project: &'a Valid,
    names: Names,
    parts: Vec<Part>,
    rows: Vec<Select>,
    /// Whether figures of the KPI at hand are so large that what is computed with them may be too large for a number.
    is_huge: bool,
}

/// What is told in a row of `north_star_drivers`.
struct Row<'a> {
    part: &'a str,
    kpi: &'a Kpi,
    from: &'a str,
    effect: &'a str,
    component: Option<(&'a Component, String)>,
    member: Option<(&'a str, Scalar)>,
    value: Scalar,
    prior: Scalar,
    contribution: Scalar,
    rule: Scalar,
}

impl Builder<'_> {
    fn push(&mut self, name: &str, body: Body) -> String {
        let name = self.names.take(name);
        self.parts.push(Part { name: name.clone(), body });
        name
    }

    /// What is computed with figures, null where it is too large for a number.
    fn settled(&self, of: Scalar) -> Scalar {
        if self.is_huge { finite::finite(of) } else { of }
    }

    /// The components of a KPI, and the KPI itself.
    fn components(&mut self, part: &str, id: KpiId) {
        let model = self.project.model();
        let kpi = model.kpis.get(id);
        let tree = Tree::of(model, self.project.files(), id);
        self.is_huge = tree.values.iter().any(|calc| !finite::is_modest_calc(model, calc, kpi.grain));
        let mut question = blank(kpi.grain);
        for (at, calc) in tree.values.iter().enumerate() {
            let name = value_name(model, calc, at);
            question.outputs.push(Output { name: format!("{name}__before"), show: Show::Figure(Box::new(before(calc))) });
            question.outputs.push(Output { name, show: Show::Figure(Box::new(calc.clone())) });
        }
        question.outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(vec![id]) });
        let plan = plan_with(model, &question, &mut self.names);
        self.parts.extend(plan.parts);
        let values = self.push(&format!("{}_and_its_parts", kpi.name.value), plan.result);
        let values = self.means(&tree, kpi, &values);
        let slopes = self.slopes(&tree, kpi, &values);
        for component in &tree.components {
            let name =
                tree.values.get(component.value).map(|calc| value_name(model, calc, component.value)).unwrap_or_default();
            let (value, prior) = (column(&slopes, &name), column(&slopes, &format!("{name}__before")));
            let mut way = vec![component];
            while let Some(above) = way.last().and_then(|last| tree.components.get(last.parent?)) {
                way.push(above);
            }
            let path = way.iter().rev().map(|each| each.name.as_str()).collect::<Vec<_>>().join(" / ");
            let factors = way.iter().rev().filter_map(|each| slope_column(&tree, each, &slopes));
            let change = subtract(value.clone(), prior.clone());
            let contribution = factors.fold(change, |product, slope| apply(&operators::MULTIPLY, vec![slope, product]));
            let contribution = self.settled(contribution);
            // Where nothing is known of the KPI itself, nothing can have contributed.
            let contribution = match way.last().filter(|whole| whole.level < component.level) {
                Some(_) => {
                    let whole = kpi_column(kpi);
                    let (now, earlier) = (column(&slopes, &whole), format!("{whole}__before"));
                    let known = apply(&operators::IS_NOT_NULL, vec![subtract(now, column(&slopes, &earlier))]);
                    apply(&if_::IF, vec![known, contribution])
                }
                None => contribution,
            };
            // Where a rule is weaker further up, it is weaker here too.
            let rules: Vec<Scalar> = way.iter().filter_map(|each| rule_column(&tree, each, &slopes)).collect();
            let row = Row {
                part,
                kpi,
                from: &slopes,
                effect: if component.parent.is_none() { "total" } else { "component" },
                component: Some((component, path)),
                member: None,
                value,
                prior,
                contribution,
                rule: rule(&rules),
            };
            self.rows.push(row.select(self.is_huge));
        }
    }

    /// The values with their logarithmic means, where products and quotients need them.
    fn means(&mut self, tree: &Tree, kpi: &Kpi, values: &str) -> String {
        let model = self.project.model();
        let mut needed: Vec<usize> = Vec::new();
        for slope in tree.components.iter().flat_map(|component| component.slopes.iter().flatten()) {
            if let Slope::Factor { whole, own, .. } | Slope::Dividend { whole, own, .. } | Slope::Divisor { whole, own, .. } =
                slope
            {
                needed.extend([*whole, *own]);
            }
        }
        needed.sort_unstable();
        needed.dedup();
        if needed.is_empty() {
            return values.to_owned();
        }
        let mut select = self.all_of(tree, values);
        for at in needed {
            let Some(name) = tree.values.get(at).map(|calc| value_name(model, calc, at)) else { continue };
            let (one, two) = (column(values, &format!("{name}__before")), column(values, &name));
            select.column(self.settled(mean(&one, &two)), &format!("{name}__mean"));
        }
        self.push(&format!("{}_means", kpi.name.value), Body::Select(select))
    }

    /// All values with the slopes of components.
    fn slopes(&mut self, tree: &Tree, kpi: &Kpi, values: &str) -> String {
        let model = self.project.model();
        let name = |at: usize| tree.values.get(at).map(|calc| value_name(model, calc, at)).unwrap_or_default();
        let mut select = self.all_of(tree, values);
        for (at, component) in tree.components.iter().enumerate().skip(1) {
            let places = component.slopes.iter().map(|steps| {
                let steps = steps.iter().map(|slope| slope_of(*slope, values, &name));
                steps.reduce(|product, slope| apply(&operators::MULTIPLY, vec![product, slope]))
            });
            let places: Vec<Scalar> = places.map(|place| place.unwrap_or_else(|| Expr::number(1))).collect();
            if !is_plain(component) {
                let sum = places.into_iter().reduce(|sum, place| apply(&operators::ADD, vec![sum, place]));
                select.column(self.settled(sum.unwrap_or_else(impossible)), &format!("{SLOPE}{at}"));
            }
            if let Some(by) = has_mean(component, values, &name) {
                select.column(by, &format!("{BY_MEAN}{at}"));
            }
        }
        self.push(&format!("{}_slopes", kpi.name.value), Body::Select(select))
    }

    /// A select of all values from a part.
    fn all_of(&self, tree: &Tree, values: &str) -> Select {
        let model = self.project.model();
        let mut select = Select::from_part(values);
        select.column(column(values, "period"), "period");
        for (at, calc) in tree.values.iter().enumerate() {
            let name = value_name(model, calc, at);
            let before = format!("{name}__before");
            select.column(column(values, &before), &before);
            select.column(column(values, &name), &name);
        }
        select.column(column(values, "is_complete"), "is_complete");
        select
    }

    /// What each value of a dimension contributed.
    fn slices(&mut self, part: &str, id: KpiId, dimension: DimensionId) {
        let model = self.project.model();
        let kpi = model.kpis.get(id);
        let KpiBody::Formula(calc) = &kpi.body else { return };
        let sides = match &calc.node {
            Node::Apply(function, arguments) if **function == operators::DIVIDE => match arguments.as_slice() {
                [above, below] if adds_up(model, above) && adds_up(model, below) => Some((above, below)),
                _ => None,
            },
            _ => None,
        };
        if sides.is_none() && !kpi.facts.adds_over_slices {
            return;
        }
        self.is_huge = !finite::is_modest_calc(model, calc, kpi.grain);
        let is_huge = self.is_huge;
        let settled = |of: Scalar| if is_huge { finite::finite(of) } else { of };
        let mut question = blank(kpi.grain);
        question.dimensions = vec![dimension];
        question.is_own = is_own_of_slices;
        let mut ask = |name: &str, calc: &Calc| {
            question.outputs.push(Output { name: format!("{name}_before"), show: Show::Figure(Box::new(before(calc))) });
            question.outputs.push(Output { name: name.to_owned(), show: Show::Figure(Box::new(calc.clone())) });
        };
        let total = |calc: &Calc| Expr::leaf(CalcLeaf::Total(Box::new(calc.clone()), Vec::new()));
        let whole = Expr::leaf(CalcLeaf::Kpi(id));
        match sides {
            Some((above, below)) => {
                ask(OWN_ABOVE, above);
                ask(OWN_BELOW, below);
                ask(ALL_BELOW, &total(below));
                ask(ALL_VALUE, &total(&whole));
            }
            None => ask(OWN_VALUE, &whole),
        }
        question.outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(vec![id]) });
        let plan = plan_with(model, &question, &mut self.names);
        self.parts.extend(plan.parts);
        let place = model.dimensions.get(dimension);
        let from = self.push(&format!("{}_by_{}", kpi.name.value, place.name), plan.result);
        let member = member(place.ty, column(&from, &question.key(model, dimension)));
        let (name, scale) = (place.name.as_str(), kpi.facts.scale);
        let row = |effect, value: Scalar, prior: Scalar, contribution: Scalar, rule: &str| {
            let member = Some((name, member.clone()));
            Row { part, kpi, from: &from, effect, component: None, member, value, prior, contribution, rule: text(rule) }
                .select(is_huge)
        };
        let at = |name: &str, before: bool| column(&from, &if before { format!("{name}_before") } else { name.to_owned() });
        if sides.is_none() {
            let (value, prior) = (at(OWN_VALUE, false), at(OWN_VALUE, true));
            let change = subtract(value.clone(), prior.clone());
            self.rows.push(row("member", value, prior, change, "difference"));
            return;
        }
        let scaled =
            |value: Scalar| if is_one(scale) { value } else { apply(&operators::MULTIPLY, vec![Expr::number(scale), value]) };
        let rate = |before| scaled(divide(at(OWN_ABOVE, before), at(OWN_BELOW, before)));
        let share = |before| divide(at(OWN_BELOW, before), at(ALL_BELOW, before));
        let own = |before| scaled(divide(at(OWN_ABOVE, before), at(ALL_BELOW, before)));
        let middle = |one: Scalar, two: Scalar| divide(apply(&operators::ADD, vec![one, two]), Expr::number(2));
        // By having another figure: its change, at the mean weight. Who was not there before has no change.
        let by_rate = apply(&operators::MULTIPLY, vec![subtract(rate(false), rate(true)), middle(share(false), share(true))]);
        let by_rate = apply(&coalesce::COALESCE, vec![by_rate, Expr::number(0)]);
        // By having another weight: the rest, less what any member with that change of weight would have had.
        let all = subtract(own(false), own(true));
        let mean = middle(at(ALL_VALUE, false), at(ALL_VALUE, true));
        let usual = apply(&operators::MULTIPLY, vec![mean, subtract(share(false), share(true))]);
        let by_mix = settled(subtract(subtract(all.clone(), by_rate.clone()), usual));
        // Nothing is known where the whole is not.
        let known = apply(&operators::IS_NOT_NULL, vec![settled(all)]);
        let by_rate = settled(apply(&if_::IF, vec![known, by_rate]));
        self.rows.push(row("rate", settled(rate(false)), settled(rate(true)), by_rate, "midpoint"));
        self.rows.push(row("mix", settled(share(false)), settled(share(true)), by_mix, "midpoint"));
    }
}

impl Row<'_> {
    fn select(self, is_huge: bool) -> Select {
        let from = self.from;
        let mut select = Select::from_part(from);
        let nothing = Expr::null;
        select.column(text(self.part), "part");
        select.column(text(&self.kpi.name.value), "kpi");
        select.column(text(self.kpi.grain.name()), "grain");
        select.column(column(from, "period"), "period");
        select.column(text(self.effect), "effect");
        let component = self.component.as_ref();
        select.column(component.map_or_else(nothing, |(component, _)| Expr::number(component.level)), "level");
        select.column(text_or_null(component.map(|(component, _)| component.name.as_str())), "component");
        select.column(text_or_null(component.map(|(_, path)| path.as_str())), "path");
        select.column(text_or_null(component.map(|(component, _)| component.kind.name())), "kind");
        select.column(component.map_or_else(nothing, |(component, _)| truth(!component.is_open)), "is_leaf");
        let (dimension, member) =
            self.member.map_or_else(|| (text_or_null(None), text_or_null(None)), |(name, value)| (text(name), value));
        select.column(dimension, "dimension");
        select.column(member, "member");
        select.column(self.value.clone(), "value");
        select.column(self.prior.clone(), "prior");
        let change = subtract(self.value, self.prior);
        select.column(if is_huge { finite::finite(change) } else { change }, "change");
        select.column(self.contribution, "contribution");
        select.column(self.rule, "rule");
        select.column(column(from, "is_complete"), "is_complete");
        select
    }
}

/// What the column of a value is called: a KPI by its name, anything else by its place.
fn value_name(model: &Model, calc: &Calc, at: usize) -> String {
    match &calc.node {
        Node::Leaf(CalcLeaf::Kpi(id)) => kpi_column(model.kpis.get(*id)),
        _ => format!("{PART}{at}"),
    }
}

fn kpi_column(kpi: &Kpi) -> String {
    beside_own(&kpi.name.value, |name| [PART, SLOPE, BY_MEAN].iter().any(|own| name.starts_with(own)))
}

/// Whether a component counts as it is.
fn is_plain(component: &Component) -> bool {
    component.slopes.len() == 1 && component.slopes.iter().all(Vec::is_empty)
}

fn slope_column(tree: &Tree, component: &Component, from: &str) -> Option<Scalar> {
    let at = place(tree, component)?;
    (!is_plain(component)).then(|| column(from, &format!("{SLOPE}{at}")))
}

fn rule_column(tree: &Tree, component: &Component, from: &str) -> Option<Scalar> {
    let at = place(tree, component)?;
    let slopes = component.slopes.iter().flatten();
    if slopes.clone().any(is_by_mean) {
        return Some(column(from, &format!("{BY_MEAN}{at}")));
    }
    slopes.clone().any(|slope| matches!(slope, Slope::Alone { .. })).then(Expr::null)
}

fn place(tree: &Tree, component: &Component) -> Option<usize> {
    tree.components.iter().position(|known| std::ptr::eq(known, component)).filter(|at| *at > 0)
}

fn is_by_mean(slope: &Slope) -> bool {
    matches!(slope, Slope::Factor { .. } | Slope::Dividend { .. } | Slope::Divisor { .. })
}

/// The name of the weakest of the rules on the way of a component; a rule is null where it is the ratio of two changes.
fn rule(rules: &[Scalar]) -> Scalar {
    let by_mean: Vec<Scalar> = rules.iter().filter(|rule| **rule != Expr::null()).cloned().collect();
    let alone = rules.len() > by_mean.len();
    match Expr::all(by_mean) {
        Some(all) => apply(&if_::IF, vec![all, text("logarithmic mean"), text("midpoint")]),
        None => text(if alone { "ratio of changes" } else { "difference" }),
    }
}

/// Whether all slopes of a component are by the logarithmic mean; nothing if none could be.
fn has_mean(component: &Component, from: &str, name: &impl Fn(usize) -> String) -> Option<Scalar> {
    let mut conditions: Vec<Scalar> = Vec::new();
    for slope in component.slopes.iter().flatten() {
        if let Slope::Factor { whole, own, .. } | Slope::Dividend { whole, own, .. } | Slope::Divisor { whole, own, .. } = slope
        {
            for at in [*whole, *own] {
                let known = apply(&operators::IS_NOT_NULL, vec![column(from, &format!("{}__mean", name(at)))]);
                if !conditions.contains(&known) {
                    conditions.push(known);
                }
            }
        }
    }
    Expr::all(conditions)
}

/// How much a value changes for each unit by which a part of it does.
fn slope_of(slope: Slope, from: &str, name: &impl Fn(usize) -> String) -> Scalar {
    let now = |at: usize| column(from, &name(at));
    let earlier = |at: usize| column(from, &format!("{}__before", name(at)));
    let mean = |at: usize| column(from, &format!("{}__mean", name(at)));
    let middle = |one: Scalar, two: Scalar| divide(apply(&operators::ADD, vec![one, two]), Expr::number(2));
    let or = |found: Scalar, midpoint: Scalar| apply(&coalesce::COALESCE, vec![found, midpoint]);
    match slope {
        Slope::Times(factor) => Expr::number(factor),
        Slope::Factor { whole, own, other } => or(divide(mean(whole), mean(own)), middle(earlier(other), now(other))),
        Slope::Dividend { whole, own, divisor } => {
            let inverse = |value: Scalar| divide(Expr::number(1), value);
            or(divide(mean(whole), mean(own)), middle(inverse(earlier(divisor)), inverse(now(divisor))))
        }
        Slope::Divisor { whole, own, dividend } => {
            let product = apply(&operators::MULTIPLY, vec![earlier(own), now(own)]);
            let midpoint = divide(middle(earlier(dividend), now(dividend)), product);
            apply(&operators::NEGATE, vec![or(divide(mean(whole), mean(own)), midpoint)])
        }
        Slope::Alone { whole, own } => {
            let same = apply(&operators::EQUAL, vec![now(own), earlier(own)]);
            let ratio = divide(subtract(now(whole), earlier(whole)), subtract(now(own), earlier(own)));
            apply(&if_::IF, vec![same, Expr::number(0), ratio])
        }
    }
}

/// The logarithmic mean of two values of one sign; null for others.
fn mean(one: &Scalar, two: &Scalar) -> Scalar {
    let sum = apply(&operators::ADD, vec![one.clone(), two.clone()]);
    let difference = subtract(two.clone(), one.clone());
    let apart = divide(difference.clone(), sum.clone());
    let near = apply(&operators::LESS_OR_EQUAL, vec![apply(&abs::ABS, vec![apart.clone()]), Expr::number(NEAR)]);
    let square = divide(apply(&operators::MULTIPLY, vec![apart.clone(), apart]), Expr::number(3));
    let series = apply(&operators::MULTIPLY, vec![divide(sum, Expr::number(2)), subtract(Expr::number(1), square)]);
    let logarithm = apply(&ln::LN, vec![divide(two.clone(), one.clone())]);
    let value = apply(&if_::IF, vec![near, series, divide(difference, logarithm)]);
    let product = apply(&operators::MULTIPLY, vec![one.clone(), two.clone()]);
    apply(&if_::IF, vec![apply(&operators::GREATER, vec![product, Expr::number(0)]), value])
}

/// Whether the values over the parts of a slice add up to the total.
fn adds_up(model: &Model, calc: &Calc) -> bool {
    match &calc.node {
        Node::Leaf(CalcLeaf::Kpi(id)) => model.kpis.get(*id).facts.adds_over_slices,
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) => {
            aggregate.function.aggregation().is_some_and(|aggregation| aggregation.adds_over_slices)
        }
        Node::Apply(function, arguments) => {
            matches!(function.name, "+" | "-" | "negate" | "to number" | "widen")
                && arguments.iter().all(|argument| adds_up(model, argument))
        }
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
    }
}

/// The value of a dimension as a text.
fn member(ty: Option<Type>, value: Scalar) -> Scalar {
    if ty == Some(Type::Text) { value } else { apply(&crate::functions::text::TEXT, vec![value]) }
}

fn is_one(scale: f64) -> bool {
    (scale - 1.0).abs() < f64::EPSILON
}

fn apply(function: &'static crate::functions::Function, arguments: Vec<Scalar>) -> Scalar {
    Expr::apply(function, arguments)
}

fn divide(one: Scalar, two: Scalar) -> Scalar {
    apply(&operators::DIVIDE, vec![one, two])
}

fn subtract(one: Scalar, two: Scalar) -> Scalar {
    apply(&operators::SUBTRACT, vec![one, two])
}

fn to_number(value: Scalar) -> Scalar {
    apply(&conversions::TO_NUMBER, vec![value])
}

fn truth(value: bool) -> Scalar {
    Expr::made(Node::Literal(crate::model::expr::Literal::Truth(value)))
}
