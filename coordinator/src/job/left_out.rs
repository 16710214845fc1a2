//! Participants that were suspended or revoked in the middle of a job.
//!
//! Comes in: the roster in force at the moment when submissions are no longer taken. Goes out: who is left out of the job
//! for good. The participants are fixed by the terms, so the job itself goes on, and:
//!
//! * Before that moment nobody waits for such a bank, and one that is resumed goes on where it was.
//! * At that moment it is left out, whatever it has submitted: its rows are compared with nobody's, and the certificate
//!   says that it was missing. A resumption after that comes too late for this job.
//! * After that moment what others have been told stays, but the bank itself is told nothing as long as it takes no part,
//!   and nobody waits for its return or its countersignature.

use lianfang_proto::documents::roster::Roster;
use serde_json::json;

use super::ledger::{self, Job, Party};
use super::participant::{Event, Participant};
use crate::audit;
use crate::fault::Error;
use crate::ports::Micros;
use crate::store::Connection;

/// Leaves out whoever takes part no longer. Called in the transaction in which the job stops to take submissions.
pub async fn leave_out(
    tx: &mut Connection,
    job: &Job,
    parties: &[Party],
    roster: &Roster,
    now: Micros,
) -> Result<(), Error> {
    let id = job.agreed.job();
    for party in parties {
        let event = Event::gathered(roster.active(&party.bank).is_some());
        // The clock has nothing to do with it.
        let after = Participant::of(party).apply(event, job.state, false);
        let after = after.map_err(|refused| refused.fault(&party.bank, job.state))?;
        if after.is_some_and(|after| after.left_out) {
            ledger::set_left_out(tx, id, &party.bank).await?;
            let body = json!({"job": id.to_string(), "bank": party.bank.as_str(), "submitted": party.sealed});
            audit::append(tx, now, "job.left-out", &body).await?;
        }
    }
    Ok(())
}
