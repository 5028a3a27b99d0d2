//! Arguments in, exit code out.
fn main() {
    let root = std::env::args().nth(1).unwrap_or_default();
    let checked = kpic::pipeline::check(std::path::Path::new(&root), &Default::default());
    let look = kpic::diagnostic::render::Look { color: false, width: 120 };
    eprint!("{}", kpic::diagnostic::render::human(&checked.findings, &checked.files, look));
}
