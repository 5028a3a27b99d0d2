//! The table of lints.

mod constant_condition;
mod contradiction;
mod contradictory_influence;
mod crowded_objective;
mod crowded_scorecard;
mod deprecated_use;
mod disagreeing_paths;
mod empty_objective;
mod fan_out;
mod grain_misses_cadence;
mod guardrail_without_action;
mod guardrail_without_owner;
mod imply;
mod influence_against_good;
mod influence_without_reason;
mod missing_baseline;
mod missing_better;
mod missing_counter_metric;
mod missing_description;
mod missing_evidence;
mod missing_in_weighted_mean;
mod missing_owner;
mod missing_result_owner;
mod missing_target;
mod missing_unit;
mod no_north_star;
mod north_star_without_direction;
mod null_left_out;
mod number_in_objective;
mod only_lagging;
mod only_nulls;
mod orphan_kpi;
mod orphan_team;
mod output_not_outcome;
mod percent_scale;
mod plain_revenue_north_star;
mod related_beside_state;
mod same_calculation;
mod same_guardrail;
mod same_weights;
mod share_above_one;
mod share_of_all;
mod stale_check_in;
mod target_against_better;
mod target_out_of_range;
mod time_unit_left;
mod times_hundred;
mod too_many_objectives;
mod unaligned_key_result;
mod uncovered_value;
mod undeclared_grain;
mod unguarded_counter_metric;
mod unpaired_north_star;
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
    contradictory_influence::RULE,
    crowded_objective::RULE,
    crowded_scorecard::RULE,
    deprecated_use::RULE,
    disagreeing_paths::RULE,
    empty_objective::RULE,
    fan_out::RULE,
    grain_misses_cadence::RULE,
    guardrail_without_action::RULE,
    guardrail_without_owner::RULE,
    influence_against_good::RULE,
    influence_without_reason::RULE,
    missing_baseline::RULE,
    missing_better::RULE,
    missing_counter_metric::RULE,
    missing_description::RULE,
    missing_evidence::RULE,
    missing_in_weighted_mean::RULE,
    missing_owner::RULE,
    missing_result_owner::RULE,
    missing_target::RULE,
    missing_unit::RULE,
    no_north_star::RULE,
    north_star_without_direction::RULE,
    null_left_out::RULE,
    number_in_objective::RULE,
    only_lagging::RULE,
    only_nulls::RULE,
    orphan_kpi::RULE,
    orphan_team::RULE,
    output_not_outcome::RULE,
    percent_scale::RULE,
    plain_revenue_north_star::RULE,
    related_beside_state::RULE,
    same_calculation::RULE,
    same_guardrail::RULE,
    same_weights::RULE,
    share_above_one::RULE,
    share_of_all::RULE,
    stale_check_in::RULE,
    target_against_better::RULE,
    target_out_of_range::RULE,
    time_unit_left::RULE,
    times_hundred::RULE,
    too_many_objectives::RULE,
    unaligned_key_result::RULE,
    uncovered_value::RULE,
    undeclared_grain::RULE,
    unguarded_counter_metric::RULE,
    unpaired_north_star::RULE,
    unused_column::RULE,
    unused_kpi::RULE,
    unused_source::RULE,
    value_not_listed::RULE,
    within_exceeds_data::RULE,
];
