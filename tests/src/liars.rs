//! Dishonest parties, as ordinary test inputs.
//!
//! Comes in: a world, the party in whose place a liar stands, the lie. Goes out: a [`Middle`] that tells it, signed with
//! that party's own key where a real liar could sign. Besides liars there is the curious party, which notes all it sees.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use lianfang_crypto::group::element::elements_digest;
use lianfang_link::authority::LEAF_LASTS;
use lianfang_link::{Directory, Identity, Party, Transport, UnixTime, Validity};
use lianfang_node::config::Config;
use lianfang_node::membership::Membership;
use lianfang_node::peers::roster::RosterInForce;
use lianfang_node::secrets::Secrets;
use lianfang_node::store::Store;
use lianfang_ports::Ports;
use lianfang_proto::documents::evaluation::{EvaluationAnswer, evaluated_context};
use lianfang_proto::limits::ELEMENT_BYTES;
use lianfang_proto::v1;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed, SigningKey};
use prost::Message as _;
use tonic::Status;

use crate::network::{Between, Meddler, Middle, Passing};
use crate::world::{COORDINATOR, World, address};

/// What only the bank itself has.
pub struct Credentials {
    /// Its certificate.
    pub identity: Identity,
    /// By which it signs.
    pub signing: Arc<SigningKey>,
    /// The roster that it has pinned.
    pub roster: RosterInForce,
}

/// A bank's own keys, out of its folder.
///
/// # Panics
/// If it has not joined.
pub async fn credentials(world: &World, bank: &str) -> Credentials {
    credentials_in(&world.dir(bank), world.clock.ports()).await
}

/// The same by folder.
pub(crate) async fn credentials_in(dir: &Path, ports: Ports) -> Credentials {
    let config = Config::load(dir).expect("a configuration");
    let secrets = Secrets::open(dir, &config.unlock).expect("secrets");
    let place = lianfang_node::secrets::place(dir, &config.store).expect("a place");
    let master = Arc::clone(&secrets.master);
    let store = Store::open(&place, dir, master, ports).await.expect("a store");
    let (membership, roster) = Membership::load(&store).await.expect("a membership").expect("joined");
    let chance = Ports::system().chance;
    let identity = membership.identity(&config, &secrets, &mut *chance.rng()).expect("an identity");
    store.close().await;
    Credentials { identity, signing: Arc::clone(&secrets.identity), roster }
}

/// The coordinator's own keys, out of its folder.
///
/// # Panics
/// If they cannot be opened.
pub fn coordinators_keys(world: &World) -> lianfang_coordinator::secrets::Keys {
    let dir = world.dir(COORDINATOR);
    let config = lianfang_coordinator::config::Config::read(&dir).expect("a configuration");
    lianfang_coordinator::secrets::Keys::open(&dir, &config.unlock).expect("secrets")
}

/// Puts a meddler in the place of a party, for all banks that do not themselves run there.
///
/// # Panics
/// If a key is not there.
pub async fn in_the_place_of(world: &World, party: &str, meddler: Arc<dyn Meddler>) -> Middle {
    let identity = own_identity(world, party).await;
    in_the_place_of_under(world, party, identity, meddler).await
}

/// A party's own certificate.
async fn own_identity(world: &World, party: &str) -> Identity {
    if party != COORDINATOR {
        return credentials(world, party).await.identity;
    }
    let keys = coordinators_keys(world);
    let request = keys.tls.certificate_request().expect("a request");
    let now = world.clock.of_link().now().as_secs();
    let validity =
        Validity::starting(UnixTime::since_unix_epoch(std::time::Duration::from_secs(now)), LEAF_LASTS);
    let issued = keys.authority.issue(&request, &Party::Coordinator, validity).expect("a certificate");
    keys.tls.certified(issued.chain).expect("an identity")
}

/// The same under a certificate that need not be the party's own.
///
/// # Panics
/// If a key is not there.
pub async fn in_the_place_of_under(
    world: &World,
    party: &str,
    identity: Identity,
    meddler: Arc<dyn Meddler>,
) -> Middle {
    let mut callers = BTreeMap::new();
    let mut directory: Option<Arc<dyn Directory>> = None;
    for bank in world.banks() {
        let own = credentials(world, &bank).await;
        directory = Some(Arc::new(own.roster));
        callers.insert(bank, own.identity);
    }
    let place = if party == COORDINATOR { Party::Coordinator } else { Party::Bank(party.to_owned()) };
    let between = Between {
        place,
        identity,
        target: address(party),
        callers,
        directory: directory.expect("there are banks"),
        clock: world.clock.of_link(),
    };
    let addr = format!("middle-of-{party}:7000");
    let network: Arc<dyn Transport> = Arc::new(world.network.clone());
    let middle = Middle::start(&network, &addr, between, meddler).await;
    world.detour.lead(&address(party), &addr);
    // Connections that are open already would go on past the middle.
    world.network.faults(&address(party)).cut();
    middle
}

/// A lie of a key holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It returns what it was sent.
    Reflected,
    /// It answers two elements in the wrong order.
    Swapped,
    /// One answer is another point.
    OneWrong,
    /// It answers well, and signs something else.
    WronglySigned,
    /// Its answer is not of the group.
    NoPoints,
    /// It answers chunks, and not the check.
    NoCheck,
    /// Its answer is cut short.
    CutShort,
    /// It says how it stands, and evaluates nothing.
    NotThere,
}

/// A key holder that lies.
pub struct LyingHolder {
    /// Its name.
    pub bank: String,
    /// By which it signs.
    pub signing: Arc<SigningKey>,
    /// What it does.
    pub lie: Lie,
}

impl LyingHolder {
    /// Lets this holder lie from now on.
    pub async fn start(world: &World, bank: &str, lie: Lie) -> Middle {
        let signing = credentials(world, bank).await.signing;
        in_the_place_of(world, bank, Arc::new(Self { bank: bank.to_owned(), signing, lie })).await
    }

    fn answer(&self, request: &Bytes, reply: v1::EvaluateReply) -> v1::EvaluateReply {
        let mut elements = reply.evaluated_elements.to_vec();
        match self.lie {
            Lie::Reflected => {
                let asked = v1::EvaluateRequest::decode(request.clone()).unwrap_or_default();
                elements = asked.blinded_elements.to_vec();
            }
            Lie::Swapped => {
                let (one, other) = elements.split_at_mut(ELEMENT_BYTES);
                one.swap_with_slice(&mut other[..ELEMENT_BYTES]);
            }
            Lie::OneWrong | Lie::WronglySigned => elements.copy_within(ELEMENT_BYTES..2 * ELEMENT_BYTES, 0),
            Lie::NoPoints => elements.fill(0xFF),
            Lie::CutShort => elements.truncate(elements.len() - ELEMENT_BYTES),
            Lie::NoCheck | Lie::NotThere => {}
        }
        let answer =
            if self.lie == Lie::WronglySigned { reply.answer } else { self.signed(&reply.answer, &elements) };
        v1::EvaluateReply { answer, evaluated_elements: elements.into() }
    }

    /// The answer's document, over other elements.
    fn signed(&self, answer: &[u8], elements: &[u8]) -> Bytes {
        let Ok(signed) = Signed::<EvaluationAnswer>::open(answer, &self.signing.verifying_key()) else {
            return Bytes::copy_from_slice(answer);
        };
        let mut value = signed.into_value();
        let context = evaluated_context(&value.holder, value.key);
        value.evaluated_digest = Digest::from_bytes(elements_digest(&context, elements));
        Bytes::copy_from_slice(Signed::sign(&self.signing, value).bytes())
    }
}

impl Meddler for LyingHolder {
    fn reply(&self, call: &Passing, request: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        match (call.method.as_str(), self.lie) {
            ("Evaluate" | "BlindEvaluate", Lie::NotThere) => Err(Status::unavailable("not there")),
            ("BlindEvaluate", Lie::NoCheck) => Err(Fault::new(FaultCode::Internal).at(&self.bank).into()),
            ("Evaluate", _) => Ok(messages
                .into_iter()
                .map(|message| match v1::EvaluateReply::decode(message.clone()) {
                    Ok(reply) => self.answer(request, reply).encode_to_vec().into(),
                    Err(_) => message,
                })
                .collect()),
            _ => Ok(messages),
        }
    }
}

/// What passed, by caller and method.
type Seen = BTreeMap<(String, String), Vec<u8>>;

/// A party that does all it should, and notes all it sees.
#[derive(Default)]
pub struct Curious {
    seen: Mutex<Seen>,
    requests: Mutex<Vec<(String, Bytes)>>,
}

impl Curious {
    fn note(&self, call: &Passing, bytes: &[u8]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry((call.from.clone(), call.method.clone())).or_default().extend_from_slice(bytes);
    }

    /// The messages of all requests of one method, in their order.
    pub fn requests(&self, method: &str) -> Vec<Bytes> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().filter(|(of, _)| of == method).map(|(_, message)| message.clone()).collect()
    }

    /// Everything so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Meddler for Curious {
    fn request(&self, call: &Passing, message: Bytes) -> Bytes {
        self.note(call, &message);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push((call.method.clone(), message.clone()));
        message
    }

    fn reply(&self, call: &Passing, _: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        for message in &messages {
            self.note(call, message);
        }
        Ok(messages)
    }
}

/// What one party does to the replies of one method, message by message.
pub struct Spoiler<F> {
    /// The method.
    pub method: &'static str,
    /// Whose calls; everybody's if empty.
    pub of: &'static str,
    /// What becomes of the messages.
    pub spoil: F,
}

impl<F> Meddler for Spoiler<F>
where
    F: Fn(Vec<Bytes>) -> Vec<Bytes> + Send + Sync,
{
    fn reply(&self, call: &Passing, _: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        let meant = call.method == self.method && (self.of.is_empty() || self.of == call.from);
        Ok(if meant { (self.spoil)(messages) } else { messages })
    }
}

/// A wire that repeats requests, or loses the answers to them.
pub struct BadWire {
    /// Of which methods.
    pub methods: &'static [&'static str],
    /// How often a request arrives.
    pub copies: usize,
    /// How many of the answers to one request are lost.
    pub lost: usize,
    answered: Mutex<BTreeMap<(Passing, Bytes), usize>>,
}

impl BadWire {
    /// Every request of these methods arrives twice, at the same time.
    pub fn repeating(methods: &'static [&'static str]) -> Self {
        Self { methods, copies: 2, lost: 0, answered: Mutex::default() }
    }

    /// The answer to every request of these methods is lost once.
    pub fn losing(methods: &'static [&'static str]) -> Self {
        Self { methods, copies: 1, lost: 1, answered: Mutex::default() }
    }

    fn answered(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Passing, Bytes), usize>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The different requests of a bank by one method, with how often each was answered: not once where it was refused, or
    /// where nobody waited for the answer any more.
    pub fn requests(&self, from: &str, method: &str) -> Vec<(Bytes, usize)> {
        let of = |call: &Passing| call.from == from && call.method == method;
        let answered = self.answered();
        answered.iter().filter(|((call, _), _)| of(call)).map(|((_, m), n)| (m.clone(), *n)).collect()
    }
}

impl Meddler for BadWire {
    fn copies(&self, call: &Passing, _: &Bytes) -> usize {
        if self.methods.contains(&call.method.as_str()) { self.copies } else { 1 }
    }

    fn request(&self, call: &Passing, message: Bytes) -> Bytes {
        self.answered().entry((call.clone(), message.clone())).or_default();
        message
    }

    fn reply(&self, call: &Passing, request: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        // A refusal carries no message.
        if messages.is_empty() {
            return Ok(messages);
        }
        let mut answered = self.answered();
        let times = answered.entry((call.clone(), request.clone())).or_default();
        *times += 1;
        if *times <= self.lost && self.methods.contains(&call.method.as_str()) {
            Err(Status::unavailable("the answer is lost"))
        } else {
            Ok(messages)
        }
    }
}
