//! The spool at a start: what a job has left there that is over, or that the store does not know, is removed.
//!
//! Comes in: the jobs that have no end here. Goes out: a spool with files of theirs alone. A store that was put back
//! from a backup leaves them, and so does a job that another process over the store has ended. Files of any other name are
//! not this room's to judge.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use lianfang_trust::Digest;

use super::Context;
use crate::pipeline::submit::SubmissionFiles;
use crate::store::StoreError;

/// Hexadecimal digits of a file's name, as [`SubmissionFiles::of`] gives it.
const DIGITS: usize = 32;

/// Whether a file is one of a submission, by its name.
fn is_of_a_submission(path: &Path) -> bool {
    let ends = path.extension().is_some_and(|ends| ends == "rows" || ends == "index");
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    ends && name.len() == DIGITS && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Removes files of submissions but those under these terms. That one is gone already is no error.
fn tidy(spool: &Path, needed: &[Digest]) -> io::Result<()> {
    let files = needed.iter().map(|terms| SubmissionFiles::of(spool, terms));
    let needed: HashSet<PathBuf> = files.flat_map(|files| [files.rows, files.index]).collect();
    for entry in std::fs::read_dir(spool)? {
        let path = entry?.path();
        if !is_of_a_submission(&path) || needed.contains(&path) {
            continue;
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Context {
    /// Removes what no job needs any more. To be called before anybody works on jobs.
    pub async fn tidy_spool(&self) -> Result<(), StoreError> {
        let unfinished = self.book.unfinished().await?;
        let needed: Vec<Digest> = unfinished.iter().map(|entry| entry.terms_digest).collect();
        if let Err(error) = tidy(&self.spool, &needed) {
            tracing::warn!(event = "spool.not-tidied", %error, "files of jobs that are over could not be removed");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_jobs_that_go_on_and_files_of_others_stay() {
        let spool = tempfile::tempdir().unwrap();
        let [goes_on, over] = [b"1", b"2"].map(|terms| Digest::of("test/terms", terms));
        let [kept, gone] = [&goes_on, &over].map(|terms| SubmissionFiles::of(spool.path(), terms));
        let others = ["import-3.run", "notes.rows", "0123.index"].map(|name| spool.path().join(name));
        for path in [&kept.rows, &kept.index, &gone.rows, &gone.index].into_iter().chain(&others) {
            std::fs::write(path, "rows").unwrap();
        }
        for _ in 0..2 {
            tidy(spool.path(), &[goes_on]).unwrap();
            assert!(kept.are_there() && others.iter().all(|path| path.exists()));
            assert!(!gone.rows.exists() && !gone.index.exists());
        }
    }
}
