//! What a person at this holder is asked about: ceremonies that the policy does not join by itself.
//!
//! * Comes in: an accepted proposal, a person's word. Goes out: the decision, or that there is none yet.
//! * Never sees: secrets. Trusts: nobody; a decision is about one ceremony id, and the proposal is checked again when it is
//!   acted upon. Fails: with the store's error.

use lianfang_proto::documents::ceremony::Proposal;
use lianfang_proto::ids::CeremonyId;
use lianfang_trust::Canonical as _;
use sqlx::Row as _;

use crate::key_holder::ports::Noted;
use crate::ports::Micros;
use crate::store::{Row, Store, StoreError};

const TABLE: &str = "ceremony_asked";

/// A ceremony that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What is proposed.
    pub proposal: Proposal,
    /// When it was first seen.
    pub asked_at: Micros,
    /// Whether this holder takes part, and by whose word.
    pub decision: Option<(bool, String)>,
}

/// The questions in the store.
#[derive(Clone)]
pub struct Questions {
    store: Store,
}

impl Questions {
    /// The questions in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Asks about a proposal. The log says so when it is asked for the first time; `true` then.
    pub async fn ask(&self, proposal: &Proposal, said: &Noted<'_>) -> Result<bool, StoreError> {
        let mut tx = self.store.begin().await?;
        let done = sqlx::query(
            "INSERT INTO ceremony_asked (ceremony, proposal, asked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(proposal.ceremony.as_bytes().as_slice())
        .bind(proposal.encode())
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        let first = done.rows_affected() > 0;
        if first {
            said.append(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(first)
    }

    /// A person decides. Says whether there was something to decide; a decision stands.
    pub async fn decide(&self, ceremony: CeremonyId, joins: bool, by: &str) -> Result<bool, StoreError> {
        let mut tx = self.store.begin().await?;
        let done = sqlx::query(
            "UPDATE ceremony_asked SET joins = $2, decided_by = $3, decided_at = $4 \
             WHERE ceremony = $1 AND joins IS NULL",
        )
        .bind(ceremony.as_bytes().as_slice())
        .bind(i64::from(joins))
        .bind(by)
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// What was asked about this ceremony.
    pub async fn of(&self, ceremony: CeremonyId) -> Result<Option<Asked>, StoreError> {
        let row = sqlx::query(
            "SELECT proposal, asked_at, joins, decided_by FROM ceremony_asked WHERE ceremony = $1",
        );
        let row = row.bind(ceremony.as_bytes().as_slice()).fetch_optional(self.store.readers()).await?;
        row.as_ref().map(read).transpose()
    }

    /// What still waits for a person: neither decided nor joined since under another policy, its deadline ahead. The newest
    /// first.
    pub async fn open(&self, now: Micros) -> Result<Vec<Asked>, StoreError> {
        let rows = sqlx::query(
            "SELECT proposal, asked_at, joins, decided_by FROM ceremony_asked WHERE joins IS NULL \
             AND ceremony NOT IN (SELECT ceremony FROM ceremonies) ORDER BY asked_at DESC LIMIT 100",
        );
        let rows = rows.fetch_all(self.store.readers()).await?;
        let open = rows.iter().map(read).filter(|asked| match asked {
            Ok(asked) => asked.proposal.deadline > now,
            Err(_) => true,
        });
        open.collect()
    }

    /// Everything that was asked, the newest first.
    pub async fn all(&self) -> Result<Vec<Asked>, StoreError> {
        let rows = sqlx::query(
            "SELECT proposal, asked_at, joins, decided_by FROM ceremony_asked ORDER BY asked_at DESC LIMIT 100",
        );
        rows.fetch_all(self.store.readers()).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Asked, StoreError> {
    let malformed = |_| StoreError::Malformed { table: TABLE, column: "proposal" };
    let proposal = Proposal::decode(row.try_get::<&[u8], _>(0)?).map_err(malformed)?;
    let joins: Option<i64> = row.try_get(2)?;
    let by: Option<String> = row.try_get(3)?;
    Ok(Asked { proposal, asked_at: row.try_get(1)?, decision: joins.map(|joins| joins != 0).zip(by) })
}
