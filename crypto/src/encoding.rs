//! The one header and the one cursor behind every encoding of this crate.
//!
//! - **Comes in:** bytes of unknown origin. **Goes out:** fixed-size pieces, or a [`Malformed`] naming the field.
//! - **Never sees:** what the pieces mean. **Trusts:** nobody; lengths are checked before anything is copied.
//! - **Fails:** at the first piece that is missing, and at the first byte too many.
//!
//! Every stored or sent structure begins with three bytes: version, suite, kind.

use crate::error::{Malformed, Problem};
use crate::share::threshold::HolderIndex;

/// Version of every encoding in this crate.
pub(crate) const VERSION: u8 = 1;
/// ristretto255-SHA512, RFC 9497 section 4.1.
pub(crate) const SUITE: u8 = 1;

/// What follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    PublicKeySet = 1,
    KeyShare = 2,
    Accusation = 3,
    DealingCommitment = 16,
    DealingPackage = 17,
    RepairDelta = 32,
    RepairSigma = 33,
    RepairCommitment = 34,
}

/// The three bytes that open an encoding.
pub(crate) fn header(kind: Kind) -> [u8; 3] {
    [VERSION, SUITE, kind as u8]
}

/// A cursor over bytes from outside.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
    field: &'static str,
}

impl<'a> Reader<'a> {
    /// Opens `bytes` and checks the header.
    pub(crate) fn open(bytes: &'a [u8], kind: Kind, field: &'static str) -> Result<Self, Malformed> {
        let mut reader = Self { rest: bytes, total: bytes.len(), field };
        let [version, suite, found] = reader.array::<3>()?;
        if version != VERSION {
            return Err(reader.refuse(Problem::Version { found: version }));
        }
        if suite != SUITE {
            return Err(reader.refuse(Problem::Suite { found: suite }));
        }
        if found != kind as u8 {
            return Err(reader.refuse(Problem::Kind { found, expected: kind as u8 }));
        }
        Ok(reader)
    }

    /// The error for this field.
    pub(crate) fn refuse(&self, problem: Problem) -> Malformed {
        Malformed::new(self.field, problem)
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((head, tail)) = self.rest.split_at_checked(count) else {
            let read = self.total - self.rest.len();
            let problem = Problem::Length { found: self.total, expected: read.saturating_add(count) };
            return Err(self.refuse(problem));
        };
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    /// The next byte as a holder's index.
    pub(crate) fn holder(&mut self) -> Result<HolderIndex, Malformed> {
        let found = self.byte()?;
        HolderIndex::new(found).ok_or_else(|| self.refuse(Problem::Range { found: found.into() }))
    }

    /// The next four bytes as a big-endian number that is at most `limit`.
    pub(crate) fn count(&mut self, limit: usize) -> Result<usize, Malformed> {
        let found = u32::from_be_bytes(self.array()?) as usize;
        match found {
            0 => Err(self.refuse(Problem::Empty)),
            n if n > limit => Err(self.refuse(Problem::TooMany { found, limit })),
            n => Ok(n),
        }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.refuse(Problem::Length { found: self.total, expected: self.total - self.rest.len() }))
    }
}

/// `bytes` as an array of the one length that this field has.
pub(crate) fn exactly<const N: usize>(bytes: &[u8], field: &'static str) -> Result<[u8; N], Malformed> {
    let problem = Problem::Length { found: bytes.len(), expected: N };
    bytes.try_into().map_err(|_| Malformed::new(field, problem))
}
