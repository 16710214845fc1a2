use super::*;

/// Nothing of a register lies readable on the disk: not in the store, its log, or the log's index.
#[tokio::test]
async fn no_raw_value_reaches_the_disk() {
    let desk = Desk::at(Bench::in_a_file().await);
    let text = "record,role,cn-id,mobile,wechat,email,address,name,birth_date,note,evidence,basis,hold\n\
                CASE-77001,agent,110105491231002,139 1234 5678,Fang_Canary,canary@example.cn,\
                福建省福州市鼓楼区五四路89号,王芳芳,1980-01-31,三次来电威胁,EVIDENCE-1,BASIS-1,\n\
                CASE-77002,victim,11010519491231002X,,ping_canary,,,,,,,,dispute\n";
    desk.import(text).await;
    desk.fill().await;
    desk.import(&text.replace("Fang_Canary", "Second_Canary")).await;
    desk.register.retract("CASE-77002", "li").await.unwrap();
    let canaries = [
        "CASE-77001",
        "CASE-77002",
        "110105491231002",
        "11010519491231002X",
        "139 1234 5678",
        "13912345678",
        "fang_canary",
        "Fang_Canary",
        "second_canary",
        "ping_canary",
        "canary@example.cn",
        "福州市",
        "五四路",
        "王芳芳",
        "1980-01-31",
        "三次来电",
        "EVIDENCE-1",
        "BASIS-1",
    ];
    let mut read = 0;
    for entry in std::fs::read_dir(desk.bench.trial.folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for canary in canaries {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} stands in {}", path.display());
        }
        read += bytes.len();
    }
    assert!(read > 10_000, "there was something to read");
    // The search can fail: what is plain on purpose is found.
    let log = std::fs::read(desk.bench.trial.folder().join("store.sqlite-wal")).unwrap();
    assert!(log.windows(17).any(|window| window == b"register.imported"));
}
