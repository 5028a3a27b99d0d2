//! Ad hoc questions: the words of a command line become definitions beside those of the project, so that they take the same way.
//!
//! [`write`] makes the definitions, whose places are in the words as they were typed; once they have been checked with the project,
//! [`question`] makes the question for the planner.

mod periods;
mod question;
mod values;

use crate::calendar::Grain;
use crate::diagnostic::{Finding, Findings, Severity, codes};
use crate::model::facts::Kind;
use crate::model::{ASKED, HAVING, Model};
use crate::plan::views::shape::{IS_OTHERS, RANK};
use crate::spec::Spec;
use crate::spec::kpi::{Ages, Columns, Kpi};
use crate::spec::reader::FormulaText;
use crate::spec::shape::is_name;
use crate::text::{FileId, Files, Name, Span, Spanned};
use std::collections::{HashMap, HashSet};

pub use question::{Answering, question};
pub use values::values;

/// The name of the KPI that values and rows are ranked by, where it is no column.
const RANKED_BY: &str = "asked to rank";

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
    /// How many periods, up to the last one.
    pub last: Option<u32>,
    /// A condition on the figures of a row.
    pub having: Option<String>,
    /// How many values of the first dimension are shown.
    pub top: Option<u64>,
    /// Whether all others are shown as one row.
    pub others: bool,
    /// The KPI that values and rows are ranked by, by the name of its column or as a formula; the first one if not given.
    pub by_kpi: Option<String>,
    /// Whether rows are ranked.
    pub rank: bool,
    /// Whether the KPIs count the rows of sources ([`values()`]), and only the last period is looked at.
    pub counts_values: bool,
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
    /// The KPI that is 1 where the condition on figures holds.
    having: Option<String>,
    /// The KPI that values and rows are ranked by.
    ranked_by: Option<String>,
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
    let made = |name: String, whole: Span, formula: FormulaText, age: Option<Ages>| {
        let mut kpi = Kpi::asked(Name::new(name, whole), formula);
        kpi.age = age;
        kpi.grain = Some(Spanned::new(grain, whole));
        kpi.by.extend(by.clone());
        kpi
    };
    // What is made of a KPI with ages has the same ages.
    let ages_in = |formula: &str| {
        let mut words = formula.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
        words.find_map(|word| known(word)?.age.clone())
    };
    let mut places = Vec::new();
    for (at, (text, typed)) in asked.kpis.iter().zip(&typed).enumerate() {
        let whole = argument("the command line", text);
        let place = Span::new(whole.file, typed.begin..typed.begin + typed.formula.len());
        let formula = FormulaText::bare(typed.formula, place);
        let mut kpi = made(format!("{ASKED}{}", at + 1), whole, formula, ages_in(typed.formula));
        // A KPI leaves out what its own view does, on a part of the rows too; a formula over KPIs has a row for every period.
        kpi.omit_gaps = known(typed.formula).is_some_and(|kpi| kpi.omit_gaps);
        kpi.part.clone_from(&condition);
        places.push((whole, typed.name.is_some()));
        written.columns.push(Column {
            name: typed.name.map_or_else(|| format!("value_{}", at + 1), str::to_owned),
            kpi: kpi.name.value.clone(),
            called: typed.name.unwrap_or(typed.formula).to_owned(),
        });
        written.kpis.push(kpi);
    }
    if let Some(text) = &asked.having {
        let whole = argument("--having", text);
        let age = written.kpis.iter().find_map(|kpi| kpi.age.clone());
        let mut kpi = made(HAVING.to_owned(), whole, FormulaText::bare(text, whole), age);
        kpi.having = Some(columns_of(&written.columns, &typed));
        written.having = Some(kpi.name.value.clone());
        written.kpis.push(kpi);
    }
    if asked.rank || asked.top.is_some() {
        let column = |text: &String| columns_of(&written.columns, &typed).kpi(text.trim()).map(str::to_owned);
        written.ranked_by = match &asked.by_kpi {
            None => written.columns.first().map(|column| column.kpi.clone()),
            Some(text) => column(text).or_else(|| {
                let whole = argument("--by-kpi", text);
                let mut kpi = made(RANKED_BY.to_owned(), whole, FormulaText::bare(text, whole), ages_in(text));
                kpi.part.clone_from(&condition);
                written.kpis.push(kpi);
                Some(RANKED_BY.to_owned())
            }),
        };
    }
    let dimensions: Vec<Name> = by.clone().map(|by| by.value).unwrap_or_default();
    written.doubled = doubled(asked, &written, &dimensions, &places);
    for (typed, (span, _)) in typed.iter().zip(&places) {
        let Some((name, kpi)) = typed.name.and_then(|name| Some((name, known(name)?))) else { continue };
        let is_told = written.doubled.iter().any(|finding| finding.labels.first().is_some_and(|label| label.span == *span));
        if !is_told && !asked.counts_values && !kpi.goes_by(typed.formula) {
            let message = format!("`{name}` is a KPI of the project, and this column would be called so too");
            let help = format!("give it another name: `own_{name} = {}`", typed.formula);
            written.doubled.report(&codes::DUPLICATE_DEFINITION, *span, message).help(help);
        }
    }
    written
}

/// The names of columns that a condition may use: those of the answer, and those of the KPIs that they show.
fn columns_of(columns: &[Column], typed: &[Typed<'_>]) -> Columns {
    let named = |column: &Column| (column.name.clone(), column.kpi.clone());
    let as_typed = |(column, typed): (&Column, &Typed<'_>)| (typed.formula.to_owned(), column.kpi.clone());
    Columns(columns.iter().map(named).chain(columns.iter().zip(typed).map(as_typed)).collect())
}

/// Columns of an answer that would have the name of another one, so that whoever reads it by names would get either. Of each KPI it is
/// known where it was typed, and whether it has a name.
fn doubled(asked: &Asked, written: &Written, dimensions: &[Name], places: &[(Span, bool)]) -> Findings {
    let mut findings = Findings::default();
    let has_ages = written.kpis.iter().any(|kpi| kpi.age.is_some());
    let own = |name: &str| match name {
        "period" | "is_complete" => true,
        "age" => has_ages,
        RANK => asked.rank,
        IS_OTHERS => asked.others,
        _ => false,
    };
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
    if asked.having.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return unclear("`--having` is empty", "write a condition on figures, `--having \"revenue > 1000\"`, or leave it out");
    }
    if asked.by_kpi.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return unclear("`--by-kpi` is empty", "name a KPI, `--by-kpi revenue`, or leave it out");
    }
    if let (Some(option), true) = (ranking_option(asked), asked.by.is_empty()) {
        let message = format!("`{option}` compares the values of a dimension, and none is asked for");
        return unclear(&message, &format!("add one: `--by country {option}`"));
    }
    if let Some(unclear) = words_apart(&asked.kpis) {
        return Some(unclear);
    }
    asked.kpis.iter().find_map(|text| bad_name(text).or_else(|| name_after(text)))
}

/// The option that ranks values, if one is given.
fn ranking_option(asked: &Asked) -> Option<String> {
    asked.top.map(|count| format!("--top {count}")).or_else(|| asked.rank.then(|| "--rank".to_owned()))
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
        let own = [(HAVING, "--having"), (RANKED_BY, "--by-kpi")];
        let called = self.columns.iter().map(|column| (column.kpi.as_str(), column.called.as_str())).chain(own);
        findings.reword(|text| {
            called
                .clone()
                .fold(text.to_owned(), |text, (kpi, called)| text.replace(&format!("`{kpi}`"), &format!("`{called}`")))
        });
    }
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
