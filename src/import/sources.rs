//! Semantic models as sources: which columns there are, what they are called here, and what leads from one source to another.
//!
//! A source starts with its keys, times and dimensions. Columns that only measures and filters read are added when they are asked for.

use super::artifacts::Artifacts;
use super::expression::{self, Names};
use super::node::{ATOM, Leaf, Node, Ty};
use super::semantic::{Dimension, Entity, SemanticModel};
use super::tables::{Table, Tables};
use crate::dialect::Dialect;
use crate::draft::snake;
use crate::rawsql::{self, Kind};
use crate::spec::RESERVED_WORDS;
use crate::text::is_control;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A source, made of a semantic model.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) model: SemanticModel,
    pub(super) table: String,
    /// The query that stands in the place of a table.
    pub(super) query: Option<String>,
    pub(super) key: Vec<String>,
    pub(super) time: Option<String>,
    pub(super) valid: Option<(String, String)>,
    pub(super) columns: Vec<Column>,
    pub(super) origin: Option<String>,
    known: Table,
    taken: HashSet<String>,
    /// Columns as they are stored, by their names in lower case.
    stored: HashMap<String, usize>,
}

/// A column of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: Option<Ty>,
    pub(super) guess: Option<Ty>,
    pub(super) stored: Option<String>,
    pub(super) references: Option<(String, String)>,
    pub(super) expr: Option<String>,
    pub(super) sql: Option<String>,
    /// The SQL that it was made of.
    pub(super) made_of: Option<String>,
    pub(super) nullable: bool,
    pub(super) values: Vec<String>,
    pub(super) description: Option<String>,
}

/// All sources.
pub(super) struct Sources {
    pub(super) all: Vec<Source>,
    by_model: HashMap<String, usize>,
    pub(super) dialect: &'static dyn Dialect,
    /// What could not be carried, with the reason.
    pub(super) left_out: Vec<(String, String)>,
}

impl Column {
    /// Its type, perhaps only assumed.
    pub(super) fn declared(&self) -> Ty {
        self.ty.or(self.guess).unwrap_or(Ty::Text)
    }

    /// How a formula names it.
    pub(super) fn written(&self) -> String {
        quoted(&self.name)
    }
}

/// A name in backticks where it is a word of the language.
pub(super) fn quoted(name: &str) -> String {
    if RESERVED_WORDS.contains(&name) { format!("`{name}`") } else { name.to_owned() }
}

impl Sources {
    /// The sources of a project.
    pub(super) fn of(artifacts: &Artifacts, dialect: &'static dyn Dialect) -> Self {
        let tables = Tables::of(artifacts, dialect);
        let mut sources = Self { all: Vec::new(), by_model: HashMap::new(), dialect, left_out: Vec::new() };
        let mut taken = HashSet::new();
        let places = places(artifacts);
        for value in &artifacts.semantic.semantic_models {
            let model: SemanticModel = match serde_json::from_value(value.clone()) {
                Ok(model) => model,
                Err(error) => {
                    let name = value.get("name").and_then(serde_json::Value::as_str).unwrap_or("?");
                    sources.left_out.push((format!("semantic model `{}`", super::short(name)), super::unlike_dbt(&error)));
                    continue;
                }
            };
            let Some(name) = snake(&model.name) else { continue };
            let source = Source {
                name: free(&name, &mut taken),
                table: tables.written(&model.node_relation),
                known: tables.table(&model.node_relation),
                origin: places.get(model.name.as_str()).cloned(),
                model,
                ..Source::default()
            };
            sources.by_model.insert(source.model.name.clone(), sources.all.len());
            sources.all.push(source);
        }
        for at in 0..sources.all.len() {
            sources.fill(at);
        }
        sources
    }

    /// No sources, for tables that are [added](Self::add).
    pub(super) fn empty(dialect: &'static dyn Dialect) -> Self {
        Self { all: Vec::new(), by_model: HashMap::new(), dialect, left_out: Vec::new() }
    }

    /// Adds a source of a table, or of a query in its place, with what is known of its columns.
    pub(super) fn add(&mut self, name: String, called: &str, table: String, query: Option<String>, known: Table) -> usize {
        let model = SemanticModel { name: called.to_owned(), ..SemanticModel::default() };
        self.all.push(Source { name, model, table, query, known, ..Source::default() });
        self.all.len() - 1
    }

    /// The source of a semantic model.
    pub(super) fn find(&self, model: &str) -> Option<usize> {
        self.by_model.get(model).copied()
    }

    pub(super) fn source(&self, at: usize) -> Option<&Source> {
        self.all.get(at)
    }

    /// Adds keys, times and dimensions.
    fn fill(&mut self, at: usize) {
        let Some(model) = self.all.get(at).map(|source| source.model.clone()) else { return };
        let own = model.entities.iter().find(|entity| entity.kind == "primary");
        let own = own.or_else(|| model.entities.iter().find(|entity| matches!(entity.kind.as_str(), "natural" | "unique")));
        if let Some(column) = own.and_then(|entity| self.entity(at, entity)) {
            self.with(at, |source| source.key = vec![column]);
        }
        for dimension in &model.dimensions {
            if let Err(why) = self.own_dimension(at, dimension) {
                self.left_out
                    .push((format!("dimension `{}` of `{}`", super::short(&dimension.name), super::short(&model.name)), why));
            }
        }
        let first = model.measures.iter().find_map(|measure| measure.agg_time_dimension.clone());
        let time = model.defaults.agg_time_dimension.clone().or(first);
        let time = time.and_then(|name| self.dimension_column(at, &name));
        let side = |wanted: fn(&Dimension) -> bool| model.dimensions.iter().find(|one| wanted(one)).map(|one| one.name.clone());
        let (start, end) =
            (side(|one| one.type_params.validity_params.is_start), side(|one| one.type_params.validity_params.is_end));
        let valid = start
            .zip(end)
            .and_then(|(start, end)| Some((self.dimension_column(at, &start)?, self.dimension_column(at, &end)?)));
        self.with(at, |source| {
            source.time = if valid.is_some() { None } else { time };
            source.valid = valid;
        });
    }

    fn with(&mut self, at: usize, change: impl FnOnce(&mut Source)) {
        if let Some(source) = self.all.get_mut(at) {
            change(source);
        }
    }

    /// The column that holds a dimension, by the dimension's name.
    fn dimension_column(&mut self, at: usize, name: &str) -> Option<String> {
        let dimension = self.all.get(at)?.model.dimensions.iter().find(|one| one.name == name)?.clone();
        self.own_dimension(at, &dimension).ok()
    }

    /// The column that holds a dimension of the source.
    pub(super) fn own_dimension(&mut self, at: usize, dimension: &Dimension) -> Result<String, String> {
        let wanted = snake(&dimension.name).ok_or_else(|| "its name has no letters".to_owned())?;
        let is_time = dimension.kind == "time";
        let day = dimension.type_params.time_granularity.as_deref() == Some("day");
        let guess = match (is_time, day) {
            (true, true) => Ty::Date,
            (true, false) => Ty::Timestamp,
            (false, _) => Ty::Text,
        };
        let sql = dimension.expr.as_deref().unwrap_or(&dimension.name);
        let name = self.column_of(at, &wanted, sql, guess)?;
        let about = dimension.description.clone().filter(|text| !text.trim().is_empty());
        self.with(at, |source| {
            if let Some(column) = source.columns.iter_mut().find(|column| column.name == name) {
                column.description = column.description.take().or(about);
            }
        });
        Ok(name)
    }

    /// The column that holds an entity, by its own values.
    pub(super) fn entity(&mut self, at: usize, entity: &Entity) -> Option<String> {
        let sql = entity.expr.as_deref().unwrap_or(&entity.name);
        match one_name(sql) {
            // A key that is stored keeps its name, so that the name of the entity is free for the reference.
            Some(stored) => self.stored(at, &stored, None, Ty::Text),
            None => self.column_of(at, &format!("{}_key", snake(&entity.name)?), sql, Ty::Text).ok(),
        }
    }

    /// A column with the values of an SQL expression: a stored one, or one that is named as wished.
    pub(super) fn column_of(&mut self, at: usize, wish: &str, sql: &str, guess: Ty) -> Result<String, String> {
        if let Some(stored) = one_name(sql) {
            return self
                .stored(at, &stored, Some(wish), guess)
                .ok_or_else(|| format!("its table has no column `{}`", super::short(&stored)));
        }
        if let Some(known) =
            self.all.get(at).and_then(|source| source.columns.iter().find(|one| one.made_of.as_deref() == Some(sql)))
        {
            return Ok(known.name.clone());
        }
        let read = expression::read(sql, &mut RowNames { sources: self, at });
        let column = match read {
            Ok((node, _)) => {
                Column { ty: node.ty(), nullable: node.nullable(), expr: Some(node.written()), sql: None, ..Column::default() }
            }
            Err(_) => Column { sql: Some(raw(sql)?), nullable: true, ..Column::default() },
        };
        self.computed(at, wish, Column { guess: Some(guess), made_of: Some(sql.to_owned()), ..column }).ok_or_else(String::new)
    }

    /// Adds a column that is computed, named as wished if nothing else is.
    pub(super) fn computed(&mut self, at: usize, wish: &str, column: Column) -> Option<String> {
        let source = self.all.get_mut(at)?;
        let name = free(wish, &mut source.taken);
        source.columns.push(Column { name: name.clone(), ..column });
        Some(name)
    }

    /// A column that the table has. Without a wish for its name it is called as the table has it.
    pub(super) fn stored(&mut self, at: usize, name: &str, wish: Option<&str>, guess: Ty) -> Option<String> {
        let source = self.all.get_mut(at)?;
        let lower = name.to_lowercase();
        if let Some(known) = source.stored.get(&lower).and_then(|known| source.columns.get(*known)) {
            return Some(known.name.clone());
        }
        let found = source.known.column(&lower);
        if found.is_none() && source.known.is_whole || name.chars().any(is_control) || MOMENTS.contains(&lower.as_str()) {
            return None;
        }
        let found = found.cloned().unwrap_or_default();
        let stored = found.name.unwrap_or_else(|| name.to_owned());
        let wish = wish.map(str::to_owned).or_else(|| snake(name))?;
        let name = free(&wish, &mut source.taken);
        source.stored.insert(lower, source.columns.len());
        source.columns.push(Column {
            stored: (stored != name).then_some(stored),
            name: name.clone(),
            ty: found.ty,
            guess: Some(guess),
            nullable: !found.is_there,
            values: found.values,
            description: found.description,
            ..Column::default()
        });
        Some(name)
    }

    /// How many columns each source has, to [go back](Self::rewind) to.
    pub(super) fn mark(&self) -> Vec<usize> {
        self.all.iter().map(|source| source.columns.len()).collect()
    }

    /// Takes away the sources and columns that came since.
    pub(super) fn rewind(&mut self, mark: &[usize]) {
        self.all.truncate(mark.len());
        for (source, columns) in self.all.iter_mut().zip(mark) {
            for column in source.columns.drain(columns.min(&source.columns.len())..) {
                source.taken.remove(&column.name);
            }
            source.stored.retain(|_, at| *at < *columns);
        }
    }

    /// Takes the time or the key from a source that should have none.
    pub(super) fn limit(&mut self, at: usize, has_time: bool, has_key: bool) {
        if let Some(source) = self.all.get_mut(at) {
            source.time = source.time.take().filter(|_| has_time);
            source.key.truncate(if has_key { source.key.len() } else { 0 });
        }
    }

    /// Whether a source has a column, if all of its columns are known.
    pub(super) fn has(&self, at: usize, lower: &str) -> Option<bool> {
        let known = &self.all.get(at)?.known;
        known.is_whole.then(|| known.column(lower).is_some())
    }

    /// The column that a row reads under a name of SQL.
    fn named(&mut self, at: usize, name: &str, guess: Ty) -> Option<Leaf> {
        let name = self.stored(at, name, None, guess)?;
        self.leaf(at, &name)
    }

    /// A column as a part of an expression.
    pub(super) fn leaf(&self, at: usize, name: &str) -> Option<Leaf> {
        let column = self.all.get(at)?.columns.iter().find(|column| column.name == name)?;
        Some(Leaf {
            text: column.written(),
            holds: ATOM,
            ty: column.ty,
            nullable: column.nullable,
            by_day: false,
            is_column: column.expr.is_none() && column.sql.is_none(),
        })
    }

    /// What differs where rows refer to states that do not change at the start of a day.
    pub(super) fn by_moment(&self, at: usize) -> Option<String> {
        let source = self.all.get(at)?;
        let (from, to) = source.valid.as_ref()?;
        let is_day = |name: &str| source.columns.iter().any(|column| column.name == name && column.ty == Some(Ty::Date));
        (!is_day(from) || !is_day(to)).then(|| {
            format!(
                "of `{}` it takes what was valid at the time of the row, and MetricFlow at the start of its day",
                source.name
            )
        })
    }

    /// An expression over the rows of a source.
    pub(super) fn expression(&mut self, at: usize, sql: &str) -> Result<Node, String> {
        expression::read(sql, &mut RowNames { sources: self, at }).map(|(node, _)| node)
    }

    /// The column through which a source refers to another by an entity.
    pub(super) fn reference(&mut self, at: usize, entity: &Entity, to: usize) -> Result<String, String> {
        let target = self.all.get(to).map(|source| source.name.clone()).unwrap_or_default();
        let of = (entity.name.clone(), target);
        if let Some(known) =
            self.all.get(at).and_then(|source| source.columns.iter().find(|one| one.references.as_ref() == Some(&of)))
        {
            return Ok(known.name.clone());
        }
        let key =
            self.entity(at, entity).ok_or_else(|| format!("its entity `{}` has no column", super::short(&entity.name)))?;
        let source = self.all.get_mut(at).ok_or_else(String::new)?;
        let stored =
            source.columns.iter().find(|one| one.name == key).map(|one| one.stored.clone().unwrap_or_else(|| key.clone()));
        let nullable = source.columns.iter().find(|one| one.name == key).is_none_or(|one| one.nullable);
        let wish = snake(&entity.name).unwrap_or_else(|| "entity".to_owned());
        let is_free = !source.taken.contains(&wish);
        let name = free(&if is_free { wish } else { format!("{wish}_in_{}", of.1) }, &mut source.taken);
        source.columns.push(Column { name: name.clone(), stored, references: Some(of), nullable, ..Column::default() });
        Ok(name)
    }
}

/// What SQL knows without parentheses, and is no column.
const MOMENTS: [&str; 8] = [
    "current_date",
    "current_timestamp",
    "current_time",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "user",
];

/// SQL that stays SQL, if it is one expression that does no harm to what stands around it.
pub(super) fn raw(sql: &str) -> Result<String, String> {
    let sql = sql.trim();
    if sql.contains("{{") || sql.contains("{%") {
        return Err("its SQL has Jinja".to_owned());
    }
    match rawsql::expression_fault(sql) {
        Some(_) => Err("its SQL is not one expression".to_owned()),
        None => Ok(sql.to_owned()),
    }
}

/// The name that an expression consists of, if it is nothing but one.
pub(super) fn one_name(sql: &str) -> Option<String> {
    let mut all = rawsql::tokens(sql).filter(|token| token.kind != Kind::Comment);
    let only = all.next().filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))?;
    let is_word = only.kind == Kind::Word && RESERVED_WORDS.contains(&only.text.to_lowercase().as_str());
    if all.next().is_some() || is_word { None } else { only.name() }
}

/// A name that nothing has yet.
pub(super) fn free(wish: &str, taken: &mut HashSet<String>) -> String {
    let mut name = wish.to_owned();
    let mut count = 1;
    while !taken.insert(name.clone()) {
        count += 1;
        name = format!("{wish}_{count}");
    }
    name
}

fn places(artifacts: &Artifacts) -> BTreeMap<&str, String> {
    let all = artifacts.manifest.semantic_models.values();
    all.filter_map(|placed| Some((placed.name.as_str(), placed.original_file_path.clone()?))).collect()
}

/// The columns of a source as the names of an expression.
struct RowNames<'a> {
    sources: &'a mut Sources,
    at: usize,
}

impl Names for RowNames<'_> {
    fn leaf(&mut self, name: &str) -> Option<Leaf> {
        self.sources.named(self.at, name, Ty::Number)
    }

    fn is_of_metrics(&self) -> bool {
        false
    }

    fn cuts_quotients(&self) -> bool {
        self.sources.dialect.cuts_quotients()
    }
}
