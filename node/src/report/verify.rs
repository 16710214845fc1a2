//! Verify: every disclosed row stands where its bank has signed it, under a tag that this bank submitted itself.
//!
//! * Comes in: the sources' signed headers, then items. Goes out: [`Verified`], once the last item was taken and every tree
//!   has led to its signed root; not a byte before.
//! * Keeps: one hash for each level of each source's tree. What is disclosed waits in a sealed sorter, by identifier.
//! * Trusts: the signatures, which the caller has checked, and this bank's own files.
//! * Fails with a fault. One that is in a header which its bank signed names that bank; everything else names the
//!   coordinator, with the source in `field` where the rows do not lead to its root.
//!
//! Items have one order: rows ascend by tag, and rows of one tag by source; a source's hashes stand wherever its own tree
//! needs them. So every row is seen at most once, and one pass over the own submission finds all tags.

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Participant, Terms};
use lianfang_proto::ids::BankId;
use lianfang_proto::row::{Item, ItemError, TagBytes, read_item, tag_of};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::merkle::pruned::{self, PrunedVerifier};
use lianfang_trust::{Canonical as _, Digest, Signed};

use super::own_rows::OwnRows;
use super::{COORDINATOR, Participation, ReportError};
use crate::pipeline::spill::{Sorted, Sorter};

/// A source's tree, as far as it has come.
struct Tree {
    source: Participant,
    verifier: PrunedVerifier,
    root: [u8; 32],
}

/// Takes a report's items in order.
pub struct Verifier {
    terms_digest: Digest,
    disclosure: Disclosure,
    row_bytes: usize,
    least_groups: u32,
    most_groups: u32,
    trees: Vec<Tree>,
    own: OwnRows,
    last: Option<(TagBytes, u16)>,
    disclosed: Sorter,
    refused: Option<Fault>,
}

/// What was disclosed, proven. Records of a sorter: identifier's row (8 bytes), tag (16), then source (2) and sealed label,
/// or under `count` the number of groups (4).
pub struct Verified {
    pub(super) terms_digest: Digest,
    pub(super) sources: Vec<Participant>,
    pub(super) disclosed: Sorted,
}

impl Verifier {
    /// For a report of these sources, each with the header that the key of this bank has signed.
    pub fn new(
        part: Participation<'_>,
        sources: Vec<(BankId, Signed<SubmissionHeader>)>,
    ) -> Result<Self, ReportError> {
        let terms = part.terms;
        let terms_digest = terms.digest();
        if part.terms.participant(part.bank).is_none() {
            return Err(Fault::new(FaultCode::NotParticipant).at(part.bank.as_str()).into());
        }
        if terms.disclosure == Disclosure::Count && !sources.is_empty() {
            return Err(malformed("sources").wanted("no sources under count").into());
        }
        let mut trees: Vec<Tree> = Vec::new();
        for (bank, header) in sources {
            let twice = trees.iter().any(|tree| tree.source.bank == bank);
            let other = (!twice && bank != *part.bank).then(|| terms.participant(&bank)).flatten();
            let (_, source) = other.ok_or_else(|| malformed("sources.bank").got(&bank))?;
            trees.push(plant(terms, &terms_digest, source, header.value())?);
        }
        Ok(Self {
            terms_digest,
            disclosure: terms.disclosure,
            row_bytes: terms.row_bytes(),
            least_groups: terms.match_threshold.into(),
            most_groups: u32::try_from(terms.groups()).unwrap_or(u32::MAX),
            trees,
            own: OwnRows::open(part.files, terms.row_bytes())?,
            last: None,
            disclosed: Sorter::new(part.spool, &mut *part.chance.rng()),
            refused: None,
        })
    }

    /// Takes a slice of whole items. After a refusal nothing is taken any more.
    pub fn push(&mut self, mut items: &[u8]) -> Result<(), ReportError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone().into());
        }
        let taken = self.take_all(&mut items);
        if let Err(ReportError::Refused(fault)) = &taken {
            self.refused = Some(fault.clone());
        }
        taken
    }

    /// All items were taken: do they make up every source's tree?
    pub fn finish(self) -> Result<Verified, ReportError> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let mut sources = Vec::with_capacity(self.trees.len());
        for tree in self.trees {
            tree.verifier.finish(&tree.root).map_err(|error| root_differs(&tree.source.bank).got(error))?;
            sources.push(tree.source);
        }
        Ok(Verified { terms_digest: self.terms_digest, sources, disclosed: self.disclosed.finish()? })
    }

    fn take_all(&mut self, items: &mut &[u8]) -> Result<(), ReportError> {
        while let Some(item) = read_item(items, self.row_bytes).map_err(of_item)? {
            let counts = matches!(item, Item::Count { .. });
            if counts != (self.disclosure == Disclosure::Count) {
                return Err(malformed("items").got("an item of another disclosure").into());
            }
            match item {
                Item::Count { tag, groups } => self.take_count(tag, groups)?,
                Item::Row { source, row } => self.take_row(source, row)?,
                Item::Hash { source, height, hash } => {
                    self.grow(source, pruned::Item::Hash { height, hash })?;
                }
            }
        }
        Ok(())
    }

    fn take_count(&mut self, tag: TagBytes, groups: u32) -> Result<(), ReportError> {
        if !(self.least_groups..=self.most_groups).contains(&groups) {
            let wanted = format!("{} to {}", self.least_groups, self.most_groups);
            return Err(malformed("items.groups").wanted(wanted).got(groups).into());
        }
        self.disclose(tag, 0, &groups.to_be_bytes())
    }

    fn take_row(&mut self, source: u16, row: &[u8]) -> Result<(), ReportError> {
        self.grow(source, pruned::Item::Leaf(row))?;
        let tag = *tag_of(row).ok_or_else(|| malformed("items.row"))?;
        let mut words = source.to_be_bytes().to_vec();
        words.extend_from_slice(&row[tag.len()..]);
        self.disclose(tag, source, &words)
    }

    fn grow(&mut self, source: u16, item: pruned::Item<'_>) -> Result<(), ReportError> {
        let tree = self.trees.get_mut(usize::from(source));
        let tree = tree.ok_or_else(|| malformed("items.source").got(source))?;
        let taken = tree.verifier.push(item);
        taken.map_err(|error| root_differs(&tree.source.bank).got(error))?;
        Ok(())
    }

    /// Notes what was said of a tag. Neither tag nor identifier ever stands in a fault.
    fn disclose(&mut self, tag: TagBytes, source: u16, words: &[u8]) -> Result<(), ReportError> {
        let place = (tag, source);
        if self.last.is_some_and(|last| last >= place) {
            let fault = Fault::field(FaultCode::MessageOutOfOrder, "items.tag").at(COORDINATOR);
            return Err(fault.wanted("a later tag").got("an earlier one").into());
        }
        self.last = Some(place);
        let own = self.own.identifier(&tag)?;
        let identifier =
            own.ok_or_else(|| malformed("items.tag").wanted("a tag that this bank submitted"))?;
        Ok(self.disclosed.push_joined(&[&identifier.to_be_bytes(), &tag, words])?)
    }
}

/// An empty tree for the rows that this header speaks of.
fn plant(
    terms: &Terms,
    terms_digest: &Digest,
    source: &Participant,
    header: &SubmissionHeader,
) -> Result<Tree, Fault> {
    let bank = &source.bank;
    // Headers of other jobs and of other banks are sound in their place; it is the coordinator who put them here.
    if header.terms_digest != *terms_digest || header.bank != *bank {
        return Err(malformed("sources.header").wanted(bank));
    }
    let signed = |field| Fault::field(FaultCode::MalformedField, field).at(bank.as_str());
    if header.row_bytes as usize != terms.row_bytes() {
        return Err(signed("header.row_bytes").wanted(terms.row_bytes()).got(header.row_bytes));
    }
    let (least, most) = (terms.padded_rows(0), terms.padded_rows(terms.size_cap));
    let log2 = u8::try_from(header.rows.trailing_zeros()).unwrap_or(u8::MAX);
    let verifier = PrunedVerifier::new(log2)
        .ok()
        .filter(|_| header.rows.is_power_of_two() && (least..=most).contains(&header.rows));
    let verifier = verifier.ok_or_else(|| signed("header.rows").got(header.rows))?;
    Ok(Tree { source: source.clone(), verifier, root: header.root })
}

fn of_item(error: ItemError) -> Fault {
    match error {
        ItemError::Truncated => Fault::field(FaultCode::MessageTruncated, "items").at(COORDINATOR),
        ItemError::Kind(kind) => malformed("items").got(kind),
    }
}

fn malformed(field: &str) -> Fault {
    Fault::field(FaultCode::MalformedField, field).at(COORDINATOR)
}

fn root_differs(source: &BankId) -> Fault {
    Fault::field(FaultCode::RootDiffers, source.as_str()).at(COORDINATOR)
}
