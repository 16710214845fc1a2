//! What can be wrong with bytes from outside.
//!
//! - **Comes in:** the decoders' findings. **Goes out:** [`Malformed`], which names the field and says what to do.
//! - **Never sees:** the offending bytes: an error carries positions and sizes, never content.
//! - **Trusts:** nobody. **Fails:** it *is* the failure.

use thiserror::Error;

/// A field could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct Malformed {
    /// The field, in the words of the protocol.
    pub field: &'static str,
    /// What is wrong with it, and the remedy.
    pub problem: Problem,
}

impl Malformed {
    /// Names `field` as the one with this `problem`.
    pub(crate) const fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }
}

/// The closed list of what a decoder refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The number of bytes is not the one this field has.
    #[error(
        "{found} bytes where {expected} belong; the sender must send the whole field and nothing after it"
    )]
    Length {
        /// Bytes that came.
        found: usize,
        /// Bytes that belong there.
        expected: usize,
    },
    /// The number of bytes is not a whole number of 32-byte elements.
    #[error("{found} bytes are no whole number of 32-byte encodings; the sender must pack them without gaps")]
    Ragged {
        /// Bytes that came.
        found: usize,
    },
    /// A list without entries.
    #[error("the list is empty; at least one entry belongs there")]
    Empty,
    /// A list longer than the receiver's limit.
    #[error("{found} entries, at most {limit} are taken; the sender must use smaller batches")]
    TooMany {
        /// Entries that came.
        found: usize,
        /// Entries taken at most.
        limit: usize,
    },
    /// Not the canonical encoding of a group element.
    #[error("entry {index} is no canonical ristretto255 encoding; the sender must encode it anew")]
    NotAnElement {
        /// Position in the list, from 0.
        index: usize,
    },
    /// The identity element, with which no honest party answers.
    #[error("entry {index} is the identity element, which is never valid; the sender is broken or hostile")]
    Identity {
        /// Position in the list, from 0.
        index: usize,
    },
    /// Not the canonical encoding of a scalar.
    #[error("entry {index} is no canonical scalar; the sender must encode it anew")]
    NotAScalar {
        /// Position in the list, from 0.
        index: usize,
    },
    /// The zero scalar where a secret or a response must be.
    #[error("entry {index} is the zero scalar, which is never valid; the sender is broken or hostile")]
    Zero {
        /// Position in the list, from 0.
        index: usize,
    },
    /// The encoding's version is not one we know.
    #[error("version {found} is not known here; bring both sides to the same release")]
    Version {
        /// The version byte.
        found: u8,
    },
    /// The cipher suite is not ours.
    #[error("suite {found} is not ristretto255-SHA512; both sides must use the suite of the key record")]
    Suite {
        /// The suite byte.
        found: u8,
    },
    /// A well-formed header of another kind of message.
    #[error("a message of kind {found} where kind {expected} belongs; it was delivered to the wrong place")]
    Kind {
        /// The kind byte.
        found: u8,
        /// The kind that belongs there.
        expected: u8,
    },
    /// A small number outside its range.
    #[error("the value {found} is outside its range; compare it with the key record")]
    Range {
        /// The number.
        found: u64,
    },
    /// A value that stands twice where each may stand once.
    #[error("entry {index} repeats an earlier one; each may stand once")]
    Repeated {
        /// Position in the list, from 0.
        index: usize,
    },
    /// The public shares and the public key do not belong together.
    #[error(
        "public share {index} does not lie on the polynomial through the public key; refuse the key record"
    )]
    OffPolynomial {
        /// The holder's index, from 1.
        index: usize,
    },
    /// Text that is not the canonical form.
    #[error("the text is not in canonical form; apply the rule set's normalisation first")]
    Text,
    /// Secret state that was written for something else.
    #[error("the stored state belongs to something else; start the ceremony anew")]
    State,
}
