//! Objectives: which teams, KPIs, dimensions and objectives they name, which days they take, and what their targets are.
//!
//! Units, slices and periods are held against the KPI later, by the checker.

use super::target::{Aim, amount, target};
use super::{Resolver, kpi_by_name};
use crate::calendar::{Calendar, Date, Label, Stretch, add_days};
use crate::diagnostic::{Finding, Findings, codes, suggest};
use crate::model::expr::Literal;
use crate::model::objective::{
    Amount, Baseline, Bound, CheckIn, Evidence, Final, Goal, Initiative, KeyResult, Manual, MeasuredKpi, Member, Objective,
    PacePoint, Reads, Relative, Target,
};
use crate::model::unit::Unit;
use crate::model::uses::Meant;
use crate::model::{Model, TeamId};
use crate::spec::Spec;
use crate::spec::objective as written;
use crate::spec::reader::Text;
use crate::text::{Name, Span, Spanned, title};
use std::collections::{BTreeMap, HashMap};

/// Makes the objectives.
pub(super) fn objectives(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let mut made = Vec::new();
    for objective in &spec.objectives {
        let mut resolver = Resolver::new(model, spec.incomplete);
        made.push(resolver.objective(objective));
        findings.append(resolver.findings);
    }
    let ids: HashMap<String, _> =
        made.into_iter().map(|objective| (objective.name.value.clone(), model.objectives.push(objective))).collect();
    let known: Vec<_> = model.objectives.ids().zip(&spec.objectives).collect();
    for (id, objective) in known {
        let Some(parent) = &objective.parent else { continue };
        match ids.get(&parent.value) {
            Some(found) => {
                model.uses.note(parent.span, Meant::Objective(*found));
                model.objectives.get_mut(id).parent = Some(Spanned::new(*found, parent.span));
            }
            None if spec.incomplete => {}
            None => {
                let message = format!("there is no objective `{}`", parent.value);
                let finding = findings.report(&codes::UNKNOWN_OBJECTIVE, parent.span, message);
                let names = spec.objectives.iter().map(|objective| objective.name.value.as_str());
                finding.help = suggest::did_you_mean(&parent.value, "the objectives are", names.clone());
                finding.mend(parent.span, &parent.value, suggest::certain(&parent.value, names, suggest::Words::Project));
            }
        }
    }
    continued(spec, model, findings);
}

/// Finds the key results that others carry on. Whether they can, the checker says.
fn continued(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let mut places = BTreeMap::new();
    for (id, objective) in model.objectives.iter() {
        for (at, result) in objective.key_results.iter().enumerate() {
            places.insert(format!("{}.{}", objective.name.value, result.name.value), (id, at));
        }
    }
    let written = spec.objectives.iter().map(|objective| &objective.key_results);
    for (id, results) in model.objectives.ids().collect::<Vec<_>>().into_iter().zip(written) {
        for (at, result) in results.iter().enumerate() {
            let Some(name) = &result.continues else { continue };
            match places.get(&name.value) {
                Some(found) => {
                    model.uses.note(name.span, Meant::Objective(found.0));
                    if let Some(own) = model.objectives.get_mut(id).key_results.get_mut(at) {
                        own.continues = Some(Spanned::new(*found, name.span));
                    }
                }
                None if spec.incomplete => {}
                None => {
                    let names = places.keys().map(String::as_str);
                    let help = suggest::did_you_mean(&name.value, "the key results are", names)
                        .unwrap_or_else(|| "a key result is named `objective.result`".to_owned());
                    let message = format!("there is no key result `{}`", name.value);
                    findings.report(&codes::BAD_KEY_RESULT, name.span, message).help(help);
                }
            }
        }
    }
}

fn value(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.value.clone())
}

impl Resolver<'_> {
    fn objective(&mut self, objective: &written::Objective) -> Objective {
        let period = objective.period.as_ref().and_then(|period| self.period(period));
        let owner = objective.owner.as_ref().and_then(|name| self.team(name));
        let initiatives = objective.initiatives.iter().map(|initiative| Initiative {
            title: value(initiative.title.as_ref()).unwrap_or_default(),
            link: value(initiative.link.as_ref()).unwrap_or_default(),
            owner: initiative.owner.as_ref().and_then(|name| self.team(name)),
        });
        let initiatives = initiatives.collect();
        let mut finals = Vec::new();
        for (day, grade) in &objective.finals {
            if let Some(out) = grade.grade.as_ref().filter(|grade| !(0.0..=1.0).contains(&grade.value)) {
                self.report(&codes::BAD_CHECK_IN, out.span, format!("a grade is between 0 and 1, and {} is not", out.value))
                    .help("0 means nothing, 0.7 a good result for a stretch, 1 everything");
            }
            let day = self.day(day);
            let learned = value(grade.learned.as_ref()).unwrap_or_default();
            let grade = grade.grade.as_ref().map(|grade| grade.value);
            finals.extend(day.map(|day| Final { day, grade, learned }));
        }
        finals.sort_by_key(|graded| graded.day);
        let owners = Owned { owner, named: objective.owner.is_some() };
        let key_results = objective.key_results.iter().map(|result| self.key_result(result, period, owners)).collect();
        Objective {
            name: objective.name.clone(),
            title: value(objective.title.as_ref()).unwrap_or_else(|| title(&objective.name.value, &self.model.acronyms)),
            title_span: objective.title.as_ref().map(|title| title.span),
            description: value(objective.description.as_ref()).unwrap_or_default(),
            owner,
            owner_named: objective.owner.is_some(),
            period,
            period_text: period_text(objective.period.as_ref(), period),
            period_span: objective.period.as_ref().map(period_span),
            parent: None,
            review: value(objective.review.as_ref()).unwrap_or_default(),
            initiatives,
            key_results,
            is_partial: objective.is_partial,
            finals,
        }
    }

    /// The days of a period, or a finding.
    fn period(&mut self, period: &written::Period) -> Option<Stretch> {
        match period {
            written::Period::Named(text) => {
                let calendar = &self.model.calendar;
                let custom = calendar.custom && !matches!(Label::parse(&text.value), Some(Label::Day(_)));
                let stretch = Stretch::parse(&text.value, calendar).filter(|_| !custom);
                if stretch.is_none() {
                    let meant = meant_period(&text.value).filter(|meant| Stretch::parse(meant, calendar).is_some());
                    let (message, help) = if custom {
                        (
                            format!("in a custom calendar `{}` has no fixed dates", text.value),
                            "write the dates: `period: { from: 2025-08-03, to: 2025-11-01 }`".to_owned(),
                        )
                    } else {
                        let forms = "a year, half, quarter or month: `2025`, `2025-H2`, `2025-Q3`, `2025-09`; or `{ from: ..., to: ... }`";
                        (
                            format!("`{}` is not a period", text.value),
                            meant.map_or_else(|| forms.to_owned(), |meant| format!("write `{meant}`")),
                        )
                    };
                    self.report(&codes::BAD_OBJECTIVE_PERIOD, text.span, message).help(help);
                }
                stretch
            }
            written::Period::Days { from, to, .. } => {
                let (from, to) = (from.as_ref()?, to.as_ref()?);
                if to.value < from.value {
                    let message = format!("the period ends on {}, before it starts on {}", to.value, from.value);
                    self.report(&codes::BAD_OBJECTIVE_PERIOD, to.span, message)
                        .also(from.span, "it starts here")
                        .help("`from` is the first day, `to` the last one");
                    return None;
                }
                Some(Stretch { first: from.value, last: to.value })
            }
        }
    }

    /// A day that is the key of a map, or a finding.
    fn day(&mut self, name: &Name) -> Option<Date> {
        let day = name.value.parse().ok();
        if day.is_none() {
            let finding = self.report(
                &codes::WRONG_SHAPE,
                name.span,
                format!("expected a day such as `2025-01-31`, found `{}`", name.value),
            );
            finding.help = crate::calendar::meant_day(&name.value).map(|day| format!("write `{day}`"));
        }
        day
    }

    fn key_result(&mut self, result: &written::KeyResult, period: Option<Stretch>, objective: Owned) -> KeyResult {
        let owner = result.owner.as_ref().map(|name| self.team(name));
        let evidence = self.evidence(result);
        let is_manual = matches!(evidence, Evidence::Manual(_));
        let goal = self.goal(result, is_manual);
        let reads = match result.measure.as_ref().map(|text| (text.value.as_str(), text.span)) {
            Some(("to_date" | "mean", span)) if is_manual => {
                self.report(&codes::BAD_KEY_RESULT, span, "a manual result has the value of its latest check-in")
                    .help("remove `measure`");
                Reads::Latest
            }
            Some(("to_date", _)) => Reads::ToDate,
            Some(("mean", _)) => Reads::Mean,
            _ => Reads::Latest,
        };
        let due = self.due(result, period);
        let mut confidence = Vec::new();
        for (day, sure) in &result.confidence {
            if !(1..=10).contains(&sure.value) {
                self.report(&codes::BAD_CHECK_IN, sure.span, format!("confidence is from 1 to 10, and {} is not", sure.value))
                    .help("5 is an even chance, 10 is as good as done");
            }
            confidence.extend(self.day(day).map(|day| (day, sure.value)));
        }
        confidence.sort_unstable();
        let weight = result.weight.as_ref().map_or(1.0, |weight| weight.value);
        if weight < 0.0
            && let Some(span) = result.weight.as_ref().map(|weight| weight.span)
        {
            self.report(&codes::BAD_KEY_RESULT, span, "a weight cannot be negative")
                .help("0 excludes the result from the score");
        }
        KeyResult {
            name: result.name.clone(),
            title: value(result.title.as_ref()).unwrap_or_else(|| title(&result.name.value, &self.model.acronyms)),
            title_span: result.title.as_ref().map(|title| title.span),
            description: value(result.description.as_ref()).unwrap_or_default(),
            evidence,
            goal,
            goal_given: result.to.is_some() || !result.bounds.is_empty(),
            reads,
            due,
            due_span: result.due.as_ref().map(|due| due.span),
            is_committed: result.commitment.as_ref().is_some_and(|text| text.value == "committed"),
            owner: owner.unwrap_or(objective.owner),
            owner_named: result.owner.is_some() || objective.named,
            weight,
            weight_span: result.weight.as_ref().map(|weight| weight.span),
            pace: self.pace(result, period, due),
            pace_text: match &result.pace {
                None => "linear".to_owned(),
                Some(written::Pace::Named(text)) => text.value.clone(),
                Some(written::Pace::Points(_)) => String::new(),
            },
            confidence,
            check_ins: self.check_ins(result, period),
            continues: None,
            is_health: result.health,
            dropped: value(result.dropped.as_ref()),
            unaligned: value(result.unaligned.as_ref()).unwrap_or_default(),
        }
    }

    /// The last day of a result, which lies in the objective's period.
    fn due(&mut self, result: &written::KeyResult, period: Option<Stretch>) -> Option<Date> {
        let period = period?;
        let Some(due) = &result.due else { return Some(period.last) };
        if due.value < period.first || due.value > period.last {
            let message = format!(
                "`{}` is due on {}, outside its objective's period from {} to {}",
                result.name.value, due.value, period.first, period.last
            );
            self.report(&codes::BAD_OBJECTIVE_PERIOD, due.span, message)
                .help("remove `due` to use the last day of the objective, or give the objective a longer period");
            return None;
        }
        Some(due.value)
    }

    /// Where a result's value comes from.
    fn evidence(&mut self, result: &written::KeyResult) -> Evidence {
        let check_in = result.check_ins.first();
        match (&result.kpi, result.manual) {
            (Some(name), false) => {
                if let Some(unit) = &result.unit {
                    self.report(&codes::BAD_KEY_RESULT, unit.span, "the result has the unit of its KPI").help("remove `unit`");
                }
                let kpi = kpi_by_name(self.model, name, self.incomplete, &mut self.findings);
                let slice = self.slice_of(result);
                let (Some(kpi), Some(slice)) = (kpi, slice) else { return Evidence::Broken };
                let grain = self.model.kpis.get(kpi).grain;
                let slice_span = result.slice.first().map(|(name, value)| name.span.to(value.span));
                Evidence::Kpi(Box::new(MeasuredKpi { kpi, span: name.span, slice, slice_span, grain }))
            }
            (Some(name), true) => {
                let message = format!("`{}` is manual but also has a KPI", result.name.value);
                self.report(&codes::BAD_KEY_RESULT, name.span, message)
                    .help("remove `manual: true` if the KPI measures the result; otherwise remove `kpi`");
                Evidence::Broken
            }
            (None, _) if result.manual || check_in.is_some() => {
                if let Some((name, _)) = result.slice.first() {
                    self.report(&codes::BAD_KEY_RESULT, name.span, "a manual result cannot have slices")
                        .help("put the slice in its title");
                }
                Evidence::Manual(self.manual(result))
            }
            (None, _) => Evidence::Missing,
        }
    }

    fn manual(&mut self, result: &written::KeyResult) -> Manual {
        let unit = match result.unit.as_ref().map(|text| (Unit::parse(&text.value), text)) {
            Some((Ok(unit), _)) => unit,
            Some((Err(why), text)) => {
                self.report(&codes::UNKNOWN_UNIT, text.span, why)
                    .help("a unit is a currency (`USD`), a time (`day`), a noun (`market`), `%`, or a quotient");
                Unit::none()
            }
            None => Unit::none(),
        };
        Manual { unit }
    }

    /// What people said about a result. How far it is, they say where no KPI does.
    fn check_ins(&mut self, result: &written::KeyResult, period: Option<Stretch>) -> Vec<CheckIn> {
        let mut check_ins = Vec::new();
        for (name, check_in) in &result.check_ins {
            let Some(day) = self.day(name) else { continue };
            match (&check_in.value, &result.kpi) {
                (Some(value), Some(_)) if !result.manual => {
                    let message = "the KPI measures this result, so a check-in of it has no value";
                    self.report(&codes::BAD_KEY_RESULT, value.span, message)
                        .help("keep its note and remove the value, or write `manual: true` instead of naming a KPI");
                    continue;
                }
                (None, None) => {
                    let message = format!("this check-in does not say how far `{}` is", result.name.value);
                    self.report(&codes::BAD_CHECK_IN, name.span, message).help("write `value:`, no KPI measures the result");
                    continue;
                }
                _ => {}
            }
            if let Some(period) = period.filter(|period| day < period.first) {
                let message = format!("this check-in is from {day}, but the objective only starts on {}", period.first);
                self.report(&codes::BAD_CHECK_IN, name.span, message)
                    .help("the value before is the baseline: write it as `from`");
                continue;
            }
            let words = |text: &Option<Text>| value(text.as_ref()).unwrap_or_default();
            let [note, blocker, decision] = [&check_in.note, &check_in.blocker, &check_in.decision].map(words);
            let value = check_in.value.as_ref().map(|value| value.value);
            check_ins.push(CheckIn { day, value, note, blocker, decision, span: name.span });
        }
        check_ins.sort_by_key(|check_in| check_in.day);
        check_ins
    }

    /// The values of dimensions; nothing, with a finding, if there is no such dimension.
    fn slice_of(&mut self, result: &written::KeyResult) -> Option<Vec<Member>> {
        let mut slice = Vec::new();
        for (name, given) in &result.slice {
            let (dimension, text) = (self.dimension(name)?, given.value.clone());
            // Of which type it is, the KPI's sources say.
            slice.push(Member {
                dimension,
                text,
                value: Literal::Null,
                is_time: false,
                span: name.span,
                value_span: given.span,
            });
        }
        Some(slice)
    }

    /// What is to be reached or kept; nothing where nothing is given, or with a finding.
    fn goal(&mut self, result: &written::KeyResult, is_manual: bool) -> Option<Goal> {
        let name = &result.name.value;
        if let (Some((bound, _)), Some(other)) = (
            result.bounds.first(),
            result.to.as_ref().or(result.from.as_ref()).map(|text| text.span).or(result.bounds.get(1).map(|(key, _)| key.span)),
        ) {
            let message = format!("`{name}` has two goals");
            self.report(&codes::BAD_TARGET, other, message)
                .also(bound.span, "this is one already")
                .help("a result goes `from` one value `to` another, or keeps one bound; split it into two results");
            return None;
        }
        if let Some((key, amounts)) = result.bounds.first() {
            return self.bound(key, amounts).map(Goal::Keep);
        }
        let to = result.to.as_ref()?;
        let from = match &result.from {
            None if is_manual => Baseline::Zero,
            None => Baseline::Measured(None),
            Some(text) if text.value == "measured" && is_manual => {
                self.report(&codes::BAD_TARGET, text.span, "nothing measures a manual result")
                    .help("write its baseline: `from: 0`");
                return None;
            }
            Some(text) if text.value == "measured" => Baseline::Measured(Some(text.span)),
            Some(text) => Baseline::Number(self.amount(text)?),
        };
        Some(Goal::Reach { from, to: self.target(to)? })
    }

    fn bound(&mut self, key: &Name, amounts: &[Text]) -> Option<Bound> {
        let first = self.amount(amounts.first()?)?;
        Some(match (key.value.as_str(), amounts.get(1), amounts.len()) {
            ("at_least", ..) => Bound::AtLeast(first),
            ("at_most", ..) => Bound::AtMost(first),
            ("above", ..) => Bound::Above(first),
            ("below", ..) => Bound::Below(first),
            (_, Some(second), 2) => {
                let second = self.amount(second)?;
                if second.number < first.number {
                    self.report(&codes::BAD_TARGET, second.span, "the upper bound is below the lower one")
                        .help("put the lower one first");
                    return None;
                }
                Bound::Between(first, second)
            }
            _ => {
                self.report(&codes::BAD_TARGET, key.span, "`between` takes two bounds")
                    .help("for instance `between: [40%, 60%]`");
                return None;
            }
        })
    }

    /// A number with its unit, or a finding.
    fn amount(&mut self, text: &Text) -> Option<Amount> {
        match amount(&text.value) {
            Ok((number, unit)) => Some(Amount { number, unit, span: text.span }),
            Err(why) => {
                self.unreadable(text, &why);
                None
            }
        }
    }

    fn target(&mut self, text: &Text) -> Option<Target> {
        match target(&text.value) {
            Ok(Aim::At(number, unit)) => Some(Target::Number(Amount { number, unit, span: text.span })),
            Ok(Aim::By { times, share, plus }) => {
                Some(Target::Relative(Relative { times, share, plus, text: text.value.clone(), span: text.span }))
            }
            Err(why) => {
                self.unreadable(text, &why);
                None
            }
        }
    }

    fn unreadable(&mut self, text: &Text, help: &str) -> &mut Finding {
        self.report(&codes::BAD_TARGET, text.span, format!("`{}` is not a valid target", text.value)).help(help)
    }

    /// The points of a pace: 0 at the start, 1 at the end.
    fn pace(&mut self, result: &written::KeyResult, period: Option<Stretch>, due: Option<Date>) -> Vec<PacePoint> {
        let (Some(period), Some(due)) = (period, due) else { return Vec::new() };
        // The start is the end of the day before.
        let start = add_days(period.first, -1);
        let mut points = vec![PacePoint { day: start, share: 0.0 }];
        let end = PacePoint { day: due, share: 1.0 };
        match &result.pace {
            Some(written::Pace::Named(text)) if text.value == "late" => {
                let days = i64::from(due.since(start).map_or(0, |span| span.get_days()));
                points.push(PacePoint { day: add_days(start, days / 2), share: 0.25 });
            }
            Some(written::Pace::Points(given)) => {
                for (name, share) in given {
                    let Some(day) = self.day(name) else { continue };
                    if day < period.first || day > due {
                        let message = format!("the pace has {day}, outside {} to {due}", period.first);
                        self.report(&codes::BAD_PACE, name.span, message).help("use days between the start and the due date");
                    } else if !(0.0..=1.0).contains(&share.value) {
                        let message = format!("the pace asks for {} of the way", share.value);
                        self.report(&codes::BAD_PACE, share.span, message).help("a share of the way is from 0 to 1: `40%`");
                    } else if day < due {
                        points.push(PacePoint { day, share: share.value });
                    } else if share.value < 1.0 {
                        self.report(&codes::BAD_PACE, share.span, "on the due date the pace is always 100%")
                            .help("remove the last day");
                    }
                }
                points.sort_by_key(|point| point.day);
                let falls = points.windows(2).any(|pair| matches!(pair, [first, second] if second.share < first.share));
                if falls && let Some((first, _)) = given.first() {
                    self.report(
                        &codes::BAD_PACE,
                        first.span,
                        "the pace goes down: a later day asks for less than an earlier one",
                    )
                    .help("each day asks for at least as much as the one before");
                }
            }
            Some(written::Pace::Named(_)) | None => {}
        }
        points.push(end);
        points
    }
}

/// Who owns an objective, and whether anybody is named.
#[derive(Debug, Clone, Copy)]
struct Owned {
    owner: Option<TeamId>,
    named: bool,
}

fn period_span(period: &written::Period) -> Span {
    match period {
        written::Period::Named(text) => text.span,
        written::Period::Days { span, .. } => *span,
    }
}

fn period_text(period: Option<&written::Period>, stretch: Option<Stretch>) -> String {
    match (period, stretch) {
        (Some(written::Period::Named(text)), _) => text.value.clone(),
        (_, Some(stretch)) => format!("{} to {}", stretch.first, stretch.last),
        _ => String::new(),
    }
}

/// The period that a text was meant to be: `Q2 2024`, `2024Q2`, `H1/2024`, `April 2024`.
fn meant_period(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (one, two) = match words.as_slice() {
        [one, two] => (*one, *two),
        [both] => both.split_at_checked(4)?,
        _ => return None,
    };
    let is_year = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let (year, part) = if is_year(one) { (one, two) } else { (two, one) };
    let part = part.to_lowercase();
    let is_begin = |name: &&str| name.get(..3).is_some_and(|begin| part.starts_with(begin));
    let month = Calendar::MONTHS.iter().position(is_begin).map(|at| at + 1).or_else(|| part.parse().ok());
    is_year(year).then(|| match month {
        Some(month) => format!("{year}-{month:02}"),
        None => format!("{year}-{}", part.to_uppercase()),
    })
}
