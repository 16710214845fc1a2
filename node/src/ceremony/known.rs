//! What is known here of the key that a proposal is about, and what this holder would say to a proposal now.
//!
//! * Comes in: a proposal, the store, the pinned roster. Goes out: a [`Known`] for [`Plan::accept`], or why the proposal would
//!   be refused. Never sees: a share.
//! * Trusts: rosters that this node has pinned, for the authority had signed them then.
//! * Fails: with a [`StepError`] of the store.

use lianfang_proto::documents::ceremony::Proposal;
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;
use lianfang_trust::{Canonical as _, Digest, Signed};

use super::drive::{BoardView, Driver, StepError};
use super::plan::{Known, Plan, Refusal};
use crate::key_holder::ports::Members;
use crate::key_holder::records::Records;
use crate::key_holder::vault::Vault;
use crate::ports::Micros;
use crate::store::{Store, StoreError};

/// A holder, as far as it judges proposals.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// This node.
    pub bank: &'a BankId,
    /// The pinned roster.
    pub members: &'a dyn Members,
    /// Where records and earlier rosters are.
    pub store: &'a Store,
    /// Where the share is.
    pub vault: &'a Vault,
}

impl Judge<'_> {
    /// Why this holder would take no part in it now, whatever a person or the policy says.
    pub async fn refuses(&self, proposal: &Proposal, now: Micros) -> Result<Option<Refusal>, StepError> {
        let known = self.known(proposal).await?;
        Ok(Plan::accept(proposal.clone(), self.bank, self.members, known, now).err())
    }

    /// What is known here of the key that a proposal is about.
    async fn known(&self, proposal: &Proposal) -> Result<Known, StepError> {
        let records = Records::new(self.store.clone());
        let key = proposal.key;
        // Another process that shares the store may have taken up a share, or closed the epoch.
        self.vault.refresh(key.class, key.epoch).await?;
        Ok(Known {
            newest: records.newest_epoch(key.class).await?,
            record: records.current(key.class, key.epoch).await?.map(|kept| kept.endorsed.record().clone()),
            share: self.vault.current(key.class, key.epoch).map(|held| held.key()),
            closed: self.vault.is_closed(key.class, key.epoch),
            roster: self.pinned(&proposal.roster_digest).await?,
        })
    }

    /// The roster with this digest, if it was pinned here, be it the one in force: that may be another one a moment later.
    async fn pinned(&self, digest: &Digest) -> Result<Option<Roster>, StoreError> {
        let kept: Option<Vec<u8>> = sqlx::query_scalar("SELECT roster FROM roster_pin WHERE digest = $1")
            .bind(&digest.as_bytes()[..])
            .fetch_optional(self.store.readers())
            .await?;
        let Some(bytes) = kept else { return Ok(None) };
        let signer = Signed::<Roster>::claimed_signer(&bytes);
        let roster = signer.and_then(|signer| Signed::<Roster>::open(&bytes, &signer));
        let malformed = |_| StoreError::Malformed { table: "roster_pin", column: "roster" };
        Ok(Some(roster.map_err(malformed)?.into_value()))
    }
}

impl Driver {
    /// What is known here of the key that a proposal is about, with what the board relays.
    pub(super) async fn known(&self, proposal: &Proposal, view: &BoardView) -> Result<Known, StepError> {
        if let Some(digest) = proposal.task.record() {
            self.take_up(&Records::new(self.store.clone()), digest, &view.record).await?;
        }
        let (bank, members) = (&self.bank, &*self.members);
        Judge { bank, members, store: &self.store, vault: &self.vault }.known(proposal).await
    }

    /// Takes up the record that the board relays: one that rests on a record that is kept here, or, at a holder whose store
    /// was lost, one that this holder itself has signed.
    async fn take_up(&self, records: &Records, digest: &Digest, bytes: &[u8]) -> Result<(), StepError> {
        let Ok(endorsed) = EndorsedKeyRecord::decode(bytes) else { return Ok(()) };
        let record = endorsed.record();
        if record.digest() != *digest {
            return Ok(());
        }
        let own = record.holder(&self.bank).is_some_and(|(_, h)| h.identity == self.identity.verifying_key());
        let rests = match records.current(record.key.class, record.key.epoch).await? {
            Some(kept) => endorsed.follows(kept.endorsed.record()).is_ok(),
            None => own,
        };
        if rests {
            records.put(&endorsed).await?;
        }
        Ok(())
    }
}
