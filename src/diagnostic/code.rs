//! A kind of finding, and what follows from it.

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable code, `K0301`.
    pub id: &'static str,
    /// The readable name, `unit-mismatch`.
    pub name: &'static str,
    /// How bad it is unless the project says otherwise.
    pub level: Level,
    /// What it means, in one line.
    pub about: &'static str,
    /// Its page in Markdown: what it means, why it matters, a spec that has it and the same without.
    pub page: &'static str,
}

/// How bad a kind of finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// An error that no setting changes.
    Error,
    /// A lint that is an error here.
    Deny,
    /// A lint that warns.
    Warn,
    /// A lint that says nothing unless asked to.
    Allow,
}

impl Level {
    /// The level as `kpic.yml` writes it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "deny" => Some(Level::Deny),
            "warn" => Some(Level::Warn),
            "allow" => Some(Level::Allow),
            _ => None,
        }
    }
}

impl Code {
    /// Whether a project may set the level.
    pub fn is_lint(&self) -> bool {
        self.level != Level::Error
    }

    /// Whether a figure may be another one than was meant, rather than badly described.
    pub fn is_about_figures(&self) -> bool {
        const FIGURES: [&str; 11] =
            ["K0706", "K0707", "K0710", "K0711", "K0714", "K0715", "K0716", "K0729", "K0730", "K0731", "K0732"];
        FIGURES.contains(&self.id)
    }

    /// Whether it turns on what a project does not define: what a name means that stands for several things, and what nothing uses. Where
    /// definitions could not be read, nobody knows.
    pub fn is_about_absence(&self) -> bool {
        const ABSENCE: [&str; 17] = [
            "K0114", "K0210", "K0212", "K0213", "K0501", "K0502", "K0704", "K0705", "K0712", "K0717", "K0721", "K1001",
            "K1005", "K1007", "K1009", "K1013", "K1133",
        ];
        ABSENCE.contains(&self.id)
    }

    /// Whether it says that something could not be read, so that what it holds is not known.
    pub fn is_about_reading(&self) -> bool {
        self.id.starts_with("K00") && self.level == Level::Error
    }

    /// Whether only the data shows it, so that it is `kpic verify` that reports it.
    pub fn is_about_data(&self) -> bool {
        self.id.starts_with("K09") || self.id.starts_with("K114") || self.id == "K0727"
    }
}
