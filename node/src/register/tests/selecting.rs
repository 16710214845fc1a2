use lianfang_proto::catalogue::{Grade, Role, Typology};

use super::*;

const FILE: &str = "record,role,wechat,mobile,typology,grade,first_seen,last_seen,hold\n\
                    A1,agent,fang_1,13912345678,anti-collection,C,2024-01-31,2024-06-01,\n\
                    A2,agency,fang_1,,phishing,A,2023-05-01,,\n\
                    A3,agent,fang_1;fang_2,,,B,,,\n\
                    A4,agent,fang_1;fang_3,,telecom-fraud,A,2020-01-01,2026-01-01,dispute\n";

#[tokio::test]
async fn labels_merge_over_the_records_that_enter() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    let eligible = desk.eligible(&desk.everything()).await;
    let fang = eligible.iter().find(|e| e.value.value() == "fang_1").unwrap();
    assert_eq!(fang.label.role_codes(), "agent;agency");
    assert_eq!(fang.label.typology_codes(), "anti-collection;phishing");
    assert_eq!(fang.label.grade, Grade::Judged);
    assert_eq!(fang.label.first_month.text(), "2023-05");
    assert_eq!(fang.label.last_month.text(), "2024-06");
    assert!(eligible.iter().all(|e| e.value.value() != "fang_3"));
}

#[tokio::test]
async fn terms_choose_records_and_kinds() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    let all = Admission::everyone();
    let judged = Admission { grades: [Grade::Judged.number()].into_iter().collect(), ..all };
    let selection = desk.register.selection(judged, every_kind());
    let eligible = desk.eligible(&selection).await;
    assert_eq!(eligible.len(), 1);
    assert_eq!(eligible[0].label.role_codes(), "agency", "only what the terms admit is said");
    let mobiles = desk.register.selection(all, [Kind::Mobile.number()].into_iter().collect());
    assert_eq!(desk.values(&mobiles).await, ["mobile +8613912345678"]);
    let typologies = [Typology::AntiCollection.number()].into_iter().collect();
    let narrow = Admission { typologies, without_typology: false, ..all };
    let narrow = desk.register.selection(narrow, every_kind());
    assert_eq!(desk.values(&narrow).await, ["mobile +8613912345678", "wechat fang_1"]);
    let victims = Admission { roles: NumberSet::from_bits(u32::MAX), ..all };
    desk.import("record,role,wechat\nV1,victim,fang_9\n").await;
    assert!(
        !desk.values(&desk.register.selection(victims, every_kind())).await.contains(&"wechat fang_9".into())
    );
}

#[tokio::test]
async fn a_report_finds_the_records_behind_an_identifier() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    let ids: Vec<_> = desk.eligible(&desk.everything()).await.iter().map(|e| e.id).collect();
    let mut lines: Vec<_> = desk.everything().mentions(&ids).await.unwrap();
    lines.sort_by(|a, b| (&a.record, &a.value).cmp(&(&b.record, &b.value)));
    let lines: Vec<_> = lines.iter().map(|m| (m.record.as_str(), m.role, m.value.value())).collect();
    assert_eq!(
        lines,
        [
            ("A1", Role::Agent, "+8613912345678"),
            ("A1", Role::Agent, "fang_1"),
            ("A2", Role::Agency, "fang_1"),
            ("A3", Role::Agent, "fang_1"),
            ("A3", Role::Agent, "fang_2"),
        ]
    );
    assert!(desk.everything().mentions(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn evidence_is_found_however_long_it_is() {
    let desk = Desk::new().await;
    let long = "e".repeat(70_000);
    desk.import(&format!(
        "record,wechat,evidence\nA1,fang_1;fang_2,{long}1\nA2,fang_1,short\nA3,fang_1;fang_3,{long}3\n"
    ))
    .await;
    let eligible = desk.eligible(&desk.everything()).await;
    let ids: Vec<_> = eligible.iter().map(|e| e.id).collect();
    let found = desk.everything().mentions(&ids).await.unwrap();
    assert_eq!(found.len(), 5);
    for mention in found {
        let wanted = match mention.record.as_str() {
            "A1" => format!("{long}1"),
            "A2" => "short".to_owned(),
            _ => format!("{long}3"),
        };
        assert!(mention.evidence == wanted, "{}", mention.record);
    }
    let shown = desk.register.show("A3").await.unwrap().content.unwrap();
    assert!(shown.body.evidence == format!("{long}3"));
}

#[tokio::test]
async fn outputs_are_cached_once_and_lead_back() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    assert_eq!(desk.fill().await, 3);
    assert_eq!(desk.fill().await, 0);
    let eligible = desk.eligible(&desk.everything()).await;
    let ids: Vec<_> = eligible.iter().map(|e| e.id).collect();
    let outputs = desk.register.outputs(KEY).of(&ids).await.unwrap();
    let wanted: Vec<_> = eligible.iter().map(|e| (e.id, y_of(&e.value))).collect();
    assert_eq!(outputs, wanted);
    for other in [OutputKey { epoch: Epoch(2), ..KEY }, OutputKey { public: [8; 32], ..KEY }] {
        assert!(desk.register.outputs(other).of(&ids).await.unwrap().is_empty());
        let missing = desk.everything().page_without_output(&other, IdentifierId::START, 2).await.unwrap();
        assert_eq!(missing.len(), 2, "an output under one key says nothing of another");
    }
}

#[tokio::test]
async fn an_output_opens_only_under_its_key() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    desk.fill().await;
    let ids: Vec<_> = desk.eligible(&desk.everything()).await.iter().map(|e| e.id).collect();
    let moved = OutputKey { epoch: Epoch(2), ..KEY };
    let sql = "UPDATE output_key SET epoch = 2";
    sqlx::query(sql).execute(desk.bench.store.pool()).await.unwrap();
    let read = desk.register.outputs(moved).of(&ids).await;
    assert!(matches!(read, Err(StoreError::Sealed { table: "output", column: "block" })));
}

#[tokio::test]
async fn an_output_that_comes_too_late_is_not_kept() {
    let desk = Desk::new().await;
    desk.import("record,wechat\nA1,fang_1\nA2,fang_2\nA3,fang_3\n").await;
    let under_way = desk.eligible(&desk.everything()).await;
    desk.register.retract("A1", "li").await.unwrap();
    desk.register.hold("A2", lianfang_proto::catalogue::Hold::Hardship, "li").await.unwrap();
    let outputs: Vec<_> = under_way.iter().map(|e| (e.id, y_of(&e.value))).collect();
    let mut tx = desk.bench.store.begin().await.unwrap();
    assert_eq!(desk.register.outputs(KEY).put(&mut tx, &outputs).await.unwrap(), 1);
    tx.commit().await.unwrap();
    // The number of what is gone comes to mean nothing else, and the same again when it comes back.
    desk.import("record,wechat\nA4,fang_4\nA5,fang_1\n").await;
    for new in desk.eligible(&desk.everything()).await {
        let before = under_way.iter().find(|before| before.id == new.id).map(|before| before.value.value());
        assert!(before == (new.value.value() != "fang_4").then_some(new.value.value()));
    }
}

#[tokio::test]
async fn an_epoch_ends_with_its_outputs() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    desk.fill().await;
    assert_eq!(desk.register.close_epoch(Class::Subject, Epoch(2)).await.unwrap(), 0);
    assert_eq!(desk.register.close_epoch(Class::Subject, Epoch(1)).await.unwrap(), 3);
    assert_eq!(desk.register.overview().await.unwrap().outputs, 0);
    assert_eq!(desk.fill().await, 3);
}
