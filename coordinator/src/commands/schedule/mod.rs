//! `schedule`: adds, changes, pauses, shows schedules, and starts a run outside the rhythm.

mod options;
mod shown;

use lianfang_desk::{Call, Console, Exit, Problem};
use lianfang_proto::ids::ScheduleName;
use serde_json::{Value, json};

use super::time;
use crate::audit;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::schedule::fate;
use crate::schedule::ledger;
use crate::schedule::run::{Asked, start};
use crate::schedule::standing::{Event, Refused, Standing};
use crate::store::Connection;

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Schedule {
    /// Makes a schedule.
    Add {
        /// Its name.
        name: ScheduleName,
        #[command(flatten)]
        options: Box<options::Options>,
    },
    /// All schedules.
    List,
    /// One schedule and its runs.
    Show {
        /// Its name.
        name: ScheduleName,
        /// How many runs.
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        last: u32,
    },
    /// Plans no runs until it is resumed.
    Pause {
        /// Its name.
        name: ScheduleName,
    },
    /// Plans runs again.
    Resume {
        /// Its name.
        name: ScheduleName,
    },
    /// Changes what was decided, from now on.
    Change {
        /// Its name.
        name: ScheduleName,
        #[command(flatten)]
        options: Box<options::Options>,
    },
    /// Takes a schedule away.
    Remove {
        /// Its name.
        name: ScheduleName,
    },
    /// Starts a run now.
    Run {
        /// Its name.
        name: ScheduleName,
        /// Although the last run is not over, or too little has changed.
        #[arg(long)]
        force: bool,
    },
    /// When the next runs are planned.
    Next {
        /// Its name.
        name: ScheduleName,
        /// How many.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        count: u32,
    },
}

fn unknown(name: &ScheduleName) -> Problem {
    Problem::usage("coordinator-schedule-unknown").field("NAME").with("got", name.as_str())
}

/// The schedule with this name that was not removed.
async fn find(tx: &mut Connection, name: &ScheduleName, now: Micros) -> Result<ledger::Schedule, Problem> {
    let found = ledger::find(tx, name, now).await?.filter(|found| found.standing != Standing::Removed);
    found.ok_or_else(|| unknown(name))
}

/// What an event makes of the schedule with this name, if there is one; or why it makes nothing.
fn turned(before: Option<&ledger::Schedule>, event: Event, name: &ScheduleName) -> Result<Standing, Problem> {
    Standing::apply(before.map(|before| before.standing), event).map_err(|refused| match refused {
        Refused::Exists => {
            Problem::usage("coordinator-schedule-exists").field("NAME").with("got", name.as_str())
        }
        Refused::Unknown => unknown(name),
        Refused::Stands { got, wanted } => {
            let problem = Problem::refused("coordinator-schedule-standing").with("schedule", name.as_str());
            problem.with("got", got.word()).with("wanted", wanted.word())
        }
    })
}

/// The schedule with this name as it stands, and how it stands after the event.
async fn turn(
    tx: &mut Connection,
    event: Event,
    name: &ScheduleName,
    now: Micros,
) -> Result<(ledger::Schedule, Standing), Problem> {
    let before = ledger::find(tx, name, now).await?;
    let standing = turned(before.as_ref(), event, name)?;
    Ok((before.ok_or_else(|| unknown(name))?, standing))
}

impl Schedule {
    pub(super) async fn perform(self, office: &Office, call: &Call) -> Result<Exit, Problem> {
        let console = call.console.as_ref();
        let by = call.person.as_str();
        let done = match self {
            Self::Add { name, options } => add(office, console, by, name, *options).await,
            Self::List => shown::list(office, console).await,
            Self::Show { name, last } => shown::show(office, console, &name, last).await,
            Self::Pause { name } => stand(office, console, by, &name, Event::Pause).await,
            Self::Resume { name } => stand(office, console, by, &name, Event::Resume).await,
            Self::Change { name, options } => change(office, console, by, &name, *options).await,
            Self::Remove { name } => stand(office, console, by, &name, Event::Remove).await,
            Self::Run { name, force } => run(office, console, Asked { by, force }, &name).await,
            Self::Next { name, count } => shown::next(office, console, &name, count).await,
        };
        done.map_err(|problem| problem.doing("doing-schedule"))
    }
}

async fn add(
    office: &Office,
    console: &dyn Console,
    by: &str,
    name: ScheduleName,
    options: options::Options,
) -> Result<Exit, Problem> {
    let plan = options.over(None, office)?;
    let mut tx = office.store.begin().await.map_err(Error::from)?;
    let now = office.now();
    let before = ledger::find(&mut tx, &name, now).await?;
    let standing = turned(before.as_ref(), Event::Add, &name)?;
    let revision = before.map_or(1, |before| before.revision + 1);
    let schedule = ledger::Schedule { name, plan, standing, revision, since: now, changed_by: by.to_owned() };
    keep(office, tx, "schedule.added", &schedule, now).await?;
    told(console, &schedule, office.now());
    Ok(Exit::Done)
}

/// Keeps a schedule and who decided so at this moment, in one transaction.
async fn keep(
    office: &Office,
    mut tx: crate::store::Tx,
    event: &str,
    schedule: &ledger::Schedule,
    now: Micros,
) -> Result<(), Error> {
    ledger::put(&mut tx, schedule, now).await?;
    let plan = serde_json::to_vec(&schedule.plan).map_err(|_| Error::Bug("a plan"))?;
    let body = json!({
        "schedule": schedule.name.as_str(),
        "revision": schedule.revision,
        "plan": lianfang_trust::Digest::of("lianfang/schedule", &plan).to_hex(),
        "by": schedule.changed_by,
    });
    audit::append(&mut tx, now, event, &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// What a schedule has become.
fn told(console: &dyn Console, schedule: &ledger::Schedule, now: Micros) {
    let plans = schedule.standing == Standing::Active;
    let next = schedule.plan.planned_after(now).next().filter(|_| plans);
    if console.json() {
        let object = json!({
            "schedule": schedule.name.as_str(),
            "standing": schedule.standing.word(),
            "revision": schedule.revision,
            "next": next.map(time),
        });
        console.out(&object.to_string());
        return;
    }
    let name = ("schedule", schedule.name.as_str().into());
    match next {
        Some(next) => {
            let next = schedule.plan.zone.shown(next);
            console.say("coordinator-schedule-next", &[name, ("next", next.into())]);
        }
        None => stands(console, schedule),
    }
}

/// Says how a schedule stands of which no run is planned.
fn stands(console: &dyn Console, schedule: &ledger::Schedule) {
    let id = format!("coordinator-schedule-is-{}", schedule.standing.word());
    console.say(&id, &[("schedule", schedule.name.as_str().into())]);
}

async fn change(
    office: &Office,
    console: &dyn Console,
    by: &str,
    name: &ScheduleName,
    options: options::Options,
) -> Result<Exit, Problem> {
    let mut tx = office.store.begin().await.map_err(Error::from)?;
    let now = office.now();
    let (before, standing) = turn(&mut tx, Event::Change, name, now).await?;
    let plan = options.over(Some(before.plan), office)?;
    let schedule = ledger::Schedule {
        name: before.name,
        plan,
        standing,
        revision: before.revision + 1,
        since: now,
        changed_by: by.to_owned(),
    };
    keep(office, tx, "schedule.changed", &schedule, now).await?;
    told(console, &schedule, office.now());
    Ok(Exit::Done)
}

/// Pauses, resumes or removes. What waits is left out when the schedule rests: a run that was due long ago is not what a
/// person means who resumes it.
async fn stand(
    office: &Office,
    console: &dyn Console,
    by: &str,
    name: &ScheduleName,
    event: Event,
) -> Result<Exit, Problem> {
    let now = office.now();
    let mut tx = office.store.begin().await.map_err(Error::from)?;
    let (before, standing) = turn(&mut tx, event, name, now).await?;
    let (entry, rests) = match standing {
        Standing::Active => ("schedule.resumed", None),
        Standing::Paused => ("schedule.paused", Some(fate::Event::Pause)),
        Standing::Ended | Standing::Removed => ("schedule.removed", Some(fate::Event::Remove)),
    };
    if let Some(rests) = rests {
        for planned_at in ledger::waiting(&mut tx, name).await? {
            let decision = ledger::Decision::without_job(planned_at, rests);
            ledger::settle(&mut tx, name, decision, now).await?;
        }
    }
    let revision = before.revision + 1;
    let since = if standing == Standing::Active { now } else { before.since };
    let schedule = ledger::Schedule { standing, revision, since, changed_by: by.to_owned(), ..before };
    keep(office, tx, entry, &schedule, now).await?;
    told(console, &schedule, now);
    Ok(Exit::Done)
}

async fn run(
    office: &Office,
    console: &dyn Console,
    asked: Asked<'_>,
    name: &ScheduleName,
) -> Result<Exit, Problem> {
    let now = office.now();
    let mut tx = office.store.begin().await.map_err(Error::from)?;
    let schedule = find(&mut tx, name, now).await?;
    if ledger::past(&mut tx, name, now).await?.running && !asked.force {
        return Err(Problem::later("coordinator-schedule-running").with("schedule", name.as_str()));
    }
    // An instant of its own, also if somebody has asked within the same microsecond.
    let taken = ledger::occurrences(&mut tx, name, 64).await?;
    let is_free = |planned: &Micros| taken.iter().all(|one| one.planned_at != *planned);
    let planned_at = (now..=now.saturating_add(64)).find(is_free).unwrap_or(now);
    let one = start(office, &mut tx, &schedule, planned_at, Some(asked), now).await?;
    tx.commit().await.map_err(Error::from)?;
    office.bell.ring();
    let Some(job) = one.job else {
        return Err(no_job(name, &one));
    };
    if console.json() {
        console.out(&shown::run(&one).to_string());
    } else {
        console.out(&job.to_string());
    }
    Ok(Exit::Done)
}

/// Why a run makes no job, and who was left out of it if anybody was.
fn no_job(name: &ScheduleName, one: &ledger::Occurrence) -> Problem {
    let banks: Vec<&str> = one.left_out.iter().map(|(bank, _)| bank.as_str()).collect();
    let code =
        if banks.is_empty() { "coordinator-schedule-no-job" } else { "coordinator-schedule-no-job-without" };
    let problem = Problem::refused(code).with("schedule", name.as_str()).with("why", one.why.as_str());
    if banks.is_empty() { problem } else { problem.with("banks", banks.join(", ")) }
}

/// Names of fields and values as two columns.
fn table(console: &dyn Console, object: &Value) {
    super::job::fields(console, object);
}
