//! What literals, times and picked values look like.

use super::*;

#[test]
fn literals_and_names_are_what_they_say() {
    assert_eq!(Databricks.text("it's"), "('it' || chr(39) || 's')");
    assert_eq!(Databricks.identifier("order"), "`order`");
    assert_eq!(Databricks.identifier("a`b;'\""), "`a``b;'\"`");
    assert_eq!((Databricks.number("-1.50"), Databricks.number("1.5e3")), ("-1.50".into(), "1.5e3D".into()));
    assert_eq!(Databricks.number("9223372036854775808"), "cast(9223372036854775808 as decimal(38, 0))");
    let time: DateTime = "2024-01-31 23:59:58".parse().unwrap();
    assert_eq!(Databricks.instant(time), "timestamp '2024-01-31 23:59:58+00:00'");
    assert_eq!(Databricks.wall(time), "timestamp_ntz '2024-01-31 23:59:58'");
}

#[test]
fn no_time_depends_on_the_zone_of_a_session() {
    assert_eq!(Databricks.truncated(Grain::Week, "at"), "trunc(cast(at as date), 'week')");
    assert_eq!(Databricks.moved("day", -2, Grain::Quarter), "add_months(day, -6)");
    let in_utc = "(timestamp_ntz '1970-01-01 00:00:00' + unix_micros(at) * interval '0.000001' second)";
    assert_eq!(Databricks.shifted("at", true, &Shift::None), in_utc);
    assert_eq!(Databricks.in_zone("at", None, "Asia/Tokyo"), format!("convert_timezone('UTC', 'Asia/Tokyo', {in_utc})"));
    assert_eq!(Databricks.in_zone("at", Some("Europe/Berlin"), "UTC"), "convert_timezone('Europe/Berlin', 'UTC', at)");
}

#[test]
fn nulls_are_last_in_the_order_of_a_first_value() {
    let order = ["at".to_owned()];
    let pick = |last| Databricks.picked(&Pick { value: "x", order: &order, filter: Some("paid"), last }).unwrap_or_default();
    assert_eq!(pick(false), "min_by(x, struct(at is null, at)) filter (where x is not null and (paid))");
    assert_eq!(pick(true), "max_by(x, struct(at)) filter (where x is not null and (paid))");
}
