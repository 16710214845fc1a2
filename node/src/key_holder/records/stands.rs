//! How the record of a key stands at this node: a function of how it stood, and of what happens to it.
//!
//! * Comes in: the record that is kept, if one is, and what happens. Goes out: how it stands then, or why nothing happens.
//! * Never sees: a store, a roster; whether a record may be kept at all is judged before.
//! * Fails: never; a refusal is a [`Refused`].

use lianfang_proto::documents::key_record::KeyRecord;

use super::KeptRecord;
use crate::config::Decide;

/// How the record of one key and generation stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands<'a> {
    /// There is none.
    NotHere,
    /// This one, which nobody has compared.
    Kept(&'a KeyRecord),
    /// This one, and it is used.
    Compared(&'a KeyRecord),
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A record of this key is to be kept: it was relayed, or made in a ceremony here.
    Came(&'a KeyRecord),
    /// It rests on a record that was compared.
    Rests,
    /// Nobody has compared it, and it rests on none: the policy is asked.
    Policy(Decide),
    /// Its short digest has been compared.
    Compare,
}

/// Why nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another record of this key stands already.
    Differs,
    /// There is no record that could be compared.
    NotHere,
}

impl<'a> Stands<'a> {
    /// How it stands in the store.
    pub fn of(kept: Option<&'a KeptRecord>) -> Self {
        match kept {
            None => Self::NotHere,
            Some(kept) if kept.compared => Self::Compared(kept.endorsed.record()),
            Some(kept) => Self::Kept(kept.endorsed.record()),
        }
    }

    /// How it stands after `event`.
    pub fn apply(self, event: Event<'a>) -> Result<Self, Refused> {
        match (self, event) {
            (Self::NotHere, Event::Came(record)) => Ok(Self::Kept(record)),
            (Self::Kept(kept) | Self::Compared(kept), Event::Came(record)) if kept != record => {
                Err(Refused::Differs)
            }
            (Self::Kept(_) | Self::Compared(_), Event::Came(_)) => Ok(self),
            (Self::NotHere, Event::Rests | Event::Policy(_) | Event::Compare) => Err(Refused::NotHere),
            (Self::Kept(_), Event::Policy(Decide::Ask | Decide::Refuse)) => Ok(self),
            (Self::Kept(kept), Event::Rests | Event::Policy(Decide::Automatic) | Event::Compare) => {
                Ok(Self::Compared(kept))
            }
            (Self::Compared(_), Event::Rests | Event::Policy(_) | Event::Compare) => Ok(self),
        }
    }
}
