//! Blinding: `B_i = r_i·H(x_i)`.
//!
//! - **Comes in:** inputs and a chunk's secret seed. **Goes out:** [`BlindedElements`] to send, and the [`Blinding`]
//!   that stays and is consumed when the outputs are made.
//! - **Never sees:** shares, answers. **Trusts:** the seed to be secret and used for one chunk.
//! - **Fails:** on an empty or oversized chunk.
//!
//! Every `r_i` comes from (seed, position, input), so an unfinished chunk is rebuilt byte for byte after a crash, and a
//! seed that is used twice by mistake still never blinds two inputs with one scalar. Source: RFC 9497 section 3.3.2,
//! with `r` derived instead of drawn.

use std::ops::Range;

use curve25519_dalek::scalar::Scalar;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::input::Input;
use crate::error::{Malformed, Problem};
use crate::group::element::{self, Elements, MAX_BATCH};
use crate::group::{engine, hash, scalar};
use crate::lanes::hashes::{self, Digests, Message, Place};
use crate::lanes::{self, Points};
use crate::secret::SecretBytes;

const FIELD: &str = "chunk";
/// What the seed is asked for.
const BLIND: &[u8] = b"lianfang v1 blind";
const PADDING: &[u8] = b"lianfang v1 padding";

/// The secret from which a chunk's blinding scalars and padding follow.
pub struct ChunkSeed(SecretBytes<32>);

impl ChunkSeed {
    /// Draws a seed, hedged: the node's long-lived `secret` and the chunk's `context` go in beside fresh randomness, so
    /// neither a virtual machine restored from a snapshot nor a weak generator alone gives a seed away or repeats it.
    pub fn draw(rng: &mut (impl CryptoRng + ?Sized), secret: &[u8], context: &[u8]) -> Self {
        let mut fresh = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *fresh);
        let mut mac = keyed(&*fresh, b"lianfang v1 chunk seed");
        mac.update(&(secret.len() as u64).to_be_bytes());
        mac.update(secret);
        mac.update(context);
        let mut wide: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let mut seed = [0; 32];
        seed.copy_from_slice(&wide[..32]);
        wide.zeroize();
        Self(SecretBytes::take(&mut seed))
    }

    /// Takes a seed back from sealed storage, wiping the place it came from.
    pub fn restore(bytes: &mut [u8; 32]) -> Self {
        Self(SecretBytes::take(bytes))
    }

    /// The seed in clear, for storage that seals it at once.
    pub fn to_sealed_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.expose_secret())
    }

    /// Shows the blinding of one element to an inspector; says nothing of the others.
    pub fn reveal(&self, position: usize, input: &Input) -> RevealedBlind {
        let mut bytes = self.blind(position, input).to_bytes();
        RevealedBlind(SecretBytes::take(&mut bytes))
    }

    /// `r_i`, never zero.
    fn blind(&self, position: usize, input: &Input) -> Scalar {
        (0..=u8::MAX)
            .map(|attempt| {
                let input = input.canonical_bytes();
                let wide = self.derive(BLIND, &[Derivation { position, attempt, input }]);
                Scalar::from_bytes_mod_order_wide(&wide[0])
            })
            .find(|scalar| *scalar != Scalar::ZERO)
            .unwrap_or(Scalar::ONE)
    }

    /// `r_i` for all inputs of a chunk.
    fn blinds(&self, inputs: &[Input]) -> Zeroizing<Vec<Scalar>> {
        let texts = inputs.iter().map(Input::canonical_bytes).enumerate();
        let derivations: Vec<_> = texts.map(|(position, text)| Derivation::first(position, text)).collect();
        let wide = self.derive(BLIND, &derivations);
        let mut blinds = Zeroizing::new(Vec::with_capacity(inputs.len()));
        blinds.extend(wide.iter().map(Scalar::from_bytes_mod_order_wide));
        for (position, (blind, input)) in blinds.iter_mut().zip(inputs).enumerate() {
            if *blind == Scalar::ZERO {
                *blind = self.blind(position, input);
            }
        }
        blinds
    }

    /// Uniformly random elements that nobody knows a logarithm of: what blinded elements look like.
    fn padding(&self, positions: Range<usize>) -> Points {
        let derivations: Vec<_> = positions.map(|position| Derivation::first(position, &[])).collect();
        lanes::from_uniform_bytes(&self.derive(PADDING, &derivations))
    }

    fn derive(&self, domain: &[u8], derivations: &[Derivation<'_>]) -> Digests {
        let domain = [&[domain_len(domain)], domain].concat();
        hashes::macs(self.0.expose_secret(), &domain, derivations)
    }
}

/// What a seed is asked for, after the domain: `I2OSP(position, 8) ‖ I2OSP(attempt, 1) ‖ input`.
struct Derivation<'a> {
    position: usize,
    attempt: u8,
    input: &'a [u8],
}

impl<'a> Derivation<'a> {
    fn first(position: usize, input: &'a [u8]) -> Self {
        Self { position, attempt: 0, input }
    }
}

impl Message for Derivation<'_> {
    fn len(&self) -> usize {
        8 + 1 + self.input.len()
    }

    fn write(&self, place: &mut Place<'_>) {
        place.put(&(self.position as u64).to_be_bytes());
        place.put(&[self.attempt]);
        place.put(self.input);
    }
}

/// HMAC-SHA512 under `key`, with its domain already absorbed.
fn keyed(key: &[u8], domain: &[u8]) -> Hmac<Sha512> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(&[domain_len(domain)]);
    mac.update(domain);
    mac
}

/// `I2OSP(len, 1)` of a domain.
fn domain_len(domain: &[u8]) -> u8 {
    u8::try_from(domain.len()).expect("the domains are short")
}

/// What goes to the holders.
#[derive(Clone)]
pub struct BlindedElements(pub(crate) Elements);

impl BlindedElements {
    /// Decodes a request of at most `limit` elements.
    pub fn decode(packed: &[u8], limit: usize) -> Result<Self, Malformed> {
        Elements::decode(packed, limit, "blinded elements").map(Self)
    }

    /// The elements packed without gaps.
    pub fn packed(&self) -> &[u8] {
        &self.0.packed
    }

    /// Each element's encoding, for the leaves of a chunk's commitment.
    pub fn encodings(&self) -> &[[u8; 32]] {
        self.0.encodings()
    }

    /// The number of elements, padding included.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// What stays: the inputs and their blinding, until [`Blinding::finalise`] consumes it.
pub struct Blinding {
    pub(crate) inputs: Vec<Input>,
    pub(crate) blinds: Zeroizing<Vec<Scalar>>,
    /// `H(x_i)`, to which a bank that is a holder applies its own share.
    pub(crate) hashed: Zeroizing<Points>,
    /// SHA-512 of the packed elements: answers to another chunk are not finalised with this blinding.
    pub(crate) chunk: [u8; 64],
}

impl Blinding {
    /// The number of inputs; padding is not counted.
    pub fn count(&self) -> usize {
        self.inputs.len()
    }
}

/// Blinds `inputs` and pads the chunk with random elements to `padded_len`.
pub fn blind(
    inputs: Vec<Input>,
    seed: &ChunkSeed,
    padded_len: usize,
) -> Result<(Blinding, BlindedElements), Malformed> {
    let scalars = seed.blinds(&inputs);
    let count = inputs.len();
    if padded_len > MAX_BATCH {
        return Err(Malformed::new(FIELD, Problem::TooMany { found: padded_len, limit: MAX_BATCH }));
    }
    let (mut blinding, mut blinded) = blind_with(inputs, scalars)?;
    if padded_len > count {
        let points = seed.padding(count..padded_len);
        blinded.0.append(engine::mul_each(&points, &vec![Scalar::ONE; points.len()]));
        blinding.chunk = digest(&blinded);
    }
    Ok((blinding, blinded))
}

/// Blinds with given scalars, one per input: the RFC's `Blind` for a batch.
pub(crate) fn blind_with(
    inputs: Vec<Input>,
    blinds: Zeroizing<Vec<Scalar>>,
) -> Result<(Blinding, BlindedElements), Malformed> {
    match inputs.len() {
        0 => return Err(Malformed::new(FIELD, Problem::Empty)),
        found if found > MAX_BATCH => {
            return Err(Malformed::new(FIELD, Problem::TooMany { found, limit: MAX_BATCH }));
        }
        _ => {}
    }
    let hashed = engine::hash_to_group(inputs.iter().map(Input::canonical_bytes));
    let blinded = BlindedElements(engine::mul_each(&hashed, &blinds));
    // RFC 9497 section 3.3.1 refuses an input that hashes to the identity; nobody will ever find one.
    if let Some(index) = blinded.encodings().iter().position(|encoding| *encoding == [0; 32]) {
        return Err(Malformed::new(FIELD, Problem::Identity { index }));
    }
    Ok((Blinding { inputs, blinds, hashed, chunk: digest(&blinded) }, blinded))
}

/// What ties a chunk's answers to its blinding.
pub(crate) fn digest(blinded: &BlindedElements) -> [u8; 64] {
    Sha512::digest(blinded.packed()).into()
}

/// `r_i`, shown to an inspector who was shown the input too.
pub struct RevealedBlind(SecretBytes<32>);

impl RevealedBlind {
    /// Decodes what a bank shows.
    pub fn decode(bytes: &[u8; 32]) -> Result<Self, Malformed> {
        let mut canonical = scalar::decode_secret(bytes, "revealed blinding")?.to_bytes();
        Ok(Self(SecretBytes::take(&mut canonical)))
    }

    /// The bytes to show.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.expose_secret())
    }

    /// Whether `element` is the blinding of `input`: `B = r·H(x)`.
    pub fn opens(&self, input: &Input, element: &[u8; 32]) -> bool {
        let Ok(blind) = scalar::decode_secret(self.0.expose_secret(), "revealed blinding") else {
            return false;
        };
        element::encode(&(hash::to_group(input.canonical_bytes()) * *blind)) == *element
    }
}
