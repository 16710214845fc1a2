//! A bank as the coordinator sees it: keys, a certificate, a channel, and what it signs.

use lianfang_link::{CertificateDer, Identity, KeyMaterial, Party};
use lianfang_proto::documents::ceremony::{Phase, Post, Proposal};
use lianfang_proto::documents::enrolment::{CertificateSource, EnrolmentRequest, Invite};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::ceremony_board_client::CeremonyBoardClient;
use lianfang_proto::v1::directory_client::DirectoryClient;
use lianfang_proto::v1::intake_client::IntakeClient;
use lianfang_proto::v1::jobs_client::JobsClient;
use lianfang_proto::v1::reports_client::ReportsClient;
use lianfang_proto::v1::{self, EnrolRequest};
use lianfang_trust::{Signed, SigningKey};
use tonic::Status;
use tonic::transport::Channel;

use crate::world::{World, bank_id};

/// A bank that has joined.
pub(crate) struct Bank {
    pub(crate) id: BankId,
    pub(crate) key: SigningKey,
    pub(crate) channel: Channel,
    pub(crate) roster: Roster,
    pub(crate) tls: Identity,
}

pub(crate) fn request(invite: &Invite, key: &SigningKey, tls: &KeyMaterial) -> Signed<EnrolmentRequest> {
    let request = EnrolmentRequest {
        invite: invite.id,
        secret: invite.secret,
        bank: invite.bank.clone(),
        identity: key.verifying_key(),
        sealing: [9; 32],
        address: format!("{}:1", invite.bank),
        certificate: CertificateSource::Authority(tls.certificate_request().unwrap()),
    };
    Signed::sign(key, request)
}

pub(crate) fn message(request: &Signed<EnrolmentRequest>) -> EnrolRequest {
    EnrolRequest { request: request.bytes().to_vec().into() }
}

impl Bank {
    pub(crate) async fn join(world: &World, name: &str) -> Self {
        Self::join_group(world, name, name).await
    }

    pub(crate) async fn join_group(world: &World, name: &str, group: &str) -> Self {
        let invite = world.invite_under(name, group).await;
        let key = SigningKey::generate(&mut rand_core::UnwrapErr(getrandom::SysRng));
        let tls = KeyMaterial::generate().unwrap();
        let request = message(&request(&invite, &key, &tls));
        let mut client = world.enrolment(invite.authority_root_key);
        let reply = client.enrol(request.clone()).await.unwrap().into_inner();
        assert!(reply.membership.is_none(), "nobody has confirmed {name}");
        let fingerprint = key.verifying_key().fingerprint();
        world.json(&["roster", "confirm", name, "--confirm", &fingerprint]).await;
        let membership = client.enrol(request).await.unwrap().into_inner().membership.unwrap();
        let roster: Signed<Roster> = Signed::open(&membership.roster, &invite.authority_signing_key).unwrap();
        let chain =
            membership.certificate_chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        let identity = tls.certified(chain).unwrap();
        let dialer = world.dialer(Some(&identity), roster.value());
        let channel = dialer.channel(world.coordinator().address(), &Party::Coordinator);
        Self { id: bank_id(name), key, channel, roster: roster.into_value(), tls: identity }
    }

    /// Speaks to the coordinator at this address from now on.
    pub(crate) fn turn_to(&mut self, world: &World, address: &str) {
        self.channel = world.dialer(Some(&self.tls), &self.roster).channel(address, &Party::Coordinator);
    }

    pub(crate) fn directory(&self) -> DirectoryClient<Channel> {
        DirectoryClient::new(self.channel.clone())
    }

    pub(crate) fn board(&self) -> CeremonyBoardClient<Channel> {
        CeremonyBoardClient::new(self.channel.clone())
    }

    pub(crate) fn jobs(&self) -> JobsClient<Channel> {
        JobsClient::new(self.channel.clone())
    }

    pub(crate) fn intake(&self) -> IntakeClient<Channel> {
        let limit = lianfang_proto::limits::MESSAGE_BYTES;
        IntakeClient::new(self.channel.clone()).max_encoding_message_size(limit)
    }

    pub(crate) fn reports(&self) -> ReportsClient<Channel> {
        ReportsClient::new(self.channel.clone())
    }

    pub(crate) async fn proposal(&self, id: &[u8]) -> Signed<Proposal> {
        let read = v1::ReadBoardRequest { ceremony: id.to_vec().into() };
        let board = self.board().read_board(read).await.unwrap().into_inner();
        Signed::open(&board.proposal, &self.roster.coordinator).unwrap()
    }

    pub(crate) fn sign_post(
        &self,
        proposal: &Signed<Proposal>,
        phase: Phase,
        to: Option<&str>,
        body: &[u8],
    ) -> Signed<Post> {
        let post = Post {
            ceremony: proposal.value().ceremony,
            proposal_digest: proposal.digest(),
            from: self.id.clone(),
            phase,
            to: to.map(bank_id),
            body: body.to_vec(),
        };
        Signed::sign(&self.key, post)
    }

    pub(crate) async fn newest_roster(&self) -> Roster {
        let reply =
            self.directory().get_roster(v1::GetRosterRequest { version: 0 }).await.unwrap().into_inner();
        let signer = Signed::<Roster>::claimed_signer(&reply.roster).unwrap();
        Signed::<Roster>::open(&reply.roster, &signer).unwrap().into_value()
    }

    /// An endorsement of a record whose points mean nothing.
    pub(crate) fn endorsement_under(&self, proposal: &Signed<Proposal>, roster: &Roster) -> Signed<Post> {
        let holder = |bank: &BankId| {
            let member = roster.member(bank).unwrap();
            Holder {
                bank: bank.clone(),
                identity: member.identity,
                certificate_key: member.certificate_key,
                public_share: [1; 32],
            }
        };
        let record = KeyRecord {
            key: proposal.value().key,
            threshold: proposal.value().threshold,
            roster_digest: proposal.value().roster_digest,
            public_key: [2; 32],
            holders: proposal.value().holders.iter().map(holder).collect(),
        };
        self.sign_post(proposal, Phase::Endorse, None, Signed::sign(&self.key, record).bytes())
    }

    pub(crate) async fn post(&self, post: &Signed<Post>) -> Result<(), Status> {
        let request = v1::PostRequest { post: post.bytes().to_vec().into() };
        self.board().post(request).await.map(drop)
    }
}
