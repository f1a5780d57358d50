//! Keys of guarded rows.

use std::cmp::Ordering;

use pgrx::pg_sys;

/// What the server knows of the key column's type.
pub(super) struct KeyType {
    by_value: bool,
    /// Bytes; -1 for a varlena, -2 for a C string.
    length: i16,
    collation: pg_sys::Oid,
    /// The type's own hash function. The type cache keeps its entries as long as the backend lives.
    hash: *mut pg_sys::FmgrInfo,
    /// The type's own test of equality.
    equal: *mut pg_sys::FmgrInfo,
    type_oid: pg_sys::Oid,
}

/// A key, kept apart from the row that it came from.
///
/// Keys are ordered to have equal ones side by side and neighbours close together in the index. That is no
/// more than thrift: what equals what is for the index to say, which knows collations and the many ways to write
/// a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Ranks first. Keys that differ here differ; for types passed by value the reverse holds, too.
    rank: u64,
    /// The value, in memory of its own.
    pub(super) datum: pg_sys::Datum,
}

impl KeyType {
    /// Looks a type up; `None` for one that has no order or no hash function.
    pub(super) fn find(type_oid: pg_sys::Oid, collation: pg_sys::Oid) -> Option<Self> {
        let flags = pg_sys::TYPECACHE_HASH_PROC_FINFO
            | pg_sys::TYPECACHE_EQ_OPR_FINFO
            | pg_sys::TYPECACHE_BTREE_OPFAMILY;
        // SAFETY: the type is that of an existing column, and entries of the type cache are never freed.
        let entry = unsafe { &mut *pg_sys::lookup_type_cache(type_oid, flags.cast_signed()) };
        let is_complete =
            [entry.hash_proc, entry.eq_opr, entry.btree_opf].into_iter().all(|oid| oid != pg_sys::InvalidOid);
        is_complete.then_some(Self {
            by_value: entry.typbyval,
            length: entry.typlen,
            collation,
            hash: &raw mut entry.hash_proc_finfo,
            equal: &raw mut entry.eq_opr_finfo,
            type_oid,
        })
    }

    /// Whether values are equal exactly if their bits are.
    pub(super) fn equals_by_bits(&self) -> bool {
        // A float has two zeros.
        self.by_value && self.type_oid != pg_sys::FLOAT4OID && self.type_oid != pg_sys::FLOAT8OID
    }

    /// Whether two values are equal, as the type sees it.
    pub(super) fn is_equal(&self, one: pg_sys::Datum, other: pg_sys::Datum) -> bool {
        // SAFETY: the function is the type's, and takes two values of it.
        let equal = unsafe { pg_sys::FunctionCall2Coll(self.equal, self.collation, one, other) };
        equal.value() != 0
    }

    /// The bytes of a key.
    ///
    /// # Safety
    /// `read` made it.
    pub(super) unsafe fn bytes_of(&self, key: &Key) -> Vec<u8> {
        if self.by_value {
            return key.datum.value().to_ne_bytes().to_vec();
        }
        // SAFETY: a copy of a value of the type.
        unsafe { self.bytes(key.datum) }.to_vec()
    }

    /// Copies the key of a row into the current memory context.
    ///
    /// # Safety
    /// The datum is a value of the type.
    pub(super) unsafe fn read(&self, datum: pg_sys::Datum) -> Key {
        if self.by_value {
            // Signed integers in their order.
            return Key { rank: (datum.value() as u64) ^ (1 << 63), datum };
        }
        // SAFETY: the caller says that the datum is of this type, which is passed by reference.
        let copy = unsafe { self.copy(datum) };
        // SAFETY: as above, for the copy.
        let bytes = unsafe { self.bytes(copy) };
        let mut first = [0; 8];
        for (target, byte) in first.iter_mut().zip(bytes) {
            *target = *byte;
        }
        Key { rank: u64::from_be_bytes(first), datum: copy }
    }

    /// The order of two keys; equal ones are byte by byte the same.
    pub(super) fn compare(&self, one: &Key, other: &Key) -> Ordering {
        one.rank.cmp(&other.rank).then_with(|| {
            if self.by_value {
                return Ordering::Equal;
            }
            // SAFETY: both are copies that `read` made of values of this type.
            unsafe { self.bytes(one.datum).cmp(self.bytes(other.datum)) }
        })
    }

    /// Whether two values are byte by byte the same.
    ///
    /// # Safety
    /// Both are values of the type.
    pub(super) unsafe fn is_same(&self, one: pg_sys::Datum, other: pg_sys::Datum) -> bool {
        if self.by_value {
            return one.value() == other.value();
        }
        let plain = |datum: pg_sys::Datum| {
            if self.length != -1 {
                return datum;
            }
            // SAFETY: a varlena by its length; a copy is made only of what is compressed or stored apart.
            unsafe { pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr()) }.into()
        };
        // SAFETY: the caller says so.
        unsafe { self.bytes(plain(one)) == self.bytes(plain(other)) }
    }

    /// The hash that the type itself has: equal for keys that are equal in any way of writing.
    pub(super) fn hash(&self, key: &Key) -> u32 {
        // SAFETY: the function is the type's, and takes one value of it.
        let hash = unsafe { pg_sys::FunctionCall1Coll(self.hash, self.collation, key.datum) };
        u32::try_from(hash.value() & 0xFFFF_FFFF).unwrap_or_default()
    }

    /// # Safety
    /// The datum is of this type, which is passed by reference.
    unsafe fn copy(&self, datum: pg_sys::Datum) -> pg_sys::Datum {
        if self.length == -1 {
            // SAFETY: a varlena by its length.
            return unsafe { pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr()) }.into();
        }
        // SAFETY: the bytes are those of the value, and palloc gives as many, aligned for any type.
        unsafe {
            let bytes = self.bytes(datum);
            // A C string's end goes with it.
            let length = bytes.len() + usize::from(self.length == -2);
            let copy: *mut u8 = pg_sys::palloc(length).cast();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy, length);
            copy.into()
        }
    }

    /// # Safety
    /// The datum is of this type, which is passed by reference, and not compressed if it is a varlena. The
    /// bytes live as long as it does.
    unsafe fn bytes<'datum>(&self, datum: pg_sys::Datum) -> &'datum [u8] {
        match usize::try_from(self.length) {
            // SAFETY: a type of fixed length has as many bytes.
            Ok(length) => unsafe { std::slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), length) },
            // SAFETY: a varlena by its length.
            Err(_) if self.length == -1 => unsafe {
                pgrx::varlena::varlena_to_byte_slice(datum.cast_mut_ptr())
            },
            // SAFETY: a C string by its length.
            Err(_) => unsafe { std::ffi::CStr::from_ptr(datum.cast_mut_ptr()) }.to_bytes(),
        }
    }
}
