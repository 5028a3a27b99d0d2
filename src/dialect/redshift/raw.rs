//! Raw SQL as Redshift cuts it.

use crate::dialect::postgres::raw as postgres;
use crate::rawsql::{Kind, Token, odd_blank, relations, tokens};

/// Functions that only compute and that PostgreSQL does not have.
const OWN: &str = "add_months array_concat array_flatten bpcharcmp charindex checksum convert_timezone date_cmp date_diff date_part_year dateadd datediff decode \
dlog10 fnv_hash from_hex from_varbyte func_sha1 get_array_length getdate hll interval_cmp is_valid_json is_valid_json_array json_array_length \
json_extract_array_element_text json_extract_path_text json_parse json_serialize json_size last_day len listagg listaggdistinct lower_attribute_names median \
months_between next_day nvl nvl2 object pivot ratio_to_report sha sha1 sha2 soundex split_to_array strtol subarray text_to_int_alt text_to_numeric_alt timezone \
to_varbyte to_varchar truncate try_cast unpivot upper_attribute_names";

/// How the names of tables and views begin in which the server tells of itself.
const OF_SERVER: &[&str] = &["stcs_", "stl_", "stv_", "svcs_", "svl_", "svv_", "sys_"];

/// The first part under which it does more than read tables and compute.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let added: Vec<String> = OWN.split_whitespace().map(str::to_owned).chain(added.iter().cloned()).collect();
    let is_of_server = |parts: &[String]| {
        let name = parts.last().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let schema = parts.len().checked_sub(2).and_then(|at| parts.get(at));
        OF_SERVER.iter().any(|begin| name.starts_with(begin))
            && schema.is_none_or(|schema| schema.eq_ignore_ascii_case("pg_catalog"))
    };
    let told = relations(sql).into_iter().find(|read| is_of_server(&read.parts)).and_then(|read| sql.get(read.range));
    postgres::reads_beyond(sql, &added).or(told)
}

/// The first part that is not what it is to kpic: backslashes are escapes in texts, and what starts with a dollar is a text or a parameter.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text => !token.text.starts_with('\'') || token.text.contains('\\'),
        Kind::Comment => token.text.get(2..).is_some_and(|inside| token.text.starts_with("/*") && inside.contains("/*")),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Word | Kind::Quoted | Kind::Number | Kind::Operator | Kind::Mark => token.text.contains('\\'),
    };
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_redshift_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(found("select amount::numeric(18, 2), \"a b\" from t where note like 'it''s' -- \\\n"), None);
        // To kpic the text ends before `from`.
        assert_eq!(found("select 'a\\' from t; drop table t; select '"), Some("'a\\'"));
        assert_eq!(found("select E'a' from t"), Some("E'a'"));
        assert_eq!(found("select $$ ; drop table t; $$"), Some("$$ ; drop table t; $$"));
        assert_eq!(found("select $1 from t"), Some("$1"));
        assert_eq!(found("select 1 /* a /* b */ c */"), Some("/* a /* b */ c */"));
        assert_eq!(found("select 1 as x\u{a0}"), Some("\u{a0}"));
    }

    #[test]
    fn functions_of_its_own_are_called_and_those_that_act_are_not() {
        assert_eq!(reads_beyond("select dateadd(day, 1, d), nvl(x, lower(y)), listagg(z) from t", &[]), None);
        assert_eq!(reads_beyond("select pg_terminate_backend(1)", &[]), Some("pg_terminate_backend"));
        assert_eq!(reads_beyond("select mine(x)", &[]), Some("mine"));
        assert_eq!(reads_beyond("select sys_id from t join svl_query_summary s on true", &[]), Some("svl_query_summary"));
        assert_eq!(reads_beyond("from raw.sys_orders", &[]), None);
        assert_eq!(reads_beyond("select mine(x)", &["mine".to_owned()]), None);
    }
}
