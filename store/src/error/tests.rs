//! Codes of databases, and what they come to.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;

use super::StoreError;

/// What a database says: a code and a sentence.
#[derive(Debug)]
struct Said {
    code: &'static str,
    words: &'static str,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

impl Error for Said {}

impl DatabaseError for Said {
    fn message(&self) -> &str {
        self.words
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.code))
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// The error that the driver makes of it.
pub(crate) fn said(code: &'static str, words: &'static str) -> sqlx::Error {
    sqlx::Error::Database(Box::new(Said { code, words }))
}

/// The name of the case.
fn case(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => "full",
        StoreError::ReadOnly => "read only",
        StoreError::Locked => "locked",
        StoreError::Corrupt => "corrupt",
        StoreError::Disk => "disk",
        StoreError::Unreachable => "unreachable",
        StoreError::Refused => "refused",
        StoreError::Trouble(_) => "trouble",
        StoreError::Other(_) => "other",
        StoreError::Foreign { .. } => "foreign",
        _ => "another",
    }
}

const CODES: [(&str, &str); 49] = [
    // PostgreSQL, appendix A of its manual.
    ("53100", "full"),
    ("25006", "read only"),
    ("55P03", "locked"),
    ("40001", "locked"),
    ("40P01", "locked"),
    ("57014", "locked"),
    ("XX001", "corrupt"),
    ("XX002", "corrupt"),
    ("08000", "unreachable"),
    ("08006", "unreachable"),
    ("08P01", "unreachable"),
    ("53300", "unreachable"),
    ("57P01", "unreachable"),
    ("57P02", "unreachable"),
    ("57P03", "unreachable"),
    ("57P05", "unreachable"),
    ("25P03", "unreachable"),
    ("25P04", "unreachable"),
    ("28000", "refused"),
    ("28P01", "refused"),
    ("3D000", "refused"),
    ("3F000", "refused"),
    ("42501", "refused"),
    ("57P04", "refused"),
    ("XX000", "trouble"),
    ("53000", "trouble"),
    ("53200", "trouble"),
    ("53400", "trouble"),
    ("57000", "trouble"),
    ("58000", "trouble"),
    ("58030", "trouble"),
    ("58P01", "trouble"),
    ("F0000", "trouble"),
    ("42P07", "other"),
    ("42P01", "other"),
    ("22P02", "other"),
    ("23505", "other"),
    ("25P02", "other"),
    // SQLite, with and without its upper bytes.
    ("13", "full"),
    ("4874", "full"),
    ("8", "read only"),
    ("1032", "read only"),
    ("5", "locked"),
    ("6", "locked"),
    ("11", "corrupt"),
    ("26", "corrupt"),
    ("778", "disk"),
    ("14", "other"),
    ("2067", "other"),
];

#[test]
fn every_code_is_told_by_its_remedy() {
    for (code, wanted) in CODES {
        let error = StoreError::from(said(code, "some words"));
        assert_eq!(case(&error), wanted, "{code}");
        let passes = matches!(wanted, "locked" | "unreachable" | "trouble");
        assert_eq!(error.is_passing(), passes, "{code}");
    }
}

#[test]
fn a_step_that_does_not_fit_what_is_there_is_told_from_one_that_cannot_be_taken_now() {
    for (code, wanted) in [
        ("42P07", "foreign"),
        ("42701", "foreign"),
        ("1", "foreign"),
        ("42501", "refused"),
        ("53100", "full"),
        ("55P03", "locked"),
        ("XX000", "trouble"),
        ("13", "full"),
        ("23505", "other"),
    ] {
        let error = MigrateError::ExecuteMigration(said(code, "some words"), 7);
        assert_eq!(case(&StoreError::of_migration(error, 9)), wanted, "{code}");
    }
    let locked = MigrateError::Execute(said("55P03", "some words"));
    assert_eq!(case(&StoreError::of_migration(locked, 9)), "locked");
}

#[test]
fn a_full_disk_of_a_file_is_told_as_one() {
    for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::QuotaExceeded] {
        assert!(matches!(StoreError::of_file(&kind.into()), StoreError::Full), "{kind:?}");
    }
}
