//! What a node writes down about itself: a closed list with stable codes.
//!
//! Comes in: digests, counts, names of parties and of the node's own people, row ids. Goes out: a code and a JSON body.
//! Never: an identifier, a tag, a record's reference, a label, a secret; a record is named by its row id, which only the
//! bank itself can look up. A code is never given to another meaning, for logs outlive programs. How an event becomes code
//! and body is `body.rs`'s.

use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::{Class, Hold};
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, JobId};
use lianfang_trust::{Digest, Digest32};

use super::body::events;

events! {
    /// The node started.
    Started = "node.started" {
        /// The program's version.
        version: String,
    }
    /// The regulator and this node have confirmed each other.
    Enrolled = "node.enrolled" {
        /// The name it bears from now on.
        bank: BankId,
        /// Digest of the roster it was given.
        roster: Digest,
    }
    /// A document was sent.
    Sent = "document.sent" {
        /// To whom.
        to: String,
        /// What kind: the domain of the document.
        what: String,
        /// Its digest.
        digest: Digest,
    }
    /// A document was received.
    Received = "document.received" {
        /// From whom.
        from: String,
        /// What kind.
        what: String,
        /// Its digest.
        digest: Digest,
    }
    /// A person approved something.
    Approved = "document.approved" {
        /// Who.
        by: String,
        /// What kind of thing.
        what: String,
        /// Its digest.
        digest: Digest,
    }
    /// A member may have elements evaluated here.
    Admitted = "quota.admitted" {
        /// The member.
        bank: BankId,
        /// For which class.
        class: Class,
        /// For which epoch.
        epoch: Epoch,
        /// Up to how many elements.
        quota: u64,
        /// Who admitted it.
        by: String,
    }
    /// A member may have more elements evaluated than its quota.
    Allowed = "quota.allowed" {
        /// The member.
        bank: BankId,
        /// For which class.
        class: Class,
        /// For which epoch.
        epoch: Epoch,
        /// How many more.
        elements: u64,
        /// Who granted it.
        by: String,
    }
    /// An import began; without its end it was interrupted.
    ImportBegan = "register.import-began" {
        /// Its number.
        import: i64,
        /// Whether records that the file lacks are to be retracted.
        full: bool,
    }
    /// An import ended.
    Imported = "register.imported" {
        /// Its number.
        import: i64,
        /// Rows of the file.
        rows: u64,
        /// Records that were not there before.
        added: u64,
        /// Records that say something else now.
        changed: u64,
        /// Records that the file lacks and that were retracted.
        retracted: u64,
        /// Rows, cells and values that were left out.
        rejects: u64,
    }
    /// The store and the sealed secrets were copied.
    BackedUp = "store.backed-up" {
        /// Who did it.
        by: String,
    }
    /// The store was restored from a backup: what stood in this log after it is gone from here.
    Restored = "store.restored" {
        /// When the backup was made, in microseconds; 0 if nobody knows.
        made_at: i64,
        /// Whether it was stated that nothing was answered since. If not, all counters are full.
        complete: bool,
        /// Who restored it.
        by: String,
    }
    /// A record was retracted by hand.
    Retracted = "register.retracted" {
        /// Its row.
        record: i64,
        /// Who did it.
        by: String,
    }
    /// A hold was set by hand.
    HoldSet = "register.hold-set" {
        /// The record's row.
        record: i64,
        /// Why.
        hold: Hold,
        /// Who did it.
        by: String,
    }
    /// A hold that was set by hand was lifted.
    HoldLifted = "register.hold-lifted" {
        /// The record's row.
        record: i64,
        /// Who did it.
        by: String,
    }
    /// The short digest of a key record was compared with people at holders.
    KeyCompared = "key.compared" {
        /// Digest of the key record.
        record: Digest,
        /// At which holders.
        with: Vec<BankId>,
        /// Who compared it.
        by: String,
    }
    /// A step of a ceremony was taken.
    CeremonyStep = "ceremony.step" {
        /// Which ceremony.
        ceremony: CeremonyId,
        /// Which step.
        step: String,
        /// Digest of what stood at its end.
        digest: Digest,
    }
    /// The coordinator has announced where a key stands.
    KeyNoticed = "key.noticed" {
        /// The class.
        class: Class,
        /// The epoch.
        epoch: Epoch,
        /// The state.
        state: String,
        /// When shares and outputs are to be erased; empty if that is not announced.
        closes: String,
        /// Digest of the notice.
        notice: Digest,
    }
    /// A person has decided whether this holder takes part in a ceremony.
    CeremonyDecided = "ceremony.decided" {
        /// Which ceremony.
        ceremony: CeremonyId,
        /// Whether it takes part.
        joins: bool,
        /// Who decided.
        by: String,
    }
    /// Shares and outputs of an epoch were erased.
    EpochClosed = "key.epoch-closed" {
        /// The class.
        class: Class,
        /// The epoch.
        epoch: Epoch,
        /// How many cached outputs went with it.
        outputs: u64,
    }
    /// A job's terms were accepted.
    JobAccepted = "job.accepted" {
        /// The job.
        job: JobId,
        /// `D`.
        terms: Digest,
        /// Who accepted.
        by: String,
    }
    /// This bank's people were reminded of a job whose submission is not in.
    JobReminded = "job.reminded" {
        /// The job.
        job: JobId,
        /// `D`.
        terms: Digest,
        /// Which of the reminders, counted from 1; one more is the deadline itself.
        reminder: u64,
    }
    /// A job's terms were refused.
    JobRefused = "job.refused" {
        /// The job.
        job: JobId,
        /// `D`.
        terms: Digest,
        /// The reason's code.
        reason: String,
        /// Who refused.
        by: String,
    }
    /// Identifiers were evaluated for a job.
    Evaluated = "job.evaluated" {
        /// `D`.
        terms: Digest,
        /// How many elements, the filling included.
        elements: u64,
    }
    /// Rows were submitted.
    Submitted = "job.submitted" {
        /// `D`.
        terms: Digest,
        /// How many, the padding included.
        rows: u64,
        /// Merkle root over them.
        root: Digest32,
    }
    /// A report was written.
    Reported = "job.reported" {
        /// `D`.
        terms: Digest,
        /// Lines.
        lines: u64,
        /// Salted digest of the result.
        digest: Digest,
    }
    /// A job's record was countersigned.
    Certified = "job.certified" {
        /// `D`.
        terms: Digest,
        /// Digest of the record.
        record: Digest,
    }
    /// There is evidence that a holder answered wrongly.
    Accused = "fault.accused" {
        /// The holder.
        holder: BankId,
        /// Digest of the evidence.
        evidence: Digest,
    }
    /// A holder's charge number went back: it was restored from a backup, and is not used until this is settled.
    Doubted = "fault.ledger-behind" {
        /// The holder.
        holder: BankId,
        /// Under which key's class.
        class: Class,
        /// And epoch.
        epoch: Epoch,
        /// The number that was seen before.
        seen: u64,
        /// The lower one that came after it.
        shown: u64,
    }
    /// That doubt was settled: by a person, or by the holder's declaration that its ledger is lost.
    DoubtSettled = "holder.doubt-settled" {
        /// The holder.
        holder: BankId,
        /// Under which key's class.
        class: Class,
        /// And epoch.
        epoch: Epoch,
        /// Who settled it.
        by: String,
    }
    /// This holder's ledger counts as lost: every counter of the key is full.
    LedgerLost = "key.ledger-lost" {
        /// The class.
        class: Class,
        /// The epoch.
        epoch: Epoch,
        /// Who declared it.
        by: String,
    }
    /// The node's certificate was renewed over the same key.
    CertificateRenewed = "certificate.renewed" {
        /// When the new one ends.
        ends: String,
    }
    /// The key behind the node's certificate was exchanged, and the roster pins the new one.
    CertificateExchanged = "certificate.exchanged" {
        /// SHA-256 of the new public key.
        key: String,
        /// Whether the older key is accepted for a while.
        overlap: bool,
        /// When the new certificate ends.
        ends: String,
    }
    /// A backup of the node's keys was made.
    KeysBackedUp = "key.backed-up" {
        /// Digest of the file.
        file: Digest,
        /// How many key shares it holds.
        shares: u64,
        /// Who made it.
        by: String,
    }
    /// The node's keys came from a backup.
    KeysRestored = "key.restored" {
        /// When the backup was made, in microseconds since 1970.
        made_at: i64,
        /// How many of its key shares were taken up; the counters of their keys are full.
        shares: u64,
        /// Who restored it.
        by: String,
    }
    /// Another secret opens the node's keys as soon as the configuration names it.
    Rekeyed = "key.rekeyed" {
        /// Who changed it.
        by: String,
    }
    /// Commitments were shown for an inspection.
    Disclosed = "evidence.disclosed" {
        /// How many elements were opened.
        elements: u64,
        /// Digest of the file.
        file: Digest,
        /// Who showed them.
        by: String,
    }
    /// Evidence or what members have committed themselves to was written to a file for others.
    Exported = "evidence.exported" {
        /// What it is about.
        what: String,
        /// Digest of the file.
        file: Digest,
        /// Who exported it.
        by: String,
    }
    /// The certificate came when countersignatures were no longer taken; it was checked and kept.
    CertifiedLate = "job.certified-late" {
        /// `D`.
        terms: Digest,
        /// Digest of the record.
        record: Digest,
    }
    /// A holder did not answer the check; no accusation.
    Unchecked = "fault.unchecked" {
        /// The holder.
        holder: BankId,
        /// Digest of the request.
        request: Digest,
    }
    /// A party did what the protocol does not allow.
    Fault = "fault.recorded" {
        /// The party.
        party: String,
        /// What.
        code: FaultCode,
        /// Digest of what showed it.
        digest: Digest,
    }
    /// The node's policy was changed.
    PolicyChanged = "policy.changed" {
        /// Digest of the policy now.
        policy: Digest,
        /// Who changed it.
        by: String,
    }
    /// A head of this log was signed.
    HeadSigned = "audit.head-signed" {
        /// How many entries it covers.
        entries: u64,
    }
}
