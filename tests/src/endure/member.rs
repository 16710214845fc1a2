//! One party of the siege: its process, its commands, and the wire on which others reach it.

use std::fs::OpenOptions;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use lianfang_desk::{Exit, Problem};
use lianfang_link::proxy::Proxy;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::demo::args::Plan;
use crate::demo::children::{COORDINATOR, NODE, Party, Refused, this_executable};
use crate::demo::compare::contact_of;

/// How long anything may take that is tried again and again.
const PATIENCE: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_millis(150);
/// The rows to which a submission is padded: few, for it is not the size that is tried here.
const LEAST_ROWS: i64 = 1_024;
/// Where parties have their temporary files, under the root folder: each in a folder of its own.
const TEMP: &str = "temp";
/// The secret that unlocks a folder, within it.
const UNLOCK: &str = "secrets/unlock.key";

/// A party.
pub(super) struct Member {
    /// Its name.
    pub(super) name: String,
    /// What its people read out when it joins.
    pub(super) fingerprint: String,
    /// The wire that leads to it.
    pub(super) wire: Proxy,
    program: &'static str,
    temp: PathBuf,
    commands: Party,
    serving: Mutex<Party>,
    fate: Mutex<()>,
}

/// A problem of the desk as an error of this program.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn told(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem}")
}

/// A port that is free now.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Member {
    async fn found(program: &'static str, name: &str, root: &Path) -> anyhow::Result<Self> {
        let exe = this_executable().map_err(told)?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let wire = Proxy::start(&listen).await?;
        let temp = root.join(TEMP).join(name);
        std::fs::create_dir_all(&temp).with_context(|| temp.display().to_string())?;
        let commands = Party::new(&exe, program, name, root).with_temp(&temp);
        let (advertise, contact) = (wire.addr(), contact_of(name));
        let mut init = vec!["init", "--listen", &listen, "--advertise", &advertise];
        if program == NODE {
            init.extend(["--contact", &contact]);
        }
        let made = commands.run(&init).await.map_err(told)?;
        let fingerprint = made["fingerprint"].as_str().unwrap_or_default().to_owned();
        if program == NODE {
            trust_everybody(commands.dir())?;
        }
        let serving = Mutex::new(Party::new(&exe, program, name, root).with_temp(&temp));
        let fate = Mutex::default();
        Ok(Self { name: name.to_owned(), fingerprint, wire, program, temp, commands, serving, fate })
    }

    /// Its folder.
    pub(super) fn dir(&self) -> &Path {
        self.commands.dir()
    }

    /// The folder for its temporary files.
    pub(super) fn temp(&self) -> &Path {
        &self.temp
    }

    /// Whether it is a bank.
    pub(super) fn is_node(&self) -> bool {
        self.program == NODE
    }

    /// To be held by whoever stops and starts it.
    pub(super) async fn fate(&self) -> MutexGuard<'_, ()> {
        self.fate.lock().await
    }

    /// Starts it; another command may hold the folder for a moment.
    pub(super) async fn serve(&self) -> anyhow::Result<()> {
        let mut serving = self.serving.lock().await;
        let end = Instant::now() + PATIENCE;
        keep_log(self.dir())?;
        loop {
            match serving.serve().await {
                Ok(()) => return Ok(()),
                Err(problem) if problem.exit() == Exit::Later && Instant::now() < end => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(problem) => return Err(told(problem)).context("it does not start again"),
            }
        }
    }

    /// SIGKILL.
    pub(super) async fn stop(&self) {
        self.serving.lock().await.stop().await;
    }

    /// Starts a command and kills it after a time.
    pub(super) async fn cut(&self, words: &[&str], time: Duration) -> anyhow::Result<bool> {
        self.commands.cut(words, time).await.map_err(told)
    }

    /// One try of a command, and how it ended.
    pub(super) async fn once(&self, words: &[&str]) -> anyhow::Result<Result<Value, Refused>> {
        self.commands.attempt(words).await.map_err(told)
    }

    /// One try of a command; nothing if its process or the one that serves was cut off, or says to try again.
    pub(super) async fn attempt(&self, words: &[&str]) -> anyhow::Result<Option<Value>> {
        match self.once(words).await? {
            Ok(said) => Ok(Some(said)),
            Err(refused) => match refused.exit {
                Exit::Later | Exit::Unreachable => Ok(None),
                _ if refused.code == "job-unknown" => Ok(None),
                exit => bail!("{}: {words:?} ended with {}: {}", self.name, exit.code(), refused.words()),
            },
        }
    }

    /// The command until it is done.
    pub(super) async fn insist(&self, words: &[&str]) -> anyhow::Result<Value> {
        self.until(words, Some).await
    }

    /// The command until its answer is what is waited for.
    pub(super) async fn until<T>(
        &self,
        words: &[&str],
        is: impl Fn(Value) -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        loop {
            if let Some(said) = self.attempt(words).await? {
                last = said.clone();
                if let Some(there) = is(said) {
                    return Ok(there);
                }
            }
            ensure!(Instant::now() < end, "{}: {words:?} in vain: {last}", self.name);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A folder of the same program under `root` that has nothing but the secret which unlocks this party's.
    pub(super) fn spare(&self, root: &Path) -> anyhow::Result<Party> {
        let exe = this_executable().map_err(told)?;
        let spare = Party::new(&exe, self.program, &self.name, root).with_temp(&self.temp);
        let (from, to) = (self.dir().join(UNLOCK), spare.dir().join(UNLOCK));
        std::fs::create_dir_all(to.parent().unwrap_or(root))?;
        std::fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        Ok(spare)
    }

    /// What its disk loses if the store is lost and the secrets are not.
    pub(super) fn lose_store(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(self.dir())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("store.sqlite") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// The log that the next start begins anew is added to those before it.
fn keep_log(dir: &Path) -> anyhow::Result<()> {
    let log: PathBuf = dir.with_extension("log");
    if let Ok(words) = std::fs::read(&log) {
        let mut before = OpenOptions::new().create(true).append(true).open(dir.with_extension("logs"))?;
        std::io::Write::write_all(&mut before, &words)?;
    }
    Ok(())
}

/// Folders, keys and wires for everybody; the coordinator comes first. All serve but the banks, which have joined nothing.
pub(super) async fn found(plan: &Plan, root: &Path) -> anyhow::Result<Vec<Member>> {
    let mut members = vec![Member::found(COORDINATOR, "coordinator", root).await?];
    members[0].serve().await?;
    for bank in &plan.banks {
        members.push(Member::found(NODE, bank, root).await?);
    }
    Ok(members)
}

/// Nobody is there to be asked.
fn trust_everybody(dir: &Path) -> anyhow::Result<()> {
    let path = dir.join("config.toml");
    let mut config: toml::Table = std::fs::read_to_string(&path)?.parse()?;
    let mut policy = toml::Table::new();
    for decision in [
        "admit",
        "ceremony",
        "compare",
        "accept",
        "accept_small",
        "accept_frequent",
        "accept_count_difference",
    ] {
        policy.insert(decision.to_owned(), "automatic".into());
    }
    policy.insert("least_rows".to_owned(), LEAST_ROWS.into());
    config.insert("policy".to_owned(), policy.into());
    Ok(std::fs::write(&path, config.to_string())?)
}
