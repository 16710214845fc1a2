//! What the register keeps, gives out and forgets.

use std::io::Cursor;

use jiff::civil::Date;
use lianfang_desk::Lang;
use lianfang_proto::catalogue::{Class, Kind};
use lianfang_proto::documents::terms::Admission;
use lianfang_proto::ids::Epoch;
use lianfang_proto::label::NumberSet;

use super::*;
use crate::ingest::tests::books;
use crate::ingest::{Options, RegisterFile, Rejects};
use crate::store::tests::Bench;

mod canary;
mod hands;
mod importing;
mod inputs;
mod model;
mod numbers;
mod pace;
mod protecting;
mod resuming;
mod selecting;
#[cfg(feature = "sources")]
mod sources;
mod standing;

type File = RegisterFile;

const KEY: OutputKey = OutputKey { class: Class::Subject, epoch: Epoch(1), public: [7; 32] };

/// A register in a store of its own.
struct Desk {
    bench: Bench,
    log: Log,
    register: Register,
}

impl Desk {
    async fn new() -> Self {
        Self::at(Bench::new().await)
    }

    fn at(bench: Bench) -> Self {
        let log = Log::new(bench.store.clone(), "alpha");
        let register = Register::new(bench.store.clone(), log.clone());
        Self { bench, log, register }
    }

    async fn import(&self, text: &str) -> ImportSummary {
        self.import_with(text, options()).await.0
    }

    async fn import_full(&self, text: &str) -> ImportSummary {
        self.import_with(text, ImportOptions { full: true, ..options() }).await.0
    }

    async fn import_with(&self, text: &str, options: ImportOptions) -> (ImportSummary, String) {
        self.import_file(file(text), options).await
    }

    async fn import_file(&self, file: File, options: ImportOptions) -> (ImportSummary, String) {
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        let done = self.register.import(file.into(), options, &mut rejects, |_| ()).await;
        let summary = done.unwrap_or_else(|error| panic!("{error}"));
        (summary, String::from_utf8(rejects.finish().unwrap()).unwrap())
    }

    fn everything(&self) -> Selection {
        self.register.selection(Admission::everyone(), every_kind())
    }

    /// All pages, of two identifiers each.
    async fn eligible(&self, selection: &Selection) -> Vec<Eligible> {
        let (mut all, mut after) = (Vec::new(), IdentifierId::START);
        loop {
            let page = selection.page(after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { return all };
            assert!(after < page[0].id && page.is_sorted_by_key(|eligible| eligible.id));
            after = last.id;
            all.extend(page);
        }
    }

    /// `kind value` of all that is eligible, sorted.
    async fn values(&self, selection: &Selection) -> Vec<String> {
        let eligible = self.eligible(selection).await;
        let mut values: Vec<_> =
            eligible.iter().map(|e| format!("{} {}", e.value.kind(), e.value.value())).collect();
        values.sort();
        values
    }

    /// Caches an output for every identifier that has none, and says how many there were.
    async fn fill(&self) -> usize {
        self.fill_after(IdentifierId::START).await.0
    }

    async fn fill_after(&self, after: IdentifierId) -> (usize, IdentifierId) {
        let missing = self.everything().page_without_output(&KEY, after, 4096).await.unwrap();
        let outputs: Vec<_> = missing.iter().map(|e| (e.id, y_of(&e.value))).collect();
        let mut tx = self.bench.store.begin().await.unwrap();
        let stored = self.register.outputs(KEY).put(&mut tx, &outputs).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(stored, outputs.len() as u64);
        (outputs.len(), outputs.last().map_or(after, |(id, _)| *id))
    }

    async fn cached(&self) -> u64 {
        self.register.outputs(KEY).count().await.unwrap()
    }

    async fn events(&self) -> Vec<String> {
        self.log.list(0, 1000).await.unwrap().iter().map(|entry| entry.event().to_owned()).collect()
    }
}

fn options() -> ImportOptions {
    ImportOptions { full: false, retract_many: false, dry_run: false, today: Date::constant(2026, 1, 1) }
}

/// A file of which nothing is known but its rows.
fn bare<I>(entries: I) -> Source<I> {
    Source { content: None, header: Vec::new(), lacks: Vec::new(), origin: None, entries }
}

fn file(text: &str) -> File {
    RegisterFile::open(Cursor::new(text.as_bytes().to_vec()), &Options::default()).unwrap()
}

/// The same as a workbook, in which a row with too many cells still names its record.
fn sheet(text: &str) -> File {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    let book = books::book(&[("a", &books::rows(&lines))], &[]);
    RegisterFile::open(Cursor::new(book), &Options::default()).unwrap()
}

fn every_kind() -> NumberSet {
    Kind::ALL.iter().map(|kind| kind.number()).collect()
}

/// A stand-in for the tag function that tells values apart.
fn y_of(value: &crate::normalise::Canonical) -> Output {
    let mut y = Output::new([0; 64]);
    let input = value.tag_input();
    input
        .bytes()
        .enumerate()
        .for_each(|(at, byte)| y[at % 64] ^= byte.rotate_left(u32::try_from(at / 64).unwrap()));
    y
}
