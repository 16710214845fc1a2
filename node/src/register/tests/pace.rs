use std::fmt::Write;
use std::time::Instant;

use super::*;

const SUBJECTS: u32 = 250_000;

/// A million identifiers in, in again, and out. To be run in a release build, where an import takes well under a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes in a debug build"]
async fn a_million_identifiers() {
    let mut text = String::from("record,role,mobile,wechat,qq,email,typology,note\n");
    for at in 0..SUBJECTS {
        let (high, low) = (at / 10_000, at % 10_000);
        let qq = 100_000 + at;
        writeln!(text, "A{at},agent,139{high:04}{low:04},fang_{at},{qq},u{at}@example.cn,phishing,备注 {at}")
            .unwrap();
    }
    let desk = Desk::new().await;
    let timed =
        async |what: &str, started: Instant| println!("{what}: {:.1} s", started.elapsed().as_secs_f32());
    let started = Instant::now();
    let summary = desk.import(&text).await;
    timed("import", started).await;
    assert!(summary.identifiers >= 999_000, "{} of {}", summary.identifiers, summary.rejects);
    let started = Instant::now();
    assert_eq!(desk.import(&text).await.unchanged, u64::from(SUBJECTS));
    timed("again", started).await;
    let (started, mut filled, mut after) = (Instant::now(), 0, IdentifierId::START);
    while let (stored @ 1.., last) = desk.fill_after(after).await {
        filled += stored;
        after = last;
    }
    timed("outputs put", started).await;
    let (started, mut after, mut seen) = (Instant::now(), IdentifierId::START, 0);
    let (selection, outputs) = (desk.everything(), desk.register.outputs(KEY));
    loop {
        let page = selection.page(after, 4096).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.id;
        let ids: Vec<_> = page.iter().map(|e| e.id).collect();
        seen += outputs.of(&ids).await.unwrap().len();
    }
    timed("selected with outputs", started).await;
    assert_eq!(seen, filled);
    let started = Instant::now();
    desk.import_full("record,wechat\nB1,new_1\n").await;
    timed("all retracted", started).await;
    assert_eq!(desk.cached().await, 0);
}
