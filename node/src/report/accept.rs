//! Accept: a match counts if labels of enough legal groups open under it.
//!
//! * Comes in: [`Verified`] rows by identifier; outputs and records by the two ports. Goes out: [`Accepted`] rows of the
//!   report, sorted, and how many identifiers of each kind they are.
//! * Never sees: a label under a tag whose identifier this bank does not hold; it would not open.
//! * Trusts: nobody. A label must open under the key of this very tag, for these terms and its source, and name its source:
//!   only who evaluated the same identifier can have made it. Under `count` it has to take the coordinator's word.
//! * A match of which too few open is counted as refused and shown to nobody. An identifier that has left the register
//!   since it was submitted (held, retracted, expired) is counted as withdrawn, which is nobody's fault.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::seal::{self, Place};
use lianfang_crypto::tag::{SealKey, Tag, tags_and_seals};
use lianfang_proto::catalogue::{Disclosure, Kind};
use lianfang_proto::documents::terms::{Participant, Terms};
use lianfang_proto::ids::BankId;
use lianfang_proto::label::Label;
use lianfang_proto::row::TAG_BYTES;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Digest;

use super::row::Row;
use super::verify::Verified;
use super::{Mentions, Outputs, Participation, ReportError};
use crate::pipeline::spill::{Sorted, Sorter};
use crate::pipeline::submit;

/// Matches that are judged at once: so many, or of so many bytes.
const BATCH_MATCHES: usize = 1_024;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The rows of the report, in its order, and what was found on the way.
pub struct Accepted {
    pub(super) rows: Sorted,
    pub(super) disclosure: Disclosure,
    pub(super) bank: BankId,
    pub(super) tally: Tally,
}

/// What is counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) by_kind: BTreeMap<Kind, u64>,
    pub(super) refused: u64,
    pub(super) withdrawn: u64,
    pub(super) unopened: BTreeMap<BankId, u64>,
}

/// Judges every match, and finds the records behind those that count.
pub async fn accept(
    part: Participation<'_>,
    verified: Verified,
    outputs: &dyn Outputs,
    mentions: &dyn Mentions,
) -> Result<Accepted, ReportError> {
    let mut court = Court::new(part, verified.terms_digest, verified.sources)?;
    let mut matches = Matches { disclosed: verified.disclosed, ahead: None };
    let mut rows = Sorter::new(part.spool, &mut *part.chance.rng());
    loop {
        let batch = matches.batch()?;
        if batch.is_empty() {
            break;
        }
        let counted = if part.terms.disclosure == Disclosure::Count {
            batch.into_iter().map(Match::counted).collect::<Result<_, _>>()?
        } else {
            let ids: Vec<i64> = batch.iter().map(|found| found.identifier).collect();
            court.judge(batch, outputs.outputs_of(&ids).await?)?
        };
        let ids: Vec<i64> = counted.keys().copied().collect();
        let mut kinds = HashMap::new();
        for mention in mentions.mentions_of(&ids).await? {
            let Some(found) = counted.get(&mention.identifier) else { continue };
            kinds.insert(mention.identifier, mention.value.kind());
            rows.push(&Row::of(mention, found).encode(part.terms.disclosure))?;
            court.tally.rows += 1;
        }
        court.tally.withdrawn += (counted.len() - kinds.len()) as u64;
        for kind in kinds.into_values() {
            *court.tally.by_kind.entry(kind).or_default() += 1;
        }
    }
    let (disclosure, bank) = (part.terms.disclosure, part.bank.clone());
    Ok(Accepted { rows: rows.finish()?, disclosure, bank, tally: court.tally })
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a spilled match is not of its form")
}

/// A match that counts.
pub(super) struct Counted {
    /// Distinct legal groups, this bank's own included.
    pub(super) groups: u32,
    /// Labels that opened, by bank; none under `count`.
    pub(super) labels: Vec<Label>,
}

/// Everything that was disclosed of one identifier.
struct Match {
    identifier: i64,
    tag: [u8; TAG_BYTES],
    words: Vec<Vec<u8>>,
}

impl Match {
    fn read(record: &[u8]) -> io::Result<Self> {
        let parts = record.split_first_chunk().and_then(|(id, rest)| Some((id, rest.split_first_chunk()?)));
        let (id, (tag, words)) = parts.ok_or_else(broken)?;
        Ok(Self { identifier: i64::from_be_bytes(*id), tag: *tag, words: vec![words.to_vec()] })
    }

    fn counted(self) -> io::Result<(i64, Counted)> {
        let groups = self.words.first().and_then(|words| words.first_chunk());
        let groups = u32::from_be_bytes(*groups.ok_or_else(broken)?);
        Ok((self.identifier, Counted { groups, labels: Vec::new() }))
    }
}

/// Gathers what belongs to one identifier.
struct Matches {
    disclosed: Sorted,
    ahead: Option<Match>,
}

impl Matches {
    /// The next few matches, each whole; none at the end.
    fn batch(&mut self) -> io::Result<Vec<Match>> {
        let mut batch: Vec<Match> = self.ahead.take().into_iter().collect();
        let mut bytes = 0;
        while let Some(record) = self.disclosed.next()? {
            let full = batch.len() >= BATCH_MATCHES || bytes > BATCH_BYTES;
            bytes += record.len();
            let next = Match::read(record)?;
            match batch.last_mut() {
                Some(last) if last.identifier == next.identifier => last.words.extend(next.words),
                Some(_) if full => {
                    self.ahead = Some(next);
                    break;
                }
                _ => batch.push(next),
            }
        }
        Ok(batch)
    }
}

/// Opens labels and counts groups.
struct Court<'a> {
    terms: &'a Terms,
    terms_digest: Digest,
    own: &'a Participant,
    sources: Vec<Participant>,
    tally: Tally,
}

impl<'a> Court<'a> {
    fn new(part: Participation<'a>, terms_digest: Digest, sources: Vec<Participant>) -> Result<Self, Fault> {
        let own = part.terms.participant(part.bank);
        let (_, own) = own.ok_or_else(|| Fault::new(FaultCode::NotParticipant).at(part.bank.as_str()))?;
        Ok(Self { terms: part.terms, terms_digest, own, sources, tally: Tally::default() })
    }

    fn judge(
        &mut self,
        batch: Vec<Match>,
        outputs: Vec<(i64, Output)>,
    ) -> Result<BTreeMap<i64, Counted>, ReportError> {
        let (ids, outputs): (Vec<i64>, Vec<Output>) = outputs.into_iter().unzip();
        let derived = tags_and_seals(&outputs, self.terms_digest.as_bytes());
        let derived: HashMap<i64, &(Tag, SealKey)> = ids.into_iter().zip(&derived).collect();
        let mut counted = BTreeMap::new();
        for found in batch {
            let Some(own) = derived.get(&found.identifier) else {
                self.tally.withdrawn += 1;
                continue;
            };
            match self.judge_one(&found, own)? {
                Some(one) => drop(counted.insert(found.identifier, one)),
                None => self.tally.refused += 1,
            }
        }
        Ok(counted)
    }

    fn judge_one(
        &mut self,
        found: &Match,
        (tag, key): &(Tag, SealKey),
    ) -> Result<Option<Counted>, ReportError> {
        if *tag.as_bytes() != found.tag {
            return Err(ReportError::OtherOutput);
        }
        let mut groups = BTreeSet::from([&self.own.group]);
        let mut labels = Vec::with_capacity(found.words.len());
        for words in &found.words {
            let (number, sealed) = words.split_first_chunk().ok_or_else(broken)?;
            let source = self.sources.get(usize::from(u16::from_be_bytes(*number)));
            let source = source.ok_or_else(broken)?;
            let place = submit::place(&self.terms_digest, &source.bank, tag);
            if let Some(label) = open(self.terms.disclosure, &source.bank, key, place, sealed) {
                groups.insert(&source.group);
                labels.push(label);
            } else {
                *self.tally.unopened.entry(source.bank.clone()).or_default() += 1;
            }
        }
        if groups.len() < usize::from(self.terms.match_threshold) {
            return Ok(None);
        }
        labels.sort_unstable_by(|one, other| one.bank.cmp(&other.bank));
        Ok(Some(Counted { groups: u32::try_from(groups.len()).unwrap_or(u32::MAX), labels }))
    }
}

/// The label, if it opens at this place, is of its form, and says that it is its source's.
fn open(
    disclosure: Disclosure,
    source: &BankId,
    key: &SealKey,
    place: Place<'_>,
    sealed: &[u8],
) -> Option<Label> {
    let opened = seal::open(key, place, sealed).ok()?;
    Label::decode(&opened, disclosure).ok().filter(|label| label.bank == *source)
}
