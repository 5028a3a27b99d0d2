//! Makes up aggregates over states.

use super::super::conditions::{Maker, paths};
use super::super::generate::Choices;
use super::super::project::{Aggregate, Edge, Expr, Pair, Path, Row, RowLeaf, Source, Stock, Type, Value, Window};

/// The moment at which an aggregate looks at states, if it says so.
pub fn moment(source: &Source, choices: &mut Choices) -> Option<Stock> {
    source.states.as_ref()?;
    choices.weighted(&[(4, None), (2, Some(Edge::Start)), (1, Some(Edge::End))]).map(Stock::At)
}

/// An aggregate over pairs of states; nothing where a source has none.
pub fn pairs(maker: &Maker<'_>, choices: &mut Choices) -> Option<Aggregate> {
    maker.source.states.as_ref()?;
    let per = if choices.chance(50) { entity(maker, choices) } else { None };
    Some(Pairs { maker, per }.aggregate(choices))
}

/// Now and then the same over pairs of keys, to be grouped.
pub fn pairs_of_keys(maker: &Maker<'_>, choices: &mut Choices) -> Option<Aggregate> {
    maker.source.states.as_ref()?;
    choices.chance(25).then(|| Pairs { maker, per: None }.aggregate(choices))
}

/// A path to what may have several states at once, more often a reference.
fn entity(maker: &Maker<'_>, choices: &mut Choices) -> Option<Path> {
    let fits = |ty: Type| matches!(ty, Type::Text | Type::Integer | Type::Boolean | Type::Date);
    let all = paths(maker.project, maker.source, 1).into_iter().filter(|(path, ty)| fits(*ty) && path[0] != "id");
    let all: Vec<Path> = all.map(|(path, _)| path).collect();
    let refers = |path: &&Path| maker.project.column(maker.source, path).references.is_some();
    let references: Vec<Path> = all.iter().filter(refers).cloned().collect();
    let from = if references.is_empty() || choices.chance(35) { all } else { references };
    (!from.is_empty()).then(|| choices.pick(&from).clone())
}

/// Makes up what stands in an aggregate over pairs.
struct Pairs<'a> {
    maker: &'a Maker<'a>,
    per: Option<Path>,
}

fn edge(choices: &mut Choices) -> Edge {
    *choices.pick(&[Edge::Start, Edge::End])
}

fn leaf(pair: Pair) -> Row {
    Expr::Leaf(RowLeaf::Pair(pair))
}

impl Pairs<'_> {
    fn aggregate(&self, choices: &mut Choices) -> Aggregate {
        let functions = [
            (35, "count"),
            (35, "sum"),
            (6, "avg"),
            (4, "min"),
            (4, "max"),
            (4, "median"),
            (3, "percentile"),
            (3, "percentile_disc"),
            (3, "stddev"),
            (6, "count_distinct"),
        ];
        let mut function = choices.weighted(&functions);
        let argument = match function {
            "count" if choices.chance(80) => None,
            _ => self.number(1, choices),
        };
        if argument.is_none() {
            function = "count";
        }
        // What says nothing of a pair counts states.
        let filtered = argument.is_none() || choices.chance(60);
        let filter = filtered.then(|| self.condition(2, choices));
        let share = function.starts_with("percentile").then(|| *choices.pick(&[0, 25, 90]));
        Aggregate {
            function,
            share,
            source: self.maker.source.name.clone(),
            argument,
            via: None,
            says_via: true,
            of: None,
            filter,
            at: None,
            stock: Some(Stock::Pairs(self.per.clone())),
            window: Window::Period,
        }
    }

    /// A number of each pair; nothing where its states have none.
    fn number(&self, depth: usize, choices: &mut Choices) -> Option<Row> {
        if self.per.is_none() && choices.chance(25) {
            let number = Maker { related: false, ..*self.maker }.number(1, choices)?;
            return Some(of_pair(&number, &[], choices));
        }
        let numbers = paths(self.maker.project, self.maker.source, 1).into_iter().filter(|(_, ty)| ty.is_numeric());
        let numbers: Vec<(Path, Type)> = numbers.collect();
        if numbers.is_empty() {
            return None;
        }
        let one = leaf(Pair::Of(edge(choices), choices.pick(&numbers).0.clone()));
        if depth == 0 {
            return Some(one);
        }
        let other = self.number(0, choices)?;
        Some(match choices.below(8) {
            0 | 1 => one,
            2 => Expr::Apply("+", vec![one, other]),
            3 => Expr::Apply(choices.word(&["least", "greatest"]), vec![one, other]),
            4 => Expr::Apply("if", vec![self.condition(0, choices), one, other]),
            _ => Expr::Apply("-", vec![one, other]),
        })
    }

    /// A condition on a pair.
    fn condition(&self, depth: usize, choices: &mut Choices) -> Row {
        if depth > 0 && choices.chance(55) {
            let name = choices.word(&["and", "and", "or", "not"]);
            let count = if name == "not" { 1 } else { 2 };
            return Expr::Apply(name, (0..count).map(|_| self.condition(depth - 1, choices)).collect());
        }
        match choices.below(10) {
            0..3 => leaf(Pair::Exists(edge(choices))),
            3 | 4 => leaf(Pair::Ever),
            5..7 => self.comparison(choices).unwrap_or_else(|| leaf(Pair::Exists(Edge::Start))),
            _ => self.on_columns(choices),
        }
    }

    fn comparison(&self, choices: &mut Choices) -> Option<Row> {
        let one = self.number(0, choices)?;
        let literal = Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(0, 20)).unwrap())));
        let other = if choices.chance(70) { self.number(0, choices)? } else { literal };
        Some(Expr::Apply(choices.word(&["<", "<=", ">", ">=", "=", "!="]), vec![one, other]))
    }

    /// A condition on any column of the states, or on those of the entity itself.
    fn on_columns(&self, choices: &mut Choices) -> Row {
        let maker = Maker { related: false, ..*self.maker };
        let Some(per) = &self.per else { return of_pair(&maker.condition(1, choices), &[], choices) };
        let target = maker.project.column(maker.source, per).references.as_ref();
        let target = target.and_then(|target| maker.project.sources.iter().find(|source| source.name == *target));
        match target {
            Some(source) if choices.chance(75) => of_pair(&Maker { source, ..maker }.condition(1, choices), per, choices),
            _ => Expr::Apply(choices.word(&["is null", "is not null"]), vec![leaf(Pair::Of(edge(choices), per.clone()))]),
        }
    }
}

/// An expression over rows as one over pairs, each column of which is that of one side.
fn of_pair(row: &Row, behind: &[String], choices: &mut Choices) -> Row {
    match row {
        Expr::Leaf(RowLeaf::Path(path)) => leaf(Pair::Of(edge(choices), behind.iter().chain(path).cloned().collect())),
        Expr::Literal(_) | Expr::Leaf(_) => row.clone(),
        Expr::Apply(name, arguments) => {
            Expr::Apply(name, arguments.iter().map(|argument| of_pair(argument, behind, choices)).collect())
        }
    }
}
