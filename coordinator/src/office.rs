//! The office: what every room works with, behind one `Arc`.
//!
//! Comes in: a folder that `init` made, and the ports. Goes out: the opened store, the keys, the roster in force, the bell,
//! and the name under which this process works.
//! It decides nothing; rooms do. It exists with or without a server: a command that finds the folder free opens it too.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lianfang_desk::Problem;
use lianfang_link::{Identity, UnixTime};
use lianfang_store::restore;

use crate::bell::{self, Bell};
use crate::config::Config;
use crate::fault::Error;
use crate::intake::Uploads;
use crate::job::files::{FOLDER, JobFiles};
use crate::job::ledger::TermsCache;
use crate::ports::{Micros, Ports};
use crate::roster::{Book, Reach};
use crate::secrets::{self, Keys};
use crate::store::Store;
use crate::store::work::Worker;
use crate::telemetry::Telemetry;
use lianfang_proto::ids::JobId;
use lianfang_store::Place;

/// What every room works with.
pub struct Office {
    /// The folder.
    pub dir: PathBuf,
    /// What the operator has decided.
    pub config: Config,
    /// The authority's and the coordinator's keys.
    pub keys: Keys,
    /// The store.
    pub store: Store,
    /// Whether other processes may work over the store: it is not the file in this folder.
    pub shares_its_store: bool,
    /// Time and chance.
    pub ports: Ports,
    /// The roster in force, as TLS asks it.
    pub book: Arc<Book>,
    /// Rings with every change.
    pub bell: Bell,
    /// This process, as leases name it.
    pub worker: Worker,
    /// Submissions under way.
    pub uploads: Uploads,
    /// What is seen of it from outside.
    pub telemetry: Telemetry,
    /// The way to the banks, for one that asks whether it can be reached.
    pub reach: Reach,
    /// Terms that have been read.
    pub terms: TermsCache,
    /// When reminders were looked for last.
    pub(crate) looked_at: AtomicI64,
    address: OnceLock<String>,
    certificate: OnceLock<Identity>,
}

/// The folders on whose disks there must be room, for a coordinator of this folder.
pub fn disks(dir: &Path, config: &Config) -> [PathBuf; 2] {
    disks_over(dir, &dir.join(config.store.files.as_deref().unwrap_or(Path::new(FOLDER))))
}

/// The same, where all jobs' files lie in this folder. It is made when it is needed: until then it is what is there of the way to
/// it. One that does not answer is there. Both are looked at, and a mount that hangs holds up whoever asks.
pub fn disks_over(dir: &Path, files: &Path) -> [PathBuf; 2] {
    let there = files.ancestors().find(|path| !matches!(path.try_exists(), Ok(false)));
    [dir.to_owned(), there.unwrap_or(dir).to_owned()]
}

impl Office {
    /// Opens the folder. The first time, the first roster is signed: one without members.
    pub async fn open(dir: &Path, ports: Ports) -> Result<Arc<Self>, Problem> {
        let place = secrets::place(dir, &Config::read(dir)?.store)?;
        Self::open_over(dir, &place, ports).await
    }

    /// Opens the folder over a store at another place, which others may share.
    pub async fn open_over(dir: &Path, place: &Place, ports: Ports) -> Result<Arc<Self>, Problem> {
        if restore::unfinished(dir) {
            return Err(Problem::usage("restore-unfinished").with("path", dir));
        }
        let config = Config::read(dir)?;
        let mut keys = Keys::open(dir, &config.unlock)?;
        let telemetry = Telemetry::open(&config)?;
        let store = Store::open(place).await.map_err(|error| place.problem(error))?;
        let now = ports.clock.now();
        let roster = crate::roster::first(&store, &keys, now).await.map_err(|error| met(place, error))?;
        keys.former = crate::roster::coordinators_keys(&store, &keys).await?;
        let mut numbers = [[0; 16]; 2];
        let mut rng = ports.chance.rng();
        for number in &mut numbers {
            rng.fill_bytes(number);
        }
        let worker = crate::work::worker(dir, numbers[0], numbers[1])?;
        let mut reader = store.reader().await.map_err(Error::from)?;
        let revision = bell::revision(&mut reader).await?;
        drop(reader);
        Ok(Arc::new(Self {
            shares_its_store: !matches!(place, Place::File(path) if path.parent() == Some(dir)),
            dir: dir.to_owned(),
            config,
            keys,
            store,
            book: Arc::new(Book::new(roster)),
            bell: Bell::after(revision),
            worker,
            uploads: Uploads::default(),
            terms: TermsCache::default(),
            telemetry,
            reach: Reach::default(),
            looked_at: AtomicI64::new(now),
            address: OnceLock::new(),
            certificate: OnceLock::new(),
            ports,
        }))
    }

    /// Now.
    pub fn now(&self) -> Micros {
        self.ports.clock.now()
    }

    /// Chance for a pause.
    pub fn chance(&self) -> u64 {
        u64::from_be_bytes(self.random())
    }

    /// Takes up what other processes have changed: the roster first, so that whoever hears the bell finds it in force.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut reader = self.store.reader().await?;
        let revision = bell::revision(&mut reader).await?;
        if revision != self.bell.revision() {
            crate::roster::catch_up(&mut reader, &self.keys, &self.book).await?;
            self.bell.hear(revision);
        }
        Ok(())
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.ports.chance.rng().fill_bytes(&mut bytes);
        bytes
    }

    /// The files of a job.
    pub fn files(&self, job: JobId) -> JobFiles {
        JobFiles::within(&self.files_folder(), job)
    }

    /// The folder of all jobs' files.
    pub fn files_folder(&self) -> PathBuf {
        self.dir.join(self.config.store.files.as_deref().unwrap_or(Path::new(FOLDER)))
    }

    /// The folders on whose disks there must be room: the coordinator's own, and that of all jobs' files.
    pub fn disks(&self) -> [PathBuf; 2] {
        disks(&self.dir, &self.config)
    }

    /// The server listens here.
    pub(crate) fn listens_at(&self, address: &str) {
        // Set once: an office has one server.
        let _ = self.address.set(address.to_owned());
    }

    /// The server shows this certificate, which is renewed in place.
    pub(crate) fn shows(&self, certificate: &Identity) {
        // Set once: an office has one server.
        let _ = self.certificate.set(certificate.clone());
    }

    /// Whether a server runs in this process.
    pub fn serves(&self) -> bool {
        self.certificate.get().is_some()
    }

    /// Whole days until the server's certificate ends; `None` where none serves.
    pub fn certificate_days_left(&self) -> Option<u64> {
        let validity = self.certificate.get()?.validity().ok()?;
        Some(validity.days_left(unix_time(self.now())))
    }

    /// Whole days until the authority's root ends.
    pub fn root_days_left(&self) -> u64 {
        let left = self.keys.authority.validity().map(|validity| validity.days_left(unix_time(self.now())));
        left.unwrap_or_default()
    }

    /// Where the server listens, if there is one.
    pub fn address(&self) -> Option<&str> {
        self.address.get().map(String::as_str)
    }

    /// What banks are told to dial; `None` while nobody can know it.
    pub fn advertised(&self) -> Option<String> {
        if let Some(advertised) = &self.config.advertise {
            return Some(advertised.clone());
        }
        let address = self.address.get().unwrap_or(&self.config.listen);
        let (host, port) = address.rsplit_once(':')?;
        let anywhere = matches!(host, "0.0.0.0" | "[::]" | "*");
        (!anywhere && port != "0").then(|| address.clone())
    }
}

/// What is met in a store that lies here.
fn met(place: &Place, error: Error) -> Problem {
    match error {
        Error::Store(error) => place.problem(error),
        other => other.into(),
    }
}

/// A time of the clock's port as certificates have it.
pub fn unix_time(now: Micros) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(now).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Unlock;
    use crate::secrets::KEY_FILE;

    #[test]
    fn files_count_where_they_lie_or_will_lie() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (dir, other) = (own.path(), other.path());
        let mut config = Config::new("hub:7443".to_owned(), None, Unlock::KeyFile(KEY_FILE.into()));
        assert_eq!(disks(dir, &config), [dir, dir], "not made yet");
        std::fs::create_dir(dir.join(FOLDER)).unwrap();
        assert_eq!(disks(dir, &config), [dir, &dir.join(FOLDER)]);
        for (files, there) in [("", ""), ("new", ""), ("new/newer", "")] {
            config.store.files = Some(other.join(files));
            assert_eq!(disks(dir, &config), [dir, &other.join(there)], "{files}");
        }
        // What cannot be looked at is not taken for another folder.
        std::fs::write(other.join("file"), "").unwrap();
        config.store.files = Some(other.join("file/files"));
        assert_eq!(disks(dir, &config), [dir, &other.join("file/files")]);
    }
}
