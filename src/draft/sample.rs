//! A project over a few rows of its own.

use super::{Draft, File};

/// The files, `kpic.yml` the last.
const FILES: [(&str, &str); 5] = [
    ("data/orders.csv", include_str!("sample/data/orders.csv")),
    ("specs/sources.yml", include_str!("sample/specs/sources.yml")),
    ("specs/sales.yml", include_str!("sample/specs/sales.yml")),
    ("specs/tests.yml", include_str!("sample/specs/tests.yml")),
    ("kpic.yml", include_str!("sample/kpic.yml")),
];

/// The line of `kpic.yml` with the project's name.
const NAME: &str = "project: sample\n";

/// The project with that name.
pub fn sample(name: &str) -> Draft {
    let named = |text: &str| text.replacen(NAME, &format!("project: {}\n", crate::layout::scalar::text(name)), 1);
    let files = FILES.iter().map(|(path, text)| File { path: (*path).to_owned(), text: named(text) }).collect();
    let made = vec![("orders".to_owned(), "orders of a small coffee roastery, in data/orders.csv".to_owned())];
    Draft { files, made, ..Draft::default() }
}
