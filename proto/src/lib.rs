//! The words the machines say to each other: schema, ids, signed documents, checked requests, fault codes. A leaf.
//!
//! Nothing here decides, stores or computes; it says what may be said. The schema is in `schema/lianfang/v1`, one file
//! per concern. Documents that parties sign travel inside it as bytes in a canonical encoding of our own, because a
//! signature needs one encoding of a value and protobuf has several.

pub mod catalogue;
pub mod checked;
pub mod documents;
pub mod fault;
pub mod ids;
pub mod label;
pub mod limits;
mod listed;
pub mod row;

/// The compiled schema (an encoded `FileDescriptorSet`), for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The generated client and server of `lianfang.v1`.
#[expect(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    unused_qualifications,
    reason = "generated from the schema, which carries the documentation"
)]
pub mod v1 {
    tonic::include_proto!("lianfang.v1");
}

pub use fault::{Fault, FaultCode};
