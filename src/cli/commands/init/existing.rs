//! The project that sources are added to.

use super::paths::{clean, from};
use crate::calendar::{AsOf, Calendar, Date};
use crate::cli::{Stop, usage};
use crate::dialect::{self, Client};
use crate::draft::{Known, Table, Target};
use crate::engine::types::Family;
use crate::load::bounds::Bounds;
use crate::model::facts::Type;
use crate::model::{Clock, Column, Model, Relation, Source, Storage, Warehouse};
use crate::pipeline::{self, Options};
use crate::plan::relation::RelationRef;
use crate::sql;
use std::path::{Path, PathBuf};

/// What there is already.
pub(super) struct Existing {
    /// The project's name.
    pub name: String,
    /// What a draft has to know of it.
    pub known: Known,
    calendar: Calendar,
    root: PathBuf,
    opened: Vec<PathBuf>,
    database: Option<PathBuf>,
    /// Where its data is.
    pub warehouse: Warehouse,
    /// The names of tables that are sources, in lower case.
    tables: Vec<Vec<String>>,
    /// The files that are sources, each with its source.
    files: Vec<(PathBuf, String)>,
}

impl Existing {
    /// The project in a folder.
    pub(super) fn of(root: &Path, options: &Options) -> Self {
        let checked = pipeline::check(root, options);
        let model = &checked.model;
        let sources = || model.sources.rows().iter();
        let names = sources().map(|source| source.name.value.clone()).chain(model.kpi_names.keys().cloned());
        let team = model.teams.rows().iter().map(|team| team.name.value.clone());
        let paths = checked.files.iter().map(|(_, file)| file.path.clone());
        let known = Known {
            names: names.collect(),
            targets: sources().filter_map(|source| target(model, source)).collect(),
            team: team.clone().find(|name| name == "data").or_else(|| team.clone().next()),
            specs: pipeline::specs_folder(root, options).to_string_lossy().trim_end_matches('/').to_owned(),
            paths: paths.collect(),
        };
        let lower = |parts: &[String]| parts.iter().map(|part| part.to_lowercase()).collect();
        let tables = sources().filter_map(|source| match &source.relation {
            Some(Relation::Table(parts)) => Some(lower(parts)),
            Some(Relation::Files(_) | Relation::Query(_)) | None => None,
        });
        let files = sources().flat_map(|source| match &source.relation {
            Some(Relation::Files(files)) => {
                files.paths.iter().map(|path| (clean(&root.join(path)), source.name.value.clone())).collect()
            }
            Some(Relation::Table(_) | Relation::Query(_)) | None => Vec::new(),
        });
        let title = if model.name.is_empty() { "here".to_owned() } else { model.name.clone() };
        Self {
            name: title,
            known,
            calendar: model.calendar.clone(),
            root: root.to_path_buf(),
            opened: options.opened.clone(),
            database: model.warehouse.database.as_ref().map(|path| clean(&root.join(path))),
            warehouse: model.warehouse.clone(),
            tables: tables.collect(),
            files: files.collect(),
        }
    }

    /// What to say of a new source with rows that the project's calendar hides.
    pub(super) fn hidden(&self, source: &str, (first, last): (Date, Date)) -> Option<String> {
        let start = self.calendar.start;
        match self.calendar.as_of {
            AsOf::Day(day) if first > day => {
                Some(format!("all rows of `{source}` are after `as_of` ({day}) and hidden; set a later `as_of` in kpic.yml"))
            }
            AsOf::Day(day) if last > day => Some(format!(
                "`{source}` has rows up to {last}; those after `as_of` ({day}) are hidden; set a later `as_of` in kpic.yml"
            )),
            AsOf::Day(_) | AsOf::Today if last < start => Some(format!(
                "all rows of `{source}` are before the calendar's `start` ({start}); set an earlier `start` in kpic.yml to show them"
            )),
            AsOf::Day(_) | AsOf::Today => None,
        }
    }

    fn dialect(&self) -> Option<&str> {
        self.warehouse.dialect.as_ref().map(|name| name.value.as_str())
    }

    /// The dialect of the server that the project's tables are on, if they are on one.
    pub(super) fn server(&self) -> Option<String> {
        self.dialect().filter(|name| dialect::dialect(Some(name)).client() == Client::Psql).map(str::to_owned)
    }

    /// The database that tables are looked for in.
    pub(super) fn database(&self, named: Option<PathBuf>) -> Result<PathBuf, Stop> {
        match (named, &self.database) {
            (None, Some(own)) if Bounds::of(&self.root, &self.opened).outside(own).is_some() => {
                let message = format!("the database {} in kpic.yml is outside the project", from(&self.root, own));
                Err(usage(
                    &message,
                    "specs can only name files inside the project's folder; allow another one with `--allow-path DIR`",
                ))
            }
            (None, Some(own)) => Ok(own.clone()),
            (Some(named), Some(own)) if named == *own => Ok(named),
            (Some(_), Some(own)) => {
                let message = format!("the project already uses the database {}", from(&self.root, own));
                Err(usage(&message, "a project has one database; make a second project for tables in another one"))
            }
            (Some(named), None) => {
                let line = format!("database: {}", from(&self.root, &named));
                let help = format!("first write `{line}` under `warehouse:` in kpic.yml");
                Err(usage("the project does not name a database", &help))
            }
            (None, None) => Err(usage(
                "the project does not name a database",
                "first write `database: FILE` under `warehouse:` in kpic.yml",
            )),
        }
    }

    /// The files of which none is a source already.
    pub(super) fn new_files(&self, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, Stop> {
        let known = files.iter().find_map(|file| self.files.iter().find(|(path, _)| path == file));
        match known {
            Some((path, source)) => {
                let message = format!("{} is already the source `{source}`", from(&self.root, path));
                Err(usage(&message, "name files that are not sources yet"))
            }
            None => Ok(files),
        }
    }

    /// Whether a table is a source already.
    pub(super) fn has_table(&self, table: &Table) -> bool {
        let Some((schema, name)) = table.in_database() else { return false };
        let (schema, name) = (schema.to_lowercase(), name.to_lowercase());
        self.tables.iter().any(|parts| match parts.as_slice() {
            [only] => *only == name && Some(schema.as_str()) == dialect::dialect(self.dialect()).source_schema(),
            [.., own, last] => *last == name && *own == schema,
            [] => false,
        })
    }
}

/// What rows may refer to, if a source has a key of one stored column.
fn target(model: &Model, source: &Source) -> Option<Target> {
    let [key] = source.key.as_slice() else { return None };
    let (key, relation) = (source.columns.get(*key), source.relation.as_ref()?);
    let Storage::Stored(stored) = &key.storage else { return None };
    if source.holds.is_some() {
        return None;
    }
    let dialect = dialect::dialect(model.warehouse.dialect.as_ref().map(|name| name.value.as_str()));
    Some(Target {
        name: source.name.value.clone(),
        row: source.row.replace(' ', "_"),
        relation: sql::relation(&RelationRef::of(relation), dialect),
        key: stored.clone(),
        key_name: key.name.value.clone(),
        family: family(key),
        place: None,
    })
}

fn family(column: &Column) -> Family {
    match (column.ty, &column.clock) {
        (Type::Boolean, _) => Family::Boolean,
        (Type::Integer, _) => Family::Integer,
        (Type::Decimal, _) => Family::Decimal,
        (Type::Number, _) => Family::Floating,
        (Type::Text, _) => Family::Text,
        (Type::Date, _) => Family::Date,
        (Type::Timestamp, Clock::Instant) => Family::Instant,
        (Type::Timestamp, _) => Family::Timestamp,
        (Type::Key | Type::Null | Type::Error, _) => Family::Other,
    }
}
