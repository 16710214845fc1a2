//! What becomes of what is kept of an import.
//!
//! ```text
//! nothing ──rows are on the disk──▶ kept ──the same import begins──▶ kept, and read on
//!                                    └──an import has ended, another begins, it or the file is spoilt──▶ nothing
//! nothing, kept ── the disk is full ──▶ full: nothing is kept
//! full ── an import has ended, one of which nothing is kept begins, it or the file is spoilt ──▶ nothing
//! (any) ── a dry run begins or ends, an import is cut off ──▶ as it was
//! ```
//!
//! The same import is that of the same file, on the same day, by the same rules and program. Comes in: what lies there, and
//! what begins or how it ended. Goes out: what is to be done with it. Pure: `kept` does it.

use lianfang_proto::listed;

use crate::audit::AuditError;
use crate::ingest::IngestError;
use crate::register::{ImportError, RegisterError};
use crate::store::StoreError;

listed! {
    /// What lies there when an import begins.
    pub(super) enum Lies {
        /// All of a reading of the same.
        Same,
        /// Nothing, or nothing that this one could take up.
        Other,
        /// That the disk was full.
        Full,
    }
}

listed! {
    /// What begins.
    pub(super) enum Begins {
        /// A dry run, which changes nothing.
        DryRun,
        /// The import of what is small, or cannot be read twice: nothing is kept of it.
        Small,
        /// The import of what may be kept.
        Large,
    }
}

/// What is to be done at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// Nothing is touched, and nothing kept.
    Without,
    /// What lies there goes, and nothing is kept.
    Cleared,
    /// What lies there goes, and this one is kept.
    Anew,
    /// What lies there is read on.
    TakenUp,
}

/// What is to be done with what lies there when an import begins.
pub(super) const fn at_begin(lies: Lies, begins: Begins) -> Opens {
    match (begins, lies) {
        (Begins::DryRun, Lies::Same | Lies::Other | Lies::Full) => Opens::Without,
        (Begins::Small, Lies::Same | Lies::Other | Lies::Full) => Opens::Cleared,
        (Begins::Large, Lies::Same) => Opens::TakenUp,
        (Begins::Large, Lies::Other) => Opens::Anew,
        // It is to have the room for itself.
        (Begins::Large, Lies::Full) => Opens::Without,
    }
}

/// What is left when an import ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// What lies there.
    AsItIs,
    /// Nothing.
    Nothing,
    /// That the disk was full.
    Full,
}

/// What is left at the end of an import, or of one that ended early.
pub(super) fn at_end(dry_run: bool, error: Option<&ImportError>) -> Left {
    match error {
        _ if dry_run => Left::AsItIs,
        None => Left::Nothing,
        // Another run would meet the same again, unless it was the reading that failed.
        Some(ImportError::File(IngestError::Read(_))) => Left::AsItIs,
        Some(ImportError::File(_)) => Left::Nothing,
        // What was read of a file that changed may be rows of either state.
        Some(ImportError::Changed) => Left::Nothing,
        Some(ImportError::Register(error)) => of_register(error),
        Some(
            ImportError::Rejects(_)
            | ImportError::Busy
            | ImportError::ReaderStopped
            | ImportError::Retracts(_),
        ) => Left::AsItIs,
    }
}

fn of_register(error: &RegisterError) -> Left {
    match error {
        RegisterError::Store(error) | RegisterError::Audit(AuditError::Store(error)) => of_store(error),
        RegisterError::Audit(
            AuditError::Entry(_)
            | AuditError::Broken(_)
            | AuditError::Head(_)
            | AuditError::OtherEnd
            | AuditError::ForgedHead { .. },
        )
        | RegisterError::NoSuchRecord
        | RegisterError::AlreadyRetracted
        | RegisterError::NotHeldByHand => Left::AsItIs,
    }
}

fn of_store(error: &StoreError) -> Left {
    match error {
        // What is kept takes up room as well.
        StoreError::Full => Left::Full,
        // It may be the disk under what is kept, which does not open.
        StoreError::Disk => Left::Nothing,
        StoreError::ReadOnly
        | StoreError::Locked
        | StoreError::Corrupt
        | StoreError::CannotOpen { .. }
        | StoreError::Newer { .. }
        | StoreError::Foreign { .. }
        | StoreError::WrongKey
        | StoreError::Sealed { .. }
        | StoreError::TooLong { .. }
        | StoreError::Malformed { .. }
        | StoreError::Unreachable
        | StoreError::Trouble(_)
        | StoreError::NoAddress
        | StoreError::Refused
        | StoreError::Unfit { .. }
        | StoreError::NoServers
        | StoreError::Other(_) => Left::AsItIs,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use lianfang_trust::DecodeError;
    use lianfang_trust::audit::{Broken, BrokenWhy, EntryError};

    use super::*;
    use crate::register::Doubt;

    #[test]
    fn every_beginning_over_all_that_may_lie_there() {
        use Opens::{Anew, Cleared, TakenUp, Without};
        // By what lies there, in the order of `Lies::ALL`.
        let table: [(Begins, [Opens; Lies::ALL.len()]); Begins::ALL.len()] = [
            (Begins::DryRun, [Without, Without, Without]),
            (Begins::Small, [Cleared, Cleared, Cleared]),
            (Begins::Large, [TakenUp, Anew, Without]),
        ];
        assert_eq!(table.map(|(begins, _)| begins), Begins::ALL);
        for (begins, opens) in table {
            for (lies, opens) in Lies::ALL.into_iter().zip(opens) {
                assert_eq!(at_begin(lies, begins), opens, "{begins:?} over {lies:?}");
            }
        }
    }

    listed! {
        /// How an import ends.
        enum Kind {
            Imported, Read, File, Store, AuditStore, AuditEntry, AuditBroken, AuditHead, AuditOtherEnd, AuditForgedHead,
            NoSuchRecord, AlreadyRetracted, NotHeldByHand, Rejects, Busy, ReaderStopped, Changed, Retracts,
        }
    }

    impl Kind {
        /// A kind of error that is new does not compile here.
        const fn of(error: Option<&ImportError>) -> Self {
            match error {
                None => Self::Imported,
                Some(ImportError::File(IngestError::Read(_))) => Self::Read,
                Some(ImportError::File(_)) => Self::File,
                Some(ImportError::Register(error)) => Self::of_register(error),
                Some(ImportError::Rejects(_)) => Self::Rejects,
                Some(ImportError::Busy) => Self::Busy,
                Some(ImportError::ReaderStopped) => Self::ReaderStopped,
                Some(ImportError::Changed) => Self::Changed,
                Some(ImportError::Retracts(_)) => Self::Retracts,
            }
        }

        const fn of_register(error: &RegisterError) -> Self {
            match error {
                RegisterError::Store(_) => Self::Store,
                RegisterError::Audit(AuditError::Store(_)) => Self::AuditStore,
                RegisterError::Audit(AuditError::Entry(_)) => Self::AuditEntry,
                RegisterError::Audit(AuditError::Broken(_)) => Self::AuditBroken,
                RegisterError::Audit(AuditError::Head(_)) => Self::AuditHead,
                RegisterError::Audit(AuditError::OtherEnd) => Self::AuditOtherEnd,
                RegisterError::Audit(AuditError::ForgedHead { .. }) => Self::AuditForgedHead,
                RegisterError::NoSuchRecord => Self::NoSuchRecord,
                RegisterError::AlreadyRetracted => Self::AlreadyRetracted,
                RegisterError::NotHeldByHand => Self::NotHeldByHand,
            }
        }
    }

    fn store_errors() -> Vec<(StoreError, Left)> {
        let (table, column) = ("block", "body");
        let mut errors = vec![(StoreError::Full, Left::Full), (StoreError::Disk, Left::Nothing)];
        let others = [
            StoreError::ReadOnly,
            StoreError::Locked,
            StoreError::Corrupt,
            StoreError::CannotOpen { path: "store.sqlite".into() },
            StoreError::Newer { found: 2, known: 1 },
            StoreError::Foreign { step: 1 },
            StoreError::WrongKey,
            StoreError::Sealed { table, column },
            StoreError::TooLong { table, column },
            StoreError::Malformed { table, column },
            StoreError::Unreachable,
            StoreError::Trouble(sqlx::Error::PoolClosed),
            StoreError::NoAddress,
            StoreError::Refused,
            StoreError::Unfit { why: "of another encoding" },
            StoreError::NoServers,
            StoreError::Other(sqlx::Error::PoolClosed),
        ];
        errors.extend(others.map(|error| (error, Left::AsItIs)));
        errors
    }

    #[test]
    fn every_end_of_an_import() {
        let rejects = csv::Error::from(io::Error::from(io::ErrorKind::StorageFull));
        let mut table = vec![
            (None, Left::Nothing),
            (Some(ImportError::File(IngestError::Read(io::ErrorKind::Other.into()))), Left::AsItIs),
            (Some(ImportError::File(IngestError::Damaged)), Left::Nothing),
            (Some(ImportError::Changed), Left::Nothing),
            (Some(ImportError::Rejects(rejects)), Left::AsItIs),
            (Some(ImportError::Busy), Left::AsItIs),
            (Some(ImportError::ReaderStopped), Left::AsItIs),
            (Some(ImportError::Retracts(Doubt::NoRecord { retracted: 1 })), Left::AsItIs),
            (Some(AuditError::Entry(EntryError::Body).into()), Left::AsItIs),
            (Some(AuditError::Broken(Broken { seq: 1, why: BrokenWhy::CutOff }).into()), Left::AsItIs),
            (Some(AuditError::Head(DecodeError::Truncated { field: "entries" }).into()), Left::AsItIs),
            (Some(AuditError::OtherEnd.into()), Left::AsItIs),
            (Some(AuditError::ForgedHead { entries: 1 }.into()), Left::AsItIs),
            (Some(RegisterError::NoSuchRecord.into()), Left::AsItIs),
            (Some(RegisterError::AlreadyRetracted.into()), Left::AsItIs),
            (Some(RegisterError::NotHeldByHand.into()), Left::AsItIs),
        ];
        for (error, left) in store_errors() {
            table.push((Some(ImportError::from(error)), left));
        }
        for (error, left) in store_errors() {
            table.push((Some(ImportError::from(AuditError::from(error))), left));
        }
        for kind in Kind::ALL {
            assert!(
                table.iter().any(|(error, _)| Kind::of(error.as_ref()) == kind),
                "{kind:?} is not in the table"
            );
        }
        for (error, left) in table {
            assert_eq!(at_end(false, error.as_ref()), left, "{error:?}");
            assert_eq!(at_end(true, error.as_ref()), Left::AsItIs, "{error:?} of a dry run");
        }
    }
}
