//! The engine that runs everywhere: one lane, no instructions beyond Rust's own.

/// One lane in portable Rust.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;
