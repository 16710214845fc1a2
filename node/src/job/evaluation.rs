//! Evaluates for a job what has no cached output yet.
//!
//! Comes in: accepted terms. Goes out: cached outputs for every identifier that the terms let in; then nothing is left
//! to evaluate. Chunks are tasks of their own, as many at once as keep the cores, the network and the disk busy, and no
//! more than memory has room for; each is a row before it is sent. Trusts no holder before the check. Fails with the
//! first chunk's fault; finished chunks stay finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::{Fault, FaultCode};
use lianfang_telemetry::trace::carried;
use lianfang_trust::{Canonical as _, Digest};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::Context;
use super::chunks::{Begun, Chunks};
use crate::fault::of_store;
use crate::key_holder::records::public_keys;
use crate::pipeline::blind::{BlindedChunk, ChunkSecrets, Element};
use crate::pipeline::cores::Cores;
use crate::pipeline::evaluate::{ChunkPlace, Evaluator, Witness};
use crate::pipeline::finalise::Outputs as FreshOutputs;
use crate::register::{IdentifierId, OutputKey, Outputs, Selection};

/// Chunks in flight for each core: while one is on the network, another is on the core.
const PER_CORE: usize = 2;
/// Elements of all chunks in flight, whatever the number of cores: each is about a kilobyte of memory.
const IN_FLIGHT: usize = 16_384;

/// What was sent to holders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Identifiers.
    pub identifiers: u64,
    /// Elements, the filling of chunks included.
    pub elements: u64,
}

impl std::ops::AddAssign for Sent {
    fn add_assign(&mut self, more: Self) {
        self.identifiers += more.identifiers;
        self.elements += more.elements;
    }
}

/// The evaluation of one job.
pub struct Evaluation {
    context: Arc<Context>,
    terms_digest: Digest,
    chunk_elements: usize,
    chunks: Chunks,
    selection: Selection,
    outputs: Outputs,
    evaluator: Evaluator,
    next_row: AtomicI64,
}

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Internal).got(error)
}

impl Evaluation {
    /// Prepares the evaluation under the terms' key, whose record a person has compared.
    pub async fn new(
        context: &Arc<Context>,
        terms: &Terms,
        witness: Arc<dyn Witness>,
    ) -> Result<Arc<Self>, Fault> {
        let record = context.compared_record(terms.key.class, terms.key.epoch).await?;
        let record = record.endorsed.record().clone();
        let own = context.vault.own_share(record.key).map(Arc::new);
        let evaluator = Evaluator {
            keys: public_keys(&record).map_err(internal)?,
            bank: context.bank.clone(),
            signing: Arc::clone(&context.secrets.identity),
            own,
            holders: context.undoubted(),
            witness,
            chance: Arc::clone(&context.ports.chance),
            cores: Cores::all(),
            record,
        };
        let terms_digest = terms.digest();
        let chunks = Chunks::of(&context.store, terms_digest, terms.key);
        let (_, next_row) = chunks.next().await.map_err(|e| of_store(&e))?;
        Ok(Arc::new(Self {
            terms_digest,
            chunk_elements: terms.chunk_elements as usize,
            chunks,
            selection: context.register.selection(terms.admission, terms.kinds),
            outputs: context.register.outputs(output_key(&evaluator)),
            evaluator,
            next_row: AtomicI64::new(next_row),
            context: Arc::clone(context),
        }))
    }

    /// The outputs under the job's key.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The record of the job's key.
    pub fn record(&self) -> &KeyRecord {
        &self.evaluator.record
    }

    /// What the terms let in.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Evaluates until nothing is left; says what was sent.
    pub async fn run(self: &Arc<Self>) -> Result<Sent, Fault> {
        let mut sent = Sent::default();
        for begun in self.chunks.unfinished().await.map_err(|e| of_store(&e))? {
            sent += self.again(begun).await?;
        }
        let (mut number, _) = self.chunks.next().await.map_err(|e| of_store(&e))?;
        // Chunks that are under way when one fails, or when nobody waits any more, end with the set.
        let mut under_way: JoinSet<Result<Sent, Fault>> = JoinSet::new();
        let mut after = IdentifierId::START;
        loop {
            let page = self.page(after).await?;
            let Some(last) = page.last() else { break };
            after = *last;
            if under_way.len() >= self.at_once()
                && let Some(ended) = under_way.join_next().await
            {
                sent += ended.map_err(internal)??;
            }
            let evaluation = Arc::clone(self);
            under_way.spawn(carried(async move { evaluation.first_time(number, page).await }));
            number += 1;
        }
        while let Some(ended) = under_way.join_next().await {
            sent += ended.map_err(internal)??;
        }
        Ok(sent)
    }

    /// What has been evaluated for the job so far, in this attempt and in those before it.
    pub async fn evaluated(&self) -> Result<Sent, Fault> {
        self.chunks.evaluated().await.map_err(|e| of_store(&e))
    }

    /// How many chunks may be under way.
    fn at_once(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        (PER_CORE * cores).min(IN_FLIGHT / self.chunk_elements).max(PER_CORE)
    }

    async fn page(&self, after: IdentifierId) -> Result<Vec<IdentifierId>, Fault> {
        let page = self.selection.page_without_output(&self.outputs.key(), after, self.chunk_elements).await;
        Ok(page.map_err(|e| of_store(&e))?.iter().map(|eligible| eligible.id).collect())
    }

    /// Elements of these identifiers, in their order; `None` if one of them enters no longer.
    async fn elements(&self, ids: &[IdentifierId]) -> Result<Option<Vec<Element>>, Fault> {
        let mentions = self.selection.mentions(ids).await.map_err(|e| of_store(&e))?;
        let mut elements: Vec<Element> = Vec::with_capacity(ids.len());
        // The first record that mentions an identifier is the one on whose account it is evaluated.
        for mention in mentions {
            let row = mention.identifier.number();
            if elements.last().is_some_and(|last| last.row == row) {
                continue;
            }
            elements.push(Element {
                row,
                kind: mention.value.kind(),
                value: Zeroizing::new(mention.value.value().to_owned()),
                record: Zeroizing::new(mention.record),
                evidence: Zeroizing::new(mention.evidence),
            });
        }
        Ok((elements.len() == ids.len()).then_some(elements))
    }

    /// A chunk that was begun before: the same bytes, or none.
    async fn again(&self, begun: Begun) -> Result<Sent, Fault> {
        let Begun { id, number, secrets, identifiers, commitment_root } = begun;
        let made = match self.elements(&identifiers).await? {
            Some(elements) => Some(self.blinded(elements, secrets).await?.0),
            None => None,
        };
        match made.filter(|chunk| *chunk.commitment_root() == commitment_root) {
            Some(chunk) => self.send(id, number, chunk).await,
            None => {
                self.chunks.give_up(id).await.map_err(|e| of_store(&e))?;
                Ok(Sent::default())
            }
        }
    }

    async fn first_time(&self, number: u64, ids: Vec<IdentifierId>) -> Result<Sent, Fault> {
        // Whatever was held since the page was read is left out of the chunk.
        let mut ids = ids;
        let elements = loop {
            match self.elements(&ids).await? {
                Some(elements) => break elements,
                None => ids = self.still_there(&ids).await?,
            }
        };
        if elements.is_empty() {
            return Ok(Sent::default());
        }
        let id = self.next_row.fetch_add(1, Ordering::Relaxed);
        let context = [self.terms_digest.as_bytes().as_slice(), &number.to_be_bytes()].concat();
        let secrets =
            ChunkSecrets::draw(&mut *self.context.ports.chance.rng(), &self.context.secrets.hedge, &context);
        let (chunk, secrets) = self.blinded(elements, secrets).await?;
        let begun =
            Begun { id, number, secrets, identifiers: ids, commitment_root: *chunk.commitment_root() };
        let mut rng = self.context.ports.chance.rng();
        self.chunks.begin(&begun, &chunk, &mut *rng).await.map_err(|e| of_store(&e))?;
        self.send(id, number, chunk).await
    }

    /// Blinds, and gives the secrets back.
    async fn blinded(
        &self,
        elements: Vec<Element>,
        secrets: ChunkSecrets,
    ) -> Result<(BlindedChunk, ChunkSecrets), Fault> {
        let work = move || (BlindedChunk::new(elements, &secrets), secrets);
        let (chunk, secrets) = self.evaluator.cores.run(work).await?;
        Ok((chunk.map_err(internal)?, secrets))
    }

    async fn still_there(&self, ids: &[IdentifierId]) -> Result<Vec<IdentifierId>, Fault> {
        let mentions = self.selection.mentions(ids).await.map_err(|e| of_store(&e))?;
        let mut there: Vec<_> = mentions.into_iter().map(|mention| mention.identifier).collect();
        there.dedup();
        Ok(there)
    }

    async fn send(&self, id: i64, number: u64, chunk: BlindedChunk) -> Result<Sent, Fault> {
        let elements = chunk.count() as u64;
        self.context.telemetry.blinded(elements);
        let place = ChunkPlace { terms_digest: self.terms_digest, number };
        let checked = self.evaluator.evaluate(chunk, &place).await?;
        // A chunk that is finished is never sent again, so evidence that is lost now is lost for good.
        self.evaluator.witness.settled().await?;
        self.context.telemetry.checked(elements);
        let fresh = FreshOutputs::of(checked).await?;
        let outputs: Vec<_> = fresh
            .iter()
            .map(|(row, output)| (IdentifierId::from_number(row), output.to_sealed_bytes()))
            .collect();
        let mut tx = self.context.store.begin().await.map_err(|e| of_store(&e))?;
        self.outputs.put(&mut tx, &outputs).await.map_err(|e| of_store(&e))?;
        self.chunks.finish(&mut tx, id).await.map_err(|e| of_store(&e))?;
        tx.commit().await.map_err(|e| of_store(&e))?;
        Ok(Sent { identifiers: outputs.len() as u64, elements })
    }
}

fn output_key(evaluator: &Evaluator) -> OutputKey {
    let key = evaluator.record.key;
    OutputKey { class: key.class, epoch: key.epoch, public: evaluator.record.public_key }
}

#[cfg(test)]
mod tests;
