//! The canonical encoding: one value, one byte string.
//!
//! * Comes in: the fields of a value, in the order its type fixes. Goes out: bytes to be signed, hashed or stored.
//! * Never sees: keys. Trusts: nobody; a decoder refuses everything an encoder would not have written.
//! * Fails with a [`DecodeError`] that names the field.
//!
//! Protocol buffers allow many encodings of one message (field order, unknown fields, default values), so nothing
//! that is signed or hashed is ever a protocol buffer. The layout is the plainest that is injective:
//!
//! ```text
//! value   = text(domain) ‖ u8(version) ‖ field …         field order and types are fixed by (domain, version)
//! u8 … u64, i64  big endian          bool   one byte, 0 or 1
//! fixed   its bytes                  bytes  u64 length ‖ bytes          text  bytes, UTF-8
//! option  0 | 1 ‖ value              list   u64 count ‖ item …
//! ```
//!
//! Lengths are 64 bits wide so that encoding is total: there is no value that it has to refuse.

mod decode;
mod encode;

pub use decode::{DecodeError, Decoder, strictly_ascending};
pub use encode::Encoder;

use crate::digest::Digest;

/// A value with exactly one encoding.
///
/// An implementation lists its fields twice, in [`write`](Canonical::write) and [`read`](Canonical::read); the
/// header, the strict end and the proof that the bytes were canonical are done here and cannot be forgotten.
pub trait Canonical: Sized {
    /// Names the type for ever, for example `lianfang/terms`. No two types share one.
    const DOMAIN: &'static str;
    /// Raised whenever the list of fields changes.
    const VERSION: u8 = 1;
    /// The longest encoding that [`decode`](Canonical::decode) looks at.
    const MAX_BYTES: usize = 1 << 20;

    /// Writes the fields in their fixed order.
    fn write(&self, to: &mut Encoder);

    /// Reads the fields in the same order and checks their values.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// The one encoding of this value.
    fn encode(&self) -> Vec<u8> {
        let mut to = Encoder::new(Self::DOMAIN, Self::VERSION);
        self.write(&mut to);
        to.finish()
    }

    /// The value that these bytes are the one encoding of.
    ///
    /// The value is encoded again and compared: a `read` that is more tolerant than its `write` (an unsorted set,
    /// a number with two spellings) still lets nothing through that has a second encoding.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(DecodeError::TooLong { field: Self::DOMAIN, limit: Self::MAX_BYTES });
        }
        let mut from = Decoder::new(Self::DOMAIN, Self::VERSION, bytes)?;
        let value = Self::read(&mut from)?;
        from.end()?;
        if value.encode() == bytes {
            Ok(value)
        } else {
            Err(DecodeError::NotCanonical { field: Self::DOMAIN })
        }
    }

    /// The digest of the encoding, under the type's own domain.
    fn digest(&self) -> Digest {
        Digest::of(Self::DOMAIN, &self.encode())
    }
}
