//! What people say about a key result goes into the spec file in which the result is.
//!
//! 1. The check-in and the confidence are put into the maps of the result, in memory.
//! 2. The project that comes out is checked: there may be no error, and all that is new in it is what was said.

use super::{Kind, Refusal, checked};
use crate::calendar::Date;
use crate::diagnostic::suggest;
use crate::fix::Change;
use crate::layout::put::{self, Cannot};
use crate::layout::scalar;
use crate::model::Model;
use crate::model::objective::{CheckIn, Evidence, KeyResult, Objective, ObjectiveId};
use crate::pipeline::{Checked, Options};

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The objective, and the place of the result in it.
    pub of: (ObjectiveId, usize),
    /// The day.
    pub day: Date,
    /// How far the result is, as specs write numbers; nothing where a KPI says that.
    pub value: Option<&'a str>,
    /// How sure people are, from 1 to 10.
    pub confidence: Option<u32>,
    /// What there is to say.
    pub note: Option<&'a str>,
    /// What is in its way.
    pub blocker: Option<&'a str>,
    /// What somebody has to decide.
    pub decision: Option<&'a str>,
    /// Whether it takes the place of what was said on the same day.
    pub replaces: bool,
}

/// A project with a check-in.
#[derive(Debug)]
pub struct CheckedIn {
    /// The file that changes.
    pub change: Change,
    /// The project after that.
    pub after: Checked,
}

/// The key result of a name such as `growth.more_buyers`.
///
/// # Errors
/// Fails if there is none.
pub fn find(model: &Model, name: &str) -> Result<(ObjectiveId, usize), Refusal> {
    let all = || model.objectives.iter().flat_map(|(id, of)| of.key_results.iter().enumerate().map(move |at| (id, of, at)));
    let full = |objective: &Objective, result: &KeyResult| format!("{}.{}", objective.name.value, result.name.value);
    if let Some((id, _, (at, _))) = all().find(|(_, objective, (_, result))| full(objective, result) == name) {
        return Ok((id, at));
    }
    let names: Vec<String> = all().map(|(_, objective, (_, result))| full(objective, result)).collect();
    // A name without its objective is enough to say which are meant.
    let same: Vec<&str> = names.iter().map(String::as_str).filter(|full| full.ends_with(&format!(".{name}"))).collect();
    let help = if same.is_empty() {
        suggest::did_you_mean(name, "the key results are", names.iter().map(String::as_str))
    } else {
        Some(format!("name its objective too: `{}`", same.join("` or `")))
    };
    Err(Refusal::cannot(
        format!("there is no key result `{name}`"),
        help.unwrap_or_else(|| "a key result is named `objective.result`".to_owned()),
    ))
}

/// Writes a check-in in memory.
///
/// # Errors
/// Fails if the project has errors or would have some, and if there is no place that is the result's own.
pub fn check_in(project: &Checked, wish: &Wish<'_>, options: &Options) -> Result<CheckedIn, Refusal> {
    if project.findings.has_errors() {
        return Err(Refusal::Errors(Box::new((project.findings.clone(), project.files.clone()))));
    }
    let objective = project.model.objectives.get(wish.of.0);
    let Some(result) = objective.key_results.get(wish.of.1) else {
        return Err(Refusal::cannot("there is no such key result", "see `kpic status`"));
    };
    if let Some(why) = &result.dropped {
        let message = format!("`{}` is dropped: {why}", result.name.value);
        return Err(Refusal::cannot(message, "remove `dropped` from it first, if it is pursued again"));
    }
    let file = result.name.span.file;
    let (path, before) = (project.files.path(file), project.files.get(file).map_or("", |file| file.text.as_str()));
    let said = said(wish);
    let confidence = wish.confidence.map(|confidence| confidence.to_string());
    let mut after = before.to_owned();
    for (map, value) in [("check_ins", said), ("confidence", confidence)] {
        let Some(value) = value else { continue };
        let (day, replaces) = (wish.day.to_string(), wish.replaces);
        let keys = [Kind::Objective.section(), &objective.name.value, "key_results", &result.name.value, map];
        let put = put::put(path, &after, &put::Wish { map: &keys, key: &day, value: &value, replaces, comment: None });
        after = put.map_err(|why| refused(why, path, (objective, result), map, wish.day))?;
    }
    let hidden = project.files.get(file).map(|file| file.hidden().map(str::to_owned).collect()).unwrap_or_default();
    let change = Change { path: path.to_owned(), before: before.to_owned(), after, hidden };
    let after = checked(&project.files, std::slice::from_ref(&change), options)?;
    if after.findings.has_errors() {
        return Err(Refusal::Breaks(Box::new((after.findings, after.files))));
    }
    if talk(&after.model, None) != talk(&project.model, Some(wish)) {
        let message = format!("`{}` shares its check-ins with other places of {path}", result.name.value);
        return Err(Refusal::cannot(message, "write out what anchors and merged maps stand for first"));
    }
    Ok(CheckedIn { change, after })
}

/// The check-in as it stands in braces; nothing if there is only confidence.
fn said(wish: &Wish<'_>) -> Option<String> {
    let text = |key: &str, text: Option<&str>| text.map(|text| format!("{key}: {}", scalar::text(text)));
    let words = [text("note", wish.note), text("blocker", wish.blocker), text("decision", wish.decision)];
    let words: Vec<String> = words.into_iter().flatten().collect();
    match (wish.value, words.is_empty()) {
        (value, true) => value.map(str::to_owned),
        (value, false) => {
            let value = value.map(|value| format!("value: {value}"));
            Some(format!("{{ {} }}", value.into_iter().chain(words).collect::<Vec<_>>().join(", ")))
        }
    }
}

fn refused(why: Cannot, path: &str, (objective, result): (&Objective, &KeyResult), map: &str, day: Date) -> Refusal {
    let name = format!("{}.{}", objective.name.value, result.name.value);
    match why {
        Cannot::Taken if map == "check_ins" => Refusal::cannot(
            format!("`{name}` has been checked in on {day} already"),
            "`--replace` puts this check-in in its place, `--on` takes another day",
        ),
        Cannot::Taken => Refusal::cannot(
            format!("`{name}` has a confidence of {day} already"),
            "`--replace` puts this one in its place, `--on` takes another day",
        ),
        Cannot::HasComments => Refusal::cannot(
            format!("the check-in of `{name}` on {day} has comments, which would be lost"),
            format!("change it by hand, in {path}"),
        ),
        Cannot::Shared => Refusal::cannot(
            format!("`{name}` is written with an anchor or alias in {path}, which stands for other places too"),
            "write out what it stands for first",
        ),
        Cannot::NotThere | Cannot::NotAMap => {
            Refusal::cannot(format!("it is not clear where `{map}` of `{name}` is in {path}"), "write it by hand once")
        }
    }
}

/// What people say about one key result.
type Talk = (String, Vec<(Date, Option<f64>, [String; 3])>, Vec<(Date, u32)>);

/// What people say about all key results, with what is wished.
fn talk(model: &Model, wish: Option<&Wish<'_>>) -> Vec<Talk> {
    let all = model.objectives.iter().flat_map(|(id, of)| of.key_results.iter().enumerate().map(move |at| (id, of, at)));
    all.map(|(id, objective, (at, result))| {
        let entry = |each: &CheckIn| (each.day, each.value, [&each.note, &each.blocker, &each.decision].map(String::clone));
        let mut check_ins: Vec<_> = result.check_ins.iter().map(entry).collect();
        let mut confidence = result.confidence.clone();
        if let Some(wish) = wish.filter(|wish| wish.of == (id, at)) {
            if said(wish).is_some() {
                check_ins.retain(|(day, ..)| *day != wish.day);
                let words = [wish.note, wish.blocker, wish.decision].map(|text| text.unwrap_or_default().to_owned());
                check_ins.push((wish.day, wish.value.and_then(number), words));
                check_ins.sort_by_key(|(day, ..)| *day);
            }
            if let Some(said) = wish.confidence {
                confidence.retain(|(day, _)| *day != wish.day);
                confidence.push((wish.day, said));
                confidence.sort_unstable();
            }
        }
        (format!("{}.{}", objective.name.value, result.name.value), check_ins, confidence)
    })
    .collect()
}

/// A number as specs have it; nothing if it is none.
pub fn number(text: &str) -> Option<f64> {
    crate::spec::shape::number(text)
}

/// Whether people say how far a result is, because no KPI does.
pub fn is_manual(result: &KeyResult) -> bool {
    matches!(result.evidence, Evidence::Manual(_))
}
