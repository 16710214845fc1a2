//! Checks the job's certificate against what this bank itself did, and countersigns it.

use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Signed, SigningKey};

/// What this bank knows of its own part.
pub struct OwnPart<'a> {
    /// This bank.
    pub bank: &'a BankId,
    /// The header that it signed.
    pub header: &'a SubmissionHeader,
    /// The return that it signed.
    pub result: &'a Return,
}

/// Whether the certificate says of this bank what this bank did, and names every participant.
pub fn check(certificate: &JobCertificate, terms: &Terms, own: &OwnPart<'_>) -> Result<(), Fault> {
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
    if entry.result_digest != Some(own.result.result_digest) {
        return differs("certificate.entry.result_digest");
    }
    Ok(())
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
    use lianfang_proto::documents::certificate::{Entry, EntrySubmission};
    use lianfang_trust::Digest;

    use super::*;
    use crate::job::consent::tests::terms;

    #[test]
    fn only_what_this_bank_did_is_countersigned() {
        let terms = terms(&["a", "b"], 2);
        let bank = BankId::parse("a", "bank").unwrap();
        let digest = Digest::from_bytes([1; 64]);
        let header = SubmissionHeader {
            terms_digest: digest,
            bank: bank.clone(),
            rows: 1024,
            row_bytes: 16,
            root: [2; 32],
            padding_commitment: [3; 32],
        };
        let result = Return {
            terms_digest: digest,
            bank: bank.clone(),
            result_digest: Digest::from_bytes([4; 64]),
            by_kind: vec![],
            refused_matches: 0,
        };
        let own = OwnPart { bank: &bank, header: &header, result: &result };
        let entry = |name: &str, root, result| Entry {
            bank: BankId::parse(name, "bank").unwrap(),
            submission: Some(EntrySubmission { rows: 1024, root }),
            result_digest: Some(Digest::from_bytes(result)),
        };
        let good = JobCertificate {
            terms_digest: digest,
            entries: vec![entry("a", [2; 32], [4; 64]), entry("b", [9; 32], [9; 64])],
            certified_at: 0,
        };
        assert_eq!(check(&good, &terms, &own), Ok(()));
        let field = |change: &dyn Fn(&mut JobCertificate)| {
            let mut certificate = good.clone();
            change(&mut certificate);
            check(&certificate, &terms, &own).unwrap_err().field.unwrap()
        };
        assert_eq!(field(&|c| c.terms_digest = Digest::from_bytes([8; 64])), "certificate.terms_digest");
        assert_eq!(field(&|c| drop(c.entries.pop())), "certificate.entries");
        assert_eq!(field(&|c| c.entries[0].submission = None), "certificate.entry.submission");
        assert_eq!(field(&|c| c.entries[0] = entry("a", [7; 32], [4; 64])), "certificate.entry.submission");
        assert_eq!(field(&|c| c.entries[0].result_digest = None), "certificate.entry.result_digest");
    }
}
