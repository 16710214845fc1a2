//! The terms of a job: all that its members must agree on. Their digest `D` is part of every tag.

mod timing;

use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::ceremony::{read_key, write_key};
use super::{Fields, listed};
use crate::catalogue::{Disclosure, Grade, Kind, Role, Typology};
use crate::ids::{BankId, GroupId, JobId, KeyId};
use crate::label::NumberSet;
use crate::{limits, row};

pub use timing::{Run, Timing};

/// How the match is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Tags are compared by the coordinator.
    Plain = 1,
}

/// One participant and the legal group it counts under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Participant {
    /// The bank.
    pub bank: BankId,
    /// Its legal group.
    pub group: GroupId,
}

/// Which records may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Roles; a victim never enters, whatever stands here.
    pub roles: NumberSet,
    /// Typologies; a record enters if it has one of them.
    pub typologies: NumberSet,
    /// Whether a record without any typology enters.
    pub without_typology: bool,
    /// Grades.
    pub grades: NumberSet,
    /// Records whose last day (or first, or none known) lies in these days since 1970, both included.
    pub window: Option<(i32, i32)>,
}

impl Admission {
    /// Agent, agency, complainant; every typology and none; every grade; any time.
    pub fn everyone() -> Self {
        let open = [Role::Agent, Role::Agency, Role::Complainant];
        Self {
            roles: open.iter().map(|r| r.number()).collect(),
            typologies: Typology::ALL.iter().map(|t| t.number()).collect(),
            without_typology: true,
            grades: Grade::ALL.iter().map(|g| g.number()).collect(),
            window: None,
        }
    }
}

/// All that a job's members agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A fresh random id for every run.
    pub job: JobId,
    /// The key under which tags are made.
    pub key: KeyId,
    /// The digest of its record.
    pub key_record_digest: Digest,
    /// The roster's version and digest.
    pub roster_version: u64,
    /// The roster's digest.
    pub roster_digest: Digest,
    /// Sorted by bank, each once, of at least two legal groups.
    pub participants: Vec<Participant>,
    /// The version of the normalisation rules.
    pub rule_set: u16,
    /// Kinds of identifier that enter.
    pub kinds: NumberSet,
    /// Records that enter.
    pub admission: Admission,
    /// `t`: distinct legal groups that make a match.
    pub match_threshold: u16,
    /// What members are told.
    pub disclosure: Disclosure,
    /// How it is computed.
    pub method: Method,
    /// Elements of a full chunk.
    pub chunk_elements: u32,
    /// Most rows of one submission.
    pub size_cap: u64,
    /// Submissions are padded to a power of two of at least this many rows.
    pub least_rows: u64,
    /// Until when submissions are to be in, in microseconds since 1970.
    pub deadline: i64,
    /// Other deadlines of single banks, reminders, grace.
    pub timing: Timing,
    /// Which run of which schedule it is; `None` for a job that was started by hand.
    pub run: Option<Run>,
    /// What it is for.
    pub purpose: String,
    /// On which legal basis.
    pub legal_basis: String,
}

impl Terms {
    /// The participant with this id, and its place.
    pub fn participant(&self, bank: &BankId) -> Option<(usize, &Participant)> {
        self.participants.binary_search_by(|p| p.bank.cmp(bank)).ok().map(|at| (at, &self.participants[at]))
    }

    /// Distinct legal groups among the participants.
    pub fn groups(&self) -> usize {
        let mut groups: Vec<_> = self.participants.iter().map(|p| &p.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    }

    /// A job of `t` groups or fewer.
    pub fn is_small(&self) -> bool {
        self.groups() <= usize::from(self.match_threshold)
    }

    /// Until when this bank's submission is to be in.
    pub fn deadline_of(&self, bank: &BankId) -> i64 {
        self.timing.deadline_of(bank, self.deadline)
    }

    /// Until when this bank's submission is taken: its deadline and the grace after it.
    pub fn taken_until(&self, bank: &BankId) -> i64 {
        self.deadline_of(bank).saturating_add(self.timing.grace)
    }

    /// Until when anybody's submission is taken.
    pub fn last_taken(&self) -> i64 {
        self.participants.iter().map(|p| self.taken_until(&p.bank)).max().unwrap_or(self.deadline)
    }

    /// Bytes of one row of a submission.
    pub fn row_bytes(&self) -> usize {
        row::row_bytes(self.disclosure)
    }

    /// Rows of a padded submission that has this many rows of its own.
    pub fn padded_rows(&self, rows: u64) -> u64 {
        rows.max(self.least_rows).next_power_of_two()
    }

    fn check(&self) -> Result<(), DecodeError> {
        let wrong = |field, why| Err(DecodeError::Value { field, why });
        let banks: Vec<_> = self.participants.iter().map(|p| &p.bank).collect();
        strictly_ascending("participants", &banks)?;
        if self.groups() < 2 {
            return wrong("participants", "must be of at least two legal groups");
        }
        if self.match_threshold < 2 {
            return wrong("match_threshold", "must be at least 2");
        }
        let chunk = self.chunk_elements as usize;
        if !chunk.is_power_of_two() || !(64..=limits::CHUNK_ELEMENTS).contains(&chunk) {
            return wrong("chunk_elements", "must be a power of two from 64 to the limit of a chunk");
        }
        if self.size_cap == 0 || self.size_cap > limits::SUBMISSION_ROWS {
            return wrong("size_cap", "must be from 1 to the limit of a submission");
        }
        if !self.least_rows.is_power_of_two() || self.least_rows > limits::SUBMISSION_ROWS {
            return wrong("least_rows", "must be a power of two");
        }
        if Kind::ALL.iter().all(|k| !self.kinds.contains(k.number())) {
            return wrong("kinds", "must name a kind");
        }
        if self.purpose.trim().is_empty() || self.legal_basis.trim().is_empty() {
            return wrong("purpose", "and legal basis must both be stated");
        }
        self.timing.check(|bank| self.participant(bank).is_some())
    }
}

fn write_admission(to: &mut Encoder, admission: &Admission) {
    to.u32(admission.roles.bits())
        .u32(admission.typologies.bits())
        .bool(admission.without_typology)
        .u32(admission.grades.bits())
        .option(admission.window, |to, (first, last)| {
            to.i64(first.into()).i64(last.into());
        });
}

fn read_admission(from: &mut Decoder<'_>) -> Result<Admission, DecodeError> {
    let day = |from: &mut Decoder<'_>| {
        i32::try_from(from.i64("window")?)
            .map_err(|_| DecodeError::Value { field: "window", why: "is not a day" })
    };
    Ok(Admission {
        roles: NumberSet::from_bits(from.u32("roles")?),
        typologies: NumberSet::from_bits(from.u32("typologies")?),
        without_typology: from.bool("without_typology")?,
        grades: NumberSet::from_bits(from.u32("grades")?),
        window: from.option("window", |from| Ok((day(from)?, day(from)?)))?,
    })
}

impl Canonical for Terms {
    const DOMAIN: &'static str = "lianfang/terms";
    const VERSION: u8 = 2;
    const MAX_BYTES: usize = 256 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.job.as_bytes());
        write_key(to, self.key);
        to.fixed(self.key_record_digest.as_bytes())
            .u64(self.roster_version)
            .fixed(self.roster_digest.as_bytes())
            .list(&self.participants, |to, p| {
                to.text(p.bank.as_str()).text(p.group.as_str());
            })
            .u16(self.rule_set)
            .u32(self.kinds.bits());
        write_admission(to, &self.admission);
        to.u16(self.match_threshold)
            .u8(self.disclosure.number())
            .u8(self.method as u8)
            .u32(self.chunk_elements)
            .u64(self.size_cap)
            .u64(self.least_rows)
            .i64(self.deadline);
        self.timing.write(to);
        to.option(self.run.as_ref(), |to, run| run.write(to)).text(&self.purpose).text(&self.legal_basis);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let terms = Self {
            job: JobId::from_random(from.fixed("job")?),
            key: read_key(from)?,
            key_record_digest: from.digest("key_record_digest")?,
            roster_version: from.u64("roster_version")?,
            roster_digest: from.digest("roster_digest")?,
            participants: from.list("participants", limits::PARTICIPANTS, |from| {
                Ok(Participant {
                    bank: from.bank("participant.bank")?,
                    group: from.group("participant.group")?,
                })
            })?,
            rule_set: from.u16("rule_set")?,
            kinds: NumberSet::from_bits(from.u32("kinds")?),
            admission: read_admission(from)?,
            match_threshold: from.u16("match_threshold")?,
            disclosure: listed("disclosure", from.u8("disclosure")?, Disclosure::from_number)?,
            method: listed("method", from.u8("method")?, |n| (n == 1).then_some(Method::Plain))?,
            chunk_elements: from.u32("chunk_elements")?,
            size_cap: from.u64("size_cap")?,
            least_rows: from.u64("least_rows")?,
            deadline: from.i64("deadline")?,
            timing: Timing::read(from)?,
            run: from.option("run", Run::read)?,
            purpose: from.free_text("purpose")?,
            legal_basis: from.free_text("legal_basis")?,
        };
        terms.check()?;
        Ok(terms)
    }
}

/// A bank's decision on terms; signed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `D`.
    pub terms_digest: Digest,
    /// Who decides.
    pub bank: BankId,
    /// Takes part, or does not.
    pub accepted: bool,
}

impl Canonical for Decision {
    const DOMAIN: &'static str = "lianfang/decision";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.terms_digest.as_bytes()).text(self.bank.as_str()).bool(self.accepted);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            terms_digest: from.digest("terms_digest")?,
            bank: from.bank("bank")?,
            accepted: from.bool("accepted")?,
        })
    }
}
