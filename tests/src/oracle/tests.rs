//! The interface's example, and the two ways to the clear answer against each other.

use std::io::Cursor;

use encoding_rs::GB18030;
use jiff::civil::date;
use lianfang_node::ingest::{Column as Header, Disposition, Options, RegisterFile};
use lianfang_node::normalise::Rules;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::people::{Shape, World};

const ALPHA: &str = "record,role,cn-id,mobile,uscc,hold\n\
    A1,agent,110105491231002,139 1234 5678;+8613912345678,,\n\
    A2,agency,,,91350100m000100y43,\nA3,agent,440524188001010014,,,dispute\n";
const BETA: &str = "record,role,身份证号,手机号,组织机构代码,限制\nB1,complainant,11010519491231002x,,,\n\
    B2,agency,,０１３９１２３４５６７８,M000100Y-4,\nB3,agent,440524188001010014,,,\n";

fn bank(id: &str, file: &[u8]) -> ClearBank {
    let records = read_register(file, date(2026, 11, 22)).unwrap();
    ClearBank { id: id.to_owned(), group: id.to_owned(), records }
}

fn example() -> Vec<ClearBank> {
    vec![bank("alpha", ALPHA.as_bytes()), bank("beta", &GB18030.encode(BETA).0)]
}

fn report(banks: &[ClearBank], threshold: usize, disclosure: Disclosure, of: &str) -> String {
    let mut reports = expected_reports(banks, threshold, disclosure, |bank| format!("desk@{bank}"));
    String::from_utf8(reports.remove(of).unwrap()).unwrap()
}

const HEADER: &str = "\u{FEFF}record,role,kind,value_masked,banks,bank_ids,labels,new\n";

#[test]
fn the_example_of_the_interface() {
    let banks = example();
    assert_eq!(
        report(&banks, 2, Disclosure::Institutions, "alpha"),
        format!(
            "{HEADER}A1,agent,cn-id,110***********002X,2,alpha;beta,,true\n\
             A1,agent,mobile,*******5678,2,alpha;beta,,true\n\
             A2,agency,org-code,*****00Y4,2,alpha;beta,,true\n"
        )
    );
    assert_eq!(
        report(&banks, 2, Disclosure::Institutions, "beta"),
        format!(
            "{HEADER}B1,complainant,cn-id,110***********002X,2,alpha;beta,,true\n\
             B2,agency,mobile,*******5678,2,alpha;beta,,true\n\
             B2,agency,org-code,*****00Y4,2,alpha;beta,,true\n"
        )
    );
}

#[test]
fn disclosures_and_thresholds() {
    let banks = example();
    let count = report(&banks, 2, Disclosure::Count, "alpha");
    assert!(count.contains("A1,agent,mobile,*******5678,2,,,true\n"), "{count}");
    let labels = report(&banks, 2, Disclosure::Labels, "alpha");
    let label = "\"[{\"\"bank\"\":\"\"beta\"\",\"\"role\"\":\"\"complainant\"\",\"\"typology\"\":\"\"\"\",\"\"grade\"\":\"\"C\"\",\
                 \"\"first_month\"\":\"\"\"\",\"\"last_month\"\":\"\"\"\",\"\"contact\"\":\"\"desk@beta\"\"}]\"";
    assert!(
        labels.contains(&format!("A1,agent,cn-id,110***********002X,2,alpha;beta,{label},true\n")),
        "{labels}"
    );
    assert_eq!(report(&banks, 3, Disclosure::Labels, "alpha"), HEADER);
}

#[test]
fn a_group_counts_once_and_is_named_in_full() {
    let mut banks = example();
    banks.push(bank("gamma", b"record,mobile\n=C1,13912345678\nC2,13912345678\n"));
    "alpha".clone_into(&mut banks[1].group);
    assert_eq!(report(&banks, 3, Disclosure::Institutions, "alpha"), HEADER);
    assert_eq!(
        report(&banks, 2, Disclosure::Institutions, "gamma"),
        format!(
            "{HEADER}'=C1,complainant,mobile,*******5678,2,alpha;beta;gamma,,true\n\
             C2,complainant,mobile,*******5678,2,alpha;beta;gamma,,true\n"
        )
    );
    assert_eq!(report(&banks, 2, Disclosure::Institutions, "alpha").lines().count(), 2);
}

#[test]
fn several_records_make_one_label() {
    let one = bank("one", b"record,mobile\nX,13912345678\n");
    let two = bank(
        "two",
        "record,role,typology,grade,first_seen,last_seen,mobile\n\
         Y2,agency,反催收,B,2024-03-01,2024-05-09,13912345678\n\
         Y1,agent,credit-repair;反催收,,2024/2/1,,139-1234-5678\n\
         Y3,agent,,,,2023年1月1日,13912345678\n"
            .as_bytes(),
    );
    let report = report(&[one, two], 2, Disclosure::Labels, "one").replace("\"\"", "\"");
    let label = "[{\"bank\":\"two\",\"role\":\"agent;agency\",\"typology\":\"anti-collection;credit-repair\",\"grade\":\"B\",\
                 \"first_month\":\"2024-02\",\"last_month\":\"2024-05\",\"contact\":\"desk@two\"}]";
    assert!(report.contains(label), "{report}");
}

#[test]
fn truth_and_files_give_one_answer() {
    for (seed, shape) in
        [(1, Shape::Ordinary), (2, Shape::ValuesTwice), (3, Shape::OneEmpty), (4, Shape::Identical)]
    {
        let world = World::generate(seed, 5, 60, shape);
        let by_truth: Vec<ClearBank> = world.banks.iter().map(ClearBank::of_truth).collect();
        let by_file: Vec<ClearBank> =
            world.banks.iter().map(|register| bank(&register.id, &register.file)).collect();
        for threshold in [2, 3, 5] {
            let answer =
                |banks: &[ClearBank]| expected_reports(banks, threshold, Disclosure::Labels, str::to_owned);
            let expected = answer(&by_truth);
            assert_eq!(expected, answer(&by_file));
            let compared = expected.values().any(|report| report.len() > HEADER.len());
            assert_eq!(
                compared,
                threshold < 5 || shape != Shape::OneEmpty,
                "all five hold nothing if one is empty"
            );
        }
    }
}

#[test]
fn nothing_in_common_is_a_header() {
    let world = World::generate(1, 3, 50, Shape::Disjoint);
    let banks: Vec<ClearBank> = world.banks.iter().map(ClearBank::of_truth).collect();
    let reports = expected_reports(&banks, 2, Disclosure::Labels, str::to_owned);
    assert!(reports.values().all(|report| report == HEADER.as_bytes()));
}

#[test]
fn rows_that_no_job_may_see() {
    let file = "record;role;hold;mobile;note\r\nA1;agent;;13912345678\r\nA1;agent;;13912345679;\r\nA2;victim;;13912345678;\r\n\
                A3;lawyer;;13912345678;\r\nA4;agent;?;13912345678;\r\nA5;agent;;13912345678;;\r\n;agent;;13912345678;\r\n\
                A6;agent;;13912345678;\"open\r\nA7;agent;;13912345678;\"a;\"\"b\"\"\r\nc\"\r\n";
    let records = read_register(file.as_bytes(), date(2026, 11, 22)).unwrap();
    assert_eq!(records.iter().map(|record| record.record.as_str()).collect::<Vec<_>>(), ["A1", "A7"]);
}

/// What the importer makes of a file, as far as jobs go.
fn imported(bytes: &[u8]) -> Option<Vec<(String, Vec<String>)>> {
    let rules = Rules::new(date(2026, 11, 22));
    let file = RegisterFile::open(Cursor::new(bytes.to_vec()), &Options::default()).ok()?;
    let (mut seen, mut records) = (BTreeSet::new(), Vec::new());
    for row in file.filter_map(|entry| entry.unwrap().row) {
        if seen.insert(row.record.clone()) && row.disposition() == Disposition::In {
            let values = row.identifiers.iter().flat_map(|cell| rules.cell(cell.column, &cell.text).values);
            let values: BTreeSet<String> = values.map(|value| value.value().to_owned()).collect();
            records.push((row.record, values.into_iter().collect()));
        }
    }
    Some(records)
}

#[test]
fn importer_and_clear_answer_read_any_file_alike() {
    const PIECES: [&str; 26] = [
        ",",
        ",",
        ",",
        ";",
        "\t",
        "\"",
        "\"",
        "\"\"",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "A1",
        "A2",
        "Ａ3",
        "agent",
        "投诉人",
        "13912345678",
        "１３８１２３４５６７８",
        "争议",
        "\u{FEFF}",
        "\0",
        "110105491231002",
        "x",
    ];
    let mut rng = StdRng::seed_from_u64(11);
    let mut read = 0;
    for round in 0..4000 {
        let mut text = ["record,role,mobile,hold\n", "编号;手机号;限制\n", "hold\tmobile\trecord\r\n", ""]
            [round % 4]
            .to_owned();
        for _ in 0..rng.random_range(0..40) {
            text.push_str(PIECES[rng.random_range(0..PIECES.len())]);
        }
        let mut bytes =
            if round % 3 == 0 { GB18030.encode(&text).0.into_owned() } else { text.clone().into_bytes() };
        if round % 7 == 0 {
            bytes.push(rng.random());
        }
        let clear = read_register(&bytes, date(2026, 11, 22)).ok().map(|records| {
            let values =
                |record: &ClearRecord| record.identifiers.iter().map(|(_, value)| value.clone()).collect();
            records
                .iter()
                .map(|record| (record.record.clone(), values(record)))
                .collect::<Vec<(String, Vec<String>)>>()
        });
        read += clear.as_ref().map_or(0, Vec::len);
        assert_eq!(imported(&bytes), clear, "{text:?}");
    }
    assert!(read > 1000, "{read}: too little was read to mean anything");
}

#[test]
fn files_that_are_no_register() {
    let fault = |bytes: &[u8]| read_register(bytes, date(2026, 11, 22)).err();
    assert_eq!(fault(b""), Some(FileFault::Header));
    assert_eq!(fault(b"record,mobile\nA,\xFF"), Some(FileFault::Bytes));
    assert_eq!(fault(b"record,mobile,phone\n"), Some(FileFault::Repeated));
    assert_eq!(fault(b"mobile\n"), Some(FileFault::NoRecord));
    assert_eq!(fault(b"record,note\n"), Some(FileFault::NoIdentifier));
}

#[test]
fn both_tables_of_headers_agree() {
    let ours = table::columns();
    for (header, column) in &ours {
        assert_eq!(cells::folded(header), *header);
        assert_eq!(Header::from_header(header).map(Header::name), Some(*column), "{header}");
    }
    let mut theirs: Vec<&str> = Header::synonyms().map(|(header, _)| header).collect();
    theirs.sort_unstable();
    assert_eq!(theirs, ours.keys().copied().collect::<Vec<_>>());
}
