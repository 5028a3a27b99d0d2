//! English for people: titles made of names, and plurals.

/// Words that are written in capitals, and those that end in a small s.
const ACRONYMS: &[&str] = &[
    "ACV", "AOV", "API", "ARPA", "ARPU", "ARR", "B2B", "B2C", "CAC", "CES", "CLV", "COGS", "CPA", "CPC", "CPM", "CRM", "CSAT",
    "CTR", "DAU", "DSO", "EBIT", "EBITDA", "FTE", "GMV", "GRR", "HR", "ID", "KPI", "LTV", "MAU", "MQL", "MRR", "MTTR", "NDR",
    "NPS", "NRR", "OKR", "PQL", "ROAS", "ROI", "SEO", "SKU", "SLA", "SLO", "SQL", "TCV", "URL", "UTC", "VAT", "WAU", "YTD",
];

/// Nouns whose plural no rule gives.
const IRREGULAR: &[(&str, &str)] = &[
    ("child", "children"),
    ("datum", "data"),
    ("foot", "feet"),
    ("half", "halves"),
    ("information", "information"),
    ("inventory", "inventory"),
    ("life", "lives"),
    ("man", "men"),
    ("person", "people"),
    ("revenue", "revenue"),
    ("shelf", "shelves"),
    ("software", "software"),
    ("staff", "staff"),
    ("stuff", "stuff"),
    ("woman", "women"),
];

/// Makes a title of a name: `visitor_to_signup_rate` is "Visitor to signup rate", `cac_of_kpis` is "CAC of KPIs". Acronyms are the
/// known ones and the `own` ones of a project.
pub fn title(name: &str, own: &[String]) -> String {
    let mut words = name.split('_').enumerate().map(|(at, word)| match acronym(word, own) {
        Some(acronym) => acronym,
        None if at == 0 => capital(word),
        None => word.to_owned(),
    });
    let first = words.next().unwrap_or_default();
    words.fold(first, |all, word| format!("{all} {word}"))
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A word as the acronym that it is, also in the plural.
fn acronym(word: &str, own: &[String]) -> Option<String> {
    let known = |word: &str| {
        let own = own.iter().map(String::as_str);
        own.chain(ACRONYMS.iter().copied()).find(|known| known.eq_ignore_ascii_case(word)).map(str::to_owned)
    };
    known(word).or_else(|| Some(format!("{}s", known(word.strip_suffix('s')?)?)))
}

/// More than one of a noun, by the rules of English: `order` is `orders`, `country` is `countries`. Of several words the last one
/// changes. What is not in plain letters stays as it is, since it is in another language, and so does what is a plural already.
pub fn plural(noun: &str) -> String {
    if noun.contains(['/', '*']) {
        return noun.to_owned();
    }
    let (before, last) = noun.rfind([' ', '_', '-']).map_or(("", noun), |at| noun.split_at(at + 1));
    if last.is_empty() || !last.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return noun.to_owned();
    }
    if let Some((_, many)) = IRREGULAR.iter().find(|(one, _)| *one == last) {
        return format!("{before}{many}");
    }
    let vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    let many = if let Some(stem) = last.strip_suffix('y').filter(|stem| !vowel(stem.chars().last())) {
        format!("{stem}ies")
    } else if last.ends_with('s') && !["ss", "us", "is"].iter().any(|end| last.ends_with(end)) {
        last.to_owned()
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| last.ends_with(end)) {
        format!("{last}es")
    } else {
        format!("{last}s")
    };
    format!("{before}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_know_acronyms() {
        let own = ["GTV".to_owned(), "eNPS".to_owned()];
        let cases = [
            ("visitor_to_signup_rate", "Visitor to signup rate"),
            ("cac", "CAC"),
            ("kpis", "KPIs"),
            ("ltv_to_cac", "LTV to CAC"),
            ("gtv_of_skus", "GTV of SKUs"),
            ("enps", "eNPS"),
            ("\u{fc}bung", "\u{dc}bung"),
            ("", ""),
        ];
        for (name, wanted) in cases {
            assert_eq!(title(name, &own), wanted, "{name}");
        }
    }

    #[test]
    fn nouns_have_plurals() {
        for (one, many) in [
            ("order", "orders"),
            ("country", "countries"),
            ("day", "days"),
            ("box", "boxes"),
            ("branch", "branches"),
            ("class", "classes"),
            ("points", "points"),
            ("USD", "USD"),
            ("mile/hour", "mile/hour"),
            ("person", "people"),
            ("support ticket", "support tickets"),
            ("sales_person", "sales_people"),
            ("gr\u{f6}\u{df}e", "gr\u{f6}\u{df}e"),
            ("", ""),
        ] {
            assert_eq!(plural(one), many);
        }
    }
}
