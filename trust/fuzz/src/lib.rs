//! What every fuzz target does with its bytes. The crate's own tests run the same functions over the seeds and their
//! mutations, so the targets are checked where no fuzzer is at hand.

use std::convert::Infallible;

use lianfang_trust::at_rest::{self, ColumnCipher, KeyRing, MasterKey, UnlockSecret};
use lianfang_trust::audit::{self, Entry, Head};
use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::envelope::SealingKey;
use lianfang_trust::merkle::pruned::{ItemReader, PrunedVerifier};
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, Signed, SigningKey};

/// A name, and what is done with the fuzzer's bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("canonical", canonical),
    ("signed", signed),
    ("envelope", envelope),
    ("key_ring", key_ring),
    ("sealed_file", sealed_file),
    ("column", column),
    ("pruned", pruned),
    ("audit", audit),
];

/// A "generator" that counts, for golden bytes.
pub struct Counting(pub u8);

impl rand_core::TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

/// A value with a field of every kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Numbers of every width.
    pub numbers: (u8, u16, u32, u64, i64),
    /// A truth value.
    pub flag: bool,
    /// Bytes of a fixed number.
    pub fixed: [u8; 4],
    /// Bytes of any number.
    pub bytes: Vec<u8>,
    /// Text.
    pub text: String,
    /// A value that may be absent.
    pub option: Option<u16>,
    /// A set, sorted.
    pub set: Vec<u32>,
    /// Values of its own kind.
    pub inner: Vec<Sample>,
}

impl Canonical for Sample {
    const DOMAIN: &'static str = "lianfang/sample";
    const VERSION: u8 = 3;
    const MAX_BYTES: usize = 4096;

    fn write(&self, to: &mut Encoder) {
        let numbers = self.numbers;
        to.u8(numbers.0)
            .u16(numbers.1)
            .u32(numbers.2)
            .u64(numbers.3)
            .i64(numbers.4)
            .bool(self.flag)
            .fixed(&self.fixed)
            .bytes(&self.bytes)
            .text(&self.text);
        to.option(self.option, |to, value| {
            to.u16(value);
        });
        to.list(&self.set, |to, value| {
            to.u32(*value);
        });
        to.list(&self.inner, |to, value| {
            to.nested(value);
        });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let numbers = (from.u8("a")?, from.u16("b")?, from.u32("c")?, from.u64("d")?, from.i64("e")?);
        let flag = from.bool("flag")?;
        let fixed = from.fixed("fixed")?;
        let bytes = from.bytes("bytes", 64)?.to_vec();
        let text = from.text("text", 64)?.to_owned();
        let option = from.option("option", |from| from.u16("option"))?;
        let set = from.list("set", 16, |from| from.u32("set"))?;
        strictly_ascending("set", &set)?;
        let inner = from.list("inner", 4, |from| from.nested("inner"))?;
        Ok(Self { numbers, flag, fixed, bytes, text, option, set, inner })
    }
}

/// The key whose signatures the signed seeds carry.
pub fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The key that the sealed seeds were made for.
pub fn receiver() -> SealingKey {
    SealingKey::from_seed(&[8; 32])
}

/// The master key under which the seeds at rest were sealed.
pub fn master() -> MasterKey {
    MasterKey::ephemeral(&mut Counting(0))
}

/// What is decoded has one encoding.
pub fn canonical(data: &[u8]) {
    if let Ok(sample) = Sample::decode(data) {
        assert_eq!(sample.encode(), data);
    }
}

/// What opens is the value that was signed: nobody else has the key, so it can be the seed's bytes alone.
pub fn signed(data: &[u8]) {
    let key = signer().verifying_key();
    let _ = Signed::<Sample>::claimed_signer(data);
    if let Ok(opened) = Signed::<Sample>::open(data, &key) {
        assert_eq!(Signed::sign(&signer(), opened.value().clone()).bytes(), data);
    }
}

/// An envelope opens or does not.
pub fn envelope(data: &[u8]) {
    let _ = receiver().open(b"info", b"aad", data);
}

/// A key ring that is read can be written, and is asked to open where that costs nothing.
pub fn key_ring(data: &[u8]) {
    let Ok(ring) = KeyRing::decode(data) else { return };
    assert_eq!(ring.encode(), data);
    if let Ok(secret) = UnlockSecret::key_file(&[9; 32]) {
        let _ = ring.unlock(&secret);
    }
}

/// A sealed file opens or does not.
pub fn sealed_file(data: &[u8]) {
    let _ = at_rest::open_file(&master(), "sample", data);
}

/// A sealed value opens or does not.
pub fn column(data: &[u8]) {
    let _ = ColumnCipher::new(&master(), "table", "column").open(-5, data);
}

/// The first byte is the height of the tree, the rest its items; a refusal is final.
pub fn pruned(data: &[u8]) {
    let Some((height, items)) = data.split_first() else { return };
    let Ok(mut verifier) = PrunedVerifier::new(*height) else { return };
    for item in ItemReader::new(items, 64) {
        let Ok(item) = item else { return };
        let before = verifier.covered();
        match verifier.push(item) {
            Ok(place) => assert!(place.is_none_or(|place| place == before)),
            Err(refused) => {
                assert_eq!(verifier.push(item), Err(refused));
                break;
            }
        }
        assert!(verifier.covered() > before && verifier.covered() <= 1 << height);
    }
    let _ = verifier.finish(&[0; 32]);
}

/// Entries, each behind its length, continue an empty log or do not; what is refused leaves the head as it was.
pub fn audit(data: &[u8]) {
    let mut entries = Vec::new();
    let mut rest = data;
    while let Some((length, after)) = rest.split_first_chunk() {
        let Some((entry, after)) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))) else {
            return;
        };
        let Ok(entry) = Entry::decode(entry) else { return };
        entries.push(entry);
        rest = after;
    }
    if let Ok(head) = audit::verify(Head::genesis("sample"), &entries, &[]) {
        assert_eq!(head.entries(), entries.len() as u64);
        assert_eq!(Head::decode(&head.encode()), Ok(head));
    }
}
