//! Periods as they are typed: by their names, or counted from the one that holds the last visible day.

use super::{Asked, Unclear};
use crate::calendar::{AsOf, Calendar, Date, Grain, Label, add, add_days};

/// What periods are read with.
pub(super) struct Periods<'a> {
    pub(super) calendar: &'a Calendar,
    /// The grain of the answer, in which periods are counted.
    pub(super) grain: Grain,
    /// The current day, where the last visible one is that.
    pub(super) today: Date,
}

/// A period as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// By its name.
    Label(Label),
    /// So many periods before the one that holds the last visible day.
    Back(i64),
}

/// How far back periods are counted at most.
const FARTHEST: u32 = 9_998;

/// No day that is counted back to is earlier.
const FIRST_DAY: Date = Date::constant(1, 1, 1);

impl Periods<'_> {
    /// The first day and the last on which a shown period may begin.
    pub(super) fn range(&self, asked: &Asked) -> Result<(Option<Date>, Option<Date>), Unclear> {
        let mut from = asked.from.as_ref().map(|text| self.start(text)).transpose()?;
        let to = asked.to.as_ref().map(|text| self.end(text)).transpose()?;
        if let (Some(one), Some(two), Some(first), Some(last)) = (&asked.from, &asked.to, from, to)
            && last < first
        {
            return Err(Unclear {
                message: format!("`--to {two}` is before `--from {one}`"),
                help: format!("swap them: `--from {two} --to {one}`"),
            });
        }
        if let Some(count) = asked.last {
            self.is_counted(&format!("--last {count}"))?;
            let last = self.calendar.period_start(self.grain, to.unwrap_or_else(|| self.last_visible()));
            from = Some(add(last, self.grain, 1 - i64::from(count.min(FARTHEST))).max(FIRST_DAY));
        }
        Ok((from, to))
    }

    fn start(&self, text: &str) -> Result<Date, Unclear> {
        Ok(match self.typed(text)? {
            Typed::Label(label) => self.start_of(text, label)?,
            Typed::Back(count) => self.back(count),
        })
    }

    /// The last day of a period.
    fn end(&self, text: &str) -> Result<Date, Unclear> {
        let (start, grain) = match self.typed(text)? {
            Typed::Label(label) => (self.start_of(text, label)?, label.grain()),
            Typed::Back(count) => (self.back(count), self.grain),
        };
        Ok(add_days(self.calendar.next(grain, start), -1))
    }

    fn typed(&self, text: &str) -> Result<Typed, Unclear> {
        if let Some(count) = back(text) {
            self.is_counted(text)?;
            return Ok(Typed::Back(count));
        }
        Label::parse(text).map(Typed::Label).ok_or_else(|| no_period(text))
    }

    fn start_of(&self, text: &str, label: Label) -> Result<Date, Unclear> {
        label.start(self.calendar).ok_or_else(|| no_period(text))
    }

    /// The first day of the period so many before the one that holds the last visible day.
    fn back(&self, count: i64) -> Date {
        add(self.calendar.period_start(self.grain, self.last_visible()), self.grain, -count).max(FIRST_DAY)
    }

    fn last_visible(&self) -> Date {
        match self.calendar.as_of {
            AsOf::Day(day) => day,
            AsOf::Today => self.today,
        }
    }

    /// Periods of a custom calendar cannot be counted here.
    fn is_counted(&self, text: &str) -> Result<(), Unclear> {
        if !self.calendar.custom || self.grain == Grain::Day {
            return Ok(());
        }
        Err(Unclear {
            message: format!("`{text}` counts periods, but only the warehouse knows those of a custom calendar"),
            help: "name a day on or before the first one: `--from 2024-01-31`".to_owned(),
        })
    }
}

/// How many periods before the last one: `-12`, `today`.
fn back(text: &str) -> Option<i64> {
    if text == "today" {
        return Some(0);
    }
    let digits = text.strip_prefix('-')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(FARTHEST).min(FARTHEST).into())
}

fn no_period(text: &str) -> Unclear {
    Unclear {
        message: Label::absent(text).unwrap_or_else(|| format!("`{text}` is not a period")),
        help: "write a day (2024-01-31), week (2024-W05), month (2024-01), quarter (2024-Q1) or year (2024), or count back from the \
               current period: `today`, `-1`, `-12`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Zone;

    fn range(grain: Grain, as_of: AsOf, words: [&str; 2], last: Option<u32>) -> [String; 2] {
        let calendar = Calendar { zone: Zone::utc(), ..Calendar::plain(Date::constant(2020, 1, 1), as_of) };
        let text = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let asked = Asked { from: text(words[0]), to: text(words[1]), last, ..Asked::default() };
        let periods = Periods { calendar: &calendar, grain, today: Date::constant(2024, 3, 1) };
        let shown = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        match periods.range(&asked) {
            Ok((from, to)) => [shown(from), shown(to)],
            Err(unclear) => [unclear.message, unclear.help],
        }
    }

    #[test]
    fn periods_are_counted_from_the_one_that_holds_the_last_visible_day() {
        let as_of = AsOf::Day(Date::constant(2024, 3, 15));
        assert_eq!(range(Grain::Month, as_of, ["-12", "-1"], None), ["2023-03-01", "2024-02-29"]);
        assert_eq!(range(Grain::Month, as_of, ["today", "today"], None), ["2024-03-01", "2024-03-31"]);
        assert_eq!(range(Grain::Week, as_of, ["-1", ""], None), ["2024-03-04", ""]);
        assert_eq!(range(Grain::Quarter, as_of, ["-1", "-0"], None), ["2023-10-01", "2024-03-31"]);
        assert_eq!(range(Grain::Day, as_of, ["-14", ""], None), ["2024-03-01", ""]);
        assert_eq!(range(Grain::Month, AsOf::Today, ["-1", ""], None), ["2024-02-01", ""]);
    }

    #[test]
    fn so_many_periods_end_with_the_last_one() {
        let as_of = AsOf::Day(Date::constant(2024, 3, 15));
        assert_eq!(range(Grain::Month, as_of, ["", ""], Some(1)), ["2024-03-01", ""]);
        assert_eq!(range(Grain::Month, as_of, ["", ""], Some(12)), ["2023-04-01", ""]);
        assert_eq!(range(Grain::Month, as_of, ["", "-1"], Some(2)), ["2024-01-01", "2024-02-29"]);
        assert_eq!(range(Grain::Month, as_of, ["", "2023"], Some(12)), ["2023-01-01", "2023-12-31"]);
    }

    #[test]
    fn what_is_no_period_is_told() {
        let as_of = AsOf::Day(Date::constant(2024, 3, 15));
        for text in ["-", "-x", "12", "yesterday", "--1", "-1.5"] {
            assert_eq!(range(Grain::Month, as_of, [text, ""], None)[0], format!("`{text}` is not a period"), "{text}");
        }
        assert!(range(Grain::Month, as_of, ["-1", "-3"], None)[0].contains("`--to -3` is before `--from -1`"));
        assert_eq!(range(Grain::Month, as_of, ["-99999999999999999999", ""], None)[1], "");
    }
}
