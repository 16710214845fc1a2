//! Peers that do not keep to the rules, made with TLS libraries' own defaults or no TLS at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lianfang_link::server::AcceptLimits;
use lianfang_link::transport::BoxStream;
use lianfang_link::{Gate, LinkError, Tcp, Transport};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{Running, World, bank, call};

/// A client that believes every server.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

async fn server() -> (World, Running) {
    let world = World::new();
    let running = world.serve_anybody(&world.member(&bank("alpha")), &["grpc.health.v1.Health"]).await;
    (world, running)
}

async fn dial(world: &World, running: &Running) -> BoxStream {
    world.memory.dial(&running.addr).await.unwrap()
}

async fn tls_with(
    world: &World,
    running: &Running,
    provider: CryptoProvider,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<()> {
    let provider = Arc::new(provider);
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = dial(world, running).await;
    let mut tls = connector.connect(ServerName::try_from("alpha.example").unwrap(), stream).await?;
    tls.read_u8().await.map(|_| ())
}

#[tokio::test]
async fn the_credulous_client_itself_works() {
    let (world, running) = server().await;
    let provider = aws_lc_rs::default_provider();
    tls_with(&world, &running, provider, &rustls::version::TLS13).await.unwrap();
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let (world, running) = server().await;
    let provider = aws_lc_rs::default_provider();
    let error = tls_with(&world, &running, provider, &rustls::version::TLS12).await.unwrap_err();
    assert_eq!(LinkError::of(&error), Some(LinkError::Incompatible));
    assert_eq!(running.reported().await, vec![LinkError::Incompatible]);
}

#[tokio::test]
async fn classical_key_exchange_is_refused() {
    let (world, running) = server().await;
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1];
    let error = tls_with(&world, &running, provider, &rustls::version::TLS13).await.unwrap_err();
    assert_eq!(LinkError::of(&error), Some(LinkError::Incompatible));
    assert_eq!(running.reported().await, vec![LinkError::Incompatible]);
}

#[tokio::test]
async fn garbage_does_not_stop_the_listener() {
    let (world, running) = server().await;
    let beta = world.member(&bank("beta"));
    for n in 0..20_u8 {
        let mut stream = dial(&world, &running).await;
        // Plain HTTP, bytes of no protocol, a record that lies about its length, and an empty connection.
        let bytes: &[u8] = match n % 4 {
            0 => b"GET / HTTP/1.1\r\nHost: alpha\r\n\r\n",
            1 => &[n; 300],
            2 => &[0x16, 0x03, 0x01, 0xff, 0xff, 0x01],
            _ => b"",
        };
        stream.write_all(bytes).await.unwrap();
    }
    assert_eq!(call(world.dialer(Some(&beta)).channel(&running.addr, &bank("alpha"))).await, Ok(()));
    assert!(running.reported().await.contains(&LinkError::Garbled));
}

#[tokio::test]
async fn a_refused_peer_gets_an_alert_and_no_reset() {
    let world = World::new();
    let alpha = world.member(&bank("alpha"));
    let gate = Gate::new(&alpha, world.book.clone(), &world.clock, AcceptLimits::default()).unwrap();
    let running = world.run(&Tcp::default(), "127.0.0.1:0", gate, &[]).await;
    let mut stream = Tcp::default().dial(&running.addr).await.unwrap();
    // Far more than the server reads before it has seen enough.
    stream.write_all(&vec![0x55; 60_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer.first(), Some(&0x15), "an alert record");
}

#[tokio::test]
async fn slow_handshakes_are_ended_and_do_not_starve_others_for_long() {
    let (world, running) = server().await;
    let beta = world.member(&bank("beta"));
    // Twice as many as handshakes may be under way, each sending a byte now and then.
    let mut slow = Vec::new();
    for _ in 0..16 {
        let mut stream = dial(&world, &running).await;
        slow.push(tokio::spawn(async move {
            for byte in [0x16, 0x03, 0x01, 0x00, 0x80, 0x01].into_iter().cycle() {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }));
    }
    let begun = Instant::now();
    assert_eq!(call(world.dialer(Some(&beta)).channel(&running.addr, &bank("alpha"))).await, Ok(()));
    assert!(begun.elapsed() < Duration::from_secs(3));
    for stream in slow {
        tokio::time::timeout(Duration::from_secs(5), stream).await.expect("it is ended").unwrap();
    }
    assert!(running.reported().await.contains(&LinkError::TimedOut));
}

#[tokio::test]
async fn a_server_that_is_none_is_told_apart() {
    let world = World::new();
    let beta = world.member(&bank("beta"));
    let mut listener = world.memory.listen("plain").await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let told = call(world.dialer(Some(&beta)).channel("plain", &bank("alpha"))).await;
    assert_eq!(told, Err(Ok(LinkError::Garbled)));
}
