//! What both programs ask of the machine: the folder and who may read it, the disk, how many files may be open.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use lianfang_desk::table::bytes;
use lianfang_desk::{Exit, Problem};

use super::Finding;
use crate::volume::Volume;

/// Files that may be open at least: one for each connection, and the store's own.
const DESCRIPTORS: u64 = 1_024;
/// Files that may still be made at least.
const FILES: u64 = 1_000;
/// Files looked at under a folder of secrets.
const LOOKED_AT: usize = 256;

/// Everything that is asked of the machine. `secret` are paths that nobody but the program's user may read.
pub fn checks(dir: &Path, secret: &[PathBuf], least_free: u64) -> Vec<Finding> {
    vec![folder(dir, secret), disk(dir, least_free), files(dir), descriptors()]
}

/// Whether folder and secrets belong to this user, and to this user alone.
fn folder(dir: &Path, secret: &[PathBuf]) -> Finding {
    // Without /proc nobody knows who runs this, and only modes are judged.
    let own = std::fs::metadata("/proc/self").map_or(0, |found| found.uid());
    let within = secret.iter().flat_map(|path| with_entries(path));
    // The folder itself comes last: that others may enter it is less than what they may read within.
    for path in within.chain(std::iter::once(dir.to_owned())) {
        let found = match std::fs::metadata(&path) {
            Ok(found) => found,
            // What is not there is told by whoever needs it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Finding::problem("folder", Problem::file(&path, error)),
        };
        let mode = found.permissions().mode() & 0o777;
        let shown = path.display().to_string();
        if found.uid() != own && own != 0 {
            return Finding::fail("folder", "doctor-folder-foreign").with("path", shown);
        }
        if mode & 0o077 != 0 {
            let finding = Finding::fail("folder", "doctor-folder-open").with("path", shown);
            let finding = finding.with("mode", format!("{mode:03o}"));
            // Whoever passes through the folder still meets the files' own modes.
            return if path == dir { finding.softened() } else { finding };
        }
    }
    Finding::ok("folder", "doctor-folder-ok")
}

fn with_entries(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    std::iter::once(path.to_owned()).chain(entries.take(LOOKED_AT)).collect()
}

fn disk(dir: &Path, least: u64) -> Finding {
    let free = match Volume::of(dir) {
        Ok(volume) => volume.free_bytes,
        Err(error) => return Finding::problem("disk", Problem::file(dir, error)),
    };
    let finding = match free {
        _ if free < least => Finding::fail("disk", "doctor-disk-low").exiting(Exit::Later),
        _ if free < least.saturating_mul(4) => Finding::warn("disk", "doctor-disk-low"),
        _ => Finding::ok("disk", "doctor-disk-ok"),
    };
    finding.with("free", bytes(free)).with("least", bytes(least))
}

fn files(dir: &Path) -> Finding {
    match Volume::of(dir) {
        Ok(Volume { free_files: Some(free), .. }) if free < FILES => {
            let finding = Finding::fail("files", "doctor-files-low").exiting(Exit::Later);
            finding.with("free", free.to_string())
        }
        Ok(_) => Finding::ok("files", "doctor-files-ok"),
        Err(error) => Finding::problem("files", Problem::file(dir, error)),
    }
}

/// Of this process; a service has its own limit, which the units set.
fn descriptors() -> Finding {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    match soft_limit(&limits) {
        Some(limit) if limit < DESCRIPTORS => {
            let finding = Finding::warn("descriptors", "doctor-descriptors-low");
            finding.with("limit", limit.to_string()).with("least", DESCRIPTORS.to_string())
        }
        _ => Finding::ok("descriptors", "doctor-descriptors-ok"),
    }
}

/// proc_pid_limits(5): the first number after the name is the soft limit.
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::super::State;
    use super::*;

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_read_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = dir.path().join("secrets");
        std::fs::create_dir(&secrets).unwrap();
        let key = secrets.join("key");
        std::fs::write(&key, "").unwrap();
        set(dir.path(), 0o700);
        set(&secrets, 0o700);
        set(&key, 0o600);
        let found = || folder(dir.path(), &[secrets.clone(), dir.path().join("not there")]);
        assert_eq!(found().state(), State::Ok);
        set(dir.path(), 0o755);
        assert_eq!((found().state(), found().code()), (State::Warn, "doctor-folder-open"));
        set(dir.path(), 0o700);
        set(&key, 0o640);
        assert_eq!((found().state(), found().code()), (State::Fail, "doctor-folder-open"));
        set(dir.path(), 0o755);
        assert_eq!(found().state(), State::Fail, "an open folder hides no open secret");
    }

    #[test]
    fn a_disk_that_fills_up_is_found_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let free = Volume::of(dir.path()).unwrap().free_bytes;
        assert_eq!(disk(dir.path(), 1).state(), State::Ok);
        assert_eq!(disk(dir.path(), free / 2).state(), State::Warn);
        let full = disk(dir.path(), free.saturating_mul(2));
        assert_eq!((full.state(), full.exit), (State::Fail, Exit::Later));
        assert_eq!(disk(&dir.path().join("nowhere"), 1).state(), State::Fail);
    }

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n";
        assert_eq!(soft_limit(limits), Some(1_024));
        assert_eq!(soft_limit("Max open files   unlimited   unlimited   files"), None);
        assert_eq!(soft_limit(""), None);
    }
}
