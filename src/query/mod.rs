//! Ad hoc questions: the words of a command line become a spec file, so that they take the same way as every other spec.
//!
//! [`file`] writes the spec; once it has been checked with the project, [`question`] makes the question for the planner.

use crate::calendar::{Calendar, Date, Grain, Label, add_days};
use crate::diagnostic::Findings;
use crate::model::expr::Age;
use crate::model::{ASKED, KpiId, Model};
use crate::plan::views::{beside, omit_gaps};
use crate::plan::{Data, Output, Question, Show};

/// The name under which the words of the command line show up in findings.
pub const FILE: &str = "the command line";

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// KPIs by name, or formulas over them, perhaps with a name before: `aov = revenue / purchases`.
    pub kpis: Vec<String>,
    /// The dimensions to slice by.
    pub by: Vec<String>,
    /// The grain; that of the first KPI if not given.
    pub grain: Option<Grain>,
    /// A condition on dimensions.
    pub condition: Option<String>,
    /// The first period.
    pub from: Option<String>,
    /// The last period.
    pub to: Option<String>,
}

/// One column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the answer.
    pub name: String,
    /// The KPI of the written spec that it shows.
    kpi: String,
    /// What whoever asks calls it: its name, or else the formula.
    called: String,
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// What is not clear.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The names of what is asked, with the formula of each.
fn columns(asked: &Asked) -> Vec<(String, String)> {
    asked
        .kpis
        .iter()
        .enumerate()
        .map(|(at, text)| match text.split_once('=') {
            Some((name, formula)) if crate::spec::shape::is_name(name.trim()) && !formula.starts_with('=') => {
                (name.trim().to_owned(), formula.trim().to_owned())
            }
            _ if crate::spec::shape::is_name(text.trim()) => (text.trim().to_owned(), text.trim().to_owned()),
            _ => (unnamed(at), text.trim().to_owned()),
        })
        .collect()
}

/// What is known of a KPI of the project.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its grain.
    pub grain: Grain,
    /// The ages of its cohorts.
    pub age: Option<Age>,
    /// Whether it omits gaps.
    pub omit_gaps: bool,
}

/// The spec file for what is asked, and the columns of the answer. `known` says what is known of a KPI.
pub fn file(asked: &Asked, known: impl Fn(&str) -> Option<Known>) -> (String, Vec<Column>) {
    let columns = columns(asked);
    let own = columns.iter().find_map(|(_, formula)| known(formula));
    let grain = asked.grain.or(own.map(|kpi| kpi.grain)).unwrap_or(Grain::Month);
    let mut text = String::from("kpis:\n");
    let mut made = Vec::new();
    for (at, (name, formula)) in columns.into_iter().enumerate() {
        let kpi = format!("{ASKED}{}", at + 1);
        text.push_str(&format!("  {kpi}:\n    grain: {grain}\n"));
        // What is made of a KPI with ages has the same ages.
        let words = formula.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
        if let Some(age) = words.filter_map(&known).find_map(|kpi| kpi.age) {
            text.push_str(&format!("    {age}\n"));
        }
        // A KPI leaves out what its own view does, on a part of the rows too; a formula over KPIs has a row for every period.
        if known(&formula).is_some_and(|kpi| kpi.omit_gaps) {
            text.push_str("    gaps: omit\n");
        }
        let called = if name == unnamed(at) { formula.clone() } else { name.clone() };
        match &asked.condition {
            None => text.push_str(&format!("    formula: {}\n", quoted(&formula))),
            Some(condition) => text.push_str(&format!("    formula: {}\n", quoted(&format!("slice({formula}, {condition})")))),
        }
        if !asked.by.is_empty() {
            let names: Vec<String> = asked.by.iter().map(|name| quoted(name)).collect();
            text.push_str(&format!("    by: [[{}]]\n", names.join(", ")));
        }
        made.push(Column { name, kpi, called });
    }
    (text, made)
}

/// What is wrong with the name before a formula, if it was meant to be one.
pub fn bad_name(text: &str) -> Option<Unclear> {
    let (name, formula) = text.split_once('=')?;
    let name = name.trim();
    let is_word = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    let is_meant = is_word && !formula.starts_with('=') && !crate::spec::shape::is_name(name);
    is_meant.then(|| Unclear {
        message: format!("`{name}` cannot be the name of a column"),
        help: "names begin with a letter and hold small letters, digits and single underscores: `last_28_days = ...`"
            .to_owned(),
    })
}

/// The name of a formula that was given none.
fn unnamed(at: usize) -> String {
    format!("value_{}", at + 1)
}

/// Calls the KPIs of the written spec what whoever asks calls them.
pub fn reword(findings: &mut Findings, columns: &[Column]) {
    findings.reword(|text| {
        columns
            .iter()
            .fold(text.to_owned(), |text, column| text.replace(&format!("`{}`", column.kpi), &format!("`{}`", column.called)))
    });
}

/// A text as YAML, in single quotes: the only escape is a doubled quote, so that the text stays readable in findings.
fn quoted(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    format!("'{}'", line.replace('\'', "''"))
}

/// The question for the planner, over the checked model of the project and the written spec.
///
/// # Errors
/// Fails if `from` or `to` is no period, or if two of what is asked have different ages.
pub fn question(model: &Model, asked: &Asked, columns: &[Column]) -> Result<(Question, Vec<KpiId>), Unclear> {
    let kpis: Vec<(String, KpiId)> =
        columns.iter().filter_map(|column| Some((column.name.clone(), *model.kpi_names.get(&column.kpi)?))).collect();
    let first = kpis.first().map(|(_, id)| model.kpis.get(*id));
    let calendar = &model.calendar;
    let from = asked.from.as_ref().map(|text| first_day(calendar, text)).transpose()?;
    let to = asked.to.as_ref().map(|text| last_day(calendar, text)).transpose()?;
    let ids: Vec<KpiId> = kpis.iter().map(|(_, id)| *id).collect();
    let mut outputs: Vec<Output> =
        kpis.iter().map(|(name, id)| Output { name: name.clone(), show: beside(&ids, *id) }).collect();
    outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(ids.clone()) });
    let mut age: Option<(Age, &str)> = None;
    for (name, id) in &kpis {
        let Some(own) = model.kpis.get(*id).age.as_ref().map(|age| age.value) else { continue };
        if let Some((_, other)) = age.filter(|(known, _)| *known != own) {
            return Err(Unclear {
                message: format!("`{other}` and `{name}` have different ages, and an answer has one column for them"),
                help: "ask for them one by one".to_owned(),
            });
        }
        age = Some((own, name));
    }
    let age = age.map(|(age, _)| age);
    let question = Question {
        outputs,
        grain: first.map_or(Grain::Month, |kpi| kpi.grain),
        dimensions: first.and_then(|kpi| kpi.by.first()).map(|slice| slice.value.clone()).unwrap_or_default(),
        age,
        filter: None,
        since: None,
        omit_gaps: omit_gaps(model, &ids),
        from,
        is_lead_in: false,
        to,
        data: Data::Warehouse,
    };
    Ok((question, ids))
}

fn label(calendar: &Calendar, text: &str) -> Result<(Label, Date), Unclear> {
    let label = Label::parse(text);
    label.and_then(|label| Some((label, label.start(calendar)?))).ok_or_else(|| Unclear {
        message: format!("`{text}` is no period"),
        help: "write a day (2024-01-31), week (2024-W05), month (2024-01), quarter (2024-Q1) or year (2024)".to_owned(),
    })
}

fn first_day(calendar: &Calendar, text: &str) -> Result<Date, Unclear> {
    label(calendar, text).map(|(_, start)| start)
}

fn last_day(calendar: &Calendar, text: &str) -> Result<Date, Unclear> {
    label(calendar, text).map(|(label, start)| add_days(calendar.next(label.grain(), start), -1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_formulas_become_kpis() {
        let asked = Asked {
            kpis: vec!["revenue".into(), "aov = revenue / purchases".into(), "count(orders where a = 'x')".into()],
            by: vec!["channel".into()],
            condition: Some("country = 'DE'".into()),
            ..Asked::default()
        };
        let (text, columns) =
            file(&asked, |name| (name == "revenue").then_some(Known { grain: Grain::Week, age: None, omit_gaps: false }));
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["revenue", "aov", "value_3"]);
        assert!(text.contains("formula: 'slice(revenue, country = ''DE'')'"), "{text}");
        assert!(text.contains("grain: week"));
        assert!(text.contains("by: [['channel']]"));
    }

    #[test]
    fn a_name_that_cannot_be_one_is_told_apart_from_a_formula() {
        assert!(bad_name("28d = sum(orders.amount)").is_some_and(|unclear| unclear.message.contains("`28d`")));
        assert!(bad_name("Total = revenue").is_some());
        for text in ["aov = revenue / purchases", "revenue", "if(a = 1, 2, 3)", "a.b = 1"] {
            assert_eq!(bad_name(text), None, "{text}");
        }
    }

    #[test]
    fn findings_call_what_is_asked_by_its_name_or_formula() {
        let asked = Asked { kpis: vec!["aov = revenue / purchases".into(), "revenue + 1".into()], ..Asked::default() };
        let (_, columns) = file(&asked, |_| None);
        let mut findings = Findings::default();
        findings.push(crate::diagnostic::Finding::placeless(
            &crate::diagnostic::codes::NO_SHARED_DIMENSION,
            "`kpic_asked_1` and `kpic_asked_2` cannot be sliced",
        ));
        reword(&mut findings, &columns);
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["`aov` and `revenue + 1` cannot be sliced"]);
    }
}
