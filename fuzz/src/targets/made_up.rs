//! Projects that are made up of choices, one byte each: formulas of any shape that the language has, over sources of every kind.
//!
//! What comes out is nearly always right, so that the plan and its SQL are reached; now and then a piece is of the wrong kind.

#[path = "steered.rs"]
mod steered;

use std::fmt::Write;

/// Choices, one byte each; when there are none left, always the first.
pub(super) struct Choices<'a> {
    bytes: &'a [u8],
}

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % count.max(1)
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

const GRAINS: &[&str] = &["month", "day", "week", "quarter", "year"];

/// Rows that happen, rows that are, rows without a time, keys of two columns, derived columns, amounts of several currencies.
const SOURCES: &str = "sources:
  orders:
    table: raw.orders
    kind: events
    row: order
    key: order_id
    time: ordered_at
    columns:
      order_id: text
      ordered_at: instant
      shipped_on: date
      customer: { references: customers }
      store: { column: [region, store_no], references: stores }
      amount: { type: decimal, unit: EUR, min: 0 }
      paid: { type: decimal, unit: { column: currency } }
      currency: text
      pieces: { type: integer, min: 1 }
      status: { type: text, values: [open, paid], nullable: false }
      is_big: { type: boolean, expr: \"amount > 100\" }
      waited: { type: number, unit: hour }
  customers:
    files: data/customers.csv
    kind: entities
    key: customer_id
    time: joined_on
    columns:
      customer_id: text
      joined_on: date
      country: text
      invited_by: { references: customers }
  stores:
    query: select * from raw.stores
    kind: entities
    key: [region, store_no]
    columns: { region: text, store_no: integer, opened_on: date, size: number }
  plans:
    table: raw.plans
    kind: states
    row: plan
    key: plan_id
    valid: { from: begun_at, to: { column: last_day, inclusive: true } }
    columns:
      plan_id: text
      customer: { references: customers }
      level: { type: text, values: [basic, pro], nullable: false }
      begun_at: instant
      last_day: date
      price: { type: decimal, unit: EUR, min: 0 }
  balances:
    table: raw.balances
    kind: states
    row: account
    key: account
    snapshot: taken_on
    every: week
    columns: { account: text, taken_on: date, held: { type: decimal, unit: EUR } }
journeys:
  path:
    row: customer
    starts: every
    steps:
      joined: { at: customers.joined_on, entity: customer_id }
      bought: { at: orders.ordered_at, entity: customer, where: \"status = 'paid'\" }
      planned: { at: plans.begun_at, entity: customer }
dimensions:
  country: { from: { customers: country, orders: customer.country } }
teams: { sales: { title: Sales } }
";

/// A project file and a spec file.
pub(super) fn project(bytes: &[u8]) -> (String, String) {
    let mut choices = Choices { bytes };
    let project = format!(
        "kpic: 1\nproject: p\ncalendar:\n  start: {}\n  data_from: 2022-12-30\n  as_of: {}\n  settle: {} days\n  timezone: {}\n  \
         week_starts: {}\n  fiscal_year_starts: {}\n",
        choices.pick(&["2023-01-01", "2023-12-31", "2024-02-29"]),
        choices.pick(&["2024-03-31", "today", "2024-02-29", "2024-03-01"]),
        choices.below(40),
        choices.pick(&["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
        choices.pick(&["monday", "sunday"]),
        choices.pick(&["january", "april", "december"]),
    );
    let mut spec = SOURCES.to_owned();
    spec.push_str("kpis:\n  k0: { formula: count(orders), grains: [day], unit: order }\n");
    for at in 1..=1 + choices.below(5) {
        let formula = figure(&mut choices, at, 3).replace('\'', "''");
        let _ = write!(
            spec,
            "  k{at}:\n    formula: '{formula}'\n    grain: {}\n",
            choices.pick(if at == 1 { &["month"] } else { GRAINS })
        );
        let by =
            choices.pick(&["", "    by: [status]\n", "    by: [country, [is_big, country]]\n", "    grains: [year, week]\n"]);
        spec.push_str(by);
        spec.push_str(choices.pick(&[
            "",
            "",
            "",
            "    unit: EUR\n",
            "    unit: \"%\"\n",
            "    gaps: omit\n",
            "    owner: sales\n",
        ]));
    }
    steered::sections(&mut choices, &mut spec);
    let _ = writeln!(spec, "scorecards: {{ all: {{ grain: {}, kpis: [k0, k1] }} }}", choices.pick(GRAINS));
    (project, spec)
}

/// KPI arithmetic over the KPIs before `at`.
fn figure(choices: &mut Choices<'_>, at: usize, depth: usize) -> String {
    if depth == 0 {
        return match choices.below(3) {
            0 => aggregate(choices),
            1 => format!("k{}", choices.below(at)),
            _ => choices.pick(&["2", "0.5", "25%", "1_000", "0", "null", "-3"]).to_owned(),
        };
    }
    let inner = |choices: &mut Choices<'_>| figure(choices, at, depth - 1);
    match choices.below(16) {
        0..=3 => aggregate(choices),
        4 => format!("k{}", choices.below(at)),
        5 => format!("({} {} {})", inner(choices), choices.pick(&["/", "+", "-", "*"]), inner(choices)),
        6 => format!("prior(k{}, {} {})", choices.below(at), 1 + choices.below(14), choices.pick(GRAINS)),
        7 => format!("{}(k{})", choices.pick(&["growth", "change", "prior"]), choices.below(at)),
        8 => format!("slice(k{}, {})", choices.below(at), choices.pick(&["status = 'paid'", "country in ('DE', 'AT')"])),
        9 => format!("k{0} / total(k{0}{1})", choices.below(at), choices.pick(&["", ", country", ", status"])),
        10 => {
            let over = window(choices);
            let name = choices.pick(&["avg", "sum", "max", "min", "median", "stddev"]);
            format!("{name}(k{} each {}{over})", choices.below(at), choices.pick(GRAINS))
        }
        11 => format!("{}({}, {})", choices.pick(&["least", "greatest", "coalesce"]), inner(choices), inner(choices)),
        12 => format!("if({} {} 3, {}, 0)", inner(choices), choices.pick(&["<", ">=", "=", "!="]), inner(choices)),
        13 => format!("{}({})", choices.pick(&["abs", "ln", "exp", "sqrt", "floor", "ceil", "-"]), inner(choices)),
        14 => format!("case when {} is null then 0 when k0 between 1 and 5 then 1 end", inner(choices)),
        _ => format!("round({}, {})", inner(choices), choices.below(5)),
    }
}

/// An aggregate over rows.
fn aggregate(choices: &mut Choices<'_>) -> String {
    let filter = if choices.below(2) == 0 { String::new() } else { format!(" where {}", condition(choices, 2)) };
    let at = choices.pick(&["", "", "", " at shipped_on"]);
    let over = window(choices);
    match choices.below(15) {
        10 => {
            format!("{}(plans.price at {})", choices.pick(&["sum", "avg", "max"]), choices.pick(&["end", "start", "begun_at"]))
        }
        11 => format!("count(plans {})", choices.pick(&["at end", "at start", "where level = 'pro' at end", "at last_day"])),
        12 => {
            let when = choices.pick(&["end.exists and not start.exists", "start.exists and not end.exists", "not start.ever"]);
            let value = choices.pick(&["end.price", "start.price", "end.price - start.price"]);
            format!("sum({value} from plans{} where {when})", choices.pick(&["", " per customer"]))
        }
        13 => format!("sum(balances.held at {})", choices.pick(&["end", "start"])),
        14 => {
            let within = choices.pick(&["", " within 30 days", " within 7 days of joined", " within 2 months of bought"]);
            format!("count(path where reached({}{within}){over})", choices.pick(&["bought", "planned", "joined"]))
        }
        0 => format!("count(orders{filter}{at}{over})"),
        1 => format!("count_distinct(orders.customer{filter}{at}{over})"),
        2 => format!("count(customers where count(orders{filter}) > {}{over})", choices.below(4)),
        3 => format!("sum(sum(orders.amount{filter}{over}) per orders.customer top {})", 1 + choices.below(9)),
        4 => format!("count(count(orders{filter}{over}) per orders.customer.country where value >= 2)"),
        5 => format!("percentile(orders.amount, {}%{filter}{at}{over})", choices.below(101)),
        6 => format!("sum(stores.size at opened_on{over})"),
        7 => format!("avg(amount / pieces from orders{filter}{at}{over})"),
        8 => format!("count(customers where invited_by.country != country{over})"),
        _ => {
            let name = choices.pick(&["sum", "avg", "min", "max", "median", "stddev", "variance", "first", "last"]);
            format!("{name}(orders.{}{filter}{at}{over})", choices.pick(&["amount", "pieces", "waited", "paid"]))
        }
    }
}

/// A condition on orders.
fn condition(choices: &mut Choices<'_>, depth: usize) -> String {
    if depth > 0 && choices.below(3) == 0 {
        let (left, right) = (condition(choices, depth - 1), condition(choices, depth - 1));
        return format!("{}({left} {} {right})", choices.pick(&["", "not "]), choices.pick(&["and", "or"]));
    }
    choices
        .pick(&[
            "status = 'paid'",
            "amount > 10",
            "customer.country = 'DE'",
            "customer.invited_by.country is null",
            "is_big",
            "trunc(ordered_at, month) = date '2024-01-01'",
            "weekday(ordered_at) in (6, 7)",
            "shipped_on - ordered_at > 2 days",
            "shipped_on between date '2023-01-01' and date '2023-12-31'",
            "status like 'p_%'",
            "lower(customer.country) != 'it''s'",
            "ordered_at + 14 days < shipped_on",
            "mod(pieces, 2) = 1",
            "store.size > 100",
            "if(is_big, pieces, 0) >= 1",
            "hour(ordered_at) < 12",
        ])
        .to_owned()
}

fn window(choices: &mut Choices<'_>) -> String {
    match choices.below(9) {
        0..=3 => String::new(),
        4 => " over all time".to_owned(),
        5 => " over previous period".to_owned(),
        6 => format!(" over {} to date", choices.pick(&["week", "month", "quarter", "year"])),
        _ => format!(" over trailing {} {}s", 1 + choices.below(40), choices.pick(GRAINS)),
    }
}
