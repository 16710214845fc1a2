//! Jobs on this side: from terms that the coordinator proposes to a report that is kept and a certificate that is signed.
//!
//! Comes in: the inbox. Goes out: rows, evaluations, returns, signatures. The state machine is [`state`]; what it needs
//! lies in rows ([`book`], [`chunks`]), so that a node that dies goes on where it was. Trusts: terms that fit the roster
//! and the key record that this node knows by itself ([`consent`]), holders after the check, the coordinator not at all:
//! its report is verified. Fails with a [`Fault`](lianfang_proto::Fault) that names the party; the step is tried again
//! until the deadline.

pub mod book;
pub mod certificate;
pub mod chunks;
pub mod committed;
pub mod consent;
pub mod decision;
pub mod evaluation;
pub mod keys;
pub mod life;
pub mod observed;
pub mod reminder;
pub mod reporting;
pub mod runner;
pub mod sightings;
mod spool;
pub mod state;
pub mod submission;
#[cfg(test)]
pub(crate) mod tests;
pub mod witness;

use std::path::PathBuf;
use std::sync::Arc;

use lianfang_proto::ids::BankId;

use crate::audit::Log;
use crate::config::Config;
use crate::key_holder::notices::Notices;
use crate::key_holder::records::Records;
use crate::key_holder::vault::Vault;
use crate::peers::coordinator::Coordinator;
use crate::peers::holders::GrpcHolders;
use crate::peers::roster::RosterInForce;
use crate::ports::Ports;
use crate::register::Register;
use crate::secrets::Secrets;
use crate::store::Store;
use crate::telemetry::Telemetry;

/// What every step of a job may touch.
pub struct Context {
    /// This bank.
    pub bank: BankId,
    /// What its operator decided.
    pub config: Arc<Config>,
    /// Its keys.
    pub secrets: Arc<Secrets>,
    /// Its store.
    pub store: Store,
    /// Its register.
    pub register: Register,
    /// Its audit log.
    pub log: Log,
    /// Time and chance.
    pub ports: Ports,
    /// What is seen of it from outside.
    pub telemetry: Telemetry,
    /// The roster in force.
    pub roster: RosterInForce,
    /// The way to the coordinator.
    pub coordinator: Coordinator,
    /// The way to the holders.
    pub holders: Arc<GrpcHolders>,
    /// Key records.
    pub records: Records,
    /// What the coordinator has announced of each epoch.
    pub notices: Notices,
    /// Its own shares, if it is a holder: opaque here.
    pub vault: Vault,
    /// What holders' charge numbers have shown.
    pub sightings: sightings::Sightings,
    /// Where files of work in progress lie.
    pub spool: PathBuf,
    /// Jobs.
    pub book: book::Book,
}

impl Context {
    /// The way to the holders that are not in doubt.
    pub fn undoubted(&self) -> Arc<sightings::Undoubted> {
        let (holders, sightings) = (self.holders.clone(), self.sightings.clone());
        Arc::new(sightings::Undoubted { holders, sightings })
    }
}
