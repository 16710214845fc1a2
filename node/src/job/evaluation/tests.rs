//! Chunks on their way, over a register and a store, with holders in memory: every stage, and whatever comes of it.

use std::io::Cursor;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_crypto::oprf::blind::BlindedElements;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_desk::Lang;
use lianfang_proto::catalogue::Hold;
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest, evaluated_context};
use lianfang_proto::documents::key_record::Holder;
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_proto::limits::CHUNK_ELEMENTS;
use lianfang_proto::listed;
use lianfang_trust::{Signed, SigningKey};

use super::*;
use crate::ingest::{Options, RegisterFile, Rejects};
use crate::job::chunks::Stage;
use crate::job::tests::Alone;
use crate::key_holder::tests::Party;
use crate::pipeline::holders::{Answered, Holders, Proven};
use crate::ports::Ports;
use crate::register::ImportOptions;

const RECORDS: [&str; 3] = ["A1", "A2", "A3"];
const REGISTER: &str = "record,role,mobile,evidence\nA1,agent,13912345678,file 1\nA2,agent,13912345679,file 2\n\
                        A3,agent,13912345680,file 3\n";
const CHANGED: &str = "record,role,mobile,evidence\nA1,agent,13912345678,another file\n";

listed! {
    /// What there is before: no chunk, or one at this stage.
    enum Before { Nothing, Begun, Finished, GivenUp }
}

impl Before {
    const fn of(stage: Stage) -> Self {
        match stage {
            Stage::Begun => Self::Begun,
            Stage::Finished => Self::Finished,
            Stage::GivenUp => Self::GivenUp,
        }
    }
}

listed! {
    /// What comes of the next attempt.
    enum Then {
        /// The holders answer well.
        Answered,
        /// They do, and what they have shown cannot be kept.
        Unkept,
        /// No holder is there.
        CutOff,
        /// What they answer does not pass the check.
        Badly,
        /// An identifier enters no longer; they answer well.
        Gone,
        /// A record says something else; they answer well.
        Changed,
    }
}

/// Two holders in memory, and the one that takes down what is seen of them.
struct Memory {
    holders: Vec<(BankId, Arc<SigningKey>, KeyShare)>,
    then: Mutex<Then>,
    /// The chunks that were asked for, by their numbers, and their elements.
    asked: Mutex<Vec<(u64, Bytes)>>,
}

impl Memory {
    fn then(&self) -> Then {
        *self.then.lock().unwrap()
    }

    fn holder(&self, bank: &BankId) -> &(BankId, Arc<SigningKey>, KeyShare) {
        self.holders.iter().find(|(holder, ..)| holder == bank).unwrap()
    }
}

#[async_trait]
impl Holders for Memory {
    async fn evaluate(
        &self,
        holder: &Holder,
        request: &Signed<EvaluationRequest>,
        blinded: Bytes,
    ) -> Result<Answered, Fault> {
        self.asked.lock().unwrap().push((request.value().chunk, blinded.clone()));
        let (bank, identity, share) = self.holder(&holder.bank);
        let elements = match self.then() {
            Then::CutOff => return Err(Fault::new(FaultCode::Unreachable)),
            // It gives back what it was given.
            Then::Badly => blinded,
            Then::Answered | Then::Unkept | Then::Gone | Then::Changed => {
                let blinded = BlindedElements::decode(&blinded, CHUNK_ELEMENTS).unwrap();
                Bytes::from(share.evaluate(&blinded).into_packed())
            }
        };
        let key = request.value().key;
        let answer = EvaluationAnswer {
            request_digest: request.digest(),
            holder: bank.clone(),
            key,
            evaluated_digest: Digest::from_bytes(elements_digest(&evaluated_context(bank, key), &elements)),
            charge_number: 1,
        };
        Ok(Answered { answer: Signed::sign(identity, answer), elements })
    }

    async fn blind_evaluate(&self, holder: &Holder, _key: KeyId, blinded: Bytes) -> Result<Proven, Fault> {
        let (_, _, share) = self.holder(&holder.bank);
        let blinded = BlindedElements::decode(&blinded, 1).unwrap();
        let mut rng = Ports::system().chance.rng();
        let (evaluated, proof) = share.blind_evaluate(&blinded, &mut *rng).unwrap();
        Ok(Proven {
            elements: Bytes::from(evaluated.into_packed()),
            proof: Bytes::from(proof.encode().to_vec()),
        })
    }
}

#[async_trait]
impl Witness for Memory {
    fn accuse(&self, _holder: &BankId, _accusation: &Accusation, _signed_answer: Option<&[u8]>) {}

    fn charged(&self, _holder: &BankId, _answer: &Signed<EvaluationAnswer>) {}

    fn absent(&self, _holder: &BankId, _fault: &Fault) {}

    async fn settled(&self) -> Result<(), Fault> {
        match self.then() {
            Then::Unkept => Err(Fault::new(FaultCode::Internal)),
            Then::Answered | Then::CutOff | Then::Badly | Then::Gone | Then::Changed => Ok(()),
        }
    }
}

/// What an attempt leaves: the chunks by their numbers, those of them that holders were asked for, and the outputs.
#[derive(Debug, PartialEq)]
struct Left {
    chunks: Vec<Stage>,
    asked: Vec<u64>,
    outputs: u64,
}

/// A job of a bank with three identifiers.
struct World {
    alone: Alone,
    memory: Arc<Memory>,
}

impl World {
    async fn at(before: Before) -> Self {
        let mut alone = Box::pin(Alone::new()).await;
        let shares = std::mem::take(&mut alone.shares);
        let holder =
            |(party, share): (&Party, KeyShare)| (party.bank.clone(), Arc::clone(&party.identity), share);
        let holders = alone.parties.iter().zip(shares).map(holder).collect();
        let memory = Memory { holders, then: Mutex::new(Then::Answered), asked: Mutex::default() };
        let world = Self { alone, memory: Arc::new(memory) };
        world.import(REGISTER).await;
        match before {
            Before::Nothing => {}
            Before::Begun => assert_eq!(world.attempt(Then::CutOff).await.chunks, [Stage::Begun]),
            Before::Finished => assert_eq!(world.attempt(Then::Answered).await.chunks, [Stage::Finished]),
            Before::GivenUp => {
                world.attempt(Then::CutOff).await;
                for record in RECORDS {
                    world.hold(record).await;
                }
                assert_eq!(world.attempt(Then::Answered).await.chunks, [Stage::GivenUp]);
                for record in RECORDS {
                    world.alone.context.register.lift_hold(record, "li").await.unwrap();
                }
            }
        }
        world
    }

    async fn import(&self, text: &str) {
        let file = RegisterFile::open(Cursor::new(text.as_bytes().to_vec()), &Options::default()).unwrap();
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        let today = jiff::civil::Date::constant(2026, 1, 1);
        let options = ImportOptions { full: false, retract_many: false, dry_run: false, today };
        let import = self.alone.context.register.import(file.into(), options, &mut rejects, |_| ());
        Box::pin(import).await.unwrap();
    }

    async fn hold(&self, record: &str) {
        self.alone.context.register.hold(record, Hold::Dispute, "li").await.unwrap();
    }

    /// One attempt at the job, as a process makes it that has just begun.
    async fn attempt(&self, then: Then) -> Left {
        match then {
            Then::Gone => self.hold(RECORDS[0]).await,
            Then::Changed => self.import(CHANGED).await,
            Then::Answered | Then::Unkept | Then::CutOff | Then::Badly => {}
        }
        *self.memory.then.lock().unwrap() = then;
        let before = self.memory.asked.lock().unwrap().len();
        let witness: Arc<dyn Witness> = self.memory.clone();
        let mut evaluation = Evaluation::new(&self.alone.context, &self.alone.good, witness).await.unwrap();
        Arc::get_mut(&mut evaluation).unwrap().evaluator.holders = self.memory.clone();
        let ran = Box::pin(evaluation.run()).await;
        let mut asked: Vec<u64> =
            self.memory.asked.lock().unwrap()[before..].iter().map(|(number, _)| *number).collect();
        asked.dedup();
        let ends_well = match then {
            Then::Answered | Then::Gone | Then::Changed => true,
            Then::Unkept | Then::CutOff | Then::Badly => asked.is_empty(),
        };
        assert_eq!(ran.is_ok(), ends_well, "{then:?}: {ran:?}");
        let chunks = sqlx::query_scalar("SELECT state FROM chunk ORDER BY number");
        let chunks: Vec<i64> = chunks.fetch_all(self.alone.context.store.readers()).await.unwrap();
        let chunks = chunks.into_iter().map(|number| Stage::from_number(number).unwrap()).collect();
        Left { chunks, asked, outputs: evaluation.outputs().count().await.unwrap() }
    }

    /// What was sent twice under one number was the same to the byte.
    fn repeats_itself(&self) -> bool {
        let asked = self.memory.asked.lock().unwrap();
        asked.iter().all(|(number, bytes)| {
            asked.iter().filter(|(other, _)| other == number).all(|(_, other)| other == bytes)
        })
    }
}

/// What an attempt leaves, by what there was before, in the order of [`Then`].
#[rustfmt::skip]
fn table(before: Before) -> [Left; Then::ALL.len()] {
    use Stage::{Begun, Finished, GivenUp};

    let left = |chunks: &[Stage], asked: &[u64], outputs| Left { chunks: chunks.to_vec(), asked: asked.to_vec(), outputs };
    match before {
        Before::Nothing => [
            left(&[Finished], &[0], 3), left(&[Begun], &[0], 0), left(&[Begun], &[0], 0),
            left(&[Begun], &[0], 0), left(&[Finished], &[0], 2), left(&[Finished], &[0], 3),
        ],
        Before::Begun => [
            left(&[Finished], &[0], 3), left(&[Begun], &[0], 0), left(&[Begun], &[0], 0),
            left(&[Begun], &[0], 0), left(&[GivenUp, Finished], &[1], 2), left(&[GivenUp, Finished], &[1], 3),
        ],
        Before::Finished => [
            left(&[Finished], &[], 3), left(&[Finished], &[], 3), left(&[Finished], &[], 3),
            left(&[Finished], &[], 3), left(&[Finished], &[], 2), left(&[Finished], &[], 3),
        ],
        Before::GivenUp => [
            left(&[GivenUp, Finished], &[1], 3), left(&[GivenUp, Begun], &[1], 0), left(&[GivenUp, Begun], &[1], 0),
            left(&[GivenUp, Begun], &[1], 0), left(&[GivenUp, Finished], &[1], 2), left(&[GivenUp, Finished], &[1], 3),
        ],
    }
}

#[tokio::test]
async fn every_chunk_under_every_attempt() {
    let stages: Vec<Before> = Stage::ALL.into_iter().map(Before::of).collect();
    assert_eq!(stages, Before::ALL[1..], "a stage was never tried");
    for before in Before::ALL {
        for (then, left) in Then::ALL.into_iter().zip(table(before)) {
            let world = World::at(before).await;
            assert_eq!(world.attempt(then).await, left, "{before:?}, {then:?}");
            assert!(world.repeats_itself(), "{before:?}, {then:?}");
        }
    }
}

/// What was cut off, however often, is finished by the same bytes in the end.
#[tokio::test]
async fn a_chunk_is_sent_until_it_has_ended() {
    let world = World::at(Before::Begun).await;
    for then in [Then::Badly, Then::Unkept, Then::CutOff, Then::Answered] {
        assert_eq!(world.attempt(then).await.asked, [0], "{then:?}");
    }
    assert!(world.attempt(Then::Answered).await.asked.is_empty(), "it has ended");
    assert!(world.repeats_itself());
}
