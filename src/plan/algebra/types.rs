//! The type of every expression of a plan, found from the types of the columns that it reads.
//!
//! A source's columns have the types that the project declares; a part's columns those of the expressions that make them. So the types
//! of a query follow from its parts, read in order: [`Types::of`] gives them, [`verify`](super::verify) checks with them that a plan makes
//! sense, and the SQL of a dialect asks them where it needs a type that DuckDB does not.

use crate::functions::Gives;
use crate::model::expr::{Literal, Node, values};
use crate::model::value::Type;
use crate::plan::algebra::relation::{Atom, Body, From, Moment, Query, Rows, Running, Scalar, Select, SourceRows};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// What is wrong with a plan: a fault of kpic, never of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The columns of a relation, in order.
pub type Columns = Rc<Vec<(String, Type)>>;

/// The columns of the parts of a query that have been looked at.
#[derive(Debug, Clone, Default)]
pub struct Types {
    parts: HashMap<String, Columns>,
}

/// The relations that the expressions of a select may read.
#[derive(Debug)]
pub struct Scope<'a> {
    relations: Vec<(String, Columns)>,
    outer: Option<&'a Scope<'a>>,
    types: &'a Types,
}

impl Types {
    /// The columns of all parts of a query, and those of its result.
    pub fn of(query: &Query) -> Result<(Types, Columns), Fault> {
        let mut types = Types::default();
        for part in &query.parts {
            let columns = types.body(&part.body).map_err(|fault| Fault(format!("{}: {fault}", part.name)))?;
            types.parts.insert(part.name.clone(), columns);
        }
        let result = types.body(&query.result)?;
        Ok((types, result))
    }

    /// Makes the columns of a part known to those that follow it.
    pub fn add(&mut self, name: &str, columns: Columns) {
        self.parts.insert(name.to_owned(), columns);
    }

    /// The columns of a body: those of a union have the types that hold the values of all its selects.
    pub fn body(&self, body: &Body) -> Result<Columns, Fault> {
        let selects = match body {
            Body::Select(select) => return self.select(select, None),
            Body::Union(selects) => selects,
        };
        let mut all: Option<Vec<(String, Type)>> = None;
        for select in selects {
            let own = self.select(select, None)?;
            let Some(known) = &mut all else {
                all = Some(own.to_vec());
                continue;
            };
            if known.len() != own.len() {
                return Err(Fault(format!("a union of {} and of {} columns", known.len(), own.len())));
            }
            for ((name, ty), (_, other)) in known.iter_mut().zip(own.iter()) {
                *ty = ty.common(*other).ok_or_else(|| Fault(format!("a union of {ty} and {other} in `{name}`")))?;
            }
        }
        Ok(Rc::new(all.unwrap_or_default()))
    }

    /// The columns of a select, inside of another one or by itself.
    pub fn select(&self, select: &Select, outer: Option<&Scope<'_>>) -> Result<Columns, Fault> {
        let scope = self.scope(select, outer)?;
        let typed = |(expr, name): &(Scalar, String)| {
            let ty = scope.ty(expr).map_err(|fault| Fault(format!("`{name}`: {fault}")))?;
            Ok((name.clone(), ty))
        };
        select.columns.iter().map(typed).collect::<Result<Vec<_>, Fault>>().map(Rc::new)
    }

    /// What the expressions of a select may read.
    pub fn scope<'a>(&'a self, select: &Select, outer: Option<&'a Scope<'a>>) -> Result<Scope<'a>, Fault> {
        let mut scope = Scope { relations: Vec::new(), outer, types: self };
        for from in select.from.iter().chain(select.joins.iter().map(|join| &join.from)) {
            let columns = self.relation(from, &scope)?;
            scope.relations.push((from.name.clone(), columns));
        }
        Ok(scope)
    }

    fn relation(&self, from: &From, before: &Scope<'_>) -> Result<Columns, Fault> {
        match &from.relation {
            Rows::Part(name) | Rows::Readings(name, _) => {
                self.parts.get(name).cloned().ok_or_else(|| Fault(format!("there is no part `{name}` before")))
            }
            Rows::Source(rows) => of_source(rows).map(Rc::new),
            Rows::Select(select) => self.select(select, None),
            Rows::Days { from, before: end, .. } => {
                for bound in [from, end] {
                    let ty = before.ty(bound)?;
                    if ty != Type::Date {
                        return Err(Fault(format!("days bounded by {ty}")));
                    }
                }
                Ok(Rc::new(vec![("day".to_owned(), Type::Date)]))
            }
            Rows::Values(columns, rows) => {
                let mut typed: Vec<(String, Type)> = columns.iter().map(|name| (name.clone(), Type::Null)).collect();
                for row in rows {
                    if row.len() != columns.len() {
                        return Err(Fault(format!("a row of {} values for {} columns", row.len(), columns.len())));
                    }
                    for ((name, ty), value) in typed.iter_mut().zip(row) {
                        let own = before.ty(value)?;
                        *ty = ty.common(own).ok_or_else(|| Fault(format!("{ty} and {own} in the values of `{name}`")))?;
                    }
                }
                Ok(Rc::new(typed))
            }
        }
    }
}

fn of_source(rows: &SourceRows) -> Result<Vec<(String, Type)>, Fault> {
    let names = rows.stored.iter().chain(rows.raw.iter().map(|(name, _)| name));
    let typed = |name: &String| match rows.types.get(name) {
        Some(ty) => Ok((name.clone(), *ty)),
        None => Err(Fault(format!("the stored column `{name}` has no type"))),
    };
    names.map(typed).collect()
}

impl<'a> Scope<'a> {
    /// The columns of a select as its own order sees them.
    pub(in crate::plan) fn with_columns(&self, columns: Columns) -> Scope<'a> {
        Scope { relations: vec![(String::new(), columns)], outer: None, types: self.types }
    }
}

impl Scope<'_> {
    /// The type of a column. Where one relation is read its name does not count: SQL leaves it out.
    fn column(&self, of: &str, name: &str) -> Result<Type, Fault> {
        let own = match self.relations.as_slice() {
            [(_, only)] if self.outer.is_none() || !self.outer_has(of) => Some(only),
            several => several.iter().find(|(known, _)| *known == of).map(|(_, columns)| columns),
        };
        let found = own.and_then(|columns| columns.iter().find(|(known, _)| known == name)).map(|(_, ty)| *ty);
        match (found, self.outer) {
            (Some(ty), _) => Ok(ty),
            (None, Some(outer)) if own.is_none() => outer.column(of, name),
            _ => Err(Fault(format!("there is no column `{of}.{name}`"))),
        }
    }

    fn outer_has(&self, of: &str) -> bool {
        let own = self.relations.iter().any(|(name, _)| *name == of);
        !own && self.outer.is_some_and(|outer| outer.relations.iter().any(|(name, _)| *name == of) || outer.outer_has(of))
    }

    /// The type of an expression.
    pub fn ty(&self, expr: &Scalar) -> Result<Type, Fault> {
        match &expr.node {
            Node::Broken => Ok(Type::Null),
            Node::Literal(literal) => Ok(of_literal(literal)),
            Node::Leaf(atom) => self.atom(atom),
            Node::Apply(function, arguments) => match function.gives {
                Gives::Truth => Ok(Type::Boolean),
                Gives::Integer => Ok(Type::Integer),
                Gives::Number => Ok(Type::Double),
                Gives::Text => Ok(Type::Text),
                Gives::Date => Ok(Type::Date),
                Gives::Same(at) => arguments.get(at).map_or(Ok(Type::Null), |argument| self.ty(argument)),
                Gives::Common => self.common(function.name, values(function, arguments)),
            },
        }
    }

    /// The type that holds all of some values.
    pub fn common<'e>(&self, what: &str, mut values: impl Iterator<Item = &'e Scalar>) -> Result<Type, Fault> {
        values.try_fold(Type::Null, |all, value| {
            let own = self.ty(value)?;
            all.common(own).ok_or_else(|| Fault(format!("`{what}` of {all} and {own}")))
        })
    }

    fn atom(&self, atom: &Atom) -> Result<Type, Fault> {
        Ok(match atom {
            Atom::Column { of, name } => self.column(of, name)?,
            Atom::Moment(Moment::Never(ty)) => *ty,
            Atom::Moment(Moment::Day(_)) | Atom::PeriodOf(_) | Atom::Moved(..) | Atom::Today(_) => Type::Date,
            Atom::Moment(Moment::Wall(_)) | Atom::Civil(_) | Atom::OnClock(..) => Type::Timestamp,
            Atom::Moment(Moment::Instant(_)) | Atom::Midnight(..) => Type::Instant,
            Atom::Aggregate(fold) => match (fold.function.gives, &fold.argument) {
                (Gives::Integer, _) => Type::Integer,
                (Gives::Number, _) => Type::Double,
                (Gives::Truth, _) => Type::Boolean,
                (_, Some(argument)) => self.ty(argument)?,
                (_, None) => return Err(Fault(format!("`{}` of nothing", fold.function.name))),
            },
            Atom::Rolling(rolling) => self.ty(&rolling.argument)?,
            Atom::SoFar(so_far) => match &so_far.of {
                Running::Count(_) => Type::Integer,
                Running::Greatest(of) => self.ty(of)?,
            },
            Atom::RowNumber(_) | Atom::Whole(_) => Type::Integer,
            Atom::As(of, ty) => {
                self.ty(of)?;
                *ty
            }
            Atom::Neighbour(neighbour) => self.ty(&neighbour.value)?,
            Atom::Single(select) => {
                let columns = self.types.select(select, Some(self))?;
                match columns.as_slice() {
                    [(_, ty)] => *ty,
                    other => return Err(Fault(format!("a single value of {} columns", other.len()))),
                }
            }
            Atom::Same(..) => Type::Boolean,
            Atom::Tuple(_) => Type::Tuple,
        })
    }
}

fn of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Truth(_) => Type::Boolean,
        Literal::Number(digits) if digits.contains(['e', 'E']) => Type::Double,
        Literal::Number(digits) if digits.contains('.') => Type::Decimal,
        Literal::Number(_) => Type::Integer,
        Literal::Text(_) | Literal::Grain(_) => Type::Text,
        Literal::Date(_) => Type::Date,
    }
}
