use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::SigningKey;

use super::*;
use crate::audit::{Event, Log};
use crate::job::consent::tests::terms;
use crate::store::tests::Bench;

#[tokio::test]
async fn a_submission_that_is_prepared_is_never_replaced() {
    let bench = Bench::new().await;
    let book = Book::new(bench.store.clone());
    let signed = Signed::sign(&SigningKey::from_bytes(&[1; 32]), terms(&["a", "b"], 2));
    book.note(&signed).await.unwrap();
    let job = signed.value().job;
    let entry = async || book.get(job).await.unwrap().unwrap();
    let open = async || book.unfinished().await.unwrap().iter().map(|entry| entry.job).collect::<Vec<_>>();
    let log = Log::new(bench.store.clone(), "alpha");
    let event = Event::Evaluated { terms: signed.digest(), elements: 3 };
    let said = &log.says(&event);
    let id = entry().await.id;
    let figures = Figures { own_rows: 3, ..Figures::default() };

    book.prepared(id, b"too early", &figures, said).await.unwrap();
    assert!(entry().await.header.is_none() && entry().await.stage == Stage::Proposed);
    book.decide(id, Stage::Accepted, "a person", said).await.unwrap();
    book.prepared(id, b"first", &figures, said).await.unwrap();
    book.prepared(id, b"second", &Figures::default(), said).await.unwrap();
    let now = entry().await;
    assert_eq!((now.header.as_deref(), now.stage), (Some(&b"first"[..]), Stage::Prepared));
    assert_eq!(now.figures(), figures);
    // A person's answer that comes late moves nothing back.
    book.decide(id, Stage::Accepted, "a person", said).await.unwrap();
    assert!(entry().await.stage == Stage::Prepared);
    assert_eq!(open().await, [job]);
    // Steps that were overtaken, or come too soon, change nothing.
    book.returned(id, b"too early", &figures, said).await.unwrap();
    book.certified(id, b"too early", said).await.unwrap();
    assert!(entry().await.stage == Stage::Prepared && entry().await.result.is_none());
    book.submitted(id, &figures, said).await.unwrap();
    book.returned(id, b"return", &figures, said).await.unwrap();
    book.returned(id, b"another", &figures, said).await.unwrap();
    assert!(!entry().await.handed_in);
    book.handed_in(id).await.unwrap();
    assert!(entry().await.handed_in);
    book.submitted(id, &figures, said).await.unwrap();
    assert_eq!(entry().await.result.as_deref(), Some(&b"return"[..]));
    assert_eq!(open().await, [job]);
    book.certified(id, b"certificate", said).await.unwrap();
    assert_eq!(open().await, []);
    book.advance(id, Stage::Missed).await.unwrap();
    assert!(entry().await.stage == Stage::Done, "an end is an end");
    assert_eq!(log.list(0, 100).await.unwrap().len(), 5, "each step is said once, and what was none is not");
}

#[tokio::test]
async fn other_terms_under_a_known_job_are_not_taken_down() {
    let bench = Bench::new().await;
    let book = Book::new(bench.store.clone());
    let key = SigningKey::from_bytes(&[1; 32]);
    let first = Signed::sign(&key, terms(&["a", "b"], 2));
    let other = Signed::sign(&key, terms(&["a", "b"], 3));
    book.note(&first).await.unwrap();
    book.note(&other).await.unwrap();
    assert_eq!(book.get(first.value().job).await.unwrap().unwrap().terms_digest, first.digest());
}

/// What an attempt has sent that came to nothing is counted, and what a job has failed of is still known at its end.
#[tokio::test]
async fn what_was_sent_and_why_it_failed_outlive_the_attempt() {
    let bench = Bench::new().await;
    let book = Book::new(bench.store.clone());
    let fault = Fault::new(FaultCode::HoldersMissing).at("beta");
    let waited = Fault::new(FaultCode::ConsentPending).at("a");
    for (number, end) in [(1, Stage::Failed), (2, Stage::Missed), (3, Stage::Failed)] {
        let terms = Terms { job: JobId::from_random([number; 16]), ..terms(&["a", "b"], 2) };
        let job = terms.job;
        book.note(&Signed::sign(&SigningKey::from_bytes(&[1; 32]), terms)).await.unwrap();
        let entry = async || book.get(job).await.unwrap().unwrap();
        let id = entry().await.id;
        for _ in 0..2 {
            let mut figures = entry().await.figures();
            figures.bytes_sent += 7;
            book.keep_figures(id, &figures).await.unwrap();
        }
        assert_eq!(entry().await.figures().bytes_sent, 14);
        let last = if number == 3 { &waited } else { &fault };
        book.fault(id, last).await.unwrap();
        book.advance(id, end).await.unwrap();
        let now = entry().await;
        assert_eq!((now.stage, now.fault.is_some()), (end, number != 3));
        book.keep_figures(id, &Figures::default()).await.unwrap();
        assert_eq!(entry().await.figures().bytes_sent, 14, "what is over is not written again");
    }
}
