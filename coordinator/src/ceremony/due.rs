//! When shares are renewed, as a function of what there is and of the time.
//!
//! Comes in: a key's ceremonies and the operator's period. Goes out: whether a refresh is due, or when. Pure: no store, no
//! clock. A refresh follows a repair at once (the helpers' parts and the old share were in more hands than before), and
//! otherwise every so often; after one that failed it rests for a while, for it needs every holder.
//!
//! Which ceremony came first is told by the generation of the shares. By the time at which they began it cannot be told: a
//! clock that was put right may lie behind a repair for as long as it had run ahead, and refresh after refresh would
//! come "before" it. A moment that lies further ahead than clocks may differ was dated by such a clock, and says nothing.

use lianfang_proto::ids::Generation;

use crate::ports::Micros;

/// How long after a refresh that failed should have been over the next is proposed: time for people to act.
pub const REST: Micros = 86_400_000_000;
/// A moment further ahead than this is none.
const AHEAD: Micros = 2 * REST;

/// What there is of a key that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When the shares of today were made.
    pub made_at: Micros,
    /// Whether a share was repaired since.
    pub repaired: bool,
    /// When a refresh that failed should have been over, if one failed since the shares were made.
    pub failed_at: Option<Micros>,
    /// Whether a ceremony of the class is under way.
    pub under_way: bool,
}

/// What a ceremony that is over has come to, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All shares were made, for the first time or anew.
    Made,
    /// One share was made again.
    Repaired,
    /// All shares were to be made anew, and were not.
    NotMade,
}

/// A ceremony of a key that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// What came of it.
    pub outcome: Outcome,
    /// Of which shares: those that it made or was to make, or one of which it repaired.
    pub generation: Generation,
    /// When it was proposed; of one that failed, when it should have been over.
    pub at: Micros,
}

impl Facts {
    /// What the ceremonies of a key say of it, in whatever order they come; without one that made its shares, these are
    /// as old as the key.
    pub fn of(key_made_at: Micros, under_way: bool, past: &[Past]) -> Self {
        let of = |outcome| past.iter().filter(move |past| past.outcome == outcome);
        let newest = of(Outcome::Made).max_by_key(|past| past.generation);
        let generation = newest.map_or(Generation(0), |past| past.generation);
        let failed = of(Outcome::NotMade).filter(|past| past.generation > generation);
        Self {
            made_at: newest.map_or(key_made_at, |past| past.at),
            repaired: of(Outcome::Repaired).any(|past| past.generation == generation),
            failed_at: failed.map(|past| past.at).max(),
            under_way,
        }
    }
}

/// From when on a refresh is due; never if nothing asks for one.
pub fn refresh_at(facts: &Facts, every: Option<Micros>, now: Micros) -> Option<Micros> {
    if facts.under_way {
        return None;
    }
    let dated = |at: &Micros| *at <= now.saturating_add(AHEAD);
    let asked = match (facts.repaired, every) {
        (true, _) => Some(Micros::MIN),
        (false, Some(every)) => {
            Some(if dated(&facts.made_at) { facts.made_at.saturating_add(every) } else { Micros::MIN })
        }
        (false, None) => None,
    };
    let failed = facts.failed_at.filter(dated);
    let rested = failed.map_or(Micros::MIN, |failed| failed.saturating_add(REST));
    asked.map(|at| at.max(rested))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(outcome: Outcome, generation: u32, at: Micros) -> Past {
        Past { outcome, generation: Generation(generation), at }
    }

    #[test]
    fn generations_tell_what_came_first() {
        use Outcome::{Made, NotMade, Repaired};
        let facts = |made_at, repaired, failed_at| Facts { made_at, repaired, failed_at, under_way: false };
        for (ceremonies, wanted) in [
            (&[][..], facts(7, false, None)),
            (&[past(Made, 0, 10)], facts(10, false, None)),
            (&[past(Made, 0, 10), past(Repaired, 0, 20)], facts(10, true, None)),
            (&[past(Made, 0, 10), past(Repaired, 0, 20), past(Made, 1, 30)], facts(30, false, None)),
            // The clock was 50 ahead when a share was repaired, and was put right before the shares were made anew.
            (&[past(Made, 0, 10), past(Made, 1, 30), past(Repaired, 0, 70)], facts(30, false, None)),
            (&[past(Made, 1, 30), past(Made, 0, 80)], facts(30, false, None)),
            (&[past(Made, 0, 10), past(NotMade, 1, 20)], facts(10, false, Some(20))),
            (&[past(NotMade, 1, 5), past(Made, 0, 10)], facts(10, false, Some(5))),
            (&[past(Made, 0, 10), past(NotMade, 1, 20), past(Made, 1, 15)], facts(15, false, None)),
            (&[past(Made, 0, 10), past(NotMade, 1, 20), past(NotMade, 1, 40)], facts(10, false, Some(40))),
        ] {
            assert_eq!(Facts::of(7, false, ceremonies), wanted, "{ceremonies:?}");
        }
    }

    #[test]
    fn the_table_of_what_is_due() {
        let facts = Facts { made_at: 100, repaired: false, failed_at: None, under_way: false };
        let at_once = Micros::MIN;
        for (facts, every, wanted) in [
            (facts, None, None),
            (facts, Some(50), Some(150)),
            (Facts { repaired: true, ..facts }, None, Some(at_once)),
            (Facts { repaired: true, ..facts }, Some(50), Some(at_once)),
            (Facts { failed_at: Some(120), ..facts }, Some(50), Some(120 + REST)),
            (Facts { failed_at: Some(120), repaired: true, ..facts }, None, Some(120 + REST)),
            (Facts { failed_at: Some(120), ..facts }, None, None),
            (Facts { failed_at: Some(120), ..facts }, Some(2 * REST), Some(100 + 2 * REST)),
            (Facts { under_way: true, repaired: true, ..facts }, Some(1), None),
            // Dated by a clock that was a year ahead.
            (Facts { made_at: 365 * REST, ..facts }, Some(50), Some(at_once)),
            (Facts { failed_at: Some(365 * REST), ..facts }, Some(50), Some(150)),
            (Facts { failed_at: Some(365 * REST), repaired: true, ..facts }, None, Some(at_once)),
        ] {
            assert_eq!(refresh_at(&facts, every, 200), wanted, "{facts:?} {every:?}");
        }
    }
}
