//! What is left of the disks on which there must be room. The jobs' files may lie on a mount that others share, and such a
//! mount may hang: it is asked beside the threads that answer, for a while, and not again before it has answered.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use lianfang_ports::Clock;
use lianfang_telemetry::volume::Volume;
use tokio::task::spawn_blocking;

use super::LEAST_FREE_BYTES;
use crate::office::{self, Office};

/// How long an answer is waited for. One look of the probes asks twice, and has time for more.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is found of the disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// What the first disk lacks that lacks anything.
    pub(super) lacks: Option<&'static str>,
    /// What is left where there is least.
    pub(super) least: Option<Volume>,
}

impl Room {
    fn on(folders: &[PathBuf], least: u64) -> Self {
        let lacks = folders.iter().find_map(|folder| Volume::lack(folder, least));
        Self { lacks, least: Volume::least(folders) }
    }
}

/// The question that is under way, or was answered last.
#[derive(Default)]
pub(super) struct Question(Mutex<Option<Shared<BoxFuture<'static, Option<Room>>>>>);

impl Question {
    /// Asks, unless a question is under way: then that one's answer is waited for. `None` if it does not come in time.
    async fn ask(
        &self,
        clock: &dyn Clock,
        patience: Duration,
        look: impl FnOnce() -> Room + Send + 'static,
    ) -> Option<Room> {
        let answer = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let under_way = asked.clone().filter(|answer| answer.peek().is_none());
            let answer = under_way.unwrap_or_else(|| spawn_blocking(look).map(Result::ok).boxed().shared());
            *asked = Some(answer.clone());
            answer
        };
        clock.within(patience, answer).await.flatten()
    }
}

/// The room on the coordinator's disks; `None` if one does not answer in time.
pub(super) async fn room(office: &Office) -> Option<Room> {
    let (dir, files) = (office.dir.clone(), office.files_folder());
    let look = move || Room::on(&office::disks_over(&dir, &files), LEAST_FREE_BYTES);
    office.telemetry.disks.ask(&*office.ports.clock, PATIENCE, look).await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use lianfang_ports::Ports;

    use super::*;

    #[test]
    fn each_disk_must_have_room() {
        let folder = tempfile::tempdir().unwrap();
        let (here, nowhere) = (folder.path().to_owned(), folder.path().join("nowhere"));
        let lacks = |folders: &[PathBuf], least| Room::on(folders, least).lacks;
        assert_eq!(lacks(&[here.clone(), here.clone()], 1), None);
        assert_eq!(lacks(&[here.clone(), here.clone()], u64::MAX), Some("full"));
        for folders in [[here.clone(), nowhere.clone()], [nowhere, here]] {
            assert_eq!(lacks(&folders, 1), Some("does-not-answer"), "{folders:?}");
        }
    }

    /// Whoever asks meanwhile waits for the same answer: it takes no other thread.
    #[tokio::test]
    async fn a_disk_that_hangs_is_asked_once_and_holds_nobody_up() {
        let (clock, long) = (Ports::system().clock, Duration::from_mins(1));
        let found = |lacks| Room { lacks: Some(lacks), least: None };
        let question = Question::default();
        assert_eq!(question.ask(&*clock, long, move || found("first")).await, Some(found("first")));
        let (comes_back, hangs) = mpsc::channel::<()>();
        let hanging = move || {
            // It ends also where the test fails.
            let _ = hangs.recv();
            found("second")
        };
        assert_eq!(question.ask(&*clock, Duration::ZERO, hanging).await, None, "the first answer is old");
        for _ in 0..3 {
            assert_eq!(question.ask(&*clock, Duration::ZERO, move || found("third")).await, None);
        }
        comes_back.send(()).unwrap();
        assert_eq!(question.ask(&*clock, long, move || found("third")).await, Some(found("second")));
        assert_eq!(question.ask(&*clock, long, move || found("third")).await, Some(found("third")));
    }

    #[tokio::test]
    async fn a_question_that_panics_is_not_answered_and_the_next_one_is() {
        let (clock, question, long) = (Ports::system().clock, Question::default(), Duration::from_mins(1));
        let broken = || std::hint::black_box(None::<Room>).expect("a defect");
        assert_eq!(question.ask(&*clock, long, broken).await, None);
        let room = Room { lacks: None, least: None };
        assert_eq!(question.ask(&*clock, long, move || room).await, Some(room));
    }
}
