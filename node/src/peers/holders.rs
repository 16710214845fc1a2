//! Calls to other key holders, and how much was sent to them.
//!
//! Comes in: what the pipeline wants evaluated. Goes out: answers whose signature is that of the holder in the key
//! record. A holder that could not be reached is left alone for a while, so that one dead holder does not cost every
//! chunk a time-out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use lianfang_link::{Dialer, Party};
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest};
use lianfang_proto::documents::key_record::Holder;
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::{Fault, FaultCode, checked, limits, v1};
use lianfang_trust::Signed;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::carry_trace;
use super::roster::RosterInForce;
use crate::fault;
use crate::pipeline::holders::{Answered, Holders, Proven};
use crate::ports::{Clock, Micros};

/// A whole evaluation: a chunk takes a holder well under a second of one core; a busy one queues.
const CALL: Duration = Duration::from_mins(1);
/// How long an unreachable holder is left alone.
const PAUSE: Micros = 5_000_000;

/// The way to the holders. One channel each, made when first needed.
pub struct GrpcHolders {
    dialer: Dialer,
    roster: RosterInForce,
    clock: Arc<dyn Clock>,
    channels: Mutex<HashMap<(BankId, String), Channel>>,
    paused: Mutex<HashMap<BankId, (Micros, Fault)>>,
    bytes_sent: AtomicU64,
}

impl GrpcHolders {
    /// Holders at the addresses that the roster in force gives.
    pub fn new(dialer: Dialer, roster: RosterInForce, clock: Arc<dyn Clock>) -> Self {
        Self {
            dialer,
            roster,
            clock,
            channels: Mutex::default(),
            paused: Mutex::default(),
            bytes_sent: AtomicU64::new(0),
        }
    }

    /// Bytes of requests for evaluations, with their elements, that were sent to holders since the start: what the messages
    /// carry, without framing and TLS. Questions of standing are none.
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    /// What the holder says of this bank's standing, and under which roster and key record it answers.
    /// It is shown the answer of its own with the highest charge number that this bank has had.
    pub async fn standing(
        &self,
        bank: &BankId,
        key: KeyId,
        highest_answer: Vec<u8>,
    ) -> Result<v1::GetStandingReply, Fault> {
        let (class, epoch) = (key.class.number().into(), key.epoch.0);
        let message = v1::GetStandingRequest { class, epoch, highest_answer: highest_answer.into() };
        let reply = self.client(bank)?.get_standing(within(message)).await;
        self.judge(bank, reply.map(tonic::Response::into_inner))
    }

    fn client(&self, bank: &BankId) -> Result<KeyHolderClient<Channel>, Fault> {
        if let Some((until, fault)) = lock(&self.paused).get(bank)
            && self.clock.now() < *until
        {
            return Err(fault.clone());
        }
        let member = self.roster.member(bank);
        let member = member.ok_or_else(|| Fault::new(FaultCode::NotAdmitted).at(bank.as_str()))?;
        let mut channels = lock(&self.channels);
        let channel = channels
            .entry((bank.clone(), member.address.clone()))
            .or_insert_with(|| self.dialer.channel(&member.address, &Party::Bank(bank.as_str().to_owned())));
        Ok(KeyHolderClient::new(channel.clone())
            .max_decoding_message_size(limits::MESSAGE_BYTES)
            .max_encoding_message_size(limits::MESSAGE_BYTES))
    }

    fn judge<T>(&self, bank: &BankId, reply: Result<T, Status>) -> Result<T, Fault> {
        let fault = match reply {
            Ok(reply) => {
                lock(&self.paused).remove(bank);
                return Ok(reply);
            }
            Err(status) => fault::of_call(&status, bank.as_str()),
        };
        if matches!(fault.code, FaultCode::Unreachable | FaultCode::TimedOut) {
            lock(&self.paused).insert(bank.clone(), (self.clock.now() + PAUSE, fault.clone()));
        }
        Err(fault)
    }

    fn count(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

#[async_trait]
impl Holders for GrpcHolders {
    async fn evaluate(
        &self,
        holder: &Holder,
        request: &Signed<EvaluationRequest>,
        blinded: Bytes,
    ) -> Result<Answered, Fault> {
        let request = Bytes::copy_from_slice(request.bytes());
        self.count(request.len() + blinded.len());
        let message = v1::EvaluateRequest { request, blinded_elements: blinded };
        let reply = self.client(&holder.bank)?.evaluate(within(message)).await;
        let reply = self.judge(&holder.bank, reply.map(tonic::Response::into_inner))?;
        let answer: Signed<EvaluationAnswer> =
            checked::open_signed(&reply.answer, "answer", &holder.identity)
                .map_err(|fault| fault.at(holder.bank.as_str()))?;
        Ok(Answered { answer, elements: reply.evaluated_elements })
    }

    async fn blind_evaluate(&self, holder: &Holder, key: KeyId, blinded: Bytes) -> Result<Proven, Fault> {
        let key_id = Bytes::copy_from_slice(&key.to_bytes());
        self.count(key_id.len() + blinded.len());
        let message = v1::BlindEvaluateRequest { key_id, blinded_elements: blinded };
        let reply = self.client(&holder.bank)?.blind_evaluate(within(message)).await;
        let reply = self.judge(&holder.bank, reply.map(tonic::Response::into_inner))?;
        Ok(Proven { elements: reply.evaluated_elements, proof: reply.proof })
    }
}

fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    carry_trace(&mut request);
    request
}

/// A map behind a lock is whole between any two of its statements, so poison is no reason to stop.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
