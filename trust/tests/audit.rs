//! A log in which anything was changed, left out, put in, reordered or cut off says so, and where.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

use lianfang_trust::audit::{Broken, BrokenWhy, Entry, EntryError, Head, MAX_BODY, SignedHead, verify};
use lianfang_trust::{Canonical, Digest32, SigningKey};
use proptest::prelude::*;

fn log(name: &str, count: u64) -> (Vec<Entry>, Vec<Head>) {
    let mut heads = vec![Head::genesis(name)];
    let mut entries = Vec::new();
    for number in 0..count {
        let head = heads[heads.len() - 1];
        let time = i64::try_from(number).unwrap() * 1000;
        let entry = head.entry(time, "job.step", format!(r#"{{"n":{number}}}"#).into_bytes()).unwrap();
        heads.push(head.after(&entry).unwrap());
        entries.push(entry);
    }
    (entries, heads)
}

fn broken(seq: u64, why: BrokenWhy) -> Result<Head, Broken> {
    Err(Broken { seq, why })
}

#[test]
fn a_whole_log_and_its_parts() {
    let (entries, heads) = log("bank-a", 20);
    assert_eq!(verify(heads[0], &entries, &heads), Ok(heads[20]));
    assert_eq!(verify(heads[7], &entries[7..], &heads), Ok(heads[20]));
    assert_eq!(verify(heads[0], &entries[..0], &[]), Ok(heads[0]));
    assert_eq!(heads[20].entries(), 20);
    assert_eq!(heads[20].last(), entries[19].hash());
}

#[test]
fn left_out_put_in_reordered() {
    let (entries, heads) = log("bank-a", 6);
    let mut missing = entries.clone();
    missing.remove(2);
    assert_eq!(verify(heads[0], &missing, &[]), broken(2, BrokenWhy::OutOfOrder { found: 3 }));
    let mut twice = entries.clone();
    twice.insert(3, entries[2].clone());
    assert_eq!(verify(heads[0], &twice, &[]), broken(3, BrokenWhy::OutOfOrder { found: 2 }));
    let mut swapped = entries.clone();
    swapped.swap(1, 2);
    assert_eq!(verify(heads[0], &swapped, &[]), broken(1, BrokenWhy::OutOfOrder { found: 2 }));
    let (others, _) = log("bank-b", 6);
    assert_eq!(verify(heads[0], &others, &[]), broken(0, BrokenWhy::OtherPast));
}

#[test]
fn a_rewritten_past_is_found_by_the_entry_after_it() {
    let (mut entries, heads) = log("bank-a", 6);
    // The forger makes the changed entry's own hash right again.
    entries[2] = heads[2].entry(2000, "job.step", b"nothing to see".to_vec()).unwrap();
    assert_eq!(verify(heads[0], &entries, &[]), broken(3, BrokenWhy::OtherPast));
    // And all after it too: only a head that others keep tells.
    let mut head = heads[2];
    for entry in &mut entries[2..] {
        *entry = head.entry(entry.time_us(), entry.event(), b"rewritten".to_vec()).unwrap();
        head = head.after(entry).unwrap();
    }
    assert_eq!(verify(heads[0], &entries, &[]), Ok(head));
    assert_eq!(verify(heads[0], &entries, &[heads[4]]), broken(4, BrokenWhy::OtherHead));
}

#[test]
fn a_cut_off_end_is_found_by_an_older_signed_head() {
    let (entries, heads) = log("bank-a", 6);
    let key = SigningKey::from_bytes(&[1; 32]);
    let signed = SignedHead::sign(&key, heads[5]);
    let kept = SignedHead::open(signed.bytes(), &key.verifying_key()).unwrap();
    assert_eq!(verify(heads[0], &entries[..4], &[]), Ok(heads[4]));
    assert_eq!(verify(heads[0], &entries[..4], &[*kept.value()]), broken(4, BrokenWhy::CutOff));
    assert_eq!(verify(heads[0], &entries, &[*kept.value()]), Ok(heads[6]));
    let (_, others) = log("bank-b", 6);
    assert_eq!(verify(heads[0], &entries, &[others[3]]), broken(0, BrokenWhy::OtherHead));
}

#[test]
fn entries_are_words_and_short_bodies() {
    let head = Head::genesis("bank-a");
    for event in ["", "Job", "job closed", "结束", &"x".repeat(65)] {
        assert_eq!(head.entry(0, event, vec![]).err(), Some(EntryError::Event));
    }
    assert_eq!(head.entry(0, "job", vec![0; MAX_BODY + 1]).err(), Some(EntryError::Body));
    let largest = head.entry(0, &"x".repeat(64), vec![0; MAX_BODY]).unwrap();
    assert!(Entry::decode(&largest.encode()).is_ok_and(|entry| entry == largest));
}

proptest! {
    #[test]
    fn any_changed_field_is_found(at in 0..6_usize, field in 0..6, bit in 0..8_u8) {
        let (mut entries, heads) = log("bank-a", 6);
        let old = &entries[at];
        let flip = |digest: &Digest32| {
            let mut bytes = *digest.as_bytes();
            bytes[at] ^= 1 << bit;
            Digest32::from_bytes(bytes)
        };
        let mut body = old.body().to_vec();
        let (mut seq, mut time, mut event) = (old.seq(), old.time_us(), old.event().to_owned());
        let (mut prev, mut hash) = (*old.prev(), *old.hash());
        match field {
            0 => seq ^= 1 << bit,
            1 => time ^= 1 << bit,
            2 => event.push('x'),
            3 => body[0] ^= 1 << bit,
            4 => prev = flip(&prev),
            _ => hash = flip(&hash),
        }
        entries[at] = Entry::from_store(seq, time, event, body, prev, hash);
        let found = verify(heads[0], &entries, &[]).unwrap_err();
        prop_assert_eq!(found.seq, at as u64);
    }

    #[test]
    fn heads_read_back(name in "[a-z]{1,9}", count in 0..5_u64) {
        let (_, heads) = log(&name, count);
        let last = heads[heads.len() - 1];
        prop_assert_eq!(Head::decode(&last.encode()), Ok(last));
    }
}
