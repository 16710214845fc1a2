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

    use lianfang_proto::listed;

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

    const NOW: Micros = 200;
    const AT_ONCE: Micros = Micros::MIN;
    /// A moment that a clock gave which was far ahead.
    const ASTRAY: Micros = 365 * REST;

    /// From when on a refresh is due if none failed, one failed a while ago, one failed by a clock that was far ahead.
    fn due_from(repaired: bool, every: bool, made_astray: bool) -> [Option<Micros>; 3] {
        let rested = Some(120 + REST);
        match (repaired, every, made_astray) {
            (false, false, _) => [None, None, None],
            (false, true, false) => [Some(150), rested, Some(150)],
            (false, true, true) => [Some(AT_ONCE), rested, Some(AT_ONCE)],
            (true, _, _) => [Some(AT_ONCE), rested, Some(AT_ONCE)],
        }
    }

    #[test]
    fn the_table_of_what_is_due() {
        for bits in 0..16 {
            let [repaired, every, made_astray, under_way] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
            let made_at = if made_astray { ASTRAY } else { 100 };
            let failed = [None, Some(120), Some(ASTRAY)];
            for (failed_at, wanted) in failed.into_iter().zip(due_from(repaired, every, made_astray)) {
                let facts = Facts { made_at, repaired, failed_at, under_way };
                let wanted = if under_way { None } else { wanted };
                assert_eq!(refresh_at(&facts, every.then_some(50), NOW), wanted, "{facts:?} {every}");
            }
        }
        // Whichever comes last, the period or the rest.
        let facts = Facts { made_at: 100, repaired: false, failed_at: Some(120), under_way: false };
        assert_eq!(refresh_at(&facts, Some(2 * REST), NOW), Some(100 + 2 * REST));
        // How far ahead a moment may lie.
        for (ahead, wanted) in [(AHEAD, Some(NOW + AHEAD + 50)), (AHEAD + 1, Some(AT_ONCE))] {
            let facts = Facts { made_at: NOW + ahead, failed_at: None, ..facts };
            assert_eq!(refresh_at(&facts, Some(50), NOW), wanted, "{ahead}");
        }
        for (ahead, wanted) in [(AHEAD, Some(NOW + AHEAD + REST)), (AHEAD + 1, Some(150))] {
            let facts = Facts { failed_at: Some(NOW + ahead), ..facts };
            assert_eq!(refresh_at(&facts, Some(50), NOW), wanted, "{ahead}");
        }
    }

    listed! {
        /// Where the shares of a key stand.
        enum Shares {
            Made,
            Due,
            UnderWay,
            Resting,
        }
    }

    listed! {
        /// What happens to them.
        enum Happens {
            PeriodPasses,
            DayPasses,
            ShareRepaired,
            Proposed,
            Done,
            Failed,
        }
    }

    const EVERY: Micros = 10 * REST;

    /// A key by what is kept of it.
    #[derive(Clone, Debug)]
    struct Kept {
        past: Vec<Past>,
        under_way: bool,
        now: Micros,
    }

    impl Kept {
        /// One whose shares came to stand so.
        fn standing(shares: Shares) -> Self {
            let made = Self { past: vec![past(Outcome::Made, 0, 0)], under_way: false, now: 1 };
            match shares {
                Shares::Made => made,
                Shares::Due => made.after(Happens::PeriodPasses).unwrap(),
                Shares::UnderWay => Self::standing(Shares::Due).after(Happens::Proposed).unwrap(),
                Shares::Resting => Self::standing(Shares::UnderWay).after(Happens::Failed).unwrap(),
            }
        }

        /// Nothing where it cannot happen: only what is under way comes to an end, and beside it nothing is proposed.
        fn after(&self, event: Happens) -> Option<Self> {
            let can = match event {
                Happens::PeriodPasses | Happens::DayPasses | Happens::ShareRepaired => true,
                Happens::Proposed => !self.under_way,
                Happens::Done | Happens::Failed => self.under_way,
            };
            let mut key = can.then(|| self.clone())?;
            let made = key.past.iter().filter(|past| past.outcome == Outcome::Made).count();
            let next = u32::try_from(made).unwrap();
            match event {
                Happens::PeriodPasses => key.now += EVERY,
                Happens::DayPasses => key.now += REST,
                Happens::ShareRepaired => key.past.push(past(Outcome::Repaired, next - 1, key.now)),
                Happens::Proposed => key.under_way = true,
                Happens::Done => key.past.push(past(Outcome::Made, next, key.now)),
                Happens::Failed => key.past.push(past(Outcome::NotMade, next, key.now)),
            }
            key.under_way &= !matches!(event, Happens::ShareRepaired | Happens::Done | Happens::Failed);
            Some(key)
        }

        fn shares(&self) -> Shares {
            let facts = Facts::of(0, self.under_way, &self.past);
            match refresh_at(&facts, Some(EVERY), self.now) {
                None => Shares::UnderWay,
                Some(at) if at <= self.now => Shares::Due,
                Some(_) if facts.failed_at.is_some() => Shares::Resting,
                Some(_) => Shares::Made,
            }
        }
    }

    /// What each event makes of the shares, in the order of [`Happens::ALL`]; nothing where it cannot happen, for no
    /// ceremony is under way, or one is.
    fn after(shares: Shares) -> [Option<Shares>; Happens::ALL.len()] {
        use Shares::{Due, Made, Resting, UnderWay};
        match shares {
            Made => [Some(Due), Some(Made), Some(Due), Some(UnderWay), None, None],
            Due => [Some(Due), Some(Due), Some(Due), Some(UnderWay), None, None],
            // It may be a repair that is under way.
            UnderWay => [Some(UnderWay), Some(UnderWay), Some(Due), None, Some(Made), Some(Resting)],
            Resting => [Some(Due), Some(Due), Some(Resting), Some(UnderWay), None, None],
        }
    }

    #[test]
    fn every_pair_of_shares_and_event() {
        for shares in Shares::ALL {
            let before = Kept::standing(shares);
            assert_eq!(before.shares(), shares);
            for (event, wanted) in Happens::ALL.into_iter().zip(after(shares)) {
                let after = before.after(event).map(|key| key.shares());
                assert_eq!(after, wanted, "{shares:?} {event:?}");
            }
        }
    }
}
