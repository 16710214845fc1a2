//! A folder whose files are imported, while the node serves.
//!
//! * Comes in: `[watch]` of the configuration, looks at the folder. Goes out: imports, in the order of names; each file
//!   then lies in `done/` or `failed/`, with its rejects and its outcome (a small JSON file) beside it, all under the
//!   moment of the import and the file's name.
//! * A file is taken when two looks in a row saw the same of it (`settle`), or at once when a file of its name and
//!   `.ready` lies beside it. Names with a dot in front and the endings of unfinished copies are never looked at.
//! * **A kill at any point** leaves the file where it was until all else is written, and so it is imported again, which
//!   changes nothing. Nothing of it is copied in clear: what the import sorts is sealed.
//! * Trusts: whoever may write into the folder, to import; nothing in the names. Links, folders and what else is no plain
//!   file is left where it is.
//! * Fails: never. What is wrong with a file is its outcome; what is wrong with the store or the disk is tried again at the
//!   next look, and the log says its code, without a name: a name can be a person's. What lies there too long is found by
//!   the doctor ([`inspect()`]).

mod folder;
mod inspect;
mod settle;

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use jiff::Timestamp;
use lianfang_desk::{Exit, Problem};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::commands::import::failed;
use crate::commands::input::{header_map, unreadable};
use crate::config::Watch;
use crate::ingest::{Options, RegisterFile, Rejects};
use crate::register::{ImportOptions, ImportSummary};
use folder::{Folder, Place};
pub use inspect::{Inspected, inspect};
use settle::Settle;

/// Starts to watch, if the configuration says so. Fails where the folder cannot be used at all.
pub fn start(node: &Arc<App>, stop: watch::Receiver<bool>) -> Result<Option<JoinHandle<()>>, Problem> {
    let Some(config) = node.config.watch.clone() else { return Ok(None) };
    let map = config.map.as_deref().map(header_map).transpose()?.unwrap_or_default();
    let options = Options { map, sheet: config.sheet.clone(), ..Options::default() };
    let folder = Folder::open(&config.folder).map_err(|error| Problem::file(&config.folder, error))?;
    let watcher = Watcher { node: Arc::clone(node), config, options, folder, settle: Settle::default() };
    Ok(Some(tokio::spawn(watcher.run(stop))))
}

/// Looks at one folder again and again.
struct Watcher {
    node: Arc<App>,
    config: Watch,
    options: Options,
    folder: Folder,
    settle: Settle,
}

impl Watcher {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let every = self.config.every();
        loop {
            if let Err(error) = self.look(&stop).await {
                tracing::warn!(
                    event = "watch.stopped",
                    code = error.code(),
                    "the watched folder is looked at again later"
                );
            }
            let stopped = async {
                // An error means that the sender is gone, and the node with it.
                let _ = stop.wait_for(|stop| *stop).await;
            };
            if self.node.ports.clock.within(every, stopped).await.is_some() {
                return;
            }
        }
    }

    /// Imports what is ready. Fails with what is no file's fault.
    async fn look(&mut self, stop: &watch::Receiver<bool>) -> Result<(), Problem> {
        let seen = self.folder.look().map_err(|error| Problem::file(self.folder.path(), error))?;
        if seen.unfit > 0 {
            tracing::warn!(
                entries = seen.unfit,
                "the watched folder holds what is no plain file, or too much"
            );
        }
        for name in self.settle.look(seen.files, &seen.said) {
            if *stop.borrow() {
                break;
            }
            self.take(&name).await?;
        }
        Ok(())
    }

    async fn take(&mut self, name: &str) -> Result<(), Problem> {
        let unusable = |error| Problem::file(self.folder.path(), error);
        // It may be gone, or be something else by now.
        let Some(file) = self.folder.open_file(name).map_err(unusable)? else { return Ok(()) };
        let rejects = self.folder.unfinished(name).map_err(unusable)?;
        let outcome = self.import(name, file, rejects).await;
        let (place, told) = match outcome {
            Ok(summary) => (Place::Done, told(&summary)),
            Err(problem) if matches!(problem.exit(), Exit::Data | Exit::Usage) => {
                (Place::Failed, json!({ "ok": false, "error": problem.json()["error"] }))
            }
            Err(problem) => return Err(problem),
        };
        let now = Timestamp::from_microsecond(self.node.ports.clock.now()).unwrap_or_default();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        self.folder.put_away(name, &stamp, place, &told).map_err(unusable)
    }

    async fn import(&self, name: &str, file: File, rejects: File) -> Result<ImportSummary, Problem> {
        let options = Options { name: Some(name.to_owned()), ..self.options.clone() };
        let opened = tokio::task::spawn_blocking(move || RegisterFile::open(file, &options));
        let register = opened.await.map_err(Problem::bug)?.map_err(|error| unreadable(&error, name))?;
        let mut rejects =
            Rejects::new(BufWriter::new(rejects), self.config.language.into()).map_err(Problem::bug)?;
        let what = ImportOptions { full: self.config.full, dry_run: false, today: self.node.today() };
        let imported = self.node.register.import(register.into(), what, &mut rejects, |_| ()).await;
        let summary = imported.map_err(|error| failed(error, name))?;
        rejects.finish().map_err(|error| Problem::file(self.folder.path(), error))?;
        Ok(summary)
    }
}

fn told(summary: &ImportSummary) -> Value {
    json!({
        "ok": true, "rows": summary.rows, "taken_up": summary.taken_up, "records": summary.records, "added": summary.added,
        "changed": summary.changed, "unchanged": summary.unchanged, "retracted": summary.retracted,
        "identifiers": summary.identifiers, "rejected": summary.rejects, "warnings": summary.warnings,
    })
}

#[cfg(test)]
mod tests;
