//! An expression over aggregates as a formula, with what differs.
//!
//! A row of the SELECT is there where rows of the table are, even if none of them fulfils the condition of an aggregate: what is 0 there
//! has to be 0 here. Figures of which some aggregate has all rows of the SELECT say `gaps: omit`, and are there in the same periods; all
//! others are shown in every period, which is told.

use super::super::aggregate::{Aggregated, Argument, of, parted, unrounded};
use super::super::expression::{self, Aggregation, Names};
use super::super::metrics::Formula;
use super::super::node::{ATOM, Leaf, Node, Ty};
use super::super::sources::quoted;
use super::Fault;
use super::scope::Scope;
use super::statement::split;
use crate::rawsql::Token;
use std::collections::{HashMap, HashSet};

/// What is told where periods without rows are shown.
const SHOWN: &str = "periods without rows are shown, with 0 for what is counted or added up; the SELECT has no row there";
/// What is told where nulls alone are added up beside something that is 0.
const NULLS: &str = "where all that is added up is null it takes 0, and the SELECT null";
/// What is told where something stands for a sum of nothing.
const NOTHING: &str = "where nothing is added up it has no row, and the SELECT shows what stands for a missing value";

/// What is told of quotients and means of decimals.
const ROUNDED: &str = "quotients and means of decimals have all digits; the warehouse rounds them";

/// Whether a warehouse rounds quotients and means of decimals to a few digits.
fn rounds(dialect: &str) -> bool {
    matches!(dialect, "snowflake" | "bigquery" | "redshift" | "databricks" | "clickhouse")
}

/// A figure that others of the SELECT may be made of.
#[derive(Debug, Clone)]
pub(in crate::import) struct Other {
    pub(in crate::import) name: String,
    pub(in crate::import) label: String,
    pub(in crate::import) ty: Option<Ty>,
    pub(in crate::import) facts: Facts,
}

/// What is known of the aggregates of a figure.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else of it")]
pub(in crate::import) struct Facts {
    /// Whether one of them has every row that the SELECT has.
    pub(super) anchored: bool,
    /// Whether one of its own is 0 where no row fulfils its condition.
    zero: bool,
    /// Whether a figure that it is made of is shown in every period.
    shown: bool,
    /// Whether a sum, or one of what it is made of, is 0 where all that it adds up is null.
    nulls: bool,
    /// Whether it, or what it is made of, may have no row though rows are there.
    lacks: bool,
    /// Whether it is the number of rows, which is never 0.
    rows: bool,
    /// Whether there is any.
    any: bool,
    /// Whether one of its own sums or counts is null over no rows.
    null: bool,
    /// Whether a sum or count is null where no row is left, though rows are there.
    drops_nulls: bool,
}

impl Facts {
    /// Of a figure that adds up over more than its period, and is shown in every one.
    pub(in crate::import) fn in_every_period(self) -> Self {
        Self { anchored: false, shown: true, ..self }
    }
}

/// The functions that aggregate. Not all of them are carried.
const FUNCTIONS: &[&str] = &[
    "sum",
    "count",
    "avg",
    "mean",
    "min",
    "max",
    "median",
    "percentile_cont",
    "quantile_cont",
    "count_if",
    "countif",
    "uniqexact",
    "percentile_disc",
    "quantile_disc",
    "quantile",
    "approx_count_distinct",
    "approx_quantile",
    "uniq",
    "hll",
    "string_agg",
    "listagg",
    "group_concat",
    "array_agg",
    "list",
    "mode",
    "any_value",
    "any",
    "first",
    "last",
    "arg_max",
    "arg_min",
    "max_by",
    "min_by",
    "bool_and",
    "bool_or",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
    "corr",
    "sumif",
    "avgif",
    "product",
    "total",
];

/// Whether a word before a parenthesis aggregates.
pub(super) fn aggregates(function: &str) -> bool {
    FUNCTIONS.contains(&function)
}

/// Tokens as they are compared.
pub(super) fn normal(tokens: &[Token<'_>]) -> String {
    let one = |token: &Token<'_>| match token.kind {
        crate::rawsql::Kind::Word => token.text.to_lowercase(),
        _ => token.text.to_owned(),
    };
    tokens.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What an expression over aggregates becomes. A window, with the blank before it, is that of each of them.
pub(in crate::import) fn formula(
    scope: &mut Scope<'_, '_>,
    conditions: &[Node],
    others: &HashMap<String, Other>,
    window: &str,
    tokens: &[Token<'_>],
) -> Result<(Formula, Facts), Fault> {
    let start = tokens.first().map_or(0, |token| token.start);
    let mut reader = Figure {
        conditions,
        others,
        window,
        facts: Facts::default(),
        uses: Vec::new(),
        differences: Vec::new(),
        rows: HashSet::new(),
        at: None,
        loose: None,
        scope,
    };
    let read = expression::read_tokens(tokens.iter().copied(), &mut reader);
    let Figure { facts, uses, mut differences, at, loose, .. } = reader;
    let loose = loose.map(|name| format!("`{}` is neither aggregated nor grouped by", super::short(&name)));
    let (node, told) = read.map_err(|refused| Fault::at(at.or(refused.at).unwrap_or(start), &loose.unwrap_or(refused.why)))?;
    differences.extend(told);
    if rounds(scope.sources.dialect.name()) && node.written().contains(" / ") && !differences.iter().any(|one| one == ROUNDED) {
        differences.push(ROUNDED.to_owned());
    }
    if !facts.any {
        return Err(Fault::at(start, "it aggregates nothing, and rows are not grouped by it"));
    }
    let is_dense = !facts.anchored && (facts.zero || facts.shown);
    if is_dense {
        differences.push(SHOWN.to_owned());
    }
    if facts.zero && facts.drops_nulls || facts.nulls {
        differences.push(NULLS.to_owned());
    }
    if node.fills() && !is_dense && (facts.lacks || !facts.anchored) {
        differences.push(NOTHING.to_owned());
    }
    let mut formula = Formula::of(node, differences, uses);
    formula.source = Some(scope.base());
    formula.is_dense = is_dense;
    formula.is_null_over_nothing = facts.null && !facts.zero;
    Ok((formula, facts))
}

/// The names of an expression over aggregates.
struct Figure<'a, 's, 't> {
    scope: &'a mut Scope<'s, 't>,
    conditions: &'a [Node],
    others: &'a HashMap<String, Other>,
    /// ` over trailing 7 days`, with the blank before it; nothing in a SELECT.
    window: &'a str,
    facts: Facts,
    uses: Vec<String>,
    differences: Vec<String>,
    /// Aggregates that are never 0, as formulas write them.
    rows: HashSet<String>,
    /// Where what stands in an aggregate is not read.
    at: Option<usize>,
    /// A column that is in no aggregate.
    loose: Option<String>,
}

impl Figure<'_, '_, '_> {
    fn read(&mut self, tokens: &[Token<'_>]) -> Result<Node, String> {
        self.scope.unknown = None;
        match expression::read_tokens(tokens.iter().copied(), self.scope) {
            Ok((node, differences)) => {
                self.differences.extend(differences);
                Ok(node)
            }
            Err(refused) => {
                self.at = refused.at;
                Err(self.scope.unknown.take().unwrap_or(refused.why))
            }
        }
    }

    /// The figure that an aggregate is already.
    fn other(&mut self, written: &str) -> Option<Node> {
        let other = self.others.get(written)?;
        self.facts.any = true;
        self.facts.anchored |= other.facts.anchored;
        self.facts.lacks |= other.facts.lacks;
        self.facts.nulls |= other.facts.nulls;
        self.facts.shown |= other.facts.zero || other.facts.shown;
        if !self.uses.contains(&other.label) {
            self.uses.push(other.label.clone());
        }
        let text = quoted(&other.name);
        if other.facts.rows {
            self.rows.insert(text.clone());
        }
        Some(Node::Leaf(Leaf { text, holds: ATOM, ty: other.ty, nullable: true, by_day: false, is_column: false }))
    }
}

impl Names for Figure<'_, '_, '_> {
    fn leaf(&mut self, name: &str) -> Option<Leaf> {
        if let Some(Node::Leaf(leaf)) = self.other(name) {
            return Some(leaf);
        }
        self.loose = Some(name.to_owned());
        None
    }

    fn is_of_metrics(&self) -> bool {
        true
    }

    fn cuts_quotients(&self) -> bool {
        self.scope.sources.dialect.cuts_quotients()
    }

    fn of_table(&mut self, _: &str, name: &str) -> Option<Result<Leaf, String>> {
        Some(Err(format!("`{}` is neither aggregated nor grouped by", super::short(name))))
    }

    fn aggregates(&self, function: &str) -> bool {
        aggregates(function)
    }

    fn is_double(&self, ty: &str) -> bool {
        // Elsewhere these have 32 bits, or a few digits.
        let own: &[&str] = match self.scope.sources.dialect.name() {
            "postgres" => &["float", "numeric"],
            "redshift" | "snowflake" => &["float"],
            _ => &[],
        };
        matches!(ty, "double" | "float8" | "float64") || own.contains(&ty)
    }

    fn never_zero(&self, node: &Node) -> bool {
        matches!(node, Node::Leaf(leaf) if self.rows.contains(&leaf.text))
    }

    fn aggregate(&mut self, call: &Aggregation<'_>) -> Result<Node, String> {
        let mut written = format!("{} ( {} )", call.function, normal(&call.inner));
        for (word, tokens) in [("within group", &call.within), ("filter", &call.filter)] {
            tokens.iter().for_each(|tokens| written.push_str(&format!(" {word} ( {} )", normal(tokens))));
        }
        if let Some(node) = self.other(&written) {
            return Ok(node);
        }
        let (made, mut own) = self.argument(call)?;
        let Called { aggregated, counts, is_zero, is_added } = made;
        let is_conditional = !own.is_empty();
        let drops = is_added.map(|node| node.is_there()).unwrap_or_default();
        self.facts.nulls |= is_zero && !drops.is_empty();
        if !is_zero {
            let new: Vec<Node> = drops.into_iter().filter(|one| !self.conditions.contains(one) && !own.contains(one)).collect();
            self.facts.drops_nulls |= !new.is_empty();
            own.extend(new);
        }
        self.facts.drops_nulls |= counts && !is_zero && is_conditional;
        self.facts.any = true;
        self.facts.lacks |= self.facts.drops_nulls;
        self.facts.zero |= is_zero;
        self.facts.anchored |= !is_conditional;
        self.facts.null |= counts && !is_zero;
        let all: Vec<Node> = self.conditions.iter().cloned().chain(own).collect();
        let source = self.scope.sources.source(self.scope.base()).map(|source| quoted(&source.name)).unwrap_or_default();
        let is_rows = matches!(aggregated.argument, Argument::Rows) && !is_conditional;
        let leaf = aggregated.leaf(&source, &all, self.window);
        if is_rows {
            self.facts.rows = true;
            self.rows.insert(leaf.text.clone());
        }
        Ok(Node::Leaf(leaf))
    }
}

/// A call as an aggregate of formulas.
struct Called {
    aggregated: Aggregated,
    /// Whether it is a sum or a count.
    counts: bool,
    /// Whether it is 0 where no row fulfils its condition.
    is_zero: bool,
    /// What is added up.
    is_added: Option<Node>,
}

impl Figure<'_, '_, '_> {
    /// What is aggregated, and the conditions that it has itself.
    fn argument(&mut self, call: &Aggregation<'_>) -> Result<(Called, Vec<Node>), String> {
        let mut own = Vec::new();
        let mut inner = call.inner.as_slice();
        let distinct = inner.first().is_some_and(|token| token.is_word("distinct"));
        if let [first, rest @ ..] = inner
            && (distinct || first.is_word("all"))
        {
            inner = rest;
        }
        if let Some(filter) = &call.filter {
            let [first, condition @ ..] = filter.as_slice() else { return Err("its `filter` is empty".to_owned()) };
            if !first.is_word("where") {
                return Err("kpic expects `where` in its `filter`".to_owned());
            }
            own.push(self.read(condition)?);
        }
        let arguments = split(inner, |token| token.is_mark(","));
        let function = call.function.as_str();
        if let ("percentile_cont" | "median", Some(within)) = (function, &call.within) {
            let made = self.ordered(function, &arguments, within)?;
            return Ok((made, own));
        }
        if call.within.is_some() {
            return Err("kpic does not read its `within group`".to_owned());
        }
        if let ("quantile_cont", [value, share]) = (function, arguments.as_slice()) {
            return self.percentile(value, share).map(|made| (made, own));
        }
        let [argument] = arguments.as_slice() else {
            return Err(format!("kpic reads `{function}` of one value"));
        };
        let is_filtered = !own.is_empty();
        let dialect = self.scope.sources.dialect.name();
        if is_filtered && dialect == "clickhouse" && function != "count" {
            return Err("over no rows it is 0 or null there, as its column may be null or not".to_owned());
        }
        let is_all = matches!(argument, [only] if only.text == "*") || argument.is_empty() && function == "count";
        if is_all && function == "count" && !distinct {
            return Ok((counted(Argument::Rows, is_filtered), own));
        }
        if matches!(function, "count_if" | "countif") && !distinct {
            own.push(self.read(argument)?);
            return Ok((counted(Argument::Rows, true), own));
        }
        let made = self.of_value(function, argument, distinct || function == "uniqexact", &mut own)?;
        Ok((made, own))
    }

    /// `percentile_cont(0.9) within group (order by x)`.
    fn ordered(&mut self, function: &str, arguments: &[&[Token<'_>]], within: &[Token<'_>]) -> Result<Called, String> {
        let odd = || "kpic reads `percentile_cont(0.5) within group (order by x)` there".to_owned();
        let ([share], "percentile_cont", [order, by, value @ ..]) = (arguments, function, within) else { return Err(odd()) };
        let value = match value {
            [value @ .., last] if last.is_word("asc") => value,
            value => value,
        };
        let is_descending = value.last().is_some_and(|last| last.is_word("desc"));
        if !order.is_word("order") || !by.is_word("by") || is_descending { Err(odd()) } else { self.percentile(value, share) }
    }

    /// An aggregate of one value. What the value is a condition of is added to the aggregate's own.
    fn of_value(
        &mut self,
        function: &str,
        argument: &[Token<'_>],
        distinct: bool,
        own: &mut Vec<Node>,
    ) -> Result<Called, String> {
        let is_filtered = !own.is_empty();
        let dialect = self.scope.sources.dialect.name();
        let node = self.read(argument)?;
        if distinct && !matches!(function, "count" | "uniqexact" | "min" | "max") {
            return Err(format!("kpic has no `{function}` of different values alone"));
        }
        let plain = |function: &'static str, node: &Node, ty: Option<Ty>| Aggregated {
            function,
            percentile: None,
            argument: of(node),
            ty,
        };
        let only = |aggregated: Aggregated| Called { aggregated, counts: false, is_zero: false, is_added: None };
        Ok(match function {
            "count" | "uniqexact" => {
                let before = own.len();
                let node = parted(without(node, |otherwise| *otherwise == Node::Null).0, own);
                let is_zero = own.len() > before || is_filtered;
                match (distinct, node.nullable()) {
                    (true, _) => Called {
                        aggregated: plain("count_distinct", &node, Some(Ty::Integer)),
                        ..counted(Argument::Rows, is_zero)
                    },
                    (false, false) => counted(Argument::Rows, is_zero),
                    (false, true) => counted(of(&node), is_zero),
                }
            }
            "sum" => {
                let ty = node.ty();
                // Beside a filter it is 0 in some periods and null in others.
                let is_nought = |node: &Node| matches!(node, Node::Number(digits) if digits == "0" || digits == "0.0");
                let (node, is_zero) = if is_filtered { (node, false) } else { without(node, is_nought) };
                let node = parted(without(node, |otherwise| *otherwise == Node::Null).0, own);
                if node == Node::Number("1".to_owned()) {
                    counted(Argument::Rows, is_zero)
                } else {
                    let aggregated = plain("sum", &node, ty);
                    Called { aggregated, counts: true, is_zero, is_added: Some(node) }
                }
            }
            "avg" | "mean" => {
                if dialect == "redshift" && !matches!(node.ty(), Some(Ty::Number | Ty::Decimal)) {
                    self.differences.push("the warehouse cuts means of whole numbers, and kpic does not".to_owned());
                } else if rounds(dialect) && node.ty() != Some(Ty::Integer) {
                    self.differences.push(ROUNDED.to_owned());
                }
                only(plain("avg", &node, Some(Ty::Number)))
            }
            "min" => only(plain("min", &node, node.ty())),
            "max" => only(plain("max", &node, node.ty())),
            "median" if dialect == "clickhouse" => return Err("it is an estimate there: kpic's median is exact".to_owned()),
            "median" => {
                unrounded(node.ty(), &mut self.differences);
                only(plain("median", &node, Some(Ty::Number)))
            }
            other => return Err(format!("kpic does not carry `{other}`")),
        })
    }

    fn percentile(&mut self, value: &[Token<'_>], share: &[Token<'_>]) -> Result<Called, String> {
        let [share] = share else { return Err("kpic reads a number for its percentile".to_owned()) };
        let share = share.text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        let share = share.ok_or("its percentile is not between 0 and 1")?;
        let node = self.read(value)?;
        unrounded(node.ty(), &mut self.differences);
        let percent = (share * 1e12).round() / 1e10;
        let aggregated = Aggregated {
            function: "percentile",
            percentile: Some(format!("{percent}%")),
            argument: of(&node),
            ty: Some(Ty::Number),
        };
        Ok(Called { aggregated, counts: false, is_zero: false, is_added: None })
    }
}

fn counted(argument: Argument, is_zero: bool) -> Called {
    let aggregated = Aggregated { function: "count", percentile: None, argument, ty: Some(Ty::Integer) };
    Called { aggregated, counts: true, is_zero, is_added: None }
}

/// `case when condition then x else y end` without a y that is as asked, and whether it had one.
fn without(node: Node, is_it: impl Fn(&Node) -> bool) -> (Node, bool) {
    match node {
        Node::Case { operand: None, branches, otherwise: Some(otherwise) } if branches.len() == 1 && is_it(&otherwise) => {
            (Node::Case { operand: None, branches, otherwise: None }, true)
        }
        other => (other, false),
    }
}
