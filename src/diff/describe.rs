//! From a checked model to its definitions.

use super::class::Class;
use super::definition::{Definition, Definitions, Effect, Kind};
use crate::calendar::AsOf;
use crate::meaning::{Names, Writer, normal, write};
use crate::model::facts::Type;
use crate::model::{
    Better, Body, CalendarSource, ColumnUnit, Dimension, DimensionId, Holds, KeyPart, Kpi, KpiId, Made, Model, Relation,
    Source, SourceId, Storage, TeamId,
};
use crate::support::views;
use crate::text::Files;
use std::collections::BTreeMap;

/// Describes a model, in the names of another version.
#[derive(Debug)]
pub(super) struct Describe<'a> {
    pub model: &'a Model,
    pub files: &'a Files,
    pub names: &'a Names,
    pub formulas: Writer<'a>,
}

impl<'a> Describe<'a> {
    /// One of a checked project.
    pub(super) fn of(model: &'a Model, files: &'a Files, names: &'a Names) -> Self {
        Self { model, files, names, formulas: Writer::as_written(model, names) }
    }

    /// All definitions.
    pub(super) fn all(&self) -> Definitions {
        let mut all = Definitions::new();
        let model = self.model;
        all.insert((Kind::Project, String::new()), self.project());
        all.insert((Kind::Calendar, String::new()), self.calendar());
        all.insert((Kind::Warehouse, String::new()), self.warehouse());
        all.insert((Kind::Okrs, String::new()), self.okrs());
        for (id, source) in model.sources.iter() {
            let kind = if source.journey.is_some() { Kind::Journey } else { Kind::Source };
            all.insert((kind, self.names.source(&source.name.value)), self.source(id, source));
        }
        for dimension in model.dimensions.rows() {
            all.insert((Kind::Dimension, self.names.dimension(&dimension.name)), self.dimension(dimension));
        }
        for kpi in model.kpis.rows().iter().filter(|kpi| !kpi.is_asked()) {
            all.insert((Kind::Kpi, self.names.kpi(&kpi.name.value)), self.kpi(kpi));
        }
        self.teams(&mut all);
        self.boards(&mut all);
        self.goals(&mut all);
        for (name, file) in crate::load::templates(self.files) {
            let mut definition = Definition::at(None);
            let text = self.files.get(file).map_or("", |file| file.text.as_str());
            // What writes views may write other figures; pages are words.
            let class = if name.ends_with(".md.j2") { Class::Words } else { Class::Undecided };
            definition.put("text", Effect::Always(class), format!("{} lines", text.lines().count()), text);
            all.insert((Kind::Template, name.to_owned()), definition);
        }
        all
    }

    pub(super) fn kpi_name(&self, id: KpiId) -> String {
        self.names.kpi(&self.model.kpis.get(id).name.value)
    }

    pub(super) fn team(&self, id: Option<TeamId>) -> String {
        id.map(|id| self.model.teams.get(id).name.value.clone()).unwrap_or_default()
    }

    fn source_name(&self, id: SourceId) -> String {
        self.names.source(&self.model.sources.get(id).name.value)
    }

    pub(super) fn dimension_name(&self, id: DimensionId) -> String {
        self.names.dimension(&self.model.dimensions.get(id).name)
    }

    pub(super) fn slice(&self, dimensions: &[DimensionId]) -> String {
        let names: Vec<String> = dimensions.iter().map(|id| self.dimension_name(*id)).collect();
        names.join(", ")
    }

    /// A title, unless it is made of the name.
    pub(super) fn title(&self, title: &str, name: &str) -> String {
        if title == self.model.title(name) { String::new() } else { title.to_owned() }
    }

    fn project(&self) -> Definition {
        let model = self.model;
        let mut project = Definition::at(None);
        project.say("name", Class::Words, model.name.clone());
        project.say("title", Class::Words, model.title.clone());
        project.say("description", Class::Words, model.description.clone());
        project.say("acronyms", Class::Words, model.acronyms.join(", "));
        project
    }

    fn calendar(&self) -> Definition {
        let calendar = &self.model.calendar;
        let mut of = Definition::at(None);
        of.say("start", Class::Meaning, calendar.start.to_string());
        of.say("data_from", Class::Meaning, calendar.data_from.to_string());
        let as_of = match calendar.as_of {
            AsOf::Today => "today".to_owned(),
            AsOf::Day(day) => day.to_string(),
        };
        of.say("as_of", Class::Meaning, as_of);
        of.say("settle", Class::Meaning, format!("{} days", calendar.settle));
        of.say("time_zone", Class::Meaning, calendar.zone.name());
        of.say("week_starts", Class::Meaning, format!("{:?}", calendar.week_starts).to_lowercase());
        of.say("fiscal_year_starts", Class::Meaning, format!("month {}", calendar.fiscal_month));
        if let Some(CalendarSource { source, day, periods }) = &self.model.calendar_source {
            let columns = &self.model.sources.get(*source).columns;
            let named = |column| columns.get(column).name.value.clone();
            let each = periods.iter().map(|(grain, column)| format!("{grain}: {}", named(*column)));
            let each: Vec<String> = std::iter::once(format!("day: {}", named(*day))).chain(each).collect();
            of.say("source", Class::Meaning, format!("{} ({})", self.source_name(*source), each.join(", ")));
        }
        of
    }

    fn warehouse(&self) -> Definition {
        let warehouse = &self.model.warehouse;
        let mut of = Definition::at(None);
        let also = warehouse.dialect.iter().chain(&warehouse.also).map(|name| name.value.clone());
        of.list("dialects", Class::Interface, also);
        of.say("schema", Class::Interface, warehouse.schema.join("."));
        of.say("source_schema", Class::Meaning, warehouse.source_schema.join("."));
        of.list("grants", Class::Interface, warehouse.readers.iter().map(|role| role.value.clone()));
        of.say("database", Class::Meaning, warehouse.database.clone().unwrap_or_default());
        of.say("target_dir", Class::None, warehouse.target_dir.clone());
        of
    }

    fn okrs(&self) -> Definition {
        let okrs = &self.model.okrs;
        let mut of = Definition::at(None);
        of.say("on_track", Class::Goal, okrs.on_track.to_string());
        of.say("at_risk", Class::Goal, okrs.at_risk.to_string());
        of.say("stale_after", Class::Goal, format!("{} days", okrs.stale_after));
        of.say("objectives", Class::None, okrs.objectives.to_string());
        of.say("key_results", Class::None, okrs.key_results.to_string());
        of
    }

    fn source(&self, id: SourceId, source: &Source) -> Definition {
        let mut of = Definition::at(Some(source.name.span));
        of.is_broken = source.is_partial || source.unread || source.lacks_time;
        of.say("description", Class::Words, source.description.clone());
        let relation = match &source.relation {
            None => String::new(),
            Some(Relation::Table(parts)) => parts.join("."),
            Some(Relation::Files(files)) => files.paths.join(", "),
            Some(Relation::Query(query)) => query.clone(),
        };
        // What files hold is said of each column.
        let compared = match &source.relation {
            Some(Relation::Files(files)) => format!("{:?} {:?} {}", files.paths, files.format, files.by_name),
            other => format!("{other:?}"),
        };
        if source.journey.is_none() {
            of.put("rows", Effect::Always(Class::Meaning), relation, compared);
        }
        of.say("kind", Class::Meaning, format!("{:?}", source.kind).to_lowercase());
        of.say("row", Class::Words, source.row.clone());
        let named = |column| source.columns.get(column).name.value.clone();
        let key: Vec<String> = source.key.iter().map(|column| named(*column)).collect();
        of.say("key", Class::Meaning, key.join(", "));
        of.say("time", Class::Meaning, source.time.map(named).unwrap_or_default());
        let holds = match &source.holds {
            None => String::new(),
            Some(Holds::Valid { from, to, inclusive }) => {
                format!("from {} to {}{}", named(*from), named(*to), if *inclusive { ", the last day included" } else { "" })
            }
            Some(Holds::Snapshot { taken, every, fresh_for }) => {
                format!("a snapshot every {every} by {}, fresh for {fresh_for}", named(*taken))
            }
            Some(Holds::Readings { taken, fresh_for }) => format!("readings by {}, fresh for {fresh_for}", named(*taken)),
        };
        of.say("holds", Class::Meaning, holds);
        let fresh = source.freshness.within.as_ref().map(|within| within.value.to_string());
        of.say("fresh_within", Class::Meaning, fresh.unwrap_or_default());
        let expect = source.freshness.expect.as_ref().map(|expect| expect.value.to_string());
        of.say("expect", Class::Meaning, expect.unwrap_or_default());
        if let Some(journey) = &source.journey {
            self.journey(source, journey, &mut of);
        } else {
            self.columns(id, source, &mut of);
        }
        of
    }

    fn journey(&self, source: &Source, journey: &crate::model::journey::Journey, of: &mut Definition) {
        of.say("starts", Class::Meaning, format!("{:?}", journey.starts).to_lowercase());
        of.say("order", Class::Meaning, format!("{:?}", journey.order).to_lowercase());
        let mut order = Vec::new();
        for step in &journey.steps {
            let name = source.columns.get(step.column).name.value.clone();
            if let Some(rows) = &step.rows {
                let filter = rows.filter.as_ref().map(|filter| normal::filter(&self.formulas.row(rows.source, filter)));
                let time = self.formulas.path(rows.source, &crate::model::expr::Path::to(rows.time));
                let entity = self.formulas.path(rows.source, &rows.entity);
                let source = self.source_name(rows.source);
                let condition = if rows.written.is_empty() { String::new() } else { format!(" where {}", rows.written) };
                let entity_text = self.model.path_text(rows.source, &rows.entity);
                let text = format!("{source}{condition}, by {entity_text}");
                of.put(
                    format!("steps.{name}"),
                    Effect::Always(Class::Meaning),
                    text,
                    format!("{source} {filter:?} {time:?} {entity:?}"),
                );
            }
            // Where there is no key, all columns decide between rows at one time.
            if let Some(rows) = step.rows.as_ref().filter(|rows| self.model.sources.get(rows.source).key.is_empty()) {
                let source = self.model.sources.get(rows.source);
                let columns: Vec<&str> = source.columns.rows().iter().map(|column| column.name.value.as_str()).collect();
                let text = format!("of rows at one time the first by {}", columns.join(", "));
                of.put(format!("ties.{name}"), Effect::Order(Class::Meaning), text, write::order(source).join("\n"));
            }
            order.push(name);
        }
        of.say("steps", Class::Meaning, order.join(" → "));
    }

    fn columns(&self, id: SourceId, source: &Source, of: &mut Definition) {
        for column in source.columns.rows() {
            let name = &column.name.value;
            let at = format!("columns.{name}");
            let reference = column.reference.map(|to| self.source_name(to)).unwrap_or_default();
            let ty = column.ty.written();
            let clock = match &column.clock {
                crate::model::Clock::Civil => String::new(),
                crate::model::Clock::Instant => ", an instant".to_owned(),
                crate::model::Clock::Wall(zone) => format!(", in {}", zone.name()),
            };
            let to = if reference.is_empty() { String::new() } else { format!(", references {reference}") };
            let (from, compared, effect) = match &column.storage {
                Storage::Stored(stored) if stored == name => (String::new(), stored.clone(), Effect::Part(Class::Meaning)),
                Storage::Stored(stored) => (format!(" from `{stored}`"), stored.clone(), Effect::Part(Class::Meaning)),
                Storage::Derived(expr) => {
                    let term = self.formulas.row(id, expr);
                    (format!(" = {}", column.written), format!("{term:?}"), Effect::Formula(Class::Meaning))
                }
                Storage::Several(parts) => {
                    let named = |part: &KeyPart| match part {
                        KeyPart::Stored(stored) => stored.clone(),
                        KeyPart::Made(made) => format!("column {}", source.columns.get(*made).name.value),
                    };
                    let each: Vec<String> = parts.iter().map(named).collect();
                    (String::new(), each.join(", "), Effect::Part(Class::Meaning))
                }
                Storage::Raw(sql) => {
                    let first = sql.0.first().map_or("", |(_, sql)| sql.as_str());
                    (format!(" = sql {first}"), format!("{sql:?}"), Effect::Part(Class::Meaning))
                }
            };
            let ty_text = if ty == "unknown" { String::new() } else { ty.to_owned() };
            of.put(at.clone(), effect, format!("{ty_text}{clock}{to}{from}"), format!("{ty}{clock}{to} {compared}"));
            let unit = match &column.unit {
                ColumnUnit::Fixed(unit) => unit.to_string(),
                ColumnUnit::ByColumn(other) => format!("by {}", source.columns.get(*other).name.value),
            };
            // A column that is new has no reader who knew another unit.
            let shown = if unit.is_empty() { "none".to_owned() } else { unit };
            of.put(format!("{at}.unit"), Effect::Part(Class::Interface), shown.clone(), shown);
            of.say(format!("{at}.description"), Class::Words, column.description.clone());
            let mut promises: Vec<String> = Vec::new();
            if column.nullable {
                promises.push("may be null".to_owned());
            }
            if !column.values.is_empty() {
                promises.push(format!("one of {}", column.values.join(", ")));
            }
            if column.range != crate::model::facts::Range::ANY {
                promises.push(format!("{} to {}", column.range.low, column.range.high));
            }
            of.say(format!("{at}.promises"), Class::None, promises.join("; "));
        }
    }

    fn dimension(&self, dimension: &Dimension) -> Definition {
        let mut of = Definition::at(dimension.defined);
        of.is_implied = dimension.defined.is_none();
        of.say("title", Class::Words, self.title(&dimension.title, &dimension.name));
        of.say("description", Class::Words, dimension.description.clone());
        of.say("type", Class::Interface, dimension.ty.map(Type::written).unwrap_or_default());
        of.is_broken = !dimension.lost.is_empty();
        for (source, path) in &dimension.places {
            let compared = format!("{:?}", self.formulas.path(*source, path));
            let text = self.model.path_text(*source, path);
            of.put(format!("in.{}", self.source_name(*source)), Effect::Part(Class::Meaning), text, compared);
        }
        of
    }

    fn kpi(&self, kpi: &Kpi) -> Definition {
        let mut of = Definition::at(Some(kpi.name.span));
        of.is_broken = kpi.facts.is_broken() || matches!(kpi.body, Body::Broken);
        of.aliases = kpi.aliases.iter().map(|alias| alias.value.clone()).collect();
        of.say("title", Class::Words, self.title(&kpi.title, &kpi.name.value));
        of.say("description", Class::Words, kpi.description.clone());
        match &kpi.body {
            Body::Formula(calc) => {
                let compared = write::scaled(self.formulas.formula(calc), kpi.facts.scale);
                of.put("formula", Effect::Formula(Class::Meaning), kpi.formula.clone(), compared);
            }
            Body::Values(values) => {
                let figures: Vec<String> =
                    values.figures.iter().map(|(period, kept)| format!("{period}: {}", kept.number)).collect();
                of.put(
                    "values",
                    Effect::Always(Class::Meaning),
                    figures.join(", "),
                    format!("{:?} {:?}", values.grain, values.figures),
                );
            }
            Body::Broken => _ = of.fields.insert("formula".to_owned(), Self::unread(kpi)),
        }
        if !of.is_broken {
            self.facts(kpi, &mut of);
        }
        of.say("unit.declared", Class::None, kpi.unit.as_ref().map(|unit| unit.value.to_string()).unwrap_or_default());
        let better = match kpi.better {
            None => String::new(),
            Some(Better::Up) => "up".to_owned(),
            Some(Better::Down) => "down".to_owned(),
            Some(Better::Between(low, high)) => format!("between {low} and {high}"),
        };
        of.say("better", Class::Goal, better);
        of.say("owner", Class::Ownership, self.team(kpi.owner));
        of.say("grain", Class::Interface, kpi.grain.name());
        of.list("views", Class::Interface, self.views(kpi));
        of.say("age", Class::Meaning, kpi.age.as_ref().map(|age| age.value.to_string()).unwrap_or_default());
        if let Some(sampling) = &kpi.sampling {
            of.say("interval", Class::Interface, sampling.confidence.map(|sure| sure.to_string()).unwrap_or_default());
            of.say("min_rows", Class::Interface, sampling.min_rows.map(|rows| rows.to_string()).unwrap_or_default());
        }
        let made = kpi.made.unwrap_or(self.model.warehouse.made);
        of.say("materialize", Class::Interface, if made == Made::Table { made.word() } else { "" });
        of.say("gaps", Class::Meaning, if kpi.omit_gaps { "omit" } else { "" });
        of.say("empty", Class::Meaning, if kpi.empty_is_null { "null" } else { "" });
        for (taxonomy, value) in &kpi.taxonomies {
            of.say(format!("taxonomies.{taxonomy}"), Class::Words, value.clone());
        }
        if let Some(deprecated) = &kpi.deprecated {
            let instead = deprecated.instead.map(|id| format!(", use {}", self.kpi_name(id))).unwrap_or_default();
            of.say("deprecated", Class::Words, format!("{}{instead} {}", deprecated.since, deprecated.because));
        }
        of.say("aliases", Class::None, of.aliases.join(", "));
        let about = &kpi.about;
        of.say("signal", Class::Words, about.signal.clone());
        of.say("horizon", Class::Words, about.horizon.clone());
        of.say("insight", Class::Words, about.insight.clone());
        of.say("questions", Class::Words, about.questions.join(" "));
        of.say("tags", Class::Words, about.tags.join(", "));
        of.say("unaligned", Class::Words, about.unaligned.clone());
        if !about.meta.is_null() {
            of.say("meta", Class::Words, about.meta.to_string());
        }
        let drives: BTreeMap<String, String> = about
            .drives
            .iter()
            .map(|drive| (self.kpi_name(drive.kpi), [drive.effect.as_str(), &drive.lag, &drive.because].join(" ")))
            .collect();
        for (to, says) in drives {
            of.say(format!("drives.{to}"), Class::Words, says.trim().to_owned());
        }
        of
    }

    fn unread(kpi: &Kpi) -> super::definition::Field {
        let text = kpi.formula.clone();
        super::definition::Field { compared: format!("unread {text}").into(), text, effect: Effect::Always(Class::Undecided) }
    }

    fn facts(&self, kpi: &Kpi, of: &mut Definition) {
        let facts = &kpi.facts;
        let unit = facts.unit.to_string();
        of.say("unit", Class::Interface, if unit.is_empty() { "none".to_owned() } else { unit });
        of.say("kind", Class::Interface, facts.kind.name());
        of.say("type", Class::Interface, facts.ty.written());
        of.say("needs", Class::Interface, facts.needs.map(|id| self.dimension_name(id)).unwrap_or_default());
    }

    fn views(&self, kpi: &Kpi) -> Vec<String> {
        let mut names = Vec::new();
        for grain in self.model.grains(kpi) {
            for slice in views::slices(kpi) {
                let name = views::view_name(self.model, kpi, grain, &slice);
                // Each former name has a view, too.
                let ending = name.strip_prefix(kpi.name.value.as_str()).unwrap_or_default();
                names.extend(kpi.aliases.iter().map(|alias| format!("{}{ending}", alias.value)));
                names.push(name);
            }
        }
        names
    }
}
