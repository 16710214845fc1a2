//! A report beside that of the run before: what is new, what is gone.

use super::kept::Kept;
use super::kept::crowd;
use crate::report::*;

fn records(text: &str) -> Vec<&str> {
    text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect()
}

#[tokio::test]
async fn what_is_there_no_longer_is_gone() {
    let (before, now) = (crowd(3_000), crowd(1_000));
    let kept = Kept::of(&before, "alpha", &before.script("alpha")).await.unwrap();
    let outcome = kept.compared(&now, "alpha", Earlier::Report(1)).await.unwrap();
    assert_eq!((outcome.rows, outcome.still, outcome.gone), (1_000, 1_000, 2_000));
    let (csv, gone) = (kept.text_of(2, Form::Csv).await, kept.text_of(2, Form::Gone).await);
    assert!(csv.lines().skip(1).all(|line| line.ends_with(",false")));
    assert_eq!(csv.lines().next(), gone.lines().next(), "the same columns");
    let earlier = kept.text(Form::Csv).await;
    assert_eq!(records(&gone), records(&earlier)[1_000..]);
    // They stand there as they stood in that report.
    let as_it_was = earlier.lines().nth(1_001).unwrap().replace(",true", ",false");
    assert_eq!(gone.lines().nth(1).unwrap(), as_it_was);
}

#[tokio::test]
async fn what_was_not_there_is_new() {
    let (before, now) = (crowd(1_000), crowd(3_000));
    let kept = Kept::of(&before, "alpha", &before.script("alpha")).await.unwrap();
    let outcome = kept.compared(&now, "alpha", Earlier::Report(1)).await.unwrap();
    assert_eq!((outcome.rows, outcome.still, outcome.gone), (3_000, 1_000, 0));
    let csv = kept.text_of(2, Form::Csv).await;
    let new = csv.lines().skip(1).filter(|line| line.ends_with(",true")).count();
    assert_eq!(new, 2_000);
    assert_eq!(kept.text_of(2, Form::Gone).await.lines().count(), 1, "a header");
    let lines = kept.text_of(2, Form::JsonLines).await;
    assert_eq!(lines.lines().filter(|line| line.ends_with("\"new\":false}")).count(), 1_000);
}

#[tokio::test]
async fn a_first_run_has_an_empty_list_and_a_job_of_no_schedule_none() {
    let world = crowd(3);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert!(copy_out_of(&kept, 1).await.is_err(), "no schedule, no gone.csv");
    let outcome = kept.compared(&world, "alpha", Earlier::Nothing).await.unwrap();
    assert_eq!((outcome.rows, outcome.still, outcome.gone), (3, 0, 0));
    assert_eq!(kept.text_of(2, Form::Gone).await.lines().count(), 1);
}

async fn copy_out_of(kept: &Kept, job: i64) -> Result<(), ReportError> {
    copy_out(kept.store(), job, Form::Gone, &mut io::sink()).await
}
