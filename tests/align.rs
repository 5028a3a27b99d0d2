//! What moves what: signs that follow from formulas, against finite differences and by hand; ways to the North Star.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
// What stands in the modules is for this file only.
#![allow(unreachable_pub)]

#[path = "align/drivers.rs"]
mod drivers;
#[path = "align/formulas.rs"]
mod formulas;
#[path = "align/signs.rs"]
mod signs;
#[path = "align/star.rs"]
mod star;
#[path = "align/ways.rs"]
mod ways;

use kpic::align::Sign;
use kpic::diagnostic::render::{Look, human};
use kpic::pipeline::{Checked, Options, Valid, check_texts};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
lints: { missing-owner: allow, missing-description: allow }
";

/// A spec, checked.
fn checked(spec: &str) -> Checked {
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), spec.to_owned())];
    check_texts(texts, &Options::default())
}

/// A spec without errors.
fn valid(spec: &str) -> Valid {
    let look = Look { color: false, width: 100 };
    checked(spec).valid().unwrap_or_else(|wrong| panic!("{}\n{spec}", human(&wrong.findings, &wrong.files, look)))
}

/// The sign by which a KPI moves another, and why.
fn sign(project: &Valid, from: &str, to: &str) -> Option<(Sign, String)> {
    let id = |name: &str| *project.model().kpi_names.get(name).unwrap_or_else(|| panic!("no KPI {name}"));
    let (from, to) = (id(from), id(to));
    let edge = project.alignment().movers(to).find(|edge| edge.from == from)?;
    Some((edge.sign, edge.why.clone()))
}
