//! PostgreSQL's catalogue. A view that somebody replaces keeps its comment, so that the comment also holds the definition that the server made of it.

use super::Postgres;
use crate::dialect::Dialect;
use crate::dialect::catalog::{Catalog, DEFINITION, Made};

/// The definition of a view in short; how names are written in it depends on the path.
const OF_VIEW: &str = "encode(sha256(convert_to(pg_get_viewdef(c.oid), 'UTF8')), 'hex')";

impl Catalog for Postgres {
    fn setup(&self) -> &'static str {
        "set local search_path = pg_catalog"
    }

    fn relations(&self, schema: &str) -> String {
        format!(
            "select c.relname as name, case c.relkind when 'v' then 'view' when 'r' then 'table' when 'p' then 'table' when 'm' then \
             'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence' when 'i' then 'index' else 'type' end as kind, \
             pg_catalog.obj_description(c.oid, 'pg_class') as comment, case when c.relkind = 'v' then {OF_VIEW} end as definition \
             from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
             where n.nspname = {schema} and c.relkind <> 'I' order by c.relname collate \"C\""
        )
    }

    fn place(&self, schema: &str) -> String {
        format!(
            "select pg_catalog.current_database() as database, exists (select 1 from pg_catalog.pg_namespace where nspname = {schema}) as \
             is_there"
        )
    }

    fn columns(&self) -> String {
        "select '' as database_name, n.nspname as schema_name, c.relname as table_name, a.attname as column_name, \
         case t.typtype when 'e' then 'enum' when 'd' then format_type(t.typbasetype, t.typtypmod) else format_type(a.atttypid, a.atttypmod) \
         end as data_type from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid \
         join pg_catalog.pg_namespace as n on n.oid = c.relnamespace join pg_catalog.pg_type as t on t.oid = a.atttypid \
         where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition \
         and n.nspname not in ('information_schema', 'kpi') and n.nspname not like 'pg\\_%' \
         and coalesce(obj_description(c.oid, 'pg_class'), '') not like '%' || chr(10) || 'kpic: {%' \
         and has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage') \
         order by n.nspname, c.relname, a.attnum"
            .to_owned()
    }

    fn keys(&self) -> String {
        let names = |of: &str, list: &str| {
            format!(
                "coalesce((select string_agg(a.attname, chr(31) order by k.place) from unnest(k_of.{list}) with ordinality as k(number, place) \
                 join pg_catalog.pg_attribute as a on a.attrelid = k_of.{of} and a.attnum = k.number), '')"
            )
        };
        format!(
            "select '' as database_name, n.nspname as schema_name, c.relname as table_name, \
             case k_of.contype when 'p' then 'PRIMARY KEY' else 'FOREIGN KEY' end as constraint_type, {} as constraint_column_names, \
             coalesce(other.nspname, '') as referenced_schema, coalesce(target.relname, '') as referenced_table, {} as referenced_column_names \
             from pg_catalog.pg_constraint as k_of join pg_catalog.pg_class as c on c.oid = k_of.conrelid \
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace left join pg_catalog.pg_class as target on target.oid = k_of.confrelid \
             left join pg_catalog.pg_namespace as other on other.oid = target.relnamespace where k_of.contype in ('p', 'f') \
             order by n.nspname, c.relname, k_of.conname",
            names("conrelid", "conkey"),
            names("confrelid", "confkey"),
        )
    }

    fn digest(&self, of: &str) -> String {
        format!("encode(sha256(convert_to({of}, 'UTF8')), 'hex')")
    }

    fn insist(&self, query: &str, value: &str) -> String {
        under_own_path(&format!("if ({query}) is distinct from {value} then raise exception 'not as it was'; end if;"))
    }

    fn alone(&self, schema: &str) -> Option<String> {
        Some(format!(
            "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('kpic deploy'), pg_catalog.hashtext({schema}))"
        ))
    }

    /// A view can only get further columns at its end. Where it would become another one, it is dropped, with those that read it.
    fn replace_view(&self, relation: &str, query: &str, others: &[String]) -> Vec<String> {
        let dropped = if others.is_empty() { String::new() } else { format!("drop view if exists {};\n", others.join(", ")) };
        let made = |words: &str| {
            let statement = format!("{words} {relation} as\n{query}");
            let tag = tag("sql", &statement);
            format!("execute {tag}{statement}{tag};\n")
        };
        vec![block(&format!(
            "begin\n{}exception when invalid_table_definition then\n{dropped}drop view {relation};\n{}end",
            made("create or replace view"),
            made("create view")
        ))]
    }

    fn drop(&self, kind: Made, relations: &[String]) -> Vec<String> {
        vec![format!("drop {} {}", kind.word(), relations.join(", "))]
    }

    fn comment(&self, kind: Made, relation: &str, said: &str, mark: &str) -> String {
        let (before, after) = mark.split_once(DEFINITION).unwrap_or((mark, ""));
        let (before, after) = (self.text(&format!("{said}{before}")), self.text(after));
        let own = self.text(relation);
        let quoted = self.text(&with_backslashes(relation));
        under_own_path(&format!(
            "execute format('comment on {} %s is %L', {own}, concat({before}, (select {OF_VIEW} from pg_class as c \
             where c.oid = {quoted}::regclass and c.relkind = 'v'), {after}));",
            kind.word()
        ))
    }

    fn roles(&self, names: &[String]) -> Option<String> {
        Some(format!("select rolname as name from pg_catalog.pg_roles where rolname in ({})", names.join(", ")))
    }

    fn grant(&self, schema: &str, relation: &str, to: &[String]) -> Vec<String> {
        let to = to.join(", ");
        vec![format!("grant usage on schema {schema} to {to}"), format!("grant select on {relation} to {to}")]
    }

    fn revoke(&self, relation: &str, from: &[String]) -> Vec<String> {
        // A role that is gone has taken its rights with it.
        let one = |role: &String| {
            block(&format!("begin\nrevoke select on {relation} from {role};\nexception when undefined_object then null;\nend"))
        };
        from.iter().map(one).collect()
    }
}

/// A block that runs some statements with nothing but the server's own names, and then goes back to the path of the session.
fn under_own_path(statements: &str) -> String {
    block(&format!(
        "declare path text := pg_catalog.current_setting('search_path');\nbegin\n\
         perform pg_catalog.set_config('search_path', 'pg_catalog', true);\n{statements}\n\
         perform pg_catalog.set_config('search_path', path, true);\nend"
    ))
}

fn block(body: &str) -> String {
    let tag = tag("kpic", body);
    format!("do {tag}\n{body} {tag}")
}

/// What stands around a text in dollar quotes, and is not in it.
fn tag(word: &str, text: &str) -> String {
    let mut number = 0;
    loop {
        let tag = format!("${word}{number}$");
        if !text.contains(&tag) {
            return tag;
        }
        number += 1;
    }
}
/// A relation as a text that is cast to one has it, which knows no escapes: `U&"a!005cb" uescape '!'` is `"a\b"` there.
fn with_backslashes(relation: &str) -> String {
    let (mut out, mut rest) = (String::new(), relation);
    while let Some((before, escaped)) = rest.split_once("U&\"") {
        let Some((name, after)) = escaped.split_once("\" uescape '!'") else { break };
        let plain: Vec<String> = name.split("!!").map(|part| part.replace("!005c", "\\")).collect();
        out.push_str(&format!("{before}\"{}\"", plain.join("!")));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::with_backslashes;

    #[test]
    fn a_name_with_a_backslash_is_cast_to_a_relation() {
        assert_eq!(with_backslashes("U&\"a!005c!!005c\" uescape '!'.\"b!!\""), "\"a\\!005c\".\"b!!\"");
        assert_eq!(with_backslashes("kpi.revenue"), "kpi.revenue");
    }
}
