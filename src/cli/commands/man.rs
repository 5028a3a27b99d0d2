//! `kpic man`

use crate::cli::{Cli, FINE, Stop, files, out, usage};
use crate::diagnostic::suggest;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use std::path::PathBuf;

/// The arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic man | man -l -
  kpic man check | man -l -
  kpic man --output ~/.local/share/man/man1")]
pub(in crate::cli) struct ManArgs {
    /// The command; kpic itself if none is named.
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    command: Option<String>,
    /// Write all pages into this folder.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &ManArgs) -> Result<u8, Stop> {
    let pages = pages();
    if let Some(folder) = &args.output {
        let files: Vec<_> = pages.into_iter().map(|(name, page)| (format!("{name}.1"), page)).collect();
        files::write(folder, &files)?;
        out::print(&format!("wrote {} pages to {}\n", files.len(), folder.display()));
        return Ok(FINE);
    }
    let wanted = args.command.as_ref().map_or_else(|| "kpic".to_owned(), |name| format!("kpic-{name}"));
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let typed = args.command.as_deref().unwrap_or_default();
        let commands = pages.iter().filter_map(|(name, _)| name.strip_prefix("kpic-"));
        let help = suggest::did_you_mean(typed, "the commands are", commands).unwrap_or_default();
        return Err(usage(&format!("there is no command `{typed}`"), &help));
    };
    out::data(&String::from_utf8_lossy(page));
    Ok(FINE)
}

/// The page of kpic and one for each command, by their names.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut kpic = Cli::command().disable_help_subcommand(true);
    kpic.build();
    let mut pages = vec![("kpic".to_owned(), page(kpic.clone()))];
    for command in kpic.get_subcommands() {
        let name = format!("kpic-{}", command.get_name());
        for inner in command.get_subcommands() {
            let name = format!("{name}-{}", inner.get_name());
            pages.push((name.clone(), page(inner.clone().display_name(name))));
        }
        pages.push((name.clone(), page(command.clone().display_name(name))));
    }
    pages
}

fn page(command: Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(command).source(concat!("kpic ", env!("CARGO_PKG_VERSION"))).render(&mut bytes);
    bytes
}
