//! The console of a forwarded command: what it says goes to another process, which answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::console::{Console, Progress, Stream, input_not_text, input_too_large, unasked};
use crate::control::frame::{Answered, Request, TEXT_LIMIT, Told, pieces, read_frame, write_frame};
use crate::lang::Lang;
use crate::problem::Problem;

/// The most text that waits for a caller who does not read; then it counts as gone.
const WAITING_LIMIT: usize = 64 * 1024 * 1024;

/// What a frame weighs besides its text.
const FRAME_WEIGHT: usize = 64;

/// How often a piece of work is told to the caller, whose screen needs no more.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Answers that are waited for at once: one command asks one question.
const ANSWERS: usize = 4;

pub(crate) enum Outgoing {
    Frame(Told),
    Flush(oneshot::Sender<()>),
}

/// The console of a command that another process forwarded.
pub struct RemoteConsole {
    person: String,
    lang: Lang,
    json: bool,
    terminal: bool,
    outgoing: mpsc::UnboundedSender<Outgoing>,
    waiting: Arc<AtomicUsize>,
    answers: Mutex<mpsc::Receiver<Answered>>,
    gone: Arc<watch::Sender<bool>>,
    shown: std::sync::Mutex<HashMap<String, Instant>>,
}

/// The two ends that carry a console's frames; each is to be run until the conversation ends.
pub(crate) struct Carriers<R, W> {
    pub(crate) reader: Reader<R>,
    pub(crate) writer: Writer<W>,
}

pub(crate) struct Reader<R> {
    from: R,
    answers: mpsc::Sender<Answered>,
    gone: Arc<watch::Sender<bool>>,
}

pub(crate) struct Writer<W> {
    to: W,
    outgoing: mpsc::UnboundedReceiver<Outgoing>,
    waiting: Arc<AtomicUsize>,
    gone: Arc<watch::Sender<bool>>,
}

fn weight(told: &Told) -> usize {
    FRAME_WEIGHT
        + match told {
            Told::Put(_, text) => text.len(),
            Told::Progress(progress) => progress.label.len(),
            _ => 0,
        }
}

impl RemoteConsole {
    pub(crate) fn new<R, W>(request: &Request, person: String, from: R, to: W) -> (Self, Carriers<R, W>) {
        let (outgoing, queue) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::channel(ANSWERS);
        let gone = Arc::new(watch::Sender::new(false));
        let waiting = Arc::new(AtomicUsize::new(0));
        let reader = Reader { from, answers: answered, gone: Arc::clone(&gone) };
        let writer = Writer { to, outgoing: queue, waiting: Arc::clone(&waiting), gone: Arc::clone(&gone) };
        let console = Self {
            person,
            lang: request.lang,
            json: request.json,
            terminal: request.stdin_is_terminal,
            outgoing,
            waiting,
            answers: Mutex::new(answers),
            gone,
            shown: std::sync::Mutex::default(),
        };
        (console, Carriers { reader, writer })
    }

    /// Who typed the command, by the kernel's word.
    pub fn person(&self) -> &str {
        &self.person
    }

    /// Queues a frame. What a caller that has left will never read is dropped.
    pub(crate) fn tell(&self, told: Told) {
        let size = weight(&told);
        if self.waiting.fetch_add(size, Ordering::Relaxed).saturating_add(size) > WAITING_LIMIT {
            self.gone.send_replace(true);
        }
        if !*self.gone.borrow() {
            // A writer that has ended has set `gone`.
            let _ = self.outgoing.send(Outgoing::Frame(told));
        }
    }

    /// Sends a question and gathers the parts of its answer. Without one, the code of the caller's problem, which is
    /// empty if the caller has left or says too much.
    async fn answer_to(&self, question: Told, limit: usize) -> Result<String, String> {
        // Held over the whole exchange, so that two questions cannot take each other's answers.
        let mut answers = self.answers.lock().await;
        self.tell(question);
        let mut whole = String::new();
        loop {
            match answers.recv().await {
                Some(Answered::Part(part)) if whole.len() + part.len() <= limit => whole.push_str(&part),
                Some(Answered::Part(_)) => {
                    self.gone.send_replace(true);
                    return Err(String::new());
                }
                Some(Answered::Whole) => return Ok(whole),
                Some(Answered::None(code)) => return Err(code),
                None => return Err(String::new()),
            }
        }
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Passes answers on until the caller leaves, says what is none of ours, or answers unasked too often.
    pub(crate) async fn run(mut self) {
        while let Ok(Some(answer)) = read_frame(&mut self.from).await {
            if self.answers.send(answer).await.is_err() {
                break;
            }
        }
        self.gone.send_replace(true);
    }
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes what is queued until the console is dropped or the caller has left.
    pub(crate) async fn run(mut self) {
        while let Some(next) = self.outgoing.recv().await {
            match next {
                Outgoing::Frame(told) => {
                    self.waiting.fetch_sub(weight(&told), Ordering::Relaxed);
                    if write_frame(&mut self.to, &told).await.is_err() {
                        break;
                    }
                }
                // Who does not wait any more need not be told.
                Outgoing::Flush(done) => drop(done.send(())),
            }
        }
        self.gone.send_replace(true);
    }
}

#[async_trait]
impl Console for RemoteConsole {
    fn put(&self, stream: Stream, text: &str) {
        for piece in pieces(text) {
            self.tell(Told::Put(stream, piece.to_owned()));
        }
    }

    fn progress(&self, progress: &Progress) {
        let now = Instant::now();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.finished {
            shown.remove(&progress.label);
        } else if shown.get(&progress.label).is_some_and(|&last| now - last < PROGRESS_EVERY) {
            return;
        } else {
            shown.insert(progress.label.clone(), now);
        }
        drop(shown);
        self.tell(Told::Progress(progress.clone()));
    }

    async fn ask(&self, question: &str, flag: &str) -> Result<String, Problem> {
        if !self.terminal {
            return Err(unasked(question, flag));
        }
        let told = Told::Ask(question.to_owned(), flag.to_owned());
        self.answer_to(told, TEXT_LIMIT).await.map_err(|_| unasked(question, flag))
    }

    async fn input(&self, limit: usize) -> Result<String, Problem> {
        self.answer_to(Told::Input(limit), limit).await.map_err(|code| match code.as_str() {
            "input-not-text" => input_not_text(),
            _ => input_too_large(limit),
        })
    }

    async fn flush(&self) -> Result<(), Problem> {
        let (done, written) = oneshot::channel();
        let queued = self.outgoing.send(Outgoing::Flush(done)).is_ok();
        if queued && written.await.is_ok() { Ok(()) } else { Err(Problem::later("caller-gone")) }
    }

    async fn cancelled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.gone.subscribe().wait_for(|&gone| gone).await;
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }

    fn json(&self) -> bool {
        self.json
    }

    fn lang(&self) -> Lang {
        self.lang
    }
}
