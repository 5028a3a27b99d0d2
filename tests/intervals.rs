//! `interval` and `min_rows`: the bounds that views show, worked out by hand, and what commands make of them.
//!
//! For x of n rows and z = 1.959963984540054 (95 %), Wilson's bounds are (x + z²/2 ± z √(x (n - x) / n + z²/4)) / (n + z²). Of 2 of 4 rows:
//! z² = 3.841458820694124, the root of 1 + 0.960364705173531 is 1.400130246838, and (2 + 1.920729410347 ± 2.744204858) / 7.841458820694 gives 0.150039 and 0.849961.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot run the program has failed"
)]

mod support;

use std::path::Path;
use std::process::Command;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
warehouse: { schema: kpi }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow }
";

const SPEC: &str = "
sources:
  deals:
    query: |
      select * from (values
        (1, date '2024-01-01', true, 10.0, 10, 'de', 1), (2, date '2024-01-02', false, 20.0, 9, 'de', 3), (3, date '2024-01-03', true, 40.0, 3, 'de', null),
        (4, date '2024-01-04', false, null, 8, 'fr', null), (5, date '2024-02-04', true, 5.0, 6, 'fr', 2)) as t(id, day, won, amount, score, place, days)
    kind: events
    key: id
    time: day
    columns: { id: integer, day: date, won: { type: boolean, nullable: false }, amount: decimal, score: integer, place: text, days: integer, until: { type: date, sql: day + days } }
kpis:
  win_rate: { formula: count(deals where won) / count(deals), interval: 95%, min_rows: 3, by: [place] }
  late:     { formula: count(deals where won over trailing 2 months) / count(deals over trailing 2 months), interval: 99% }
  size:     { formula: avg(deals.amount), interval: 90% }
  nps:      { formula: (count(deals where score >= 9) - count(deals where score <= 6)) / count(deals), interval: 95% }
  points:   { formula: 100 * (count(deals where score >= 9) - count(deals where score <= 6)) / count(deals), interval: 95% }
  wait:     { formula: avg(deals.until - deals.day), unit: hours, interval: 95% }
  in_days:  { formula: 2 * wait, unit: days, interval: 95% }
  few:      { formula: avg(deals.score), min_rows: 4 }
";

/// One figure of the figures of a view: not a number where it is null.
type Row = (String, Vec<f64>);

fn view(folder: &Path, query: &str) -> Vec<Row> {
    let deploy = std::fs::read_to_string(folder.join("build/sql/duckdb/deploy.sql")).unwrap();
    let program = std::env::var("KPIC_DUCKDB").unwrap_or_else(|_| "duckdb".to_owned());
    let program = if Path::new(&program).is_relative() && program.contains('/') {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(program)
    } else {
        program.into()
    };
    let script = folder.join("all.sql");
    std::fs::write(&script, format!("{deploy}{query};")).unwrap();
    let output = Command::new(program).args(["-csv", "-noheader", "-f"]).arg(&script).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let number = |cell: &str| cell.parse().unwrap_or(f64::NAN);
    let row = |line: &str| {
        let (key, rest) = line.split_once(',').unwrap();
        (key.to_owned(), rest.split(',').map(number).collect())
    };
    text(&output.stdout).lines().map(row).collect()
}

fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", SPEC)]);
    assert!(kpic(folder.path(), &["build"]).status.success());
    folder
}

fn shows(found: &[Row], expected: &[(&str, [f64; 4])]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((key, found), (other, expected)) in found.iter().zip(expected) {
        assert_eq!(key, other);
        for (one, other) in found.iter().zip(expected) {
            assert!((one - other).abs() < 1e-9 || one.is_nan() && other.is_nan(), "{key}: {found:?} and not {expected:?}");
        }
    }
}

const NONE: f64 = f64::NAN;

#[test]
fn bounds_are_as_worked_out_by_hand() {
    let folder = built();
    let of = |view_name: &str| {
        view(folder.path(), &format!("select period, value, n, low, high from kpi.{view_name} order by period"))
    };
    // Of one of one, low is 1 / (1 + z²). Of nothing there is no share.
    let wilson = [
        ("2024-01-01", [0.5, 4.0, 0.150_038_989_152_149_53, 0.849_961_010_847_850_5]),
        ("2024-02-01", [1.0, 1.0, 0.206_549_314_377_237_42, 1.0]),
        ("2024-03-01", [NONE, 0.0, NONE, NONE]),
    ];
    shows(&of("win_rate"), &wilson);
    // None of one is not surely none: high is z² / (1 + z²). Two of three: (2 + 1.92073 ± 1.95996 √(2/3 + 0.960365)) / 6.841459.
    let by_place =
        view(folder.path(), "select place || period, value, n, low, high from kpi.win_rate__by_place where n > 0 order by 1");
    let expected = [
        ("de2024-01-01", [2.0 / 3.0, 3.0, 0.207_659_600_802_047_65, 0.938_508_055_279_603_7]),
        ("fr2024-01-01", [0.0, 1.0, 0.0, 0.793_450_685_622_762_6]),
        ("fr2024-02-01", [1.0, 1.0, 0.206_549_314_377_237_42, 1.0]),
    ];
    shows(&by_place, &expected);
    // 3 of 5 rows of January and February with z = 2.5758293035489: (3 + 3.317448 ± 2.575829 √(1.2 + 1.658724)) / (5 + 6.634897).
    let late = of("late");
    shows(&late[1..2], &[("2024-02-01", [0.6, 5.0, 0.168_656_198_019_432_3, 0.917_292_137_775_165_8])]);
    // 10, 20, 40: the mean is 70/3, their sample deviation √(700/3), and 1.644853626951 √(700/9) = 14.506246.
    let mean = [
        ("2024-01-01", [70.0 / 3.0, 3.0, 8.827_087_866_612_65, 37.839_578_800_054_014]),
        ("2024-02-01", [5.0, 1.0, NONE, NONE]),
        ("2024-03-01", [NONE, 0.0, NONE, NONE]),
    ];
    shows(&of("size"), &mean);
    // 1, 1, -1 and 0: the mean is 1/4, the sample variance (3 - 4/16) / 3 = 11/12, and z √(11/48) = 0.938261.
    let nps = [
        ("2024-01-01", [0.25, 4.0, -0.688_261_324_512_386_1, 1.188_261_324_512_386]),
        ("2024-02-01", [-1.0, 1.0, NONE, NONE]),
        ("2024-03-01", [NONE, 0.0, NONE, NONE]),
    ];
    shows(&of("nps"), &nps);
    let points = of("points");
    shows(&points[..1], &[("2024-01-01", [25.0, 4.0, -68.826_132_451_238_6, 118.826_132_451_238_6])]);
    // 1 and 3 days: the mean is 2, the sample deviation √2, so z on either side; in hours 48 and 24 z. Twice that in days is 4 and 2 z.
    let z = 1.959_963_984_540_054;
    shows(&of("wait")[..1], &[("2024-01-01", [48.0, 2.0, 48.0 - 24.0 * z, 48.0 + 24.0 * z])]);
    shows(&of("in_days")[..1], &[("2024-01-01", [4.0, 2.0, 4.0 - 2.0 * z, 4.0 + 2.0 * z])]);
    // Without an interval there is the number of rows alone.
    let few = view(folder.path(), "select period, value, n from kpi.few order by period limit 1");
    assert_eq!(few, [("2024-01-01".to_owned(), vec![7.5, 4.0])]);
}

#[test]
fn commands_show_bounds_and_mark_what_rests_on_few_rows() {
    let folder = built();
    let run = text(&kpic(folder.path(), &["run"]).stdout);
    let line = |name: &str| run.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("win_rate").contains("0.50 ") && line("win_rate").contains("1.00~"), "{run}");
    assert!(!line("size").contains('~') && line("few").contains("6.00~"), "{run}");
    assert!(run.contains("~ rests on fewer rows than its `min_rows`"), "{run}");
    let json: serde_json::Value =
        serde_json::from_slice(&kpic(folder.path(), &["run", "win_rate", "few", "--format", "json"]).stdout).unwrap();
    assert_eq!(json[0]["periods"][0]["n"], 4);
    assert!((json[0]["periods"][0]["low"].as_f64().unwrap() - 0.150_038_989_152_149_53).abs() < 1e-9);
    assert_eq!((&json[1]["periods"][0]["n"], &json[1]["periods"][0]["low"]), (&4.into(), &serde_json::Value::Null));
    let query = |arguments: &[&str]| {
        let output = kpic(folder.path(), &[&["query"], arguments, &["--format", "csv"]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let of_de = query(&["win_rate", "size", "--where", "place = 'de'", "--last", "3"]);
    assert!(
        of_de.starts_with(
            "period,win_rate,win_rate__n,win_rate__low,win_rate__high,size,size__n,size__low,size__high,is_complete\n"
        ),
        "{of_de}"
    );
    assert!(of_de.contains("2024-01-01,0.6666666666666666,3,0.2076"), "{of_de}");
    // The others of the top are worked out anew, with bounds of their own.
    let top = query(&["win_rate", "--by", "place", "--top", "1", "--others"]);
    assert!(top.contains("2024-01-01,,true,0.0,1,0.0,0.79345"), "{top}");
    // A formula over it has none.
    assert!(query(&["twice = 2 * win_rate"]).starts_with("period,twice,is_complete\n"));
}
