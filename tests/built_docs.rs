//! The documents that `kpic build` writes: every link leads somewhere, no text of a project does anything, every template can be
//! replaced, and the manifest is what its schema says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read what was built has failed"
)]

#[path = "built_docs/markdown.rs"]
mod markdown;
#[path = "built_docs/schema.rs"]
mod schema;

use kpic::build::{Documents, Output, outputs};
use kpic::diagnostic::Findings;
use kpic::docs::BUILT_IN;
use kpic::manifest::Manifest;
use kpic::pipeline::{Options, check};
use kpic::text::Files;
use markdown::{anchors, links, page_tables, target, unescaped, without_code};
use schema::fits;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The projects whose documents are looked at.
fn projects() -> Vec<PathBuf> {
    ["specs/cdnow", "specs/flights", "tests/hostile"].map(|path| root().join(path)).to_vec()
}

fn built(project: &Path) -> BTreeMap<String, String> {
    let valid = check(project, &Options::default()).valid().unwrap();
    let outputs: Vec<Output> = outputs(&valid, Documents::Pages(kpic::docs::Beside::default())).unwrap();
    outputs.into_iter().map(|output| (output.path, output.text)).collect()
}

/// The pages among what was built, by their paths from `docs/`.
fn pages(project: &Path) -> BTreeMap<String, String> {
    built(project).into_iter().filter_map(|(path, text)| Some((path.strip_prefix("docs/")?.to_owned(), text))).collect()
}

#[test]
fn every_link_leads_to_a_page_and_every_page_is_reached_from_the_index() {
    for project in projects() {
        let pages = pages(&project);
        let mut reached = BTreeSet::from(["index.md".to_owned()]);
        let mut left = vec!["index.md".to_owned()];
        let mut checked = 0;
        while let Some(page) = left.pop() {
            for link in links(&pages[&page]) {
                let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
                let to = target(&page, path);
                let text = pages.get(&to).unwrap_or_else(|| panic!("{page} of {} links to {link}", project.display()));
                if let Some(anchor) = anchor {
                    assert!(anchors(text).contains(anchor), "{page} links to {link}");
                }
                checked += 1;
                if reached.insert(to.clone()) {
                    left.push(to);
                }
            }
        }
        assert_eq!(reached, pages.keys().cloned().collect(), "{}", project.display());
        assert!(checked > 100, "{checked} links in {}", project.display());
    }
}

#[test]
fn each_definition_has_its_page() {
    let pages = pages(&root().join("specs/cdnow"));
    for page in [
        "index.md",
        "glossary.md",
        "lineage.md",
        "kpis/revenue.md",
        "teams/sales.md",
        "scorecards/monthly_review.md",
        "taxonomies/stage-retention.md",
        "sources/purchases.md",
        "dimensions/cohort.md",
    ] {
        assert!(pages.contains_key(page), "{page}");
    }
    assert_eq!(pages.keys().filter(|path| path.starts_with("kpis/")).count(), 23);
}

#[test]
fn a_kpi_is_described_in_full() {
    let pages = pages(&root().join("specs/cdnow"));
    let revenue = &pages["kpis/revenue.md"];
    for said in [
        "# Revenue\n",
        "What buyers paid, free orders included as 0.",
        "| Owner | [Sales](../teams/sales.md), Head of sales |",
        "| Good | ↑ higher is better |",
        "| Periods | by month and week |",
        "| Slices | by [Basket](../dimensions/basket.md); by [Cohort](../dimensions/cohort.md) |",
        "[flow](../glossary.md#flow): periods add up, slices add up",
        "| Stage | [Decision](../taxonomies/stage-decision.md) |",
        "```\nsum(purchases.amount)\n```",
        "- Without any rows the value is 0.",
        "| [Purchases](../sources/purchases.md) | `amount` | decimal, USD | What was paid; 0 for promotions and corrections. |",
        "| [Average order value](../kpis/average_order_value.md) |",
        "| [Active buyers, 90 days](../kpis/active_buyers_90d.md) | up | 1 month |",
        "kpic query revenue --by basket",
        "| `kpi.revenue__week__by_cohort` | week | `period`, `cohort`, `value`, `is_complete` |",
        "create or replace view kpi.revenue as",
        "| Free orders count as orders |",
    ] {
        assert!(revenue.contains(said), "{said}\n{revenue}");
    }
    let line = format!("specs/sales.yml`, line {}", line_of("specs/cdnow/specs/sales.yml", "  revenue:"));
    assert!(revenue.contains(&line), "{line}");
    let window = &pages["kpis/active_buyers_90d.md"];
    assert!(window.contains("It looks back over 90 days up to the end of the period"), "{window}");
    let growth = &pages["kpis/revenue_growth_yoy.md"];
    assert!(growth.contains("against the period 1 year earlier, as a share of the earlier value."), "{growth}");
    assert!(growth.contains("starts before 1997-01-01"), "{growth}");
    assert!(pages["kpis/best_day.md"].contains("It is the greatest of the daily values."));
    assert!(pages["kpis/top_100_share.md"].contains("for each buyer first, and only the 100 greatest values count."));
}

fn line_of(file: &str, start: &str) -> usize {
    let text = fs::read_to_string(root().join(file)).unwrap();
    text.lines().position(|line| line == start).unwrap() + 1
}

#[test]
fn figures_that_are_kept_by_hand_are_shown_in_their_unit() {
    let page = &pages(&root().join("specs/flights"))["kpis/on_time_target.md"];
    assert!(page.contains("| 2013-Q1 | 78% |"), "{page}");
    assert!(page.contains("Its figures are kept by hand, one for each quarter."), "{page}");
}

#[test]
fn no_text_of_a_project_becomes_a_part_of_a_page() {
    let pages = pages(&root().join("tests/hostile"));
    assert!(pages.len() > 10);
    let mut shown = 0;
    for (path, page) in &pages {
        let prose = without_code(page);
        // No element but those that templates write.
        for (at, _) in prose.match_indices('<') {
            let rest = &prose[at..];
            let known = ["<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"];
            assert!(known.iter().any(|tag| rest.starts_with(tag)), "{path}: {}", rest.lines().next().unwrap());
        }
        shown += prose.matches("&lt;kpic-tag").count();
        for line in prose.lines() {
            // The start of a line is a text's only in a paragraph; there it begins nothing.
            let starts = ["- kpic", "# kpic", "1. ", "> kpic", "!!!", "===", "```", "    ", "--8<--", ":::", "* "];
            let own = ["# ", "## ", "### "].iter().any(|heading| line.starts_with(heading));
            assert!(own || !starts.iter().any(|start| line.starts_with(start)), "{path}: {line}");
        }
        // A table has as many cells in a row as in its head.
        let mut cells = None;
        for line in page_tables(&prose) {
            let count = unescaped(&line, '|');
            if cells.is_some() && !line.is_empty() {
                assert_eq!(cells, Some(count), "{path}: {line}");
            }
            cells = if line.is_empty() { None } else { Some(count) };
        }
        for link in links(page) {
            assert!(!link.contains("javascript") && link.contains(".md"), "{path}: {link}");
        }
        // Emphasis, links that are a text's, and templates of site generators.
        let bold = ["**Questions that it answers**", "**How to read it.**", "**Deprecated.**"];
        let lines = prose.lines().filter(|line| !line.starts_with("<summary>"));
        let bare = bold.iter().fold(lines.collect::<Vec<_>>().join("\n"), |prose, bold| prose.replace(bold, ""));
        let bare = links(page).iter().fold(bare, |bare, link| bare.replace(&format!("]({link})"), "]"));
        for mark in ['*', '_', '{', '}'] {
            for (at, _) in bare.match_indices(mark) {
                assert!(bare[..at].ends_with('\\'), "{path}: {mark} in {:?}", bare[at..].lines().next().unwrap());
            }
        }
        assert_eq!(unescaped(&prose, '['), links(page).len(), "{path}");
        assert!(!prose.contains('$') && !prose.contains('~'), "{path}");
    }
    assert!(shown > 30, "{shown}");
}

#[test]
fn labels_of_diagrams_hold_nothing_that_mermaid_knows() {
    for project in projects() {
        let mut labels = 0;
        for page in pages(&project).values() {
            for block in page.split("```mermaid\n").skip(1) {
                for line in block.split("\n```").next().unwrap().lines().filter(|line| line.contains('"')) {
                    let label = line.split('"').nth(1).unwrap();
                    assert_eq!(line.matches('"').count(), 2, "{line}");
                    let harmless = |char: char| char.is_alphanumeric() || " ,…_-.#;".contains(char);
                    assert!(label.chars().all(harmless), "{line}");
                    labels += 1;
                }
            }
        }
        assert!(labels > 10);
    }
}

/// The pages of an example with templates of its own, or what is wrong with these.
fn pages_with(own: &[(&str, &str)]) -> Result<BTreeMap<String, String>, (Findings, Files)> {
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
        let of = |project: &str| {
            let valid = check(&root().join(project), &Options::default()).valid().unwrap();
            kpic::manifest::manifest(&valid, &kpic::plan::views::views(&valid), kpic::dialect::dialect(None))
        };
        // The example has no journeys, no North Star and no objectives.
        let more = of("tests/hostile");
        let (journeys, north_star) = (more.journeys, more.north_star);
        let (objectives, guardrails) = (more.objectives, more.guardrails);
        Manifest { journeys, north_star, objectives, guardrails, ..of("specs/cdnow") }
    });
    let mut files = Files::default();
    files.add("kpic.yml".to_owned(), String::new());
    for (name, text) in own {
        files.add(format!("templates/{name}"), (*text).to_owned());
    }
    let pages = Mutex::new(BTreeMap::new());
    let keep = |page: kpic::docs::Page| _ = pages.lock().unwrap().insert(page.path, page.text);
    match kpic::docs::pages(&MANIFEST, kpic::docs::Beside::default(), &BTreeMap::new(), &files, &keep) {
        Ok(count) => {
            let pages = pages.into_inner().unwrap();
            assert_eq!(pages.len(), count);
            Ok(pages)
        }
        Err(findings) => Err((findings, files)),
    }
}

#[test]
fn each_template_can_be_replaced() {
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| *name != "_macros.md.j2") {
        let pages = pages_with(&[(name, "replaced by {{ project.name }}\n")]).unwrap();
        assert!(pages.values().any(|page| page.contains("replaced by cdnow")), "{name}");
    }
    let macros = BUILT_IN.iter().find(|(name, _)| *name == "_macros.md.j2").unwrap().1;
    let pages = pages_with(&[("_macros.md.j2", &macros.replace("What it tells", "In short"))]).unwrap();
    assert!(pages["index.md"].contains("| KPI | In short |"));
}

#[test]
fn a_template_may_include_templates_of_its_own() {
    let team = "# {{ team.title }}\n\n{% include \"_contact.md.j2\" %}\n";
    let contact = "Write to {{ team.name }}@example.com.\n";
    let pages = pages_with(&[("team.md.j2", team), ("_contact.md.j2", contact)]).unwrap();
    assert_eq!(pages["teams/sales.md"], "# Sales\n\nWrite to sales@example.com.\n");
}

#[test]
fn what_a_replaced_template_prints_is_escaped_too() {
    let kpi = "# {{ kpi.title }}\n\n{{ kpi.name }} {{ \"<b>\" }} {{ \"<b>\"|safe }}\n";
    let pages = pages_with(&[("kpi.md.j2", kpi)]).unwrap();
    assert_eq!(pages["kpis/best_day.md"], "# Best day's orders\n\nbest\\_day &lt;b&gt; <b>\n");
}

#[test]
fn the_guide_to_templates_is_right() {
    let guide = fs::read_to_string(root().join("docs/guides/templates.md")).unwrap();
    let mut own = Vec::new();
    for block in guide.split("\n```jinja ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        own.push((name, rest.split("\n```").next().unwrap()));
    }
    assert_eq!(own.len(), 3);
    let pages = pages_with(&own).unwrap();
    let team = &pages["teams/sales.md"];
    assert!(team.starts_with("# The Sales team\n"), "{team}");
    assert!(team.contains("[Ask the data team](mailto:data@example.com)"), "{team}");
    // Every template is in the table, with all that it has.
    for (name, _) in BUILT_IN {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        if name.starts_with('_') {
            continue;
        }
        let row = guide.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        let (findings, _) = pages_with(&[(name, "{{ xyzzy }}")]).unwrap_err();
        let help = findings.iter().next().unwrap().help.clone().unwrap();
        let (_, names) = help.split_once("the page has: ").unwrap();
        for variable in
            names.split(", ").filter(|name| !["project", "index", "glossary", "lineage_page", "north_star"].contains(name))
        {
            assert!(row.contains(&format!("`{variable}`")), "{name} has {variable}");
        }
    }
}

#[test]
fn what_is_wrong_in_a_template_is_a_finding_at_its_place() {
    /// The template, its text, and the code, a part of the message, the line and a part of the help of the finding.
    type Wrong = (&'static str, &'static str, &'static str, &'static str, usize, Option<&'static str>);
    let wrong: &[Wrong] = &[
        ("kpi.md.j2", "# {{ kpi.title }}\n\n{{ kpi.titel }}\n", "K0812", "there is no `kpi.titel`", 3, Some("`title`")),
        ("kpi.md.j2", "\n{{ onwer }}\n", "K0812", "there is no `onwer`", 2, Some("`owner`")),
        ("kpi.md.j2", "{{ kpi.nothing | code }}\n", "K0812", "there is no `kpi.nothing`", 1, None),
        ("kpi.md.j2", "{{ kpi.agenda|links }}\n", "K0812", "there is no `kpi.agenda`", 1, None),
        ("index.md.j2", "a\n{% for team in teams %}\n", "K0812", "end of input", 2, None),
        ("team.md.j2", "{{ team.name|shout }}\n", "K0812", "shout", 1, None),
        ("team.md.j2", "\n{% include \"_nothing.md.j2\" %}\n", "K0812", "_nothing.md.j2", 2, None),
        ("_footer.md.j2", "\n\n{{ nothing }}\n", "K0812", "there is no `nothing`", 3, None),
        ("kpis.md.j2", "{{ kpi.title }}\n", "K0811", "there is no template `kpis.md.j2` for a page", 1, Some("`kpi.md.j2`")),
    ];
    for (name, text, code, message, line, help) in wrong {
        let (findings, files) = pages_with(&[(name, text)]).unwrap_err();
        assert_eq!(findings.iter().count(), 1, "{text}: {findings:#?}");
        let finding = findings.iter().next().unwrap();
        assert_eq!(finding.code.id, *code, "{finding:#?}");
        assert!(finding.message.contains(message), "{finding:#?}");
        let span = finding.labels[0].span;
        assert_eq!(files.path(span.file), format!("templates/{name}"));
        assert_eq!(files.line(span), *line, "{finding:#?}");
        if let Some(help) = help {
            assert!(finding.help.as_ref().unwrap().contains(help), "{finding:#?}");
        }
    }
}

#[test]
fn nothing_is_written_if_a_template_is_wrong() {
    let project = copy();
    fs::create_dir(project.path().join("templates")).unwrap();
    fs::write(project.path().join("templates/kpi.md.j2"), "# {{ kpi.title }}\n\n{{ kpi.titel }}\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kpic")).arg("-C").arg(project.path()).arg("build").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("K0812 bad-template") && said.contains("templates/kpi.md.j2:3:4"), "{said}");
    assert!(!project.path().join("build").exists());
}

#[test]
fn a_build_is_the_same_each_time_and_pages_go_away_with_what_they_are_about() {
    let project = copy();
    let kpic = || {
        let output = Command::new(env!("CARGO_BIN_EXE_kpic")).arg("-C").arg(project.path()).arg("build").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    kpic();
    assert_eq!(built(project.path()), built(&root().join("specs/cdnow")));
    let page = project.path().join("build/docs/kpis/best_day.md");
    let before = fs::read_to_string(&page).unwrap();
    assert_eq!(before, built(project.path())["docs/kpis/best_day.md"]);
    let specs = project.path().join("specs/sales.yml");
    let text = fs::read_to_string(&specs).unwrap();
    fs::write(&specs, text.replace("  best_day:\n", "  busiest_day:\n")).unwrap();
    kpic();
    assert!(!page.exists());
    assert!(project.path().join("build/docs/kpis/busiest_day.md").exists());
}

#[test]
fn a_build_without_documents_is_the_rest_of_one_with_them() {
    for project in projects() {
        let valid = check(&project, &Options::default()).valid().unwrap();
        let rest = outputs(&valid, Documents::Pages(kpic::docs::Beside::default()))
            .unwrap()
            .into_iter()
            .filter(|output| !output.path.starts_with("docs/"));
        let rest: Vec<Output> = rest.collect();
        assert!(rest.len() > 3);
        assert_eq!(outputs(&valid, Documents::None).unwrap(), rest);
    }
}

#[test]
fn the_manifest_says_what_the_project_says() {
    let manifest: Value = serde_json::from_str(&built(&root().join("specs/cdnow"))["manifest.json"]).unwrap();
    let revenue = &manifest["kpis"]["revenue"];
    assert_eq!(revenue["formula"], "sum(purchases.amount)");
    assert_eq!(revenue["unit"], "USD");
    assert_eq!(revenue["owner"], "sales");
    assert_eq!(revenue["reads"], serde_json::json!({ "purchases": ["purchased_on", "amount"] }));
    assert_eq!(revenue["slices"], serde_json::json!([["basket"], ["cohort"]]));
    assert_eq!(revenue["driven_by"], serde_json::json!(["active_buyers_90d"]));
    assert_eq!(revenue["scorecards"], serde_json::json!(["monthly_review"]));
    assert_eq!(manifest["kpis"]["average_order_value"]["components"], serde_json::json!(["revenue", "purchases"]));
    let view = &manifest["views"]["revenue__week__by_cohort"];
    assert_eq!(view["relation"], "kpi.revenue__week__by_cohort");
    assert_eq!(view["file"], "sql/duckdb/revenue__week__by_cohort.sql");
    assert_eq!(view["columns"], serde_json::json!(["period", "cohort", "value", "is_complete"]));
    assert_eq!(manifest["calendar"]["as_of"], "1998-06-30");
    assert_eq!(manifest["sources"]["purchases"]["columns"][0]["references"], "customers");

    let hostile: Value = serde_json::from_str(&built(&root().join("tests/hostile"))["manifest.json"]).unwrap();
    assert_eq!(hostile["kpis"]["order_count"]["meta"], serde_json::json!({ "note": "</script><kpic-tag>" }));
    assert_eq!(hostile["kpis"]["order_count"]["replaces"], serde_json::json!(["order_growth"]));
}

#[test]
fn the_manifest_is_what_its_schema_says() {
    for project in projects() {
        let built = built(&project);
        let schema: Value = serde_json::from_str(&built["manifest.schema.json"]).unwrap();
        let manifest: Value = serde_json::from_str(&built["manifest.json"]).unwrap();
        let mut wrong = Vec::new();
        fits(&manifest, &schema, &schema, "manifest", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        // The check is one: what does not fit is found.
        let mut other = manifest.clone();
        other["kpis"].as_object_mut().unwrap().values_mut().next().unwrap()["grains"] = Value::from(1);
        other["project"].as_object_mut().unwrap().remove("title");
        fits(&other, &schema, &schema, "manifest", &mut wrong);
        assert_eq!(wrong.len(), 2, "{wrong:#?}");
    }
}

#[test]
fn the_published_schema_is_that_of_this_version() {
    let path = root().join("docs/schema/manifest.schema.json");
    let schema = kpic::manifest::schema();
    if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), schema, "with KPIC_UPDATE_DOCS=1 it is brought up to date");
}

/// A copy of an example without its data.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("specs/cdnow");
    fs::copy(from.join("kpic.yml"), folder.path().join("kpic.yml")).unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    for entry in fs::read_dir(from.join("specs")).unwrap().flatten() {
        fs::copy(entry.path(), folder.path().join("specs").join(entry.file_name())).unwrap();
    }
    folder
}
