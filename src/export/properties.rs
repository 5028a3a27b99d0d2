//! What is said of models: descriptions, owners, contracts and tests; teams as groups, scorecards as exposures.

use super::models::{Column, Model};
use super::yaml::{Yaml, map};
use super::{Export, Exported, jinja};
use crate::build::said;
use crate::model::{Kpi, Made, TeamId};
use crate::plan::views::{self, Shows};
use std::collections::HashMap;

impl Export<'_> {
    /// What is said of the model of a view.
    pub(super) fn view(&self, model: &Model<'_>, exported: &mut Exported) -> Yaml {
        let about = said::description(self.project.model(), model.view);
        let mut entries = vec![
            ("name".to_owned(), model.view.name.as_str().into()),
            ("description".to_owned(), jinja::said(&about).into()),
            ("config".to_owned(), self.config(model)),
        ];
        let said: HashMap<String, String> = said::columns(self.project.model(), &model.view.shows)
            .into_iter()
            .filter_map(|(name, said)| Some((name, said?)))
            .collect();
        let columns: Vec<Yaml> =
            model.columns.iter().map(|column| self.column(model, column, said.get(&column.name), exported)).collect();
        if !columns.is_empty() {
            entries.push(("columns".to_owned(), Yaml::List(columns)));
        }
        Yaml::Map(entries)
    }

    fn config(&self, model: &Model<'_>) -> Yaml {
        let kpi = self.kpi(model);
        let mut config = vec![("access".to_owned(), "public".into())];
        if views::made(self.project.model(), &model.view.shows) == Made::Table {
            config.push(("materialized".to_owned(), Made::Table.word().into()));
        }
        if let Some(team) = kpi.and_then(|kpi| kpi.owner) {
            config.push(("group".to_owned(), self.team(team).into()));
        }
        if !model.columns.is_empty() && model.columns.iter().all(|column| column.ty.is_some()) {
            config.push(("contract".to_owned(), map([("enforced", true.into())])));
        }
        if let Some(kpi) = kpi {
            config.push(("meta".to_owned(), self.meta(model, kpi)));
        }
        Yaml::Map(config)
    }

    /// What programs want to know of a KPI; what its spec says under `meta` comes last, and says nothing else of the same.
    fn meta(&self, model: &Model<'_>, kpi: &Kpi) -> Yaml {
        let mut meta: Vec<(String, Yaml)> =
            vec![("kpi".to_owned(), kpi.name.value.as_str().into()), ("kind".to_owned(), kpi.facts.kind.name().into())];
        let unit = kpi.facts.unit.to_string();
        if !unit.is_empty() {
            meta.push(("unit".to_owned(), jinja::said(&unit).into()));
        }
        if let Some(team) = kpi.owner {
            meta.push(("owner".to_owned(), self.team(team).into()));
        }
        if let Shows::Kpi(_, grain, _) = &model.view.shows {
            meta.push(("grain".to_owned(), grain.name().into()));
        }
        if let Yaml::Map(own) = Yaml::of_json(&kpi.about.meta, &jinja::said) {
            let own: Vec<_> = own.into_iter().filter(|(key, _)| !meta.iter().any(|(known, _)| known == key)).collect();
            meta.extend(own);
        }
        Yaml::Map(meta)
    }

    fn column(&self, model: &Model<'_>, column: &Column, said: Option<&String>, exported: &mut Exported) -> Yaml {
        let mut entries = vec![("name".to_owned(), column.name.as_str().into())];
        if self.dialect.identifier(&column.name) != column.name {
            entries.push(("quote".to_owned(), true.into()));
        }
        if let Some(said) = said {
            entries.push(("description".to_owned(), jinja::said(said).into()));
        }
        if let Some(ty) = column.ty.filter(|_| model.columns.iter().all(|column| column.ty.is_some())) {
            entries.push(("data_type".to_owned(), ty.into()));
        }
        let tests = self.tests_of(model, &column.name);
        if !tests.is_empty() {
            exported.data_tests += tests.len();
            entries.push(("data_tests".to_owned(), Yaml::List(tests)));
        }
        Yaml::Map(entries)
    }

    /// What holds of every view, whatever the data is; and that the data is as the specs declare.
    fn tests_of(&self, model: &Model<'_>, column: &str) -> Vec<Yaml> {
        match (&model.view.shows, column) {
            (Shows::Kpi(id, _, slice), "period") => {
                let is_alone = slice.is_empty() && self.project.model().kpis.get(*id).age.is_none();
                let mut tests = vec!["not_null".into()];
                tests.extend(is_alone.then(|| "unique".into()));
                tests
            }
            (Shows::Scorecard(_), "period") => vec!["not_null".into(), "unique".into()],
            (Shows::Kpi(..) | Shows::Scorecard(_), "is_complete") => vec!["not_null".into()],
            (Shows::SourceChecks, "rows") => {
                [("error", "errors"), ("warn", "warnings")].map(|(level, what)| self.checks(level, what)).to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// That no row breaks a rule of a level.
    fn checks(&self, level: &str, what: &str) -> Yaml {
        let condition = format!("{} = {}", self.dialect.identifier("level"), self.dialect.literal(level));
        let mut config = vec![("where".to_owned(), condition.into())];
        if level == "warn" {
            config.push(("severity".to_owned(), "warn".into()));
        }
        let nothing = map([("values", Yaml::List(vec![Yaml::Plain("0".to_owned())])), ("quote", false.into())]);
        map([(
            "accepted_values",
            map([("name", format!("kpic_source_checks_{what}").into()), ("arguments", nothing), ("config", Yaml::Map(config))]),
        )])
    }

    fn kpi(&self, model: &Model<'_>) -> Option<&Kpi> {
        let kpis = &self.project.model().kpis;
        match &model.view.shows {
            Shows::Kpi(id, ..) => Some(kpis.get(*id)),
            Shows::Former(name) => {
                let other = self.views.iter().find(|view| view.name == *name)?;
                if let Shows::Kpi(id, ..) = &other.shows { Some(kpis.get(*id)) } else { None }
            }
            _ => None,
        }
    }

    fn team(&self, team: TeamId) -> &str {
        &self.project.model().teams.get(team).name.value
    }

    /// Teams that own KPIs.
    pub(super) fn groups(&self) -> Vec<Yaml> {
        let model = self.project.model();
        let owns = |id: TeamId| model.kpis.iter().any(|(_, kpi)| kpi.owner == Some(id));
        let group = |(id, team): (TeamId, &crate::model::Team)| {
            (owns(id) && !self.theirs.has_group(&team.name.value)).then(|| {
                let owner = if team.lead.trim().is_empty() { &team.title } else { &team.lead };
                let mut entries = vec![
                    ("name".to_owned(), team.name.value.as_str().into()),
                    ("owner".to_owned(), map([("name", jinja::said(owner).into())])),
                ];
                if !team.description.trim().is_empty() {
                    entries.push(("description".to_owned(), jinja::said(&team.description).into()));
                }
                Yaml::Map(entries)
            })
        };
        model.teams.iter().filter_map(group).collect()
    }

    /// Scorecards, which people look at.
    pub(super) fn exposures(&self) -> Vec<Yaml> {
        let model = self.project.model();
        let exposure = |card: &crate::model::Scorecard| {
            let owners: Vec<Option<TeamId>> = card.kpis.iter().map(|kpi| model.kpis.get(kpi.value).owner).collect();
            let owner = match owners.as_slice() {
                [Some(first), rest @ ..] if rest.iter().all(|owner| *owner == Some(*first)) => &model.teams.get(*first).title,
                _ => &model.title,
            };
            let owner = if owner.trim().is_empty() { "kpic" } else { owner };
            let mut entries = vec![
                ("name".to_owned(), card.name.value.as_str().into()),
                ("label".to_owned(), jinja::said(&card.title).into()),
                ("type".to_owned(), "dashboard".into()),
                ("owner".to_owned(), map([("name", jinja::said(owner).into())])),
            ];
            if !card.description.trim().is_empty() {
                entries.push(("description".to_owned(), jinja::said(&card.description).into()));
            }
            entries.push(("depends_on".to_owned(), Yaml::List(vec![format!("ref('scorecard__{}')", card.name.value).into()])));
            if !card.cadence.is_empty() {
                entries.push(("config".to_owned(), map([("meta", map([("cadence", card.cadence.as_str().into())]))])));
            }
            Yaml::Map(entries)
        };
        model.scorecards.iter().filter(|card| !card.kpis.is_empty()).map(exposure).collect()
    }

    /// What else of the project dbt does not get.
    pub(super) fn tell(&self, exported: &mut Exported) {
        for (id, source) in self.project.model().sources.iter().filter(|(_, source)| source.relation.is_some()) {
            if self.relations.of_source(id).is_none() {
                let what =
                    format!("the source `{}`: its table has no schema, so that it stays in SQL as it is", source.name.value);
                exported.left_out.push(what);
            }
        }
        let own = crate::build::has_own_template(self.project, self.dialect);
        if own {
            exported.left_out.push("the template `view.sql.j2`: dbt makes the statements".to_owned());
        }
        if !self.project.model().warehouse.readers.is_empty() {
            exported.left_out.push("`grants`: say them in dbt, which makes the views".to_owned());
        }
    }
}
