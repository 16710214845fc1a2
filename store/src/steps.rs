//! The steps from an empty store to the program's own, out of the program itself.
//!
//! Comes in: the names and texts of files `NNNN_name.sql`, listed by [`steps!`](crate::steps). Goes out: a migrator, with
//! a digest of each text, by which a store knows whether a step that it has taken is still the same. sqlx has a macro that
//! lists a folder; it would compile every driver a second time, for the compiler.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The steps of these files, in their order. For [`steps!`](crate::steps).
///
/// # Panics
/// If a name does not begin with a number and an underscore: a defect of the program, met at its first start.
#[must_use]
pub fn steps_of(files: &[(&'static str, &'static str)]) -> Migrator {
    let step = |(name, text): &(&'static str, &'static str)| {
        let (number, what) = name.split_once('_').expect("a name begins with a number and an underscore");
        let number = number.parse().expect("a name begins with a number");
        Migration::new(
            number,
            what.replace('_', " ").into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(files.iter().map(step).collect())
}

/// The steps of one kind of store: a folder, seen from the file that says this, and the names of its files.
#[macro_export]
macro_rules! steps {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        $crate::steps_of(&[$(($name, include_str!(concat!($folder, "/", $name, ".sql")))),+])
    };
}
