//! “A peer that dies takes the survivor down.”

use std::time::Duration;

use lianfang_node::pipeline::blind::LEAST_ELEMENTS;
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{JobTerms, World, address};
use serde_json::Value;

use super::{entries, rows};

const SURVIVORS: [&str; 2] = ["bank-01", "bank-02"];
const DEAD: &str = "bank-03";
const ALL: [&str; 3] = ["bank-01", "bank-02", DEAD];
/// How long a call takes each way. From a holder's charge to the end of that chunk it is three times this: the answer, and
/// the check there and back.
const EACH_WAY: Duration = Duration::from_secs(1);
const LABELS: Disclosure = Disclosure::Labels;
/// The group's base point.
const ELEMENT: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

/// A federation of three holders, two of whom evaluate; the one that will die does so at a word.
async fn federation(people: &People) -> World {
    let mut world = World::new(&ALL).await;
    for bank in ALL {
        world.enrol(bank, bank).await;
    }
    // Nothing in hand is ended: whatever its tasks are at is dropped there and then, as if the process were killed.
    world.configure(DEAD, "[serve]\ngrace_seconds = 0").await;
    world.agree(&ALL, 2).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    // Connections stand before calls are slow: nobody is ahead of the others by a handshake.
    for bank in ALL {
        for holder in ALL.into_iter().filter(|holder| *holder != bank) {
            let words = ["key", "evaluate", "--holder", holder];
            let answered = async || world.run_with(bank, &words, ELEMENT).await.exit.is_done().then_some(());
            world.until("they have spoken", answered).await;
        }
    }
    world
}

/// Whether it has begun to evaluate a chunk for a survivor.
async fn evaluates(world: &World) -> bool {
    let charged = entries(world, DEAD, "holder.charged").await;
    let whole = |body: &Value| body["elements"].as_u64() >= Some(LEAST_ELEMENTS as u64);
    charged.iter().any(|body| whole(body) && SURVIVORS.iter().any(|bank| body["bank"] == *bank))
}

/// It dies as a holder in the middle of the survivors' evaluation, and as a bank in the middle of its own. They go on
/// with each other, wait for it until the deadline, and have the answer over the two of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_dies_takes_the_survivor_down() {
    let people = People::generate(21, 3, 120, Shape::Ordinary);
    let mut world = federation(&people).await;
    for bank in ALL {
        world.network.faults(&address(bank)).delay(EACH_WAY);
    }
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.until("it evaluates", async || evaluates(&world).await.then_some(())).await;
    let wire = world.network.faults(&address(DEAD));
    wire.refuse(true);
    wire.cut();
    for bank in ALL {
        let shown = world.job_at(bank, &job).await.expect("it knows the job");
        assert_eq!(shown["stage"], "accepted", "{bank} is in the middle of its evaluation: {shown}");
    }
    world.stop(DEAD).await;

    for bank in SURVIVORS {
        world.network.faults(&address(bank)).delay(Duration::ZERO);
    }
    for bank in SURVIVORS {
        world.stage(bank, &job, "submitted").await;
    }
    world.clock.pass(Duration::from_mins(11));
    for bank in SURVIVORS {
        world.stage(bank, &job, "done").await;
    }
    let alive = people.banks.iter().filter(|bank| SURVIVORS.contains(&bank.id.as_str()));
    let clear: Vec<ClearBank> = alive.map(ClearBank::of_truth).collect();
    for (bank, expected) in expected_reports(&clear, 2, LABELS, contact_of) {
        assert!(!rows(&expected).is_empty(), "there is something to report");
        assert!(world.report(&bank, &job).await == expected, "{bank}");
    }
    let closed = world.closed(&job).await;
    assert_eq!(closed["missing"], Value::from(vec![DEAD]));
    world.end().await;
}
