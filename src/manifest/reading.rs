//! What a KPI's formula does in time, in plain words: what a reader of a chart has to know and no chart shows.

use crate::calendar::{Grain, TimeUnit};
use crate::functions::{OverNothing, Role};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Each, Expr, Grouped, Node, Past, RowLeaf, Window};
use crate::model::{Body, ColumnId, Kpi, Model, SourceId};

/// Sentences about a KPI, the most important first.
pub(super) fn reading(model: &Model, kpi: &Kpi) -> Vec<String> {
    let mut said = Vec::new();
    match &kpi.body {
        Body::Formula(calc) => {
            formula(model, calc, &mut said);
            if kpi.empty_is_null && over_nothing(calc).is_none() {
                said.push(
                    "Without any rows its sums and counts have no value, and neither do figures made of them.".to_owned(),
                );
            }
        }
        Body::Values(values) => said.push(format!("Its figures are kept by hand, one for each {}.", values.grain)),
        Body::Broken => {}
    }
    if let Some(age) = &kpi.age {
        let unit = age.value.unit;
        said.push(format!(
            "The rows of a period are a cohort: age 0 is the {unit} in which a row fell, age 1 the {unit} after it, and so on up to \
             {}. An age is complete once its own {unit} is over.",
            age.value.up_to
        ));
    }
    if let Some(dimension) = kpi.facts.needs {
        let title = model.dimensions.get(dimension).title.to_lowercase();
        said.push(format!("It is shown only by {title}: amounts in several currencies have no total."));
    }
    if let Some(sampling) = &kpi.sampling {
        if let Some(sure) = sampling.confidence {
            said.push(format!(
                "Its views show in `low` and `high` between which figures it lies with a confidence of {sure}, if its `n` rows are a sample of \
                 many more."
            ));
        }
        if let Some(least) = sampling.min_rows {
            said.push(format!("On fewer than {least} rows it says little."));
        }
    }
    if kpi.omit_gaps {
        said.push("Periods without any rows are left out.".to_owned());
    }
    said
}

fn formula(model: &Model, calc: &Calc, said: &mut Vec<String>) {
    let mut found = Found::default();
    calc.deep_leaves(&mut |leaf| found.leaf(model, leaf));
    let whole = matches!(&calc.node, Node::Leaf(CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) | CalcLeaf::Each(_)));
    let subject = if whole { "It" } else { "A part of it" };
    for each in &found.each {
        said.push(of_each(each, subject));
    }
    for (source, time) in &found.journeys {
        said.extend(of_journey(model, *source, *time));
    }
    if !found.within.is_empty() {
        let one = |(count, unit): &(u32, TimeUnit)| format!("{count} {}{}", unit.name(), if *count == 1 { "" } else { "s" });
        let time = found.within.iter().map(one).collect::<Vec<_>>().join(" and ");
        let owner = if found.related { "what belongs to its last rows" } else { "every journey" };
        said.push(format!("A period is complete {time} after its end, once {owner} has had that time."));
    }
    for (top, entity, divides) in &found.grouped {
        let first = format!("{subject} is computed for each {entity} first");
        said.push(match top {
            Some(top) => format!("{first}, and only the {top} greatest values count."),
            None => format!("{first}, and then combined."),
        });
        if *divides {
            said.push(format!("Of each {entity} for which it would divide by 0 there is no value, and it does not count."));
        }
    }
    for dimensions in &found.totals {
        said.push(if dimensions.is_empty() {
            "A part of it is the total's, in every slice.".to_owned()
        } else {
            format!("A part of it covers all values of {dimensions}, in every slice.")
        });
    }
    for window in &found.windows {
        said.extend(of_window(*window, subject));
    }
    let data_from = model.calendar.data_from;
    for (past, length) in &found.past {
        let earlier = length.as_ref().map_or("the period before".to_owned(), |length| format!("the period {length} earlier"));
        said.push(match past {
            Past::Prior | Past::PriorToDate => format!("It looks at {earlier}."),
            Past::Change | Past::ChangeToDate => format!("It shows the change against {earlier}."),
            Past::Growth | Past::GrowthToDate => {
                format!("It shows the change against {earlier}, as a share of the earlier value.")
            }
        });
        if past.is_to_date() {
            said.push("While a period is not over, the earlier one counts up to the same day.".to_owned());
        }
    }
    if !found.past.is_empty() {
        said.push(format!(
            "There is no value if the earlier period starts before {data_from}, the day from which data is \
         whole."
        ));
    }
    if found.reaches_back() && !model.calendar.custom {
        said.push(format!(
            "Periods whose window starts before {data_from}, the day from which data is whole, count as \
         incomplete."
        ));
    }
    if let Some(nothing) = over_nothing(calc) {
        said.push(match nothing {
            OverNothing::Zero => "Without any rows the value is 0.".to_owned(),
            OverNothing::Null => "Without any rows there is no value.".to_owned(),
        });
    }
    if divides(calc) {
        said.push("There is no value where it would divide by 0.".to_owned());
    }
}

/// What is in a formula, each once and in order.
#[derive(Default)]
struct Found<'a> {
    windows: Vec<Window>,
    past: Vec<(Past, Option<crate::calendar::Length>)>,
    each: Vec<&'a Each>,
    totals: Vec<String>,
    /// How many of the greatest values of which entities count, and whether each is a quotient.
    grouped: Vec<(Option<u32>, String, bool)>,
    journeys: Vec<(SourceId, Option<ColumnId>)>,
    /// The longest time that a step has, or that related rows have; several where one comes after the other.
    within: Vec<(u32, TimeUnit)>,
    /// Whether that is one of related rows.
    related: bool,
}

impl<'a> Found<'a> {
    fn leaf(&mut self, model: &Model, leaf: &'a CalcLeaf) {
        match leaf {
            CalcLeaf::Aggregate(aggregate) => {
                add(&mut self.windows, aggregate.window);
                self.journey(model, aggregate);
            }
            CalcLeaf::Grouped(grouped) => {
                for aggregate in grouped.aggregates() {
                    self.journey(model, aggregate);
                    add(&mut self.windows, aggregate.window);
                }
                add(&mut self.grouped, (grouped.top, entity(model, grouped), divides(&grouped.of)));
            }
            CalcLeaf::Each(each) => {
                add(&mut self.windows, each.window);
                self.each.push(each);
            }
            CalcLeaf::Prior(past, _, length) => add(&mut self.past, (*past, *length)),
            CalcLeaf::Total(_, dimensions) => {
                let titles = dimensions.iter().map(|id| model.dimensions.get(*id).title.to_lowercase());
                add(&mut self.totals, titles.collect::<Vec<_>>().join(" and "));
            }
            // A trend is a condition, and is in guardrails only.
            CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Slice(..) | CalcLeaf::Trend(_) => {}
        }
    }

    fn journey(&mut self, model: &Model, aggregate: &Aggregate) {
        if model.sources.get(aggregate.source).journey.is_some() {
            add(&mut self.journeys, (aggregate.source, aggregate.time));
        }
        let days = |within: &[(u32, TimeUnit)]| within.iter().copied().map(days_in).sum::<f64>();
        for (within, related) in withins(aggregate) {
            if self.within.is_empty() || days(&within) > days(&self.within) {
                (self.within, self.related) = (within, related);
            }
        }
    }

    fn reaches_back(&self) -> bool {
        self.windows.iter().any(|window| matches!(window, Window::Trailing(_) | Window::ToDate(_) | Window::Previous))
    }
}

/// About how many days a time has: enough to see which of two is longer.
fn days_in((count, unit): (u32, TimeUnit)) -> f64 {
    match unit.months() {
        Some(months) => f64::from(count) * f64::from(months) * 30.4,
        None => f64::from(count) * f64::from(unit.seconds().unwrap_or(1)) / 86_400.0,
    }
}

/// The times that steps of journeys have in an aggregate, and those that related rows have, with whether they are some of these.
fn withins(aggregate: &Aggregate) -> Vec<(Vec<(u32, TimeUnit)>, bool)> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| match leaf {
            RowLeaf::Reached(reached) => found.extend(reached.within.map(|within| (vec![within], false))),
            RowLeaf::Related(related) => {
                let inner = withins(&related.aggregate);
                let Window::Within(count, unit) = related.aggregate.window else { return found.extend(inner) };
                let after = |(own, _): (Vec<(u32, TimeUnit)>, bool)| std::iter::once((count, unit)).chain(own).collect();
                found.push((vec![(count, unit)], true));
                found.extend(inner.into_iter().map(|own| (after(own), true)));
            }
            _ => {}
        });
    }
    found
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// In which period a journey counts.
fn of_journey(model: &Model, source: SourceId, time: Option<ColumnId>) -> Option<String> {
    let known = model.sources.get(source);
    let place = known.journey.as_ref()?.place(time?)?;
    let step = model.title(&known.columns.get(time?).name.value).to_lowercase();
    Some(if place == 0 {
        format!("Each journey counts in the period of its first step, {step}.")
    } else {
        format!("Each journey counts in the period in which it reached the step {step}.")
    })
}

/// What entities are called: the noun of the source to which they refer, else the path to them.
fn entity(model: &Model, grouped: &Grouped) -> String {
    let (source, path) = (grouped.source, &grouped.entity);
    let noun = model.column(source, path).reference.map(|id| model.sources.get(id).row.clone());
    noun.filter(|noun| !noun.is_empty()).unwrap_or_else(|| model.path_text(source, path))
}

fn of_each(each: &Each, subject: &str) -> String {
    if each.counts_periods {
        let which = if matches!(each.of.node, Node::Literal(_)) { "" } else { " in which the condition is true" };
        return format!("{subject} is the number of {}s{which}.", each.grain);
    }
    let word = match each.function.name {
        "sum" => "the sum",
        "avg" => "the mean",
        "min" => "the least",
        "max" => "the greatest",
        "median" => "the median",
        "percentile_disc" => "one, by its rank,",
        "first" => "the first",
        "last" => "the last",
        "count" => "the number",
        "stddev" => "the standard deviation",
        "variance" => "the variance",
        _ => "a percentile",
    };
    let often = match each.grain {
        Grain::Day => "daily",
        Grain::Week => "weekly",
        Grain::Month => "monthly",
        Grain::Quarter => "quarterly",
        Grain::Year => "yearly",
    };
    format!("{subject} is {word} of the {often} values.")
}

fn of_window(window: Window, subject: &str) -> Option<String> {
    Some(match window {
        Window::Period | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => return None,
        Window::Trailing(length) => {
            format!("{subject} looks back over {length} up to the end of the period, so periods can share rows.")
        }
        Window::ToDate(grain) => format!("{subject} runs from the start of the {grain} up to the end of the period."),
        Window::AllTime => format!("{subject} covers everything up to the end of the period."),
        Window::Previous => format!("{subject} covers the period before."),
    })
}

/// The value over no rows, where the whole formula is one aggregate.
fn over_nothing(calc: &Calc) -> Option<OverNothing> {
    let Node::Leaf(leaf) = &calc.node else { return None };
    let (function, is_null) = match leaf {
        CalcLeaf::Aggregate(aggregate) => (aggregate.function, aggregate.null_if_empty),
        CalcLeaf::Grouped(grouped) => (grouped.function, grouped.null_if_empty),
        _ => return None,
    };
    match function.role {
        Role::Aggregate(_) if is_null => Some(OverNothing::Null),
        Role::Aggregate(aggregation) => Some(aggregation.over_nothing),
        _ => None,
    }
}

fn divides<L>(expr: &Expr<L>) -> bool {
    match &expr.node {
        Node::Apply(function, arguments) => {
            let by = arguments.get(1).filter(|_| function.name == "/");
            by.is_some_and(|by| !matches!(by.node, Node::Literal(_))) || arguments.iter().any(divides)
        }
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
    }
}
