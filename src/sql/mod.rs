//! From relational algebra to SQL text.
//!
//! [`write`] lays a query out, indented by [`layout`]; [`expression`] writes what stands in it; [`lower`] writes in other words what a dialect cannot do; [`texts`] says where it matters how texts are compared; [`dialect`] answers the small questions in which warehouses differ. Text of users reaches SQL only
//! through a dialect's quoting, but for raw SQL, which they gave as such.

mod expression;
mod lower;
mod texts;
mod write;

use crate::dialect::Dialect;

pub use lower::{every_source, lacked};
pub use write::{query, relation, statement, write_query, write_query_with};

/// A view's name with its schema, as it stands after `from`. Where there are no schemas, the name begins with it.
pub fn view(schema: &[String], name: &str, dialect: &dyn Dialect) -> String {
    if !dialect.has_schemas() {
        let parts: Vec<&str> = schema.iter().map(String::as_str).chain([name]).collect();
        return dialect.identifier(&parts.join("__")).into_owned();
    }
    let parts = schema.iter().map(String::as_str).chain([name]);
    parts.map(|part| dialect.identifier(part)).collect::<Vec<_>>().join(".")
}

/// The file of a view's SQL, below the target folder.
pub fn file(view: &str, dialect: &dyn Dialect) -> String {
    format!("sql/{}/{view}.sql", dialect.name())
}
