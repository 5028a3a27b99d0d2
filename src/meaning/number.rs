//! Arithmetic in a normal form: a quotient of two polynomials over what is not arithmetic itself, and what has to be known and not 0 for it to
//! have a value. `a / b * b` is `a`, but only where `b` is known and not 0; so nothing that can be null is lost.

use super::term::Term;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// So many summands a polynomial may have; arithmetic with more stays as it is written.
const MOST: usize = 64;

/// A product of powers.
pub type Product = BTreeMap<Term, u32>;

/// A sum of products, each times a number that is not 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Polynomial(pub BTreeMap<Product, BigRational>);

/// A quotient of two polynomials.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quotient {
    /// What is divided.
    pub over: Polynomial,
    /// By what.
    pub under: Polynomial,
    /// What has to be known.
    pub known: BTreeSet<Term>,
    /// What must not be 0.
    pub not_zero: BTreeSet<Term>,
    /// What it is a product of, as far as that is known: it is 0 where one of these is. Whether a sum is 0 the last digit decides, so these
    /// are as they are written.
    factors: Factors,
}

/// How something came to be, which does not count in comparisons.
#[derive(Debug, Clone, Default)]
struct Factors(BTreeSet<Term>);

impl PartialEq for Factors {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Factors {}

impl PartialOrd for Factors {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Factors {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Polynomial {
    fn number(number: BigRational) -> Self {
        let mut summands = BTreeMap::new();
        if !number.is_zero() {
            summands.insert(Product::new(), number);
        }
        Self(summands)
    }

    fn one() -> Self {
        Self::number(BigRational::one())
    }

    fn of(term: Term) -> Self {
        Self(BTreeMap::from([(Product::from([(term, 1)]), BigRational::one())]))
    }

    fn plus(&self, other: &Self) -> Self {
        let mut sum = self.0.clone();
        for (product, factor) in &other.0 {
            let now = sum.remove(product).unwrap_or_else(BigRational::zero) + factor;
            if !now.is_zero() {
                sum.insert(product.clone(), now);
            }
        }
        Self(sum)
    }

    fn times(&self, other: &Self) -> Option<Self> {
        if self.0.len().saturating_mul(other.0.len()) > MOST {
            return None;
        }
        let mut all = Self::default();
        for (one, by) in &self.0 {
            for (two, and_by) in &other.0 {
                let mut product = one.clone();
                for (term, power) in two {
                    *product.entry(term.clone()).or_default() += power;
                }
                all = all.plus(&Self(BTreeMap::from([(product, by * and_by)])));
            }
        }
        Some(all)
    }

    fn scaled(&self, by: &BigRational) -> Self {
        Self(self.0.iter().map(|(product, factor)| (product.clone(), factor * by)).collect())
    }

    /// The number that it is, if it is one.
    pub fn constant(&self) -> Option<BigRational> {
        match self.0.len() {
            0 => Some(BigRational::zero()),
            1 => self.0.iter().next().filter(|(product, _)| product.is_empty()).map(|(_, factor)| factor.clone()),
            _ => None,
        }
    }

    /// The same times a number, so that its first factor is 1: what is 0 stays 0.
    fn without_scale(&self) -> Self {
        match self.0.values().next() {
            Some(first) => self.scaled(&first.recip()),
            None => self.clone(),
        }
    }

    /// What each of its summands holds.
    fn shared(&self) -> Product {
        let mut products = self.0.keys();
        let mut shared = products.next().cloned().unwrap_or_default();
        for product in products {
            shared.retain(|term, power| match product.get(term) {
                Some(other) => {
                    *power = (*power).min(*other);
                    true
                }
                None => false,
            });
        }
        shared
    }

    fn without(&self, shared: &Product) -> Self {
        let less = |product: &Product| {
            let mut product = product.clone();
            for (term, power) in shared {
                if let Some(own) = product.get_mut(term) {
                    *own -= (*power).min(*own);
                }
            }
            product.retain(|_, power| *power > 0);
            product
        };
        Self(self.0.iter().map(|(product, factor)| (less(product), factor.clone())).collect())
    }
}

impl Quotient {
    /// A number.
    pub fn number(number: BigRational) -> Self {
        Self::bare(Polynomial::number(number), Polynomial::one())
    }

    /// What is not arithmetic.
    pub fn of(term: Term) -> Self {
        match term {
            Term::Number(number) => Self::number(number),
            Term::Quotient(own) => *own,
            other => {
                let own = Polynomial::of(other.clone());
                let factors = Factors(BTreeSet::from([other.clone()]));
                Self { known: BTreeSet::from([other]), factors, ..Self::bare(own, Polynomial::one()) }
            }
        }
    }

    fn with(self, one: &Self, other: &Self) -> Self {
        let known = one.known.union(&other.known).cloned().collect();
        let not_zero = one.not_zero.union(&other.not_zero).cloned().collect();
        Self { known, not_zero, ..self }
    }

    fn bare(over: Polynomial, under: Polynomial) -> Self {
        Self { over, under, known: BTreeSet::new(), not_zero: BTreeSet::new(), factors: Factors::default() }
    }

    /// The sum; nothing where it would be too long.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let bare = if self.under == other.under {
            Self::bare(self.over.plus(&other.over), self.under.clone())
        } else {
            let over = self.over.times(&other.under)?.plus(&other.over.times(&self.under)?);
            Self::bare(over, self.under.times(&other.under)?)
        };
        Some(bare.with(self, other).settled())
    }

    /// The product; nothing where it would be too long.
    pub fn times(&self, other: &Self) -> Option<Self> {
        let bare = Self::bare(self.over.times(&other.over)?, self.under.times(&other.under)?);
        let factors = self.factors().into_iter().chain(other.factors()).collect();
        Some(Self { factors: Factors(factors), ..bare.with(self, other) }.settled())
    }

    /// What it is a product of.
    fn factors(&self) -> BTreeSet<Term> {
        if !self.factors.0.is_empty() {
            return self.factors.0.clone();
        }
        match self.over.0.len() {
            0 => BTreeSet::new(),
            // A product is not 0 where none of its factors is.
            1 => self.over.0.keys().flat_map(BTreeMap::keys).cloned().collect(),
            _ => {
                let bare = Self::bare(self.over.without_scale(), Polynomial::one());
                BTreeSet::from([Term::Quotient(Box::new(bare))])
            }
        }
    }

    /// The same, which is 0 where something else is.
    #[must_use]
    pub fn zero_with(self, term: Term) -> Self {
        Self { factors: Factors(BTreeSet::from([term])), ..self }
    }

    /// Whether arithmetic stands in it that was too long to be spread.
    pub fn is_too_long(&self) -> bool {
        self.known.iter().any(|term| matches!(term, Term::Apply("+" | "-" | "*" | "/", _)))
    }

    /// Whether it is a sum of several.
    pub fn is_sum(&self) -> bool {
        self.over.0.len() > 1
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { over: self.over.scaled(&-BigRational::one()), ..self.clone() }
    }

    /// The quotient; nothing where it would be too long, or is one by 0.
    pub fn by(&self, other: &Self) -> Option<Self> {
        if other.over.constant().is_some_and(|number| number.is_zero()) {
            return None;
        }
        let bare = Self::bare(self.over.times(&other.under)?, self.under.times(&other.over)?);
        let mut all = bare.with(self, other);
        all.not_zero.extend(other.factors());
        all.factors = Factors(self.factors());
        Some(all.settled())
    }

    /// Shortened by what all summands share, with a first factor of 1 below the line.
    fn settled(self) -> Self {
        let Self { mut over, mut under, known, not_zero, factors } = self;
        let both = over.shared();
        let mut shared = under.shared();
        shared.retain(|term, power| match both.get(term) {
            Some(other) => {
                *power = (*power).min(*other);
                true
            }
            None => false,
        });
        if over.0.is_empty() {
            under = Polynomial::one();
        } else if !shared.is_empty() {
            over = over.without(&shared);
            under = under.without(&shared);
        }
        if let Some(first) = under.0.values().next().cloned()
            && !first.is_one()
        {
            over = over.scaled(&first.recip());
            under = under.scaled(&first.recip());
        }
        if over == under {
            (over, under) = (Polynomial::one(), Polynomial::one());
        }
        Self { over, under, known, not_zero, factors }
    }

    /// As a term: what it is made of where it is that alone.
    pub fn term(self) -> Term {
        if self.under == Polynomial::one() && self.not_zero.is_empty() {
            if self.known.is_empty()
                && let Some(number) = self.over.constant()
            {
                return Term::Number(number);
            }
            if let Some((product, factor)) = self.over.0.iter().next()
                && self.over.0.len() == 1
                && factor.is_one()
                && let Some((term, 1)) = product.iter().next().map(|(term, power)| (term, *power))
                && product.len() == 1
                && self.known.len() == 1
                && self.known.contains(term)
                && (self.factors.0.is_empty() || self.factors.0.len() == 1 && self.factors.0.contains(term))
            {
                return term.clone();
            }
        }
        Term::Quotient(Box::new(self))
    }

    /// Whether the two have the same values: by multiplying both out.
    pub fn same(&self, other: &Self) -> bool {
        let known = self.known == other.known && self.not_zero == other.not_zero;
        known
            && match (self.over.times(&other.under), other.over.times(&self.under)) {
                (Some(one), Some(two)) => one == two,
                _ => self == other,
            }
    }

    /// A product of powers.
    pub fn product(product: &Product) -> Self {
        Self {
            over: Polynomial(BTreeMap::from([(product.clone(), BigRational::one())])),
            under: Polynomial::one(),
            known: product.keys().cloned().collect(),
            not_zero: BTreeSet::new(),
            factors: Factors::default(),
        }
    }

    /// Whether nothing is divided.
    pub fn is_polynomial(&self) -> bool {
        self.under == Polynomial::one() && self.not_zero.is_empty()
    }
}

/// Whether a number is below 0.
pub fn is_negative(number: &BigRational) -> bool {
    number.is_negative()
}

/// A number in digits, exactly as written: `0.05`, `1e3`.
pub fn exact(digits: &str) -> Option<BigRational> {
    let digits = digits.replace('_', "");
    let (mantissa, power) = match digits.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
        None => (digits.as_str(), 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = i32::try_from(part.len()).ok()?;
    // A power beyond what any number of 64 bits has is left as it is written.
    let power = power.checked_sub(places).filter(|power| power.abs() < 400)?;
    let number: num_bigint::BigInt = format!("{whole}{part}").parse().ok()?;
    let ten = BigRational::from_integer(10.into());
    Some(BigRational::from_integer(number) * num_traits::pow::Pow::pow(ten, power))
}
