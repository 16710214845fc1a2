//! `bench`: measures what this machine does per identifier, and predicts a job's time from it.
//!
//! Every stage runs for real over one full chunk on one core, with keys of a ceremony among holders that exist for the
//! measurement alone. A job's processor time is the sum of the stages; its time on the wall is that over the cores.

use std::collections::BTreeMap;
use std::time::Instant;

use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind, CeremonySeed};
use lianfang_crypto::ceremony::generate;
use lianfang_crypto::ceremony::transcript::Transcript;
use lianfang_crypto::lanes::Lanes;
use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed, blind};
use lianfang_crypto::oprf::check::{Checked, Closed, Gathering};
use lianfang_crypto::oprf::input::Input;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::{HolderIndex, Threshold};
use lianfang_crypto::tag::tags_and_seals;
use lianfang_desk::table::{Table, duration, number};
use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, tell};
use crate::ports::Ports;

/// Elements of a full chunk.
const CHUNK: usize = 8_192;

/// Microseconds per identifier on one core.
#[derive(Default)]
struct Costs {
    blind: f64,
    evaluate: f64,
    check: f64,
    finalise: f64,
    tag: f64,
}

pub(super) async fn run(args: &args::Bench, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let threshold = Threshold::new(args.key_threshold, args.holders).map_err(|_| {
        let got = format!("{} of {}", args.key_threshold, args.holders);
        Problem::usage("usage-value").with("got", got).field("--key-threshold")
    })?;
    let ports = ports.clone();
    let costs = tokio::task::spawn_blocking(move || measure(threshold, &ports)).await;
    let costs = costs.map_err(Problem::bug)??;
    say(args, call, &costs);
    Ok(Exit::Done)
}

fn holders(threshold: Threshold, ports: &Ports) -> Result<(PublicKeySet, Vec<KeyShare>), Problem> {
    let context = CeremonyContext {
        kind: CeremonyKind::Generate,
        id: [0; 16],
        class: 1,
        epoch: 1,
        generation: 0,
        threshold,
    };
    let mut rng = ports.chance.rng();
    let seeds: BTreeMap<HolderIndex, CeremonySeed> =
        threshold.indices().map(|holder| (holder, CeremonySeed::draw(&mut *rng))).collect();
    let mut messages = BTreeMap::new();
    for (me, seed) in &seeds {
        messages.insert(*me, generate::open(&context, *me, seed).map_err(Problem::bug)?);
    }
    let transcript = Transcript::collect(&context, &messages).map_err(Problem::bug)?;
    let digests = seeds.keys().map(|me| (*me, transcript.digest())).collect();
    let agreed = transcript.agree(&digests).map_err(Problem::bug)?;
    let mut dealt = BTreeMap::new();
    for (me, seed) in &seeds {
        dealt.insert(*me, generate::deal(&agreed, *me, seed).map_err(Problem::bug)?);
    }
    let mut shares = Vec::new();
    let mut keys = None;
    for (me, seed) in &seeds {
        let inbox =
            dealt.iter().filter_map(|(from, packages)| Some((*from, packages.get(me)?.clone()))).collect();
        let (share, public) = generate::finish(&agreed, *me, seed, &inbox).map_err(Problem::bug)?;
        shares.push(share);
        keys = Some(public);
    }
    let keys = keys.ok_or_else(|| Problem::bug(anyhow::anyhow!("a ceremony without holders")))?;
    shares.truncate(threshold.needed().into());
    Ok((keys, shares))
}

/// Runs `stage`; its microseconds per element are added to `cost`.
fn timed<T>(cost: &mut f64, stage: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = stage();
    *cost += began.elapsed().as_secs_f64() * 1e6 / CHUNK as f64;
    result
}

fn measure(threshold: Threshold, ports: &Ports) -> Result<Costs, Problem> {
    let (keys, shares) = holders(threshold, ports)?;
    let mut rng = ports.chance.rng();
    let mut costs = Costs::default();
    let inputs: Result<Vec<Input>, _> =
        (0..CHUNK).map(|n| Input::new("mobile", 1, &format!("+86139{n:08}"))).collect();
    let inputs = inputs.map_err(Problem::bug)?;
    let seed = ChunkSeed::draw(&mut *rng, &[0; 32], b"bench");
    let (blinding, blinded) =
        timed(&mut costs.blind, || blind(inputs, &seed, CHUNK)).map_err(Problem::bug)?;
    let packed = blinded.packed().to_vec();
    let mut gathering = Gathering::new(keys, blinded, None).map_err(Problem::bug)?;
    for share in &shares {
        let answer = timed(&mut costs.evaluate, || {
            BlindedElements::decode(&packed, CHUNK).map(|elements| share.evaluate(&elements))
        });
        let answer = answer.map_err(Problem::bug)?;
        timed(&mut costs.check, || gathering.accept(share.holder(), answer.packed(), None))
            .map_err(Problem::bug)?;
    }
    let checked = timed(&mut costs.check, || check(gathering, &shares, ports))?;
    let outputs = timed(&mut costs.finalise, || blinding.finalise(checked, None)).map_err(Problem::bug)?;
    timed(&mut costs.tag, || tags_and_seals(&outputs, &[1; 64]));
    Ok(costs)
}

fn check(gathering: Gathering, shares: &[KeyShare], ports: &Ports) -> Result<Checked, Problem> {
    let odd = || Problem::bug(anyhow::anyhow!("honest holders did not pass the check"));
    let mut rng = ports.chance.rng();
    match gathering.close(&mut *rng).map_err(|_| odd())? {
        Closed::Passed(checked) => Ok(checked),
        Closed::Ask(mut request) => {
            for share in shares {
                let element = BlindedElements::decode(&request.element(), 1).map_err(Problem::bug)?;
                let (answer, proof) = share.blind_evaluate(&element, &mut *rng).map_err(Problem::bug)?;
                request.accept(share.holder(), answer.packed(), &proof.encode()).map_err(Problem::bug)?;
            }
            request.decide().map_err(|_| odd())
        }
    }
}

fn say(args: &args::Bench, call: &Call, costs: &Costs) {
    let stages = [
        ("blind", costs.blind),
        ("evaluate", costs.evaluate),
        ("check", costs.check),
        ("finalise", costs.finalise),
        ("tag", costs.tag),
    ];
    let each: f64 = stages.iter().map(|(_, cost)| cost).sum();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let seconds = each * args.identifiers as f64 / 1e6;
    let wall = std::time::Duration::from_secs_f64(seconds / cores as f64);
    let by_stage: serde_json::Map<String, serde_json::Value> =
        stages.iter().map(|(name, cost)| ((*name).to_owned(), json!(cost))).collect();
    let json = json!({
        "microseconds_per_identifier": by_stage, "identifiers": args.identifiers, "cores": cores,
        "cpu_seconds": seconds, "wall_seconds": wall.as_secs_f64(), "lanes": Lanes::current().name(),
    });
    let mut table = Table::new(["stage", "µs"]).right(&[1]);
    for (name, cost) in stages {
        table.row([name.to_owned(), format!("{cost:.2}")]);
    }
    let said = [
        ("identifiers", number(args.identifiers).into()),
        ("cores", (cores as u64).into()),
        ("lanes", Lanes::current().name().into()),
        ("time", duration(call.console.lang(), wall).into()),
    ];
    let sentence = call.console.text("node-bench", &said);
    tell(&*call.console, &json, &format!("{}{sentence}", table.render()));
}
