//! `job`: starts, lists and shows jobs.

use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::catalogue::{Class, Disclosure, Kind, Role};
use lianfang_proto::ids::{BankId, JobId};
use serde_json::{Value, json};

use super::ceremony::{class, refused};
use super::{no_such_job, span, time};
use crate::audit;
use crate::fault::Error;
use crate::job::ledger::{self, Party};
use crate::job::propose::{Choice, propose};
use crate::job::state::State;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::work::{self as rows, Turn};
use crate::work::{self, STEP};

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Job {
    /// Signs the terms of a job and opens it.
    Start(Box<Start>),
    /// All jobs.
    List,
    /// One job.
    Show {
        /// Its id.
        id: JobId,
    },
    /// Tries what has failed again, now.
    Retry {
        /// Its id.
        id: JobId,
    },
}

/// A person's choice of terms.
#[derive(clap::Args)]
pub(super) struct Start {
    /// How many legal groups make a match.
    #[arg(long, value_name = "t", value_parser = clap::value_parser!(u16).range(2..))]
    match_threshold: u16,
    /// What members are told.
    #[arg(long, value_name = "count|institutions|labels", value_parser = disclosure)]
    disclosure: Disclosure,
    /// What it is for.
    #[arg(long)]
    purpose: String,
    /// On which legal basis.
    #[arg(long)]
    basis: String,
    /// The class of identifiers.
    #[arg(long, default_value = "subject", value_parser = class)]
    class: Class,
    /// Who takes part; all active members if left out.
    #[arg(long, value_delimiter = ',', value_name = "BANK,…")]
    banks: Vec<BankId>,
    /// How long submissions are taken.
    #[arg(long, default_value = "7d", value_parser = span::parse, value_name = "SPAN")]
    deadline: Micros,
    /// Most rows of one submission.
    #[arg(long, default_value_t = 4_000_000, value_name = "N")]
    size_cap: u64,
    /// Elements of a full chunk.
    #[arg(long, default_value_t = 8_192, value_name = "N")]
    chunk: u32,
    /// Least padded rows of a submission.
    #[arg(long, default_value_t = 1_024, value_name = "N")]
    least_rows: u64,
    /// Kinds that enter; all if left out.
    #[arg(long, value_delimiter = ',', value_name = "KIND,…", value_parser = kind)]
    kinds: Vec<Kind>,
    /// Roles that enter; agent, agency and complainant if left out.
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…", value_parser = role)]
    roles: Vec<Role>,
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

impl Job {
    pub(super) async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        match self {
            Self::Start(start) => start.perform(office, console).await,
            Self::List => list(office, console).await,
            Self::Show { id } => show(office, console, id).await,
            Self::Retry { id } => retry(office, console, id).await,
        }
    }
}

impl Start {
    async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        let choice = Choice {
            class: self.class,
            banks: self.banks,
            match_threshold: self.match_threshold,
            disclosure: self.disclosure,
            kinds: self.kinds,
            roles: self.roles,
            chunk_elements: self.chunk,
            size_cap: self.size_cap,
            least_rows: self.least_rows,
            lasts: self.deadline,
            purpose: self.purpose,
            legal_basis: self.basis,
        };
        let (job, digest) =
            propose(office, choice).await.map_err(|error| refused(error).doing("doing-coordinator-job"))?;
        if console.json() {
            let object = json!({"job": job.to_string(), "terms_digest": digest.to_hex()});
            console.out(&object.to_string());
        } else {
            console.out(&job.to_string());
        }
        Ok(Exit::Done)
    }
}

fn object(job: &ledger::Job, parties: &[Party], turn: &Turn) -> Value {
    let terms = job.agreed.terms();
    let participants = parties.iter().zip(&terms.participants).map(|(party, participant)| {
        json!({
            "bank": party.bank.as_str(),
            "group": participant.group.as_str(),
            "accepted": party.accepted,
            "submitted": party.sealed,
            "returned": party.returned.is_some(),
            "countersigned": party.countersignature.is_some(),
        })
    });
    let gathered = job.state > State::Open;
    let missing = parties.iter().filter(|party| gathered && !party.sealed).map(|party| party.bank.as_str());
    json!({
        "job": terms.job.to_string(),
        "state": job.state.word(),
        "terms_digest": job.agreed.digest.to_hex(),
        "match_threshold": terms.match_threshold,
        "disclosure": terms.disclosure.code(),
        "epoch": terms.key.epoch.0,
        "deadline": time(terms.deadline),
        "purpose": terms.purpose,
        "legal_basis": terms.legal_basis,
        "participants": participants.collect::<Vec<_>>(),
        "missing": missing.collect::<Vec<_>>(),
        "failure": job.failure,
        "culprits": job.culprits,
        "attempts": turn.attempts,
        "next_attempt": (turn.attempts > 0 && turn.strikes < STEP.strikes).then(|| time(turn.not_before)),
        "rests": turn.strikes >= STEP.strikes,
    })
}

async fn read_all(office: &Office) -> Result<Vec<(ledger::Job, Vec<Party>, Turn)>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let mut found = Vec::new();
    for job in ledger::all(office, &mut connection).await? {
        let id = job.agreed.job();
        let parties = ledger::parties(&mut connection, id).await?;
        let turn = rows::find(&mut connection, &work::job(id)).await?.unwrap_or_default();
        found.push((job, parties, turn));
    }
    Ok(found)
}

async fn list(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let all = read_all(office).await?;
    if console.json() {
        let all: Vec<Value> = all.iter().map(|(job, parties, turn)| object(job, parties, turn)).collect();
        console.out(&json!({"jobs": all}).to_string());
        return Ok(Exit::Done);
    }
    let headers = ["column-job", "column-state", "column-submitted", "column-deadline", "column-purpose"];
    let mut table = Table::new(headers.map(|id| console.text(&format!("coordinator-{id}"), &[]))).right(&[2]);
    for (job, parties, _) in &all {
        let terms = job.agreed.terms();
        let submitted = parties.iter().filter(|party| party.sealed).count();
        let submitted = format!("{submitted}/{}", parties.len());
        let (id, deadline) = (terms.job.to_string(), time(terms.deadline));
        table.row([id.as_str(), job.state.word(), &submitted, &deadline, &terms.purpose]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

/// One job with its participants.
pub(super) async fn read(office: &Office, id: JobId) -> Result<(ledger::Job, Vec<Party>), Problem> {
    let found = async {
        let mut connection = office.store.readers().acquire().await?;
        let job = ledger::find(office, &mut connection, id).await?;
        let parties = ledger::parties(&mut connection, id).await?;
        Ok::<_, Error>(job.map(|job| (job, parties)))
    };
    found.await?.ok_or_else(|| no_such_job(id))
}

async fn show(office: &Office, console: &dyn Console, id: JobId) -> Result<Exit, Problem> {
    let (job, parties) = read(office, id).await?;
    let turn = turn(office, id).await?;
    let object = object(&job, &parties, &turn);
    if console.json() {
        console.out(&object.to_string());
    } else {
        fields(console, &object);
        for problem in troubles(&job, &parties) {
            console.out(&problem.sentence(console.lang()));
        }
        if turn.strikes >= STEP.strikes {
            console.say("coordinator-job-rests", &[("job", id.to_string().into())]);
        }
    }
    Ok(Exit::Done)
}

async fn turn(office: &Office, id: JobId) -> Result<Turn, Error> {
    let mut connection = office.store.reader().await?;
    Ok(rows::find(&mut connection, &work::job(id)).await?.unwrap_or_default())
}

/// A person has seen to what stopped a job: it is tried again at once.
async fn retry(office: &Office, console: &dyn Console, id: JobId) -> Result<Exit, Problem> {
    let (job, _) = read(office, id).await?;
    let restarted = async {
        let mut tx = office.store.begin().await?;
        let restarted = rows::restart(&mut tx, &work::job(id)).await?;
        if restarted {
            audit::append(&mut tx, office.now(), "job.retried", &json!({"job": id.to_string()})).await?;
            tx.commit().await?;
            office.bell.ring();
        }
        Ok::<_, Error>(restarted)
    };
    if !restarted.await? {
        return Err(Problem::refused("job-nothing-failed").with("stage", job.state.word()));
    }
    if console.json() {
        console.out(&json!({"job": id.to_string(), "retried": true}).to_string());
    } else {
        console.say("coordinator-job-retried", &[]);
    }
    Ok(Exit::Done)
}

/// What keeps a job from its end, or kept banks out of it: each as a sentence with its party.
fn troubles(job: &ledger::Job, parties: &[Party]) -> Vec<Problem> {
    let mut troubles = Vec::new();
    if !job.failure.is_empty() {
        let at = if job.culprits.is_empty() { "coordinator".to_owned() } else { job.culprits.join(", ") };
        troubles.push(Problem::fault(&job.failure).with("path", at.as_str()).at(at));
    }
    for party in parties.iter().filter(|party| !party.sealed) {
        let code = match (party.accepted, job.state) {
            (Some(false), _) => "consent-refused",
            (None, State::Open) => "consent-pending",
            (Some(true), State::Open) => "job-not-ready",
            (_, _) => "job-deadline-passed",
        };
        troubles.push(Problem::fault(code).at(party.bank.as_str()));
    }
    troubles.into_iter().map(|problem| problem.doing("doing-coordinator-job-step")).collect()
}

/// An object's fields as two columns: the same names as in JSON, for people who will look them up there.
pub(super) fn fields(console: &dyn Console, object: &Value) {
    let headers = ["coordinator-column-field", "coordinator-column-value"];
    let mut table = Table::new(headers.map(|id| console.text(id, &[])));
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => table.row([name.as_str(), text]),
            Value::Array(items) => {
                for item in items {
                    table.row([name.clone(), item.as_str().map_or_else(|| item.to_string(), str::to_owned)]);
                }
            }
            other => table.row([name.clone(), other.to_string()]),
        }
    }
    console.out(&table.render());
}
