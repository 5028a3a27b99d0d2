//! From a folder to files, each a tree of YAML nodes with spans, built once.
//!
//! 1. [`find_root`] looks for the nearest `kpic.yml` upwards.
//! 2. [`project`] reads `kpic.yml`, then every spec file below the folder that it names.
//! 3. The templates of documents below `templates/` are read with them; [`templates`] finds them among the files.
//! 4. [`yaml::parse`] makes one [`Node`] of each file; [`scalar`] says which character of the file a character of a scalar is.
//!
//! It knows YAML and folders, and nothing of what a spec may say.

pub mod bounds;
pub mod json;
mod mistake;
pub mod scalar;
pub mod yaml;

pub use yaml::{Entry, Node, Scalar, Value};

use crate::diagnostic::{Finding, Findings, codes};
use crate::text::{FileId, Files, Span};
use bounds::Bounds;
use rayon::prelude::*;
use std::path::{Component, Path, PathBuf};

/// The name of the file at a project's root.
pub const PROJECT_FILE: &str = "kpic.yml";
/// The folder with a project's own templates.
pub const TEMPLATES: &str = "templates";
/// How the name of a template ends.
const TEMPLATE_ENDING: &str = ".j2";

/// A project's files as trees.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The texts.
    pub files: Files,
    /// The tree of `kpic.yml`, if it could be read.
    pub project: Option<Tree>,
    /// The trees of the spec files that could be read, in the order of their paths.
    pub specs: Vec<Tree>,
    /// Whether a spec file could not be read, so that names which nobody defines may be in it.
    pub incomplete: bool,
    /// Where files may be; nothing where all texts are in memory.
    pub bounds: Option<Bounds>,
    /// What went wrong.
    pub findings: Findings,
}

/// One file as a tree.
#[derive(Debug)]
pub struct Tree {
    /// The file.
    pub file: FileId,
    /// Its documents' root nodes; one in most files, none in an empty one.
    pub roots: Vec<Node>,
}

/// The nearest folder from `from` upwards that holds a `kpic.yml`.
pub fn find_root(from: &Path) -> Option<PathBuf> {
    // What stands above `a/../b` is not what stands above `a`.
    let goes_up = from.components().any(|part| part == std::path::Component::ParentDir);
    let full = if goes_up { from.canonicalize() } else { std::path::absolute(from) };
    let from = full.unwrap_or_else(|_| from.to_path_buf());
    from.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file()).map(Path::to_path_buf)
}

/// Reads the project whose `kpic.yml` is in `root`.
///
/// `specs_folder` gets the tree of `kpic.yml` and says in which folder the spec files are, relative to `root`. Nothing is read that is
/// neither below `root` nor below a folder of `opened`.
pub fn project(root: &Path, opened: &[PathBuf], specs_folder: impl Fn(&Tree) -> String) -> Loaded {
    let mut loaded = Loaded { bounds: Some(Bounds::of(root, opened)), ..Loaded::default() };
    let Some(text) = read(root, PROJECT_FILE, &mut loaded) else {
        loaded.incomplete = true;
        return loaded;
    };
    let file = loaded.files.add(PROJECT_FILE.to_owned(), text);
    let text = loaded.files.get(file).map(|file| file.text.as_str()).unwrap_or_default();
    let (tree, findings) = tree(file, text);
    loaded.findings.append(findings);
    let Some(tree) = tree else {
        loaded.incomplete = true;
        return loaded;
    };
    let folder = specs_folder(&tree);
    loaded.project = Some(tree);
    specs(root, &folder, &mut loaded);
    own_templates(root, &mut loaded);
    loaded
}

/// The tree of `kpic.yml` alone, if it can be read.
pub fn project_file(root: &Path, opened: &[PathBuf]) -> Option<Tree> {
    if Bounds::of(root, opened).outside(Path::new(PROJECT_FILE)).is_some() {
        return None;
    }
    let text = std::fs::read_to_string(root.join(PROJECT_FILE)).ok()?;
    let file = Files::default().add(PROJECT_FILE.to_owned(), String::new());
    tree(file, &text).0
}

/// The tree of a text that is in no file, if it can be read.
pub fn text_tree(text: &str) -> Option<Tree> {
    tree(FileId::FIRST, text).0
}

/// Trees of texts that are in memory: the first is `kpic.yml`, the others are spec files, each with its path.
pub fn texts(texts: Vec<(String, String)>) -> Loaded {
    let mut loaded = Loaded::default();
    for (at, (path, text)) in texts.into_iter().enumerate() {
        add_text(&mut loaded, path, text);
        if at == 0 {
            loaded.project = loaded.specs.pop();
        }
    }
    loaded
}

/// One file of a version that is in no folder: its path from the project's folder, and its text or why it has none.
pub type Version = (String, Result<String, String>);

/// Reads a project that is in no folder, as git keeps an earlier version. `read` gets the folder of the spec files and gives what is below
/// it and below [`TEMPLATES`]; what a folder would leave out is left out here too.
pub fn version(project: Version, specs_folder: impl Fn(&Tree) -> String, read: impl FnOnce(&str) -> Vec<Version>) -> Loaded {
    let mut loaded = Loaded::default();
    let add = |(path, text): Version, loaded: &mut Loaded| match text {
        Ok(text) => add_text(loaded, path, text),
        Err(why) => {
            loaded.findings.push(Finding::placeless(&codes::UNREADABLE_FILE, format!("{path} {why}")));
            loaded.incomplete = true;
        }
    };
    add(project, &mut loaded);
    loaded.project = loaded.specs.pop();
    let Some(tree) = &loaded.project else { return loaded };
    let folder = specs_folder(tree);
    let own = plain(Path::new(&folder));
    let is_hidden = |path: &Path| path.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    // What has no ending and no text stands for a folder whose files are elsewhere.
    let is_folder = |path: &Path, text: &Result<String, String>| text.is_err() && path.extension().is_none();
    let mut texts = read(&slashed(&own));
    texts.sort();
    for (path, text) in texts {
        let at = Path::new(&path);
        let below = at.strip_prefix(&own).unwrap_or(at);
        let is_template = at.parent() == Some(Path::new(TEMPLATES)) && path.ends_with(TEMPLATE_ENDING) && !is_hidden(at);
        let is_inside = own.as_os_str().is_empty() || at.starts_with(&own);
        if is_template {
            match text {
                Ok(text) => _ = loaded.files.add(path, text),
                Err(_) => loaded.incomplete = true,
            }
        } else if is_inside && (is_spec_file(at) || is_folder(at, &text)) && !is_hidden(below) && path != PROJECT_FILE {
            add((path, text), &mut loaded);
        }
    }
    loaded
}

/// Whether a version needs the text of a file at a path: of a spec or a template.
pub fn is_of_version(path: &str) -> bool {
    is_spec_file(Path::new(path)) || path.ends_with(TEMPLATE_ENDING)
}

/// Adds a spec file that is in memory.
fn add_text(loaded: &mut Loaded, path: String, text: String) {
    let file = loaded.files.add(path, text);
    let text = loaded.files.get(file).map(|file| file.text.as_str()).unwrap_or_default();
    let (tree, findings) = tree(file, text);
    loaded.findings.append(findings);
    match tree {
        Some(tree) => loaded.specs.push(tree),
        None => loaded.incomplete = true,
    }
}

/// Reads the spec files below `folder`.
fn specs(root: &Path, folder: &str, loaded: &mut Loaded) {
    let mut paths = Vec::new();
    let place = loaded.project.as_ref().map(|tree| specs_key(tree).unwrap_or(Span::start_of(tree.file)));
    if is_outside(Path::new(folder), place, loaded) {
        loaded.incomplete = true;
    } else if let Some(part) = loaded.bounds.as_ref().and_then(|bounds| bounds.hidden_part(Path::new(folder))) {
        let message =
            format!("the spec files cannot be in `{folder}`: `{part}` is where version control, CI or other tools keep files");
        let mut finding = Finding::placeless(&codes::OUTSIDE_PROJECT, message);
        finding.labels.extend(place.map(|span| crate::diagnostic::Label { span, text: String::new() }));
        finding.help(format!(
            "put them into a folder whose name does not start with a point, as in `specs: kpis` in {PROJECT_FILE}"
        ));
        loaded.findings.push(finding);
        loaded.incomplete = true;
    } else if root.join(folder).is_dir() {
        collect(root, Path::new(folder), &mut paths, loaded);
        if paths.is_empty() && !loaded.incomplete {
            without_specs(root, folder, loaded);
        }
    } else {
        let message = format!("there is no folder `{folder}` for the spec files");
        let mut finding = Finding::placeless(&codes::UNREADABLE_FILE, message);
        finding.labels.extend(place.map(|span| crate::diagnostic::Label { span, text: String::new() }));
        finding.help(match elsewhere(root) {
            Some(other) => format!(
                "there are YAML files in `{other}`; if these are the spec files, write `specs: {other}` in {PROJECT_FILE}"
            ),
            None => format!("create the folder, or name another one in {PROJECT_FILE}, as in `specs: kpis`"),
        });
        loaded.findings.push(finding);
        loaded.incomplete = true;
    }
    paths.sort();
    for path in paths {
        match read(root, &path, loaded) {
            Some(text) => {
                loaded.files.add(path, text);
            }
            None => loaded.incomplete = true,
        }
    }
    let first = usize::from(loaded.project.is_some());
    let files = &loaded.files;
    let mut texts: Vec<(FileId, &str)> = files.iter().skip(first).map(|(id, file)| (id, file.text.as_str())).collect();
    // The longest first, so that no thread is left with it in the end.
    texts.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
    let read = |(id, text): (FileId, &str)| (id, tree(id, text));
    let mut trees: Vec<(FileId, (Option<Tree>, Findings))> = texts.into_par_iter().with_max_len(1).map(read).collect();
    trees.sort_by_key(|(id, _)| *id);
    for (_, (tree, findings)) in trees {
        loaded.findings.append(findings);
        match tree {
            Some(tree) => loaded.specs.push(tree),
            None => loaded.incomplete = true,
        }
    }
}

/// The folder in which the spec files may be: one of the project's with YAML files, or the project's own.
fn elsewhere(root: &Path) -> Option<String> {
    let entries: Vec<_> = std::fs::read_dir(root).ok()?.flatten().filter(|entry| !is_hidden(entry)).collect();
    let named = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let holds_yaml = |entry: &&std::fs::DirEntry| {
        std::fs::read_dir(entry.path()).is_ok_and(|inside| inside.flatten().any(|inside| is_spec_file(&inside.path())))
    };
    let is_folder = |entry: &&std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let folder = entries.iter().filter(is_folder).filter(holds_yaml).map(named).min();
    let beside = entries.iter().any(|entry| is_spec_file(&entry.path()) && entry.file_name() != PROJECT_FILE);
    folder.or_else(|| beside.then(|| ".".to_owned()))
}

fn is_hidden(entry: &std::fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

/// Whether a file is a spec file by its name. Some systems write endings in capitals.
fn is_spec_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("yml") || ending.eq_ignore_ascii_case("yaml"))
}

/// Warns of a folder without spec files: nothing is defined then, and nothing can be wrong with it.
fn without_specs(root: &Path, folder: &str, loaded: &mut Loaded) {
    let files = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten().filter(|entry| !is_hidden(entry));
    let mut others: Vec<String> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).take(20).collect();
    others.sort();
    let place = loaded.project.as_ref().map(|tree| specs_key(tree).unwrap_or(Span::start_of(tree.file)));
    let mut finding = Finding::placeless(&codes::NO_SPEC_FILES, format!("there are no spec files in `{folder}`"));
    finding.labels.extend(place.map(|span| crate::diagnostic::Label { span, text: String::new() }));
    finding.help(match others.as_slice() {
        [] => "a spec file is any `*.yml` or `*.yaml` there; `kpic init` creates some".to_owned(),
        others => format!("a spec file ends in `.yml` or `.yaml`; there are: {}", others.join(", ")),
    });
    loaded.findings.push(finding);
}

/// Where `kpic.yml` names the folder of the spec files.
fn specs_key(tree: &Tree) -> Option<Span> {
    let Value::Map(entries) = &tree.roots.first()?.value else { return None };
    entries.iter().find(|entry| entry.key.value == "specs").map(|entry| entry.value.span)
}

/// Reads the project's own templates, which stand side by side in one folder.
fn own_templates(root: &Path, loaded: &mut Loaded) {
    // Most projects have none.
    let folder = Path::new(TEMPLATES);
    if !root.join(TEMPLATES).is_dir() || is_outside(folder, None, loaded) || is_hidden_place(folder, loaded) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(root.join(TEMPLATES)) else { return };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(TEMPLATE_ENDING) && !name.starts_with('.')).collect();
    names.sort();
    for name in names {
        let path = format!("{TEMPLATES}/{name}");
        if let Some(text) = read(root, &path, loaded) {
            loaded.files.add(path, text);
        }
    }
}

/// The project's own templates among its files, by their names.
pub fn templates(files: &Files) -> Vec<(&str, FileId)> {
    let named = files.iter().filter_map(|(id, file)| {
        let name = file.path.strip_prefix(TEMPLATES)?.strip_prefix('/')?;
        name.ends_with(TEMPLATE_ENDING).then_some((name, id))
    });
    named.collect()
}

/// The tree of one text, or what is wrong with it.
fn tree(file: FileId, text: &str) -> (Option<Tree>, Findings) {
    let mut findings = Findings::default();
    if text.starts_with('\u{feff}') {
        findings
            .report(
                &codes::BYTE_ORDER_MARK,
                Span::new(file, 0..'\u{feff}'.len_utf8()),
                "the file starts with an invisible byte-order mark",
            )
            .help("save it as UTF-8 without one: some tools read the mark as part of the first key");
    }
    yaml::bidi_characters(file, text, &mut findings);
    let roots = yaml::parse(file, text, &mut findings);
    (roots.map(|roots| Tree { file, roots }), findings)
}

/// Collects the paths of the spec files below `folder`, relative to `root` and with `/`. Hidden files and folders are left out.
fn collect(root: &Path, folder: &Path, paths: &mut Vec<String>, loaded: &mut Loaded) {
    let entries = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) => {
            unreadable(&slashed(folder), &error, loaded);
            loaded.incomplete = true;
            return;
        }
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let path = if folder == Path::new(".") { PathBuf::from(&name) } else { folder.join(&name) };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_spec = is_spec_file(&path);
        if hidden || (folder == Path::new(".") && name == PROJECT_FILE) {
            continue;
        }
        if is_folder {
            collect(root, &path, paths, loaded);
        } else if is_spec {
            paths.push(slashed(&path));
        }
    }
}

/// Whether a path leads to where version control, CI or other tools keep files; then that is a finding.
fn is_hidden_place(path: &Path, loaded: &mut Loaded) -> bool {
    let Some(part) = loaded.bounds.as_ref().and_then(|bounds| bounds.hidden_part(path)) else { return false };
    let message = format!("`{}` leads to `{part}`, where version control, CI or other tools keep files", path.display());
    let mut finding = Finding::placeless(&codes::OUTSIDE_PROJECT, message);
    finding.help("write a file of its own in the place of the link");
    loaded.findings.push(finding);
    true
}

/// The text of a file below `root`; a finding if it cannot be read.
fn read(root: &Path, path: &str, loaded: &mut Loaded) -> Option<String> {
    let full = root.join(path);
    let meta = std::fs::symlink_metadata(&full);
    let is_link = meta.as_ref().is_ok_and(std::fs::Metadata::is_symlink);
    if is_link && (is_outside(Path::new(path), None, loaded) || is_hidden_place(Path::new(path), loaded)) {
        return None;
    }
    // Pipes and devices have no end.
    let meta = if is_link { std::fs::metadata(&full) } else { meta };
    if meta.is_ok_and(|meta| !meta.is_file()) {
        let message = format!("{path} is not a regular file");
        loaded.findings.push(Finding::placeless(&codes::UNREADABLE_FILE, message));
        return None;
    }
    match std::fs::read(full) {
        Err(error) => {
            unreadable(path, &error, loaded);
            None
        }
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let byte = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count();
                let message = format!("{path} is not UTF-8 text: line {line} has a byte that is not");
                let mut finding = Finding::placeless(&codes::UNREADABLE_FILE, message);
                finding.help("save the file as UTF-8");
                loaded.findings.push(finding);
                None
            }
        },
    }
}

/// Reports a path that leads out of the project, whose text is not read.
fn is_outside(path: &Path, span: Option<Span>, loaded: &mut Loaded) -> bool {
    let real = loaded.bounds.as_ref().and_then(|bounds| bounds.outside(path));
    let Some(real) = real else { return false };
    loaded.findings.push(bounds::leads_out(path, &real, span));
    true
}

fn unreadable(path: &str, error: &std::io::Error, loaded: &mut Loaded) {
    let message = format!("{path} cannot be read: {error}");
    loaded.findings.push(Finding::placeless(&codes::UNREADABLE_FILE, message));
}

/// A path with `/`, as it is shown and sorted on every system.
/// A path without steps that lead nowhere: `.` and `specs/../specs`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
