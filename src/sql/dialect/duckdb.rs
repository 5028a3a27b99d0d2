//! `DuckDB`.

use super::{Dialect, Shift};
use crate::calendar::Grain;

/// The dialect.
#[derive(Debug)]
pub(super) struct DuckDb;

/// The reserved words, as `duckdb_keywords()` lists them.
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create \
default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into \
lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references \
returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window \
with anti asof authorization binary collation concurrently cross freeze full generated glob ilike inner is isnull join left like map \
natural notnull outer overlaps positional right semi similar struct tablesample try_cast verbose day month year hour minute second ";

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn is_reserved(&self, name: &str) -> bool {
        // Words such as `day` are no reserved words, but read badly beside functions of the same name.
        let units = matches!(name, "day" | "month" | "year" | "hour" | "minute" | "second");
        !units && RESERVED.contains(&format!(" {name} "))
    }

    fn files(&self, paths: &[String]) -> String {
        let list = match paths {
            [only] => self.text(only),
            _ => format!("[{}]", paths.iter().map(|path| self.text(path)).collect::<Vec<_>>().join(", ")),
        };
        let ending = paths.first().map(|path| path.trim_end_matches(".gz").rsplit('.').next().unwrap_or_default());
        match ending {
            Some("csv" | "tsv") => format!("read_csv({list})"),
            Some("json" | "jsonl" | "ndjson") => format!("read_json({list})"),
            _ => format!("read_parquet({list})"),
        }
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

    fn shifted(&self, stored: &str, shift: &Shift) -> String {
        // Microseconds since 1970 do not depend on the session's zone, as a cast of a timestamptz would.
        let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
        let moved = match shift {
            Shift::None => String::new(),
            Shift::Seconds(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                format!(" {sign} {}", micros(seconds.abs()))
            }
            Shift::Cases(cases, otherwise) => {
                let whens: String =
                    cases.iter().map(|(condition, seconds)| format!(" when {condition} then {}", micros(*seconds))).collect();
                format!(" + case{whens} else {} end", micros(*otherwise))
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

    fn today(&self, zone: &str) -> String {
        format!("cast(now() at time zone {} as date)", self.text(zone))
    }
}
