//! Makes up calendars of one's own: the same as the rules give, retail years of 52 and 53 weeks, and periods of any length.

use super::calendar::days;
use super::generate::Choices;
use super::project::{Calendar, Custom, Grain};
use jiff::civil::Date;

/// A calendar that reaches from the first day of whole data, or from before, to the last visible day at least.
pub fn make(calendar: &Calendar, choices: &mut Choices) -> Custom {
    let before = choices.weighted(&[(3, 0), (2, 40), (3, 800)]);
    let after = choices.weighted(&[(2, 0), (3, 40), (2, 400)]);
    let first = days(calendar.data_from, -choices.between(0, before));
    let last = days(calendar.as_of, choices.between(0, after));
    match choices.below(3) {
        0 => regular(calendar, first, last),
        1 => {
            let pattern = *choices.pick(&[[4, 5, 4], [4, 4, 5], [5, 4, 4]]);
            let long = choices.below(3);
            let length = move |year: usize| if year % 3 == long { 53 } else { 52 };
            retail(first, last, days(first, -choices.between(0, 700)), pattern, &length)
        }
        _ => any(first, last, choices),
    }
}

/// The periods that the rules give.
pub fn regular(calendar: &Calendar, first: Date, last: Date) -> Custom {
    let starts = [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year].map(|grain| {
        let mut all: Vec<Date> = Vec::new();
        let mut day = first;
        while day <= last {
            let start = calendar.by_rules(grain, day);
            if all.last() != Some(&start) {
                all.push(start);
            }
            day = days(day, 1);
        }
        all
    });
    Custom { first, last, starts, is_regular: true }
}

/// Weeks of seven days, months of four and five of them.
fn retail(first: Date, last: Date, from: Date, pattern: [i64; 3], weeks_of_year: &dyn Fn(usize) -> i64) -> Custom {
    let mut starts: [Vec<Date>; 4] = Default::default();
    let (mut day, mut year) = (from, 0);
    while day <= last {
        starts[3].push(day);
        for quarter in 0..4 {
            starts[2].push(day);
            for (month, weeks) in pattern.into_iter().enumerate() {
                starts[1].push(day);
                let longer = quarter == 3 && month == 2 && weeks_of_year(year) == 53;
                for _ in 0..weeks + i64::from(longer) {
                    starts[0].push(day);
                    day = days(day, 7);
                }
            }
        }
        year += 1;
    }
    cut(first, last, starts)
}

/// Periods of any length, each made of shorter ones.
fn any(first: Date, last: Date, choices: &mut Choices) -> Custom {
    let mut starts: [Vec<Date>; 4] = Default::default();
    let mut day = days(first, -choices.between(0, 60));
    while day <= last {
        starts[3].push(day);
        for _ in 0..choices.between(1, 4) {
            starts[2].push(day);
            for _ in 0..choices.between(1, 4) {
                starts[1].push(day);
                for _ in 0..choices.between(1, 5) {
                    starts[0].push(day);
                    day = days(day, if choices.chance(60) { 7 } else { choices.between(3, 10) });
                }
            }
        }
    }
    cut(first, last, starts)
}

/// Only the periods that hold a day of the calendar.
fn cut(first: Date, last: Date, starts: [Vec<Date>; 4]) -> Custom {
    let starts = starts.map(|all| {
        let begun = all.partition_point(|start| *start <= first) - 1;
        all[begun..].iter().copied().filter(|start| *start <= last).collect()
    });
    Custom { first, last, starts, is_regular: false }
}
