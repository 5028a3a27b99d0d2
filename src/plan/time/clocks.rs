//! Times brought from one clock to another.
//!
//! A conversion is a `CASE` over the changes of both clocks in the range that is read, so that it depends on no engine's or
//! session's zone. Instants are held as readings of UTC wherever they are compared, and become readings of the project's clock
//! where something is asked of that.

use crate::calendar::{AsOf, Calendar, Date, Grain, TimeUnit, Zone, add, add_days};
use crate::functions::{Function, conversions, operators};
use crate::model::Clock;
use crate::model::clock::TimeKind;
use crate::model::expr::{Expr, Node};
use crate::plan::algebra::relation::{Atom, Beyond, Civil, Scalar};
use jiff::civil::Time;

/// A time in the rows of a relation.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Timed {
    /// The time as it stands there.
    pub of: Scalar,
    /// What is known of it.
    pub kind: TimeKind,
    /// The clock that shows it.
    pub clock: Clock,
}

impl Timed {
    /// The time as no more than that is known of it: the reading of UTC, that of the project's clock, or the day.
    pub(in crate::plan) fn as_kind(&self, kind: TimeKind, calendar: &Calendar) -> Scalar {
        let on = |target: &Zone| on_clock(calendar, &self.clock, self.of.clone(), target, (None, None));
        match (kind, self.kind) {
            (_, TimeKind::Day) => self.of.clone(),
            (TimeKind::Instant, _) => on(&Zone::utc()),
            (TimeKind::Civil, _) => on(&calendar.zone),
            (TimeKind::Day, _) => Expr::apply(&conversions::TO_DATE, vec![on(&calendar.zone)]),
        }
    }

    /// The time and another, to be compared: by the instant if both are some, else by what is known of both.
    pub(in crate::plan) fn beside(&self, other: &Timed, calendar: &Calendar) -> (Scalar, Scalar) {
        let kind = self.kind.min(other.kind);
        if self.clock == other.clock && kind == self.kind.max(other.kind) {
            (self.of.clone(), other.of.clone())
        } else {
            (self.as_kind(kind, calendar), other.as_kind(kind, calendar))
        }
    }

    /// That the time is not before another.
    pub(in crate::plan) fn not_before(&self, other: &Timed, calendar: &Calendar) -> Scalar {
        let (own, other) = self.beside(other, calendar);
        Expr::apply(&operators::GREATER_OR_EQUAL, vec![own, other])
    }

    /// The time so much later: hours by a stopwatch where it is an instant, days and months by the project's clock.
    pub(in crate::plan) fn later(&self, count: u32, unit: TimeUnit, calendar: &Calendar) -> Timed {
        let on_project = |of: Scalar, kind| Timed { of, kind, clock: Clock::Civil };
        let civil = || self.as_kind(TimeKind::Civil, calendar);
        let apply = |function: &'static Function, of: Scalar, each: u32| {
            Expr::apply(function, vec![of, Expr::number(u64::from(count) * u64::from(each))])
        };
        let is_day = self.kind == TimeKind::Day;
        match (unit.months(), unit.seconds().unwrap_or(1)) {
            (Some(months), _) if is_day => on_project(apply(&conversions::ADD_MONTHS, self.of.clone(), months), self.kind),
            (Some(months), _) => on_project(apply(&conversions::ADD_MONTHS_TO_TIME, civil(), months), TimeKind::Civil),
            (None, seconds) if is_day => {
                on_project(apply(&conversions::ADD_DAYS, self.of.clone(), seconds / 86_400), self.kind)
            }
            (None, seconds) if unit.grain().is_some() => {
                on_project(apply(&conversions::ADD_DAYS_TO_TIME, civil(), seconds), TimeKind::Civil)
            }
            (None, seconds) if self.kind == TimeKind::Instant => {
                let utc = self.as_kind(TimeKind::Instant, calendar);
                let clock = Clock::Wall(Zone::utc());
                Timed { of: apply(&conversions::ADD_SECONDS, utc, seconds), kind: TimeKind::Instant, clock }
            }
            (None, seconds) => on_project(apply(&conversions::ADD_SECONDS, civil(), seconds), TimeKind::Civil),
        }
    }
}

/// A time of a clock as the clock of a zone shows it; the days are those beyond which it is never met, as far as known.
pub(in crate::plan) fn on_clock(
    calendar: &Calendar,
    clock: &Clock,
    of: Scalar,
    target: &Zone,
    known: (Option<Date>, Option<Date>),
) -> Scalar {
    let utc = Zone::utc();
    let from = match clock {
        Clock::Instant => (&utc, true),
        Clock::Wall(zone) => (zone, false),
        Clock::Civil => (&calendar.zone, false),
    };
    moved(calendar, of, from, target, known)
}

/// A time of one clock as another shows it. `of` is an instant, or a reading of the first clock; the days are those beyond which it
/// is never met, as far as known.
fn moved(
    calendar: &Calendar,
    of: Scalar,
    (zone, instant): (&Zone, bool),
    target: &Zone,
    (known_from, known_to): (Option<Date>, Option<Date>),
) -> Scalar {
    if zone == target && !instant {
        return of;
    }
    let (usual_from, usual_to) = usual_days(calendar);
    let from = known_from.unwrap_or(usual_from);
    let to = known_to.unwrap_or(usual_to).max(from);
    let pieces = zone.pieces_to(target, from, to);
    let midnight = |day: Date| day.to_datetime(Time::midnight());
    let beyond = (zone != target).then(|| Beyond {
        from: known_from.is_none().then(|| midnight(from)),
        to: known_to.is_none().then(|| midnight(add_days(to, 1))),
        stored: (!instant).then(|| zone.clock().to_owned()),
        project: target.name().to_owned(),
    });
    let all_known = known_from.is_some() && known_to.is_some();
    let infinite = (instant && beyond.is_none() && !all_known).then(|| target.name().to_owned());
    Expr::leaf(Atom::Civil(Box::new(Civil { of, instant, pieces, beyond, infinite })))
}

/// An instant, given as the reading of UTC, on the project's clock. Where that is never changed instants are held as its readings.
pub(in crate::plan) fn civil_of(calendar: &Calendar, of: Scalar) -> Scalar {
    if calendar.zone.is_fixed() {
        return of;
    }
    moved(calendar, of, (&Zone::utc(), false), &calendar.zone, (None, None))
}

/// An instant as it is stored, where that is one to the engine too, rather than as the reading of UTC.
pub(in crate::plan) fn as_stored(instant: Scalar) -> Scalar {
    match instant.node {
        Node::Leaf(Atom::Civil(civil)) if civil.instant && civil.pieces.is_nothing() && civil.beyond.is_none() => civil.of,
        node => Expr { node, at: instant.at },
    }
}

/// The days for which conversions between clocks are computed where it is not known which times there are.
fn usual_days(calendar: &Calendar) -> (Date, Date) {
    let from = add(calendar.data_from, Grain::Year, -1);
    let to = match calendar.as_of {
        AsOf::Day(day) => add(day, Grain::Year, 1),
        AsOf::Today => add(calendar.data_from, Grain::Year, 8),
    };
    (from, to.max(from))
}
