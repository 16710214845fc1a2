//! The service as a caller sees it: right answers, and one fault for each thing that can be wrong.

use std::sync::Arc;

use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed, blind};
use lianfang_crypto::oprf::input::Input;
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_link::{Party as LinkParty, PeerInfo};
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::{
    EvaluationAnswer, EvaluationRequest, blinded_context, evaluated_context,
};
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use lianfang_proto::v1::key_holder_server::KeyHolder;
use lianfang_proto::v1::{BlindEvaluateRequest, EvaluateReply, EvaluateRequest, GetStandingRequest};
use lianfang_proto::{Fault, FaultCode, limits};
use lianfang_trust::{Digest, Signed, SigningKey};
use tonic::{Request, Status};

use super::{KEY, Party, Pinned, Remembered, Still, dealt};
use crate::key_holder::admissions::Admit;
use crate::key_holder::ledger::Ledger;
use crate::key_holder::records::public_keys;
use crate::key_holder::service::{Answering, Parts};
use crate::key_holder::vault::Vault;
use crate::ports::Ports;

struct World {
    holder: Party,
    caller: Party,
    members: Arc<Pinned>,
    ledger: Ledger,
    vault: Vault,
    log: Arc<Remembered>,
    service: Answering,
    record: lianfang_proto::documents::key_record::KeyRecord,
}

/// A holder that has admitted nobody yet; `Q` of 150 gives 100 at two of three holders.
async fn world(admit: Admit) -> World {
    let clock = Arc::new(Still::default());
    let [holder, second, third, caller] =
        ["alpha", "beta", "gamma", "delta"].map(|name| Party::new(name, &clock));
    let coordinator = SigningKey::generate(&mut *Ports::system().chance.rng());
    let members = Pinned::of([&holder, &second, &third, &caller], &coordinator);
    let (mut shares, endorsed) = dealt(&[&holder, &second, &third], KEY);
    let store = holder.start().await;
    let vault = Vault::open(store.clone(), 2).await.unwrap();
    vault.activate(endorsed.clone(), shares.remove(0), &*holder.ports.chance).await.unwrap();
    let (ledger, log) = (Ledger::new(store), Arc::new(Remembered::default()));
    let service = Answering::new(Parts {
        roster_age: 0,
        bank: holder.bank.clone(),
        identity: holder.identity.clone(),
        members: members.clone(),
        ledger: ledger.clone(),
        vault: vault.clone(),
        audit: log.clone(),
        admit,
        chance: holder.ports.chance.clone(),
        telemetry: crate::telemetry::Telemetry::default(),
    });
    World { holder, caller, members, ledger, vault, log, service, record: endorsed.record().clone() }
}

impl World {
    async fn admitted() -> Self {
        let world = world(Admit::Ask).await;
        world.ledger.admit(&world.caller.keys(), 150, "li").await.unwrap();
        world
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let party = Some(LinkParty::Bank(self.caller.bank.as_str().to_owned()));
        request.extensions_mut().insert(PeerInfo { party, ..PeerInfo::default() });
        request
    }

    fn body(&self, elements: &[u8]) -> EvaluationRequest {
        EvaluationRequest {
            terms_digest: Digest::of("test/terms", b""),
            bank: self.caller.bank.clone(),
            key: KEY,
            chunk: 0,
            elements: u32::try_from(elements.len() / 32).unwrap(),
            elements_digest: digest_of(&self.caller, KEY, elements),
            commitment_root: [5; 32],
        }
    }

    fn signed(&self, body: EvaluationRequest, elements: &[u8]) -> EvaluateRequest {
        let request = Signed::sign(&self.caller.identity, body).bytes().to_vec().into();
        EvaluateRequest { request, blinded_elements: elements.to_vec().into() }
    }

    async fn evaluate(&self, message: EvaluateRequest) -> Result<EvaluateReply, Fault> {
        let reply = self.service.evaluate(self.request(message)).await;
        reply.map(tonic::Response::into_inner).map_err(|status| Fault::from_status(&status))
    }

    async fn refused(&self, message: EvaluateRequest) -> (FaultCode, Option<String>) {
        let fault = self.evaluate(message).await.unwrap_err();
        // The holder names itself, unless it names whom the request wrongly claims to be from.
        let named = if fault.code == FaultCode::Unauthenticated { "delta" } else { "alpha" };
        assert_eq!(fault.party.as_deref(), Some(named));
        (fault.code, fault.field)
    }

    async fn charged(&self) -> (u64, u64, u64) {
        let message = GetStandingRequest { class: 1, epoch: 1, ..GetStandingRequest::default() };
        let standing = self.service.get_standing(self.request(message)).await.unwrap().into_inner();
        (standing.quota, standing.charged, standing.charge_number)
    }
}

fn digest_of(caller: &Party, key: KeyId, elements: &[u8]) -> Digest {
    Digest::from_bytes(elements_digest(&blinded_context(&caller.bank, key), elements))
}

fn batch(count: usize, salt: &str) -> Vec<u8> {
    let rng = &mut *Ports::system().chance.rng();
    let seed = ChunkSeed::draw(rng, b"secret", b"context");
    let inputs = (0..count).map(|i| Input::new("mobile", 1, &format!("{salt}{i}")).unwrap()).collect();
    let (_, elements) = blind(inputs, &seed, count).unwrap();
    elements.packed().to_vec()
}

#[tokio::test]
async fn a_chunk_is_charged_evaluated_and_signed_for() {
    let world = World::admitted().await;
    let elements = batch(8, "a");
    let message = world.signed(world.body(&elements), &elements);
    let reply = world.evaluate(message.clone()).await.unwrap();
    let answer =
        Signed::<EvaluationAnswer>::open(&reply.answer, &world.holder.identity.verifying_key()).unwrap();
    let request =
        Signed::<EvaluationRequest>::open(&message.request, &world.caller.identity.verifying_key()).unwrap();
    let evaluated = elements_digest(&evaluated_context(&world.holder.bank, KEY), &reply.evaluated_elements);
    let expected = EvaluationAnswer {
        request_digest: request.digest(),
        holder: world.holder.bank.clone(),
        key: KEY,
        evaluated_digest: Digest::from_bytes(evaluated),
        charge_number: 1,
    };
    assert_eq!(answer.value(), &expected);
    assert_eq!(world.charged().await, (100, 8, 1));
    // The same bytes again: the same answer, no second charge.
    assert_eq!(world.evaluate(message).await.unwrap(), reply);
    assert_eq!(world.charged().await, (100, 8, 1));
    assert_eq!(*world.log.0.lock().unwrap(), ["holder.charged"]);
}

#[tokio::test]
async fn the_rfcs_call_agrees_with_the_bulk_call_and_is_proven_and_counted() {
    let world = World::admitted().await;
    let elements = batch(3, "b");
    let bulk = world.evaluate(world.signed(world.body(&elements), &elements)).await.unwrap();
    let other = batch(2, "c");
    for (elements, charged) in [(&elements, 3), (&other, 5), (&other, 5)] {
        let message = BlindEvaluateRequest {
            key_id: KEY.to_bytes().to_vec().into(),
            blinded_elements: elements.clone().into(),
        };
        let reply = world.service.blind_evaluate(world.request(message)).await.unwrap().into_inner();
        let proof = Proof::decode(&reply.proof).unwrap();
        let keys = public_keys(&world.record).unwrap();
        let one = HolderIndex::new(1).unwrap();
        assert!(proof.verify(&keys, one, elements, &reply.evaluated_elements).unwrap());
        assert_eq!(world.charged().await.1, charged);
        if charged == 3 {
            assert_eq!(reply.evaluated_elements, bulk.evaluated_elements);
        }
    }
}

#[tokio::test]
async fn each_refusal_names_its_field_and_charges_nothing() {
    let world = World::admitted().await;
    let elements = batch(4, "d");
    let body = |change: &dyn Fn(&mut EvaluationRequest)| {
        let mut body = world.body(&elements);
        change(&mut body);
        world.signed(body, &elements)
    };
    let mut identity = elements.clone();
    identity[32..64].fill(0);
    let mut garbage = elements.clone();
    garbage[64..96].fill(0xff);
    let wrong = |elements: &[u8]| world.signed(world.body(elements), elements);
    let unsigned = Signed::sign(&world.holder.identity, world.body(&elements)).bytes().to_vec();
    let table = [
        (body(&|b| b.key.generation = Generation(1)), FaultCode::GenerationChanged, "request.key.generation"),
        (body(&|b| b.key.epoch = Epoch(2)), FaultCode::EpochUnknown, "request.key.epoch"),
        (body(&|b| b.elements_digest = b.terms_digest), FaultCode::DigestDiffers, "request.elements_digest"),
        (body(&|b| b.bank = world.holder.bank.clone()), FaultCode::Unauthenticated, "request.bank"),
        (body(&|b| b.elements = 5), FaultCode::MessageTruncated, "blinded_elements"),
        (wrong(&identity), FaultCode::IdentityElement, "blinded_elements"),
        (wrong(&garbage), FaultCode::NotCanonical, "blinded_elements"),
        (wrong(&[]), FaultCode::MessageTruncated, "blinded_elements"),
        (wrong(&vec![1; 32 * (limits::CHUNK_ELEMENTS + 1)]), FaultCode::MessageTooLarge, "blinded_elements"),
        (wrong(&batch(101, "e")), FaultCode::QuotaExceeded, "blinded_elements"),
        (
            EvaluateRequest { request: unsigned.into(), blinded_elements: elements.clone().into() },
            FaultCode::SignatureInvalid,
            "request",
        ),
        (
            EvaluateRequest { request: vec![1, 2].into(), blinded_elements: elements.clone().into() },
            FaultCode::MalformedField,
            "request",
        ),
    ];
    for (message, code, field) in table {
        let (found, named) = world.refused(message).await;
        assert_eq!((found, named.as_deref()), (code, Some(field)));
    }
    assert_eq!(world.charged().await, (100, 0, 0));
    assert!(world.log.0.lock().unwrap().iter().all(|event| *event == "holder.refused"));
}

#[tokio::test]
async fn the_rfcs_call_has_its_own_limits() {
    let world = World::admitted().await;
    let call = async |key_id: Vec<u8>, elements: Vec<u8>| {
        let message = BlindEvaluateRequest { key_id: key_id.into(), blinded_elements: elements.into() };
        let status: Status = world.service.blind_evaluate(world.request(message)).await.unwrap_err();
        let fault = Fault::from_status(&status);
        (fault.code, fault.field.unwrap())
    };
    let key = |key: KeyId| key.to_bytes().to_vec();
    let named = |code, field: &str| (code, field.to_owned());
    assert_eq!(call(vec![9], batch(1, "f")).await, named(FaultCode::MalformedField, "key_id"));
    assert_eq!(call(key(KEY), vec![1; 65 * 32]).await, named(FaultCode::MessageTooLarge, "blinded_elements"));
    let later = KeyId { generation: Generation(1), ..KEY };
    assert_eq!(
        call(key(later), batch(1, "f")).await,
        named(FaultCode::GenerationChanged, "key_id.generation")
    );
    let unknown = KeyId { epoch: Epoch(9), ..KEY };
    assert_eq!(call(key(unknown), batch(1, "f")).await, named(FaultCode::EpochUnknown, "key_id.epoch"));
    assert_eq!(call(key(KEY), vec![0; 32]).await, named(FaultCode::IdentityElement, "blinded_elements"));
    assert_eq!(world.charged().await.1, 0);
}

#[tokio::test]
async fn only_admitted_active_members_are_answered() {
    let world = world(Admit::Ask).await;
    let elements = batch(2, "g");
    let message = world.signed(world.body(&elements), &elements);
    assert_eq!(world.refused(message.clone()).await.0, FaultCode::NotAdmitted);
    assert_eq!(world.charged().await, (0, 0, 0));
    world.ledger.admit(&world.caller.keys(), 150, "li").await.unwrap();
    assert!(world.evaluate(message.clone()).await.is_ok());
    world.members.members.lock().unwrap().remove(&world.caller.bank);
    let (code, field) = world.refused(message.clone()).await;
    assert_eq!((code, field.as_deref()), (FaultCode::CertificateUnknown, Some("certificate")));

    for party in [None, Some(LinkParty::Coordinator)] {
        let mut request = Request::new(message.clone());
        request.extensions_mut().insert(PeerInfo { party, ..PeerInfo::default() });
        let fault = Fault::from_status(&world.service.evaluate(request).await.unwrap_err());
        assert_eq!(fault.code, FaultCode::Unauthenticated);
    }
    let fault = Fault::from_status(&world.service.evaluate(Request::new(message)).await.unwrap_err());
    assert_eq!(fault.code, FaultCode::Unauthenticated);
}

#[tokio::test]
async fn the_policy_admits_up_to_its_quota() {
    let world = world(Admit::Automatic { quota: 15 }).await;
    let elements = batch(10, "h");
    assert!(world.evaluate(world.signed(world.body(&elements), &elements)).await.is_ok());
    assert_eq!(world.charged().await, (10, 10, 1));
    let more = batch(1, "i");
    assert_eq!(world.refused(world.signed(world.body(&more), &more)).await.0, FaultCode::QuotaExceeded);
    assert!(BlindedElements::decode(&more, 1).is_ok());
}

#[tokio::test]
async fn nothing_is_answered_under_a_closed_epoch() {
    let world = World::admitted().await;
    let elements = batch(4, "x");
    world.vault.close_epoch(Class::Subject, Epoch(1), "li").await.unwrap();
    let refused = world.refused(world.signed(world.body(&elements), &elements)).await;
    assert_eq!(refused, (FaultCode::EpochClosed, Some("request.key.epoch".to_owned())));
    let message = BlindEvaluateRequest {
        key_id: KEY.to_bytes().to_vec().into(),
        blinded_elements: elements.clone().into(),
    };
    let status = world.service.blind_evaluate(world.request(message)).await.unwrap_err();
    assert_eq!(Fault::from_status(&status).code, FaultCode::EpochClosed);
    let message = GetStandingRequest { class: 1, epoch: 1, ..GetStandingRequest::default() };
    let status = world.service.get_standing(world.request(message)).await.unwrap_err();
    assert_eq!(Fault::from_status(&status).code, FaultCode::EpochClosed);
}

#[tokio::test]
async fn a_ledger_that_is_behind_an_answer_of_its_own_holder_is_full() {
    let world = World::admitted().await;
    let answer = |holder: &Party, signer: &Party, charge_number| {
        let digest = Digest::of("test", b"");
        let value = EvaluationAnswer {
            request_digest: digest,
            holder: holder.bank.clone(),
            key: KEY,
            evaluated_digest: digest,
            charge_number,
        };
        Signed::sign(&signer.identity, value).bytes().to_vec()
    };
    let shown = async |answer: Vec<u8>| {
        let message = GetStandingRequest { class: 1, epoch: 1, highest_answer: answer.into() };
        world.service.get_standing(world.request(message)).await.unwrap().into_inner()
    };
    let elements = batch(4, "x");
    let reply = world.evaluate(world.signed(world.body(&elements), &elements)).await.unwrap();
    // Nobody else's word counts: not junk, not a member's signature, not an answer that is not ahead.
    let caller = &world.caller;
    let harmless = [
        b"junk".to_vec(),
        answer(&world.holder, caller, 900),
        answer(caller, &world.holder, 900),
        answer(&world.holder, &world.holder, 1),
        reply.answer.to_vec(),
    ];
    for harmless in harmless {
        let standing = shown(harmless).await;
        assert_eq!((standing.quota, standing.charged, standing.ledger_lost), (100, 4, false));
    }
    let standing = shown(answer(&world.holder, &world.holder, 900)).await;
    assert_eq!((standing.quota, standing.charge_number, standing.ledger_lost), (0, 900, true));
    let fresh = batch(4, "y");
    let (code, _) = world.refused(world.signed(world.body(&fresh), &fresh)).await;
    assert_eq!(code, FaultCode::QuotaExceeded);
    // Only a person opens it again, and numbers go on above what peers have seen.
    world.ledger.grant(&world.caller.keys(), KEY, 10).await.unwrap();
    let reply = world.evaluate(world.signed(world.body(&fresh), &fresh)).await.unwrap();
    let answer = Signed::<EvaluationAnswer>::open(&reply.answer, &world.holder.identity.verifying_key());
    assert_eq!(answer.unwrap().value().charge_number, 901);
}

#[tokio::test]
async fn a_batch_is_not_answered_again_without_end() {
    let world = World::admitted().await;
    let elements = batch(1, "x");
    let message = world.signed(world.body(&elements), &elements);
    let mut answered = 0;
    let fault = loop {
        match world.evaluate(message.clone()).await {
            Ok(_) => answered += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!((answered, fault.code), (33, FaultCode::Busy), "once charged, and thirty-two times again");
    assert_eq!(fault.retry_after, Some(std::time::Duration::from_secs(30)));
    assert_eq!(world.charged().await.1, 1);
}

#[tokio::test]
async fn a_policy_that_refuses_admits_nobody_new() {
    let world = world(Admit::Refuse).await;
    let elements = batch(1, "x");
    let message = world.signed(world.body(&elements), &elements);
    let fault = world.evaluate(message.clone()).await.unwrap_err();
    assert_eq!((fault.code, fault.got.as_deref()), (FaultCode::NotAdmitted, Some("policy.admit = refuse")));
    world.ledger.admit(&world.caller.keys(), 150, "li").await.unwrap();
    assert!(world.evaluate(message).await.is_ok(), "whom a person has admitted before stays admitted");
}

#[tokio::test]
async fn a_crowd_is_told_when_to_come_back_and_charged_nothing() {
    let world = World::admitted().await;
    let elements = batch(2, "crowd");
    let request = || world.signed(world.body(&elements), &elements);
    let everything = vec![0; 32 * 262_144];
    let place = world.service.crowd.enter(&world.caller.keys().bank, &everything).unwrap();
    let fault = world.evaluate(request()).await.unwrap_err();
    assert_eq!((fault.code, fault.party.as_deref()), (FaultCode::Busy, Some("alpha")));
    assert!(fault.retry_after.is_some_and(|wait| wait >= std::time::Duration::from_secs(2)), "{fault}");
    assert_eq!(world.charged().await.1, 0);
    drop(place);
    world.evaluate(request()).await.unwrap();
    assert_eq!(world.charged().await.1, 2);
}
