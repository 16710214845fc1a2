//! Where a job's files lie, and how they are destroyed.
//!
//! `jobs/<job>/<bank>.rows` is a submission as it came, `.levels` the hashes of its tree, `.<turn>.report` what one bank may
//! read. The first two hold what nobody may see and go as soon as reports stand; the reports go when the job closes. A
//! report bears the number of the lease under which it was written: a process that has lost its lease and does not know it
//! yet writes beside the reports that stand, never over them.

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
    turn: i64,
}

impl JobFiles {
    /// The files of this job, in a coordinator's own folder.
    pub fn of(dir: &Path, job: JobId) -> Self {
        Self::within(&dir.join(FOLDER), job)
    }

    /// The files of this job, in a folder of all jobs' files.
    pub fn within(files: &Path, job: JobId) -> Self {
        Self { folder: files.join(job.to_string()), turn: 0 }
    }

    /// The same, with the reports that were written under this lease; 0 stands for those from before there were leases.
    #[must_use]
    pub fn written_under(self, turn: i64) -> Self {
        Self { turn, ..self }
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
        match self.turn {
            0 => self.file(bank, REPORT),
            turn => self.folder.join(format!("{bank}.{turn}.{REPORT}")),
        }
    }

    fn is_own_report(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let parts: Vec<&str> = name.split('.').collect();
        match parts[..] {
            [_, REPORT] => self.turn == 0,
            [_, turn, REPORT] => turn.parse() == Ok(self.turn),
            _ => false,
        }
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

    /// Removes reports that were begun under this lease and cannot stand: they must not take the room in which the store
    /// says so.
    pub fn unreport(&self) -> Result<(), Error> {
        self.remove(|path, _| self.is_own_report(path))
    }

    /// Removes what earlier leases have left behind, before reports are written anew.
    pub fn unreport_others(&self) -> Result<(), Error> {
        self.remove(|path, kind| kind == REPORT && !self.is_own_report(path))
    }

    /// Destroys what a job in this state must not have any more. Safe to repeat; done at every start too.
    pub fn sweep(&self, state: State) -> Result<(), Error> {
        match state {
            State::Open | State::Matching => Ok(()),
            State::Reporting | State::Certified => self.remove(|path, kind| {
                kind == ROWS || kind == LEVELS || (kind == REPORT && !self.is_own_report(path))
            }),
            State::Closed | State::Failed => {
                self.remove(|_, _| true)?;
                match fs::remove_dir(&self.folder) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(Error::Disk { path: self.folder.clone(), source: error })
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn remove(&self, condemned: impl Fn(&Path, &str) -> bool) -> Result<(), Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::Disk { path: self.folder.clone(), source }),
        };
        let mut removed = false;
        for entry in entries {
            let path = entry.at_file(&self.folder)?.path();
            if condemned(&path, path.extension().and_then(|kind| kind.to_str()).unwrap_or_default()) {
                match fs::remove_file(&path) {
                    // Another process sweeps too.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    done => done.at_file(&path)?,
                }
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

    #[test]
    fn reports_of_another_lease_are_never_those_that_stand() {
        let bank = BankId::parse("alpha", "bank").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let of = |turn| JobFiles::of(dir.path(), JobId::from_random([1; 16])).written_under(turn);
        let all = [of(0), of(7), of(8)];
        all[0].make().unwrap();
        let there = || all.each_ref().map(|files| files.report(&bank).exists());
        let write = || all.iter().for_each(|files| fs::write(files.report(&bank), b"x").unwrap());
        write();
        of(7).sweep(State::Reporting).unwrap();
        assert_eq!(there(), [false, true, false]);
        write();
        of(8).unreport().unwrap();
        assert_eq!(there(), [true, true, false]);
        write();
        of(0).unreport_others().unwrap();
        assert_eq!(there(), [true, false, false]);
        write();
        of(8).sweep(State::Closed).unwrap();
        assert_eq!(there(), [false, false, false]);
    }
}
