//! Debug.
use lianfang_tests::world::World;
#[tokio::test(flavor = "multi_thread")]
async fn ready() {
    tracing_subscriber::fmt()
        .with_env_filter("info,lianfang_node=debug,lianfang_coordinator=debug")
        .with_writer(std::io::stderr)
        .init();
    let world = World::ready(&["a", "b", "c"], 3, 2).await;
    world.end().await;
}
