//! `kpic diff` over git: which versions are compared, and what is said where one cannot be read. Nothing that a repository brings along runs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::repository::{Repository, Said, git, run};

const KPIC: &str = "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";

fn specs(formula: &str) -> String {
    format!(
        "teams: {{ sales: {{}} }}\nsources:\n  orders:\n    table: orders\n    kind: events\n    row: order\n    time: day\n    columns: {{ day: date, amount: number, status: text }}\n\
         kpis:\n  revenue: {{ description: What was sold., formula: {formula}, owner: sales }}\n"
    )
}

impl Repository {
    /// One with a project on its main branch.
    fn new() -> Self {
        let repository = Self::empty();
        repository.write("kpic.yml", KPIC);
        repository.write("specs/shop.yml", &specs("sum(orders.amount)"));
        repository.commit("first");
        repository
    }

    fn diff(&self, arguments: &[&str]) -> Said {
        diff(self.path(), arguments)
    }
}

fn diff(folder: &Path, arguments: &[&str]) -> Said {
    run(folder, &[&["diff"], arguments].concat())
}

#[test]
fn a_branch_is_compared_with_where_it_left_the_main_branch() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/shop.yml", &specs("sum(orders.amount where status = 'paid')"));
    repository.commit("paid");
    // What others do on main is none of this branch.
    repository.git(&["checkout", "-q", "main"]);
    repository.write("specs/other.yml", "kpis:\n  sold: { description: How many., formula: count(orders), owner: sales }\n");
    repository.commit("other");
    repository.git(&["checkout", "-q", "work"]);
    let said = repository.diff(&[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("meaning KPI revenue  specs/shop.yml:10\n  values may change\n"), "{}", said.out);
    assert!(said.out.contains("1 may change values\n") && !said.out.contains("sold"), "{}", said.out);
    assert!(said.out.contains("(where main was left) → this folder"), "{}", said.out);
    // Against main as it is now, what is there is not here.
    assert!(repository.diff(&["main"]).out.contains("interface KPI sold (removed)"));
    assert!(repository.diff(&["main..work"]).out.contains("interface KPI sold (removed)"));
    assert!(!repository.diff(&["main...work"]).out.contains("sold"));
    // What is not committed counts, too.
    repository.write("specs/shop.yml", &specs("sum(orders.amount)"));
    assert!(repository.diff(&[]).out.starts_with("no change\n"));
    assert!(repository.diff(&["main...work"]).out.starts_with("meaning"));
}

#[test]
fn a_moved_file_and_another_layout_are_no_change() {
    let repository = Repository::new();
    repository.git(&["mv", "specs/shop.yml", "specs/sales.yaml"]);
    let text = std::fs::read_to_string(repository.path().join("specs/sales.yaml")).unwrap();
    repository.write(
        "specs/sales.yaml",
        &format!("# moved\n{}", text.replace("{ description: What was sold., ", "{ description:   \"What was sold.\",  ")),
    );
    let said = repository.diff(&["HEAD"]);
    assert!(said.out.starts_with("no change\n"), "{}", said.out);
    assert_eq!(said.code, 0);
}

#[test]
fn specs_at_the_root_are_read_from_a_commit_too() {
    for folder in [".", "./", "./.", "specs/../specs", "./specs", "specs/"] {
        let repository = Repository::new();
        if folder.starts_with("./") && !folder.contains("specs") || folder == "." {
            repository.git(&["mv", "specs/shop.yml", "shop.yml"]);
        }
        repository.write("kpic.yml", &format!("{KPIC}specs: {folder}\n"));
        repository.commit("specs elsewhere");
        let path = if repository.path().join("shop.yml").is_file() { "shop.yml" } else { "specs/shop.yml" };
        repository.write(path, &specs("sum(orders.amount * 2)"));
        repository.commit("twice");
        for base in ["HEAD~1..HEAD", "HEAD~1"] {
            let said = repository.diff(&[base]);
            assert!(said.out.starts_with("meaning KPI revenue"), "{folder} {base}: {}{}", said.out, said.err);
        }
    }
}

#[test]
fn nothing_is_no_version() {
    let repository = Repository::new();
    for base in ["", "..HEAD", "HEAD..", "...HEAD", " ", "..feature/x", "feature/x.."] {
        let said = repository.diff(&[base]);
        assert_eq!(said.code, 2, "`{base}`: {}", said.out);
        assert!(said.err.contains("what to compare with is empty"), "{}", said.err);
    }
    let said = repository.diff(&["feat", "main"]);
    assert!(said.err.contains("two commits with `..` between them"), "{}", said.err);
}

#[test]
fn a_project_in_a_folder_of_a_repository_is_found_there() {
    let repository = Repository::new();
    repository.write("teams/shop/kpic.yml", KPIC);
    repository.write("teams/shop/specs/a.yml", &specs("count(orders)"));
    repository.commit("a second project");
    repository.write("teams/shop/specs/a.yml", &specs("count(orders where status = 'paid')"));
    let said = diff(&repository.path().join("teams/shop/specs"), &["HEAD"]);
    assert!(said.out.starts_with("meaning KPI revenue  specs/a.yml:10"), "{}{}", said.out, said.err);
    // Annotations name files as the repository does.
    let said = diff(&repository.path().join("teams/shop"), &["HEAD", "--format", "github"]);
    assert!(
        said.out.starts_with(
            "::warning file=teams/shop/specs/a.yml,line=10,title=kpic diff%3A meaning::KPI revenue: values may change"
        ),
        "{}",
        said.out
    );
}

#[test]
fn folders_are_compared_without_git() {
    let folder = tempfile::tempdir().unwrap();
    for (name, formula) in [("old", "count(orders)"), ("new", "sum(orders.amount)")] {
        let root = folder.path().join(name);
        std::fs::create_dir_all(root.join("specs")).unwrap();
        std::fs::write(root.join("kpic.yml"), KPIC).unwrap();
        std::fs::write(root.join("specs/a.yml"), specs(formula)).unwrap();
    }
    assert!(diff(folder.path(), &["old", "new"]).out.starts_with("meaning KPI revenue"));
    let said = diff(&folder.path().join("new"), &[]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("is not in a git repository"), "{}", said.err);
    assert!(said.err.contains("kpic diff OLD NEW"), "{}", said.err);
    let said = diff(folder.path(), &["old", "nowhere"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("there is no kpic.yml in `nowhere`"), "{}", said.err);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let repository = Repository::new();
    for name in ["nowhere", "--output=x", "-h^{commit}", "HEAD:specs"] {
        let said = repository.diff(&["--", name]);
        assert_eq!(said.code, 3, "{name}: {}", said.out);
        assert!(said.err.contains("git knows no commit"), "{name}: {}", said.err);
    }
    // A version before the project was there.
    let empty = Repository { folder: tempfile::tempdir().unwrap() };
    empty.git(&["init", "-q", "-b", "trunk"]);
    empty.commit("nothing");
    empty.write("kpic.yml", KPIC);
    empty.write("specs/shop.yml", &specs("count(orders)"));
    let said = empty.diff(&["HEAD"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("there is no kpic.yml at HEAD"), "{}", said.err);
    let said = empty.diff(&[]);
    assert!(said.err.contains("there is no main branch to compare with"), "{}", said.err);
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/shop.yml", &specs("count(orders)"));
    repository.commit("second");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("third");
    let folder = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(folder.path(), &["clone", "-q", "--depth", "1", "--no-single-branch", &from, "clone"]);
    let clone = folder.path().join("clone");
    git(&clone, &["checkout", "-q", "work"]);
    let said = diff(&clone, &[]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(
        said.err.contains("no commit that both versions have in common") && said.err.contains("fetch-depth: 0"),
        "{}",
        said.err
    );
    let said = diff(&clone, &["origin/main~1"]);
    assert!(said.err.contains("this clone is shallow"), "{}", said.err);
    // Two commits that are there can be compared all the same.
    assert!(diff(&clone, &["origin/main"]).out.starts_with("meaning KPI revenue"));
}

#[test]
fn a_base_with_errors_is_compared_as_far_as_it_goes() {
    let repository = Repository::new();
    repository.write("specs/shop.yml", &specs("sum(orders.amuont)"));
    repository.write("specs/more.yml", "kpis:\n  sold: { description: How many., formula: count(orders), owner: sales }\n");
    repository.commit("broken");
    repository.write("specs/shop.yml", &specs("sum(orders.amount)"));
    repository.write("specs/more.yml", "kpis:\n  sold: { description: How many., formula: count(orders) * 2, owner: sales }\n");
    let said = repository.diff(&["HEAD"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("meaning KPI sold"), "{}", said.out);
    assert!(
        said.out.contains("undecided KPI revenue  specs/shop.yml:10\n  it has errors, so it cannot be compared"),
        "{}",
        said.out
    );
    assert!(said.out.contains("has 1 error, so not all of it can be compared"), "{}", said.out);
    // The other way round the version after is refused.
    repository.commit("mended");
    let said = repository.diff(&["HEAD..HEAD~1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("amuont"), "{}", said.err);
}

#[test]
fn conflicts_and_a_folder_that_is_gone_are_findings_and_no_change_of_nothing() {
    let repository = Repository::new();
    let text = specs("sum(orders.amount)");
    let conflict = text.replace("kpis:\n", "<<<<<<< HEAD\nkpis:\n=======\nkpis :\n>>>>>>> work\n");
    repository.write("specs/shop.yml", &conflict);
    let said = repository.diff(&["HEAD"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(!said.out.contains("no change"), "{}", said.out);
    std::fs::remove_dir_all(repository.path().join("specs")).unwrap();
    let said = repository.diff(&["HEAD"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("undecided KPI revenue (removed)"), "{}", said.out);
    assert!(said.err.contains("there is no folder `specs`"), "{}", said.err);
}

#[test]
fn what_git_keeps_elsewhere_is_named() {
    // A file of Git LFS, a link, a version of the language that this kpic does not read.
    let repository = Repository::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    repository.write("specs/shop.yml", pointer);
    #[cfg(unix)]
    std::os::unix::fs::symlink("../kpic.yml", repository.path().join("specs/link.yml")).unwrap();
    repository.commit("pointers");
    repository.write("specs/shop.yml", &specs("sum(orders.amount)"));
    let _ = std::fs::remove_file(repository.path().join("specs/link.yml"));
    let said = repository.diff(&["HEAD"]);
    assert!(said.out.contains("undecided KPI revenue (new)"), "{}", said.out);
    assert!(said.out.contains("a file of the version before cannot be read, so it may have been there"), "{}", said.out);
    repository.write("kpic.yml", &KPIC.replace("kpic: 1", "kpic: 9"));
    repository.commit("another language");
    repository.write("kpic.yml", KPIC);
    let said = repository.diff(&["HEAD"]);
    assert!(said.out.contains("has 1 error, so not all of it can be compared"), "{}", said.out);
}

#[test]
fn a_submodule_is_not_read() {
    let inner = Repository::new();
    inner.git(&["mv", "specs/shop.yml", "shop.yml"]);
    inner.git(&["rm", "-q", "kpic.yml"]);
    inner.commit("specs alone");
    let outer = Repository { folder: tempfile::tempdir().unwrap() };
    outer.git(&["init", "-q", "-b", "main"]);
    outer.write("kpic.yml", KPIC);
    outer.git(&["submodule", "--quiet", "add", &inner.path().display().to_string(), "specs"]);
    outer.commit("specs elsewhere");
    let said = outer.diff(&["HEAD"]);
    assert!(said.out.contains("undecided KPI revenue (new)"), "{}{}", said.out, said.err);
    assert!(said.out.contains("has 1 error, so not all of it can be compared"), "{}", said.out);
}

#[test]
fn nothing_of_a_repository_runs() {
    let repository = Repository::new();
    let canary: PathBuf = repository.path().join("canary");
    let touch = format!("touch '{}'", canary.display());
    // A folder that git would take for a repository of its own, with settings that run programs.
    repository.git(&["init", "-q", "--bare", "bare"]);
    let config = format!(
        "[core]\n\tbare = true\n\tfsmonitor = {touch}\n\thooksPath = .\n\tpager = {touch}\n[alias]\n\tls-tree = !{touch}\n[diff]\n\texternal = {touch}\n"
    );
    repository.write("bare/config", &config);
    repository.write("bare/kpic.yml", KPIC);
    repository.write("bare/specs/a.yml", &specs("count(orders)"));
    diff(&repository.path().join("bare"), &["HEAD"]);
    repository.write(".gitattributes", "*.yml filter=x diff=x\n");
    repository.git(&["config", "diff.x.textconv", &touch]);
    repository.git(&["config", "filter.x.smudge", &touch]);
    repository.git(&["config", "core.fsmonitor", &touch]);
    repository.diff(&["HEAD"]);
    assert!(!canary.exists());
}

#[test]
fn what_a_project_denies_is_refused_even_where_the_change_no_longer_denies_it() {
    let repository = Repository::new();
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ deny: [meaning] }}\n"));
    repository.commit("strict");
    repository.write("kpic.yml", KPIC);
    repository.write("specs/shop.yml", &specs("sum(orders.amount where status = 'paid')"));
    let said = repository.diff(&["HEAD"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("refused: 1 change of class meaning"), "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&repository.diff(&["HEAD", "--format", "json"]).out).unwrap();
    assert_eq!(json["denied"][0], "1 change of class meaning");
    assert_eq!(json["changes"][0]["downstream"]["kpis"][0]["views"][0], "revenue");
    let said = repository.diff(&["HEAD", "--format", "markdown"]);
    assert!(said.out.contains("> **This project refuses:** 1 change of class meaning."), "{}", said.out);
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ deny: [everything] }}\n"));
    let said = repository.diff(&["HEAD"]);
    assert!(said.err.contains("everything"), "{}", said.err);
}

#[test]
fn a_folder_that_is_named_as_a_branch_is_not_taken_for_it() {
    let repository = Repository::new();
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ deny: [meaning] }}\n"));
    repository.commit("deny");
    repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repository.git(&["checkout", "-q", "-b", "work"]);
    let changed = specs("sum(orders.amount) * 1000");
    repository.write("specs/shop.yml", &changed);
    for folder in ["origin/main", "origin/main...HEAD", "origin/main..HEAD", "main"] {
        repository.write(&format!("{folder}/kpic.yml"), KPIC);
        repository.write(&format!("{folder}/specs/shop.yml"), &changed);
    }
    repository.commit("a folder for each name");
    for base in ["origin/main", "origin/main...HEAD", "origin/main..HEAD", "main"] {
        let said = repository.diff(&[base]);
        assert_eq!(said.code, 1, "{base}: {}{}", said.out, said.err);
        assert!(said.err.contains("refused: 1 change of class meaning"), "{base}: {}", said.err);
    }
    // A path is one that is written as such, and a name of nothing else says so.
    assert!(repository.diff(&["./main"]).out.starts_with("no change"));
    repository.write("other/kpic.yml", KPIC);
    let said = repository.diff(&["other"]);
    assert!(said.err.contains("if you mean the folder, write `./other`"), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn git_is_not_taken_from_the_folder_of_the_project() {
    use std::os::unix::fs::PermissionsExt;
    let repository = Repository::new();
    repository.write("git", "#!/bin/sh\ntouch ran\nexit 1\n");
    std::fs::set_permissions(repository.path().join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let own = std::env::var("PATH").unwrap();
    for path in [format!(".:{own}"), format!(":{own}")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        let output = command.current_dir(repository.path()).args(["diff", "main"]).env("PATH", path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!repository.path().join("ran").exists());
    }
}

/// Writes an object and gives its name.
fn object(folder: &Path, arguments: &[&str], text: &str) -> String {
    use std::io::Write;
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn a_few_objects_that_stand_for_millions_of_files_are_refused() {
    let repository = Repository::new();
    let folder = repository.path();
    let blob = object(folder, &["hash-object", "-w", "--stdin"], "kpis: {}\n");
    let mut tree = object(folder, &["mktree"], &format!("100644 blob {blob}\ta.yml\n"));
    for _ in 0..7 {
        let entries: String = (0..10).map(|at| format!("040000 tree {tree}\td{at}\n")).collect();
        tree = object(folder, &["mktree"], &entries);
    }
    let project = object(folder, &["hash-object", "-w", "--stdin"], KPIC);
    let root = object(folder, &["mktree"], &format!("100644 blob {project}\tkpic.yml\n040000 tree {tree}\tspecs\n"));
    let commit =
        object(folder, &["-c", "user.name=A", "-c", "user.email=a@example.org", "commit-tree", "-m", "many", &root], "");
    let said = repository.diff(&[&commit]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("that commit has more than 200000 files where its specs are"), "{}", said.err);
}

#[test]
fn a_large_file_that_stands_there_many_times_is_read_up_to_a_limit() {
    let repository = Repository::new();
    let large = format!("# {}\n", "x".repeat(15 << 20));
    for at in 0..20 {
        repository.write(&format!("specs/large{at}.yml"), &large);
        repository.write(&format!("specs/large{at}.txt"), &large);
    }
    repository.commit("large");
    let said = repository.diff(&["HEAD..main"]);
    assert!(said.out.contains("has 3 errors, so not all of it can be compared"), "{}{}", said.out, said.err);
}

#[test]
fn what_is_shown_moves_no_cursor_and_forges_no_line() {
    let repository = Repository::new();
    repository.write(
        "specs/z\nno change\n.yml",
        "kpis:\n  sold: { description: \"a\\u202eb\\u009b31mc\", formula: count(orders), owner: sales }\n",
    );
    repository.commit("odd");
    repository.write(
        "specs/z\nno change\n.yml",
        "kpis:\n  sold: { description: \"a\\u202eb\\u009b32mc\", formula: sum(orders.amount), owner: sales }\n",
    );
    for arguments in [
        &["HEAD", "--all"][..],
        &["HEAD", "--format", "json"],
        &["HEAD", "--format", "markdown"],
        &["HEAD", "--format", "github"],
    ] {
        let said = repository.diff(arguments);
        assert!(!said.out.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{arguments:?}: {}", said.out);
        assert!(said.out.contains("sold"), "{}", said.out);
        assert!(!said.out.contains("\nno change"), "{arguments:?}: {}", said.out);
    }
}

#[cfg(unix)]
#[test]
fn the_action_keeps_a_comment_and_takes_no_name_for_a_command() {
    let action = std::fs::read_to_string(".github/actions/diff/action.yml").unwrap();
    let (_, script) = action.split_once("      run: |\n").unwrap();
    let lines = script.lines().take_while(|line| line.starts_with("        "));
    let script: String = lines.map(|line| format!("{}\n", line.trim_start())).collect();
    // What a workflow puts in stands in the environment and not in the script.
    assert!(!script.contains("${{"), "{script}");
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/shop.yml", &specs("count(orders)"));
    repository.commit("count");
    let temporary = tempfile::tempdir().unwrap();
    let run = |base: &str, arguments: &str| {
        let output = Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &script])
            .current_dir(repository.path())
            .envs([("KPIC", env!("CARGO_BIN_EXE_kpic")), ("BASE", base), ("ARGUMENTS", arguments), ("NUMBER", "7")])
            .env("RUNNER_TEMP", temporary.path())
            .env("GITHUB_STEP_SUMMARY", temporary.path().join("summary"))
            .output()
            .unwrap();
        let comment = std::fs::read_to_string(temporary.path().join("kpi-diff/comment.md")).unwrap();
        (output.status.code().unwrap(), comment, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, comment, told) = run("main...HEAD", "");
    assert_eq!(code, 0, "{told}");
    assert!(comment.starts_with("<!-- kpic diff -->\n### KPI changes: 1 may change values"), "{comment}");
    assert!(told.starts_with("::warning file=specs/shop.yml,line=10"), "{told}");
    assert_eq!(std::fs::read_to_string(temporary.path().join("kpi-diff/number")).unwrap(), "7\n");
    assert_eq!(run("main...HEAD", "--deny meaning").0, 1);
    let (code, comment, _) = run("$(touch ran);`touch ran`", "$(touch ran)");
    assert!(code > 1 && comment.is_empty() && !repository.path().join("ran").exists(), "{code} {comment}");
}

#[test]
fn a_rename_keeps_the_title_that_it_keeps_and_shares_are_shown_in_percent() {
    let repository = Repository::new();
    let with = |name: &str, goal: &str| {
        format!(
            "{}  {name}: {{ title: Gross, description: Orders that are paid., formula: count(orders where status = 'paid') / count(orders), unit: \"%\", owner: sales }}\n\
             objectives:\n  paid: {{ title: Paid, owner: sales, period: 2024, key_results: {{ more: {{ kpi: {name}, from: 10%, to: {goal} }} }} }}\n",
            specs("sum(orders.amount)")
        )
    };
    repository.write("specs/shop.yml", &with("gross", "90%"));
    repository.commit("share");
    repository.write("specs/shop.yml", &with("gross_share", "85%"));
    let said = repository.diff(&["HEAD", "--all"]);
    assert!(said.out.contains("KPI gross_share (was gross)"), "{}{}", said.out, said.err);
    assert!(!said.out.contains("title:"), "{}", said.out);
    assert!(said.out.contains("to: 90 % → 85 %\n"), "{}", said.out);
}

#[test]
fn a_tag_that_is_named_as_a_branch_hides_nothing() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/shop.yml", &specs("sum(orders.amount) * 1000"));
    repository.commit("change");
    repository.git(&["tag", "main"]);
    // Without a name the branch is meant, whatever tags there are.
    let said = repository.diff(&["--deny", "meaning"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let said = repository.diff(&["main"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.err.contains("`main` may be two commits here: `refs/heads/main` and `refs/tags/main`"), "{}", said.err);
    assert!(repository.diff(&["refs/heads/main"]).out.starts_with("meaning"));
}
