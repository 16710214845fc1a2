//! What is kept of a long import while its file is read, so that a reading that was cut off is taken up where it was.
//!
//! * Comes in: a print of the file, what the sorters have put on the disk. Goes out: the same, to the next who reads the
//!   same file, on the same day, by the same program. Whatever belongs to another reading is removed.
//! * It lies in `.import/` beside the store: the sorted runs under a random key, and one sealed file that holds that key,
//!   names the runs and counts the rows that are in them. That file is replaced as a whole when all it names is on the disk.
//! * When something is kept, taken up and removed is decided in `fate`; here it is done.
//! * Trusts: the store's key. What is missing or does not open was never kept: the file is read from its beginning.
//! * Never sees: a row. Removes no file but its own. Fails as the store beside it would while it keeps; where there is no
//!   place to keep anything, the log says so, and the import goes on without.

mod fate;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::Date;
use lianfang_trust::at_rest::ColumnCipher;
use lianfang_trust::at_rest::file::{FileError, read_limited, write_atomically};
use lianfang_trust::{DecodeError, Decoder, Digest, Encoder};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use self::fate::{Begins, Left, Lies, Opens};
use super::reading::spilled;
use super::{ImportError, ImportOptions, RULES};
use crate::ingest::{Reason, issues};
use crate::pipeline::spill::{self, Keep, RunMark};
use crate::store::{Store, StoreError};

const FOLDER: &str = ".import";
const STATE: &str = "state";
/// While it is replaced.
const UNFINISHED: &str = "state.unfinished";
/// Lies there instead of all else when the disk was full: the next import is to have the room for itself.
const FULL: &str = "full";
/// Under which names its key and its print are derived.
const TABLE: &str = "import";
/// What the files of the two sorters begin with.
const NAMES: [&str; 2] = ["rows", "issues"];

const DOMAIN: &str = "lianfang/kept-import";
/// To be raised with the layout of what is in the runs: subjects and issues.
const VERSION: u8 = 2;
/// Bytes of the sealed file, far beyond what two sorters and the list of reasons come to.
const STATE_BYTES: usize = 1 << 20;
const RUNS: usize = 1024;
const REASONS: usize = 1024;
const TEXT_BYTES: usize = 1024;

/// How far a reading has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    /// Rows that are in the runs.
    pub(super) rows: u64,
    /// Whether these are all rows of the file.
    pub(super) whole: bool,
    /// Runs of rows, and of issues.
    pub(super) runs: [Vec<RunMark>; 2],
    /// Issues that are in the runs, and the reasons that they name by their place here.
    pub(super) found: u64,
    pub(super) reasons: Vec<Reason>,
}

/// What one reading depends on: what differs in any of it is another reading.
struct Depends<'a> {
    /// The digest of what is read; none of what is small, or cannot be read twice.
    content: Option<&'a Digest>,
    /// A birth date may have become one of the future's or no more.
    today: Date,
    /// The version of the normaliser's rules.
    rules: u16,
    /// The program's version.
    program: &'a str,
}

impl Depends<'_> {
    fn print(&self, store: &Store) -> [u8; 16] {
        let content = self.content.map_or(&[][..], |content| content.as_bytes().as_slice());
        let (day, rules) = (self.today.to_string(), self.rules.to_be_bytes());
        let parts = [content, day.as_bytes(), &rules, self.program.as_bytes()];
        store.index(TABLE, "content").of_parts(&parts)
    }
}

/// The place where one reading is kept.
pub(super) struct Kept {
    folder: PathBuf,
    cipher: ColumnCipher,
    rng: Box<dyn CryptoRng + Send>,
    print: [u8; 16],
    key: Zeroizing<[u8; 32]>,
}

impl Kept {
    /// The place for a file with this content, if one is to be kept; and how far an earlier reading of it came, if one did.
    pub(super) fn open(
        store: &Store,
        content: Option<&Digest>,
        options: ImportOptions,
    ) -> Option<(Self, Option<Stage>)> {
        let (rules, program) = (RULES, env!("CARGO_PKG_VERSION"));
        Self::open_as(store, &Depends { content, today: options.today, rules, program }, options.dry_run)
    }

    fn open_as(store: &Store, depends: &Depends<'_>, dry_run: bool) -> Option<(Self, Option<Stage>)> {
        let print = depends.print(store);
        let (folder, cipher, mut rng) = (place(store), store.cipher(TABLE, STATE), store.rng());
        let begins = match depends.content {
            _ if dry_run => Begins::DryRun,
            None => Begins::Small,
            Some(_) => Begins::Large,
        };
        let found = read(&folder, &cipher, &print);
        let lies = match &found {
            _ if folder.join(FULL).exists() => Lies::Full,
            Some(_) => Lies::Same,
            None => Lies::Other,
        };
        match fate::at_begin(lies, begins) {
            Opens::Without => None,
            Opens::Cleared => {
                forget(store);
                None
            }
            Opens::TakenUp => {
                found.map(|(key, stage)| (Self { folder, cipher, rng, print, key }, Some(stage)))
            }
            Opens::Anew => {
                if let Err(error) = clear(&folder).and_then(|()| make(&folder)) {
                    tracing::warn!(event = "import.not-kept", kind = ?error.kind(), "an import that is cut off will begin anew");
                    return None;
                }
                let mut key = Zeroizing::new([0; 32]);
                rng.fill_bytes(key.as_mut());
                Some((Self { folder, cipher, rng, print, key }, None))
            }
        }
    }

    /// Where its runs lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the sorters of rows and of issues need to go on.
    pub(super) fn sorters<'a>(&'a self, stage: &'a Stage) -> [Keep<'a>; 2] {
        let [rows, issues] = &stage.runs;
        [
            Keep { name: NAMES[0], key: &self.key, runs: rows },
            Keep { name: NAMES[1], key: &self.key, runs: issues },
        ]
    }

    /// Keeps a stage, whose runs are on the disk, and removes the runs that it does not name.
    pub(super) fn save(&mut self, stage: &Stage) -> Result<(), ImportError> {
        let bytes = Zeroizing::new(self.encode(stage));
        let sealed = self.cipher.seal(1, &bytes, &mut *self.rng).map_err(StoreError::at(TABLE, STATE))?;
        write_atomically(&self.folder.join(STATE), &sealed).map_err(|error| match error {
            FileError::Io { source, .. } => spilled(source),
            other => spilled(io::Error::other(other)),
        })?;
        self.tidy(stage).map_err(spilled)
    }

    fn tidy(&self, stage: &Stage) -> io::Result<()> {
        let named = |name: &str| {
            let runs = NAMES.iter().zip(&stage.runs);
            runs.flat_map(|(sorter, runs)| runs.iter().map(|run| spill::file_name(sorter, run.number)))
                .any(|run| run == name)
        };
        for (path, name) in own_files(&self.folder)? {
            if name != STATE && !named(&name) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn encode(&self, stage: &Stage) -> Vec<u8> {
        let mut to = Encoder::new(DOMAIN, VERSION);
        to.fixed(&self.print).fixed(&self.key).u64(stage.rows).bool(stage.whole);
        for runs in &stage.runs {
            to.list(runs, |to, run| {
                to.u64(run.number).u64(run.salt).u64(run.blocks);
            });
        }
        to.u64(stage.found);
        to.list(&stage.reasons, |to, reason| {
            to.text(reason.code).text(reason.english);
        });
        to.finish()
    }
}

/// The key and the stage of an earlier reading of the same, if all of it is there.
fn read(folder: &Path, cipher: &ColumnCipher, print: &[u8; 16]) -> Option<(Zeroizing<[u8; 32]>, Stage)> {
    let sealed = read_limited(&folder.join(STATE), STATE_BYTES).ok()?;
    let bytes = cipher.open(1, &sealed).ok()?;
    let (kept, key, stage) = decode(&bytes).ok()?;
    let there = |sorter: &str, run: &RunMark| folder.join(spill::file_name(sorter, run.number)).is_file();
    let whole = NAMES.iter().zip(&stage.runs).all(|(sorter, runs)| runs.iter().all(|run| there(sorter, run)));
    (kept == *print && whole).then_some((key, stage))
}

type Decoded = ([u8; 16], Zeroizing<[u8; 32]>, Stage);

fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut from = Decoder::new(DOMAIN, VERSION, bytes)?;
    let (print, key) = (from.fixed("print")?, Zeroizing::new(from.fixed("key")?));
    let (rows, whole) = (from.u64("rows")?, from.bool("whole")?);
    let mut runs = |field| {
        from.list(field, RUNS, |from| {
            let (number, salt) = (from.u64("number")?, from.u64("salt")?);
            Ok(RunMark { number, salt, blocks: from.u64("blocks")? })
        })
    };
    let runs = [runs("runs of rows")?, runs("runs of issues")?];
    let found = from.u64("found")?;
    let reasons = from.list("reasons", REASONS, |from| {
        let (code, english) = (from.text("code", TEXT_BYTES)?, from.text("remedy", TEXT_BYTES)?);
        issues::find(code, english)
            .ok_or(DecodeError::Value { field: "reasons", why: "names one that is not known" })
    })?;
    from.end()?;
    Ok((print, key, Stage { rows, whole, runs, found, reasons }))
}

fn place(store: &Store) -> PathBuf {
    store.folder().join(FOLDER)
}

fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        other => other,
    }
}

/// The files in the folder that were put there from here; nothing if there is no such folder.
fn own_files(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let is_run = |name: &str| {
        let number = NAMES.iter().find_map(|sorter| name.strip_prefix(sorter)?.strip_prefix('-'));
        let number = number.and_then(|rest| rest.strip_suffix(".run"));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut own = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if [STATE, UNFINISHED, FULL].contains(&name.as_str()) || is_run(&name) {
            own.push((entry.path(), name));
        }
    }
    Ok(own)
}

/// Removes what is kept, the state last: as long as anything lies there it is seen.
fn clear(folder: &Path) -> io::Result<()> {
    let mut own = own_files(folder)?;
    own.sort_by_key(|(_, name)| name == STATE);
    for (path, _) in own {
        fs::remove_file(path)?;
    }
    match fs::remove_dir(folder) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Leaves of what is kept what the end of an import leaves.
pub(super) fn end(store: &Store, dry_run: bool, error: Option<&ImportError>) {
    match fate::at_end(dry_run, error) {
        Left::AsItIs => {}
        Left::Nothing => forget(store),
        Left::Full => give_way(store),
    }
}

/// Removes whatever is kept. What cannot be removed now goes with the next import, and is nothing that this one needs.
fn forget(store: &Store) {
    if let Err(error) = clear(&place(store)) {
        tracing::warn!(event = "import.still-kept", kind = ?error.kind(), "what is kept of an import cannot be removed");
    }
}

/// The same, and the next import keeps nothing.
fn give_way(store: &Store) {
    forget(store);
    let folder = place(store);
    // If there is no room even for this, the next import keeps what it can.
    let _ = make(&folder).and_then(|()| fs::write(folder.join(FULL), []));
}

/// When the reading that is kept last came further; nothing if none is.
pub(super) fn since(store: &Store) -> Option<SystemTime> {
    let own = own_files(&place(store)).ok()?;
    let kept = own.iter().filter(|(_, name)| name != FULL);
    kept.filter_map(|(path, _)| fs::metadata(path).and_then(|about| about.modified()).ok()).max()
}

#[cfg(test)]
mod tests;
