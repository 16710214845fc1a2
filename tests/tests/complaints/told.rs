//! “Tasks fail with no message.”

use std::time::Duration;

use lianfang_desk::{Exit, Lang, Problem};
use lianfang_node::config::Policy;
use lianfang_tests::world::{COORDINATOR, JobTerms, World, automatic};
use serde_json::Value;

use super::{COUNT, register};

const BANKS: [&str; 2] = ["alpha", "beta"];
/// An id that no job has and no ceremony.
const NOWHERE: &str = "00000000000000000000000000000000";
/// Fewer elements than the smallest chunk has.
const SCARCE: u64 = 40;

/// What is refused before anything is begun: where, in which words, how it ends, and what that is called.
const REFUSED: [(&str, &[&str], Exit, &str); 6] = [
    ("alpha", &["job", "show", NOWHERE], Exit::Usage, "job-unknown"),
    ("alpha", &["report", NOWHERE, "--out", "/nonexistent"], Exit::Usage, "job-unknown"),
    ("alpha", &["import", "/nonexistent.csv"], Exit::Usage, "file-not-found"),
    ("alpha", &["register", "retract", "nobody"], Exit::Data, "record-unknown"),
    (COORDINATOR, &["job", "show", NOWHERE], Exit::Usage, "job-unknown"),
    (COORDINATOR, &["ceremony", "show", NOWHERE], Exit::Usage, "ceremony-unknown"),
];

/// A line of the text is the whole sentence of this problem in this language: why, at which party, and what to do.
#[track_caller]
fn tells(text: &str, problem: &Problem, party: &str, lang: Lang) {
    let (why, advice) = (problem.why(lang), problem.advice(lang));
    assert!(!why.is_empty() && !advice.is_empty(), "{problem:?} has no words");
    let end = if lang == Lang::Zh { '。' } else { '.' };
    let told = text.lines().any(|line| {
        let chinese = line.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        let whole = line.contains(&why) && line.contains(&advice) && line.contains(party);
        whole && line.ends_with(end) && chinese == (lang == Lang::Zh)
    });
    assert!(told, "{lang:?}: {problem:?} at {party:?} is not told: {text}");
}

async fn refusals_are_told(world: &World) {
    for (party, words, exit, code) in REFUSED {
        let problem = Problem::fault(code).with("path", "/nonexistent.csv");
        for lang in Lang::ALL {
            let said = world.run_plain(party, &[words, &["--lang", lang.as_str()]].concat()).await;
            assert_eq!(said.exit, exit, "{party} {words:?}: {said:?}");
            tells(&format!("{}{}", said.out, said.notes), &problem, "", lang);
        }
    }
}

/// Waits until the bank says that this stopped the job. Another fault may stand there first, and pass.
async fn stopped_by(world: &World, bank: &str, job: &str, code: &str) -> Value {
    let what = format!("{bank} says {code}");
    world
        .until(&what, async || {
            let fault = world.fault(bank, job).await;
            (fault["code"] == code).then_some(fault)
        })
        .await
}

/// What `job show` says at a party, in both languages.
async fn shown(world: &World, at: &str, job: &str, problem: &Problem, party: &str) {
    for lang in Lang::ALL {
        let said = world.run_plain(at, &["job", "show", job, "--lang", lang.as_str()]).await;
        assert_eq!(said.exit, Exit::Done, "{at}: {said:?}");
        tells(&said.out, problem, party, lang);
    }
}

/// Commands that are refused, and a job that fails at every party: neither bank may have as much evaluated at the other as
/// it needs, and then the deadline passes. Everybody is told why by everybody's own program, while it hangs and afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_fail_with_no_message() {
    let world = World::with_policy(&BANKS, |_| Policy { quota: SCARCE, ..automatic() }).await;
    for bank in BANKS {
        world.enrol(bank, bank).await;
    }
    world.agree(&BANKS, 2).await;
    refusals_are_told(&world).await;

    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let job = world.start_job(&JobTerms::new(2, COUNT)).await;
    let quota = Problem::fault("quota-exceeded").with("wanted", SCARCE.to_string());
    for (bank, holder) in [("alpha", "beta"), ("beta", "alpha")] {
        let fault = stopped_by(&world, bank, &job, "quota-exceeded").await;
        assert_eq!(
            (&fault["party"], &fault["wanted"]),
            (&holder.into(), &SCARCE.to_string().into()),
            "{fault}"
        );
        shown(&world, bank, &job, &quota, holder).await;
    }
    for bank in BANKS {
        shown(&world, COORDINATOR, &job, &Problem::fault("job-not-ready"), bank).await;
    }

    world.clock.pass(Duration::from_mins(11));
    let closed = world.closed(&job).await;
    assert_eq!(closed["missing"], Value::from(BANKS.to_vec()), "{closed}");
    let late = Problem::fault("job-deadline-passed");
    for bank in BANKS {
        world.stage(bank, &job, "missed").await;
        shown(&world, bank, &job, &late, bank).await;
        shown(&world, COORDINATOR, &job, &late, bank).await;
    }
    world.end().await;
}
