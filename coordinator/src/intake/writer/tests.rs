//! Whoever loses a submission in the moment in which it takes it up or seals it touches nothing that stands.

use lianfang_proto::documents::terms::Terms;
use lianfang_proto::listed;
use lianfang_trust::Canonical as _;
use tokio::task::JoinHandle;

use super::super::{look_up, rows as take_rows, seal};
use super::*;
use crate::tests::{Bench, ROWS, bank, id, rows};

listed! {
    /// What another coordinator has made of the submission meanwhile.
    enum Since {
        /// It takes rows.
        TakenUp,
        /// It has sealed it.
        Sealed,
        /// The job is matched.
        Matching,
        /// The job is over, and its files are swept.
        Closed,
        /// It was given up, and its files are swept.
        Failed,
    }
}

impl Since {
    const fn state(self) -> Option<State> {
        match self {
            Self::TakenUp | Self::Sealed => None,
            Self::Matching => Some(State::Matching),
            Self::Closed => Some(State::Closed),
            Self::Failed => Some(State::Failed),
        }
    }

    const fn rows(self) -> u64 {
        match self {
            Self::TakenUp => 12,
            Self::Sealed | Self::Matching | Self::Closed | Self::Failed => ROWS,
        }
    }
}

impl Bench {
    /// Another coordinator goes on with alpha's submission, and with the job.
    async fn go_on_elsewhere(&self, terms: &Terms, since: Since) {
        self.hand.pass(21);
        self.submit(&self.others, terms, "alpha", since.rows()).await;
        if let Some(state) = since.state() {
            self.enter(terms.job, state).await;
            clerk::sweep(&self.others, terms.job).await.unwrap();
        }
    }
}

fn is_busy(error: &Error) -> bool {
    matches!(error, Error::Refused(fault) if fault.code == FaultCode::Busy)
}

/// We take the lease, and sleep: before the files are made, or after. Another goes on meanwhile.
#[tokio::test]
async fn who_has_lost_it_while_taking_it_up_leaves_all_as_it_is() {
    let bench = Bench::new().await;
    let cases = Since::ALL.into_iter().flat_map(|since| [false, true].map(|late| (since, late)));
    for (number, (since, late)) in (1..).zip(cases) {
        let (us, what) = (&bench.us, format!("{since:?}, late: {late}"));
        let terms = bench.job(id(number), Disclosure::Labels).await;
        let (alpha, header) = (bank("alpha"), rows(&terms, "alpha").1.into_value());
        bench.submit(us, &terms, "alpha", 5).await;
        us.uploads.forget(terms.job, &alpha);
        let (mut lease, before) = lease(us, terms.job, &alpha).await.unwrap().unwrap();
        let turn = lease.fence();
        assert!(before > 0 && turn > before, "{what}");
        if late {
            bench.go_on_elsewhere(&terms, since).await;
        }
        let standing = (bench.files(), bench.stored().await, bench.leases().await);
        let opened = open(us, &mut lease, terms.job, header, before, true).await;
        if late {
            assert_ne!(bench.files(), standing.0, "{what}: files were made, and a folder where it was gone");
        }
        assert!(us.files(terms.job).rows(&alpha, turn).exists(), "{what}");
        let standing = if late {
            standing
        } else {
            bench.go_on_elsewhere(&terms, since).await;
            (bench.files(), bench.stored().await, bench.leases().await)
        };
        let refused = stand(us, lease, terms.job, alpha.clone(), opened).await.err().unwrap();
        assert!(is_busy(&refused), "{what}: {refused}");
        assert!(!us.files(terms.job).rows(&alpha, turn).exists(), "{what}");
        assert_eq!((bench.files(), bench.stored().await, bench.leases().await), standing, "{what}");
    }
}

/// The lease ends while the files are made, and nobody else has taken it: what lay there before is there yet.
#[tokio::test]
async fn a_lease_that_ends_while_it_is_taken_up_leaves_what_was_there() {
    let bench = Bench::new().await;
    let terms = bench.job(id(1), Disclosure::Labels).await;
    let (us, header) = (&bench.us, rows(&terms, "alpha").1.into_value());
    bench.submit(us, &terms, "alpha", 5).await;
    us.uploads.forget(terms.job, &bank("alpha"));
    let standing = (bench.files(), bench.stored().await);
    assert_eq!(standing.0.values().flatten().map(Vec::len).max(), Some(5 * terms.row_bytes()));
    bench.hand.stride(21);
    let refused = take_up(us, terms.job, header, true).await.err().unwrap();
    bench.hand.stride(0);
    assert!(is_busy(&refused), "{refused}");
    assert_eq!((bench.files(), bench.stored().await), standing);
    bench.submit(us, &terms, "alpha", ROWS).await;
}

/// All rows are here and their root is computed; another has taken them up or sealed them by then.
#[tokio::test]
async fn who_has_lost_it_while_sealing_it_leaves_all_as_it_is() {
    let bench = Bench::new().await;
    for (number, since) in (1..).zip(Since::ALL) {
        let terms = bench.job(id(number), Disclosure::Labels).await;
        let (us, alpha) = (&bench.us, bank("alpha"));
        bench.submit(us, &terms, "alpha", 11).await;
        let (job, party) = look_up(us, &alpha, &terms.digest()).await.unwrap();
        let writer = us.uploads.writer(us, &job.agreed, &party).await.unwrap().unwrap();
        let (bytes, _) = rows(&terms, "alpha");
        let rest = bytes[11 * terms.row_bytes()..].to_vec();
        let (writer, end) = writer.on_disk(move |upload| upload.append(11, &rest)).await.unwrap();
        assert_eq!(end, ROWS);
        bench.hand.pass(21);
        // The other finds all rows, and seals them or is about to.
        match since {
            Since::TakenUp => {
                let (job, party) = look_up(&bench.others, &alpha, &terms.digest()).await.unwrap();
                drop(bench.others.uploads.writer(&bench.others, &job.agreed, &party).await.unwrap().unwrap());
            }
            Since::Sealed | Since::Matching | Since::Closed | Since::Failed => {
                seal(&bench.others, &alpha, &terms.digest()).await.unwrap();
            }
        }
        if let Some(state) = since.state() {
            bench.enter(terms.job, state).await;
            clerk::sweep(&bench.others, terms.job).await.unwrap();
        }
        let standing = (bench.files(), bench.stored().await, bench.leases().await);
        let (mut writer, ()) = writer.renewing(us, Upload::seal).await.unwrap();
        let mut tx = us.store.begin().await.unwrap();
        let refused = writer.finish(&mut tx, us.now()).await.unwrap_err();
        drop(tx);
        assert!(is_busy(&refused), "{since:?}: {refused}");
        assert_eq!((bench.files(), bench.stored().await, bench.leases().await), standing, "{since:?}");
    }
}

/// Goes on until it is so; the work has not ended before.
async fn until<T>(work: &JoinHandle<T>, so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            assert!(!work.is_finished(), "it has ended before");
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("it comes to be so");
}

impl Bench {
    /// All the leave to copy that there is.
    fn all_leave(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(COPIES).unwrap();
        Arc::clone(&self.us.uploads.copies).try_acquire_many_owned(all).unwrap()
    }
}

/// A restart, after which all banks go on at once: no more are copied at a time than there is leave for, whoever waits has
/// it next, and whoever is turned away has lost nothing.
#[tokio::test]
async fn few_submissions_are_copied_at_once() {
    let bench = Bench::new().await;
    let terms = bench.job(id(1), Disclosure::Labels).await;
    let us = &bench.us;
    let copies = Arc::clone(&us.uploads.copies);
    bench.submit(us, &terms, "alpha", 5).await;
    us.uploads.forget(terms.job, &bank("alpha"));
    let others = bench.all_leave();
    let standing = (bench.files(), bench.stored().await, bench.leases().await);
    let rest = || rows(&terms, "alpha").0[5 * terms.row_bytes()..].to_vec();
    // Nobody gives any back for as long as one waits.
    bench.hand.hurry(true);
    let refused = take_rows(us, &bank("alpha"), &terms.digest(), 5, rest()).await.unwrap_err();
    bench.hand.hurry(false);
    assert!(is_busy(&refused), "{refused}");
    assert_eq!((bench.files(), bench.stored().await, bench.leases().await), standing);
    // Where nothing lies there is nothing to copy.
    bench.submit(us, &terms, "beta", 3).await;
    let waits = bench.hand.waits();
    let taking = {
        let (us, digest, rest) = (Arc::clone(us), terms.digest(), rest());
        tokio::spawn(async move { take_rows(&us, &bank("alpha"), &digest, 5, rest).await })
    };
    until(&taking, || bench.hand.waits() > waits).await;
    // While it is taken up, here as long as somebody else writes, there is leave for one less.
    let tx = us.store.begin().await.unwrap();
    drop(others);
    for _ in 0..100 {
        assert!(!taking.is_finished());
        assert_eq!(copies.available_permits(), COPIES - 1);
        tokio::task::yield_now().await;
    }
    drop(tx);
    assert_eq!(taking.await.unwrap().unwrap(), ROWS);
    assert_eq!(copies.available_permits(), COPIES);
    seal(us, &bank("alpha"), &terms.digest()).await.unwrap();
}

/// Where a request finds nothing, and waits for its turn until rows have come, there is something to copy.
#[tokio::test]
async fn leave_is_asked_for_by_what_lies_there_now() {
    let bench = Bench::new().await;
    let terms = bench.job(id(1), Disclosure::Labels).await;
    let us = &bench.us;
    bench.submit(us, &terms, "alpha", 0).await;
    let (job, before) = bench.party(&terms, "alpha").await;
    bench.submit(us, &terms, "alpha", 5).await;
    us.uploads.forget(terms.job, &bank("alpha"));
    let others = bench.all_leave();
    bench.hand.hurry(true);
    let refused = us.uploads.writer(us, &job.agreed, &before).await.err().unwrap();
    bench.hand.hurry(false);
    assert!(is_busy(&refused), "{refused}");
    drop(others);
    bench.submit(us, &terms, "alpha", ROWS).await;
}
