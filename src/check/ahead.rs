//! Related rows: those `within` a time of the row that they belong to, and conditions that look beyond the period by accident.
//!
//! An aggregate over related rows sees those up to the end of the period of the current row. A condition by which they come at most so
//! long after a time of that row asks for rows beyond: whoever signed up on the last day of a month is never seen to come back within
//! a week. [`Context::looks_ahead`] finds such a condition in any spelling, by bringing both sides of a comparison to the form
//! `a * inner + b * outer + c`.

use super::Context;
use crate::calendar::{Grain, TimeUnit};
use crate::diagnostic::codes;
use crate::model::clock::picks;
use crate::model::expr::{Expr, Literal, Node, Path, Related, RowExpr, RowLeaf, Window};
use crate::model::facts::Type;
use crate::model::{ColumnId, SourceId, Storage};
use crate::text::Span;

/// How many values an expression may have that are followed, where it chooses among some.
const MOST: usize = 16;

/// A time or a duration, in seconds: so many times the time of the related row, the time of the current row, and something that is
/// written out.
#[derive(Debug, Clone, PartialEq)]
struct Linear {
    inner: f64,
    outer: f64,
    /// Which time of the current row it is.
    of: Option<Path>,
    seconds: f64,
    /// Whether a duration is a column, so that only its sign is known.
    is_column: bool,
}

/// What a comparison has to be for the row to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// True.
    True,
    /// False.
    False,
    /// Either, as it decides about something else.
    Either,
}

/// What the names of an expression mean.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// It is about rows related to the one at hand.
    Inner(&'a Related),
    /// It is about the current row.
    Outer,
}

impl Context<'_> {
    /// Whether both times are exact enough for a time shorter than a day to be counted between them.
    pub(super) fn is_exact_enough(&mut self, related: &Related, source: SourceId, span: Span) -> bool {
        let (Window::Within(count, unit), Some(of), Some(time)) =
            (related.aggregate.window, &related.of, related.aggregate.time)
        else {
            return true;
        };
        let ends = [(source, of.clone()), (related.aggregate.source, Path::to(time))];
        let types = ends.iter().map(|(source, path)| self.model.column(*source, path).ty);
        if unit.grain().is_some() || !types.clone().any(|ty| ty == Type::Date) {
            return !types.clone().any(|ty| ty == Type::Error);
        }
        let is_date = |(source, path): &&(SourceId, Path)| self.model.column(*source, path).ty == Type::Date;
        let name = ends.iter().find(is_date).map(|(source, path)| {
            let end = self.model.sources.get(self.model.end_of(*source, path));
            format!("{}.{}", end.name.value, end.columns.get(path.column).name.value)
        });
        let plural = if count == 1 { "" } else { "s" };
        let message = format!(
            "`{}` is a date, so kpic cannot tell which rows come within {count} {}{plural}",
            name.unwrap_or_default(),
            unit.name()
        );
        self.report(&codes::TYPE_MISMATCH, span, message)
            .help("give the time in days or longer units, or use timestamp columns");
        false
    }

    /// Reports conditions on related rows that come at most so long after a time of the current row; whether there are any.
    pub(super) fn looks_ahead(&mut self, source: SourceId, filter: &RowExpr) -> bool {
        let mut found: Vec<(Span, Found)> = Vec::new();
        self.condition_ahead(source, filter, Side::Outer, Holds::True, filter.span_or(self.or), &mut found);
        filter.leaves(&mut |leaf| {
            let RowLeaf::Related(related) = leaf else { return };
            if !stops_at_the_period(related) {
                return;
            }
            let (inner, span) = (related.aggregate.source, related.aggregate.at.0.unwrap_or(self.or));
            let side = Side::Inner(related);
            for (condition, holds) in related
                .aggregate
                .filter
                .iter()
                .map(|filter| (filter, Holds::True))
                .chain(related.aggregate.argument.iter().map(|argument| (argument, Holds::Either)))
            {
                self.condition_ahead(inner, condition, side, holds, span, &mut found);
            }
        });
        found.sort_by_key(|(span, _)| *span);
        found.dedup_by_key(|(span, _)| *span);
        for (span, found) in &found {
            self.say_ahead(source, *span, found);
        }
        !found.is_empty()
    }

    fn say_ahead(&mut self, source: SourceId, span: Span, found: &Found) {
        let outer = self.model.sources.get(source);
        let inner = &self.model.sources.get(found.inner).name.value;
        let row = if outer.row.is_empty() { "row" } else { outer.row.as_str() };
        let text = self.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let message = format!(
            "`{text}` asks for `{inner}` after the period of the {row}; only those up to the end of the period are visible"
        );
        let time = found.asked.of.as_ref().map_or_else(|| "created_at".to_owned(), |of| self.model.path_text(source, of));
        let length = found.asked.length.map_or_else(
            || "7 days".to_owned(),
            |(count, unit)| format!("{count} {}{}", unit.name(), if count == 1 { "" } else { "s" }),
        );
        self.report(&codes::LOOKS_AHEAD, span, message).help(format!(
            "`within` takes related rows from a time until that long after it, in any period: `count({inner} within \
             {length} of {time})`; it replaces this condition and `over`"
        ));
    }

    /// Looks at the comparisons of a condition, which is about the rows of a source.
    fn condition_ahead(
        &self,
        source: SourceId,
        condition: &RowExpr,
        side: Side<'_>,
        holds: Holds,
        or: Span,
        found: &mut Vec<(Span, Found)>,
    ) {
        let span = condition.span_or(or);
        let Node::Apply(function, arguments) = &condition.node else {
            // A derived column may hold the comparison.
            if let Node::Leaf(RowLeaf::Column(path)) = &condition.node
                && let Some((end, through, expr)) = self.derived(source, path)
                && through.is_empty()
            {
                let mut within = Vec::new();
                self.condition_ahead(end, expr, side, holds, span, &mut within);
                found.extend(within.into_iter().map(|(_, found)| (span, found)));
            }
            return;
        };
        let turned = match holds {
            Holds::True => Holds::False,
            Holds::False => Holds::True,
            Holds::Either => Holds::Either,
        };
        let below = match function.name {
            "and" | "or" => holds,
            "not" => turned,
            _ => Holds::Either,
        };
        let compared: &[(usize, &str)] = match function.name {
            "=" | "<" | "<=" | ">" | ">=" | "!=" => &[(1, function.name)],
            "between" => &[(1, ">="), (2, "<=")],
            "not between" => &[(1, "<"), (2, ">")],
            _ => &[],
        };
        let listed: Vec<(usize, &str)> = match function.name {
            "in" => (1..arguments.len()).map(|at| (at, "=")).collect(),
            _ => compared.to_vec(),
        };
        let Some(left) = arguments.first() else { return };
        for (at, operator) in listed {
            let Some(right) = arguments.get(at) else { continue };
            for left in self.linear(source, left, side) {
                for right in self.linear(source, right, side) {
                    if let Some(ahead) = ahead(&left, &right, operator, holds) {
                        let inner = match side {
                            Side::Inner(related) => Some(related.aggregate.source),
                            Side::Outer => related_source(condition),
                        };
                        found.extend(inner.map(|inner| (span, Found { inner, asked: ahead.clone() })));
                    }
                }
            }
        }
        for argument in arguments {
            self.condition_ahead(source, argument, side, below, span, found);
        }
    }

    /// The formula of a derived column, the source whose rows it is about, and the references that lead there.
    fn derived<'a>(&'a self, source: SourceId, path: &'a Path) -> Option<(SourceId, &'a [ColumnId], &'a RowExpr)> {
        let end = self.model.end_of(source, path);
        match &self.model.sources.get(end).columns.get(path.column).storage {
            Storage::Derived(expr) => Some((end, &path.through, expr)),
            Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => None,
        }
    }

    /// The values that an expression may have, as far as they are times and durations that are followed.
    fn linear(&self, source: SourceId, expr: &RowExpr, side: Side<'_>) -> Vec<Linear> {
        let mut values = self.values(source, &[], expr, side);
        values.truncate(MOST);
        values
    }

    fn values(&self, source: SourceId, through: &[ColumnId], expr: &RowExpr, side: Side<'_>) -> Vec<Linear> {
        let of = |argument: &RowExpr| self.values(source, through, argument, side);
        match &expr.node {
            Node::Leaf(RowLeaf::Column(path)) => self.column_values(source, through, path, side),
            Node::Leaf(RowLeaf::Related(related)) if matches!(side, Side::Outer) => self.picked(related),
            Node::Literal(Literal::Number(digits)) => {
                digits.parse().map(|seconds| Linear { seconds, ..Linear::ZERO }).into_iter().collect()
            }
            Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
                ("to date" | "date" | "to number" | "widen", [time])
                | ("trunc", [time, Expr { node: Node::Literal(Literal::Grain(Grain::Day)), .. }]) => of(time),
                ("add seconds" | "add days to time", [time, by]) => pairs(&of(time), &of(by), |time, by| time.plus(by, 1.0)),
                ("add days", [time, by]) => pairs(&of(time), &of(by), |time, by| time.plus(by, 86_400.0)),
                ("add months" | "add months to time", [time, by]) => pairs(&of(time), &of(by), |time, by| time.plus(by, MONTH)),
                ("seconds between", [one, two]) => pairs(&of(one), &of(two), |one, two| Some(one.minus(two))),
                ("days between", [one, two]) => pairs(&of(one), &of(two), |one, two| one.minus(two).times(1.0 / 86_400.0)),
                ("+", [one, two]) => pairs(&of(one), &of(two), |one, two| Some(one.minus(&two.negated()))),
                ("-", [one, two]) => pairs(&of(one), &of(two), |one, two| Some(one.minus(two))),
                ("negate", [one]) => of(one).iter().map(Linear::negated).collect(),
                ("*", [one, two]) => pairs(&of(one), &of(two), Linear::product),
                ("/", [one, two]) => pairs(&of(one), &of(two), Linear::quotient),
                ("coalesce" | "least" | "greatest" | "if" | "case", all) => all.iter().flat_map(of).take(MOST).collect(),
                _ => Vec::new(),
            },
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => Vec::new(),
        }
    }

    /// A column as a time of the related row or of the current row, or as a duration.
    fn column_values(&self, source: SourceId, through: &[ColumnId], path: &Path, side: Side<'_>) -> Vec<Linear> {
        let whole: Vec<ColumnId> = through.iter().chain(&path.through).copied().collect();
        if let Some((end, _, expr)) = self.derived(source, path) {
            return self.values(end, &whole, expr, side);
        }
        let column = self.model.column(source, path);
        let is_time = matches!(column.ty, Type::Date | Type::Timestamp);
        match side {
            Side::Outer if is_time => vec![Linear::outer(Path { through: whole, column: path.column })],
            Side::Inner(related) if is_time => {
                let via: Vec<ColumnId> = related.via.through.iter().copied().chain([related.via.column]).collect();
                let time = related.aggregate.time.and_then(|time| self.base(related.aggregate.source, time));
                if let Some(rest) = whole.strip_prefix(via.as_slice()) {
                    vec![Linear::outer(Path { through: rest.to_vec(), column: path.column })]
                } else if whole.is_empty() && time == Some(path.column) {
                    vec![Linear { inner: 1.0, ..Linear::ZERO }]
                } else {
                    Vec::new()
                }
            }
            // As long as nothing says that it is below 0, a duration leads on.
            _ if column.ty.is_numeric() && column.range.high > 0.0 => {
                vec![Linear { seconds: 1.0, is_column: true, ..Linear::ZERO }]
            }
            _ => Vec::new(),
        }
    }

    /// The stored column of which a time column is made.
    fn base(&self, source: SourceId, time: ColumnId) -> Option<ColumnId> {
        let mut at = time;
        while let Storage::Derived(expr) = &self.model.sources.get(source).columns.get(at).storage {
            let mut times = Vec::new();
            expr.leaves(&mut |leaf| {
                if let RowLeaf::Column(path) = leaf
                    && path.through.is_empty()
                    && matches!(self.model.column(source, path).ty, Type::Date | Type::Timestamp)
                {
                    times.push(path.column);
                }
            });
            match times.as_slice() {
                [only] => at = *only,
                _ => return None,
            }
        }
        Some(at)
    }

    /// The least, greatest, first or last of times of related rows, or of what lies between them and one of the current row.
    fn picked(&self, related: &Related) -> Vec<Linear> {
        let aggregate = &related.aggregate;
        match &aggregate.argument {
            Some(argument) if picks(aggregate.function.name) && stops_at_the_period(related) => {
                self.linear(aggregate.source, argument, Side::Inner(related))
            }
            _ => Vec::new(),
        }
    }
}

/// About how many seconds a month has.
const MONTH: f64 = 2_629_746.0;

/// What a condition asks for.
struct Found {
    /// The source of the related rows.
    inner: SourceId,
    asked: Asked,
}

/// Until when a condition lets a related row come.
#[derive(Clone)]
struct Asked {
    /// After which time of the current row.
    of: Option<Path>,
    /// How long after it, if that is written out.
    length: Option<(u32, TimeUnit)>,
}

/// Whether only related rows up to the end of the period are seen.
fn stops_at_the_period(related: &Related) -> bool {
    let has_time = related.aggregate.time.is_some() && related.aggregate.stock.is_none();
    has_time && !matches!(related.aggregate.window, Window::Age(_) | Window::AgeToDate(_) | Window::Within(..))
}

/// The source of an aggregate over related rows that is compared.
fn related_source(condition: &RowExpr) -> Option<SourceId> {
    let mut found = None;
    condition.leaves(&mut |leaf| {
        if let RowLeaf::Related(related) = leaf {
            found = Some(related.aggregate.source);
        }
    });
    found
}

/// After which time of the current row a comparison allows a related row, and how long after it at most; nothing where it does not.
fn ahead(left: &Linear, right: &Linear, operator: &str, holds: Holds) -> Option<Asked> {
    let difference = left.minus(right);
    let sum = difference.inner + difference.outer;
    if difference.inner.abs() < f64::EPSILON || sum.abs() > 1e-9 * difference.inner.abs() {
        return None;
    }
    // In the form `inner - outer` against a duration; where the related row stood on the right, the sides are turned.
    let duration = -difference.seconds / difference.inner;
    let turned = difference.inner < 0.0;
    let is_at_most = |operator: &str| match operator {
        "<" | "<=" => !turned,
        ">" | ">=" => turned,
        _ => false,
    };
    let bounds = match (operator, holds) {
        ("=", Holds::True | Holds::Either) | ("!=", Holds::False | Holds::Either) => true,
        ("=" | "!=", _) => false,
        (_, Holds::Either) => true,
        (operator, Holds::True) => is_at_most(operator),
        (operator, Holds::False) => !is_at_most(operator),
    };
    let length = if difference.is_column { None } else { length(duration) };
    // Half a second is less than any duration.
    (bounds && duration > 0.5).then_some(Asked { of: difference.of, length })
}

/// A duration as it would be written.
fn length(seconds: f64) -> Option<(u32, TimeUnit)> {
    let units = [
        (TimeUnit::Month, MONTH),
        (TimeUnit::Day, 86_400.0),
        (TimeUnit::Hour, 3_600.0),
        (TimeUnit::Minute, 60.0),
        (TimeUnit::Second, 1.0),
    ];
    units.into_iter().find_map(|(unit, size)| {
        let count = (seconds / size).round();
        let fits = (1.0..=1_000_000.0).contains(&count) && (count * size - seconds).abs() < 1e-6 * seconds;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to a million")]
        fits.then_some((count as u32, unit))
    })
}

/// What is made of each value of the one and each of the other.
fn pairs(one: &[Linear], two: &[Linear], make: impl Fn(&Linear, &Linear) -> Option<Linear>) -> Vec<Linear> {
    let all = one.iter().flat_map(|one| two.iter().filter_map(|two| make(one, two)).collect::<Vec<_>>());
    all.take(MOST).collect()
}

impl Linear {
    const ZERO: Linear = Linear { inner: 0.0, outer: 0.0, of: None, seconds: 0.0, is_column: false };

    fn outer(of: Path) -> Self {
        Linear { outer: 1.0, of: Some(of), ..Linear::ZERO }
    }

    fn is_number(&self) -> bool {
        self.inner.abs() < f64::EPSILON && self.outer.abs() < f64::EPSILON
    }

    fn times(&self, factor: f64) -> Option<Self> {
        let made =
            Linear { inner: self.inner * factor, outer: self.outer * factor, seconds: self.seconds * factor, ..self.clone() };
        made.seconds.is_finite().then_some(made)
    }

    fn minus(&self, other: &Self) -> Self {
        Linear {
            inner: self.inner - other.inner,
            outer: self.outer - other.outer,
            of: self.of.clone().or_else(|| other.of.clone()),
            seconds: self.seconds - other.seconds,
            is_column: self.is_column || other.is_column,
        }
    }

    fn negated(&self) -> Self {
        Linear::ZERO.minus(self)
    }

    /// A time so many units later, each so many seconds.
    fn plus(&self, by: &Self, unit: f64) -> Option<Self> {
        Some(self.minus(&by.times(-unit)?))
    }

    fn product(&self, other: &Self) -> Option<Self> {
        if other.is_number() {
            self.times(other.seconds)
        } else if self.is_number() {
            other.times(self.seconds)
        } else {
            None
        }
    }

    fn quotient(&self, by: &Self) -> Option<Self> {
        (by.is_number() && by.seconds.abs() > f64::EPSILON).then(|| self.times(1.0 / by.seconds)).flatten()
    }
}
