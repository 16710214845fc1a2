//! A federation with registers, ready for something to go wrong.

use std::sync::Arc;

use lianfang_link::client::DialLimits;
use lianfang_link::{Dialer, Party};
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::liars::credentials;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use tonic::transport::Channel;

pub(crate) const LABELS: Disclosure = Disclosure::Labels;

/// Banks with a register each.
pub(crate) async fn stocked(
    banks: usize,
    holders: usize,
    threshold: usize,
    records: usize,
) -> (World, People) {
    let people = People::generate(11, banks, records, Shape::Ordinary);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::ready(&names, holders, threshold).await;
    stock(&world, &people).await;
    (world, people)
}

pub(crate) async fn stock(world: &World, people: &People) {
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
}

/// The reports of these banks are those of the clear answer over them alone.
pub(crate) async fn agree(
    world: &World,
    people: &People,
    of: &[&str],
    job: &str,
    threshold: usize,
    disclosure: Disclosure,
) {
    let taking_part = people.banks.iter().filter(|bank| of.contains(&bank.id.as_str()));
    let clear: Vec<ClearBank> = taking_part.map(ClearBank::of_truth).collect();
    let mut rows = 0;
    for (bank, expected) in expected_reports(&clear, threshold, disclosure, contact_of) {
        assert!(world.report(&bank, job).await == expected, "{bank}");
        rows += expected.split(|&byte| byte == b'\n').count() - 2;
    }
    assert!(rows > 0, "there is something to report");
}

/// A submission of a few slices, slow enough to be cut in the middle.
pub(crate) fn long_submission() -> JobTerms {
    JobTerms::new(2, LABELS).with("--least-rows", "32768")
}

pub(crate) async fn channel(world: &World, from: &str, to: &str) -> Channel {
    let own = credentials(world, from).await;
    let transport = Arc::new(world.network.clone());
    let directory = Arc::new(own.roster);
    let dialer =
        Dialer::new(transport, Some(&own.identity), directory, &world.clock.of_link(), DialLimits::default());
    let party = if to == COORDINATOR { Party::Coordinator } else { Party::Bank(to.to_owned()) };
    dialer.channel(&address(to), &party)
}
