//! Clocks that are moved: `SQLite` knows no zones, so that a query has the changes of a clock for the years that it may meet, and beyond is refused.

use super::spelled::REFUSED_TIME;
use crate::calendar::{Date, Pieces, Zone};
use crate::dialect::Shift;

/// The first and the last year for which clocks are known that a query has to move by itself.
const YEARS: (i16, i16) = (1970, 2040);

/// A stored time that is moved. The fraction of a second stays as it is.
pub(super) fn shifted(stored: &str, shift: &Shift) -> String {
    match shift {
        Shift::None => stored.to_owned(),
        Shift::Seconds(by) => moved_by(stored, &format!("'{by:+} seconds'")),
        Shift::Cases(cases, otherwise) => {
            let whens: String =
                cases.iter().map(|(condition, by)| format!("\n  when {condition} then '{by:+} seconds'")).collect();
            moved_by(stored, &format!("case{whens}\n  else '{otherwise:+} seconds'\nend"))
        }
    }
}

fn moved_by(stored: &str, seconds: &str) -> String {
    format!("(datetime(substr({stored}, 1, 19), {seconds}) || substr({stored}, 20))")
}

/// What a clock shows while another one shows `of`.
pub(super) fn in_zone(of: &str, from: &str, to: &str) -> String {
    match known_shift(of, from, to) {
        Some(Shift::None) => of.to_owned(),
        Some(shift) => {
            let (first, last) = YEARS;
            let is_known = format!("{of} >= '{first}-01-01' and {of} < '{}-01-01'", last.saturating_add(1));
            let shifted = shifted(of, &shift);
            format!("case when {is_known} then {shifted} when {of} is not null then {REFUSED_TIME} end")
        }
        None => format!("case when {of} is not null then {REFUSED_TIME} end"),
    }
}

/// How a clock is moved to show what another one does, in the years that are known.
fn known_shift(of: &str, from: &str, to: &str) -> Option<Shift> {
    let (from, to) = (Zone::named(from)?, Zone::named(to)?);
    let (first, last) = YEARS;
    let Pieces { first, then } = from.pieces_to(&to, Date::new(first, 1, 1).ok()?, Date::new(last, 12, 31).ok()?);
    Some(match (first, then.is_empty()) {
        (0, true) => Shift::None,
        (seconds, true) => Shift::Seconds(seconds),
        _ => {
            let cases = then.iter().rev();
            Shift::Cases(cases.map(|(at, by)| (format!("{of} >= '{} {}'", at.date(), at.time()), *by)).collect(), first)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_moved_by_their_changes_and_not_beyond_the_known_years() {
        assert_eq!(in_zone("at", "UTC", "UTC"), "at");
        let berlin = in_zone("at", "UTC", "Europe/Berlin");
        assert!(
            berlin.starts_with("case when at >= '1970-01-01' and at < '2041-01-01' then (datetime(substr(at, 1, 19), case\n")
        );
        assert!(berlin.contains("\n  when at >= '2024-03-31 01:00:00' then '+7200 seconds'\n"), "{berlin}");
        assert!(berlin.ends_with(&format!(" when at is not null then {REFUSED_TIME} end")), "{berlin}");
    }
}
