//! `evidence`: files for people outside this node, and what such files show.
//!
//! `verify` needs no node: the file and the papers are enough.

use std::path::Path;
use std::sync::Arc;

use lianfang_desk::table::Table;
use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{BankId, Epoch, Generation, JobId, KeyId};
use lianfang_trust::Digest;
use lianfang_trust::at_rest::file::{FileError, write_atomically};
use serde_json::json;

use super::{args, tell};
use crate::app::{App, Joined};
use crate::audit::Event;
use crate::evidence::accusation;
use crate::evidence::commitments::CommitmentsFile;
use crate::evidence::form::{self, Form, Packed};
use crate::evidence::inspection::{self, Wanted};
use crate::evidence::papers::PapersFile;
use crate::key_holder::ledger::LedgerError;
use crate::register::RegisterError;

pub(super) async fn run(node: &Arc<App>, args: &args::Evidence, call: &Call) -> Result<Exit, Problem> {
    if let args::Evidence::Verify(verify) = args {
        return super::verdict::run(verify, call);
    }
    let joined = node.must_have_joined().await?;
    match args {
        args::Evidence::List => list(node, call).await,
        args::Evidence::Export { id, out } => export(node, &joined, call, *id, out).await,
        args::Evidence::Papers { out } => papers(node, &joined, call, out).await,
        args::Evidence::Commitments { bank, out, epoch } => {
            commitments(node, &joined, call, (bank, *epoch), out).await
        }
        args::Evidence::Disclose(disclose) => self::disclose(node, &joined, call, disclose).await,
        args::Evidence::Verify(_) => Err(Problem::usage("not-while-serving")),
    }
}

/// Writes a file for others, and an entry that says so.
async fn write<T: Form>(
    node: &App,
    call: &Call,
    (what, out): (String, &Path),
    content: &T,
) -> Result<(String, Digest), Problem> {
    let path = call.path(out);
    let bytes = form::write(content);
    write_atomically(&path, &bytes).map_err(|error| match error {
        FileError::Io { path, source } => Problem::file(&path, source),
        other => Problem::usage("usage-value").field("--out").because(other),
    })?;
    let file = Digest::of("lianfang/evidence-file", &bytes);
    let event = Event::Exported { what, file, by: call.person.clone() };
    node.log.record(&event).await?;
    Ok((path.display().to_string(), file))
}

fn said(call: &Call, path: &str, mut json: serde_json::Value) {
    json["file"] = path.into();
    tell(&*call.console, &json, &call.console.text("evidence-written", &[("path", path.into())]));
}

async fn list(node: &App, call: &Call) -> Result<Exit, Problem> {
    let accusations = accusation::list(&node.store).await?;
    let mut table = Table::new(["id", "holder", "time", "digest"]);
    let mut all = Vec::new();
    for one in &accusations {
        let time = jiff::Timestamp::from_microsecond(one.made_at).map(|time| time.to_string());
        let time = time.unwrap_or_default();
        table.row([one.id.to_string(), one.holder.clone(), time.clone(), one.digest.short()]);
        all.push(json!({ "id": one.id, "holder": one.holder, "time": time, "digest": one.digest.to_hex() }));
    }
    tell(&*call.console, &json!({ "accusations": all }), &table.render());
    Ok(Exit::Done)
}

async fn export(node: &App, joined: &Joined, call: &Call, id: i64, out: &Path) -> Result<Exit, Problem> {
    let (bank, key) = (&joined.context.bank, &node.secrets.identity);
    let file = accusation::export(&node.store, bank, key, id).await?;
    let file = file.ok_or_else(|| Problem::data("accusation-unknown").with("got", id.to_string()))?;
    let (path, _) = write(node, call, (format!("accusation of {}", file.holder), out), &file).await?;
    said(call, &path, json!({ "accused": file.holder.as_str() }));
    Ok(Exit::Done)
}

async fn papers(node: &App, joined: &Joined, call: &Call, out: &Path) -> Result<Exit, Problem> {
    let context = &joined.context;
    let records = context.records.all().await?;
    let file = PapersFile::new(&context.roster.now().bytes, &records);
    let basis = file.open().map_err(Problem::bug)?.basis();
    let (path, _) = write(node, call, ("papers".to_owned(), out), &file).await?;
    said(call, &path, json!({ "basis": basis }));
    Ok(Exit::Done)
}

async fn commitments(
    node: &App,
    joined: &Joined,
    call: &Call,
    (bank, epoch): (&str, Option<u32>),
    out: &Path,
) -> Result<Exit, Problem> {
    let context = &joined.context;
    let id = bank_id(bank)?;
    let newest = context.records.newest_epoch(Class::Subject).await?;
    let epoch = epoch.map(Epoch).or(newest).ok_or_else(|| Problem::fault("key-not-agreed"))?;
    let key = KeyId { class: Class::Subject, epoch, generation: Generation(0) };
    let requests = node.ledger.commitments_of(&id, key).await.map_err(|error| match error {
        LedgerError::Store(error) => error.into(),
        other => Problem::bug(other),
    })?;
    let requests: Vec<Packed> = requests.into_iter().map(Packed).collect();
    let count = requests.len();
    let file = CommitmentsFile { holder: context.bank.clone(), bank: id, requests };
    let (path, _) = write(node, call, (format!("commitments of {bank}"), out), &file).await?;
    said(call, &path, json!({ "bank": bank, "epoch": epoch.0, "commitments": count }));
    Ok(Exit::Done)
}

fn bank_id(bank: &str) -> Result<BankId, Problem> {
    BankId::parse(bank, "BANK")
        .map_err(|_| Problem::usage("usage-value").with("got", bank.to_owned()).field("BANK"))
}

async fn disclose(node: &App, joined: &Joined, call: &Call, args: &args::Disclose) -> Result<Exit, Problem> {
    let wanted = wanted(node, joined, args).await?;
    let (bank, key) = (&joined.context.bank, &node.secrets.identity);
    let file = inspection::disclose(&node.store, &node.register, bank, key, &wanted).await?;
    let opened: u64 = file.chunks.iter().map(|chunk| chunk.opened.len() as u64).sum();
    let withheld: Vec<_> = file.chunks.iter().flat_map(|chunk| &chunk.withheld).collect();
    let chunks = file.chunks.len() as u64;
    let (path, digest) = write(node, call, ("inspection".to_owned(), &args.out), &file).await?;
    let event = Event::Disclosed { elements: opened, file: digest, by: call.person.clone() };
    node.log.record(&event).await?;
    let json = json!({ "chunks": chunks, "opened": opened, "withheld": withheld, "file": path });
    let told = [
        ("opened", opened.into()),
        ("withheld", (withheld.len() as u64).into()),
        ("path", path.as_str().into()),
    ];
    tell(&*call.console, &json, &call.console.text("evidence-disclosed", &told));
    Ok(Exit::Done)
}

async fn wanted(node: &App, joined: &Joined, args: &args::Disclose) -> Result<Wanted, Problem> {
    let mut wanted = Wanted::default();
    for record in &args.record {
        let ids = node.register.identifiers_of_record(record).await.map_err(|error| match error {
            RegisterError::NoSuchRecord => Problem::data("record-unknown"),
            RegisterError::Store(error) => error.into(),
            other => Problem::bug(other),
        })?;
        wanted.identifiers.extend(ids);
        wanted.records.insert(record.trim().to_owned());
    }
    for element in &args.element {
        let unreadable = || Problem::usage("usage-value").with("got", element.clone()).field("--element");
        let mut parts = element.split('/');
        let (Some(job), Some(chunk), Some(position), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(unreadable());
        };
        let terms = match Digest::from_hex(job) {
            Ok(terms) => terms,
            Err(_) => {
                let job = JobId::parse(job, "--element").map_err(|_| unreadable())?;
                let entry = joined.context.book.get(job).await?;
                entry.ok_or_else(|| Problem::fault("job-unknown"))?.terms_digest
            }
        };
        let chunk: u64 = chunk.parse().map_err(|_| unreadable())?;
        let position: u32 = position.parse().map_err(|_| unreadable())?;
        wanted.elements.entry((*terms.as_bytes(), chunk)).or_default().insert(position);
    }
    Ok(wanted)
}
