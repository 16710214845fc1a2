//! What a person may do to one record: retract it, hold it, lift that hold.
//!
//! Comes in: a case number as the file has it, and who it is that acts. Goes out: the record's number, as the audit log
//! names it. Deed, consequences (outputs that must go) and audit entry are one transaction.

use std::ops::ControlFlow;

use lianfang_proto::catalogue::Hold;
use zeroize::Zeroizing;

use super::entry::{self, Record};
use super::forgetting::{Deed, perform};
use super::{RecordId, Register, RegisterError, Standing};
use crate::audit::Event;
use crate::store::drawer::exactly;
use crate::store::{Connection, StoreError, Tx};

impl Register {
    /// Empties a record. A hold that a person set on it stays.
    pub async fn retract(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let (id, stored) = self.found(&mut tx, reference).await?;
        if self.record(&stored)?.standing == Standing::Retracted {
            return Err(RegisterError::AlreadyRetracted);
        }
        let event = Event::Retracted { record: id, by: by.to_owned() };
        self.act(tx, id, &stored, Deed::Retract, event).await
    }

    /// Holds a record until a person lifts it, whatever files say. A second hold replaces the first.
    pub async fn hold(&self, reference: &str, hold: Hold, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let (id, stored) = self.found(&mut tx, reference).await?;
        let event = Event::HoldSet { record: id, hold, by: by.to_owned() };
        self.act(tx, id, &stored, Deed::Hold(hold.number()), event).await
    }

    /// Lifts a hold that a person set. What the file says of the record counts again.
    pub async fn lift_hold(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let (id, stored) = self.found(&mut tx, reference).await?;
        if self.record(&stored)?.hand_hold == 0 {
            return Err(RegisterError::NotHeldByHand);
        }
        let event = Event::HoldLifted { record: id, by: by.to_owned() };
        self.act(tx, id, &stored, Deed::Hold(0), event).await
    }

    async fn act(
        &self,
        mut tx: Tx,
        id: i64,
        stored: &[u8],
        deed: Deed,
        event: Event,
    ) -> Result<RecordId, RegisterError> {
        perform(&mut tx, &mut *self.store.rng(), self, id, stored, deed).await?;
        self.log.append(&mut tx, &event).await?;
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
