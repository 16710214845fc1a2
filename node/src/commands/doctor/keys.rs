//! What is found of keys and jobs: shares that this node should have, records that nobody has compared, ceremonies
//! that wait for a person, jobs held up.

use lianfang_desk::{Exit, Problem};
use lianfang_telemetry::doctor::Finding;

use crate::app::{App, Joined};
use crate::ceremony::asked::{Asked, Questions};
use crate::job::state::Stage;
use crate::ports::Micros;

/// How long a job may stand with a fault before it counts as held up.
const HELD_UP: Micros = 10 * 60 * 1_000_000;

pub(super) async fn checks(node: &App, joined: &Joined) -> Vec<Finding> {
    vec![
        Finding::of("share", share(joined).await),
        Finding::of("keys", compared(joined).await),
        Finding::of("ceremonies", ceremonies(node, joined).await),
        Finding::of("jobs", jobs(node, joined).await),
    ]
}

/// Every key of which this node is a holder has its share here.
async fn share(joined: &Joined) -> Result<Finding, Problem> {
    let context = &joined.context;
    let mut held = 0_u64;
    for endorsed in context.records.all().await.map_err(Problem::bug)? {
        let record = endorsed.record();
        let (class, epoch) = (record.key.class, record.key.epoch);
        if record.holder(&context.bank).is_none() || context.vault.is_closed(class, epoch) {
            continue;
        }
        if context.vault.current(class, epoch).is_none() {
            let missing = Finding::fail("share", "doctor-share-missing").exiting(Exit::Later);
            return Ok(missing.with("class", class.code()).with("epoch", epoch.0));
        }
        held += 1;
    }
    Ok(if held == 0 {
        Finding::ok("share", "doctor-share-none")
    } else {
        Finding::ok("share", "doctor-share-ok").with("count", held)
    })
}

/// The newest record of every epoch has been compared by somebody.
async fn compared(joined: &Joined) -> Result<Finding, Problem> {
    let context = &joined.context;
    for endorsed in context.records.all().await.map_err(Problem::bug)? {
        let key = endorsed.record().key;
        let kept = context.records.current(key.class, key.epoch).await.map_err(Problem::bug)?;
        if kept.is_some_and(|kept| !kept.compared) && !context.vault.is_closed(key.class, key.epoch) {
            let finding = Finding::warn("keys", "doctor-key-uncompared");
            return Ok(finding.with("class", key.class.code()).with("epoch", key.epoch.0));
        }
    }
    Ok(Finding::ok("keys", "doctor-key-ok"))
}

/// Ceremonies that wait for a person here: they fail if nobody says anything.
async fn ceremonies(node: &App, joined: &Joined) -> Result<Finding, Problem> {
    let asking = Questions::new(joined.context.store.clone()).open(node.ports.clock.now()).await?;
    // The newest come first.
    let Some(Asked { proposal, .. }) = asking.last() else {
        return Ok(Finding::ok("ceremonies", "doctor-ceremonies-ok"));
    };
    let deadline = jiff::Timestamp::from_microsecond(proposal.deadline);
    let deadline = deadline.map(|time| time.to_string()).unwrap_or_default();
    let finding = Finding::warn("ceremonies", "doctor-ceremonies-ask").with("count", asking.len());
    Ok(finding.with("ceremony", proposal.ceremony.to_string()).with("deadline", deadline))
}

/// Jobs that stand with a fault for a while, else those that wait for a person.
async fn jobs(node: &App, joined: &Joined) -> Result<Finding, Problem> {
    let now = node.ports.clock.now();
    let open = joined.context.book.unfinished().await?;
    let waits = |job: &&crate::job::book::Entry| job.stage == Stage::Proposed;
    let stuck: Vec<_> = open
        .iter()
        .filter(|job| !waits(job) && job.fault.is_some() && now.saturating_sub(job.seen_at) > HELD_UP)
        .collect();
    // The newest come first.
    if let Some(oldest) = stuck.last() {
        let fault: serde_json::Value =
            oldest.fault.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let code = fault["code"].as_str().unwrap_or_default().to_owned();
        let finding = Finding::fail("jobs", "doctor-jobs-stuck").exiting(Exit::Later);
        let finding = finding.with("count", stuck.len()).with("job", oldest.job.to_string());
        return Ok(finding.with("detail", code));
    }
    let asking: Vec<_> = open.iter().filter(waits).collect();
    Ok(match asking.last() {
        Some(oldest) => {
            let finding = Finding::warn("jobs", "doctor-jobs-ask").with("count", asking.len());
            finding.with("job", oldest.job.to_string())
        }
        None => Finding::ok("jobs", "doctor-jobs-ok"),
    })
}
