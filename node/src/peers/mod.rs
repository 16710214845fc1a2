//! Everybody else: the pinned roster, the way to the coordinator, the way to the holders.
//!
//! Comes in: a signed roster, addresses. Goes out: calls. Trusts: certificates that the roster pins, and nothing that a
//! peer says of itself.

pub mod coordinator;
pub mod holders;
pub mod roster;

use lianfang_telemetry::trace::{HEADER, current};

/// A call that is part of something traced says so.
fn carry_trace<T>(request: &mut tonic::Request<T>) {
    if let Some(value) = current().and_then(|parent| parent.header().parse().ok()) {
        request.metadata_mut().insert(HEADER, value);
    }
}
