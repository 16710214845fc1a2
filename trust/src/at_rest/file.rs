//! Whole files on disk: written completely or not at all, and read with care.
//!
//! * Comes in: a path and bytes. Goes out: the file, readable by its owner alone; or its bytes.
//! * Trusts: that one process writes in the folder at a time (the folder's lock is held by the caller).
//! * Fails with a [`FileError`] that names the path and the remedy.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A file could not be written or read as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The path names no file in a folder.
    #[error("{path} is not the name of a file")]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// Others than the owner may read it.
    #[error(
        "{path} may be read by others (mode {mode:o}); run `chmod 600` on it, and replace the secret if it was seen"
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a plain file, or longer than what is expected there.
    #[error("{path} is not a plain file of at most {limit} bytes")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
}

impl FileError {
    /// The file that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::NoName { path }
            | Self::TooOpen { path, .. }
            | Self::Unexpected { path, .. } => path,
        }
    }
}

/// Replaces the file at `path`, mode 0600. After a crash at any point the path holds the old bytes or the new ones.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(FileError::NoName { path: path.to_owned() });
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut unfinished = name.to_owned();
    unfinished.push(".unfinished");
    let unfinished = folder.join(unfinished);
    replace(folder, &unfinished, path, bytes)
        .map_err(|source| FileError::Io { path: path.to_owned(), source })
        .inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

fn replace(folder: &Path, unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a crash left behind is removed and never reused, so no link that was put there is followed.
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(unfinished, path)?;
    File::open(folder)?.sync_all()
}

/// Reads a file that holds a secret: at most `limit` bytes, and nobody else may be able to read it.
pub fn read_secret(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read(path, limit, true)
}

/// Reads a file that is sealed, public, or guarded by somebody else: at most `limit` bytes. A credential of the service
/// manager is read with this, for its access list shows as permission bits of a group.
pub fn read_limited(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read(path, limit, false)
}

fn read(path: &Path, limit: usize, secret: bool) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let io_error = |source| FileError::Io { path: path.to_owned(), source };
    let unexpected = || FileError::Unexpected { path: path.to_owned(), limit };
    let file = File::open(path).map_err(io_error)?;
    // The opened file is examined, not the path: nobody can exchange it in between.
    let about = file.metadata().map_err(io_error)?;
    let length =
        usize::try_from(about.len()).ok().filter(|length| *length <= limit).ok_or_else(unexpected)?;
    if !about.is_file() {
        return Err(unexpected());
    }
    #[cfg(unix)]
    if secret {
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(FileError::TooOpen { path: path.to_owned(), mode });
        }
    }
    // One byte of room beyond the length: a file that grows is noticed, and the buffer never moves.
    let mut bytes = Zeroizing::new(vec![0; length + 1]);
    let mut filled = 0;
    let mut file = file;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error(error)),
        }
    }
    if filled > length {
        return Err(unexpected());
    }
    bytes.truncate(filled);
    Ok(bytes)
}
