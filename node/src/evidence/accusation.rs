//! That a holder answered wrongly: its signed answer, the request that it answers, and why the answer is wrong.
//!
//! Comes in: a row of this node's accusations; or a file and papers. Goes out: a file; or the holder that lied. Trusts:
//! the holder's own signature, and arithmetic. Fails with the [`Flaw`] that makes the accusation unfounded: an honest
//! holder cannot be named, whatever the accuser puts into the file.
//!
//! The answer's signature covers the request's digest and the evaluated elements' digest; the request's value covers the
//! blinded elements' digest. So both ends of the multiplication are the holder's own word.

use futures::TryStreamExt as _;
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::accusation::{Accusation, Unfounded};
use lianfang_proto::documents::evaluation::{
    EvaluationAnswer, EvaluationRequest, blinded_context, evaluated_context,
};
use lianfang_proto::ids::BankId;
use lianfang_proto::limits;
use lianfang_trust::{Canonical as _, Digest, Signed, SigningKey};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::Flaw;
use super::form::{self, Form, Packed};
use super::papers::Papers;
use crate::job::committed::committed;
use crate::key_holder::records::public_keys;
use crate::ports::Micros;
use crate::store::{Store, StoreError};

/// The file.
#[derive(Serialize, Deserialize)]
pub struct AccusationFile {
    /// Who accuses.
    #[serde(with = "form::bank")]
    pub accuser: BankId,
    /// Who is accused.
    #[serde(with = "form::bank")]
    pub holder: BankId,
    /// Elements, answers, and what shows that they do not belong together.
    pub accusation: Packed,
    /// The request that was answered, signed by the accuser.
    pub request: Packed,
    /// The answer, signed by the holder.
    pub answer: Packed,
}

impl Form for AccusationFile {
    const NAME: &'static str = "lianfang/accusation";
}

/// An accusation in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// Who is accused.
    pub holder: String,
    /// When.
    pub made_at: Micros,
    /// The evidence's digest, as it stands in the audit log.
    pub digest: Digest,
}

/// All accusations that this node has made.
pub async fn list(store: &Store) -> Result<Vec<Listed>, StoreError> {
    let rows = sqlx::query("SELECT id, holder, made_at, evidence FROM accusation ORDER BY id");
    let rows = rows.fetch_all(store.readers()).await?;
    let read = |row: &crate::store::Row| {
        let digest = Digest::of("lianfang/accusation", row.try_get("evidence")?);
        let (id, holder, made_at) = (row.try_get("id")?, row.try_get("holder")?, row.try_get("made_at")?);
        Ok(Listed { id, holder, made_at, digest })
    };
    rows.iter().map(read).collect()
}

/// Makes the file of an accusation; `None` if there is none of this number, or nothing that the holder has signed.
pub async fn export(
    store: &Store,
    bank: &BankId,
    key: &SigningKey,
    id: i64,
) -> Result<Option<AccusationFile>, StoreError> {
    let malformed = |column| StoreError::Malformed { table: "accusation", column };
    let row = sqlx::query("SELECT holder, evidence, signed_answer FROM accusation WHERE id = $1").bind(id);
    let Some(row) = row.fetch_optional(store.readers()).await? else { return Ok(None) };
    let Some(answer) = row.try_get::<Option<Vec<u8>>, _>("signed_answer")? else { return Ok(None) };
    let evidence: Vec<u8> = row.try_get("evidence")?;
    let accusation = Accusation::decode(&evidence).map_err(|_| malformed("evidence"))?;
    // Checked when it was taken; only what it says is needed here.
    let signer = Signed::<EvaluationAnswer>::claimed_signer(&answer);
    let opened = signer.and_then(|signer| Signed::<EvaluationAnswer>::open(&answer, &signer));
    let opened = opened.map_err(|_| malformed("signed_answer"))?;
    let Some(request) = request_of(store, bank, opened.value(), &accusation).await? else { return Ok(None) };
    let holder = row.try_get("holder")?;
    Ok(Some(AccusationFile {
        accuser: bank.clone(),
        holder: BankId::parse(holder, "holder").map_err(|_| malformed("holder"))?,
        accusation: Packed(evidence),
        request: Packed(Signed::sign(key, request).bytes().to_vec()),
        answer: Packed(answer),
    }))
}

/// The request that an answer names by its digest: one of this node's chunks.
async fn request_of(
    store: &Store,
    bank: &BankId,
    answer: &EvaluationAnswer,
    accusation: &Accusation,
) -> Result<Option<EvaluationRequest>, StoreError> {
    let digest = elements_digest(&blinded_context(bank, answer.key), accusation.blinded());
    let count = accusation.blinded().len() / limits::ELEMENT_BYTES;
    let mut chunks = std::pin::pin!(committed(store));
    while let Some(chunk) = chunks.try_next().await? {
        let request = EvaluationRequest {
            terms_digest: chunk.terms_digest,
            bank: bank.clone(),
            key: answer.key,
            chunk: chunk.number,
            elements: u32::try_from(count).unwrap_or(u32::MAX),
            elements_digest: Digest::from_bytes(digest),
            commitment_root: chunk.commitment_root,
        };
        if request.digest() == answer.request_digest {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

/// Whether the file shows that the holder which it names has lied.
pub fn verify(file: &AccusationFile, papers: &Papers) -> Result<(), Flaw> {
    let signer =
        Signed::<EvaluationAnswer>::claimed_signer(&file.answer.0).map_err(|_| Flaw::Malformed("answer"))?;
    let claimed = Signed::<EvaluationAnswer>::open(&file.answer.0, &signer);
    let claimed = claimed.map_err(|_| Flaw::AnswerNotSigned)?;
    let answer = claimed.value();
    let record = papers.record(answer.key)?;
    let (index, holder) = record.holder(&file.holder).ok_or(Flaw::NotInPapers)?;
    if signer != holder.identity || answer.holder != file.holder {
        return Err(Flaw::AnswerNotSigned);
    }
    let accuser = papers.member(&file.accuser)?;
    let request = Signed::<EvaluationRequest>::open(&file.request.0, &accuser.identity)
        .map_err(|_| Flaw::RequestNotSigned)?;
    if request.digest() != answer.request_digest || request.value().key != answer.key {
        return Err(Flaw::OtherRequest);
    }
    let accusation = Accusation::decode(&file.accusation.0).map_err(|_| Flaw::Malformed("accusation"))?;
    let asked = blinded_context(&request.value().bank, answer.key);
    let given = evaluated_context(&answer.holder, answer.key);
    if elements_digest(&asked, accusation.blinded()) != *request.value().elements_digest.as_bytes()
        || elements_digest(&given, accusation.evaluated()) != *answer.evaluated_digest.as_bytes()
    {
        return Err(Flaw::OtherElements);
    }
    if u16::from(accusation.holder().get()) != index {
        return Err(Flaw::OtherHolder);
    }
    if accusation.signed_proof().is_some() {
        // The answer's signature covers no proof, so who made this one is unknown.
        return Err(Flaw::Unsigned);
    }
    let keys = public_keys(record).map_err(|_| Flaw::Malformed("key_records"))?;
    accusation.verify(&keys).map_err(|unfounded| match unfounded {
        Unfounded::OtherKey => Flaw::NotInPapers,
        Unfounded::Malformed(_) => Flaw::Malformed("accusation"),
        Unfounded::NothingPinned => Flaw::NothingPinned,
        Unfounded::Honest => Flaw::Honest,
    })
}
