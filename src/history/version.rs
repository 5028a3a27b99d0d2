//! A project as it was at a commit.

use crate::git::{Commit, Problem, Repository};
use crate::load::{self, PROJECT_FILE, TEMPLATES};
use crate::pipeline::{self, Checked, Options};

/// The project as it was at a commit; nothing where its folder held none.
///
/// # Errors
/// Says why git cannot be asked.
pub fn at(repository: &Repository, commit: &Commit, options: &Options) -> Result<Option<Checked>, Problem> {
    let mut objects = repository.objects(commit)?;
    let Some(project) = objects.file(PROJECT_FILE)? else { return Ok(None) };
    let mut failed = None;
    let read = |folder: &str| {
        let found = objects.below(&[folder, TEMPLATES], load::is_of_version);
        let entries = found.unwrap_or_else(|problem| {
            failed = Some(problem);
            Vec::new()
        });
        entries.into_iter().map(|entry| (entry.path, entry.text)).collect()
    };
    let checked = pipeline::check_version((project.path, project.text), read, options);
    failed.map_or(Ok(Some(checked)), Err)
}

/// The folders that a project reads beside its `kpic.yml`, from its own folder; nothing where they are not plain folders below it.
pub fn folders(text: &str) -> Option<Vec<String>> {
    let folder = load::text_tree(text).map(|tree| crate::spec::specs_folder(&tree))?;
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    folder.split('/').all(is_plain).then(|| vec![folder, TEMPLATES.to_owned()])
}
