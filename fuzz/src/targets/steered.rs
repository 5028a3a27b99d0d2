//! What a project steers by: guardrails, a North Star, claims and objectives over the KPIs `k0` and `k1`.

use super::Choices;
use std::fmt::Write;

/// Adds a KPI with ages and the sections, each now and then.
pub(super) fn sections(choices: &mut Choices<'_>, spec: &mut String) {
    if choices.below(3) == 1 {
        let (unit, least) = (choices.pick(&["month", "week", "quarter", "year"]), choices.below(3));
        let few = choices.pick(&["", " where status = 'paid'", " where amount > 10"]);
        let rest = choices.pick(&[" / count(customers)", "", " + 1"]);
        let by = choices.pick(&["", "    by: [country]\n"]);
        let formula = format!("count(customers where count(orders{few} over age) > {least}){rest}");
        let _ = write!(spec, "  ages:\n    formula: \"{formula}\"\n    age: {{ unit: {unit}, up_to: 12 }}\n{by}");
    }
    if choices.below(2) == 1 {
        let _ = writeln!(spec, "guardrails:");
        for at in 0..=choices.below(3) {
            let when = condition(choices);
            let by = choices.pick(&["", ", by: [status]", ", by: [country]", ", by: [[country, status]]"]);
            let times = 1 + choices.below(3);
            let _ = writeln!(
                spec,
                "  g{at}: {{ when: '{when}', grain: {}, for: {times}{by} }}",
                choices.pick(&["month", "quarter", "year"])
            );
        }
    }
    if choices.below(2) == 1 {
        let counter = choices.pick(&["", "  counter: [k1]\n", "  counter: [k0]\n"]);
        let _ = write!(spec, "north_star:\n  title: It\n  volume: k0\n  efficiency: k1\n{counter}  because: It is.\n");
    }
    if choices.below(2) == 1 {
        let _ = write!(spec, "objectives:\n  all: {{ title: All, period: {} }}\n", period(choices));
        let parent = choices.pick(&["", "    parent: all\n"]);
        let _ = write!(spec, "  some:\n    title: Some\n    period: {}\n{parent}    key_results:\n", period(choices));
        for at in 0..=choices.below(4) {
            let _ = writeln!(spec, "      r{at}: {{ {} }}", key_result(choices));
        }
    }
}

fn condition(choices: &mut Choices<'_>) -> String {
    let one = match choices.below(4) {
        0 => format!("k0 {} {}", choices.pick(&["<", ">", ">=", "="]), choices.below(9)),
        1 => format!("growth(k1) < {}%", choices.below(90)),
        2 => format!("{}(k0, {} months)", choices.pick(&["rising", "falling"]), 1 + choices.below(5)),
        _ => format!("flat(k1, 3 {}s, {})", choices.pick(&["month", "quarter"]), choices.pick(&["5%", "0.5%", "20%"])),
    };
    if choices.below(3) == 0 { format!("{one} {} k1 is not null", choices.pick(&["and", "or"])) } else { one }
}

fn period(choices: &mut Choices<'_>) -> &'static str {
    choices.pick(&["2023-Q4", "2024", "2023-H2", "2024-02", "{ from: 2023-11-05, to: 2024-02-10 }", "2025-Q1"])
}

fn key_result(choices: &mut Choices<'_>) -> String {
    if choices.below(6) == 0 {
        return "title: By hand, manual: true, unit: thing, from: 0, to: 4".to_owned();
    }
    let goal = choices.pick(&[
        "from: 1, to: 5",
        "from: measured, to: +20%",
        "from: measured, to: x2",
        "from: 9, to: 3",
        "at_least: 2",
        "between: [1, 7]",
        "below: 4, health: true",
        "from: 0, to: 3",
    ]);
    let kpi = choices.pick(&["k0", "k1"]);
    let more = choices.pick(&[
        "",
        ", measure: to_date",
        ", measure: mean",
        ", slice: { status: paid }",
        ", slice: { country: DE }, weight: 2",
        ", commitment: committed",
        ", pace: late",
        ", weight: 0",
        ", pace: { 2024-01-01: 0.2 }",
        ", due: 2024-01-20",
        ", dropped: We stopped.",
    ]);
    format!("title: Result, kpi: {kpi}, {goal}{more}")
}
