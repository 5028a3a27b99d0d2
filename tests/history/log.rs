//! `kpic log` and `kpic blame`.

use super::{KPIC, PAID, Repository, git, holds, kpis, run};

/// A log in short: for each step its class, name, former name, and the summary of the commit.
fn steps(json: &serde_json::Value) -> Vec<String> {
    let step = |step: &serde_json::Value| {
        let text = |key: &str| step[key].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {} by {}",
            text("class"),
            text("name"),
            text("former"),
            text("change"),
            step["commit"]["summary"].as_str().unwrap_or("nobody")
        )
    };
    json["steps"].as_array().unwrap().iter().map(step).collect()
}

/// A history with something of each kind.
fn shop() -> Repository {
    let repository = Repository::new();
    repository.write("README.md", "No spec.\n");
    repository.commit("no spec");
    repository.write("specs/kpis.yml", &kpis("0 + sum(orders.amount)", "sales"));
    repository.commit("written differently");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("only paid orders");
    repository.git(&["mv", "specs/kpis.yml", "specs/moved.yaml"]);
    repository.commit("moved");
    let renamed = kpis(PAID, "finance").replace("double:", "twice:");
    repository.write("specs/moved.yaml", &renamed);
    repository.commit("renamed, and another owner");
    repository
}

#[test]
fn a_definition_is_followed_through_files_and_names() {
    let repository = shop();
    let log = repository.json(&["log", "twice"]);
    assert_eq!(
        steps(&log),
        [
            "interface twice double renamed by renamed, and another owner",
            "meaning double - changed by only paid orders",
            "interface double - changed by written differently",
            "none double - added by first",
        ]
    );
    assert_eq!(log["ended"], "began");
    // What is upstream is told with the way from it.
    let upstream = &log["steps"][1]["upstream"][0];
    assert_eq!(upstream["name"], "revenue");
    assert_eq!(upstream["through"], serde_json::json!(["revenue", "double"]));
    assert_eq!(upstream["fields"][0]["after"], PAID);
    assert_eq!(log["steps"][1]["file"], "specs/kpis.yml");
    assert_eq!(log["steps"][0]["file"], "specs/moved.yaml");
    assert_eq!(log["steps"][0]["commit"]["author"], "Ada Lövelace");
    assert_eq!(log["steps"][0]["commit"]["date"], "2026-03-31");
    holds("log", &log);
    // A former name is followed from where it was the name.
    assert_eq!(steps(&repository.json(&["log", "double"])), steps(&log));
    assert_eq!(steps(&repository.json(&["log", "twice", "--meaning"])), [steps(&log)[1].clone(), steps(&log)[3].clone()]);
    let limited = repository.json(&["log", "twice", "--limit", "1"]);
    assert_eq!((steps(&limited).len(), limited["ended"].as_str()), (1, Some("stopped")));
    assert_eq!(steps(&repository.json(&["log", "twice", "--since", "2026-03-31"])).len(), 4);
    assert_eq!(steps(&repository.json(&["log", "twice", "--since", "2026-04-01"])).len(), 0);
    // Other kinds have a history, too, and what did nothing to them is no step.
    assert_eq!(steps(&repository.json(&["log", "orders"])), ["none orders - added by first"]);
    assert_eq!(steps(&repository.json(&["log", "calendar"])), ["none  - added by first"]);
}

#[test]
fn blame_says_since_when() {
    let repository = shop();
    let blame = repository.json(&["blame", "twice"]);
    assert_eq!(blame["meaning"]["commit"]["summary"], "only paid orders");
    assert_eq!(blame["meaning"]["upstream"][0]["through"], serde_json::json!(["revenue", "double"]));
    assert_eq!(blame["goal"]["commit"]["summary"], "first");
    assert_eq!(blame["ownership"]["commit"]["summary"], "first");
    holds("blame", &blame);
    assert_eq!(repository.json(&["blame", "revenue"])["ownership"]["commit"]["summary"], "renamed, and another owner");
    let said = repository.kpic(&["blame", "twice"]);
    assert!(said.out.contains("values: since 2026-03-31"), "{}", said.out);
    assert!(said.out.contains("    by revenue → double\n"), "{}", said.out);
    // As of a commit, what came later is not known.
    let before = repository.json(&["blame", "double", "--from", "HEAD~3"]);
    assert_eq!(before["meaning"]["commit"]["summary"], "first");
}

#[test]
fn a_goal_of_a_kpi_is_one_of_its_key_results() {
    let repository = Repository::new();
    let goal = |to: u32| {
        format!(
            "objectives:\n  growth:\n    owner: sales\n    period: 2024\n    key_results:\n      more: {{ kpi: revenue, from: 0, to: {to} }}\n"
        )
    };
    repository.write("specs/goals.yml", &goal(90));
    repository.commit("a goal");
    repository.write("specs/goals.yml", &goal(95));
    repository.commit("a higher goal");
    repository.write("README.md", "x");
    repository.commit("no spec");
    let blame = repository.json(&["blame", "revenue"]);
    assert_eq!(blame["goal"]["commit"]["summary"], "a higher goal");
    assert_eq!(blame["goal"]["goals"][0]["name"], "growth.more");
    assert_eq!(blame["meaning"]["commit"]["summary"], "first");
    // In the log of the KPI such a step is none of its own; in that of the key result it is.
    assert_eq!(steps(&repository.json(&["log", "revenue"])), ["none revenue - added by first"]);
    assert_eq!(
        steps(&repository.json(&["log", "growth.more"])),
        ["goal growth.more - changed by a higher goal", "goal growth.more - added by a goal"]
    );
    // A key result moves with its objective.
    repository.write("specs/goals.yml", &goal(95).replace("growth:", "more_growth:"));
    repository.commit("another name");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("only paid");
    assert_eq!(
        steps(&repository.json(&["log", "more_growth.more"])),
        [
            "meaning more_growth.more - - by only paid",
            "interface more_growth.more growth.more renamed by another name",
            "goal growth.more - changed by a higher goal",
            "goal growth.more - added by a goal",
        ]
    );
}

#[test]
fn of_a_merge_the_commits_are_told_that_did_it() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/kpis.yml", &kpis("sum(orders.amuont)", "sales"));
    repository.commit("does not compile");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("only paid orders");
    repository.write("specs/more.yml", "kpis:\n  sold: { description: How many., formula: count(orders), owner: sales }\n");
    repository.commit("something else");
    repository.git(&["checkout", "-q", "main"]);
    repository.write("README.md", "x");
    repository.commit("meanwhile");
    repository.git(&["merge", "-q", "--no-ff", "-m", "merge work", "work"]);
    let log = repository.json(&["log", "revenue"]);
    assert_eq!(steps(&log), ["meaning revenue - changed by merge work", "none revenue - added by first"]);
    let brought = log["steps"][0]["brought"].as_array().unwrap();
    let brought: Vec<&str> = brought.iter().map(|one| one["summary"].as_str().unwrap()).collect();
    assert_eq!(brought, ["only paid orders"]);
    // What the branch did that does not compile is no step of the first parents.
    assert_eq!(log["broken"].as_array().unwrap().len(), 0);
}

#[test]
fn versions_that_do_not_compile_are_shown_and_compared_with_nothing() {
    let repository = Repository::new();
    for wrong in ["sum(orders.amuont)", "sum(orders.amount"] {
        repository.write("specs/kpis.yml", &kpis(wrong, "sales"));
        repository.commit(wrong);
    }
    repository.write("specs/kpis.yml", "<<<<<<< HEAD\n");
    repository.commit("conflict");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("mended");
    let log = repository.json(&["log", "revenue"]);
    assert_eq!(steps(&log), ["meaning revenue - changed by mended", "none revenue - added by first"]);
    assert_eq!(log["steps"][0]["unsure"], 3);
    assert_eq!(log["broken"][0]["commits"].as_array().unwrap().len(), 3);
    assert_eq!(log["broken"][0]["commits"][0]["summary"], "conflict");
    assert!(log["broken"][0]["error"].as_str().unwrap().starts_with("specs/kpis.yml:1: "), "{log}");
    let said = repository.kpic(&["log", "revenue"]);
    assert!(said.out.contains("or in 3 versions right before it, which do not compile"), "{}", said.out);
    assert!(said.out.contains("conflict  and 2 versions before it\n"), "{}", said.out);
    // The version at hand is one, too.
    repository.write("specs/kpis.yml", "kpis: [");
    let said = repository.kpic(&["log", "revenue"]);
    assert!(said.err.contains("this folder has errors, so history starts at the last version that compiles"), "{}", said.err);
    assert!(said.out.starts_with("does not compile not committed\n"), "{}", said.out);
    assert!(said.out.contains("mended"), "{}", said.out);
}

#[test]
fn where_no_older_version_compiles_that_is_said() {
    let repository = Repository::empty();
    repository.write("kpic.yml", KPIC);
    repository.write("specs/kpis.yml", "kpis: [");
    repository.commit("broken");
    let whole = format!("teams: {{ sales: {{}}, finance: {{}} }}\n{}{}", super::SOURCES, kpis(PAID, "sales"));
    repository.write("specs/kpis.yml", &whole);
    repository.commit("mended");
    let log = repository.json(&["log", "revenue"]);
    assert_eq!(log["ended"], "unread");
    assert!(steps(&log).is_empty(), "{log}");
    let said = repository.kpic(&["blame", "revenue"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("values: not found in the history that can be read"), "{}", said.out);
    assert!(said.out.contains("no version before that compiles with this kpic"), "{}", said.out);
}

#[test]
fn what_is_not_committed_is_the_latest_step() {
    let repository = Repository::new();
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    let log = repository.json(&["log", "revenue"]);
    assert_eq!(steps(&log), ["meaning revenue - changed by nobody", "none revenue - added by first"]);
    assert!(log["steps"][0]["commit"].is_null());
    assert!(repository.kpic(&["blame", "revenue"]).out.contains("values: since not committed\n"));
    assert_eq!(steps(&repository.json(&["log", "revenue", "--from", "HEAD"])).len(), 1);
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let repository = shop();
    let folder = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(folder.path(), &["clone", "-q", "--depth", "2", &from, "clone"]);
    let clone = folder.path().join("clone");
    let said = run(&clone, &["log", "twice"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("KPI twice (was double)") && !said.out.contains("(new)"), "{}", said.out);
    assert!(said.out.contains("this clone is shallow: what was before"), "{}", said.out);
    let said = run(&clone, &["blame", "twice"]);
    assert!(said.out.contains("values: not found in the history that can be read"), "{}", said.out);
    // A clone whose depth is the whole history is not cut off.
    git(folder.path(), &["clone", "-q", "--depth", "6", &from, "whole"]);
    assert!(!run(&folder.path().join("whole"), &["log", "twice"]).out.contains("shallow"));
}

#[test]
fn projects_in_folders_detached_heads_and_removed_definitions() {
    let repository = Repository::new();
    for file in ["kpic.yml", "specs/teams.yml", "specs/sources.yml", "specs/kpis.yml"] {
        let text = std::fs::read_to_string(repository.path().join(file)).unwrap();
        repository.write(&format!("teams/größe x/{file}"), &text);
    }
    repository.commit("a second project");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("the first project alone");
    repository.write("teams/größe x/specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("the second project");
    let inner = repository.path().join("teams/größe x/specs");
    let said = run(&inner, &["log", "revenue", "--format", "json"]);
    let log: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(steps(&log), ["meaning revenue - changed by the second project", "none revenue - added by a second project"]);
    assert_eq!(log["ended"], "began");
    repository.git(&["checkout", "-q", "--detach", "HEAD~1"]);
    assert_eq!(
        steps(&repository.json(&["log", "revenue"])),
        ["meaning revenue - changed by the first project alone", "none revenue - added by first"]
    );
    // What is gone is found where it was.
    repository.write("specs/kpis.yml", kpis(PAID, "sales").split("  double:").next().unwrap());
    repository.commit("no double");
    let log = repository.json(&["log", "double"]);
    assert_eq!(steps(&log)[0], "interface double - removed by no double");
    assert_eq!(log["steps"][0]["upstream"].as_array().unwrap().len(), 0);
    assert_eq!(steps(&log).len(), 3, "{:?}", steps(&log));
    // Specs at the root, where the folder of the project is that of the specs.
    repository.git(&["mv", "specs/kpis.yml", "kpis.yml"]);
    repository.git(&["mv", "specs/sources.yml", "sources.yml"]);
    repository.git(&["mv", "specs/teams.yml", "teams.yml"]);
    repository.git(&["rm", "-rq", "teams"]);
    repository.write("kpic.yml", &format!("{KPIC}specs: .\n"));
    repository.commit("specs at the root");
    repository.write("kpis.yml", &kpis("count(orders)", "sales"));
    repository.commit("count");
    assert_eq!(steps(&repository.json(&["log", "revenue"]))[0], "meaning revenue - changed by count");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kpic.yml"), KPIC).unwrap();
    let said = run(folder.path(), &["log", "revenue"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("not in a git repository") && !said.err.contains("OLD NEW"), "{}", said.err);
    let repository = Repository::empty();
    repository.write("kpic.yml", KPIC);
    let said = repository.kpic(&["log", "revenue"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("this repository has no commit yet"), "{}", said.err);
    let repository = Repository::new();
    let said = repository.kpic(&["log", "revenu"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("has a definition `revenu`") && said.err.contains("did you mean `revenue`?"), "{}", said.err);
    let said = repository.kpic(&["log", "revenue", "--from", "nowhere"]);
    assert!(said.err.contains("git knows no commit `nowhere`"), "{}", said.err);
    assert_eq!(repository.kpic(&["log", "revenue", "--limit", "0"]).code, 2);
    assert_eq!(repository.kpic(&["log", "revenue", "--since", "yesterday"]).code, 2);
    assert!(repository.kpic(&["log", "revenue", "--kind", "kip"]).err.contains("expected one of"));
    // A source and a dimension of one name: nothing is guessed.
    repository.write("specs/more.yml", "dimensions: { orders: { description: A name that is taken. } }\n");
    let said = repository.kpic(&["log", "orders"]);
    assert!(said.err.contains("`orders` is a source and a dimension") && said.err.contains("--kind source"), "{}", said.err);
    assert_eq!(repository.kpic(&["log", "orders", "--kind", "source"]).code, 0);
}

#[test]
fn nothing_of_what_others_write_does_anything() {
    let repository = Repository::new();
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit_by("::error::Eve\u{1b}[31m `x` @all", "::error file=a::b \u{1b}]0;title\u{7} <img src=x> @team #1");
    let said = repository.kpic(&["log", "revenue"]);
    assert!(!said.out.contains('\u{1b}') && !said.out.lines().any(|line| line.trim_start().starts_with("::")), "{}", said.out);
    let said = repository.kpic(&["log", "revenue", "--format", "markdown"]);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    let line = said.out.lines().find(|line| line.contains("Eve")).unwrap();
    assert!(line.starts_with("- **meaning** 2026-03-31 `"), "{line}");
    // Outside of code nothing calls anybody.
    let mut outside = String::new();
    let mut rest = line.replace("<code>", "`").replace("</code>", "`");
    while let Some((before, after)) = rest.clone().split_once('`') {
        outside.push_str(before);
        rest = after.split_once('`').map_or("", |(_, rest)| rest).to_owned();
    }
    outside.push_str(&rest);
    assert!(!outside.contains(['@', '#', '<']), "{outside}");
    let log = repository.json(&["log", "revenue"]);
    assert_eq!(log["steps"][0]["commit"]["author"], "error::Eve\u{1b}[31m `x` @all");
    // Settings that would run programs.
    let canary = repository.path().join("canary");
    let touch = format!("touch '{}'", canary.display());
    for (key, value) in [
        ("log.showSignature", "true"),
        ("gpg.program", &touch),
        ("core.pager", &touch),
        ("core.fsmonitor", &touch),
        ("alias.rev-list", &touch),
    ] {
        repository.git(&["config", key, value]);
    }
    assert_eq!(steps(&repository.json(&["log", "revenue"])).len(), 2);
    assert!(!canary.exists());
}

#[test]
fn pages_show_the_history_of_their_kpi_on_request() {
    let repository = shop();
    let page = |name: &str| std::fs::read_to_string(repository.path().join(format!("build/docs/kpis/{name}.md"))).unwrap();
    assert_eq!(repository.kpic(&["build"]).code, 0);
    assert!(!page("twice").contains("## History"));
    // What is not committed comes first, and what others wrote is code.
    let renamed = kpis(PAID, "finance").replace("double:", "twice:").replace("* 2", "* 3");
    repository.write("specs/moved.yaml", &renamed);
    let hostile = "<img src=x> [a](http://x) `b` {{ c }}";
    repository.commit_by("Eve <b>", hostile);
    repository.write("specs/moved.yaml", &renamed.replace("* 3", "* 4"));
    let said = repository.kpic(&["build", "--history"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let twice = page("twice");
    let history = twice.split_once("## History\n").unwrap().1;
    let steps: Vec<&str> = history.lines().filter(|line| line.starts_with("- ")).collect();
    let summaries =
        ["not committed", "&#60;img", "renamed, and another owner", "only paid orders", "written differently", "first"];
    assert_eq!(steps.len(), summaries.len(), "{history}");
    for (step, summary) in steps.iter().zip(summaries) {
        assert!(step.contains(summary), "{history}");
    }
    assert!(steps[0].starts_with("- **meaning** not committed: KPI `twice`"), "{history}");
    assert!(history.contains("- `formula`: `revenue * 3` → `revenue * 4`"), "{history}");
    assert!(!["<img", "[a](", "{{"].iter().any(|part| twice.contains(part)), "{twice}");
    assert!(steps[3].starts_with("- **meaning** 2026-03-31"), "{history}");
    // The KPI that changed shows its own change, and only what concerns it.
    let revenue = page("revenue");
    assert!(!revenue.contains("not committed") && revenue.contains("only paid orders"), "{revenue}");
}

#[test]
fn pages_have_no_history_outside_of_git() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::write_files(folder.path(), &[("kpic.yml", KPIC), ("specs/sources.yml", super::SOURCES)]);
    let said = run(folder.path(), &["build", "--history"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("git") && !said.err.contains("fatal"), "{}", said.err);
    assert!(!folder.path().join("build").exists());
}
