//! What was observed of holders: evidence, charge numbers, absences.
//!
//! Comes in: observations of the pipeline, from any task. Goes out: rows that a person can act on. A charge number that
//! is lower than one seen before means that the holder was restored from a backup; it is said once, loudly. A chunk is
//! finished only after [`Witness::settled`]: evidence is on the disk before anything that would keep it from being
//! gathered again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Digest;
use tokio::sync::{mpsc, oneshot};

use crate::audit::{Event, Log};
use crate::fault::of_store;
use crate::pipeline::evaluate::Witness;
use crate::store::{Store, StoreError};

enum Observation {
    Accused {
        holder: BankId,
        evidence: Vec<u8>,
        signed: Option<Vec<u8>>,
    },
    Charged {
        holder: BankId,
        number: u64,
    },
    Absent {
        holder: BankId,
        fault: Fault,
    },
    /// Whether everything so far, since the last time that this was asked, could be written down.
    Settled(oneshot::Sender<Result<(), Fault>>),
}

/// Takes observations; a task writes them down in their order.
pub struct Notary {
    observations: mpsc::UnboundedSender<Observation>,
}

impl Notary {
    /// Starts the writing task.
    pub fn start(store: Store, log: Log) -> Arc<Self> {
        let (observations, mut received) = mpsc::unbounded_channel();
        let mut scribe =
            Scribe { store, log, highest: BTreeMap::new(), unwritten: BTreeSet::new(), lost: Ok(()) };
        tokio::spawn(async move {
            let mut some = Vec::new();
            while received.recv_many(&mut some, AT_ONCE).await > 0 {
                scribe.take(some.drain(..)).await;
            }
        });
        Arc::new(Self { observations })
    }

    fn note(&self, observation: Observation) {
        // The task ends only with the process.
        let _ = self.observations.send(observation);
    }
}

/// Observations that are taken together: the charge numbers among them are one write.
const AT_ONCE: usize = 256;

/// The writing side.
struct Scribe {
    store: Store,
    log: Log,
    /// The highest charge number that was seen of each holder.
    highest: BTreeMap<BankId, i64>,
    /// Holders whose highest number is not on the disk yet.
    unwritten: BTreeSet<BankId>,
    /// What could not be written down since somebody asked last.
    lost: Result<(), Fault>,
}

impl Scribe {
    /// Writes some observations down; whoever asks in between is answered when all are on the disk, or told that some
    /// since the last answer are not.
    async fn take(&mut self, some: impl Iterator<Item = Observation>) {
        let mut askers = Vec::new();
        for observation in some {
            let written = match observation {
                Observation::Settled(asker) => {
                    askers.push(asker);
                    Ok(())
                }
                Observation::Charged { holder, number } => self.charged(holder, number).await,
                Observation::Accused { holder, evidence, signed } => {
                    self.accused(holder, evidence, signed).await
                }
                Observation::Absent { holder, fault } => {
                    tracing::warn!(holder = holder.as_str(), %fault, "a holder did not serve a request");
                    Ok(())
                }
            };
            self.note_loss(written);
        }
        let written = self.write_highest().await;
        self.note_loss(written);
        if askers.is_empty() {
            return;
        }
        let told = std::mem::replace(&mut self.lost, Ok(()));
        for asker in askers {
            // An asker that has gone does not finish its chunk either.
            let _ = asker.send(told.clone());
        }
    }

    fn note_loss(&mut self, written: Result<(), StoreError>) {
        if let Err(error) = written {
            tracing::error!(%error, "an observation of a holder could not be written down");
            self.lost = Err(of_store(&error));
        }
    }

    async fn charged(&mut self, holder: BankId, number: u64) -> Result<(), StoreError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let before = match self.highest.get(&holder) {
            Some(highest) => Some(*highest),
            None => {
                sqlx::query_scalar("SELECT highest FROM charge_sighting WHERE holder = ?")
                    .bind(holder.as_str())
                    .fetch_optional(self.store.pool())
                    .await?
            }
        };
        if went_back(before, number) {
            tracing::error!(
                holder = holder.as_str(),
                "a holder's charge number went back: it was restored from a backup; its counters must be full"
            );
        }
        if before.is_none_or(|before| number > before) {
            self.unwritten.insert(holder.clone());
        }
        self.highest.insert(holder, before.map_or(number, |before| before.max(number)));
        Ok(())
    }

    async fn write_highest(&mut self) -> Result<(), StoreError> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        for holder in &self.unwritten {
            sqlx::query(
                "INSERT INTO charge_sighting (holder, highest) VALUES (?1, ?2)
                 ON CONFLICT (holder) DO UPDATE SET highest = max(highest, ?2)",
            )
            .bind(holder.as_str())
            .bind(self.highest.get(holder))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        self.unwritten.clear();
        Ok(())
    }

    async fn accused(
        &self,
        holder: BankId,
        evidence: Vec<u8>,
        signed: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        tracing::error!(holder = holder.as_str(), "a holder's answer fails the check; the evidence is kept");
        let digest = Digest::of("lianfang/accusation", &evidence);
        sqlx::query("INSERT INTO accusation (holder, evidence, signed_answer, made_at) VALUES (?, ?, ?, ?)")
            .bind(holder.as_str())
            .bind(evidence)
            .bind(signed)
            .bind(self.store.now())
            .execute(self.store.pool())
            .await?;
        let event = Event::Accused { holder, evidence: digest };
        if let Err(error) = self.log.record(&event).await {
            tracing::error!(%error, "the audit log could not be written");
        }
        Ok(())
    }
}

/// Whether a charge number is too low after this one. Both are a holder's own words: any number at all.
fn went_back(before: Option<i64>, number: i64) -> bool {
    before.is_some_and(|before| number.saturating_add(OVERTAKING) < before)
}

/// Charges by which answers that are under way at once may overtake each other, over all banks.
const OVERTAKING: i64 = 10_000;

#[async_trait]
impl Witness for Notary {
    fn accuse(&self, holder: &BankId, accusation: &Accusation, signed_answer: Option<&[u8]>) {
        self.note(Observation::Accused {
            holder: holder.clone(),
            evidence: accusation.encode(),
            signed: signed_answer.map(<[u8]>::to_vec),
        });
    }

    fn charged(&self, holder: &BankId, charge_number: u64) {
        self.note(Observation::Charged { holder: holder.clone(), number: charge_number });
    }

    fn absent(&self, holder: &BankId, fault: &Fault) {
        self.note(Observation::Absent { holder: holder.clone(), fault: fault.clone() });
    }

    async fn settled(&self) -> Result<(), Fault> {
        let (asker, answer) = oneshot::channel();
        self.note(Observation::Settled(asker));
        answer.await.unwrap_or_else(|_| Err(Fault::new(FaultCode::Internal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Bench;

    fn holder() -> BankId {
        BankId::parse("alpha", "bank").unwrap()
    }

    async fn accusations(bench: &Bench) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM accusation").fetch_one(bench.store.pool()).await.unwrap()
    }

    fn accused() -> Observation {
        Observation::Accused { holder: holder(), evidence: vec![1, 2, 3], signed: None }
    }

    #[tokio::test]
    async fn no_charge_number_silences_the_witness() {
        let bench = Bench::new().await;
        let notary = Notary::start(bench.store.clone(), Log::new(bench.store.clone(), "test"));
        for number in [u64::MAX, u64::MAX, 0, u64::MAX] {
            notary.charged(&holder(), number);
        }
        notary.note(accused());
        notary.settled().await.unwrap();
        assert_eq!(accusations(&bench).await, 1);
    }

    #[tokio::test]
    async fn evidence_that_could_not_be_kept_is_said() {
        let bench = Bench::new().await;
        let notary = Notary::start(bench.store.clone(), Log::new(bench.store.clone(), "test"));
        let refuse =
            "CREATE TRIGGER refuse BEFORE INSERT ON accusation BEGIN SELECT RAISE(ABORT, 'full'); END";
        sqlx::query(refuse).execute(bench.store.pool()).await.unwrap();
        notary.note(accused());
        assert!(notary.settled().await.is_err());
        sqlx::query("DROP TRIGGER refuse").execute(bench.store.pool()).await.unwrap();
        notary.note(accused());
        notary.settled().await.unwrap();
        assert_eq!(accusations(&bench).await, 1);
    }

    #[test]
    fn a_number_that_goes_back_by_more_than_what_is_under_way_is_seen() {
        assert!(!went_back(None, 0));
        assert!(!went_back(Some(OVERTAKING), 0));
        assert!(went_back(Some(OVERTAKING + 1), 0));
        assert!(!went_back(Some(i64::MAX), i64::MAX));
    }
}
