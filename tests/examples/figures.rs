//! What the views must show, worked out from rows by plain loops, and the comparison with what they do show.

use crate::days::{Day, Grain, Period, periods};
use crate::project::{NULL, Rows};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A number that must be met exactly.
    Count(i64),
    /// A number that must be met to the last digits of floating point.
    Number(f64),
    Flag(bool),
    Text(String),
    Null,
}

/// The rows of a view by what tells them apart.
pub(crate) struct View {
    columns: Vec<String>,
    /// How many of the columns tell rows apart.
    keys: usize,
    rows: BTreeMap<Vec<String>, Vec<Cell>>,
}

/// The views of a project.
#[derive(Default)]
pub(crate) struct Expected {
    views: BTreeMap<String, View>,
}

/// The raw rows of a source by their days, and the days that a project shows.
pub(crate) struct Source<R> {
    rows: Vec<R>,
    day_of: fn(&R) -> Day,
    pub start: Day,
    pub as_of: Day,
}

/// How a source falls into slices: a dimension, its values, which of them a row has, and which rows make a slice appear.
pub(crate) struct Slices<'a, R> {
    pub dimension: &'static str,
    pub values: &'a Names,
    pub value: fn(&R) -> usize,
    pub appears: fn(&R) -> bool,
}

/// Different texts, each with a number.
#[derive(Default)]
pub(crate) struct Names {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

impl<R> Source<R> {
    pub(crate) fn new(mut rows: Vec<R>, day_of: fn(&R) -> Day, start: Day, as_of: Day) -> Self {
        rows.sort_by_key(day_of);
        Self { rows, day_of, start, as_of }.seen_on(as_of)
    }

    /// The source as it is known at the end of an earlier day.
    pub(crate) fn seen_on(mut self, as_of: Day) -> Self {
        let visible = self.between(Day(i64::MIN), as_of.plus(1)).len();
        self.rows.truncate(visible);
        Self { as_of, ..self }
    }

    /// The rows from a day up to another, which is left out.
    pub(crate) fn between(&self, start: Day, end: Day) -> &[R] {
        let first = self.rows.partition_point(|row| (self.day_of)(row) < start);
        let last = self.rows.partition_point(|row| (self.day_of)(row) < end);
        &self.rows[first..last.max(first)]
    }

    pub(crate) fn of(&self, period: Period) -> &[R] {
        self.between(period.start, period.end)
    }

    pub(crate) fn periods(&self, grain: Grain) -> Vec<Period> {
        periods(grain, self.start, self.as_of)
    }

    /// The end of a period, or of the last visible day if that is earlier.
    pub(crate) fn anchor(&self, period: Period) -> Day {
        period.end.min(self.as_of.plus(1))
    }
}

impl Expected {
    pub(crate) fn add(&mut self, name: &str, view: View) {
        assert!(self.views.insert(name.to_owned(), view).is_none(), "{name} is given twice");
    }

    /// A view with a row for every period.
    pub(crate) fn total<R>(&mut self, name: &str, source: &Source<R>, grain: Grain, value: impl Fn(Period) -> Cell) {
        self.windowed(name, source, grain, value, |_| true);
    }

    /// A view with a row for every period, whose figures may look further back than the data does.
    pub(crate) fn windowed<R>(
        &mut self,
        name: &str,
        source: &Source<R>,
        grain: Grain,
        value: impl Fn(Period) -> Cell,
        is_whole: impl Fn(Period) -> bool,
    ) {
        let mut view = View::new(&["period"], &["value", "is_complete"]);
        for period in source.periods(grain) {
            view.row(&[&period.start.to_string()], vec![value(period), Cell::Flag(period.is_over && is_whole(period))]);
        }
        self.add(name, view);
    }

    /// A view with a row for every period and slice, from the period in which the slice appears.
    pub(crate) fn sliced<R>(
        &mut self,
        name: &str,
        source: &Source<R>,
        grain: Grain,
        slices: &Slices<'_, R>,
        value: impl Fn(Period, &[&R]) -> Cell,
    ) {
        self.sliced_by(name, source, grain, slices, |period, _, rows| value(period, rows));
    }

    /// The same, for figures that ask which slice it is.
    pub(crate) fn sliced_by<R>(
        &mut self,
        name: &str,
        source: &Source<R>,
        grain: Grain,
        slices: &Slices<'_, R>,
        value: impl Fn(Period, usize, &[&R]) -> Cell,
    ) {
        let names = &slices.values.names;
        let mut first_days: Vec<Option<Day>> = vec![None; names.len()];
        for row in source.between(source.start, source.as_of.plus(1)).iter().filter(|row| (slices.appears)(row)) {
            first_days[(slices.value)(row)].get_or_insert((source.day_of)(row));
        }
        let mut view = View::new(&["period", slices.dimension], &["value", "is_complete"]);
        for period in source.periods(grain) {
            let mut rows_of: Vec<Vec<&R>> = names.iter().map(|_| Vec::new()).collect();
            for row in source.of(period) {
                rows_of[(slices.value)(row)].push(row);
            }
            for (at, ((name, first_day), rows)) in names.iter().zip(&first_days).zip(&rows_of).enumerate() {
                if first_day.is_some_and(|first_day| first_day < period.end) {
                    let cells = vec![value(period, at, rows), Cell::Flag(period.is_over)];
                    view.row(&[&period.start.to_string(), name], cells);
                }
            }
        }
        self.add(name, view);
    }

    /// Compares with what the views show, which must be no other views; says where they differ.
    pub(crate) fn compare(&self, actual: &BTreeMap<String, Rows>) {
        let expected: BTreeSet<&String> = self.views.keys().collect();
        // How much of the data is not as declared is compared elsewhere.
        let names: BTreeSet<&String> = actual.keys().filter(|name| *name != "source_checks").collect();
        let unproven: Vec<_> = names.symmetric_difference(&expected).collect();
        assert!(unproven.is_empty(), "views without figures to compare with, or figures without a view: {unproven:?}");
        let mut wrong = Vec::new();
        for (name, view) in &self.views {
            wrong.extend(view.differences(&actual[name]).into_iter().map(|difference| format!("{name}: {difference}")));
        }
        let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
        assert!(wrong.is_empty(), "{} figures differ from plain arithmetic:\n{shown}", wrong.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }

    /// The value of a row of a view.
    pub(crate) fn value(&self, name: &str, keys: &[&str]) -> Cell {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.views[name].rows[&keys][0].clone()
    }

    /// How many rows of a view show a value.
    pub(crate) fn rows_with(&self, name: &str, value: &Cell) -> usize {
        self.views[name].rows.values().filter(|cells| cells[0] == *value).count()
    }
}

impl View {
    pub(crate) fn new(keys: &[&str], others: &[&str]) -> Self {
        let columns = keys.iter().chain(others).map(|name| (*name).to_owned()).collect();
        Self { columns, keys: keys.len(), rows: BTreeMap::new() }
    }

    pub(crate) fn row(&mut self, keys: &[&str], cells: Vec<Cell>) {
        assert_eq!(keys.len(), self.keys);
        assert_eq!(keys.len() + cells.len(), self.columns.len());
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        assert!(self.rows.insert(keys, cells).is_none(), "a row twice");
    }

    fn differences(&self, actual: &Rows) -> Vec<String> {
        if actual.columns() != self.columns {
            return vec![format!("the columns are {:?}, not {:?}", actual.columns(), self.columns)];
        }
        let mut wrong = Vec::new();
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        for row in actual.iter() {
            let (keys, texts) = row.split_at(self.keys);
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            if !seen.insert(keys.clone()) {
                wrong.push(format!("{keys:?} is there twice"));
                continue;
            }
            let Some(cells) = self.rows.get(&keys) else {
                wrong.push(format!("{keys:?} should not be there"));
                continue;
            };
            for ((cell, text), column) in cells.iter().zip(texts).zip(&self.columns[self.keys..]) {
                if !cell.is_met_by(text) {
                    wrong.push(format!("{column} of {keys:?} is {text}, not {cell}"));
                }
            }
        }
        let missing = self.rows.keys().filter(|keys| !seen.contains(*keys));
        wrong.extend(missing.map(|keys| format!("{keys:?} is missing")));
        wrong
    }
}

impl Cell {
    pub(crate) fn ratio(part: i64, whole: i64) -> Self {
        if whole == 0 { Self::Null } else { Self::Number(number(part) / number(whole)) }
    }

    pub(crate) fn cents(cents: i64) -> Self {
        Self::Number(number(cents) / 100.0)
    }

    /// The figure as a number; nothing for null.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(number(*count)),
            Self::Number(number) => Some(*number),
            Self::Flag(_) | Self::Text(_) | Self::Null => None,
        }
    }

    fn is_met_by(&self, text: &str) -> bool {
        match self {
            // Whether the view's column is an integer or a floating number is not looked at here.
            Self::Count(count) => text.parse() == Ok(number(*count)),
            Self::Number(wanted) => text.parse::<f64>().is_ok_and(|is| (is - wanted).abs() <= 1e-9 * wanted.abs()),
            Self::Flag(flag) => text == if *flag { "true" } else { "false" },
            Self::Text(wanted) => text == wanted,
            Self::Null => text == NULL,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(out, "{count}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Text(text) => out.write_str(text),
            Self::Null => out.write_str(NULL),
        }
    }
}

/// A count as a number. None here comes near to what a floating number cannot hold.
#[expect(clippy::cast_precision_loss, reason = "below 2^53, which is asserted")]
pub(crate) fn number(count: i64) -> f64 {
    assert!(count.abs() < 1 << 53);
    count as f64
}

pub(crate) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap()
}

/// The value below which `percent` of the values lie, on a straight line between the two nearest ones.
pub(crate) fn percentile(mut values: Vec<i64>, percent: i64) -> Option<f64> {
    values.sort_unstable();
    let steps = percent * (count(values.len()) - 1);
    let below = usize::try_from(steps.div_euclid(100)).ok()?;
    let low = *values.get(below)?;
    let high = *values.get(below + 1).unwrap_or(&low);
    Some(number(low * 100 + (high - low) * steps.rem_euclid(100)) / 100.0)
}

#[test]
fn percentiles_lie_on_a_straight_line() {
    assert_eq!(percentile(vec![], 50), None);
    assert_eq!(percentile(vec![7], 90), Some(7.0));
    assert_eq!(percentile(vec![4, 1, 2, 3], 50), Some(2.5));
    assert_eq!(percentile((0..=9).rev().collect(), 90), Some(8.1));
    assert_eq!(percentile(vec![-5, -10], 50), Some(-7.5));
}

#[test]
fn differences_are_seen() {
    let mut view = View::new(&["period", "airline"], &["value", "is_complete"]);
    view.row(&["2013-01", "AA"], vec![Cell::Count(2), Cell::Flag(true)]);
    view.row(&["2013-01", NULL], vec![Cell::Number(0.1 + 0.2), Cell::Flag(true)]);
    view.row(&["2013-02", "AA"], vec![Cell::Null, Cell::Flag(false)]);
    let differences = |rows: &[&str]| {
        let text = format!("period,airline,value,is_complete\n{}\n", rows.join("\n"));
        view.differences(&Rows::new(text, ','))
    };
    let right = ["2013-02,AA,\\N,false", "2013-01,\\N,0.3,true", "2013-01,AA,2,true"];
    assert_eq!(differences(&right), [""; 0]);
    assert_eq!(differences(&right[1..]).len(), 1);
    assert_eq!(differences(&[right[0], right[1], right[2], right[2]]).len(), 1);
    assert_eq!(differences(&[right[0], right[1], right[2], "2013-02,\\N,0,false"]).len(), 1);
    for wrong in ["2013-01,AA,3,true", "2013-01,AA,2,false", "2013-01,AA,\\N,true", "2013-01,AA,2.0000001,true"] {
        assert_eq!(differences(&[right[0], right[1], wrong]).len(), 1, "{wrong}");
    }
    assert_eq!(differences(&["2013-02,AA,0,true", "2013-01,\\N,0.300001,true", right[2]]).len(), 3);
    assert_eq!(view.differences(&Rows::new("period,value,is_complete\n".to_owned(), ',')).len(), 1);
}
