//! A person's word is no way around the checks of terms.

use std::sync::Arc;
use std::time::Duration;

use lianfang_crypto::share::key_share::KeyShare;
use lianfang_link::client::DialLimits;
use lianfang_link::{Clock, Dialer, Memory};
use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::certificate::{Entry, EntrySubmission, JobCertificate};
use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::{BankId, GroupId, JobId};
use lianfang_store::trial::Trial;
use lianfang_trust::{Canonical as _, Signed, SigningKey};
use serde_json::Value;

use super::Context;
use super::book::{Book, Figures};
use super::consent::tests::terms;
use super::sightings::Sightings;
use super::state::Stage;
use crate::audit::{Event, Log};
use crate::config::{Config, Unlock};
use crate::key_holder::notices::Notices;
use crate::key_holder::ports::Noted;
use crate::key_holder::records::{Event as Deed, Records};
use crate::key_holder::tests::{KEY, Party, Still, Unheard, bank, dealt};
use crate::key_holder::vault::Vault;
use crate::peers::coordinator::Coordinator;
use crate::peers::holders::GrpcHolders;
use crate::peers::roster::RosterInForce;
use crate::ports::Ports;
use crate::register::Register;
use crate::secrets::{Secrets, make_key_file};
use crate::store::Store;

/// A node of `alpha` whose roster and compared key record are in place, and that reaches nobody.
pub(crate) struct Alone {
    pub(crate) context: Arc<Context>,
    pub(crate) coordinator: SigningKey,
    /// Terms that fit them.
    pub(crate) good: Terms,
    /// Those who hold the key: this bank's identity, and another.
    pub(super) parties: [Party; 2],
    /// Their shares of it; this node has none.
    pub(super) shares: Vec<KeyShare>,
    _trial: Trial,
}

fn member(party: &Party) -> Member {
    Member {
        bank: party.bank.clone(),
        group: GroupId::parse(party.bank.as_str(), "group").unwrap(),
        standing: Standing::Active,
        identity: party.identity.verifying_key(),
        sealing: *party.sealing.public().as_bytes(),
        certificate_key: [7; 32],
        own_root: None,
        address: "nobody:1".into(),
    }
}

/// Of an operator who is asked about everything.
fn config(unlock: Unlock) -> Config {
    Config::new("nobody:1", unlock)
}

impl Alone {
    pub(crate) async fn new() -> Self {
        let trial = Trial::new();
        let folder = trial.folder();
        let ports = Ports::system();
        let still = Arc::new(Still::default());
        let parties = [Party::new("alpha", &still), Party::new("beta", &still)];
        let (authority, coordinator) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let roster = Roster {
            version: 1,
            signed_at: 0,
            authority_root: vec![1],
            coordinator: coordinator.verifying_key(),
            coordinator_certificate_key: [9; 32],
            members: parties.iter().map(member).collect(),
            retiring: Vec::new(),
        };
        let signed = Signed::sign(&authority, roster);
        let roster = RosterInForce::begin(authority.verifying_key(), signed.bytes()).unwrap();

        let key_file = folder.join("key");
        make_key_file(&key_file, &mut *ports.chance.rng()).unwrap();
        let unlock = Unlock::KeyFile(key_file);
        let secrets = Arc::new(Secrets::create(folder, &unlock, &mut *ports.chance.rng()).unwrap());
        let store =
            Store::open(&trial.place(), folder, Arc::clone(&secrets.master), ports.clone()).await.unwrap();
        let log = Log::new(store.clone(), "test");

        let (shares, endorsed) = dealt(&[&parties[0], &parties[1]], KEY);
        let records = Records::new(store.clone());
        records.put(&endorsed).await.unwrap();
        let nothing = Noted::new(&Unheard, "", Value::Null);
        records.mark_compared(KEY, Deed::Compare, "a person", &nothing).await.unwrap();
        let mut good = terms(&["alpha", "beta"], 2);
        good.key = KEY;
        good.key_record_digest = endorsed.record().digest();
        (good.roster_version, good.roster_digest) = (1, roster.now().digest);
        good.rule_set = crate::normalise::RULE_SET;

        let clock = Clock::new(|| lianfang_link::UnixTime::since_unix_epoch(Duration::ZERO));
        let directory = Arc::new(roster.clone());
        let dialer = Dialer::new(Arc::new(Memory::default()), None, directory, &clock, DialLimits::default());
        let context = Context {
            bank: bank("alpha"),
            config: Arc::new(config(unlock)),
            secrets,
            register: Register::new(store.clone(), log.clone()),
            coordinator: Coordinator::new(&dialer, "nobody:1"),
            holders: Arc::new(GrpcHolders::new(dialer, roster.clone(), Arc::clone(&ports.clock))),
            roster,
            records,
            vault: Vault::open(store.clone(), 1).await.unwrap(),
            sightings: Sightings::new(store.clone(), log.clone()),
            spool: folder.to_owned(),
            notices: Notices::new(store.clone()),
            book: Book::new(store.clone()),
            log,
            telemetry: crate::telemetry::Telemetry::default(),
            ports,
            store,
        };
        Self { context: Arc::new(context), coordinator, good, parties, shares, _trial: trial }
    }

    /// What a person is told who says yes to these terms.
    async fn told(&self, terms: &Terms) -> String {
        let book = &self.context.book;
        book.note(&Signed::sign(&self.coordinator, terms.clone())).await.unwrap();
        let entry = book.get(terms.job).await.unwrap().unwrap();
        let fault = self.context.accept(&entry, terms.job, "a person").await.unwrap_err();
        assert!(book.get(terms.job).await.unwrap().unwrap().stage == Stage::Proposed);
        fault.field.unwrap_or_else(|| fault.code.code().to_owned())
    }
}

type Change = fn(&mut Terms);

#[tokio::test]
async fn a_person_cannot_accept_terms_that_differ_from_what_the_node_knows() {
    let alone = Alone::new().await;
    let differs: [(&str, Change); 5] = [
        ("terms.rule_set", |terms| terms.rule_set += 1),
        ("terms.roster_version", |terms| terms.roster_version += 1),
        ("terms.key_record_digest", |terms| terms.key_record_digest = terms.roster_digest),
        ("terms.participants", |terms| {
            terms.participants[1].group = GroupId::parse("puppet", "group").unwrap();
        }),
        ("not-participant", |terms| {
            terms.participants[0].bank = BankId::parse("aaaa", "bank").unwrap();
        }),
    ];
    for (number, (field, change)) in (1..).zip(differs) {
        let mut terms = alone.good.clone();
        terms.job = JobId::from_random([number; 16]);
        change(&mut terms);
        assert_eq!(alone.told(&terms).await, field);
    }
}

#[tokio::test]
async fn a_person_cannot_accept_while_no_holder_confirms_roster_and_key() {
    let alone = Alone::new().await;
    assert_eq!(alone.told(&alone.good).await, "unreachable");
}

#[tokio::test]
async fn a_job_on_which_nobody_decides_in_time_is_missed_though_the_coordinator_is_gone() {
    let alone = Alone::new().await;
    let now = alone.context.ports.clock.now();
    let hour = 3_600_000_000;
    let mut jobs = Vec::new();
    for (number, deadline) in [(1, now - hour), (2, now + hour), (3, now - hour)] {
        let job = JobId::from_random([number; 16]);
        let terms = Terms { job, deadline, ..alone.good.clone() };
        alone.context.book.note(&Signed::sign(&alone.coordinator, terms)).await.unwrap();
        jobs.push(job);
    }
    let context = alone.context;
    let entry = async |job| context.book.get(job).await.unwrap().unwrap();
    // What a bank has joined ends by what the coordinator says, for its rows may stand there.
    let event = Event::Started { version: "1".to_owned() };
    let said = &context.log.says(&event);
    context.book.decide(entry(jobs[2]).await.id, Stage::Accepted, "a person", said).await.unwrap();
    let runner = super::runner::Runner::new(Arc::clone(&context));
    for ended in [vec![jobs[0]], Vec::new()] {
        assert_eq!(runner.close_missed().await.unwrap(), ended);
        let mut stages = Vec::new();
        for job in &jobs {
            stages.push(entry(*job).await.stage);
        }
        assert_eq!(stages, [Stage::Missed, Stage::Proposed, Stage::Accepted]);
    }
    assert_eq!(context.book.unfinished().await.unwrap().len(), 2);
}

/// A clock that ran ahead for a moment ends nothing for good, and what was decided or is past its time stays as it is.
#[tokio::test]
async fn what_was_missed_and_nobody_had_decided_on_is_proposed_again_while_there_is_time() {
    let Alone { context, coordinator, good, _trial, .. } = Alone::new().await;
    let (book, now) = (&context.book, context.ports.clock.now());
    let said = &context.log.says(&Event::Started { version: "1".to_owned() });
    let hour = 3_600_000_000;
    let runner = super::runner::Runner::new(Arc::clone(&context));
    let table = [
        (None, now + hour, Stage::Missed, Some(Stage::Proposed)),
        (Some(Stage::Accepted), now + hour, Stage::Missed, None),
        (Some(Stage::Refused), now + hour, Stage::Refused, None),
        (None, now + hour, Stage::Failed, None),
        // Nobody takes it up; but its row would not stand in the way.
        (None, now - hour, Stage::Missed, None),
    ];
    for (number, (decided, deadline, end, reopened)) in (1..).zip(table) {
        let terms = Terms { job: JobId::from_random([number; 16]), deadline, ..good.clone() };
        let job = terms.job;
        book.note(&Signed::sign(&coordinator, terms)).await.unwrap();
        let entry = async || book.get(job).await.unwrap().unwrap();
        let id = entry().await.id;
        if let Some(stage) = decided {
            book.decide(id, stage, "a person", said).await.unwrap();
        }
        book.advance(id, end).await.unwrap();
        assert_eq!((entry().await.stage, runner.is_over(job).await.unwrap()), (end, reopened.is_none()));
        if deadline > now {
            book.reopen(id).await.unwrap();
            assert_eq!(entry().await.stage, reopened.unwrap_or(end), "{number}");
        }
    }
    assert!(!runner.is_over(JobId::from_random([99; 16])).await.unwrap(), "it is not known");
}

/// How many jobs a bank has seen must not let it forget what its rules are about.
#[tokio::test]
async fn rules_look_at_every_job_however_many_there_were() {
    let Alone { context, coordinator, good, _trial, .. } = Alone::new().await;
    let many = u16::try_from(super::book::PAGE).unwrap() + 2;
    let terms = |number: u16| {
        let disclosure = if number == 0 { Disclosure::Count } else { good.disclosure };
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Terms { job: JobId::from_random(id), disclosure, ..good.clone() }
    };
    let said = &context.log.says(&Event::Started { version: "1".to_owned() });
    for number in 0..many {
        context.book.note(&Signed::sign(&coordinator, terms(number))).await.unwrap();
    }
    let first = context.book.get(terms(0).job).await.unwrap().unwrap();
    context.book.decide(first.id, Stage::Accepted, "a person", said).await.unwrap();
    let now = context.book.get(terms(many - 1).job).await.unwrap().unwrap();

    let counting = Terms { disclosure: Disclosure::Count, ..good.clone() };
    let past = context.past(&now, &counting).await.unwrap();
    assert_eq!(past.last_count.map(|terms| terms.job), Some(first.job));
    assert_eq!(past.recent.len(), 1, "nobody has joined the others");
    assert!(context.past(&now, &good).await.unwrap().last_count.is_none(), "it is about counts alone");
    assert_eq!(context.book.unfinished().await.unwrap().len(), usize::from(many));
    let mut seen = 0;
    let mut before = i64::MAX;
    while let Some(last) = context.book.page(before).await.unwrap().last() {
        (seen, before) = (seen + 1, last.id);
    }
    assert_eq!(seen, 2, "pages");
}

/// How often records enter jobs is counted by when they enter: terms may have been seen long before.
#[tokio::test]
async fn a_job_is_recent_by_when_records_may_have_entered_it() {
    const DAY: i64 = 86_400_000_000;
    let Alone { context, coordinator, good, _trial, .. } = Alone::new().await;
    let (book, now) = (&context.book, context.ports.clock.now());
    let said = &context.log.says(&Event::Started { version: "1".to_owned() });
    book.note(&Signed::sign(&coordinator, good.clone())).await.unwrap();
    let judged = book.get(good.job).await.unwrap().unwrap();
    assert_eq!(context.config.policy.jobs_days, 30);
    // How many days ago it was seen, whether it was joined, how many days ago its rows were put together or sent, its end, whether
    // it counts.
    let table = [
        (1, false, None, None, false),
        (40, true, None, None, true),
        // None of its rows has left yet, or some have: they may still.
        (40, true, Some((Stage::Prepared, 10)), None, true),
        (40, true, Some((Stage::Prepared, 35)), None, true),
        (40, true, Some((Stage::Submitted, 10)), None, true),
        (40, true, Some((Stage::Submitted, 35)), None, false),
        (40, true, Some((Stage::Prepared, 10)), Some(Stage::Failed), true),
        (40, true, Some((Stage::Prepared, 35)), Some(Stage::Failed), false),
        (40, true, Some((Stage::Submitted, 10)), Some(Stage::Failed), true),
        (40, true, Some((Stage::Submitted, 35)), Some(Stage::Failed), false),
        (10, true, Some((Stage::Prepared, 10)), Some(Stage::Failed), true),
        (40, true, None, Some(Stage::Failed), false),
        (10, true, None, Some(Stage::Failed), true),
        (10, true, None, Some(Stage::Missed), false),
        (10, true, Some((Stage::Prepared, 10)), Some(Stage::Missed), true),
    ];
    for (number, (seen, joined, rows, end, counts)) in (2..).zip(table) {
        let deadline = now + 20 * DAY;
        let terms = Terms { job: JobId::from_random([number; 16]), deadline, ..good.clone() };
        let job = terms.job;
        book.note(&Signed::sign(&coordinator, terms)).await.unwrap();
        let id = book.get(job).await.unwrap().unwrap().id;
        if joined {
            book.decide(id, Stage::Accepted, "a person", said).await.unwrap();
        }
        if let Some((stage, days)) = rows {
            let mut figures = Figures::default();
            figures.stage("submit", Duration::ZERO, now - days * DAY);
            book.prepared(id, b"header", &figures, said).await.unwrap();
            if stage == Stage::Submitted {
                book.submitted(id, &figures, said).await.unwrap();
            }
        }
        if let Some(stage) = end {
            book.advance(id, stage).await.unwrap();
        }
        let update = sqlx::query("UPDATE job SET seen_at = $2 WHERE id = $1").bind(id);
        context.store.write(update.bind(now - seen * DAY)).await.unwrap();
        let past = context.past(&judged, &good).await.unwrap();
        assert_eq!(past.recent.iter().any(|terms| terms.job == job), counts, "{number}");
    }
}

/// Counts of one bank's own rows have told nothing of others: the certificate says who submitted.
#[tokio::test]
async fn a_count_that_no_other_bank_came_to_is_no_last_one() {
    let Alone { context, coordinator, good, _trial, .. } = Alone::new().await;
    let counting = |number: u8| {
        let job = JobId::from_random([number; 16]);
        let participants = terms(&["alpha", "beta", "gamma"], 2).participants;
        Terms { job, participants, disclosure: Disclosure::Count, ..good.clone() }
    };
    for number in [1, 2] {
        context.book.note(&Signed::sign(&coordinator, counting(number))).await.unwrap();
    }
    let first = context.book.get(counting(1).job).await.unwrap().unwrap();
    let now = context.book.get(counting(2).job).await.unwrap().unwrap();
    let last = async || context.past(&now, &counting(2)).await.unwrap().last_count.map(|terms| terms.job);
    let said = &context.log.says(&Event::Started { version: "1".to_owned() });
    let (book, id, figures) = (&context.book, first.id, Figures::default());
    book.decide(id, Stage::Accepted, "a person", said).await.unwrap();
    assert_eq!(last().await, Some(first.job), "others may yet come");
    book.prepared(id, b"header", &figures, said).await.unwrap();
    book.submitted(id, &figures, said).await.unwrap();
    book.returned(id, b"return", &figures, said).await.unwrap();
    let submitted = Some(EntrySubmission { rows: 1_024, root: [1; 32] });
    let entry = |name: &str, submission| Entry { bank: bank(name), submission, result_digest: None };
    let certificate = JobCertificate {
        terms_digest: first.terms_digest,
        entries: vec![entry("alpha", submitted), entry("beta", None), entry("gamma", None)],
        certified_at: 0,
    };
    book.certified(id, Signed::sign(&coordinator, certificate).bytes(), said).await.unwrap();
    assert_eq!(last().await, None);
}
