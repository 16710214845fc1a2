//! The vectors that the project ships: data that another implementation can run as well.

use lianfang_node::normalise::{Column, Findings, RULE_SET, Rules};
use serde_json::Value;

#[test]
fn every_shipped_vector_holds() {
    let file: Value = serde_json::from_str(include_str!("../vectors/normalise-v1.json")).unwrap();
    assert_eq!(file["rule_set"], RULE_SET);
    let rules = Rules::new(file["today"].as_str().unwrap().parse().unwrap());
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() > 150);
    for vector in vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let findings = match text("column") {
            "name-birth" => rules.name_birth(text("name"), text("birth_date")),
            column => rules.cell(Column::from_code(column).unwrap(), text("raw")),
        };
        assert_eq!(found(&findings), vector["found"], "{vector}");
        let codes: Vec<_> = findings.issues.iter().map(|issue| issue.code.code()).collect();
        assert_eq!(Value::from(codes), vector["issues"], "{vector}");
    }
}

/// As the file writes it: kind, value, mask.
fn found(findings: &Findings) -> Value {
    findings.values.iter().map(|v| Value::from(vec![v.kind().code(), v.value(), &v.masked()])).collect()
}
