//! Which relations of the warehouse a project reads.
//!
//! 1. [`complete`] gives tables the schema that they are in, and a stored column that is written in several ways one name.
//! 2. [`check`] finds relations that are views of the project itself, and names that mean one relation or another, as the session
//!    of whoever reads a view has it.

use super::views::{EmittedView, shown};
use crate::diagnostic::{Findings, codes};
use crate::dialect::Dialect;
use crate::model::{KeyPart, Model, Read, Relation, Source, Storage};
use std::collections::HashMap;

/// Names relations and stored columns as the warehouse has them.
pub(super) fn complete(model: &mut Model, dialect: &dyn Dialect) {
    if model.warehouse.source_schema.is_empty() {
        model.warehouse.source_schema = dialect.source_schema().iter().map(|schema| (*schema).to_owned()).collect();
    }
    for id in model.sources.ids() {
        // Where there are no schemas a table is named alone.
        let schema = if dialect.has_schemas() { model.warehouse.source_schema.clone() } else { Vec::new() };
        let source = model.sources.get_mut(id);
        for parts in source.reads.iter_mut().filter(|read| !read.in_sql).map(|read| &mut read.parts) {
            with_schema(parts, &schema);
        }
        if let Some(Relation::Table(parts)) = &mut source.relation {
            with_schema(parts, &schema);
        }
        if source.journey.is_none() {
            stored_once(source, dialect);
        }
    }
}

fn with_schema(parts: &mut Vec<String>, schema: &[String]) {
    if parts.len() == 1 {
        parts.splice(0..0, schema.iter().cloned());
    }
}

/// `amount` and `Amount` may be one column: all that read it call it as the first one does.
fn stored_once(source: &mut Source, dialect: &dyn Dialect) {
    let mut known: HashMap<String, String> = HashMap::new();
    for column in source.columns.ids() {
        let mut once = |name: &mut String| {
            let first = known.entry(dialect.folded(name)).or_insert_with(|| name.clone());
            name.clone_from(first);
        };
        match &mut source.columns.get_mut(column).storage {
            Storage::Stored(name) => once(name),
            Storage::Several(parts) => parts.iter_mut().for_each(|part| {
                if let KeyPart::Stored(name) = part {
                    once(name);
                }
            }),
            Storage::Derived(_) | Storage::Raw(_) => {}
        }
    }
}

/// Checks the relations that sources name.
pub(super) fn check(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let views = Views::of(model, dialect);
    if !dialect.has_schemas() {
        no_schema(model, dialect, findings);
    }
    for source in model.sources.rows() {
        for read in &source.reads {
            if let Some(shown) = views.read_by(read) {
                reads_a_view(model, source, read, &shown, dialect, findings);
            } else if !dialect.has_schemas() {
                in_schema(source, read, dialect, findings);
            } else if let (Some(database), true) = (&views.database, read.parts.len() < 3) {
                unclear_database(model, read, database, findings);
            } else if let ([name], false) = (read.parts.as_slice(), read.in_sql) {
                no_usual_schema(source, read, name, dialect, findings);
            } else if let ([name], true) = (read.parts.as_slice(), read.in_sql) {
                let usual = model.warehouse.source_schema.join(".");
                let schema = if usual.is_empty() { "schema" } else { &usual };
                findings
                    .report(
                        &codes::UNCLEAR_RELATION,
                        read.span,
                        format!("which `{name}` this reads depends on the reader's session"),
                    )
                    .help(format!("write it with its schema: `{schema}.{name}`"));
            }
        }
    }
}

/// Where the views of a project are.
struct Views<'a> {
    model: &'a Model,
    dialect: &'a dyn Dialect,
    /// Their database, if the project says so.
    database: Option<String>,
    schema: String,
}

impl<'a> Views<'a> {
    fn of(model: &'a Model, dialect: &'a dyn Dialect) -> Self {
        let (database, schema) = match model.warehouse.schema.as_slice() {
            [database, schema] => (Some(database.clone()), schema.clone()),
            [schema] => (None, schema.clone()),
            _ => (None, dialect.source_schema().unwrap_or_default().to_owned()),
        };
        Self { model, dialect, database, schema }
    }

    fn same(&self, one: &str, other: &str) -> bool {
        self.dialect.folded(one) == self.dialect.folded(other)
    }

    /// What the view shows that a name means, if it means one. A database that is not named may be any.
    fn read_by(&self, read: &Read) -> Option<EmittedView> {
        if !self.dialect.has_schemas() {
            let [name] = read.parts.as_slice() else { return None };
            // The name of a view begins with the schema that the project names.
            let begin = self.model.warehouse.schema.iter().map(|part| self.dialect.folded(part) + "__").collect::<String>();
            return shown(self.model, self.dialect.folded(name).strip_prefix(&begin)?);
        }
        let in_database = |database: &str| self.database.as_ref().is_none_or(|own| self.same(own, database));
        let (is_there, name) = match read.parts.as_slice() {
            // A view looks into its own schema first.
            [name] => (true, name),
            // Whoever names the view in a query means it.
            _ if read.in_sql => return None,
            [first, name] => {
                // The first part may be a database too, whose usual schema is meant.
                let usual = self.dialect.source_schema().is_some_and(|usual| self.same(usual, &self.schema));
                let of_database = usual && self.database.as_ref().is_some_and(|own| self.same(own, first));
                (self.same(first, &self.schema) || of_database, name)
            }
            [database, schema, name] => (in_database(database) && self.same(schema, &self.schema), name),
            _ => return None,
        };
        if is_there { shown(self.model, &self.dialect.folded(name)) } else { None }
    }
}

/// What engines call the schema that is there without being made; where there are no others, it is no other than none.
const USUAL: &str = "main";

/// Tables that are named alone would be in a schema that the dialect does not have.
fn no_schema(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let warehouse = &model.warehouse;
    let (Some(span), false) =
        (warehouse.source_schema_span, matches!(warehouse.source_schema.as_slice(), [only] if dialect.folded(only) == USUAL))
    else {
        return;
    };
    let (name, schema) = (dialect.name(), warehouse.source_schema.join("."));
    let message = format!("`source_schema` puts tables into `{schema}`, and `{name}` has no schemas");
    let help = format!(
        "remove `source_schema`; where other targets need it, give the target of `{name}` its own: `source_schema: {USUAL}`, which \
         is the database itself"
    );
    findings.report(&codes::NOT_IN_DIALECT, span, message).help(help);
}

/// Where there is no usual schema, a table that is named alone is nowhere.
fn no_usual_schema(source: &Source, read: &Read, name: &str, dialect: &dyn Dialect, findings: &mut Findings) {
    let schema = dialect.schema_name();
    let message = format!("`{}` reads the table `{name}`, and nothing says in which {schema} that is", source.name.value);
    findings.report(&codes::NOT_IN_DIALECT, read.span, message).help(format!(
        "write it with its {schema}, `table: shop.{name}`; `source_schema: shop` under `warehouse` does so for all tables without one"
    ));
}

/// A view reads the database in which it is: elsewhere that database may have another name.
fn in_schema(source: &Source, read: &Read, dialect: &dyn Dialect, findings: &mut Findings) {
    let (Some(name), true) = (read.parts.last(), read.parts.len() > 1) else { return };
    let message = format!(
        "`{}` reads `{}`, and a view of `{}` reads tables of its own database only",
        source.name.value,
        read.parts.join("."),
        dialect.name()
    );
    findings.report(&codes::NOT_IN_DIALECT, read.span, message).help(format!("name the table alone: `{name}`"));
}

fn reads_a_view(
    model: &Model,
    source: &Source,
    read: &Read,
    shown: &EmittedView,
    dialect: &dyn Dialect,
    findings: &mut Findings,
) {
    let name = read.parts.last().map_or("", String::as_str);
    if !dialect.has_schemas() {
        let message = format!("the source `{}` reads `{name}`, which is the view of {}", source.name.value, shown.what);
        let help = "views and tables are in one database: give the views names of their own with `schema: kpi` under \
                    `warehouse`, or rename one of the two";
        findings.report(&codes::SOURCE_IS_VIEW, read.span, message).also(shown.span, "the view shows this").help(help);
        return;
    }
    let view = model.warehouse.schema.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".");
    let (message, help) = if read.in_sql {
        (
            format!("`{name}` in the SQL of `{}` would be the view of {}", source.name.value, shown.what),
            format!(
                "a view looks in its own schema first; write the table with its schema, for instance `{}.{name}`",
                model.warehouse.source_schema.join(".")
            ),
        )
    } else {
        (
            format!("the source `{}` reads `{view}`, which is the view of {}", source.name.value, shown.what),
            "write the table's schema, `table: schema.name` or `source_schema:` under `warehouse`; if the table is in the \
             schema of the views, move the views to another schema, or rename one of the two"
                .to_owned(),
        )
    };
    findings.report(&codes::SOURCE_IS_VIEW, read.span, message).also(shown.span, "the view shows this").help(help);
}

fn unclear_database(model: &Model, read: &Read, database: &str, findings: &mut Findings) {
    let name = read.parts.join(".");
    let message = format!("the views go to the database `{database}`, and `{name}` may be in that one or in another");
    let finding = findings.report(&codes::UNCLEAR_DATABASE, read.span, message);
    let full = format!("`{database}.{name}`, or with another database");
    finding.help(if read.in_sql || model.warehouse.source_schema.len() == 2 {
        format!("write the database too: {full}")
    } else {
        format!("write the database too: {full}; `source_schema: database.schema` under `warehouse` does so for all tables without a schema")
    });
    if let Some(span) = model.warehouse.schema_span {
        finding.also(span, "the views go there");
    }
}
