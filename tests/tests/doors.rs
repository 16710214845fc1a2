//! Runs every fuzz target of the federation's doors over its seeds and mutations of them: nothing may panic, and what is
//! taken is written again as it was.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

#[expect(unreachable_pub, reason = "shared with the fuzz package, where all of it is public")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::Complaint;
use lianfang_proto::documents::enrolment::{CertificateSource, EnrolmentRequest};
use lianfang_proto::documents::evaluation::EvaluationAnswer;
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::documents::membership::CertificateRenewal;
use lianfang_proto::ids::{BankId, Epoch, Generation, InviteId, KeyId};
use lianfang_tests::liars::{BadWire, in_the_place_of};
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use lianfang_trust::at_rest::MasterKey;
use lianfang_trust::at_rest::backup::{BackupHeader, BackupLock, seal_backup};
use lianfang_trust::{Canonical as _, Digest, SigningKey};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Column as _, Connection as _, Row as _};
use targets::TARGETS;

/// Of each seed.
const MUTATIONS: usize = 250;
/// The identity's own recipient.
const RECIPIENT: &str = "age128rketuhhz3kug23864ckgap4yqjdh0esg77aejv3lajj48af96s20k8a6";

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// A change of the kind that a fuzzer makes first.
fn mutate(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    let at = if bytes.is_empty() { 0 } else { rng.random_range(0..bytes.len()) };
    let end = bytes.len().min(at + 16);
    match rng.random_range(0..7_u8) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << rng.random_range(0..8_u8),
        1 if !bytes.is_empty() => bytes[at] = rng.random(),
        2 => bytes.truncate(at),
        3 => bytes.insert(at, rng.random()),
        4 => bytes.extend_from_within(at..end),
        5 => bytes[at..end].fill(0xff),
        _ => drop(bytes.drain(at..end)),
    }
}

#[test]
fn no_mutation_of_a_seed_breaks_a_door() {
    let mut rng = StdRng::seed_from_u64(2026);
    for (name, run) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has seeds");
        run(&[]);
        for seed in seeds {
            run(&seed);
            for round in 0..MUTATIONS {
                let mut bytes = seed.clone();
                for _ in 0..=round % 3 {
                    mutate(&mut bytes, &mut rng);
                }
                run(&bytes);
            }
        }
    }
}

/// What is signed by a federation is among the seeds, each in a form that is taken.
#[test]
fn the_seeds_of_documents_are_documents() {
    let mut kinds = BTreeMap::new();
    for seed in seeds("documents") {
        let (kind, _) = targets::name_of(&seed).unwrap_or_else(|| panic!("a seed is no document"));
        *kinds.entry(kind).or_insert(0) += 1;
    }
    for kind in targets::DOCUMENTS {
        assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
    }
}

/// Every target has a program for the fuzzer, and a line in its package.
#[test]
fn every_target_has_its_program() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let text = fs::read_to_string(package.join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(text.contains(&format!("::{name}(data)")), "{name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder(target)).unwrap();
    fs::write(folder(target).join(name), bytes).unwrap();
}

/// Keeps a document, if there are not two of its kind already.
fn keep(kept: &mut BTreeMap<&'static str, Vec<Vec<u8>>>, bytes: &[u8]) {
    let Some((kind, plain)) = targets::name_of(bytes) else { return };
    let of_kind = kept.entry(kind).or_default();
    if of_kind.len() < 2 && !of_kind.contains(&plain) {
        write("documents", &format!("{kind}-{}", of_kind.len()), &plain);
        of_kind.push(plain);
    }
}

/// Documents that pass between parties and that nobody stores.
fn passing() -> Vec<Vec<u8>> {
    let bank = BankId::parse("alpha", "bank").unwrap();
    let request = EnrolmentRequest {
        invite: InviteId::from_random([1; 16]),
        secret: [2; 32],
        bank: bank.clone(),
        identity: SigningKey::from_bytes(&[7; 32]).verifying_key(),
        sealing: [9; 32],
        address: "alpha.example.cn:7443".into(),
        certificate: CertificateSource::Authority(vec![0x30, 0]),
    };
    let own =
        CertificateSource::Own { leaf: vec![0x30, 0], root: vec![0x30, 1, 0], proof: vec![0x30, 2, 0, 0] };
    let renewal = CertificateRenewal {
        bank: bank.clone(),
        replaces: [3; 32],
        at: 1_700_000_000_000_000,
        overlap: true,
        certificate: own,
    };
    let answer = EvaluationAnswer {
        request_digest: Digest::from_bytes([4; 64]),
        holder: bank.clone(),
        key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
        evaluated_digest: Digest::from_bytes([5; 64]),
        charge_number: 6,
    };
    let complaint = Complaint { accused: bank, reason: 1 };
    vec![request.encode(), renewal.encode(), answer.encode(), complaint.encode()]
}

/// Writes the seeds that a federation makes: for a change of the documents' form.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes into the tree"]
async fn write_seeds() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    for bank in ["alpha", "beta"] {
        world.import(bank, b"record,role,mobile\nA1,agent,13912345678\n").await;
    }
    let wire = Arc::new(BadWire::repeating(&[]));
    let between = in_the_place_of(&world, "beta", wire.clone()).await;
    world.whole_job(&JobTerms::new(2, lianfang_proto::catalogue::Disclosure::Labels)).await;
    let mut kept = BTreeMap::new();
    for document in passing() {
        keep(&mut kept, &document);
    }
    for (message, _) in wire.requests("alpha", "Evaluate") {
        write("messages", "evaluate", &message);
        keep(&mut kept, &lianfang_proto::v1::EvaluateRequest::decode(message).unwrap().request);
    }
    let invited = world.run(COORDINATOR, &["invite", "gamma"]).await.json();
    let invite = invited["invite"].as_str().unwrap();
    write("settings", "invite", invite.as_bytes());
    keep(&mut kept, &lianfang_node::membership::read_invite(invite).unwrap().encode());
    drop(between);
    world.stop(COORDINATOR).await;
    install_default_drivers();
    let store = format!("sqlite://{}", world.dir(COORDINATOR).join("store.sqlite").display());
    let mut connection = AnyConnection::connect(&store).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    for table in tables.iter().filter(|table| !table.starts_with("_sqlx")) {
        let all = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")));
        for row in all.fetch_all(&mut connection).await.unwrap() {
            for column in row.columns() {
                if let Ok(Some(bytes)) = row.try_get::<Option<Vec<u8>>, _>(column.ordinal()) {
                    keep(&mut kept, &bytes);
                    if let Ok(endorsed) = EndorsedKeyRecord::decode(&bytes) {
                        keep(&mut kept, &endorsed.record().encode());
                    }
                }
            }
        }
    }
    let header = BackupHeader { party: "node".into(), fingerprint: "00".repeat(32), made_at: 1 };
    let lock = BackupLock::recipient(RECIPIENT).unwrap();
    let sealed =
        seal_backup(&header, &MasterKey::ephemeral(&mut StdRng::seed_from_u64(7)), b"content", &lock)
            .unwrap();
    write("key_backup", "recipient", &sealed);
    world.start(COORDINATOR).await;
    world.end().await;
}
