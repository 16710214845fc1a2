//! The port through which the pipeline reaches the key holders.

use async_trait::async_trait;
use bytes::Bytes;
use lianfang_proto::Fault;
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest};
use lianfang_proto::documents::key_record::Holder;
use lianfang_proto::ids::KeyId;
use lianfang_trust::Signed;

/// A holder's answer to a chunk: signed, and the elements that the signature is over.
pub struct Answered {
    /// The answer, opened with the holder's key from the key record.
    pub answer: Signed<EvaluationAnswer>,
    /// Its evaluated elements, packed, not yet decoded.
    pub elements: Bytes,
}

/// A holder's answer to an RFC 9497 call: nothing of it has been judged yet.
pub struct Proven {
    /// Evaluated elements, packed.
    pub elements: Bytes,
    /// `c ‖ s`.
    pub proof: Bytes,
}

/// Calls to other holders. The network is behind it, or a test's own holders, honest or not.
#[async_trait]
pub trait Holders: Send + Sync {
    /// The bulk call. The implementation opens the answer's signature; the caller judges what it says.
    async fn evaluate(
        &self,
        holder: &Holder,
        request: &Signed<EvaluationRequest>,
        blinded: Bytes,
    ) -> Result<Answered, Fault>;

    /// The RFC's call, by which a check element is evaluated.
    async fn blind_evaluate(&self, holder: &Holder, key: KeyId, blinded: Bytes) -> Result<Proven, Fault>;
}
