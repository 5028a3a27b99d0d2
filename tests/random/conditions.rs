//! Makes up what stands inside of aggregates: conditions, numbers, and aggregates themselves.

use super::data::{TEXTS, Times, some_month, value};
use super::generate::Choices;
use super::journeys::{Kind, kind};
use super::project::{
    Aggregate, Calendar, Expr, Grain, Holds, Journey, Length, Path, Project, Row, RowLeaf, Source, Type, Unit, Value, Window,
};
use super::stocks::formulas as stocks;

/// Texts that are numbers, and some that are nearly.
const NUMBERS: &[&str] =
    &["12", " -3.50 ", "+.5", "4.", "1e1", "1_0", "1,5", "inf", "", "2024-02-29", "- 1", "0x1", "7e", "1e-100"];

/// Makes up expressions over the columns of a source.
pub struct Maker<'a> {
    pub project: &'a Project,
    pub source: &'a Source,
    pub times: &'a Times,
    /// Whether aggregates over related rows may stand in conditions.
    pub related: bool,
    /// Whether these have to be within a time, as what they are about is.
    pub only_within: bool,
}

/// All columns that can be reached from a source over so many references.
pub fn paths(project: &Project, source: &Source, references: usize) -> Vec<(Path, Type)> {
    let mut found = Vec::new();
    for column in &source.columns {
        found.push((vec![column.name.clone()], column.ty));
        let target = column.references.as_ref().and_then(|target| project.sources.iter().find(|source| source.name == *target));
        if references > 0
            && let Some(target) = target
        {
            for (mut path, ty) in paths(project, target, references - 1) {
                path.insert(0, column.name.clone());
                found.push((path, ty));
            }
        }
    }
    found
}

fn number(value: i64) -> Row {
    Expr::Literal(Value::Number(f64::from(i32::try_from(value).unwrap())))
}

impl<'a> Maker<'a> {
    /// A column whose type will do, more often one of the source itself.
    pub fn path(&self, choices: &mut Choices, fits: impl Fn(Type) -> bool) -> Option<Row> {
        let all = paths(self.project, self.source, 2);
        let all: Vec<(Path, Type)> = all.into_iter().filter(|(_, ty)| fits(*ty)).collect();
        let own: Vec<(Path, Type)> = all.iter().filter(|(path, _)| path.len() == 1).cloned().collect();
        let from = if own.is_empty() || choices.chance(35) { all } else { own };
        (!from.is_empty()).then(|| Expr::Leaf(RowLeaf::Path(choices.pick(&from).0.clone())))
    }

    fn type_of(&self, path: &Row) -> Type {
        match path {
            Expr::Leaf(RowLeaf::Path(path)) => self.project.column(self.source, path).ty,
            _ => unreachable!("only paths are asked"),
        }
    }

    /// A literal that can be compared with a column, often one of its values.
    fn literal(&self, path: &Row, ty: Type, choices: &mut Choices) -> Row {
        if choices.chance(60)
            && let Some(value) = self.cell(path, choices)
        {
            return Expr::Literal(value);
        }
        Expr::Literal(match ty {
            Type::Text if choices.chance(20) => Value::Text(format!("k{}", choices.between(1, 4))),
            Type::Date | Type::Timestamp(_) | Type::Instant => Value::Date(self.times.day(choices)),
            ty => value(ty, self.times, choices),
        })
    }

    /// A value that a column holds somewhere; nothing where it is null there, or nothing that a literal can say.
    fn cell(&self, path: &Row, choices: &mut Choices) -> Option<Value> {
        let Expr::Leaf(RowLeaf::Path(path)) = path else { return None };
        let mut source = self.source;
        for name in &path[..path.len() - 1] {
            let target = source.column(name).references.as_ref()?;
            source = self.project.sources.iter().find(|known| known.name == *target)?;
        }
        let cells = (!source.rows.is_empty()).then(|| choices.pick(&source.rows))?;
        let cell = cells.get(source.at(path.last()?))?;
        match cell {
            Value::Null | Value::Time(_) => None,
            Value::Number(number) if !number.is_finite() => None,
            value => Some(value.clone()),
        }
    }

    /// A number of each row; nothing where the source has none.
    pub fn number(&self, depth: usize, choices: &mut Choices) -> Option<Row> {
        let path = self.path(choices, Type::is_numeric)?;
        if depth == 0 || choices.chance(65) {
            return Some(path);
        }
        let other = self.number(depth - 1, choices)?;
        Some(match choices.below(10) {
            9 => Expr::Apply("negate", vec![other]),
            0 => Expr::Apply("+", vec![path, other]),
            1 => Expr::Apply("-", vec![path, other]),
            2 => Expr::Apply("*", vec![path, other]),
            3 => Expr::Apply("*", vec![path, number(*choices.pick(&[-2, -1, 2, 3]))]),
            4 => Expr::Apply("coalesce", vec![path, number(choices.between(0, 2))]),
            5 => {
                // What is aggregated has no aggregates in it.
                let condition = Maker { related: false, ..*self }.condition(depth - 1, choices);
                Expr::Apply("if", vec![condition, path, other])
            }
            6 => Expr::Apply(choices.word(&["abs", "floor", "ceil", "round", "negate"]), vec![path]),
            7 => Expr::Apply(choices.word(&["least", "greatest"]), vec![path, other]),
            8 => {
                let condition = Maker { related: false, ..*self }.condition(depth - 1, choices);
                let mut text = || Expr::Literal(Value::Text(choices.word(NUMBERS).to_owned()));
                let (one, other) = (text(), text());
                Expr::Apply("coalesce", vec![Expr::Apply("number", vec![Expr::Apply("if", vec![condition, one, other])]), path])
            }
            _ => Expr::Apply("/", vec![path, other]),
        })
    }

    /// A condition on rows.
    pub fn condition(&self, depth: usize, choices: &mut Choices) -> Row {
        if depth > 0 && choices.chance(35) {
            let name = choices.word(&["and", "or", "not"]);
            let count = if name == "not" { 1 } else { 2 };
            return Expr::Apply(name, (0..count).map(|_| self.condition(depth - 1, choices)).collect());
        }
        if self.related
            && choices.chance(14)
            && let Some(condition) = self.related_condition(depth, choices)
        {
            return condition;
        }
        if let Some(journey) = &self.source.journey
            && choices.chance(60)
            && let Some(condition) = self.reached(journey, choices)
        {
            return condition;
        }
        self.simple(choices)
    }

    /// Whether a journey got to a step; nothing where there is only the first.
    fn reached(&self, journey: &Journey, choices: &mut Choices) -> Option<Row> {
        let place = 1 + choices.below(journey.steps.len().checked_sub(1).filter(|later| *later > 0)?);
        let name = |place: usize| journey.steps[place].name.clone();
        // In order a time counts from an earlier step, else from any other.
        let of = choices.below(if journey.any { journey.steps.len() } else { place });
        let of = (choices.chance(50) && of != place).then_some(of);
        let by_day = [place, of.unwrap_or(0)].iter().any(|at| self.source.column(&name(*at)).ty == Type::Date);
        let (unit, most) = *choices.pick(&[
            (if by_day { Unit::Of(Grain::Day) } else { Unit::Hour }, 70),
            (Unit::Of(Grain::Day), 40),
            (Unit::Of(Grain::Week), 9),
            (Unit::Of(Grain::Month), 5),
        ]);
        let within = choices.chance(70).then(|| (i32::try_from(choices.between(0, most)).unwrap(), unit));
        let of = of.filter(|_| within.is_some()).map(name);
        Some(Expr::Leaf(RowLeaf::Reached { step: name(place), within, of }))
    }

    fn simple(&self, choices: &mut Choices) -> Row {
        let path = self.path(choices, |_| true).unwrap();
        let ty = self.type_of(&path);
        let about = path.clone();
        let literal = |choices: &mut Choices| self.literal(&about, ty, choices);
        if choices.chance(12) {
            return Expr::Apply(choices.word(&["is null", "is not null"]), vec![path]);
        }
        match (ty, choices.below(6)) {
            (Type::Boolean, 0..3) => path,
            (Type::Boolean, 3) => Expr::Apply(">", vec![Expr::Apply("number", vec![path]), number(0)]),
            (Type::Boolean, _) => Expr::Apply(choices.word(&["=", "!="]), vec![path, literal(choices)]),
            (Type::Text, 0) => Self::on_text(path, choices),
            (ty, 1) if ty.is_time() => self.on_time(path, ty, choices),
            (Type::Integer, 0) if choices.chance(40) => {
                let text = Expr::Literal(Value::Text(choices.between(-1, 5).to_string()));
                Expr::Apply(choices.word(&["=", "<"]), vec![Expr::Apply("text", vec![path]), text])
            }
            (Type::Integer, 0) => {
                Expr::Apply("=", vec![Expr::Apply("mod", vec![path, number(2)]), number(choices.between(-1, 1))])
            }
            (_, 2) => {
                let mut list = vec![path];
                for _ in 0..choices.between(1, 3) {
                    list.push(if choices.chance(4) { Expr::Literal(Value::Null) } else { literal(choices) });
                }
                Expr::Apply(choices.word(&["in", "in", "not in"]), list)
            }
            (_, 3) => Expr::Apply(
                choices.word(&["between", "between", "not between"]),
                vec![path, literal(choices), literal(choices)],
            ),
            (_, 4) => {
                let alike =
                    |other: Type| ty.is_numeric() && other.is_numeric() || ty.is_time() && other.is_time() || ty == other;
                let other = self.path(choices, alike).unwrap();
                Expr::Apply(comparison(choices), vec![path, other])
            }
            _ => Expr::Apply(comparison(choices), vec![path, literal(choices)]),
        }
    }

    fn on_text(path: Row, choices: &mut Choices) -> Row {
        let text = |text: &str| Expr::Literal(Value::Text(text.to_owned()));
        match choices.below(6) {
            0 => Expr::Apply("like", vec![path, text(choices.word(&["a%", "%b", "_", "%", "_%_", "x_y"]))]),
            1 => Expr::Apply("not like", vec![path, text(choices.word(&["a%", "%b", "_"]))]),
            2 => Expr::Apply("starts_with", vec![path, text(choices.word(&TEXTS))]),
            3 => Expr::Apply("contains", vec![path, text(choices.word(&TEXTS))]),
            4 => Expr::Apply(">", vec![Expr::Apply("length", vec![path]), number(1)]),
            _ => Expr::Apply("=", vec![Expr::Apply("upper", vec![path]), text(choices.word(&["A", "B", "AB"]))]),
        }
    }

    fn on_time(&self, path: Row, ty: Type, choices: &mut Choices) -> Row {
        let other = self.path(choices, Type::is_time).unwrap();
        let day = |count| Expr::Literal(Value::Span(count, Unit::Of(Grain::Day)));
        match choices.below(10) {
            9 => {
                let (name, from, to) =
                    *choices.pick(&[("quarter", 1, 4), ("day_of_year", 1, 366), ("iso_week", 1, 53), ("iso_year", 2022, 2025)]);
                Expr::Apply(comparison(choices), vec![Expr::Apply(name, vec![path]), number(choices.between(from, to))])
            }
            0 => {
                let trunc = |path, grain| Expr::Apply("trunc", vec![path, Expr::Leaf(RowLeaf::Grain(grain))]);
                let grain = *choices.pick(&Grain::ALL);
                Expr::Apply(comparison(choices), vec![trunc(path, grain), trunc(other, grain)])
            }
            7 => {
                let year = number(choices.between(2022, 2025));
                Expr::Apply(comparison(choices), vec![Expr::Apply("year", vec![path]), year])
            }
            8 => Expr::Apply(">", vec![Expr::Apply("day", vec![path]), number(choices.between(1, 28))]),
            1 => Expr::Apply(">=", vec![Expr::Apply("weekday", vec![path]), number(choices.between(2, 6))]),
            2 => Expr::Apply("<", vec![Expr::Apply("hour", vec![path]), number(choices.between(1, 13))]),
            3 => Expr::Apply(
                "in",
                vec![Expr::Apply("month", vec![path]), number(choices.between(1, 12)), number(choices.between(1, 12))],
            ),
            4 if ty.is_time() => Expr::Apply(comparison(choices), vec![Expr::Apply("-", vec![path, other]), day(20)]),
            5 => Expr::Apply("<=", vec![other, Expr::Apply("+", vec![path, day(30)])]),
            _ => {
                let month = Expr::Literal(Value::Date(some_month(&self.project.calendar, choices)));
                Expr::Apply(">=", vec![path, month])
            }
        }
    }

    /// A condition on an aggregate over the rows that refer to the one at hand; nothing where none do.
    fn related_condition(&self, depth: usize, choices: &mut Choices) -> Option<Row> {
        let is_within = self.only_within || choices.chance(35);
        let (inner, mut aggregate) = self.related_rows(depth, is_within, choices)?;
        // Times of related rows, against one of the row that they belong to.
        if aggregate.window != Window::Age && choices.chance(12) {
            let own: Vec<Path> = inner.times().filter(|path| self.project.column(inner.source, path).expr.is_none()).collect();
            let other: Vec<Path> = self.times().filter(|path| self.project.column(self.source, path).expr.is_none()).collect();
            let keyed = inner.source.key.is_some() && inner.source.states.is_none() && aggregate.stock.is_none();
            let has_time = aggregate.at.is_some() || inner.source.time.is_some();
            if !own.is_empty() && !other.is_empty() {
                let picks: &[&str] = if keyed && has_time { &["min", "max", "first", "last"] } else { &["min", "max"] };
                aggregate.function = choices.word(picks);
                aggregate.share = None;
                aggregate.argument = Some(Expr::Leaf(RowLeaf::Path(choices.pick(&own).clone())));
                let value = Expr::Leaf(RowLeaf::Related(Box::new(aggregate)));
                let other = Expr::Leaf(RowLeaf::Path(choices.pick(&other).clone()));
                return Some(Expr::Apply(comparison(choices), vec![value, other]));
            }
        }
        let literal = if aggregate.function.starts_with("count") {
            number(choices.between(0, 2))
        } else {
            number(choices.between(0, 60))
        };
        let value = Expr::Leaf(RowLeaf::Related(Box::new(aggregate)));
        // What hangs on the last digit of a floating number proves nothing.
        Some(if choices.chance(15) {
            Expr::Apply("is null", vec![value])
        } else {
            Expr::Apply(comparison(choices), vec![value, literal])
        })
    }

    /// An aggregate over the rows that refer to the one at hand; nothing where none do.
    fn related_rows(&self, depth: usize, is_within: bool, choices: &mut Choices) -> Option<(Maker<'a>, Aggregate)> {
        let mut ties: Vec<(&'a Source, Path)> = Vec::new();
        for inner in &self.project.sources {
            for (path, _) in paths(self.project, inner, 1) {
                if self.project.column(inner, &path).references.as_ref() == Some(&self.source.name) {
                    ties.push((inner, path));
                }
            }
        }
        if ties.is_empty() {
            return None;
        }
        let (inner, via) = choices.pick(&ties).clone();
        let related = depth > 0 && choices.chance(25);
        let inner = Maker { source: inner, related, only_within: is_within, ..*self };
        let mut aggregate = inner.aggregate(0, choices);
        // Whether a snapshot is too old is more than a condition can say.
        if matches!(inner.source.states, Some(Holds::Snapshot { .. } | Holds::Readings { .. })) && aggregate.at.is_none() {
            return None;
        }
        let of_inner = inner.source.columns.iter();
        let direct = of_inner.filter(|column| column.references.as_ref() == Some(&self.source.name)).count();
        aggregate.says_via = via.len() > 1 || direct > 1 || choices.chance(40);
        aggregate.via = Some(via);
        if is_within {
            self.within(&mut aggregate, choices)?;
        } else if self.looks_ahead(&aggregate) {
            return None;
        }
        Some((inner, aggregate))
    }

    /// An aggregate over the rows that come within a time of the one at hand; nothing where none refer to it.
    pub fn taken_within(&self, choices: &mut Choices) -> Option<Row> {
        let (_, aggregate) = self.related_rows(0, true, choices)?;
        Some(Expr::Leaf(RowLeaf::Related(Box::new(aggregate))))
    }

    /// The time columns of the source.
    fn times(&self) -> impl Iterator<Item = Path> + '_ {
        self.source.columns.iter().filter(|column| column.ty.is_time()).map(|column| vec![column.name.clone()])
    }

    /// Makes an aggregate over related rows one over those that come within a time; nothing where there are no times.
    fn within(&self, aggregate: &mut Aggregate, choices: &mut Choices) -> Option<()> {
        let inner = self.project.source(&aggregate.source);
        let own: Vec<(Path, Type)> = paths(self.project, self.source, 1).into_iter().filter(|(_, ty)| ty.is_time()).collect();
        let at = aggregate.at.as_ref().or(inner.time.as_ref())?;
        if own.is_empty() || inner.states.is_some() && aggregate.at.is_none() {
            return None;
        }
        let of = choices.pick(&own).0.clone();
        let by_day = [kind(self.project, inner, std::slice::from_ref(at)), kind(self.project, self.source, &of)];
        let by_day = by_day.contains(&Kind::Day);
        let (unit, most) = *choices.pick(&[
            (if by_day { Unit::Of(Grain::Day) } else { Unit::Hour }, 70),
            (Unit::Of(Grain::Day), 40),
            (Unit::Of(Grain::Week), 9),
            (Unit::Of(Grain::Month), 5),
        ]);
        aggregate.window = Window::Within(i32::try_from(choices.between(0, most)).unwrap(), unit);
        aggregate.of = Some(of);
        Some(())
    }

    /// Whether an aggregate over related rows may ask for some that come so long after a time of the other row, which is refused.
    fn looks_ahead(&self, aggregate: &Aggregate) -> bool {
        let inner = self.project.source(&aggregate.source);
        let via = aggregate.via.as_ref().unwrap();
        let (mut other, mut moved) = (false, false);
        for expr in aggregate.filter.iter().chain(&aggregate.argument) {
            expr.leaves(&mut |leaf| {
                if let RowLeaf::Path(path) = leaf {
                    let column = self.project.column(inner, path);
                    other |= path.len() > via.len() && path.starts_with(via);
                    moved |= column.expr.is_some();
                }
            });
            moved |= has_durations(expr);
        }
        other && moved
    }

    /// An aggregate over rows whose value is a number.
    pub fn aggregate(&self, depth: usize, choices: &mut Choices) -> Aggregate {
        let source = self.source;
        let times: Vec<String> =
            source.columns.iter().filter(|column| column.ty.is_time()).map(|column| column.name.clone()).collect();
        let at = (!times.is_empty() && choices.chance(if source.time.is_some() { 20 } else { 70 }))
            .then(|| choices.pick(&times).clone());
        let has_time = at.is_some() || source.time.is_some();
        let stock = if at.is_none() { stocks::moment(source, choices) } else { None };
        let window = match has_time {
            true => self::window(&self.project.calendar, choices),
            false if source.states.is_some() => Window::Period,
            false => Window::AllTime,
        };
        let functions: &[(usize, &'static str)] = &[
            (20, "sum"),
            (15, "count"),
            (12, "count_distinct"),
            (10, "avg"),
            (6, "min"),
            (6, "max"),
            (5, "median"),
            (4, "percentile"),
            (4, "percentile_disc"),
            (4, "stddev"),
            (3, "variance"),
            (4, "first"),
            (4, "last"),
        ];
        let mut function = choices.weighted(functions);
        // The key of a state does not decide between states of one time.
        if matches!(function, "first" | "last") && !(has_time && source.key.is_some() && source.states.is_none()) {
            function = "count";
        }
        let mut argument = match function {
            "count" if choices.chance(65) => None,
            "count" | "count_distinct" => self.path(choices, |_| true),
            // A column of a percentile's floating digits is fine as an answer, and only there.
            _ => self.number(depth, choices),
        };
        if argument.is_none() {
            function = "count";
        }
        if function == "count_distinct" && choices.chance(15) {
            argument = self.number(depth, choices).or(argument);
        }
        let filter = choices.chance(50).then(|| self.condition(depth, choices));
        let share = function.starts_with("percentile").then(|| *choices.pick(&[0, 10, 25, 50, 90, 100]));
        Aggregate {
            function,
            share,
            source: source.name.clone(),
            argument,
            via: None,
            says_via: true,
            of: None,
            filter,
            at,
            stock,
            window,
        }
    }
}

/// Whether a duration stands in a condition.
fn has_durations(expr: &Row) -> bool {
    match expr {
        Expr::Literal(value) => matches!(value, Value::Span(..)),
        Expr::Leaf(_) => false,
        Expr::Apply(_, arguments) => arguments.iter().any(has_durations),
    }
}

fn comparison(choices: &mut Choices) -> &'static str {
    choices.word(&["=", "!=", "<", "<=", ">", ">="])
}

/// Any window.
pub fn window(calendar: &Calendar, choices: &mut Choices) -> Window {
    let grain = *choices.pick(&[Grain::Week, Grain::Month, Grain::Quarter, Grain::Year]);
    match choices.below(20) {
        0..10 => Window::Period,
        10..14 => {
            let (unit, most) =
                *choices.pick(&[(Grain::Day, 40), (Grain::Week, 6), (Grain::Month, 4), (Grain::Quarter, 2), (Grain::Year, 1)]);
            // A month of a calendar of one's own is no number of days.
            let unit = if calendar.custom.is_some() { unit.min(Grain::Week) } else { unit };
            Window::Trailing(Length { count: i32::try_from(choices.between(1, most)).unwrap(), unit })
        }
        14..16 => Window::ToDate(grain),
        16..18 => Window::AllTime,
        _ => Window::Previous,
    }
}
