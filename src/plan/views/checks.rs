//! What is checked of data and when, and the view `source_checks`, which counts the rows that break a rule.

use crate::diagnostic::{Code, Level, codes};
use crate::graph::Node;
use crate::model::{Holds, Model, Source, SourceId};
use crate::pipeline::Valid;
use crate::plan::algebra::relation::{Body, Part, Query, Scalar, Select, column, text, text_or_null};
use crate::plan::rules::{self, Beside, Rule};
use crate::text::Span;

/// A check of data. How bad it is for `verify`, unless a project says otherwise, is the level of its code.
#[derive(Debug)]
pub struct DataCheck {
    /// What is reported.
    pub code: &'static Code,
    /// How bad it is beside figures, unless a project says otherwise.
    pub figures: Level,
    /// What is looked at beside figures.
    pub looks_at: &'static str,
}

/// What is checked when. What makes another figure of it is refused beside figures too; of what a figure leaves out, it is said how
/// much that is.
pub static DATA_CHECKS: [DataCheck; 12] = [
    DataCheck { code: &codes::NOT_IN_DATA, figures: Level::Error, looks_at: "the sources that are read" },
    DataCheck { code: &codes::COLUMN_TYPE_DIFFERS, figures: Level::Error, looks_at: "the sources that are read" },
    DataCheck { code: &codes::BROKEN_CALENDAR, figures: Level::Error, looks_at: "the calendar, if figures go by it" },
    DataCheck {
        code: &codes::KEY_NOT_UNIQUE,
        figures: Level::Error,
        looks_at: "keys that references lead to, snapshots that are read, and keys that tell rows apart",
    },
    DataCheck {
        code: &codes::STATES_OVERLAP,
        figures: Level::Error,
        looks_at: "states that levels, movements and pairs read, or references lead to",
    },
    DataCheck { code: &codes::REFERENCE_NOT_FOUND, figures: Level::Warn, looks_at: "references that are followed" },
    DataCheck { code: &codes::TIME_MISSING, figures: Level::Warn, looks_at: "the time by which rows count or states hold" },
    DataCheck { code: &codes::ENDS_BEFORE_IT_BEGINS, figures: Level::Warn, looks_at: "states that are read" },
    DataCheck { code: &codes::UNEXPECTED_NULL, figures: Level::Warn, looks_at: "columns that are read" },
    DataCheck { code: &codes::UNDECLARED_VALUE, figures: Level::Warn, looks_at: "columns that are read" },
    DataCheck { code: &codes::OUT_OF_RANGE, figures: Level::Warn, looks_at: "columns that are read" },
    DataCheck { code: &codes::NOT_FINITE, figures: Level::Warn, looks_at: "columns that are read" },
];

/// How bad something is beside figures, unless a project says otherwise.
pub fn level_beside_figures(code: &Code) -> Level {
    DATA_CHECKS.iter().find(|held| held.code == code).map_or(code.level, |held| held.figures)
}

/// What is reported where a rule of a source does not hold, and where the source declares it.
pub fn declared(model: &Model, id: SourceId, rule: Rule) -> (&'static Code, Span) {
    let source = model.sources.get(id);
    let key = source.key_span.unwrap_or(source.name.span);
    let of = |column| source.columns.get(column);
    match rule {
        Rule::UniqueKey => (&codes::KEY_NOT_UNIQUE, key),
        Rule::NoOverlap => (&codes::STATES_OVERLAP, key),
        Rule::InOrder => (&codes::ENDS_BEFORE_IT_BEGINS, source.name.span),
        Rule::Steady => (&codes::KEYS_COME_AND_GO, key),
        Rule::NotStale => (&codes::STALE_KEYS, key),
        Rule::Kept(at) => {
            let conversions = model.conversions();
            (&codes::LOST_IN_CONVERSION, conversions.get(at).map_or(source.name.span, |conversion| conversion.span))
        }
        Rule::Present(column) => {
            let name = of(column).name.span;
            if source.time == Some(column) {
                (&codes::TIME_MISSING, source.time_span.unwrap_or(name))
            } else if source.holds.iter().flat_map(Holds::columns).any(|held| held == column) {
                (&codes::TIME_MISSING, name)
            } else if source.key.contains(&column) {
                (&codes::UNEXPECTED_NULL, key)
            } else {
                (&codes::UNEXPECTED_NULL, name)
            }
        }
        Rule::Found(column) => (&codes::REFERENCE_NOT_FOUND, of(column).reference_span.unwrap_or(of(column).name.span)),
        // No period counts what happened at an infinite time.
        Rule::Finite(column) if source.time == Some(column) => {
            (&codes::TIME_MISSING, source.time_span.unwrap_or(of(column).name.span))
        }
        Rule::Finite(column) => (&codes::NOT_FINITE, of(column).name.span),
        Rule::Listed(column) => (&codes::UNDECLARED_VALUE, of(column).name.span),
        Rule::Within(column) => (&codes::OUT_OF_RANGE, of(column).name.span),
    }
}

/// The columns of the view.
pub const COLUMNS: [&str; 5] = ["source", "rule", "column", "rows", "level"];

/// The rules of each source that views read, as far as they read what the rule is about.
fn read_by_views(project: &Valid) -> Vec<(SourceId, Vec<Rule>)> {
    let model = project.model();
    let needed = project.graph().needed_by_kpis();
    let of = |(id, source): (SourceId, &Source)| {
        let mut rules =
            if source.journey.is_none() && needed.contains(&Node::Source(id)) { rules::rules(model, id) } else { Vec::new() };
        rules.retain(|rule| match rule {
            Rule::UniqueKey | Rule::NoOverlap | Rule::InOrder | Rule::Steady | Rule::NotStale => true,
            Rule::Present(column) | Rule::Finite(column) => {
                let holds = source.holds.iter().flat_map(Holds::columns).any(|held| held == *column);
                let own = source.key.contains(column) || source.time == Some(*column) || holds;
                own || needed.contains(&Node::Column(id, *column))
            }
            // What formulas make of texts is looked at by `verify`.
            Rule::Kept(_) => false,
            Rule::Found(column) | Rule::Listed(column) | Rule::Within(column) => needed.contains(&Node::Column(id, *column)),
        });
        (!rules.is_empty()).then_some((id, rules))
    };
    model.sources.iter().filter_map(of).collect()
}

/// Whether there is anything that the view can count.
pub fn are_there(project: &Valid) -> bool {
    !read_by_views(project).is_empty()
}

/// How many rows of each source break each rule: one scan of each source, and a row for each rule.
pub fn query(project: &Valid) -> Query {
    let model = project.model();
    let mut beside = Beside::of(model);
    let mut parts: Vec<Part> = Vec::new();
    let mut rows: Vec<Select> = Vec::new();
    for (id, all) in read_by_views(project) {
        let source = model.sources.get(id);
        for counting in rules::counts_beside(model, id, &all, &mut beside) {
            for part in counting.query.parts {
                // The days of a custom calendar stand once for all.
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
            let name = beside.names.take(&format!("{}_checks", source.name.value));
            parts.push(Part { name: name.clone(), body: counting.query.result });
            rows.extend(counting.columns.iter().map(|(rule, count)| row(project, id, *rule, column(&name, count), &name)));
        }
    }
    Query { parts, result: Body::Union(rows) }
}

/// One rule of a source.
fn row(project: &Valid, id: SourceId, rule: Rule, count: Scalar, from: &str) -> Select {
    let source = project.model().sources.get(id);
    let (code, span) = match declared(project.model(), id, rule) {
        // How many times are null and how many are infinite are two rows.
        (_, span) if matches!(rule, Rule::Finite(_)) => (&codes::NOT_FINITE, span),
        declared => declared,
    };
    let level = match project.level(code, span, level_beside_figures(code)) {
        Level::Error | Level::Deny => "error",
        Level::Warn => "warn",
        Level::Allow => "allow",
    };
    let mut select = Select::from_part(from);
    select.column(text(&source.name.value), "source");
    select.column(text(code.name), "rule");
    select.column(text_or_null(about(source, rule).as_deref()), "column");
    select.column(count, "rows");
    select.column(text(level), "level");
    select
}

/// The columns that a rule is about; nothing where it is about the rows.
fn about(source: &Source, rule: Rule) -> Option<String> {
    let name = |column| source.columns.get(column).name.value.clone();
    match rule {
        Rule::UniqueKey | Rule::NoOverlap | Rule::Steady | Rule::NotStale => {
            Some(source.key.iter().map(|key| name(*key)).collect::<Vec<_>>().join(", "))
        }
        Rule::InOrder | Rule::Kept(_) => None,
        Rule::Present(column) | Rule::Found(column) | Rule::Listed(column) | Rule::Within(column) | Rule::Finite(column) => {
            Some(name(column))
        }
    }
}
