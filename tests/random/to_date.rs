//! Comparisons to date: the reference evaluator as of an earlier day.

use super::evaluate::{Evaluator, Place};
use super::journeys;
use super::project::{Length, Past, Project, Value};
use jiff::civil::Date;

/// A period as it stood on an earlier day.
pub struct Earlier<'a> {
    /// The project, with that day as its last.
    project: Project,
    place: Place<'a>,
    seen_until: Date,
    tops: Option<(String, Vec<Value>)>,
}

impl<'a> Evaluator<'a> {
    /// Section 7: with what a period is compared to date, if it is not over and there is something.
    pub fn earlier(&self, past: Past, length: Option<Length>, place: &Place<'a>) -> Option<Earlier<'a>> {
        if !past.is_to_date() {
            return None;
        }
        let (start, day) = self.calendar.back_to_date(place.grain, place.start, length)?;
        let project = journeys::as_of(self.project, day);
        Some(Earlier { project, place: Place { start, ..place.clone() }, seen_until: self.seen_until, tops: self.tops.clone() })
    }
}

impl<'a> Earlier<'a> {
    /// The evaluator there, and the period.
    pub fn as_it_stood<'b>(&'b self) -> (Evaluator<'b>, Place<'b>)
    where
        'a: 'b,
    {
        let mut evaluator = Evaluator::new(&self.project);
        evaluator.seen_until = self.seen_until;
        // The top of a slice is the same one then.
        evaluator.tops.clone_from(&self.tops);
        (evaluator, self.place.clone())
    }
}
