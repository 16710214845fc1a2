//! What was observed of holders: evidence, charge numbers, absences.
//!
//! Comes in: observations of the pipeline, from any task. Goes out: rows that a person can act on. What charge numbers
//! say is judged by [`Sightings`]. A chunk is finished only after [`Witness::settled`]: evidence is on the disk before
//! anything that would keep it from being gathered again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_proto::documents::evaluation::EvaluationAnswer;
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed};
use tokio::sync::{mpsc, oneshot};

use super::sightings::{Sightings, as_kept};
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
        key: KeyId,
        number: u64,
        answer: Vec<u8>,
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
    pub fn start(store: Store, log: Log, sightings: Sightings) -> Arc<Self> {
        let (observations, mut received) = mpsc::unbounded_channel();
        let mut scribe = Scribe { store, log, sightings, lost: Ok(()) };
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

/// Observations that are taken together: of a holder's charge numbers among them two are written.
const AT_ONCE: usize = 256;

/// The charge numbers of one holder under one key, each with its signed answer.
struct Shown {
    lowest: (u64, Vec<u8>),
    highest: (u64, Vec<u8>),
}

/// The charge numbers of some observations.
#[derive(Default)]
struct Charged {
    by_holder: HashMap<(BankId, KeyId), Shown>,
}

impl Charged {
    fn note(&mut self, holder: BankId, key: KeyId, number: u64, answer: Vec<u8>) {
        match self.by_holder.entry((holder, key)) {
            Entry::Vacant(place) => {
                place.insert(Shown { lowest: (number, answer.clone()), highest: (number, answer) });
            }
            Entry::Occupied(mut place) => {
                let shown = place.get_mut();
                if number < shown.lowest.0 {
                    shown.lowest = (number, answer);
                } else if number > shown.highest.0 {
                    shown.highest = (number, answer);
                }
            }
        }
    }
}

/// The writing side.
struct Scribe {
    store: Store,
    log: Log,
    sightings: Sightings,
    /// What could not be written down since somebody asked last.
    lost: Result<(), Fault>,
}

impl Scribe {
    /// Writes some observations down; whoever asks in between is answered when all are on the disk, or told that some
    /// since the last answer are not.
    async fn take(&mut self, some: impl Iterator<Item = Observation>) {
        let mut askers = Vec::new();
        let mut charged = Charged::default();
        for observation in some {
            let written = match observation {
                Observation::Settled(asker) => {
                    askers.push(asker);
                    Ok(())
                }
                Observation::Charged { holder, key, number, answer } => {
                    charged.note(holder, key, number, answer);
                    Ok(())
                }
                Observation::Accused { holder, evidence, signed } => {
                    self.accused(holder, evidence, signed).await
                }
                Observation::Absent { holder, fault } => {
                    tracing::warn!(event = "holder.absent", holder = holder.as_str(), %fault, "a holder did not serve a request");
                    Ok(())
                }
            };
            self.note_loss(written);
        }
        for ((holder, key), Shown { lowest, highest }) in charged.by_holder {
            // The lowest before the highest: what went back is judged against what was seen before.
            for (number, answer) in [lowest, highest] {
                let written = self.sightings.answered(&holder, key, number, &answer).await;
                self.note_loss(written);
            }
        }
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
            tracing::error!(event = "observation.not-written", %error, "an observation of a holder could not be written down");
            self.lost = Err(of_store(&error));
        }
    }

    async fn accused(
        &self,
        holder: BankId,
        evidence: Vec<u8>,
        signed: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        tracing::error!(
            event = "holder.lied",
            holder = holder.as_str(),
            "a holder's answer fails the check; the evidence is kept"
        );
        let digest = Digest::of("lianfang/accusation", &evidence);
        let mut tx = self.store.begin().await?;
        sqlx::query(
            "INSERT INTO accusation (holder, evidence, signed_answer, made_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(holder.as_str())
        .bind(evidence)
        .bind(signed)
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        let event = Event::Accused { holder, evidence: digest };
        self.log.says(&event).append(&mut tx).await?;
        tx.commit().await
    }
}

#[async_trait]
impl Witness for Notary {
    fn accuse(&self, holder: &BankId, accusation: &Accusation, signed_answer: Option<&[u8]>) {
        self.note(Observation::Accused {
            holder: holder.clone(),
            evidence: accusation.encode(),
            signed: signed_answer.map(<[u8]>::to_vec),
        });
    }

    fn charged(&self, holder: &BankId, answer: &Signed<EvaluationAnswer>) {
        let (key, number, answer) = as_kept(answer);
        self.note(Observation::Charged { holder: holder.clone(), key, number, answer });
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
    use lianfang_trust::SigningKey;

    use crate::key_holder::tests::KEY;
    use crate::store::tests::Bench;

    fn holder() -> BankId {
        BankId::parse("alpha", "bank").unwrap()
    }

    fn started(bench: &Bench) -> Arc<Notary> {
        let log = Log::new(bench.store.clone(), "test");
        let sightings = Sightings::new(bench.store.clone(), log.clone());
        Notary::start(bench.store.clone(), log, sightings)
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
        let notary = started(&bench);
        for number in [u64::MAX, u64::MAX, 0, u64::MAX] {
            let value = EvaluationAnswer {
                request_digest: Digest::of("test", b""),
                holder: holder(),
                key: KEY,
                evaluated_digest: Digest::of("test", b""),
                charge_number: number,
            };
            notary.charged(&holder(), &Signed::sign(&SigningKey::from_bytes(&[1; 32]), value));
        }
        notary.note(accused());
        notary.settled().await.unwrap();
        assert_eq!(accusations(&bench).await, 1);
    }

    #[tokio::test]
    async fn evidence_that_could_not_be_kept_is_said() {
        let bench = Bench::new().await;
        let notary = started(&bench);
        bench.refuse("accusation").await;
        notary.note(accused());
        assert!(notary.settled().await.is_err());
        bench.allow("accusation").await;
        notary.note(accused());
        notary.settled().await.unwrap();
        assert_eq!(accusations(&bench).await, 1);
    }
}
