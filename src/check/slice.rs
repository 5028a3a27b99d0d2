//! Slices: every part of a KPI has the dimensions that the KPI is sliced by, with one type.

use crate::diagnostic::{Findings, codes};
use crate::graph::Graph;
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Node, Path, RowLeaf, Stock};
use crate::model::facts::Type;
use crate::model::{Body, Dimension, DimensionId, KpiId, Model, Source, SourceId};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// What a KPI reads at its leaves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// Rows of a source.
    Rows(SourceId),
    /// Rows of a source that are not looked at when their period closes.
    Spread(SourceId),
    /// Pairs of states of a source, of the entities at the end of a path.
    Entities(SourceId, Path),
    /// Hand-kept values, which have no dimensions.
    Values(KpiId),
}

impl Origin {
    fn of(model: &Model, aggregate: &Aggregate) -> Self {
        match &aggregate.stock {
            Some(Stock::Pairs(Some(per))) => Origin::Entities(aggregate.source, per.clone()),
            _ if model.no_closing_day(aggregate).is_some() => Origin::Spread(aggregate.source),
            _ => Origin::Rows(aggregate.source),
        }
    }

    /// The source whose rows it reads.
    fn source(&self) -> Option<SourceId> {
        match self {
            Origin::Rows(source) | Origin::Spread(source) | Origin::Entities(source, _) => Some(*source),
            Origin::Values(_) => None,
        }
    }

    /// Where a dimension is in it, if it has one value for each of what is counted.
    fn place<'a>(&self, dimension: &'a Dimension) -> Option<&'a Path> {
        let path = dimension.places.get(&self.source()?)?;
        match self {
            Origin::Entities(_, per) => path.is_of(per).then_some(path),
            Origin::Rows(_) | Origin::Spread(_) | Origin::Values(_) => Some(path),
        }
    }

    /// Whether a dimension depends on the day on which a period closes, and this is not looked at then.
    fn has_no_closing_day(&self, model: &Model, dimension: &Dimension) -> bool {
        let (Origin::Spread(source) | Origin::Entities(source, _)) = self else { return false };
        self.place(dimension).is_some_and(|path| model.path_closes(*source, path))
    }
}

/// The dimensions that a part is asked for: all of the slice but these, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Without {
    Some(Vec<DimensionId>),
    All,
}

impl Without {
    /// Whether a part is not asked for a dimension.
    fn leaves_out(&self, dimension: DimensionId) -> bool {
        match self {
            Without::All => true,
            Without::Some(dimensions) => dimensions.contains(&dimension),
        }
    }
}

/// The parts of each KPI with the place of one of them.
pub(super) type Parts = BTreeMap<(Origin, Without), Span>;

/// What is sliced, for findings.
pub(super) struct Sliced<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What its parts are in.
    pub(super) what: &'static str,
    /// The KPI that it is, if it is one.
    pub(super) own: Option<KpiId>,
}

/// Checks the slices of every KPI, and that the dimensions in `slice` conditions are there; gives what each KPI reads.
pub(super) fn slices(model: &Model, graph: &Graph, findings: &mut Findings) -> BTreeMap<KpiId, Parts> {
    let mut all: BTreeMap<KpiId, Parts> = BTreeMap::new();
    for id in graph.kpi_order().iter().copied() {
        let kpi = model.kpis.get(id);
        let mut parts = Parts::new();
        match &kpi.body {
            Body::Formula(calc) => {
                collect(model, calc, kpi.name.span, &all, &Without::Some(Vec::new()), &mut parts);
                conditions(model, calc, kpi.name.span, &all, findings);
            }
            Body::Values(_) => _ = parts.insert((Origin::Values(id), Without::Some(Vec::new())), kpi.name.span),
            Body::Broken => {}
        }
        if !kpi.facts.is_broken() {
            let sliced = Sliced { name: &kpi.name.value, what: "formula", own: Some(id) };
            for slice in &kpi.by {
                check(model, &sliced, slice, &parts, findings);
            }
        }
        all.insert(id, parts);
    }
    all
}

/// What a condition reads.
pub(super) fn parts(model: &Model, condition: &Calc, or: Span, known: &BTreeMap<KpiId, Parts>) -> Parts {
    let mut parts = Parts::new();
    collect(model, condition, or, known, &Without::Some(Vec::new()), &mut parts);
    parts
}

fn collect(model: &Model, calc: &Calc, or: Span, known: &BTreeMap<KpiId, Parts>, without: &Without, parts: &mut Parts) {
    let span = calc.span_or(or);
    let mut add = |part: Origin| _ = parts.entry((part, without.clone())).or_insert(span);
    match &calc.node {
        Node::Apply(_, arguments) => {
            for argument in arguments {
                collect(model, argument, or, known, without, parts);
            }
        }
        Node::Leaf(leaf) => match leaf {
            CalcLeaf::Kpi(id) => {
                for (part, inner) in known.get(id).into_iter().flat_map(BTreeMap::keys) {
                    parts.entry((part.clone(), joined(without, inner))).or_insert(span);
                }
            }
            CalcLeaf::Duration(..) => {}
            CalcLeaf::Aggregate(aggregate) => add(Origin::of(model, aggregate)),
            CalcLeaf::Grouped(grouped) => add(Origin::of(model, &grouped.of)),
            CalcLeaf::Each(each) => collect(model, &each.of, or, known, without, parts),
            CalcLeaf::Trend(trend) => collect(model, &trend.of, or, known, without, parts),
            CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) => collect(model, of, or, known, without, parts),
            CalcLeaf::Total(of, dimensions) => {
                let own = if dimensions.is_empty() { Without::All } else { Without::Some(dimensions.clone()) };
                collect(model, of, or, known, &joined(without, &own), parts);
            }
        },
        Node::Literal(_) | Node::Broken => {}
    }
}

fn joined(one: &Without, two: &Without) -> Without {
    match (one, two) {
        (Without::Some(one), Without::Some(two)) => {
            let mut both: Vec<DimensionId> = one.iter().chain(two).copied().collect();
            both.sort_unstable();
            both.dedup();
            Without::Some(both)
        }
        _ => Without::All,
    }
}

/// Checks one slice of a KPI or a condition.
pub(super) fn check(
    model: &Model,
    sliced: &Sliced<'_>,
    slice: &Spanned<Vec<DimensionId>>,
    parts: &Parts,
    findings: &mut Findings,
) {
    for dimension_id in &slice.value {
        let dimension = model.dimensions.get(*dimension_id);
        let mut seen: Option<(SourceId, Type)> = None;
        let mut asked = false;
        for ((part, without), span) in parts {
            if without.leaves_out(*dimension_id) {
                continue;
            }
            asked = true;
            let source = match part {
                Origin::Rows(source) | Origin::Spread(source) | Origin::Entities(source, _) => *source,
                Origin::Values(values) => {
                    let name = &model.kpis.get(*values).name.value;
                    let help = if sliced.own == Some(*values) {
                        "remove `by`: hand-kept figures have no dimensions".to_owned()
                    } else {
                        format!("write `total({name})` to repeat its value in every slice")
                    };
                    let message =
                        format!("`{}` cannot be sliced by `{}`: `{name}` is kept by hand", sliced.name, dimension.name);
                    findings
                        .report(&codes::NO_SHARED_DIMENSION, slice.span, message)
                        .also(*span, "this part has no dimensions")
                        .help(help);
                    return;
                }
            };
            if let (Origin::Entities(_, per), Some(path)) = (part, dimension.places.get(&source))
                && !path.is_of(per)
            {
                several_states(model, sliced.name, slice.span, dimension, (source, per, path), *span, findings);
                return;
            }
            if dimension.lost.contains(&source) {
                continue;
            }
            if part.has_no_closing_day(model, dimension) {
                let message = format!(
                    "`{}` cannot be sliced by `{}`: it depends on the day on which a period closes",
                    sliced.name, dimension.name
                );
                not_closing(model, message, (source, *span), slice.span, findings);
                return;
            }
            let Some(path) = part.place(dimension) else {
                let known = known_place(model, parts, dimension);
                let beside = parts.keys().any(|(part, _)| part.place(dimension).is_some());
                missing(model, sliced.name, slice, *dimension_id, (source, *span), (known.as_deref(), beside), findings);
                return;
            };
            let ty = model.column(source, path).ty;
            // The places of a dimension that is defined have been held against its type.
            let named = dimension.ty.is_some();
            if !named && !matches!(ty, Type::Text | Type::Boolean | Type::Integer | Type::Date | Type::Error) {
                let message = format!("`{}` cannot be sliced by `{}`, which is {ty}", sliced.name, dimension.name);
                findings.report(&codes::BAD_SLICE, slice.span, message).help(
                    "a dimension is a text, a condition, a whole number or a date; derive a column of such a type \
                     with `expr:`",
                );
                return;
            }
            match seen {
                Some((first, known)) if !named && known != ty && ty != Type::Error && known != Type::Error => {
                    types_differ(model, dimension, (first, known), (source, ty), slice.span, findings);
                    return;
                }
                _ => seen = seen.or(Some((source, ty))),
            }
        }
        if !asked {
            let message =
                format!("nothing in the {} of `{}` provides values of `{}`", sliced.what, sliced.name, dimension.name);
            findings
                .report(&codes::BAD_SLICE, slice.span, message)
                .help("every part of it is a `total` or the same for all rows; remove this slice");
            return;
        }
    }
    let keeps_all = |without: &Without| match without {
        Without::All => false,
        Without::Some(dimensions) => !slice.value.iter().any(|id| dimensions.contains(id)),
    };
    if !parts.is_empty() && !parts.keys().any(|(_, without)| keeps_all(without)) {
        let names: Vec<String> = slice.value.iter().map(|id| format!("`{}`", model.dimensions.get(*id).name)).collect();
        let message =
            format!("nothing in the formula of `{}` says which values of {} occur together", sliced.name, names.join(" and "));
        findings
            .report(&codes::BAD_SLICE, slice.span, message)
            .help("every part of it is a `total` over one of them; slice by each alone");
    }
}

/// The type of a dimension's values in the parts that are asked for it.
pub(super) fn type_of(model: &Model, id: DimensionId, parts: &Parts) -> Type {
    let dimension = model.dimensions.get(id);
    // One that is known by the day somewhere is shown by the day.
    let asked = || parts.keys().filter(|(_, without)| !without.leaves_out(id));
    let places = || asked().filter_map(|(part, _)| part.source().zip(part.place(dimension)));
    let types = || places().map(|(source, path)| model.column(source, path).ty);
    dimension.ty.or_else(|| types().reduce(|one, other| one.common(other).unwrap_or(one))).unwrap_or(Type::Error)
}

/// Says that a part is not looked at on the day that a dimension depends on.
fn not_closing(model: &Model, message: String, (source, part): (SourceId, Span), span: Span, findings: &mut Findings) {
    let name = &model.sources.get(source).name.value;
    findings
        .report(&codes::NO_CLOSING_DAY, span, message)
        .also(part, format!("this part looks at rows of `{name}` on other days too"))
        .help("use a dimension that is the same on all days, or give this formula to a KPI of its own");
}

/// Says that an entity may have several states, each with its own value of a dimension.
fn several_states(
    model: &Model,
    sliced: &str,
    span: Span,
    dimension: &Dimension,
    (source, per, path): (SourceId, &Path, &Path),
    part: Span,
    findings: &mut Findings,
) {
    let (entity, path) = (model.path_text(source, per), model.path_text(source, path));
    let message = format!(
        "`{sliced}` cannot be sliced by `{}`: it counts by `{entity}`, and one `{entity}` may have several states, each \
         with its own `{path}`",
        dimension.name
    );
    findings
        .report(&codes::NO_SHARED_DIMENSION, span, message)
        .also(part, format!("`per {entity}`"))
        .help(format!("slice it by a dimension of `{entity}` itself, such as `{entity}.country`; or remove `per`"));
}

/// Says which part of a KPI lacks a dimension, and where another part has it.
fn missing(
    model: &Model,
    sliced: &str,
    slice: &Spanned<Vec<DimensionId>>,
    dimension: DimensionId,
    (source, part): (SourceId, Span),
    (known, beside): (Option<&str>, bool),
    findings: &mut Findings,
) {
    let dimension = model.dimensions.get(dimension);
    let (id, source) = (source, model.sources.get(source));
    let message = format!("`{sliced}` cannot be sliced by `{}`: `{}` has no such dimension", dimension.name, source.name.value);
    let finding = findings
        .report(&codes::NO_SHARED_DIMENSION, slice.span, message)
        .also(part, format!("this part reads `{}`", source.name.value));
    if let Some(span) = dimension.defined {
        finding.also(span, "the dimension");
    }
    if let Some(many) = refers_to(model, dimension, id) {
        let many = &many.name.value;
        let (one, name) = (&source.name.value, &dimension.name);
        finding.help(format!(
            "it belongs to `{many}`, and several of those may refer to one row of `{one}`: aggregate a column of `{many}` \
             itself; or pick the rows of `{one}` that have some, as in `count({one} where count({many} where {name} = ...) \
            > 0)`"
        ));
        return;
    }
    let define = define(dimension, &source.name.value, known);
    // Without another part that has it there is nothing to slice.
    finding.help(if beside { format!("{define}; or write `total(...)` around that part to repeat its value") } else { define });
}

/// A source that has a dimension itself and whose rows refer to those of another.
fn refers_to<'a>(model: &'a Model, dimension: &Dimension, to: SourceId) -> Option<&'a Source> {
    let own = dimension.places.iter().filter(|(_, path)| path.through.is_empty());
    let mut sources = own.map(|(source, _)| model.sources.get(*source));
    sources.find(|source| source.columns.rows().iter().any(|column| column.reference == Some(to)))
}

/// How to give a source a dimension that it lacks; `known` is its place in another source.
fn define(dimension: &Dimension, source: &str, known: Option<&str>) -> String {
    if dimension.defined.is_some() {
        return format!("say where it is there: `from: {{ {source}: ... }}`");
    }
    let known = known.map(|known| format!("{known}, ")).unwrap_or_default();
    format!(
        "define it under `dimensions:` with its place in each source, `{}: {{ from: {{ {known}{source}: ... }} }}`",
        dimension.name
    )
}

/// Says that a dimension is of different types in two parts.
fn types_differ(
    model: &Model,
    dimension: &Dimension,
    (first, known): (SourceId, Type),
    (second, ty): (SourceId, Type),
    span: Span,
    findings: &mut Findings,
) {
    let name = |id: SourceId| model.sources.get(id).name.value.as_str();
    let message = format!("`{}` is {known} in `{}`, but {ty} in `{}`", dimension.name, name(first), name(second));
    findings
        .report(&codes::DIMENSION_TYPE, span, message)
        .help("define a dimension that names a column of one type in each source");
}

/// Checks that every part inside a `slice(...)` has the dimensions of its condition.
pub(super) fn conditions(model: &Model, calc: &Calc, or: Span, known: &BTreeMap<KpiId, Parts>, findings: &mut Findings) {
    calc.deep_leaves(&mut |leaf| {
        let CalcLeaf::Slice(of, condition) = leaf else { return };
        let mut parts = Parts::new();
        collect(model, of, or, known, &Without::Some(Vec::new()), &mut parts);
        condition.leaves(&mut |leaf| {
            let RowLeaf::Dimension(id) = leaf else { return };
            let dimension = model.dimensions.get(*id);
            let at = condition.span_or(or);
            let mut seen: Option<(SourceId, Type)> = None;
            for ((part, _), span) in &parts {
                if part.source().is_some_and(|source| dimension.lost.contains(&source)) {
                    continue;
                }
                if let (true, Some(source)) = (part.has_no_closing_day(model, dimension), part.source()) {
                    let message = format!(
                        "this part cannot be selected by `{}`: it depends on the day on which a period closes",
                        dimension.name
                    );
                    not_closing(model, message, (source, *span), at, findings);
                    return;
                }
                let Some((source, path)) = part.source().zip(part.place(dimension)) else {
                    cannot_choose(model, dimension, (part, *span), &parts, at, findings);
                    return;
                };
                let ty = model.column(source, path).ty;
                let (first, known) = *seen.get_or_insert((source, ty));
                if dimension.ty.is_none() && known != ty && known != Type::Error && ty != Type::Error {
                    types_differ(model, dimension, (first, known), (source, ty), at, findings);
                    return;
                }
            }
        });
    });
}

/// Says which part of a formula cannot be limited by a dimension.
fn cannot_choose(
    model: &Model,
    dimension: &Dimension,
    (part, read): (&Origin, Span),
    parts: &Parts,
    at: Span,
    findings: &mut Findings,
) {
    let name = |source: SourceId| model.sources.get(source).name.value.as_str();
    let (why, help) = match part {
        Origin::Values(kpi) => (
            format!("`{}` is kept by hand", model.kpis.get(*kpi).name.value),
            "slice the other part of the formula only".to_owned(),
        ),
        Origin::Entities(source, per) if dimension.places.contains_key(source) => {
            let entity = model.path_text(*source, per);
            (
                format!("it counts by `{entity}`, and one `{entity}` may have several states, each with its own"),
                format!("use a dimension of `{entity}` itself, or remove `per`"),
            )
        }
        Origin::Rows(source) | Origin::Spread(source) | Origin::Entities(source, _) => (
            format!("`{}` has no such dimension", name(*source)),
            define(dimension, name(*source), known_place(model, parts, dimension).as_deref()),
        ),
    };
    findings
        .report(&codes::NO_SHARED_DIMENSION, at, format!("this part cannot be selected by `{}`: {why}", dimension.name))
        .also(read, "a part of this")
        .help(help);
}

/// Where a dimension is in one of the parts that have it, as specs write it.
fn known_place(model: &Model, parts: &Parts, dimension: &Dimension) -> Option<String> {
    let in_parts = parts.keys().find_map(|(part, _)| part.source().zip(part.place(dimension)));
    let place = in_parts.or_else(|| dimension.places.iter().next().map(|(source, path)| (*source, path)));
    place.map(|(source, path)| format!("{}: {}", model.sources.get(source).name.value, model.path_text(source, path)))
}
