//! What Snowflake's documentation decides, and DuckDB below its emulation would not notice.

use super::*;
use crate::dialect::spell::Spelling;

fn spelled(function: &str, ty: Type) -> &'static str {
    match Snowflake.spelling(function, &|_| ty) {
        Spelling::Infix(text, _) | Spelling::Template(text, _) => text,
        Spelling::Own => "",
    }
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn names_that_need_no_quotes_are_stored_in_capitals() {
    let cases = [
        ("revenue", "revenue"),
        ("_x1$", "_x1$"),
        // The same names as without quotes, in capitals.
        ("order", "\"ORDER\""),
        ("rows", "\"ROWS\""),
        ("ORDERS", "\"ORDERS\""),
        // Made with quotes, or not at all.
        ("OrderId", "\"OrderId\""),
        ("größe", "\"größe\""),
        ("1st", "\"1st\""),
        ("a \"b\"", "\"a \"\"b\"\"\""),
    ];
    for (name, written) in cases {
        assert_eq!(Snowflake.identifier(name), written);
    }
    // One name, or two.
    let same = |one: &str, other: &str| Snowflake.folded(one) == Snowflake.folded(other);
    assert!(same("orders", "ORDERS") && same("order", "ORDER") && same("a_1$", "A_1$"));
    assert!(!same("orders", "Orders") && !same("ORDERS", "Orders") && !same("größe", "GRÖßE"));
    assert_eq!(Snowflake.folded("REVENUE__MONTH"), "revenue__month");
}

#[test]
fn texts_have_escapes() {
    assert_eq!(Snowflake.text("it's \\n"), "'it''s \\\\n'");
    assert_eq!(Snowflake.text("$$ &x // \"a\""), "('$' || '$ &' || 'x // \"a\"')");
}

#[test]
fn numbers_are_fixed_unless_they_are_floating() {
    assert_eq!((Snowflake.number("-12.50"), Snowflake.number("7")), ("-12.50".into(), "7".into()));
    assert_eq!(Snowflake.number("1.5e3"), "cast('1.5e3' as float)");
    let longest = "9".repeat(38);
    assert_eq!(Snowflake.number(&longest), longest.as_str());
    assert_eq!(Snowflake.number(&format!("{longest}.5")), format!("cast('{longest}.5' as float)"));
    // Whole numbers have 38 digits, and a mean of exact ones would have only 6 or so after the point.
    assert_eq!((Snowflake.type_name(Type::Integer), Snowflake.type_name(Type::Decimal)), ("integer", "number(38, 9)"));
    let able = Snowflake.abilities();
    assert!(!able.exact_means && !able.decimal_means);
    // A condition is no floating number; a whole number is what it becomes.
    assert_eq!(spelled("to number", Type::Boolean), "cast(cast({0} as integer) as {double})");
}

#[test]
fn literals_of_times_have_their_format_and_their_type() {
    assert_eq!(Snowflake.day(time("2024-01-31 00:00:00").date()), "to_date('2024-01-31', 'YYYY-MM-DD')");
    assert_eq!(Snowflake.wall(time("2024-01-31 23:59:58")), "to_timestamp_ntz('2024-01-31 23:59:58', 'YYYY-MM-DD HH24:MI:SS')");
    assert_eq!(
        Snowflake.instant(time("2024-01-31 23:59:58")),
        "to_timestamp_tz('2024-01-31 23:59:58 +00:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')"
    );
    assert_eq!((Snowflake.type_name(Type::Timestamp), Snowflake.type_name(Type::Instant)), ("timestamp_ntz", "timestamp_tz"));
    // There are no infinite days.
    assert_eq!(Snowflake.never(Type::Date), "to_date('0001-01-01', 'YYYY-MM-DD')");
    assert_eq!(spelled("text", Type::Date), "to_varchar({0}, 'YYYY-MM-DD')");
    assert!(spelled("text", Type::Timestamp).contains("to_varchar({0}, 'YYYY-MM-DD HH24:MI:SS.FF6')"));
}

#[test]
fn days_are_moved_by_dateadd_and_weeks_begin_on_monday() {
    assert_eq!(Snowflake.moved("day", -1, Grain::Month), "cast(dateadd('month', -1, day) as date)");
    assert_eq!(Snowflake.moved("day", 2, Grain::Quarter), "cast(dateadd('quarter', 2, day) as date)");
    assert_eq!(spelled("add days", Type::Date), "cast(dateadd('day', cast({1} as integer), {0}) as date)");
    assert_eq!(spelled("days between", Type::Date), "datediff('day', {1}, {0})");
    // `date_trunc('week')`, `week` and `dayofweek` ask the session.
    assert_eq!(Snowflake.truncated(Grain::Week, "day"), "dateadd('day', 1 - dayofweekiso(day), cast(day as date))");
    assert_eq!(Snowflake.truncated(Grain::Quarter, "day"), "date_trunc('quarter', day)");
    assert_eq!(spelled("weekday", Type::Date), "dayofweekiso({0})");
}

#[test]
fn spines_are_lists_whose_length_may_be_computed() {
    assert_eq!(
        Snowflake.days("a", "b", 2, Grain::Week),
        "(select cast(dateadd('day', cast(step.value as integer), bounds.first_day) as date) as day \
         from (select a as first_day, b as end_day) as bounds, \
         lateral flatten(input => array_generate_range(0, datediff('day', bounds.first_day, bounds.end_day), 14)) as step)"
    );
    // `datediff` counts the months that begin, so that there is one more.
    assert_eq!(
        Snowflake.days("a", "b", 1, Grain::Quarter),
        "(select cast(dateadd('month', cast(step.value as integer), bounds.first_day) as date) as day \
         from (select a as first_day, b as end_day) as bounds, \
         lateral flatten(input => array_generate_range(0, datediff('month', bounds.first_day, bounds.end_day) + 1, 3)) as step \
         where cast(dateadd('month', cast(step.value as integer), bounds.first_day) as date) < bounds.end_day)"
    );
}

#[test]
fn clocks_ask_no_session() {
    let cases = Shift::Cases(vec![("at >= x".to_owned(), 7200)], 3600);
    assert_eq!(
        Snowflake.shifted("at", true, &cases),
        "dateadd('second', case\n  when at >= x then 7200\n  else 3600\nend, cast(convert_timezone('UTC', at) as timestamp_ntz))"
    );
    assert_eq!(Snowflake.shifted("at", false, &Shift::Seconds(-60)), "dateadd('second', -60, at)");
    assert_eq!(Snowflake.in_zone("at", None, "Asia/Tokyo"), "cast(convert_timezone('Asia/Tokyo', at) as timestamp_ntz)");
    // With two zones the reading is of the first, with one it is of the session's.
    assert_eq!(
        Snowflake.in_zone("at", Some("Europe/Berlin"), "Asia/Tokyo"),
        "convert_timezone('Europe/Berlin', 'Asia/Tokyo', at)"
    );
    assert_eq!(Snowflake.today("UTC"), "cast(convert_timezone('UTC', current_timestamp()) as date)");
    assert!(Snowflake.midnight("day", "UTC").contains("convert_timezone('UTC', 'UTC', cast(day as timestamp_ntz))"));
    assert!(spelled("seconds between", Type::Instant).contains("convert_timezone('UTC', {1})"));
}

#[test]
fn numbers_that_are_none_are_compared_as_documented() {
    // NaN equals itself and is greater than infinity; `isfinite` is no function there.
    assert_eq!(spelled("is finite", Type::Double), "abs({0}) < cast('inf' as {double})");
    for none in ["'nan'", "'inf'", "'-inf'"] {
        assert!(spelled("finite", Type::Double).contains(&format!("cast({none} as {{double}})")));
    }
    assert_eq!(spelled("is finite", Type::Date), "{0} = {0}");
    // Only a text can be tried to be cast.
    assert!(!spelled("to json", Type::Double).contains("try_cast"));
    assert!(spelled("number", Type::Text).contains("then trim({0}) end as {double})"));
}

#[test]
fn texts_are_compared_without_their_collation() {
    assert_eq!(Snowflake.by_bytes("city", false), "collate(city, '')");
    // It would stay, and is counted by too.
    assert_eq!(Snowflake.by_bytes("lower(city)", true), "collate(lower(city), '')");
    assert!(!Snowflake.abilities().counts_by_bytes);
    // Functions that take none.
    for function in ["number", "date", "lower", "upper"] {
        assert!(spelled(function, Type::Text).contains("collate({0}, '')"), "{function}");
    }
    // Patterns have no groups that are not kept, and match the whole text.
    for function in ["number", "date"] {
        let pattern = spelled(function, Type::Text);
        assert!(pattern.contains("regexp_like(") && !pattern.contains("(?:") && !pattern.contains('^'), "{pattern}");
    }
}

#[test]
fn aggregates_are_those_that_there_are() {
    assert_eq!((spelled("any", Type::Boolean), spelled("all", Type::Boolean)), ("boolor_agg({0})", "booland_agg({0})"));
    assert_eq!(spelled("percentile", Type::Double), "percentile_cont({1}) within group (order by cast({0} as {double}))");
    // Of exact numbers it would be one with few digits.
    assert_eq!(spelled("stddev", Type::Decimal), "stddev_samp(cast({0} as {double}))");
    let able = Snowflake.abilities();
    assert!(!able.filters && !able.first_values && !able.orders_conditions && !able.lookups && !able.computed_values);
    assert_eq!(Snowflake.tuple(&["a".to_owned(), "b".to_owned()]), "a, b");
    assert_eq!(Snowflake.frame(27), "interval '27 days'");
    assert_eq!(Snowflake.view_options(), " copy grants");
}
