//! The notice board, as holders use it.

use lianfang_desk::Exit;
use lianfang_proto::FaultCode;
use lianfang_proto::documents::ceremony::{Complaint, Phase};
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::v1::{GetKeyRecordRequest, ReadBoardRequest, WatchInboxRequest};
use lianfang_trust::Canonical as _;

use crate::world::{World, bank_id, code};

#[tokio::test]
async fn posts_reach_whom_they_concern_and_a_place_is_filled_once() {
    let (mut world, banks) = World::with(&["alpha", "beta", "gamma", "delta"]).await;
    let start = ["ceremony", "start", "--holders", "alpha,beta,gamma", "--threshold", "2"];
    let open = world.json(&start).await["ceremony"].as_str().unwrap().to_owned();
    let id = hex::decode(&open).unwrap();
    let (exit, said) = world.coordinator().run(&start).await;
    assert!(exit == Exit::Later && said.contains(&open), "one at a time: {said}");
    let proposal = banks[0].proposal(&id).await;
    let inbox = banks[0].directory().watch_inbox(WatchInboxRequest { seen: 0, wait_ms: 0 }).await.unwrap();
    assert_eq!(inbox.into_inner().ceremonies[0], id);
    let to_beta = banks[0].sign_post(&proposal, Phase::RoundTwo, Some("beta"), b"for beta");
    banks[0].post(&to_beta).await.unwrap();
    banks[0].post(&to_beta).await.unwrap();
    let other = banks[0].sign_post(&proposal, Phase::RoundTwo, Some("beta"), b"something else");
    assert_eq!(code(&banks[0].post(&other).await.unwrap_err()).0, FaultCode::MessageRepeated);
    assert_eq!(code(&banks[1].post(&to_beta).await.unwrap_err()).0, FaultCode::SignatureInvalid);
    banks[0].post(&banks[0].sign_post(&proposal, Phase::RoundOne, None, b"all")).await.unwrap();
    world.restart().await;
    let read = |at: usize| {
        let request = ReadBoardRequest { ceremony: id.clone().into() };
        let mut board = banks[at].board();
        async move { board.read_board(request).await.map(|reply| reply.into_inner().posts.len()) }
    };
    assert_eq!((read(0).await.unwrap(), read(1).await.unwrap(), read(2).await.unwrap()), (2, 2, 1));
    assert_eq!(code(&read(3).await.unwrap_err()).0, FaultCode::NotParticipant);
}

/// A store that was put back from a backup does not know the epochs that banks have seen since.
#[tokio::test]
async fn a_new_key_may_be_of_a_later_epoch_than_the_next() {
    let (world, _) = World::with_key(&["alpha", "beta"]).await;
    let start = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2"];
    let (exit, said) = world.coordinator().run(&[&start[..], &["--epoch", "1"]].concat()).await;
    assert!(exit == Exit::Usage && said.contains("--epoch"), "{exit:?} {said}");
    for turn in ["close", "activate"] {
        let (exit, said) = world.coordinator().run(&["ceremony", turn, "--epoch", "1"]).await;
        assert!(exit == Exit::Usage && said.contains("1 active"), "{exit:?} {said}");
        assert!(said.contains("ceremony keys") && !said.contains("roster list"), "{said}");
    }
    let id = world.json(&[&start[..], &["--epoch", "7"]].concat()).await["ceremony"].clone();
    let shown = world.json(&["ceremony", "show", id.as_str().unwrap()]).await;
    assert_eq!(shown["epoch"], 7, "{shown}");
}

#[tokio::test]
async fn the_record_is_published_once_all_have_endorsed_it() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    let newest = GetKeyRecordRequest { class: 1, epoch: 0, generation: None };
    assert!(banks[0].board().get_key_record(newest).await.unwrap().into_inner().record.is_empty());
    world.agree_on_key(&banks).await;
    for epoch in [0, 1] {
        let reply = banks[1]
            .board()
            .get_key_record(GetKeyRecordRequest { class: 1, epoch, generation: None })
            .await
            .unwrap();
        let record = EndorsedKeyRecord::decode(&reply.into_inner().record).unwrap();
        assert_eq!((record.record().key.epoch.0, record.record().holders.len()), (1, 2));
    }
    let absent = banks[1]
        .board()
        .get_key_record(GetKeyRecordRequest { class: 1, epoch: 2, generation: None })
        .await
        .unwrap();
    assert!(absent.into_inner().record.is_empty());
    let unknown = banks[1]
        .board()
        .get_key_record(GetKeyRecordRequest { class: 7, epoch: 0, generation: None })
        .await
        .unwrap_err();
    assert_eq!(code(&unknown), (FaultCode::MalformedField, Some("class".to_owned())));
}

#[tokio::test]
async fn the_deadline_names_who_is_missing_and_a_complaint_whom_it_accuses() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    let start = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2", "--deadline", "10s"];
    let id = world.json(&start).await["ceremony"].as_str().unwrap().to_owned();
    let proposal = banks[0].proposal(&hex::decode(&id).unwrap()).await;
    let first = banks[0].sign_post(&proposal, Phase::RoundOne, None, b"x");
    banks[0].post(&first).await.unwrap();
    assert_eq!(world.json(&["ceremony", "show", &id]).await["missing"][0], "beta");
    world.pass(10);
    let mut shown = world.json(&["ceremony", "show", &id]).await;
    for _ in 0..200 {
        if shown["state"] == "failed" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        shown = world.json(&["ceremony", "show", &id]).await;
    }
    assert_eq!(
        (&shown["failure"], &shown["culprits"][0]),
        (&"ceremony-failed-missing".into(), &"beta".into())
    );
    let late = banks[1].sign_post(&proposal, Phase::RoundOne, None, b"x");
    assert_eq!(code(&banks[1].post(&late).await.unwrap_err()).0, FaultCode::CeremonyMissing);
    let id = world.json(&start).await["ceremony"].as_str().unwrap().to_owned();
    let proposal = banks[0].proposal(&hex::decode(&id).unwrap()).await;
    let accusation = Complaint { accused: bank_id("beta"), reason: 1 };
    let complaint = banks[0].sign_post(&proposal, Phase::Complaint, None, &accusation.encode());
    banks[0].post(&complaint).await.unwrap();
    let read = ReadBoardRequest { ceremony: hex::decode(&id).unwrap().into() };
    let board = banks[1].board().read_board(read).await.unwrap().into_inner();
    assert_eq!((board.failure.as_str(), board.culprits), ("ceremony-failed-lied", vec!["beta".to_owned()]));
}
