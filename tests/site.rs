//! `kpic site`: the figures of every page are those of the views, no text of a project does anything, every link leads somewhere, and a KPI that
//! cannot be computed keeps no other from being shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read what was built has failed"
)]

#[path = "site/html.rs"]
mod html;
mod support;
#[path = "site/views.rs"]
mod views;

use html::{Part, elements, parts, tables, text as text_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use support::{kpic, text, write_files};

/// The pages of a site by their paths.
struct Site {
    folder: tempfile::TempDir,
    pages: BTreeMap<String, Vec<Part>>,
    said: String,
    code: i32,
}

impl Site {
    fn of(project: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = kpic(project, &["site", "--output", folder.path().join("site").to_str().unwrap()]);
        let said = text(&output.stdout) + &text(&output.stderr);
        let mut pages = BTreeMap::new();
        for path in files(&folder.path().join("site")) {
            let page = fs::read_to_string(folder.path().join("site").join(&path)).unwrap();
            let read = parts(&page).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
            pages.insert(path, read);
        }
        assert!(!pages.is_empty(), "{said}");
        Self { folder, pages, said, code: output.status.code().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }
}

/// The pages below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|file| format!("{name}/{file}")));
        } else if entry.path().extension().is_some_and(|ending| ending == "html") {
            found.push(name);
        }
    }
    found
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name)
}

#[test]
fn the_figures_of_cdnow_are_those_of_its_views() {
    let compared = views::compare(&example("cdnow"), &Site::of(&example("cdnow")).pages);
    assert!(compared.totals > 200 && compared.tiles > 3, "{compared:?}");
}

#[test]
fn the_figures_of_saas_are_those_of_its_views() {
    let site = Site::of(&example("saas"));
    let compared = views::compare(&example("saas"), &site.pages);
    assert!(compared.totals > 3_000 && compared.slices > 4_000 && compared.cohorts > 200, "{compared:?}");
    assert!(compared.tiles > 50 && compared.key_results == 24, "{compared:?}");
    // The first step of a funnel is how many have started.
    let funnel = &tables(&site.pages["journeys/onboarding.html"], "funnel")[0].1;
    let steps: Vec<f64> = funnel.iter().filter_map(|row| row[1].data).collect();
    assert!(steps.len() == 3 && steps[0] > steps[1] && steps[1] > steps[2] && steps[2] > 0.0, "{steps:?}");
    let bytes: u64 = files(&site.path()).iter().map(|file| fs::metadata(site.path().join(file)).unwrap().len()).sum();
    assert!(bytes < 10_000_000, "{bytes} bytes");
}

#[test]
fn forecasts_are_those_of_status_on_pages_and_in_reviews() {
    let forecasts = |command: &str| -> BTreeMap<String, String> {
        let output = kpic(&example("saas"), &[command]);
        let said = text(&output.stdout);
        let lines = said.lines().filter_map(|line| line.strip_prefix("forecast: ")?.split_once(": "));
        let known = lines.filter(|(_, line)| line.starts_with("at this rate"));
        known.map(|(name, line)| (name.to_owned(), line.to_owned())).collect()
    };
    let (status, review) = (forecasts("status"), forecasts("review"));
    assert!(status.len() > 12 && review.len() > 8, "{status:?}");
    assert!(review.iter().all(|(name, line)| status.get(name) == Some(line)), "{review:?}");
    let site = Site::of(&example("saas"));
    let front = text_of(&site.pages["index.html"]);
    for (name, line) in &status {
        let (objective, _) = name.split_once('.').unwrap();
        let page = text_of(&site.pages[&format!("objectives/{objective}.html")]);
        assert!(page.contains(line.as_str()), "{name}: {page}");
        assert_eq!(front.contains(line.as_str()), review.contains_key(name), "{name}");
    }
    let shown: usize = site
        .pages
        .iter()
        .map(|(path, page)| (path.starts_with("objectives/"), page))
        .filter(|(is, _)| *is)
        .map(|(_, page)| text_of(page).matches("at this rate").count())
        .sum();
    assert_eq!(shown, status.len());
}

/// What pages are made of; a text that made anything else would show here.
const ELEMENTS: &[&str] = &[
    "a",
    "bdi",
    "body",
    "br",
    "button",
    "caption",
    "circle",
    "code",
    "data",
    "dd",
    "defs",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "input",
    "label",
    "li",
    "line",
    "link",
    "main",
    "meta",
    "nav",
    "p",
    "path",
    "pattern",
    "pre",
    "rect",
    "script",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
];

/// What stands in the attributes of those.
const ATTRIBUTES: &[&str] = &[
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "charset",
    "class",
    "colspan",
    "content",
    "cx",
    "cy",
    "d",
    "data-by",
    "data-filter",
    "data-fold",
    "data-search",
    "data-table",
    "data-unfold",
    "datetime",
    "fill",
    "fill-opacity",
    "height",
    "hidden",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "patternTransform",
    "patternUnits",
    "r",
    "rel",
    "role",
    "scope",
    "tabindex",
    "text-anchor",
    "type",
    "value",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// Looks at everything on a page that could do anything.
fn harmless(path: &str, page: &[Part], scripts: &mut BTreeSet<String>) {
    for part in page {
        let Part::Open(name, attributes) = part else { continue };
        assert!(ELEMENTS.contains(&name.as_str()), "{path}: <{name}>");
        for (attribute, value) in attributes {
            assert!(ATTRIBUTES.contains(&attribute.as_str()), "{path}: <{name} {attribute}>");
            if attribute == "href" {
                let is_local =
                    value.starts_with('#') || value.starts_with("../") || value.split('/').all(|part| !part.contains(':'));
                assert!(is_local || value.starts_with("https://") || value == "data:,", "{path}: {value}");
            }
            if attribute == "fill" {
                assert!(value.starts_with("url(#hatch-"), "{path}: {value}");
            }
        }
    }
    scripts.extend(["script", "style"].iter().flat_map(|name| elements(page, name)).map(|(_, inside)| text_of(inside)));
    let policies: Vec<&str> = elements(page, "meta")
        .into_iter()
        .filter(|(attributes, _)| attributes.get("http-equiv").is_some_and(|name| name == "Content-Security-Policy"))
        .map(|(attributes, _)| attributes["content"].as_str())
        .collect();
    assert!(
        matches!(policies.as_slice(), [policy] if policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
    );
}

/// Follows all links from the front page.
fn linked(pages: &BTreeMap<String, Vec<Part>>) {
    let (mut reached, mut left) = (BTreeSet::from(["index.html".to_owned()]), vec!["index.html".to_owned()]);
    let ids = |page: &str| -> Vec<String> {
        pages[page]
            .iter()
            .filter_map(|part| if let Part::Open(_, all) = part { all.get("id").cloned() } else { None })
            .collect()
    };
    while let Some(page) = left.pop() {
        let own = ids(&page);
        assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len(), "{page} has a name twice");
        for (attributes, _) in elements(&pages[&page], "a") {
            let href = &attributes["href"];
            if href.starts_with("https://") {
                continue;
            }
            let (path, anchor) = href.split_once('#').unwrap_or((href, ""));
            let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
            let to = match path.strip_prefix("../") {
                Some(path) => path.to_owned(),
                None if path.is_empty() => page.clone(),
                None if folder.is_empty() => path.to_owned(),
                None => format!("{folder}/{path}"),
            };
            assert!(pages.contains_key(&to), "{page} links to {href}");
            assert!(anchor.is_empty() || ids(&to).iter().any(|id| id == anchor), "{page} links to {href}");
            if reached.insert(to.clone()) {
                left.push(to);
            }
        }
    }
    let all: BTreeSet<String> = pages.keys().cloned().collect();
    assert_eq!(reached, all, "a page is reached from no other");
}

/// Names and values that try to be more than text. Values of dimensions come from data.
const HOSTILE: &str = r#"
sources:
  orders:
    query: |
      select * from (values (date '2024-01-02', '</text></svg><script>kpic()</script>'), (date '2024-02-02', '"><img src=x onerror="kpic()">'),
        (date '2024-02-03', '&lt;kpic&gt; {{ kpic }}'), (date '2024-02-04', null), (date '2024-03-05', 'null')) as t(day, kind)
    kind: events
    row: "</td><script>kpic()</script>"
    time: day
    columns: { day: date, kind: text }
teams: { web: { title: "</a><script>kpic()</script>", lead: "\" onclick=\"kpic()", description: "<b>kpic</b>\n\n</p><h1>kpic" } }
kpis:
  orders:
    title: "\"><script>kpic()</script>"
    description: "</main><iframe src='kpic'>"
    formula: "count(orders where kind is null or kind != '</script><script>kpic()')"
    owner: web
    better: up
    by: [kind]
scorecards: { board: { title: "</title><script>kpic()</script>", cadence: monthly, kpis: [orders] } }
guardrails: { few: { title: "<kpic>", when: "orders < 100", owner: web, action: "</li><script>kpic()</script>", severity: alert, by: [kind] } }
objectives:
  more:
    title: "</summary><script>kpic()</script>"
    owner: web
    period: 2024
    initiatives:
      - { title: "<kpic>", link: "javascript:kpic()" }
      - { title: fine, link: "https://example.org/?a=<b>&c=\"d\"" }
    key_results: { more: { title: "</th><script>kpic()</script>", kpi: orders, from: 0, to: 900 } }
"#;

#[test]
fn no_text_of_a_project_does_anything_and_every_link_leads_somewhere() {
    let own = tempfile::tempdir().unwrap();
    let yaml = "kpic: 1\ntitle: \"</title><script>kpic()</script>\"\ncalendar: { start: 2024-01-01, as_of: 2024-03-31 }\n";
    write_files(own.path(), &[("kpic.yml", yaml), ("specs/a.yml", HOSTILE)]);
    // The project whose texts try to be Markdown has no data: here its query is one that runs.
    let markdown = tempfile::tempdir().unwrap();
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let specs = fs::read_to_string(hostile.join("specs/hostile.yml")).unwrap();
    let specs = specs.replace("'```' as note", "1.5 as amount, '```' as note");
    let specs = specs.replace("</details><kpic-tag>\n      ```\n", "</details><kpic-tag>\n");
    write_files(
        markdown.path(),
        &[("kpic.yml", &fs::read_to_string(hostile.join("kpic.yml")).unwrap()), ("specs/hostile.yml", &specs)],
    );
    let mut scripts = BTreeSet::new();
    for project in [own.path().to_path_buf(), markdown.path().to_path_buf(), example("cdnow")] {
        let site = Site::of(&project);
        for (path, page) in &site.pages {
            harmless(path, page, &mut scripts);
        }
        linked(&site.pages);
    }
    assert_eq!(scripts.len(), 2, "all pages share one style and one script");
    // The texts are there, as texts.
    let site = Site::of(own.path());
    let page = text_of(&site.pages["kpis/orders.html"]);
    for shown in ["\"><script>kpic()</script>", "</text></svg><script>kpic()</script>", "&lt;kpic&gt; {{ kpic }}", "'null'"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let objective = elements(&site.pages["objectives/more.html"], "a");
    let outside: Vec<&str> = objective.iter().map(|(all, _)| all["href"].as_str()).filter(|href| href.contains(':')).collect();
    assert_eq!(outside, ["https://example.org/?a=<b>&c=\"d\""]);
}

/// Sales are 4 in January and 3 in February, revenue 40 and 30; the product of 4e9 and 3e9 is beyond 64 bits.
const SHOP: &str = "
sources:
  sales:
    query: |
      select * from (values (date '2024-01-05', 10, 'a'), (date '2024-01-06', 10, 'a'), (date '2024-01-07', 10, 'b'), (date '2024-01-08', 10, 'b'),
        (date '2024-02-05', 10, 'b'), (date '2024-02-06', 10, 'b'), (date '2024-02-07', 10, 'c')) as t(day, amount, shop)
    kind: events
    time: day
    columns: { day: date, amount: { type: integer, unit: EUR, min: 0 }, shop: text }
teams: { shop: { title: The shop, lead: Ada }, care: { title: Customer care } }
kpis:
  revenue: { formula: sum(sales.amount), unit: EUR, owner: shop, better: up, by: [shop] }
  amount_sold: { formula: count(sales), unit: sale, owner: shop, better: down, by: [shop] }
  broken: { formula: sum(amount * 2000000000 * 3000000000 from sales), unit: EUR, owner: care }
scorecards: { board: { cadence: monthly, kpis: [revenue, broken] } }
guardrails:
  drop: { when: change(revenue) < 0, severity: alert, owner: care, action: Call. }
north_star: { title: Sales that people want, volume: amount_sold, because: Sold is what somebody wanted. }
objectives:
  grow:
    title: We grow
    owner: shop
    period: 2024-H1
    key_results:
      money: { title: More comes in, kpi: revenue, from: 0, to: 100, owner: care }
";

fn shop(as_of: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!("kpic: 1\ncalendar: {{ start: 2024-01-01, as_of: {as_of} }}\nlints: {{ missing-description: allow }}\n");
    write_files(folder.path(), &[("kpic.yml", &yaml), ("specs/shop.yml", SHOP)]);
    folder
}

#[test]
fn a_kpi_that_cannot_be_computed_keeps_no_other_from_being_shown() {
    let project = shop("2024-02-29");
    let site = Site::of(project.path());
    assert_eq!(site.code, 1, "{}", site.said);
    assert!(site.said.contains("`broken` cannot be computed"), "{}", site.said);
    let broken = text_of(&site.pages["kpis/broken.html"]);
    assert!(broken.contains("No total is shown: cannot be computed:"), "{broken}");
    assert!(text_of(&site.pages["index.html"]).contains("Not computed"));
    let total = &tables(&site.pages["kpis/revenue.html"], "total")[0].1;
    let shown: Vec<_> = total
        .iter()
        .skip(1)
        .map(|row| (row[0].day.clone().unwrap(), row[1].data, row[2].text.clone(), row[3].text.clone()))
        .collect();
    let expected = [("2024-02-01", 30.0, "-10.00", "worse"), ("2024-01-01", 40.0, "", "")];
    assert_eq!(
        shown,
        expected.map(|(day, value, change, verdict)| (day.to_owned(), Some(value), change.to_owned(), verdict.to_owned()))
    );
    // Fewer sales are better, as the project has it.
    let total = &tables(&site.pages["kpis/amount_sold.html"], "total")[0].1;
    assert_eq!((total[1][1].data, total[1][3].text.as_str()), (Some(3.0), "better"));
    let slices = &tables(&site.pages["kpis/revenue.html"], "slice")[0].1;
    let slices: Vec<(&str, Vec<Option<f64>>)> =
        slices.iter().skip(1).map(|row| (row[0].text.as_str(), row[1..3].iter().map(|cell| cell.data).collect())).collect();
    assert_eq!(
        slices,
        [("b", vec![Some(20.0), Some(20.0)]), ("c", vec![None, Some(10.0)]), ("a", vec![Some(20.0), Some(0.0)])]
    );
}

#[test]
fn the_front_page_says_what_slips_and_who_acts() {
    let project = shop("2024-02-29");
    let site = Site::of(project.path());
    let front = text_of(&site.pages["index.html"]);
    assert!(front.contains("1 of 1 guardrails fires") && front.contains("Customer care : Call."), "{front}");
    // 60 of 182 days are gone, and 30 of 100 euros have come in: 0.30 of 0.33.
    assert!(front.contains("score 0.30, expected 0.33"), "{front}");
    let tile = |page: &str| text_of(&site.pages[page]);
    assert!(
        tile("teams/care.html").contains("alert drop") || tile("teams/care.html").contains("alert Drop"),
        "{}",
        tile("teams/care.html")
    );
    // March is open: February stays the figure, and March is said beside it.
    let project = shop("2024-03-10");
    let page = text_of(&Site::of(project.path()).pages["kpis/revenue.html"]);
    assert!(page.contains("30.00 EUR 2024-02") && page.contains("2024-03 so far: 0.00, not complete"), "{page}");
}

#[test]
fn a_site_is_replaced_as_one_and_files_of_others_stay() {
    let project = shop("2024-02-29");
    fs::remove_file(project.path().join("specs/shop.yml")).unwrap();
    write_files(
        project.path(),
        &[(
            "specs/shop.yml",
            &SHOP.replace(", broken]", "]").replace("  broken:", "  other:").replace("2000000000 * 3000000000", "2"),
        )],
    );
    let site = project.path().join("site");
    let build = || {
        let output = kpic(project.path(), &["site"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        files(&site)
            .into_iter()
            .map(|file| (file.clone(), fs::read_to_string(site.join(&file)).unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let first = build();
    fs::write(site.join("CNAME"), "kpis.example.org").unwrap();
    fs::write(site.join("kpis/own.html"), "mine").unwrap();
    let time = fs::metadata(site.join("index.html")).unwrap().modified().unwrap();
    let mut second = build();
    assert_eq!(second.remove("kpis/own.html").as_deref(), Some("mine"));
    assert_eq!(first, second, "the same data gives the same pages");
    assert_eq!(fs::metadata(site.join("index.html")).unwrap().modified().unwrap(), time);
    write_files(
        project.path(),
        &[(
            "specs/shop.yml",
            &SHOP.replace("  broken:", "  another:").replace(", broken]", "]").replace("2000000000 * 3000000000", "2"),
        )],
    );
    let third = build();
    assert!(
        !third.contains_key("kpis/other.html") && third.contains_key("kpis/another.html") && third["kpis/own.html"] == "mine"
    );
    assert_eq!(fs::read_to_string(site.join("CNAME")).unwrap(), "kpis.example.org");
    // The folder of the project itself is not replaced.
    for folder in [".", ".."] {
        let output = kpic(project.path(), &["site", "--output", project.path().join(folder).to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("the project's own folder"), "{}", text(&output.stderr));
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let (project, outside) = (shop("2024-02-29"), tempfile::tempdir().unwrap());
    let link = |name: &str| std::os::unix::fs::symlink(outside.path(), project.path().join(name)).unwrap();
    link("site");
    assert_eq!(kpic(project.path(), &["site"]).status.code(), Some(2));
    fs::create_dir(project.path().join("build")).unwrap();
    link("build/dbt");
    assert_eq!(kpic(project.path(), &["build", "--format", "dbt"]).status.code(), Some(2));
    link("lnk");
    let inside = project.path().join("lnk/site").to_string_lossy().into_owned();
    let git = project.path().join(".git/site").to_string_lossy().into_owned();
    for folder in [inside, git] {
        assert_eq!(kpic(project.path(), &["site", "--output", &folder]).status.code(), Some(2), "{folder}");
        assert_eq!(kpic(project.path(), &["build", "--format", "dbt", "--output", &folder]).status.code(), Some(2), "{folder}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
