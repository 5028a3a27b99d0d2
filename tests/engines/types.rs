//! Values of every type come back from every engine as they were put there.

use super::compare::compare;
use super::driver::{Driver, ENGINES, driver};
use super::tables::{Answer, Column, Table};

/// Names and values that are hard on quoting, arithmetic or calendars.
fn hard() -> Table {
    let types = [
        ("id", "integer"),
        ("price", "decimal(18, 4)"),
        ("rate", "double"),
        ("note", "text"),
        ("day", "date"),
        ("wall", "timestamp"),
        ("moment", "instant"),
        ("flag", "boolean"),
        ("Größe \"in\" `cm`", "integer"),
        ("select", "text"),
    ];
    let rows = [
        "1|-12.5|0.1|plain|2024-02-29|2024-02-29 23:59:59.5|2024-02-29 23:59:59.25|true|1|a",
        "2|0|-1.5|it's \"quoted\"|2023-12-31|2023-12-31 00:00:00|2023-12-31 00:00:00|false|-2|b",
        "3|99999999999.9999|123456.789|Ünïcødé ✓ 東京 😀|2000-02-29|2000-02-29 12:30:00|2024-03-31 01:00:00|true|0|",
        "4|0.0001|1e-7|back\\slash \\n \\N|1970-01-01|1970-01-01 00:00:01|1970-01-01 00:00:00|false|3| blanks ",
        "5|-0.0001|1e+20|tab\there, line\nbreak|2099-12-31|2038-01-19 03:14:08|2038-01-19 03:14:08|null|4|null",
        "9007199254740993|1|0.30000000000000004|-- comment /* no */ ; $1 %s :x|2024-12-31|2024-10-27 02:30:00.000001|2024-10-27 01:30:00|true|5|{\"a\": [1]}",
        "-9007199254740993|null|null||null|null|null|null|null|null",
        "null|null|null|null|null|null|null|null|null|null",
    ];
    let columns = types.map(|(name, ty)| Column { name: name.to_owned(), ty: ty.to_owned() }).to_vec();
    let cells = |row: &str| row.split('|').map(|cell| (cell != "null").then(|| cell.to_owned())).collect();
    Table { name: vec!["hard ones".to_owned()], columns, rows: rows.iter().map(|row| cells(row)).collect(), file: None }
}

/// How an engine quotes a name.
pub fn quoted(engine: &str, name: &str) -> String {
    let sign = if matches!(engine, "mariadb" | "spark") { "`" } else { "\"" };
    match engine {
        "bigquery" => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
        // Names that need no quotes are stored in capitals.
        "snowflake" if name.chars().all(|char| char.is_ascii_lowercase() || char == '_') => {
            format!("\"{}\"", name.to_uppercase())
        }
        _ => format!("{sign}{}{sign}", name.replace(sign, &format!("{sign}{sign}"))),
    }
}

/// What has to come back of a table.
fn whole(table: &Table) -> Answer {
    let kind = |column: &Column| column.ty.split('(').next().map(str::to_owned);
    Answer {
        columns: table.columns.iter().map(|column| column.name.clone()).collect(),
        kinds: table.columns.iter().map(kind).collect(),
        rows: table.rows.clone(),
    }
}

fn comes_back(engine: &mut Driver, table: &Table) {
    engine.tables(std::slice::from_ref(table)).unwrap_or_else(|why| panic!("{}: {why}", engine.name));
    let names = |names: &[String]| names.iter().map(|name| quoted(engine.name, name)).collect::<Vec<_>>().join(".");
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(engine.name, &column.name)).collect();
    let sql = format!("select {} from {}", columns.join(", "), names(&table.name));
    let found = engine.query(&sql).unwrap_or_else(|why| panic!("{}: {why}", engine.name));
    let report = compare(&whole(table), &found);
    assert!(report.differing == 0 && report.rows == table.rows.len(), "{}: {:?}", engine.name, report.first);
}

#[test]
fn every_value_comes_back_as_it_was_put() {
    for name in ENGINES {
        let Some(mut engine) = driver(name) else { continue };
        if engine.tier == "parsed" {
            continue;
        }
        let mut table = hard();
        match name {
            // Its names have no quotes.
            "bigquery" => table.columns[8].name = "Größe in cm".to_owned(),
            // Its tables have plain names.
            "spark" => table.name = vec!["hard_ones".to_owned()],
            // Letters of its names are small.
            "redshift" => table.columns[8].name.make_ascii_lowercase(),
            _ => {}
        }
        comes_back(&mut engine, &table);
        // In a schema of its own, and once more over the same name.
        let within = table.within(Some("data"));
        comes_back(&mut engine, &within);
        comes_back(&mut engine, &Table { rows: Vec::new(), ..within });
        // What cannot be says why, and the engine goes on.
        let why = engine.query("select nothing from nowhere").unwrap_err();
        assert!(!why.is_empty());
        engine.reset().unwrap();
        comes_back(&mut engine, &table);
    }
}

#[test]
fn doubles_that_are_no_numbers_come_back_or_are_null() {
    let column = |name: &str, ty: &str| Column { name: name.to_owned(), ty: ty.to_owned() };
    let row = |id: &str, value: &str| vec![Some(id.to_owned()), Some(value.to_owned())];
    let rows = vec![row("1", "NaN"), row("2", "Infinity"), row("3", "-Infinity")];
    let columns = vec![column("id", "integer"), column("x", "double")];
    let table = Table { name: vec!["odd".to_owned()], columns, rows, file: None };
    for name in ENGINES {
        let Some(mut engine) = driver(name) else { continue };
        engine.tables(std::slice::from_ref(&table)).unwrap();
        let mut found: Vec<_> = engine.query("select x, id from odd order by 2").unwrap().rows;
        found.iter_mut().for_each(|row| row.truncate(1));
        let shown: Vec<&str> = found.iter().map(|row| row[0].as_deref().unwrap_or("null")).collect();
        let expected: &[&str] = match name {
            "mariadb" => &["null", "null", "null"],
            "sqlite" => &["null", "Infinity", "-Infinity"],
            "trino" => &[],
            _ => &["NaN", "Infinity", "-Infinity"],
        };
        assert_eq!(shown, expected, "{name}");
    }
}

/// A setting of an engine, another value for it, and a query that shows what is set; nothing where none shows it.
fn setting(engine: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match engine {
        "duckdb" | "postgres" | "postgres18" | "redshift" => {
            ("TimeZone", "Asia/Tokyo", "select current_setting('TimeZone') as x")
        }
        "clickhouse" => ("session_timezone", "Asia/Tokyo", "select timezone() as x"),
        "mariadb" => ("time_zone", "+09:00", "select @@session.time_zone as x"),
        "spark" => ("spark.sql.session.timeZone", "Asia/Tokyo", "select current_timezone() as x"),
        "sqlite" => ("cache_size", "1234", "pragma cache_size"),
        "bigquery" => ("time_zone", "Asia/Tokyo", "select string(timestamp '1970-01-01 00:00:00+00') as x"),
        _ => return None,
    })
}

#[test]
fn views_are_made_settings_are_kept_and_a_reset_forgets_both() {
    let column = |name: &str, ty: &str| Column { name: name.to_owned(), ty: ty.to_owned() };
    let rows = [1, 2, 3].map(|id| vec![Some(id.to_string())]).to_vec();
    let table = Table { name: vec!["some_rows".to_owned()], columns: vec![column("id", "integer")], rows, file: None };
    for name in ENGINES {
        let Some(mut engine) = driver(name) else { continue };
        if engine.tier == "parsed" {
            continue;
        }
        let made = ["create view large as select id from some_rows where id > 1".to_owned()];
        engine
            .tables(std::slice::from_ref(&table))
            .and_then(|()| engine.run(&made))
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        let answer = engine.query("select count(*) as n, max(id) as most from large").unwrap();
        assert_eq!(answer.rows, [["2", "3"].map(|cell| Some(cell.to_owned())).to_vec()], "{name}");
        let shown = setting(name).map(|(setting, value, query)| {
            let shows = |engine: &mut Driver| engine.query(query).unwrap_or_else(|why| panic!("{name}: {why}")).rows;
            let usual = shows(&mut engine);
            engine.set(setting, value).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_ne!(shows(&mut engine), usual, "{name}");
            (query, usual)
        });
        engine.reset().unwrap_or_else(|why| panic!("{name}: {why}"));
        if let Some((query, usual)) = shown {
            assert_eq!(engine.query(query).unwrap().rows, usual, "{name}");
        }
        assert!(engine.query("select id from large").is_err() && engine.query("select id from some_rows").is_err(), "{name}");
    }
}

#[test]
fn many_rows_are_loaded_fast() {
    let column = |name: &str, ty: &str| Column { name: name.to_owned(), ty: ty.to_owned() };
    let types = ["integer", "decimal(18, 4)", "text", "date", "timestamp", "boolean"];
    let columns = types.iter().enumerate().map(|(at, ty)| column(&format!("c{at}"), ty)).collect();
    let row = |at: u32| {
        let day = format!("2024-{:02}-{:02}", at % 12 + 1, at % 28 + 1);
        let cells = [
            at.to_string(),
            format!("{at}.25"),
            format!("text {at}"),
            day.clone(),
            format!("{day} 12:00:00"),
            at.is_multiple_of(2).to_string(),
        ];
        cells.map(Some).to_vec()
    };
    let table = Table { name: vec!["many".to_owned()], columns, rows: (0..100_000).map(row).collect(), file: None };
    for name in ENGINES {
        let Some(mut engine) = driver(name) else { continue };
        let begin = std::time::Instant::now();
        engine.tables(std::slice::from_ref(&table)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let loaded = begin.elapsed().as_secs_f64();
        let answer = engine.query("select count(*) as n, sum(c0) as s, count(distinct c3) as d from many").unwrap();
        super::driver::tell(&format!("{name}: 100,000 rows in {loaded:.1} s"));
        if engine.tier != "parsed" {
            let cells: Vec<&str> = answer.rows[0].iter().map(|cell| cell.as_deref().unwrap_or("null")).collect();
            assert_eq!(cells, ["100000", "4999950000", "84"], "{name}");
        }
    }
}
