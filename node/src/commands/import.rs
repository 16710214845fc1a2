//! `import`: reads a register, or shows what would be read.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lianfang_desk::table::Table;
use lianfang_desk::{Call, Exit, Problem, Progress};
use serde_json::{Value, json};

use super::{args, tell};
use crate::app::App;
use crate::ingest::{Encoding, HeaderMap, IngestError, Options, RegisterFile, Rejects};
use crate::register::{ImportError, ImportOptions, ImportSummary};

/// Bytes of a file that names headers.
const MAP_BYTES: u64 = 1 << 20;

pub(super) async fn run(node: &Arc<App>, args: &args::Import, call: &Call) -> Result<Exit, Problem> {
    let path = call.path(&args.file);
    let options = Options { encoding: encoding(args)?, map: map(args, call)? };
    let file = File::open(&path).map_err(|error| Problem::file(&path, error))?;
    // The first pass over the file finds its encoding; it takes as long as the file is large.
    let opened = tokio::task::spawn_blocking(move || RegisterFile::open(file, &options));
    let register = opened.await.map_err(Problem::bug)?.map_err(|error| unreadable(&error, &path))?;
    let found = json!({
        "encoding": register.detected().encoding.name(),
        "delimiter": register.delimiter().to_string(),
        "columns": register.columns().iter().map(|column| column.name()).collect::<Vec<_>>(),
    });
    let rejects_path = args.rejects.as_ref().map_or_else(|| beside(&path), |given| call.path(given));
    let rejects_file = File::create(&rejects_path).map_err(|error| Problem::file(&rejects_path, error))?;
    let mut rejects =
        Rejects::new(BufWriter::new(rejects_file), call.console.lang()).map_err(Problem::bug)?;
    let what = ImportOptions { full: args.full, dry_run: args.dry_run, today: today(node) };
    let label = call.console.text("node-importing", &[]);
    let console = Arc::clone(&call.console);
    let tick = move |rows| console.progress(&Progress::so_far(label.clone(), rows));
    let summary = node.register.import(register.into(), what, &mut rejects, tick).await;
    let summary = summary.map_err(|error| failed(error, &path))?;
    rejects.finish().map_err(|error| Problem::file(&rejects_path, error))?;
    say(call, &summary, &found, &rejects_path);
    Ok(Exit::Done)
}

fn encoding(args: &args::Import) -> Result<Option<Encoding>, Problem> {
    let Some(name) = &args.encoding else { return Ok(None) };
    let unknown = || Problem::usage("usage-value").with("got", name.clone()).field("--encoding");
    Encoding::from_name(name).ok_or_else(unknown).map(Some)
}

fn map(args: &args::Import, call: &Call) -> Result<HeaderMap, Problem> {
    let Some(path) = &args.map else { return Ok(HeaderMap::default()) };
    let path = call.path(path);
    let size = std::fs::metadata(&path).map_err(|error| Problem::file(&path, error))?.len();
    if size > MAP_BYTES {
        return Err(unreadable(&IngestError::BadMap, &path));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| Problem::file(&path, error))?;
    HeaderMap::from_toml(&text).map_err(|error| unreadable(&error, &path))
}

/// `rejects.csv` in the register's folder.
fn beside(register: &Path) -> PathBuf {
    register.with_file_name("rejects.csv")
}

fn today(node: &App) -> Date {
    let now = Timestamp::from_microsecond(node.ports.clock.now()).unwrap_or_default();
    // The registers are Chinese: their day has begun when it has begun there.
    now.to_zoned(TimeZone::fixed(jiff::tz::offset(8))).date()
}

fn failed(error: ImportError, path: &Path) -> Problem {
    match error {
        ImportError::File(error) => unreadable(&error, path),
        ImportError::Register(crate::register::RegisterError::Store(error)) => error.into(),
        ImportError::Busy => Problem::later("import-busy"),
        other => Problem::bug(other),
    }
}

fn unreadable(error: &IngestError, path: &Path) -> Problem {
    let id = match error {
        IngestError::NoRecordColumn { .. } => "register-no-record-column",
        IngestError::NoIdentifierColumn { .. } => "register-no-identifier-column",
        IngestError::RepeatedHeader { .. } => "register-header-twice",
        IngestError::BadBytes { .. } => "encoding-undecodable",
        _ => "register-unreadable",
    };
    let problem = if error.exit_code() == 64 { Problem::usage(id) } else { Problem::data(id) };
    let (got, limit) = match error {
        IngestError::NoRecordColumn { found } | IngestError::NoIdentifierColumn { found } => {
            (found.clone(), 0)
        }
        IngestError::RepeatedHeader { header } => (header.clone(), 0),
        IngestError::BadBytes { offset, encoding } => (encoding.name().to_owned(), *offset),
        other => (other.to_string(), 0),
    };
    problem
        .with("path", path.display().to_string())
        .with("got", got.clone())
        .with("field", got.clone())
        .with("detail", error.to_string())
        .with("offset", limit)
}

fn say(call: &Call, summary: &ImportSummary, found: &Value, rejects: &Path) {
    let by_kind: serde_json::Map<String, Value> =
        summary.by_kind.iter().map(|(kind, count)| (kind.code().to_owned(), json!(count))).collect();
    let by_standing: serde_json::Map<String, Value> = summary
        .by_standing
        .iter()
        .map(|(standing, count)| (standing.code().to_owned(), json!(count)))
        .collect();
    let preview: Vec<Value> = summary
        .preview
        .iter()
        .map(|row| {
            let identifiers: Vec<_> =
                row.identifiers.iter().map(|(kind, masked)| json!([kind.code(), masked])).collect();
            json!({ "row": row.row, "record": row.record, "standing": row.standing.code(), "identifiers": identifiers })
        })
        .collect();
    let json = json!({
        "rows": summary.rows, "records": summary.records, "added": summary.added, "changed": summary.changed,
        "unchanged": summary.unchanged, "retracted": summary.retracted, "identifiers": summary.identifiers,
        "by_kind": by_kind, "by_standing": by_standing, "rejected": summary.rejects, "warnings": summary.warnings,
        "rejects_file": rejects.display().to_string(), "found": found, "preview": preview,
    });
    let said = [
        ("rows", summary.rows.into()),
        ("records", summary.records.into()),
        ("identifiers", summary.identifiers.into()),
        ("rejected", summary.rejects.into()),
        ("warnings", summary.warnings.into()),
        ("path", rejects.display().to_string().into()),
    ];
    tell(&*call.console, &json, &call.console.text("node-imported", &said));
    if !call.console.json() && !summary.preview.is_empty() {
        show_preview(call, summary, found);
    }
}

fn show_preview(call: &Call, summary: &ImportSummary, found: &Value) {
    let said = [
        ("encoding", found["encoding"].as_str().unwrap_or_default().into()),
        ("delimiter", found["delimiter"].as_str().unwrap_or_default().into()),
    ];
    call.console.out(&call.console.text("node-import-found", &said));
    let mut table = Table::new(["row", "record", "standing", "identifiers"]);
    for row in &summary.preview {
        let identifiers: Vec<_> =
            row.identifiers.iter().map(|(kind, masked)| format!("{kind} {masked}")).collect();
        table.row([
            row.row.to_string(),
            row.record.clone(),
            row.standing.code().to_owned(),
            identifiers.join("; "),
        ]);
    }
    call.console.out(&table.render());
}
