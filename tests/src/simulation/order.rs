//! The order of threads: on a core of their own each runs until it waits, first come, first served.
//!
//! Comes in: a process that `chrt --fifo` has started. Goes out: one core for it, and a way to let all other threads go
//! first. Under `SCHED_FIFO` (sched(7)) threads of one priority do not cut each other off: who is woken runs when those
//! that were woken before it wait. So what the store's threads do happens in one order, the same in every play of a list.
//! Where the system allows no such order the machine chooses one, and a failure may need a few replays.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// `SCHED_FIFO` as the kernel writes it (proc(5), `/proc/[pid]/stat`, field 41).
const FIFO: &str = "1";
/// Of the fields behind the name, which begin with the third.
const POLICY: usize = 41 - 3;

/// From now on this thread, and all that it starts, share one of the cores that it may use: the engine and those that it
/// waits for take turns in any case, and a thread that is woken where its waker runs is woken for half the price.
pub fn share_a_core(number: u64) {
    let Ok(all) = sched_getaffinity(None) else { return };
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect();
    let number = usize::try_from(number).unwrap_or_default();
    let mut one = CpuSet::new();
    if let Some(core) = cores.get(number % cores.len().max(1)) {
        one.set(*core);
        // Where it may not choose, it is dearer.
        let _ = sched_setaffinity(None, &one);
    }
}

/// How often a core is given away at most: another process on it that gives it back at once would otherwise never let go.
const MANY: u32 = 1_000;

/// Whether this process' threads have an order. Asked once, after it has its core.
pub fn is_fixed() -> bool {
    static FIXED: OnceLock<bool> = OnceLock::new();
    *FIXED.get_or_init(|| has_one_core() && policy().as_deref() == Some(FIFO) && Runs::own().is_some())
}

fn has_one_core() -> bool {
    sched_getaffinity(None).is_ok_and(|cores| cores.count() == 1)
}

fn policy() -> Option<String> {
    policy_in(&std::fs::read_to_string("/proc/self/stat").ok()?).map(str::to_owned)
}

/// The name may hold parentheses and spaces itself.
fn policy_in(line: &str) -> Option<&str> {
    let (_, fields) = line.rsplit_once(") ")?;
    fields.split(' ').nth(POLICY)
}

thread_local! {
    static OWN: Option<Runs> = Runs::own();
}

/// All other threads run until they wait, if threads have an order here.
pub fn let_others_run() {
    if !is_fixed() {
        return;
    }
    OWN.with(|own| {
        let Some(own) = own else { return };
        let mut before = own.count();
        for _ in 0..MANY {
            std::thread::yield_now();
            let now = own.count();
            if now == before {
                // Nobody wanted the core.
                return;
            }
            before = now;
        }
    });
}

/// How often a thread was given its core: the third number of `/proc/[pid]/schedstat` (Documentation/scheduler/sched-stats).
struct Runs(File);

impl Runs {
    fn own() -> Option<Self> {
        let runs = Self(File::open("/proc/thread-self/schedstat").ok()?);
        runs.count().map(|_| runs)
    }

    fn count(&self) -> Option<u64> {
        let mut line = [0; 96];
        let read = self.0.read_at(&mut line, 0).ok()?;
        std::str::from_utf8(&line[..read]).ok()?.split_ascii_whitespace().nth(2)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_read_from_its_field() {
        let fields: Vec<String> = (3..=52).map(|field| format!("f{field}")).collect();
        assert_eq!(policy_in(&format!("7 (a) b) {}", fields.join(" "))), Some("f41"));
        assert_eq!(policy_in("7 (a"), None);
        assert!(policy().is_none_or(|policy| policy.parse::<u8>().is_ok()));
    }
}
