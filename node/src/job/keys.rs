//! Which key this node uses: one whose record all its holders have signed, that a person here has compared, and under
//! which the holders themselves say that they answer.
//!
//! Comes in: a record that the coordinator relays. Goes out: a record that may be used. Trusts: the pinned roster for
//! the holders' keys; a person, or a policy that a person wrote, for the comparison; and `T` holders of a record that was
//! compared for the next one that they sign.

use futures::future::join_all;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord, NotNext};
use lianfang_proto::ids::{BankId, Epoch, KeyId};
use lianfang_proto::v1::GetStandingReply;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::Canonical as _;

use super::Context;
use crate::audit::Event;
use crate::fault::{of_record, of_store};
use crate::key_holder::records::{self, KeptRecord, Stands};
use crate::peers::coordinator::NAME;
use crate::peers::roster::Pinned;

impl Context {
    /// The key record of this epoch that has been compared; fetched if it is not here yet.
    pub async fn compared_record(&self, class: Class, epoch: Epoch) -> Result<KeptRecord, Fault> {
        if self.vault.is_closed(class, epoch) {
            return Err(Fault::new(FaultCode::EpochClosed).at(self.bank.as_str()).got(epoch.0));
        }
        self.fetch_record(class, epoch).await?;
        let kept = self.records.current(class, epoch).await.map_err(|e| of_record(&e))?;
        let kept = kept.ok_or(Fault::new(FaultCode::KeyNotAgreed))?;
        if kept.compared {
            Ok(kept)
        } else {
            Err(Fault::new(FaultCode::KeyNotCompared).at(self.bank.as_str()))
        }
    }

    /// Makes sure that the record is here, and compared where that follows without a person.
    pub async fn fetch_record(&self, class: Class, epoch: Epoch) -> Result<(), Fault> {
        let kept = match self.records.current(class, epoch).await.map_err(|e| of_record(&e))? {
            Some(kept) => kept,
            None => self.relayed(class, epoch, None).await?.ok_or(Fault::new(FaultCode::KeyNotAgreed))?,
        };
        self.settle(&kept).await
    }

    /// Whether the key has a later generation of shares than this one: known here, or from the coordinator.
    pub async fn is_renewed(&self, key: KeyId) -> Result<bool, Fault> {
        let newest = self.records.current(key.class, key.epoch).await.map_err(|e| of_record(&e))?;
        let later = |kept: &KeptRecord| kept.endorsed.record().key.generation > key.generation;
        if newest.as_ref().is_some_and(later) {
            return Ok(true);
        }
        Ok(self.relayed(key.class, key.epoch, None).await?.as_ref().is_some_and(later))
    }

    /// The record of exactly the generation that terms name. Shares may be renewed between a job's terms and its end, so
    /// it may be older or newer than the one that is known; it is of the same key.
    pub async fn named_record(&self, key: KeyId) -> Result<KeyRecord, Fault> {
        let kept = match self.records.exact(key).await.map_err(|e| of_record(&e))? {
            Some(kept) => Some(kept),
            None => self.relayed(key.class, key.epoch, Some(key.generation.0)).await?,
        };
        let kept = kept.filter(|kept| kept.endorsed.record().key == key);
        let kept = kept.ok_or_else(|| Fault::field(FaultCode::TermsDiffer, "terms.key").at(NAME))?;
        Ok(kept.endorsed.record().clone())
    }

    /// Asks the coordinator for a record and keeps it, if it fits what is known.
    async fn relayed(
        &self,
        class: Class,
        epoch: Epoch,
        generation: Option<u32>,
    ) -> Result<Option<KeptRecord>, Fault> {
        let bytes = self.coordinator.key_record(class.number().into(), epoch.0, generation).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let endorsed =
            EndorsedKeyRecord::decode(&bytes).map_err(|e| checked::document_fault("record", &e))?;
        let key = endorsed.record().key;
        if (key.class, key.epoch) != (class, epoch) {
            return Err(Fault::field(FaultCode::TermsDiffer, "record.key").at(NAME));
        }
        if let Some(kept) = self.records.exact(key).await.map_err(|e| of_record(&e))? {
            return Ok(Some(kept));
        }
        let known = self.records.current(class, epoch).await.map_err(|e| of_record(&e))?;
        let before = match &known {
            Some(_) => None,
            None => self.records.compared_before(key).await.map_err(|e| of_record(&e))?,
        };
        let known = known.as_ref().map(|known| &known.endorsed);
        fits(&endorsed, known, before.as_ref(), &self.roster.now())?;
        self.records.put(&endorsed).await.map_err(|e| of_record(&e))?;
        Ok(Some(KeptRecord { endorsed, compared: false }))
    }

    /// A record counts as compared by the policy, or because `T` holders of one that was compared here have signed it.
    async fn settle(&self, kept: &KeptRecord) -> Result<(), Fault> {
        if kept.compared {
            return Ok(());
        }
        let record = kept.endorsed.record();
        let before = self.records.compared_before(record.key).await.map_err(|e| of_record(&e))?;
        let (event, by) = if before.is_some_and(|before| kept.endorsed.follows(&before).is_ok()) {
            (records::Event::Rests, "succession")
        } else {
            (records::Event::Policy(self.config.policy.compare), "policy")
        };
        match Stands::of(Some(kept)).apply(event) {
            Ok(Stands::Compared(record)) => self.mark_compared(record, event, by).await,
            Ok(Stands::Kept(_) | Stands::NotHere) | Err(_) => Ok(()),
        }
    }

    /// By this event the record counts as compared.
    pub async fn mark_compared(
        &self,
        record: &KeyRecord,
        event: records::Event<'_>,
        by: &str,
    ) -> Result<(), Fault> {
        let with = record.holders.iter().map(|holder| holder.bank.clone()).collect();
        let entry = Event::KeyCompared { record: record.digest(), with, by: by.to_owned() };
        let said = self.log.says(&entry);
        self.records.mark_compared(record.key, event, by, &said).await.map_err(|e| of_record(&e))?;
        Ok(())
    }

    /// Compares roster and key record with the holders themselves: a coordinator that shows two faces is found here.
    pub async fn agree_with_holders(&self, record: &KeyRecord, pinned: &Pinned) -> Result<(), Fault> {
        let own = record.holder(&self.bank).is_some();
        let others: Vec<&BankId> =
            record.holders.iter().map(|holder| &holder.bank).filter(|bank| **bank != self.bank).collect();
        let standings = self.standings(&others, record.key).await?;
        let needed = usize::from(record.threshold) - usize::from(own);
        let mut agreeing = 0;
        let mut last = Fault::new(FaultCode::HoldersMissing);
        for (bank, standing) in others.into_iter().zip(standings) {
            match standing.and_then(|standing| agrees(&standing, bank, record, pinned)) {
                Ok(()) => agreeing += 1,
                Err(fault) if fault.code == FaultCode::RosterDiffers => return Err(fault),
                Err(fault) => last = fault,
            }
        }
        if agreeing >= needed { Ok(()) } else { Err(last) }
    }

    /// Asks every other holder for its charge number, before anything is sent to be evaluated: one that was restored from
    /// a backup is in doubt from here on. Holders that do not answer now are judged when they do.
    pub async fn sight_holders(&self, record: &KeyRecord) -> Result<(), Fault> {
        let others: Vec<&BankId> = record.holders.iter().map(|holder| &holder.bank).collect();
        let others: Vec<&BankId> = others.into_iter().filter(|bank| **bank != self.bank).collect();
        self.standings(&others, record.key).await.map(drop)
    }

    /// What each of these holders says of its standing, once its charge number is judged.
    async fn standings(
        &self,
        holders: &[&BankId],
        key: KeyId,
    ) -> Result<Vec<Result<GetStandingReply, Fault>>, Fault> {
        let mut calls = Vec::with_capacity(holders.len());
        for bank in holders {
            // Read before the call: whatever the holder says after it is no lower, if it has forgotten nothing.
            let seen = self.sightings.highest(bank).await.map_err(|error| of_store(&error))?;
            calls.push(async move {
                let standing = self.holders.standing(bank, key, seen.answer).await?;
                self.sightings.stands(bank, key, seen.number, &standing).await?;
                self.telemetry.has_left(bank, key.class, standing.quota.saturating_sub(standing.charged));
                Ok(standing)
            });
        }
        Ok(join_all(calls).await)
    }
}

/// Whether a record that the coordinator relays may be kept. Of one epoch there is one key: a later record follows on the
/// one that is `known`, an earlier one led to it. The first of an epoch rests on the one that was compared `before`, or
/// names the holders as the roster has them.
fn fits(
    came: &EndorsedKeyRecord,
    known: Option<&EndorsedKeyRecord>,
    before: Option<&KeyRecord>,
    pinned: &Pinned,
) -> Result<(), Fault> {
    let Some(known) = known else {
        let rests = before.is_some_and(|before| came.follows(before).is_ok());
        return if rests { Ok(()) } else { check_holders(came.record(), pinned) };
    };
    let newer = came.record().key.generation > known.record().key.generation;
    let (later, earlier) = if newer { (came, known) } else { (known, came) };
    let field = |differs: NotNext| format!("record.{differs}");
    let follows = later.follows(earlier.record());
    follows.map_err(|differs| Fault::field(FaultCode::TermsDiffer, &field(differs)).at(NAME))
}

/// Whether every holder is a member of the roster by the identity that the record names. The certificate key that stands
/// beside it is that of the day of the ceremony: a member may have exchanged it since.
fn check_holders(record: &KeyRecord, pinned: &Pinned) -> Result<(), Fault> {
    for holder in &record.holders {
        // Also where it is suspended by now: the others evaluate under the record without it.
        let member = pinned.roster.member(&holder.bank);
        if member.is_none_or(|member| member.identity != holder.identity) {
            return Err(Fault::field(FaultCode::TermsDiffer, "record.holders").at(holder.bank.as_str()));
        }
    }
    Ok(())
}

/// Whether a holder works under the same roster and record.
fn agrees(
    standing: &GetStandingReply,
    bank: &BankId,
    record: &KeyRecord,
    pinned: &Pinned,
) -> Result<(), Fault> {
    let (theirs, ours) = (standing.roster_version, pinned.roster.version);
    if theirs != ours {
        // One of the two has not heard of the newest roster yet.
        return Err(Fault::field(FaultCode::Busy, "roster_version")
            .at(bank.as_str())
            .wanted(ours)
            .got(theirs));
    }
    if standing.roster_digest != pinned.digest.as_bytes()[..] {
        return Err(Fault::field(FaultCode::RosterDiffers, "roster_digest").at(bank.as_str()));
    }
    if standing.generation != record.key.generation.0 {
        let generation = record.key.generation.0;
        let fault = Fault::field(FaultCode::GenerationChanged, "generation").at(bank.as_str());
        return Err(fault.wanted(generation).got(standing.generation));
    }
    if standing.key_record_digest != record.digest().as_bytes()[..] {
        return Err(Fault::field(FaultCode::KeyNotAgreed, "key_record_digest").at(bank.as_str()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
