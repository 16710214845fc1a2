//! How a key stands at this node: a function of how it stood, and of what happens to it.
//!
//! * Comes in: how it stands in the store, and what happens. Goes out: how it stands then, or why nothing happens.
//! * Never sees: a share, a row, a clock. Fails: never; a refusal is a [`Refused`].

use lianfang_proto::ids::Generation;

/// How a key stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// This node has no share of it.
    NoShare,
    /// It answers with its share of this generation.
    InUse(Generation),
    /// Its epoch is over here, for good.
    Closed,
}

/// What happens to a key here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A ceremony has given this node a share of this generation: a new key's, a refresh's, a repair's.
    Given(Generation),
    /// A backup of keys has a share of this generation.
    Carried(Generation),
    /// The epoch is over.
    Close,
}

/// Why nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// A newer share stands, or, against a backup's, any.
    Superseded,
    /// Nothing comes back under a closed epoch.
    Closed,
}

impl Stands {
    /// How it stands after `event`; the same where it happens again.
    pub(super) fn apply(self, event: Event) -> Result<Self, Refused> {
        match (self, event) {
            (Self::NoShare | Self::InUse(_) | Self::Closed, Event::Close) => Ok(Self::Closed),
            (Self::Closed, Event::Given(_) | Event::Carried(_)) => Err(Refused::Closed),
            (Self::NoShare, Event::Given(generation) | Event::Carried(generation)) => {
                Ok(Self::InUse(generation))
            }
            (Self::InUse(_), Event::Carried(_)) => Err(Refused::Superseded),
            (Self::InUse(active), Event::Given(generation)) if generation < active => {
                Err(Refused::Superseded)
            }
            (Self::InUse(_), Event::Given(generation)) => Ok(Self::InUse(generation)),
        }
    }
}
