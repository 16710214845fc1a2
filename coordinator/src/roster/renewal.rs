//! The next certificate of a member, and the exchange of its certificate key.
//!
//! Comes in: a request that the member's identity key has signed, from anybody: a member whose certificate has expired has
//! no other way. Goes out: a certificate over the key that the roster pins; or, for another key, a certificate over that
//! one and a roster that pins it, with the older key accepted beside it for a while unless the member says that somebody
//! else may have it. Never sees: a private key. Trusts: the identity key alone, and only of a member that takes part.
//!
//! What a repeated or stolen request brings about: nothing. A certificate is of use only to who holds its key, and one
//! that is still young is given again instead of another. An exchange names the key that it replaces, which is pinned no
//! longer once it is done; a key that was pinned before never is again; a request that lay about for an hour is refused.
//! A member exchanges no more than a few keys a day, so that no fault of a node makes rosters without end.

use lianfang_link::{CertificateDer, Fingerprint, Party, Validity, possession};
use lianfang_proto::documents::enrolment::CertificateSource;
use lianfang_proto::documents::membership::{CertificateRenewal, renewal_challenge};
use lianfang_proto::documents::roster::{Member, Retiring, Standing};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Signed, VerifyingKey};
use serde_json::json;

use super::{catch_up, change, in_force, next, spent};
use crate::audit;
use crate::fault::Error;
use crate::office::{Office, unix_time};
use crate::ports::Micros;
use crate::store::Connection;

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;
/// How old a request may be, or how far the two clocks may differ.
const AGE: Micros = HOUR;
/// How long an exchanged key is accepted beside the new one. Nodes hear of a roster within seconds, and one that hears
/// nothing for an hour answers nobody.
pub const OVERLAP: Micros = DAY;
/// Keys that a member may exchange in a day.
const EXCHANGES: i64 = 4;

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The last certificate is young: it is given again.
    Again,
    /// The authority issues another one over the pinned key.
    Issue,
    /// The bank's own certificate stands under the pinned key and root: there is nothing to do.
    Known,
    /// Another key, or another root of the bank's own, takes the place of the pinned one.
    Exchange,
}

/// What the member asks for, as far as the verdict depends on it.
struct Asked<'a> {
    renewal: &'a CertificateRenewal,
    /// The key of the certificate that it asks for.
    key: [u8; 32],
    /// The root that it stands under, if it is the bank's own.
    own_root: Option<&'a [u8]>,
}

fn judge(member: &Member, asked: &Asked<'_>, last: Option<Validity>, now: Micros) -> Result<Verdict, Fault> {
    let code = match member.standing {
        Standing::Active => None,
        Standing::Suspended => Some(FaultCode::MemberSuspended),
        Standing::Revoked => Some(FaultCode::MemberRevoked),
    };
    if let Some(code) = code {
        return Err(Fault::new(code).at(member.bank.as_str()));
    }
    if (now - asked.renewal.at).abs() > AGE {
        let time =
            |at: Micros| jiff::Timestamp::from_microsecond(at).map(|t| t.to_string()).unwrap_or_default();
        let fault = Fault::field(FaultCode::MalformedField, "renewal.at");
        return Err(fault.wanted(time(now)).got(time(asked.renewal.at)));
    }
    let same_root = asked.own_root == member.own_root.as_deref();
    match (asked.key == member.certificate_key, same_root, asked.own_root) {
        (true, true, Some(_)) => Ok(Verdict::Known),
        (true, true, None) if last.is_some_and(|last| is_young(last, now)) => Ok(Verdict::Again),
        (true, true, None) => Ok(Verdict::Issue),
        _ if asked.renewal.replaces == member.certificate_key => Ok(Verdict::Exchange),
        _ => Err(Fault::field(FaultCode::DigestDiffers, "renewal.replaces")),
    }
}

/// Whether less than half of its life is over, and it has begun: what was issued while the clock was ahead is of no use yet.
fn is_young(validity: Validity, now: Micros) -> bool {
    let (life, now) = (validity.left(validity.not_before), unix_time(now));
    validity.not_before <= now && validity.left(now) > life / 2
}

/// Does what a signed request asks for.
pub async fn renew(office: &Office, signed: &Signed<CertificateRenewal>) -> Result<v1::Membership, Error> {
    let renewal = signed.value();
    // Strangers learn nothing of who is a member, and cost the store nothing.
    member_of(office, signed)?;
    let key = key_of(office, renewal, signed.signer())?;
    let own_root = match &renewal.certificate {
        CertificateSource::Authority(_) => None,
        CertificateSource::Own { root, .. } => Some(root.as_slice()),
    };
    let asked = Asked { renewal, key: key.0, own_root };
    let now = office.now();
    let mut tx = office.store.begin().await?;
    // Another process may have exchanged the key a moment ago: what is judged and handed out is the newest roster.
    catch_up(&mut tx, &office.keys, &office.book).await?;
    let member = &member_of(office, signed)?;
    let last = last_issued(&mut tx, &renewal.bank, &key).await?;
    let validity = last.as_ref().and_then(|leaf| Validity::of(&CertificateDer::from(leaf.as_slice())).ok());
    let leaf = match judge(member, &asked, validity, now)? {
        Verdict::Known => None,
        Verdict::Again => last,
        Verdict::Issue => {
            let leaf = issue(office, &mut tx, renewal, now).await?;
            let body = json!({"bank": renewal.bank.as_str()});
            audit::append(&mut tx, now, "certificate.renewed", &body).await?;
            tx.commit().await?;
            leaf
        }
        Verdict::Exchange => {
            check_exchange(&mut tx, member, &key, now).await?;
            let leaf = issue(office, &mut tx, renewal, now).await?;
            let roster = exchange(office, &mut tx, &asked, now).await?;
            tx.commit().await?;
            in_force(office, roster);
            leaf
        }
    };
    Ok(membership(office, leaf))
}

/// The member that has signed the request, by the roster in hand.
fn member_of(office: &Office, signed: &Signed<CertificateRenewal>) -> Result<Member, Fault> {
    let in_force_now = office.book.now();
    let member = in_force_now.roster().member(&signed.value().bank);
    let member = member.filter(|member| member.identity == *signed.signer());
    member.cloned().ok_or_else(|| Fault::field(FaultCode::CertificateUnknown, "renewal.bank"))
}

fn membership(office: &Office, leaf: Option<Vec<u8>>) -> v1::Membership {
    let root = office.keys.authority.certificate().to_vec();
    v1::Membership {
        certificate_chain: leaf.map(|leaf| vec![leaf.into(), root.into()]).unwrap_or_default(),
        roster: office.book.now().bytes().to_vec().into(),
    }
}

/// The key that a certificate is asked for, whose possession is proven.
fn key_of(
    office: &Office,
    renewal: &CertificateRenewal,
    signer: &VerifyingKey,
) -> Result<Fingerprint, Fault> {
    let malformed = |detail: &dyn std::fmt::Display| {
        Fault::field(FaultCode::MalformedField, "renewal.certificate").got(detail)
    };
    match &renewal.certificate {
        CertificateSource::Authority(request) => {
            let party = Party::Bank(renewal.bank.as_str().to_owned());
            let lasts = office.keys.authority.leaf_validity(unix_time(office.now()));
            let lasts = lasts.map_err(|error| malformed(&error))?;
            // Issued for the check alone, and dropped.
            let issued = office.keys.authority.issue(request, &party, lasts);
            Ok(issued.map_err(|error| malformed(&error))?.fingerprint)
        }
        CertificateSource::Own { leaf, root, proof } => {
            let of =
                |der: &[u8]| Fingerprint::of(&CertificateDer::from(der)).map_err(|error| malformed(&error));
            of(root)?;
            let key = of(leaf)?;
            let challenge = renewal_challenge(&renewal.replaces, signer);
            possession::verify(proof, &CertificateDer::from(leaf.as_slice()), &challenge).map_err(
                |error| Fault::field(FaultCode::SignatureInvalid, "renewal.certificate.proof").got(error),
            )?;
            Ok(key)
        }
    }
}

async fn issue(
    office: &Office,
    tx: &mut Connection,
    renewal: &CertificateRenewal,
    now: Micros,
) -> Result<Option<Vec<u8>>, Error> {
    let CertificateSource::Authority(request) = &renewal.certificate else { return Ok(None) };
    let party = Party::Bank(renewal.bank.as_str().to_owned());
    let lasts = office.keys.authority.leaf_validity(unix_time(now))?;
    let issued = office.keys.authority.issue(request, &party, lasts)?;
    let leaf = issued.chain.first().ok_or(Error::Bug("certificate chain"))?.to_vec();
    note_issued(tx, &renewal.bank, &issued.fingerprint, &leaf, now).await?;
    Ok(Some(leaf))
}

/// Remembers what was issued, so that the same can be given again.
pub(super) async fn note_issued(
    tx: &mut Connection,
    bank: &BankId,
    key: &Fingerprint,
    leaf: &[u8],
    now: Micros,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO issued_certificate (bank, certificate_key, leaf, issued_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (bank, certificate_key) DO UPDATE SET leaf = $3, issued_at = $4",
    )
    .bind(bank.as_str())
    .bind(&key.0[..])
    .bind(leaf)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

async fn last_issued(
    tx: &mut Connection,
    bank: &BankId,
    key: &Fingerprint,
) -> Result<Option<Vec<u8>>, Error> {
    let leaf =
        sqlx::query_scalar("SELECT leaf FROM issued_certificate WHERE bank = $1 AND certificate_key = $2");
    Ok(leaf.bind(bank.as_str()).bind(&key.0[..]).fetch_optional(tx).await?)
}

/// Whether the new key is nobody's, and the member has not exchanged too many.
async fn check_exchange(
    tx: &mut Connection,
    member: &Member,
    key: &Fingerprint,
    now: Micros,
) -> Result<(), Error> {
    if key.0 != member.certificate_key && spent::any(tx, &[&key.0]).await? {
        let fault = Fault::field(FaultCode::MalformedField, "renewal.certificate");
        return Err(fault.got("a key that was exchanged or revoked before").into());
    }
    match spent::since(tx, &member.bank, now - DAY, EXCHANGES - 1).await? {
        Some(first) => Err(all_exchanged(first, now).into()),
        None => Ok(()),
    }
}

/// A day's exchanges are used up: how many that is, and when the first of them is a day old.
fn all_exchanged(first: Micros, now: Micros) -> Fault {
    let wait = std::time::Duration::from_micros(u64::try_from(first + DAY - now).unwrap_or_default());
    let fault = Fault::field(FaultCode::Busy, "renewal.certificate").wanted(EXCHANGES);
    Fault { retry_after: Some(wait), ..fault }
}

async fn exchange(
    office: &Office,
    tx: &mut Connection,
    asked: &Asked<'_>,
    now: Micros,
) -> Result<Signed<lianfang_proto::documents::roster::Roster>, Error> {
    let renewal = asked.renewal;
    let bank = &renewal.bank;
    if asked.key != renewal.replaces {
        spent::note(tx, &renewal.replaces, bank, now).await?;
    }
    let body = json!({"bank": bank.as_str(), "overlap": renewal.overlap, "key": hex::encode(asked.key)});
    audit::append(tx, now, "certificate.exchanged", &body).await?;
    change(office, tx, |roster, now| {
        let before = roster.active(bank).ok_or_else(|| Error::refused(FaultCode::NotAdmitted))?;
        let mut after = before.clone();
        after.certificate_key = asked.key;
        after.own_root = asked.own_root.map(<[u8]>::to_vec);
        if let Some(field) = next::taken_key(roster, &after) {
            let fault = Fault::field(FaultCode::MalformedField, field).got("another party's key");
            return Err(fault.into());
        }
        let retiring = renewal.overlap.then(|| Retiring {
            bank: bank.clone(),
            certificate_key: before.certificate_key,
            own_root: before.own_root.clone(),
            until: now + OVERLAP,
        });
        Ok(next::with_certificate(roster, after, retiring, now))
    })
    .await
}

/// Signs a roster without the exchanged keys whose time is over. Says whether there were any.
pub async fn end_overlaps(office: &Office) -> Result<bool, Error> {
    let overdue = |now: Micros| move |key: &Retiring| key.until <= now;
    let now = office.now();
    if !office.book.now().roster().retiring.iter().any(overdue(now)) {
        return Ok(false);
    }
    let mut tx = office.store.begin().await?;
    let roster = change(office, &mut tx, |roster, now| {
        Ok(next::without_retiring(roster, |key| key.until <= now, now))
    })
    .await?;
    tx.commit().await?;
    in_force(office, roster);
    Ok(true)
}

#[cfg(test)]
mod tests;
