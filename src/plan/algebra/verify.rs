//! Checks that a plan makes sense, whatever engine it is for: a plan that does not is a fault of kpic, and gives no number.
//!
//! Parts are read after they are made. No two parts have one name, nor two relations or columns of a select: engines would take either. Every column is one of the relation that it names. Conditions are
//! conditions, and functions get arguments of the types that they take. The selects of a union have the same columns. What is grouped shows
//! its groups' columns and aggregates. No aggregate stands in another one or in a filter.

use crate::functions::{Argument, Function, Rest};
use crate::model::expr::Node;
use crate::model::value::Type;
use crate::plan::algebra::relation::{Atom, Body, Query, Rows, Scalar, Select, SourceRows};
use crate::plan::algebra::types::{Fault, Scope, Types};
use std::collections::HashSet;
use std::rc::Rc;

/// Checks a plan.
///
/// # Errors
///
/// The first fault, with the part in which it is.
pub fn verify(query: &Query) -> Result<(), Fault> {
    let mut types = Types::default();
    let mut names = HashSet::new();
    for part in &query.parts {
        once(&mut names, "parts", &part.name)?;
        let columns = body(&types, &part.body).and_then(|()| types.body(&part.body));
        let columns = columns.map_err(|fault| Fault(format!("{}: {fault}", part.name)))?;
        types.add(&part.name, columns);
    }
    body(&types, &query.result)?;
    types.body(&query.result).map(|_| ())
}

fn body(types: &Types, of: &Body) -> Result<(), Fault> {
    let selects = match of {
        Body::Select(select) => std::slice::from_ref(select),
        Body::Union(selects) => selects.as_slice(),
    };
    selects.iter().try_for_each(|of| select(types, of, None))
}

/// Engines compare names without regard to case, and take either of two that are the same.
fn once(names: &mut HashSet<String>, what: &str, name: &str) -> Result<(), Fault> {
    if names.insert(name.to_lowercase()) { Ok(()) } else { Err(Fault(format!("two {what} are called `{name}`"))) }
}

/// That no two columns of a source have one name. Those that are stored are called as the warehouse does, and it may tell `amount` from `Amount`.
fn stored(rows: &SourceRows) -> Result<(), Fault> {
    let mut exact = HashSet::new();
    if let Some(name) = rows.stored.iter().find(|name| !exact.insert(name.as_str())) {
        return Err(Fault(format!("two columns that are read are called `{name}`")));
    }
    let mut names: HashSet<String> = rows.stored.iter().map(|name| name.to_lowercase()).collect();
    rows.raw.iter().try_for_each(|(name, _)| once(&mut names, "columns that are read", name))
}

/// That no two relations that a select reads have one name, nor two columns of one of them, nor two of its own.
fn unambiguous(of: &Select) -> Result<(), Fault> {
    let mut relations = HashSet::new();
    for from in of.from.iter().chain(of.joins.iter().map(|join| &join.from)) {
        once(&mut relations, "relations", &from.name)?;
        let mut columns = HashSet::new();
        let read = |name: &String| once(&mut columns, "columns that are read", name);
        match &from.relation {
            Rows::Source(rows) => stored(rows)?,
            Rows::Readings(_, rows) => stored(rows)?,
            Rows::Values(columns, _) => columns.iter().try_for_each(read)?,
            Rows::Part(_) | Rows::Select(_) | Rows::Days { .. } => {}
        }
    }
    let mut columns = HashSet::new();
    of.columns.iter().try_for_each(|(_, name)| once(&mut columns, "columns", name))
}

fn select(types: &Types, of: &Select, outer: Option<&Scope<'_>>) -> Result<(), Fault> {
    unambiguous(of)?;
    let mut read = of.from.iter().chain(of.joins.iter().map(|join| &join.from));
    read.try_for_each(|from| match &from.relation {
        Rows::Select(inner) => select(types, inner, None),
        _ => Ok(()),
    })?;
    let scope = types.scope(of, outer)?;
    let check = Check { types, scope: &scope };
    for (expr, name) in &of.columns {
        check.expr(expr).map_err(|fault| Fault(format!("`{name}`: {fault}")))?;
    }
    for condition in of.joins.iter().filter_map(|join| join.on.as_ref()).chain(&of.filter) {
        check.condition(condition)?;
        if has_aggregate(condition) {
            return Err(Fault("an aggregate decides which rows are read".to_owned()));
        }
    }
    of.having.iter().try_for_each(|condition| check.condition(condition))?;
    grouped(of)?;
    // The columns of the select itself may be ordered by.
    let own = types.select(of, outer)?;
    let own_scope = scope.with_columns(Rc::clone(&own));
    of.order.iter().try_for_each(|(by, _)| own_scope.ty(by).or_else(|_| scope.ty(by)).map(|_| ()))
}

/// What is shown of groups is what they are grouped by, or an aggregate.
fn grouped(of: &Select) -> Result<(), Fault> {
    let aggregates = of.columns.iter().map(|(expr, _)| expr).chain(&of.having).any(has_aggregate);
    if of.group.is_none() && !aggregates {
        return Ok(());
    }
    let keys: Vec<&Scalar> = of.columns.iter().take(of.group.unwrap_or(0)).map(|(expr, _)| expr).collect();
    if keys.iter().any(|key| has_aggregate(key)) {
        return Err(Fault("rows are grouped by an aggregate".to_owned()));
    }
    let rest = of.columns.iter().skip(keys.len()).map(|(expr, _)| expr).chain(&of.having);
    rest.into_iter().try_for_each(|expr| within_group(expr, &keys))
}

fn within_group(expr: &Scalar, keys: &[&Scalar]) -> Result<(), Fault> {
    if keys.contains(&expr) {
        return Ok(());
    }
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().try_for_each(|argument| within_group(argument, keys)),
        Node::Literal(_) | Node::Broken | Node::Leaf(Atom::Aggregate(_)) => Ok(()),
        Node::Leaf(Atom::Column { of, name }) => Err(Fault(format!("`{of}.{name}` is neither grouped by nor aggregated"))),
        Node::Leaf(atom) => {
            let mut found = Ok(());
            atom.parts(&mut |part| {
                if found.is_ok() {
                    found = within_group(part, keys);
                }
            });
            found
        }
    }
}

/// Whether an aggregate over the group stands in an expression.
fn has_aggregate(expr: &Scalar) -> bool {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().any(has_aggregate),
        Node::Leaf(Atom::Aggregate(_)) => true,
        Node::Leaf(atom) => {
            let mut found = false;
            atom.parts(&mut |part| found = found || has_aggregate(part));
            found
        }
        Node::Literal(_) | Node::Broken => false,
    }
}

/// The checks of expressions in one scope.
struct Check<'a> {
    types: &'a Types,
    scope: &'a Scope<'a>,
}

impl Check<'_> {
    fn condition(&self, expr: &Scalar) -> Result<(), Fault> {
        self.expr(expr)?;
        self.is_condition(expr)
    }

    fn is_condition(&self, expr: &Scalar) -> Result<(), Fault> {
        match self.scope.ty(expr)? {
            Type::Boolean | Type::Null => Ok(()),
            other => Err(Fault(format!("a condition that is {other}"))),
        }
    }

    fn expr(&self, expr: &Scalar) -> Result<(), Fault> {
        match &expr.node {
            Node::Literal(_) => Ok(()),
            Node::Broken => Err(Fault("a broken expression".to_owned())),
            Node::Apply(function, arguments) => {
                arguments.iter().try_for_each(|argument| self.expr(argument))?;
                self.scope.ty(expr)?;
                self.arguments(function, arguments)
            }
            Node::Leaf(atom) => self.atom(atom),
        }
    }

    /// Whether a function gets what it takes.
    fn arguments(&self, function: &Function, arguments: &[Scalar]) -> Result<(), Fault> {
        if arguments.len() < function.takes.len() {
            return Err(Fault(format!("`{}` of {} arguments", function.name, arguments.len())));
        }
        for (at, argument) in arguments.iter().enumerate() {
            let rest = match function.rest {
                Rest::None => None,
                Rest::Optional(rest) | Rest::Many(rest) => Some(rest),
            };
            let Some(takes) = function.takes.get(at).copied().or(rest) else { continue };
            let ty = self.scope.ty(argument)?;
            let fits = match takes {
                Argument::Truth => matches!(ty, Type::Boolean | Type::Null),
                Argument::Numeric => ty.is_numeric(),
                Argument::Text => matches!(ty, Type::Text | Type::Null),
                Argument::Time => matches!(ty, Type::Date | Type::Timestamp | Type::Instant | Type::Null),
                _ => true,
            };
            if !fits {
                return Err(Fault(format!("`{}` of {ty}", function.name)));
            }
        }
        let compares = matches!(
            function.name,
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between" | "least" | "greatest"
        );
        if compares { self.scope.common(function.name, arguments.iter()).map(|_| ()) } else { Ok(()) }
    }

    fn atom(&self, atom: &Atom) -> Result<(), Fault> {
        match atom {
            Atom::Aggregate(fold) => {
                let parts = fold.argument.iter().chain(&fold.filter).chain(&fold.order);
                if parts.into_iter().any(has_aggregate) {
                    return Err(Fault(format!("`{}` of an aggregate", fold.function.name)));
                }
                fold.filter.iter().try_for_each(|filter| self.is_condition(filter))?;
            }
            Atom::Single(inner) => select(self.types, inner, Some(self.scope))?,
            Atom::Same(one, two) => drop(self.scope.common("is not distinct from", [&**one, &**two].into_iter())?),
            _ => {}
        }
        let mut found = self.scope.ty(&Scalar::leaf(atom.clone())).map(|_| ());
        atom.parts(&mut |part| {
            if found.is_ok() {
                found = self.expr(part);
            }
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Date;
    use crate::functions::{conversions, count, operators, sum};
    use crate::model::expr::Expr;
    use crate::plan::algebra::relation::{JoinKind, Part, column, count_rows, day, fold, impossible, text};

    /// A query of one part `days` with a day, a number and a text, and a result that a test makes.
    fn with(make: impl FnOnce(&mut Select)) -> Query {
        let mut days = Select::default();
        days.column(day(Date::constant(2024, 2, 29)), "day");
        days.column(Scalar::number(3), "number");
        days.column(text("x"), "name");
        let mut result = Select::from_part("days");
        make(&mut result);
        Query { parts: vec![Part { name: "days".to_owned(), body: Body::Select(days) }], result: Body::Select(result) }
    }

    fn fault(make: impl FnOnce(&mut Select)) -> String {
        verify(&with(make)).expect_err("a plan that makes no sense").0
    }

    #[test]
    fn a_sound_plan_passes() {
        let query = with(|select| {
            select.column(column("days", "day"), "day");
            select.group_by_these();
            select.column(fold(&sum::SUM, column("days", "number")), "total");
            select.having.push(Expr::apply(&operators::GREATER, vec![count_rows(), Expr::number(1)]));
            select.order.push((column("", "total"), true));
        });
        assert_eq!(verify(&query), Ok(()));
    }

    #[test]
    fn columns_and_parts_have_to_be_there() {
        assert_eq!(fault(|select| _ = select.column(column("days", "dya"), "day")), "`day`: there is no column `days.dya`");
        let missing = fault(|select| _ = select.join(JoinKind::Cross, "weeks", "weeks", None));
        assert_eq!(missing, "there is no part `weeks` before");
        let twice = |select: &mut Select| {
            select.column(column("days", "day"), "day");
            select.column(column("days", "number"), "Day");
        };
        assert_eq!(fault(twice), "two columns are called `Day`");
        let joined = |select: &mut Select| _ = select.join(JoinKind::Cross, "days", "Days", None);
        assert_eq!(fault(joined), "two relations are called `Days`");
        let inside = |select: &mut Select| {
            let mut inner = Select::from_part("days");
            twice(&mut inner);
            select.column(Expr::leaf(Atom::Single(Box::new(inner))), "day");
        };
        assert_eq!(fault(inside), "`day`: two columns are called `Day`");
        let written = |select: &mut Select| {
            let relation = Rows::Values(vec!["a".to_owned(), "A".to_owned()], vec![vec![Expr::number(1), Expr::number(2)]]);
            select.from = Some(crate::plan::algebra::relation::From { relation, name: "pairs".to_owned() });
        };
        assert_eq!(fault(written), "two columns that are read are called `A`");
    }

    #[test]
    fn types_have_to_fit() {
        let compared = Expr::apply(&operators::EQUAL, vec![column("days", "day"), column("days", "number")]);
        assert_eq!(fault(|select| select.filter.push(compared)), "`=` of date and integer");
        assert_eq!(fault(|select| select.filter.push(column("days", "name"))), "a condition that is text");
        let added = Expr::apply(&operators::ADD, vec![column("days", "name"), Expr::number(1)]);
        assert_eq!(fault(|select| _ = select.column(added, "sum")), "`sum`: `+` of text and integer");
        let of_number = Expr::apply(&conversions::TO_DATE, vec![column("days", "number")]);
        assert_eq!(fault(|select| _ = select.column(of_number, "day")), "`day`: `to date` of integer");
    }

    #[test]
    fn unions_have_the_same_columns() {
        let select = |columns: &[Scalar]| {
            let mut select = Select::default();
            for (at, expr) in columns.iter().enumerate() {
                select.column(expr.clone(), &format!("c{at}"));
            }
            select
        };
        let union = |selects| Query { parts: Vec::new(), result: Body::Union(selects) };
        let sound = union(vec![select(&[Expr::null()]), select(&[Expr::number(1)]), select(&[Expr::number("1.5")])]);
        assert_eq!(verify(&sound), Ok(()));
        let types = Types::of(&sound).map(|(_, columns)| columns.iter().map(|(_, ty)| *ty).collect::<Vec<_>>());
        assert_eq!(types, Ok(vec![Type::Decimal]));
        let wrong = verify(&union(vec![select(&[Expr::number(1)]), select(&[text("x")])]));
        assert_eq!(wrong.unwrap_err().0, "a union of integer and text in `c0`");
        let uneven = verify(&union(vec![select(&[Expr::number(1)]), select(&[])]));
        assert_eq!(uneven.unwrap_err().0, "a union of 1 and of 0 columns");
    }

    #[test]
    fn groups_show_their_keys_and_aggregates() {
        let ungrouped = |select: &mut Select| {
            select.column(column("days", "day"), "day");
            select.group_by_these();
            select.column(column("days", "number"), "number");
        };
        assert_eq!(fault(ungrouped), "`days.number` is neither grouped by nor aggregated");
        let nested = fold(&sum::SUM, fold(&count::COUNT, column("days", "number")));
        assert_eq!(fault(|select| _ = select.column(nested, "n")), "`n`: `sum` of an aggregate");
        let filter = Expr::apply(&operators::GREATER, vec![count_rows(), Expr::number(1)]);
        assert_eq!(fault(|select| select.filter.push(filter)), "an aggregate decides which rows are read");
    }

    #[test]
    fn what_cannot_be_is_no_plan() {
        assert_eq!(fault(|select| _ = select.column(impossible(), "x")), "`x`: a broken expression");
    }
}
