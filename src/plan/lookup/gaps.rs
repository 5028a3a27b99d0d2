//! Which periods and slices have data: `gaps: omit` leaves the others out, and with `empty: null` sums and counts are null there.

use crate::functions::{coalesce, count, if_, operators, sum};
use crate::model::KpiId;
use crate::model::expr::{Aggregate, At, Expr, Grouped, Node};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{Expansion, Formula, FormulaLeaf, Measure, MeasureId, MeasureOf, Move, Periods, Place};

impl Planner<'_> {
    /// Whether the view of a KPI has a row where it has this value; nothing where it always has one.
    pub(in crate::plan) fn is_shown(&mut self, kpi: KpiId, value: &Formula, place: &Place) -> Option<Formula> {
        let omits = self.model.kpis.get(kpi).omit_gaps;
        omits.then(|| is_above_zero(self.expansion.rows(std::slice::from_ref(value), place)))
    }
}

fn is_above_zero(rows: Formula) -> Formula {
    Expr::apply(&operators::GREATER, vec![rows, Expr::number(0)])
}

fn one_where_known(value: Formula) -> Formula {
    let known = Expr::apply(&operators::IS_NOT_NULL, vec![value]);
    Expr::apply(&if_::IF, vec![known, Expr::number(1), Expr::number(0)])
}

/// What a formula looks up.
enum Looked<'f> {
    /// A measure.
    Up(MeasureId, Move),
    /// One value in the period that is not over and another one in all others.
    SoFar(&'f [Formula; 3]),
}

fn leaves_of<'f>(formula: &'f Formula, found: &mut Vec<Looked<'f>>) {
    match &formula.node {
        Node::Leaf(FormulaLeaf::Value(id, way)) => found.push(Looked::Up(*id, way.clone())),
        Node::Apply(_, arguments) => match <&[Formula; 3]>::try_from(arguments.as_slice()) {
            Ok(three @ [Expr { node: Node::Leaf(FormulaLeaf::Known(way)), .. }, _, _]) if way.open => {
                found.push(Looked::SoFar(three));
            }
            _ => arguments.iter().for_each(|argument| leaves_of(argument, found)),
        },
        Node::Leaf(FormulaLeaf::Known(_)) | Node::Literal(_) | Node::Broken => {}
    }
}

impl Expansion {
    /// A value that is null over no rows, if it is to be.
    pub(in crate::plan) fn where_rows(&mut self, null_if_empty: bool, value: Formula, place: &Place) -> Formula {
        if !null_if_empty {
            return value;
        }
        let rows = self.rows(std::slice::from_ref(&value), place);
        Expr::apply(&if_::IF, vec![is_above_zero(rows), value])
    }

    /// A formula that is above 0 where any measure has a row, an entity or a period with one in its own window.
    pub(in crate::plan) fn rows(&mut self, formulas: &[Formula], place: &Place) -> Formula {
        let mut counts: Vec<Formula> = Vec::new();
        for formula in formulas {
            self.counts_of(formula, place, &mut counts);
        }
        let mut counts = counts.into_iter();
        let first = counts.next().unwrap_or_else(|| Expr::number(0));
        counts.fold(first, |all, next| Expr::apply(&operators::ADD, vec![all, next]))
    }

    fn counts_of(&mut self, formula: &Formula, place: &Place, counts: &mut Vec<Formula>) {
        let mut leaves = Vec::new();
        leaves_of(formula, &mut leaves);
        for leaf in leaves {
            let (id, way) = match leaf {
                Looked::Up(id, way) => (id, way),
                Looked::SoFar([is_open, so_far, before]) => {
                    // What is to date looks at the earlier period whole or up to a day, and never at both.
                    let [so_far, before] = [so_far, before].map(|of| self.rows(std::slice::from_ref(of), place));
                    counts.push(Expr::apply(&if_::IF, vec![is_open.clone(), so_far, before]));
                    continue;
                }
            };
            let Some(measure) = self.measures.get(id).cloned() else { continue };
            if matches!(
                measure.of,
                MeasureOf::Fresh(..) | MeasureOf::Unknown(..) | MeasureOf::Trusted(..) | MeasureOf::Doubt(..)
            ) {
                // That something is known is no row.
                continue;
            }
            let counting = self.counting(&measure, place);
            if counting.is_none() && matches!(measure.of, MeasureOf::Periods(_)) {
                // Periods are no rows: they are there whatever the data is.
                continue;
            }
            let Some(of) = counting else {
                // A hand-kept figure that is there is data.
                counts.push(one_where_known(Expr::leaf(FormulaLeaf::Value(id, way))));
                continue;
            };
            let is_of_entities = matches!(of, MeasureOf::Entities(_));
            let counted = Measure { of, keeps: measure.keeps.clone(), grain: measure.grain, seen: measure.seen };
            let at = Place { back: way.back.clone(), open: way.open, seen: measure.seen, ..place.clone() };
            let value = self.value(counted, &at, way.previous, "rows");
            let value = if is_of_entities {
                one_where_known(value)
            } else {
                Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)])
            };
            if !counts.contains(&value) {
                counts.push(value);
            }
        }
    }

    /// What counts the rows or entities that a measure ranges over.
    fn counting(&mut self, measure: &Measure, place: &Place) -> Option<MeasureOf> {
        let rows = |aggregate: &Aggregate| {
            // A row has an age once its own has begun: whether what it has then is null is always known.
            let at_age = aggregate.argument.clone().filter(|argument| argument.age().is_some());
            let argument = at_age.map(|value| Expr::apply(&operators::IS_NULL, vec![value]));
            let aggregate = Aggregate { function: &count::COUNT, fraction: None, argument, at: At(None), ..aggregate.clone() };
            MeasureOf::Rows(Box::new(aggregate))
        };
        Some(match &measure.of {
            MeasureOf::Rows(aggregate) => rows(aggregate),
            // Null where no entity counts.
            MeasureOf::Entities(grouped) => MeasureOf::Entities(Box::new(Grouped {
                function: &count::COUNT,
                fraction: None,
                null_if_empty: true,
                ..(**grouped).clone()
            })),
            MeasureOf::ByHand(_)
            | MeasureOf::Fresh(..)
            | MeasureOf::Unknown(..)
            | MeasureOf::Trusted(..)
            | MeasureOf::Doubt(..) => return None,
            MeasureOf::Periods(periods) => {
                let inner = Place { grain: periods.grain, back: Vec::new(), open: false, ..place.clone() };
                let mut counts = Vec::new();
                self.counts_of(&periods.of, &inner, &mut counts);
                let of = counts.into_iter().reduce(|all, next| Expr::apply(&operators::ADD, vec![all, next]))?;
                MeasureOf::Periods(Box::new(Periods { function: &sum::SUM, fraction: None, of, ..(**periods).clone() }))
            }
        })
    }
}
