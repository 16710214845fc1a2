//! A bank with real keys and certificates and nothing behind them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianfang_link::client::{DialLimits, enrolment_channel};
use lianfang_link::{
    CertificateDer, Clock, Dialer, Directory, Fingerprint, Identity, KeyMaterial, Party as Peer, Root, Tcp,
    UnixTime,
};
use lianfang_proto::documents::enrolment::{CertificateSource, EnrolmentRequest, Invite};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::EnrolRequest;
use lianfang_proto::v1::enrolment_client::EnrolmentClient;
use lianfang_trust::{Canonical as _, Signed, SigningKey};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tonic::transport::Channel;

use super::told;
use crate::demo::children::Party;

/// A visitor.
pub(super) struct Visitor {
    /// Its name.
    pub(super) id: BankId,
    /// By which it signs.
    pub(super) key: SigningKey,
    /// The way to the coordinator.
    pub(super) coordinator: Channel,
    /// The roster that it was given.
    pub(super) roster: Roster,
    identity: Identity,
}

fn clock() -> Clock {
    Clock::new(UnixTime::now)
}

/// Nobody but those whom the roster pins.
struct Pinned(Roster);

impl Directory for Pinned {
    fn roots(&self) -> Vec<Root> {
        vec![Root::authority(CertificateDer::from(self.0.authority_root.clone()))]
    }

    fn party(&self, key: &Fingerprint) -> Option<Peer> {
        if *key == Fingerprint(self.0.coordinator_certificate_key) {
            return Some(Peer::Coordinator);
        }
        let member = self.0.members.iter().find(|member| Fingerprint(member.certificate_key) == *key)?;
        Some(Peer::Bank(member.bank.as_str().to_owned()))
    }
}

impl Visitor {
    /// Joins by the regulator's invite and confirmation; `commands` is the coordinator's folder, `address` where it serves.
    pub(super) async fn join(commands: &Party, address: &str, name: &str) -> anyhow::Result<Self> {
        let invited = commands.run(&["invite", name]).await.map_err(told)?;
        let text =
            invited["invite"].as_str().and_then(|text| text.strip_prefix("lfi1-")).context("an invite")?;
        let invite = Invite::decode(&URL_SAFE_NO_PAD.decode(text)?)?;
        // Keys that guard nothing; the seed keeps runs alike.
        let key = SigningKey::generate(&mut StdRng::seed_from_u64(seed_of(name)));
        let tls = KeyMaterial::generate()?;
        let request = EnrolmentRequest {
            invite: invite.id,
            secret: invite.secret,
            bank: invite.bank.clone(),
            identity: key.verifying_key(),
            sealing: [9; 32],
            address: format!("{name}:1"),
            certificate: CertificateSource::Authority(tls.certificate_request()?),
        };
        let request = EnrolRequest { request: Signed::sign(&key, request).bytes().to_vec().into() };
        let root = Fingerprint(invite.authority_root_key);
        let channel =
            enrolment_channel(Arc::new(Tcp::default()), address, root, &clock(), DialLimits::default());
        let mut client = EnrolmentClient::new(channel);
        let first = client.enrol(request.clone()).await?.into_inner();
        ensure!(first.membership.is_none(), "{name} joined without a person");
        let fingerprint = key.verifying_key().fingerprint();
        commands.run(&["roster", "confirm", name, "--confirm", &fingerprint]).await.map_err(told)?;
        let membership = client.enrol(request).await?.into_inner().membership.context("a membership")?;
        let roster: Signed<Roster> = Signed::open(&membership.roster, &invite.authority_signing_key)?;
        let chain = membership.certificate_chain.iter().map(|der| CertificateDer::from(der.to_vec()));
        let identity = tls.certified(chain.collect())?;
        let roster = roster.into_value();
        let coordinator = dialer(&identity, &roster).channel(address, &Peer::Coordinator);
        Ok(Self { id: invite.bank, key, coordinator, roster, identity })
    }

    /// A connection of its own to another bank.
    pub(super) fn channel_to(&self, bank: &str, address: &str) -> Channel {
        dialer(&self.identity, &self.roster).channel(address, &Peer::Bank(bank.to_owned()))
    }
}

fn dialer(identity: &Identity, roster: &Roster) -> Dialer {
    let limits = DialLimits::default();
    let directory = Arc::new(Pinned(roster.clone()));
    Dialer::new(
        Arc::new(Tcp { connect_timeout: Duration::from_secs(30) }),
        Some(identity),
        directory,
        &clock(),
        limits,
    )
}

fn seed_of(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
