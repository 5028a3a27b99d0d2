//! Makes up KPIs: formulas, grains that fit them, and slices that all of their parts have.

use super::calendar::days;
use super::cohorts;
use super::conditions::{Maker, paths, window};
use super::data::Times;
use super::facts;
use super::generate::Choices;
use super::project::{
    Aggregate, Body, Each, Edge, Expr, Figure, Formula, Grain, Grouped, Kpi, Length, Past, Project, Row, RowLeaf, Source,
    Stock, Type, Unit, Value, Window,
};
use super::stocks::formulas as stocks;

/// Makes up the KPIs of a project, each of which may use those before it.
pub fn kpis(project: &mut Project, choices: &mut Choices) {
    let times = Times::new(&project.calendar, choices);
    for number in 1..=choices.between(1, 5) {
        let name = format!("k{number}");
        let kpi = match choices.below(12) {
            0 => by_hand(project, name, choices),
            1 => duration(project, &times, &name, choices).unwrap_or_else(|| by_hand(project, name, choices)),
            _ => {
                let mut maker = Formulas { project, times: &times, grain: Grain::Month };
                maker.grain = *choices.pick(&grains(project));
                let body = maker.formula(choices.weighted(&[(3, 0), (4, 1), (3, 2), (1, 3)]), choices);
                let first = maker.grain;
                kpi(project, name, Body::Formula(body), first, choices)
            }
        };
        project.kpis.push(kpi);
    }
    if choices.chance(13) {
        cohorts::make(project, &times, choices);
    }
    if choices.chance(12) {
        cohorts::make_within(project, &times, choices);
    }
}

/// The grains by which a project's calendar has a number of periods that is quickly gone over.
pub fn grains(project: &Project) -> Vec<Grain> {
    let length = project.calendar.start.until(project.calendar.as_of).unwrap().get_days();
    let finest = match length {
        ..=70 => Grain::Day,
        71..=450 => Grain::Week,
        _ => Grain::Month,
    };
    Grain::ALL.into_iter().filter(|grain| *grain >= finest).collect()
}

/// A KPI of a formula, with further grains and slices that fit.
pub fn kpi(project: &Project, name: String, body: Body, first: Grain, choices: &mut Choices) -> Kpi {
    let mut kpi = Kpi {
        name,
        body,
        unit: None,
        grains: vec![first],
        by: Vec::new(),
        age: None,
        omit_gaps: choices.chance(15),
        empty_is_null: false,
        interval: None,
    };
    kpi.empty_is_null = facts::has_zeros(&kpi.body) && choices.chance(20);
    for grain in grains(project) {
        if grain != first && facts::fits(project, &kpi.body, &kpi.grains, grain) && choices.chance(30) {
            kpi.grains.push(grain);
        }
    }
    let dimensions = facts::dimensions(project, &kpi.body);
    for _ in 0..choices.weighted(&[(3, 0), (4, 1), (2, 2)]) {
        let mut slice: Vec<String> = Vec::new();
        for _ in 0..choices.weighted(&[(4, 1), (2, 2)]) {
            if !dimensions.is_empty() {
                let dimension = choices.pick(&dimensions);
                if !slice.contains(dimension) {
                    slice.push(dimension.clone());
                }
            }
        }
        if facts::together(project, &kpi.body, &slice) && !kpi.by.contains(&slice) {
            kpi.by.push(slice);
        }
    }
    kpi
}

/// `prior`, `change`, `growth`, `slice` or `total` of a formula, at a grain.
pub fn over(project: &Project, times: &Times, grain: Grain, of: Formula, choices: &mut Choices) -> Formula {
    Formulas { project, times, grain }.over(of, choices)
}

/// A KPI whose figures somebody writes down.
fn by_hand(project: &Project, name: String, choices: &mut Choices) -> Kpi {
    let calendar = &project.calendar;
    let grain = *choices.pick(&grains(project));
    let from = calendar.period(grain, days(calendar.data_from, -40));
    let from = from.or_else(|| calendar.period(grain, calendar.data_from)).unwrap();
    let mut figures = Vec::new();
    for number in 0..30 {
        let Some(start) = calendar.later(grain, from, number) else { continue };
        if choices.chance(60) && start <= days(calendar.as_of, 40) {
            figures.push((start, f64::from(i32::try_from(choices.between(-8, 200)).unwrap()) / 4.0));
        }
    }
    if figures.is_empty() {
        figures.push((from, 1.0));
    }
    let body = Body::Values { flow: choices.chance(50), figures };
    Kpi {
        name,
        body,
        unit: None,
        grains: vec![grain],
        by: Vec::new(),
        age: None,
        omit_gaps: choices.chance(15),
        empty_is_null: false,
        interval: None,
    }
}

/// A KPI over the time between two times; nothing where no source has any.
fn duration(project: &Project, times: &Times, name: &str, choices: &mut Choices) -> Option<Kpi> {
    let source = choices.pick(&project.sources);
    let maker = Maker { project, source, times, related: true, only_within: false };
    let one = maker.path(choices, Type::is_time)?;
    let other = maker.path(choices, Type::is_time)?;
    let mut aggregate = maker.aggregate(1, choices);
    aggregate.function = choices.word(&["sum", "avg", "avg", "min", "max", "median", "stddev"]);
    aggregate.share = None;
    aggregate.argument = Some(Expr::Apply("-", vec![one, other]));
    let mut formula = Expr::Leaf(Figure::Aggregate(aggregate));
    if choices.chance(20) {
        formula = Expr::Leaf(Figure::Past(Past::Change, Box::new(formula), None));
    }
    let first = *choices.pick(&grains(project));
    let made = kpi(project, name.to_owned(), Body::Formula(formula), first, choices);
    Some(Kpi { unit: Some(*choices.pick(&[Unit::Of(Grain::Day), Unit::Hour])), ..made })
}

/// Makes up KPI arithmetic that has a value at a grain.
#[derive(Clone, Copy)]
struct Formulas<'a> {
    project: &'a Project,
    times: &'a Times,
    grain: Grain,
}

impl Formulas<'_> {
    fn maker<'b>(&'b self, source: &'b Source) -> Maker<'b> {
        Maker { project: self.project, source, times: self.times, related: true, only_within: false }
    }

    /// A formula that may stand alone.
    fn formula(self, depth: usize, choices: &mut Choices) -> Formula {
        match choices.below(10) {
            0 | 1 if depth > 0 => self.each(depth - 1, choices),
            2 if depth > 0 => self.over(self.formula(depth - 1, choices), choices),
            _ => self.part(depth, choices),
        }
    }

    /// A formula that others may be made of: one without a unit of time, which a mean over periods may have.
    fn part(self, depth: usize, choices: &mut Choices) -> Formula {
        let made = if depth == 0 { self.leaf(choices) } else { self.node(depth - 1, choices) };
        if facts::is_rate(self.project, &made) { self.count(choices) } else { made }
    }

    /// A part that is the same to the last digit however it is computed, for what jumps.
    fn steady(self, depth: usize, choices: &mut Choices) -> Formula {
        let made = self.part(depth, choices);
        if facts::is_rough(self.project, &made) { self.count(choices) } else { made }
    }

    fn count(self, choices: &mut Choices) -> Formula {
        let source = choices.pick(&self.project.sources);
        let window = if source.time.is_some() || source.states.is_some() { Window::Period } else { Window::AllTime };
        let source = source.name.clone();
        let aggregate = Aggregate {
            function: "count",
            share: None,
            source,
            argument: None,
            via: None,
            says_via: true,
            of: None,
            filter: None,
            at: None,
            stock: None,
            window,
        };
        Expr::Leaf(Figure::Aggregate(aggregate))
    }

    fn leaf(self, choices: &mut Choices) -> Formula {
        let fits = |kpi: &&Kpi| facts::fits(self.project, &kpi.body, &kpi.grains, self.grain) && kpi.unit.is_none();
        let known: Vec<&Kpi> = self.project.kpis.iter().filter(fits).collect();
        match choices.below(10) {
            0..3 if !known.is_empty() => Expr::Leaf(Figure::Kpi(choices.pick(&known).name.clone())),
            3 | 4 => match self.grouped(choices) {
                Some(grouped) => Expr::Leaf(Figure::Grouped(Box::new(grouped))),
                None => self.count(choices),
            },
            _ => {
                let source = choices.pick(&self.project.sources);
                let maker = self.maker(source);
                let pairs = if choices.chance(50) { stocks::pairs(&maker, choices) } else { None };
                let aggregate = pairs.unwrap_or_else(|| Self::as_it_closes(maker.aggregate(2, choices), &maker, choices));
                Expr::Leaf(Figure::Aggregate(aggregate))
            }
        }
    }

    /// The same now and then with a condition on the day on which the period closes, where rows have one.
    fn as_it_closes(mut aggregate: Aggregate, maker: &Maker<'_>, choices: &mut Choices) -> Aggregate {
        let source = maker.source;
        let in_period = aggregate.window == Window::Period && (aggregate.at.is_some() || source.time.is_some());
        let held =
            source.states.is_some() && aggregate.at.is_none() && !matches!(aggregate.stock, Some(Stock::At(Edge::Start)));
        if !(in_period || held) || source.journey.is_some() || !choices.chance(20) {
            return aggregate;
        }
        let Some(time) = maker.path(choices, Type::is_time) else { return aggregate };
        let closing = Expr::Leaf(RowLeaf::Closing);
        let day = |count| Expr::Literal(Value::Span(count, Unit::Of(Grain::Day)));
        let condition = match choices.below(4) {
            0 => Expr::Apply(choices.word(&["<", ">=", "="]), vec![time, closing]),
            1 => Expr::Apply("<", vec![time, Expr::Apply("-", vec![closing, day(20)])]),
            2 => Expr::Apply("<=", vec![Expr::Apply("-", vec![closing, time]), day(12)]),
            _ => {
                let trunc = |path| Expr::Apply("trunc", vec![path, Expr::Leaf(RowLeaf::Grain(Grain::Month))]);
                Expr::Apply("=", vec![trunc(time), trunc(closing)])
            }
        };
        aggregate.filter = Some(match aggregate.filter.take() {
            Some(filter) if choices.chance(50) => Expr::Apply("or", vec![filter, condition]),
            Some(filter) => Expr::Apply("and", vec![filter, condition]),
            None => condition,
        });
        aggregate
    }

    fn node(self, depth: usize, choices: &mut Choices) -> Formula {
        let number = |choices: &mut Choices| {
            Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(-2, 12)).unwrap()) / 4.0))
        };
        match choices.below(17) {
            16 => Expr::Apply("negate", vec![self.part(depth, choices)]),
            0..3 => Expr::Apply("/", vec![self.part(depth, choices), self.steady(depth, choices)]),
            3 | 4 => Expr::Apply(choices.word(&["+", "-"]), vec![self.part(depth, choices), self.part(depth, choices)]),
            // Not by 0: a division by what is always 0 is refused.
            5 => {
                let factor = Expr::Literal(Value::Number(*choices.pick(&[-0.5, 0.25, 0.75, 1.0, 1.25, 2.25, 3.0])));
                Expr::Apply("*", vec![factor, self.part(depth, choices)])
            }
            6 => Expr::Apply(choices.word(&["least", "greatest"]), vec![self.part(depth, choices), self.part(depth, choices)]),
            7 => Expr::Apply("coalesce", vec![self.part(depth, choices), number(choices)]),
            8 => match choices.below(3) {
                0 => Expr::Apply("round", vec![self.steady(depth, choices), Expr::Literal(Value::Number(1.0))]),
                _ => Expr::Apply(choices.word(&["abs", "floor", "ceil", "round"]), vec![self.steady(depth, choices)]),
            },
            9 => {
                let mut parts = vec![self.condition(depth, choices), self.part(depth, choices)];
                if choices.chance(30) {
                    parts.extend([self.condition(depth, choices), self.part(depth, choices)]);
                }
                let name = if parts.len() == 2 { choices.word(&["if", "case"]) } else { "case" };
                if choices.chance(80) {
                    parts.push(self.part(depth, choices));
                }
                Expr::Apply(name, parts)
            }
            10 => Expr::Apply("if", vec![self.condition(depth, choices), self.part(depth, choices)]),
            11 => self.each(depth, choices),
            12 if choices.chance(30) => {
                Expr::Apply("power", vec![self.steady(depth, choices), Expr::Literal(Value::Number(2.0))])
            }
            12 => Expr::Apply(choices.word(&["sqrt", "ln", "exp"]), vec![self.steady(depth, choices)]),
            _ => {
                let part = self.part(depth, choices);
                self.over(part, choices)
            }
        }
    }

    fn condition(self, depth: usize, choices: &mut Choices) -> Formula {
        let number = Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(0, 20)).unwrap())));
        let other = if choices.chance(40) { self.steady(depth, choices) } else { number };
        let name = choices.word(&["<", "<=", ">", ">=", "=", "!=", "between", "is null"]);
        let value = self.steady(depth, choices);
        let condition = match name {
            "is null" => Expr::Apply(name, vec![value]),
            "between" => Expr::Apply(name, vec![value, Expr::Literal(Value::Number(1.0)), other]),
            _ => Expr::Apply(name, vec![value, other]),
        };
        match choices.below(8) {
            0 if depth > 0 => Expr::Apply(choices.word(&["and", "or"]), vec![condition, self.condition(depth - 1, choices)]),
            1 => Expr::Apply("not", vec![condition]),
            _ => condition,
        }
    }

    /// `prior`, `change`, `growth`, `slice` and `total` of a formula.
    fn over(self, of: Formula, choices: &mut Choices) -> Formula {
        let of = Box::new(of);
        Expr::Leaf(match choices.below(8) {
            0..4 => {
                let past = *choices.pick(&[Past::Prior, Past::Change, Past::Growth]);
                let past = if past == Past::Growth && facts::is_rough(self.project, &of) { Past::Change } else { past };
                let to_date = facts::has_parts(self.project, &of) && choices.chance(40);
                Figure::Past(if to_date { past.to_date() } else { past }, of, self.length(choices))
            }
            4 | 5 => match self.slice(&of, choices) {
                Some(condition) => Figure::Slice(of, condition),
                None => Figure::Total(of, Vec::new()),
            },
            _ => {
                let mut dimensions = facts::dimensions(self.project, &Body::Formula((*of).clone()));
                dimensions.retain(|_| choices.chance(30));
                Figure::Total(of, dimensions)
            }
        })
    }

    /// How far back, if something else than a period.
    fn length(self, choices: &mut Choices) -> Option<Length> {
        let (unit, most) =
            *choices.pick(&[(Grain::Day, 30), (Grain::Week, 4), (Grain::Month, 6), (Grain::Quarter, 2), (Grain::Year, 1)]);
        let length = Length { count: i32::try_from(choices.between(1, most)).unwrap(), unit };
        let fits = self.project.calendar.fits(self.grain, Some(length));
        (fits && choices.chance(70)).then_some(length)
    }

    /// A condition on a dimension of all parts; nothing where they share none.
    fn slice(self, of: &Formula, choices: &mut Choices) -> Option<Row> {
        let dimensions = facts::shared(self.project, of);
        if dimensions.is_empty() {
            return None;
        }
        let (dimension, ty) = choices.pick(&dimensions).clone();
        let leaf = || Expr::Leaf(RowLeaf::Dimension(dimension.clone()));
        let value = |choices: &mut Choices| Expr::Literal(super::data::value(ty, self.times, choices));
        Some(match choices.below(6) {
            0 => Expr::Apply(choices.word(&["is null", "is not null"]), vec![leaf()]),
            1 => Expr::Apply("in", vec![leaf(), value(choices), value(choices)]),
            2 => Expr::Apply("!=", vec![leaf(), value(choices)]),
            _ => Expr::Apply("=", vec![leaf(), value(choices)]),
        })
    }

    /// An aggregate over finer periods, or over equal ones.
    fn each(self, depth: usize, choices: &mut Choices) -> Formula {
        let length = self.project.calendar.data_from.until(self.project.calendar.as_of).unwrap().get_days();
        let nested = |inner: &Grain| self.project.calendar.nests(*inner, self.grain) && (*inner > Grain::Day || length < 130);
        let inner: Vec<Grain> = Grain::ALL.into_iter().filter(nested).collect();
        let Some(grain) = (!inner.is_empty()).then(|| *choices.pick(&inner)) else { return self.count(choices) };
        let finer = Formulas { grain, ..self };
        let counts_periods = choices.chance(15);
        let of = match counts_periods {
            true if choices.chance(25) => Expr::Literal(Value::Bool(true)),
            true => finer.condition(depth, choices),
            false => finer.part(depth, choices),
        };
        let window = match choices.below(4) {
            0 | 1 => Window::Period,
            2 => Window::Trailing(Length { count: i32::try_from(choices.between(1, 5)).unwrap(), unit: grain }),
            _ => window(&self.project.calendar, choices),
        };
        let whole = match window {
            Window::Trailing(Length { unit, .. }) => {
                let by_rules = self.project.calendar.custom.is_none();
                grain == unit || grain == Grain::Day || by_rules && grain > Grain::Week && unit > grain
            }
            Window::ToDate(unit) => self.project.calendar.nests(grain, unit),
            Window::Period | Window::AllTime | Window::Previous | Window::Age | Window::AgeToDate | Window::Within(..) => true,
        };
        let window = if whole { window } else { Window::Period };
        let mut function = choices.word(&[
            "avg",
            "avg",
            "max",
            "min",
            "sum",
            "sum",
            "count",
            "median",
            "percentile",
            "percentile_disc",
            "stddev",
            "count_distinct",
            "first",
            "last",
        ]);
        if function == "sum" && !counts_periods && !facts::is_flow(self.project, &of) {
            function = "max";
        }
        if function == "count_distinct" && facts::is_rough(self.project, &of) {
            function = "count";
        }
        if counts_periods {
            function = "count";
        }
        let share = function.starts_with("percentile").then(|| *choices.pick(&[0, 25, 90]));
        Expr::Leaf(Figure::Each(Box::new(Each { function, share, of, grain, window, counts_periods })))
    }

    /// An aggregate over the entities of a source; nothing where it has none.
    fn grouped(self, choices: &mut Choices) -> Option<Grouped> {
        let source = choices.pick(&self.project.sources);
        let entity = |ty: &Type| matches!(ty, Type::Text | Type::Integer | Type::Boolean | Type::Date);
        let all: Vec<_> = paths(self.project, source, 2).into_iter().filter(|(_, ty)| entity(ty)).collect();
        if all.is_empty() {
            return None;
        }
        let references: Vec<_> =
            all.iter().filter(|(path, _)| self.project.column(source, path).references.is_some()).cloned().collect();
        let from = if references.is_empty() || choices.chance(40) { all } else { references };
        let per = choices.pick(&from).0.clone();
        let of = stocks::pairs_of_keys(&self.maker(source), choices);
        let of = of.unwrap_or_else(|| self.maker(source).aggregate(1, choices));
        if of.stock.as_ref().is_none_or(|stock| matches!(stock, Stock::At(_)))
            && choices.chance(12)
            && let Some(grouped) = self.by_time(source, &of, &per, choices)
        {
            return Some(grouped);
        }
        let with = self.computed_with(source, &of, choices);
        let bare = Grouped { function: "max", share: None, of, with, per, filter: None, top: None };
        let rough = facts::is_rough(self.project, &Expr::Leaf(Figure::Grouped(Box::new(bare.clone()))));
        let functions = [
            "sum",
            "sum",
            "count",
            "count",
            "avg",
            "min",
            "max",
            "median",
            "percentile",
            "percentile_disc",
            "stddev",
            "count_distinct",
        ];
        let mut function = choices.word(&functions);
        if function == "count_distinct" && rough {
            function = "count";
        }
        let share = function.starts_with("percentile").then(|| *choices.pick(&[0, 25, 90]));
        let number = Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(0, 40)).unwrap())));
        let name = choices.word(&[">", ">=", "<=", "!="]);
        let filter = (!rough && choices.chance(35)).then(|| Expr::Apply(name, vec![Expr::Leaf(RowLeaf::Value), number]));
        let top = (!rough && choices.chance(35)).then(|| choices.below(3) + 1);
        Some(Grouped { function, share, filter, top, ..bare })
    }

    /// What the value of an entity is computed with: up to two other aggregates over rows of the same time and window.
    fn computed_with(self, source: &Source, of: &Aggregate, choices: &mut Choices) -> Vec<(&'static str, Aggregate)> {
        if !of.stock.as_ref().is_none_or(|stock| matches!(stock, Stock::At(_))) || choices.chance(55) {
            return Vec::new();
        }
        let mut with = Vec::new();
        for _ in 0..choices.between(1, 2) {
            let other = self.maker(source).aggregate(1, choices);
            let is_alike = other.stock.as_ref().is_none_or(|stock| matches!(stock, Stock::At(_)));
            // What goes by the order of rows needs their time.
            if !is_alike || matches!(other.function, "first" | "last") && other.at != of.at {
                continue;
            }
            let other = Aggregate { at: of.at.clone(), stock: of.stock.clone(), window: of.window, ..other };
            let is_rough = facts::is_rough(self.project, &Expr::Leaf(Figure::Aggregate(other.clone())));
            let name = choices.word(&["+", "-", "-", "*", "/", "/", "least", "greatest", "coalesce"]);
            with.push((if is_rough && name == "/" { "-" } else { name }, other));
        }
        with
    }

    /// How many entities had their first or last time after a day; nothing where the source has no times.
    fn by_time(self, source: &Source, of: &Aggregate, per: &[String], choices: &mut Choices) -> Option<Grouped> {
        let time = self.maker(source).path(choices, Type::is_time)?;
        let of = Aggregate { function: choices.word(&["min", "max"]), share: None, argument: Some(time), ..of.clone() };
        let day = Expr::Literal(Value::Date(self.times.day(choices)));
        let filter = Some(Expr::Apply(choices.word(&["<", ">="]), vec![Expr::Leaf(RowLeaf::Value), day]));
        let top = choices.chance(20).then_some(2);
        Some(Grouped { function: "count", share: None, of, with: Vec::new(), per: per.to_vec(), filter, top })
    }
}
