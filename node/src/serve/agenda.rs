//! What is due and when: a pure list of jobs with the time of their next attempt.
//!
//! Comes in: the inbox's revisions, ends of attempts. Goes out: which jobs to begin now. A job is attempted when its
//! inbox has moved, and after a failure again with growing pauses; never twice at once.

use std::collections::BTreeMap;
use std::time::Duration;

use lianfang_proto::ids::JobId;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Panics one after the other, after which a job rests until the node is started again: a defect is not mended by trying.
const PANICS: u32 = 5;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The job went as far as it goes for now.
    Done,
    /// Something stopped it.
    Failed,
    /// A step panicked.
    Panicked,
}

/// One job's place on the agenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    /// The revision under which it was last begun; a later one makes it due.
    seen: u64,
    running: bool,
    failures: u32,
    panics: u32,
    /// Not before this time after a failure.
    not_before: Duration,
}

/// Jobs and their next attempts. Time is given as what has passed since some fixed moment.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    revision: u64,
    items: BTreeMap<JobId, Item>,
}

impl Agenda {
    /// The inbox as it is now.
    pub(super) fn inbox(&mut self, revision: u64, jobs: &[JobId]) {
        self.revision = revision;
        self.items.retain(|job, item| item.running || jobs.contains(job));
        for job in jobs {
            let fresh =
                Item { seen: u64::MAX, running: false, failures: 0, panics: 0, not_before: Duration::ZERO };
            self.items.entry(*job).or_insert(fresh);
        }
    }

    /// Jobs to begin now; they count as running from here on.
    pub(super) fn begin(&mut self, now: Duration) -> Vec<JobId> {
        let revision = self.revision;
        let mut due = Vec::new();
        for (job, item) in &mut self.items {
            let moved = item.seen != revision;
            let again = item.failures > 0 && item.not_before <= now;
            if !item.running && item.panics < PANICS && (moved || again) {
                item.running = true;
                item.seen = revision;
                due.push(*job);
            }
        }
        due
    }

    /// An attempt has ended.
    pub(super) fn ended(&mut self, job: JobId, ending: Ending, now: Duration) {
        let Some(item) = self.items.get_mut(&job) else { return };
        item.running = false;
        item.panics = if ending == Ending::Panicked { item.panics + 1 } else { 0 };
        if ending == Ending::Done {
            item.failures = 0;
        } else {
            let pause = FIRST_PAUSE.saturating_mul(1 << item.failures.min(16)).min(LONGEST_PAUSE);
            item.failures += 1;
            item.not_before = now + pause;
        }
    }

    /// How long nothing is due.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        let waiting =
            self.items.values().filter(|item| !item.running && item.failures > 0 && item.panics < PANICS);
        let next = waiting.map(|item| item.not_before.saturating_sub(now)).min();
        next.unwrap_or(LONGEST_PAUSE).clamp(Duration::from_millis(10), LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: JobId = JobId::from_random([1; 16]);
    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_job_is_begun_once_for_each_revision() {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        assert_eq!(agenda.begin(ms(0)), [JOB]);
        assert!(agenda.begin(ms(0)).is_empty(), "it is running");
        agenda.inbox(2, &[JOB]);
        assert!(agenda.begin(ms(0)).is_empty(), "it is still running");
        agenda.ended(JOB, Ending::Done, ms(1));
        assert_eq!(agenda.begin(ms(1)), [JOB], "the inbox moved while it ran");
        agenda.ended(JOB, Ending::Done, ms(2));
        assert!(agenda.begin(ms(2)).is_empty(), "nothing has moved since");
    }

    #[test]
    fn pauses_grow_after_failures_and_end() {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        let mut now = ms(0);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            assert_eq!(agenda.begin(now), [JOB]);
            agenda.ended(JOB, Ending::Failed, now);
            assert!(agenda.begin(now).is_empty());
            pauses.push(agenda.pause(now).as_millis());
            now += agenda.pause(now);
        }
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(agenda.begin(now), [JOB]);
        agenda.ended(JOB, Ending::Done, now);
        assert_eq!(agenda.pause(now), LONGEST_PAUSE);
    }

    #[test]
    fn a_job_that_panics_again_and_again_rests() {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        let mut now = ms(0);
        for _ in 0..PANICS {
            assert_eq!(agenda.begin(now), [JOB]);
            agenda.ended(JOB, Ending::Panicked, now);
            now += LONGEST_PAUSE;
        }
        agenda.inbox(2, &[JOB]);
        assert!(agenda.begin(now).is_empty());
        assert_eq!(agenda.pause(now), LONGEST_PAUSE, "nothing is due");
    }

    #[test]
    fn a_panic_among_other_failures_is_tried_again() {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        let mut now = ms(0);
        for _ in 0..2 * PANICS {
            assert_eq!(agenda.begin(now), [JOB]);
            agenda.ended(JOB, Ending::Panicked, now);
            now += LONGEST_PAUSE;
            assert_eq!(agenda.begin(now), [JOB]);
            agenda.ended(JOB, Ending::Failed, now);
            now += LONGEST_PAUSE;
        }
    }

    #[test]
    fn a_job_that_left_the_inbox_is_forgotten() {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        agenda.begin(ms(0));
        agenda.ended(JOB, Ending::Failed, ms(0));
        agenda.inbox(2, &[]);
        assert!(agenda.begin(ms(100_000)).is_empty());
    }
}
