//! Whom this holder answers: the coordinator proposes members, people here admit them.
//!
//! * Comes in: a member as the pinned roster has it, and a person's decision. Goes out: the quota that stands for it.
//! * Never sees: requests. Trusts: the person; the policy only up to the quota that its configuration names.
//! * Fails: with the store's error.
//!
//! An admission names legal entity and identity key. A coordinator that puts another key or entity under an admitted
//! bank's name does not inherit the admission.

mod decision;

use lianfang_proto::ids::BankId;
use lianfang_trust::VerifyingKey;
use sqlx::Row as _;

use self::decision::Decision;
use super::ledger::{Ledger, LedgerError, to_column};
use super::ports::MemberKeys;
use crate::ports::Micros;
use crate::store::{Connection, Row, StoreError};

/// What happens to a member that nobody has decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admit {
    /// It waits for a person.
    #[default]
    Ask,
    /// The policy admits it by itself.
    Automatic {
        /// With this `Q`.
        quota: u64,
    },
    /// It is not admitted, and nobody here is asked: those whom people have admitted before stay so.
    Refuse,
}

impl Admit {
    /// The quota up to which the policy admits by itself.
    pub fn automatic(self) -> Option<u64> {
        match self {
            Self::Ask | Self::Refuse => None,
            Self::Automatic { quota } => Some(quota),
        }
    }
}

/// One decision, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The member.
    pub bank: String,
    /// Its legal entity when it was admitted; empty if it never was.
    pub entity: String,
    /// Its identity key when it was admitted; zeros if it never was.
    pub identity: Vec<u8>,
    /// `Q`.
    pub quota: u64,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: Micros,
    /// Whether the admission has been taken back.
    pub revoked: bool,
}

/// The name under which the policy decides.
const POLICY: &str = "policy";

const FIND: &str = "SELECT bank, entity, identity, quota, decided_by, decided_at, revoked \
    FROM key_holder_admissions WHERE bank = $1";
const DECIDE: &str = "INSERT INTO key_holder_admissions \
    (bank, entity, identity, quota, decided_by, decided_at, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT (bank) DO UPDATE SET \
    entity = $2, identity = $3, quota = $4, decided_by = $5, decided_at = $6, revoked = $7";

impl Ledger {
    /// The policy decides, where it may and nobody has: a member that only asks where it stands is told what it will have.
    pub async fn admit_by_policy(&self, member: &MemberKeys, admit: Admit) -> Result<(), LedgerError> {
        let Some(quota) = admit.automatic() else { return Ok(()) };
        let mut tx = self.store.begin().await?;
        let now = self.store.now();
        admit_by_policy(&mut tx, member, Some(quota), now).await?;
        Ok(tx.commit().await?)
    }

    /// A person admits a member with quota `Q`, or changes the quota, or admits it again under new keys.
    pub async fn admit(&self, member: &MemberKeys, quota: u64, by: &str) -> Result<(), LedgerError> {
        self.decide(Decision::Admit { member, quota, by }).await?;
        Ok(())
    }

    /// A person wants a bank answered no longer; the policy does not admit it after that, also where nobody had decided
    /// on it before. Counters stay. Says whether anybody had.
    pub async fn revoke(&self, bank: &BankId, by: &str) -> Result<bool, LedgerError> {
        self.decide(Decision::Revoke { bank, by }).await
    }

    async fn decide(&self, decision: Decision<'_>) -> Result<bool, LedgerError> {
        let mut tx = self.store.begin().await?;
        let decided = decide(&mut tx, decision, self.store.now()).await?;
        tx.commit().await?;
        Ok(decided)
    }

    /// All decisions, by bank.
    pub async fn admissions(&self) -> Result<Vec<Admission>, LedgerError> {
        let rows = sqlx::query(
            "SELECT bank, entity, identity, quota, decided_by, decided_at, revoked \
             FROM key_holder_admissions ORDER BY bank",
        );
        let rows = rows.fetch_all(self.store.readers()).await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }

    /// Whether a person or the policy has admitted this member under the keys that it has now.
    pub async fn is_admitted(&self, member: &MemberKeys, policy: Admit) -> Result<bool, LedgerError> {
        let stands = find(&mut *self.store.reader().await?, &member.bank).await?;
        Ok(decision::admits(stands.as_ref(), member, policy))
    }
}

impl Admission {
    /// Whether the admission was given under this identity key.
    pub fn is_under(&self, identity: &VerifyingKey) -> bool {
        self.identity == identity.as_bytes()
    }
}

/// The quota of a member that is admitted under exactly these keys.
pub(super) async fn quota_of(tx: &mut Connection, member: &MemberKeys) -> Result<Option<u64>, LedgerError> {
    Ok(decision::quota(find(tx, &member.bank).await?.as_ref(), member))
}

/// Lets the policy decide where it may.
pub(super) async fn admit_by_policy(
    tx: &mut Connection,
    member: &MemberKeys,
    automatic: Option<u64>,
    now: Micros,
) -> Result<(), LedgerError> {
    if let Some(quota) = automatic {
        decide(tx, Decision::Policy { member, quota }, now).await?;
    }
    Ok(())
}

/// Takes a decision down, if it changes anything. Says whether there was one before.
async fn decide(tx: &mut Connection, decision: Decision<'_>, now: Micros) -> Result<bool, LedgerError> {
    let stood = find(tx, decision.bank()).await?;
    if let Some(next) = decision::next(stood.as_ref(), decision, now) {
        sqlx::query(DECIDE)
            .bind(next.bank)
            .bind(next.entity)
            .bind(next.identity)
            .bind(to_column(next.quota))
            .bind(next.decided_by)
            .bind(next.decided_at)
            .bind(i64::from(next.revoked))
            .execute(tx)
            .await?;
    }
    Ok(stood.is_some())
}

/// What stands of this bank.
async fn find(tx: &mut Connection, bank: &BankId) -> Result<Option<Admission>, LedgerError> {
    let row = sqlx::query(FIND).bind(bank.as_str()).fetch_optional(tx).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

fn read(row: &Row) -> Result<Admission, StoreError> {
    let malformed = |_| StoreError::Malformed { table: "key_holder_admissions", column: "quota" };
    Ok(Admission {
        bank: row.try_get(0)?,
        entity: row.try_get(1)?,
        identity: row.try_get(2)?,
        quota: row.try_get::<i64, _>(3)?.try_into().map_err(malformed)?,
        decided_by: row.try_get(4)?,
        decided_at: row.try_get(5)?,
        revoked: row.try_get::<i64, _>(6)? != 0,
    })
}

#[cfg(test)]
mod tests;
