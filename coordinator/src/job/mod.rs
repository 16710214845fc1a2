//! Jobs: terms are proposed, submissions gathered, matched, reported, certified, closed.
//!
//! Comes in: a person's choice of terms; banks' signed decisions, returns, countersignatures. Goes out: signed terms, a
//! state, a certificate. [`state`] decides and does nothing; [`clerk`] sees what is due, and `step` does it; [`ledger`] remembers;
//! [`files`] knows where a job's files lie and destroys them; [`folder`] that all coordinators mean the same folder;
//! [`participant`] decides what is taken of a bank, and [`answers`] takes what it signs.

pub mod answers;
pub mod clerk;
pub mod counts;
pub mod files;
pub mod folder;
pub mod ledger;
pub mod left_out;
pub mod participant;
pub mod propose;
pub mod state;
mod step;
pub mod template;
