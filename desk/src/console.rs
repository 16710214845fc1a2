//! Where a command speaks: results, notes, questions, progress.
//!
//! One trait, three consoles: [`Terminal`] is this process's own, [`Buffer`] keeps what tests look at, and
//! [`crate::control::RemoteConsole`] belongs to another process that forwarded its command. A console is shared
//! (`Arc<dyn Console>`), so a task or a thread may report progress while the command goes on.

mod buffer;
mod pace;
mod terminal;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::lang::Lang;
use crate::messages::{Value, text};
use crate::problem::Problem;

pub use buffer::Buffer;
pub use pace::Pace;
pub use terminal::Terminal;

/// The two streams of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output: results alone.
    Out,
    /// Standard error: all else.
    Note,
}

/// How far a long piece of work is. Rate and time left are reckoned by who shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, in the reader's language; also tells pieces of work apart that go on at once.
    pub label: String,
    /// Units done.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// Whether this is the last word on this piece of work.
    pub finished: bool,
}

impl Progress {
    /// So many of so many.
    pub fn of(label: impl Into<String>, done: u64, total: u64) -> Self {
        Self { label: label.into(), done, total: Some(total), finished: done >= total }
    }

    /// So many, the end unknown.
    pub fn so_far(label: impl Into<String>, done: u64) -> Self {
        Self { label: label.into(), done, total: None, finished: false }
    }

    /// The last word: the bar goes away.
    #[must_use]
    pub fn finished(mut self) -> Self {
        self.finished = true;
        self
    }
}

/// Where a command speaks, and where it is answered.
#[async_trait]
pub trait Console: Send + Sync {
    /// Writes text as it is; nothing is added. A failure is kept and told by [`Console::flush`].
    fn put(&self, stream: Stream, text: &str);

    /// Shows how far a piece of work is. May be called as often as one likes.
    fn progress(&self, progress: &Progress);

    /// Asks, and waits for a line. Echoed as typed, so never for a secret. `flag` is the option by which a script
    /// gives the same answer; where nobody can be asked, the error names it.
    async fn ask(&self, question: &str, flag: &str) -> Result<String, Problem>;

    /// All of standard input as text, of at most `limit` bytes.
    async fn input(&self, limit: usize) -> Result<String, Problem>;

    /// Waits until what was written has left, and tells the first failure to write. To be called now and then by a
    /// command that prints much, and by the shell at the end.
    async fn flush(&self) -> Result<(), Problem>;

    /// Waits until the person gives up: Ctrl-C, a request to terminate, or the end of the forwarding process.
    async fn cancelled(&self);

    /// Resolves when it was told so twice: whoever insists is not to wait for what is in hand. Never where nobody can.
    async fn insisted(&self) {
        std::future::pending::<()>().await;
    }

    /// Whether a person sits there who can answer.
    fn is_terminal(&self) -> bool;

    /// Whether `--json` was given.
    fn json(&self) -> bool;

    /// The reader's language.
    fn lang(&self) -> Lang;

    /// A line of results.
    fn out(&self, line: &str) {
        self.put(Stream::Out, &ended(line));
    }

    /// A line beside the results.
    fn note(&self, line: &str) {
        self.put(Stream::Note, &ended(line));
    }

    /// The message `id` in the reader's language.
    fn text(&self, id: &str, args: &[(&str, Value)]) -> String {
        text(self.lang(), id, args)
    }

    /// The message `id` as a line of results.
    fn say(&self, id: &str, args: &[(&str, Value)]) {
        self.out(&self.text(id, args));
    }

    /// The message `id` as a line beside the results.
    fn remark(&self, id: &str, args: &[(&str, Value)]) {
        self.note(&self.text(id, args));
    }

    /// Shows the problem on standard error, as a sentence or as JSON.
    fn report(&self, problem: &Problem) {
        self.note(&problem.render(self.lang(), self.json()));
    }
}

fn ended(line: &str) -> String {
    if line.ends_with('\n') { line.to_owned() } else { format!("{line}\n") }
}

/// Nobody can be asked.
pub(crate) fn unasked(question: &str, flag: &str) -> Problem {
    Problem::usage("question-needs-terminal").with("question", question).with("flag", flag)
}

/// More came in than the command takes.
pub(crate) fn input_too_large(limit: usize) -> Problem {
    Problem::data("input-too-large").with("limit", limit)
}

/// What came in is not UTF-8.
pub(crate) fn input_not_text() -> Problem {
    Problem::data("input-not-text")
}
