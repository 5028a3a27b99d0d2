//! What both versions make of the same rows, as data, which is shown and written as JSON; `evidence` finds it.

use super::words::many;
use schemars::JsonSchema;
use serde::Serialize;

/// What is known of one KPI beside its definition.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// The KPI, by its name in the version after.
    pub kpi: String,
    /// What was found over rows that a spec test gives, or that are made up.
    pub rows: Option<OverRows>,
    /// What was found on the project's data, a view each.
    pub data: Vec<OnData>,
}

/// What was found over given rows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OverRows {
    /// Figures differ on these.
    Differs(Example),
    /// They do not, over so many sets of rows. That proves nothing.
    Alike {
        /// How many.
        sets: usize,
    },
    /// It was not tried, for this reason.
    Untried {
        /// The reason.
        reason: String,
    },
}

/// The smallest rows found on which figures differ.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Example {
    /// The spec test whose rows they are taken from; made up where there is none.
    pub from_test: Option<String>,
    /// How many rows there are, of all sources.
    pub rows: usize,
    /// Figures that differ.
    pub figures: Vec<Differs>,
    /// A spec test with these rows, which the version after passes.
    pub test: String,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Differs {
    /// The view that shows it.
    pub view: String,
    /// The period, the values of the dimensions, and the age.
    pub row: String,
    /// What it is before, for people.
    pub before: String,
    /// What it is after.
    pub after: String,
}

/// A view on the project's data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OnData {
    /// The view.
    pub view: String,
    /// How many figures it has in one version or the other; nothing where it cannot be compared.
    pub cells: usize,
    /// How many of them differ.
    pub differing: usize,
    /// Those that differ most.
    pub largest: Vec<Differs>,
    /// The last periods, before and after, for a view that has one row each.
    pub latest: Vec<Differs>,
    /// Why it cannot be compared; empty where it can.
    pub untried: String,
}

/// A key result or guardrail that says something else on the project's data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Flip {
    /// `key_result` or `guardrail`.
    pub kind: &'static str,
    /// Its name, with the period where it has one.
    pub name: String,
    /// What it says before.
    pub before: String,
    /// What it says after.
    pub after: String,
}

/// The SQL of a view in both versions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sql {
    /// The KPI.
    pub kpi: String,
    /// Its view.
    pub view: String,
    /// The dialect.
    pub dialect: &'static str,
    /// The query before; empty where there is no such view.
    pub before: String,
    /// The query after.
    pub after: String,
}

impl Evidence {
    /// What was found over rows, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.rows {
            Some(OverRows::Differs(example)) => {
                let rows = match &example.from_test {
                    Some(test) => format!("{} of the spec test {test}", many(example.rows, "row")),
                    None => many(example.rows, "made-up row"),
                };
                lines.push(format!("{} differs on {rows}:", self.kpi));
                lines.extend(example.figures.iter().map(Differs::line));
            }
            Some(OverRows::Alike { sets }) => {
                lines.push(format!(
                    "{} has the same figures over {}, which proves nothing",
                    self.kpi,
                    if *sets == 1 { "1 set of rows".to_owned() } else { format!("{sets} sets of rows") }
                ));
            }
            Some(OverRows::Untried { reason }) => lines.push(format!("{} was not tried on rows: {reason}", self.kpi)),
            None => {}
        }
        lines
    }
}

impl Differs {
    /// The figure in one line.
    pub fn line(&self) -> String {
        format!("  {} at {}: {} → {}", self.view, self.row, self.before, self.after)
    }
}

impl OnData {
    /// The view in one line.
    pub fn line(&self) -> String {
        if !self.untried.is_empty() {
            return format!("{} on the data: {}", self.view, self.untried);
        }
        if self.differing == 0 {
            return format!("{} on the data: none of {} differs", self.view, many(self.cells, "figure"));
        }
        format!("{} on the data: {} of {} differ", self.view, self.differing, many(self.cells, "figure"))
    }
}

impl Flip {
    /// What it is, for people.
    pub fn what(&self) -> String {
        format!("{} {}", self.kind.replace('_', " "), self.name)
    }
}
