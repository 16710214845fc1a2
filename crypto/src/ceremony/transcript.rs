//! Echo broadcast: nobody goes on before all holders have seen the same commitments.
//!
//! - **Comes in:** every holder's commitment, our own among them; then every holder's signed digest of what it saw.
//! - **Goes out:** [`Agreed`], the only thing from which shares are dealt.
//! - **Never sees:** secrets. **Trusts:** the caller to have verified each signature.
//! - **Fails:** naming who is missing, who answers another ceremony, who saw something else.
//!
//! FROST's first round demands a broadcast channel. A relay, or a dealer that shows two faces, breaks it; comparing
//! digests restores it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha512};

use super::CeremonyError;
use super::context::{CeremonyContext, CeremonyKind};
use super::message::CommitmentMessage;
use crate::share::threshold::HolderIndex;

/// All commitments of one ceremony.
#[derive(Clone)]
pub struct Transcript {
    context: CeremonyContext,
    messages: BTreeMap<HolderIndex, CommitmentMessage>,
    digest: [u8; 64],
}

impl Transcript {
    /// Reads the commitments of all `M` holders.
    pub fn collect(
        context: &CeremonyContext,
        messages: &BTreeMap<HolderIndex, Vec<u8>>,
    ) -> Result<Self, CeremonyError> {
        complete(context.threshold.indices(), messages)?;
        let binding = context.digest();
        let mut hash = Sha512::new();
        hash.update(b"lianfang v1 transcript");
        hash.update(binding);
        let mut decoded = BTreeMap::new();
        for (holder, bytes) in messages {
            let holder = *holder;
            let message = CommitmentMessage::decode(bytes, context.kind)
                .map_err(|malformed| CeremonyError::Malformed { holder, malformed })?;
            if message.binding != binding || message.coefficients.len() != coefficients(context) {
                return Err(CeremonyError::OtherCeremony { holder });
            }
            if message.sender != holder {
                return Err(CeremonyError::Misaddressed { holder });
            }
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
            decoded.insert(holder, message);
        }
        Ok(Self { context: *context, messages: decoded, digest: hash.finalize().into() })
    }

    /// What each holder signs and sends to all others.
    pub fn digest(&self) -> [u8; 64] {
        self.digest
    }

    /// Compares with the digests of all `M` holders, our own among them.
    pub fn agree(self, digests: &BTreeMap<HolderIndex, [u8; 64]>) -> Result<Agreed, CeremonyError> {
        complete(self.context.threshold.indices(), digests)?;
        let other = digests.iter().filter(|(_, digest)| **digest != self.digest).map(|(holder, _)| *holder);
        let holders: Vec<HolderIndex> = other.collect();
        if !holders.is_empty() {
            return Err(CeremonyError::Disagreement { holders });
        }
        Ok(Agreed(self))
    }
}

/// How many coefficients a dealer commits to: a refresh's constant term is zero and is not sent.
fn coefficients(context: &CeremonyContext) -> usize {
    let needed = usize::from(context.threshold.needed());
    match context.kind {
        CeremonyKind::Generate => needed,
        CeremonyKind::Refresh | CeremonyKind::Repair => needed - 1,
    }
}

/// The transcript that all holders have confirmed.
#[derive(Clone)]
pub struct Agreed(Transcript);

impl Agreed {
    /// The ceremony.
    pub fn context(&self) -> &CeremonyContext {
        &self.0.context
    }

    /// The confirmed digest; dealt packages are bound to it.
    pub fn digest(&self) -> [u8; 64] {
        self.0.digest
    }

    pub(super) fn messages(&self) -> &BTreeMap<HolderIndex, CommitmentMessage> {
        &self.0.messages
    }
}

/// Exactly the `expected` holders stand in `found`.
pub(super) fn complete<V>(
    expected: impl Iterator<Item = HolderIndex>,
    found: &BTreeMap<HolderIndex, V>,
) -> Result<(), CeremonyError> {
    let expected: Vec<HolderIndex> = expected.collect();
    let holders: Vec<_> = found.keys().filter(|holder| !expected.contains(holder)).copied().collect();
    if !holders.is_empty() {
        return Err(CeremonyError::Unexpected { holders });
    }
    let holders: Vec<_> = expected.into_iter().filter(|holder| !found.contains_key(holder)).collect();
    if holders.is_empty() { Ok(()) } else { Err(CeremonyError::Missing { holders }) }
}
