//! How another tool is called in specs and reports.

/// The words for a tool and what it has.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The tool, or whatever has definitions: `dbt`.
    pub(super) tool: &'static str,
    /// What computes figures there.
    pub(super) figures: &'static str,
    /// One of the things that become KPIs.
    pub(super) one: &'static str,
    /// Several of them.
    pub(super) many: &'static str,
    /// The file for what belongs to no source. No source's name starts with `_`.
    pub(super) shared: &'static str,
    /// What becomes a source.
    pub(super) what: &'static str,
    /// The same in a sentence.
    pub(super) model: &'static str,
    /// What the report for programs calls the file of the tool.
    pub(super) file_key: &'static str,
    /// What a title in Markdown says.
    pub(super) title: &'static str,
    /// What becomes a scorecard.
    pub(super) card: &'static str,
}

/// The words for dbt.
pub(super) static DBT: Words = Words {
    tool: "dbt",
    figures: "MetricFlow",
    one: "metric",
    many: "metrics",
    shared: "_dbt",
    what: "semantic model",
    model: "the dbt semantic model",
    file_key: "dbt_file",
    title: "Import from dbt",
    card: "saved query",
};

/// The words for SQL.
pub(super) static SQL: Words = Words {
    tool: "the SQL",
    figures: "the SELECT",
    one: "figure",
    many: "figures",
    shared: "_sql",
    what: "table",
    model: "the table",
    file_key: "sql_place",
    title: "Import from SQL",
    card: "saved query",
};

/// The words for Cube.
pub(super) static CUBE: Words = Words {
    tool: "Cube",
    figures: "Cube",
    one: "measure",
    many: "measures",
    shared: "_cube",
    what: "cube",
    model: "the cube",
    file_key: "cube_place",
    title: "Import from Cube",
    card: "view",
};

/// The words for LookML.
pub(super) static LOOKER: Words = Words {
    tool: "LookML",
    figures: "Looker",
    one: "measure",
    many: "measures",
    shared: "_lookml",
    what: "view",
    model: "the view",
    file_key: "lookml_place",
    title: "Import from LookML",
    card: "explore",
};
