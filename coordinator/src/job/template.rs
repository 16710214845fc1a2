//! What a person chooses of a job's terms; the rest follows from the roster, the key and the time.
//!
//! Comes in: options of the command line, or JSON of the store. Goes out: [`Template`]. Fails on JSON that is not of its
//! form, and names the field.

use std::collections::BTreeMap;

use lianfang_proto::catalogue::{Class, Disclosure, Kind, Role};
use lianfang_proto::documents::roster::{Roster, Standing};
use lianfang_proto::documents::terms::{Admission, Method, Participant, Terms, Timing};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, JobId, KeyId};
use lianfang_trust::{Canonical as _, DecodeError, Digest};
use serde::{Deserialize, Serialize};

use crate::ports::Micros;

/// Who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// All members that are active at the time.
    All,
    /// These banks.
    Banks(Vec<BankId>),
    /// All banks of these legal groups.
    Groups(Vec<GroupId>),
}

/// A person's choice of terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Template {
    /// The class whose key makes the tags.
    pub class: Class,
    /// Who takes part.
    pub who: Who,
    /// `t`.
    pub match_threshold: u16,
    /// What members are told.
    pub disclosure: Disclosure,
    /// Kinds that enter; all if empty.
    pub kinds: Vec<Kind>,
    /// Roles that enter; all but victims if empty.
    pub roles: Vec<Role>,
    /// Elements of a full chunk.
    pub chunk_elements: u32,
    /// Most rows of one submission.
    pub size_cap: u64,
    /// Least padded rows.
    pub least_rows: u64,
    /// After how long submissions are to be in.
    pub deadline: Micros,
    /// The same for single banks, where it differs.
    pub deadlines: BTreeMap<BankId, Micros>,
    /// How long before its deadline a bank is reminded.
    pub reminders: Vec<Micros>,
    /// How long after its deadline a bank's submission is still taken.
    pub grace: Micros,
    /// What it is for.
    pub purpose: String,
    /// On which legal basis.
    pub legal_basis: String,
}

/// Those who take part, and those who were chosen and cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Sorted by bank.
    pub participants: Vec<Participant>,
    /// Each with what keeps it out: `suspended`, `revoked`, or `unknown` where the roster has no such bank.
    pub left_out: Vec<(BankId, &'static str)>,
}

impl Who {
    /// Who that is by this roster.
    pub fn chosen(&self, roster: &Roster) -> Chosen {
        let mut chosen = Chosen::default();
        for member in &roster.members {
            let wanted = match self {
                Self::All => true,
                Self::Banks(banks) => banks.contains(&member.bank),
                Self::Groups(groups) => groups.contains(&member.group),
            };
            match (wanted, member.standing) {
                (false, _) => {}
                (true, Standing::Active) => chosen
                    .participants
                    .push(Participant { bank: member.bank.clone(), group: member.group.clone() }),
                (true, Standing::Suspended) => chosen.left_out.push((member.bank.clone(), "suspended")),
                (true, Standing::Revoked) if *self == Self::All => {}
                (true, Standing::Revoked) => chosen.left_out.push((member.bank.clone(), "revoked")),
            }
        }
        if let Self::Banks(banks) = self {
            let unknown = banks.iter().filter(|bank| roster.member(bank).is_none());
            chosen.left_out.extend(unknown.map(|bank| (bank.clone(), "unknown")));
        }
        chosen.participants.sort();
        chosen.left_out.sort();
        chosen
    }
}

fn all_if_empty<'a, T>(chosen: &'a [T], all: &'a [T]) -> &'a [T] {
    if chosen.is_empty() { all } else { chosen }
}

impl Template {
    /// Kinds that enter.
    pub fn all_kinds(&self) -> &[Kind] {
        all_if_empty(&self.kinds, Kind::ALL)
    }

    /// Records that enter.
    pub fn admission(&self) -> Admission {
        let everyone = Admission::everyone();
        if self.roles.is_empty() {
            return everyone;
        }
        Admission { roles: self.roles.iter().map(|role| role.number()).collect(), ..everyone }
    }

    /// Deadlines of single participants, reminders and grace of a job that is opened now.
    pub fn timing(&self, participants: &[Participant], now: Micros) -> Timing {
        let own = |p: &Participant| Some((p.bank.clone(), now.saturating_add(*self.deadlines.get(&p.bank)?)));
        let mut reminders = self.reminders.clone();
        reminders.sort_unstable_by(|one, other| other.cmp(one));
        reminders.dedup();
        Timing { exceptions: participants.iter().filter_map(own).collect(), reminders, grace: self.grace }
    }
}

/// As it is stored: codes and names as text, spans in microseconds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    class: String,
    banks: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    match_threshold: u16,
    disclosure: String,
    kinds: Vec<String>,
    roles: Vec<String>,
    chunk_elements: u32,
    size_cap: u64,
    least_rows: u64,
    deadline: Micros,
    deadlines: BTreeMap<String, Micros>,
    reminders: Vec<Micros>,
    grace: Micros,
    purpose: String,
    legal_basis: String,
}

/// A field of a stored template that is not of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not of its form")]
pub struct NotOfItsForm(&'static str);

fn each<T>(
    texts: &[String],
    field: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, NotOfItsForm> {
    texts.iter().map(|text| read(text).ok_or(NotOfItsForm(field))).collect()
}

fn bank(text: &str) -> Option<BankId> {
    BankId::parse(text, "bank").ok()
}

impl TryFrom<Written> for Template {
    type Error = NotOfItsForm;

    fn try_from(written: Written) -> Result<Self, NotOfItsForm> {
        let who = match (&written.banks, &written.groups) {
            (None, None) => Who::All,
            (Some(banks), None) => Who::Banks(each(banks, "banks", bank)?),
            (None, Some(groups)) => {
                Who::Groups(each(groups, "groups", |text| GroupId::parse(text, "group").ok())?)
            }
            (Some(_), Some(_)) => return Err(NotOfItsForm("groups")),
        };
        let deadlines = written.deadlines.iter().map(|(name, span)| Some((bank(name)?, *span)));
        Ok(Self {
            class: Class::from_code(&written.class).ok_or(NotOfItsForm("class"))?,
            who,
            match_threshold: written.match_threshold,
            disclosure: Disclosure::from_code(&written.disclosure).ok_or(NotOfItsForm("disclosure"))?,
            kinds: each(&written.kinds, "kinds", Kind::from_code)?,
            roles: each(&written.roles, "roles", Role::from_code)?,
            chunk_elements: written.chunk_elements,
            size_cap: written.size_cap,
            least_rows: written.least_rows,
            deadline: written.deadline,
            deadlines: deadlines.collect::<Option<_>>().ok_or(NotOfItsForm("deadlines"))?,
            reminders: written.reminders,
            grace: written.grace,
            purpose: written.purpose,
            legal_basis: written.legal_basis,
        })
    }
}

impl From<Template> for Written {
    fn from(template: Template) -> Self {
        let (banks, groups) = match &template.who {
            Who::All => (None, None),
            Who::Banks(banks) => (Some(banks.iter().map(ToString::to_string).collect()), None),
            Who::Groups(groups) => (None, Some(groups.iter().map(ToString::to_string).collect())),
        };
        let deadlines = template.deadlines.iter().map(|(bank, span)| (bank.to_string(), *span));
        Self {
            class: template.class.code().to_owned(),
            banks,
            groups,
            match_threshold: template.match_threshold,
            disclosure: template.disclosure.code().to_owned(),
            kinds: template.kinds.iter().map(|kind| kind.code().to_owned()).collect(),
            roles: template.roles.iter().map(|role| role.code().to_owned()).collect(),
            chunk_elements: template.chunk_elements,
            size_cap: template.size_cap,
            least_rows: template.least_rows,
            deadline: template.deadline,
            deadlines: deadlines.collect(),
            reminders: template.reminders,
            grace: template.grace,
            purpose: template.purpose,
            legal_basis: template.legal_basis,
        }
    }
}

impl Template {
    /// Whether terms could say this at all; the field if not. A trial with two banks that nobody is.
    pub fn check(&self) -> Result<(), &'static str> {
        let digest = Digest::from_bytes([0; 64]);
        let trial = |name: &str| {
            let (bank, group) = (BankId::parse(name, "bank").ok()?, GroupId::parse(name, "group").ok()?);
            Some(Participant { bank, group })
        };
        let terms = Terms {
            job: JobId::from_random([0; 16]),
            key: KeyId { class: self.class, epoch: Epoch(1), generation: Generation(0) },
            key_record_digest: digest,
            roster_version: 1,
            roster_digest: digest,
            participants: ["a", "b"].into_iter().filter_map(trial).collect(),
            rule_set: 1,
            kinds: self.all_kinds().iter().map(|kind| kind.number()).collect(),
            admission: self.admission(),
            match_threshold: self.match_threshold,
            disclosure: self.disclosure,
            method: Method::Plain,
            chunk_elements: self.chunk_elements,
            size_cap: self.size_cap,
            least_rows: self.least_rows,
            deadline: self.deadline,
            timing: self.timing(&[], 0),
            run: None,
            purpose: self.purpose.clone(),
            legal_basis: self.legal_basis.clone(),
        };
        match Terms::decode(&terms.encode()) {
            Ok(_) => Ok(()),
            Err(DecodeError::Value { field, .. } | DecodeError::TooLong { field, .. }) => Err(field),
            Err(_) => Err("terms"),
        }
    }
}
