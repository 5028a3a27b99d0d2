//! `kpic explain`

use crate::cli::{FINE, Stop, out, usage};
use crate::diagnostic::{Code, Level, codes, suggest};
use clap::Args;

/// The arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic explain                    list all codes
  kpic explain unit-mismatch
  kpic explain K0301")]
pub(in crate::cli) struct ExplainArgs {
    /// The code or name of a finding [default: list all of them].
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(in crate::cli) fn run(args: &ExplainArgs) -> Result<u8, Stop> {
    let text = match &args.code {
        None => &list(),
        Some(text) => codes::named(text).map(|code| code.page).ok_or_else(|| unknown(text))?,
    };
    out::data(text);
    Ok(FINE)
}

fn unknown(text: &str) -> Stop {
    let names = codes::ALL.iter().flat_map(|code| [code.name, code.id]);
    let help = suggest::nearest(text, names).map(|name| format!("did you mean `{name}`?"));
    usage(&format!("there is no code `{text}`"), &help.unwrap_or_else(|| "`kpic explain` lists all codes".to_owned()))
}

/// A line for each code: what it is and how bad.
fn list() -> String {
    let width = codes::ALL.iter().map(|code| code.name.len()).max().unwrap_or_default();
    codes::ALL.iter().map(|code| format!("{} {:width$}  {:5}  {}\n", code.id, code.name, level(code), code.about)).collect()
}

fn level(code: &Code) -> &'static str {
    match code.level {
        Level::Error => "error",
        Level::Deny => "deny",
        Level::Warn => "warn",
        Level::Allow => "allow",
    }
}
