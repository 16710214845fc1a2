//! What the rooms' own tests share: two coordinators over one store and one folder of files, a clock that tests move, jobs
//! with rows.

use std::collections::BTreeMap;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use lianfang_proto::catalogue::{Class, Disclosure, Kind};
use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Admission, Method, Participant, Terms, Timing};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, JobId, KeyId};
use lianfang_store::trial::Trial;
use lianfang_trust::merkle::RootBuilder;
use lianfang_trust::{Canonical as _, Digest, Signed, SigningKey};
use tempfile::TempDir;

use crate::commands::init::{SetUp, set_up};
use crate::config::{Config, Unlock};
use crate::intake;
use crate::job::ledger::{self, Handed};
use crate::job::propose;
use crate::job::state::State;
use crate::office::Office;
use crate::ports::{Clock, Micros, Pause, Ports};
use crate::secrets::KEY_FILE;
use crate::work;

pub(crate) const SECOND: Micros = 1_000_000;
const START: Micros = 1_800_000_000 * SECOND;
/// Rows of every submission.
pub(crate) const ROWS: u64 = 16;

/// A clock that stands still until it is moved.
pub(crate) struct Hand {
    now: AtomicI64,
    stride: AtomicI64,
    waits: AtomicUsize,
    hurries: AtomicBool,
}

impl Clock for Hand {
    fn now(&self) -> Micros {
        self.now.fetch_add(self.stride.load(Ordering::SeqCst), Ordering::SeqCst)
    }

    fn sleep(&self, time: Duration) -> Pause {
        self.waits.fetch_add(1, Ordering::SeqCst);
        if self.hurries.load(Ordering::SeqCst) {
            return Box::pin(ready(()));
        }
        Box::pin(tokio::time::sleep(time))
    }
}

impl Hand {
    /// How often somebody has begun to wait.
    pub(crate) fn waits(&self) -> usize {
        self.waits.load(Ordering::SeqCst)
    }

    /// Whoever begins to wait has waited already, as long as this is so.
    pub(crate) fn hurry(&self, hurries: bool) {
        self.hurries.store(hurries, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }

    /// From now on so much passes between two looks at it.
    pub(crate) fn stride(&self, seconds: i64) {
        self.stride.store(seconds * SECOND, Ordering::SeqCst);
    }
}

/// All that is stored of a job but its signed documents, line by line.
pub(crate) type Stored = Vec<String>;
/// What lies in the folder of all jobs' files; a folder has no contents.
pub(crate) type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// Two coordinators.
pub(crate) struct Bench {
    pub(crate) us: Arc<Office>,
    pub(crate) others: Arc<Office>,
    pub(crate) hand: Arc<Hand>,
    /// Dropped after them.
    _folders: [TempDir; 2],
    _trial: Trial,
}

pub(crate) fn bank(name: &str) -> BankId {
    BankId::parse(name, "bank").unwrap()
}

pub(crate) fn id(number: u8) -> JobId {
    JobId::from_random([number; 16])
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let (trial, folders) = (Trial::new(), [(); 2].map(|()| tempfile::tempdir().unwrap()));
        let hand = Arc::new(Hand {
            now: AtomicI64::new(START),
            stride: AtomicI64::new(0),
            waits: AtomicUsize::new(0),
            hurries: AtomicBool::new(false),
        });
        let clock: Arc<dyn Clock> = Arc::<Hand>::clone(&hand);
        let ports = Ports { clock, ..Ports::system() };
        let [ours, theirs] = folders.each_ref().map(TempDir::path);
        set_up(ours, &SetUp::listening("hub:7443"), &ports).unwrap();
        copy(&ours.join("secrets"), &theirs.join("secrets"));
        let mut config = Config::new("hub-b:7443".to_owned(), None, Unlock::KeyFile(KEY_FILE.into()));
        config.store.files = Some(ours.join("jobs"));
        config.write(theirs).unwrap();
        let us = Office::open_over(ours, &trial.place(), ports.clone()).await.unwrap();
        let others = Office::open_over(theirs, &trial.place(), ports).await.unwrap();
        let members = ["alpha", "beta"].map(member).into();
        let first = us.book.now().roster().clone();
        let signed = Signed::sign(&us.keys.roster, Roster { version: first.version + 1, members, ..first });
        us.book.replace(signed.clone());
        others.book.replace(signed);
        Self { us, others, hand, _folders: folders, _trial: trial }
    }

    /// Opens a job of alpha and beta.
    pub(crate) async fn job(&self, id: JobId, disclosure: Disclosure) -> Terms {
        let participant =
            |name: &str| Participant { bank: bank(name), group: GroupId::parse(name, "group").unwrap() };
        let now = self.us.now();
        let terms = Terms {
            job: id,
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            key_record_digest: Digest::of("x", b""),
            roster_version: 1,
            roster_digest: Digest::of("x", b""),
            participants: ["alpha", "beta"].map(participant).into(),
            rule_set: 1,
            kinds: Kind::ALL.iter().map(|kind| kind.number()).collect(),
            admission: Admission::everyone(),
            match_threshold: 2,
            disclosure,
            method: Method::Plain,
            chunk_elements: 64,
            size_cap: 1_000,
            least_rows: ROWS,
            deadline: now + 3_600 * SECOND,
            timing: Timing::default(),
            run: None,
            purpose: "a test".to_owned(),
            legal_basis: "none".to_owned(),
        };
        let signed = Signed::sign(&self.us.keys.coordinator, terms.clone());
        let mut tx = self.us.store.begin().await.unwrap();
        propose::open(&mut tx, &signed, now).await.unwrap();
        tx.commit().await.unwrap();
        terms
    }

    /// The job is in this state from now on, and takes no more submissions.
    pub(crate) async fn enter(&self, job: JobId, state: State) {
        let mut tx = self.us.store.begin().await.unwrap();
        ledger::enter(&mut tx, job, state, self.us.now()).await.unwrap();
        work::take_no_more(&mut tx, job).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Writes what a bank submits to a coordinator, as far as this row, and seals what is whole.
    pub(crate) async fn submit(&self, to: &Arc<Office>, terms: &Terms, name: &str, end: u64) {
        let (bytes, header) = rows(terms, name);
        let (bank, digest) = (bank(name), terms.digest());
        let mut tx = to.store.begin().await.unwrap();
        ledger::set_handed(&mut tx, terms.job, &bank, Handed::Header, header.bytes()).await.unwrap();
        tx.commit().await.unwrap();
        let from = self.party(terms, name).await;
        let from = intake::progress(to, &from.0, &from.1).await.unwrap().next_row;
        let [first, last] = [from, end].map(|row| usize::try_from(row).unwrap() * terms.row_bytes());
        if from < end {
            let taken = intake::rows(to, &bank, &digest, from, bytes[first..last].to_vec()).await;
            assert_eq!(taken.unwrap(), end);
        }
        if end == ROWS {
            intake::seal(to, &bank, &digest).await.unwrap();
        }
    }

    /// A job and a participant of it, as they are now.
    pub(crate) async fn party(&self, terms: &Terms, name: &str) -> (ledger::Job, ledger::Party) {
        let mut reader = self.us.store.reader().await.unwrap();
        let job = ledger::find(&self.us, &mut reader, terms.job).await.unwrap().unwrap();
        let party = ledger::party(&mut reader, terms.job, &bank(name)).await.unwrap().unwrap();
        (job, party)
    }

    /// What is stored.
    pub(crate) async fn stored(&self) -> Stored {
        let mut reader = self.us.store.reader().await.unwrap();
        let mut lines = Vec::new();
        for job in ledger::all(&self.us, &mut reader).await.unwrap() {
            let id = job.agreed.job();
            lines.push(format!(
                "{id:?} {:?} {} {:?} {:?} {}",
                job.state, job.entered_at, job.failure, job.matches, job.reports
            ));
            for party in ledger::parties(&mut reader, id).await.unwrap() {
                let (bank, sealed) = (&party.bank, party.sealed_at);
                lines.push(format!("{id:?} {bank} {} {sealed:?} {}", party.sealed, party.rows));
            }
        }
        let entries = "SELECT count(*) FROM audit_entry";
        let entries: i64 = sqlx::query_scalar(entries).fetch_one(&mut *reader).await.unwrap();
        lines.push(format!("{entries} entries"));
        lines
    }

    /// Who works on what, how often it failed, until when it is held.
    pub(crate) async fn leases(&self) -> Stored {
        type Row = (String, Vec<u8>, Option<Vec<u8>>, i64, i64, i64);
        let mut reader = self.us.store.reader().await.unwrap();
        let statement =
            "SELECT kind, subject, owner, fence, held_until, attempts FROM work ORDER BY kind, subject";
        let rows: Vec<Row> = sqlx::query_as(statement).fetch_all(&mut *reader).await.unwrap();
        rows.iter().map(|row| format!("{row:?}")).collect()
    }

    /// The files of all jobs.
    pub(crate) fn files(&self) -> Files {
        fn under(folder: &Path, found: &mut Files) {
            let Ok(entries) = std::fs::read_dir(folder) else { return };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    under(&path, found);
                    found.insert(path, None);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path, Some(bytes));
                }
            }
        }
        let mut found = Files::new();
        under(&self.us.files_folder(), &mut found);
        found
    }
}

/// A bank's number, by which all that is its own differs from the other's.
fn number(name: &str) -> u8 {
    name.as_bytes()[0] - b'a' + 1
}

fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&[number(name); 32])
}

fn member(name: &str) -> Member {
    Member {
        bank: bank(name),
        group: GroupId::parse(name, "group").unwrap(),
        standing: Standing::Active,
        identity: key(name).verifying_key(),
        sealing: [number(name); 32],
        certificate_key: [number(name); 32],
        own_root: None,
        address: format!("{name}:1"),
    }
}

/// The rows that a bank submits, and their signed header. Eight tags are those of the other bank too.
pub(crate) fn rows(terms: &Terms, name: &str) -> (Vec<u8>, Signed<SubmissionHeader>) {
    let own = 16 * number(name);
    let (mut root, mut bytes) = (RootBuilder::new(), Vec::new());
    for first in (0..8).chain(own..own + 8) {
        let mut row = vec![0xC3; 16];
        row[0] = first;
        row.resize(terms.row_bytes(), own);
        root.push(&row);
        bytes.extend_from_slice(&row);
    }
    let header = SubmissionHeader {
        terms_digest: terms.digest(),
        bank: bank(name),
        rows: ROWS,
        row_bytes: u32::try_from(terms.row_bytes()).unwrap(),
        root: root.finish(),
        padding_commitment: [0; 32],
    };
    (bytes, Signed::sign(&key(name), header))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
