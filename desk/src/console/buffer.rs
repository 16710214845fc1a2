//! A console that keeps everything, for tests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::console::{Console, Progress, Stream, input_too_large, unasked};
use crate::lang::Lang;
use crate::problem::Problem;

/// A console that keeps what is written and answers from a list.
#[derive(Debug)]
pub struct Buffer {
    lang: Lang,
    json: bool,
    input: String,
    cancel: watch::Sender<bool>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    out: String,
    notes: String,
    questions: Vec<String>,
    answers: VecDeque<String>,
    progress: Vec<Progress>,
}

impl Buffer {
    /// A console without a person: every question is refused.
    pub fn new(lang: Lang) -> Self {
        let kept = Mutex::new(Kept::default());
        Self { lang, json: false, input: String::new(), cancel: watch::Sender::new(false), kept }
    }

    /// As if `--json` had been given.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Answers to the questions to come, in order.
    #[must_use]
    pub fn answering<S: Into<String>>(self, answers: impl IntoIterator<Item = S>) -> Self {
        self.kept().answers.extend(answers.into_iter().map(Into::into));
        self
    }

    /// What stands on standard input.
    #[must_use]
    pub fn with_input(mut self, input: impl Into<String>) -> Self {
        self.input = input.into();
        self
    }

    /// As if the person gave up.
    pub fn cancel(&self) {
        self.cancel.send_replace(true);
    }

    /// What was written to standard output.
    pub fn out_text(&self) -> String {
        self.kept().out.clone()
    }

    /// What was written to standard error.
    pub fn notes_text(&self) -> String {
        self.kept().notes.clone()
    }

    /// What was asked.
    pub fn questions(&self) -> Vec<String> {
        self.kept().questions.clone()
    }

    /// What was told of progress.
    pub fn progress_seen(&self) -> Vec<Progress> {
        self.kept().progress.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Console for Buffer {
    fn put(&self, stream: Stream, text: &str) {
        let mut kept = self.kept();
        match stream {
            Stream::Out => kept.out.push_str(text),
            Stream::Note => kept.notes.push_str(text),
        }
    }

    fn progress(&self, progress: &Progress) {
        self.kept().progress.push(progress.clone());
    }

    async fn ask(&self, question: &str, flag: &str) -> Result<String, Problem> {
        let mut kept = self.kept();
        kept.questions.push(question.to_owned());
        kept.answers.pop_front().ok_or_else(|| unasked(question, flag))
    }

    async fn input(&self, limit: usize) -> Result<String, Problem> {
        if self.input.len() > limit { Err(input_too_large(limit)) } else { Ok(self.input.clone()) }
    }

    async fn flush(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn cancelled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.cancel.subscribe().wait_for(|&cancelled| cancelled).await;
    }

    fn is_terminal(&self) -> bool {
        !self.kept().answers.is_empty()
    }

    fn json(&self) -> bool {
        self.json
    }

    fn lang(&self) -> Lang {
        self.lang
    }
}
