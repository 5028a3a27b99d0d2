//! Times the SQL that kpic emits against what an expert writes by hand, on 10 and 20 million rows, side by side in one run.
//!
//! `make bench-sql`. The database is made once, below `target/`. Each pair is run in turn, several times; the medians are
//! compared. Both of a pair give the same figures; a test of the numbers is not this file's business.
//!
//! A second table times `kpic query` as a whole, with the checks of the data that figures rely on and without them (`--no-guards`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[path = "shared/table.rs"]
mod table;

use kpic::pipeline::{Options, check_texts};
use kpic::plan::views;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use table::{Table, seconds};

/// How often each query is run.
const ROUNDS: usize = 7;

/// Rows of two facts and their customers, the same on every machine: hashes stand for chance.
const ROWS: &str = "
create table customers as
  select i as customer_id, 'C' || (hash(i) % 20) as country from range(100000) t(i);
create table orders as
  select i as order_id,
         (hash(i, 2) % 100000)::bigint as customer_id,
         timestamp '2022-01-01' + to_seconds((hash(i, 3) % (86400 * 1000))::bigint) as ordered_at,
         ((hash(i, 4) % 100000) / 100)::decimal(12, 2) as amount,
         (hash(i, 5) % 10)::int as status,
         (hash(i, 6) % 20000)::bigint as user_id
  from range(10000000) t(i);
create table visits as
  select i as visit_id,
         timestamp '2022-01-01' + to_seconds((hash(i, 7) % (86400 * 1000))::bigint) as visited_at
  from range(10000000) t(i);
alter table orders add column ordered_tz timestamptz;
update orders set ordered_tz = make_timestamptz(epoch_us(ordered_at));
create table steps as
  select i as step_id,
         (hash(i, 8) % 4000000)::bigint as user_id,
         timestamp '2022-01-01' + to_seconds((hash(i, 9) % (86400 * 1000))::bigint) as happened_at,
         case (hash(i, 10) % 8)::int when 0 then 'sign up' when 1 then 'qualify' when 2 then 'buy' when 3 then 'renew' else 'view' end as name,
         'c' || (hash(i, 11) % 5) as channel
  from range(20000000) t(i);
create table members as
  select i as user_id, timestamp '2022-01-01' + to_seconds((hash(i, 12) % (86400 * 1000))::bigint) as signed_up_at
  from range(4000000) t(i);
create table plans as
  select i as account_id,
         date '2022-01-01' + (n * 200 + (hash(i, n, 13) % 60)::int)::int as started_on,
         case when n < 4 or hash(i, 14) % 2 = 0 then date '2022-01-01' + (n * 200 + 80 + (hash(i, n, 15) % 120)::int)::int end as ended_on,
         (10 + hash(i, n, 16) % 90)::decimal(12, 2) as mrr
  from range(1000000) t(i), range(5) s(n);
";

const SPEC: &str = "
sources:
  customers:
    table: customers
    kind: entities
    key: customer_id
    columns: { customer_id: integer, country: text }
  orders:
    table: orders
    kind: events
    key: order_id
    time: ordered_at
    columns:
      order_id: integer
      ordered_at: timestamp
      ordered_tz: instant
      customer: { column: customer_id, references: customers }
      amount: { type: decimal, unit: USD }
      status: integer
      user_id: integer
  visits:
    table: visits
    kind: events
    key: visit_id
    time: visited_at
    columns: { visit_id: integer, visited_at: timestamp }
  steps:
    table: steps
    kind: events
    key: step_id
    time: happened_at
    columns: { step_id: integer, user_id: integer, happened_at: timestamp, name: text, channel: text }
  activities:
    table: steps
    kind: events
    time: happened_at
    columns: { user: { column: user_id, references: members }, happened_at: timestamp }
  members:
    table: members
    kind: entities
    key: user_id
    time: signed_up_at
    columns: { user_id: integer, signed_up_at: timestamp }
  plans:
    table: plans
    kind: states
    key: account_id
    valid: { from: started_on, to: ended_on }
    columns: { account_id: integer, started_on: date, ended_on: date, mrr: { type: decimal, unit: USD } }
dimensions:
  country: { from: { orders: customer.country } }
journeys:
  funnel:
    steps:
      signed_up: { at: steps.happened_at, entity: user_id, where: name = 'sign up' }
      qualified: { at: steps.happened_at, entity: user_id, where: name = 'qualify' }
      bought: { at: steps.happened_at, entity: user_id, where: name = 'buy' }
      renewed: { at: steps.happened_at, entity: user_id, where: name = 'renew' }
  every_signup:
    starts: every
    steps:
      signed_up: { at: steps.happened_at, entity: user_id, where: name = 'sign up' }
      qualified: { at: steps.happened_at, entity: user_id, where: name = 'qualify' }
      bought: { at: steps.happened_at, entity: user_id, where: name = 'buy' }
  first_order: { steps: { first_ordered: { at: orders.ordered_at, entity: customer } } }
kpis:
  started: { formula: count(funnel) }
  qualified: { formula: count(funnel where reached(qualified)) }
  bought: { formula: count(funnel where reached(bought)) }
  renewed: { formula: count(funnel where reached(renewed)), by: [channel] }
  bought_again: { formula: count(every_signup where reached(bought)) }
  activity_to_date: { formula: sum(count(activities over age to date) from members) / count(members), age: { unit: month, up_to: 12 } }
  lifetime_value: { formula: sum(sum(orders.amount over age to date) from first_order) / count(first_order), age: { unit: month, up_to: 12 } }
  activity_of_90_days: { formula: sum(count(activities within 90 days of signed_up_at) from members) / count(members) }
  retention: { formula: count(members where count(activities over age) > 0) / count(members), age: { unit: month, up_to: 12 } }
  mrr_new: { formula: sum(end.mrr from plans where not start.exists and not start.ever) }
  mrr_back: { formula: sum(end.mrr from plans where not start.exists and start.ever) }
  mrr_lost: { formula: sum(start.mrr from plans where not end.exists) }
  mrr_up: { formula: sum(end.mrr - start.mrr from plans where start.exists and end.mrr > start.mrr) }
  mrr_down: { formula: sum(start.mrr - end.mrr from plans where end.exists and end.mrr < start.mrr) }
  revenue: { formula: sum(orders.amount) }
  first_amount: { formula: first(orders.amount) }
  mrr: { formula: sum(plans.mrr) }
  revenue_by_country: { formula: sum(orders.amount), by: [country] }
  revenue_by_reference: { formula: \"sum(orders.amount where customer.country = 'C3')\" }
  conversion: { formula: count(orders) / count(visits) }
  revenue_growth: { formula: growth(revenue) }
  revenue_28_days: { formula: sum(orders.amount over trailing 28 days), grain: day }
  users_28_days: { formula: count_distinct(orders.user_id over trailing 28 days), grain: day }
  revenue_to_date: { formula: sum(orders.amount over year to date) }
  median_amount: { formula: median(orders.amount) }
  buying_time: { formula: avg(max(orders.ordered_at) - min(orders.ordered_at) per orders.customer), unit: day }
  known_revenue: { formula: sum(sum(orders.amount) per orders.customer) }
  concentration: { formula: sum(sum(orders.amount) * sum(orders.amount) per orders.customer) / (known_revenue * known_revenue) }
  instant_revenue: { formula: sum(orders.amount at ordered_tz) }
  s0: { formula: sum(orders.amount where status = 0) }
  s1: { formula: sum(orders.amount where status = 1) }
  s2: { formula: sum(orders.amount where status = 2) }
  s3: { formula: sum(orders.amount where status = 3) }
  s4: { formula: sum(orders.amount where status = 4) }
  s5: { formula: sum(orders.amount where status = 5) }
  s6: { formula: sum(orders.amount where status = 6) }
  s7: { formula: sum(orders.amount where status = 7) }
  s8: { formula: sum(orders.amount where status = 8) }
  s9: { formula: sum(orders.amount where status = 9) }
scorecards:
  ten: { kpis: [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9] }
  funnel: { kpis: [started, qualified, bought, renewed] }
  movements: { kpis: [mrr_new, mrr_back, mrr_lost, mrr_up, mrr_down] }
";

/// A view, what an expert writes for the same figures, and how many times that long the view may take.
struct Pair {
    what: &'static str,
    view: &'static str,
    zone: &'static str,
    expert: Expert,
    at_most: f64,
}

enum Expert {
    Sql(&'static str),
    /// The view of a project in another zone.
    Zone(&'static str),
}

/// What several experts begin with, each in the place of its name in braces.
const SHARED: [(&str, &str); 3] = [("{spine}", SPINE), ("{revenue}", REVENUE), ("{range}", RANGE)];

const SPINE: &str = "days as (select cast(range as date) as period from range(date '2022-01-01', date '2024-09-27', interval 1 day)), \
months as (select cast(range as date) as period from range(date '2022-01-01', date '2024-09-27', interval 1 month))";

/// Revenue of every month.
const REVENUE: &str = "d as (select cast(ordered_at as date) as day, sum(amount) as v from orders where {range} group by 1), \
m as (select date_trunc('month', day) as period, sum(v) as v from d group by 1), \
f as (select months.period, coalesce(v, 0) as v from months left join m using (period))";

/// The orders of all months.
const RANGE: &str = "ordered_at >= timestamp '2022-01-01' and ordered_at < timestamp '2024-09-27'";

const PAIRS: &[Pair] = &[
    Pair {
        what: "sum by month, against GROUP BY DATE_TRUNC",
        view: "revenue",
        zone: "UTC",
        expert: Expert::Sql("select date_trunc('month', ordered_at) as period, sum(amount) as value from orders group by 1"),
        at_most: 1.0,
    },
    Pair {
        what: "sum by month through a reference",
        view: "revenue_by_reference",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, d as (select cast(ordered_at as date) as day, sum(amount) as v from orders join customers using (customer_id) \
             where country = 'C3' and {range} group by 1), \
             m as (select date_trunc('month', day) as period, sum(v) as v from d group by 1) \
             select months.period, coalesce(v, 0) from months left join m using (period)",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "ratio of two facts",
        view: "conversion",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, o as (select cast(ordered_at as date) as day, count(*) as v from orders \
             where {range} group by 1), \
             v as (select cast(visited_at as date) as day, count(*) as v from visits \
             where visited_at >= timestamp '2022-01-01' and visited_at < timestamp '2024-09-27' group by 1), \
             om as (select date_trunc('month', day) as period, sum(v) as v from o group by 1), \
             vm as (select date_trunc('month', day) as period, sum(v) as v from v group by 1) \
             select months.period, cast(om.v as double) / nullif(vm.v, 0) from months left join om using (period) left join vm using (period)",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "growth on the month before",
        view: "revenue_growth",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, {revenue} \
             select period, (v - lag(v) over (order by period)) / nullif(abs(lag(v) over (order by period)), 0) from f",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "trailing 28 days, sum by day",
        view: "revenue_28_days",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, d as (select cast(ordered_at as date) as period, sum(amount) as v from orders \
             where ordered_at >= timestamp '2021-12-05' and ordered_at < timestamp '2024-09-27' group by 1), \
             f as (select period, sum(v) as v from (select * from d union all select period, null from days) group by 1) \
             select period, sum(v) over (order by period range between interval 27 day preceding and current row) from f",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "trailing 28 days, distinct by day, against islands",
        view: "users_28_days",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, ud as (select distinct user_id, cast(ordered_at as date) as day from orders \
             where ordered_at >= timestamp '2021-12-05' and ordered_at < timestamp '2024-09-27'), \
             m as (select day, lag(day) over w as b, lead(day) over w as a from ud window w as (partition by user_id order by day)), \
             e as (select day, 1 as delta from m where b is null or day - b > 28 \
             union all select day + 28, -1 from m where a is null or a - day > 28 union all select period, 0 from days), \
             s as (select day, sum(sum(delta)) over (order by day) as v from e group by 1) \
             select day, v from s where day < date '2024-09-27'",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "year to date by month",
        view: "revenue_to_date",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, {revenue} \
             select period, sum(v) over (partition by date_trunc('year', period) order by period) from f",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "median by month",
        view: "median_amount",
        zone: "UTC",
        // Without the cast DuckDB rounds the median of decimals to their scale.
        expert: Expert::Sql(
            "with {spine}, m as (select date_trunc('month', ordered_at) as period, median(cast(amount as double)) as v from orders \
             where {range} group by 1) \
             select months.period, v from months left join m using (period)",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "instants in Berlin, against the same in UTC",
        view: "instant_revenue",
        zone: "Europe/Berlin",
        expert: Expert::Zone("UTC"),
        at_most: 2.0,
    },
    Pair {
        what: "scorecard of ten conditional sums, against one scan",
        view: "scorecard__ten",
        zone: "UTC",
        expert: Expert::Sql(
            "select date_trunc('month', ordered_at) as period, sum(case when status = 0 then amount end), sum(case when status = 1 then amount end), \
             sum(case when status = 2 then amount end), sum(case when status = 3 then amount end), sum(case when status = 4 then amount end), \
             sum(case when status = 5 then amount end), sum(case when status = 6 then amount end), sum(case when status = 7 then amount end), \
             sum(case when status = 8 then amount end), sum(case when status = 9 then amount end) from orders group by 1",
        ),
        at_most: 1.1,
    },
    Pair {
        what: "funnel of four steps, 20 million rows",
        view: "scorecard__funnel",
        zone: "UTC",
        expert: Expert::Sql(
            "with a as (select user_id, min(happened_at) as s from steps where name = 'sign up' group by 1), \
             b as (select e.user_id, min(happened_at) as s from steps e join a on a.user_id = e.user_id and happened_at >= a.s where name = 'qualify' group by 1), \
             c as (select e.user_id, min(happened_at) as s from steps e join b on b.user_id = e.user_id and happened_at >= b.s where name = 'buy' group by 1), \
             d as (select e.user_id, min(happened_at) as s from steps e join c on c.user_id = e.user_id and happened_at >= c.s where name = 'renew' group by 1), \
             j as (select a.s as s1, b.s as s2, c.s as s3, d.s as s4 from a left join b using (user_id) left join c using (user_id) left join d using (user_id)) \
             select date_trunc('month', s1) as period, count(*), count(s2), count(s3), count(s4) from j group by 1",
        ),
        at_most: 1.3,
    },
    Pair {
        what: "the same by a column of the first row",
        view: "renewed__by_channel",
        zone: "UTC",
        expert: Expert::Sql(
            "with a as (select user_id, happened_at as s, channel from (select *, row_number() over (partition by user_id order by happened_at, step_id) as n \
             from steps where name = 'sign up') where n = 1), \
             b as (select e.user_id, min(happened_at) as s from steps e join a on a.user_id = e.user_id and happened_at >= a.s where name = 'qualify' group by 1), \
             c as (select e.user_id, min(happened_at) as s from steps e join b on b.user_id = e.user_id and happened_at >= b.s where name = 'buy' group by 1), \
             d as (select e.user_id, min(happened_at) as s from steps e join c on c.user_id = e.user_id and happened_at >= c.s where name = 'renew' group by 1) \
             select date_trunc('month', a.s) as period, channel, count(d.s) from a left join d using (user_id) group by 1, 2",
        ),
        at_most: 1.3,
    },
    Pair {
        what: "every start a journey of three steps",
        view: "bought_again",
        zone: "UTC",
        expert: Expert::Sql(
            "with e as (select user_id, happened_at as t, name, count(case when name = 'sign up' then 1 end) over (partition by user_id \
             order by happened_at, name <> 'sign up', step_id rows unbounded preceding) as n from steps where name in ('sign up', 'qualify', 'buy')), \
             q as (select *, min(case when name = 'qualify' then t end) over (partition by user_id, n) as s2 from e where n > 0), \
             j as (select min(case when name = 'sign up' then t end) as s1, min(case when name = 'buy' and t >= s2 then t end) as s3 from q group by user_id, n) \
             select date_trunc('month', s1) as period, count(s3) from j group by 1",
        ),
        at_most: 1.3,
    },
    Pair {
        what: "mean time from first to last order of each customer",
        view: "buying_time",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, c as (select date_trunc('month', ordered_at) as period, max(ordered_at) as last, min(ordered_at) as first from orders \
             where {range} group by 1, customer_id), \
             v as (select period, avg(epoch_us(last) - epoch_us(first)) / 1e6 / 86400 as v from c group by 1) \
             select months.period, v from months left join v using (period)",
        ),
        at_most: 1.2,
    },
    Pair {
        what: "sum of squared shares of revenue of 100,000 customers (Herfindahl)",
        view: "concentration",
        zone: "UTC",
        expert: Expert::Sql(
            "with {spine}, c as (select date_trunc('month', ordered_at) as period, cast(sum(amount) as double) as s from orders \
             where {range} group by 1, customer_id), \
             v as (select period, sum(s * s) / nullif(sum(s) * sum(s), 0) as v from c group by 1) \
             select months.period, v from months left join v using (period)",
        ),
        at_most: 1.2,
    },
    Pair {
        what: "retention of monthly cohorts up to 12 months, 20 million rows",
        view: "retention",
        zone: "UTC",
        expert: Expert::Sql(
            "with active as (select distinct user_id, date_trunc('month', happened_at) as month from steps where happened_at < timestamp '2024-09-27'), \
             c as (select user_id, date_trunc('month', signed_up_at) as period from members where signed_up_at < timestamp '2024-09-27'), \
             n as (select period, count(*) as members from c group by 1), \
             a as (select period, datediff('month', period, month) as age, count(*) as active from c join active using (user_id) \
             where month >= period and month <= period + interval 12 month group by 1, 2) \
             select period, age, active / members as value from a join n using (period)",
        ),
        at_most: 1.3,
    },
    Pair {
        what: "activities of monthly cohorts to date, up to 12 months, 20 million rows",
        view: "activity_to_date",
        zone: "UTC",
        expert: Expert::Sql(
            "with c as (select user_id, date_trunc('month', signed_up_at) as period from members where signed_up_at < timestamp '2024-09-27'), \
             n as (select period, count(*) as members from c group by 1), \
             a as (select period, datediff('month', period, date_trunc('month', happened_at)) as age, count(*) as done from steps join c using (user_id) \
             where happened_at >= period and happened_at < period + interval 13 month and happened_at < timestamp '2024-09-27' group by 1, 2) \
             select period, age, sum(done) over (partition by period order by age) / members as value from a join n using (period)",
        ),
        at_most: 1.2,
    },
    Pair {
        what: "lifetime value from the first order on, up to 12 months",
        view: "lifetime_value",
        zone: "UTC",
        expert: Expert::Sql(
            "with c as (select customer_id, date_trunc('month', min(ordered_at)) as period from orders where ordered_at < timestamp '2024-09-27' group by 1), \
             n as (select period, count(*) as customers from c group by 1), \
             a as (select period, datediff('month', period, date_trunc('month', ordered_at)) as age, sum(amount) as amount from orders join c using (customer_id) \
             where ordered_at < period + interval 13 month and ordered_at < timestamp '2024-09-27' group by 1, 2) \
             select period, age, sum(amount) over (partition by period order by age) / customers as value from a join n using (period)",
        ),
        at_most: 1.6,
    },
    Pair {
        what: "activities in the first 90 days of each member, 20 million rows",
        view: "activity_of_90_days",
        zone: "UTC",
        expert: Expert::Sql(
            "with c as (select user_id, signed_up_at from members where signed_up_at < timestamp '2024-09-27'), \
             n as (select date_trunc('month', signed_up_at) as period, count(*) as members from c group by 1), \
             a as (select date_trunc('month', signed_up_at) as period, count(*) as done from steps join c using (user_id) \
             where happened_at >= signed_up_at and happened_at <= signed_up_at + interval 90 day and happened_at < timestamp '2024-09-27' group by 1) \
             select period, coalesce(done, 0) / members as value from n left join a using (period)",
        ),
        at_most: 1.5,
    },
    Pair {
        what: "five movements of MRR by month, 5 million states",
        view: "scorecard__movements",
        zone: "UTC",
        expert: Expert::Sql(
            "with b as (select cast(range as date) as moment from range(date '2022-01-01', date '2024-10-01', interval 1 month)), \
             moments as (select moment from b union all select date '2024-09-27'), \
             held as (select account_id, moment, mrr from plans join moments on started_on < moment and (ended_on is null or ended_on >= moment)), \
             firsts as (select account_id, min(started_on) as began from plans group by 1), \
             ends as (select moment as start, least(cast(moment + interval 1 month as date), date '2024-09-27') as finish from b), \
             s as (select start as period, account_id, mrr as before, null as after from ends join held on moment = start \
             union all select start, account_id, null, mrr from ends join held on moment = finish), \
             p as (select period, account_id, max(before) as before, max(after) as after from s group by 1, 2) \
             select period, sum(after) filter (where before is null and began >= period), sum(after) filter (where before is null and began < period), \
             sum(before) filter (where after is null), sum(after - before) filter (where after > before), sum(before - after) filter (where after < before) \
             from p join firsts using (account_id) group by 1",
        ),
        at_most: 1.2,
    },
];

/// Questions that are asked with checks of the data and without.
const GUARDED: &[(&str, &[&str])] = &[
    ("sum by month", &["revenue"]),
    ("sum by month through a reference", &["revenue_by_reference"]),
    ("sum by month and country, through a reference", &["revenue_by_country", "--by", "country"]),
    ("ratio of two facts", &["conversion"]),
    ("first of each month", &["first_amount"]),
    ("retention of monthly cohorts, 20 million rows", &["retention"]),
    ("MRR at the end of each month, 5 million states", &["mrr"]),
    ("MRR of new accounts, 5 million states", &["mrr_new"]),
];

/// How often each question may take the time that it takes without checks.
const AT_MOST_GUARDED: f64 = 1.3;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("bench");
    std::fs::create_dir_all(&folder).unwrap();
    let database = folder.join("sql-steps-and-plans.duckdb");
    if !database.exists() {
        println!("making {} (once)", database.display());
        let half = folder.join("half.duckdb");
        let _ = std::fs::remove_file(&half);
        duckdb(&half, false, ROWS);
        std::fs::rename(&half, &database).unwrap();
    }
    let mut table = Table::new(&["kpic", "expert", "ratio"]);
    for pair in PAIRS.iter().filter(|pair| only.is_empty() || only.iter().any(|name| pair.view.contains(name.as_str()))) {
        let own = view(pair.view, pair.zone);
        let expert = match pair.expert {
            Expert::Sql(text) => SHARED.iter().fold(text.to_owned(), |text, (name, shared)| text.replace(name, shared)),
            Expert::Zone(zone) => view(pair.view, zone),
        };
        let (own, expert) = times(&database, &own, &expert);
        table.row(pair.what, &[seconds(own), seconds(expert)], own / expert, Some(pair.at_most), |ratio| format!("{ratio:.2}"));
    }
    table.end();
    let project = folder.join("guarded");
    std::fs::create_dir_all(project.join("specs")).unwrap();
    let settings = format!("{}warehouse: {{ database: ../sql-steps-and-plans.duckdb }}\n", settings("UTC"));
    std::fs::write(project.join("kpic.yml"), settings).unwrap();
    std::fs::write(project.join("specs/bench.yml"), SPEC).unwrap();
    let mut table = Table::new(&["unchecked", "checked", "ratio"]);
    let wanted = |question: &[&str]| only.is_empty() || only.iter().any(|name| question[0].contains(name.as_str()));
    for (what, question) in GUARDED.iter().filter(|(_, question)| wanted(question)) {
        let (without, with) = asked(&project, question);
        table.row(what, &[seconds(without), seconds(with)], with / without, Some(AT_MOST_GUARDED), |ratio| {
            format!("{ratio:.2}")
        });
    }
    table.end();
}

/// The median seconds of `kpic query` without checks of the data and with them, in turn.
fn asked(project: &Path, question: &[&str]) -> (f64, f64) {
    let ask = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        command.arg("-C").arg(project).arg("query").args(question).args(more);
        let begun = Instant::now();
        let output = command.output().expect("kpic starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        begun.elapsed().as_secs_f64()
    };
    let mut times: [Vec<f64>; 2] = Default::default();
    for round in 0..=ROUNDS {
        let (without, with) = (ask(&["--no-guards"]), ask(&[]));
        // The first reads what the system then keeps.
        if round > 0 {
            times[0].push(without);
            times[1].push(with);
        }
    }
    let [without, with] = times.map(|mut own| {
        own.sort_by(f64::total_cmp);
        own[own.len() / 2]
    });
    (without, with)
}

/// The SQL of a view of the project in a zone.
fn view(name: &str, zone: &str) -> String {
    let texts = vec![("kpic.yml".to_owned(), settings(zone)), ("specs/bench.yml".to_owned(), SPEC.to_owned())];
    let valid = check_texts(texts, &Options::default()).valid().expect("a valid project");
    let view = views::views(&valid).into_iter().find(|view| view.name == name).expect("the view");
    let query = views::query(&valid, &view.shows).expect("a plan");
    kpic::sql::query(&query, kpic::dialect::dialect(None))
}

/// The project file, for a zone.
fn settings(zone: &str) -> String {
    format!(
        "kpic: 1\nproject: bench\ncalendar: {{ start: 2022-01-01, as_of: 2024-09-26, timezone: {zone} }}\nlints: {{ missing-description: allow }}\n"
    )
}

/// The median seconds of two queries that are run in turn.
fn times(database: &Path, one: &str, other: &str) -> (f64, f64) {
    let mut script = String::from(".mode trash\n");
    for _ in 0..2 {
        let _ = writeln!(script, "{one};\n{other};");
    }
    script.push_str(".timer on\n");
    for _ in 0..ROUNDS {
        let _ = writeln!(script, "{one};\n{other};");
    }
    let output = duckdb(database, true, &script);
    let seconds: Vec<f64> = output
        .lines()
        .filter_map(|line| line.split("real ").nth(1))
        .filter_map(|rest| rest.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(seconds.len(), 2 * ROUNDS, "{output}");
    let median = |offset: usize| {
        let mut own: Vec<f64> = seconds.iter().copied().skip(offset).step_by(2).collect();
        own.sort_by(f64::total_cmp);
        own[own.len() / 2]
    };
    (median(0), median(1))
}

fn duckdb(database: &Path, readonly: bool, script: &str) -> String {
    let program = std::env::var_os("KPIC_DUCKDB").map_or_else(|| PathBuf::from("duckdb"), PathBuf::from);
    let mut command = Command::new(program);
    command.arg("-no-init").arg("-bail");
    if readonly {
        command.arg("-readonly");
    }
    let mut child = command
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("duckdb starts");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &errors
}
