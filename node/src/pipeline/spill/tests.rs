//! Sorted as memory would, damaged runs, and runs that another process goes on with.

use std::io::{Read, Seek, SeekFrom, Write};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

fn sort(records: &[Vec<u8>], buffer: usize) -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::with_buffer(dir.path(), &mut StdRng::seed_from_u64(1), buffer);
    for record in records {
        sorter.push(record).unwrap();
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a run has a name");
    let mut sorted = sorter.finish().unwrap();
    let mut out = Vec::new();
    while let Some(record) = sorted.next().unwrap() {
        out.push(record.to_vec());
    }
    out
}

#[test]
fn sorts_as_memory_would() {
    let mut rng = StdRng::seed_from_u64(7);
    // A buffer this small makes more runs than are merged at once.
    for (count, buffer) in [(0, 64), (1, 64), (10, 1 << 20), (3_000, 200), (5_000, 4_096)] {
        let mut records: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..rng.random_range(0..40)).map(|_| rng.random_range(0..3)).collect())
            .collect();
        let sorted = sort(&records, buffer);
        records.sort();
        assert!(sorted == records, "{count} records, {buffer} bytes");
    }
}

#[test]
fn a_changed_block_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::new(dir.path(), &mut StdRng::seed_from_u64(1));
    sorter.push(b"13912345678").unwrap();
    sorter.spill().unwrap();
    let file = &mut sorter.runs[0].file;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert!(!bytes.windows(11).any(|w| w == b"13912345678"), "clear text in a run");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let error = sorter.finish().err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

/// All that a sorter with a name gives, after as many processes as there are parts.
fn sort_in_parts(dir: &Path, parts: &[&[Vec<u8>]]) -> io::Result<Vec<Vec<u8>>> {
    let (key, mut marks) = ([7; 32], Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let keep = Keep { name: "rows", key: &key, runs: &marks };
        let mut sorter = Sorter::kept(dir, &keep, &mut StdRng::seed_from_u64(at as u64))?;
        for record in *part {
            sorter.push(record)?;
        }
        marks = sorter.settle()?;
        // Begun and lost: the next process writes under the same number.
        sorter.push(b"lost")?;
        sorter.spill()?;
    }
    let keep = Keep { name: "rows", key: &key, runs: &marks };
    let mut sorted = Sorter::kept(dir, &keep, &mut StdRng::seed_from_u64(99))?.finish()?;
    let mut out = Vec::new();
    while let Some(record) = sorted.next()? {
        out.push(record.to_vec());
    }
    Ok(out)
}

#[test]
fn another_process_goes_on_with_runs_that_have_a_name() {
    let mut rng = StdRng::seed_from_u64(8);
    let mut record = || (0..rng.random_range(1..40)).map(|_| rng.random()).collect::<Vec<u8>>();
    let records: Vec<Vec<u8>> = (0..500).map(|_| record()).collect();
    // More parts than runs are merged at once.
    let parts: Vec<&[Vec<u8>]> = records.chunks(3).collect();
    assert!(parts.len() > 2 * FAN_IN);
    let dir = tempfile::tempdir().unwrap();
    let mut expected = records.clone();
    expected.sort();
    assert!(sort_in_parts(dir.path(), &parts).unwrap() == expected);
    assert!(sort_in_parts(tempfile::tempdir().unwrap().path(), &[]).unwrap().is_empty());
}

#[test]
fn a_run_that_is_missing_or_cut_off_is_no_shorter_run() {
    let dir = tempfile::tempdir().unwrap();
    let keep = |runs| Keep { name: "rows", key: &[7; 32], runs };
    let mut rng = StdRng::seed_from_u64(1);
    let mut sorter = Sorter::kept(dir.path(), &keep(&[]), &mut rng).unwrap();
    for at in 0..40_000_u32 {
        sorter.push(&at.to_be_bytes()).unwrap();
    }
    let marks = sorter.settle().unwrap();
    assert!(marks.len() == 1 && marks[0].blocks > 2);
    let path = dir.path().join(file_name("rows", marks[0].number));
    let whole = std::fs::read(&path).unwrap();
    let read = |rng: &mut StdRng| -> io::Result<u32> {
        let mut sorted = Sorter::kept(dir.path(), &keep(&marks), rng)?.finish()?;
        let mut count = 0;
        while sorted.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    };
    assert_eq!(read(&mut rng).unwrap(), 40_000);
    let length = u32::from_be_bytes(*whole.first_chunk().unwrap()) as usize;
    for end in [0, 3, 4 + length, whole.len() - 1] {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert_eq!(read(&mut rng).unwrap_err().kind(), io::ErrorKind::InvalidData, "{end}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read(&mut rng).unwrap_err().kind(), io::ErrorKind::NotFound);
}
