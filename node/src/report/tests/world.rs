//! A small federation in memory, and its coordinator.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor};
use std::path::Path;

use async_trait::async_trait;
use futures::stream;
use lianfang_crypto::oprf::finalise::Output;
use lianfang_proto::catalogue::{Class, Disclosure, Grade, Kind, Role, Typology};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Admission, Method, Participant, Terms, Timing};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, JobId, KeyId};
use lianfang_proto::label::{Label, LabelContent, Month};
use lianfang_proto::row::{Item, TagBytes};
use lianfang_proto::v1::{ReadReportReply, Source};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::merkle::pruned::{LevelsWriter, Prover, Step, StoredLevels};
use lianfang_trust::merkle::{Hash, leaf_hash};
use lianfang_trust::{Canonical as _, Digest, Signed, SigningKey};

use crate::normalise::Canonical;
use crate::pipeline::submit::{Assembly, SubmissionFiles};
use crate::ports::{Chance, SystemChance};
use crate::report::*;

pub(super) fn bank(name: &str) -> BankId {
    BankId::parse(name, "bank").unwrap()
}

/// The output of the tag function, or something as good.
pub(super) fn y(kind: Kind, value: &str) -> Output {
    let mut bytes = *Digest::of("test/y", format!("{kind}|{value}").as_bytes()).as_bytes();
    Output::restore(&mut bytes)
}

/// What a bank knows about one record: the identifiers it mentions, and what is said.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) reference: &'static str,
    pub(super) role: Role,
    pub(super) grade: Grade,
    pub(super) typologies: Vec<Typology>,
    pub(super) months: (Month, Month),
    pub(super) identifiers: Vec<(Kind, &'static str)>,
}

pub(super) fn record(reference: &'static str, role: Role, identifiers: &[(Kind, &'static str)]) -> Record {
    let (typologies, months) = (Vec::new(), (Month::default(), Month::default()));
    Record { reference, role, grade: Grade::Suspected, typologies, months, identifiers: identifiers.to_vec() }
}

/// One bank with its register.
pub(super) struct Bank {
    pub(super) id: BankId,
    pub(super) group: GroupId,
    pub(super) records: Vec<Record>,
    /// Identifiers under which this bank seals labels that do not open.
    pub(super) garbles: Vec<(Kind, &'static str)>,
    /// Whom its labels name, where it is not the bank itself.
    pub(super) poses_as: Option<BankId>,
}

pub(super) fn member(name: &str, group: &str, records: Vec<Record>) -> Bank {
    let group = GroupId::parse(group, "group").unwrap();
    Bank { id: bank(name), group, records, garbles: Vec::new(), poses_as: None }
}

impl Bank {
    /// Its identifiers; the place in the list, counted from 1, is the row in its store.
    fn identifiers(&self) -> Vec<(Kind, &'static str)> {
        let all: BTreeSet<_> = self.records.iter().flat_map(|record| record.identifiers.clone()).collect();
        all.into_iter().collect()
    }

    fn label(&self, identifier: (Kind, &str)) -> LabelContent {
        let behind = self.records.iter().filter(|record| record.identifiers.contains(&identifier));
        let labels = behind.map(|record| LabelContent {
            roles: [record.role.number()].into_iter().collect(),
            typologies: record.typologies.iter().map(|t| t.number()).collect(),
            grade: record.grade,
            first_month: record.months.0,
            last_month: record.months.1,
            contact: format!("{}, \"desk 1\"", self.id),
        });
        labels
            .reduce(|mut one, other| {
                one.merge(&other);
                one
            })
            .unwrap()
    }
}

#[async_trait]
impl Outputs for Bank {
    async fn outputs_of(&self, ids: &[i64]) -> Result<Vec<(i64, Output)>, StoreError> {
        let all = self.identifiers();
        Ok(ids
            .iter()
            .map(|id| (*id, all[usize::try_from(id - 1).unwrap()]))
            .map(|(id, (k, v))| (id, y(k, v)))
            .collect())
    }
}

#[async_trait]
impl Mentions for Bank {
    async fn mentions_of(&self, ids: &[i64]) -> Result<Vec<Mention>, StoreError> {
        let all = self.identifiers();
        let mut found = Vec::new();
        for &identifier in ids {
            let (kind, value) = all[usize::try_from(identifier - 1).unwrap()];
            for record in self.records.iter().filter(|record| record.identifiers.contains(&(kind, value))) {
                found.push(Mention {
                    identifier,
                    value: Canonical::from_stored(kind, value.to_owned()),
                    record: record.reference.to_owned(),
                    role: record.role,
                });
            }
        }
        Ok(found)
    }
}

/// What one bank has submitted, as the coordinator has it too.
pub(super) struct Submitted {
    pub(super) files: SubmissionFiles,
    pub(super) header: SubmissionHeader,
    pub(super) rows: Vec<Vec<u8>>,
    levels: Vec<u8>,
}

/// An item that owns its bytes, so that a lie can change it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Woven {
    Count(TagBytes, u32),
    Row(u16, Vec<u8>),
    Hash(u16, u8, Hash),
}

impl Woven {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Count(tag, groups) => Item::Count { tag: *tag, groups: *groups }.write(out),
            Self::Row(source, row) => Item::Row { source: *source, row }.write(out),
            Self::Hash(source, height, hash) => {
                Item::Hash { source: *source, height: *height, hash: *hash }.write(out);
            }
        }
    }
}

/// A report as the coordinator sends it.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) sources: Vec<(BankId, Vec<u8>)>,
    pub(super) items: Vec<Woven>,
    pub(super) ends: bool,
}

pub(super) struct World {
    pub(super) terms: Terms,
    pub(super) banks: Vec<Bank>,
    pub(super) submitted: Vec<Submitted>,
    pub(super) spool: tempfile::TempDir,
}

pub(super) fn key(bank: &BankId) -> SigningKey {
    SigningKey::from_bytes(Digest::of("test/key", bank.as_str().as_bytes()).as_bytes().first_chunk().unwrap())
}

fn terms(banks: &[Bank], threshold: u16, disclosure: Disclosure) -> Terms {
    let mut participants: Vec<_> =
        banks.iter().map(|b| Participant { bank: b.id.clone(), group: b.group.clone() }).collect();
    participants.sort();
    Terms {
        job: JobId::from_random([7; 16]),
        key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
        key_record_digest: Digest::of("test", b"key record"),
        roster_version: 1,
        roster_digest: Digest::of("test", b"roster"),
        participants,
        rule_set: 1,
        kinds: Kind::ALL.iter().map(|k| k.number()).collect(),
        admission: Admission::everyone(),
        match_threshold: threshold,
        disclosure,
        method: Method::Plain,
        chunk_elements: 64,
        size_cap: 1_000,
        least_rows: 16,
        deadline: 0,
        timing: Timing::default(),
        run: None,
        purpose: "test".into(),
        legal_basis: "test".into(),
    }
}

impl World {
    pub(super) fn new(banks: Vec<Bank>, threshold: u16, disclosure: Disclosure) -> Self {
        let terms = terms(&banks, threshold, disclosure);
        let spool = tempfile::tempdir().unwrap();
        let submitted = banks.iter().map(|bank| submit(&terms, bank, spool.path())).collect();
        Self { terms, banks, submitted, spool }
    }

    fn place(&self, name: &str) -> usize {
        self.banks.iter().position(|b| b.id.as_str() == name).unwrap()
    }

    pub(super) fn bank(&self, name: &str) -> &Bank {
        &self.banks[self.place(name)]
    }

    pub(super) fn submission(&self, name: &str) -> &Submitted {
        &self.submitted[self.place(name)]
    }

    pub(super) fn part<'a>(&'a self, name: &str) -> Participation<'a> {
        let at = self.place(name);
        Participation {
            terms: &self.terms,
            bank: &self.banks[at].id,
            files: &self.submitted[at].files,
            spool: self.spool.path(),
            chance: &SystemChance,
        }
    }

    /// Tags that this bank submitted and that banks of enough groups hold, with the number of groups.
    fn matched(&self, reader: usize) -> BTreeMap<TagBytes, u32> {
        let mut groups: BTreeMap<TagBytes, BTreeSet<&GroupId>> = BTreeMap::new();
        for (bank, submitted) in self.banks.iter().zip(&self.submitted) {
            for row in &submitted.rows {
                groups.entry(*row.first_chunk().unwrap()).or_default().insert(&bank.group);
            }
        }
        let own: BTreeSet<TagBytes> =
            self.submitted[reader].rows.iter().map(|row| *row.first_chunk().unwrap()).collect();
        groups.retain(|tag, groups| own.contains(tag) && groups.len() >= self.terms.match_threshold.into());
        groups.into_iter().map(|(tag, groups)| (tag, u32::try_from(groups.len()).unwrap())).collect()
    }

    /// What an honest coordinator sends to this bank.
    pub(super) fn script(&self, name: &str) -> Script {
        let matched = self.matched(self.place(name));
        if self.terms.disclosure == Disclosure::Count {
            let items = matched.into_iter().map(|(tag, groups)| Woven::Count(tag, groups)).collect();
            return Script { sources: Vec::new(), items, ends: true };
        }
        self.script_of(name, &matched.into_keys().collect())
    }

    /// The rows under these tags, of everybody but this bank, proven and woven.
    pub(super) fn script_of(&self, name: &str, tags: &BTreeSet<TagBytes>) -> Script {
        let mut sources = Vec::new();
        let mut segments: Vec<((bool, TagBytes, u16), Vec<Woven>)> = Vec::new();
        for (bank, submitted) in self.banks.iter().zip(&self.submitted).filter(|(b, _)| b.id.as_str() != name)
        {
            let source = u16::try_from(sources.len()).unwrap();
            sources.push((
                bank.id.clone(),
                Signed::sign(&key(&bank.id), submitted.header.clone()).bytes().to_vec(),
            ));
            let mut segment = Vec::new();
            for item in prune(submitted, tags, source) {
                let end = match &item {
                    Woven::Row(_, row) => Some(*row.first_chunk().unwrap()),
                    _ => None,
                };
                segment.push(item);
                if let Some(tag) = end {
                    segments.push(((false, tag, source), std::mem::take(&mut segment)));
                }
            }
            segments.push(((true, [0; 16], source), segment));
        }
        segments.sort_by_key(|(place, _)| *place);
        Script { sources, items: segments.into_iter().flat_map(|(_, items)| items).collect(), ends: true }
    }

    /// Reads a script, three items a slice.
    pub(super) async fn read(&self, name: &str, script: &Script) -> Result<Verified, ReportError> {
        let known = |bank: &BankId| Some(key(bank).verifying_key());
        read(self.part(name), known, stream::iter(slices(script))).await
    }

    /// Everything but the keeping.
    pub(super) async fn accepted(&self, name: &str, script: &Script) -> Result<Accepted, ReportError> {
        let verified = self.read(name, script).await?;
        accept(self.part(name), verified, self.bank(name), self.bank(name)).await
    }
}

pub(super) fn slices(script: &Script) -> Vec<Result<ReadReportReply, Fault>> {
    let sources = script.sources.iter();
    let sources = sources
        .map(|(bank, header)| Source { bank: bank.to_string(), header: header.clone().into() })
        .collect();
    let mut slices = vec![ReadReportReply { sources, ..ReadReportReply::default() }];
    for items in script.items.chunks(3) {
        let mut bytes = Vec::new();
        for item in items {
            item.write(&mut bytes);
        }
        slices.push(ReadReportReply { items: bytes.into(), ..ReadReportReply::default() });
    }
    if script.ends {
        slices.last_mut().unwrap().end = true;
    }
    slices.into_iter().map(Ok).collect()
}

fn submit(terms: &Terms, bank: &Bank, spool: &Path) -> Submitted {
    let folder = spool.join(bank.id.as_str());
    std::fs::create_dir(&folder).unwrap();
    let mut rng = SystemChance.rng();
    let mut assembly = Assembly::new(terms, &bank.id, spool, &mut *rng);
    for (row, (kind, value)) in (1..).zip(bank.identifiers()) {
        let content = (terms.disclosure == Disclosure::Labels).then(|| bank.label((kind, value)));
        let said = bank.poses_as.clone().unwrap_or_else(|| bank.id.clone());
        let label = Label { bank: said, content };
        assembly.push(&[row], &[y(kind, value)], |_| label.clone(), &mut *rng).unwrap();
    }
    let files = SubmissionFiles::of(&folder, &terms.digest());
    let mut padding = [0; 32];
    rng.fill_bytes(&mut padding);
    let submission = assembly.finish(&files, &padding).unwrap();
    let bytes = std::fs::read(&files.rows).unwrap();
    let mut rows: Vec<Vec<u8>> = bytes.chunks(terms.row_bytes()).map(<[u8]>::to_vec).collect();
    for (kind, value) in &bank.garbles {
        let (tag, _) = y(*kind, value).tag_and_seal(terms.digest().as_bytes());
        let row = rows.iter_mut().find(|row| row.starts_with(tag.as_bytes())).unwrap();
        *row.last_mut().unwrap() ^= 1;
    }
    with_levels(files, submission.header, rows)
}

/// The tree over these rows, and a header that is signed for it.
pub(super) fn with_levels(files: SubmissionFiles, header: SubmissionHeader, rows: Vec<Vec<u8>>) -> Submitted {
    let log2 = u8::try_from(rows.len().trailing_zeros()).unwrap();
    let mut writer = LevelsWriter::new(Cursor::new(Vec::new()), log2).unwrap();
    for row in &rows {
        writer.push(leaf_hash(row)).unwrap();
    }
    let (root, levels) = writer.finish().unwrap();
    Submitted { files, header: SubmissionHeader { root, ..header }, rows, levels: levels.into_inner() }
}

fn prune(submitted: &Submitted, tags: &BTreeSet<TagBytes>, source: u16) -> Vec<Woven> {
    let log2 = u8::try_from(submitted.rows.len().trailing_zeros()).unwrap();
    let read_at = |offset: u64, hash: &mut Hash| {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        hash.copy_from_slice(submitted.levels.get(at..at + 32).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    let levels = StoredLevels::new(log2, read_at).unwrap();
    let disclosed = submitted.rows.iter().enumerate().filter(|(_, row)| tags.contains(&row[..16]));
    let places: Vec<u64> = disclosed.map(|(at, _)| at as u64).collect();
    let woven = |step| match step {
        Step::Leaf(at) => Woven::Row(source, submitted.rows[usize::try_from(at).unwrap()].clone()),
        Step::Hash { height, hash } => Woven::Hash(source, height, hash),
    };
    Prover::new(&levels, log2, places).unwrap().map(|step| woven(step.unwrap())).collect()
}

/// The fault with which a report is refused.
pub(super) fn refusal<T>(result: Result<T, ReportError>) -> (FaultCode, String) {
    match result {
        Err(ReportError::Refused(fault)) => (fault.code, fault.party.unwrap_or_default()),
        Err(other) => panic!("no refusal: {other}"),
        Ok(_) => panic!("taken"),
    }
}
