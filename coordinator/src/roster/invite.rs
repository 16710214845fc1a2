//! Invites: one text per bank, good once and not for long.
//!
//! Comes in: a bank's id and legal group. Goes out: the text `lfi1-…` (base64url of the canonical invite) that the
//! regulator hands over. Of the secret in it only a digest is kept.
//!
//! ```text
//! made ──a request with its secret──▶ asked ──a person has compared the fingerprint──▶ confirmed
//!   └──seven days──▶ expired           │ ▲
//!                                      └─┘ the same identity again: address and certificate may change
//! ```

use crate::store::Connection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianfang_proto::documents::enrolment::Invite;
use lianfang_proto::ids::{BankId, GroupId, InviteId};
use lianfang_proto::listed;
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

listed! {
    /// How far an invite has come.
    pub enum Stage {
        /// Nobody has used it.
        Made,
        /// Nobody has used it in time.
        Expired,
        /// A bank has asked under it.
        Asked,
        /// A person has compared that bank's fingerprint.
        Confirmed,
    }
}

listed! {
    /// What happens under an invite.
    pub enum Event {
        /// A request without its secret.
        Guess,
        /// A request with its secret, for another bank.
        OtherBank,
        /// A request with its secret, by an identity that has not used it.
        Ask,
        /// A request with its secret, by the identity that has used it.
        AskAgain,
        /// A person has compared the fingerprint of the identity that has used it.
        Confirm,
        /// Its time is over.
        Lapse,
    }
}

/// Why an event changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Who guesses learns nothing of which invites there are.
    Unknown,
    /// It is another bank's.
    OtherBank,
    /// Another identity has used it.
    Used,
    /// Its time was over before anybody asked.
    Expired,
    /// Nobody has asked under it.
    Unused,
}

impl Stage {
    /// What the event makes of it. Whoever asked in time may ask again for good.
    pub const fn apply(self, event: Event) -> Result<Self, Refused> {
        match (self, event) {
            (Self::Made | Self::Expired | Self::Asked | Self::Confirmed, Event::Guess) => {
                Err(Refused::Unknown)
            }
            (Self::Made | Self::Expired | Self::Asked | Self::Confirmed, Event::OtherBank) => {
                Err(Refused::OtherBank)
            }
            (Self::Made, Event::Ask | Event::AskAgain) => Ok(Self::Asked),
            (Self::Expired, Event::Ask | Event::AskAgain) => Err(Refused::Expired),
            (Self::Asked | Self::Confirmed, Event::Ask) => Err(Refused::Used),
            (Self::Asked | Self::Confirmed, Event::AskAgain) => Ok(self),
            (Self::Made | Self::Expired, Event::Confirm) => Err(Refused::Unused),
            (Self::Asked | Self::Confirmed, Event::Confirm) => Ok(Self::Confirmed),
            (Self::Made | Self::Expired, Event::Lapse) => Ok(Self::Expired),
            (Self::Asked | Self::Confirmed, Event::Lapse) => Ok(self),
        }
    }
}

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
    /// Whether a person has compared that key's fingerprint.
    pub confirmed: bool,
}

impl StoredInvite {
    /// How far it has come.
    pub fn stage(&self, now: Micros) -> Stage {
        let stage = match (self.used_by, self.confirmed) {
            (None, _) => Stage::Made,
            (Some(_), false) => Stage::Asked,
            (Some(_), true) => Stage::Confirmed,
        };
        if now < self.expires_at { stage } else { stage.apply(Event::Lapse).unwrap_or(stage) }
    }
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
    let row = sqlx::query(
        "SELECT invite.*, enrolment.confirmed_at FROM invite LEFT JOIN enrolment ON enrolment.invite = invite.id
         WHERE invite.id = $1",
    );
    let row = row.bind(&id.as_bytes()[..]).fetch_optional(tx).await?;
    let Some(row) = row else { return Ok(None) };
    let bytes = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).stored_as("invite");
    let used_by: Option<Vec<u8>> = row.try_get("used_by")?;
    Ok(Some(StoredInvite {
        bank: BankId::parse(row.try_get("bank")?, "bank").stored_as("invite")?,
        group: GroupId::parse(row.try_get("legal_group")?, "group").stored_as("invite")?,
        secret_digest: bytes(row.try_get("secret_digest")?)?,
        expires_at: row.try_get("expires_at")?,
        used_by: used_by.map(bytes).transpose()?,
        confirmed: row.try_get::<Option<i64>, _>("confirmed_at")?.is_some(),
    }))
}

#[cfg(test)]
mod tests {
    use super::Stage::{Asked, Confirmed, Expired, Made};
    use super::*;

    /// What each event makes of a stage, in the order of [`Event::ALL`].
    fn after(stage: Stage) -> [Result<Stage, Refused>; Event::ALL.len()] {
        let [unknown, other, used, expired, unused] = [
            Err(Refused::Unknown),
            Err(Refused::OtherBank),
            Err(Refused::Used),
            Err(Refused::Expired),
            Err(Refused::Unused),
        ];
        match stage {
            Made => [unknown, other, Ok(Asked), Ok(Asked), unused, Ok(Expired)],
            Expired => [unknown, other, expired, expired, unused, Ok(Expired)],
            Asked => [unknown, other, used, Ok(Asked), Ok(Confirmed), Ok(Asked)],
            Confirmed => [unknown, other, used, Ok(Confirmed), Ok(Confirmed), Ok(Confirmed)],
        }
    }

    #[test]
    fn every_pair_of_stage_and_event() {
        for stage in Stage::ALL {
            for (event, wanted) in Event::ALL.into_iter().zip(after(stage)) {
                assert_eq!(stage.apply(event), wanted, "{stage:?} {event:?}");
            }
        }
    }

    #[test]
    fn what_is_kept_tells_the_stage() {
        for (used_by, confirmed, in_time, later) in [
            (None, false, Made, Expired),
            (Some([1; 32]), false, Asked, Asked),
            (Some([1; 32]), true, Confirmed, Confirmed),
        ] {
            let invite = StoredInvite {
                bank: BankId::parse("alpha", "bank").unwrap(),
                group: GroupId::parse("alpha", "group").unwrap(),
                secret_digest: [0; 32],
                expires_at: LASTS,
                used_by,
                confirmed,
            };
            let stages = [0, LASTS - 1, LASTS].map(|now| invite.stage(now));
            assert_eq!(stages, [in_time, in_time, later]);
        }
    }
}
