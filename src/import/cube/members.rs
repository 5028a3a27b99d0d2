//! Measures, dimensions, segments and joins of a cube.

use super::template::sql;
use super::{Definition, File, HARMLESS, entries, get, is_true, name, text};
use crate::import::models::text::{Piece, Place, Sql};
use crate::import::models::{Aggregates, Dimension, From, Holds, Join, Measure, Model, Read, Relationship};
use crate::import::short;
use crate::load::{Node, Value, json};

/// The keys of a measure that change no figure, or are read.
const MEASURE: [&str; 14] = [
    "name",
    "title",
    "description",
    "type",
    "sql",
    "filters",
    "rolling_window",
    "format",
    "currency",
    "meta",
    "public",
    "shown",
    "drill_members",
    "drill_member_groups",
];
/// Those of a dimension.
const DIMENSION: [&str; 18] = [
    "name",
    "title",
    "description",
    "type",
    "sql",
    "case",
    "primary_key",
    "format",
    "currency",
    "meta",
    "public",
    "shown",
    "order",
    "granularities",
    "suggest_filter_values",
    "links",
    "propagate_filters_to_sub_query",
    "values",
];

/// Adds what a cube has, unless it is there already.
pub(super) fn add(cube: &Definition<'_>, model: &mut Model, read: &mut Read) {
    let file = cube.file();
    let mut left_out = |what: String, at: Place, why: &str| {
        let place = read.texts.place(at);
        read.left_out.push((what, format!("{place}: {why}")));
    };
    let called = model.name.clone();
    for (key, node) in entries(cube.node) {
        let at = file.place(node);
        let items = || if let Value::List(items) = &node.value { items.as_slice() } else { &[] };
        match key {
            "sql_table" | "sql" if matches!(model.from, From::Nothing(_)) => {
                let odd = || From::Nothing("its `sql` is no text".to_owned());
                let of = |sql: Sql| if key == "sql" { From::Query(sql) } else { From::Table(sql) };
                model.from = sql(&file, node, &called).map_or_else(odd, of);
            }
            "measures" | "dimensions" | "segments" | "joins" => {
                if !matches!(node.value, Value::List(_)) {
                    left_out(format!("`{key}` of `{}`", short(&called)), at, "kpic expects a list there");
                }
                for item in items() {
                    let what = key.trim_end_matches('s');
                    let Some(own) = name(item) else {
                        left_out(
                            format!("{what} of `{}`", short(&called)),
                            file.place(item),
                            "it has no name, or one that a template makes",
                        );
                        continue;
                    };
                    let is_there = match key {
                        "measures" => model.measures.iter().any(|one| one.name == own),
                        "joins" => model.joins.iter().any(|one| one.to == own),
                        _ => model.dimensions.iter().any(|one| one.name == own),
                    };
                    match key {
                        _ if is_there => {}
                        "measures" => model.measures.push(measure(&file, item, own, &called)),
                        "dimensions" => model.dimensions.push(dimension(&file, item, own, &called)),
                        "joins" => model.joins.push(join(&file, item, own, &called)),
                        _ => model.dimensions.push(segment(&file, item, own, &called)),
                    }
                }
            }
            "access_policy" => {
                left_out(
                    format!("`access_policy` of `{}`", short(&called)),
                    at,
                    "who may see which rows is for the warehouse to say",
                );
            }
            "data_source" if text(node).is_none_or(|name| name != "default") => {
                model.from = From::Nothing("it is in a data source of its own, and a project has one warehouse".to_owned());
            }
            // What it extends has these too.
            "sql_table" | "sql" | "data_source" => {}
            _ if HARMLESS.contains(&key) => {}
            _ => {
                model.from = From::Nothing(format!("kpic does not know `{}`", short(key)));
            }
        }
    }
}

/// A key that is not known, which may change figures.
fn unknown<'a>(node: &'a Node, known: &[&str]) -> Option<(&'a str, &'a Node)> {
    entries(node).find(|(key, _)| !known.contains(key))
}

fn measure(file: &File<'_>, node: &Node, name: String, cube: &str) -> Measure {
    let at = file.place(node);
    let own = |key: &str| get(node, key).and_then(text);
    let mut fault = None;
    let mut refuse = |at: Place, why: String| fault = fault.take().or(Some((at, why)));
    if let Some((key, node)) = unknown(node, &MEASURE) {
        let why = match key {
            "time_shift" => "it has a `time_shift`: write `prior(...)` of the KPI".to_owned(),
            "multi_stage" | "group_by" | "reduce_by" | "add_group_by" | "grain" => {
                format!(
                    "it has `{key}`, which aggregates what is aggregated: write `total(...)`, or an aggregate `per` another"
                )
            }
            _ => format!("kpic does not know `{}`", short(key)),
        };
        refuse(file.place(node), why);
    }
    let kind = own("type").unwrap_or_default();
    let kind_at = get(node, "type").map_or(at, |node| file.place(node));
    let aggregates = match kind.as_str() {
        "count" => Aggregates::Count,
        "count_distinct" => Aggregates::CountDistinct,
        "count_distinct_approx" => Aggregates::CountDistinctApproximately,
        "sum" | "running_total" => Aggregates::Sum,
        "avg" => Aggregates::Average,
        "min" => Aggregates::Min,
        "max" => Aggregates::Max,
        "number" => Aggregates::Nothing,
        "string" | "time" | "boolean" => {
            refuse(kind_at, format!("it is a {kind}, and a KPI is a number"));
            Aggregates::Nothing
        }
        other => {
            refuse(kind_at, format!("kpic does not know measures of the type `{}`", short(other)));
            Aggregates::Nothing
        }
    };
    let mut window = if kind == "running_total" { " over all time".to_owned() } else { String::new() };
    let mut differences = Vec::new();
    if let Some(rolling) = get(node, "rolling_window") {
        match self::window(rolling) {
            Ok((text, difference)) => {
                window = text;
                differences.extend(difference);
            }
            Err(why) => refuse(file.place(rolling), why),
        }
        if aggregates == Aggregates::Nothing {
            refuse(file.place(rolling), "its window is of what other measures are: give each of these a window".to_owned());
        }
    }
    let mut filters = Vec::new();
    if let Some(list) = get(node, "filters") {
        let items = if let Value::List(items) = &list.value { items.as_slice() } else { &[] };
        for item in items {
            match get(item, "sql").and_then(|node| sql(file, node, cube)).filter(|_| unknown(item, &["sql"]).is_none()) {
                Some(sql) => filters.push(sql),
                None => refuse(file.place(item), "kpic expects a filter with `sql` and nothing else".to_owned()),
            }
        }
        if items.is_empty() && list.value != Value::Null && !matches!(list.value, Value::List(_)) {
            refuse(file.place(list), "kpic expects a list of filters".to_owned());
        }
    }
    let own_sql = get(node, "sql").and_then(|node| sql(file, node, cube));
    if own_sql.is_none() && get(node, "sql").is_some_and(|node| node.value != Value::Null) {
        refuse(get(node, "sql").map_or(at, |node| file.place(node)), "its `sql` is no text".to_owned());
    }
    Measure {
        name,
        at,
        title: own("title"),
        description: own("description"),
        meta: get(node, "meta").map(json::value).filter(serde_json::Value::is_object),
        aggregates,
        sql: own_sql,
        filters,
        window,
        differences,
        fault,
    }
}

/// A rolling window as formulas have it, with what differs.
fn window(node: &Node) -> Result<(String, Option<String>), String> {
    let own = |key: &str| get(node, key).and_then(text);
    if let Some((key, _)) = unknown(node, &["type", "trailing", "leading", "offset", "granularity"]) {
        return Err(format!("kpic does not know `{}`", short(key)));
    }
    match own("type").as_deref() {
        None | Some("fixed") => {}
        Some("to_date") => {
            return match own("granularity").as_deref() {
                Some(grain @ ("week" | "month" | "quarter" | "year")) => {
                    let difference = format!(
                        "by a period that is longer than a {grain} it starts with the last {grain} in it, and in Cube with the first"
                    );
                    Ok((format!(" over {grain} to date"), (grain != "year").then_some(difference)))
                }
                _ => Err("kpic adds up since the start of a week, month, quarter or year".to_owned()),
            };
        }
        Some(other) => return Err(format!("kpic does not know windows of the type `{}`", short(other))),
    }
    if own("leading").is_some() {
        return Err("its window looks ahead, and kpic's do not".to_owned());
    }
    if own("offset").is_some_and(|offset| offset != "end") {
        return Err("its window ends before the period starts: write `prior(...)` of a KPI with the window".to_owned());
    }
    let trailing = own("trailing").ok_or("its window has no length")?;
    if trailing == "unbounded" {
        return Ok((" over all time".to_owned(), None));
    }
    let mut words = trailing.split_whitespace();
    let (count, unit) = (words.next().and_then(|word| word.parse::<u32>().ok()), words.next().unwrap_or_default());
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let is_known = ["day", "week", "month", "quarter", "year"].contains(&unit);
    let count = count.filter(|count| *count > 0 && is_known && words.next().is_none());
    let count = count.ok_or_else(|| format!("kpic does not read the length `{}`", short(&trailing)))?;
    let many = if count == 1 { "" } else { "s" };
    let is_even = matches!(unit, "day" | "week");
    let difference = "at the ends of months its window may be up to three days longer or shorter";
    Ok((format!(" over trailing {count} {unit}{many}"), (!is_even).then(|| difference.to_owned())))
}

fn dimension(file: &File<'_>, node: &Node, name: String, cube: &str) -> Dimension {
    let own = |key: &str| get(node, key).and_then(text);
    let holds = match own("type").as_deref() {
        Some("time") => Ok(Holds::Time),
        Some("number") => Ok(Holds::Number),
        Some("boolean") => Ok(Holds::Boolean),
        Some("string") => Ok(Holds::Text),
        other => Err(format!("kpic has no dimensions of the type `{}`", short(other.unwrap_or_default()))),
    };
    let read = match (get(node, "sql"), get(node, "case")) {
        (Some(node), None) => sql(file, node, cube).ok_or_else(|| "its `sql` is no text".to_owned()),
        (None, Some(node)) => case(file, node, cube),
        _ => Err("it has no `sql`".to_owned()),
    };
    let unknown = unknown(node, &DIMENSION).map(|(key, _)| match key {
        "sub_query" => "it aggregates rows of another cube: write an aggregate `per` the key of this one".to_owned(),
        "multi_stage" | "add_group_by" | "mask" | "latitude" | "longitude" => format!("it has `{key}`"),
        _ => format!("kpic does not know `{}`", short(key)),
    });
    Dimension {
        name,
        at: file.place(node),
        description: own("description").or(own("title")),
        holds: *holds.as_ref().unwrap_or(&Holds::Text),
        sql: unknown.map_or(Ok(()), Err).and(holds).and(read),
        is_key: is_true(get(node, "primary_key")),
    }
}

/// The SQL of a `case`.
fn case(file: &File<'_>, node: &Node, cube: &str) -> Result<Sql, String> {
    let at = file.place(node);
    let odd = || "kpic expects `when` with `sql` and `label` in its `case`".to_owned();
    let label = |node: &Node| {
        let label = get(node, "label").and_then(text).ok_or_else(odd)?;
        if label.contains(['{', '}', '\\']) { Err(odd()) } else { Ok(format!("'{}'", label.replace('\'', "''"))) }
    };
    let mut all = Sql::plain(at, "case");
    let Some(Value::List(items)) = get(node, "when").map(|node| &node.value) else { return Err(odd()) };
    for item in items {
        let when = get(item, "sql").and_then(|node| sql(file, node, cube)).ok_or_else(odd)?;
        all.parts.push((at, Piece::Plain(" when ".to_owned())));
        all.parts.extend(when.parts);
        all.parts.push((at, Piece::Plain(format!(" then {}", label(item)?))));
    }
    if let Some(otherwise) = get(node, "else") {
        all.parts.push((at, Piece::Plain(format!(" else {}", label(otherwise)?))));
    }
    all.parts.push((at, Piece::Plain(" end".to_owned())));
    Ok(all)
}

/// A segment: a condition that has a name.
fn segment(file: &File<'_>, node: &Node, name: String, cube: &str) -> Dimension {
    let own = |key: &str| get(node, key).and_then(text);
    Dimension {
        name,
        at: file.place(node),
        description: own("description").or(own("title")),
        holds: Holds::Boolean,
        sql: get(node, "sql").and_then(|node| sql(file, node, cube)).ok_or_else(|| "it has no `sql`".to_owned()),
        is_key: false,
    }
}

fn join(file: &File<'_>, node: &Node, to: String, cube: &str) -> Join {
    let relationship = match get(node, "relationship").and_then(text).as_deref() {
        Some("many_to_one" | "belongs_to" | "one_to_one" | "has_one") => Relationship::One,
        _ => Relationship::Many,
    };
    let on = get(node, "sql").and_then(|node| sql(file, node, cube)).ok_or_else(|| "it has no `sql`".to_owned());
    Join { to, at: file.place(node), relationship, on }
}
