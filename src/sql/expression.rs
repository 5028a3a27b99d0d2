//! Expressions as SQL: what binds how tightly, and which need parentheses.

use super::texts;
use super::write::{Writer, fault, is_column, joined};
use crate::calendar::{Grain, Weekday};
use crate::dialect::layout::indent;
use crate::dialect::spell::{Spelling, Tightness};
use crate::dialect::{Dialect, Pick, Shift};
use crate::functions::conversions::IS_FINITE;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{
    Atom, Civil, Fold, From, Moment, Neighbour, PeriodOf, Ranking, Rolling, Rows, Running, Scalar, Select, SoFar,
};
use crate::plan::types;
use std::cell::Cell;

/// Expressions of one select. Each is written at the end of a text, and gives how tightly it binds.
pub(super) struct Scope<'a> {
    pub(super) writer: &'a Writer<'a>,
    /// Whether columns are named with their relation.
    pub(super) qualify: bool,
    /// The select.
    pub(super) select: &'a Select,
    /// The expressions of the select inside of which it stands.
    pub(super) outer: Option<&'a Scope<'a>>,
    /// The types of what is read, where the dialect wants to know them.
    pub(super) typed: Option<types::Scope<'a>>,
    /// Whether what rows are grouped by is called by its name, where groups are chosen.
    pub(super) by_name: Cell<bool>,
}

impl Scope<'_> {
    /// Whether a column is named with its relation: one of a select outside, as columns are there.
    fn qualifies(&self, of: &str) -> bool {
        let mut own = self.select.from.iter().chain(self.select.joins.iter().map(|join| &join.from));
        match self.outer {
            Some(outer) if !own.any(|from| from.name == of) => outer.qualifies(of),
            _ => self.qualify,
        }
    }

    fn dialect(&self) -> &dyn Dialect {
        self.writer.dialect
    }

    /// An expression as a text of its own.
    pub(super) fn written(&self, expr: &Scalar) -> String {
        let mut out = String::with_capacity(64);
        self.expr(expr, &mut out);
        out
    }

    /// An expression, in parentheses if it binds more loosely than that.
    fn bound(&self, expr: &Scalar, least: Tightness, out: &mut String) {
        self.in_parentheses_if(expr, |own| own < least, out);
    }

    /// An expression, in parentheses unless it binds more tightly than that.
    fn tighter(&self, expr: &Scalar, than: Tightness, out: &mut String) {
        self.in_parentheses_if(expr, |own| own <= than, out);
    }

    fn in_parentheses_if(&self, expr: &Scalar, loose: impl Fn(Tightness) -> bool, out: &mut String) {
        let start = out.len();
        if loose(self.expr(expr, out)) {
            out.insert(start, '(');
            out.push(')');
        }
    }

    /// The same as [`Self::bound`], as a text of its own.
    fn bound_text(&self, expr: &Scalar, least: Tightness) -> String {
        let mut out = String::with_capacity(64);
        self.bound(expr, least, &mut out);
        out
    }

    pub(super) fn list(&self, exprs: &[Scalar], out: &mut String) {
        joined(out, exprs, ", ", |out, expr| _ = self.expr(expr, out));
    }

    /// Conditions that all have to hold, after a word.
    pub(super) fn conditions(&self, word: &str, and: &str, conditions: &[Scalar], out: &mut String) {
        let least = if conditions.len() > 1 { Tightness::And } else { Tightness::Or };
        if !conditions.is_empty() {
            out.push_str(word);
            joined(out, conditions, and, |out, condition| self.bound(condition, least, out));
        }
    }

    pub(super) fn order(&self, order: &[(Scalar, bool)], out: &mut String) {
        joined(out, order, ", ", |out, (expr, greatest_first)| {
            out.push_str(&self.dialect().ordered(&self.bound_text(expr, Tightness::Sum), *greatest_first));
        });
    }

    pub(super) fn expr(&self, expr: &Scalar, out: &mut String) -> Tightness {
        if self.by_name.get()
            && !is_column(expr)
            && let Some((_, name)) =
                self.select.columns.iter().take(self.select.group.unwrap_or(0)).find(|(key, _)| key == expr)
        {
            out.push_str(&self.dialect().identifier(name));
            return Tightness::Atom;
        }
        match &expr.node {
            Node::Literal(literal) => self.literal(literal, out),
            Node::Broken => fault("a plan has what cannot be"),
            Node::Leaf(atom) => self.atom(atom, out),
            Node::Apply(function, arguments) => self.apply(function.name, arguments, out),
        }
    }

    fn literal(&self, literal: &Literal, out: &mut String) -> Tightness {
        match literal {
            Literal::Null => out.push_str("null"),
            Literal::Truth(value) => out.push_str(if *value { "true" } else { "false" }),
            Literal::Number(digits) => out.push_str(&self.dialect().number(digits)),
            Literal::Text(text) => out.push_str(&self.dialect().text(text)),
            Literal::Date(day) => out.push_str(&self.dialect().day(*day)),
            Literal::Grain(grain) => out.push_str(&self.dialect().text(grain.name())),
        }
        let is_negative = matches!(literal, Literal::Number(digits) if digits.starts_with('-'));
        if is_negative { Tightness::Sign } else { Tightness::Atom }
    }

    fn apply(&self, name: &str, arguments: &[Scalar], out: &mut String) -> Tightness {
        let arguments = &*texts::marked(name, arguments, self.dialect().abilities());
        let ty = |at: usize| {
            let typed = self.typed.as_ref().and_then(|scope| Some(scope.ty(arguments.get(at)?)));
            typed.map_or(Type::Null, |ty| ty.unwrap_or_else(|wrong| fault(&wrong.0)))
        };
        match self.dialect().spelling(name, &ty) {
            Spelling::Infix(operator, tightness) => {
                // The right side of a difference needs parentheses where the left does not.
                let associative = matches!(operator, "and" | "or" | "||");
                for (at, argument) in arguments.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                        out.push_str(operator);
                        out.push(' ');
                    }
                    let loose = (at == 0 || associative) && tightness != Tightness::Comparison;
                    if loose { self.bound(argument, tightness, out) } else { self.tighter(argument, tightness, out) }
                }
                tightness
            }
            Spelling::Template(template, tightness) => {
                self.template(template, arguments, out);
                tightness
            }
            Spelling::Own => self.own(name, arguments, out),
        }
    }

    /// A template with its arguments put in. Those between commas or parentheses of a call need none of their own.
    fn template(&self, template: &str, arguments: &[Scalar], out: &mut String) {
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            out.push_str(before);
            let close = after.find('}').unwrap_or(after.len() - 1);
            let key = after.get(1..close).unwrap_or_default();
            let next = after.get(close + 1..).unwrap_or_default();
            // A count in a pattern, such as `[0-9]{1,99}`.
            let is_count = key.contains(',');
            let is_known =
                is_count || key == "*" || Type::of_name(key).is_some() || key.parse::<usize>().is_ok_and(|at| at < 10);
            debug_assert!(is_known, "a template with `{{{key}}}`");
            if is_count {
                out.push_str(after.get(..=close).unwrap_or_default());
            } else if key == "*" {
                self.list(arguments, out);
            } else if let Some(ty) = Type::of_name(key) {
                out.push_str(self.dialect().type_name(ty));
            } else if let Some(argument) = key.parse::<usize>().ok().and_then(|at| arguments.get(at)) {
                let enclosed = (before.ends_with('(') || before.ends_with(", ")) && next.starts_with([')', ',']);
                let from = before.ends_with(" from ") || (before.ends_with('(') && next.starts_with(" as "));
                if enclosed || from {
                    self.expr(argument, out);
                } else {
                    self.bound(argument, least_within(template), out);
                }
            }
            rest = next;
        }
        out.push_str(rest);
    }

    fn own(&self, name: &str, arguments: &[Scalar], out: &mut String) -> Tightness {
        match (name, arguments) {
            ("/", [left, right]) => {
                // A division computes in floating numbers anyway.
                let (left, right) = (unwidened(left), unwidened(right));
                let number =
                    matches!(&left.node, Node::Apply(function, _) if function.name == "to number" || function.name == "/");
                if number {
                    self.bound(left, Tightness::Product, out);
                } else {
                    let double = format!(" as {})", self.dialect().type_name(Type::Double));
                    self.within("cast(", left, &double, out);
                }
                out.push_str(" / ");
                match &right.node {
                    Node::Literal(Literal::Number(digits)) if digits.parse::<f64>().is_ok_and(|value| value != 0.0) => {
                        self.tighter(right, Tightness::Product, out);
                    }
                    _ => self.within("nullif(", right, ", 0)", out),
                }
                Tightness::Product
            }
            ("in" | "not in", [first, list @ ..]) => {
                self.tighter(first, Tightness::Comparison, out);
                out.push_str(if name == "in" { " in (" } else { " not in (" });
                self.list(list, out);
                out.push(')');
                Tightness::Comparison
            }
            ("by bytes", [only]) => {
                let text = self.bound_text(only, Tightness::Atom);
                out.push_str(&self.dialect().by_bytes(&text, texts::is_text(only)));
                Tightness::Atom
            }
            // A day plus a number of 64 bits is nothing to some engines.
            ("add days", [day, days]) => {
                self.bound(day, Tightness::Sum, out);
                out.push_str(" + ");
                match &days.node {
                    Node::Literal(Literal::Number(_)) => self.tighter(days, Tightness::Sum, out),
                    _ => self.within("cast(", days, " as integer)", out),
                }
                Tightness::Sum
            }
            ("not", [Expr { node: Node::Leaf(Atom::Same(one, two)), .. }]) => self.same(one, two, "is distinct from", out),
            ("not", [only]) => {
                out.push_str("not ");
                self.tighter(only, Tightness::Not, out);
                Tightness::Not
            }
            ("finite", [only]) => {
                self.finite(only, out);
                Tightness::Atom
            }
            ("least" | "greatest", _) => {
                self.least(name, arguments, out);
                Tightness::Atom
            }
            ("if", [condition, value, rest @ ..]) => {
                self.within("case when ", condition, " then ", out);
                self.expr(value, out);
                if let Some(otherwise) = rest.first() {
                    self.within(" else ", otherwise, "", out);
                }
                out.push_str(" end");
                Tightness::Atom
            }
            ("case", _) => {
                out.push_str("case");
                for pair in arguments.chunks(2) {
                    match pair {
                        [condition, value] => {
                            self.within(" when ", condition, " then ", out);
                            self.expr(value, out);
                        }
                        [otherwise] => self.within(" else ", otherwise, "", out),
                        _ => {}
                    }
                }
                out.push_str(" end");
                Tightness::Atom
            }
            _ => {
                self.call(name, arguments, out);
                Tightness::Atom
            }
        }
    }

    /// The least or the greatest. The engines leave nulls out here; the language does not.
    fn least(&self, name: &str, arguments: &[Scalar], out: &mut String) {
        let nullable: Vec<&Scalar> = arguments.iter().filter(|argument| can_be_null(argument)).collect();
        if !nullable.is_empty() {
            out.push_str("case when ");
            joined(out, &nullable, " and ", |out, argument| {
                if let Some((number, _)) = asked(argument) {
                    _ = self.apply(IS_FINITE.name, std::slice::from_ref(number), out);
                    return;
                }
                self.tighter(argument, Tightness::Comparison, out);
                out.push_str(" is not null");
            });
            out.push_str(" then ");
        }
        let known = |argument: &Scalar| asked(argument).map_or_else(|| argument.clone(), |(_, known)| known);
        let known: Vec<Scalar> = arguments.iter().map(known).collect();
        self.call(name, &known, out);
        if !nullable.is_empty() {
            out.push_str(" end");
        }
    }

    /// A number, null where it is NaN or infinite. What is long does not stand there twice.
    fn finite(&self, number: &Scalar, out: &mut String) {
        let text = self.written(number);
        out.push_str(&if text.len() <= ONCE && !text.contains('\n') {
            let mut is_finite = String::new();
            self.apply(IS_FINITE.name, std::slice::from_ref(number), &mut is_finite);
            format!("case when {is_finite} then {text} end")
        } else {
            self.dialect().finite_once(&text)
        });
    }

    /// An expression between two texts that tell its limits.
    fn within(&self, before: &str, expr: &Scalar, after: &str, out: &mut String) {
        out.push_str(before);
        self.expr(expr, out);
        out.push_str(after);
    }

    fn call(&self, name: &str, arguments: &[Scalar], out: &mut String) {
        out.push_str(name);
        out.push('(');
        self.list(arguments, out);
        out.push(')');
    }

    fn atom(&self, atom: &Atom, out: &mut String) -> Tightness {
        let dialect = self.dialect();
        match atom {
            Atom::Column { of, name } => {
                if !of.is_empty() && self.qualifies(of) {
                    out.push_str(&dialect.identifier(of));
                    out.push('.');
                }
                out.push_str(&dialect.identifier(name));
            }
            Atom::Moment(Moment::Day(day)) => out.push_str(&dialect.day(*day)),
            Atom::Moment(Moment::Wall(reading)) => out.push_str(&dialect.wall(*reading)),
            Atom::Moment(Moment::Instant(reading)) => out.push_str(&dialect.instant(*reading)),
            Atom::Moment(Moment::Never(clock)) => out.push_str(&dialect.never(*clock)),
            Atom::Aggregate(fold) => self.fold(fold, out),
            Atom::Rolling(rolling) => self.rolling(rolling, out),
            Atom::SoFar(so_far) => self.so_far(so_far, out),
            Atom::RowNumber(ranking) => self.ranking(ranking, out),
            Atom::Neighbour(neighbour) => self.neighbour(neighbour, out),
            Atom::PeriodOf(of) => out.push_str(&dialect.as_day(&self.start_of(of))),
            Atom::Moved(day, count, unit) => {
                let text = dialect.moved(&self.bound_text(day, Tightness::Sum), *count, *unit);
                out.push_str(&text);
                return if text.starts_with("cast(") { Tightness::Atom } else { Tightness::Sum };
            }
            Atom::Civil(civil) => out.push_str(&self.civil(civil)),
            Atom::Whole(of) => match &of.node {
                // Counts are of that size already.
                Node::Leaf(Atom::Aggregate(fold)) if fold.function.name.starts_with("count") => _ = self.expr(of, out),
                _ => out.push_str(&dialect.cast(&self.written(of), Type::Integer)),
            },
            Atom::As(of, ty) => out.push_str(&dialect.cast(&self.written(of), *ty)),
            Atom::Today(zone) => out.push_str(&dialect.today(zone)),
            Atom::Midnight(day, zone) => out.push_str(&dialect.midnight(&self.written(day), zone)),
            Atom::OnClock(instant, zone) => {
                out.push_str(&dialect.in_zone(&self.bound_text(instant, Tightness::Atom), None, zone));
            }
            Atom::Single(select) => {
                let mut text = String::new();
                self.writer.select_within(select, Some(self), &mut text);
                out.push_str(&format!("({})", text.replace('\n', " ")));
            }
            Atom::Same(one, two) => return self.same(one, two, dialect.same(), out),
            // To most engines values that are put together are compared by their bytes.
            Atom::Tuple(parts) => {
                let by_bytes = dialect.abilities().counts_by_bytes;
                let part = |part: &Scalar| self.written(if by_bytes { texts::unmarked(part) } else { part });
                let parts: Vec<String> = parts.iter().map(part).collect();
                out.push_str(&dialect.tuple(&parts));
            }
        }
        Tightness::Atom
    }

    /// Whether two values are the same or not, null being the same as null.
    fn same(&self, one: &Scalar, two: &Scalar, word: &str, out: &mut String) -> Tightness {
        self.tighter(one, Tightness::Comparison, out);
        out.push(' ');
        out.push_str(word);
        out.push(' ');
        self.tighter(two, Tightness::Comparison, out);
        Tightness::Comparison
    }

    fn fold(&self, fold: &Fold, out: &mut String) {
        if let (Some(value), false) = (&fold.argument, fold.order.is_empty()) {
            let order: Vec<String> = fold.order.iter().map(|by| self.written(by)).collect();
            let filter = fold.filter.as_ref().map(|filter| self.written(filter));
            let value = self.bound_text(value, Tightness::Sum);
            let last = fold.function.name == "last";
            let pick = Pick { value: &value, order: &order, filter: filter.as_deref(), last };
            if let Some(text) = self.dialect().picked(&pick) {
                return out.push_str(&text);
            }
        }
        match (fold.function.name, &fold.argument) {
            ("count", None) => out.push_str("count(*)"),
            (name, argument) if fold.fraction.is_none() && fold.order.is_empty() => {
                self.apply(name, argument.as_slice(), out);
            }
            (name, argument) => {
                let mut arguments: Vec<Scalar> = argument.iter().cloned().collect();
                arguments.extend(fold.fraction.iter().map(Expr::number));
                if !fold.order.is_empty() {
                    arguments.push(Expr::leaf(Atom::Tuple(fold.order.clone())));
                }
                self.apply(name, &arguments, out);
            }
        }
        if let Some(filter) = &fold.filter {
            self.within(" filter (where ", filter, ")", out);
        }
    }

    /// `over (partition by ...`, for what follows.
    fn over_part(&self, part: &[Scalar], out: &mut String) {
        out.push_str(" over (");
        if !part.is_empty() {
            out.push_str("partition by ");
            joined(out, part, ", ", |out, by| {
                let ty = self.typed.as_ref().and_then(|scope| scope.ty(by).ok()).unwrap_or(Type::Null);
                out.push_str(&self.dialect().parted(&self.written(by), ty));
            });
        }
    }

    /// `over (partition by ... order by`, for what it is ordered by to follow.
    fn over(&self, part: &[Scalar], out: &mut String) {
        self.over_part(part, out);
        out.push_str(if part.is_empty() { "order by " } else { " order by " });
    }

    fn rolling(&self, rolling: &Rolling, out: &mut String) {
        let fraction = rolling.fraction.as_ref().map(|fraction| Expr::number(format!("{fraction}e0")));
        let arguments: Vec<Scalar> = std::iter::once(rolling.argument.clone()).chain(fraction).collect();
        self.apply(rolling.function.name, &arguments, out);
        if matches!(rolling.order.node, Node::Literal(_)) {
            self.over_part(&rolling.part, out);
            return out.push(')');
        }
        self.over(&rolling.part, out);
        let order = self.written(&rolling.order);
        let is_bounded = rolling.days_before.is_some();
        let order = if is_bounded { self.dialect().frame_order(&order) } else { order };
        out.push_str(&self.dialect().along(&order, is_bounded));
        let from = match rolling.days_before {
            Some(days) => self.dialect().frame(days),
            None => "unbounded".to_owned(),
        };
        // Where there are no frames of values those of so many days are joined, and no two rows of a part have the same day.
        let kind = if self.dialect().abilities().range_frames { "range" } else { "rows" };
        out.push_str(&format!(" {kind} between {from} preceding and current row)"));
    }

    fn so_far(&self, so_far: &SoFar, out: &mut String) {
        match &so_far.of {
            Running::Count(of) => self.within("count(case when ", of, " then 1 end)", out),
            Running::Greatest(of) => self.within("max(", of, ")", out),
        }
        self.over(&so_far.part, out);
        self.order(&so_far.order, out);
        out.push_str(" rows unbounded preceding)");
    }

    fn ranking(&self, ranking: &Ranking, out: &mut String) {
        out.push_str(if ranking.dense { "dense_rank()" } else { "row_number()" });
        self.over(&ranking.part, out);
        self.order(&ranking.order, out);
        out.push(')');
    }

    fn neighbour(&self, neighbour: &Neighbour, out: &mut String) {
        out.push_str(if neighbour.offset < 0 { "lag(" } else { "lead(" });
        self.expr(&neighbour.value, out);
        if neighbour.offset.abs() != 1 {
            out.push_str(&format!(", {}", neighbour.offset.abs()));
        }
        out.push(')');
        self.over(&neighbour.part, out);
        joined(out, &neighbour.order, ", ", |out, order| {
            out.push_str(&self.dialect().ordered(&self.bound_text(order, Tightness::Sum), false));
        });
        out.push(')');
    }

    /// What to group by instead of the first day of a stored time's period: the same before it is made a day, which an engine
    /// then does once a group and not once a row.
    pub(super) fn uncast(&self, expr: &Scalar, from: Option<&From>) -> Option<String> {
        let Node::Leaf(Atom::PeriodOf(period)) = &expr.node else { return None };
        let stored = matches!(from?.relation, Rows::Source(_)) && is_column(&period.of) && period.grain != Grain::Day;
        stored.then(|| self.start_of(period))
    }

    /// The moment at which a period starts.
    fn start_of(&self, period: &PeriodOf) -> String {
        let dialect = self.dialect();
        let of = self.bound_text(&period.of, Tightness::Sum);
        match period.grain {
            Grain::Day => of,
            Grain::Month => dialect.truncated(Grain::Month, &of),
            Grain::Week => {
                let shift = i64::from(Weekday::Monday.since(period.week_starts));
                if shift == 0 {
                    dialect.truncated(Grain::Week, &of)
                } else {
                    let moved = dialect.truncated(Grain::Week, &dialect.days_later(&of, shift));
                    dialect.days_later(&moved, -shift)
                }
            }
            Grain::Quarter | Grain::Year => {
                let length = if period.grain == Grain::Quarter { 3 } else { 12 };
                let shift = i64::from((period.fiscal_month - 1).rem_euclid(length));
                if shift == 0 {
                    dialect.truncated(period.grain, &of)
                } else {
                    let moved = dialect.truncated(period.grain, &dialect.months_later(&of, -shift));
                    dialect.months_later(&moved, shift)
                }
            }
        }
    }

    fn civil(&self, civil: &Civil) -> String {
        let dialect = self.dialect();
        let of = self.bound_text(&civil.of, Tightness::Sum);
        let at = |reading| if civil.instant { dialect.instant(reading) } else { dialect.wall(reading) };
        let shift = if civil.pieces.is_nothing() {
            Shift::None
        } else if civil.pieces.then.is_empty() {
            Shift::Seconds(civil.pieces.first)
        } else {
            // The latest change first: most rows are recent.
            let cases = civil.pieces.then.iter().rev();
            Shift::Cases(
                cases.map(|(from, seconds)| (format!("{of} >= {}", at(*from)), *seconds)).collect(),
                civil.pieces.first,
            )
        };
        if !civil.instant && shift == Shift::None && civil.beyond.is_none() {
            return of;
        }
        let moved = dialect.shifted(&of, civil.instant, &shift);
        if let Some(zone) = &civil.infinite {
            return format!("coalesce({moved}, {})", dialect.in_zone(&of, None, zone));
        }
        let Some(beyond) = &civil.beyond else { return moved };
        let engine = dialect.in_zone(&self.bound_text(&civil.of, Tightness::Atom), beyond.stored.as_deref(), &beyond.project);
        let from = beyond.from.map(|from| format!("{of} >= {}", at(from)));
        let to = beyond.to.map(|to| format!("{of} < {}", at(to)));
        let within: Vec<String> = from.into_iter().chain(to).collect();
        if within.is_empty() {
            return moved;
        }
        // The usual times by a list of changes, which is quick; all others by the engine's rules.
        let mut then = String::new();
        indent(&mut then, &moved, 2);
        format!("case\n  when {} then {}\n  else {engine}\nend", within.join(" and "), then.trim_start())
    }
}

/// How tightly what stands in a template has to bind.
fn least_within(template: &str) -> Tightness {
    if template.starts_with('-') {
        return Tightness::Atom;
    }
    let binds = template.contains(" * ") || template.contains('%') || template.contains(" - ");
    if binds { Tightness::Product } else { Tightness::Sum }
}

/// How long a text may be that stands twice.
const ONCE: usize = 120;

/// The number that an expression asks whether it is finite, and the expression without that question.
fn asked(expr: &Scalar) -> Option<(&Scalar, Scalar)> {
    let Node::Apply(function, arguments) = &expr.node else { return None };
    let [only] = arguments.as_slice() else { return None };
    match function.name {
        "finite" => Some((only, only.clone())),
        "to number" => asked(only).map(|(number, known)| (number, Expr::apply(function, vec![known]))),
        _ => None,
    }
}

fn unwidened(value: &Scalar) -> &Scalar {
    match &value.node {
        Node::Apply(function, arguments) if function.name == "widen" => arguments.first().unwrap_or(value),
        _ => value,
    }
}

/// Whether an expression may be null; a written value other than null is not.
fn can_be_null(expr: &Scalar) -> bool {
    match &expr.node {
        Node::Literal(literal) => *literal == Literal::Null,
        Node::Leaf(Atom::Moment(_)) => false,
        Node::Apply(function, arguments) if function.name == "coalesce" => arguments.iter().all(can_be_null),
        _ => true,
    }
}
