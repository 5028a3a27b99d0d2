//! The SQL of views in both versions.

use super::asked::Asked;
use super::world::View;
use super::{Versions, kpis};
use crate::dialect::Dialect;
use crate::diff::Diff;
use crate::diff::evidence::Sql;
use crate::meaning::Names;
use crate::plan::Data;

/// The SQL of the first view of each KPI whose figures may differ.
pub fn sql(versions: &Versions<'_>, diff: &Diff, dialect: &'static dyn Dialect) -> Vec<Sql> {
    let own = Names::default();
    let (before, after) = (&*versions.before, &*versions.after);
    let views = (View { model: before.model(), names: &diff.names }, View { model: after.model(), names: &own });
    let first = |kpi: String| {
        let asked = Asked::of(&kpi, views.0, views.1, 1).into_iter().next()?;
        let one = crate::sql::query(&asked.before(before, Data::Warehouse), dialect);
        let two = crate::sql::query(&asked.after(after, Data::Warehouse), dialect);
        Some(Sql { kpi, view: asked.view, dialect: dialect.name(), before: one, after: two })
    };
    kpis(diff).into_iter().filter_map(first).collect()
}
