//! Whether anybody is at work besides the engine: the store's threads, and those that compute.
//!
//! Comes in: the kernel's word on each thread of this process (proc(5), `/proc/[pid]/task/[tid]/stat`, the third field).
//! Goes out: yes or no. A thread that the kernel has put to sleep waits for the engine, for nothing else can wake it: files
//! lie in memory. Where there is no such word, quiet is what lasts for some milliseconds.

use std::path::Path;
use std::time::{Duration, Instant};

const TASKS: &str = "/proc/self/task";
/// How long threads may work before something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until no thread but this one is at work.
///
/// # Panics
/// If one works for minutes.
pub fn wait() {
    let began = Instant::now();
    let mut again = 0_u32;
    while others_work() {
        assert!(began.elapsed() < PATIENCE, "a thread works without end");
        again += 1;
        if again < 4 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(Duration::from_micros(30));
        }
    }
}

fn others_work() -> bool {
    let Ok(own) = std::fs::read_link("/proc/thread-self") else {
        std::thread::sleep(Duration::from_millis(2));
        return false;
    };
    let Ok(tasks) = std::fs::read_dir(TASKS) else { return false };
    let own = own.file_name().map(ToOwned::to_owned).unwrap_or_default();
    tasks.flatten().any(|task| task.file_name() != own && works(&task.path()))
}

/// A thread that is gone does not work.
fn works(task: &Path) -> bool {
    let Ok(stat) = std::fs::read_to_string(task.join("stat")) else { return false };
    // The name stands in parentheses, and may hold some itself.
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, Some('S' | 'Z' | 'X' | 'I' | 't' | 'T'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_computes_is_seen() {
        if std::fs::read_link("/proc/thread-self").is_err() {
            return;
        }
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let busy = std::thread::spawn(move || {
            while stopped.try_recv().is_err() {
                std::hint::black_box(0);
            }
        });
        assert!(others_work());
        stop.send(()).unwrap();
        busy.join().unwrap();
    }
}
