//! The answering service: who asks, may they, how much, charge, multiply, sign.
//!
//! * Comes in: a request whose connection has proven a bank. Goes out: a signed answer, or a [`Fault`].
//! * Never sees: what lies behind an element. Trusts: the certificate for who asks, the pinned roster for their key, its
//!   own computation for the digest that is charged.
//! * Fails: with the first check that does not hold, cheapest first; nothing is charged before all have held.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lianfang_crypto::group::element::elements_digest;
use lianfang_proto::catalogue::Class;
use lianfang_proto::checked::{self, CheckedEvaluation};
use lianfang_proto::documents::evaluation::{EvaluationAnswer, blinded_context, evaluated_context};
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use lianfang_proto::v1::key_holder_server::KeyHolder;
use lianfang_proto::v1::{
    BlindEvaluateReply, BlindEvaluateRequest, EvaluateReply, EvaluateRequest, GetStandingReply,
    GetStandingRequest,
};
use lianfang_proto::{Fault, FaultCode, limits};
use lianfang_trust::{Digest, Signed, SigningKey};
use serde_json::json;
use tonic::{Extensions, Request, Response, Status};

use super::admissions::Admit;
use super::behind;
use super::crowd::{Crowd, Place};
use super::ledger::{Ask, Ledger, Receipt};
use super::ports::{AuditSink, MemberKeys, Members, caller};
use super::repeats::Repeats;
use super::vault::{ActiveKey, Vault};
use crate::ports::{Chance, Micros};
use crate::telemetry::Telemetry;

/// What the service is made of.
pub struct Parts {
    /// This holder.
    pub bank: BankId,
    /// By which it signs its answers.
    pub identity: Arc<SigningKey>,
    /// The pinned roster.
    pub members: Arc<dyn Members>,
    /// The counters.
    pub ledger: Ledger,
    /// The shares.
    pub vault: Vault,
    /// The log.
    pub audit: Arc<dyn AuditSink>,
    /// What happens to members that nobody has decided on.
    pub admit: Admit,
    /// How long ago the coordinator may have confirmed the roster; nobody is answered under an older one.
    pub roster_age: Micros,
    /// Where chance comes from.
    pub chance: Arc<dyn Chance>,
    /// What is seen of it from outside.
    pub telemetry: Telemetry,
}

/// The answering service.
pub struct Answering {
    parts: Parts,
    noticed: Mutex<BTreeSet<(BankId, FaultCode)>>,
    repeats: Repeats,
    pub(super) crowd: Crowd,
}

impl Answering {
    /// A service of these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts, noticed: Mutex::default(), repeats: Repeats::default(), crowd: Crowd::default() }
    }

    async fn evaluate_checked(
        &self,
        member: &MemberKeys,
        message: EvaluateRequest,
    ) -> Result<EvaluateReply, Fault> {
        let CheckedEvaluation { request, elements } =
            CheckedEvaluation::open(message, &member.bank, &member.identity)?;
        let stated = request.value();
        let key = self.key("request.key", stated.key).await?;
        let digest = batch_digest(&member.bank, stated.key, &elements);
        if digest != stated.elements_digest {
            return Err(Fault::field(FaultCode::DigestDiffers, "request.elements_digest"));
        }
        self.admitted(member).await?;
        let _place = self.place(member, &elements)?;
        let blinded = self.parts.vault.decode(elements, limits::CHUNK_ELEMENTS).await?;
        let ask = Ask { request: Some(&request), ..self.ask(member, &key, digest, stated.elements) };
        let receipt = self.charge(&ask).await?;
        let evaluated = self.parts.vault.evaluate(&key, &receipt, blinded).await?;
        self.parts.telemetry.evaluated(stated.elements.into());
        self.still(member)?;
        let context = evaluated_context(&self.parts.bank, key.key());
        let answer = EvaluationAnswer {
            request_digest: request.digest(),
            holder: self.parts.bank.clone(),
            key: key.key(),
            evaluated_digest: Digest::from_bytes(elements_digest(&context, evaluated.packed())),
            charge_number: receipt.charge_number(),
        };
        let answer = Signed::sign(&self.parts.identity, answer);
        Ok(EvaluateReply {
            answer: answer.bytes().to_vec().into(),
            evaluated_elements: evaluated.into_packed().into(),
        })
    }

    async fn blind_evaluate_checked(
        &self,
        member: &MemberKeys,
        message: BlindEvaluateRequest,
    ) -> Result<BlindEvaluateReply, Fault> {
        let (asked, packed) = checked::blind_evaluate(&message)?;
        let key = self.key("key_id", asked).await?;
        let digest = batch_digest(&member.bank, asked, packed);
        let count = u32::try_from(packed.len() / limits::ELEMENT_BYTES).unwrap_or(u32::MAX);
        self.admitted(member).await?;
        let _place = self.place(member, packed)?;
        let elements = message.blinded_elements.clone();
        let blinded = self.parts.vault.decode(elements, limits::BLIND_EVALUATE_ELEMENTS).await?;
        let ask = self.ask(member, &key, digest, count);
        let receipt = self.charge(&ask).await?;
        let chance = &*self.parts.chance;
        let (evaluated, proof) = self.parts.vault.blind_evaluate(&key, &receipt, blinded, chance).await?;
        self.parts.telemetry.evaluated(count.into());
        self.still(member)?;
        Ok(BlindEvaluateReply {
            evaluated_elements: evaluated.into_packed().into(),
            proof: proof.encode().to_vec().into(),
        })
    }

    async fn standing_checked(
        &self,
        member: &MemberKeys,
        message: GetStandingRequest,
    ) -> Result<GetStandingReply, Fault> {
        let (class, epoch) = checked::class_epoch(message.class, message.epoch)?;
        let key = self.current("epoch", class, epoch).await?;
        self.face(member, &message.highest_answer).await?;
        self.parts.ledger.admit_by_policy(member, self.parts.admit).await?;
        let standing = self.parts.ledger.standing(member, key.key(), key.sharing()).await?;
        Ok(GetStandingReply {
            quota: standing.account.limit(),
            charged: standing.account.spent,
            charge_number: standing.charge_number,
            roster_version: self.parts.members.version(),
            roster_digest: self.parts.members.digest().as_bytes().to_vec().into(),
            key_record_digest: key.record_digest().as_bytes().to_vec().into(),
            generation: key.key().generation.0,
            ledger_lost: standing.account.lost,
            time_us: self.parts.ledger.now(),
        })
    }

    /// The member behind a request, as the pinned roster has it today.
    fn member(&self, extensions: &Extensions) -> Result<MemberKeys, Fault> {
        let bank = caller(extensions).map_err(|fault| self.named(fault))?;
        self.in_touch().map_err(|fault| self.named(fault))?;
        let stranger = Fault::field(FaultCode::CertificateUnknown, "certificate").wanted("an active member");
        self.parts.members.active(&bank).ok_or_else(|| self.named(stranger))
    }

    /// Whether this holder can know who is a member today. One that has not heard of the coordinator for long, or not since
    /// it started, may have missed that somebody was suspended: it answers nobody until it has.
    fn in_touch(&self) -> Result<(), Fault> {
        let members = &self.parts.members;
        if members.is_confirmed(self.parts.ledger.now(), self.parts.roster_age) {
            return Ok(());
        }
        members.confirm_again();
        Err(Fault::new(FaultCode::RosterStale))
    }

    /// Whether the member takes part still: an answer that was under way when it was suspended is not given.
    fn still(&self, member: &MemberKeys) -> Result<(), Fault> {
        let active = self.parts.members.active(&member.bank);
        if active.is_some_and(|now| now.identity == member.identity) {
            return Ok(());
        }
        Err(Fault::field(FaultCode::CertificateUnknown, "certificate").wanted("an active member"))
    }

    /// The key that is asked for, under exactly the generation that is active.
    async fn key(&self, field: &str, asked: KeyId) -> Result<Arc<ActiveKey>, Fault> {
        let key = self.current(&format!("{field}.epoch"), asked.class, asked.epoch).await?;
        let Generation(active) = key.key().generation;
        if active != asked.generation.0 {
            let fault = Fault::field(FaultCode::GenerationChanged, &format!("{field}.generation"));
            return Err(fault.wanted(active).got(asked.generation.0));
        }
        Ok(key)
    }

    /// The key of this epoch, or why there is none.
    async fn current(&self, field: &str, class: Class, epoch: Epoch) -> Result<Arc<ActiveKey>, Fault> {
        let vault = &self.parts.vault;
        vault.refresh(class, epoch).await?;
        vault.current(class, epoch).ok_or_else(|| {
            let closed = vault.is_closed(class, epoch);
            let code = if closed { FaultCode::EpochClosed } else { FaultCode::EpochUnknown };
            Fault::field(code, field).got(epoch.0)
        })
    }

    /// Charges, or finds the batch charged and its repeats within their bound.
    async fn charge(&self, ask: &Ask<'_>) -> Result<Receipt, Fault> {
        let receipt = self.parts.ledger.charge(ask).await?;
        if receipt.repeated() {
            let now = self.parts.ledger.now();
            let allowed = self.repeats.allow(&ask.member.bank, &ask.elements_digest, now);
            allowed.map_err(|wait| Fault {
                retry_after: Some(wait),
                ..Fault::field(FaultCode::Busy, "blinded_elements")
            })?;
        } else {
            self.parts.telemetry.charged(ask.key.class, ask.elements.into());
        }
        Ok(receipt)
    }

    /// A member shows this holder's own answer with the highest charge number that it has had from it. A ledger that is
    /// behind it has forgotten charges: it was lost, or restored from a backup, and from now on every counter is full.
    /// Nobody but this holder can have signed such an answer, so no member can bring this about by a word of its own.
    async fn face(&self, member: &MemberKeys, answer: &[u8]) -> Result<(), Fault> {
        let own = self.parts.identity.verifying_key();
        let Ok(answer) = Signed::<EvaluationAnswer>::open(answer, &own) else { return Ok(()) };
        let seen = answer.value().charge_number;
        if answer.value().holder == self.parts.bank {
            let Parts { ledger, vault, audit, .. } = &self.parts;
            behind::judge(ledger, vault, &**audit, seen, member.bank.as_str()).await?;
        }
        Ok(())
    }

    /// Looks before elements are decoded, so that strangers cost nothing; the charge looks again in its transaction.
    async fn admitted(&self, member: &MemberKeys) -> Result<(), Fault> {
        if self.parts.ledger.is_admitted(member, self.parts.admit).await? {
            return Ok(());
        }
        let fault = Fault::field(FaultCode::NotAdmitted, "certificate");
        Err(if self.parts.admit == Admit::Refuse { fault.got("policy.admit = refuse") } else { fault })
    }

    /// A place for these elements, for as long as they are in hand.
    fn place(&self, member: &MemberKeys, packed: &[u8]) -> Result<Place, Fault> {
        let busy =
            |wait| Fault { retry_after: Some(wait), ..Fault::field(FaultCode::Busy, "blinded_elements") };
        self.crowd.enter(&member.bank, packed).map_err(busy)
    }

    fn ask<'a>(&'a self, member: &'a MemberKeys, key: &ActiveKey, digest: Digest, elements: u32) -> Ask<'a> {
        Ask {
            member,
            key: key.key(),
            sharing: key.sharing(),
            elements_digest: digest,
            elements,
            request: None,
            log: &*self.parts.audit,
            automatic: self.parts.admit.automatic(),
        }
    }

    /// The reply, or the refusal with this holder's name. Of refusals the first of a kind from each bank is logged: so a
    /// flood does not fill the log.
    async fn reply<R>(&self, member: &MemberKeys, result: Result<R, Fault>) -> Result<Response<R>, Status> {
        let fault = match result {
            Ok(reply) => return Ok(Response::new(reply)),
            Err(fault) => self.named(fault),
        };
        let first = (member.bank.clone(), fault.code);
        if self.noticed.lock().unwrap_or_else(PoisonError::into_inner).insert(first) {
            let body =
                json!({ "bank": member.bank.as_str(), "code": fault.code.code(), "field": fault.field });
            self.parts.audit.record("holder.refused", body).await;
        }
        Err(fault.into())
    }

    fn named(&self, fault: Fault) -> Fault {
        if fault.party.is_some() { fault } else { fault.at(self.parts.bank.as_str()) }
    }
}

/// The name under which a batch is charged: bank, class, epoch and every element, whatever the sender calls it.
fn batch_digest(bank: &BankId, key: KeyId, packed: &[u8]) -> Digest {
    Digest::from_bytes(elements_digest(&blinded_context(bank, key), packed))
}

#[async_trait]
impl KeyHolder for Answering {
    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Result<Response<EvaluateReply>, Status> {
        let member = self.member(request.extensions())?;
        let result = self.evaluate_checked(&member, request.into_inner()).await;
        self.reply(&member, result).await
    }

    async fn blind_evaluate(
        &self,
        request: Request<BlindEvaluateRequest>,
    ) -> Result<Response<BlindEvaluateReply>, Status> {
        let member = self.member(request.extensions())?;
        let result = self.blind_evaluate_checked(&member, request.into_inner()).await;
        self.reply(&member, result).await
    }

    async fn get_standing(
        &self,
        request: Request<GetStandingRequest>,
    ) -> Result<Response<GetStandingReply>, Status> {
        let member = self.member(request.extensions())?;
        let result = self.standing_checked(&member, request.into_inner()).await;
        self.reply(&member, result).await
    }
}
