//! The certificate of a job: what everybody submitted, what everybody's result is called, who was missing.

use lianfang_proto::documents::certificate::{Entry, EntrySubmission, JobCertificate, Return};
use lianfang_trust::Signed;

use crate::fault::{Error, StoredAs as _};
use crate::job::ledger::{Agreed, Party};
use crate::ports::Micros;

/// Draws it up from what the participants have signed.
pub fn draw_up(agreed: &Agreed, parties: &[Party], now: Micros) -> Result<JobCertificate, Error> {
    let entries = parties.iter().map(|party| {
        let submission = party.submission()?;
        let returned = party.returned.as_deref().map(read_return).transpose()?;
        Ok(Entry {
            bank: party.bank.clone(),
            submission: submission.map(|header| EntrySubmission { rows: header.rows, root: header.root }),
            result_digest: returned.map(|returned| returned.result_digest),
        })
    });
    let entries = entries.collect::<Result<Vec<_>, Error>>()?;
    Ok(JobCertificate { terms_digest: agreed.digest, entries, certified_at: now })
}

/// A return as it is kept. Its signature was checked when it was taken.
pub fn read_return(bytes: &[u8]) -> Result<Return, Error> {
    let signer = Signed::<Return>::claimed_signer(bytes).stored_as("return")?;
    Ok(Signed::open(bytes, &signer).stored_as("return")?.into_value())
}
