//! A table of figures, each beside the limit that it has to keep.

/// Prints rows as they come, and counts those over their limits.
pub(crate) struct Table {
    over: usize,
}

/// How wide the first column is.
const FIRST: usize = 52;
/// How wide each other column is.
const OTHER: usize = 11;

impl Table {
    /// A table with these columns beside the first and the last, which say what was measured and what it may be at most.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let columns: String = columns.iter().map(|column| format!("{column:>OTHER$}")).collect();
        println!("{:<FIRST$}{columns}{:>OTHER$}", "", "at most");
        Self { over: 0 }
    }

    /// A row: its cells, the last of which is the `figure` that the limit is for. `show` writes a figure.
    pub(crate) fn row(
        &mut self,
        what: &str,
        cells: &[String],
        figure: f64,
        at_most: Option<f64>,
        show: impl Fn(f64) -> String,
    ) {
        let cells: String = cells.iter().chain([&show(figure)]).map(|cell| format!("{cell:>OTHER$}")).collect();
        let limit = at_most.map(&show).unwrap_or_default();
        let is_over = at_most.is_some_and(|limit| figure > limit);
        self.over += usize::from(is_over);
        println!("{}", format!("{what:<FIRST$}{cells}{limit:>OTHER$}{}", if is_over { "  over" } else { "" }).trim_end());
    }

    /// Says how many limits were not kept.
    pub(crate) fn end(self) {
        match self.over {
            0 => println!("all limits are kept"),
            1 => println!("1 limit is not kept"),
            over => println!("{over} limits are not kept"),
        }
    }
}

/// Seconds, as a figure of a table.
pub(crate) fn seconds(figure: f64) -> String {
    format!("{figure:.3} s")
}
