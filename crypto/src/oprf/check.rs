//! Did the holders multiply by their shares? Two multi-scalar multiplications answer for the whole chunk.
//!
//! - **Comes in:** the holders' answers to a chunk; then their answers to one more element.
//! - **Goes out:** [`Checked`], the only thing that can be finalised, or [`CheckFailed`] with evidence.
//! - **Never sees:** inputs, blinding scalars, outputs.
//! - **Trusts:** no holder, and not `T−1` of them together.
//! - **Fails:** by naming who is accused, whose proof is void, and who did not answer; everybody else's answers stay.
//!
//! Once **all** answers `Z_ij` are in, the bank draws fresh secret 128-bit weights `d_i`, forms `C = Σ d_i·B_i` and asks
//! each holder for an ordinary RFC 9497 evaluation of `C` with its proof, which pins `Z_Cj = k_j·C`. Then
//! `Σ_i d_i·(Σ_j λ_j·Z_ij) = Σ_j λ_j·Z_Cj` must hold. The errors were fixed before the weights were drawn, so any that
//! survive in the weighted sums do so with probability 2^-128, however many holders collude. The type states hold that
//! order: a [`Gathering`] takes answers and has no weights, a [`CheckRequest`] has weights and takes no answers.
//!
//! Source: the small-exponents test of Bellare, Garay, Rabin (1998) over the threshold sum; README section 6.

use std::collections::BTreeMap;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::accusation::{Accusation, Fault};
use super::blind::{self, BlindedElements};
use super::evaluate::decode_answer;
use super::proof::Proof;
use crate::error::Malformed;
use crate::group::element::Elements;
use crate::group::engine;
use crate::lanes::Points;
use crate::share::commitment::PublicKeySet;
use crate::share::key_share::OwnShare;
use crate::share::polynomial::Quorum;
use crate::share::threshold::HolderIndex;

/// Chunks of up to this many elements take the RFC's batch proof instead of a check element.
pub const PROVEN_CHUNK: usize = 8;

/// Why an answer was not taken.
#[derive(Debug, Error)]
pub enum AnswerRefused {
    /// The index is not one of the key record's holders, or it is the bank's own.
    #[error("holder {holder} was not to be asked; compare the key record")]
    NotAsked {
        /// Who answered.
        holder: HolderIndex,
    },
    /// There is an answer of this holder already, or there are enough.
    #[error("an answer of holder {holder} is not needed any more; drop it")]
    NotNeeded {
        /// Who answered.
        holder: HolderIndex,
    },
    /// The answer could not be decoded, or has another length than the request.
    #[error("the answer of holder {holder} is malformed: {malformed}")]
    Malformed {
        /// Who answered.
        holder: HolderIndex,
        /// What is wrong.
        malformed: Malformed,
    },
    /// An element came back as it was sent. That is evidence.
    #[error("holder {holder} sent elements back unchanged; take another holder and keep the signed answer")]
    Reflected {
        /// Who answered.
        holder: HolderIndex,
        /// The evidence.
        accusation: Box<Accusation>,
    },
    /// Two holders gave one and the same answer. Which of them copied is not known yet.
    #[error("holders {holder} and {other} gave the same answer; set the first aside too and ask both again")]
    Copied {
        /// Who answered.
        holder: HolderIndex,
        /// Whose answer was there before.
        other: HolderIndex,
    },
    /// A chunk this small is answered with a proof, a larger one without.
    #[error("holder {holder} must answer a chunk of this size {}", if *.wanted { "with its proof" } else { "without a proof" })]
    WrongCall {
        /// Who answered.
        holder: HolderIndex,
        /// Whether a proof belongs there.
        wanted: bool,
    },
    /// The proof does not hold. With the holder's signature over it, that is evidence.
    #[error("the proof of holder {holder} does not hold; take another holder and keep the signed answer")]
    InvalidProof {
        /// Who answered.
        holder: HolderIndex,
        /// The evidence.
        accusation: Box<Accusation>,
    },
}

/// The bank's own share is of another key, or of an older generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the bank's own share does not belong to this key record; load the share of the current generation")]
pub struct OwnShareStale;

/// Collects the answers to one chunk. There are no weights yet.
pub struct Gathering {
    keys: PublicKeySet,
    blinded: BlindedElements,
    own: Option<HolderIndex>,
    answers: BTreeMap<HolderIndex, Elements>,
}

impl Gathering {
    /// Opens the chunk `blinded` under `keys`. With its own share a bank needs `T−1` answers of others.
    pub fn new(
        keys: PublicKeySet,
        blinded: BlindedElements,
        own: Option<&OwnShare>,
    ) -> Result<Self, OwnShareStale> {
        if own.is_some_and(|own| keys.share_point(own.holder()) != Some(own.public_point())) {
            return Err(OwnShareStale);
        }
        Ok(Self { keys, blinded, own: own.map(OwnShare::holder), answers: BTreeMap::new() })
    }

    /// The chunk, to be sent to every holder byte for byte.
    pub fn blinded(&self) -> &BlindedElements {
        &self.blinded
    }

    /// Whether holders answer this chunk with a proof.
    pub fn with_proof(&self) -> bool {
        self.blinded.count() <= PROVEN_CHUNK
    }

    /// How many answers are still missing.
    pub fn missing(&self) -> usize {
        let needed = usize::from(self.keys.threshold().needed()) - usize::from(self.own.is_some());
        needed - self.answers.len()
    }

    /// Whose answers are in.
    pub fn answered(&self) -> impl Iterator<Item = HolderIndex> {
        self.answers.keys().copied()
    }

    /// Forgets a holder's answer, for example because its generation has changed, which is no fault.
    pub fn set_aside(&mut self, holder: HolderIndex) {
        self.answers.remove(&holder);
    }

    /// Takes the answer of `holder`; `proof` stands beside it exactly if [`Self::with_proof`] says so.
    pub fn accept(
        &mut self,
        holder: HolderIndex,
        evaluated: &[u8],
        proof: Option<&[u8]>,
    ) -> Result<(), AnswerRefused> {
        let public = *self.admit(holder)?;
        if proof.is_some() != self.with_proof() {
            return Err(AnswerRefused::WrongCall { holder, wanted: self.with_proof() });
        }
        let malformed = |malformed| AnswerRefused::Malformed { holder, malformed };
        let evaluated = decode_answer(evaluated, self.blinded.count()).map_err(malformed)?;
        let accuse = |fault| {
            Box::new(Accusation::new(holder, &public, self.blinded.packed(), &evaluated.packed, fault))
        };
        if super::accusation::reflects(self.blinded.encodings(), evaluated.encodings()) {
            return Err(AnswerRefused::Reflected { holder, accusation: accuse(Fault::Reflected) });
        }
        if let Some((other, _)) = self.answers.iter().find(|(_, a)| a.packed == evaluated.packed) {
            return Err(AnswerRefused::Copied { holder, other: *other });
        }
        if let Some(proof) = proof {
            let proof = Proof::decode(proof).map_err(malformed)?;
            if !proof.holds(&public, &self.blinded.0, &evaluated) {
                return Err(AnswerRefused::InvalidProof { holder, accusation: accuse(Fault::Proof(proof)) });
            }
        }
        self.answers.insert(holder, evaluated);
        Ok(())
    }

    /// Ends the collection, or gives it back if answers are missing. Only now are weights drawn, fresh ones at every try.
    pub fn close(self, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Closed, Box<Self>> {
        if self.missing() > 0 {
            return Err(Box::new(self));
        }
        if self.with_proof() {
            let combination = self.combine();
            return Ok(Closed::Passed(combination.into_checked(&self)));
        }
        loop {
            let weights = draw_weights(rng, self.blinded.count());
            let check = engine::sum(&weights, &self.blinded.0.points);
            // Nobody can ask for the identity; fresh weights give something else.
            if let Ok(check) = Elements::decode(&check, 1, "check element") {
                return Ok(Closed::Ask(Box::new(CheckRequest {
                    gathering: self,
                    weights,
                    check,
                    answers: BTreeMap::new(),
                    void: BTreeMap::new(),
                })));
            }
        }
    }

    /// The public share of a holder whose answer is wanted.
    fn admit(&self, holder: HolderIndex) -> Result<&RistrettoPoint, AnswerRefused> {
        let public = self.keys.share_point(holder).filter(|_| self.own != Some(holder));
        let public = public.ok_or(AnswerRefused::NotAsked { holder })?;
        if self.missing() == 0 || self.answers.contains_key(&holder) {
            return Err(AnswerRefused::NotNeeded { holder });
        }
        Ok(public)
    }

    /// `W_i = Σ_j w_j·Z_ij` over the holders that were asked.
    fn combine(&self) -> Combination {
        let asked: Vec<HolderIndex> = self.answers.keys().copied().collect();
        let quorum = Quorum::of(&asked.iter().copied().chain(self.own).collect::<Vec<_>>());
        let columns: Vec<&Points> = self.answers.values().map(|answer| &answer.points).collect();
        let weighed = engine::weigh(&quorum.weights(&asked), &columns);
        Combination { quorum, asked, weighed }
    }
}

/// Secret 128-bit weights.
fn draw_weights(rng: &mut (impl CryptoRng + ?Sized), count: usize) -> Zeroizing<Vec<u128>> {
    let mut bytes = Zeroizing::new(vec![0; count * 16]);
    rng.fill_bytes(&mut bytes);
    let (chunks, _) = bytes.as_chunks::<16>();
    Zeroizing::new(chunks.iter().map(|chunk| u128::from_le_bytes(*chunk)).collect())
}

/// The sums over the holders, before anybody knows whether they are right.
struct Combination {
    quorum: Quorum,
    asked: Vec<HolderIndex>,
    weighed: Points,
}

impl Combination {
    fn into_checked(self, gathering: &Gathering) -> Checked {
        let own = gathering.own.and_then(|own| {
            let public = *gathering.keys.share_point(own)?;
            Some(Box::new(OwnPart { public, coefficient: self.quorum.coefficient(own)? }))
        });
        Checked {
            chunk: blind::digest(&gathering.blinded),
            weighed: self.weighed,
            denominator_inverse: *self.quorum.denominator_inverse(),
            own,
        }
    }
}

/// What follows once all answers are in.
pub enum Closed {
    /// Every answer came with a valid proof.
    Passed(Checked),
    /// One element is to be evaluated by every holder that answered.
    Ask(Box<CheckRequest>),
}

/// The check element and the answers to it.
pub struct CheckRequest {
    gathering: Gathering,
    weights: Zeroizing<Vec<u128>>,
    check: Elements,
    answers: BTreeMap<HolderIndex, (Elements, Proof)>,
    void: BTreeMap<HolderIndex, Accusation>,
}

impl CheckRequest {
    /// `C`, to be evaluated with the RFC's call by every holder of the chunk. It is charged like any other element: a
    /// holder cannot know what it is.
    pub fn element(&self) -> [u8; 32] {
        self.check.encodings()[0]
    }

    /// Who has not answered `C` yet.
    pub fn unanswered(&self) -> impl Iterator<Item = HolderIndex> {
        let asked = self.gathering.answers.keys().copied();
        asked.filter(|holder| !self.answers.contains_key(holder) && !self.void.contains_key(holder))
    }

    /// Takes a holder's answer to `C`. A void proof is refused and stays recorded.
    pub fn accept(
        &mut self,
        holder: HolderIndex,
        evaluated: &[u8],
        proof: &[u8],
    ) -> Result<(), AnswerRefused> {
        let public = self.gathering.keys.share_point(holder).copied();
        let public = public.filter(|_| self.gathering.answers.contains_key(&holder));
        let public = public.ok_or(AnswerRefused::NotAsked { holder })?;
        if !self.unanswered().any(|wanted| wanted == holder) {
            return Err(AnswerRefused::NotNeeded { holder });
        }
        let malformed = |malformed| AnswerRefused::Malformed { holder, malformed };
        let evaluated = decode_answer(evaluated, 1).map_err(malformed)?;
        let proof = Proof::decode(proof).map_err(malformed)?;
        if proof.holds(&public, &self.check, &evaluated) {
            self.answers.insert(holder, (evaluated, proof));
            return Ok(());
        }
        let fault = Fault::Proof(proof);
        let accusation = Accusation::new(holder, &public, &self.check.packed, &evaluated.packed, fault);
        self.void.insert(holder, accusation.clone());
        Err(AnswerRefused::InvalidProof { holder, accusation: Box::new(accusation) })
    }

    /// The verdict over the chunk.
    pub fn decide(self) -> Result<Checked, Box<CheckFailed>> {
        if self.answers.len() < self.gathering.answers.len() {
            return Err(self.blame());
        }
        let combination = self.gathering.combine();
        let columns: Vec<&Points> = self.answers.values().map(|(answer, _)| &answer.points).collect();
        let expected = engine::weigh(&combination.quorum.weights(&combination.asked), &columns);
        if engine::sum(&self.weights, &combination.weighed) != engine::sum(&[1], &expected) {
            return Err(self.blame());
        }
        Ok(combination.into_checked(&self.gathering))
    }

    /// The sum per holder: `Σ_i d_i·Z_ij = Z_Cj` fails exactly for those who lied.
    fn blame(mut self) -> Box<CheckFailed> {
        let unchecked: Vec<HolderIndex> = self.unanswered().collect();
        let mut accused = Vec::new();
        for (holder, (check, proof)) in &self.answers {
            let answer = &self.gathering.answers[holder];
            if engine::sum(&self.weights, &answer.points) == check.encodings()[0] {
                continue;
            }
            let fault = Fault::Sum {
                weights: self.weights.to_vec(),
                evaluated_check: check.encodings()[0],
                proof: proof.clone(),
            };
            let public = self.gathering.keys.share_point(*holder);
            accused.extend(public.map(|public| {
                let sent = self.gathering.blinded.packed();
                Accusation::new(*holder, public, sent, &answer.packed, fault)
            }));
        }
        let void: Vec<Accusation> = self.void.into_values().collect();
        let gone = accused.iter().chain(&void).map(Accusation::holder).chain(unchecked.iter().copied());
        for holder in gone {
            self.gathering.answers.remove(&holder);
        }
        self.weights.zeroize();
        Box::new(CheckFailed { gathering: self.gathering, accused, void, unchecked })
    }
}

/// The chunk did not pass. Nothing of it may be used; the gathering goes on with other holders.
#[derive(Error)]
#[error("the chunk did not pass: {} holders are accused, {} gave a void proof, {} did not answer; ask other holders",
        .accused.len(), .void.len(), .unchecked.len())]
pub struct CheckFailed {
    /// The chunk with the answers of those who are above suspicion; accept others and close it again.
    pub gathering: Gathering,
    /// Holders whose answers do not fit their own evaluation of `C`, with evidence.
    pub accused: Vec<Accusation>,
    /// Holders whose proof on `C` is void, with evidence.
    pub void: Vec<Accusation>,
    /// Holders that did not answer `C`. That proves nothing and is recorded.
    pub unchecked: Vec<HolderIndex>,
}

impl std::fmt::Debug for CheckFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckFailed")
            .field("accused", &self.accused)
            .field("void", &self.void)
            .field("unchecked", &self.unchecked)
            .finish_non_exhaustive()
    }
}

/// The witness that a chunk has passed. Only this module makes one, and only finalising consumes it.
pub struct Checked {
    pub(super) chunk: [u8; 64],
    /// `W_i = Δ·Σ_j λ_j·Z_ij`.
    pub(super) weighed: Points,
    pub(super) denominator_inverse: Scalar,
    /// What the bank's own share has to add, where it takes part.
    pub(super) own: Option<Box<OwnPart>>,
}

/// `Y_j` and `λ_j` of the bank's own share.
pub(super) struct OwnPart {
    pub(super) public: RistrettoPoint,
    pub(super) coefficient: Scalar,
}
