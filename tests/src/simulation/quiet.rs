//! Whether anybody is at work besides the engine: the store's threads, and those that compute.
//!
//! Comes in: the kernel's word on each thread of this process (proc(5), `/proc/[pid]/task/[tid]/stat`, the third field).
//! Goes out: yes or no. A thread that the kernel has put to sleep waits for the engine, for nothing else can wake it: files
//! lie in memory. Where there is no such word, quiet is what lasts for some milliseconds.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::order;

const TASKS: &str = "/proc/self/task";
/// How long threads may work before something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);
/// The beginning of a thread's line: its number, a name of at most 15 bytes in parentheses, the letter.
const LINE: usize = 64;

/// Waits until no thread but this one is at work.
///
/// # Panics
/// If one works for minutes.
pub fn wait() {
    order::let_others_run();
    let began = Instant::now();
    let mut again = 0_u32;
    while others_work() {
        assert!(began.elapsed() < PATIENCE, "a thread works without end");
        again += 1;
        if again < 32 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(Duration::from_micros(30));
        }
    }
}

/// The lines of the threads, kept open, for they are read a great many times.
#[derive(Default)]
struct Threads {
    lines: HashMap<OsString, File>,
    /// Who was at work when it was asked last: asked first.
    busy: Option<OsString>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

fn others_work() -> bool {
    let Ok(own) = std::fs::read_link("/proc/thread-self") else {
        std::thread::sleep(Duration::from_millis(2));
        return false;
    };
    let own = own.file_name().map(ToOwned::to_owned).unwrap_or_default();
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.get_or_insert_default().work(&own)
}

impl Threads {
    /// Whether any but `own` works.
    fn work(&mut self, own: &OsStr) -> bool {
        if let Some(busy) = self.busy.take()
            && busy != own
            && self.works(&busy)
        {
            self.busy = Some(busy);
            return true;
        }
        let Ok(tasks) = std::fs::read_dir(TASKS) else { return false };
        let all: Vec<OsString> = tasks.flatten().map(|task| task.file_name()).collect();
        if self.lines.len() > 2 * all.len() {
            self.lines.retain(|thread, _| all.contains(thread));
        }
        self.busy = all.into_iter().find(|thread| thread != own && self.works(thread));
        self.busy.is_some()
    }

    /// Whether this one works. A thread that is gone does not.
    fn works(&mut self, thread: &OsStr) -> bool {
        let mut line = [0; LINE];
        let read = match self.lines.get(thread).map(|file| file.read_at(&mut line, 0)) {
            Some(Ok(read)) => read,
            // Another may have its number now.
            Some(Err(_)) | None => {
                self.lines.remove(thread);
                let Ok(file) = File::open(Path::new(TASKS).join(thread).join("stat")) else { return false };
                let Ok(read) = file.read_at(&mut line, 0) else { return false };
                self.lines.insert(thread.to_owned(), file);
                read
            }
        };
        if read == 0 {
            return false;
        }
        // The name may hold parentheses itself.
        let line = &line[..read];
        let state = line.windows(2).rposition(|two| two == b") ").and_then(|at| line.get(at + 2));
        !matches!(state, Some(b'S' | b'Z' | b'X' | b'I' | b't' | b'T'))
    }
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
