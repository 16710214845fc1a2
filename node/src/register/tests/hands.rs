use lianfang_proto::catalogue::Hold;

use super::*;

const FILE: &str = "record,role,wechat,name,birth_date,note\n\
                    A1,agent,fang_1;fang_2,王芳,1980-01-31,三次来电\nA2,agent,fang_2,,,\n";

#[tokio::test]
async fn a_hold_set_by_hand_stays_until_it_is_lifted_by_hand() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    desk.fill().await;
    desk.register.hold(" A1 ", Hold::Dispute, "li").await.unwrap();
    assert_eq!(desk.values(&desk.everything()).await, ["wechat fang_2"]);
    assert_eq!(desk.cached().await, 1, "outputs of a held record go at once");
    desk.import(&FILE.replace("fang_1", "fang_3")).await;
    desk.import_full("record,wechat\nA2,fang_2\n").await;
    desk.import(FILE).await;
    assert_eq!(
        desk.values(&desk.everything()).await,
        ["wechat fang_2"],
        "it outlives imports and a retraction"
    );
    let shown = desk.register.show("A1").await.unwrap();
    assert_eq!((shown.standing, shown.hand_hold), (Standing::Enters, Some(Hold::Dispute)));
    assert_eq!(desk.register.overview().await.unwrap().held_by_hand, 1);
    desk.register.lift_hold("A1", "li").await.unwrap();
    assert_eq!(desk.values(&desk.everything()).await.len(), 3);
    assert_eq!(desk.fill().await, 2);
    let refused = desk.register.lift_hold("A1", "li").await.unwrap_err();
    assert!(matches!(refused, RegisterError::NotHeldByHand));
    let events = desk.events().await;
    assert!(
        events.contains(&"register.hold-set".to_owned())
            && events.contains(&"register.hold-lifted".to_owned())
    );
}

#[tokio::test]
async fn a_hold_by_file_is_lifted_by_a_file() {
    let desk = Desk::new().await;
    desk.import("record,wechat,hold\nA1,fang_1,hardship\n").await;
    assert!(desk.values(&desk.everything()).await.is_empty());
    assert!(matches!(desk.register.lift_hold("A1", "li").await, Err(RegisterError::NotHeldByHand)));
    desk.import("record,wechat,hold\nA1,fang_1,\n").await;
    assert_eq!(desk.values(&desk.everything()).await, ["wechat fang_1"]);
}

#[tokio::test]
async fn a_retracted_record_is_empty_and_its_outputs_are_gone() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    desk.fill().await;
    let id = desk.register.retract("A1", "li").await.unwrap();
    assert_eq!((desk.cached().await, desk.register.overview().await.unwrap().identifiers()), (1, 1));
    assert!(matches!(desk.register.retract("A1", "li").await, Err(RegisterError::AlreadyRetracted)));
    assert!(matches!(desk.register.retract("A9", "li").await, Err(RegisterError::NoSuchRecord)));
    let listed = desk.register.list(RecordId::START, 10).await.unwrap();
    assert_eq!(listed.iter().map(|r| r.reference.as_str()).collect::<Vec<_>>(), ["A2"]);
    let entry = desk.log.list(2, 1).await.unwrap().pop().unwrap();
    let body: serde_json::Value = serde_json::from_slice(entry.body()).unwrap();
    assert_eq!((entry.event(), &body["record"]), ("register.retracted", &id.number().into()));
}

#[tokio::test]
async fn a_record_is_shown_whole() {
    let desk = Desk::new().await;
    desk.import(FILE).await;
    let content = desk.register.show("A1").await.unwrap().content.unwrap();
    assert_eq!((content.body.name.as_str(), content.body.note.as_str()), ("王芳", "三次来电"));
    let identifiers: Vec<_> = content.identifiers.iter().map(|i| (i.kind(), i.value())).collect();
    let wanted = [(Kind::NameBirth, "王芳/1980-01-31"), (Kind::Wechat, "fang_1"), (Kind::Wechat, "fang_2")];
    assert_eq!(identifiers, wanted);
}
