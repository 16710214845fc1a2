//! Each lie of a coordinator, and of a bank, on its own.

use futures::stream;
use lianfang_proto::FaultCode::{
    MalformedField, MessageOutOfOrder, MessageTruncated, RootDiffers, SignatureInvalid,
};
use lianfang_proto::catalogue::Kind::{CnId, Mobile, Qq};
use lianfang_proto::catalogue::{Disclosure, Role};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_trust::{Digest, Signed};

use super::kept::Kept;
use super::world::*;
use crate::report::*;

const PHONE: (lianfang_proto::catalogue::Kind, &str) = (Mobile, "+8613912345678");
const CARD: (lianfang_proto::catalogue::Kind, &str) = (CnId, "11010519491231002X");

fn banks() -> Vec<Bank> {
    vec![
        member("alpha", "alpha", vec![record("A1", Role::Agent, &[PHONE, CARD])]),
        member("beta", "beta", vec![record("B1", Role::Agent, &[PHONE, CARD, (Qq, "10001")])]),
        member("gamma", "gamma", vec![record("C1", Role::Agent, &[PHONE, (Qq, "10001")])]),
    ]
}

fn world(disclosure: Disclosure) -> World {
    World::new(banks(), 2, disclosure)
}

fn at_coordinator(code: FaultCode) -> (FaultCode, String) {
    (code, "coordinator".to_owned())
}

/// How alpha refuses the script that `lie` has changed.
async fn told(lie: impl Fn(&World, &mut Script)) -> (FaultCode, String) {
    let world = world(Disclosure::Labels);
    let mut script = world.script("alpha");
    assert!(world.read("alpha", &script).await.is_ok(), "the truth is taken");
    lie(&world, &mut script);
    refusal(world.read("alpha", &script).await)
}

fn rows(script: &Script) -> Vec<usize> {
    (0..script.items.len()).filter(|&at| matches!(script.items[at], Woven::Row(..))).collect()
}

fn hash(script: &Script) -> usize {
    script.items.iter().position(|item| matches!(item, Woven::Hash(..))).unwrap()
}

#[tokio::test]
async fn an_invented_row() {
    let invented = told(|_, script| {
        let at = rows(script)[0];
        let Woven::Row(_, row) = &mut script.items[at] else { unreachable!() };
        *row.last_mut().unwrap() ^= 1;
    });
    assert_eq!(invented.await, at_coordinator(RootDiffers));
    let instead = told(|_, script| {
        let at = rows(script)[0];
        let Woven::Row(source, row) = script.items[at].clone() else { unreachable!() };
        script.items.insert(at + 1, Woven::Row(source, row));
    });
    assert_eq!(instead.await.1, "coordinator");
}

#[tokio::test]
async fn a_moved_row() {
    let moved = told(|_, script| {
        let at = rows(script);
        // A row is shown as if another bank had submitted it.
        let Woven::Row(source, _) = &mut script.items[at[0]] else { unreachable!() };
        *source = 1 - *source;
    });
    assert_eq!(moved.await.1, "coordinator");
    let world = world(Disclosure::Labels);
    let honest = world.script("alpha");
    // A row in the place of the hash in front of it.
    for at in 1..honest.items.len() {
        let mut script = honest.clone();
        script.items.swap(at - 1, at);
        let of = |item: &Woven| match item {
            Woven::Row(source, _) | Woven::Hash(source, ..) => *source,
            Woven::Count(..) => unreachable!(),
        };
        let both = [&script.items[at - 1], &script.items[at]];
        if of(both[0]) == of(both[1]) {
            let (code, _) = refusal(world.read("alpha", &script).await);
            let rows = both.iter().all(|item| matches!(item, Woven::Row(..)));
            assert!(code == RootDiffers || (rows && code == MessageOutOfOrder), "{at}");
        }
    }
}

#[tokio::test]
async fn a_hidden_sibling() {
    let hidden = told(|_, script| drop(script.items.remove(hash(script))));
    assert_eq!(hidden.await, at_coordinator(RootDiffers));
    let last = told(|_, script| drop(script.items.pop()));
    assert_eq!(last.await, at_coordinator(RootDiffers));
    let none = told(|_, script| script.items.clear());
    assert_eq!(none.await, at_coordinator(RootDiffers));
}

#[tokio::test]
async fn another_root() {
    let signed = told(|world, script| {
        let header = world.submission("beta").header.clone();
        let header = SubmissionHeader { root: [1; 32], ..header };
        script.sources[0].1 = Signed::sign(&key(&bank("beta")), header).bytes().to_vec();
    });
    assert_eq!(signed.await, at_coordinator(RootDiffers));
    let unsigned = told(|world, script| {
        let header = world.submission("beta").header.clone();
        script.sources[0].1 = Signed::sign(&key(&bank("gamma")), header).bytes().to_vec();
    });
    assert_eq!(unsigned.await, at_coordinator(SignatureInvalid));
}

#[tokio::test]
async fn headers_of_other_jobs_banks_and_sizes() {
    let change = |of: fn(&mut SubmissionHeader)| {
        told(move |world, script| {
            let mut header = world.submission("beta").header.clone();
            of(&mut header);
            script.sources[0].1 = Signed::sign(&key(&bank("beta")), header).bytes().to_vec();
        })
    };
    assert_eq!(
        change(|h| h.terms_digest = Digest::of("test", b"another job")).await,
        at_coordinator(MalformedField)
    );
    assert_eq!(change(|h| h.bank = bank("gamma")).await, at_coordinator(MalformedField));
    let by_beta = (MalformedField, "beta".to_owned());
    assert_eq!(change(|h| h.row_bytes += 1).await, by_beta);
    assert_eq!(change(|h| h.rows = 8).await, by_beta);
    assert_eq!(change(|h| h.rows = 1 << 20).await, by_beta);
}

#[tokio::test]
async fn sources_twice_oneself_or_strangers() {
    for name in ["alpha", "gamma", "stranger"] {
        let refused = told(|world, script| {
            let header = SubmissionHeader { bank: bank(name), ..world.submission("beta").header.clone() };
            script.sources[0] = (bank(name), Signed::sign(&key(&bank(name)), header).bytes().to_vec());
        });
        assert_eq!(refused.await, at_coordinator(MalformedField), "{name}");
    }
    let unknown = told(|_, script| {
        let at = rows(script)[0];
        let Woven::Row(source, _) = &mut script.items[at] else { unreachable!() };
        *source = 2;
    });
    assert_eq!(unknown.await, at_coordinator(MalformedField));
    let world = world(Disclosure::Labels);
    let nobody = read(world.part("alpha"), |_| None, stream::iter(slices(&world.script("alpha"))));
    assert_eq!(refusal(nobody.await), at_coordinator(MalformedField));
}

#[tokio::test]
async fn a_tag_that_is_not_ours() {
    // What beta and gamma share is proven well and is none of alpha's business.
    let foreign = told(|world, script| {
        let (tag, _) = y(Qq, "10001").tag_and_seal(world.submission("beta").header.terms_digest.as_bytes());
        *script = world.script_of("alpha", &[*tag.as_bytes()].into());
    });
    assert_eq!(foreign.await, at_coordinator(MalformedField));
}

#[tokio::test]
async fn padding_reported_as_a_match() {
    let is_own = |world: &World, tag: &[u8]| {
        [PHONE, CARD].iter().any(|(kind, value)| {
            let digest = world.submission("alpha").header.terms_digest;
            y(*kind, value).tag_and_seal(digest.as_bytes()).0.as_bytes().as_slice() == tag
        })
    };
    // Beta plants the tag of alpha's padding among its own rows, and signs them.
    let mut world = world(Disclosure::Institutions);
    let padding =
        world.submission("alpha").rows.iter().find(|row| !is_own(&world, &row[..16])).unwrap().clone();
    let beta = world.submitted.remove(1);
    let mut rows = beta.rows;
    let at = rows.iter().position(|row| row[..16] > padding[..16]).unwrap_or(rows.len() - 1);
    rows[at][..16].copy_from_slice(&padding[..16]);
    world.submitted.insert(1, with_levels(beta.files, beta.header, rows));
    let script = world.script_of("alpha", &[*padding.first_chunk().unwrap()].into());
    assert_eq!(refusal(world.read("alpha", &script).await), at_coordinator(MalformedField));
    // And under count, where nothing is proven.
    let counts = self::world(Disclosure::Count);
    let mut script = counts.script("alpha");
    let padding = counts.submission("alpha").rows.iter().find(|row| !is_own(&counts, row)).unwrap();
    script.items = vec![Woven::Count(*padding.first_chunk().unwrap(), 2)];
    assert_eq!(refusal(counts.read("alpha", &script).await), at_coordinator(MalformedField));
}

#[tokio::test]
async fn descending_tags() {
    let counts = world(Disclosure::Count);
    let mut script = counts.script("alpha");
    assert_eq!(script.items.len(), 2);
    script.items.reverse();
    assert_eq!(refusal(counts.read("alpha", &script).await), at_coordinator(MessageOutOfOrder));
    script.items[0] = script.items[1].clone();
    assert_eq!(refusal(counts.read("alpha", &script).await), at_coordinator(MessageOutOfOrder));
    // Each source's tree alone is in order; woven they are not.
    let unwoven = told(|_, script| {
        let first = |item: &Woven| matches!(item, Woven::Row(0, _) | Woven::Hash(0, ..));
        let (one, other): (Vec<_>, Vec<_>) = script.items.drain(..).partition(first);
        script.items = if rows_of(&other) < rows_of(&one) { [one, other] } else { [other, one] }.concat();
    });
    assert_eq!(unwoven.await, at_coordinator(MessageOutOfOrder));
}

fn rows_of(items: &[Woven]) -> Vec<(Vec<u8>, u16)> {
    items
        .iter()
        .filter_map(|i| if let Woven::Row(s, row) = i { Some((row[..16].to_vec(), *s)) } else { None })
        .collect()
}

#[tokio::test]
async fn numbers_that_cannot_be() {
    let counts = world(Disclosure::Count);
    for groups in [0, 1, 4, u32::MAX] {
        let mut script = counts.script("alpha");
        let Woven::Count(_, number) = &mut script.items[0] else { unreachable!() };
        *number = groups;
        assert_eq!(refusal(counts.read("alpha", &script).await), at_coordinator(MalformedField), "{groups}");
    }
    let mut script = counts.script("alpha");
    script.sources = world(Disclosure::Labels).script("alpha").sources;
    assert_eq!(refusal(counts.read("alpha", &script).await), at_coordinator(MalformedField));
    let mixed = told(|_, script| script.items.insert(0, Woven::Count([0; 16], 2)));
    assert_eq!(mixed.await, at_coordinator(MalformedField));
}

#[tokio::test]
async fn a_cut_stream() {
    let world = world(Disclosure::Labels);
    let script = world.script("alpha");
    let known = |bank: &BankId| Some(key(bank).verifying_key());
    let whole = slices(&script);
    for length in 0..whole.len() {
        let cut = stream::iter(whole[..length].to_vec());
        assert_eq!(refusal(read(world.part("alpha"), known, cut).await), at_coordinator(MessageTruncated));
    }
    let mut torn = whole.clone();
    let slice = torn.last_mut().unwrap().as_mut().unwrap();
    slice.items.truncate(slice.items.len() - 1);
    assert_eq!(
        refusal(read(world.part("alpha"), known, stream::iter(torn)).await),
        at_coordinator(MessageTruncated)
    );
    let mut again = whole.clone();
    again[1].as_mut().unwrap().sources = whole[0].as_ref().unwrap().sources.clone();
    assert_eq!(
        refusal(read(world.part("alpha"), known, stream::iter(again)).await),
        at_coordinator(MessageOutOfOrder)
    );
    // A fault of the network stays what it was.
    let lost = whole.into_iter().take(2).chain([Err(Fault::new(FaultCode::Unreachable).at("coordinator"))]);
    assert_eq!(
        refusal(read(world.part("alpha"), known, stream::iter(lost.collect::<Vec<_>>())).await),
        at_coordinator(FaultCode::Unreachable)
    );
}

#[tokio::test]
async fn nothing_is_taken_after_a_refusal() {
    let world = world(Disclosure::Count);
    let mut verifier = Verifier::new(world.part("alpha"), Vec::new()).unwrap();
    assert!(verifier.push(&[9]).is_err());
    assert_eq!(refusal(verifier.push(&[])), at_coordinator(MalformedField));
    assert_eq!(refusal(verifier.finish()), at_coordinator(MalformedField));
}

#[tokio::test]
async fn labels_that_do_not_open_make_no_match() {
    let mut banks = banks();
    banks[1].garbles = vec![PHONE, CARD];
    // The phone has gamma's label still; the ID number has none but beta's.
    let world = World::new(banks, 2, Disclosure::Institutions);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert_eq!((kept.outcome.rows, kept.outcome.refused_matches), (1, 1));
    assert_eq!(kept.outcome.unopened, [(bank("beta"), 2)].into());
    let text = kept.text(Form::Csv).await;
    assert!(text.ends_with("A1,agent,mobile,*******5678,2,alpha;gamma,,true\n"), "{text}");
    // With t = 3 nothing is left.
    let mut banks = self::banks();
    banks[1].garbles = vec![PHONE];
    let world = World::new(banks, 3, Disclosure::Institutions);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert_eq!((kept.outcome.rows, kept.outcome.refused_matches), (0, 1));
}

#[tokio::test]
async fn two_banks_of_one_group_are_not_two() {
    let mut banks = banks();
    banks[1].group = banks[0].group.clone();
    let mut world = World::new(banks, 2, Disclosure::Institutions);
    // The coordinator reports beta's row to alpha as a match.
    let (tag, _) = y(CARD.0, CARD.1).tag_and_seal(world.submission("alpha").header.terms_digest.as_bytes());
    let script = world.script_of("alpha", &[*tag.as_bytes()].into());
    let kept = Kept::of(&world, "alpha", &script).await.unwrap();
    assert_eq!((kept.outcome.rows, kept.outcome.refused_matches), (0, 1));
    assert!(kept.outcome.unopened.is_empty());
    // The register forgets a record between submission and report: nobody's fault.
    let script = world.script("alpha");
    world.banks[0].records[0].identifiers.clear();
    let verified = world.read("alpha", &script).await.unwrap();
    let accepted = accept(world.part("alpha"), verified, &Forgotten, &Nobody).await.unwrap();
    assert_eq!((accepted.tally.withdrawn, accepted.tally.refused, accepted.tally.rows), (1, 0, 0));
}

#[tokio::test]
async fn a_label_in_anothers_name_counts_for_nobody() {
    let mut banks = banks();
    banks[1].poses_as = Some(bank("gamma"));
    let world = World::new(banks, 2, Disclosure::Labels);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert_eq!((kept.outcome.rows, kept.outcome.refused_matches), (1, 1));
    assert_eq!(kept.outcome.unopened, [(bank("beta"), 2)].into());
}

#[tokio::test]
async fn a_cache_with_other_outputs_is_noticed() {
    let world = world(Disclosure::Labels);
    let verified = world.read("alpha", &world.script("alpha")).await.unwrap();
    let accepted = accept(world.part("alpha"), verified, &Other, world.bank("alpha")).await;
    assert!(matches!(accepted, Err(ReportError::OtherOutput)));
}

struct Forgotten;
#[async_trait]
impl Outputs for Forgotten {
    async fn outputs_of(&self, _: &[i64]) -> Result<Vec<(i64, Output)>, StoreError> {
        Ok(Vec::new())
    }
}

struct Nobody;
#[async_trait]
impl Mentions for Nobody {
    async fn mentions_of(&self, _: &[i64]) -> Result<Vec<Mention>, StoreError> {
        Ok(Vec::new())
    }
}

struct Other;
#[async_trait]
impl Outputs for Other {
    async fn outputs_of(&self, ids: &[i64]) -> Result<Vec<(i64, Output)>, StoreError> {
        Ok(ids.iter().map(|id| (*id, y(Qq, "another"))).collect())
    }
}
