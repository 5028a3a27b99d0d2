//! `kpic graph`

use crate::cli::{Context, FINE, Stop, complete, out, usage, valid};
use crate::diagnostic::suggest;
use crate::graph::view::{Level, Wanted};
use crate::graph::{Node, draw};
use crate::model::Model;
use crate::pipeline;
use clap::{Args, ValueEnum};

/// The arguments of `graph`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic graph                                    KPIs and sources, as Mermaid
  kpic graph --focus revenue --level columns    where revenue comes from and what it goes into
  kpic graph --focus revenue --up 0 --down 1    what uses it directly
  kpic graph --format dot | dot -Tsvg > kpis.svg

Arrows go from what is read to what is computed from it.")]
pub(in crate::cli) struct GraphArgs {
    /// Show only what a KPI, source or column (`source.column`) reads, and what is computed from it.
    #[arg(long, value_name = "KPI,...", value_delimiter = ',', add = complete::kpis())]
    focus: Vec<String>,
    /// How many steps to go from the focus towards sources [default: all].
    #[arg(long, value_name = "N", requires = "focus")]
    up: Option<usize>,
    /// How many steps to go from the focus towards KPIs that build on it [default: all].
    #[arg(long, value_name = "N", requires = "focus")]
    down: Option<usize>,
    /// How much is shown.
    #[arg(long, value_name = "LEVEL", default_value = "sources")]
    level: GraphLevel,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphLevel {
    /// KPIs.
    Kpis,
    /// KPIs and sources.
    Sources,
    /// KPIs, sources and the columns that are read.
    Columns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A flowchart, which code hosts draw in Markdown.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
}

pub(in crate::cli) fn run(args: &GraphArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let focus = args.focus.iter().map(|name| in_focus(project.model(), name, args.level)).collect::<Result<Vec<_>, _>>()?;
    let level = match args.level {
        GraphLevel::Kpis => Level::Kpis,
        GraphLevel::Sources => Level::Sources,
        GraphLevel::Columns => Level::Columns,
    };
    let view = project.graph().view(project.model(), &Wanted { level, focus, up: args.up, down: args.down });
    match args.format {
        Format::Mermaid => out::data(&draw::mermaid(&view)),
        // What a CI would take for a command is written as an entity, which labels may have.
        Format::Dot => out::data(&draw::dot(&view).replace("##", "#&#35;")),
        Format::Json => out::json(&draw::json(&view, project.files())),
    }
    Ok(FINE)
}

/// The definition of that name: a KPI before a source, which may have the same.
fn in_focus(model: &Model, name: &str, level: GraphLevel) -> Result<Node, Stop> {
    if let Some(id) = model.kpi_names.get(name) {
        return Ok(Node::Kpi(*id));
    }
    let (source, column) = name.split_once('.').map_or((name, None), |(source, column)| (source, Some(column)));
    let found = model.source_names.get(source).and_then(|id| match column {
        None => Some((Node::Source(*id), GraphLevel::Sources)),
        Some(column) => {
            model.sources.get(*id).names.get(column).map(|column| (Node::Column(*id, *column), GraphLevel::Columns))
        }
    });
    match found {
        Some((node, needed)) if needed == level || level == GraphLevel::Columns => Ok(node),
        Some((_, GraphLevel::Columns)) => Err(usage(&format!("`{name}` is a column"), "add `--level columns`")),
        Some(_) => Err(usage(&format!("`{name}` is a source"), "remove `--level kpis`")),
        None => {
            let kpis = model.kpis.rows().iter().map(|kpi| kpi.name.value.as_str());
            let sources = model.sources.rows().iter().map(|source| source.name.value.as_str());
            // What has a dot is a column, of a source that may be misspelt too.
            let columns: Vec<String> = column.map_or_else(Vec::new, |_| {
                let of = |source: &crate::model::Source| {
                    let name = source.name.value.clone();
                    source.columns.rows().iter().map(move |column| format!("{name}.{}", column.name.value)).collect::<Vec<_>>()
                };
                let known = model.source_names.get(source).map(|id| model.sources.get(*id));
                known.map_or_else(|| model.sources.rows().iter().flat_map(of).collect(), of)
            });
            let near = match column {
                Some(_) => suggest::nearest(name, columns.iter().map(String::as_str)),
                None => suggest::nearest(name, kpis.clone().chain(sources)),
            };
            let help = match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if !columns.is_empty() && model.source_names.contains_key(source) => {
                    Some(format!("the columns are: {}", columns.join(", ")))
                }
                None => suggest::did_you_mean(name, "the KPIs are", kpis),
            };
            let help = help.unwrap_or_else(|| "see `kpic graph` for all".to_owned());
            Err(usage(&format!("there is no KPI, source or column `{name}`"), &help))
        }
    }
}
