//! Invites: one text per bank, good once and not for long.
//!
//! Comes in: a bank's id and legal group. Goes out: the text `lfi1-…` (base64url of the canonical invite) that the
//! regulator hands over. Of the secret in it only a digest is kept.

use crate::store::Connection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianfang_proto::documents::enrolment::Invite;
use lianfang_proto::ids::{BankId, GroupId, InviteId};
use lianfang_trust::{Canonical as _, Digest32};
use serde_json::json;
use sqlx::Row as _;

use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;
use crate::ports::Micros;

/// Stands in front of an invite's text.
pub const PREFIX: &str = "lfi1-";

/// How long an invite is good.
pub const LASTS: Micros = 7 * 24 * 3_600 * 1_000_000;

/// An invite as it is kept.
#[derive(Clone)]
pub struct StoredInvite {
    /// The bank that is invited.
    pub bank: BankId,
    /// The legal group it will count under.
    pub group: GroupId,
    /// The digest of the secret.
    pub secret_digest: [u8; 32],
    /// Until when it is good.
    pub expires_at: Micros,
    /// The identity key that has used it.
    pub used_by: Option<[u8; 32]>,
}

/// What is kept of a secret.
pub fn secret_digest(secret: &[u8; 32]) -> [u8; 32] {
    *Digest32::of("lianfang/invite-secret", secret).as_bytes()
}

/// The text that is handed over.
pub fn text(invite: &Invite) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(invite.encode()))
}

/// Makes an invite for a bank that is told to dial `coordinator`.
pub async fn make(
    office: &Office,
    bank: &BankId,
    group: &GroupId,
    coordinator: String,
) -> Result<Invite, Error> {
    let invite = Invite {
        id: InviteId::from_random(office.random()),
        bank: bank.clone(),
        coordinator,
        authority: office.keys.fingerprint().map_err(|_| Error::Bug("authority fingerprint"))?,
        authority_root_key: office.keys.authority.fingerprint()?.0,
        authority_signing_key: office.keys.roster.verifying_key(),
        secret: office.random(),
        expires_at: office.now() + LASTS,
    };
    let mut tx = office.store.begin().await?;
    sqlx::query(
        "INSERT INTO invite (id, bank, legal_group, secret_digest, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&invite.id.as_bytes()[..])
    .bind(bank.as_str())
    .bind(group.as_str())
    .bind(&secret_digest(&invite.secret)[..])
    .bind(invite.expires_at)
    .execute(&mut *tx)
    .await?;
    let body = json!({"invite": invite.id.to_string(), "bank": bank.as_str(), "group": group.as_str()});
    audit::append(&mut tx, office.now(), "invite.made", &body).await?;
    tx.commit().await?;
    Ok(invite)
}

/// The invite with this id.
pub async fn find(tx: &mut Connection, id: &InviteId) -> Result<Option<StoredInvite>, Error> {
    let row =
        sqlx::query("SELECT * FROM invite WHERE id = $1").bind(&id.as_bytes()[..]).fetch_optional(tx).await?;
    let Some(row) = row else { return Ok(None) };
    let bytes = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).stored_as("invite");
    let used_by: Option<Vec<u8>> = row.try_get("used_by")?;
    Ok(Some(StoredInvite {
        bank: BankId::parse(row.try_get("bank")?, "bank").stored_as("invite")?,
        group: GroupId::parse(row.try_get("legal_group")?, "group").stored_as("invite")?,
        secret_digest: bytes(row.try_get("secret_digest")?)?,
        expires_at: row.try_get("expires_at")?,
        used_by: used_by.map(bytes).transpose()?,
    }))
}
