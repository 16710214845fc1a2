//! `job`: starts, lists and shows jobs.

use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::ids::JobId;
use serde_json::{Value, json};

use super::ceremony::refused;
use super::terms::TermsOptions;
use super::{no_such_job, time};
use crate::audit;
use crate::fault::Error;
use crate::job::ledger::{self, Party};
use crate::job::propose::propose;
use crate::job::state::State;
use crate::office::Office;
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
    #[command(flatten)]
    terms: TermsOptions,
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
        let doing = |problem: Problem| problem.doing("doing-coordinator-job");
        let template = self.terms.over(None, office).map_err(doing)?;
        let (job, digest) = propose(office, &template).await.map_err(|error| doing(refused(error)))?;
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
            "late": party.is_late(terms),
            "deadline": time(terms.deadline_of(&party.bank)),
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
        "taken_until": time(terms.last_taken()),
        "schedule": terms.run.as_ref().map(|run| run.schedule.as_str()),
        "planned_at": terms.run.as_ref().map(|run| time(run.planned_at)),
        "predecessor": terms.run.as_ref().and_then(|run| run.predecessor).map(|job| job.to_string()),
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
        let restarted = rows::restart(&mut tx, &work::job(id), &STEP, office.now()).await?;
        if restarted {
            audit::append(&mut tx, office.now(), "job.retried", &json!({"job": id.to_string()})).await?;
            tx.commit().await?;
            office.bell.ring();
        }
        Ok::<_, Error>(restarted)
    };
    if !restarted.await? {
        return Err(not_restarted(&turn(office, id).await?, job.state.word()));
    }
    if console.json() {
        console.out(&json!({"job": id.to_string(), "retried": true}).to_string());
    } else {
        console.say("coordinator-job-retried", &[]);
    }
    Ok(Exit::Done)
}

/// Why nothing was restarted: nothing has failed, or somebody works on it all the same, or did until its process died.
fn not_restarted(turn: &Turn, stage: &str) -> Problem {
    if turn.attempts > 0 {
        Problem::later("job-worked-on")
    } else {
        Problem::refused("job-nothing-failed").with("stage", stage)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_works_on_is_not_called_sound() {
        let told = |attempts| {
            let problem = not_restarted(&Turn { attempts, ..Turn::default() }, "matching");
            (problem.code().to_owned(), problem.exit())
        };
        assert_eq!(told(0), ("job-nothing-failed".to_owned(), Exit::Refused));
        assert_eq!(told(1), ("job-worked-on".to_owned(), Exit::Later));
    }
}
