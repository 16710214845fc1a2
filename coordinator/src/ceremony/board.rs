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
    /// The roster in force.
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
mod tests {
    use lianfang_proto::catalogue::Class;
    use lianfang_proto::documents::key_record::Holder;
    use lianfang_proto::documents::roster::{Member, Standing};
    use lianfang_proto::ids::{CeremonyId, Epoch, Generation, GroupId, KeyId};
    use lianfang_trust::SigningKey;

    use super::*;

    const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    fn key(name: &str) -> SigningKey {
        SigningKey::from_bytes(&[name.as_bytes()[0]; 32])
    }

    fn roster() -> Roster {
        let member = |name: &&str| Member {
            bank: bank(name),
            group: GroupId::parse(name, "group").unwrap(),
            standing: Standing::Active,
            identity: key(name).verifying_key(),
            sealing: [0; 32],
            certificate_key: [name.as_bytes()[0]; 32],
            own_root: None,
            address: "a:1".to_owned(),
        };
        Roster {
            version: 1,
            signed_at: 0,
            authority_root: Vec::new(),
            coordinator: key("c").verifying_key(),
            coordinator_certificate_key: [0; 32],
            members: NAMES.iter().map(member).collect(),
            retiring: Vec::new(),
        }
    }

    fn proposal() -> Proposal {
        Proposal {
            ceremony: CeremonyId::from_random([1; 16]),
            task: Task::Generate,
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            threshold: 2,
            holders: NAMES.map(bank).to_vec(),
            roster_digest: roster().digest(),
            deadline: 0,
        }
    }

    fn record() -> KeyRecord {
        let holder = |name: &str| Holder {
            bank: bank(name),
            identity: key(name).verifying_key(),
            certificate_key: [name.as_bytes()[0]; 32],
            public_share: [3; 32],
        };
        KeyRecord {
            key: proposal().key,
            threshold: 2,
            roster_digest: roster().digest(),
            public_key: [2; 32],
            holders: NAMES.map(holder).to_vec(),
        }
    }

    fn post(from: &str, phase: Phase, to: Option<&str>, body: Vec<u8>) -> Post {
        let proposal = proposal();
        let proposal_digest = proposal.digest();
        Post { ceremony: proposal.ceremony, proposal_digest, from: bank(from), phase, to: to.map(bank), body }
    }

    fn endorse(name: &str, record: &KeyRecord) -> Post {
        let signed = Signed::sign(&key(name), record.clone());
        post(name, Phase::Endorse, None, signed.bytes().to_vec())
    }

    fn refused(caller: &str, post: &Post) -> Option<(FaultCode, String)> {
        let proposal = proposal();
        let matter = Matter { proposal: &proposal, base: None, roster: &roster() };
        let fault = admit(matter, &proposal.digest(), &bank(caller), post).err()?;
        Some((fault.code, fault.field.unwrap_or_default()))
    }

    #[test]
    fn posts_are_refused_by_name_of_the_field() {
        let named = |code, field: &str| Some((code, field.to_owned()));
        assert_eq!(refused("alpha", &post("alpha", Phase::RoundOne, None, vec![])), None);
        assert_eq!(refused("alpha", &post("alpha", Phase::RoundTwo, Some("beta"), vec![])), None);
        let post_as = |from, phase, to| post(from, phase, to, vec![]);
        let cases = [
            ("beta", post_as("alpha", Phase::RoundOne, None), FaultCode::Unauthenticated, "post.from"),
            ("delta", post_as("delta", Phase::RoundOne, None), FaultCode::NotParticipant, "post.from"),
            ("alpha", post_as("alpha", Phase::RoundTwo, None), FaultCode::MalformedField, "post.to"),
            ("alpha", post_as("alpha", Phase::RoundTwo, Some("alpha")), FaultCode::MalformedField, "post.to"),
            ("alpha", post_as("alpha", Phase::Echo, Some("beta")), FaultCode::MalformedField, "post.to"),
            ("alpha", post_as("alpha", Phase::Endorse, None), FaultCode::MalformedField, "post.body"),
        ];
        for (caller, post, code, field) in cases {
            assert_eq!(refused(caller, &post), named(code, field));
        }
        let mut foreign = post_as("alpha", Phase::RoundOne, None);
        foreign.proposal_digest = Digest::of("x", b"");
        assert_eq!(refused("alpha", &foreign), named(FaultCode::DigestDiffers, "post.proposal_digest"));
        foreign.ceremony = CeremonyId::from_random([2; 16]);
        assert_eq!(refused("alpha", &foreign), named(FaultCode::CeremonyUnknown, "post.ceremony"));
    }

    #[test]
    fn endorsements_fit_the_proposal_and_are_signed() {
        assert_eq!(refused("alpha", &endorse("alpha", &record())), None);
        let mut other = record();
        other.threshold = 3;
        let field = |post: &Post| refused("alpha", post).map(|(_, field)| field);
        assert_eq!(field(&endorse("alpha", &other)).as_deref(), Some("post.body.record.key"));
        let mut other = record();
        other.holders.swap(0, 1);
        assert_eq!(field(&endorse("alpha", &other)).as_deref(), Some("post.body.record.holders"));
        let mut unsigned = endorse("alpha", &record());
        if let Some(last) = unsigned.body.last_mut() {
            *last ^= 1;
        }
        assert_eq!(field(&unsigned).as_deref(), Some("post.body"));
    }

    #[test]
    fn all_endorsements_make_the_record_and_a_complaint_ends_it() {
        let come_to =
            |posts: &[Post]| outcome(Matter { proposal: &proposal(), base: None, roster: &roster() }, posts);
        let mut posts = vec![endorse("alpha", &record()), endorse("beta", &record())];
        assert!(matches!(come_to(&posts), Ok(Outcome::Open)));
        posts.push(endorse("gamma", &record()));
        assert!(matches!(come_to(&posts), Ok(Outcome::Done(endorsed)) if *endorsed.record() == record()));
        let mut other = record();
        other.public_key = [9; 32];
        posts[2] = endorse("gamma", &other);
        assert_eq!(come_to(&posts).err().map(|fault| fault.code), Some(FaultCode::DigestDiffers));
        let complaint = Complaint { accused: bank("gamma"), reason: 1 };
        posts.push(post("beta", Phase::Complaint, None, complaint.encode()));
        assert!(matches!(come_to(&posts), Ok(Outcome::Complained(named)) if named == [bank("gamma")]));
    }

    #[test]
    fn the_first_phase_that_lacks_names_the_missing() {
        let proposal = proposal();
        let mut posts = vec![(bank("alpha"), Phase::RoundOne, None), (bank("gamma"), Phase::RoundOne, None)];
        let roster = roster();
        let matter = Matter { proposal: &proposal, base: None, roster: &roster };
        assert_eq!(missing(matter, &posts), [bank("beta")]);
        posts.push((bank("beta"), Phase::RoundOne, None));
        posts.extend(NAMES.map(|name| (bank(name), Phase::Echo, None)));
        for (from, to) in
            [("alpha", "beta"), ("alpha", "gamma"), ("beta", "alpha"), ("beta", "gamma"), ("gamma", "beta")]
        {
            posts.push((bank(from), Phase::RoundTwo, Some(bank(to))));
        }
        assert_eq!(missing(matter, &posts), [bank("gamma")]);
    }

    fn repair() -> Proposal {
        let record = record().digest();
        let task = Task::Repair { record, lost: bank("beta"), helpers: vec![bank("alpha"), bank("gamma")] };
        Proposal { task, ..proposal() }
    }

    #[test]
    fn a_repair_goes_from_helpers_to_the_loser_and_ends_with_its_signature() {
        let (proposal, base, roster) = (repair(), record(), roster());
        let matter = Matter { proposal: &proposal, base: Some(&base), roster: &roster };
        let with = |post: Post| Post { proposal_digest: proposal.digest(), ..post };
        let field = |caller: &str, post: Post| {
            let refused = admit(matter, &proposal.digest(), &bank(caller), &with(post)).err();
            refused.map(|fault| fault.field.unwrap_or_default())
        };
        let sealed = |from, phase, to| post(from, phase, Some(to), vec![]);
        let to = Some("post.to".to_owned());
        assert_eq!(field("alpha", sealed("alpha", Phase::RoundTwo, "gamma")), None);
        assert_eq!(field("alpha", sealed("alpha", Phase::RoundThree, "beta")), None);
        assert_eq!(
            field("alpha", sealed("alpha", Phase::RoundTwo, "beta")),
            to,
            "never a summand to the loser"
        );
        assert_eq!(field("alpha", sealed("alpha", Phase::RoundThree, "gamma")), to);
        assert_eq!(
            field("beta", sealed("beta", Phase::RoundTwo, "alpha")),
            to,
            "the loser has nothing to give"
        );
        assert_eq!(field("alpha", endorse("alpha", &base)), to, "not the helper's to say");
        assert_eq!(field("beta", endorse("beta", &base)), None);
        let other = KeyRecord { public_key: [9; 32], ..base.clone() };
        assert_eq!(field("beta", endorse("beta", &other)).as_deref(), Some("post.body.record"));
        let come_to = outcome(matter, &[with(endorse("beta", &base))]);
        assert!(matches!(come_to, Ok(Outcome::Repaired)));

        let place = |from: &str, phase, to: Option<&str>| (bank(from), phase, to.map(bank));
        let mut posts: Vec<Place> = Vec::new();
        assert_eq!(missing(matter, &posts), NAMES.map(bank));
        for phase in [Phase::RoundOne, Phase::Echo] {
            posts.extend(NAMES.map(|name| place(name, phase, None)));
        }
        posts.push(place("alpha", Phase::RoundTwo, Some("gamma")));
        assert_eq!(missing(matter, &posts), [bank("gamma")]);
        posts.push(place("gamma", Phase::RoundTwo, Some("alpha")));
        posts.push(place("alpha", Phase::RoundThree, Some("beta")));
        assert_eq!(missing(matter, &posts), [bank("gamma")]);
        posts.push(place("gamma", Phase::RoundThree, Some("beta")));
        assert_eq!(missing(matter, &posts), [bank("beta")]);
    }

    #[test]
    fn a_refresh_keeps_the_public_key() {
        let base = record();
        let key = KeyId { generation: Generation(1), ..base.key };
        let proposal = Proposal { task: Task::Refresh { record: base.digest() }, key, ..proposal() };
        let roster = roster();
        let matter = Matter { proposal: &proposal, base: Some(&base), roster: &roster };
        let field = |record: KeyRecord| {
            let post = Post { proposal_digest: proposal.digest(), ..endorse("alpha", &record) };
            admit(matter, &proposal.digest(), &bank("alpha"), &post)
                .err()
                .map(|f| f.field.unwrap_or_default())
        };
        let renewed = KeyRecord { key, ..base.clone() };
        assert_eq!(field(renewed.clone()), None);
        let other = KeyRecord { public_key: [9; 32], ..renewed };
        assert_eq!(field(other).as_deref(), Some("post.body.record.public_key"));
        assert_eq!(field(base.clone()).as_deref(), Some("post.body.record.key"), "the old generation");
    }
}
