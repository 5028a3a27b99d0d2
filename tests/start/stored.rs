//! Columns that a warehouse stores in less room than their declared types have: the figures are those of the declared types.

use crate::folder::Folder;
use serde_json::Value;

/// `x` is stored in 32 bits, of which 24 are digits; `y` has 38 digits and none after the point; `n` is stored in 32 bits and
/// declared to be any number.
const SPEC: &str = "
sources:
  o:
    query: |
      select date '2024-01-01' as d, x::float as x, y::decimal(38,0) as y, n::integer as n
      from (values (0.5, null, 100000), (16777216, 3, 100000)) as t(x, y, n)
    kind: events
    time: d
    columns: { d: date, x: number, y: decimal, n: number, y_or_half: { type: decimal, expr: 'coalesce(y, 0.5)' } }
kpis:
";

fn value(formula: &str) -> f64 {
    let folder = Folder::new();
    folder.write("kpic.yml", "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-01-31 }\n");
    folder.write("specs/shop.yml", &format!("{SPEC}  k: {{ formula: \"{formula}\" }}\n"));
    let run = folder.kpic(&["run", "--format", "json"]);
    assert_eq!(run.code, 0, "{formula}: {}", run.stderr);
    let figures: Value = serde_json::from_str(&run.stdout).unwrap();
    figures[0]["periods"][0]["value"].as_f64().unwrap_or_else(|| panic!("{formula}: {figures}"))
}

#[test]
fn floating_numbers_are_computed_with_in_64_bits() {
    // 16777216 is 2 to the 24th: in 32 bits, adding 1 to it leaves it as it is.
    for (formula, expected) in [
        ("sum(x + 1 from o)", 16_777_218.5),
        ("sum(1 + x from o)", 16_777_218.5),
        ("sum(x - -1 from o)", 16_777_218.5),
        ("max(if(x > 1, x, 0) + 1 from o)", 16_777_217.0),
        ("max(coalesce(x, 0) + 1 from o)", 16_777_217.0),
        ("max(abs(x) + 1 from o)", 16_777_217.0),
        ("max(floor(x) + 1 from o)", 16_777_217.0),
        ("max(x from o) + 1", 16_777_217.0),
        // (2^24 + 1) * (2^24 - 1) = 2^48 - 1
        ("max((x + 1) * (x - 1) from o)", 281_474_976_710_655.0),
    ] {
        assert!((value(formula) - expected).abs() < 1e-6, "{formula} is {}", value(formula));
    }
}

#[test]
fn a_choice_between_decimals_keeps_their_fractions() {
    for (formula, expected) in [
        ("sum(coalesce(y, 0.5) from o)", 3.5),
        ("sum(y_or_half from o)", 3.5),
        ("sum(y_or_half + 0.25 from o)", 4.0),
        ("sum(if(y is null, 0.5, y) from o)", 3.5),
        ("sum(case when y is null then 0.5 when y > 5 then 0 else y end from o)", 3.5),
        ("sum(least(y, 2.5) from o)", 2.5),
        ("sum(greatest(y, 3.5) from o)", 3.5),
        ("sum(if(y > 1, y * 0.5, y) from o)", 1.5),
        ("sum(if(y > 1, -y, y) from o)", -3.0),
    ] {
        assert!((value(formula) - expected).abs() < 1e-9, "{formula} is {}", value(formula));
    }
}

#[test]
fn whole_numbers_that_are_declared_as_any_numbers_do_not_overflow() {
    // 100,000 squared does not fit into 32 bits.
    for (formula, expected) in
        [("sum(n * n from o)", 2e10), ("sum(n * n * n from o)", 2e15), ("sum(n * 100000 + n from o)", 20_000_200_000.0)]
    {
        assert!((value(formula) - expected).abs() < 1e-3, "{formula} is {}", value(formula));
    }
}
