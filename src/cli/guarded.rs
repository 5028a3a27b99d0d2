//! Figures with the checks of the data that they stand on, for the commands that show some.

use super::{FINDINGS, Stop, environment, out, progress, show_findings};
use crate::engine::Failure;
use crate::measure::guard::{Guarded, Guarding};
use crate::text::Files;
use clap::Args;

/// What commands that show figures take.
#[derive(Debug, Default, Args)]
pub(super) struct GuardArgs {
    /// Do not check the data that the figures read.
    #[arg(long)]
    no_guards: bool,
}

impl GuardArgs {
    fn guarding(&self) -> Guarding {
        if self.no_guards { Guarding::Off } else { Guarding::On }
    }
}

/// Does some work whose answer stands on data, and says on stderr what is to be said of that data.
pub(super) fn guarded<T>(
    args: &GuardArgs,
    files: &Files,
    doing: &str,
    work: impl FnOnce(Guarding) -> Result<Guarded<T>, Failure>,
) -> Result<T, Stop> {
    match progress::during(doing, || work(args.guarding())).map_err(|failure| environment(&failure))? {
        Guarded::Sound(answer, findings) => {
            show_findings(&findings, files);
            if args.no_guards {
                let note = "the data was not checked, because of `--no-guards`";
                out::error(&format!("{} {note}\n", out::styled(out::DIM, "note:")));
            }
            Ok(answer)
        }
        Guarded::Unfit(findings) => {
            show_findings(&findings, files);
            Err(Stop { code: FINDINGS })
        }
    }
}
