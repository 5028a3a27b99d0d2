//! From checked definitions to a question for the planner, and what is done with its rows.

use super::periods::Periods;
use super::{Asked, Unclear, Written};
use crate::calendar::{Date, Grain};
use crate::model::expr::Age;
use crate::model::{KpiId, Model, sampling};
use crate::plan::views::shape::{Shape, Top};
use crate::plan::views::{beside, omit_gaps};
use crate::plan::{Data, Output, Question, Show, nothing_is_own, sampled};

/// What answers a question.
#[derive(Debug, Clone)]
pub struct Answering {
    /// The question for the planner.
    pub question: Question,
    /// What is done with its rows.
    pub shape: Shape,
    /// The KPIs of its columns.
    pub kpis: Vec<KpiId>,
}

/// The question for the planner, over the checked model of the project and what is asked.
///
/// # Errors
/// Fails if `from` or `to` is not a period, if two of what is asked have different ages, or if values cannot be ranked.
pub fn question(model: &Model, asked: &Asked, written: &Written, today: Date) -> Result<Answering, Unclear> {
    let columns = &written.columns;
    let kpis: Vec<(String, KpiId)> =
        columns.iter().filter_map(|column| Some((column.name.clone(), *model.kpi_names.get(&column.kpi)?))).collect();
    let first = kpis.first().map(|(_, id)| model.kpis.get(*id));
    let grain = first.map_or(Grain::Month, |kpi| kpi.grain);
    let (from, to) = Periods { calendar: &model.calendar, grain, today }.range(asked)?;
    let ids: Vec<KpiId> = kpis.iter().map(|(_, id)| *id).collect();
    let mut outputs: Vec<Output> = Vec::new();
    for (name, id) in &kpis {
        outputs.push(Output { name: name.clone(), show: beside(&ids, *id) });
        let sampled = sampled(model, *id).into_iter();
        outputs.extend(sampled.map(|(column, show)| Output { name: sampling::beside(name, column), show }));
    }
    outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(ids.clone()) });
    let mut age: Option<(Age, &str)> = None;
    for (name, id) in &kpis {
        let Some(own) = model.kpis.get(*id).age.as_ref().map(|age| age.value) else { continue };
        if let Some((_, other)) = age.filter(|(known, _)| *known != own) {
            return Err(Unclear {
                message: format!("`{other}` and `{name}` have different ages, but an answer has one column for ages"),
                help: "query them one by one".to_owned(),
            });
        }
        age = Some((own, name));
    }
    let age = age.map(|(age, _)| age);
    let question = Question {
        outputs,
        grain,
        dimensions: first.and_then(|kpi| kpi.by.first()).map(|slice| slice.value.clone()).unwrap_or_default(),
        age,
        filter: None,
        since: None,
        omit_gaps: omit_gaps(model, &ids),
        from,
        is_lead_in: false,
        to,
        data: Data::Warehouse,
        lumped: None,
        is_own: nothing_is_own,
    };
    let id = |name: &Option<String>| name.as_ref().and_then(|name| model.kpi_names.get(name)).copied();
    let ranked_by = id(&written.ranked_by);
    let top = asked.top.zip(ranked_by).map(|(count, by)| Top { count, by, others: asked.others });
    if let Some(top) = &top {
        can_be_ranked(model, &question, top)?;
    }
    let rank = ranked_by.filter(|_| asked.rank);
    let shape = Shape { having: id(&written.having), top, rank, is_last: asked.counts_values };
    Ok(Answering { question, shape, kpis: ids })
}

/// Why values cannot be compared over a range of periods.
fn can_be_ranked(model: &Model, question: &Question, top: &Top) -> Result<(), Unclear> {
    let unclear = |message: String, help: &str| Err(Unclear { message, help: help.to_owned() });
    let facts = &model.kpis.get(top.by).facts;
    if model.calendar.custom {
        let message =
            "`--top` compares values over a range of days, but only the warehouse knows the periods of a custom calendar";
        return unclear(message.to_owned(), "sort and cut the rows: `--order -revenue --limit 5`");
    }
    if question.age.is_some() {
        let message = "`--top` compares values over a range of periods, but cohorts are looked at by age";
        return unclear(message.to_owned(), "sort and cut the rows: `--order -value --limit 5`");
    }
    if let Some(needed) = facts.needs.filter(|needed| question.dimensions.first() != Some(needed)) {
        let dimension = &model.dimensions.get(needed).name;
        let message = format!("`--top` compares amounts in several currencies (`{dimension}`)");
        return unclear(message, "rank by a KPI in one currency: `--by-kpi ...`");
    }
    Ok(())
}
