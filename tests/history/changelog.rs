//! `kpic changelog`.

use super::{PAID, Repository, holds, kpis};

fn goals(period: &str, to: u32) -> String {
    format!(
        "objectives:\n  growth:\n    title: Grow\n    owner: sales\n    period: {period}\n    key_results:\n      more: {{ title: More revenue, kpi: revenue, from: 0, to: {to} }}\n"
    )
}

#[test]
fn readers_are_told_what_concerns_them_and_nothing_else() {
    let repository = Repository::new();
    repository.write("specs/goals.yml", &goals("2024", 90));
    repository.write("specs/old.yml", "kpis:\n  old: { title: Old figure, description: Gone soon., formula: count(orders), owner: sales }\n  kept: { description: Kept., formula: count(orders) * 3, owner: sales }\n");
    repository.commit("before");
    repository.git(&["tag", "v1"]);
    repository.write("specs/kpis.yml", &kpis(PAID, "finance").replace("What was sold.", "What was *paid*."));
    repository.write("specs/goals.yml", &goals("2024", 95));
    repository.write(
        "specs/old.yml",
        "kpis:\n  retained: { description: Kept., formula: 3 * count(orders), owner: sales, aliases: [kept] }\n  fresh: { title: Fresh <b>, description: Ask @acme/all., formula: count(orders) / 2, owner: sales }\n",
    );
    repository.commit("after");
    let said = repository.kpic(&["changelog", "v1..HEAD"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let (first, rest) = said.out.split_once('\n').unwrap();
    assert!(first.starts_with("## KPI changes from `v1 ("), "{first}");
    assert_eq!(
        rest,
        "\n### Figures that may be different\n\n\
         - **Revenue** is computed in another way: `sum(orders.amount)` → `sum(orders.amount where status = 'paid')`. What was \\*paid\\*. With it may change: Double.\n\
         \n### New names\n\n\
         - **Retained** was called Kept: `kept` → `retained`.\n\
         \n### New\n\n\
         - **Fresh &lt;b&gt;**: `Ask @acme/all.`\n\
         \n### Removed\n\n\
         - **Old figure**\n\
         \n### Goals\n\n\
         - **More revenue** (key result) the target changes, while its period runs: `90` → `95`.\n\
         \n### Owners\n\n\
         - **Revenue** has another owner: `Sales` → `Finance`.\n"
    );
    let json = repository.json(&["changelog", "v1..HEAD"]);
    holds("changelog", &json);
    assert_eq!(json["sections"][0]["entries"][0]["with_it"], serde_json::json!(["Double"]));
    assert_eq!(json["sections"][0]["about"], "values");
}

#[test]
fn a_source_is_told_by_the_figures_that_read_it() {
    let repository = Repository::new();
    repository.write("specs/sources.yml", &super::SOURCES.replace("table: orders", "table: all_orders"));
    let said = repository.kpic(&["changelog", "HEAD"]);
    assert!(
        said.out.contains("- **Orders** (source) is read from another place. With it may change: Revenue, Double.\n"),
        "{}",
        said.out
    );
    // A calendar concerns every figure.
    repository.write("specs/sources.yml", super::SOURCES);
    repository.write("kpic.yml", &super::KPIC.replace("as_of", "week_starts: sunday, as_of"));
    let said = repository.kpic(&["changelog", "HEAD"]);
    assert!(
        said.out.contains("- **The calendar** has weeks that start on another day: `monday` → `sunday`. With it may change: "),
        "{}",
        said.out
    );
}

#[test]
fn what_nobody_sees_is_not_told_and_errors_are() {
    let repository = Repository::new();
    repository.write("specs/kpis.yml", &kpis("sum(orders.amount) * 2 / 2", "sales").replace("What was", "All that was"));
    repository.write("specs/sources.yml", &super::SOURCES.replace("status: text", "status: text, channel: text"));
    repository.git(&["mv", "specs/teams.yml", "specs/people.yml"]);
    let said = repository.kpic(&["changelog", "HEAD"]);
    assert!(said.out.ends_with("\n\nNothing changes for those who read the figures.\n"), "{}", said.out);
    let same = repository.kpic(&["changelog", "HEAD..HEAD"]);
    assert!(same.out.ends_with("\nNothing changes for those who read the figures.\n"), "{}", same.out);
    repository.write("specs/kpis.yml", &kpis("sum(orders.amuont)", "sales"));
    let said = repository.kpic(&["changelog", "HEAD"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("> 1 error in these versions: something may be missing here.\n"), "{}", said.out);
    assert!(said.out.contains("- **Revenue** may be different: it has errors, so it cannot be compared."), "{}", said.out);
}
