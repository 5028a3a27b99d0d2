//! What has to change, and the statements that change it.

use super::found::{Found, Mark, There, digest};
use super::wanted::Wanted;
use crate::diagnostic::{Finding, Findings, codes};
use crate::dialect::Dialect;
use crate::dialect::catalog::{Catalog, Made};
use crate::pipeline::Valid;
use crate::rawsql::literal;
use crate::sql;
use crate::support::views::shown;
use std::collections::{HashMap, HashSet};

/// What the command line says.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// Drop what no spec names any more.
    pub drop: bool,
    /// Take views over that have the names of the project's, and that kpic does not know.
    pub adopt: bool,
}

/// What becomes of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// It is made of something else now.
    Changed,
    /// Somebody has changed it, and it becomes again what the specs say.
    Edited,
    /// Somebody else has made it, and it is kpic's from now on.
    Adopted,
    /// It is a table that is filled anew.
    Refreshed,
    /// It stays as it is.
    Same,
    /// No spec names it, and it stays.
    Gone,
    /// No spec names it, and it is dropped.
    Dropped,
}

impl Change {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] =
        [Self::New, Self::Changed, Self::Edited, Self::Adopted, Self::Refreshed, Self::Same, Self::Gone, Self::Dropped];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Changed => "changed",
            Change::Edited => "edited",
            Change::Adopted => "adopted",
            Change::Refreshed => "refreshed",
            Change::Same => "same",
            Change::Gone => "gone",
            Change::Dropped => "dropped",
        }
    }
}

/// What becomes of one view.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name as it stands in SQL.
    pub relation: String,
    /// What it is.
    pub kind: Made,
    /// What becomes of it.
    pub change: Change,
}

/// What a statement is about.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// That nobody has changed anything meanwhile.
    Guard,
    Schema,
    /// A view or a table, by name.
    View(String, Made),
    /// Those that no spec names.
    Gone(Vec<String>),
}

#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) about: About,
}

/// What becomes of all views, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What becomes of each.
    pub steps: Vec<Step>,
    pub(super) statements: Vec<Statement>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// Compares what is to be there with what is.
///
/// # Errors
/// Gives findings where something is in the way that kpic has not made, or a role is not there.
pub fn plan(
    project: &Valid,
    wanted: &[Wanted],
    found: &Found,
    how: How,
    dialect: &dyn Dialect,
    catalog: &dyn Catalog,
) -> Result<Plan, Findings> {
    let there: HashMap<String, &There> = found.relations.iter().map(|there| (dialect.folded(&there.name), there)).collect();
    let mut planning =
        Planning { project, found, dialect, catalog, findings: Findings::default(), plan: Vec::new(), steps: Vec::new() };
    let readers = planning.readers();
    let is_wanted: HashSet<String> = wanted.iter().map(|view| dialect.folded(&view.name)).collect();
    planning.drop_gone(found.relations.iter().filter(|there| !is_wanted.contains(&dialect.folded(&there.name))), how);
    let mut formers: HashMap<&str, Vec<String>> = HashMap::new();
    for view in wanted {
        let own = there.get(&dialect.folded(&view.name)).filter(|there| there.is_own() && there.kind == Some(Made::View));
        if let (Some(of), Some(_)) = (view.former_of.as_deref(), own) {
            formers.entry(of).or_default().push(view.relation.clone());
        }
    }
    for view in wanted {
        let there = there.get(&dialect.folded(&view.name)).copied();
        let Some(change) = planning.change(view, there, &readers, how) else { continue };
        planning.steps.push(Step { relation: view.relation.clone(), kind: view.kind, change });
        if change == Change::Refreshed {
            planning.refresh(view);
        } else if change != Change::Same {
            let others = formers.get(view.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            planning.make(view, there, &readers, others);
        }
    }
    planning.end()
}

struct Planning<'a> {
    project: &'a Valid,
    found: &'a Found,
    dialect: &'a dyn Dialect,
    catalog: &'a dyn Catalog,
    findings: Findings,
    plan: Vec<Statement>,
    steps: Vec<Step>,
}

impl Planning<'_> {
    /// The roles that may read the views, by name; none where the warehouse has no roles.
    fn readers(&self) -> Vec<String> {
        let readers = self.project.model().warehouse.readers.iter().filter(|_| self.catalog.roles(&[]).is_some());
        readers.map(|role| role.value.clone()).collect()
    }

    /// A name of the schema of the views, as it stands in SQL.
    fn relation(&self, name: &str) -> String {
        sql::view(&self.project.model().warehouse.schema, name, self.dialect)
    }

    fn statement(&mut self, sql: String, about: About) {
        self.plan.push(Statement { sql, about });
    }

    /// What becomes of a view that is to be there; nothing where something is in its way.
    fn change(&mut self, view: &Wanted, there: Option<&There>, readers: &[String], how: How) -> Option<Change> {
        let Some(there) = there else { return Some(Change::New) };
        if there.is_own() {
            return Some(match () {
                () if !there.is_of(&view.sum, readers) || there.kind != Some(view.kind) => Change::Changed,
                () if view.kind == Made::Table => Change::Refreshed,
                () if there.is_edited() => Change::Edited,
                () => Change::Same,
            });
        }
        if how.adopt && there.kind == Some(Made::View) {
            return Some(Change::Adopted);
        }
        let article = if there.word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let by = match there.other.as_deref() {
            Some("") => "that kpic has made for a project without a name".to_owned(),
            Some(other) => format!("that kpic has made for the project `{other}`"),
            None => "that kpic has not made".to_owned(),
        };
        let message = format!("`{}` is {article} {} {by}", view.relation, there.word);
        let mut finding = match shown(self.project.model(), &view.name) {
            Some(shown) => Finding::new(
                &codes::NOT_MADE_BY_KPIC,
                shown.span,
                format!("{message}, in the place of the view of {}", shown.what),
            ),
            None => Finding::placeless(&codes::NOT_MADE_BY_KPIC, message),
        };
        finding.help(if there.kind == Some(Made::View) {
            "deploy to another schema, rename one of the two, or take it over with `--adopt`"
        } else {
            "deploy to another schema, or rename one of the two"
        });
        self.findings.push(finding);
        None
    }

    /// Drops what no spec names, or says that it is there.
    fn drop_gone<'a>(&mut self, rest: impl Iterator<Item = &'a There>, how: How) {
        let gone: Vec<(&There, Made)> =
            rest.filter(|there| there.is_own()).filter_map(|there| Some((there, there.kind?))).collect();
        let change = if how.drop { Change::Dropped } else { Change::Gone };
        for (there, kind) in &gone {
            self.steps.push(Step { relation: self.relation(&there.name), kind: *kind, change });
        }
        for kind in [Made::View, Made::Table] {
            let of_kind = gone.iter().filter(|(_, its)| how.drop && *its == kind);
            let relations: Vec<String> = of_kind.map(|(there, _)| self.relation(&there.name)).collect();
            if !relations.is_empty() {
                for statement in self.catalog.drop(kind, &relations) {
                    self.statement(statement, About::Gone(relations.clone()));
                }
            }
        }
    }

    /// Fills a table anew. What reads it stays, and nobody finds it empty.
    fn refresh(&mut self, view: &Wanted) {
        let relation = &view.relation;
        let sql = format!("delete from {relation};\ninsert into {relation}\n{}", view.query);
        self.statement(sql, About::View(view.name.clone(), view.kind));
    }

    /// Makes a view, and says what it is.
    fn make(&mut self, view: &Wanted, there: Option<&There>, readers: &[String], others: &[String]) {
        let (catalog, dialect, relation) = (self.catalog, self.dialect, &view.relation);
        let before = there.and_then(|there| there.kind);
        let mut statements = match (before, view.kind) {
            (Some(Made::View), Made::View) => catalog.replace_view(relation, &view.query, others),
            (before, kind) => {
                let mut statements = Vec::new();
                if let Some(before) = before {
                    // Its other names are made again later.
                    statements.extend(others.iter().map(|other| format!("drop view if exists {other}")));
                    statements.extend(catalog.drop(before, std::slice::from_ref(relation)));
                }
                statements.push(format!("create {} {relation} as\n{}", kind.word(), view.query));
                statements
            }
        };
        let mark = Mark::text(&self.project.model().name, &view.name, &view.sum, readers);
        statements.push(catalog.comment(view.kind, relation, &view.description, &mark));
        for (column, said) in &view.columns {
            let said = said.as_ref().map_or_else(|| "null".to_owned(), |said| dialect.literal(said));
            statements.push(format!("comment on column {relation}.{column} is {said}"));
        }
        let role = |name: &String| if name == "public" { name.clone() } else { quoted(name) };
        let dropped: Vec<String> =
            there.map(There::readers).unwrap_or_default().iter().filter(|name| !readers.contains(name)).map(role).collect();
        if !dropped.is_empty() {
            statements.extend(catalog.revoke(relation, &dropped));
        }
        if !readers.is_empty() {
            let schema: Vec<_> = self.project.model().warehouse.schema.iter().map(|part| dialect.identifier(part)).collect();
            let schema = schema.last().map(ToString::to_string).unwrap_or_default();
            statements.extend(catalog.grant(&schema, relation, &readers.iter().map(role).collect::<Vec<_>>()));
        }
        self.statement(statements.join(";\n"), About::View(view.name.clone(), view.kind));
    }

    fn end(mut self) -> Result<Plan, Findings> {
        if !self.findings.is_empty() {
            self.findings.sort();
            return Err(self.findings);
        }
        if self.plan.is_empty() {
            return Ok(Plan { steps: self.steps, statements: Vec::new() });
        }
        let schema = &self.project.model().warehouse.schema;
        let own = literal(schema.last().map_or("", String::as_str));
        let guard = self.catalog.insist(&digest(self.catalog, &own), &literal(&self.found.digest));
        let mut first: Vec<(String, About)> = self.catalog.alone(&own).into_iter().map(|sql| (sql, About::Guard)).collect();
        first.push((guard, About::Guard));
        if !self.found.has_schema {
            let parts: Vec<_> = schema.iter().map(|part| self.dialect.identifier(part)).collect();
            first.push((format!("create schema {}", parts.join(".")), About::Schema));
        }
        let first = first.into_iter().map(|(sql, about)| Statement { sql, about });
        Ok(Plan { steps: self.steps, statements: first.chain(self.plan).collect() })
    }
}

/// A name of a role in quotes: words such as `current_user` are other roles.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
