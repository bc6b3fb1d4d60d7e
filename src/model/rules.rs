//! The table of rules. One entry is one rule; the enum and the texts are made from the same list.

use super::rule::RuleText;

macro_rules! rules {
    ($($rule:ident = $id:literal, refuses: $refuses:literal, why: $why:literal, fix: $fix:literal;)*) => {
        /// The rules, in the order of `rootward explain`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $($rule,)* }

        /// The texts, indexed by `Rule as usize`.
        pub const RULES: &[RuleText] = &[
            $(RuleText { rule: Rule::$rule, id: $id, refuses: $refuses, why: $why, fix: $fix },)*
        ];
    };
}

rules! {
    // A request that came from elsewhere
    RequestForm = "REQUEST-FORM",
        refuses: "a file that is not exactly one PKCS#10 request in DER or PEM",
        why: "what was reviewed must be what is signed: a second request, trailing bytes, text after the END line or a non-canonical encoding can show one thing and be another (RFC 2986, RFC 7468, X.690)",
        fix: "make the request again, e.g. openssl req -new -key KEY -out FILE";
    RequestHoldsKey = "REQUEST-HOLDS-KEY",
        refuses: "a request file that also has a private key in it",
        why: "a private key that travelled on a medium has been disclosed; a certificate for it would be worthless",
        fix: "throw that key away, make a new one, and bring only the request";
    RequestAttributes = "REQUEST-ATTRIBUTES",
        refuses: "a request whose extensionRequest attribute or one of its extensions occurs twice, or has two values",
        why: "two parsers would read two different requests (RFC 2985 section 5.4.2: single value; RFC 5280 section 4.2: an extension at most once)",
        fix: "make the request again with each extension once";
    RequestSubject = "REQUEST-SUBJECT",
        refuses: "a request whose subject is empty, has control or direction characters, looks like a path, has two common names, or is longer than the standard allows",
        why: "the subject is what a person reads before signing; it must be one plain name (RFC 5280 appendix A: ub-common-name 64)",
        fix: "make the request again with one plain common name of at most 64 characters";
    RequestNamesRoot = "REQUEST-NAMES-ROOT",
        refuses: "a request for an intermediate whose subject is, or claims to be, the root",
        why: "two certificate authorities with one name make two different chains look alike (RFC 5280 section 4.1.2.6)",
        fix: "name the intermediate after its environment and make the request again";
    RequestSan = "REQUEST-SAN",
        refuses: "a request that asks for a malformed name, or for one outside its environment",
        why: "names are taken from the declarations alone; a request that asks for a foreign name was made for something else (RFC 5280 sections 4.2.1.6 and 4.2.1.10)",
        fix: "make the request without subject alternative names (in Vault: exclude_cn_from_sans=true), or with names inside the environment";
    RequestDiffers = "REQUEST-DIFFERS",
        refuses: "a request whose subject does not name the identity it is presented for",
        why: "Vault's cert-auth alias is the common name; a request for one name presented for another is a mix-up of files, or worse",
        fix: "present the request of this identity, or make one with its name as the common name";
    Possession = "POSSESSION",
        refuses: "a request whose own signature does not verify with the key in it",
        why: "the requester has not proved that it holds the private key (RFC 2986 section 3)",
        fix: "make the request again on the machine that holds the key";
    SignatureAlgorithm = "SIGNATURE-ALGORITHM",
        refuses: "a signature made with an algorithm that is not on the list: ECDSA with SHA-256 or SHA-384, RSA with SHA-256, SHA-384 or SHA-512, or Ed25519",
        why: "SHA-1, MD5 and unsigned requests prove nothing (RFC 9155, NIST SP 800-131A)",
        fix: "make the request again with -sha256 or -sha384";
    KeyAlgorithm = "KEY-ALGORITHM",
        refuses: "a public key that is not P-256, P-384, Ed25519 or RSA",
        why: "named curves only (RFC 5480 section 2.1.1): explicit parameters were CVE-2020-0601; small or rare curves are refused by the verifiers that the certificates must pass",
        fix: "make a P-384 or P-256 key";
    KeyWeak = "KEY-WEAK",
        refuses: "an RSA key that is not 2048, 3072 or 4096 bits, whose exponent is not 65537, or whose modulus has a small factor, close primes or the ROCA form",
        why: "such keys have been factored in practice: CVE-2017-15361, CVE-2022-26320 (CA/B Baseline Requirements 6.1.1.3, 6.1.5, 6.1.6)",
        fix: "make a new key with a current openssl or OpenBao";
    KeyReused = "KEY-REUSED",
        refuses: "a public key that this workspace has already certified for another object",
        why: "one key in two environments or two identities removes the boundary between them",
        fix: "make a new key for this object";

    // What an identity may do
    PolicyCount = "POLICY-COUNT",
        refuses: "an identity with more policy templates than its environment allows",
        why: "a right that nobody can take in at one glance is a right that nobody reviews; five small templates are a set, fifteen are a heap",
        fix: "leave out what it does not need, or declare identity.policies in environment.toml";
    AliasTaken = "ALIAS-TAKEN",
        refuses: "two identities that Vault would know by one name: in one auth method, or as one role, policy or entity",
        why: "Vault ties a login to an entity by the name that the auth method gives it (the common name of a certificate); two identities under one name are one entity, with one disabled flag and one audit trail",
        fix: "give one of them another name or subject";
    ServerChanged = "SERVER-CHANGED",
        refuses: "a plan that no longer leads from what the server is to what is declared",
        why: "what was read and approved is what is to be done; somebody changed the server or the declarations since",
        fix: "make a new plan and read it: rootward vault plan ENV -o FILE";

    CrlBehind = "CRL-BEHIND",
        refuses: "a CRL for the server that lacks what the server's own already revokes",
        why: "whoever was revoked could log in again; most likely a journal of another checkout is newer than this one",
        fix: "bring this workspace up to date, or issue the CRL that is due; were the server's CRL wrong, delete it there: bao delete auth/cert/crls/NAME";

    // What policies allow
    PolicyInvalid = "POLICY-INVALID",
        refuses: "a policy template that the server would not accept, such as one with an unknown capability",
        why: "the server refuses the whole policy, and its identity would have none",
        fix: "correct the line that is named";
    PolicyMount = "POLICY-MOUNT",
        refuses: "a rule for a path in a mount that the environment does not declare",
        why: "it grants nothing today, and something unforeseen on the day that somebody mounts an engine there",
        fix: "write {mounts.KEY}, or declare the mount in environment.toml";
    PolicyShadowed = "POLICY-SHADOWED",
        refuses: "a rule that decides over no path, for any identity that has it",
        why: "only the nearest rule counts, deny or not; whoever reads a rule that never counts is misled",
        fix: "remove it, or make it nearer: the rule whose first wildcard comes last decides";
    PolicyWildcard = "POLICY-WILDCARD",
        refuses: "a rule whose wildcard reaches the secrets of other identities",
        why: "least privilege is a path with the identity's own name in it; a wildcard takes in everybody who is added later, too",
        fix: "write {name} in the path, with a slash before the wildcard: {mounts.kv2}/data/{name}/*";
    PolicyOverlap = "POLICY-OVERLAP",
        refuses: "secrets that two identities can read or write, or that one can whose name is not on them",
        why: "two apps that share a secret are one app to whoever takes over either",
        fix: "give each its own path; what is meant to be shared needs an exception with a reason";
    PolicySudo = "POLICY-SUDO",
        refuses: "the capability sudo",
        why: "it opens the paths that are root's: audit devices, raw storage, all leases",
        fix: "leave it to a person with a token of their own";
    PolicySystem = "POLICY-SYSTEM",
        refuses: "a right on sys/, auth/ or identity/, but for looking at, renewing and giving back one's own token",
        why: "these paths change the server and who may log in to it",
        fix: "remove the rule, or write an exception with a reason and an end";
    PolicyMint = "POLICY-MINT",
        refuses: "a right to have certificates with others' names issued, or to change who issues what",
        why: "whoever may issue a name can become it: a TLS server, or the identity of that common name",
        fix: "let it issue by the role of its own name alone: {mounts.pki}/issue/{name}";
    PolicyBecome = "POLICY-BECOME",
        refuses: "a right by which one identity can become another: to its secret ids, keys or credentials, to roles, entities, policies or new tokens",
        why: "the rights of an identity are those of everybody that it can become",
        fix: "write {name} in the path, and leave roles and policies to rootward vault apply";
    PolicyRenewal = "POLICY-RENEWAL",
        refuses: "an identity that logs in and can neither look up nor renew its own token",
        why: "its roles leave the server's default policy out, and agents stop when they cannot renew",
        fix: "add the template self-renew to its policies";
    PolicyUnused = "POLICY-UNUSED",
        refuses: "a template that no identity has",
        why: "what nobody has nobody reviews, until somebody takes it for reviewed",
        fix: "remove the file, or give it to an identity";
    ExceptionExpired = "EXCEPTION-EXPIRED",
        refuses: "an exception past its end",
        why: "an exception is for a time; afterwards somebody looks at it again",
        fix: "remove it and mend its cause, or write a new end with a reason that still holds";
    ExceptionUnused = "EXCEPTION-UNUSED",
        refuses: "an exception that nothing needs",
        why: "it would hide the next finding of its kind, which nobody has agreed to",
        fix: "remove it from identities/policies/exceptions.toml";

    // The roles of certificate login
    RoleUnconstrained = "ROLE-UNCONSTRAINED",
        refuses: "a role that limits neither common name nor URI of the certificates that it takes",
        why: "every certificate of its CA logs in by it, under whatever common name it has",
        fix: "set allowed_common_names and allowed_uri_sans to the identity's own";
    RoleRootPinned = "ROLE-ROOT-PINNED",
        refuses: "a role that trusts a root",
        why: "the root is every environment's: a certificate of test would log in to prod",
        fix: "pin it to the environment's own intermediate: ca/ENV/identity/gN/cert.pem";
    RoleForeignIssuer = "ROLE-FOREIGN-ISSUER",
        refuses: "a role that trusts no identity intermediate of its environment, but another CA",
        why: "whom another environment or an unknown CA certifies logs in here",
        fix: "pin it to the environment's own intermediate: ca/ENV/identity/gN/cert.pem";
    RoleCollision = "ROLE-COLLISION",
        refuses: "two roles that take the same common name, or the same certificate",
        why: "the common name is the alias: both logins are one entity, and the certificate has the rights of either role",
        fix: "give each role the common name and URI of one identity";
    RoleGlob = "ROLE-GLOB",
        refuses: "a wildcard in what a role allows",
        why: "wildcards cross dots and slashes: synapse* takes synapse-test and synapse.evil.example",
        fix: "write each name out";
    RoleNames = "ROLE-NAMES",
        refuses: "a role that limits by allowed_names and not by allowed_uri_sans",
        why: "allowed_names looks at common name, DNS names and mail addresses, any of them, and never at URIs",
        fix: "set allowed_common_names and allowed_uri_sans";
    RoleOcspCa = "ROLE-OCSP-CA",
        refuses: "a role with ocsp_ca_certificates",
        why: "they join the pool of CAs whose certificates log in",
        fix: "leave it empty, and give the server CRLs";
    RoleRenewal = "ROLE-RENEWAL",
        refuses: "a role whose tokens cannot renew themselves, or are used up",
        why: "agents stop: token_no_default_policy without renew-self and lookup-self, or token_num_uses with auto-auth",
        fix: "add self-renew to the identity's policies; set token_num_uses to 0";
    RolePolicy = "ROLE-POLICY",
        refuses: "a role that gives root, another identity's policy, or no policy",
        why: "a role is one identity's, and gives that identity's rights",
        fix: "write the role from the declarations: rootward vault apply ENV";
    RoleLifetime = "ROLE-LIFETIME",
        refuses: "a role whose tokens live longer than the environment declares",
        why: "a token outlives the revocation of the certificate that it was given for",
        fix: "write the role from the declarations: rootward vault apply ENV";
    RoleCapture = "ROLE-CAPTURE",
        refuses: "a role without limits that comes before others of the same CA",
        why: "a login that names no role gets the first that takes its certificate, in the order of names",
        fix: "limit the role to one identity";

    // What is about to be signed
    SerialForm = "SERIAL-FORM",
        refuses: "a serial number that is not 0x01 followed by 128 random bits",
        why: "Vault matches CRLs by the serial alone, so it must be unpredictable and unique everywhere (RFC 5280 section 4.1.2.2; CA/B Baseline Requirements 7.1)",
        fix: "this is a fault of the signer: report it";
    SerialReused = "SERIAL-REUSED",
        refuses: "a serial number that this workspace has used before, by any issuer",
        why: "Vault matches CRLs by the serial alone: revoking one certificate would revoke the other",
        fix: "check the random number generator of this machine, then sign again";
    ValidityBounds = "VALIDITY-BOUNDS",
        refuses: "a validity that is empty, longer than declared, or that begins more than a day away from the signing",
        why: "certificates from 1970 and from 2100 are real and come from wrong clocks (RFC 5280 section 4.1.2.5; CA/B Baseline Requirements 7.1.2.1)",
        fix: "set the clock, or correct the lifetime in the declaration";
    OutlivesIssuer = "OUTLIVES-ISSUER",
        refuses: "a certificate that would be valid after its issuer is not",
        why: "it would stop working on a day that nobody wrote down; rootward does not shorten it silently",
        fix: "rotate the issuer, or declare a shorter lifetime";
    BeforeIssuer = "BEFORE-ISSUER",
        refuses: "a certificate that would be valid before its issuer is",
        why: "no verifier would accept it until then, and the clock that made it is in doubt",
        fix: "set the clock of this machine";
    IssuerUnfit = "ISSUER-UNFIT",
        refuses: "an issuer that is no CA, may not sign certificates, has no path length left, is expired or not yet valid, or is revoked",
        why: "every verifier would refuse what it signs (RFC 5280 section 6.1.4)",
        fix: "look at it with: rootward status";
    IssuerKey = "ISSUER-KEY",
        refuses: "an issuer's private key that does not belong to the issuer's certificate",
        why: "the signature would not verify; sealed keys are encrypted but not authenticated, so the key is compared each time it is opened",
        fix: "put the key file of this issuer's generation in its place";
    KeyIsIssuerKey = "KEY-IS-ISSUER-KEY",
        refuses: "a certificate for the very key that signs it",
        why: "only a root is self-signed; anywhere else it is a loop or a mix-up of files",
        fix: "make a new key for the certificate";
    IssuerName = "ISSUER-NAME",
        refuses: "a certificate whose issuer field is not byte for byte the subject of its issuer",
        why: "some verifiers compare names as bytes (RFC 5280 section 7.1); repeated attributes are lost by some encoders",
        fix: "use plain, non-repeated attributes in the issuer's subject";
    Profile = "PROFILE",
        refuses: "a certificate whose extensions are not exactly those of its profile",
        why: "an intermediate has CA:TRUE with path length 0, a root has no extended key usage, a leaf is no CA; each is critical where RFC 5280 section 4.2.1 says so (CA/B Baseline Requirements 7.1.2)",
        fix: "sign with rootward's own profile, or have the other side issue with that profile";
    SubjectForm = "SUBJECT-FORM",
        refuses: "a certificate whose subject is not exactly the declared one",
        why: "the common name of a leaf is its Vault alias; the subject of a CA is the name of all its children's issuer",
        fix: "correct the declaration, or have the other side issue the declared subject";
    NameConstraints = "NAME-CONSTRAINTS",
        refuses: "an intermediate without exactly the name constraints of its environment, or a leaf with a name outside of them",
        why: "they keep test out of prod in every verifier (RFC 5280 section 4.2.1.10)",
        fix: "correct dns and ip in ca/ENV/environment.toml, or the names of the identity";
    NameProbe = "NAME-PROBE",
        refuses: "name constraints that a second implementation does not enforce as meant",
        why: "before the real signature a throw-away leaf inside the environment must verify and one outside must fail",
        fix: "look at dns and ip in ca/ENV/environment.toml";
    SubjectTaken = "SUBJECT-TAKEN",
        refuses: "a second certificate with the common name or SPIFFE URI of another identity of the same environment, or a CA name already used",
        why: "Vault's cert-auth alias is always the common name: two identities would become one entity",
        fix: "choose another name";
    SpkiChanged = "SPKI-CHANGED",
        refuses: "a finished certificate whose public key differs from the one that was asked for",
        why: "encoders have confused curves (rustls/rcgen issue 448); the bytes are compared after signing",
        fix: "this is a fault of the encoder: report it";
    SignatureInvalid = "SIGNATURE-INVALID",
        refuses: "a finished certificate or CRL whose signature does not verify with its issuer's key",
        why: "a broken token or a flipped bit can produce one; nothing reaches the disk that was not verified",
        fix: "check the key's medium or token, then sign again";
    ChainRejected = "CHAIN-REJECTED",
        refuses: "a certificate that a second implementation (rustls-webpki) does not accept under its chain",
        why: "what one library makes another must accept, before anybody relies on it",
        fix: "look at the chain with: rootward verify";

    // The links between an old and a new root
    LinkDates = "LINK-DATES",
        refuses: "a link certificate that does not begin with the root it stands for, that ends after it (\"old with new\": at any other moment), or that is made while that root is not valid",
        why: "the roots decide how long their links last: whoever trusts one root verifies what is under the other for as long as that is valid, and no longer (RFC 9810 section 4.4.1)",
        fix: "let the new root end after the old one: correct the root's lifetime in ca/root/root.toml, or set the clock";
    LinkPair = "LINK-PAIR",
        refuses: "a link certificate that is not the same CA as the root it stands for (name, key, key identifier, usages), or that does not link two roots of different names",
        why: "verifiers must be able to put it in the root's place and nowhere else; with one name for both roots some of them mistake one root's CRL for the other's",
        fix: "bring both roots' own certificates";

    // CRLs
    CrlNumber = "CRL-NUMBER",
        refuses: "a CRL whose number is 0 or not greater than the last one, or an older CRL in the place of the last one",
        why: "relying parties keep the CRL with the greatest number (RFC 5280 section 5.2.3; CA/B Baseline Requirements 4.9.7)",
        fix: "bring the last CRL of this issuer into the workspace, then issue the next";
    CrlDates = "CRL-DATES",
        refuses: "a CRL whose dates are reversed, lie outside its issuer's validity, or are more than 365 days apart",
        why: "relying parties refuse a CRL that is not current, and a CA that is silent for longer than a year (RFC 5280 section 5.1.2; CA/B Baseline Requirements 4.9.7)",
        fix: "set the clock, or correct the CRL cadence in the declaration";
    CrlScope = "CRL-SCOPE",
        refuses: "a CRL entry for a certificate that this issuer did not issue, or for a leaf in a root's CRL",
        why: "Vault matches by serial alone and would revoke somebody else's certificate",
        fix: "revoke the object at its own issuer";
    CrlReason = "CRL-REASON",
        refuses: "a CRL entry with a reason that RFC 5280 section 5.3.1 does not allow there",
        why: "unspecified is expressed by leaving the reason out; hold and removeFromCRL are not used here",
        fix: "use keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn";
    CrlShrinks = "CRL-SHRINKS",
        refuses: "a CRL that no longer names a certificate which the last one named and which has not expired",
        why: "a revocation cannot be taken back (RFC 5280 section 3.3)",
        fix: "bring the last CRL of this issuer into the workspace, then issue the next";
    CrlRevocationDate = "CRL-REVOCATION-DATE",
        refuses: "a CRL entry whose revocation date is later than the CRL's own date",
        why: "a CRL states what has happened, not what will (RFC 5280 section 5.3)",
        fix: "set the clock of this machine";

    // Revocation and rotation
    RevokeExpired = "REVOKE-EXPIRED",
        refuses: "to revoke a certificate that has expired",
        why: "nobody accepts it any more, and a CRL does not name it (RFC 5280 section 3.3)",
        fix: "nothing is left to do; what is valid is shown by: rootward status";
    IdentityRevoked = "IDENTITY-REVOKED",
        refuses: "a new certificate for an identity that was revoked because it ended, changed hands or lost its privilege",
        why: "the revocation was about the identity, not about its key: a new certificate would undo it",
        fix: "declare the successor under another name, and remove the directory of this one";
    KeyCompromised = "KEY-COMPROMISED",
        refuses: "a request for a key whose certificate was revoked as compromised",
        why: "whoever has the key would have the new certificate, too (CA/B Baseline Requirements 6.1.1.3)",
        fix: "make a new key, and a request for it";
    RotateOrder = "ROTATE-ORDER",
        refuses: "a step of a rotation before the one that it follows: prepare, activate, taint, revoke",
        why: "relying parties must know a successor before it signs, and what the old key signed must be replaced before it is revoked",
        fix: "see how far the rotation is with: rootward status";
    RotateInUse = "ROTATE-IN-USE",
        refuses: "to revoke a CA while certificates under it are in use",
        why: "all of them would stop working at once; a compromise alone is worth that",
        fix: "issue them again under the successor, or revoke with --reason keyCompromise (of an intermediate) or cACompromise";

    // Ceremonies
    PlanDiffers = "PLAN-DIFFERS",
        refuses: "a plan whose requests, declarations or results are not what it says they are",
        why: "people reviewed a digest, a date and a name; what is signed must be that and nothing else",
        fix: "make the plan again: rootward ceremony plan";
    PlanChanged = "PLAN-CHANGED",
        refuses: "a plan whose digest does not begin with the words that were typed from the paper",
        why: "the paper was printed from the plan that was reviewed; other words mean another plan, or another paper",
        fix: "compare the whole digest with the paper: rootward ceremony plan --show FILE";
    PlanForeign = "PLAN-FOREIGN",
        refuses: "a plan that was made for another root than the one on this medium",
        why: "two roots may share a name; their certificates tell them apart",
        fix: "bring the medium of the root that the plan names";
    NotTheMedium = "NOT-THE-MEDIUM",
        refuses: "to hold a ceremony in the workspace that planned it, when no root key is there",
        why: "the root key would be made or looked for on the machine that has a network",
        fix: "name the medium: rootward ceremony run PLAN --workspace DIR";
    OnTheMedium = "ON-THE-MEDIUM",
        refuses: "to plan, import, issue, rotate or revoke on a medium",
        why: "the journal of a medium goes on by ceremonies alone; what is written there besides forks it from the online side",
        fix: "do it in the online workspace; the next ceremony brings here what the root is to sign";
    PlanForked = "PLAN-FORKED",
        refuses: "a plan that does not continue the journal on this medium",
        why: "the previous ceremony is an input of the next: a gap, a fork or an older copy would sign something twice or forget a revocation",
        fix: "bring the newest copy of the medium, or import the response of the last ceremony and make the plan again";
    PlanOpen = "PLAN-OPEN",
        refuses: "to act while a plan waits for its ceremony",
        why: "the ceremony continues the journal that the plan names; what is written meanwhile would fork it",
        fix: "import the response: rootward ceremony import FILE; or take the plan back: rootward ceremony plan --withdraw";
    ResponseTruncated = "RESPONSE-TRUNCATED",
        refuses: "a response without its last line",
        why: "a medium that was pulled out, or a serial line that broke off, leaves a beginning that may read well",
        fix: "copy the response from the medium again";
    ResponseChanged = "RESPONSE-CHANGED",
        refuses: "a response that is not as its last line, its digests or the journal in it say",
        why: "what comes back is filed and relied upon; every byte of it is accounted for",
        fix: "copy the response from the medium again, and compare it with the transcript that the witnesses signed";
    ResponseForeign = "RESPONSE-FOREIGN",
        refuses: "a response to another plan, or from another root",
        why: "only what was planned here is filed here",
        fix: "bring the response of this workspace's own ceremony";
    ResponseReplayed = "RESPONSE-REPLAYED",
        refuses: "a response that was imported before",
        why: "an older CRL or certificate would come back into force",
        fix: "nothing is left to do; see what is there with: rootward status";
    ResponseForked = "RESPONSE-FORKED",
        refuses: "a response that does not continue the journal of this workspace",
        why: "two histories cannot both be the one that an auditor follows",
        fix: "find out which copy went on meanwhile: rootward journal show";
    TranscriptChanged = "TRANSCRIPT-CHANGED",
        refuses: "a transcript with a changed, removed or added line, or without the root's signature",
        why: "it is what the witnesses saw; it proves nothing unless every line is as it was written",
        fix: "take the transcript from the medium, or from a witness's copy";
    WaiverUnfit = "WAIVER-UNFIT",
        refuses: "a waiver for a rule that cannot be waived, without a reason, or past its end",
        why: "a waiver is an exception that people agreed on beforehand; there is none for what is signed",
        fix: "see to the cause, or plan again with a waiver that holds";

    // Witnesses of a ceremony
    WitnessSignature = "WITNESS-SIGNATURE",
        refuses: "a witness's signature that is malformed, of another namespace, or not over this very transcript",
        why: "a signature for another purpose, or over another text, says nothing about what was done here (PROTOCOL.sshsig of OpenSSH)",
        fix: "have the witness sign the transcript as it is: ssh-keygen -Y sign -n rootward-transcript -f KEY FILE";
    WitnessUnknown = "WITNESS-UNKNOWN",
        refuses: "a signature by a key that the allowed signers do not name, or not for this namespace, or not at the time of the ceremony",
        why: "anybody can sign; a witness is somebody who was known before",
        fix: "compare the fingerprint with the witness's own (ssh-keygen -l), then correct the file of allowed signers";
    WitnessMissing = "WITNESS-MISSING",
        refuses: "a transcript that a witness named in the plan has not signed",
        why: "who was there and does not sign may have seen something else; one key stands for one witness alone",
        fix: "have the witness sign the transcript: ssh-keygen -Y sign -n rootward-transcript -f KEY FILE";

    // Custody
    ShareMistyped = "SHARE-MISTYPED",
        refuses: "a share with a word that is not on the list of bytewords, or whose checksum does not hold",
        why: "a share is typed from paper; a single wrong word would give another secret, which opens nothing (BCR-2020-012)",
        fix: "compare each word with the paper, then type the share again";
    ShareForeign = "SHARE-FOREIGN",
        refuses: "a share of another set, of another threshold, or of something else than a root key",
        why: "shares of different sets give no secret together; a set that was replaced unlocks nothing",
        fix: "look for the paper with the set identifier that is asked for";
    ShareRepeated = "SHARE-REPEATED",
        refuses: "a share that was already given",
        why: "it takes different shares; the same paper twice is one custodian, not two",
        fix: "ask the next custodian";
    SharesTooFew = "SHARES-TOO-FEW",
        refuses: "to unlock a key with fewer shares than are needed",
        why: "fewer shares tell nothing about the secret: that is what they are for",
        fix: "begin again when enough custodians are there";
    TokenMissing = "TOKEN-MISSING",
        refuses: "to go on without the PKCS#11 module or the token that ca/site.toml names",
        why: "the root key is in that token and nowhere else",
        fix: "plug the token in, or correct module and token in ca/site.toml";
    PinWrong = "PIN-WRONG",
        refuses: "a PIN that the token does not accept",
        why: "a token locks itself after a few wrong ones, so nothing tries again by itself",
        fix: "look the PIN up before the next try; a locked token is unlocked with its security officer's PIN";
    TokenKey = "TOKEN-KEY",
        refuses: "a key in a token that is absent or not the only one of its label, that could be taken out, that has no public half, or that is not on P-256 or P-384",
        why: "a token protects only what it never gives out; of two keys with one label nobody knows which signs",
        fix: "look at the token's keys with: pkcs11-tool --list-objects --login";

    // The workspace
    EnvironmentsShare = "ENVIRONMENTS-SHARE",
        refuses: "two environments that share an address, a set of mounts, a runtime owner, a trust domain, a DNS subtree or an app-facing path",
        why: "test and prod are separate in mechanics, not in naming",
        fix: "give each environment its own value";
    NameTaken = "NAME-TAKEN",
        refuses: "an identity with the name of an intermediate of its environment",
        why: "ENV/NAME must mean one thing in files, DNS, SPIFFE and Vault",
        fix: "choose another name";
    NameOps = "NAME-OPS",
        refuses: "an identity NAME-ops beside an identity NAME that declares ops",
        why: "the policy of the one and the provisioning policy of the other would be the same policy, and each would get what the other may",
        fix: "choose another name";
    StillValid = "STILL-VALID",
        refuses: "to remove an identity while a certificate of it is neither expired nor revoked",
        why: "whoever holds the key can go on logging in, and nothing here would say whose certificate it is",
        fix: "revoke it first: rootward revoke ENV/NAME --reason cessationOfOperation";
    Contradiction = "CONTRADICTION",
        refuses: "a command that asks for something other than what is already there",
        why: "what is signed stays; a change is a new generation, made on purpose",
        fix: "see what is there with: rootward status";
    KeyPlace = "KEY-PLACE",
        refuses: "a request for an object whose key is made here",
        why: "a key has one place: where it was made; two copies are two thieves' chances",
        fix: "leave the request out, or declare key = \"host\" (of an identity) or \"vault\" (of an intermediate) and remove the key that is here";
    KeyExposed = "KEY-EXPOSED",
        refuses: "a private key on a host that others than its Unix user can read, or whose place others can change",
        why: "who reads the key is the identity; who can rename a directory above it can put another key there",
        fix: "give the key mode 0400 and its Unix user as owner, and take the write permission from group and others on each directory above it: chmod go-w DIR";
    CertificateForeign = "CERTIFICATE-FOREIGN",
        refuses: "to install a certificate that has another name or another key than the identity of this host, or a chain that is not its own",
        why: "the server knows a login by its common name; with another's certificate it would be another's login, or none",
        fix: "bring cert.pem and chain.pem of this very identity, issued for the request of this host";
    CertificateDates = "CERTIFICATE-DATES",
        refuses: "to install a certificate that is not valid now",
        why: "it would replace one that may still work by one that does not",
        fix: "renew it in the workspace: rootward identity renew ENV/NAME; or set the clock of this machine";
    NotAsRecorded = "NOT-AS-RECORDED",
        refuses: "to sign on top of a certificate or CRL that is not the one the journal recorded",
        why: "a file may be replaced by another that is as valid; what is signed next would rest on something that nobody reviewed",
        fix: "see what differs with: rootward verify, then restore the file from the newest copy of the workspace";
    ClockBehindJournal = "CLOCK-BEHIND-JOURNAL",
        refuses: "to act at a time before the journal's last entry",
        why: "a wrong clock makes certificates that are not yet, or no longer, valid",
        fix: "set the clock of this machine; if it was wrong at the last entry, go back to the copy of the workspace from before it";
    JournalBroken = "JOURNAL-BROKEN",
        refuses: "to continue a journal with a changed, removed, repeated or swapped line",
        why: "the previous output is an input: nothing is signed on top of a history that does not hold",
        fix: "see the first bad line with: rootward journal verify";
    JournalRolledBack = "JOURNAL-ROLLED-BACK",
        refuses: "a journal that is shorter than, or other than, its recorded head",
        why: "an older copy would hide what was signed since, and sign it again",
        fix: "restore the newest copy of ca/journal.jsonl";

    // The server
    WrongEnvironment = "WRONG-ENVIRONMENT",
        refuses: "to talk to a server whose certificate an intermediate of another environment has issued",
        why: "a shell still set to test must not change prod, nor prod be taken for test; neither token nor client certificate has been shown to it",
        fix: "unset VAULT_ADDR and BAO_ADDR, or name the environment whose server it is";

    // The ceremony: the machine, the clock
    NetworkUp = "NETWORK-UP",
        refuses: "to unlock a root key while a network interface other than the loopback is up",
        why: "an air gap that depends on a cable left out is none; the root key never meets a network",
        fix: "switch it off: ip link set NAME down; or pull the adapter out";
    SwapOn = "SWAP-ON",
        refuses: "to unlock a root key while memory can be swapped out",
        why: "an opened key could reach a disk, and stay there; compressed memory (zram) counts, as it can be written back to a disk",
        fix: "switch it off: swapoff --all";
    CoreDumps = "CORE-DUMPS",
        refuses: "to unlock a root key while a crash can write the memory of this process somewhere",
        why: "an opened key would be in the dump; a program that takes core dumps is not bound by their size limit (core(5))",
        fix: "switch them off: sysctl kernel.core_pattern=/dev/null, ulimit -c 0";
    SandboxMissing = "SANDBOX-MISSING",
        refuses: "to unlock a root key where the kernel cannot confine this process to its files, without sockets and exec",
        why: "a fault in a parser or a library would reach everything that the operator reaches",
        fix: "boot a kernel of Linux 6.2 or newer with Landlock (lsm=landlock) and seccomp";
    NoSpace = "NO-SPACE",
        refuses: "to begin on a medium that has too little space for what will be written",
        why: "what is irreversible comes last: a full disk is found before a key is touched",
        fix: "make room, or take a larger medium";
    ClockBehindPlan = "CLOCK-BEHIND-PLAN",
        refuses: "to act at a time before the plan was made",
        why: "certificates from 1970 are real: an offline machine forgets the time when its battery is empty",
        fix: "set the clock of this machine: date --utc --set 'YYYY-MM-DD HH:MM'";
    PlanStale = "PLAN-STALE",
        refuses: "to act on a plan after its end",
        why: "what was reviewed long ago may no longer be what is wanted; or the clock is wrong",
        fix: "set the clock of this machine, or make and review a new plan";
    ClockTyped = "CLOCK-TYPED",
        refuses: "to act when the clock is more than ten minutes away from the time that a person typed",
        why: "journal and plan show only a clock that is behind them; a person with a watch sees any other",
        fix: "type the time in UTC, and set the clock of this machine: date --utc --set 'YYYY-MM-DD HH:MM'";
}
