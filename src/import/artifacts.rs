//! What dbt leaves in its target folder, as far as metrics need it. Unknown fields are ignored; a metric that cannot be read is one that is
//! not carried, and not the end of the import.

use super::manifest::{Catalog, Manifest, Metadata};
use super::semantic::Semantic;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::fs;
use std::path::{Path, PathBuf};

/// The file with the metrics.
const SEMANTIC: &str = "semantic_manifest.json";
/// The file with models, tests and groups.
const MANIFEST: &str = "manifest.json";
/// The file with the types of columns, which `dbt docs generate` writes.
const CATALOG: &str = "catalog.json";
/// No file that is larger is read.
const LARGEST: u64 = 1 << 30;
/// The versions of `manifest.json` that are known.
const KNOWN: std::ops::RangeInclusive<u32> = 9..=12;

/// Why artifacts cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// The artifacts of a dbt project.
#[derive(Debug, Default)]
pub struct Artifacts {
    /// Its semantic models, metrics and saved queries.
    pub(super) semantic: Semantic,
    /// Its models, tests and groups.
    pub(super) manifest: Manifest,
    /// The types of columns, by the model's id; none without a catalog.
    pub(super) catalog: Option<Catalog>,
}

pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A part of an artifact: what it lacks or has as null is nothing, and what it has beside is ignored.
macro_rules! artifact {
    ($(#[$about:meta])* $name:ident { $($field:ident $(as $key:literal)?: $ty:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        #[allow(clippy::struct_field_names, reason = "dbt names them")]
        pub(in crate::import) struct $name {
            $(#[serde(deserialize_with = "or_default" $(, rename = $key)?)] pub(in crate::import) $field: $ty,)*
        }
    };
}
pub(super) use artifact;

/// Reads the artifacts in a folder, or in the folder `target` below it.
///
/// # Errors
/// Fails if they are not there, cannot be read, or have a version that is not known.
pub fn read(folder: &Path) -> Result<Artifacts, Unreadable> {
    let folder = [folder.to_path_buf(), folder.join("target")].into_iter().find(|place| place.join(SEMANTIC).exists());
    let Some(folder) = folder else {
        let message = format!("there is no {SEMANTIC}");
        let help = "run `dbt parse` in the dbt project, and name its folder `target`".to_owned();
        return Err(Unreadable { message, help });
    };
    let semantic = text(&folder.join(SEMANTIC))?;
    let manifest = text(&folder.join(MANIFEST))?;
    let catalog = folder.join(CATALOG);
    let catalog = if catalog.exists() { Some(text(&catalog)?) } else { None };
    of_texts(&semantic, &manifest, catalog.as_deref())
}

/// Reads artifacts whose texts are given.
///
/// # Errors
/// Fails if they cannot be read or have a version that is not known.
pub fn of_texts(semantic: &str, manifest: &str, catalog: Option<&str>) -> Result<Artifacts, Unreadable> {
    let semantic: Semantic = parsed(SEMANTIC, semantic)?;
    let manifest: Manifest = parsed(MANIFEST, manifest)?;
    let catalog: Option<Catalog> = catalog.map(|text| parsed(CATALOG, text)).transpose()?;
    let major = &semantic.project_configuration.dsi_package_version.major_version;
    if !major.is_empty() && major != "0" {
        return Err(future(SEMANTIC, &format!("version {}", crate::text::shown(major)), "the versions 0"));
    }
    versioned(MANIFEST, &manifest.metadata, &KNOWN)?;
    catalog.iter().try_for_each(|catalog| versioned(CATALOG, &catalog.metadata, &(1..=1)))?;
    Ok(Artifacts { semantic, manifest, catalog })
}

fn versioned(file: &str, metadata: &Metadata, known: &std::ops::RangeInclusive<u32>) -> Result<(), Unreadable> {
    let Some(address) = &metadata.dbt_schema_version else {
        let message = format!("{file} does not say which version it has");
        return Err(Unreadable { message, help: "run `dbt parse` again".to_owned() });
    };
    let number = address.rsplit('/').next().and_then(|last| last.strip_prefix('v')?.strip_suffix(".json")?.parse::<u32>().ok());
    let range = || {
        if known.start() == known.end() {
            format!("version {}", known.end())
        } else {
            format!("the versions {} to {}", known.start(), known.end())
        }
    };
    match number {
        Some(number) if known.contains(&number) => Ok(()),
        Some(number) => Err(future(file, &format!("version {number}"), &range())),
        None => Err(future(file, &format!("the version `{}`", crate::text::shown_on_a_line(address)), &range())),
    }
}

fn future(file: &str, has: &str, known: &str) -> Unreadable {
    let message = format!("{file} has {has}, and this kpic reads {known}");
    let help = "use a newer kpic, or write the artifacts with a version of dbt that writes one of these".to_owned();
    Unreadable { message, help }
}

fn text(path: &PathBuf) -> Result<String, Unreadable> {
    let refused = |why: String| Unreadable {
        message: format!("cannot read {}: {why}", path.display()),
        help: "run `dbt parse` in the dbt project, which writes it".to_owned(),
    };
    let about = fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    let size = about.len();
    if !about.is_file() {
        return Err(refused("it is no file".to_owned()));
    }
    if size > LARGEST {
        return Err(refused(format!("it has {} MiB, and kpic reads {} at most", size >> 20, LARGEST >> 20)));
    }
    fs::read_to_string(path).map_err(|error| refused(error.to_string()))
}

fn parsed<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Unreadable> {
    let unlike = |why: String| Unreadable {
        message: format!("cannot read {file}: {why}"),
        help: "it is not as dbt writes it; run `dbt parse` again".to_owned(),
    };
    // A list would be read as the values of fields.
    if !text.trim_start().starts_with('{') {
        return Err(unlike("it is not a JSON object".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| unlike(error.to_string()))
}
