//! Values that stand for themselves, where all others are one: they are looked up in a part that has them.

use super::Scan;
use crate::functions::operators;
use crate::model::expr::Expr;
use crate::plan::Lumped;
use crate::plan::algebra::relation::{From, Join, JoinKind, Rows, Scalar, column};

impl Lumped {
    /// What is joined, and the value that stands for another one.
    pub(in crate::plan) fn join(&self, value: Scalar) -> (Join, Scalar) {
        let own = column(&self.part, &self.column);
        let from = From { relation: Rows::Part(self.part.clone()), name: self.part.clone() };
        let on = Some(Expr::apply(&operators::EQUAL, vec![own.clone(), value]));
        (Join { kind: JoinKind::Left, from, on }, own)
    }
}

impl Scan<'_> {
    /// A value that stands for itself, or null.
    pub(in crate::plan) fn lumped(&mut self, lumped: &Lumped, value: Scalar) -> Scalar {
        let (join, own) = lumped.join(value);
        self.lumped.push(join);
        own
    }

    /// What is joined to know which values stand for themselves, for whoever joins it behind other things.
    pub(in crate::plan) fn take_lumped(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.lumped)
    }
}
