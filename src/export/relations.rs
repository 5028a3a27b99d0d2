//! What views read, as dbt knows it: tables as sources of dbt, and files and queries as models of their own, so that every one of them can be tested,
//! replaced in unit tests, and is seen in dbt's lineage.
//!
//! A plan is given tables of a name that nothing else has, SQL is written of it, and what stands in the SQL at these names becomes `source(...)` or `ref(...)`. All
//! the rest of the SQL is escaped.

use super::{Theirs, jinja};
use crate::dialect::Dialect;
use crate::model::{Source, SourceId};
use crate::pipeline::Valid;
use crate::plan::relation::{Query, RelationRef, SourceRows};
use crate::plan::views::View;
use crate::sql;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// A relation that sources of the project read.
#[derive(Debug)]
pub(super) struct Known {
    /// What it is in the project.
    pub(super) relation: RelationRef,
    /// How dbt calls it: `source('shop', 'orders')`.
    pub(super) call: String,
    /// What it is in dbt.
    pub(super) is: Is,
    /// The sources of the project that read it.
    pub(super) sources: Vec<SourceId>,
    /// The name of a table that stands for it in plans; its last part is the relation's own.
    stand_in: [String; 2],
}

/// What a relation is in dbt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// A table of a source.
    Table {
        /// The source's name.
        source: String,
        /// The table's name there.
        table: String,
        /// The parts of its name in the warehouse.
        parts: Vec<String>,
    },
    /// A model of kpic's.
    Model(String),
    /// What the dbt project has already.
    Theirs,
}

/// All relations that sources of a project read.
#[derive(Debug)]
pub(super) struct Relations {
    pub(super) known: Vec<Known>,
}

impl Relations {
    /// Those of a project with these views.
    pub(super) fn of(project: &Valid, views: &[View], theirs: &Theirs) -> Self {
        let model = project.model();
        // Specs can have any text, but not one that nobody knows before.
        let mark = format!("kpic_{:016x}", RandomState::new().hash_one(0));
        let mut names = Names { taken: views.iter().map(|view| view.name.clone()).collect(), sources: Vec::new() };
        let mut known: Vec<Known> = Vec::new();
        for (id, source) in model.sources.iter() {
            let Some(relation) = source.relation.as_ref().map(RelationRef::of) else { continue };
            if let Some(known) = known.iter_mut().find(|known| known.relation == relation) {
                known.sources.push(id);
                continue;
            }
            let (is, name, call) = match &relation {
                RelationRef::Table(parts) => {
                    // dbt would look for a table without a schema in one that it thinks of.
                    let Some((name, schema)) = parts.split_last().filter(|(_, schema)| !schema.is_empty()) else { continue };
                    if let Some(call) = theirs.call(parts) {
                        (Is::Theirs, name.clone(), call.to_owned())
                    } else {
                        let (source, table) = names.of_table(name, schema);
                        let call = format!("source('{source}', '{table}')");
                        (Is::Table { source, table, parts: parts.clone() }, name.clone(), call)
                    }
                }
                RelationRef::Files(_) | RelationRef::Query(_) => {
                    let name = names.of_rows(source);
                    (Is::Model(name.clone()), name.clone(), format!("ref('{name}')"))
                }
            };
            let stand_in = [format!("{mark}_{}_", known.len()), name];
            known.push(Known { relation, call, is, sources: vec![id], stand_in });
        }
        Self { known }
    }

    /// The relation that a source of the project reads.
    pub(super) fn of_source(&self, id: SourceId) -> Option<&Known> {
        self.known.iter().find(|known| known.sources.contains(&id))
    }

    /// Whether dbt knows a relation.
    pub(super) fn knows(&self, relation: &RelationRef) -> bool {
        self.known.iter().any(|known| known.relation == *relation)
    }

    /// Puts marks in the place of relations; gives those that are read, by their places.
    pub(super) fn mark(&self, query: &mut Query) -> Vec<usize> {
        let mut read = Vec::new();
        sql::every_source(query, &mut |rows: &mut SourceRows| {
            let found = self.known.iter().position(|known| known.relation == rows.relation);
            if let Some((at, known)) = found.and_then(|at| Some((at, self.known.get(at)?))) {
                rows.relation = RelationRef::Table(known.stand_in.to_vec());
                if !read.contains(&at) {
                    read.push(at);
                }
            }
        });
        read
    }

    /// SQL with marks as a template of dbt.
    pub(super) fn template(&self, sql: &str, dialect: &dyn Dialect) -> String {
        let mut out = String::with_capacity(sql.len() + 200);
        let written = |known: &Known| known.stand_in.each_ref().map(|part| dialect.identifier(part)).join(".");
        let marks: Vec<String> = self.known.iter().map(written).collect();
        let mut rest = sql;
        loop {
            let found = self.known.iter().zip(&marks).filter_map(|(known, mark)| Some((rest.find(mark)?, known, mark)));
            let Some((at, known, mark)) = found.min_by_key(|(at, ..)| *at) else { break };
            let (before, from) = rest.split_at(at);
            rest = from.strip_prefix(mark.as_str()).unwrap_or_default();
            out.push_str(&jinja::exact(before));
            out.push_str(&format!("{{{{ {} }}}}", known.call));
            // In unit tests it is called otherwise, and columns may be named with it.
            if !rest.starts_with(" as ") {
                let [_, name] = &known.stand_in;
                out.push_str(&format!(" as {}", jinja::exact(&dialect.identifier(name))));
            }
        }
        out.push_str(&jinja::exact(rest));
        out
    }
}

/// Names that are given to relations.
struct Names {
    /// The names of models.
    taken: HashSet<String>,
    /// The names of sources, each with the schema that it stands for and the names of its tables.
    sources: Vec<(String, Vec<String>, HashSet<String>)>,
}

impl Names {
    /// The source of a table, and what it is called there.
    fn of_table(&mut self, name: &str, schema: &[String]) -> (String, String) {
        let at = self.sources.iter().position(|(_, known, _)| known == schema).unwrap_or_else(|| {
            let begin = format!("kpic_{}", plain(&schema.join("_")));
            let name = free(&begin, |name| self.sources.iter().any(|(known, ..)| known == name));
            self.sources.push((name, schema.to_vec(), HashSet::new()));
            self.sources.len() - 1
        });
        let (mut source, mut table) = (String::new(), plain(name));
        if let Some((known, _, tables)) = self.sources.get_mut(at) {
            source.clone_from(known);
            table = free(&table, |name| tables.contains(name));
            tables.insert(table.clone());
        }
        (source, table)
    }

    /// The model of a source that is no table.
    fn of_rows(&mut self, source: &Source) -> String {
        let name = free(&format!("source__{}", source.name.value), |name| self.taken.contains(name));
        self.taken.insert(name.clone());
        name
    }
}

/// A name with letters, digits and underscores only.
pub(super) fn plain(name: &str) -> String {
    let plain: String =
        name.chars().map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' }).collect();
    if plain.starts_with(|char: char| char.is_ascii_lowercase()) { plain } else { format!("t{plain}") }
}

/// A name that is not taken, which begins like that.
fn free(begin: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = begin.to_owned();
    let mut count = 1;
    while is_taken(&name) {
        count += 1;
        name = format!("{begin}_{count}");
    }
    name
}
