//! Enrolment: the node hands in its keys, the regulator's people confirm them, the node checks what it is given.

use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Problem;
use lianfang_link::client::{DialLimits, enrolment_channel};
use lianfang_link::{CertificateDer, Clock, Fingerprint, Transport, possession};
use lianfang_proto::documents::enrolment::{
    CertificateSource, EnrolmentRequest, Invite, possession_challenge,
};
use lianfang_proto::v1::enrolment_client::EnrolmentClient;
use lianfang_proto::{Fault, FaultCode, limits, v1};
use lianfang_trust::{Signed, VerifyingKey};

use super::{Membership, own_identity, own_root, read_key, unusable};
use crate::config::Config;
use crate::fault;
use crate::peers::coordinator::NAME;
use crate::peers::roster::{Pinned, RosterInForce};
use crate::secrets::Secrets;
use crate::store::Store;

/// Pause between two questions whether a person has confirmed.
const AGAIN: Duration = Duration::from_millis(500);
/// A whole call.
const CALL: Duration = Duration::from_secs(20);

/// What enrolment needs.
pub struct Enrolling<'a> {
    /// The way to the coordinator.
    pub transport: Arc<dyn Transport>,
    /// The time by which certificates are judged.
    pub clock: Clock,
    /// By which it waits.
    pub pauses: Arc<dyn crate::ports::Clock>,
    /// The node's configuration.
    pub config: &'a Config,
    /// The node's keys.
    pub secrets: &'a Secrets,
    /// Where the membership will be kept.
    pub store: &'a Store,
}

/// Hands in the request and waits up to `patience` until a person at the regulator has confirmed it. The caller has had
/// the invite's fingerprint compared. `Ok(None)` if nobody has confirmed in time: the same call goes on later.
pub async fn enrol(
    with: &Enrolling<'_>,
    invite: &Invite,
    patience: Duration,
) -> Result<Option<Membership>, Problem> {
    let root = Fingerprint(invite.authority_root_key);
    let channel = enrolment_channel(
        Arc::clone(&with.transport),
        &invite.coordinator,
        root,
        &with.clock,
        DialLimits::default(),
    );
    let mut client = EnrolmentClient::new(channel).max_decoding_message_size(limits::MESSAGE_BYTES);
    let request = bytes::Bytes::from(request(with, invite)?);
    let until = with.pauses.elapsed() + patience;
    loop {
        let mut message = tonic::Request::new(v1::EnrolRequest { request: request.clone() });
        message.set_timeout(CALL);
        let reply = client.enrol(message).await.map_err(|s| fault::problem(&fault::of_call(&s, NAME)))?;
        if let Some(given) = reply.into_inner().membership {
            return join(with, invite, given).await.map(Some);
        }
        if with.pauses.elapsed() >= until {
            return Ok(None);
        }
        with.pauses.sleep(AGAIN).await;
    }
}

fn request(with: &Enrolling<'_>, invite: &Invite) -> Result<Vec<u8>, Problem> {
    let certificate = match &with.config.certificate {
        None => CertificateSource::Authority(with.secrets.tls().certificate_request().map_err(Problem::bug)?),
        Some(own) => {
            let leaf = own_identity(own)?.chain().first().map(|der| der.to_vec()).unwrap_or_default();
            let root = own_root(own)?;
            let challenge = possession_challenge(&invite.id, &with.secrets.identity.verifying_key());
            let proof = possession::prove(&read_key(own)?, &challenge).map_err(|e| unusable(own, e))?;
            CertificateSource::Own { leaf, root, proof }
        }
    };
    let value = EnrolmentRequest {
        invite: invite.id,
        secret: invite.secret,
        bank: invite.bank.clone(),
        identity: with.secrets.identity.verifying_key(),
        sealing: *with.secrets.sealing.public().as_bytes(),
        address: with.config.advertised().to_owned(),
        certificate,
    };
    Ok(Signed::sign(&with.secrets.identity, value).bytes().to_vec())
}

/// Takes what was given only if it is what was asked for, under the keys that a person compared.
async fn join(with: &Enrolling<'_>, invite: &Invite, given: v1::Membership) -> Result<Membership, Problem> {
    let chain: Vec<Vec<u8>> = given.certificate_chain.iter().map(|der| der.to_vec()).collect();
    let membership = Membership {
        bank: invite.bank.clone(),
        coordinator: invite.coordinator.clone(),
        authority: invite.authority_signing_key,
        chain,
    };
    let wrong = |fault: Fault| fault::problem(&fault.at(NAME));
    let force = RosterInForce::begin(membership.authority, &given.roster).map_err(wrong)?;
    let pinned = force.now();
    let identity = membership.identity(with.config, with.secrets, &mut *with.store.rng())?;
    let key = identity.fingerprint().map_err(Problem::bug)?;
    check(&membership, invite, &pinned, &with.secrets.identity.verifying_key(), &key).map_err(wrong)?;
    membership.store(with.store, &pinned).await?;
    Ok(membership)
}

fn check(
    membership: &Membership,
    invite: &Invite,
    pinned: &Pinned,
    identity: &VerifyingKey,
    certificate_key: &Fingerprint,
) -> Result<(), Fault> {
    let root = CertificateDer::from(pinned.roster.authority_root.clone());
    if Fingerprint::of(&root).ok() != Some(Fingerprint(invite.authority_root_key)) {
        return Err(Fault::field(FaultCode::CertificateUnknown, "roster.authority_root"));
    }
    let Some(member) = pinned.roster.active(&membership.bank) else {
        return Err(Fault::field(FaultCode::NotAdmitted, "roster.members"));
    };
    if &member.identity != identity {
        return Err(Fault::field(FaultCode::DigestDiffers, "roster.member.identity"));
    }
    if member.certificate_key != certificate_key.0 {
        return Err(Fault::field(FaultCode::DigestDiffers, "roster.member.certificate_key"));
    }
    Ok(())
}
