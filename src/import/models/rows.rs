//! Models as sources: their columns, keys and times, and the references of joins that lead to one row.
//!
//! A dimension is a column under its own name: one that the table has, an expression that formulas have too, or SQL that stays SQL.

use super::super::expression;
use super::super::node::Ty;
use super::super::short;
use super::super::sources::{Column, free, quoted, raw};
use super::super::sql::scope::{Member, Scope, refer};
use super::super::sql::statement::split;
use super::super::sql::{guess, period};
use super::super::tables::Table;
use super::text::{Draft, Piece, Place, Sql};
use super::{Dimension, From, Holds, Maker, Names, Relationship, path};
use crate::draft::snake;
use crate::rawsql::{Kind, name};
use std::collections::HashSet;

/// How many dimensions may be made of one another.
const DEEPEST: usize = 20;
/// How many joins a formula may go over.
const FARTHEST: usize = 3;

/// What was made of a model.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Its source, or why there is none.
    pub(super) source: Option<usize>,
    pub(super) fault: Option<String>,
    /// The column that holds each dimension, or why there is none.
    pub(super) columns: Names<Result<String, String>>,
    /// The models that a join leads to, each with the column of the reference.
    joins: Vec<(usize, String)>,
}

/// Why a part is not read, and where.
pub(super) type Refused = (Place, String);

impl Holds {
    fn guess(self) -> Ty {
        match self {
            Holds::Text => Ty::Text,
            Holds::Number => Ty::Number,
            Holds::Boolean => Ty::Boolean,
            Holds::Time => Ty::Timestamp,
            Holds::Day => Ty::Date,
        }
    }
}

impl Maker<'_> {
    /// Makes the sources.
    pub(super) fn rows(&mut self) {
        let mut taken = HashSet::new();
        for at in 0..self.models.len() {
            let row = match self.source(at, &mut taken) {
                Ok(source) => Row { source: Some(source), ..Row::default() },
                Err((place, why)) => Row { fault: Some(format!("{}: {why}", self.texts.place(place))), ..Row::default() },
            };
            self.places.push(row);
        }
        for at in 0..self.models.len() {
            self.columns(at);
        }
        for at in 0..self.models.len() {
            self.joins(at);
        }
    }

    fn source(&mut self, at: usize, taken: &mut HashSet<String>) -> Result<usize, Refused> {
        let Some(model) = self.models.get(at) else { return Err((Place::default(), String::new())) };
        let (place, called) = (model.at, model.name.clone());
        let wish = snake(&called).ok_or((place, "its name has no letters".to_owned()))?;
        let (table, query, known) = match &model.from {
            From::Nothing(why) => return Err((place, why.clone())),
            From::Query(sql) => {
                let text = sql.only_text()?.trim().trim_end_matches(';').to_owned();
                let mut draft = Draft::default();
                draft.plain(sql.at, &text, self.dialect)?;
                let tokens = draft.tokens().map_err(|fault| (draft.place(fault.at), fault.why))?;
                let is_broken = |token: &&crate::rawsql::Token<'_>| {
                    matches!(token.kind, Kind::Text | Kind::Quoted) && token.text.contains('\n')
                };
                if let Some(token) = tokens.iter().find(is_broken) {
                    let why = "a text over several lines cannot be carried in a query".to_owned();
                    return Err((draft.place(token.start), why));
                }
                (String::new(), Some(text), Table::default())
            }
            From::Table(sql) => {
                let mut draft = Draft::default();
                draft.plain(sql.at, &sql.only_text()?, self.dialect)?;
                let tokens = draft.tokens().map_err(|fault| (draft.place(fault.at), fault.why))?;
                let odd = || (sql.at, "kpic expects the name of a table there".to_owned());
                let mut parts = Vec::new();
                for part in split(&tokens, |token| token.is_mark(".")) {
                    let [only] = part else { return Err(odd()) };
                    parts.push(only.name().ok_or_else(odd)?);
                }
                if self.dialect.name() == "bigquery" {
                    parts = parts.iter().flat_map(|part| part.split('.')).map(str::to_owned).collect();
                }
                let table = parts.iter().map(|part| name::written(part)).collect::<Vec<_>>().join(".");
                let known = self.table(&parts).map_err(|why| (sql.at, why))?;
                (table, None, known.unwrap_or_default())
            }
        };
        let description = model.description.clone();
        let source = self.sources.add(free(&wish, taken), &called, table, query, known);
        if let Some(source) = self.sources.all.get_mut(source) {
            source.origin = Some(self.texts.place(place));
            source.model.description = description;
        }
        Ok(source)
    }

    /// What is known of a table of the database.
    fn table(&self, parts: &[String]) -> Result<Option<Table>, String> {
        let Some(known) = self.known else { return Ok(None) };
        let mut lower = parts.iter().rev().map(|part| part.to_lowercase());
        let (name, schema) = (lower.next().unwrap_or_default(), lower.next());
        let is_it = |one: &&super::Known| {
            one.table.to_lowercase() == name && one.schema.to_lowercase() == schema.as_deref().unwrap_or("main")
        };
        match known.iter().find(is_it) {
            Some(one) => Ok(Some(Table::of(&one.columns, self.dialect))),
            None => Err(format!("the database has no table `{}`", short(&parts.join(".")))),
        }
    }

    /// The columns of a model's dimensions: first those that the table has, since others are made of them.
    fn columns(&mut self, at: usize) {
        let dimensions = self.models.get(at).map(|model| model.dimensions.clone()).unwrap_or_default();
        let Some(source) = self.places.get(at).and_then(|row| row.source) else { return };
        let is_stored = |one: &&Dimension| one.sql.as_ref().is_ok_and(|sql| sql.one_column().is_some());
        let order = dimensions.iter().filter(is_stored).chain(dimensions.iter().filter(|one| !is_stored(one)));
        for dimension in order {
            let column = self.column(at, source, dimension);
            if let Err((place, why)) = &column {
                let what = format!("dimension `{}`", short(&self.label(at, &dimension.name)));
                self.leave_out(what, *place, why);
            }
            if let Some(row) = self.places.get_mut(at) {
                row.columns.insert(dimension.name.clone(), column.map_err(|(_, why)| why));
            }
        }
        let row = self.places.get(at);
        let found = |one: &Dimension| row.and_then(|row| row.columns.get(&one.name)?.clone().ok());
        let key: Option<Vec<String>> = dimensions.iter().filter(|one| one.is_key).map(&found).collect();
        let mut times: Vec<String> =
            dimensions.iter().filter(|one| matches!(one.holds, Holds::Time | Holds::Day)).filter_map(&found).collect();
        // One column may have several names.
        let mut seen = HashSet::new();
        times.retain(|time| seen.insert(time.clone()));
        let time = times.first().cloned();
        if let (Some(time), true, Some(name)) = (&time, times.len() > 1, self.models.get(at).map(|model| short(&model.name))) {
            self.notes.insert(format!("`{name}` has several times: its KPIs count by `{time}`, the first of them. `at` in a formula counts by another."));
        }
        if let Some(source) = self.sources.all.get_mut(source) {
            source.key = key.unwrap_or_default();
            source.time = time;
        }
    }

    fn column(&mut self, at: usize, source: usize, dimension: &Dimension) -> Result<String, Refused> {
        let sql = dimension.sql.as_ref().map_err(|why| (dimension.at, why.clone()))?;
        let wish = snake(&dimension.name).ok_or((dimension.at, "its name has no letters".to_owned()))?;
        let guess = dimension.holds.guess();
        let name = if let Some(stored) = sql.one_column() {
            let found = self.sources.stored(source, &stored, Some(&wish), guess);
            found.ok_or_else(|| (sql.at, format!("its table has no column `{}`", short(&stored))))?
        } else {
            let mut draft = Draft::default();
            self.own(at, sql, &mut draft, 0)?;
            self.computed(source, &wish, guess, &draft).map_err(|why| (sql.at, why))?
        };
        let about = dimension.description.clone();
        let columns = self.sources.all.get_mut(source).map(|source| source.columns.iter_mut());
        if let Some(column) = columns.and_then(|mut all| all.find(|column| column.name == name)) {
            column.description = column.description.take().or(about);
        }
        Ok(name)
    }

    /// A column that is computed: by a formula where one says the same, else by its SQL.
    fn computed(&mut self, source: usize, wish: &str, guess: Ty, draft: &Draft) -> Result<String, String> {
        let tokens = draft.tokens().map_err(|fault| fault.why)?;
        let mark = self.sources.mark();
        let base = Member { alias: String::new(), source, way: Vec::new() };
        let mut scope = Scope::over(&mut self.sources, vec![base], guess::types(&tokens));
        let read = expression::read_tokens(tokens.iter().copied(), &mut scope);
        let column = match read {
            Ok((node, differences)) if differences.is_empty() => {
                Column { ty: node.ty(), nullable: node.nullable(), expr: Some(node.written()), ..Column::default() }
            }
            _ => {
                self.sources.rewind(&mark);
                Column { sql: Some(raw(&draft.text)?), nullable: true, ..Column::default() }
            }
        };
        let made_of = Some(draft.text.clone());
        self.sources.computed(source, wish, Column { guess: Some(guess), made_of, ..column }).ok_or_else(String::new)
    }

    /// SQL over the table of one model, without the table's name.
    fn own(&self, at: usize, sql: &Sql, draft: &mut Draft, depth: usize) -> Result<(), Refused> {
        if depth > DEEPEST {
            return Err((sql.at, "it is made of itself".to_owned()));
        }
        let mut after_table = false;
        for (place, piece) in &sql.parts {
            let own = |name: &str| self.models.get(at).and_then(|model| model.dimensions.iter().find(|one| one.name == name));
            let is_own = |model: &str| self.models.get(at).is_some_and(|own| own.name == model);
            match piece {
                Piece::Plain(text) => {
                    let rest = if after_table { text.trim_start().strip_prefix('.') } else { Some(text.as_str()) };
                    let rest = rest.ok_or((*place, "kpic expects a point and a column after the table".to_owned()))?;
                    draft.plain(Place { at: place.at + (text.len() - rest.len()), ..*place }, rest, self.dialect)?;
                    after_table = false;
                }
                Piece::This => after_table = true,
                Piece::Odd(why) => return Err((*place, why.clone())),
                Piece::Name(name) | Piece::Member(_, name) => {
                    let is_here = if let Piece::Member(model, _) = piece { is_own(model) } else { true };
                    let Some(dimension) = own(name).filter(|_| is_here) else {
                        let why = format!("it reads `{}`, which is no dimension of its own", short(name));
                        return Err((*place, why));
                    };
                    let inner = dimension.sql.as_ref().map_err(|why| (*place, why.clone()))?;
                    draft.add(*place, "(");
                    self.own(at, inner, draft, depth + 1)?;
                    draft.add(*place, ")");
                }
            }
        }
        if after_table { Err((sql.at, "kpic expects a column after the table".to_owned())) } else { Ok(()) }
    }

    /// The references of a model's joins.
    fn joins(&mut self, at: usize) {
        let joins = self.models.get(at).map(|model| model.joins.clone()).unwrap_or_default();
        for join in joins {
            let what = format!("join `{}`", short(&self.label(at, &join.to)));
            if join.relationship == Relationship::Many {
                continue;
            }
            match self.join(at, &join) {
                Ok((to, column)) => self.places.get_mut(at).into_iter().for_each(|row| row.joins.push((to, column.clone()))),
                Err((place, why)) => self.leave_out(what, place, &why),
            }
        }
    }

    fn join(&mut self, at: usize, join: &super::Join) -> Result<(usize, String), Refused> {
        let missing = || (join.at, format!("`{}` is not there", short(&join.to)));
        let to = self.model(&join.to).ok_or_else(missing)?;
        let source_of = |model: usize| self.places.get(model).and_then(|row| row.source).ok_or_else(missing);
        let (from, target) = (source_of(at)?, source_of(to)?);
        let on = join.on.as_ref().map_err(|why| (join.at, why.clone()))?;
        let mut draft = Draft::default();
        self.between(at, on, &mut draft)?;
        let tokens = draft.tokens().map_err(|fault| (draft.place(fault.at), fault.why))?;
        let odd =
            || (on.at, "the join is not by the equality of one column of each, as `{CUBE}.user_id = {users}.id`".to_owned());
        let sides = split(&tokens, |token| token.text == "=" && token.kind == Kind::Operator);
        let [one, other] = sides.as_slice() else { return Err(odd()) };
        let (one, other) = (period::column(one).ok_or_else(odd)?, period::column(other).ok_or_else(odd)?);
        let own = self.models.get(at).map(|model| model.name.to_lowercase());
        let is_of = |column: &period::Column, model: &str| column.table.as_deref() == Some(model.to_lowercase().as_str());
        let own = own.unwrap_or_default();
        let (column, key) = match () {
            () if is_of(&one, &own) && is_of(&other, &join.to) => (one.name, other.name),
            () if is_of(&other, &own) && is_of(&one, &join.to) => (other.name, one.name),
            () => return Err(odd()),
        };
        let stored = self.sources.stored(target, &key, None, Ty::Text);
        let stored = stored.ok_or_else(|| (on.at, format!("`{}` has no column `{}`", short(&join.to), short(&key))))?;
        let known = self.sources.source(target).map(|source| source.key.clone()).unwrap_or_default();
        if !known.is_empty() && known != [stored.clone()] {
            let why = format!("`{}` is not the key of `{}`, and kpic's references go by the key", short(&key), short(&join.to));
            return Err((on.at, why));
        }
        if known.is_empty() {
            let note = "has to be a key, since a join leads to it: kpic looks whether it is one when figures are computed";
            self.notes.insert(format!("`{}.{}` {note}.", short(&join.to), short(&key)));
        }
        let (column, _) = refer(&mut self.sources, from, target, &column, &key).map_err(|why| (on.at, why))?;
        Ok((to, column))
    }

    /// SQL over two tables, each named before its columns.
    fn between(&self, at: usize, sql: &Sql, draft: &mut Draft) -> Result<(), Refused> {
        let own = self.models.get(at).map(|model| model.name.clone()).unwrap_or_default();
        for (place, piece) in &sql.parts {
            let (model, member) = match piece {
                Piece::Plain(text) => {
                    draft.plain(*place, text, self.dialect)?;
                    continue;
                }
                Piece::Odd(why) => return Err((*place, why.clone())),
                Piece::This => {
                    draft.name(*place, &own);
                    continue;
                }
                Piece::Name(name) if self.model(name).is_some() && self.dimension(at, name).is_none() => {
                    draft.name(*place, name);
                    continue;
                }
                Piece::Name(name) => (at, name),
                Piece::Member(model, name) => (self.model(model).unwrap_or(usize::MAX), name),
            };
            let dimension = self.dimension(model, member);
            let column = dimension.and_then(|one| one.sql.as_ref().ok()?.one_column());
            let table = self.models.get(model).map(|model| model.name.clone());
            let (Some(column), Some(table)) = (column, table) else {
                return Err((*place, format!("the join reads `{}`, which is no column that a table has", short(member))));
            };
            draft.name(*place, &table);
            draft.add(*place, ".");
            draft.name(*place, &column);
        }
        Ok(())
    }

    /// A dimension of a model.
    pub(super) fn dimension(&self, at: usize, name: &str) -> Option<&Dimension> {
        self.models.get(at)?.dimensions.iter().find(|one| one.name == name)
    }

    /// How a member of a model is called.
    pub(super) fn label(&self, at: usize, member: &str) -> String {
        format!("{}.{member}", self.models.get(at).map(|model| model.name.as_str()).unwrap_or_default())
    }

    /// The columns that lead from a model to another, by as few joins as there are.
    pub(super) fn way(&self, from: usize, to: usize) -> Result<Vec<String>, String> {
        let name = |at: usize| short(self.models.get(at).map(|model| model.name.as_str()).unwrap_or_default());
        let mut ways: Vec<(usize, Vec<String>)> = vec![(from, Vec::new())];
        for _ in 0..FARTHEST {
            let next = ways.iter().flat_map(|(at, way)| {
                let joins = self.places.get(*at).map(|row| row.joins.as_slice()).unwrap_or_default();
                joins.iter().map(|(to, column)| (*to, way.iter().cloned().chain([quoted(column)]).collect::<Vec<_>>()))
            });
            ways = next.filter(|(at, _)| *at != from).collect();
            let found: Vec<&Vec<String>> = ways.iter().filter(|(at, _)| *at == to).map(|(_, way)| way).collect();
            match found.as_slice() {
                [] => {}
                [only] => return Ok((*only).clone()),
                _ => return Err(format!("several joins lead from `{}` to `{}`", name(from), name(to))),
            }
            if ways.len() > 1_000 {
                break;
            }
        }
        Err(format!("no join that is carried leads from each row of `{}` to one row of `{}`", name(from), name(to)))
    }

    /// A dimension for each column that rows which are counted reach by joins.
    pub(super) fn reached(&mut self) {
        let counted: HashSet<usize> = self.made.kpis.iter().filter_map(|kpi| kpi.formula.source).collect();
        let mut taken = HashSet::new();
        for to in 0..self.models.len() {
            let from: Vec<(usize, Vec<String>)> = (0..self.models.len())
                .filter(|from| {
                    self.places.get(*from).and_then(|row| row.source).is_some_and(|source| counted.contains(&source))
                })
                .filter(|from| *from != to)
                .filter_map(|from| Some((from, self.way(from, to).ok()?)))
                .collect();
            let Some(home) = self.places.get(to).and_then(|row| row.source).filter(|_| !from.is_empty()) else { continue };
            for dimension in self.models.get(to).map(|model| model.dimensions.clone()).unwrap_or_default() {
                let column = self.places.get(to).and_then(|row| row.columns.get(&dimension.name)?.clone().ok());
                let source = self.sources.source(home);
                let Some((column, source)) = column.zip(source).filter(|_| !dimension.is_key) else { continue };
                let ty = source.columns.iter().find(|one| one.name == column).map_or(Ty::Text, Column::declared);
                if !matches!(ty, Ty::Text | Ty::Boolean | Ty::Integer) {
                    continue;
                }
                let mut all = vec![(source.name.clone(), quoted(&column))];
                for (from, way) in &from {
                    let other = self.places.get(*from).and_then(|row| self.sources.source(row.source?));
                    all.extend(other.map(|other| (other.name.clone(), path(way, &column))));
                }
                let name = free(&format!("{}_{column}", source.name), &mut taken);
                let description = dimension.description.clone();
                self.dimensions.push(super::super::kpis::Dimension { name, ty, description, from: all, home, column });
            }
        }
    }
}
