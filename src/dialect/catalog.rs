//! What a warehouse keeps beside rows, and how it is changed: which relations a schema has, what is said of them, who may read them.

pub use crate::model::Made;
use std::fmt::Debug;

/// A warehouse's way with its catalogue.
pub trait Catalog: Debug + Sync {
    /// What stands before the questions below.
    fn setup(&self) -> &'static str {
        ""
    }

    /// The relations of a schema, a row each: `name`, `kind` (`view`, `table`, or what it is called), `comment`, and in `definition` what tells whether
    /// somebody has changed it; null where a change takes the comment away too. `schema` is a literal.
    fn relations(&self, schema: &str) -> String;

    /// One row with `database`, the name of the one that is open, and `is_there`, whether it has the schema.
    fn place(&self, schema: &str) -> String;

    /// The columns of tables and views but those of kpic, in order: `database_name`, `schema_name`, `table_name`, `column_name`, `data_type`.
    fn columns(&self) -> String;

    /// The declared keys and references: `database_name`, `schema_name`, `table_name`, `constraint_type` (`PRIMARY KEY`, `FOREIGN KEY`),
    /// `constraint_column_names`, `referenced_schema`, `referenced_table`, `referenced_column_names`. Lists are joined by character 31.
    fn keys(&self) -> String;

    /// About how many different values there are.
    fn roughly_distinct(&self, of: &str) -> String {
        format!("count(distinct {of})")
    }

    /// A text in short, as hexadecimal digits.
    fn digest(&self, of: &str) -> String;

    /// A statement that is refused unless a query of one value gives `value`, which is a literal.
    fn insist(&self, query: &str, value: &str) -> String;

    /// A statement that lets one deployment into a schema at a time, where the warehouse takes more than one.
    fn alone(&self, schema: &str) -> Option<String> {
        let _ = schema;
        None
    }

    /// A statement that puts a view in the place of one that kpic has made. `others` are views of kpic that read it, and are made again later.
    fn replace_view(&self, relation: &str, query: &str, others: &[String]) -> Vec<String>;

    /// A statement that drops relations of a kind, all at once where others among them read them.
    fn drop(&self, kind: Made, relations: &[String]) -> Vec<String>;

    /// A statement that says something of a relation. `said` and `mark` are texts; where the warehouse keeps a definition, its digest stands in the place of
    /// [`DEFINITION`] in the mark.
    fn comment(&self, kind: Made, relation: &str, said: &str, mark: &str) -> String;

    /// A query of the names of those roles that are there, of some that are literals; nothing where there are no roles.
    fn roles(&self, names: &[String]) -> Option<String> {
        let _ = names;
        None
    }

    /// Statements that let roles read relations of a schema, or that keep them from it. All are names as they stand in SQL.
    fn grant(&self, schema: &str, relation: &str, to: &[String]) -> Vec<String> {
        let _ = (schema, relation, to);
        Vec::new()
    }

    /// The opposite for one relation.
    fn revoke(&self, relation: &str, from: &[String]) -> Vec<String> {
        let _ = (relation, from);
        Vec::new()
    }
}

/// What stands in a mark for the digest of a definition.
pub const DEFINITION: &str = "{definition}";
