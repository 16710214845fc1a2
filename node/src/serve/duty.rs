//! Which of several processes over one store works on jobs.
//!
//! * Comes in: the configuration, the store. Goes out: a [`Duty`] that says from moment to moment whether it is this one.
//! * A job is one process's from its terms to its report: the submission's files lie in that one's folder, two that evaluate
//!   would both be charged for what both lack, and a decision depends on those before it. Ceremonies and answers are
//!   anybody's.
//! * Fails: at the start, where another process has the duty; later, where it slept through its lease, with a line in the
//!   log, and takes it up again when it is free.
//!
//! ```text
//! free ──claimed, or said again──▶ ours ──given back──▶ free
//!                                  │ ▲ └──the process is started again, and claims──▶ ours, the new process's
//!                                  └─┘ claimed or said again, also after its time, if nobody has taken it
//!
//! ours ── its time is over, and another claims ──▶ another's
//! another's, and that one lives ── claimed ──▶ refused, and this process does not start; said again ──▶ not ours
//! another's, and its time is over ── claimed or said again ──▶ ours
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lianfang_desk::Problem;
use tokio::sync::watch;

use crate::config::Config;
use crate::ports::{Clock, Micros};
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
    pub(super) async fn claim(config: &Config, desk: &Desk) -> Result<(Self, Option<Lease>), Problem> {
        if !config.serve.jobs || config.store.is_embedded() {
            return Ok((Self::fixed(config.serve.jobs), None));
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
            let said = said_again(&desk, &mut lease).await.ok();
            self.is(stays(self.is_on(), said, clock.now(), lease.until()));
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

/// Whether a process that had the duty or had not has it from now on; `said` is what the store answered, if it did.
const fn stays(on: bool, said: Option<bool>, now: Micros, until: Micros) -> bool {
    match said {
        Some(held) => held,
        // It lasts as long as it was taken for; a store that does not answer gives it to nobody else either.
        None => on && now < until,
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
    use std::sync::atomic::AtomicI64;

    use lianfang_desk::{Exit, Lang};
    use lianfang_proto::listed;
    use lianfang_store::trial::Trial;
    use lianfang_trust::at_rest::MasterKey;
    use sqlx::Row as _;

    use super::*;
    use crate::config::{StorePlace, Unlock};
    use crate::key_holder::tests::Still;
    use crate::ports::Ports;
    use crate::store::{Store, number};

    listed! {
        /// How the duty stands, seen from one process.
        enum Stands {
            Free,
            Ours,
            /// Its time is over, and nobody has taken it.
            OursOver,
            Anothers,
            AnothersOver,
        }
    }
    use Stands::{Anothers, AnothersOver, Free, Ours, OursOver};

    listed! {
        /// What the process does.
        enum Does { Claims, SaysAgain, GivesBack, StartsAgain }
    }

    /// What it is told of each deed, and how the duty stands then, in the order of [`Does::ALL`].
    type Row = [(Told, Stands); Does::ALL.len()];

    /// What it is told.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Told {
        Yes,
        No,
        Elsewhere,
    }

    fn config(jobs: bool, shared: bool) -> Config {
        let mut config = Config::new("127.0.0.1:7000", Unlock::KeyFile("unlock.key".into()));
        config.serve.jobs = jobs;
        config.store = StorePlace { url_file: shared.then(|| "store.url".into()) };
        config
    }

    /// Two processes over one store, and the leases that they had last.
    struct Pair {
        clock: Arc<Still>,
        store: Store,
        one: Desk,
        other: Desk,
        ours: Lease,
        others: Option<Lease>,
        _trial: Trial,
    }

    impl Pair {
        async fn that_stands(stands: Stands) -> Self {
            let (clock, trial) = (Arc::new(Still(AtomicI64::new(1_000_000_000))), Trial::new());
            let ports = Ports { clock: clock.clone(), ..Ports::system() };
            let master = Arc::new(MasterKey::ephemeral(&mut *ports.chance.rng()));
            let store = Store::open(&trial.place(), trial.folder(), master, ports).await.unwrap();
            let (one, other) = (Desk::sit(&store).await.unwrap(), Desk::elsewhere(&store));
            let ours = one.take_duty().await.unwrap().unwrap();
            let mut pair = Self { clock, store, one, other, ours, others: None, _trial: trial };
            match stands {
                Ours => {}
                OursOver => pair.wait(),
                Free => pair.one.rise().await.unwrap(),
                Anothers | AnothersOver => {
                    pair.wait();
                    pair.others = Some(pair.other.take_duty().await.unwrap().unwrap());
                }
            }
            if stands == AnothersOver {
                pair.wait();
            }
            assert_eq!(pair.stands().await, stands);
            pair
        }

        /// Until what was taken last is over.
        fn wait(&self) {
            self.clock.0.fetch_add(DUTY.lease, Ordering::Relaxed);
        }

        async fn stands(&self) -> Stands {
            let row = sqlx::query("SELECT owner, fence, held_until FROM work WHERE kind = 'duty'");
            let row = row.fetch_one(self.store.readers()).await.unwrap();
            let owner: Option<Vec<u8>> = row.try_get("owner").unwrap();
            let (fence, until): (i64, Micros) =
                (number(&row, "fence").unwrap(), number(&row, "held_until").unwrap());
            let over = until <= self.store.now();
            let others = self.others.as_ref().is_some_and(|lease| lease.fence() == fence);
            match (owner, others, over) {
                (None, ..) => Free,
                (Some(_), false, false) => Ours,
                (Some(_), false, true) => OursOver,
                (Some(_), true, false) => Anothers,
                (Some(_), true, true) => AnothersOver,
            }
        }

        async fn claim(&mut self) -> Told {
            match Duty::claim(&config(true, true), &self.one).await {
                Ok((duty, lease)) => {
                    assert!(duty.is_on());
                    self.ours = lease.unwrap();
                    Told::Yes
                }
                Err(problem) => {
                    assert_eq!((problem.code(), problem.exit()), ("jobs-elsewhere", Exit::Later));
                    Told::Elsewhere
                }
            }
        }

        async fn say_again(&mut self) -> Told {
            if said_again(&self.one, &mut self.ours).await.unwrap() { Told::Yes } else { Told::No }
        }

        async fn does(&mut self, does: Does) -> Told {
            match does {
                Does::Claims => self.claim().await,
                Does::SaysAgain => self.say_again().await,
                Does::GivesBack => {
                    self.one.rise().await.unwrap();
                    Told::No
                }
                Does::StartsAgain => {
                    let (before, mut lease) = (self.one.clone(), self.ours.clone());
                    self.one = Desk::sit(&self.store).await.unwrap();
                    let told = self.claim().await;
                    let still = said_again(&before, &mut lease).await.unwrap();
                    assert!(!still, "the process before has it no longer");
                    told
                }
            }
        }
    }

    #[tokio::test]
    async fn every_deed_of_a_process_however_the_duty_stands() {
        use Told::{Elsewhere, No, Yes};
        let table: [(Stands, Row); Stands::ALL.len()] = [
            (Free, [(Yes, Ours), (Yes, Ours), (No, Free), (Yes, Ours)]),
            (Ours, [(Yes, Ours), (Yes, Ours), (No, Free), (Yes, Ours)]),
            (OursOver, [(Yes, Ours), (Yes, Ours), (No, Free), (Yes, Ours)]),
            (Anothers, [(Elsewhere, Anothers), (No, Anothers), (No, Anothers), (Elsewhere, Anothers)]),
            (AnothersOver, [(Yes, Ours), (Yes, Ours), (No, AnothersOver), (Yes, Ours)]),
        ];
        assert_eq!(table.map(|(stands, _)| stands), Stands::ALL);
        for (before, row) in table {
            for (does, after) in Does::ALL.into_iter().zip(row) {
                let mut pair = Pair::that_stands(before).await;
                let told = pair.does(does).await;
                assert_eq!((told, pair.stands().await), after, "{before:?}, then one {does:?}");
            }
        }
    }

    /// Only a process that works on jobs, over a store that others may share, claims anything.
    #[tokio::test]
    async fn who_claims_by_the_configuration() {
        for (jobs, shared, on, claims) in [
            (false, false, false, false),
            (false, true, false, false),
            (true, false, true, false),
            (true, true, true, true),
        ] {
            let pair = Pair::that_stands(Free).await;
            let (duty, lease) = Duty::claim(&config(jobs, shared), &pair.one).await.unwrap();
            assert_eq!((duty.is_on(), lease.is_some()), (on, claims), "jobs {jobs}, shared {shared}");
            assert_eq!(pair.stands().await, if claims { Ours } else { Free });
        }
        // Who does not want it is not refused, though another has it.
        let pair = Pair::that_stands(Anothers).await;
        for (jobs, shared) in [(false, false), (false, true), (true, false)] {
            assert!(Duty::claim(&config(jobs, shared), &pair.one).await.is_ok());
        }
    }

    /// The process ends with 75, for a service manager tries again, and says what to write where.
    #[tokio::test]
    async fn a_claim_that_is_refused_says_which_field_to_change() {
        let pair = Pair::that_stands(Anothers).await;
        let refused = Duty::claim(&config(true, true), &pair.one).await.unwrap_err();
        let told = refused.json();
        assert_eq!((&told["error"]["code"], &told["error"]["exit"]), (&"jobs-elsewhere".into(), &75.into()));
        assert_eq!(told["error"]["field"], "serve.jobs");
        for lang in Lang::ALL {
            assert!(refused.sentence(lang).contains("jobs = false"), "{}", refused.sentence(lang));
        }
        assert_eq!(pair.stands().await, Anothers, "nothing was taken");
    }

    #[test]
    fn whether_the_duty_stays_by_what_the_store_answers() {
        // Had it; what the store answers, if it does; a moment before its end, at its end, after it.
        let table = [
            (true, Some(true), [true, true, true]),
            (true, Some(false), [false, false, false]),
            (true, None, [true, false, false]),
            (false, Some(true), [true, true, true]),
            (false, Some(false), [false, false, false]),
            (false, None, [false, false, false]),
        ];
        for (on, said, after) in table {
            for (now, after) in [99, 100, 101].into_iter().zip(after) {
                assert_eq!(stays(on, said, now, 100), after, "{on} {said:?} {now}");
            }
        }
    }
}
