//! `DuckDB`.

mod catalog;
mod files;

use super::catalog::Catalog;
use super::{Client, Dialect, Setting, Shift};
use crate::calendar::Grain;
use crate::model::value::Type;
use crate::rawsql;
use foldhash::HashSet;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct DuckDb;

/// The words of `duckdb_keywords()`, but for those of [`PLAIN`]. Most could stand without quotes in most places; which ones
/// cannot differs from place to place and version to version.
const KEYWORDS: &str = "abort absolute access action add admin after aggregate all also alter always analyse analyze and anti any array as asc asof \
assertion assignment asymmetric at attach attribute authorization backward before begin between bigint binary bit boolean both \
by cache call called cascade cascaded case cast catalog centuries century chain char character characteristics check \
checkpoint class close cluster coalesce collate collation column columns commit committed compression concurrently \
configuration conflict connection constraint constraints continue conversion copy cost create cross csv cube current cursor \
cycle data database deallocate dec decade decades decimal declare default defaults deferrable deferred definer delete \
delimiter delimiters depends desc describe detach dictionary disable discard distinct do document domain double drop else \
enable encoding encrypted end enum error escape event except exclude excluding exclusive execute exists explain export \
export_state extension extensions external extract false family fetch filter float following for force foreign forward freeze \
from full function functions generated glob global grant granted group grouping grouping_id groups handler having header hold \
identity if ignore ilike immediate immutable implicit import in include including increment index indexes inherit inherits \
initially inline inner inout input insensitive insert install instead int integer intersect interval into invoker is isnull \
isolation join json lambda language large lateral leading leakproof left level like limit listen load local lock locked logged \
macro map mapping match matched materialized maxvalue merge method microsecond microseconds millennia millennium millisecond \
milliseconds minvalue mode move national natural nchar new next no none not nothing notify notnull nowait null nullif nulls \
numeric object of off offset oids old on only operator option options or order ordinality others out outer over overlaps \
overlay overriding owned parallel parser partial partition partitioned passing password percent persistent pivot pivot_longer \
pivot_wider placing plans policy position positional pragma preceding precision prepare prepared preserve primary prior \
privileges procedural procedure program publication qualify quote range read real reassign recheck recursive ref references \
referencing refresh reindex relative release rename repeatable replace replica reset respect restart restrict returning \
returns revoke right role rollback rollup row rule sample savepoint schema schemas scope scroll search seconds secret security \
select semi sequence sequences serializable server set setof sets share show similar simple skip smallint snapshot some sorted \
sql stable standalone start statement statistics stdin stdout storage stored strict strip struct subscription substring \
summarize symmetric sysid system table tables tablesample tablespace target temp template temporary text then ties timestamp \
to trailing transaction transform treat trigger trim true truncate trusted try_cast types unbounded uncommitted unencrypted \
union unique unknown unlisten unlogged unpack unpivot until update use user using vacuum valid validate validator values \
varchar variable variadic varying verbose view views virtual volatile when where whitespace window with within without work \
wrapper write xml xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize \
xmltable yes zone";

/// Keywords that are good names of columns and can stand without quotes wherever a name can.
#[cfg(test)]
const PLAIN: &str = "day days week weeks month months quarter quarters year years hour hours minute minutes second value rows each related key name \
type time first last owner label source location comment comments version session content name names";

/// The zone for which no rules of zones are needed. Those of the engine follow the calendar that a session has set.
const UTC: &str = "UTC";

/// What a reader's session may set: a view shows the same rows. `docs/guides/warehouses.md` says what it must not set.
const WITHSTANDS: &[Setting] = &[
    // Every order says both.
    Setting { name: "default_order", values: &["desc"] },
    Setting {
        name: "default_null_order",
        values: &["nulls_first", "nulls_first_on_asc_last_on_desc", "nulls_last_on_asc_first_on_desc"],
    },
    // Texts compare by their bytes.
    Setting { name: "default_collation", values: &["nocase", "noaccent.nocase", "de"] },
    // Instants are compared as such, and civil times are made of microseconds or in zones that are named.
    Setting { name: "TimeZone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    // Quotients are of floating numbers, and those by 0 are null.
    Setting { name: "integer_division", values: &["true"] },
    Setting { name: "ieee_floating_point_ops", values: &["false"] },
    // Types are cast where they have to be.
    Setting { name: "old_implicit_casting", values: &["true"] },
    Setting { name: "disable_timestamptz_casts", values: &["true"] },
    // What stands for one value is one.
    Setting { name: "scalar_subquery_error_on_multiple_rows", values: &["false"] },
    // Relations have their schema.
    Setting { name: "search_path", values: &["elsewhere"] },
    Setting { name: "schema", values: &["elsewhere"] },
    // Nothing else that DuckDB 1.5 can set touches what the SQL says.
    Setting { name: "order_by_non_integer_literal", values: &["true"] },
    Setting { name: "preserve_identifier_case", values: &["false"] },
    Setting { name: "preserve_insertion_order", values: &["false"] },
    Setting { name: "lambda_syntax", values: &["disable_single_arrow"] },
    Setting { name: "prefer_range_joins", values: &["true"] },
    Setting { name: "debug_window_mode", values: &["separate"] },
    Setting { name: "debug_force_external", values: &["true"] },
    Setting { name: "disabled_optimizers", values: &["filter_pushdown,expression_rewriter,statistics_propagation"] },
    Setting { name: "threads", values: &["1"] },
];

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn source_schema(&self) -> Option<&'static str> {
        Some("main")
    }

    /// Decimals are compared with their digits, which depend on the data's.
    fn contract_type(&self, ty: Type) -> Option<&'static str> {
        (!matches!(ty, Type::Decimal | Type::Null | Type::Tuple)).then(|| self.type_name(ty))
    }

    /// Names are compared without regard to case, quoted ones too, but only the letters of ASCII have any.
    fn folded(&self, name: &str) -> String {
        name.to_ascii_lowercase()
    }

    /// It has no limit of its own; a file of that name has.
    fn longest_name(&self) -> usize {
        200
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| KEYWORDS.split(' ').collect());
        WORDS.contains(name)
    }

    /// The program reads lines: in one that begins with a point it finds a command, and it takes a carriage return before a line break
    /// for a part of it. So no text has a line break.
    fn text(&self, text: &str) -> String {
        rawsql::literal(text)
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    fn client(&self) -> Client {
        Client::DuckDb
    }

    fn by_bytes(&self, of: &str, is_text: bool) -> String {
        // Neither costs anything where a text is stored; a collation alone is refused by enums and the like.
        if is_text { format!("{of} collate c") } else { format!("cast({of} as varchar) collate c") }
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        let count = count.unsigned_abs();
        match unit {
            Grain::Day => format!("{day} {sign} {count}"),
            Grain::Week => format!("{day} {sign} {}", count.saturating_mul(7)),
            Grain::Month | Grain::Quarter | Grain::Year => format!("cast({day} {sign} interval {count} {unit} as date)"),
        }
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        format!("date_trunc('{grain}', {of})")
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval {} day", count.abs())
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval {} month", count.abs())
    }

    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        format!("(select cast(range as date) as day from range({from}, {before}, interval {every} {unit}))")
    }

    fn shifted(&self, stored: &str, _is_instant: bool, shift: &Shift) -> String {
        // Microseconds since 1970 do not depend on the session's zone, as a cast of a timestamptz would.
        let micros = |seconds: i64| match seconds {
            0 => "0".to_owned(),
            hours if hours % 3600 == 0 => format!("{} * 3600000000", hours / 3600),
            seconds => format!("{seconds}000000"),
        };
        let moved = match shift {
            Shift::None => String::new(),
            Shift::Seconds(seconds) => format!(" + {}", micros(*seconds)),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases
                    .iter()
                    .map(|(condition, seconds)| format!("\n  when {condition} then {}", micros(*seconds)))
                    .collect();
                format!(" + case{whens}\n  else {}\nend", micros(*otherwise))
            }
        };
        format!("make_timestamp(epoch_us({stored}){moved})")
    }

    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let of = match stored {
            Some(zone) => format!("({of} at time zone {})", self.text(zone)),
            None => of.to_owned(),
        };
        format!("{of} at time zone {}", self.text(project))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        if zone == UTC {
            return format!("make_timestamptz(epoch_us(cast({day} as timestamp)))");
        }
        format!("cast({day} as timestamp) at time zone {}", self.text(zone))
    }

    fn today(&self, zone: &str) -> String {
        if zone == UTC {
            return "cast(make_timestamp(epoch_us(now())) as date)".to_owned();
        }
        format!("cast(now() at time zone {} as date)", self.text(zone))
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{self, Engine};
    use std::path::PathBuf;

    fn engine() -> engine::DuckDb {
        engine::DuckDb {
            program: engine::find(None).unwrap(),
            folder: PathBuf::from("."),
            database: None,
            reach: crate::engine::Reach::default(),
        }
    }

    #[test]
    fn every_keyword_is_quoted_or_known_to_be_harmless() {
        let asked = ["select keyword_name from duckdb_keywords()".to_owned()];
        let rows = engine().answer("", &asked).unwrap().remove(0).unwrap();
        for row in rows.rows {
            let word = row[0].as_str().unwrap();
            let plain = PLAIN.split(' ').any(|plain| plain == word);
            assert!(plain || DuckDb.is_reserved(word), "{word}");
        }
    }

    #[test]
    fn plain_keywords_can_stand_wherever_a_name_can() {
        let words = || PLAIN.split(' ');
        let as_column = words().map(|w| {
            format!(
                "select case when {w} >= 1 and {w} is not null then {w} + 1 else {w} end as {w}, o.{w}, cast({w} as bigint), \
                 sum({w}) filter (where {w} in (1)) over (partition by {w} order by {w}) from (select 1 as {w}) as o \
                 where {w} between 0 and 3"
            )
        });
        let as_part = words()
            .map(|w| format!("with {w} as (select 1 as {w}) select {w}.{w}, x.{w} from {w} join {w} as x on x.{w} = {w}.{w}"));
        let queries: Vec<String> = as_column.chain(as_part).collect();
        for (query, answer) in queries.iter().zip(engine().answer("", &queries).unwrap()) {
            assert!(answer.is_ok(), "{query}: {answer:?}");
        }
    }
}
