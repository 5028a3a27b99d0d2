//! The table of functions: what each takes, what it gives, and how its values behave.
//!
//! A function is data. Its file has one static with its signature, its unit, what it is over no rows, whether partial results
//! can be put together, its documentation and an example; the table [`ALL`] has one row for it. Operators and the conversions
//! that the checker inserts are functions too, so that an expression has one kind of inner node. How a function is written in
//! SQL is in `sql::spell`.

pub mod abs;
pub mod avg;
pub mod case;
pub mod ceil;
pub mod change;
pub mod change_to_date;
pub mod closing_day;
pub mod coalesce;
pub mod concat;
pub mod contains;
pub mod conversions;
pub mod count;
pub mod count_distinct;
pub mod date;
pub mod day;
pub mod day_of_year;
pub mod exp;
pub mod falling;
pub mod first;
pub mod flat;
pub mod floor;
pub mod greatest;
pub mod growth;
pub mod growth_to_date;
pub mod hour;
pub mod if_;
pub mod iso_week;
pub mod iso_year;
pub mod last;
pub mod least;
pub mod length;
pub mod ln;
pub mod lower;
pub mod max;
pub mod median;
pub mod min;
pub mod mod_;
pub mod month;
pub mod number;
pub mod operators;
pub mod percentile;
pub mod percentile_disc;
pub mod power;
pub mod prior;
pub mod prior_to_date;
pub mod quarter;
pub mod range;
pub mod rising;
pub mod round;
pub mod slice;
pub mod sqrt;
pub mod starts_with;
pub mod stddev;
pub mod sum;
pub mod text;
pub mod total;
pub mod trim;
pub mod trunc;
pub mod unusual;
pub mod upper;
pub mod variance;
pub mod weekday;
pub mod year;

use crate::model::facts::Kind;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A function, operator or conversion.
pub struct Function {
    /// Its name in formulas; for an operator its symbol; for a conversion a name that no formula can write.
    pub name: &'static str,
    /// Where it may be and how it behaves there.
    pub role: Role,
    /// The arguments that have to be there.
    pub takes: &'static [Argument],
    /// What further arguments may be, if there may be any.
    pub rest: Rest,
    /// The type of its value.
    pub gives: Gives,
    /// The unit of its value.
    pub unit: UnitRule,
    /// How its value moves when an argument grows: one entry for each, the last for all further ones. Without any nothing is known.
    pub moves: &'static [Monotonicity],
    /// What it does, in a sentence.
    pub about: &'static str,
    /// A formula that uses it.
    pub example: &'static str,
}

/// Where a function may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// Over the rows of a source.
    Aggregate(Aggregation),
    /// Over values, in row expressions and in KPI arithmetic.
    Value,
    /// Over values, in row expressions only.
    RowValue,
    /// Over a KPI as a whole: `prior`, `slice` and their like.
    Kpi,
    /// Over a KPI's last periods, in the conditions of guardrails only.
    Trend,
    /// Put in by the checker; no formula can name it.
    Conversion,
}

/// How an aggregate behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregation {
    /// What it is over no rows.
    pub over_nothing: OverNothing,
    /// What a reader may do with its values over time.
    pub kind: Kind,
    /// Whether its values over the parts of a slice add up to the total.
    pub adds_over_slices: bool,
    /// How partial results, a day's for instance, become the whole.
    pub splits: Splits,
}

/// The value of an aggregate over no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverNothing {
    /// 0: there is nothing to count or add.
    Zero,
    /// Null: there is nothing to say.
    Null,
}

/// How partial results become the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splits {
    /// They are added.
    Sum,
    /// The least of them.
    Min,
    /// The greatest of them.
    Max,
    /// Sums and counts are added, and then divided.
    SumAndCount,
    /// Not at all: every row is needed.
    Not,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A number of any type, or a duration.
    Numeric,
    /// A number without a hard unit.
    Plain,
    /// A text.
    Text,
    /// A condition.
    Truth,
    /// A date or a timestamp.
    Time,
    /// Anything that is ordered: a number, a text, a date or a timestamp.
    Ordered,
    /// Anything; all such arguments of a call have one type.
    Any,
    /// A whole number that is written out.
    Digits,
    /// A percentage that is written out.
    Fraction,
    /// The name of a grain.
    Grain,
    /// Rows of a source: a value of each, or the source itself.
    Rows,
}

/// What further arguments a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// None.
    None,
    /// At most one more.
    Optional(Argument),
    /// Any number.
    Many(Argument),
}

/// The type of a function's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// A condition.
    Truth,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Number,
    /// A text.
    Text,
    /// A date.
    Date,
    /// The type of that argument.
    Same(usize),
    /// The common type of all arguments that are values.
    Common,
}

/// How a function's value moves when one of its arguments grows and the others stay as they are. To rise is not to fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotonicity {
    /// It rises.
    Rises,
    /// It falls.
    Falls,
    /// As a factor does: it rises where the other factor is positive.
    Factor,
    /// As what is divided does: it rises where the divisor is positive.
    Dividend,
    /// As a divisor does: it falls where what is divided is positive.
    Divisor,
    /// As a size does: it rises above 0 and falls below.
    Size,
    /// As the base of a power does.
    Base,
    /// As the exponent of a power does.
    Exponent,
    /// It depends.
    Depends,
}

/// The unit of a function's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitRule {
    /// None.
    None,
    /// That of the argument.
    Same(usize),
    /// The one that all numeric arguments have to share.
    Common,
    /// The noun of the counted rows.
    Rows,
    /// The square of the argument's.
    Squared,
    /// Worked out by the checker, case by case.
    Special,
}

impl Function {
    /// Whether the argument at a place, of so many, is a condition by which it chooses among others.
    pub fn chooses_by(&self, at: usize, count: usize) -> bool {
        let is_case = self.takes.first() == Some(&Argument::Truth) && self.rest == Rest::Many(Argument::Any);
        match self.takes.first() {
            Some(Argument::Truth) if is_case => at.is_multiple_of(2) && at + 1 < count,
            Some(Argument::Truth) => at == 0,
            _ => false,
        }
    }

    /// A function over values with nothing but required arguments.
    pub const fn value(name: &'static str, takes: &'static [Argument], gives: Gives, unit: UnitRule) -> Self {
        Self { name, role: Role::Value, takes, rest: Rest::None, gives, unit, moves: &[], about: "", example: "" }
    }

    /// The same in row expressions only.
    pub const fn row_value(name: &'static str, takes: &'static [Argument], gives: Gives) -> Self {
        let unit = UnitRule::None;
        Self { name, role: Role::RowValue, takes, rest: Rest::None, gives, unit, moves: &[], about: "", example: "" }
    }

    /// With its documentation.
    #[must_use]
    pub const fn documented(self, about: &'static str, example: &'static str) -> Self {
        Self { about, example, ..self }
    }

    /// With how its value moves when its arguments grow.
    #[must_use]
    pub const fn moving(self, moves: &'static [Monotonicity]) -> Self {
        Self { moves, ..self }
    }

    /// How its value moves when the argument at a place grows.
    pub fn monotonicity(&self, at: usize) -> Monotonicity {
        self.moves.get(at).or(self.moves.last()).copied().unwrap_or(Monotonicity::Depends)
    }

    /// With further arguments.
    #[must_use]
    pub const fn and(self, rest: Rest) -> Self {
        Self { rest, ..self }
    }

    /// How it behaves as an aggregate, if it is one.
    pub fn aggregation(&self) -> Option<Aggregation> {
        match self.role {
            Role::Aggregate(aggregation) => Some(aggregation),
            Role::Value | Role::RowValue | Role::Kpi | Role::Trend | Role::Conversion => None,
        }
    }

    /// Whether a formula can call it by name.
    pub fn is_named(&self) -> bool {
        self.role != Role::Conversion
            && self.name.starts_with(|char: char| char.is_ascii_alphabetic())
            && !self.example.is_empty()
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All functions that a formula can call by name.
pub static ALL: &[&Function] = &[
    // Aggregates.
    &sum::SUM,
    &count::COUNT,
    &count_distinct::COUNT_DISTINCT,
    &avg::AVG,
    &min::MIN,
    &max::MAX,
    &median::MEDIAN,
    &percentile::PERCENTILE,
    &percentile_disc::PERCENTILE_DISC,
    &stddev::STDDEV,
    &variance::VARIANCE,
    &first::FIRST,
    &last::LAST,
    // Over a KPI.
    &prior::PRIOR,
    &change::CHANGE,
    &growth::GROWTH,
    &prior_to_date::PRIOR_TO_DATE,
    &change_to_date::CHANGE_TO_DATE,
    &growth_to_date::GROWTH_TO_DATE,
    &slice::SLICE,
    &total::TOTAL,
    // Over a KPI's last periods.
    &rising::RISING,
    &falling::FALLING,
    &flat::FLAT,
    &unusual::UNUSUAL,
    // Over values.
    &abs::ABS,
    &round::ROUND,
    &floor::FLOOR,
    &ceil::CEIL,
    &ln::LN,
    &exp::EXP,
    &sqrt::SQRT,
    &power::POWER,
    &least::LEAST,
    &greatest::GREATEST,
    &coalesce::COALESCE,
    &if_::IF,
    // Over values of a row.
    &mod_::MOD,
    &lower::LOWER,
    &upper::UPPER,
    &trim::TRIM,
    &concat::CONCAT,
    &length::LENGTH,
    &starts_with::STARTS_WITH,
    &contains::CONTAINS,
    &year::YEAR,
    &quarter::QUARTER,
    &month::MONTH,
    &day::DAY,
    &hour::HOUR,
    &weekday::WEEKDAY,
    &day_of_year::DAY_OF_YEAR,
    &iso_week::ISO_WEEK,
    &iso_year::ISO_YEAR,
    &trunc::TRUNC,
    &closing_day::CLOSING_DAY,
    &text::TEXT,
    &number::NUMBER,
    &date::DATE,
];

/// The function of that name.
pub fn by_name(name: &str) -> Option<&'static Function> {
    ALL.iter().copied().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_documented_and_its_example_is_a_formula() {
        for function in ALL {
            assert!(function.about.ends_with('.'), "{}", function.name);
            assert!(function.example.contains(&format!("{}(", function.name)), "{}", function.name);
            assert!(crate::formula::parse::parse_text(function.example).is_ok(), "{}", function.name);
            assert_eq!(by_name(function.name), Some(*function));
        }
    }
}
