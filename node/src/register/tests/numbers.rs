//! What happens where two records, or two identifiers, have one number.

use super::super::import::Import;
use super::super::pending::Pending;
use super::super::subject::Subject;
use super::*;
use crate::normalise::Rules;
use crate::pipeline::spill::Sorter;

/// Where a subject's number stands, and that of its first identifier.
const RECORD: usize = 0;
const IDENTIFIER: usize = 45;

impl Desk {
    /// Imports a file in which the number at this place is 7 in every row.
    async fn import_with_one_number(&self, text: &str, place: usize) -> (u64, String) {
        let store = &self.bench.store;
        let rules = Rules::new(options().today);
        let mut sorter = Sorter::new(store.folder(), &mut *store.rng());
        for entry in file(text) {
            let row = entry.unwrap().row.unwrap();
            let subject = Subject::of_row(&row, rules, &self.register.seals, &mut Vec::new());
            let mut bytes = subject.bytes().to_vec();
            bytes[place..place + 8].copy_from_slice(&7_i64.to_be_bytes());
            sorter.push(&bytes).unwrap();
        }
        let pending = Pending::new(store.folder(), &mut *store.rng());
        let mut import = Import::new(&self.register, options(), (2, 0), pending).await.unwrap();
        import.file(sorter.finish().unwrap()).await.unwrap();
        let none = Sorter::new(store.folder(), &mut *store.rng());
        let lines = std::mem::replace(&mut import.mentions, none);
        import.mention(lines.finish().unwrap()).await.unwrap();
        let Import { tx, pending, summary, .. } = import;
        tx.commit().await.unwrap();
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        pending.write(&mut rejects).unwrap();
        (summary.added, String::from_utf8(rejects.finish().unwrap()).unwrap())
    }
}

#[tokio::test]
async fn the_second_record_of_a_number_is_refused() {
    let desk = Desk::new().await;
    let (one, other) = ("A1,fang_1\n", "A2,fang_2\n");
    let (added, rejects) = desk.import_with_one_number(&format!("record,wechat\n{one}{other}"), RECORD).await;
    assert_eq!((added, rejects.matches("record-number-taken").count()), (1, 1), "{rejects}");
    let kept = desk.values(&desk.everything()).await;
    assert_eq!(kept.len(), 1);
    let refused = if kept == ["wechat fang_1"] { other } else { one };
    let (added, rejects) = desk.import_with_one_number(&format!("record,wechat\n{refused}"), RECORD).await;
    assert_eq!((added, rejects.matches("record-number-taken").count()), (0, 1), "{rejects}");
    assert_eq!(desk.values(&desk.everything()).await, kept);
}

#[tokio::test]
async fn the_second_identifier_of_a_number_is_left_out() {
    let desk = Desk::new().await;
    let text = "record,wechat\nA1,fang_1\nA2,fang_2\n";
    let (added, rejects) = desk.import_with_one_number(text, IDENTIFIER).await;
    assert_eq!((added, rejects.matches("value-number-taken").count()), (2, 1), "{rejects}");
    let kept = desk.values(&desk.everything()).await;
    assert_eq!(kept.len(), 1);
    let later = format!("record,wechat\nA3,fang_3\nA4,{}\n", kept[0].trim_start_matches("wechat "));
    let (added, rejects) = desk.import_with_one_number(&later, IDENTIFIER).await;
    assert_eq!((added, rejects.matches("value-number-taken").count()), (2, 1), "{rejects}");
    assert_eq!(desk.values(&desk.everything()).await, kept);
    let ids: Vec<_> = desk.eligible(&desk.everything()).await.iter().map(|e| e.id).collect();
    assert_eq!(desk.everything().mentions(&ids).await.unwrap().len(), 2, "A4 mentions what was there");
}
