//! Any sequence of imports and hands against a model that does it the slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use lianfang_proto::catalogue::Hold;
use proptest::prelude::*;

use super::*;

const ROLES: [&str; 5] = ["agent", "agency", "", "victim", "whoever"];
const HOLDS: [&str; 4] = ["", "", "dispute", "perhaps"];
const RECORDS: u8 = 5;
const VALUES: u8 = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    role: usize,
    hold: usize,
    values: BTreeSet<u8>,
}

impl Said {
    fn enters(&self) -> bool {
        self.role < 3 && self.hold < 2
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Import { full: bool, rows: Vec<(u8, Said)> },
    Retract(u8),
    Hold(u8),
    Lift(u8),
    Fill,
}

#[derive(Default)]
struct Model {
    /// What is there: content, or none once it is retracted.
    records: BTreeMap<u8, Option<Said>>,
    hands: BTreeSet<u8>,
    outputs: BTreeSet<u8>,
}

impl Model {
    fn apply(&mut self, deed: &Deed) {
        match deed {
            Deed::Import { full, rows } => {
                let mut named = BTreeSet::new();
                for (record, said) in rows {
                    if named.insert(*record) {
                        self.records.insert(*record, Some(said.clone()));
                    }
                }
                if *full {
                    self.records
                        .iter_mut()
                        .filter(|(r, _)| !named.contains(r))
                        .for_each(|(_, said)| *said = None);
                }
            }
            Deed::Retract(record) => {
                self.records.entry(*record).and_modify(|said| *said = None);
            }
            Deed::Hold(record) => {
                if self.records.contains_key(record) {
                    self.hands.insert(*record);
                }
            }
            Deed::Lift(record) => {
                self.hands.remove(record);
            }
            Deed::Fill => self.outputs = self.eligible().into_keys().collect(),
        }
        let eligible = self.eligible();
        self.outputs.retain(|value| eligible.contains_key(value));
    }

    /// Values that enter, with the roles that their records say.
    fn eligible(&self) -> BTreeMap<u8, BTreeSet<usize>> {
        let mut eligible: BTreeMap<u8, BTreeSet<usize>> = BTreeMap::new();
        for (record, said) in &self.records {
            let Some(said) = said.as_ref().filter(|said| said.enters() && !self.hands.contains(record))
            else {
                continue;
            };
            for &value in &said.values {
                eligible.entry(value).or_default().insert(said.role);
            }
        }
        eligible
    }

    fn mentioned(&self) -> usize {
        self.records.values().flatten().flat_map(|said| &said.values).collect::<BTreeSet<_>>().len()
    }
}

fn said() -> impl Strategy<Value = Said> {
    let values = proptest::collection::btree_set(0..VALUES, 0..4);
    (0..ROLES.len(), 0..HOLDS.len(), values).prop_map(|(role, hold, values)| Said { role, hold, values })
}

fn deed() -> impl Strategy<Value = Deed> {
    let rows = proptest::collection::vec((0..RECORDS, said()), 0..6);
    prop_oneof![
        4 => (any::<bool>(), rows).prop_map(|(full, rows)| Deed::Import { full, rows }),
        1 => (0..RECORDS).prop_map(Deed::Retract),
        1 => (0..RECORDS).prop_map(Deed::Hold),
        1 => (0..RECORDS).prop_map(Deed::Lift),
        2 => Just(Deed::Fill),
    ]
}

fn name(value: u8) -> String {
    format!("fang_{value}")
}

impl Desk {
    async fn perform(&self, deed: &Deed) {
        match deed {
            Deed::Import { full, rows } => {
                let mut text = String::from("record,role,hold,wechat\n");
                for (record, said) in rows {
                    let values: Vec<_> = said.values.iter().map(|value| name(*value)).collect();
                    let (role, hold) = (ROLES[said.role], HOLDS[said.hold]);
                    writeln!(text, "A{record},{role},{hold},{}", values.join(";")).unwrap();
                }
                let options = ImportOptions { full: *full, retract_many: true, ..options() };
                self.import_with(&text, options).await;
            }
            // A record that is not there, or not so, is refused and changes nothing.
            Deed::Retract(record) => drop(self.register.retract(&format!("A{record}"), "li").await),
            Deed::Hold(record) => drop(self.register.hold(&format!("A{record}"), Hold::Dispute, "li").await),
            Deed::Lift(record) => drop(self.register.lift_hold(&format!("A{record}"), "li").await),
            Deed::Fill => drop(self.fill().await),
        }
    }

    async fn agrees_with(&self, model: &Model) {
        let eligible = self.eligible(&self.everything()).await;
        let roles = |roles: &BTreeSet<usize>| {
            roles.iter().map(|role| ["agent", "agency", "complainant"][*role]).collect::<Vec<_>>().join(";")
        };
        let found: BTreeMap<_, _> =
            eligible.iter().map(|e| (e.value.value().to_owned(), e.label.role_codes())).collect();
        let wanted: BTreeMap<_, _> =
            model.eligible().iter().map(|(value, said)| (name(*value), roles(said))).collect();
        assert_eq!(found, wanted);

        let ids: Vec<_> = eligible.iter().map(|e| e.id).collect();
        let outputs = self.register.outputs(KEY).of(&ids).await.unwrap();
        let values: BTreeMap<_, _> = eligible.iter().map(|e| (e.id, &e.value)).collect();
        let cached: BTreeSet<_> = outputs.iter().map(|(id, _)| values[id].value().to_owned()).collect();
        assert_eq!(cached, model.outputs.iter().map(|value| name(*value)).collect());
        assert!(outputs.iter().all(|(id, y)| *y == y_of(values[id])));

        let overview = self.register.overview().await.unwrap();
        assert_eq!(overview.outputs, model.outputs.len() as u64, "no output lies behind what is eligible");
        assert_eq!(overview.identifiers(), model.mentioned() as u64, "no identifier without a record");
        assert_eq!(overview.records(), model.records.values().flatten().count() as u64);
        assert_eq!(overview.held_by_hand, model.hands.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_register_is_what_was_done_to_it(deeds in proptest::collection::vec(deed(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (desk, mut model) = (Desk::new().await, Model::default());
            for deed in &deeds {
                desk.perform(deed).await;
                model.apply(deed);
                desk.agrees_with(&model).await;
                if let Deed::Import { full: false, .. } = deed {
                    desk.perform(deed).await;
                    desk.agrees_with(&model).await;
                }
            }
        });
    }
}
