//! KPIs beside their formulas: owners, slices, taxonomies, and the scorecards that show them.

use super::{Resolver, kpi_by_name};
use crate::calendar::Grain;
use crate::diagnostic::{Findings, codes, suggest};
use crate::model::about::{About, Drive};
use crate::model::facts::Facts;
use crate::model::unit::Unit;
use crate::model::uses::Meant;
use crate::model::{
    ASKED, AskedSampling, Body, Confidence, Deprecated, Dimension, DimensionId, Kpi, Model, Scorecard, Storage,
};
use crate::spec::kpi as written;
use crate::spec::reader::Text;
use crate::spec::{RESERVED_COLUMNS, Spec};
use crate::text::{Name, Spanned, title};
use rayon::prelude::*;

/// Gives every KPI its row; formulas follow later.
pub(super) fn kpis(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    let shared: &Model = model;
    let fitting = fitting(spec, findings);
    let each = spec.kpis.par_iter().enumerate();
    let made: Vec<(Kpi, Findings)> = each.map(|(at, kpi)| make(kpi, spec, shared, at < fitting)).collect();
    model.kpis.reserve(made.len());
    for (kpi, (made, found)) in spec.kpis.iter().zip(made) {
        findings.append(found);
        let id = model.kpis.push(made);
        model.kpi_names.insert(kpi.name.value.clone(), id);
        for alias in &kpi.aliases {
            model.kpi_names.entry(alias.value.clone()).or_insert(id);
        }
    }
}

/// How many views the KPIs of a project may have. A few lines with aliases can ask for millions.
const MOST_VIEWS: usize = 100_000;

/// How many KPIs have views in all their slices, which is all of them but for a project that has too many. The others have totals only.
fn fitting(spec: &Spec, findings: &mut Findings) -> usize {
    let mut views = 0;
    let mut are_too_many = |kpi: &written::Kpi| {
        views += (1 + kpi.by.len()) * (1 + kpi.grains.len());
        views > MOST_VIEWS
    };
    let Some((at, kpi)) = spec.kpis.iter().enumerate().find(|(_, kpi)| are_too_many(kpi)) else { return spec.kpis.len() };
    let message = format!("with `{}` the KPIs of this project have more than 100,000 views", kpi.name.value);
    findings
        .report(&codes::BAD_SLICE, kpi.name.span, message)
        .help("list fewer slices under `by`, or fewer `grains`: there is a view for each slice at each grain");
    at
}

fn make(kpi: &written::Kpi, spec: &Spec, model: &Model, fits: bool) -> (Kpi, Findings) {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let mut resolver = Resolver::new(model, spec.incomplete);
    let owner = kpi.owner.as_ref().and_then(|name| resolver.team(name));
    let by = kpi.by.iter().filter(|_| fits).filter_map(|slice| resolver.slice_of_views(kpi, slice)).collect();
    for (taxonomy, value) in &kpi.taxonomies {
        resolver.taxonomy(taxonomy, value);
    }
    let unit = kpi.unit.as_ref().and_then(|unit| resolver.unit(unit));
    let formula = kpi.formula.as_ref();
    let made = Kpi {
        name: kpi.name.clone(),
        title: text(&kpi.title).unwrap_or_else(|| title(&kpi.name.value, &model.acronyms)),
        description: text(&kpi.description).unwrap_or_default(),
        body: Body::Broken,
        formula: formula.map(|formula| formula.text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default(),
        written: formula.map(|formula| formula.text.trim_end().to_owned()).unwrap_or_default(),
        formula_span: formula.map(|formula| formula.span),
        unit,
        unit_span: kpi.unit_span,
        better: kpi.better,
        owner,
        owner_named: kpi.owner.is_some(),
        grain: kpi.grain.as_ref().map_or(Grain::Month, |grain| grain.value),
        grains: kpi.grains.iter().map(|grain| grain.value).collect(),
        by,
        age: super::cohort::written(kpi, &mut resolver.findings),
        omit_gaps: kpi.omit_gaps,
        empty_is_null: kpi.empty_is_null.is_some(),
        asked_sampling: AskedSampling {
            confidence: kpi.interval.as_ref().and_then(|text| Some(Spanned::new(Confidence::of(&text.value)?, text.span))),
            min_rows: kpi.min_rows.clone(),
        },
        sampling: None,
        made: kpi.made,
        taxonomies: kpi.taxonomies.iter().map(|(name, value)| (name.value.clone(), value.value.clone())).collect(),
        deprecated: None,
        aliases: kpi.aliases.clone(),
        about: About {
            signal: text(&kpi.signal).unwrap_or_default(),
            horizon: text(&kpi.horizon).unwrap_or_default(),
            insight: text(&kpi.insight).unwrap_or_default(),
            questions: kpi.questions.iter().map(|text| text.value.clone()).collect(),
            tags: kpi.tags.iter().map(|text| text.value.clone()).collect(),
            drives: Vec::new(),
            unaligned: text(&kpi.unaligned).unwrap_or_default(),
            meta: kpi.meta.clone(),
        },
        facts: Facts::unknown(),
    };
    (made, resolver.findings)
}

impl Resolver<'_> {
    pub(super) fn team(&mut self, name: &Name) -> Option<crate::model::TeamId> {
        let found = self.model.teams.iter().find(|(_, team)| team.name.value == name.value).map(|(id, _)| id);
        if let Some(id) = found {
            self.model.uses.note(name.span, Meant::Team(id));
        }
        if found.is_none() && !self.incomplete {
            let teams = self.model.teams.rows().iter().map(|team| team.name.value.as_str());
            let help = suggest::did_you_mean(&name.value, "the teams are", teams)
                .or_else(|| Some(format!("define it: `teams: {{ {}: {{ title: ... }} }}`", name.value)));
            let teams = self.model.teams.rows().iter().map(|team| team.name.value.as_str());
            let meant = suggest::certain(&name.value, teams, suggest::Words::Project);
            let finding = self.report(&codes::UNKNOWN_TEAM, name.span, format!("there is no team `{}`", name.value));
            finding.help = help;
            finding.mend(name.span, &name.value, meant);
        }
        found
    }

    pub(super) fn slice(&mut self, slice: &Spanned<Vec<Name>>) -> Option<Spanned<Vec<DimensionId>>> {
        let mut dimensions = Vec::new();
        for name in &slice.value {
            let id = self.dimension(name)?;
            if dimensions.contains(&id) {
                let message = format!("`{}` appears twice in this slice", name.value);
                self.report(&codes::BAD_SLICE, name.span, message).help("remove one of them");
                return None;
            }
            dimensions.push(id);
        }
        if dimensions.is_empty() {
            self.report(&codes::BAD_SLICE, slice.span, "a slice needs at least one dimension")
                .help("the total is always there");
            return None;
        }
        Some(Spanned::new(dimensions, slice.span))
    }

    /// A slice of a KPI, whose views have the dimensions as columns beside their own. What is asked on the command line has no views, and
    /// `age` is looked at with the ages.
    fn slice_of_views(&mut self, kpi: &written::Kpi, slice: &Spanned<Vec<Name>>) -> Option<Spanned<Vec<DimensionId>>> {
        let made = self.slice(slice)?;
        let own = |name: &str| RESERVED_COLUMNS.contains(&name) && name != "age";
        let Some(name) = slice.value.iter().find(|name| own(&name.value) && !kpi.name.value.starts_with(ASKED)) else {
            return Some(made);
        };
        let dimension = self.model.dimensions.get(*self.model.dimension_names.get(&name.value)?);
        // Those that are defined under such a name are refused there.
        if dimension.defined.is_none() {
            let message = format!(
                "`{}` cannot be sliced by `{}`: its views already have a column of that name",
                kpi.name.value, name.value
            );
            let help = self.other_name(dimension);
            self.report(&codes::RESERVED_NAME, name.span, message).help(help);
        }
        None
    }

    /// How to call a column something else.
    fn other_name(&self, dimension: &Dimension) -> String {
        let name = &dimension.name;
        let place = dimension
            .places
            .iter()
            .next()
            .map(|(source, path)| (self.model.sources.get(*source), self.model.column(*source, path)));
        match place.map(|(source, column)| (&source.name.value, &column.storage)) {
            Some((source, Storage::Stored(stored))) => {
                format!("declare the column of `{source}` under another name: `{source}_{name}: {{ column: {stored} }}`")
            }
            Some((source, _)) => format!("give the column of `{source}` another name, such as `{source}_{name}`"),
            None => format!("give the column another name, such as `own_{name}`"),
        }
    }

    fn taxonomy(&mut self, name: &Name, value: &Text) {
        let Some(taxonomy) = self.model.taxonomies.iter().find(|taxonomy| taxonomy.name == name.value) else {
            if !self.incomplete {
                let known = self.model.taxonomies.iter().map(|taxonomy| taxonomy.name.as_str());
                let help = match suggest::nearest(&name.value, known) {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None => Some(format!("define it: `taxonomies: {{ {}: {{ values: [{}] }} }}`", name.value, value.value)),
                };
                self.report(&codes::UNKNOWN_TAXONOMY_VALUE, name.span, format!("there is no taxonomy `{}`", name.value)).help =
                    help;
            }
            return;
        };
        if !taxonomy.values.iter().any(|(known, _)| *known == value.value) {
            let known = taxonomy.values.iter().map(|(known, _)| known.as_str());
            let help = suggest::did_you_mean(&value.value, "its values are", known.clone());
            let meant = suggest::certain(&value.value, known, suggest::Words::Project);
            let message = format!("the taxonomy `{}` has no value `{}`", name.value, value.value);
            let finding = self.report(&codes::UNKNOWN_TAXONOMY_VALUE, value.span, message);
            finding.help = help;
            finding.mend(value.span, &value.value, meant);
        }
    }

    fn unit(&mut self, text: &Text) -> Option<Spanned<Unit>> {
        match Unit::parse(&text.value) {
            Ok(unit) => Some(Spanned::new(unit, text.span)),
            Err(why) => {
                self.report(&codes::UNKNOWN_UNIT, text.span, why)
                    .help("a unit is a currency (`USD`), a time (`day`), a noun (`order`), `%`, `points`, or a quotient (`USD/order`)");
                None
            }
        }
    }
}

/// Follows the names in KPIs that mean other KPIs: what they drive, and what to use instead of them.
pub(super) fn references(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    for (id, kpi) in model.kpis.ids().zip(&spec.kpis) {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
        for drive in &kpi.drives {
            let Some(moved) = kpi_by_name(model, &drive.kpi, spec.incomplete, findings) else { continue };
            let (effect, lag, because) = (text(&drive.effect), text(&drive.lag), text(&drive.because));
            let drive = Drive { kpi: moved, effect, lag, because, span: drive.kpi.span };
            model.kpis.get_mut(id).about.drives.push(drive);
        }
        if let Some(deprecated) = &kpi.deprecated {
            let instead = deprecated.instead.as_ref().and_then(|name| kpi_by_name(model, name, spec.incomplete, findings));
            let (since, because) = (text(&deprecated.since), text(&deprecated.because));
            model.kpis.get_mut(id).deprecated = Some(Deprecated { since, instead, because });
        }
    }
}

/// Makes the scorecards.
pub(super) fn scorecards(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    for card in &spec.scorecards {
        let mut kpis: Vec<Spanned<crate::model::KpiId>> = Vec::new();
        for name in &card.kpis {
            let Some(id) = kpi_by_name(model, name, spec.incomplete, findings) else { continue };
            if let Some(first) = kpis.iter().find(|known| known.value == id) {
                let message = format!("`{}` appears twice in this scorecard", name.value);
                findings
                    .report(&codes::DUPLICATE_DEFINITION, name.span, message)
                    .also(first.span, "first here")
                    .help("delete one of the two");
                continue;
            }
            kpis.push(Spanned::new(id, name.span));
        }
        model.scorecards.push(Scorecard {
            name: card.name.clone(),
            title: card.title.as_ref().map_or_else(|| title(&card.name.value, &model.acronyms), |text| text.value.clone()),
            description: card.description.as_ref().map(|text| text.value.clone()).unwrap_or_default(),
            cadence: card.cadence.as_ref().map(|text| text.value.clone()).unwrap_or_default(),
            grain: card.grain.as_ref().map_or(Grain::Month, |grain| grain.value),
            kpis,
            max: card.max.as_ref().map_or(10, |max| max.value),
        });
    }
}

/// Reports a dimension that does not exist.
pub(super) fn unknown_dimension(model: &Model, name: &Name, findings: &mut Findings) {
    let finding = findings.report(&codes::UNKNOWN_DIMENSION, name.span, format!("there is no dimension `{}`", name.value));
    let all = || model.dimensions.rows().iter();
    let defined: Vec<&str> =
        all().filter(|dimension| dimension.defined.is_some()).map(|dimension| dimension.name.as_str()).collect();
    let rule = "a dimension is a column that every source of the KPI has, or a name defined under `dimensions:`";
    finding.help = match suggest::nearest(&name.value, all().map(|dimension| dimension.name.as_str())) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => match suggest::did_you_mean(&name.value, "the dimensions are", defined) {
            Some(defined) => Some(format!("{rule}; {defined}")),
            None => Some(rule.to_owned()),
        },
    };
    let names = all().map(|dimension| dimension.name.as_str());
    finding.mend(name.span, &name.value, suggest::certain(&name.value, names, suggest::Words::Project));
}
