//! How a party is seen from outside: numbers, probes, traces, log lines, and what the service manager is told.
//!
//! * Comes in: counts, durations, words of closed lists, names of banks. Goes out: Prometheus text, probes over HTTP,
//!   spans for a collector, lines on standard error.
//! * Never sees: a record, an identifier, a tag, a key. A [`metrics::Label`] is made from a word that stands in the
//!   program, or from a party's name; nothing else fits. A span holds numbers and such words alone.
//! * Trusts: nobody who asks over HTTP; by default only this machine can.
//! * Fails: quietly. A number that cannot be had is left out, a collector that is away is forgotten; no work waits.
//!
//! | room | what it does |
//! | --- | --- |
//! | [`metrics`] | the list of all metrics, one party's counters, the gauges of one moment |
//! | [`http`] | the server beside gRPC: `/metrics`, `/healthz`, `/readyz`, and what others mount |
//! | [`served`] | counts the calls that a gRPC server answers, and opens their spans |
//! | [`trace`] | spans by job; with the feature `traces` they go to a collector |
//! | [`log`] | which lines are written, and in which form |
//! | [`notify`] | the service manager: ready, stopping, alive |
//! | [`doctor`] | what an operator gets wrong, each finding with its remedy; and what both programs ask of the machine |
//! | [`volume`] | how full a disk is |

pub mod doctor;
pub mod http;
pub mod log;
pub mod metrics;
pub mod notify;
pub mod served;
pub mod trace;
pub mod volume;

pub use self::metrics::{Label, Metrics, Moment};
pub use self::trace::Traces;
