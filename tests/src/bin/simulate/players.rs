//! Processes that play: one for each list, at most one on each core.
//!
//! Comes in: lists. Goes out: what came of each. Federations are made once for each shape, by such a process too, in a
//! folder that goes when the run ends.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use lianfang_tests::simulation::List;
use lianfang_tests::simulation::generate::shrink;
use lianfang_tests::simulation::run::Outcome;
use lianfang_tests::simulation::shapes::folder;

/// How long a list may take, on a slow machine and not optimised; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(10);
/// Trials in which a failing list is made smaller.
const TRIALS: usize = 120;

/// Who starts processes that play.
pub(crate) struct Players {
    folder: tempfile::TempDir,
    /// What came of making each shape.
    made: Mutex<BTreeMap<String, Outcome>>,
    ordered: bool,
}

impl Players {
    /// Nobody yet. Threads of those who play are `ordered` if that is wanted and the system allows it.
    pub(crate) fn new(ordered: bool) -> Self {
        // What is read from a disk in the middle of a list lets others run meanwhile.
        let _ = std::env::current_exe().and_then(std::fs::read);
        Self { folder: folder(), made: Mutex::default(), ordered: ordered && may_order() }
    }

    /// Plays a list on a core and looks at everything.
    pub(crate) fn play(&self, core: u64, list: &List) -> anyhow::Result<Outcome> {
        let made = self.make(core, &list.shape)?;
        if !made.failures.is_empty() {
            return Ok(made);
        }
        self.run(core, &["--alone", &self.place(&list.shape).display().to_string()], &list.to_string())
    }

    /// The smallest list that fails at the same check.
    pub(crate) fn shrink(&self, core: u64, list: &List, check: &str) -> List {
        let fails = |list: &List| {
            let played = self.play(core, list);
            played.is_ok_and(|outcome| outcome.failures.iter().any(|failure| failure.check == check))
        };
        shrink(list, TRIALS, fails)
    }

    fn place(&self, shape: &str) -> PathBuf {
        self.folder.path().join(shape)
    }

    fn make(&self, core: u64, shape: &str) -> anyhow::Result<Outcome> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.get(shape) {
            return Ok(made.clone());
        }
        let place = self.place(shape);
        std::fs::create_dir(&place)?;
        let outcome = self.run(core, &["--make", shape, "--alone", &place.display().to_string()], "")?;
        made.insert(shape.to_owned(), outcome.clone());
        Ok(outcome)
    }

    /// Has a process do one thing, and reads what it tells.
    fn run(&self, core: u64, words: &[&str], text: &str) -> anyhow::Result<Outcome> {
        let program = std::env::current_exe()?;
        let mut command = if self.ordered {
            let mut command = Command::new("chrt");
            command.args(["--fifo", "1"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(words).args(["--core", &core.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdin.take().context("a pipe")?.write_all(text.as_bytes())?;
        let told = listen(&mut child)?;
        if !child.wait()?.success() {
            return Ok(Outcome::failed("no panic", "the process that played it has died, or did not end"));
        }
        serde_json::from_str(&told).with_context(|| format!("a player says: {told}"))
    }
}

/// All that a process tells. One that tells nothing for too long is ended.
fn listen(child: &mut Child) -> anyhow::Result<String> {
    let mut out = child.stdout.take().context("a pipe")?;
    let (to, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        // Nobody waits any more: then nobody wants to know.
        let _ = out.read_to_string(&mut text).map(|_| to.send(text));
    });
    if let Ok(text) = told.recv_timeout(PATIENCE) {
        return Ok(text);
    }
    child.kill()?;
    Ok(String::new())
}

/// Whether the system lets this user fix the order of threads.
fn may_order() -> bool {
    let mut tried = Command::new("chrt");
    tried.args(["--fifo", "1", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    tried.status().is_ok_and(|status| status.success())
}
