//! What the statements of a template may be: those that make, fill, change, drop and describe relations of the project's own schema and say who may read them,
//! and none that an engine's program or server has beside them.

use super::{Kind, Token, tokens};

/// What stands between `create` and what is created.
const BETWEEN: &[&str] = &[
    "dynamic",
    "force",
    "global",
    "live",
    "local",
    "materialized",
    "or",
    "recursive",
    "replace",
    "secure",
    "streaming",
    "temp",
    "temporary",
    "transient",
    "unique",
    "unlogged",
];

/// What stands between a verb and the relation that it changes.
const BEFORE: &[&str] =
    &["concurrently", "exists", "from", "full", "if", "into", "materialized", "not", "only", "overwrite", "table", "view"];

/// Words that lead to files, classes, settings or programs, wherever they stand in a statement.
const MORE: &[&str] = &[
    "call",
    "definer",
    "directory",
    "execute",
    "infile",
    "inpath",
    "jar",
    "location",
    "outfile",
    "procedure",
    "serde",
    "storage_integration",
];

/// What changes rows or relations, and stands first in a statement that does.
const WRITES: &[&str] = &["alter", "delete", "drop", "grant", "insert", "merge", "revoke", "truncate", "update"];

/// What may stand before such a word within a statement: an action of `merge` and of `on conflict`, a reference's.
const ACTIONS: &[&str] = &["do", "on", "then"];

/// Changes of a relation that bring in what is not its own, or that take rights away or give them.
const NOT_IN_ALTER: &[&str] = &[
    "append",
    "attach",
    "authorization",
    "detach",
    "disable",
    "enable",
    "exchange",
    "fetch",
    "freeze",
    "inherit",
    "move",
    "owner",
    "partition",
    "policy",
    "setting",
    "swap",
    "unset",
];

/// Rights to read.
const RIGHTS: &[&str] = &["select", "usage", "references", "show", "view"];

/// Roles of BigQuery that read.
const READERS: &[&str] =
    &["`roles/bigquery.dataviewer`", "`roles/bigquery.metadataviewer`", "`roles/bigquery.filtereddataviewer`"];

/// Formats of tables that are a warehouse's own, behind `using`.
const OWN_TABLES: &[&str] = &["delta", "iceberg", "parquet"];

/// The first statement of a template that is none of these, by the words with which it begins. `own` is how names of relations begin that are the
/// project's, in each way in which they may be written: with the schema and a point.
pub fn odd_statement(sql: &str, own: &[String]) -> Option<String> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let statements =
        || all.split(|token| token.is_mark(";")).filter(|one| !one.is_empty()).map(|one| Statement { sql, one, own });
    // What a session has for itself may be filled and dropped as well.
    let passing: Vec<&str> = statements().filter_map(|statement| statement.passing()).collect();
    statements().find_map(|statement| statement.odd(&passing))
}

/// A statement, cut into tokens.
struct Statement<'a> {
    sql: &'a str,
    one: &'a [Token<'a>],
    own: &'a [String],
}

impl<'a> Statement<'a> {
    /// The token at a place, in small letters; nothing behind the end.
    fn word(&self, at: usize) -> String {
        self.one.get(at).map(|token| token.text.to_ascii_lowercase()).unwrap_or_default()
    }

    /// The place of the first token from `at` on that is none of these.
    fn past(&self, at: usize, words: &[&str]) -> usize {
        (at..self.one.len()).find(|at| !words.contains(&self.word(*at).as_str())).unwrap_or(self.one.len())
    }

    /// What is written from a place on.
    fn rest(&self, at: usize) -> &'a str {
        self.one.get(at).and_then(|token| self.sql.get(token.start..)).unwrap_or_default()
    }

    /// Whether the name of a relation of the project stands at a place.
    fn is_own(&self, at: usize) -> bool {
        let rest = self.rest(at);
        self.own.iter().any(|own| {
            let begins = rest.starts_with(own.as_str());
            begins
                && rest.get(own.len()..).is_some_and(|name| name.starts_with(|char: char| !char.is_whitespace() && char != '.'))
        })
    }

    /// Whether the project's schema itself stands at a place.
    fn is_schema(&self, at: usize) -> bool {
        let rest = self.rest(at);
        let names = self.own.iter().filter_map(|own| own.strip_suffix('.'));
        names.into_iter().any(|name| {
            let begins = rest.starts_with(name);
            begins && rest.get(name.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', ';']))
        })
    }

    /// Whether a name without a schema stands at a place that the session has made for itself.
    fn is_passing(&self, at: usize, passing: &[&str]) -> bool {
        let is_alone = self.one.get(at + 1).is_none_or(|next| !next.is_mark("."));
        is_alone && self.one.get(at).is_some_and(|token| passing.contains(&token.text))
    }

    /// The name of a table that the statement makes for its session alone.
    fn passing(&self) -> Option<&'a str> {
        let thing = self.past(1, BETWEEN);
        let is_passing = (1..thing).any(|at| self.word(at).starts_with("temp"));
        let name = self.past(thing + 1, &["if", "not", "exists"]);
        let is_alone = self.one.get(name + 1).is_none_or(|next| !next.is_mark("."));
        let token = self.one.get(name).filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))?;
        (self.word(0) == "create" && is_passing && is_alone && ["table", "view"].contains(&self.word(thing).as_str()))
            .then_some(token.text)
    }

    /// Why it is refused: the word that makes it so, or its first ones.
    fn odd(&self, passing: &[&str]) -> Option<String> {
        let first = self.word(0);
        if let Some(token) = (0..self.one.len()).find(|at| self.does_more(*at, &first)).and_then(|at| self.one.get(at)) {
            return Some(token.text.to_owned());
        }
        let is_fine = self.is_known(&first, passing);
        let start = || self.one.iter().take(4).map(|token| token.text).collect::<Vec<_>>().join(" ");
        (!is_fine).then(start)
    }

    fn is_known(&self, first: &str, passing: &[&str]) -> bool {
        let ours = |at: usize| self.is_own(at) || self.is_passing(at, passing);
        // Each of a list.
        let all_ours = |at: usize| {
            ours(at)
                && (at..self.one.len())
                    .filter(|at| self.one.get(*at).is_some_and(|token| token.is_mark(",")))
                    .all(|at| ours(at + 1))
        };
        let is_relation = |at: usize| ["index", "materialized", "table", "view"].contains(&self.word(at).as_str());
        match first {
            "create" => self.creates(passing),
            "alter" => is_relation(1) && ours(self.past(2, BEFORE)),
            "drop" => is_relation(1) && all_ours(self.past(2, BEFORE)),
            "comment" => self.word(1) == "on" && (ours(self.past(3, BEFORE)) || self.is_schema(3)),
            "insert" | "delete" | "update" | "merge" | "refresh" | "optimize" => ours(self.past(1, BEFORE)),
            "truncate" => all_ours(self.past(1, BEFORE)),
            "analyze" | "vacuum" => self.past(1, BEFORE) == self.one.len() || ours(self.past(1, BEFORE)),
            "grant" | "revoke" => self.grants(),
            "begin" | "commit" | "start" => self.past(1, &["transaction", "work", "tran"]) == self.one.len(),
            "use" => self.one.len() <= 3 || self.is_schema(1) || self.is_schema(2),
            "set" | "select" | "values" | "with" => true,
            _ => false,
        }
    }

    fn creates(&self, passing: &[&str]) -> bool {
        let thing = self.past(1, BETWEEN);
        let name = self.past(thing + 1, BEFORE);
        match self.word(thing).as_str() {
            "table" | "view" => self.is_own(name) || self.is_passing(name, passing),
            "index" => {
                let on = (name..self.one.len()).find(|at| self.word(*at) == "on");
                on.is_some_and(|on| on <= name + 3 && (self.is_own(self.past(on + 1, BEFORE))))
            }
            "schema" | "database" => self.is_schema(name) && !self.one.iter().skip(name).any(|token| token.is_word("create")),
            _ => false,
        }
    }

    /// Whether it says who may read what is the project's.
    fn grants(&self) -> bool {
        let Some(on) = (1..self.one.len()).find(|at| self.word(*at) == "on") else { return false };
        let rights =
            self.one.get(1).zip(self.one.get(on)).and_then(|(from, to)| self.sql.get(from.start..to.start)).unwrap_or_default();
        let is_right = |right: &str| {
            let right = right.trim().to_ascii_lowercase();
            READERS.contains(&right.as_str())
                || right.split_whitespace().all(|word| RIGHTS.contains(&word)) && !right.is_empty()
        };
        let of = self.past(on + 1, &["all", "database", "in", "materialized", "schema", "table", "tables", "view", "views"]);
        let hands_on = self.one.iter().skip(on).any(|token| token.is_word("option"));
        rights.split(',').all(is_right) && (self.is_own(of) || self.is_schema(of)) && !hands_on
    }

    /// Whether a token makes a statement one that reads or writes beside tables, or that a program would cut elsewhere.
    fn does_more(&self, at: usize, first: &str) -> bool {
        let Some(token) = self.one.get(at) else { return false };
        let next = self.one.get(at + 1);
        let before = at.checked_sub(1).map(|before| self.word(before)).unwrap_or_default();
        let is_called = || next.is_some_and(|next| next.is_mark("("));
        // What follows an `insert` in lines of its own is no SQL.
        let is_inline = first == "insert" && (token.is_word("format") && !is_called() || token.is_word("values"));
        let is_copied = first == "vacuum" && token.is_word("into");
        let is_chained = token.text.contains("->>");
        let is_driver = token.is_word("using")
            && next.is_some_and(|next| next.name().is_some() && !OWN_TABLES.iter().any(|own| next.is_word(own)))
            && matches!(first, "create" | "alter")
            && !self.one.iter().take(6).any(|word| word.is_word("index"));
        let is_setting = first == "set" && token.is_mark(".");
        // Who may do something, and as whom, is more than who may read a relation.
        let is_role = match first {
            "grant" | "revoke" => at == 1 && (token.is_word("role") || token.is_word("ownership")),
            "use" | "set" => ["authorization", "role", "roles"].iter().any(|word| token.is_word(word)),
            "alter" => NOT_IN_ALTER.iter().any(|word| token.is_word(word)),
            "create" => token.is_word("authorization"),
            // What stands behind it but a transaction is a block of another language.
            "begin" => at > 0 && !["transaction", "work", "tran"].iter().any(|word| token.is_word(word)),
            _ => false,
        };
        // A query in PostgreSQL may change what it names first.
        let writes = at > 0
            && !matches!(first, "alter" | "comment" | "grant" | "revoke")
            && WRITES.iter().any(|word| token.is_word(word))
            && !ACTIONS.contains(&before.as_str())
            && !is_called()
            && before != ".";
        is_role
            || writes
            || MORE.iter().any(|word| token.is_word(word))
            || is_inline
            || is_copied
            || is_chained
            || is_driver
            || is_setting
    }
}

#[cfg(test)]
mod tests {
    use super::odd_statement;

    fn odd(sql: &str) -> Option<String> {
        odd_statement(sql, &["kpi.".to_owned()])
    }

    #[test]
    fn only_what_makes_relations_of_the_project_passes() {
        for sql in [
            "create or replace view kpi.a as\nselect 1;\ncomment on view kpi.a is 'drop it; !x';\ngrant select on kpi.a to b;",
            "drop view if exists kpi.a;\ncreate materialized view if not exists kpi.a as select 1; create index i on kpi.a (x)",
            "/* !x */ create or replace temporary table a as select 1; insert into a select 2; insert into kpi.a select * from a; drop table a;; -- done",
            "drop materialized view kpi.a, kpi.b; alter table if exists kpi.a rename to b; set search_path = kpi",
            "create table kpi.a using delta as select b from c join d using (e); insert into kpi.a select format(x) from f; vacuum",
            "begin; grant select, references on view kpi.a to role b; create unique index on kpi.a using btree (b); commit; begin transaction; commit",
            "create schema if not exists kpi; comment on schema kpi is 'x'; grant usage on schema kpi to b; comment on column kpi.a.b is 'x'",
            "grant `roles/bigquery.dataViewer` on table kpi.a to 'user:b'; grant select on all tables in schema kpi to b; revoke select on kpi.a from b",
            "delete from kpi.a where x; truncate table kpi.a; update kpi.a set x = 1; merge into kpi.a using b on c when matched then update set x = 1",
            "insert into kpi.a select 1 on conflict (x) do update set y = 2; refresh materialized view concurrently kpi.a; analyze kpi.a; optimize table kpi.a",
            "create table kpi.a (x int references kpi.b on delete cascade); select coalesce(replace(a, 'x', 'y')) from b; with a as (select 1) select * from a",
            "alter table kpi.a modify comment 'x'; alter view kpi.a set tags = ('x')",
        ] {
            assert_eq!(odd(sql), None, "{sql}");
        }
        for (sql, why) in [
            ("select 1; !touch x", "! touch x"),
            ("select 1; source x.sql", "source x . sql"),
            ("dfs -ls", "dfs - ls"),
            ("create operator public.@@ (function = lo_import)", "create operator public ."),
            ("create temporary function f as 'c'", "create temporary function f"),
            ("create external table kpi.a (b int)", "create external table kpi"),
            ("add jar x", "jar"),
            ("do 'x'", "do 'x'"),
            ("execute immediate 'select 1'", "execute"),
            ("copy kpi.a to program 'x'", "copy kpi . a"),
            ("drop function f", "drop function f"),
            ("insert into kpi.a from infile 'x' format csv", "infile"),
            ("insert into kpi.a format TSV 'x", "format"),
            ("insert into kpi.a values (1)", "values"),
            ("insert overwrite local directory '/x' select 1", "directory"),
            ("create table kpi.a (b string) location '/x'", "location"),
            ("create table kpi.a using jdbc as select 1", "using"),
            ("create table kpi.a row format serde 'x.Y'", "serde"),
            ("alter table kpi.a set location '/x'", "location"),
            ("vacuum into '/x'", "into"),
            ("set spark.sql.x = 1", "."),
            ("with p as procedure () select 1", "procedure"),
            ("select 1 ->> select 2", "->>"),
            ("grant role a to user b", "role"),
            ("use role a", "role"),
            ("use secondary roles all", "roles"),
            ("set session authorization a", "authorization"),
            ("alter view kpi.a owner to b", "owner"),
            ("begin execute immediate 'x'", "execute"),
            ("begin select 1", "select"),
            ("create view kpi.a definer = b sql security definer as select 1", "definer"),
            // What is not the project's.
            ("drop table raw.a", "drop table raw ."),
            ("drop view kpi.a, raw.a", "drop view kpi ."),
            ("drop schema kpi cascade", "drop schema kpi cascade"),
            ("create view raw.a as select 1", "create view raw ."),
            ("create view a as select 1", "create view a as"),
            ("create view kpi2.a as select 1", "create view kpi2 ."),
            ("create index i on raw.a (x)", "create index i on"),
            ("create schema raw", "create schema raw"),
            ("create schema kpi authorization b", "authorization"),
            ("create schema kpi create view raw.v as select 1", "create schema kpi create"),
            ("insert into raw.a select 1", "insert into raw ."),
            ("insert into function file('x') select 1", "insert into function file"),
            ("delete from raw.a", "delete from raw ."),
            ("with x as (delete from raw.a returning 1) select * from x", "delete"),
            ("create table kpi.a as with x as (insert into raw.a select 1 returning 1) select * from x", "insert"),
            ("truncate kpi.a, raw.a", "truncate kpi . a"),
            ("merge into raw.a using b on c when matched then delete", "merge into raw ."),
            ("grant all on kpi.a to b", "grant all on kpi"),
            ("grant insert on kpi.a to b", "grant insert on kpi"),
            ("grant select on raw.a to b", "grant select on raw"),
            ("grant select on kpi.a to b with grant option", "grant select on kpi"),
            ("grant `roles/owner` on project x to 'user:x'", "grant ` roles /"),
            ("grant file on *.* to b", "grant file on *"),
            ("comment on view raw.a is 'x'", "comment on view raw"),
            ("alter table kpi.a modify setting storage_policy = 'x'", "setting"),
            ("alter table kpi.a fetch partition 1 from '/x'", "fetch"),
            ("alter table kpi.a swap with raw.a", "swap"),
            ("alter table kpi.a append from raw.b", "append"),
            ("start slave", "start slave"),
        ] {
            assert_eq!(odd(sql).as_deref(), Some(why), "{sql}");
        }
    }

    #[test]
    fn names_begin_with_the_schema_as_the_dialect_writes_it() {
        let own = ["\"kpi__".to_owned(), "kpi__".to_owned()];
        for sql in ["create view kpi__a as select 1", "drop view if exists \"kpi__ä b\""] {
            assert_eq!(odd_statement(sql, &own), None, "{sql}");
        }
        assert!(odd_statement("create view kpi_a as select 1", &own).is_some());
        let own = ["\"Ours\".".to_owned()];
        assert_eq!(odd_statement("create table \"Ours\".a as select 1; create schema if not exists \"Ours\";", &own), None);
        for sql in ["create table ours.a as select 1", "create table \"ours\".a as select 1"] {
            assert!(odd_statement(sql, &own).is_some(), "{sql}");
        }
    }
}
