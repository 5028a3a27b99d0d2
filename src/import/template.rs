//! Filters of metrics: SQL with calls in double braces, such as `{{ Dimension('order__status') }} = 'paid'`.
//!
//! Only these calls are read. Nothing is rendered, so a template can do nothing else.

/// No filter that is longer is read.
const LONGEST: usize = 20_000;

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// SQL as it stands there.
    Sql(String),
    /// What is asked for.
    Asked(Asked),
}

/// What a filter asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A dimension or a time, by the entities that lead to it and its own name.
    Dimension { path: Vec<String>, grain: Option<String>, part: bool },
    /// An entity, by the entities that lead to it.
    Entity(Vec<String>),
    /// A metric of the things that the row belongs to.
    Metric(String),
}

/// The parts of a filter.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    if text.len() > LONGEST {
        return Err(format!("its filter is longer than {LONGEST} bytes"));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let (before, opened) = rest.split_at(at);
        if !opened.starts_with("{{") {
            return Err("its filter has Jinja other than `Dimension`, `TimeDimension`, `Entity` and `Metric`".to_owned());
        }
        parts.push(Part::Sql(before.to_owned()));
        let mut reader = Reader { rest: opened.get(2..).unwrap_or_default() };
        let asked = reader.asked().and_then(|asked| reader.take("}}").map(|()| asked));
        parts.push(Part::Asked(asked.ok_or_else(|| "its filter has Jinja that is not one plain call".to_owned())?));
        rest = reader.rest;
    }
    parts.push(Part::Sql(rest.to_owned()));
    Ok(parts)
}

/// What a group-by of a saved query asks for: such a call, or names alone.
pub(super) fn group(text: &str) -> Option<Asked> {
    if text.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { rest: text };
    if let Some(asked) = reader.asked() {
        return reader.rest.trim().is_empty().then_some(asked);
    }
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if !text.chars().all(is_name) {
        return None;
    }
    let mut path = split(text);
    let is_grain = path.len() > 1 && path.last().is_some_and(|last| GRAINS.contains(&last.as_str()));
    let grain = if is_grain { path.pop() } else { None };
    Some(Asked::Dimension { path, grain, part: false })
}

/// The granularities that every time has.
const GRAINS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

struct Reader<'a> {
    rest: &'a str,
}

/// An argument of a call.
enum Argument {
    Text(Option<String>, String),
    List(Option<String>, Vec<String>),
}

impl Reader<'_> {
    fn asked(&mut self) -> Option<Asked> {
        let called = self.word()?;
        let arguments = self.arguments()?;
        let mut first = None;
        let mut second = None;
        let mut path = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Text(None, text) if first.is_none() => first = Some(text),
                Argument::Text(Some(key), text) if key == "name" => first = Some(text),
                Argument::Text(None, text) => second = Some(text),
                Argument::Text(Some(key), text) if key == "time_granularity_name" => second = Some(text),
                Argument::List(key, list) if key.is_none() || key.as_deref() == Some("entity_path") => {
                    path = list.iter().flat_map(|name| split(name)).collect();
                }
                // By what a metric is grouped does not matter to whoever refuses it.
                Argument::List(Some(key), _) if key == "group_by" => {}
                Argument::Text(..) | Argument::List(..) => return None,
            }
        }
        let name = first?;
        let mut part = false;
        while self.take(".").is_some() {
            match (self.word()?.as_str(), self.arguments()?.as_slice()) {
                ("grain", [Argument::Text(None, grain)]) => second = Some(grain.clone()),
                ("date_part", [Argument::Text(None, _)]) => part = true,
                _ => return None,
            }
        }
        path.extend(split(&name));
        match called.as_str() {
            "Dimension" | "TimeDimension" => {
                Some(Asked::Dimension { path, grain: second.map(|grain| grain.to_lowercase()), part })
            }
            "Entity" => Some(Asked::Entity(path)),
            "Metric" => Some(Asked::Metric(name)),
            _ => None,
        }
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(word)?;
        Some(())
    }

    fn word(&mut self) -> Option<String> {
        let text = self.rest.trim_start();
        let end = text.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        if word.is_empty() {
            return None;
        }
        self.rest = rest;
        Some(word.to_owned())
    }

    fn text(&mut self) -> Option<String> {
        let text = self.rest.trim_start();
        let quote = text.chars().next().filter(|char| matches!(char, '\'' | '"'))?;
        let inner = text.get(1..)?;
        let end = inner.find(quote)?;
        let found = inner.get(..end)?;
        // Names have no escapes.
        if found.contains('\\') {
            return None;
        }
        self.rest = inner.get(end + 1..)?;
        Some(found.to_owned())
    }

    fn list(&mut self) -> Option<Vec<String>> {
        self.take("[")?;
        let mut all = Vec::new();
        while self.take("]").is_none() {
            all.push(self.text()?);
            if self.take(",").is_none() {
                self.take("]")?;
                break;
            }
        }
        Some(all)
    }

    fn arguments(&mut self) -> Option<Vec<Argument>> {
        self.take("(")?;
        let mut all = Vec::new();
        while self.take(")").is_none() {
            let key = if self.rest.trim_start().starts_with(['\'', '"', '[']) {
                None
            } else {
                let key = self.word()?;
                self.take("=")?;
                Some(key)
            };
            if self.rest.trim_start().starts_with('[') {
                all.push(Argument::List(key, self.list()?));
            } else {
                all.push(Argument::Text(key, self.text()?));
            }
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        Some(all)
    }
}

/// `customer__region` is two names.
fn split(name: &str) -> Vec<String> {
    name.split("__").map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(path: &[&str], grain: Option<&str>) -> Part {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Part::Asked(Asked::Dimension { path, grain: grain.map(str::to_owned), part: false })
    }

    fn sql(text: &str) -> Part {
        Part::Sql(text.to_owned())
    }

    #[test]
    fn calls_are_found_between_sql() {
        assert_eq!(
            parts("{{ Dimension('order__status') }} = 'a'").unwrap(),
            [sql(""), dimension(&["order", "status"], None), sql(" = 'a'")]
        );
        assert_eq!(
            parts("x > {{TimeDimension( \"metric_time\" , 'MONTH')}}").unwrap(),
            [sql("x > "), dimension(&["metric_time"], Some("month")), sql("")]
        );
        assert_eq!(
            parts("{{ Dimension('region__country', entity_path=['customer']) }}").unwrap(),
            [sql(""), dimension(&["customer", "region", "country"], None), sql("")]
        );
        assert_eq!(
            parts("{{ Dimension('order__at').grain('week') }}").unwrap(),
            [sql(""), dimension(&["order", "at"], Some("week")), sql("")]
        );
        assert_eq!(
            parts("{{ Entity('customer') }}").unwrap(),
            [sql(""), Part::Asked(Asked::Entity(vec!["customer".to_owned()])), sql("")]
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "{% for x in range(999999999) %}a{% endfor %}",
            "{{ Dimension('a') ",
            "{{ Dimension('a' ~ 'b') }}",
            "{{ ''.__class__ }}",
            "{{ Dimension('a').upper() }}",
            "{{ range(10) }}",
            "{# a comment #} 1 = 1",
            "{{ }}",
        ] {
            assert!(parts(text).is_err(), "{text}");
        }
        assert!(parts(&"{{".repeat(LONGEST)).is_err());
    }

    #[test]
    fn saved_queries_group_by_names_or_calls() {
        let of = |path: &[&str], grain: Option<&str>| match dimension(path, grain) {
            Part::Asked(asked) => Some(asked),
            Part::Sql(_) => None,
        };
        assert_eq!(group("metric_time__week"), of(&["metric_time"], Some("week")));
        assert_eq!(group("Dimension('order__channel')"), of(&["order", "channel"], None));
        assert_eq!(group("customer__region__country"), of(&["customer", "region", "country"], None));
        assert_eq!(group("a'b"), None);
    }
}
