//! What spec tests expect of objectives and key results: rows, each with the columns that it is about.

use super::test::TestResolver;
use crate::calendar::Label;
use crate::diagnostic::{codes, suggest};
use crate::load::{Entry, Node, Value};
use crate::model::objective::Sheet;
use crate::model::{ExpectedCell, ExpectedCells, ExpectedSheet, ExpectedValue};
use crate::spec::reader::{Reader, text};
use crate::text::{Name, Spanned};

impl TestResolver<'_> {
    /// The rows that are expected of a view.
    pub(super) fn sheet(&mut self, sheet: Sheet, name: &Name, node: &Node) -> Option<ExpectedSheet> {
        let Value::List(items) = &node.value else {
            let help = format!("for instance `- {{ {}: ..., score: 0.5, status: on_track }}`", sheet.key().join(": ..., "));
            self.bad(name.span, format!("expected `{}` is a list of rows", sheet.name()), &help);
            return None;
        };
        let rows = items.iter().filter_map(|item| self.cells(sheet, item)).collect();
        Some(ExpectedSheet { sheet, rows })
    }

    /// One row, with the columns that tell it apart.
    fn cells(&mut self, sheet: Sheet, node: &Node) -> Option<ExpectedCells> {
        let reader = Reader::of(node);
        for key in sheet.key() {
            if reader.get(key).is_none() {
                self.bad(node.span, format!("this row has no `{key}`"), &format!("add `{key}: ...`"));
                return None;
            }
        }
        let cells: Option<Vec<_>> = reader.all().iter().map(|entry| self.expected_cell(sheet, entry)).collect();
        let cells = cells?;
        self.is_known(&cells).then_some(ExpectedCells { cells, span: node.span })
    }

    /// Whether the objective and key result of a row are there.
    fn is_known(&mut self, cells: &[(&'static str, Spanned<ExpectedCell>)]) -> bool {
        let text_of = |column: &str| {
            cells.iter().find(|(name, _)| *name == column).and_then(|(_, cell)| match &cell.value {
                ExpectedCell::Text(text) => Some(Name::new(text.clone(), cell.span)),
                ExpectedCell::Null | ExpectedCell::Number(_) | ExpectedCell::Truth(_) => None,
            })
        };
        let Some(name) = text_of("objective") else { return false };
        let objectives = self.model.objectives.rows();
        let Some(objective) = objectives.iter().find(|objective| objective.name.value == name.value) else {
            let names = objectives.iter().map(|objective| objective.name.value.as_str());
            let help = suggest::did_you_mean(&name.value, "the objectives are", names);
            let message = format!("there is no objective `{}`", name.value);
            self.findings.report(&codes::UNKNOWN_OBJECTIVE, name.span, message).help = help;
            return false;
        };
        let Some(name) = text_of("key_result") else { return true };
        let names = || objective.key_results.iter().map(|result| result.name.value.as_str());
        let known = names().any(|known| known == name.value);
        if !known {
            let help = suggest::did_you_mean(&name.value, "its key results are", names()).unwrap_or_default();
            self.bad(name.span, format!("`{}` has no key result `{}`", objective.name.value, name.value), &help);
        }
        known
    }

    fn expected_cell(&mut self, sheet: Sheet, entry: &Entry) -> Option<(&'static str, Spanned<ExpectedCell>)> {
        let key = &entry.key;
        let Some(column) = sheet.columns().iter().find(|column| **column == key.value) else {
            let columns = sheet.columns().join(", ");
            self.bad(
                key.span,
                format!("`{}` has no column `{}`", sheet.name(), key.value),
                &format!("its columns are: {columns}"),
            );
            return None;
        };
        let node = &entry.value;
        let cell = match (*column, text(node)) {
            (_, None) if node.value == Value::Null => ExpectedCell::Null,
            ("baseline" | "target" | "current" | "progress" | "score" | "expected", _) => match self.value(node)? {
                ExpectedValue::Number(number) => ExpectedCell::Number(number),
                ExpectedValue::Null | ExpectedValue::Any | ExpectedValue::Absent => ExpectedCell::Null,
            },
            ("is_complete", Some(text)) if matches!(text.value.as_str(), "true" | "false") => {
                ExpectedCell::Truth(text.value == "true")
            }
            ("period", Some(text)) => {
                // A period may be named as everywhere else; it is found by its first day.
                let start = Label::parse(&text.value).and_then(|label| label.start(&self.model.calendar));
                ExpectedCell::Text(start.map_or(text.value, |start| start.to_string()))
            }
            (_, Some(text)) if *column != "is_complete" => ExpectedCell::Text(text.value),
            _ => {
                self.bad(node.span, format!("this is not a value of `{column}`"), "write one value, or `null`");
                return None;
            }
        };
        Some((column, Spanned::new(cell, node.span)))
    }
}
