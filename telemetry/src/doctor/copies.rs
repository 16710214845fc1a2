//! How old the last backup is.
//!
//! Comes in: when the log begins, when a backup was begun last, the time. Goes out: a finding. Copies that other programs
//! make of the folder are not known here; whoever relies on them passes over the warning.

use super::Finding;

/// Microseconds since 1970.
type Micros = i64;

const DAY: Micros = 24 * 3_600 * 1_000_000;
/// Days after which a backup is old: a weekly one that came a little late is not.
const OLD: u64 = 8;

/// The finding: `first` is when the log begins, `last` when a backup was begun.
pub fn age(first: Option<Micros>, last: Option<Micros>, now: Micros) -> Finding {
    let days = |since: Micros| u64::try_from(now.saturating_sub(since) / DAY).unwrap_or(0);
    match (last, first) {
        (Some(last), _) if days(last) > OLD => {
            Finding::warn("backup", "doctor-backup-old").with("days", days(last))
        }
        (Some(last), _) => Finding::ok("backup", "doctor-backup-ok").with("days", days(last)),
        (None, Some(first)) if days(first) > OLD => {
            Finding::warn("backup", "doctor-backup-none").with("days", days(first))
        }
        (None, _) => Finding::ok("backup", "doctor-backup-young"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn an_old_backup_and_none_are_told_in_time() {
        let now = 1_000 * DAY;
        let ago = |days: i64| Some(now - days * DAY);
        for (first, last, state, code) in [
            (None, None, State::Ok, "doctor-backup-young"),
            (ago(8), None, State::Ok, "doctor-backup-young"),
            (ago(9), None, State::Warn, "doctor-backup-none"),
            (ago(300), ago(0), State::Ok, "doctor-backup-ok"),
            (ago(300), ago(8), State::Ok, "doctor-backup-ok"),
            (ago(300), ago(9), State::Warn, "doctor-backup-old"),
            // A clock that was set back since says nothing.
            (ago(300), ago(-20), State::Ok, "doctor-backup-ok"),
        ] {
            let found = age(first, last, now);
            assert_eq!((found.state(), found.code()), (state, code), "{first:?} {last:?}");
        }
    }
}
