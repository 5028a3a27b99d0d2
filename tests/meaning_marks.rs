//! The mark of what a KPI means in the manifest, `kpic diff --manifest`, and `requires:`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const PROJECT: &str = "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n\
lints: { missing-owner: allow, missing-description: allow, unused-column: allow, unused-kpi: allow }\n";

const SPECS: &str = "\
sources:
  orders:
    table: orders
    kind: events
    row: order
    time: day
    columns: { day: date, amount: number, cost: number, status: text, net: { type: number, expr: amount - cost } }
kpis:
  revenue: { formula: sum(orders.amount where status = 'paid') }
  costs: { formula: sum(orders.cost where status = 'paid') }
  profit: { formula: revenue - costs }
  margin: { formula: profit / revenue }
  orders_made: { formula: count(orders) }
";

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap() };
        shop.write("kpic.yml", PROJECT);
        shop.write("specs/shop.yml", SPECS);
        shop
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn kpic(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kpic")).args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    /// The mark of each KPI with these changes to the specs.
    fn marks(&self, edits: &[(&str, &str)]) -> Vec<(String, String)> {
        let text = edits.iter().fold(SPECS.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replace(old, new)
        });
        self.write("specs/shop.yml", &text);
        let output = self.kpic(&["build"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let manifest = std::fs::read_to_string(self.folder.path().join("build/manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let mark = |(name, kpi): (&String, &Value)| (name.clone(), kpi["meaning"].as_str().unwrap().to_owned());
        manifest["kpis"].as_object().unwrap().iter().map(mark).collect()
    }

    /// The KPIs whose mark is another one with these changes.
    fn differing(&self, edits: &[(&str, &str)]) -> Vec<String> {
        let (before, after) = (self.marks(&[]), self.marks(edits));
        let other = |(name, mark): &&(String, String)| !after.iter().any(|(own, is)| own == name && is == mark);
        before.iter().filter(other).map(|(name, _)| name.clone()).collect()
    }
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_mark_differs_where_figures_may_and_nowhere_else() {
    let shop = Shop::new();
    let marks = shop.marks(&[]);
    assert!(marks.iter().all(|(_, mark)| mark.len() == 16 && mark.bytes().all(|byte| byte.is_ascii_hexdigit())), "{marks:?}");
    let distinct: std::collections::BTreeSet<&String> = marks.iter().map(|(_, mark)| mark).collect();
    assert_eq!(distinct.len(), 5);
    let none: &[String] = &[];
    // Written otherwise, and proven to be the same.
    assert_eq!(shop.differing(&[("revenue - costs", "-costs + revenue")]), none);
    assert_eq!(
        shop.differing(&[("revenue - costs", "sum(orders.net where 'paid' = status and net is not null) + 0 * revenue")]).len(),
        2
    );
    assert_eq!(shop.differing(&[("profit / revenue", "(revenue - costs) / revenue")]), none);
    assert_eq!(shop.differing(&[("margin: {", "margin: { title: How much stays, tags: [money],")]), none);
    assert_eq!(shop.differing(&[("columns: { day: date,", "columns: { channel: text, day: date,")]), none);
    // Other figures, also of what stands on them.
    assert_eq!(
        shop.differing(&[("sum(orders.cost where status = 'paid')", "sum(orders.cost)")]),
        ["costs", "margin", "profit"]
    );
    assert_eq!(
        shop.differing(&[("amount: number,", "amount: { type: number, column: amount_eur },")]),
        ["margin", "profit", "revenue"]
    );
    assert_eq!(shop.differing(&[("orders_made: {", "orders_made: { empty: null,")]), ["orders_made"]);
    assert_eq!(shop.differing(&[("table: orders", "table: old.orders")]).len(), 5);
    assert_eq!(shop.differing(&[("day: date", "day: { type: date, column: sold_on }")]).len(), 5);
}

#[test]
fn a_manifest_shows_what_means_something_else() {
    let shop = Shop::new();
    shop.marks(&[]);
    let same = shop.kpic(&["diff", "--manifest", "build/manifest.json"]);
    assert!(same.status.success() && both(&same).starts_with("no change\n"), "{}", both(&same));
    shop.write(
        "specs/shop.yml",
        &SPECS.replace("sum(orders.cost where status = 'paid')", "sum(orders.cost)").replace("orders_made", "sold"),
    );
    let told = both(&shop.kpic(&["diff", "--manifest", "build/manifest.json"]));
    assert!(told.contains("meaning KPI costs  specs/shop.yml:10\n"), "{told}");
    assert!(told.contains("formula: sum(orders.cost where status = 'paid') → sum(orders.cost)\n"), "{told}");
    assert!(
        told.contains("meaning KPI profit") && told.contains("its spec says the same: what it is made of has changed"),
        "{told}"
    );
    assert!(told.contains("interface KPI orders_made (removed)\n"), "{told}");
    assert!(told.contains("3 may change values"), "{told}");
    assert_eq!(shop.kpic(&["diff", "--manifest", "build/manifest.json", "--deny", "meaning"]).status.code(), Some(1));
    // A kpic that shows other figures: the marks of its build are others, the specs are not.
    shop.marks(&[]);
    let path = shop.folder.path().join("build/manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["kpis"]["revenue"]["meaning"] = "0123456789abcdef".into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let output = shop.kpic(&["diff", "--manifest", "build/manifest.json", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["changes"].as_array().unwrap().len(), 1);
    assert_eq!(
        (document["changes"][0]["name"].as_str(), document["changes"][0]["class"].as_str()),
        (Some("revenue"), Some("meaning"))
    );
}

#[test]
fn what_is_no_manifest_is_told_apart_from_no_change() {
    let shop = Shop::new();
    for (text, why) in [
        ("{", "it is not JSON"),
        ("{}", "it has no `kpis`"),
        ("{ \"kpis\": { \"revenue\": {} } }", "did not note yet what KPIs mean"),
    ] {
        shop.write("old.json", text);
        let output = shop.kpic(&["diff", "--manifest", "old.json"]);
        assert_eq!(output.status.code(), Some(2), "{}", both(&output));
        assert!(both(&output).contains(why), "{}", both(&output));
    }
    let output = shop.kpic(&["diff", "--manifest", "none.json"]);
    assert!(output.status.code() == Some(2) && both(&output).contains("it cannot be read"), "{}", both(&output));
}

#[test]
fn a_project_says_which_kpic_it_requires() {
    let own = env!("CARGO_PKG_VERSION");
    let shop = Shop::new();
    for (required, finding) in [
        (format!(">={own}"), None),
        ("*".to_owned(), None),
        (">=0.0.1, <999".to_owned(), None),
        (">=999".to_owned(), Some(format!("this project requires kpic >=999, and this is {own}"))),
        ("newest".to_owned(), Some("`newest` names no versions".to_owned())),
    ] {
        shop.write("kpic.yml", &format!("{PROJECT}requires: \"{required}\"\n"));
        let output = shop.kpic(&["check"]);
        match finding {
            None => assert!(output.status.success(), "{required}: {}", both(&output)),
            Some(message) => {
                assert_eq!(output.status.code(), Some(1), "{required}");
                assert!(both(&output).contains("K0109") && both(&output).contains(&message), "{}", both(&output));
            }
        }
    }
    assert!(Path::new("docs/codes/wrong-version.md").is_file());
}

#[test]
fn what_is_kept_by_hand_is_part_of_what_is_made_of_it() {
    let shop = Shop::new();
    let more = |value: u32| {
        format!(
            "{SPECS}  plan: {{ grain: month, kind: flow, values: {{ 2024-01: {value} }} }}\n  twice: {{ formula: plan * 2 }}\n"
        )
    };
    shop.write("specs/shop.yml", &more(5));
    let marks = || {
        assert!(shop.kpic(&["build"]).status.success());
        let manifest = std::fs::read_to_string(shop.folder.path().join("build/manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        move |name: &str| manifest["kpis"][name]["meaning"].as_str().unwrap().to_owned()
    };
    let before = marks();
    shop.write("specs/shop.yml", &more(6));
    let after = marks();
    for (name, is_other) in [("plan", true), ("twice", true), ("costs", false)] {
        assert_eq!(before(name) != after(name), is_other, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_manifest_is_a_file() {
    let shop = Shop::new();
    std::os::unix::fs::symlink("/dev/zero", shop.folder.path().join("m.json")).unwrap();
    let told = both(&shop.kpic(&["diff", "--manifest", "m.json"]));
    assert!(told.contains("it is no file"), "{told}");
}
