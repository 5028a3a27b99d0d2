//! What `kpic diff` refuses, who may allow it, and on which lines changes are marked.

use super::{KPIC, PAID, Repository, kpis};
use std::path::Path;

fn denying(words: &str) -> Repository {
    let repository = Repository::new();
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ {words} }}\n"));
    repository.write("CHANGELOG.md", "# Changes\n\n- revenue is there.\n");
    repository.commit("rules");
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    repository
}

#[test]
fn a_change_of_meaning_needs_a_new_line_in_the_changelog() {
    let repository = denying("deny: [meaning-without-changelog], changelog: CHANGELOG.md");
    let said = repository.kpic(&["diff", "main"]);
    assert_eq!(said.code, 1, "an old line is none: {}", said.err);
    assert!(said.err.contains("refused: 1 change of class meaning-without-changelog"), "{}", said.err);
    // Another KPI with a longer name is another one; the name in a sentence counts, and so does the title as `changelog` writes it.
    for (line, is_enough) in [
        ("- revenue_growth is new.", false),
        ("- old_revenue, orders.revenue, revenue.x", false),
        ("- Revenue is other.", false),
        ("- Only paid orders count in revenue.", true),
        ("- `revenue`", true),
        ("- **Revenue** is computed in another way", true),
    ] {
        repository.write("CHANGELOG.md", &format!("# Changes\n\n{line}\n- revenue is there.\n"));
        assert_eq!(repository.kpic(&["diff", "main"]).code, i32::from(!is_enough), "{line}");
    }
    // The same between commits.
    repository.commit("with an entry");
    assert_eq!(repository.kpic(&["diff", "main..work"]).code, 0);
    repository.write("CHANGELOG.md", "# Changes\n\n- revenue is there.\n");
    repository.commit("without");
    assert_eq!(repository.kpic(&["diff", "main..work"]).code, 1);
    // What the version before says counts; a change cannot take another file.
    repository.write("other.md", "revenue\n");
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ changelog: other.md }}\n"));
    assert_eq!(repository.kpic(&["diff", "main"]).code, 1);
    // Without a file there is no entry.
    repository.write("kpic.yml", KPIC);
    repository.commit("no rules");
    repository.write("specs/kpis.yml", &kpis("count(orders)", "sales"));
    let said = repository.kpic(&["diff", "HEAD", "--deny", "meaning-without-changelog"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no file is named as changelog"), "{}", said.err);
    for outside in ["../x.md", "/etc/passwd", "a//b", "."] {
        repository.write("kpic.yml", &format!("{KPIC}diff: {{ changelog: \"{outside}\" }}\n"));
        let said = repository.kpic(&["check"]);
        assert!(format!("{}{}", said.out, said.err).contains("is not a file inside the project"), "{outside}");
    }
}

#[test]
fn a_trailer_with_a_reason_allows_what_it_names() {
    let repository = denying("deny: [meaning, ownership]");
    let code = |trailers: &str| {
        repository.write("request.md", trailers);
        repository.kpic(&["diff", "main", "--trailers", "request.md"]).code
    };
    for (trailer, expected) in [
        ("Some words about it.", 1),
        ("Kpic-Allow: meaning", 1),
        ("Kpic-Allow: meaning:   ", 1),
        ("Kpic-Allow: meaning double: wrong KPI", 1),
        ("Kpic-Allow: ownership: wrong class", 1),
        ("Kpic-Allow: everything: no class", 1),
        ("Kpic-Allow: meaning revenue double: two", 1),
        ("He said Kpic-Allow: meaning: no trailer", 1),
        ("kpic-allow: meaning: agreed with finance", 0),
        ("Words.\r\n\r\nKpic-Allow: meaning revenue: agreed: with finance\r\n", 0),
    ] {
        assert_eq!(code(trailer), expected, "{trailer}");
    }
    let said = repository.kpic(&["diff", "main", "--trailers", "request.md"]);
    assert!(said.err.contains("allowed: meaning of revenue, because agreed: with finance (by the request)"), "{}", said.err);
    repository.write("request.md", "Kpic-Allow: meaning\n");
    let said = repository.kpic(&["diff", "main", "--trailers", "request.md"]);
    assert!(said.err.contains("allows nothing: it gives no reason"), "{}", said.err);
    // One that allows what nobody denies may be misspelt.
    repository.write("request.md", "Kpic-Allow: meaning revenue: agreed\nKpic-Allow: meaning revenu: agreed\n");
    let said = repository.kpic(&["diff", "main", "--trailers", "request.md"]);
    let idle = "`Kpic-Allow: meaning revenu` (the request) allows nothing: no change of `revenu` is denied as meaning";
    assert!(said.code == 0 && said.err.contains(idle) && said.err.matches("allows nothing").count() == 1, "{}", said.err);
    // In a commit of the branch, and in every output.
    repository.commit_by("Eve\u{1b}[31m", "only paid\n\nKpic-Allow: meaning revenue: agreed <b>@all</b> `x`");
    let said = repository.kpic(&["diff", "main..work"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("Eve\\u{1b}[31m)"), "{}", said.err);
    let json = repository.json(&["diff", "main"]);
    assert_eq!(json["allowed"][0]["reason"], "agreed <b>@all</b> `x`");
    assert_eq!(json["allowed"][0]["name"], "revenue");
    let markdown = repository.kpic(&["diff", "main", "--format", "markdown"]).out;
    let line = markdown.lines().find(|line| line.starts_with("> **Allowed:**")).unwrap();
    assert!(line.contains("meaning of `revenue`, because <code>agreed &#60;b&#62;&#64;all"), "{line}");
    assert!(
        repository
            .kpic(&["diff", "main", "--format", "github"])
            .out
            .contains("::notice title=kpic diff%3A allowed::meaning of revenue")
    );
    assert!(repository.kpic(&["diff", "main", "--format", "sarif"]).out.contains("allowed: meaning of revenue"));
    // A commit of main is none of the branch.
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("main\n\nKpic-Allow: meaning: of another branch");
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    assert_eq!(repository.kpic(&["diff", "HEAD"]).code, 1);
    assert_eq!(repository.kpic(&["diff", "HEAD", "--trailers", "nowhere.md"]).code, 3);
}

#[test]
fn the_version_before_may_forbid_trailers() {
    let repository = denying("deny: [meaning], trailers: false");
    repository.write("kpic.yml", KPIC);
    repository.commit("no rules\n\nKpic-Allow: meaning: I say so");
    let said = repository.kpic(&["diff", "main..work"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("the version before has `trailers: false`"), "{}", said.err);
    assert!(said.err.contains("refused: 1 change of class meaning"), "{}", said.err);
}

/// The lines at which changes are marked, by class.
fn lines(repository: &Repository) -> Vec<(String, String, u64)> {
    let said = repository.kpic(&["diff", "HEAD", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sarif/sarif-schema-2.1.0.json");
    // As in tests/machine_output.rs: the pattern of languages has a bracket too many.
    let (wrong, right) = ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let text = std::fs::read_to_string(schema).unwrap();
    assert!(text.contains(wrong));
    let schema: serde_json::Value = serde_json::from_str(&text.replace(wrong, right)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &serde_json::Value| {
        let place = &result["locations"][0]["physicalLocation"];
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = log["runs"][0]["tool"]["driver"]["rules"][at]["id"].clone();
        assert_eq!(rule, result["ruleId"]);
        (
            result["ruleId"].as_str().unwrap().to_owned(),
            place["artifactLocation"]["uri"].as_str().unwrap().to_owned(),
            place["region"]["startLine"].as_u64().unwrap_or_default(),
        )
    };
    results.iter().map(place).collect()
}

#[test]
fn changes_are_marked_at_the_field_that_changed() {
    let repository = Repository::new();
    let of = |rule: &str, file: &str, line: u64| (rule.to_owned(), file.to_owned(), line);
    // kpis: 1, revenue: 2, description: 3, formula: 4, owner: 5
    repository.write("specs/kpis.yml", &kpis(PAID, "sales"));
    assert_eq!(lines(&repository), [of("diff-meaning", "specs/kpis.yml", 4), of("diff-interface", "specs/kpis.yml", 6)][..1]);
    let github = repository.kpic(&["diff", "HEAD", "--format", "github"]).out;
    assert!(github.starts_with("::warning file=specs/kpis.yml,line=4,title=kpic diff%3A meaning::KPI revenue"), "{github}");
    let github = repository.kpic(&["diff", "HEAD", "--format", "github", "--deny", "meaning"]).out;
    assert!(github.starts_with("::error file=specs/kpis.yml,line=4,"), "{github}");
    repository.write("specs/kpis.yml", &kpis("sum(orders.amount)", "finance"));
    assert_eq!(lines(&repository), [of("diff-ownership", "specs/kpis.yml", 5)]);
    // A column of a source, and what the source reads.
    repository.write("specs/kpis.yml", &kpis("sum(orders.amount)", "sales"));
    let long = super::SOURCES.replace(
        "    columns: { day: date, amount: number, status: text }\n",
        "    columns:\n      day: date\n      amount: { type: number, column: total }\n      status: text\n",
    );
    repository.write("specs/sources.yml", &long);
    assert_eq!(lines(&repository), [of("diff-meaning", "specs/sources.yml", 9)]);
    repository.write("specs/sources.yml", &super::SOURCES.replace("table: orders", "table: all_orders"));
    assert_eq!(lines(&repository), [of("diff-meaning", "specs/sources.yml", 3)]);
    // The calendar is in kpic.yml; what is gone is in no file.
    repository.write("specs/sources.yml", super::SOURCES);
    repository.write(
        "kpic.yml",
        "kpic: 1\nproject: shop\ncalendar:\n  start: 2024-01-01\n  as_of: 2024-12-31\n  week_starts: sunday\n",
    );
    assert_eq!(lines(&repository), [of("diff-meaning", "kpic.yml", 6)]);
    repository.write("kpic.yml", KPIC);
    repository.write("specs/kpis.yml", kpis("sum(orders.amount)", "sales").split("  double:").next().unwrap());
    assert_eq!(lines(&repository), [of("diff-interface", "kpic.yml", 0)]);
}

#[test]
fn what_a_changelog_calls_a_source_stands_for_its_name() {
    let repository = Repository::new();
    repository.write("kpic.yml", &format!("{KPIC}diff: {{ deny: [meaning-without-changelog], changelog: CHANGELOG.md }}\n"));
    repository.commit("rules");
    repository.write("specs/sources.yml", &super::SOURCES.replace("table: orders", "table: paid_orders"));
    assert_eq!(repository.kpic(&["diff", "HEAD"]).code, 1);
    repository.commit("another table");
    let told = repository.kpic(&["changelog", "HEAD~1..HEAD"]).out;
    assert!(told.contains("**Orders**"), "{told}");
    repository.write("CHANGELOG.md", &told);
    assert_eq!(repository.kpic(&["diff", "HEAD~1"]).code, 0);
}
