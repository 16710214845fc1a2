//! The writing half of the canonical encoding.

use zeroize::Zeroize;

use super::Canonical;

/// Writes fields one after the other. Total: no value is refused.
///
/// The buffer is wiped on drop unless it is taken with [`finish`](Encoder::finish), so secret values may be encoded.
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Begins a value of the type named by `domain`, in the layout numbered `version`.
    pub fn new(domain: &'static str, version: u8) -> Self {
        let mut encoder = Self { bytes: Vec::with_capacity(256) };
        encoder.text(domain).u8(version);
        encoder
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.fixed(&[value])
    }

    /// Two bytes, big endian.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Four bytes, big endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Eight bytes, big endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Eight bytes, big endian, two's complement; for times in microseconds.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// Bytes whose number is fixed by the type.
    pub fn fixed<const N: usize>(&mut self, value: &[u8; N]) -> &mut Self {
        self.extend(value);
        self
    }

    /// Bytes of any number, behind their length.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.u64(value.len() as u64).extend(value);
        self
    }

    /// Text, as its UTF-8 bytes behind their length. Not normalised: what was written is what is signed.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    /// A value that may be absent.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    /// Items behind their number. For a set, pass them sorted and read them with
    /// [`strictly_ascending`](super::strictly_ascending).
    pub fn list<I>(&mut self, items: I, mut write: impl FnMut(&mut Self, I::Item)) -> &mut Self
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
    {
        let items = items.into_iter();
        self.u64(items.len() as u64);
        for item in items {
            write(self, item);
        }
        self
    }

    /// A whole value with its own domain and version, behind its length.
    pub fn nested<T: Canonical>(&mut self, value: &T) -> &mut Self {
        self.bytes(&value.encode())
    }

    /// The encoding.
    pub fn finish(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Appends, and wipes the old buffer if the bytes have to move.
    fn extend(&mut self, more: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < more.len() {
            let mut larger = Vec::with_capacity((self.bytes.len() + more.len()) * 2);
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}
