//! A coordinator in a temporary folder, a clock that tests move, banks with real keys and certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianfang_coordinator::Coordinator;
use lianfang_coordinator::commands::init::SetUp;
use lianfang_coordinator::config::{Config, Unlock};
use lianfang_coordinator::ports::{Clock, Micros, Ports};
use lianfang_coordinator::secrets::place;
use lianfang_coordinator::store::Store;
use lianfang_desk::{Exit, Problem};
use lianfang_link::client::{DialLimits, enrolment_channel};
use lianfang_link::{
    CertificateDer, Dialer, Directory, Fingerprint, Identity, Memory, Party, Root, UnixTime,
};
use lianfang_proto::documents::enrolment::Invite;
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::JobState;
use lianfang_proto::v1::enrolment_client::EnrolmentClient;
use lianfang_proto::{Fault, FaultCode};
use lianfang_store::Place;
use lianfang_store::trial::Trial;
use lianfang_trust::Canonical as _;
use serde_json::Value;
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;

use crate::bank::Bank;

const START: Micros = 1_800_000_000_000_000;

#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Micros {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    /// Dropped after the coordinator.
    trial: Trial,
    pub(crate) dir: TempDir,
    memory: Memory,
    hand: Hand,
    running: Option<Coordinator>,
}

pub(crate) fn code(status: &Status) -> (FaultCode, Option<String>) {
    let fault = Fault::from_status(status);
    (fault.code, fault.field)
}

pub(crate) fn bank_id(name: &str) -> BankId {
    BankId::parse(name, "bank").unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        let world = Self {
            trial: Trial::new(),
            dir: tempfile::tempdir().unwrap(),
            memory: Memory::default(),
            hand: Hand(Arc::new(AtomicI64::new(START))),
            running: None,
        };
        Coordinator::init(world.dir.path(), &SetUp::listening("hub:7443"), &world.ports()).unwrap();
        world.trial.configure(world.dir.path());
        let mut world = world;
        world.start().await;
        world
    }

    /// With banks that are members already.
    pub(crate) async fn with(names: &[&str]) -> (Self, Vec<Bank>) {
        let world = Self::new().await;
        let mut banks = Vec::new();
        for name in names {
            banks.push(Bank::join(&world, name).await);
        }
        (world, banks)
    }

    /// The same, and the banks hold a key.
    pub(crate) async fn with_key(names: &[&str]) -> (Self, Vec<Bank>) {
        let (world, banks) = Self::with(names).await;
        world.agree_on_key(&banks).await;
        (world, banks)
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports { clock: Arc::new(self.hand.clone()), ..Ports::system() }
    }

    pub(crate) async fn start(&mut self) {
        let started = Coordinator::start(self.dir.path(), self.ports(), Arc::new(self.memory.clone())).await;
        self.running = Some(started.unwrap());
    }

    /// Another coordinator over the same store and the same files, in a folder of its own.
    pub(crate) async fn beside(&self, dir: &Path, listen: &str) -> Coordinator {
        self.beside_over(dir, listen, &self.dir.path().join("jobs")).await.unwrap()
    }

    /// The same, with files in this folder.
    pub(crate) async fn beside_over(
        &self,
        dir: &Path,
        listen: &str,
        files: &Path,
    ) -> Result<Coordinator, Problem> {
        copy(self.dir.path(), dir);
        let unlock = Unlock::KeyFile("secrets/unlock.key".into());
        let mut config = Config::new(listen.to_owned(), None, unlock);
        config.store.files = Some(files.to_owned());
        config.write(dir).unwrap();
        let place = self.place();
        let transport = Arc::new(self.memory.clone());
        Coordinator::start_over(dir, &place, self.ports(), transport).await
    }

    /// One with keys of its own over this store.
    pub(crate) async fn stranger(&self, dir: &Path) -> Result<Coordinator, Problem> {
        Coordinator::init(dir, &SetUp::listening("other:7443"), &self.ports()).unwrap();
        let transport = Arc::new(self.memory.clone());
        Coordinator::start_over(dir, &self.place(), self.ports(), transport).await
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().shutdown().await;
    }

    /// The running one, to be stopped by the caller.
    pub(crate) fn hand_over(&mut self) -> Coordinator {
        self.running.take().unwrap()
    }

    /// Changes the store of a coordinator that is stopped.
    pub(crate) async fn change(&self, statement: &'static str, id: &[u8]) {
        let store = Store::open(&self.place()).await.unwrap();
        store.write(sqlx::query(statement).bind(id)).await.unwrap();
        store.close().await;
    }

    fn place(&self) -> Place {
        place(self.dir.path(), &Config::read(self.dir.path()).unwrap().store).unwrap()
    }

    pub(crate) fn now(&self) -> Micros {
        self.hand.now()
    }

    pub(crate) async fn restart(&mut self) {
        self.running.take().unwrap().shutdown().await;
        self.start().await;
    }

    /// As if it had been stopped in this state, which passes too quickly to be met.
    pub(crate) async fn restart_in(&mut self, job: &str, state: JobState) {
        self.running.take().unwrap().shutdown().await;
        let store = Store::open(&self.place()).await.unwrap();
        let update = sqlx::query("UPDATE job SET state = $1 WHERE id = $2");
        store.write(update.bind(i64::from(state as i32)).bind(hex::decode(job).unwrap())).await.unwrap();
        store.close().await;
        self.start().await;
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.hand.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Now, in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.hand.now() / 1_000_000
    }

    fn link_clock(&self) -> lianfang_link::Clock {
        let hand = self.hand.clone();
        lianfang_link::Clock::new(move || {
            UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(hand.now()).unwrap()))
        })
    }

    /// A command that must succeed; its JSON.
    pub(crate) async fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let (exit, out) = self.coordinator().run(&args).await;
        assert_eq!(exit, Exit::Done, "{args:?}: {out}");
        serde_json::from_str(&out).unwrap()
    }

    pub(crate) async fn invite(&self, name: &str) -> Invite {
        self.invite_under(name, name).await
    }

    pub(crate) async fn invite_under(&self, name: &str, group: &str) -> Invite {
        let told = self.json(&["invite", name, "--group", group]).await;
        let text = told["invite"].as_str().unwrap().strip_prefix("lfi1-").unwrap().to_owned();
        Invite::decode(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    pub(crate) fn enrolment(&self, root: [u8; 32]) -> EnrolmentClient<Channel> {
        self.enrolment_at(self.coordinator().address(), root)
    }

    /// The same at the coordinator that listens there.
    pub(crate) fn enrolment_at(&self, address: &str, root: [u8; 32]) -> EnrolmentClient<Channel> {
        let transport = Arc::new(self.memory.clone());
        let limits = DialLimits::default();
        let channel = enrolment_channel(transport, address, Fingerprint(root), &self.link_clock(), limits);
        EnrolmentClient::new(channel)
    }

    pub(crate) fn dialer(&self, identity: Option<&Identity>, roster: &Roster) -> Dialer {
        let directory = Arc::new(Pinned {
            root: CertificateDer::from(roster.authority_root.clone()),
            coordinator: Fingerprint(roster.coordinator_certificate_key),
        });
        let limits = DialLimits::default();
        Dialer::new(Arc::new(self.memory.clone()), identity, directory, &self.link_clock(), limits)
    }

    /// Waits until a job is in this state.
    pub(crate) async fn until(&self, job: &str, state: &str) -> Value {
        for _ in 0..400 {
            let shown = self.json(&["job", "show", job]).await;
            // Files are swept when the state is written down: a moment later.
            if shown["state"] == state && self.is_swept(job, state) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the job does not become {state}: {}", self.json(&["job", "show", job]).await);
    }

    /// Where the rows of a bank's submission lie.
    pub(crate) fn rows_of(&self, job: &str, bank: &str) -> PathBuf {
        let folder = self.dir.path().join("jobs").join(job);
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let is_meant = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.split('.').next() == Some(bank) && path.extension().is_some_and(|kind| kind == "rows")
        };
        let mut found: Vec<PathBuf> = files.filter(is_meant).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    fn is_swept(&self, job: &str, state: &str) -> bool {
        let folder = self.dir.path().join("jobs").join(job);
        let rows = || std::fs::read_dir(&folder).into_iter().flatten().flatten();
        match state {
            "reporting" | "certified" => {
                !rows().any(|file| file.path().extension().is_some_and(|kind| kind == "rows"))
            }
            "closed" | "failed" => !folder.exists(),
            _ => true,
        }
    }

    /// A key record that these banks have endorsed, by a ceremony without mathematics.
    pub(crate) async fn agree_on_key(&self, banks: &[Bank]) {
        let names: Vec<&str> = banks.iter().map(|bank| bank.id.as_str()).collect();
        let started =
            self.json(&["ceremony", "start", "--holders", &names.join(","), "--threshold", "2"]).await;
        let id = hex::decode(started["ceremony"].as_str().unwrap()).unwrap();
        for bank in banks {
            let proposal = bank.proposal(&id).await;
            let roster = bank.newest_roster().await;
            bank.post(&bank.endorsement_under(&proposal, &roster)).await.unwrap();
        }
        assert_eq!(self.json(&["ceremony", "list"]).await["ceremonies"][0]["state"], "done");
    }
}

/// Configuration and secrets, as an operator copies them to another machine.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("secrets")).unwrap();
    for entry in std::fs::read_dir(from.join("secrets")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join("secrets").join(path.file_name().unwrap())).unwrap();
    }
    if from.join("seat").exists() {
        std::fs::copy(from.join("seat"), to.join("seat")).unwrap();
    }
}

struct Pinned {
    root: CertificateDer<'static>,
    coordinator: Fingerprint,
}

impl Directory for Pinned {
    fn roots(&self) -> Vec<Root> {
        vec![Root::authority(self.root.clone())]
    }

    fn party(&self, key: &Fingerprint) -> Option<Party> {
        (*key == self.coordinator).then_some(Party::Coordinator)
    }
}
