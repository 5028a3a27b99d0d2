//! A project's own template of the statements that make views: it gets what kpic's own writes, and a mistake in it is a finding.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use kpic::build::{BUILT_IN, Documents, Output, outputs};
use kpic::pipeline::{Options, check};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use support::fed::fed;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1
project: shop
warehouse: { schema: Ours }
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, missing-owner: allow, no-north-star: allow }
";

const SPEC: &str = "
sources:
  sales:
    query: select * from (values (date '2024-01-05', 10, 'it''s'), (date '2024-02-05', 7, 'b')) as t(day, amount, shop)
    kind: events
    row: sale
    time: day
    columns: { day: date, amount: { type: integer, min: 0 }, shop: text }
dimensions: { shop: { from: { sales: shop } } }
kpis:
  sold:
    title: What's \"sold\"; drop table x; --
    formula: sum(sales.amount)
    by: [shop]
    aliases: [sales_total]
scorecards: { board: { grain: month, kpis: [sold] } }
";

fn project(templates: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/shop.yml", SPEC)]);
    write_files(folder.path(), templates);
    folder
}

/// What the engine prints for some SQL, as CSV.
fn asked(sql: &str) -> String {
    let program = std::env::var("KPIC_DUCKDB").unwrap_or_else(|_| "duckdb".to_owned());
    let child = Command::new(program)
        .args(["-csv", "-noheader", "-bail"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = fed(child, sql);
    assert!(output.status.success(), "{sql}");
    text(&output.stdout)
}

/// The SQL of a project's views by their files, `deploy.sql` among them.
fn statements(project: &Path) -> BTreeMap<String, String> {
    let valid = check(project, &Options::default()).valid().unwrap();
    let made = outputs(&valid, Documents::None).unwrap();
    let sql = made.into_iter().filter(|output| output.path.starts_with("sql/"));
    sql.map(|Output { path, text }| (path, text)).collect()
}

#[test]
fn the_template_that_kpic_ships_writes_what_kpic_writes() {
    for example in ["specs/saas", "specs/cdnow", "tests/hostile"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(example);
        let valid = check(&from, &Options::default()).valid().unwrap();
        // The same texts, and the template as if it were the project's own.
        let mut texts: Vec<(String, String)> =
            valid.files().iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect();
        let own = outputs(&valid, Documents::None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (name, template) = BUILT_IN[0];
        texts.push((format!("templates/{name}"), template.to_owned()));
        let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        write_files(folder.path(), &texts);
        let valid = check(folder.path(), &Options::default()).valid().unwrap();
        assert_eq!(outputs(&valid, Documents::None).unwrap(), own, "{example}");
    }
}

#[test]
fn tables_instead_of_views_with_comments_in_the_warehouse() {
    let template = "create or replace table {{ view.relation }} as\n{{ query }};\n\
        comment on table {{ view.relation }} is {{ (kpi.title if kpi else view.scorecard)|literal }};";
    let project = project(&[("templates/view.sql.j2", template)]);
    let made = statements(project.path());
    let one = &made["sql/duckdb/sold.sql"];
    assert!(one.starts_with("create or replace table \"Ours\".sold as\nwith\n"), "{one}");
    assert!(one.ends_with(";\ncomment on table \"Ours\".sold is 'What''s \"sold\"; drop table x; --';\n"), "{one}");
    let query = "select period, value from \"Ours\".sold order by 1;
        select value from \"Ours\".sales_total order by period;
        select comment from duckdb_tables() where table_name = 'sold';
        select table_type from information_schema.tables where table_name = 'scorecard__board';";
    let printed = asked(&format!("{}{query}", made["sql/duckdb/deploy.sql"]));
    assert_eq!(printed, "2024-01-01,10\n2024-02-01,7\n10\n7\n\"What's \"\"sold\"\"; drop table x; --\"\nBASE TABLE\n");
}

#[test]
fn the_guide_is_right() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/templates.md")).unwrap();
    let (_, block) = guide.split_once("\n```jinja view.sql.j2\n").unwrap();
    let (template, _) = block.split_once("\n```").unwrap();
    let project = project(&[("templates/view.sql.j2", template)]);
    let made = statements(project.path());
    let deploy = &made["sql/duckdb/deploy.sql"];
    assert_eq!(asked(&format!("{deploy}select value from \"Ours\".sold order by period;")), "10\n7\n");
    assert!(made["sql/duckdb/scorecard__board.sql"].contains("create or replace view"), "{deploy}");
    // What a template has is said in the table, all of it.
    let row = guide.lines().find(|line| line.starts_with("| `view.sql.j2` |")).unwrap();
    let project = self::project(&[("templates/view.sql.j2", "{{ xyzzy }}")]);
    let valid = check(project.path(), &Options::default()).valid().unwrap();
    let found = outputs(&valid, Documents::None).unwrap_err();
    let help = found.iter().next().unwrap().help.clone().unwrap();
    let names = help.split_once("the statement has: ").unwrap().1;
    for name in names.split(", ") {
        assert!(row.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said_once_beside_what_is_wrong_with_pages_and_nothing_is_written() {
    let templates = [
        ("templates/view.sql.j2", "create view {{ view.relation }} as\n{{ querry }};\n"),
        ("templates/kpi.md.j2", "{{ kpi.titel }}\n"),
    ];
    for command in ["check", "build"] {
        let project = project(&templates);
        let output = kpic(project.path(), &[command]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(said.matches("there is no `querry`").count(), 1, "{said}");
        assert!(said.contains("did you mean `query`?") && said.contains("templates/view.sql.j2:2:4"), "{said}");
        assert!(said.contains("there is no `kpi.titel`"), "{said}");
        assert!(!project.path().join("build").exists());
    }
    // What is none prints nothing, and is null as a literal.
    let project = project(&[("templates/view.sql.j2", "select '<&>{{ none }}', {{ none|literal }};{{ query[:0] }}")]);
    assert_eq!(statements(project.path())["sql/duckdb/sold.sql"], "select '<&>', null;\n");
    let wrong = [
        ("views.sql.j2", "select 1", "there is no template `views.sql.j2` for a statement"),
        ("view.sql.j2", "{{ comment|literal }}", "`literal` is for texts, and this is sequence"),
        ("view.sql.j2", "{% if %}", "unexpected"),
        ("view.sql.j2", "select 'a\\b' as \"\\\" -- \\\n\\! touch x\n", "a backslash outside of texts, names and comments"),
    ];
    // Where a text ends is another matter for `psql`, and may be set; each of these ran the program.
    for behind in [
        "select $1a$$ \\! touch x\n $$;",
        "select 1_$$ \\! touch x\n$$;",
        "select 1_e'\\' \\! touch x\n';",
        "select 1\u{a0}e'\\' \\! touch x\n';",
        "set standard_conforming_strings = off;\nselect 'a\\'' \\! touch x\n';",
        "create temp table if not exists tt(a text);\ncopy tt from stdin;\n/*\n\\.\n\\! touch x\n*/",
        "{{ query|replace('x', '\\\\! touch x') }}",
        "-- {{ kpi.description }}\n",
    ] {
        let template = format!("{{{{ begin }}}}\n{{{{ query }}}};\n{behind}");
        let project = self::project(&[("templates/view.sql.j2", &template)]);
        let spec = SPEC.replace("    formula:", "    description: \"\\\\! touch x\"\n    formula:").replace("it''s", "x");
        support::write_files(
            project.path(),
            &[("kpic.yml", &PROJECT.replace("schema:", "dialect: postgres, schema:")), ("specs/shop.yml", &spec)],
        );
        let said = text(&kpic(project.path(), &["check"]).stdout);
        assert!(said.contains("the statement has a backslash"), "{behind}: {said}");
    }
    for (behind, found) in [
        ("select 1 as x\u{a0}$$ ' $$;", "a blank that only some engines take for one"),
        ("select \u{feff}edit(1, 'touch x');", "a blank that only some engines take for one"),
        ("select :LAST_ERROR_MESSAGE ;", "a colon before a name"),
        ("select 1:::x;", "a colon before a name"),
    ] {
        let template = format!("{{{{ begin }}}}\n{{{{ query }}}};\n{behind}\n");
        let project = self::project(&[("templates/view.sql.j2", &template)]);
        let spec = SPEC.replace("it''s", "x");
        let dialect = PROJECT.replace("schema:", "dialect: postgres, schema:");
        support::write_files(project.path(), &[("kpic.yml", &dialect), ("specs/shop.yml", &spec)]);
        let said = text(&kpic(project.path(), &["check"]).stdout);
        assert!(said.contains(found), "{behind}: {said}");
    }
    let project = self::project(&[("templates/view.sql.j2", "{{ begin }}\n{{ query }};\nselect edit('x', 'touch x');\n")]);
    let spec = SPEC.replace(
        "query: select * from (values (date '2024-01-05', 10, 'it''s'), (date '2024-02-05', 7, 'b')) as t(day, amount, shop)",
        "table: sales",
    );
    support::write_files(
        project.path(),
        &[("kpic.yml", &PROJECT.replace("schema:", "dialect: sqlite, schema:")), ("specs/shop.yml", &spec)],
    );
    let said = text(&kpic(project.path(), &["check"]).stdout);
    assert!(said.contains("the statement uses `edit`, with which `sqlite` does more than read tables"), "{said}");
    for (name, template, message) in wrong {
        let project = self::project(&[(&format!("templates/{name}"), template)]);
        let said = text(&kpic(project.path(), &["check"]).stdout);
        assert!(said.contains(message) && said.contains(&format!("templates/{name}:1:")), "{said}");
    }
}
