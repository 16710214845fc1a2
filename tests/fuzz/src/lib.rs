//! What every fuzz target does with its bytes, at the doors where bytes of others come in: documents and messages of other
//! parties, registers, configurations, backups, plans of schedules. The federation's own tests run the same functions over
//! the seeds and their mutations, so the targets are checked where no fuzzer is at hand.
//!
//! What is read must not panic, and what is taken must be written again as it was.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use lianfang_coordinator::schedule::plan::{CatchUp, TooSoon};
use lianfang_coordinator::schedule::rhythm::{Rhythm, Zone};
use lianfang_node::ingest::sql::Address;
use lianfang_node::ingest::{HeaderMap, Options, RegisterFile};
use lianfang_node::membership::read_invite;
use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::checked::{self, CheckedEvaluation};
use lianfang_proto::documents::ceremony::{Complaint, Post, Proposal};
use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::enrolment::{EnrolmentRequest, Invite};
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest};
use lianfang_proto::documents::key_notice::KeyNotice;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::documents::membership::{CertificateRenewal, ChargeStatement};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Decision, Terms};
use lianfang_proto::ids::BankId;
use lianfang_proto::label::Label;
use lianfang_proto::row::{read_item, row_bytes};
use lianfang_proto::v1;
use lianfang_store::Place;
use lianfang_store::restore::Staged;
use lianfang_trust::at_rest::backup::{BackupHeader, BackupKey, open_backup};
use lianfang_trust::{Canonical, Signed, SigningKey};
use prost::Message;

/// A name, and what is done with the fuzzer's bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("documents", documents),
    ("messages", messages),
    ("rows", rows),
    ("register", register),
    ("config", config),
    ("settings", settings),
    ("schedule", schedule),
    ("manifest", manifest),
    ("key_backup", key_backup),
];

/// An identity of age, in which the seeds of `key_backup` are sealed; it has never opened anything else.
pub const IDENTITY: &str = "AGE-SECRET-KEY-1F9Y5JJ2FF9Y5JJ2FF9Y5JJ2FF9Y5JJ2FF9Y5JJ2FF9Y5JJ2FF9YS3R4TJN";

macro_rules! documents {
    ($($name:ident)+) => {
        /// The names of all kinds of documents.
        pub const DOCUMENTS: &[&str] = &[$(stringify!($name)),+];

        /// Signed by parties and handed on by others: rosters, terms, key records, certificates of jobs and what belongs
        /// to them.
        pub fn documents(data: &[u8]) {
            $(document::<$name>(data);)+
        }

        /// The kind of a document and its bytes without a signature, if it is one: for the seeds.
        pub fn name_of(data: &[u8]) -> Option<(&'static str, Vec<u8>)> {
            $(
                if $name::decode(data).is_ok() {
                    return Some((stringify!($name), data.to_vec()));
                }
                let signed = Signed::<$name>::claimed_signer(data).and_then(|key| Signed::<$name>::open(data, &key));
                if let Ok(signed) = signed {
                    return Some((stringify!($name), signed.value().encode()));
                }
            )+
            None
        }
    };
}

documents! {
    Roster Invite EnrolmentRequest EvaluationRequest EvaluationAnswer CertificateRenewal ChargeStatement KeyNotice KeyRecord
    EndorsedKeyRecord SubmissionHeader Return JobCertificate Countersignature Proposal Post Complaint Terms Decision
}

fn document<T: Canonical>(data: &[u8]) {
    if let Ok(value) = T::decode(data) {
        assert_eq!(value.encode(), data, "one spelling of {}", T::DOMAIN);
    }
    if let Ok(signer) = Signed::<T>::claimed_signer(data)
        && let Ok(signed) = Signed::<T>::open(data, &signer)
    {
        assert_eq!(signed.bytes(), data, "one spelling of a signed {}", T::DOMAIN);
    }
}

/// Requests as gRPC hands them over.
pub fn messages(data: &[u8]) {
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    let Ok(bank) = BankId::parse("alpha", "bank") else { return };
    if let Ok(request) = v1::EvaluateRequest::decode(data) {
        let _ = CheckedEvaluation::open(request, &bank, &key);
    }
    if let Ok(request) = v1::BlindEvaluateRequest::decode(data)
        && let Ok((_, elements)) = checked::blind_evaluate(&request)
    {
        assert_eq!(elements.len() % 32, 0);
    }
    if let Ok(request) = v1::SendRowsRequest::decode(data) {
        let _ = checked::terms_digest(&request.terms_digest);
    }
    if let Ok(request) = v1::GetJobRequest::decode(data) {
        let _ = checked::job(&request.job);
    }
    if let Ok(request) = v1::ReadBoardRequest::decode(data) {
        let _ = checked::ceremony(&request.ceremony);
    }
    if let Ok(request) = v1::GetKeyRecordRequest::decode(data) {
        let _ = checked::class_epoch(request.class, request.epoch);
    }
    if let Ok(reply) = v1::GetRosterReply::decode(data) {
        documents(&reply.roster);
    }
}

/// Items of a report, and labels as they are once they are opened.
pub fn rows(data: &[u8]) {
    for &disclosure in Disclosure::ALL {
        let (mut rest, mut again) = (data, Vec::new());
        while let Ok(Some(item)) = read_item(&mut rest, row_bytes(disclosure)) {
            item.write(&mut again);
        }
        assert!(data.starts_with(&again), "one spelling of an item");
        if let Ok(label) = Label::decode(data, disclosure) {
            assert_eq!(label.encode(disclosure), data, "one spelling of a label");
        }
    }
}

/// A register as a bank exports it: CSV in any encoding, a workbook, Parquet where that is built in.
pub fn register(data: &[u8]) {
    let Ok(register) = RegisterFile::open(Cursor::new(data.to_vec()), &Options::default()) else { return };
    // What ends the reading ends it once.
    for entry in register.take(10_000) {
        let Ok(entry) = entry else { continue };
        assert!(entry.issues.iter().all(|issue| !issue.reason.code.is_empty()));
    }
}

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// Does something with a folder in which this file alone lies.
fn with_file(name: &str, data: &[u8], what: impl FnOnce(&Path)) {
    FOLDER.with(|folder| {
        let written = fs::write(folder.path().join(name), data);
        assert!(written.is_ok(), "{name} is written: {written:?}");
        what(folder.path());
    });
}

/// `config.toml` of either program.
pub fn config(data: &[u8]) {
    with_file("config.toml", data, |folder| {
        let _ = lianfang_node::config::Config::load(folder);
        let _ = lianfang_coordinator::config::Config::read(folder);
    });
}

/// Small texts: invites, headers of a bank's own, addresses of servers, spans.
pub fn settings(data: &[u8]) {
    let _ = Place::server(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = HeaderMap::from_toml(text);
    let _ = Address::parse(text);
    let _ = lianfang_node::config::span(text);
    if let Ok(invite) = read_invite(text) {
        document::<Invite>(&invite.encode());
    }
}

/// Plans of a schedule, and when they come next.
pub fn schedule(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (CatchUp::parse(text), TooSoon::parse(text));
    let (text, zone) = text.split_once('\n').unwrap_or((text, "Asia/Shanghai"));
    let Ok(zone) = Zone::named(zone) else { return };
    for read in [Rhythm::weekly, Rhythm::monthly, Rhythm::cron, Rhythm::once] {
        let Ok(rhythm) = read(text) else { continue };
        let mut at = 1_800_000_000_000_000;
        for _ in 0..3 {
            let Some(next) = rhythm.after(&zone, at) else { break };
            assert!(next > at, "time goes on");
            at = next;
        }
    }
}

/// The manifest of a backup that is to be restored: nothing is touched outside the folder, whatever it says.
pub fn manifest(data: &[u8]) {
    with_file("manifest.json", data, |folder| {
        let into = folder.join("into");
        assert!(fs::create_dir_all(&into).is_ok());
        for program in ["lianfang-node", "lianfang-coordinator"] {
            // No store lies beside it.
            assert!(Staged::take(folder, &into, program).is_err());
        }
        let left = fs::read_dir(&into).map(Iterator::count);
        assert!(matches!(left, Ok(0)), "nothing is left behind");
    });
}

/// A backup of keys: the line in front, and the age file behind it.
pub fn key_backup(data: &[u8]) {
    let _ = BackupHeader::read(data);
    let Ok(key) = BackupKey::identity_file(IDENTITY.as_bytes()) else { panic!("no identity") };
    let _ = open_backup(data, &key);
}
