//! What other languages have names and functions for, and what is written here instead.

/// Whether a name is what other languages call the day of the query.
pub(super) fn is_today(name: &str) -> bool {
    let name = name.to_lowercase();
    matches!(name.as_str(), "current_date" | "current_timestamp" | "now" | "today" | "getdate" | "sysdate")
}

pub(super) fn no_today(name: &str) -> String {
    format!("there is no `{name}`: a KPI has a value for each period, no matter what day it is")
}

/// What to write instead of the day of the query.
pub(super) const LOOK_BACK: &str =
    "to look back from the end of each period write `over trailing 28 days`; `as_of` sets the last visible day";

/// How kpic writes what other languages have a function for.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "average" | "mean" => "`avg(x)`",
        "countd"
        | "countdistinct"
        | "uniq"
        | "uniqexact"
        | "approx_count_distinct"
        | "nunique"
        | "unique"
        | "distinctcount" => "`count_distinct(x)`",
        "cnt" | "counta" | "countrows" | "size" => "`count(orders)`",
        "metric" | "measure" | "ref" | "source" | "dimension" | "entity" => "just the name, without quotes and templates",
        "yoy" => "`growth(x, 1 year)`",
        "mom" => "`growth(x, 1 month)`",
        "wow" => "`growth(x, 1 week)`",
        "qoq" => "`growth(x, 1 quarter)`",
        "ytd" | "totalytd" => "`sum(x over year to date)`",
        "mtd" | "totalmtd" => "`sum(x over month to date)`",
        "moving_avg" | "rolling_avg" | "moving_average" => "`avg(x each day over trailing 28 days)`",
        "row_number" | "rank" | "dense_rank" | "ntile" => "`sum(sum(x) per customer top 10)` for the greatest",
        "mode" | "any_value" | "any" => "`first(x)` or `last(x)`",
        "sumproduct" | "sumx" => "`sum(a * b from orders)`",
        "avgif" | "averageif" | "avg_if" => "`avg(x where condition)`",
        "ratio" => "`x / y`",
        "ifs" | "switch" | "decode" => "`case when condition then x else y end`",
        "iferror" | "try" => "plain arithmetic: errors become null",
        "len" | "char_length" => "`length(x)`",
        "ucase" => "`upper(x)`",
        "lcase" => "`lower(x)`",
        "strpos" | "instr" | "position" | "search" => "`contains(x, 'a')`",
        "startswith" => "`starts_with(x, 'a')`",
        "rounddown" | "int" => "`floor(x)`",
        "rolling_sum" | "moving_sum" => "`sum(x over trailing 28 days)`",
        "stddev_pop" | "stdevp" | "var_pop" => "`stddev(x)` and `variance(x)`, of a sample",
        "to_date" | "datetime" | "parse_date" => "`date(x)`",
        "to_char" | "str" | "string" | "tostring" => "`text(x)`",
        "week" | "isoweek" | "quarter" => "`trunc(t, week)` or `trunc(t, quarter)`",
        "countif" | "count_if" => "`count(orders where condition)`",
        "sumif" | "sum_if" => "`sum(x where condition)`",
        "ifnull" | "nvl" | "isnull" | "zeroifnull" | "zn" => "`coalesce(x, y)`",
        "iff" | "iif" => "`if(condition, x, y)`",
        "nullif" | "safe_divide" | "safediv" | "div0" | "divide" | "try_divide" => "`x / y`, which is null where y is 0",
        "date_trunc" | "datetrunc" | "trunc_date" => "`trunc(t, month)`",
        "datediff" | "date_diff" | "timestampdiff" => "`b - a`, a duration",
        "dateadd" | "date_add" => "`t + 14 days`",
        "lag" | "previous" => "`prior(x)` or `prior(x, 1 year)`",
        "pct_change" => "`growth(x)`",
        "cumsum" | "running_total" => "`sum(x over all time)` or `sum(x over year to date)`",
        "quantile" | "percentile_cont" | "quantile_disc" | "approx_percentile" | "approx_quantile" | "p50" | "p90" | "p95"
        | "p99" => "`percentile(x, 90%)`",
        "stdev" | "std" | "stddev_samp" => "`stddev(x)`",
        "var" | "var_samp" => "`variance(x)`",
        "log" | "log10" => "`ln(x)`, the natural logarithm",
        "pow" => "`power(x, y)`",
        "ceiling" | "roundup" => "`ceil(x)`",
        "substring" | "substr" | "left" | "right" | "regexp_matches" => "such a column as raw `sql:` in the source",
        "cast" | "to_number" => "`number(x)`, `text(x)` or `date(x)`",
        "extract" | "date_part" | "datepart" => "`year(t)`, `month(t)`, `day(t)`, `hour(t)`, `weekday(t)`",
        "dayofweek" | "isodow" => "`weekday(t)`, 1 for Monday",
        _ => return None,
    })
}
