//! When shares are renewed, as a function of what there is and of the time.
//!
//! Comes in: a key's last ceremonies and the operator's period. Goes out: whether a refresh is due, or when. Pure: no store,
//! no clock. A refresh follows a repair at once (the helpers' parts and the old share were in more hands than before), and
//! otherwise every so often; after one that failed it rests for a while, for it needs every holder.

use crate::ports::Micros;

/// How long after a failed refresh the next is proposed.
pub const REST: Micros = 86_400_000_000;

/// What there is of a key that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When the shares of today were made.
    pub made_at: Micros,
    /// Whether a share was repaired since.
    pub repaired: bool,
    /// When the last refresh failed, if that was after the shares were made.
    pub failed_at: Option<Micros>,
    /// Whether a ceremony of the class is under way.
    pub under_way: bool,
}

/// From when on a refresh is due; never if nothing asks for one.
pub fn refresh_at(facts: &Facts, every: Option<Micros>) -> Option<Micros> {
    if facts.under_way {
        return None;
    }
    let asked = match (facts.repaired, every) {
        (true, _) => Some(facts.made_at),
        (false, Some(every)) => Some(facts.made_at.saturating_add(every)),
        (false, None) => None,
    };
    let rested = facts.failed_at.map_or(Micros::MIN, |failed| failed.saturating_add(REST));
    asked.map(|at| at.max(rested))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_is_due() {
        let facts = Facts { made_at: 100, repaired: false, failed_at: None, under_way: false };
        for (facts, every, wanted) in [
            (facts, None, None),
            (facts, Some(50), Some(150)),
            (Facts { repaired: true, ..facts }, None, Some(100)),
            (Facts { repaired: true, ..facts }, Some(50), Some(100)),
            (Facts { failed_at: Some(120), ..facts }, Some(50), Some(120 + REST)),
            (Facts { failed_at: Some(120), repaired: true, ..facts }, None, Some(120 + REST)),
            (Facts { failed_at: Some(120), ..facts }, None, None),
            (Facts { failed_at: Some(120), ..facts }, Some(2 * REST), Some(100 + 2 * REST)),
            (Facts { under_way: true, repaired: true, ..facts }, Some(1), None),
        ] {
            assert_eq!(refresh_at(&facts, every), wanted, "{facts:?} {every:?}");
        }
    }
}
