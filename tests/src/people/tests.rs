//! The truth is what importer and normaliser find, and every overlap occurs.

use std::io::Cursor;

use jiff::civil::date;
use lianfang_node::ingest::{Disposition, Options, RegisterFile, Severity};
use lianfang_node::normalise::{Column, Rules};

use super::*;

fn overlaps(world: &World) -> BTreeMap<usize, usize> {
    let mut holders: BTreeMap<&(Kind, String), BTreeSet<&str>> = BTreeMap::new();
    for bank in &world.banks {
        for row in bank.rows.iter().filter(|row| row.standing == Standing::In) {
            for identifier in &row.identifiers {
                holders.entry(identifier).or_default().insert(&bank.id);
            }
        }
    }
    let mut counts = BTreeMap::new();
    for banks in holders.into_values() {
        *counts.entry(banks.len()).or_default() += 1;
    }
    counts
}

/// What the node's own path makes of a register, as truth.
fn as_read(bank: &BankRegister) -> Vec<TruthRow> {
    let rules = Rules::new(date(2026, 11, 22));
    let file = RegisterFile::open(Cursor::new(bank.file.clone()), &Options::default()).unwrap();
    assert!(file.header_issues().is_empty(), "{:?}", file.header_issues());
    let mut rows = Vec::new();
    for entry in file.map(Result::unwrap) {
        let row = entry.row.unwrap();
        let mut findings = vec![rules.name_birth(&row.name, &row.birth_date)];
        findings.extend(row.identifiers.iter().map(|cell| rules.cell(cell.column, &cell.text)));
        let values = findings.iter().flat_map(|found| &found.values);
        let refused = findings
            .iter()
            .flat_map(|found| &found.issues)
            .filter(|issue| issue.severity == Severity::Reject);
        let unread = entry.issues.iter().filter(|issue| issue.reason.severity == Severity::Reject);
        let month = |date: Option<jiff::civil::Date>| {
            date.map_or(String::new(), |date| date.strftime("%Y-%m").to_string())
        };
        let standing = match row.disposition() {
            Disposition::In => Standing::In,
            Disposition::Held => Standing::Held,
            Disposition::Victim => Standing::Victim,
            Disposition::Out => Standing::Out,
        };
        rows.push(TruthRow {
            standing,
            role: row.role,
            first_month: month(row.first_seen),
            last_month: month(row.last_seen),
            identifiers: values.map(|value| (value.kind(), value.value().to_owned())).collect(),
            rejected: refused.count() + unread.count(),
            record: row.record,
            typologies: row.typologies,
            grade: row.grade,
        });
    }
    rows
}

fn agree(world: &World) {
    for bank in &world.banks {
        let read = as_read(bank);
        assert_eq!(read.len(), bank.rows.len());
        for (read, truth) in read.iter().zip(&bank.rows) {
            assert_eq!((&read.record, read.standing, read.role), (&truth.record, truth.standing, truth.role));
            let missing: Vec<_> = truth.identifiers.difference(&read.identifiers).collect();
            let extra: Vec<_> = read.identifiers.difference(&truth.identifiers).collect();
            assert!(
                missing.is_empty() && extra.is_empty(),
                "{} {}: -{missing:?} +{extra:?}",
                bank.id,
                truth.record
            );
            assert_eq!(read.rejected, truth.rejected, "{} {}", bank.id, truth.record);
            assert_eq!((&read.typologies, read.grade), (&truth.typologies, truth.grade));
            assert_eq!((&read.first_month, &read.last_month), (&truth.first_month, &truth.last_month));
        }
    }
}

#[test]
fn the_node_finds_the_truth_in_every_encoding() {
    for seed in 1..=3 {
        agree(&World::generate(seed, 5, 300, Shape::Ordinary));
    }
}

#[test]
fn the_node_finds_the_truth_in_every_shape() {
    for shape in [Shape::Identical, Shape::Disjoint, Shape::OneEmpty, Shape::ValuesTwice] {
        agree(&World::generate(7, 4, 60, shape));
    }
}

#[test]
fn one_seed_makes_one_world() {
    let files = |seed| {
        World::generate(seed, 3, 40, Shape::Ordinary)
            .banks
            .into_iter()
            .map(|bank| bank.file)
            .collect::<Vec<_>>()
    };
    assert_eq!(files(5), files(5));
    assert_ne!(files(5), files(6));
}

#[test]
fn every_overlap_occurs() {
    for banks in [2, 3, 5, 8] {
        let counts = overlaps(&World::generate(1, banks, 100, Shape::Ordinary));
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), (1..=banks).collect::<Vec<_>>());
    }
}

#[test]
fn every_kind_standing_and_mistake_occurs() {
    let world = World::generate(2, 5, 400, Shape::Ordinary);
    let rows = || world.banks.iter().flat_map(|bank| &bank.rows);
    let kinds: BTreeSet<Kind> =
        rows().flat_map(|row| row.identifiers.iter().map(|(kind, _)| *kind)).collect();
    assert_eq!(kinds, Kind::ALL.iter().copied().collect());
    for standing in [Standing::In, Standing::Held, Standing::Victim, Standing::Out] {
        assert!(rows().any(|row| row.standing == standing));
    }
    assert!(rows().any(|row| row.rejected > 0));
    let writings: Vec<Writing> = world.banks.iter().map(|bank| bank.style.writing).collect();
    assert!(writings.iter().all(|one| writings.iter().filter(|other| *other == one).count() == 1));
}

#[test]
fn the_shapes_are_what_they_say() {
    let counts = overlaps(&World::generate(4, 3, 80, Shape::Disjoint));
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [1]);
    let counts = overlaps(&World::generate(4, 3, 80, Shape::Identical));
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [3]);
    let lengths =
        |shape| World::generate(4, 3, 20, shape).banks.iter().map(|bank| bank.rows.len()).collect::<Vec<_>>();
    assert_eq!(lengths(Shape::Ordinary), [20, 20, 20]);
    assert_eq!(lengths(Shape::OneEmpty), [20, 20, 0]);
    assert_eq!(lengths(Shape::OneLarge), [2000, 20, 20]);
}

#[test]
fn an_agent_stands_behind_several_complainants() {
    let world = World::generate(1, 2, 300, Shape::Ordinary);
    let mut behind: BTreeMap<&str, usize> = BTreeMap::new();
    for row in world.banks[0].rows.iter().filter(|row| row.role == Some(Role::Complainant)) {
        for (_, value) in row.identifiers.iter().filter(|(kind, _)| *kind == Kind::AddressUnit) {
            *behind.entry(value).or_default() += 1;
        }
    }
    assert!(behind.values().any(|&complainants| complainants >= 3));
    assert!(Column::ALL.len() == 19, "a new column wants a fact");
}
