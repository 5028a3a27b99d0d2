//! Units and their algebra.
//!
//! A unit is a product of powers. Currencies and times are hard: what differs in them cannot be added, compared or targeted.
//! Nouns (`order`, `user`) are documentation. `%` and `points` are ways to show a number and change no value.

use crate::calendar::TimeUnit;
use std::fmt;

/// A product of powers of currencies, times and nouns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Unit {
    /// The factors, sorted, none with the power 0.
    factors: Vec<(Base, i32)>,
    /// How the number is shown.
    pub shown: Notation,
}

/// A factor of a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// A currency by its ISO 4217 code.
    Currency(String),
    /// A unit of time.
    Time(TimeUnit),
    /// A counted or measured thing.
    Noun(String),
}

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Notation {
    /// As it is.
    #[default]
    Plain,
    /// 0.25 as 25 %.
    Percent,
    /// A score, such as NPS.
    Points,
}

/// How two units go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// The first's numbers times this are the second's.
    Times(f64),
    /// Not at all.
    Not,
}

/// The codes of ISO 4217 that name money in use, sorted, each with a blank after it.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR \
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ";

/// Whether a word is the code of a currency.
fn is_currency(word: &str) -> bool {
    let (codes, _) = CURRENCIES.as_bytes().as_chunks::<4>();
    codes.binary_search_by(|[code @ .., _]| code.as_slice().cmp(word.as_bytes())).is_ok()
}

/// How many decimals amounts of a currency have, after ISO 4217.
pub fn currency_digits(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV" | "XAF"
        | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

impl Unit {
    /// No unit.
    pub fn none() -> Self {
        Self::default()
    }

    /// One factor.
    pub fn of(base: Base) -> Self {
        Self { factors: vec![(base, 1)], shown: Notation::Plain }
    }

    /// A time unit.
    pub fn time(unit: TimeUnit) -> Self {
        Self::of(Base::Time(unit))
    }

    /// A noun; an empty one is not a unit.
    pub fn noun(noun: &str) -> Self {
        if noun.is_empty() { Self::none() } else { Self::of(Base::Noun(noun.to_owned())) }
    }

    /// Reads `USD`, `%`, `points`, `USD/month`, `mile/hour`, `order`; says what is wrong with anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "%" => return Ok(Self { factors: Vec::new(), shown: Notation::Percent }),
            "points" | "point" => return Ok(Self { factors: Vec::new(), shown: Notation::Points }),
            "" => return Err("the unit is empty".to_owned()),
            _ => {}
        }
        let mut unit = Self::none();
        for (at, quotient) in text.split('/').enumerate() {
            for word in quotient.split('*') {
                let word = word.trim();
                if word == "1" {
                    continue;
                }
                let base = Base::parse(word)?;
                unit = unit.multiplied(&base, if at == 0 { 1 } else { -1 });
            }
        }
        Ok(unit)
    }

    fn multiplied(mut self, base: &Base, power: i32) -> Self {
        match self.factors.iter_mut().find(|(known, _)| known == base) {
            Some((_, known)) => *known += power,
            None => self.factors.push((base.clone(), power)),
        }
        self.factors.retain(|(_, power)| *power != 0);
        self.factors.sort();
        self
    }

    /// The product of two units; what is shown as percent or points does not survive it.
    #[must_use]
    pub fn times(&self, other: &Unit) -> Unit {
        self.combined(other, 1)
    }

    /// The quotient of two units.
    #[must_use]
    pub fn over(&self, other: &Unit) -> Unit {
        self.combined(other, -1)
    }

    fn combined(&self, other: &Unit, sign: i32) -> Unit {
        let mut unit = Unit { factors: self.factors.clone(), shown: Notation::Plain };
        for (base, power) in &other.factors {
            unit = unit.multiplied(base, power * sign);
        }
        unit
    }

    /// The factors of time that remain.
    pub fn times_left(&self) -> impl Iterator<Item = (TimeUnit, i32)> + '_ {
        self.factors.iter().filter_map(|(base, power)| match base {
            Base::Time(unit) => Some((*unit, *power)),
            Base::Currency(_) | Base::Noun(_) => None,
        })
    }

    /// The unit of time, if the unit is nothing else but nouns.
    pub fn as_time(&self) -> Option<TimeUnit> {
        let mut hard = self.factors.iter().filter(|(base, _)| !matches!(base, Base::Noun(_)));
        match (hard.next(), hard.next()) {
            (Some((Base::Time(unit), 1)), None) => Some(*unit),
            _ => None,
        }
    }

    /// The currency, if the unit has one to the power 1.
    pub fn currency(&self) -> Option<&str> {
        self.factors.iter().find_map(|(base, power)| match (base, power) {
            (Base::Currency(code), 1) => Some(code.as_str()),
            _ => None,
        })
    }

    /// Whether nothing hard is in it.
    pub fn is_soft(&self) -> bool {
        self.factors.iter().all(|(base, _)| matches!(base, Base::Noun(_)))
    }

    /// The same unit, shown as it is.
    #[must_use]
    pub fn plain(&self) -> Unit {
        Unit { factors: self.factors.clone(), shown: Notation::Plain }
    }

    /// The unit without its nouns.
    #[must_use]
    pub fn hard(&self) -> Unit {
        let factors = self.factors.iter().filter(|(base, _)| !matches!(base, Base::Noun(_))).cloned().collect();
        Unit { factors, shown: Notation::Plain }
    }

    /// The unit without its times.
    #[must_use]
    pub fn without_times(&self) -> Unit {
        let factors = self.factors.iter().filter(|(base, _)| !matches!(base, Base::Time(_))).cloned().collect();
        Unit { factors, shown: self.shown }
    }

    /// How numbers of this unit become numbers of `other`. Nouns do not matter.
    pub fn fit(&self, other: &Unit) -> Fit {
        let mut factor = 1.0;
        // What remains of the quotient once seconds and months are taken out of the times.
        let (mut seconds, mut months) = (0, 0);
        for (base, power) in &self.over(other).factors {
            match base {
                Base::Noun(_) => {}
                Base::Currency(_) => return Fit::Not,
                Base::Time(unit) => {
                    if let Some(length) = unit.seconds() {
                        seconds += power;
                        factor *= f64::from(length).powi(*power);
                    }
                    if let Some(length) = unit.months() {
                        months += power;
                        factor *= f64::from(length).powi(*power);
                    }
                }
            }
        }
        if seconds == 0 && months == 0 { Fit::Times(factor) } else { Fit::Not }
    }

    /// The unit with times of one family made one, and by how much numbers grow with that: `USD/month * year` is 12 `USD`.
    #[must_use]
    pub fn settled(&self) -> (Unit, f64) {
        let mut factor = 1.0;
        let mut unit = self.clone();
        for family in [TimeUnit::seconds as fn(TimeUnit) -> Option<u32>, TimeUnit::months] {
            let times: Vec<(TimeUnit, i32)> = unit.times_left().filter(|(time, _)| family(*time).is_some()).collect();
            let Some((finest, _)) = times.iter().min_by_key(|(time, _)| *time) else { continue };
            if times.len() < 2 {
                continue;
            }
            let least = f64::from(family(*finest).unwrap_or(1));
            for (time, power) in &times {
                let length = f64::from(family(*time).unwrap_or(1)) / least;
                factor *= length.powi(*power);
                unit = unit.multiplied(&Base::Time(*time), -power).multiplied(&Base::Time(*finest), *power);
            }
        }
        (unit, factor)
    }

    /// The same unit if the nouns agree, else the unit without nouns: what a sum of the two is counted in.
    #[must_use]
    pub fn shared(&self, other: &Unit) -> Unit {
        if self.factors == other.factors { self.clone() } else { Unit { shown: self.shown, ..self.hard() } }
    }
}

impl Base {
    fn parse(word: &str) -> Result<Self, String> {
        if let Some(unit) = TimeUnit::parse(word).filter(|_| word.chars().all(|char| char.is_ascii_lowercase())) {
            return Ok(Base::Time(unit));
        }
        let upper = word.len() == 3 && word.chars().all(|char| char.is_ascii_uppercase());
        if upper {
            if is_currency(word) {
                return Ok(Base::Currency(word.to_owned()));
            }
            return Err(format!("`{word}` is not an ISO 4217 currency"));
        }
        if let Some(unit) = meant(word) {
            return Err(format!("`{word}` is not a unit: write {unit}"));
        }
        if let Some(unit) = TimeUnit::parse(word).or_else(|| foreign_time(word)) {
            return Err(format!("`{word}` is not a unit: write `{}`", unit.name()));
        }
        let lower = word.to_uppercase();
        if word.len() == 3 && is_currency(&lower) && lower != word && is_money_like(&lower) {
            return Err(format!("write the currency in capitals: `{lower}`"));
        }
        let fits =
            word.starts_with(char::is_alphabetic) && word.chars().all(|char| char.is_alphanumeric() || "_- ".contains(char));
        if fits && word.chars().count() <= 40 {
            return Ok(Base::Noun(word.to_owned()));
        }
        Err(format!("`{word}` is not a unit"))
    }
}

/// What to write for a word or sign of plain English. As a noun it would go together with everything.
fn meant(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "percent" | "percentage" | "pct" => "`%`",
        "euro" | "euros" | "\u{20ac}" => "`EUR`",
        "dollar" | "dollars" | "$" => "the code of the currency, such as `USD`",
        "\u{a3}" => "the code of the currency, such as `GBP`",
        "\u{a5}" => "the code of the currency, such as `JPY`",
        "h" | "hr" | "hrs" => "`hour`",
        "min" | "mins" => "`minute`",
        "s" | "sec" | "secs" => "`second`",
        "yr" | "yrs" => "`year`",
        "kmh" | "kph" => "`km/hour`",
        "mph" => "`mile/hour`",
        _ => return None,
    })
}

/// German, French and Spanish words for units of time. A word that means something else in English, such as `tag`, is only taken for
/// one where it is written as that language does.
const FOREIGN_TIMES: &[(TimeUnit, &[&str])] = &[
    (TimeUnit::Second, &["sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos"]),
    (TimeUnit::Minute, &["minuten", "minuto", "minutos"]),
    (TimeUnit::Hour, &["stunde", "stunden", "heure", "heures", "hora", "horas"]),
    (TimeUnit::Day, &["tage", "tagen", "jour", "jours", "journ\u{e9}e", "d\u{ed}a", "d\u{ed}as"]),
    (TimeUnit::Week, &["woche", "wochen", "semaine", "semaines", "semana", "semanas"]),
    (TimeUnit::Month, &["monat", "monate", "monaten", "mois", "meses"]),
    (TimeUnit::Quarter, &["quartal", "quartale", "quartalen", "trimestre", "trimestres"]),
    (TimeUnit::Year, &["jahr", "jahre", "jahren", "ann\u{e9}e", "ann\u{e9}es", "a\u{f1}o", "a\u{f1}os"]),
];

/// The unit of time that a word of another language means.
fn foreign_time(word: &str) -> Option<TimeUnit> {
    if word == "Tag" {
        return Some(TimeUnit::Day);
    }
    let lower = word.to_lowercase();
    FOREIGN_TIMES.iter().find(|(_, words)| words.contains(&lower.as_str())).map(|(unit, _)| *unit)
}

/// Codes that are not English words, so that `usd` is a slip of the keyboard while `all` or `top` is a noun.
fn is_money_like(code: &str) -> bool {
    matches!(
        code,
        "USD" | "EUR" | "GBP" | "CHF" | "JPY" | "CNY" | "INR" | "CAD" | "AUD" | "SEK" | "NOK" | "DKK" | "PLN" | "BRL" | "MXN"
    )
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Base::Currency(code) => f.write_str(code),
            Base::Time(unit) => f.write_str(unit.name()),
            Base::Noun(noun) => f.write_str(noun),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown {
            Notation::Percent => return f.write_str("%"),
            Notation::Points => return f.write_str("points"),
            Notation::Plain => {}
        }
        let side = |sign: i32| -> Vec<String> {
            let of_side = self.factors.iter().filter(|(_, power)| power.signum() == sign);
            of_side.flat_map(|(base, power)| std::iter::repeat_n(base.to_string(), power.unsigned_abs() as usize)).collect()
        };
        let (above, below) = (side(1), side(-1));
        match (above.is_empty(), below.is_empty()) {
            (true, true) => Ok(()),
            (false, true) => f.write_str(&above.join(" * ")),
            (true, false) => write!(f, "1/{}", below.join("/")),
            (false, false) => write!(f, "{}/{}", above.join(" * "), below.join("/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::parse(text).unwrap()
    }

    #[test]
    fn every_currency_is_found() {
        assert!(CURRENCIES.split_whitespace().is_sorted());
        assert!(CURRENCIES.split_whitespace().all(is_currency));
        assert!(!["XXX", "AAA", "ZZZ", "EU", "EURO", ""].into_iter().any(is_currency));
    }

    #[test]
    fn units_read_and_print() {
        for text in ["USD", "%", "points", "USD/month", "mile/hour", "order", "USD/order", "1/day", "day * user"] {
            assert_eq!(unit(text).to_string(), text);
        }
        assert_eq!(unit("days").to_string(), "day");
        for bad in ["", "XYZ", "usd", "$", "euros", "percent", "a+b", "USD/"] {
            assert!(Unit::parse(bad).is_err(), "{bad}");
        }
        for (word, meant) in [("Minuten", "minute"), ("Hours", "hour"), ("a\u{f1}os", "year"), ("Tag", "day"), ("jours", "day")]
        {
            assert_eq!(Unit::parse(word), Err(format!("`{word}` is not a unit: write `{meant}`")));
        }
        assert_eq!(unit("tag").to_string(), "tag");
    }

    #[test]
    fn hard_units_have_to_fit_and_times_convert() {
        let times = |from: &str, to: &str| unit(from).fit(&unit(to));
        assert_eq!(times("USD", "EUR"), Fit::Not);
        assert_eq!(times("USD", "day"), Fit::Not);
        assert_eq!(times("USD", "USD/order"), Fit::Times(1.0));
        assert_eq!(times("hour", "minute"), Fit::Times(60.0));
        assert_eq!(times("mile/minute", "mile/hour"), Fit::Times(60.0));
        assert_eq!(times("year", "month"), Fit::Times(12.0));
        assert_eq!(times("month", "day"), Fit::Not);
        assert_eq!(times("order", "user"), Fit::Times(1.0));
    }

    #[test]
    fn times_of_one_family_become_one() {
        assert_eq!(unit("USD/month").times(&unit("year")).settled(), (unit("USD"), 12.0));
        assert_eq!(unit("day").times(&unit("hour")).settled(), (unit("hour * hour"), 24.0));
        assert_eq!(unit("USD/month").times(&unit("day")).settled(), (unit("USD * day/month"), 1.0));
    }

    #[test]
    fn the_algebra_cancels() {
        assert_eq!(unit("USD/month").times(&unit("month")), unit("USD"));
        assert_eq!(unit("USD").over(&unit("order")).to_string(), "USD/order");
        assert_eq!(unit("USD").over(&unit("USD")), Unit::none());
    }
}
