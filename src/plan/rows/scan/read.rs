//! What a scan says of the rows that it reads: their columns, and what the select relies on.

use super::{Days, Scan};
use crate::model::value::Type;
use crate::model::{ColumnId, KeyPart, RawSql, Relation, Source, Storage, given_table};
use crate::plan::Data;
use crate::plan::algebra::relation::{Reading, RelationRef, Relies, Select, SourceRows, column};
use std::collections::{BTreeMap, BTreeSet};

impl Scan<'_> {
    /// Makes stored columns and those of raw SQL known that conditions read which were made elsewhere.
    pub(in crate::plan) fn also_reads(&mut self, stored: &BTreeSet<String>, raw: &BTreeSet<(String, RawSql)>) {
        self.stored.entry(Vec::new()).or_default().extend(stored.iter().cloned());
        self.raw.entry(Vec::new()).or_default().extend(raw.iter().cloned());
    }

    /// Notes that the select relies on something.
    pub(in crate::plan) fn rely_on(&mut self, what: Relies) {
        self.relies.push(what);
    }

    /// Notes that the select relies on each key having one state at a time, of snapshots on the days that `taken` has.
    pub(in crate::plan) fn rely_on_one_state(&mut self, taken: Option<&str>) {
        let Some(begins) = self.model.sources.get(self.source).holds.map(|holds| holds.begins()) else { return };
        let mut visible = self.in_range(begins, Days { from: None });
        if let Some(before) = self.matters.1 {
            visible.extend(self.bound(begins, before, false));
        }
        self.relies.push(Relies::OneState { visible, taken: taken.map(str::to_owned) });
    }

    /// Adds stored columns, and those of raw SQL, to a select under their own names.
    pub(in crate::plan) fn carry(&mut self, stored: &BTreeSet<String>, raw: &BTreeMap<String, RawSql>, select: &mut Select) {
        let mut seen = BTreeSet::new();
        for name in stored.iter().chain(raw.keys()) {
            if seen.insert(name.to_lowercase()) {
                let of = self.alias(&[]);
                select.column(column(&of, name), name);
            }
        }
        self.stored.entry(Vec::new()).or_default().extend(stored.iter().cloned());
        self.raw.entry(Vec::new()).or_default().extend(raw.clone());
    }

    /// The rows at the end of some references, with what is read of them.
    pub(super) fn source_rows(&self, through: &[ColumnId]) -> SourceRows {
        let source = self.model.sources.get(self.at(through));
        let relation = match (self.data, &source.relation) {
            (Data::Given, _) => RelationRef::Table(vec![given_table(&source.name.value)]),
            (Data::Warehouse, Some(relation)) => RelationRef::of(relation),
            (Data::Warehouse, None) => RelationRef::of(&Relation::Table(vec![source.name.value.clone()])),
        };
        let raw: Vec<(String, RawSql)> =
            self.raw.get(through).into_iter().flatten().map(|(name, sql)| (name.clone(), sql.clone())).collect();
        let stored: Vec<String> = self.stored.get(through).into_iter().flatten().cloned().collect();
        let types = self.types_of(source, &stored, &raw);
        let (time, range) = self.range.clone();
        let own = through.is_empty();
        let reading = Reading {
            source: self.at(through),
            through: through.to_vec(),
            from: self.source,
            columns: self.columns.get(through).cloned().unwrap_or_default(),
            time: time.filter(|_| own),
            range: if own { range } else { Vec::new() },
            relies: if own { self.relies.clone() } else { Vec::new() },
        };
        SourceRows { relation, stored, raw, types, again: false, read: Some(Box::new(reading)) }
    }

    /// The types of stored columns and of those of raw SQL, as the project declares them.
    fn types_of(&self, source: &Source, stored: &[String], raw: &[(String, RawSql)]) -> BTreeMap<String, Type> {
        let mut types = BTreeMap::new();
        let is_read = |name: &String| stored.contains(name) || raw.iter().any(|(known, _)| known == name);
        for id in source.columns.ids() {
            let column = source.columns.get(id);
            let own = Type::of_column(column.ty, &column.clock);
            let mut know = |name: &String, ty: Type| {
                if is_read(name) {
                    types.entry(name.clone()).or_insert(ty);
                }
            };
            match &column.storage {
                Storage::Stored(name) => know(name, own),
                Storage::Several(parts) => {
                    let target = column.reference.map(|target| self.model().sources.get(target));
                    for (at, part) in parts.iter().enumerate() {
                        let key = target.and_then(|target| Some(target.columns.get(*target.key.get(at)?)));
                        if let (KeyPart::Stored(name), Some(key)) = (part, key) {
                            know(name, Type::of_column(key.ty, &key.clock));
                        }
                    }
                }
                Storage::Raw(_) => know(&source.made_name(id), own),
                Storage::Derived(_) => {}
            }
        }
        types
    }
}
