//! What MariaDB gets.

use super::*;

#[test]
fn names_are_in_backticks_and_days_come_from_a_list() {
    assert_eq!(MariaDb.identifier("order"), "`order`");
    assert_eq!(MariaDb.identifier("a`b"), "`a``b`");
    assert!(MariaDb.replaces("a\\b") && !MariaDb.replaces("a b"));
    let days = MariaDb.days("date '2024-01-01'", "date '2024-03-01'", 1, Grain::Month);
    assert!(days.contains("ceil(datediff(bounds.end_day, bounds.first_day) / 28)"), "{days}");
}

#[test]
fn nulls_are_last_whichever_way() {
    assert_eq!(MariaDb.ordered("x", false), "x is null, x");
    assert_eq!(MariaDb.ordered("x", true), "x desc");
    assert_eq!(MariaDb.along("to_days(x)", true), "to_days(x)");
}

#[test]
fn periods_are_days_once() {
    let day = "cast(at as date)";
    assert_eq!(MariaDb.truncated(Grain::Month, "at"), format!("date_sub({day}, interval dayofmonth({day}) - 1 day)"));
    assert_eq!(MariaDb.as_day(&MariaDb.truncated(Grain::Week, "at")), MariaDb.truncated(Grain::Week, "at"));
}
