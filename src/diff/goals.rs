//! The definitions of what is aimed for and looked at: objectives, guardrails, scorecards, the North Star, teams, taxonomies, tests.

use super::class::Class;
use super::definition::{Definition, Definitions, Effect, Kind};
use super::describe::Describe;
use crate::model::TestCase;
use crate::model::guardrail::Guardrail;
use crate::model::objective::{Amount, Baseline, Evidence, Goal, KeyResult, Objective, Reads, Target};
use crate::model::unit::{Notation, Unit};

impl Describe<'_> {
    /// Teams and taxonomies.
    pub(super) fn teams(&self, all: &mut Definitions) {
        for team in self.model.teams.rows() {
            let mut of = Definition::at(Some(team.name.span));
            of.say("title", Class::Words, self.title(&team.title, &team.name.value));
            of.say("description", Class::Words, team.description.clone());
            of.say("lead", Class::Ownership, team.lead.clone());
            of.say("reviewers", Class::Ownership, team.reviewers.join(", "));
            all.insert((Kind::Team, team.name.value.clone()), of);
        }
        for taxonomy in &self.model.taxonomies {
            let mut of = Definition::at(taxonomy.values.iter().find_map(|(_, span)| *span));
            if of.span.is_none() {
                continue;
            }
            of.say("title", Class::Words, self.title(&taxonomy.title, &taxonomy.name));
            of.say("description", Class::Words, taxonomy.description.clone());
            of.list("values", Class::Words, taxonomy.values.iter().map(|(value, _)| value.clone()));
            of.say("cover", Class::None, if taxonomy.cover { "all" } else { "" });
            all.insert((Kind::Taxonomy, taxonomy.name.clone()), of);
        }
    }

    /// Scorecards, guardrails, the North Star and tests.
    pub(super) fn boards(&self, all: &mut Definitions) {
        for card in &self.model.scorecards {
            let mut of = Definition::at(Some(card.name.span));
            of.say("title", Class::Words, self.title(&card.title, &card.name.value));
            of.say("description", Class::Words, card.description.clone());
            of.say("cadence", Class::Words, card.cadence.clone());
            of.say("grain", Class::Interface, card.grain.name());
            of.list("kpis", Class::Interface, card.kpis.iter().map(|kpi| self.kpi_name(kpi.value)));
            of.say("max", Class::None, card.max.to_string());
            all.insert((Kind::Scorecard, card.name.value.clone()), of);
        }
        for guardrail in &self.model.guardrails {
            all.insert((Kind::Guardrail, guardrail.name.value.clone()), self.guardrail(guardrail));
        }
        if let Some(star) = &self.model.north_star {
            let mut of = Definition::at(Some(star.name.span));
            of.say("title", Class::Words, star.title.clone());
            of.say("because", Class::Words, star.because.clone());
            let named =
                |kpi: &Option<crate::text::Spanned<_>>| kpi.as_ref().map(|kpi| self.kpi_name(kpi.value)).unwrap_or_default();
            of.say("volume", Class::Goal, named(&star.volume));
            of.say("efficiency", Class::Goal, named(&star.efficiency));
            let mut counter: Vec<String> = star.counter.iter().map(|kpi| self.kpi_name(kpi.value)).collect();
            counter.sort();
            of.say("counter", Class::Goal, counter.join(", "));
            for consequence in &star.consequences {
                let ready = consequence.ready.map(|id| format!(" (ready: {})", self.kpi_name(id))).unwrap_or_default();
                of.say(format!("for.{}", self.team(consequence.team)), Class::Words, format!("{}{ready}", consequence.change));
            }
            all.insert((Kind::NorthStar, String::new()), of);
        }
        for test in &self.model.tests {
            let mut of = Definition::at(Some(test.name.span));
            of.say("description", Class::None, test.description.clone());
            // Spec tests hold figures fast and change none.
            let (text, rows) = self.test(test);
            of.put("rows", Effect::Always(Class::None), text, rows);
            all.insert((Kind::Test, test.name.value.clone()), of);
        }
    }

    /// What a spec test gives and expects: in short, and in full.
    fn test(&self, test: &TestCase) -> (String, String) {
        let model = self.model;
        let mut full = format!("{:?}\n", test.as_of);
        for given in &test.given {
            let source = model.sources.get(given.source);
            for row in &given.rows {
                let cells = row.iter().map(|(column, cell)| format!("{}: {cell:?}", source.columns.get(*column).name.value));
                full.push_str(&format!("{} {}\n", self.names.source(&source.name.value), cells.collect::<Vec<_>>().join(", ")));
            }
        }
        for expected in &test.expect {
            let what = format!("{} {} {}", self.kpi_name(expected.kpi), expected.grain, self.slice(&expected.dimensions));
            for row in &expected.rows {
                let (keys, age, complete) = (&row.keys, row.age, row.is_complete);
                full.push_str(&format!("{what} {} {keys:?} {age:?} {:?} {complete:?}\n", row.label, row.value));
            }
        }
        for sheet in &test.sheets {
            for row in &sheet.rows {
                let cells = row.cells.iter().map(|(name, cell)| format!("{name}: {:?}", cell.value));
                full.push_str(&format!("{} {}\n", sheet.sheet.name(), cells.collect::<Vec<_>>().join(", ")));
            }
        }
        for firings in &test.firings {
            let name = model.guardrails.get(firings.guardrail).map_or("", |guardrail| guardrail.name.value.as_str());
            for row in &firings.rows {
                full.push_str(&format!("{name} {} {:?} {:?} {:?}\n", row.label, row.slice, row.since, row.figures));
            }
        }
        let count = |rows: usize, what: &str| format!("{rows} {what}{}", if rows == 1 { "" } else { "s" });
        let given = test.given.iter().map(|given| given.rows.len()).sum();
        let expected = test.expect.iter().map(|expected| expected.rows.len()).sum();
        (format!("{} given, {} expected", count(given, "row"), count(expected, "figure")), full)
    }

    fn guardrail(&self, guardrail: &Guardrail) -> Definition {
        let mut of = Definition::at(Some(guardrail.name.span));
        of.say("title", Class::Words, self.title(&guardrail.title, &guardrail.name.value));
        of.say("description", Class::Words, guardrail.description.clone());
        match &guardrail.condition {
            Some(condition) => {
                let compared = self.formulas.formula(condition);
                of.put("when", Effect::Formula(Class::Goal), guardrail.written.clone(), compared);
            }
            None => of.is_broken = true,
        }
        of.say("grain", Class::Goal, guardrail.grain.name());
        let by: Vec<String> = guardrail.by.iter().map(|slice| self.slice(&slice.value)).collect();
        of.say("by", Class::Goal, by.join("; "));
        of.say("periods", Class::Goal, guardrail.periods.to_string());
        of.say("severity", Class::Goal, guardrail.severity.name());
        of.say("owner", Class::Ownership, self.team(guardrail.owner));
        of.say("action", Class::Words, guardrail.action.clone());
        of
    }

    /// Objectives and key results.
    pub(super) fn goals(&self, all: &mut Definitions) {
        for objective in self.model.objectives.rows() {
            for result in &objective.key_results {
                let name = format!("{}.{}", objective.name.value, result.name.value);
                all.insert((Kind::KeyResult, name), self.key_result(objective, result));
            }
            all.insert((Kind::Objective, objective.name.value.clone()), self.objective(objective));
        }
    }

    fn objective(&self, objective: &Objective) -> Definition {
        let mut of = Definition::at(Some(objective.name.span));
        of.is_broken = objective.is_partial || objective.period.is_none();
        of.say("title", Class::Words, self.title(&objective.title, &objective.name.value));
        of.say("description", Class::Words, objective.description.clone());
        of.say("owner", Class::Ownership, self.team(objective.owner));
        let period = objective.period.map(|period| format!("{:?}", (period.first, period.last)));
        of.put("period", Effect::Always(Class::Goal), objective.period_text.clone(), period.unwrap_or_default());
        let parent = objective.parent.as_ref().map(|parent| self.model.objectives.get(parent.value).name.value.clone());
        of.say("parent", Class::Goal, parent.unwrap_or_default());
        of.say("review", Class::Words, objective.review.clone());
        for initiative in &objective.initiatives {
            let text = [initiative.link.clone(), self.team(initiative.owner)].join(" ");
            of.put(format!("initiatives.{}", initiative.title), Effect::Always(Class::Words), text.trim().to_owned(), text);
        }
        for last in &objective.finals {
            let grade = last.grade.map(|grade| grade.to_string()).unwrap_or_default();
            of.put(format!("final.{}", last.day), Effect::Always(Class::Goal), grade.clone(), grade);
            of.say(format!("final.{}.learned", last.day), Class::Words, last.learned.clone());
        }
        of
    }

    fn key_result(&self, objective: &Objective, result: &KeyResult) -> Definition {
        let mut of = Definition::at(Some(result.name.span));
        of.say("title", Class::Words, self.title(&result.title, &result.name.value));
        of.say("description", Class::Words, result.description.clone());
        match &result.evidence {
            Evidence::Kpi(measured) => {
                of.say("kpi", Class::Goal, self.kpi_name(measured.kpi));
                let slice = measured.slice.iter().map(|member| {
                    format!("{} = {}", self.dimension_name(member.dimension), member.text.as_deref().unwrap_or("null"))
                });
                let mut slice: Vec<String> = slice.collect();
                slice.sort();
                of.say("slice", Class::Goal, slice.join(", "));
                of.say("grain", Class::Goal, measured.grain.name());
            }
            Evidence::Manual(manual) => {
                of.say("unit", Class::Goal, manual.unit.to_string());
            }
            Evidence::Missing => {}
            Evidence::Broken => of.is_broken = true,
        }
        for check_in in &result.check_ins {
            let name = format!("check_ins.{}", check_in.day);
            // A new one is how far it is; what was said before is what is compared with.
            if let Some(value) = check_in.value.map(|value| value.to_string()) {
                of.put(name.clone(), Effect::Part(Class::Goal), value.clone(), value);
            }
            for (part, text) in [("note", &check_in.note), ("blocker", &check_in.blocker), ("decision", &check_in.decision)] {
                of.say(format!("{name}.{part}"), Class::Words, text.clone());
            }
        }
        let unit = match &result.evidence {
            Evidence::Kpi(measured) => Some(&self.model.kpis.get(measured.kpi).facts.unit),
            Evidence::Manual(manual) => Some(&manual.unit),
            Evidence::Missing | Evidence::Broken => None,
        };
        Self::target(result, unit, &mut of);
        let reads = match result.reads {
            Reads::Latest => "latest",
            Reads::ToDate => "to_date",
            Reads::Mean => "mean",
        };
        of.say("measure", Class::Goal, reads);
        of.say("due", Class::Goal, result.due.map(|due| due.to_string()).unwrap_or_default());
        of.say("commitment", Class::Goal, if result.is_committed { "committed" } else { "" });
        let owner = if result.owner == objective.owner { String::new() } else { self.team(result.owner) };
        of.say("owner", Class::Ownership, owner);
        of.say("weight", Class::Goal, result.weight.to_string());
        let points: Vec<String> = result.pace.iter().map(|point| format!("{}: {}", point.day, point.share)).collect();
        let pace = if result.pace_text.is_empty() { points.join(", ") } else { result.pace_text.clone() };
        of.put("pace", Effect::Always(Class::Goal), pace.clone(), pace);
        for (day, confidence) in &result.confidence {
            of.put(format!("confidence.{day}"), Effect::Part(Class::Goal), confidence.to_string(), confidence.to_string());
        }
        of.say("health", Class::Goal, if result.is_health { "true" } else { "" });
        let continues = result.continues.as_ref().map(|continues| self.model.result_name(continues.value));
        of.say("continues", Class::Words, continues.unwrap_or_default());
        of.say("dropped", Class::Goal, result.dropped.clone().unwrap_or_default());
        of.say("unaligned", Class::Words, result.unaligned.clone());
        of
    }

    fn target(result: &KeyResult, unit: Option<&Unit>, of: &mut Definition) {
        // What is compared are values, in whatever unit they are written.
        let mut put = |name: &str, text: String, values: &[&Amount], word: &str| {
            let values: Vec<String> = values.iter().map(|amount| value(amount, unit)).collect();
            let compared = if values.is_empty() { text.clone() } else { format!("{word} {}", values.join(" ")) };
            of.put(name, Effect::Always(Class::Goal), text, compared);
        };
        match &result.goal {
            None if result.goal_given => of.is_broken = true,
            None => {}
            Some(Goal::Reach { from, to }) => {
                match from {
                    Baseline::Number(amount) => put("from", number(amount, unit), &[amount], ""),
                    Baseline::Measured(_) => put("from", "measured".to_owned(), &[], ""),
                    Baseline::Zero => put("from", "0".to_owned(), &[], ""),
                }
                match to {
                    Target::Number(amount) => put("to", number(amount, unit), &[amount], ""),
                    Target::Relative(relative) => put("to", relative.text.clone(), &[], ""),
                }
            }
            Some(Goal::Keep(bound)) => {
                let amounts: Vec<&Amount> = bound.amounts().into_iter().collect();
                let numbers: Vec<String> = amounts.iter().map(|amount| number(amount, unit)).collect();
                put("keep", format!("{} {}", bound.word(), numbers.join(" and ")), &amounts, bound.word());
            }
        }
    }
}

/// A value that is the same whatever unit it was written in: times in seconds or months.
fn value(amount: &Amount, unit: Option<&Unit>) -> String {
    let (mut number, mut seconds, mut months) = (amount.number, 0, 0);
    for (time, power) in unit.into_iter().flat_map(Unit::times_left) {
        if let Some(length) = time.seconds() {
            number *= f64::from(length).powi(power);
            seconds += power;
        } else if let Some(length) = time.months() {
            number *= f64::from(length).powi(power);
            months += power;
        }
    }
    format!("{number:.11e} s{seconds} m{months}")
}

/// An amount for people. Once it is checked it is in the unit of what is measured.
fn number(amount: &Amount, of: Option<&Unit>) -> String {
    let Some(written) = &amount.unit else { return amount.number.to_string() };
    let unit = of.filter(|of| written.shown != Notation::Percent && of.times_left().next().is_some()).unwrap_or(written);
    if unit.shown == Notation::Percent {
        // A share is kept as a fraction of 1; its last digits are those of the multiplication.
        let settled: f64 = format!("{:.11e}", amount.number * 100.0).parse().unwrap_or(amount.number);
        return format!("{settled} %");
    }
    format!("{} {unit}", amount.number)
}
