//! Measures as KPIs: the SQL that a tool makes of each is read as `import sql` reads a SELECT.
//!
//! A measure that another names stands in its formula by the KPI's name. Filters of a measure are conditions in its aggregate, as the tools
//! write them.

use super::super::kpis::Kpi;
use super::super::node::Ty;
use super::super::semantic::Metric;
use super::super::short;
use super::super::sources::free;
use super::super::sql::figure::{self, Facts, Other};
use super::super::sql::guess;
use super::super::sql::scope::{Member, OWN, Scope};
use super::super::sql::select::LATER;
use super::rows::Refused;
use super::text::{Draft, Piece, Sql};
use super::{Aggregates, Maker, Measure, Names};
use crate::draft::snake;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many measures may be made of one another.
const DEEPEST: usize = 40;
/// What is told of measures that add up over more than their period.
const WINDOW: &str = "all periods from `start` to `as_of` are shown, and in one that is not over the window ends at `as_of` rather than with the period";
/// How the tellings of windows begin that are of no use there.
const SHOWN: &str = "periods without rows are shown";
/// Names that say too little without their model.
const GENERIC: [&str; 9] = ["count", "sum", "total", "avg", "average", "min", "max", "median", "period"];

/// The KPIs that were made so far.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) kpis: Vec<Kpi>,
    pub(super) refused: Vec<(String, String)>,
    /// Where measures stand.
    pub(super) origins: HashMap<String, String>,
    pub(super) order: Vec<String>,
    /// What measures come to: the place of the KPI, or why there is none.
    done: Names<Result<usize, String>>,
    /// KPIs as parts of others, by how SQL that is put together names them.
    others: HashMap<String, Other>,
    under_way: Vec<String>,
    /// The names of KPIs.
    names: Names<String>,
}

impl Figures {
    /// The KPI of a measure.
    pub(super) fn kpi_of(&self, label: &str) -> Option<usize> {
        self.done.get(label)?.as_ref().ok().copied()
    }
}

impl Maker<'_> {
    /// Makes a KPI of each measure.
    pub(super) fn figures(&mut self) {
        self.made.names = self.names();
        for at in 0..self.models.len() {
            let measures = self.models.get(at).map(|model| model.measures.clone()).unwrap_or_default();
            for measure in &measures {
                let label = self.label(at, &measure.name);
                if self.made.origins.contains_key(&label) {
                    self.leave_out(format!("measure `{}`", short(&label)), measure.at, "another has its name");
                    continue;
                }
                self.made.order.push(label.clone());
                self.made.origins.insert(label.clone(), self.texts.place(measure.at));
                if let Err(why) = self.figure(at, measure) {
                    self.made.refused.push((label, why));
                }
            }
        }
        self.reached();
    }

    /// A name for each measure: its own, or with its model where it says too little.
    fn names(&self) -> Names<String> {
        let all = || self.models.iter().flat_map(|model| model.measures.iter().map(move |measure| (model, measure)));
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (_, measure) in all() {
            *seen.entry(snake(&measure.name).unwrap_or_default()).or_default() += 1;
        }
        let mut taken = HashSet::new();
        let name = |(model, measure): (&super::Model, &Measure)| {
            let own = snake(&measure.name).unwrap_or_else(|| "measure".to_owned());
            let is_plain = seen.get(&own) == Some(&1)
                && !GENERIC.contains(&own.as_str())
                && !crate::spec::RESERVED_WORDS.contains(&own.as_str());
            let wish = if is_plain { own } else { format!("{}_{own}", snake(&model.name).unwrap_or_default()) };
            (format!("{}.{}", model.name, measure.name), free(&wish, &mut taken))
        };
        all().map(name).collect()
    }

    /// The KPI of a measure, by its place.
    fn figure(&mut self, at: usize, measure: &Measure) -> Result<usize, String> {
        let label = self.label(at, &measure.name);
        if let Some(done) = self.made.done.get(&label) {
            return done.clone();
        }
        if self.made.under_way.contains(&label) {
            return Err(format!("{}: it is made of itself", self.texts.place(measure.at)));
        }
        if self.made.under_way.len() > DEEPEST {
            return Err(format!("{}: more than {DEEPEST} measures are made of one another", self.texts.place(measure.at)));
        }
        self.made.under_way.push(label.clone());
        let found = self.read(at, measure, &label);
        self.made.under_way.pop();
        self.made.done.insert(label, found.clone());
        found
    }

    fn read(&mut self, at: usize, measure: &Measure, label: &str) -> Result<usize, String> {
        let told = |maker: &Self, (place, why): Refused| format!("{}: {why}", maker.texts.place(place));
        if let Some(fault) = &measure.fault {
            return Err(told(self, fault.clone()));
        }
        let row = self.places.get(at).ok_or("its model is not there")?;
        let model = short(self.models.get(at).map(|model| model.name.as_str()).unwrap_or_default());
        let source = match (row.source, &row.fault) {
            (Some(source), _) => source,
            (None, why) => return Err(format!("`{model}` is not carried: {}", why.clone().unwrap_or_default())),
        };
        let time = self.sources.source(source).and_then(|source| source.time.clone());
        let Some(time) = time else {
            let why = format!("`{model}` has no dimension of a time that is carried, and a KPI counts rows by their time");
            return Err(told(self, (measure.at, why)));
        };
        let mut building = Building { needed: BTreeSet::new(), uses: Vec::new(), draft: Draft::default() };
        self.aggregate(at, measure, &mut building).map_err(|refused| told(self, refused))?;
        let Building { needed, uses, draft } = building;
        for (model, used) in uses {
            let inner = self.models.get(model).and_then(|model| model.measures.get(used)).cloned();
            let Some(inner) = inner else { continue };
            let why = |why| format!("it is made of `{}`, which is not carried: {why}", short(&inner.name));
            self.figure(model, &inner).map_err(why)?;
        }
        let mut members = vec![Member { alias: self.alias(at), source, way: Vec::new() }];
        for to in needed.into_iter().filter(|to| *to != at) {
            let way = self.way(at, to).map_err(|why| told(self, (measure.at, why)))?;
            let source = self.places.get(to).and_then(|row| row.source).ok_or("its model is not there")?;
            members.push(Member { alias: self.alias(to), source, way });
        }
        let columns = self.sources.mark();
        let made = draft.tokens().and_then(|tokens| {
            let mut scope = Scope::over(&mut self.sources, members, guess::types(&tokens));
            figure::formula(&mut scope, &[], &self.made.others, &measure.window, &tokens)
        });
        let (formula, facts) = made.map_err(|fault| {
            self.sources.rewind(&columns);
            format!("{}: {}", self.texts.place(draft.place(fault.at)), fault.why)
        })?;
        Ok(self.kpi(measure, label, (source, &time), formula, facts))
    }

    fn kpi(
        &mut self,
        measure: &Measure,
        label: &str,
        (source, time): (usize, &str),
        mut formula: super::super::metrics::Formula,
        facts: Facts,
    ) -> usize {
        let is_windowed = !measure.window.is_empty();
        let mut differences: Vec<String> = formula
            .differences
            .iter()
            .filter(|one| !is_windowed || !one.starts_with(SHOWN))
            .map(|one| one.replace("the SELECT", self.words.figures))
            .collect();
        if is_windowed {
            differences.push(WINDOW.to_owned());
            formula.is_dense = true;
        } else if formula.is_dense {
            differences.push(LATER.replace("the SELECT", self.words.figures));
        }
        if measure.aggregates == Aggregates::CountDistinctApproximately {
            differences.push(format!("it is exact, and an estimate in {}", self.words.figures));
        }
        if self.sources.leaf(source, time).and_then(|leaf| leaf.ty) == Some(Ty::Instant) {
            differences.push("its days are those of `timezone` in kpic.yml, and not of the zone of a query".to_owned());
        }
        differences.extend(measure.differences.iter().cloned());
        formula.differences = differences;
        let name = self.made.names.get(label).cloned().unwrap_or_default();
        let facts = if is_windowed { facts.in_every_period() } else { facts };
        let other = Other { name: name.clone(), label: label.to_owned(), ty: formula.node.ty(), facts };
        self.made.others.insert(marked(label), other);
        let about = Metric {
            name: label.to_owned(),
            label: measure.title.clone(),
            description: measure.description.clone(),
            ..Metric::default()
        };
        self.made.kpis.push(Kpi {
            metric: label.to_owned(),
            name,
            about,
            formula,
            grain: None,
            grains: BTreeSet::new(),
            owner: None,
            meta: measure.meta.clone(),
            by: Vec::new(),
            origin: Some(self.texts.place(measure.at)),
        });
        self.made.kpis.len() - 1
    }

    fn alias(&self, at: usize) -> String {
        self.models.get(at).map(|model| model.name.to_lowercase()).unwrap_or_default()
    }

    /// The SQL that a tool makes of a measure.
    fn aggregate(&self, at: usize, measure: &Measure, out: &mut Building) -> Result<(), Refused> {
        let place = measure.at;
        let function = match &measure.aggregates {
            Aggregates::Nothing => {
                let sql = measure.sql.as_ref().ok_or_else(|| (place, "it has no `sql`".to_owned()))?;
                if let Some(filter) = measure.filters.first() {
                    return Err((filter.at, "it filters what other measures are: filter each of these".to_owned()));
                }
                return self.expand(at, sql, out, true);
            }
            Aggregates::Count => "count(",
            Aggregates::CountDistinct | Aggregates::CountDistinctApproximately => "count(distinct ",
            Aggregates::Sum | Aggregates::SumOrZero => "sum(",
            Aggregates::Average => "avg(",
            Aggregates::Min => "min(",
            Aggregates::Max => "max(",
            Aggregates::Median => "median(",
            Aggregates::Percentile(share) => &format!("percentile_cont({share}) within group (order by "),
        };
        let is_added = function.starts_with("count") || function.starts_with("sum");
        // What is 0 over no rows has its condition inside; all else is null either way.
        let inside = !measure.filters.is_empty() && (is_added || self.dialect.name() == "clickhouse");
        out.draft.add(place, function);
        if inside {
            out.draft.add(place, "case when ");
            self.conditions(at, measure, out)?;
            out.draft.add(place, " then ");
        }
        match &measure.sql {
            Some(sql) => {
                let is_zero = measure.aggregates == Aggregates::SumOrZero;
                out.draft.add(sql.at, if is_zero { "coalesce((" } else { "(" });
                self.expand(at, sql, out, false)?;
                out.draft.add(sql.at, if is_zero { "), 0)" } else { ")" });
            }
            None if measure.aggregates == Aggregates::Count => out.draft.add(place, if inside { "1" } else { "*" }),
            None => return Err((place, "it has no `sql`".to_owned())),
        }
        let end = match (inside, &measure.aggregates) {
            (true, Aggregates::SumOrZero) => " else 0 end)",
            (true, _) => " end)",
            (false, _) => ")",
        };
        out.draft.add(place, end);
        if !measure.filters.is_empty() && !inside {
            out.draft.add(place, " filter (where ");
            self.conditions(at, measure, out)?;
            out.draft.add(place, ")");
        }
        Ok(())
    }

    fn conditions(&self, at: usize, measure: &Measure, out: &mut Building) -> Result<(), Refused> {
        for (number, filter) in measure.filters.iter().enumerate() {
            out.draft.add(filter.at, if number == 0 { "(" } else { " and (" });
            self.expand(at, filter, out, false)?;
            out.draft.add(filter.at, ")");
        }
        Ok(())
    }

    /// SQL with each member as what it is.
    fn expand(&self, at: usize, sql: &Sql, out: &mut Building, of_measures: bool) -> Result<(), Refused> {
        // A name alone is a column of the table, whatever else is joined.
        if let Some(column) = sql.one_column().filter(|_| !of_measures) {
            out.draft.name(sql.at, &self.alias(at));
            out.draft.add(sql.at, ".");
            out.draft.name(sql.at, &column);
            return Ok(());
        }
        for (place, piece) in &sql.parts {
            let (model, name) = match piece {
                Piece::Plain(text) => {
                    out.draft.plain(*place, text, self.dialect)?;
                    continue;
                }
                Piece::Odd(why) => return Err((*place, why.clone())),
                Piece::This => {
                    out.draft.name(*place, &self.alias(at));
                    continue;
                }
                Piece::Name(name) if self.has(at, name) => (at, name),
                Piece::Name(name) => {
                    let model = self.model(name);
                    let model = model.ok_or_else(|| (*place, format!("there is no `{}`", short(name))))?;
                    out.needed.insert(model);
                    out.draft.name(*place, &self.alias(model));
                    continue;
                }
                Piece::Member(model, name) => {
                    let found = self.model(model);
                    if found.is_none() && self.dimension(at, model).is_some() {
                        return Err((*place, format!("kpic does not read a period of `{}` there", short(model))));
                    }
                    (found.ok_or_else(|| (*place, format!("there is no `{}`", short(model))))?, name)
                }
            };
            let label = self.label(model, name);
            if let Some(used) = self.models.get(model).and_then(|model| model.measures.iter().position(|one| one.name == *name))
            {
                if !of_measures {
                    return Err((*place, format!("it aggregates the measure `{}`", short(&label))));
                }
                if model != at {
                    let why = "which another model has: there it counts only what is joined, and kpic all";
                    return Err((*place, format!("it is made of the measure `{}`, {why}", short(&label))));
                }
                out.uses.push((model, used));
                out.draft.name(*place, &marked(&label));
                continue;
            }
            let column = self.places.get(model).and_then(|row| row.columns.get(name));
            let column = column.ok_or_else(|| (*place, format!("there is no `{}`", short(&label))))?;
            let column = column.as_ref().map_err(|why| (*place, format!("`{}` is not carried: {why}", short(&label))))?;
            out.needed.insert(model);
            out.draft.name(*place, &self.alias(model));
            out.draft.add(*place, ".");
            out.draft.name(*place, &format!("{OWN}{column}"));
        }
        Ok(())
    }

    /// Whether a model has a member of that name.
    fn has(&self, at: usize, name: &str) -> bool {
        self.dimension(at, name).is_some()
            || self.models.get(at).is_some_and(|model| model.measures.iter().any(|one| one.name == name))
    }
}

/// SQL of a measure that is put together.
struct Building {
    /// The models that it reads.
    needed: BTreeSet<usize>,
    /// The measures that it is made of, each with its model.
    uses: Vec<(usize, usize)>,
    draft: Draft,
}

/// How SQL that is put together names a measure.
fn marked(label: &str) -> String {
    format!("{OWN}{label}")
}
