//! Row expressions: what names mean inside an aggregate, in a derived column, and in the conditions of `slice` and groups.

use super::foreign::{LOOK_BACK, elsewhere, is_today, no_today};
use super::{Resolver, source};
use crate::calendar::Grain;
use crate::diagnostic::{codes, suggest};
use crate::formula::{Call, Expression, Kind, Literal as Written, Operator};
use crate::functions::closing_day::CLOSING_DAY;
use crate::functions::{self, Argument, Function, Rest, Role, case, operators};
use crate::model::expr::{Expr, Literal, Node, Path, RowExpr, RowLeaf, Stock};
use crate::model::facts::Type;
use crate::model::uses::Meant;
use crate::model::{ColumnId, SourceId};
use crate::text::{Name, Span};

/// Where a row expression stands, which decides what its names mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// What a bare name can be.
    pub names: Names,
    /// How states are looked at.
    pub stock: Option<&'a Stock>,
    /// Whether aggregates over related rows may be here.
    pub related: bool,
    /// Whether a condition that is null here counts as one that is false.
    pub null_is_false: bool,
}

/// What a bare name can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// A column of the source.
    Columns(SourceId),
    /// A dimension.
    Dimensions,
    /// `value`, the value of one entity.
    Value,
}

impl<'a> Scope<'a> {
    /// The same where states are looked at like that.
    pub(super) fn looking(self, stock: Option<&'a Stock>) -> Self {
        let pairs = matches!(stock, Some(Stock::Pairs(_)));
        Self { stock, related: self.related && !pairs, ..self }
    }

    /// The formula of a derived column, or what is aggregated.
    pub(super) fn derived(source: SourceId) -> Self {
        Self { names: Names::Columns(source), stock: None, related: false, null_is_false: false }
    }

    /// The condition of an aggregate.
    pub(super) fn filter(source: SourceId) -> Self {
        Self { names: Names::Columns(source), stock: None, related: true, null_is_false: true }
    }

    /// The condition of `slice`.
    pub(super) fn dimensions() -> Self {
        Self { names: Names::Dimensions, stock: None, related: false, null_is_false: false }
    }

    /// The condition on the values of a grouped aggregate.
    pub(super) fn value() -> Self {
        Self { names: Names::Value, stock: None, related: false, null_is_false: false }
    }

    /// What stands below something else than `and` and `or`.
    fn below(&self) -> Self {
        Self { null_is_false: false, ..*self }
    }
}

impl Resolver<'_> {
    /// Resolves a row expression.
    pub(super) fn row(&mut self, tree: &Expression, scope: &Scope<'_>) -> RowExpr {
        let node = match &tree.kind {
            Kind::Literal(Written::Duration(count, unit)) => Node::Leaf(RowLeaf::Duration(*count, *unit)),
            Kind::Literal(written) => Node::Literal(literal(written)),
            Kind::Path(path) => return self.path(path, tree.span, scope),
            Kind::Operator(operator, _, operands) => {
                if let Some(broken) = self.unquoted(*operator, operands, scope) {
                    return Expr::new(broken, tree.span);
                }
                let scope = if matches!(operator, Operator::And | Operator::Or) { *scope } else { scope.below() };
                Node::Apply(super::operator::of(*operator), operands.iter().map(|operand| self.row(operand, &scope)).collect())
            }
            Kind::Case { operand, branches, otherwise } => {
                let scope = &scope.below();
                let mut parts = Vec::new();
                let operand = operand.as_ref().map(|operand| self.row(operand, scope));
                for (when, then) in branches {
                    let when = self.row(when, scope);
                    parts.push(match &operand {
                        Some(operand) => Expr { at: when.at, ..Expr::apply(&operators::EQUAL, vec![operand.clone(), when]) },
                        None => when,
                    });
                    parts.push(self.row(then, scope));
                }
                parts.extend(otherwise.as_ref().map(|otherwise| self.row(otherwise, scope)));
                Node::Apply(&case::CASE, parts)
            }
            Kind::Call(call) => return self.row_call(call, tree.span, scope),
        };
        Expr::new(node, tree.span)
    }

    /// Reports a text without quotes: `status = paid`, where `paid` names no column and `status` holds texts. What is like a
    /// name that there is counts as a typing error instead.
    fn unquoted(&mut self, operator: Operator, operands: &[Expression], scope: &Scope) -> Option<Node<RowLeaf>> {
        let is_comparison = matches!(operator, Operator::Equal | Operator::NotEqual | Operator::In | Operator::NotIn);
        let (first, others) = operands.split_first().filter(|_| is_comparison)?;
        let source = match scope.names {
            Names::Columns(source) => source,
            Names::Dimensions => return self.unquoted_in_slice(first, others),
            Names::Value => return None,
        };
        let model = self.model;
        let own = model.sources.get(source);
        let bare = |expression: &Expression| match &expression.kind {
            Kind::Path(path) => path.first().filter(|_| path.len() == 1).cloned(),
            _ => None,
        };
        let held = bare(first).and_then(|name| own.names.get(&name.value).map(|id| own.columns.get(*id)))?;
        let unknown = |name: &Name| {
            let near = suggest::nearest(&name.value, own.columns.rows().iter().map(|column| column.name.value.as_str()));
            !own.names.contains_key(&name.value) && (near.is_none() || held.values.contains(&name.value))
        };
        let names: Vec<Name> = others.iter().filter_map(bare).filter(unknown).collect();
        if held.ty != Type::Text || names.is_empty() || own.is_partial {
            return None;
        }
        for name in names {
            let message = format!("`{}` has no column `{}`", own.name.value, name.value);
            self.report(&codes::UNKNOWN_COLUMN, name.span, message)
                .help(format!("if it is a text, put it in single quotes: `'{}'`", name.value));
        }
        Some(Node::Broken)
    }

    /// The same in a condition on dimensions: `slice(revenue, channel = partner)`.
    fn unquoted_in_slice(&mut self, first: &Expression, others: &[Expression]) -> Option<Node<RowLeaf>> {
        let model = self.model;
        let known = |name: &Name| model.dimension_names.contains_key(&name.value);
        let bare = |expression: &Expression| match &expression.kind {
            Kind::Path(path) => path.first().filter(|_| path.len() == 1).cloned(),
            _ => None,
        };
        bare(first).filter(known)?;
        let names: Vec<Name> = others.iter().filter_map(bare).filter(|name| !known(name)).collect();
        for name in &names {
            let near = suggest::nearest(&name.value, model.dimension_names.keys().map(String::as_str));
            let or = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{or}if it is a text, put it in single quotes: `'{}'`", name.value);
            self.report(&codes::UNKNOWN_DIMENSION, name.span, format!("there is no dimension `{}`", name.value)).help(help);
        }
        (!names.is_empty()).then_some(Node::Broken)
    }

    /// Resolves names with dots between them.
    pub(super) fn path(&mut self, path: &[Name], span: Span, scope: &Scope<'_>) -> RowExpr {
        let Some(first) = path.first() else { return Expr::new(Node::Broken, span) };
        match scope.names {
            Names::Columns(source) => {
                let leaf = match scope.stock {
                    Some(Stock::Pairs(per)) => self.pair_path(source, per.as_ref(), path, span).map(RowLeaf::Pair),
                    Some(Stock::At(_)) | None => self.column_path(source, path).map(RowLeaf::Column),
                };
                Expr::new(leaf.map_or(Node::Broken, Node::Leaf), span)
            }
            Names::Value if path.len() == 1 && first.value == "value" => Expr::new(Node::Leaf(RowLeaf::Value), span),
            Names::Value => {
                let help = "a condition on the rows goes inside the inner aggregate".to_owned();
                let message = format!("only `value`, the value of one entity, works here, not `{}`", first.value);
                self.broken(&codes::UNKNOWN_NAME, span, message, Some(help))
            }
            Names::Dimensions if path.len() > 1 => self.path_in_slice(path, span),
            Names::Dimensions => match self.dimension(first) {
                Some(id) => Expr::new(Node::Leaf(RowLeaf::Dimension(id)), span),
                None => Expr::new(Node::Broken, span),
            },
        }
    }

    /// A slice goes by dimensions; says how a path to a column becomes one.
    fn path_in_slice(&mut self, path: &[Name], span: Span) -> RowExpr {
        let model = self.model;
        let written = crate::formula::print::dotted(path);
        let first = path.first().map_or("", |name| name.value.as_str());
        let last = path.last().map_or("", |name| name.value.as_str());
        let refers = |source: &&crate::model::Source| {
            source.names.get(first).is_some_and(|column| source.columns.get(*column).reference.is_some())
        };
        let help = match model.sources.rows().iter().find(refers) {
            Some(source) => format!(
                "make it a dimension: `dimensions: {{ {last}: {{ from: {{ {}: {written} }} }} }}`, and write `{last}`",
                source.name.value
            ),
            None => format!("write just the dimension: `{last}`"),
        };
        let message = format!("a slice uses dimensions, and `{written}` is a path to a column");
        self.broken(&codes::UNKNOWN_DIMENSION, span, message, Some(help))
    }

    /// The dimension of a name, or a finding.
    pub(super) fn dimension(&mut self, name: &Name) -> Option<crate::model::DimensionId> {
        if let Some(id) = self.model.dimension_named(name) {
            return Some(id);
        }
        if !self.incomplete {
            super::kpi::unknown_dimension(self.model, name, &mut self.findings);
        }
        None
    }

    /// The column at the end of a path that starts in `source`: its columns first, then the source's own name.
    pub(super) fn column_path(&mut self, source: SourceId, path: &[Name]) -> Option<Path> {
        let model = self.model;
        let own = model.sources.get(source);
        let (first, rest) = path.split_first()?;
        // `followers.followers` of a source that has the name of one of its columns: nothing can follow that column.
        let follows = |column: &ColumnId| own.columns.get(*column).reference.is_some();
        let is_column = match own.names.get(&first.value) {
            Some(column) => follows(column) || !rest.first().is_some_and(|next| own.names.contains_key(&next.value)),
            None => false,
        };
        let (first, rest) = if is_column || first.value != own.name.value {
            (first, rest)
        } else if let Some((next, rest)) = rest.split_first() {
            model.uses.note(first.span, Meant::Source(source));
            (next, rest)
        } else {
            let message = format!("`{}` is the source itself, but this needs a value of its rows", first.value);
            self.report(&codes::UNKNOWN_COLUMN, first.span, message).help("name one of its columns");
            return None;
        };
        if !own.names.contains_key(&first.value) {
            self.not_a_column(source, first, rest);
            return None;
        }
        let mut at = source;
        let mut through = Vec::new();
        let mut names = std::iter::once(first).chain(rest).peekable();
        while let Some(name) = names.next() {
            let here = model.sources.get(at);
            let Some(column) = here.names.get(&name.value).copied() else {
                source::unknown_column(here, name, &mut self.findings);
                return None;
            };
            if names.peek().is_none() {
                return Some(Path { through, column });
            }
            let Some(next) = here.columns.get(column).reference else {
                if here.columns.get(column).reference_span.is_some() {
                    // It is one, to a source that does not exist, which is told where it is written.
                    return None;
                }
                let message = format!("`{}` of `{}` is not a reference, so nothing can follow it", name.value, here.name.value);
                let holds = |source: &&crate::model::Source| {
                    source.key.len() == 1 && names.peek().is_some_and(|next| source.names.contains_key(&next.value))
                };
                let target = model.sources.rows().iter().find(holds).map_or("...", |source| source.name.value.as_str());
                self.report(&codes::NOT_A_REFERENCE, name.span, message).help(format!(
                    "if it holds the key of a source, declare that: `{}: {{ references: {target} \
                     }}`",
                    name.value
                ));
                return None;
            };
            through.push(column);
            at = next;
        }
        None
    }

    /// Says why a name is not a column of a source, and what was probably meant.
    fn not_a_column(&mut self, source: SourceId, name: &Name, rest: &[Name]) {
        let model = self.model;
        let own = model.sources.get(source);
        if own.is_partial {
            return;
        }
        if matches!(name.value.as_str(), "start" | "end") && !rest.is_empty() {
            self.not_a_state(source, name.span, None);
            return;
        }
        if let Some(other) = model.source_names.get(&name.value) {
            let mut ties = own.columns.rows().iter().filter(|column| column.reference == Some(*other));
            let message = format!("`{}` is another source; rows of `{}` do not have its columns", name.value, own.name.value);
            let finding = self.report(&codes::UNKNOWN_COLUMN, name.span, message);
            match (ties.next(), rest.first()) {
                (Some(tie), Some(column)) => {
                    finding.help(format!("go through the reference: `{}.{}`", tie.name.value, column.value));
                }
                (Some(tie), None) => {
                    finding.help(format!("go through the reference: `{}`", tie.name.value));
                }
                (None, _) if model.sources.get(*other).journey.is_some() => {
                    finding.help("count the journey in a separate aggregate");
                }
                (None, _) => {
                    finding.help(format!(
                        "no column of `{0}` refers to `{1}`; add `references: {1}` to the column that holds its key",
                        own.name.value, name.value
                    ));
                }
            }
            return;
        }
        if model.kpi_names.contains_key(&name.value) {
            let message =
                format!("`{}` is a KPI, but inside an aggregate only columns of `{}` work", name.value, own.name.value);
            self.report(&codes::KPI_IN_ROWS, name.span, message).help(format!(
                "combine KPIs outside the parentheses, as in `sum(...) * {0}`; over periods write `avg({0} each day)`",
                name.value
            ));
            return;
        }
        if is_today(&name.value) {
            self.report(&codes::UNKNOWN_COLUMN, name.span, no_today(&name.value)).help(LOOK_BACK);
            return;
        }
        if let Some(help) = self.meant_edge(source, name, rest) {
            let message = format!("`{}` has no column `{}`", own.name.value, name.value);
            self.report(&codes::UNKNOWN_COLUMN, name.span, message).help(help);
            return;
        }
        if let Some(column) = self.place_of_dimension(source, name).filter(|_| rest.is_empty()) {
            let message = format!("`{}` has no column `{}`", own.name.value, name.value);
            let help = format!("a condition on rows goes by columns: the dimension `{}` is `{column}` here", name.value);
            self.report(&codes::UNKNOWN_COLUMN, name.span, message).help(help);
            return;
        }
        source::unknown_column(own, name, &mut self.findings);
    }

    /// How the value of a dimension is written in the rows of a source.
    fn place_of_dimension(&self, source: SourceId, name: &Name) -> Option<String> {
        let dimension = self.model.dimensions.get(*self.model.dimension_names.get(&name.value)?);
        let path = dimension.places.get(&source)?;
        let mut at = self.model.sources.get(source);
        let mut written = String::new();
        for through in &path.through {
            let column = at.columns.get(*through);
            written.push_str(&column.name.value);
            written.push('.');
            at = self.model.sources.get(column.reference?);
        }
        Some(written + &at.columns.get(path.column).name.value)
    }

    fn row_call(&mut self, call: &Call, span: Span, scope: &Scope<'_>) -> RowExpr {
        if call.name.value.eq_ignore_ascii_case(super::reached::NAME) {
            return self.reached(call, span, scope);
        }
        let Some(function) = self.function(call) else {
            // The arguments may be wrong on their own account.
            for argument in &call.arguments {
                self.row(argument, scope);
            }
            return Expr::new(Node::Broken, span);
        };
        match function.role {
            Role::Aggregate(_) if scope.related => return self.related(call, function, span, scope),
            Role::Aggregate(_) => {
                let message = format!(
                    "`{}` is an aggregate and does not work here, where each row has a \
                 value",
                    function.name
                );
                let help = match scope.names {
                    Names::Columns(_) => {
                        "an aggregate of an aggregate needs `per`, as in `avg(sum(orders.amount) per orders.customer)`; in \
                         a condition after `where` it aggregates the related rows"
                    }
                    Names::Dimensions => "a slice is a condition on dimensions, such as `country = 'DE'`",
                    Names::Value => "the condition is on `value`, as in `where value > 100`",
                };
                return self.broken(&codes::NESTED_AGGREGATE, call.name.span, message, Some(help.to_owned()));
            }
            Role::Kpi | Role::Trend => {
                let message = format!("`{}` works on KPIs and cannot be used inside an aggregate", function.name);
                return self.broken(
                    &codes::WRONG_LEVEL,
                    call.name.span,
                    message,
                    Some(format!("put it around a KPI, as in `{}`", function.example)),
                );
            }
            Role::Value | Role::RowValue | Role::Conversion => {}
        }
        if let (true, Names::Dimensions | Names::Value) = (*function == CLOSING_DAY, scope.names) {
            let message = "there is no closing day here: this is not about rows".to_owned();
            let help = "look at it in a derived column of the source: `open_for: { type: integer, unit: day, expr: closing_day() - opened_on }`";
            return self.broken(&codes::NO_CLOSING_DAY, span, message, Some(help.to_owned()));
        }
        self.no_clauses(call, function);
        if !self.arity(call, function) {
            return Expr::new(Node::Broken, span);
        }
        let scope = scope.below();
        let arguments = call.arguments.iter().enumerate().map(|(at, argument)| match argument_at(function, at) {
            Some(Argument::Grain) => self.grain(argument),
            _ => self.row(argument, &scope),
        });
        let arguments: Vec<RowExpr> = arguments.collect();
        Expr::new(Node::Apply(function, arguments), span)
    }

    /// The word for a grain, as `trunc` takes it.
    fn grain<L>(&mut self, argument: &Expression) -> Expr<L> {
        let word = match &argument.kind {
            Kind::Path(path) if path.len() == 1 => path.first().map(|name| name.value.as_str()),
            Kind::Literal(Written::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(grain) = word.and_then(Grain::parse) {
            Expr::new(Node::Literal(Literal::Grain(grain)), argument.span)
        } else {
            let message = "expected `day`, `week`, `month`, `quarter` or `year` here";
            self.broken(&codes::WRONG_ARGUMENTS, argument.span, message, Some("for instance `trunc(day, month)`".to_owned()))
        }
    }

    /// The function that a call names, or a finding.
    pub(super) fn function(&mut self, call: &Call) -> Option<&'static Function> {
        let name = call.name.value.to_lowercase();
        if let Some(function) = functions::by_name(&name) {
            return Some(function);
        }
        if name == super::reached::NAME {
            self.not_a_journey(call, "`reached` is a condition on the rows of a journey, and goes inside an aggregate");
            return None;
        }
        if is_today(&name) {
            self.report(&codes::UNKNOWN_FUNCTION, call.name.span, no_today(&call.name.value)).help(LOOK_BACK);
            return None;
        }
        let help = match elsewhere(&name) {
            Some(here) => Some(format!("kpic writes {here}")),
            None if self.model.kpi_names.contains_key(&call.name.value) => {
                Some(format!("`{0}` is a KPI: write `{0}` without parentheses", call.name.value))
            }
            None => suggest::nearest(&name, functions::ALL.iter().map(|function| function.name).chain([super::reached::NAME]))
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| Some("for anything else, add a column with raw `sql:` to the source".to_owned())),
        };
        let names = functions::ALL.iter().map(|function| function.name);
        let meant = suggest::certain(&call.name.value, names, suggest::Words::Project);
        let message = format!("there is no function `{}`", call.name.value);
        let finding = self.report(&codes::UNKNOWN_FUNCTION, call.name.span, message);
        finding.help = help;
        finding.mend(call.name.span, &call.name.value, meant);
        None
    }

    /// Reports the clauses of a call that takes none.
    pub(super) fn no_clauses(&mut self, call: &Call, function: &Function) {
        for (clause, span) in &call.clauses {
            let message = format!("`{}` takes no `{clause}`: only aggregates have clauses", function.name);
            let help = "put it inside an aggregate, as in `round(sum(orders.amount where status = 'paid'), 2)`";
            self.report(&codes::WRONG_CLAUSE, *span, message).help(help);
        }
    }

    /// Whether a call has a fitting number of arguments; a finding if not.
    pub(super) fn arity(&mut self, call: &Call, function: &Function) -> bool {
        let given = call.arguments.len();
        let least = function.takes.len();
        let fits = given >= least
            && match function.rest {
                Rest::None => given == least,
                Rest::Optional(_) => given <= least + 1,
                Rest::Many(_) => true,
            };
        if !fits {
            let wanted = match function.rest {
                Rest::None => format!("{least}"),
                Rest::Optional(_) => format!("{least} or {}", least + 1),
                Rest::Many(_) => format!("{least} or more"),
            };
            let plural = if wanted == "1" { "" } else { "s" };
            let message = format!("`{}` takes {wanted} argument{plural}, not {given}", function.name);
            let help = match function.name {
                "max" if given > 1 => "the greatest of several values is `greatest(a, b)`; `max` is over rows".to_owned(),
                "min" if given > 1 => "the least of several values is `least(a, b)`; `min` is over rows".to_owned(),
                "date" if given == 3 => "a day is written `date '2025-01-31'`".to_owned(),
                _ => format!("for instance `{}`", function.example),
            };
            self.report(&codes::WRONG_ARGUMENTS, call.name.span, message).help(help);
        }
        fits
    }
}

/// What a function takes at a place.
pub(super) fn argument_at(function: &Function, at: usize) -> Option<Argument> {
    function.takes.get(at).copied().or(match function.rest {
        Rest::None => None,
        Rest::Optional(argument) | Rest::Many(argument) => Some(argument),
    })
}

/// A value as written; a percentage is the fraction that it means, in exact digits.
pub(super) fn literal(written: &Written) -> Literal {
    match written {
        Written::Null => Literal::Null,
        Written::Truth(value) => Literal::Truth(*value),
        Written::Number(digits) => Literal::Number(digits.clone()),
        Written::Percent(digits) => Literal::Number(hundredth(digits)),
        Written::Text(text) => Literal::Text(text.clone()),
        Written::Date(day) => Literal::Date(*day),
        // Durations are leaves, because their unit matters.
        Written::Duration(count, _) => Literal::Number(count.to_string()),
    }
}

/// A number in digits divided by 100, in digits: `12.5` becomes `0.125`.
fn hundredth(digits: &str) -> String {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{whole:0>3}");
    let split = padded.len() - 2;
    let (before, after) = padded.split_at(split);
    let before = before.trim_start_matches('0');
    let before = if before.is_empty() { "0" } else { before };
    let after = format!("{after}{part}");
    let after = after.trim_end_matches('0');
    if after.is_empty() { before.to_owned() } else { format!("{before}.{after}") }
}

#[cfg(test)]
mod tests {
    use super::hundredth;

    #[test]
    fn percentages_stay_exact() {
        for (written, value) in
            [("25", "0.25"), ("7", "0.07"), ("100", "1"), ("12.5", "0.125"), ("0", "0"), ("0.1", "0.001"), ("250", "2.5")]
        {
            assert_eq!(hundredth(written), value);
        }
    }
}
