//! Stretches of time that plans are made for: `2025`, `2025-H2`, `2025-Q3`, `2025-09`. Halves, quarters and years are fiscal
//! where the calendar is.

use super::{Calendar, Date, Label, add_days, add_months};

/// Some days on end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Stretch {
    /// The stretch of that name; nothing if there is none.
    pub fn parse(text: &str, calendar: &Calendar) -> Option<Self> {
        if let Some((year, half)) = text.split_once("-H") {
            let year = (year.len() == 4).then(|| year.parse::<i16>().ok())??;
            let months = match half {
                "1" => 0,
                "2" => 6,
                _ => return None,
            };
            let first = add_months(calendar.fiscal_year_start(year)?, months);
            return Some(Self { first, last: add_days(add_months(first, 6), -1) });
        }
        let label = Label::parse(text)?;
        let first = label.start(calendar)?;
        Some(Self { first, last: add_days(calendar.next(label.grain(), first), -1) })
    }

    /// The day after the last one.
    pub fn end(self) -> Date {
        add_days(self.last, 1)
    }

    /// Whether all days of another stretch are among these.
    pub fn holds(self, other: Stretch) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::AsOf;

    fn stretch(text: &str, fiscal_month: i8) -> Option<String> {
        let calendar = Calendar { fiscal_month, ..Calendar::plain("2023-01-01".parse().unwrap(), AsOf::Today) };
        Stretch::parse(text, &calendar).map(|stretch| format!("{} to {}", stretch.first, stretch.last))
    }

    #[test]
    fn years_halves_quarters_and_months() {
        assert_eq!(stretch("2025", 1).as_deref(), Some("2025-01-01 to 2025-12-31"));
        assert_eq!(stretch("2025-H2", 1).as_deref(), Some("2025-07-01 to 2025-12-31"));
        assert_eq!(stretch("2025-Q3", 1).as_deref(), Some("2025-07-01 to 2025-09-30"));
        assert_eq!(stretch("2024-02", 1).as_deref(), Some("2024-02-01 to 2024-02-29"));
        for bad in ["2025-H3", "2025-H", "25-H1", "H1", "2025-Q5", "soon", ""] {
            assert_eq!(stretch(bad, 1), None, "{bad}");
        }
    }

    #[test]
    fn fiscal_years_are_named_by_the_year_they_end_in() {
        assert_eq!(stretch("2025", 2).as_deref(), Some("2024-02-01 to 2025-01-31"));
        assert_eq!(stretch("2025-H1", 2).as_deref(), Some("2024-02-01 to 2024-07-31"));
        assert_eq!(stretch("2025-H2", 2).as_deref(), Some("2024-08-01 to 2025-01-31"));
        assert_eq!(stretch("2025-Q4", 2).as_deref(), Some("2024-11-01 to 2025-01-31"));
        assert_eq!(stretch("2025-01", 2).as_deref(), Some("2025-01-01 to 2025-01-31"));
    }
}
