//! Connections out of dbt's `profiles.yml`, for those who have one anyway. The command line or the environment says which; a spec never does.
//!
//! 1. The file is looked for in a folder that is named, and else in that of dbt's below the home folder. One in the project or its repository may be a
//!    stranger's, whatever variables and links say: only `--profiles-dir` names one there.
//! 2. What stands in it may take variables of the environment, as dbt has it: `"{{ env_var('DBT_PASSWORD') }}"`. Other Jinja is refused.
//! 3. What is found is a connection or a database file. None of it is ever printed.

use super::{EngineArgs, Stop, environment, variable};
use crate::diagnostic::{Findings, suggest};
use crate::engine::Failure;
use crate::load::{Node, Value, yaml};
use crate::text::Files;
use clap::Args;
use std::path::{Path, PathBuf};

/// Which profile is meant.
#[derive(Debug, Default, Clone, Args)]
pub(super) struct ProfileArgs {
    /// Connect as this profile of dbt's `profiles.yml` says [default: `KPIC_PROFILE`, else none].
    #[arg(long, value_name = "NAME", conflicts_with_all = ["connection", "database"])]
    profile: Option<String>,
    /// The output of the profile [default: `KPIC_PROFILE_TARGET`, else the profile's `target`].
    #[arg(long, value_name = "NAME")]
    profile_target: Option<String>,
    /// The folder of `profiles.yml` [default: `DBT_PROFILES_DIR`, else ~/.dbt].
    #[arg(long, value_name = "DIR")]
    profiles_dir: Option<PathBuf>,
}

/// What a profile connects to.
pub(super) enum Profile {
    /// A server, by its address.
    Postgres(String),
    /// A database file.
    DuckDb(PathBuf),
}

impl Profile {
    /// What dbt calls it.
    fn name(&self) -> &'static str {
        match self {
            Profile::Postgres(_) => "postgres",
            Profile::DuckDb(_) => "duckdb",
        }
    }

    /// Why it is none for a project of another kind.
    pub(super) fn other(&self, wanted: &str) -> Stop {
        fails(
            format!("the profile is for `{}`, and the data of this project is in `{wanted}`", self.name()),
            "choose another profile with `--profile`, or another output with `--profile-target`",
        )
    }
}

impl ProfileArgs {
    /// Whether a profile is named. Where kpic.yml says itself which connection or database it is, only the command line can say another one.
    pub(super) fn is_named(&self, specs_say: bool) -> bool {
        self.name(specs_say).is_some()
    }

    fn name(&self, specs_say: bool) -> Option<String> {
        self.profile.clone().or_else(|| variable("KPIC_PROFILE").filter(|_| !specs_say))
    }
}

/// The profile that is meant for the project in a folder, if one is.
pub(super) fn profile(args: &EngineArgs, root: &Path, specs_say: bool) -> Result<Option<Profile>, Stop> {
    // What the command line says in full comes first.
    let Some(name) = args.profile.name(specs_say).filter(|_| args.connection.is_none() && args.database.is_none()) else {
        return Ok(None);
    };
    let home = || std::env::home_dir().map(|home| home.join(".dbt"));
    let named = args.profile.profiles_dir.clone().or_else(|| variable("DBT_PROFILES_DIR").map(PathBuf::from));
    let file = named.or_else(home).unwrap_or_default().join("profiles.yml");
    let unread = |error: std::io::Error| {
        fails(
            format!("`{}` cannot be read: {error}", file.display()),
            "say where dbt's profiles are with `--profiles-dir DIR`, or connect with `--connection`",
        )
    };
    let real = file.canonicalize().map_err(unread)?;
    let own = if args.profile.profiles_dir.is_none() { own_folder(&real, root) } else { None };
    if let Some(folder) = own {
        return Err(fails(
            format!(
                "`{}` belongs to the project or its repository, `{}`: whoever changes that could choose where kpic connects to, and which variables it sends there",
                real.display(),
                folder.display()
            ),
            "keep it elsewhere, as in ~/.dbt; if you trust the repository, say so on the command line: `--profiles-dir DIR`",
        ));
    }
    let text = std::fs::read_to_string(&real).map_err(unread)?;
    let target = args.profile.profile_target.clone().or_else(|| variable("KPIC_PROFILE_TARGET"));
    read(&text, &name, target.as_deref(), &|name| variable(name)).map(Some).map_err(|why| {
        fails(format!("`{}`: {}", file.display(), why.message), why.help.as_deref().unwrap_or("see `kpic run --help`"))
    })
}

/// The folder of the project or of its repository, if a file without links is in one of them.
fn own_folder(file: &Path, root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    // A repository may be part of another, whose request brings it along.
    let repositories = root.ancestors().filter(|folder| folder.join(".git").symlink_metadata().is_ok());
    repositories.chain([root.as_path()]).find(|folder| file.starts_with(folder)).map(Path::to_path_buf)
}

fn fails(message: String, help: &str) -> Stop {
    environment(&Failure { message, help: Some(help.to_owned()) })
}

fn why(message: impl Into<String>, help: impl Into<String>) -> Failure {
    Failure { message: message.into(), help: Some(help.into()) }
}

/// Looks a variable up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The profile of a name in the text of a `profiles.yml`.
fn read(text: &str, name: &str, target: Option<&str>, lookup: Lookup<'_>) -> Result<Profile, Failure> {
    let (mut files, mut findings) = (Files::default(), Findings::default());
    let id = files.add("profiles.yml".to_owned(), text.to_owned());
    let roots = yaml::parse(id, text, &mut findings).filter(|_| !findings.has_errors());
    let roots = roots.ok_or_else(|| why("it is not YAML", "`dbt debug` says what is wrong with it"))?;
    let root = roots.first().ok_or_else(|| why("it is empty", "`dbt init` makes one"))?;
    let profiles = || entries(root).map(|(name, _)| name).filter(|name| *name != "config");
    let profile = get(root, name).ok_or_else(|| {
        let help = suggest::did_you_mean(name, "the profiles are", profiles());
        why(format!("there is no profile `{name}`"), help.unwrap_or_else(|| "it has none".to_owned()))
    })?;
    let of_profile = match get(profile, "target") {
        Some(node) => Some(value(node, "target", lookup)?),
        None => None,
    };
    // What a variable of the environment holds is not shown.
    let is_filled = |node: &Node| matches!(&node.value, Value::Scalar(scalar) if scalar.text.contains('{'));
    let is_hidden = target.is_none() && get(profile, "target").is_some_and(is_filled);
    let target = target.map(str::to_owned).or(of_profile).unwrap_or_else(|| "default".to_owned());
    let outputs =
        get(profile, "outputs").ok_or_else(|| why(format!("the profile `{name}` has no `outputs`"), "dbt needs them too"))?;
    let output = get(outputs, &target).ok_or_else(|| {
        if is_hidden {
            return why(
                format!("the profile `{name}` has no output of the name that the variable in its `target` holds"),
                "set the variable to one of its outputs, or name one with `--profile-target`",
            );
        }
        let help = suggest::did_you_mean(&target, "its outputs are", entries(outputs).map(|(name, _)| name));
        why(format!("the profile `{name}` has no output `{target}`"), help.unwrap_or_else(|| "it has none".to_owned()))
    })?;
    let own = |key: &str| get(output, key).map(|node| value(node, key, lookup)).transpose();
    match own("type")?.as_deref() {
        Some("postgres") => address(&own).map(Profile::Postgres),
        Some("duckdb") => match own("path")? {
            Some(path) if path != ":memory:" && !path.contains("://") && !path.starts_with("md:") => {
                Ok(Profile::DuckDb(path.into()))
            }
            _ => Err(why(format!("the output `{target}` has no `path` of a database file"), "kpic reads a DuckDB file")),
        },
        Some(other) => {
            let ty = if ADAPTERS.contains(&other) {
                format!("the type `{other}`, which kpic cannot connect to")
            } else {
                "a type that kpic does not know".to_owned()
            };
            Err(why(format!("the output `{target}` is of {ty}"), "kpic knows `postgres` and `duckdb`"))
        }
        None => Err(why(format!("the output `{target}` has no `type`"), "dbt needs it too")),
    }
}

/// Types of dbt's adapters, which may be shown: another word may come from a variable that holds a secret.
const ADAPTERS: &[&str] = &[
    "athena",
    "bigquery",
    "clickhouse",
    "databricks",
    "db2",
    "doris",
    "dremio",
    "exasol",
    "fabric",
    "firebolt",
    "glue",
    "greenplum",
    "hive",
    "impala",
    "materialize",
    "mysql",
    "oracle",
    "redshift",
    "risingwave",
    "singlestore",
    "snowflake",
    "spark",
    "sqlite",
    "sqlserver",
    "starrocks",
    "synapse",
    "teradata",
    "trino",
    "vertica",
];

/// The address of a server. Each part is escaped, so that none can be another.
fn address(own: &dyn Fn(&str) -> Result<Option<String>, Failure>) -> Result<String, Failure> {
    let either = |one: &str, other: &str| Ok(own(one)?.or(own(other)?));
    let mut address = "postgresql://".to_owned();
    if let Some(user) = either("user", "username")? {
        address.push_str(&escaped(&user));
        if let Some(password) = either("password", "pass")? {
            address.push_str(&format!(":{}", escaped(&password)));
        }
        address.push('@');
    }
    let host = own("host")?.unwrap_or_default();
    address.push_str(&if host.contains(':') { format!("[{}]", escaped(&host)) } else { escaped(&host) });
    if let Some(port) = own("port")? {
        address.push_str(&format!(":{}", escaped(&port)));
    }
    address.push('/');
    address.push_str(&either("dbname", "database")?.map(|name| escaped(&name)).unwrap_or_default());
    let mut settings = Vec::new();
    for key in ["sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "keepalives_idle"] {
        settings.extend(own(key)?.map(|value| format!("{key}={}", escaped(&value))));
    }
    let mut options = Vec::new();
    for key in ["role", "search_path"] {
        options.extend(own(key)?.map(|value| format!("-c {key}={}", value.replace('\\', "\\\\").replace(' ', "\\ "))));
    }
    if !options.is_empty() {
        settings.push(format!("options={}", escaped(&options.join(" "))));
    }
    Ok(if settings.is_empty() { address } else { format!("{address}?{}", settings.join("&")) })
}

/// A part of an address.
fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = if let Value::Map(entries) = &node.value { entries.as_slice() } else { &[] };
    entries.iter().map(|entry| (entry.key.value.as_str(), &entry.value))
}

fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    entries(node).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// A value with its variables filled in.
fn value(node: &Node, key: &str, lookup: Lookup<'_>) -> Result<String, Failure> {
    let Value::Scalar(scalar) = &node.value else { return Err(why(format!("`{key}` is not a text"), "dbt needs one too")) };
    let jinja = || {
        why(
            format!("`{key}` has Jinja that kpic does not understand"),
            "it knows `{{ env_var('NAME') }}` and `{{ env_var('NAME', 'default') }}`; connect with `--connection` instead",
        )
    };
    let (mut filled, mut rest) = (String::new(), scalar.text.as_str());
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        if let Some(inner) = from.strip_prefix("{{") {
            let (call, after) = inner.split_once("}}").ok_or_else(jinja)?;
            let (name, default) = variable_of(call).ok_or_else(jinja)?;
            let found = lookup(&name).or(default);
            filled.push_str(&found.ok_or_else(|| {
                why(format!("the variable `{name}` is not set, which `{key}` takes its value from"), "set it, as for dbt")
            })?);
            rest = after;
        } else if from.starts_with("{%") || from.starts_with("{#") {
            return Err(jinja());
        } else {
            filled.push_str(from.get(..1).unwrap_or_default());
            rest = from.get(1..).unwrap_or_default();
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The variable that a call of `env_var` names, and its default. Filters that only say of what type the value is change nothing here.
fn variable_of(call: &str) -> Option<(String, Option<String>)> {
    let call = call.trim().trim_start_matches('-').trim_end_matches('-').trim();
    let rest = call.strip_prefix("env_var")?.trim_start().strip_prefix('(')?;
    let (name, rest) = literal(rest)?;
    let (default, rest) = match rest.trim_start().strip_prefix(',') {
        Some(rest) => literal(rest).map(|(default, rest)| (Some(default), rest))?,
        None => (None, rest),
    };
    let filters = rest.trim_start().strip_prefix(')')?;
    let known = ["int", "as_number", "as_native", "as_text", "as_bool", "string"];
    let mut filters = filters.split('|').map(str::trim);
    let is_known = filters.next() == Some("") && filters.all(|filter| known.contains(&filter));
    is_known.then_some((name, default))
}

/// A text in quotes at the beginning of a text, and what comes behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|char| ['\'', '"'].contains(char))?;
    let (inner, rest) = text.get(1..)?.split_once(quote)?;
    (!inner.contains('\\')).then(|| (inner.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: &str = "config: { send_anonymous_usage_stats: false }
shop:
  target: dev
  outputs:
    dev:
      type: postgres
      host: db.example.com
      user: ada
      password: \"{{ env_var('DB_PASSWORD') }}\"
      port: \"{{ env_var('DB_PORT', '5433') | int }}\"
      dbname: shop
      schema: analytics
      sslmode: require
      threads: 4
    far: { type: snowflake, account: x }
    odd: { type: postgres, host: \"{{ target.name }}\", user: ada }
    file: { type: duckdb, path: data/shop.duckdb }
    memory: { type: duckdb, path: ':memory:' }
    hidden: { type: \"{{ env_var('DB_PASSWORD') }}\", account: x }
    role: { type: postgres, host: /run/pg, user: 'a b@c', pass: 'p:w/d?', dbname: s, role: BI readers }
led:
  target: \"{{ env_var('DB_PASSWORD') }}\"
  outputs: { dev: { type: postgres, host: x } }
";

    fn address_of(target: Option<&str>, profile: &str) -> Result<String, String> {
        let lookup = |name: &str| (name == "DB_PASSWORD").then(|| "geh eim@'\\".to_owned());
        match read(PROFILES, profile, target, &lookup) {
            Ok(Profile::Postgres(address)) => Ok(address),
            Ok(Profile::DuckDb(path)) => Ok(path.display().to_string()),
            Err(why) => Err(format!("{}; {}", why.message, why.help.unwrap_or_default())),
        }
    }

    #[test]
    fn a_profile_is_a_connection() {
        let dev = "postgresql://ada:geh%20eim%40%27%5C@db.example.com:5433/shop?sslmode=require";
        assert_eq!(address_of(None, "shop"), Ok(dev.to_owned()));
        assert_eq!(address_of(Some("file"), "shop"), Ok("data/shop.duckdb".to_owned()));
        let role = "postgresql://a%20b%40c:p%3Aw%2Fd%3F@%2Frun%2Fpg/s?options=-c%20role%3DBI%5C%20readers";
        assert_eq!(address_of(Some("role"), "shop"), Ok(role.to_owned()));
    }

    #[test]
    fn what_cannot_be_read_is_said_without_what_stands_there() {
        for (target, profile, words) in [
            (None, "shp", "there is no profile `shp`; did you mean `shop`?"),
            (Some("prod"), "shop", "has no output `prod`"),
            (Some("far"), "shop", "of the type `snowflake`"),
            (Some("hidden"), "shop", "of a type that kpic does not know"),
            (None, "led", "of the name that the variable in its `target` holds"),
            (Some("odd"), "shop", "`host` has Jinja that kpic does not understand"),
            (Some("memory"), "shop", "no `path` of a database file"),
        ] {
            let said = address_of(target, profile).unwrap_err();
            assert!(said.contains(words) && !said.contains("target.name") && !said.contains("geh eim"), "{said}");
        }
        let missing = read(PROFILES, "shop", None, &|_| None).err().unwrap();
        assert!(missing.message.contains("the variable `DB_PASSWORD` is not set"), "{}", missing.message);
        assert!(read("a: [", "shop", None, &|_| None).is_err() && read("", "shop", None, &|_| None).is_err());
    }

    #[test]
    fn a_file_of_the_project_or_its_repository_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let outer = folder.path().canonicalize().unwrap();
        let root = outer.join("repo/kpis");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::create_dir_all(outer.join("repo/.git")).unwrap();
        assert_eq!(own_folder(&root.join("profiles.yml"), &root), Some(outer.join("repo")));
        assert_eq!(own_folder(&outer.join("repo/profiles.yml"), &root), Some(outer.join("repo")));
        assert_eq!(own_folder(&outer.join("profiles.yml"), &root), None);
        std::fs::write(root.join(".git"), "gitdir: ../.git/modules/kpis").unwrap();
        assert_eq!(own_folder(&outer.join("repo/profiles.yml"), &root), Some(outer.join("repo")));
        std::fs::remove_file(root.join(".git")).unwrap();
        std::fs::remove_dir(outer.join("repo/.git")).unwrap();
        assert_eq!(own_folder(&root.join("x/profiles.yml"), &root), Some(root.clone()));
        assert_eq!(own_folder(&outer.join("repo/profiles.yml"), &root), None);
    }

    #[test]
    fn only_env_var_is_understood() {
        assert_eq!(variable_of(" env_var( \"X\" , 'y' ) | as_number "), Some(("X".to_owned(), Some("y".to_owned()))));
        for call in
            ["env_var(X)", "env_var('X'", "env_var('X') + 'y'", "env_var('X') | upper", "var('X')", "env_var('X', y)", ""]
        {
            assert_eq!(variable_of(call), None, "{call}");
        }
    }
}
