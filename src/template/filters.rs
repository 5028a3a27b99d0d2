//! Filters of Jinja that make as much as a number says: a number that no page needs is a mistake. They would ask for all the memory at once, and
//! a program that does not get it ends.

use minijinja::value::{Kwargs, Rest, StringInput, Value};
use minijinja::{Environment, Error, ErrorKind, State, filters};

/// The largest number that they take.
const LARGEST: usize = 10_000;

/// Puts them in the place of Jinja's own.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("slice", |state: &State, value: Value, count: usize, fill: Option<Value>| {
        small("slice", count).and_then(|()| filters::slice(state, value, count, fill))
    });
    environment.add_filter("batch", |state: &State, value: Value, count: usize, fill: Option<Value>| {
        small("batch", count).and_then(|()| filters::batch(state, value, count, fill))
    });
    environment.add_filter("indent", indent);
    environment.add_filter("format", |state: &State, format: &Value, values: Rest<Value>| {
        let text = format.as_str().unwrap_or_default();
        text.split(|char: char| !char.is_ascii_digit())
            .filter(|digits| digits.len() > 4)
            .try_for_each(|_| too_large("format"))?;
        // `*` takes a width from the values.
        if text.contains('*') {
            values.iter().filter_map(Value::as_usize).try_for_each(|number| small("format", number))?;
        }
        filters::format(state, format, values)
    });
}

fn indent(
    value: StringInput<'_>,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    named: Kwargs,
) -> Result<Value, Error> {
    let asked = width.or(named.get::<Option<usize>>("width")?).unwrap_or_default();
    small("indent", asked)?;
    filters::indent(value, width, first, blank, named)
}

fn small(filter: &str, number: usize) -> Result<(), Error> {
    if number > LARGEST { too_large(filter) } else { Ok(()) }
}

fn too_large(filter: &str) -> Result<(), Error> {
    Err(Error::new(ErrorKind::InvalidOperation, format!("`{filter}` takes numbers up to {LARGEST}")))
}
