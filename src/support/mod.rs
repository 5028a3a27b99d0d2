//! What the project's warehouse can do: which relations are read there, what its views are called, and how long their names may
//! be. The first stage that knows dialects.

mod relations;
pub mod views;

use crate::diagnostic::{Findings, codes, suggest};
use crate::dialect::{self, Dialect};
use crate::model::Tables;
use crate::model::id::Table;
use crate::model::{Model, Relation, Source, Storage};
use crate::rawsql;
use crate::text::{Name, Span};

/// Names relations and stored columns as the warehouse has them.
pub fn complete(model: &mut Model) {
    raw_names(model);
    if let Some(dialect) = of(model) {
        relations::complete(model, dialect);
    }
}

/// SQL that is given under another name of a dialect is that of the dialect, unless that has its own.
fn raw_names(model: &mut Model) {
    for source in model.sources.ids() {
        let source = model.sources.get_mut(source);
        for column in source.columns.ids() {
            let Storage::Raw(each) = &mut source.columns.get_mut(column).storage else { continue };
            let given: Vec<String> = each.0.iter().filter_map(|(name, _)| name.clone()).collect();
            for name in each.0.iter_mut().filter_map(|(name, _)| name.as_mut()) {
                if let Some(dialect) =
                    dialect::find(Some(name)).filter(|dialect| !given.iter().any(|one| one == dialect.name()))
                {
                    dialect.name().clone_into(name);
                }
            }
        }
    }
}

/// The sources of a project as another dialect has them.
#[derive(Debug)]
pub struct Elsewhere {
    dialect: &'static str,
    sources: Table<Source>,
}

/// Looks at a model that is not completed yet as another dialect has it, and leaves it as it was.
pub fn elsewhere(model: &mut Model, dialect: &'static str, findings: &mut Findings) -> Elsewhere {
    let (warehouse, sources) = (model.warehouse.clone(), model.sources.clone());
    if let Some(written) = &mut model.warehouse.dialect {
        dialect.clone_into(&mut written.value);
    }
    complete(model);
    support(model, findings);
    model.warehouse = warehouse;
    Elsewhere { dialect, sources: std::mem::replace(&mut model.sources, sources) }
}

impl Elsewhere {
    /// The dialect's name.
    pub fn dialect(&self) -> &'static str {
        self.dialect
    }

    /// What tables are called there, by their names in a completed model. Nothing if plans differ by more: where two names mean one table,
    /// or one column, in one of the two only.
    pub fn tables(&self, model: &Model) -> Option<Tables> {
        let mut tables = Tables::new();
        for ((_, here), (_, there)) in model.sources.iter().zip(self.sources.iter()) {
            let stored = here.columns.iter().map(|(_, column)| &column.storage);
            if !stored.eq(there.columns.iter().map(|(_, column)| &column.storage)) {
                return None;
            }
            let (Some(Relation::Table(here)), Some(Relation::Table(there))) = (&here.relation, &there.relation) else {
                continue;
            };
            if tables.insert(here.clone(), there.clone()).is_some_and(|other| other != *there) {
                return None;
            }
        }
        let mut known: Vec<&Vec<String>> = tables.values().collect();
        known.sort_unstable();
        known.dedup();
        (known.len() == tables.len()).then_some(tables)
    }
}

/// Checks a model against its warehouse.
pub fn support(model: &Model, findings: &mut Findings) {
    let Some(dialect) = known(model, findings) else { return };
    relations::check(model, dialect, findings);
    files(model, dialect, findings);
    raw_sql(model, dialect.name(), findings);
    raw_tokens(model, dialect, findings);
    beyond_tables(model, dialect, findings);
    replaced(model, dialect, findings);
    names(model, dialect, findings);
}

/// The dialect of a model, if kpic compiles for it.
fn of(model: &Model) -> Option<&'static dyn Dialect> {
    dialect::find(model.warehouse.dialect.as_ref().map(|written| written.value.as_str()))
}

/// The dialects that SQL is written for beside the first.
pub fn others(model: &Model) -> Vec<&'static str> {
    let first = of(model).map(Dialect::name);
    let known = model.warehouse.also.iter().filter_map(|name| Some(dialect::find(Some(&name.value))?.name()));
    let mut others: Vec<&str> = Vec::new();
    for name in known {
        if Some(name) != first && !others.contains(&name) {
            others.push(name);
        }
    }
    others
}

/// The dialect of a model, and findings where there is none of a name.
fn known(model: &Model, findings: &mut Findings) -> Option<&'static dyn Dialect> {
    let is_unknown = |written: &&Name| dialect::find(Some(&written.value)).is_none();
    for written in model.warehouse.dialect.iter().chain(&model.warehouse.also).filter(is_unknown) {
        unknown(written, findings);
    }
    of(model)
}

fn unknown(written: &Name, findings: &mut Findings) {
    let name = written.value.as_str();
    if dialect::LATER.contains(&name) {
        let known = dialect::names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        findings
            .report(&codes::NOT_SUPPORTED_YET, written.span, format!("the dialect `{name}` is not supported yet"))
            .help(format!("this version of kpic writes SQL for {known}"));
    } else {
        let finding = findings.report(&codes::UNKNOWN_DIALECT, written.span, format!("there is no dialect `{name}`"));
        let parts: Vec<&str> = name.split([',', ' ', '/', '+']).filter(|part| !part.is_empty()).collect();
        let several = parts.len() > 1 && parts.iter().all(|part| dialect::names().any(|known| known == *part));
        finding.help = if several {
            Some(format!("write a list: `dialect: [{}]`", parts.join(", ")))
        } else {
            suggest::did_you_mean(name, "the dialects are", dialect::names())
        };
    }
}

/// Files are read by the embedded engine only.
fn files(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    if dialect.is_embedded() {
        return;
    }
    for source in model.sources.rows() {
        if matches!(source.relation, Some(Relation::Files(_))) {
            let message = format!("`{}` reads files, and views of `{}` cannot", source.name.value, dialect.name());
            findings
                .report(&codes::NOT_IN_DIALECT, source.name.span, message)
                .help("load the files into a table of the warehouse and name it: `table: schema.name`");
        }
    }
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

/// The dialect's program has to cut raw SQL as kpic does.
fn raw_tokens(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let mut check = |sql: &str, of: &str, span: Span| {
        let Some(part) = dialect.reads_otherwise(sql) else { return };
        let part: String = part.chars().take(20).collect();
        let message = format!("`{}` reads `{part}` in the SQL of `{of}` in another way than kpic", dialect.name());
        findings.report(&codes::NOT_IN_DIALECT, span, message).help("write the SQL without it");
    };
    for source in model.sources.rows() {
        if let Some(Relation::Query(sql)) = &source.relation {
            check(sql, &source.name.value, source.name.span);
        }
        for column in source.columns.rows() {
            if let Storage::Raw(each) = &column.storage {
                check(each.of(dialect.name()).unwrap_or_default(), &column.name.value, column.name.span);
            }
        }
    }
}

/// What SQL and sources name has to be a table or a view, also where the dialect's program reads something else under some names.
fn beyond_tables(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let added = model.warehouse.functions.as_slice();
    let mut check = |sql: &str, is_table: bool, of: &str, span: Span| {
        // What is said of SQL in each dialect is not said twice.
        let read = if is_table { format!("from {sql}") } else { sql.to_owned() };
        if is_table && rawsql::engine_view(&read).is_some() {
            let message = format!("`{of}` cannot read {sql}: it is what the engine says of itself, and no data");
            let help = "read a table or view of your own";
            findings.report(&codes::CALL_NOT_ALLOWED, span, message).help(help);
            return;
        }
        if rawsql::engine_view(sql).or_else(|| rawsql::call_fault(sql)).is_some() {
            return;
        }
        // What is written may be another thing than what is read: both are looked at.
        let written = rawsql::plain(&read, 0);
        let written = dialect.raw(&written);
        let Some(name) = dialect.reads_beyond(&read, added).or_else(|| dialect.reads_beyond(&written, added)) else { return };
        let is_called = |sql: &str| {
            let mut calls = sql.match_indices(name).map(|(at, name)| sql.get(at + name.len()..).unwrap_or_default());
            calls.any(|rest| {
                rawsql::tokens(rest).find(|token| token.kind != rawsql::Kind::Comment).is_some_and(|token| token.is_mark("("))
            })
        };
        let allowed = [added, &[name.to_owned()]].concat();
        let can_be_allowed = dialect.reads_beyond(&read, &allowed) != Some(name);
        if name.contains('\'') && !is_called(sql) {
            let message = format!(
                "`{of}` has the text {} right behind a name, which `{}` may read as a call",
                short(name),
                dialect.name()
            );
            let help = "write `cast('...' as type)`, or a type that is always known as one: `date '2024-01-31'`";
            findings.report(&codes::CALL_NOT_ALLOWED, span, message).help(help);
        } else if is_called(sql) {
            let message = format!("`{of}` cannot call `{name}`: kpic does not know that it only computes");
            let mut help = "call it in a view of the warehouse and read that view".to_owned();
            if can_be_allowed {
                help.push_str(&format!("; or allow it on the command line, for SQL that you trust: `--allow-function {name}`"));
            }
            findings.report(&codes::CALL_NOT_ALLOWED, span, message).help(help);
        } else {
            let message = format!("`{of}` cannot use `{name}`: with it `{}` may do more than read tables", dialect.name());
            findings
                .report(&codes::CALL_NOT_ALLOWED, span, message)
                .help("load what it reads into a table; a table or column of that name needs another one");
        }
    };
    for source in model.sources.rows() {
        match &source.relation {
            Some(Relation::Query(sql)) => check(sql, false, &source.name.value, source.name.span),
            Some(Relation::Table(parts)) => {
                let parts: Vec<_> = parts.iter().map(|part| dialect.identifier(part)).collect();
                check(&parts.join("."), true, &source.name.value, source.name.span);
            }
            Some(Relation::Files(_)) | None => {}
        }
        for column in source.columns.rows() {
            if let Storage::Raw(each) = &column.storage {
                check(each.of(dialect.name()).unwrap_or_default(), false, &column.name.value, column.name.span);
            }
        }
    }
}

/// What is read has to keep its name.
fn replaced(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let mut check = |name: &String, span: Span| {
        if dialect.replaces(name) {
            let message = format!("the name `{name}` has what `{}` or its program takes for something else", dialect.name());
            findings
                .report(&codes::NOT_IN_DIALECT, span, message)
                .help("read it under another name, with a view of the warehouse");
        }
    };
    for source in model.sources.rows() {
        if let Some(Relation::Table(parts)) = &source.relation {
            parts.iter().for_each(|part| check(part, source.name.span));
        }
        for column in source.columns.rows() {
            column.storage.stored().for_each(|name| check(name, column.name.span));
        }
    }
}

/// The beginning of a text.
fn short(text: &str) -> String {
    let begin: String = text.chars().take(20).collect();
    if begin.len() < text.len() { begin + "…" } else { begin }
}

/// Names of views have to fit.
fn names(model: &Model, dialect: &dyn Dialect, findings: &mut Findings) {
    let longest = dialect.longest_name();
    let mut check = |view: String, span: Span| {
        if view.len() > longest {
            let message =
                format!("the view `{}…` would have a name of {} characters", view.get(..40).unwrap_or(&view), view.len());
            findings.report(&codes::NAME_TOO_LONG, span, message).help(format!(
                "view names can have {longest} characters; shorten the names of the KPI or dimensions, or slice by fewer"
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
