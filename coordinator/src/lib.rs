//! What the regulator runs: it admits banks, carries key ceremonies, sets jobs, compares tags, certifies.
//!
//! Comes in: signed documents of banks, rows of opaque tags and sealed labels. Goes out: the roster, terms, reports of
//! what at least `t` legal groups share, certificates. Never sees: an identifier, a key share, a label's content; it does
//! not link the curve, so it could not compute a tag if it wanted to. Trusts: its own folder, the people at its desk, and
//! of a bank only what that bank's pinned keys prove. Fails towards peers with a fault of the closed list, towards people
//! with one sentence.
//!
//! | room | what it does |
//! | --- | --- |
//! | [`app`] | chooses the ports, starts the server: the one place where everything meets |
//! | [`office`] | what all rooms work with: store, keys, roster in force, the bell that wakes long polls |
//! | [`work`] | leases: which process does what, in which seat; what is tried again, and when |
//! | [`config`], [`secrets`] | `config.toml`; asks `trust::at_rest` for the unlocking secret |
//! | [`roster`] | invites, enrolments, the next signed roster, the directory that TLS asks |
//! | [`ceremony`] | the notice board of key ceremonies |
//! | [`schedule`] | runs that are planned: when, which terms, what became of each |
//! | [`job`] | a job's states, its files, the clerk who moves it on |
//! | [`intake`] → [`matching`] → [`disclosure`] → [`report`] | the arrows of the data: rows come in, what `t` groups share is found, what may be told is released, and written |
//! | [`certificate`], [`summary`], [`audit`] | what remains of a job |
//! | [`telemetry`] | what is seen from outside: counters, gauges, readiness |
//! | [`service`] | gRPC, one file per service |
//! | [`commands`] | the command line, one file per command |

pub mod app;
pub mod audit;
pub mod bell;
pub mod ceremony;
pub mod certificate;
pub mod commands;
pub mod config;
pub mod disclosure;
pub mod fault;
pub mod intake;
pub mod job;
pub mod matching;
pub mod office;
pub mod report;
pub mod roster;
pub mod schedule;
pub mod secrets;
pub mod service;
pub mod store;
pub mod summary;
pub mod telemetry;
#[cfg(test)]
mod tests;
pub mod work;

use std::ffi::OsString;
use std::process::ExitCode;

pub use app::Coordinator;
pub use commands::Cli;
pub use lianfang_ports as ports;

/// The program: arguments in, exit code out.
pub fn main_from(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    lianfang_desk::run::main::<Cli>(args)
}
