//! The holders of a proposal with their keys, as every holder must have them alike.

use lianfang_proto::documents::ceremony::{Proposal, Task};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;

use super::{Refusal, Seat};
use crate::key_holder::ports::Members;

/// The holders with their keys. Who takes part is an active member; of a key that there is, under the keys of its record:
/// in a refresh those by which it signs, in a repair its certificate as well. The keys are those of the roster that it was
/// proposed under; without one, those of today.
pub(super) fn seats(
    proposal: &Proposal,
    base: Option<&KeyRecord>,
    roster: Option<&Roster>,
    members: &dyn Members,
) -> Result<Vec<Seat>, Refusal> {
    let seat = |bank: &BankId| {
        let recorded = base.and_then(|record| record.holder(bank)).map(|(_, holder)| holder);
        if let (Some(holder), false) = (recorded, proposal.takes_part(bank)) {
            return Ok(Seat::from(holder));
        }
        let proposed = proposed(bank, roster, members)?;
        let certified = |holder: &Holder| match &proposal.task {
            Task::Repair { .. } => holder.certificate_key == proposed.certificate_key,
            Task::Generate | Task::Refresh { .. } => true,
        };
        match recorded {
            Some(holder) if holder.identity != proposed.identity || !certified(holder) => {
                Err(Refusal::KeysChanged(bank.clone()))
            }
            Some(_) | None => Ok(proposed),
        }
    };
    proposal.holders.iter().map(seat).collect()
}

/// A holder under its keys of that time, if it takes part today and signs by the same key: two holders that judge a proposal
/// before and after a change of the roster come to the same seats.
fn proposed(bank: &BankId, roster: Option<&Roster>, members: &dyn Members) -> Result<Seat, Refusal> {
    let inactive = || Refusal::Inactive(bank.clone());
    let now = members.active(bank).map(Seat::from).ok_or_else(inactive)?;
    let Some(roster) = roster else { return Ok(now) };
    let then = roster.active(bank).ok_or_else(inactive)?;
    if then.identity != now.identity {
        return Err(Refusal::Exchanged(bank.clone()));
    }
    Ok(Seat { certificate_key: then.certificate_key, ..now })
}
