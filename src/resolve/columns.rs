//! What conditions on the columns of a question may name: these columns, and nothing else.

use super::Resolver;
use crate::diagnostic::{codes, suggest};
use crate::formula::Call;
use crate::model::expr::{Calc, CalcLeaf, Expr, Node};
use crate::spec::kpi::Columns;
use crate::text::{Name, Span};

impl Resolver<'_> {
    /// The column that a path names.
    pub(super) fn of_column(&mut self, columns: &Columns, path: &[Name], span: Span) -> Calc {
        let written = crate::formula::print::dotted(path);
        let kpi = columns.kpi(&written).and_then(|kpi| self.model.kpi_names.get(kpi));
        if let Some(id) = kpi {
            return Expr::new(Node::Leaf(CalcLeaf::Kpi(*id)), span);
        }
        let names = columns.0.iter().map(|(name, _)| name.as_str());
        let help = if self.model.kpi_names.contains_key(&written) {
            format!("ask for it too: `kpic query {} {written} --having ...`", columns.0.first().map_or("", |(name, _)| name))
        } else if self.model.dimension_names.contains_key(&written) {
            format!("`{written}` is a dimension: conditions on dimensions go into `--where`")
        } else {
            suggest::did_you_mean(&written, "its figures are", names).unwrap_or_default()
        };
        self.broken(&codes::UNKNOWN_NAME, span, format!("the answer has no figure `{written}`"), Some(help))
    }

    /// An aggregate, which is about rows and not about the answer.
    pub(super) fn aggregate_of_rows(&mut self, call: &Call, span: Span) -> Calc {
        let message = format!("`--having` is about the figures of the answer, but `{}` aggregates rows", call.name.value);
        let help = "ask for it under a name, and compare that: `kpic query 'orders = count(orders)' --having 'orders > 1'`";
        self.broken(&codes::WRONG_LEVEL, span, message, Some(help.to_owned()))
    }
}
