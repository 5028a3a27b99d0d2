//! DuckDB's catalogue. A view that is replaced or changed loses its comment, so that a comment is of what is there.

use super::DuckDb;
use crate::dialect::Dialect;
use crate::dialect::catalog::{Catalog, DEFINITION, Made};

impl Catalog for DuckDb {
    fn relations(&self, schema: &str) -> String {
        format!(
            "select name, kind, comment, cast(null as varchar) as definition from (\
             select view_name as name, 'view' as kind, comment, schema_name, database_name from duckdb_views() union all \
             select table_name, 'table', comment, schema_name, database_name from duckdb_tables()) \
             where schema_name = {schema} and database_name = current_database() order by name"
        )
    }

    fn place(&self, schema: &str) -> String {
        format!(
            "select current_database() as database, exists (select 1 from duckdb_schemas() where schema_name = {schema} \
             and database_name = current_database()) as is_there"
        )
    }

    fn columns(&self) -> String {
        "select database_name, schema_name, table_name, column_name, data_type from duckdb_columns() \
         where not internal and database_name = current_database() and schema_name <> 'kpi' \
         order by schema_name, table_name, column_index"
            .to_owned()
    }

    fn keys(&self) -> String {
        let list = |column: &str| format!("array_to_string({column}, chr(31)) as {column}");
        format!(
            "select database_name, schema_name, table_name, constraint_type, {}, schema_name as referenced_schema, \
             coalesce(referenced_table, '') as referenced_table, {} from duckdb_constraints() where database_name = current_database() \
             and constraint_type in ('PRIMARY KEY', 'FOREIGN KEY') order by all",
            list("constraint_column_names"),
            list("referenced_column_names"),
        )
    }

    fn roughly_distinct(&self, of: &str) -> String {
        format!("approx_count_distinct({of})")
    }

    fn digest(&self, of: &str) -> String {
        format!("sha256({of})")
    }

    fn insist(&self, query: &str, value: &str) -> String {
        format!("select error('not as it was') where ({query}) is distinct from {value}")
    }

    fn replace_view(&self, relation: &str, query: &str, _: &[String]) -> Vec<String> {
        vec![format!("create or replace view {relation} as\n{query}")]
    }

    fn drop(&self, kind: Made, relations: &[String]) -> Vec<String> {
        relations.iter().map(|relation| format!("drop {} {relation}", kind.word())).collect()
    }

    fn comment(&self, kind: Made, relation: &str, said: &str, mark: &str) -> String {
        let text = format!("{said}{}", mark.replace(DEFINITION, ""));
        format!("comment on {} {relation} is {}", kind.word(), self.text(&text))
    }
}
