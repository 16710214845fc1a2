//! What a line may be told apart by: words of closed lists, and names of parties.
//!
//! A label cannot hold data: [`Label::word`] takes only what stands in the program's text, and [`Label::party`] only what
//! has the form of a party's name.

use std::borrow::Cow;

/// The labels that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A gRPC service.
    Service,
    /// A method of it.
    Method,
    /// A gRPC status, or a fault of the closed list.
    Code,
    /// A state of a job, a ceremony, a member, a submission.
    State,
    /// A class of identifiers.
    Class,
    /// What was done with elements.
    Work,
    /// A bank.
    Bank,
    /// A legal entity.
    Entity,
    /// A key holder.
    Holder,
    /// What kind of party something was sent to.
    Peer,
    /// Whose certificate.
    Whose,
    /// How an attempt ended.
    Outcome,
    /// A file or folder of the party.
    Part,
    /// A version of the program.
    Version,
    /// An engine of the batch arithmetic.
    Engine,
}

impl Key {
    /// Every label.
    pub const ALL: [Self; 15] = [
        Self::Service,
        Self::Method,
        Self::Code,
        Self::State,
        Self::Class,
        Self::Work,
        Self::Bank,
        Self::Entity,
        Self::Holder,
        Self::Peer,
        Self::Whose,
        Self::Outcome,
        Self::Part,
        Self::Version,
        Self::Engine,
    ];

    /// As it stands in the text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Method => "method",
            Self::Code => "code",
            Self::State => "state",
            Self::Class => "class",
            Self::Work => "work",
            Self::Bank => "bank",
            Self::Entity => "entity",
            Self::Holder => "holder",
            Self::Peer => "peer",
            Self::Whose => "whose",
            Self::Outcome => "outcome",
            Self::Part => "part",
            Self::Version => "version",
            Self::Engine => "engine",
        }
    }
}

/// A label with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    key: Key,
    value: Cow<'static, str>,
}

impl Label {
    /// A word that stands in the program.
    pub const fn word(key: Key, word: &'static str) -> Self {
        Self { key, value: Cow::Borrowed(word) }
    }

    /// A party's name; what has not the form of one becomes `other`.
    pub fn party(key: Key, name: &str) -> Self {
        let value = if is_name(name) { Cow::Owned(name.to_owned()) } else { Cow::Borrowed("other") };
        Self { key, value }
    }

    pub(super) const fn key(&self) -> Key {
        self.key
    }

    pub(super) fn exported(&self) -> ::metrics::Label {
        ::metrics::Label::new(self.key.name(), self.value.clone().into_owned())
    }
}

/// `[a-z0-9][a-z0-9-]{0,31}`, the form that names of parties have.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=32).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || byte == b'-')
        && name.bytes().next().is_some_and(plain)
}
