//! Files that a third party verifies: what holds, what is refused, and that an honest holder cannot be named.

use std::io::Cursor;
use std::sync::Arc;

use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_crypto::oprf::check::{AnswerRefused, Gathering};
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest};
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::ids::GroupId;

use super::accusation::AccusationFile;
use super::commitments::CommitmentsFile;
use super::form::Packed;
use super::inspection::{InspectionFile, Wanted};
use super::papers::{Papers, PapersFile};
use super::*;
use crate::audit::Log;
use crate::ingest::{Options, RegisterFile, Rejects};
use crate::job::chunks::{Begun, Chunks};
use crate::key_holder::records::public_keys;
use crate::key_holder::tests::{KEY, Party, Still, dealt};
use crate::pipeline::blind::{BlindedChunk, ChunkSecrets, Element};
use crate::register::{IdentifierId, ImportOptions, Register};
use crate::store::Store;
use lianfang_crypto::group::element::elements_digest;
use lianfang_proto::documents::evaluation::evaluated_context;
use lianfang_proto::ids::BankId;
use lianfang_trust::{Digest, Signed, SigningKey};
use zeroize::Zeroizing;

const REGISTER: &str = "record,role,mobile,evidence\nA1,agent,13912345678,file 1\nA2,agent,13912345679,file 2\n\
                        A3,agent,13912345680,file 3\n";

/// `alpha`, which has evaluated one chunk; the holders `beta` and `gamma`.
struct World {
    parties: [Party; 3],
    endorsed: EndorsedKeyRecord,
    shares: Vec<lianfang_crypto::share::key_share::KeyShare>,
    papers: Papers,
    store: Store,
    register: Register,
    request: EvaluationRequest,
    elements: Vec<u8>,
}

fn member(party: &Party) -> Member {
    Member {
        bank: party.bank.clone(),
        group: GroupId::parse(party.bank.as_str(), "group").unwrap(),
        standing: Standing::Active,
        identity: party.identity.verifying_key(),
        sealing: *party.sealing.public().as_bytes(),
        certificate_key: [7; 32],
        own_root: None,
        address: "nobody:1".into(),
    }
}

fn papers(parties: &[Party], endorsed: &EndorsedKeyRecord) -> PapersFile {
    let authority = SigningKey::from_bytes(&[1; 32]);
    let roster = Roster {
        version: 1,
        signed_at: 0,
        authority_root: vec![1],
        coordinator: authority.verifying_key(),
        coordinator_certificate_key: [9; 32],
        members: parties.iter().map(member).collect(),
        retiring: Vec::new(),
    };
    PapersFile::new(Signed::sign(&authority, roster).bytes(), std::slice::from_ref(endorsed))
}

async fn import(register: &Register, text: &str) {
    let file = RegisterFile::open(Cursor::new(text.as_bytes().to_vec()), &Options::default()).unwrap();
    let mut rejects = Rejects::new(Vec::new(), lianfang_desk::Lang::En).unwrap();
    let today = jiff::civil::Date::constant(2026, 1, 1);
    let options = ImportOptions { full: false, retract_many: false, dry_run: false, today };
    register.import(file.into(), options, &mut rejects, |_| ()).await.unwrap();
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(Still::default());
        let parties = ["alpha", "beta", "gamma"].map(|name| Party::new(name, &clock));
        let (shares, endorsed) = dealt(&[&parties[1], &parties[2]], KEY);
        let papers = form::read::<PapersFile>(&form::write(&papers(&parties, &endorsed))).unwrap();
        let store = parties[0].start().await;
        let register = Register::new(store.clone(), Log::new(store.clone(), "test"));
        import(&register, REGISTER).await;
        let (request, elements) = evaluate(&store, &register, &parties[0]).await;
        Self { papers: papers.open().unwrap(), parties, endorsed, shares, store, register, request, elements }
    }

    /// The answer of `beta` to the chunk, over whatever elements.
    fn answer(&self, evaluated: &[u8]) -> Signed<EvaluationAnswer> {
        let holder = &self.parties[1];
        let digest = elements_digest(&evaluated_context(&holder.bank, KEY), evaluated);
        let value = EvaluationAnswer {
            request_digest: lianfang_trust::Canonical::digest(&self.request),
            holder: holder.bank.clone(),
            key: KEY,
            evaluated_digest: Digest::from_bytes(digest),
            charge_number: 1,
        };
        Signed::sign(&holder.identity, value)
    }

    /// Puts an accusation into the store, as the witness does, and exports it.
    async fn accuse(&self, accusation: &Accusation, answer: &Signed<EvaluationAnswer>) -> AccusationFile {
        sqlx::query(
            "INSERT INTO accusation (holder, evidence, signed_answer, made_at) VALUES ('beta', $1, $2, 0)",
        )
        .bind(accusation.encode())
        .bind(answer.bytes())
        .execute(self.store.pool())
        .await
        .unwrap();
        let listed = accusation::list(&self.store).await.unwrap();
        let id = listed.last().unwrap().id;
        let alpha = &self.parties[0];
        let file = accusation::export(&self.store, &alpha.bank, &alpha.identity, id).await.unwrap().unwrap();
        form::read(&form::write(&file)).unwrap()
    }

    async fn disclosed(&self, wanted: &Wanted) -> InspectionFile {
        let alpha = &self.parties[0];
        let file =
            inspection::disclose(&self.store, &self.register, &alpha.bank, &alpha.identity, wanted).await;
        form::read(&form::write(&file.unwrap())).unwrap()
    }

    fn of_elements(&self, positions: &[u32]) -> Wanted {
        let place = (*self.request.terms_digest.as_bytes(), self.request.chunk);
        let positions = positions.iter().copied().collect();
        Wanted { elements: [(place, positions)].into_iter().collect(), ..Wanted::default() }
    }

    async fn of_record(&self, record: &str) -> Wanted {
        let identifiers = self.register.identifiers_of_record(record).await.unwrap();
        let records = [record.to_owned()].into_iter().collect();
        Wanted { records, identifiers: identifiers.into_iter().collect(), ..Wanted::default() }
    }
}

/// All identifiers of the register, in the order of their rows.
async fn identifiers(register: &Register) -> Vec<IdentifierId> {
    let mut ids = Vec::new();
    for record in ["A1", "A2", "A3"] {
        ids.append(&mut register.identifiers_of_record(record).await.unwrap());
    }
    ids.sort_unstable();
    ids
}

/// One chunk of all that the register holds, begun as a job does it.
async fn evaluate(store: &Store, register: &Register, party: &Party) -> (EvaluationRequest, Vec<u8>) {
    let ids = identifiers(register).await;
    let mentions = register.inspected(&ids).await.unwrap();
    let page = mentions.into_iter().map(|mention| Element {
        row: mention.identifier.number(),
        kind: mention.value.kind(),
        value: Zeroizing::new(mention.value.value().to_owned()),
        record: Zeroizing::new(mention.record),
        evidence: Zeroizing::new(mention.evidence),
    });
    let mut rng = party.ports.chance.rng();
    let secrets = ChunkSecrets::draw(&mut *rng, &[1; 32], b"chunk");
    let chunk = BlindedChunk::new(page.collect(), &secrets).unwrap();
    let terms = Digest::of("test/terms", b"");
    let chunks = Chunks::of(store, terms, KEY);
    let root = *chunk.commitment_root();
    let begun = Begun { id: 1, number: 7, secrets, identifiers: ids, commitment_root: root };
    chunks.begin(&begun, &chunk, &mut *rng).await.unwrap();
    let mut committed = std::pin::pin!(crate::job::committed::committed(store));
    let kept = futures::TryStreamExt::try_next(&mut committed).await.unwrap().unwrap();
    assert_eq!(kept.elements, chunk.packed());
    (kept.request(&party.bank, KEY), kept.elements)
}

fn reflected(world: &World) -> Accusation {
    use lianfang_crypto::oprf::blind::BlindedElements;
    let blinded = BlindedElements::decode(&world.elements, 64).unwrap();
    let keys = public_keys(world.endorsed.record()).unwrap();
    let mut gathering = Gathering::new(keys, blinded, None).unwrap();
    let refused = gathering.accept(HolderIndex::new(1).unwrap(), &world.elements, None);
    match refused.unwrap_err() {
        AnswerRefused::Reflected { accusation, .. } => *accusation,
        _ => panic!("a reflected answer is refused as such"),
    }
}

#[tokio::test]
async fn a_holder_that_lied_is_named_and_only_on_its_own_word() {
    let world = World::new().await;
    let accusation = reflected(&world);
    let file = world.accuse(&accusation, &world.answer(&world.elements)).await;
    let verdict = |file: &AccusationFile| accusation::verify(file, &world.papers);
    assert_eq!(verdict(&file), Ok(()));

    let change = |change: &dyn Fn(&mut AccusationFile)| {
        let mut file = form::read(&form::write(&file)).unwrap();
        change(&mut file);
        verdict(&file)
    };
    let other = |signer: &Party| {
        let signed = Signed::sign(&signer.identity, world.request.clone());
        Packed(signed.bytes().to_vec())
    };
    let honest = world.shares[0]
        .evaluate(&lianfang_crypto::oprf::blind::BlindedElements::decode(&world.elements, 64).unwrap());
    let honest = Packed(world.answer(honest.packed()).bytes().to_vec());
    let forged = Signed::sign(&world.parties[0].identity, world.answer(&world.elements).into_value());
    let mut later = world.request.clone();
    later.chunk += 1;
    let later = Packed(Signed::sign(&world.parties[0].identity, later).bytes().to_vec());
    let gamma = BankId::parse("gamma", "bank").unwrap();
    assert_eq!(change(&|f| f.answer = honest.clone()), Err(Flaw::OtherElements), "the honest answer");
    assert_eq!(change(&|f| f.answer = Packed(forged.bytes().to_vec())), Err(Flaw::AnswerNotSigned));
    assert_eq!(change(&|f| f.holder = gamma.clone()), Err(Flaw::AnswerNotSigned));
    assert_eq!(change(&|f| f.request = other(&world.parties[2])), Err(Flaw::RequestNotSigned));
    assert_eq!(change(&|f| f.request = later.clone()), Err(Flaw::OtherRequest));
    assert_eq!(change(&|f| f.accusation = Packed(vec![1])), Err(Flaw::Malformed("accusation")));
    assert_eq!(change(&|f| f.answer = Packed(vec![1])), Err(Flaw::Malformed("answer")));
    // Under another federation's papers nothing is shown.
    let (_, others) = dealt(&[&world.parties[2], &world.parties[0]], KEY);
    let strangers = papers(&world.parties, &others).open().unwrap();
    assert_eq!(accusation::verify(&file, &strangers), Err(Flaw::NotInPapers));
}

#[tokio::test]
async fn what_rests_on_no_signed_answer_is_not_exported() {
    let world = World::new().await;
    sqlx::query("INSERT INTO accusation (holder, evidence, made_at) VALUES ('beta', $1, 0)")
        .bind(&[0_u8][..])
        .execute(world.store.pool())
        .await
        .unwrap();
    let alpha = &world.parties[0];
    for id in [1, 2] {
        let file = accusation::export(&world.store, &alpha.bank, &alpha.identity, id).await.unwrap();
        assert!(file.is_none());
    }
}

#[tokio::test]
async fn what_an_inspector_names_is_opened_and_holds() {
    let world = World::new().await;
    let file = world.disclosed(&world.of_record("A2").await).await;
    let holds = inspection::Holds { accounts: 1, ..Default::default() };
    assert_eq!(inspection::verify(&file, &world.papers, None), Ok(holds));
    let account = file.chunks[0].opened[0].account.as_ref().unwrap();
    assert_eq!((account.record.as_str(), account.evidence.as_str()), ("A2", "file 2"));
    assert_eq!(account.value, "+8613912345679");

    // Two records, a filling, and a place that the chunk does not have.
    let file = world.disclosed(&world.of_elements(&[0, 2, 63, 64])).await;
    let holds = inspection::Holds { accounts: 2, fillings: 1, withheld: 1 };
    assert_eq!(inspection::verify(&file, &world.papers, None), Ok(holds));
    assert_eq!(file.chunks[0].withheld[0].reason, "none");

    // A holder's list says whether it was sent the same; it was, under whatever generation.
    let alpha = &world.parties[0];
    let kept = |request: &EvaluationRequest| CommitmentsFile {
        holder: world.parties[1].bank.clone(),
        bank: alpha.bank.clone(),
        requests: vec![Packed(Signed::sign(&alpha.identity, request.clone()).bytes().to_vec())],
    };
    let mut refreshed = world.request.clone();
    refreshed.key.generation.0 += 1;
    let list = kept(&refreshed).open(&world.papers).unwrap();
    assert!(inspection::verify(&file, &world.papers, Some(&list)).is_ok());
    let mut other = world.request.clone();
    other.commitment_root[0] ^= 1;
    let list = kept(&other).open(&world.papers).unwrap();
    assert_eq!(inspection::verify(&file, &world.papers, Some(&list)), Err(Flaw::NotCommitted));
}

fn account(file: &mut InspectionFile) -> &mut inspection::Account {
    file.chunks[0].opened[0].account.as_mut().unwrap()
}

#[tokio::test]
async fn a_bank_cannot_show_another_record_or_identifier() {
    let world = World::new().await;
    let file = world.disclosed(&world.of_elements(&[0, 1, 2])).await;
    let change = |change: &dyn Fn(&mut InspectionFile)| {
        let mut file = form::read(&form::write(&file)).unwrap();
        change(&mut file);
        inspection::verify(&file, &world.papers, None)
    };
    assert_eq!(change(&|f| account(f).record = "A9".into()), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| account(f).evidence = "another".into()), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| account(f).value = "+8613912345670".into()), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| account(f).blind.0[0] ^= 1), Err(Flaw::OtherIdentifier));
    assert_eq!(change(&|f| f.chunks[0].opened[0].account = None), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| f.chunks[0].opened[0].position = 1), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| f.chunks[0].opened[0].salt.0[0] ^= 1), Err(Flaw::OtherRoot));
    assert_eq!(change(&|f| f.chunks[0].elements.0.rotate_left(32)), Err(Flaw::OtherElements));
    let unsigned = |f: &mut InspectionFile| {
        f.chunks[0].request =
            Packed(Signed::sign(&world.parties[1].identity, world.request.clone()).bytes().to_vec());
    };
    assert_eq!(change(&unsigned), Err(Flaw::RequestNotSigned));
}

#[tokio::test]
async fn what_has_left_the_register_is_withheld_and_the_rest_still_opens() {
    let world = World::new().await;
    let all = identifiers(&world.register).await;
    let place = async |record| {
        let ids = world.register.identifiers_of_record(record).await.unwrap();
        u32::try_from(all.iter().position(|id| *id == ids[0]).unwrap()).unwrap()
    };
    let (gone, changed) = (place("A1").await, place("A3").await);
    world.register.retract("A1", "li").await.unwrap();
    world.register.hold("A2", lianfang_proto::catalogue::Hold::Dispute, "li").await.unwrap();
    import(&world.register, "record,role,mobile,evidence\nA3,agent,13912345680,another file\n").await;
    let file = world.disclosed(&world.of_elements(&[0, 1, 2])).await;
    let holds = inspection::Holds { accounts: 1, withheld: 2, fillings: 0 };
    assert_eq!(inspection::verify(&file, &world.papers, None), Ok(holds));
    let mut reasons: Vec<_> =
        file.chunks[0].withheld.iter().map(|w| (w.position, w.reason.as_str())).collect();
    reasons.sort_unstable();
    let mut expected = [(gone, "gone"), (changed, "changed")];
    expected.sort_unstable();
    assert_eq!(reasons, expected);
    assert_eq!(file.chunks[0].opened[0].account.as_ref().unwrap().record, "A2", "a hold hides nothing");
}

#[test]
fn files_are_read_only_as_what_they_are() {
    let file = CommitmentsFile {
        holder: BankId::parse("a", "bank").unwrap(),
        bank: BankId::parse("b", "bank").unwrap(),
        requests: vec![],
    };
    let bytes = form::write(&file);
    assert_eq!(form::name(&bytes).as_deref(), Ok("lianfang/commitments"));
    assert!(form::read::<CommitmentsFile>(&bytes).is_ok());
    assert!(form::read::<PapersFile>(&bytes).is_err());
    assert!(form::read::<CommitmentsFile>(b"{").is_err());
    let newer = String::from_utf8(bytes.to_vec()).unwrap().replace("\"version\": 1", "\"version\": 2");
    assert_eq!(form::read::<CommitmentsFile>(newer.as_bytes()).err(), Some(Flaw::Malformed("form")));
}
