//! The file that an import reads: whether it is still the one that was opened.
//!
//! Comes in: an open file. Goes out: whether its length and its moment of writing are as they were at opening, and whether a
//! name stands for it. Reads nothing of it. Fails where nobody can say, as of a folder of the network that has gone.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What tells a file, and a state of it, from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    file: (u64, u64),
    bytes: u64,
    written: (i64, i64),
}

impl Identity {
    /// That of the file that was looked at.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    /// Whether it is the same file, whatever its state.
    pub fn is_file_of(&self, metadata: &Metadata) -> bool {
        self.file == (metadata.dev(), metadata.ino())
    }
}

/// An open file, as it was when it was opened.
#[derive(Debug)]
pub struct Origin {
    file: File,
    name: Option<PathBuf>,
    identity: Identity,
}

impl Origin {
    /// A file that has just been opened. Its name may come to stand for another one.
    pub fn of(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let identity = Identity::of(&file.metadata()?);
        Ok(Self { file, name: None, identity })
    }

    /// The same, whose name must go on to stand for it.
    pub fn named(file: &File, name: &Path) -> io::Result<Self> {
        Ok(Self { name: Some(name.to_owned()), ..Self::of(file)? })
    }

    /// What it was when it was opened.
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether nobody has written to it, put another in its place or taken its name away.
    pub fn is_intact(&self) -> io::Result<bool> {
        let is_as_it_was = |now: &Metadata| Identity::of(now) == self.identity;
        if !is_as_it_was(&self.file.metadata()?) {
            return Ok(false);
        }
        let Some(name) = &self.name else { return Ok(true) };
        match fs::metadata(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            now => Ok(is_as_it_was(&now?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_or_replaced_is_not_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let opened = || {
            fs::write(&path, "as it was").unwrap();
            let file = File::open(&path).unwrap();
            (Origin::of(&file).unwrap(), Origin::named(&file, &path).unwrap())
        };
        let (origin, named) = opened();
        let intact = |origin: &Origin| origin.is_intact().unwrap();
        assert!(intact(&origin) && intact(&named));
        fs::write(&path, "as it was, and more").unwrap();
        assert!(!intact(&origin) && !intact(&named), "it has grown");
        let (origin, named) = opened();
        fs::write(dir.path().join("b.csv"), "as it was").unwrap();
        fs::rename(dir.path().join("b.csv"), &path).unwrap();
        assert!(intact(&origin) && !intact(&named), "another lies there");
        assert!(!named.identity().is_file_of(&fs::metadata(&path).unwrap()));
    }
}
