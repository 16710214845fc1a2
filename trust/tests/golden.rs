//! The seeds of the fuzz targets were made by a second implementation of every format, in another language: what they
//! hold is what this crate must read, and, where nothing is random or the randomness counts, write to the byte.

#[expect(
    dead_code,
    unreachable_pub,
    reason = "shared with the fuzz package, where all of it is public and used"
)]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use lianfang_trust::at_rest::{
    BlindIndex, ColumnCipher, Cost, KeyRing, UnlockMethod, UnlockSecret, open_file, seal_file,
};
use lianfang_trust::audit::{self, Entry, Head};
use lianfang_trust::envelope::seal;
use lianfang_trust::merkle::pruned::{ItemReader, PrunedVerifier};
use lianfang_trust::{Canonical, Digest, Signed};
use targets::{Counting, Sample, master, receiver, signer};

macro_rules! seed {
    ($path:literal) => {
        include_bytes!(concat!("../fuzz/seeds/", $path))
    };
}

fn empty() -> Sample {
    Sample {
        numbers: (0, 0, 0, 0, 0),
        flag: false,
        fixed: [0; 4],
        bytes: vec![],
        text: String::new(),
        option: None,
        set: vec![],
        inner: vec![],
    }
}

fn full() -> Sample {
    Sample {
        numbers: (1, 2, 3, 4, -5),
        flag: true,
        fixed: [0xde, 0xad, 0xbe, 0xef],
        bytes: vec![0, 1],
        text: "联防".to_owned(),
        option: Some(515),
        set: vec![7, 70000],
        inner: vec![empty()],
    }
}

#[test]
fn canonical_encoding() {
    assert_eq!(empty().encode(), seed!("canonical/empty"));
    assert_eq!(full().encode(), seed!("canonical/full"));
    assert_eq!(Sample::decode(seed!("canonical/full")), Ok(full()));
    let by_hand = [
        "000000000000000f6c69616e66616e672f73616d706c6503", // domain, version
        "00000000000000000000000000000000000000000000000000000000", // numbers, flag, fixed
        "000000000000000000000000000000000000000000000000000000000000000000", // bytes, text, option, two lists
    ];
    assert_eq!(hex::encode(empty().encode()), by_hand.concat());
}

#[test]
fn digest_and_its_short_form() {
    let digest = full().digest();
    assert_eq!(digest, Digest::of("lianfang/sample", seed!("canonical/full")));
    assert!(digest.to_hex().starts_with("f87121c43223c9e1a388243e53b1d2f4beb366bf"));
    assert_eq!(digest.short(), "Z1RJ-3H1J-4F4Y-38W8-4GZ5-7CEJ-YJZB-6SNZ");
}

#[test]
fn signed_envelope() {
    assert_eq!(Signed::sign(&signer(), empty()).bytes(), seed!("signed/empty"));
    assert_eq!(Signed::sign(&signer(), full()).bytes(), seed!("signed/full"));
    assert_eq!(signer().verifying_key().fingerprint(), "4036 8f84 4157 d7d7 84f8 c01b 1105 4ecc");
}

#[test]
fn hpke_envelope() {
    let sealed = seal(&receiver().public(), b"info", b"aad", b"a share of a key", &mut Counting(0));
    assert_eq!(sealed.as_deref(), Ok(seed!("envelope/valid").as_slice()));
    let opened = receiver().open(b"info", b"aad", seed!("envelope/valid")).expect("the seed opens");
    assert_eq!(*opened, b"a share of a key");
    assert!(receiver().open(b"info", b"aad", seed!("envelope/nothing")).expect("the seed opens").is_empty());
}

#[test]
fn key_ring() {
    let secret = UnlockSecret::key_file(&[9; 32]).expect("long enough");
    let (ring, made) = KeyRing::create(&secret, Cost::STANDARD, &mut Counting(0)).expect("no cost to pay");
    assert_eq!(ring.encode(), seed!("key_ring/key_file"));
    let stored = KeyRing::decode(seed!("key_ring/key_file")).expect("the seed is well formed");
    let unlocked = stored.unlock(&secret).expect("the seed unlocks");
    for master in [made, unlocked] {
        assert_eq!(
            open_file(&master, "sample", seed!("sealed_file/valid")).expect("it opens").as_slice(),
            b"content"
        );
    }

    let stored = KeyRing::decode(seed!("key_ring/passphrase")).expect("the seed is well formed");
    assert_eq!(stored.method(), UnlockMethod::Passphrase);
    let secret = UnlockSecret::passphrase("正确的口令 correct horse\r\n".as_bytes()).expect("long enough");
    let unlocked = stored.unlock(&secret).expect("the seed unlocks");
    assert!(open_file(&unlocked, "sample", seed!("sealed_file/nothing")).expect("it opens").is_empty());
}

#[test]
fn sealed_file_column_and_index() {
    let (master, rng) = (master(), &mut Counting(0));
    assert_eq!(
        seal_file(&master, "sample", b"content", rng).as_deref(),
        Ok(seed!("sealed_file/valid").as_slice())
    );
    let column = ColumnCipher::new(&master, "table", "column");
    assert_eq!(column.seal(-5, b"value", &mut Counting(0)).as_deref(), Ok(seed!("column/valid").as_slice()));
    assert_eq!(column.open(-5, seed!("column/valid")).expect("the seed opens").as_slice(), b"value");
    let index = BlindIndex::new(&master, "table", "column").of(b"value");
    assert_eq!(hex::encode(index), "e090e2f0b0b85f3f3383009ee81ba46d");
}

#[test]
fn pruned_tree() {
    let mut root = [0; 32];
    hex::decode_to_slice("c88ad3f5c0edf360dee2299dc572423a0ba995aeeb0c0821ff1e4413d42505c1", &mut root)
        .expect("hexadecimal");
    let mut verifier = PrunedVerifier::new(3).expect("a small tree");
    let mut places = Vec::new();
    for item in ItemReader::new(&seed!("pruned/some_of_eight")[1..], 3) {
        places.extend(verifier.push(item.expect("well formed")).expect("in order"));
    }
    assert_eq!(places, [3, 5]);
    assert_eq!(verifier.finish(&root), Ok(()));
}

#[test]
fn audit_chain() {
    let mut head = Head::genesis("sample");
    let mut bytes = Vec::new();
    let events: [(i64, &str, &[u8]); 3] = [
        (1000, "node.start", br#"{"version":"0.1.0"}"#),
        (-1, "quota.charged", b""),
        (2000, "job.closed", "结束".as_bytes()),
    ];
    let mut entries = Vec::new();
    for (time, event, body) in events {
        let entry = head.entry(time, event, body.to_vec()).expect("a proper entry");
        head = head.after(&entry).expect("the next entry");
        let encoded = entry.encode();
        bytes.extend_from_slice(&u16::try_from(encoded.len()).expect("short").to_be_bytes());
        bytes.extend_from_slice(&encoded);
        entries.push(Entry::decode(&encoded).expect("canonical"));
    }
    assert_eq!(bytes, seed!("audit/three"));
    assert_eq!(head.last().to_hex(), "3b71edc655d9250fccd78289b92738ac99edbf15e23cd68c6251387ce636718f");
    assert_eq!(audit::verify(Head::genesis("sample"), &entries, &[head]), Ok(head));
}
