//! What has been charged, durable before the first multiplication.
//!
//! * Comes in: a member's request, named by the digest that this holder computed itself. Goes out: a [`Receipt`] that
//!   the multiplication demands, or the reason for none.
//! * Never sees: elements, shares. Trusts: the store to have synced what it has committed.
//! * Fails: with nothing charged. A crash after the charge loses nothing: the same digest is found and answered again.
//!
//! One transaction holds the store's writer from the first read to the commit, so two requests of one entity cannot
//! both see the same rest; the log's entry is in it, too. The charge number is global and grows with every charge; peers remember the highest they
//! have seen, and a lower one later shows a restored backup ([`Ledger::declare_lost`]).

use lianfang_proto::documents::evaluation::EvaluationRequest;
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_trust::{Digest, Signed};
use serde_json::json;
use sqlx::Row;

use super::ports::{AuditSink, MemberKeys, Noted};
use super::quota::{self, Account, Decision, Event, Sharing};
use crate::ports::Micros;
use crate::store::{Connection, Store, StoreError, take_numbers};

/// Requests that may share one charge: a chunk is sent again after a refresh or for another job, not without end.
const COMMITMENTS_PER_CHARGE: i64 = 64;

/// What is to be charged.
pub struct Ask<'a> {
    /// The member, as the pinned roster has it.
    pub member: &'a MemberKeys,
    /// Class and epoch count; the generation does not.
    pub key: KeyId,
    /// How a quota is spread over the holders of this key.
    pub sharing: Sharing,
    /// Over bank, class, epoch and all elements; computed here.
    pub elements_digest: Digest,
    /// How many elements.
    pub elements: u32,
    /// The signed request, whose commitment is kept; the RFC's own call has none.
    pub request: Option<&'a Signed<EvaluationRequest>>,
    /// Up to which quota the policy admits a member that nobody has decided on.
    pub automatic: Option<u64>,
    /// Says what was charged, in the same transaction.
    pub log: &'a dyn AuditSink,
}

/// The batch is charged: it may be evaluated now.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    number: u64,
    repeated: bool,
}

impl Receipt {
    /// This holder's charge number now.
    pub fn charge_number(&self) -> u64 {
        self.number
    }

    /// Whether the batch had been charged before.
    pub fn repeated(&self) -> bool {
        self.repeated
    }
}

/// Why nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Nobody here has admitted this member under the keys that it has now.
    #[error("the member is not admitted at this holder")]
    NotAdmitted,
    /// More than is left.
    #[error("the quota is used up")]
    Exceeded {
        /// What may be spent in all.
        limit: u64,
        /// What has been spent.
        spent: u64,
    },
    /// The batch was committed to in too many requests.
    #[error("the same elements stand in too many different requests")]
    TooManyCommitments,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An entity's account and this holder's charge number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account.
    pub account: Account,
    /// This holder's charge number.
    pub charge_number: u64,
}

/// What was charged under a key, over all entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Elements that have been charged.
    pub spent: u64,
    /// Elements that were allowed on top of quotas.
    pub granted: u64,
    /// Legal entities that have an account.
    pub entities: u64,
    /// Whether the ledger counts as lost.
    pub lost: bool,
}

/// The durable side of [`quota`].
#[derive(Clone)]
pub struct Ledger {
    pub(super) store: Store,
}

impl Ledger {
    /// The ledger in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Charges a batch, or finds it charged. Returns only after the commit is on the disk.
    pub async fn charge(&self, ask: &Ask<'_>) -> Result<Receipt, LedgerError> {
        let mut tx = self.store.begin().await?;
        let now = self.store.now();
        super::admissions::admit_by_policy(&mut tx, ask.member, ask.automatic, now).await?;
        let known = charge_of(&mut tx, &ask.elements_digest).await?;
        let before = account(&mut tx, ask.member, ask.key, ask.sharing).await?;
        let event = Event::Ask { elements: ask.elements.into(), known: known.is_some() };
        let (after, decision) = quota::apply(before, event);
        let (charge, repeated) = match (decision, known) {
            (Decision::Charged, _) => {
                save(&mut tx, ask.member, ask.key, &after).await?;
                let number = insert_charge(&mut tx, ask, now).await?;
                noted(ask, number).append(&mut tx).await?;
                (number, false)
            }
            (Decision::Repeated, Some(charge)) => (charge, true),
            (Decision::Exceeded { limit, spent }, _) => return Err(LedgerError::Exceeded { limit, spent }),
            (Decision::NotAdmitted | Decision::Noted | Decision::Repeated, _) => {
                return Err(LedgerError::NotAdmitted);
            }
        };
        if let Some(request) = ask.request {
            keep_commitment(&mut tx, charge, request).await?;
        }
        let number = charge_number(&mut tx).await?;
        tx.commit().await?;
        Ok(Receipt { number, repeated })
    }

    /// What the member has left.
    pub async fn standing(
        &self,
        member: &MemberKeys,
        key: KeyId,
        sharing: Sharing,
    ) -> Result<Standing, LedgerError> {
        let mut tx = self.store.begin().await?;
        let account = account(&mut tx, member, key, sharing).await?;
        Ok(Standing { account, charge_number: charge_number(&mut tx).await? })
    }

    /// What has been spent and granted under a key, over all entities.
    pub async fn usage(&self, key: KeyId) -> Result<Usage, LedgerError> {
        let (class, epoch) = columns(key);
        let mut reader = self.store.reader().await?;
        let row = sqlx::query(
            "SELECT CAST(coalesce(sum(spent), 0) AS BIGINT), CAST(coalesce(sum(granted), 0) AS BIGINT), count(*) \
             FROM key_holder_accounts WHERE class = $1 AND epoch = $2",
        );
        let row = row.bind(class).bind(epoch).fetch_one(&mut *reader).await?;
        let lost =
            sqlx::query_scalar("SELECT count(*) FROM key_holder_losses WHERE class = $1 AND epoch = $2");
        let lost: i64 = lost.bind(class).bind(epoch).fetch_one(&mut *reader).await?;
        Ok(Usage {
            spent: from_column("spent", row.try_get(0)?)?,
            granted: from_column("granted", row.try_get(1)?)?,
            entities: from_column("entity", row.try_get(2)?)?,
            lost: lost != 0,
        })
    }

    /// A person allows an entity so many elements more.
    pub async fn grant(&self, member: &MemberKeys, key: KeyId, elements: u64) -> Result<(), LedgerError> {
        self.change(member, key, Event::Grant { elements }).await
    }

    /// An allowance ends.
    pub async fn deduct(&self, member: &MemberKeys, key: KeyId, elements: u64) -> Result<(), LedgerError> {
        self.change(member, key, Event::Deduct { elements }).await
    }

    async fn change(&self, member: &MemberKeys, key: KeyId, event: Event) -> Result<(), LedgerError> {
        let mut tx = self.store.begin().await?;
        let sharing = Sharing { needed: 1, holders: 1 };
        let before = account(&mut tx, member, key, sharing).await?;
        let (after, _) = quota::apply(before, event);
        save(&mut tx, member, key, &after).await?;
        Ok(tx.commit().await?)
    }

    /// Peers have seen a higher charge number than this ledger has: it was lost or restored from a backup. From now on
    /// every counter of these keys is full, and numbers go on above the one that was seen.
    pub async fn declare_lost(
        &self,
        keys: &[KeyId],
        seen: u64,
        by: &str,
        said: Option<Noted<'_>>,
    ) -> Result<(), LedgerError> {
        let mut tx = self.store.begin().await?;
        for key in keys {
            self.fill_counters(&mut tx, *key, by).await?;
        }
        raise_charge_number(&mut tx, seen).await?;
        if let Some(said) = said {
            said.append(&mut tx).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn fill_counters(&self, tx: &mut Connection, key: KeyId, by: &str) -> Result<(), LedgerError> {
        let (class, epoch) = columns(key);
        sqlx::query(
            "INSERT INTO key_holder_losses (class, epoch, noted_by, noted_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(class)
        .bind(epoch)
        .bind(by)
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE key_holder_accounts SET spent = 0, granted = 0 WHERE class = $1 AND epoch = $2")
            .bind(class)
            .bind(epoch)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// The time by which charges are dated.
    pub fn now(&self) -> Micros {
        self.store.now()
    }

    /// This holder's charge number.
    pub async fn charge_number(&self) -> Result<u64, LedgerError> {
        Ok(charge_number(&mut *self.store.reader().await?).await?)
    }

    /// The signed requests by which `bank` has committed itself, for an inspection.
    pub async fn commitments_of(&self, bank: &BankId, key: KeyId) -> Result<Vec<Vec<u8>>, LedgerError> {
        let (class, epoch) = columns(key);
        let requests = sqlx::query_scalar(
            "SELECT request FROM key_holder_commitments JOIN key_holder_charges ON number = charge \
             WHERE bank = $1 AND class = $2 AND epoch = $3 ORDER BY number, request_digest",
        );
        let mut reader = self.store.reader().await?;
        Ok(requests.bind(bank.as_str()).bind(class).bind(epoch).fetch_all(&mut *reader).await?)
    }
}

fn noted<'a>(ask: &Ask<'a>, number: i64) -> Noted<'a> {
    let body = json!({
        "bank": ask.member.bank.as_str(), "class": ask.key.class.code(), "epoch": ask.key.epoch.0,
        "elements": ask.elements, "charge_number": number,
    });
    Noted::new(ask.log, "holder.charged", body)
}

/// Class and epoch as they stand in columns.
pub(super) fn columns(key: KeyId) -> (i64, i64) {
    (key.class.number().into(), key.epoch.0.into())
}

/// SQLite's integers are signed; what does not fit is more than any counter can hold.
pub(super) fn to_column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn from_column(column: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Malformed { table: "key_holder_accounts", column })
}

async fn account(
    tx: &mut Connection,
    member: &MemberKeys,
    key: KeyId,
    sharing: Sharing,
) -> Result<Account, LedgerError> {
    let quota = super::admissions::quota_of(tx, member).await?;
    let (class, epoch) = columns(key);
    let counters = sqlx::query(
        "SELECT spent, granted FROM key_holder_accounts WHERE entity = $1 AND class = $2 AND epoch = $3",
    );
    let row = counters.bind(member.group.as_str()).bind(class).bind(epoch).fetch_optional(&mut *tx).await?;
    let (spent, granted) = match row {
        Some(row) => (from_column("spent", row.try_get(0)?)?, from_column("granted", row.try_get(1)?)?),
        None => (0, 0),
    };
    let lost = sqlx::query_scalar("SELECT count(*) FROM key_holder_losses WHERE class = $1 AND epoch = $2");
    let lost: i64 = lost.bind(class).bind(epoch).fetch_one(tx).await?;
    Ok(Account { quota, sharing, granted, spent, lost: lost != 0 })
}

async fn save(
    tx: &mut Connection,
    member: &MemberKeys,
    key: KeyId,
    account: &Account,
) -> Result<(), LedgerError> {
    let (class, epoch) = columns(key);
    sqlx::query(
        "INSERT INTO key_holder_accounts (entity, class, epoch, spent, granted) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (entity, class, epoch) DO UPDATE SET spent = excluded.spent, granted = excluded.granted",
    )
    .bind(member.group.as_str())
    .bind(class)
    .bind(epoch)
    .bind(to_column(account.spent))
    .bind(to_column(account.granted))
    .execute(tx)
    .await?;
    Ok(())
}

async fn charge_of(tx: &mut Connection, digest: &Digest) -> Result<Option<i64>, LedgerError> {
    let number = sqlx::query_scalar("SELECT number FROM key_holder_charges WHERE elements_digest = $1");
    Ok(number.bind(digest.as_bytes().as_slice()).fetch_optional(tx).await?)
}

async fn insert_charge(tx: &mut Connection, ask: &Ask<'_>, now: i64) -> Result<i64, LedgerError> {
    let (class, epoch) = columns(ask.key);
    let number = take_numbers(tx, "charge", 1).await?;
    sqlx::query(
        "INSERT INTO key_holder_charges (entity, bank, class, epoch, elements_digest, elements, charged_at, number) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(ask.member.group.as_str())
    .bind(ask.member.bank.as_str())
    .bind(class)
    .bind(epoch)
    .bind(ask.elements_digest.as_bytes().as_slice())
    .bind(i64::from(ask.elements))
    .bind(now)
    .bind(number)
    .execute(tx)
    .await?;
    Ok(number)
}

async fn keep_commitment(
    tx: &mut Connection,
    charge: i64,
    request: &Signed<EvaluationRequest>,
) -> Result<(), LedgerError> {
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM key_holder_commitments WHERE charge = $1")
        .bind(charge)
        .fetch_one(&mut *tx)
        .await?;
    let inserted = sqlx::query(
        "INSERT INTO key_holder_commitments (request_digest, charge, root, request) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(request.digest().as_bytes().as_slice())
    .bind(charge)
    .bind(request.value().commitment_root.as_slice())
    .bind(request.bytes())
    .execute(tx)
    .await?;
    if kept >= COMMITMENTS_PER_CHARGE && inserted.rows_affected() > 0 {
        return Err(LedgerError::TooManyCommitments);
    }
    Ok(())
}

async fn charge_number(tx: &mut Connection) -> Result<u64, StoreError> {
    let next = sqlx::query_scalar("SELECT next FROM sequence WHERE name = 'charge'");
    let next: i64 = next.fetch_one(tx).await?;
    from_column("number", next - 1)
}

async fn raise_charge_number(tx: &mut Connection, seen: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE sequence SET next = $1 WHERE name = 'charge' AND next < $1")
        .bind(to_column(seen.saturating_add(1)))
        .execute(tx)
        .await?;
    Ok(())
}
