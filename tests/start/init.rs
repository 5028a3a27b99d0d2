//! `kpic init`: what it makes is a project that works at once, and nothing is ever written over.

use crate::folder::Folder;

/// A database with what databases have: keys that are declared and keys that are not, references that lead nowhere, names and
/// types of all kinds, tables without rows and tables of which nothing can be said.
const SHOP: &str = "
create table customers (customer_id integer, name varchar, signed_up timestamp with time zone, country varchar);
insert into customers select range, 'name ' || range, timestamptz '2023-01-01 00:00:00+00' + interval (range * 7) day,
  ['DE', 'AT', 'CH'][1 + range % 3] from range(50);
create table orders (id bigint primary key, updated_at timestamp, placed_at timestamp, customer_id integer, amount_eur decimal(10, 2),
  quantity integer, status varchar, \"Lieferart\" varchar, tags varchar[], nothing integer);
insert into orders select range, timestamp '2024-06-30 12:00:00', timestamp '2024-01-05 10:00:00' + interval (range * 6) hour,
  case when range % 100 = 0 then 999 else range % 50 end, range * 1.5, 1 + range % 3, ['open', 'paid'][1 + range % 2],
  'Paket', ['a'], null from range(700);
create schema crm;
create table crm.\"Support Fälle\" (\"Fall Nr.\" varchar, \"eröffnet am\" date, customer_id integer, \"case\" varchar, \"value\" double);
insert into crm.\"Support Fälle\" select 'F' || range, date '2024-02-01' + range::integer, range % 50, 'x', -range from range(40);
create table crm.orders (order_id varchar, created_at date);
create table employees (employee_id integer primary key, manager_id integer references employees(employee_id), hired_on date);
insert into employees values (1, null, '2020-01-01');
insert into employees values (2, 1, '2021-05-05');
create table settings (name varchar, content varchar);
insert into settings values ('a', '1'), ('a', '2');
create view paid as select id, placed_at, amount_eur from orders where status = 'paid';
create table \"null\" (id integer, \"at\" date);
insert into \"null\" values (1, '2024-01-01');
";

fn with_shop() -> Folder {
    let folder = Folder::new();
    folder.sql("shop.duckdb", SHOP);
    folder
}

/// What has to work right after `init`.
fn works(folder: &Folder, at: &str) {
    works_with_quiet(folder, at, &[]);
}

/// The same, with a warning for each of some sources that have had no row for long.
fn works_with_quiet(folder: &Folder, at: &str, quiet: &[&str]) {
    let checked = folder.fine(&["-C", at, "check"]);
    assert!(checked.starts_with("fine: "), "{checked}");
    let tested = folder.fine(&["-C", at, "test"]);
    assert!(tested.starts_with("ok   ") && tested.contains("passed 1 test"), "{tested}");
    let ran = folder.kpic(&["-C", at, "run"]);
    assert!(ran.code == 0 && ran.stdout.lines().count() > 1, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with('K')).count(), quiet.len(), "{}", ran.stderr);
    for source in quiet {
        assert!(ran.stderr.contains(&format!("`{source}` has no rows after ")), "{source}\n{}", ran.stderr);
    }
    assert!(!quiet.is_empty() || ran.stderr.is_empty(), "{}", ran.stderr);
    folder.fine(&["-C", at, "build"]);
}

#[test]
fn sample_data_works_at_once() {
    let folder = Folder::new();
    let printed = folder.fine(&["init", "first steps", "--sample"]);
    assert!(printed.starts_with("made project first steps\n"), "{printed}");
    let mut expected = [".gitignore", "data/orders.csv", "kpic.yml", "specs/sales.yml", "specs/sources.yml", "specs/tests.yml"]
        .map(|path| format!("first steps/{path}"));
    expected.sort();
    assert_eq!(folder.files(), expected);
    assert_eq!(folder.read("first steps/.gitignore"), "/build/\n");
    assert!(folder.read("first steps/kpic.yml").contains("\nproject: first steps\n"));
    works(&folder, "first steps");
    assert_eq!(folder.findings(&["-C", "first steps", "verify"]), []);
    let june = folder.fine(&["-C", "first steps", "query", "orders", "revenue", "--from", "2024-06", "--format", "csv"]);
    // By a reader of CSV that is not DuckDB.
    let rows = folder.read("first steps/data/orders.csv");
    let june_rows: Vec<Vec<&str>> =
        rows.lines().map(|line| line.split(',').collect()).filter(|row: &Vec<&str>| row[1].starts_with("2024-06")).collect();
    let paid: f64 = june_rows.iter().filter(|row| row[5] == "paid").map(|row| row[4].parse::<f64>().unwrap()).sum();
    assert_eq!(june.lines().nth(1).unwrap(), format!("2024-06-01,{},{paid:.1},true", june_rows.len()));
}

#[test]
fn a_database_is_drafted() {
    let folder = with_shop();
    let printed = folder.fine(&["init", "--database", "shop.duckdb", "--name", "Laden \"No. 1\""]);
    for line in [
        "customers events of 50 rows; key customer_id; time signed_up; KPIs customers",
        "main_orders events of 700 rows; key id; time placed_at; refers to customers; KPIs main_orders, amount_eur, quantity",
        "crm_orders events of 0 rows; key order_id; time created_at; KPIs crm_orders",
        "support_falle events of 40 rows; key fall_nr; time eroffnet_am; refers to customers; KPIs support_falle, support_falle_value",
        "employees events of 2 rows; key employee_id; time hired_on; refers to employees; KPIs employees",
        "paid events of 350 rows; key id; time placed_at; KPIs paid, amount_eur_2",
        "null_rows events of 1 row; key id; time at; KPIs null_rows",
        "settings left out: no column is a time, and none tells its rows apart",
    ] {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = line.replace("customers events", "customers entities");
        assert!(printed.lines().any(|printed| words(printed) == line), "{line}\n{printed}");
    }
    works_with_quiet(&folder, ".", &["support_falle"]);

    let project = folder.read("kpic.yml");
    for line in ["project: 'Laden \"No. 1\"'", "  database: shop.duckdb ", "  start: 2020-01-01 ", "  as_of: 2024-06-28 "] {
        assert!(project.contains(line), "{line}\n{project}");
    }
    let orders = folder.read("specs/main_orders.yml");
    for line in [
        "    table: orders\n",
        "    kind: events ",
        "    key: id ",
        "    time: placed_at  # when a row counts unless a formula says `at` another: updated_at\n",
        "      customer: { column: customer_id, references: customers }  # 7 rows refer to missing rows: see `kpic verify`\n",
        "      amount_eur: { type: decimal, unit: EUR, min: 0 }\n",
        "      lieferart: { type: text, column: Lieferart }\n",
        "      status: { type: text, values: [open, paid] }\n",
        "      # left out, because formulas do not know their types: tags (VARCHAR[])\n",
        "    formula: count(main_orders)",
        "    formula: sum(main_orders.amount_eur)",
        "    by: [status]",
    ] {
        // Where comments stand is a matter of layout.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&orders).contains(words(line).as_str()), "{line}\n{orders}");
    }
    assert!(folder.read("specs/support_falle.yml").contains("    table: crm.Support Fälle\n"));
    // What was drafted is what the rows say: only the references that lead nowhere are wrong, and there have been no more cases since March.
    let mut found = folder.findings(&["verify"]);
    found.sort_by(|one, two| two.0.cmp(&one.0));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].2.starts_with("`main_orders` has 7 rows whose `customer` is not in `customers`"), "{found:#?}");
    assert!(found[1].2.starts_with("`support_falle` has no rows after 2024-03-11, 109 days before `as_of`"), "{found:#?}");
    let ran = folder.fine(&[
        "query",
        "customers",
        "main_orders",
        "amount_eur",
        "--grain",
        "year",
        "--from",
        "2024",
        "--format",
        "csv",
    ]);
    let sums = folder.sql("shop.duckdb", "select count(*), sum(amount_eur)::double from orders");
    let customers =
        folder.sql("shop.duckdb", "select count(*) from customers where signed_up >= timestamptz '2024-01-01 00:00:00+00'");
    assert_eq!(ran.lines().nth(1).unwrap(), format!("2024-01-01,{},{},false", customers.trim(), sums.trim()));
}

#[test]
fn files_are_drafted_wherever_they_are() {
    let folder = Folder::new();
    folder.write("raw/web orders.csv", "Order ID,Day,Total\n1,2024-05-01,3.5\n2,2024-05-20,4\n");
    folder.sql(":memory:", "copy (select range as code, 'x' || range as name from range(5)) to 'raw/things.parquet';");
    folder.fine(&["init", "kpis", "--csv", "raw/web orders.csv", "raw/things.parquet"]);
    works(&folder, "kpis");
    let orders = folder.read("kpis/specs/web_orders.yml");
    for line in [
        "    files: \"../raw/web orders.csv\"\n",
        "    key: order_id ",
        "      order_id: { type: integer, column: Order ID }\n",
        "  web_order_total:\n",
        "    grain: day ",
    ] {
        assert!(orders.contains(line), "{line}\n{orders}");
    }
    assert!(folder.read("kpis/specs/things.yml").contains("formula: count(things over all time)\n"));
    let day = folder.fine(&["-C", "kpis", "query", "web_order_total", "--from", "2024-05-20", "--format", "csv"]);
    assert_eq!(day.lines().nth(1).unwrap(), "2024-05-20,4.0,true");
    assert_eq!(folder.findings(&["-C", "kpis", "verify"]), []);
}

#[test]
fn without_questions_it_takes_what_is_there() {
    let folder = with_shop();
    folder.write("data/visits.csv", "visited_on,page\n2024-01-01,a\n");
    assert!(folder.fine(&["init", "--yes"]).contains("main_orders"));

    let folder = Folder::new();
    folder.write("data/visits.csv", "visited_on,page\n2024-01-01,a\n");
    folder.fine(&["init", "-y"]);
    assert!(folder.read("specs/visits.yml").contains("    files: data/visits.csv\n"));
    works(&folder, ".");

    let folder = Folder::new();
    folder.fine(&["init", "-y"]);
    assert!(folder.read("kpic.yml").contains("\nproject: "));
    works(&folder, ".");
}

#[test]
fn nothing_is_written_over() {
    let folder = Folder::new();
    folder.write(".gitignore", "*.log");
    folder.write("specs/sales.yml", "mine");
    let outcome = folder.kpic(&["init", "--sample"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("specs/sales.yml already exists"), "{}", outcome.stderr);
    assert_eq!(folder.files(), [".gitignore", "specs/sales.yml"]);

    std::fs::remove_dir_all(folder.path().join("specs")).unwrap();
    folder.fine(&["init", "--sample"]);
    assert_eq!(folder.read(".gitignore"), "*.log\n/build/\n");
    let before: Vec<String> = folder.files().iter().map(|path| folder.read(path)).collect();
    for arguments in [["init", "--sample"], ["init", "--yes"]] {
        let outcome = folder.kpic(&arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
        assert!(outcome.stderr.contains("there is already a project in"), "{}", outcome.stderr);
    }
    assert_eq!(folder.files().iter().map(|path| folder.read(path)).collect::<Vec<_>>(), before);

    // A line that is there already is not added again.
    let folder = Folder::new();
    folder.write(".gitignore", "build/\n");
    folder.fine(&["init", "--sample"]);
    assert_eq!(folder.read(".gitignore"), "build/\n");
}

#[test]
fn numbers_that_are_texts_in_a_database_come_with_the_way_out() {
    let folder = Folder::new();
    folder.sql(
        "shop.duckdb",
        "create table de as select date '2024-01-03' as tag, '10,50' as betrag, '04109' as plz
           union all select date '2024-01-04', '1.099,00', '80331';
         create table us as select date '2024-01-03' as day, '1,099.50' as amount union all select date '2024-01-04', '5';
         create table bare (day varchar, amount varchar);",
    );
    let printed = folder.fine(&["init", "kpis", "--database", "shop.duckdb"]);
    assert!(printed.contains("left out: it has no rows"), "{printed}");
    // A spec names nothing outside of its project; who runs kpic does.
    assert!(printed.contains("is outside the project; commands read it with `--database '"), "{printed}");
    assert!(!folder.read("kpis/kpic.yml").contains("shop.duckdb"));
    // What the comment says is what is to be written.
    for (file, column, figures) in [("de", "betrag", [10.5, 1099.0]), ("us", "amount", [1099.5, 5.0])] {
        let path = format!("kpis/specs/{file}.yml");
        let draft = folder.read(&path);
        let line = draft.lines().find(|line| line.contains("numbers as text")).unwrap();
        let advice = line.split('`').nth(1).unwrap();
        folder.write(&path, &draft.replace(line, &format!("      {advice}")));
        let asked = format!("sum({file}.{column}_number)");
        let answer =
            folder.fine(&["-C", "kpis", "query", &asked, "--grain", "day", "--format", "csv", "--database", "shop.duckdb"]);
        let found: Vec<f64> = answer.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
        assert_eq!(found, figures, "{answer}");
        let outcome = folder.kpic(&["-C", "kpis", "query", &asked, "--grain", "month", "--database", "shop.duckdb"]);
        assert!(outcome.stderr.contains("the first month on or after"), "{}", outcome.stderr);
    }
    assert!(!folder.read("kpis/specs/de.yml").contains("plz_number"));
}

#[test]
fn what_cannot_be_drafted_is_said_and_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.sql("empty.duckdb", "create table notes (text varchar, more varchar);");
    folder.write("broken.parquet", "not parquet");
    folder.write("text.duckdb", "no database");
    let cases: [(&[&str], i32, &str); 11] = [
        (&["init", "new"], 2, "there is no terminal to ask"),
        (&["init", "new", "--csv", "none.csv"], 2, "there is no file"),
        (&["init", "broken.parquet", "--yes"], 2, "`kpic init --csv broken.parquet` creates"),
        (&["init", "empty.duckdb"], 2, "`kpic init --database empty.duckdb` creates"),
        (&["init", "new", "days.csv"], 2, "tip: pass a data file with its option: `kpic init --csv days.csv`"),
        (&["init", "new", "empty.duckdb"], 2, "tip: pass a DuckDB file with its option: `--database empty.duckdb`"),
        (&["init", "new", "--database", "none.duckdb"], 2, "there is no file"),
        (&["init", "new", "--database", "empty.duckdb"], 3, "notes: it has no rows"),
        (&["init", "new", "--database", "text.duckdb"], 3, "error: "),
        (&["init", "new", "--csv", "broken.parquet"], 3, "broken.parquet"),
        (&["init", "new", "--sample", "--csv", "broken.parquet"], 2, "cannot be used with"),
    ];
    for (arguments, code, said) in cases {
        let outcome = folder.kpic(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (code, ""), "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(folder.files(), ["broken.parquet", "empty.duckdb", "text.duckdb"]);
        assert!(!folder.path().join("new").exists());
    }
    // Where one of several files cannot be read, the others can.
    folder.write("days.csv", "day\n2024-01-01\n2024-01-02\n");
    let printed = folder.fine(&["init", "new", "--csv", "days.csv", "broken.parquet"]);
    assert!(printed.contains("left out: ") && printed.contains("days"), "{printed}");
    works(&folder, "new");
}
