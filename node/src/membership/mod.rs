//! The federation that this node belongs to: how it joined, what it has pinned since, and how it stays a member.
//!
//! Comes in: an invite that a person was handed and whose fingerprint a person has compared; later, newer rosters. Goes
//! out: a [`Membership`], from which the node's identity on the network follows. Trusts: the two keys of the authority
//! that the compared fingerprint covers, and nothing else. Fails with a problem that says at which party.

mod enrol;
mod history;
mod invite;
pub mod renewal;
pub mod restored;
pub mod witness;

pub use enrol::{Enrolling, enrol};
pub use invite::read_invite;

use lianfang_desk::Problem;
use lianfang_link::{CertificateDer, Identity};
use lianfang_proto::ids::BankId;
use lianfang_trust::{Decoder, Encoder, VerifyingKey};
use rand_core::CryptoRng;
use sqlx::Row as _;

use crate::config::{Config, OwnCertificate};
use crate::peers::roster::{Pinned, RosterInForce};
use crate::secrets::{self, Secrets};
use crate::store::{Store, StoreError};

/// A federation, joined.
pub struct Membership {
    /// The name under which it was joined.
    pub bank: BankId,
    /// Where the coordinator listens.
    pub coordinator: String,
    /// By which the authority signs rosters.
    pub authority: VerifyingKey,
    /// The certificate chain that the authority issued, leaf first; empty with a certificate of the bank's own.
    pub chain: Vec<Vec<u8>>,
}

const CHAIN: &str = "lianfang/certificate-chain";
const CERTIFICATES: usize = 8;

fn malformed(column: &'static str) -> StoreError {
    StoreError::Malformed { table: "membership", column }
}

impl Membership {
    /// The membership that is stored, with the roster in force.
    pub async fn load(store: &Store) -> Result<Option<(Self, RosterInForce)>, Problem> {
        let row = sqlx::query("SELECT bank, coordinator, authority_key, chain FROM membership WHERE id = 1")
            .fetch_optional(store.readers())
            .await
            .map_err(StoreError::from)?;
        let Some(row) = row else { return Ok(None) };
        let membership = Self::read(&row)?;
        let roster: Vec<u8> =
            sqlx::query_scalar("SELECT roster FROM roster_pin ORDER BY version DESC LIMIT 1")
                .fetch_one(store.readers())
                .await
                .map_err(StoreError::from)?;
        let force =
            RosterInForce::begin(membership.authority, &roster).map_err(|f| crate::fault::problem(&f))?;
        Ok(Some((membership, force)))
    }

    fn read(row: &crate::store::Row) -> Result<Self, StoreError> {
        let bank: String = row.try_get("bank")?;
        let key: Vec<u8> = row.try_get("authority_key")?;
        let key: [u8; 32] = key.try_into().map_err(|_| malformed("authority_key"))?;
        let chain: Vec<u8> = row.try_get("chain")?;
        Ok(Self {
            bank: BankId::parse(&bank, "bank").map_err(|_| malformed("bank"))?,
            coordinator: row.try_get("coordinator")?,
            authority: VerifyingKey::from_bytes(&key).map_err(|_| malformed("authority_key"))?,
            chain: read_chain(&chain).ok_or_else(|| malformed("chain"))?,
        })
    }

    /// Stores the membership with its first roster, both or none.
    async fn store(&self, store: &Store, roster: &Pinned) -> Result<(), StoreError> {
        let mut tx = store.begin().await?;
        sqlx::query(
            "INSERT INTO membership (id, bank, coordinator, authority_key, chain, joined_at) VALUES (1, $1, $2, $3, $4, $5)",
        )
        .bind(self.bank.as_str())
        .bind(&self.coordinator)
        .bind(&self.authority.as_bytes()[..])
        .bind(write_chain(&self.chain))
        .bind(store.now())
        .execute(&mut *tx)
        .await?;
        pin(&mut tx, roster, store.now()).await?;
        tx.commit().await
    }

    /// What this node shows on every connection. Where no key of this node's is behind the certificate that is stored, as
    /// after an older store was put back, it shows one that nobody accepts, until it has had another issued.
    pub fn identity(
        &self,
        config: &Config,
        secrets: &Secrets,
        rng: &mut dyn CryptoRng,
    ) -> Result<Identity, Problem> {
        if let Some(own) = &config.certificate {
            return own_identity(own);
        }
        let chain: Vec<_> = self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let behind = match chain.first() {
            Some(leaf) => secrets.tls_behind(leaf, rng)?,
            None => None,
        };
        let identity = match behind {
            Some(key) => key.certified(chain),
            None => secrets.tls().uncertified(),
        };
        identity.map_err(Problem::bug)
    }

    /// Where the coordinator listens.
    pub async fn coordinator_of(store: &Store) -> Result<String, StoreError> {
        let address = sqlx::query_scalar("SELECT coordinator FROM membership WHERE id = 1");
        Ok(address.fetch_one(store.readers()).await?)
    }
}

/// The certificate chain from now on.
async fn store_chain(store: &Store, chain: &[CertificateDer<'_>]) -> Result<(), StoreError> {
    let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE membership SET chain = $1 WHERE id = 1")
        .bind(write_chain(&chain))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Pins a newer roster.
pub async fn pin_roster(store: &Store, roster: &Pinned) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    pin(&mut tx, roster, store.now()).await?;
    tx.commit().await
}

async fn pin(tx: &mut crate::store::Connection, roster: &Pinned, now: i64) -> Result<(), StoreError> {
    let version = i64::try_from(roster.roster.version).map_err(|_| malformed("version"))?;
    sqlx::query("INSERT INTO roster_pin (version, digest, roster, pinned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(version)
        .bind(&roster.digest.as_bytes()[..])
        .bind(&roster.bytes)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    // Another process that shares the store may have pinned this version: the same roster, or there are two.
    let stored = sqlx::query_scalar("SELECT digest FROM roster_pin WHERE version = $1");
    let stored: Vec<u8> = stored.bind(version).fetch_one(tx).await?;
    if stored == roster.digest.as_bytes() {
        Ok(())
    } else {
        Err(StoreError::Malformed { table: "roster_pin", column: "digest" })
    }
}

/// The identity of a bank that brings its own certificate.
fn own_identity(own: &OwnCertificate) -> Result<Identity, Problem> {
    Identity::from_pem(&read_pem(&own.chain)?, &read_key(own)?).map_err(|error| unusable(own, error))
}

/// The root that the roster is to pin for a bank that brings its own certificate.
fn own_root(own: &OwnCertificate) -> Result<Vec<u8>, Problem> {
    use lianfang_link::pem::PemObject as _;
    let unreadable =
        || Problem::usage("own-certificate-unusable").with("path", own.root.display().to_string());
    let root = CertificateDer::from_pem_slice(&read_pem(&own.root)?);
    Ok(root.map_err(|_| unreadable())?.to_vec())
}

/// The bank's own key, from a file that nobody else may read.
fn read_key(own: &OwnCertificate) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    lianfang_trust::at_rest::file::read_secret(&own.key, PEM_BYTES)
        .map_err(|error| secrets::unreadable(&own.key, error))
}

fn unusable(own: &OwnCertificate, error: lianfang_link::identity::IdentityError) -> Problem {
    Problem::usage("own-certificate-unusable").with("path", own.chain.display().to_string()).because(error)
}

/// Bytes of a PEM file.
const PEM_BYTES: usize = 64 * 1024;

fn read_pem(path: &std::path::Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    lianfang_trust::at_rest::file::read_limited(path, PEM_BYTES)
        .map_err(|error| secrets::unreadable(path, error))
}

fn write_chain(chain: &[Vec<u8>]) -> Vec<u8> {
    let mut to = Encoder::new(CHAIN, 1);
    to.list(chain, |to, der| {
        to.bytes(der);
    });
    to.finish()
}

fn read_chain(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let limit = lianfang_proto::limits::CERTIFICATE_BYTES;
    let mut from = Decoder::new(CHAIN, 1, bytes).ok()?;
    let chain = from.list("chain", CERTIFICATES, |from| from.bytes("certificate", limit).map(<[u8]>::to_vec));
    let chain = chain.ok()?;
    from.end().ok()?;
    Some(chain)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_banks_own_key_must_be_readable_by_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let own = OwnCertificate { chain: path("chain"), key: path("key"), root: path("root") };
        std::fs::write(&own.chain, "").unwrap();
        std::fs::write(&own.key, "").unwrap();
        let code = |mode| {
            std::fs::set_permissions(&own.key, std::fs::Permissions::from_mode(mode)).unwrap();
            own_identity(&own).err().unwrap().code().to_owned()
        };
        assert_eq!(code(0o644), "secret-file-open");
        assert_eq!(code(0o640), "secret-file-open");
        assert_eq!(code(0o600), "own-certificate-unusable");
    }
}
