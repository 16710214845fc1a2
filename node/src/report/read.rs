//! The stream's own order: sources first, whole items in every slice, an end that is said.
//!
//! Comes in: slices as they arrive, and the signing keys of the roster. Goes out: [`Verified`]. Trusts: the pinned keys.
//! Fails with a fault that names the coordinator; a stream that stops before its end is `message-truncated`.

use futures::{Stream, StreamExt};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::{ReadReportReply, Source};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Signed, VerifyingKey};

use super::verify::{Verified, Verifier};
use super::{COORDINATOR, Participation, ReportError};

/// Reads and verifies a whole report. `key_of` gives the key with which a bank of the job's roster signs.
pub async fn read<S>(
    part: Participation<'_>,
    key_of: impl Fn(&BankId) -> Option<VerifyingKey>,
    mut slices: S,
) -> Result<Verified, ReportError>
where
    S: Stream<Item = Result<ReadReportReply, Fault>> + Unpin,
{
    let mut first = next(&mut slices).await?;
    let sources = std::mem::take(&mut first.sources);
    if sources.len() > part.terms.participants.len() {
        return Err(malformed("sources").into());
    }
    let sources: Result<Vec<_>, Fault> = sources.iter().map(|source| open(source, &key_of)).collect();
    let mut verifier = Verifier::new(part, sources?)?;
    let mut slice = first;
    loop {
        verifier.push(&slice.items)?;
        if slice.end {
            return verifier.finish();
        }
        slice = next(&mut slices).await?;
        if !slice.sources.is_empty() {
            let fault = Fault::field(FaultCode::MessageOutOfOrder, "sources").at(COORDINATOR);
            return Err(fault.wanted("items").got("sources").into());
        }
        if slice.items.is_empty() && !slice.end {
            return Err(malformed("items").into());
        }
    }
}

async fn next<S>(slices: &mut S) -> Result<ReadReportReply, Fault>
where
    S: Stream<Item = Result<ReadReportReply, Fault>> + Unpin,
{
    let cut = || Fault::field(FaultCode::MessageTruncated, "items").at(COORDINATOR);
    slices.next().await.unwrap_or_else(|| Err(cut()))
}

fn open(
    source: &Source,
    key_of: impl Fn(&BankId) -> Option<VerifyingKey>,
) -> Result<(BankId, Signed<SubmissionHeader>), Fault> {
    let bank = BankId::parse(&source.bank, "bank").map_err(|_| malformed("sources.bank"))?;
    let key = key_of(&bank).ok_or_else(|| malformed("sources.bank").got(&bank))?;
    let header = Signed::open(&source.header, &key).map_err(|error| {
        Fault::field(FaultCode::SignatureInvalid, "sources.header").at(COORDINATOR).wanted(&bank).got(error)
    })?;
    Ok((bank, header))
}

fn malformed(field: &str) -> Fault {
    Fault::field(FaultCode::MalformedField, field).at(COORDINATOR)
}
