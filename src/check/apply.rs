//! Functions and operators applied to values: which types they take, what becomes of units and ranges, and the conversions
//! that have to be written out. The same for rows and for KPIs.

use super::{Context, Operand, advice};
use crate::calendar::TimeUnit;
use crate::diagnostic::codes;
use crate::functions::{Argument, Function, Gives, Rest, UnitRule, conversions, operators, range};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::facts::{KnownUnit, Range, Type};
use crate::model::unit::{Fit, Notation, Unit};
use crate::text::Span;

impl Context<'_> {
    /// The value of a function; broken, with a finding, if it does not take its operands.
    pub(super) fn apply<L: Clone>(&mut self, function: &'static Function, operands: Vec<Operand<L>>, span: Span) -> Operand<L> {
        if operands.iter().any(Operand::is_broken) {
            // The other operands have been looked at on their own; what depends on the broken one is not known.
            return Operand::broken(span);
        }
        let done = match function.name {
            "+" | "-" => self.sum(function, operands, span),
            "*" => self.product(operands, span),
            "/" => self.quotient(operands, span),
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between" => {
                self.comparison(function, operands, span)
            }
            "if" | "case" | "coalesce" | "least" | "greatest" => self.choice(function, operands, span),
            "text" | "number" | "date" => self.conversion(function, operands, span),
            _ => self.plain(function, operands, span),
        };
        done.unwrap_or_else(|| Operand::broken(span))
    }

    fn mismatch<L, T>(&mut self, function: &Function, operand: &Operand<L>, wants: &str) -> Option<T> {
        let span = operand.expr.span_or(self.or);
        let text = self.text(&operand.expr);
        let message = format!("`{}` {wants}, and `{text}` is {}", function.name, operand.ty);
        let finding = self.report(&codes::TYPE_MISMATCH, span, message);
        if wants.contains("number") && function.name != "text" {
            match operand.ty {
                Type::Text if function.name == "+" => finding.help("join texts with `concat(a, b)`"),
                Type::Text => finding.help(advice::number(&operand.expr.node, &text)),
                Type::Boolean => finding.help(format!("to get 1 or 0 write `if({text}, 1, 0)`")),
                _ => finding,
            };
        } else if wants == "takes a condition" {
            finding.help(advice::condition(operand.ty, &text));
        } else if wants == "takes a text" && matches!(operand.ty, Type::Integer | Type::Boolean | Type::Date) {
            finding.help(format!("`text({text})` converts it to text"));
        } else if wants == "takes a date or timestamp" && operand.ty == Type::Text {
            finding.help(format!("if the text holds a date, convert it with `date({text})`"));
        }
        None
    }

    /// A function whose signature says everything.
    fn plain<L: Clone>(&mut self, function: &'static Function, operands: Vec<Operand<L>>, span: Span) -> Option<Operand<L>> {
        for (at, operand) in operands.iter().enumerate() {
            let wanted = function.takes.get(at).copied().or(match function.rest {
                Rest::None => None,
                Rest::Optional(argument) | Rest::Many(argument) => Some(argument),
            });
            if let Some(wanted) = wanted {
                self.takes(function, wanted, operand)?;
            }
        }
        let first = operands.first();
        let measure = match function.unit {
            UnitRule::Same(at) => operands.get(at).map_or(KnownUnit::none(), |operand| operand.measure.clone()),
            _ => KnownUnit::none(),
        };
        let ty = match function.gives {
            Gives::Truth => Type::Boolean,
            Gives::Integer => Type::Integer,
            Gives::Number => Type::Number,
            Gives::Text => Type::Text,
            Gives::Date => Type::Date,
            Gives::Same(at) => operands.get(at).map_or(Type::Error, |operand| operand.ty),
            Gives::Common => operands.iter().try_fold(Type::Null, |ty, operand| ty.common(operand.ty)).unwrap_or(Type::Error),
        };
        let ranges: Vec<Range> = operands.iter().map(|operand| operand.range).collect();
        let range = range::of_values(function, &ranges);
        let origin = first.and_then(|operand| operand.origin.clone());
        let expr = Expr::new(Node::Apply(function, operands.into_iter().map(|operand| operand.expr).collect()), span);
        Some(Operand { expr, ty, measure, range, origin })
    }

    /// Whether a function takes an operand at its place.
    fn takes<L>(&mut self, function: &Function, wanted: Argument, operand: &Operand<L>) -> Option<()> {
        let ty = operand.ty;
        let fits = match wanted {
            Argument::Numeric => ty.is_numeric(),
            Argument::Plain => {
                ty.is_numeric() && matches!(&operand.measure, KnownUnit::Of(unit) if unit.is_soft())
                    || ty.is_numeric() && operand.measure == KnownUnit::Bare
            }
            Argument::Text => matches!(ty, Type::Text | Type::Null),
            Argument::Truth => matches!(ty, Type::Boolean | Type::Null),
            Argument::Time => ty.is_time(),
            Argument::Digits => {
                matches!(&operand.expr.node, Node::Literal(Literal::Number(digits)) if digits.len() < 3 && !digits.contains('.'))
            }
            Argument::Any | Argument::Ordered | Argument::Rows | Argument::Fraction | Argument::Grain => ty != Type::Key,
        };
        if fits {
            return Some(());
        }
        if wanted == Argument::Plain && ty.is_numeric() {
            let span = operand.expr.span_or(self.or);
            let unit = advice::unit_of(operand);
            let message =
                format!("`{}` takes a number without a unit, and `{}` is in {unit}", function.name, self.text(&operand.expr));
            self.report(&codes::UNIT_MISMATCH, span, message).help("divide by a value in the same unit first");
            return None;
        }
        let wants = match wanted {
            Argument::Numeric | Argument::Plain => "takes a number",
            Argument::Text => "takes a text",
            Argument::Truth => "takes a condition",
            Argument::Time => "takes a date or timestamp",
            Argument::Digits => "takes the number of decimals as a literal, such as `2`",
            _ => "takes a single value",
        };
        self.mismatch(function, operand, wants)
    }

    /// `+` and `-`: numbers of one unit, times and durations.
    fn sum<L: Clone>(&mut self, function: &'static Function, operands: Vec<Operand<L>>, span: Span) -> Option<Operand<L>> {
        let adds = function.name == "+";
        let [left, right] = <[Operand<L>; 2]>::try_from(operands).ok()?;
        let time = |ty: Type| matches!(ty, Type::Date | Type::Timestamp);
        match (time(left.ty), time(right.ty)) {
            (true, true) if adds => {
                let message = format!("two times cannot be added: `{}`", self.files.slice(span));
                self.report(&codes::TYPE_MISMATCH, span, message).help("write the difference between two times with `-`");
                None
            }
            (true, true) => Some(difference(left, right, span)),
            (true, false) => self.shifted(function, left, right, span),
            (false, true) if adds => self.shifted(function, right, left, span),
            (false, true) => self.mismatch(function, &right, "subtracts a time only from another time"),
            (false, false) => {
                for operand in [&left, &right] {
                    if !operand.ty.is_numeric() {
                        let wants = if adds { "adds numbers" } else { "subtracts numbers" };
                        return self.mismatch(function, operand, wants);
                    }
                }
                let ty = left.ty.common(right.ty)?;
                let (operands, measure) = self.one_unit(function, vec![left, right], span)?;
                let [left, right] = <[Operand<L>; 2]>::try_from(operands).ok()?;
                let range = left.range.plus(if adds { right.range } else { right.range.negated() });
                let origin = left.origin.or(right.origin);
                let expr = Expr::new(Node::Apply(function, vec![left.expr, right.expr]), span);
                Some(Operand { expr, ty, measure, range, origin })
            }
        }
    }

    /// A time plus or minus a duration.
    fn shifted<L: Clone>(
        &mut self,
        function: &'static Function,
        time: Operand<L>,
        by: Operand<L>,
        span: Span,
    ) -> Option<Operand<L>> {
        let unit = by.measure.unit().as_time().filter(|_| by.ty.is_numeric());
        let place = by.expr.span_or(self.or);
        let Some(unit) = unit else {
            let message = format!("only a duration can be added to a time, and `{}` is not one", self.text(&by.expr));
            self.report(&codes::TYPE_MISMATCH, place, message)
                .help("write a duration as `14 days`; a number column with a unit of time is a duration too");
            return None;
        };
        let days = matches!(unit, TimeUnit::Day | TimeUnit::Week);
        if !days && unit.months().is_none() && time.ty == Type::Date {
            let message = format!(
                "`{}` is a date; it has no time of day, so {}s cannot be \
             added",
                self.text(&time.expr),
                unit.name()
            );
            self.report(&codes::TYPE_MISMATCH, place, message).help("add days, weeks, months, quarters or years");
            return None;
        }
        if (days || unit.months().is_some()) && by.ty != Type::Integer && time.ty == Type::Date {
            let message =
                format!("`{}` may be a fraction of a {}, and a date cannot move by that", self.text(&by.expr), unit.name());
            self.report(&codes::TYPE_MISMATCH, place, message)
                .help("only a whole number of days or months can be added to a date");
            return None;
        }
        if unit.months().is_some() && by.ty != Type::Integer {
            let message = format!(
                "`{}` may be a fraction of a {}, which has no fixed \
             length",
                self.text(&by.expr),
                unit.name()
            );
            self.report(&codes::TYPE_MISMATCH, place, message).help("only a whole number of months can be added");
            return None;
        }
        let date = time.ty == Type::Date;
        let (by_function, factor) = match (unit.months(), unit.seconds()) {
            (Some(months), _) if date => (&conversions::ADD_MONTHS, f64::from(months)),
            (Some(months), _) => (&conversions::ADD_MONTHS_TO_TIME, f64::from(months)),
            (None, Some(seconds)) if date => (&conversions::ADD_DAYS, f64::from(seconds / 86_400)),
            // Days are those of the project's clock, and each of them has 24 hours; hours are those of a stopwatch.
            (None, Some(seconds)) if days => (&conversions::ADD_DAYS_TO_TIME, f64::from(seconds)),
            (None, seconds) => (&conversions::ADD_SECONDS, f64::from(seconds.unwrap_or(1))),
        };
        let factor = if function.name == "-" { -factor } else { factor };
        let expr = Expr::new(Node::Apply(by_function, vec![time.expr, scaled(by.expr, factor)]), span);
        Some(Operand::new(expr, time.ty, KnownUnit::none(), Range::ANY))
    }

    fn product<L: Clone>(&mut self, operands: Vec<Operand<L>>, span: Span) -> Option<Operand<L>> {
        let function = &operators::MULTIPLY;
        let [left, right] = <[Operand<L>; 2]>::try_from(operands).ok()?;
        for operand in [&left, &right] {
            if !operand.ty.is_numeric() {
                return self.mismatch(function, operand, "multiplies numbers");
            }
        }
        let (measure, factor) = match (&left.measure, &right.measure) {
            (KnownUnit::Bare, other) | (other, KnownUnit::Bare) => (shown_plain(other), 1.0),
            (KnownUnit::Of(one), KnownUnit::Of(two)) => {
                let (unit, factor) = one.times(two).settled();
                (KnownUnit::Of(unit), factor)
            }
            (KnownUnit::Mixed(by), KnownUnit::Of(rate)) | (KnownUnit::Of(rate), KnownUnit::Mixed(by)) => {
                if rate.currency().is_some() { (KnownUnit::Of(rate.clone()), 1.0) } else { (KnownUnit::Mixed(by.clone()), 1.0) }
            }
            (KnownUnit::Mixed(_), KnownUnit::Mixed(_)) => {
                let message = "amounts in several currencies cannot be multiplied with each other";
                self.report(&codes::MIXED_CURRENCIES, span, message).help("multiply by an exchange rate first");
                return None;
            }
            (KnownUnit::Unknown, _) | (_, KnownUnit::Unknown) => (KnownUnit::Unknown, 1.0),
        };
        let range = left.range.times(right.range);
        let ty = left.ty.common(right.ty)?;
        let origin = left.origin.or(right.origin);
        let expr = Expr::new(Node::Apply(function, vec![left.expr, right.expr]), span);
        Some(Operand { expr: scaled(expr, factor), ty, measure, range, origin })
    }

    fn quotient<L: Clone>(&mut self, operands: Vec<Operand<L>>, span: Span) -> Option<Operand<L>> {
        let function = &operators::DIVIDE;
        let [left, right] = <[Operand<L>; 2]>::try_from(operands).ok()?;
        for operand in [&left, &right] {
            if !operand.ty.is_numeric() {
                return self.mismatch(function, operand, "divides numbers");
            }
        }
        if right.range == Range::point(0.0) {
            let place = right.expr.span_or(self.or);
            let message = format!(
                "this divides by `{}`, which is always 0, so the result is always \
             null",
                self.text(&right.expr)
            );
            self.report(&codes::DIVISION_BY_ZERO, place, message).help("divide by a count or sum that is not always 0");
            return None;
        }
        let (measure, factor) = match (&left.measure, &right.measure) {
            (KnownUnit::Bare, KnownUnit::Bare) => (KnownUnit::Bare, 1.0),
            (other, KnownUnit::Bare) => (shown_plain(other), 1.0),
            (KnownUnit::Bare, KnownUnit::Of(unit)) => (KnownUnit::Of(Unit::none().over(unit)), 1.0),
            (KnownUnit::Of(one), KnownUnit::Of(two)) => {
                let (unit, factor) = one.over(two).settled();
                (KnownUnit::Of(unit), factor)
            }
            (KnownUnit::Mixed(one), KnownUnit::Mixed(two)) if one == two => (KnownUnit::none(), 1.0),
            (KnownUnit::Mixed(by), KnownUnit::Of(unit)) if unit.currency().is_none() => (KnownUnit::Mixed(by.clone()), 1.0),
            (KnownUnit::Unknown, _) | (_, KnownUnit::Unknown) => (KnownUnit::Unknown, 1.0),
            (KnownUnit::Mixed(_), _) | (_, KnownUnit::Mixed(_)) => {
                let message = "amounts in several currencies cannot be divided by each other or by another currency";
                self.report(&codes::MIXED_CURRENCIES, span, message).help("multiply by an exchange rate first");
                return None;
            }
        };
        let range = left.range.over(right.range);
        // What has lost its unit to another of the kind has it from neither.
        let cancels = |measure: &KnownUnit| matches!(measure, KnownUnit::Of(unit) if *unit == Unit::none());
        let lost = cancels(&measure) && !cancels(&left.measure) && left.measure != KnownUnit::Bare;
        let origin = left.origin.or(right.origin).filter(|_| !lost);
        let expr = Expr::new(Node::Apply(function, vec![left.expr, right.expr]), span);
        Some(Operand { expr: scaled(expr, factor), ty: Type::Number, measure, range, origin })
    }

    fn comparison<L: Clone>(
        &mut self,
        function: &'static Function,
        operands: Vec<Operand<L>>,
        span: Span,
    ) -> Option<Operand<L>> {
        let operands = self.one_type(function, operands, span)?;
        let ordered = !matches!(function.name, "=" | "!=" | "in" | "not in");
        if let Some(operand) = operands.first()
            && ordered
            && operand.ty == Type::Boolean
        {
            return self.mismatch(function, operand, "compares values that have an order");
        }
        if self.lacks_unit_of_time(&operands) {
            return None;
        }
        let (operands, _) = self.one_unit(function, operands, span)?;
        let expr = Expr::new(Node::Apply(function, operands.into_iter().map(|operand| operand.expr).collect()), span);
        Some(Operand::new(expr, Type::Boolean, KnownUnit::none(), Range::ANY))
    }

    /// A number that is compared with the time between two timestamps says of which unit it is: seconds are hardly ever meant.
    fn lacks_unit_of_time<L>(&mut self, operands: &[Operand<L>]) -> bool {
        let is_difference = |operand: &&Operand<L>| matches!(&operand.expr.node, Node::Apply(function, _) if **function == conversions::SECONDS_BETWEEN);
        let Some(between) = operands.iter().find(is_difference) else { return false };
        let bare = |operand: &&Operand<L>| {
            operand.measure == KnownUnit::Bare && operand.range.single().is_some_and(|value| value != 0.0)
        };
        let Some(number) = operands.iter().find(bare) else { return false };
        let (span, text) = (number.expr.span_or(self.or), self.text(&number.expr));
        let message = format!("`{text}` is compared with the time between two times: in which unit is it?");
        let finding = self.report(&codes::DURATION_WITHOUT_UNIT, span, message);
        if let Some(between) = between.expr.at.0 {
            finding.also(between, "the time between");
        }
        finding.help(format!("write `{text} days`, `{text} hours` or `{text} minutes`"));
        true
    }

    /// `if`, `case`, `coalesce`, `least`, `greatest`: one of several values, which have one type and one unit.
    fn choice<L: Clone>(&mut self, function: &'static Function, operands: Vec<Operand<L>>, span: Span) -> Option<Operand<L>> {
        // Conditions stand at even places of `if` and `case`, but for a last `else`.
        let conditional = matches!(function.name, "if" | "case");
        let count = operands.len();
        let is_condition = |at: usize| match function.name {
            "if" => at == 0,
            "case" => at.is_multiple_of(2) && at + 1 < count,
            _ => false,
        };
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for (at, operand) in operands.into_iter().enumerate() {
            if is_condition(at) {
                self.takes(function, Argument::Truth, &operand)?;
                conditions.push(operand.expr);
            } else {
                values.push(operand);
            }
        }
        let values = self.one_type(function, values, span)?;
        if let Some(value) = values.first()
            && matches!(function.name, "least" | "greatest")
            && value.ty == Type::Boolean
        {
            return self.mismatch(function, value, "compares values that have an order");
        }
        let (values, measure) = self.one_unit(function, values, span)?;
        let ty = values.iter().try_fold(Type::Null, |ty, value| ty.common(value.ty))?;
        let ranges: Vec<Range> = values.iter().filter(|value| value.ty != Type::Null).map(|value| value.range).collect();
        let range = range::of_values(function, &ranges);
        let origin = values.iter().find_map(|value| value.origin.clone());
        let mut values = values.into_iter().map(|value| value.expr);
        let mut parts = Vec::new();
        if conditional {
            for condition in conditions {
                parts.push(condition);
                parts.extend(values.next());
            }
        }
        parts.extend(values);
        let expr = Expr::new(Node::Apply(function, parts), span);
        Some(Operand { expr, ty, measure, range, origin })
    }

    /// `text(x)`, `number(x)`, `date(x)`.
    fn conversion<L: Clone>(
        &mut self,
        function: &'static Function,
        operands: Vec<Operand<L>>,
        span: Span,
    ) -> Option<Operand<L>> {
        let operand = operands.first()?;
        let (fits, wants, ty) = match function.name {
            "text" => (
                matches!(operand.ty, Type::Integer | Type::Date | Type::Boolean | Type::Text | Type::Null),
                "takes a whole number, a date or a condition (engines print other numbers differently)",
                Type::Text,
            ),
            "number" => (
                operand.ty.is_numeric() || matches!(operand.ty, Type::Text | Type::Boolean),
                "takes a text, a number or a condition",
                Type::Number,
            ),
            _ => (operand.ty.is_time() || operand.ty == Type::Text, "takes a timestamp, a date or a text", Type::Date),
        };
        if !fits {
            return self.mismatch(function, operand, wants);
        }
        let measure = if function.name == "number" { operand.measure.clone() } else { KnownUnit::none() };
        let range = if function.name == "number" { operand.range } else { Range::ANY };
        let node = match (function.name, operand.ty) {
            ("date", Type::Date) | ("text", Type::Text) => return operands.into_iter().next(),
            ("date", Type::Timestamp) => Node::Apply(&conversions::TO_DATE, vec![operand.expr.clone()]),
            ("number", ty) if ty.is_numeric() || ty == Type::Boolean => {
                Node::Apply(&conversions::TO_NUMBER, vec![operand.expr.clone()])
            }
            _ => Node::Apply(function, vec![operand.expr.clone()]),
        };
        Some(Operand::new(Expr::new(node, span), ty, measure, range))
    }

    /// Brings operands to one type: a date and a timestamp are compared as dates.
    fn one_type<L: Clone>(&mut self, function: &Function, operands: Vec<Operand<L>>, span: Span) -> Option<Vec<Operand<L>>> {
        let mut ty = Type::Null;
        for operand in &operands {
            let Some(common) = ty.common(operand.ty).filter(|common| *common != Type::Key) else {
                let known = operands.iter().find(|known| known.ty == ty).unwrap_or(operand);
                let (one, other) = (self.text(&known.expr), self.text(&operand.expr));
                let place = operand.expr.span_or(span);
                let message = if operand.ty == Type::Key {
                    format!("`{other}` is {}, which cannot be compared", operand.ty)
                } else {
                    format!(
                        "`{one}` is {}, but `{other}` is {}: `{}` needs both to have one type",
                        known.ty, operand.ty, function.name
                    )
                };
                // What is chosen from is of no type that one of the choices has to be written as.
                let chooses = matches!(function.name, "if" | "case" | "coalesce");
                let pairs = [(known, operand), (operand, known)];
                let help = pairs.into_iter().filter(|_| !chooses).find_map(|(written, other)| {
                    advice::written_otherwise(&written.expr.node, &self.text(&written.expr), other.ty, &self.text(&other.expr))
                });
                let number = known.ty.is_numeric() || operand.ty.is_numeric();
                let written = if known.ty == Type::Text { known } else { operand };
                let as_number = if chooses && matches!(written.expr.node, Node::Literal(_)) {
                    "a KPI gives numbers: write a number instead of the text, or `null` for none".to_owned()
                } else {
                    advice::number(&written.expr.node, "x")
                };
                let finding = self.report(&codes::TYPE_MISMATCH, place, message);
                finding.help = help.or_else(|| {
                    let text = known.ty == Type::Text || operand.ty == Type::Text;
                    (number && text).then_some(as_number)
                });
                return None;
            };
            ty = common;
        }
        let mixed_times = ty == Type::Date;
        let bring = |operand: Operand<L>| {
            if mixed_times && operand.ty == Type::Timestamp {
                let expr = Expr { at: operand.expr.at, ..Expr::apply(&conversions::TO_DATE, vec![operand.expr]) };
                Operand { expr, ty: Type::Date, ..operand_without_expr(operand.measure, operand.range, operand.origin) }
            } else {
                operand
            }
        };
        Some(operands.into_iter().map(bring).collect())
    }

    /// Brings numbers to one unit, the finest of those given; a finding where they cannot be.
    pub(super) fn one_unit<L: Clone>(
        &mut self,
        function: &Function,
        operands: Vec<Operand<L>>,
        span: Span,
    ) -> Option<(Vec<Operand<L>>, KnownUnit)> {
        let numeric = |operand: &&Operand<L>| operand.ty.is_numeric() && operand.ty != Type::Null;
        let Some(first) = operands.iter().filter(numeric).find(|operand| operand.measure != KnownUnit::Bare) else {
            return Some((operands, KnownUnit::Bare));
        };
        // The finest unit, so that factors are whole numbers.
        let mut target = first.measure.clone();
        let mut nouns = first.measure.clone();
        for operand in operands.iter().filter(numeric) {
            let problem = match (&target, &operand.measure) {
                (_, KnownUnit::Bare | KnownUnit::Unknown) | (KnownUnit::Unknown, _) => false,
                (KnownUnit::Of(known), KnownUnit::Of(unit)) => match unit.fit(known) {
                    Fit::Times(factor) => {
                        if factor < 1.0 {
                            target = operand.measure.clone();
                        }
                        nouns = KnownUnit::Of(nouns.unit().shared(unit));
                        false
                    }
                    Fit::Not => true,
                },
                (KnownUnit::Mixed(one), KnownUnit::Mixed(two)) => one != two,
                (KnownUnit::Mixed(_), _) | (_, KnownUnit::Mixed(_)) => true,
                (KnownUnit::Bare, _) => false,
            };
            if problem {
                return self.units_differ(function, first, operand, span);
            }
        }
        let bring = |operand: Operand<L>| match (&operand.measure, &target) {
            (KnownUnit::Of(unit), KnownUnit::Of(target)) if operand.ty.is_numeric() => match unit.fit(target) {
                Fit::Times(factor) if (factor - 1.0).abs() > f64::EPSILON => {
                    let range = operand.range.times(Range::point(factor));
                    Operand {
                        expr: scaled(operand.expr, factor),
                        range,
                        ..operand_without_expr_of(operand.ty, operand.measure, operand.origin)
                    }
                }
                _ => operand,
            },
            _ => operand,
        };
        let measure = match (&target, &nouns) {
            (KnownUnit::Of(unit), KnownUnit::Of(shared)) if unit.fit(shared) == Fit::Times(1.0) => nouns,
            _ => target.clone(),
        };
        Some((operands.into_iter().map(bring).collect(), measure))
    }

    /// Says which two units that do not fit together, and where they come from.
    fn units_differ<L, T>(&mut self, function: &Function, one: &Operand<L>, two: &Operand<L>, span: Span) -> Option<T> {
        let (first, second) = (advice::unit_of(one), advice::unit_of(two));
        let does = match function.name {
            "+" => format!("adds {first} to {second}"),
            "-" => format!("subtracts {second} from {first}"),
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "between" | "not between" | "in" | "not in" => {
                format!("compares {first} with {second}")
            }
            _ => format!("mixes {first} and {second}"),
        };
        let label = |operand: &Operand<L>, unit: &str| match &operand.origin {
            Some((name, _)) => format!("{unit}, from `{name}`"),
            None => unit.to_owned(),
        };
        let (here, there) = (label(one, &first), label(two, &second));
        let message = format!("`{}` {does}", self.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" "));
        let (first_place, second_place) = (one.expr.span_or(span), two.expr.span_or(span));
        let money = |operand: &Operand<L>| matches!(&operand.measure, KnownUnit::Of(unit) if unit.currency().is_some());
        let unitless = |operand: &Operand<L>| matches!(&operand.measure, KnownUnit::Of(unit) if *unit == Unit::none());
        let both_money = money(one) && money(two);
        // The side without a unit, with the unit of the other.
        let lacking = match (unitless(one), unitless(two)) {
            (true, _) => Some((one, &second)),
            (_, true) => Some((two, &first)),
            _ => None,
        };
        let lacking = lacking.and_then(|(side, unit)| side.origin.as_ref().map(|(name, _)| (name.clone(), unit.clone())));
        let share = |operand: &Operand<L>| matches!(&operand.measure, KnownUnit::Of(unit) if unit.shown == Notation::Percent);
        let one_share = share(one) || share(two);
        let rate = match (&one.measure, &two.measure) {
            (KnownUnit::Of(one), KnownUnit::Of(two)) if one.currency().is_none() && two.currency().is_some() => {
                Some(two.over(one))
            }
            (KnownUnit::Of(one), KnownUnit::Of(two)) => Some(one.over(two)),
            _ => None,
        };
        let over_time = advice::over_time(one, two).or_else(|| advice::over_time(two, one));
        let finding = self.report(&codes::UNIT_MISMATCH, first_place, message).here(here).also(second_place, there);
        if let Some(over_time) = over_time {
            finding.help(over_time);
        } else if both_money {
            finding.help("multiply one side by an exchange rate, for instance `sum(amount * usd_rate from costs)`");
        } else if let Some((name, unit)) = lacking {
            finding.help(format!("if `{name}` is also in {unit}, declare it: `unit: {unit}`"));
        } else if one_share {
            finding.help("a share is a part of something: multiply it by the total it is a share of");
        } else if let Some(rate) = rate {
            finding.help(format!("convert both sides to one unit, for instance with a rate in `{rate}`"));
        } else {
            finding.help("convert the amounts to one currency first: multiply them by an exchange rate");
        }
        None
    }
}

/// The difference of two times: days between dates, seconds between timestamps.
fn difference<L: Clone>(left: Operand<L>, right: Operand<L>, span: Span) -> Operand<L> {
    let day = |operand: Operand<L>| match operand.ty {
        Type::Timestamp => Expr { at: operand.expr.at, ..Expr::apply(&conversions::TO_DATE, vec![operand.expr]) },
        _ => operand.expr,
    };
    let (function, ty, unit, operands) = if left.ty == Type::Timestamp && right.ty == Type::Timestamp {
        (&conversions::SECONDS_BETWEEN, Type::Number, TimeUnit::Second, vec![left.expr, right.expr])
    } else {
        (&conversions::DAYS_BETWEEN, Type::Integer, TimeUnit::Day, vec![day(left), day(right)])
    };
    Operand::new(Expr::new(Node::Apply(function, operands), span), ty, KnownUnit::Of(Unit::time(unit)), Range::ANY)
}

/// What a product or quotient with a bare number is measured in: shown plainly, whatever it was shown as.
fn shown_plain(measure: &KnownUnit) -> KnownUnit {
    match measure {
        KnownUnit::Of(unit) => KnownUnit::Of(unit.plain()),
        other => other.clone(),
    }
}

/// An expression times a number; a written number is multiplied at once.
pub(super) fn scaled<L: Clone>(expr: Expr<L>, factor: f64) -> Expr<L> {
    if (factor - 1.0).abs() < f64::EPSILON {
        return expr;
    }
    if let Node::Literal(Literal::Number(digits)) = &expr.node
        && let Ok(number) = digits.parse::<i64>()
        && factor.fract() == 0.0
        && factor.abs() < 1e9
    {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e9")]
        let product = number.saturating_mul(factor as i64);
        return Expr { node: Node::Literal(Literal::Number(product.to_string())), at: expr.at };
    }
    let at = expr.at;
    // 1/60 has no exact digits, 60 has: divide by whole numbers instead of multiplying by parts.
    let (function, by) = if factor.abs() < 1.0 { (&operators::DIVIDE, 1.0 / factor) } else { (&operators::MULTIPLY, factor) };
    Expr { at, ..Expr::apply(function, vec![expr, Expr::number(by)]) }
}

/// The rest of an operand whose expression is replaced; its type is replaced too.
fn operand_without_expr<L>(measure: KnownUnit, range: Range, origin: Option<(String, Span)>) -> Operand<L> {
    Operand { expr: Expr::null(), ty: Type::Error, measure, range, origin }
}

/// The rest of an operand whose expression and range are replaced.
fn operand_without_expr_of<L>(ty: Type, measure: KnownUnit, origin: Option<(String, Span)>) -> Operand<L> {
    Operand { expr: Expr::null(), ty, measure, range: Range::ANY, origin }
}
