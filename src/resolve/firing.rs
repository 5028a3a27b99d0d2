//! What spec tests expect of guardrails: the periods in which each fires, all of them.

use super::test::TestResolver;
use crate::calendar::{Date, Grain, Label};
use crate::diagnostic::suggest;
use crate::load::{Node, Value};
use crate::model::guardrail::Guardrail;
use crate::model::uses::Meant;
use crate::model::{ExpectedFiring, ExpectedFirings};
use crate::spec::reader::{Reader, text};
use crate::text::Name;

/// What an entry looks like.
const EXAMPLE: &str = "write `- { guardrail: churn_spike, fires: [2024-03] }`; `fires: []` means never";

/// Whether a text has a name as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').any(|word| word == name)
}

impl TestResolver<'_> {
    /// `guardrails: [ { guardrail: churn_spike, fires: [2024-03] } ]`
    pub(super) fn firings(&mut self, name: &Name, node: &Node) -> Vec<ExpectedFirings> {
        let Value::List(items) = &node.value else {
            self.bad(name.span, "expected guardrails are a list", EXAMPLE);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.of_guardrail(item)).collect()
    }

    fn of_guardrail(&mut self, node: &Node) -> Option<ExpectedFirings> {
        let reader = Reader::of(node);
        self.only(&reader, &["guardrail", "fires"]);
        let Some(name) = reader.text("guardrail") else {
            self.bad(node.span, "this entry does not say which guardrail it is about", EXAMPLE);
            return None;
        };
        let model = self.model;
        let Some(at) = model.guardrails.iter().position(|guardrail| guardrail.name.value == name.value) else {
            if !self.incomplete {
                let names = model.guardrails.iter().map(|guardrail| guardrail.name.value.as_str());
                let help = suggest::did_you_mean(&name.value, "the guardrails are", names);
                let help = help.unwrap_or_else(|| "define it under `guardrails:`".to_owned());
                self.bad(name.span, format!("there is no guardrail `{}`", name.value), &help);
            }
            return None;
        };
        let guardrail = model.guardrails.get(at)?;
        model.uses.note(name.span, Meant::Guardrail(at));
        let Some(Node { value: Value::List(fires), .. }) = reader.get("fires") else {
            self.bad(node.span, format!("this entry does not list the periods in which `{}` fires", name.value), EXAMPLE);
            return None;
        };
        let rows: Vec<_> = fires.iter().map(|item| self.firing(guardrail, item)).collect();
        // Of an entry that is partly wrong it is not known which periods are meant.
        let rows = rows.into_iter().collect::<Option<Vec<_>>>()?;
        let span = reader.get("fires").map_or(node.span, |node| node.span);
        Some(ExpectedFirings { guardrail: at, rows, span })
    }

    /// `2024-03`, or `{ period: 2024-03, slice: segment = smb, since: 2024-02, figures: { gross_churn_rate: 6% } }`
    fn firing(&mut self, guardrail: &Guardrail, node: &Node) -> Option<ExpectedFiring> {
        if let Some(label) = text(node) {
            let period = self.label(guardrail, &label)?;
            let (slice, since, figures) = (None, None, Vec::new());
            return Some(ExpectedFiring { label: label.value, period, slice, since, figures, span: node.span });
        }
        let reader = Reader::of(node);
        self.only(&reader, &["period", "slice", "since", "figures"]);
        let Some(label) = reader.text("period") else {
            self.bad(node.span, "this row has no `period`", "add `period: 2024-01`");
            return None;
        };
        let period = self.label(guardrail, &label)?;
        let since = match reader.text("since") {
            Some(since) => Some(self.label(guardrail, &since)?),
            None => None,
        };
        let mut figures = Vec::new();
        for entry in reader.entries("figures") {
            let written = entry.key.value.split_whitespace().collect::<Vec<_>>().join(" ");
            for id in &guardrail.watches {
                if has_word(&written, &self.model.kpis.get(*id).name.value) {
                    self.model.uses.note(entry.key.span, Meant::Kpi(*id));
                }
            }
            figures.push((written, self.value(&entry.value)?));
        }
        let slice = reader.text("slice");
        for id in guardrail.by.iter().flat_map(|slice| &slice.value) {
            if let Some(text) = slice.as_ref().filter(|text| has_word(&text.value, &self.model.dimensions.get(*id).name)) {
                self.model.uses.note(text.span, Meant::Dimension(*id));
            }
        }
        let slice = slice.map(|text| text.value);
        Some(ExpectedFiring { label: label.value, period, slice, since, figures, span: node.span })
    }

    /// The first day of a period of the guardrail's grain.
    fn label(&mut self, guardrail: &Guardrail, name: &Name) -> Option<Date> {
        let (calendar, grain) = (&self.model.calendar, guardrail.grain);
        let start = match Label::parse(&name.value) {
            // Weeks and the periods of custom calendars may be named by their first day.
            Some(Label::Day(day)) if grain == Grain::Day || calendar.custom || calendar.period_start(grain, day) == day => {
                Some(day)
            }
            Some(label) if label.grain() == grain && !calendar.custom => label.start(calendar),
            _ => None,
        };
        if start.is_none() {
            let message = format!("`{}` is not a {grain} of this project's calendar", name.value);
            let help = format!("the grain of `{}` is {grain}", guardrail.name.value);
            self.bad(name.span, message, &help);
        }
        start
    }

    fn only(&mut self, reader: &Reader<'_>, keys: &[&str]) {
        for entry in reader.all() {
            if !keys.contains(&entry.key.value.as_str()) {
                let message = format!("expected guardrails have no key `{}`", entry.key.value);
                self.bad(entry.key.span, message, &format!("its keys are: {}", keys.join(", ")));
            }
        }
    }
}
