//! Files as sources: what is declared is what is read, and what does not fit is refused by file, line and column.

use crate::folder::{Folder, Outcome};
use std::fmt::Write as _;

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow, missing-unit: allow, missing-better: allow,
  null-left-out: allow, quiet-source: allow }
";

/// A folder with a source `o` of some files, and a KPI `k1`, `k2`, ... for each formula.
struct Project {
    folder: Folder,
    kpis: usize,
}

impl Project {
    fn new(files: &str, columns: &str, formulas: &[&str]) -> Self {
        let folder = Folder::new();
        folder.write("kpic.yml", PROJECT);
        let mut spec = format!(
            "sources:\n  o:\n    files: {files}\n    kind: events\n    time: day\n    columns: {{ {columns} }}\nkpis:\n"
        );
        for (at, formula) in formulas.iter().enumerate() {
            writeln!(spec, "  k{}: {{ formula: \"{formula}\" }}", at + 1).unwrap();
        }
        folder.write("specs/o.yml", &spec);
        Self { folder, kpis: formulas.len() }
    }

    fn with(self, path: &str, text: &str) -> Self {
        self.folder.write(path, text);
        self
    }

    fn query(&self) -> Outcome {
        let names: Vec<String> = (1..=self.kpis).map(|at| format!("k{at}")).collect();
        let names = names.iter().map(String::as_str);
        self.folder.kpic(&["query"].into_iter().chain(names).chain(["--format", "csv"]).collect::<Vec<_>>())
    }

    /// The figures of January, February and March, which `verify` has nothing against.
    fn figures(&self) -> Vec<String> {
        let outcome = self.query();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
        assert_eq!(self.folder.findings(&["verify"]), []);
        let figures = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            fields[1..=self.kpis].join(" ")
        };
        outcome.stdout.lines().skip(1).map(figures).collect()
    }

    /// What `query` and `verify` alike say against it: code, message and help.
    fn refused(&self) -> (String, String, String) {
        let outcome = self.query();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("Error"), "{}", outcome.stderr);
        let found = self.folder.kpic(&["verify", "--format", "json"]);
        assert_eq!(found.code, 1, "{}", found.stdout);
        let parsed: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        let all = parsed.as_array().unwrap();
        assert_eq!(all.len(), 1, "{all:#?}");
        let text = |key: &str| all[0][key].as_str().unwrap_or_default().to_owned();
        let squeezed = |text: &str| text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(squeezed(&outcome.stderr).contains(&squeezed(&text("message"))), "{}\n{}", outcome.stderr, text("message"));
        (text("code"), text("message"), text("help"))
    }
}

/// A file with one row of each value.
fn rows(column: &str, values: &[&str]) -> String {
    let lines = values.iter().map(|value| format!("2024-01-05,\"{value}\"\n"));
    format!("day,{column}\n{}", lines.collect::<String>())
}

/// More rows than any reader looks at before it decides what they are, and then one more.
fn late(first: &str, last: &str) -> String {
    let mut text = format!("{first}\n");
    for _ in 0..20_479 {
        text.push_str("2024-01-05,1\n");
    }
    text.push_str(last);
    text
}

#[test]
fn a_late_value_is_read_as_declared_or_refused_with_its_line() {
    let fractions = late("day,x", "2024-01-06,1.5\n2024-01-06,1.5\n2024-01-06,1.5\n");
    // 20,479 times 1 and three times 1.5.
    let decimal = Project::new("d.csv", "day: date, x: decimal", &["sum(o.x)", "max(o.x)"]).with("d.csv", &fractions);
    assert_eq!(decimal.figures(), ["20483.5 1.5", "0.0 ", "0.0 "]);
    let integer = Project::new("d.csv", "day: date, x: integer", &["sum(o.x)"]).with("d.csv", &fractions);
    let (code, message, help) = integer.refused();
    assert_eq!(code, "K0913");
    assert_eq!(
        message,
        "line 20481 of `d.csv` has `1.5` in the column `x`, which is declared as `integer`; 2 more values do not fit"
    );
    assert!(help.contains("`decimal`"), "{help}");

    for (value, ty, advice) in [
        ("2024-01-06 23:30:00", "date", "declare the column as `timestamp`"),
        ("2024-01-31T23:30:00Z", "date", "declare the column as `instant`"),
        ("2024-02-30", "date", "there is no such day"),
    ] {
        let project = Project::new("d.csv", &format!("day: {ty}, x: integer"), &["sum(o.x)"])
            .with("d.csv", &late("day,x", &format!("{value},1\n")));
        let (code, message, help) = project.refused();
        assert_eq!(code, "K0913");
        assert_eq!(message, format!("line 20481 of `d.csv` has `{value}` in the column `day`, which is declared as `{ty}`"));
        assert!(help.contains(advice), "{help}");
    }
    let times = late("day,x", "2024-01-31T23:30:00+01:00,1\n").replace("2024-01-05,", "2024-01-05 10:00:00,");
    let (_, message, help) = Project::new("d.csv", "day: timestamp, x: integer", &["sum(o.x)"]).with("d.csv", &times).refused();
    assert!(message.starts_with("line 20481 of `d.csv` has `2024-01-31T23:30:00+01:00`"), "{message}");
    assert!(help.contains("declare the column as `instant`"), "{help}");
    let json = format!("{}{{\"day\":\"2024-01-06\",\"x\":1.5}}\n", "{\"day\":\"2024-01-05\",\"x\":1}\n".repeat(25_000));
    let (_, message, _) = Project::new("d.jsonl", "day: date, x: integer", &["sum(o.x)"]).with("d.jsonl", &json).refused();
    assert_eq!(message, "row 25001 of `d.jsonl` has `1.5` in the column `x`, which is declared as `integer`");
    assert_eq!(
        Project::new("d.jsonl", "day: date, x: decimal", &["sum(o.x)"]).with("d.jsonl", &json).figures(),
        ["25001.5", "0.0", "0.0"]
    );
}

#[test]
fn numbers_are_read_as_they_are_written() {
    let of = |ty: &str, values: &[&str]| {
        Project::new("d.csv", &format!("day: date, x: {ty}"), &["sum(o.x)", "count(o where x is null)"])
            .with("d.csv", &rows("x", values))
    };
    // 7 + 5 - 2 + 3 + 1000 + 4, and one that is empty.
    assert_eq!(of("integer", &["007", "+5", "-2", " 3 ", "1_000", "4.0", ""]).figures()[0], "1017 1");
    // 0.123456789 + 1.5 + 0.00001 + 1500 + 0.5 - 0.25 + 0
    let exact = ["0.1234567890", "1.500000000000000000", "1e-5", "1.5E3", ".5", "-.25", "0"];
    assert_eq!(of("decimal", &exact).figures()[0], "1501.873466789 0");
    // 29 digits before the point; what is shown is rounded to a floating number, as every figure.
    assert_eq!(of("decimal", &["12345678901234567890123456789", "-12345678901234567890123456788"]).figures()[0], "1.0 0");
    // 1.5 + 0.0000000001 + 200000
    assert_eq!(of("number", &["1.5", "0.0000000001", "2e5"]).figures()[0], "200001.5000000001 0");

    for (ty, values) in [
        ("integer", &["1.5", "4.00", "5.000", "1e3", "0x1F", ".5", "99999999999999999999", "1,5", "one", "--1", "1 000"][..]),
        ("decimal", &["1.1234567891", "1e-10", "1.5e-9", "12345e-14", "NaN", "inf", "0x1F", "1,000", "1.2.3", "-"]),
        ("number", &["1e400", "-1e400", "nan", "-Infinity", "0x1F", "1,000", "12 %", "1.234,50"]),
    ] {
        assert_eq!(misfits("d.csv", ty, values).len(), values.len(), "{ty}");
    }
    assert!(misfits("d.csv", "number", &["NaN"])[0].contains("`null: [\"\", \"NaN\"]`"));
    assert!(misfits("d.csv", "number", &["1.234,50"])[0].contains("`decimal: \",\"` and `thousands: \".\"`"));
    assert!(misfits("d.csv", "decimal", &["1.1234567891"])[0].contains("`number`"));
}

/// What is said against each of some values, every one in a column of its own, below a row that fits.
fn misfits(files: &str, ty: &str, values: &[&str]) -> Vec<String> {
    let names: Vec<String> = (0..values.len()).map(|at| format!("x{at}")).collect();
    let columns: Vec<String> = names.iter().map(|name| format!("{name}: {ty}")).collect();
    let fields: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    let day = if files.contains("date:") { "05/01/2024" } else { "2024-01-05" };
    let text = format!("day,{}\n{day},{}\n", names.join(","), fields.join(","));
    let project = Project::new(files, &format!("day: date, {}", columns.join(", ")), &["count(o)"]).with("d.csv", &text);
    let outcome = project.folder.kpic(&["verify", "--format", "json"]);
    let parsed: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let all = parsed.as_array().unwrap();
    for (at, (found, value)) in all.iter().zip(values).enumerate() {
        let message = found["message"].as_str().unwrap();
        let expected = format!("line 2 of `d.csv` has `{value}` in the column `x{at}`, which is declared as `{ty}`");
        assert_eq!((found["code"].as_str(), message), (Some("K0913"), expected.as_str()));
    }
    all.iter().map(|found| found["help"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn signs_of_numbers_are_those_that_are_declared() {
    let of = |files: &str, ty: &str, values: &[&str]| {
        Project::new(files, &format!("day: date, x: {ty}"), &["sum(o.x)"]).with("d.csv", &rows("x", values))
    };
    let german = "{ paths: d.csv, decimal: \",\", thousands: \".\" }";
    for ty in ["decimal", "number"] {
        // 1234.5 - 7.5 + 12 + 1000000 + 0.25
        assert_eq!(of(german, ty, &["1.234,50", "-7,5", "12", "1.000.000", ",25"]).figures()[0], "1001239.25", "{ty}");
    }
    assert_eq!(of(german, "integer", &["1.234", "-7,0", "12"]).figures()[0], "1239");
    let english = "{ paths: d.csv, thousands: \",\" }";
    // 2234.5 + 123456.5 as written in India.
    assert_eq!(of(english, "decimal", &["2,234.50", "1,23,456.5"]).figures()[0], "125691.0");
    assert_eq!(of("{ paths: d.csv, decimal: \",\", thousands: \" \" }", "number", &["1 234,5"]).figures()[0], "1234.5");
    assert_eq!(of("{ paths: d.csv, thousands: \"'\" }", "number", &["1'234.5"]).figures()[0], "1234.5");
    assert_eq!(misfits(german, "number", &["1.5", "1.23,5", "12.34.567", "1,2,3"]).len(), 4);
    assert_eq!(misfits(english, "number", &["1,5", "1,2345", "1.234,5"]).len(), 3);
}

#[test]
fn dates_and_times_are_read_as_they_are_written() {
    let day = |format: &str, value: &str| {
        Project::new(&format!("{{ paths: d.csv, date: \"{format}\" }}"), "day: date", &["count(o)"])
            .with("d.csv", &format!("day\n\"{value}\"\n"))
    };
    for (format, value) in [
        ("%d/%m/%Y", "5/2/2024"),
        ("%m/%d/%Y", "02/05/2024"),
        ("%d.%m.%y", "05.02.24"),
        ("%Y%m%d", "20240205"),
        ("%d-%b-%y", "05-Feb-24"),
        ("%d. %B %Y", "5. February 2024"),
        ("%d/%m/%Y 00:00", " 05/02/2024 00:00"),
    ] {
        assert_eq!(day(format, value).figures(), ["0", "1", "0"], "{format}");
    }
    let day_first = misfits("{ paths: d.csv, date: \"%d/%m/%Y\" }", "date", &["05/02/24", "30/02/2024", "02/31/2024"]);
    assert!(day_first.len() == 3 && day_first[0].contains("is written `%d/%m/%Y`"), "{day_first:?}");
    let unsaid = Project::new("d.csv", "day: date", &["count(o)"]).with("d.csv", "day\n01/05/2024\n02/03/2024\n");
    let (_, message, help) = unsaid.refused();
    assert!(message.contains("`01/05/2024`") && message.ends_with("; 1 more value does not fit, `02/03/2024`"), "{message}");
    assert!(help.contains("`date: \"%d/%m/%Y\"` if the day comes first, `date: \"%m/%d/%Y\"` if the month does"), "{help}");

    // Hours of the time, in the project's zone, which is UTC.
    let timestamps = ["2024-01-31 23:30:00", "2024-01-31T23:30", "2024-01-31 23:30:00.123456789", "2024-01-31"];
    assert_eq!(hours("d.csv", "timestamp", &timestamps), "23 23 23 0");
    let instants = [
        "2024-01-31T23:30:00Z",
        "2024-01-31T23:30:00.123Z",
        "2024-01-31T23:30Z",
        "2024-01-31 23:30:00+01:00",
        "2024-01-31T23:30:00.5-0530",
        "2024-01-31 23:30:00 UTC",
    ];
    assert_eq!(hours("d.csv", "instant", &instants), "23 23 23 22 5 23");
    for (format, ty, value, hour) in [
        ("%d/%m/%Y %H:%M", "timestamp", "31/01/2024 23:30", "23"),
        ("%m/%d/%Y %I:%M %p", "timestamp", "1/31/2024 12:05 am", "0"),
        ("%d/%m/%Y %H:%M%z", "instant", "31/01/2024 23:30-0530", "5"),
    ] {
        assert_eq!(hours(&format!("{{ paths: d.csv, timestamp: \"{format}\" }}"), ty, &[value]), hour, "{format}");
    }
    let advice = misfits("d.csv", "timestamp", &["2024-01-31 23:30:00Z", "2024-01-31 23:30:5Z", "31.01.2024 23:30"]);
    assert!(advice[..2].iter().all(|help| help.contains("declare the column as `instant`")), "{advice:?}");
    assert!(advice[2].contains("`timestamp:` under `files:`"), "{advice:?}");
    let advice = misfits("d.csv", "instant", &["2024-01-31 23:30:00", "2024-01-31"]);
    assert!(advice.len() == 2 && advice.iter().all(|help| help.contains("`timestamp`, with its `zone:`")), "{advice:?}");
    // No clock is 16 hours from UTC, and none has 60 minutes.
    let far = ["2024-01-31 23:30:00+25:00", "2024-01-31 23:30:00-16:00", "2024-01-31 23:30:00+05:60"];
    assert_eq!(misfits("d.csv", "instant", &far).len(), 3);
    let format = "{ paths: d.csv, timestamp: \"%Y-%m-%d %H:%M:%S%z\" }";
    assert_eq!(misfits(format, "instant", &far).len(), 3);
    assert_eq!(hours("d.csv", "instant", &["2024-01-31 23:30:00+14:00", "2024-01-31 03:30:00-15:56"]), "9 19");
}

/// The hours of some times, every one in a column of its own.
fn hours(files: &str, ty: &str, values: &[&str]) -> String {
    let names: Vec<String> = (0..values.len()).map(|at| format!("t{at}")).collect();
    let columns: Vec<String> = names.iter().map(|name| format!("{name}: {ty}")).collect();
    let formulas: Vec<String> = names.iter().map(|name| format!("sum(hour({name}) from o)")).collect();
    let formulas: Vec<&str> = formulas.iter().map(String::as_str).collect();
    let text = format!("day,{}\n2024-01-05,{}\n", names.join(","), values.join(","));
    let project = Project::new(files, &format!("day: date, {}", columns.join(", ")), &formulas).with("d.csv", &text);
    project.figures()[0].clone()
}

#[test]
fn texts_and_conditions_are_what_is_declared() {
    let texts = "day,t,b,x\n2024-01-05,01234,TRUE,1\n2024-01-05,true,f,2\n2024-01-05,2024-01-01,1,4\n2024-01-05,1e5,,8\n\
                 2024-01-05,,no,16\n2024-01-05,NA,y,32\n";
    let formulas = ["01234", "true", "2024-01-01", "1e5", "NA"].map(|text| format!("sum(o.x where t = '{text}')"));
    let mut formulas: Vec<&str> = formulas.iter().map(String::as_str).collect();
    formulas.extend(["sum(o.x where t is null)", "sum(o.x where b)", "sum(o.x where not b)"]);
    let columns = "day: date, t: text, b: boolean, x: integer";
    assert_eq!(
        Project::new("d.csv", columns, &formulas).with("d.csv", texts).figures()[0],
        "1 2 4 8 32 16 37 18",
        "a condition is true of 1, 4 and 32, false of 2 and 16"
    );
    let spaced = Project::new("d.csv", "day: date, b: boolean", &["count(o where b)", "count(o where not b)"]);
    let spaced = spaced.with("d.csv", "day,b\n2024-01-05, true \n2024-01-05,  no\n2024-01-05,Yes \n");
    assert_eq!(spaced.figures()[0], "2 1", "spaces around a condition do not matter");
    let with_words = Project::new("{ paths: d.csv, null: [\"\", NA, f] }", columns, &formulas).with("d.csv", texts);
    assert_eq!(with_words.figures()[0], "1 2 4 8 0 48 37 16");
    // Without an empty text among the words it is a text.
    let only = Project::new(
        "{ paths: d.csv, null: NA }",
        "day: date, t: text",
        &["count(o where t = '')", "count(o where t is null)"],
    );
    assert_eq!(only.with("d.csv", "day,t\n2024-01-05,\n2024-01-05,NA\n").figures()[0], "1 1");
    let (_, _, help) =
        Project::new("d.csv", "day: date, b: boolean", &["count(o where b)"]).with("d.csv", &rows("b", &["ja"])).refused();
    assert!(help.contains("`expr: answer = 'ja'`"), "{help}");
}

#[test]
fn files_of_all_shapes_are_read() {
    let sum = |files: &str| Project::new(files, "day: date, x: integer", &["sum(o.x)"]);
    let plain = ["3", "0", "0"];
    for text in [
        "day,x\n2024-01-05,1\n2024-01-06,2",
        "\u{feff}day,x\r\n2024-01-05,1\r\n2024-01-06,2\r\n",
        "x,note,day\n1,\"a\nb, \"\"c\"\"\n\nd\",2024-01-05\n2,,2024-01-06\n",
        " day , x \n2024-01-05, 1\n\n2024-01-06,2\n\n",
        "\"day\",\"x\"\n\"2024-01-05\",\"1\"\n\"2024-01-06\",\"2\"\n",
        "day,x,y,y,\n2024-01-05,1,a,b,c\n2024-01-06,2,#,,\n",
        "DAY,X\n2024-01-05,1\n2024-01-06,2\n",
    ] {
        assert_eq!(sum("d.csv").with("d.csv", text).figures(), plain, "{text}");
    }
    assert_eq!(sum("d.tsv").with("d.tsv", "day\tx\n2024-01-05\t1\n2024-01-06\t2\n").figures(), plain);
    let piped = sum("{ paths: d.txt, format: csv, delimiter: \"|\" }").with("d.txt", "day|x\n2024-01-05|1\n2024-01-06|2\n");
    assert_eq!(piped.figures(), plain);
    for text in ["day,x\n", "day,x"] {
        assert_eq!(sum("d.csv").with("d.csv", text).figures(), ["0", "0", "0"]);
    }
    let places = Project::new(
        "{ paths: d.csv, header: false }",
        "day: { type: date, column: 3 }, x: { type: integer, column: 1 }",
        &["sum(o.x)"],
    );
    assert_eq!(places.with("d.csv", "1,a,2024-01-05,z\n2,b,2024-01-06,z\n").figures(), plain);
    let packed = sum("d.csv.gz");
    packed.folder.sql(":memory:", "copy (select '2024-01-05' as day, 3 as x) to 'd.csv.gz' (header);");
    assert_eq!(packed.figures(), plain);
    for text in [
        "{\"x\":1,\"day\":\"2024-01-05\"}\n{\"day\":\"2024-01-06\",\"x\":\"2\",\"more\":[1]}\n",
        "[{\"day\":\"2024-01-05\",\"x\":3}]",
    ] {
        assert_eq!(sum("d.json").with("d.json", text).figures(), plain, "{text}");
    }
    for text in ["", "[]"] {
        assert_eq!(sum("d.json").with("d.json", text).figures(), ["0", "0", "0"]);
    }
}

#[test]
fn files_that_are_something_else_are_refused_in_words() {
    let of = |files: &str, path: &str, text: &str| {
        Project::new(files, "day: date, x: integer", &["sum(o.x)"]).with(path, text).refused()
    };
    for (text, code, said, advice) in [
        ("", "K0914", "`d.csv` is empty", "has only that line"),
        ("\nday,x\n2024-01-05,1\n", "K0914", "starts with an empty line", "delete the empty lines"),
        ("day;x\n2024-01-05;1\n", "K0903", "has none of the columns", "delimiter: \";\""),
        ("day\tx\n2024-01-05\t1\n", "K0903", "has none of the columns", "delimiter: tab"),
        ("tag,wert\n2024-01-05,1\n", "K0903", "has none of the columns", "`header: false`"),
        ("day,xx\n2024-01-05,1\n", "K0903", "has no column `x`", "`column: ...`"),
        ("day,x,X\n2024-01-05,1,2\n", "K0914", "several columns called `x`", "rename all but one"),
        (
            "day,x\n2024-01-05,1\n2024-01-05,1,3\n",
            "K0914",
            "line 3 of `d.csv` has more than 2 values",
            "put double quotes around",
        ),
        ("day,x\n2024-01-05,1\n2024-01-05\n", "K0914", "line 3 of `d.csv` has fewer than 2 values", "put double quotes around"),
        ("day,x\n2024-01-05,\"1\n2024-01-05,3\n", "K0914", "a quote that is not closed", "double those inside"),
        ("day,x\r\n2024-01-05,1\n2024-01-05,3\r\n", "K0914", "do not all end the same way", "LF"),
    ] {
        let (found, message, help) = of("d.csv", "d.csv", text);
        assert_eq!((found.as_str(), message.contains(said), help.contains(advice)), (code, true, true), "{message}\n{help}");
    }
    let nameless = Project::new(
        "{ paths: \"*.csv\", header: false }",
        "day: { type: date, column: 1 }, x: { type: integer, column: 2 }",
        &["sum(o.x)"],
    );
    let (code, message, help) = nameless.with("a.csv", "").with("d.csv", "2024-01-05,1\n").refused();
    assert_eq!((code.as_str(), message.as_str()), ("K0914", "`a.csv` is empty"));
    assert!(help.contains("remove it"), "{help}");
    let late = format!("day,x\n{}2024-01-06\n", "2024-01-05,1\n".repeat(30_000));
    assert!(of("d.csv", "d.csv", &late).1.starts_with("line 30002 of `d.csv` has fewer than 2 values"));
    for (text, said) in
        [("{\"day\":\n", "is not a file of JSON objects"), ("{\"day\":\"2024-01-05\",\"x\":1,\"x\":2}\n", "cannot be read")]
    {
        let (code, message, _) = of("d.json", "d.json", text);
        assert_eq!((code.as_str(), message.contains(said)), ("K0914", true), "{message}");
    }
    assert!(of("d.parquet", "d.parquet", "no parquet").1.contains("is not a Parquet file"));
    assert!(of("d.txt", "d.txt", "day,x\n").2.contains("format: csv"));
    let missing = Project::new("[a.csv, none-*.csv]", "day: date, x: integer", &["sum(o.x)"]).with("a.csv", "day,x\n");
    assert_eq!(missing.refused().1, "the rows of `o` cannot be read: no file matches `none-*.csv`");
    for bytes in [b"day,n,x\n2024-01-05,M\xfcller,1\n".as_slice(), b"\xff\xfed\0a\0y\0\n\0"] {
        let project = Project::new("d.csv", "day: date, n: text, x: integer", &["count(o where n = 'x')"]);
        std::fs::write(project.folder.path().join("d.csv"), bytes).unwrap();
        let (code, message, help) = project.refused();
        assert_eq!((code.as_str(), help.as_str()), ("K0914", "save the file as UTF-8"), "{message}");
    }
    // The names of JSON objects are what they are.
    let other_case = of("d.json", "d.json", "{\"day\":\"2024-01-05\",\"X\":1}\n");
    assert_eq!((other_case.0.as_str(), other_case.2.contains("did you mean `X`?")), ("K0903", true), "{}", other_case.2);
}

#[test]
fn several_files_are_read_by_name() {
    let months = |files: &str, columns: &str, formulas: &[&str]| {
        Project::new(files, columns, formulas)
            .with("data/2024-01.csv", "day,x\n2024-01-05,1\n")
            .with("data/2024-02.csv", "x,note,day\n2,a,2024-02-05\n")
            .with("data/2024-03.csv", "day,x,y,note\n2024-03-05,3,10,q\n")
            .with("data/2024-04.csv", "")
    };
    let columns = "day: date, x: integer, y: integer";
    assert_eq!(months("data/*.csv", "day: date, x: integer", &["sum(o.x)"]).figures(), ["1", "2", "3"]);
    assert_eq!(
        months("[data/2024-02.csv, data/2024-01.csv]", "day: date, x: integer", &["sum(o.x)"]).figures(),
        ["1", "2", "0"]
    );
    // March gained a column: the others lack it, and only who says so has nulls there.
    let (code, message, help) = months("data/*.csv", columns, &["sum(o.x)", "sum(o.y)"]).refused();
    assert_eq!(code, "K0903");
    assert_eq!(message, "`data/2024-01.csv` has no column `y`, which other files of `o` have");
    assert!(help.contains("by_name: true"), "{help}");
    let by_name =
        months("{ paths: data/*.csv, by_name: true }", columns, &["sum(o.x)", "sum(o.y)", "count(o where y is null)"]);
    assert_eq!(by_name.figures(), ["1 0 1", "2 0 1", "3 10 0"]);
    let misfit =
        months("data/*.csv", "day: date, x: integer", &["sum(o.x)"]).with("data/2024-02.csv", "x,note,day\n2.5,a,2024-02-05\n");
    assert!(misfit.refused().1.starts_with("line 2 of `data/2024-02.csv` has `2.5` in the column `x`"));
    // A file that lacks other columns has its line told as well.
    let (_, message, help) = months(
        "{ paths: data/*.csv, by_name: true }",
        "day: date, x: integer, y: integer, note: date",
        &["sum(o.x)", "sum(o.y)", "count(o where note is null)"],
    )
    .with("data/2024-02.csv", "x,note,day\n2,28/02/2024,2024-02-05\n")
    .with("data/2024-03.csv", "day,x,y,note\n2024-03-05,3,10,2024-03-01\n")
    .refused();
    assert_eq!(message, "line 2 of `data/2024-02.csv` has `28/02/2024` in the column `note`, which is declared as `date`");
    assert!(help.contains("`date: \"%d/%m/%Y\"`"), "{help}");
    let words = Project::new("{ paths: data/*.csv, null: [\"\", NA] }", "day: date, x: integer", &["count(o where x is null)"])
        .with("data/a.csv", "day,x\n2024-01-05,NA\n2024-01-06,\n2024-01-07,3\n");
    assert_eq!(words.figures()[0], "2");
    // A folder says what all rows below it have in common.
    let folders = Project::new("data/*/*.csv", "day: date, shop: text", &["count(o where shop = '07')"])
        .with("data/shop=07/a.csv", "day\n2024-01-05\n")
        .with("data/shop=08/a.csv", "day\n2024-01-05\n");
    assert_eq!(folders.figures()[0], "1");
    // What a deployed view reads is refused there too, if a file that lacks a column comes later.
    let built = months("data/2024-0[12].csv", "day: date, x: integer", &["sum(o.x)"]);
    let sql = built.folder.fine(&["query", "k1", "--sql"]);
    built.folder.write("data/2024-01.csv", "day\n2024-01-05\n");
    let mut direct = std::process::Command::new(crate::folder::duckdb());
    let direct = direct.args(["-no-init", "-c", &sql]).current_dir(built.folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&direct.stderr).contains("a file has no column x"), "{direct:?}");
}

#[test]
fn parquet_files_are_compared_by_their_types() {
    let of = |files: &str, ty: &str, copies: &[&str]| {
        let project = Project::new(files, &format!("day: date, x: {ty}"), &["sum(o.x)"]);
        for (at, select) in copies.iter().enumerate() {
            project.folder.sql(":memory:", &format!("copy (select {select}) to '{at}.parquet';"));
        }
        project
    };
    let whole = "date '2024-01-05' as day, 5::bigint as x";
    let fraction = "date '2024-01-06' as day, 1.5::double as x";
    assert_eq!(of("0.parquet", "integer", &[whole]).figures()[0], "5");
    assert_eq!(of("0.parquet", "integer", &[fraction]).refused().1, "`x` is declared as an integer, but the data has DOUBLE");
    // The first file has whole numbers, and a fraction of the second one stays one.
    assert_eq!(of("'*.parquet'", "number", &[whole, fraction]).figures()[0], "6.5");
    let (code, message, _) = of("'*.parquet'", "integer", &[whole, fraction]).refused();
    assert_eq!((code.as_str(), message.as_str()), ("K0902", "`x` is declared as an integer, but `1.parquet` has DOUBLE"));
    let lacks = "date '2024-01-06' as day";
    assert_eq!(
        of("'*.parquet'", "integer", &[whole, lacks]).refused().1,
        "`1.parquet` has no column `x`, which other files of `o` have"
    );
    assert_eq!(of("{ paths: '*.parquet', by_name: true }", "integer", &[lacks, whole]).figures()[0], "5");
}

#[test]
fn json_numbers_are_exact_as_far_as_json_is() {
    let of = |ty: &str, number: &str| {
        Project::new("d.json", &format!("day: date, x: {ty}"), &["sum(o.x)"])
            .with("d.json", &format!("{{\"day\":\"2024-01-05\",\"x\":{number}}}\n"))
    };
    assert_eq!(of("decimal", "-123456789012.345").figures()[0], "-123456789012.345");
    assert_eq!(of("decimal", "0.00001").figures()[0], "0.00001");
    assert_eq!(of("integer", "5.0").figures()[0], "5");
    for (ty, number) in
        [("decimal", "1234567890123.4567"), ("decimal", "12345678901234567.89"), ("integer", "1.5"), ("integer", "[1]")]
    {
        assert_eq!(of(ty, number).refused().0, "K0913", "{number}");
    }
}

#[test]
fn raw_sql_finds_declared_columns_typed_and_others_as_texts() {
    let columns = "day: date, x: integer, z: { type: integer, sql: \"cast(substr(y, 3) as bigint) + x\" }";
    let project = Project::new("d.csv", columns, &["sum(o.z)"]).with("d.csv", "day,x,y\n2024-01-05,1,k 7\n");
    assert_eq!(project.figures()[0], "8");
}

#[test]
fn what_a_conversion_loses_is_counted() {
    let text =
        "day,kind,amount\n2024-01-05,m,900.00\n2024-01-06,m,\"1,234.50\"\n2024-01-07,t,hello\n2024-01-08,m,\n2024-01-09,m,  \n";
    let lost = |columns: &str, formula: &str| {
        let project =
            Project::new("d.csv", &format!("day: date, kind: text, amount: text{columns}"), &[formula]).with("d.csv", text);
        project.folder.findings(&["verify"])
    };
    let derived = ", n: { type: number, expr: number(amount) }";
    let all = "`o` has 2 rows with a text of which `number(amount)` makes null, such as 1,234.50 (1 row); hello (1 row)";
    assert_eq!(lost(derived, "sum(o.n)"), [("K0915".to_owned(), "number(amount)".to_owned(), all.to_owned())]);
    let allowed = ", n: { type: number, expr: number(amount), allow: { lost-in-conversion: Old rows. } }";
    assert_eq!(lost(allowed, "sum(o.n)"), []);
    // Only where it counts: 1,234.50 is of the kind that is asked for, hello is not.
    for formula in [
        "sum(number(o.amount) where kind = 'm')",
        "sum(if(kind = 'm', number(amount), 0) from o)",
        "sum(case when kind = 't' then 0 else number(amount) end from o)",
        "count(o where kind = 'm' and number(amount) > 100)",
    ] {
        let found = lost("", formula);
        assert_eq!((found.len(), found[0].2.starts_with("`o` has 1 row with a text")), (1, true), "{formula}: {found:?}");
    }
    for formula in
        ["count(o where number(amount) is null)", "count(o where kind = 't' and number(amount) is not null)", "count(o)"]
    {
        assert_eq!(lost("", formula), [], "{formula}");
    }
    let (code, at, message) = lost("", "count(o where date(amount) = date '2024-01-01')").remove(0);
    assert_eq!((code.as_str(), at.as_str(), message.contains("3 rows")), ("K0915", "date(amount)", true), "{message}");
}
