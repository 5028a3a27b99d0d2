//! Lines as text, with the comments of neighbouring lines below each other.

/// How much longer the longest line of a run may be than the shortest, for their comments to stand below each other.
const SPREAD: usize = 40;

/// A line before its comment has a place.
#[derive(Debug)]
pub(super) struct Line {
    /// How many blanks are in front.
    pub indent: usize,
    /// What it says.
    pub text: String,
    /// The comment behind it.
    pub comment: Option<String>,
}

impl Line {
    fn width(&self) -> usize {
        self.indent + self.text.chars().count()
    }
}

/// The text of all lines.
pub(super) fn join(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let count = run(rest);
        let (now, later) = rest.split_at(count);
        let width = now.iter().map(Line::width).max().unwrap_or(0);
        for line in now {
            if !line.text.is_empty() {
                out.extend(std::iter::repeat_n(' ', line.indent));
            }
            out.push_str(&line.text);
            if let Some(comment) = &line.comment {
                out.extend(std::iter::repeat_n(' ', width - line.width() + 2));
                out.push_str(comment);
            }
            out.push('\n');
        }
        rest = later;
    }
    out
}

/// How many of the first lines have comments that go below each other; 1 if the first has none. What belongs to a key is indented more than that.
fn run(lines: &[Line]) -> usize {
    let (mut least, mut most) = (usize::MAX, 0);
    let mut count = 0;
    let indent = lines.first().map_or(0, |line| line.indent);
    for line in lines.iter().take_while(|line| line.comment.is_some() && line.indent == indent) {
        least = least.min(line.width());
        most = most.max(line.width());
        if most - least > SPREAD {
            break;
        }
        count += 1;
    }
    count.max(1)
}
