//! Commitments, opened: which record, which identifier, which blind stood behind an element that was evaluated.
//!
//! Comes in: what an inspector has named; or a file and papers. Goes out: a file with identifiers in clear, for that
//! inspector; or how many of its elements hold. Trusts: the bank's signature under each root, and arithmetic. Fails with
//! the [`Flaw`] of the first element that does not hold.
//!
//! Of each chunk all blinded elements are shown, for their digest stands in the signed request and the holder computed it
//! by itself: so an element that is opened is one that was evaluated. What cannot be opened any more is said, with its
//! reason, and never left out: an inspector asks why.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::blind::RevealedBlind;
use lianfang_crypto::oprf::input::Input;
use lianfang_proto::catalogue::Kind;
use lianfang_proto::documents::evaluation::{EvaluationRequest, blinded_context};
use lianfang_proto::ids::{BankId, Generation, KeyId};
use lianfang_proto::limits;
use lianfang_trust::merkle::{InclusionProof, leaf_hash, prove};
use lianfang_trust::{Digest, Digest32, Signed, SigningKey};
use serde::{Deserialize, Serialize};

use super::Flaw;
use super::commitments::Commitments;
use super::form::{self, Form, Packed};
use super::papers::Papers;
use crate::job::committed::{CommittedChunk, committed};
use crate::normalise::RULE_SET;
use crate::pipeline::blind::{filling_leaf, leaf};
use crate::register::{IdentifierId, Inspected, Register};
use crate::store::{Store, StoreError};

/// The file. Personal data; no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct InspectionFile {
    /// Whose commitments.
    #[serde(with = "form::bank")]
    pub bank: BankId,
    /// The rules by which the identifiers were normalised.
    pub rule_set: u16,
    /// The chunks.
    pub chunks: Vec<OpenedChunk>,
}

impl Form for InspectionFile {
    const NAME: &'static str = "lianfang/inspection";
}

/// One chunk, opened in part.
#[derive(Serialize, Deserialize)]
pub struct OpenedChunk {
    /// The request by which it was sent, signed by the bank.
    pub request: Packed,
    /// All its blinded elements.
    pub elements: Packed,
    /// What is opened.
    pub opened: Vec<Opened>,
    /// What was asked for and cannot be opened.
    pub withheld: Vec<Withheld>,
}

/// One element, opened.
#[derive(Serialize, Deserialize)]
pub struct Opened {
    /// Its place in the chunk.
    pub position: u32,
    /// The leaf's salt.
    pub salt: Packed,
    /// The way from the leaf to the root.
    pub path: Vec<Packed>,
    /// What stands behind it; none if it filled the chunk.
    pub account: Option<Account>,
}

/// On whose account an element was evaluated.
#[derive(Serialize, Deserialize)]
pub struct Account {
    /// The bank's own case number.
    pub record: String,
    /// The kind's code.
    pub kind: String,
    /// Digest or reference of the evidence in the case file.
    pub evidence: String,
    /// The identifier, canonical.
    pub value: String,
    /// `r_i`.
    pub blind: Packed,
}

/// An element that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Its place in the chunk.
    pub position: u32,
    /// `gone`: nothing mentions the identifier any more. `changed`: the record says something else by now.
    /// `other-record`: it was evaluated on another record's account. `none`: the chunk has no such element.
    pub reason: String,
}

/// What an inspector has named.
#[derive(Default)]
pub struct Wanted {
    /// Elements: job's terms, chunk, position.
    pub elements: BTreeMap<([u8; 64], u64), BTreeSet<u32>>,
    /// Records, by case number.
    pub records: BTreeSet<String>,
    /// The identifiers that those records mention.
    pub identifiers: BTreeSet<IdentifierId>,
}

/// Opens what is wanted.
pub async fn disclose(
    store: &Store,
    register: &Register,
    bank: &BankId,
    key: &SigningKey,
    wanted: &Wanted,
) -> Result<InspectionFile, StoreError> {
    let mut file = InspectionFile { bank: bank.clone(), rule_set: RULE_SET, chunks: Vec::new() };
    let mut chunks = std::pin::pin!(committed(store));
    while let Some(chunk) = chunks.try_next().await? {
        let positions = wanted.positions(&chunk);
        if positions.is_empty() {
            continue;
        }
        let ids: Vec<IdentifierId> = positions
            .keys()
            .filter_map(|position| chunk.identifiers.get(*position as usize))
            .copied()
            .collect();
        let mentions = register.inspected(&ids).await?;
        file.chunks.push(open(&chunk, &positions, &mentions, wanted, bank, key));
    }
    Ok(file)
}

impl Wanted {
    /// The places of a chunk that are wanted; `true` for those that were named themselves.
    fn positions(&self, chunk: &CommittedChunk) -> BTreeMap<u32, bool> {
        let by_record = (0_u32..).zip(&chunk.identifiers).filter(|(_, id)| self.identifiers.contains(id));
        let mut positions: BTreeMap<u32, bool> = by_record.map(|(position, _)| (position, false)).collect();
        let named = self.elements.get(&(*chunk.terms_digest.as_bytes(), chunk.number));
        positions.extend(named.into_iter().flatten().map(|position| (*position, true)));
        positions
    }
}

fn open(
    chunk: &CommittedChunk,
    positions: &BTreeMap<u32, bool>,
    mentions: &[Inspected],
    wanted: &Wanted,
    bank: &BankId,
    key: &SigningKey,
) -> OpenedChunk {
    // The generation is that of the first shares; commitments are compared without it.
    let id = KeyId { class: chunk.class, epoch: chunk.epoch, generation: Generation(0) };
    let request = Signed::sign(key, chunk.request(bank, id));
    let mut opened = Vec::new();
    let mut withheld = Vec::new();
    for (position, named) in positions {
        match open_element(chunk, *position, mentions) {
            Ok(element) if *named || element.is_of(&wanted.records) => opened.push(element),
            Ok(_) => withheld.push(Withheld { position: *position, reason: "other-record".to_owned() }),
            Err(reason) => withheld.push(Withheld { position: *position, reason: reason.to_owned() }),
        }
    }
    let elements = Packed(chunk.elements.clone());
    OpenedChunk { request: Packed(request.bytes().to_vec()), elements, opened, withheld }
}

fn open_element(
    chunk: &CommittedChunk,
    position: u32,
    mentions: &[Inspected],
) -> Result<Opened, &'static str> {
    let place = position as usize;
    let proof = prove(&chunk.leaves, place).ok_or("none")?;
    let salt = chunk.secrets.salt(position);
    let account = match chunk.identifiers.get(place) {
        None => None,
        Some(id) => {
            let (elements, _) = chunk.elements.as_chunks::<{ limits::ELEMENT_BYTES }>();
            let element = elements.get(place).ok_or("none")?;
            let mut own = mentions.iter().filter(|mention| mention.identifier == *id).peekable();
            own.peek().ok_or("gone")?;
            let committed = own.find(|mention| {
                let (kind, value) = (mention.value.kind(), mention.value.value());
                let clear = leaf(&salt, &mention.record, kind, &mention.evidence, value, element);
                leaf_hash(&clear) == chunk.leaves[place]
            });
            Some(account(chunk, place, committed.ok_or("changed")?).ok_or("changed")?)
        }
    };
    let path = proof.path.iter().map(|hash| Packed(hash.to_vec())).collect();
    Ok(Opened { position, salt: Packed(salt.as_bytes().to_vec()), path, account })
}

fn account(chunk: &CommittedChunk, place: usize, mention: &Inspected) -> Option<Account> {
    let input = Input::new(mention.value.kind().code(), RULE_SET, mention.value.value()).ok()?;
    Some(Account {
        record: mention.record.clone(),
        kind: mention.value.kind().code().to_owned(),
        evidence: mention.evidence.clone(),
        value: mention.value.value().to_owned(),
        blind: Packed(chunk.secrets.seed.reveal(place, &input).to_bytes().to_vec()),
    })
}

impl Opened {
    fn is_of(&self, records: &BTreeSet<String>) -> bool {
        self.account.as_ref().is_some_and(|account| records.contains(&account.record))
    }
}

/// What holds in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// Elements that stand for a record.
    pub accounts: u64,
    /// Elements that filled a chunk.
    pub fillings: u64,
    /// Elements that the bank could not open.
    pub withheld: u64,
}

/// Verifies every element of a file; with `kept`, also that a holder was sent the same.
pub fn verify(file: &InspectionFile, papers: &Papers, kept: Option<&Commitments>) -> Result<Holds, Flaw> {
    let identity = papers.member(&file.bank)?.identity;
    let mut holds = Holds::default();
    for chunk in &file.chunks {
        let request = Signed::<EvaluationRequest>::open(&chunk.request.0, &identity);
        let request = request.map_err(|_| Flaw::RequestNotSigned)?.into_value();
        let context = blinded_context(&file.bank, request.key);
        let digest = Digest::from_bytes(elements_digest(&context, &chunk.elements.0));
        let (elements, rest) = chunk.elements.0.as_chunks::<{ limits::ELEMENT_BYTES }>();
        if request.bank != file.bank
            || digest != request.elements_digest
            || !rest.is_empty()
            || elements.len() != request.elements as usize
        {
            return Err(Flaw::OtherElements);
        }
        if let Some(kept) = kept {
            kept.check(&request)?;
        }
        for opened in &chunk.opened {
            verify_element(opened, &request, elements, file.rule_set)?;
            match opened.account {
                Some(_) => holds.accounts += 1,
                None => holds.fillings += 1,
            }
        }
        holds.withheld += chunk.withheld.len() as u64;
    }
    Ok(holds)
}

fn verify_element(
    opened: &Opened,
    request: &EvaluationRequest,
    elements: &[[u8; limits::ELEMENT_BYTES]],
    rule_set: u16,
) -> Result<(), Flaw> {
    let element = elements.get(opened.position as usize).ok_or(Flaw::Malformed("position"))?;
    let salt = Digest32::from_bytes(opened.salt.fixed("salt")?);
    let path: Vec<[u8; 32]> = opened.path.iter().map(|hash| hash.fixed("path")).collect::<Result<_, _>>()?;
    let proof = InclusionProof { index: opened.position.into(), leaves: request.elements.into(), path };
    let under_root = |leaf: &[u8]| proof.verify(leaf, &request.commitment_root).map_err(|_| Flaw::OtherRoot);
    let Some(account) = &opened.account else { return under_root(&filling_leaf(&salt, element)) };
    let kind = Kind::from_code(&account.kind).ok_or(Flaw::Malformed("kind"))?;
    under_root(&leaf(&salt, &account.record, kind, &account.evidence, &account.value, element))?;
    let input = Input::new(kind.code(), rule_set, &account.value).map_err(|_| Flaw::Malformed("value"))?;
    let blind = RevealedBlind::decode(&account.blind.fixed("blind")?);
    let blind = blind.map_err(|_| Flaw::Malformed("blind"))?;
    if blind.opens(&input, element) { Ok(()) } else { Err(Flaw::OtherIdentifier) }
}
