//! The values that a function can have, given those of its arguments.

use super::Function;
use crate::model::facts::Range;

/// The values of a function of values. The arguments of a choice are those that it chooses from, without its conditions.
pub fn of_values(function: &Function, arguments: &[Range]) -> Range {
    let first = arguments.first().copied().unwrap_or(Range::ANY);
    let second = arguments.get(1).copied().unwrap_or(Range::ANY);
    let all = || arguments.iter().copied();
    let found = match function.name {
        "+" => Some(first.plus(second)),
        "-" => Some(first.plus(second.negated())),
        "*" => Some(first.times(second)),
        "/" => Some(first.over(second)),
        "negate" => Some(first.negated()),
        "abs" => Some(first.without_sign()),
        "floor" | "round" | "ceil" => Some(Range { low: first.low.floor(), high: first.high.ceil() }),
        "sqrt" | "exp" | "length" => Some(Range::POSITIVE),
        "power" if first.low >= 0.0 => Some(Range::POSITIVE),
        "month" => Some(Range { low: 1.0, high: 12.0 }),
        "quarter" => Some(Range { low: 1.0, high: 4.0 }),
        "iso_week" => Some(Range { low: 1.0, high: 53.0 }),
        "day_of_year" => Some(Range { low: 1.0, high: 366.0 }),
        "day" => Some(Range { low: 1.0, high: 31.0 }),
        "hour" => Some(Range { low: 0.0, high: 23.0 }),
        "weekday" => Some(Range { low: 1.0, high: 7.0 }),
        "least" => all().reduce(|a, b| Range { low: a.low.min(b.low), high: a.high.min(b.high) }),
        "greatest" => all().reduce(|a, b| Range { low: a.low.max(b.low), high: a.high.max(b.high) }),
        "if" | "case" | "coalesce" => all().reduce(Range::or),
        "to number" | "widen" | "number" => Some(first),
        _ => None,
    };
    found.unwrap_or(Range::ANY)
}

/// The values of an aggregate of values.
pub fn of_aggregate(function: &Function, of: Range) -> Range {
    match function.name {
        "count" | "count_distinct" | "stddev" | "variance" => Range::POSITIVE,
        "sum" if of.low >= 0.0 => Range::POSITIVE,
        "sum" if of.high <= 0.0 => Range::POSITIVE.negated(),
        "sum" => Range::ANY,
        _ => of,
    }
}
