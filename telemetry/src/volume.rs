//! How full the disk is on which a folder lies.

use std::io;
use std::path::{Path, PathBuf};

/// What is left of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Bytes that this user may still write.
    pub free_bytes: u64,
    /// Files that may still be made; `None` where the file system makes as many as there is room for.
    pub free_files: Option<u64>,
}

impl Volume {
    /// The disk of this folder.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        let free_bytes = found.f_bavail.saturating_mul(found.f_frsize);
        // File systems without a table of files say 0 of 0.
        Ok(Self { free_bytes, free_files: (found.f_files > 0).then_some(found.f_favail) })
    }

    /// What is left of the disks of these folders, of bytes and of files each where there is least; nothing if there is no folder,
    /// or the disk of one does not answer.
    pub fn least(folders: &[PathBuf]) -> Option<Self> {
        let found: io::Result<Vec<Self>> = folders.iter().map(|folder| Self::of(folder)).collect();
        found.ok()?.into_iter().reduce(Self::less)
    }

    fn less(self, other: Self) -> Self {
        let free_files = [self.free_files, other.free_files].into_iter().flatten().min();
        Self { free_bytes: self.free_bytes.min(other.free_bytes), free_files }
    }

    /// What the disk of this folder lacks, where `least` bytes must be free; nothing if it will do.
    pub fn lack(folder: &Path, least: u64) -> Option<&'static str> {
        match Self::of(folder) {
            Ok(volume) if volume.free_bytes < least => Some("full"),
            Ok(Self { free_files: Some(0), .. }) => Some("no-files-left"),
            Ok(_) => None,
            Err(_) => Some("does-not-answer"),
        }
    }
}

/// The bytes of a file, or of all files right under a folder; nothing where there is none.
pub fn bytes_of(path: &Path) -> Option<u64> {
    let found = std::fs::metadata(path).ok()?;
    if !found.is_dir() {
        return Some(found.len());
    }
    let entries = std::fs::read_dir(path).ok()?;
    Some(entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_tells_what_is_left() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Volume::of(folder.path()).unwrap().free_bytes > 0);
        assert!(Volume::of(&folder.path().join("nowhere")).is_err());
        assert_eq!(Volume::lack(folder.path(), 1), None);
        assert_eq!(Volume::lack(folder.path(), u64::MAX), Some("full"));
        assert_eq!(Volume::lack(&folder.path().join("nowhere"), 0), Some("does-not-answer"));
        let (here, nowhere) = (folder.path().to_owned(), folder.path().join("nowhere"));
        assert!(Volume::least(&[here.clone(), here.clone()]).is_some());
        assert_eq!(Volume::least(&[here, nowhere]), None, "one that does not answer is no other's room");
        assert_eq!(Volume::least(&[]), None);
        std::fs::write(folder.path().join("a"), [0; 100]).unwrap();
        std::fs::write(folder.path().join("b"), [0; 23]).unwrap();
        assert_eq!(bytes_of(folder.path()), Some(123));
        assert_eq!(bytes_of(&folder.path().join("a")), Some(100));
        assert_eq!(bytes_of(&folder.path().join("c")), None);
    }

    #[test]
    fn of_two_disks_the_least_counts() {
        let volume = |free_bytes, free_files| Volume { free_bytes, free_files };
        let table = [
            (volume(1, Some(9)), volume(2, Some(8)), volume(1, Some(8))),
            (volume(3, None), volume(2, Some(8)), volume(2, Some(8))),
            (volume(3, None), volume(4, None), volume(3, None)),
        ];
        for (one, other, least) in table {
            assert_eq!((one.less(other), other.less(one)), (least, least));
        }
    }
}
