//! What was charged: at every holder the counters are the sum of the charges, the charges are the batches that banks took
//! down, and no batch that gave an output was multiplied without a charge.
//!
//! Comes in: stores at rest. Goes out: what does not fit. The batches are counted at the bank that asked, the charges at
//! the holder that answered; neither is asked about the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lianfang_crypto::group::element::elements_digest;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::blinded_context;
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Row as _};

use super::play::Played;

/// A batch by the digest of its elements.
pub(crate) type Batch = Vec<u8>;

/// A legal entity's, under a key: every epoch begins with counters of its own.
pub(crate) type Account = (String, i64);

/// A charge.
pub(crate) struct Charge {
    number: i64,
    account: Account,
    /// Who is charged.
    pub(crate) bank: String,
    /// For which elements.
    pub(crate) batch: Batch,
    /// How many they are.
    pub(crate) elements: i64,
    /// Whether the bank has committed itself to it: a chunk, and not the check's one element.
    pub(crate) committed: bool,
}

/// What a node's store says.
#[derive(Default)]
pub(crate) struct Books {
    /// What it has charged as a holder.
    pub(crate) charges: Vec<Charge>,
    /// The numbers of charges that its log tells of.
    told: Vec<i64>,
    /// Spent and granted.
    accounts: BTreeMap<Account, (i64, i64)>,
    /// Epochs whose counters count as full.
    pub(crate) lost: BTreeSet<i64>,
    /// Shares and outputs of epochs that are over.
    left: i64,
    number: i64,
    /// Batches of chunks with the count of their elements, and whether they gave outputs.
    pub(crate) chunks: BTreeMap<Batch, (i64, bool)>,
    /// The highest number seen of each holder.
    seen: BTreeMap<String, i64>,
    doubted: BTreeSet<String>,
}

/// Compares all books.
///
/// # Panics
/// Where the course of the ordinary fails.
pub fn check(played: &mut Played<'_>) {
    let shape = played.template.shape;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut books = BTreeMap::new();
    for bank in shape.banks() {
        let path = played.engine.dir(bank).join("store.sqlite");
        match runtime.block_on(read(bank, &path)) {
            Ok(read) => drop(books.insert((*bank).to_owned(), read)),
            Err(error) => played.fail("ledgers are read", format!("{bank}: {error}")),
        }
    }
    for holder in books.keys() {
        counters(played, holder, &books[holder]);
        charged_batches(played, holder, &books);
        numbers(played, holder, &books);
        told(played, holder, &books[holder]);
    }
    every_output_was_charged(played, &books);
}

/// Counters are the sum of the charges, and within the quota.
fn counters(played: &mut Played<'_>, holder: &str, books: &Books) {
    let shape = played.template.shape;
    let part =
        i64::try_from((shape.quota * shape.needed as u64).div_ceil(shape.holders as u64)).unwrap_or(i64::MAX);
    for (account, (spent, sum)) in books.spent() {
        let granted = books.accounts.get(account).map_or(0, |(_, granted)| *granted);
        // A ledger that counts as lost has begun anew, with everything used up.
        if spent != sum && !books.lost.contains(&account.1) {
            let seen = format!("{holder}: {account:?} has spent {spent}, charged were {sum}");
            played.fail("charges add up", seen);
        }
        if sum > part.saturating_add(granted) {
            played.fail("the quota holds", format!("{holder}: {account:?} was charged {sum} of {part}"));
        }
    }
    if books.left > 0 {
        played.fail("what is over is gone", format!("{holder} has {} of closed epochs", books.left));
    }
}

/// What a bank was charged for as a chunk, it has taken down as one, of the same size.
fn charged_batches(played: &mut Played<'_>, holder: &str, books: &BTreeMap<String, Books>) {
    let committed = books[holder].charges.iter().filter(|charge| charge.committed);
    for charge in committed.filter(|charge| !played.restored.contains(&charge.bank)).collect::<Vec<_>>() {
        let Some(own) = books.get(&charge.bank) else { continue };
        if own.chunks.get(&charge.batch).is_none_or(|(elements, _)| *elements != charge.elements) {
            let bank = &charge.bank;
            played.fail(
                "charged is what was asked",
                format!("{holder} charged {bank} for {}", charge.elements),
            );
        }
    }
}

/// A holder's log tells of every charge, once.
fn told(played: &mut Played<'_>, holder: &str, books: &Books) {
    let told: BTreeSet<i64> = books.told.iter().copied().collect();
    if told.len() < books.told.len() {
        played.fail("logs once", format!("{holder}: charges {:?}", books.told));
    }
    if let Some(charge) = books.charges.iter().find(|charge| !told.contains(&charge.number)) {
        played.fail("logs all", format!("{holder}: charge {} of {}", charge.number, charge.bank));
    }
}

/// No holder's numbers went back unnoticed.
fn numbers(played: &mut Played<'_>, holder: &str, books: &BTreeMap<String, Books>) {
    let own = &books[holder];
    for (bank, other) in books {
        let seen = other.seen.get(holder).copied().unwrap_or_default();
        let noticed = !own.lost.is_empty() || other.doubted.contains(holder);
        if seen > own.number && !noticed && !played.restored.contains(holder) {
            played.fail(
                "numbers grow",
                format!("{bank} has seen {seen} of {holder}, which is at {}", own.number),
            );
        }
    }
}

/// A chunk that gave outputs was charged at as many holders as it takes.
fn every_output_was_charged(played: &mut Played<'_>, books: &BTreeMap<String, Books>) {
    let shape = played.template.shape;
    if !played.restored.is_empty() {
        // Charges that a holder has forgotten show in its numbers, not here.
        return;
    }
    for (bank, own) in books {
        let holds = shape.banks()[..shape.holders].contains(&bank.as_str());
        let needed = shape.needed - usize::from(holds);
        for (batch, (elements, finished)) in &own.chunks {
            let charged = |books: &&Books| {
                books.charges.iter().any(|charge| charge.batch == *batch && charge.elements == *elements)
            };
            let charged = books.values().filter(charged).count();
            if *finished && charged < needed {
                played.fail(
                    "nothing without a charge",
                    format!("{bank} had {elements} elements evaluated, charged at {charged} of {needed}"),
                );
            }
        }
    }
}

impl Books {
    /// What was spent, by entity and epoch, with what the charges of that entity come to.
    pub(crate) fn spent(&self) -> BTreeMap<&Account, (i64, i64)> {
        let mut sums: BTreeMap<&Account, (i64, i64)> = BTreeMap::new();
        for (account, (spent, _)) in &self.accounts {
            sums.entry(account).or_default().0 = *spent;
        }
        for charge in &self.charges {
            sums.entry(&charge.account).or_default().1 += charge.elements;
        }
        sums
    }
}

/// Reads the books of a bank from its store, which nobody writes.
pub(crate) async fn read(bank: &str, path: &Path) -> Result<Books, sqlx::Error> {
    install_default_drivers();
    let options: AnyConnectOptions = format!("sqlite://{}?mode=ro", path.display()).parse()?;
    let mut connection = options.disable_statement_logging().connect().await?;
    let mut books = Books { number: number(&mut connection).await?, ..Books::default() };
    let charges = sqlx::query(
        "SELECT entity, bank, elements_digest, elements, epoch, \
         (SELECT count(*) FROM key_holder_commitments WHERE charge = number), number FROM key_holder_charges",
    );
    for row in charges.fetch_all(&mut connection).await? {
        books.charges.push(Charge {
            account: (row.try_get(0)?, row.try_get(4)?),
            bank: row.try_get(1)?,
            batch: row.try_get(2)?,
            elements: row.try_get(3)?,
            committed: row.try_get::<i64, _>(5)? > 0,
            number: row.try_get(6)?,
        });
    }
    let told = sqlx::query_scalar("SELECT body FROM audit_entry WHERE event = 'holder.charged'");
    for body in told.fetch_all(&mut connection).await? {
        let body: Vec<u8> = body;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        books.told.extend(body["charge_number"].as_i64());
    }
    let accounts = sqlx::query("SELECT entity, epoch, spent, granted FROM key_holder_accounts");
    for row in accounts.fetch_all(&mut connection).await? {
        let account = (row.try_get(0)?, row.try_get(1)?);
        books.accounts.insert(account, (row.try_get(2)?, row.try_get(3)?));
    }
    let lost = sqlx::query_scalar("SELECT epoch FROM key_holder_losses");
    books.lost = lost.fetch_all(&mut connection).await?.into_iter().collect();
    let left = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM output_key o JOIN closed_epoch c ON o.class = c.class AND o.epoch = c.epoch) \
         + (SELECT count(*) FROM key_holder_shares s JOIN closed_epoch c ON s.class = c.class AND s.epoch = c.epoch)",
    );
    books.left = left.fetch_one(&mut connection).await?;
    for row in sqlx::query("SELECT holder, highest FROM charge_sighting").fetch_all(&mut connection).await? {
        books.seen.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let doubts = sqlx::query_scalar("SELECT holder FROM holder_doubt WHERE settled_by IS NULL");
    books.doubted = doubts.fetch_all(&mut connection).await?.into_iter().collect();
    chunks(&mut connection, bank, &mut books).await?;
    connection.close().await?;
    Ok(books)
}

async fn number(connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT next - 1 FROM sequence WHERE name = 'charge'").fetch_one(connection).await
}

async fn chunks(connection: &mut AnyConnection, bank: &str, books: &mut Books) -> Result<(), sqlx::Error> {
    let chunks =
        sqlx::query("SELECT class, epoch, state, elements FROM chunk JOIN chunk_commitment ON chunk_id = id");
    for row in chunks.fetch_all(connection).await? {
        let class = u8::try_from(row.try_get::<i64, _>(0)?).ok().and_then(Class::from_number);
        let epoch = u32::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default();
        let (Some(class), Ok(bank)) = (class, BankId::parse(bank, "bank")) else { continue };
        let key = KeyId { class, epoch: Epoch(epoch), generation: Generation(0) };
        let packed: Vec<u8> = row.try_get(3)?;
        let batch = elements_digest(&blinded_context(&bank, key), &packed).to_vec();
        let elements = i64::try_from(packed.len() / 32).unwrap_or(i64::MAX);
        books.chunks.insert(batch, (elements, row.try_get::<i64, _>(2)? == 1));
    }
    Ok(())
}
