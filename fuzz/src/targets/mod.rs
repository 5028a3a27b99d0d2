//! What is done with an input. `tests/fuzz_corpus.rs` does the same with every file of `fuzz/seeds/`.

mod made_up;

use kpic::diagnostic::render::{Look, human};
use kpic::diagnostic::{Finding, Findings, codes, machine};
use kpic::fix;
use kpic::formula;
use kpic::import;
use kpic::load::bounds::Bounds;
use kpic::pipeline::{Checked, Options, check_texts};
use kpic::rawsql;
use kpic::spec::reader::FormulaText;
use kpic::text::{Files, Span, is_bidi};
use std::path::{Component, PathBuf};

/// The project of a spec file that comes alone.
const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30, timezone: Europe/Berlin }\n";

/// The line between the project file and the spec file of a project.
const NEXT_FILE: &str = "\n#--- specs/a.yml\n";

/// A formula: what can be read is printed, and read again as the same.
pub fn formula(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(printed) = print(text) else { return };
    assert_eq!(print(&printed).as_ref(), Some(&printed), "printed from {text:?}");
}

/// A formula in its one form, if it can be read; where it cannot, there is a finding whose place is in it.
fn print(text: &str) -> Option<String> {
    let mut files = Files::default();
    let file = files.add("a.yml".to_owned(), text.to_owned());
    let mut findings = Findings::default();
    let tree = formula::parse(&FormulaText::bare(text, Span::new(file, 0..text.len())), &mut findings);
    assert_eq!(tree.is_none(), findings.has_errors(), "{findings:?}");
    show(&findings, &files);
    tree.map(|tree| tree.to_string())
}

/// A spec file beside a small project file.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    survive(PROJECT, text);
}

/// A project file and a spec file, with a line between them.
pub fn project(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (project, spec) = text.split_once(NEXT_FILE).unwrap_or((text, ""));
    survive(project, spec);
}

/// A project that is made up of choices, most often a valid one, all the way to SQL and documents.
pub fn sql(bytes: &[u8]) {
    let (project, spec) = made_up::project(bytes);
    survive(&project, &spec);
}

/// Findings at any places of any text, with any words.
pub fn render(bytes: &[u8]) {
    let (head, rest) = bytes.split_at(bytes.len().min(12));
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let number = |at: usize| head.get(at).copied().map_or(0, usize::from);
    let mut files = Files::default();
    let first = files.add("a.yml".to_owned(), text.to_owned());
    let second = files.add(text.chars().take(40).collect(), text.repeat(1 + number(11) % 50));
    let place = |at: usize| {
        let (start, length) = (number(at) * (1 + number(9)), number(at + 1) * (1 + number(10) % 8));
        Span::new(if number(at) % 2 == 0 { first } else { second }, start..start + length)
    };
    let mut findings = Findings::default();
    let part = |at: usize| text.chars().skip(number(at)).take(60).collect::<String>();
    findings
        .report(&codes::WRONG_SHAPE, place(0), part(0))
        .also(place(2), part(2))
        .also(place(4), part(4))
        .here(part(1))
        .help(part(3));
    findings.push(Finding::placeless(&codes::UNREADABLE_FILE, part(5)));
    for width in [1, 40, 200] {
        let shown = human(&findings, &files, Look { color: false, width });
        assert!(!shown.contains(|char: char| (char.is_control() && char != '\n') || is_bidi(char)), "{shown:?}");
        assert!(shown.len() < 100_000, "{}", shown.len());
    }
    machine::json(&findings, &files);
    machine::sarif(&findings, &files, "a b");
    machine::gitlab(&findings, &files, "");
    assert_eq!(machine::github(&findings, &files, "").lines().count(), 2);
}

/// A template of a page and of a statement.
pub fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // minijinja panics at some templates that are none, which kpic makes a finding of; the fuzzer would end at each.
    if cfg!(fuzzing) {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !kpic::template::quiet::is_caught() {
                    before(info);
                }
            }));
        });
    }
    // A large number makes one step take all memory or time. The program ends then (`cli::limits`); a fuzzer would end too.
    let is_large = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if cfg!(fuzzing) && (bytes.windows(4).any(is_large) || text.contains("**")) {
        return;
    }
    let spec = "sources:\n  o: { table: o, kind: events, time: day, columns: { day: date, c: text } }\nkpis:\n  k: { formula: count(o), by: [c] }\n";
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), spec.to_owned())];
    let mut checked = check_texts(texts, &Options::default());
    for name in ["kpi.md.j2", "view.sql.j2", "_header.md.j2"] {
        checked.files.add(format!("templates/{name}"), text.to_owned());
    }
    let checked = kpic::build::with_templates(checked);
    show(&checked.findings, &checked.files);
}

/// The name of a file, and a path in a spec: what leads out of the project is known, and no name is more than a name.
pub fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let root = std::env::temp_dir().join("kpic-fuzz");
    if std::fs::create_dir_all(&root).is_err() {
        return;
    }
    let bounds = Bounds::of(&root, &[]);
    if bounds.outside_of_pattern(text).is_none() && !text.contains("://") {
        let path = text.strip_prefix("file:").map_or(text, |rest| rest.strip_prefix("//").unwrap_or(rest));
        let (full, mut at) = (root.join(path), Vec::new());
        for part in full.components() {
            match part {
                Component::ParentDir => _ = at.pop(),
                Component::CurDir => {}
                part => at.push(part),
            }
        }
        let at: PathBuf = at.into_iter().collect();
        // What a pattern matches is looked for; none of these is there.
        assert!(at.starts_with(&root) || text.contains(['*', '?', '[']), "{text:?}");
    }
    let spec = format!("sources:\n  o: {{ files: {text:?}, kind: events, columns: {{ c: text }} }}\n");
    let checked = check_texts(vec![("kpic.yml".to_owned(), PROJECT.to_owned()), (text.to_owned(), spec)], &Options::default());
    show(&checked.findings, &checked.files);
    let lines = machine::github(&checked.findings, &checked.files, text);
    assert!(lines.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{lines}");
}

/// Checks a project, shows what is found in every form, mends what is certain, and compiles what is valid.
fn survive(project: &str, spec: &str) {
    let texts = vec![("kpic.yml".to_owned(), project.to_owned()), ("specs/a.yml".to_owned(), spec.to_owned())];
    let checked = check_texts(texts, &Options::default());
    show(&checked.findings, &checked.files);
    mend(&checked);
    if let Ok(valid) = checked.valid() {
        let again = kpic::build::outputs(&valid, kpic::build::Documents::Pages(kpic::docs::Beside::default()));
        assert!(again.is_ok(), "what is valid can be built: {again:?}");
    }
}

/// Shows findings in every form; a place outside of its file would panic there.
pub fn show(findings: &Findings, files: &Files) {
    let text = human(findings, files, Look { color: false, width: 80 });
    assert_eq!(text.is_empty(), findings.is_empty());
    machine::json(findings, files);
    machine::sarif(findings, files, "a b");
    machine::github(findings, files, "");
    machine::gitlab(findings, files, "");
    for finding in findings {
        assert!(!finding.message.is_empty(), "{finding:?}");
        assert!(finding.labels.iter().all(|label| label.span.start <= label.span.end), "{finding:?}");
    }
}

/// Mends what is certain; what is mended needs no mending.
pub fn mend(checked: &Checked) {
    let changes = fix::fix(checked, &Options::default()).changes;
    if changes.is_empty() {
        return;
    }
    let text = |path: &str, text: &str| {
        let change = changes.iter().find(|change| change.path == path);
        change.map_or_else(|| text.to_owned(), |change| change.after.clone())
    };
    let texts = checked.files.iter().map(|(_, file)| (file.path.clone(), text(&file.path, &file.text))).collect();
    let again = fix::fix(&check_texts(texts, &Options::default()), &Options::default());
    assert_eq!(again.changes, [], "after {changes:?}");
}

/// SQL under `query:` or `sql:`: what is let through is one query or expression for whoever cuts it, also for a shell that reads lines, and
/// stays the same when it is written once more.
pub fn raw(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for (fault, blanks) in [(rawsql::query_fault(text), 2), (rawsql::expression_fault(text), 4)] {
        if let Some(fault) = fault {
            assert!(text.get(fault.range.clone()).is_some(), "{fault:?}");
            continue;
        }
        let plain = rawsql::plain(text, blanks);
        assert_eq!(rawsql::plain(&plain, blanks), plain, "from {text:?}");
        assert_eq!(rawsql::command_line(&plain.replace("\n ", " ")), None, "{plain:?}");
        let known =
            |token: &rawsql::Token<'_>| !matches!(token.kind, rawsql::Kind::Comment | rawsql::Kind::Open | rawsql::Kind::Other);
        assert!(rawsql::tokens(&plain).all(|token| known(&token)), "{plain:?}");
        let mut depth = 0;
        for token in rawsql::tokens(&plain) {
            depth += i32::from(token.is_mark("(")) - i32::from(token.is_mark(")"));
            assert!(depth >= 0 && !token.is_mark(";"), "{plain:?}");
        }
        assert_eq!(depth, 0, "{plain:?}");
        assert_eq!(statements(&format!("select ({plain});")), 1, "{plain:?}");
    }
}

/// How many statements a shell sees that knows quotes and comments, but no escapes and nothing nested.
fn statements(script: &str) -> usize {
    let (mut count, mut rest) = (0, script);
    while let Some(char) = rest.chars().next() {
        let end = match char {
            '\'' | '"' => rest.get(1..).and_then(|inner| inner.find(char)).map_or(rest.len(), |at| at + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            _ => char.len_utf8(),
        };
        count += usize::from(char == ';');
        rest = rest.get(end..).unwrap_or_default();
    }
    count
}

/// The manifest of a dbt project whose semantic manifest comes alone.
const MANIFEST: &str =
    r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "adapter_type": "duckdb"}}"#;

/// A semantic manifest of dbt, or else the filter and the SQL of a metric: what is imported has no errors.
pub fn import(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let semantic = if text.starts_with('{') && !text.starts_with("{{") { text.to_owned() } else { metric(text) };
    let Ok(artifacts) = import::of_texts(&semantic, MANIFEST, None) else { return };
    let Ok(start) = "2024-01-01".parse() else { return };
    let settings = import::Settings { name: None, start };
    let Ok(imported) = import::import(&artifacts, None, &settings, &Options::default()) else { return };
    let mut files: Vec<(String, String)> = imported.files.into_iter().map(|file| (file.path, file.text)).collect();
    // Where nothing is carried there is no project.
    if files.is_empty() {
        return;
    }
    files.rotate_right(1);
    let checked = check_texts(files, &Options::default());
    assert!(!checked.findings.has_errors(), "{:?}", checked.findings);
    let _ = (imported.report.text(), imported.report.markdown(), imported.report.json());
}

/// SQL in a dialect that its first byte chooses: what is imported has no errors.
pub fn import_sql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    imported(text, |settings, options| {
        let sql = import::Sql { name: "board.sql", text, known: None };
        import::import_sql(&sql, None, settings, options)
    });
}

/// Data models of Cube: what is made of them is a project without errors, or nothing.
pub fn import_cube(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files = [import::ModelFile { path: "model.yml".to_owned(), text: text.to_owned() }];
    imported(text, |settings, options| {
        let models = import::Models { name: "model", files: &files, known: None };
        import::import_cube(&models, None, settings, options)
    });
}

/// LookML: what is made of it is a project without errors, or nothing.
pub fn import_lookml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files = [import::ModelFile { path: "all.view.lkml".to_owned(), text: text.to_owned() }];
    imported(text, |settings, options| {
        let models = import::Models { name: "looker", files: &files, known: None };
        import::import_lookml(&models, None, settings, options)
    });
}

/// Whatever is imported passes `check`, and can be reported.
fn imported(text: &str, import: impl FnOnce(&import::Settings, &Options) -> Result<import::Import, import::Unreadable>) {
    let Ok(start) = "2024-01-01".parse() else { return };
    let dialects = ["duckdb", "postgres", "bigquery", "clickhouse"];
    let dialect = dialects.get(text.len() % dialects.len()).copied();
    let settings = import::Settings { name: None, start };
    let options = Options { dialects: dialect.into_iter().collect(), ..Options::default() };
    let Ok(imported) = import(&settings, &options) else { return };
    let _ = (imported.report.text(), imported.report.markdown(), imported.report.json());
    let mut files: Vec<(String, String)> = imported.files.into_iter().map(|file| (file.path, file.text)).collect();
    if files.is_empty() {
        return;
    }
    files.rotate_right(1);
    let checked = check_texts(files, &options);
    assert!(!checked.findings.has_errors(), "{:?}", checked.findings);
}

/// A project with one metric, whose measure is the first line and whose filter is the rest.
fn metric(text: &str) -> String {
    let (sql, filter) = text.split_once('\n').unwrap_or((text, text));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        r#"{{"semantic_models": [{{"name": "orders", "node_relation": {{"alias": "orders", "schema_name": "main"}},
            "defaults": {{"agg_time_dimension": "at"}},
            "entities": [{{"name": "order", "type": "primary", "expr": "id"}}, {{"name": "customer", "type": "foreign"}}],
            "dimensions": [{{"name": "at", "type": "time", "type_params": {{"time_granularity": "day"}}}}, {{"name": "status", "type": "categorical"}}],
            "measures": [{{"name": "value", "agg": "sum", "expr": {0}}}]}}],
            "metrics": [{{"name": "one", "type": "simple", "type_params": {{"measure": {{"name": "value"}}}}, "filter": {1}}},
                        {{"name": "two", "type": "derived", "type_params": {{"expr": {0}, "metrics": [{{"name": "one"}}]}}}}]}}"#,
        quoted(sql),
        quoted(filter)
    )
}
