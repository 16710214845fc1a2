//! The reading half: refuses every byte string that the encoder would not have written.

use super::Canonical;

/// Why bytes are not the canonical encoding of the value that was expected.
///
/// The text names fields and limits, never what stood in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are of another type. Ask the sender for the message that is due here.
    #[error("these bytes are not a `{expected}`; send the message that is due here")]
    Domain {
        /// The domain that was expected.
        expected: &'static str,
    },
    /// The type is right and its layout is not. One of the two sides needs an update.
    #[error("`{domain}` has layout {got}, this program reads {expected}; update the older side")]
    Version {
        /// The type.
        domain: &'static str,
        /// The layout this program reads.
        expected: u8,
        /// The layout that was found.
        got: u8,
    },
    /// The bytes end within this field.
    #[error("the message ends within `{field}`; it was cut on its way, fetch it again")]
    Truncated {
        /// The field.
        field: &'static str,
    },
    /// The field is longer than its limit.
    #[error("`{field}` is longer than its limit of {limit}")]
    TooLong {
        /// The field, or the domain if the whole value is too long.
        field: &'static str,
        /// Bytes, or items of a list.
        limit: usize,
    },
    /// There are bytes after the last field.
    #[error("{extra} bytes follow the end of the message; send it without them")]
    Trailing {
        /// How many.
        extra: usize,
    },
    /// The field has a second spelling for the same value, and this is it.
    #[error("`{field}` is not in canonical form; encode it with this program's own encoder")]
    NotCanonical {
        /// The field, or the domain if the whole value is meant.
        field: &'static str,
    },
    /// The field is not UTF-8.
    #[error("`{field}` is not UTF-8 text")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// The field is well formed and its value is not allowed.
    #[error("`{field}` {why}")]
    Value {
        /// The field.
        field: &'static str,
        /// The rest of the sentence: what is allowed.
        why: &'static str,
    },
}

/// Reads fields in the order in which they were written. Allocates no more than the input is long.
pub struct Decoder<'a> {
    rest: &'a [u8],
}

/// The longest domain that is compared.
const MAX_DOMAIN: usize = 255;

impl<'a> Decoder<'a> {
    /// Begins to read a value of the type named by `domain` in layout `version`.
    pub fn new(domain: &'static str, version: u8, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut decoder = Self { rest: bytes };
        match decoder.bytes("domain", MAX_DOMAIN) {
            Ok(found) if found == domain.as_bytes() => {}
            _ => return Err(DecodeError::Domain { expected: domain }),
        }
        match decoder.u8("version")? {
            got if got == version => Ok(decoder),
            got => Err(DecodeError::Version { domain, expected: version, got }),
        }
    }

    /// One byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.fixed(field).map(u8::from_be_bytes)
    }

    /// Two bytes, big endian.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.fixed(field).map(u16::from_be_bytes)
    }

    /// Four bytes, big endian.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.fixed(field).map(u32::from_be_bytes)
    }

    /// Eight bytes, big endian.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.fixed(field).map(u64::from_be_bytes)
    }

    /// Eight bytes, big endian, two's complement.
    pub fn i64(&mut self, field: &'static str) -> Result<i64, DecodeError> {
        self.fixed(field).map(i64::from_be_bytes)
    }

    /// One byte, 0 or 1 and nothing else.
    pub fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::NotCanonical { field }),
        }
    }

    /// Bytes whose number is fixed by the type.
    pub fn fixed<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let (value, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated { field })?;
        self.rest = rest;
        Ok(*value)
    }

    /// At most `limit` bytes, behind their length.
    pub fn bytes(&mut self, field: &'static str, limit: usize) -> Result<&'a [u8], DecodeError> {
        let length = self.count(field, limit)?;
        let (value, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated { field })?;
        self.rest = rest;
        Ok(value)
    }

    /// Text of at most `limit` bytes.
    pub fn text(&mut self, field: &'static str, limit: usize) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes(field, limit)?).map_err(|_| DecodeError::NotText { field })
    }

    /// A value that may be absent.
    pub fn option<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.bool(field)? { read(self).map(Some) } else { Ok(None) }
    }

    /// At most `limit` items, each of at least one byte.
    pub fn list<T>(
        &mut self,
        field: &'static str,
        limit: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(field, limit)?;
        if count > self.rest.len() {
            return Err(DecodeError::Truncated { field });
        }
        // An item in memory may be far larger than its one byte on the wire, so the vector grows as items arrive.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// A whole value with its own domain and version.
    pub fn nested<T: Canonical>(&mut self, field: &'static str) -> Result<T, DecodeError> {
        T::decode(self.bytes(field, T::MAX_BYTES)?)
    }

    /// Whether nothing is left: a list at the end of a layout may be left out where it is empty, and is then absent.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The last field has been read: nothing may follow.
    pub fn end(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            extra => Err(DecodeError::Trailing { extra }),
        }
    }

    fn count(&mut self, field: &'static str, limit: usize) -> Result<usize, DecodeError> {
        match usize::try_from(self.u64(field)?) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(DecodeError::TooLong { field, limit }),
        }
    }
}

/// A list that stands for a set has its items in strictly ascending order: no second spelling, no repetition.
pub fn strictly_ascending<T: Ord>(field: &'static str, items: &[T]) -> Result<(), DecodeError> {
    if items.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(())
    } else {
        Err(DecodeError::Value { field, why: "must be sorted and free of repetitions" })
    }
}
