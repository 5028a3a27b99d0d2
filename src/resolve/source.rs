//! The tables of sources, columns and dimensions.

use super::{Formulas, Resolver};
use crate::calendar::Zone;
use crate::diagnostic::{Findings, codes, suggest};
use crate::model::expr::{Expr, Node, Path, RowLeaf};
use crate::model::facts::{Range, Type};
use crate::model::freshness::Freshness;
use crate::model::id::Table;
use crate::model::unit::Unit;
use crate::model::{
    Clock, Column, ColumnId, ColumnUnit, Dimension, KeyPart, Model, RawSql, Read, Relation, Source, SourceId, SourceKind,
    Storage,
};
use crate::rawsql;
use crate::spec::reader::{FormulaText, Text};
use crate::spec::source as written;
use crate::spec::{Spec, dimension, project};
use crate::text::{Name, title};
use foldhash::{HashMap, HashMapExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Makes the table of sources with their columns; derived columns get their formulas from [`derived`].
pub(super) fn sources(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    for source in &spec.sources {
        let mut columns = Table::default();
        let mut names = HashMap::with_capacity(source.columns.len());
        for column in &source.columns {
            let id = columns.push(make(column, model, findings));
            names.insert(column.name.value.clone(), id);
        }
        let made = Source {
            name: source.name.clone(),
            description: text(source.description.as_ref()),
            relation: relation(source, findings),
            relation_span: source.relations.first().and_then(written::Relation::span),
            reads: reads(source),
            kind: match source.kind.as_ref().map(|kind| kind.value.as_str()) {
                Some("entities") => SourceKind::Entities,
                Some("states") => SourceKind::States,
                _ => SourceKind::Events,
            },
            journey: None,
            row: text(source.row.as_ref()),
            key: Vec::new(),
            key_span: source.key.first().zip(source.key.last()).map(|(first, last)| first.span.to(last.span)),
            time: None,
            time_span: source.time.as_ref().map(|time| time.span),
            is_partial: source.is_partial,
            lacks_time: false,
            unread: source.unread,
            holds: None,
            freshness: Freshness::default(),
            columns,
            names,
        };
        let id = model.sources.push(made);
        model.source_names.insert(source.name.value.clone(), id);
    }
    for (id, source) in model.sources.ids().zip(&spec.sources) {
        // What cannot be read is not what lacks.
        let mut unsaid = Findings::default();
        let said = if source.unread { &mut unsaid } else { &mut *findings };
        key_and_time(id, source, model, said);
        super::states::holds(id, source, model, said);
        super::freshness::freshness(id, source, model, said);
        mixed_units(id, source, model, findings);
        declared_as_stored(source, findings);
    }
    for (id, source) in model.sources.ids().zip(&spec.sources) {
        references(id, source, spec, model, findings);
    }
}

fn text(text: Option<&Text>) -> String {
    text.map(|text| text.value.clone()).unwrap_or_default()
}

fn relation(source: &written::Source, findings: &mut Findings) -> Option<Relation> {
    match source.relations.as_slice() {
        [only] => Some(match only {
            written::Relation::Table(name) => Relation::Table(name_parts(name, "table", 3, findings)),
            written::Relation::Files(files) => Relation::Files(Arc::new(super::files::files(&source.name, files, findings))),
            written::Relation::Query(query) => {
                super::raw::query(query, findings);
                Relation::Query(query.text.trim().trim_end_matches(';').trim_end().to_owned())
            }
        }),
        [] if source.unread => None,
        [] => {
            let message = format!("the source `{}` does not say where its rows are", source.name.value);
            findings
                .report(&codes::CONFLICTING_KEYS, source.name.span, message)
                .help("give it `table: schema.name`, `files: data/name.parquet` or `query:` with a SELECT");
            None
        }
        several => {
            let message = format!("the source `{}` says in two ways where its rows are", source.name.value);
            let finding = findings.report(&codes::CONFLICTING_KEYS, source.name.span, message);
            for span in several.iter().filter_map(written::Relation::span) {
                finding.also(span, "here");
            }
            finding.help("keep one of `table`, `files` and `query`");
            None
        }
    }
}

/// The parts of a name such as `raw.orders` or `"my.db".raw.orders`, at most that many.
pub(super) fn name_parts(name: &Text, of: &str, most: usize, findings: &mut Findings) -> Vec<String> {
    super::raw::name(name, findings);
    let found = rawsql::name::parts(&name.value).and_then(|parts| {
        let fits = parts.len() <= most;
        if fits {
            Ok(parts)
        } else {
            Err(if most == 3 { "it has more than three parts" } else { "it has more than two parts" })
        }
    });
    found.unwrap_or_else(|why| {
        let message = format!("`{}` is not the name of a {of}: {why}", name.value);
        let example = if most == 3 { "raw.orders" } else { "kpi" };
        findings.report(&codes::WRONG_SHAPE, name.span, message).help(format!(
            "write it as `{example}`, perhaps with its database in front; put double quotes around a part with a dot or a \
             quote, and double a quote inside"
        ));
        vec![name.value.clone()]
    })
}

/// The relations that a spec names for a source.
fn reads(source: &written::Source) -> Vec<Read> {
    let of_sql = |sql: &FormulaText| {
        let named = rawsql::relations(&sql.text).into_iter();
        let read = |named: rawsql::Named| Read {
            span: sql.span(named.range.start, named.range.end),
            parts: named.parts,
            in_sql: true,
        };
        named.map(read).collect::<Vec<_>>()
    };
    let of_relation = |relation: &written::Relation| match relation {
        written::Relation::Table(name) => {
            let parts = rawsql::name::parts(&name.value).ok();
            parts.map(|parts| Read { parts, span: name.span, in_sql: false }).into_iter().collect()
        }
        written::Relation::Files(_) => Vec::new(),
        written::Relation::Query(query) => of_sql(query),
    };
    let raw = source.columns.iter().flat_map(|column| &column.sql).flat_map(|(_, sql)| of_sql(sql));
    source.relations.iter().flat_map(of_relation).chain(raw).collect()
}

fn make(column: &written::Column, model: &Model, findings: &mut Findings) -> Column {
    let name = &column.name.value;
    let stored = column.stored_as.iter().map(|name| name.value.clone()).collect::<Vec<_>>();
    let given = [!stored.is_empty(), column.expr.is_some(), !column.sql.is_empty()].iter().filter(|given| **given).count();
    if given > 1 {
        let message = format!("the column `{name}` says in two ways where its values come from");
        findings.report(&codes::CONFLICTING_KEYS, column.name.span, message).help("keep one of `column`, `expr` and `sql`");
    }
    column.stored_as.iter().for_each(|name| super::raw::name(name, findings));
    column.sql.iter().for_each(|(_, sql)| super::raw::expression(sql, findings));
    let storage = if column.sql.is_empty() {
        match stored.as_slice() {
            [] => Storage::Stored(name.clone()),
            [one] => Storage::Stored(one.clone()),
            _ => Storage::Several(stored.into_iter().map(KeyPart::Stored).collect()),
        }
    } else {
        let each = column.sql.iter();
        let each = each.map(|(dialect, sql)| (dialect.as_ref().map(|name| name.value.clone()), sql.text.clone()));
        Storage::Raw(RawSql(each.collect()))
    };
    if let (Storage::Several(_), None) = (&storage, &column.references) {
        let message = format!("only a reference can have several columns, and `{name}` is not a reference");
        findings.report(&codes::CONFLICTING_KEYS, column.name.span, message).help("add `references:`, or name one column");
    }
    if column.ty.is_none() && column.references.is_none() && column.unread.is_none() {
        let types = written::TYPES.join(", ");
        findings
            .report(&codes::MISSING_KEY, column.name.span, format!("the column `{name}` needs a `type`"))
            .help(format!("the types are: {types}; a column with `references:` takes the type of the key"));
    }
    let declared = column.ty.as_ref().map(|ty| ty.value.as_str());
    let ty = match declared {
        Some("boolean") => Type::Boolean,
        Some("integer") => Type::Integer,
        Some("decimal") => Type::Decimal,
        Some("number") => Type::Number,
        Some("text") => Type::Text,
        Some("date") => Type::Date,
        Some("timestamp" | "instant") => Type::Timestamp,
        _ => Type::Error,
    };
    let unit = unit(column, ty, findings);
    Column {
        name: column.name.clone(),
        description: text(column.description.as_ref()),
        // What follows from a unit that is none is not told.
        ty: if unit.is_some() { ty } else { Type::Error },
        clock: clock(column, declared, model, findings),
        storage,
        sql_spans: column.sql.iter().map(|(_, sql)| sql.span).collect(),
        written: column.expr.as_ref().map(|expr| expr.text.trim_end().to_owned()).unwrap_or_default(),
        reference: None,
        reference_span: column.unread.filter(|_| column.references.is_none()),
        unit: ColumnUnit::Fixed(unit.unwrap_or_else(Unit::none)),
        range: Range {
            low: column.min.as_ref().map_or(f64::NEG_INFINITY, |min| min.value),
            high: column.max.as_ref().map_or(f64::INFINITY, |max| max.value),
        },
        values: column.values.iter().map(|value| value.value.clone()).collect(),
        nullable: column.nullable.unwrap_or(true),
    }
}

/// What a stored time is: derived times are civil already.
fn clock(column: &written::Column, declared: Option<&str>, model: &Model, findings: &mut Findings) -> Clock {
    if let Some(zone) = &column.zone
        && declared != Some("timestamp")
    {
        findings
            .report(&codes::CONFLICTING_KEYS, zone.span, "only a `timestamp` has a zone")
            .help("an `instant` is absolute and a `date` is never converted");
    }
    match declared {
        Some("instant") => Clock::Instant,
        Some("timestamp") if column.expr.is_none() => {
            let zone = match &column.zone {
                None => Some(Zone::utc()),
                Some(name) => {
                    let zone = Zone::named(&name.value);
                    if zone.is_none() {
                        project::unknown_zone(name, findings);
                    }
                    zone
                }
            };
            match zone {
                Some(zone) if zone != model.calendar.zone => Clock::Wall(zone),
                _ => Clock::Civil,
            }
        }
        _ => Clock::Civil,
    }
}

/// The unit of a column; nothing, and a finding, if it cannot be read.
fn unit(column: &written::Column, ty: Type, findings: &mut Findings) -> Option<Unit> {
    let Some(written::ColumnUnit::Fixed(text)) = &column.unit else { return Some(Unit::none()) };
    if !ty.is_numeric() {
        let message = format!("the column `{}` is {ty}, which has no unit", column.name.value);
        findings
            .report(&codes::UNKNOWN_UNIT, text.span, message)
            .help("remove the unit; if the column has numbers, declare it as `integer`, `decimal` or `number`");
        return Some(Unit::none());
    }
    match Unit::parse(&text.value) {
        Ok(unit) => Some(unit),
        Err(why) => {
            findings
                .report(&codes::UNKNOWN_UNIT, text.span, why)
                .help("a unit is a currency (`USD`), a time (`minute`), a noun (`order`), `%`, or a quotient (`mile/hour`)");
            None
        }
    }
}

fn key_and_time(id: SourceId, written: &written::Source, model: &mut Model, findings: &mut Findings) {
    let source = model.sources.get(id);
    let mut find = |name: &Name| {
        let found = source.names.get(&name.value).copied();
        if found.is_none() {
            unknown_column(source, name, findings);
        }
        found
    };
    let key: Vec<ColumnId> = written.key.iter().filter_map(&mut find).collect();
    let time = written.time.as_ref().and_then(&mut find);
    if let (Some(time), Some(name)) = (time, &written.time)
        && !source.columns.get(time).ty.is_time()
    {
        let message =
            format!("`{}` cannot be the time of `{}`: it is {}", name.value, source.name.value, source.columns.get(time).ty);
        findings.report(&codes::TYPE_MISMATCH, name.span, message).help("a time is a `date`, a `timestamp` or an `instant`");
    }
    if written.kind.as_ref().is_some_and(|kind| kind.value == "entities") && written.key.is_empty() {
        let message = format!("the source `{}` needs a `key`: it identifies the entities", written.name.value);
        findings.report(&codes::MISSING_KEY, written.name.span, message).help(
            "name the column that is different in every \
         row",
        );
    }
    let no_time = written.time.is_none() && written.kind.as_ref().is_some_and(|kind| kind.value == "events");
    if no_time {
        let message = format!("the source `{}` needs a `time`: events happen at a time", written.name.value);
        findings
            .report(&codes::MISSING_TIME, written.name.span, message)
            .help("name the time column; if the rows are things and not events, write `kind: entities`");
    }
    let source = model.sources.get_mut(id);
    source.key = key;
    source.time = time;
    source.lacks_time = time.is_none() && (no_time || written.time.is_some());
}

/// `unit: { column: currency }` marks amounts of several currencies.
fn mixed_units(id: SourceId, written: &written::Source, model: &mut Model, findings: &mut Findings) {
    for column in &written.columns {
        let Some(written::ColumnUnit::ByColumn(name)) = &column.unit else { continue };
        let source = model.sources.get_mut(id);
        match (source.names.get(&name.value).copied(), source.names.get(&column.name.value).copied()) {
            (Some(currency), Some(amount)) => source.columns.get_mut(amount).unit = ColumnUnit::ByColumn(currency),
            _ => unknown_column(source, name, findings),
        }
    }
}

/// `column:` takes a name of the data; reports the declared name of a column that has another one there. Data that has both has the other
/// one declared too.
fn declared_as_stored(source: &written::Source, findings: &mut Findings) {
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    // Names that are swapped are meant so.
    let is_name = |name: &str| source.columns.iter().any(|column| same(&column.name.value, name));
    for column in &source.columns {
        for name in &column.stored_as {
            let meant = source.columns.iter().find(|other| other.name.value == name.value && other.name != column.name);
            let Some([stored]) = meant.map(|other| other.stored_as.as_slice()) else { continue };
            // It is stored under this name as far as this column says so.
            let others = source.columns.iter().filter(|other| other.name != column.name);
            let is_declared = others.flat_map(|other| &other.stored_as).any(|other| same(&other.value, &name.value));
            if is_declared || is_name(&stored.value) || same(&stored.value, &name.value) {
                continue;
            }
            let message = format!("`{}` is stored as `{}`, and `column:` takes the name in the data", name.value, stored.value);
            findings.report(&codes::UNKNOWN_COLUMN, name.span, message).help(format!(
                "write `column: {}`; if the data has a column `{}` too, declare that one under a name of its own",
                stored.value, name.value
            ));
        }
    }
}

/// Links references to their sources, and gives a column without a type that of the key it holds.
fn references(id: SourceId, written: &written::Source, spec: &Spec, model: &mut Model, findings: &mut Findings) {
    for (column_id, column) in model.sources.get(id).columns.ids().zip(&written.columns) {
        let Some(name) = &column.references else { continue };
        model.sources.get_mut(id).columns.get_mut(column_id).reference_span = Some(name.span);
        made_keys(id, column_id, written, column, model, findings);
        let Some(target_id) = model.source_named(name) else {
            if let Some(journey) = spec.journeys.iter().find(|journey| journey.name.value == name.value) {
                findings
                    .report(
                        &codes::BAD_REFERENCE,
                        name.span,
                        format!("`{}` is a journey, and rows cannot refer to one", name.value),
                    )
                    .also(journey.name.span, "the journey")
                    .help(
                        "refer to the source whose key the column holds; a journey finds its rows by the entities of its steps",
                    );
            } else if !spec.incomplete {
                super::unknown_source(model, name, findings);
            }
            continue;
        };
        let target = model.sources.get(target_id);
        let own = model.sources.get(id).columns.get(column_id);
        let parts = own.storage.parts();
        let key = |at: usize| target.key.get(at).map(|key| target.columns.get(*key));
        let key_type = key(0).map_or(Type::Error, |key| key.ty);
        let problem = if target.key.is_empty() && (target.is_partial || target.unread) {
            None
        } else if target.key.is_empty() {
            let message = format!("`{}` cannot be referred to: it has no `key`", name.value);
            Some((message, format!("give `{}` a `key`: the column that is different in each of its rows", name.value)))
        } else if parts != target.key.len() {
            let names: Vec<_> = (0..target.key.len()).filter_map(key).map(|key| key.name.value.as_str()).collect();
            let names = names.join(", ");
            let count = if target.key.len() == 1 { "one column".to_owned() } else { format!("{} columns", target.key.len()) };
            let message = format!("the key of `{}` has {count} ({names}), but `{}` has {parts}", name.value, own.name.value);
            Some((message, format!("name the columns that hold it, in the same order: `column: [{names}]`")))
        } else if let Some(problem) = made_key_problem(model.sources.get(id), column_id, target) {
            Some(problem)
        } else if parts == 1 && own.ty != Type::Error && own.ty.common(key_type).is_none() {
            let message = format!("`{}` is {}, but the key of `{}` is {key_type}", own.name.value, own.ty, name.value);
            Some((
                message,
                "remove the `type`, so that the column has the key's type; if the data differs, convert it with `sql:`"
                    .to_owned(),
            ))
        } else {
            super::states::reference_problem(model.sources.get(id), target)
        };
        if let Some((problem, help)) = problem {
            findings
                .report(&codes::BAD_REFERENCE, name.span, problem)
                .also(target.name.span, "the source referred to")
                .help(help);
        }
        let ty = match (parts, own.ty) {
            (1, Type::Error) => key_type,
            (1, declared) => declared,
            _ => Type::Key,
        };
        let clock = key(0).filter(|_| own.ty == Type::Error).map(|key| key.clock.clone());
        let own = model.sources.get_mut(id).columns.get_mut(column_id);
        if let Some(clock) = clock {
            own.clock = clock;
        }
        own.reference = Some(target_id);
        own.ty = ty;
    }
}

/// A reference whose `column:` names a column that a formula or raw SQL makes holds the key that this one has.
fn made_keys(
    id: SourceId,
    reference: ColumnId,
    source: &written::Source,
    column: &written::Column,
    model: &mut Model,
    findings: &mut Findings,
) {
    let names = &model.sources.get(id).names;
    let made = |name: &Text| {
        let found = names.get(&name.value).copied().filter(|found| *found != reference)?;
        let there = source.columns.iter().find(|there| there.name.value == name.value)?;
        (there.expr.is_some() || !there.sql.is_empty()).then_some((found, there))
    };
    let parts: Vec<Option<(ColumnId, &written::Column)>> = column.stored_as.iter().map(made).collect();
    for (name, there) in column.stored_as.iter().zip(&parts).filter_map(|(name, part)| Some((name, part.as_ref()?.1))) {
        if is_stored_too(source, column, there) {
            let message = format!(
                "`{}` can be the stored column or the computed one of that name: which of them holds the key of `{}`?",
                name.value,
                column.references.as_ref().map_or("", |target| target.value.as_str())
            );
            findings.report(&codes::BAD_REFERENCE, name.span, message).also(there.name.span, "computed here").help(format!(
                "give the computed column another name, such as `{}_key`, and use the right name here",
                name.value
            ));
        }
    }
    let columns = &mut model.sources.get_mut(id).columns;
    let first = parts.first().and_then(|made| Some(columns.get(made.as_ref()?.0).ty));
    let own = columns.get_mut(reference);
    match (&mut own.storage, parts.as_slice()) {
        (storage @ Storage::Stored(_), [Some((made, there))]) => {
            *storage = Storage::Derived(Expr::leaf(RowLeaf::Column(Path::to(*made))));
            own.written.clone_from(&there.name.value);
            if let (Type::Error, Some(ty)) = (own.ty, first) {
                own.ty = ty;
            }
        }
        (Storage::Several(stored), _) => {
            for (part, made) in stored.iter_mut().zip(&parts) {
                if let Some((made, _)) = made {
                    *part = KeyPart::Made(*made);
                }
            }
        }
        _ => {}
    }
}

/// What is wrong with the columns that are computed and hold a key, and how to fix it.
fn made_key_problem(source: &Source, reference: ColumnId, target: &Source) -> Option<(String, String)> {
    let made: Vec<Option<ColumnId>> = match &source.columns.get(reference).storage {
        Storage::Derived(Expr { node: Node::Leaf(RowLeaf::Column(path)), .. }) => vec![Some(path.column)],
        Storage::Several(parts) => {
            let made = |part: &KeyPart| if let KeyPart::Made(id) = part { Some(*id) } else { None };
            parts.iter().map(made).collect()
        }
        _ => Vec::new(),
    };
    let pairs = made.into_iter().zip(&target.key);
    pairs.filter_map(|(made, key)| Some((source.columns.get(made?), target.columns.get(*key)))).find_map(|(made, key)| {
        let (made_name, key_name) = (&made.name.value, &key.name.value);
        if made.ty == Type::Timestamp {
            let message = format!("`{made_name}` is a computed time and cannot hold the key of `{}`", target.name.value);
            return Some((
                message,
                "a computed time is in the project's zone; use a stored column for the \
             reference"
                    .to_owned(),
            ));
        }
        let differs = made.ty != Type::Error && key.ty != Type::Error && made.ty.common(key.ty).is_none();
        differs.then(|| {
            let message =
                format!("`{made_name}` is {}, but the key `{key_name}` of `{}` is {}", made.ty, target.name.value, key.ty);
            (message, format!("let the formula of `{made_name}` give {}", key.ty))
        })
    })
}

/// Whether the relation is known to have a column of the name of one that is computed: another column reads it, or its SQL does.
fn is_stored_too(source: &written::Source, reference: &written::Column, made: &written::Column) -> bool {
    let name = &made.name.value;
    let others = source.columns.iter().filter(|other| other.name.value != reference.name.value);
    // Other references mean the one that is computed, too.
    let others = others.filter(|other| other.references.is_none());
    let is_read = others.flat_map(|other| &other.stored_as).any(|stored| stored.value.eq_ignore_ascii_case(name));
    let mut sql = made.sql.iter().flat_map(|(_, sql)| rawsql::tokens(&sql.text));
    is_read || sql.any(|token| token.name().is_some_and(|word| word.eq_ignore_ascii_case(name)))
}

/// Resolves the formulas of derived columns, once all columns are there.
pub(super) fn derived(spec: &Spec, formulas: &Formulas, model: &mut Model, findings: &mut Findings) {
    let mut found = Vec::new();
    for ((id, source), trees) in model.sources.ids().zip(&spec.sources).zip(&formulas.columns) {
        let columns = model.sources.get(id).columns.ids();
        for ((column_id, column), tree) in columns.zip(&source.columns).zip(trees) {
            let Some(text) = &column.expr else { continue };
            let mut resolver = Resolver::new(model, spec.incomplete);
            let expr = match tree {
                Some(tree) => resolver.row(tree, &super::row::Scope::derived(id)),
                None => Expr::new(Node::Broken, text.span),
            };
            findings.append(resolver.findings);
            found.push((id, column_id, expr));
        }
    }
    for (source, column, expr) in found {
        model.sources.get_mut(source).columns.get_mut(column).storage = Storage::Derived(expr);
    }
}

/// Makes the table of dimensions: those that specs define, then one for each column name.
pub(super) fn dimensions(spec: &Spec, model: &mut Model, findings: &mut Findings) {
    for dimension in &spec.dimensions {
        let made = defined(dimension, spec.incomplete, model, findings);
        let id = model.dimensions.push(made);
        model.dimension_names.insert(dimension.name.value.clone(), id);
    }
    of_journeys(model);
    let mut by_name: BTreeMap<String, BTreeMap<SourceId, Path>> = BTreeMap::new();
    for (source_id, source) in model.sources.iter() {
        for (column_id, column) in source.columns.iter() {
            by_name.entry(column.name.value.clone()).or_default().insert(source_id, Path::to(column_id));
        }
    }
    for lost in spec.dimensions.iter().filter(|dimension| dimension.is_lost) {
        by_name.remove(&lost.name.value);
    }
    for (name, places) in by_name {
        if let Some(known) = model.dimension_names.get(&name).copied() {
            // What a spec does not say of a source, a column of the dimension's name and type says.
            for (source, path) in places {
                let ty = model.column(source, &path).ty;
                let dimension = model.dimensions.get_mut(known);
                if !dimension.lost.contains(&source) && dimension.ty.is_none_or(|known| known == ty) {
                    dimension.places.entry(source).or_insert(path);
                }
            }
            continue;
        }
        let made = Dimension {
            title: title(&name, &model.acronyms),
            name: name.clone(),
            defined: None,
            description: String::new(),
            ty: None,
            places,
            lost: BTreeSet::new(),
        };
        let id = model.dimensions.push(made);
        model.dimension_names.insert(name, id);
    }
}

/// A dimension has the place in a journey that it has in the source of the journey's first step, unless the spec says otherwise.
fn of_journeys(model: &mut Model) {
    let Model { sources, dimensions, .. } = model;
    for (id, source) in sources.iter() {
        let Some((journey, first)) = source.journey.as_ref().and_then(|journey| Some((journey, journey.first()?))) else {
            continue;
        };
        for dimension in dimensions.ids() {
            let dimension = dimensions.get_mut(dimension);
            let place = dimension.places.get(&first.source).and_then(|path| journey.inherit(path));
            if let Some(place) = place {
                dimension.places.entry(id).or_insert(place);
            }
            if dimension.lost.contains(&first.source) && !dimension.places.contains_key(&id) {
                dimension.lost.insert(id);
            }
        }
    }
}

fn defined(written: &dimension::Dimension, incomplete: bool, model: &Model, findings: &mut Findings) -> Dimension {
    let ty = match written.ty.as_ref().map(|ty| ty.value.as_str()) {
        Some("boolean") => Type::Boolean,
        Some("integer") => Type::Integer,
        Some("date") => Type::Date,
        _ => Type::Text,
    };
    let (mut places, mut lost, mut any) = (BTreeMap::new(), BTreeSet::new(), false);
    for (source_name, path) in &written.from {
        let Some(source) = model.source_named(source_name) else {
            any = true;
            if !incomplete {
                super::unknown_source(model, source_name, findings);
            }
            continue;
        };
        let mut resolver = Resolver::new(model, incomplete);
        let names: Vec<Name> = split_path(path);
        let expr = resolver.path(&names, path.span, &super::row::Scope::derived(source));
        findings.append(resolver.findings);
        if let Node::Leaf(RowLeaf::Column(found)) = expr.node {
            let holds = model.column(source, &found).ty;
            if holds != ty && holds != Type::Error {
                let message =
                    format!("`{}` is {ty}, but `{}` of `{}` is {holds}", written.name.value, path.value, source_name.value);
                let fits = matches!(holds, Type::Text | Type::Boolean | Type::Integer | Type::Date);
                let derive = "derive a column of that type with `expr:` and name it here";
                let help = match (holds.declared().filter(|_| fits), ty) {
                    (Some(word), Type::Text) => {
                        format!("a dimension is a text by default: write `type: {word}`, or {derive}")
                    }
                    (Some(word), _) => format!("give the dimension that type, `type: {word}`, or {derive}"),
                    (None, _) => derive.to_owned(),
                };
                findings.report(&codes::DIMENSION_TYPE, path.span, message).help(help);
            }
            places.insert(source, found);
        } else {
            lost.insert(source);
        }
    }
    if any {
        // The name that is none may have been meant to be any of the others.
        lost.extend(model.sources.ids().filter(|source| !places.contains_key(source)));
    }
    Dimension {
        name: written.name.value.clone(),
        defined: Some(written.name.span),
        title: written.title.as_ref().map_or_else(|| title(&written.name.value, &model.acronyms), |text| text.value.clone()),
        description: text(written.description.as_ref()),
        ty: Some(ty),
        places,
        lost,
    }
}

/// The names of a path that stands as a text in YAML, each with its place.
pub(super) fn split_path(text: &Text) -> Vec<Name> {
    let mut names = Vec::new();
    let mut at = text.span.start;
    for part in text.value.split('.') {
        let length = u32::try_from(part.len()).unwrap_or(0);
        let span = crate::text::Span { start: at, end: (at + length).min(text.span.end), ..text.span };
        names.push(Name::new(part.trim().to_owned(), span));
        at += length + 1;
    }
    names
}

/// Reports a column that a source does not have.
pub(super) fn unknown_column(source: &Source, name: &Name, findings: &mut Findings) {
    if source.is_partial {
        return;
    }
    let message = format!("`{}` has no column `{}`", source.name.value, name.value);
    let finding = findings.report(&codes::UNKNOWN_COLUMN, name.span, message);
    let columns = source.columns.rows().iter().map(|column| column.name.value.as_str());
    let stored = |column: &&Column| matches!(&column.storage, Storage::Stored(stored) if *stored == name.value);
    if let Some(column) = source.columns.rows().iter().find(stored) {
        // In the data it is called so.
        finding.help(format!("its column `{}` is called `{}` here", name.value, column.name.value));
        return;
    }
    finding.help = suggest::did_you_mean(&name.value, &format!("{} has", source.name.value), columns.clone());
    finding.mend(name.span, &name.value, suggest::certain(&name.value, columns, suggest::Words::Project));
}
