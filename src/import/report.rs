//! What became of each metric, for people, for a pull request and for programs.

use super::words::Words;
use crate::text::shown_on_a_line;
use serde::Serialize;
use serde_json::json;

/// Of how many findings of one kind each is told.
const MANY: usize = 5;

/// What became of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The same figures.
    Exact,
    /// Figures that differ as is said.
    Differs(Vec<String>),
    /// A definition of its name was there, and stays.
    Kept,
    /// Nothing, and why.
    NotCarried(String),
}

/// Something that kpic's check finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of its page.
    pub code: String,
    /// What it says.
    pub message: String,
}

/// A metric and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its name in the other tool.
    pub metric: String,
    /// Its name here.
    pub kpi: Option<String>,
    /// Where it is there.
    pub origin: Option<String>,
    /// The file here, with the line.
    pub place: Option<(String, usize)>,
    /// What became of it.
    pub fate: Fate,
    /// What kpic's check finds.
    pub findings: Vec<Finding>,
}

/// A definition that was there and stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its section.
    pub section: String,
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// How it differs from what the tool has.
    pub differences: Vec<String>,
}

/// What an import comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How the tool is called.
    pub words: &'static Words,
    /// The metrics, in the tool's order.
    pub metrics: Vec<Metric>,
    /// What else is not carried, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// What was there and stays.
    pub kept: Vec<Kept>,
    /// What kpic's check finds in what is no KPI.
    pub findings: Vec<(String, Finding)>,
    /// What holds for all of them.
    pub notes: Vec<String>,
}

impl Report {
    /// How many metrics have each fate: exact, differing, kept, not carried.
    pub fn counts(&self) -> [usize; 4] {
        let count = |of: fn(&Fate) -> bool| self.metrics.iter().filter(|metric| of(&metric.fate)).count();
        [
            count(|fate| *fate == Fate::Exact),
            count(|fate| matches!(fate, Fate::Differs(_))),
            count(|fate| *fate == Fate::Kept),
            count(|fate| matches!(fate, Fate::NotCarried(_))),
        ]
    }

    /// How many there are of each, in a line.
    pub fn summary(&self) -> String {
        let [exact, differs, kept, not] = self.counts();
        let Words { one, many, .. } = self.words;
        let metrics = if self.metrics.len() == 1 { format!("1 {one}") } else { format!("{} {many}", self.metrics.len()) };
        let mut parts = vec![format!("{exact} exact"), format!("{differs} with a difference")];
        parts.extend((kept > 0).then(|| format!("{kept} already there")));
        parts.push(format!("{not} not carried"));
        format!("{metrics}: {}", parts.join(", "))
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.summary());
        self.section(&mut out, "Carried with a difference", |fate| matches!(fate, Fate::Differs(_)));
        self.section(&mut out, "Not carried", |fate| matches!(fate, Fate::NotCarried(_)));
        let mut list = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                out.push_str(&format!("\n{title}\n{}", lines.iter().map(|line| format!("  {line}\n")).collect::<String>()));
            }
        };
        list("Also not carried", self.left_out.iter().map(|(what, why)| format!("{what}: {why}")).collect());
        list("Already there, and left as it is", self.kept_lines());
        list("What kpic finds wrong", self.all_findings());
        list("For all of them", self.notes.clone());
        out
    }

    fn section(&self, out: &mut String, title: &str, of: fn(&Fate) -> bool) {
        let all: Vec<&Metric> = self.metrics.iter().filter(|metric| of(&metric.fate)).collect();
        if all.is_empty() {
            return;
        }
        out.push_str(&format!("\n{title}\n"));
        for metric in all {
            for (at, line) in lines(&metric.fate).iter().enumerate() {
                let name = if at == 0 { metric.metric.as_str() } else { "" };
                out.push_str(&format!("  {name:<24}  {line}\n"));
            }
        }
    }

    /// What kpic's check finds, a line for each, or one for what it finds of many.
    fn all_findings(&self) -> Vec<String> {
        let own = self.metrics.iter().flat_map(|metric| metric.findings.iter().map(move |one| (metric.metric.as_str(), one)));
        let all: Vec<(&str, &Finding)> = own.chain(self.findings.iter().map(|(what, one)| (what.as_str(), one))).collect();
        let mut by_code: Vec<(&str, Vec<(&str, &Finding)>)> = Vec::new();
        for (what, one) in all {
            match by_code.iter_mut().find(|(code, _)| *code == one.code) {
                Some((_, known)) => known.push((what, one)),
                None => by_code.push((&one.code, vec![(what, one)])),
            }
        }
        let mut lines = Vec::new();
        for (code, found) in by_code {
            if found.len() <= MANY {
                lines.extend(found.iter().map(|(what, one)| format!("{what}: {} ({code})", one.message)));
            } else {
                let names: Vec<&str> = found.iter().take(MANY).map(|(what, _)| *what).collect();
                lines.push(format!("{code}: {} of them, {} and others; `kpic check` shows all", found.len(), names.join(", ")));
            }
        }
        lines
    }

    /// What differs of what stays, and how much does not.
    fn kept_lines(&self) -> Vec<String> {
        let same = self.kept.iter().filter(|kept| kept.differences.is_empty()).count();
        let line = |kept: &Kept, difference: &str| {
            let what = match kept.section.as_str() {
                "kpis" => "KPI",
                section => section.strip_suffix('s').unwrap_or(section),
            };
            format!("{what} `{}` in {}:{}: {difference}", kept.name, kept.path, kept.line)
        };
        let mut lines: Vec<String> =
            self.kept.iter().flat_map(|kept| kept.differences.iter().map(move |difference| line(kept, difference))).collect();
        let definitions = if same == 1 { "1 definition is".to_owned() } else { format!("{same} definitions are") };
        lines.extend((same > 0).then(|| format!("{definitions} as {} has it", self.words.tool)));
        lines
    }

    /// For a pull request.
    pub fn markdown(&self) -> String {
        let Words { title, one, .. } = self.words;
        let mut out = format!("# {title}\n\n{}.\n\n| {one} | KPI | figures | |\n|---|---|---|---|\n", self.summary());
        for metric in &self.metrics {
            let fate = match &metric.fate {
                Fate::Exact => "exact",
                Fate::Differs(_) => "differ",
                Fate::Kept => "already there",
                Fate::NotCarried(_) => "not carried",
            };
            let kpi = metric.kpi.as_ref().map(|name| code(name)).unwrap_or_default();
            let about: Vec<String> = lines(&metric.fate).iter().map(|line| cell(line)).collect();
            out.push_str(&format!("| {} | {kpi} | {fate} | {} |\n", code(&metric.metric), about.join("<br>")));
        }
        let mut list = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                out.push_str(&format!(
                    "\n## {title}\n\n{}",
                    lines.iter().map(|line| format!("- {}\n", cell(line))).collect::<String>()
                ));
            }
        };
        list("Also not carried", self.left_out.iter().map(|(what, why)| format!("{what}: {why}")).collect());
        list("Already there, and left as it is", self.kept_lines());
        list("What kpic finds wrong", self.all_findings());
        list("For all of them", self.notes.clone());
        out
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let [exact, differs, kept, not_carried] = self.counts();
        let metrics: Vec<serde_json::Value> = self
            .metrics
            .iter()
            .map(|metric| {
                let (fidelity, differences, reason) = match &metric.fate {
                    Fate::Exact => ("exact", Vec::new(), None),
                    Fate::Differs(all) => ("differs", all.clone(), None),
                    Fate::Kept => ("kept", Vec::new(), None),
                    Fate::NotCarried(why) => ("not_carried", Vec::new(), Some(why.clone())),
                };
                let (file, line) = metric.place.clone().unzip();
                json!({
                    self.words.one: metric.metric, "kpi": metric.kpi, self.words.file_key: metric.origin, "file": file, "line": line,
                    "fidelity": fidelity, "differences": differences, "reason": reason, "findings": metric.findings,
                })
            })
            .collect();
        json!({
            "counts": { "exact": exact, "differs": differs, "kept": kept, "not_carried": not_carried },
            self.words.many: metrics,
            "left_out": self.left_out.iter().map(|(what, why)| json!({ "what": what, "reason": why })).collect::<Vec<_>>(),
            "kept": self.kept,
            "findings": self.findings.iter().map(|(what, one)| json!({ "what": what, "code": one.code, "message": one.message })).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

/// What there is to say of a fate.
fn lines(fate: &Fate) -> Vec<String> {
    match fate {
        Fate::Exact | Fate::Kept => Vec::new(),
        Fate::Differs(all) => all.clone(),
        Fate::NotCarried(why) => vec![why.clone()],
    }
}

/// A name as code in a table.
fn code(name: &str) -> String {
    format!("`{}`", shown_on_a_line(name).replace('`', "'").replace('|', "\\|"))
}

/// A text that stays within its cell, and is neither markup nor HTML.
fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for char in shown_on_a_line(text).chars() {
        match char {
            '`' => {
                in_code = !in_code;
                out.push(char);
            }
            '|' => out.push_str("\\|"),
            '<' if !in_code => out.push_str("&lt;"),
            '\n' | '\r' => out.push(' '),
            '*' | '_' | '[' | ']' | '#' if !in_code => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out
}
