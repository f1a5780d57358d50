//! Names of what can change.
//!
//! | tag | means |
//! |---|---|
//! | `schema.table` | any change of the table |
//! | `schema.table/column=value` | a change of rows that have, or had, this value, as its type prints it |
//! | `schema.table/*` | so many rows changed, or all of them, that no key is named |
//! | `rota.catalog` | functions, views, policies, rights, endpoints or watches |
//!
//! Names are quoted as SQL would. A partition is named as its topmost parent: whoever writes through the
//! parent cannot know which partitions that reached.

use twox_hash::XxHash3_64;

/// The hash of a tag's UTF-8 bytes: XXH3, 64 bits, seed 0, but for the lowest bit, which is set in tags of one key
/// (those with an `=`). Equal for two tags by chance only, which makes a cache forget too much and never too little.
///
/// The lowest bits choose a tag's word. So the few tags that many answers carry, of whole tables and of the catalog,
/// never share a word with one of the many keys, each write of which would make a cache forget all those answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tag(u64);

impl Tag {
    /// The tag of a name, given in UTF-8.
    pub(crate) fn of(name: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        Self(XxHash3_64::oneshot(name) & !1 | u64::from(name.contains(&b'=')))
    }

    /// The tag that SQL shows as a bigint of the same bits.
    pub(crate) fn from_bigint(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }

    /// The same bits as a bigint.
    pub(crate) fn to_bigint(self) -> i64 {
        self.0.cast_signed()
    }

    /// The hash.
    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// A tag of its hash.
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}
