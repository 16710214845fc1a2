//! What a bank has committed itself to, as a holder kept it: the signed requests, from which an inspector chooses.
//!
//! Comes in: a holder's ledger; or a file and papers. Goes out: a file; or the requests, each signed by the bank. Never
//! sees: elements; a holder keeps their digest alone.

use std::collections::BTreeSet;

use lianfang_proto::documents::evaluation::EvaluationRequest;
use lianfang_proto::ids::BankId;
use lianfang_trust::Signed;
use serde::{Deserialize, Serialize};

use super::Flaw;
use super::form::{self, Form, Packed};
use super::papers::Papers;

/// The file.
#[derive(Serialize, Deserialize)]
pub struct CommitmentsFile {
    /// Who kept them.
    #[serde(with = "form::bank")]
    pub holder: BankId,
    /// Whose they are.
    #[serde(with = "form::bank")]
    pub bank: BankId,
    /// The requests, signed by the bank.
    pub requests: Vec<Packed>,
}

impl Form for CommitmentsFile {
    const NAME: &'static str = "lianfang/commitments";
}

/// What stands for a commitment whatever the generation of the shares was when it was sent.
type Name = ([u8; 64], u64, [u8; 64], [u8; 32]);

fn name(request: &EvaluationRequest) -> Name {
    let (terms, elements) = (*request.terms_digest.as_bytes(), *request.elements_digest.as_bytes());
    (terms, request.chunk, elements, request.commitment_root)
}

/// Commitments of one bank.
pub struct Commitments {
    bank: BankId,
    requests: Vec<EvaluationRequest>,
    names: BTreeSet<Name>,
}

impl CommitmentsFile {
    /// Opens them: each must be signed by the bank.
    pub fn open(&self, papers: &Papers) -> Result<Commitments, Flaw> {
        let identity = papers.member(&self.bank)?.identity;
        let open = |bytes: &Packed| {
            let request = Signed::<EvaluationRequest>::open(&bytes.0, &identity);
            let request = request.map_err(|_| Flaw::RequestNotSigned)?.into_value();
            if request.bank == self.bank { Ok(request) } else { Err(Flaw::RequestNotSigned) }
        };
        let requests: Vec<_> = self.requests.iter().map(open).collect::<Result<_, _>>()?;
        let names = requests.iter().map(name).collect();
        Ok(Commitments { bank: self.bank.clone(), requests, names })
    }
}

impl Commitments {
    /// The requests, in the order in which they were charged.
    pub fn requests(&self) -> &[EvaluationRequest] {
        &self.requests
    }

    /// Whether the bank has committed itself to this here.
    pub fn check(&self, request: &EvaluationRequest) -> Result<(), Flaw> {
        let known = request.bank == self.bank && self.names.contains(&name(request));
        if known { Ok(()) } else { Err(Flaw::NotCommitted) }
    }
}
