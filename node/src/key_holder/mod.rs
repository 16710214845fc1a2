//! The node in its answering role: it evaluates blinded elements of members that a person here has admitted.
//!
//! * Comes in: requests over mutual TLS, signed by a member of the pinned roster. Goes out: signed answers, or a
//!   [`Fault`](lianfang_proto::Fault) that names field, limit or party.
//! * Never sees: an identifier, a record, a tag. This room imports nothing of the pipeline's, nor the other way round.
//! * Trusts: the people at this node for admissions and allowances, the pinned roster for keys; nobody for a digest.
//! * Fails: before the charge with nothing changed, after it with a charge that the same request finds again.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`quota`] | the decision to charge or to refuse, as a function |
//! | [`ledger`] | that decision, durable, before the first multiplication |
//! | [`admissions`] | whom people here have let in, and what they have allowed |
//! | [`records`] | key records that all holders have signed |
//! | [`notices`] | what the coordinator has announced of each epoch |
//! | `closed` | epochs that are over here |
//! | [`restored`] | what counters are worth after a backup was restored |
//! | `crowd` | how much is in hand at once, and who is told to come back |
//! | `repeats` | how often a batch is answered again |
//! | [`vault`] | this node's shares, sealed at rest, and the multiplication |
//! | [`service`] | the gRPC service, which puts them in their order |
//! | [`ports`] | what the service needs to know of roster, caller and audit log |
//!
//! Source: `PROTOCOL`, sections 2 (Evaluate, Trust) and 4.

pub mod admissions;
pub mod behind;
mod closed;
mod crowd;
pub mod ledger;
pub mod notices;
pub mod ports;
pub mod quota;
pub mod records;
mod refusals;
mod repeats;
pub mod restored;
pub mod service;
pub mod vault;

#[cfg(test)]
pub(crate) mod tests;
