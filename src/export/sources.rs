//! Tables as sources of dbt, with tests of what the specs declare of their rows. What a test of dbt's own cannot say is in the view `source_checks`, which is
//! tested too.

use super::relations::{Is, Known};
use super::yaml::{Yaml, map};
use super::{Export, Exported, jinja};
use crate::diagnostic::Level;
use crate::model::facts::Type;
use crate::model::{Column, ColumnId, SourceId, SourceKind, Storage};
use crate::plan::rules::{self, Rule};
use crate::plan::views::checks;
use std::collections::BTreeMap;

/// What is said of relations.
#[derive(Debug, Default)]
pub(super) struct Tested {
    /// Sources of dbt.
    pub(super) tables: Vec<Yaml>,
    /// Models of sources that are files or queries.
    pub(super) models: Vec<Yaml>,
}

/// A column of a relation.
#[derive(Default)]
struct Stored {
    description: String,
    tests: Vec<Yaml>,
}

impl Export<'_> {
    pub(super) fn sources(&self, exported: &mut Exported) -> Tested {
        let mut tested = Tested::default();
        // In their order, the tables of a source side by side.
        let mut tables: Vec<(&str, &[String], Vec<Yaml>)> = Vec::new();
        for known in &self.relations.known {
            // What is tested there is up to whoever wrote it; the view `source_checks` looks at it all the same.
            if known.is == Is::Theirs {
                continue;
            }
            let columns = self.columns(known, exported);
            let mut entries = vec![("description".to_owned(), jinja::said(&self.description(known)).into())];
            if !columns.is_empty() {
                entries.push(("columns".to_owned(), Yaml::List(columns)));
            }
            match &known.is {
                Is::Theirs => {}
                Is::Model(name) => {
                    entries.insert(0, ("name".to_owned(), name.as_str().into()));
                    tested.models.push(Yaml::Map(entries));
                }
                Is::Table { source, table, parts } => {
                    let Some((identifier, schema)) = parts.split_last() else { continue };
                    entries.insert(0, ("name".to_owned(), table.as_str().into()));
                    entries.insert(1, ("identifier".to_owned(), jinja::exact(&self.written(identifier)).into()));
                    entries.insert(2, ("quoting".to_owned(), map([("identifier", self.is_quoted(identifier).into())])));
                    let entry = Yaml::Map(entries);
                    match tables.iter_mut().find(|(name, ..)| name == source) {
                        Some((.., all)) => all.push(entry),
                        None => tables.push((source, schema, vec![entry])),
                    }
                }
            }
        }
        tested.tables = tables.into_iter().map(|(name, schema, tables)| self.source(name, schema, tables)).collect();
        tested
    }

    fn source(&self, name: &str, schema: &[String], tables: Vec<Yaml>) -> Yaml {
        let mut entries = vec![("name".to_owned(), name.into())];
        for (key, part) in ["schema", "database"].into_iter().zip(schema.iter().rev()) {
            entries.push((key.to_owned(), jinja::exact(&self.written(part)).into()));
        }
        let parts = ["schema", "database"].into_iter().zip(schema.iter().rev());
        let quoting: Vec<(String, Yaml)> = parts.map(|(key, part)| (key.to_owned(), self.is_quoted(part).into())).collect();
        entries.push(("quoting".to_owned(), Yaml::Map(quoting)));
        entries.push(("tables".to_owned(), Yaml::List(tables)));
        Yaml::Map(entries)
    }

    /// Whether a name is in quotes where kpic writes it; dbt puts its own around it.
    fn is_quoted(&self, name: &str) -> bool {
        self.dialect.identifier(name) != name
    }

    /// A name as it stands between these quotes.
    fn written(&self, name: &str) -> String {
        let written = self.dialect.identifier(name);
        let inner = written.get(1..written.len().saturating_sub(1)).filter(|_| written != name);
        inner.unwrap_or(name).to_owned()
    }

    fn description(&self, known: &Known) -> String {
        let all = known.sources.iter().map(|id| self.project.model().sources.get(*id).description.trim());
        all.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn columns(&self, known: &Known, exported: &mut Exported) -> Vec<Yaml> {
        let mut columns: BTreeMap<String, Stored> = BTreeMap::new();
        for id in &known.sources {
            let source = self.project.model().sources.get(*id);
            for (_, column) in source.columns.iter() {
                if let Storage::Stored(name) = &column.storage {
                    let stored = columns.entry(name.clone()).or_default();
                    if stored.description.is_empty() {
                        column.description.trim().clone_into(&mut stored.description);
                    }
                }
            }
            for rule in rules::rules(self.project.model(), *id) {
                if let Some((name, test)) = self.test(*id, rule) {
                    let stored = columns.entry(name).or_default();
                    if !stored.tests.contains(&test) {
                        stored.tests.push(test);
                    }
                }
            }
        }
        let column = |(name, stored): (String, Stored)| {
            let written = self.dialect.identifier(&name);
            let is_quoted = *written != *name;
            // dbt puts quotes around a name and leaves those in it alone.
            let is_plain = !is_quoted || written.get(1..written.len().saturating_sub(1)) == Some(name.as_str());
            if !is_plain || (stored.description.is_empty() && stored.tests.is_empty()) {
                return None;
            }
            let mut entries = vec![("name".to_owned(), jinja::exact(&name).into())];
            if is_quoted {
                entries.push(("quote".to_owned(), true.into()));
            }
            if !stored.description.is_empty() {
                entries.push(("description".to_owned(), jinja::said(&stored.description).into()));
            }
            if !stored.tests.is_empty() {
                exported.data_tests += stored.tests.len();
                entries.push(("data_tests".to_owned(), Yaml::List(stored.tests)));
            }
            Some(Yaml::Map(entries))
        };
        columns.into_iter().filter_map(column).collect()
    }

    /// The test of a rule, with the column that it is of; nothing where dbt has none, or nobody wants to hear of it.
    fn test(&self, id: SourceId, rule: Rule) -> Option<(String, Yaml)> {
        let source = self.project.model().sources.get(id);
        let (column, name, arguments) = match rule {
            Rule::UniqueKey => {
                let [key] = source.key.as_slice() else { return None };
                // A snapshot has a key once a day, and a reading whenever it is read.
                (*key, "unique", source.holds.is_none().then_some(Vec::new())?)
            }
            Rule::Present(column) => (column, "not_null", Vec::new()),
            Rule::Listed(column) => {
                let of = source.columns.get(column);
                (column, "accepted_values", (of.ty == Type::Text).then(|| self.values(of))?)
            }
            Rule::Found(column) => (column, "relationships", self.target(source.columns.get(column))?),
            _ => return None,
        };
        let stored = self.stored(id, column)?;
        let (code, span) = checks::declared(self.project.model(), id, rule);
        let severity = match self.project.level(code, span, code.level) {
            Level::Error | Level::Deny => None,
            Level::Warn => Some(("config".to_owned(), map([("severity", "warn".into())]))),
            Level::Allow => return None,
        };
        let arguments = (!arguments.is_empty()).then(|| ("arguments".to_owned(), Yaml::Map(arguments)));
        let said: Vec<_> = arguments.into_iter().chain(severity).collect();
        let test = if said.is_empty() { name.into() } else { map([(name, Yaml::Map(said))]) };
        Some((stored, test))
    }

    fn stored(&self, id: SourceId, column: ColumnId) -> Option<String> {
        match &self.project.model().sources.get(id).columns.get(column).storage {
            Storage::Stored(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// dbt writes values as they are, so they are literals here.
    fn values(&self, column: &Column) -> Vec<(String, Yaml)> {
        let values = column.values.iter().map(|value| jinja::exact(&self.dialect.literal(value)).into()).collect();
        vec![("values".to_owned(), Yaml::List(values)), ("quote".to_owned(), false.into())]
    }

    /// Where a reference leads; nothing where more than a column says so.
    fn target(&self, column: &Column) -> Option<Vec<(String, Yaml)>> {
        let id = column.reference?;
        let target = self.project.model().sources.get(id);
        let [key] = target.key.as_slice() else { return None };
        if target.kind == SourceKind::States {
            return None;
        }
        let name = self.stored(id, *key)?;
        let field = self.dialect.identifier(&name);
        let call = &self.relations.of_source(id)?.call;
        Some(vec![("to".to_owned(), call.as_str().into()), ("field".to_owned(), jinja::exact(&field).into())])
    }
}
