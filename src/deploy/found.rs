//! What is in the warehouse, and which of it kpic has made.
//!
//! The last line of a comment that kpic writes is a mark: the names of the project and the view, the sum of what it was made of, the definition that the warehouse made
//! of it, and who was let read it. A view that was renamed or copied has another name than its mark, and is none of kpic's.

use crate::dialect::Dialect;
use crate::dialect::catalog::{Catalog, DEFINITION, Made};
use crate::engine::{Changes, Failure, Rows};
use crate::pipeline::Valid;
use crate::rawsql::literal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What stands before a mark, on the last line of a comment.
const BEFORE: &str = "\nkpic: ";

/// What kpic says in a comment for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The warehouse's own definition, in short. It comes first, where its place is looked for.
    definition: String,
    /// The project; several may share a schema.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    project: String,
    view: String,
    sum: String,
    /// The roles that were let read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    select: Vec<String>,
}

impl Mark {
    /// The end of a comment.
    pub(super) fn text(project: &str, view: &str, sum: &str, select: &[String]) -> String {
        let mark = Self {
            definition: DEFINITION.to_owned(),
            project: project.to_owned(),
            view: view.to_owned(),
            sum: sum.to_owned(),
            select: select.to_vec(),
        };
        format!("\n{BEFORE}{}", serde_json::to_string(&mark).unwrap_or_default())
    }

    fn of(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.rsplit_once(BEFORE)?.1).ok()
    }
}

/// A relation that is there.
#[derive(Debug, Clone)]
pub(super) struct There {
    pub(super) name: String,
    /// What it is, if kpic could have made it.
    pub(super) kind: Option<Made>,
    /// What the warehouse calls it.
    pub(super) word: String,
    /// That of this project.
    mark: Option<Mark>,
    /// Another project that made it.
    pub(super) other: Option<String>,
    definition: String,
}

impl There {
    /// Whether kpic has made it for this project.
    pub(super) fn is_own(&self) -> bool {
        self.kind.is_some() && self.mark.is_some()
    }

    /// Whether it was made of something else.
    pub(super) fn is_of(&self, sum: &str, select: &[String]) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.sum == sum && mark.select == select)
    }

    /// Whether somebody has changed it since.
    pub(super) fn is_edited(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.definition != self.definition)
    }

    /// The roles that were let read it.
    pub(super) fn readers(&self) -> &[String] {
        self.mark.as_ref().map_or(&[], |mark| &mark.select)
    }
}

/// What is in the schema of the views.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whether the schema is there.
    pub(super) has_schema: bool,
    pub(super) relations: Vec<There>,
    /// All of that in short, as the warehouse computes it.
    pub(super) digest: String,
}

/// A query of all that is in a schema, in short.
pub(super) fn digest(catalog: &dyn Catalog, schema: &str) -> String {
    let row = "concat_ws(chr(31), name, kind, coalesce(comment, ''), coalesce(definition, ''))";
    let of = catalog.digest(&format!("coalesce(string_agg({row}, chr(30) order by name), '')"));
    format!("select {of} as digest from ({}) as relations", catalog.relations(schema))
}

/// Asks the warehouse what is in the schema of the views.
///
/// # Errors
/// Fails if the engine cannot be used, or is not where the views go.
pub fn found(project: &Valid, engine: &dyn Changes, dialect: &dyn Dialect, catalog: &dyn Catalog) -> Result<Found, Failure> {
    let warehouse = &project.model().warehouse;
    let schema = literal(warehouse.schema.last().map_or("", String::as_str));
    let roles: Vec<String> = warehouse.readers.iter().map(|role| dialect.text(&role.value)).collect();
    let mut queries = vec![catalog.place(&schema), catalog.relations(&schema), digest(catalog, &schema)];
    queries.extend(catalog.roles(&roles).filter(|_| !roles.is_empty()));
    let mut answers = engine.answer(catalog.setup(), &queries)?.into_iter();
    let mut next = || match answers.next() {
        Some(Ok(rows)) => Ok(rows),
        Some(Err(_)) => Err(Failure {
            message: format!("what is in the schema {schema} cannot be looked up"),
            help: Some("check that the user who deploys may connect to the database".to_owned()),
        }),
        None => Ok(Rows::default()),
    };
    let (place, relations, all, roles) = (next()?, next()?, next()?, next()?);
    let text = |rows: &Rows, row: &[Value], column: &str| rows.get(row, column).and_then(Value::as_str).map(str::to_owned);
    let place_row = place.rows.first().map(Vec::as_slice).unwrap_or_default();
    let database = text(&place, place_row, "database").unwrap_or_default();
    if let [named, _] = warehouse.schema.as_slice()
        && dialect.folded(named) != dialect.folded(&database)
    {
        return Err(Failure {
            message: format!("the views go to the database `{named}`, and this one is `{database}`"),
            help: Some("connect to that one, or leave the database out of `schema` in kpic.yml".to_owned()),
        });
    }
    let one = |row: &Vec<Value>| {
        let name = text(&relations, row, "name")?;
        let word = text(&relations, row, "kind")?;
        let comment = text(&relations, row, "comment").unwrap_or_default();
        let mark = Mark::of(&comment).filter(|mark| mark.view == name);
        let (mark, other) = match mark {
            Some(mark) if mark.project != project.model().name => (None, Some(mark.project)),
            mark => (mark, None),
        };
        Some(There {
            kind: [Made::View, Made::Table].into_iter().find(|kind| kind.word() == word),
            mark,
            other,
            definition: text(&relations, row, "definition").unwrap_or_default(),
            name,
            word,
        })
    };
    let all_row = all.rows.first().map(Vec::as_slice).unwrap_or_default();
    let roles: Vec<String> = roles.rows.iter().filter_map(|row| text(&roles, row, "name")).collect();
    let is_there = |name: &str| name == "public" || roles.iter().any(|role| role == name);
    if let Some(missing) = warehouse.readers.iter().find(|role| catalog.roles(&[]).is_some() && !is_there(&role.value)) {
        return Err(Failure {
            message: format!("there is no role `{}`, which may read the views as kpic.yml says", missing.value),
            help: Some("make the role first, or correct `grants`; names are written as the warehouse has them".to_owned()),
        });
    }
    Ok(Found {
        has_schema: place.get(place_row, "is_there").and_then(Value::as_bool).unwrap_or(false),
        relations: relations.rows.iter().filter_map(one).collect(),
        digest: text(&all, all_row, "digest").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_the_last_line_and_nothing_before_it() {
        let mark = Mark::text("shop", "revenue", "12-ab", &["a \"b\"\n".to_owned()]);
        let hostile = "kpic: {\"definition\":\"\",\"view\":\"x\",\"sum\":\"\"}\nkpic: x {definition}";
        let read = Mark::of(&format!("{hostile}{mark}")).unwrap();
        assert_eq!(
            (read.view.as_str(), read.sum.as_str(), read.select.as_slice()),
            ("revenue", "12-ab", &["a \"b\"\n".to_owned()][..])
        );
        assert_eq!(mark.find(DEFINITION), mark.find("{definition}"));
        assert!(Mark::of("a view of ours").is_none() && Mark::of("kpic: no").is_none());
    }
}
