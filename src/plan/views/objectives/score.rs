//! Progress, score, what is expected, and the status of readings.
//!
//! Comparisons are made with 9 digits after the point: 10 % on 100 is 110, whatever binary arithmetic makes of it.

use super::readings::{joined, paces};
use super::{ObjectivesPlanner, all, number, same_result, text, truth};
use crate::calendar::Grain;
use crate::functions::{case, coalesce, conversions, operators, round};
use crate::model::expr::Expr;
use crate::model::objective::Goal;
use crate::plan::algebra::relation::{Atom, Body, JoinKind, Ranking, Scalar, Select, column, moved};

/// Columns of goals that readings carry on.
const CARRIED: [&str; 9] = ["owner", "kpi", "slice", "baseline", "target", "bound", "upper", "is_committed", "is_dropped"];

fn apply(function: &'static crate::functions::Function, operands: Vec<Scalar>) -> Scalar {
    Expr::apply(function, operands)
}

/// A number as comparisons look at it.
pub(super) fn rounded(of: Scalar) -> Scalar {
    apply(&round::ROUND, vec![of, Expr::number(9)])
}

pub(super) fn at_least(one: Scalar, two: Scalar) -> Scalar {
    apply(&operators::GREATER_OR_EQUAL, vec![one, two])
}

/// `case when ... then ... else ... end`
pub(super) fn choose(cases: Vec<(Scalar, Scalar)>, otherwise: Option<Scalar>) -> Scalar {
    let pairs = cases.into_iter().flat_map(|(condition, value)| [condition, value]);
    Expr::made(crate::model::expr::Node::Apply(&case::CASE, pairs.chain(otherwise).collect()))
}

/// The part with every reading and what it says of its key result.
pub(super) fn scored(making: &mut ObjectivesPlanner<'_>, goals: &str, readings: &str) -> String {
    let paces = paces(making);
    let read = making.push("held_against_goals", |_| Body::Select(read(goals, readings, &paces)));
    let bounds = all(making.model).any(|(_, result)| matches!(result.goal, Some(Goal::Keep(_))));
    let progress = making.settled(progress(&read, bounds));
    let with_progress = making.push("with_progress", |_| {
        let mut select = Select::from_part(&read);
        for name in ["objective", "key_result", "period", "as_of", "is_complete"].into_iter().chain(CARRIED) {
            select.column(column(&read, name), name);
        }
        select.column(column(&read, "current"), "current");
        select.column(progress, "progress");
        select.column(column(&read, "expected"), "expected");
        Body::Select(select)
    });
    let okrs = making.model.okrs.clone();
    making.push("scored", |_| {
        let from = with_progress.as_str();
        let mut select = Select::from_part(from);
        for name in ["objective", "key_result", "owner", "kpi", "slice", "period", "as_of", "baseline"] {
            select.column(column(from, name), name);
        }
        select.column(target(from), "target");
        select.column(column(from, "current"), "current");
        select.column(column(from, "progress"), "progress");
        let dropped = || column(from, "is_dropped");
        select.column(
            choose(vec![(dropped(), Expr::null()), (judged(from), all_or_nothing(from))], Some(clamped(from))),
            "score",
        );
        let expected = apply(&operators::AND, vec![apply(&operators::NOT, vec![dropped()]), there(column(from, "progress"))]);
        select.column(choose(vec![(expected, column(from, "expected"))], None), "expected");
        select.column(status(from, okrs.on_track, okrs.at_risk), "status");
        select.column(column(from, "is_complete"), "is_complete");
        Body::Select(select)
    })
}

/// Readings with what they are compared with.
fn read(goals: &str, readings: &str, paces: &str) -> Select {
    let mut select = Select::from_part(readings);
    select.joins.push(joined(JoinKind::Inner, goals, same_result(goals, readings)));
    let end = || column(readings, "period_end");
    let within = apply(
        &operators::AND,
        vec![
            same_result(paces, readings),
            apply(&operators::GREATER, vec![end(), column(paces, "from_day")]),
            apply(&operators::LESS_OR_EQUAL, vec![end(), column(paces, "to_day")]),
        ],
    );
    select.joins.push(joined(JoinKind::Left, paces, within));
    for name in ["objective", "key_result", "period"] {
        select.column(column(readings, name), name);
    }
    select.column(moved(end(), -1, Grain::Day), "as_of");
    select.column(column(readings, "is_last"), "is_complete");
    for name in CARRIED {
        select.column(column(goals, name), name);
    }
    select.column(column(readings, "current"), "current");
    let days = |to: Scalar| apply(&conversions::DAYS_BETWEEN, vec![to, column(paces, "from_day")]);
    let gone = apply(&operators::DIVIDE, vec![days(end()), days(column(paces, "to_day"))]);
    let rise = apply(&operators::SUBTRACT, vec![column(paces, "to_share"), column(paces, "from_share")]);
    let way = apply(&operators::ADD, vec![column(paces, "from_share"), apply(&operators::MULTIPLY, vec![rise, gone])]);
    let of_bound = there(column(goals, "bound"));
    // After the due date all of the way is asked for, and a bound holds from the first day on.
    let expected = choose(vec![(of_bound, number(1.0))], Some(apply(&coalesce::COALESCE, vec![way, number(1.0)])));
    select.column(super::floating(expected), "expected");
    select
}

fn there(of: Scalar) -> Scalar {
    apply(&operators::IS_NOT_NULL, vec![of])
}

/// Which share of the way is gone; for bounds 1 where they hold, else 0.
fn progress(from: &str, bounds: bool) -> Scalar {
    let of = |name: &str| column(from, name);
    let less = |one: &str, two: &str| apply(&operators::SUBTRACT, vec![of(one), of(two)]);
    let way = apply(&operators::DIVIDE, vec![less("current", "baseline"), less("target", "baseline")]);
    if !bounds {
        return way;
    }
    let is = |word: &str| apply(&operators::EQUAL, vec![of("bound"), text(word)]);
    let against = |function, bound: &str| apply(function, vec![of("current"), of(bound)]);
    let kept = |condition: Scalar| choose(vec![(condition, number(1.0))], Some(number(0.0)));
    let inside = apply(
        &operators::AND,
        vec![against(&operators::GREATER_OR_EQUAL, "target"), against(&operators::LESS_OR_EQUAL, "upper")],
    );
    let cases = vec![
        (apply(&operators::IS_NULL, vec![of("current")]), Expr::null()),
        (is("at_least"), kept(against(&operators::GREATER_OR_EQUAL, "target"))),
        (is("at_most"), kept(against(&operators::LESS_OR_EQUAL, "target"))),
        (is("above"), kept(against(&operators::GREATER, "target"))),
        (is("below"), kept(against(&operators::LESS, "target"))),
        (is("between"), kept(inside)),
    ];
    super::floating(choose(cases, Some(way)))
}

/// The target as it is shown: of two bounds the one that the value is nearer to from outside, or the upper one.
fn target(from: &str) -> Scalar {
    let above = apply(&operators::GREATER_OR_EQUAL, vec![column(from, "current"), column(from, "target")]);
    let upper = apply(&operators::AND, vec![there(column(from, "upper")), above]);
    choose(vec![(upper, column(from, "upper"))], Some(column(from, "target")))
}

/// That all or nothing counts now.
fn judged(from: &str) -> Scalar {
    apply(&operators::AND, vec![column(from, "is_committed"), column(from, "is_complete"), there(column(from, "progress"))])
}

fn reached(from: &str) -> Scalar {
    at_least(rounded(column(from, "progress")), Expr::number(1))
}

fn all_or_nothing(from: &str) -> Scalar {
    choose(vec![(reached(from), number(1.0))], Some(number(0.0)))
}

/// Progress from 0 to 1.
fn clamped(from: &str) -> Scalar {
    let progress = || column(from, "progress");
    let below = apply(&operators::LESS, vec![progress(), Expr::number(0)]);
    choose(vec![(below, number(0.0)), (reached(from), number(1.0))], Some(progress()))
}

/// The status of a reading.
fn status(from: &str, on_track: f64, at_risk: f64) -> Scalar {
    let of = |name: &str| column(from, name);
    let word = |word: &str| text(word);
    let bound = || there(of("bound"));
    let negative = apply(&operators::LESS, vec![rounded(of("progress")), Expr::number(0)]);
    let reaches = |share: f64| {
        let asked = apply(&operators::MULTIPLY, vec![of("expected"), number(share)]);
        at_least(rounded(of("progress")), rounded(asked))
    };
    // A bound that holds is kept so far; it is achieved once nothing can break it any more.
    let open_bound = apply(&operators::AND, vec![bound(), reached(from), apply(&operators::NOT, vec![of("is_complete")])]);
    let cases = vec![
        (of("is_dropped"), word("dropped")),
        (apply(&operators::IS_NULL, vec![of("progress")]), word("not_observable")),
        (open_bound, word("on_track")),
        (reached(from), word("achieved")),
        (bound(), word("off_track")),
        (judged(from), word("off_track")),
        (negative, word("off_track")),
        (reaches(on_track), word("on_track")),
        (reaches(at_risk), word("at_risk")),
    ];
    choose(cases, Some(word("off_track")))
}

/// The part with the latest reading of each key result, and those without any.
pub(super) fn latest(making: &mut ObjectivesPlanner<'_>, goals: &str, scored: &str) -> String {
    let numbered = making.push("in_order", |_| {
        let mut select = Select::from_part(scored);
        for name in
            ["objective", "key_result", "period", "as_of", "target", "current", "progress", "score", "expected", "status"]
        {
            select.column(column(scored, name), name);
        }
        select.column(column(scored, "is_complete"), "is_complete");
        let part = vec![column(scored, "objective"), column(scored, "key_result")];
        let ranking = Ranking { part, order: vec![(column(scored, "period"), true)], dense: false };
        select.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), "place");
        Body::Select(select)
    });
    let has_begun = making.has_begun(column(goals, "begins"));
    making.push("latest", |_| {
        let mut select = Select::from_part(goals);
        let first = apply(&operators::EQUAL, vec![column(&numbered, "place"), Expr::number(1)]);
        let on = apply(&operators::AND, vec![same_result(&numbered, goals), first]);
        select.joins.push(joined(JoinKind::Left, &numbered, on));
        for name in ["objective", "key_result", "title", "owner", "kpi", "slice", "unit", "due", "baseline"] {
            select.column(column(goals, name), name);
        }
        let target = apply(&coalesce::COALESCE, vec![column(&numbered, "target"), column(goals, "target")]);
        select.column(target, "target");
        for name in ["current", "progress", "score", "expected"] {
            select.column(column(&numbered, name), name);
        }
        let not_yet = apply(&operators::NOT, vec![has_begun]);
        let cases = vec![
            (there(column(&numbered, "status")), column(&numbered, "status")),
            (column(goals, "is_dropped"), text("dropped")),
            (not_yet, text("not_started")),
        ];
        select.column(choose(cases, Some(text("not_observable"))), "status");
        for name in ["period", "as_of"] {
            select.column(column(&numbered, name), name);
        }
        let is_complete = apply(&coalesce::COALESCE, vec![column(&numbered, "is_complete"), truth(false)]);
        select.column(is_complete, "is_complete");
        for name in ["weight", "counts", "is_health"] {
            select.column(column(goals, name), name);
        }
        Body::Select(select)
    })
}
