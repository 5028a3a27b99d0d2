//! A plan as text, for tests and for whoever looks for a fault: what is read, joined, kept, grouped and shown, each column with its type.
//!
//! Functions stand by their names in `functions`, whatever any engine calls them.

use crate::model::expr::{Literal, Node};
use crate::model::value::Type;
use crate::plan::algebra::relation::{Atom, Body, Fold, From, JoinKind, Moment, Query, Rows, Running, Scalar, Select};
use crate::plan::algebra::types::Types;
use std::fmt::Write;

/// A plan as text.
pub fn print(query: &Query) -> String {
    let mut out = String::new();
    let mut types = Types::default();
    for part in &query.parts {
        _ = writeln!(out, "{} =", part.name);
        body(&part.body, &types, &mut out);
        if let Ok(columns) = types.body(&part.body) {
            types.add(&part.name, columns);
        }
    }
    out.push_str("result =\n");
    body(&query.result, &types, &mut out);
    out
}

fn body(body: &Body, types: &Types, out: &mut String) {
    match body {
        Body::Select(one) => select(one, types, 1, out),
        Body::Union(selects) => {
            for (at, one) in selects.iter().enumerate() {
                if at > 0 {
                    out.push_str("  and\n");
                }
                select(one, types, 1, out);
            }
        }
    }
}

fn select(of: &Select, types: &Types, depth: usize, out: &mut String) {
    let blanks = "  ".repeat(depth);
    match &of.from {
        Some(read) => from(&format!("{blanks}from "), read, None, types, depth, out),
        None => out.push_str(&format!("{blanks}from nothing\n")),
    }
    for join in &of.joins {
        let word = match join.kind {
            JoinKind::Inner => "join",
            JoinKind::Left => "left join",
            JoinKind::Cross => "cross join",
        };
        from(&format!("{blanks}{word} "), &join.from, join.on.as_ref(), types, depth, out);
    }
    for condition in &of.filter {
        _ = writeln!(out, "{blanks}where {}", expr(condition));
    }
    let scope = types.scope(of, None).ok();
    for (at, (value, name)) in of.columns.iter().enumerate() {
        let word = match of.group {
            Some(keys) if at < keys => "by",
            _ if of.distinct => "distinct",
            _ => "show",
        };
        let ty = scope.as_ref().and_then(|scope| scope.ty(value).ok()).map_or("?", Type::name);
        _ = writeln!(out, "{blanks}{word} {name}: {ty} = {}", expr(value));
    }
    for condition in &of.having {
        _ = writeln!(out, "{blanks}having {}", expr(condition));
    }
    if !of.order.is_empty() {
        _ = writeln!(out, "{blanks}order {}", ordered(&of.order));
    }
    if let Some(limit) = of.limit {
        _ = writeln!(out, "{blanks}limit {limit}");
    }
}

fn from(before: &str, from: &From, on: Option<&Scalar>, types: &Types, depth: usize, out: &mut String) {
    let on = on.map(|on| format!(" on {}", expr(on))).unwrap_or_default();
    let (what, inner) = match &from.relation {
        Rows::Part(name) => (name.clone(), None),
        Rows::Readings(name, _) => (format!("readings {name}"), None),
        Rows::Source(rows) => {
            let columns: Vec<&str> =
                rows.stored.iter().chain(rows.raw.iter().map(|(name, _)| name)).map(String::as_str).collect();
            (format!("source ({})", columns.join(", ")), None)
        }
        Rows::Select(select) => ("select".to_owned(), Some(select)),
        Rows::Days { from, before, every, unit } => {
            (format!("days from {} before {} every {every} {unit}", expr(from), expr(before)), None)
        }
        Rows::Values(columns, rows) => {
            let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(row))).collect();
            (format!("values ({}) {}", columns.join(", "), rows.join(", ")), None)
        }
    };
    let name = if what == from.name { String::new() } else { format!(" as {}", from.name) };
    _ = writeln!(out, "{before}{what}{name}{on}");
    if let Some(inner) = inner {
        select(inner, types, depth + 2, out);
    }
}

fn list(exprs: &[Scalar]) -> String {
    exprs.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn ordered(order: &[(Scalar, bool)]) -> String {
    let each = order.iter().map(|(by, greatest_first)| format!("{}{}", expr(by), if *greatest_first { " down" } else { "" }));
    each.collect::<Vec<_>>().join(", ")
}

/// An expression as text.
fn expr(of: &Scalar) -> String {
    match &of.node {
        Node::Broken => "!".to_owned(),
        Node::Literal(literal) => match literal {
            Literal::Null => "null".to_owned(),
            Literal::Truth(truth) => truth.to_string(),
            Literal::Number(digits) => digits.clone(),
            Literal::Text(text) => format!("{text:?}"),
            Literal::Date(day) => day.to_string(),
            Literal::Grain(grain) => grain.name().to_owned(),
        },
        Node::Leaf(atom) => leaf(atom),
        Node::Apply(function, arguments) => {
            let is_word = function.name.starts_with(|char: char| char.is_alphabetic());
            match (is_word, arguments.as_slice()) {
                (false, [one, other]) => format!("({} {} {})", expr(one), function.name, expr(other)),
                _ => format!("{}({})", function.name.replace(' ', "_"), list(arguments)),
            }
        }
    }
}

fn leaf(atom: &Atom) -> String {
    match atom {
        Atom::Column { of, name } if of.is_empty() => name.clone(),
        Atom::Column { of, name } => format!("{of}.{name}"),
        Atom::Moment(moment) => match moment {
            Moment::Day(day) => day.to_string(),
            Moment::Wall(at) => format!("wall {at}"),
            Moment::Instant(at) => format!("instant {at}"),
            Moment::Never(_) => "before_all".to_owned(),
        },
        Atom::Aggregate(of) => fold(of),
        Atom::Rolling(rolling) => {
            let days = rolling.days_before.map_or("all before".to_owned(), |days| format!("{days} days before"));
            let over = over(&rolling.part, &expr(&rolling.order));
            let fraction = rolling.fraction.as_ref().map(|fraction| format!(", {fraction}")).unwrap_or_default();
            format!("{}({}{fraction}) rolling {days}{over}", rolling.function.name, expr(&rolling.argument))
        }
        Atom::SoFar(so_far) => {
            let of = match &so_far.of {
                Running::Count(of) => format!("count_where({})", expr(of)),
                Running::Greatest(of) => format!("max({})", expr(of)),
            };
            format!("{of} so far{}", over(&so_far.part, &ordered(&so_far.order)))
        }
        Atom::RowNumber(ranking) => {
            let word = if ranking.dense { "dense_rank" } else { "row_number" };
            format!("{word}{}", over(&ranking.part, &ordered(&ranking.order)))
        }
        Atom::Neighbour(neighbour) => {
            let over = over(&neighbour.part, &list(&neighbour.order));
            format!("neighbour({}, {}){over}", expr(&neighbour.value), neighbour.offset)
        }
        Atom::PeriodOf(period) => format!("{}_of({})", period.grain, expr(&period.of)),
        Atom::Moved(day, count, unit) => format!("moved({}, {count} {unit})", expr(day)),
        Atom::Civil(civil) => format!("civil({})", expr(&civil.of)),
        Atom::Whole(of) => format!("whole({})", expr(of)),
        Atom::As(of, ty) => format!("as_{ty}({})", expr(of)),
        Atom::Today(zone) => format!("today({zone})"),
        Atom::Midnight(day, zone) => format!("midnight({}, {zone})", expr(day)),
        Atom::OnClock(instant, zone) => format!("on_clock({}, {zone})", expr(instant)),
        Atom::Single(inner) => {
            let mut text = String::new();
            select(inner, &Types::default(), 0, &mut text);
            format!("single({})", text.trim_end().replace('\n', "; "))
        }
        Atom::Same(one, other) => format!("same({}, {})", expr(one), expr(other)),
        Atom::Tuple(parts) => format!("({})", list(parts)),
    }
}

fn fold(fold: &Fold) -> String {
    let argument = fold.argument.as_ref().map_or("*".to_owned(), expr);
    let fraction = fold.fraction.as_ref().map(|share| format!(", {share}")).unwrap_or_default();
    let order = if fold.order.is_empty() { String::new() } else { format!(" in order {}", list(&fold.order)) };
    let filter = fold.filter.as_ref().map(|filter| format!(" where {}", expr(filter))).unwrap_or_default();
    format!("{}({argument}{fraction}{order}{filter})", fold.function.name)
}

fn over(part: &[Scalar], order: &str) -> String {
    let part = if part.is_empty() { String::new() } else { format!(" per {}", list(part)) };
    format!("{part} along {order}")
}
