//! Checks the job's certificate against what this bank itself did, and countersigns it.

use lianfang_proto::documents::certificate::{Countersignature, Entry, JobCertificate, Return};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Signed, SigningKey};

use super::observed::SeenSource;

/// What this bank knows of its own part.
pub struct OwnPart<'a> {
    /// This bank.
    pub bank: &'a BankId,
    /// The header that it signed.
    pub header: &'a SubmissionHeader,
    /// The return that it signed.
    pub result: &'a Return,
    /// Whether the coordinator has said that it has it. If not, it may have come too late: then the certificate says that
    /// this bank returned nothing, and that is true.
    pub handed_in: bool,
}

/// Whether the certificate says of this bank what this bank did, of the others what they have signed, and names every
/// participant. `seen` is what the report's sources have signed: all banks whose submission was taken, but this one.
/// Under `count` no source is shown, and only the form of what others submitted can be checked.
pub fn check(
    certificate: &JobCertificate,
    terms: &Terms,
    own: &OwnPart<'_>,
    seen: Option<&[SeenSource]>,
) -> Result<(), Fault> {
    let differs = |field: &str| Err(Fault::field(FaultCode::DigestDiffers, field).at("coordinator"));
    if certificate.terms_digest != own.header.terms_digest {
        return differs("certificate.terms_digest");
    }
    if !certificate.entries.iter().map(|e| &e.bank).eq(terms.participants.iter().map(|p| &p.bank)) {
        return differs("certificate.entries");
    }
    let Some(entry) = certificate.entry(own.bank) else { return differs("certificate.entries") };
    match entry.submission {
        Some(submission) if submission.root == own.header.root && submission.rows == own.header.rows => {}
        _ => return differs("certificate.entry.submission"),
    }
    match entry.result_digest {
        Some(digest) if digest == own.result.result_digest => {}
        None if !own.handed_in => {}
        _ => return differs("certificate.entry.result_digest"),
    }
    for other in certificate.entries.iter().filter(|entry| entry.bank != *own.bank) {
        if let Err(field) = check_other(other, terms, seen) {
            let fault = Fault::field(FaultCode::DigestDiffers, field).at("coordinator");
            return Err(fault.got(&other.bank));
        }
    }
    Ok(())
}

/// What is said of another bank; the field that is wrong.
fn check_other(entry: &Entry, terms: &Terms, seen: Option<&[SeenSource]>) -> Result<(), &'static str> {
    let Some(submission) = &entry.submission else {
        // A bank whose rows this report was proven against was not missing, and one that was missing has no result.
        let was_seen = seen.is_some_and(|seen| seen.iter().any(|source| source.bank == entry.bank));
        return match (was_seen, entry.result_digest) {
            (true, _) => Err("certificate.entries.missing"),
            (false, Some(_)) => Err("certificate.entries.result_digest"),
            (false, None) => Ok(()),
        };
    };
    let (least, most) = (terms.padded_rows(0), terms.padded_rows(terms.size_cap));
    if !submission.rows.is_power_of_two() || !(least..=most).contains(&submission.rows) {
        return Err("certificate.entries.rows");
    }
    let Some(seen) = seen else { return Ok(()) };
    match seen.iter().find(|source| source.bank == entry.bank) {
        None => Err("certificate.entries.unseen"),
        Some(source) if source.rows != submission.rows => Err("certificate.entries.rows"),
        Some(source) if source.root != submission.root => Err("certificate.entries.root"),
        Some(_) => Ok(()),
    }
}

/// The countersignature under a checked certificate.
pub fn countersign(
    certificate: &Signed<JobCertificate>,
    bank: &BankId,
    key: &SigningKey,
) -> Signed<Countersignature> {
    let value = Countersignature { certificate_digest: certificate.digest(), bank: bank.clone() };
    Signed::sign(key, value)
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::certificate::EntrySubmission;
    use lianfang_trust::Digest;

    use super::*;
    use crate::job::consent::tests::terms;

    const DIGEST: Digest = Digest::from_bytes([1; 64]);

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    /// What "a" has signed.
    fn signed() -> (SubmissionHeader, Return) {
        let header = SubmissionHeader {
            terms_digest: DIGEST,
            bank: bank("a"),
            rows: 1024,
            row_bytes: 16,
            root: [2; 32],
            padding_commitment: [3; 32],
        };
        let result = Return {
            terms_digest: DIGEST,
            bank: bank("a"),
            result_digest: Digest::from_bytes([4; 64]),
            by_kind: vec![],
            refused_matches: 0,
        };
        (header, result)
    }

    fn entry(name: &str, root: [u8; 32], result: [u8; 64]) -> Entry {
        Entry {
            bank: bank(name),
            submission: Some(EntrySubmission { rows: 1024, root }),
            result_digest: Some(Digest::from_bytes(result)),
        }
    }

    fn good() -> JobCertificate {
        JobCertificate {
            terms_digest: DIGEST,
            entries: vec![entry("a", [2; 32], [4; 64]), entry("b", [9; 32], [9; 64])],
            certified_at: 0,
        }
    }

    #[test]
    fn a_return_that_was_never_acknowledged_may_have_come_too_late() {
        let (header, result) = signed();
        let bank = bank("a");
        let own = |handed_in| OwnPart { bank: &bank, header: &header, result: &result, handed_in };
        let said = |digest: Option<Digest>, handed_in| {
            let mut certificate = good();
            certificate.entries[0].result_digest = digest;
            check(&certificate, &terms(&["a", "b"], 2), &own(handed_in), None).is_ok()
        };
        assert!(said(None, false));
        assert!(!said(None, true), "the coordinator had it");
        assert!(!said(Some(Digest::from_bytes([5; 64])), false), "another's return");
        assert!(said(Some(result.result_digest), false), "its word was lost");
    }

    #[test]
    fn only_what_this_bank_did_is_countersigned() {
        let terms = terms(&["a", "b"], 2);
        let (header, result) = signed();
        let own = OwnPart { bank: &bank("a"), header: &header, result: &result, handed_in: true };
        let good = good();
        let seen = [SeenSource { bank: bank("b"), rows: 1024, root: [9; 32] }];
        assert_eq!(check(&good, &terms, &own, Some(&seen)), Ok(()));
        assert_eq!(check(&good, &terms, &own, None), Ok(()));
        let field = |change: &dyn Fn(&mut JobCertificate)| {
            let mut certificate = good.clone();
            change(&mut certificate);
            check(&certificate, &terms, &own, Some(&seen)).unwrap_err().field.unwrap()
        };
        assert_eq!(field(&|c| c.terms_digest = Digest::from_bytes([8; 64])), "certificate.terms_digest");
        assert_eq!(field(&|c| drop(c.entries.pop())), "certificate.entries");
        assert_eq!(field(&|c| c.entries[0].submission = None), "certificate.entry.submission");
        assert_eq!(field(&|c| c.entries[0] = entry("a", [7; 32], [4; 64])), "certificate.entry.submission");
        assert_eq!(field(&|c| c.entries[0].result_digest = None), "certificate.entry.result_digest");
        assert_eq!(field(&|c| c.entries[1] = entry("b", [8; 32], [9; 64])), "certificate.entries.root");
        assert_eq!(field(&|c| c.entries[1].submission = None), "certificate.entries.missing");
        for rows in [1023, 512, 2048] {
            let submission = Some(EntrySubmission { rows, root: [9; 32] });
            assert_eq!(field(&|c| c.entries[1].submission = submission), "certificate.entries.rows");
        }
        let unseen = check(&good, &terms, &own, Some(&[])).unwrap_err();
        assert_eq!(
            (unseen.field.as_deref(), unseen.got.as_deref()),
            (Some("certificate.entries.unseen"), Some("b"))
        );
        let mut absent = good.clone();
        absent.entries[1].submission = None;
        assert!(check(&absent, &terms, &own, None).is_err(), "a result without a submission");
        absent.entries[1].result_digest = None;
        assert_eq!(check(&absent, &terms, &own, Some(&[])), Ok(()));
    }
}
