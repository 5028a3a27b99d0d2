//! Generated projects with mistakes in them, of many kinds.

use super::project;

/// In which of so many KPIs there is a mistake.
const EACH: usize = 5;

/// A project of so many KPIs in which each fifth one has a mistake and others stand upon it: whoever repeats what follows from a
/// mistake reports more than there are. Gives the files and the number of mistakes.
pub(crate) fn project(kpis: usize) -> (Vec<(String, String)>, usize) {
    (project::changed(kpis, &mistake), kpis / EACH)
}

/// A mistake in each fifth KPI of a file, given by its place and its text.
fn mistake(place: usize, text: String) -> String {
    if !place.is_multiple_of(EACH) {
        return text;
    }
    let made = match place / EACH % 10 {
        // All places here are those of aggregates but for the last three.
        0 => text.replace("status = 'paid'", "state = 'paid'"),
        1 => text
            .replace("owner: growth", "owner: grwth")
            .replace("owner: service", "owner: servce")
            .replace("owner: sales", "owner: sale"),
        2 => text.replace("better:", "beter:"),
        3 => text.replace("formula: ", "formula: )"),
        4 => text.replace("better: up", "better: sideways"),
        5 => text.replace("orders_", "odrers_"),
        6 => text.replace("items >=", "items > ="),
        7 => text.replace(" / ", " + 'a' / "),
        8 => text.replace("better: up", "better: up\n    grain: fortnight"),
        _ => text.replace("growth(", "growht("),
    };
    assert_ne!(made, text, "place {place}");
    made
}
