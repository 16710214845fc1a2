//! A small federation for the tests of the answering role and of the ceremony: members, keys, stores that open again.

mod ledger;
mod restored;
mod service;
mod vault;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind, CeremonySeed};
use lianfang_crypto::ceremony::generate;
use lianfang_crypto::ceremony::transcript::Transcript;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::Threshold;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, Holder, KeyRecord};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, KeyId};
use lianfang_store::trial::Trial;
use lianfang_trust::at_rest::MasterKey;
use lianfang_trust::envelope::SealingKey;
use lianfang_trust::{Digest, SigningKey, VerifyingKey};

use super::ports::{AuditSink, MemberKeys, Members};
use crate::ports::{Clock, Micros, Ports};
use crate::store::{Connection, Store, StoreError};

pub(crate) const KEY: KeyId = KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) };

pub(crate) fn bank(name: &str) -> BankId {
    BankId::parse(name, "bank").unwrap()
}

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct Still(pub(crate) AtomicI64);

impl Clock for Still {
    fn now(&self) -> Micros {
        self.0.load(Ordering::Relaxed)
    }
}

/// A member with its secrets and its own disk.
pub(crate) struct Party {
    pub(crate) bank: BankId,
    pub(crate) identity: Arc<SigningKey>,
    pub(crate) sealing: Arc<SealingKey>,
    pub(crate) ports: Ports,
    master: Arc<MasterKey>,
    trial: Trial,
}

impl Party {
    pub(crate) fn new(name: &str, clock: &Arc<Still>) -> Self {
        let ports = Ports { clock: clock.clone(), ..Ports::system() };
        let rng = &mut *ports.chance.rng();
        Self {
            bank: bank(name),
            identity: Arc::new(SigningKey::generate(rng)),
            sealing: Arc::new(SealingKey::generate(rng)),
            master: Arc::new(MasterKey::ephemeral(rng)),
            trial: Trial::new(),
            ports,
        }
    }

    /// Opens the disk: as at every start of the process.
    pub(crate) async fn start(&self) -> Store {
        Store::open(&self.trial.place(), self.trial.folder(), self.master.clone(), self.ports.clone())
            .await
            .unwrap()
    }

    pub(crate) fn keys(&self) -> MemberKeys {
        MemberKeys {
            bank: self.bank.clone(),
            group: GroupId::parse(self.bank.as_str(), "group").unwrap(),
            identity: self.identity.verifying_key(),
            sealing: self.sealing.public(),
            certificate_key: [7; 32],
        }
    }
}

/// A pinned roster.
pub(crate) struct Pinned {
    pub(crate) members: Mutex<BTreeMap<BankId, MemberKeys>>,
    pub(crate) coordinator: VerifyingKey,
    pub(crate) digest: Digest,
}

impl Pinned {
    pub(crate) fn of<'a>(
        parties: impl IntoIterator<Item = &'a Party>,
        coordinator: &SigningKey,
    ) -> Arc<Self> {
        let members = parties.into_iter().map(|party| (party.bank.clone(), party.keys())).collect();
        let digest = Digest::of("test/roster", b"one");
        Arc::new(Self { members: Mutex::new(members), coordinator: coordinator.verifying_key(), digest })
    }
}

impl Members for Pinned {
    fn active(&self, bank: &BankId) -> Option<MemberKeys> {
        self.members.lock().unwrap().get(bank).cloned()
    }

    fn coordinator(&self) -> VerifyingKey {
        self.coordinator
    }

    fn version(&self) -> u64 {
        3
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

/// A log that remembers codes.
#[derive(Default)]
pub(crate) struct Remembered(pub(crate) Mutex<Vec<&'static str>>);

#[async_trait]
impl AuditSink for Remembered {
    async fn record(&self, event: &'static str, _body: serde_json::Value) {
        self.0.lock().unwrap().push(event);
    }

    async fn append(
        &self,
        _tx: &mut Connection,
        event: &'static str,
        body: &serde_json::Value,
    ) -> Result<(), StoreError> {
        self.record(event, body.clone()).await;
        Ok(())
    }
}

/// A log that nobody reads.
pub(crate) struct Unheard;

#[async_trait]
impl AuditSink for Unheard {
    async fn record(&self, _event: &'static str, _body: serde_json::Value) {}

    async fn append(
        &self,
        _tx: &mut Connection,
        _event: &'static str,
        _body: &serde_json::Value,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A key among `holders`, of whom two are needed, made in memory; and its record, signed by all.
pub(crate) fn dealt(holders: &[&Party], key: KeyId) -> (Vec<KeyShare>, EndorsedKeyRecord) {
    let context = CeremonyContext {
        kind: CeremonyKind::Generate,
        id: [1; 16],
        class: 1,
        epoch: key.epoch.0,
        generation: key.generation.0,
        threshold: Threshold::new(2, u8::try_from(holders.len()).unwrap()).unwrap(),
    };
    let rng = &mut *Ports::system().chance.rng();
    let seeds: BTreeMap<_, _> =
        context.threshold.indices().map(|index| (index, CeremonySeed::draw(rng))).collect();
    let openings =
        seeds.iter().map(|(index, seed)| (*index, generate::open(&context, *index, seed).unwrap())).collect();
    let transcript = Transcript::collect(&context, &openings).unwrap();
    let digests = context.threshold.indices().map(|index| (index, transcript.digest())).collect();
    let agreed = transcript.agree(&digests).unwrap();
    let packages: BTreeMap<_, _> =
        seeds.iter().map(|(index, seed)| (*index, generate::deal(&agreed, *index, seed).unwrap())).collect();
    let mut shares = Vec::new();
    let mut keys = None;
    for (me, seed) in &seeds {
        let mine = packages.iter().filter(|(from, _)| *from != me).map(|(from, to)| (*from, to[me].clone()));
        let (share, set) = generate::finish(&agreed, *me, seed, &mine.collect()).unwrap();
        shares.push(share);
        keys = Some(set);
    }
    let record = KeyRecord {
        key,
        threshold: 2,
        roster_digest: Digest::of("test/roster", b"one"),
        public_key: keys.unwrap().key(),
        holders: holders
            .iter()
            .zip(&shares)
            .map(|(party, share)| Holder {
                bank: party.bank.clone(),
                identity: party.identity.verifying_key(),
                certificate_key: [7; 32],
                public_share: share.public(),
            })
            .collect(),
    };
    let signatures = holders.iter().map(|party| *party.identity.sign_value(&record).as_bytes()).collect();
    let endorsed = EndorsedKeyRecord::new(record, signatures).unwrap();
    (shares, endorsed)
}
