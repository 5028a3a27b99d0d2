//! Arguments in, exit code out.
fn main() {
    let root = std::env::args().nth(1).unwrap_or_default();
    let checked = kpic::pipeline::check(std::path::Path::new(&root), &Default::default());
    let look = kpic::diagnostic::render::Look { color: false, width: 120 };
    eprint!("{}", kpic::diagnostic::render::human(&checked.findings, &checked.files, look));
    let valid = checked.valid().unwrap();
    let d = kpic::sql::dialect::dialect(None);
    for v in kpic::plan::views::views(&valid) {
        if std::env::args().len() > 2 && !std::env::args().skip(2).any(|a| a == v.name) { continue }
        println!("-- {}", v.name);
        if let Some(q) = kpic::plan::views::query(&valid, &v.shows) { println!("create or replace view {} as\n{};", v.name, kpic::sql::query(&q, d)); }
        println!("select '{}' as view; select * from {} order by all limit 20;", v.name, v.name);
    }
}
