//! The table of all codes. A code is never reused, not even after it is gone.
//!
//! `K00` files, `K01` the shape of specs, `K02` names and formulas, `K03` types and units, `K04` time, `K05` slices,
//! `K06` states, `K07` lints, `K08` warehouses, `K09` data, `K10` the North Star and what moves it, `K11` objectives (`K114` what
//! only their data shows), `K12` guardrails and reviews.

pub use super::code::{Code, Level};

/// A code with its page.
macro_rules! code {
    ($level:ident, $id:literal, $name:literal, $about:literal) => {
        Code {
            id: $id,
            name: $name,
            level: Level::$level,
            about: $about,
            page: include_str!(concat!("../../docs/codes/", $name, ".md")),
        }
    };
}

/// The code of that name or id.
pub fn named(text: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.name == text || code.id.eq_ignore_ascii_case(text)).copied()
}

/// A file or folder that cannot be read.
pub static UNREADABLE_FILE: Code = code!(Error, "K0001", "unreadable-file", "a file or folder cannot be read");
/// Text that is not YAML.
pub static YAML_SYNTAX: Code = code!(Error, "K0002", "yaml-syntax", "a file is not YAML");
/// More than a file may hold.
pub static YAML_LIMIT: Code = code!(Error, "K0003", "yaml-limit", "anchors and aliases expand to more than a file may hold");
/// An alias of nothing.
pub static UNKNOWN_ANCHOR: Code = code!(Error, "K0004", "unknown-anchor", "an alias has no anchor above it");
/// Marks of a merge conflict.
pub static MERGE_CONFLICT: Code = code!(Error, "K0005", "merge-conflict", "a merge conflict was left in a file");
/// A tab where YAML wants spaces.
pub static TAB_INDENTATION: Code = code!(Error, "K0006", "tab-indentation", "a line is indented with a tab");
/// An invisible character at the beginning of a file.
pub static BYTE_ORDER_MARK: Code = code!(Warn, "K0007", "byte-order-mark", "a file starts with a byte-order mark");
/// A folder without spec files.
pub static NO_SPEC_FILES: Code = code!(Warn, "K0008", "no-spec-files", "the folder for spec files has none");

/// A key that the language does not have.
pub static UNKNOWN_KEY: Code = code!(Error, "K0101", "unknown-key", "an unknown key");
/// A value of another shape than the key takes.
pub static WRONG_SHAPE: Code = code!(Error, "K0102", "wrong-shape", "a value of the wrong shape for its key");
/// A key that has to be there.
pub static MISSING_KEY: Code = code!(Error, "K0103", "missing-key", "a required key is missing");
/// A key that appears twice.
pub static DUPLICATE_KEY: Code = code!(Error, "K0104", "duplicate-key", "a key appears twice in one map");
/// A name that is not one.
pub static BAD_NAME: Code = code!(Error, "K0105", "bad-name", "a name is not in lower case with single underscores");
/// A name that kpic needs itself.
pub static RESERVED_NAME: Code = code!(Error, "K0106", "reserved-name", "a name that is reserved");
/// A name that is defined twice.
pub static DUPLICATE_DEFINITION: Code = code!(Error, "K0107", "duplicate-definition", "two definitions have the same name");
/// A part of the language that is not there yet.
pub static NOT_SUPPORTED_YET: Code =
    code!(Error, "K0108", "not-supported-yet", "a part of the language that this version does not support");
/// Another version of the language.
pub static WRONG_VERSION: Code = code!(Error, "K0109", "wrong-version", "another version of the language");
/// A time zone that does not exist.
pub static UNKNOWN_ZONE: Code = code!(Error, "K0110", "unknown-zone", "a time zone that does not exist");
/// A lint that does not exist.
pub static UNKNOWN_LINT: Code = code!(Error, "K0111", "unknown-lint", "a lint that does not exist");
/// A formula that YAML cut.
pub static FORMULA_CUT: Code = code!(Error, "K0112", "formula-cut", "YAML took part of a formula as a comment");
/// Two keys that exclude each other, or none of those of which one is needed.
pub static CONFLICTING_KEYS: Code =
    code!(Error, "K0113", "conflicting-keys", "keys that exclude each other, or none of them where one is needed");
/// An allowance without a finding.
pub static UNNEEDED_ALLOW: Code = code!(Warn, "K0114", "unneeded-allow", "an `allow` has nothing to allow");

/// A text that YAML cut.
pub static TEXT_CUT: Code = code!(Warn, "K0115", "text-cut", "YAML took the end of a text as a comment");
/// A format of dates or timestamps that cannot be one.
pub static BAD_DATE_FORMAT: Code =
    code!(Error, "K0117", "bad-date-format", "a format of dates or timestamps that cannot be read");
/// Files that are described as no files can be.
pub static BAD_FILE_FORMAT: Code = code!(Error, "K0118", "bad-file-format", "settings of files that do not fit together");

/// A path that leads out of the project.
pub static OUTSIDE_PROJECT: Code = code!(Error, "K0120", "outside-project", "a path or a link leads out of the project");
/// Output where something else stands.
pub static TARGET_IN_USE: Code = code!(Error, "K0121", "target-in-use", "output would go where something else is");
/// A character that turns the order of others around.
pub static BIDI_CHARACTER: Code =
    code!(Error, "K0122", "bidi-character", "an invisible character makes text look different from how it is read");
/// A control character in a name or text.
pub static CONTROL_CHARACTER: Code = code!(Error, "K0123", "control-character", "a control character in a name or text");

/// A formula that cannot be read.
pub static FORMULA_SYNTAX: Code = code!(Error, "K0201", "formula-syntax", "a formula cannot be read");
/// A name in a formula that nothing has.
pub static UNKNOWN_NAME: Code = code!(Error, "K0202", "unknown-name", "an unknown name in a formula");
/// A function that does not exist.
pub static UNKNOWN_FUNCTION: Code = code!(Error, "K0203", "unknown-function", "a function that does not exist");
/// Definitions that need each other.
pub static DEPENDENCY_CYCLE: Code = code!(
    Error,
    "K0204",
    "dependency-cycle",
    "definitions that depend on each other in a \
 circle"
);
/// A source that does not exist.
pub static UNKNOWN_SOURCE: Code = code!(Error, "K0205", "unknown-source", "a source that does not exist");
/// A dimension that does not exist.
pub static UNKNOWN_DIMENSION: Code = code!(Error, "K0206", "unknown-dimension", "a dimension that does not exist");
/// A column that a source does not have.
pub static UNKNOWN_COLUMN: Code = code!(Error, "K0207", "unknown-column", "a source does not have that column");
/// A team that does not exist.
pub static UNKNOWN_TEAM: Code = code!(Error, "K0208", "unknown-team", "a team that does not exist");
/// A taxonomy or value of one that does not exist.
pub static UNKNOWN_TAXONOMY_VALUE: Code =
    code!(Error, "K0209", "unknown-taxonomy-value", "a taxonomy does not have that value");
/// An aggregate whose source is not clear.
pub static UNCLEAR_SOURCE: Code = code!(
    Error,
    "K0210",
    "unclear-source",
    "an unclear source: which one does an aggregate \
 read?"
);
/// An aggregate inside an aggregate.
pub static NESTED_AGGREGATE: Code = code!(Error, "K0211", "nested-aggregate", "an aggregate inside an aggregate");
/// A column outside any aggregate.
pub static COLUMN_OUTSIDE_AGGREGATE: Code = code!(Error, "K0212", "column-outside-aggregate", "a column outside any aggregate");
/// A KPI inside an aggregate.
pub static KPI_IN_ROWS: Code = code!(Error, "K0213", "kpi-in-rows", "a KPI where only columns can be");
/// A wrong number of arguments, or a kind of argument that a function does not take.
pub static WRONG_ARGUMENTS: Code = code!(Error, "K0214", "wrong-arguments", "a function does not take these arguments");
/// A clause that a function does not take.
pub static WRONG_CLAUSE: Code = code!(Error, "K0215", "wrong-clause", "a function does not take that clause here");
/// A function of the other level.
pub static WRONG_LEVEL: Code = code!(Error, "K0216", "wrong-level", "a function where it has no meaning");
/// A path through a column that refers to nothing.
pub static NOT_A_REFERENCE: Code =
    code!(Error, "K0217", "not-a-reference", "a path goes through a column that is not a reference");
/// A reference that does not fit the key that it should hold.
pub static BAD_REFERENCE: Code = code!(Error, "K0218", "bad-reference", "a reference does not fit the key of its source");
/// Two sources that are tied by none or by several references.
pub static UNCLEAR_REFERENCE: Code =
    code!(Error, "K0219", "unclear-reference", "an unclear reference: by which one do rows belong together?");
/// A formula that is too large.
pub static FORMULA_TOO_LARGE: Code = code!(Error, "K0220", "formula-too-large", "a formula is too long or too deep");
/// A step that a journey does not have.
pub static UNKNOWN_STEP: Code = code!(Error, "K0221", "unknown-step", "a journey does not have that step");
/// `reached` without a journey.
pub static NOT_A_JOURNEY: Code = code!(Error, "K0222", "not-a-journey", "`reached` without a journey");

/// Units that do not go together.
pub static UNIT_MISMATCH: Code = code!(Error, "K0301", "unit-mismatch", "units that do not fit together");
/// Types that do not go together.
pub static TYPE_MISMATCH: Code = code!(Error, "K0302", "type-mismatch", "a value of the wrong type");
/// A KPI that is not a number.
pub static KPI_NOT_A_NUMBER: Code = code!(Error, "K0303", "kpi-not-a-number", "a KPI's formula does not give a number");
/// Amounts of several currencies.
pub static MIXED_CURRENCIES: Code = code!(Error, "K0304", "mixed-currencies", "amounts in several currencies are added up");
/// A unit that cannot be read.
pub static UNKNOWN_UNIT: Code = code!(Error, "K0305", "unknown-unit", "a unit cannot be read");
/// Adding up what does not add up.
pub static DOES_NOT_ADD_UP: Code = code!(
    Error,
    "K0306",
    "does-not-add-up",
    "values that do not add up over time are added \
 up"
);
/// Durations without a unit.
pub static DURATION_WITHOUT_UNIT: Code =
    code!(Error, "K0307", "duration-without-unit", "a duration needs a unit to be shown in");
/// A divisor that is always zero.
pub static DIVISION_BY_ZERO: Code = code!(Error, "K0308", "division-by-zero", "a division is always by zero");
/// Steps that are taken by things of several kinds.
pub static ENTITY_MISMATCH: Code =
    code!(Error, "K0309", "entity-mismatch", "the steps of a journey identify entities by different types");

/// A source without a time.
pub static MISSING_TIME: Code = code!(Error, "K0401", "missing-time", "rows without a time belong to no period");
/// A window that cannot be.
pub static BAD_WINDOW: Code = code!(Error, "K0402", "bad-window", "a window that has no meaning here");
/// A grain that does not fit.
pub static GRAIN_MISMATCH: Code = code!(Error, "K0403", "grain-mismatch", "a grain that does not fit into another");
/// `prior` by a part of a period.
pub static PART_OF_PERIOD: Code = code!(Error, "K0404", "part-of-period", "`prior` goes back by a part of a period");
/// A calendar whose days are in the wrong order.
pub static CALENDAR_ORDER: Code = code!(Error, "K0405", "calendar-order", "the calendar's days are in the wrong order");
/// A calendar source that cannot serve.
pub static BAD_CALENDAR_SOURCE: Code = code!(Error, "K0406", "bad-calendar-source", "a calendar source is incomplete");
/// Hand-kept figures of several grains.
pub static BAD_VALUES: Code = code!(Error, "K0407", "bad-values", "hand-kept figures do not fit the KPI's grain");
/// A condition on what comes after the period.
pub static LOOKS_AHEAD: Code = code!(Error, "K0408", "looks-ahead", "a condition on rows that come after the period");

/// `empty: null` where there is nothing that it could change.
pub static EMPTY_WITHOUT_EFFECT: Code =
    code!(Error, "K0409", "empty-without-effect", "`empty: null` where there is no sum or count");

/// A comparison to date of what has no value up to a day.
pub static NOT_TO_DATE: Code = code!(Error, "K0410", "not-to-date", "a comparison to date of what has no figure up to a day");

/// A sampling error of what kpic knows none of.
pub static NO_INTERVAL: Code =
    code!(Error, "K0411", "no-interval", "a sampling error of a formula that has none that is known");

/// A closing day of what is not looked at when a period closes.
pub static NO_CLOSING_DAY: Code = code!(Error, "K0412", "no-closing-day", "a closing day where nothing closes");

/// A KPI sliced by what a part of it does not have.
pub static NO_SHARED_DIMENSION: Code =
    code!(Error, "K0501", "no-shared-dimension", "a part of a KPI does not have the dimension");
/// A dimension whose places have different types.
pub static DIMENSION_TYPE: Code = code!(Error, "K0502", "dimension-type", "a dimension does not have the same type everywhere");
/// A slice that names a dimension twice.
pub static BAD_SLICE: Code = code!(Error, "K0503", "bad-slice", "a slice that has no meaning");

/// States without the time for which they hold.
pub static MISSING_VALID: Code = code!(Error, "K0601", "missing-valid", "states do not say for how long they hold");
/// Words of states where there are none.
pub static NOT_A_STATE: Code = code!(Error, "K0602", "not-a-state", "only states have a level at a moment");
/// A level over a window.
pub static STOCK_OVER_TIME: Code = code!(Error, "K0603", "stock-over-time", "a level is asked for over a window");
/// A pair of states of which it is not said which.
pub static MIXED_PAIR: Code = code!(Error, "K0604", "mixed-pair", "an unclear state: which one of a pair?");
/// `over age` where no row of a cohort is at hand.
pub static MISPLACED_AGE: Code = code!(Error, "K0605", "misplaced-age", "`over age` where no row has an age");
/// Ages that a KPI does not declare.
pub static MISSING_AGE: Code = code!(Error, "K0606", "missing-age", "a KPI uses ages that it does not declare");
/// Ages that nothing uses.
pub static NEEDLESS_AGE: Code = code!(Error, "K0607", "needless-age", "a KPI declares ages and uses none");
/// A figure for each age where there is room for one.
pub static NO_ROOM_FOR_AGES: Code =
    code!(Error, "K0608", "no-room-for-ages", "a KPI with a figure for each age is used where one figure fits");
/// Readings per key without the time for which they count.
pub static MISSING_STALE_AFTER: Code =
    code!(Error, "K0609", "missing-stale-after", "readings without a time for which they count");

/// Two steps that one row could be, of a source without a key.
pub static STEP_NEEDS_KEY: Code = code!(Error, "K0610", "step-needs-key", "one row could be two steps, and rows have no key");

/// A name that should not be used any more.
pub static DEPRECATED_USE: Code = code!(Warn, "K0701", "deprecated-use", "something deprecated is used");
/// A KPI that nobody owns.
pub static MISSING_OWNER: Code = code!(Warn, "K0702", "missing-owner", "a KPI has no owner");
/// A KPI that nobody described.
pub static MISSING_DESCRIPTION: Code = code!(Warn, "K0703", "missing-description", "a KPI has no description");
/// A source that nothing reads.
pub static UNUSED_SOURCE: Code = code!(Warn, "K0704", "unused-source", "a source that nothing reads");
/// A column that nothing reads.
pub static UNUSED_COLUMN: Code = code!(Allow, "K0705", "unused-column", "a column that nothing reads");
/// `!=` on a column that may be null.
pub static NULL_LEFT_OUT: Code =
    code!(Warn, "K0706", "null-left-out", "a condition with `!=` or `not` leaves out rows whose value is null");
/// A ratio times 100.
pub static TIMES_HUNDRED: Code = code!(Warn, "K0707", "times-hundred", "a ratio is multiplied by 100");
/// A KPI at a grain that it does not declare.
pub static UNDECLARED_GRAIN: Code =
    code!(Warn, "K0708", "undeclared-grain", "a KPI is used at a grain that it does not declare");
/// A unit of time that is left over.
pub static TIME_UNIT_LEFT: Code = code!(Warn, "K0709", "time-unit-left", "a unit of time is left over in a quotient");
/// A value that a column never has.
pub static VALUE_NOT_LISTED: Code =
    code!(Deny, "K0710", "value-not-listed", "a column is compared with a value that it never has");
/// A share that can exceed 100 %.
pub static SHARE_ABOVE_ONE: Code = code!(Warn, "K0711", "share-above-one", "a share can exceed 100 %");
/// A value of a taxonomy that no KPI has.
pub static UNCOVERED_VALUE: Code = code!(Warn, "K0712", "uncovered-value", "a value of a taxonomy has no KPI");
/// A scorecard with too many KPIs.
pub static CROWDED_SCORECARD: Code = code!(Warn, "K0713", "crowded-scorecard", "a scorecard has more KPIs than it may");
/// A condition that says nothing.
pub static CONSTANT_CONDITION: Code = code!(Warn, "K0714", "constant-condition", "a condition that is always or never true");
/// A share compared with 5 instead of 5%.
pub static PERCENT_SCALE: Code =
    code!(Warn, "K0715", "percent-scale", "a share is compared with a percentage written as a whole number");
/// Conditions that exclude each other.
pub static CONTRADICTION: Code = code!(Warn, "K0716", "contradiction", "conditions exclude each other");
/// A KPI that nobody looks at.
pub static UNUSED_KPI: Code = code!(Allow, "K0717", "unused-kpi", "a KPI is on no scorecard and no KPI uses it");
/// Two names for one figure.
pub static SAME_CALCULATION: Code = code!(Warn, "K0718", "same-calculation", "two KPIs are computed in the same way");
/// A KPI without a unit.
pub static MISSING_UNIT: Code = code!(Allow, "K0719", "missing-unit", "a KPI has no unit");
/// A KPI that does not say which way is good.
pub static MISSING_BETTER: Code = code!(Allow, "K0720", "missing-better", "a KPI does not say which direction is good");
/// Steps whose entities are keys of several sources.
pub static DIFFERENT_ENTITIES: Code =
    code!(Warn, "K0721", "different-entities", "the steps of a journey name keys of different sources");
/// A time within which that is longer than there is data.
pub static WITHIN_EXCEEDS_DATA: Code = code!(Warn, "K0722", "within-exceeds-data", "`within` is longer than there is data");
/// A relation in SQL that has no schema.
pub static UNCLEAR_RELATION: Code = code!(Warn, "K0723", "unclear-relation", "SQL names a relation without its schema");
/// A source that has had no rows for longer than usual.
pub static QUIET_SOURCE: Code = code!(Warn, "K0727", "quiet-source", "a source has had no rows for much longer than usual");
/// A step for which no row is left.
pub static UNREACHABLE_STEP: Code = code!(Warn, "K0724", "unreachable-step", "no journey ever reaches a step");
/// A sum that counts a row once for each row that leads to it.
pub static FAN_OUT: Code = code!(Deny, "K0728", "fan-out", "a sum counts a row again for each row that refers to it");
/// A mean that weighs a row by how many rows lead to it.
pub static WEIGHTED_BY_ROWS: Code =
    code!(Warn, "K0729", "weighted-by-rows", "a mean weights a row by how many rows refer to it");
/// A weighted mean whose weights include rows without a value.
pub static MISSING_IN_WEIGHTED_MEAN: Code =
    code!(Warn, "K0730", "missing-in-weighted-mean", "the weights of a mean include rows without a value, which count as 0");
/// An aggregate over values that are not there.
pub static ONLY_NULLS: Code = code!(Warn, "K0731", "only-nulls", "an aggregate looks only at rows that have no value");
/// A share of a total without a slice.
pub static SHARE_OF_ALL: Code =
    code!(Warn, "K0732", "share-of-all", "a share of a total is shown without a slice, where it is always 100 %");

/// Rows related to a state beside the state's own columns.
pub static RELATED_BESIDE_STATE: Code =
    code!(Warn, "K0726", "related-beside-state", "a condition mixes related rows with a column of the state");

/// A condition of a guardrail that is none.
pub static GUARDRAIL_NOT_A_CONDITION: Code =
    code!(Error, "K1201", "guardrail-not-a-condition", "the condition of a guardrail is not true or false");
/// A condition of a guardrail that no figure can change.
pub static GUARDRAIL_WITHOUT_KPI: Code = code!(Error, "K1202", "guardrail-without-kpi", "a guardrail watches no KPI");
/// A condition of a guardrail that the ranges of its KPIs decide.
pub static GUARDRAIL_DECIDED: Code = code!(Warn, "K1203", "guardrail-decided", "a guardrail can never fire, or always does");
/// A guardrail after which nobody acts.
pub static GUARDRAIL_WITHOUT_OWNER: Code = code!(Warn, "K1204", "guardrail-without-owner", "a guardrail has no owner");
/// A guardrail that does not say what to do.
pub static GUARDRAIL_WITHOUT_ACTION: Code = code!(Warn, "K1205", "guardrail-without-action", "a guardrail has no action");
/// A guardrail over KPIs of several grains that does not say by what it goes.
pub static UNCLEAR_GUARDRAIL_GRAIN: Code =
    code!(Error, "K1206", "unclear-guardrail-grain", "the KPIs of a guardrail have different grains");
/// A trend over other periods than the guardrail's.
pub static TREND_OF_ANOTHER_GRAIN: Code =
    code!(Error, "K1207", "trend-of-another-grain", "a trend uses other periods than its guardrail");
/// A guardrail whose condition has to hold in no period.
pub static GUARDRAIL_FOR_NOTHING: Code = code!(Error, "K1208", "guardrail-for-nothing", "`for` of a guardrail is below 1");
/// Two guardrails with one condition.
pub static SAME_GUARDRAIL: Code = code!(Warn, "K1209", "same-guardrail", "two guardrails watch the same");
/// A guardrail over rows instead of KPIs.
pub static AGGREGATE_IN_GUARDRAIL: Code =
    code!(Error, "K1210", "aggregate-in-guardrail", "a guardrail aggregates rows instead of naming a KPI");
/// A scorecard that is reviewed more often than its figures change.
pub static GRAIN_MISSES_CADENCE: Code =
    code!(Warn, "K1211", "grain-misses-cadence", "a scorecard is reviewed more often than its figures change");

/// A dialect that kpic does not know.
pub static UNKNOWN_DIALECT: Code = code!(Error, "K0801", "unknown-dialect", "a SQL dialect that kpic does not know");
/// A name that is too long for the warehouse.
pub static NAME_TOO_LONG: Code = code!(Error, "K0802", "name-too-long", "a view's name is too long");
/// A column of raw SQL that lacks the dialect.
pub static NO_SQL_FOR_DIALECT: Code = code!(Error, "K0803", "no-sql-for-dialect", "raw SQL is missing for the dialect");

/// A source that reads a view of the project itself.
pub static SOURCE_IS_VIEW: Code = code!(Error, "K0804", "source-is-view", "a source reads a view that kpic makes");
/// A relation without a database, where views go to one that is named.
pub static UNCLEAR_DATABASE: Code =
    code!(Deny, "K0805", "unclear-database", "the views go to another database, and a source does not name its own");
/// What a warehouse cannot do.
pub static NOT_IN_DIALECT: Code = code!(Error, "K0806", "not-in-dialect", "the warehouse cannot do what is asked");

/// A target that is not there.
pub static UNKNOWN_TARGET: Code = code!(Error, "K0807", "unknown-target", "a target that does not exist");
/// How to connect, where everybody reads it.
pub static CONNECTION_IN_SPEC: Code =
    code!(Error, "K0808", "connection-in-spec", "a spec says how to connect, or holds a password");
/// A variable in a name that cannot be there, or holds what it should not.
pub static BAD_VARIABLE: Code = code!(Error, "K0809", "bad-variable", "a variable that cannot stand in the name of a schema");

/// Something in the warehouse where a view would go.
pub static NOT_MADE_BY_KPIC: Code =
    code!(Error, "K0810", "not-made-by-kpic", "where a view would go is something that kpic has not made");

/// A template that no page is made with.
pub static UNKNOWN_TEMPLATE: Code = code!(Error, "K0811", "unknown-template", "there is no template of that name");
/// A template that cannot be rendered.
pub static BAD_TEMPLATE: Code = code!(
    Error,
    "K0812",
    "bad-template",
    "a template cannot be read, or uses a value that does \
 not exist"
);

/// A `query:` that is not one query.
pub static NOT_ONE_QUERY: Code = code!(Error, "K0821", "not-one-query", "the SQL of a source is not one query");
/// A `sql:` that is not one expression.
pub static NOT_ONE_EXPRESSION: Code = code!(Error, "K0822", "not-one-expression", "the SQL of a column is not one expression");
/// A name with a line that an engine's shell reads as a command.
pub static COMMAND_IN_NAME: Code =
    code!(Error, "K0823", "command-in-name", "a name with a line that a shell reads as a command");
/// Raw SQL that calls a function that may do more than answer.
pub static CALL_NOT_ALLOWED: Code =
    code!(Error, "K0824", "call-not-allowed", "SQL of a spec calls a function that may do more than read");

/// A key that is not unique.
pub static KEY_NOT_UNIQUE: Code = code!(Error, "K0901", "key-not-unique", "a key is not unique in the data");
/// A column whose type in the warehouse is another.
pub static COLUMN_TYPE_DIFFERS: Code =
    code!(Error, "K0902", "column-type-differs", "a column's type in the data differs from the declared one");
/// A table, file or column that the warehouse does not have.
pub static NOT_IN_DATA: Code = code!(Error, "K0903", "not-in-data", "the data does not have a relation or column");
/// A calendar source whose rows are not a calendar.
pub static BROKEN_CALENDAR: Code =
    code!(Error, "K0904", "broken-calendar", "the rows of the calendar source are not a calendar");
/// The engine refused a query.
pub static ENGINE_REFUSED: Code = code!(Error, "K0905", "engine-refused", "the engine could not run a query");
/// A spec test whose description does not fit.
pub static BAD_TEST: Code = code!(Error, "K0906", "bad-test", "a spec test names something that does not exist");
/// A spec test that failed.
pub static TEST_FAILED: Code = code!(Error, "K0907", "test-failed", "a spec test got unexpected figures");
/// A row without a time.
pub static TIME_MISSING: Code = code!(Deny, "K0908", "time-missing", "rows have no time and belong to no period");
/// A null that must not be.
pub static UNEXPECTED_NULL: Code = code!(Deny, "K0909", "unexpected-null", "a column is null that must not be");
/// A reference to nothing.
pub static REFERENCE_NOT_FOUND: Code = code!(Deny, "K0910", "reference-not-found", "a reference names a row that is not there");
/// A value that is not listed.
pub static UNDECLARED_VALUE: Code =
    code!(Deny, "K0911", "undeclared-value", "the data has a value that `values:` does not list");
/// A number outside its bounds.
pub static OUT_OF_RANGE: Code = code!(Deny, "K0912", "out-of-range", "the data has a value below `min:` or above `max:`");
/// A value of a file that is none of its column's type.
pub static VALUE_DOES_NOT_FIT: Code =
    code!(Error, "K0913", "value-does-not-fit", "a value in a file does not have its column's type");
/// A file that cannot be read as what it is said to be.
pub static BROKEN_FILE: Code = code!(Error, "K0914", "broken-file", "a file cannot be read as it is described");
/// A conversion that gives null for a value.
pub static LOST_IN_CONVERSION: Code =
    code!(Deny, "K0915", "lost-in-conversion", "a conversion of texts gives null where there is a value");
/// A number that is none, or a time that never comes.
pub static NOT_FINITE: Code = code!(Warn, "K0917", "not-finite", "the data has NaN, or a number or time that is infinite");
/// A figure that its type does not hold.
pub static NUMBER_TOO_LARGE: Code = code!(Error, "K0918", "number-too-large", "a figure is larger than its type holds");
/// A value that is none of its type.
pub static NOT_CONVERTIBLE: Code = code!(Error, "K0919", "not-convertible", "a value cannot be converted to the type");
/// Two states of one thing at one time.
pub static STATES_OVERLAP: Code = code!(Error, "K0920", "states-overlap", "two states of one key overlap");
/// A state that ends before it starts.
pub static ENDS_BEFORE_IT_BEGINS: Code = code!(Deny, "K0921", "ends-before-it-begins", "a state ends before it starts");
/// A source whose last row is older than it promises.
pub static STALE_SOURCE: Code = code!(Deny, "K0926", "stale-source", "the last row of a source is too old");
/// A source that lacks rows that it promises.
pub static SOURCE_WITH_HOLES: Code = code!(Deny, "K0927", "source-with-holes", "a source lacks rows that it promises");
/// A key that has not been read for too long.
pub static STALE_KEYS: Code = code!(Warn, "K0928", "stale-keys", "keys have not been read for too long");
/// A key that is missing between two snapshots.
pub static KEYS_COME_AND_GO: Code = code!(Warn, "K0929", "keys-come-and-go", "keys disappear from a snapshot and come back");

/// Objectives without a North Star.
pub static NO_NORTH_STAR: Code = code!(Warn, "K1001", "no-north-star", "there are objectives, but no North Star");
/// A key result that works against the North Star.
pub static MISALIGNED_KEY_RESULT: Code =
    code!(Error, "K1002", "misaligned-key-result", "a key result works against the North Star");
/// A North Star without what it costs.
pub static UNPAIRED_NORTH_STAR: Code = code!(Warn, "K1003", "unpaired-north-star", "the North Star does not say at what cost");
/// A North Star that is money.
pub static PLAIN_REVENUE_NORTH_STAR: Code =
    code!(Warn, "K1004", "plain-revenue-north-star", "the North Star is an amount of money");
/// A KPI without a path to the North Star.
pub static ORPHAN_KPI: Code = code!(Allow, "K1005", "orphan-kpi", "a KPI is not linked to the North Star");
/// Ways to the North Star of which some help and some harm.
pub static DISAGREEING_PATHS: Code =
    code!(Warn, "K1006", "disagreeing-paths", "more of a KPI both helps and harms the North Star");
/// A team without a path to the North Star.
pub static ORPHAN_TEAM: Code = code!(Warn, "K1007", "orphan-team", "no KPI of a team is linked to the North Star");
/// A North Star that does not say what must not suffer.
pub static MISSING_COUNTER_METRIC: Code =
    code!(Warn, "K1008", "missing-counter-metric", "the North Star does not say what must not suffer");
/// A counter metric that no guardrail watches.
pub static UNGUARDED_COUNTER_METRIC: Code =
    code!(Warn, "K1009", "unguarded-counter-metric", "no guardrail watches a counter metric");
/// An influence that nobody explains.
pub static INFLUENCE_WITHOUT_REASON: Code =
    code!(Warn, "K1010", "influence-without-reason", "a claimed influence without a reason");
/// An influence by which better is worse.
pub static INFLUENCE_AGAINST_GOOD: Code =
    code!(Warn, "K1011", "influence-against-good", "by a claimed influence, better here means worse there");
/// An influence that a formula contradicts.
pub static CONTRADICTORY_INFLUENCE: Code =
    code!(Warn, "K1012", "contradictory-influence", "a claimed influence says the opposite of a formula");
/// A key result without a path to the North Star.
pub static UNALIGNED_KEY_RESULT: Code =
    code!(Warn, "K1013", "unaligned-key-result", "a key result is not linked to the North Star");
/// A North Star of which nobody says which way is good.
pub static NORTH_STAR_WITHOUT_DIRECTION: Code =
    code!(Warn, "K1014", "north-star-without-direction", "the North Star does not say which way it should go");
/// Days of an objective that cannot be.
pub static BAD_OBJECTIVE_PERIOD: Code =
    code!(Error, "K1101", "bad-objective-period", "an objective or key result has impossible days");
/// An objective that does not exist.
pub static UNKNOWN_OBJECTIVE: Code = code!(Error, "K1102", "unknown-objective", "there is no objective of that name");
/// Objectives that serve each other.
pub static OBJECTIVE_CYCLE: Code = code!(Error, "K1103", "objective-cycle", "objectives are each other's parents");
/// An objective that is not within the period of its parent.
pub static OUTLIVES_PARENT: Code = code!(Error, "K1104", "outlives-parent", "an objective ends after its parent");
/// A target that cannot be read.
pub static BAD_TARGET: Code = code!(Error, "K1105", "bad-target", "a baseline, target or bound cannot be read");
/// A target in another unit than its KPI.
pub static TARGET_UNIT: Code = code!(Error, "K1106", "target-unit", "a target's unit differs from its KPI's");
/// A key result that is never read.
pub static NEVER_OBSERVED: Code =
    code!(Error, "K1107", "never-observed", "no whole period of the KPI fits between start and due date");
/// A KPI that has no value over everything since a day.
pub static CANNOT_ACCUMULATE: Code =
    code!(Error, "K1108", "cannot-accumulate", "a KPI has no cumulative value since the start of an objective");
/// A pace that cannot be followed.
pub static BAD_PACE: Code = code!(Error, "K1109", "bad-pace", "a pace that makes no sense");
/// A check-in that cannot be.
pub static BAD_CHECK_IN: Code = code!(Error, "K1110", "bad-check-in", "a check-in, confidence or grade that is not possible");
/// Keys of a key result that contradict each other.
pub static BAD_KEY_RESULT: Code = code!(Error, "K1111", "bad-key-result", "keys of a key result contradict each other");
/// A target that is the baseline.
pub static TARGET_IS_BASELINE: Code = code!(Error, "K1112", "target-is-baseline", "a target equals the baseline");
/// An objective with a number in its title.
pub static NUMBER_IN_OBJECTIVE: Code = code!(Warn, "K1120", "number-in-objective", "an objective has a number in its title");
/// A key result without a target.
pub static MISSING_TARGET: Code = code!(Warn, "K1121", "missing-target", "a key result has no number to reach");
/// A key result without a baseline.
pub static MISSING_BASELINE: Code = code!(Warn, "K1122", "missing-baseline", "a key result has no baseline");
/// Key results that nobody owns.
pub static MISSING_RESULT_OWNER: Code =
    code!(Warn, "K1123", "missing-result-owner", "nobody owns an objective and its key results");
/// A key result without a KPI or check-ins.
pub static MISSING_EVIDENCE: Code = code!(Warn, "K1124", "missing-evidence", "a key result has nothing that measures it");
/// A key result that is an output.
pub static OUTPUT_NOT_OUTCOME: Code = code!(Warn, "K1125", "output-not-outcome", "a key result is a task, not an outcome");
/// A target against the good direction.
pub static TARGET_AGAINST_BETTER: Code = code!(Warn, "K1126", "target-against-better", "a target would make its KPI worse");
/// A target that the KPI cannot have.
pub static TARGET_OUT_OF_RANGE: Code = code!(Warn, "K1127", "target-out-of-range", "a target that its KPI cannot reach");
/// Results that all lag.
pub static ONLY_LAGGING: Code = code!(Warn, "K1128", "only-lagging", "all key results of an objective are lagging");
/// Too many key results.
pub static CROWDED_OBJECTIVE: Code = code!(Warn, "K1129", "crowded-objective", "an objective has more key results than it may");
/// Too many objectives.
pub static TOO_MANY_OBJECTIVES: Code =
    code!(Warn, "K1130", "too-many-objectives", "a team has more objectives in a period than it may");
/// Weights that say nothing.
pub static SAME_WEIGHTS: Code = code!(Warn, "K1131", "same-weights", "the weights of key results have no effect");
/// A check-in that is old.
pub static STALE_CHECK_IN: Code =
    code!(Warn, "K1132", "stale-check-in", "a manual key result has not been checked in for long");
/// An objective without results.
pub static EMPTY_OBJECTIVE: Code =
    code!(Warn, "K1133", "empty-objective", "an objective has no key results, and none serves it");
/// A target that is reached already.
pub static SANDBAGGED_TARGET: Code =
    code!(Warn, "K1140", "sandbagged-target", "a target that was reached before the objective started");
/// A target that is out of reach.
pub static IMPROBABLE_TARGET: Code = code!(Warn, "K1141", "improbable-target", "a target far beyond anything its KPI ever did");

/// All codes, in their order.
pub static ALL: &[&Code] = &[
    &UNREADABLE_FILE,
    &YAML_SYNTAX,
    &YAML_LIMIT,
    &UNKNOWN_ANCHOR,
    &MERGE_CONFLICT,
    &TAB_INDENTATION,
    &BYTE_ORDER_MARK,
    &NO_SPEC_FILES,
    &UNKNOWN_KEY,
    &WRONG_SHAPE,
    &MISSING_KEY,
    &DUPLICATE_KEY,
    &BAD_NAME,
    &RESERVED_NAME,
    &DUPLICATE_DEFINITION,
    &NOT_SUPPORTED_YET,
    &WRONG_VERSION,
    &UNKNOWN_ZONE,
    &UNKNOWN_LINT,
    &FORMULA_CUT,
    &CONFLICTING_KEYS,
    &UNNEEDED_ALLOW,
    &TEXT_CUT,
    &BAD_DATE_FORMAT,
    &BAD_FILE_FORMAT,
    &OUTSIDE_PROJECT,
    &TARGET_IN_USE,
    &BIDI_CHARACTER,
    &CONTROL_CHARACTER,
    &FORMULA_SYNTAX,
    &UNKNOWN_NAME,
    &UNKNOWN_FUNCTION,
    &DEPENDENCY_CYCLE,
    &UNKNOWN_SOURCE,
    &UNKNOWN_DIMENSION,
    &UNKNOWN_COLUMN,
    &UNKNOWN_TEAM,
    &UNKNOWN_TAXONOMY_VALUE,
    &UNCLEAR_SOURCE,
    &NESTED_AGGREGATE,
    &COLUMN_OUTSIDE_AGGREGATE,
    &KPI_IN_ROWS,
    &WRONG_ARGUMENTS,
    &WRONG_CLAUSE,
    &WRONG_LEVEL,
    &NOT_A_REFERENCE,
    &BAD_REFERENCE,
    &UNCLEAR_REFERENCE,
    &FORMULA_TOO_LARGE,
    &UNKNOWN_STEP,
    &NOT_A_JOURNEY,
    &UNIT_MISMATCH,
    &TYPE_MISMATCH,
    &KPI_NOT_A_NUMBER,
    &MIXED_CURRENCIES,
    &UNKNOWN_UNIT,
    &DOES_NOT_ADD_UP,
    &DURATION_WITHOUT_UNIT,
    &DIVISION_BY_ZERO,
    &ENTITY_MISMATCH,
    &MISSING_TIME,
    &BAD_WINDOW,
    &GRAIN_MISMATCH,
    &PART_OF_PERIOD,
    &CALENDAR_ORDER,
    &BAD_CALENDAR_SOURCE,
    &BAD_VALUES,
    &LOOKS_AHEAD,
    &EMPTY_WITHOUT_EFFECT,
    &NOT_TO_DATE,
    &NO_INTERVAL,
    &NO_CLOSING_DAY,
    &NO_SHARED_DIMENSION,
    &DIMENSION_TYPE,
    &BAD_SLICE,
    &MISSING_VALID,
    &NOT_A_STATE,
    &STOCK_OVER_TIME,
    &MIXED_PAIR,
    &MISPLACED_AGE,
    &MISSING_AGE,
    &NEEDLESS_AGE,
    &NO_ROOM_FOR_AGES,
    &MISSING_STALE_AFTER,
    &STEP_NEEDS_KEY,
    &DEPRECATED_USE,
    &MISSING_OWNER,
    &MISSING_DESCRIPTION,
    &UNUSED_SOURCE,
    &UNUSED_COLUMN,
    &NULL_LEFT_OUT,
    &TIMES_HUNDRED,
    &UNDECLARED_GRAIN,
    &TIME_UNIT_LEFT,
    &VALUE_NOT_LISTED,
    &SHARE_ABOVE_ONE,
    &UNCOVERED_VALUE,
    &CROWDED_SCORECARD,
    &CONSTANT_CONDITION,
    &PERCENT_SCALE,
    &CONTRADICTION,
    &UNUSED_KPI,
    &SAME_CALCULATION,
    &MISSING_UNIT,
    &MISSING_BETTER,
    &DIFFERENT_ENTITIES,
    &WITHIN_EXCEEDS_DATA,
    &UNCLEAR_RELATION,
    &UNREACHABLE_STEP,
    &RELATED_BESIDE_STATE,
    &QUIET_SOURCE,
    &FAN_OUT,
    &WEIGHTED_BY_ROWS,
    &MISSING_IN_WEIGHTED_MEAN,
    &ONLY_NULLS,
    &SHARE_OF_ALL,
    &GUARDRAIL_NOT_A_CONDITION,
    &GUARDRAIL_WITHOUT_KPI,
    &GUARDRAIL_DECIDED,
    &GUARDRAIL_WITHOUT_OWNER,
    &GUARDRAIL_WITHOUT_ACTION,
    &UNCLEAR_GUARDRAIL_GRAIN,
    &TREND_OF_ANOTHER_GRAIN,
    &GUARDRAIL_FOR_NOTHING,
    &SAME_GUARDRAIL,
    &AGGREGATE_IN_GUARDRAIL,
    &GRAIN_MISSES_CADENCE,
    &UNKNOWN_DIALECT,
    &NAME_TOO_LONG,
    &NO_SQL_FOR_DIALECT,
    &SOURCE_IS_VIEW,
    &UNCLEAR_DATABASE,
    &NOT_IN_DIALECT,
    &UNKNOWN_TARGET,
    &CONNECTION_IN_SPEC,
    &BAD_VARIABLE,
    &NOT_MADE_BY_KPIC,
    &UNKNOWN_TEMPLATE,
    &BAD_TEMPLATE,
    &NOT_ONE_QUERY,
    &NOT_ONE_EXPRESSION,
    &COMMAND_IN_NAME,
    &CALL_NOT_ALLOWED,
    &KEY_NOT_UNIQUE,
    &COLUMN_TYPE_DIFFERS,
    &NOT_IN_DATA,
    &BROKEN_CALENDAR,
    &ENGINE_REFUSED,
    &BAD_TEST,
    &TEST_FAILED,
    &TIME_MISSING,
    &UNEXPECTED_NULL,
    &REFERENCE_NOT_FOUND,
    &UNDECLARED_VALUE,
    &OUT_OF_RANGE,
    &VALUE_DOES_NOT_FIT,
    &BROKEN_FILE,
    &LOST_IN_CONVERSION,
    &NOT_FINITE,
    &NUMBER_TOO_LARGE,
    &NOT_CONVERTIBLE,
    &STATES_OVERLAP,
    &ENDS_BEFORE_IT_BEGINS,
    &STALE_SOURCE,
    &SOURCE_WITH_HOLES,
    &STALE_KEYS,
    &KEYS_COME_AND_GO,
    &NO_NORTH_STAR,
    &MISALIGNED_KEY_RESULT,
    &UNPAIRED_NORTH_STAR,
    &PLAIN_REVENUE_NORTH_STAR,
    &ORPHAN_KPI,
    &DISAGREEING_PATHS,
    &ORPHAN_TEAM,
    &MISSING_COUNTER_METRIC,
    &UNGUARDED_COUNTER_METRIC,
    &INFLUENCE_WITHOUT_REASON,
    &INFLUENCE_AGAINST_GOOD,
    &CONTRADICTORY_INFLUENCE,
    &UNALIGNED_KEY_RESULT,
    &NORTH_STAR_WITHOUT_DIRECTION,
    &BAD_OBJECTIVE_PERIOD,
    &UNKNOWN_OBJECTIVE,
    &OBJECTIVE_CYCLE,
    &OUTLIVES_PARENT,
    &BAD_TARGET,
    &TARGET_UNIT,
    &NEVER_OBSERVED,
    &CANNOT_ACCUMULATE,
    &BAD_PACE,
    &BAD_CHECK_IN,
    &BAD_KEY_RESULT,
    &TARGET_IS_BASELINE,
    &NUMBER_IN_OBJECTIVE,
    &MISSING_TARGET,
    &MISSING_BASELINE,
    &MISSING_RESULT_OWNER,
    &MISSING_EVIDENCE,
    &OUTPUT_NOT_OUTCOME,
    &TARGET_AGAINST_BETTER,
    &TARGET_OUT_OF_RANGE,
    &ONLY_LAGGING,
    &CROWDED_OBJECTIVE,
    &TOO_MANY_OBJECTIVES,
    &SAME_WEIGHTS,
    &STALE_CHECK_IN,
    &EMPTY_OBJECTIVE,
    &SANDBAGGED_TARGET,
    &IMPROBABLE_TARGET,
];
