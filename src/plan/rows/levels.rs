//! Counts and sums of the states that hold at the end of a period, made of what begins and ends on each day: what has begun so far
//! without what has ended so far. No state is looked at once for every period in which it holds.
//!
//! That is exact for whole numbers and decimals. Floating numbers that come and go leave their rounding errors behind, so these
//! are summed over the states themselves ([`crate::plan::rows::states`]).

use crate::calendar::Grain;
use crate::functions::{count, operators, sum};
use crate::model::expr::{Edge, Expr, Path, RowExpr, Stock, Window};
use crate::model::{ColumnId, Holds, Model};
use crate::plan::algebra::relation::{Atom, Body, Fold, Scalar, Select, column, count_rows, moved};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::whole;
use crate::plan::rows::readings::{Form, Marks};
use crate::plan::rows::scan::Scan;
use crate::plan::rows::window::{Daily, Partials};
use crate::plan::rows::{Ask, Group, Series, add_keys, closes, conditions};

/// Whether an aggregate can be made of what begins and ends.
pub(in crate::plan) fn is_level(model: &Model, group: &Group, ask: &Ask) -> bool {
    let aggregate = &ask.aggregate;
    let valid = matches!(model.sources.get(group.source).holds, Some(Holds::Valid { .. } | Holds::Readings { .. }));
    let at_end = aggregate.stock == Some(Stock::At(Edge::End));
    let adds = *aggregate.function == count::COUNT || *aggregate.function == sum::SUM && whole::is_exact(model, aggregate);
    let related = aggregate.filter.as_ref().is_some_and(RowExpr::has_related);
    valid && at_end && adds && !related && !group.by_entity && !closes(model, group, ask)
}

impl Planner<'_> {
    /// Plans counts and sums of the states that hold at the end of each period of a grain.
    pub(in crate::plan) fn levels(&mut self, group: &Group, grain: Grain, asks: &[&Ask]) -> Vec<Series> {
        let begun = self.changes(group, grain, asks, true);
        let ended = self.changes(group, grain, asks, false);
        let source = self.model.sources.get(group.source).name.value.clone();
        let changes = self.names.take(&format!("{source}_begun_and_ended"));
        self.push_body(&changes, Body::Union(vec![begun, ended]));
        let values: Vec<Partials> = asks.iter().map(|ask| Partials::sum(&ask.column)).collect();
        let all: Vec<&Partials> = values.iter().collect();
        let daily = Daily { part: changes, keys: group.keys.iter().map(|key| key.name.clone()).collect() };
        let so_far = self.names.take(&format!("{source}_so_far_by_{grain}"));
        let (so_far, _) = self.rolled(&so_far, grain, Window::AllTime, &daily, &all, Some(HOLDING));
        // A slice of which nothing holds has no row, as if there had never been one.
        let mut select = Select::from_part(&so_far);
        let period = column(&so_far, "period");
        select.column(period, "period");
        for name in daily.keys.iter().chain(asks.iter().map(|ask| &ask.column)) {
            select.column(column(&so_far, name), name);
        }
        select.filter.push(Expr::apply(&operators::GREATER, vec![column(&so_far, HOLDING), Expr::number(0)]));
        let part = self.part_name(group, &format!("_at_end_of_{grain}"));
        self.push(&part, select);
        let which = self.since_whole();
        self.appears(group, &part, "period", which);
        asks.iter().map(|ask| Series { part: part.clone(), column: ask.column.clone(), rows: None }).collect()
    }

    /// What begins on each day, or what ends, with the other sign.
    fn changes(&mut self, group: &Group, grain: Grain, asks: &[&Ask], begins: bool) -> Select {
        let mut select = Select::default();
        let mut scan = self.rows_of(group.source);
        let (day, (visible, holds)) = match self.model.sources.get(group.source).holds {
            Some(Holds::Valid { from, to, inclusive }) => {
                scan.matters.1 = self.shown_until(group);
                scan.rely_on_one_state(None);
                let time = if begins { from } else { to };
                let day = scan.day(time);
                let day = if inclusive && !begins { moved(day, 1, Grain::Day) } else { day };
                (day, lasting(&mut scan, (from, to, inclusive), begins))
            }
            Some(Holds::Readings { .. }) => {
                // Those that do not hold on any day begin and end on one.
                scan.form = Some(Form::Days(grain));
                let marks = Marks::of(self.model, group.source);
                (column(&scan.alias(&[]), if begins { &marks.from } else { &marks.until }), (Vec::new(), None))
            }
            Some(Holds::Snapshot { .. }) | None => return select,
        };
        select.column(day, "day");
        add_keys(&mut scan, &group.keys, &mut select);
        select.group_by_these();
        let signed = |value: Scalar| if begins { value } else { Expr::apply(&operators::NEGATE, vec![value]) };
        let (shared, own) = conditions(&mut scan, group, asks);
        for (ask, filter) in asks.iter().zip(own) {
            let argument = ask.aggregate.argument.as_ref().map(|argument| scan.row(argument));
            let function = ask.aggregate.function;
            let fold = Fold { function, fraction: None, argument, filter, order: Vec::new() };
            select.column(signed(Expr::leaf(Atom::Aggregate(Box::new(fold)))), &ask.column);
        }
        select.column(signed(count_rows()), HOLDING);
        select.filter = visible.into_iter().chain(shared).chain(holds).collect();
        let (from, joins) = self.read(scan);
        select.from = Some(from);
        select.joins = joins;
        select
    }
}

/// Which states with `valid` begin, or end, on a visible day, and which of them hold at all.
fn lasting(
    scan: &mut Scan<'_>,
    (from, to, inclusive): (ColumnId, ColumnId, bool),
    begins: bool,
) -> (Vec<Scalar>, Option<Scalar>) {
    // What has begun before every day holds on all of them.
    let visible = scan.visible(if begins { from } else { to });
    // What ends before it begins, or as it begins, never holds. On its last day a state holds to the end, whenever it began.
    let mut bound = |column| if inclusive { scan.day(column) } else { scan.path(&Path::to(column)) };
    let (since, until) = (bound(from), bound(to));
    let lasts = if inclusive { &operators::GREATER_OR_EQUAL } else { &operators::GREATER };
    let holds = Expr::apply(lasts, vec![until.clone(), since]);
    let no_end = Expr::apply(&operators::IS_NULL, vec![until]);
    (visible, if begins { Expr::any(vec![no_end, holds]) } else { Some(holds) })
}

/// The column that counts the states that hold.
const HOLDING: &str = "rows";
