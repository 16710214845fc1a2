//! The audit log: a chain of hashes in which nothing can be changed, left out or put in unnoticed.
//!
//! * Comes in: what happened, when (by the caller's clock) and in which words. Goes out: an [`Entry`] for the caller's
//!   store, and the [`Head`] that stands for everything so far.
//! * Never sees: the store; and no identifiers, tags or secrets: a log is shown to inspectors whole.
//! * Trusts: SHA-256. A chain shows changes within it; that its *end* was cut off shows only against an older head, so
//!   heads are signed and given to others ([`SignedHead`], the record of a job).
//! * Fails with [`Broken`], which names the first entry that does not fit.
//!
//! ```text
//! genesis = Digest32("lianfang/audit-genesis", name of the log)
//! hash    = Digest32("lianfang/audit-entry", canonical("lianfang/audit-entry", 1) ‖ u64 seq ‖ i64 time_us
//!                                             ‖ text event ‖ bytes body ‖ fixed32 prev)
//! ```

use std::borrow::Borrow;

use crate::canonical::{Canonical, DecodeError, Decoder, Encoder};
use crate::digest::Digest32;
use crate::signed::Signed;

/// The longest name of a kind of event.
pub const MAX_EVENT: usize = 64;
/// The longest body of an entry.
pub const MAX_BODY: usize = 64 * 1024;

/// One thing that happened. Private fields: an entry is made by [`Head::entry`] or decoded, and always carries its own hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    seq: u64,
    time_us: i64,
    event: String,
    body: Vec<u8>,
    prev: Digest32,
    hash: Digest32,
}

/// Why an entry cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The kind of event is not a short word.
    #[error("an event is named with 1 to {MAX_EVENT} of the signs a-z 0-9 . _ -")]
    Event,
    /// The body is too long.
    #[error("an entry's body has at most {MAX_BODY} bytes; log a digest instead")]
    Body,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenWhy {
    /// An entry is missing, repeated or out of order.
    #[error("entry {found} stands in its place")]
    OutOfOrder {
        /// The number that was found.
        found: u64,
    },
    /// It does not continue the entry before it.
    #[error("it does not continue the entry before it, so one of them was exchanged")]
    OtherPast,
    /// Its content does not have its hash.
    #[error("its content was changed")]
    Changed,
    /// The log ends before a head that was signed.
    #[error("the log ends before it, although a later head is known")]
    CutOff,
    /// A known head says another hash for this point, or belongs to another log.
    #[error("a known head has another past up to this point")]
    OtherHead,
}

/// The first place where a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is broken at entry {seq}: {why}")]
pub struct Broken {
    /// The entry, from 0.
    pub seq: u64,
    /// What is wrong there.
    pub why: BrokenWhy,
}

/// All that a log has said so far, in 72 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    log: Digest32,
    entries: u64,
    last: Digest32,
}

/// A head that the log's owner has put its name to. Whoever keeps one can tell later whether entries were cut off.
pub type SignedHead = Signed<Head>;

impl Entry {
    /// Its number, from 0.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When, in microseconds since 1970, by the clock of the log's owner. May step back when that clock does.
    pub fn time_us(&self) -> i64 {
        self.time_us
    }

    /// What kind of thing happened.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// What happened, in the caller's words.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The hash of the entry before.
    pub fn prev(&self) -> &Digest32 {
        &self.prev
    }

    /// The hash over all of the above.
    pub fn hash(&self) -> &Digest32 {
        &self.hash
    }

    /// An entry as it was stored, column by column. Says nothing of its truth: [`verify`] does.
    pub fn from_store(
        seq: u64,
        time_us: i64,
        event: String,
        body: Vec<u8>,
        prev: Digest32,
        hash: Digest32,
    ) -> Self {
        Self { seq, time_us, event, body, prev, hash }
    }

    fn compute_hash(&self) -> Digest32 {
        let mut to = Encoder::new(Self::DOMAIN, Self::VERSION);
        self.write_content(&mut to);
        Digest32::of(Self::DOMAIN, &to.finish())
    }

    fn write_content(&self, to: &mut Encoder) {
        to.u64(self.seq).i64(self.time_us).text(&self.event).bytes(&self.body).fixed(self.prev.as_bytes());
    }
}

/// The form in which a log is handed to an inspector: the hashed content, then the hash.
impl Canonical for Entry {
    const DOMAIN: &'static str = "lianfang/audit-entry";
    const MAX_BYTES: usize = MAX_BODY + 1024;

    fn write(&self, to: &mut Encoder) {
        self.write_content(to);
        to.fixed(self.hash.as_bytes());
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: from.u64("seq")?,
            time_us: from.i64("time_us")?,
            event: from.text("event", MAX_EVENT)?.to_owned(),
            body: from.bytes("body", MAX_BODY)?.to_vec(),
            prev: Digest32::from_bytes(from.fixed("prev")?),
            hash: Digest32::from_bytes(from.fixed("hash")?),
        })
    }
}

impl Head {
    /// The head of an empty log. `name` says whose log it is, so that one party's entries do not fit another's.
    pub fn genesis(name: &str) -> Self {
        let log = Digest32::of("lianfang/audit-genesis", name.as_bytes());
        Self { log, entries: 0, last: log }
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The hash of the last entry, or the genesis.
    pub fn last(&self) -> &Digest32 {
        &self.last
    }

    /// The entry that comes next. The head stays as it is until the caller has stored the entry, and then goes on with
    /// [`after`](Head::after).
    pub fn entry(&self, time_us: i64, event: &str, body: Vec<u8>) -> Result<Entry, EntryError> {
        let word = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || b"._-".contains(&sign);
        if event.is_empty() || event.len() > MAX_EVENT || !event.bytes().all(word) {
            return Err(EntryError::Event);
        }
        if body.len() > MAX_BODY {
            return Err(EntryError::Body);
        }
        let event = event.to_owned();
        let mut entry = Entry { seq: self.entries, time_us, event, body, prev: self.last, hash: self.last };
        entry.hash = entry.compute_hash();
        Ok(entry)
    }

    /// The head after this entry, if it is the one that comes next.
    pub fn after(&self, entry: &Entry) -> Result<Self, Broken> {
        let broken = |why| Err(Broken { seq: self.entries, why });
        if entry.seq != self.entries {
            return broken(BrokenWhy::OutOfOrder { found: entry.seq });
        }
        if entry.prev != self.last {
            return broken(BrokenWhy::OtherPast);
        }
        if entry.compute_hash() != entry.hash {
            return broken(BrokenWhy::Changed);
        }
        Ok(Self { log: self.log, entries: self.entries + 1, last: entry.hash })
    }
}

impl Canonical for Head {
    const DOMAIN: &'static str = "lianfang/audit-head";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.log.as_bytes()).u64(self.entries).fixed(self.last.as_bytes());
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let log = Digest32::from_bytes(from.fixed("log")?);
        let entries = from.u64("entries")?;
        let last = Digest32::from_bytes(from.fixed("last")?);
        if (entries == 0) != (last == log) {
            return Err(DecodeError::Value {
                field: "last",
                why: "must be the genesis of an empty log, and only of one",
            });
        }
        Ok(Self { log, entries, last })
    }
}

/// Checks entries that continue `from`, and that every `known` head (older signed ones, from here or from others) lies
/// on the way. Known heads that lie before `from` are not looked at. Gives the head at the end.
pub fn verify<I>(from: Head, entries: I, known: &[Head]) -> Result<Head, Broken>
where
    I: IntoIterator<Item: Borrow<Entry>>,
{
    let mut head = from;
    check_known(&head, known)?;
    for entry in entries {
        head = head.after(entry.borrow())?;
        check_known(&head, known)?;
    }
    match known.iter().find(|known| known.entries > head.entries) {
        Some(_) => Err(Broken { seq: head.entries, why: BrokenWhy::CutOff }),
        None => Ok(head),
    }
}

fn check_known(head: &Head, known: &[Head]) -> Result<(), Broken> {
    if known.iter().any(|known| known.log != head.log || (known.entries == head.entries && known != head)) {
        return Err(Broken { seq: head.entries, why: BrokenWhy::OtherHead });
    }
    Ok(())
}
