//! Rows of a submission and items of a report: fixed layouts of bytes, the same on disk and on the wire.
//!
//! A submission's row is a tag and, unless the job discloses counts alone, a sealed label. All rows of a job have one
//! length, so the n-th row stands at `n × length`. A report is a run of [`Item`]s in the order of tags: under `count`
//! a tag with its number; otherwise what a pruned Merkle tree per source needs, the sources woven together.

use crate::catalogue::Disclosure;
use crate::label;

/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;
/// Bytes that sealing adds to a label: a 24-byte nonce in front and a 16-byte authenticator behind.
pub const SEALING_BYTES: usize = 24 + 16;

/// The tag function's output for one job. No `Debug`: a tag is personal information.
pub type TagBytes = [u8; TAG_BYTES];

/// Bytes of one row under this disclosure.
pub const fn row_bytes(disclosure: Disclosure) -> usize {
    match disclosure {
        Disclosure::Count => TAG_BYTES,
        Disclosure::Institutions | Disclosure::Labels => {
            TAG_BYTES + SEALING_BYTES + label::plain_bytes(disclosure)
        }
    }
}

/// The tag in front of a row.
pub fn tag_of(row: &[u8]) -> Option<&TagBytes> {
    row.first_chunk()
}

/// One item of a report.
pub enum Item<'a> {
    /// Under `count`: a tag of the reader's own and the number of legal groups that hold it.
    Count {
        /// The tag.
        tag: TagBytes,
        /// Distinct legal groups, the reader's own included.
        groups: u32,
    },
    /// A row of another participant, word for word.
    Row {
        /// The participant, by its place among the sources.
        source: u16,
        /// The row.
        row: &'a [u8],
    },
    /// The hash of a subtree of another participant's rows of which nothing is disclosed.
    Hash {
        /// The participant, by its place among the sources.
        source: u16,
        /// Height of the subtree; 0 is a single row.
        height: u8,
        /// Its hash.
        hash: [u8; 32],
    },
}

const COUNT: u8 = 1;
const ROW: u8 = 2;
const HASH: u8 = 3;

/// A report's bytes end inside an item, or an item's first byte is of no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// The bytes end inside an item.
    #[error("items: the slice ends inside an item")]
    Truncated,
    /// No such kind of item.
    #[error("items: no item begins with {0}")]
    Kind(u8),
}

impl Item<'_> {
    /// Writes the item behind what stands in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Item::Count { tag, groups } => {
                out.push(COUNT);
                out.extend_from_slice(tag);
                out.extend_from_slice(&groups.to_be_bytes());
            }
            Item::Row { source, row } => {
                out.push(ROW);
                out.extend_from_slice(&source.to_be_bytes());
                out.extend_from_slice(row);
            }
            Item::Hash { source, height, hash } => {
                out.push(HASH);
                out.extend_from_slice(&source.to_be_bytes());
                out.push(*height);
                out.extend_from_slice(hash);
            }
        }
    }
}

/// Takes the first item off `bytes`; `None` at the end.
pub fn read_item<'a>(bytes: &mut &'a [u8], row_bytes: usize) -> Result<Option<Item<'a>>, ItemError> {
    let Some((&kind, rest)) = bytes.split_first() else { return Ok(None) };
    let mut rest = rest;
    let item = match kind {
        COUNT => {
            let tag = *take::<TAG_BYTES>(&mut rest)?;
            Item::Count { tag, groups: u32::from_be_bytes(*take(&mut rest)?) }
        }
        ROW => {
            let source = u16::from_be_bytes(*take(&mut rest)?);
            let (row, tail) = rest.split_at_checked(row_bytes).ok_or(ItemError::Truncated)?;
            rest = tail;
            Item::Row { source, row }
        }
        HASH => {
            let source = u16::from_be_bytes(*take(&mut rest)?);
            let [height] = *take(&mut rest)?;
            Item::Hash { source, height, hash: *take(&mut rest)? }
        }
        other => return Err(ItemError::Kind(other)),
    };
    *bytes = rest;
    Ok(Some(item))
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], ItemError> {
    let (head, tail) = bytes.split_first_chunk().ok_or(ItemError::Truncated)?;
    *bytes = tail;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_lead_back() {
        let row = [9; 20];
        let mut bytes = Vec::new();
        Item::Count { tag: [1; 16], groups: 7 }.write(&mut bytes);
        Item::Row { source: 3, row: &row }.write(&mut bytes);
        Item::Hash { source: 4, height: 5, hash: [6; 32] }.write(&mut bytes);
        let mut rest = bytes.as_slice();
        assert!(matches!(read_item(&mut rest, 20), Ok(Some(Item::Count { tag: [1, ..], groups: 7 }))));
        assert!(matches!(read_item(&mut rest, 20), Ok(Some(Item::Row { source: 3, row: r })) if r == row));
        assert!(matches!(read_item(&mut rest, 20), Ok(Some(Item::Hash { source: 4, height: 5, .. }))));
        assert!(matches!(read_item(&mut rest, 20), Ok(None)));
    }

    #[test]
    fn a_cut_item_is_refused() {
        let mut bytes = Vec::new();
        Item::Hash { source: 4, height: 5, hash: [6; 32] }.write(&mut bytes);
        for end in 1..bytes.len() {
            assert_eq!(read_item(&mut &bytes[..end], 20).err(), Some(ItemError::Truncated), "{end}");
        }
        assert_eq!(read_item(&mut &[0_u8][..], 20).err(), Some(ItemError::Kind(0)));
    }

    #[test]
    fn row_lengths_are_golden() {
        assert_eq!(row_bytes(Disclosure::Count), 16);
        assert_eq!(row_bytes(Disclosure::Institutions), 16 + 40 + 34);
        assert_eq!(row_bytes(Disclosure::Labels), 16 + 40 + 112);
    }
}
