//! What commands say before figures of sources whose last row is too old.

use super::{FINDINGS, Stop, environment, out, show_findings};
use crate::measure::Session;
use crate::measure::freshness::{self, Found};
use crate::plan::relation::Query;

/// A line for each source whose last row is too old.
pub(super) fn lines(session: &Session<'_>, found: &Found) -> String {
    let model = session.project.model();
    let line = |state: &freshness::State| {
        let name = &model.sources.get(state.source).name.value;
        format!("{} {name}: {}; later figures are left out\n", out::styled(out::BAD, "stale:"), freshness::words(state))
    };
    found.stale().map(line).collect()
}

/// The same for pages.
pub(super) fn plain_lines(session: &Session<'_>, found: &Found) -> Vec<String> {
    let model = session.project.model();
    let line = |state: &freshness::State| {
        let source = model.sources.get(state.source);
        format!("{} is stale: {}; later figures are left out", model.title(&source.name.value), freshness::words(state))
    };
    found.stale().map(line).collect()
}

/// The lines about the sources that some queries read, silently about those that promise nothing.
pub(super) fn stale_lines(session: &Session<'_>, queries: &[Query]) -> Result<String, Stop> {
    let model = session.project.model();
    let mut sources = freshness::sources(queries);
    sources.retain(|id| !model.sources.get(*id).freshness.is_nothing());
    let found = freshness::look(session, &sources).map_err(|failure| environment(&failure))?;
    Ok(lines(session, &found))
}

/// Looks at how fresh the sources are that some queries read; warns on stderr of those that have gone quiet.
pub(super) fn look(session: &Session<'_>, queries: &[Query]) -> Result<Found, Stop> {
    let found = freshness::look(session, &freshness::sources(queries)).map_err(|failure| environment(&failure))?;
    show_findings(&found.findings, session.project.files());
    if found.findings.has_errors() { Err(Stop { code: FINDINGS }) } else { Ok(found) }
}
