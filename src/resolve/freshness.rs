//! What sources promise about when their rows come.

use super::states::length;
use crate::diagnostic::{Findings, codes};
use crate::model::freshness::{Expect, Freshness};
use crate::model::{Model, SourceId, SourceKind};
use crate::spec::source as written;
use crate::text::Spanned;

/// Reads what a source promises; its time and what its states hold for are known by then.
pub(super) fn freshness(id: SourceId, written: &written::Source, model: &mut Model, findings: &mut Findings) {
    let keys = [("fresh_within", &written.fresh_within), ("expect", &written.expect)];
    let Some((key, text)) = keys.into_iter().find_map(|(key, text)| Some((key, text.as_ref()?))) else { return };
    let source = model.sources.get(id);
    if source.clock().is_none() {
        // What lacks its time, or the time for which it holds, has been told.
        if source.kind == SourceKind::Entities && !source.lacks_time {
            let name = &written.name.value;
            let message = format!("`{key}` is about when rows of `{name}` arrive, but they have no time");
            findings
                .report(&codes::MISSING_TIME, text.span, message)
                .also(written.name.span, "it has no `time`")
                .help("set `time` to the column with each row's time, or remove this");
        }
        return;
    }
    let within = written.fresh_within.as_ref();
    let within = within.and_then(|text| Some(Spanned::new(length(text, findings)?, text.span)));
    let expect = written.expect.as_ref();
    let expect = expect.and_then(|text| Some(Spanned::new(Expect::parse(&text.value)?, text.span)));
    model.sources.get_mut(id).freshness = Freshness { within, expect };
}
