//! Whatever happens to a key's record, however it stands.

use std::sync::Arc;

use lianfang_proto::listed;

use super::*;
use crate::config::Decide;
use crate::key_holder::tests::{KEY, Party, Still, dealt};

listed! { enum State { NotHere, Kept, Compared } }
listed! { enum Deed { Came, AnotherCame, Rests, PolicyAsks, PolicyAgrees, PolicyRefuses, Compare } }

impl State {
    fn stands(self, record: &KeyRecord) -> Stands<'_> {
        match self {
            Self::NotHere => Stands::NotHere,
            Self::Kept => Stands::Kept(record),
            Self::Compared => Stands::Compared(record),
        }
    }

    fn of(stands: Stands<'_>) -> Self {
        match stands {
            Stands::NotHere => Self::NotHere,
            Stands::Kept(_) => Self::Kept,
            Stands::Compared(_) => Self::Compared,
        }
    }
}

impl Deed {
    fn event<'a>(self, record: &'a KeyRecord, another: &'a KeyRecord) -> Event<'a> {
        match self {
            Self::Came => Event::Came(record),
            Self::AnotherCame => Event::Came(another),
            Self::Rests => Event::Rests,
            Self::PolicyAsks => Event::Policy(Decide::Ask),
            Self::PolicyAgrees => Event::Policy(Decide::Automatic),
            Self::PolicyRefuses => Event::Policy(Decide::Refuse),
            Self::Compare => Event::Compare,
        }
    }

    fn all_of(event: Event<'_>) -> &'static [Self] {
        match event {
            Event::Came(_) => &[Self::Came, Self::AnotherCame],
            Event::Rests => &[Self::Rests],
            Event::Policy(Decide::Ask) => &[Self::PolicyAsks],
            Event::Policy(Decide::Automatic) => &[Self::PolicyAgrees],
            Event::Policy(Decide::Refuse) => &[Self::PolicyRefuses],
            Event::Compare => &[Self::Compare],
        }
    }
}

/// The table.
fn after(state: State, deed: Deed) -> Result<State, Refused> {
    match (state, deed) {
        (State::NotHere, Deed::Came) => Ok(State::Kept),
        (State::NotHere, Deed::AnotherCame) => Ok(State::Kept),
        (
            State::NotHere,
            Deed::Rests | Deed::PolicyAsks | Deed::PolicyAgrees | Deed::PolicyRefuses | Deed::Compare,
        ) => Err(Refused::NotHere),
        (State::Kept, Deed::Came) => Ok(State::Kept),
        (State::Kept, Deed::AnotherCame) => Err(Refused::Differs),
        (State::Kept, Deed::Rests) => Ok(State::Compared),
        (State::Kept, Deed::PolicyAsks) => Ok(State::Kept),
        (State::Kept, Deed::PolicyAgrees) => Ok(State::Compared),
        (State::Kept, Deed::PolicyRefuses) => Ok(State::Kept),
        (State::Kept, Deed::Compare) => Ok(State::Compared),
        (State::Compared, Deed::Came) => Ok(State::Compared),
        (State::Compared, Deed::AnotherCame) => Err(Refused::Differs),
        (
            State::Compared,
            Deed::Rests | Deed::PolicyAsks | Deed::PolicyAgrees | Deed::PolicyRefuses | Deed::Compare,
        ) => Ok(State::Compared),
    }
}

#[test]
fn whatever_happens_to_a_record_however_it_stands() {
    let clock = Arc::new(Still::default());
    let holders = ["alpha", "beta"].map(|name| Party::new(name, &clock));
    let [record, another] = [(); 2].map(|()| dealt(&[&holders[0], &holders[1]], KEY).1);
    let (record, another) = (record.record(), another.record());
    for state in State::ALL {
        let stands = state.stands(record);
        assert_eq!(State::of(stands), state);
        for deed in Deed::ALL {
            let event = deed.event(record, another);
            assert!(Deed::all_of(event).contains(&deed), "{deed:?}");
            let came = matches!((state, deed), (State::NotHere, Deed::AnotherCame));
            let kept = if came { another } else { record };
            let wanted = after(state, deed).map(|to| to.stands(kept));
            assert_eq!(stands.apply(event), wanted, "{state:?} {deed:?}");
        }
    }
}
