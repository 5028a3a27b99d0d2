//! Whether two engines show the same, cell by cell.
//!
//! Rows are told apart by the first columns that do so, else put in order. Whole numbers, decimals, texts, days and times have to be the
//! same; floating-point numbers differ by no more than 1e-9 of the larger of both, or of the column's largest. An engine without booleans
//! has 1 and 0, one without times has texts.

use super::tables::{Answer, Cell};
use std::collections::BTreeMap;

/// How much was compared, and what differs.
#[derive(Debug, Default, Clone)]
pub struct Report {
    pub views: usize,
    pub rows: usize,
    pub cells: usize,
    /// How many cells, rows and columns are not the same.
    pub differing: usize,
    /// The first of them, with their place.
    pub first: Vec<String>,
}

/// How many differences of one view are told.
const TOLD: usize = 5;

impl Report {
    /// Adds what another one says.
    pub fn add(&mut self, other: Self) {
        self.views += other.views;
        self.rows += other.rows;
        self.cells += other.cells;
        self.differing += other.differing;
        self.first.extend(other.first);
    }

    fn differs(&mut self, what: impl FnOnce() -> String) {
        self.differing += 1;
        if self.first.len() < TOLD {
            self.first.push(what());
        }
    }
}

/// What the values of a column can be compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whole numbers and decimals.
    Exact,
    /// Floating-point numbers.
    Float,
    Boolean,
    Time,
    Text,
    /// All of them are null.
    Unknown,
}

fn kind(name: Option<&String>) -> Kind {
    match name.map(String::as_str) {
        Some("integer" | "decimal") => Kind::Exact,
        Some("double") => Kind::Float,
        Some("boolean") => Kind::Boolean,
        Some("date" | "timestamp" | "instant") => Kind::Time,
        Some(_) => Kind::Text,
        None => Kind::Unknown,
    }
}

/// What a column of one engine and that of another can be compared as; nothing where they are of different kinds.
fn common(expected: Kind, found: Kind) -> Option<Kind> {
    match (expected, found) {
        (Kind::Unknown, other) | (other, Kind::Unknown) => Some(other),
        (Kind::Exact | Kind::Float, Kind::Float) | (Kind::Float, Kind::Exact) => Some(Kind::Float),
        (Kind::Boolean, Kind::Exact) => Some(Kind::Boolean),
        (Kind::Time, Kind::Text) => Some(Kind::Time),
        (one, other) => (one == other).then_some(one),
    }
}

/// Compares what an engine shows with what is expected.
pub fn compare(expected: &Answer, found: &Answer) -> Report {
    let mut report = Report { views: 1, ..Report::default() };
    if expected.columns != found.columns {
        report.differs(|| format!("columns are {:?}, expected {:?}", found.columns, expected.columns));
        return report;
    }
    let mut kinds = Vec::new();
    for (at, name) in expected.columns.iter().enumerate() {
        let (wanted, got) = (expected.kinds[at].as_ref(), found.kinds[at].as_ref());
        let Some(kind) = common(kind(wanted), kind(got)) else {
            let named = |kind: Option<&String>| kind.cloned().unwrap_or_else(|| "null".to_owned());
            report.differs(|| format!("{name} is {}, expected {}", named(got), named(wanted)));
            return report;
        };
        kinds.push(kind);
    }
    let rows = |answer: &Answer| -> Vec<Vec<Cell>> {
        let cell = |(cell, kind): (&Cell, &Kind)| match (kind, cell.as_deref()) {
            (Kind::Boolean, Some("1")) => Some("true".to_owned()),
            (Kind::Boolean, Some("0")) => Some("false".to_owned()),
            _ => cell.clone(),
        };
        answer.rows.iter().map(|row| row.iter().zip(&kinds).map(cell).collect()).collect()
    };
    let (expected_rows, found_rows) = (rows(expected), rows(found));
    let columns = Columns { names: &expected.columns, largest: largest(&kinds, &expected_rows, &found_rows), kinds };
    match columns.key(&expected_rows) {
        Some(length) => columns.by_key(length, &expected_rows, found_rows, &mut report),
        None => columns.in_order(expected_rows, found_rows, &mut report),
    }
    report
}

/// The largest number of each column of floating-point numbers.
fn largest(kinds: &[Kind], expected: &[Vec<Cell>], found: &[Vec<Cell>]) -> Vec<f64> {
    let of = |at: usize| {
        let cells = expected.iter().chain(found).filter_map(|row| row[at].as_ref()?.parse::<f64>().ok());
        cells.filter(|number| number.is_finite()).fold(0.0, |largest: f64, number| largest.max(number.abs()))
    };
    kinds.iter().enumerate().map(|(at, kind)| if *kind == Kind::Float { of(at) } else { 0.0 }).collect()
}

struct Columns<'a> {
    names: &'a [String],
    kinds: Vec<Kind>,
    largest: Vec<f64>,
}

impl Columns<'_> {
    /// How many of the first columns tell rows apart; nothing where that takes floating-point numbers.
    fn key(&self, rows: &[Vec<Cell>]) -> Option<usize> {
        let exact = self.kinds.iter().take_while(|kind| **kind != Kind::Float).count();
        (1..=exact).find(|length| {
            let mut keys: Vec<&[Cell]> = rows.iter().map(|row| &row[..*length]).collect();
            keys.sort_unstable();
            keys.windows(2).all(|pair| pair[0] != pair[1])
        })
    }

    fn by_key(&self, length: usize, expected: &[Vec<Cell>], found: Vec<Vec<Cell>>, report: &mut Report) {
        let mut left: BTreeMap<Vec<Cell>, Vec<Cell>> = BTreeMap::new();
        for row in found {
            if let Some(before) = left.insert(row[..length].to_vec(), row) {
                report.differs(|| format!("{} comes twice", self.place(&before[..length])));
            }
        }
        for row in expected {
            report.rows += 1;
            match left.remove(&row[..length]) {
                Some(other) => self.cells(&row[..length], row, &other, report),
                None => report.differs(|| format!("{} is missing", self.place(&row[..length]))),
            }
        }
        for key in left.keys() {
            report.differs(|| format!("{} is too much", self.place(key)));
        }
    }

    fn in_order(&self, mut expected: Vec<Vec<Cell>>, mut found: Vec<Vec<Cell>>, report: &mut Report) {
        // What is exact decides first, so that the last digits of a number move no row.
        let order = |row: &Vec<Cell>| {
            let is_float = |at: &usize| self.kinds[*at] == Kind::Float;
            let exact: Vec<Cell> = (0..row.len()).filter(|at| !is_float(at)).map(|at| row[at].clone()).collect();
            let number = |at: usize| row[at].as_ref().and_then(|text| text.parse::<f64>().ok());
            let floats: Vec<Option<f64>> = (0..row.len()).filter(is_float).map(number).collect();
            (exact, floats)
        };
        for rows in [&mut expected, &mut found] {
            rows.sort_by(|one, other| order(one).partial_cmp(&order(other)).unwrap_or(std::cmp::Ordering::Equal));
        }
        if expected.len() != found.len() {
            report.differs(|| format!("{} rows, expected {}", found.len(), expected.len()));
        }
        for (row, other) in expected.iter().zip(&found) {
            report.rows += 1;
            self.cells(row, row, other, report);
        }
    }

    fn cells(&self, place: &[Cell], expected: &[Cell], found: &[Cell], report: &mut Report) {
        for (at, (wanted, got)) in expected.iter().zip(found).enumerate() {
            report.cells += 1;
            if !self.same(at, wanted.as_deref(), got.as_deref()) {
                let shown = |cell: &Cell| cell.clone().unwrap_or_else(|| "null".to_owned());
                report.differs(|| {
                    format!("{}: {} is {}, expected {}", self.place(place), self.names[at], shown(got), shown(wanted))
                });
            }
        }
    }

    fn same(&self, at: usize, expected: Option<&str>, found: Option<&str>) -> bool {
        let (Some(expected), Some(found)) = (expected, found) else { return expected == found };
        if expected == found {
            return true;
        }
        match (self.kinds[at], expected.parse::<f64>(), found.parse::<f64>()) {
            (Kind::Float, Ok(expected), Ok(found)) => {
                (expected - found).abs() <= 1e-9 * expected.abs().max(found.abs()).max(self.largest[at])
            }
            _ => false,
        }
    }

    fn place(&self, key: &[Cell]) -> String {
        let part = |(name, cell): (&String, &Cell)| format!("{name} {}", cell.as_deref().unwrap_or("null"));
        self.names.iter().zip(key).map(part).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kinds: &[&str], rows: &[&[&str]]) -> Answer {
        let cell = |text: &&str| (*text != "null").then(|| (*text).to_owned());
        Answer {
            columns: (0..kinds.len()).map(|at| format!("c{at}")).collect(),
            kinds: kinds.iter().map(cell).collect(),
            rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        }
    }

    fn differing(expected: &Answer, found: &Answer) -> usize {
        compare(expected, found).differing
    }

    #[test]
    fn the_order_of_rows_and_the_last_digits_do_not_matter() {
        let one = answer(&["date", "double"], &[&["2024-01-01", "0.3"], &["2024-02-01", "1e-300"]]);
        let other = answer(&["text", "double"], &[&["2024-02-01", "0"], &["2024-01-01", "0.30000000000000004"]]);
        let report = compare(&one, &other);
        assert_eq!((report.rows, report.cells, report.differing), (2, 4, 0), "{:?}", report.first);
    }

    #[test]
    fn small_numbers_beside_large_ones_are_held_to_the_columns_size() {
        let one = answer(&["integer", "double"], &[&["1", "1000000000"], &["2", "0.5"]]);
        assert_eq!(differing(&one, &answer(&["integer", "double"], &[&["1", "1000000000"], &["2", "1.4"]])), 0);
        assert_eq!(differing(&one, &answer(&["integer", "double"], &[&["1", "1000000000"], &["2", "1.6"]])), 1);
        assert_eq!(differing(&one, &answer(&["integer", "double"], &[&["1", "1000000002"], &["2", "0.5"]])), 1);
    }

    #[test]
    fn what_is_exact_has_to_be_the_same() {
        let decimals = |last: &str| answer(&["integer", "decimal"], &[&["1", &format!("10000000000.00{last}")]]);
        assert_eq!(differing(&decimals("1"), &decimals("1")), 0);
        assert_eq!(differing(&decimals("1"), &decimals("2")), 1);
        let text = |text: &str| answer(&["integer", "text"], &[&["1", text]]);
        assert_eq!(differing(&text("a"), &text("a ")), 1);
        assert_eq!(differing(&text("a"), &text("null")), 1);
    }

    #[test]
    fn one_and_zero_stand_for_true_and_false_and_texts_for_no_numbers() {
        let truth = |kind: &str, text: &str| answer(&["integer", kind], &[&["1", text]]);
        assert_eq!(differing(&truth("boolean", "true"), &truth("integer", "1")), 0);
        assert_eq!(differing(&truth("boolean", "true"), &truth("integer", "0")), 1);
        assert_eq!(differing(&truth("integer", "1"), &truth("text", "1")), 1);
    }

    #[test]
    fn rows_that_are_missing_too_much_or_there_twice_are_told() {
        let of = |keys: &[&str]| {
            answer(
                &["text", "integer"],
                &keys
                    .iter()
                    .map(|key| [*key, "1"])
                    .map(|row| row.to_vec())
                    .collect::<Vec<_>>()
                    .iter()
                    .map(Vec::as_slice)
                    .collect::<Vec<_>>(),
            )
        };
        let report = compare(&of(&["a", "b"]), &of(&["a", "c", "c"]));
        assert_eq!(report.first, ["c0 c comes twice", "c0 b is missing", "c0 c is too much"]);
        // Where only numbers tell rows apart, they are put in order.
        let floats = |of: &[&str]| answer(&["double"], &of.iter().map(std::slice::from_ref).collect::<Vec<_>>());
        assert_eq!(differing(&floats(&["1", "2", "2"]), &floats(&["2", "1", "2"])), 0);
        assert_eq!(differing(&floats(&["1", "2", "2"]), &floats(&["2", "1", "3"])), 1);
    }
}
