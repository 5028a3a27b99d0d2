//! `value-not-listed`: a column is compared with a value that it never has, or with a column that has other values, so the condition is
//! true of no row.

use super::walk::{self, Of};
use crate::diagnostic::{Findings, codes, suggest};
use crate::lint::{Lens, Rule};
use crate::model::Column;
use crate::model::expr::{Calc, CalcLeaf, Expr, Literal, Node, RowExpr, RowLeaf};
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule { code: &codes::VALUE_NOT_LISTED, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // Each place once, however many formulas go through it.
    let mut found: BTreeMap<Span, (String, Vec<&Column>)> = BTreeMap::new();
    let mut apart: BTreeMap<Span, (Vec<&Column>, Vec<&Column>)> = BTreeMap::new();
    walk::rows(lens.model, &mut |of, expr| {
        walk::nodes(expr, &mut |node| {
            let Node::Apply(function, arguments) = &node.node else { return };
            if !matches!(function.name, "=" | "!=" | "in" | "not in") {
                return;
            }
            if let ([left, right], Some(span)) = (arguments.as_slice(), node.at.0)
                && let (Some(left), Some(right)) = (listed(lens, of, left), listed(lens, of, right))
            {
                apart.extend(never_equal(&left, &right).then_some((span, (left, right))));
                return;
            }
            let Some(columns) = arguments.iter().find_map(|argument| listed(lens, of, argument)) else { return };
            for argument in arguments {
                if let (Node::Literal(Literal::Text(text)), Some(span)) = (&argument.node, argument.at.0)
                    && is_unknown(&columns, text)
                {
                    found.insert(span, (text.clone(), columns.clone()));
                }
            }
        });
    });
    for shown in lens.key_results().filter_map(|(_, result)| result.kpi()) {
        let kpi: Calc = Expr::made(Node::Leaf(CalcLeaf::Kpi(shown.kpi)));
        let of = Of::Part(lens.model.sources_read(&kpi));
        for member in &shown.slice {
            let dimension = Expr::leaf(RowLeaf::Dimension(member.dimension));
            if let (Some(columns), Literal::Text(text)) = (listed(lens, &of, &dimension), &member.value)
                && is_unknown(&columns, text)
            {
                found.insert(member.value_span, (text.clone(), columns));
            }
        }
    }
    for (span, (left, right)) in apart {
        let message = format!("{} and {} have no value in common", names(&left), names(&right));
        let finding = findings.report(&codes::VALUE_NOT_LISTED, span, message);
        for column in left.iter().chain(&right) {
            finding.also(column.name.span, "its `values` are declared here");
        }
        // `status = paid`, where a column or dimension has the name of a text.
        let text = |name: &&str| [&left, &right].iter().any(|columns| !is_unknown(columns, &(*name).to_owned()));
        let sides = lens.files.slice(span).split(['=', '!']).map(str::trim);
        finding.help = sides
            .filter(|side| !side.is_empty())
            .find(text)
            .map(|text| format!("if `{text}` is a text, put it in single quotes: `'{text}'`"));
    }
    for (span, (text, columns)) in found {
        let names = names(&columns);
        let finding = findings.report(&codes::VALUE_NOT_LISTED, span, format!("{names} is never '{text}'"));
        for column in &columns {
            finding.also(column.name.span, "its `values` are declared here");
        }
        let values = columns.iter().flat_map(|column| column.values.iter().map(String::as_str));
        finding.help = suggest::did_you_mean(&text, "its values are", values);
    }
}

/// The names of columns, each once.
fn names(columns: &[&Column]) -> String {
    let names: BTreeSet<String> = columns.iter().map(|column| format!("`{}`", column.name.value)).collect();
    names.into_iter().collect::<Vec<_>>().join(" and ")
}

/// Whether no value of one of them is one of the others'.
fn never_equal(left: &[&Column], right: &[&Column]) -> bool {
    left.iter().flat_map(|column| &column.values).all(|value| is_unknown(right, value))
}

/// Whether none of the columns has that value.
fn is_unknown(columns: &[&Column], text: &String) -> bool {
    columns.iter().all(|column| !column.values.contains(text))
}

/// The columns that an expression is, if all of them list their values.
fn listed<'a>(lens: &Lens<'a>, of: &Of, expr: &RowExpr) -> Option<Vec<&'a Column>> {
    let columns: Vec<&Column> =
        of.columns(lens.model, expr).into_iter().map(|(source, path)| lens.model.column(source, path)).collect();
    (!columns.is_empty() && columns.iter().all(|column| !column.values.is_empty())).then_some(columns)
}
