//! The same projects with something to steer by: a North Star, claims of what drives what, and objectives with five key results each.

use super::project;

/// How many key results an objective has.
const RESULTS: usize = 5;

const PROJECT: &str = "\
lints: { too-many-objectives: allow, only-lagging: allow, unguarded-counter-metric: allow, number-in-objective: allow }
";

const NORTH_STAR: &str = "\
north_star:
  title: Orders that people are glad of, at a price that pays
  volume: kpi_0000_01
  efficiency: kpi_0000_35
  counter: [kpi_0000_45]
  because: Who orders again has got what they wanted.

objectives:
  all_of_it:
    title: A shop that people rely on
    owner: sales
    period: 2024
";

/// The files of a project of so many KPIs and objectives. Every aggregate drives one of an earlier file, and the ways lead to
/// the North Star in a handful of steps.
pub(crate) fn files(kpis: usize, objectives: usize) -> Vec<(String, String)> {
    let mut files = project::changed(kpis, &|_, text| text);
    for (number, (path, text)) in files.iter_mut().enumerate() {
        if path == "kpic.yml" {
            text.push_str(PROJECT);
        } else {
            *text = driving(text, number.checked_sub(2).map(|before| before / 4));
        }
    }
    let mut text = NORTH_STAR.to_owned();
    for number in 0..objectives {
        text.push_str(&objective(number, kpis));
    }
    files.push(("specs/goals.yml".to_owned(), text));
    files
}

/// A file whose aggregates drive those of another, or the North Star if there is none.
fn driving(text: &str, before: Option<usize>) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(line);
        out.push('\n');
        let name = line.strip_prefix("  kpi_").and_then(|rest| rest.strip_suffix(':'));
        if let Some((_, place)) = name.and_then(|name| name.split_once('_')).filter(|(_, place)| *place < "35") {
            let drives = before.map_or("kpi_0000_01".to_owned(), |before| format!("kpi_{before:04}_{place}"));
            if before.is_some() || place != "01" {
                let because = "The same people buy both.";
                out.push_str(&format!("    drives: [ {{ kpi: {drives}, effect: up, because: {because} }} ]\n"));
            }
        }
    }
    out
}

fn objective(number: usize, kpis: usize) -> String {
    let owner = ["sales", "growth", "service"].iter().cycle().nth(number).copied().unwrap_or_default();
    let parent = number.checked_sub(1).map_or("all_of_it".to_owned(), |before| format!("objective_{:04}", before / 10));
    let mut text = format!(
        "  objective_{number:04}:\n    title: Buyers find what they look for\n    owner: {owner}\n    period: 2024-H2\n    \
         parent: {parent}\n    key_results:\n"
    );
    for result in 0..RESULTS {
        // Aggregates of all kinds but the last, whose values grow with orders.
        let at = (number * RESULTS + result) * 7;
        let (file, place) = (at / 35 % (kpis / 50), at % 35);
        text.push_str(&format!(
            "      result_{result}: {{ title: More of kind {place}, kpi: kpi_{file:04}_{place:02}, from: 100, to: {} }}\n",
            150 + result
        ));
    }
    text
}
