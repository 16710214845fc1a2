//! Where a job's files lie, and how they are destroyed.
//!
//! `jobs/<job>/<bank>.rows` is a submission as it came, `.levels` the hashes of its tree, `.report` what one bank may
//! read. The first two hold what nobody may see and go as soon as reports stand; the reports go when the job closes.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use lianfang_proto::ids::{BankId, JobId};

use super::state::State;
use crate::fault::{AtFile as _, Error};

/// The folder of all jobs' files, within the coordinator's.
pub const FOLDER: &str = "jobs";

const ROWS: &str = "rows";
const LEVELS: &str = "levels";
const REPORT: &str = "report";

/// The files of one job.
#[derive(Clone)]
pub struct JobFiles {
    folder: PathBuf,
}

impl JobFiles {
    /// The files of this job.
    pub fn of(dir: &Path, job: JobId) -> Self {
        Self { folder: dir.join(FOLDER).join(job.to_string()) }
    }

    /// A bank's submission.
    pub fn rows(&self, bank: &BankId) -> PathBuf {
        self.file(bank, ROWS)
    }

    /// The levels of its tree.
    pub fn levels(&self, bank: &BankId) -> PathBuf {
        self.file(bank, LEVELS)
    }

    /// What the bank may read.
    pub fn report(&self, bank: &BankId) -> PathBuf {
        self.file(bank, REPORT)
    }

    fn file(&self, bank: &BankId, kind: &str) -> PathBuf {
        self.folder.join(format!("{bank}.{kind}"))
    }

    /// Makes the folder, readable by its owner alone.
    pub fn make(&self) -> Result<(), Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).at_file(&self.folder)
    }

    /// What was made or removed in the folder stays so.
    pub fn sync(&self) -> Result<(), Error> {
        File::open(&self.folder).and_then(|folder| folder.sync_all()).at_file(&self.folder)
    }

    /// Removes reports that were begun and cannot stand: they must not take the room in which the store says so.
    pub fn unreport(&self) -> Result<(), Error> {
        self.remove(|kind| kind == REPORT)
    }

    /// Destroys what a job in this state must not have any more. Safe to repeat; done at every start too.
    pub fn sweep(&self, state: State) -> Result<(), Error> {
        match state {
            State::Open | State::Matching => Ok(()),
            State::Reporting | State::Certified => self.remove(|kind| kind == ROWS || kind == LEVELS),
            State::Closed | State::Failed => {
                self.remove(|_| true)?;
                match fs::remove_dir(&self.folder) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(Error::Disk { path: self.folder.clone(), source: error })
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn remove(&self, condemned: impl Fn(&str) -> bool) -> Result<(), Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::Disk { path: self.folder.clone(), source }),
        };
        let mut removed = false;
        for entry in entries {
            let path = entry.at_file(&self.folder)?.path();
            if condemned(path.extension().and_then(|kind| kind.to_str()).unwrap_or_default()) {
                fs::remove_file(&path).at_file(&path)?;
                removed = true;
            }
        }
        if removed { self.sync() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_keeps_what_it_needs() {
        let bank = BankId::parse("alpha", "bank").unwrap();
        for state in State::ALL {
            let dir = tempfile::tempdir().unwrap();
            let files = JobFiles::of(dir.path(), JobId::from_random([1; 16]));
            files.make().unwrap();
            for path in [files.rows(&bank), files.levels(&bank), files.report(&bank)] {
                fs::write(path, b"x").unwrap();
            }
            files.sweep(state).unwrap();
            files.sweep(state).unwrap();
            let left =
                [files.rows(&bank), files.levels(&bank), files.report(&bank)].map(|path| path.exists());
            let expected = match state {
                State::Open | State::Matching => [true, true, true],
                State::Reporting | State::Certified => [false, false, true],
                State::Closed | State::Failed => [false, false, false],
            };
            assert_eq!(left, expected, "{state:?}");
        }
    }
}
