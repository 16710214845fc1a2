//! What an honest coordinator's report becomes, row by row.

use std::collections::{BTreeMap, BTreeSet};

use lianfang_proto::catalogue::Kind::{Account, CnId, Email, Mobile, OrgCode, Qq};
use lianfang_proto::catalogue::{Disclosure, Grade, Kind, Role, Typology};
use lianfang_proto::label::Month;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::kept::Kept;
use super::world::*;
use crate::normalise::Canonical;
use crate::report::*;

const HEADER: &str = "\u{FEFF}record,role,kind,value_masked,banks,bank_ids,labels,new\n";

/// Four banks of three groups: beta and gamma count as one.
fn federation(threshold: u16, disclosure: Disclosure) -> World {
    let (phone, card) = ((Mobile, "+8613912345678"), (CnId, "11010519491231002X"));
    let firm = (OrgCode, "M000100Y4");
    let mut b1 = record("B1", Role::Complainant, &[card, phone]);
    b1.typologies = vec![Typology::Phishing, Typology::AntiCollection];
    b1.months = (Month::new(2024, 3).unwrap(), Month::new(2024, 5).unwrap());
    let mut b2 = record("B2", Role::Agency, &[phone]);
    b2.grade = Grade::Judged;
    b2.months = (Month::new(2023, 12).unwrap(), Month::default());
    let alpha = vec![
        record("=A1", Role::Agent, &[phone, card, (Qq, "10001")]),
        record("A 2,x", Role::Agency, &[phone, firm, (Email, "a@b.cn")]),
    ];
    let beta = vec![b1, b2, record("B3", Role::Agent, &[(Account, "only-beta")])];
    let gamma = vec![record("C1", Role::Complainant, &[phone, (Email, "a@b.cn")])];
    let delta = vec![record("D1", Role::Agent, &[phone, firm])];
    let banks = vec![
        member("alpha", "alpha", alpha),
        member("beta", "big", beta),
        member("gamma", "big", gamma),
        member("delta", "delta", delta),
    ];
    World::new(banks, threshold, disclosure)
}

async fn csv(world: &World, name: &str) -> String {
    let kept = Kept::of(world, name, &world.script(name)).await.unwrap();
    kept.text(Form::Csv).await
}

#[tokio::test]
async fn institutions() {
    let world = federation(2, Disclosure::Institutions);
    let alpha = format!(
        "{HEADER}'=A1,agent,cn-id,110***********002X,2,alpha;beta,,true\n\
         '=A1,agent,mobile,*******5678,3,alpha;beta;delta;gamma,,true\n\
         \"A 2,x\",agency,email,*@b.cn,2,alpha;gamma,,true\n\
         \"A 2,x\",agency,mobile,*******5678,3,alpha;beta;delta;gamma,,true\n\
         \"A 2,x\",agency,org-code,*****00Y4,2,alpha;delta,,true\n"
    );
    // '=' stands before 'A' among the bytes, and the apostrophe is no part of the order.
    assert_eq!(csv(&world, "alpha").await, alpha);
    let gamma = format!(
        "{HEADER}C1,complainant,email,*@b.cn,2,alpha;gamma,,true\n\
         C1,complainant,mobile,*******5678,3,alpha;beta;delta;gamma,,true\n"
    );
    assert_eq!(csv(&world, "gamma").await, gamma);
}

#[tokio::test]
async fn counts() {
    let world = federation(3, Disclosure::Count);
    let expected = format!(
        "{HEADER}'=A1,agent,mobile,*******5678,3,,,true\n\"A 2,x\",agency,mobile,*******5678,3,,,true\n"
    );
    assert_eq!(csv(&world, "alpha").await, expected);
    let kept = Kept::of(&world, "delta", &world.script("delta")).await.unwrap();
    assert_eq!(
        kept.text(Form::JsonLines).await,
        "{\"record\":\"D1\",\"role\":\"agent\",\"kind\":\"mobile\",\"value_masked\":\"*******5678\",\"banks\":3,\
         \"bank_ids\":[],\"labels\":[],\"new\":true}\n"
    );
}

#[tokio::test]
async fn labels() {
    let world = federation(3, Disclosure::Labels);
    let labels = "[{\"bank\":\"alpha\",\"role\":\"agent;agency\",\"typology\":\"\",\"grade\":\"C\",\
         \"first_month\":\"\",\"last_month\":\"\",\"contact\":\"alpha, \\\"desk 1\\\"\"},\
         {\"bank\":\"beta\",\"role\":\"agency;complainant\",\"typology\":\"anti-collection;phishing\",\
         \"grade\":\"A\",\"first_month\":\"2023-12\",\"last_month\":\"2024-05\",\
         \"contact\":\"beta, \\\"desk 1\\\"\"},\
         {\"bank\":\"gamma\",\"role\":\"complainant\",\"typology\":\"\",\"grade\":\"C\",\
         \"first_month\":\"\",\"last_month\":\"\",\"contact\":\"gamma, \\\"desk 1\\\"\"}]";
    let kept = Kept::of(&world, "delta", &world.script("delta")).await.unwrap();
    let cell = labels.replace('"', "\"\"");
    let csv = format!("{HEADER}D1,agent,mobile,*******5678,3,alpha;beta;delta;gamma,\"{cell}\",true\n");
    assert_eq!(kept.text(Form::Csv).await, csv);
    let json = format!(
        "{{\"record\":\"D1\",\"role\":\"agent\",\"kind\":\"mobile\",\"value_masked\":\"*******5678\",\"banks\":3,\
         \"bank_ids\":[\"alpha\",\"beta\",\"delta\",\"gamma\"],\"labels\":{labels},\"new\":true}}\n"
    );
    assert_eq!(kept.text(Form::JsonLines).await, json);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["labels"][1]["grade"], "A");
}

#[tokio::test]
async fn an_empty_report_is_a_header() {
    for disclosure in [Disclosure::Count, Disclosure::Institutions, Disclosure::Labels] {
        let world = federation(4, disclosure);
        let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
        assert_eq!(kept.text(Form::Csv).await, HEADER);
        assert_eq!(kept.text(Form::JsonLines).await, "");
        assert_eq!((kept.outcome.rows, kept.outcome.refused_matches), (0, 0));
    }
    // Nobody else has submitted.
    let world = federation(2, Disclosure::Labels);
    let nobody = Script { sources: Vec::new(), items: Vec::new(), ends: true };
    assert_eq!(Kept::of(&world, "alpha", &nobody).await.unwrap().outcome.rows, 0);
}

#[tokio::test]
async fn the_same_answer_gives_the_same_bytes() {
    let (one, other) = (federation(2, Disclosure::Labels), federation(2, Disclosure::Labels));
    assert_eq!(csv(&one, "alpha").await, csv(&other, "alpha").await);
}

/// Five banks of four groups, with what each knows drawn by chance, against the answer in the clear.
#[tokio::test]
async fn chance_registers_agree_with_the_clear_answer() {
    let mut rng = StdRng::seed_from_u64(20_261_122);
    let leak = |text: String| -> &'static str { text.leak() };
    let pool: Vec<_> = (0..700)
        .map(|number| (if number % 3 == 0 { Qq } else { Mobile }, leak(format!("+86{number:011}"))))
        .collect();
    let names = [("a", "a"), ("b", "b"), ("c", "c"), ("d", "c"), ("e", "e")];
    let banks: Vec<Bank> = names
        .iter()
        .map(|(name, group)| {
            let records = (0..200).map(|number| {
                let some: BTreeSet<_> = (0..3).map(|_| pool[rng.random_range(0..pool.len())]).collect();
                let role = Role::ALL[rng.random_range(0..3)];
                record(
                    leak(format!("{name}{}", number * 7 % 200)),
                    role,
                    &some.into_iter().collect::<Vec<_>>(),
                )
            });
            member(name, group, records.collect())
        })
        .collect();
    let mut holders: BTreeMap<(Kind, &str), BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (bank, (name, group)) in banks.iter().zip(names) {
        let all = bank.records.iter().flat_map(|record| &record.identifiers);
        for one in all {
            holders.entry(*one).or_default().insert((name, group));
        }
    }
    let mut rows = BTreeSet::new();
    for record in &banks[0].records {
        for (kind, value) in &record.identifiers {
            let held = &holders[&(*kind, *value)];
            let groups = held.iter().map(|(_, group)| group).collect::<BTreeSet<_>>().len();
            if groups >= 2 {
                let ids = held.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
                let masked = Canonical::from_stored(*kind, (*value).to_owned()).masked();
                let line =
                    format!("{},{},{},{masked},{groups},{ids},,true\n", record.reference, record.role, kind);
                rows.insert((record.reference, kind.code(), *value, line));
            }
        }
    }
    assert!(rows.len() > 300, "more than a batch");
    let expected: String = rows.into_iter().map(|(.., line)| line).collect();
    let world = World::new(banks, 2, Disclosure::Institutions);
    assert_eq!(csv(&world, "a").await, format!("{HEADER}{expected}"));
}

#[tokio::test]
async fn the_outcome_counts_identifiers_and_tells_no_small_cells() {
    const MOBILES: [&str; 5] =
        ["+8613900000001", "+8613900000002", "+8613900000003", "+8613900000004", "+8613900000005"];
    let mut identifiers: Vec<_> = MOBILES.iter().map(|value| (Mobile, *value)).collect();
    identifiers.push((Qq, "10001"));
    let records = || vec![record("R1", Role::Agent, &identifiers), record("R2", Role::Agent, &identifiers)];
    let banks = vec![member("alpha", "alpha", records()), member("beta", "beta", records())];
    let world = World::new(banks, 2, Disclosure::Institutions);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert_eq!(kept.outcome.rows, 12);
    assert_eq!(
        kept.outcome.by_kind.iter().map(|(k, n)| (*k, *n)).collect::<Vec<_>>(),
        [(Mobile, 5), (Qq, 1)]
    );
    let returned = kept.outcome.to_return(&world.terms, &bank("alpha"));
    assert_eq!(returned.by_kind, [(Mobile, 5)]);
    assert_eq!(returned.result_digest, kept.outcome.digest);
}
