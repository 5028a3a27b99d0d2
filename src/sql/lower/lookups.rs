//! A value that is looked up by a key of the row at hand is joined instead: the relation in which it is looked up has each key once.

use super::walk::every_select;
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, From, Join, JoinKind, Query, Rows, Scalar, Select, column};

pub(super) fn joined(query: &mut Query) {
    every_select(query, &|select| {
        let mut found = Found { taken: names(select), joins: Vec::new() };
        // A condition that is joined on may look up what only the joined row has: it then holds of all pairs.
        for at in 0..select.joins.len() {
            let Some(join) = select.joins.get_mut(at).filter(|join| join.kind != JoinKind::Left) else { continue };
            let before = found.joins.len();
            if let Some(on) = &mut join.on {
                found.expr(on);
            }
            if found.joins.len() > before {
                join.kind = JoinKind::Cross;
                select.filter.extend(join.on.take());
            }
        }
        select.columns.iter_mut().for_each(|(expr, _)| found.expr(expr));
        select.filter.iter_mut().for_each(|expr| found.expr(expr));
        select.joins.append(&mut found.joins);
    });
}

fn names(select: &Select) -> Vec<String> {
    select.from.iter().chain(select.joins.iter().map(|join| &join.from)).map(|from| from.name.to_lowercase()).collect()
}

struct Found {
    taken: Vec<String>,
    joins: Vec<Join>,
}

impl Found {
    fn expr(&mut self, expr: &mut Scalar) {
        match &mut expr.node {
            Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| self.expr(argument)),
            Node::Leaf(Atom::Single(single)) => {
                if let Some((rows, key, value, sought)) = lookup(single) {
                    let name = self.named(rows, &key, &sought);
                    *expr = column(&name, &value);
                }
            }
            Node::Leaf(atom) => atom.parts_mut(&mut |part| self.expr(part)),
            Node::Literal(_) | Node::Broken => {}
        }
    }

    /// The name under which such a relation is joined: once for each key that is sought.
    fn named(&mut self, rows: Rows, key: &str, sought: &Scalar) -> String {
        let on = |name: &str| Expr::apply(&crate::functions::operators::EQUAL, vec![column(name, key), sought.clone()]);
        let known = self.joins.iter().find(|join| join.from.relation == rows && join.on == Some(on(&join.from.name)));
        if let Some(known) = known {
            return known.from.name.clone();
        }
        let mut name = "looked_up_row".to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.push(name.clone());
        let on = Some(on(&name));
        self.joins.push(Join { kind: JoinKind::Left, from: From { relation: rows, name: name.clone() }, on });
        name
    }
}

/// The relation, its columns with the key and with the value, and the key that is sought in it.
fn lookup(single: &Select) -> Option<(Rows, String, String, Scalar)> {
    let from = single.from.as_ref().filter(|_| single.joins.is_empty())?;
    let own = |expr: &Scalar| match &expr.node {
        Node::Leaf(Atom::Column { of, name }) if *of == from.name => Some(name.clone()),
        _ => None,
    };
    let ([(value, _)], [filter]) = (single.columns.as_slice(), single.filter.as_slice()) else { return None };
    let Node::Apply(function, arguments) = &filter.node else { return None };
    let [key, sought] = arguments.as_slice() else { return None };
    let is_lookup = function.name == "=" && matches!(from.relation, Rows::Select(_)) && single.group.is_none();
    let found = (from.relation.clone(), own(key)?, own(value)?, sought.clone());
    is_lookup.then_some(found)
}
