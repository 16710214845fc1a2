//! Every limit on what a peer may send, in one place.

/// Bytes of a gRPC message, either way. A full chunk of elements with its envelope is well under a quarter of it.
pub const MESSAGE_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of an encoded element.
pub const ELEMENT_BYTES: usize = 32;
/// Elements of one bulk evaluation.
pub const CHUNK_ELEMENTS: usize = 16_384;
/// Elements of one RFC 9497 BlindEvaluate.
pub const BLIND_EVALUATE_ELEMENTS: usize = 64;
/// Bytes of a signed roster, terms, header or other document.
pub const DOCUMENT_BYTES: usize = 1024 * 1024;
/// Members of a roster.
pub const MEMBERS: usize = 1_024;
/// Holders of a key.
pub const HOLDERS: usize = 64;
/// Participants of a job.
pub const PARTICIPANTS: usize = 1_024;
/// Reminders of one deadline.
pub const REMINDERS: usize = 8;
/// Bytes of a purpose, a legal basis or another free text in terms.
pub const TEXT_BYTES: usize = 1_024;
/// Bytes of a network address.
pub const ADDRESS_BYTES: usize = 256;
/// Bytes of a contact point in a label.
pub const CONTACT_BYTES: usize = 64;
/// Bytes of a DER certificate or signing request.
pub const CERTIFICATE_BYTES: usize = 8 * 1024;
/// Bytes of a sealed ceremony package.
pub const PACKAGE_BYTES: usize = 16 * 1024;
/// Rows of one submission.
pub const SUBMISSION_ROWS: u64 = 1 << 26;
/// Rows that one `SendRows` may carry are bounded by this many bytes.
pub const ROW_SLICE_BYTES: usize = 1024 * 1024;
/// Longest wait of a `WatchInbox`.
pub const WATCH_WAIT_MS: u32 = 20_000;
/// Requests that one connection may have in flight.
pub const STREAMS_PER_CONNECTION: u32 = 64;
