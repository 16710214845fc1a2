//! The key ring: the master key, wrapped under what the operator knows or has.
//!
//! ```text
//! canonical("lianfang/key-ring", 1)
//!   ‖ u8 method (1 passphrase, 2 key file) ‖ fixed16 salt ‖ u32 memory_kib ‖ u32 passes ‖ u32 lanes    ← AAD ends here
//!   ‖ fixed24 nonce ‖ fixed48 wrapped master key
//! ```
//!
//! Method, salt and cost are authenticated, so a changed parameter reads as a wrong secret and never as a weaker key.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::master::{NONCE, TAG, cipher, fresh_nonce, open, seal_onto};
use super::{AtRestError, Cost, MasterKey, UnlockMethod, UnlockSecret};
use crate::canonical::{Canonical, DecodeError, Decoder, Encoder};

/// The stored form of the master key. Holds nothing secret by itself.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    method: UnlockMethod,
    salt: [u8; 16],
    cost: Cost,
    nonce: [u8; NONCE],
    wrapped: [u8; 32 + TAG],
}

impl KeyRing {
    /// A new random master key, and the ring that keeps it.
    pub fn create<R: CryptoRng + ?Sized>(
        secret: &UnlockSecret,
        cost: Cost,
        rng: &mut R,
    ) -> Result<(Self, MasterKey), AtRestError> {
        let master = MasterKey::ephemeral(rng);
        let wrapped = Self::wrap(&master, secret, cost, rng)?;
        Ok((wrapped, master))
    }

    /// The same master key under another secret or cost. What is sealed stays as it is; the old ring must be
    /// overwritten, for it still opens with the old secret.
    pub fn wrap<R: CryptoRng + ?Sized>(
        master: &MasterKey,
        secret: &UnlockSecret,
        cost: Cost,
        rng: &mut R,
    ) -> Result<Self, AtRestError> {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let nonce = fresh_nonce(rng);
        let mut this = Self { method: secret.method(), salt, cost, nonce, wrapped: [0; 32 + TAG] };
        let key = secret.wrapping_key(&salt, cost)?;
        let mut wrapped = Vec::with_capacity(32 + TAG);
        seal_onto(&cipher(&key), &nonce, &this.aad(), master.as_bytes(), &mut wrapped);
        this.wrapped.copy_from_slice(&wrapped);
        Ok(this)
    }

    /// The master key. Takes as long as the stored cost says.
    pub fn unlock(&self, secret: &UnlockSecret) -> Result<MasterKey, AtRestError> {
        if secret.method() != self.method {
            return Err(AtRestError::OtherMethod { stored: self.method, given: secret.method() });
        }
        let key = secret.wrapping_key(&self.salt, self.cost)?;
        let opened = open(&cipher(&key), &self.nonce, &self.aad(), &self.wrapped)
            .map_err(|_| AtRestError::WrongSecret)?;
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(opened.get(..32).ok_or(AtRestError::WrongSecret)?);
        Ok(MasterKey::from_bytes(*bytes))
    }

    /// Which kind of secret opens it, so that the right one can be asked for.
    pub fn method(&self) -> UnlockMethod {
        self.method
    }

    fn aad(&self) -> Vec<u8> {
        let mut to = Encoder::new(Self::DOMAIN, Self::VERSION);
        self.write_parameters(&mut to);
        to.finish()
    }

    fn write_parameters(&self, to: &mut Encoder) {
        to.u8(match self.method {
            UnlockMethod::Passphrase => 1,
            UnlockMethod::KeyFile => 2,
        });
        to.fixed(&self.salt).u32(self.cost.memory_kib).u32(self.cost.passes).u32(self.cost.lanes);
    }
}

impl Canonical for KeyRing {
    const DOMAIN: &'static str = "lianfang/key-ring";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        self.write_parameters(to);
        to.fixed(&self.nonce).fixed(&self.wrapped);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let method = match from.u8("method")? {
            1 => UnlockMethod::Passphrase,
            2 => UnlockMethod::KeyFile,
            _ => {
                return Err(DecodeError::Value {
                    field: "method",
                    why: "must be 1 (passphrase) or 2 (key file)",
                });
            }
        };
        let salt = from.fixed("salt")?;
        let cost = Cost::new(from.u32("memory_kib")?, from.u32("passes")?, from.u32("lanes")?)
            .map_err(|_| DecodeError::Value { field: "cost", why: "is outside the accepted range" })?;
        Ok(Self { method, salt, cost, nonce: from.fixed("nonce")?, wrapped: from.fixed("wrapped key")? })
    }
}
