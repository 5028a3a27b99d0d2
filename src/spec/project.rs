//! `kpic.yml`: the project's name, calendar, warehouse and lint levels.

use super::allow;
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use super::targets::{self, TARGET, Target};
use crate::calendar::{AsOf, Calendar, Date, Weekday, Zone, known_zones, meant_day};
use crate::diagnostic::{Findings, Level, codes, suggest};
use crate::load::Value;
use crate::model::{Made, Okrs};
use crate::text::{Name, Spanned};
use std::collections::BTreeMap;

/// Where spec files are looked for unless `specs:` says otherwise.
pub const DEFAULT_SPECS: &str = "specs";
/// Where output goes unless `target_dir:` says otherwise.
pub const DEFAULT_TARGET: &str = "build";

/// The settings of a project.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Its name.
    pub name: Option<Text>,
    /// How people call it.
    pub title: Option<Text>,
    /// What it is about.
    pub description: Option<Text>,
    /// Acronyms of its own, as titles made from names have them.
    pub acronyms: Vec<String>,
    /// The folder for output.
    pub target_dir: Option<Text>,
    /// The calendar.
    pub calendar: CalendarSpec,
    /// The SQL dialect; DuckDB unless said otherwise.
    pub dialect: Option<Text>,
    /// Other dialects that SQL is written for.
    pub also: Vec<Text>,
    /// The schema of the views, perhaps with its database.
    pub schema: Option<Text>,
    /// The schema of tables that are named without one, perhaps with its database.
    pub source_schema: Option<Text>,
    /// A database file for the embedded engine.
    pub database: Option<Text>,
    /// The target that is meant where none is named; once one is chosen, that one.
    pub target: Option<Text>,
    /// Where views may go, by name.
    pub targets: Vec<Target>,
    /// The variable that says how to connect to the chosen target.
    pub connection_env: Option<Text>,
    /// What views become, if it is said.
    pub made: Option<Made>,
    /// The roles that may read the views.
    pub readers: Vec<Text>,
    /// Levels of lints by readable name.
    pub lints: BTreeMap<String, Level>,
    /// What a change must not do: some of [`DENIABLE`].
    pub denied: Vec<String>,
    /// The file that has to name what changes its meaning.
    pub changelog: Option<String>,
    /// Whether trailers of commits allow nothing.
    pub forbids_trailers: bool,
    /// How objectives are judged.
    pub okrs: Okrs,
}

/// The calendar as written; what is left out has a default.
#[derive(Debug, Clone, Default)]
pub struct CalendarSpec {
    /// The first day shown.
    pub start: Option<Spanned<Date>>,
    /// The day from which data is whole.
    pub data_from: Option<Spanned<Date>>,
    /// The last visible day.
    pub as_of: Option<AsOf>,
    /// How many days late data may take.
    pub settle: u32,
    /// The zone.
    pub zone: Option<Zone>,
    /// The first day of a week.
    pub week_starts: Option<Weekday>,
    /// The month with which the fiscal year starts.
    pub fiscal_month: Option<i8>,
    /// The source of a custom calendar.
    pub source: Option<Name>,
}

static CALENDAR: Record = Record {
    what: "the calendar",
    fields: &[
        Field::new("start", Shape::Day, "The first period shown is the first that starts on or after this day.")
            .example("2023-01-01"),
        Field::new("data_from", Shape::Day, "The day from which data is whole; `prior()` is null before it. Default: `start`.")
            .example("2022-01-01"),
        Field::new("as_of", Shape::Text, "The last day whose data is whole: `today` or a day. Default: `today`.")
            .example("today"),
        Field::new("settle", Shape::Text, "How late data may arrive: `3 days`. Default: `0 days`.").example("3 days"),
        Field::new("timezone", Shape::Text, "The zone that decides the day of an instant. Default: UTC.")
            .example("Europe/Berlin"),
        Field::new("week_starts", Shape::Word(Calendar::WEEKDAYS), "The first day of a week. Default: monday."),
        Field::new(
            "fiscal_year_starts",
            Shape::Word(Calendar::MONTHS),
            "The month in which years and quarters start; a year is named after the calendar year it ends in. Default: \
             january.",
        ),
        Field::new("source", Shape::Name, "A source with one row per day and the columns week, month, quarter and year.")
            .example("retail_calendar"),
    ],
};

/// What a view becomes in the warehouse.
pub(super) const MADE: Shape = Shape::Word(&["view", "table"]);

/// Who may do what.
pub(super) static GRANTS: Record = Record {
    what: "`grants`",
    fields: &[Field::new(
        "select",
        Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
        "The roles that may read the views.",
    )
    .example("[analyst, \"BI readers\"]")],
};

static WAREHOUSE: Record = Record {
    what: "the warehouse",
    fields: &[
        Field::new(
            "dialect",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "The SQL dialect, or several: `kpic build` writes views for each, and commands ask the first. Default: duckdb.",
        )
        .example("duckdb"),
        Field::new("schema", Shape::Text, "Where views go; may be `database.schema`; `${KPIC_VAR_NAME:-default}` takes a part from the environment. Default: kpi.").example("kpi"),
        Field::new(
            "source_schema",
            Shape::Text,
            "The schema of tables that are named without one; may be `database.schema`. Default: main.",
        )
        .example("raw"),
        Field::new("database", Shape::Text, "A DuckDB file that the embedded engine opens for reading.").example("shop.duckdb"),
        Field::new("materialize", MADE, "Whether the views are views or tables, which `kpic deploy` fills. Default: view.")
            .example("table"),
        Field::new("grants", Shape::Record(&GRANTS), "Who may read the views, where `kpic deploy` puts them."),
    ],
};

static OKRS: Record = Record {
    what: "the settings of objectives",
    fields: &[
        Field::new(
            "on_track",
            Shape::Number,
            "The share of the expected progress at which a result is on track. Default: 95%.",
        )
        .example("90%"),
        Field::new(
            "at_risk",
            Shape::Number,
            "The share of the expected progress at which a result is at risk, not off track. Default: 75%.",
        )
        .example("60%"),
        Field::new("objectives", Shape::Count, "How many objectives a team may have in one period. Default: 5.").example("3"),
        Field::new("key_results", Shape::Count, "How many key results an objective may have. Default: 5.").example("4"),
        Field::new("stale_after", Shape::Text, "How long a check-in of a manual result is fresh. Default: `31 days`.")
            .example("14 days"),
    ],
};

/// What a change may do that a project refuses: the classes of changes, changes of goals whose period has begun, and changes of meaning that no
/// new line of the changelog names.
pub const DENIABLE: &[&str] =
    &["meaning", "meaning-without-changelog", "undecided", "interface", "goal", "goal-mid-cycle", "ownership", "words"];

static DIFF: Record = Record {
    what: "`diff`",
    fields: &[
        Field::new(
            "deny",
            Shape::List(&Shape::Word(DENIABLE)),
            "Changes with which `kpic diff` ends with exit code 1. What the version before says counts. Default: none.",
        )
        .example("[interface, undecided, goal-mid-cycle]"),
        Field::new("changelog", Shape::Text, "The file that has to name what changes its meaning, from the project's folder.")
            .example("CHANGELOG.md"),
        Field::new(
            "trailers",
            Shape::Truth,
            "Whether a `Kpic-Allow` trailer of a commit may allow what is denied. What the version before says counts. Default: true.",
        ),
    ],
};

/// The keys of `kpic.yml`.
pub static PROJECT: Record = Record {
    what: "kpic.yml",
    fields: &[
        Field::new("kpic", Shape::Count, "The version of the language: 1.").example("1").required(),
        Field::new("requires", Shape::Text, "The versions of the program kpic that the figures are made for.")
            .example("\">=0.1\""),
        Field::new("project", Shape::Text, "The project's name.").example("shop"),
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("The shop"),
        Field::new("description", Shape::Text, "What it is about, for readers of its docs.")
            .example("What the shop sells, and to whom."),
        Field::new("acronyms", Shape::List(&Shape::Text), "Extra words that titles made from names spell this way.")
            .example("[GTV, eNPS]"),
        Field::new("specs", Shape::Text, "The folder with the spec files. Default: specs.").example("specs"),
        Field::new("target_dir", Shape::Text, "The folder for output. Default: build.").example("build"),
        Field::new("calendar", Shape::Record(&CALENDAR), "Periods, zones, and how far data goes.").required(),
        Field::new("warehouse", Shape::Record(&WAREHOUSE), "Where the views will live."),
        Field::new("target", Shape::Name, "The target where none is named. Default: what is under `warehouse` alone.")
            .example("dev"),
        Field::new(
            "targets",
            Shape::Named("a target", &Shape::Record(&TARGET)),
            "Where the views go, under names; `--target` or `KPIC_TARGET` chooses one.",
        ),
        Field::new(
            "lints",
            Shape::Map(&Shape::Word(&["deny", "warn", "allow"])),
            "The level of each lint, by its readable name.",
        )
        .example("{ unused-column: warn }"),
        Field::new("diff", Shape::Record(&DIFF), "Which changes `kpic diff` refuses."),
        Field::new("okrs", Shape::Record(&OKRS), "How objectives are judged, and how many are allowed."),
    ],
};

/// Says whether this program is one that the project asks for.
fn required_version(required: &Name, findings: &mut Findings) {
    let own = env!("CARGO_PKG_VERSION");
    match (semver::VersionReq::parse(&required.value), semver::Version::parse(own)) {
        (Ok(asked), Ok(version)) if !asked.matches(&version) => {
            let message = format!("this project requires kpic {}, and this is {own}", required.value);
            let finding = findings.report(&codes::WRONG_VERSION, required.span, message);
            finding.help("install such a version, or change `requires` once `kpic diff` shows that no figure differs");
        }
        (Err(_), _) => {
            let message = format!("`{}` names no versions", required.value);
            findings
                .report(&codes::WRONG_VERSION, required.span, message)
                .help("write `requires: \">=0.2\"`, or with commas between several: `\">=0.2, <0.4\"`");
        }
        _ => {}
    }
}

/// Reads `kpic.yml`.
pub fn decode(reader: &Reader<'_>, findings: &mut Findings) -> Project {
    if let Some(version) = reader.count("kpic").filter(|version| version.value != 1) {
        findings
            .report(
                &codes::WRONG_VERSION,
                version.span,
                format!("this kpic reads version 1 of the language, not {}", version.value),
            )
            .help("write `kpic: 1`, or install a newer kpic");
    }
    if let Some(required) = reader.text("requires") {
        required_version(&required, findings);
    }
    if let Some(calendar) = reader.get("calendar") {
        let reader_of = Reader::of(calendar);
        if reader_of.get("start").is_none() && matches!(calendar.value, Value::Map(_) | Value::Null) {
            let place = reader_of.all().first().map(|entry| entry.key.span).or_else(|| reader.key_span("calendar"));
            findings
                .report(&codes::MISSING_KEY, place.unwrap_or(calendar.span), "the calendar needs `start`")
                .help("the day on which the first period starts, for instance `start: 2023-01-01`");
        }
    }
    let warehouse = reader.record("warehouse");
    let of_warehouse = |key: &str| warehouse.and_then(|warehouse| warehouse.text(key));
    let (schema, source_schema) = (of_warehouse("schema"), of_warehouse("source_schema"));
    targets::check_variables([&schema, &source_schema].into_iter().flatten(), findings);
    let mut dialects = warehouse.map(|warehouse| warehouse.texts("dialect")).unwrap_or_default().into_iter();
    Project {
        name: reader.text("project"),
        title: reader.text("title"),
        description: reader.text("description"),
        acronyms: reader.texts("acronyms").into_iter().map(|text| text.value).collect(),
        target_dir: reader.text("target_dir").filter(|text| is_inside(text, findings)),
        calendar: reader.record("calendar").map(|calendar| decode_calendar(&calendar, findings)).unwrap_or_default(),
        dialect: dialects.next(),
        also: dialects.collect(),
        schema,
        source_schema,
        database: of_warehouse("database"),
        target: reader.text("target"),
        targets: targets::decode(reader, findings),
        connection_env: None,
        made: targets::made(warehouse),
        readers: targets::readers(warehouse),
        lints: lints(reader, findings),
        denied: reader
            .record("diff")
            .map(|diff| diff.texts("deny"))
            .unwrap_or_default()
            .into_iter()
            .map(|text| text.value)
            .collect(),
        changelog: reader
            .record("diff")
            .and_then(|diff| diff.text("changelog"))
            .filter(|text| is_file_inside(text, findings))
            .map(|text| text.value),
        forbids_trailers: reader.record("diff").and_then(|diff| diff.truth("trailers")) == Some(false),
        okrs: okrs(reader, findings),
    }
}

/// A file that a version brings along is one of the project.
fn is_file_inside(file: &Text, findings: &mut Findings) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\n']);
    let inside = file.value.split('/').all(is_plain);
    if !inside {
        findings
            .report(&codes::WRONG_SHAPE, file.span, format!("`{}` is not a file inside the project", file.value))
            .help("name it from the project's folder, for instance `changelog: CHANGELOG.md`");
    }
    inside
}

fn okrs(reader: &Reader<'_>, findings: &mut Findings) -> Okrs {
    let default = Okrs::default();
    let Some(settings) = reader.record("okrs") else { return default };
    let mut share = |key: &str, or: f64| {
        let given = settings.number(key)?;
        if (0.0..=1.0).contains(&given.value) {
            return Some(given.value);
        }
        findings
            .report(
                &codes::WRONG_SHAPE,
                given.span,
                format!("`{key}` is a share of the expected progress, and {} is not", given.value),
            )
            .help(format!("for instance `{key}: {}%`", or * 100.0));
        None
    };
    let on_track = share("on_track", default.on_track).unwrap_or(default.on_track);
    let at_risk = share("at_risk", default.at_risk).unwrap_or(default.at_risk);
    if let (true, Some(given)) = (at_risk > on_track, settings.number("at_risk").or(settings.number("on_track"))) {
        findings
            .report(&codes::WRONG_SHAPE, given.span, "`on_track` is below `at_risk`")
            .help("`at_risk` is the lower of the two shares");
    }
    let count = |key: &str, or: u32| settings.count(key).map_or(or, |count| count.value);
    Okrs {
        on_track,
        at_risk,
        objectives: count("objectives", default.objectives),
        key_results: count("key_results", default.key_results),
        stale_after: settings.text("stale_after").map_or(default.stale_after, |text| settle(&text, findings)),
    }
}

/// Output goes into a folder of its own inside the project: it is replaced as a whole.
fn is_inside(folder: &Text, findings: &mut Findings) -> bool {
    let path = std::path::Path::new(&folder.value);
    let inside = path.components().all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir))
        && path.components().any(|part| matches!(part, std::path::Component::Normal(_)));
    if !inside {
        findings
            .report(&codes::WRONG_SHAPE, folder.span, format!("`{}` is not a folder inside the project", folder.value))
            .help("a build replaces the whole folder, so it needs a separate one: `target_dir: build`");
    }
    inside
}

fn decode_calendar(reader: &Reader<'_>, findings: &mut Findings) -> CalendarSpec {
    let calendar = CalendarSpec {
        start: reader.day("start"),
        data_from: reader.day("data_from"),
        as_of: reader.text("as_of").and_then(|text| as_of(&text, findings)),
        settle: reader.text("settle").map_or(0, |text| settle(&text, findings)),
        zone: reader.text("timezone").and_then(|text| zone(&text, findings)),
        week_starts: reader.text("week_starts").and_then(|text| Calendar::weekday(&text.value)),
        fiscal_month: reader.text("fiscal_year_starts").and_then(|text| Calendar::month(&text.value)),
        source: reader.text("source"),
    };
    if let (Some(start), Some(from)) = (&calendar.start, &calendar.data_from)
        && from.value > start.value
    {
        let message = format!("data is only whole from {}, but the first period would start on {}", from.value, start.value);
        findings
            .report(&codes::CALENDAR_ORDER, from.span, message)
            .also(start.span, "the first period shown starts on or after this day")
            .help("`data_from` is `start` or an earlier day");
    }
    if let (Some(start), Some(AsOf::Day(last)), Some(text)) = (&calendar.start, calendar.as_of, reader.text("as_of"))
        && last < start.value
    {
        let message =
            format!("nothing is visible: the last visible day is {last}, but the first period starts on {}", start.value);
        findings
            .report(&codes::CALENDAR_ORDER, text.span, message)
            .also(start.span, "the first period shown starts on or after this day")
            .help("`as_of` is `start` or a later day");
    }
    calendar
}

/// Reads `as_of`.
pub fn as_of(text: &Text, findings: &mut Findings) -> Option<AsOf> {
    if text.value == "today" {
        return Some(AsOf::Today);
    }
    let day = text.value.parse().ok().map(AsOf::Day);
    if day.is_none() {
        let message = format!("expected `today` or a day such as `2025-01-31`, found `{}`", text.value);
        let finding = findings.report(&codes::WRONG_SHAPE, text.span, message);
        finding.help = meant_day(&text.value).map(|day| format!("write `{day}`"));
    }
    day
}

fn settle(text: &Text, findings: &mut Findings) -> u32 {
    let mut words = text.value.split_whitespace();
    let count = words.next().and_then(|word| word.parse::<u32>().ok()).filter(|days| *days <= 10_000);
    let unit = words.next().unwrap_or("days");
    let days = match (count, unit.strip_suffix('s').unwrap_or(unit), words.next()) {
        (Some(days), "day", None) => Some(days),
        (Some(weeks), "week", None) => Some(weeks * 7),
        _ => None,
    };
    if days.is_none() {
        findings
            .report(&codes::WRONG_SHAPE, text.span, format!("expected a number of days or weeks, found `{}`", text.value))
            .help("for instance `settle: 3 days`");
    }
    days.unwrap_or(0)
}

fn zone(text: &Text, findings: &mut Findings) -> Option<Zone> {
    let zone = Zone::named(&text.value);
    if zone.is_none() {
        unknown_zone(text, findings);
    }
    zone
}

/// Abbreviations of clocks that are not names of zones, each with a place that has that clock.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("ACDT", "Australia/Adelaide"),
    ("ACST", "Australia/Adelaide"),
    ("ADT", "America/Halifax"),
    ("AEDT", "Australia/Sydney"),
    ("AEST", "Australia/Sydney"),
    ("AKDT", "America/Anchorage"),
    ("AKST", "America/Anchorage"),
    ("AST", "America/Halifax"),
    ("AWST", "Australia/Perth"),
    ("BRT", "America/Sao_Paulo"),
    ("BST", "Europe/London"),
    ("CDT", "America/Chicago"),
    ("CEST", "Europe/Berlin"),
    ("CST", "America/Chicago"),
    ("CT", "America/Chicago"),
    ("EAT", "Africa/Nairobi"),
    ("EDT", "America/New_York"),
    ("EEST", "Europe/Helsinki"),
    ("ET", "America/New_York"),
    ("GST", "Asia/Dubai"),
    ("HAEC", "Europe/Paris"),
    ("HEC", "Europe/Paris"),
    ("HKT", "Asia/Hong_Kong"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("MDT", "America/Denver"),
    ("MESZ", "Europe/Berlin"),
    ("MEZ", "Europe/Berlin"),
    ("MSK", "Europe/Moscow"),
    ("MT", "America/Denver"),
    ("NDT", "America/St_Johns"),
    ("NST", "America/St_Johns"),
    ("NZDT", "Pacific/Auckland"),
    ("NZST", "Pacific/Auckland"),
    ("OESZ", "Europe/Helsinki"),
    ("OEZ", "Europe/Helsinki"),
    ("PDT", "America/Los_Angeles"),
    ("PST", "America/Los_Angeles"),
    ("PT", "America/Los_Angeles"),
    ("SAST", "Africa/Johannesburg"),
    ("SGT", "Asia/Singapore"),
    ("TRT", "Europe/Istanbul"),
    ("WAT", "Africa/Lagos"),
    ("WEST", "Europe/Lisbon"),
    ("WIB", "Asia/Jakarta"),
];

/// Reports a zone that the tz database does not have.
pub fn unknown_zone(text: &Text, findings: &mut Findings) {
    let finding = findings.report(&codes::UNKNOWN_ZONE, text.span, format!("there is no time zone `{}`", text.value));
    if let Some((_, place)) = ABBREVIATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(text.value.trim())) {
        finding.help(format!("time zones are named after places: write `{place}`, or the city whose clock you mean"));
        return;
    }
    let zones = known_zones();
    let typed = text.value.trim().replace(' ', "_").to_lowercase();
    let (region, city) = typed.rsplit_once('/').unwrap_or(("", &typed));
    let of = |zone: &str| zone.rsplit('/').next().unwrap_or_default().to_lowercase();
    let cities: Vec<String> = zones.iter().map(|zone| of(zone)).collect();
    // Another city that is a little like this one may have another clock.
    let meant = |name: &str| suggest::certain(name, cities.iter().map(String::as_str), suggest::Words::Language);
    let city = if cities.iter().any(|known| known == city) { Some(city) } else { meant(city) };
    let named = |zone: &&String| city.is_some_and(|city| of(zone) == city);
    let in_region = |zone: &&String| zone.to_lowercase().starts_with(&format!("{region}/"));
    let found = zones.iter().find(|zone| named(zone) && in_region(zone)).or_else(|| zones.iter().find(named));
    match found {
        Some(name) => finding.help(format!("did you mean `{name}`?")),
        None => finding.help(
            "use the city of the tz database whose clock is the same: `Europe/Berlin` for Hamburg, `America/New_York` for Boston; or `UTC`",
        ),
    };
}

fn lints(reader: &Reader<'_>, findings: &mut Findings) -> BTreeMap<String, Level> {
    let mut levels = BTreeMap::new();
    for entry in reader.entries("lints") {
        let level = super::reader::text(&entry.value).and_then(|text| Level::parse(&text.value));
        if let Some(lint) = allow::lint_named(&entry.key, findings) {
            levels.extend(level.map(|level| (lint.name.to_owned(), level)));
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_lead_to_zones() {
        for (known, place) in ABBREVIATIONS {
            assert!(Zone::named(known).is_none(), "{known} is a zone itself");
            assert!(Zone::named(place).is_some(), "{place}");
        }
        assert!(ABBREVIATIONS.is_sorted());
    }
}
