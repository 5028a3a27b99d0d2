//! Unfinished key results go on in a later period: an objective for each that has some is drafted at the end of its section, and its results say what they
//! carry on.
//!
//! A draft has what makes the result: its measure, its goal, who owns it. What was said and when it was due belong to the period that is over.

use super::{Kind, Refusal, change, checked, text_now};
use crate::calendar::Stretch;
use crate::fix::Change;
use crate::layout::put::{self, Cannot};
use crate::layout::scalar;
use crate::model::Model;
use crate::model::objective::{Baseline, Bound, Evidence, Goal, KeyResult, ObjectiveId, Reads, Target};
use crate::pipeline::{Checked, Options};
use crate::spec::shape;
use crate::text::{Files, Span};

/// An objective of which some results go on.
#[derive(Debug, Clone)]
pub struct Carry {
    /// The objective.
    pub objective: ObjectiveId,
    /// The places of its results that go on.
    pub results: Vec<Unfinished>,
}

/// A key result that goes on.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Its place in the objective.
    pub at: usize,
    /// How far people said it was, as specs write it; for what no KPI measures.
    pub current: Option<String>,
    /// What was to be reached, as specs write it.
    pub target: Option<String>,
}

/// A project with drafts.
#[derive(Debug)]
pub struct Carried {
    /// The files that change.
    pub changes: Vec<Change>,
    /// Which results go on as which: `grow.sold`, `grow_2024_q2.sold`.
    pub pairs: Vec<(String, String)>,
}

/// Why a result cannot be carried on by a draft; nothing if it can.
pub fn cannot(result: &KeyResult) -> Option<&'static str> {
    match result.evidence {
        Evidence::Missing | Evidence::Broken => return Some("nothing measures it"),
        Evidence::Kpi(_) | Evidence::Manual(_) => {}
    }
    match (&result.goal, result.reads) {
        (None, _) => Some("it has no goal"),
        (Some(Goal::Reach { .. }), Reads::ToDate) => {
            Some("it adds up from the start of its period, so its target has to be chosen anew")
        }
        (Some(_), _) => None,
    }
}

/// The name of an objective in another period: `grow`, `grow_2024_q1` as `grow_2024_q2`.
fn name_in(name: &str, before: &str, period: &str) -> String {
    let plain = |period: &str| period.to_lowercase().replace('-', "_");
    let root = name.strip_suffix(&format!("_{}", plain(before))).unwrap_or(name);
    format!("{root}_{}", plain(period))
}

/// Drafts objectives in memory. The period has been read by whoever asks.
///
/// # Errors
/// Fails if there would be errors, or if a draft's name is taken.
pub fn carry(project: &Checked, all: &[Carry], (period, days): (&str, Stretch), options: &Options) -> Result<Carried, Refusal> {
    let (model, files) = (&project.model, &project.files);
    let (mut changes, mut pairs): (Vec<Change>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for each in all.iter().filter(|each| !each.results.is_empty()) {
        let objective = model.objectives.get(each.objective);
        let name = name_in(&objective.name.value, &objective.period_text, period);
        let file = objective.name.span.file;
        let (path, before) = (files.path(file), text_now(&changes, files, file));
        let value = draft(model, files, each, (period, days));
        let keys = [Kind::Objective.section()];
        let wish = put::Wish { map: &keys, key: &name, value: &value, replaces: false, comment: None };
        let is_taken = model.objectives.rows().iter().any(|other| other.name.value == name);
        let put = if is_taken { Err(Cannot::Taken) } else { put::put(path, &before, &wish) };
        let after = put.map_err(|why| refused(why, &name, path))?;
        change(&mut changes, files, file, after);
        for result in each.results.iter().filter_map(|result| objective.key_results.get(result.at)) {
            let own = &result.name.value;
            pairs.push((format!("{}.{own}", objective.name.value), format!("{name}.{own}")));
        }
    }
    let after = checked(files, &changes, options)?;
    if after.findings.has_errors() {
        return Err(Refusal::Breaks(Box::new((after.findings, after.files))));
    }
    Ok(Carried { changes, pairs })
}

fn refused(why: Cannot, name: &str, path: &str) -> Refusal {
    match why {
        Cannot::Taken => Refusal::cannot(format!("there is already an objective `{name}`"), "leave out `--carry-to`"),
        _ => Refusal::cannot(format!("it is not clear where to put `{name}` in {path}"), "write it by hand"),
    }
}

/// An objective as it stands in braces.
fn draft(model: &Model, files: &Files, carry: &Carry, (period, days): (&str, Stretch)) -> String {
    let objective = model.objectives.get(carry.objective);
    let mut keys = Keys::default();
    keys.text("title", objective.title_span.map(|_| objective.title.as_str()));
    keys.text("owner", objective.owner.map(|team| model.teams.get(team).name.value.as_str()));
    keys.plain("period", Some(period.to_owned()));
    // One that is over cannot hold the next period.
    let parent = objective.parent.as_ref().map(|parent| model.objectives.get(parent.value));
    let parent = parent.filter(|parent| parent.period.is_some_and(|period| period.holds(days)));
    keys.text("parent", parent.map(|parent| parent.name.value.as_str()));
    keys.text("review", Some(objective.review.as_str()).filter(|review| !review.is_empty()));
    let results = carry.results.iter().filter_map(|each| {
        let result = objective.key_results.get(each.at)?;
        let own = result_draft(model, files, (result, each), objective.owner);
        let continues = format!("{}.{}", objective.name.value, result.name.value);
        Some(format!("{}: {{ {own}, continues: {continues} }}", result.name.value))
    });
    keys.plain("key_results", Some(format!("{{ {} }}", results.collect::<Vec<_>>().join(", "))));
    format!("{{ {} }}", keys.0.join(", "))
}

/// Keys with their values, as they stand in braces.
#[derive(Default)]
struct Keys(Vec<String>);

impl Keys {
    fn plain(&mut self, key: &str, value: Option<String>) {
        self.0.extend(value.map(|value| format!("{key}: {value}")));
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        self.plain(key, text.map(scalar::text));
    }
}

fn result_draft(
    model: &Model,
    files: &Files,
    (result, known): (&KeyResult, &Unfinished),
    owner: Option<crate::model::TeamId>,
) -> String {
    // A number or a share as it is, anything else as a text.
    let amount = |text: &str| if shape::number(text).is_some() { text.to_owned() } else { scalar::text(text) };
    let written = |span: Span| amount(files.slice(span).trim_matches(['"', '\'']));
    let mut keys = Keys::default();
    keys.text("title", result.title_span.map(|_| result.title.as_str()));
    match &result.evidence {
        Evidence::Kpi(shown) => {
            keys.text("kpi", Some(model.kpis.get(shown.kpi).name.value.as_str()));
            let member = |member: &crate::model::objective::Member| {
                let value = member.text.as_deref().map_or_else(|| "null".to_owned(), scalar::text);
                format!("{}: {value}", files.slice(member.span))
            };
            let slice: Vec<String> = shown.slice.iter().map(member).collect();
            keys.plain("slice", (!slice.is_empty()).then(|| format!("{{ {} }}", slice.join(", "))));
        }
        Evidence::Manual(manual) => {
            keys.plain("manual", Some("true".to_owned()));
            keys.text("unit", Some(manual.unit.to_string().as_str()).filter(|unit| !unit.is_empty()));
        }
        Evidence::Missing | Evidence::Broken => {}
    }
    match &result.goal {
        Some(Goal::Reach { from, to }) => {
            let is_manual = matches!(result.evidence, Evidence::Manual(_));
            let from = match from {
                _ if !is_manual => "measured".to_owned(),
                Baseline::Number(first) => known.current.clone().unwrap_or_else(|| written(first.span)),
                Baseline::Zero | Baseline::Measured(_) => known.current.clone().unwrap_or_else(|| "0".to_owned()),
            };
            keys.plain("from", Some(amount(&from)));
            keys.plain(
                "to",
                match to {
                    Target::Number(number) => Some(written(number.span)),
                    Target::Relative(relative) => Some(known.target.as_deref().map_or_else(|| written(relative.span), amount)),
                },
            );
        }
        Some(Goal::Keep(bound)) => {
            let amounts: Vec<String> = bound.amounts().into_iter().map(|amount| written(amount.span)).collect();
            let is_pair = matches!(bound, Bound::Between(..));
            let value = if is_pair { format!("[{}]", amounts.join(", ")) } else { amounts.concat() };
            keys.plain(bound.word(), Some(value));
        }
        None => {}
    }
    keys.plain(
        "measure",
        match result.reads {
            Reads::Latest => None,
            Reads::ToDate => Some("to_date".to_owned()),
            Reads::Mean => Some("mean".to_owned()),
        },
    );
    keys.plain("commitment", result.is_committed.then(|| "committed".to_owned()));
    let own = result.owner.filter(|own| Some(*own) != owner);
    keys.text("owner", own.map(|team| model.teams.get(team).name.value.as_str()));
    keys.plain("weight", result.weight_span.map(|_| result.weight.to_string()));
    keys.text("unaligned", Some(result.unaligned.as_str()).filter(|text| !text.is_empty()));
    keys.0.join(", ")
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn names_say_their_period_once() {
        assert_eq!(name_in("grow", "2024-Q1", "2024-Q2"), "grow_2024_q2");
        assert_eq!(name_in("grow_2024_q1", "2024-Q1", "2024-Q2"), "grow_2024_q2");
    }
}
