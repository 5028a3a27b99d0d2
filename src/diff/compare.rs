//! Two lists of definitions, field by field.

use super::class::Class;
use super::definition::{Definition, Definitions, Effect, Field, Kind};
use super::reach::{Effects, Start};
use super::renamed::Former;
use super::{Change, FieldChange, Side, What};
use crate::meaning::{self, Names, Term, Verdict, Writer, normal};
use crate::model::expr::Path;
use crate::model::{Body, Kpi, KpiId, Model, Storage};
use crate::pipeline::Checked;
use std::collections::{BTreeMap, BTreeSet};

/// Two versions that are compared.
pub(super) struct Comparison<'a> {
    pub before: &'a Checked,
    pub after: &'a Checked,
    pub names: &'a Names,
    /// Those of the version after: nothing has another name, and what both versions promise.
    pub own: &'a Names,
    pub effects: &'a Effects<'a>,
}

/// A formula in both versions: as it is written, and written out.
struct Formulas {
    as_written: (Term, Term),
    written_out: (Term, Term),
}

/// Whether two formulas are proven to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// They are not.
    None,
    /// Up to the last digits of floating-point numbers.
    ButForRounding,
    /// To the last digit.
    Exact,
}

/// What is said where a definition cannot be compared.
const BROKEN: &str = "it has errors, so it cannot be compared";
const OTHERS_UNREAD: &str = "a file cannot be read, so what it defines may be the same";
const BOTH_UNREAD: &str = "a file cannot be read in either version, so what it defines is not compared";
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
                Some(before) if before.is_implied && definition.is_implied => None,
                Some(before) => self.changed(key, before, definition, renamed),
                None if definition.is_implied => None,
                None => Some(self.added(key, definition)),
            };
            changes.extend(change);
        }
        for (key, definition) in old {
            if !here.contains_key(key) && !definition.is_implied {
                changes.push(self.removed(key, definition));
            }
        }
        self.taken_over(&mut changes);
        changes
    }

    /// Names, former ones too, whose views show another KPI now.
    fn taken_over(&self, changes: &mut Vec<Change>) {
        let (before, after) = (&self.before.model, &self.after.model);
        let mut names: Vec<(&String, KpiId)> = before.kpi_names.iter().map(|(name, id)| (name, *id)).collect();
        names.sort();
        for (name, old) in names {
            let Some(new) = after.kpi_names.get(name).copied() else { continue };
            let (was, is) = (before.kpis.get(old), after.kpis.get(new));
            if self.names.kpi(&was.name.value) == is.name.value {
                continue;
            }
            let one = Writer::written_out(before, self.names).kpi(old);
            let two = Writer::written_out(after, self.own).kpi(new);
            let class = match meaning::compare(&one, &two) {
                Verdict::Same => continue,
                Verdict::Different => Class::Meaning,
                Verdict::Unknown => Class::Undecided,
            };
            let key = (Kind::Kpi, is.name.value.clone());
            let at = changes.iter().position(|change| change.kind == key.0 && change.name == key.1).unwrap_or_else(|| {
                changes.push(Self::change(&key, What::Changed, Some((Side::After, is.name.span))));
                changes.len() - 1
            });
            let shows = |kpi: &Kpi| Some(format!("{} = {}", kpi.name.value, kpi.formula));
            let field =
                FieldChange { name: format!("shown as.{name}"), class, before: shows(was), after: shows(is), is_proven: false };
            if let Some(change) = changes.get_mut(at) {
                change.fields.push(field);
                change.class = change.class.max(class);
                change.owners = self.effects.owners(&key, &change.downstream);
            }
        }
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
        } else if key.0 == Kind::Template && !key.1.ends_with(".md.j2") {
            // What writes views may write other figures.
            change.class = Class::Undecided;
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
        let (mut starts, mut rounded) = (Vec::new(), Vec::new());
        for name in names {
            let (old, new) = (before.fields.get(name), after.fields.get(name));
            // What follows from a formula with an error is not known, and an unread formula with the same text is no difference to show.
            let is_broken = before.is_broken || after.is_broken;
            let is_fact = matches!(name.as_str(), "unit" | "kind" | "type" | "needs");
            if name == "title" && renamed.is_some_and(|former| self.has_same_title(key, former)) {
                continue;
            }
            let is_same = old.zip(new).is_some_and(|(old, new)| old.text == new.text);
            if is_broken && (is_fact || is_same) {
                continue;
            }
            let Some((class, proof)) = self.field(key, name, old, new) else { continue };
            let text = |field: Option<&Field>| field.map(|field| field.text.clone());
            let start = || Start { kind: key.0, name: key.1.clone(), field: name.clone() };
            if class >= Class::Undecided {
                starts.push(start());
                starts.extend(self.effects.beyond(&start()));
            }
            let is_proven = proof != Proof::None;
            if proof == Proof::ButForRounding {
                rounded.push(start());
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
        // The name stands in views.
        let is_shown = matches!(
            key.0,
            Kind::Kpi | Kind::Scorecard | Kind::Guardrail | Kind::Objective | Kind::KeyResult | Kind::Dimension
        );
        let least = if renamed.is_some() && is_shown { Class::Interface } else { open };
        change.class = change.fields.iter().map(|field| field.class).max().unwrap_or(Class::None).max(least).max(open);
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
        self.unread(&mut change);
        let deciding = self.effects.deciding(&rounded);
        if !deciding.is_empty() && change.open.is_empty() {
            let names = deciding.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let more = if deciding.len() > 3 { format!(" and {} more", deciding.len() - 3) } else { String::new() };
            change.open = format!("the same up to the last digits, which may decide in {names}{more}");
        }
        change.owners = self.effects.owners(key, &change.downstream);
        Some(change)
    }

    /// Where a file cannot be read, what others say of what it defines is not known.
    fn unread(&self, change: &mut Change) {
        let is_of_others = match change.kind {
            Kind::Kpi => change.class == Class::Interface,
            Kind::Calendar | Kind::Warehouse | Kind::Okrs | Kind::Project | Kind::Team | Kind::Template | Kind::Test => false,
            _ => change.class > Class::Ownership,
        };
        if !(self.before.incomplete || self.after.incomplete) || !is_of_others || !change.open.is_empty() {
            return;
        }
        OTHERS_UNREAD.clone_into(&mut change.open);
        change.class = Class::Undecided;
        for field in change.fields.iter_mut().filter(|field| field.class > Class::Ownership) {
            field.class = Class::Undecided;
        }
    }

    /// What stands for files that neither version can read, if there are any.
    pub(super) fn unread_in_both(&self, changes: &mut Vec<Change>) {
        if !(self.before.incomplete && self.after.incomplete) {
            return;
        }
        let key = (Kind::Project, String::new());
        let at = changes.iter().position(|change| change.kind == key.0).unwrap_or_else(|| {
            changes.push(Self::change(&key, What::Changed, None));
            changes.len() - 1
        });
        if let Some(change) = changes.get_mut(at) {
            BOTH_UNREAD.clone_into(&mut change.open);
            change.class = change.class.max(Class::Undecided);
        }
    }

    /// Whether a KPI with another name has the title that it had, which is none of its own where it is made of the name.
    fn has_same_title(&self, (kind, name): &(Kind, String), former: &str) -> bool {
        let title = |model: &Model, name: &str| Some(model.kpis.get(*model.kpi_names.get(name)?).title.clone());
        *kind == Kind::Kpi && title(&self.before.model, former) == title(&self.after.model, name)
    }

    /// What a difference in a field does, and whether it is proven to do nothing; nothing where there is no difference.
    fn field(&self, key: &(Kind, String), name: &str, old: Option<&Field>, new: Option<&Field>) -> Option<(Class, Proof)> {
        let effect = new.or(old)?.effect;
        // A part that comes or goes without a unit has nothing to say of one.
        if matches!(effect, Effect::Part(_)) && old.xor(new).is_some_and(|field| field.text == "none") {
            return None;
        }
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
            Effect::Always(class) => (class, Proof::None),
            Effect::Part(class) => (if old.is_none() { Class::None } else { class }, Proof::None),
            Effect::Order(class) => {
                let lines = |field: Option<&Field>| field.map(|field| field.compared.text().to_owned()).unwrap_or_default();
                let (old, new) = (lines(old), lines(new));
                let is_longer = new.strip_prefix(&old).is_some_and(|more| old.is_empty() || more.starts_with('\n'));
                if is_longer {
                    return None;
                }
                (class, Proof::None)
            }
            Effect::List(class) => {
                let names = |field: Option<&Field>| -> BTreeSet<String> {
                    field.map(|field| field.compared.text().split(", ").map(str::to_owned).collect()).unwrap_or_default()
                };
                (if names(old).is_subset(&names(new)) { Class::None } else { class }, Proof::None)
            }
            Effect::Formula(class) => match (old, new) {
                (None, _) if key.0 != Kind::Kpi => (Class::None, Proof::None),
                (Some(_), Some(_)) => self.proven(key, name, class),
                _ => (class, Proof::None),
            },
        })
    }

    /// What the difference of a formula does: nothing where both are proven to mean the same.
    fn proven(&self, key: &(Kind, String), name: &str, class: Class) -> (Class, Proof) {
        let Some(formulas) = self.formulas(key, name) else { return (Class::Undecided, Proof::None) };
        let (one, two) = &formulas.as_written;
        let near = meaning::proven(one, two);
        let is_exact = near == Verdict::Same && normal::exactly(one, two);
        let (one, two) = &formulas.written_out;
        let is_exact = is_exact || !one.is_broken() && !two.is_broken() && normal::exactly(one, two);
        match (near, meaning::compare(one, two)) {
            (Verdict::Same, _) | (_, Verdict::Same) if is_exact => (Class::None, Proof::Exact),
            (Verdict::Same, _) | (_, Verdict::Same) => (Class::None, Proof::ButForRounding),
            // A condition of a guardrail is a threshold, whoever crosses it.
            (_, Verdict::Unknown) if key.0 == Kind::Guardrail => (class, Proof::None),
            (_, Verdict::Different) => (class, Proof::None),
            (_, Verdict::Unknown) => (Class::Undecided, Proof::None),
        }
    }

    /// The formula of a field in both versions.
    fn formulas(&self, (kind, name): &(Kind, String), field: &str) -> Option<Formulas> {
        let own = self.own;
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
            as_written: both(&Writer::as_written(before, self.names), &Writer::as_written(after, own))?,
            written_out: both(&Writer::written_out(before, self.names), &Writer::written_out(after, own))?,
        })
    }
}
