//! Figures and periods as people read them.

use super::number;
use crate::calendar::{Calendar, Date, Grain, Label};
use crate::model::unit::{Notation, Unit, currency_digits};
use crate::text::grouped;
use serde_json::Value;

/// How many decimals a column of figures has, all of them the same.
#[derive(Debug, Clone, Copy)]
pub struct Precision(usize);

impl Precision {
    /// The decimals that figures of one unit share. The greatest decides: percentages have one, or two below 1 %, money those of its currency until it
    /// reaches 1,000, whole numbers none, anything else as many as help. A figure that would read as 0 and is not has up to two more.
    pub fn of(values: impl IntoIterator<Item = f64>, unit: &Unit) -> Self {
        let scale = if unit.shown == Notation::Percent { 100.0 } else { 1.0 };
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).map(|value| value * scale).collect();
        let greatest = values.iter().copied().map(f64::abs).fold(0.0, f64::max);
        let least = values.iter().copied().map(f64::abs).filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let whole = values.iter().all(|value| value.fract() == 0.0) && greatest < 1e15;
        let (usual, most) = match (unit.shown, unit.currency()) {
            (Notation::Percent, _) if greatest < 1.0 && greatest > 0.0 => (2, 4),
            (Notation::Percent, _) => (1, 3),
            (_, Some(code)) if greatest >= 1000.0 => (0, currency_digits(code)),
            (_, Some(code)) => (currency_digits(code), 4),
            _ if whole || greatest >= 1000.0 => (0, 2),
            _ if greatest >= 100.0 => (1, 3),
            _ if greatest >= 1.0 => (2, 4),
            _ => (4, 6),
        };
        let reads_as_zero = |decimals: usize| least < 0.5 / 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
        Self((usual..most.max(usual)).find(|decimals| !reads_as_zero(*decimals)).unwrap_or(most.max(usual)))
    }

    /// A figure with these decimals: a percentage as such, anything else with separators between thousands.
    pub fn figure(self, value: f64, unit: &Unit) -> String {
        match unit.shown {
            Notation::Percent => format!("{}%", separated(value * 100.0, self.0)),
            Notation::Plain | Notation::Points => separated(value, self.0),
        }
    }

    /// A figure as the engine gives it, which may not be known. A whole number keeps all of its digits.
    pub fn exact(self, value: &Value, unit: &Unit) -> String {
        match (whole_digits(value), unit.shown) {
            (Some(digits), Notation::Plain | Notation::Points) if self.0 == 0 => grouped(&digits),
            (Some(digits), Notation::Plain | Notation::Points) => grouped(&format!("{digits}.{}", "0".repeat(self.0))),
            _ => self.known(number(value), unit),
        }
    }

    /// A figure that may not be known.
    pub fn known(self, value: Option<f64>, unit: &Unit) -> String {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| self.figure(value, unit))
    }

    /// A change with its sign; one of percentages is in percentage points.
    pub fn change(self, value: f64, unit: &Unit) -> String {
        let sign = if value > 0.0 { "+" } else { "" };
        match unit.shown {
            Notation::Percent => format!("{sign}{} pp", separated(value * 100.0, self.0)),
            Notation::Plain | Notation::Points => format!("{sign}{}", separated(value, self.0)),
        }
    }
}

/// What stands where there is no figure.
const UNKNOWN: &str = "\u{2013}";

/// A text in a table in which null is `null`: a text of that word stands in quotes.
pub fn told_from_null(text: &str) -> String {
    if text.trim_matches('\'').eq_ignore_ascii_case("null") { format!("'{text}'") } else { text.to_owned() }
}

/// A figure on its own, in its unit.
pub fn figure(value: f64, unit: &Unit) -> String {
    Precision::of([value], unit).figure(value, unit)
}

/// A figure that may not be known.
pub fn known(value: Option<f64>, unit: &Unit) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| figure(value, unit))
}

/// A number with separators between thousands.
fn separated(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // What rounds to nothing has no sign.
    let zero = text.chars().all(|char| matches!(char, '-' | '0' | '.'));
    grouped(if zero { text.trim_start_matches('-') } else { &text })
}

/// The digits of a whole number; nothing for any other value.
fn whole_digits(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A period by its name.
pub fn period(day: Date, grain: Grain, calendar: &Calendar) -> String {
    // Periods of a custom calendar are known by their first day.
    if calendar.custom { day.to_string() } else { Label::of(grain, day, calendar).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, unit: &str) -> String {
        figure(value, &Unit::parse(unit).unwrap())
    }

    fn column(values: &[f64], unit: &str) -> Vec<String> {
        let unit = Unit::parse(unit).unwrap();
        let precision = Precision::of(values.iter().copied(), &unit);
        values.iter().map(|value| precision.figure(*value, &unit)).collect()
    }

    #[test]
    fn figures_of_a_column_share_their_decimals() {
        assert_eq!(column(&[5903.2, 411.0, 0.0], "USD"), ["5,903", "411", "0"]);
        assert_eq!(column(&[5903.2, 0.2], "USD"), ["5,903.2", "0.2"]);
        assert_eq!(column(&[590.0, 0.2], "USD"), ["590.00", "0.20"]);
        assert_eq!(column(&[590.4, 12.0], "JPY"), ["590", "12"]);
        assert_eq!(column(&[0.25, 0.0044], "%"), ["25.0%", "0.4%"]);
        assert_eq!(column(&[19.73, 4.4, -0.36012], "lead"), ["19.73", "4.40", "-0.36"]);
        assert_eq!(column(&[f64::NAN, 3.0], "lead")[1], "3");
        assert_eq!(column(&[], "lead"), [""; 0]);
    }

    #[test]
    fn whole_numbers_keep_their_digits() {
        let exact = |value: serde_json::Value, beside: f64, unit: &str| {
            let unit = Unit::parse(unit).unwrap();
            Precision::of([beside], &unit).exact(&value, &unit)
        };
        assert_eq!(exact(9_007_199_254_740_993_i64.into(), 9e15, "row"), "9,007,199,254,740,993");
        assert_eq!(exact(i64::MIN.into(), 9e18, "row"), "-9,223,372,036,854,775,808");
        assert_eq!(exact(9_007_199_254_740_993_i64.into(), 0.01, "EUR"), "9,007,199,254,740,993.00");
        assert_eq!(exact(0.into(), 1.0, "row"), "0");
        assert_eq!(exact(3.into(), 3.0, "%"), "300.0%");
        assert_eq!(exact(2.5.into(), 2.5, "row"), "2.50");
        assert_eq!(exact(serde_json::Value::Null, 1.0, "row"), "–");
    }

    #[test]
    fn a_text_of_the_word_null_is_told_from_null() {
        assert_eq!(
            ["null", "NULL", "'null'", "nullable", ""].map(told_from_null),
            ["'null'", "'NULL'", "''null''", "nullable", ""]
        );
    }

    #[test]
    fn changes_of_percentages_are_in_points() {
        let change = |value: f64, unit: &str| {
            let unit = Unit::parse(unit).unwrap();
            Precision::of([value], &unit).change(value, &unit)
        };
        assert_eq!(change(-0.012, "%"), "-1.2 pp");
        assert_eq!(change(0.5, "%"), "+50.0 pp");
        assert_eq!(change(12.0, "order"), "+12");
        assert_eq!(change(0.0, "order"), "0");
    }

    #[test]
    fn figures_are_shown_by_their_unit() {
        assert_eq!(shown(0.1273, "%"), "12.7%");
        assert_eq!(shown(0.0042, "%"), "0.42%");
        assert_eq!(shown(-0.0, "%"), "0.0%");
        assert_eq!(shown(1_234_567.891, "USD"), "1,234,568");
        assert_eq!(shown(33.5, "USD"), "33.50");
        assert_eq!(shown(1234.0, "order"), "1,234");
        assert_eq!(shown(12.345, "minute"), "12.35");
        assert_eq!(shown(-0.001, "minute"), "-0.0010");
    }
}
