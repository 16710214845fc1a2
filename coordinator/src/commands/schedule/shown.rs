//! What a schedule looks like: its plan, its next runs, and what has become of the last ones.

use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::ids::ScheduleName;
use serde_json::{Value, json};

use super::{find, options, stands, table};
use crate::commands::time;
use crate::fault::Error;
use crate::job::ledger as jobs;
use crate::job::state::State;
use crate::office::Office;
use crate::ports::Micros;
use crate::schedule::ledger::{self, Occurrence, Schedule};
use crate::schedule::standing::Standing;
use crate::store::Connection;

fn object(schedule: &Schedule, now: Micros) -> Value {
    let next = schedule.plan.planned_after(now.max(schedule.since)).next();
    let mut object = json!({
        "schedule": schedule.name.as_str(),
        "standing": schedule.standing.word(),
        "revision": schedule.revision,
        "changed_by": schedule.changed_by,
        "next": next.filter(|_| schedule.standing == Standing::Active).map(time),
    });
    if let (Value::Object(all), Value::Object(plan)) = (&mut object, options::shown(&schedule.plan)) {
        all.extend(plan);
    }
    object
}

/// One run, without its job's state.
pub(super) fn run(one: &Occurrence) -> Value {
    let left_out = one.left_out.iter().map(|(bank, why)| json!({"bank": bank, "why": why}));
    json!({
        "planned_at": time(one.planned_at),
        "fate": one.fate.word(),
        "why": one.why,
        "number": one.number,
        "job": one.job.map(|job| job.to_string()),
        "left_out": left_out.collect::<Vec<_>>(),
        "stands_for": one.stands_for,
        "asked_by": one.asked_by,
        "decided_at": time(one.decided_at),
    })
}

/// One run with how far its job has come, and who stays away.
async fn run_with_job(office: &Office, tx: &mut Connection, one: &Occurrence) -> Result<Value, Error> {
    let mut shown = run(one);
    let Some(id) = one.job else { return Ok(shown) };
    let Some(job) = jobs::find(office, tx, id).await? else { return Ok(shown) };
    let parties = jobs::parties(tx, id).await?;
    let terms = job.agreed.terms();
    let gathered = job.state > State::Open;
    let banks = |of: &dyn Fn(&jobs::Party) -> bool| -> Vec<&str> {
        parties.iter().filter(|party| of(party)).map(|party| party.bank.as_str()).collect()
    };
    let declined = |party: &jobs::Party| party.accepted == Some(false) && !party.sealed && !party.left_out;
    shown["state"] = job.state.word().into();
    shown["missing"] = banks(&|party| gathered && !party.sealed && !declined(party)).into();
    shown["declined"] = banks(&declined).into();
    shown["late"] = banks(&|party| party.is_late(terms)).into();
    shown["awaited"] = banks(&|party| !gathered && !party.sealed && !declined(party)).into();
    Ok(shown)
}

pub(super) async fn list(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let mut connection = office.store.readers().acquire().await.map_err(Error::from)?;
    let now = office.now();
    let all = ledger::all(&mut connection, now).await?;
    if console.json() {
        let all: Vec<Value> = all.iter().map(|schedule| object(schedule, now)).collect();
        console.out(&json!({"schedules": all}).to_string());
        return Ok(Exit::Done);
    }
    let headers = ["schedule", "standing", "rhythm", "next", "purpose"];
    let headers = headers.map(|id| console.text(&format!("coordinator-column-{id}"), &[]));
    let mut table = Table::new(headers);
    for schedule in &all {
        let plan = &schedule.plan;
        let next = plan.planned_after(now.max(schedule.since)).next();
        let next = next.filter(|_| schedule.standing == Standing::Active);
        let next = next.map(|next| plan.zone.shown(next)).unwrap_or_default();
        let rhythm = plan.rhythm.to_string();
        let (name, standing) = (schedule.name.as_str(), schedule.standing.word());
        table.row([name, standing, &rhythm, &next, &plan.template.purpose]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

pub(super) async fn show(
    office: &Office,
    console: &dyn Console,
    name: &ScheduleName,
    last: u32,
) -> Result<Exit, Problem> {
    let mut connection = office.store.readers().acquire().await.map_err(Error::from)?;
    let now = office.now();
    let schedule = find(&mut connection, name, now).await?;
    let mut runs = Vec::new();
    for one in ledger::occurrences(&mut connection, name, i64::from(last)).await? {
        runs.push(run_with_job(office, &mut connection, &one).await?);
    }
    let mut object = object(&schedule, now);
    if console.json() {
        object["runs"] = runs.into();
        console.out(&object.to_string());
        return Ok(Exit::Done);
    }
    table(console, &object);
    let headers = ["planned", "fate", "why", "job", "state", "absent", "late"];
    let headers = headers.map(|id| console.text(&format!("coordinator-column-{id}"), &[]));
    let mut table = Table::new(headers);
    for run in &runs {
        let text = |field: &str| run[field].as_str().unwrap_or_default().to_owned();
        let listed = |field: &str| run[field].as_array().cloned().unwrap_or_default();
        let left_out = listed("left_out").into_iter().map(|one| one["bank"].clone());
        let absent: Vec<Value> = left_out.chain(listed("missing")).chain(listed("declined")).collect();
        let cells = [text("planned_at"), text("fate"), text("why"), text("job"), text("state")];
        let [planned, fate, why, job, state] = cells;
        table.row([planned, fate, why, job, state, joined(&absent), joined(&listed("late"))]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

/// Banks, one after the other.
fn joined(banks: &[Value]) -> String {
    let names: Vec<&str> = banks.iter().filter_map(Value::as_str).collect();
    names.join(", ")
}

pub(super) async fn next(
    office: &Office,
    console: &dyn Console,
    name: &ScheduleName,
    count: u32,
) -> Result<Exit, Problem> {
    let mut connection = office.store.readers().acquire().await.map_err(Error::from)?;
    let now = office.now();
    let schedule = find(&mut connection, name, now).await?;
    // Nobody is to take what the plan of one that rests would give for what will take place.
    let most = if schedule.standing == Standing::Active { count as usize } else { 0 };
    let planned = schedule.plan.planned_after(now.max(schedule.since));
    let planned: Vec<Micros> = planned.take(most).collect();
    if console.json() {
        let next = planned.iter().map(|at| json!({"at": time(*at), "local": schedule.plan.zone.shown(*at)}));
        let next: Vec<Value> = next.collect();
        let standing = schedule.standing.word();
        console.out(&json!({"schedule": name.as_str(), "standing": standing, "next": next}).to_string());
    } else if planned.is_empty() {
        stands(console, &schedule);
    } else {
        for at in planned {
            console.out(&schedule.plan.zone.shown(at));
        }
    }
    Ok(Exit::Done)
}
