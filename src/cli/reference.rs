//! The reference of the command line as Markdown, made from what clap knows, so that it says what `--help` says.

use super::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory};

/// The whole page.
pub fn markdown() -> String {
    let mut kpic = Cli::command().disable_help_subcommand(true).term_width(100);
    kpic.build();
    let mut text = String::from(
        "# The command line\n\nGenerated from the program: `kpic COMMAND --help` says the same, and a test keeps this page \
         up to date.\n",
    );
    let (usage, about) = (usage(&kpic), about(&kpic));
    text.push_str(&format!("\n{about}\n\n```text\n{usage}\n```\n\n| command | what it does |\n|---|---|\n"));
    for command in kpic.get_subcommands() {
        let name = command.get_name();
        text.push_str(&format!("| [`kpic {name}`](#kpic-{name}) | {} |\n", cell(&self::about(command))));
    }
    text.push_str(&after_help(&kpic));
    let flags = kpic.get_arguments().filter(|argument| is_flag(argument));
    let common: Vec<&Arg> = kpic.get_opts().chain(flags).filter(|option| is_shown(option)).collect();
    text.push_str(&format!("\n## Common options\n\nEvery command takes them.\n\n{}", table("option", &common)));
    for command in kpic.get_subcommands() {
        text.push_str(&section(command, "##", command.get_name()));
        for inner in command.get_subcommands() {
            text.push_str(&section(inner, "###", &format!("{} {}", command.get_name(), inner.get_name())));
        }
    }
    text
}

fn section(command: &Command, mark: &str, name: &str) -> String {
    let mut text = format!("\n{mark} kpic {name}\n\n{}\n\n```text\n{}\n```\n", about(command), usage(command));
    let arguments: Vec<&Arg> = command.get_positionals().filter(|argument| is_shown(argument)).collect();
    if !arguments.is_empty() {
        text.push_str(&format!("\n{}", table("argument", &arguments)));
    }
    let own = |option: &&Arg| is_shown(option) && !option.is_global_set();
    let options: Vec<&Arg> =
        command.get_opts().chain(command.get_arguments().filter(|argument| is_flag(argument))).filter(own).collect();
    if !options.is_empty() {
        text.push_str(&format!("\n{}", table("option", &options)));
    }
    text.push_str(&after_help(command));
    text
}

/// Whether an argument is an option without a value.
fn is_flag(argument: &Arg) -> bool {
    !argument.is_positional() && !argument.get_action().takes_values()
}

fn is_shown(argument: &Arg) -> bool {
    let built_in =
        matches!(argument.get_action(), ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort | ArgAction::Version);
    !argument.is_hide_set() && !built_in
}

fn about(command: &Command) -> String {
    command.get_about().map(|about| format!("{about}.")).unwrap_or_default()
}

/// `kpic check [OPTIONS]`
fn usage(command: &Command) -> String {
    let text = command.clone().render_usage().to_string();
    text.trim_start_matches("Usage:").trim().to_owned()
}

fn table(what: &str, arguments: &[&Arg]) -> String {
    let mut text = format!("| {what} | meaning |\n|---|---|\n");
    for argument in arguments {
        text.push_str(&format!("| {} | {} |\n", written(argument), meaning(argument)));
    }
    text
}

/// How an argument is written: `-C`, `--directory DIR`.
fn written(argument: &Arg) -> String {
    let names: Vec<&str> = argument.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
    let value = names.join(" ");
    let value = if argument.get_action().takes_values() { value } else { String::new() };
    if argument.is_positional() {
        return format!("`{value}`");
    }
    let short = argument.get_short().map(|short| format!("`-{short}`"));
    let long = argument.get_long().map(|long| format!("`{}`", format!("--{long} {value}").trim()));
    short.into_iter().chain(long).collect::<Vec<_>>().join(", ")
}

/// What an argument means, with the values that it takes and what is taken if it is left out.
fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    if !text.is_empty() && !text.ends_with(['.', ']', '`']) {
        text.push('.');
    }
    if argument.get_action().takes_values() && !argument.is_hide_possible_values_set() {
        let values: Vec<String> =
            argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if !values.is_empty() {
            text.push_str(&format!(" One of {}.", values.join(", ")));
        }
    }
    let default: Vec<String> =
        argument.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if argument.get_action().takes_values() && !default.is_empty() {
        text.push_str(&format!(" Default: {}.", default.join(", ")));
    }
    cell(&text)
}

/// A text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Examples as a block of commands, what follows them as prose.
fn after_help(command: &Command) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    for part in help.split("\n\n") {
        match part.strip_prefix("Examples:\n") {
            Some(examples) => {
                let lines: Vec<&str> = examples.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
                text.push_str(&format!("\n```text\n{}\n```\n", lines.join("\n")));
            }
            None if part.trim().is_empty() => {}
            None => text.push_str(&format!("\n{}\n", prose(part))),
        }
    }
    text
}

/// A paragraph whose indented lines are shown as they are.
fn prose(part: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in part.lines() {
        match line.strip_prefix("  ") {
            Some(shown) => out.push(format!("\n```text\n{}\n```\n", shown.trim_end())),
            None => out.push(line.to_owned()),
        }
    }
    out.join("\n")
}
