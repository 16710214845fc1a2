//! Ceremonies on a board in memory: honest ones, interrupted ones, and ones with a liar at every step; and the machine alone,
//! stage by stage, as a table.

mod earlier;
mod ended;
mod honest;
mod interrupted;
mod liars;
mod play;
mod renewed;
mod repaired;
mod table;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lianfang_proto::documents::ceremony::{Phase, Post, Proposal, Task};
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::ids::{BankId, CeremonyId, Generation, KeyId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Canonical as _, Signed, SigningKey};

use super::body::Opening;
use super::drive::{Board, BoardView, Driver};
use super::progress::Progress;
use crate::config::Decide;
use crate::key_holder::ledger::Ledger;
use crate::key_holder::ports::Members;
use crate::key_holder::tests::{KEY, Party, Pinned, Remembered, Still};
use crate::key_holder::vault::Vault;
use crate::ports::Ports;

const DEADLINE: i64 = 1_000;
const NAMES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "epsilon"];

/// A federation of holders and a coordinator.
struct World {
    parties: Vec<Party>,
    clock: Arc<Still>,
    members: Arc<Pinned>,
    coordinator: SigningKey,
    log: Arc<Remembered>,
}

impl World {
    fn new(holders: usize) -> Self {
        let clock = Arc::new(Still::default());
        let parties: Vec<Party> = NAMES[..holders].iter().map(|name| Party::new(name, &clock)).collect();
        let coordinator = SigningKey::generate(&mut *Ports::system().chance.rng());
        let members = Pinned::of(&parties, &coordinator);
        Self { parties, clock, members, coordinator, log: Arc::default() }
    }

    fn proposal(&self, id: u8, threshold: u16, key: KeyId) -> Proposal {
        Proposal {
            ceremony: CeremonyId::from_random([id; 16]),
            task: Task::Generate,
            key,
            threshold,
            holders: self.parties.iter().map(|party| party.bank.clone()).collect(),
            roster_digest: self.members.digest(),
            deadline: DEADLINE,
        }
    }

    /// New shares of the key of this record.
    fn refresh(&self, id: u8, record: &KeyRecord) -> Proposal {
        let generation = Generation(record.key.generation.0 + 1);
        let key = KeyId { generation, ..record.key };
        let task = Task::Refresh { record: record.digest() };
        Proposal { task, ..self.proposal(id, record.threshold, key) }
    }

    /// The share of `lost` again, by the help of these.
    fn repair(&self, id: u8, record: &KeyRecord, lost: usize, helpers: &[usize]) -> Proposal {
        let bank = |at: &usize| self.parties[*at].bank.clone();
        let helpers = helpers.iter().map(bank).collect();
        let task = Task::Repair { record: record.digest(), lost: bank(&lost), helpers };
        Proposal { task, ..self.proposal(id, record.threshold, record.key) }
    }

    fn board(&self, proposal: Proposal) -> Notices {
        self.board_with(proposal, Vec::new())
    }

    /// A board that relays the record that its proposal begins from.
    fn board_with(&self, proposal: Proposal, record: Vec<u8>) -> Notices {
        let ceremony = proposal.ceremony;
        let proposal = Signed::sign(&self.coordinator, proposal).bytes().to_vec();
        Notices(Arc::new(Wall {
            ceremony,
            proposal,
            record,
            posts: Mutex::default(),
            swapped: Mutex::default(),
        }))
    }

    /// The holder's process, freshly started on its disk.
    async fn start(&self, at: usize) -> Driver {
        let party = &self.parties[at];
        let store = party.start().await;
        Driver {
            bank: party.bank.clone(),
            identity: party.identity.clone(),
            policy: Decide::Automatic,
            members: self.members.clone(),
            vault: Vault::open(store.clone(), 1).await.unwrap(),
            ledger: Ledger::new(store.clone()),
            store,
            audit: self.log.clone(),
            ports: party.ports.clone(),
        }
    }

    async fn start_all(&self) -> Vec<Driver> {
        let mut drivers = Vec::new();
        for at in 0..self.parties.len() {
            drivers.push(self.start(at).await);
        }
        drivers
    }

    fn pass_deadline(&self) {
        self.clock.0.store(DEADLINE, Ordering::Relaxed);
    }
}

/// A post as it stands on the wall.
#[derive(Clone)]
struct Notice {
    post: Post,
    bytes: Vec<u8>,
}

/// The board: it gives a holder what is for all and what is for it.
struct Wall {
    ceremony: CeremonyId,
    proposal: Vec<u8>,
    record: Vec<u8>,
    posts: Mutex<Vec<Notice>>,
    /// For one reader, other bytes in the place of the same sender and phase.
    swapped: Mutex<Vec<(BankId, Notice)>>,
}

#[derive(Clone)]
struct Notices(Arc<Wall>);

fn notice(bytes: &[u8]) -> Notice {
    let signer = Signed::<Post>::claimed_signer(bytes).unwrap();
    Notice { post: Signed::<Post>::open(bytes, &signer).unwrap().into_value(), bytes: bytes.to_vec() }
}

impl Notices {
    fn of(&self, driver: &Driver) -> Reader {
        Reader { wall: self.clone(), bank: driver.bank.clone(), identity: driver.identity.clone(), lie: None }
    }

    /// The same board for a holder that rewrites its own posts before they leave, and does not look at them again.
    fn lying(&self, driver: &Driver, lie: impl Fn(&mut Post) + Send + Sync + 'static) -> Reader {
        Reader { lie: Some(Box::new(lie)), ..self.of(driver) }
    }

    fn posts(&self) -> Vec<Notice> {
        self.0.posts.lock().unwrap().clone()
    }

    fn put(&self, bytes: &[u8]) -> Result<(), Fault> {
        let new = notice(bytes);
        let mut posts = self.0.posts.lock().unwrap();
        let place = |post: &Post| (post.phase, post.from.clone(), post.to.clone());
        match posts.iter().find(|old| place(&old.post) == place(&new.post)) {
            Some(old) if old.bytes == new.bytes => Ok(()),
            Some(_) => Err(Fault::field(FaultCode::MessageRepeated, "post")),
            None => {
                posts.push(new);
                Ok(())
            }
        }
    }
}

type Lie = Box<dyn Fn(&mut Post) + Send + Sync>;

/// The board as one holder reaches it.
struct Reader {
    wall: Notices,
    bank: BankId,
    identity: Arc<SigningKey>,
    lie: Option<Lie>,
}

#[async_trait]
impl Board for Reader {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        let wall = &self.wall.0;
        if ceremony != wall.ceremony {
            return Err(Fault::new(FaultCode::CeremonyUnknown));
        }
        let swapped = wall.swapped.lock().unwrap();
        let shown = |old: &Notice| {
            let other = swapped.iter().find(|(reader, new)| {
                *reader == self.bank && new.post.from == old.post.from && new.post.phase == old.post.phase
            });
            other.map_or(old, |(_, new)| new).bytes.clone()
        };
        let visible = |old: &&Notice| {
            let addressed = old.post.to.is_none() || old.post.to.as_ref() == Some(&self.bank);
            addressed && (self.lie.is_none() || old.post.from != self.bank)
        };
        let posts = self.wall.posts().iter().filter(visible).map(shown).collect();
        let (proposal, record) = (wall.proposal.clone(), wall.record.clone());
        Ok(BoardView { proposal, record, posts, given_up: None })
    }

    async fn post(&self, _ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        let Some(lie) = &self.lie else { return self.wall.put(post) };
        let mut told = notice(post).post;
        lie(&mut told);
        self.wall.put(Signed::sign(&self.identity, told).bytes())
    }
}

/// Lets everybody take steps until nothing changes; gives the last progress of each.
async fn run(drivers: &[Driver], readers: &[Reader]) -> Vec<Progress> {
    let ceremony = readers[0].wall.0.ceremony;
    let mut last = Vec::new();
    loop {
        let before = readers[0].wall.posts().len();
        last.clear();
        for (driver, reader) in drivers.iter().zip(readers) {
            last.push(driver.step(ceremony, reader).await.unwrap());
        }
        if readers[0].wall.posts().len() == before {
            return last;
        }
    }
}

fn body_of(board: &Notices, phase: Phase, from: &BankId) -> Vec<u8> {
    let posts = board.posts();
    posts.iter().find(|old| old.post.phase == phase && &old.post.from == from).unwrap().post.body.clone()
}

/// The sealing key that a holder has opened with.
fn sealing_of(board: &Notices, from: &BankId) -> lianfang_trust::envelope::SealingPublicKey {
    let opening = Opening::decode(&body_of(board, Phase::RoundOne, from)).unwrap();
    lianfang_trust::envelope::SealingPublicKey::from_bytes(&opening.sealing).unwrap()
}

/// A world whose holders have made a key; its record.
async fn with_key(holders: usize, threshold: u16) -> (World, Vec<Driver>, EndorsedKeyRecord) {
    let world = World::new(holders);
    let drivers = world.start_all().await;
    let board = world.board(world.proposal(1, threshold, KEY));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    run(&drivers, &readers).await;
    let record = held(&drivers[0]).expect("a key");
    (world, drivers, record)
}

/// The record under which a holder answers.
fn held(driver: &Driver) -> Option<EndorsedKeyRecord> {
    driver.vault.current(KEY.class, KEY.epoch).map(|active| active.endorsed().clone())
}
