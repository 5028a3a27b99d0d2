//! By which reference rows of one source belong to those of another, in aggregates over related rows.
//!
//! Rows belong to a journey if they belong to its entity, so that what an entity did first can be its cohort.

use super::Resolver;
use crate::diagnostic::codes;
use crate::formula::Call;
use crate::formula::print::dotted;
use crate::model::expr::Path;
use crate::model::journey::Starts;
use crate::model::{ColumnId, SourceId};

impl Resolver<'_> {
    /// The reference by which rows of `inner` belong to rows of `outer`.
    pub(super) fn via(&mut self, call: &Call, inner: SourceId, outer: SourceId) -> Option<Path> {
        let model = self.model;
        let name = |id: SourceId| model.sources.get(id).name.value.as_str();
        let is_journey = model.sources.get(outer).journey.is_some();
        let of = self.whose_key(call, outer)?;
        if let Some(via) = &call.via {
            let path = self.column_path(inner, via)?;
            let leads = if is_journey { model.key_at(inner, &path) } else { model.column(inner, &path).reference };
            if leads == Some(of) {
                return Some(path);
            }
            let span = call.clause("via").unwrap_or(call.name.span);
            let message = format!("`{}` does not refer to `{}`", dotted(via), name(of));
            self.report(&codes::UNCLEAR_REFERENCE, span, message).help("name a column with `references:` to it");
            return None;
        }
        let source = model.sources.get(inner);
        let leads = |id: ColumnId| {
            if is_journey { model.key_at(inner, &Path::to(id)) } else { source.columns.get(id).reference }
        };
        let ties: Vec<(ColumnId, &str)> = source
            .columns
            .iter()
            .filter(|(id, _)| leads(*id) == Some(of))
            .map(|(id, column)| (id, column.name.value.as_str()))
            .collect();
        match ties.as_slice() {
            [(only, _)] => Some(Path::to(*only)),
            // One of them may be that reference, which could not be read.
            [] if source.columns.rows().iter().any(|column| column.reference_span.is_some() && column.reference.is_none()) => {
                None
            }
            [] => {
                let message = format!("nothing says which rows of `{}` belong to a row of `{}`", name(inner), name(outer));
                self.report(&codes::UNCLEAR_REFERENCE, call.name.span, message).help(format!(
                    "give `{0}` a column with `references: {1}`, or name a path to one: `via order.customer`",
                    name(inner),
                    name(of)
                ));
                None
            }
            [(_, one), ..] => {
                let names: Vec<&str> = ties.iter().map(|(_, name)| *name).collect();
                let message = format!("`{}` refers to `{}` in several ways: {}", name(inner), name(of), names.join(", "));
                self.report(&codes::UNCLEAR_REFERENCE, call.name.span, message).help(format!(
                    "say which: `{}({} via {one} ...)`",
                    call.name.value,
                    name(inner)
                ));
                None
            }
        }
    }

    /// The source whose key tells to which row of `outer` others belong: its own, or of a journey that of its entity.
    fn whose_key(&mut self, call: &Call, outer: SourceId) -> Option<SourceId> {
        let model = self.model;
        let source = model.sources.get(outer);
        let Some(journey) = &source.journey else { return Some(outer) };
        let name = &source.name.value;
        let first = journey.first()?;
        if journey.starts == Starts::Every {
            let message = format!("an entity has several journeys of `{name}`, and its rows would belong to each of them");
            self.report(&codes::UNCLEAR_REFERENCE, call.name.span, message)
                .also(source.name.span, "the journey")
                .help("look at a journey of the first start of each entity, without `starts: every`; or make the rows a step");
            return None;
        }
        let of = model.key_at(first.source, &first.entity);
        if of.is_none() {
            let message = format!("nothing says whose key the entity of `{name}` is, so no other rows belong to it");
            self.report(&codes::UNCLEAR_REFERENCE, call.name.span, message)
                .also(first.entity_span, "the entity of the first step")
                .help("give that column `references:` to the source of the entities, or make the rows a step of the journey");
        }
        of
    }
}
