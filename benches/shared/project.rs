//! Projects for benchmarks: as many KPIs as wanted, the same on every machine.
//!
//! Of every ten KPIs seven are aggregates, two are ratios of KPIs and one looks at an earlier period. Fifty KPIs stand in a file,
//! together with the two sources that they read. Nothing in such a project is to be complained of.

/// How many KPIs stand in a file.
const KPIS_PER_FILE: usize = 50;
/// How many KPIs of a file are aggregates; ratios and those with an earlier period follow.
const AGGREGATES: usize = KPIS_PER_FILE * 7 / 10;
const RATIOS: usize = KPIS_PER_FILE * 2 / 10;

/// What the aggregates of a file range over, over and over again with another `{n}`; `{f}` is the number of the file.
const AGGREGATE: [&str; 7] = [
    "description: What paid orders of {n} items and more bring.
    formula: sum(orders_{f}.amount where status = 'paid' and items >= {n})
    unit: USD
    better: up",
    "description: How many orders of {n} items and more are placed.
    formula: count(orders_{f} where items >= {n})
    better: up",
    "description: How many different customers place an order of {n} items and more.
    formula: count_distinct(orders_{f}.customer where items >= {n})
    better: up",
    "description: What orders of {n} items and more bring in Germany and Austria.
    formula: sum(orders_{f}.amount where items >= {n} and customer.country in ('DE', 'AT'))
    unit: USD
    better: up",
    "description: What orders of {n} items and more leave when they are paid for.
    formula: sum(amount - cost from orders_{f} where status in ('paid', 'sent') and items >= {n})
    unit: USD
    better: up",
    "description: What an order of {n} items and more brings on average.
    formula: avg(orders_{f}.amount where items >= {n})
    unit: USD
    better: up",
    "description: What orders of {n} items and more brought in the last four weeks.
    formula: sum(orders_{f}.amount where items >= {n} over trailing 28 days)
    unit: USD
    better: up",
];

const PROJECT: &str = "\
kpic: 1
project: benchmark
calendar: { start: 2022-01-01, as_of: 2024-09-26 }
warehouse: { dialect: duckdb, schema: kpi }
";

const TEAMS: &str = "\
teams:
  sales: { title: Sales }
  growth: { title: Growth }
  service: { title: Service }
";

const SOURCES: &str = "\
sources:
  customers_{f}:
    description: Everyone who ever ordered.
    table: raw.customers_{f}
    kind: entities
    row: customer
    key: customer_id
    columns:
      customer_id: text
      country:     { type: text, description: \"Where the customer lives, as a code of two letters.\" }

  orders_{f}:
    description: One row per order placed.
    table: raw.orders_{f}
    kind: events
    row: order
    key: order_id
    time: ordered_at
    columns:
      order_id:   text
      ordered_at: timestamp
      customer:   { column: customer_id, references: customers_{f} }
      amount:     { type: decimal, unit: USD, min: 0 }
      cost:       { type: decimal, unit: USD, min: 0 }
      items:      { type: integer, min: 0 }
      status:     { type: text, values: [open, paid, sent, returned], nullable: false }
";

/// The files of a project of so many KPIs, a multiple of [`KPIS_PER_FILE`]: paths and texts, `kpic.yml` first.
pub(crate) fn files(kpis: usize) -> Vec<(String, String)> {
    changed(kpis, &|_, text| text)
}

/// The same with each KPI changed, given by its place in its file and its text.
pub(crate) fn changed(kpis: usize, change: &dyn Fn(usize, String) -> String) -> Vec<(String, String)> {
    let project = ("kpic.yml".to_owned(), PROJECT.to_owned());
    let domain = |number| (format!("specs/domain_{number:04}.yml"), domain(number, change));
    std::iter::once(project).chain((0..kpis / KPIS_PER_FILE).map(domain)).collect()
}

/// A file: teams in the first one, its sources, and its KPIs.
fn domain(number: usize, change: &dyn Fn(usize, String) -> String) -> String {
    let file = format!("{number:04}");
    let mut text = if number == 0 { format!("{TEAMS}\n") } else { String::new() };
    text.push_str(&SOURCES.replace("{f}", &file));
    text.push_str("\nkpis:\n");
    for place in 0..KPIS_PER_FILE {
        let kpi = kpi(&file, place);
        text.push_str(&change(place, kpi));
    }
    text
}

fn kpi(file: &str, place: usize) -> String {
    let name = |place: usize| format!("kpi_{file}_{place:02}");
    let body = if place < AGGREGATES {
        let kind = AGGREGATE.iter().cycle().nth(place).copied().unwrap_or_default();
        kind.replace("{n}", &(place / AGGREGATE.len() + 1).to_string())
    } else if place < AGGREGATES + RATIOS {
        // What paid orders bring, by how many orders there are, of this many items and of that many.
        let ratio = place - AGGREGATES;
        let (above, below) = (name(ratio % 5 * 7), name((ratio + ratio / 5) % 5 * 7 + 1));
        format!(
            "description: How {above} and {below} go together.\n    formula: {above} / {below}\n    unit: USD\n    better: up"
        )
    } else {
        let of = name((place - AGGREGATES - RATIOS) * 7 + 3);
        format!(
            "description: By how much {of} grows from month to month.\n    formula: growth({of})\n    unit: \"%\"\n    better: up"
        )
    };
    let owner = ["sales", "growth", "service"].iter().cycle().nth(place).copied().unwrap_or_default();
    format!("  {}:\n    {}\n    owner: {owner}\n\n", name(place), body.replace("{f}", file))
}
