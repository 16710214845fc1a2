//! Where a job's files lie, and how they are destroyed.
//!
//! `jobs/<job>/<bank>.<turn>.rows` is a submission as it came, `.<turn>.levels` the hashes of its tree, `.<turn>.report` what
//! one bank may read. The first two hold what nobody may see and go as soon as reports stand; the reports go when the job
//! closes.
//!
//! Each bears the number of the lease under which it was made, and the store names the one that counts: a process that has
//! lost its lease and does not know it yet writes beside what stands, never over it. Nor does it remove what stands: a
//! lease's number is above those of all leases before it, and what is removed without a look at the store is of a lower
//! number than the lease under which that is done. What is removed by a job's state may be removed by a state that is over:
//! a job never goes back, so whatever had to go then has to go now.

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

    /// A bank's submission, as it was taken under this lease.
    pub fn rows(&self, bank: &BankId, turn: i64) -> PathBuf {
        self.file(bank, turn, ROWS)
    }

    /// The levels of its tree.
    pub fn levels(&self, bank: &BankId, turn: i64) -> PathBuf {
        self.file(bank, turn, LEVELS)
    }

    /// What the bank may read.
    pub fn report(&self, bank: &BankId) -> PathBuf {
        self.file(bank, self.turn, REPORT)
    }

    fn file(&self, bank: &BankId, turn: i64, kind: &str) -> PathBuf {
        let name = if turn == 0 { format!("{bank}.{kind}") } else { format!("{bank}.{turn}.{kind}") };
        self.folder.join(name)
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
        self.remove(|name| name.kind == REPORT && name.turn == Some(self.turn))
    }

    /// Removes what earlier leases have left behind, before reports are written anew. Those of later leases are left alone:
    /// they may stand, and whoever asks for this may have lost its own lease.
    pub fn unreport_older(&self) -> Result<(), Error> {
        self.remove(|name| name.kind == REPORT && name.turn < Some(self.turn))
    }

    /// Removes what was made of a submission under this lease.
    pub fn forget_rows(&self, bank: &BankId, turn: i64) -> Result<(), Error> {
        self.remove(|name| name.is_of_submission(bank) && name.turn == Some(turn))
    }

    /// Removes what was made of a submission under the leases before this one, which has taken it over: under those it can
    /// never be sealed any more.
    pub fn forget_older_rows(&self, bank: &BankId, turn: i64) -> Result<(), Error> {
        self.remove(|name| name.is_of_submission(bank) && name.turn < Some(turn))
    }

    /// Destroys what a job in this state must not have any more. Safe to repeat; done at every start too.
    pub fn sweep(&self, state: State) -> Result<(), Error> {
        match state {
            State::Open | State::Matching => Ok(()),
            State::Reporting | State::Certified => self.remove(|name| {
                let is_report = name.kind == REPORT;
                name.kind == ROWS || name.kind == LEVELS || (is_report && name.turn != Some(self.turn))
            }),
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

    fn remove(&self, condemned: impl Fn(&Name<'_>) -> bool) -> Result<(), Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::Disk { path: self.folder.clone(), source }),
        };
        let mut removed = false;
        for entry in entries {
            let path = entry.at_file(&self.folder)?.path();
            if condemned(&Name::of(&path)) {
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

/// What a file's name says.
struct Name<'a> {
    bank: &'a str,
    /// 0 where there is no number: the file is from before names bore them. `None`, which is less than any, where what
    /// stands there is no number of a lease.
    turn: Option<i64>,
    kind: &'a str,
}

impl<'a> Name<'a> {
    fn of(path: &'a Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let parts: Vec<&str> = name.split('.').collect();
        match parts[..] {
            [bank, kind] => Self { bank, turn: Some(0), kind },
            [bank, turn, kind] => Self { bank, turn: turn.parse().ok(), kind },
            _ => Self { bank: "", turn: None, kind: "" },
        }
    }

    fn is_of_submission(&self, bank: &BankId) -> bool {
        self.bank == bank.as_str() && (self.kind == ROWS || self.kind == LEVELS)
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
            let (rows, levels) = (files.rows(&bank, 7), files.levels(&bank, 7));
            let all = [rows, levels, files.rows(&bank, 0), files.report(&bank)];
            for path in &all {
                fs::write(path, b"x").unwrap();
            }
            files.sweep(state).unwrap();
            files.sweep(state).unwrap();
            let left = all.map(|path| path.exists());
            let expected = match state {
                State::Open | State::Matching => [true, true, true, true],
                State::Reporting | State::Certified => [false, false, false, true],
                State::Closed | State::Failed => [false, false, false, false],
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
        of(8).sweep(State::Closed).unwrap();
        assert_eq!(there(), [false, false, false]);
    }

    /// Who begins to match removes what is older than its own lease. It may have slept since, and reports of a later lease
    /// stand by now.
    #[test]
    fn reports_of_a_later_lease_are_never_removed() {
        let bank = BankId::parse("alpha", "bank").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let of = |turn| JobFiles::of(dir.path(), JobId::from_random([1; 16])).written_under(turn);
        let all = [of(0), of(7), of(8), of(10)];
        all[0].make().unwrap();
        for files in &all {
            fs::write(files.report(&bank), b"x").unwrap();
        }
        let there = || all.each_ref().map(|files| files.report(&bank).exists());
        of(0).unreport_older().unwrap();
        assert_eq!(there(), [true, true, true, true]);
        of(8).unreport_older().unwrap();
        assert_eq!(there(), [false, false, true, true]);
    }

    #[test]
    fn what_a_submission_leaves_behind_is_told_by_bank_and_lease() {
        let [alpha, beta] = ["alpha", "beta"].map(|name| BankId::parse(name, "bank").unwrap());
        let dir = tempfile::tempdir().unwrap();
        let files = JobFiles::of(dir.path(), JobId::from_random([1; 16]));
        let all = [
            files.rows(&alpha, 0),
            files.rows(&alpha, 9),
            files.levels(&alpha, 9),
            files.rows(&alpha, 10),
            files.levels(&alpha, 10),
            files.rows(&beta, 9),
            files.report(&alpha),
        ];
        files.make().unwrap();
        let write = || all.iter().for_each(|path| fs::write(path, b"x").unwrap());
        let there = || all.each_ref().map(|path| path.exists());
        write();
        files.forget_older_rows(&alpha, 10).unwrap();
        assert_eq!(there(), [false, false, false, true, true, true, true]);
        write();
        files.forget_rows(&alpha, 9).unwrap();
        assert_eq!(there(), [true, false, false, true, true, true, true]);
    }
}
