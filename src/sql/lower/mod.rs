//! What a dialect cannot do is written in other words before it becomes SQL: each pass takes one ability that a dialect may lack.
//! What no words say is refused before, see [`lacks`]. Before all of them, [`tables`] gives the tables of a plan that was made for another dialect the names that they have here.
//!
//! 1. [`nulls`]: a null in a union gets the type that the union has there, and one that is compared that of the other side.
//! 2. [`conditions`]: the greatest of conditions is whether any holds, the smallest whether all do.
//! 3. [`days`]: days whose bounds are columns are joined to what has these.
//! 4. [`lookups`]: what is looked up by a key of the row at hand is joined.
//! 5. [`joins`]: rows that are kept although they meet no other are joined by an equality too.
//! 6. [`hashes`]: rows that are joined by a text are joined by a number that is made of it too.
//! 7. [`frames`]: what is added up over so many days is joined to the last of them.
//! 8. [`sames`]: rows are joined where values are equal, or both null; or nulls stand as another value, beside whether they are null.
//! 9. [`counts`]: what is counted becomes an ordinary number.
//! 10. [`lists`]: a value is compared with each of a list that has other types, nulls, or what is no literal.
//! 11. [`scales`]: decimals that meet have as many digits after the point.
//! 12. [`choices`]: what is chosen from has one type.
//! 13. [`neighbours`]: a neighbour's value may be null.
//! 14. [`unions`]: the columns of a union have one type in all selects.
//! 15. [`results`]: what is shown has the type that the plan gives it.
//! 16. [`clocks`]: a stored wall clock, or an instant, is asked which zone its readings are in.
//! 17. [`averages`]: a mean of exact numbers is their sum over their count.
//! 18. [`decimals`]: a sum of decimals that are floating numbers is brought back to its digits.
//! 19. [`overflow`]: a whole number that is computed is asked whether it is one, and a sum of floating numbers whether it is not too large.
//! 20. [`ranks`]: medians, first values and the like are made of rows that know their place in an order.
//! 21. [`filters`]: an aggregate with a condition goes over values that are null where it does not hold.
//! 22. [`tuples`]: several values as one are texts.
//! 23. [`literals`]: a text or a null that stands alone gets a type.
//! 24. [`values`]: rows that are written out hold literals only.
//! 25. [`stored`]: what is stored is asked whether it is what it is declared as.
//! 26. [`aliases`]: no relation has the name of a column that is read beside it.
//! 27. [`shadows`]: no part has the name of a table, where tables have no schema.
//! 28. [`names`]: names of parts and columns that are too long become shorter.
//!
//! `DuckDB` lacks none of them, and its plans are not copied.

mod aliases;
mod averages;
mod choices;
mod clocks;
mod conditions;
mod counts;
mod days;
mod decimals;
mod filters;
mod frames;
mod hashes;
mod joins;
mod lacks;
mod lists;
mod literals;
mod lookups;
mod names;
mod neighbours;
mod nulls;
mod overflow;
mod ranks;
mod results;
mod sames;
mod scales;
mod shadows;
mod stored;
mod tables;
#[cfg(test)]
mod tests;
mod tuples;
mod unions;
mod values;
mod walk;

pub use lacks::lacked;
pub use tables::every_source;

use crate::dialect::Dialect;
use crate::model::Tables;
use crate::model::value::Type;
use crate::plan::relation::Query;
use std::borrow::Cow;

/// A plan as a dialect can say it.
pub(super) fn lowered<'q>(query: &'q Query, tables: Option<&Tables>, dialect: &dyn Dialect) -> Cow<'q, Query> {
    let able = dialect.abilities();
    let mut query = Cow::Borrowed(query);
    if let Some(tables) = tables {
        tables::renamed(query.to_mut(), tables);
    }
    if !able.untyped_nulls {
        nulls::typed(query.to_mut());
    }
    if !able.null_operands {
        nulls::compared(query.to_mut());
    }
    if !able.orders_conditions {
        conditions::any_or_all(query.to_mut());
    }
    if !able.days_of_rows {
        days::between_all_bounds(query.to_mut());
    }
    if !able.lookups {
        lookups::joined(query.to_mut());
    }
    if !able.unequal_joins {
        joins::by_equality(query.to_mut(), able.finds_constants);
    }
    if !able.text_joins {
        hashes::joined(query.to_mut());
    }
    if !able.range_frames {
        frames::joined(query.to_mut());
    }
    if !able.same_values {
        sames::by_stand_ins(query.to_mut());
    } else if !able.null_safe_joins {
        sames::compared(query.to_mut());
    }
    if !able.signed_counts {
        counts::signed(query.to_mut());
    }
    if !able.mixed_lists {
        lists::compared(query.to_mut());
    }
    if !able.wide_decimals {
        scales::kept(query.to_mut());
    }
    if !able.mixed_choices {
        choices::of_one_type(query.to_mut());
    }
    if !able.null_neighbours {
        neighbours::nullable(query.to_mut());
    }
    if !able.mixed_unions {
        unions::of_one_type(query.to_mut());
    }
    if !able.typed_results {
        results::typed(query.to_mut());
    }
    if !able.wall_clocks {
        clocks::in_utc(query.to_mut(), Type::Timestamp);
    }
    if !able.stored_instants {
        clocks::in_utc(query.to_mut(), Type::Instant);
    }
    if !able.exact_means || !able.decimal_means {
        averages::divided(query.to_mut(), able);
    }
    if !able.exact_decimals {
        decimals::settled(query.to_mut());
    }
    if !able.checked_numbers {
        overflow::refused(query.to_mut());
    }
    if !able.checked_sums {
        overflow::added_up(query.to_mut());
    }
    ranks::by_place(&mut query, &able);
    if !able.filters {
        filters::within(query.to_mut(), able.tuple_values);
    }
    if !able.mixed_tuples {
        tuples::of_texts(query.to_mut());
    }
    if !able.typed_literals {
        literals::typed(query.to_mut());
    }
    if !able.computed_values {
        values::literal(query.to_mut());
    }
    if !able.typed_columns {
        stored::checked(query.to_mut());
    }
    if !able.alike_names {
        aliases::apart(query.to_mut());
    }
    if !dialect.has_schemas() {
        shadows::avoided(query.to_mut(), dialect.name());
    }
    if names::are_too_long(&query, dialect.longest_name()) {
        names::shortened(query.to_mut(), dialect.longest_name());
    }
    query
}
