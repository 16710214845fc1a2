//! What a ceremony is about, and the one secret each holder keeps while it runs.
//!
//! - **Comes in:** the numbers that all holders were told. **Goes out:** a digest that every message carries.
//! - **Never sees:** shares. **Trusts:** nobody: a message under another digest is refused.
//! - **Fails:** never.

use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::secret::SecretBytes;
use crate::share::threshold::Threshold;

/// Which of the three ceremonies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CeremonyKind {
    /// A new key.
    Generate = 1,
    /// New shares of the same key.
    Refresh = 2,
    /// A lost share rebuilt.
    Repair = 3,
}

/// Everything that all messages of one ceremony have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CeremonyContext {
    /// Which ceremony.
    pub kind: CeremonyKind,
    /// A fresh random id for every attempt.
    pub id: [u8; 16],
    /// The quota class's number.
    pub class: u16,
    /// The key's epoch.
    pub epoch: u32,
    /// The generation of shares that this ceremony makes (or, for a repair, the current one).
    pub generation: u32,
    /// `T` of `M`.
    pub threshold: Threshold,
}

impl CeremonyContext {
    /// The digest that binds messages to this ceremony.
    pub fn digest(&self) -> [u8; 64] {
        let mut hash = Sha512::new();
        hash.update(b"lianfang v1 ceremony");
        hash.update([self.kind as u8]);
        hash.update(self.id);
        hash.update(self.class.to_be_bytes());
        hash.update(self.epoch.to_be_bytes());
        hash.update(self.generation.to_be_bytes());
        hash.update([self.threshold.needed(), self.threshold.holders()]);
        hash.finalize().into()
    }
}

/// The secret from which one holder's part of one ceremony follows. Erase it when the ceremony has ended.
pub struct CeremonySeed(SecretBytes<32>);

impl CeremonySeed {
    /// Draws a seed; it is stored sealed before the first message leaves.
    pub fn draw(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(SecretBytes::take(&mut bytes))
    }

    /// Takes a seed back from sealed storage, wiping the place it came from.
    pub fn restore(bytes: &mut [u8; 32]) -> Self {
        Self(SecretBytes::take(bytes))
    }

    /// The seed in clear, for storage that seals it at once.
    pub fn to_sealed_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.expose_secret())
    }

    pub(super) fn secret(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}
