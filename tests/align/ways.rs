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

/// The names of what is found about a key result on `pushed`.
fn found(result: &str) -> Vec<&'static str> {
    let kpis = [
        kpi("star", "up", &[]),
        kpi("cost", "down", &[]),
        kpi("helps", "up", &[("star", "up")]),
        kpi("harms", "up", &[("star", "down")]),
        kpi("both", "up", &[("star", "up"), ("cost", "up")]),
        kpi("alone", "up", &[]),
        "  open: { values: { 2024-01: -1, 2024-02: 1 }, kind: flow }\n  product: { formula: open * (open - 1), drives: [{ kpi: star, effect: up, because: x }] }\n"
            .to_owned(),
    ];
    let objective = format!(
        "objectives:\n  o: {{ title: We grow, period: 2024-Q1, key_results: {{ r: {{ {result} }} }} }}\nguardrails:\n  g: {{ when: alone < 1, action: x }}\n"
    );
    let spec = format!("{}{objective}", spec(&kpis.concat(), "  volume: star\n  efficiency: cost\n  counter: [helps]\n"));
    let about = ["misaligned-key-result", "disagreeing-paths", "unaligned-key-result"];
    checked(&spec).findings.iter().map(|finding| finding.code.name).filter(|name| about.contains(name)).collect()
}

#[test]
fn key_results_are_held_against_the_ways_of_their_kpis() {
    assert_eq!(found("kpi: helps, from: 1, to: 2"), Vec::<&str>::new());
    assert_eq!(found("kpi: helps, from: 2, to: 1"), ["misaligned-key-result"]);
    assert_eq!(found("kpi: harms, from: 1, to: 2"), ["misaligned-key-result"]);
    assert_eq!(found("kpi: harms, from: 1, to: +20%"), ["misaligned-key-result"]);
    assert_eq!(found("kpi: harms, from: 2, to: 1"), Vec::<&str>::new());
    // Volume up, cost up.
    assert_eq!(found("kpi: both, from: 1, to: 2"), ["disagreeing-paths"]);
    assert_eq!(found("kpi: alone, from: 1, to: 2"), ["unaligned-key-result"]);
    // What is open counts neither for nor against, and is a way.
    assert_eq!(found("kpi: open, from: 1, to: 2"), Vec::<&str>::new());
    // The North Star itself is its own way.
    assert_eq!(found("kpi: star, from: 2, to: 1"), ["misaligned-key-result"]);
    assert_eq!(found("kpi: cost, from: 2, to: 1"), Vec::<&str>::new());
}

#[test]
fn what_is_waived_guarded_or_dropped_is_not_held_against_them() {
    for result in [
        "kpi: harms, from: 1, to: 2, unaligned: The law asks for it.",
        "kpi: harms, from: 1, to: 2, dropped: It was a mistake.",
        "kpi: harms, at_least: 1, health: true",
        "kpi: alone, from: 1, to: 2, unaligned: The law asks for it.",
    ] {
        assert_eq!(found(result), Vec::<&str>::new(), "{result}");
    }
}
