//! KPI arithmetic: what names and functions mean outside aggregates.

use super::Resolver;
use super::around::{around, identifies};
use super::row::{Scope, literal};
use crate::calendar::TimeUnit;
use crate::calendar::{Grain, Length};
use crate::diagnostic::{codes, suggest};
use crate::formula::{Call, Expression, Kind, Literal as Written};
use crate::functions::{self, Function, Role, case, falling, operators, rising, slice};
use crate::model::expr::{Calc, CalcLeaf, Expr, Literal, Node, Past, Trend, Way};
use crate::model::facts::Kind as Additivity;
use crate::model::{Body, Kept, Source, SourceId, SourceKind, Values, unusual};
use crate::spec::kpi as written;
use crate::text::{Name, Span, Spanned};

impl Resolver<'_> {
    /// How a KPI is computed.
    pub(super) fn body(&mut self, kpi: &written::Kpi, tree: Option<&Expression>) -> Body {
        match (tree, kpi.values_span) {
            (_, Some(span)) if kpi.formula.is_some() => {
                let message = format!("the KPI `{}` has both a formula and hand-kept values", kpi.name.value);
                self.report(&codes::CONFLICTING_KEYS, span, message).help("keep one of `formula` and `values`");
                Body::Broken
            }
            (_, Some(span)) => self.values(kpi, span),
            (Some(tree), None) => {
                if let Some(kind) = &kpi.kind {
                    let message = "`kind` is for hand-kept values; here it follows from the formula";
                    self.report(&codes::CONFLICTING_KEYS, kind.span, message).help("delete `kind`");
                }
                Body::Formula(self.calc(tree))
            }
            (None, None) => {
                if kpi.formula.is_none() && !kpi.broken {
                    let message = format!("the KPI `{}` has neither a `formula` nor `values`", kpi.name.value);
                    self.report(&codes::MISSING_KEY, kpi.name.span, message)
                        .help("write how it is computed, `formula: count(orders)`, or `values:` if it is kept by hand");
                }
                Body::Broken
            }
        }
    }

    fn values(&mut self, kpi: &written::Kpi, span: Span) -> Body {
        let calendar = &self.model.calendar;
        let grain = kpi.grain.as_ref().map_or(Grain::Month, |grain| grain.value);
        let mut figures = Vec::new();
        for (period, value) in &kpi.values {
            let label = crate::calendar::Label::parse(&period.value);
            let start = match label {
                Some(label) if label.grain() == grain => label.start(calendar),
                // Periods of a custom calendar are named by their first day.
                Some(crate::calendar::Label::Day(day)) if calendar.custom => Some(day),
                _ => None,
            };
            let Some(start) = start else {
                let message = format!("`{}` is not a {grain} of this project's calendar", period.value);
                self.report(&codes::BAD_VALUES, period.span, message).help(example(grain));
                continue;
            };
            if let Some(figure) = crate::spec::shape::number(&value.value) {
                figures.push((start, Kept::of(figure, &value.value)));
            }
        }
        figures.sort_by_key(|(start, _)| *start);
        let Some(kind) = &kpi.kind else {
            let message = "hand-kept values need a `kind`, which says how they add up";
            self.report(&codes::MISSING_KEY, span, message)
                .help("`flow` if they add up over periods, `stock` for a level, otherwise `distinct`, `movement` or `ratio`");
            return Body::Broken;
        };
        if figures.is_empty() {
            // What is wrong with each of them has been said.
            if kpi.values.is_empty() {
                self.report(&codes::BAD_VALUES, span, "there are no values here").help(example(grain));
            }
            return Body::Broken;
        }
        for extra in kpi.grains.iter().filter(|extra| extra.value != grain) {
            let message = format!("hand-kept values are by {grain}; they cannot be shown by {}", extra.value);
            self.report(&codes::BAD_VALUES, extra.span, message).help("leave this grain out");
        }
        let kind = Additivity::parse(&kind.value).unwrap_or(Additivity::Ratio);
        Body::Values(Values { grain, figures, kind })
    }

    /// Resolves KPI arithmetic.
    pub(super) fn calc(&mut self, tree: &Expression) -> Calc {
        let node = match &tree.kind {
            Kind::Literal(Written::Duration(count, unit)) => Node::Leaf(CalcLeaf::Duration(*count, *unit)),
            Kind::Literal(written) => Node::Literal(literal(written)),
            Kind::Path(path) => return self.kpi(path, tree.span),
            Kind::Operator(operator, _, operands) => {
                Node::Apply(super::operator::of(*operator), operands.iter().map(|operand| self.calc(operand)).collect())
            }
            Kind::Case { operand, branches, otherwise } => {
                let operand = operand.as_ref().map(|operand| self.calc(operand));
                let mut parts = Vec::new();
                for (when, then) in branches {
                    let when = self.calc(when);
                    parts.push(match &operand {
                        Some(operand) => Expr { at: when.at, ..Expr::apply(&operators::EQUAL, vec![operand.clone(), when]) },
                        None => when,
                    });
                    parts.push(self.calc(then));
                }
                parts.extend(otherwise.as_ref().map(|otherwise| self.calc(otherwise)));
                Node::Apply(&case::CASE, parts)
            }
            Kind::Call(call) => return self.calc_call(call, tree.span),
        };
        Expr::new(node, tree.span)
    }

    fn kpi(&mut self, path: &[Name], span: Span) -> Calc {
        let Some(first) = path.first() else { return Expr::new(Node::Broken, span) };
        if let Some(columns) = self.columns {
            return self.of_column(columns, path, span);
        }
        if path.len() == 1
            && let Some(id) = self.model.kpi_named(first)
        {
            return Expr::new(Node::Leaf(CalcLeaf::Kpi(id)), span);
        }
        let model = self.model;
        if path.len() > 1 && model.kpi_names.contains_key(&first.value) && !model.source_names.contains_key(&first.value) {
            let message = format!("`{}` is a KPI: it has one figure per period, and no columns", first.value);
            let help = format!(
                "write just `{0}`; for a part of it write `slice({0}, country = 'DE')`, for the period before `prior({0})`",
                first.value
            );
            return self.broken(&codes::UNKNOWN_NAME, span, message, Some(help));
        }
        if let Some(source) = model.source_names.get(&first.value) {
            return self.of_source(*source, path, span);
        }
        let mut sources = model.sources.rows().iter().filter(|_| path.len() == 1);
        let holder = sources.find_map(|source| Some((source, *source.names.get(&first.value)?)));
        let near = suggest::nearest(&first.value, super::kpi_names(model));
        if let (Some((source, column)), None) = (holder, near) {
            let message = format!("`{}` is a column, but a KPI needs one number per period", first.value);
            let help = around(source, column, &format!("{}.{}", source.name.value, first.value));
            return self.broken(&codes::COLUMN_OUTSIDE_AGGREGATE, span, message, Some(help));
        }
        if let ("by", None, 1) = (first.value.to_lowercase().as_str(), near, path.len()) {
            let help = "next to a formula slices are written `by: [country]`, on the command line `--by country`".to_owned();
            return self.broken(&codes::UNKNOWN_NAME, span, "`by` is not a part of a formula", Some(help));
        }
        if self.incomplete {
            return Expr::new(Node::Broken, span);
        }
        // A misspelt column comes before a list of all KPIs.
        let column = near.is_none().then(|| self.near_column(path)).flatten();
        let help = column
            .or_else(|| suggest::did_you_mean(&first.value, "the KPIs are", super::kpi_names(model)))
            .or_else(|| Some(format!("define it under `kpis:`; outside an aggregate `{}` can only be a KPI", first.value)));
        let meant =
            suggest::certain(&first.value, super::kpi_names(model), suggest::Words::Project).filter(|_| path.len() == 1);
        let finding = self.report(&codes::UNKNOWN_NAME, first.span, format!("there is no KPI `{}`", first.value));
        finding.help = help;
        finding.mend(first.span, &first.value, meant);
        Expr::new(Node::Broken, span)
    }

    /// A source, or what is in its rows, where a number per period is needed.
    fn of_source(&mut self, id: SourceId, path: &[Name], span: Span) -> Calc {
        let source = self.model.sources.get(id);
        let written = crate::formula::print::dotted(path);
        let [_, column, rest @ ..] = path else {
            let message = format!("`{written}` is a source, but a KPI needs a number per period");
            let help = format!("count its rows: `count({written})`");
            return self.broken(&codes::COLUMN_OUTSIDE_AGGREGATE, span, message, Some(help));
        };
        let known = source.names.contains_key(&column.value);
        if let (false, [], Some(function)) = (known, rest, functions::by_name(&column.value.to_lowercase()))
            && function.aggregation().is_some()
        {
            let (name, of) = (function.name, &source.name.value);
            let argument = if *function == functions::count::COUNT { of.clone() } else { format!("{of}.column") };
            let message = format!("`{of}` has no column `{}`", column.value);
            let help = format!("a function goes before its argument: `{name}({argument})`");
            return self.broken(&codes::UNKNOWN_COLUMN, column.span, message, Some(help));
        }
        // What is written of a pair of states is no column.
        let is_pair = !known && source.kind == SourceKind::States;
        let message = format!("`{written}` has a value per row, but a KPI needs one per period");
        let help = if is_pair || source.journey.is_some() {
            format!("put an aggregate around it: `sum({written})`, `avg({written})`")
        } else {
            let Some(path) = self.column_path(id, path) else { return Expr::new(Node::Broken, span) };
            let mut end = source;
            for through in &path.through {
                let Some(next) = end.columns.get(*through).reference else { break };
                end = self.model.sources.get(next);
            }
            around(end, path.column, &written)
        };
        self.broken(&codes::COLUMN_OUTSIDE_AGGREGATE, span, message, Some(help))
    }

    /// What to write if a column was meant, and misspelt. One that says which row it is is not a figure.
    fn near_column(&self, path: &[Name]) -> Option<String> {
        let [name] = path else { return None };
        let sources = self.model.sources.rows();
        let counted =
            |source: &&'_ Source, column: &str| source.names.get(column).is_some_and(|column| !identifies(source, *column));
        let names = sources
            .iter()
            .flat_map(|source| source.names.keys().map(String::as_str).filter(move |column| counted(&source, column)));
        let column = suggest::nearest(&name.value, names)?;
        let source = sources.iter().find(|source| counted(source, column))?;
        let written = format!("{}.{column}", source.name.value);
        Some(format!("did you mean the column `{column}`? {}", around(source, *source.names.get(column)?, &written)))
    }

    fn calc_call(&mut self, call: &Call, span: Span) -> Calc {
        let Some(function) = self.function(call) else {
            return Expr::new(Node::Broken, span);
        };
        match function.role {
            Role::Aggregate(_) if self.columns.is_some() => return self.aggregate_of_rows(call, span),
            Role::Aggregate(_) => return self.aggregate_call(call, function, span),
            Role::Kpi => return self.over_kpi(call, function, span),
            Role::Trend => return self.trend(call, function, span),
            Role::RowValue => {
                let message = format!(
                    "`{}` works on the values of rows and cannot be used outside an \
                 aggregate",
                    function.name
                );
                let help = Some(format!("for instance `{}`", function.example));
                return self.broken(&codes::WRONG_LEVEL, call.name.span, message, help);
            }
            Role::Value | Role::Conversion => {}
        }
        self.no_clauses(call, function);
        if !self.arity(call, function) {
            return Expr::new(Node::Broken, span);
        }
        let arguments = call.arguments.iter().map(|argument| self.calc(argument)).collect();
        Expr::new(Node::Apply(function, arguments), span)
    }

    /// `prior`, `change`, `growth`, the same to date, `slice`, `total`.
    fn over_kpi(&mut self, call: &Call, function: &'static Function, span: Span) -> Calc {
        self.no_clauses(call, function);
        if !self.arity(call, function) {
            return Expr::new(Node::Broken, span);
        }
        let mut arguments = call.arguments.iter();
        let Some(first) = arguments.next() else { return Expr::new(Node::Broken, span) };
        let of = Box::new(self.calc(first));
        let past = [Past::Prior, Past::Change, Past::Growth, Past::PriorToDate, Past::ChangeToDate, Past::GrowthToDate];
        if let Some(past) = past.into_iter().find(|known| known.name() == function.name) {
            let length = match arguments.next() {
                None => None,
                Some(argument) => match self.length(argument) {
                    Some(length) => Some(length),
                    None => return Expr::new(Node::Broken, span),
                },
            };
            return Expr::new(Node::Leaf(CalcLeaf::Prior(past, of, length)), span);
        }
        if *function == slice::SLICE {
            let condition = arguments.next().map(|argument| self.row(argument, &Scope::dimensions()));
            return match condition {
                Some(condition) => Expr::new(Node::Leaf(CalcLeaf::Slice(of, Box::new(condition))), span),
                None => Expr::new(Node::Broken, span),
            };
        }
        let mut dimensions = Vec::new();
        for argument in arguments {
            match &argument.kind {
                Kind::Path(path) if path.len() == 1 => dimensions.extend(path.first().and_then(|name| self.dimension(name))),
                _ => {
                    self.report(&codes::WRONG_ARGUMENTS, argument.span, "expected the name of a dimension here")
                        .help("write it without quotes and without a source, as in `total(revenue, country)`");
                }
            }
        }
        if dimensions.is_empty() && call.arguments.len() > 1 {
            return Expr::new(Node::Broken, span);
        }
        Expr::new(Node::Leaf(CalcLeaf::Total(of, dimensions)), span)
    }

    /// `rising`, `falling`, `flat`, `unusual`.
    fn trend(&mut self, call: &Call, function: &'static Function, span: Span) -> Calc {
        let broken = Expr::new(Node::Broken, span);
        if !self.in_condition {
            let message =
                format!("`{}` is a condition over periods, and only works in the `when` of a guardrail", function.name);
            let help = "a KPI is a figure: `change(x)` and `growth(x)` show how much it moves".to_owned();
            return self.broken(&codes::WRONG_LEVEL, call.name.span, message, Some(help));
        }
        self.no_clauses(call, function);
        if !self.arity(call, function) {
            return broken;
        }
        let mut arguments = call.arguments.iter();
        let of = arguments.next().map(|argument| self.calc(argument));
        let length = arguments.next().and_then(|argument| self.length_of_trend(argument));
        let way = match arguments.next() {
            None if *function == rising::RISING => Some(Way::Rising),
            None if *function == falling::FALLING => Some(Way::Falling),
            None => length.filter(|length| self.tells_what_is_usual(*length, call)).map(|_| Way::Unusual),
            Some(argument) => self.tolerance(argument).map(Way::Flat),
        };
        let (Some(of), Some(length), Some(way)) = (of, length, way) else { return broken };
        Expr::new(Node::Leaf(CalcLeaf::Trend(Box::new(Trend { way, of, length }))), span)
    }

    /// Over how many periods a trend is looked for. Each of them is looked up, so there is an end to it.
    fn length_of_trend(&mut self, argument: &Expression) -> Option<Length> {
        let length = self.length(argument)?;
        if length.count <= LONGEST_TREND {
            return Some(length);
        }
        let message = format!("a trend over {length} is longer than {LONGEST_TREND} periods");
        self.report(&codes::BAD_WINDOW, argument.span, message)
            .help("use a longer grain, or compare with an earlier value: `x > prior(x, 1 year)`");
        None
    }

    /// Whether so many periods tell what is usual.
    fn tells_what_is_usual(&mut self, length: Length, call: &Call) -> bool {
        let enough = length.count >= unusual::FEWEST;
        if !enough && let Some(argument) = call.arguments.get(1) {
            let least = unusual::FEWEST;
            let message = format!("{length} are too few to tell what is usual: it takes {least}");
            self.report(&codes::BAD_WINDOW, argument.span, message).help(format!(
                "compare with the last {least} periods or more, up to {LONGEST_TREND}, as in `unusual(x, 12 months)`"
            ));
        }
        enough
    }

    /// By how much a flat value may move, as a share in digits.
    fn tolerance(&mut self, argument: &Expression) -> Option<String> {
        if let Kind::Literal(written @ Written::Percent(_)) = &argument.kind
            && let Literal::Number(digits) = literal(written)
        {
            return Some(digits);
        }
        self.report(&codes::WRONG_ARGUMENTS, argument.span, "expected a percentage here")
            .help("`flat(ltv, 3 months, 5%)` is true while each of the last 3 months is within 5 % of the month before them");
        None
    }

    /// How far `prior` and its like go back.
    fn length(&mut self, argument: &Expression) -> Option<Length> {
        let Kind::Literal(Written::Duration(count, unit)) = &argument.kind else {
            let message = "expected a number of periods with a unit here";
            self.report(&codes::WRONG_ARGUMENTS, argument.span, message).help("for instance `3 months` or `1 year`");
            return None;
        };
        self.whole_periods(&Spanned::new((*count, *unit), argument.span))
    }

    /// A duration as whole days or longer; at least one.
    pub(super) fn whole_periods(&mut self, length: &Spanned<(u32, TimeUnit)>) -> Option<Length> {
        let (count, unit) = length.value;
        let Some(unit) = unit.grain() else {
            let message = format!(
                "{} is shorter than a day, but windows and `prior` take whole days or longer",
                Written::Duration(count, unit)
            );
            self.report(&codes::BAD_WINDOW, length.span, message)
                .help("24 hours are `1 day`; for a shorter time use a condition on a time column");
            return None;
        };
        if count == 0 {
            self.report(&codes::BAD_WINDOW, length.span, "a window of length 0 is empty")
                .help("remove it for the period itself, or write `1 day` or more");
            return None;
        }
        Some(Length { count, unit })
    }
}

/// Over how many periods a trend may be looked for.
const LONGEST_TREND: u32 = 60;

/// How periods of a grain are named, for help lines.
fn example(grain: Grain) -> &'static str {
    match grain {
        Grain::Day => "days are named as in `2025-01-31: 12`",
        Grain::Week => "weeks are named as in `2025-W05: 12`",
        Grain::Month => "months are named as in `2025-01: 12`; for another grain say `grain:`",
        Grain::Quarter => "quarters are named as in `2025-Q1: 12`",
        Grain::Year => "years are named as in `2025: 12`",
    }
}
