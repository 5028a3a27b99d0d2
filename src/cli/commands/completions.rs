//! `kpic completions`

use crate::cli::{ENVIRONMENT, FINE, Stop, complete, out};
use clap::{Args, ValueEnum};

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic completions bash > ~/.local/share/bash-completion/completions/kpic
  kpic completions zsh > ~/.zfunc/_kpic          with `fpath+=~/.zfunc` in .zshrc
  kpic completions fish > ~/.config/fish/completions/kpic.fish

Completions come from the kpic on PATH, as do the names of KPIs and tests of the project in the current folder.")]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

pub(in crate::cli) fn run(args: &CompletionsArgs) -> Result<u8, Stop> {
    let name = match args.shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let script = complete::script(name).ok_or(Stop { code: ENVIRONMENT })?;
    out::data(&script);
    Ok(FINE)
}
