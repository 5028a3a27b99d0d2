//! Lays a query out as SQL that a person can read from top to bottom.

use super::dialect::{Dialect, Shift};
use super::layout::indented;
use super::spell::{Spelling, Tightness, spelling};
use crate::calendar::{Grain, Weekday};
use crate::model::expr::{Expr, Literal, Node};
use crate::plan::relation::{
    Atom, Body, Civil, Fold, From, Join, JoinKind, Moment, Neighbour, PeriodOf, Query, Ranking, RelationRef, Rolling, Rows,
    Scalar, Select, SoFar, SourceRows,
};

/// How wide a line of columns may be before each gets a line of its own.
const WIDTH: usize = 110;

/// A whole query as text, without a semicolon.
pub fn query(query: &Query, dialect: &dyn Dialect) -> String {
    let writer = Writer { dialect };
    let mut out = String::new();
    if !query.parts.is_empty() {
        out.push_str("with\n");
        let parts: Vec<String> = query
            .parts
            .iter()
            .map(|part| {
                let body = writer.body(&part.body);
                format!("  {} as (\n{}\n  )", dialect.identifier(&part.name), indented(&body, 4))
            })
            .collect();
        out.push_str(&parts.join(",\n"));
        out.push('\n');
    }
    out.push_str(&writer.body(&query.result));
    out
}

/// A relation of the warehouse, as it stands after `from`.
pub fn relation(relation: &RelationRef, dialect: &dyn Dialect) -> String {
    let source = SourceRows { relation: relation.clone(), stored: Vec::new(), raw: Vec::new(), again: false };
    let text = Writer { dialect }.source(&source);
    if matches!(relation, RelationRef::Query(_)) { format!("{text} as stored") } else { text }
}

/// A query as a statement of its own, with a semicolon and a line break.
pub fn statement(text: &Query, dialect: &dyn Dialect) -> String {
    format!("{};\n", query(text, dialect))
}

struct Writer<'a> {
    dialect: &'a dyn Dialect,
}

/// Text with how tightly it binds.
type Written = (String, Tightness);

impl Writer<'_> {
    fn body(&self, body: &Body) -> String {
        match body {
            Body::Select(select) => self.select(select),
            Body::Union(selects) => selects.iter().map(|select| self.select(select)).collect::<Vec<_>>().join("\nunion all\n"),
        }
    }

    fn select(&self, select: &Select) -> String {
        // Columns are named with their relation only where there are several.
        let qualify = !select.joins.is_empty();
        let scope = Scope { writer: self, qualify };
        let columns: Vec<String> = select
            .columns
            .iter()
            .map(|(expr, name)| {
                let text = scope.expr(expr).0;
                let name = self.dialect.identifier(name);
                let same = text == name || text.rsplit('.').next() == Some(name.as_str()) && is_column(expr);
                if same { text } else { format!("{text} as {name}") }
            })
            .collect();
        let word = if select.distinct { "select distinct" } else { "select" };
        let line = format!("{word} {}", columns.join(", "));
        let mut out = if line.len() <= WIDTH && !line.contains('\n') {
            line
        } else {
            format!("{word}\n{}", indented(&columns.join(",\n"), 2))
        };
        if let Some(from) = &select.from {
            out.push_str(&format!("\nfrom {}", self.from(from, &scope, !qualify)));
        }
        for join in &select.joins {
            out.push_str(&format!("\n{}", self.join(join, &scope)));
        }
        let conditions = |word: &str, conditions: &[Scalar]| {
            let least = if conditions.len() > 1 { Tightness::And } else { Tightness::Or };
            let each: Vec<String> = conditions.iter().map(|condition| scope.bound(condition, least)).collect();
            let gap = " ".repeat(word.len() - 3);
            format!("\n{word} {}", each.join(&format!("\n{gap}and ")))
        };
        if !select.filter.is_empty() {
            out.push_str(&conditions("where", &select.filter));
        }
        if let Some(count) = select.group.filter(|count| *count > 0) {
            let place = |(at, (expr, _)): (usize, &(Scalar, String))| {
                scope.uncast(expr, select.from.as_ref()).unwrap_or_else(|| (at + 1).to_string())
            };
            let places: Vec<String> = select.columns.iter().take(count).enumerate().map(place).collect();
            out.push_str(&format!("\ngroup by {}", places.join(", ")));
        }
        if !select.having.is_empty() {
            out.push_str(&conditions("having", &select.having));
        }
        if !select.order.is_empty() {
            out.push_str(&format!("\norder by {}", scope.order(&select.order)));
        }
        if let Some(limit) = select.limit {
            out.push_str(&format!("\nlimit {limit}"));
        }
        out
    }

    fn from(&self, from: &From, scope: &Scope<'_>, alone: bool) -> String {
        let name = self.dialect.identifier(&from.name);
        match &from.relation {
            Rows::Part(part) => {
                let part = self.dialect.identifier(part);
                if part == name { part } else { format!("{part} as {name}") }
            }
            Rows::Source(source) => {
                let text = self.source(source);
                let own = source.raw.is_empty() && !matches!(source.relation, RelationRef::Query(_));
                if (alone && own) || text == name { text } else { format!("{text} as {name}") }
            }
            Rows::Select(select) => format!("(\n{}\n) as {name}", indented(&self.select(select), 2)),
            Rows::Days { from, before, every, unit } => {
                let days = self.dialect.days(&scope.expr(from).0, &scope.expr(before).0, *every, *unit);
                format!("{days} as {name}")
            }
            Rows::Values(columns, rows) => {
                let row = |row: &Vec<Scalar>| {
                    let cells: Vec<String> = row.iter().map(|cell| scope.expr(cell).0).collect();
                    format!("({})", cells.join(", "))
                };
                let rows: Vec<String> = rows.iter().map(row).collect();
                let columns: Vec<String> = columns.iter().map(|column| self.dialect.identifier(column)).collect();
                format!("(values\n{}\n) as {name}({})", indented(&rows.join(",\n"), 2), columns.join(", "))
            }
        }
    }

    fn source(&self, source: &SourceRows) -> String {
        let relation = match &source.relation {
            RelationRef::Table(parts) => parts.iter().map(|part| self.dialect.identifier(part)).collect::<Vec<_>>().join("."),
            RelationRef::Files(paths) => self.dialect.files(paths),
            RelationRef::Query(sql) => format!("(\n{}\n)", indented(sql, 2)),
        };
        if source.raw.is_empty() && !source.again {
            return relation;
        }
        let stored = source.stored.iter().map(|name| self.dialect.identifier(name));
        let raw = source.raw.iter().map(|(name, sql)| format!("({sql}) as {}", self.dialect.identifier(name)));
        let columns: Vec<String> = stored.chain(raw).collect();
        let named = if matches!(source.relation, RelationRef::Query(_)) { format!("{relation} as stored") } else { relation };
        format!("(\n  select {}\n  from {named}\n)", columns.join(", "))
    }

    fn join(&self, join: &Join, scope: &Scope<'_>) -> String {
        let from = self.from(&join.from, scope, false);
        match (&join.on, join.kind) {
            (Some(on), JoinKind::Left) => format!("left join {from} on {}", scope.expr(on).0),
            (Some(on), _) => format!("join {from} on {}", scope.expr(on).0),
            (None, _) => format!("cross join {from}"),
        }
    }
}

fn is_column(expr: &Scalar) -> bool {
    matches!(&expr.node, Node::Leaf(Atom::Column { .. }))
}

/// Expressions of one select.
struct Scope<'a> {
    writer: &'a Writer<'a>,
    qualify: bool,
}

impl Scope<'_> {
    fn dialect(&self) -> &dyn Dialect {
        self.writer.dialect
    }

    /// An expression that binds at least so tightly, in parentheses if it does not by itself.
    fn bound(&self, expr: &Scalar, least: Tightness) -> String {
        let (text, own) = self.expr(expr);
        if own < least { format!("({text})") } else { text }
    }

    /// An expression that binds more tightly than that.
    fn tighter(&self, expr: &Scalar, than: Tightness) -> String {
        let (text, own) = self.expr(expr);
        if own <= than { format!("({text})") } else { text }
    }

    fn list(&self, exprs: &[Scalar]) -> String {
        exprs.iter().map(|expr| self.expr(expr).0).collect::<Vec<_>>().join(", ")
    }

    fn order(&self, order: &[(Scalar, bool)]) -> String {
        let each = order.iter().map(|(expr, greatest_first)| {
            let direction = if *greatest_first { " desc" } else { "" };
            format!("{}{direction} nulls last", self.expr(expr).0)
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, expr: &Scalar) -> Written {
        match &expr.node {
            Node::Literal(literal) => self.literal(literal),
            Node::Broken => ("null".to_owned(), Tightness::Atom),
            Node::Leaf(atom) => self.atom(atom),
            Node::Apply(function, arguments) => self.apply(function.name, arguments),
        }
    }

    fn literal(&self, literal: &Literal) -> Written {
        let text = match literal {
            Literal::Null => "null".to_owned(),
            Literal::Truth(value) => value.to_string(),
            Literal::Number(digits) if digits.starts_with('-') => return (digits.clone(), Tightness::Product),
            Literal::Number(digits) => digits.clone(),
            Literal::Text(text) => self.dialect().text(text),
            Literal::Date(day) => self.dialect().day(*day),
            Literal::Grain(grain) => self.dialect().text(grain.name()),
        };
        (text, Tightness::Atom)
    }

    fn apply(&self, name: &str, arguments: &[Scalar]) -> Written {
        match spelling(name) {
            Spelling::Infix(operator, tightness) => {
                // The right side of a difference needs parentheses where the left does not.
                let associative = matches!(operator, "and" | "or" | "||");
                let part = |(at, argument): (usize, &Scalar)| {
                    let loose = (at == 0 || associative) && tightness != Tightness::Comparison;
                    if loose { self.bound(argument, tightness) } else { self.tighter(argument, tightness) }
                };
                let parts: Vec<String> = arguments.iter().enumerate().map(part).collect();
                (parts.join(&format!(" {operator} ")), tightness)
            }
            Spelling::Template(template, tightness) => (self.template(template, arguments), tightness),
            Spelling::Own => self.own(name, arguments),
        }
    }

    /// A template with its arguments put in. Those between commas or parentheses of a call need none of their own.
    fn template(&self, template: &str, arguments: &[Scalar]) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            out.push_str(before);
            let close = after.find('}').unwrap_or(after.len() - 1);
            let key = after.get(1..close).unwrap_or_default();
            let next = after.get(close + 1..).unwrap_or_default();
            if key == "*" {
                out.push_str(&self.list(arguments));
            } else if let Some(argument) = key.parse::<usize>().ok().and_then(|at| arguments.get(at)) {
                let enclosed = (before.ends_with('(') || before.ends_with(", ")) && next.starts_with([')', ',']);
                let from = before.ends_with(" from ") || (before.ends_with('(') && next.starts_with(" as "));
                let safe = enclosed || from;
                let binds =
                    template.contains(" * ") || template.contains('%') || template.starts_with('-') || template.contains(" - ");
                let least = if binds { Tightness::Product } else { Tightness::Sum };
                // Written once: a second time at each level would be a thousand times at the tenth.
                let (text, own) = self.expr(argument);
                out.push_str(&if !safe && own < least { format!("({text})") } else { text });
            }
            rest = next;
        }
        out.push_str(rest);
        out
    }

    fn own(&self, name: &str, arguments: &[Scalar]) -> Written {
        match (name, arguments) {
            ("/", [left, right]) => {
                // A division computes in floating numbers anyway.
                let (left, right) = (unwidened(left), unwidened(right));
                let number =
                    matches!(&left.node, Node::Apply(function, _) if function.name == "to number" || function.name == "/");
                let above = if number {
                    self.bound(left, Tightness::Product)
                } else {
                    format!("cast({} as double)", self.expr(left).0)
                };
                let below = match &right.node {
                    Node::Literal(Literal::Number(digits)) if digits.parse::<f64>().is_ok_and(|value| value != 0.0) => {
                        self.tighter(right, Tightness::Product)
                    }
                    _ => format!("nullif({}, 0)", self.expr(right).0),
                };
                (format!("{above} / {below}"), Tightness::Product)
            }
            ("in" | "not in", [first, list @ ..]) => {
                (format!("{} {name} ({})", self.tighter(first, Tightness::Comparison), self.list(list)), Tightness::Comparison)
            }
            // A day plus a number of 64 bits is nothing to some engines.
            ("add days", [day, days]) => {
                let days = match &days.node {
                    Node::Literal(Literal::Number(_)) => self.tighter(days, Tightness::Sum),
                    _ => format!("cast({} as integer)", self.expr(days).0),
                };
                (format!("{} + {days}", self.bound(day, Tightness::Sum)), Tightness::Sum)
            }
            ("not", [only]) => (format!("not {}", self.tighter(only, Tightness::Not)), Tightness::Not),
            // The engines leave nulls out here; the language does not.
            ("least" | "greatest", _) => {
                let there: Vec<String> = arguments
                    .iter()
                    .filter(|argument| can_be_null(argument))
                    .map(|argument| format!("{} is not null", self.tighter(argument, Tightness::Comparison)))
                    .collect();
                let call = format!("{name}({})", self.list(arguments));
                if there.is_empty() {
                    (call, Tightness::Atom)
                } else {
                    (format!("case when {} then {call} end", there.join(" and ")), Tightness::Atom)
                }
            }
            ("if", [condition, value, rest @ ..]) => {
                let otherwise = rest.first().map(|rest| format!(" else {}", self.expr(rest).0)).unwrap_or_default();
                (format!("case when {} then {}{otherwise} end", self.expr(condition).0, self.expr(value).0), Tightness::Atom)
            }
            ("case", _) => {
                let mut out = "case".to_owned();
                for pair in arguments.chunks(2) {
                    match pair {
                        [condition, value] => {
                            out.push_str(&format!(" when {} then {}", self.expr(condition).0, self.expr(value).0));
                        }
                        [otherwise] => out.push_str(&format!(" else {}", self.expr(otherwise).0)),
                        _ => {}
                    }
                }
                (format!("{out} end"), Tightness::Atom)
            }
            _ => (format!("{name}({})", self.list(arguments)), Tightness::Atom),
        }
    }

    fn atom(&self, atom: &Atom) -> Written {
        let text = match atom {
            Atom::Column { of, name } => {
                let name = self.dialect().identifier(name);
                if self.qualify && !of.is_empty() { format!("{}.{name}", self.dialect().identifier(of)) } else { name }
            }
            // A comment would take the parenthesis with it.
            Atom::Raw(sql) if sql.contains("--") => format!("({sql}\n)"),
            Atom::Raw(sql) => format!("({sql})"),
            Atom::Moment(Moment::Day(day)) => self.dialect().day(*day),
            Atom::Moment(Moment::Wall(reading)) => self.dialect().wall(*reading),
            Atom::Moment(Moment::Instant(reading)) => self.dialect().instant(*reading),
            Atom::Aggregate(fold) => self.fold(fold),
            Atom::Rolling(rolling) => self.rolling(rolling),
            Atom::SoFar(so_far) => self.so_far(so_far),
            Atom::RowNumber(ranking) => self.ranking(ranking),
            Atom::Neighbour(neighbour) => self.neighbour(neighbour),
            Atom::PeriodOf(of) => return self.period_of(of),
            Atom::Moved(day, count, unit) => {
                let day = self.bound(day, Tightness::Sum);
                let text = self.dialect().moved(&day, *count, *unit);
                let tightness = if text.starts_with("cast(") { Tightness::Atom } else { Tightness::Sum };
                return (text, tightness);
            }
            Atom::Civil(civil) => self.civil(civil),
            Atom::Whole(of) => match &of.node {
                // Counts are of that size already.
                Node::Leaf(Atom::Aggregate(fold)) if fold.function.name.starts_with("count") => self.expr(of).0,
                _ => format!("cast({} as bigint)", self.expr(of).0),
            },
            Atom::Today(zone) => self.dialect().today(zone),
            Atom::Midnight(day, zone) => self.dialect().midnight(&self.expr(day).0, zone),
            Atom::OnClock(instant, zone) => self.dialect().in_zone(&self.bound(instant, Tightness::Atom), None, zone),
            Atom::Single(select) => format!("({})", self.writer.select(select).replace('\n', " ")),
            Atom::Same(one, two) => {
                let (one, two) = (self.tighter(one, Tightness::Comparison), self.tighter(two, Tightness::Comparison));
                return (format!("{one} is not distinct from {two}"), Tightness::Comparison);
            }
            Atom::Tuple(parts) => format!("({})", self.list(parts)),
        };
        (text, Tightness::Atom)
    }

    fn fold(&self, fold: &Fold) -> String {
        let mut arguments: Vec<Scalar> = fold.argument.iter().cloned().collect();
        if let Some(fraction) = &fold.fraction {
            arguments.push(Expr::number(fraction));
        }
        if !fold.order.is_empty() {
            arguments.push(Expr::leaf(Atom::Tuple(fold.order.clone())));
        }
        let text = match (fold.function.name, &fold.argument) {
            ("count", None) => "count(*)".to_owned(),
            (name, _) => self.apply(name, &arguments).0,
        };
        match &fold.filter {
            None => text,
            Some(filter) => format!("{text} filter (where {})", self.expr(filter).0),
        }
    }

    fn over(&self, part: &[Scalar], order: &str) -> String {
        let part = if part.is_empty() { String::new() } else { format!("partition by {} ", self.list(part)) };
        format!("{part}order by {order}")
    }

    fn rolling(&self, rolling: &Rolling) -> String {
        let of = self.expr(&rolling.argument).0;
        let from = match rolling.days_before {
            Some(days) => format!("interval {days} day"),
            None => "unbounded".to_owned(),
        };
        let over = self.over(&rolling.part, &self.expr(&rolling.order).0);
        format!("{}({of}) over ({over} range between {from} preceding and current row)", rolling.function.name)
    }

    fn so_far(&self, so_far: &SoFar) -> String {
        let over = self.over(&so_far.part, &self.order(&so_far.order));
        format!("count(case when {} then 1 end) over ({over} rows unbounded preceding)", self.expr(&so_far.of).0)
    }

    fn ranking(&self, ranking: &Ranking) -> String {
        let function = if ranking.dense { "dense_rank" } else { "row_number" };
        format!("{function}() over ({})", self.over(&ranking.part, &self.order(&ranking.order)))
    }

    fn neighbour(&self, neighbour: &Neighbour) -> String {
        let function = if neighbour.offset < 0 { "lag" } else { "lead" };
        let far = if neighbour.offset.abs() == 1 { String::new() } else { format!(", {}", neighbour.offset.abs()) };
        let over = self.over(&neighbour.part, &self.expr(&neighbour.order).0);
        format!("{function}({}{far}) over ({over})", self.expr(&neighbour.value).0)
    }

    fn period_of(&self, period: &PeriodOf) -> Written {
        (self.dialect().as_day(&self.start_of(period)), Tightness::Atom)
    }

    /// What to group by instead of the first day of a stored time's period: the same before it is made a day, which an engine
    /// then does once a group and not once a row.
    fn uncast(&self, expr: &Scalar, from: Option<&From>) -> Option<String> {
        let Node::Leaf(Atom::PeriodOf(period)) = &expr.node else { return None };
        let stored = matches!(from?.relation, Rows::Source(_)) && is_column(&period.of) && period.grain != Grain::Day;
        stored.then(|| self.start_of(period))
    }

    /// The moment at which a period starts.
    fn start_of(&self, period: &PeriodOf) -> String {
        let dialect = self.dialect();
        let of = self.bound(&period.of, Tightness::Sum);
        match period.grain {
            Grain::Day => of,
            Grain::Month => dialect.truncated(Grain::Month, &of),
            Grain::Week => {
                let shift = i64::from(Weekday::Monday.since(period.week_starts));
                if shift == 0 {
                    dialect.truncated(Grain::Week, &of)
                } else {
                    let moved = dialect.truncated(Grain::Week, &dialect.days_later(&of, shift));
                    dialect.days_later(&moved, -shift)
                }
            }
            Grain::Quarter | Grain::Year => {
                let length = if period.grain == Grain::Quarter { 3 } else { 12 };
                let shift = i64::from((period.fiscal_month - 1).rem_euclid(length));
                if shift == 0 {
                    dialect.truncated(period.grain, &of)
                } else {
                    let moved = dialect.truncated(period.grain, &dialect.months_later(&of, -shift));
                    dialect.months_later(&moved, shift)
                }
            }
        }
    }

    fn civil(&self, civil: &Civil) -> String {
        let dialect = self.dialect();
        let of = self.bound(&civil.of, Tightness::Sum);
        let at = |reading| if civil.instant { dialect.instant(reading) } else { dialect.wall(reading) };
        let shift = if civil.pieces.is_nothing() {
            Shift::None
        } else if civil.pieces.then.is_empty() {
            Shift::Seconds(civil.pieces.first)
        } else {
            // The latest change first: most rows are recent.
            let cases = civil.pieces.then.iter().rev();
            Shift::Cases(
                cases.map(|(from, seconds)| (format!("{of} >= {}", at(*from)), *seconds)).collect(),
                civil.pieces.first,
            )
        };
        if !civil.instant && shift == Shift::None && civil.beyond.is_none() {
            return of;
        }
        let moved = dialect.shifted(&of, &shift);
        let Some(beyond) = &civil.beyond else { return moved };
        let engine = dialect.in_zone(&of, beyond.stored.as_deref(), &beyond.project);
        let from = beyond.from.map(|from| format!("{of} >= {}", at(from)));
        let to = beyond.to.map(|to| format!("{of} < {}", at(to)));
        let within: Vec<String> = from.into_iter().chain(to).collect();
        if within.is_empty() {
            return moved;
        }
        // The usual times by a list of changes, which is quick; all others by the engine's rules.
        format!("case\n  when {} then {}\n  else {engine}\nend", within.join(" and "), indented(&moved, 2).trim_start())
    }
}

fn unwidened(value: &Scalar) -> &Scalar {
    match &value.node {
        Node::Apply(function, arguments) if function.name == "widen" => arguments.first().unwrap_or(value),
        _ => value,
    }
}

/// Whether an expression may be null; a written value other than null is not.
fn can_be_null(expr: &Scalar) -> bool {
    match &expr.node {
        Node::Literal(literal) => *literal == Literal::Null,
        Node::Leaf(Atom::Moment(_)) => false,
        Node::Apply(function, arguments) if function.name == "coalesce" => arguments.iter().all(can_be_null),
        _ => true,
    }
}
