//! Views show the same rows whatever their reader's session has set.

use super::warehouse::{DATABASE, Lines, Warehouse};
use kpic::dialect::{Setting, dialect};
use std::collections::BTreeMap;

/// Instants, another zone's clock, states, journeys, ties that texts decide, and texts that differ by case and accent alone.
const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-03-01, data_from: 2024-02-20, as_of: 2024-03-31, timezone: America/St_Johns }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow, null-left-out: allow }
";

const SPEC: &str = "
sources:
  o:
    table: o
    kind: events
    row: order
    key: k
    time: i
    columns:
      k: text
      i: instant
      w: { type: timestamp, zone: Europe/Berlin }
      g: text
      e: { type: text, column: kind }
      shop: { column: shop_code, references: shops }
      upper_code: { type: text, expr: upper(g) }
      same: { column: upper_code, references: shops }
      x: integer
      f: number
      size: { type: text, expr: \"case when x > 2 then 'Large' when x = 2 then 'large' else g end\" }
      twice: { type: text, sql: \"g || g\" }
  shops: { table: shops, kind: entities, row: shop, key: code, columns: { code: text, town: text } }
  s:
    table: s
    kind: states
    row: thing
    key: k
    valid: { from: a, to: b }
    columns: { k: text, a: instant, b: instant, g: text, x: integer }
  levels:
    table: levels
    kind: states
    row: level
    key: k
    snapshot: taken
    every: day
    columns: { k: text, taken: date, x: integer, g: text }
journeys:
  j: { row: thing, starts: every, steps: { a: { at: o.i, entity: g }, b: { at: o.w, entity: g, where: x > 1 } } }
  once: { row: buyer, steps: { a: { at: o.i, entity: shop }, b: { at: o.w, entity: shop, where: \"g = 'a'\" } } }
  thrice: { row: buyer, steps: { a: { at: o.i, entity: shop }, b: { at: o.i, entity: shop }, c: { at: o.i, entity: shop } } }
dimensions:
  town: { from: { o: shop.town } }
kpis:
  n:      { formula: count(o), grain: day, better: up, by: [g, e, size, twice, town, [g, e]] }
  at_w:   { formula: count(o at w), grain: day }
  dif:    { formula: sum(w - i from o), unit: minute, grain: day }
  hours:  { formula: sum(hour(w) from o), grain: day }
  lv:     { formula: count(s), grain: day, by: [g] }
  begun:  { formula: sum(s.x at start), grain: day }
  pairs:  { formula: count(s where start.g = 'A' and end.g != 'a'), grain: week }
  held:   { formula: sum(levels.x), grain: day, by: [g] }
  jj:     { formula: count(j where reached(b within 1 day)), grain: day }
  oj:     { formula: count(once where reached(b)), grain: week }
  th:     { formula: count(thrice where reached(c within 1 day of b)), grain: week }
  tw:     { formula: count(o over trailing 3 days), grain: day, by: [g] }
  kinds:  { formula: count_distinct(o.g over trailing 7 days), grain: day }
  shops:  { formula: count_distinct(o.shop), grain: week }
  after:  { formula: \"count(o where date(w) > date '2024-03-10')\", grain: day }
  av:     { formula: sum(o.x) / count(o), grain: day, better: up }
  half:   { formula: \"sum(x / 2 from o)\", grain: day }
  fl:     { formula: \"sum(f / x from o)\", grain: day }
  logs:   { formula: \"sum(ln(x) + exp(x * 300) + power(x, 400) + sqrt(x - 2) from o)\", grain: day }
  la:     { formula: last(o.x), grain: day }
  fi:     { formula: first(o.x over month to date), grain: day }
  med:    { formula: median(o.f), grain: week }
  p90:    { formula: \"percentile(o.f, 90%)\", grain: week }
  days:   { formula: \"count(o where text(date(i)) > '2024-03-10')\", grain: day }
  nums:   { formula: \"sum(number(g) from o)\", grain: day }
  is_a:   { formula: \"count(o where g = 'A')\", grain: day }
  among:  { formula: \"count(o where g in ('A', 'Z') or e not in ('a', 'b'))\", grain: day }
  below:  { formula: \"count(o where g < 'b' and e between 'A' and 'Z')\", grain: day }
  lows:   { formula: \"count(o where lower(g) = 'A' or upper(g) = 'a' or trim(g) = 'Z')\", grain: day }
  glued:  { formula: \"count(o where concat(g, '-') = 'A-' or coalesce(g, 'N') = 'n')\", grain: day }
  like_a: { formula: \"count(o where g like 'A%' or starts_with(g, 'Ä') or contains(g, 'Z'))\", grain: day }
  mixed:  { formula: \"count(o where size = 'LARGE' or case when x > 1 then 'a' else 'b' end = 'A' or 'a' = 'A')\", grain: day }
  same:   { formula: count(o where g = e or g != shop.town), grain: day }
  towns:  { formula: \"count(o where shop.town = 'bonn')\", grain: day }
  own:    { formula: \"count(o where same.town = 'Ulm')\", grain: day }
  busy:   { formula: count(shops where count(o via shop) >= 3 over all time), grain: week }
  top:    { formula: sum(sum(o.x) per o.g top 2), grain: week }
  most:   { formula: max(count(o) per o.shop), grain: week }
  each:   { formula: median(n each day), grain: week }
  grown:  { formula: growth(n), grain: week, by: [g] }
  part:   { formula: \"n / total(n, g)\", grain: day, by: [g] }
  sliced: { formula: \"slice(n, g = 'A')\", grain: day }
  plan:   { values: { 2024-03: 100 }, kind: flow }
scorecards: { daily: { grain: day, kpis: [n, av, is_a] } }
guardrails:
  drop: { when: change(n) < 0, by: [g] }
  low:  { when: av < 2 }
north_star: { title: Orders, volume: n, efficiency: av, because: Orders count. }
objectives:
  grow:
    title: We grow
    period: 2024-03
    key_results:
      more:  { title: More orders, kpi: n, from: 1, to: 40 }
      big_a: { title: More of A, kpi: n, from: 1, to: 10, slice: { g: A } }
";

const DATA: &str = "
set TimeZone = 'UTC';
create type kinds as enum ('a', 'A', 'b', 'Z');
create table o as select
    (['a', 'B', 'A', 'b', 'ä', 'Ä'])[1 + i % 6] || (i // 6) as k,
    timestamptz '2024-02-21 00:00:00+00' + (i // 3) * interval 397 minute as i,
    timestamp '2024-03-30 20:00' + (i % 97) * interval 37 minute as w,
    (['a', 'A', 'b', null, '10', 'ä', 'Z', 'z'])[1 + i % 8] as g,
    (['a', 'A', 'b', 'Z'])[1 + i % 4]::kinds as kind,
    (['S1', 's1', 'S2', null, 's3'])[1 + i % 5] as shop_code,
    i % 5 as x,
    i::double / 3 as f
  from range(420) t(i);
create table shops as select * from (values ('S1', 'Bonn'), ('s1', 'bonn'), ('S2', 'Ulm'), ('A', 'Ulm'), ('Z', 'ulm')) v(code, town);
create table s as select
    (['k', 'K'])[1 + i % 2] || (i // 2) as k,
    timestamptz '2024-02-10 00:00:00+00' + i * interval 397 minute as a,
    case when i % 7 > 0 then timestamptz '2024-02-20 00:00:00+00' + i * interval 497 minute end as b,
    (['a', 'A', 'b', null])[1 + i % 4] as g,
    i as x
  from range(80) t(i);
create table levels as select (['k', 'K'])[1 + i % 2] as k, date '2024-02-20' + cast(i // 2 as integer) as taken, i as x, (['a', 'A', null])[1 + i % 3] as g
  from range(60) t(i);
create schema elsewhere;
create table elsewhere.o as select * replace (x + 1 as x) from o limit 50;
create table elsewhere.shops as select code, 'Nowhere' as town from shops;
create table elsewhere.s as select * from s limit 3;
create table elsewhere.levels as select * from levels limit 3;
create view elsewhere.n as select 1 as period;
";

/// The statement that sets something.
fn set(name: &str, value: &str) -> String {
    format!("set {name} = '{value}';\n")
}

/// The views that differ, each with its first lines on both sides.
fn differences(usual: &BTreeMap<String, Lines>, other: &BTreeMap<String, Lines>) -> Vec<String> {
    let differ = usual.iter().filter(|(view, lines)| other.get(*view) != Some(lines));
    let first = |lines: &Lines, without: &Lines| {
        lines.iter().filter(|line| !without.contains(line)).take(3).cloned().collect::<Vec<_>>().join("; ")
    };
    differ
        .map(|(view, lines)| format!("{view}: {} instead of {}", first(&other[view], lines), first(lines, &other[view])))
        .collect()
}

/// What the session has that nobody has set up. One thread adds floating numbers in one order.
const USUAL: &str = "set threads = 1;\n";

fn withstands() -> &'static [Setting] {
    dialect(None).withstands()
}

#[test]
fn whatever_a_session_has_set_a_view_shows_the_same() {
    let warehouse = Warehouse::new(PROJECT, SPEC, DATA);
    let views = warehouse.deploy();
    assert!(views.len() > 60, "{views:?}");
    let usual = warehouse.read(USUAL, &views);
    // The rows have what the settings are about: slices that only case tells apart, and floating numbers beyond all bounds.
    let slices = |view: &str, value: &str| usual[view].iter().filter(|line| line.contains(&format!(",{value},"))).count();
    assert!(
        slices("n__by_g", "a") > 5 && slices("n__by_g", "A") > 5 && slices("n__by_g", "\"ä\"") > 5,
        "{:?}",
        usual["n__by_g"]
    );
    assert!(slices("n__by_town", "Bonn") > 5 && slices("n__by_town", "bonn") > 5, "{:?}", usual["n__by_town"]);
    assert!(usual.values().all(|lines| !lines.is_empty()), "{usual:?}");
    let mut wrong = Vec::new();
    for Setting { name, values } in withstands() {
        for value in *values {
            let other = warehouse.read(&format!("{USUAL}{}", set(name, value)), &views);
            let found = differences(&usual, &other);
            wrong.extend(found.iter().map(|what| format!("{name} = {value}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each text of the data with a collation of its own, so that two that are compared have different ones.
const COLLATED: &str = "
alter table o alter k set data type varchar collate nocase;
alter table o alter g set data type varchar collate nocase.noaccent;
alter table o alter shop_code set data type varchar collate nocase;
alter table shops alter code set data type varchar collate noaccent;
alter table shops alter town set data type varchar collate nocase.noaccent;
alter table s alter k set data type varchar collate nocase;
alter table s alter g set data type varchar collate nocase;
alter table levels alter k set data type varchar collate nocase;
alter table levels alter g set data type varchar collate nocase;
";

#[test]
fn a_collation_that_a_column_has_of_its_own_changes_nothing() {
    let plain = Warehouse::new(PROJECT, SPEC, DATA);
    let views = plain.deploy();
    let usual = plain.read(USUAL, &views);
    let collated = Warehouse::new(PROJECT, SPEC, &format!("{DATA}{COLLATED}"));
    // The collations are there.
    assert_eq!(collated.sql("select count(*) from shops where town = 'BONN';").trim(), "2");
    assert_eq!(plain.sql("select count(*) from shops where town = 'BONN';").trim(), "0");
    assert_eq!(collated.deploy(), views);
    assert_eq!(differences(&usual, &collated.read(USUAL, &views)), Vec::<String>::new());
    let nocase = format!("{USUAL}{}", set("default_collation", "nocase"));
    assert_eq!(differences(&usual, &collated.read(&nocase, &views)), Vec::<String>::new());
}

/// Texts, orders and zones all at once, in large data and many views. What only the optimizer knows is left out: it takes its time.
fn all_at_once(name: &str) {
    let warehouse = Warehouse::example(name);
    let views = warehouse.deploy();
    warehouse.sql("create schema elsewhere;");
    let slow = ["debug_force_external", "disabled_optimizers", "prefer_range_joins", "debug_window_mode", "threads", "schema"];
    let settings = withstands().iter().filter(|setting| !slow.contains(&setting.name));
    let settings: String = settings.filter_map(|setting| Some(set(setting.name, setting.values.first()?))).collect();
    let usual = warehouse.read(USUAL, &views);
    let other = warehouse.read(&format!("{USUAL}{settings}"), &views);
    let found = differences(&usual, &other);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(usual.values().filter(|lines| lines.len() > 1).count() > views.len() / 2);
}

#[test]
fn cdnow_shows_the_same_in_every_session() {
    all_at_once("cdnow");
}

#[test]
fn flights_show_the_same_in_every_session() {
    all_at_once("flights");
}

#[test]
fn saas_shows_the_same_in_every_session() {
    all_at_once("saas");
}

#[test]
fn a_calendar_of_another_kind_changes_nothing_for_projects_in_utc() {
    let project = PROJECT.replace(", timezone: America/St_Johns", "").replace("2024-03-31", "today");
    let spec = SPEC.replace(", zone: Europe/Berlin", "");
    let warehouse = Warehouse::new(&project, &spec, DATA);
    let views: Vec<String> = ["n", "n__by_g", "dif", "lv", "jj", "held", "tw", "la"].map(str::to_owned).to_vec();
    warehouse.deploy();
    let usual = warehouse.read(USUAL, &views);
    assert!(usual["n"].len() > 300, "{:?}", usual["n"]);
    for calendar in ["buddhist", "japanese", "islamic"] {
        let other = warehouse.read(&format!("{USUAL}{}", set("Calendar", calendar)), &views);
        assert_eq!(differences(&usual, &other), Vec::<String>::new(), "{calendar}");
    }
}

#[test]
fn temporary_tables_are_not_read_where_the_database_is_named() {
    let project = format!("{PROJECT}warehouse: {{ source_schema: {DATABASE}.main }}\n");
    let warehouse = Warehouse::new(&project, SPEC, DATA);
    let views = warehouse.deploy();
    let usual = warehouse.read(USUAL, &views);
    let session = "create temp table o as from shop.main.o limit 5; create temp table shops as from shop.main.shops limit 1;";
    assert_eq!(differences(&usual, &warehouse.read(&format!("{USUAL}{session}"), &views)), Vec::<String>::new());
}

#[test]
fn the_guide_lists_what_is_withstood() {
    let guide = include_str!("../../docs/guides/warehouses.md");
    for Setting { name, .. } in withstands() {
        assert!(guide.contains(&format!("`{name}`")), "docs/guides/warehouses.md says nothing of `{name}`");
    }
}
