//! How long until the folder is looked at again.
//!
//! Comes in: how often it is to be looked at, and whether the last look succeeded. Goes out: a pause. Pure. A look that failed
//! may have begun an import, which the audit log keeps for ever: so pauses grow while looks fail.

use std::time::Duration;

/// The longest pause after looks that failed, unless one that is longer is asked for.
const LONGEST: Duration = Duration::from_mins(15);

/// The pauses between looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    every: Duration,
    pause: Duration,
}

impl Pace {
    /// One of looks so far apart.
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, pause: every }
    }

    /// The pause after a look that succeeded, or failed.
    pub(super) fn after(&mut self, succeeded: bool) -> Duration {
        let longest = LONGEST.max(self.every);
        self.pause = if succeeded { self.every } else { self.pause.saturating_mul(2).min(longest) };
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_after_looks_that_failed() {
        // How often it is to be looked at; whether each look succeeds, and the pause after it; all in seconds.
        let table: [(u64, &[(bool, u64)]); 5] = [
            (30, &[(true, 30), (true, 30), (false, 60), (false, 120), (true, 30), (false, 60)]),
            (
                30,
                &[
                    (false, 60),
                    (false, 120),
                    (false, 240),
                    (false, 480),
                    (false, 900),
                    (false, 900),
                    (true, 30),
                ],
            ),
            (899, &[(false, 900), (false, 900), (true, 899)]),
            (900, &[(false, 900), (true, 900)]),
            (3_600, &[(true, 3_600), (false, 3_600), (false, 3_600), (true, 3_600)]),
        ];
        for (every, looks) in table {
            let mut pace = Pace::new(Duration::from_secs(every));
            for (at, &(succeeded, pause)) in looks.iter().enumerate() {
                let found = pace.after(succeeded);
                assert_eq!(found, Duration::from_secs(pause), "every {every} s, after look {at}");
            }
        }
    }
}
