//! Makes jobs of what is due. The clerk calls [`run_due`] in its rounds.
//!
//! Comes in: the store and the clock. Goes out: jobs, rows of runs, audit entries, each schedule's in one transaction, so
//! that a crash leaves all of a step or nothing, and of two processes over one store one finds the other's row. Fails per
//! schedule: one that cannot be read does not hold up the others.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::terms::{Run, Terms};
use lianfang_proto::ids::{BankId, JobId, ScheduleName};
use serde_json::json;

use super::due;
use super::fate::{Event, Fate};
use super::ledger::{self, Decision, Lasting, Occurrence, Schedule};
use super::standing::{self, Standing};
use crate::audit;
use crate::bell::moved;
use crate::fault::Error;
use crate::job::counts;
use crate::job::ledger as jobs;
use crate::job::propose::{draw_up, open};
use crate::job::state::State;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;

/// When a schedule that could not be looked after is looked at again.
const RETRY: Micros = 1_000_000;

/// Starts what is due, decides about what is not, and rings where a reminder is due. Gives when to look again.
pub async fn run_due(office: &Office) -> Result<Option<Micros>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let lasting = ledger::lasting(&mut connection, office.now()).await?;
    drop(connection);
    let mut next = remind(office).await?;
    for one in lasting {
        let name = &one.name;
        let until = look_after(office, &one).await.unwrap_or_else(|error| {
            tracing::error!(event = "schedule.stopped", schedule = %name, error = %error, "a schedule could not be looked after");
            Some(office.now() + RETRY)
        });
        next = next.into_iter().chain(until).min();
    }
    Ok(next)
}

/// Rings once for each reminder and deadline that passes, so that nodes look at what they were told.
async fn remind(office: &Office) -> Result<Option<Micros>, Error> {
    let now = office.now();
    let before = office.looked_at.swap(now, Ordering::SeqCst);
    let mut connection = office.store.readers().acquire().await?;
    let mut moments = BTreeSet::new();
    for job in jobs::running(office, &mut connection).await? {
        if job.state == State::Open {
            moments.extend(self::moments(job.agreed.terms()));
        }
    }
    if moments.iter().any(|moment| before < *moment && *moment <= now) {
        drop(connection);
        let mut tx = office.store.begin().await?;
        moved(&mut tx, now).await?;
        tx.commit().await?;
        office.bell.ring();
    }
    Ok(moments.into_iter().find(|moment| *moment > now))
}

/// When participants are reminded, and when their deadlines are.
fn moments(terms: &Terms) -> impl Iterator<Item = Micros> {
    let reminders = &terms.timing.reminders;
    terms.participants.iter().flat_map(move |participant| {
        let deadline = terms.deadline_of(&participant.bank);
        let before = reminders.iter().map(move |before| deadline.saturating_sub(*before));
        before.chain([deadline])
    })
}

/// One schedule. Gives when it is to be looked at again.
async fn look_after(office: &Office, one: &Lasting) -> Result<Option<Micros>, Error> {
    let name = &one.name;
    if one.standing != Standing::Active {
        // If the clock has run ahead, nothing rings when it is set right, and then it has not ended.
        return Ok(Some(office.now() + RETRY));
    }
    if one.ran_ahead {
        set_right(office, name).await?;
    }
    let now = office.now();
    let mut connection = office.store.readers().acquire().await?;
    let Some(schedule) = ledger::find(&mut connection, name, now).await? else { return Ok(None) };
    let past = ledger::past(&mut connection, name, now).await?;
    drop(connection);
    let nothing_due = due(schedule.deciding(), now, &past).is_empty();
    if nothing_due && !due::is_over(schedule.deciding(), now, &past) {
        return Ok(due::wakes(schedule.deciding(), now, &past));
    }
    decide(office, name).await?;
    // What was decided may have made something else due.
    Ok(Some(office.now() + 1))
}

/// Undoes what a clock that ran ahead has decided of since when runs are a schedule's business.
async fn set_right(office: &Office, name: &ScheduleName) -> Result<(), Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let Some(since) = ledger::set_right(&mut tx, name, now).await? else { return Ok(()) };
    let body = json!({"schedule": name.as_str(), "since": since});
    audit::append(&mut tx, now, "schedule.set-right", &body).await?;
    tx.commit().await?;
    Ok(())
}

/// Decides about everything that is due, by what the store says now.
async fn decide(office: &Office, name: &ScheduleName) -> Result<(), Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let Some(schedule) = ledger::find(&mut tx, name, now).await? else { return Ok(()) };
    let past = ledger::past(&mut tx, name, now).await?;
    let occurrences = due(schedule.deciding(), now, &past);
    for one in &occurrences {
        if one.event == Event::Start {
            start(office, &mut tx, &schedule, one.planned_at, None, now).await?;
        } else {
            put_off(&mut tx, name, one, now).await?;
        }
    }
    if occurrences.is_empty() && due::is_over(schedule.deciding(), now, &past) {
        let ended = Standing::apply(Some(schedule.standing), standing::Event::Over);
        let ended = Schedule { standing: ended.map_err(|_| Error::Bug("standing"))?, ..schedule };
        ledger::put(&mut tx, &ended, now).await?;
        audit::append(&mut tx, now, "schedule.ended", &json!({"schedule": name.as_str()})).await?;
    }
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// A run does not take place now: what becomes of it is taken down, and why, unless it waits.
async fn put_off(
    tx: &mut Connection,
    name: &ScheduleName,
    one: &due::Occurrence,
    now: Micros,
) -> Result<(), Error> {
    let decision = Decision { stands_for: one.count, ..Decision::without_job(one.planned_at, one.event) };
    let settled = ledger::settle(tx, name, decision, now).await?;
    if let Some(one) = settled.filter(|one| one.fate != Fate::Waiting) {
        let event = format!("schedule.{}", one.fate.word());
        audit::append(tx, now, &event, &body(name, &one)).await?;
    }
    Ok(())
}

fn body(name: &ScheduleName, one: &Occurrence) -> serde_json::Value {
    json!({
        "schedule": name.as_str(),
        "planned_at": one.planned_at,
        "why": one.why,
        "count": one.stands_for,
        "job": one.job.map(|job| job.to_string()),
        "left_out": one.left_out,
        "by": one.asked_by,
    })
}

/// A person who asks for a run outside the rhythm.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who.
    pub by: &'a str,
    /// Whether it is to take place though too little has changed.
    pub force: bool,
}

/// Starts a run, or takes down why it makes no job. Gives what has become of it.
pub async fn start(
    office: &Office,
    tx: &mut Connection,
    schedule: &Schedule,
    planned_at: Micros,
    asked: Option<Asked<'_>>,
    now: Micros,
) -> Result<Occurrence, Error> {
    let name = &schedule.name;
    let (started, asked_by) = match asked {
        Some(asked) => (Event::ByHand, Some(asked.by.to_owned())),
        None => (Event::Start, None),
    };
    let decided = |event, banks: &[(BankId, &str)]| Decision {
        asked_by: asked_by.clone(),
        ..Decision::without_job(planned_at, event).leaving_out(banks)
    };
    let no_job = |why: &str, banks: &[(BankId, &str)]| Decision {
        why: why.to_owned(),
        ..decided(Event::NoJob, banks)
    };
    let chosen = schedule.plan.template.who.chosen(office.book.now().roster());
    let groups: BTreeSet<_> = chosen.participants.iter().map(|participant| &participant.group).collect();
    let (number, predecessor) = ledger::succession(tx, name).await?;
    let decision = if groups.len() < 2 {
        no_job("too-few-groups", &chosen.left_out)
    } else if !asked.is_some_and(|asked| asked.force)
        && little_has_changed(office, tx, schedule, predecessor).await?
    {
        no_job("min-change", &chosen.left_out)
    } else {
        let run = Run { schedule: name.clone(), planned_at, predecessor };
        match draw_up(office, tx, &schedule.plan.template, Some(run), now).await {
            Ok(drawn) => {
                open(tx, &drawn.terms, now).await?;
                let job = Some(drawn.terms.value().job);
                Decision { number: Some(number), job, ..decided(started, &drawn.left_out) }
            }
            Err(Error::Refused(fault)) => no_job(fault.code.code(), &chosen.left_out),
            Err(error) => return Err(error),
        }
    };
    // Whoever has decided it since it was read, the job above goes with the transaction.
    let twice = Error::Bug("a run that was decided twice");
    let one = ledger::settle(tx, name, decision, now).await?.ok_or(twice)?;
    audit::append(tx, now, &format!("schedule.{}", one.fate.word()), &body(name, &one)).await?;
    Ok(one)
}

/// Whether the participants differ from those of the last like job by so few that the difference of two results would single
/// them out (PROTOCOL.md 3.2). Jobs of counts alone are alike whoever set them; others if they are of one schedule.
async fn little_has_changed(
    office: &Office,
    tx: &mut Connection,
    schedule: &Schedule,
    predecessor: Option<JobId>,
) -> Result<bool, Error> {
    let least = usize::from(schedule.plan.min_change);
    if least == 0 {
        return Ok(false);
    }
    let last = if schedule.plan.template.disclosure == Disclosure::Count {
        counts::last(office, tx).await?
    } else {
        match predecessor {
            Some(job) => jobs::find(office, tx, job).await?,
            None => None,
        }
    };
    let Some(last) = last else { return Ok(false) };
    // Those who are named: who stays away once must not stop every run that follows.
    let before: BTreeSet<_> = last.agreed.terms().participants.iter().map(|p| p.bank.clone()).collect();
    let chosen = schedule.plan.template.who.chosen(office.book.now().roster());
    let now: BTreeSet<_> = chosen.participants.into_iter().map(|participant| participant.bank).collect();
    Ok((1..least).contains(&before.symmetric_difference(&now).count()))
}
