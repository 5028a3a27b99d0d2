//! A valid project on an engine: figures for `run` and `query`, spec tests, and the checks of the data that figures stand on: those
//! that every figure needs (`guard`), what is in files (`files`), and all that the specs declare (`verify`).

pub mod ahead;
mod calendar;
mod files;
pub mod firings;
pub mod freeze;
pub mod freshness;
pub mod guard;
pub mod held;
pub mod outlook;
mod past;
pub mod present;
pub mod refused;
mod sheet;
pub mod shown;
pub mod status;
mod targets;
pub mod test;
mod unobserved;
pub mod verify;
pub mod why;

use crate::dialect::{self, Dialect};
use crate::engine::{Answer, Engine, Failure, Refusal, Rows};
use crate::model::value::Type;
use crate::pipeline::Valid;
use crate::plan::relation::Query;
use crate::plan::types::Types;
use crate::sql;

pub use test::{close, plain as shown_plain};

/// A valid project with the engine that it is run on.
pub struct Session<'a> {
    /// The project.
    pub project: &'a Valid,
    /// The engine.
    pub engine: &'a dyn Engine,
}

/// Makes conditions of the numbers that an engine shows for them, if it does.
fn as_conditions(query: &Query, answer: &mut Answer, dialect: &dyn Dialect) {
    if dialect.abilities().shows_conditions {
        return;
    }
    let (Ok(rows), Ok((_, columns))) = (answer, Types::of(query)) else { return };
    for (name, ty) in columns.iter() {
        let place = rows.columns.iter().position(|column| column == name).filter(|_| *ty == Type::Boolean);
        let Some(at) = place else { continue };
        for value in rows.rows.iter_mut().filter_map(|row| row.get_mut(at)) {
            if let Some(number) = value.as_i64() {
                *value = (number != 0).into();
            }
        }
    }
}

impl Session<'_> {
    /// The engine's way with SQL.
    pub fn dialect(&self) -> &'static dyn Dialect {
        let name = self.project.model().warehouse.dialect.as_ref();
        dialect::dialect(name.map(|name| name.value.as_str()))
    }

    /// Answers plans, in order. `Err` in the list is why the engine refuses that one.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub fn answer(&self, queries: &[Query]) -> Result<Vec<Answer>, Failure> {
        let texts: Vec<String> = queries.iter().map(|query| sql::query(query, self.dialect())).collect();
        let mut answers = self.engine.answer("", &texts)?;
        answers.iter_mut().zip(queries).for_each(|(answer, query)| as_conditions(query, answer, self.dialect()));
        Ok(answers)
    }

    /// Answers one plan.
    ///
    /// # Errors
    /// Fails if the engine cannot be used, or refuses the query.
    pub fn rows(&self, query: &Query) -> Result<Rows, Failure> {
        let refused = |why: Refusal| Failure { message: format!("the data cannot be read: {why}"), help: None };
        match self.answer(std::slice::from_ref(query))?.pop() {
            Some(answer) => answer.map_err(refused),
            None => Err(Failure { message: "the engine did not answer".to_owned(), help: None }),
        }
    }

    /// What the answer to a plan over some members is made of. Where the engine refuses the plan, each member is asked alone, so that
    /// one does not keep the others from being shown: an answer with all members, or one for each.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub fn apart<T: Clone>(
        &self,
        members: &[T],
        answer: Answer,
        plan: impl Fn(&T) -> Query,
    ) -> Result<Vec<(Vec<T>, Answer)>, Failure> {
        if answer.is_ok() || members.len() < 2 {
            return Ok(vec![(members.to_vec(), answer)]);
        }
        let alone: Vec<Query> = members.iter().map(plan).collect();
        let answers = self.answer(&alone)?;
        Ok(members.iter().map(|member| vec![member.clone()]).zip(answers).collect())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// A figure as the engine prints it: exact whole numbers come as text where they are large.
pub fn number(value: &serde_json::Value) -> Option<f64> {
    let number: Option<f64> = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.filter(|number| number.is_finite())
}
