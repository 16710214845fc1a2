//! From a register's identifiers to a submission: one file per stage, one direction.
//!
//! `blind → evaluate → finalise → submit`. Comes in: eligible identifiers of the bank's own register, in pages. Goes
//! out: a file of rows. Never sees: another bank's records, a share (its own bank's share comes as an opaque value
//! that can be combined with and in no other way). Trusts: no holder before the check has passed. A stage's output has
//! private fields and the next stage takes nothing else, so that no stage can be left out.

pub mod blind;
pub mod cores;
pub mod evaluate;
pub mod finalise;
pub mod holders;
pub mod spill;
pub mod submit;
