//! A federation of real processes that is killed again and again while it works, and must give the same answer.
//!
//! Comes in: how many kills, a seed. Goes out: what was killed and spoiled, or the first thing that was lost. Every party
//! is a process of its own, every connection leads through a proxy that can delay, throttle, cut, swallow and refuse.
//! Whoever is picked gets SIGKILL, its folder is searched for clear text of the registers, its wire is spoiled for a
//! while, and it is started again. Meanwhile the federation agrees on a key, imports registers and runs jobs, one a round,
//! and beside the job of a round in turn: nothing; shares are renewed; parties are backed up; a holder that has lost its
//! store has its share repaired; a holder and the coordinator are put back to a backup. After each job every report must
//! equal the answer in the clear, and every audit log must hold; then all are killed at once, which counts as none of the
//! kills that were asked for, and their books compared. A siege of a hundred kills or more ends only when each kind of
//! moment was hit by one: for what was missed rounds are added. At the end everything under the root folder is searched.
//!
//! Seeded: who is killed when is drawn from the seed; where in its work a process is then, the machine decides.
//! Fails: with the first difference, the first answer that does not come in time, the first clear text, the first exit
//! that is a defect of ours, with the moment that no kill could hit.

mod aim;
mod backups;
mod books;
mod ceremonies;
mod course;
mod killer;
mod member;
mod moment;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::canary::{Canaries, contains};
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
    /// Rounds at least: each of five tries something else beside its job.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Banks; the first five of them, or all, hold the key.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=20))]
    pub banks: u8,
    /// Records of each bank.
    #[arg(long, default_value_t = 200)]
    pub records: u32,
    /// Each kind of moment must be hit by a kill, however few are asked for; from a hundred kills on it must anyway.
    #[arg(long)]
    pub every_moment: bool,
    /// Who is killed when, and who stands in the registers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keeps the folders here, also after a failure.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// What was done to the federation.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Processes that were killed, commands among them; those that were killed with all others at once are not.
    pub kills: u32,
    /// Kills by what was under way, in the federation or at the party that was killed; a kill may count in several.
    pub during: BTreeMap<&'static str, u32>,
    /// Processes that were killed with all others at once, so that books could be compared.
    pub at_once: u32,
    /// Rounds that were made for a moment which no kill had hit.
    pub aimed: u32,
    /// Wires that were spoiled.
    pub spoiled: u32,
    /// Files that were searched for clear text.
    pub searched: u64,
    /// Jobs that came to their end.
    pub jobs: u32,
    /// Ceremonies that came to their end, one way or the other, by their task.
    pub ceremonies: BTreeMap<&'static str, u32>,
    /// Ceremonies that had to be started again.
    pub repeated: u32,
    /// Backups that were finished.
    pub backups: u32,
    /// Backups that were cut off.
    pub cut_backups: u32,
    /// Restores that were finished.
    pub restores: u32,
    /// Restores that were cut off.
    pub cut_restores: u32,
    /// How often the books of all were compared.
    pub compared: u32,
    /// Elements that had been evaluated when they were last.
    pub elements: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |counts: &BTreeMap<&str, u32>| {
            counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "{} kills (during: {})", self.kills, listed(&self.during))?;
        writeln!(f, "{} spoiled wires, {} files searched", self.spoiled, self.searched)?;
        let ceremonies = listed(&self.ceremonies);
        writeln!(f, "{} jobs; ceremonies: {ceremonies}; {} of them in vain", self.jobs, self.repeated)?;
        let (cut_backups, cut_restores) = (self.cut_backups, self.cut_restores);
        write!(f, "{} backups, {cut_backups} cut off; ", self.backups)?;
        writeln!(f, "{} restores, {cut_restores} cut off", self.restores)?;
        writeln!(f, "books compared {} times, over {} elements", self.compared, self.elements)?;
        write!(
            f,
            "{} more kills, of everybody at once; {} rounds for what was missed",
            self.at_once, self.aimed
        )
    }
}

/// Everything that the course and the killer share.
struct Siege {
    options: Options,
    root: PathBuf,
    members: Vec<Member>,
    tally: Mutex<Tally>,
    chance: Mutex<StdRng>,
    planted: Mutex<Canaries>,
    ever_planted: Mutex<Vec<String>>,
    registers: Mutex<BTreeSet<PathBuf>>,
    aim: Mutex<Option<&'static str>>,
    under_way: Mutex<Vec<&'static str>>,
    forgetful: Mutex<BTreeSet<String>>,
}

/// Something that is under way until this is dropped.
struct UnderWay<'a>(&'a Siege, &'static str);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = under_way.iter().position(|word| *word == self.1) {
            under_way.swap_remove(place);
        }
    }
}

impl Siege {
    fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().expect("nobody panics with it"));
    }

    fn tally(&self) -> Tally {
        self.tally.lock().expect("nobody panics with it").clone()
    }

    /// A process was killed while these were under way.
    fn killed(&self, at: impl IntoIterator<Item = &'static str>) {
        self.count(|tally| {
            tally.kills += 1;
            for word in at {
                *tally.during.entry(word).or_default() += 1;
            }
        });
    }

    fn draw<T>(&self, from: impl FnOnce(&mut StdRng) -> T) -> T {
        from(&mut self.chance.lock().expect("nobody panics with it"))
    }

    /// Says what is under way, for as long as what this gives is kept.
    fn begin(&self, word: &'static str) -> UnderWay<'_> {
        self.under_way.lock().expect("nobody panics with it").push(word);
        UnderWay(self, word)
    }

    fn under_way(&self) -> BTreeSet<&'static str> {
        self.under_way.lock().expect("nobody panics with it").iter().copied().collect()
    }

    /// The bank's store was lost or put back.
    fn forgets(&self, bank: &str) {
        self.forgetful.lock().expect("nobody panics with it").insert(bank.to_owned());
    }

    fn has_forgotten(&self, bank: &str) -> bool {
        self.forgetful.lock().expect("nobody panics with it").contains(bank)
    }

    /// A folder that is new and empty.
    fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.root.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    fn coordinator(&self) -> &Member {
        &self.members[0]
    }

    fn nodes(&self) -> &[Member] {
        &self.members[1..]
    }

    fn node(&self, name: &str) -> anyhow::Result<&Member> {
        self.nodes().iter().find(|node| node.name == name).with_context(|| name.to_owned())
    }

    /// These must be found nowhere from now on, and at the end none of all that were ever planted.
    fn plant(&self, words: &[&str]) {
        *self.planted.lock().expect("nobody panics with it") = Canaries::new(words.iter().copied());
        let mut ever = self.ever_planted.lock().expect("nobody panics with it");
        ever.extend(words.iter().map(|word| (*word).to_owned()));
    }

    /// No file that the party has written holds a word of a register, and its log tells of no panic.
    fn search(&self, member: &Member) -> anyhow::Result<()> {
        self.search_folder(&member.name, member.dir())?;
        self.search_folder(&member.name, member.temp())?;
        let log = std::fs::read(member.dir().with_extension("log")).unwrap_or_default();
        let told = self.planted.lock().expect("nobody panics with it").found_in(&log).is_some();
        ensure!(!told, "{}: clear text of a register is in its log", member.name);
        ensure!(!contains(&log, b"panicked at"), "{}: it has panicked; see its log", member.name);
        Ok(())
    }

    /// The same of any folder that the party has filled.
    fn search_folder(&self, name: &str, dir: &Path) -> anyhow::Result<()> {
        let planted = self.planted.lock().expect("nobody panics with it");
        let found = planted.found_under(dir);
        drop(planted);
        ensure!(found.is_empty(), "{name}: clear text of a register lies in {found:?}");
        let files = crate::canary::files(dir).len() as u64;
        self.count(|tally| tally.searched += files);
        Ok(())
    }

    /// The whole root folder, with all that was ever planted: it lies in registers that the siege wrote, and nowhere else.
    fn search_root(&self) -> anyhow::Result<()> {
        let ever = self.ever_planted.lock().expect("nobody panics with it");
        let found = Canaries::new(ever.iter().map(String::as_str)).found_under(&self.root);
        let registers = self.registers.lock().expect("nobody panics with it");
        let (clear, elsewhere): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|path| registers.contains(path));
        ensure!(elsewhere.is_empty(), "clear text of a register lies in {elsewhere:?}");
        ensure!(
            ever.is_empty() || !clear.is_empty(),
            "nothing was found in the registers either: the search is blind"
        );
        let files = crate::canary::files(&self.root).len().saturating_sub(registers.len()) as u64;
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
    let siege = Siege {
        options,
        root,
        members,
        chance,
        tally: Mutex::default(),
        planted: Mutex::default(),
        ever_planted: Mutex::default(),
        registers: Mutex::default(),
        aim: Mutex::default(),
        under_way: Mutex::default(),
        forgetful: Mutex::default(),
    };
    let ended = course::run(&siege).await;
    for member in &siege.members {
        member.stop().await;
    }
    ended?;
    siege.search_root()?;
    Ok((siege.tally(), begun.elapsed().as_secs_f64()))
}
