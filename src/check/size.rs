//! How large a formula is once everything in it has been written out: the formulas of its KPIs and derived columns, and what has to
//! appear twice in SQL. Sizes that double with every level are refused before anything is written.

use super::Context;
use crate::diagnostic::codes;
use crate::functions::Function;
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Grouped, Node, Path, RowExpr, RowLeaf, Way};
use crate::model::{ColumnId, KpiId, Model, SourceId};
use crate::text::Span;
use foldhash::HashMap;

/// How large a formula may be once it is written out.
const LARGEST: usize = 5_000;
/// How deep it may be then.
const DEEPEST: usize = 250;
/// How many KPIs or derived columns may name each other in turn, each the one before.
const LONGEST_CHAIN: usize = 250;

/// How many parts a formula has, how deep it is, and how long its longest chain of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    parts: usize,
    depth: usize,
    chain: usize,
}

/// The sizes of what has been looked at.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    kpis: HashMap<KpiId, Size>,
    columns: HashMap<(SourceId, ColumnId), Size>,
}

impl Size {
    const ONE: Size = Size { parts: 1, depth: 1, chain: 0 };

    pub(super) fn is_too_large(self) -> bool {
        self.parts > LARGEST || self.depth > DEEPEST || self.chain > LONGEST_CHAIN
    }

    fn with(self, other: Size) -> Size {
        Size {
            parts: self.parts.saturating_add(other.parts),
            depth: self.depth.max(other.depth.saturating_add(1)),
            chain: self.chain.max(other.chain),
        }
    }

    /// The size of something that is a name for this.
    fn named(self) -> Size {
        Size { chain: self.chain.saturating_add(1), ..self }
    }

    fn times(self, copies: usize) -> Size {
        Size { parts: self.parts.saturating_mul(copies), ..self }
    }
}

impl Sizes {
    /// Remembers the size of a KPI's formula.
    pub(super) fn note_kpi(&mut self, id: KpiId, size: Size) {
        self.kpis.insert(id, size);
    }

    /// Remembers the size of a derived column's formula.
    pub(super) fn note_column(&mut self, source: SourceId, column: ColumnId, size: Size) {
        self.columns.insert((source, column), size);
    }

    /// The size of a KPI's formula.
    pub(super) fn calc(&self, model: &Model, calc: &Calc) -> Size {
        let of = |calc: &Calc| self.calc(model, calc);
        match &calc.node {
            Node::Literal(_) | Node::Broken => Size::ONE,
            Node::Apply(function, arguments) => applied(function, arguments, &of),
            Node::Leaf(leaf) => match leaf {
                CalcLeaf::Kpi(id) => self.kpis.get(id).copied().unwrap_or(Size::ONE).named(),
                CalcLeaf::Duration(..) => Size::ONE,
                CalcLeaf::Aggregate(aggregate) => self.aggregate(model, aggregate),
                CalcLeaf::Grouped(grouped) => self.grouped(model, grouped),
                CalcLeaf::Each(each) => of(&each.of),
                CalcLeaf::Prior(past, inner, _) => {
                    // What is to date is there once for periods that are over and once for the one that is not.
                    let earlier = if past.is_to_date() { 2 } else { 1 };
                    let copies = 1 + earlier * if past.is_growth() { 2 } else { 1 };
                    let inner = of(inner).times(copies);
                    Size { depth: inner.depth.saturating_add(2), ..inner }
                }
                CalcLeaf::Trend(trend) => {
                    // The mean stands there four times, and the mean moving range is of twice as many values.
                    let copies = if trend.way == Way::Unusual { 8 } else { 2 };
                    of(&trend.of).times(trend.length.count.saturating_mul(copies) as usize)
                }
                CalcLeaf::Slice(inner, _) | CalcLeaf::Total(inner, _) => of(inner),
            },
        }
    }

    /// The size of a formula over rows of a source.
    pub(super) fn row(&self, model: &Model, source: SourceId, expr: &RowExpr) -> Size {
        match &expr.node {
            Node::Apply(function, arguments) => {
                applied(function, arguments, &|argument: &RowExpr| self.row(model, source, argument))
            }
            Node::Leaf(RowLeaf::Column(path)) => self.column(model, source, path),
            Node::Leaf(RowLeaf::Related(related)) => self.aggregate(model, &related.aggregate),
            Node::Literal(_) | Node::Broken | Node::Leaf(_) => Size::ONE,
        }
    }

    fn column(&self, model: &Model, source: SourceId, path: &Path) -> Size {
        self.columns.get(&(model.end_of(source, path), path.column)).map_or(Size::ONE, |size| size.named())
    }

    fn aggregate(&self, model: &Model, aggregate: &Aggregate) -> Size {
        let of = aggregate.argument.iter().chain(&aggregate.filter);
        of.map(|expr| self.row(model, aggregate.source, expr)).fold(Size::ONE, Size::with)
    }

    fn grouped(&self, model: &Model, grouped: &Grouped) -> Size {
        grouped
            .filter
            .iter()
            .map(|filter| self.row(model, grouped.source, filter))
            .fold(self.calc(model, &grouped.of), Size::with)
    }
}

fn applied<L>(function: &Function, arguments: &[Expr<L>], of: &impl Fn(&Expr<L>) -> Size) -> Size {
    // What is null outside its domain, or where one operand is, has its operands in the condition too.
    let copies = match function.name {
        "sqrt" | "ln" | "exp" | "power" | "least" | "greatest" => 2,
        _ => 1,
    };
    arguments.iter().map(|argument| of(argument).times(copies)).fold(Size::ONE, Size::with)
}

/// Reports a formula that is too large.
pub(super) fn too_large(context: &mut Context<'_>, what: &str, span: Span, size: Size) {
    let message = if size.parts > LARGEST {
        format!("with everything in it written out, `{what}` has more than {LARGEST} parts")
    } else if size.depth > DEEPEST {
        format!("with everything in it written out, `{what}` is {} levels deep, more than {DEEPEST}", size.depth)
    } else {
        format!(
            "`{what}` is at the end of a chain of {} definitions that refer to each other; the limit is {LONGEST_CHAIN}",
            size.chain + 1
        )
    };
    context
        .report(&codes::FORMULA_TOO_LARGE, span, message)
        .help("shorten the chain of KPIs or derived columns, or aggregate rows directly");
}
