//! Two lists of definitions, field by field.

use super::class::Class;
use super::definition::{Definition, Definitions, Effect, Field, Kind};
use super::reach::{Effects, Start};
use super::renamed::Former;
use super::{Change, FieldChange, Side, What};
use crate::meaning::{self, Names, Term, Verdict, Writer};
use crate::model::expr::Path;
use crate::model::{Body, Model, Storage};
use crate::pipeline::Checked;
use std::collections::{BTreeMap, BTreeSet};

/// Two versions that are compared.
pub(super) struct Comparison<'a> {
    pub before: &'a Checked,
    pub after: &'a Checked,
    pub names: &'a Names,
    pub effects: &'a Effects<'a>,
}

/// A formula in both versions: as it is written, and written out.
struct Formulas {
    as_written: (Term, Term),
    written_out: (Term, Term),
}

/// What is said where a definition cannot be compared.
const BROKEN: &str = "it has errors, so it cannot be compared";
const UNREAD: &str = "a file of the version before cannot be read, so it may have been there";

impl Comparison<'_> {
    /// The definitions that differ, in order of their names.
    pub(super) fn changes(&self, there: &Definitions, here: &Definitions, former: &Former) -> Vec<Change> {
        let mut changes = Vec::new();
        // What names alone in formulas is renamed there already; the rest still has its old name.
        let mut old: BTreeMap<&(Kind, String), &Definition> = there.iter().collect();
        for (key, from) in former {
            let from = (key.0, from.clone());
            if !old.contains_key(key)
                && let Some((from, definition)) = there.get_key_value(&from)
            {
                old.remove(from);
                old.insert(key, definition);
            }
        }
        for (key, definition) in here {
            let renamed = former.get(key);
            let change = match old.get(key) {
                Some(before) => self.changed(key, before, definition, renamed),
                None => Some(self.added(key, definition)),
            };
            changes.extend(change);
        }
        for (key, definition) in old {
            if !here.contains_key(key) {
                changes.push(self.removed(key, definition));
            }
        }
        changes
    }

    fn change(key: &(Kind, String), what: What, place: Option<(Side, crate::text::Span)>) -> Change {
        Change {
            kind: key.0,
            name: key.1.clone(),
            former: None,
            what,
            class: Class::None,
            fields: Vec::new(),
            open: String::new(),
            is_mid_cycle: false,
            downstream: super::Downstream::default(),
            owners: Vec::new(),
            place,
        }
    }

    fn added(&self, key: &(Kind, String), definition: &Definition) -> Change {
        let mut change = Self::change(key, What::Added, definition.span.map(|span| (Side::After, span)));
        if self.before.incomplete {
            (change.class, change.open) = (Class::Undecided, UNREAD.to_owned());
        } else if matches!(key.0, Kind::Objective | Kind::KeyResult | Kind::Guardrail | Kind::NorthStar) {
            change.class = Class::Goal;
        }
        change.owners = self.effects.owners(key, &change.downstream);
        change
    }

    fn removed(&self, key: &(Kind, String), definition: &Definition) -> Change {
        let mut change = Self::change(key, What::Removed, definition.span.map(|span| (Side::Before, span)));
        change.class = match key.0 {
            Kind::Kpi | Kind::Dimension | Kind::Scorecard => Class::Interface,
            Kind::Objective | Kind::KeyResult | Kind::Guardrail | Kind::NorthStar => Class::Goal,
            Kind::Team => Class::Ownership,
            Kind::Taxonomy => Class::Words,
            Kind::Template => Class::Undecided,
            Kind::Source | Kind::Journey | Kind::Test => Class::None,
            Kind::Calendar | Kind::Warehouse | Kind::Okrs | Kind::Project => Class::Meaning,
        };
        if self.after.incomplete {
            (change.class, change.open) = (Class::Undecided, "a file cannot be read, so it may still be there".to_owned());
        }
        change.owners = self.effects.owners(key, &change.downstream);
        change
    }

    fn changed(
        &self,
        key: &(Kind, String),
        before: &Definition,
        after: &Definition,
        renamed: Option<&String>,
    ) -> Option<Change> {
        let what = if renamed.is_some() { What::Renamed } else { What::Changed };
        let mut change = Self::change(key, what, after.span.map(|span| (Side::After, span)));
        change.former = renamed.cloned();
        let names: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
        let mut starts = Vec::new();
        for name in names {
            let (old, new) = (before.fields.get(name), after.fields.get(name));
            let Some((class, is_proven)) = self.field(key, name, old, new) else { continue };
            let text = |field: Option<&Field>| field.map(|field| field.text.clone());
            if class >= Class::Undecided {
                starts.push(Start { kind: key.0, name: key.1.clone(), field: name.clone() });
            }
            change.fields.push(FieldChange { name: name.clone(), class, before: text(old), after: text(new), is_proven });
        }
        if before.is_broken || after.is_broken {
            BROKEN.clone_into(&mut change.open);
            starts.push(Start { kind: key.0, name: key.1.clone(), field: String::new() });
        }
        if change.fields.is_empty() && change.open.is_empty() && renamed.is_none() {
            return None;
        }
        let open = if change.open.is_empty() { Class::None } else { Class::Undecided };
        change.class = change.fields.iter().map(|field| field.class).max().unwrap_or(Class::None).max(open);
        change.downstream = self.effects.of_starts(&starts);
        // What nobody computes anything of changes no value.
        let is_read = !change.downstream.kpis.is_empty();
        if matches!(key.0, Kind::Source | Kind::Journey | Kind::Dimension | Kind::Calendar) && !is_read && open == Class::None {
            for field in &mut change.fields {
                if field.class >= Class::Undecided {
                    field.class = Class::None;
                }
            }
            change.class = change.fields.iter().map(|field| field.class).max().unwrap_or(Class::None);
        }
        change.owners = self.effects.owners(key, &change.downstream);
        Some(change)
    }

    /// What a difference in a field does, and whether it is proven to do nothing; nothing where there is no difference.
    fn field(&self, key: &(Kind, String), name: &str, old: Option<&Field>, new: Option<&Field>) -> Option<(Class, bool)> {
        let effect = new.or(old)?.effect;
        if let (Some(old), Some(new)) = (old, new) {
            if old.compared == new.compared {
                return None;
            }
            if effect != old.effect {
                // A stored column that is computed now, or the other way round.
                let class = match (effect, old.effect) {
                    (Effect::Formula(class), _) | (_, Effect::Formula(class)) => class,
                    _ => Class::Meaning,
                };
                return Some(self.proven(key, name, class));
            }
        }
        Some(match effect {
            Effect::Always(class) => (class, false),
            Effect::Part(class) => (if old.is_none() { Class::None } else { class }, false),
            Effect::List(class) => {
                let names = |field: Option<&Field>| -> BTreeSet<String> {
                    field.map(|field| field.compared.text().split(", ").map(str::to_owned).collect()).unwrap_or_default()
                };
                (if names(old).is_subset(&names(new)) { Class::None } else { class }, false)
            }
            Effect::Formula(class) => match (old, new) {
                (None, _) if key.0 != Kind::Kpi => (Class::None, false),
                (Some(_), Some(_)) => self.proven(key, name, class),
                _ => (class, false),
            },
        })
    }

    /// What the difference of a formula does: nothing where both are proven to mean the same.
    fn proven(&self, key: &(Kind, String), name: &str, class: Class) -> (Class, bool) {
        let Some(formulas) = self.formulas(key, name) else { return (Class::Undecided, false) };
        let (one, two) = &formulas.as_written;
        let near = meaning::proven(one, two);
        let (one, two) = &formulas.written_out;
        match (near, meaning::compare(one, two)) {
            (Verdict::Same, _) | (_, Verdict::Same) => (Class::None, true),
            // A condition of a guardrail is a threshold, whoever crosses it.
            (_, Verdict::Unknown) if key.0 == Kind::Guardrail => (class, false),
            (_, Verdict::Different) => (class, false),
            (_, Verdict::Unknown) => (Class::Undecided, false),
        }
    }

    /// The formula of a field in both versions.
    fn formulas(&self, (kind, name): &(Kind, String), field: &str) -> Option<Formulas> {
        let own = Names::default();
        let old = self.effects.former(*kind, name);
        let (before, after) = (&self.before.model, &self.after.model);
        let both = |one: &Writer<'_>, two: &Writer<'_>| -> Option<(Term, Term)> {
            match kind {
                Kind::Kpi => {
                    let (old, new) = (*before.kpi_names.get(&old)?, *after.kpi_names.get(name)?);
                    let is_formula = |body: &Body| matches!(body, Body::Formula(_));
                    let are = is_formula(&before.kpis.get(old).body) && is_formula(&after.kpis.get(new).body);
                    are.then(|| (one.kpi(old), two.kpi(new)))
                }
                Kind::Source => {
                    let column = field.strip_prefix("columns.")?;
                    let term = |writer: &Writer<'_>, model: &Model, source: &str| {
                        let id = *model.source_names.get(source)?;
                        let column = *model.sources.get(id).names.get(column)?;
                        match &model.sources.get(id).columns.get(column).storage {
                            Storage::Derived(of) => Some(writer.row(id, of)),
                            Storage::Stored(_) => Some(writer.path(id, &Path::to(column))),
                            Storage::Several(_) | Storage::Raw(_) => None,
                        }
                    };
                    Some((term(one, before, &old)?, term(two, after, name)?))
                }
                Kind::Guardrail => {
                    let condition = |model: &Model, writer: &Writer<'_>, name: &str| {
                        let guardrail = model.guardrails.iter().find(|guardrail| guardrail.name.value == name)?;
                        guardrail.condition.as_ref().map(|condition| writer.formula(condition))
                    };
                    Some((condition(before, one, &old)?, condition(after, two, name)?))
                }
                _ => None,
            }
        };
        Some(Formulas {
            as_written: both(&Writer::as_written(before, self.names), &Writer::as_written(after, &own))?,
            written_out: both(&Writer::written_out(before, self.names), &Writer::written_out(after, &own))?,
        })
    }
}
