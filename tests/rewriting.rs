//! Formulas that are written in another way and mean the same: `diff` proves nearly all of them, and never calls one a change of meaning.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

use kpic::diff::{Class, Kind, diff};
use kpic::pipeline::{Checked, Options, check_texts};
use std::fmt::Write;

/// So many pairs are made by each rule.
const PAIRS: usize = 200;

/// Numbers that look random and are always the same.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn number(&mut self) -> String {
        self.pick(&["2", "3", "7", "10", "0.5", "1.25", "100"]).to_owned()
    }

    /// A number of a row.
    fn row(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 3 } else { 6 }) {
            0..3 => self.pick(&["a", "b", "c", "n", "m"]).to_owned(),
            3 => format!("({} + {})", self.row(depth - 1), self.row(depth - 1)),
            4 => format!("({} * {})", self.row(depth - 1), self.number()),
            _ => format!("({} - {})", self.row(depth - 1), self.row(depth - 1)),
        }
    }

    /// A condition on rows.
    fn condition(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => format!("a > {}", self.number()),
            1 => format!("x = '{}'", self.pick(&["p", "q", "r"])),
            2 => "flag".to_owned(),
            3 => format!("b <= {}", self.number()),
            4 => format!("{} is not null", self.pick(&["a", "x", "c"])),
            5 => format!("({} and {})", self.condition(depth - 1), self.condition(depth - 1)),
            6 => format!("({} or {})", self.condition(depth - 1), self.condition(depth - 1)),
            _ => format!("not ({})", self.condition(depth - 1)),
        }
    }

    fn aggregate(&mut self) -> String {
        let filter = if self.below(2) == 0 { String::new() } else { format!(" where {}", self.condition(1)) };
        match self.below(6) {
            0 => format!("count(things{filter})"),
            1 => format!("avg({} from things{filter})", self.row(1)),
            2 => format!("max({} from things{filter})", self.row(0)),
            _ => format!("sum({} from things{filter})", self.row(1)),
        }
    }

    /// A number of a period.
    fn figure(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 3 } else { 7 }) {
            0..2 => self.aggregate(),
            2 => self.pick(&["first", "second"]).to_owned(),
            3 => format!("({} + {})", self.figure(depth - 1), self.figure(depth - 1)),
            4 => format!("({} - {})", self.figure(depth - 1), self.figure(depth - 1)),
            5 => format!("({} * {})", self.figure(depth - 1), self.figure(depth - 1)),
            _ => format!("({} / {})", self.figure(depth - 1), self.figure(depth - 1)),
        }
    }
}

/// A way to write a formula anew, with its name.
type Rule = (&'static str, fn(&mut Choices) -> (String, String));

/// The two formulas with three parts that are the same in both.
fn with(choices: &mut Choices, write: impl Fn(&str, &str, &str) -> (String, String)) -> (String, String) {
    let (a, b, c) = (choices.figure(1), choices.figure(1), choices.figure(0));
    write(&a, &b, &c)
}

/// Two aggregates whose conditions are written in two ways.
fn filtered(choices: &mut Choices, write: impl Fn(&str, &str, &str) -> (String, String)) -> (String, String) {
    let (one, two, three) = (choices.condition(1), choices.condition(1), choices.condition(0));
    let (before, after) = write(&one, &two, &three);
    let of = choices.row(1);
    (format!("sum({of} from things where {before})"), format!("sum({of} from things where {after})"))
}

const RULES: &[Rule] = &[
    ("sums in another order", |c| with(c, |a, b, _| (format!("{a} + {b}"), format!("{b} + {a}")))),
    ("products in another order", |c| with(c, |a, b, _| (format!("{a} * {b}"), format!("{b} * {a}")))),
    ("sums of three", |c| with(c, |a, b, d| (format!("({a} + {b}) + {d}"), format!("{a} + ({b} + {d})")))),
    ("products of three", |c| with(c, |a, b, d| (format!("({a} * {b}) * {d}"), format!("{a} * ({b} * {d})")))),
    ("expanded", |c| with(c, |a, b, d| (format!("{a} * ({b} + {d})"), format!("{a} * {b} + {a} * {d}")))),
    ("factored", |c| with(c, |a, b, d| (format!("{a} * {d} - {b} * {d}"), format!("({a} - {b}) * {d}")))),
    ("a difference as a sum", |c| with(c, |a, b, _| (format!("{a} - {b}"), format!("{a} + (-{b})")))),
    ("two signs", |c| with(c, |a, b, _| (format!("{a} - {b}"), format!("-({b} - {a})")))),
    ("divided twice", |c| with(c, |a, b, d| (format!("{a} / {b} / {d}"), format!("{a} / ({b} * {d})")))),
    ("times a quotient", |c| with(c, |a, b, d| (format!("{a} * ({b} / {d})"), format!("({a} * {b}) / {d}")))),
    ("a fraction in two", |c| with(c, |a, b, d| (format!("({a} + {b}) / {d}"), format!("{a} / {d} + {b} / {d}")))),
    ("both sides scaled", |c| with(c, |a, b, _| (format!("{a} / {b}"), format!("(2 * {a}) / (2 * {b})")))),
    ("numbers put together", |c| with(c, |a, b, _| (format!("{a} * 0.5 * 4 + {b} * 0"), format!("0 * {b} + {a} * 2")))),
    ("divided by a number", |c| with(c, |a, _, _| (format!("{a} / 4"), format!("{a} * 0.25")))),
    ("a KPI written out", |c| with(c, |a, _, _| (format!("first * {a}"), format!("sum(a from things) * {a}")))),
    ("a KPI put in", |c| with(c, |a, _, _| (format!("{a} - sum(a from things) / count(things)"), format!("{a} - second")))),
    ("conditions in another order", |c| filtered(c, |a, b, _| (format!("{a} and {b}"), format!("{b} and {a}")))),
    ("either, in another order", |c| filtered(c, |a, b, _| (format!("{a} or {b}"), format!("{b} or {a}")))),
    ("not both", |c| filtered(c, |a, b, _| (format!("not ({a} and {b})"), format!("not ({a}) or not ({b})")))),
    ("not either", |c| filtered(c, |a, b, _| (format!("not ({a} or {b})"), format!("not ({a}) and not ({b})")))),
    ("not not", |c| filtered(c, |a, _, _| (format!("not (not ({a}))"), a.to_owned()))),
    ("twice the same", |c| filtered(c, |a, b, _| (format!("{a} and ({b}) and ({a})"), format!("({b}) and ({a})")))),
    ("what is held already", |c| filtered(c, |a, b, _| (format!("({a}) and (({a}) or ({b}))"), a.to_owned()))),
    ("a list", |c| filtered(c, |a, _, _| (format!("({a}) and x in ('p', 'q')"), format!("({a}) and (x = 'q' or x = 'p')")))),
    ("no list", |c| {
        filtered(c, |a, _, _| (format!("({a}) and x not in ('p', 'q')"), format!("({a}) and x != 'q' and x != 'p'")))
    }),
    ("between", |c| filtered(c, |a, _, _| (format!("({a}) and b between 2 and 7"), format!("b <= 7 and b >= 2 and ({a})")))),
    ("turned over", |c| filtered(c, |a, _, _| (format!("({a}) and a > b"), format!("({a}) and b < a")))),
    ("the opposite", |c| filtered(c, |a, _, _| (format!("({a}) and not (a > b)"), format!("({a}) and a <= b")))),
    ("never null", |c| filtered(c, |a, _, _| (format!("({a}) and n is not null"), a.to_owned()))),
    ("a derived column written out", |c| {
        let a = c.figure(0);
        (format!("{a} + sum(sum_of from things)"), format!("{a} + sum(n + m from things)"))
    }),
    ("a sum of multiples", |c| {
        let (filter, number) = (c.condition(1), c.number());
        (format!("sum({number} * a from things where {filter})"), format!("{number} * sum(a from things where {filter})"))
    }),
    ("a sum of sums", |c| {
        let filter = c.condition(1);
        (
            format!("sum(n + 3 * m from things where {filter})"),
            format!("sum(n from things where {filter}) + 3 * sum(m from things where {filter})"),
        )
    }),
    ("a mean as a quotient", |c| {
        let (filter, of) = (c.condition(1), c.pick(&["a", "b", "c"]).to_owned());
        (
            format!("avg({of} from things where {filter})"),
            format!("sum({of} from things where {filter}) / count({of} from things where {filter})"),
        )
    }),
    ("the least of what is turned over", |c| {
        let filter = c.condition(1);
        (format!("min(-2 * a from things where {filter})"), format!("-2 * max(a from things where {filter})"))
    }),
    ("if as case", |c| {
        with(c, |a, b, d| (format!("if({a} > 3, {b}, {d})"), format!("case when {a} > 3 then {b} else {d} end")))
    }),
    ("the first that is known", |c| {
        with(c, |a, b, d| (format!("coalesce(coalesce({a}, {b}), {d})"), format!("coalesce({a}, coalesce({b}, {d}))")))
    }),
    ("the least in another order", |c| {
        with(c, |a, b, d| (format!("least({a}, {b}, {d})"), format!("least({d}, least({b}, {a}))")))
    }),
    ("without a sign", |c| with(c, |a, b, _| (format!("abs({a} - {b})"), format!("abs({b} - {a})")))),
    ("a longer unit", |c| {
        let filter = c.condition(0);
        (
            format!("sum(a from things where {filter} over trailing 12 months)"),
            format!("sum(a from things where {filter} over trailing 1 year)"),
        )
    }),
    ("before, of a sum", |c| with(c, |a, b, _| (format!("prior({a} + {b})"), format!("prior({a}) + prior({b})")))),
    ("a change written out", |c| with(c, |a, _, _| (format!("change({a})"), format!("({a}) - prior({a})")))),
    ("a change to date written out", |c| {
        with(c, |a, _, _| (format!("change_to_date({a})"), format!("({a}) - prior_to_date({a})")))
    }),
    ("to date, of a sum", |c| {
        with(c, |a, b, _| (format!("prior_to_date({a} + {b})"), format!("prior_to_date({a}) + prior_to_date({b})")))
    }),
    ("growth written out", |c| with(c, |a, _, _| (format!("growth({a})"), format!("(({a}) - prior({a})) / abs(prior({a}))")))),
    ("a slice of a KPI", |c| {
        let figure = c.figure(0);
        (format!("{figure} + slice(first, x = 'p')"), format!("{figure} + sum(a from things where x = 'p')"))
    }),
    ("a slice of a slice", |c| {
        with(c, |a, _, _| (format!("slice(slice({a}, x = 'p'), y = 'q')"), format!("slice({a}, y = 'q' and x = 'p')")))
    }),
    ("a spread of each turned over", |c| {
        let (f, g) = (c.condition(1), c.condition(0));
        let of = |value: &str| format!("avg({value} per things.x)");
        (
            of(&format!("max(things.a where {f}) - min(things.a where {g})")),
            of(&format!("-(min(things.a where {g}) - max(things.a where {f}))")),
        )
    }),
    ("a mean of each as a quotient", |c| {
        let filter = c.condition(1);
        let of = |value: &str| format!("max({value} * 2 per things.x)");
        (
            of(&format!("avg(things.a where {filter})")),
            of(&format!("(sum(things.a where {filter}) / count(things.a where {filter}))")),
        )
    }),
    ("a total of a sum", |c| with(c, |a, b, _| (format!("total({a} + {b})"), format!("total({a}) + total({b})")))),
];

fn project(formulas: &[String]) -> Checked {
    let mut specs = String::from(
        "sources:
  things:
    table: things
    kind: events
    row: thing
    time: day
    columns:
      day: date
      a: number
      b: number
      c: number
      n: { type: number, nullable: false }
      m: { type: number, nullable: false }
      sum_of: { type: number, expr: n + m }
      x: text
      y: text
      flag: boolean
kpis:
  first: { description: A., formula: sum(a from things) }
  second: { description: B., formula: sum(a from things) / count(things) }
",
    );
    for (at, formula) in formulas.iter().enumerate() {
        write!(specs, "  pair_{at}:\n    description: One.\n    formula: |\n      {formula}\n").unwrap();
    }
    let kpic = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";
    check_texts(vec![("kpic.yml".to_owned(), kpic.to_owned()), ("specs/a.yml".to_owned(), specs)], &Options::default())
}

#[test]
fn what_means_the_same_is_proven_and_never_called_a_change() {
    assert!(RULES.len() >= 25);
    let (mut wrong, mut all, mut proven) = (String::new(), 0, 0);
    for (at, (name, rule)) in RULES.iter().enumerate() {
        let mut choices = Choices(at as u64 * 7919 + 1);
        let pairs: Vec<(String, String)> = (0..PAIRS).map(|_| rule(&mut choices)).collect();
        let (ones, twos): (Vec<String>, Vec<String>) = pairs.iter().cloned().unzip();
        let (before, after) = (project(&ones), project(&twos));
        let broken = |checked: &Checked| {
            checked.findings.iter().find(|finding| finding.severity == kpic::diagnostic::Severity::Error).map(|finding| {
                let place = finding.labels.first().map(|label| checked.files.slice(label.span).to_owned());
                format!("{} {place:?}", finding.message)
            })
        };
        if let Some(why) = broken(&before).or(broken(&after)) {
            writeln!(wrong, "{name}: {why}").unwrap();
            continue;
        }
        let found = diff(&before, &after, "2025-01-01".parse().unwrap());
        let mut open = 0;
        for change in found.changes.iter().filter(|change| change.kind == Kind::Kpi) {
            let at: usize = change.name.trim_start_matches("pair_").parse().unwrap();
            // The unit and the kind that follow from a formula may be others.
            let formula = change.fields.iter().find(|field| field.name == "formula").map(|field| field.class);
            match formula {
                Some(Class::Undecided) => open += 1,
                None | Some(Class::None) => {}
                Some(class) => {
                    writeln!(wrong, "{name}: {} for\n  {}\n  {}", class.name(), pairs[at].0, pairs[at].1).unwrap();
                }
            }
        }
        all += PAIRS;
        proven += PAIRS - open;
        eprintln!("{:>4} of {PAIRS} proven: {name}", PAIRS - open);
        if (PAIRS - open) * 100 < PAIRS * 80 {
            writeln!(wrong, "{name}: only {} of {PAIRS} are proven", PAIRS - open).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(proven * 100 >= all * 95, "{proven} of {all}");
}

/// Formulas that look alike and differ somewhere: where something is null or 0, in the last digit where it decides, in which slices there are.
const TRAPS: &[(&str, &str)] = &[
    ("first / second * second", "first"),
    ("second - second + first", "first"),
    ("first / first", "1"),
    ("first * 0", "0 * second"),
    ("sum(a + b from things)", "sum(a from things) + sum(b from things)"),
    ("sum(n + a from things)", "sum(n from things) + sum(a from things)"),
    ("avg(a from things)", "sum(a from things) / count(things)"),
    ("avg(a / b from things)", "sum(a / b from things) / count(a from things)"),
    ("avg(a from things)", "avg(n from things)"),
    ("sum(a from things where not (x = 'p'))", "sum(a from things where x != 'p' or x is null)"),
    ("sum(a from things where not (a > 3))", "sum(a from things where a < 3)"),
    ("sum(a from things where a > 3 or b > 3)", "sum(a from things where a > 3 and b > 3)"),
    ("sum(a from things where x in ('p', 'q'))", "sum(a from things where x in ('p'))"),
    ("sum(a from things where a between 2 and 7)", "sum(a from things where a > 2 and a < 7)"),
    ("sum(if(flag, a, 0) from things)", "sum(a from things where flag)"),
    ("count(things where flag)", "sum(if(flag, 1, 0) from things)"),
    ("count(a from things)", "count(things where a is not null)"),
    ("round(first + second + count(things))", "round(first + (second + count(things)))"),
    ("round(first + second)", "round(first) + round(second)"),
    ("if(0.1 * first > 3, 1, 0)", "if(sum(0.1 * a from things) > 3, 1, 0)"),
    ("if(first * 3 > 0.3, 1, 0)", "if(first > 0.1, 1, 0)"),
    ("if(first > 0, first, 0)", "greatest(first, 0)"),
    ("least(first, second)", "if(first < second, first, second)"),
    ("coalesce(second, 0) + first", "second + first"),
    ("coalesce(second, first)", "coalesce(first, second)"),
    ("min(-a from things)", "-min(a from things)"),
    ("max(a * b from things)", "max(a from things) * max(b from things)"),
    ("count_distinct(x from things)", "count(x from things)"),
    ("prior(second)", "prior(second, 2 months)"),
    ("prior(second)", "prior_to_date(second)"),
    ("growth(second)", "growth_to_date(second)"),
    ("change(second)", "second - coalesce(prior(second), 0)"),
    ("growth(second)", "(second - prior(second)) / prior(second)"),
    ("sum(a from things over trailing 1 month)", "sum(a from things over trailing 30 days)"),
    ("sum(a from things over trailing 12 months)", "sum(a from things over year to date)"),
    ("total(second)", "second"),
    ("total(first) / first", "first / total(first)"),
    ("slice(first, x = 'p') + slice(first, x != 'p')", "first"),
    ("slice(total(first), x = 'p')", "total(first)"),
    ("avg(first each month over trailing 3 months)", "sum(a from things over trailing 3 months) / 3"),
    ("first - second - count(things)", "first - (second - count(things))"),
    ("first / second / count(things)", "first / (second / count(things))"),
    // Whether a divisor is 0, and whether there is a root, the last digit decides.
    ("first / (first - second - count(things))", "first / (first - (second + count(things)))"),
    ("sqrt(first - second - count(things))", "sqrt(first - (second + count(things)))"),
    ("coalesce(1 / (first * 3 - first * 2 - first), 0)", "coalesce(1 / (first - first), 0)"),
    ("sum(a / (a * 3 - 0.3) from things)", "sum(a / ((a - 0.1) * 3) from things)"),
    ("growth(first - second - count(things))", "growth(first - (second + count(things)))"),
    ("-first * first", "first * first"),
    ("abs(first - second)", "abs(first) - abs(second)"),
    ("power(first, 2)", "first * first"),
    ("sum(sum(things.a) * sum(things.a) per things.x)", "sum(things.a) * sum(things.a)"),
    ("avg(sum(things.a) / count(things) per things.x)", "avg(avg(things.a) per things.x)"),
    ("avg(max(things.a) - min(things.b) per things.x)", "avg(max(things.a) per things.x) - avg(min(things.b) per things.x)"),
    // Who is there depends on all of the aggregates, also on those that cancel out.
    (
        "count(count(things where flag) + count(things where a > 3) - count(things where a > 3) per things.x)",
        "count(count(things where flag) per things.x)",
    ),
    (
        "case when flag_count > 1 then 1 when first > 1 then 2 else 3 end",
        "case when first > 1 then 2 when flag_count > 1 then 1 else 3 end",
    ),
];

#[test]
fn what_only_looks_the_same_is_not_proven() {
    let flags = "count(things where flag)";
    let write = |formula: &str| formula.replace("flag_count", flags);
    let (ones, twos): (Vec<String>, Vec<String>) = TRAPS.iter().map(|(one, two)| (write(one), write(two))).unzip();
    let (before, after) = (project(&ones), project(&twos));
    for checked in [&before, &after] {
        let errors = checked.findings.iter().filter(|finding| finding.severity == kpic::diagnostic::Severity::Error);
        let errors: Vec<String> = errors
            .map(|finding| {
                format!("{} {:?}", finding.message, finding.labels.first().map(|label| checked.files.slice(label.span)))
            })
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let found = diff(&before, &after, "2025-01-01".parse().unwrap());
    let class = |at: usize| {
        let change = found.changes.iter().find(|change| change.name == format!("pair_{at}"))?;
        change.fields.iter().find(|field| field.name == "formula").map(|field| field.class)
    };
    let proven: Vec<_> = (0..TRAPS.len())
        .filter(|at| !matches!(class(*at), Some(Class::Meaning | Class::Undecided)))
        .map(|at| TRAPS[at])
        .collect();
    assert!(proven.is_empty(), "{proven:#?}");
    let open: Vec<_> = (0..TRAPS.len()).filter(|at| class(*at) == Some(Class::Undecided)).map(|at| TRAPS[at]).collect();
    assert!(open.len() * 3 <= TRAPS.len(), "so many are not seen to differ: {open:#?}");
}

/// Formulas that would take for ever if they were spread: they stay as they are written.
#[test]
fn long_formulas_take_no_time() {
    let sum =
        |at: usize| format!("(sum(a from things where b > {at}) + sum(b from things where a > {at}) + {at} * count(things))");
    let product: Vec<String> = (1..14).map(sum).collect();
    let ratios: Vec<String> = (1..20).map(|at| format!("first / {}", sum(at))).collect();
    let row: Vec<String> = (1..14).map(|at| format!("(a + {at} * b + c)")).collect();
    let written = |parts: &[String], by: &str| parts.join(by);
    let turned = |parts: &[String], by: &str| parts.iter().rev().cloned().collect::<Vec<_>>().join(by);
    let ones = [written(&product, " * "), written(&ratios, " + "), format!("sum({} from things)", written(&row, " * "))];
    let twos = [turned(&product, " * "), turned(&ratios, " + "), format!("sum({} from things)", turned(&row, " * "))];
    let found = diff(&project(&ones), &project(&twos), "2025-01-01".parse().unwrap());
    // What is said is not the point; that something is said is.
    assert_eq!(found.changes.len(), 3);
}
