//! The normal form of a term: what has the same one has the same values.
//!
//! Numbers that are only added, multiplied and shown may be computed in any order; floating-point rounding is no difference. What decides something
//! (a condition, a rounding, a distinct count) has its numbers exactly as they are written, but for the order of two operands, because
//! the last digit may decide there. Nothing that can be null, and no rows that show which slices there are, get lost.

use super::number::{Product, Quotient, is_negative};
use super::term::{Aggregate, Leaf, Moment, OfEntity, Term};
use num_traits::One;
use std::collections::BTreeSet;

/// The normal form of a value.
pub fn value(term: &Term) -> Term {
    match term {
        Term::Apply(name, arguments) => applied(name, arguments),
        Term::Leaf(leaf) => value_leaf(leaf),
        other => other.clone(),
    }
}

/// Whether two terms have the same values to the last digit, whatever order sums are computed in by an engine.
pub fn exactly(one: &Term, two: &Term) -> bool {
    exact(one) == exact(two)
}

/// Whether two terms in their normal form have the same values.
pub fn same(one: &Term, two: &Term) -> bool {
    match (one, two) {
        _ if one == two => true,
        (Term::Quotient(one), two) => one.same(&Quotient::of(two.clone())),
        (one, Term::Quotient(two)) => two.same(&Quotient::of(one.clone())),
        (Term::Apply(one, of), Term::Apply(two, with)) => {
            one == two && of.len() == with.len() && of.iter().zip(with).all(|(one, two)| same(one, two))
        }
        _ => false,
    }
}

/// A function of values that may be computed in any order.
fn applied(name: &'static str, arguments: &[Term]) -> Term {
    match (name, arguments) {
        ("negate", [of]) => Quotient::of(value(of)).negated().term(),
        ("+" | "-" | "*" | "/", [_, _]) => arithmetic(name, arguments),
        ("if", [Term::Leaf(known), of]) if matches!(**known, Leaf::Known(_)) => {
            let mut of = Quotient::of(value(of));
            of.known.insert(Term::Leaf(known.clone()));
            of.term()
        }
        ("if" | "case", _) => choice(arguments, value),
        ("coalesce", _) => first_known(arguments, value),
        ("least" | "greatest", _) => extreme(name, arguments, value),
        ("abs", [of]) => {
            let of = Quotient::of(value(of));
            let is_minus = of.over.0.values().next().is_some_and(is_negative);
            let size = Term::Apply(name, vec![if is_minus { of.negated() } else { of }.term()]);
            Quotient::of(size).zero_with(exact_of(name, arguments)).term()
        }
        ("exp", [of]) => Term::Apply(name, vec![value(of)]),
        // Where these have a value, a last digit may decide.
        _ => exact_of(name, arguments),
    }
}

/// A sum, difference, product or quotient; as it is where that would be too long.
fn arithmetic(name: &'static str, arguments: &[Term]) -> Term {
    let both: Vec<Quotient> = arguments.iter().map(|argument| Quotient::of(value(argument))).collect();
    let [one, two] = both.as_slice() else { return Term::Broken };
    // What was too long once stays as it is written, with all that is made of it.
    if both.iter().any(Quotient::is_too_long) {
        return exact_of(name, arguments);
    }
    let found = match name {
        "+" => one.plus(two),
        "-" => one.plus(&two.negated()),
        "*" => one.times(two),
        _ => one.by(two),
    };
    match found {
        Some(sum) if matches!(name, "+" | "-") && sum.is_sum() => sum.zero_with(exact_of(name, arguments)).term(),
        Some(found) => found.term(),
        None => exact_of(name, arguments),
    }
}

/// The normal form of something that decides.
fn exact(term: &Term) -> Term {
    match term {
        Term::Apply(name, arguments) => exact_of(name, arguments),
        Term::Leaf(of) => Term::leaf(leaf(of, true)),
        other => other.clone(),
    }
}

fn exact_of(name: &'static str, arguments: &[Term]) -> Term {
    match (name, arguments) {
        // Signs change no digit.
        ("+", [one, Term::Apply("negate", two)] | [Term::Apply("negate", two), one]) => minus(one, two),
        ("-", [one, Term::Apply("negate", two)]) => {
            two.first().map_or(Term::Broken, |two| exact_of("+", &[one.clone(), two.clone()]))
        }
        ("negate", [Term::Apply("-", both)]) => match both.as_slice() {
            [one, two] => exact_of("-", &[two.clone(), one.clone()]),
            _ => Term::Broken,
        },
        ("negate", [Term::Apply("negate", of)]) => of.first().map_or(Term::Broken, exact),
        ("+" | "*", [_, _]) => {
            let mut both: Vec<Term> = arguments.iter().map(exact).collect();
            both.sort();
            Term::Apply(name, both)
        }
        ("negate", [Term::Number(number)]) => Term::Number(-number),
        ("if" | "case", _) => choice(arguments, exact),
        ("coalesce", _) => first_known(arguments, exact),
        ("least" | "greatest", _) => extreme(name, arguments, exact),
        (
            "and" | "or" | "not" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between"
            | "is null" | "is not null" | "like" | "not like",
            _,
        ) => condition(&Term::Apply(name, arguments.to_vec()), false),
        _ => Term::Apply(name, arguments.iter().map(exact).collect()),
    }
}

/// A difference of which the sign of the second has been taken away.
fn minus(one: &Term, two: &[Term]) -> Term {
    two.first().map_or(Term::Broken, |two| exact_of("-", &[one.clone(), two.clone()]))
}

/// `if` and `case` in one form: conditions with their values, and what is there otherwise. One in the last place goes on with its own.
fn choice(arguments: &[Term], inner: fn(&Term) -> Term) -> Term {
    let mut parts = Vec::new();
    let mut left = arguments.to_vec();
    loop {
        let mut pairs = left.chunks_exact(2);
        for pair in &mut pairs {
            if let [when, then] = pair {
                parts.push(condition(when, false));
                parts.push(inner(then));
            }
        }
        match pairs.remainder() {
            [Term::Apply("if" | "case", more)] => left = more.clone(),
            [otherwise] => {
                parts.push(inner(otherwise));
                break;
            }
            _ => {
                parts.push(Term::Null);
                break;
            }
        }
    }
    Term::Apply("case", parts)
}

/// `coalesce` without what stands in it twice.
fn first_known(arguments: &[Term], inner: fn(&Term) -> Term) -> Term {
    let mut parts: Vec<Term> = Vec::new();
    for argument in arguments {
        let more = match inner(argument) {
            Term::Apply("coalesce", more) => more,
            one => vec![one],
        };
        for one in more {
            if !parts.contains(&one) {
                parts.push(one);
            }
        }
    }
    match parts.as_slice() {
        [one] => one.clone(),
        _ => Term::Apply("coalesce", parts),
    }
}

/// `least` and `greatest`, in any order: null if any is null.
fn extreme(name: &'static str, arguments: &[Term], inner: fn(&Term) -> Term) -> Term {
    let mut parts = BTreeSet::new();
    for argument in arguments {
        match inner(argument) {
            Term::Apply(own, more) if own == name => parts.extend(more),
            one => _ = parts.insert(one),
        }
    }
    let parts: Vec<Term> = parts.into_iter().collect();
    match parts.as_slice() {
        [one] => one.clone(),
        _ => Term::Apply(name, parts),
    }
}

/// The opposite of a condition: null where that is null.
fn opposite(name: &str) -> Option<&'static str> {
    const PAIRS: &[(&str, &str)] = &[
        ("=", "!="),
        ("<", ">="),
        (">", "<="),
        ("in", "not in"),
        ("between", "not between"),
        ("like", "not like"),
        ("is null", "is not null"),
    ];
    PAIRS.iter().find_map(|(one, two)| match name {
        name if name == *one => Some(*two),
        name if name == *two => Some(*one),
        _ => None,
    })
}

/// The normal form of a condition. What a filter asks may be null where it is not true.
fn condition(term: &Term, in_filter: bool) -> Term {
    let Term::Apply(name, arguments) = term else { return exact(term) };
    match (*name, arguments.as_slice()) {
        ("and" | "or", _) => joined(name, arguments, in_filter),
        ("not", [of]) => negated(of),
        (">", [one, two]) => Term::Apply("<", vec![exact(two), exact(one)]),
        (">=", [one, two]) => Term::Apply("<=", vec![exact(two), exact(one)]),
        ("=" | "!=", [_, _]) => {
            let mut both: Vec<Term> = arguments.iter().map(exact).collect();
            both.sort();
            Term::Apply(name, both)
        }
        ("in" | "not in", [of, among @ ..]) => {
            let among: BTreeSet<Term> = among.iter().map(exact).collect();
            listed(if *name == "in" { "=" } else { "!=" }, exact(of), among)
        }
        ("between", [of, low, high]) => {
            let bounds = [Term::Apply("<=", vec![low.clone(), of.clone()]), Term::Apply("<=", vec![of.clone(), high.clone()])];
            joined("and", &bounds, in_filter)
        }
        ("not between", [of, low, high]) => {
            let bounds = [Term::Apply("<", vec![of.clone(), low.clone()]), Term::Apply("<", vec![high.clone(), of.clone()])];
            joined("or", &bounds, in_filter)
        }
        ("is null" | "is not null", [of]) => match exact(of) {
            Term::Leaf(leaf) if matches!(&*leaf, Leaf::Column(column) if column.never_null) => {
                Term::Truth(*name == "is not null")
            }
            of => Term::Apply(name, vec![of]),
        },
        ("coalesce", [of, Term::Truth(false)]) if in_filter => condition(of, true),
        ("if" | "case", [when, Term::Truth(true)]) if in_filter => condition(when, true),
        ("if" | "case", [when, Term::Truth(true), Term::Truth(false)]) if in_filter => condition(when, true),
        _ => exact_of_condition(name, arguments),
    }
}

fn exact_of_condition(name: &'static str, arguments: &[Term]) -> Term {
    match name {
        "if" | "case" => choice(arguments, exact),
        "coalesce" => first_known(arguments, exact),
        _ => Term::Apply(name, arguments.iter().map(exact).collect()),
    }
}

fn negated(of: &Term) -> Term {
    let Term::Apply(name, arguments) = of else {
        return match of {
            Term::Truth(truth) => Term::Truth(!truth),
            of => Term::Apply("not", vec![exact(of)]),
        };
    };
    let each = || arguments.iter().map(|argument| Term::Apply("not", vec![argument.clone()])).collect::<Vec<_>>();
    match (*name, arguments.as_slice()) {
        ("not", [of]) => condition(of, false),
        ("and", _) => joined("or", &each(), false),
        ("or", _) => joined("and", &each(), false),
        (name, _) => match opposite(name) {
            Some(other) => condition(&Term::Apply(other, arguments.clone()), false),
            None => Term::Apply("not", vec![condition(of, false)]),
        },
    }
}

/// Whether a term is written out, and no null.
fn is_literal(term: &Term) -> bool {
    matches!(term, Term::Truth(_) | Term::Number(_) | Term::Text(_) | Term::Date(_))
}

/// Equal to one of several, or to none of them.
fn listed(by: &'static str, of: Term, among: BTreeSet<Term>) -> Term {
    let mut among: Vec<Term> = among.into_iter().collect();
    if among.len() == 1 {
        let mut both = vec![of];
        both.append(&mut among);
        both.sort();
        return Term::Apply(by, both);
    }
    let name = if by == "=" { "in" } else { "not in" };
    Term::Apply(name, std::iter::once(of).chain(among).collect())
}

/// Conditions joined by `and` or `or`, in any order, each once.
fn joined(name: &'static str, arguments: &[Term], in_filter: bool) -> Term {
    let mut parts: BTreeSet<Term> = BTreeSet::new();
    for argument in arguments {
        match condition(argument, in_filter) {
            Term::Apply(own, more) if own == name => parts.extend(more),
            one => _ = parts.insert(one),
        }
    }
    let (nothing, all) = (Term::Truth(name == "and"), Term::Truth(name == "or"));
    if parts.contains(&all) {
        return all;
    }
    parts.remove(&nothing);
    let parts = absorbed(name, &gathered(name, parts));
    let mut parts: Vec<Term> = parts.into_iter().collect();
    match parts.len() {
        0 => nothing,
        1 => parts.pop().unwrap_or(nothing),
        _ => Term::Apply(name, parts),
    }
}

/// `x = 1 or x = 2` as `x in (1, 2)`, and `x != 1 and x != 2` as `x not in (1, 2)`.
fn gathered(name: &'static str, parts: BTreeSet<Term>) -> BTreeSet<Term> {
    let (by, list) = if name == "or" { ("=", "in") } else { ("!=", "not in") };
    let mut lists: Vec<(Term, BTreeSet<Term>)> = Vec::new();
    let mut others = BTreeSet::new();
    for part in parts {
        let found = match &part {
            Term::Apply(own, both) if *own == by => match both.as_slice() {
                [one, two] if is_literal(one) && !is_literal(two) => Some((two.clone(), BTreeSet::from([one.clone()]))),
                [one, two] if is_literal(two) && !is_literal(one) => Some((one.clone(), BTreeSet::from([two.clone()]))),
                _ => None,
            },
            Term::Apply(own, all) if *own == list => {
                let among = all.iter().skip(1);
                let simple = among.clone().all(is_literal);
                all.first().filter(|_| simple).map(|of| (of.clone(), among.cloned().collect()))
            }
            _ => None,
        };
        match found {
            None => _ = others.insert(part),
            Some((of, among)) => match lists.iter_mut().find(|(known, _)| *known == of) {
                Some((_, known)) => known.extend(among),
                None => lists.push((of, among)),
            },
        }
    }
    others.extend(lists.into_iter().map(|(of, among)| listed(by, of, among)));
    others
}

/// Of more conditions than these, each is not compared with each: that would take minutes where somebody wants it to.
const COMPARED: usize = 100;

/// The arguments of a function, if a term is one of it.
fn arguments_of<'a>(term: &'a Term, name: &str) -> Option<&'a [Term]> {
    match term {
        Term::Apply(own, of) if *own == name => Some(of),
        _ => None,
    }
}

/// `a and (a or b)` is `a`, and so is `a or (a and b)`.
fn absorbed(name: &'static str, parts: &BTreeSet<Term>) -> BTreeSet<Term> {
    let other = if name == "and" { "or" } else { "and" };
    let few = if parts.len() > COMPARED { 0 } else { parts.len() };
    let known: Vec<(&Term, &[Term])> =
        parts.iter().take(few).filter_map(|part| Some((part, arguments_of(part, other)?))).collect();
    let follows = |part: &Term| {
        let Some(branches) = arguments_of(part, other) else { return false };
        let is_there = |term: &Term| parts.contains(term);
        if branches
            .iter()
            .any(|branch| is_there(branch) || arguments_of(branch, name).is_some_and(|all| all.iter().all(is_there)))
        {
            return true;
        }
        let branches: BTreeSet<&Term> = branches.iter().collect();
        known.iter().any(|(known, all)| *known != part && all.iter().all(|term| branches.contains(term)))
    };
    parts.iter().filter(|part| !follows(part)).cloned().collect()
}

/// The normal form of a condition that rows have to meet.
pub fn filter(condition: &Term) -> BTreeSet<Term> {
    all(&BTreeSet::from([condition.clone()]))
}

/// Conditions on rows, all of which have to be true.
fn all(conditions: &BTreeSet<Term>) -> BTreeSet<Term> {
    let conditions: Vec<Term> = conditions.iter().cloned().collect();
    match joined("and", &conditions, true) {
        Term::Apply("and", parts) => parts.into_iter().collect(),
        Term::Truth(true) => BTreeSet::new(),
        one => BTreeSet::from([one]),
    }
}

/// An aggregate with its parts in their normal form. Where what it gives decides something, its numbers stay as they are written.
fn aggregate(of: &Aggregate, decides: bool) -> Aggregate {
    let by_size = matches!(
        of.function,
        "sum" | "avg" | "min" | "max" | "median" | "percentile" | "percentile_disc" | "stddev" | "variance"
    );
    let inner = if by_size && !decides { value } else { exact };
    let mut argument = of.argument.as_ref().map(inner);
    if of.function == "count"
        && let Some(counted) = &of.argument
        && let Some(known) = is_known(&value(counted))
    {
        argument = known;
    }
    Aggregate { argument, filter: all(&of.filter), ..of.clone() }
}

fn is_never_null(term: &Term) -> bool {
    matches!(term, Term::Leaf(leaf) if matches!(&**leaf, Leaf::Column(column) if column.never_null))
}

/// The value of an entity with its parts in their normal form.
fn of_entity(of: &OfEntity, decides: bool) -> OfEntity {
    match of {
        OfEntity::One(of) => OfEntity::One(Box::new(aggregate(of, decides))),
        OfEntity::Made { value: of, rows } => {
            let rows: BTreeSet<Aggregate> = rows.iter().map(|rows| aggregate(rows, true)).collect();
            // What counts without a condition counts whatever others do.
            let all = rows.iter().find(|rows| rows.filter.is_empty()).cloned();
            let rows = all.map_or(rows, |all| BTreeSet::from([all]));
            OfEntity::Made { value: if decides { exact(of) } else { value(of) }, rows }
        }
    }
}

/// A leaf with its parts in their normal form.
fn leaf(of: &Leaf, decides: bool) -> Leaf {
    match of {
        Leaf::Aggregate(of, moment) => Leaf::Aggregate(aggregate(of, decides), moment.clone()),
        // Related rows are asked for in conditions and derived columns, which may decide.
        Leaf::Related { of, via, from } => Leaf::Related { of: aggregate(of, true), via: via.clone(), from: from.clone() },
        Leaf::Grouped { function, fraction, of, entity, filter, top, null_if_empty, moment } => {
            let chooses = !filter.is_empty() || top.is_some() || function.starts_with("count");
            Leaf::Grouped {
                function,
                fraction: fraction.clone(),
                of: of_entity(of, decides || chooses),
                entity: entity.clone(),
                filter: all(filter),
                top: *top,
                null_if_empty: *null_if_empty,
                moment: moment.clone(),
            }
        }
        Leaf::Each { function, fraction, of, grain, window, null_if_empty, moment } => Leaf::Each {
            function,
            fraction: fraction.clone(),
            of: if decides || function.starts_with("count") { exact(of) } else { value(of) },
            grain: *grain,
            window: *window,
            null_if_empty: *null_if_empty,
            moment: moment.clone(),
        },
        Leaf::Trend { way, tolerance, of, length } => {
            Leaf::Trend { way, tolerance: tolerance.clone(), of: exact(of), length: *length }
        }
        Leaf::Prior(name, of, length) => {
            // Growth divides by what was.
            let decides = decides || *name == "growth";
            Leaf::Prior(name, if decides { exact(of) } else { value(of) }, *length)
        }
        Leaf::Slice(of, which) => Leaf::Slice(if decides { exact(of) } else { value(of) }, condition(which, true)),
        Leaf::Total(of, dimensions) => Leaf::Total(if decides { exact(of) } else { value(of) }, dimensions.clone()),
        Leaf::Column(_)
        | Leaf::Duration(..)
        | Leaf::Dimension(_)
        | Leaf::Value
        | Leaf::Of(..)
        | Leaf::Either(_)
        | Leaf::Exists(_)
        | Leaf::Ever
        | Leaf::Reached { .. }
        | Leaf::Kpi(_)
        | Leaf::ByHand(..)
        | Leaf::Known(_) => of.clone(),
    }
}

/// A leaf as a value: sums of sums, and means as sums divided by counts.
fn value_leaf(of: &Leaf) -> Term {
    let made = leaf(of, false);
    let spread = match &made {
        Leaf::Aggregate(aggregate, moment) => spread(aggregate, moment),
        _ => None,
    };
    match spread {
        Some(sum) if sum.is_sum() => sum.zero_with(Term::leaf(leaf(of, true))).term(),
        Some(one) => one.term(),
        None => Term::leaf(made),
    }
}

/// An aggregate as arithmetic over simpler ones; nothing where it is simple.
fn spread(of: &Aggregate, moment: &Moment) -> Option<Quotient> {
    let argument = of.argument.as_ref()?;
    let with = |function, argument: Option<Term>| {
        let of = Aggregate { function, argument, ..of.clone() };
        Term::leaf(Leaf::Aggregate(aggregate(&of, false), moment.clone()))
    };
    match of.function {
        "avg" => {
            let sum = value(&with("sum", Some(argument.clone())));
            let count = with("count", is_known(argument)?);
            Quotient::of(sum).by(&Quotient::of(count))
        }
        "sum" => {
            let sum = Quotient::of(argument.clone());
            if !sum.is_polynomial() {
                return None;
            }
            let needed = |product: &Product| sum.known.iter().all(|term| product.contains_key(term) || is_never_null(term));
            let is_simple =
                sum.over.0.len() == 1 && sum.over.0.iter().all(|(product, factor)| factor.is_one() && !product.is_empty());
            if is_simple || sum.over.0.is_empty() || !sum.over.0.keys().all(needed) {
                return None;
            }
            let mut all: Option<Quotient> = None;
            for (product, factor) in &sum.over.0 {
                let one =
                    if product.is_empty() { with("count", None) } else { with("sum", Some(Quotient::product(product).term())) };
                let one = Quotient::of(one).times(&Quotient::number(factor.clone()))?;
                all = match all {
                    None => Some(one),
                    Some(sum) => Some(sum.plus(&one)?),
                };
            }
            all
        }
        "min" | "max" => {
            let of_function = of.function;
            let of = Quotient::of(argument.clone());
            let (product, factor) = of.over.0.iter().next()?;
            if !of.is_polynomial() || of.over.0.len() != 1 || factor.is_one() || product.is_empty() {
                return None;
            }
            if !of.known.iter().all(|term| product.contains_key(term)) {
                return None;
            }
            let function = match (of_function, is_negative(factor)) {
                ("min", true) => "max",
                ("max", true) => "min",
                (same, _) => same,
            };
            let one = with(function, Some(Quotient::product(product).term()));
            Quotient::of(one).times(&Quotient::number(factor.clone()))
        }
        _ => None,
    }
}

/// What has to be known for a value to be known, as something to count; nothing in it where it always is. Nothing at all where that is no list.
#[expect(clippy::option_option, reason = "that nothing is counted is not that nothing is known")]
fn is_known(term: &Term) -> Option<Option<Term>> {
    let mut needed = BTreeSet::new();
    if !add_known(term, &mut needed) {
        return None;
    }
    let mut known: Vec<Term> = needed.into_iter().collect();
    Some(match known.len() {
        0 => None,
        1 => known.pop(),
        _ => Some(Term::Apply("known", known)),
    })
}

/// Functions that are null only where one of their arguments is.
const STRICT: &[&str] = &["seconds between", "days between", "to date", "lower", "upper", "abs", "negate", "+", "-", "*"];

/// Adds what has to be known for a value to be known; whether that is all there is to it.
fn add_known(term: &Term, known: &mut BTreeSet<Term>) -> bool {
    match term {
        Term::Apply("known", arguments) => arguments.iter().all(|argument| add_known(argument, known)),
        Term::Quotient(of) => of.not_zero.is_empty() && of.known.iter().all(|term| add_known(term, known)),
        Term::Apply(name, arguments) if STRICT.contains(name) => arguments.iter().all(|argument| add_known(argument, known)),
        term => {
            if !is_never_null(term) && !is_literal(term) {
                known.insert(term.clone());
            }
            true
        }
    }
}
