//! One suite, two kinds of store: what the rooms of node and coordinator rely on holds for both.
//!
//! The part on a server is ignored unless asked for: `LIANFANG_TEST_POSTGRES=postgres://… cargo test -- --include-ignored`.
//! Asked for without a server it fails.

#![expect(clippy::unwrap_used, reason = "tests")]

mod leases;
mod processes;
mod server;
mod suite;
mod work;

use std::sync::LazyLock;

use lianfang_store::trial::{self, Trial};
use lianfang_store::{Database, Steps, StoreError, steps};

static STEPS: LazyLock<Steps> = LazyLock::new(|| Steps {
    sqlite: steps!("../steps/sqlite": "0001_things", "0002_later"),
    postgres: steps!("../steps/postgres": "0001_things", "0002_later"),
});

/// A store with the table of work alone.
static WORK: LazyLock<Steps> = LazyLock::new(|| Steps {
    sqlite: steps!("../steps/work/sqlite": "0001_work"),
    postgres: steps!("../steps/work/postgres": "0001_work"),
});

async fn open(trial: &Trial) -> Result<Database, StoreError> {
    Database::open(&trial.place(), &STEPS).await
}

fn on_a_server() -> Trial {
    let address = trial::server();
    Trial::on(&address.unwrap_or_else(|| panic!("{} names no server", trial::SERVER)))
}

/// Stamps the suite out for both kinds.
macro_rules! conformance {
    ($($room:ident: $($test:ident),* $(,)?);* $(;)?) => {
        mod in_a_file {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$room::$test(&super::Trial::in_a_file()).await;
                }
            )*)*
        }
        mod on_a_server {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs a PostgreSQL server"]
                async fn $test() {
                    crate::$room::$test(&super::on_a_server()).await;
                }
            )*)*
        }
    };
}

conformance!(
    suite:
    a_transaction_excludes_every_other,
    a_single_statement_waits_for_it_too,
    a_snapshot_sees_one_moment,
    what_is_not_committed_leaves_nothing,
    no_number_is_given_twice,
    a_conflict_is_met_or_told_and_harms_nothing_else,
    values_come_back_as_they_went,
    text_is_ordered_by_its_bytes,
    readers_cannot_write,
    a_store_opens_again_as_it_was,
    a_newer_store_is_refused,
    a_foreign_step_is_refused,
    a_step_that_the_list_has_lost_is_refused,
    no_error_shows_a_value,
    several_processes_count_together;
    work:
    every_state_of_a_row_and_every_operation;
    leases:
    one_has_it_and_the_other_has_not,
    strikes_end_in_rest_and_a_person_restarts,
    what_died_with_its_process_can_be_restarted,
    what_a_person_has_cleared_is_not_brought_back,
    a_seat_that_is_taken_again_frees_what_its_last_process_held,
    statements_and_functions_agree;
);
