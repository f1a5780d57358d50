//! Every row of a table or view, as spans that the engine can sweep.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;
use rota_engine::{GroupedSpan, Instant, Span};

use super::definition::{column_of, type_of, with_table};
use super::key::KeyType;
use super::key_numbers::{KeyNumbers, Numbered};
use super::line::{Extent, Line};
use super::load::LoadType;
use super::quantity::Quantity;
use super::slot::Slot;
use super::witness;
use crate::error::ExtensionError;
use crate::source::Connection;

/// What is read: a relation, its columns, and which of its rows.
pub(super) struct Source<'text> {
    pub(super) relation: pg_sys::Oid,
    pub(super) key: &'text str,
    pub(super) range: &'text str,
    pub(super) load: Option<&'text str>,
    /// A condition as SQL text, to be read with the `search_path` of the moment.
    pub(super) predicate: Option<&'text str>,
}

/// The types of a source's columns.
pub(super) struct Types {
    key_column: i16,
    key: KeyType,
    /// The line of the ranges.
    pub(super) line: Line,
    load: LoadType,
}

/// The rows, each with a number from 0 upwards.
pub(super) struct RelationRows<'types> {
    relation: pg_sys::Oid,
    types: &'types Types,
    keys: KeyNumbers<'types>,
    keys_of_rows: Vec<Numbered>,
    extents: Vec<Extent>,
    loads: Vec<Quantity>,
    identities: Identities,
}

/// How a row is found again to be named.
enum Identities {
    /// Table and place, where rows lie in tables.
    Places(Vec<(pg_sys::Oid, pg_sys::ItemPointerData)>),
    /// The whole row as text, of a view.
    Texts(Vec<String>),
}

impl Source<'_> {
    /// Looks the columns up.
    ///
    /// # Errors
    /// [`ExtensionError::UnsuitableColumn`].
    pub(super) fn types(&self, gap_units: i64) -> Result<Types, ExtensionError> {
        let unsuitable = |argument, column: &str, wanted| ExtensionError::UnsuitableColumn {
            argument,
            column: column.to_owned(),
            wanted,
        };
        let column = |argument, name: &str| {
            column_of(self.relation, name)
                .ok_or_else(|| unsuitable(argument, name, "a column of the relation"))
        };
        let key_column = column("key_column", self.key)?;
        let (key_type, collation) = type_of(self.relation, key_column);
        let range_type = type_of(self.relation, column("range_column", self.range)?).0;
        let load = match self.load {
            None => LoadType::Count,
            Some(name) => LoadType::find(type_of(self.relation, column("load_column", name)?).0)
                .ok_or_else(|| unsuitable("load_column", name, "an integer or a numeric"))?,
        };
        Ok(Types {
            key_column,
            key: KeyType::find(key_type, collation).ok_or_else(|| {
                unsuitable("key_column", self.key, "one whose type has an order and a hash")
            })?,
            line: Line::find(range_type, gap_units)
                .ok_or_else(|| unsuitable("range_column", self.range, "a range, such as a tstzrange"))?,
            load,
        })
    }

    fn query(&self, has_places: bool) -> Result<String, ExtensionError> {
        let condition = match self.predicate {
            None => String::new(),
            Some(text) => with_table(self.relation, |relation| {
                // SAFETY: the relation is open and locked for the time of the call.
                unsafe {
                    let list = super::predicate::read(text, relation)?;
                    Ok::<_, ExtensionError>(format!(" AND ({})", super::install::qualified(relation, list)))
                }
            })?,
        };
        let (key, range) = (quoted(self.key), quoted(self.range));
        Ok(format!(
            "SELECT {key}, {range}, {identity}, {load} FROM {relation} AS source \
             WHERE {key} IS NOT NULL AND {range} IS NOT NULL{condition}",
            identity = if has_places { "ctid, tableoid" } else { "source::text, NULL" },
            load = self.load.map_or_else(|| "NULL".to_owned(), quoted),
            relation = qualified_name(self.relation),
        ))
    }
}

impl<'types> RelationRows<'types> {
    /// Reads the rows that the active snapshot and the user may see.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableLoad`]. What the server refuses is raised as its own error.
    pub(super) fn read(source: &Source<'_>, types: &'types Types) -> Result<Self, ExtensionError> {
        // SAFETY: any id may be asked for.
        let kind = unsafe { pg_sys::get_rel_relkind(source.relation) }.cast_unsigned();
        let has_places =
            [pg_sys::RELKIND_RELATION, pg_sys::RELKIND_PARTITIONED_TABLE, pg_sys::RELKIND_MATVIEW]
                .contains(&kind);
        let query = source.query(has_places)?;
        let mut rows = Self {
            relation: source.relation,
            types,
            keys: KeyNumbers::of(&types.key),
            keys_of_rows: Vec::new(),
            extents: Vec::new(),
            loads: Vec::new(),
            identities: if has_places {
                Identities::Places(Vec::new())
            } else {
                Identities::Texts(Vec::new())
            },
        };
        // SAFETY: the context of the caller, which outlives the query.
        let home = unsafe { pg_sys::CurrentMemoryContext };
        Connection::run(|connection| {
            connection.stream(&query, &mut |slot| {
                // SAFETY: the slot is live for the time of the call; contexts are set back.
                unsafe {
                    let before = pg_sys::CurrentMemoryContext;
                    pg_sys::CurrentMemoryContext = home;
                    let result = rows.add(Slot::new(slot));
                    pg_sys::CurrentMemoryContext = before;
                    result
                }
            })
        })?;
        Ok(rows)
    }

    /// # Safety
    /// The row is one of the source's query.
    unsafe fn add(&mut self, row: Slot) -> Result<(), ExtensionError> {
        let load = row.value(5);
        let (Some(range), Some(key)) = (row.value(2), row.value(1)) else { return Ok(()) };
        // SAFETY: the caller says so, here and below.
        let Some(extent) = (unsafe { self.types.line.read(range) }) else { return Ok(()) };
        if !matches!(self.types.load, LoadType::Count) {
            // SAFETY: see above.
            self.loads.push(unsafe { self.types.load.read("", load)? });
        }
        // SAFETY: see above. A ctid is a pointer to a place.
        unsafe {
            self.keys_of_rows.push(self.keys.number(key));
            match (&mut self.identities, row.value(3)) {
                (Identities::Places(places), Some(place)) => {
                    let table = row.value(4).map_or(0, pg_sys::Datum::value);
                    let table = pg_sys::Oid::from(u32::try_from(table).unwrap_or_default());
                    places.push((table, *place.cast_mut_ptr()));
                }
                (Identities::Texts(texts), Some(text)) => {
                    texts.push(witness::text_of(pg_sys::TEXTOID, text));
                }
                _ => {}
            }
        }
        self.extents.push(extent);
        Ok(())
    }

    /// The rows as spans of the engine: they overlap there if they overlap on the line. On a line of points there may be
    /// some more, by half a point; [`RelationRows::overlap`] decides.
    pub(super) fn spans(&self) -> Vec<GroupedSpan> {
        let spans = match self.extents.first() {
            Some(Extent::Bounds { .. }) => self.ranked(),
            _ => self.extents.iter().map(span_of_points).collect(),
        };
        let numbered = (0_u32..).zip(self.keys_of_rows.iter().zip(spans));
        numbered.map(|(index, (key, span))| GroupedSpan { group: key.number, span, index }).collect()
    }

    /// Bounds without numbers get the place that they have among all of them.
    fn ranked(&self) -> Vec<Span> {
        let mut bounds = Vec::with_capacity(2 * self.extents.len());
        for (index, extent) in self.extents.iter().enumerate() {
            if let Extent::Bounds { start, end } = extent {
                bounds.push((*start, true, index));
                bounds.push((*end, false, index));
            }
        }
        let line = &self.types.line;
        // An end and a start are equal only if they share a value: the start then comes first.
        bounds.sort_by(|(one, is_start, _), (other, other_is_start, _)| {
            line.compare_bounds(one, other).then_with(|| other_is_start.cmp(is_start))
        });
        let mut places = vec![(0, 1); self.extents.len()];
        for (rank, (_, is_start, index)) in (0_i64..).zip(bounds) {
            if let Some(place) = places.get_mut(index) {
                *(if is_start { &mut place.0 } else { &mut place.1 }) = rank;
            }
        }
        places.into_iter().map(|(start, end)| span(start, end)).collect()
    }

    /// Whether two rows overlap, or lie too close.
    pub(super) fn do_overlap(&self, one: u32, other: u32) -> bool {
        let (Some(one), Some(other)) = (self.extent(one), self.extent(other)) else { return false };
        self.types.line.overlaps(one, other)
    }

    /// Where a row lies.
    pub(super) fn extent(&self, index: u32) -> Option<&Extent> {
        self.extents.get(usize::try_from(index).ok()?)
    }

    /// What a row weighs.
    pub(super) fn load(&self, index: u32) -> Quantity {
        let load = usize::try_from(index).ok().and_then(|index| self.loads.get(index));
        load.copied().unwrap_or(Quantity::ONE)
    }

    /// The key of a row as text.
    pub(super) fn key(&self, index: u32) -> String {
        let numbered = usize::try_from(index).ok().and_then(|index| self.keys_of_rows.get(index));
        numbered.map_or_else(String::new, |numbered| {
            // SAFETY: the key is one of that column.
            unsafe { witness::text_of_column(self.relation, self.types.key_column, self.keys.key(*numbered)) }
        })
    }

    /// `(assignment_id) = (7)`, or a view's row as text. The snapshot is still the one that the rows were read with.
    pub(super) fn identity(&self, index: u32) -> String {
        let Ok(index) = usize::try_from(index) else { return String::new() };
        match &self.identities {
            Identities::Texts(texts) => texts.get(index).cloned().unwrap_or_default(),
            Identities::Places(places) => places.get(index).map_or_else(String::new, |(table, place)| {
                // SAFETY: a snapshot is active while a function runs.
                witness::identity_at(*table, *place, unsafe { pg_sys::GetActiveSnapshot() })
            }),
        }
    }
}

fn span_of_points(extent: &Extent) -> Span {
    let Extent::Points { start, end } = extent else { return Span::ALWAYS };
    // The extremes are infinities, which no timestamp or integer goes beyond.
    let clamp = |point: i128| i64::try_from(point).unwrap_or(if point < 0 { i64::MIN } else { i64::MAX });
    span(clamp(start >> 1), clamp((end + 1) >> 1))
}

/// The span, which is never empty.
fn span(start: i64, end: i64) -> Span {
    let start = start.min(i64::MAX - 1);
    let end = end.max(start + 1);
    Span::new(Instant::from_microseconds(start), Instant::from_microseconds(end)).unwrap_or(Span::ALWAYS)
}

fn quoted(name: &str) -> String {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: takes and returns C strings.
    unsafe { CStr::from_ptr(pg_sys::quote_identifier(name.as_ptr())) }.to_string_lossy().into_owned()
}

fn qualified_name(relation: pg_sys::Oid) -> String {
    let schema = super::definition::schema_of(relation);
    format!("{}.{}", quoted(&schema), quoted(&super::definition::name_of(relation)))
}
