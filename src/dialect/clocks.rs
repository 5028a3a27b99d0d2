//! Zones where an engine knows none, or not for sure: a query has the changes of a clock for the years that it may meet, and is refused beyond.

use super::{Dialect, Shift};
use crate::calendar::{Date, Pieces, Zone};

/// The first and the last year for which clocks are known that a query has to move by itself.
const YEARS: (i16, i16) = (1970, 2040);

/// What a clock shows while another one shows `of`. `refused` is what ends the query.
pub(super) fn in_zone(dialect: &dyn Dialect, of: &str, (from, to): (&str, &str), refused: &str) -> String {
    let beyond = format!("when {of} is not null then {refused} end");
    let Some((shift, first, end)) = known_shift(dialect, of, from, to) else { return format!("case {beyond}") };
    if shift == Shift::None {
        return of.to_owned();
    }
    let (first, end) = (dialect.day(first), dialect.day(end));
    let shifted = dialect.shifted(of, false, &shift);
    format!("case when {of} >= {first} and {of} < {end} then {shifted} {beyond}")
}

/// How a clock is moved to show what another one does, in the years that are known: from a day on and before another.
fn known_shift(dialect: &dyn Dialect, of: &str, from: &str, to: &str) -> Option<(Shift, Date, Date)> {
    let (from, to) = (Zone::named(from)?, Zone::named(to)?);
    let (first, end) = (Date::new(YEARS.0, 1, 1).ok()?, Date::new(YEARS.1 + 1, 1, 1).ok()?);
    let Pieces { first: before, then } = from.pieces_to(&to, first, Date::new(YEARS.1, 12, 31).ok()?);
    let shift = match (before, then.is_empty()) {
        (0, true) => Shift::None,
        (seconds, true) => Shift::Seconds(seconds),
        _ => {
            let cases = then.iter().rev();
            Shift::Cases(cases.map(|(at, by)| (format!("{of} >= {}", dialect.wall(*at)), *by)).collect(), before)
        }
    };
    Some((shift, first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_moved_by_their_changes_and_not_beyond_the_known_years() {
        let sqlite = crate::dialect::dialect(Some("sqlite"));
        assert_eq!(in_zone(sqlite, "at", ("UTC", "UTC"), "fail()"), "at");
        let berlin = in_zone(sqlite, "at", ("UTC", "Europe/Berlin"), "fail()");
        assert!(
            berlin.starts_with("case when at >= '1970-01-01' and at < '2041-01-01' then (datetime(substr(at, 1, 19), case\n")
        );
        assert!(berlin.contains("\n  when at >= '2024-03-31 01:00:00' then '+7200 seconds'\n"), "{berlin}");
        assert!(berlin.ends_with(" when at is not null then fail() end"), "{berlin}");
    }
}
