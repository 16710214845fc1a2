//! This process's own standard streams.

use std::collections::HashMap;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::console::{Console, Pace, Progress, Stream, input_not_text, input_too_large, unasked};
use crate::lang::Lang;
use crate::problem::Problem;

/// The longest answer that is read.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// The console of this process: bars on a terminal, a line every ten seconds elsewhere.
pub struct Terminal {
    lang: Lang,
    json: bool,
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failure: Option<io::Error>,
    works: HashMap<String, (Pace, Option<ProgressBar>)>,
}

impl Terminal {
    /// The console of this process.
    pub fn new(lang: Lang, json: bool) -> Self {
        // Its draw target is standard error, and nothing is drawn where that is no terminal.
        Self { lang, json, bars: MultiProgress::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(&self, progress: &Progress) -> Option<ProgressBar> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let template = if progress.total.is_some() { "{bar:24} {msg}" } else { "{spinner} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = progress.total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        Some(self.bars.add(bar.with_style(style)))
    }
}

fn write(stream: Stream, text: &str) -> io::Result<()> {
    match stream {
        Stream::Out => {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        }
        Stream::Note => io::stderr().lock().write_all(text.as_bytes()),
    }
}

/// Resolves when so many signals to end have come since.
async fn signalled(times: usize) {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        // Without handlers the signals end the process themselves.
        return std::future::pending().await;
    };
    for _ in 0..times {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[async_trait]
impl Console for Terminal {
    fn put(&self, stream: Stream, text: &str) {
        let written = self.bars.suspend(|| write(stream, text));
        // Nobody can be told that standard error is gone.
        if let (Stream::Out, Err(error)) = (stream, written) {
            self.state().failure.get_or_insert(error);
        }
    }

    fn progress(&self, progress: &Progress) {
        let now = Instant::now();
        let mut state = self.state();
        let (pace, bar) = state
            .works
            .entry(progress.label.clone())
            .or_insert_with(|| (Pace::begin(now, progress), self.bar(progress)));
        let line = match bar {
            Some(bar) => {
                bar.set_position(progress.done);
                bar.set_message(pace.line(now, self.lang, progress));
                None
            }
            None => pace.due(now).then(|| pace.line(now, self.lang, progress)),
        };
        if progress.finished
            && let Some((_, Some(bar))) = state.works.remove(&progress.label)
        {
            bar.finish_and_clear();
        }
        drop(state);
        if let Some(line) = line {
            self.note(&line);
        }
    }

    async fn ask(&self, question: &str, flag: &str) -> Result<String, Problem> {
        if !self.is_terminal() {
            return Err(unasked(question, flag));
        }
        self.put(Stream::Note, &format!("{question} "));
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().lock().take(ANSWER_LIMIT).read_line(&mut line).map(|length| (length, line))
        });
        match read.await.map_err(Problem::bug)? {
            Ok((0, _)) | Err(_) => Err(unasked(question, flag)),
            Ok((_, line)) => Ok(line.trim().to_owned()),
        }
    }

    async fn input(&self, limit: usize) -> Result<String, Problem> {
        // As bytes: the limit may halve a character, and too large is then still what is wrong.
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            io::stdin().lock().take(limit as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
        });
        let bytes =
            read.await.map_err(Problem::bug)?.map_err(|error| Problem::file(Path::new("stdin"), error))?;
        if bytes.len() > limit {
            return Err(input_too_large(limit));
        }
        String::from_utf8(bytes).map_err(|_| input_not_text())
    }

    async fn flush(&self) -> Result<(), Problem> {
        match self.state().failure.take() {
            // The reader of a pipe has seen enough, as `head` does: no failure of ours.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Problem::file(Path::new("stdout"), error))
            }
            _ => Ok(()),
        }
    }

    async fn cancelled(&self) {
        signalled(1).await;
    }

    async fn insisted(&self) {
        signalled(2).await;
    }

    fn is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn json(&self) -> bool {
        self.json
    }

    fn lang(&self) -> Lang {
        self.lang
    }
}
