//! Processes that play: one for each list, at most one on each core.
//!
//! Comes in: lists. Goes out: what came of each. Federations are made once for each shape, by such a process too, in a
//! folder that goes when the run ends.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use lianfang_tests::simulation::List;
use lianfang_tests::simulation::generate::shrink;
use lianfang_tests::simulation::run::Outcome;
use lianfang_tests::simulation::shapes::{Shape, folder};

/// How long a list may take, on a slow machine and not optimised; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(5);
/// Trials in which a failing list is made smaller.
const TRIALS: usize = 120;
/// Checks of the player, not of the federation: a smaller list says no more.
const OF_PLAYERS: [&str; 3] = ["lives", "ends in time", "shapes"];

/// Who starts processes that play.
pub(crate) struct Players {
    folder: tempfile::TempDir,
    /// What came of making each shape.
    made: Mutex<BTreeMap<String, Outcome>>,
    ordered: bool,
    plays: AtomicU64,
}

impl Players {
    /// Nobody yet. Threads of those who play are `ordered` if that is wanted and the system allows it.
    pub(crate) fn new(ordered: bool) -> Self {
        // What is read from a disk in the middle of a list lets others run meanwhile.
        let _ = std::env::current_exe().and_then(std::fs::read);
        let ordered = ordered && may_order();
        Self { folder: folder(), made: Mutex::default(), ordered, plays: AtomicU64::new(0) }
    }

    /// Plays a list on a core and looks at everything. What keeps it from being played is a failure, too.
    pub(crate) fn play(&self, core: u64, list: &List) -> Outcome {
        let made = self.make(core, &list.shape);
        if !made.failures.is_empty() {
            return made;
        }
        let root = self.folder.path().join(self.plays.fetch_add(1, Ordering::SeqCst).to_string());
        let (made, played) = (self.place(&list.shape).display().to_string(), root.display().to_string());
        let outcome = std::fs::create_dir(&root)
            .map_err(anyhow::Error::from)
            .and_then(|()| self.run(core, &["--alone", &made, "--in", &played], &list.to_string()));
        // Also of a process that could not do so itself.
        let _ = std::fs::remove_dir_all(&root);
        outcome.unwrap_or_else(|error| Outcome::failed("lives", format!("{error:#}")))
    }

    /// The smallest list that fails at the same check, if a smaller one says more.
    pub(crate) fn shrink(&self, core: u64, list: &List, check: &str) -> List {
        if OF_PLAYERS.contains(&check) {
            return list.clone();
        }
        let fails = |list: &List| self.play(core, list).failures.iter().any(|failure| failure.check == check);
        shrink(list, TRIALS, fails)
    }

    fn place(&self, shape: &str) -> PathBuf {
        self.folder.path().join(format!("made-{shape}"))
    }

    fn make(&self, core: u64, shape: &str) -> Outcome {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if Shape::named(shape).is_none() {
            return Outcome::failed("shapes", format!("there is none of the name {shape}"));
        }
        if let Some(made) = made.get(shape) {
            return made.clone();
        }
        let place = self.place(shape);
        let outcome = std::fs::create_dir(&place)
            .map_err(anyhow::Error::from)
            .and_then(|()| self.run(core, &["--make", shape, "--alone", &place.display().to_string()], ""));
        let outcome = outcome.unwrap_or_else(|error| Outcome::failed("shapes", format!("{error:#}")));
        made.insert(shape.to_owned(), outcome.clone());
        outcome
    }

    /// Has a process do one thing, and reads what it tells.
    fn run(&self, core: u64, words: &[&str], text: &str) -> anyhow::Result<Outcome> {
        // By its process: the file may be built anew meanwhile.
        let program = format!("/proc/{}/exe", std::process::id());
        let mut command = if self.ordered {
            let mut command = Command::new("chrt");
            command.args(["--fifo", "1"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(words).args(["--core", &core.to_string()]);
        let mut child = Ending(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
        child.0.stdin.take().context("a pipe")?.write_all(text.as_bytes())?;
        let Some(told) = listen(&mut child.0)? else {
            return Ok(Outcome::failed("ends in time", format!("it takes longer than {PATIENCE:?}")));
        };
        let status = child.0.wait()?;
        anyhow::ensure!(status.success(), "the process that plays: {status}");
        serde_json::from_str(&told).with_context(|| format!("the process that plays says: {told}"))
    }
}

/// A process that does not outlive this.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // One that has ended already cannot be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All that a process tells before it ends; nothing if that takes too long.
fn listen(child: &mut Child) -> anyhow::Result<Option<String>> {
    let mut out = child.stdout.take().context("a pipe")?;
    let (to, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        // Nobody waits any more: then nobody wants to know.
        let _ = out.read_to_string(&mut text).map(|_| to.send(text));
    });
    Ok(told.recv_timeout(PATIENCE).ok())
}

/// Whether the system lets this user fix the order of threads.
fn may_order() -> bool {
    let mut tried = Command::new("chrt");
    tried.args(["--fifo", "1", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    tried.status().is_ok_and(|status| status.success())
}
