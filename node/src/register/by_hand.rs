//! What a person may do to one record: retract it, hold it, lift that hold.
//!
//! Comes in: a case number as the file has it, and who it is that acts. Goes out: the record's number, as the audit log
//! names it. What a deed makes of the record is decided in `standing`; the deed, its consequences (outputs that must go)
//! and the audit entry are one transaction.

use std::ops::ControlFlow;

use lianfang_proto::catalogue::Hold;
use zeroize::Zeroizing;

use super::entry::{self, Record};
use super::forgetting::restate;
use super::standing::{Deed, State};
use super::{RecordId, Register, RegisterError};
use crate::audit::Event;
use crate::store::drawer::exactly;
use crate::store::{Connection, StoreError};

impl Register {
    /// Empties a record. A hold that a person set on it stays.
    pub async fn retract(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let event = |record| Event::Retracted { record, by: by.to_owned() };
        self.act(reference, Deed::Retract, event).await
    }

    /// Holds a record until a person lifts it, whatever files say. A second hold replaces the first.
    pub async fn hold(&self, reference: &str, hold: Hold, by: &str) -> Result<RecordId, RegisterError> {
        let event = |record| Event::HoldSet { record, hold, by: by.to_owned() };
        self.act(reference, Deed::Hold(hold), event).await
    }

    /// Lifts a hold that a person set. What the file says of the record counts again.
    pub async fn lift_hold(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let event = |record| Event::HoldLifted { record, by: by.to_owned() };
        self.act(reference, Deed::Lift, event).await
    }

    async fn act(
        &self,
        reference: &str,
        deed: Deed,
        event: impl FnOnce(i64) -> Event + Send,
    ) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let (id, stored) = self.found(&mut tx, reference).await?;
        let state = State::of(&self.record(&stored)?).by_hand(deed)?;
        restate(&mut tx, &mut *self.store.rng(), self, id, &stored, state).await?;
        self.log.append(&mut tx, &event(id)).await?;
        tx.commit().await?;
        Ok(RecordId(id))
    }

    /// A stored record, read.
    pub(super) fn record<'a>(&self, stored: &'a [u8]) -> Result<Record<'a>, StoreError> {
        Record::read(stored).ok_or_else(|| self.seals.records.malformed())
    }

    /// The record of this case number, as it is stored.
    pub(super) async fn found(
        &self,
        connection: &mut Connection,
        reference: &str,
    ) -> Result<(i64, Zeroizing<Vec<u8>>), RegisterError> {
        let (id, mark) = entry::number(self.seals.reference.of(reference.trim().as_bytes()));
        let mut found = None;
        let mut see = |_: &_, value: &[u8]| {
            found = Some(Zeroizing::new(value.to_vec()));
            Ok(ControlFlow::Break(()))
        };
        self.seals.records.visit(connection, &exactly(&[id], 0), &mut see).await?;
        let stored = found.ok_or(RegisterError::NoSuchRecord)?;
        if self.record(&stored)?.mark != mark {
            return Err(RegisterError::NoSuchRecord);
        }
        Ok((id, stored))
    }
}
