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
    assert_eq!(field("alpha", sealed("alpha", Phase::RoundTwo, "beta")), to, "never a summand to the loser");
    assert_eq!(field("alpha", sealed("alpha", Phase::RoundThree, "gamma")), to);
    assert_eq!(field("beta", sealed("beta", Phase::RoundTwo, "alpha")), to, "the loser has nothing to give");
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
        admit(matter, &proposal.digest(), &bank("alpha"), &post).err().map(|f| f.field.unwrap_or_default())
    };
    let renewed = KeyRecord { key, ..base.clone() };
    assert_eq!(field(renewed.clone()), None);
    let other = KeyRecord { public_key: [9; 32], ..renewed };
    assert_eq!(field(other).as_deref(), Some("post.body.record.public_key"));
    assert_eq!(field(base.clone()).as_deref(), Some("post.body.record.key"), "the old generation");
}

/// For each task: whose endorsements there must be, and what they come to. Nothing else ends it but a complaint.
#[test]
fn what_a_board_has_come_to() {
    let word = |outcome: Result<Outcome, Fault>| match outcome {
        Ok(Outcome::Open) => "open",
        Ok(Outcome::Done(_)) => "done",
        Ok(Outcome::Repaired) => "repaired",
        Ok(Outcome::Complained(_)) => "complained",
        Err(_) => "refused",
    };
    let (base, roster) = (record(), roster());
    let renewed = KeyRecord { key: KeyId { generation: Generation(1), ..base.key }, ..base.clone() };
    let refresh = Proposal { task: Task::Refresh { record: base.digest() }, key: renewed.key, ..proposal() };
    for (proposal, base, record, endorsers, whole) in [
        (proposal(), None, &base, &NAMES[..], "done"),
        (refresh, Some(&base), &renewed, &NAMES[..], "done"),
        (repair(), Some(&base), &base, &["beta"][..], "repaired"),
    ] {
        let matter = Matter { proposal: &proposal, base, roster: &roster };
        let come_to = |posts: &[&[Post]]| word(outcome(matter, &posts.concat()));
        let rounds = [
            post("alpha", Phase::RoundOne, None, vec![]),
            post("alpha", Phase::Echo, None, vec![]),
            post("alpha", Phase::RoundTwo, Some("gamma"), vec![]),
            post("alpha", Phase::RoundThree, Some("beta"), vec![]),
        ];
        let complaint = Complaint { accused: bank("alpha"), reason: 1 };
        let complaint = [post("gamma", Phase::Complaint, None, complaint.encode())];
        let all: Vec<Post> = endorsers.iter().map(|name| endorse(name, record)).collect();
        let task = proposal.task.code();
        for one in &rounds {
            assert_eq!(come_to(&[std::slice::from_ref(one)]), "open", "{task} {:?}", one.phase);
        }
        for without in 0..all.len() {
            assert_eq!(come_to(&[&rounds, &all[..without], &all[without + 1..]]), "open", "{task} {without}");
        }
        assert_eq!(come_to(&[]), "open", "{task}");
        assert_eq!(come_to(&[&all]), whole, "{task}");
        assert_eq!(come_to(&[&rounds, &all]), whole, "{task}");
        assert_eq!(come_to(&[&complaint]), "complained", "{task}");
        assert_eq!(come_to(&[&rounds, &all, &complaint]), "complained", "{task}");
    }
}
