//! The coordinator's own keys, while jobs are under way.

use lianfang_coordinator::Coordinator;
use lianfang_desk::Exit;

use crate::submissions::{Rows, job_under_way};
use crate::world::World;

/// The root keeps its name and its key: what was issued and signed before stands, also in the middle of a job.
#[tokio::test]
async fn the_root_is_renewed_beside_a_job_that_goes_on() {
    let (mut world, banks) = World::with_key(&["alpha", "beta"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "count", &[]).await;
    banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    let before = banks[0].newest_roster().await;
    let (exit, said) = world.coordinator().run(&["key", "renew-root"]).await;
    assert_eq!(exit, Exit::Usage, "{said}");
    assert!(said.contains("serve") && !said.contains("node"), "{said}");

    world.stop().await;
    let alone =
        async |args: [&'static str; 2]| Coordinator::run_alone(world.dir.path(), world.ports(), &args).await;
    let (exit, said) = alone(["key", "rotate-signing"]).await;
    assert_eq!(exit, Exit::Later, "what the old key has signed is still looked at: {said}");
    let (exit, said) = alone(["key", "renew-root"]).await;
    assert_eq!(exit, Exit::Done, "{said}");
    world.start().await;

    let after = banks[0].newest_roster().await;
    assert!(after.version > before.version && after.authority_root != before.authority_root);
    banks[1].submit(&Rows::of(&terms, digest, "beta", &[2, 3])).await;
    world.until(&id, "reporting").await;
    for bank in &banks {
        bank.give_return(&digest, 3).await.unwrap();
    }
    world.until(&id, "certified").await;
    let certificate = banks[0].certificate(&digest).await.digest();
    for bank in &banks {
        bank.countersign(&digest, certificate).await.unwrap();
    }
    world.until(&id, "closed").await;
}
