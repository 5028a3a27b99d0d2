//! Puts the views of a valid project into its warehouse, all of them or none.
//!
//! 1. [`wanted`](wanted()) says what is to be there: each view with its query, its comments and a sum of all that.
//! 2. [`found`](found()) asks the warehouse what is in the schema. What kpic has made has a mark in the last line of its comment.
//! 3. [`plan`] compares the two, and writes the statements that make one of the other. What has no mark is never touched, unless it is said to be.
//! 4. [`carry_out`] runs them in one transaction, which also sees to it that the schema is still what it was.
//!
//! It knows no engine: a dialect's catalogue says how things are asked and written.

mod found;
mod plan;
mod wanted;

pub use found::{Found, found};
pub use plan::{Change, How, Plan, Step, plan};
pub use wanted::{Wanted, wanted};

use crate::diagnostic::{Finding, Findings, codes};
use crate::engine::{Changes, Failure, Kind, Refusal};
use crate::measure::refused;
use crate::pipeline::Valid;
use crate::support::views::shown;
use plan::About;

/// Carries a plan out. The findings say why it was not; then everything is as it was.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn carry_out(project: &Valid, engine: &dyn Changes, plan: &Plan) -> Result<Findings, Failure> {
    let statements: Vec<String> = plan.statements.iter().map(|statement| statement.sql.clone()).collect();
    let mut findings = Findings::default();
    if let Some((at, refusal)) = engine.change(&statements)? {
        let about = plan.statements.get(at).map(|statement| &statement.about);
        findings.push(why(project, about, &refusal));
    }
    Ok(findings)
}

/// Why a statement was refused, in words of our own.
fn why(project: &Valid, about: Option<&About>, refusal: &Refusal) -> Finding {
    let schema = project.model().warehouse.schema.join(".");
    match about {
        Some(About::Guard) => {
            let message = format!("somebody else has changed the schema `{schema}` in the meantime");
            let mut finding = Finding::placeless(&codes::ENGINE_REFUSED, message);
            finding.help("run it again");
            finding.engine = Some(refusal.said.clone());
            finding
        }
        Some(About::View(name, kind)) => {
            let span = shown(project.model(), name).map(|shown| shown.span);
            let mut finding = refused::finding(&format!("the {} `{schema}.{name}` cannot be made", kind.word()), span, refusal);
            if refusal.kind == Kind::NotAllowed {
                finding.help(format!(
                    "the user who deploys needs the right to make views in the schema `{schema}`, to read the tables, and to change the views \
                     that are there"
                ));
            }
            finding
        }
        Some(About::Gone(names)) => refused::finding(&format!("{} cannot be dropped", names.join(", ")), None, refusal),
        Some(About::Schema) => {
            let mut finding = refused::finding(&format!("the schema `{schema}` cannot be made"), None, refusal);
            finding.help("make it by hand, or give the user who deploys the right to make schemas");
            finding
        }
        None => refused::finding("the views cannot be deployed", None, refusal),
    }
}
