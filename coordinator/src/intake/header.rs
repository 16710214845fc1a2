//! Whether a submission's header fits the terms and its sender.

use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};

use crate::job::ledger::Agreed;

/// Refuses a header that does not, by the name of the field.
pub fn check(header: &SubmissionHeader, caller: &BankId, agreed: &Agreed) -> Result<(), Fault> {
    let terms = agreed.terms();
    if header.terms_digest != agreed.digest {
        return Err(Fault::field(FaultCode::TermsDiffer, "header.terms_digest"));
    }
    if &header.bank != caller {
        return Err(Fault::field(FaultCode::Unauthenticated, "header.bank").got(&header.bank));
    }
    if header.row_bytes as usize != terms.row_bytes() {
        let fault = Fault::field(FaultCode::MalformedField, "header.row_bytes");
        return Err(fault.wanted(terms.row_bytes()).got(header.row_bytes));
    }
    let cap = terms.padded_rows(terms.size_cap);
    if header.rows > cap {
        return Err(Fault::field(FaultCode::SizeCapExceeded, "header.rows").wanted(cap).got(header.rows));
    }
    if !header.rows.is_power_of_two() {
        let fault = Fault::field(FaultCode::MalformedField, "header.rows");
        return Err(fault.wanted("a power of two").got(header.rows));
    }
    if header.rows < terms.least_rows {
        let fault = Fault::field(FaultCode::MalformedField, "header.rows");
        return Err(fault.wanted(terms.least_rows).got(header.rows));
    }
    Ok(())
}
