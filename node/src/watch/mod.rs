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
//! * Only what was read is put away: a file that changes meanwhile stays, and is taken anew. Behind one that changes, or was
//!   never seen to rest, the others wait: what it says is older than what they say.
//!   What becomes of a file that was taken is decided in `settle`.
//! * Fails: never. What is wrong with a file is its outcome; what is wrong with the store or the disk is tried again at the
//!   next look, after pauses that grow (`pace`), and the log says its code, without a name: a name can be a person's. Until
//!   then the files behind it wait. A file that cannot be opened is passed over. What lies there too long, or cannot be
//!   opened, is found by the doctor ([`inspect()`]).

mod folder;
mod inspect;
mod pace;
mod settle;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use lianfang_desk::Problem;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::commands::import::failed;
use crate::commands::input::header_map;
use crate::config::Watch;
use crate::ingest::{Options, RegisterFile, Rejects};
use crate::register::{ImportError, ImportOptions, ImportSummary, Origin, Source};
use folder::Folder;
pub use inspect::{Inspected, inspect};
use pace::Pace;
use settle::{End, Settle};

/// Starts to watch, if the configuration says so. Fails where the folder cannot be used at all.
pub fn start(node: &Arc<App>, stop: watch::Receiver<bool>) -> Result<Option<JoinHandle<()>>, Problem> {
    let Some(config) = node.config.watch.clone() else { return Ok(None) };
    let map = config.map.as_deref().map(header_map).transpose()?.unwrap_or_default();
    let options = Options { map, sheet: config.sheet.clone(), full: config.full, ..Options::default() };
    let folder = Folder::open(&config.folder).map_err(|error| Problem::file(&config.folder, error))?;
    let watcher = Watcher {
        node: Arc::clone(node),
        config,
        options,
        folder,
        settle: Settle::default(),
        unreadable: BTreeSet::new(),
    };
    Ok(Some(tokio::spawn(watcher.run(stop))))
}

/// Looks at one folder again and again.
struct Watcher {
    node: Arc<App>,
    config: Watch,
    options: Options,
    folder: Folder,
    settle: Settle,
    /// Files that could not be opened, which has been told.
    unreadable: BTreeSet<String>,
}

impl Watcher {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pace = Pace::new(self.config.every());
        loop {
            let looked = self.look(&stop).await;
            let pause = pace.after(looked.is_ok());
            if let Err(error) = looked {
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
            if self.node.ports.clock.within(pause, stopped).await.is_some() {
                return;
            }
        }
    }

    /// Imports what is ready. Fails with what is no file's fault, and then the files behind it are left for later, as they are
    /// behind one that changes: a file that is older by its name may not be imported after one that is newer, whose records it
    /// would take back.
    async fn look(&mut self, stop: &watch::Receiver<bool>) -> Result<(), Problem> {
        let seen = self.folder.look().map_err(|error| Problem::file(self.folder.path(), error))?;
        if seen.unfit > 0 {
            tracing::warn!(
                event = "watch.unfit",
                entries = seen.unfit,
                "the watched folder holds what is no plain file, or has too long a name"
            );
        }
        if seen.behind > 0 {
            tracing::warn!(
                event = "watch.behind",
                entries = seen.behind,
                "the watched folder holds more files than are looked at: the last by name wait for the others"
            );
        }
        self.unreadable.retain(|name| seen.files.contains_key(name));
        for name in self.settle.look(seen.files, &seen.said) {
            if *stop.borrow() {
                break;
            }
            if self.take(&name).await?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Imports a file. Says whether those behind it may be imported now.
    async fn take(&mut self, name: &str) -> Result<ControlFlow<()>, Problem> {
        let file = match self.folder.open_file(name) {
            Ok(Some(file)) => file,
            // It is gone, or something else by now.
            Ok(None) => return Ok(ControlFlow::Break(())),
            Err(error) => {
                self.cannot_open(name, &error);
                return Ok(ControlFlow::Continue(()));
            }
        };
        self.unreadable.remove(name);
        let unusable = |error| Problem::file(self.folder.path(), error);
        let origin = Origin::of(&file).map_err(unusable)?;
        let read = origin.identity();
        let rejects = self.folder.unfinished(name).map_err(unusable)?;
        let imported = self.import(name, (file, origin), rejects).await;
        let end = End::of(imported.as_ref().err());
        let imported = imported.map_err(|error| failed(error, name, self.folder.path()));
        let place = match end {
            End::PutAway(place) => place,
            End::Changed => {
                let given_up = self.folder.give_up(name).map_err(unusable);
                let behind = changed();
                return given_up.map(|()| behind);
            }
            End::Again => {
                // They are written anew with the next try, and nobody knows when that is. What it failed of comes first.
                let given_up = self.folder.give_up(name).map_err(unusable);
                return imported.and(given_up).map(ControlFlow::Break);
            }
        };
        let told = match imported {
            Ok(summary) => told(&summary),
            Err(problem) => json!({ "ok": false, "error": problem.json()["error"] }),
        };
        let now = Timestamp::from_microsecond(self.node.ports.clock.now()).unwrap_or_default();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        if !self.folder.put_away(name, read, &stamp, (place, &told)).map_err(unusable)? {
            return Ok(changed());
        }
        Ok(ControlFlow::Continue(()))
    }

    /// That is the file's own fault: it is told once, and the others are imported.
    fn cannot_open(&mut self, name: &str, error: &io::Error) {
        if self.unreadable.insert(name.to_owned()) {
            let kind = error.kind();
            tracing::warn!(
                event = "watch.unreadable",
                ?kind,
                "a file of the watched folder cannot be opened"
            );
        }
    }

    async fn import(
        &self,
        name: &str,
        (file, origin): (File, Origin),
        rejects: File,
    ) -> Result<ImportSummary, ImportError> {
        // Their header is there also if the file cannot be read at all.
        let mut rejects = Rejects::new(BufWriter::new(rejects), self.config.language.into())?;
        let imported = self.read(name, (file, origin), &mut rejects).await;
        rejects.finish().map_err(csv::Error::from)?;
        imported
    }

    async fn read(
        &self,
        name: &str,
        (file, origin): (File, Origin),
        rejects: &mut Rejects<BufWriter<File>>,
    ) -> Result<ImportSummary, ImportError> {
        let options = Options { name: Some(name.to_owned()), ..self.options.clone() };
        let opened = tokio::task::spawn_blocking(move || RegisterFile::open(file, &options));
        let register = opened.await.map_err(|_| ImportError::ReaderStopped)??;
        let (full, today) = (self.config.full, self.node.today());
        let what = ImportOptions { full, retract_many: false, dry_run: false, today };
        let source = Source::from(register).of_origin(Some(origin));
        self.node.register.import(source, what, rejects, |_| ()).await
    }
}

/// The next look sees it as changing, and so those behind it wait.
fn changed() -> ControlFlow<()> {
    tracing::warn!(
        event = "watch.changed",
        "a file of the watched folder changed while it was imported: it stays, and is taken anew"
    );
    ControlFlow::Break(())
}

fn told(summary: &ImportSummary) -> Value {
    json!({
        "ok": true, "rows": summary.rows, "taken_up": summary.taken_up, "records": summary.records, "added": summary.added,
        "changed": summary.changed, "unchanged": summary.unchanged, "retracted": summary.retracted, "spared": summary.spared,
        "identifiers": summary.identifiers, "rejected": summary.rejects, "warnings": summary.warnings,
    })
}

#[cfg(test)]
mod tests;
