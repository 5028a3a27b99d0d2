//! Columns that hold values of all types are read once, and each value is asked whether it is what its column is declared as: a number that
//! is stored as a text would be larger than all numbers, and a day that is written in another way in no period.
//!
//! The question stands beside the rows, so that it is asked of all of them: what is read has no index, and what is joined becomes a part, which is worked
//! out before.

use crate::functions::conversions::{AS_STORED, IS_STORED};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, From, Part, Query, RelationRef, Rows, Scalar, Select, SourceRows, column, text};

pub(super) fn checked(query: &mut Query) {
    let mut found = Found { taken: query.parts.iter().map(|part| part.name.to_lowercase()).collect(), parts: Vec::new() };
    for body in query.parts.iter_mut().map(|part| &mut part.body).chain([&mut query.result]) {
        match body {
            Body::Select(select) => found.select(select),
            Body::Union(selects) => selects.iter_mut().for_each(|select| found.select(select)),
        }
    }
    query.parts.splice(0..0, found.parts);
}

/// Parts with the rows of sources that are joined.
struct Found {
    taken: Vec<String>,
    parts: Vec<Part>,
}

impl Found {
    fn select(&mut self, of: &mut Select) {
        if let Some(from) = &mut of.from {
            let name = from.name.clone();
            match &mut from.relation {
                Rows::Source(rows) if !names(rows).is_empty() => {
                    from.relation = Rows::Select(Box::new(checked_rows(rows.clone(), name)));
                }
                other => self.rows(other),
            }
        }
        for join in &mut of.joins {
            let name = join.from.name.clone();
            match &mut join.from.relation {
                Rows::Source(rows) if !names(rows).is_empty() => {
                    let part = self.part(Body::Select(checked_rows(rows.clone(), name.clone())), &name);
                    join.from.relation = Rows::Part(part);
                }
                other => self.rows(other),
            }
        }
        of.exprs_mut().for_each(|expr| self.expr(expr));
    }

    fn rows(&mut self, rows: &mut Rows) {
        match rows {
            Rows::Select(inner) => self.select(inner),
            Rows::Days { from, before, .. } => [from, before].into_iter().for_each(|bound| self.expr(bound)),
            Rows::Part(_) | Rows::Readings(..) | Rows::Source(_) | Rows::Values(..) => {}
        }
    }

    fn expr(&mut self, of: &mut Scalar) {
        match &mut of.node {
            Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| self.expr(argument)),
            Node::Leaf(Atom::Single(inner)) => self.select(inner),
            Node::Leaf(atom) => atom.parts_mut(&mut |part| self.expr(part)),
            Node::Literal(_) | Node::Broken => {}
        }
    }

    /// The name of a part with that body: one that is there already, or a new one.
    fn part(&mut self, body: Body, of: &str) -> String {
        if let Some(known) = self.parts.iter().find(|part| part.body == body) {
            return known.name.clone();
        }
        let mut name = format!("{of}_rows");
        while self.taken.contains(&name.to_lowercase()) {
            name.push('_');
        }
        self.taken.push(name.to_lowercase());
        self.parts.push(Part { name: name.clone(), body });
        name
    }
}

fn names(rows: &SourceRows) -> Vec<String> {
    rows.stored.iter().chain(rows.raw.iter().map(|(name, _)| name)).cloned().collect()
}

fn checked_rows(rows: SourceRows, name: String) -> Select {
    let relation = match &rows.relation {
        RelationRef::Table(parts) => format!(" of `{}`", parts.join(".")),
        RelationRef::Files(_) | RelationRef::Query(_) => String::new(),
    };
    let mut select = Select::default();
    for own in names(&rows) {
        let what = what(rows.types.get(&own).copied().unwrap_or(Type::Null));
        let why = text(&format!("the column `{own}`{relation} is to hold {what}, and has "));
        select.column(Expr::apply(&AS_STORED, vec![column(&name, &own)]), &own);
        select.filter.push(Expr::apply(&IS_STORED, vec![column(&name, &own), why]));
    }
    select.from = Some(From { relation: Rows::Source(rows), name });
    select
}

fn what(ty: Type) -> &'static str {
    match ty {
        Type::Boolean => "1 or 0",
        Type::Integer => "whole numbers",
        Type::Decimal | Type::Double => "numbers",
        Type::Date => "days as YYYY-MM-DD",
        Type::Timestamp | Type::Instant => "times as YYYY-MM-DD HH:MM:SS, with a fraction that does not end in 0",
        Type::Text | Type::Null | Type::Tuple => "texts",
    }
}
