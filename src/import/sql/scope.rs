//! The tables of a SELECT as sources: the one whose rows are counted, and those that it refers to; and what names of columns stand for.

use super::super::expression::Names;
use super::super::node::{ATOM, Leaf, Node, Ty};
use super::super::semantic::Entity;
use super::super::short;
use super::super::sources::{Column as Declared, Sources, free, quoted};
use super::period::{self, Column};
use super::statement::{Join, Statement, Table, split};
use super::{Fault, State};
use crate::draft::snake;
use crate::rawsql::{Kind, Token, name};
use std::collections::{HashMap, HashSet};

/// A table of a SELECT.
#[derive(Debug)]
pub(in crate::import) struct Member {
    /// Its name in lower case.
    pub(in crate::import) alias: String,
    pub(in crate::import) source: usize,
    /// The columns that lead to it from the rows that are counted, as formulas write them.
    pub(in crate::import) way: Vec<String>,
}

/// What a column's own name begins with where it is the name of a source's column, and not that of a table's.
pub(in crate::import) const OWN: char = '\u{1}';

/// The tables of a SELECT.
pub(in crate::import) struct Scope<'s, 't> {
    pub(in crate::import) sources: &'s mut Sources,
    members: Vec<Member>,
    types: HashMap<String, Ty>,
    /// Conditions without which an inner join would have left a row out.
    pub(super) found: Vec<Node>,
    /// Further conditions of inner joins.
    pub(super) conditions: Vec<Vec<Token<'t>>>,
    pub(super) differences: Vec<String>,
    /// Whether names of the sources' own columns are marked by [`OWN`].
    knows_own: bool,
    /// Why the last name is not known.
    pub(in crate::import) unknown: Option<String>,
}

/// An equality between columns of two tables.
struct Edge {
    sides: [(String, String); 2],
    is_left: bool,
}

impl<'s, 't> Scope<'s, 't> {
    /// The tables of a statement, whose rows count by a time. Types are what columns seem to be.
    pub(super) fn of(
        state: &'s mut State,
        statement: &Statement<'t>,
        time: &Column,
        types: HashMap<String, Ty>,
    ) -> Result<Self, Fault> {
        let all: Vec<&Table<'_>> =
            std::iter::once(&statement.from).chain(statement.joins.iter().map(|join| &join.table)).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = all.iter().find(|table| !seen.insert(table.alias.as_str())) {
            return Err(Fault::of(&twice.at, "two of its tables have one name"));
        }
        let root = root(state, &all, time).map_err(|why| Fault::of(&statement.from.at, &why))?;
        if let Some(join) = statement.joins.iter().find(|join| join.is_left && state.sources.dialect.name() == "clickhouse") {
            let why = "a `left join` fills what it does not find with 0 and empty texts there, and kpic with nulls";
            return Err(Fault::of(&join.table.at, why));
        }
        let (mut edges, mut conditions) = (Vec::new(), Vec::new());
        for join in &statement.joins {
            edges.push(edge(join, &statement.from.alias, &mut conditions)?);
        }
        if root != statement.from.alias && statement.joins.iter().any(|join| join.is_left) {
            let why = "its time is in a table that is joined with `left join`: start `from` the table whose rows are counted";
            return Err(Fault::of(&statement.from.at, why));
        }
        let table = |alias: &str| all.iter().find(|table| table.alias == alias).copied();
        let Some(first) = table(&root) else { return Err(Fault::of(&statement.from.at, "its time is in no table")) };
        let base = state.source(first, &statement.ctes, Some(&time.name), None)?;
        let mut members = vec![Member { alias: root, source: base, way: Vec::new() }];
        let mut found = Vec::new();
        let mut differences = Vec::new();
        // From what is reached to what it refers to, until all are reached.
        while !edges.is_empty() {
            let reached = |alias: &String| members.iter().position(|member| member.alias == *alias);
            let next = edges.iter().enumerate().find_map(|(at, edge)| {
                let [one, other] = &edge.sides;
                match (reached(&one.0), reached(&other.0)) {
                    (Some(parent), None) => Some((at, parent, one.clone(), other.clone())),
                    (None, Some(parent)) => Some((at, parent, other.clone(), one.clone())),
                    _ => None,
                }
            });
            let Some((at, parent, (_, from), (alias, key))) = next else {
                return Err(Fault::of(&statement.from.at, "its joins do not lead from table to table"));
            };
            let edge = edges.remove(at);
            let Some(to) = table(&alias) else {
                return Err(Fault::of(&statement.from.at, "it joins a table that is not there"));
            };
            let target = state.source(to, &statement.ctes, None, Some(&key))?;
            let (parent_source, parent_way) =
                members.get(parent).map(|member| (member.source, member.way.clone())).unwrap_or_default();
            let refused = |why: String| Fault::of(&to.at, &why);
            let (column, key) = refer(&mut state.sources, parent_source, target, &from, &key).map_err(refused)?;
            let way: Vec<String> = parent_way.into_iter().chain([quoted(&column)]).collect();
            if !edge.is_left {
                let text = format!("{}.{}", way.join("."), quoted(&key));
                let leaf = Leaf { text, holds: ATOM, ty: None, nullable: true, by_day: false, is_column: false };
                found.push(Node::IsNull { of: Box::new(Node::Leaf(leaf)), not: true });
            }
            let name = state.sources.source(target).map(|source| source.name.clone()).unwrap_or_default();
            differences.push(format!(
                "`{}.{}` has to be a key, which SQL does not say: where several rows have one value the SELECT counts rows more than once, and kpic refuses",
                short(&name),
                short(&key)
            ));
            members.push(Member { alias, source: target, way });
        }
        Ok(Self {
            sources: &mut state.sources,
            members,
            types,
            found,
            conditions,
            differences,
            knows_own: false,
            unknown: None,
        })
    }

    /// The tables of models, whose sources are there: the first is the one whose rows are counted.
    pub(in crate::import) fn over(sources: &'s mut Sources, members: Vec<Member>, types: HashMap<String, Ty>) -> Self {
        let (found, conditions, differences) = (Vec::new(), Vec::new(), Vec::new());
        Self { sources, members, types, found, conditions, differences, knows_own: true, unknown: None }
    }

    /// The source whose rows are counted.
    pub(super) fn base(&self) -> usize {
        self.members.first().map_or(0, |member| member.source)
    }

    /// The source that has a column, with the way that leads there.
    pub(super) fn home(&mut self, column: &Column) -> Result<(usize, Vec<String>), String> {
        let lower = column.name.to_lowercase();
        let member = if let Some(table) = &column.table {
            self.members.iter().find(|member| member.alias == *table)
        } else {
            let may = |member: &&Member| self.sources.has(member.source, &lower) != Some(false);
            let having: Vec<&Member> = self.members.iter().filter(may).collect();
            // Of one table alone it is found out later whether that has it.
            match (self.members.as_slice(), having.as_slice()) {
                ([only], _) => Some(only),
                (_, [only]) => Some(*only),
                (_, []) => None,
                _ => return Err(unclear(&column.name)),
            }
        };
        let member = member.ok_or_else(|| format!("no table of it has `{}`", short(&column.name)))?;
        Ok((member.source, member.way.clone()))
    }

    /// What a column stands for.
    pub(super) fn leaf_of(&mut self, column: &Column, guess: Ty) -> Result<Leaf, String> {
        let (source, way) = self.home(column)?;
        let guess = self.types.get(&column.name.to_lowercase()).copied().unwrap_or(guess);
        let name = match column.name.strip_prefix(OWN).filter(|_| self.knows_own) {
            Some(own) => Some(own.to_owned()),
            None => self.sources.stored(source, &column.name, None, guess),
        };
        let name = name.ok_or_else(|| format!("its table has no column `{}`", short(&column.name)))?;
        let leaf = self.sources.leaf(source, &name).ok_or_else(|| "its column is not there".to_owned())?;
        let declared = self.sources.source(source).and_then(|source| source.columns.iter().find(|one| one.name == name));
        // What is assumed of a time decides how it is compared.
        let ty = leaf.ty.or_else(|| declared.map(Declared::declared).filter(|ty| ty.is_time()));
        let text = way.iter().chain([&leaf.text]).cloned().collect::<Vec<_>>().join(".");
        Ok(Leaf { text, ty, nullable: leaf.nullable || !way.is_empty(), ..leaf })
    }
}

/// Names in expressions over rows.
impl Names for Scope<'_, '_> {
    fn leaf(&mut self, name: &str) -> Option<Leaf> {
        let column = Column { table: None, name: name.to_owned() };
        let leaf = self.leaf_of(&column, Ty::Number);
        leaf.map_err(|why| self.unknown = Some(why)).ok()
    }

    fn of_table(&mut self, table: &str, name: &str) -> Option<Result<Leaf, String>> {
        Some(self.leaf_of(&Column { table: Some(table.to_lowercase()), name: name.to_owned() }, Ty::Number))
    }

    fn is_of_metrics(&self) -> bool {
        false
    }

    fn cuts_quotients(&self) -> bool {
        self.sources.dialect.cuts_quotients()
    }
}

/// That it is not known which table has a column.
fn unclear(name: &str) -> String {
    format!("which table has `{}` is not known: write the table before it, or name the database with `--database`", short(name))
}

/// The table that has the time.
fn root(state: &State, all: &[&Table<'_>], time: &Column) -> Result<String, String> {
    let known = |alias: &&&Table<'_>| match &time.table {
        Some(table) => alias.alias == *table,
        None => {
            state.columns(alias).is_none_or(|columns| columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(&time.name)))
        }
    };
    let having: Vec<&&Table<'_>> = all.iter().filter(known).collect();
    match having.as_slice() {
        [only] => Ok(only.alias.clone()),
        [] => Err(format!("no table of it has `{}`", short(&time.name))),
        _ => Err(unclear(&time.name)),
    }
}

/// The equality that a join goes by; what else an inner join says is a condition.
fn edge<'a>(join: &Join<'a>, first: &str, conditions: &mut Vec<Vec<Token<'a>>>) -> Result<Edge, Fault> {
    let own = &join.table.alias;
    let at = join.on.first().or(join.using.first()).unwrap_or(&join.table.at);
    if !join.using.is_empty() {
        let [only] = join.using.as_slice() else {
            return Err(Fault::of(at, "it joins by several columns, and kpic's references here go by one"));
        };
        let key = only.name().ok_or_else(|| Fault::of(at, "kpic expects the name of a column there"))?;
        return Ok(Edge { sides: [(first.to_owned(), key.clone()), (own.clone(), key)], is_left: join.is_left });
    }
    let mut found: Option<Edge> = None;
    for part in split(&join.on, |token| token.is_word("and")) {
        let sides = split(part, |token| token.text == "=" && token.kind == Kind::Operator);
        let columns: Vec<Option<Column>> = sides.iter().map(|side| period::column(side)).collect();
        let edge = match columns.as_slice() {
            [Some(Column { table: Some(one), name }), Some(Column { table: Some(other), name: second })]
                if one != other && (one == own || other == own) =>
            {
                Some(Edge { sides: [(one.clone(), name.clone()), (other.clone(), second.clone())], is_left: join.is_left })
            }
            _ => None,
        };
        match edge {
            Some(_) if found.is_some() => {
                return Err(Fault::of(at, "it joins by several columns, and kpic's references here go by one"));
            }
            Some(edge) => found = Some(edge),
            None if join.is_left => {
                let at = part.first().unwrap_or(at);
                return Err(Fault::of(
                    at,
                    "a `left join` by more than a key leaves out what does not fulfil it: kpic's references do not",
                ));
            }
            None => conditions.push(part.to_vec()),
        }
    }
    found.ok_or_else(|| {
        Fault::of(at, "the join is not by the equality of two columns with their tables before them, as `a.x = b.y`")
    })
}

/// Has a source refer to another, whose key a column holds. Gives the names of the reference and of the key.
pub(in crate::import) fn refer(
    sources: &mut Sources,
    from: usize,
    to: usize,
    column: &str,
    key: &str,
) -> Result<(String, String), String> {
    let missing = |name: &str| format!("its table has no column `{}`", short(name));
    let key = sources.stored(to, key, None, Ty::Text).ok_or_else(|| missing(key))?;
    if let Some(source) = sources.all.get_mut(to) {
        source.key = vec![key.clone()];
    }
    sources.stored(from, column, None, Ty::Text).ok_or_else(|| missing(column))?;
    let target = sources.source(to).map(|source| source.name.clone()).unwrap_or_default();
    let lower = snake(column).unwrap_or_default();
    let called = lower.strip_suffix("_id").or(lower.strip_suffix("_key")).filter(|stem| !stem.is_empty());
    let entity = Entity {
        name: called.map_or(target, str::to_owned),
        kind: "foreign".to_owned(),
        expr: Some(format!("\"{}\"", column.replace('"', "\"\""))),
        description: None,
    };
    Ok((sources.reference(from, &entity, to)?, key))
}

impl State {
    /// What is known of a table's columns.
    fn columns(&self, table: &Table<'_>) -> Option<&[(String, String)]> {
        let known = self.known.as_ref()?;
        let lower: Vec<String> = table.parts.iter().map(|part| part.to_lowercase()).collect();
        let is_it = |one: &&super::Known| {
            let name = one.table.to_lowercase() == *lower.last().unwrap_or(&String::new());
            let schema = lower.iter().rev().nth(1).is_none_or(|schema| *schema == one.schema.to_lowercase());
            table.query.is_none() && name && schema
        };
        let all: Vec<&super::Known> = known.iter().filter(is_it).collect();
        // Of several that have the name, the engine takes the one in its own schema.
        let own = all.iter().find(|one| one.schema == "main").filter(|_| lower.len() == 1);
        match (all.as_slice(), own) {
            ([only], _) => Some(only.columns.as_slice()),
            (_, Some(own)) => Some(own.columns.as_slice()),
            _ => None,
        }
    }

    /// Whether a table of a statement is known to have a column.
    pub(super) fn is_column(&self, statement: &Statement<'_>, name: &str) -> bool {
        let tables = std::iter::once(&statement.from).chain(statement.joins.iter().map(|join| &join.table));
        tables.flat_map(|table| self.columns(table).unwrap_or_default()).any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The source of a table: rows count by a time, or a key is referred to.
    fn source(
        &mut self,
        table: &Table<'_>,
        ctes: &[super::statement::Cte<'_>],
        time: Option<&str>,
        key: Option<&str>,
    ) -> Result<usize, Fault> {
        let cte = ctes.iter().position(|cte| matches!(table.parts.as_slice(), [only] if cte.name.eq_ignore_ascii_case(only)));
        let query = match (&table.query, cte) {
            (Some(tokens), _) => Some(self.query(tokens, ctes, &table.at)?),
            (None, Some(at)) => {
                let tokens = ctes.get(at).map(|cte| cte.tokens.as_slice()).unwrap_or_default();
                Some(self.query(tokens, ctes.get(..at).unwrap_or_default(), &table.at)?)
            }
            (None, None) => None,
        };
        let relation = table.parts.iter().map(|part| name::written(part)).collect::<Vec<_>>().join(".");
        let place = query.clone().unwrap_or_else(|| relation.to_lowercase());
        let wanted = time.map(str::to_lowercase);
        let wanted_key = key.map(str::to_lowercase);
        let fits = |own: &super::Place| {
            own.relation == place
                && (wanted.is_none() || own.time.is_none() || own.time == wanted)
                && (wanted_key.is_none() || own.key.is_none() || own.key == wanted_key)
        };
        let known = self.places.iter().position(fits);
        let at = match known {
            Some(at) => at,
            None => self.added(table, relation, place, query, time.or(key))?,
        };
        let Some(own) = self.places.get_mut(at) else { return Err(Fault::of(&table.at, "its table is not there")) };
        own.time = own.time.take().or(wanted);
        own.key = own.key.take().or(wanted_key);
        let source = own.source;
        if let Some(time) = time {
            let column = self.sources.stored(source, time, None, Ty::Timestamp);
            let column = column.ok_or_else(|| Fault::of(&table.at, &format!("its table has no column `{}`", short(time))))?;
            self.sources.all.get_mut(source).into_iter().for_each(|source| source.time = Some(column.clone()));
        }
        Ok(source)
    }

    /// The place of a new source.
    fn added(
        &mut self,
        table: &Table<'_>,
        relation: String,
        place: String,
        query: Option<String>,
        by: Option<&str>,
    ) -> Result<usize, Fault> {
        let called = table.parts.last().unwrap_or(&table.alias);
        let plain = snake(called).ok_or_else(|| Fault::of(&table.at, "its name has no letters"))?;
        let wish = match (self.taken.contains(&plain), by.and_then(snake)) {
            (true, Some(by)) => format!("{plain}_by_{by}"),
            _ => plain,
        };
        let columns = self.columns(table).map(<[_]>::to_vec);
        let known = columns.map(|columns| super::super::tables::Table::of(&columns, self.sources.dialect));
        if known.is_none() && self.known.is_some() && query.is_none() {
            return Err(Fault::of(&table.at, &format!("the database has no table `{}`", short(&relation))));
        }
        if query.is_some() {
            self.notes.insert(format!("`{}` is a source with a query of its own, in the words of the SQL.", short(called)));
        }
        let name = free(&wish, &mut self.taken);
        let source = self.sources.add(name, called, relation, query, known.unwrap_or_default());
        self.places.push(super::Place { relation: place, source, time: None, key: None });
        Ok(self.places.len() - 1)
    }

    /// The text of a query, with those before it that it reads.
    fn query(&self, tokens: &[Token<'_>], before: &[super::statement::Cte<'_>], at: &Token<'_>) -> Result<String, Fault> {
        let text = self.between(tokens).ok_or_else(|| Fault::of(at, "the query is empty"))?;
        let is_broken = |token: &&Token<'_>| matches!(token.kind, Kind::Text | Kind::Quoted) && token.text.contains('\n');
        let broken = tokens.iter().chain(before.iter().flat_map(|cte| &cte.tokens)).find(is_broken);
        if let Some(token) = broken {
            return Err(Fault::of(token, "a text over several lines cannot be carried in a query"));
        }
        let reads = |cte: &&super::statement::Cte<'_>| {
            tokens.iter().any(|token| token.name().is_some_and(|name| name.eq_ignore_ascii_case(&cte.name)))
        };
        // All of those before may be read by one another.
        if before.iter().any(|cte| reads(&cte)) {
            if tokens.first().is_some_and(|first| first.is_word("with")) {
                return Err(Fault::of(at, "the query has a `with` of its own beside another"));
            }
            let all: Option<Vec<String>> = before
                .iter()
                .map(|cte| Some(format!("{} as (\n{}\n)", self.between(&[cte.at])?, self.between(&cte.tokens)?)))
                .collect();
            let all = all.ok_or_else(|| Fault::of(at, "the query is empty"))?;
            return Ok(format!("with {}\n{text}", all.join(", ")));
        }
        Ok(text)
    }

    fn between(&self, tokens: &[Token<'_>]) -> Option<String> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        self.text.get(first.start..last.end()).map(str::to_owned)
    }
}
