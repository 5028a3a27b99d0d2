//! Ways to the North Star in words.

use super::reach::{Role, Way};
use super::{Alignment, role_name};
use crate::model::{KpiId, Model};

/// The KPIs along a way, each with the sign by which it follows the one before: `signups → cac (-) → payback (+)`.
pub fn way(model: &Model, alignment: &Alignment, from: KpiId, way: &Way) -> String {
    let mut text = name(model, from).to_owned();
    for edge in way.edges.iter().filter_map(|at| alignment.edge(*at)) {
        text.push_str(&format!(" → {} ({})", name(model, edge.to), edge.sign.symbol()));
    }
    text
}

/// What a part of the North Star is called in a sentence.
pub fn part(role: Role) -> String {
    format!("the North Star's {}", role_name(role))
}

fn name(model: &Model, kpi: KpiId) -> &str {
    &model.kpis.get(kpi).name.value
}
