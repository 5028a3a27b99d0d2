//! What the checker writes out that a formula leaves unsaid: differences of times, times plus durations, and changes of type.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

const fn conversion(name: &'static str, takes: &'static [Argument], gives: Gives) -> Function {
    let unit = UnitRule::Special;
    Function { name, role: Role::Conversion, takes, rest: Rest::None, gives, unit, moves: &[], about: "", example: "" }
}

/// A number as JSON has it: up to six digits after the point, without zeros at the end; `null` where there is none.
pub static TO_JSON: Function = conversion("to json", &[Argument::Numeric], Gives::Text);
/// The days from the second date to the first.
pub static DAYS_BETWEEN: Function = conversion("days between", &[Argument::Time, Argument::Time], Gives::Integer);
/// The seconds from the second timestamp to the first.
pub static SECONDS_BETWEEN: Function = conversion("seconds between", &[Argument::Time, Argument::Time], Gives::Number);
/// A date so many days later.
pub static ADD_DAYS: Function = conversion("add days", &[Argument::Time, Argument::Numeric], Gives::Same(0));
/// A date so many months later; within a shorter month the day is the month's last.
pub static ADD_MONTHS: Function = conversion("add months", &[Argument::Time, Argument::Numeric], Gives::Same(0));
/// A timestamp so many months later.
pub static ADD_MONTHS_TO_TIME: Function =
    conversion("add months to time", &[Argument::Time, Argument::Numeric], Gives::Same(0));
/// A timestamp so many days later on the project's clock, given in seconds: a civil day has 86,400.
pub static ADD_DAYS_TO_TIME: Function = conversion("add days to time", &[Argument::Time, Argument::Numeric], Gives::Same(0));
/// A timestamp so many seconds later.
pub static ADD_SECONDS: Function = conversion("add seconds", &[Argument::Time, Argument::Numeric], Gives::Same(0));
/// A number or a condition as a floating number.
pub static TO_NUMBER: Function = conversion("to number", &[Argument::Any], Gives::Number).moving(&[Monotonicity::Rises]);
/// Null where a number is NaN or infinite.
pub static FINITE: Function = conversion("finite", &[Argument::Numeric], Gives::Same(0)).moving(&[Monotonicity::Rises]);
/// Whether a number is neither NaN nor infinite, or a time not infinite; null of null.
pub static IS_FINITE: Function = conversion("is finite", &[Argument::Ordered], Gives::Truth);
/// A whole number with room for arithmetic.
pub static WIDEN: Function = conversion("widen", &[Argument::Numeric], Gives::Integer).moving(&[Monotonicity::Rises]);
/// A timestamp's day.
pub static TO_DATE: Function = conversion("to date", &[Argument::Time], Gives::Date);
/// The earlier of two days, neither of which is null.
pub static EARLIER: Function = conversion("earlier", &[Argument::Time, Argument::Time], Gives::Same(0));
/// A text that is compared by its bytes, whatever a session has set.
pub static BY_BYTES: Function = conversion("by bytes", &[Argument::Text], Gives::Text);
/// A number that is the same for texts of the same bytes.
pub static HASHED: Function = conversion("hashed", &[Argument::Text], Gives::Integer);
/// True; refused where the readings of a stored wall clock are not those of UTC, for engines that store instants in a zone.
pub static IS_IN_UTC: Function = conversion("is in utc", &[Argument::Time], Gives::Truth);
/// A stored value that is known to be what its column is declared as.
pub static AS_STORED: Function = conversion("as stored", &[Argument::Any], Gives::Same(0));
/// True; refused where a stored value is not what its column is declared as, for engines whose columns hold values of all types. The text says
/// of which column.
pub static IS_STORED: Function = conversion("is stored", &[Argument::Any, Argument::Text], Gives::Truth);
/// A sum of decimals without what engines that compute with floating numbers add to it; the second number is the sum of the sizes of what is added.
pub static SETTLED: Function = conversion("settled", &[Argument::Numeric, Argument::Numeric], Gives::Same(0));
/// A decimal with at least six digits after the point, for engines that would leave some out where it meets others.
pub static SCALED: Function = conversion("scaled", &[Argument::Numeric], Gives::Same(0)).moving(&[Monotonicity::Rises]);
/// A whole number; refused where it is too large to be one, for engines that make it a floating number. Or a sum of floating numbers that is too large, for
/// engines that make it another one.
pub static IN_RANGE: Function = conversion("in range", &[Argument::Numeric], Gives::Same(0));

/// Whether a condition holds for any row of a group: the greatest of conditions, for engines that do not order them.
pub static ANY_HOLDS: Function = conversion("any", &[Argument::Truth], Gives::Truth);
/// Whether a condition holds for all rows of a group.
pub static ALL_HOLD: Function = conversion("all", &[Argument::Truth], Gives::Truth);

/// All conversions.
pub static ALL: &[&Function] = &[
    &DAYS_BETWEEN,
    &SECONDS_BETWEEN,
    &ADD_DAYS,
    &ADD_MONTHS,
    &ADD_MONTHS_TO_TIME,
    &ADD_DAYS_TO_TIME,
    &ADD_SECONDS,
    &TO_NUMBER,
    &FINITE,
    &IS_FINITE,
    &TO_JSON,
    &WIDEN,
    &TO_DATE,
    &EARLIER,
    &BY_BYTES,
    &IS_IN_UTC,
    &AS_STORED,
    &IS_STORED,
    &SETTLED,
    &SCALED,
    &IN_RANGE,
    &HASHED,
    &ANY_HOLDS,
    &ALL_HOLD,
];
