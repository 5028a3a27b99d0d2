//! The values that key results aim at, as specs write them: `45%`, `12 months`, `+20%`, `-5 pp`, `x2`.

use crate::model::unit::{Notation, Unit};

/// What a target asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Aim {
    /// A value.
    At(f64, Option<Unit>),
    /// A change of the baseline.
    By { times: f64, share: f64, plus: f64 },
}

/// Reads `45%`, `12 months`, `1_000 USD`, `46 %`.
pub(super) fn amount(text: &str) -> Result<(f64, Option<Unit>), String> {
    let text = text.trim();
    let digits = text.find(|char: char| !(char.is_ascii_digit() || matches!(char, '.' | '_' | '-'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let forms =
        || meant(text).unwrap_or_else(|| "a value is a number, perhaps with its unit: `1_000`, `45%`, `12 months`".to_owned());
    let number = crate::spec::shape::number(number).ok_or_else(forms)?;
    match unit.trim() {
        "" => Ok((number, None)),
        "%" => Ok((number / 100.0, Some(percent()))),
        "pp" => Err("`pp` is a change from the baseline: `+5 pp`, `-5 pp`".to_owned()),
        unit => match Unit::parse(unit) {
            Ok(unit) => Ok((number, Some(unit))),
            Err(_) => Err(forms()),
        },
    }
}

/// What a text was meant to be that has a comma, or whose unit people call otherwise: `0,5 EUR`, `900 Euro`.
fn meant(text: &str) -> Option<String> {
    let digits =
        text.find(|char: char| !(char.is_ascii_digit() || matches!(char, '.' | ',' | '_' | '-'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match Unit::parse(unit.trim()) {
        Ok(unit) => unit.to_string(),
        // The unit that is meant is the last one that is named.
        Err(why) => why.rsplit('`').nth(1).filter(|meant| *meant != unit.trim()).unwrap_or_default().to_owned(),
    };
    if unit.is_empty() && digits < text.trim_end().len() {
        return None;
    }
    let blank = if unit.is_empty() || unit == "%" { "" } else { " " };
    let written = |number: &str| crate::spec::shape::number(number).map(|_| format!("`{number}{blank}{unit}`"));
    let Some((whole, part)) = number.split_once(',') else { return written(number).map(|meant| format!("write {meant}")) };
    let thousands = written(&number.replace(',', "_"));
    let decimals = written(&format!("{}.{part}", whole.replace('.', "")));
    match (thousands, decimals) {
        (Some(thousands), Some(decimals)) if part.len() == 3 && !whole.contains('.') => {
            Some(format!("a comma can be read in two ways: write {thousands} or {decimals}"))
        }
        (_, Some(decimals)) => Some(format!("write {decimals}")),
        (Some(thousands), None) => Some(format!("write {thousands}")),
        (None, None) => None,
    }
}

/// Reads a target: an amount, `+20%`, `-5 pp` or `x2`.
pub(super) fn target(text: &str) -> Result<Aim, String> {
    let text = text.trim();
    let by = |share: f64, plus: f64| Aim::By { times: 1.0, share, plus };
    if let Some(times) = text.strip_prefix(['x', '\u{d7}']) {
        let times = crate::spec::shape::number(times.trim()).filter(|times| *times >= 0.0);
        let times = times.ok_or("write a multiple of the baseline as `x2` or `x1.5`")?;
        return Ok(Aim::By { times, share: 0.0, plus: 0.0 });
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1.0,
        Some(b'-') => -1.0,
        _ => 0.0,
    };
    if let (Some(rest), true) = (text.get(1..), sign != 0.0) {
        let rest = rest.trim();
        let number = |ending: &str| rest.strip_suffix(ending).and_then(|digits| crate::spec::shape::number(digits.trim()));
        if let Some(points) = number("pp") {
            return Ok(by(0.0, sign * points / 100.0));
        }
        if let Some(percent) = number("%") {
            return Ok(by(sign * percent / 100.0, 0.0));
        }
        if sign > 0.0 {
            return Err("a target relative to the baseline is `+20%`, `-5 pp` or `x2`; a value has no `+`".to_owned());
        }
    }
    let meant_times = text.strip_suffix('x').is_some_and(|times| crate::spec::shape::number(times).is_some());
    if meant_times {
        return Err(format!("write `x{}`", text.trim_end_matches('x')));
    }
    match amount(text) {
        Ok((number, unit)) => Ok(Aim::At(number, unit)),
        Err(why) if why.starts_with("write ") || why.starts_with("a comma") => Err(why),
        Err(why) => Err(format!("{why}; or relative to the baseline: `+20%`, `-5 pp`, `x2`")),
    }
}

fn percent() -> Unit {
    let mut unit = Unit::none();
    unit.shown = Notation::Percent;
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let at = |number, unit: Option<&str>| Ok(Aim::At(number, unit.map(|unit| Unit::parse(unit).unwrap())));
        assert_eq!(target("45%"), at(0.45, Some("%")));
        assert_eq!(target("46 %"), at(0.46, Some("%")));
        assert_eq!(target("1_000"), at(1000.0, None));
        assert_eq!(target("-3"), at(-3.0, None));
        assert_eq!(target("12 months"), at(12.0, Some("month")));
        assert_eq!(target("2.5 USD/order"), at(2.5, Some("USD/order")));
        assert_eq!(target("+20%"), Ok(Aim::By { times: 1.0, share: 0.2, plus: 0.0 }));
        assert_eq!(target("-20 %"), Ok(Aim::By { times: 1.0, share: -0.2, plus: 0.0 }));
        assert_eq!(target("-5 pp"), Ok(Aim::By { times: 1.0, share: 0.0, plus: -0.05 }));
        assert_eq!(target("x1.5"), Ok(Aim::By { times: 1.5, share: 0.0, plus: 0.0 }));
        for (written, help) in [
            ("0,5 EUR", "write `0.5 EUR`"),
            ("900 Euro", "write `900 EUR`"),
            ("900 eur", "write `900 EUR`"),
            ("1.000,50 EUR", "write `1000.50 EUR`"),
            ("1,000,000", "write `1_000_000`"),
            ("12,5%", "write `12.5%`"),
            ("1,000 EUR", "a comma can be read in two ways: write `1_000 EUR` or `1.000 EUR`"),
        ] {
            assert_eq!(target(written), Err(help.to_owned()), "{written}");
        }
        for bad in ["", "soon", "+20", "5 pp", "x", "2x", "45%%", "12 XYZ"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
