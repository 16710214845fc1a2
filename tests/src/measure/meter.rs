//! Samples of the kernel's counters, and what they were at a moment between two of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crate::demo::children::{cpu_of, cpu_of_ended_children, cpu_of_machine};

/// The party to which command lines that have ended are counted.
pub(super) const COMMANDS: &str = "commands";
/// Pause between two samples.
const EVERY: Duration = Duration::from_millis(20);

/// Microseconds since 1970, the clock that nodes note their stages by.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// CPU seconds of every party at one moment.
#[derive(Clone)]
pub(super) struct Sample {
    /// When.
    pub(super) at: i64,
    /// By party, in their order; last of the whole machine.
    pub(super) cpu: Vec<f64>,
}

/// Samples until it is stopped.
pub(super) struct Meter {
    parties: Vec<String>,
    samples: Arc<Mutex<Vec<Sample>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Meter {
    /// Samples these processes, and this one's children.
    pub(super) fn start(processes: Vec<(String, u32)>) -> Self {
        let (parties, pids): (Vec<String>, Vec<u32>) = processes.into_iter().unzip();
        let parties = parties.into_iter().chain([COMMANDS.to_owned()]).collect();
        let (samples, stop) = (Arc::new(Mutex::new(vec![take(&pids)])), Arc::new(AtomicBool::new(false)));
        let (into, stopped) = (Arc::clone(&samples), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(EVERY);
                into.lock().unwrap_or_else(PoisonError::into_inner).push(take(&pids));
            }
        });
        Self { parties, samples, stop, thread }
    }

    /// The parties, and all samples.
    pub(super) fn stop(self) -> (Vec<String>, Vec<Sample>) {
        self.stop.store(true, Ordering::Relaxed);
        // A sampler that has died has left what it had.
        let _ = self.thread.join();
        let samples = std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner));
        (self.parties, samples)
    }
}

fn take(pids: &[u32]) -> Sample {
    let serving = pids.iter().map(|pid| cpu_of(*pid));
    Sample { at: now(), cpu: serving.chain([cpu_of_ended_children(), cpu_of_machine()]).collect() }
}

/// The counters at a moment, on the line between the samples around it.
pub(super) fn at(samples: &[Sample], moment: i64) -> Vec<f64> {
    let after = samples.partition_point(|sample| sample.at <= moment);
    let (Some(before), next) = (samples.get(after.saturating_sub(1)), samples.get(after)) else {
        return Vec::new();
    };
    let Some(next) = next.filter(|_| moment > before.at) else { return before.cpu.clone() };
    let share = (moment - before.at) as f64 / (next.at - before.at) as f64;
    before.cpu.iter().zip(&next.cpu).map(|(one, other)| one + (other - one) * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_between_its_samples() {
        let sample = |at, cpu| Sample { at, cpu: vec![cpu] };
        let samples = [sample(100, 1.0), sample(200, 3.0), sample(300, 3.0)];
        for (moment, cpu) in [(50, 1.0), (100, 1.0), (150, 2.0), (200, 3.0), (275, 3.0), (999, 3.0)] {
            assert!((at(&samples, moment)[0] - cpu).abs() < 1e-9, "{moment}");
        }
    }
}
