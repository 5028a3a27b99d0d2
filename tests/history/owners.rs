//! `kpic owners`.

use super::{PAID, Repository, holds, kpis, run};

const TEAMS: &str = "teams:\n  sales: { reviewers: [acme/sales, ada] }\n  finance: { reviewers: cfo@example.org }\n  ops: {}\n";

fn shop() -> Repository {
    let repository = Repository::new();
    repository.write("specs/teams.yml", TEAMS);
    repository.write("specs/my ops.yml", "kpis:\n  sold: { description: How many., formula: count(orders), owner: ops }\n");
    repository.write(
        "specs/goals.yml",
        "objectives:\n  growth:\n    owner: ops\n    period: 2024\n    key_results:\n      more: { kpi: double, from: 0, to: 9 }\n",
    );
    repository.commit("owners");
    repository
}

#[test]
fn files_have_the_owners_of_what_they_define() {
    let repository = shop();
    let said = repository.kpic(&["owners"]);
    assert_eq!(
        said.out,
        "specs/goals.yml    ops\nspecs/kpis.yml     finance (cfo@example.org), sales (@acme/sales, @ada)\nspecs/my ops.yml   ops\nspecs/sources.yml  nobody\nspecs/teams.yml    nobody\n"
    );
    repository.write("specs/teams.yml", &TEAMS.replace("ops: {}", "ops: { reviewers: [\"@acme/ops\"] }"));
    let lines = repository.kpic(&["owners", "--format", "codeowners"]).out;
    assert_eq!(
        lines,
        "# kpic owners: begin (written by `kpic owners --write`)\n/specs/goals.yml @acme/ops\n/specs/kpis.yml @acme/sales @ada cfo@example.org\n/specs/my\\ ops.yml @acme/ops\n\
         # specs/sources.yml: nothing in it has an owner\n# specs/teams.yml: nothing in it has an owner\n# kpic owners: end\n"
    );
    holds("owners", &repository.json(&["owners"]));
}

#[test]
fn a_project_in_a_folder_is_named_from_the_root_and_odd_paths_are_left_out() {
    let repository = Repository::new();
    repository.write("shop/kpic.yml", super::KPIC);
    repository.write("shop/specs/s.yml", super::SOURCES);
    repository.write("shop/specs/a[1].yml", &kpis(PAID, "sales"));
    repository.write("shop/specs/teams.yml", "teams: { sales: { reviewers: ada }, finance: {} }\n");
    repository.write(
        "shop/specs/more.yml",
        "kpis:\n  sold: { description: How many., formula: count(orders), owner: sales }\n  half: { description: Half., formula: sold / 2, owner: finance }\n",
    );
    let said = run(&repository.path().join("shop"), &["owners", "--format", "codeowners"]);
    assert!(said.out.contains("\n/shop/specs/more.yml @ada\n"), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("\n# shop/specs/a[1].yml: this path has characters that mean something else here\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("\n# the team `finance` names no `reviewers`\n"), "{}", said.out);
}

#[test]
fn only_its_own_part_of_a_file_is_written() {
    let repository = shop();
    let file = ".github/CODEOWNERS";
    let read = || std::fs::read_to_string(repository.path().join(file)).unwrap();
    let said = repository.kpic(&["owners", "--write", file]);
    assert_eq!((said.out.as_str(), said.code), ("wrote .github/CODEOWNERS\n", 0), "{}", said.err);
    let part = read();
    assert!(part.starts_with("# kpic owners: begin") && part.ends_with("# kpic owners: end\n"), "{part}");
    assert_eq!(repository.kpic(&["owners", "--write", file]).out, ".github/CODEOWNERS is up to date\n");
    repository.write(file, &format!("* @all\n\n{}after @b\r\n", part.replace("ada", "eve")));
    repository.kpic(&["owners", "--write", file]);
    assert_eq!(read(), format!("* @all\n\n{part}after @b\r\n"));
    repository.write(file, "* @all");
    repository.kpic(&["owners", "--write", file]);
    assert_eq!(read(), format!("* @all\n\n{part}"));
    for broken in ["# kpic owners: begin\n", "# kpic owners: end\n# kpic owners: begin\n", &format!("{part}{part}")] {
        repository.write(file, broken);
        let said = repository.kpic(&["owners", "--write", file]);
        assert_eq!(said.code, 3, "{broken}");
        assert!(said.err.contains("kpic owners: begin"), "{}", said.err);
        assert_eq!(read(), broken);
    }
    // What cannot be read would lose its owners.
    repository.write("specs/kpis.yml", &kpis("sum(orders.amuont)", "sales"));
    repository.write(file, &part);
    let said = repository.kpic(&["owners", "--write", file]);
    assert_eq!((said.code, read()), (1, part));
}

#[test]
fn a_change_calls_those_who_own_it_and_those_downstream() {
    let repository = shop();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository.commit("only paid");
    let said = repository.kpic(&["owners", "--diff"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(
        said.out,
        "finance (cfo@example.org)\n  meaning kpi double  by revenue → double\n\n\
         ops\n  meaning key result growth.more  by revenue → growth.more\n\n\
         sales (@acme/sales, @ada)\n  meaning kpi revenue\n\n"
    );
    let json = repository.json(&["owners", "--diff", "main..work"]);
    holds("owners", &json);
    assert_eq!(json["reviewers"][0]["because"][0]["through"], serde_json::json!(["revenue", "double"]));
    assert_eq!(json["reviewers"][2]["because"][0]["through"], serde_json::json!([]));
    // Words call nobody; another owner calls both, and the reviewers are those of before.
    repository.git(&["checkout", "-q", "main"]);
    repository.write("specs/kpis.yml", &kpis("sum(orders.amount)", "sales").replace("What was sold.", "What we sold."));
    assert_eq!(repository.kpic(&["owners", "--diff", "HEAD"]).out, "nobody has to look at this change\n");
    repository.write("specs/kpis.yml", &kpis("sum(orders.amount)", "ops"));
    repository.write("specs/teams.yml", &TEAMS.replace("[acme/sales, ada]", "eve"));
    let said = repository.kpic(&["owners", "--diff", "HEAD"]);
    assert_eq!(
        said.out,
        "ops\n  ownership kpi revenue\n\nsales (@acme/sales, @ada)\n  ownership kpi revenue\n  ownership team sales\n\n"
    );
    // What has no owner is said, and so is that a version cannot be read whole.
    repository.write("specs/more.yml", "kpis:\n  rest: { description: Rest., formula: count(orders) }\n");
    repository.commit("rest");
    repository.write("specs/more.yml", "kpis:\n  rest: { description: Rest., formula: count(orders) * 2 }\n");
    let said = repository.kpic(&["owners", "--diff", "HEAD"]);
    assert!(said.out.contains("note: KPI rest changes and has no owner\nnobody has to look"), "{}", said.out);
    repository.write("specs/more.yml", "kpis: [");
    let said = repository.kpic(&["owners", "--diff", "HEAD"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("somebody may be missing here"), "{}", said.err);
    assert_eq!(repository.kpic(&["owners", "--diff", "HEAD", "--format", "codeowners"]).code, 2);
}

#[test]
fn a_reviewer_is_a_name_on_a_code_host() {
    let repository = Repository::new();
    for wrong in ["acme/", "a b", "ada\\n* @eve", "x@", "@", "a@b", "#ada", "@a@b.c"] {
        repository.write("specs/teams.yml", &format!("teams: {{ finance: {{}}, sales: {{ reviewers: \"{wrong}\" }} }}\n"));
        let said = repository.kpic(&["check"]);
        assert_eq!(said.code, 1, "{wrong}: {}", said.out);
        assert!(
            format!("{}{}", said.out, said.err).contains("is not a reviewer on a code host"),
            "{wrong}: {}{}",
            said.out,
            said.err
        );
    }
    for fine in ["ada", "@ada", "acme/data/kpis", "a.b+c@example.org"] {
        repository.write("specs/teams.yml", &format!("teams: {{ finance: {{}}, sales: {{ reviewers: [\"{fine}\"] }} }}\n"));
        let said = repository.kpic(&["owners"]);
        assert!(
            said.out.contains(&format!("@{}", fine.trim_start_matches('@'))) || said.out.contains(fine),
            "{}{}",
            said.out,
            said.err
        );
    }
}

#[test]
fn nothing_outside_of_the_repository_is_written() {
    let repository = Repository::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("victim"), "secret\n").unwrap();
    let there = |name: &str| outside.path().join(name).to_string_lossy().into_owned();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(there("victim"), repository.path().join("CODEOWNERS")).unwrap();
        std::os::unix::fs::symlink(outside.path(), repository.path().join(".github")).unwrap();
        let absolute = repository.path().join(".github/CODEOWNERS").to_string_lossy().into_owned();
        for file in ["CODEOWNERS", ".github/CODEOWNERS", &absolute] {
            assert_eq!(repository.kpic(&["owners", "--write", file]).code, 2, "{file}");
        }
        assert!(repository.path().join("CODEOWNERS").is_symlink());
    }
    assert_eq!(repository.kpic(&["owners", "--write", &there("CODEOWNERS")]).code, 2);
    assert!(!outside.path().join("CODEOWNERS").exists());
    let inside = repository.path().join("docs/CODEOWNERS").to_string_lossy().into_owned();
    assert_eq!(repository.kpic(&["owners", "--write", &inside]).code, 0);
}
