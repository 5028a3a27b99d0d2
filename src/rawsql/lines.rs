//! Lines that the program `sqlite3` takes for the end of a statement, as if they were a semicolon.

/// Whether a line ends a statement: it holds nothing but `/` or `go`, in any case.
pub fn ends_statement(line: &str) -> bool {
    let line = line.trim();
    line == "/" || line.eq_ignore_ascii_case("go")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_or_go_ends_a_statement() {
        for line in ["/", "  / ", "go", "\tGO\r", "Go"] {
            assert!(ends_statement(line), "{line:?}");
        }
        for line in ["", "//", "/ 2", "going", "x / 2"] {
            assert!(!ends_statement(line), "{line:?}");
        }
    }
}
