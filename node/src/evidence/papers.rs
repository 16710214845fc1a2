//! Roster and key records: all that a third party needs to know of the federation to verify evidence.
//!
//! Comes in: what this node has pinned, or a file. Goes out: members' keys, holders' keys, public values, and the digests
//! that people compare. Trusts: nothing in the file by itself. A roster is signed by the authority that it was pinned
//! under and a record by all its holders; that they are the federation's is what the digests are compared for.

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::documents::roster::{Member, Roster};
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_trust::{Canonical as _, Signed, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Flaw;
use super::form::{Form, Packed};

/// The file.
#[derive(Serialize, Deserialize)]
pub struct PapersFile {
    /// The signed roster.
    pub roster: Packed,
    /// Key records with their holders' signatures.
    pub key_records: Vec<Packed>,
}

impl Form for PapersFile {
    const NAME: &'static str = "lianfang/papers";
}

/// Papers, opened.
pub struct Papers {
    roster: Signed<Roster>,
    records: Vec<EndorsedKeyRecord>,
}

impl PapersFile {
    /// The papers of a signed roster and these records.
    pub fn new(roster: &[u8], records: &[EndorsedKeyRecord]) -> Self {
        let key_records = records.iter().map(|record| Packed(record.encode())).collect();
        Self { roster: Packed(roster.to_vec()), key_records }
    }

    /// Opens them. Every signature in them holds; whose they are, people compare.
    pub fn open(&self) -> Result<Papers, Flaw> {
        let authority =
            Signed::<Roster>::claimed_signer(&self.roster.0).map_err(|_| Flaw::Malformed("roster"))?;
        let roster = Signed::open(&self.roster.0, &authority).map_err(|_| Flaw::Malformed("roster"))?;
        let open = |record: &Packed| {
            EndorsedKeyRecord::decode(&record.0).map_err(|_| Flaw::Malformed("key_records"))
        };
        Ok(Papers { roster, records: self.key_records.iter().map(open).collect::<Result<_, _>>()? })
    }
}

impl Papers {
    /// The key by which the authority has signed the roster.
    pub fn authority(&self) -> &VerifyingKey {
        self.roster.signer()
    }

    /// A member, whatever its standing is now.
    pub fn member(&self, bank: &BankId) -> Result<&Member, Flaw> {
        let members = &self.roster.value().members;
        members.iter().find(|member| &member.bank == bank).ok_or(Flaw::NotInPapers)
    }

    /// The record of this very key.
    pub fn record(&self, key: KeyId) -> Result<&KeyRecord, Flaw> {
        let mut records = self.records.iter().map(EndorsedKeyRecord::record);
        records.find(|record| record.key == key).ok_or(Flaw::NotInPapers)
    }

    /// What people compare with what they know of the federation before they believe a verdict.
    pub fn basis(&self) -> serde_json::Value {
        let records: Vec<_> = self
            .records
            .iter()
            .map(EndorsedKeyRecord::record)
            .map(|record| {
                let class = Class::code(record.key.class);
                json!({ "class": class, "epoch": record.key.epoch.0, "generation": record.key.generation.0,
                        "short_digest": record.digest().short() })
            })
            .collect();
        json!({
            "authority": self.authority().fingerprint().replace(' ', ""),
            "roster_version": self.roster.value().version,
            "roster_digest": self.roster.digest().short(),
            "key_records": records,
        })
    }
}
