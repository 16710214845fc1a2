//! A federation of real processes that is killed again and again while it works, and must give the same answer.
//!
//! Comes in: how many kills, a seed. Goes out: what was killed and spoiled, or the first thing that was lost. Every party
//! is a process of its own, every connection leads through a proxy that can delay, throttle, cut, swallow and refuse.
//! Whoever is picked gets SIGKILL, its folder is searched for clear text of the registers, its wire is spoiled for a
//! while, and it is started again. Meanwhile the federation agrees on a key, imports registers and runs jobs; after each
//! job every report must equal the answer in the clear, and every audit log must hold.
//!
//! Seeded: who is killed when is drawn from the seed; where in its work a process is then, the machine decides.
//! Fails: with the first difference, the first answer that does not come in time, the first clear text, the first exit
//! that is a defect of ours.

mod course;
mod killer;
mod member;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::canary::Canaries;
use crate::demo::Demo;
use crate::demo::args::Plan;
use member::Member;

/// What to endure.
#[derive(Clone, Debug, Parser)]
#[command(name = "endure")]
pub struct Options {
    /// Processes to kill, at least.
    #[arg(long, default_value_t = 200)]
    pub kills: u32,
    /// Banks; the first five of them, or all, hold the key.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=20))]
    pub banks: u8,
    /// Records of each bank.
    #[arg(long, default_value_t = 200)]
    pub records: u32,
    /// Who is killed when, and who stands in the registers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keeps the folders here, also after a failure.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// What was done to the federation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Processes that were killed, commands among them.
    pub kills: u32,
    /// Wires that were spoiled.
    pub spoiled: u32,
    /// Files that were searched for clear text.
    pub searched: u64,
    /// Jobs that came to their end.
    pub jobs: u32,
    /// Ceremonies that came to their end, one way or the other.
    pub ceremonies: u32,
    /// Ceremonies that had to be started again.
    pub repeated: u32,
}

/// Everything that the course and the killer share.
struct Siege {
    options: Options,
    root: PathBuf,
    members: Vec<Member>,
    tally: Mutex<Tally>,
    chance: Mutex<StdRng>,
    planted: Mutex<Canaries>,
}

impl Siege {
    fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().expect("nobody panics with it"));
    }

    fn tally(&self) -> Tally {
        *self.tally.lock().expect("nobody panics with it")
    }

    fn draw<T>(&self, from: impl FnOnce(&mut StdRng) -> T) -> T {
        from(&mut self.chance.lock().expect("nobody panics with it"))
    }

    fn coordinator(&self) -> &Member {
        &self.members[0]
    }

    fn nodes(&self) -> &[Member] {
        &self.members[1..]
    }

    /// No file that the party has written holds a word of a register.
    fn search(&self, member: &Member) -> anyhow::Result<()> {
        let planted = self.planted.lock().expect("nobody panics with it");
        let found = planted.found_under(member.dir());
        ensure!(found.is_empty(), "{}: clear text of a register lies in {found:?}", member.name);
        let log = std::fs::read(member.dir().with_extension("log")).unwrap_or_default();
        ensure!(planted.found_in(&log).is_none(), "{}: clear text of a register is in its log", member.name);
        let files = crate::canary::files(member.dir()).len() as u64 + 1;
        drop(planted);
        self.count(|tally| tally.searched += files);
        Ok(())
    }
}

/// The federation's plan, by the same rules as the demo's.
fn plan(options: &Options, root: &Path, round: u32) -> anyhow::Result<Plan> {
    let disclosures = ["institutions", "labels", "count"];
    let (banks, records) = (options.banks.to_string(), options.records.to_string());
    let seed = (options.seed + u64::from(round)).to_string();
    let disclosure = disclosures[round as usize % disclosures.len()];
    let words =
        ["demo", "--banks", &banks, "--records", &records, "--seed", &seed, "--disclosure", disclosure];
    let demo = Demo::try_parse_from(words)?;
    demo.plan(root).map_err(|problem| anyhow::anyhow!("{problem}"))
}

/// Endures as much as the options say; what was done, and how long it took in seconds.
pub async fn endure(options: Options) -> anyhow::Result<(Tally, f64)> {
    let folder = tempfile::Builder::new().prefix("lianfang-endure-").tempdir()?;
    let root = match &options.keep {
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
            std::path::absolute(dir)?
        }
        None => folder.path().to_owned(),
    };
    let begun = Instant::now();
    let chance = Mutex::new(StdRng::seed_from_u64(options.seed));
    let plan = plan(&options, &root, 0)?;
    let members = member::found(&plan, &root).await?;
    let siege = Siege { options, root, members, tally: Mutex::default(), chance, planted: Mutex::default() };
    let ended = course::run(&siege).await;
    for member in &siege.members {
        member.stop().await;
    }
    ended?;
    Ok((siege.tally(), begun.elapsed().as_secs_f64()))
}
