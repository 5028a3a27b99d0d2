//! The table of lints.

mod constant_condition;
mod contradiction;
mod crowded_objective;
mod crowded_scorecard;
mod deprecated_use;
mod empty_objective;
mod missing_baseline;
mod missing_better;
mod missing_description;
mod missing_evidence;
mod missing_owner;
mod missing_result_owner;
mod missing_target;
mod missing_unit;
mod null_left_out;
mod number_in_objective;
mod only_lagging;
mod output_not_outcome;
mod percent_scale;
mod same_calculation;
mod same_weights;
mod share_above_one;
mod stale_check_in;
mod target_against_better;
mod target_out_of_range;
mod time_unit_left;
mod times_hundred;
mod too_many_objectives;
mod uncovered_value;
mod undeclared_grain;
mod unused_column;
mod unused_kpi;
mod unused_source;
mod value_not_listed;
mod walk;
mod within_exceeds_data;

use super::Rule;

/// All lints.
pub static RULES: &[Rule] = &[
    constant_condition::RULE,
    contradiction::RULE,
    crowded_objective::RULE,
    crowded_scorecard::RULE,
    deprecated_use::RULE,
    empty_objective::RULE,
    missing_baseline::RULE,
    missing_better::RULE,
    missing_description::RULE,
    missing_evidence::RULE,
    missing_owner::RULE,
    missing_result_owner::RULE,
    missing_target::RULE,
    missing_unit::RULE,
    null_left_out::RULE,
    number_in_objective::RULE,
    only_lagging::RULE,
    output_not_outcome::RULE,
    percent_scale::RULE,
    same_calculation::RULE,
    same_weights::RULE,
    share_above_one::RULE,
    stale_check_in::RULE,
    target_against_better::RULE,
    target_out_of_range::RULE,
    time_unit_left::RULE,
    times_hundred::RULE,
    too_many_objectives::RULE,
    uncovered_value::RULE,
    undeclared_grain::RULE,
    unused_column::RULE,
    unused_kpi::RULE,
    unused_source::RULE,
    value_not_listed::RULE,
    within_exceeds_data::RULE,
];
