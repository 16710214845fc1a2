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
    checks_over(dir, &[], secret, least_free)
}

/// The same, where work lies in these folders too: of disks and of files that may be made the worst is told.
pub fn checks_over(dir: &Path, work: &[PathBuf], secret: &[PathBuf], least_free: u64) -> Vec<Finding> {
    let disk = worst(dir, work, |folder| disk(folder, least_free));
    vec![folder(dir, secret), disk, worst(dir, work, files), descriptors()]
}

/// What is found at the first of these folders, unless something worse is found at another.
fn worst(first: &Path, others: &[PathBuf], check: impl Fn(&Path) -> Finding) -> Finding {
    others.iter().fold(check(first), |worst, folder| {
        let next = check(folder);
        if next.state() > worst.state() { next } else { worst }
    })
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
    finding.with("free", bytes(free)).with("least", bytes(least)).with("path", dir)
}

fn files(dir: &Path) -> Finding {
    match Volume::of(dir) {
        Ok(Volume { free_files: Some(free), .. }) if free < FILES => {
            let finding = Finding::fail("files", "doctor-files-low").exiting(Exit::Later);
            finding.with("free", free.to_string()).with("path", dir)
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

    use lianfang_desk::Lang;

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
    fn of_several_disks_the_worst_is_told_and_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (here, nowhere) = (dir.path().to_owned(), dir.path().join("nowhere"));
        for work in [vec![], vec![here.clone()], vec![nowhere.clone()], vec![here.clone(), nowhere]] {
            let found = checks_over(&here, &work, &[], 1);
            let states = ["disk", "files"].map(|check| {
                let mut of = found.iter().filter(|finding| finding.check() == check);
                let state = of.next().unwrap().state();
                assert!(of.next().is_none(), "{check} is told once");
                state
            });
            let fails = work.iter().any(|folder| *folder != here);
            assert_eq!(states.map(|state| state == State::Fail), [fails; 2], "{work:?}");
        }
        let state = |folder: &Path| if folder == here { State::Ok } else { State::Warn };
        let finding = |folder: &Path| Finding::new("disk", state(folder), Exit::Done, "doctor-disk-ok");
        let both = [here.clone(), PathBuf::from("/another")];
        for first in &both {
            assert_eq!(worst(first, &both, finding).state(), State::Warn, "{first:?}");
        }
        let full = disk(&here, u64::MAX).sentence(Lang::En);
        assert!(full.contains(&here.display().to_string()), "{full}");
    }

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n";
        assert_eq!(soft_limit(limits), Some(1_024));
        assert_eq!(soft_limit("Max open files   unlimited   unlimited   files"), None);
        assert_eq!(soft_limit(""), None);
    }
}
