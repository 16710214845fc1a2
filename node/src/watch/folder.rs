//! The watched folder on the disk.
//!
//! Comes in: its path. Goes out: what lies in it, open files, and files that are put away. Only plain files with plain
//! names are touched; a link, whatever it leads to, is none. Fails with the error of the system.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::settle::Seen;
use crate::register::Identity;

/// Files that are looked at: the first by name, for an older one may not be left for after a newer one.
pub(super) const FILES: usize = 1_000;
/// Entries of an inner folder that are counted.
const LOOKED_AT: usize = 30_000;
/// Bytes of a name, so that a moment and an ending fit beside it.
const NAME_BYTES: usize = 180;
/// Says that the file of this name without it is complete.
const READY: &str = ".ready";
/// Copies that are under way.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".tmp", ".filepart", ".crdownload", "~"];

/// Where a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Done,
    Failed,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What one look found.
pub(super) struct Look {
    pub(super) files: BTreeMap<String, Seen>,
    /// Files that are said to be ready.
    pub(super) said: BTreeSet<String>,
    /// Entries that are left where they are.
    pub(super) unfit: usize,
    /// Files behind those, which are looked at once there is room.
    pub(super) behind: usize,
}

pub(super) struct Folder {
    path: PathBuf,
    /// How a file is opened, and how one is made for rejects: a test has the system refuse one.
    pub(super) opener: fn(&Path) -> io::Result<File>,
    pub(super) maker: fn(&Path) -> io::Result<File>,
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn make(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

impl Folder {
    /// The folder and the two in it, which are made if they are not there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        for place in [Place::Done, Place::Failed] {
            let inner = path.join(place.name());
            match DirBuilder::new().mode(0o700).create(&inner) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if !fs::symlink_metadata(&inner)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Ok(Self { path, opener: open, maker: make })
    }

    /// The folder as it is; nothing is made.
    pub(super) fn found(path: &Path) -> io::Result<Self> {
        Ok(Self { path: fs::canonicalize(path)?, opener: open, maker: make })
    }

    /// How many outcomes lie in this place.
    pub(super) fn outcomes(&self, place: Place) -> io::Result<usize> {
        let entries = match fs::read_dir(self.path.join(place.name())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let names = entries.take(LOOKED_AT).flatten().map(|entry| entry.file_name());
        Ok(names.filter(|name| name.as_encoded_bytes().ends_with(b".json")).count())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn look(&self) -> io::Result<Look> {
        let mut look = Look { files: BTreeMap::new(), said: BTreeSet::new(), unfit: 0, behind: 0 };
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| fits(name)) else {
                look.unfit += 1;
                continue;
            };
            if name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            // A file that is gone meanwhile is no file.
            let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
            if metadata.is_dir() && [Place::Done, Place::Failed].iter().any(|place| place.name() == name) {
                continue;
            }
            if !metadata.is_file() {
                look.unfit += 1;
            } else if let Some(of) = name.strip_suffix(READY) {
                look.said.insert(of.to_owned());
                if look.said.len() > FILES {
                    look.said.pop_last();
                }
            } else {
                look.files.insert(name.to_owned(), seen(&metadata));
                if look.files.len() > FILES {
                    look.files.pop_last();
                    look.behind += 1;
                }
            }
        }
        Ok(look)
    }

    /// The file of this name, if it is a plain one: what was opened is what the name stands for.
    pub(super) fn open_file(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.path.join(name);
        let file = match fs::symlink_metadata(&path) {
            Ok(named) if named.is_file() => (named, (self.opener)(&path)),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (named, opened) = file;
        let opened = opened?;
        let metadata = opened.metadata()?;
        let same = metadata.is_file() && (metadata.dev(), metadata.ino()) == (named.dev(), named.ino());
        Ok(same.then_some(opened))
    }

    /// A file for what is not finished, under a name that is never looked at; one that was left is written anew.
    pub(super) fn unfinished(&self, name: &str) -> io::Result<File> {
        let path = self.rejects(name);
        removed(&path)?;
        (self.maker)(&path)
    }

    fn rejects(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.rejects"))
    }

    /// Gives up what is not finished.
    pub(super) fn give_up(&self, name: &str) -> io::Result<()> {
        removed(&self.rejects(name))
    }

    /// Puts a file away: its rejects and outcome first, itself last. Says whether it did: what lies under the name and is not
    /// as it was when it was opened has not been read, and stays.
    pub(super) fn put_away(
        &self,
        name: &str,
        read: Identity,
        stamp: &str,
        (place, told): (Place, &Value),
    ) -> io::Result<bool> {
        let inner = self.path.join(place.name());
        let named = |end: &str| inner.join(format!("{stamp}-{name}{end}"));
        fs::rename(self.rejects(name), named(".rejects.csv"))?;
        let outcome = named(".json");
        removed(&outcome)?;
        let mut file = make(&outcome)?;
        file.write_all(told.to_string().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        // Moved first and looked at then: nobody puts another into its place in between.
        let (lies, moved) = (self.path.join(name), named(""));
        let is_it = match fs::rename(&lies, &moved) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            renamed => {
                renamed?;
                let is_it = Identity::of(&fs::symlink_metadata(&moved)?) == read;
                if !is_it {
                    put_back(&moved, &lies)?;
                }
                is_it
            }
        };
        if !is_it {
            removed(&outcome)?;
            removed(&named(".rejects.csv"))?;
            return Ok(false);
        }
        removed(&self.path.join(format!("{name}{READY}")))?;
        for folder in [&inner, &self.path] {
            File::open(folder)?.sync_all()?;
        }
        Ok(true)
    }
}

/// Gives a file its name back, unless another has come meanwhile: then nobody misses this one.
fn put_back(moved: &Path, lies: &Path) -> io::Result<()> {
    match fs::hard_link(moved, lies) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(moved, lies),
        _ => fs::remove_file(moved),
    }
}

/// Removes a file, if it is there.
fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fits(name: &str) -> bool {
    name.len() <= NAME_BYTES && !name.chars().any(char::is_control)
}

fn seen(metadata: &fs::Metadata) -> Seen {
    Seen {
        file: (metadata.dev(), metadata.ino()),
        bytes: metadata.len(),
        written: (
            metadata.mtime().max(metadata.ctime()),
            if metadata.mtime() >= metadata.ctime() { metadata.mtime_nsec() } else { metadata.ctime_nsec() },
        ),
    }
}
