//! What `kpic init` makes of data: how files are written, keys, states, values, references, and sources for a project that is there.

use crate::folder::Folder;
use kpic::draft::{self, Data, Group, Named};
use kpic::engine::DuckDb;

/// Drafts a project over files, which then works and says of the data what is so; gives the file of one source.
fn drafted(files: &[(&str, &str)], source: &str) -> String {
    let folder = Folder::new();
    for (path, text) in files {
        folder.write(path, text);
    }
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    folder.fine(&[&["init", "p", "--csv"], paths.as_slice()].concat());
    works(&folder);
    folder.read(&format!("p/specs/{source}.yml"))
}

fn works(folder: &Folder) {
    works_with_quiet(folder, &[]);
}

/// The same, where nothing is said but that some sources have had no row for long.
fn works_with_quiet(folder: &Folder, quiet: &[&str]) {
    folder.fine(&["-C", "p", "check"]);
    folder.fine(&["-C", "p", "test"]);
    let ran = folder.kpic(&["-C", "p", "run"]);
    let warned: Vec<&str> = ran
        .stderr
        .lines()
        .filter_map(|line| line.split_once("⚠ `")?.1.split_once("` has no rows after "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!((ran.code, warned.as_slice(), ran.stderr.is_empty()), (0, quiet, quiet.is_empty()), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with('K')).count(), quiet.len(), "{}", ran.stderr);
    let verified = folder.kpic(&["-C", "p", "verify", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&verified.stdout).unwrap();
    let codes: Vec<&str> = found.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!((verified.code, codes), (0, vec!["K0727"; quiet.len()]), "{found:#}");
}

fn holds(draft: &str, lines: &[&str]) {
    // Where comments stand is a matter of layout.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        assert!(words(draft).contains(&words(line)), "{line}\n\n{draft}");
    }
}

#[test]
fn how_values_are_written_is_drafted() {
    let german = "Rechnung;Tag;Betrag EUR;PLZ;Status\n17;05.01.2024;1.234,50;01067;offen\n18;31.01.2024;-7,5;80331;bezahlt\n\
                  19;01.02.2024;NA;04109;offen\n20;29.02.2024;12;10115;offen\n";
    let draft = drafted(&[("rechnungen.csv", german)], "rechnungen");
    holds(
        &draft,
        &[
            "    files:\n      paths: \"../rechnungen.csv\"\n      delimiter: \";\"\n      decimal: \",\"\n      thousands: \".\"\n      date: \"%d.%m.%Y\"\n      null: [\"\", \"NA\"] ",
            "      tag: { type: date, column: Tag }\n",
            "      betrag_eur: { type: decimal, column: Betrag EUR, unit: EUR }\n",
            "      plz: { type: text, column: PLZ }  # digits that start with zeros, as codes do\n",
        ],
    );
    let english = "id,day,amount,paid\n1,2024-01-05,900.00,yes\n2,2024-01-06,\"1,234.50\",no\n3,2024-01-07,100.00,yes\n";
    holds(
        &drafted(&[("a.csv", english)], "a"),
        &["      thousands: \",\"\n", "amount: { type: decimal, min: 0 }", "paid: boolean\n"],
    );
    let plain = "id,at,x,y\n1,2024-01-05T10:00:00Z,1,0.1\n2,2024-01-06T11:00:00Z,2,0.12345678901\n";
    holds(&drafted(&[("a.csv", plain)], "a"), &["    files: \"../a.csv\"\n", "at: instant\n", "x: integer\n", "y: number\n"]);
    let american = "id\tat\n1\t1/31/2024 2:05 PM\n2\t2/1/2024 12:00 AM\n";
    holds(&drafted(&[("a.txt.tsv", american)], "a"), &["      timestamp: \"%m/%d/%Y %I:%M %p\"\n", "      at: timestamp "]);
    let nameless = "1;31/12/2023;7,5\n2;01/01/2024;8,25\n";
    holds(
        &drafted(&[("a.csv", nameless)], "a"),
        &[
            "      header: false\n",
            "      date: \"%d/%m/%Y\"\n",
            "      column_2: { type: date, column: \"2\" }\n",
            "    key: column_1 ",
        ],
    );
    let json = "{\"id\":1,\"day\":\"31.01.2024\",\"amount\":1.5,\"tags\":[1]}\n{\"id\":2,\"day\":\"01.02.2024\",\"amount\":2,\"tags\":[]}\n";
    holds(
        &drafted(&[("a.jsonl", json)], "a"),
        &[
            "      date: \"%d.%m.%Y\"\n",
            "amount: { type: decimal, min: 0 }",
            "# left out, because formulas do not know their types: tags",
        ],
    );
}

#[test]
fn what_values_leave_open_is_said() {
    let days = "id,day,amount\n1,01/05/2024,10\n2,02/03/2024,30\n3,03/04/2024,40\n";
    holds(
        &drafted(&[("s.csv", days)], "s"),
        &["      date: \"%d/%m/%Y\"            # assumed: 01/05/2024 is 1 May 2024; `\"%m/%d/%Y\"` if it is 5 January 2024\n"],
    );
    // A later row decides.
    let decided = drafted(&[("s.csv", &format!("{days}4,03/31/2024,5\n"))], "s");
    holds(&decided, &["      date: \"%m/%d/%Y\"\n"]);
    let other = "id,day,due\n1,01/05/2024,31/05/2024\n2,02/03/2024,10/03/2024\n";
    holds(&drafted(&[("s.csv", other)], "s"), &["      date: \"%d/%m/%Y\"\n"]);
    let groups = "id,day,amount\n1,2024-01-05,\"1,234\"\n2,2024-01-06,\"2,500\"\n";
    holds(
        &drafted(&[("s.csv", groups)], "s"),
        &["      thousands: \",\"              # assumed: 1,234 is read as 1234; `decimal: \",\"` if it is a fraction\n"],
    );
    let points = "id,day,kg\n1,2024-01-05,1.234\n2,2024-01-06,2.500\n";
    holds(
        &drafted(&[("s.csv", points)], "s"),
        &["      # assumed: 1.234 is read as a fraction; `decimal: \",\"` and `thousands: \".\"` if it is 1234\n"],
    );
    let two = "id,day,due\n1,2024-01-05,31/05/2024\n2,2024-01-06,10.03.2024\n";
    holds(&drafted(&[("s.csv", two)], "s"), &["      day: date\n", "      due: text"]);
}

#[test]
fn what_somebody_answers_is_drafted() {
    let folder = Folder::new();
    folder.write("s.csv", "id,day,amount\n1,01/05/2024,\"1,234\"\n2,02/03/2024,\"2,500\"\n");
    let engine = DuckDb {
        program: crate::folder::duckdb(),
        folder: folder.path().to_path_buf(),
        database: None,
        reach: kpic::engine::Reach::default(),
    };
    let named = Named { stem: "s".to_owned(), path: "s.csv".to_owned(), named: "s.csv".to_owned() };
    let data = Data::Files(vec![Group { name: "s".to_owned(), files: vec![named], pattern: None }]);
    let drafted = |answers: [usize; 2]| {
        let over = draft::Asked::of(&engine, kpic::dialect::dialect(None));
        let mut found = draft::find(&over, &data).unwrap();
        let asked: Vec<Vec<String>> = found.0[0].doubts().iter().map(|doubt| doubt.answers.clone()).collect();
        for question in [["1 May 2024 (%d/%m/%Y)", "5 January 2024 (%m/%d/%Y)"], ["1234", "a fraction"]] {
            let all = |answers: &Vec<String>| answers.iter().zip(question).all(|(answer, said)| answer.contains(said));
            assert!(asked.iter().any(all), "{asked:?}");
        }
        for (at, question) in asked.iter().enumerate() {
            found.0[0].answer(at, answers[usize::from(!question[0].contains('%'))]);
        }
        let (tables, unreadable) = draft::look(&over, found).unwrap();
        assert_eq!(unreadable, []);
        let draft = draft::draft("p", tables, None, &over).unwrap();
        draft.files.into_iter().find(|file| file.path == "specs/s.yml").unwrap().text
    };
    let first = drafted([0, 0]);
    holds(&first, &["      date: \"%d/%m/%Y\"\n", "      thousands: \",\"\n", "amount: { type: integer"]);
    let second = drafted([1, 1]);
    holds(&second, &["      date: \"%m/%d/%Y\"\n", "      decimal: \",\"\n", "amount: { type: decimal"]);
    assert!(!first.contains("assumed") && !second.contains("assumed"), "{first}{second}");
}

#[test]
fn keys_of_one_column_or_several_are_drafted_and_what_is_nearly_one_is_said() {
    let mut orders = "order_id,ordered_on,status\n".to_owned();
    let mut lines = "order_id,line_no,sold_on,price\n".to_owned();
    for at in 0..60 {
        orders.push_str(&format!("{},2024-01-{:02},{}\n", at.min(56), 1 + at % 28, ["open", "paid", "it's back"][at % 3]));
        lines.push_str(&format!("{},{},2024-01-{:02},5\n", at / 3, at % 3, 1 + at % 28));
    }
    let draft = drafted(&[("sales.csv", &orders)], "sales");
    holds(
        &draft,
        &[
            "    # order_id would be the key, but 3 rows repeat one\n",
            "      status: { type: text, values: [\"it's back\", open, paid] }\n",
        ],
    );
    holds(&drafted(&[("order_lines.csv", &lines)], "order_lines"), &["    key: [order_id, line_no] "]);
}

/// Things that hold for a while, and such that do not although they have a beginning and an end.
const TIMES: &str = "
create table customers (customer_id integer, name varchar, parent_id integer);
insert into customers select range, 'n' || range, case when range % 5 = 0 then 1 end from range(1, 60);
create table subscriptions (subscription_id varchar, customer_id integer, started_at timestamp, ended_at timestamp, mrr decimal(10, 2));
insert into subscriptions select 's' || range, 1 + range % 50, timestamp '2024-01-03' + interval (range * 3) day,
  case when range % 3 = 0 then timestamp '2024-01-03' + interval (range * 3 + 40) day end, 10 from range(40);
create table jobs (person_id integer, team varchar, first_day date, last_day date);
insert into jobs values (1, 'a', '2024-01-01', '2024-03-31'), (1, 'b', '2024-04-01', null), (2, 'a', '2024-02-01', null);
create table prices (product_code varchar, valid_from date, valid_to date, price decimal(10, 2));
insert into prices values ('a', '2024-01-01', '2024-02-01', 5), ('a', '2024-02-01', null, 6), ('b', '2024-01-01', null, 1);
create table rides (ride_id integer, started_at timestamp, ended_at timestamp);
insert into rides select range, timestamp '2024-01-03' + interval (range * 3) hour, timestamp '2024-01-03' + interval (range * 180 + 20) minute
  from range(50);
create table balances (account_id integer, day date, balance double);
insert into balances select range % 10, date '2024-01-01' + (range // 10)::int, 5 from range(300);
create table daily_sales (shop_id integer, day date, revenue double);
insert into daily_sales select range % 10, date '2024-01-01' + (range // 10)::int, 5 from range(300);
create schema crm;
create table crm.leads (lead_id integer, created_on date);
insert into crm.leads values (1, '2024-01-05');
";

#[test]
fn what_holds_for_a_while_is_drafted_as_states() {
    let folder = Folder::new();
    folder.write("p/README.md", "Shop\n");
    folder.sql("p/shop.duckdb", TIMES);
    folder.fine(&["init", "p", "--database", "p/shop.duckdb"]);
    works_with_quiet(&folder, &["balances", "daily_sales", "rides"]);
    let of = |name: &str| folder.read(&format!("p/specs/{name}.yml"));
    holds(
        &of("subscriptions"),
        &[
            "    kind: states ",
            "    key: subscription_id ",
            "    valid: { from: started_at, to: ended_at }\n",
            "      customer: { column: customer_id, references: customers }\n",
            "    description: How many subscriptions are valid at the end of the period.\n",
            "    formula: sum(subscriptions.mrr)",
        ],
    );
    holds(&of("jobs"), &["    key: person_id ", "    valid: { from: first_day, to: { column: last_day, inclusive: true } }\n"]);
    // The price of February begins on the day on which that of January ends.
    holds(&of("prices"), &["    key: product_code ", "    valid: { from: valid_from, to: valid_to }\n"]);
    holds(&of("rides"), &["    kind: events ", "    time: started_at "]);
    holds(&of("balances"), &["    kind: states ", "    key: account_id ", "    snapshot: day ", "    every: day\n"]);
    holds(
        &of("daily_sales"),
        &["    kind: events ", "    key: [shop_id, day] ", "# each shop_id has a row on most days: if these are levels"],
    );
    holds(&of("customers"), &["      parent: { column: parent_id, references: customers }\n"]);
    // Ten accounts with 5 each, at the end of a month, and not on each of its days.
    let month = folder.fine(&[
        "-C",
        "p",
        "query",
        "balance_balance",
        "--grain",
        "month",
        "--from",
        "2024-01",
        "--to",
        "2024-01",
        "--format",
        "csv",
    ]);
    assert_eq!(month.lines().nth(1).unwrap(), "2024-01-01,50.0,true");
}

#[test]
fn schemas_and_tables_are_chosen_by_patterns() {
    let folder = Folder::new();
    folder.sql("shop.duckdb", TIMES);
    let specs = |folder: &Folder, at: &str| -> Vec<String> {
        let all = folder.files().into_iter().filter(|path| path.starts_with(&format!("{at}/specs/")) && !path.contains("/_"));
        all.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    folder.fine(&["init", "a", "--database", "shop.duckdb", "--schema", "crm"]);
    assert_eq!(specs(&folder, "a"), ["leads.yml"]);
    folder.fine(&["init", "b", "--database", "shop.duckdb", "--table", "*s*b*", "RIDES"]);
    assert_eq!(specs(&folder, "b"), ["rides.yml", "subscriptions.yml"]);
    let outcome = folder.kpic(&["init", "c", "--database", "shop.duckdb", "--table", "none*"]);
    assert_eq!(
        (outcome.code, outcome.stderr.contains("no table in the database matches: none*")),
        (2, true),
        "{}",
        outcome.stderr
    );
}

#[test]
fn files_of_many_months_are_one_source() {
    let months = [
        ("data/orders-2024-01.csv", "id,day,amount\n1,2024-01-05,1\n"),
        ("data/orders-2024-02.csv", "id,day,amount,note\n2,2024-02-05,2.5,x\n"),
        ("data/orders-2024-03.csv", "day,id,amount\n2024-03-05,3,4\n"),
    ];
    let draft = drafted(&months, "orders");
    holds(
        &draft,
        &["      paths: \"../data/orders-*.csv\"\n", "      by_name: true ", "      amount: { type: decimal, min: 0 }\n"],
    );
    // Only some of them, or such that are not alike.
    let some = [months[0], months[2], ("data/orders-2023.csv", "a,b,c\n1,2,2024-01-01\n")];
    let draft = drafted(&some, "orders_2024_01");
    holds(&draft, &["    files: \"../data/orders-2024-01.csv\"\n"]);
}

#[test]
fn a_source_is_added_to_a_project_that_is_there() {
    let folder = Folder::new();
    folder.write("p/orders.csv", "order_id,ordered_on,customer_id\n1,2024-01-05,1\n2,2024-02-06,2\n");
    folder.write("p/customers.csv", "customer_id,country\n1,DE\n2,AT\n");
    folder.fine(&["init", "p", "--csv", "p/customers.csv"]);
    folder.write("p/specs/_teams.yml", "teams: { growth: { title: Growth } }\n");
    folder.write("p/specs/customers.yml", &folder.read("p/specs/customers.yml").replace("owner: data", "owner: growth"));
    folder.write(
        "p/specs/orders.yml",
        "kpis:\n  orders: { description: d, formula: count(customers where country = 'DE' over all time), owner: growth }\n",
    );
    let before: Vec<(String, String)> = folder.files().into_iter().map(|path| (path.clone(), folder.read(&path))).collect();
    let printed = folder.fine(&["init", "p", "--csv", "p/orders.csv"]);
    assert!(printed.starts_with("added to project p\n"), "{printed}");
    let after: Vec<String> = folder.files();
    for (path, text) in &before {
        assert_eq!(folder.read(path), *text, "{path}");
    }
    let new: Vec<&String> = after.iter().filter(|path| !before.iter().any(|(known, _)| known == *path)).collect();
    // The name of a KPI is taken, and so is that of its file.
    assert_eq!(new, ["p/specs/orders_2.yml"]);
    holds(
        &folder.read("p/specs/orders_2.yml"),
        &[
            "  orders_2:\n",
            "    files: orders.csv\n",
            "      customer: { column: customer_id, references: customers }\n",
            "    owner: growth\n",
        ],
    );
    works_with_quiet(&folder, &["orders_2"]);
    let asked = "count(orders_2 where customer.country = 'DE')";
    let answer = folder.fine(&[
        "-C",
        "p",
        "query",
        asked,
        "--grain",
        "day",
        "--from",
        "2024-01-05",
        "--to",
        "2024-01-05",
        "--format",
        "csv",
    ]);
    assert!(answer.contains("2024-01-05,1"), "{answer}");
    for (arguments, said) in [
        (&["init", "p", "--csv", "p/orders.csv"][..], "orders.csv is already the source `orders_2`"),
        (&["init", "p", "--csv", "p/none.csv"], "there is no file"),
        (&["init", "p", "--table", "orders"], "the project does not name a database"),
        (&["init", "p", "--csv", "p/orders.csv", "--name", "q"], "the project already has a name"),
        (&["init", "p"], "add sources with `kpic init --csv FILE`"),
    ] {
        let outcome = folder.kpic(arguments);
        assert_eq!((outcome.code, outcome.stderr.contains(said)), (2, true), "{}", outcome.stderr);
    }
    assert_eq!(folder.files(), after);
}

#[test]
fn further_tables_of_the_database_are_added() {
    let folder = Folder::new();
    folder.write("p/README.md", "Shop\n");
    folder.sql("p/shop.duckdb", TIMES);
    folder.fine(&["init", "p", "--database", "p/shop.duckdb", "--table", "customers"]);
    folder.fine(&["init", "p", "--table", "*s"]);
    works_with_quiet(&folder, &["balances", "daily_sales", "rides"]);
    holds(&folder.read("p/specs/subscriptions.yml"), &["      customer: { column: customer_id, references: customers }\n"]);
    let outcome = folder.kpic(&["init", "p", "--table", "jobs"]);
    assert_eq!((outcome.code, outcome.stderr.contains("this data gives no source")), (3, true), "{}", outcome.stderr);
    folder.sql("other.duckdb", "create table a (id integer);");
    let outcome = folder.kpic(&["init", "p", "--database", "other.duckdb"]);
    assert_eq!((outcome.code, outcome.stderr.contains("a project has one database")), (2, true), "{}", outcome.stderr);
}
