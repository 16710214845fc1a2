//! The parties as processes: this executable again, with another first argument.
//!
//! Comes in: a folder and the words of a command line. Goes out: the JSON that the command prints, or a problem with its
//! party, its exit code and its own words. Every child has a pipe from the demo as its standard input and ends when that
//! closes, however the demo ends; so it needs no process group, no signal and no order of farewell.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Exit, Problem};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::report::Usage;

/// The first argument of a bank's process.
pub const NODE: &str = "node";
/// The first argument of the regulator's process.
pub const COORDINATOR: &str = "coordinator";

/// How long a `serve` may take until it listens.
const STARTING: Duration = Duration::from_mins(2);
/// How often a process is asked what it has used.
const SAMPLING: Duration = Duration::from_millis(250);
/// Bytes of a child's last words that are told.
const WORDS: u64 = 16 * 1024;

/// To be called first thing in a child: a thread waits for the end of standard input, and ends the process with it.
pub fn live_no_longer_than_the_demo() {
    std::thread::spawn(|| {
        let mut nothing = [0; 64];
        while std::io::stdin().lock().read(&mut nothing).is_ok_and(|read| read > 0) {}
        std::process::exit(Exit::Later.code().into());
    });
}

/// One party: a folder, and perhaps a process that serves it.
pub struct Party {
    /// Its name: the bank's, or `coordinator`.
    pub name: String,
    /// Where it listens, once it serves.
    pub address: String,
    program: &'static str,
    exe: PathBuf,
    network: Option<String>,
    temp: Option<PathBuf>,
    dir: PathBuf,
    serving: Option<Serving>,
    usage: Arc<Mutex<Usage>>,
}

/// A command that did not do what it was asked.
pub struct Refused {
    /// Its exit code.
    pub exit: Exit,
    /// The code of its error, if it printed one.
    pub code: String,
    stderr: Vec<u8>,
}

impl Refused {
    /// Its last words.
    pub fn words(&self) -> String {
        error_of(&self.stderr).1
    }
}

struct Serving {
    child: Child,
    pid: u32,
    aside: [JoinHandle<()>; 2],
}

impl Party {
    /// A party whose folder will be `root/name`.
    pub fn new(exe: &Path, program: &'static str, name: &str, root: &Path) -> Self {
        Self {
            name: name.to_owned(),
            address: String::new(),
            program,
            exe: exe.to_owned(),
            network: None,
            temp: None,
            dir: root.join(name),
            serving: None,
            usage: Arc::default(),
        }
    }

    /// The same party on a host of its own: a network namespace, by its name.
    #[must_use]
    pub fn within(self, network: &str) -> Self {
        Self { network: Some(network.to_owned()), ..self }
    }

    /// The same party with a folder of its own for temporary files; it must be there.
    #[must_use]
    pub fn with_temp(self, temp: &Path) -> Self {
        Self { temp: Some(temp.to_owned()), ..self }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its `serve`, if it runs.
    pub fn process(&self) -> Option<u32> {
        self.serving.as_ref().map(|serving| serving.pid)
    }

    fn start(&self, words: &[&str], stderr: Stdio) -> Result<Child, Problem> {
        let mut command = match &self.network {
            None => Command::new(&self.exe),
            Some(network) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", network]).arg(&self.exe);
                command
            }
        };
        if let Some(temp) = &self.temp {
            // SQLite asks for a name of its own first.
            command.env("TMPDIR", temp).env("SQLITE_TMPDIR", temp);
        }
        command.arg(self.program).args(words).arg("--dir").arg(&self.dir).args(["--json", "--lang", "en"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
        command.spawn().at_path(&self.exe)
    }

    /// Runs a command to its end, and reads what it printed; how it refused is for the caller to judge.
    pub async fn attempt(&self, words: &[&str]) -> Result<Result<Value, Refused>, Problem> {
        let mut child = self.start(words, Stdio::piped())?;
        let lives = child.stdin.take();
        let ended = child.wait_with_output().await.at_path(&self.exe)?;
        drop(lives);
        if !ended.status.success() {
            let (exit, stderr) = (Exit::of_code(ended.status.code()), ended.stderr);
            return Ok(Err(Refused { exit, code: error_of(&stderr).0, stderr }));
        }
        if ended.stdout.iter().all(u8::is_ascii_whitespace) {
            return Ok(Ok(Value::Null));
        }
        serde_json::from_slice(&ended.stdout).map(Ok).map_err(|error| self.mute(&error.to_string()))
    }

    /// Starts a command and kills it after `time`, unless it has ended by itself; whether it had to be killed.
    pub async fn cut(&self, words: &[&str], time: Duration) -> Result<bool, Problem> {
        let mut child = self.start(words, Stdio::null())?;
        let lives = child.stdin.take();
        let killed = tokio::time::timeout(time, child.wait()).await.is_err();
        if killed {
            child.kill().await.at_path(&self.exe)?;
        }
        drop(lives);
        Ok(killed)
    }

    /// The same where every refusal ends the demo.
    pub async fn run(&self, words: &[&str]) -> Result<Value, Problem> {
        let ended = self.attempt(words).await?;
        ended.map_err(|refused| self.failed(refused.exit, &refused.stderr))
    }

    /// Starts `serve`, and waits until it listens.
    pub async fn serve(&mut self) -> Result<(), Problem> {
        let log = self.log();
        let file = File::create(&log).at_path(&log)?;
        let mut child = self.start(&["serve"], file.into())?;
        let pid = child.id().unwrap_or_default();
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(|| self.mute("stdout"))?);
        let mut first = String::new();
        let ready = tokio::time::timeout(STARTING, lines.read_line(&mut first)).await;
        if !matches!(ready, Ok(Ok(read)) if read > 0) {
            return Err(self.died(child).await);
        }
        let said: Value = serde_json::from_str(&first).map_err(|error| self.mute(&error.to_string()))?;
        let address = said["listening"].as_str().or_else(|| said["address"].as_str());
        address.ok_or_else(|| self.mute("listening"))?.clone_into(&mut self.address);
        // Nobody waits for what it prints later, but a full pipe would stop it.
        let drain = tokio::spawn(async move {
            let mut rest = Vec::new();
            while lines.read_buf(&mut rest).await.is_ok_and(|read| read > 0) {
                rest.clear();
            }
        });
        let meter = tokio::spawn(sample_for_good(pid, Arc::clone(&self.usage)));
        self.serving = Some(Serving { child, pid, aside: [drain, meter] });
        Ok(())
    }

    /// What its `serve` has used so far, at most and in all.
    pub fn usage(&self) -> Usage {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(serving) = &self.serving {
            usage.take(sample(serving.pid));
        }
        *usage
    }

    /// Ends its `serve`, and waits until it is gone.
    pub async fn stop(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            // It may be gone already.
            let _ = serving.child.kill().await;
            serving.aside.iter().for_each(JoinHandle::abort);
        }
    }

    /// Where the words of its `serve` are kept.
    fn log(&self) -> PathBuf {
        self.dir.with_extension("log")
    }

    async fn died(&self, mut child: Child) -> Problem {
        let _ = child.start_kill();
        let code = child.wait().await.ok().and_then(|status| status.code());
        let mut words = Vec::new();
        let read = File::open(self.log()).and_then(|log| log.take(WORDS).read_to_end(&mut words));
        let exit = if read.is_ok() { Exit::of_code(code) } else { Exit::Bug };
        self.failed(exit, &words)
    }

    /// A problem with the party's own code and words.
    fn failed(&self, exit: Exit, stderr: &[u8]) -> Problem {
        let (_, words) = error_of(stderr);
        let problem = Problem::new(exit, "demo-party-failed").at(&self.name);
        problem.with("exit", u16::from(exit.code())).with("detail", words)
    }

    /// A problem with an answer that does not fit.
    pub fn mute(&self, detail: &str) -> Problem {
        Problem::new(Exit::Bug, "demo-party-mute").at(&self.name).with("detail", detail)
    }
}

/// The code of the error object on the last line, and its sentence; else the last line itself.
fn error_of(stderr: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(stderr);
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let Ok(object) = serde_json::from_str::<Value>(last) else { return (String::new(), last.to_owned()) };
    let error = &object["error"];
    let said = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let party = error["party"].as_str().map(|party| format!(" at {party}")).unwrap_or_default();
    (said("code"), format!("{}{party}: {}; {}", said("code"), said("message"), said("advice")))
}

async fn sample_for_good(pid: u32, usage: Arc<Mutex<Usage>>) {
    loop {
        usage.lock().unwrap_or_else(PoisonError::into_inner).take(sample(pid));
        tokio::time::sleep(SAMPLING).await;
    }
}

/// What the kernel says of a process; zero where it does not say. The peak only grows, so the last sample is the answer.
fn sample(pid: u32) -> Usage {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    Usage { peak_kib: peak_kib(&read("status")), cpu_s: cpu_seconds(&read("stat")) }
}

fn peak_kib(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// User and system time, fields 14 and 15.
fn cpu_seconds(stat: &str) -> f64 {
    seconds_in(stat, 11)
}

/// The same of all children that have ended and were waited for, fields 16 and 17.
fn ended_children_seconds(stat: &str) -> f64 {
    seconds_in(stat, 13)
}

/// Two fields, counted behind the name, which may hold blanks; a hundredth of a second each.
fn seconds_in(stat: &str, place: usize) -> f64 {
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<u32>().ok()).unwrap_or(0);
    f64::from(ticks(place)) / 100.0 + f64::from(ticks(place + 1)) / 100.0
}

/// CPU seconds of a process that runs, all its threads together.
pub fn cpu_of(pid: u32) -> f64 {
    cpu_seconds(&std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default())
}

/// The most memory that a process which runs has had resident so far, in KiB; 0 of one that has ended.
pub fn peak_of(pid: u32) -> u64 {
    peak_kib(&std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default())
}

/// CPU seconds of everything that runs on this machine, the idle time left out.
pub fn cpu_of_machine() -> f64 {
    busy_seconds(&std::fs::read_to_string("/proc/stat").unwrap_or_default())
}

/// The first line: user, nice, system, idle, waiting for disks, interrupts of both kinds, taken by the host.
fn busy_seconds(stat: &str) -> f64 {
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    [0, 1, 2, 5, 6, 7].iter().filter_map(|place| ticks.get(*place)).sum::<f64>() / 100.0
}

/// CPU seconds of this process's children that have ended.
pub fn cpu_of_ended_children() -> f64 {
    ended_children_seconds(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default())
}

/// The executable that this process runs.
pub fn this_executable() -> Result<PathBuf, Problem> {
    std::env::current_exe().at_path("/proc/self/exe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(peak_kib("Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"), 12_345);
        assert_eq!(peak_kib(""), 0);
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 10 20 20 0 1 0 1 1 1";
        assert!((cpu_seconds(stat) - 2.0).abs() < 1e-9);
        assert!((ended_children_seconds(stat) - 0.3).abs() < 1e-9);
        assert!((busy_seconds("cpu  100 10 50 9000 700 1 2 3 0 0\ncpu0 1") - 1.66).abs() < 1e-9);
        assert!(cpu_seconds("") < 1e-9);
    }

    #[test]
    fn this_very_process_has_used_something() {
        let used = sample(std::process::id());
        assert!(used.peak_kib > 0);
        assert!(peak_of(std::process::id()) > 0);
    }

    #[test]
    fn the_last_words_are_the_error() {
        let json = "noise\n{\"error\":{\"code\":\"busy\",\"party\":\"beta\",\"message\":\"m\",\"advice\":\"a\"}}\n\n";
        assert_eq!(error_of(json.as_bytes()), ("busy".to_owned(), "busy at beta: m; a".to_owned()));
        assert_eq!(error_of(b"one\ntwo\n").1, "two");
        assert_eq!(error_of(b""), (String::new(), String::new()));
    }
}
