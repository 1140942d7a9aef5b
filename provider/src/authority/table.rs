//! The lengths in HPACK's indexing tables (RFC 7541, section 2.3): enough to know which index names
//! `:authority`.
//!
//! A client may repeat the *name* of an earlier entry and give a new value. No encoder in common use does
//! that for `:authority`, which has a place in the static table, but the format allows it, so the dynamic
//! table is followed.

use std::collections::VecDeque;

use super::Malformed;

/// The table size that HTTP/2 starts with. It is also the limit, because hyper's server announces no other
/// `SETTINGS_HEADER_TABLE_SIZE` unless told to, and tonic has no way to tell it.
const MAX_SIZE: usize = 4096;

/// What the table counts for an entry besides its texts (RFC 7541, section 4.1).
const ENTRY_OVERHEAD: usize = 32;

const STATIC_AUTHORITY: usize = 1;

/// The lengths of the names in the static table (RFC 7541, appendix A), from index 1 on.
const STATIC_NAME_LENGTHS: [usize; 61] = [
    10, 7, 7, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 14, 15, 15, 13, 6, 27, 3, 5, 13, 13, 19, 16, 16, 14, 16, 13,
    12, 6, 4, 4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8, 12, 18, 19, 5, 7, 7, 11, 6, 10, 25, 17, 10, 4, 3,
    16,
];

/// What matters about the name of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) length: usize,
    pub(super) is_authority: bool,
}

struct Entry {
    name: Name,
    size: usize,
}

/// The dynamic table of one connection's requests, newest entry first.
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    max_size: usize,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), size: 0, max_size: MAX_SIZE }
    }

    /// The name at `index`, counted from 1 through the static and then the dynamic table.
    pub(super) fn name(&self, index: usize) -> Result<Name, Malformed> {
        let position = index.checked_sub(1).ok_or(Malformed)?;
        if let Some(&length) = STATIC_NAME_LENGTHS.get(position) {
            return Ok(Name { length, is_authority: index == STATIC_AUTHORITY });
        }
        let entry = self.entries.get(position - STATIC_NAME_LENGTHS.len()).ok_or(Malformed)?;
        Ok(entry.name)
    }

    /// Adds an entry, at the cost of the oldest ones. One that is larger than the table empties it.
    pub(super) fn insert(&mut self, name: Name, value_length: usize) {
        let size = name.length + value_length + ENTRY_OVERHEAD;
        self.shrink_to(self.max_size.saturating_sub(size));
        if size <= self.max_size {
            self.size += size;
            self.entries.push_front(Entry { name, size });
        }
    }

    /// The client changes the size within the limit that the server has set.
    pub(super) fn resize(&mut self, max_size: usize) -> Result<(), Malformed> {
        if max_size > MAX_SIZE {
            return Err(Malformed);
        }
        self.max_size = max_size;
        self.shrink_to(max_size);
        Ok(())
    }

    fn shrink_to(&mut self, size: usize) {
        while self.size > size
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: Name = Name { length: 10, is_authority: true };

    #[test]
    fn the_static_names_have_the_lengths_of_the_rfc() {
        for index in 1..=61 {
            let fields = loona_hpack::Decoder::new().decode(&[0x80 | index]).expect("a static entry");
            let is_authority = fields[0].0 == b":authority";
            let expected = Name { length: fields[0].0.len(), is_authority };
            assert_eq!(Table::new().name(usize::from(index)), Ok(expected), "index {index}");
        }
    }

    #[test]
    fn the_newest_entry_comes_first_and_the_oldest_leaves() {
        let mut table = Table::new();
        table.insert(AUTHORITY, 2000);
        table.insert(Name { length: 4, is_authority: false }, 2000);
        assert_eq!(table.name(63), Ok(AUTHORITY));

        table.insert(AUTHORITY, 12);
        assert_eq!(table.name(62), Ok(AUTHORITY));
        assert_eq!(table.name(64), Err(Malformed));
    }

    #[test]
    fn an_entry_larger_than_the_table_empties_it() {
        let mut table = Table::new();
        table.insert(AUTHORITY, 1);
        table.insert(AUTHORITY, MAX_SIZE);
        assert_eq!(table.name(62), Err(Malformed));
    }

    #[test]
    fn a_table_of_size_zero_holds_nothing_and_may_grow_again() {
        let mut table = Table::new();
        table.insert(AUTHORITY, 1);
        table.resize(0).expect("within the limit");
        table.insert(AUTHORITY, 1);
        assert_eq!(table.name(62), Err(Malformed));

        table.resize(MAX_SIZE).expect("within the limit");
        table.insert(AUTHORITY, 1);
        assert_eq!(table.name(62), Ok(AUTHORITY));
        assert_eq!(table.resize(MAX_SIZE + 1), Err(Malformed));
    }
}
