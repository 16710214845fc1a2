//! A backup, put back in the place of what is there.
//!
//! * Comes in: a backup, and a folder that nobody serves (its lock is held by the caller). Goes out: the folder as the
//!   backup has it, and beside it what was there before.
//! * Trusts: the manifest for damage; the caller for the key and the step of the store, before anything is replaced.
//! * Fails with a [`BackupError`]. Until [`Staged::replace`] nothing that is in use is touched. A restore that is cut off
//!   in the middle of it is undone by the next; until then the folder opens for nobody ([`unfinished`]).
//!
//! ```text
//!                take                     replace                                     done
//! backup ──▶ restoring/new ──▶ restoring/moving names the folder aside ──▶ old files aside, new ones in place
//!                 │                               │
//!            cut off: removed            cut off: moved back
//! ```

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use lianfang_trust::at_rest::file::write_atomically;

use crate::backup::{self, BackupError, Manifest, STORE, at, copy_private, make_private};
use crate::file;

const WORK: &str = "restoring";
const NEW: &str = "new";
const MOVING: &str = "moving";
const ASIDE: &str = "before-restore-";

/// Whether a restore was cut off while it replaced files.
pub fn unfinished(dir: &Path) -> bool {
    dir.join(WORK).join(MOVING).exists()
}

/// A backup, checked, and copied beside what it is to replace.
pub struct Staged {
    dir: PathBuf,
    folder: PathBuf,
    manifest: Manifest,
}

impl Staged {
    /// Undoes a restore that was cut off, checks the backup's manifest, and copies its files into the folder `dir`.
    pub fn take(backup: &Path, dir: &Path, program: &str) -> Result<Self, BackupError> {
        undo(dir)?;
        let manifest = backup::checked(backup, program)?;
        let folder = dir.join(WORK).join(NEW);
        make_private(&folder).map_err(at(&folder))?;
        let staged = Self { dir: dir.to_owned(), folder, manifest };
        for kept in &staged.manifest.files {
            copy_private(&backup.join(&kept.path), &staged.folder.join(&kept.path))?;
        }
        Ok(staged)
    }

    /// Where the copies are: a folder like the one that they will be in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the backup says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Keeps a file that the restored configuration names and no backup has: one whose folder is moved aside, for the backup
    /// has that folder too, is copied beside the copies. Every other stays where it lies. Gives where it is to be read until
    /// then, there or not. A relative name is meant from the folder; one within the copies, too.
    pub fn keep(&self, named: &Path) -> Result<PathBuf, BackupError> {
        let here = self.dir.join(named.strip_prefix(&self.folder).unwrap_or(named));
        let moved = self.within(&here).find(|within| self.moves(within));
        let Some(within) = moved else { return Ok(here) };
        let there = self.folder.join(within);
        if !there.exists() && here.exists() {
            copy_private(&here, &there)?;
        }
        Ok(there)
    }

    /// Where a kept file lies after the copies have been put in place.
    pub fn place(&self, kept: &Path) -> PathBuf {
        kept.strip_prefix(&self.folder).map_or_else(|_| kept.to_owned(), |within| self.dir.join(within))
    }

    /// Whether a path within the folder is moved aside: what is moved is whole entries of the folder, those that the backup has.
    fn moves(&self, within: &Path) -> bool {
        within.components().next().is_some_and(|entry| self.folder.join(entry).exists())
    }

    /// The paths by which it lies within the folder, if it does: as it is written, by the folder that it is in (which may be
    /// named by a link or by `..`), or as a link that leads there.
    fn within(&self, path: &Path) -> impl Iterator<Item = PathBuf> {
        let plain = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        let written = path.strip_prefix(&self.dir).ok().filter(|written| plain(written)).map(Path::to_owned);
        let dir = self.dir.canonicalize().ok();
        let by_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
        let inside = |found: Option<PathBuf>| Some(found?.strip_prefix(dir.as_ref()?).ok()?.to_owned());
        [written, inside(by_folder()), inside(path.canonicalize().ok())].into_iter().flatten()
    }

    /// Looks through every page of the store.
    pub async fn check_store(&self) -> Result<(), BackupError> {
        file::check(&self.folder.join(STORE)).await
    }

    /// Puts the copies in place of what is there; that, and what else is named, is moved aside. Gives where to.
    pub fn replace(self, named: &[&str], now: i64) -> Result<PathBuf, BackupError> {
        let name = format!("{ASIDE}{now}");
        let aside = self.dir.join(&name);
        make_private(&aside).map_err(at(&aside))?;
        let moving = self.dir.join(WORK).join(MOVING);
        write_atomically(&moving, name.as_bytes()).map_err(std::io::Error::other).map_err(at(&moving))?;
        let fresh = entries(&self.folder)?;
        for name in fresh.iter().map(PathBuf::as_path).chain(named.iter().map(Path::new)) {
            shift(&self.dir.join(name), &aside.join(name))?;
        }
        for name in &fresh {
            shift(&self.folder.join(name), &self.dir.join(name))?;
        }
        sync(&aside)?;
        sync(&self.dir)?;
        fs::remove_file(&moving).map_err(at(&moving))?;
        sync(&self.dir.join(WORK))?;
        Ok(aside)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What was moved halfway is needed to move it back.
        if !unfinished(&self.dir) {
            let _ = fs::remove_dir_all(self.dir.join(WORK));
        }
    }
}

/// Moves back what a restore had moved aside when it was cut off.
fn undo(dir: &Path) -> Result<(), BackupError> {
    let work = dir.join(WORK);
    let moving = work.join(MOVING);
    if moving.exists() {
        let name = fs::read_to_string(&moving).map_err(at(&moving))?;
        // Only a name that this room gives: nothing else is ever moved or removed.
        let aside =
            dir.join(if name.starts_with(ASIDE) && !name.contains('/') { name.as_str() } else { ASIDE });
        // A name that stands aside and in the folder came from the backup, which has it still.
        for name in entries(&aside)? {
            let place = dir.join(&name);
            if place.is_dir() {
                fs::remove_dir_all(&place).map_err(at(&place))?;
            }
            shift(&aside.join(&name), &place)?;
        }
        sync(dir)?;
        fs::remove_file(&moving).map_err(at(&moving))?;
        let _ = fs::remove_dir(&aside);
    }
    if work.exists() {
        fs::remove_dir_all(&work).map_err(at(&work))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        names.push(PathBuf::from(entry.map_err(at(folder))?.file_name()));
    }
    Ok(names)
}

/// Renames what is there; what is not there need not be moved.
fn shift(from: &Path, to: &Path) -> Result<(), BackupError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(from)(error)),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn staged(dir: &Path, files: &[&str]) -> Staged {
        let folder = dir.join(WORK).join(NEW);
        for name in files {
            fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
            fs::write(folder.join(name), "new").unwrap();
        }
        let manifest = Manifest {
            format: 1,
            program: "p".to_owned(),
            version: "1".to_owned(),
            made_at_us: 0,
            files: Vec::new(),
        };
        Staged { dir: dir.to_owned(), folder, manifest }
    }

    fn text(path: impl AsRef<Path>) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_was_there_stands_aside() {
        let dir = folder(&[
            ("config.toml", "old"),
            ("secrets/a", "old"),
            ("store.sqlite-wal", "old"),
            ("lock", "1"),
        ]);
        let restored = staged(dir.path(), &["config.toml", "secrets/b", "store.sqlite"]);
        assert!(!restored.keep(Path::new("secrets/c")).unwrap().exists());
        assert!(restored.keep(Path::new("secrets/a")).unwrap().exists());
        let aside = restored.replace(&["store.sqlite-wal", "spool"], 7).unwrap();
        let path = |name: &str| dir.path().join(name);
        assert_eq!(
            [text(path("config.toml")), text(path("secrets/a")), text(path("lock"))],
            ["new", "old", "1"]
        );
        assert!(
            path("secrets/b").exists() && path("store.sqlite").exists() && !path("store.sqlite-wal").exists()
        );
        assert_eq!([text(aside.join("config.toml")), text(aside.join("secrets/a"))], ["old", "old"]);
        assert!(!unfinished(dir.path()) && !path(WORK).exists());
    }

    /// However a configuration names it, a file of the folder is kept; one that lies elsewhere is read there.
    #[test]
    fn a_file_is_kept_by_whatever_path_it_is_named() {
        let outside = folder(&[("key", "outside")]);
        let linked = outside.path().join("linked");
        let to_file = outside.path().join("to-file");
        let dir = folder(&[("secrets/a", "old"), ("secrets/b", "old")]);
        std::os::unix::fs::symlink(dir.path(), &linked).unwrap();
        std::os::unix::fs::symlink(dir.path().join("secrets/a"), &to_file).unwrap();
        let from_here = |path: &str| dir.path().join(path);
        let up = |path: &str| Path::new("..").join(outside.path().file_name().unwrap()).join(path);
        for named in [
            PathBuf::from("secrets/a"),
            PathBuf::from("./secrets/../secrets/a"),
            from_here("secrets/a"),
            from_here("secrets/../secrets/a"),
            from_here(WORK).join(NEW).join("secrets/a"),
            linked.join("secrets/a"),
            to_file,
            up("linked/secrets/a"),
        ] {
            let restored = staged(dir.path(), &["secrets/b"]);
            let kept = restored.keep(&named).unwrap();
            assert_eq!(kept, restored.folder().join("secrets/a"), "{}", named.display());
            assert_eq!(text(&kept), "old", "{}", named.display());
        }
        let restored = staged(dir.path(), &["secrets/b"]);
        let in_backup = restored.keep(&from_here("secrets/b")).unwrap();
        assert_eq!(text(in_backup), "new", "what the backup has is not replaced");
        for named in [outside.path().join("key"), up("key"), linked.join("../key")] {
            let found = restored.keep(&named).unwrap();
            assert!(!found.starts_with(restored.folder()), "{}", named.display());
        }
        assert_eq!(text(restored.keep(&up("key")).unwrap()), "outside");
        assert!(restored.keep(&linked.join("secrets/c")).unwrap().starts_with(restored.folder()));
    }

    /// A folder that the backup does not have stays where it is, with all that lies in it, though a file in it is named.
    #[test]
    fn a_folder_of_which_a_file_is_named_is_not_moved() {
        use std::os::unix::fs::MetadataExt as _;
        let dir = folder(&[("secrets/a", "old"), ("inbox/map.toml", "map"), ("inbox/waits.csv", "rows")]);
        let path = |name: &str| dir.path().join(name);
        fs::write(path("unlock.key"), "key").unwrap();
        std::os::unix::fs::symlink("secrets/a", path("to-secret")).unwrap();
        let number = || fs::metadata(path("inbox")).unwrap().ino();
        let before = number();
        let restored = staged(dir.path(), &["secrets/b"]);
        for name in ["inbox/map.toml", "unlock.key"] {
            assert_eq!(restored.keep(Path::new(name)).unwrap(), path(name));
            assert_eq!(restored.place(&path(name)), path(name));
        }
        assert_eq!(restored.keep(&path("inbox/gone")).unwrap(), path("inbox/gone"));
        // A link that stays leads to a file whose folder is moved.
        let kept = restored.keep(&path("to-secret")).unwrap();
        assert_eq!(kept, restored.folder().join("secrets/a"));
        assert_eq!(restored.place(&kept), path("secrets/a"));
        let aside = restored.replace(&[], 7).unwrap();
        assert!(!aside.join("inbox").exists() && !aside.join("unlock.key").exists());
        assert_eq!(number(), before, "the folder has kept its place");
        let texts =
            ["inbox/map.toml", "inbox/waits.csv", "unlock.key", "to-secret"].map(|name| text(path(name)));
        assert_eq!(texts, ["map", "rows", "key", "old"]);
    }

    #[test]
    fn a_restore_that_was_cut_off_is_undone_wherever_it_was() {
        for moved in 0..=4 {
            let dir = folder(&[("config.toml", "old"), ("secrets/a", "old")]);
            let cut = staged(dir.path(), &["config.toml", "secrets/b"]);
            let aside = dir.path().join("before-restore-7");
            fs::create_dir(&aside).unwrap();
            fs::write(dir.path().join(WORK).join(MOVING), "before-restore-7").unwrap();
            let steps: [(&Path, &Path); 4] = [
                (dir.path(), &aside),
                (dir.path(), &aside),
                (&cut.folder, dir.path()),
                (&cut.folder, dir.path()),
            ];
            for (step, (from, to)) in steps.iter().take(moved).enumerate() {
                let name = ["config.toml", "secrets"][step % 2];
                fs::rename(from.join(name), to.join(name)).unwrap();
            }
            assert!(unfinished(dir.path()));
            drop(cut);
            undo(dir.path()).unwrap();
            let path = |name: &str| dir.path().join(name);
            assert_eq!([text(path("config.toml")), text(path("secrets/a"))], ["old", "old"], "{moved}");
            assert!(!path("secrets/b").exists() && !path(WORK).exists() && !aside.exists(), "{moved}");
        }
    }
}
