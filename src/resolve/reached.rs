//! `reached(step within 14 days of step)`: whether a journey got to a step, and in time.

use super::Resolver;
use super::row::{Names, Scope};
use crate::diagnostic::{codes, suggest};
use crate::formula::print::dotted;
use crate::formula::{Call, Expression, Kind};
use crate::functions::{coalesce, operators};
use crate::model::expr::{Expr, Literal, Node, Path, RowExpr, RowLeaf};
use crate::model::journey::{Journey, Order, Reached};
use crate::model::{ColumnId, Source, SourceId};
use crate::text::{Name, Span};

/// How the condition is written.
pub(super) const NAME: &str = "reached";

impl Resolver<'_> {
    /// Resolves `reached(...)` where each row has a value.
    pub(super) fn reached(&mut self, call: &Call, span: Span, scope: &Scope<'_>) -> RowExpr {
        let model = self.model;
        let broken = Expr::new(Node::Broken, span);
        let journey = match scope.names {
            Names::Columns(source) => model.sources.get(source).journey.as_ref().map(|journey| (source, journey)),
            Names::Dimensions | Names::Value => None,
        };
        let Some((source, journey)) = journey else {
            let what = match scope.names {
                Names::Columns(source) => format!("`{}` is not one", model.sources.get(source).name.value),
                Names::Dimensions => "a slice uses dimensions".to_owned(),
                Names::Value => "this is the value of an entity".to_owned(),
            };
            self.not_a_journey(call, &format!("`reached` is about the rows of a journey, and {what}"));
            return broken;
        };
        for (clause, span) in &call.clauses {
            if !matches!(*clause, "within" | "of") {
                let help = format!("write it after the parentheses of `{NAME}`, in the aggregate around it");
                self.report(&codes::WRONG_CLAUSE, *span, format!("`{NAME}` takes no `{clause}`")).help(help);
                return broken;
            }
        }
        let Some(step) = self.step_argument(call, source, journey) else { return broken };
        if let (Some(of), None) = (&call.of, &call.within) {
            let place = call.clause("of").unwrap_or(span);
            let message = "`of` needs a `within`: it names the step from which the time counts";
            let help = format!("write `{NAME}({} within 14 days of {})`", name_of(model.sources.get(source), step), dotted(of));
            self.report(&codes::WRONG_CLAUSE, place, message).help(help);
            return broken;
        }
        let of = match &call.of {
            Some(of) => self.step_of(of, call.clause("of").unwrap_or(span), source, journey),
            None => journey.steps.first().map(|step| step.column),
        };
        let Some(of) = of else { return broken };
        if !self.is_in_order(call, source, journey, step, of) {
            return broken;
        }
        let within = call.within.as_ref().map(|within| within.value);
        let condition = condition(journey, call, (step, of), scope.null_is_false, span);
        Expr::new(Node::Leaf(RowLeaf::Reached(Box::new(Reached { step, of, within, condition }))), span)
    }

    /// Says that `reached` without a journey.
    pub(super) fn not_a_journey(&mut self, call: &Call, message: &str) {
        let model = self.model;
        let mut journeys = model.sources.rows().iter().filter(|source| source.journey.is_some());
        let step = match call.arguments.first().map(|argument| &argument.kind) {
            Some(Kind::Path(path)) => path.last().map_or("step", |name| name.value.as_str()),
            _ => "step",
        };
        let has_step = |source: &&Source| source.names.contains_key(step);
        let journey = journeys.clone().find(has_step).or_else(|| journeys.next());
        let help = match journey {
            Some(journey) => format!("count a journey: `count({} where {NAME}({step}))`", journey.name.value),
            None => "define one under `journeys:`, and count it: `count(onboarding where reached(bought))`".to_owned(),
        };
        self.report(&codes::NOT_A_JOURNEY, call.name.span, message).help(help);
    }

    /// The step between the parentheses.
    fn step_argument(&mut self, call: &Call, source: SourceId, journey: &Journey) -> Option<ColumnId> {
        let [Expression { kind: Kind::Path(path), .. }] = call.arguments.as_slice() else {
            let place = call.arguments.first().map_or(call.name.span, |argument| argument.span);
            let message = format!("`{NAME}` takes the name of one step");
            let help = format!("the steps are: {}", self.steps(source, journey));
            self.report(&codes::WRONG_ARGUMENTS, place, message).help(help);
            return None;
        };
        let place = path.first().map_or(call.name.span, |first| first.span);
        self.step_of(path, place, source, journey)
    }

    /// The step that a path names, or a finding.
    fn step_of(&mut self, path: &[Name], place: Span, source: SourceId, journey: &Journey) -> Option<ColumnId> {
        let own = &self.model.sources.get(source).name.value;
        match path {
            [step] => self.step(step, source, journey),
            [first, step] if first.value == *own => self.step(step, source, journey),
            _ => {
                let message = format!("`{NAME}` takes the name of one step");
                let help = format!("the steps are: {}", self.steps(source, journey));
                self.report(&codes::WRONG_ARGUMENTS, place, message).help(help);
                None
            }
        }
    }

    fn steps(&self, source: SourceId, journey: &Journey) -> String {
        let source = self.model.sources.get(source);
        let names: Vec<&str> = journey.steps.iter().map(|step| name_of(source, step.column)).collect();
        names.join(", ")
    }

    /// The step of a name, or a finding.
    fn step(&mut self, name: &Name, source: SourceId, journey: &Journey) -> Option<ColumnId> {
        let source_here = self.model.sources.get(source);
        let found = journey.steps.iter().find(|step| name_of(source_here, step.column) == name.value);
        if let Some(step) = found {
            return Some(step.column);
        }
        let is_column = source_here.names.contains_key(&name.value);
        let message = if is_column {
            format!("`{}` is a column of `{}`, not a step", name.value, source_here.name.value)
        } else {
            format!("`{}` has no step `{}`", source_here.name.value, name.value)
        };
        let names = journey.steps.iter().map(|step| name_of(source_here, step.column));
        let help = suggest::did_you_mean(&name.value, "the steps are", names.clone());
        let meant = suggest::certain(&name.value, names, suggest::Words::Project);
        let finding = self.report(&codes::UNKNOWN_STEP, name.span, message);
        finding.help = help;
        finding.mend(name.span, &name.value, meant);
        None
    }

    /// Whether a step can come after that from which the time counts.
    fn is_in_order(&mut self, call: &Call, source: SourceId, journey: &Journey, step: ColumnId, of: ColumnId) -> bool {
        let (Some(place), Some(from)) = (journey.place(step), journey.place(of)) else { return false };
        let source = self.model.sources.get(source);
        let (step, of) = (name_of(source, step), name_of(source, of));
        let at = call.arguments.first().map_or(call.name.span, |argument| argument.span);
        if place == 0 && from == 0 {
            let message = format!("every journey has reached `{step}`: it starts there");
            self.report(&codes::CONSTANT_CONDITION, at, message).help("remove the condition, or name a later step");
        } else if place == from {
            let message = format!("`{step}` is always within any time of itself");
            self.report(&codes::CONSTANT_CONDITION, at, message)
                .help(format!("write `{NAME}({step})`, or name an earlier step after `of`"));
        } else if place < from && (journey.order == Order::Strict || place == 0) {
            let place = call.of.as_ref().and_then(|of| of.last()).map_or(at, |of| of.span);
            let message =
                format!("`{step}` comes before `{of}` in `{}`, so it cannot come within a time after it", source.name.value);
            self.report(&codes::BAD_WINDOW, place, message).help(format!("swap the two: `{NAME}({of} within ... of {step})`"));
            return false;
        }
        true
    }
}

fn name_of(source: &Source, column: ColumnId) -> &str {
    source.columns.get(column).name.value.as_str()
}

/// What `reached` means, as a condition on the times of steps. It is never null, unless that counts as false anyway.
fn condition(journey: &Journey, call: &Call, (step, of): (ColumnId, ColumnId), null_is_false: bool, span: Span) -> RowExpr {
    let time = |column: ColumnId| Expr::new(Node::Leaf(RowLeaf::Column(Path::to(column))), span);
    let Some(within) = &call.within else {
        return Expr::new(Node::Apply(&operators::IS_NOT_NULL, vec![time(step)]), span);
    };
    let (count, unit) = within.value;
    let length = Expr::new(Node::Leaf(RowLeaf::Duration(count, unit)), within.span);
    let last = Expr::new(Node::Apply(&operators::ADD, vec![time(of), length]), within.span);
    // Only in any order may a step come before one that is not the first.
    let before = journey.order == Order::Any && journey.place(of) != Some(0);
    let in_time = if before {
        Node::Apply(&operators::BETWEEN, vec![time(step), time(of), last])
    } else {
        Node::Apply(&operators::LESS_OR_EQUAL, vec![time(step), last])
    };
    let in_time = Expr::new(in_time, span);
    if null_is_false {
        return in_time;
    }
    let not = Expr::new(Node::Literal(Literal::Truth(false)), span);
    Expr::new(Node::Apply(&coalesce::COALESCE, vec![in_time, not]), span)
}
