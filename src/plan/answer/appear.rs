//! Rows that show which slices there are: which parts have them, and from which day on they count.
//!
//! [`crate::plan::answer::since`] says from which day on the rows of each aggregate do; here that is said of the parts into which rows are put, several
//! aggregates together. [`crate::plan::answer::slices`] makes the slices of them.

use crate::calendar::{Date, Grain};
use crate::functions::{count, max, min};
use crate::model::expr::{Expr, RowExpr};
use crate::plan::algebra::relation::{Atom, Fold, Scalar, Select, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::lookup::expand::counts_since;
use crate::plan::rows::scan::Days;
use crate::plan::rows::{Ask, Group, Key, add_keys};

/// Rows that show which slices there are.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Appearance {
    /// The part.
    pub part: String,
    /// Its columns of dimensions.
    pub keys: Vec<String>,
    /// The column of the day, or of the first day of the period.
    pub day: String,
    /// From which day on.
    pub since: Since,
    /// The column that counts the rows which show them, if not all of the part do.
    pub shows: Option<String>,
}

impl Planner<'_> {
    /// Makes rows known as those that show which slices there are: all of a part, or some of them for each day from which they do.
    pub(in crate::plan) fn appears(&mut self, group: &Group, part: &str, day: &str, which: Vec<(Since, Option<String>)>) {
        if self.question.since.is_none() {
            self.appears_on(group, part, day, which);
            return;
        }
        // Everything since a day is read, and a slice may have been there before.
        let mut known: Vec<&Option<RowExpr>> = Vec::new();
        for ask in &group.asks {
            if !known.contains(&&ask.aggregate.filter) {
                known.push(&ask.aggregate.filter);
                self.first_days(group, ask);
            }
        }
    }

    fn appears_on(&mut self, group: &Group, part: &str, day: &str, which: Vec<(Since, Option<String>)>) {
        if let Some(count) = group.slices {
            let keys: Vec<String> = group.keys.iter().take(count).map(|key| key.name.clone()).collect();
            for (since, shows) in which {
                let (part, day) = (part.to_owned(), day.to_owned());
                self.appearances.push(Appearance { part, keys: keys.clone(), day, since, shows });
            }
        }
    }

    /// From the day on which data is whole, as periods are known only from then on.
    pub(in crate::plan) fn since_whole(&self) -> Vec<(Since, Option<String>)> {
        vec![(Since::Days(self.calendar.data_from, Vec::new()), None)]
    }

    /// From which days on the rows of a part show slices that the rows of several asks have been put into, each under a condition of its
    /// own. Rows from before data is whole show them for those asks alone whose windows reach back to them, and are counted for that.
    pub(in crate::plan) fn which_show(
        &mut self,
        group: &Group,
        asks: &[&Ask],
        own: &[Option<Scalar>],
        select: &mut Select,
    ) -> Vec<(Since, Option<String>)> {
        let mut different: Vec<(Since, Vec<Option<Scalar>>)> = Vec::new();
        for (ask, condition) in asks.iter().zip(own) {
            match different.iter_mut().find(|(since, _)| *since == ask.since) {
                Some((_, conditions)) => conditions.push(condition.clone()),
                None => different.push((ask.since.clone(), vec![condition.clone()])),
            }
        }
        if group.slices.is_none() || own.iter().all(Option::is_none) || different.len() < 2 {
            let all = different.into_iter().map(|(since, _)| since).reduce(Since::or);
            return all.into_iter().map(|since| (since, None)).collect();
        }
        let mut which = self.since_whole();
        for (since, conditions) in different {
            if which.iter().any(|(known, _)| *known == since) {
                continue;
            }
            let condition = conditions.into_iter().collect::<Option<Vec<Scalar>>>().and_then(Expr::any);
            let shows = condition.map(|condition| {
                let (function, filter) = (&count::COUNT, Some(condition));
                let counted = Fold { function, fraction: None, argument: None, filter, order: Vec::new() };
                let name = self.columns.take("rows_that_show");
                select.column(Expr::leaf(Atom::Aggregate(Box::new(counted))), &name);
                name
            });
            which.push((since, shows));
        }
        which
    }

    /// The column of the day on which a row of a period shows that its slice is there. The period's first day will do, unless rows
    /// from before data is whole are among those of the period: these show no slices.
    pub(in crate::plan) fn day_of_appearance(
        &mut self,
        group: &Group,
        asks: &[&Ask],
        grain: Grain,
        day: Scalar,
        select: &mut Select,
    ) -> String {
        let calendar = self.calendar;
        let whole = calendar.data_from;
        let from = asks.iter().filter_map(|ask| ask.first).fold(whole, Date::min);
        let partial = calendar.custom && grain != Grain::Day || calendar.period_start(grain, from) < whole;
        if group.slices.is_none() || !partial {
            return "period".to_owned();
        }
        let name = self.columns.take("last_day");
        select.column(fold(&max::MAX, day), &name);
        name
    }

    /// A scan only for the first day on which each slice has a row.
    pub(in crate::plan) fn first_days(&mut self, group: &Group, ask: &Ask) {
        let (Some(count), Some(time)) = (group.slices, group.time) else { return };
        let mut scan = self.rows_of(group.source);
        scan.matters = (ask.first_shown, self.shown_until(group));
        let mut select = Select::default();
        let keys: Vec<Key> = group.keys.iter().take(count).cloned().collect();
        add_keys(&mut scan, &keys, &mut select);
        select.group_by_these();
        let day = scan.day(time);
        select.column(fold(&min::MIN, day.clone()), "day");
        let accumulates = self.question.since.map(|since| counts_since(self.model, group.source, time, since));
        let whole = Since::Days(self.calendar.data_from, Vec::new());
        let since = if accumulates.is_some() { &whole } else { &ask.since };
        let from = match since {
            Since::Days(from, found) if found.is_empty() => Some(*from),
            Since::Days(..) | Since::Ever => None,
        };
        select.filter = scan.range(time, Days { from });
        if from.is_none() {
            select.filter.extend(since.counts(&day));
        }
        let conditions = ask.aggregate.filter.iter().flat_map(Expr::conjuncts);
        let conditions = conditions.filter(|condition| accumulates.as_ref() != Some(*condition));
        select.filter.extend(Expr::all(conditions.cloned().collect()).map(|condition| scan.row(&condition)));
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        let source = self.model.sources.get(group.source).name.value.clone();
        let part = self.names.take(&format!("first_{source}_day"));
        self.push(&part, select);
        self.appears_on(group, &part, "day", vec![(Since::Ever, None)]);
    }
}
