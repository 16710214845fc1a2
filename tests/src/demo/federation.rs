//! The federation of the demo, step by step, by nothing but the parties' command lines.
//!
//! Comes in: a plan, registers as files. Goes out: reports as files, and what every party counted. The demo answers for
//! the people who are missing here: it compares fingerprints, confirms members, and writes each node a policy that admits,
//! compares and accepts by itself. Fails: with the party at which a step failed, and its exit code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::limits;
use serde_json::Value;

use super::args::Plan;
use super::children::{COORDINATOR, NODE, Party, this_executable};
use super::compare::contact_of;
use super::report::{Import, NodeJob, Usage};

/// Parties that are set up at once: opening a folder's secrets costs memory on purpose.
const AT_ONCE: usize = 4;
/// How long enrolment and the ceremony may take, beside what grows with the number of banks.
const PATIENCE: Duration = Duration::from_mins(2);
/// The default quota and size cap; the demo raises both to what it needs.
const QUOTA: u64 = 4_000_000;
/// Identifiers that even a slow machine gets through in a second.
const SLOWEST: u64 = 200;
/// A node's stages in their order.
const STAGES: [&str; 3] = ["evaluate", "submit", "report"];
/// Pauses between two questions whether something is done.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// All parties.
pub struct Federation<'a> {
    plan: &'a Plan,
    console: &'a dyn Console,
    root: PathBuf,
    identifiers: u64,
    coordinator: Party,
    nodes: Vec<Party>,
    fingerprints: Vec<String>,
}

/// A job that is over.
pub struct FinishedJob {
    /// Its id.
    pub id: String,
    /// What every node says of it.
    pub nodes: Vec<NodeJob>,
    /// The coordinator's summary.
    pub summary: Value,
}

/// The text of a member, or a problem with the party that left it out.
fn text<'v>(party: &Party, value: &'v Value, member: &str) -> Result<&'v str, Problem> {
    value[member].as_str().ok_or_else(|| party.mute(member))
}

fn count(party: &Party, value: &Value, member: &str) -> Result<u64, Problem> {
    value[member].as_u64().ok_or_else(|| party.mute(member))
}

fn slow(party: &Party, wanted: &str, detail: &Value) -> Problem {
    let problem = Problem::new(Exit::Later, "demo-party-slow").at(&party.name);
    problem.with("wanted", wanted).with("detail", detail.to_string())
}

/// A fault that a party tells of: its code, perhaps with more beside it.
fn fault(party: &Party, told: &Value) -> Problem {
    let code = told.as_str().or_else(|| told["code"].as_str()).unwrap_or("internal");
    let code = code.split([' ', ':']).next().unwrap_or(code);
    Problem::fault(code).at(told["party"].as_str().unwrap_or(&party.name))
}

/// Asks until the answer is there or the time is over; gives the last thing seen then.
async fn until<T, F>(patience: Duration, mut ask: impl FnMut() -> F) -> Result<Result<T, Value>, Problem>
where
    F: Future<Output = Result<Result<T, Value>, Problem>>,
{
    let (end, mut pause) = (Instant::now() + patience, PAUSES[0]);
    loop {
        let seen = match ask().await? {
            Ok(there) => return Ok(Ok(there)),
            Err(seen) => seen,
        };
        if Instant::now() >= end {
            return Ok(Err(seen));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSES[1]);
    }
}

impl<'a> Federation<'a> {
    /// Folders and keys for everybody; the coordinator serves.
    pub async fn found(
        plan: &'a Plan,
        root: &Path,
        identifiers: u64,
        console: &'a dyn Console,
    ) -> Result<Self, Problem> {
        console.remark("demo-step-start", &[("count", plan.banks.len().into())]);
        let exe = this_executable()?;
        let mut coordinator = Party::new(&exe, COORDINATOR, "coordinator", root);
        coordinator.run(&["init", "--listen", "127.0.0.1:0"]).await?;
        coordinator.serve().await?;
        let nodes: Vec<Party> = plan.banks.iter().map(|bank| Party::new(&exe, NODE, bank, root)).collect();
        let quota = QUOTA.max(identifiers.saturating_mul(4));
        let inits: Vec<_> = nodes.iter().map(|node| set_up(node, quota)).collect();
        let fingerprints = stream::iter(inits).buffered(AT_ONCE).try_collect().await?;
        Ok(Self { plan, console, root: root.to_owned(), identifiers, coordinator, nodes, fingerprints })
    }

    /// Every bank joins by the three steps that INTERFACE.md names, and serves from then on.
    pub async fn enrol(&mut self) -> Result<(), Problem> {
        self.console.remark("demo-step-enrol", &[]);
        let pairs = self.nodes.iter().zip(&self.fingerprints);
        let joining: Vec<_> = pairs.map(|(node, print)| self.join(node, print)).collect();
        stream::iter(joining).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let serving: Vec<_> = self.nodes.iter_mut().map(Party::serve).collect();
        stream::iter(serving).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn join(&self, node: &Party, fingerprint: &str) -> Result<(), Problem> {
        let invite = self.coordinator.run(&["invite", &node.name]).await?;
        let (words, print) =
            (text(&self.coordinator, &invite, "invite")?, text(&self.coordinator, &invite, "fingerprint")?);
        let wait = PATIENCE.as_secs().to_string();
        let enrol = ["enrol", words, "--fingerprint", print, "--wait", &wait];
        let enrolling = async { node.run(&enrol).await.map(drop) };
        tokio::try_join!(enrolling, self.confirm(&node.name, fingerprint)).map(drop)
    }

    /// Confirms the bank as soon as it has asked.
    async fn confirm(&self, bank: &str, fingerprint: &str) -> Result<(), Problem> {
        let words = ["roster", "confirm", bank, "--confirm", fingerprint];
        let asked = || async {
            let answer = self.coordinator.attempt(&words).await?;
            Ok(answer.map_err(|refused| Value::from(format!("{} {}", refused.exit.code(), refused.code))))
        };
        let confirmed = until(PATIENCE, asked).await?;
        confirmed.map(drop).map_err(|seen| slow(&self.coordinator, "roster confirm", &seen))
    }

    /// The ceremony among the first banks.
    pub async fn agree_on_key(&self) -> Result<(), Problem> {
        let (holders, threshold) = (self.plan.holders, self.plan.key_threshold);
        let args = [("holders", holders.into()), ("threshold", threshold.into())];
        self.console.remark("demo-step-ceremony", &args);
        let (names, threshold) = (self.plan.banks[..holders].join(","), threshold.to_string());
        let deadline = format!("{}s", PATIENCE.as_secs());
        let start =
            ["ceremony", "start", "--holders", &names, "--threshold", &threshold, "--deadline", &deadline];
        let started = self.coordinator.run(&start).await?;
        let id = text(&self.coordinator, &started, "ceremony")?;
        let over = || async {
            let shown = self.coordinator.run(&["ceremony", "show", id]).await?;
            Ok(if shown["state"] == "open" { Err(shown) } else { Ok(shown) })
        };
        let over = until(PATIENCE * 2, over).await?;
        let shown = over.map_err(|seen| slow(&self.coordinator, "ceremony done", &seen))?;
        if shown["state"] == "done" {
            return Ok(());
        }
        let culprits: Vec<&str> =
            shown["culprits"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let problem = fault(&self.coordinator, &shown["failure"]);
        Err(if culprits.is_empty() { problem } else { problem.at(culprits.join(", ")) })
    }

    /// One register per bank.
    pub async fn import(&self, files: &[PathBuf]) -> Result<Vec<Import>, Problem> {
        self.console.remark("demo-step-import", &[("count", files.len().into())]);
        let pairs = self.nodes.iter().zip(files);
        let imports: Vec<_> = pairs.map(|(node, file)| self.import_one(node, file)).collect();
        stream::iter(imports).buffered(AT_ONCE).try_collect().await
    }

    async fn import_one(&self, node: &Party, file: &Path) -> Result<Import, Problem> {
        let results = self.results(&node.name);
        std::fs::create_dir_all(&results).at_path(&results)?;
        let (file, rejects) = (file.display().to_string(), results.join("rejects.csv").display().to_string());
        let counted = node.run(&["import", &file, "--rejects", &rejects]).await?;
        Ok(Import {
            records: count(node, &counted, "records")?,
            identifiers: count(node, &counted, "identifiers")?,
            rejected: count(node, &counted, "rejected")?,
        })
    }

    /// One job among all banks.
    pub async fn job(&self) -> Result<FinishedJob, Problem> {
        let threshold = self.plan.match_threshold;
        let args = [("count", self.nodes.len().into()), ("threshold", threshold.into())];
        self.console.remark("demo-step-job", &args);
        let patience = PATIENCE * 5 + Duration::from_secs(self.identifiers / SLOWEST);
        // What a file may hold is guessed by its bytes, which may be more than any terms could say.
        let cap = QUOTA.max(self.identifiers).min(limits::SUBMISSION_ROWS);
        let (threshold, cap) = (threshold.to_string(), cap.to_string());
        let deadline = format!("{}s", patience.as_secs());
        let disclosure = self.plan.disclosure.code();
        let start = [
            ["--match-threshold", threshold.as_str()],
            ["--disclosure", disclosure],
            ["--purpose", "demonstration"],
            ["--basis", "consent of all participants"],
            ["--deadline", &deadline],
            ["--size-cap", &cap],
        ];
        let words = [&["job", "start"], start.as_flattened()].concat();
        let started = self.coordinator.run(&words).await?;
        let id = text(&self.coordinator, &started, "job")?.to_owned();
        let waiting: Vec<_> = self.nodes.iter().map(|node| finished(node, &id, patience)).collect();
        let nodes = stream::iter(waiting).buffered(self.nodes.len()).try_collect().await?;
        let summary = self.coordinator.run(&["summary", &id]).await?;
        Ok(FinishedJob { id, nodes, summary })
    }

    /// Every node writes its report; where each lies.
    pub async fn write_reports(&self, job: &FinishedJob) -> Result<BTreeMap<String, PathBuf>, Problem> {
        self.console.remark("demo-step-reports", &[]);
        let mut reports = BTreeMap::new();
        for node in &self.nodes {
            let results = self.results(&node.name);
            node.run(&["report", &job.id, "--out", &results.display().to_string()]).await?;
            reports.insert(node.name.clone(), results.join("report.csv"));
        }
        Ok(reports)
    }

    fn results(&self, bank: &str) -> PathBuf {
        self.root.join("results").join(bank)
    }

    /// Copies what `--out` keeps.
    pub fn keep_results(&self, out: &Path, summary: &Value) -> Result<(), Problem> {
        for node in &self.nodes {
            let folder = out.join(&node.name);
            std::fs::create_dir(&folder).at_path(&folder)?;
            for file in ["report.csv", "report.jsonl", "rejects.csv"] {
                let from = self.results(&node.name).join(file);
                std::fs::copy(&from, folder.join(file)).at_path(&from)?;
            }
        }
        let folder = out.join("coordinator");
        std::fs::create_dir(&folder).at_path(&folder)?;
        let file = folder.join("summary.json");
        std::fs::write(&file, format!("{summary}\n")).at_path(&file)
    }

    /// The coordinator's use of the machine, and every node's.
    pub fn usage(&self) -> (Usage, Vec<Usage>) {
        (self.coordinator.usage(), self.nodes.iter().map(Party::usage).collect())
    }

    /// The processes that serve, by their parties' names; the coordinator's first.
    pub fn processes(&self) -> Vec<(String, u32)> {
        let parties = std::iter::once(&self.coordinator).chain(&self.nodes);
        parties.filter_map(|party| Some((party.name.clone(), party.process()?))).collect()
    }

    /// Who listens where.
    pub fn addresses(&self) -> Vec<(String, String)> {
        let parties = std::iter::once(&self.coordinator).chain(&self.nodes);
        parties.map(|party| (party.name.clone(), party.address.clone())).collect()
    }

    /// Ends every process.
    pub async fn stop(mut self) {
        for party in self.nodes.iter_mut().chain([&mut self.coordinator]) {
            party.stop().await;
        }
    }
}

/// Makes a node's folder, gives it the demo's policy, and tells its fingerprint.
async fn set_up(node: &Party, quota: u64) -> Result<String, Problem> {
    let made = node.run(&["init", "--listen", "127.0.0.1:0", "--contact", &contact_of(&node.name)]).await?;
    let path = node.dir().join("config.toml");
    let written = std::fs::read_to_string(&path).at_path(&path)?;
    let mut config: toml::Table = written.parse().map_err(|_| node.mute("config.toml"))?;
    config.insert("policy".to_owned(), policy(quota).into());
    std::fs::write(&path, config.to_string()).at_path(&path)?;
    text(node, &made, "fingerprint").map(ToOwned::to_owned)
}

/// Nobody is there to be asked.
fn policy(quota: u64) -> toml::Table {
    let mut policy = toml::Table::new();
    for decision in ["admit", "compare", "ceremony", "accept", "accept_small"] {
        policy.insert(decision.to_owned(), "automatic".into());
    }
    policy.insert("quota".to_owned(), i64::try_from(quota).unwrap_or(i64::MAX).into());
    policy
}

/// Waits until the node is done with the job, and reads its figures.
async fn finished(node: &Party, job: &str, patience: Duration) -> Result<NodeJob, Problem> {
    let over = || async {
        let shown = match node.attempt(&["job", "show", job]).await? {
            Ok(shown) => shown,
            // It has not heard of the job yet.
            Err(refused) if refused.code == "job-unknown" => return Ok(Err(Value::from(refused.code))),
            Err(refused) => return Err(Problem::fault(&refused.code).at(&node.name).exiting(refused.exit)),
        };
        match shown["stage"].as_str() {
            Some("done") => Ok(Ok(shown)),
            Some("failed" | "missed" | "refused") => Err(fault(node, &shown["fault"])),
            _ => Ok(Err(shown)),
        }
    };
    let shown = until(patience, over).await?.map_err(|seen| slow(node, "job done", &seen))?;
    let figures = &shown["figures"];
    let stages = figures["stages"].as_object().into_iter().flatten();
    let mut stages: Vec<(String, f64)> =
        stages.filter_map(|(name, took)| Some((name.clone(), took.as_f64()?))).collect();
    stages.sort_by_key(|(name, _)| STAGES.iter().position(|stage| stage == name));
    let ended = figures["ended"].as_object().into_iter().flatten();
    let ended = ended.filter_map(|(name, at)| Some((name.clone(), at.as_i64()?))).collect();
    Ok(NodeJob {
        evaluated: count(node, figures, "evaluated")?,
        cached: count(node, figures, "cached")?,
        bytes_sent: count(node, figures, "bytes_sent")?,
        report_rows: count(node, figures, "report_rows")?,
        stages,
        ended,
    })
}
