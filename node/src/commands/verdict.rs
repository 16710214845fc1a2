//! `evidence verify`: what a file shows, for anybody who has the file and the papers.

use std::path::Path;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::documents::evaluation::EvaluationRequest;
use lianfang_trust::at_rest::file::{FileError, read_limited};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{args, same_digits, tell};
use crate::evidence::Flaw;
use crate::evidence::accusation::{self, AccusationFile};
use crate::evidence::commitments::{Commitments, CommitmentsFile};
use crate::evidence::form::{self, FILE_BYTES, Form as _};
use crate::evidence::inspection::{self, InspectionFile};
use crate::evidence::papers::{Papers, PapersFile};

pub(super) fn run(args: &args::Verify, call: &Call) -> Result<Exit, Problem> {
    let papers: PapersFile = parse(call, &args.papers)?;
    let papers = papers.open().map_err(|flaw| refused(call, flaw))?;
    if let Some(authority) = &args.authority
        && !same_digits(authority, &papers.authority().fingerprint())
    {
        return Err(Problem::refused("papers-of-another-authority"));
    }
    let kept = match &args.commitments {
        Some(path) => {
            let file: CommitmentsFile = parse(call, path)?;
            Some(file.open(&papers).map_err(|flaw| refused(call, flaw))?)
        }
        None => None,
    };
    let bytes = read(call, &args.file)?;
    let name = form::name(&bytes).map_err(|flaw| unreadable(&args.file, flaw))?;
    let (json, sentence) = match name.as_str() {
        AccusationFile::NAME => of_accusation(call, &parsed(&args.file, &bytes)?, &papers)?,
        InspectionFile::NAME => of_inspection(call, &parsed(&args.file, &bytes)?, &papers, kept.as_ref())?,
        CommitmentsFile::NAME => of_commitments(call, &parsed(&args.file, &bytes)?, &papers)?,
        _ => return Err(unreadable(&args.file, Flaw::Malformed("form"))),
    };
    let mut json = json;
    json["basis"] = papers.basis();
    tell(&*call.console, &json, &sentence);
    if !call.console.json() {
        let basis = serde_json::to_string_pretty(&papers.basis()).unwrap_or_default();
        call.console.note(&call.console.text("evidence-basis", &[("basis", basis.into())]));
    }
    Ok(Exit::Done)
}

type Said = Result<(Value, String), Problem>;

fn of_accusation(call: &Call, file: &AccusationFile, papers: &Papers) -> Said {
    accusation::verify(file, papers).map_err(|flaw| refused(call, flaw).at(file.holder.to_string()))?;
    let said = [("holder", file.holder.as_str().into()), ("accuser", file.accuser.as_str().into())];
    let json = json!({ "verdict": "lied", "holder": file.holder.as_str(), "accuser": file.accuser.as_str() });
    Ok((json, call.console.text("evidence-lied", &said)))
}

fn of_inspection(call: &Call, file: &InspectionFile, papers: &Papers, kept: Option<&Commitments>) -> Said {
    let holds = inspection::verify(file, papers, kept);
    let holds = holds.map_err(|flaw| refused(call, flaw).at(file.bank.to_string()))?;
    let said = [
        ("bank", file.bank.as_str().into()),
        ("accounts", holds.accounts.into()),
        ("fillings", holds.fillings.into()),
        ("withheld", holds.withheld.into()),
    ];
    let json = json!({
        "verdict": "holds", "bank": file.bank.as_str(), "accounts": holds.accounts,
        "fillings": holds.fillings, "withheld": holds.withheld, "kept_by_holder": kept.map(|_| true),
    });
    Ok((json, call.console.text("evidence-holds", &said)))
}

fn of_commitments(call: &Call, file: &CommitmentsFile, papers: &Papers) -> Said {
    let opened = file.open(papers).map_err(|flaw| refused(call, flaw).at(file.bank.to_string()))?;
    let of_request = |request: &EvaluationRequest| {
        json!({ "terms_digest": request.terms_digest.to_hex(), "chunk": request.chunk,
                "elements": request.elements, "root": hex::encode(request.commitment_root) })
    };
    let requests: Vec<_> = opened.requests().iter().map(of_request).collect();
    let said = [("bank", file.bank.as_str().into()), ("count", (requests.len() as u64).into())];
    let json = json!({ "verdict": "holds", "bank": file.bank.as_str(), "holder": file.holder.as_str(),
                       "commitments": requests });
    Ok((json, call.console.text("evidence-commitments", &said)))
}

fn parse<T: form::Form>(call: &Call, path: &Path) -> Result<T, Problem> {
    parsed(path, &read(call, path)?)
}

fn parsed<T: form::Form>(path: &Path, bytes: &[u8]) -> Result<T, Problem> {
    form::read(bytes).map_err(|flaw| unreadable(path, flaw))
}

fn read(call: &Call, path: &Path) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let path = call.path(path);
    read_limited(&path, FILE_BYTES).map_err(|error| match error {
        FileError::Io { path, source } => Problem::file(&path, source),
        other => Problem::data("evidence-unreadable").with("path", path.display().to_string()).because(other),
    })
}

fn unreadable(path: &Path, flaw: Flaw) -> Problem {
    Problem::data("evidence-unreadable").with("path", path.display().to_string()).because(flaw)
}

fn refused(call: &Call, flaw: Flaw) -> Problem {
    let reason = call.console.text(&format!("evidence-flaw-{}", flaw.code()), &[]);
    Problem::refused("evidence-unfounded").with("reason", reason).field(flaw.code()).because(flaw)
}
