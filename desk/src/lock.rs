//! One process at a time in a `--dir`.
//!
//! The lock is the operating system's (`flock`), so it ends with its holder however that ends; the file's content, the
//! holder's process id, is for the sentence that a second process says.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::problem::Problem;

const LOCK: &str = "lock";

/// Whether a folder that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// It must be there.
    MustExist,
    /// It is made, readable to its owner alone.
    Create,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another process holds the folder")]
    Busy {
        /// Which, as it wrote down itself.
        pid: Option<u32>,
        /// The folder.
        dir: PathBuf,
    },
    /// There is no such folder.
    #[error("the folder does not exist")]
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// The operating system said no.
    #[error("the folder cannot be locked")]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl From<LockError> for Problem {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy { pid, dir } => {
                // A process id is a name, not a count: no thousands apart.
                let pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
                Self::new(Exit::Later, "directory-busy").with("path", &*dir).with("pid", pid)
            }
            LockError::Missing { dir } => Self::new(Exit::Usage, "directory-missing").with("path", &*dir),
            LockError::Io { dir, source } => Self::file(&dir, source),
        }
    }
}

/// The lock on a folder, had until dropped.
#[derive(Debug)]
pub struct DirLock {
    dir: PathBuf,
    _file: File,
}

impl DirLock {
    /// Takes the lock of `dir`, or says who has it; does not wait.
    pub fn take(dir: &Path, folder: Folder) -> Result<Self, LockError> {
        let failed = |source: io::Error| LockError::Io { dir: dir.to_owned(), source };
        if folder == Folder::Create {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        }
        let dir = match dir.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LockError::Missing { dir: dir.to_owned() });
            }
            found => found.map_err(failed)?,
        };
        let failed = |source: io::Error| LockError::Io { dir: dir.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(dir.join(LOCK)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Busy { pid: holder(&mut file), dir }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { dir, _file: file })
    }

    /// The folder, as an absolute path.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// The id that the holder wrote; it may be writing just now.
fn holder(file: &mut File) -> Option<u32> {
    let mut content = String::new();
    file.take(16).read_to_string(&mut content).ok()?;
    content.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::lang::Lang;

    #[test]
    fn the_second_is_refused_and_told_who_holds() {
        let folder = tempfile::tempdir().unwrap();
        let first = DirLock::take(folder.path(), Folder::MustExist).unwrap();
        let Err(LockError::Busy { pid, dir }) = DirLock::take(folder.path(), Folder::MustExist) else {
            panic!("taken twice");
        };
        assert_eq!(pid, Some(std::process::id()));
        assert_eq!(dir, first.dir());
        let problem = Problem::from(LockError::Busy { pid, dir });
        assert_eq!((problem.exit(), problem.code()), (Exit::Later, "directory-busy"));
        assert!(problem.sentence(Lang::En).contains(&format!(" {}", std::process::id())));
        drop(first);
        DirLock::take(folder.path(), Folder::MustExist).unwrap();
    }

    #[test]
    fn a_folder_is_made_for_its_owner_alone_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("a/b");
        assert!(matches!(DirLock::take(&dir, Folder::MustExist), Err(LockError::Missing { .. })));
        let lock = DirLock::take(&dir, Folder::Create).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(lock.dir()), 0o700);
        assert_eq!(mode(&lock.dir().join(LOCK)), 0o600);
    }

    #[test]
    fn a_file_in_the_folders_place_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(DirLock::take(&file, Folder::MustExist), Err(LockError::Io { .. })));
    }
}
