//! What the answering role and the ceremony need to know of the rest of the node: the roster, the caller, the audit log.

use async_trait::async_trait;
use lianfang_link::{Party, PeerInfo};
use lianfang_proto::ids::{BankId, GroupId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::envelope::SealingPublicKey;
use lianfang_trust::{Digest, VerifyingKey};
use serde_json::Value;

use crate::ports::Micros;
use crate::store::{Connection, StoreError};

/// A member's pinned keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberKeys {
    /// The bank.
    pub bank: BankId,
    /// Its legal group, by which quotas are counted.
    pub group: GroupId,
    /// By which it signs.
    pub identity: VerifyingKey,
    /// To which ceremony packages are sealed.
    pub sealing: SealingPublicKey,
    /// SHA-256 of its certificate's public key.
    pub certificate_key: [u8; 32],
}

/// The roster that this node has pinned.
pub trait Members: Send + Sync {
    /// The keys of a member that takes part today.
    fn active(&self, bank: &BankId) -> Option<MemberKeys>;
    /// By which the coordinator signs proposals.
    fn coordinator(&self) -> VerifyingKey;
    /// The pinned version.
    fn version(&self) -> u64;
    /// The pinned roster's digest.
    fn digest(&self) -> Digest;
    /// How long ago the coordinator confirmed that this roster is the newest; for ever, before it has since the start.
    fn unconfirmed_for(&self, _now: Micros) -> Micros {
        0
    }
    /// Whether that is no longer ago than `within`: only then is anybody answered.
    fn is_confirmed(&self, now: Micros, within: Micros) -> bool {
        self.unconfirmed_for(now) <= within
    }
    /// Somebody was not answered because that is too long ago.
    fn confirm_again(&self) {}
}

/// The node's hash-chained log. What it is given holds names, numbers and digests, never an element.
#[async_trait]
pub trait AuditSink: Send + Sync {
    /// Takes down what leaves no other trace here.
    async fn record(&self, event: &'static str, body: Value);
    /// Takes down an event in the transaction of the deed itself: both are durable, or neither.
    async fn append(&self, tx: &mut Connection, event: &'static str, body: &Value) -> Result<(), StoreError>;
}

/// What the log is to say of a deed, in the deed's own transaction.
pub struct Noted<'a> {
    log: &'a dyn AuditSink,
    event: &'static str,
    body: Value,
}

impl<'a> Noted<'a> {
    /// This event.
    pub fn new(log: &'a dyn AuditSink, event: &'static str, body: Value) -> Self {
        Self { log, event, body }
    }

    /// Says it.
    pub async fn append(&self, tx: &mut Connection) -> Result<(), StoreError> {
        self.log.append(tx, self.event, &self.body).await
    }
}

/// The bank whose certificate opened the connection of a request; never a field of the message.
pub fn caller(extensions: &tonic::Extensions) -> Result<BankId, Fault> {
    match extensions.get::<PeerInfo>().and_then(|peer| peer.party.as_ref()) {
        Some(Party::Bank(id)) => Ok(BankId::parse(id, "certificate")?),
        Some(Party::Coordinator) => {
            Err(Fault::field(FaultCode::Unauthenticated, "certificate").wanted("a bank"))
        }
        None => Err(Fault::field(FaultCode::Unauthenticated, "certificate")),
    }
}
