//! Named targets: which one is meant, what names take from the environment, and that what says how to connect is never shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

mod support;

use std::path::Path;
use std::process::{Command, Output};
use support::{text, write_files};

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-01-31 }
warehouse: { schema: kpi }
target: dev
targets:
  dev: { schema: \"analytics_${KPIC_VAR_USER:-dev}\" }
  prod: { dialect: postgres, schema: analytics, source_schema: raw, connection_env: KPIC_CONNECTION_PROD }
  own: { schema: \"of_${KPIC_VAR_TEAM}\" }
lints: { quiet-source: allow, missing-description: allow, missing-owner: allow }
";

const SPEC: &str = "sources:
  orders: { table: orders, kind: events, time: day, columns: { day: date } }
kpis:
  orders: { formula: count(orders) }
";

fn asked(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.args(arguments).arg("-C").arg(folder).env_remove("KPIC_TARGET").env_remove("KPIC_CONNECTION");
    command.envs(environment.iter().copied()).output().unwrap()
}

fn project(project: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", project), ("specs/all.yml", SPEC)]);
    folder
}

#[test]
fn a_target_says_where_views_and_tables_are() {
    let folder = project(PROJECT);
    let made = |arguments: &[&str], environment: &[(&str, &str)], dialect: &str| {
        let output = asked(folder.path(), &[&["build", "--no-docs"], arguments].concat(), environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::read_to_string(folder.path().join(format!("build/sql/{dialect}/orders.sql"))).unwrap()
    };
    let has = |sql: &str, words: &[&str]| words.iter().for_each(|word| assert!(sql.contains(word), "no `{word}` in {sql}"));
    has(&made(&[], &[], "duckdb"), &["view analytics_dev.orders as", "main.orders"]);
    has(&made(&[], &[("KPIC_VAR_USER", "ada")], "duckdb"), &["view analytics_ada.orders as"]);
    has(&made(&["--target", "prod"], &[], "postgres"), &["view analytics.orders as", "raw.orders"]);
    has(&made(&[], &[("KPIC_TARGET", "prod")], "postgres"), &["view analytics.orders as"]);
    // The command line comes first.
    has(&made(&["--target", "dev"], &[("KPIC_TARGET", "prod")], "duckdb"), &["view analytics_dev.orders as"]);
}

#[test]
fn a_target_says_what_views_become() {
    let folder = project(&PROJECT.replace("prod: { ", "prod: { materialize: table, "));
    let made = |target: &str| {
        assert!(asked(folder.path(), &["build", "--target", target], &[]).status.success());
        let manifest = std::fs::read(folder.path().join("build/manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        manifest["views"]["orders"]["materialize"].as_str().unwrap().to_owned()
    };
    assert_eq!((made("dev").as_str(), made("prod").as_str()), ("view", "table"));
    // A KPI that says it itself is what it says everywhere.
    write_files(folder.path(), &[("specs/all.yml", &SPEC.replace("count(orders)", "count(orders), materialize: view"))]);
    assert_eq!(made("prod"), "view");
}

#[test]
fn a_target_that_is_not_there_is_a_finding() {
    let folder = project(PROJECT);
    for (arguments, environment, from) in
        [(vec!["--target", "prd"], vec![], "(from --target)"), (vec![], vec![("KPIC_TARGET", "prd")], "(from KPIC_TARGET)")]
    {
        let output = asked(folder.path(), &[&["check"], arguments.as_slice()].concat(), &environment);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("unknown-target") && said.contains(from) && said.contains("did you mean `prod`?"), "{said}");
    }
    let folder = project(&PROJECT.replace("target: dev\n", ""));
    // Without a default it is what is under `warehouse`.
    assert!(asked(folder.path(), &["build", "--no-docs"], &[]).status.success());
    assert!(std::fs::read_to_string(folder.path().join("build/sql/duckdb/orders.sql")).unwrap().contains("view kpi.orders as"));
}

#[test]
fn only_the_chosen_target_needs_its_variables() {
    let folder = project(PROJECT);
    let check = |variables: &[(&str, &str)]| {
        let output = asked(folder.path(), &["check", "--target", "own"], variables);
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(check(&[("KPIC_VAR_TEAM", "sales")]).0, Some(0));
    let (code, said) = check(&[]);
    assert!(code == Some(1) && said.contains("the variable `KPIC_VAR_TEAM` is not set"), "{said}");
    let (code, said) = check(&[("KPIC_VAR_TEAM", "x; drop schema secret-of-mine")]);
    assert!(code == Some(1) && said.contains("not a part of a plain name") && !said.contains("secret-of-mine"), "{said}");
}

#[test]
fn how_to_connect_is_refused_in_specs_and_never_shown() {
    let secret = "battery-staple";
    for (line, place) in [
        ("warehouse: { schema: kpi }", format!("warehouse: {{ schema: kpi, password: {secret} }}")),
        ("warehouse: { schema: kpi }", format!("warehouse: {{ schema: kpi, connection: 'host=db password={secret}' }}")),
        ("warehouse: { schema: kpi }", format!("warehouse: {{ schema: kpi }}\nconnection: postgresql://ada:{secret}@db/shop")),
        ("target: dev", format!("target: dev\nurl: postgresql://ada:{secret}@db/shop")),
        ("connection_env: KPIC_CONNECTION_PROD", format!("connection_env: 'postgresql://ada:{secret}@db/shop'")),
        (
            "connection_env: KPIC_CONNECTION_PROD",
            format!("connection_env: KPIC_CONNECTION_PROD, connection: {{ user: ada, pass: {secret} }}"),
        ),
        ("  own: ", format!("  far: 'postgresql://ada:{secret}@db/shop'\n  own: ")),
        ("  own: ", format!("  far: {{ dialect: 'postgresql://ada:{secret}@db/shop' }}\n  own: ")),
        ("  own: ", format!("  far: {{ sceema: x, user: {secret} }}\n  own: ")),
        ("  own: ", format!("  far: {{ pasword: x, database: 'md:shop?password={secret}' }}\n  own: ")),
    ] {
        let folder = project(&PROJECT.replace(line, &place));
        for arguments in [
            vec!["check"],
            vec!["check", "--format", "json"],
            vec!["check", "--format", "github"],
            vec!["check", "--format", "sarif"],
            vec!["check", "--diff"],
            vec!["build"],
            vec!["run"],
        ] {
            let output = asked(folder.path(), &arguments, &[]);
            let said = text(&output.stdout) + &text(&output.stderr);
            // SARIF is a report, whatever it says.
            assert!(output.status.code() == Some(1) || arguments.contains(&"sarif"), "{arguments:?} {place}: {said}");
            assert!(!said.contains(secret), "{arguments:?} {place}: {said}");
            let is_counted = arguments.contains(&"--diff") && said.contains("would remain");
            assert!(
                is_counted || said.contains("connection-in-spec") || said.contains("K0808"),
                "{arguments:?} {place}: {said}"
            );
        }
    }
}

#[test]
fn a_target_takes_its_own_connection_and_no_other() {
    let folder = project(PROJECT);
    let run = |environment: &[(&str, &str)]| {
        let output = asked(folder.path(), &["run", "--target", "prod"], environment);
        assert_eq!(output.status.code(), Some(3));
        text(&output.stderr)
    };
    // Only where `psql` is: it is looked for first.
    let said = run(&[("KPIC_CONNECTION", "postgresql://ada@localhost:1/dev")]);
    if said.contains("the program `psql` was not found") {
        return;
    }
    assert!(said.contains("the variable `KPIC_CONNECTION_PROD` is not set"), "{said}");
    let said = run(&[("KPIC_CONNECTION_PROD", "ghp_token_of_somebody")]);
    assert!(said.contains("is not a connection") && !said.contains("ghp_token"), "{said}");
    // Whoever changes a spec changes which program gets a connection: one for a server is no file.
    for secret in ["postgresql://ada:geheim@db/shop", "host=db password=geheim", "geheim"] {
        let sqlite = "kpic: 1\ncalendar: { start: 2024-01-01 }\nwarehouse: { dialect: sqlite }\n";
        let there = tempfile::tempdir().unwrap();
        support::write_files(there.path(), &[("kpic.yml", sqlite), ("specs/a.yml", SPEC)]);
        let output = Command::new(env!("CARGO_BIN_EXE_kpic"))
            .arg("run")
            .current_dir(there.path())
            .env("KPIC_CONNECTION", secret)
            .output()
            .unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(
            output.status.code() == Some(3) && said.contains("is not the path of a file") && !said.contains("geheim"),
            "{said}"
        );
    }
    let said = run(&[("KPIC_CONNECTION_PROD", "postgresql://ada:geheim@localhost:1/shop")]);
    assert!(said.contains("nothing answers there") && !said.contains("geheim"), "{said}");
}

#[test]
fn a_target_with_a_file_of_its_own_reads_no_other() {
    let folder = project(&PROJECT.replace("dialect: postgres, ", ""));
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = asked(folder.path(), &[&["run", "--target", "prod"], arguments].concat(), environment);
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = run(&[], &[("KPIC_CONNECTION", "other.duckdb")]);
    if said.contains("the program `duckdb` was not found") {
        return;
    }
    assert!(code == Some(3) && said.contains("the variable `KPIC_CONNECTION_PROD` is not set"), "{said}");
    let (code, said) = run(&[], &[("KPIC_CONNECTION_PROD", "token-of-somebody")]);
    assert!(code == Some(3) && said.contains("is not the path of a file") && !said.contains("token-of"), "{said}");
    // A profile on the command line comes before it.
    let (code, said) = run(&["--profile", "shop", "--profiles-dir", "/nowhere"], &[]);
    assert!(code == Some(3) && !said.contains("KPIC_CONNECTION_PROD") && said.contains("profiles"), "{said}");
    let (code, said) = run(&["--connection", "postgresql://ada@nowhere/shop"], &[]);
    assert!(code == Some(2) && said.contains("the data of this project is in DuckDB"), "{said}");
    let (code, said) = run(&["--dialect", "postgres", "--database", "x.duckdb"], &[]);
    assert!(code == Some(2) && said.contains("on a PostgreSQL server"), "{said}");
}

#[test]
fn a_connection_comes_from_a_variable_for_connections() {
    let folder = project(&PROJECT.replace("KPIC_CONNECTION_PROD", "GITHUB_HEAD_REF"));
    for target in ["dev", "prod"] {
        let output = asked(folder.path(), &["run", "--target", target], &[("GITHUB_HEAD_REF", "host=elsewhere")]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("K0809") && said.contains("such as `KPIC_CONNECTION_PROD`"), "{said}");
    }
}

#[test]
fn names_under_warehouse_have_variables_too() {
    let folder =
        project(&PROJECT.replace("schema: kpi }", "schema: \"kpi_${KPIC_VAR_USER:-dev}\" }").replace("target: dev\n", ""));
    let built = |environment: &[(&str, &str)]| {
        let output = asked(folder.path(), &["build", "--no-docs"], environment);
        assert!(output.status.success(), "{}", text(&output.stdout));
        std::fs::read_to_string(folder.path().join("build/sql/duckdb/orders.sql")).unwrap()
    };
    assert!(built(&[]).contains("view kpi_dev.orders as"));
    assert!(built(&[("KPIC_VAR_USER", "ada")]).contains("view kpi_ada.orders as"));
    let folder = project(&PROJECT.replace("schema: kpi }", "schema: \"kpi_$USER\" }"));
    let output = asked(folder.path(), &["check"], &[]);
    assert!(output.status.code() == Some(1) && text(&output.stdout).contains("K0809"), "{}", text(&output.stdout));
}
