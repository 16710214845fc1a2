//! Steps around a lost lease, over a real store and real files: whoever has lost one touches nothing that stands, whatever it
//! was about to do, and however far another has come by then.

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::listed;
use lianfang_store::StoreError;

use super::*;
use crate::tests::{Bench, Files, ROWS, bank, id};

/// A matching that has been begun: its lease, and what it makes.
struct Begun {
    job: Job,
    lease: Lease,
    files: JobFiles,
    standing: Vec<Standing>,
}

impl Begun {
    async fn by(office: &Office, id: JobId) -> Self {
        let mut tx = office.store.begin().await.unwrap();
        let now = office.now();
        let (job, parties, task) = read(office, &mut tx, id, now).await.unwrap().unwrap();
        assert_eq!(task, Some(Task::Match));
        let lease = acquire(&mut tx, &office.worker, &work::job(id), &STEP, now).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let files = office.files(id).written_under(lease.fence());
        let standing = submissions(&parties).unwrap();
        assert_eq!(standing.len(), 2);
        Self { job, lease, files, standing }
    }

    fn write(&self) -> Result<BTreeMap<u32, u64>, Error> {
        write_reports(&self.files, &self.job.agreed, &self.standing)
    }

    /// Whether reports that were written under this lease lie there.
    fn has_written(&self) -> bool {
        ["alpha", "beta"].iter().any(|name| self.files.report(&bank(name)).exists())
    }
}

impl Bench {
    /// A job that is to be matched, with two submissions.
    async fn gathered(&self, id: JobId) {
        let terms = self.job(id, Disclosure::Labels).await;
        for name in ["alpha", "beta"] {
            self.submit(&self.others, &terms, name, ROWS).await;
        }
        // Numbers of leases are times: later ones are not those of the submissions.
        self.hand.pass(1);
        self.enter(id, State::Matching).await;
    }

    async fn state(&self, id: JobId) -> Job {
        let mut reader = self.us.store.reader().await.unwrap();
        ledger::find(&self.us, &mut reader, id).await.unwrap().unwrap()
    }

    /// Another coordinator has brought the job into this state, and swept its files. While it matches it has begun to write.
    async fn overtaken(&self, id: JobId, state: State) {
        self.hand.pass(31);
        match state {
            State::Open => unreachable!("no job goes back"),
            State::Matching => drop(Begun::by(&self.others, id).await.write().unwrap()),
            State::Reporting => take(&self.others, Errand::Job(id, Task::Match)).await,
            State::Certified | State::Closed => {
                take(&self.others, Errand::Job(id, Task::Match)).await;
                self.enter(id, state).await;
                clerk::sweep(&self.others, id).await.unwrap();
            }
            State::Failed => {
                self.enter(id, state).await;
                clerk::sweep(&self.others, id).await.unwrap();
                let mut tx = self.others.store.begin().await.unwrap();
                rows::discard(&mut tx, work::JOB, id.as_bytes()).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        assert_eq!(self.state(id).await.state, state);
    }
}

listed! {
    /// How a matching ends whose lease was lost.
    enum Way {
        /// The reports are written before, and are to stand.
        Writes,
        /// They are written only after another has gone on.
        WritesLate,
        /// A file of a submission is not there.
        MissesFiles,
        /// Something else has failed.
        Fails,
        /// It is told that the lease is lost.
        IsTold,
    }
}

/// Files but for those that were written under this lease.
fn without(files: &Files, turn: i64) -> Files {
    let bears = |name: &str| name.split('.').nth(1) == Some(turn.to_string().as_str());
    let is_others =
        |path: &std::path::Path| !path.file_name().and_then(|name| name.to_str()).is_some_and(bears);
    files.iter().filter(|(path, _)| is_others(path)).map(|(path, is)| (path.clone(), is.clone())).collect()
}

#[tokio::test]
async fn who_has_lost_a_matching_touches_nothing_that_stands() {
    let bench = Bench::new().await;
    let states = State::ALL.into_iter().filter(|state| *state != State::Open);
    let cases = states.flat_map(|state| Way::ALL.map(|way| (state, way)));
    for (number, (state, way)) in (1..).zip(cases) {
        let (us, id, what) = (&bench.us, id(number), format!("{way:?} when it is {state:?}"));
        bench.gathered(id).await;
        let mut begun = Begun::by(us, id).await;
        let woven = match way {
            Way::Writes | Way::IsTold => Some(begun.write()),
            Way::MissesFiles => Some(Err(Error::Gone { path: "gone".into() })),
            Way::Fails => Some(Err(Error::Bug("a test"))),
            Way::WritesLate => None,
        };
        bench.overtaken(id, state).await;
        let standing = (bench.files(), bench.stored().await, bench.leases().await);
        let woven = woven.unwrap_or_else(|| begun.write());
        let ended = match way {
            Way::IsTold => forsake(us, id).await,
            Way::Writes | Way::WritesLate | Way::MissesFiles | Way::Fails => {
                let ended = written(us, id, &mut begun.lease, woven).await;
                conclude(us, id, &begun.lease, begun.files.clone(), ended).await
            }
        };
        assert_eq!((bench.stored().await, bench.leases().await), (standing.1, standing.2), "{what}");
        let (now, turn) = (bench.files(), begun.lease.fence());
        assert_eq!(without(&now, turn), without(&standing.0, turn), "{what}");
        let is_matching = state == State::Matching;
        assert_eq!(ended.is_err(), is_matching && matches!(way, Way::Fails), "{what}: {ended:?}");
        // As long as another matches, what was written here lies beside, and goes with the other's sweep.
        assert!(is_matching || !begun.has_written(), "{what}");
        if is_matching {
            bench.hand.pass(31);
            take(&bench.others, Errand::Job(id, Task::Match)).await;
            assert!(!begun.has_written() && bench.state(id).await.state == State::Reporting, "{what}");
        }
    }
}

/// The store has carried out the commit, and nobody heard so: the reports of this very lease stand.
#[tokio::test]
async fn reports_stand_though_the_word_of_their_commit_was_lost() {
    let bench = Bench::new().await;
    let (us, id) = (&bench.us, id(1));
    bench.gathered(id).await;
    let mut begun = Begun::by(us, id).await;
    assert!(!has_gone_on(us, id).await.unwrap());
    let woven = begun.write();
    let all = bench.files();
    assert_eq!(written(us, id, &mut begun.lease, woven).await.unwrap(), Some(State::Reporting));
    assert!(has_gone_on(us, id).await.unwrap());
    let stored = bench.stored().await;
    let lost = Err(Error::Store(StoreError::Unreachable));
    conclude(us, id, &begun.lease, begun.files.clone(), lost).await.unwrap();
    assert_eq!(bench.stored().await, stored, "nothing is struck");
    let left = bench.files();
    assert!(begun.has_written() && left.iter().all(|(path, is)| all.get(path) == Some(is)));
    assert!(!left.keys().any(|path| path.extension().is_some_and(|kind| kind == "rows" || kind == "levels")));
    // The lease's row is there yet: whoever finds it sweeps, and then it is gone.
    assert_eq!(bench.leases().await.len(), 1);
    bench.hand.pass(31);
    take(&bench.others, Errand::Sweep(id)).await;
    assert_eq!((bench.leases().await.len(), bench.files()), (0, left));
}

/// A matching that failed and whose lease is held leaves no report, and what was submitted is there to try again.
#[tokio::test]
async fn what_failed_is_put_off_and_leaves_only_what_was_submitted() {
    let bench = Bench::new().await;
    let (us, id) = (&bench.us, id(1));
    bench.gathered(id).await;
    let submitted = bench.files();
    let begun = Begun::by(us, id).await;
    begun.write().unwrap();
    let failed = conclude(us, id, &begun.lease, begun.files.clone(), Err(Error::Bug("a test"))).await;
    assert!(matches!(failed, Err(Error::Bug("a test"))));
    assert_eq!(bench.files(), submitted);
    let job = bench.state(id).await;
    assert_eq!((job.state, job.failure.as_str()), (State::Matching, "internal"));
    let mut reader = us.store.reader().await.unwrap();
    let turn = rows::find(&mut reader, &work::job(id)).await.unwrap().unwrap();
    assert_eq!((turn.held_until, turn.attempts, turn.strikes), (None, 1, 1));
}

/// One enters a state, or lets its reports stand, and sleeps before it sweeps. Another sweeps, and the job goes on.
#[tokio::test]
async fn who_sleeps_before_it_sweeps_destroys_nothing_that_stands() {
    let bench = Bench::new().await;
    for (number, later) in (1..).zip([State::Reporting, State::Certified, State::Closed]) {
        let (us, id) = (&bench.us, id(number));
        bench.gathered(id).await;
        let mut begun = Begun::by(us, id).await;
        let woven = begun.write();
        let entered = written(us, id, &mut begun.lease, woven).await.unwrap();
        bench.hand.pass(31);
        take(&bench.others, Errand::Sweep(id)).await;
        bench.enter(id, later).await;
        clerk::sweep(&bench.others, id).await.unwrap();
        assert_eq!(begun.has_written(), later != State::Closed);
        let standing = (bench.files(), bench.stored().await, bench.leases().await);
        conclude(us, id, &begun.lease, begun.files.clone(), Ok(entered)).await.unwrap();
        assert_eq!((bench.files(), bench.stored().await, bench.leases().await), standing, "{later:?}");
    }
}

/// A sweep that fails is noted by whoever holds the lease, and by nobody else.
#[tokio::test]
async fn a_sweep_that_fails_is_noted_under_the_lease_alone() {
    let bench = Bench::new().await;
    let (us, id) = (&bench.us, id(1));
    bench.gathered(id).await;
    let lost = Begun::by(us, id).await.lease;
    bench.hand.pass(31);
    let held = Begun::by(&bench.others, id).await.lease;
    let standing = (bench.stored().await, bench.leases().await);
    let fails = || Err(Error::Bug("a test"));
    cleared(us, &lost, fails).await.unwrap();
    cleared(us, &lost, || Ok(())).await.unwrap();
    assert_eq!((bench.stored().await, bench.leases().await), standing);
    assert!(cleared(&bench.others, &held, fails).await.is_err());
    assert_ne!(bench.leases().await, standing.1, "it is tried again");
}

/// What was made where others had swept already is destroyed by the state and the reports that stand.
#[tokio::test]
async fn a_sweep_after_a_lost_lease_goes_by_what_stands() {
    let bench = Bench::new().await;
    for (number, state) in (1..).zip(State::ALL) {
        let (us, id, alpha) = (&bench.us, id(number), bank("alpha"));
        bench.job(id, Disclosure::Labels).await;
        bench.enter(id, state).await;
        let mut tx = us.store.begin().await.unwrap();
        ledger::set_reports(&mut tx, id, 8).await.unwrap();
        tx.commit().await.unwrap();
        let files = us.files(id);
        let of = |turn| files.clone().written_under(turn).report(&alpha);
        let all = [of(7), of(8), of(9), files.rows(&alpha, 7), files.levels(&alpha, 7)];
        files.make().unwrap();
        for path in &all {
            std::fs::write(path, b"x").unwrap();
        }
        let stored = (bench.stored().await, bench.leases().await);
        clerk::sweep(us, id).await.unwrap();
        let left = all.map(|path| path.exists());
        let wanted = match state {
            State::Open | State::Matching => [true; 5],
            State::Reporting | State::Certified => [false, true, false, false, false],
            State::Closed | State::Failed => [false; 5],
        };
        assert_eq!(left, wanted, "{state:?}");
        assert_eq!((bench.stored().await, bench.leases().await), stored, "{state:?}");
    }
    clerk::sweep(&bench.us, id(99)).await.unwrap();
}
