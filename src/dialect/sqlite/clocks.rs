//! Clocks that are moved.

use crate::dialect::Shift;

/// A stored time that is moved. The fraction of a second stays as it is.
pub(super) fn shifted(stored: &str, shift: &Shift) -> String {
    match shift {
        Shift::None => stored.to_owned(),
        Shift::Seconds(by) => moved_by(stored, &format!("'{by:+} seconds'")),
        Shift::Cases(cases, otherwise) => {
            let whens: String =
                cases.iter().map(|(condition, by)| format!("\n  when {condition} then '{by:+} seconds'")).collect();
            moved_by(stored, &format!("case{whens}\n  else '{otherwise:+} seconds'\nend"))
        }
    }
}

fn moved_by(stored: &str, seconds: &str) -> String {
    format!("(datetime(substr({stored}, 1, 19), {seconds}) || substr({stored}, 20))")
}
