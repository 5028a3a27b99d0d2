//! What `init` cannot draft from, told before any engine is asked.

use super::{InitArgs, Stop, usage};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Tables of an engine that drafts are not made from, or an address of one.
pub(super) fn other_engine(args: &InitArgs, base: &Path, dialect: Option<&str>) -> Result<(), Stop> {
    let is_sqlite = |path: &Path| {
        let mut begin = [0; 15];
        File::open(base.join(path)).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && &begin == b"SQLite format 3"
    };
    let connection = args.connection.as_deref().unwrap_or_default();
    let file = args.database.as_deref().or_else(|| (!connection.is_empty()).then(|| Path::new(connection)));
    if dialect == Some("sqlite") || file.is_some_and(is_sqlite) {
        let help = "write the sources by hand, with `warehouse: { dialect: sqlite, database: FILE }` in kpic.yml; `kpic init --sample` \
                    shows what they look like";
        return Err(usage("`kpic init` cannot draft from SQLite yet", help));
    }
    let scheme = connection.split_once("://").map_or(connection, |(scheme, _)| scheme);
    let scheme = scheme.split_once(':').map_or(scheme, |(first, _)| first);
    let is_scheme = !scheme.is_empty()
        && scheme.len() < connection.len()
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || char == '+');
    if is_scheme && !matches!(scheme.to_ascii_lowercase().as_str(), "postgres" | "postgresql") {
        let message = format!("an address that begins with `{scheme}:` is not one of PostgreSQL");
        let help = "`kpic init` drafts from PostgreSQL, `--connection postgresql://user@host/database`, from DuckDB, `--database FILE`, and \
                    from files, `--csv FILE`";
        return Err(usage(&message, help));
    }
    Ok(())
}
