//! `job`: which jobs there are, how far they are, and a person's decision on them.

use std::sync::Arc;

use lianfang_desk::table::Table;
use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::JobId;
use lianfang_proto::{FaultCode, checked};
use lianfang_trust::Signed;
use serde_json::{Value, json};

use super::{args, tell};
use crate::app::{App, Joined};
use crate::fault::problem;
use crate::job::book::Entry;
use crate::job::reminder::{Pressing, pressing};
use crate::job::state::Stage;
use crate::peers::coordinator::NAME;
use crate::store::work::Turn;
use crate::work::{self, Errand, RULE};

pub(super) async fn run(node: &Arc<App>, args: &args::Job, call: &Call) -> Result<Exit, Problem> {
    let joined = node.must_have_joined().await?;
    match args {
        args::Job::List => list(&joined, call).await,
        args::Job::Show { job } => show(&joined, call, job).await,
        args::Job::Accept { job } => decide(&joined, call, job, true).await,
        args::Job::Refuse { job } => decide(&joined, call, job, false).await,
        args::Job::Retry { job } => retry(&joined, call, job).await,
    }
}

/// The job that a person names.
pub(super) async fn entry(joined: &Joined, job: &str) -> Result<Entry, Problem> {
    let id = JobId::parse(job, "JOB")
        .map_err(|_| Problem::usage("usage-value").with("got", job.to_owned()).field("JOB"))?;
    let entry = joined.context.book.get(id).await?;
    entry.ok_or_else(|| Problem::fault("job-unknown").at(joined.context.bank.to_string()))
}

fn terms(joined: &Joined, entry: &Entry) -> Result<Terms, Problem> {
    let key = joined.context.roster.now().roster.coordinator;
    let signed: Signed<Terms> =
        checked::open_signed(&entry.terms, "terms", &key).map_err(|fault| problem(&fault))?;
    Ok(signed.into_value())
}

fn described(joined: &Joined, entry: &Entry, terms: &Terms) -> Value {
    let context = &joined.context;
    let pressing = pressing(entry.stage, terms, &context.bank, context.ports.clock.now());
    let run = terms.run.as_ref();
    let fault: Value =
        entry.fault.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let figures = entry.figures();
    json!({
        "job": entry.job.to_string(), "stage": entry.stage.code(), "terms_digest": entry.terms_digest.to_hex(),
        "match_threshold": terms.match_threshold, "disclosure": terms.disclosure.code(),
        "participants": terms.participants.iter().map(|p| p.bank.as_str()).collect::<Vec<_>>(),
        "purpose": terms.purpose, "legal_basis": terms.legal_basis,
        "deadline": terms.deadline_of(&context.bank), "taken_until": terms.taken_until(&context.bank),
        "reminder": pressing.map(Pressing::code), "schedule": run.map(|run| run.schedule.as_str()),
        "planned_at": run.map(|run| run.planned_at),
        "predecessor": run.and_then(|run| run.predecessor).map(|job| job.to_string()),
        "decided_by": entry.decided_by, "own_rows": figures.own_rows, "fault": fault, "figures": figures,
    })
}

/// A job as it is shown. One whose terms cannot be opened under the coordinator's present key is shown with its problem.
fn shown(joined: &Joined, entry: &Entry) -> Value {
    match terms(joined, entry) {
        Ok(terms) => described(joined, entry, &terms),
        Err(problem) => json!({
            "job": entry.job.to_string(), "stage": entry.stage.code(), "terms_digest": entry.terms_digest.to_hex(),
            "decided_by": entry.decided_by, "problem": problem.code(),
        }),
    }
}

async fn list(joined: &Joined, call: &Call) -> Result<Exit, Problem> {
    let entries = joined.context.book.list().await?;
    let all: Vec<Value> = entries.iter().map(|entry| shown(joined, entry)).collect();
    let mut table = Table::new(["job", "stage", "t", "disclosure", "banks", "schedule", "reminder"]);
    for job in &all {
        let text = |field: &str| job[field].as_str().unwrap_or_default().to_owned();
        let banks = job["participants"].as_array().map(|banks| banks.len().to_string());
        let threshold = job["match_threshold"].as_u64().map(|t| t.to_string());
        // A problem stands where the terms would.
        let terms = if job["problem"].is_null() { text("disclosure") } else { text("problem") };
        let (threshold, banks) = (threshold.unwrap_or_default(), banks.unwrap_or_default());
        table.row([text("job"), text("stage"), threshold, terms, banks, text("schedule"), text("reminder")]);
    }
    tell(&*call.console, &json!({ "jobs": all }), &table.render());
    Ok(Exit::Done)
}

async fn show(joined: &Joined, call: &Call, job: &str) -> Result<Exit, Problem> {
    let entry = entry(joined, job).await?;
    let mut json = shown(joined, &entry);
    let turn = work::turn(&joined.context.store, Errand::Job(entry.job)).await?;
    let rests = turn.strikes >= RULE.strikes;
    json["attempts"] = turn.attempts.into();
    json["rests"] = rests.into();
    json["next_attempt"] = if turn.attempts > 0 && !rests { turn.not_before.into() } else { Value::Null };
    let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
    for trouble in troubles(joined.context.bank.as_str(), entry.stage, &json["fault"]) {
        text.push('\n');
        text.push_str(&trouble.doing("doing-job").sentence(call.console.lang()));
    }
    if rests {
        text.push('\n');
        text.push_str(&call.console.text("node-job-rests", &[("job", job.to_owned().into())]));
    }
    tell(&*call.console, &json, &text);
    Ok(Exit::Done)
}

/// What keeps the job from going on, or ended it here, as a person is told: at which party, and what to do.
fn troubles(own: &str, stage: Stage, fault: &Value) -> Vec<Problem> {
    let last = last_fault(own, fault);
    match stage {
        Stage::Missed => std::iter::once(Problem::fault("job-deadline-passed").at(own)).chain(last).collect(),
        Stage::Refused => vec![Problem::fault("consent-refused").at(own)],
        Stage::Failed if fault["code"] == FaultCode::JobUnknown.code() => {
            vec![Problem::refused("job-forgotten").at(NAME)]
        }
        Stage::Failed => std::iter::once(Problem::refused("job-given-up").at(NAME)).chain(last).collect(),
        _ => last.into_iter().collect(),
    }
}

fn last_fault(own: &str, fault: &Value) -> Option<Problem> {
    let code = fault["code"].as_str()?;
    let party = fault["party"].as_str().unwrap_or(own);
    let problem = Problem::fault(code).with("path", party).at(party);
    let named = ["field", "wanted", "got"].into_iter();
    Some(named.fold(problem, |problem, name| match fault[name].as_str() {
        Some(value) => problem.with(name, value),
        None => problem,
    }))
}

/// A person has seen to what stopped a job: it is tried again at once.
async fn retry(joined: &Joined, call: &Call, job: &str) -> Result<Exit, Problem> {
    let entry = entry(joined, job).await?;
    if !work::retry(&joined.context.store, Errand::Job(entry.job)).await? {
        let turn = work::turn(&joined.context.store, Errand::Job(entry.job)).await?;
        return Err(not_restarted(&turn, entry.stage));
    }
    joined.context.book.wake();
    tell(&*call.console, &json!({ "retried": true }), &call.console.text("node-job-retried", &[]));
    Ok(Exit::Done)
}

/// Why nothing was restarted: nothing has failed, or somebody works on it all the same, or did until its process died.
fn not_restarted(turn: &Turn, stage: Stage) -> Problem {
    if turn.attempts > 0 {
        Problem::later("job-worked-on")
    } else {
        Problem::refused("job-nothing-failed").with("stage", stage.code())
    }
}

async fn decide(joined: &Joined, call: &Call, job: &str, accept: bool) -> Result<Exit, Problem> {
    let entry = entry(joined, job).await?;
    if entry.stage != Stage::Proposed {
        return Err(Problem::refused("job-decided").with("stage", entry.stage.code()));
    }
    let (context, by) = (&joined.context, &call.person);
    let done = if accept {
        context.accept(&entry, entry.job, by).await
    } else {
        context.refuse(&entry, entry.job, "person", by).await
    };
    done.map_err(|fault| problem(&fault))?;
    let id = if accept { "node-job-accepted" } else { "node-job-refused" };
    tell(&*call.console, &json!({ "accepted": accept }), &call.console.text(id, &[]));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use lianfang_desk::Lang;

    use super::*;

    fn told(stage: Stage, fault: &Value) -> Vec<String> {
        troubles("alpha", stage, fault).iter().map(|problem| problem.code().to_owned()).collect()
    }

    #[test]
    fn what_somebody_works_on_is_not_called_sound() {
        let told = |attempts| {
            let problem = not_restarted(&Turn { attempts, ..Turn::default() }, Stage::Prepared);
            (problem.code().to_owned(), problem.exit())
        };
        assert_eq!(told(0), ("job-nothing-failed".to_owned(), Exit::Refused));
        assert_eq!(told(1), ("job-worked-on".to_owned(), Exit::Later));
    }

    #[test]
    fn a_job_that_has_failed_says_why() {
        let (none, forgotten) = (Value::Null, json!({ "code": "job-unknown", "party": "coordinator" }));
        let last = json!({ "code": "unreachable", "party": "beta" });
        assert_eq!(told(Stage::Failed, &none), ["job-given-up"]);
        assert_eq!(told(Stage::Failed, &forgotten), ["job-forgotten"]);
        assert_eq!(told(Stage::Failed, &last), ["job-given-up", "unreachable"]);
        assert_eq!(told(Stage::Missed, &none), ["job-deadline-passed"]);
        assert_eq!(told(Stage::Missed, &last), ["job-deadline-passed", "unreachable"]);
        assert_eq!(told(Stage::Prepared, &last), ["unreachable"]);
        assert_eq!(told(Stage::Done, &none), Vec::<String>::new());
        for problem in troubles("alpha", Stage::Failed, &last) {
            for lang in Lang::ALL {
                let party = problem.party().unwrap_or_default();
                assert!(!party.is_empty() && problem.sentence(lang).contains(party));
            }
        }
    }
}
