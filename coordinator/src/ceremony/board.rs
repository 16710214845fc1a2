//! What may stand on a ceremony's board: decisions on posts, without a store and without a clock.
//!
//! Comes in: the proposal, the posts so far, one more post of a proven holder. Goes out: whether it may stand, what the
//! board has come to, who is missing. Never sees: what is sealed in a package.

use lianfang_proto::documents::ceremony::{Complaint, Phase, Post, Proposal, Task};
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::{Canonical as _, Digest, Signed};

/// Where a post stands: each place is filled once.
pub type Place = (BankId, Phase, Option<BankId>);

/// The place of a post.
pub fn place(post: &Post) -> Place {
    (post.from.clone(), post.phase, post.to.clone())
}

/// A ceremony as its board judges it.
#[derive(Clone, Copy)]
pub struct Matter<'a> {
    /// What is proposed.
    pub proposal: &'a Proposal,
    /// The record that a refresh or a repair begins from.
    pub base: Option<&'a KeyRecord>,
    /// The roster that it was proposed under.
    pub roster: &'a Roster,
}

impl Matter<'_> {
    /// Those who take part, in the order of their shares.
    pub fn participants(&self) -> Vec<&BankId> {
        let takes_part = |bank: &&BankId| self.proposal.takes_part(bank);
        self.proposal.holders.iter().filter(takes_part).collect()
    }

    /// Those whose signature under the record ends the ceremony.
    fn endorsers(&self) -> Vec<&BankId> {
        match &self.proposal.task {
            Task::Generate | Task::Refresh { .. } => self.participants(),
            Task::Repair { lost, .. } => vec![lost],
        }
    }

    /// To whom a holder posts sealed messages in this phase.
    fn receivers(&self, from: &BankId, phase: Phase) -> Vec<&BankId> {
        let others = || self.participants().into_iter().filter(|bank| *bank != from);
        match (&self.proposal.task, phase) {
            (Task::Generate | Task::Refresh { .. }, Phase::RoundTwo) => others().collect(),
            (Task::Repair { lost, .. }, Phase::RoundTwo) if lost != from => {
                others().filter(|bank| *bank != lost).collect()
            }
            (Task::Repair { lost, .. }, Phase::RoundThree) if lost != from => vec![lost],
            _ => Vec::new(),
        }
    }
}

/// Whether a post may stand on this board; `caller` is who has signed and sent it.
pub fn admit(matter: Matter<'_>, digest: &Digest, caller: &BankId, post: &Post) -> Result<(), Fault> {
    let proposal = matter.proposal;
    if post.ceremony != proposal.ceremony {
        return Err(Fault::field(FaultCode::CeremonyUnknown, "post.ceremony"));
    }
    if post.proposal_digest != *digest {
        return Err(Fault::field(FaultCode::DigestDiffers, "post.proposal_digest"));
    }
    if &post.from != caller {
        return Err(Fault::field(FaultCode::Unauthenticated, "post.from").got(&post.from));
    }
    if !proposal.takes_part(caller) {
        return Err(Fault::field(FaultCode::NotParticipant, "post.from").got(caller));
    }
    let addressed = match (&post.to, post.phase) {
        (Some(to), phase @ (Phase::RoundTwo | Phase::RoundThree)) => {
            matter.receivers(caller, phase).contains(&to)
        }
        (None, Phase::RoundTwo | Phase::RoundThree) => false,
        (to, Phase::RoundOne | Phase::Echo | Phase::Complaint) => to.is_none(),
        (to, Phase::Endorse) => to.is_none() && matter.endorsers().contains(&caller),
    };
    if !addressed {
        return Err(Fault::field(FaultCode::MalformedField, "post.to")
            .wanted("another holder where something is sealed to it, nobody else"));
    }
    if post.phase == Phase::Endorse {
        endorsement(matter, post)?;
    }
    Ok(())
}

/// Whether all who take part are active today and sign by the keys of the roster that it was proposed under. A key that was
/// exchanged since may be in anybody's hands: a record with its signature is not made.
pub fn sign_as_then(matter: Matter<'_>, in_force: &Roster) -> Result<(), Fault> {
    let same = |bank: &&BankId| {
        let (then, now) = (matter.roster.member(bank), in_force.active(bank));
        then.zip(now).is_some_and(|(then, now)| then.identity == now.identity)
    };
    match matter.participants().into_iter().find(|bank| !same(bank)) {
        Some(other) => Err(Fault::new(FaultCode::NotParticipant).at(other.as_str())),
        None => Ok(()),
    }
}

/// The signed record in the body of an endorsement.
pub fn endorsement(matter: Matter<'_>, post: &Post) -> Result<Signed<KeyRecord>, Fault> {
    let Matter { proposal, base, roster } = matter;
    let unknown = || Fault::new(FaultCode::NotParticipant).at(post.from.as_str());
    let key = roster.member(&post.from).map(|m| m.identity).ok_or_else(unknown)?;
    let signed: Signed<KeyRecord> = checked::open_signed(&post.body, "post.body", &key)?;
    let record = signed.value();
    let differs = |field: &str| Fault::field(FaultCode::DigestDiffers, field);
    if record.key != proposal.key || record.threshold != proposal.threshold {
        return Err(differs("post.body.record.key"));
    }
    if let (Task::Repair { .. }, Some(base)) = (&proposal.task, base) {
        // It is the record that all have signed already.
        return if record == base { Ok(signed) } else { Err(differs("post.body.record")) };
    }
    if base.is_some_and(|base| base.public_key != record.public_key) {
        return Err(differs("post.body.record.public_key"));
    }
    if record.roster_digest != proposal.roster_digest {
        return Err(differs("post.body.record.roster_digest"));
    }
    let same_holders = record.holders.len() == proposal.holders.len()
        && record.holders.iter().zip(&proposal.holders).all(|(holder, bank)| {
            let member = roster.member(bank);
            let pinned = member.is_some_and(|m| {
                m.identity == holder.identity && m.certificate_key == holder.certificate_key
            });
            &holder.bank == bank && pinned
        });
    if !same_holders {
        return Err(differs("post.body.record.holders"));
    }
    Ok(signed)
}

/// What a board with one more post has come to.
pub enum Outcome {
    /// It goes on.
    Open,
    /// Every holder has endorsed the same new record.
    Done(EndorsedKeyRecord),
    /// The holder whose share was lost has it again.
    Repaired,
    /// A holder has complained; about whom, where it says so.
    Complained(Vec<BankId>),
}

/// What the posts amount to. Endorsements of different records are refused, naming the field.
pub fn outcome(matter: Matter<'_>, posts: &[Post]) -> Result<Outcome, Fault> {
    let proposal = matter.proposal;
    if let Some(complaint) = posts.iter().find(|post| post.phase == Phase::Complaint) {
        return Ok(Outcome::Complained(accused(proposal, complaint)));
    }
    let mut endorsed: Vec<Signed<KeyRecord>> = Vec::new();
    for holder in matter.endorsers() {
        let post = posts.iter().find(|post| post.phase == Phase::Endorse && &post.from == holder);
        if let Some(post) = post {
            endorsed.push(endorsement(matter, post)?);
        }
    }
    let Some(record) = endorsed.first().map(|first| first.value().clone()) else { return Ok(Outcome::Open) };
    if endorsed.iter().any(|other| *other.value() != record) {
        return Err(Fault::field(FaultCode::DigestDiffers, "post.body.record"));
    }
    if endorsed.len() < matter.endorsers().len() {
        return Ok(Outcome::Open);
    }
    if matches!(proposal.task, Task::Repair { .. }) {
        return Ok(Outcome::Repaired);
    }
    let signatures = endorsed.iter().map(|signed| *signed.signature().as_bytes()).collect();
    let whole = EndorsedKeyRecord::new(record, signatures);
    whole.map(Outcome::Done).map_err(|_| Fault::field(FaultCode::SignatureInvalid, "post.body.signature"))
}

/// Whom a complaint names, if that is a holder.
fn accused(proposal: &Proposal, complaint: &Post) -> Vec<BankId> {
    let named = Complaint::decode(&complaint.body).ok().map(|complaint| complaint.accused);
    named.into_iter().filter(|bank| proposal.takes_part(bank)).collect()
}

/// The holders without whom the ceremony does not go on: those who lack in the first phase that is not complete.
pub fn missing(matter: Matter<'_>, posts: &[Place]) -> Vec<BankId> {
    let lacks = |bank: &BankId, phase: Phase| {
        let due = match phase {
            Phase::RoundOne | Phase::Echo => 1,
            Phase::RoundTwo | Phase::RoundThree => matter.receivers(bank, phase).len(),
            Phase::Endorse => usize::from(matter.endorsers().contains(&bank)),
            Phase::Complaint => 0,
        };
        posts.iter().filter(|(from, p, _)| from == bank && *p == phase).count() < due
    };
    for phase in [Phase::RoundOne, Phase::Echo, Phase::RoundTwo, Phase::RoundThree, Phase::Endorse] {
        let lacking = matter.participants().into_iter().filter(|bank| lacks(bank, phase));
        let lacking: Vec<BankId> = lacking.cloned().collect();
        if !lacking.is_empty() {
            return lacking;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
