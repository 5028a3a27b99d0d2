//! From a checked formula to a term.
//!
//! Written out, a KPI is replaced by its formula, in its unit, and a derived column by its own; a condition of `slice` goes to the rows, `total` and
//! `prior` to the aggregates inside. That follows what `plan::lookup::expand` makes of the same formula, step by step.

use super::term::{Aggregate, Column, Leaf, Moment, OfEntity, Stock, Term, type_name};
use crate::calendar::{Grain, Length};
use crate::functions::{abs, if_, operators};
use crate::model::expr::{
    self, Calc, CalcLeaf, Expr, Grouped, Literal, Node, PairLeaf, Past, Path, RowExpr, RowLeaf, Way, Window,
};
use crate::model::{Body, Clock, Column as ModelColumn, ColumnId, DimensionId, KpiId, Model, SourceId, Storage};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// How deep formulas are written out, and how many parts they may have then. Of what is beyond, [`Term::Broken`], nothing is said.
const DEEPEST: usize = 100;
const LARGEST: usize = 4_000;

/// What definitions of one version are called in the other.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// KPIs.
    pub kpis: BTreeMap<String, String>,
    /// Sources and journeys.
    pub sources: BTreeMap<String, String>,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// The stored columns that are never null in both versions, by the names of their sources; nothing where a version stands alone.
    pub promised: Option<BTreeSet<(String, String)>>,
}

/// The stored columns of a model that are never null, by the names of their sources.
pub fn promised(model: &Model, names: &Names) -> BTreeSet<(String, String)> {
    let of_source = |source: &crate::model::Source| {
        let name = names.source(&source.name.value);
        let stored =
            source.columns.rows().iter().filter(|column| !column.nullable).filter_map(|column| match &column.storage {
                Storage::Stored(stored) => Some(stored.clone()),
                _ => None,
            });
        stored.map(|stored| (name.clone(), stored)).collect::<Vec<_>>()
    };
    model.sources.rows().iter().flat_map(of_source).collect()
}

impl Names {
    fn of<'a>(renamed: &'a BTreeMap<String, String>, name: &'a str) -> String {
        renamed.get(name).map_or(name, String::as_str).to_owned()
    }

    /// What a KPI is called.
    pub fn kpi(&self, name: &str) -> String {
        Self::of(&self.kpis, name)
    }

    /// What a source is called.
    pub fn source(&self, name: &str) -> String {
        Self::of(&self.sources, name)
    }

    /// What a dimension is called.
    pub fn dimension(&self, name: &str) -> String {
        Self::of(&self.dimensions, name)
    }
}

/// The columns of a source in their order, each with what it reads and its type: what decides between rows at one time where there is no key.
pub fn order(source: &crate::model::Source) -> Vec<String> {
    let each = source.columns.rows().iter().map(|column| match &column.storage {
        Storage::Stored(stored) => format!("{stored} {}", column.ty),
        other => format!("{} {} {other:?}", column.name.value, column.ty),
    });
    each.collect()
}

/// Makes terms of the formulas of a model.
#[derive(Debug)]
pub struct Writer<'a> {
    model: &'a Model,
    names: &'a Names,
    written_out: bool,
    /// How many parts may still be written.
    left: Cell<usize>,
}

/// Where in a formula we are.
#[derive(Debug, Clone, Default)]
struct Place<'a> {
    moment: Moment,
    filters: Vec<&'a RowExpr>,
    depth: usize,
}

impl<'a> Writer<'a> {
    /// One that leaves KPIs and derived columns as their names.
    pub fn as_written(model: &'a Model, names: &'a Names) -> Self {
        Self { model, names, written_out: false, left: Cell::new(LARGEST) }
    }

    /// One that writes KPIs and derived columns out.
    pub fn written_out(model: &'a Model, names: &'a Names) -> Self {
        Self { model, names, written_out: true, left: Cell::new(LARGEST) }
    }

    /// A KPI.
    pub fn kpi(&self, id: KpiId) -> Term {
        self.left.set(LARGEST);
        self.kpi_at(id, &Place::default())
    }

    /// A formula that has no KPI of its own.
    pub fn formula(&self, calc: &Calc) -> Term {
        self.left.set(LARGEST);
        self.calc(calc, &Place::default())
    }

    /// A row expression over a source.
    pub fn row(&self, source: SourceId, expr: &RowExpr) -> Term {
        self.left.set(LARGEST);
        self.row_at(source, &[], expr, 0)
    }

    /// A path that starts in a source.
    pub fn path(&self, source: SourceId, path: &Path) -> Term {
        self.left.set(LARGEST);
        self.column(source, &path.through, path.column, 0)
    }

    fn source(&self, id: SourceId) -> String {
        self.names.source(&self.model.sources.get(id).name.value)
    }

    fn dimension(&self, id: DimensionId) -> String {
        self.names.dimension(&self.model.dimensions.get(id).name)
    }

    fn kpi_at(&self, id: KpiId, place: &Place<'a>) -> Term {
        let kpi = self.model.kpis.get(id);
        if place.depth > DEEPEST {
            return Term::Broken;
        }
        match &kpi.body {
            Body::Formula(calc) => {
                let deeper = Place { depth: place.depth + 1, ..place.clone() };
                scaled(self.calc(calc, &deeper), kpi.facts.scale)
            }
            Body::Values(_) => Term::leaf(Leaf::ByHand(self.names.kpi(&kpi.name.value), place.moment.clone())),
            Body::Broken => Term::Broken,
        }
    }

    /// Takes note of one more part, if there may be one.
    fn may_go_on(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn calc(&self, calc: &'a Calc, place: &Place<'a>) -> Term {
        if !self.may_go_on() {
            return Term::Broken;
        }
        match &calc.node {
            Node::Literal(literal) => self::literal(literal),
            Node::Broken => Term::Broken,
            Node::Apply(function, arguments) => {
                Term::Apply(function.name, arguments.iter().map(|argument| self.calc(argument, place)).collect())
            }
            Node::Leaf(leaf) => self.calc_leaf(leaf, place),
        }
    }

    fn calc_leaf(&self, leaf: &'a CalcLeaf, place: &Place<'a>) -> Term {
        match leaf {
            CalcLeaf::Kpi(id) if self.written_out => self.kpi_at(*id, place),
            CalcLeaf::Kpi(id) => Term::leaf(Leaf::Kpi(self.names.kpi(&self.model.kpis.get(*id).name.value))),
            CalcLeaf::Duration(count, unit) => Term::leaf(Leaf::Duration(*count, *unit)),
            CalcLeaf::Aggregate(aggregate) => {
                Term::leaf(Leaf::Aggregate(self.aggregate(aggregate, &place.filters, 0), place.moment.clone()))
            }
            CalcLeaf::Grouped(grouped) => self.grouped(grouped, place),
            CalcLeaf::Each(each) => {
                let inner =
                    Place { moment: Moment { back: Vec::new(), to_date: false, ..place.moment.clone() }, ..place.clone() };
                Term::leaf(Leaf::Each {
                    function: each.function.name,
                    fraction: each.fraction.clone(),
                    of: self.calc(&each.of, &inner),
                    grain: each.grain,
                    window: self.window(each.window),
                    null_if_empty: each.null_if_empty,
                    moment: place.moment.clone(),
                })
            }
            CalcLeaf::Prior(past, of, length) => self.prior(*past, of, *length, place),
            CalcLeaf::Trend(trend) => Term::leaf(Leaf::Trend {
                way: trend.way.name(),
                tolerance: match &trend.way {
                    Way::Flat(tolerance) => tolerance.clone(),
                    Way::Rising | Way::Falling | Way::Unusual => String::new(),
                },
                of: self.calc(&trend.of, place),
                length: trend.length,
            }),
            CalcLeaf::Slice(of, condition) if self.written_out => {
                let mut part = place.clone();
                part.filters.push(condition);
                self.calc(of, &part)
            }
            CalcLeaf::Slice(of, condition) => {
                let condition = self.row_at_dimensions(condition);
                Term::leaf(Leaf::Slice(self.calc(of, place), condition))
            }
            CalcLeaf::Total(of, dimensions) => {
                let named = dimensions.iter().map(|id| self.dimension(*id));
                if !self.written_out {
                    return Term::leaf(Leaf::Total(self.calc(of, place), named.collect()));
                }
                let mut whole = place.clone();
                if dimensions.is_empty() {
                    whole.moment.whole.insert(String::new());
                }
                whole.moment.whole.extend(named);
                self.calc(of, &whole)
            }
        }
    }

    fn prior(&self, past: Past, of: &'a Calc, length: Option<Length>, place: &Place<'a>) -> Term {
        if !self.written_out {
            return Term::leaf(Leaf::Prior(past.name(), self.calc(of, place), length));
        }
        let mut earlier = place.clone();
        earlier.moment.back.push(length);
        earlier.moment.to_date |= past.is_to_date();
        let known = Term::leaf(Leaf::Known(earlier.moment.back.clone()));
        // What there was before is null where there is no period; so is all that is made of it.
        let before = Term::Apply(if_::IF.name, vec![known, self.calc(of, &earlier)]);
        match past {
            Past::Prior | Past::PriorToDate => before,
            Past::Change | Past::ChangeToDate => Term::Apply(operators::SUBTRACT.name, vec![self.calc(of, place), before]),
            Past::Growth | Past::GrowthToDate => {
                let change = Term::Apply(operators::SUBTRACT.name, vec![self.calc(of, place), before.clone()]);
                Term::Apply(operators::DIVIDE.name, vec![change, Term::Apply(abs::ABS.name, vec![before])])
            }
        }
    }

    fn grouped(&self, grouped: &'a Grouped, place: &Place<'a>) -> Term {
        let source = grouped.source;
        let of = if let Node::Leaf(CalcLeaf::Aggregate(only)) = &grouped.of.node {
            OfEntity::One(Box::new(self.aggregate(only, &place.filters, 0)))
        } else {
            // It is looked at when the aggregate over entities is.
            let inner = Place { moment: Moment::default(), ..place.clone() };
            let counts = |aggregate: &&expr::Aggregate| Aggregate {
                function: "count",
                fraction: None,
                argument: None,
                ..self.aggregate(aggregate, &place.filters, 0)
            };
            OfEntity::Made { value: self.calc(&grouped.of, &inner), rows: grouped.aggregates().iter().map(counts).collect() }
        };
        Term::leaf(Leaf::Grouped {
            function: grouped.function.name,
            fraction: grouped.fraction.clone(),
            of,
            entity: self.plain_column(source, &grouped.entity),
            filter: grouped.filter.iter().flat_map(Expr::conjuncts).map(|of| self.row(source, of)).collect(),
            top: grouped.top,
            null_if_empty: grouped.null_if_empty,
            moment: place.moment.clone(),
        })
    }

    fn aggregate(&self, aggregate: &expr::Aggregate, filters: &[&RowExpr], depth: usize) -> Aggregate {
        let source = aggregate.source;
        let pairs = matches!(aggregate.stock, Some(expr::Stock::Pairs(_)));
        let own = aggregate.filter.iter().flat_map(Expr::conjuncts).map(|of| self.row_at(source, &[], of, depth));
        let more = filters.iter().flat_map(|filter| filter.conjuncts()).map(|of| self.on_rows(source, pairs, of, depth));
        Aggregate {
            function: aggregate.function.name,
            fraction: aggregate.fraction.clone(),
            source: self.source(source),
            argument: aggregate.argument.as_ref().map(|of| self.row_at(source, &[], of, depth)),
            filter: own.chain(more).collect(),
            // The time of the source is said there.
            time: aggregate
                .time
                .filter(|time| self.written_out || self.model.sources.get(source).time != Some(*time))
                .map(|time| self.plain_column(source, &Path::to(time))),
            stock: aggregate.stock.as_ref().map(|stock| match stock {
                expr::Stock::At(edge) => Stock::At(*edge),
                expr::Stock::Pairs(per) => Stock::Pairs(per.as_ref().map(|per| self.plain_column(source, per))),
            }),
            window: self.window(aggregate.window),
            null_if_empty: aggregate.null_if_empty,
        }
    }

    /// A window in the smallest unit that says the same, where the calendar is one of rules.
    fn window(&self, window: Window) -> Window {
        match window {
            Window::Trailing(Length { count, unit }) if self.written_out && !self.model.calendar.custom => {
                let (times, unit) = match unit {
                    Grain::Week => (7, Grain::Day),
                    Grain::Quarter => (3, Grain::Month),
                    Grain::Year => (12, Grain::Month),
                    unit @ (Grain::Day | Grain::Month) => (1, unit),
                };
                count.checked_mul(times).map_or(window, |count| Window::Trailing(Length { count, unit }))
            }
            window => window,
        }
    }

    /// A condition on dimensions as one on the rows of a source.
    fn on_rows(&self, source: SourceId, pairs: bool, condition: &RowExpr, depth: usize) -> Term {
        let placed = condition.map(&mut |leaf| match leaf {
            RowLeaf::Dimension(id) => match self.model.dimensions.get(*id).places.get(&source) {
                Some(path) if pairs => Expr::leaf(RowLeaf::Pair(PairLeaf::Either(path.clone()))),
                Some(path) => Expr::leaf(RowLeaf::Column(path.clone())),
                None => Expr::null(),
            },
            other => Expr::leaf(other.clone()),
        });
        self.row_at(source, &[], &placed, depth)
    }

    /// A condition on dimensions as it is.
    fn row_at_dimensions(&self, condition: &RowExpr) -> Term {
        match &condition.node {
            Node::Leaf(RowLeaf::Dimension(id)) => Term::leaf(Leaf::Dimension(self.dimension(*id))),
            Node::Apply(function, arguments) => {
                Term::Apply(function.name, arguments.iter().map(|argument| self.row_at_dimensions(argument)).collect())
            }
            Node::Literal(literal) => self::literal(literal),
            Node::Leaf(_) | Node::Broken => Term::Broken,
        }
    }

    /// A row expression; its rows are reached from those of `source` through references.
    fn row_at(&self, source: SourceId, through: &[ColumnId], expr: &RowExpr, depth: usize) -> Term {
        if depth > DEEPEST || !self.may_go_on() {
            return Term::Broken;
        }
        let at = |path: &Path| -> Vec<ColumnId> { through.iter().chain(&path.through).copied().collect() };
        let leaf = match &expr.node {
            Node::Literal(literal) => return self::literal(literal),
            Node::Broken => return Term::Broken,
            Node::Apply(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.row_at(source, through, argument, depth));
                return Term::Apply(function.name, arguments.collect());
            }
            Node::Leaf(leaf) => leaf,
        };
        Term::leaf(match leaf {
            RowLeaf::Column(path) => return self.column(source, &at(path), path.column, depth),
            RowLeaf::Duration(count, unit) => Leaf::Duration(*count, *unit),
            RowLeaf::Dimension(id) => Leaf::Dimension(self.dimension(*id)),
            RowLeaf::Value => Leaf::Value,
            RowLeaf::Related(related) => {
                // Rows belong to the row that is reached; the way to it is part of what is asked.
                if !through.is_empty() {
                    return Term::Broken;
                }
                Leaf::Related {
                    of: self.aggregate(&related.aggregate, &[], depth + 1),
                    via: self.plain_column(related.aggregate.source, &related.via),
                    from: related.of.as_ref().map(|of| self.plain_column(source, of)),
                }
            }
            RowLeaf::Pair(PairLeaf::Of(edge, path)) => Leaf::Of(*edge, self.plain_column(source, path)),
            RowLeaf::Pair(PairLeaf::Either(path)) => Leaf::Either(self.plain_column(source, path)),
            RowLeaf::Pair(PairLeaf::Exists(edge)) => Leaf::Exists(*edge),
            RowLeaf::Pair(PairLeaf::Ever) => Leaf::Ever,
            RowLeaf::Reached(reached) => {
                let end = self.model.end_of(source, &Path { through: through.to_vec(), column: reached.step });
                let named = |column: ColumnId| self.model.sources.get(end).columns.get(column).name.value.clone();
                Leaf::Reached {
                    journey: self.source(end),
                    step: named(reached.step),
                    from: named(reached.of),
                    within: reached.within,
                }
            }
        })
    }

    /// A column at the end of some references: its own formula where it is derived and that is wanted.
    fn column(&self, source: SourceId, through: &[ColumnId], column: ColumnId, depth: usize) -> Term {
        let path = Path { through: through.to_vec(), column };
        let end = self.model.end_of(source, &path);
        match &self.model.sources.get(end).columns.get(column).storage {
            Storage::Derived(of) if self.written_out => self.row_at(source, through, of, depth + 1),
            Storage::Derived(_) | Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => {
                Term::leaf(Leaf::Column(self.plain_column(source, &path)))
            }
        }
    }

    /// A column by what it reads, whether derived or not.
    fn plain_column(&self, source: SourceId, path: &Path) -> Column {
        let mut at = source;
        let mut through = Vec::new();
        for step in &path.through {
            let column = self.model.sources.get(at).columns.get(*step);
            let reads = self.reads(at, column);
            at = column.reference.unwrap_or(at);
            through.push((reads, self.source(at)));
        }
        let column = self.model.sources.get(at).columns.get(path.column);
        if !self.written_out {
            // What a column is, its source says.
            let reads = column.name.value.clone();
            return Column { source: self.source(source), through, reads, ty: "", clock: String::new(), never_null: false };
        }
        let reads = self.reads(at, column);
        let is_promised = || {
            let key = || (self.source(at), reads.clone());
            self.names.promised.as_ref().is_none_or(|promised| promised.contains(&key()))
        };
        Column {
            source: self.source(source),
            never_null: through.is_empty() && !column.nullable && matches!(column.storage, Storage::Stored(_)) && is_promised(),
            through,
            reads,
            ty: type_name(column.ty),
            clock: match &column.clock {
                Clock::Civil => String::new(),
                Clock::Instant => "instant".to_owned(),
                Clock::Wall(zone) => zone.name().to_owned(),
            },
        }
    }

    /// What a column reads, so that two that read the same are the same by whatever name.
    fn reads(&self, source: SourceId, column: &ModelColumn) -> String {
        let is_step = self.model.sources.get(source).journey.is_some();
        match &column.storage {
            _ if !self.written_out || is_step => column.name.value.clone(),
            Storage::Stored(name) => name.clone(),
            Storage::Several(_) => format!("key {}", column.name.value),
            Storage::Derived(of) => format!("formula {:?}", self.row_at(source, &[], of, 1)),
            Storage::Raw(sql) => {
                let each: BTreeSet<&(Option<String>, String)> = sql.0.iter().collect();
                format!("sql {each:?}")
            }
        }
    }
}

fn literal(literal: &Literal) -> Term {
    match literal {
        Literal::Null => Term::Null,
        Literal::Truth(truth) => Term::Truth(*truth),
        Literal::Number(digits) => super::number::exact(digits).map_or_else(|| Term::Text(digits.clone()), Term::Number),
        Literal::Text(text) => Term::Text(text.clone()),
        Literal::Date(date) => Term::Date(*date),
        Literal::Grain(grain) => Term::Grain(*grain),
    }
}

/// A value in another unit, as plans write it.
pub fn scaled(term: Term, factor: f64) -> Term {
    if (factor - 1.0).abs() < f64::EPSILON {
        return term;
    }
    let (function, by) = if factor.abs() < 1.0 { (&operators::DIVIDE, 1.0 / factor) } else { (&operators::MULTIPLY, factor) };
    let number = super::number::exact(&by.to_string()).map_or(Term::Broken, Term::Number);
    Term::Apply(function.name, vec![term, number])
}
