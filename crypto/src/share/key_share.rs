//! A holder's secret share of a federation key, and the opaque form of it that a bank combines with.
//!
//! - **Comes in:** what a ceremony produced, or its sealed bytes. **Goes out:** evaluations (see
//!   [`crate::oprf::evaluate`]), its own sealed bytes, an [`OwnShare`].
//! - **Never sees:** another share, the key, an identifier.
//! - **Trusts:** the vault that sealed the bytes; still checks that the share fits the key set it is used under.
//! - **Fails:** with a [`Malformed`] naming the field.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::commitment::PublicKeySet;
use super::index::HolderIndex;
use super::threshold::Threshold;
use crate::encoding::{Kind, Reader, header};
use crate::error::{Malformed, Problem};
use crate::group::{element, scalar};

const FIELD: &str = "key share";

/// Bytes of a share in sealed storage: header, `T`, `M`, `j`, `Y`, `k_j`.
pub const KEY_SHARE_LEN: usize = 3 + 3 + 32 + 32;

/// `k_j`, wiped when dropped. There is no `Clone` and no `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct KeyShare {
    secret: Scalar,
    #[zeroize(skip)]
    public: RistrettoPoint,
    #[zeroize(skip)]
    key: RistrettoPoint,
    #[zeroize(skip)]
    holder: HolderIndex,
    #[zeroize(skip)]
    threshold: Threshold,
}

impl KeyShare {
    /// The share `secret` of `holder` under the federation key `key`.
    pub(crate) fn new(
        threshold: Threshold,
        holder: HolderIndex,
        key: RistrettoPoint,
        secret: &Zeroizing<Scalar>,
    ) -> Self {
        let public = RistrettoPoint::mul_base(secret);
        Self { secret: **secret, public, key, holder, threshold }
    }

    /// Reads what [`Self::to_sealed_bytes`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(bytes, Kind::KeyShare, FIELD)?;
        let threshold = Threshold::new(reader.byte()?, reader.byte()?)?;
        let holder = reader.holder()?;
        if !threshold.contains(holder) {
            return Err(reader.refuse(Problem::Range { found: holder.get().into() }));
        }
        let key = element::decode(&reader.array()?, 0, FIELD)?;
        let secret = Zeroizing::new(reader.array()?);
        let secret = scalar::decode_secret(&secret, FIELD)?;
        reader.finish()?;
        Ok(Self::new(threshold, holder, key, &secret))
    }

    /// The share in clear, for a vault that seals it at once.
    pub fn to_sealed_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_SHARE_LEN));
        bytes.extend(header(Kind::KeyShare));
        bytes.extend([self.threshold.needed(), self.threshold.holders(), self.holder.get()]);
        bytes.extend(element::encode(&self.key));
        bytes.extend_from_slice(self.secret.as_bytes());
        bytes
    }

    /// The holder's index `j`.
    pub fn holder(&self) -> HolderIndex {
        self.holder
    }

    /// `T` of `M`.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// `Y_j`, encoded.
    pub fn public(&self) -> [u8; 32] {
        element::encode(&self.public)
    }

    /// Whether `k_j·B` is the `Y_j` of this key set, and `Y` its key.
    pub fn belongs_to(&self, keys: &PublicKeySet) -> bool {
        self.threshold == keys.threshold()
            && self.key == *keys.key_point()
            && keys.share_point(self.holder) == Some(&self.public)
    }

    /// The share as a bank that is itself a holder may use it: to combine, and in no other way.
    pub fn own_share(&self) -> OwnShare {
        OwnShare { secret: self.secret, public: self.public, holder: self.holder }
    }

    pub(crate) fn secret(&self) -> &Scalar {
        &self.secret
    }

    pub(crate) fn public_point(&self) -> &RistrettoPoint {
        &self.public
    }
}

/// A bank's own share on the evaluating side: no reading, no printing, no cloning. It is accepted by
/// [`crate::oprf::blind::Blinding::finalise`] and by nothing else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct OwnShare {
    secret: Scalar,
    #[zeroize(skip)]
    public: RistrettoPoint,
    #[zeroize(skip)]
    holder: HolderIndex,
}

impl OwnShare {
    /// The index it was dealt for.
    pub fn holder(&self) -> HolderIndex {
        self.holder
    }

    pub(crate) fn secret(&self) -> &Scalar {
        &self.secret
    }

    pub(crate) fn public_point(&self) -> &RistrettoPoint {
        &self.public
    }
}
