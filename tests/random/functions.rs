//! What functions, operators and aggregates give, over values in memory. Written from sections 7 and 8 of the language.

use super::calendar::{days, months};
use super::print::seconds;
use super::project::{Calendar, Grain, Unit, Value};
use jiff::Span;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::HashSet;

/// A function or operator over values, by the name that formulas give it.
pub fn apply(calendar: &Calendar, name: &str, values: &[Value]) -> Value {
    match name {
        "and" => all(values.iter().cloned()),
        "or" => not(&all(values.iter().map(not))),
        "not" => not(&values[0]),
        "is null" => Value::Bool(values[0] == Value::Null),
        "is not null" => Value::Bool(values[0] != Value::Null),
        "in" => among(&values[0], &values[1..]),
        "not in" => not(&among(&values[0], &values[1..])),
        "between" => between(values),
        "not between" => not(&between(values)),
        "if" | "case" => choice(values),
        "coalesce" => values.iter().find(|value| **value != Value::Null).cloned().unwrap_or(Value::Null),
        "=" | "!=" | "<" | "<=" | ">" | ">=" => compared(name, &values[0], &values[1]),
        // In all others null spreads, through `least` and `greatest` too (rule 6).
        _ if values.contains(&Value::Null) => Value::Null,
        "least" => values.iter().min_by(|one, two| compare(one, two).unwrap()).unwrap().clone(),
        "greatest" => values.iter().max_by(|one, two| compare(one, two).unwrap()).unwrap().clone(),
        "+" | "-" => sum(calendar, name == "+", &values[0], &values[1]),
        "year" | "month" | "day" | "hour" | "weekday" | "quarter" | "day_of_year" | "iso_week" | "iso_year" => {
            part(name, &values[0])
        }
        "trunc" => match &values[1] {
            Value::Text(grain) => calendar.period(grain_named(grain), day_of(&values[0])).map_or(Value::Null, Value::Date),
            _ => unreachable!("`trunc` takes a grain"),
        },
        "date" => Value::Date(day_of(&values[0])),
        _ if name == "number" && matches!(&values[0], Value::Text(_)) => match &values[0] {
            Value::Text(text) => written(text).map_or(Value::Null, Value::Number),
            _ => unreachable!("it is a text"),
        },
        _ if values.iter().any(|value| matches!(value, Value::Text(_))) => text(name, values),
        "text" => Value::Text(match &values[0] {
            Value::Bool(truth) => truth.to_string(),
            Value::Date(day) => day.to_string(),
            other => number(other).to_string(),
        }),
        "number" => Value::Number(match &values[0] {
            Value::Bool(truth) => f64::from(u8::from(*truth)),
            other => number(other),
        }),
        _ => arithmetic(name, &values.iter().map(number).collect::<Vec<_>>()),
    }
}

pub fn grain_named(name: &str) -> Grain {
    Grain::ALL.into_iter().find(|grain| grain.name() == name).unwrap()
}

/// A number, or a duration in seconds.
fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        Value::Span(count, unit) => f64::from(*count) * seconds(*unit),
        other => panic!("{other:?} is not a number"),
    }
}

/// Arithmetic on numbers, none of which is null. What is outside a function's domain is null (rule 6).
fn arithmetic(name: &str, values: &[f64]) -> Value {
    let first = values[0];
    let second = values.get(1).copied();
    let value = match name {
        "negate" => -first,
        "*" => first * second.unwrap(),
        "/" => first / second.unwrap(),
        "mod" => first % second.unwrap(),
        "abs" => first.abs(),
        "floor" => first.floor(),
        "ceil" => first.ceil(),
        // Halves away from zero, as `f64::round` does.
        "round" => {
            let power = 10f64.powf(second.unwrap_or(0.0));
            (first * power).round() / power
        }
        "sqrt" => first.sqrt(),
        "ln" if first <= 0.0 => f64::NAN,
        "ln" => first.ln(),
        "exp" => first.exp(),
        "power" => first.powf(second.unwrap()),
        other => panic!("there is no function {other}"),
    };
    in_range(value)
}

thread_local! {
    /// The largest number that has come of anything.
    static LARGEST: Cell<f64> = const { Cell::new(0.0) };
}

/// The largest number since the last time it was asked for.
pub fn largest() -> f64 {
    LARGEST.replace(0.0)
}

/// A result, null where it is too large for a number.
fn in_range(value: f64) -> Value {
    LARGEST.with(|largest| largest.set(largest.get().max(value.abs())));
    // Adding 0 makes a negative zero an ordinary one.
    if value.is_finite() { Value::Number(value + 0.0) } else { Value::Null }
}

/// Numbers, differences of times in seconds, and times so much later or earlier.
fn sum(calendar: &Calendar, adds: bool, left: &Value, right: &Value) -> Value {
    let sign = if adds { 1 } else { -1 };
    match (left, right) {
        (Value::Number(_) | Value::Span(..), Value::Number(_) | Value::Span(..)) => {
            in_range(number(left) + f64::from(sign) * number(right))
        }
        (Value::Date(day), Value::Span(count, unit)) => Value::Date(match unit {
            Unit::Hour => unreachable!("a date has no hours"),
            Unit::Of(Grain::Day) => days(*day, i64::from(sign * count)),
            Unit::Of(Grain::Week) => days(*day, i64::from(sign * count * 7)),
            Unit::Of(grain) => months(*day, sign * count * months_of(*grain)),
        }),
        // Hours are those of a stopwatch, days and longer those of the project's clock.
        (Value::Instant { utc, .. }, Value::Span(count, unit @ Unit::Hour)) => {
            calendar.instant(utc.saturating_add(span(sign * count, *unit)))
        }
        (Value::Time(time) | Value::Instant { local: time, .. }, Value::Span(count, unit)) => {
            Value::Time(time.saturating_add(span(sign * count, *unit)))
        }
        // Instants differ by what a stopwatch shows, other times of day by what clocks do, and a date and another time by local
        // dates (rule 1).
        (Value::Instant { utc: one, .. }, Value::Instant { utc: two, .. })
        | (Value::Time(one) | Value::Instant { local: one, .. }, Value::Time(two) | Value::Instant { local: two, .. }) => {
            Value::Number(between_times(*two, *one))
        }
        (one, two) => {
            let (one, two) = (day_of(one), day_of(two));
            Value::Number(f64::from(two.until(one).unwrap().get_days()) * 86_400.0)
        }
    }
}

fn months_of(grain: Grain) -> i32 {
    match grain {
        Grain::Quarter => 3,
        Grain::Year => 12,
        _ => 1,
    }
}

fn span(count: i32, unit: Unit) -> Span {
    match unit {
        Unit::Hour => i64::from(count).hours(),
        Unit::Of(Grain::Day) => count.days(),
        Unit::Of(Grain::Week) => count.weeks(),
        Unit::Of(grain) => (count * months_of(grain)).months(),
    }
}

/// The seconds from one reading of a clock to another.
fn between_times(from: DateTime, to: DateTime) -> f64 {
    let span = from.until((jiff::Unit::Second, to)).unwrap();
    let micros = span.get_seconds() * 1_000_000 + span.get_milliseconds() * 1_000 + span.get_microseconds();
    #[allow(clippy::cast_precision_loss)]
    let micros = micros as f64;
    micros / 1e6
}

/// The number that a text is: a sign, digits with a point among them, and an exponent of one or two digits. Spaces may stand around it.
fn written(text: &str) -> Option<f64> {
    let text = text.trim_matches(' ');
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let unsigned = |text: &str| text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() < 100;
    let digits = unsigned(digits);
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    let exponent = unsigned(exponent);
    let is_number = are_digits(whole) && are_digits(part) && !(whole.is_empty() && part.is_empty());
    (is_number && are_digits(&exponent) && matches!(exponent.len(), 1 | 2)).then(|| text.parse().unwrap())
}

/// The local day of a time.
pub fn day_of(value: &Value) -> Date {
    match value {
        Value::Date(day) => *day,
        Value::Time(time) | Value::Instant { local: time, .. } => time.date(),
        other => panic!("{other:?} is no time"),
    }
}

fn part(name: &str, value: &Value) -> Value {
    let day = day_of(value);
    let part = match (name, value) {
        ("year", _) => day.year(),
        ("month", _) => i16::from(day.month()),
        ("day", _) => i16::from(day.day()),
        ("quarter", _) => i16::from((day.month() - 1) / 3 + 1),
        ("day_of_year", _) => day.day_of_year(),
        ("iso_week", _) => i16::from(day.iso_week_date().week()),
        ("iso_year", _) => day.iso_week_date().year(),
        ("weekday", _) => i16::from(day.weekday().to_monday_one_offset()),
        (_, Value::Time(time) | Value::Instant { local: time, .. }) => i16::from(time.hour()),
        // A date begins at midnight.
        (_, _) => 0,
    };
    Value::Number(f64::from(part))
}

fn text(name: &str, values: &[Value]) -> Value {
    let of = |at: usize| match &values[at] {
        Value::Text(text) => text.as_str(),
        other => panic!("{other:?} is no text"),
    };
    match name {
        "text" => values[0].clone(),
        "lower" => Value::Text(of(0).to_lowercase()),
        "upper" => Value::Text(of(0).to_uppercase()),
        "trim" => Value::Text(of(0).trim_matches(' ').to_owned()),
        "concat" => Value::Text((0..values.len()).map(of).collect()),
        #[allow(clippy::cast_precision_loss)]
        "length" => Value::Number(of(0).chars().count() as f64),
        "starts_with" => Value::Bool(of(0).starts_with(of(1))),
        "contains" => Value::Bool(of(0).contains(of(1))),
        "like" => Value::Bool(like(&of(0).chars().collect::<Vec<_>>(), &of(1).chars().collect::<Vec<_>>())),
        "not like" => not(&text("like", values)),
        other => panic!("there is no function {other}"),
    }
}

/// Whether a text is like a pattern: `%` stands for any characters, `_` for one.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        [first, rest @ ..] => text.first().is_some_and(|char| (*first == '_' || first == char) && like(&text[1..], rest)),
    }
}

/// `and` over truths, some of which are unknown.
fn all(values: impl Iterator<Item = Value>) -> Value {
    let values: Vec<Value> = values.collect();
    if values.contains(&Value::Bool(false)) {
        Value::Bool(false)
    } else if values.contains(&Value::Null) {
        Value::Null
    } else {
        Value::Bool(true)
    }
}

fn not(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => Value::Bool(!truth),
        _ => Value::Null,
    }
}

fn among(value: &Value, list: &[Value]) -> Value {
    not(&all(list.iter().map(|item| compared("!=", value, item))))
}

fn between(values: &[Value]) -> Value {
    all([compared(">=", &values[0], &values[1]), compared("<=", &values[0], &values[2])].into_iter())
}

/// Conditions and values in turn, and perhaps a last value for when none is true.
fn choice(values: &[Value]) -> Value {
    match values {
        [] => Value::Null,
        [otherwise] => otherwise.clone(),
        [condition, value, rest @ ..] => {
            if *condition == Value::Bool(true) {
                value.clone()
            } else {
                choice(rest)
            }
        }
    }
}

/// The order of two values that have one; nothing if one of them is null.
pub fn compare(one: &Value, two: &Value) -> Option<Ordering> {
    match (one, two) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Text(one), Value::Text(two)) => Some(one.as_bytes().cmp(two.as_bytes())),
        // Instants by themselves, all else by what the project's clock shows, dates by days.
        (Value::Instant { utc: one, .. }, Value::Instant { utc: two, .. })
        | (Value::Time(one) | Value::Instant { local: one, .. }, Value::Time(two) | Value::Instant { local: two, .. }) => {
            Some(one.cmp(two))
        }
        (Value::Date(_), Value::Date(_) | Value::Time(_) | Value::Instant { .. })
        | (Value::Time(_) | Value::Instant { .. }, Value::Date(_)) => Some(day_of(one).cmp(&day_of(two))),
        _ => number(one).partial_cmp(&number(two)),
    }
}

/// A comparison, unknown where a side is null.
fn compared(name: &str, one: &Value, two: &Value) -> Value {
    let Some(order) = compare(one, two) else { return Value::Null };
    Value::Bool(match name {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// An aggregate over values in the order of their rows, for `first` and `last`. Nulls are skipped (rule 2).
pub fn aggregate(function: &str, share: Option<u32>, values: &[Value]) -> Value {
    let known: Vec<&Value> = values.iter().filter(|value| **value != Value::Null).collect();
    #[allow(clippy::cast_precision_loss)]
    let count = |count: usize| Value::Number(count as f64);
    match function {
        "count" => return count(known.len()),
        "count_distinct" => return count(known.iter().map(|value| format!("{value:?}")).collect::<HashSet<_>>().len()),
        "first" => return known.first().map_or(Value::Null, |value| (*value).clone()),
        "last" => return known.last().map_or(Value::Null, |value| (*value).clone()),
        "min" => return known.into_iter().min_by(|one, two| compare(one, two).unwrap()).map_or(Value::Null, Value::clone),
        "max" => return known.into_iter().max_by(|one, two| compare(one, two).unwrap()).map_or(Value::Null, Value::clone),
        _ => {}
    }
    let mut numbers: Vec<f64> = known.into_iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss)]
    let size = numbers.len() as f64;
    let total: f64 = numbers.iter().sum();
    // Over no rows only a sum is 0 (rule 2).
    if numbers.is_empty() {
        return if function == "sum" { Value::Number(0.0) } else { Value::Null };
    }
    let variance = || {
        let mean = total / size;
        numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (size - 1.0)
    };
    match function {
        "sum" => in_range(total),
        "avg" => in_range(total / size),
        "median" => in_range(percentile(&numbers, 0.5)),
        "percentile_disc" => {
            // The first place up to which that share of them goes, counted in hundredths.
            let share = usize::try_from(share.unwrap()).unwrap();
            Value::Number(numbers[(share * numbers.len()).div_ceil(100).max(1) - 1])
        }
        "percentile" => in_range(percentile(&numbers, f64::from(share.unwrap()) / 100.0)),
        // Those of a sample, which one value does not have.
        "variance" | "stddev" if numbers.len() < 2 => Value::Null,
        "variance" => in_range(variance()),
        "stddev" => match in_range(variance()) {
            Value::Number(variance) => Value::Number(variance.sqrt()),
            other => other,
        },
        other => panic!("there is no aggregate {other}"),
    }
}

/// A percentile of sorted numbers, interpolated.
fn percentile(numbers: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let place = (numbers.len() - 1) as f64 * share;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
    low * (1.0 - place.fract()) + high * place.fract()
}
