//! One holder that is asked for more than it can answer: every request is answered, or refused with a time to come back.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use curve25519_dalek::RistrettoPoint;
use lianfang_crypto::group::element::elements_digest;
use lianfang_desk::{Buffer, Lang};
use lianfang_proto::Fault;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::{EvaluationRequest, blinded_context};
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use lianfang_proto::limits::{ELEMENT_BYTES, MESSAGE_BYTES};
use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::v1::{BlindEvaluateRequest, EvaluateRequest};
use lianfang_trust::{Digest, Signed};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use super::visitor::Visitor;
use super::{COORDINATOR, Saturation, plan, resident_kib, stays_flat, told};
use crate::demo::children::{Party, this_executable};
use crate::demo::federation::Federation;

/// Elements that a quota is made for: nobody is refused for having asked too much.
const ELEMENTS: u64 = 1 << 40;
/// Points that requests are drawn from, for each element of a request.
const POINTS: usize = 8;
/// Requests that share a connection; a holder takes 256 on one.
const OF_A_CONNECTION: usize = 128;
/// Until then the holder fills its caches: from there on its memory is compared.
const WARM: u32 = 4;
/// How long a request may be under way: a node gives one up after as long.
const PATIENCE: Duration = Duration::from_mins(1);
/// The key that the federation has agreed on.
const KEY: KeyId = KeyId { class: Class::ALL[0], epoch: Epoch(1), generation: Generation(0) };

/// What requests came to.
#[derive(Default)]
struct Fared {
    answered: AtomicU64,
    refused: AtomicU64,
    left_alone: AtomicU64,
}

/// Runs the case; a table.
pub async fn saturation(options: Saturation) -> anyhow::Result<String> {
    let folder = tempfile::Builder::new().prefix("lianfang-load-").tempdir()?;
    let (plan, console) = (plan(2)?, Buffer::new(Lang::En));
    let mut federation = Federation::found(&plan, folder.path(), ELEMENTS, &console).await.map_err(told)?;
    federation.enrol().await.map_err(told)?;
    federation.agree_on_key().await.map_err(told)?;
    let commands = Party::new(&this_executable().map_err(told)?, COORDINATOR, "coordinator", folder.path());
    let addresses = federation.addresses();
    let (coordinator, (holder, address)) = (&addresses[0].1, &addresses[1]);
    let visitor = Arc::new(Visitor::join(&commands, coordinator, "visitor").await?);
    let pid = federation.processes().iter().find(|(name, _)| name == holder).context("the holder serves")?.1;

    let (fared, end) = (Arc::new(Fared::default()), Instant::now() + Duration::from_secs(options.seconds));
    let points: Arc<[_]> = points(options.elements()).into();
    let mut asking = JoinSet::new();
    let mut channel = visitor.channel_to(holder, address);
    for client in 0..options.askers() {
        if client % OF_A_CONNECTION == 0 {
            channel = visitor.channel_to(holder, address);
        }
        let asker = Asker {
            holder: KeyHolderClient::new(channel.clone())
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
            visitor: Arc::clone(&visitor),
            points: Arc::clone(&points),
            options,
        };
        asking.spawn(asker.ask(client as u64, end, Arc::clone(&fared)));
    }
    let begun = Instant::now();
    let (mut early, mut late) = (0, 0);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let part = begun.elapsed().as_secs_f64() / options.seconds.max(1) as f64 * f64::from(WARM);
        match part {
            part if part < 1.0 => {}
            part if part < 2.0 => early = early.max(resident_kib(pid)),
            _ => late = late.max(resident_kib(pid)),
        }
    }
    while let Some(ended) = asking.join_next().await {
        ended??;
    }
    federation.stop().await;
    told_of(options, &fared, early, late)
}

/// The table, if all was as it must be.
fn told_of(options: Saturation, fared: &Fared, early: u64, late: u64) -> anyhow::Result<String> {
    let [answered, refused, left_alone] =
        [&fared.answered, &fared.refused, &fared.left_alone].map(|count| count.load(Ordering::Relaxed));
    ensure!(left_alone == 0, "{left_alone} requests were left without a word for {} s", PATIENCE.as_secs());
    ensure!(answered > 0, "nothing was answered");
    stays_flat(early, late)?;
    let (at_once, elements) = (options.askers(), options.elements());
    let mut table = String::new();
    writeln!(
        table,
        "{} s, {at_once} requests of {elements} elements under way or waiting to come back.",
        options.seconds
    )?;
    writeln!(
        table,
        "{answered} answered, {refused} refused with a time to come back, none left without a word: {:.0} elements a second.",
        answered as f64 * elements as f64 / options.seconds.max(1) as f64
    )?;
    writeln!(
        table,
        "The holder had {} MB resident in the second quarter and {} MB after it.",
        early * 1_024 / 1_000_000,
        late * 1_024 / 1_000_000
    )?;
    Ok(table)
}

/// What requests of so many elements are drawn from.
fn points(elements: usize) -> Vec<[u8; ELEMENT_BYTES]> {
    let mut rng = StdRng::seed_from_u64(1);
    (0..POINTS * elements).map(|_| RistrettoPoint::random(&mut rng).compress().to_bytes()).collect()
}

/// One of those who ask.
struct Asker {
    holder: KeyHolderClient<Channel>,
    visitor: Arc<Visitor>,
    points: Arc<[[u8; ELEMENT_BYTES]]>,
    options: Saturation,
}

impl Asker {
    /// Asks until the end, each time for another batch, and comes back when it is told to.
    async fn ask(mut self, client: u64, end: Instant, fared: Arc<Fared>) -> anyhow::Result<()> {
        let mut rng = StdRng::seed_from_u64(client);
        let elements = self.options.elements();
        while Instant::now() < end {
            let chosen: Vec<[u8; ELEMENT_BYTES]> = self.points.sample(&mut rng, elements).copied().collect();
            let request = self.send(chosen.as_flattened().to_vec().into());
            match tokio::time::timeout(PATIENCE, request).await {
                // It is given up, so that the run ends; then it fails.
                Err(_) => {
                    fared.left_alone.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Ok(bytes)) => {
                    ensure!(bytes == elements * ELEMENT_BYTES, "a short answer");
                    fared.answered.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Err(status)) => {
                    let fault = Fault::from_status(&status);
                    let Some(wait) = fault.retry_after else {
                        bail!("refused without a time to come back: {status}")
                    };
                    fared.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(wait.min(end.saturating_duration_since(Instant::now()))).await;
                }
            }
        }
        Ok(())
    }

    /// One request; how many bytes of evaluated elements came back.
    async fn send(&mut self, packed: Bytes) -> Result<usize, Status> {
        if self.options.bulk {
            let message = EvaluateRequest { request: self.signed(&packed), blinded_elements: packed };
            return Ok(self.holder.evaluate(message).await?.into_inner().evaluated_elements.len());
        }
        let message =
            BlindEvaluateRequest { key_id: KEY.to_bytes().to_vec().into(), blinded_elements: packed };
        Ok(self.holder.blind_evaluate(message).await?.into_inner().evaluated_elements.len())
    }

    /// What the bulk call is asked under: no job stands behind it, and a holder does not look for one.
    fn signed(&self, packed: &[u8]) -> Bytes {
        let bank = &self.visitor.id;
        let request = EvaluationRequest {
            terms_digest: Digest::of("load", b"saturation"),
            bank: bank.clone(),
            key: KEY,
            chunk: 0,
            elements: u32::try_from(packed.len() / ELEMENT_BYTES).unwrap_or(u32::MAX),
            elements_digest: Digest::from_bytes(elements_digest(&blinded_context(bank, KEY), packed)),
            commitment_root: [0; 32],
        };
        Signed::sign(&self.visitor.key, request).bytes().to_vec().into()
    }
}
