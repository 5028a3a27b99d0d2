//! The SQL of each function: one row per function. What a dialect spells differently is in the dialect's file.
//!
//! In a template `{0}` is the first operand, `{*}` all of them with commas, and `{double}` what the dialect calls that type.

use foldhash::HashMap;
use std::sync::LazyLock;

/// How a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Between its operands.
    Infix(&'static str, Tightness),
    /// With its operands put in at `{0}`, `{1}`; `{*}` is all of them with commas. The result binds like that.
    Template(&'static str, Tightness),
    /// In a way of its own, which the writer knows.
    Own,
}

/// How tightly an expression binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tightness {
    /// `or`
    Or,
    /// `and`
    And,
    /// `not`
    Not,
    /// `=`, `<`, `in`, `between`, `is null`
    Comparison,
    /// `+`, `-`
    Sum,
    /// `*`, `/`, `%`
    Product,
    /// `-` before a value. A second one directly before it would begin a comment.
    Sign,
    /// A name, a value, a call
    Atom,
}

use Spelling::{Infix, Own, Template};
use Tightness::{And, Atom, Comparison, Or, Product, Sign, Sum};

/// What has too many digits for a decimal is shown as the engine shows it.
const TO_JSON: &str =
    "coalesce(rtrim(rtrim(cast(try_cast({0} as decimal(38, 6)) as {text}), '0'), '.'), cast({0} as {text}), 'null')";

/// The texts that are numbers, and those that are days, in the language: engines take others too, each different ones.
const NUMBER: &str = "try_cast(regexp_extract(cast({0} as {text}), \
    '^ *[-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})? *$') as {double})";
const DATE: &str =
    "try_cast(regexp_extract(cast({0} as {text}), '^ *[1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *$') as {date})";

/// The table, by the names of `functions`.
const TABLE: &[(&str, Spelling)] = &[
    // Operators.
    ("negate", Template("-{0}", Sign)),
    ("+", Infix("+", Sum)),
    ("-", Infix("-", Sum)),
    ("*", Infix("*", Product)),
    ("/", Own),
    ("=", Infix("=", Comparison)),
    ("!=", Infix("<>", Comparison)),
    ("<", Infix("<", Comparison)),
    ("<=", Infix("<=", Comparison)),
    (">", Infix(">", Comparison)),
    (">=", Infix(">=", Comparison)),
    ("in", Own),
    ("not in", Own),
    ("between", Template("{0} between {1} and {2}", Comparison)),
    ("not between", Template("{0} not between {1} and {2}", Comparison)),
    ("like", Infix("like", Comparison)),
    ("not like", Infix("not like", Comparison)),
    ("is null", Template("{0} is null", Comparison)),
    ("is not null", Template("{0} is not null", Comparison)),
    ("not", Own),
    ("and", Infix("and", And)),
    ("or", Infix("or", Or)),
    // Functions of values.
    ("abs", Template("abs({0})", Atom)),
    ("round", Template("round({*})", Atom)),
    ("floor", Template("floor({0})", Atom)),
    ("ceil", Template("ceil({0})", Atom)),
    ("ln", Template("case when {0} > 0 then ln({0}) end", Atom)),
    ("exp", Template("exp({0})", Atom)),
    ("sqrt", Template("case when {0} >= 0 then sqrt({0}) end", Atom)),
    ("power", Template("power({0}, {1})", Atom)),
    ("least", Own),
    ("greatest", Own),
    ("coalesce", Template("coalesce({*})", Atom)),
    ("if", Own),
    ("case", Own),
    ("mod", Template("{0} % nullif({1}, 0)", Product)),
    ("lower", Template("lower({0})", Atom)),
    ("upper", Template("upper({0})", Atom)),
    ("trim", Template("trim({0})", Atom)),
    ("concat", Infix("||", Sum)),
    ("length", Template("length({0})", Atom)),
    ("starts_with", Template("starts_with({0}, {1})", Atom)),
    ("contains", Template("contains({0}, {1})", Atom)),
    ("year", Template("extract(year from {0})", Atom)),
    ("month", Template("extract(month from {0})", Atom)),
    ("day", Template("extract(day from {0})", Atom)),
    ("hour", Template("extract(hour from {0})", Atom)),
    ("weekday", Template("extract(isodow from {0})", Atom)),
    ("quarter", Template("extract(quarter from {0})", Atom)),
    ("day_of_year", Template("extract(doy from {0})", Atom)),
    ("iso_week", Template("extract(week from {0})", Atom)),
    ("iso_year", Template("extract(isoyear from {0})", Atom)),
    ("text", Template("cast({0} as {text})", Atom)),
    ("number", Template(NUMBER, Atom)),
    ("date", Template(DATE, Atom)),
    // Conversions.
    // Null where a day is infinite; the difference of such days is a number.
    ("days between", Template("date_diff('day', {1}, {0})", Atom)),
    ("seconds between", Template("(epoch_us({0}) - epoch_us({1})) / 1e6", Product)),
    ("add days", Own),
    ("add months", Template("cast({0} + to_months(cast({1} as integer)) as {date})", Atom)),
    ("add months to time", Template("{0} + to_months(cast({1} as integer))", Sum)),
    ("add days to time", Template("{0} + to_microseconds(cast({1} * 1e6 as {integer}))", Sum)),
    ("add seconds", Template("{0} + to_microseconds(cast({1} * 1e6 as {integer}))", Sum)),
    ("to number", Template("cast({0} as {double})", Atom)),
    ("finite", Own),
    ("is finite", Template("isfinite({0})", Atom)),
    ("widen", Template("cast({0} as {integer})", Atom)),
    ("to date", Template("cast({0} as {date})", Atom)),
    ("earlier", Template("least({*})", Atom)),
    ("to json", Template(TO_JSON, Atom)),
    ("by bytes", Own),
    ("is in utc", Template("true", Atom)),
    ("as stored", Template("{0}", Atom)),
    ("is stored", Template("true", Atom)),
    ("settled", Template("{0}", Atom)),
    ("scaled", Template("{0}", Atom)),
    ("in range", Template("{0}", Atom)),
    ("hashed", Template("{0}", Atom)),
    // Aggregates; the writer adds `distinct`, the order and the filter.
    ("sum", Template("sum({0})", Atom)),
    ("count", Template("count({0})", Atom)),
    ("count_distinct", Template("count(distinct {0})", Atom)),
    ("avg", Template("avg({0})", Atom)),
    ("min", Template("min({0})", Atom)),
    ("max", Template("max({0})", Atom)),
    ("median", Template("quantile_cont(cast({0} as {double}), 0.5)", Atom)),
    ("percentile", Template("quantile_cont(cast({0} as {double}), {1})", Atom)),
    // Made of rows that know their place, on every engine.
    ("percentile_disc", Own),
    ("stddev", Template("stddev_samp({0})", Atom)),
    ("variance", Template("var_samp({0})", Atom)),
    ("any", Template("bool_or({0})", Atom)),
    ("all", Template("bool_and({0})", Atom)),
    ("first", Template("arg_min({0}, {1})", Atom)),
    ("last", Template("arg_max({0}, {1})", Atom)),
];

/// How the function of that name is written. Every function has a row; a test sees to it.
pub fn spelling(name: &str) -> Spelling {
    static BY_NAME: LazyLock<HashMap<&str, Spelling>> = LazyLock::new(|| TABLE.iter().copied().collect());
    BY_NAME.get(name).copied().unwrap_or(Own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{self, Role, case, conversions, operators};

    #[test]
    fn every_function_that_reaches_sql_has_a_row() {
        // Trunc needs the calendar, the closing day is a day by then, and those over KPIs are written out before.
        let written_out = |function: &functions::Function| matches!(function.role, Role::Kpi | Role::Trend);
        let all = functions::ALL
            .iter()
            .filter(|function| !written_out(function) && !matches!(function.name, "trunc" | "closing_day"));
        for function in all.chain(operators::ALL).chain(conversions::ALL).chain([&&case::CASE]) {
            assert!(TABLE.iter().any(|(known, _)| *known == function.name), "{}", function.name);
        }
        for (name, _) in TABLE {
            assert_eq!(TABLE.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
        }
    }
}
