//! Evaluate and check: `T` holders multiply, and none of them is believed before the check.
//!
//! Comes in: a [`BlindedChunk`]. Goes out: a [`CheckedChunk`], or the fault that names the holders. A holder that is
//! down, refuses or lies is replaced by another as long as there is one; accusations go to the [`Witness`] with
//! the signed answer that they are about. Nothing derived from the chunk exists before the check has passed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_crypto::oprf::blind::Blinding;
use lianfang_crypto::oprf::check::{AnswerRefused, CheckRequest, Checked, Closed, Gathering};
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::OwnShare;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::documents::evaluation::{
    EvaluationAnswer, EvaluationRequest, blinded_context, evaluated_context,
};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed, SigningKey};

use super::blind::{BlindedChunk, Parts};
use super::cores::Cores;
use super::holders::{Answered, Holders};
use crate::ports::Chance;

/// Takes evidence and observations about holders.
#[async_trait]
pub trait Witness: Send + Sync {
    /// A holder lied; the accusation, and the answer that it signed where there is one.
    fn accuse(&self, holder: &BankId, accusation: &Accusation, signed_answer: Option<&[u8]>);
    /// A holder has signed this answer, with its global charge number.
    fn charged(&self, holder: &BankId, answer: &Signed<EvaluationAnswer>);
    /// A holder did not serve a request, or not as it should, without leaving evidence.
    fn absent(&self, holder: &BankId, fault: &Fault);
    /// Waits until what was observed so far is kept for good; an error says that some of it is not. Whoever keeps
    /// nothing has nothing to wait for.
    async fn settled(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// All that the evaluation of a job's chunks needs, and nothing that changes from chunk to chunk.
pub struct Evaluator {
    /// The key's record, compared by a person and signed by its holders.
    pub record: KeyRecord,
    /// Its public values, found to lie on one polynomial.
    pub keys: PublicKeySet,
    /// This bank.
    pub bank: BankId,
    /// By which it signs requests.
    pub signing: Arc<SigningKey>,
    /// Its own share, if it is a holder.
    pub own: Option<Arc<OwnShare>>,
    /// The way to the others.
    pub holders: Arc<dyn Holders>,
    /// Where evidence goes.
    pub witness: Arc<dyn Witness>,
    /// Where weights come from.
    pub chance: Arc<dyn Chance>,
    /// Where it computes.
    pub cores: Cores,
}

/// Where a chunk belongs.
#[derive(Clone)]
pub struct ChunkPlace {
    /// `D`.
    pub terms_digest: Digest,
    /// Its number within the job.
    pub number: u64,
}

/// A chunk that has passed the check.
pub struct CheckedChunk {
    pub(super) rows: Vec<i64>,
    pub(super) blinding: Blinding,
    pub(super) checked: Checked,
    pub(super) own: Option<Arc<OwnShare>>,
    pub(super) cores: Cores,
}

impl Evaluator {
    /// Sends the chunk, checks what comes back, and asks others where that fails.
    pub async fn evaluate(&self, chunk: BlindedChunk, place: &ChunkPlace) -> Result<CheckedChunk, Fault> {
        let packed = Bytes::copy_from_slice(chunk.packed());
        let request = self.request(&chunk, place, &packed);
        let Parts { rows, blinding, blinded } = chunk.into_parts();
        let mut gathering = Gathering::new(self.keys.clone(), blinded, self.own.as_deref())
            .map_err(|_| Fault::new(FaultCode::GenerationChanged).at(self.bank.as_str()))?;
        let mut round = Round::new(self, request, packed, place.number);
        let checked = loop {
            gathering = round.gather(gathering).await?;
            let chance = self.chance.clone();
            let closed = self.cores.run(move || gathering.close(&mut *chance.rng())).await?;
            match closed.map_err(|_| Fault::new(FaultCode::Internal))? {
                Closed::Passed(checked) => break checked,
                Closed::Ask(check) => match round.check(*check).await? {
                    Ok(checked) => break checked,
                    Err(again) => gathering = again,
                },
            }
        };
        Ok(CheckedChunk { rows, blinding, checked, own: self.own.clone(), cores: self.cores.clone() })
    }

    fn request(&self, chunk: &BlindedChunk, place: &ChunkPlace, packed: &[u8]) -> Signed<EvaluationRequest> {
        let key = self.record.key;
        let digest = elements_digest(&blinded_context(&self.bank, key), packed);
        let request = EvaluationRequest {
            terms_digest: place.terms_digest,
            bank: self.bank.clone(),
            key,
            chunk: place.number,
            elements: u32::try_from(chunk.count()).unwrap_or(u32::MAX),
            elements_digest: Digest::from_bytes(digest),
            commitment_root: *chunk.commitment_root(),
        };
        Signed::sign(&self.signing, request)
    }

    /// The other holders, beginning at another one with every chunk, so that the work is spread.
    fn candidates(&self, chunk: u64) -> Vec<(HolderIndex, &Holder)> {
        let mut others: Vec<_> = (1_u8..)
            .filter_map(HolderIndex::new)
            .zip(&self.record.holders)
            .filter(|(_, holder)| self.own.is_none() || holder.bank != self.bank)
            .collect();
        let first = chunk.checked_rem(others.len() as u64).unwrap_or(0);
        others.rotate_left(usize::try_from(first).unwrap_or(0));
        others
    }
}

/// One chunk's way through the holders.
struct Round<'a> {
    evaluator: &'a Evaluator,
    request: Signed<EvaluationRequest>,
    packed: Bytes,
    untried: Vec<(HolderIndex, &'a Holder)>,
    signed_answers: BTreeMap<HolderIndex, Vec<u8>>,
    asked_again: BTreeSet<HolderIndex>,
    last_fault: Option<Fault>,
    /// A holder that answers under another generation said so.
    renewed: Option<Fault>,
}

impl<'a> Round<'a> {
    fn new(evaluator: &'a Evaluator, request: Signed<EvaluationRequest>, packed: Bytes, chunk: u64) -> Self {
        Self {
            evaluator,
            request,
            packed,
            untried: evaluator.candidates(chunk),
            signed_answers: BTreeMap::new(),
            asked_again: BTreeSet::new(),
            last_fault: None,
            renewed: None,
        }
    }

    /// Asks holders until there are enough answers.
    async fn gather(&mut self, mut gathering: Gathering) -> Result<Gathering, Fault> {
        while gathering.missing() > 0 {
            let now: Vec<_> = self.untried.drain(..gathering.missing().min(self.untried.len())).collect();
            if now.is_empty() {
                return Err(self.too_few(gathering.missing()));
            }
            let mut calls = Vec::with_capacity(now.len());
            for (_, holder) in &now {
                calls.push(self.evaluator.holders.evaluate(holder, &self.request, self.packed.clone()));
            }
            let answers = join_all(calls).await;
            for ((index, holder), answer) in now.into_iter().zip(answers) {
                match answer.and_then(|answer| self.fits(holder, answer)) {
                    Ok(answer) => gathering = self.accept(gathering, index, holder, answer).await?,
                    Err(fault) => self.absent(holder, fault),
                }
            }
        }
        Ok(gathering)
    }

    /// Whether the signed answer is one to this request, of this holder, over these elements.
    fn fits(&self, holder: &Holder, answered: Answered) -> Result<Answered, Fault> {
        let value = answered.answer.value();
        let key = self.evaluator.record.key;
        let digest = elements_digest(&evaluated_context(&holder.bank, key), &answered.elements);
        let field = if value.request_digest != self.request.digest() {
            "answer.request_digest"
        } else if value.holder != holder.bank {
            "answer.holder"
        } else if value.key != key {
            return Err(Fault::new(FaultCode::GenerationChanged));
        } else if value.evaluated_digest.as_bytes() != &digest {
            "answer.evaluated_digest"
        } else {
            self.evaluator.witness.charged(&holder.bank, &answered.answer);
            return Ok(answered);
        };
        Err(Fault::field(FaultCode::DigestDiffers, field))
    }

    async fn accept(
        &mut self,
        mut gathering: Gathering,
        index: HolderIndex,
        holder: &'a Holder,
        answered: Answered,
    ) -> Result<Gathering, Fault> {
        let signed = answered.answer.bytes().to_vec();
        let (gathering, refused) = self
            .evaluator
            .cores
            .run(move || {
                let refused = gathering.accept(index, &answered.elements, None).err();
                (gathering, refused)
            })
            .await?;
        match refused {
            None => {
                self.signed_answers.insert(index, signed);
                Ok(gathering)
            }
            Some(refused) => Ok(self.refuse(gathering, index, holder, refused, &signed)),
        }
    }

    fn refuse(
        &mut self,
        mut gathering: Gathering,
        index: HolderIndex,
        holder: &'a Holder,
        refused: AnswerRefused,
        signed: &[u8],
    ) -> Gathering {
        match refused {
            AnswerRefused::Reflected { accusation, .. } | AnswerRefused::InvalidProof { accusation, .. } => {
                self.accuse(index, &accusation, Some(signed));
            }
            AnswerRefused::Copied { other, .. } => {
                // One of the two is a copy, and nobody knows which: each is asked once more.
                gathering.set_aside(other);
                for again in [index, other] {
                    if let (true, Some(holder)) = (self.asked_again.insert(again), self.holder(again)) {
                        self.untried.push((again, holder));
                    }
                }
                self.absent(holder, Fault::field(FaultCode::HolderUnchecked, "evaluated_elements"));
            }
            AnswerRefused::Malformed { malformed, .. } => {
                self.absent(
                    holder,
                    Fault::field(FaultCode::NotCanonical, "evaluated_elements").got(malformed),
                );
            }
            AnswerRefused::NotAsked { .. }
            | AnswerRefused::NotNeeded { .. }
            | AnswerRefused::WrongCall { .. } => {
                self.absent(holder, Fault::new(FaultCode::Internal));
            }
        }
        gathering
    }

    /// Has every holder of the chunk evaluate one secret sum of it, and compares.
    async fn check(&mut self, mut check: CheckRequest) -> Result<Result<Checked, Gathering>, Fault> {
        let element = Bytes::copy_from_slice(&check.element());
        let asked: Vec<_> =
            check.unanswered().filter_map(|index| self.holder(index).map(|holder| (index, holder))).collect();
        let key = self.evaluator.record.key;
        let mut calls = Vec::with_capacity(asked.len());
        for (_, holder) in &asked {
            calls.push(self.evaluator.holders.blind_evaluate(holder, key, element.clone()));
        }
        let answers = join_all(calls).await;
        for ((index, holder), answer) in asked.into_iter().zip(answers) {
            match answer {
                Ok(proven) => {
                    if let Err(refused) = check.accept(index, &proven.elements, &proven.proof) {
                        self.absent(holder, Fault::field(FaultCode::HolderUnchecked, "proof").got(refused));
                    }
                }
                Err(fault) => self.absent(holder, fault),
            }
        }
        let failed = match self.evaluator.cores.run(move || check.decide()).await? {
            Ok(checked) => return Ok(Ok(checked)),
            Err(failed) => failed,
        };
        for accusation in &failed.accused {
            let signed = self.signed_answers.remove(&accusation.holder());
            self.accuse(accusation.holder(), accusation, signed.as_deref());
        }
        Ok(Err(failed.gathering))
    }

    fn holder(&self, index: HolderIndex) -> Option<&'a Holder> {
        self.evaluator.record.holders.get(usize::from(index.get()) - 1)
    }

    fn accuse(&mut self, index: HolderIndex, accusation: &Accusation, signed: Option<&[u8]>) {
        if let Some(holder) = self.holder(index) {
            self.evaluator.witness.accuse(&holder.bank, accusation, signed);
            self.last_fault = Some(Fault::new(FaultCode::HolderLied).at(holder.bank.as_str()));
        }
    }

    fn absent(&mut self, holder: &Holder, fault: Fault) {
        if fault.code == FaultCode::GenerationChanged {
            // No fault of the holder's; if there are too few others, this is what there is to tell.
            self.renewed = Some(fault.at(holder.bank.as_str()));
            return;
        }
        self.evaluator.witness.absent(&holder.bank, &fault);
        self.last_fault = Some(fault.at(holder.bank.as_str()));
    }

    /// Why there are too few answers: the last holder's own reason if it tells more than that it was not there.
    fn too_few(&self, missing: usize) -> Fault {
        match self.renewed.as_ref().or(self.last_fault.as_ref()) {
            Some(fault) if !matches!(fault.code, FaultCode::Unreachable | FaultCode::TimedOut) => {
                fault.clone()
            }
            last => {
                let at = last.and_then(|fault| fault.party.clone());
                Fault { party: at, ..Fault::new(FaultCode::HoldersMissing) }
                    .wanted(self.evaluator.record.threshold)
                    .got(usize::from(self.evaluator.record.threshold).saturating_sub(missing))
            }
        }
    }
}
