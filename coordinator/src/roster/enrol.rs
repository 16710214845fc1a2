//! Enrolment: from a signed request under an invite, over a person's comparison, to a place in the roster.
//!
//! The decision on a request is a function ([`judge`]); the rest stores it. A request is answered the same however often
//! its sender repeats it, and until a person has confirmed it the sender may still change where its node listens.

use crate::store::{Connection, Row};
use lianfang_link::{CertificateDer, Fingerprint, Party, possession};
use lianfang_proto::documents::enrolment::{CertificateSource, EnrolmentRequest, possession_challenge};
use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::ids::{BankId, GroupId, InviteId};
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Signed, VerifyingKey};
use serde_json::json;
use sqlx::Row as _;
use subtle::ConstantTimeEq as _;

use super::invite::{self, Event, Refused, Stage, StoredInvite, secret_digest};
use super::{catch_up, change, in_force, next, renewal, spent};
use crate::audit;
use crate::ceremony;
use crate::fault::{Error, StoredAs as _};
use crate::office::{Office, unix_time};
use crate::ports::Micros;

/// How far an invite has come, and how far it comes by this request; or why it does not.
pub fn judge(
    invite: Option<&StoredInvite>,
    request: &EnrolmentRequest,
    now: Micros,
) -> Result<(Stage, Stage), Fault> {
    let Some(invite) = invite else { return Err(Fault::new(FaultCode::InviteUnknown)) };
    // A wrong secret is told as an unknown invite: who guesses learns nothing of which there are.
    let event = if !bool::from(secret_digest(&request.secret).ct_eq(&invite.secret_digest)) {
        Event::Guess
    } else if request.bank != invite.bank {
        Event::OtherBank
    } else if invite.used_by == Some(*request.identity.as_bytes()) {
        Event::AskAgain
    } else {
        Event::Ask
    };
    let before = invite.stage(now);
    let after = before.apply(event).map_err(|refused| match refused {
        Refused::Unknown | Refused::Unused => Fault::new(FaultCode::InviteUnknown),
        Refused::OtherBank => {
            Fault::field(FaultCode::InviteUnknown, "request.bank").wanted(&invite.bank).got(&request.bank)
        }
        Refused::Used => Fault::new(FaultCode::InviteUsed),
        Refused::Expired => Fault::new(FaultCode::InviteExpired),
    })?;
    Ok((before, after))
}

/// A bank that has asked, and how far it has come.
pub struct Applicant {
    invite: Vec<u8>,
    /// The bank.
    pub bank: BankId,
    /// The key that it will sign with, whose fingerprint people compare.
    pub identity: VerifyingKey,
    /// When it asked.
    pub asked_at: Micros,
    /// When a person confirmed it.
    pub confirmed_at: Option<Micros>,
    group: GroupId,
    sealing: [u8; 32],
    address: String,
    request: Option<Vec<u8>>,
    leaf: Option<Vec<u8>>,
    own_root: Option<Vec<u8>>,
    certificate_key: [u8; 32],
}

impl Applicant {
    fn of(row: &Row) -> Result<Self, Error> {
        let key = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).stored_as("enrolment");
        let identity = key(row.try_get("identity")?)?;
        Ok(Self {
            invite: row.try_get("invite")?,
            bank: BankId::parse(row.try_get("bank")?, "bank").stored_as("enrolment")?,
            group: GroupId::parse(row.try_get("legal_group")?, "group").stored_as("enrolment")?,
            identity: VerifyingKey::from_bytes(&identity).stored_as("enrolment")?,
            asked_at: row.try_get("asked_at")?,
            confirmed_at: row.try_get("confirmed_at")?,
            sealing: key(row.try_get("sealing")?)?,
            address: row.try_get("address")?,
            request: row.try_get("request")?,
            leaf: row.try_get("leaf")?,
            own_root: row.try_get("own_root")?,
            certificate_key: key(row.try_get("certificate_key")?)?,
        })
    }

    fn member(&self) -> Member {
        Member {
            bank: self.bank.clone(),
            group: self.group.clone(),
            standing: Standing::Active,
            identity: self.identity,
            sealing: self.sealing,
            certificate_key: self.certificate_key,
            own_root: self.own_root.clone(),
            address: self.address.clone(),
        }
    }

    fn membership(&self, office: &Office) -> v1::Membership {
        let issued = self.leaf.clone().filter(|_| self.own_root.is_none());
        let root = office.keys.authority.certificate().to_vec();
        v1::Membership {
            certificate_chain: issued.map(|leaf| vec![leaf.into(), root.into()]).unwrap_or_default(),
            roster: office.book.now().bytes().to_vec().into(),
        }
    }
}

/// Takes a node's request. `None` until a person has confirmed it.
pub async fn ask(
    office: &Office,
    request: &Signed<EnrolmentRequest>,
) -> Result<Option<v1::Membership>, Error> {
    let asked = request.value();
    if asked.identity != *request.signer() {
        return Err(Fault::field(FaultCode::SignatureInvalid, "request.identity").into());
    }
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let invite = invite::find(&mut tx, &asked.invite).await?;
    let (before, after) = judge(invite.as_ref(), asked, now)?;
    if after == Stage::Confirmed {
        let applicant = find(&mut tx, asked.invite.as_bytes()).await?.ok_or(Error::Bug("applicant"))?;
        // Another process may have confirmed it a moment ago: the roster that it is handed must have it.
        catch_up(&mut tx, &office.keys, &office.book).await?;
        return Ok(Some(applicant.membership(office)));
    }
    let group = invite.map(|invite| invite.group).ok_or(Error::Bug("invite"))?;
    let applicant = applicant(office, asked, group, now)?;
    check_keys(office.book.now().roster(), &applicant)?;
    unspent(&mut tx, &applicant).await?;
    keep(&mut tx, &applicant).await?;
    if before == Stage::Made {
        let body = json!({"bank": asked.bank.as_str(), "identity": asked.identity.fingerprint()});
        audit::append(&mut tx, now, "enrolment.asked", &body).await?;
    }
    tx.commit().await?;
    office.bell.ring();
    Ok(None)
}

fn check_keys(roster: &Roster, applicant: &Applicant) -> Result<(), Error> {
    match next::taken_key(roster, &applicant.member()) {
        Some(field) => Err(Fault::field(FaultCode::MalformedField, field).got("another party's key").into()),
        None => Ok(()),
    }
}

/// A bank that was revoked, or a key that was exchanged, does not come back under the same key.
async fn unspent(tx: &mut Connection, applicant: &Applicant) -> Result<(), Error> {
    let keys = [applicant.identity.as_bytes(), &applicant.certificate_key, &applicant.sealing];
    if spent::any(tx, &keys).await? {
        let fault = Fault::field(FaultCode::MalformedField, "request.identity");
        return Err(fault.got("a key that was exchanged or revoked before").into());
    }
    Ok(())
}

fn applicant(
    office: &Office,
    asked: &EnrolmentRequest,
    group: GroupId,
    now: Micros,
) -> Result<Applicant, Error> {
    let malformed = |detail: &dyn std::fmt::Display| {
        Error::from(Fault::field(FaultCode::MalformedField, "request.certificate").got(detail))
    };
    let of = |der: &[u8]| Fingerprint::of(&CertificateDer::from(der)).map_err(|error| malformed(&error));
    let (request, leaf, own_root, key) = match &asked.certificate {
        CertificateSource::Authority(request) => {
            // Issued for the check alone, and dropped: the one that counts is issued when a person has confirmed.
            let issued = issue(office, &asked.bank, request, now).map_err(|error| malformed(&error))?;
            (Some(request.clone()), None, None, issued.1)
        }
        CertificateSource::Own { leaf, root, proof } => {
            of(root)?;
            of(leaf)?;
            let challenge = possession_challenge(&asked.invite, &asked.identity);
            let possession = possession::verify(proof, &CertificateDer::from(leaf.as_slice()), &challenge);
            possession.map_err(|error| {
                Fault::field(FaultCode::SignatureInvalid, "request.certificate.proof").got(error)
            })?;
            (None, Some(leaf.clone()), Some(root.clone()), of(leaf)?)
        }
    };
    Ok(Applicant {
        invite: asked.invite.as_bytes().to_vec(),
        bank: asked.bank.clone(),
        identity: asked.identity,
        asked_at: now,
        confirmed_at: None,
        group,
        sealing: asked.sealing,
        address: asked.address.clone(),
        request,
        leaf,
        own_root,
        certificate_key: key.0,
    })
}

fn issue(
    office: &Office,
    bank: &BankId,
    request: &[u8],
    now: Micros,
) -> Result<(Vec<u8>, Fingerprint), Error> {
    let party = Party::Bank(bank.as_str().to_owned());
    let validity = office.keys.authority.leaf_validity(unix_time(now))?;
    let issued = office.keys.authority.issue(request, &party, validity)?;
    let leaf = issued.chain.first().ok_or(Error::Bug("certificate chain"))?;
    Ok((leaf.to_vec(), issued.fingerprint))
}

async fn keep(tx: &mut Connection, applicant: &Applicant) -> Result<(), Error> {
    sqlx::query("UPDATE invite SET used_by = $1 WHERE id = $2")
        .bind(&applicant.identity.as_bytes()[..])
        .bind(&applicant.invite)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO enrolment (invite, bank, identity, sealing, address, request, leaf, own_root, certificate_key, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (invite) DO UPDATE SET sealing = $4, address = $5, request = $6, leaf = $7, own_root = $8,
             certificate_key = $9",
    )
    .bind(&applicant.invite)
    .bind(applicant.bank.as_str())
    .bind(&applicant.identity.as_bytes()[..])
    .bind(&applicant.sealing[..])
    .bind(&applicant.address)
    .bind(&applicant.request)
    .bind(&applicant.leaf)
    .bind(&applicant.own_root)
    .bind(&applicant.certificate_key[..])
    .bind(applicant.asked_at)
    .execute(tx)
    .await?;
    Ok(())
}

const APPLICANTS: &str =
    "SELECT enrolment.*, invite.legal_group FROM enrolment JOIN invite ON invite.id = enrolment.invite
     ORDER BY asked_at DESC";

async fn find(tx: &mut Connection, invite: &[u8; 16]) -> Result<Option<Applicant>, Error> {
    let rows = sqlx::query(APPLICANTS).fetch_all(tx).await?;
    let all: Vec<Applicant> = rows.iter().map(Applicant::of).collect::<Result<_, _>>()?;
    Ok(all.into_iter().find(|applicant| applicant.invite == invite))
}

/// All who wait for a person, newest first.
pub async fn waiting(tx: &mut Connection) -> Result<Vec<Applicant>, Error> {
    let rows = sqlx::query(APPLICANTS).fetch_all(tx).await?;
    let all: Vec<Applicant> = rows.iter().map(Applicant::of).collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|applicant| applicant.confirmed_at.is_none()).collect())
}

/// A person has compared this fingerprint: the bank becomes a member. Gives the roster's version.
pub async fn confirm(office: &Office, applicant: &Applicant) -> Result<u64, Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let invite: &[u8; 16] = applicant.invite.as_slice().try_into().stored_as("invite")?;
    // Read again: only the identity was compared, and the rest is what that identity has signed last.
    let kept = invite::find(&mut tx, &InviteId::from_random(*invite)).await?;
    let before = kept.ok_or(Error::Bug("invite"))?.stage(now);
    let after = before.apply(Event::Confirm).map_err(|_| Error::Bug("applicant"))?;
    if before == after {
        // Two people have compared it at once, and the other one was quicker.
        catch_up(&mut tx, &office.keys, &office.book).await?;
        return Ok(office.book.now().roster().version);
    }
    let applicant = find(&mut tx, invite).await?.ok_or(Error::Bug("applicant"))?;
    unspent(&mut tx, &applicant).await?;
    let leaf = match &applicant.request {
        Some(request) => {
            let (leaf, key) = issue(office, &applicant.bank, request, now)?;
            renewal::note_issued(&mut tx, &applicant.bank, &key, &leaf, now).await?;
            Some(leaf)
        }
        None => applicant.leaf.clone(),
    };
    sqlx::query("UPDATE enrolment SET leaf = $1, confirmed_at = $2 WHERE invite = $3")
        .bind(leaf)
        .bind(now)
        .bind(&applicant.invite)
        .execute(&mut *tx)
        .await?;
    let body = json!({"bank": applicant.bank.as_str(), "identity": applicant.identity.fingerprint()});
    audit::append(&mut tx, now, "enrolment.confirmed", &body).await?;
    let mut exchanged = false;
    let roster = change(office, &mut tx, |roster, now| {
        check_keys(roster, &applicant)?;
        let member = roster.member(&applicant.bank);
        exchanged = member.is_some_and(|member| member.identity != applicant.identity);
        Ok(next::with_member(roster, applicant.member(), now))
    })
    .await?;
    if exchanged {
        // What it has endorsed by the former key counts no longer.
        ceremony::give_up_with(office, &mut tx, &applicant.bank, now).await?;
    }
    tx.commit().await?;
    let version = roster.value().version;
    in_force(office, roster);
    Ok(version)
}

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;

    const SECRET: [u8; 32] = [5; 32];

    fn request(seed: u8, bank: &str, secret: [u8; 32]) -> EnrolmentRequest {
        EnrolmentRequest {
            invite: InviteId::from_random([1; 16]),
            secret,
            bank: BankId::parse(bank, "bank").unwrap(),
            identity: SigningKey::from_bytes(&[seed; 32]).verifying_key(),
            sealing: [0; 32],
            address: "host:1".to_owned(),
            certificate: CertificateSource::Authority(Vec::new()),
        }
    }

    /// One that has come so far; the first identity has used it, if one has.
    fn invite(stage: Stage) -> StoredInvite {
        let used_by = Some(*SigningKey::from_bytes(&[1; 32]).verifying_key().as_bytes());
        let (used_by, confirmed) = match stage {
            Stage::Made | Stage::Expired => (None, false),
            Stage::Asked => (used_by, false),
            Stage::Confirmed => (used_by, true),
        };
        StoredInvite {
            bank: BankId::parse("alpha", "bank").unwrap(),
            group: GroupId::parse("alpha", "group").unwrap(),
            secret_digest: secret_digest(&SECRET),
            expires_at: if stage == Stage::Expired { 50 } else { 100 },
            used_by,
            confirmed,
        }
    }

    /// What comes of requests under an invite: by the first identity, by another, for another bank, without the secret.
    fn told(stage: Stage) -> [Result<Stage, (FaultCode, Option<&'static str>)>; 4] {
        let refused = |code| Err((code, None));
        let other_bank = Err((FaultCode::InviteUnknown, Some("request.bank")));
        let guess = refused(FaultCode::InviteUnknown);
        match stage {
            Stage::Made => [Ok(Stage::Asked), Ok(Stage::Asked), other_bank, guess],
            Stage::Expired => {
                let expired = refused(FaultCode::InviteExpired);
                [expired, expired, other_bank, guess]
            }
            Stage::Asked => [Ok(Stage::Asked), refused(FaultCode::InviteUsed), other_bank, guess],
            Stage::Confirmed => [Ok(Stage::Confirmed), refused(FaultCode::InviteUsed), other_bank, guess],
        }
    }

    #[test]
    fn an_invite_is_good_once_and_not_for_long() {
        let requests = [
            request(1, "alpha", SECRET),
            request(2, "alpha", SECRET),
            request(1, "beta", SECRET),
            request(1, "beta", [6; 32]),
        ];
        for stage in Stage::ALL {
            for (number, (request, wanted)) in requests.iter().zip(told(stage)).enumerate() {
                let judged = judge(Some(&invite(stage)), request, 99);
                let judged = judged.map_err(|fault| (fault.code, fault.field));
                let wanted = wanted.map(|after| (stage, after));
                let wanted = wanted.map_err(|(code, field)| (code, field.map(str::to_owned)));
                assert_eq!(judged, wanted, "{stage:?} {number}");
            }
        }
        let nobody = judge(None, &requests[0], 0).map_err(|fault| (fault.code, fault.field));
        assert_eq!(nobody, Err((FaultCode::InviteUnknown, None)));
    }
}
