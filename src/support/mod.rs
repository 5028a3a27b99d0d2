//! What the project's warehouse can do: which relations are read there, what its views are called, and how long their names may
//! be. The first stage that knows dialects.

mod dialects;
mod relations;
pub mod views;

use crate::diagnostic::{Findings, codes};
use crate::model::{Model, Storage};
use crate::text::Span;

/// The longest name of a view. DuckDB has no limit of its own; a file of that name has.
const LONGEST_NAME: usize = 200;

/// Names relations and stored columns as the warehouse has them.
pub fn complete(model: &mut Model) {
    if let Some(dialect) = dialects::of(model) {
        relations::complete(model, dialect);
    }
}

/// Checks a model against its warehouse.
pub fn support(model: &Model, findings: &mut Findings) {
    let Some(dialect) = dialects::dialect(model, findings) else { return };
    relations::check(model, dialect, findings);
    raw_sql(model, dialect.name, findings);
    names(model, findings);
}

/// Raw SQL has to be there for the dialect.
fn raw_sql(model: &Model, dialect: &str, findings: &mut Findings) {
    for source in model.sources.rows() {
        for column in source.columns.rows() {
            let Storage::Raw(each) = &column.storage else { continue };
            if each.of(dialect).is_none() {
                let message = format!("the column `{}` has no SQL for `{dialect}`", column.name.value);
                findings
                    .report(&codes::NO_SQL_FOR_DIALECT, column.name.span, message)
                    .help(format!("add `{dialect}: ...` to its `sql`"));
            }
        }
    }
}

/// Names of views have to fit.
fn names(model: &Model, findings: &mut Findings) {
    let mut check = |view: String, span: Span| {
        if view.len() > LONGEST_NAME {
            let message =
                format!("the view `{}…` would have a name of {} characters", view.get(..40).unwrap_or(&view), view.len());
            findings.report(&codes::NAME_TOO_LONG, span, message).help(format!(
                "view names can have {LONGEST_NAME} characters; shorten the names of the KPI or dimensions, or slice by fewer"
            ));
        }
    };
    for kpi in model.kpis.rows() {
        check(kpi.name.value.clone(), kpi.name.span);
        for slice in &kpi.by {
            let names: Vec<&str> = slice.value.iter().map(|id| model.dimensions.get(*id).name.as_str()).collect();
            check(format!("{}__quarter__by_{}", kpi.name.value, names.join("__")), slice.span);
        }
    }
}
