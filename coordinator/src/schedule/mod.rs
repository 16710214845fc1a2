//! Schedules: a job per planned run, from a template of terms, for as long as a campaign lasts.
//!
//! Comes in: what an operator has decided ([`plan`]), and the clock. Goes out: jobs, and a row for every planned run that
//! says what has become of it. Never sees: what jobs compute. Trusts: the store, and of the clock that it is wrong at times.
//! Fails: a run whose terms make no job (too few groups, no key) is left out, with the reason; the next comes at its time.
//!
//! | file | answers |
//! | --- | --- |
//! | [`rhythm`] | when is the next run planned, by which wall clock? |
//! | [`plan`] | what was decided about a schedule? |
//! | [`standing`] | does a schedule plan runs? Pure |
//! | [`mod@due`] | which runs are due now, and what comes to each? Pure |
//! | [`fate`] | what becomes of a run by that? Pure |
//! | [`ledger`] | how is that kept, once for each planned run? |
//! | [`mod@run`] | how does a run become a job? |

pub mod due;
pub mod fate;
pub mod ledger;
pub mod plan;
pub mod rhythm;
pub mod run;
pub mod standing;

use crate::ports::Micros;

pub use due::{Occurrence, due};
pub use run::run_due;

/// Clocks of coordinators over one store agree to within seconds. What was decided further ahead of now than this, a clock
/// that ran ahead has decided.
pub const CLOCKS_DIFFER: Micros = 60 * 1_000_000;

/// A job that is not over holds up the next one, unless it was begun further ahead of now than this. To wait a day too long
/// for one that a clock which ran ahead has begun is cheap; two jobs at once are not.
pub const BEGUN_AHEAD: Micros = 24 * 3_600 * 1_000_000;
