//! Faults of the wire, in memory and between real sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lianfang_link::client::DialLimits;
use lianfang_link::proxy::Proxy;
use lianfang_link::server::AcceptLimits;
use lianfang_link::{Faults, Gate, Identity, LinkError, Memory, Tcp, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{Running, World, bank, call};

fn brisk() -> DialLimits {
    DialLimits {
        connect: Duration::from_millis(1500),
        ping_every: Duration::from_millis(500),
        ping_timeout: Duration::from_millis(500),
        ..DialLimits::default()
    }
}

async fn in_memory() -> (World, Running, Identity) {
    let world = World::new();
    let server = world.serve(&world.member(&bank("alpha"))).await;
    let beta = world.member(&bank("beta"));
    (world, server, beta)
}

/// What callers see of every fault; the same for both networks.
async fn faults_are_told_apart(transport: Arc<dyn Transport>, addr: &str, faults: &Faults, world: &World) {
    let beta = world.member(&bank("beta"));
    let dialer = world.dialer_over(transport, Some(&beta)).with_limits(brisk());
    let fresh = || dialer.channel(addr, &bank("alpha"));
    let held = fresh();
    assert_eq!(call(held.clone()).await, Ok(()));

    faults.refuse(true);
    // The proxy's port closes a moment later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(call(fresh()).await, Err(Ok(LinkError::NotListening)));
    assert_eq!(call(held.clone()).await, Ok(()), "what was open stays open");
    faults.refuse(false);
    tokio::time::sleep(Duration::from_millis(50)).await;

    faults.cut();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(call(held.clone()).await, Ok(()), "the channel connects again by itself");

    faults.cut_after(Some(700));
    assert_eq!(call(fresh()).await, Err(Ok(LinkError::Closed)), "cut inside the handshake");
    faults.cut_after(None);

    faults.blackhole(true);
    assert_eq!(call(held.clone()).await, Err(Ok(LinkError::TimedOut)), "pings find the half-open connection");
    assert_eq!(call(fresh()).await, Err(Ok(LinkError::TimedOut)), "a silent address");
    faults.blackhole(false);
    assert_eq!(call(held.clone()).await, Ok(()));

    faults.delay(Duration::from_millis(30));
    let begun = Instant::now();
    assert_eq!(call(held).await, Ok(()));
    assert!(begun.elapsed() >= Duration::from_millis(60), "there and back");
}

#[tokio::test]
async fn faults_in_memory() {
    let (world, server, _) = in_memory().await;
    let faults = world.memory.faults(&server.addr);
    faults_are_told_apart(Arc::new(world.memory.clone()), &server.addr, &faults, &world).await;
}

#[tokio::test]
async fn faults_of_the_proxy() {
    let world = World::new();
    let alpha = world.member(&bank("alpha"));
    let gate = Gate::new(&alpha, world.book.clone(), &world.clock, AcceptLimits::default()).unwrap();
    let server = world.run(&Tcp::default(), "127.0.0.1:0", gate, &[]).await;
    let proxy = Proxy::start(&server.addr).await.unwrap();
    faults_are_told_apart(Arc::new(Tcp::default()), &proxy.addr(), proxy.faults(), &world).await;
}

#[tokio::test]
async fn a_call_deadline_is_told_as_such() {
    let (world, server, beta) = in_memory().await;
    let limits = DialLimits { call: Some(Duration::from_millis(200)), ..DialLimits::default() };
    let channel = world.dialer(Some(&beta)).with_limits(limits).channel(&server.addr, &bank("alpha"));
    assert_eq!(call(channel.clone()).await, Ok(()));
    world.memory.faults(&server.addr).blackhole(true);
    assert_eq!(call(channel).await, Err(Ok(LinkError::TimedOut)));
}

#[tokio::test]
async fn nobody_listens_and_nobody_is_known() {
    let world = World::new();
    let beta = world.member(&bank("beta"));
    let told = call(world.dialer(Some(&beta)).channel("nowhere", &bank("alpha"))).await;
    assert_eq!(told, Err(Ok(LinkError::NotListening)));
    let tcp = world.dialer_over(Arc::new(Tcp::default()), Some(&beta));
    for addr in ["alpha.invalid:1", "no port at all"] {
        let told = tcp.connect(addr, &bank("alpha")).await.err();
        assert_eq!(told, Some(LinkError::Unreachable), "{addr}");
    }
}

#[tokio::test]
async fn a_recording_has_what_passed_and_tls_hides_it() {
    let (world, server, beta) = in_memory().await;
    let faults = world.memory.faults(&server.addr);
    faults.record(1 << 20);
    assert_eq!(call(world.dialer(Some(&beta)).channel(&server.addr, &bank("alpha"))).await, Ok(()));
    let recording = faults.recorded();
    assert_eq!(recording.streams.len(), 2, "one connection, two directions");
    assert!(recording.contains(&[0x16, 0x03]) && !recording.truncated);
    assert!(!recording.contains(b"grpc.health.v1"), "the method's path is inside TLS");
    assert!(!recording.contains(b"lianfang:bank:beta"), "and so is the client's certificate");

    let mut listener = world.memory.listen("open").await.unwrap();
    let open = world.memory.faults("open");
    open.record(4);
    let mut near = world.memory.dial("open").await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    near.write_all(b"canary").await.unwrap();
    far.read_exact(&mut [0; 6]).await.unwrap();
    let recording = open.recorded();
    assert!(recording.contains(b"cana") && !recording.contains(b"canary") && recording.truncated);
}

#[tokio::test]
async fn throttle_and_cut_count_bytes() {
    let memory = Memory::default();
    let mut listener = memory.listen("a:0").await.unwrap();
    let addr = listener.local_addr();
    let faults = memory.faults(&addr);
    faults.throttle(Some(100_000));
    let mut near = memory.dial(&addr).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let begun = Instant::now();
    near.write_all(&vec![7; 20_000]).await.unwrap();
    far.read_exact(&mut vec![0; 20_000]).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(190), "{:?}", begun.elapsed());

    faults.throttle(None);
    faults.cut_after(Some(10));
    let mut near = memory.dial(&addr).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    near.write_all(b"0123456789abcdef").await.unwrap();
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"0123456789");
}

#[tokio::test]
async fn an_address_in_memory_is_free_again_once_its_listener_is_gone() {
    let memory = Memory::default();
    let listener = memory.listen("a").await.unwrap();
    assert_eq!(memory.listen("a").await.err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
    drop(listener);
    assert!(memory.listen("a").await.is_ok());
    let (one, two) = (memory.listen("b:0").await.unwrap(), memory.listen("b:0").await.unwrap());
    assert_ne!(one.local_addr(), two.local_addr());
    assert_eq!(
        Memory::default().dial("a").await.err().unwrap().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}
