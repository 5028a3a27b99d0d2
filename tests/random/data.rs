//! Makes up calendars, sources and rows.

use super::calendar::{days, months};
use super::conditions;
use super::customs;
use super::freshness;
use super::generate::Choices;
use super::project::{Calendar, Column, Dimension, Expr, Grain, Project, Row, RowLeaf, Source, Type, Unit, Value};
use super::stocks::data as stocks;
use jiff::civil::{Date, DateTime, Weekday, date, time};
use jiff::tz::TimeZone;

/// Zones with and without summer time, some that are half an hour off, one whose summer time is the usual one, and one that changes
/// its clocks at midnight.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Europe/Dublin",
    "America/Havana",
];

/// Texts that are like each other, and that an engine may misread.
pub const TEXTS: [&str; 10] = ["a", "b", "B", "ab", "", "it's", "ä", "100%", "x_y", "c d"];

pub fn calendar(choices: &mut Choices) -> Calendar {
    let weekdays = [Weekday::Monday, Weekday::Sunday, Weekday::Wednesday];
    let mut calendar = Calendar {
        start: date(2024, 1, 1),
        data_from: date(2024, 1, 1),
        as_of: date(2024, 1, 1),
        settle: if choices.chance(75) { 0 } else { choices.between(1, 40) },
        zone: choices.word(&ZONES),
        week_starts: choices.weighted(&[(3, weekdays[0]), (2, weekdays[1]), (1, weekdays[2])]),
        fiscal_month: if choices.chance(60) { 1 } else { i8::try_from(choices.between(1, 12)).unwrap() },
        custom: None,
    };
    let any = days(date(2022, 1, 1), choices.between(0, 900));
    calendar.start = boundary(&calendar, any, choices);
    calendar.data_from = calendar.start;
    if choices.chance(60) {
        let before = days(calendar.start, -choices.between(1, 400));
        calendar.data_from = boundary(&calendar, before, choices);
    }
    let length = choices.weighted(&[(3, (5, 60)), (5, (60, 430)), (2, (400, 1200))]);
    let last = days(calendar.start, choices.between(length.0, length.1));
    calendar.as_of = if choices.chance(45) { last } else { days(boundary(&calendar, last, choices), -1) };
    if choices.chance(3) {
        calendar.as_of = days(calendar.start, choices.between(0, 6));
    }
    // An earlier day is refused: nothing would be shown.
    calendar.as_of = calendar.as_of.max(calendar.start);
    if choices.chance(30) {
        calendar.custom = Some(customs::make(&calendar, choices));
        // On the first days of its own periods as well.
        for day in [calendar.data_from, calendar.start] {
            let moved = calendar.period(*choices.pick(&Grain::ALL), day).filter(|_| choices.chance(60)).unwrap_or(day);
            if day == calendar.data_from && moved >= calendar.first_day() {
                calendar.data_from = moved;
            } else if day == calendar.start {
                calendar.start = moved.max(calendar.data_from);
            }
        }
    }
    calendar
}

/// Often the first day of the period that holds a day.
fn boundary(calendar: &Calendar, day: Date, choices: &mut Choices) -> Date {
    if choices.chance(40) {
        return day;
    }
    let grain = *choices.pick(&Grain::ALL);
    calendar.period(grain, day).unwrap_or(day)
}

/// Makes up times, many of them at the edges of something and many of them the same.
pub struct Times {
    calendar: Calendar,
    pool: Vec<Date>,
    from: Date,
    to: Date,
}

impl Times {
    pub fn new(calendar: &Calendar, choices: &mut Choices) -> Self {
        let (from, to) = (days(calendar.data_from, -70), days(calendar.as_of, 12));
        let mut times = Self { calendar: calendar.clone(), pool: Vec::new(), from, to: to.max(days(from, 1)) };
        for _ in 0..choices.between(3, 9) {
            let day = times.edge(choices);
            times.pool.push(day);
        }
        times
    }

    fn edge(&self, choices: &mut Choices) -> Date {
        let calendar = &self.calendar;
        let any = self.any(choices);
        let edge = match choices.below(6) {
            0 => calendar.start,
            1 => calendar.data_from,
            2 => calendar.as_of,
            3 => calendar.period(*choices.pick(&Grain::ALL), any).unwrap_or(any),
            4 => self.change_of_clocks(any),
            _ => any,
        };
        if choices.chance(40) { days(edge, choices.between(-1, 1)) } else { edge }
    }

    /// A day of the whole range, mostly one that is shown.
    fn any(&self, choices: &mut Choices) -> Date {
        let shown = choices.chance(75) && self.calendar.start <= self.calendar.as_of;
        let (from, to) = if shown { (self.calendar.start, self.calendar.as_of) } else { (self.from, self.to) };
        let length = from.until(to).unwrap().get_days();
        days(from, choices.between(0, i64::from(length)))
    }

    /// The next day on which clocks are changed.
    fn change_of_clocks(&self, day: Date) -> Date {
        let zone = self.calendar.time_zone();
        let from = day.to_zoned(zone.clone()).unwrap().timestamp();
        let next = zone.following(from).next();
        next.map_or(day, |change| change.timestamp().to_zoned(zone.clone()).date())
    }

    pub fn day(&self, choices: &mut Choices) -> Date {
        if choices.chance(45) { *choices.pick(&self.pool) } else { self.any(choices) }
    }

    /// A local time of day.
    pub fn local(&self, choices: &mut Choices) -> DateTime {
        let clock = match choices.below(7) {
            0 | 1 => time(0, 0, 0, 0),
            2 => time(23, 59, 59, 999_999_000),
            3 => time(2, 30, 0, 0),
            4 => time(12, 0, 0, 0),
            _ => time(i8::try_from(choices.below(24)).unwrap(), i8::try_from(choices.below(60)).unwrap(), 0, 0),
        };
        self.day(choices).to_datetime(clock)
    }

    /// A time as a column of a type stores it.
    pub fn stored(&self, ty: Type, choices: &mut Choices) -> Value {
        match ty {
            Type::Instant if choices.chance(15) => Value::Time(self.around_a_change(choices)),
            Type::Timestamp("UTC") if self.calendar.zone != "UTC" && choices.chance(15) => {
                Value::Time(self.around_a_change(choices))
            }
            _ => self.store(self.local(choices), ty),
        }
    }

    /// A time of UTC within two hours of a change of the project's clock, if it is ever changed: some of them are shown twice.
    fn around_a_change(&self, choices: &mut Choices) -> DateTime {
        let zone = self.calendar.time_zone();
        let from = self.day(choices).to_zoned(zone.clone()).unwrap().timestamp();
        let next = zone.following(from).next().map_or(from, |change| change.timestamp());
        let utc = next.to_zoned(TimeZone::UTC).datetime();
        utc.saturating_add(jiff::Span::new().minutes(15 * choices.between(-8, 8)))
    }

    /// A local time as a column of a type stores it.
    pub fn store(&self, local: DateTime, ty: Type) -> Value {
        let zone = match ty {
            Type::Date => return Value::Date(local.date()),
            Type::Instant => "UTC",
            Type::Timestamp(zone) if zone == self.calendar.zone => return Value::Time(local),
            Type::Timestamp(zone) => zone,
            other => unreachable!("{other:?} is no time"),
        };
        let zone = TimeZone::get(zone).unwrap();
        let instant = local.to_zoned(self.calendar.time_zone()).unwrap();
        let mut wall = instant.with_time_zone(zone.clone()).datetime();
        // Which of two instants a wall clock means while clocks are changed is for no language to say.
        while zone.to_ambiguous_timestamp(wall).is_ambiguous() {
            wall = wall.saturating_add(jiff::Span::new().hours(1));
        }
        Value::Time(wall)
    }
}

/// A value that a column of a type could hold.
pub fn value(ty: Type, times: &Times, choices: &mut Choices) -> Value {
    let quarter = |count: i64| Value::Number(f64::from(i32::try_from(count).unwrap()) / 4.0);
    match ty {
        Type::Boolean => Value::Bool(choices.chance(50)),
        Type::Integer => quarter(4 * choices.between(-3, 9)),
        // Exact in floating numbers, so that their order in a sum does not matter.
        Type::Decimal | Type::Number => quarter(choices.between(-20, 400)),
        Type::Text => Value::Text(choices.word(&TEXTS).to_owned()),
        Type::Date | Type::Timestamp(_) | Type::Instant => times.stored(ty, choices),
    }
}

/// Makes up sources, those that are referred to before those that refer to them.
pub fn sources(project: &mut Project, choices: &mut Choices) {
    let times = Times::new(&project.calendar, choices);
    let count = choices.weighted(&[(3, 1), (4, 2), (3, 3)]);
    for number in (1..=count).rev() {
        let mut source = source(project, format!("s{number}"), &times, choices);
        raw(&mut source, choices);
        let derived = derived(project, &source, choices);
        source.columns.extend(derived);
        let made = made_reference(project, &source, choices);
        source.columns.extend(made);
        let columns = source.columns.len();
        source.rows.iter_mut().for_each(|cells| cells.resize(columns, Value::Null));
        // The time of a source may be a derived one.
        let times: Vec<&Column> = source.columns.iter().filter(|column| column.expr.is_some() && column.ty.is_time()).collect();
        if !times.is_empty() && source.states.is_none() && !stocks::leads_to_states(project, &source) && choices.chance(25) {
            source.time = Some(choices.pick(&times).name.clone());
        }
        project.sources.insert(0, source);
    }
}

fn source(project: &Project, name: String, times: &Times, choices: &mut Choices) -> Source {
    let mut entities = choices.chance(if name == "s1" { 25 } else { 75 });
    let states = choices.chance(stocks::OFTEN).then(|| stocks::holds(choices));
    entities |= states.is_some();
    let keyed = entities || choices.chance(60);
    let key_type = *choices.pick(&[Type::Integer, Type::Text]);
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |name: &str, ty: Type, references: Option<&String>, choices: &mut Choices| {
        let stored_as = if choices.chance(12) { format!("Col {name}") } else { name.to_owned() };
        columns.push(Column {
            name: name.to_owned(),
            stored_as,
            ty,
            ddl: ddl(ty, choices),
            references: references.cloned(),
            expr: None,
            sql: None,
        });
    };
    if keyed {
        add("id", key_type, None, choices);
    }
    let has_time = states.is_none() && (!entities || choices.chance(75));
    if has_time {
        add("at1", time_type(project, choices), None, choices);
    }
    if choices.chance(55) {
        add("at2", time_type(project, choices), None, choices);
    }
    for (name, ty, percent) in [
        ("int1", Type::Integer, 60),
        ("dec1", Type::Decimal, 60),
        ("num1", Type::Number, 40),
        ("txt1", Type::Text, 70),
        ("txt2", Type::Text, 30),
        ("flag1", Type::Boolean, 40),
        ("day1", Type::Date, 25),
    ] {
        if choices.chance(percent) {
            add(name, ty, None, choices);
        }
    }
    let mut targets: Vec<(String, Type)> = Vec::new();
    for source in project.sources.iter().filter(|source| stocks::can_refer(has_time, source)) {
        targets.extend(source.key.as_ref().map(|key| (source.name.clone(), source.column(key).ty)));
    }
    if keyed && states.is_none() {
        targets.push((name.clone(), key_type));
    }
    for (column, percent) in [("ref1", 70), ("ref2", 35)] {
        if !targets.is_empty() && choices.chance(percent) {
            let (target, ty) = choices.pick(&targets).clone();
            add(column, ty, Some(&target), choices);
        }
    }
    let time = has_time.then(|| "at1".to_owned());
    let by_query = choices.chance(20);
    let key = keyed.then(|| "id".to_owned());
    let freshness = freshness::make(time.is_some() || states.is_some(), choices);
    let mut source = Source {
        name,
        entities,
        states,
        freshness,
        by_query,
        written: None,
        key,
        time,
        columns,
        rows: Vec::new(),
        journey: None,
    };
    if source.states.is_some() {
        stocks::rows(project, &mut source, times, choices);
    } else {
        rows(project, &mut source, times, choices);
    }
    source
}

pub fn time_type(project: &Project, choices: &mut Choices) -> Type {
    let other = choices.word(&ZONES);
    choices.weighted(&[
        (35, Type::Date),
        (15, Type::Timestamp("UTC")),
        (10, Type::Timestamp(project.calendar.zone)),
        (8, Type::Timestamp(other)),
        (32, Type::Instant),
    ])
}

pub fn ddl(ty: Type, choices: &mut Choices) -> &'static str {
    match ty {
        Type::Boolean => "boolean",
        Type::Integer => choices.word(&["integer", "integer", "bigint", "smallint", "tinyint"]),
        Type::Decimal => choices.word(&["decimal(10,2)", "decimal(18,3)", "decimal(38,2)", "decimal(5,2)"]),
        Type::Number => choices.word(&["double", "double", "float"]),
        // A collation of a column's own changes nothing.
        Type::Text => choices.word(&["varchar", "varchar", "varchar collate nocase"]),
        Type::Date => "date",
        Type::Timestamp(_) => "timestamp",
        Type::Instant => "timestamptz",
    }
}

fn rows(project: &Project, source: &mut Source, times: &Times, choices: &mut Choices) {
    let count = choices.weighted(&[(1, 0), (2, 5), (4, 15), (4, 40)]);
    let count = if count == 0 { 0 } else { choices.below(count) + 1 };
    for number in 1..=count {
        let mut cells = Vec::new();
        for column in &source.columns {
            cells.push(cell(project, source, column, number, count, times, choices));
        }
        source.rows.push(cells);
    }
}

/// The key of the row of that number.
pub fn key(ty: Type, number: usize) -> Value {
    match ty {
        Type::Text => Value::Text(format!("k{number}")),
        _ => Value::Number(f64::from(u32::try_from(number).unwrap())),
    }
}

pub fn cell(
    project: &Project,
    source: &Source,
    column: &Column,
    row: usize,
    rows: usize,
    times: &Times,
    choices: &mut Choices,
) -> Value {
    if source.key.as_ref() == Some(&column.name) {
        return key(column.ty, row);
    }
    if let Some(target) = &column.references {
        let there = if *target == source.name { rows } else { project.source(target).rows.len() };
        return match choices.below(8) {
            0 => Value::Null,
            // A key that is not there.
            1 => key(column.ty, 99),
            _ if stocks::is_of_states(project, target) => key(column.ty, choices.below(stocks::KEYS) + 1),
            _ => key(column.ty, choices.below(there.max(1)) + 1),
        };
    }
    let is_time = source.time.as_ref() == Some(&column.name);
    let nulls = if is_time { 4 } else { 15 };
    if choices.chance(nulls) {
        return Value::Null;
    }
    match column.ddl {
        // Products of these are too large for 32 bits, and small enough for 64, where raw SQL has doubled both as well.
        "integer" if choices.chance(3) => Value::Number(100_000.0),
        "bigint" if choices.chance(3) => Value::Number(1_500_000_000.0),
        // What is null in the figures.
        "double" | "float" if choices.chance(12) => {
            Value::Number(*choices.pick(&[f64::NAN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]))
        }
        ddl if project.extreme && choices.chance(15) => {
            extreme(ddl).map_or_else(|| value(column.ty, times, choices), Value::Number)
        }
        _ => value(column.ty, times, choices),
    }
}

/// A number near the end of what a type holds.
fn extreme(ddl: &str) -> Option<f64> {
    Some(match ddl {
        "bigint" => 9e18,
        "integer" => 2e9,
        "smallint" => 32_000.0,
        "decimal(10,2)" => 99_000_000.25,
        "decimal(18,3)" => 900_000_000_000_000.0,
        "decimal(38,2)" => 9e35,
        "double" => 1e300,
        "float" => 1e38,
        _ => return None,
    })
}

/// Columns with a formula.
fn derived(project: &Project, source: &Source, choices: &mut Choices) -> Vec<Column> {
    let mut with = project.clone();
    with.sources.insert(0, source.clone());
    let mut found: Vec<Column> = Vec::new();
    for (name, ty) in [
        ("big1", Type::Boolean),
        ("tot1", Type::Number),
        ("lab1", Type::Text),
        ("day2", Type::Date),
        ("at3", Type::Timestamp("UTC")),
    ] {
        if !choices.chance(18) {
            continue;
        }
        let here = with.sources[0].clone();
        let Some(expr) = expr(&with, &here, ty, choices) else { continue };
        let column = Column {
            name: name.to_owned(),
            stored_as: name.to_owned(),
            ty,
            ddl: "",
            references: None,
            expr: Some(expr),
            sql: None,
        };
        with.sources[0].columns.push(column.clone());
        found.push(column);
    }
    found
}

/// A column of raw SQL with the name of a stored one, which another column reads.
fn raw(source: &mut Source, choices: &mut Choices) {
    let Some(stored) = source.columns.iter_mut().find(|column| column.name == "int1" && column.stored_as == "int1") else {
        return;
    };
    if !choices.chance(20) {
        return;
    }
    "plain1".clone_into(&mut stored.name);
    let number = |number: f64| Expr::Literal(Value::Number(number));
    let plain = Expr::Leaf(RowLeaf::Path(vec!["plain1".to_owned()]));
    let expr = Expr::Apply("-", vec![Expr::Apply("*", vec![plain, number(2.0)]), number(1.0)]);
    source.columns.push(Column {
        name: "int1".to_owned(),
        stored_as: "int1".to_owned(),
        ty: Type::Integer,
        ddl: "",
        references: None,
        expr: Some(expr),
        sql: Some("cast(int1 as bigint) * 2 - 1 -- of the stored one"),
    });
}

/// A reference whose key is computed, perhaps through another reference; the column that works it out comes first.
fn made_reference(project: &Project, source: &Source, choices: &mut Choices) -> Vec<Column> {
    if !choices.chance(25) {
        return Vec::new();
    }
    let has_time = source.time.is_some();
    let mut targets: Vec<(String, Type)> = Vec::new();
    for target in project.sources.iter().filter(|target| stocks::can_refer(has_time, target)) {
        targets.extend(target.key.as_ref().map(|key| (target.name.clone(), target.column(key).ty)));
    }
    if let (Some(key), None) = (&source.key, &source.states) {
        targets.push((source.name.clone(), source.column(key).ty));
    }
    let mut with = project.clone();
    with.sources.insert(0, source.clone());
    let times = Times::new(&project.calendar, choices);
    let maker = conditions::Maker { project: &with, source, times: &times, related: false, only_within: false };
    let whole = maker.path(choices, |ty| ty == Type::Integer);
    let (Some(whole), false) = (whole, targets.is_empty()) else { return Vec::new() };
    let (target, ty) = choices.pick(&targets).clone();
    let expr = if ty == Type::Text {
        let letter = Expr::Literal(Value::Text("K".to_owned()));
        Expr::Apply("lower", vec![Expr::Apply("concat", vec![letter, Expr::Apply("text", vec![whole])])])
    } else {
        Expr::Apply("abs", vec![whole])
    };
    let column = |name: &str, references, expr| Column {
        name: name.to_owned(),
        stored_as: "code1".to_owned(),
        ty,
        ddl: "",
        references,
        expr: Some(expr),
        sql: None,
    };
    let code = Expr::Leaf(RowLeaf::Path(vec!["code1".to_owned()]));
    vec![column("code1", None, expr), column("ref3", Some(target), code)]
}

/// A formula that gives a type; nothing where the source has nothing to make it of.
fn expr(project: &Project, source: &Source, ty: Type, choices: &mut Choices) -> Option<Row> {
    let times = Times::new(&project.calendar, choices);
    let maker = conditions::Maker { project, source, times: &times, related: false, only_within: false };
    let literal = |text: &str| Expr::Literal(Value::Text(text.to_owned()));
    match ty {
        Type::Boolean => Some(maker.condition(1, choices)),
        Type::Number => maker.number(1, choices),
        Type::Text => {
            let path = maker.path(choices, |ty| ty == Type::Text);
            Some(match (path, choices.below(4)) {
                (Some(path), 0) => Expr::Apply("lower", vec![path]),
                (Some(path), 1) => Expr::Apply("coalesce", vec![path, literal("none")]),
                (Some(path), 2) => Expr::Apply("concat", vec![path, literal("-")]),
                _ => Expr::Apply("case", vec![maker.condition(0, choices), literal("a"), literal("zz")]),
            })
        }
        Type::Date => {
            let path = maker.path(choices, Type::is_time)?;
            Some(match choices.below(3) {
                0 => Expr::Apply("date", vec![path]),
                1 => Expr::Apply("trunc", vec![path, Expr::Leaf(RowLeaf::Grain(*choices.pick(&Grain::ALL)))]),
                _ => {
                    let day = maker.path(choices, |ty| ty == Type::Date)?;
                    Expr::Apply("+", vec![day, Expr::Literal(Value::Span(7, Unit::Of(Grain::Day)))])
                }
            })
        }
        _ => {
            let path = maker.path(choices, |ty| matches!(ty, Type::Timestamp(_) | Type::Instant))?;
            let span =
                [Value::Span(5, Unit::Hour), Value::Span(1, Unit::Of(Grain::Month)), Value::Span(2, Unit::Of(Grain::Week))];
            let span = choices.pick(&span).clone();
            Some(Expr::Apply(if choices.chance(70) { "+" } else { "-" }, vec![path, Expr::Literal(span)]))
        }
    }
}

/// Dimensions with their places.
pub fn dimensions(project: &mut Project, choices: &mut Choices) {
    for name in ["d1", "d2", "txt1"] {
        if !choices.chance(if name == "txt1" { 12 } else { 55 }) {
            continue;
        }
        let ty = if name == "txt1" {
            Type::Text
        } else {
            *choices.pick(&[Type::Text, Type::Text, Type::Boolean, Type::Integer, Type::Date])
        };
        let mut from = Vec::new();
        for source in &project.sources {
            let paths: Vec<_> = conditions::paths(project, source, 2).into_iter().filter(|(_, found)| *found == ty).collect();
            if !paths.is_empty() && choices.chance(85) {
                from.push((source.name.clone(), choices.pick(&paths).0.clone()));
            }
        }
        if !from.is_empty() {
            project.dimensions.push(Dimension { name: name.to_owned(), ty, from });
        }
    }
}

/// A day in or near the calendar, for the literals of formulas.
pub fn some_month(calendar: &Calendar, choices: &mut Choices) -> Date {
    months(calendar.start.first_of_month(), i32::try_from(choices.between(-6, 12)).unwrap())
}
