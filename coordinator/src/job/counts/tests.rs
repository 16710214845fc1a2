use lianfang_store::trial::Trial;
use sqlx::AssertSqlSafe;

use super::*;
use crate::store::Store;
use crate::tests::{Bench, id};

impl Bench {
    /// A second later a job is opened, and it is in this state.
    async fn younger(&self, number: u8, disclosure: Disclosure, state: State) -> JobId {
        self.hand.pass(1);
        let job = id(number);
        self.job(job, disclosure).await;
        self.enter(job, state).await;
        job
    }

    async fn last(&self) -> Option<JobId> {
        let mut reader = self.us.store.reader().await.unwrap();
        last(&self.us, &mut reader).await.unwrap().map(|job| job.agreed.job())
    }

    async fn set_sealed(&self, job: JobId, bank: &str) {
        let mut tx = self.us.store.begin().await.unwrap();
        ledger::set_sealed(&mut tx, job, &crate::tests::bank(bank), 0).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_last_one_is_found_however_many_came_since() {
    let bench = Bench::new().await;
    assert_eq!(bench.last().await, None);
    let old = bench.younger(1, Disclosure::Count, State::Open).await;
    // More than two pages, some of them of one moment.
    let page = u8::try_from(PAGE).unwrap();
    for number in 2..=2 * page + 3 {
        if number % 3 == 0 {
            bench.younger(number, Disclosure::Labels, State::Open).await;
        } else {
            bench.job(id(number), Disclosure::Institutions).await;
        }
    }
    assert_eq!(bench.last().await, Some(old));
    assert!(bench.us.terms.get(&id(2 * page)).is_none(), "terms that are passed over are not kept");
    // One that failed has told nothing, and so has one in which fewer than two have taken part.
    let failed = bench.younger(200, Disclosure::Count, State::Failed).await;
    let closed = bench.younger(201, Disclosure::Count, State::Closed).await;
    assert_eq!(bench.last().await, Some(old));
    for (bank, last) in [("alpha", old), ("beta", closed)] {
        bench.set_sealed(failed, bank).await;
        bench.set_sealed(closed, bank).await;
        assert_eq!(bench.last().await, Some(last), "{bank}");
    }
    let open = bench.younger(202, Disclosure::Count, State::Open).await;
    assert_eq!(bench.last().await, Some(open));
}

#[tokio::test]
async fn where_there_is_none_all_are_looked_at() {
    let bench = Bench::new().await;
    for number in 1..=u8::try_from(PAGE).unwrap() {
        bench.job(id(number), Disclosure::Labels).await;
    }
    assert_eq!(bench.last().await, None, "all of one moment, and just one page");
    let last = bench.younger(0, Disclosure::Count, State::Open).await;
    assert_eq!(bench.last().await, Some(last));
}

/// A page is read by the index: nothing is sorted, and no job is read twice.
#[tokio::test]
async fn a_page_is_read_by_an_index() {
    let trial = Trial::in_a_file();
    let store = Store::open(&trial.place()).await.unwrap();
    let asked = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {OLDER}")));
    let asked = asked.bind(5_i64).bind(vec![1_u8]).bind(6_i32).bind(1_i32).bind(PAGE);
    let plan = asked.fetch_all(store.readers()).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
    assert!(plan[0].contains("USING INDEX job_by_age (created_at<?)"), "{plan:?}");
    assert!(plan.iter().all(|line| !line.contains("TEMP B-TREE") && !line.contains("SCAN")), "{plan:?}");
    store.close().await;
}
