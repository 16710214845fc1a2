//! This node's shares: sealed at rest, loaded once, wiped on drop; and the multiplication by them.
//!
//! * Comes in: a share and the record that all holders have signed; a charged batch; what others dealt in a refresh or a
//!   repair. Goes out: evaluated elements, this holder's part in those ceremonies, and
//!   an opaque [`OwnShare`] for this node's own pipeline, with which one can combine and nothing else.
//! * Never sees: who asks, what for. Trusts: the ledger's [`Receipt`] that the batch is charged.
//! * Fails: with a [`VaultError`]; a share that does not fit its record is never activated.
//!
//! A newer generation takes the older one's place in one transaction, and the older share is erased with it. Several
//! processes may share the store: before each answer the row is looked at ([`Vault::refresh`]).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::ceremony::generate::Packages;
use lianfang_crypto::ceremony::repair::RepairPlan;
use lianfang_crypto::ceremony::transcript::Agreed;
use lianfang_crypto::ceremony::{CeremonyError, refresh};
use lianfang_crypto::error::Malformed;
use lianfang_crypto::oprf::blind::BlindedElements;
use lianfang_crypto::oprf::evaluate::EvaluatedElements;
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::{KeyShare, OwnShare};
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use lianfang_trust::at_rest::ColumnCipher;
use lianfang_trust::{Canonical, Digest};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::closed::ClosedEpochs;
use super::ledger::{Receipt, columns};
use super::quota::Sharing;
use super::records::{self, RecordError};
use crate::ceremony::stored;
use crate::ports::Chance;
use crate::store::{Connection, Store, StoreError};

mod rows;
mod stands;

use rows::{COLUMN, TABLE, erase, load, stored_keys, with_key};
use stands::{Event, Refused, Stands};

/// Why the vault could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The share is not the one that the record states for it.
    #[error("the share does not belong to this key record; it is not activated")]
    OtherShare,
    /// A newer generation is active.
    #[error("a newer generation of this key is active; the older share is refused")]
    Superseded,
    /// The epoch is over here.
    #[error("the epoch is closed at this node; nothing comes back under it")]
    Closed,
    /// The record is not kept.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Elements that cannot be evaluated.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process is stopping, or a computation was broken off.
    #[error("the computation was broken off because the process is stopping")]
    Stopped,
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refused> for VaultError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::Closed,
            Refused::Superseded => Self::Superseded,
        }
    }
}

/// A key that this node answers for. Has no `Debug`: it holds the share.
pub struct ActiveKey {
    endorsed: EndorsedKeyRecord,
    digest: Digest,
    share: KeyShare,
}

impl ActiveKey {
    /// Class, epoch, and the generation of the share.
    pub fn key(&self) -> KeyId {
        self.endorsed.record().key
    }

    /// The record.
    pub fn endorsed(&self) -> &EndorsedKeyRecord {
        &self.endorsed
    }

    /// The digest of the record, which people compare.
    pub fn record_digest(&self) -> Digest {
        self.digest
    }

    /// `T` of `M`.
    pub fn sharing(&self) -> Sharing {
        let record = self.endorsed.record();
        Sharing { needed: record.threshold, holders: u16::try_from(record.holders.len()).unwrap_or(u16::MAX) }
    }

    /// The new share of a refresh, from what the others have dealt.
    pub(crate) fn renewed(
        &self,
        agreed: &Agreed,
        seed: &CeremonySeed,
        packages: &Packages,
    ) -> Result<(KeyShare, PublicKeySet), CeremonyError> {
        let keys = records::public_keys(self.endorsed.record()).map_err(CeremonyError::KeySet)?;
        refresh::finish(agreed, seed, packages, &self.share, &keys)
    }

    /// What this holder commits to as a helper of a repair.
    pub(crate) fn commit(&self, plan: &RepairPlan, seed: &CeremonySeed) -> Result<Vec<u8>, CeremonyError> {
        plan.commit(&self.share, seed)
    }

    /// What this holder gives to each helper of a repair.
    pub(crate) fn deltas(&self, plan: &RepairPlan, seed: &CeremonySeed) -> Result<Packages, CeremonyError> {
        plan.deltas(&self.share, seed)
    }

    fn new(endorsed: EndorsedKeyRecord, share: KeyShare) -> Result<Self, VaultError> {
        let keys = records::public_keys(endorsed.record()).map_err(RecordError::Inconsistent)?;
        if !share.belongs_to(&keys) {
            return Err(VaultError::OtherShare);
        }
        let digest = endorsed.record().digest();
        Ok(Self { endorsed, digest, share })
    }
}

type Active = BTreeMap<(Class, Epoch), Arc<ActiveKey>>;

/// The shares of this node. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    cipher: ColumnCipher,
    active: Arc<RwLock<Active>>,
    closed: ClosedEpochs,
    cores: Arc<Semaphore>,
}

impl Vault {
    /// Opens the vault and loads the newest share of every key. `cores` computations run at a time.
    pub async fn open(store: Store, cores: usize) -> Result<Self, VaultError> {
        let cipher = store.cipher(TABLE, COLUMN);
        let mut tx = store.begin().await?;
        let mut active = Active::new();
        for key in stored_keys(&mut tx).await? {
            let share = load(&mut tx, &cipher, key).await?;
            let malformed = StoreError::Malformed { table: "key_records", column: "record" };
            let kept = records::find(&mut tx, key).await?.ok_or(malformed)?;
            active.insert((key.class, key.epoch), Arc::new(ActiveKey::new(kept.endorsed, share)?));
        }
        let closed = ClosedEpochs::load(&mut tx).await?;
        drop(tx);
        let cores = Arc::new(Semaphore::new(cores.max(1)));
        Ok(Self { store, cipher, active: Arc::new(RwLock::new(active)), closed, cores })
    }

    /// The key of this class and epoch, under its newest generation.
    pub fn current(&self, class: Class, epoch: Epoch) -> Option<Arc<ActiveKey>> {
        self.read().get(&(class, epoch)).cloned()
    }

    /// Whether a person has closed this epoch here.
    pub fn is_closed(&self, class: Class, epoch: Epoch) -> bool {
        self.closed.contains(class, epoch)
    }

    /// All keys that this node answers for.
    pub fn keys(&self) -> Vec<KeyId> {
        self.read().values().map(|key| key.key()).collect()
    }

    /// The shares in use, each with its record, for a backup of keys and nothing else.
    pub fn carried(&self) -> Vec<(Vec<u8>, Zeroizing<Vec<u8>>)> {
        let active = self.read();
        let carry = |key: &Arc<ActiveKey>| {
            (key.endorsed.encode(), Zeroizing::new(key.share.to_sealed_bytes().to_vec()))
        };
        active.values().map(carry).collect()
    }

    /// This node's own share, for combining in its own pipeline; only of the generation asked for.
    pub fn own_share(&self, key: KeyId) -> Option<OwnShare> {
        self.current(key.class, key.epoch)
            .filter(|active| active.key() == key)
            .map(|active| active.share.own_share())
    }

    /// Takes up what another process has changed that shares the store: a newer share, an epoch that was closed. Costs one
    /// row's reading if nothing has.
    pub async fn refresh(&self, class: Class, epoch: Epoch) -> Result<(), VaultError> {
        let stands = Stands::read(&mut *self.store.reader().await?, class, epoch).await?;
        if stands == self.stands_here(class, epoch) {
            return Ok(());
        }
        // Now with the store held: nobody is between a commit and taking it up but with what stands here.
        let mut tx = self.store.begin().await?;
        let stands = Stands::read(&mut tx, class, epoch).await?;
        match stands {
            Stands::Closed => {
                self.closed.insert(class, epoch);
                self.write().remove(&(class, epoch));
            }
            Stands::NoShare => drop(self.write().remove(&(class, epoch))),
            Stands::InUse(_) if stands == self.stands_here(class, epoch) => {}
            Stands::InUse(generation) => {
                let key = KeyId { class, epoch, generation };
                let taken_up = self.stored(&mut tx, key).await?;
                self.write().insert((class, epoch), Arc::new(taken_up));
            }
        }
        Ok(())
    }

    /// The same for every key: what was erased elsewhere leaves this process's memory too.
    pub async fn refresh_all(&self) -> Result<(), VaultError> {
        let mut keys = stored_keys(&mut *self.store.reader().await?).await?;
        keys.extend(self.keys());
        for key in keys {
            self.refresh(key.class, key.epoch).await?;
        }
        Ok(())
    }

    /// How a key stands in this process. A share that is still in the memory counts, whatever else is known.
    fn stands_here(&self, class: Class, epoch: Epoch) -> Stands {
        match self.current(class, epoch) {
            Some(active) => Stands::InUse(active.key().generation),
            None if self.is_closed(class, epoch) => Stands::Closed,
            None => Stands::NoShare,
        }
    }

    async fn stored(&self, tx: &mut Connection, key: KeyId) -> Result<ActiveKey, VaultError> {
        let share = load(tx, &self.cipher, key).await?;
        let malformed = StoreError::Malformed { table: "key_records", column: "record" };
        ActiveKey::new(records::find(tx, key).await?.ok_or(malformed)?.endorsed, share)
    }

    /// Whether this node lacks the share of this key that a backup of keys has: then it is to be activated.
    pub async fn lacks(&self, key: KeyId) -> Result<bool, VaultError> {
        let stands = Stands::read(&mut *self.store.reader().await?, key.class, key.epoch).await?;
        Ok(stands.apply(Event::Carried(key.generation)).is_ok())
    }

    /// Stores the share and the record that all holders have signed, erases older generations, and answers with the new
    /// share from now on. Doing it again with the same changes nothing.
    pub async fn activate(
        &self,
        endorsed: EndorsedKeyRecord,
        share: KeyShare,
        chance: &dyn Chance,
    ) -> Result<(), VaultError> {
        let plain = share.to_sealed_bytes();
        let activated = Arc::new(ActiveKey::new(endorsed, share)?);
        let key = activated.key();
        let mut tx = self.store.begin().await?;
        // What stands in the store counts: another process may have taken up a newer share, or closed the epoch.
        Stands::read(&mut tx, key.class, key.epoch).await?.apply(Event::Given(key.generation))?;
        super::restored::of_repaired(&mut tx, key).await?;
        records::insert(&mut tx, activated.endorsed()).await?;
        let row: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM key_holder_shares")
            .fetch_one(&mut *tx)
            .await?;
        let sealed = self
            .cipher
            .seal(row, &with_key(key, &plain), &mut *chance.rng())
            .map_err(StoreError::at(TABLE, COLUMN))?;
        let (class, epoch) = columns(key);
        sqlx::query(
            "INSERT INTO key_holder_shares (id, class, epoch, generation, sealed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(row)
        .bind(class)
        .bind(epoch)
        .bind(i64::from(key.generation.0))
        .bind(sealed)
        .execute(&mut *tx)
        .await?;
        let older = erase(&mut tx, key, key.generation).await?;
        tx.commit().await?;
        self.write().insert((key.class, key.epoch), activated);
        if older > 0 {
            self.store.forget().await;
        }
        Ok(())
    }

    /// An epoch is over: its shares are erased for good, and nothing is answered under it any more. Says how many
    /// shares there were. Doing it again changes nothing.
    pub async fn close_epoch(&self, class: Class, epoch: Epoch, by: &str) -> Result<u64, VaultError> {
        let mut tx = self.store.begin().await?;
        let key = KeyId { class, epoch, generation: Generation(0) };
        Stands::read(&mut tx, class, epoch).await?.apply(Event::Close)?;
        ClosedEpochs::mark(&mut tx, &self.store, (class, epoch), by).await?;
        // Of every generation: none is the highest that there can be.
        let erased = erase(&mut tx, key, Generation(u32::MAX)).await?;
        // A ceremony that stands half-way holds a share of its own, or the seed of one.
        stored::forget(&mut tx, key).await?;
        tx.commit().await?;
        self.closed.insert(class, epoch);
        self.write().remove(&(class, epoch));
        Ok(erased)
    }

    /// Decodes a packed batch, which costs about as much as a tenth of evaluating it: so not between other requests.
    pub async fn decode(&self, packed: Bytes, limit: usize) -> Result<BlindedElements, VaultError> {
        Ok(self.on_a_core(move || BlindedElements::decode(&packed, limit)).await??)
    }

    /// `Z_i = k_j·B_i` for a batch that is charged.
    pub async fn evaluate(
        &self,
        key: &Arc<ActiveKey>,
        _charged: &Receipt,
        blinded: BlindedElements,
    ) -> Result<EvaluatedElements, VaultError> {
        let key = key.clone();
        self.on_a_core(move || key.share.evaluate(&blinded)).await
    }

    /// RFC 9497's `BlindEvaluate` with its proof, for a batch that is charged.
    pub async fn blind_evaluate(
        &self,
        key: &Arc<ActiveKey>,
        _charged: &Receipt,
        blinded: BlindedElements,
        chance: &dyn Chance,
    ) -> Result<(EvaluatedElements, Proof), VaultError> {
        let key = key.clone();
        let mut rng = chance.rng();
        Ok(self.on_a_core(move || key.share.blind_evaluate(&blinded, &mut *rng)).await??)
    }

    /// Runs a computation beside the event loop, as many at a time as there are cores for it.
    async fn on_a_core<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let permit = self.cores.clone().acquire_owned().await.map_err(|_| VaultError::Stopped)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = compute();
            drop(permit);
            result
        });
        done.await.map_err(|_| VaultError::Stopped)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Active> {
        self.active.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Active> {
        self.active.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
