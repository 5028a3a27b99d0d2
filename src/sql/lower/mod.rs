//! What a dialect cannot do is written in other words before it becomes SQL: each pass takes one ability that a dialect may lack.
//!
//! 1. [`nulls`]: a null in a union gets the type that the union has there.
//! 2. [`conditions`]: the greatest of conditions is whether any holds, the smallest whether all do.
//! 3. [`names`]: names of parts and columns that are too long become shorter.
//!
//! `DuckDB` lacks none of them, and its plans are not copied.

mod conditions;
mod names;
mod nulls;
mod walk;

use crate::dialect::Dialect;
use crate::plan::relation::Query;
use std::borrow::Cow;

/// A plan as a dialect can say it.
pub(super) fn lowered<'q>(query: &'q Query, dialect: &dyn Dialect) -> Cow<'q, Query> {
    let able = dialect.abilities();
    let mut query = Cow::Borrowed(query);
    if !able.untyped_nulls {
        nulls::typed(query.to_mut());
    }
    if !able.orders_conditions {
        conditions::any_or_all(query.to_mut());
    }
    if names::are_too_long(&query, dialect.longest_name()) {
        names::shortened(query.to_mut(), dialect.longest_name());
    }
    query
}
