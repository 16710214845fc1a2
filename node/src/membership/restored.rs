//! Shares that came back with a restored backup of keys.
//!
//! * Comes in: shares with their records, parked by the restoration. Goes out: those that this node lacks, in the vault,
//!   with every counter of their keys full: whoever comes with a share and without the ledger has forgotten what it charged.
//! * Trusts: nothing in the backup but what fits the record that all holders have signed.
//! * Fails: with nothing forgotten; the next start does it again.
//!
//! Where the store has a share of the key, of whatever generation, or its epoch is over, the share of the backup is dropped:
//! what stands in the store stands. A share of a generation that was refreshed meanwhile is put back and of no use: what it
//! gives fits no record that others work under, and every check fails on it. A repair by the other holders is the way then.

use lianfang_crypto::share::key_share::KeyShare;
use lianfang_desk::Problem;
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_trust::Canonical as _;

use crate::app::App;
use crate::audit::Event;
use crate::key_holder::vault::{Vault, VaultError};

/// Takes up what a restored backup has left, once.
pub async fn take_up(node: &App) -> Result<(), Problem> {
    let Some(restored) = node.secrets.restored()? else { return Ok(()) };
    let told = |error: VaultError| match error {
        VaultError::Store(error) => Problem::from(error),
        other => Problem::bug(other),
    };
    let vault = Vault::open(node.store.clone(), 1).await.map_err(told)?;
    let mut taken = 0;
    for carried in &restored.shares {
        let damaged = || Problem::usage("secrets-damaged").with("detail", "a restored share");
        let record = EndorsedKeyRecord::decode(&carried.record).map_err(|error| damaged().because(error))?;
        let share = KeyShare::decode(&carried.share).map_err(|error| damaged().because(error))?;
        let key = record.record().key;
        if !vault.lacks(key).await.map_err(told)? {
            continue;
        }
        // Before the share: a crash in between leaves full counters and no share, never the other way round.
        node.ledger.declare_lost(&[key], 0, &restored.by, None).await.map_err(Problem::bug)?;
        vault.activate(record, share, &*node.ports.chance).await.map_err(told)?;
        taken += 1;
    }
    let event = Event::KeysRestored { made_at: restored.made_at, shares: taken, by: restored.by };
    node.log.record(&event).await.map_err(Problem::bug)?;
    node.secrets.forget_restored()
}
