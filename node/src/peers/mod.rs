//! Everybody else: the pinned roster, the way to the coordinator, the way to the holders.
//!
//! Comes in: a signed roster, addresses. Goes out: calls. Trusts: certificates that the roster pins, and nothing that a
//! peer says of itself.

pub mod coordinator;
pub mod holders;
pub mod roster;
