//! The judgement on a peer's certificate, inside the handshake.
//!
//! Comes in: the chain that a peer sent; rustls checks that the peer holds the key. Goes out: yes, or a [`Refusal`]. Two
//! things must hold: the chain leads to a root that may vouch for this party (RFC 5280, by webpki, at the injected time),
//! and the key is pinned to the party in the directory. DNS names play no part. A root's own end is not judged here: it
//! is an anchor, and its authority issues nothing that outlasts it.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::admission::{Directory, Party, Root};
use crate::failure::Refusal;
use crate::identity::Fingerprint;

/// Which role the peer's certificate plays in this handshake.
#[derive(Clone, Copy)]
enum Role {
    Server,
    Client,
}

/// What a peer sent, and when.
#[derive(Clone, Copy)]
struct Presented<'a> {
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    now: UnixTime,
    role: Role,
}

/// The party behind the certificate, or the refusal.
fn admit(
    directory: &dyn Directory,
    provider: &Arc<CryptoProvider>,
    peer: Presented<'_>,
) -> Result<Party, Error> {
    let key = fingerprint(peer.leaf)?;
    let party = directory.party(&key);
    let roots = directory.roots();
    let (vouching, strange): (Vec<_>, Vec<_>) =
        roots.into_iter().partition(|root| party.as_ref().is_none_or(|party| root.vouches_for(party)));
    match chain(provider, peer, &vouching) {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
            if chain(provider, peer, &strange).is_ok() =>
        {
            Err(Refusal::WrongRoot.into())
        }
        Err(error) => Err(error),
        Ok(()) => party.ok_or_else(|| Refusal::NotAdmitted(Some(key)).into()),
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Result<Fingerprint, Error> {
    Fingerprint::of(certificate).map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))
}

/// Whether the chain leads to one of `roots` and is valid now and for this role.
fn chain(provider: &Arc<CryptoProvider>, peer: Presented<'_>, roots: &[Root]) -> Result<(), Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|root| root.certificate.clone()));
    if store.is_empty() {
        return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
    }
    match peer.role {
        Role::Server => verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(peer.leaf)?,
            &store,
            peer.others,
            peer.now,
            provider.signature_verification_algorithms.all,
        ),
        Role::Client => WebPkiClientVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|_| Error::InvalidCertificate(CertificateError::UnknownIssuer))?
            .verify_client_cert(peer.leaf, peer.others, peer.now)
            .map(|_| ()),
    }
}

/// What the dialler knows about the server beforehand.
pub(crate) enum Expectation {
    /// Its identity, from the directory.
    Party { party: Party, directory: Arc<dyn Directory> },
    /// The authority's fingerprint from an invitation, and that the coordinator is meant.
    Invitation { root: Fingerprint },
}

/// Judges servers.
pub(crate) struct ServerVerifier {
    expectation: Expectation,
    provider: Arc<CryptoProvider>,
}

impl ServerVerifier {
    pub(crate) fn new(expectation: Expectation, provider: Arc<CryptoProvider>) -> Self {
        Self { expectation, provider }
    }

    fn judge(&self, peer: Presented<'_>) -> Result<(), Error> {
        match &self.expectation {
            Expectation::Party { party, directory } => {
                let answered = admit(directory.as_ref(), &self.provider, peer)?;
                if answered == *party {
                    return Ok(());
                }
                Err(Refusal::WrongParty { expected: party.clone(), answered }.into())
            }
            Expectation::Invitation { root } => {
                let pinned = peer.others.iter().find(|c| Fingerprint::of(c).is_ok_and(|f| f == *root));
                let pinned = pinned.ok_or(Refusal::WrongFingerprint)?.clone().into_owned();
                chain(&self.provider, peer, &[Root::authority(pinned)])?;
                if names(peer.leaf, &Party::Coordinator) {
                    return Ok(());
                }
                Err(Refusal::NotCoordinator.into())
            }
        }
    }
}

/// Whether the authority has written this party's name, and no other, into the certificate.
fn names(certificate: &CertificateDer<'_>, party: &Party) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return false };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return false };
    matches!(names.value.general_names.as_slice(), [GeneralName::URI(uri)] if *uri == party.uri())
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerVerifier")
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(Presented { leaf, others, now, role: Role::Server })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Judges clients.
pub(crate) struct ClientVerifier {
    directory: Arc<dyn Directory>,
    provider: Arc<CryptoProvider>,
    allow_anonymous: bool,
}

impl ClientVerifier {
    pub(crate) fn new(
        directory: Arc<dyn Directory>,
        provider: Arc<CryptoProvider>,
        allow_anonymous: bool,
    ) -> Self {
        Self { directory, provider, allow_anonymous }
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientVerifier")
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        !self.allow_anonymous
    }

    // No hints: they would tell a stranger the names of all members' roots.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let peer = Presented { leaf, others, now, role: Role::Client };
        admit(self.directory.as_ref(), &self.provider, peer)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
