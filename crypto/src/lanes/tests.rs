//! Every engine against the `sha2`, `hmac` and `hkdf` crates, on every length and every number of lanes.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use rand_core::Rng;
use sha2::{Digest, Sha512};

use super::engine::{Engine, Kernel, Lanes, run_with};
use super::expand::Expansion;
use super::hashes::{Digests, authentication, digests, expand_keys, expansion, expansion_suffix, macs};
use super::hashing::Hashing;
use super::portable::Portable;
use super::sha512::{AFTER_ZERO_BLOCK, Block, INITIAL, Rows, State, compress, compress_lanes};
use super::words::{Row, Words};
use crate::test_rng::SeededRng;

const DOMAIN: &[u8] = b"a domain of its own";

/// What `job` gives on each engine that this CPU has.
fn on_each<K: Kernel<Output = Digests>>(job: impl Fn() -> K) -> Vec<Vec<[u8; 64]>> {
    let each: Vec<_> = Lanes::ALL.into_iter().filter_map(|lanes| run_with(lanes, job())).collect();
    assert!(!each.is_empty());
    each.into_iter().map(|digests| digests.to_vec()).collect()
}

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    Sha512::digest(parts.concat()).into()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// RFC 9380 section 5.3.1, letter by letter.
fn expand_message_xmd(message: &[u8], domain: &[u8]) -> [u8; 64] {
    let domain_len = [u8::try_from(domain.len()).unwrap()];
    let first = sha512(&[&[0; 128], message, &[0, 64, 0], domain, &domain_len]);
    sha512(&[&first, &[1], domain, &domain_len])
}

fn random(len: usize, rng: &mut SeededRng) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// All hashes of `texts` equal their one-at-a-time selves on each engine.
fn check(texts: &[Vec<u8>], key: &[u8], domain: &[u8]) {
    let messages: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let expected =
        |one: &dyn Fn(&[u8]) -> [u8; 64]| messages.iter().map(|text| one(text)).collect::<Vec<_>>();

    let plain = expected(&|text| sha512(&[text]));
    for found in on_each(|| Hashing::plain(&messages)) {
        assert_eq!(found, plain);
    }
    let pieces: Vec<[&[u8]; 2]> = messages.iter().map(|text| text.split_at(text.len() / 3).into()).collect();
    for found in on_each(|| Hashing::plain(&pieces)) {
        assert_eq!(found, plain);
    }

    let expanded = expected(&|text| expand_message_xmd(text, domain));
    let suffix = expansion_suffix(domain);
    for found in on_each(|| expansion(&messages, &suffix)) {
        assert_eq!(found, expanded);
    }

    let authentic = expected(&|text| hmac(key, &[domain, text]));
    let job = || authentication(key, domain, &messages);
    for found in on_each(job) {
        assert_eq!(found, authentic);
    }
}

/// The MAC of `text` under each key equals HMAC's and, where it is HKDF's, HKDF's.
fn check_keys(keys: &[[u8; 64]], text: &[u8]) {
    let named: Vec<&[u8; 64]> = keys.iter().collect();
    let expected: Vec<_> = keys.iter().map(|key| hmac(key, &[text])).collect();
    for found in on_each(|| Expansion::new(&named, &text)) {
        assert_eq!(found, expected);
    }
    let expected = keys.iter().map(|key| {
        let mut okm = [0; 64];
        Hkdf::<Sha512>::from_prk(key).unwrap().expand(text, &mut okm).unwrap();
        okm
    });
    assert_eq!(*expand_keys(&named, &[text, &[]]), expected.collect::<Vec<_>>());
}

#[test]
fn every_length_and_number_of_lanes() {
    let mut rng = SeededRng::new(1);
    for len in 0..=400 {
        let texts: Vec<_> = (0..=len % 21).map(|_| random(len, &mut rng)).collect();
        check(&texts, &random(len, &mut rng), &random(len % 256, &mut rng));
    }
}

#[test]
fn lengths_of_all_kinds_in_one_batch() {
    let mut rng = SeededRng::new(2);
    for count in 0..=20 {
        for _ in 0..4 {
            let lengths: Vec<_> = (0..count).map(|_| (rng.next_u32() % 700) as usize).collect();
            let texts: Vec<_> = lengths.into_iter().map(|len| random(len, &mut rng)).collect();
            check(&texts, &[7; 32], DOMAIN);
        }
    }
    // All lengths at once, in an order that is neither rising nor falling, and one that is much longer.
    let mut texts: Vec<_> = (0..401).map(|place| random(place * 163 % 401, &mut rng)).collect();
    texts.insert(200, random(70_000, &mut rng));
    check(&texts, &[7; 32], DOMAIN);
}

#[test]
fn many_keys_and_one_message() {
    let mut rng = SeededRng::new(3);
    for len in 0..=400 {
        let keys: Vec<[u8; 64]> = (0..len % 21).map(|_| random(64, &mut rng).try_into().unwrap()).collect();
        check_keys(&keys, &random(len, &mut rng));
    }
}

#[test]
fn lanes_do_not_mix() {
    let mut rng = SeededRng::new(4);
    for odd in 0..16 {
        let mut texts = vec![random(90, &mut rng); 16];
        texts[odd] = random(300, &mut rng);
        check(&texts, b"key", DOMAIN);
    }
}

#[test]
fn vectors_of_fips_180() {
    let vectors: [(&[u8], &str); 3] = [
        (
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (
            b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn\
              hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018\
             501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
        ),
    ];
    let messages: Vec<&[u8]> = vectors.iter().map(|(message, _)| *message).collect();
    for found in on_each(|| Hashing::plain(&messages)) {
        for (digest, (_, expected)) in found.iter().zip(&vectors) {
            assert_eq!(hex::encode(digest), *expected);
        }
    }
}

#[test]
fn vectors_of_rfc_4231() {
    let long: [u8; 131] = [0xaa; 131];
    let counted: Vec<u8> = (1..=25).collect();
    let vectors: [(&[u8], &[u8], &str); 6] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
             daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
             bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
        ),
        (
            &counted,
            &[0xcd; 50],
            "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db\
             a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
        ),
        (
            &long,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
             6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
        (
            &long,
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm.",
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944\
             b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
        ),
    ];
    for (key, message, expected) in vectors {
        let messages = [message; 9];
        for found in on_each(|| authentication(key, &[], &messages)) {
            assert!(found.iter().all(|mac| hex::encode(mac) == expected));
        }
        assert_eq!(hex::encode(macs(key, &[], &messages)[0]), expected);
        // A key of at most 64 bytes is the same key with zeros after it.
        if let Some(rest) = 64_usize.checked_sub(key.len()) {
            let key: [u8; 64] = [key, &vec![0; rest]].concat().try_into().unwrap();
            let keys = [&key; 9];
            for found in on_each(|| Expansion::new(&keys, &message)) {
                assert!(found.iter().all(|mac| hex::encode(mac) == expected));
            }
        }
    }
    assert_eq!(digests(&[b"abc".as_slice()])[0], sha512(&[b"abc"]));
}

#[test]
fn the_zero_block_is_absorbed() {
    let (mut state, zero) = (State::splat(&INITIAL), Block::zero());
    compress::<u64>(Portable, &mut state, &zero);
    assert_eq!(state.0, AFTER_ZERO_BLOCK.map(|word| [word]));
}

fn put<R: Row, const N: usize>(rows: &mut Rows<R, N>, lane: usize, words: &[u64; N]) {
    for (row, word) in rows.0.iter_mut().zip(words) {
        row.as_mut()[lane] = *word;
    }
}

/// Compresses one block by vectors, in each lane another.
struct Compression<'a>(&'a [[u64; 16]; 8], &'a [[u64; 8]; 8]);

impl Kernel for Compression<'_> {
    type Output = Vec<[u64; 8]>;

    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let lanes = <E::Words as Words>::Row::LANES;
        let (mut block, mut state) = (Block::zero(), State::zero());
        for lane in 0..lanes {
            put(&mut block, lane, &self.0[lane]);
            put(&mut state, lane, &self.1[lane]);
        }
        compress_lanes::<E::Words>(engine, &mut state, &block);
        (0..lanes).map(|lane| state.0.map(|row| row.as_ref()[lane])).collect()
    }
}

#[test]
fn vectors_compress_as_portable_words_do() {
    let mut rng = SeededRng::new(5);
    for _ in 0..200 {
        let blocks = [(); 8].map(|()| [(); 16].map(|()| rng.next_u64()));
        let states = [(); 8].map(|()| [(); 8].map(|()| rng.next_u64()));
        for lanes in Lanes::ALL {
            let found = run_with(lanes, Compression(&blocks, &states)).unwrap_or_default();
            for (lane, found) in found.iter().enumerate() {
                let (block, mut state) = (Block::splat(&blocks[lane]), State::splat(&states[lane]));
                compress::<u64>(Portable, &mut state, &block);
                assert_eq!(state.0.map(|[word]| word), *found);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_batch_hashes_as_one_at_a_time(
        texts in vec(vec(any::<u8>(), 0..300), 0..20),
        key in vec(any::<u8>(), 0..200),
        domain in vec(any::<u8>(), 0..256),
    ) {
        check(&texts, &key, &domain);
    }

    #[test]
    fn any_keys_expand_as_one_at_a_time(keys in vec(vec(any::<u8>(), 64), 0..20), text in vec(any::<u8>(), 0..300)) {
        let keys: Vec<[u8; 64]> = keys.into_iter().map(|key| key.try_into().unwrap()).collect();
        check_keys(&keys, &text);
    }
}
