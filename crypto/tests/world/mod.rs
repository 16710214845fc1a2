//! A small federation for tests: holders that have run the ceremonies, and a bank that walks the whole way.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod artefacts;
pub(crate) mod rng;

use std::collections::{BTreeMap, BTreeSet};

use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind, CeremonySeed};
use lianfang_crypto::ceremony::generate::Packages;
use lianfang_crypto::ceremony::transcript::{Agreed, Transcript};
use lianfang_crypto::ceremony::{generate, refresh};
use lianfang_crypto::oprf::blind::{BlindedElements, Blinding, ChunkSeed, blind};
use lianfang_crypto::oprf::check::{CheckFailed, CheckRequest, Checked, Closed, Gathering};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::oprf::input::Input;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::{HolderIndex, Threshold};
pub(crate) use rng::SeededRng;

pub(crate) const TERMS: [u8; 64] = [7; 64];

pub(crate) fn index(number: u8) -> HolderIndex {
    HolderIndex::new(number).unwrap()
}

pub(crate) fn context(kind: CeremonyKind, threshold: Threshold, id: u8) -> CeremonyContext {
    CeremonyContext { kind, id: [id; 16], class: 1, epoch: 2, generation: 3, threshold }
}

/// All holders of one key.
pub(crate) struct Holders {
    pub(crate) shares: BTreeMap<HolderIndex, KeyShare>,
    pub(crate) keys: PublicKeySet,
}

pub(crate) fn seeds(threshold: Threshold, number: u64) -> BTreeMap<HolderIndex, CeremonySeed> {
    let mut rng = SeededRng::new(number);
    threshold.indices().map(|holder| (holder, CeremonySeed::draw(&mut rng))).collect()
}

/// Everybody's commitments, collected and confirmed.
pub(crate) fn agreed(context: &CeremonyContext, messages: &BTreeMap<HolderIndex, Vec<u8>>) -> Agreed {
    let transcript = Transcript::collect(context, messages).unwrap();
    let digests = messages.keys().map(|holder| (*holder, transcript.digest())).collect();
    transcript.agree(&digests).unwrap()
}

/// What `me` received from everybody.
pub(crate) fn inbox(dealt: &BTreeMap<HolderIndex, Packages>, me: HolderIndex) -> Packages {
    let to_me = |(from, packages): (&HolderIndex, &Packages)| Some((*from, packages.get(&me)?.clone()));
    dealt.iter().filter_map(to_me).collect()
}

impl Holders {
    pub(crate) fn generate(needed: u8, holders: u8, number: u64) -> Self {
        let threshold = Threshold::new(needed, holders).unwrap();
        let context = context(CeremonyKind::Generate, threshold, 1);
        let seeds = seeds(threshold, number);
        let messages =
            seeds.iter().map(|(me, seed)| (*me, generate::open(&context, *me, seed).unwrap())).collect();
        let agreed = agreed(&context, &messages);
        let dealt: BTreeMap<_, _> =
            seeds.iter().map(|(me, seed)| (*me, generate::deal(&agreed, *me, seed).unwrap())).collect();
        let finish = |(me, seed): (&HolderIndex, &CeremonySeed)| {
            generate::finish(&agreed, *me, seed, &inbox(&dealt, *me)).unwrap()
        };
        let (shares, keys): (Vec<_>, Vec<_>) = seeds.iter().map(finish).unzip();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "all holders end with one key set");
        let keys = keys.into_iter().next().unwrap();
        Self { shares: shares.into_iter().map(|share| (share.holder(), share)).collect(), keys }
    }

    pub(crate) fn refresh(&self, number: u64) -> Self {
        let threshold = self.keys.threshold();
        let context = context(CeremonyKind::Refresh, threshold, 2);
        let seeds = seeds(threshold, number);
        let messages =
            seeds.iter().map(|(me, seed)| (*me, refresh::open(&context, *me, seed).unwrap())).collect();
        let agreed = agreed(&context, &messages);
        let dealt: BTreeMap<_, _> =
            seeds.iter().map(|(me, seed)| (*me, refresh::deal(&agreed, *me, seed).unwrap())).collect();
        let finish = |(me, seed): (&HolderIndex, &CeremonySeed)| {
            refresh::finish(&agreed, seed, &inbox(&dealt, *me), &self.shares[me], &self.keys).unwrap()
        };
        let (shares, keys): (Vec<_>, Vec<_>) = seeds.iter().map(finish).unzip();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "all holders end with one key set");
        let keys = keys.into_iter().next().unwrap();
        Self { shares: shares.into_iter().map(|share| (share.holder(), share)).collect(), keys }
    }

    pub(crate) fn quorum(&self, numbers: &[u8]) -> Vec<&KeyShare> {
        numbers.iter().map(|number| &self.shares[&index(*number)]).collect()
    }

    /// The key itself, which only a test may put together.
    pub(crate) fn key(&self) -> Scalar {
        let needed = usize::from(self.keys.threshold().needed());
        interpolate(&self.shares.values().take(needed).collect::<Vec<_>>())
    }
}

/// The secret scalar of a share, read out of its storage form.
pub(crate) fn secret(share: &KeyShare) -> Scalar {
    let bytes = share.to_sealed_bytes();
    Scalar::from_canonical_bytes(bytes[bytes.len() - 32..].try_into().unwrap()).unwrap()
}

/// Lagrange's interpolation at zero, written out once more as an oracle.
pub(crate) fn interpolate(shares: &[&KeyShare]) -> Scalar {
    let at = |share: &KeyShare| Scalar::from(share.holder().get());
    shares
        .iter()
        .map(|j| {
            let others = shares.iter().filter(|m| m.holder() != j.holder());
            others.fold(secret(j), |value, m| value * at(m) * (at(m) - at(j)).invert())
        })
        .sum()
}

pub(crate) fn inputs(count: usize) -> Vec<Input> {
    (0..count).map(|n| Input::new("phone", 1, &format!("+86138{n:08}")).unwrap()).collect()
}

pub(crate) fn blinded(count: usize, padded: usize) -> (Blinding, BlindedElements) {
    let seed = ChunkSeed::draw(&mut SeededRng::new(77), b"node secret", b"chunk 0");
    blind(inputs(count), &seed, padded).unwrap()
}

/// Gathers the honest answers of `quorum`.
pub(crate) fn gather(gathering: &mut Gathering, quorum: &[&KeyShare]) {
    let mut rng = SeededRng::new(5);
    for share in quorum {
        if gathering.with_proof() {
            let (answer, proof) = share.blind_evaluate(gathering.blinded(), &mut rng).unwrap();
            gathering.accept(share.holder(), answer.packed(), Some(&proof.encode())).unwrap();
        } else {
            let answer = share.evaluate(gathering.blinded());
            gathering.accept(share.holder(), answer.packed(), None).unwrap();
        }
    }
}

/// Closes a chunk that is large enough for a check element.
pub(crate) fn ask(gathering: Gathering, number: u64) -> Box<CheckRequest> {
    match gathering.close(&mut SeededRng::new(number)) {
        Ok(Closed::Ask(request)) => request,
        Ok(Closed::Passed(_)) => panic!("a large chunk is checked"),
        Err(gathering) => panic!("{} answers are missing", gathering.missing()),
    }
}

/// The honest answer to the check element.
pub(crate) fn answer_check(request: &mut CheckRequest, share: &KeyShare) {
    let element = BlindedElements::decode(&request.element(), 1).unwrap();
    let (answer, proof) = share.blind_evaluate(&element, &mut SeededRng::new(6)).unwrap();
    request.accept(share.holder(), answer.packed(), &proof.encode()).unwrap();
}

/// Everybody of `quorum` answers the check element honestly, and the chunk is decided.
pub(crate) fn decide(gathering: Gathering, quorum: &[&KeyShare]) -> Result<Checked, Box<CheckFailed>> {
    let mut request = ask(gathering, 9);
    for share in quorum {
        answer_check(&mut request, share);
    }
    request.decide()
}

/// The whole way from inputs to outputs with honest holders.
pub(crate) fn outputs(holders: &Holders, quorum: &[u8], count: usize) -> Vec<Output> {
    let quorum = holders.quorum(quorum);
    let (blinding, elements) = blinded(count, count.next_power_of_two());
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    gather(&mut gathering, &quorum);
    let checked = if gathering.with_proof() {
        match gathering.close(&mut SeededRng::new(1)) {
            Ok(Closed::Passed(checked)) => checked,
            _ => panic!("a small chunk passes with its proofs"),
        }
    } else {
        decide(gathering, &quorum).unwrap()
    };
    blinding.finalise(checked, None).unwrap()
}

/// All subsets of `1..=holders` with `size` members.
pub(crate) fn subsets(holders: u8, size: u8) -> Vec<Vec<u8>> {
    (0_u32..1 << holders)
        .filter(|set| set.count_ones() == u32::from(size))
        .map(|set| (1..=holders).filter(|number| set >> (number - 1) & 1 == 1).collect())
        .collect()
}

pub(crate) fn set(numbers: &[u8]) -> BTreeSet<HolderIndex> {
    numbers.iter().map(|number| index(*number)).collect()
}
