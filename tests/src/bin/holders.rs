//! Measures one key holder as one process and as two over one PostgreSQL server: requests and elements per second, with
//! the quota charged once for both.
//!
//! Comes in: a server for stores (`LIANFANG_TEST_POSTGRES`), seconds, elements a request. Goes out: a table. The
//! federation is made in memory; then the holder's folder is copied, and each copy serves as a process of its own over
//! TCP, held to one core each if asked. Fails if a request is refused, or if what was charged is not what was sent.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::blind::{ChunkSeed, blind};
use lianfang_crypto::oprf::input::Input;
use lianfang_link::client::DialLimits;
use lianfang_link::{Dialer, Party as Peer, Tcp, Transport as _};
use lianfang_node::config::{Config, Policy};
use lianfang_node::secrets::{self, Secrets};
use lianfang_node::store::Store;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::{EvaluationRequest, blinded_context};
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::v1::{EvaluateRequest, GetStandingRequest};
use lianfang_store::trial;
use lianfang_tests::demo::children::{self, Party};
use lianfang_tests::liars::{Credentials, credentials};
use lianfang_tests::tool;
use lianfang_tests::world::{COORDINATOR, World, address, automatic};
use lianfang_trust::{Digest, Signed};
use tonic::transport::Channel;

const HOLDER: &str = "alpha";
const ASKER: &str = "beta";
const KEY: KeyId = KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) };
/// Elements that exist; requests are windows of them, no two alike.
const POOL: usize = 32_768;

/// Measures a key holder in one process and in two.
#[derive(Debug, Parser)]
#[command(name = "holders")]
struct Options {
    /// How long each measurement lasts.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Elements a request: a power of two from 64.
    #[arg(long, default_value_t = 4_096)]
    elements: usize,
    /// Requests that are under way at once, for each process.
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// Holds each process to a core of its own (`taskset`), as if each had a machine with one.
    #[arg(long)]
    a_core_each: bool,
}

fn main() -> ExitCode {
    tool::main(|options: Options| run(&options))
}

fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(trial::server().is_some(), "{} names no server", trial::SERVER);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> anyhow::Result<()> {
    let policy = |_: &str| Policy { quota: u64::from(u32::MAX), ..automatic() };
    let mut world = World::with_policy(&[HOLDER, ASKER], policy).await;
    for bank in [HOLDER, ASKER] {
        world.enrol(bank, bank).await;
    }
    world.agree(&[HOLDER, ASKER], 2).await;
    let asker = Arc::new(credentials(&world, ASKER).await);
    lead_to(&world, &bridge(&world).await?).await?;
    world.stop(HOLDER).await;
    let pool = Arc::new(pool()?);
    tool::print("| processes | requests/s | elements/s |\n| ---: | ---: | ---: |\n");
    let mut window = 0;
    for processes in 1..=2 {
        let folder = tempfile::tempdir()?;
        let served = serve(&world, folder.path(), processes, options.a_core_each).await?;
        let channels = served.iter().map(|party| channel(&world, &asker, &party.address)).collect::<Vec<_>>();
        in_touch(&channels).await?;
        let before = charged(&channels[0]).await?;
        let load = Load { asker: Arc::clone(&asker), pool: Arc::clone(&pool), elements: options.elements };
        let (answered, took) = ask(load, &channels, options, &mut window).await?;
        let elements = answered * options.elements as u64;
        let seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rates = (answered as f64 / seconds, elements as f64 / seconds);
        tool::print(&format!("| {processes} | {:.1} | {:.0} |\n", rates.0, rates.1));
        let spent = charged(&channels[0]).await? - before;
        ensure!(spent == elements, "{spent} elements were charged, and {elements} were sent");
        for mut party in served {
            party.stop().await;
        }
    }
    world.end().await;
    Ok(())
}

/// A way from TCP to the coordinator in memory, for a holder answers nobody while it does not hear of the roster.
async fn bridge(world: &World) -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let own = listener.local_addr()?.to_string();
    let network = world.network.clone();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let network = network.clone();
            tokio::spawn(async move {
                if let Ok(mut to) = network.dial(&address(COORDINATOR)).await {
                    // Either end may close it.
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
    Ok(own)
}

/// Has the holder dial the coordinator there.
async fn lead_to(world: &World, coordinator: &str) -> anyhow::Result<()> {
    let dir = world.dir(HOLDER);
    let config = Config::load(&dir).map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
    let secrets =
        Secrets::open(&dir, &config.unlock).map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
    let place =
        secrets::place(&dir, &config.store).map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
    let store = Store::open(&place, &dir, secrets.master, world.clock.ports()).await?;
    store.write(sqlx::query("UPDATE membership SET coordinator = $1").bind(coordinator)).await?;
    store.close().await;
    Ok(())
}

/// Waits until each process has heard of the roster.
async fn in_touch(channels: &[Channel]) -> anyhow::Result<()> {
    for channel in channels {
        let end = Instant::now() + Duration::from_secs(20);
        while let Err(error) = charged(channel).await {
            ensure!(Instant::now() < end, "{error:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// Encoded elements of the group.
fn pool() -> anyhow::Result<Vec<u8>> {
    let mut rng = lianfang_ports::Ports::system().chance.rng();
    let mut pool = Vec::new();
    while pool.len() < POOL * 32 {
        let seed = ChunkSeed::draw(&mut *rng, b"measurement", b"holders");
        let input = Input::new("mobile", 1, "nobody")?;
        pool.extend_from_slice(blind(vec![input], &seed, 4_096)?.1.packed());
    }
    Ok(pool)
}

/// So many processes of the holder, each with a copy of its folder.
async fn serve(world: &World, root: &Path, processes: usize, pinned: bool) -> anyhow::Result<Vec<Party>> {
    let exe = children::this_executable().map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
    let mut served = Vec::new();
    for number in 0..processes {
        let mut party = Party::new(&exe, children::NODE, &format!("{HOLDER}-{number}"), root);
        copy(&world.dir(HOLDER), party.dir())?;
        let mut config =
            Config::load(party.dir()).map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
        "127.0.0.1:0".clone_into(&mut config.listen);
        config.advertise = Some("127.0.0.1:1".to_owned());
        config.store(party.dir()).map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
        party.serve().await.map_err(|problem| anyhow::anyhow!("{}", problem.code()))?;
        if let (true, Some(pid)) = (pinned, party.process()) {
            let (core, pid) = (number.to_string(), pid.to_string());
            let held = Command::new("taskset").args(["-a", "-p", "-c", &core, &pid]).output()?;
            ensure!(held.status.success(), "taskset could not hold process {pid}");
        }
        served.push(party);
    }
    Ok(served)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn channel(world: &World, asker: &Credentials, address: &str) -> Channel {
    let directory = Arc::new(asker.roster.clone());
    let clock = world.clock.of_link();
    let limits = DialLimits::default();
    let dialer = Dialer::new(Arc::new(Tcp::default()), Some(&asker.identity), directory, &clock, limits);
    dialer.channel(address, &Peer::Bank(HOLDER.to_owned()))
}

async fn charged(channel: &Channel) -> anyhow::Result<u64> {
    let ask = GetStandingRequest { class: 1, epoch: 1, highest_answer: Vec::new().into() };
    let standing = KeyHolderClient::new(channel.clone()).get_standing(ask).await;
    Ok(standing.context("the holder says where it stands")?.into_inner().charged)
}

/// What is asked.
#[derive(Clone)]
struct Load {
    asker: Arc<Credentials>,
    pool: Arc<Vec<u8>>,
    elements: usize,
}

impl Load {
    /// The request of this number: no other one has its elements.
    fn request(&self, number: u64) -> anyhow::Result<EvaluateRequest> {
        let from = usize::try_from(number)? % (POOL - self.elements);
        let mut packed = self.pool[from * 32..(from + self.elements) * 32].to_vec();
        // Beyond the pool's windows the first two elements are exchanged, then the first and the third, and so on.
        let turn = usize::try_from(number)? / (POOL - self.elements);
        ensure!(turn < self.elements, "so many requests were not foreseen");
        let (first, rest) = packed.split_at_mut(32);
        if turn > 0 {
            first.swap_with_slice(&mut rest[(turn - 1) * 32..turn * 32]);
        }
        let bank = BankId::parse(ASKER, "bank")?;
        let digest = Digest::from_bytes(elements_digest(&blinded_context(&bank, KEY), &packed));
        let request = EvaluationRequest {
            terms_digest: Digest::of("measurement", &number.to_be_bytes()),
            bank,
            key: KEY,
            chunk: number,
            elements: u32::try_from(self.elements)?,
            elements_digest: digest,
            commitment_root: [7; 32],
        };
        let signed = Signed::sign(&self.asker.signing, request);
        Ok(EvaluateRequest { request: signed.bytes().to_vec().into(), blinded_elements: packed.into() })
    }
}

/// Asks for as long as the options say; gives how many requests were answered, and how long that took.
async fn ask(
    load: Load,
    channels: &[Channel],
    options: &Options,
    window: &mut u64,
) -> anyhow::Result<(u64, Duration)> {
    let next = Arc::new(AtomicU64::new(*window));
    let begun = Instant::now();
    let end = begun + Duration::from_secs(options.seconds);
    let mut askers = tokio::task::JoinSet::new();
    for channel in channels {
        for _ in 0..options.at_once {
            let (next, load) = (Arc::clone(&next), load.clone());
            let mut client = KeyHolderClient::new(channel.clone())
                .max_decoding_message_size(lianfang_proto::limits::MESSAGE_BYTES)
                .max_encoding_message_size(lianfang_proto::limits::MESSAGE_BYTES);
            askers.spawn(async move {
                let mut answered = 0_u64;
                while Instant::now() < end {
                    let request = load.request(next.fetch_add(1, Ordering::Relaxed))?;
                    client.evaluate(request).await.context("an answer")?;
                    answered += 1;
                }
                anyhow::Ok(answered)
            });
        }
    }
    let mut answered = 0;
    while let Some(ended) = askers.join_next().await {
        answered += ended??;
    }
    *window = next.load(Ordering::Relaxed);
    Ok((answered, begun.elapsed()))
}
