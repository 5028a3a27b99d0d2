//! `kpic align`

use crate::align::reach::{Reach, StarPart, Way, Ways};
use crate::align::{Alignment, By, Coverage, Edge, Sign, is_counter, role_name};
use crate::cli::{Context, FINE, Stop, complete, out, show, usage, valid};
use crate::diagnostic::suggest;
use crate::model::north_star::NorthStar;
use crate::model::{Better, Kpi, KpiId, Model};
use crate::pipeline::{self, Valid};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The arguments of `align`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic align                      the North Star, what moves it, and what is not linked to it
  kpic align --why signups        the paths from a KPI to the North Star, shortest first
  kpic align --format json

+ and - show which way a KPI moves when the one below it rises; ? means that it depends.")]
pub(in crate::cli) struct AlignArgs {
    /// Show the paths from a KPI to the North Star.
    #[arg(long, value_name = "KPI", add = complete::kpis())]
    why: Option<String>,
    /// How many paths to show.
    #[arg(long, value_name = "N", default_value_t = 5, requires = "why")]
    most: usize,
    /// How many levels of the tree are shown.
    #[arg(long, value_name = "N", default_value_t = 3, conflicts_with = "why")]
    depth: usize,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(in crate::cli) fn run(args: &AlignArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let (model, alignment) = (project.model(), project.alignment());
    let (Some(star), Some(reach)) = (&model.north_star, &alignment.reach) else {
        return Err(usage(
            "this project has no North Star",
            "say what the company aims for, in any spec file: `north_star: { volume: ..., efficiency: ..., counter: [...] }`",
        ));
    };
    let report = Report { project: &project, model, alignment, reach, star };
    let text = match (&args.why, args.format) {
        (Some(name), format) => {
            let kpi = report.kpi(name)?;
            if format == Format::Json { pretty(&report.ways_json(kpi, args.most)) } else { report.ways(kpi, args.most) }
        }
        (None, Format::Text) => report.text(args.depth),
        (None, Format::Json) => pretty(&report.json()),
    };
    out::print(&text);
    Ok(FINE)
}

struct Report<'a> {
    project: &'a Valid,
    model: &'a Model,
    alignment: &'a Alignment,
    reach: &'a Reach,
    star: &'a NorthStar,
}

impl Report<'_> {
    fn kpi(&self, name: &str) -> Result<KpiId, Stop> {
        if let Some(id) = self.model.kpi_names.get(name) {
            return Ok(*id);
        }
        let names = self.model.kpis.rows().iter().map(|kpi| kpi.name.value.as_str());
        let help = suggest::did_you_mean(name, "the KPIs are", names).unwrap_or_else(|| "see `kpic run` for all".to_owned());
        Err(usage(&format!("there is no KPI `{name}`"), &help))
    }

    fn name(&self, id: KpiId) -> &str {
        &self.model.kpis.get(id).name.value
    }

    fn owner(&self, kpi: &Kpi) -> &str {
        kpi.owner.map_or("", |team| &self.model.teams.get(team).name.value)
    }

    fn text(&self, depth: usize) -> String {
        let mut text = format!("{}\n", out::styled(out::STRONG, &line(&self.star.title)));
        if !self.star.because.is_empty() {
            text.push_str(&format!("{}\n", line(&self.star.because)));
        }
        text.push('\n');
        text.push_str(&self.parts());
        for part in &self.reach.parts {
            text.push_str(&format!("\n{}\n", out::styled(out::STRONG, &format!("what moves the {}", role_name(part.role)))));
            text.push_str(&self.tree(part, depth));
        }
        text.push('\n');
        text.push_str(&self.coverage());
        text
    }

    /// The parts of the North Star, and what its growth means for whom.
    fn parts(&self) -> String {
        let volume = self.star.volume.iter().map(|kpi| ("volume", kpi.value));
        let efficiency = self.star.efficiency.iter().map(|kpi| ("efficiency", kpi.value));
        let counter = self.star.counter.iter().map(|kpi| ("counter", kpi.value));
        let rows = volume.chain(efficiency).chain(counter).map(|(part, id)| {
            let kpi = self.model.kpis.get(id);
            vec![part.to_owned(), kpi.name.value.clone(), better(kpi).to_owned(), self.owner(kpi).to_owned()]
        });
        let headings = ["part", "kpi", "better", "owner"].map(str::to_owned).to_vec();
        let mut text = show::table(headings, rows.collect(), |_| false);
        for consequence in &self.star.consequences {
            let team = consequence.team.map_or("", |team| self.model.teams.get(team).title.as_str());
            let ready = consequence.ready.map(|id| format!(" (prepared? {})", self.name(id))).unwrap_or_default();
            text.push_str(&format!("\nfor {}: {}{ready}", line(team), line(&consequence.change)));
        }
        if !self.star.consequences.is_empty() {
            text.push('\n');
        }
        text
    }

    fn tree(&self, part: &StarPart, depth: usize) -> String {
        let kpi = self.model.kpis.get(part.kpi);
        let mut text = format!("{}{}\n", kpi.name.value, self.of(kpi));
        let mut shown = BTreeSet::from([part.kpi]);
        self.branches(part.kpi, part.good, "", depth, &mut shown, &mut text);
        text
    }

    fn of(&self, kpi: &Kpi) -> String {
        let owner = self.owner(kpi);
        if owner.is_empty() { String::new() } else { format!("  {}", out::styled(out::DIM, owner)) }
    }

    fn branches(&self, at: KpiId, good: Sign, indent: &str, left: usize, shown: &mut BTreeSet<KpiId>, text: &mut String) {
        let edges: Vec<&Edge> = self.alignment.movers(at).collect();
        if left == 0 {
            if !edges.is_empty() {
                text.push_str(&format!("{indent}{}\n", out::styled(out::DIM, &format!("… {} more", edges.len()))));
            }
            return;
        }
        for (place, edge) in edges.iter().enumerate() {
            let last = place + 1 == edges.len();
            let kpi = self.model.kpis.get(edge.from);
            let sign = edge.sign.times(good);
            let mark = match sign {
                Sign::Plus => out::styled(out::GOOD, edge.sign.symbol()),
                Sign::Minus => out::styled(out::BAD, edge.sign.symbol()),
                Sign::Unknown => edge.sign.symbol().to_owned(),
            };
            let claimed = if edge.by == By::Claim { "  claimed" } else { "" };
            let new = shown.insert(edge.from);
            let again = if new || self.alignment.leading_to(edge.from).is_empty() { "" } else { "  (above)" };
            let branch = if last { "└ " } else { "├ " };
            text.push_str(&format!(
                "{indent}{branch}{mark} {}{}{}\n",
                kpi.name.value,
                self.of(kpi),
                out::styled(out::DIM, &format!("{claimed}{again}"))
            ));
            if new {
                let indent = format!("{indent}{}", if last { "  " } else { "│ " });
                self.branches(edge.from, sign, &indent, left - 1, shown, text);
            }
        }
    }

    fn coverage(&self) -> String {
        let coverage = Coverage::of(self.model, self.alignment);
        let all = coverage.aligned + coverage.waived + coverage.orphans.len();
        let mut text = format!("{} of {all} KPIs are linked to the North Star", coverage.aligned);
        if coverage.waived > 0 {
            text.push_str(&format!(", and {} need none", coverage.waived));
        }
        text.push_str("\n\n");
        if !coverage.teams.is_empty() {
            let rows = coverage.teams.iter().map(|(id, reach, all)| {
                let orphans: Vec<&str> = coverage
                    .orphans
                    .iter()
                    .filter(|kpi| self.model.kpis.get(**kpi).owner == Some(*id))
                    .map(|kpi| self.name(*kpi))
                    .collect();
                vec![self.model.teams.get(*id).name.value.clone(), format!("{reach} of {all}"), some(&orphans)]
            });
            let headings = ["team", "with a way", "without"].map(str::to_owned).to_vec();
            text.push_str(&show::last_wrapped(headings, rows.collect(), |at| at == 1));
        }
        let nobody: Vec<&str> = coverage
            .orphans
            .iter()
            .filter(|kpi| self.model.kpis.get(**kpi).owner.is_none())
            .map(|kpi| self.name(*kpi))
            .collect();
        if !nobody.is_empty() {
            text.push_str(&format!("{}\n", show::paragraph(&format!("not linked and without an owner: {}", some(&nobody)))));
        }
        text
    }

    fn ways(&self, kpi: KpiId, most: usize) -> String {
        let name = self.name(kpi);
        let ways = self.reach.ways(kpi);
        if let Some(part) = self.reach.part(kpi) {
            let mut text = format!("`{name}` is the {} of the North Star\n", role_name(part.role));
            if ways.all() > 1 {
                text.push_str(&self.list(kpi, ways, most));
            }
            return text;
        }
        let counter = is_counter(self.model, kpi)
            .then(|| format!("`{name}` is a counter metric: it must not suffer while the North Star grows\n"));
        if let (Some(counter), 0) = (&counter, ways.all()) {
            return counter.clone();
        }
        if ways.all() == 0 {
            let reason = &self.model.kpis.get(kpi).about.unaligned;
            return if reason.is_empty() {
                format!("`{name}` is not linked to the North Star\n")
            } else {
                format!("`{name}` is not linked to the North Star, and needs none: {}\n", line(reason))
            };
        }
        let verdict = match (ways.disagree(), ways.sign()) {
            (true, _) => "both helps and harms the North Star",
            (_, Sign::Plus) => "helps the North Star",
            (_, Sign::Minus) => "harms the North Star",
            _ => "moves the North Star in an unknown direction",
        };
        let counter = counter.unwrap_or_default();
        format!("{counter}more `{name}` {verdict}: {}\n{}", counted(ways), self.list(kpi, ways, most))
    }

    fn list(&self, kpi: KpiId, ways: Ways, most: usize) -> String {
        let listed = self.reach.list(self.alignment, kpi, most);
        let mut text = String::new();
        for way in &listed {
            text.push_str(&format!("\n{}\n  {}\n", self.verdict(way), self.name(kpi)));
            for edge in way.edges.iter().filter_map(|at| self.alignment.edge(*at)) {
                let why = match edge.by {
                    By::Formula => format!("{} {}", self.name(edge.from), edge.why),
                    By::Claim if edge.why.is_empty() => "claimed".to_owned(),
                    By::Claim => format!("claimed: {}", line(&edge.why)),
                };
                text.push_str(&format!("  {} {}  {}\n", edge.sign.symbol(), self.name(edge.to), out::styled(out::DIM, &why)));
            }
        }
        let more = ways.all().saturating_sub(listed.len() as u64 + u64::from(self.reach.part(kpi).is_some()));
        if more > 0 {
            text.push_str(&format!("\n{more} more path{}; `--most` shows them\n", if more == 1 { "" } else { "s" }));
        }
        text
    }

    fn verdict(&self, way: &Way) -> String {
        let part = self.reach.parts.iter().find(|part| part.role == way.role).map_or("", |part| self.name(part.kpi));
        match way.sign {
            Sign::Plus => format!("{}  {} {part} gets better", out::styled(out::GOOD, "helps"), role_name(way.role)),
            Sign::Minus => format!("{}  {} {part} gets worse", out::styled(out::BAD, "harms"), role_name(way.role)),
            Sign::Unknown => format!("open   {} {part}", role_name(way.role)),
        }
    }

    fn ways_json(&self, kpi: KpiId, most: usize) -> Value {
        let ways = self.reach.list(self.alignment, kpi, most);
        let way = |way: &Way| {
            let edges = way.edges.iter().filter_map(|at| self.alignment.edge(*at));
            json!({
                "part": role_name(way.role),
                "sign": way.sign.name(),
                "steps": edges.map(|edge| self.edge_json(edge)).collect::<Vec<_>>(),
            })
        };
        let all = self.reach.ways(kpi);
        json!({
            "kpi": self.name(kpi),
            "is_counter": is_counter(self.model, kpi),
            "ways": ways_of(all),
            "paths": ways.iter().map(way).collect::<Vec<_>>(),
        })
    }

    fn edge_json(&self, edge: &Edge) -> Value {
        json!({
            "from": self.name(edge.from),
            "to": self.name(edge.to),
            "sign": edge.sign.name(),
            "by": if edge.by == By::Formula { "formula" } else { "claim" },
            "why": edge.why,
            "file": self.project.files().path(edge.span.file),
            "line": self.project.files().line(edge.span),
        })
    }

    fn json(&self) -> Value {
        let coverage = Coverage::of(self.model, self.alignment);
        let name = |kpi: &crate::text::Spanned<KpiId>| self.name(kpi.value).to_owned();
        let kpis = self.model.kpis.iter().map(|(id, kpi)| {
            let near = self.reach.parts.iter().filter_map(|part| part.distance(id)).min();
            json!({
                "kpi": kpi.name.value,
                "owner": kpi.owner.map(|team| self.model.teams.get(team).name.value.clone()),
                "steps": near,
                "ways": ways_of(self.reach.ways(id)),
                "unaligned": Some(&kpi.about.unaligned).filter(|reason| !reason.is_empty()),
            })
        });
        json!({
            "north_star": {
                "title": self.star.title,
                "volume": self.star.volume.as_ref().map(name),
                "efficiency": self.star.efficiency.as_ref().map(name),
                "counter": self.star.counter.iter().map(name).collect::<Vec<_>>(),
                "because": self.star.because,
            },
            "kpis": kpis.collect::<Vec<_>>(),
            "edges": self.alignment.edges().iter().map(|edge| self.edge_json(edge)).collect::<Vec<_>>(),
            "coverage": {
                "with_a_way": coverage.aligned,
                "need_none": coverage.waived,
                "without": coverage.orphans.iter().map(|id| self.name(*id)).collect::<Vec<_>>(),
            },
        })
    }
}

fn ways_of(ways: Ways) -> Value {
    json!({ "helps": ways.better, "harms": ways.worse, "unknown": ways.unknown })
}

fn counted(ways: Ways) -> String {
    let parts = [
        (ways.better, "that helps", "that help"),
        (ways.worse, "that harms", "that harm"),
        (ways.unknown, "with unknown direction", "with unknown direction"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| if count == 1 { format!("1 path {one}") } else { format!("{count} paths {many}") })
        .collect();
    said.join(", ")
}

/// Some names, and how many more there are.
fn some(names: &[&str]) -> String {
    let more = names.len().saturating_sub(6);
    let list = names.iter().take(6).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

fn better(kpi: &Kpi) -> &'static str {
    match kpi.better {
        Some(Better::Up) => "up",
        Some(Better::Down) => "down",
        Some(Better::Between(..)) => "between",
        None => "",
    }
}

/// A text on one line, without what a terminal would take for a command.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|char| !char.is_control()).collect()
}

fn pretty(value: &Value) -> String {
    let mut text = crate::text::json(value);
    text.push('\n');
    text
}
