//! What Redshift's documentation decides, and PostgreSQL in its place would not notice.

use super::*;
use crate::calendar::DateTime;

fn spelled(function: &str, ty: Type) -> &'static str {
    match Redshift.spelling(function, &|_| ty) {
        Spelling::Infix(text, _) | Spelling::Template(text, _) => text,
        Spelling::Own => "",
    }
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn names_are_in_small_letters_and_words_of_redshift_in_quotes() {
    let cases = [("revenue", "revenue"), ("raw", "\"raw\""), ("Order Id", "\"Order Id\""), ("größe", "\"größe\"")];
    for (name, written) in cases {
        assert_eq!(Redshift.identifier(name), written);
    }
    assert_eq!(Redshift.folded("OrderId"), "orderid");
    // Other letters stay as they are.
    assert_eq!(Redshift.folded("GRÖßE"), "grÖße");
    assert_eq!(Redshift.longest_name(), 127);
}

#[test]
fn texts_have_no_backslash_and_types_their_size() {
    assert_eq!(Redshift.text("it's"), "'it''s'");
    assert_eq!(Redshift.text("a\\b"), "('a' || chr(92) || 'b')");
    // Without sizes these would have 256 bytes and 18 digits.
    assert_eq!((Redshift.type_name(Type::Text), Redshift.type_name(Type::Decimal)), ("varchar(65535)", "numeric(38, 9)"));
    // What stands beside others in a union makes no room there.
    assert_eq!(Redshift.cast("null", Type::Text), "cast(null as varchar(1))");
    assert_eq!(Redshift.cast("null", Type::Decimal), "cast(null as numeric(1, 0))");
    assert_eq!(Redshift.cast("'it''s'", Type::Text), "cast('it''s' as varchar(5))");
    assert_eq!(Redshift.cast("'a' || x || 'b'", Type::Text), "cast('a' || x || 'b' as varchar(65535))");
    assert_eq!(Redshift.cast("''", Type::Text), "cast('' as varchar(1))");
}

#[test]
fn numbers_are_exact_unless_they_are_floating() {
    assert_eq!((Redshift.number("-12.50"), Redshift.number("7")), ("-12.50".into(), "7".into()));
    assert_eq!(Redshift.number("1.5e3"), "cast('1.5e3' as double precision)");
    // Means of whole numbers are whole there, and those of decimals have few digits.
    let able = Redshift.abilities();
    assert!(!able.exact_means && !able.decimal_means);
    // A whole number is rounded to tens, and as one.
    assert_eq!(spelled("round", Type::Integer), "cast(round(cast({0} as numeric(38, 0)), {1}) as {integer})");
    assert_eq!(spelled("to number", Type::Boolean), "cast(cast({0} as integer) as {double})");
    // Neither whether NaN equals itself nor how it is ordered is asked.
    assert_eq!(spelled("is finite", Type::Double), "abs({0}) < cast('Infinity' as {double})");
}

#[test]
fn days_are_moved_in_days_and_months() {
    assert_eq!(Redshift.moved("day", -1, Grain::Month), "cast(dateadd(month, -1, day) as date)");
    assert_eq!(Redshift.moved("day", 2, Grain::Week), "cast(dateadd(day, 14, day) as date)");
    // A year after 29 February would be 1 March.
    assert_eq!(Redshift.moved("day", 1, Grain::Year), "cast(dateadd(month, 12, day) as date)");
    assert_eq!(spelled("days between", Type::Date), "datediff(day, {1}, {0})");
    assert_eq!(spelled("weekday", Type::Date), "mod(cast(extract(dow from {0}) as {integer}) + 6, 7) + 1");
    // Functions of days take no instants.
    for function in ["seconds between", "add seconds", "add months to time"] {
        assert!(spelled(function, Type::Instant).contains("({0}) at time zone 'UTC'"), "{function}");
    }
}

#[test]
fn a_spine_has_as_many_digits_as_it_needs() {
    let months = Redshift.days("date '2024-01-01'", "date '2024-04-01'", 1, Grain::Quarter);
    assert_eq!(months.matches("as digits").count(), 1, "{months}");
    assert!(months.starts_with("(select cast(dateadd(month, digit * 3, first_day) as date) as day from "), "{months}");
    assert!(months.ends_with(" where dateadd(month, digit * 3, first_day) < end_day)"), "{months}");
    let days = Redshift.days("date '2024-01-01'", "date '2026-01-01'", 1, Grain::Day);
    assert_eq!(days.matches("as digits").count(), 3, "{days}");
    assert!(days.contains("(select steps + digit * 10 as steps, first_day, end_day from "), "{days}");
    // All days that there are.
    let unknown = Redshift.days("(select min(x) from t)", "(select max(x) from t)", 1, Grain::Day);
    assert_eq!(unknown.matches("as digits").count(), 7, "{unknown}");
    assert_eq!(unknown.matches("select min(x)").count(), 1, "{unknown}");
}

#[test]
fn rows_that_are_written_out_are_a_union() {
    let columns = [("name".to_owned(), Type::Text), ("many".to_owned(), Type::Integer), ("much".to_owned(), Type::Decimal)];
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    let rows = Redshift.rows(&columns, &[row(["'a'", "null", "1.5"]), row(["null", "2", "null"])]);
    assert_eq!(
        rows.as_deref(),
        Some(
            "(\n  select cast('a' as varchar(1)) as name, cast(null as bigint) as many, 1.5 as much union all\n  select cast(null as varchar(1)), 2, null\n)"
        )
    );
}

#[test]
fn clocks_ask_no_session() {
    let cases = Shift::Cases(vec![("at >= x".to_owned(), 7200)], 3600);
    assert_eq!(
        Redshift.shifted("at", true, &cases),
        "dateadd(second, case\n  when at >= x then 7200\n  else 3600\nend, (at at time zone 'UTC'))"
    );
    assert_eq!(Redshift.instant(time("2024-01-31 23:59:58")), "timestamptz '2024-01-31 23:59:58+00'");
    assert_eq!(Redshift.today("UTC"), "cast(cast(getdate() as timestamptz) at time zone 'UTC' as date)");
    assert_eq!(spelled("text", Type::Date), "to_char({0}, 'YYYY-MM-DD')");
}

#[test]
fn texts_are_compared_without_their_collation() {
    assert_eq!(Redshift.by_bytes("city", false), "collate(city, 'case_sensitive')");
    // By which different ones are counted too.
    assert!(!Redshift.abilities().counts_by_bytes);
    let parts = ["a", "b"].map(str::to_owned);
    let tuple = "cast(length(a) as varchar(9)) || ':' || a || ',' || cast(length(b) as varchar(9)) || ':' || b || '.'";
    assert_eq!(Redshift.tuple(&parts), tuple);
}

#[test]
fn a_day_in_a_text_is_one_of_the_calendar() {
    let pattern = spelled("date", Type::Text);
    assert!(pattern.starts_with("cast(case when {0} ~ '^ *(") && !pattern.contains("(?:"), "{pattern}");
    assert!(pattern.ends_with("then trim({0}) end as {date})"), "{pattern}");
}
