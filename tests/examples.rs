//! The example projects give the right figures: what `kpic build` writes runs in a plain `DuckDB`, and every row of every view
//! is what plain arithmetic over the raw rows says.
//!
//! - `project`: a copy of an example, and the programs that work on it
//! - `days`: a small calendar of the test's own
//! - `figures`, `cards`: what views must show, and the comparison
//! - `cdnow`, `flights`: the arithmetic of the two projects
//! - `identities`: what has to hold between figures, whatever the data
//! - `saas`: the data of the third project, and what it has to define
//! - `command_line`: what the commands say and how they end

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "examples/cards.rs"]
mod cards;
#[path = "examples/cdnow.rs"]
mod cdnow;
#[path = "examples/command_line.rs"]
mod command_line;
#[path = "examples/days.rs"]
mod days;
#[path = "support/fed.rs"]
mod fed;
#[path = "examples/figures.rs"]
mod figures;
#[path = "examples/flights.rs"]
mod flights;
#[path = "examples/identities.rs"]
mod identities;
#[path = "examples/project.rs"]
mod project;
#[path = "examples/saas.rs"]
mod saas;

use days::Day;
use figures::Cell;
use project::Project;

#[test]
fn cdnow_shows_what_its_purchases_add_up_to() {
    let project = Project::copy("cdnow");
    project.build(&[]);
    let views = project.views(&project.deploy(), "UTC");
    let raw = project.raw(&[("purchases", cdnow::QUERY)]);
    let shop = cdnow::Shop::read(&raw["purchases"], Day::of(1998, 6, 30));
    shop.check_facts();
    let expected = shop.figures();
    expected.compare(&views);
    assert!(views["source_checks"].iter().all(|row| row[3] == "0"));

    assert_eq!((expected.len(), expected.value("revenue", &["1997-01-01"])), (33, Cell::Number(299_060.17)));
    // Months without a new buyer have a row, and so have those without a year to be compared with.
    assert_eq!(expected.rows_with("new_buyers", &Cell::Count(0)), 15);
    assert_eq!(expected.rows_with("revenue_growth_yoy", &Cell::Null), 12);
    assert_eq!((views["purchases__day"].len(), views["revenue__week"].len()), (546, 78));
}

#[test]
fn cdnow_shows_what_was_known_in_the_middle_of_a_week() {
    let project = Project::copy("cdnow");
    project.build(&["--as-of", "1998-02-11"]);
    let views = project.views(&project.deploy(), "UTC");
    let raw = project.raw(&[("purchases", cdnow::QUERY)]);
    cdnow::Shop::read(&raw["purchases"], Day::of(1998, 2, 11)).figures().compare(&views);
}

#[test]
fn cdnow_shows_months_without_a_purchase() {
    let project = Project::copy("cdnow");
    project.replace("data/transactions.parquet", cdnow::FEW);
    // On the fifth day nobody has been there for ninety.
    project.allow("within-exceeds-data");
    let raw = project.raw(&[("purchases", cdnow::QUERY)]);
    for (as_of, empty) in [("1997-01-05", 0), ("1997-04-30", 1), ("1998-06-30", 9)] {
        project.build(&["--as-of", as_of]);
        let expected = cdnow::Shop::read(&raw["purchases"], Day::parse(as_of)).figures();
        expected.compare(&project.views(&project.deploy(), "UTC"));
        assert_eq!(expected.rows_with("revenue", &Cell::Number(0.0)), empty);
        assert_eq!(expected.rows_with("median_order_value", &Cell::Null), empty);
        assert_eq!(expected.rows_with("best_day", &Cell::Count(0)), empty);
    }
}

#[test]
fn flights_shows_what_its_flights_add_up_to() {
    let project = Project::copy("flights");
    project.build(&[]);
    let views = project.views(&project.deploy(), "UTC");
    let raw = project.raw(&flights::QUERIES);
    let departures = flights::Departures::read(&raw);
    departures.check_facts();
    flights::Departures::compare_checks(&raw, &views["source_checks"]);
    let expected = departures.figures();
    expected.compare(&views);

    assert_eq!((expected.len(), expected.value("flights", &["2013-01-01"])), (45, Cell::Count(27_004)));
    // Airlines without a flight on a day, in a week or in a month have a row that says so.
    for name in ["flights__day__by_airline", "flights__week__by_airline", "flights__by_airline"] {
        assert!(expected.rows_with(name, &Cell::Count(0)) > 0, "{name}");
    }
    assert_eq!((views["flights__day"].len(), views["flights__week"].len()), (365, 52));

    // What was known in the middle of a week, a month and a quarter.
    project.build(&["--as-of", "2013-05-15"]);
    let views = project.views(&project.deploy(), "Pacific/Auckland");
    departures.seen_on(Day::of(2013, 5, 15)).figures().compare(&views);
}

#[test]
fn flights_shows_clock_changes_and_months_without_a_flight() {
    let project = Project::copy("flights");
    project.replace("data/flights.parquet", flights::FEW);
    let raw = project.raw(&flights::QUERIES);
    // Where the machine stands makes no difference.
    let cases = [("2013-01-01", "Pacific/Auckland", 0), ("2013-03-10", "America/New_York", 1), ("2013-12-31", "UTC", 6)];
    for (as_of, zone, empty) in cases {
        project.build(&["--as-of", as_of]);
        let expected = flights::Departures::read(&raw).seen_on(Day::parse(as_of)).figures();
        let views = project.views(&project.deploy(), zone);
        expected.compare(&views);
        flights::Departures::compare_checks(&raw, &views["source_checks"]);
        assert_eq!(expected.rows_with("flights", &Cell::Count(0)), empty);
        assert_eq!(expected.rows_with("median_arrival_delay", &Cell::Null), empty);
    }
}
