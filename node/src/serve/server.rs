//! The node's gRPC server: the answering role and health, behind mutual TLS.

use std::sync::Arc;

use lianfang_desk::Problem;
use lianfang_link::server::{AcceptLimits, builder};
use lianfang_link::{Authenticated, Directory, Gate};
use lianfang_proto::limits;
use lianfang_proto::v1::key_holder_server::KeyHolderServer;
use lianfang_telemetry::served::Served;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

use crate::app::{App, Joined};
use crate::config::Decide;
use crate::key_holder::admissions::Admit;
use crate::key_holder::service::{Answering, Parts};
use crate::ports::Micros;

/// Listens and serves until stopped; gives the bound address.
pub(super) async fn start(
    node: &Arc<App>,
    joined: &Arc<Joined>,
    served: Served,
    stop: watch::Receiver<bool>,
) -> Result<(String, JoinHandle<()>), Problem> {
    let context = &joined.context;
    let listener = node.transport.listen(&node.config.listen).await.map_err(|error| {
        Problem::usage("address-not-available").field(node.config.listen.clone()).because(error)
    })?;
    let directory: Arc<dyn Directory> = Arc::new(context.roster.clone());
    let gate = Gate::new(&joined.identity, Arc::clone(&directory), &node.clock(), AcceptLimits::default())
        .map_err(Problem::bug)?;
    let telemetry = node.telemetry.clone();
    let gate = gate.on_failure(move |failed| telemetry.handshake_failed(failed));
    let incoming = gate.open(listener);
    let address = incoming.local_addr().to_owned();
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<KeyHolderServer<Answering>>().await;
    let holder = KeyHolderServer::new(Answering::new(parts(node, joined)))
        .max_decoding_message_size(limits::MESSAGE_BYTES)
        .max_encoding_message_size(limits::MESSAGE_BYTES);
    let reflection = if node.config.reflection { Some(reflection()?) } else { None };
    let no_open_services: [&str; 0] = [];
    let server = builder()
        .layer(served)
        .layer(Authenticated::new(directory, no_open_services))
        .add_service(health_service)
        .add_optional_service(reflection)
        .add_service(holder)
        .serve_with_incoming_shutdown(incoming, super::stopped(stop));
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(event = "serve.ended", %error, "the server ended");
        }
    });
    Ok((address, task))
}

/// The schema, for clients that ask a server for it (`grpc.reflection.v1`).
fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, Problem> {
    let schema = lianfang_proto::DESCRIPTORS;
    let service = tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(schema);
    service.build_v1().map_err(Problem::bug)
}

fn parts(node: &App, joined: &Joined) -> Parts {
    let context = &joined.context;
    let policy = &node.config.policy;
    let admit = match policy.admit {
        Decide::Automatic => Admit::Automatic { quota: policy.quota },
        Decide::Ask => Admit::Ask,
        Decide::Refuse => Admit::Refuse,
    };
    Parts {
        bank: context.bank.clone(),
        identity: Arc::clone(&context.secrets.identity),
        members: Arc::new(context.roster.clone()),
        ledger: node.ledger.clone(),
        vault: context.vault.clone(),
        audit: Arc::new(node.log.clone()),
        admit,
        roster_age: Micros::from(policy.roster_minutes) * 60_000_000,
        chance: Arc::clone(&node.ports.chance),
        telemetry: node.telemetry.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_can_be_reflected() {
        assert!(reflection().is_ok());
        let name = b"lianfang.v1";
        assert!(lianfang_proto::DESCRIPTORS.windows(name.len()).any(|window| window == name));
    }
}
