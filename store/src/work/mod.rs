//! Work as rows: who may take a piece of work now, for how long, and when it is tried again.
//!
//! * Comes in: the time, chance, and how an attempt ended. Goes out: a [`Lease`], under which one process alone works.
//! * Never sees: what the work is. A [`Subject`] is a word and some bytes; states and steps belong to the rooms.
//! * Trusts: that processes which share a store have clocks that agree to within a few seconds.
//! * Fails: with nothing. Who does not get a lease, or has lost it, is told so and leaves the work alone.
//!
//! ```text
//!            ┌──────────────────── done, finished ────────────────────┐
//!            ▼                                                        │
//!  ┌──────▶ free ──────────────────── acquired ───────────────────▶ held ──┐
//!  │         ▲                                                       │ ▲   │
//!  │         │ its time has come, or restarted                       │ ├───┘ renewed, or acquired again by its owner
//!  │         │                                                       │ │
//!  │      waiting ◀──────────── waits, failed, struck ───────────────┤ │
//!  │         └───────────────── acquired anyway ─────────────────────│─┤
//!  │                                                                 │ │
//!  │      resting ◀──────────── struck for the last time ────────────┘ │
//!  └─restarted─┴─────────────── acquired anyway ───────────────────────┘
//!
//! held ── left, its end has passed, or its process is gone ──▶ as it was before: free, waiting or resting
//! (any) ── discarded ──▶ free: its row is gone
//! ```
//!
//! A lease changes who holds the work, and nothing else; how the attempt ended decides where it goes.
//!
//! [`turn`] is that machine as functions. `lease` is the same in SQL, each change one statement: tried as a table and against
//! the functions (README). A process that has slept through its lease, or was cut off, does no harm: a lease bears a number (`fence`) that
//! grows with every acquisition, and the last write of a step stands in one transaction with [`renew`], [`release`] or
//! [`finish`], which say whether the lease is still held.
//!
//! Sources: leases after Gray, Cheriton 1989; fencing after Kleppmann, “How to do distributed locking”, 2016; pauses with
//! jitter after Brooker, “Exponential Backoff And Jitter”, 2015.

mod lease;
pub mod turn;

pub use lease::{
    Held, Lease, Subject, Worker, acquire, acquire_anyway, all, discard, find, finish, leave, release, renew,
    restart, take_seat,
};
pub use turn::{Ending, Rule, State, Turn};

#[cfg(test)]
mod tests;

/// Microseconds since 1970, UTC.
pub type Micros = i64;
