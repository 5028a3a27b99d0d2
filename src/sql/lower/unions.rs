//! The columns of a union have one type in all selects.

use super::choices::as_one_of;
use super::walk::every_body;
use crate::plan::relation::{Body, Query};
use crate::sql::write::fault;

pub(super) fn of_one_type(query: &mut Query) {
    every_body(query, &mut |types, body| {
        let columns = types.body(body).unwrap_or_else(|wrong| fault(&wrong.0));
        let Body::Union(selects) = body else { return };
        for select in selects {
            let scope = types.scope(select, None).unwrap_or_else(|wrong| fault(&wrong.0));
            for ((expr, _), (_, wanted)) in select.columns.iter_mut().zip(columns.iter()) {
                as_one_of(&scope, expr, *wanted);
            }
        }
    });
}
