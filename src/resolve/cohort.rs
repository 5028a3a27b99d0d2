//! Cohorts: the ages that a KPI declares, and where in its formula `over age` can be.
//!
//! A cohort is the rows of one period: the users who signed up in January. An aggregate over rows that belong to one of them looks
//! at them period by period of its age, or `to date` at all of its ages so far. So `over age` is in the condition of the aggregate over
//! the cohort, or in what that aggregates, and nowhere else.

use super::Resolver;
use crate::diagnostic::{Findings, codes};
use crate::formula::{Call, Expression, Kind, Window as WrittenWindow};
use crate::functions;
use crate::model::expr::{Age, Aggregate, RowExpr, RowLeaf, Window};
use crate::spec::kpi as written;
use crate::text::{Span, Spanned};

/// How many ages a KPI may have.
const MOST: u32 = 1_000;

/// Which ages there are where a formula is read.
#[derive(Debug, Default)]
pub(super) struct Ages {
    /// Those of the KPI whose formula it is.
    pub of_kpi: Option<Age>,
    /// Whether it declares some that could not be read.
    pub broken: bool,
    /// In how many aggregates over related rows we are.
    pub related: u32,
    /// In how many aggregates over periods we are.
    pub each: u32,
}

/// The ages that a KPI declares; nothing if it declares none, or not as it should.
pub(super) fn ages(kpi: &written::Kpi) -> Option<Age> {
    let ages = kpi.age.as_ref()?;
    Some(Age { unit: ages.unit.as_ref()?.value, up_to: ages.up_to.as_ref()?.value.min(MOST) })
}

/// The same with its place, and with findings about it.
pub(super) fn written(kpi: &written::Kpi, findings: &mut Findings) -> Option<Spanned<Age>> {
    let place = kpi.age.as_ref()?;
    let up_to = place.up_to.as_ref()?;
    if up_to.value == 0 {
        findings
            .report(&codes::WRONG_SHAPE, up_to.span, "ages up to 0 are just the period itself")
            .help("name the last age, as in `up_to: 12`; if you need no ages, remove `age`, and `over age` in the formula");
    } else if up_to.value > MOST {
        findings
            .report(&codes::WRONG_SHAPE, up_to.span, format!("a KPI can have at most {MOST} ages"))
            .help("use a longer unit for ages");
    }
    if kpi.values_span.is_some() {
        let message = format!("`{}` is kept by hand, and hand-kept figures have no ages", kpi.name.value);
        findings.report(&codes::CONFLICTING_KEYS, place.span, message).help("keep one of `age` and `values`");
        return None;
    }
    ages(kpi).map(|age| Spanned::new(age, place.span))
}

/// Whether what is aggregated is made of aggregates over what belongs to each row at its age, or within a time of it:
/// `sum(sum(orders.amount over age) from users)`.
pub(super) fn takes_related(argument: &Expression) -> bool {
    match &argument.kind {
        Kind::Literal(_) | Kind::Path(_) => false,
        Kind::Operator(_, _, operands) => operands.iter().any(takes_related),
        Kind::Call(call) => {
            let aggregates =
                functions::by_name(&call.name.value.to_lowercase()).is_some_and(|known| known.aggregation().is_some());
            let over = call.over.as_ref().map(|over| over.value);
            let own = call.within.is_some() || matches!(over, Some(WrittenWindow::Age | WrittenWindow::AgeToDate));
            if aggregates { own } else { call.arguments.iter().any(takes_related) }
        }
        Kind::Case { operand, branches, otherwise } => {
            let parts = branches.iter().flat_map(|(when, then)| [when, then]);
            operand.iter().chain(otherwise).map(|part| &**part).chain(parts).any(takes_related)
        }
    }
}

impl Resolver<'_> {
    /// The ages of which `over age` speaks at its place, or a finding.
    pub(super) fn over_age(&mut self, span: Span) -> Option<Age> {
        let (message, help) = match self.ages.related {
            0 => (
                "`over age` counts from a row of a cohort, and there is no cohort here",
                "put it in a condition on the rows of the cohort: `count(users where count(logins over age) > 0)` counts \
                 the users of a period who log in at each age; or add it up over them: \
                 `sum(sum(orders.amount over age to date) from users)`",
            ),
            1 if self.ages.each > 0 => (
                "`each` goes over periods, and a cohort has a figure for each age",
                "remove `each`; for the mean of several cohorts use a longer grain, which counts more of them together",
            ),
            1 => return self.age_of_kpi(span),
            _ => (
                "`over age` counts from a row of the cohort, but this row is one step further away",
                "write `over age` in the condition of the aggregate over the cohort itself, or refer from the rows \
                 directly to the cohort: `count(clicks via session.user over age)`",
            ),
        };
        self.report(&codes::MISPLACED_AGE, span, message).help(help);
        None
    }

    fn age_of_kpi(&mut self, span: Span) -> Option<Age> {
        let Some(age) = self.ages.of_kpi else {
            if self.ages.broken {
                return None;
            }
            self.report(&codes::MISSING_AGE, span, "`over age` needs the KPI's ages")
                .help("declare them next to the formula: `age: { unit: month, up_to: 12 }`");
            return None;
        };
        Some(age)
    }

    /// Whether what an aggregate looks at `over age` has no condition on further related rows: it would not be clear of which period
    /// these are, that of the age or that of the cohort.
    pub(super) fn is_plain_at_age(&mut self, aggregate: &Aggregate, span: Span) -> bool {
        let deeper = aggregate.filter.as_ref().is_some_and(RowExpr::has_related);
        if aggregate.window.age().is_some() && deeper {
            let message = "it is unclear which period these rows belong to: that of the age or that of the cohort";
            self.report(&codes::MISPLACED_AGE, span, message)
                .help("make the condition a column of the source, or count these rows directly from the cohort");
            return false;
        }
        true
    }

    /// Whether what is aggregated takes related rows by the age of the row or within a time of it: what belongs to a period is no matter of
    /// the row alone, and goes into a condition.
    pub(super) fn says_which_related(&mut self, argument: &RowExpr, or: Span) -> bool {
        let mut other = None;
        argument.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf
                && related.aggregate.window.age().is_none()
                && !matches!(related.aggregate.window, Window::Within(..))
            {
                other = other.or(related.aggregate.at.0).or(Some(or));
            }
        });
        let Some(span) = other else { return true };
        let message = "nothing says at which age of the row, or how long after it, these related rows are taken";
        self.report(&codes::MISPLACED_AGE, span, message).help(
            "write `over age`, `over age to date` or `within 90 days of created_at` in it; for the values of entities in a period \
             write `avg(sum(orders.amount) per orders.customer)`",
        );
        false
    }

    /// Whether it is said which rows are aggregated, where what is aggregated names others that belong to these.
    pub(super) fn names_rows(&mut self, call: &Call) -> bool {
        if call.from.is_some() || !call.arguments.iter().any(takes_related) {
            return true;
        }
        let message = format!("nothing says whose related rows `{}` goes over", call.name.value);
        let inner = call.arguments.first().map(ToString::to_string).unwrap_or_default();
        self.report(&codes::UNCLEAR_SOURCE, call.name.span, message)
            .help(format!("name the source to whose rows they belong: `{}({inner} from users)`", call.name.value));
        false
    }

    /// Whether an aggregate that looks at ages counts a cohort: the rows of a period.
    pub(super) fn is_cohort(&mut self, call: &Call, aggregate: &Aggregate) -> bool {
        if aggregate.age().is_none() {
            return true;
        }
        let source = &self.model.sources.get(aggregate.source).name.value;
        let (message, help, place) = if aggregate.stock.is_some() {
            (
                format!("`over age` counts from the period of a row, but a state of `{source}` spans many"),
                format!("choose the date that puts a row into a cohort: `{}({source} where ... at ...)`", call.name.value),
                call.name.span,
            )
        } else if aggregate.window != Window::Period {
            (
                "a cohort is the rows of one period, but this window has rows of other periods".to_owned(),
                "remove the window".to_owned(),
                call.over.as_ref().map_or(call.name.span, |over| over.span),
            )
        } else {
            return true;
        };
        self.report(&codes::MISPLACED_AGE, place, message).help(help);
        false
    }
}
