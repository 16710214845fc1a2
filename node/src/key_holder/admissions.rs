//! Whom this holder answers: the coordinator proposes members, people here admit them.
//!
//! * Comes in: a member as the pinned roster has it, and a person's decision. Goes out: the quota that stands for it.
//! * Never sees: requests. Trusts: the person; the policy only up to the quota that its configuration names.
//! * Fails: with the store's error.
//!
//! An admission names legal entity and identity key. A coordinator that puts another key or entity under an admitted
//! bank's name does not inherit the admission.

use lianfang_proto::ids::BankId;
use lianfang_trust::VerifyingKey;
use sqlx::Row;

use super::ledger::{Ledger, LedgerError, to_column};
use super::ports::MemberKeys;
use crate::ports::Micros;
use crate::store::{Connection, StoreError};

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
    /// Its legal entity when it was admitted.
    pub entity: String,
    /// Its identity key when it was admitted.
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

const DECIDE: &str = "INSERT INTO key_holder_admissions \
    (bank, entity, identity, quota, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (bank) DO UPDATE SET \
    entity = $2, identity = $3, quota = $4, decided_by = $5, decided_at = $6, revoked = 0";
const DECIDE_FIRST: &str = "INSERT INTO key_holder_admissions \
    (bank, entity, identity, quota, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

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
        let mut tx = self.store.begin().await?;
        let now = self.store.now();
        insert(&mut tx, member, quota, by, now, DECIDE).await?;
        Ok(tx.commit().await?)
    }

    /// A person takes an admission back; the policy does not bring it back. Counters stay.
    pub async fn revoke(&self, bank: &BankId, by: &str) -> Result<bool, LedgerError> {
        let done = self.store.write(sqlx::query(
            "UPDATE key_holder_admissions SET revoked = 1, decided_by = $1, decided_at = $2 WHERE bank = $3",
        )
        .bind(by)
        .bind(self.store.now())
        .bind(bank.as_str())).await?;
        Ok(done > 0)
    }

    /// All decisions, by bank.
    pub async fn admissions(&self) -> Result<Vec<Admission>, LedgerError> {
        let rows = sqlx::query(
            "SELECT bank, entity, identity, quota, decided_by, decided_at, revoked \
             FROM key_holder_admissions ORDER BY bank",
        );
        let rows = rows.fetch_all(self.store.readers()).await?;
        rows.iter()
            .map(|row| {
                let quota = u64::try_from(row.try_get::<i64, _>(3)?).map_err(|_| malformed("quota"))?;
                Ok(Admission {
                    bank: row.try_get(0)?,
                    entity: row.try_get(1)?,
                    identity: row.try_get(2)?,
                    quota,
                    decided_by: row.try_get(4)?,
                    decided_at: row.try_get(5)?,
                    revoked: row.try_get::<i64, _>(6)? != 0,
                })
            })
            .collect()
    }

    /// Whether a person or the policy has admitted this member under the keys that it has now.
    pub async fn is_admitted(&self, member: &MemberKeys, policy: Admit) -> Result<bool, LedgerError> {
        let mut reader = self.store.reader().await?;
        if quota_of(&mut reader, member).await?.is_some() {
            return Ok(true);
        }
        Ok(policy.automatic().is_some() && !is_decided(&mut reader, &member.bank).await?)
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
    let quota = sqlx::query_scalar(
        "SELECT quota FROM key_holder_admissions \
         WHERE bank = $1 AND entity = $2 AND identity = $3 AND revoked = 0",
    );
    let quota: Option<i64> = quota
        .bind(member.bank.as_str())
        .bind(member.group.as_str())
        .bind(member.identity.as_bytes().as_slice())
        .fetch_optional(tx)
        .await?;
    quota.map(|quota| u64::try_from(quota).map_err(|_| malformed("quota"))).transpose()
}

/// Lets the policy decide where nobody has: never over a person's decision, and never for changed keys.
pub(super) async fn admit_by_policy(
    tx: &mut Connection,
    member: &MemberKeys,
    automatic: Option<u64>,
    now: Micros,
) -> Result<(), LedgerError> {
    match automatic {
        Some(quota) => insert(tx, member, quota, POLICY, now, DECIDE_FIRST).await,
        None => Ok(()),
    }
}

async fn is_decided(tx: &mut Connection, bank: &BankId) -> Result<bool, LedgerError> {
    let there = sqlx::query_scalar("SELECT count(*) FROM key_holder_admissions WHERE bank = $1");
    let there: i64 = there.bind(bank.as_str()).fetch_one(tx).await?;
    Ok(there != 0)
}

async fn insert(
    tx: &mut Connection,
    member: &MemberKeys,
    quota: u64,
    by: &str,
    now: Micros,
    statement: &'static str,
) -> Result<(), LedgerError> {
    sqlx::query(statement)
        .bind(member.bank.as_str())
        .bind(member.group.as_str())
        .bind(member.identity.as_bytes().as_slice())
        .bind(to_column(quota))
        .bind(by)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

fn malformed(column: &'static str) -> LedgerError {
    StoreError::Malformed { table: "key_holder_admissions", column }.into()
}
