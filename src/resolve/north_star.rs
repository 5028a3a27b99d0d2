//! The North Star: the KPIs and teams that it names.

use super::{Resolver, kpi_by_name};
use crate::diagnostic::{Findings, codes};
use crate::model::north_star::{Consequence, NorthStar};
use crate::model::{KpiId, Model};
use crate::spec::Spec;
use crate::spec::reader::Text;
use crate::text::{Name, Spanned};

/// Follows the names in the North Star.
pub(super) fn north_star(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let Some(written) = spec.north_star.first() else { return };
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let mut kpi = |name: &Name| Some(Spanned::new(kpi_by_name(model, name, spec.incomplete, findings)?, name.span));
    let volume = written.volume.as_ref().and_then(&mut kpi);
    let efficiency = written.efficiency.as_ref().and_then(&mut kpi);
    let mut counter: Vec<Spanned<KpiId>> = Vec::new();
    for found in written.counter.iter().filter_map(&mut kpi) {
        if !counter.iter().any(|known| known.value == found.value) {
            counter.push(found);
        }
    }
    let ready: Vec<_> = written.consequences.iter().map(|each| each.ready.as_ref().and_then(&mut kpi)).collect();
    let mut resolver = Resolver::new(model, spec.incomplete);
    let consequences = written.consequences.iter().zip(ready).map(|(each, ready)| Consequence {
        team: each.team.as_ref().and_then(|team| resolver.team(team)),
        change: text(&each.change).unwrap_or_default(),
        ready: ready.map(|ready| ready.value),
    });
    let consequences = consequences.collect();
    findings.append(resolver.findings);
    if let (Some(volume), Some(efficiency)) = (&volume, &efficiency)
        && volume.value == efficiency.value
    {
        findings
            .report(&codes::CONFLICTING_KEYS, efficiency.span, "the volume and the efficiency are the same KPI")
            .also(volume.span, "the volume")
            .help("volume is how much, efficiency is at what cost: name two KPIs, or remove the efficiency");
    }
    let title = volume.as_ref().map(|volume| model.kpis.get(volume.value).title.clone());
    model.north_star = Some(NorthStar {
        title: text(&written.title).or(title).unwrap_or_default(),
        volume,
        efficiency,
        counter,
        because: text(&written.because).unwrap_or_default(),
        consequences,
        name: written.name.clone(),
        span: written.span,
    });
}
