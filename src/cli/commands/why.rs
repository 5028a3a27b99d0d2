//! `kpic why`

use crate::align::drivers::{Component, Contribution, Rule};
use crate::calendar::{AsOf, Date, Grain, Label};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, complete, engine_of, guarded, out, show, show_findings, usage,
    valid,
};
use crate::diagnostic::suggest;
use crate::measure::shown::{Precision, told_from_null};
use crate::measure::why::{Asked, Outcome, Slice, Told, why};
use crate::measure::{Session, shown};
use crate::model::facts::Kind;
use crate::model::unit::{Notation, Unit};
use crate::model::{Better, DimensionId, Kpi, KpiId, Model};
use crate::pipeline;
use clap::Args;
use serde_json::{Value, json};

/// The arguments of `why`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic why                                            the North Star's volume, the last complete period against the one before
  kpic why cac_payback_months --from 2025-05 --to 2025-06
  kpic why cac --depth 1 --format json

The contributions on one level add up exactly to the change. A KPI that is not made of others is broken down by its slices, if they add up to it.")]
pub(in crate::cli) struct WhyArgs {
    /// The KPI [default: the volume of the North Star].
    #[arg(value_name = "KPI", add = complete::kpis())]
    kpi: Option<String>,
    /// The period to start with: 2024-01, 2024-Q1, 2024-W05, 2024-01-31, 2024 [default: the one before the other].
    #[arg(long, value_name = "PERIOD")]
    from: Option<String>,
    /// The period to end with [default: the last complete one].
    #[arg(long, value_name = "PERIOD")]
    to: Option<String>,
    /// How many levels of components are shown.
    #[arg(long, value_name = "N", default_value_t = 2)]
    depth: usize,
    /// How the answer is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &WhyArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let model = project.model();
    let kpi = wanted(model, args.kpi.as_deref())?;
    let (grain, from, to) = periods(model, kpi, args)?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let asked = Asked { kpi, grain, from, to };
    match guarded::guarded(&args.guards, project.files(), "asking", |guarding| why(&session, guarding, asked))? {
        Outcome::Told(told) => {
            match args.format {
                FiguresFormat::Table => out::print(&table(model, &told, grain, args.depth)),
                FiguresFormat::Json => out::json(&json(model, &told, grain, args.depth)),
            }
            Ok(FINE)
        }
        Outcome::Unfit(findings) => {
            show_findings(&findings, project.files());
            Ok(FINDINGS)
        }
        Outcome::NothingAfter(from, last) => {
            let shown = |day| shown::period(day, grain, &model.calendar);
            let what = format!("no complete {grain} comes after {}", shown(from));
            let help = match last {
                Some(last) => format!("{} is the last complete one: give an earlier `--from`, or `--to` as well", shown(last)),
                None => "none is complete yet; `kpic run` shows the figures".to_owned(),
            };
            Err(usage(&what, &help))
        }
        Outcome::NoPeriod(day) => {
            let what = match day {
                Some(day) => format!("there is no period {} to compare", shown::period(day, grain, &model.calendar)),
                None => "there are no two complete periods to compare".to_owned(),
            };
            let end = match model.calendar.as_of {
                AsOf::Day(last) => format!("end on {last} (`as_of`)"),
                AsOf::Today => "end today".to_owned(),
            };
            let help = format!("figures start on {} and {end}; `kpic run` shows them", model.calendar.start);
            Err(usage(&what, &help))
        }
    }
}

fn wanted(model: &Model, name: Option<&str>) -> Result<KpiId, Stop> {
    let Some(name) = name else {
        let volume = model.north_star.as_ref().and_then(|star| star.volume.as_ref());
        return volume
            .map(|volume| volume.value)
            .ok_or_else(|| usage("which KPI? This project has no North Star", "name a KPI: `kpic why revenue`"));
    };
    let Some(id) = model.kpi_names.get(name) else {
        let names = model.kpis.rows().iter().map(|kpi| kpi.name.value.as_str());
        let help = suggest::did_you_mean(name, "the KPIs are", names).unwrap_or_else(|| "see `kpic run` for all".to_owned());
        return Err(usage(&format!("there is no KPI `{name}`"), &help));
    };
    if model.kpis.get(*id).facts.needs.is_some() {
        let message = format!("`{name}` has amounts in several currencies, which have no total");
        return Err(usage(&message, "pick one currency: a KPI with `slice(...)`"));
    }
    if model.kpis.get(*id).age.is_some() {
        let message = format!("`{name}` has a figure for each age of a cohort");
        return Err(usage(&message, "`kpic run` shows them; only a KPI with one figure per period can be compared"));
    }
    Ok(*id)
}

/// The grain and the first days of the two periods.
fn periods(model: &Model, kpi: KpiId, args: &WhyArgs) -> Result<(Grain, Option<Date>, Option<Date>), Stop> {
    let kpi = model.kpis.get(kpi);
    let grains = model.grains(kpi);
    let period = |text: &str| {
        let label = Label::parse(text).and_then(|label| Some((label.grain(), label.start(&model.calendar)?)));
        let Some((grain, start)) = label else {
            let help = "write a day (2024-01-31), week (2024-W05), month (2024-01), quarter (2024-Q1) or year (2024)";
            return Err(usage(&Label::absent(text).unwrap_or_else(|| format!("`{text}` is not a period")), help));
        };
        // A period of a custom calendar is known by its first day.
        let grain = if model.calendar.custom && grain == Grain::Day { kpi.grain } else { grain };
        if !grains.contains(&grain) {
            let known: Vec<String> = grains.iter().map(ToString::to_string).collect();
            let message = format!("`{text}` is a {grain}, but `{}` does not have that grain", kpi.name.value);
            return Err(usage(&message, &format!("its grains are: {}", known.join(", "))));
        }
        Ok((grain, start))
    };
    let from = args.from.as_deref().map(period).transpose()?;
    let to = args.to.as_deref().map(period).transpose()?;
    if let (Some((one, from)), Some((two, to))) = (from, to) {
        if one != two {
            return Err(usage(&format!("a {one} cannot be compared with a {two}"), "name two periods with the same grain"));
        }
        if from >= to {
            return Err(usage("`--from` is not before `--to`", "swap them"));
        }
    }
    let grain = from.or(to).map_or(kpi.grain, |(grain, _)| grain);
    Ok((grain, from.map(|(_, day)| day), to.map(|(_, day)| day)))
}

/// The components that are shown, each below the one that it is a part of, the greatest contribution first.
fn shown(told: &Told, depth: usize) -> Vec<(&Component, &Contribution)> {
    fn below<'t>(told: &'t Told, parent: usize, depth: usize, all: &mut Vec<(&'t Component, &'t Contribution)>) {
        let rows = told.tree.components.iter().zip(&told.contributions).enumerate();
        let mut own: Vec<_> = rows.filter(|(_, (component, _))| component.parent == Some(parent)).collect();
        let size = |contribution: &Contribution| contribution.amount.map_or(-1.0, f64::abs);
        own.sort_by(|(_, (_, one)), (_, (_, two))| size(two).total_cmp(&size(one)));
        for (at, (component, contribution)) in own {
            if component.level <= depth {
                all.push((component, contribution));
                below(told, at, depth, all);
            }
        }
    }
    let mut all: Vec<(&Component, &Contribution)> = Vec::new();
    all.extend(told.tree.components.first().zip(told.contributions.first()));
    below(told, 0, depth, &mut all);
    all
}

fn table(model: &Model, told: &Told, grain: Grain, depth: usize) -> String {
    let kpi = model.kpis.get(told.tree.kpi);
    let unit = &kpi.facts.unit;
    let label = |(day, complete): (Date, bool)| {
        format!("{}{}", shown::period(day, grain, &model.calendar), if complete { "" } else { "*" })
    };
    let rows = shown(told, depth);
    let greatest = rows.iter().skip(1).filter_map(|(_, contribution)| contribution.amount).map(f64::abs).fold(0.0, f64::max);
    let plain = Unit::none();
    let unit_of = |component: &Component| component.kpi.map_or(&plain, |id| &model.kpis.get(id).facts.unit);
    let of_changes = Precision::of(rows.iter().filter_map(|(_, contribution)| contribution.amount), unit);
    let body = rows.iter().map(|(component, contribution)| {
        let own = unit_of(component);
        let precision = Precision::of(contribution.before.into_iter().chain(contribution.now), own);
        let name: String = line(&component.name).chars().take(60).collect();
        vec![
            format!("{}{name}", "  ".repeat(component.level)),
            precision.known(contribution.before, own),
            precision.known(contribution.now, own),
            contribution.amount.map_or_else(|| "–".to_owned(), |amount| of_changes.change(amount, unit))
                + if contribution.rule == Rule::Midpoint { "~" } else { "" },
            if component.level == 0 { String::new() } else { bar(contribution.amount, greatest, kpi.better) },
        ]
    });
    let unit_text = if unit.shown == Notation::Percent { String::new() } else { unit.to_string() };
    let heading = if unit_text.is_empty() { "contributed".to_owned() } else { format!("contributed ({unit_text})") };
    let headings = vec!["component".to_owned(), label(told.from), label(told.to), heading, String::new()];
    let mut text = format!("{}\n\n", sentence(kpi, told, &label(told.from), &label(told.to)));
    text.push_str(&show::table(headings, body.collect(), |at| (1..4).contains(&at)));
    for (dimension, slices) in &told.slices {
        text.push_str(&by_slice(model, *dimension, slices, kpi));
    }
    let mut notes = Vec::new();
    if let ([_], true) = (told.tree.components.as_slice(), told.slices.is_empty()) {
        notes.push(undivided(kpi));
    }
    if !told.from.1 || !told.to.1 {
        notes.push("* not complete");
    }
    if rows.iter().any(|(_, contribution)| contribution.rule == Rule::Midpoint) {
        notes.push("~ by the midpoint: a value is 0 or changes sign");
    }
    if !notes.is_empty() {
        text.push_str(&format!("\n{}\n", out::styled(out::DIM, &notes.join("\n"))));
    }
    text
}

/// Why a change is shown as a whole.
fn undivided(kpi: &Kpi) -> &'static str {
    match kpi.facts.kind {
        Kind::Distinct => {
            "a distinct count has no parts that add up: one value can be in several slices, and counts once in all of them"
        }
        _ if kpi.facts.adds_over_slices => {
            "it has no parts: with a slice under `by`, `kpic why` shows what each slice contributed"
        }
        _ => "it has no parts that add up: its formula is one aggregate, and the values of slices do not add up to it",
    }
}

/// How many slices are shown by a dimension; the others are one row.
const MOST_SLICES: usize = 6;

/// What the slices by a dimension contributed; they add up to the KPI.
fn by_slice(model: &Model, dimension: DimensionId, slices: &[Slice], kpi: &Kpi) -> String {
    let unit = &kpi.facts.unit;
    let change = |slice: &Slice| slice.now - slice.before;
    let shown = if slices.len() > MOST_SLICES + 1 { MOST_SLICES } else { slices.len() };
    let (first, others) = slices.split_at_checked(shown).unwrap_or((slices, &[]));
    let mut rows: Vec<(String, Slice)> = first
        .iter()
        .map(|slice| (slice.of.as_deref().map_or_else(|| "null".to_owned(), |of| told_from_null(&line(of))), slice.clone()))
        .collect();
    if !others.is_empty() {
        let sum = |figure: fn(&Slice) -> f64| others.iter().map(figure).sum();
        let all = Slice { of: None, before: sum(|slice| slice.before), now: sum(|slice| slice.now) };
        rows.push((format!("{} others", others.len()), all));
    }
    let precision = Precision::of(rows.iter().flat_map(|(_, slice)| [slice.before, slice.now]), unit);
    let of_changes = Precision::of(rows.iter().map(|(_, slice)| change(slice)), unit);
    let greatest = rows.iter().map(|(_, slice)| change(slice).abs()).fold(0.0, f64::max);
    let body = rows.iter().map(|(name, slice)| {
        vec![
            format!("  {}", name.chars().take(60).collect::<String>()),
            precision.figure(slice.before, unit),
            precision.figure(slice.now, unit),
            of_changes.change(change(slice), unit),
            bar(Some(change(slice)), greatest, kpi.better),
        ]
    });
    let headings = vec![format!("by {}", model.dimensions.get(dimension).name), String::new(), String::new(), String::new()];
    format!("\n{}", show::table([headings, vec![String::new()]].concat(), body.collect(), |at| (1..4).contains(&at)))
}

/// A text on one line, without what a terminal would take for a command.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|char| !char.is_control()).collect()
}

/// What happened, in a sentence.
fn sentence(kpi: &Kpi, told: &Told, from: &str, to: &str) -> String {
    let (unit, total) = (&kpi.facts.unit, told.contributions.first());
    let change = total.and_then(|total| Some((total.before?, total.now?)));
    let Some((before, now)) = change else {
        return format!("{} has no value in {from} or in {to}, so there is no change to explain", line(&kpi.title));
    };
    let way = if now > before {
        "rose"
    } else if now < before {
        "fell"
    } else {
        return format!("{} is {} in {from} and in {to}", line(&kpi.title), shown::figure(now, unit));
    };
    let name = unit.to_string();
    let name = if name.is_empty() || name == "%" { String::new() } else { format!(" ({name})") };
    let precision = Precision::of([before, now], unit);
    let (before, now) = (precision.figure(before, unit), precision.figure(now, unit));
    format!("{}{name} {way} from {before} in {from} to {now} in {to}", line(&kpi.title))
}

/// A bar as long as a contribution, coloured by whether it was good.
fn bar(value: Option<f64>, greatest: f64, better: Option<Better>) -> String {
    const LONGEST: f64 = 20.0;
    let Some(value) = value.filter(|_| greatest > 0.0) else { return String::new() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 20")]
    let length = (value.abs() / greatest * LONGEST).round() as usize;
    if length == 0 {
        return String::new();
    }
    let blocks = if value < 0.0 { "▒" } else { "█" }.repeat(length);
    let good = match better {
        Some(Better::Up) => value > 0.0,
        Some(Better::Down) => value < 0.0,
        Some(Better::Between(..)) | None => return blocks,
    };
    out::styled(if good { out::GOOD } else { out::BAD }, &blocks)
}

fn json(model: &Model, told: &Told, grain: Grain, depth: usize) -> String {
    let row = |(component, contribution): &(&Component, &Contribution)| {
        let parent = component.parent.and_then(|parent| told.tree.components.get(parent)).map(|parent| parent.name.as_str());
        json!({
            "component": component.name,
            "kind": component.kind.name(),
            "level": component.level,
            "part_of": parent,
            "before": contribution.before,
            "now": contribution.now,
            "contribution": contribution.amount,
            "rule": contribution.rule.name(),
        })
    };
    let period = |(day, complete): (Date, bool)| json!({ "period": shown::period(day, grain, &model.calendar), "starts": day.to_string(), "is_complete": complete });
    let slices = |(dimension, slices): &(DimensionId, Vec<Slice>)| {
        let slice = |slice: &Slice| json!({ "slice": slice.of, "before": slice.before, "now": slice.now, "contribution": slice.now - slice.before });
        json!({ "by": model.dimensions.get(*dimension).name, "slices": slices.iter().map(slice).collect::<Vec<_>>() })
    };
    let value: Value = json!({
        "kpi": model.kpis.get(told.tree.kpi).name.value,
        "grain": grain.name(),
        "from": period(told.from),
        "to": period(told.to),
        "components": shown(told, depth).iter().map(row).collect::<Vec<_>>(),
        "slices": told.slices.iter().map(slices).collect::<Vec<_>>(),
    });
    let mut text = crate::text::json(&value);
    text.push('\n');
    text
}
