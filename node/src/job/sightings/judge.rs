//! What a charge number says of the holder that shows it, and what follows: functions of what was seen before.
//!
//! Comes in: whether the holder is in doubt, and what is heard of it. Goes out: one [`Step`]. Never sees: a store, a
//! signature. Fails: never.

/// Charges by which answers that are under way at once may overtake each other, over all banks.
pub(super) const OVERTAKING: u64 = 10_000;

/// Whether a holder is used under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is.
    Trusted,
    /// Its numbers went back, and nobody has settled that.
    InDoubt,
}

/// What is heard of a holder. `before` is the highest number that it had shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Its signed answer shows a number. Answers that are under way at once may overtake each other.
    Answered { before: u64, shown: u64 },
    /// It says where it stands, asked after `before` was seen: then no overtaking explains a lower number.
    Stands { before: u64, shown: u64, lost: bool },
    /// A person says that it is to be used.
    Settled,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Nothing,
    /// The number is the highest from now on.
    Raise,
    /// It is in doubt.
    Doubt,
    /// A doubt that there is ends, and numbers begin anew: at the one that it declares, or that caused the doubt.
    Settle,
}

/// What a number says after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It did not go back.
    Fine,
    /// The holder says that its ledger counts as lost: its counters are full, and numbers begin anew.
    Declared,
    /// It went back.
    Behind,
}

pub(super) const fn judge(before: u64, shown: u64, lost: bool) -> Judgement {
    match (shown < before, lost) {
        (_, true) => Judgement::Declared,
        (true, false) => Judgement::Behind,
        (false, false) => Judgement::Fine,
    }
}

/// What follows of what is heard.
pub(super) const fn next(trust: Trust, event: Event) -> Step {
    match (trust, event) {
        (Trust::Trusted | Trust::InDoubt, Event::Answered { before, shown }) => {
            match (judge(before.saturating_sub(OVERTAKING), shown, false), trust) {
                (Judgement::Behind, Trust::Trusted) => Step::Doubt,
                (Judgement::Behind, Trust::InDoubt) => Step::Nothing,
                (Judgement::Fine | Judgement::Declared, Trust::Trusted | Trust::InDoubt) => {
                    if shown > before { Step::Raise } else { Step::Nothing }
                }
            }
        }
        (Trust::Trusted, Event::Stands { before, shown, lost }) => match judge(before, shown, lost) {
            Judgement::Behind => Step::Doubt,
            Judgement::Declared if shown < before => Step::Settle,
            Judgement::Fine | Judgement::Declared => Step::Nothing,
        },
        (Trust::InDoubt, Event::Stands { before, shown, lost }) => match judge(before, shown, lost) {
            Judgement::Declared => Step::Settle,
            // High enough again is no excuse.
            Judgement::Fine | Judgement::Behind => Step::Nothing,
        },
        (Trust::Trusted, Event::Settled) => Step::Nothing,
        (Trust::InDoubt, Event::Settled) => Step::Settle,
    }
}
