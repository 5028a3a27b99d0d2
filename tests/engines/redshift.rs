//! What stands for Redshift: functions as it documents them, and no SQL that it does not.

use super::driver::driver;

/// Examples of its documentation, and what follows from them.
const DOCUMENTED: &[(&str, &str)] = &[
    ("dateadd(day, 30, date '2008-11-01')", "2008-12-01 00:00:00"),
    ("dateadd(month, 18, date '2008-02-28')", "2009-08-28 00:00:00"),
    ("dateadd(month, 1, date '2008-04-30')", "2008-05-30 00:00:00"),
    ("dateadd(month, 12, date '2016-02-29')", "2017-02-28 00:00:00"),
    ("dateadd(month, -1, date '2024-03-31')", "2024-02-29 00:00:00"),
    ("dateadd(second, 90, timestamp '2024-01-01 23:59:00')", "2024-01-02 00:00:30"),
    ("datediff(day, date '2009-01-01', date '2009-12-31')", "364"),
    // Days are counted by their borders.
    ("datediff(day, timestamp '2009-01-01 23:00:00', timestamp '2009-01-02 01:00:00')", "1"),
    ("datediff(microsecond, timestamp '2009-01-01 00:00:01', timestamp '2009-01-01 00:00:00.5')", "-500000"),
    ("collate('john', 'case_sensitive')", "john"),
    ("lower('ÄÖÜ')", "äöü"),
    ("mod(cast(extract(dow from date '2024-03-03') as bigint) + 6, 7) + 1", "7"),
];

/// What PostgreSQL runs all the same, and why it is refused.
const REFUSED: &[(&str, &str)] = &[
    ("select sum(x) filter (where x > 1) as it from t", "an aggregate has no filter"),
    ("select it from (values (1)) as t(it)", "nothing is written out by values"),
    ("select 1 as it from t, lateral (select x) as u", "nothing is lateral"),
    ("select sum(x) over (order by x range between 1 preceding and current row) as it from t", "frame of rows"),
    ("select avg(x) as it from t", "cut off"),
    ("select percentile_cont(0.5) within group (order by x) as it from t", "look at the same values"),
    ("select now() as it", "leader node"),
    ("select it from generate_series(1, 2) as it", "leader node"),
    ("select x + interval '1 month' as it from t", "months of an interval"),
    ("select x is not distinct from y as it from t", "is distinct from"),
    ("select distinct on (x) x as it from t", "is distinct from"),
    ("select count(distinct (x, y)) as it from t", "counted as one"),
    ("select cast(x as text) as it from t", "256 bytes"),
    ("select cast(x as varchar) as it from t", "has no size"),
    ("select cast(x as numeric) as it from t", "has no size"),
    ("select x::int as it from t", ":: is not used"),
    ("select 'a\\b' || x as it from t", "a backslash"),
    ("with a as materialized (select 1 as x) select x as it from a", "nothing is said of parts"),
    ("select 'a' as it from t", "has no type"),
    ("select null as it from t", "has no type"),
    ("select dateadd(year, 1, x) as it from t", "no part of a day"),
    ("select starts_with(x, 'a') as it from t", "no function starts_with is known"),
];

#[test]
fn functions_give_what_redshift_documents() {
    let Some(mut redshift) = driver("redshift") else { return };
    for (expression, wanted) in DOCUMENTED {
        let found = redshift.query(&format!("select {expression} as it")).unwrap_or_else(|why| panic!("{expression}: {why}"));
        assert_eq!(found.rows, [[Some((*wanted).to_owned())]], "{expression}");
    }
}

#[test]
fn sql_that_redshift_does_not_document_is_refused() {
    let Some(mut redshift) = driver("redshift") else { return };
    redshift.run(&["create table t as select date '2024-01-01' as x, date '2024-01-02' as y".to_owned()]).unwrap();
    for (sql, why) in REFUSED {
        let said = redshift.query(sql).expect_err(sql);
        assert!(said.starts_with("Redshift: ") && said.contains(why), "{sql}: {said}");
    }
    // Names are the same in small letters and in capitals, in quotes too.
    redshift.run(&["create table \"Seen\" as select date '2024-01-01' as \"At\"".to_owned()]).unwrap();
    assert_eq!(redshift.query("select \"AT\" from public.\"SEEN\"").unwrap().columns, ["at"]);
}
