//! Which of several processes over one store works on jobs.
//!
//! * Comes in: the configuration, the store. Goes out: a [`Duty`] that says from moment to moment whether it is this one.
//! * A job is one process's from its terms to its report: the submission's files lie in that one's folder, two that evaluate
//!   would both be charged for what both lack, and a decision depends on those before it. Ceremonies and answers are
//!   anybody's.
//! * Fails: at the start, where another process has the duty; later, where it slept through its lease, with a line in the
//!   log, and takes it up again when it is free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lianfang_desk::Problem;
use tokio::sync::watch;

use crate::app::App;
use crate::ports::Clock;
use crate::store::work::{Held, Lease};
use crate::work::{DUTY, Desk};

/// How often the lease is renewed, or asked for.
const AGAIN: Duration = Duration::from_secs(40);

/// Whether this process works on jobs.
#[derive(Clone, Debug)]
pub(super) struct Duty(Arc<AtomicBool>);

impl Duty {
    /// It does, or does not, whatever others do.
    fn fixed(does: bool) -> Self {
        Self(Arc::new(AtomicBool::new(does)))
    }

    /// Whether it does now.
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the duty, where the configuration wants it and the store is one that others may share.
    pub(super) async fn claim(node: &App, desk: &Desk) -> Result<(Self, Option<Lease>), Problem> {
        if !node.config.serve.jobs || node.config.store.is_embedded() {
            return Ok((Self::fixed(node.config.serve.jobs), None));
        }
        match desk.take_duty().await? {
            Some(lease) => Ok((Self::fixed(true), Some(lease))),
            // A service manager tries again: the other's lease may be the last word of a machine that is gone.
            None => Err(Problem::later("jobs-elsewhere").field("serve.jobs")),
        }
    }

    /// Keeps what was claimed, until told to stop.
    pub(super) async fn keep(
        self,
        claimed: Option<Lease>,
        desk: Desk,
        clock: Arc<dyn Clock>,
        stop: watch::Receiver<bool>,
    ) {
        let Some(mut lease) = claimed else { return };
        loop {
            tokio::select! {
                () = super::stopped(stop.clone()) => return,
                () = clock.sleep(AGAIN) => {}
            }
            match said_again(&desk, &mut lease).await {
                Ok(held) => self.is(held),
                // It lasts as long as it was taken for; a store that does not answer gives it to nobody else either.
                Err(_) if clock.now() < lease.until() => {}
                Err(_) => self.is(false),
            }
        }
    }

    fn is(&self, held: bool) {
        if self.0.swap(held, Ordering::Relaxed) && !held {
            tracing::error!(
                event = "jobs.elsewhere",
                "another process over this store has taken up the work on jobs, or the store did not answer for too long"
            );
        }
    }
}

async fn said_again(desk: &Desk, lease: &mut Lease) -> Result<bool, crate::store::StoreError> {
    if desk.renew(lease, &DUTY).await? == Held::Yes {
        return Ok(true);
    }
    let taken = desk.take_duty().await?;
    let held = taken.is_some();
    *lease = taken.unwrap_or_else(|| lease.clone());
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Bench;

    #[tokio::test]
    async fn the_duty_is_one_processs_and_comes_back_to_it() {
        let bench = Bench::new().await;
        let (one, two) = (Desk::sit(&bench.store).await.unwrap(), Desk::elsewhere(&bench.store));
        let mut lease = one.take_duty().await.unwrap().expect("it is free");
        assert!(two.take_duty().await.unwrap().is_none());
        assert!(said_again(&one, &mut lease).await.unwrap());
        one.rise().await.unwrap();
        let mut taken = two.take_duty().await.unwrap().expect("it was given back");
        assert!(!said_again(&one, &mut lease).await.unwrap(), "it slept, and another has it");
        assert!(said_again(&two, &mut taken).await.unwrap());
        two.rise().await.unwrap();
        assert!(said_again(&one, &mut lease).await.unwrap(), "taken up again");
    }
}
