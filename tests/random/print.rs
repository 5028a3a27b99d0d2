//! Writes a project as a team would: `kpic.yml`, the specs, and the tables as the warehouse has them.

use super::calendar::days;
use super::freshness;
use super::project::{
    Aggregate, Body, Calendar, Column, Dimension, Each, Expr, Figure, Formula, Grain, Grouped, Interval, Journey, Kpi, Length,
    Project, Row, RowLeaf, Source, Step, Type, Unit, Value, Window,
};
use super::stocks::print as stocks;
use super::written;
use kpic::diagnostic::render::{Look, human};
use kpic::pipeline::Checked;
use std::fmt::{self, Debug, Write};

/// The files of a project.
pub fn files(project: &Project) -> Vec<(String, String)> {
    vec![("kpic.yml".to_owned(), settings(&project.calendar)), ("specs/all.yml".to_owned(), specs(project))]
}

fn settings(calendar: &Calendar) -> String {
    // What is refused as a fan-out is said, and then worked out all the same.
    let lints = "lints: { fan-out: warn }";
    let mut text = format!("kpic: 1\nproject: random\n{lints}\ncalendar:\n  start: {}\n", calendar.start);
    if calendar.data_from != calendar.start {
        _ = writeln!(text, "  data_from: {}", calendar.data_from);
    }
    _ = writeln!(text, "  as_of: {}", calendar.as_of);
    if calendar.settle > 0 {
        _ = writeln!(text, "  settle: {} days", calendar.settle);
    }
    _ = writeln!(text, "  timezone: {}", calendar.zone);
    if calendar.custom.is_some() {
        text.push_str("  source: cal\n");
        return text;
    }
    _ = writeln!(text, "  week_starts: {}", format!("{:?}", calendar.week_starts).to_lowercase());
    _ = writeln!(text, "  fiscal_year_starts: {}", MONTHS[usize::try_from(calendar.fiscal_month).unwrap() - 1]);
    text
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

fn specs(project: &Project) -> String {
    let mut text = "sources:\n".to_owned();
    for source in &project.sources {
        write_source(source, &mut text);
    }
    if project.calendar.custom.is_some() {
        text.push_str("  cal:\n    table: data.cal\n    kind: entities\n    key: day\n");
        text.push_str("    columns: { day: date, week: date, month: date, quarter: date, year: date }\n");
    }
    if !project.journeys.is_empty() {
        text.push_str("journeys:\n");
    }
    for journey in &project.journeys {
        write_journey(journey, &mut text);
    }
    if !project.dimensions.is_empty() {
        text.push_str("dimensions:\n");
    }
    for Dimension { name, ty, from } in &project.dimensions {
        let from: Vec<String> = from.iter().map(|(source, path)| format!("{source}: {}", path.join("."))).collect();
        _ = writeln!(text, "  {name}: {{ type: {}, from: {{ {} }} }}", type_name(*ty), from.join(", "));
    }
    text.push_str("kpis:\n");
    for kpi in &project.kpis {
        write_kpi(&project.calendar, kpi, &mut text);
    }
    text
}

fn write_source(source: &Source, text: &mut String) {
    let kind = match source.states {
        Some(_) => "states",
        None if source.entities => "entities",
        None => "events",
    };
    let name = &source.name;
    let relation = match &source.written {
        Some(written) => written::relation(source, written),
        None if source.by_query => format!("query: select * from data.{name}"),
        None => format!("table: data.{name}"),
    };
    _ = writeln!(text, "  {name}:\n    {relation}\n    kind: {kind}");
    for (key, column) in [("key", &source.key), ("time", &source.time)] {
        if let Some(column) = column {
            _ = writeln!(text, "    {key}: {column}");
        }
    }
    if let Some(holds) = &source.states {
        _ = writeln!(text, "    {}", stocks::holds(holds));
    }
    text.push_str(&freshness::lines(&source.freshness));
    text.push_str("    columns:\n");
    for column in &source.columns {
        let mut parts = vec![format!("type: {}", type_name(column.ty))];
        if let Type::Timestamp(zone) = column.ty
            && zone != "UTC"
        {
            parts.push(format!("zone: {zone}"));
        }
        if let Some(place) = written::place(source, column) {
            parts.push(format!("column: {place}"));
        } else if column.stored_as != column.name {
            parts.push(format!("column: {}", quoted(&column.stored_as)));
        }
        if let Some(target) = &column.references {
            parts.push(format!("references: {target}"));
        }
        match (&column.expr, column.sql) {
            (_, Some(sql)) => parts.push(format!("sql: {}", quoted(sql))),
            (Some(expr), None) if column.references.is_none() => parts.push(format!("expr: {}", quoted(&row(expr)))),
            _ => {}
        }
        _ = writeln!(text, "      {}: {{ {} }}", column.name, parts.join(", "));
    }
}

fn write_journey(journey: &Journey, text: &mut String) {
    _ = writeln!(text, "  {}:", journey.name);
    if journey.every {
        text.push_str("    starts: every\n");
    }
    if journey.any {
        text.push_str("    order: any\n");
    }
    text.push_str("    steps:\n");
    for Step { name, source, at, entity, filter } in &journey.steps {
        let filter = filter.as_ref().map(|filter| format!(", where: {}", quoted(&row(filter)))).unwrap_or_default();
        _ = writeln!(text, "      {name}: {{ at: {source}.{at}, entity: {}{filter} }}", entity.join("."));
    }
}

fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Boolean => "boolean",
        Type::Integer => "integer",
        Type::Decimal => "decimal",
        Type::Number => "number",
        Type::Text => "text",
        Type::Date => "date",
        Type::Timestamp(_) => "timestamp",
        Type::Instant => "instant",
    }
}

fn write_kpi(calendar: &Calendar, kpi: &Kpi, text: &mut String) {
    _ = writeln!(text, "  {}:", kpi.name);
    match &kpi.body {
        Body::Formula(body) => _ = writeln!(text, "    formula: {}", quoted(&formula(body))),
        Body::Values { flow, figures } => {
            let label = |start| calendar.label(kpi.grains[0], start);
            let figures: Vec<String> = figures.iter().map(|(start, figure)| format!("{}: {figure}", label(*start))).collect();
            _ = writeln!(text, "    values: {{ {} }}\n    kind: {}", figures.join(", "), if *flow { "flow" } else { "ratio" });
        }
    }
    if let Some(unit) = kpi.unit {
        _ = writeln!(text, "    unit: {}", unit.name());
    }
    let grains: Vec<&str> = kpi.grains.iter().map(|grain| grain.name()).collect();
    _ = writeln!(text, "    grain: {}", grains[0]);
    if grains.len() > 1 {
        _ = writeln!(text, "    grains: [{}]", grains[1..].join(", "));
    }
    if !kpi.by.is_empty() {
        let by: Vec<String> = kpi.by.iter().map(|slice| format!("[{}]", slice.join(", "))).collect();
        _ = writeln!(text, "    by: [{}]", by.join(", "));
    }
    if let Some((unit, up_to)) = kpi.age {
        _ = writeln!(text, "    age: {{ unit: {}, up_to: {up_to} }}", unit.name());
    }
    if kpi.omit_gaps {
        text.push_str("    gaps: omit\n");
    }
    if has_interval(kpi) {
        text.push_str("    interval: 95%\n");
    }
    if kpi.empty_is_null {
        text.push_str("    empty: null\n");
    }
}

/// Whether a KPI shows an interval: not beside a dimension that is called as one of its columns.
pub fn has_interval(kpi: &Kpi) -> bool {
    let is_free = |name: &String| !["n", "low", "high"].contains(&name.as_str());
    Interval::of(&kpi.body).is_some() && kpi.by.iter().flatten().all(is_free)
}

/// A text as YAML, whatever stands in it.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// KPI arithmetic as a formula writes it.
pub fn formula(of: &Formula) -> String {
    expression(of, &mut |figure| match figure {
        Figure::Kpi(name) => name.clone(),
        Figure::Aggregate(of) => aggregate(of),
        Figure::Grouped(of) => grouped(of),
        Figure::Each(of) => each(of),
        Figure::Past(past, of, length) => {
            let name = past.name();
            let length = length.map(|length| format!(", {}", written(length))).unwrap_or_default();
            format!("{name}({}{length})", formula(of))
        }
        Figure::Slice(of, condition) => format!("slice({}, {})", formula(of), row(condition)),
        Figure::Total(of, dimensions) => {
            let dimensions: String = dimensions.iter().map(|name| format!(", {name}")).collect();
            format!("total({}{dimensions})", formula(of))
        }
    })
}

fn aggregate(of: &Aggregate) -> String {
    let source = &of.source;
    // A lone column is written with its source in front, anything else with `from`.
    let argument = match &of.argument {
        None => source.clone(),
        Some(Expr::Leaf(RowLeaf::Path(path))) => format!("{source}.{}", path.join(".")),
        Some(other) => row(other),
    };
    let is_of_source = argument == *source || argument.starts_with(&format!("{source}."));
    let from = if is_of_source { String::new() } else { format!(" from {source}") };
    let share = of.share.map(|share| format!(", {share}%")).unwrap_or_default();
    let via = of.via.as_ref().filter(|_| of.says_via).map(|via| format!(" via {}", via.join("."))).unwrap_or_default();
    let filter = of.filter.as_ref().map(|filter| format!(" where {}", row(filter))).unwrap_or_default();
    let (per, moment) = of.stock.as_ref().map(stocks::look).unwrap_or_default();
    let at = of.at.as_ref().map_or(moment, |at| format!(" at {at}"));
    let within = of.of.as_ref().map(|of| format!(" of {}", of.join("."))).unwrap_or_default();
    format!("{}({argument}{share}{from}{via}{per}{filter}{at}{}{within})", of.function, over(of.window))
}

fn grouped(of: &Grouped) -> String {
    let Grouped { function, share, of, per, filter, top } = of;
    let share = share.map(|share| format!(", {share}%")).unwrap_or_default();
    let filter = filter.as_ref().map(|filter| format!(" where {}", row(filter))).unwrap_or_default();
    let top = top.map(|top| format!(" top {top}")).unwrap_or_default();
    format!("{function}({}{share} per {}.{}{filter}{top})", aggregate(of), of.source, per.join("."))
}

fn each(each: &Each) -> String {
    let Each { function, share, of, grain, window, counts_periods } = each;
    if *counts_periods {
        let filter = if *of == Expr::Literal(Value::Bool(true)) { String::new() } else { format!(" where {}", formula(of)) };
        return format!("count(each {}{filter}{})", grain.name(), over(*window));
    }
    let share = share.map(|share| format!(", {share}%")).unwrap_or_default();
    format!("{function}({}{share} each {}{})", formula(of), grain.name(), over(*window))
}

fn over(window: Window) -> String {
    match window {
        Window::Period => String::new(),
        Window::Trailing(length) => format!(" over trailing {}", written(length)),
        Window::ToDate(grain) => format!(" over {} to date", grain.name()),
        Window::AllTime => " over all time".to_owned(),
        Window::Previous => " over previous period".to_owned(),
        Window::Age => " over age".to_owned(),
        Window::Within(count, unit) => format!(" within {count} {}s", unit.name()),
    }
}

pub fn written(Length { count, unit }: Length) -> String {
    format!("{count} {}{}", unit.name(), if count == 1 { "" } else { "s" })
}

/// A row expression as a formula writes it.
pub fn row(of: &Row) -> String {
    expression(of, &mut |leaf| match leaf {
        RowLeaf::Path(path) => path.join("."),
        RowLeaf::Grain(grain) => grain.name().to_owned(),
        RowLeaf::Closing => "closing_day()".to_owned(),
        RowLeaf::Pair(of) => stocks::pair(of),
        RowLeaf::Related(of) => aggregate(of),
        RowLeaf::Value => "value".to_owned(),
        RowLeaf::Dimension(name) => name.clone(),
        RowLeaf::Reached { step, within, of } => {
            let within = within.map(|(count, unit)| format!(" within {count} {}s", unit.name())).unwrap_or_default();
            let of = of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            format!("reached({step}{within}{of})")
        }
    })
}

/// An expression with no more parentheses than it needs.
fn expression<L>(of: &Expr<L>, leaf: &mut dyn FnMut(&L) -> String) -> String {
    let (name, arguments) = match of {
        Expr::Literal(value) => return literal(value),
        Expr::Leaf(of) => return leaf(of),
        Expr::Apply(name, arguments) => (*name, arguments),
    };
    let own = tightness(of);
    let mut parts: Vec<String> = Vec::new();
    for (at, argument) in arguments.iter().enumerate() {
        // Operators of one level go from left to right, and comparisons do not chain.
        let least = match own {
            FUNCTION => LOOSEST,
            COMPARISON => SUM,
            NOT => NOT,
            own => own + usize::from(at > 0),
        };
        // What stands in a list has commas and parentheses around it.
        let least = if at > 0 && matches!(name, "in" | "not in") { LOOSEST } else { least };
        let part = expression(argument, leaf);
        parts.push(if tightness(argument) < least { format!("({part})") } else { part });
    }
    match name {
        "negate" => format!("-{}", parts[0]),
        "not" => format!("not {}", parts[0]),
        "is null" | "is not null" => format!("{} {name}", parts[0]),
        "between" | "not between" => format!("{} {name} {} and {}", parts[0], parts[1], parts[2]),
        "in" | "not in" => format!("{} {name} ({})", parts[0], parts[1..].join(", ")),
        "case" => {
            let mut text = "case".to_owned();
            for pair in parts.chunks(2) {
                match pair {
                    [when, then] => _ = write!(text, " when {when} then {then}"),
                    otherwise => _ = write!(text, " else {}", otherwise[0]),
                }
            }
            text + " end"
        }
        _ if own == FUNCTION => format!("{name}({})", parts.join(", ")),
        operator => parts.join(&format!(" {operator} ")),
    }
}

// How tightly operators hold their operands (section 7), from the loosest.
const LOOSEST: usize = 0;
const AND: usize = 1;
const NOT: usize = 2;
const COMPARISON: usize = 3;
const SUM: usize = 4;
const PRODUCT: usize = 5;
const UNARY: usize = 6;
const FUNCTION: usize = 7;

fn tightness<L>(of: &Expr<L>) -> usize {
    match of {
        Expr::Literal(Value::Number(number)) if *number < 0.0 => UNARY,
        Expr::Literal(_) | Expr::Leaf(_) => FUNCTION,
        Expr::Apply(name, _) => match *name {
            "or" => LOOSEST,
            "and" => AND,
            "not" => NOT,
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "like" | "not like" | "is null" | "is not null" | "between"
            | "not between" | "in" | "not in" => COMPARISON,
            "+" | "-" => SUM,
            "*" | "/" => PRODUCT,
            "negate" => UNARY,
            _ => FUNCTION,
        },
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Date(day) => format!("date '{day}'"),
        Value::Time(_) | Value::Instant { .. } => unreachable!("formulas have no literals with a time of day"),
        Value::Span(count, unit) => format!("{count} {}s", unit.name()),
    }
}

/// What the compiler found.
pub fn findings(checked: &Checked) -> String {
    human(&checked.findings, &checked.files, Look { color: false, width: 120 })
}

/// The statements that make the tables.
pub fn tables(project: &Project) -> String {
    let mut text = "drop schema if exists data cascade;\ncreate schema data;\n".to_owned();
    for source in project.sources.iter().filter(|source| source.written.is_none()) {
        let stored: Vec<(usize, &Column)> =
            source.columns.iter().enumerate().filter(|(_, column)| column.expr.is_none()).collect();
        let columns: Vec<String> =
            stored.iter().map(|(_, column)| format!("\"{}\" {}", column.stored_as, column.ddl)).collect();
        _ = writeln!(text, "create table data.{} ({});", source.name, columns.join(", "));
        let cells = |cells: &Vec<Value>| {
            let cells: Vec<String> = stored.iter().map(|(at, column)| cell(&cells[*at], column.ty)).collect();
            format!("  ({})", cells.join(", "))
        };
        let rows: Vec<String> = source.rows.iter().map(cells).collect();
        if !rows.is_empty() {
            _ = writeln!(text, "insert into data.{} values\n{};", source.name, rows.join(",\n"));
        }
    }
    if let Some(custom) = &project.calendar.custom {
        text.push_str("create table data.cal (day date, week date, month date, quarter date, year date);\n");
        let mut rows = Vec::new();
        let mut day = custom.first;
        while day <= custom.last {
            let starts = Grain::ALL.map(|grain| format!("'{}'", project.calendar.period(grain, day).unwrap()));
            rows.push(format!("({})", starts.join(", ")));
            day = days(day, 1);
        }
        _ = writeln!(text, "insert into data.cal values {};", rows.join(", "));
    }
    text
}

fn cell(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) if !value.is_finite() => format!("'{value}'"),
        Value::Number(value) => value.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Date(day) => format!("date '{day}'"),
        Value::Time(time) if ty == Type::Instant => format!("timestamptz '{time}+00'"),
        Value::Time(time) => format!("timestamp '{time}'"),
        Value::Span(..) | Value::Instant { .. } => unreachable!("no column holds that"),
    }
}

/// A failing project as its author would show it.
impl Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            // What stands in the file of failures, on one line.
            return self.kpis.iter().try_for_each(|kpi| match &kpi.body {
                Body::Formula(body) => write!(f, "{} = {}; ", kpi.name, formula(body)),
                Body::Values { .. } => write!(f, "{} by hand; ", kpi.name),
            });
        }
        for (path, text) in files(self) {
            write!(f, "# {path}\n{text}\n")?;
        }
        for (name, text) in self.sources.iter().flat_map(written::texts) {
            write!(f, "# {name}\n{text}\n")?;
        }
        write!(f, "-- session zone {}, {}\n{}", self.session, self.settings.join(", "), tables(self))
    }
}

/// The unit of a difference of times in seconds.
pub fn seconds(unit: Unit) -> f64 {
    match unit {
        Unit::Hour => 3_600.0,
        Unit::Of(Grain::Week) => 7.0 * 86_400.0,
        Unit::Of(_) => 86_400.0,
    }
}
