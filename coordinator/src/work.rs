//! Which process does what: the coordinator's kinds of work, their rules, and the seat in which this process sits.
//!
//! Comes in: the folder, chance, the store. Goes out: leases. The machine is the store's (`lianfang_store::work`); here is
//! what is done by it. Several coordinators may share one store: a job, a ceremony, a submission is worked on by one of
//! them at a time, and by another as soon as the first has gone, or has not been heard of for the length of a lease.
//!
//! | kind | what is done under a lease | ends |
//! | --- | --- | --- |
//! | `job` | the next state is entered and its files swept; submissions are matched | with every step |
//! | `ceremony` | one whose deadline has passed is given up | at once |
//! | `submission` | rows of one bank are taken and sealed | when nothing has come for the length of a lease |

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use lianfang_proto::FaultCode;
use lianfang_proto::ids::{BankId, CeremonyId, JobId};
use lianfang_trust::Digest32;
use lianfang_trust::at_rest::file::write_atomically;

use crate::fault::{AtFile as _, Error};
use crate::office::Office;
use crate::store::Connection;
use crate::store::work::{Ending, Held, Lease, Rule, Subject, Worker, discard, leave, renew, take_seat};

/// The kind of work on jobs.
pub const JOB: &str = "job";
const CEREMONY: &str = "ceremony";
const SUBMISSION: &str = "submission";

const SECOND: i64 = 1_000_000;

/// Jobs and ceremonies. Five strikes take between a quarter and half a minute.
pub const STEP: Rule = Rule { lease: 30 * SECOND, first: SECOND, longest: 300 * SECOND, strikes: 5 };
/// Submissions: what stops one is the bank's to try again.
pub const INTAKE: Rule = Rule { lease: 20 * SECOND, first: SECOND, longest: SECOND, strikes: u32::MAX };

/// Names the folder's seat, within it.
const SEAT: &str = "seat";

/// Work on a job.
pub fn job(id: JobId) -> Subject {
    Subject::new(JOB, id.as_bytes())
}

/// Work on a ceremony.
pub fn ceremony(id: CeremonyId) -> Subject {
    Subject::new(CEREMONY, id.as_bytes())
}

/// Work on a bank's submission.
pub fn submission(job: JobId, bank: &BankId) -> Subject {
    Subject::new(SUBMISSION, [&job.as_bytes()[..], bank.as_str().as_bytes()].concat())
}

/// The job takes no more submissions: whoever holds one has lost it.
pub async fn take_no_more(tx: &mut Connection, job: JobId) -> Result<(), Error> {
    Ok(discard(tx, SUBMISSION, job.as_bytes()).await?)
}

/// What an error makes of a piece of work: circumstances pass by themselves, all else is a strike.
pub fn ending(error: &Error) -> Ending {
    let code = error.fault().code;
    let fault = code.code().to_owned();
    match code {
        FaultCode::DiskFull | FaultCode::Busy => Ending::Failed { fault },
        _ => Ending::Struck { fault },
    }
}

/// This process, in the seat of its folder. The seat is a random number in a file; that the folder's place goes into it
/// tells a folder that was copied, file and all, from the first.
pub fn worker(dir: &Path, owner: [u8; 16], fresh: [u8; 16]) -> Result<Worker, Error> {
    let path = dir.join(SEAT);
    let about = std::fs::metadata(dir).at_file(dir)?;
    let number = match std::fs::read(&path) {
        Ok(bytes) if bytes.len() == fresh.len() => bytes,
        _ => {
            // Without the file the next process waits for leases to end: nothing worse.
            if let Err(error) = write_atomically(&path, &fresh) {
                tracing::warn!(event = "work.no-seat", error = %error, "the seat could not be written down");
            }
            fresh.to_vec()
        }
    };
    let place = [&number[..], &about.dev().to_be_bytes(), &about.ino().to_be_bytes()].concat();
    let mut seat = [0; 16];
    seat.copy_from_slice(&Digest32::of("lianfang/seat", &place).as_bytes()[..16]);
    Ok(Worker { seat, owner })
}

/// Takes the seat: what an earlier process in it has held is free.
pub async fn sit(office: &Office) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    take_seat(&mut tx, &office.worker).await?;
    Ok(tx.commit().await?)
}

/// Frees what this process still holds: others need not wait for it.
pub async fn rise(office: &Office) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    leave(&mut tx, &office.worker).await?;
    Ok(tx.commit().await?)
}

/// Does long work and renews its lease meanwhile. `None` if the lease was lost: what the work gives must not be used.
pub async fn under<T>(
    office: &Office,
    lease: &mut Lease,
    rule: &Rule,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(work);
    let between = std::time::Duration::from_micros(u64::try_from(rule.lease / 3).unwrap_or(1));
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = office.ports.clock.sleep(between) => {}
        }
        match renewed(office, lease, rule).await {
            Ok(Held::Yes) => {}
            Ok(Held::Lost) => return None,
            // As long as the lease lasts it may still be renewed.
            Err(_) if office.now() < lease.until() => {}
            Err(_) => return None,
        }
    }
}

/// Renews a lease by itself.
pub async fn renewed(office: &Office, lease: &mut Lease, rule: &Rule) -> Result<Held, Error> {
    let mut tx = office.store.begin().await?;
    let held = renew(&mut tx, lease, rule, office.now()).await?;
    tx.commit().await?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_its_folders_and_an_owner_its_processs() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = worker(one.path(), [1; 16], [9; 16]).unwrap();
        let again = worker(one.path(), [2; 16], [8; 16]).unwrap();
        assert_eq!((first.seat, again.owner), (again.seat, [2; 16]));
        std::fs::copy(one.path().join(SEAT), two.path().join(SEAT)).unwrap();
        assert_ne!(worker(two.path(), [3; 16], [7; 16]).unwrap().seat, first.seat, "a copied folder");
    }

    #[test]
    fn circumstances_are_no_strikes() {
        let struck = |code| matches!(ending(&Error::refused(code)), Ending::Struck { .. });
        assert!(!struck(FaultCode::DiskFull) && !struck(FaultCode::Busy) && struck(FaultCode::Internal));
    }
}
