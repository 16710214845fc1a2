//! A backup of a party's folder, made while it works: the store as it is at one moment, and the files without which the
//! store is of no use.
//!
//! * Comes in: an open store and the names of files in its folder. Goes out: a folder with their copies and a
//!   [`Manifest`] with the digest of each, written last: a backup without one was not finished.
//! * Never sees: what is in the files. A store and its secrets are as sealed in the copy as where they come from.
//! * Trusts: nobody with a manifest; it tells damage, not malice.
//! * Fails with a [`BackupError`], and then takes away what it had written.
//!
//! The copy is made by `VACUUM INTO` (sqlite.org/lang_vacuum.html): one reading transaction, which holds up nobody, and
//! no page of what was deleted. A server has its own tools for this, and is not copied from here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use lianfang_trust::at_rest::file::write_atomically;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Database, StoreError};

/// The form of a backup that this program writes and reads.
pub const FORMAT: u32 = 1;
/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The store's name in a backup and in a folder.
pub const STORE: &str = "store.sqlite";
/// Most bytes of a manifest.
const MANIFEST_BYTES: u64 = 1 << 20;
const PIECE: usize = 1 << 16;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Whose backup it is.
    pub program: String,
    /// The version of the program that made it.
    pub version: String,
    /// When, in microseconds.
    pub made_at_us: i64,
    /// The files.
    pub files: Vec<Kept>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its path within the folder.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Why there is no backup, or none was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store is on a server.
    #[error(
        "the store is on a PostgreSQL server: back it up there with pg_dump, and restore it with pg_restore"
    )]
    Server,
    /// The folder to write into has something in it.
    #[error("{path} is not empty; name a folder that is new or empty")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no manifest, or none of this form.
    #[error("{path} is no finished backup: its manifest is missing or cannot be read")]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// It is another program's, or of another form.
    #[error("the backup is of {found}, and this is {wanted}; restore it with the program that made it")]
    Other {
        /// Whose it is.
        found: String,
        /// Who reads it.
        wanted: String,
    },
    /// A file of it is missing, or is not the one that was written.
    #[error("the backup is damaged: {file} is missing or was changed; take another backup")]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// The store in it does not hold together.
    #[error("the store does not hold together, so it is no backup: {found}")]
    Damaged {
        /// What SQLite found first.
        found: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

/// What a manifest says beside the files.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The program.
    pub program: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Now, in microseconds.
    pub now: i64,
}

/// Copies the store and these files of its folder into a folder that is new or empty.
pub async fn make(
    database: &Database,
    dir: &Path,
    files: &[PathBuf],
    into: &Path,
    about: About<'_>,
) -> Result<Manifest, BackupError> {
    make_empty(into)?;
    let made = write(database, dir, files, into, about).await;
    if made.is_err() {
        // Best effort: what stays has no manifest, and is refused.
        let _ = fs::remove_dir_all(into);
    }
    made
}

async fn write(
    database: &Database,
    dir: &Path,
    files: &[PathBuf],
    into: &Path,
    about: About<'_>,
) -> Result<Manifest, BackupError> {
    let copy = into.join(STORE);
    database.copy_to(&copy).await?;
    File::open(&copy).and_then(|file| file.sync_all()).map_err(at(&copy))?;
    let mut kept = vec![described(into, Path::new(STORE))?];
    for file in files {
        copy_private(&dir.join(file), &into.join(file))?;
        kept.push(described(into, file)?);
    }
    let About { program, version, now } = about;
    let manifest = Manifest {
        format: FORMAT,
        program: program.to_owned(),
        version: version.to_owned(),
        made_at_us: now,
        files: kept,
    };
    let path = into.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from).map_err(at(&path))?;
    write_atomically(&path, &text).map_err(io::Error::other).map_err(at(&path))?;
    Ok(manifest)
}

/// The manifest of a backup of this program, every file of which is there and as it was written.
pub(crate) fn checked(backup: &Path, program: &str) -> Result<Manifest, BackupError> {
    let no_manifest = || BackupError::NoManifest { path: backup.to_owned() };
    let mut text = Vec::new();
    let file = File::open(backup.join(MANIFEST)).map_err(|_| no_manifest())?;
    file.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(|_| no_manifest())?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| no_manifest())?;
    if manifest.format != FORMAT || manifest.program != program {
        return Err(BackupError::Other {
            found: format!("{}, form {}", manifest.program, manifest.format),
            wanted: format!("{program}, form {FORMAT}"),
        });
    }
    for kept in &manifest.files {
        let changed = || BackupError::Changed { file: kept.path.clone() };
        let within = kept.path.components().all(|part| matches!(part, Component::Normal(_)));
        if !within || described(backup, &kept.path).map_err(|_| changed())? != *kept {
            return Err(changed());
        }
    }
    if !manifest.files.iter().any(|kept| kept.path == Path::new(STORE)) {
        return Err(BackupError::Changed { file: STORE.into() });
    }
    Ok(manifest)
}

fn described(folder: &Path, path: &Path) -> Result<Kept, BackupError> {
    let whole = folder.join(path);
    let mut file = File::open(&whole).map_err(at(&whole))?;
    let (mut digest, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece).map_err(at(&whole))?;
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        bytes += read as u64;
    }
    Ok(Kept { path: path.to_owned(), bytes, sha256: hex::encode(digest.finalize()) })
}

/// Copies a file; the copy is its owner's alone, and on the disk when this returns.
pub(crate) fn copy_private(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(folder) = to.parent() {
        make_private(folder).map_err(at(folder))?;
    }
    let mut source = File::open(from).map_err(at(from))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to).map_err(at(to))?;
    io::copy(&mut source, &mut file).map_err(at(to))?;
    file.flush().and_then(|()| file.sync_all()).map_err(at(to))
}

pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_empty(into: &Path) -> Result<(), BackupError> {
    make_private(into).map_err(at(into))?;
    let mut entries = fs::read_dir(into).map_err(at(into))?;
    if entries.next().is_some() { Err(BackupError::NotEmpty { path: into.to_owned() }) } else { Ok(()) }
}
