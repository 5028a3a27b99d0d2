//! Lays a query out as SQL that a person can read from top to bottom. `expression` writes what stands between the words.

use super::expression::Scope;
use super::lower::lowered;
use crate::dialect::Dialect;
use crate::dialect::layout::indent;
use crate::dialect::reader;
use crate::model::Tables;
use crate::model::expr::Node;
use crate::plan::relation::{Atom, Body, From, Join, JoinKind, Query, RelationRef, Rows, Scalar, Select, SourceRows};
use crate::plan::types::Types;
use crate::rawsql;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

/// How wide a line of columns may be before each gets a line of its own.
const WIDTH: usize = 110;

/// A whole query as text, without a semicolon.
pub fn query(query: &Query, dialect: &dyn Dialect) -> String {
    let mut out = String::with_capacity(2_000);
    write_query(query, dialect, &mut out);
    out
}

/// A query as a statement of its own, with a semicolon and a line break.
pub fn statement(of: &Query, dialect: &dyn Dialect) -> String {
    query(of, dialect) + ";\n"
}

/// Ends the work: a plan is wrong, which is a fault of kpic and must not become a number.
#[expect(clippy::panic, reason = "no input reaches it, and a wrong plan must not become SQL")]
pub(super) fn fault(what: &str) -> ! {
    panic!("{what}")
}

/// A whole query at the end of a text, without a semicolon.
pub fn write_query(query: &Query, dialect: &dyn Dialect, out: &mut String) {
    write_query_with(query, None, dialect, out);
}

/// The same, where tables may be called otherwise than in the plan.
pub fn write_query_with(query: &Query, tables: Option<&Tables>, dialect: &dyn Dialect, out: &mut String) {
    #[cfg(debug_assertions)]
    if let Err(wrong) = crate::plan::verify(query) {
        fault(&format!("a plan makes no sense: {wrong}"));
    }
    let query = &*lowered(query, tables, dialect);
    let mut writer = Writer { dialect, types: Types::default() };
    let joined = if dialect.keeps_joined_parts() { joined_parts(query) } else { HashSet::new() };
    let mut part_text = String::with_capacity(500);
    for (at, part) in query.parts.iter().enumerate() {
        out.push_str(if at == 0 { "with\n  " } else { ",\n  " });
        out.push_str(&dialect.identifier(&part.name));
        out.push_str(if joined.contains(part.name.as_str()) { " as materialized (\n" } else { " as (\n" });
        part_text.clear();
        writer.body(&part.body, &mut part_text);
        indent(out, &part_text, 4);
        out.push_str("\n  )");
        if dialect.wants_types() {
            let columns = writer.types.body(&part.body).unwrap_or_else(|wrong| fault(&wrong.0));
            writer.types.add(&part.name, columns);
        }
    }
    if !query.parts.is_empty() {
        out.push('\n');
    }
    writer.body(&query.result, out);
    if let Some(end) = dialect.query_end() {
        out.push('\n');
        out.push_str(end);
    }
}

/// The parts that are joined to something.
fn joined_parts(query: &Query) -> HashSet<&str> {
    fn of<'q>(select: &'q Select, found: &mut HashSet<&'q str>) {
        for join in &select.joins {
            if let Rows::Part(name) | Rows::Readings(name, _) = &join.from.relation {
                found.insert(name);
            }
        }
        for from in select.from.iter().chain(select.joins.iter().map(|join| &join.from)) {
            if let Rows::Select(inner) = &from.relation {
                of(inner, found);
            }
        }
    }
    let mut found = HashSet::new();
    for body in query.parts.iter().map(|part| &part.body).chain([&query.result]) {
        match body {
            Body::Select(select) => of(select, &mut found),
            Body::Union(selects) => selects.iter().for_each(|select| of(select, &mut found)),
        }
    }
    found
}

/// A relation of the warehouse, as it stands after `from`.
pub fn relation(relation: &RelationRef, dialect: &dyn Dialect) -> String {
    let source = SourceRows {
        relation: relation.clone(),
        stored: Vec::new(),
        raw: Vec::new(),
        types: BTreeMap::new(),
        again: false,
        read: None,
    };
    let text = match relation {
        RelationRef::Files(files) => reader().rows(files, None),
        RelationRef::Table(_) | RelationRef::Query(_) => Writer { dialect, types: Types::default() }.source(&source),
    };
    if matches!(relation, RelationRef::Query(_)) { format!("{text} as stored") } else { text }
}

/// Writes at the end of a text, so that what is long is not copied from level to level.
pub(super) struct Writer<'a> {
    pub(super) dialect: &'a dyn Dialect,
    /// The columns of the parts so far, where the dialect wants to know types.
    pub(super) types: Types,
}

impl Writer<'_> {
    fn body(&self, body: &Body, out: &mut String) {
        match body {
            Body::Select(select) => self.select(select, out),
            Body::Union(selects) => joined(out, selects, "\nunion all\n", |out, select| self.select(select, out)),
        }
    }

    pub(super) fn select(&self, select: &Select, out: &mut String) {
        self.select_within(select, None, out);
    }

    /// A select inside an expression of another one, whose columns it may use.
    pub(super) fn select_within(&self, select: &Select, outer: Option<&Scope<'_>>, out: &mut String) {
        // Columns are named with their relation where there are several, and where another thing would be meant.
        let able = self.dialect.abilities();
        let is_unclear = !able.columns_first && renames(select) || !able.bare_columns && is_unclear(select);
        let qualify = !select.joins.is_empty() || is_unclear;
        let typed = self.dialect.wants_types().then(|| {
            let outer = outer.and_then(|outer| outer.typed.as_ref());
            self.types.scope(select, outer).unwrap_or_else(|wrong| fault(&wrong.0))
        });
        let scope = Scope { writer: self, qualify, select, outer, typed, by_name: Cell::new(false) };
        let word = if select.distinct { "select distinct" } else { "select" };
        out.push_str(word);
        let start = out.len();
        joined(out, &select.columns, ",\n", |out, (expr, name)| self.column(&scope, expr, name, out));
        let columns = out.split_off(start);
        let breaks = columns.bytes().filter(|byte| *byte == b'\n').count();
        if word.len() + columns.len() < WIDTH && breaks + 1 == select.columns.len() {
            out.push(' ');
            joined(out, columns.split('\n'), " ", String::push_str);
        } else {
            out.push('\n');
            indent(out, &columns, 2);
        }
        if let Some(from) = &select.from {
            out.push_str("\nfrom ");
            self.from(from, &scope, !qualify, out);
        }
        for join in &select.joins {
            out.push('\n');
            self.join(join, &scope, out);
        }
        scope.conditions("\nwhere ", "\n  and ", &select.filter, out);
        if let Some(count) = select.group.filter(|count| *count > 0) {
            out.push_str("\ngroup by ");
            let columns = select.columns.iter().take(count).enumerate();
            joined(out, columns, ", ", |out, (at, (expr, _))| match scope.uncast(expr, select.from.as_ref()) {
                Some(text) => out.push_str(&text),
                None => out.push_str(&(at + 1).to_string()),
            });
        }
        scope.by_name.set(!self.dialect.abilities().bare_columns);
        scope.conditions("\nhaving ", "\n   and ", &select.having, out);
        scope.by_name.set(false);
        if !select.order.is_empty() {
            out.push_str("\norder by ");
            scope.order(&select.order, out);
        }
        if let Some(limit) = select.limit {
            out.push_str(&format!("\nlimit {limit}"));
        }
    }

    /// An expression with the name of its column, unless it is called that anyway.
    fn column(&self, scope: &Scope<'_>, expr: &Scalar, name: &str, out: &mut String) {
        let start = out.len();
        scope.expr(expr, out);
        let text = out.get(start..).unwrap_or_default();
        let name = self.dialect.identifier(name);
        let called = self.dialect.abilities().short_names && is_column(expr) && text.rsplit('.').next() == Some(&*name);
        let same = called || text == name;
        if !same {
            out.push_str(" as ");
            out.push_str(&name);
        }
    }

    fn from(&self, from: &From, scope: &Scope<'_>, alone: bool, out: &mut String) {
        let name = self.dialect.identifier(&from.name);
        let is_named = match &from.relation {
            Rows::Part(part) | Rows::Readings(part, _) => {
                let part = self.dialect.identifier(part);
                out.push_str(&part);
                part == name
            }
            Rows::Source(source) => {
                let text = self.source(source);
                let own = source.raw.is_empty() && !source.again && !matches!(source.relation, RelationRef::Query(_));
                out.push_str(&text);
                (alone && own) || text == name
            }
            Rows::Select(select) => {
                let mut text = String::new();
                self.select(select, &mut text);
                out.push_str("(\n");
                indent(out, &text, 2);
                out.push_str("\n)");
                false
            }
            Rows::Days { from, before, every, unit } => {
                out.push_str(&self.dialect.days(&scope.written(from), &scope.written(before), *every, *unit));
                false
            }
            Rows::Values(columns, rows) => {
                let mut text = String::new();
                joined(&mut text, rows, ",\n", |text, row| {
                    text.push('(');
                    scope.list(row, text);
                    text.push(')');
                });
                if let Some(text) = self.rows(columns, rows, scope) {
                    out.push_str(&text);
                    out.push_str(" as ");
                    out.push_str(&name);
                    return;
                }
                let columns: Vec<_> = columns.iter().map(|column| self.dialect.identifier(column)).collect();
                let is_named = self.dialect.abilities().named_values;
                if is_named {
                    out.push_str("(values\n");
                } else {
                    let named = columns.iter().enumerate().map(|(at, name)| format!("column{} as {name}", at + 1));
                    out.push_str(&format!("(select {} from (values\n", named.collect::<Vec<_>>().join(", ")));
                }
                indent(out, &text, 2);
                out.push_str(&if is_named { format!("\n) as {name}({})", columns.join(", ")) } else { "\n))".to_owned() });
                is_named
            }
        };
        if !is_named {
            out.push_str(" as ");
            out.push_str(&name);
        }
    }

    /// Rows that are written out, where the dialect has a way of its own for them.
    fn rows(&self, columns: &[String], rows: &[Vec<Scalar>], scope: &Scope<'_>) -> Option<String> {
        let typed = scope.typed.as_ref()?;
        let column = |(at, name): (usize, &String)| {
            let common = typed.common("rows", rows.iter().filter_map(|row| row.get(at)));
            (self.dialect.identifier(name).into_owned(), common.unwrap_or_else(|wrong| fault(&wrong.0)))
        };
        let columns: Vec<_> = columns.iter().enumerate().map(column).collect();
        let row = |row: &Vec<Scalar>| row.iter().map(|cell| scope.written(cell)).collect::<Vec<_>>();
        self.dialect.rows(&columns, &rows.iter().map(row).collect::<Vec<_>>())
    }

    fn source(&self, source: &SourceRows) -> String {
        let relation = match &source.relation {
            RelationRef::Table(parts) => parts.iter().map(|part| self.dialect.identifier(part)).collect::<Vec<_>>().join("."),
            // Raw SQL may use columns that nothing else does.
            RelationRef::Files(files) => reader().rows(files, source.raw.is_empty().then_some(source.stored.as_slice())),
            RelationRef::Query(sql) => {
                let mut text = "(\n".to_owned();
                indent(&mut text, &self.dialect.raw(&rawsql::plain(sql, 0)), 2);
                text + "\n)"
            }
        };
        if source.raw.is_empty() && !source.again {
            return relation;
        }
        let stored = source.stored.iter().map(|name| self.dialect.identifier(name).into_owned());
        // That there is SQL for the dialect is checked before; without it the view would be refused by any engine.
        let raw = source.raw.iter().map(|(name, sql)| {
            let sql = sql.of(self.dialect.name()).unwrap_or_default();
            format!("{} as {}", self.dialect.raw(&rawsql::enclosed(sql)), self.dialect.identifier(name))
        });
        let columns: Vec<String> = stored.chain(raw).collect();
        let named = if matches!(source.relation, RelationRef::Query(_)) { format!("{relation} as stored") } else { relation };
        let mut text = "(\n".to_owned();
        indent(&mut text, &format!("select {}\nfrom {named}", columns.join(", ")), 2);
        text + "\n)"
    }

    fn join(&self, join: &Join, scope: &Scope<'_>, out: &mut String) {
        out.push_str(match (&join.on, join.kind) {
            (Some(_), JoinKind::Left) => "left join",
            (Some(_), _) => self.dialect.join_word(),
            (None, _) => "cross join",
        });
        out.push(' ');
        self.from(&join.from, scope, false, out);
        if let Some(on) = &join.on {
            out.push_str(" on ");
            scope.expr(on, out);
        }
    }
}

/// Whether a column that is read has the name of a new one, which is not the same.
fn renames(select: &Select) -> bool {
    fn reads(expr: &Scalar, new: &str) -> bool {
        match &expr.node {
            Node::Apply(_, arguments) => arguments.iter().any(|argument| reads(argument, new)),
            Node::Leaf(Atom::Column { name, .. }) => name.eq_ignore_ascii_case(new),
            Node::Leaf(atom) => {
                let mut found = false;
                atom.parts(&mut |part| found = found || reads(part, new));
                found
            }
            Node::Literal(_) | Node::Broken => false,
        }
    }
    let mut all = select.columns.iter().map(|(expr, _)| expr).chain(&select.filter).chain(&select.having).collect::<Vec<_>>();
    all.extend(select.order.iter().map(|(expr, _)| expr));
    let is_itself = |expr: &Scalar, new: &str| matches!(&expr.node, Node::Leaf(Atom::Column { name, .. }) if name == new);
    let new = select.columns.iter().filter(|(expr, name)| !is_itself(expr, name));
    new.into_iter().any(|(_, name)| all.iter().any(|expr| reads(expr, name)))
}

/// Whether a column without its relation's name would mean something else to some engines: that relation, or what is shown under its name.
fn is_unclear(select: &Select) -> bool {
    let Some(from) = &select.from else { return false };
    let mut columns = HashSet::new();
    columns_of(select, &mut columns);
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    // What is read alone is called as it is called there.
    let own = match &from.relation {
        Rows::Part(name) | Rows::Readings(name, _) => Some(name),
        Rows::Source(SourceRows { relation: RelationRef::Table(parts), .. }) => parts.last(),
        _ => None,
    };
    has(&from.name) || own.is_some_and(|own| has(own)) || !select.having.is_empty() || !select.order.is_empty()
}

/// The columns that a select reads.
fn columns_of<'q>(select: &'q Select, found: &mut HashSet<&'q str>) {
    fn of<'q>(expr: &'q Scalar, found: &mut HashSet<&'q str>) {
        match &expr.node {
            Node::Apply(_, arguments) => arguments.iter().for_each(|argument| of(argument, found)),
            Node::Leaf(Atom::Column { name, .. }) => _ = found.insert(name),
            Node::Leaf(Atom::Single(inner)) => columns_of(inner, found),
            Node::Leaf(atom) => atom.parts(&mut |part| of(part, found)),
            Node::Literal(_) | Node::Broken => {}
        }
    }
    select.columns.iter().map(|(expr, _)| expr).chain(&select.filter).for_each(|expr| of(expr, found));
}

pub(super) fn is_column(expr: &Scalar) -> bool {
    matches!(&expr.node, Node::Leaf(Atom::Column { .. }))
}

/// Writes all items with something between them.
pub(super) fn joined<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    between: &str,
    mut write: impl FnMut(&mut String, T),
) {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write(out, item);
    }
}
