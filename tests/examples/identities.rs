//! What has to hold between the figures of `specs/saas`, whatever the data: openings are closings, movements add up to the change,
//! slices and periods add up where kpic says that they do.

use crate::project::{DATABASE, Project};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The views of a project that was built and deployed, and the queries that have to find nothing wrong in them.
struct Books {
    project: Project,
    kpis: Map<String, Value>,
    /// What has to be there before the checks.
    tables: String,
    checks: Vec<String>,
}

impl Books {
    fn of(name: &str) -> Self {
        let project = Project::copy(name);
        let built = project.build(&[]);
        project.deploy();
        let mut manifest: Value = serde_json::from_slice(&built["manifest.json"]).unwrap();
        let Value::Object(kpis) = manifest["kpis"].take() else { panic!("no KPIs") };
        Self { project, kpis, tables: String::new(), checks: Vec::new() }
    }

    fn has_view(&self, name: &str) -> bool {
        let kpi = name.split("__").next().unwrap();
        self.kpis[kpi]["views"].as_array().unwrap().iter().any(|view| view == name)
    }

    /// Asks that two columns of a query are equal in all of its rows, of which there must be some.
    fn equal(&mut self, what: &str, query: &str) {
        self.checks.push(format!(
            "select '{what}', count(*) > 0, coalesce(any_value((a, b)) filter ( \
               case when a is null or b is null then (a is null) <> (b is null) \
               else abs(a - b) > 1e-6 + 1e-9 * abs(a) end)::text, '') \
             from ({query});\n"
        ));
    }

    /// Runs the queries; returns how many there were.
    fn hold(&self) -> usize {
        let found = self.project.duckdb(DATABASE, "UTC", &format!("{}{}", self.tables, self.checks.concat()));
        let wrong: Vec<&str> = found.lines().filter(|line| !line.ends_with(",true,")).collect();
        assert!(wrong.is_empty(), "{} of {} do not hold:\n{}", wrong.len(), self.checks.len(), wrong.join("\n"));
        assert_eq!(found.lines().count(), self.checks.len());
        self.checks.len()
    }
}

/// The suffixes of the views of a KPI, each with the dimensions of its slices.
fn suffixes(kpi: &Value) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut slices: Vec<Vec<String>> = kpi["slices"].as_array().unwrap().iter().map(texts).collect();
    slices.insert(0, Vec::new());
    let own = kpi["grain"].as_str().unwrap();
    let mut found = Vec::new();
    for grain in texts(&kpi["grains"]) {
        let grain = if grain == own { String::new() } else { format!("__{grain}") };
        for dimensions in &slices {
            let by = if dimensions.is_empty() { String::new() } else { format!("__by_{}", dimensions.join("__")) };
            found.push((format!("{grain}{by}"), dimensions.clone()));
        }
    }
    found
}

/// The columns by which rows of views of the same KPI meet.
fn keys(dimensions: &[String]) -> String {
    let same = dimensions.iter().map(|dimension| format!(" and a.{dimension} is not distinct from b.{dimension}"));
    same.collect()
}

/// What the rows of views with one suffix have in a slice, which is 0 where a view has no such row.
fn part(view: &str, dimensions: &[String]) -> String {
    let slices: String =
        dimensions.iter().map(|dimension| format!(" and v.{dimension} is not distinct from a.{dimension}")).collect();
    format!("coalesce((select value from kpi.\"{view}\" as v where v.period = a.period{slices}), 0)")
}

#[test]
fn the_figures_of_saas_agree_with_each_other() {
    let mut books = Books::of("saas");
    levels_and_movements(&mut books);
    rates_and_complements(&mut books);
    slices_and_periods(&mut books);
    scorecards(&mut books);
    assert!(books.hold() >= 320);
}

#[test]
fn slices_and_periods_add_up_in_every_example() {
    for (name, least) in [("flights", 5), ("cdnow", 2)] {
        let mut books = Books::of(name);
        slices_and_periods(&mut books);
        scorecards(&mut books);
        assert!(books.hold() >= least, "{name}: {}", books.checks.len());
    }
}

#[test]
#[should_panic(expected = "revenue: slices,true,\"(")]
fn what_does_not_agree_is_found() {
    let mut books = Books::of("cdnow");
    books.equal(
        "revenue: slices",
        "select value as a, value + case when period = '1998-05-01' then 1 else 0 end as b from kpi.revenue",
    );
    books.hold();
}

/// Openings are the closings of the period before, and movements add up to the change between the two.
fn levels_and_movements(books: &mut Books) {
    for (closing, opening, plus, minus) in [
        ("mrr", "mrr_opening", &["mrr_new", "mrr_reactivated", "mrr_expansion"][..], &["mrr_contraction", "mrr_churned"][..]),
        ("customers", "customers_opening", &["customers_won", "customers_returned"], &["customers_lost"]),
    ] {
        // `mrr` is also by plan, which changes; the others are not.
        let suffixes = suffixes(&books.kpis[opening]);
        assert!(suffixes.len() >= 12);
        for (suffix, dimensions) in suffixes {
            let grain = ["week", "quarter", "year"].into_iter().find(|grain| suffix.contains(grain)).unwrap_or("month");
            let step = if grain == "quarter" { "3 month".to_owned() } else { format!("1 {grain}") };
            let meet = keys(&dimensions);
            books.equal(
                &format!("opening of {closing}{suffix}"),
                &format!(
                    "select a.value as a, b.value as b from kpi.\"{opening}{suffix}\" as a join kpi.\"{closing}{suffix}\" as b \
                     on b.period + interval {step} = a.period{meet}"
                ),
            );
            let sum = |views: &[&str]| {
                views.iter().map(|view| part(&format!("{view}{suffix}"), &dimensions)).collect::<Vec<_>>().join(" + ")
            };
            let change = format!("a.value - {}", part(&format!("{opening}{suffix}"), &dimensions));
            books.equal(
                &format!("movements of {closing}{suffix}"),
                &format!("select {change} as a, {} - ({}) as b from kpi.\"{closing}{suffix}\" as a", sum(plus), sum(minus)),
            );
        }
    }
}

/// Rates of one whole add up to it.
fn rates_and_complements(books: &mut Books) {
    for (what, left, right) in [
        ("kept and lost", "gross_dollar_retention + gross_revenue_churn_rate", "1"),
        ("kept, grown and lost", "net_revenue_retention + net_revenue_churn_rate", "1"),
        ("net is gross without growth", "net_revenue_churn_rate + mrr_expansion_rate", "gross_revenue_churn_rate"),
        ("a year of the change", "net_new_arr", "12 * (mrr - mrr_opening)"),
        ("accounts by accounts", "net_new_accounts", "customers - customers_opening"),
        ("what is left and used up", "revenue * (contribution_margin - operating_expense_ratio)", "-burn"),
        ("all customers at their mean", "arpa * customers", "mrr"),
    ] {
        for (grain, unit) in [("", "month"), ("__quarter", "quarter")] {
            let words = |text: &str| -> BTreeSet<String> {
                let names = text.split(|c: char| !c.is_ascii_alphabetic() && c != '_').filter(|word| word.len() > 1);
                names.map(str::to_owned).collect()
            };
            let names: Vec<String> = words(left).union(&words(right)).cloned().collect();
            let Some((first, others)) = names.split_first() else { panic!("{what}") };
            let columns = names.iter().map(|name| format!("{name}.value as {name}")).collect::<Vec<_>>().join(", ");
            let joins: String = others.iter().map(|name| format!(" join kpi.{name}{grain} as {name} using (period)")).collect();
            let rows = format!("select {columns} from kpi.{first}{grain} as {first}{joins} where period < '2025-10-01'");
            if names.iter().all(|name| books.has_view(&format!("{name}{grain}"))) {
                books.equal(&format!("{what} by {unit}"), &format!("select {left} as a, {right} as b from ({rows})"));
            }
        }
    }
}

/// A KPI among others is what it is alone, and what it was in the period before.
fn scorecards(books: &mut Books) {
    books.tables.push_str("create temp table all_values as from kpi.kpi_values;\n");
    let found = books.project.duckdb(DATABASE, "UTC", "select distinct kpi, grain from kpi.kpi_values order by all");
    for line in found.lines() {
        let (kpi, grain) = line.split_once(',').unwrap();
        let own = books.kpis[kpi]["grain"].as_str().unwrap();
        let view = if grain == own { kpi.to_owned() } else { format!("{kpi}__{grain}") };
        if !books.has_view(&view) {
            continue;
        }
        // What lies before the first period that is shown is not in the view.
        books.tables.push_str(&format!(
            "create temp table \"{kpi} by {grain}\" as select * from (select a.value as value, a.prior, a.change, b.value as expected, \
             lag(b.value) over (order by b.period) as before, row_number() over (order by b.period) as place \
             from kpi.\"{view}\" as b join all_values as a on a.kpi = '{kpi}' and a.grain = '{grain}' and a.period = b.period) \
             where place > 1;\n"
        ));
        for (column, expected) in [("value", "expected"), ("prior", "before"), ("change", "expected - before")] {
            books.equal(
                &format!("{kpi} by {grain} among others: {column}"),
                &format!("select {column} as a, {expected} as b from \"{kpi} by {grain}\""),
            );
        }
    }
}

/// Slices add up to the total and periods to longer ones, for every KPI of which kpic says so.
fn slices_and_periods(books: &mut Books) {
    for (kpi, facts) in books.kpis.clone() {
        let views = suffixes(&facts);
        if facts["adds_over_slices"] == true && facts["has_total"] == true {
            for (suffix, dimensions) in views.iter().filter(|(_, dimensions)| !dimensions.is_empty()) {
                let total = suffix.split("__by_").next().unwrap();
                books.equal(
                    &format!("{kpi}{suffix}: {}", dimensions.join(" and ")),
                    &format!(
                        "select a.value as a, \
                               (select coalesce(sum(value), 0) from kpi.\"{kpi}{suffix}\" as b where b.period = a.period) as b \
                             from kpi.\"{kpi}{total}\" as a where a.value is not null"
                    ),
                );
            }
        }
        if facts["adds_over_periods"] == true {
            for (fine, coarse) in
                [("day", "week"), ("day", "month"), ("month", "quarter"), ("month", "year"), ("quarter", "year")]
            {
                let own = facts["grain"].as_str().unwrap();
                let view = |grain: &str| if grain == own { kpi.clone() } else { format!("{kpi}__{grain}") };
                if books.has_view(&view(fine)) && books.has_view(&view(coarse)) {
                    books.equal(
                        &format!("{kpi}: {fine}s of a {coarse}"),
                        &format!(
                            "select a.value as a, (select coalesce(sum(value), 0) from kpi.\"{}\" as b \
                                   where date_trunc('{coarse}', b.period) = a.period) as b from kpi.\"{}\" as a",
                            view(fine),
                            view(coarse)
                        ),
                    );
                }
            }
        }
    }
}
