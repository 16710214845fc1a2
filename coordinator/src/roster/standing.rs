//! Suspending a member, letting it take part again, revoking it for good.
//!
//! Comes in: a person's decision. Goes out: the next roster, in force before the command ends; open ceremonies in which the
//! member is a holder are given up with its name. What follows elsewhere follows from the roster: connections of a party
//! that is admitted no longer are closed, jobs go on without it (see [`crate::job::left_out`]), holders hear of the new
//! version by their long polls. Fails for a bank that is no member, and for one that was revoked.
//!
//! ```text
//!                    ┌───suspend───▶ suspended ──revoke──┐
//!                    │  ┌───resume───────┘               │
//!                    │  ▼                                ▼
//! (none) ──invite──▶ active ───────────revoke────────▶ revoked
//!                    ▲                                   │
//!                    └─────a new invite, new keys────────┘       active, suspended ── a new invite ──▶ active
//! ```
//!
//! An invite makes a member when a person has compared the fingerprint ([`super::enrol`]). Its keys are those of the
//! request, of which none may be one that was exchanged or revoked before.

use lianfang_proto::documents::roster::{Roster, Standing};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use serde_json::json;

use super::{change, in_force, next, spent};
use crate::audit;
use crate::ceremony;
use crate::fault::Error;
use crate::office::Office;

/// The word in the audit log.
const fn event(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "member.resumed",
        Standing::Suspended => "member.suspended",
        Standing::Revoked => "member.revoked",
    }
}

/// Whether a member of this standing may come to that one.
const fn allowed(from: Standing, to: Standing) -> Result<(), FaultCode> {
    match (from, to) {
        (
            Standing::Active | Standing::Suspended,
            Standing::Active | Standing::Suspended | Standing::Revoked,
        )
        | (Standing::Revoked, Standing::Revoked) => Ok(()),
        (Standing::Revoked, Standing::Active | Standing::Suspended) => Err(FaultCode::MemberRevoked),
    }
}

/// Gives a member another standing; the version of the roster under which it has it.
pub async fn set_standing(office: &Office, bank: &BankId, standing: Standing) -> Result<u64, Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let before = super::newest(&mut tx, &office.keys).await?.ok_or(Error::Bug("no roster"))?;
    let member = before.value().member(bank);
    let member = member.ok_or_else(|| Fault::field(FaultCode::MalformedField, "BANK").got(bank))?;
    allowed(member.standing, standing).map_err(|code| Fault::new(code).at(bank.as_str()))?;
    if member.standing == standing {
        // Repeated by a script, or after an answer that was lost.
        return Ok(before.value().version);
    }
    audit::append(&mut tx, now, event(standing), &json!({"bank": bank.as_str()})).await?;
    if standing == Standing::Revoked {
        let identity = *member.identity.as_bytes();
        for key in [identity, member.certificate_key, member.sealing] {
            spent::note(&mut tx, &key, bank, now).await?;
        }
    }
    let roster = change(office, &mut tx, |roster: &Roster, now| {
        next::with_standing(roster, bank, standing, now).ok_or(Error::Bug("member"))
    })
    .await?;
    if standing != Standing::Active {
        ceremony::give_up_with(office, &mut tx, bank, now).await?;
    }
    tx.commit().await?;
    let version = roster.value().version;
    in_force(office, roster);
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_ends_and_a_revocation_does_not() {
        use Standing::{Active, Revoked, Suspended};
        // To which standings a member may come, in the order of `ALL`: active, suspended, revoked.
        let row = |from| -> [bool; Standing::ALL.len()] {
            match from {
                Active => [true, true, true],
                Suspended => [true, true, true],
                Revoked => [false, false, true],
            }
        };
        for from in Standing::ALL {
            for (to, may) in Standing::ALL.into_iter().zip(row(from)) {
                let wanted = if may { Ok(()) } else { Err(FaultCode::MemberRevoked) };
                assert_eq!(allowed(from, to), wanted, "{from:?} {to:?}");
            }
        }
    }
}
