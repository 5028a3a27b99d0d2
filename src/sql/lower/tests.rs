//! Small plans before a pass and after it.

use super::*;
use crate::calendar::{Date, Grain};
use crate::dialect::Abilities;
use crate::functions::conversions::BY_BYTES;
use crate::functions::operators::{ADD, AND, EQUAL, GREATER, IN, LESS, NOT, NOT_IN, SUBTRACT};
use crate::functions::{abs, avg, coalesce, count_distinct, first, max, median, sum, variance};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::print;
use crate::plan::relation::{
    Atom, Body, From, Join, JoinKind, Neighbour, Part, RelationRef, Rolling, Rows, Scalar, Select, SourceRows, column,
    count_rows, day, fold, text_or_null,
};
use std::collections::BTreeMap;

/// Days, numbers of each kind, and whether something holds.
fn rows() -> Part {
    let mut rows = Select::default();
    rows.column(day(Date::MAX), "day").column(day(Date::MAX), "until");
    rows.column(Expr::number(1), "whole").column(Expr::number("1.5"), "exact").column(Expr::number("1e0"), "floating");
    rows.column(Expr::made(Node::Literal(Literal::Truth(true))), "holds");
    Part { name: "rows".to_owned(), body: Body::Select(rows) }
}

/// What a pass makes of a select over such rows, without the rows.
fn after(pass: impl Fn(&mut Query), result: impl Into<Body>) -> String {
    let mut query = Query { parts: vec![rows()], result: result.into() };
    pass(&mut query);
    let printed = print(&query);
    let (_, result) = printed.split_once("  show holds: boolean = true\n").unwrap_or_default();
    result.to_owned()
}

impl std::convert::From<Select> for Body {
    fn from(select: Select) -> Self {
        Body::Select(select)
    }
}

fn own(name: &str) -> Scalar {
    column("rows", name)
}

fn shows(expr: Scalar) -> Select {
    let mut select = Select::from_part("rows");
    select.column(expr, "it");
    select
}

fn source(name: &str, columns: &[(&str, Type)]) -> From {
    let stored = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let types: BTreeMap<String, Type> = columns.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect();
    let relation = RelationRef::Table(vec![name.to_owned()]);
    From {
        relation: Rows::Source(SourceRows { relation, stored, raw: Vec::new(), types, again: false, read: None }),
        name: name.to_owned(),
    }
}

#[test]
fn what_is_kept_by_no_equality_gets_one_that_always_holds() {
    let joined = |on: Scalar| {
        let mut select = shows(column("later", "whole"));
        select.join(JoinKind::Left, "rows", "later", Some(on));
        after(|query: &mut Query| joins::by_equality(query, false), select)
    };
    let before = Expr::apply(&LESS, vec![own("day"), column("later", "day")]);
    assert_eq!(
        joined(before.clone()),
        "result =
  from rows
  left join select as later on and((later.is_there = or(is_null(rows.day), is_not_null(rows.day))), (rows.day < later.day))
      from rows as later
      show day: date = later.day
      show whole: integer = later.whole
      show is_there: boolean = true
  show it: integer = later.whole
"
    );
    // One equality of both sides is enough, wherever it stands; one of one side is none.
    let same = Expr::apply(&EQUAL, vec![own("whole"), column("later", "whole")]);
    assert!(!joined(Expr::apply(&AND, vec![before.clone(), same])).contains("is_there"));
    let one_side = Expr::apply(&EQUAL, vec![column("later", "day"), column("later", "until")]);
    assert!(joined(Expr::apply(&AND, vec![before, one_side])).contains("is_there"));
}

#[test]
fn wall_clocks_or_instants_are_asked_for_their_zone() {
    let columns = [("at", Type::Timestamp), ("seen", Type::Instant), ("on", Type::Date)];
    let mut select = shows(own("whole"));
    select.joins.push(Join { kind: JoinKind::Cross, from: source("events", &columns), on: None });
    let printed = after(|query| clocks::in_utc(query, Type::Timestamp), select);
    assert_eq!(printed.matches("where ").count(), 1, "{printed}");
    assert!(printed.contains("where is_in_utc(events.at)\n"), "{printed}");
    let mut select = shows(own("whole"));
    select.joins.push(Join { kind: JoinKind::Cross, from: source("events", &columns), on: None });
    let printed = after(|query| clocks::in_utc(query, Type::Instant), select);
    assert!(printed.contains("where is_in_utc(events.seen)\n"), "{printed}");
}

#[test]
fn what_is_joined_by_a_text_is_joined_by_a_number_made_of_it() {
    let joined = |one: &str, marked: bool| {
        let columns = [("name", Type::Text), ("id", Type::Integer)];
        let mut select = shows(column("people", "id"));
        select.from = Some(source("events", &columns));
        select.columns.clear();
        select.column(column("people", "id"), "it");
        let side = |of: &str| {
            let text = column(of, one);
            if marked { Expr::apply(&BY_BYTES, vec![text]) } else { text }
        };
        let on = Expr::apply(&EQUAL, vec![side("events"), side("people")]);
        select.joins.push(Join { kind: JoinKind::Left, from: source("people", &columns), on: Some(on) });
        after(hashes::joined, select)
    };
    let hashed = joined("name", true);
    assert!(hashed.contains("show text_hash: integer = hashed(people.name)\n"), "{hashed}");
    assert!(hashed.contains("(people.text_hash = hashed(events.name))"), "{hashed}");
    assert!(hashed.contains("(by_bytes(events.name) = by_bytes(people.name))"), "{hashed}");
    // Numbers are looked for as they are.
    assert!(!joined("id", false).contains("hash"));
}

#[test]
fn values_of_a_list_are_compared_one_by_one_unless_they_are_literals_of_the_same_type() {
    let is_in = |function, list: &[&str]| {
        let mut arguments = vec![own("whole")];
        arguments.extend(list.iter().map(|item| if *item == "null" { Expr::null() } else { Expr::number(item) }));
        after(lists::compared, shows(Expr::apply(function, arguments)))
    };
    assert!(is_in(&IN, &["1", "2"]).ends_with("= in(rows.whole, 1, 2)\n"));
    assert!(is_in(&IN, &["1", "null"]).ends_with("= or((rows.whole = 1), (rows.whole = null))\n"));
    assert!(is_in(&NOT_IN, &["1", "2.5"]).ends_with("= and((rows.whole != 1), (rows.whole != 2.5))\n"));
}

#[test]
fn what_is_chosen_from_has_one_type_and_exact_numbers_keep_theirs() {
    let chosen = |two: &str| after(choices::of_one_type, shows(Expr::apply(&coalesce::COALESCE, vec![own("whole"), own(two)])));
    assert!(
        chosen("floating").ends_with("it: double = coalesce(as_double(rows.whole), rows.floating)\n"),
        "{}",
        chosen("floating")
    );
    assert!(chosen("exact").ends_with("it: decimal = coalesce(rows.whole, rows.exact)\n"), "{}", chosen("exact"));
}

#[test]
fn counts_get_a_sign_and_sums_keep_their_room() {
    let counted = |expr| after(counts::signed, shows(expr));
    assert!(counted(count_rows()).ends_with("= as_integer(count(*))\n"));
    assert!(counted(fold(&max::MAX, own("whole"))).ends_with("= as_integer(max(rows.whole))\n"));
    assert!(counted(fold(&max::MAX, own("day"))).ends_with("= max(rows.day)\n"));
    assert!(counted(fold(&sum::SUM, own("whole"))).ends_with("= sum(rows.whole)\n"));
    assert!(counted(Expr::apply(&abs::ABS, vec![own("exact")])).ends_with("= abs(rows.exact)\n"));
}

#[test]
fn a_neighbour_that_is_not_there_can_be_null() {
    let next = |name| {
        let neighbour = Neighbour { value: own(name), offset: 1, part: Vec::new(), order: vec![own("day")] };
        after(neighbours::nullable, shows(Expr::leaf(Atom::Neighbour(Box::new(neighbour)))))
    };
    assert!(next("day").ends_with("= neighbour(as_date(rows.day), 1) along rows.day\n"), "{}", next("day"));
    // Decimals keep their scale.
    assert!(next("exact").ends_with("= neighbour(if(is_not_null(rows.exact), rows.exact), 1) along rows.day\n"));
}

#[test]
fn the_columns_of_a_union_have_one_type() {
    let union = Body::Union(vec![shows(own("whole")), shows(own("floating")), shows(Expr::null())]);
    let printed = after(unions::of_one_type, union);
    assert!(printed.contains("= as_double(rows.whole)\n") && printed.contains("= rows.floating\n"), "{printed}");
    assert!(printed.ends_with("= null\n"), "{printed}");
}

#[test]
fn what_is_shown_has_its_type_and_a_union_is_shown_from_a_part() {
    let mut select = Select::from_part("rows");
    select.column(own("day"), "day").group_by_these();
    select.column(fold(&max::MAX, own("holds")), "holds").column(fold(&sum::SUM, own("floating")), "floating");
    let printed = after(results::typed, select);
    assert!(printed.contains("by day: date = rows.day\n") && printed.contains("= as_boolean(max(rows.holds))\n"), "{printed}");
    assert!(printed.ends_with("= sum(rows.floating)\n"), "{printed}");
    let printed = after(results::typed, Body::Union(vec![shows(own("whole")), shows(own("whole"))]));
    assert!(printed.ends_with("result =\n  from all_rows\n  show it: integer = as_integer(all_rows.it)\n"), "{printed}");
}

#[test]
fn a_relation_gets_another_name_where_a_column_beside_it_has_its_own() {
    let mut select = shows(column("whole", "day"));
    let on = Expr::apply(&GREATER, vec![column("whole", "day"), own("whole")]);
    select.join(JoinKind::Inner, "rows", "whole", Some(on));
    let printed = after(aliases::apart, select);
    assert!(printed.contains("join rows as whole_rows on (whole_rows.day > rows.whole)\n"), "{printed}");
    assert!(printed.ends_with("= whole_rows.day\n"), "{printed}");
}

#[test]
fn what_is_looked_up_by_a_key_is_joined_once() {
    let single = |value: &str| {
        let mut inner = Select::from_part("rows");
        inner.column(own("whole"), "whole").group_by_these();
        inner.column(fold(&max::MAX, own("day")), "day").column(fold(&max::MAX, own("until")), "until");
        let from = From { relation: Rows::Select(Box::new(inner)), name: "keys".to_owned() };
        let mut lookup = Select { from: Some(from), ..Select::default() };
        lookup.column(column("keys", value), value);
        lookup.filter.push(Expr::apply(&EQUAL, vec![column("keys", "whole"), own("whole")]));
        Expr::leaf(Atom::Single(Box::new(lookup)))
    };
    let mut select = shows(single("day"));
    select.column(single("until"), "until");
    let printed = after(lookups::joined, select);
    assert_eq!(printed.matches("left join").count(), 1, "{printed}");
    assert!(printed.contains("left join select as looked_up_row on (looked_up_row.whole = rows.whole)\n"), "{printed}");
    assert!(printed.ends_with("it: date = looked_up_row.day\n  show until: date = looked_up_row.until\n"), "{printed}");
}

#[test]
fn days_between_columns_are_those_of_all_that_lie_between() {
    let mut select = shows(column("days", "day"));
    let (from, before) = (Box::new(own("day")), Box::new(own("until")));
    let days = From { relation: Rows::Days { from, before, every: 1, unit: Grain::Day }, name: "days".to_owned() };
    select.joins.push(Join { kind: JoinKind::Cross, from: days, on: None });
    let printed = after(days::between_all_bounds, select);
    assert!(printed.contains(" on and((days.day >= rows.day), (days.day < rows.until))\n"), "{printed}");
    assert!(printed.contains("min(rows.day)") && printed.contains("max(rows.until)"), "{printed}");
}

#[test]
fn what_is_stored_is_asked_what_it_is_and_what_is_joined_becomes_a_part() {
    let columns = [("id", Type::Integer), ("at", Type::Date)];
    let mut select = Select { from: Some(source("orders", &columns)), ..Select::default() };
    select.column(column("orders", "at"), "it");
    let same = Expr::apply(&EQUAL, vec![column("customers", "id"), column("orders", "id")]);
    let customers = || source("customers", &[("id", Type::Integer)]);
    select.joins.push(Join { kind: JoinKind::Left, from: customers(), on: Some(same.clone()) });
    select.joins.push(Join { kind: JoinKind::Left, from: customers(), on: Some(same) });
    let mut query = Query { parts: vec![rows()], result: select.into() };
    stored::checked(&mut query);
    let printed = print(&query);
    assert!(
        printed.starts_with("customers_rows =\n  from source (id) as customers\n  where is_stored(customers.id, "),
        "{printed}"
    );
    assert_eq!(printed.matches("join customers_rows as customers on ").count(), 2, "{printed}");
    assert!(
        printed.contains("where is_stored(orders.at, \"the column `at` of `orders` is to hold days as YYYY-MM-DD, and has \")"),
        "{printed}"
    );
    assert!(printed.contains("show at: date = as_stored(orders.at)\n"), "{printed}");
}

#[test]
fn sums_of_decimals_are_settled_once_and_whole_numbers_asked_once() {
    let printed = |pass: fn(&mut Query), expr| after(pass, shows(expr));
    let total = fold(&sum::SUM, Expr::apply(&ADD, vec![own("exact"), own("exact")]));
    assert!(
        printed(decimals::settled, total)
            .ends_with("= settled(sum((rows.exact + rows.exact)), sum(abs((rows.exact + rows.exact))))\n")
    );
    let less = Expr::apply(&SUBTRACT, vec![Expr::apply(&ADD, vec![own("exact"), own("whole")]), own("exact")]);
    assert!(printed(decimals::settled, less).ends_with(
        "= settled(((rows.exact + rows.whole) - rows.exact), ((abs(rows.exact) + abs(rows.whole)) + abs(rows.exact)))\n"
    ));
    assert!(printed(decimals::settled, fold(&sum::SUM, own("floating"))).ends_with("= sum(rows.floating)\n"));
    let whole = Expr::apply(&ADD, vec![Expr::apply(&ADD, vec![own("whole"), own("whole")]), own("whole")]);
    assert!(printed(overflow::refused, whole).ends_with("= in_range(((rows.whole + rows.whole) + rows.whole))\n"));
    let mixed = Expr::apply(&ADD, vec![own("whole"), own("floating")]);
    assert!(printed(overflow::refused, mixed).ends_with("= (rows.whole + rows.floating)\n"));
    let sum = |name: &str| printed(overflow::added_up, fold(&sum::SUM, own(name)));
    assert!(sum("floating").ends_with("= in_range(sum(rows.floating))\n") && sum("exact").ends_with("= sum(rows.exact)\n"));
}

#[test]
fn what_looks_at_values_in_an_order_becomes_sums_of_rows_that_know_their_place() {
    let mut select = Select::from_part("rows");
    select.column(own("day"), "day").group_by_these();
    select.column(fold(&median::MEDIAN, own("whole")), "it").column(count_rows(), "many");
    let printed = after(|query: &mut Query| ranks::placed(query, ranks::Which::All), select);
    assert!(printed.contains("by day: date = placed_rows.day\n"), "{printed}");
    let place = "row_number per read_rows.day, is_null(read_rows.value) along read_rows.value";
    assert!(printed.contains(place), "{printed}");
    let beside = "if((abs(placed_rows.from_sought) < 1), (to_number(placed_rows.value) * (1 - abs(placed_rows.from_sought))))";
    assert!(printed.contains(&format!("show it: double = sum({beside})\n")), "{printed}");
    assert!(printed.contains("show many: integer = count(*)\n"), "{printed}");
    let variance =
        after(|query: &mut Query| ranks::placed(query, ranks::Which::All), shows(fold(&variance::VARIANCE, own("floating"))));
    assert!(variance.contains("sum((placed_rows.from_mean * placed_rows.from_mean))"), "{variance}");
}

#[test]
fn first_values_alone_become_those_of_rows_that_know_their_place() {
    let mut first = fold(&first::FIRST, own("whole"));
    if let Node::Leaf(Atom::Aggregate(fold)) = &mut first.node {
        fold.order = vec![own("day"), own("until")];
    }
    let mut select = shows(first);
    select.column(fold(&median::MEDIAN, own("whole")), "middle");
    let printed = after(|query| ranks::placed(query, ranks::Which::First), select);
    assert!(printed.contains("show it: integer = max(if((placed_rows.place = 1), placed_rows.value))\n"), "{printed}");
    assert!(printed.contains("show middle: double = median(placed_rows.value)\n"), "{printed}");
    // Where only medians are, nothing changes.
    let median = after(|query| ranks::placed(query, ranks::Which::First), shows(fold(&median::MEDIAN, own("whole"))));
    assert_eq!(median, "result =\n  from rows\n  show it: double = median(rows.whole)\n");
}

#[test]
fn a_condition_of_an_aggregate_moves_into_what_it_goes_over() {
    let filtered = |mut aggregate: Scalar| {
        if let Node::Leaf(Atom::Aggregate(fold)) = &mut aggregate.node {
            fold.filter = Some(own("holds"));
        }
        let printed = after(|query: &mut Query| filters::within(query, false), shows(aggregate));
        printed.rsplit_once(" = ").map(|(_, it)| it.trim_end().to_owned()).unwrap_or_default()
    };
    assert_eq!(filtered(count_rows()), "count(if(rows.holds, 1))");
    assert_eq!(filtered(fold(&sum::SUM, own("exact"))), "sum(if(rows.holds, rows.exact))");
    // One that is null is enough for both not to count.
    let pair = Expr::leaf(Atom::Tuple(vec![own("whole"), own("day")]));
    let counted = filtered(fold(&count_distinct::COUNT_DISTINCT, pair));
    assert_eq!(counted, "count_distinct((if(rows.holds, rows.whole), rows.day))");
    // Without a condition nothing changes.
    assert!(after(|query: &mut Query| filters::within(query, false), shows(count_rows())).ends_with("= count(*)\n"));
}

#[test]
fn rows_that_are_written_out_hold_literals_only() {
    let read = |rows: Vec<Vec<Scalar>>| {
        let names = ["key", "begins", "owner"].map(str::to_owned).to_vec();
        let from = From { relation: Rows::Values(names, rows), name: "terms".to_owned() };
        let mut select = Select { from: Some(from), ..Select::default() };
        select.column(column("terms", "begins"), "begins").column(column("terms", "owner"), "owner");
        after(values::literal, select)
    };
    let printed = read(vec![
        vec![Expr::number(1), day(Date::MAX), text_or_null(None)],
        vec![Expr::number(2), Expr::null(), Expr::made(Node::Literal(Literal::Text("me".to_owned())))],
    ]);
    assert!(printed.contains(r#"(1, "9999-12-31", null), (2, null, "me")"#), "{printed}");
    assert!(printed.contains("show begins: date = date(written_rows.begins)\n"), "{printed}");
    assert!(printed.contains("show owner: text = as_text(written_rows.owner)\n"), "{printed}");
    let literals = read(vec![vec![Expr::number(1), Expr::null(), Expr::null()]]);
    assert!(!literals.contains("written_rows"), "{literals}");
}

#[test]
fn a_part_gives_its_name_up_to_a_table() {
    let mut select = Select { from: Some(source("rows", &[("whole", Type::Integer)])), ..Select::default() };
    select.column(column("rows", "whole"), "it");
    let union = Body::Union(vec![select, shows(own("whole"))]);
    let mut query = Query { parts: vec![rows()], result: union };
    shadows::avoided(&mut query, "sqlite");
    let printed = print(&query);
    assert!(printed.starts_with("rows_ =\n") && printed.contains("  from source (whole) as rows\n"), "{printed}");
    assert!(printed.contains("from rows_ as rows\n"), "{printed}");
}

#[test]
fn a_mean_of_whole_numbers_is_a_sum_over_a_count() {
    let filtered = |argument: Scalar| {
        let mut mean = fold(&avg::AVG, argument);
        if let Node::Leaf(Atom::Aggregate(fold)) = &mut mean.node {
            fold.filter = Some(own("holds"));
        }
        shows(mean)
    };
    let whole_only = Abilities { exact_means: false, ..Abilities::ALL };
    let divided = |able: Abilities, select| after(|query| averages::divided(query, able), select);
    let whole = divided(whole_only, filtered(own("whole")));
    let sum_over_count = "(sum(rows.whole where rows.holds) / count(rows.whole where rows.holds))";
    assert_eq!(whole, format!("result =\n  from rows\n  show it: double = {sum_over_count}\n"));
    for other in ["exact", "floating"] {
        assert!(divided(whole_only, filtered(own(other))).contains("avg("));
    }
    let decimals = Abilities { decimal_means: false, ..Abilities::ALL };
    let exact = divided(decimals, filtered(own("exact")));
    assert!(exact.contains("(sum(rows.exact where rows.holds) / count(rows.exact where rows.holds))"), "{exact}");
    for other in ["whole", "floating"] {
        assert!(divided(decimals, filtered(own(other))).contains("avg("));
    }
}

#[test]
fn medians_of_windows_are_the_same_in_all_rows_of_a_group() {
    let mut select = Select::from_part("rows");
    select.column(own("day"), "day").group_by_these();
    select.column(fold(&median::MEDIAN, own("whole")), "it").column(fold(&variance::VARIANCE, own("floating")), "spread");
    let printed = after(|query: &mut Query| ranks::placed(query, ranks::Which::Percentiles), select);
    assert!(printed.contains("show it: double = max(placed_rows.percentile)\n"), "{printed}");
    assert!(printed.contains("percentile(to_number(read_rows.value)"), "{printed}");
    assert!(printed.contains("show spread: double = variance(placed_rows.value_2)\n"), "{printed}");
}

#[test]
fn rows_that_do_not_count_are_null_to_an_aggregate() {
    let within = |mut of: Scalar| {
        if let Node::Leaf(Atom::Aggregate(fold)) = &mut of.node {
            fold.filter = Some(own("holds"));
        }
        after(|query: &mut Query| filters::within(query, true), shows(of))
    };
    let both = Expr::leaf(Atom::Tuple(vec![own("whole"), own("day")]));
    assert!(
        within(fold(&count_distinct::COUNT_DISTINCT, both))
            .ends_with("= count_distinct(if(rows.holds, (rows.whole, rows.day)))\n")
    );
    assert!(within(fold(&sum::SUM, own("whole"))).ends_with("= sum(if(rows.holds, rows.whole))\n"));
    assert!(within(count_rows()).ends_with("= count(if(rows.holds, 1))\n"));
}

#[test]
fn rows_are_joined_where_values_are_equal_or_both_null_but_not_told_apart_by_that() {
    let same = || Expr::leaf(Atom::Same(Box::new(own("whole")), Box::new(column("others", "whole"))));
    let joined = |on: Scalar| {
        let mut select = shows(own("day"));
        select.join(JoinKind::Inner, "rows", "others", Some(on));
        after(sames::compared, select)
    };
    let either = "or((rows.whole = others.whole), and(is_null(rows.whole), is_null(others.whole)))";
    let both = Expr::apply(&AND, vec![same(), Expr::apply(&EQUAL, vec![own("day"), column("others", "day")])]);
    assert!(joined(both).contains(&format!(" on and({either}, (rows.day = others.day))\n")));
    // Where one of two is null, this is true.
    assert!(joined(Expr::apply(&NOT, vec![same()])).contains(" on not(same(rows.whole, others.whole))\n"));
}

#[test]
fn a_null_that_is_compared_has_the_type_of_the_other_side() {
    let compared = |one: Scalar| after(nulls::compared, shows(Expr::apply(&EQUAL, vec![one, Expr::null()])));
    assert!(compared(own("day")).ends_with("= (rows.day = as_date(null))\n"), "{}", compared(own("day")));
    assert!(compared(Expr::null()).ends_with("= (as_integer(null) = as_integer(null))\n"));
}

#[test]
fn an_engine_that_finds_constants_gets_none_to_join_by() {
    let mut select = shows(own("day"));
    let before = Expr::apply(&LESS, vec![own("day"), column("later", "day")]);
    select.join(JoinKind::Left, "rows", "later", Some(before));
    let printed = after(|query: &mut Query| joins::by_equality(query, true), select);
    let (inner, kept) = ("is_there: boolean = is_not_null((later.day))", "(later.is_there = is_not_null((rows.day)))");
    assert!(printed.contains(inner) && printed.contains(kept), "{printed}");
}

#[test]
fn what_is_added_up_over_days_is_joined_to_the_last_of_them() {
    let mut select = Select::from_part("rows");
    select.column(own("day"), "day").column(own("whole"), "key").group_by_these();
    let rolling = Rolling {
        function: &sum::SUM,
        fraction: None,
        argument: fold(&sum::SUM, own("exact")),
        part: vec![own("whole")],
        order: own("day"),
        days_before: Some(27),
    };
    select.column(Expr::leaf(Atom::Rolling(Box::new(rolling.clone()))), "it");
    assert_eq!(
        after(frames::joined, select),
        "result =
  from select as shown_day
      from rows
      distinct day: date = rows.day
      distinct key: integer = rows.whole
  join rows on and(and(same(shown_day.key, rows.whole), (rows.day >= moved(shown_day.day, -27 day))), (rows.day <= shown_day.day))
  by day: date = shown_day.day
  by key: integer = shown_day.key
  show it: decimal = sum(rows.exact)
"
    );
    // All before is a frame of rows too.
    let all = Rolling { days_before: None, ..rolling };
    let printed = after(frames::joined, shows(Expr::leaf(Atom::Rolling(Box::new(all)))));
    assert!(!printed.contains("shown_day"), "{printed}");
}

#[test]
fn nulls_that_are_the_same_stand_as_another_value() {
    let same = |name: &str| Expr::leaf(Atom::Same(Box::new(own(name)), Box::new(column("others", name))));
    let joined = |on: Scalar| {
        let mut select = shows(own("day"));
        select.join(JoinKind::Inner, "rows", "others", Some(on));
        after(sames::by_stand_ins, select)
    };
    let equal = "(coalesce(rows.whole, 0) = coalesce(others.whole, 0))";
    let nulls = "(if(is_null(rows.whole), 1, 0) = if(is_null(others.whole), 1, 0))";
    assert!(joined(same("whole")).contains(&format!(" on and({equal}, {nulls})\n")), "{}", joined(same("whole")));
    // That is never null, so that it can be denied.
    let told_apart = joined(Expr::apply(&NOT, vec![same("whole")]));
    assert!(told_apart.contains(&format!(" on not(and({equal}, {nulls}))\n")), "{told_apart}");
    for (name, stand_in) in [("day", "2000-01-01"), ("holds", "false"), ("floating", "0")] {
        let printed = joined(same(name));
        assert!(printed.contains(&format!("coalesce(rows.{name}, {stand_in})")), "{printed}");
    }
}

#[test]
fn several_values_as_one_are_texts_and_a_text_alone_has_a_type() {
    let pair = Expr::leaf(Atom::Tuple(vec![own("whole"), text_or_null(Some("a"))]));
    let counted = after(tuples::of_texts, shows(fold(&count_distinct::COUNT_DISTINCT, pair)));
    assert!(counted.ends_with("= count_distinct((text(rows.whole), as_text(\"a\")))\n"), "{counted}");
    let mut select = shows(text_or_null(Some("a")));
    select.column(Expr::null(), "none").column(own("whole"), "whole");
    let typed = after(literals::typed, select);
    assert!(typed.contains("it: text = as_text(\"a\")\n") && typed.contains("none: text = as_text(null)\n"), "{typed}");
    assert!(typed.ends_with("whole: integer = rows.whole\n"), "{typed}");
}

#[test]
fn decimals_that_meet_have_six_digits_after_the_point() {
    let printed = |expr: Scalar| {
        let printed = after(scales::kept, shows(expr));
        printed.rsplit_once(" = ").map(|(_, it)| it.trim_end().to_owned()).unwrap_or_default()
    };
    let exact = || own("exact");
    let compared = |with: Scalar| Expr::apply(&GREATER, vec![exact(), with]);
    let other = || Expr::apply(&SUBTRACT, vec![exact(), exact()]);
    assert_eq!(after(scales::kept, shows(compared(other()))).matches("scaled(").count(), 2);
    assert!(after(scales::kept, shows(compared(Expr::number("0.005")))).contains("(scaled(rows.exact) > 0.005)"));
    // A whole number has no digits that could be lost.
    assert!(!after(scales::kept, shows(compared(own("whole")))).contains("scaled("));
    let product = |one: Scalar, two: Scalar| Expr::apply(&crate::functions::operators::MULTIPLY, vec![one, two]);
    assert_eq!(printed(product(exact(), exact())), "(rows.exact * rows.exact)");
    let three = printed(product(product(exact(), exact()), own("whole")));
    assert_eq!(three, "(as_double((rows.exact * rows.exact)) * as_double(rows.whole))");
}
