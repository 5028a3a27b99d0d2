//! Ways to the North Star: which there are, which way they push, and that there may be very many.

use super::{checked, valid};
use kpic::align::Coverage;
use kpic::align::reach::{Role, Ways};
use kpic::align::{Sign, words};
use kpic::pipeline::Valid;

fn spec(kpis: &str, star: &str) -> String {
    format!("kpis:\n{kpis}north_star:\n{star}")
}

/// A hand-kept figure that moves others.
fn kpi(name: &str, better: &str, drives: &[(&str, &str)]) -> String {
    let drives: Vec<String> =
        drives.iter().map(|(kpi, effect)| format!("{{ kpi: {kpi}, effect: {effect}, because: x }}")).collect();
    format!("  {name}: {{ values: {{ 2024-01: 1 }}, kind: flow, better: {better}, drives: [{}] }}\n", drives.join(", "))
}

fn ways(project: &Valid, name: &str) -> Ways {
    project.alignment().reach.as_ref().unwrap().ways(project.model().kpi_names[name])
}

fn names(project: &Valid, name: &str, most: usize) -> Vec<String> {
    let id = project.model().kpi_names[name];
    let reach = project.alignment().reach.as_ref().unwrap();
    let list = reach.list(project.alignment(), id, most);
    list.iter()
        .map(|way| format!("{} {}", way.sign.symbol(), words::way(project.model(), project.alignment(), id, way)))
        .collect()
}

#[test]
fn better_is_down_for_an_efficiency() {
    let kpis =
        [kpi("teams", "up", &[]), kpi("payback", "down", &[]), kpi("discount", "down", &[("teams", "up"), ("payback", "up")])];
    let project = valid(&spec(&kpis.concat(), "  volume: teams\n  efficiency: payback\n  counter: [discount]\n"));
    // More discount brings teams, and makes the payback longer.
    assert_eq!(ways(&project, "discount"), Ways { better: 1, worse: 1, unknown: 0 });
    assert_eq!(names(&project, "discount", 9), ["+ discount → teams (+)", "- discount → payback (+)"]);
    let reach = project.alignment().reach.as_ref().unwrap();
    let part = |role| reach.parts.iter().find(|part| part.role == role).unwrap().ways(project.model().kpi_names["discount"]);
    assert_eq!((part(Role::Volume).sign(), part(Role::Efficiency).sign()), (Sign::Plus, Sign::Minus));
}

#[test]
fn ways_are_counted_and_never_gone_through() {
    // Forty diamonds one after the other: 2^40 ways, half of them harmful from the first step with a minus on.
    let mut kpis = kpi("star", "up", &[]);
    for level in 0..40 {
        let next = if level == 0 { "star".to_owned() } else { format!("k{}", level - 1) };
        kpis.push_str(&kpi(&format!("l{level}"), "up", &[(&next, "up")]));
        kpis.push_str(&kpi(&format!("r{level}"), "up", &[(&next, if level == 0 { "down" } else { "up" })]));
        kpis.push_str(&kpi(&format!("k{level}"), "up", &[(&format!("l{level}"), "up"), (&format!("r{level}"), "up")]));
    }
    let project = checked(&spec(&kpis, "  volume: star\n")).valid().unwrap();
    assert_eq!(ways(&project, "k39"), Ways { better: 1 << 39, worse: 1 << 39, unknown: 0 });
    let listed = names(&project, "k39", 3);
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|way| way.matches('→').count() == 80), "{listed:?}");
}

#[test]
fn loops_are_not_followed_round() {
    // Quality brings users, users cost quality: a loop that would turn every sign.
    let kpis = [
        kpi("users", "up", &[("load", "up")]),
        kpi("load", "down", &[("quality", "down")]),
        kpi("quality", "up", &[("users", "up")]),
        kpi("tests", "up", &[("quality", "up")]),
    ];
    let project = valid(&spec(&kpis.concat(), "  volume: users\n"));
    assert_eq!(ways(&project, "quality"), Ways { better: 1, worse: 0, unknown: 0 });
    assert_eq!(ways(&project, "tests"), Ways { better: 1, worse: 0, unknown: 0 });
    assert_eq!(ways(&project, "load"), Ways { better: 0, worse: 1, unknown: 0 });
    assert_eq!(names(&project, "load", 9), ["- load → quality (-) → users (+)"]);
}

#[test]
fn a_claim_settles_what_a_formula_leaves_open() {
    let kpis = "  users: { values: { 2024-01: -1, 2024-02: 4 }, kind: flow }
  rate: { values: { 2024-01: -1, 2024-02: 2 }, kind: ratio, drives: [{ kpi: whole, effect: up, because: x }] }
  whole: { formula: users * rate }
";
    let project = valid(&spec(kpis, "  volume: whole\n"));
    assert_eq!(ways(&project, "rate"), Ways { better: 1, worse: 0, unknown: 0 });
    assert_eq!(ways(&project, "users"), Ways { better: 0, worse: 0, unknown: 1 });
}

#[test]
fn coverage_counts_what_has_a_way() {
    let kpis = [
        "  star: { values: { 2024-01: 1 }, kind: flow, owner: a }\n".to_owned(),
        "  law: { values: { 2024-01: 1 }, kind: flow, unaligned: The law asks for it., owner: b }\n".to_owned(),
        "  guard: { values: { 2024-01: 1 }, kind: flow, owner: b }\n".to_owned(),
        "  lost: { values: { 2024-01: 1 }, kind: flow, owner: b }\n".to_owned(),
    ];
    let teams = "teams: { a: { title: A }, b: { title: B } }\n";
    let project = valid(&format!("{teams}{}", spec(&kpis.concat(), "  volume: star\n  counter: [guard]\n")));
    let coverage = Coverage::of(project.model(), project.alignment());
    let orphans: Vec<&str> = coverage.orphans.iter().map(|id| project.model().kpis.get(*id).name.value.as_str()).collect();
    assert_eq!((coverage.aligned, coverage.waived, orphans), (2, 1, vec!["lost"]));
    let teams: Vec<(usize, usize)> = coverage.teams.iter().map(|(_, reach, all)| (*reach, *all)).collect();
    assert_eq!(teams, [(1, 1), (1, 3)]);
}
