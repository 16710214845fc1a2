//! Puts a job's submission together, once, and sends it as often as it takes.
//!
//! Comes in: cached outputs and labels of what the terms let in. Goes out: the submission's files and header; then rows
//! to the coordinator, from where it says. For one `D` only these bytes ever leave: the header is stored before the
//! first of them does, and nothing is put together twice.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use lianfang_crypto::oprf::finalise::Output;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::label::Label;
use lianfang_proto::{Fault, FaultCode, limits};
use lianfang_trust::{Canonical as _, Digest, Signed};

use super::Context;
use super::evaluation::Evaluation;
use crate::fault::{of_file, of_store};
use crate::peers::coordinator::NAME;
use crate::pipeline::submit::{Assembly, Submission, SubmissionFiles};
use crate::register::{Eligible, IdentifierId, Outputs, Selection};

/// Identifiers read at once.
const PAGE: usize = 4_096;
/// How often a coordinator may ask for rows again within one upload; after that the upload begins anew, with a pause.
const STEPS_BACK: usize = 16;

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Internal).got(error)
}

/// What came of putting a submission together.
pub enum Assembled {
    /// It lies on the disk.
    Ready(Submission),
    /// An identifier has come in meanwhile that has no output yet.
    MoreToEvaluate,
}

/// Refuses a register that is larger than the terms let in, before anything is charged.
pub async fn check_size(context: &Context, terms: &Terms) -> Result<(), Fault> {
    if context.register.identifiers_at_most().await.map_err(|e| of_store(&e))? <= terms.size_cap {
        return Ok(());
    }
    let all = context.register.overview().await.map_err(|e| of_store(&e))?.identifiers();
    if all <= terms.size_cap {
        return Ok(());
    }
    let selection = context.register.selection(terms.admission, terms.kinds);
    let (mut after, mut count) = (IdentifierId::START, 0);
    loop {
        let page = selection.page(after, PAGE).await.map_err(|e| of_store(&e))?;
        let Some(last) = page.last() else { return Ok(()) };
        (after, count) = (last.id, count + page.len() as u64);
        if count > terms.size_cap {
            let fault = Fault::new(FaultCode::SizeCapExceeded).at(context.bank.as_str());
            return Err(fault.wanted(terms.size_cap).got(all));
        }
    }
}

/// Puts the submission together from what is cached.
pub async fn assemble(
    context: &Context,
    terms: &Terms,
    evaluation: &Evaluation,
    padding: [u8; 32],
) -> Result<Assembled, Fault> {
    let mut assembly = Assembly::new(terms, &context.bank, &context.spool, &mut *context.ports.chance.rng());
    let read = |after| page(evaluation.selection(), evaluation.outputs(), after);
    let mut next = read(IdentifierId::START).await?;
    loop {
        let Some(page) = next else { return Ok(Assembled::MoreToEvaluate) };
        let Some((last, _)) = page.last() else { break };
        // While tags are derived of one page, the next is read.
        let after = last.id;
        (assembly, next) = tokio::try_join!(push(context, assembly, page), read(after))?;
    }
    let files = SubmissionFiles::of(&context.spool, &terms.digest());
    let finished = tokio::task::spawn_blocking(move || {
        // What was written in vain must not take the room in which the store says so.
        assembly.finish(&files, &padding).inspect_err(|_| drop(files.remove()))
    });
    Ok(Assembled::Ready(finished.await.map_err(internal)??))
}

type Page = Vec<(Eligible, crate::register::Output)>;

/// The next page with its outputs; `None` if one is missing.
async fn page(selection: &Selection, outputs: &Outputs, after: IdentifierId) -> Result<Option<Page>, Fault> {
    let eligible = selection.page(after, PAGE).await.map_err(|e| of_store(&e))?;
    let ids: Vec<IdentifierId> = eligible.iter().map(|e| e.id).collect();
    let found = outputs.of(&ids).await.map_err(|e| of_store(&e))?;
    let complete =
        found.len() == eligible.len() && found.iter().zip(&ids).all(|((id, _), wanted)| id == wanted);
    Ok(complete.then(|| eligible.into_iter().zip(found.into_iter().map(|(_, output)| output)).collect()))
}

async fn push(context: &Context, mut assembly: Assembly, page: Page) -> Result<Assembly, Fault> {
    let (bank, contact) = (context.bank.clone(), context.config.contact.clone());
    let chance = Arc::clone(&context.ports.chance);
    let work = move || {
        let (mut rows, mut outputs) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        let mut contents = Vec::with_capacity(page.len());
        for (eligible, mut output) in page {
            rows.push(eligible.id.number());
            outputs.push(Output::restore(&mut output));
            contents.push(eligible.label);
        }
        let label = |at: usize| {
            let mut content = contents[at].clone();
            content.contact.clone_from(&contact);
            Label { bank: bank.clone(), content: Some(content) }
        };
        assembly.push(&rows, &outputs, label, &mut *chance.rng())?;
        Ok(assembly)
    };
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}

/// Sends what the coordinator does not have yet, and has the root checked. Counts the bytes of rows that leave, also where
/// the coordinator does not take them, as those to holders are counted.
pub async fn upload(
    context: &Context,
    header: &Signed<SubmissionHeader>,
    sent: &mut u64,
) -> Result<(), Fault> {
    let digest = header.value().terms_digest;
    let files = SubmissionFiles::of(&context.spool, &digest);
    let (mut next, sealed) = context.coordinator.open_submission(&digest, header.bytes().to_vec()).await?;
    // Rows that stand at the coordinator already are not needed, and may be gone with a folder that was restored.
    let missing = || Fault::new(FaultCode::SubmissionLost).at(context.bank.as_str());
    let rows = match File::open(&files.rows) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        opened => Some(Arc::new(opened.map_err(|e| of_file(&e))?)),
    };
    let mut again = 0;
    while !sealed && next < header.value().rows {
        let first = next;
        let slice = read_slice(rows.as_ref().ok_or_else(missing)?, header.value(), next).await?;
        *sent += slice.len() as u64;
        next = match context.coordinator.send_rows(&digest, next, slice).await {
            Ok(next) => next,
            // Rows arrived, and the word that they did was lost: ask where to go on.
            Err(fault) if fault.code == FaultCode::MessageOutOfOrder => {
                context.coordinator.open_submission(&digest, header.bytes().to_vec()).await?.0
            }
            Err(fault) => return Err(fault),
        };
        again += usize::from(next <= first);
        if again > STEPS_BACK {
            return Err(Fault::field(FaultCode::MessageOutOfOrder, "next_row").at(NAME).got(next));
        }
    }
    if !sealed {
        context.coordinator.seal_submission(&digest).await?;
    }
    Ok(())
}

async fn read_slice(rows: &Arc<File>, header: &SubmissionHeader, next: u64) -> Result<Vec<u8>, Fault> {
    let row_bytes = u64::from(header.row_bytes);
    let at_once = limits::ROW_SLICE_BYTES as u64 / row_bytes;
    let count = at_once.min(header.rows - next);
    let mut slice = vec![0; usize::try_from(count * row_bytes).map_err(internal)?];
    let file = Arc::clone(rows);
    tokio::task::spawn_blocking(move || {
        file.read_exact_at(&mut slice, next * row_bytes).map_err(|e| of_file(&e))?;
        Ok(slice)
    })
    .await
    .map_err(internal)?
}

/// Removes a finished job's files.
pub fn clean(context: &Context, terms_digest: &Digest) -> Result<(), Fault> {
    SubmissionFiles::of(&context.spool, terms_digest).remove().map_err(|e| of_file(&e))
}
