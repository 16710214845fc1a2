//! Where an import that a person begins writes its rejects: into a file beside the one that they are for, which takes its
//! place once the import has ended. Who comes in between, or whose import fails, finds the rejects of the import before.
//!
//! Comes in: a path, and which file is being read. Goes out: an open file. What is no plain file, such as a device, is
//! written to as it is. Never sees: a reject. Fails where the rejects would be written over the register, where another
//! import writes to the same place, and with the system's error, by the path that was named.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lianfang_desk::Problem;

use crate::register::Identity;

/// Rejects that are being written. Dropped before they are kept, they are removed.
pub(super) struct RejectsFile {
    /// As it was named.
    path: PathBuf,
    /// Where links lead to.
    place: PathBuf,
    /// Where they are written until then, with the lock on it; nothing where they are written in place.
    unfinished: Option<(PathBuf, File)>,
}

impl RejectsFile {
    /// A file for the rejects of an import that reads this one.
    pub(super) fn begin(path: &Path, read: Option<Identity>) -> Result<(Self, File), Problem> {
        let failed = |error| Problem::file(path, error);
        let is_register = |found: &Metadata| read.is_some_and(|read| read.is_file_of(found));
        let over_register = || Problem::usage("rejects-are-register").with("path", path);
        let there = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            there => Some(there.map_err(failed)?),
        };
        if there.as_ref().is_some_and(is_register) {
            return Err(over_register());
        }
        let in_place = || {
            let file = File::create(path).map_err(failed)?;
            Ok((Self { path: path.to_owned(), place: path.to_owned(), unfinished: None }, file))
        };
        // A link that leads nowhere stays a link.
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if there.as_ref().map_or(is_link, |there| !there.is_file()) {
            return in_place();
        }
        let place = if there.is_some() { fs::canonicalize(path).map_err(failed)? } else { path.to_owned() };
        let unfinished = unfinished(&place).map_err(failed)?;
        let file = match alone(&unfinished) {
            // Who may write into the file that is there, and not beside it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && there.is_some() => {
                return in_place();
            }
            file => file.map_err(failed)?.ok_or_else(|| Problem::later("import-busy"))?,
        };
        if is_register(&file.metadata().map_err(failed)?) {
            return Err(over_register());
        }
        file.set_len(0).map_err(failed)?;
        let into = file.try_clone().map_err(failed)?;
        if let Some(there) = there {
            file.set_permissions(there.permissions()).map_err(failed)?;
        }
        Ok((Self { path: path.to_owned(), place, unfinished: Some((unfinished, file)) }, into))
    }

    /// Gives them their place.
    pub(super) fn keep(mut self) -> Result<(), Problem> {
        let Some((unfinished, file)) = self.unfinished.take() else { return Ok(()) };
        file.sync_all().and_then(|()| fs::rename(&unfinished, &self.place)).map_err(|error| {
            // What cannot be removed is written anew by the next import.
            let _ = fs::remove_file(&unfinished);
            Problem::file(&self.path, error)
        })
    }
}

impl Drop for RejectsFile {
    fn drop(&mut self) {
        if let Some((unfinished, _)) = &self.unfinished {
            let _ = fs::remove_file(unfinished);
        }
    }
}

/// The name beside it, under which nobody looks.
fn unfinished(place: &Path) -> io::Result<PathBuf> {
    let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".unfinished");
    Ok(place.with_file_name(hidden))
}

/// The file of this name, which may be left from an import that was killed and is not emptied yet; nothing if another import
/// has it.
fn alone(path: &Path) -> io::Result<Option<File>> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        // A file system without locks: whoever keeps rejects there minds it.
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
        _ => {}
    }
    // Whoever had it may have given it its place just before.
    let (had, named) = (file.metadata()?, fs::symlink_metadata(path));
    let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (had.dev(), had.ino()));
    Ok(same.then_some(file))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn identity(path: &Path) -> Identity {
        Identity::of(&fs::metadata(path).unwrap())
    }

    fn begin(path: &Path, read: Option<Identity>) -> Result<(RejectsFile, File), String> {
        RejectsFile::begin(path, read).map_err(|problem| problem.code().to_owned())
    }

    #[test]
    fn the_register_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let [register, link, hard, hidden, behind] =
            ["rejects.csv", "link.csv", "hard.csv", ".other.csv.unfinished", "other.csv"]
                .map(|name| dir.path().join(name));
        fs::write(&register, "record,mobile\n").unwrap();
        symlink(&register, &link).unwrap();
        fs::hard_link(&register, &hard).unwrap();
        fs::hard_link(&register, &hidden).unwrap();
        for path in [&register, &link, &hard, &behind] {
            let refused = begin(path, Some(identity(&register))).err();
            assert_eq!(refused.as_deref(), Some("rejects-are-register"), "{}", path.display());
        }
        assert_eq!(fs::read_to_string(&register).unwrap(), "record,mobile\n");
    }

    #[test]
    fn rejects_take_their_place_at_the_end_or_leave_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("rejects.csv"), dir.path().join("link.csv"));
        symlink(&path, &link).unwrap();
        fs::write(&path, "of before").unwrap();
        let written = |path: &Path| {
            let (rejects, mut file) = begin(path, None).unwrap();
            file.write_all(b"new").unwrap();
            rejects
        };
        let rejects = written(&link);
        assert_eq!(begin(&path, None).err().as_deref(), Some("import-busy"), "one at a time");
        drop(rejects);
        assert_eq!(fs::read_to_string(&path).unwrap(), "of before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
        // What was killed is written anew.
        fs::write(dir.path().join(".rejects.csv.unfinished"), "much that was left").unwrap();
        written(&link).keep().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_device_is_written_to_as_it_is() {
        let (rejects, mut file) = begin(Path::new("/dev/null"), None).unwrap();
        file.write_all(b"new").unwrap();
        rejects.keep().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
