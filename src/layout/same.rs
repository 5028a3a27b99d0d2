//! That two texts say the same: the same values, and the same comments, wherever keys of definitions stand.

use super::order::{is_formula, item_of, value_of};
use super::tree::Stream;
use super::{Why, tree};
use crate::diagnostic::Findings;
use crate::formula::layout;
use crate::load::yaml::{self, Entry, Node, Style, Value};
use crate::spec::shape::Shape;
use crate::text::Files;

/// Fails if two texts do not say the same.
pub(super) fn check(path: &str, before: &str, after: &str, shape: &Shape) -> Result<(), Why> {
    if before == after {
        return Ok(());
    }
    let (Some(old), Some(new)) = (roots(path, before), roots(path, after)) else {
        return Err(Why::Changed("it could not be read any more"));
    };
    let is_same = old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| same(old, new, shape));
    if !is_same {
        return Err(Why::Changed("a value would change"));
    }
    let (old, new) = (tree::read(path, before)?, tree::read(path, after)?);
    if comments(before, &old) != comments(after, &new) {
        return Err(Why::Changed("a comment would get lost"));
    }
    Ok(())
}

fn roots(path: &str, text: &str) -> Option<Vec<Node>> {
    let file = Files::default().add(path.to_owned(), String::new());
    yaml::parse(file, text, &mut Findings::default())
}

/// All words of comments, sorted.
fn comments<'a>(text: &'a str, stream: &Stream) -> Vec<&'a str> {
    let texts = stream.comments.iter().filter_map(|range| text.get(range.clone()));
    let mut found: Vec<&str> =
        texts.flat_map(|comment| comment.split('#')).map(str::trim).filter(|part| !part.is_empty()).collect();
    found.sort_unstable();
    found
}

fn same(old: &Node, new: &Node, shape: &Shape) -> bool {
    match (&old.value, &new.value) {
        (Value::Null, Value::Null) => (old.span.start < old.span.end) == (new.span.start < new.span.end),
        (Value::Scalar(one), Value::Scalar(other)) => {
            let are_plain = (one.style == Style::Plain) == (other.style == Style::Plain) || one.text.contains('\n');
            are_plain && (one.text == other.text || (is_formula(shape) && layout::are_same(&one.text, &other.text)))
        }
        (Value::List(one), Value::List(other)) => {
            let shape = item_of(shape);
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other, shape))
        }
        (Value::Map(one), Value::Map(other)) => {
            let (one, other) = (sorted(one), sorted(other));
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| {
                    one.key.value == other.key.value && same(&one.value, &other.value, value_of(shape, &one.key.value))
                })
        }
        _ => false,
    }
}

/// Entries by their keys; those of one key stay in their order.
fn sorted(entries: &[Entry]) -> Vec<&Entry> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|one, other| one.key.value.cmp(&other.key.value));
    sorted
}
