//! What sources promise about when their rows come: made up, written, and what follows from it for figures by section 12 of the
//! semantics, row by row.

use super::calendar::{days, earlier};
use super::evaluate::{Evaluator, Place, part, total};
use super::functions::day_of;
use super::generate::Choices;
use super::project::{
    Aggregate, Body, Edge, Figure, Formula, Grain, Holds, Length, Pair, Path, Row, RowLeaf, Source, Stock, Value, Window,
};
use super::rows::Record;
use super::whole::{later, withins};
use jiff::civil::{Date, Weekday};

/// What a source promises.
#[derive(Clone, Default, PartialEq)]
pub struct Freshness {
    pub within: Option<Length>,
    pub expect: Option<Expect>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Expect {
    Every(Grain),
    Weekday,
}

/// Makes up what a source promises, if it says when its rows come.
pub fn make(has_clock: bool, choices: &mut Choices) -> Freshness {
    if !has_clock || !choices.chance(22) {
        return Freshness::default();
    }
    let within = choices.chance(75).then(|| {
        let (unit, most) = *choices.pick(&[(Grain::Day, 12), (Grain::Week, 6), (Grain::Month, 3)]);
        Length { count: i32::try_from(choices.between(1, most)).unwrap(), unit }
    });
    let expect = choices.chance(45).then(|| {
        let every = [Expect::Every(Grain::Day), Expect::Weekday, Expect::Every(Grain::Week), Expect::Every(Grain::Month)];
        *choices.pick(&every)
    });
    Freshness { within, expect }
}

/// The lines that say so in a spec.
pub fn lines(freshness: &Freshness) -> String {
    let within = freshness.within.map(|length| format!("    fresh_within: {}\n", super::print::written(length)));
    let expect = freshness.expect.map(|expect| match expect {
        Expect::Every(grain) => format!("    expect: every {}\n", grain.name()),
        Expect::Weekday => "    expect: every weekday\n".to_owned(),
    });
    within.into_iter().chain(expect).collect()
}

/// Over which time a figure looks at the rows of a source.
struct Reach {
    /// The first day of the period that has to begin on a trusted day.
    begins: Date,
    /// The first day that it looks at.
    from: Date,
    /// The days before which what it looks at may end.
    ends: Vec<Date>,
}

/// The aggregate over whose time rows are looked at, and how.
#[derive(Clone, Copy)]
struct Look<'x> {
    over: &'x Aggregate,
    /// Whether all days since data is whole are looked at: what comes within a time of what may have been long before.
    all: bool,
    /// The time at which the rows at hand count.
    time: Option<&'x String>,
}

impl Evaluator<'_> {
    fn clock(source: &Source) -> Option<&String> {
        match &source.states {
            Some(Holds::Valid { from, .. }) => Some(from),
            Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => Some(taken),
            None => source.time.as_ref(),
        }
    }

    /// The days of the visible rows of a source.
    fn days_of(&self, source: &Source) -> Vec<Date> {
        let Some(clock) = Self::clock(source) else { return Vec::new() };
        let rows = source.rows.iter().map(|cells| Record { source, cells });
        let times = rows.map(|record| self.rows.column(record, std::slice::from_ref(clock)));
        let days = times.filter(|time| *time != Value::Null).map(|time| day_of(&time));
        days.filter(|day| *day <= self.seen_until).collect()
    }

    /// The last day of a source that can be trusted.
    fn trusted(&self, source: &Source) -> Date {
        let Some(within) = source.freshness.within else { return Date::MAX };
        let oldest = earlier(self.calendar.start, within);
        let last = self.days_of(source).into_iter().filter(|day| *day >= oldest).max();
        match last {
            Some(last) if earlier(last, Length { count: -within.count, ..within }) >= self.seen_until => Date::MAX,
            Some(last) => last,
            None => Date::MIN,
        }
    }

    /// The first and last day of each day, week or month that has no row although it should.
    fn holes(&self, source: &Source) -> Vec<(Date, Date)> {
        let Some(expect) = source.freshness.expect else { return Vec::new() };
        let grain = match expect {
            Expect::Every(grain) => grain,
            Expect::Weekday => Grain::Day,
        };
        let from = self.calendar.data_from;
        let seen: Vec<Date> = self.days_of(source).into_iter().filter(|day| *day >= from).collect();
        let mut found = Vec::new();
        for start in self.calendar.from(grain, from) {
            let end = self.calendar.end(grain, start);
            let is_over = self.calendar.end_is_known(grain, start) && end <= days(self.calendar.as_of, 1);
            let is_expected = match expect {
                Expect::Weekday => !matches!(start.weekday(), Weekday::Saturday | Weekday::Sunday),
                Expect::Every(_) => true,
            };
            if is_over && is_expected && !seen.iter().any(|day| *day >= start && *day < end) {
                found.push((start, days(end, -1)));
            }
        }
        found
    }

    /// Whether a figure cannot be trusted at all, so that it is null.
    pub fn is_untrusted(&self, aggregate: &Aggregate, entity: Option<&Path>, place: &Place<'_>) -> bool {
        self.promises()
            && self.reads(aggregate, entity, place).iter().any(|(source, reach)| reach.begins > self.trusted(source))
    }

    /// Whether a figure is doubtful, so that it is not complete.
    pub fn is_doubtful(&self, aggregate: &Aggregate, entity: Option<&Path>, place: &Place<'_>) -> bool {
        self.promises()
            && self.reads(aggregate, entity, place).iter().any(|(source, reach)| {
                let trusted = self.trusted(source);
                let stops = reach.ends.iter().any(|end| *end > trusted);
                let holes = self.holes(source);
                let within = |(first, last): &(Date, Date)| *last >= reach.from && reach.ends.iter().any(|end| first < end);
                stops || holes.iter().any(within)
            })
    }

    /// Whether figures over the values of finer periods cannot be trusted: their own period begins too late for a source.
    pub fn is_untrusted_over(&self, of: &Formula, begins: Date, place: &Place<'_>) -> bool {
        let mut any = false;
        if self.promises() {
            self.each_source(of, place, &mut |source| any |= begins > self.trusted(source));
        }
        any
    }

    fn promises(&self) -> bool {
        self.project.sources.iter().any(|source| source.freshness != Freshness::default())
    }

    fn each_source(&self, of: &Formula, place: &Place<'_>, visit: &mut dyn FnMut(&Source)) {
        of.leaves(&mut |figure| match figure {
            Figure::Kpi(name) => {
                if let Body::Formula(of) = &self.project.kpi(name).body {
                    self.each_source(of, place, visit);
                }
            }
            Figure::Aggregate(aggregate) => {
                self.reads(aggregate, None, place).iter().for_each(|(source, _)| visit(source));
            }
            Figure::Grouped(grouped) => {
                self.reads(&grouped.of, Some(&grouped.per), place).iter().for_each(|(source, _)| visit(source));
            }
            Figure::Each(each) => self.each_source(&each.of, place, visit),
            Figure::Past(_, of, _) => self.each_source(of, place, visit),
            Figure::Slice(of, condition) => self.each_source(of, &part(place, condition), visit),
            Figure::Total(of, dimensions) => self.each_source(of, &total(place, dimensions), visit),
        });
    }

    fn reach(&self, look: Look<'_>, place: &Place<'_>) -> Reach {
        let aggregate = look.over;
        let (grain, start) = (place.grain, place.start);
        let end = self.calendar.end(grain, start);
        // In a calendar of one's own nothing may be before the first period.
        let before = self.calendar.later(grain, start, -1).unwrap_or(start);
        let starts = matches!(self.project.stock(aggregate), Some(Stock::At(Edge::Start)));
        let (begins, from, end) = match aggregate.window {
            _ if starts => (before, before, start),
            Window::Previous => (before, before, start),
            Window::Age => {
                let age = place.age.unwrap();
                let (begins, _) = self.at_age(age, start).unwrap();
                // What the last day has not come to is not complete anyway.
                let end = self.at_age(age, days(end, -1)).map_or(begins, |(_, end)| end);
                (begins, begins, end)
            }
            Window::Period | Window::Trailing(_) | Window::ToDate(_) if look.all => (start, self.calendar.data_from, end),
            window => (start, self.window(window, place).0.unwrap_or(self.calendar.data_from), end),
        };
        let mut ends = vec![end];
        ends.extend(withins(aggregate).into_iter().map(|within| within.into_iter().fold(end, later)));
        Reach { begins, from, ends }
    }

    /// What an aggregate is made of: the sources that promise something, each with the time over which it looks at them.
    fn reads(&self, aggregate: &Aggregate, entity: Option<&Path>, place: &Place<'_>) -> Vec<(&Source, Reach)> {
        let mut found = Vec::new();
        self.read_aggregate(aggregate, None, place, &mut found);
        let source = self.project.source(&aggregate.source);
        let look = Look { over: aggregate, all: false, time: self.time_of(aggregate) };
        let mut own: Vec<&Source> = Vec::new();
        entity.into_iter().for_each(|path| self.read_path(source, path, &mut own));
        for (name, _) in &place.slice {
            if let Some(path) = self.project.place(source, name) {
                self.read_path(source, &path, &mut own);
            }
        }
        place.parts.iter().for_each(|condition| self.read_row(source, condition, Some(look), place, &mut own, &mut found));
        self.keep(own, look, place, &mut found);
        found
    }

    fn keep<'s>(&'s self, own: Vec<&'s Source>, look: Look<'_>, place: &Place<'_>, found: &mut Vec<(&'s Source, Reach)>) {
        for source in own {
            if source.freshness != Freshness::default() {
                found.push((source, self.reach(look, place)));
            }
        }
    }

    fn time_of<'x>(&'x self, aggregate: &'x Aggregate) -> Option<&'x String> {
        let source = self.project.source(&aggregate.source);
        aggregate.at.as_ref().or(source.time.as_ref().filter(|_| source.states.is_none()))
    }

    /// The rows of an aggregate, and of another whose rows they belong to if they are related ones.
    fn read_aggregate<'s>(
        &'s self,
        aggregate: &Aggregate,
        outer: Option<Look<'_>>,
        place: &Place<'_>,
        found: &mut Vec<(&'s Source, Reach)>,
    ) {
        let source = self.project.source(&aggregate.source);
        let mut own: Vec<&Source> = Vec::new();
        self.read_rows(source, &mut own);
        let time = self.time_of(aggregate);
        // What comes within a time of other rows is looked at with these.
        let look = match (&aggregate.of, outer) {
            (Some(of), Some(outer)) => {
                let is_own = outer.time.is_some_and(|time| **of == [time.clone()]);
                Look { over: outer.over, all: outer.all || !is_own, time }
            }
            _ => Look { over: aggregate, all: false, time },
        };
        time.into_iter().for_each(|time| self.read_path(source, std::slice::from_ref(time), &mut own));
        if let Some(Stock::Pairs(Some(per))) = self.project.stock(aggregate) {
            self.read_path(source, &per, &mut own);
        }
        for row in aggregate.argument.iter().chain(&aggregate.filter) {
            self.read_row(source, row, Some(look), place, &mut own, found);
        }
        self.keep(own, look, place, found);
    }

    fn read_rows<'s>(&'s self, source: &'s Source, own: &mut Vec<&'s Source>) {
        match source.journey {
            Some(_) => self.read_steps(source, 0, own),
            None => own.push(source),
        }
    }

    /// The rows of a step, and those of the steps on the way to it.
    fn read_steps<'s>(&'s self, source: &'s Source, last: usize, own: &mut Vec<&'s Source>) {
        let journey = source.journey.as_ref().unwrap();
        for (place, step) in journey.steps.iter().enumerate() {
            if place == 0 || place == last || !journey.any && place < last {
                let of = self.project.source(&step.source);
                own.push(of);
                self.read_path(of, &step.entity, own);
                self.read_path(of, std::slice::from_ref(&step.at), own);
                let mut related = Vec::new();
                let nowhere = Place {
                    grain: Grain::Day,
                    start: Date::MAX,
                    slice: Vec::new(),
                    parts: Vec::new(),
                    age: None,
                    born: None,
                    empty_is_null: false,
                };
                step.filter.iter().for_each(|filter| self.read_row(of, filter, None, &nowhere, own, &mut related));
            }
        }
    }

    fn read_path<'s>(&'s self, source: &'s Source, path: &[String], own: &mut Vec<&'s Source>) {
        let column = source.column(&path[0]);
        let step = source.journey.as_ref().and_then(|journey| journey.steps.iter().position(|step| step.name == path[0]));
        if let Some(step) = step {
            self.read_steps(source, step, own);
        }
        if let Some(expr) = &column.expr {
            let nowhere = Place {
                grain: Grain::Day,
                start: Date::MAX,
                slice: Vec::new(),
                parts: Vec::new(),
                age: None,
                born: None,
                empty_is_null: false,
            };
            self.read_row(source, expr, None, &nowhere, own, &mut Vec::new());
        }
        if path.len() > 1 {
            let target = self.project.source(column.references.as_ref().unwrap());
            own.push(target);
            self.read_path(target, &path[1..], own);
        }
    }

    fn read_row<'s>(
        &'s self,
        source: &'s Source,
        row: &Row,
        look: Option<Look<'_>>,
        place: &Place<'_>,
        own: &mut Vec<&'s Source>,
        found: &mut Vec<(&'s Source, Reach)>,
    ) {
        row.leaves(&mut |leaf| match leaf {
            RowLeaf::Path(path) | RowLeaf::Pair(Pair::Of(_, path)) => self.read_path(source, path, own),
            RowLeaf::Dimension(name) => {
                if let Some(path) = self.project.place(source, name) {
                    self.read_path(source, &path, own);
                }
            }
            RowLeaf::Related(inner) => self.read_aggregate(inner, look, place, found),
            RowLeaf::Reached { step, within, of } => {
                self.read_path(source, std::slice::from_ref(step), own);
                if let (Some(_), Some(of)) = (within, of) {
                    self.read_path(source, std::slice::from_ref(of), own);
                }
            }
            RowLeaf::Grain(_) | RowLeaf::Closing | RowLeaf::Pair(_) | RowLeaf::Value => {}
        });
    }
}

/// The rows of the view `source_freshness`, as texts: the source, its last row and how old it is, whether that is fresh, how many holes it has and the last one.
pub fn view(evaluator: &Evaluator<'_>) -> Vec<[Option<String>; 6]> {
    let promising = evaluator.project.sources.iter().filter(|source| source.freshness != Freshness::default());
    let row = |source: &Source| {
        let oldest = match source.freshness.within {
            Some(within) => earlier(evaluator.calendar.start, within),
            None => evaluator.calendar.data_from,
        };
        let last = evaluator.days_of(source).into_iter().filter(|day| *day >= oldest).max();
        let behind = last.map(|last| last.until(evaluator.calendar.as_of).unwrap().get_days().to_string());
        let is_fresh = source.freshness.within.map(|_| (evaluator.trusted(source) == Date::MAX).to_string());
        let holes = source.freshness.expect.map(|_| evaluator.holes(source));
        let last_hole = holes.as_ref().and_then(|holes| holes.last()).map(|(first, _)| first.to_string());
        let count = holes.map(|holes| holes.len().to_string());
        [Some(source.name.clone()), last.map(|last| last.to_string()), behind, is_fresh, count, last_hole]
    };
    promising.map(row).collect()
}
