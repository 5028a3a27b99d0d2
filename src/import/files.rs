//! What was made of a dbt project as spec files, and which lines are whose.

use super::kpis::{Dimension, Kpi, Made, Scorecard, Team};
use super::sources::{Column, Source};
use super::words::Words;
use super::yaml;
use crate::text::title;
use std::collections::HashSet;

/// A definition, or a column of one, by its place in [`Made`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Id {
    Source(usize),
    Column(usize, usize),
    Kpi(usize),
    Team(usize),
    Dimension(usize),
    Scorecard(usize),
}

/// Files with what is on their lines.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) files: Vec<(String, String)>,
    /// Paths with the first line and the line after the last, from 1; what is inside another comes after it.
    pub(super) lines: Vec<(String, std::ops::Range<usize>, Id)>,
}

/// Writes all definitions but those that are `left_out`, below a folder, in files whose paths are not `taken`.
pub(super) fn write(made: &Made, left_out: &HashSet<Id>, folder: &str, taken: &HashSet<String>) -> Written {
    let mut written = Written::default();
    let is_there = |id: &Id| !left_out.contains(id);
    let mut shared = Writer::default();
    shared.section(
        "teams",
        made.teams.iter().enumerate().map(|(at, one)| (Id::Team(at), one)).filter(|(id, _)| is_there(id)),
        team,
    );
    let dimensions = made.dimensions.iter().enumerate().map(|(at, one)| (Id::Dimension(at), one));
    shared.section("dimensions", dimensions.filter(|(id, _)| is_there(id)), dimension);
    // A metric without a source is arithmetic of numbers.
    let homeless =
        made.kpis.iter().enumerate().filter(|(_, kpi)| kpi.formula.source.is_none()).map(|(at, one)| (Id::Kpi(at), one));
    let text = |one: &Kpi| kpi(one, made.words);
    shared.section("kpis", homeless.filter(|(id, _)| is_there(id)), text);
    let cards = made.scorecards.iter().enumerate().map(|(at, one)| (Id::Scorecard(at), one));
    shared.section("scorecards", cards.filter(|(id, _)| is_there(id)), |one: &Scorecard| scorecard(one, made.words));
    let head = format!("# What belongs to no single source, imported from {}.\n", made.words.tool);
    shared.end(&mut written, &head, folder, made.words.shared, taken);
    let mut of_source: Vec<Vec<(Id, &Kpi)>> = vec![Vec::new(); made.sources.all.len()];
    for (at, kpi) in made.kpis.iter().enumerate().filter(|(at, _)| is_there(&Id::Kpi(*at))) {
        kpi.formula
            .source
            .and_then(|source| of_source.get_mut(source))
            .into_iter()
            .for_each(|all| all.push((Id::Kpi(at), kpi)));
    }
    for (at, one) in made.sources.all.iter().enumerate() {
        let mut writer = Writer::default();
        if is_there(&Id::Source(at)) {
            writer.source(made, at, one, left_out);
        }
        let kpi = |one: &Kpi| kpi(one, made.words);
        writer.section("kpis", of_source.get(at).into_iter().flatten().copied(), kpi);
        let place = one.origin.as_ref().map(|path| format!(" in {}", super::short(path))).unwrap_or_default();
        let head = format!("# Imported from {} `{}`{place}.\n", made.words.model, super::short(&one.model.name));
        writer.end(&mut written, &head, folder, &one.name, taken);
    }
    written
}

#[derive(Default)]
struct Writer {
    text: String,
    lines: Vec<(std::ops::Range<usize>, Id)>,
}

impl Writer {
    fn line(&self) -> usize {
        self.text.matches('\n').count()
    }

    /// A section, unless it is empty.
    fn section<'a, T: 'a>(&mut self, name: &str, all: impl Iterator<Item = (Id, &'a T)>, text: impl Fn(&T) -> String) {
        let mut is_first = true;
        for (id, one) in all {
            if is_first {
                let gap = if self.text.is_empty() { "" } else { "\n" };
                self.text.push_str(&format!("{gap}{name}:\n"));
            }
            is_first = false;
            let start = self.line();
            self.text.push_str(&text(one));
            self.lines.push((start..self.line(), id));
        }
    }

    fn source(&mut self, made: &Made, at: usize, source: &Source, left_out: &HashSet<Id>) {
        self.text.push_str("sources:\n");
        let start = self.line();
        let place = self.lines.len();
        self.text.push_str(&head(made, at, source));
        for (number, column) in source.columns.iter().enumerate() {
            let id = Id::Column(at, number);
            if !left_out.contains(&id) {
                let start = self.line();
                self.text.push_str(&column_text(column, made.zone.as_deref()));
                self.lines.push((start..self.line(), id));
            }
        }
        self.lines.insert(place, (start..self.line(), Id::Source(at)));
    }

    /// Ends the file, unless nothing is in it.
    fn end(self, written: &mut Written, head: &str, folder: &str, name: &str, taken: &HashSet<String>) {
        if self.text.is_empty() {
            return;
        }
        let mut path = format!("{folder}/{name}.yml");
        let mut count = 1;
        while taken.contains(&path) || written.files.iter().any(|(known, _)| *known == path) {
            count += 1;
            path = format!("{folder}/{name}_{count}.yml");
        }
        let by = head.matches('\n').count() + 1;
        written.lines.extend(self.lines.into_iter().map(|(range, id)| (path.clone(), range.start + by..range.end + by, id)));
        written.files.push((path, format!("{head}{}", self.text)));
    }
}

/// What a source is.
pub(super) fn kind(made: &Made, at: usize, source: &Source) -> &'static str {
    let is_referenced = || {
        let name = &source.name;
        let refers = |column: &Column| column.references.as_ref().is_some_and(|(_, to)| to == name);
        made.sources.all.iter().enumerate().any(|(other, one)| other != at && one.columns.iter().any(refers))
    };
    match (&source.valid, &source.time) {
        (Some(_), _) => "states",
        (None, Some(_)) if source.key.is_empty() || !is_referenced() => "events",
        (None, _) => "entities",
    }
}

fn head(made: &Made, at: usize, source: &Source) -> String {
    let model = &source.model;
    let mut out = format!("  {}:\n", source.name);
    if let Some(text) = text(model.description.as_deref()) {
        out.push_str(&format!("    description: {}\n", yaml::prose(text, "      ")));
    }
    match &source.query {
        Some(query) => out.push_str(&format!("    query: |-\n{}", yaml::block(query, "      "))),
        None => out.push_str(&format!("    table: {}\n", yaml::scalar(&source.table))),
    }
    out.push_str(&format!("    kind: {}\n", kind(made, at, source)));
    let row = model.entities.iter().find(|one| one.kind != "foreign").and_then(|one| crate::draft::snake(&one.name));
    row.into_iter().for_each(|row| out.push_str(&format!("    row: {}\n", yaml::scalar(&row))));
    match source.key.as_slice() {
        [] => {}
        [only] => out.push_str(&format!("    key: {}\n", yaml::scalar(only))),
        several => out.push_str(&yaml::list("    ", "key", several)),
    }
    source.time.iter().for_each(|time| out.push_str(&format!("    time: {}\n", yaml::scalar(time))));
    source.valid.iter().for_each(|(from, to)| {
        out.push_str(&format!("    valid: {{ from: {}, to: {} }}\n", yaml::scalar(from), yaml::scalar(to)));
    });
    out + "    columns:\n"
}

fn column_text(column: &Column, zone: Option<&str>) -> String {
    let mut fields = Vec::new();
    if column.references.is_none() {
        fields.push(format!("type: {}", column.declared().name()));
    }
    let stored = column.stored.iter().map(|stored| format!("column: {}", yaml::scalar(stored)));
    fields.extend(stored);
    fields.extend(column.references.iter().map(|(_, to)| format!("references: {}", yaml::scalar(to))));
    fields.extend(column.expr.iter().map(|text| format!("expr: {}", yaml::inner(text))));
    fields.extend(column.sql.iter().map(|text| format!("sql: {}", serde_json::Value::from(text.as_str()))));
    if let Some(zone) = zone.filter(|_| column.references.is_none() && column.declared() == super::node::Ty::Timestamp) {
        fields.push(format!("zone: {zone}"));
    }
    let values: Vec<String> = column.values.iter().map(|value| yaml::scalar(value)).collect();
    if !values.is_empty() && column.declared() == super::node::Ty::Text {
        fields.push(format!("values: [{}]", values.join(", ")));
    }
    let is_stored = column.expr.is_none() && column.sql.is_none() && column.references.is_none();
    fields.extend((is_stored && !column.nullable).then(|| "nullable: false".to_owned()));
    let name = yaml::scalar(&column.name);
    let assumed = if column.ty.is_none() && column.references.is_none() { "   # the type is assumed" } else { "" };
    let about = text(column.description.as_deref()).map(|text| yaml::prose(text, "          "));
    match (about, fields.as_slice()) {
        (Some(about), _) => {
            let all: String = fields.iter().map(|field| format!("        {field}\n")).collect();
            format!("      {name}:{assumed}\n        description: {about}\n{all}")
        }
        (None, [only]) if only.starts_with("type: ") => {
            format!("      {name}: {}{assumed}\n", only.trim_start_matches("type: "))
        }
        (None, _) => format!("      {name}: {{ {} }}{assumed}\n", fields.join(", ")),
    }
}

fn team(team: &Team) -> String {
    let mut out = format!(
        "  {}:   # the dbt group `{}`\n    title: {}\n",
        team.name,
        super::short(&team.group),
        yaml::scalar(&title(&team.name, &[]))
    );
    team.description.iter().for_each(|text| out.push_str(&format!("    description: {}\n", yaml::prose(text, "      "))));
    team.lead.iter().for_each(|text| out.push_str(&format!("    lead: {}\n", yaml::prose(text, "      "))));
    out
}

fn dimension(dimension: &Dimension) -> String {
    let mut out = format!("  {}:\n", dimension.name);
    dimension.description.iter().for_each(|text| out.push_str(&format!("    description: {}\n", yaml::prose(text, "      "))));
    if dimension.ty != super::node::Ty::Text {
        out.push_str(&format!("    type: {}\n", dimension.ty.name()));
    }
    let from: Vec<String> =
        dimension.from.iter().map(|(source, path)| format!("{}: {}", yaml::scalar(source), yaml::formula(path))).collect();
    out + &format!("    from: {{ {} }}\n", from.join(", "))
}

fn kpi(kpi: &Kpi, words: &Words) -> String {
    let place = kpi.origin.as_ref().map(|path| format!("   # {}", super::short(path))).unwrap_or_default();
    let mut out = format!("  {}:{place}\n", kpi.name);
    if let Some(label) = text(kpi.about.label.as_deref()).filter(|label| *label != title(&kpi.name, &[])) {
        out.push_str(&format!("    title: {}\n", yaml::prose(label, "      ")));
    }
    if let Some(text) = text(kpi.about.description.as_deref()) {
        out.push_str(&format!("    description: {}\n", yaml::prose(text, "      ")));
    }
    for difference in &kpi.formula.differences {
        out.push_str(&format!("    # Differs from {}: {}.\n", words.figures, super::on_a_line(difference)));
    }
    out.push_str(&format!("    formula: {}\n", yaml::formula(&kpi.formula.node.written())));
    kpi.owner.iter().for_each(|owner| out.push_str(&format!("    owner: {}\n", yaml::scalar(owner))));
    kpi.grain.iter().for_each(|grain| out.push_str(&format!("    grain: {grain}\n")));
    let own = kpi.grain.unwrap_or(crate::calendar::Grain::Month);
    let grains: Vec<String> = kpi.grains.iter().filter(|grain| **grain != own).map(ToString::to_string).collect();
    if !grains.is_empty() {
        out.push_str(&yaml::list("    ", "grains", &grains));
    }
    if !kpi.by.is_empty() {
        let of = |by: &Vec<String>| if let [only] = by.as_slice() { only.clone() } else { format!("[{}]", by.join(", ")) };
        out.push_str(&yaml::list("    ", "by", &kpi.by.iter().map(of).collect::<Vec<_>>()));
    }
    if kpi.formula.is_null_over_nothing {
        out.push_str("    empty: null\n");
    }
    if !kpi.formula.is_dense {
        out.push_str("    gaps: omit\n");
    }
    if let Some(meta) = kpi.meta.as_ref().and_then(yaml::data) {
        out.push_str(&format!("    meta: {meta}\n"));
    }
    out
}

fn scorecard(card: &Scorecard, words: &Words) -> String {
    let place =
        card.origin.as_ref().map(|path| format!("   # the {} in {}", words.card, super::short(path))).unwrap_or_default();
    let mut out = format!("  {}:{place}\n", card.name);
    card.title.iter().for_each(|text| out.push_str(&format!("    title: {}\n", yaml::prose(text, "      "))));
    card.description.iter().for_each(|text| out.push_str(&format!("    description: {}\n", yaml::prose(text, "      "))));
    card.grain.iter().for_each(|grain| out.push_str(&format!("    grain: {}\n", yaml::scalar(grain))));
    out + &yaml::list("    ", "kpis", &card.kpis)
}

fn text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
