//! What lies in the watched folder and should not: for the doctor, whether or not the node serves.
//!
//! Comes in: the configuration, the time. Goes out: counts. Makes and moves nothing. Fails with the system's error where the
//! folder cannot be looked at.

use std::io;
use std::time::Duration;

use super::folder::{Folder, Place};
use crate::config::Watch;
use crate::ports::Micros;

/// A file that lies as long as this, and as ten looks, is not taken.
const LATE: Duration = Duration::from_hours(1);

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// Files that should have been imported long ago, also if they wait behind one that is written to without end.
    pub late: usize,
    /// Files that cannot be opened.
    pub unreadable: usize,
    /// Entries that will never be looked at.
    pub unfit: usize,
    /// Files that wait behind as many as are looked at.
    pub behind: usize,
    /// Files that could not be imported and still lie in `failed/`.
    pub failed: usize,
}

/// Looks at the folder.
pub fn inspect(config: &Watch, now: Micros) -> io::Result<Inspected> {
    inspected(&Folder::found(&config.folder)?, config, now)
}

fn inspected(folder: &Folder, config: &Watch, now: Micros) -> io::Result<Inspected> {
    let look = folder.look()?;
    let patience = LATE.max(config.every() * 10).as_secs();
    let since = now / 1_000_000 - i64::try_from(patience).unwrap_or(i64::MAX);
    let late = look.files.values().filter(|seen| seen.written.0 < since).count();
    let unreadable = look.files.keys().filter(|name| folder.open_file(name).is_err()).count();
    Ok(Inspected {
        late,
        unreadable,
        unfit: look.unfit,
        behind: look.behind,
        failed: folder.outcomes(Place::Failed)?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::super::folder::FILES;
    use super::*;

    #[test]
    fn what_lies_too_long_and_what_failed_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let watch: Watch = toml::from_str(&format!("folder = {:?}\n", dir.path())).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = Micros::try_from(now.as_micros()).unwrap();
        let none = Inspected::default();
        assert_eq!(inspect(&watch, now).unwrap(), none);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is made");
        fs::create_dir(dir.path().join("failed")).unwrap();
        for name in ["a.csv", "b.csv", "c.csv.part", "failed/x.csv", "failed/x.csv.json"] {
            File::create(dir.path().join(name)).unwrap();
        }
        fs::create_dir(dir.path().join("inner")).unwrap();
        assert_eq!(inspect(&watch, now).unwrap(), Inspected { unfit: 1, failed: 1, ..none });
        let mut folder = Folder::found(dir.path()).unwrap();
        folder.opener = |path| {
            if path.ends_with("a.csv") {
                Err(io::ErrorKind::PermissionDenied.into())
            } else {
                File::open(path)
            }
        };
        assert_eq!(inspected(&folder, &watch, now).unwrap().unreadable, 1);
        let later = now + 3_700_000_000;
        assert_eq!(inspect(&watch, later).unwrap(), Inspected { late: 2, unfit: 1, failed: 1, ..none });
        // Who waits behind one that is written to without end is told of; that one is not late itself.
        let grows = File::options().append(true).open(dir.path().join("a.csv")).unwrap();
        grows.set_modified(SystemTime::now() + Duration::from_secs(3_700)).unwrap();
        assert_eq!(inspect(&watch, later).unwrap().late, 1);
        let slow = Watch { every: "20m".to_owned(), ..watch.clone() };
        assert_eq!(inspect(&slow, later).unwrap().late, 0, "ten looks are longer");
        for at in 0..FILES {
            File::create(dir.path().join(format!("d{at}.csv"))).unwrap();
        }
        assert_eq!(inspect(&watch, now).unwrap().behind, 2, "and are not unfit");
        assert!(inspect(&Watch { folder: dir.path().join("gone"), ..watch }, now).is_err());
    }
}
