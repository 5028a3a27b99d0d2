//! Ad hoc questions: the words of a command line become definitions beside those of the project, so that they take the same way.
//!
//! [`write`] makes the definitions, whose places are in the words as they were typed; once they have been checked with the project,
//! [`question`] makes the question for the planner.

use crate::calendar::{Calendar, Date, Grain, Label, add_days};
use crate::diagnostic::{Finding, Findings, Severity, codes};
use crate::model::expr::Age;
use crate::model::facts::Kind;
use crate::model::{ASKED, KpiId, Model};
use crate::plan::views::{beside, omit_gaps};
use crate::plan::{Data, Output, Question, Show, nothing_is_own};
use crate::spec::Spec;
use crate::spec::kpi::Kpi;
use crate::spec::reader::FormulaText;
use crate::spec::shape::is_name;
use crate::text::{FileId, Files, Name, Span, Spanned};
use std::collections::{HashMap, HashSet};

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
    /// The KPI that it shows.
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

/// What is asked, as definitions beside those of the project's files.
#[derive(Debug, Default)]
pub struct Written {
    /// The KPIs.
    pub kpis: Vec<Kpi>,
    /// The columns of the answer.
    pub columns: Vec<Column>,
    /// What was typed, an argument each.
    pub arguments: Vec<FileId>,
    /// Columns of the answer that would have the name of another one.
    pub doubled: Findings,
}

/// A name and a formula, as typed in one argument.
struct Typed<'a> {
    name: Option<&'a str>,
    formula: &'a str,
    /// Where the formula starts.
    begin: usize,
}

impl<'a> Typed<'a> {
    fn of(text: &'a str) -> Self {
        let (name, formula) = match text.split_once('=') {
            Some((name, formula)) if is_name(name.trim()) && !formula.starts_with('=') => (Some(name.trim()), formula),
            _ => (Some(text.trim()).filter(|name| is_name(name)), text),
        };
        let begin = text.len() - formula.trim_start().len();
        Self { name, formula: formula.trim(), begin }
    }
}

/// Makes definitions of what is asked: `spec` knows the project's KPIs, and `files` gets each argument as a text of its own, so that
/// findings quote what was typed.
pub fn write(asked: &Asked, spec: &Spec, files: &mut Files) -> Written {
    let known = |name: &str| spec.kpis.iter().find(|kpi| kpi.goes_by(name));
    let typed: Vec<Typed<'_>> = asked.kpis.iter().map(|text| Typed::of(text)).collect();
    let own = typed.iter().find_map(|typed| known(typed.formula)).and_then(|kpi| kpi.grain.as_ref());
    let grain = asked.grain.or(own.map(|grain| grain.value)).unwrap_or(Grain::Month);
    let mut written = Written::default();
    let mut argument = |option: &str, text: &str| {
        let file = files.add(option.to_owned(), text.to_owned());
        written.arguments.push(file);
        Span::new(file, 0..text.len())
    };
    let condition = asked.condition.as_ref().map(|text| FormulaText::bare(text, argument("--where", text)));
    let by = (!asked.by.is_empty()).then(|| {
        let whole = argument("--by", &asked.by.join(","));
        let mut begin = 0;
        let names = asked.by.iter().map(|text| {
            let start = begin + (text.len() - text.trim_start().len());
            begin += text.len() + 1;
            Name::new(text.trim().to_owned(), Span::new(whole.file, start..start + text.trim().len()))
        });
        Spanned::new(names.collect(), whole)
    });
    let mut places = Vec::new();
    for (at, (text, typed)) in asked.kpis.iter().zip(&typed).enumerate() {
        let whole = argument("the command line", text);
        let place = Span::new(whole.file, typed.begin..typed.begin + typed.formula.len());
        let mut kpi = Kpi::asked(Name::new(format!("{ASKED}{}", at + 1), whole), FormulaText::bare(typed.formula, place));
        // What is made of a KPI with ages has the same ages.
        let words = typed.formula.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
        kpi.age = words.filter_map(known).find_map(|kpi| kpi.age.clone());
        kpi.grain = Some(Spanned::new(grain, whole));
        // A KPI leaves out what its own view does, on a part of the rows too; a formula over KPIs has a row for every period.
        kpi.omit_gaps = known(typed.formula).is_some_and(|kpi| kpi.omit_gaps);
        kpi.part.clone_from(&condition);
        kpi.by.extend(by.clone());
        places.push((whole, typed.name.is_some()));
        written.columns.push(Column {
            name: typed.name.map_or_else(|| format!("value_{}", at + 1), str::to_owned),
            kpi: kpi.name.value.clone(),
            called: typed.name.unwrap_or(typed.formula).to_owned(),
        });
        written.kpis.push(kpi);
    }
    let dimensions: Vec<Name> = by.map(|by| by.value).unwrap_or_default();
    written.doubled = doubled(&written, &dimensions, &places);
    for (typed, (span, _)) in typed.iter().zip(&places) {
        let Some((name, kpi)) = typed.name.and_then(|name| Some((name, known(name)?))) else { continue };
        let is_told = written.doubled.iter().any(|finding| finding.labels.first().is_some_and(|label| label.span == *span));
        if !is_told && !kpi.goes_by(typed.formula) {
            let message = format!("`{name}` is a KPI of the project, and this column would be called so too");
            let help = format!("give it another name: `own_{name} = {}`", typed.formula);
            written.doubled.report(&codes::DUPLICATE_DEFINITION, *span, message).help(help);
        }
    }
    written
}

/// Columns of an answer that would have the name of another one, so that whoever reads it by names would get either. Of each KPI it is
/// known where it was typed, and whether it has a name.
fn doubled(written: &Written, dimensions: &[Name], places: &[(Span, bool)]) -> Findings {
    let mut findings = Findings::default();
    let has_ages = written.kpis.iter().any(|kpi| kpi.age.is_some());
    let own = |name: &str| matches!(name, "period" | "is_complete") || name == "age" && has_ages;
    for name in dimensions.iter().filter(|name| own(&name.value)) {
        let message = format!("the answer has a column `{}` of its own", name.value);
        let help = format!("give the source's column another name: `own_{0}: {{ column: {0} }}`", name.value);
        findings.report(&codes::RESERVED_NAME, name.span, message).help(help);
    }
    let mut seen: HashMap<&str, Span> = dimensions.iter().map(|name| (name.value.as_str(), name.span)).collect();
    for (column, (span, is_named)) in written.columns.iter().zip(places) {
        let name = column.name.as_str();
        let formula = written.kpis.iter().find(|kpi| kpi.name.value == column.kpi).and_then(|kpi| kpi.formula.as_ref());
        let formula = formula.map_or("...", |formula| formula.text.as_str());
        if own(name) {
            let help = format!("give it another name: `own_{name} = {formula}`");
            findings.report(&codes::RESERVED_NAME, *span, format!("the answer has a column `{name}` of its own")).help(help);
        } else if let Some(first) = seen.insert(name, *span) {
            let other = if *is_named { format!("other_{name}") } else { "figure".to_owned() };
            findings
                .report(&codes::DUPLICATE_DEFINITION, *span, format!("two columns of the answer would be called `{name}`"))
                .here("the second")
                .also(first, "the first")
                .help(format!("give one of them another name: `{other} = {formula}`"));
        }
    }
    findings
}

/// Why words are not question, where that can be seen without the project.
pub fn unclear(asked: &Asked) -> Option<Unclear> {
    let unclear = |message: &str, help: &str| Some(Unclear { message: message.to_owned(), help: help.to_owned() });
    if asked.condition.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return unclear("`--where` is empty", "write a condition on dimensions, `--where \"country = 'DE'\"`, or leave it out");
    }
    if asked.kpis.iter().any(|text| Typed::of(text).formula.is_empty()) {
        return unclear("a formula is empty", "name a KPI, or write a formula: `kpic query 'aov = revenue / purchases'`");
    }
    if let Some(unclear) = words_apart(&asked.kpis) {
        return Some(unclear);
    }
    asked.kpis.iter().find_map(|text| bad_name(text).or_else(|| name_after(text)))
}

/// What is wrong with the name before a formula, if it was meant to be one.
fn bad_name(text: &str) -> Option<Unclear> {
    let (name, formula) = text.split_once('=')?;
    let name = name.trim();
    let is_word = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    let is_meant = is_word && !formula.starts_with('=') && !is_name(name);
    is_meant.then(|| Unclear {
        message: format!("`{name}` cannot be a column name"),
        help: "a name starts with a letter and has lower-case letters, digits and single underscores: `last_28_days = ...`"
            .to_owned(),
    })
}

/// `revenue / purchases as aov`: a name behind its formula, as SQL has it.
fn name_after(text: &str) -> Option<Unclear> {
    let (before, name) = text.trim().rsplit_once(char::is_whitespace).filter(|(_, name)| is_name(name))?;
    let before = before.trim_end();
    let formula = before.get(..before.len().checked_sub(2)?).filter(|formula| formula.ends_with(char::is_whitespace))?.trim();
    let is_meant = before.to_ascii_lowercase().ends_with(" as") && !formula.is_empty();
    is_meant.then(|| Unclear {
        message: format!("the name `{name}` stands behind its formula"),
        help: format!("write it before the formula: `'{name} = {formula}'`"),
    })
}

/// Three words without quotes are three arguments: `revenue as aov`.
fn words_apart(arguments: &[String]) -> Option<Unclear> {
    let [formula, _, name] = arguments
        .windows(3)
        .find(|three| matches!(three, [_, word, name] if word.eq_ignore_ascii_case("as") && is_name(name)))?
    else {
        return None;
    };
    name_after(&format!("{formula} as {name}"))
}

impl Written {
    /// Whether what is wrong is a mistake in what is asked.
    pub fn is_wrong(&self, findings: &Findings) -> bool {
        findings.iter().any(|finding| finding.severity == Severity::Error && self.is_own(finding))
    }

    /// Whether a finding is about what was typed.
    fn is_own(&self, finding: &Finding) -> bool {
        finding.labels.first().is_some_and(|label| self.arguments.contains(&label.span.file))
    }

    /// What there is to say of a question: what is wrong with it, or else with the project, and what is doubtful about it. A grain that
    /// is asked for is meant; but a distinct count is another figure there.
    pub fn remarks(&self, findings: &Findings, model: &Model, files: &Files) -> Findings {
        let place = |finding: &Finding| finding.labels.first().map(|label| label.span);
        let is_own = |finding: &Finding| self.is_own(finding);
        let is_distinct = |span: Span| {
            let id = model.kpi_names.get(files.slice(span));
            id.is_some_and(|id| model.kpis.get(*id).facts.kind == Kind::Distinct)
        };
        let mut remarks = findings.clone();
        let is_wrong = self.is_wrong(findings);
        remarks.retain(|finding| {
            let meant = finding.code == &codes::UNDECLARED_GRAIN && !place(finding).is_some_and(is_distinct);
            is_own(finding) && !meant || finding.severity == Severity::Error && !is_wrong
        });
        self.reword(&mut remarks);
        // A dimension that does not exist is one mistake, however many columns it should slice.
        let mut said = HashSet::new();
        remarks.retain(|finding| !is_own(finding) || said.insert((finding.code.id, finding.message.clone())));
        remarks
    }

    /// Calls the KPIs that are asked for what whoever asks calls them.
    pub fn reword(&self, findings: &mut Findings) {
        findings.reword(|text| {
            self.columns.iter().fold(text.to_owned(), |text, column| {
                text.replace(&format!("`{}`", column.kpi), &format!("`{}`", column.called))
            })
        });
    }
}

/// The question for the planner, over the checked model of the project and what is asked.
///
/// # Errors
/// Fails if `from` or `to` is not a period, or if two of what is asked have different ages.
pub fn question(model: &Model, asked: &Asked, columns: &[Column]) -> Result<(Question, Vec<KpiId>), Unclear> {
    let kpis: Vec<(String, KpiId)> =
        columns.iter().filter_map(|column| Some((column.name.clone(), *model.kpi_names.get(&column.kpi)?))).collect();
    let first = kpis.first().map(|(_, id)| model.kpis.get(*id));
    let calendar = &model.calendar;
    let from = asked.from.as_ref().map(|text| first_day(calendar, text)).transpose()?;
    let to = asked.to.as_ref().map(|text| last_day(calendar, text)).transpose()?;
    if let (Some(one), Some(two), Some(first), Some(last)) = (&asked.from, &asked.to, from, to)
        && last < first
    {
        return Err(Unclear {
            message: format!("`--to {two}` is before `--from {one}`"),
            help: format!("swap them: `--from {two} --to {one}`"),
        });
    }
    let ids: Vec<KpiId> = kpis.iter().map(|(_, id)| *id).collect();
    let mut outputs: Vec<Output> =
        kpis.iter().map(|(name, id)| Output { name: name.clone(), show: beside(&ids, *id) }).collect();
    outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(ids.clone()) });
    let mut age: Option<(Age, &str)> = None;
    for (name, id) in &kpis {
        let Some(own) = model.kpis.get(*id).age.as_ref().map(|age| age.value) else { continue };
        if let Some((_, other)) = age.filter(|(known, _)| *known != own) {
            return Err(Unclear {
                message: format!("`{other}` and `{name}` have different ages, but an answer has one column for ages"),
                help: "query them one by one".to_owned(),
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
        is_own: nothing_is_own,
    };
    Ok((question, ids))
}

fn label(calendar: &Calendar, text: &str) -> Result<(Label, Date), Unclear> {
    let label = Label::parse(text);
    label.and_then(|label| Some((label, label.start(calendar)?))).ok_or_else(|| Unclear {
        message: Label::absent(text).unwrap_or_else(|| format!("`{text}` is not a period")),
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

    fn written(asked: &Asked) -> (Written, Files) {
        let (mut files, spec) = (Files::default(), Spec::default());
        (write(asked, &spec, &mut files), files)
    }

    #[test]
    fn names_and_formulas_become_kpis() {
        let kpis = ["revenue", "aov = revenue / purchases", " count(orders where a = 'x\n y') "];
        let asked = Asked {
            kpis: kpis.map(str::to_owned).to_vec(),
            by: vec!["channel".into(), " country".into()],
            condition: Some("country = 'DE'".into()),
            grain: Some(Grain::Week),
            ..Asked::default()
        };
        let (written, files) = written(&asked);
        let names: Vec<&str> = written.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["revenue", "aov", "value_3"]);
        let formulas: Vec<&FormulaText> = written.kpis.iter().filter_map(|kpi| kpi.formula.as_ref()).collect();
        let texts: Vec<&str> = formulas.iter().map(|formula| formula.text.as_str()).collect();
        assert_eq!(texts, ["revenue", "revenue / purchases", "count(orders where a = 'x\n y')"]);
        // Places are in what was typed.
        for formula in formulas {
            assert_eq!(files.slice(formula.span), formula.text);
        }
        for kpi in &written.kpis {
            let by: Vec<&Name> = kpi.by.iter().flat_map(|slice| &slice.value).collect();
            assert_eq!(by.iter().map(|name| name.value.as_str()).collect::<Vec<_>>(), ["channel", "country"]);
            assert!(by.iter().all(|name| files.slice(name.span) == name.value));
            assert_eq!(kpi.part.as_ref().map(|part| files.slice(part.span)), Some("country = 'DE'"));
            assert_eq!(kpi.grain.as_ref().map(|grain| grain.value), Some(Grain::Week));
        }
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
    fn a_name_behind_its_formula_is_put_before_it() {
        let asked = |kpis: &[&str]| Asked { kpis: kpis.iter().map(|text| (*text).to_owned()).collect(), ..Asked::default() };
        for kpis in [
            &["revenue / purchases as aov"][..],
            &["revenue", "revenue / purchases AS aov"],
            &["revenue / purchases", "as", "aov"],
        ] {
            let help = unclear(&asked(kpis)).map(|unclear| unclear.help);
            assert_eq!(help.as_deref(), Some("write it before the formula: `'aov = revenue / purchases'`"), "{kpis:?}");
        }
        for kpis in [&["revenue", "purchases"][..], &["as"], &["count(orders where a = 'x as y')"], &["revenue", "alias"]] {
            assert_eq!(unclear(&asked(kpis)), None, "{kpis:?}");
        }
    }

    #[test]
    fn findings_call_what_is_asked_by_its_name_or_formula() {
        let asked = Asked { kpis: vec!["aov = revenue / purchases".into(), "revenue + 1".into()], ..Asked::default() };
        let (written, _) = written(&asked);
        let mut findings = Findings::default();
        findings.push(crate::diagnostic::Finding::placeless(
            &crate::diagnostic::codes::NO_SHARED_DIMENSION,
            format!("`{ASKED}1` and `{ASKED}2` cannot be sliced"),
        ));
        written.reword(&mut findings);
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["`aov` and `revenue + 1` cannot be sliced"]);
    }
}
