//! Which period an expression cuts a time to, and which column that time is.

use super::statement::split;
use crate::calendar::Grain;
use crate::dialect::Dialect;
use crate::rawsql::{Kind, Token};

/// A column as SQL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Column {
    /// The table before it.
    pub(in crate::import) table: Option<String>,
    pub(in crate::import) name: String,
}

/// A name with perhaps others before it, if tokens are nothing else.
pub(in crate::import) fn column(tokens: &[Token<'_>]) -> Option<Column> {
    let (mut names, mut wants_name) = (Vec::new(), true);
    for token in tokens {
        match (wants_name, token.name()) {
            (true, Some(name)) => names.push(name),
            (false, None) if token.is_mark(".") => {}
            _ => return None,
        }
        wants_name = !wants_name;
    }
    let name = names.pop().filter(|_| !wants_name)?;
    Some(Column { table: names.pop().map(|table| table.to_lowercase()), name })
}

/// The grain to which tokens cut a column; an error where the engine's period is another than kpic's.
pub(super) fn read(tokens: &[Token<'_>], dialect: &dyn Dialect) -> Option<Result<(Grain, Column), &'static str>> {
    match tokens {
        [inner @ .., cast, ty] if cast.text == "::" && ty.is_word("date") => Some(Ok(day_of(inner, dialect)?)),
        [function, open, inner @ .., close]
            if function.kind == Kind::Word && open.is_mark("(") && close.is_mark(")") && is_one(inner) =>
        {
            call(&function.text.to_lowercase(), inner, dialect)
        }
        _ => None,
    }
}

/// Whether what was between the first and the last parenthesis closes what it opens.
fn is_one(inner: &[Token<'_>]) -> bool {
    let mut depth = 0_i64;
    inner.iter().all(|token| {
        depth += i64::from(token.is_mark("(")) - i64::from(token.is_mark(")"));
        depth >= 0
    })
}

/// What a cast to a day leaves of an expression: the day of a column, or the period that is cut already.
fn day_of(inner: &[Token<'_>], dialect: &dyn Dialect) -> Option<(Grain, Column)> {
    match (column(inner), read(inner, dialect)) {
        (Some(column), _) => Some((Grain::Day, column)),
        (None, Some(Ok(found))) => Some(found),
        (None, _) => None,
    }
}

fn call(function: &str, inner: &[Token<'_>], dialect: &dyn Dialect) -> Option<Result<(Grain, Column), &'static str>> {
    let arguments = split(inner, |token| token.is_mark(","));
    match (function, arguments.as_slice()) {
        ("cast", [only]) => match only {
            [of @ .., keyword, ty] if keyword.is_word("as") && ty.is_word("date") => Some(Ok(day_of(of, dialect)?)),
            _ => None,
        },
        ("date", [only]) => Some(Ok((Grain::Day, column(only)?))),
        ("date_trunc" | "datetrunc" | "timestamp_trunc" | "datetime_trunc", [first, second]) => {
            let (unit, of) = if dialect.name() == "bigquery" { (second, first) } else { (first, second) };
            let [unit] = unit else { return None };
            let of = column(of)?;
            let name = unit.text.trim_matches('\'').to_lowercase();
            let grain = match name.as_str() {
                "day" => Grain::Day,
                "week" if dialect.name() == "bigquery" => {
                    return Some(Err("its weeks start on Sunday: kpic's are those of `week_starts` in kpic.yml"));
                }
                "week" | "isoweek" => Grain::Week,
                "month" => Grain::Month,
                "quarter" => Grain::Quarter,
                "year" => Grain::Year,
                _ => return Some(Err("kpic's periods are day, week, month, quarter and year")),
            };
            Some(Ok((grain, of)))
        }
        ("todate" | "tostartofday", [only]) if dialect.name() == "clickhouse" => Some(Ok((Grain::Day, column(only)?))),
        ("tomonday", [only]) if dialect.name() == "clickhouse" => Some(Ok((Grain::Week, column(only)?))),
        ("tostartofmonth", [only]) if dialect.name() == "clickhouse" => Some(Ok((Grain::Month, column(only)?))),
        ("tostartofquarter", [only]) if dialect.name() == "clickhouse" => Some(Ok((Grain::Quarter, column(only)?))),
        ("tostartofyear", [only]) if dialect.name() == "clickhouse" => Some(Ok((Grain::Year, column(only)?))),
        ("date", [of, [start]]) if dialect.name() == "sqlite" => match start.text {
            "'start of month'" => Some(Ok((Grain::Month, column(of)?))),
            "'start of year'" => Some(Ok((Grain::Year, column(of)?))),
            _ => None,
        },
        ("strftime", [[format], of]) if dialect.name() == "sqlite" => formatted(format.text, of),
        ("strftime", [of, [format]]) if dialect.name() == "duckdb" => formatted(format.text, of),
        ("to_char", [of, [format]]) => match format.text.to_uppercase().as_str() {
            "'YYYY-MM'" => Some(Ok((Grain::Month, column(of)?))),
            "'YYYY-MM-DD'" => Some(Ok((Grain::Day, column(of)?))),
            "'YYYY'" => Some(Ok((Grain::Year, column(of)?))),
            _ => None,
        },
        ("year", [only]) => Some(Ok((Grain::Year, column(only)?))),
        _ => None,
    }
}

fn formatted(format: &str, of: &[Token<'_>]) -> Option<Result<(Grain, Column), &'static str>> {
    let grain = match format {
        "'%Y-%m-%d'" => Grain::Day,
        "'%Y-%m'" | "'%Y-%m-01'" => Grain::Month,
        "'%Y'" => Grain::Year,
        _ => return None,
    };
    Some(Ok((grain, column(of)?)))
}
