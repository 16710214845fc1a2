//! How much one legal entity may have evaluated here, as a function of what has happened.
//!
//! * Comes in: an account and an event. Goes out: the account after it, and what was decided.
//! * Never sees: elements, banks, a disk, a clock. Trusts: its caller to have loaded the whole account.
//! * Fails: never; a refusal is a [`Decision`].
//!
//! A federation that grants an entity `Q` evaluations needs `T` holders for each, and any `T` of the `M` may be asked:
//! so each holder lets `⌈Q·T/M⌉` pass. With `c` holders that do not charge, an entity reaches `Q·T(M−c)/(M(T−c))`.
//! Every element counts, the check elements and the RFC's own call too: a holder cannot know what an element is for.

/// How many of how many holders it takes; what spreads a quota over the holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// `T`.
    pub needed: u16,
    /// `M`.
    pub holders: u16,
}

impl Sharing {
    /// This holder's part of the quota `q`: `⌈q·T/M⌉`.
    pub fn part_of(self, q: u64) -> u64 {
        let whole = u128::from(q) * u128::from(self.needed);
        u64::try_from(whole.div_ceil(u128::from(self.holders.max(1)))).unwrap_or(u64::MAX)
    }
}

/// What one legal entity has left under one class and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// `Q`, if a person here has admitted the entity.
    pub quota: Option<u64>,
    /// How `Q` is spread over the holders.
    pub sharing: Sharing,
    /// Elements that people here have allowed on top.
    pub granted: u64,
    /// Elements that have been charged.
    pub spent: u64,
    /// Whether the ledger of this key was lost: then the quota counts as used up, and only allowances open it.
    pub lost: bool,
}

/// What happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person, or the policy up to its limit, admits the entity with quota `Q`.
    Admit {
        /// `Q`.
        quota: u64,
    },
    /// A person takes the admission back.
    Revoke,
    /// A person allows so many elements more.
    Grant {
        /// How many.
        elements: u64,
    },
    /// An allowance ends, for instance because absent holders are back.
    Deduct {
        /// How many.
        elements: u64,
    },
    /// The ledger was lost or is older than what peers have seen.
    Lose,
    /// Elements are to be evaluated; `known` if the same digest was charged before.
    Ask {
        /// How many.
        elements: u64,
        /// Whether this very batch has been charged already.
        known: bool,
    },
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An event of people, taken down.
    Noted,
    /// Charged: evaluate.
    Charged,
    /// Charged earlier: evaluate again.
    Repeated,
    /// Nobody here has admitted this entity.
    NotAdmitted,
    /// It would be more than is left.
    Exceeded {
        /// What may be spent in all.
        limit: u64,
        /// What has been spent.
        spent: u64,
    },
}

impl Account {
    /// What may be spent in all.
    pub fn limit(&self) -> u64 {
        let part = match (self.quota, self.lost) {
            (None, _) => return 0,
            (Some(_), true) => 0,
            (Some(quota), false) => self.sharing.part_of(quota),
        };
        part.saturating_add(self.granted)
    }
}

/// The account after `event`, and the decision.
pub fn apply(account: Account, event: Event) -> (Account, Decision) {
    match event {
        Event::Admit { quota } => (Account { quota: Some(quota), ..account }, Decision::Noted),
        Event::Revoke => (Account { quota: None, ..account }, Decision::Noted),
        Event::Grant { elements } => {
            (Account { granted: account.granted.saturating_add(elements), ..account }, Decision::Noted)
        }
        Event::Deduct { elements } => {
            (Account { granted: account.granted.saturating_sub(elements), ..account }, Decision::Noted)
        }
        Event::Lose => (Account { spent: 0, granted: 0, lost: true, ..account }, Decision::Noted),
        Event::Ask { elements, known } => ask(account, elements, known),
    }
}

fn ask(account: Account, elements: u64, known: bool) -> (Account, Decision) {
    let limit = account.limit();
    let spent = account.spent;
    match (account.quota, known, spent.checked_add(elements)) {
        (None, _, _) => (account, Decision::NotAdmitted),
        (Some(_), true, _) => (account, Decision::Repeated),
        (Some(_), false, Some(after)) if after <= limit => {
            (Account { spent: after, ..account }, Decision::Charged)
        }
        (Some(_), false, _) => (account, Decision::Exceeded { limit, spent }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THREE_OF_FIVE: Sharing = Sharing { needed: 3, holders: 5 };

    fn admitted(quota: u64, spent: u64) -> Account {
        Account { quota: Some(quota), sharing: THREE_OF_FIVE, granted: 0, spent, lost: false }
    }

    #[test]
    fn a_holders_part_is_rounded_up() {
        for (q, needed, holders, part) in [
            (100, 3, 5, 60),
            (101, 3, 5, 61),
            (0, 3, 5, 0),
            (1, 2, 3, 1),
            (7, 5, 5, 7),
            (u64::MAX, 5, 5, u64::MAX),
        ] {
            assert_eq!(Sharing { needed, holders }.part_of(q), part, "{q} {needed}/{holders}");
        }
    }

    #[test]
    fn decisions() {
        let ask = |elements| Event::Ask { elements, known: false };
        let again = |elements| Event::Ask { elements, known: true };
        let stranger = Account { quota: None, ..admitted(0, 0) };
        let lost = Account { lost: true, ..admitted(100, 0) };
        let table = [
            (admitted(100, 0), ask(60), Decision::Charged, 60),
            (admitted(100, 0), ask(61), Decision::Exceeded { limit: 60, spent: 0 }, 0),
            (admitted(100, 59), ask(1), Decision::Charged, 60),
            (admitted(100, 60), ask(1), Decision::Exceeded { limit: 60, spent: 60 }, 60),
            (admitted(100, 60), again(60), Decision::Repeated, 60),
            (admitted(100, 60), ask(u64::MAX), Decision::Exceeded { limit: 60, spent: 60 }, 60),
            (Account { granted: 5, ..admitted(100, 60) }, ask(5), Decision::Charged, 65),
            (
                Account { granted: 5, ..admitted(100, 60) },
                ask(6),
                Decision::Exceeded { limit: 65, spent: 60 },
                60,
            ),
            (stranger, ask(1), Decision::NotAdmitted, 0),
            (stranger, again(1), Decision::NotAdmitted, 0),
            (Account { granted: 9, ..stranger }, ask(1), Decision::NotAdmitted, 0),
            (lost, ask(1), Decision::Exceeded { limit: 0, spent: 0 }, 0),
            (Account { granted: 4, ..lost }, ask(4), Decision::Charged, 4),
        ];
        for (account, event, decision, spent) in table {
            let (after, decided) = apply(account, event);
            assert_eq!((decided, after.spent), (decision, spent), "{account:?} {event:?}");
        }
    }

    #[test]
    fn people_change_the_limit_and_nothing_else() {
        let account = admitted(100, 7);
        let limit = |event| {
            let (after, decision) = apply(account, event);
            assert_eq!((decision, after.spent), (Decision::Noted, 7));
            after.limit()
        };
        assert_eq!(limit(Event::Grant { elements: 5 }), 65);
        assert_eq!(limit(Event::Deduct { elements: 5 }), 60);
        assert_eq!(limit(Event::Revoke), 0);
        assert_eq!(limit(Event::Admit { quota: 10 }), 6);
        let (lost, _) = apply(account, Event::Lose);
        assert_eq!((lost.limit(), lost.spent), (0, 0));
    }

    proptest! {
        /// Whatever is asked, what has been spent stays within the limit and never falls.
        #[test]
        fn spending_never_passes_the_limit(q in 0_u64..10_000, asks in prop::collection::vec((0_u64..3_000, any::<bool>()), 0..40)) {
            let mut account = admitted(q, 0);
            for (elements, known) in asks {
                let (after, decision) = apply(account, Event::Ask { elements, known });
                prop_assert!(after.spent <= after.limit());
                let charged = if decision == Decision::Charged { elements } else { 0 };
                prop_assert_eq!(after.spent, account.spent + charged);
                account = after;
            }
        }
    }
}
