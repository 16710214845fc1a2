//! Which process does what: the node's kinds of work, their rule, and the seat in which this process sits.
//!
//! Comes in: the folder, chance, the store. Goes out: leases, pauses. The machine is the store's (`lianfang_store::work`).
//! Attempts and pauses are rows: a node that is started again hammers nobody, and `job show` tells when a job is tried next.
//! A job that fails is tried again until its deadline; one that panics rests after a few times, until a person says
//! `job retry`: a defect is not mended by trying.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use lianfang_proto::ids::{CeremonyId, JobId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Digest32;
use lianfang_trust::at_rest::file::write_atomically;

use crate::ports::Micros;
use crate::store::work::{
    Ending, Held, Lease, Rule, Subject, Turn, Worker, acquire_anyway, find, finish, leave, release, renew,
    restart, take_seat,
};
use crate::store::{Store, StoreError};

/// The kind of work on jobs.
pub const JOB: &str = "job";
/// The kind of work on ceremonies.
pub const CEREMONY: &str = "ceremony";

const SECOND: Micros = 1_000_000;

/// Jobs and ceremonies.
pub const RULE: Rule = Rule { lease: 60 * SECOND, first: SECOND / 4, longest: 30 * SECOND, strikes: 5 };

/// That a process works on jobs: said again every third of its time. What died without a word says so for two minutes yet.
pub const DUTY: Rule = Rule { lease: 120 * SECOND, first: SECOND, longest: SECOND, strikes: u32::MAX };

/// When something that waits for others is looked at again, should nobody say that it has moved.
pub const LOOK_AGAIN: Micros = 30 * SECOND;

/// Names the folder's seat, within it.
const SEAT: &str = "seat";

/// A piece of this node's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// Takes part in a key ceremony.
    Ceremony(CeremonyId),
    /// Takes part in a job.
    Job(JobId),
}

impl Errand {
    /// As the store names it.
    pub fn subject(self) -> Subject {
        match self {
            Self::Ceremony(id) => Subject::new(CEREMONY, id.as_bytes()),
            Self::Job(id) => Subject::new(JOB, id.as_bytes()),
        }
    }
}

/// What a fault makes of a piece of work.
pub fn ending(fault: &Fault, now: Micros) -> Ending {
    match fault.code {
        // A person's turn; whoever decides wakes the loop.
        FaultCode::ConsentPending => Ending::Waits { until: now + LOOK_AGAIN },
        code => Ending::Failed { fault: code.code().to_owned() },
    }
}

/// The work of this process.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    worker: Worker,
}

impl Desk {
    /// Sits down in the folder's seat: what an earlier process in it has held is free. The seat is a random number in a
    /// file; that the folder's place goes into it tells a folder that was copied, file and all, from the first.
    pub async fn sit(store: &Store) -> Result<Self, StoreError> {
        let mut numbers = [[0; 16]; 2];
        let mut rng = store.rng();
        for number in &mut numbers {
            rng.fill_bytes(number);
        }
        drop(rng);
        let seat = seat(store.folder(), numbers[0]);
        let this = Self { store: store.clone(), worker: Worker { seat, owner: numbers[1] } };
        let mut tx = this.store.begin().await?;
        take_seat(&mut tx, &this.worker).await?;
        tx.commit().await?;
        Ok(this)
    }

    /// A process in another folder.
    #[cfg(test)]
    pub(crate) fn elsewhere(store: &Store) -> Self {
        Self { store: store.clone(), worker: Worker { seat: [9; 16], owner: [9; 16] } }
    }

    /// Frees what this process still holds.
    pub async fn rise(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        leave(&mut tx, &self.worker).await?;
        tx.commit().await
    }

    /// Takes a piece of work, unless another process has it. Whether its turn has come the agenda knows.
    pub async fn take(&self, errand: Errand) -> Result<Option<Lease>, StoreError> {
        self.acquire(&errand.subject(), &RULE).await
    }

    /// Takes the duty to work on jobs, unless another process has it.
    pub async fn take_duty(&self) -> Result<Option<Lease>, StoreError> {
        self.acquire(&Subject::new("duty", b"jobs"), &DUTY).await
    }

    async fn acquire(&self, subject: &Subject, rule: &Rule) -> Result<Option<Lease>, StoreError> {
        let mut tx = self.store.begin().await?;
        let lease = acquire_anyway(&mut tx, &self.worker, subject, rule, self.store.now()).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// How a piece of work stands; `None` if it has no row.
    pub async fn turn(&self, errand: Errand) -> Result<Option<Turn>, StoreError> {
        stands(&self.store, &errand.subject()).await
    }

    /// Makes a lease last.
    pub async fn renew(&self, lease: &mut Lease, rule: &Rule) -> Result<Held, StoreError> {
        let mut tx = self.store.begin().await?;
        let held = renew(&mut tx, lease, rule, self.store.now()).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Gives work back with what came of it; gives how it stands from now on, also where the store does not take it.
    pub async fn give_back(&self, lease: &Lease, ending: &Ending) -> Turn {
        let chance = self.store.rng().next_u64();
        let now = self.store.now();
        let written = async {
            let mut tx = self.store.begin().await?;
            let held = release(&mut tx, lease, ending, &RULE, now, chance).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(held)
        };
        match written.await {
            Ok(Held::Yes) => {}
            // Somebody else has it, or a person has set it free: then it stands as the store says.
            Ok(Held::Lost) => {
                if let Ok(turn) = stands(&self.store, lease.subject()).await {
                    return turn.unwrap_or_default();
                }
            }
            Err(error) => {
                tracing::warn!(event = "work.not-written", %error, "what came of an attempt could not be written down");
            }
        }
        lease.before().after(ending, &RULE, now, chance)
    }

    /// The work is over.
    pub async fn finish(&self, lease: &Lease) {
        let written = async {
            let mut tx = self.store.begin().await?;
            let held = finish(&mut tx, lease, self.store.now()).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(held)
        };
        if let Err(error) = written.await {
            tracing::warn!(event = "work.not-written", %error, "work that is over could not be struck off");
        }
    }

    /// The work is over though nobody is at it in this process: its row goes, unless another process has it and will see for itself.
    /// An attempt of this process would lose its lease; it is not to be asked for while there is one.
    pub async fn strike_off(&self, errand: Errand) {
        match self.take(errand).await {
            Ok(Some(lease)) => self.finish(&lease).await,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(event = "work.not-written", %error, "work that is over could not be struck off");
            }
        }
    }
}

/// How a piece of work stands. What has no row has never been tried, or has failed at nothing.
pub async fn turn(store: &Store, errand: Errand) -> Result<Turn, StoreError> {
    Ok(stands(store, &errand.subject()).await?.unwrap_or_default())
}

async fn stands(store: &Store, subject: &Subject) -> Result<Option<Turn>, StoreError> {
    let mut reader = store.reader().await?;
    find(&mut reader, subject).await
}

/// A person says that it is to be tried again, now. Tells whether there was anything to restart.
pub async fn retry(store: &Store, errand: Errand) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let restarted = restart(&mut tx, &errand.subject(), &RULE, store.now()).await?;
    tx.commit().await?;
    Ok(restarted)
}

fn seat(folder: &Path, fresh: [u8; 16]) -> [u8; 16] {
    let path = folder.join(SEAT);
    let number = match std::fs::read(&path) {
        Ok(bytes) if bytes.len() == fresh.len() => bytes,
        _ => {
            // Without the file the next process waits for leases to end: nothing worse.
            if let Err(error) = write_atomically(&path, &fresh) {
                tracing::warn!(event = "work.no-seat", %error, "the seat could not be written down");
            }
            fresh.to_vec()
        }
    };
    let place = std::fs::metadata(folder).map_or((0, 0), |about| (about.dev(), about.ino()));
    let place = [&number[..], &place.0.to_be_bytes(), &place.1.to_be_bytes()].concat();
    let mut seat = [0; 16];
    seat.copy_from_slice(&Digest32::of("lianfang/seat", &place).as_bytes()[..16]);
    seat
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Bench;

    const JOB: Errand = Errand::Job(JobId::from_random([1; 16]));

    #[tokio::test]
    async fn what_failed_is_remembered_and_a_person_restarts_it() {
        let bench = Bench::new().await;
        let desk = Desk::sit(&bench.store).await.unwrap();
        let panicked = Ending::Struck { fault: "internal".to_owned() };
        for attempt in 1..=RULE.strikes {
            let lease = desk.take(JOB).await.unwrap().unwrap();
            let after = desk.give_back(&lease, &panicked).await;
            assert_eq!(turn(&bench.store, JOB).await.unwrap(), after);
            assert_eq!((after.attempts, after.strikes), (attempt, attempt));
        }
        let reborn = Desk::sit(&bench.store).await.unwrap();
        let turn = reborn.turn(JOB).await.unwrap().unwrap();
        let state = turn.state(&RULE, bench.store.now());
        assert_eq!(state, lianfang_store::work::State::Resting, "also after a restart");
        assert!(retry(&bench.store, JOB).await.unwrap());
        assert!(!retry(&bench.store, JOB).await.unwrap());
        assert_eq!(reborn.turn(JOB).await.unwrap(), Some(Turn::default()), "its row stays");
    }

    #[tokio::test]
    async fn what_is_over_leaves_no_row_unless_another_is_at_it() {
        let bench = Bench::new().await;
        let (desk, elsewhere) = (Desk::sit(&bench.store).await.unwrap(), Desk::elsewhere(&bench.store));
        let rows = async || {
            let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM work");
            rows.fetch_one(bench.store.readers()).await.unwrap()
        };
        desk.strike_off(JOB).await;
        assert_eq!(rows().await, 0, "there was none");
        assert_eq!(desk.turn(JOB).await.unwrap(), None);
        let lease = desk.take(JOB).await.unwrap().unwrap();
        desk.give_back(&lease, &Ending::Failed { fault: "busy".to_owned() }).await;
        assert_eq!(rows().await, 1);
        desk.strike_off(JOB).await;
        assert_eq!(rows().await, 0, "though its pause goes on");
        let mut held = elsewhere.take(JOB).await.unwrap().unwrap();
        desk.strike_off(JOB).await;
        assert_eq!(elsewhere.renew(&mut held, &RULE).await.unwrap(), Held::Yes);
    }

    #[tokio::test]
    async fn a_process_that_is_gone_holds_nothing_up_and_one_that_is_there_does() {
        let bench = Bench::new().await;
        let first = Desk::sit(&bench.store).await.unwrap();
        let mut lease = first.take(JOB).await.unwrap().unwrap();
        let elsewhere = Desk::elsewhere(&bench.store);
        assert!(elsewhere.take(JOB).await.unwrap().is_none());
        let second = Desk::sit(&bench.store).await.unwrap();
        assert!(second.take(JOB).await.unwrap().is_some(), "the seat was taken anew");
        assert_eq!(first.renew(&mut lease, &RULE).await.unwrap(), Held::Lost);
    }
}
