//! A view's table, dimensions and measures.

use super::views::{Field, View};
use super::{Placed, filter, get, reader::Value, template};
use crate::import::models::text::{Piece, Place, Sql};
use crate::import::models::{Aggregates, Dimension, From, Holds, Measure, Model, Read};
use crate::import::short;

/// The keys of fields that change no figure.
const HARMLESS: [&str; 27] = [
    "label",
    "description",
    "group_label",
    "group_item_label",
    "view_label",
    "value_format",
    "value_format_name",
    "drill_fields",
    "hidden",
    "html",
    "link",
    "tags",
    "can_filter",
    "alias",
    "action",
    "type",
    "sql",
    "filters",
    "approximate",
    "approximate_threshold",
    "percentile",
    "sql_distinct_key",
    "required_access_grants",
    "suggestions",
    "suggestable",
    "order_by_field",
    "style",
];
/// Those that dimensions have beside.
const DIMENSION: [&str; 10] = [
    "primary_key",
    "timeframes",
    "datatype",
    "convert_tz",
    "map_layer_name",
    "case_sensitive",
    "full_suggestions",
    "suggest_explore",
    "suggest_dimension",
    "allow_fill",
];

/// A view as a model.
pub(super) fn model(view: &View, views: &[View], read: &mut Read) -> Model {
    let mut model = Model {
        name: view.name.clone(),
        at: view.at,
        description: None,
        from: from(view),
        dimensions: Vec::new(),
        measures: Vec::new(),
        joins: Vec::new(),
    };
    let periods = periods(view);
    for field in &view.fields {
        match field.kind.as_str() {
            "dimension" => model.dimensions.push(dimension(view, field, &periods)),
            "dimension_group" => model.dimensions.extend(group(view, field, &periods)),
            "measure" => model.measures.push(measure(view, field, views, &periods)),
            // What asks the one who explores is a matter of what has it in its SQL, as Liquid.
            "filter" | "parameter" => {
                let place = read.texts.place(field.at);
                let what = format!("{} `{}.{}`", field.kind, short(&view.name), short(&field.name));
                read.left_out.push((what, format!("{place}: it is asked of the one who explores")));
            }
            _ => {}
        }
    }
    model
}

fn from(view: &View) -> From {
    if let Some(why) = &view.fault {
        return From::Nothing(why.clone());
    }
    if get(&view.keys, "extension").is_some() && view.fields.is_empty() {
        return From::Nothing("it is there to be extended".to_owned());
    }
    if let Some(table) = get(&view.keys, "derived_table") {
        let inner = table.inner();
        let odd = inner.iter().find(|one| {
            ![
                "sql",
                "persist_for",
                "persist_with",
                "datagroup_trigger",
                "sql_trigger_value",
                "distribution",
                "distribution_style",
                "indexes",
                "sortkeys",
                "partition_keys",
                "cluster_keys",
                "publish_as_db_view",
            ]
            .contains(&one.pair.key.as_str())
        });
        return match (get(&inner, "sql"), odd) {
            (_, Some(odd)) => {
                From::Nothing(format!("its derived table has `{}`, and kpic reads `sql` alone", short(&odd.pair.key)))
            }
            (Some(sql), None) => From::Query(sql_of(sql, &view.name, &[])),
            (None, None) => From::Nothing("its derived table has no `sql`".to_owned()),
        };
    }
    match get(&view.keys, "sql_table_name") {
        Some(table) => From::Table(sql_of(table, &view.name, &[])),
        None => From::Table(Sql::plain(view.at, &view.name)),
    }
}

fn sql_of(pair: &Placed, view: &str, periods: &[String]) -> Sql {
    template::sql(pair.value_at(), &pair.text().unwrap_or_default(), view, periods)
}

/// The names of fields that are periods of a time.
fn periods(view: &View) -> Vec<String> {
    let groups = view.fields.iter().filter(|field| field.kind == "dimension_group");
    let names = groups.flat_map(|group| {
        let asked = get(&group.keys, "timeframes").map(Placed::texts).unwrap_or_default();
        let usual = ["date", "week", "month", "quarter", "year"].map(str::to_owned);
        asked
            .into_iter()
            .chain(usual)
            .filter(|one| !matches!(one.as_str(), "raw" | "time"))
            .map(move |one| format!("{}_{one}", group.name))
    });
    names.collect()
}

/// A key that is not known, which may change figures.
fn unknown<'a>(field: &'a Field, more: &[&str]) -> Option<&'a Placed> {
    field.keys.iter().find(|one| !HARMLESS.contains(&one.pair.key.as_str()) && !more.contains(&one.pair.key.as_str()))
}

fn own(field: &Field, key: &str) -> Option<String> {
    get(&field.keys, key).and_then(Placed::text)
}

/// The SQL of a field; without any it is the column of its name.
fn column(view: &View, field: &Field, periods: &[String]) -> Sql {
    match get(&field.keys, "sql") {
        Some(sql) => sql_of(sql, &view.name, periods),
        None => {
            Sql { at: field.at, parts: vec![(field.at, Piece::This), (field.at, Piece::Plain(format!(".{}", field.name)))] }
        }
    }
}

fn dimension(view: &View, field: &Field, periods: &[String]) -> Dimension {
    let kind = own(field, "type").unwrap_or_else(|| "string".to_owned());
    let holds = match kind.as_str() {
        "string" | "zipcode" => Ok(Holds::Text),
        "number" => Ok(Holds::Number),
        "yesno" => Ok(Holds::Boolean),
        "date" => Ok(Holds::Day),
        "date_time" | "date_raw" => Ok(Holds::Time),
        _ => Err(format!("kpic has no dimensions of the type `{}`", short(&kind))),
    };
    let unknown = unknown(field, &DIMENSION).map(|pair| format!("kpic does not read its `{}`", short(&pair.pair.key)));
    Dimension {
        name: field.name.clone(),
        at: field.at,
        description: own(field, "description").or(own(field, "label")),
        holds: *holds.as_ref().unwrap_or(&Holds::Text),
        sql: unknown.map_or(Ok(()), Err).and(holds).map(|_| column(view, field, periods)),
        is_key: own(field, "primary_key").as_deref() == Some("yes"),
    }
}

/// A time, under the names that stand for it as it is stored.
fn group(view: &View, field: &Field, periods: &[String]) -> Vec<Dimension> {
    let kind = own(field, "type").unwrap_or_else(|| "time".to_owned());
    let unknown = unknown(field, &DIMENSION).map(|pair| format!("kpic does not read its `{}`", short(&pair.pair.key)));
    let is_day = own(field, "datatype").as_deref() == Some("date");
    let sql = match (kind.as_str(), unknown) {
        (_, Some(why)) => Err(why),
        ("time", None) if matches!(own(field, "datatype").as_deref(), Some("epoch" | "yyyymmdd")) => {
            Err("its time is stored as a number: write the time as SQL of the column".to_owned())
        }
        ("time", None) => Ok(column(view, field, periods)),
        _ => Err(format!("kpic has no groups of the type `{}`", short(&kind))),
    };
    let is_stored = sql.as_ref().is_ok_and(|sql| sql.one_column().is_some());
    // Of a time that is computed there is one column.
    let endings: &[&str] = if is_stored { &["", "_raw", "_time"] } else { &["_raw"] };
    let one = |ending: &&str| Dimension {
        name: format!("{}{ending}", field.name),
        at: field.at,
        description: own(field, "description").or(own(field, "label")),
        holds: if is_day { Holds::Day } else { Holds::Time },
        sql: sql.clone(),
        is_key: false,
    };
    endings.iter().map(one).collect()
}

fn measure(view: &View, field: &Field, views: &[View], periods: &[String]) -> Measure {
    let mut fault = None;
    let mut refuse = |at: Place, why: String| fault = fault.take().or(Some((at, why)));
    if let Some(pair) = unknown(field, &[]) {
        refuse(pair.at(), format!("kpic does not read its `{}`", short(&pair.pair.key)));
    }
    let kind = own(field, "type").unwrap_or_else(|| "string".to_owned());
    let kind_at = get(&field.keys, "type").map_or(field.at, Placed::value_at);
    let approximate = own(field, "approximate").as_deref() == Some("yes");
    let aggregates = match kind.as_str() {
        "count" => Aggregates::Count,
        "count_distinct" if approximate => Aggregates::CountDistinctApproximately,
        "count_distinct" => Aggregates::CountDistinct,
        "sum" | "sum_distinct" => Aggregates::SumOrZero,
        "average" | "average_distinct" => Aggregates::Average,
        "min" => Aggregates::Min,
        "max" => Aggregates::Max,
        "median" | "median_distinct" => Aggregates::Median,
        "percentile" | "percentile_distinct" => {
            let share = own(field, "percentile")
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|share| (0.0..=100.0).contains(share));
            if share.is_none() {
                refuse(field.at, "its percentile is not between 0 and 100".to_owned());
            }
            Aggregates::Percentile(share.unwrap_or_default() / 100.0)
        }
        "number" => Aggregates::Nothing,
        "string" | "date" | "list" | "yesno" => {
            refuse(kind_at, format!("it is a {kind}, and a KPI is a number"));
            Aggregates::Nothing
        }
        "running_total" | "percent_of_total" | "percent_of_previous" => {
            refuse(
                kind_at,
                format!("it is a {kind} of the rows that are shown: kpic has `over all time`, `total` and `prior`"),
            );
            Aggregates::Nothing
        }
        other => {
            refuse(kind_at, format!("kpic does not know measures of the type `{}`", short(other)));
            Aggregates::Nothing
        }
    };
    if kind.ends_with("_distinct") && kind != "count_distinct" {
        let key = get(&field.keys, "sql_distinct_key").map(|sql| sql_of(sql, &view.name, periods));
        let is_key = |name: &String| {
            view.fields
                .iter()
                .any(|one| one.kind == "dimension" && one.name == *name && own(one, "primary_key").as_deref() == Some("yes"))
        };
        let of_key = key.as_ref().is_some_and(
            |key| matches!(key.parts.as_slice(), [(_, Piece::Member(model, name))] if *model == view.name && is_key(name)),
        );
        if !of_key {
            let at = key.map_or(field.at, |key| key.at);
            refuse(
                at,
                "it takes one value for each value of a key that is not that of the view: write an aggregate `per` that key"
                    .to_owned(),
            );
        }
    }
    let mut filters = Vec::new();
    for list in field.keys.iter().filter(|one| one.pair.key == "filters") {
        for (at, name, value) in asked(list) {
            let found = on_field(view, views, &name);
            let made = found.and_then(|(piece, holds)| filter::condition(at, &piece, holds, &value));
            match made {
                Ok(sql) => filters.push(sql),
                Err(why) => refuse(at, why),
            }
        }
    }
    let sql = get(&field.keys, "sql").map(|sql| sql_of(sql, &view.name, periods));
    if aggregates == Aggregates::Count && sql.is_some() {
        refuse(field.at, "Looker's counts of rows have no `sql`".to_owned());
    }
    Measure {
        name: field.name.clone(),
        at: field.at,
        title: own(field, "label"),
        description: own(field, "description"),
        meta: None,
        aggregates,
        sql,
        filters,
        window: String::new(),
        differences: Vec::new(),
        fault,
    }
}

/// The fields that are filtered by, each with the expression; in the old form and the new.
fn asked(list: &Placed) -> Vec<(Place, String, String)> {
    let inner = list.inner();
    if let Value::Block(_) = list.pair.value {
        let own = |key: &str| get(&inner, key).and_then(Placed::text).unwrap_or_default();
        return vec![(list.at(), own("field"), own("value"))];
    }
    inner.iter().map(|one| (one.at(), one.pair.key.clone(), one.text().unwrap_or_default())).collect()
}

/// A field that is filtered by, and what it holds.
fn on_field(view: &View, views: &[View], name: &str) -> Result<(Piece, Holds), String> {
    let (model, field) = name.split_once('.').unwrap_or((&view.name, name));
    let of = views.iter().find(|one| one.name == model);
    let missing = || format!("there is no `{}`", short(name));
    let of = of.ok_or_else(missing)?;
    if periods(of).iter().any(|period| period == field) {
        return Err("it filters by a period of a time: kpic's formulas have windows and `prior`".to_owned());
    }
    let found = of.fields.iter().find(|one| one.kind == "dimension" && one.name == field).ok_or_else(missing)?;
    let holds = dimension(of, found, &[]).holds;
    Ok((Piece::Member(model.to_owned(), field.to_owned()), holds))
}
