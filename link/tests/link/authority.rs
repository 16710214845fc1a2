//! What the authority certifies, and what it does not.

use lianfang_link::authority::{AuthorityError, MAX_REQUEST};
use lianfang_link::identity::IdentityError;
use lianfang_link::{Authority, Fingerprint, Identity, KeyMaterial, Party, Root, Validity};
use proptest::prelude::*;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::world::{World, at, bank, call, days};

fn year(world: &World) -> Validity {
    Validity::starting(world.now(), days(366))
}

#[test]
fn a_certificate_says_what_was_confirmed() {
    let world = World::new();
    let key = KeyMaterial::generate().unwrap();
    let request = key.certificate_request().unwrap();
    let issued = world.authority.issue(&request, &bank("alpha"), year(&world)).unwrap();
    assert_eq!(issued.fingerprint, key.fingerprint().unwrap());
    assert_eq!(Fingerprint::of(&issued.chain[0]).unwrap(), issued.fingerprint);
    assert_eq!(&issued.chain[1], world.authority.certificate());

    let (_, leaf) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names, vec![GeneralName::URI("lianfang:bank:alpha")]);
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && usage.server_auth && !usage.any && !leaf.is_ca());
    assert_eq!(leaf.validity().not_before.timestamp().cast_unsigned(), world.now().as_secs() - 300);
    assert_eq!(leaf.validity().not_after.timestamp().cast_unsigned(), world.now().as_secs() + 366 * 86_400);
    let (_, root) = X509Certificate::from_der(&issued.chain[1]).unwrap();
    leaf.verify_signature(Some(root.public_key())).unwrap();

    let renewed = Validity::starting(at(world.now().as_secs() + 9), days(366));
    let again = world.authority.issue(&request, &bank("alpha"), renewed).unwrap();
    let (_, again) = X509Certificate::from_der(&again.chain[0]).unwrap();
    assert_ne!(again.raw_serial(), leaf.raw_serial(), "a renewal of one key has its own number");
}

#[test]
fn what_the_request_asks_for_is_not_granted() {
    let world = World::new();
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut wish = rcgen::CertificateParams::new(vec!["coordinator.example".to_owned()]).unwrap();
    wish.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    wish.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let request = wish.serialize_request(&pair).unwrap();
    let issued = world.authority.issue(request.der(), &bank("alpha"), year(&world)).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    assert!(!leaf.is_ca() && !leaf.key_usage().unwrap().unwrap().value.key_cert_sign());
    assert_eq!(leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 1);
}

#[test]
fn requests_without_proof_or_of_other_keys_are_refused() {
    let world = World::new();
    let issue = |request: &[u8]| world.authority.issue(request, &bank("alpha"), year(&world)).unwrap_err();
    let good = KeyMaterial::generate().unwrap().certificate_request().unwrap();
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(issue(&forged), AuthorityError::Possession);
    assert_eq!(issue(&vec![0x30; MAX_REQUEST + 1]), AuthorityError::Request);
    assert_eq!(issue(b""), AuthorityError::Request);

    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let other = rcgen::CertificateParams::default().serialize_request(&other).unwrap();
    assert_eq!(issue(other.der()), AuthorityError::KeyKind);
}

#[test]
fn names_and_times_have_limits() {
    let world = World::new();
    let request = KeyMaterial::generate().unwrap().certificate_request().unwrap();
    let long = "a".repeat(65);
    for id in ["", "Alpha", "al pha", "a:b", "银行", long.as_str()] {
        let told = world.authority.issue(&request, &bank(id), year(&world)).unwrap_err();
        assert_eq!(told, AuthorityError::Name, "{id}");
    }
    let outlasts = Validity::starting(world.now(), days(3651));
    let empty = Validity { not_before: world.now(), not_after: world.now() };
    let endless = Validity { not_before: world.now(), not_after: at(u64::MAX) };
    for validity in [outlasts, empty, endless] {
        let told = world.authority.issue(&request, &bank("alpha"), validity).unwrap_err();
        assert_eq!(told, AuthorityError::Validity);
    }
}

#[test]
fn an_authority_is_stored_and_loaded() {
    let world = World::new();
    let stored = KeyMaterial::from_pkcs8(world.authority.key().pkcs8()).unwrap();
    let loaded = Authority::load(world.authority.certificate().clone(), stored).unwrap();
    assert_eq!(loaded.fingerprint(), world.authority.fingerprint());
    let request = KeyMaterial::generate().unwrap().certificate_request().unwrap();
    let issued = loaded.issue(&request, &Party::Coordinator, year(&world)).unwrap();

    let foreign = KeyMaterial::generate().unwrap();
    let told = Authority::load(world.authority.certificate().clone(), foreign).err();
    assert_eq!(told, Some(AuthorityError::Own(IdentityError::Mismatch)));
    let key = KeyMaterial::generate().unwrap();
    let request = key.certificate_request().unwrap();
    let leaf = loaded.issue(&request, &Party::Coordinator, year(&world)).unwrap().chain.remove(0);
    assert_eq!(Authority::load(leaf, key).err(), Some(AuthorityError::NotAuthority));
    assert_eq!(issued.chain.len(), 2);
}

#[test]
fn identities_load_from_pem_and_refuse_what_does_not_fit() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
    let identity = Identity::from_pem(own.pem().as_bytes(), pair.serialize_pem().as_bytes()).unwrap();
    assert_eq!(identity.chain(), vec![own.der().clone()]);
    let shown = format!("{identity:?}");
    assert!(shown.contains(&identity.fingerprint().unwrap().to_string()) && shown.len() < 120, "{shown}");

    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let told = |chain: &[u8], key: &[u8]| Identity::from_pem(chain, key).err();
    assert_eq!(told(own.pem().as_bytes(), other.as_bytes()), Some(IdentityError::Mismatch));
    assert_eq!(told(b"", other.as_bytes()), Some(IdentityError::Certificate));
    assert_eq!(told(own.pem().as_bytes(), b"no key"), Some(IdentityError::Key));
    assert_eq!(KeyMaterial::from_pkcs8(b"no key").err(), Some(IdentityError::Key));
}

#[test]
fn a_fingerprint_is_read_as_people_write_it() {
    let key = KeyMaterial::generate().unwrap().fingerprint().unwrap();
    let text = key.to_string();
    let upper = text.to_uppercase();
    let spaced = upper.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>();
    for written in [text.clone(), spaced.join(" "), spaced.join(":"), format!(" {text}\n")] {
        assert_eq!(written.parse::<Fingerprint>(), Ok(key));
    }
    for wrong in ["", &text[1..], &format!("{text}0"), &text.replace(&text[..1], "g")] {
        assert_eq!(wrong.parse::<Fingerprint>(), Err(IdentityError::Fingerprint), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_requests_never_certify_another_key(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let world = World::new();
        prop_assert!(world.authority.issue(&noise, &bank("alpha"), year(&world)).is_err());
        let key = KeyMaterial::generate().unwrap();
        let mut request = key.certificate_request().unwrap();
        let place = flip.0.index(request.len());
        request[place] ^= flip.1 | 1;
        // The envelope around what is signed has some slack; the key and its proof have none.
        if let Ok(issued) = world.authority.issue(&request, &bank("alpha"), year(&world)) {
            prop_assert_eq!(issued.fingerprint, key.fingerprint().unwrap());
        }
        prop_assert!(Fingerprint::of(&noise.into()).is_err());
    }
}

/// The regulator's root is renewed once in many years, and nobody has to compare anything again.
#[tokio::test]
async fn a_renewed_root_vouches_for_what_was_issued_before() {
    let world = World::new();
    let (alpha, beta) = (world.member(&bank("alpha")), world.member(&bank("beta")));
    let server = world.serve(&alpha).await;
    world.pass(days(3600));
    let last = world.authority.leaf_validity(world.now()).unwrap();
    let ends = world.authority.validity().unwrap().not_after;
    assert_eq!((last.not_after, last.days_left(world.now())), (ends, 50), "nothing outlasts the root");
    world.rewind(days(3600));

    let longer = Validity::starting(world.now(), days(7000));
    let renewed = world.authority.renewed(longer).unwrap();
    assert_ne!(renewed.certificate(), world.authority.certificate());
    assert_eq!(renewed.fingerprint().unwrap(), world.authority.fingerprint().unwrap());
    *world.book.roots.lock().unwrap() = vec![Root::authority(renewed.certificate().clone())];
    let channel = world.dialer(Some(&beta)).channel(&server.addr, &bank("alpha"));
    assert_eq!(call(channel).await, Ok(()), "the chain that is sent still ends with the older root");
    world.pass(days(3600));
    assert_eq!(renewed.leaf_validity(world.now()).unwrap(), Validity::starting(world.now(), days(366)));
}
