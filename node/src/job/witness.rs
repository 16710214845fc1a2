//! What was observed of holders: evidence, charge numbers, absences.
//!
//! Comes in: observations of the pipeline, from any task. Goes out: rows that a person can act on. A charge number that
//! is lower than one seen before means that the holder was restored from a backup; it is said once, loudly.

use std::sync::Arc;

use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_proto::Fault;
use lianfang_proto::ids::BankId;
use lianfang_trust::Digest;
use tokio::sync::mpsc;

use crate::audit::{Event, Log};
use crate::pipeline::evaluate::Witness;
use crate::store::{Store, StoreError};

enum Observation {
    Accused { holder: BankId, evidence: Vec<u8>, signed: Option<Vec<u8>> },
    Charged { holder: BankId, number: u64 },
    Absent { holder: BankId, fault: Fault },
}

/// Takes observations; a task writes them down in their order.
pub struct Notary {
    observations: mpsc::UnboundedSender<Observation>,
}

impl Notary {
    /// Starts the writing task.
    pub fn start(store: Store, log: Log) -> Arc<Self> {
        let (observations, mut received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(observation) = received.recv().await {
                if let Err(error) = write(&store, &log, observation).await {
                    tracing::error!(%error, "an observation of a holder could not be written down");
                }
            }
        });
        Arc::new(Self { observations })
    }

    fn note(&self, observation: Observation) {
        // The task ends only with the process.
        let _ = self.observations.send(observation);
    }
}

async fn write(store: &Store, log: &Log, observation: Observation) -> Result<(), StoreError> {
    match observation {
        Observation::Accused { holder, evidence, signed } => {
            tracing::error!(
                holder = holder.as_str(),
                "a holder's answer fails the check; the evidence is kept"
            );
            let digest = Digest::of("lianfang/accusation", &evidence);
            sqlx::query(
                "INSERT INTO accusation (holder, evidence, signed_answer, made_at) VALUES (?, ?, ?, ?)",
            )
            .bind(holder.as_str())
            .bind(evidence)
            .bind(signed)
            .bind(store.now())
            .execute(store.pool())
            .await?;
            let event = Event::Accused { holder, evidence: digest };
            if let Err(error) = log.record(&event).await {
                tracing::error!(%error, "the audit log could not be written");
            }
        }
        Observation::Charged { holder, number } => {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            let before: Option<i64> =
                sqlx::query_scalar("SELECT highest FROM charge_sighting WHERE holder = ?")
                    .bind(holder.as_str())
                    .fetch_optional(store.pool())
                    .await?;
            sqlx::query(
                "INSERT INTO charge_sighting (holder, highest) VALUES (?1, ?2)
                 ON CONFLICT (holder) DO UPDATE SET highest = max(highest, ?2)",
            )
            .bind(holder.as_str())
            .bind(number)
            .execute(store.pool())
            .await?;
            // Answers of one holder may overtake each other by as many chunks as are under way at once.
            if before.is_some_and(|before| number + OVERTAKING < before) {
                tracing::error!(
                    holder = holder.as_str(),
                    "a holder's charge number went back: it was restored from a backup; its counters must be full"
                );
            }
        }
        Observation::Absent { holder, fault } => {
            tracing::warn!(holder = holder.as_str(), %fault, "a holder did not serve a request");
        }
    }
    Ok(())
}

/// Charges by which answers that are under way at once may overtake each other, over all banks.
const OVERTAKING: i64 = 10_000;

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
}
