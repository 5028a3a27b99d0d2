//! What the rows of a SELECT are grouped by: one period, and the slices.

use super::super::short;
use super::Fault;
use super::figure;
use super::period::{self, Column};
use super::statement::{Group, Item, Statement};
use crate::calendar::Grain;
use crate::rawsql::{Kind, Token};

/// What rows are grouped by.
pub(super) struct Groups<'s, 't> {
    pub(super) grain: Grain,
    pub(super) time: Column,
    /// All others.
    pub(super) slices: Vec<&'s [Token<'t>]>,
    /// The tokens of all of them, as they are compared.
    pub(super) all: Vec<String>,
}

/// What rows are grouped by: one period, and whatever else there is.
pub(super) fn groups<'s, 't>(
    statement: &'s Statement<'t>,
    dialect: &dyn crate::dialect::Dialect,
    is_column: &dyn Fn(&str) -> bool,
) -> Result<Groups<'s, 't>, Fault> {
    let all: Vec<&[Token<'t>]> = match &statement.group {
        Group::None => Vec::new(),
        Group::All => {
            let aggregates = |item: &&Item<'t>| {
                let mut pairs = item.tokens.iter().zip(item.tokens.iter().skip(1));
                pairs.any(|(name, open)| open.is_mark("(") && figure::aggregates(&name.text.to_lowercase()))
            };
            statement.items.iter().filter(|item| !aggregates(item)).map(|item| item.tokens.as_slice()).collect()
        }
        Group::By(all) => all.iter().map(|tokens| meant(statement, tokens, is_column)).collect::<Result<_, _>>()?,
    };
    let mut found = None;
    let mut slices = Vec::new();
    for tokens in &all {
        let at = tokens.first().map_or(statement.start, |token| token.start);
        match period::read(tokens, dialect) {
            Some(Ok(period)) if found.is_none() => found = Some(period),
            Some(Ok(_)) => return Err(Fault::at(at, "it groups by two periods, and a KPI has one")),
            Some(Err(why)) => return Err(Fault::at(at, why)),
            None => slices.push(*tokens),
        }
    }
    let at = statement.start;
    let (grain, time) = found.ok_or_else(|| {
        Fault::at(at, "it groups by no period that kpic reads: group by `date_trunc('month', ...)` of a column, since a KPI has a figure for each period")
    })?;
    Ok(Groups { grain, time, slices, all: all.iter().map(|tokens| figure::normal(tokens)).collect() })
}

/// What a place or a name in `group by` means.
fn meant<'s, 't>(
    statement: &'s Statement<'t>,
    tokens: &'s [Token<'t>],
    is_column: &dyn Fn(&str) -> bool,
) -> Result<&'s [Token<'t>], Fault> {
    let [only] = tokens else { return Ok(tokens) };
    if only.kind == Kind::Number {
        let place = only.text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let item = place.and_then(|place| statement.items.get(place));
        return item.map(|item| item.tokens.as_slice()).ok_or_else(|| Fault::of(only, "there is no column at that place"));
    }
    let Some(name) = only.name() else { return Ok(tokens) };
    let named = |item: &&Item<'t>| item.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(&name));
    match statement.items.iter().find(named) {
        // An alias and a column of one name: some engines take the one, and some the other.
        Some(item)
            if period::column(&item.tokens).is_none_or(|column| !column.name.eq_ignore_ascii_case(&name))
                && (is_column(&name)
                    || item.tokens.iter().any(|token| token.name().is_some_and(|own| own.eq_ignore_ascii_case(&name)))) =>
        {
            let why = format!(
                "`{}` is a column and a name in the SELECT: group by the place of the column, as in `group by 1`",
                short(&name)
            );
            Err(Fault::of(only, &why))
        }
        Some(item) => Ok(item.tokens.as_slice()),
        None => Ok(tokens),
    }
}
