//! The register: what this bank itself knows about whom, sealed, and the outputs of the tag function that it has cached.
//!
//! * Comes in: rows of a file, the hand of a person (retract, hold), outputs that have passed the check. Goes out: pages
//!   of identifiers for a job, the records behind an identifier for a report, and views for the bank's own people.
//! * Never sees: other banks, tags, labels of others, key shares.
//! * Trusts: the store's keys. Files are not trusted: what cannot be read protects.
//! * Fails with a [`RegisterError`], or an [`ImportError`] where a file was being read.
//!
//! | file | answers |
//! | --- | --- |
//! | `standing` | how does a record stand, and what do a file and a hand make of it? |
//! | `facts`, `body` | what is sealed of a record, and in which layout? |
//! | `entry` | how is it laid out in its drawers, and by which numbers is it known? |
//! | `subject`, `reading` | how does a row of a file become something to store? |
//! | `import` | how do rows get in, all or none, and so that a second run changes nothing? |
//! | `filing`, `mentioning` | what does an import change among the records, and among what they mention? |
//! | `failing` | why did an import end early? |
//! | `origin` | is the file still the one that was opened? |
//! | `kept` | what is left of a long import that was cut off, to be taken up? |
//! | `pending` | where do issues wait until they can be told in the order of rows? |
//! | `forgetting` | what must go when a record goes? |
//! | `by_hand` | what may a person do to one record? |
//! | `selection` | which identifiers enter a job, with which label? which records stand behind them? |
//! | `outputs` | which outputs are cached under a key? |
//! | `view` | what is stored? |
//!
//! A record stands in one of five ways ([`Standing`]); beside it a person can set a hold. **A hold set by hand stays until
//! a person lifts it**: no import changes it, and it outlives a retraction. A retracted record loses its content at once and
//! keeps an empty row; a later file that names it brings it back, for the bank's own system is where records live. Who
//! wants it out for good holds it.

mod body;
mod by_hand;
mod entry;
mod facts;
mod failing;
mod filing;
mod forgetting;
mod import;
mod inspected;
mod kept;
mod mentioning;
mod origin;
mod outputs;
mod pending;
mod reading;
mod selection;
mod standing;
mod subject;
mod view;

use std::sync::Arc;

use lianfang_trust::at_rest::BlindIndex;
use tokio::sync::Mutex;

pub use body::{Body, HeldBy};
pub use facts::{Day, Facts};
pub use failing::{Doubt, ImportError};
pub use import::{ImportOptions, ImportSummary, PreviewRow, Source};
pub use inspected::Inspected;
pub use origin::{Identity, Origin};
pub use outputs::{Output, OutputKey, Outputs};
pub use selection::{Eligible, Mention, Selection};
pub use standing::Standing;
pub use view::{Listed, Overview, RecordContent, RecordView};

use crate::audit::{AuditError, Log};
use crate::store::drawer::Drawer;
use crate::store::{Store, StoreError};

/// The version of the normaliser's rules; a record that was read under other rules is read anew.
const RULES: u16 = crate::normalise::RULE_SET;

/// Why the register could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log could not be written, and so nothing was done.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// There is no such record.
    #[error("the register has no such record; give the case number as the file has it")]
    NoSuchRecord,
    /// The record was retracted.
    #[error("the record is retracted already; import it again to bring it back")]
    AlreadyRetracted,
    /// There is no hold to lift.
    #[error("no person has set a hold on the record; a hold that came with a file is lifted by a later file")]
    NotHeldByHand,
}

impl From<sqlx::Error> for RegisterError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A record of the register: a keyed number, always the same for one case number. Says nothing about whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(i64);

/// An identifier of the register: a keyed number, always the same for one identifier, so work in progress may name one that
/// is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierId(i64);

macro_rules! row_ids {
    ($($name:ident)+) => { $(impl $name {
        /// Before the first.
        pub const START: Self = Self(0);

        /// The id of a stored number.
        pub const fn from_number(number: i64) -> Self {
            Self(number)
        }

        /// The number to store.
        pub const fn number(self) -> i64 {
            self.0
        }
    })+ };
}

row_ids!(RecordId IdentifierId);

/// The register of this bank. Cheap to clone.
#[derive(Clone)]
pub struct Register {
    store: Store,
    log: Log,
    seals: Arc<Seals>,
    /// Held while a file is being imported: rows of two files must not mix.
    importing: Arc<Mutex<()>>,
}

/// The register's keyed indexes and drawers, whose keys are derived once.
struct Seals {
    reference: BlindIndex,
    print: BlindIndex,
    x: BlindIndex,
    records: Drawer,
    mentions: Drawer,
}

impl Register {
    /// The register in this store, whose changes are written to this log.
    pub fn new(store: Store, log: Log) -> Self {
        let seals = Seals {
            reference: store.index("record", "reference"),
            print: store.index("record", "print"),
            x: store.index("identifier", "x"),
            records: Drawer::new(&store, 1, "record", "block"),
            mentions: Drawer::new(&store, 2, "mention", "block"),
        };
        Self { store, log, seals: Arc::new(seals), importing: Arc::default() }
    }
}

#[cfg(test)]
mod tests;
