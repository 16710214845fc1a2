//! The signed request for the evaluation of a chunk, and the holder's signed answer.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::Fields;
use super::ceremony::{read_key, write_key};
use crate::ids::{BankId, KeyId};

/// What the digest of blinded elements is taken over besides the elements themselves: bank, class, epoch. A refresh of
/// shares changes nothing here, so that a chunk that is sent again under a new generation is charged once.
pub fn blinded_context(bank: &BankId, key: KeyId) -> Vec<u8> {
    let mut to = Encoder::new("lianfang/blinded-elements", 1);
    to.text(bank.as_str()).u8(key.class.number()).u32(key.epoch.0);
    to.finish()
}

/// What the digest of evaluated elements is taken over besides them: holder, class, epoch, generation.
pub fn evaluated_context(holder: &BankId, key: KeyId) -> Vec<u8> {
    let mut to = Encoder::new("lianfang/evaluated-elements", 1);
    to.text(holder.as_str());
    write_key(&mut to, key);
    to.finish()
}

/// A node asks a holder to evaluate one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationRequest {
    /// `D` of the job it is for.
    pub terms_digest: Digest,
    /// Who asks.
    pub bank: BankId,
    /// Which key, under which generation of shares.
    pub key: KeyId,
    /// The chunk's number within the job.
    pub chunk: u64,
    /// Elements in it, the filling included.
    pub elements: u32,
    /// The digest of the blinded elements, over bank, class, epoch and all of them.
    pub elements_digest: Digest,
    /// The Merkle root of the chunk's commitments.
    pub commitment_root: [u8; 32],
}

impl Canonical for EvaluationRequest {
    const DOMAIN: &'static str = "lianfang/evaluation-request";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.terms_digest.as_bytes()).text(self.bank.as_str());
        write_key(to, self.key);
        to.u64(self.chunk)
            .u32(self.elements)
            .fixed(self.elements_digest.as_bytes())
            .fixed(&self.commitment_root);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            terms_digest: from.digest("terms_digest")?,
            bank: from.bank("bank")?,
            key: read_key(from)?,
            chunk: from.u64("chunk")?,
            elements: from.u32("elements")?,
            elements_digest: from.digest("elements_digest")?,
            commitment_root: from.fixed("commitment_root")?,
        })
    }
}

/// A holder answers for its evaluated elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationAnswer {
    /// The digest of the request that it answers.
    pub request_digest: Digest,
    /// Who answers.
    pub holder: BankId,
    /// Under which key and generation.
    pub key: KeyId,
    /// The digest of all evaluated elements.
    pub evaluated_digest: Digest,
    /// The holder's global charge number after this request: it never goes back.
    pub charge_number: u64,
}

impl Canonical for EvaluationAnswer {
    const DOMAIN: &'static str = "lianfang/evaluation-answer";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.request_digest.as_bytes()).text(self.holder.as_str());
        write_key(to, self.key);
        to.fixed(self.evaluated_digest.as_bytes()).u64(self.charge_number);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            request_digest: from.digest("request_digest")?,
            holder: from.bank("holder")?,
            key: read_key(from)?,
            evaluated_digest: from.digest("evaluated_digest")?,
            charge_number: from.u64("charge_number")?,
        })
    }
}
