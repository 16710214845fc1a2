//! The options that choose a job's terms: of `job start`, and of each run of a schedule.
//!
//! Comes in: the command line, and for a change what was chosen before. Goes out: a [`Template`], or a problem that names
//! the option.

use std::collections::BTreeMap;

use lianfang_desk::Problem;
use lianfang_proto::catalogue::{Class, Disclosure, Kind, Role};
use lianfang_proto::ids::{BankId, GroupId};

use super::ceremony::class;
use super::span;
use crate::job::template::{Template, Who};
use crate::office::Office;
use crate::ports::Micros;

const DEADLINE: Micros = 7 * 86_400 * 1_000_000;
const SIZE_CAP: u64 = 4_000_000;
const CHUNK: u32 = 8_192;
const LEAST_ROWS: u64 = 1_024;

/// A list, or `none`.
#[derive(Clone, Debug)]
pub(super) struct OrNone<T>(pub(super) T);

/// A span, or `none`.
pub(super) fn span_or_none(text: &str) -> Result<OrNone<Micros>, String> {
    if text == "none" { Ok(OrNone(0)) } else { span::parse(text).map(OrNone) }
}

fn reminders(text: &str) -> Result<OrNone<Vec<Micros>>, String> {
    if text == "none" {
        return Ok(OrNone(Vec::new()));
    }
    let spans: Vec<Micros> = text.split(',').map(span::parse).collect::<Result<_, _>>()?;
    let most = lianfang_proto::limits::REMINDERS;
    if spans.len() > most { Err(format!("at most {most} reminders")) } else { Ok(OrNone(spans)) }
}

fn deadlines(text: &str) -> Result<OrNone<BTreeMap<BankId, Micros>>, String> {
    if text == "none" {
        return Ok(OrNone(BTreeMap::new()));
    }
    let one = |text: &str| {
        let (bank, span) = text.split_once('=').ok_or("a bank and a span, as in alpha=5d")?;
        let bank = BankId::parse(bank, "bank").map_err(|error| error.to_string())?;
        Ok::<_, String>((bank, span::parse(span)?))
    };
    text.split(',').map(one).collect::<Result<_, _>>().map(OrNone)
}

fn disclosure(text: &str) -> Result<Disclosure, String> {
    Disclosure::from_code(text).ok_or_else(|| "count, institutions or labels".to_owned())
}

fn kind(text: &str) -> Result<Kind, String> {
    let all = || Kind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(", ");
    Kind::from_code(text).ok_or_else(|| format!("one of {}", all()))
}

/// A victim never enters, so that role is not to be chosen.
fn role(text: &str) -> Result<Role, String> {
    let role = Role::from_code(text).filter(|role| *role != Role::Victim);
    role.ok_or_else(|| "agent, agency or complainant".to_owned())
}

/// A person's choice of terms; what is left out stays as it was, or has its default.
#[derive(clap::Args)]
pub(super) struct TermsOptions {
    /// How many legal groups make a match.
    #[arg(long, value_name = "t", value_parser = clap::value_parser!(u16).range(2..))]
    match_threshold: Option<u16>,
    /// What members are told.
    #[arg(long, value_name = "count|institutions|labels", value_parser = disclosure)]
    pub(super) disclosure: Option<Disclosure>,
    /// What it is for.
    #[arg(long)]
    purpose: Option<String>,
    /// On which legal basis.
    #[arg(long)]
    basis: Option<String>,
    /// The class of identifiers.
    #[arg(long, value_parser = class)]
    class: Option<Class>,
    /// Who takes part.
    #[arg(long, value_delimiter = ',', value_name = "BANK,…", conflicts_with_all = ["groups", "everyone"])]
    banks: Option<Vec<BankId>>,
    /// Legal groups that take part.
    #[arg(long, value_delimiter = ',', value_name = "GROUP,…", conflicts_with = "everyone")]
    groups: Option<Vec<GroupId>>,
    /// All active members take part.
    #[arg(long)]
    everyone: bool,
    /// After how long submissions are to be in.
    #[arg(long, value_parser = span::parse, value_name = "SPAN")]
    deadline: Option<Micros>,
    /// The same for single banks.
    #[arg(long, value_parser = deadlines, value_name = "BANK=SPAN,…|none")]
    deadline_of: Option<OrNone<BTreeMap<BankId, Micros>>>,
    /// How long before its deadline a bank is reminded.
    #[arg(long, value_parser = reminders, value_name = "SPAN,…|none")]
    remind: Option<OrNone<Vec<Micros>>>,
    /// How long after its deadline a bank's submission is still taken.
    #[arg(long, value_parser = span_or_none, value_name = "SPAN|none")]
    grace: Option<OrNone<Micros>>,
    /// Most rows of one submission.
    #[arg(long, value_name = "N")]
    size_cap: Option<u64>,
    /// Elements of a full chunk.
    #[arg(long, value_name = "N")]
    chunk: Option<u32>,
    /// Least padded rows of a submission.
    #[arg(long, value_name = "N")]
    least_rows: Option<u64>,
    /// Kinds that enter.
    #[arg(long, value_delimiter = ',', value_name = "KIND,…", value_parser = kind)]
    kinds: Option<Vec<Kind>>,
    /// Roles that enter.
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…", value_parser = role)]
    roles: Option<Vec<Role>>,
}

/// An option that has to be there.
pub(super) fn required<T>(option: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::usage("usage-argument-missing").field(option))
}

/// A value that cannot be used.
pub(super) fn unusable(option: &str, got: impl Into<String>) -> Problem {
    Problem::usage("coordinator-choice").field(option).with("got", got.into())
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl TermsOptions {
    /// What was chosen, over what was chosen before.
    pub(super) fn over(self, before: Option<Template>, office: &Office) -> Result<Template, Problem> {
        let mut template = match before {
            Some(before) => before,
            None => Template {
                class: Class::Subject,
                who: Who::All,
                match_threshold: required("--match-threshold", self.match_threshold)?,
                disclosure: required("--disclosure", self.disclosure)?,
                kinds: Vec::new(),
                roles: Vec::new(),
                chunk_elements: CHUNK,
                size_cap: SIZE_CAP,
                least_rows: LEAST_ROWS,
                deadline: DEADLINE,
                deadlines: BTreeMap::new(),
                reminders: Vec::new(),
                grace: 0,
                purpose: required("--purpose", self.purpose.clone())?,
                legal_basis: required("--basis", self.basis.clone())?,
            },
        };
        let who = (self.everyone.then_some(Who::All)).or(self.banks.map(Who::Banks));
        set(&mut template.who, who.or(self.groups.map(Who::Groups)));
        set(&mut template.class, self.class);
        set(&mut template.match_threshold, self.match_threshold);
        set(&mut template.disclosure, self.disclosure);
        set(&mut template.kinds, self.kinds);
        set(&mut template.roles, self.roles);
        set(&mut template.chunk_elements, self.chunk);
        set(&mut template.size_cap, self.size_cap);
        set(&mut template.least_rows, self.least_rows);
        set(&mut template.deadline, self.deadline);
        set(&mut template.deadlines, self.deadline_of.map(|of| of.0));
        set(&mut template.reminders, self.remind.map(|spans| spans.0));
        set(&mut template.grace, self.grace.map(|span| span.0));
        set(&mut template.purpose, self.purpose);
        set(&mut template.legal_basis, self.basis);
        check(&template, office)?;
        Ok(template)
    }
}

/// What no terms could say, and names that nobody has, by the option.
fn check(template: &Template, office: &Office) -> Result<(), Problem> {
    template.check().map_err(|field| {
        let options = [
            ("chunk_elements", "--chunk"),
            ("size_cap", "--size-cap"),
            ("least_rows", "--least-rows"),
            ("purpose", "--purpose/--basis"),
            ("reminders", "--remind"),
            ("grace", "--grace"),
        ];
        let option = options.iter().find(|(of, _)| *of == field).map_or(field, |(_, option)| *option);
        Problem::usage("coordinator-terms").field(option)
    })?;
    let in_force = office.book.now();
    let roster = in_force.roster();
    if let Who::Banks(banks) = &template.who
        && let Some(unknown) = banks.iter().find(|bank| roster.member(bank).is_none())
    {
        return Err(unusable("--banks", unknown.as_str()));
    }
    if let Who::Groups(groups) = &template.who {
        let is_known = |group: &&GroupId| roster.members.iter().any(|member| member.group == **group);
        if let Some(unknown) = groups.iter().find(|group| !is_known(group)) {
            return Err(unusable("--groups", unknown.as_str()));
        }
    }
    if let Some(unknown) = template.deadlines.keys().find(|bank| roster.member(bank).is_none()) {
        return Err(unusable("--deadline-of", unknown.as_str()));
    }
    let shortest = template.deadlines.values().copied().chain([template.deadline]).min().unwrap_or_default();
    if let Some(early) = template.reminders.iter().find(|before| **before >= shortest) {
        return Err(unusable("--remind", span::text(*early)));
    }
    Ok(())
}
