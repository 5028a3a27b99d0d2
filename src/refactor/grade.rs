//! Final grades of objectives go into the spec files in which the objectives are.
//!
//! 1. Each grade is put into the `final` map of its objective, in memory, with a comment that asks for what was learned.
//! 2. The project that comes out is checked: there may be no error, and all that is new in it are these grades.

use super::{Kind, Refusal, change, checked, text_now};
use crate::calendar::Date;
use crate::fix::Change;
use crate::layout::put::{self, Cannot};
use crate::layout::scalar;
use crate::model::Model;
use crate::model::objective::ObjectiveId;
use crate::pipeline::{Checked, Options};

/// The comment behind a grade of which nobody has said what was learned.
const ASKED: &str = "learned: what will you do differently?";

/// A grade to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {
    /// The objective.
    pub objective: ObjectiveId,
    /// The day.
    pub day: Date,
    /// The grade, 0 to 1, as specs write it.
    pub grade: String,
    /// What was learned; empty if nobody says.
    pub learned: String,
    /// Whether it takes the place of a grade of the same day.
    pub replaces: bool,
}

/// A project with grades.
#[derive(Debug)]
pub struct Graded {
    /// The files that change.
    pub changes: Vec<Change>,
    /// The project after that.
    pub after: Checked,
}

/// Writes grades in memory.
///
/// # Errors
/// Fails if the project has errors or would have some, and if there is no place that is an objective's own.
pub fn grade(project: &Checked, grades: &[Grade], options: &Options) -> Result<Graded, Refusal> {
    if project.findings.has_errors() {
        return Err(Refusal::Errors(Box::new((project.findings.clone(), project.files.clone()))));
    }
    let mut changes: Vec<Change> = Vec::new();
    for each in grades {
        let objective = project.model.objectives.get(each.objective);
        let (name, file) = (objective.name.value.as_str(), objective.name.span.file);
        let (path, text) = (project.files.path(file), text_now(&changes, &project.files, file));
        let (keys, day, value) = ([Kind::Objective.section(), name, "final"], each.day.to_string(), written(each));
        let comment = Some((ASKED, each.learned.is_empty()));
        let wish = put::Wish { map: &keys, key: &day, value: &value, replaces: each.replaces, comment };
        let after = put::put(path, &text, &wish).map_err(|why| refused(why, name, path, each.day))?;
        change(&mut changes, &project.files, file, after);
    }
    let after = checked(&project.files, &changes, options)?;
    if after.findings.has_errors() {
        return Err(Refusal::Breaks(Box::new((after.findings, after.files))));
    }
    if finals(&after.model, &[]) != finals(&project.model, grades) {
        let message = "objectives share their grades through anchors or merged maps";
        return Err(Refusal::cannot(message, "write out what these stand for first"));
    }
    Ok(Graded { changes, after })
}

/// The grade as it stands in braces.
fn written(grade: &Grade) -> String {
    let learned = if grade.learned.is_empty() { String::new() } else { format!(", learned: {}", scalar::text(&grade.learned)) };
    format!("{{ grade: {}{learned} }}", grade.grade)
}

fn refused(why: Cannot, name: &str, path: &str, day: Date) -> Refusal {
    match why {
        Cannot::Taken => Refusal::cannot(format!("`{name}` has a grade of {day} already"), "`--on` takes another day"),
        Cannot::HasComments => Refusal::cannot(
            format!("the grade of `{name}` on {day} has comments, which would be lost"),
            format!("change it by hand, in {path}"),
        ),
        Cannot::Shared => Refusal::cannot(
            format!("`{name}` is written with an anchor or alias in {path}, which stands for other places too"),
            "write out what it stands for first",
        ),
        Cannot::NotThere | Cannot::NotAMap => {
            Refusal::cannot(format!("it is not clear where `final` of `{name}` is in {path}"), "write it by hand once")
        }
    }
}

/// The grades of an objective.
type Finals = (String, Vec<(Date, Option<f64>, String)>);

/// The grades of all objectives, with further ones.
fn finals(model: &Model, grades: &[Grade]) -> Vec<Finals> {
    let all = model.objectives.iter().map(|(id, objective)| {
        let known = objective.finals.iter().map(|each| (each.day, each.grade, each.learned.clone()));
        let mut known: Vec<_> = known.collect();
        for each in grades.iter().filter(|each| each.objective == id) {
            known.retain(|(day, ..)| *day != each.day);
            known.push((each.day, each.grade.parse().ok(), each.learned.clone()));
            known.sort_by_key(|(day, ..)| *day);
        }
        (objective.name.value.clone(), known)
    });
    all.collect()
}
