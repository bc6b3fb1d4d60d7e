//! What must hold of any signature and any list of signers; ssh-keygen is the judge.

#[path = "common/ssh.rs"]
mod ssh;

use proptest::prelude::*;
use rootward::model::rule::Rule;
use rootward::witness::AllowedSigners;
use ssh::{AT, KINDS, NAMESPACE, SIGNATURES, SSH, TRANSCRIPT, allowed, rules, verify_at};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// In the text or beneath it: no panic, a rule, and nothing that ssh-keygen would refuse.
    #[test]
    fn a_changed_signature_is_accepted_only_where_ssh_keygen_does(
        which in 0..KINDS.len(),
        at in any::<prop::sample::Index>(),
        byte: u8,
        beneath: bool,
    ) {
        let mut bytes = SIGNATURES[which].clone();
        if beneath {
            bytes = ssh::unarmored(std::str::from_utf8(&bytes).unwrap());
        }
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if beneath {
            bytes = ssh::armored(&bytes);
        }
        let name = KINDS[which].0;
        let signers = SSH.line(name, "");
        match verify_at(TRANSCRIPT, &bytes, &signers, AT) {
            Ok(_) => prop_assert!(SSH.verify(TRANSCRIPT, &bytes, &signers, name, NAMESPACE, AT)),
            Err(error) => prop_assert!(!error.findings.is_empty(), "no rule: {:?}", error),
        }
    }

    #[test]
    fn any_bytes_are_no_signature_and_no_panic(bytes: Vec<u8>, keep in 0..60usize) {
        let blob = ssh::unarmored(std::str::from_utf8(&SIGNATURES[0]).unwrap());
        let framed = ssh::armored(&[&blob[..keep], &bytes].concat());
        for bytes in [&bytes, &framed] {
            let verdict = verify_at(TRANSCRIPT, bytes, &SSH.line("ed25519", ""), AT);
            prop_assert_eq!(rules(verdict), [Rule::WitnessSignature]);
        }
    }

    #[test]
    fn any_line_is_read_or_refused_with_its_number(
        text in "\\PC{0,60}",
        options in "[a-z=\",\\\\ -]{0,30}",
    ) {
        let key = SSH.public("ed25519");
        let foreign = format!("a {text}{key}");
        let lines = [format!("a {options} {key}"), format!("{text} {key}"), foreign];
        for line in lines.iter().chain([&text]) {
            if let Err(error) = AllowedSigners::parse("f", line.as_bytes()) {
                prop_assert!(error.messages()[0].starts_with("f:1: "), "{:?}", error);
            }
        }
    }

    /// Around the time and the namespace of the signature: both say the same.
    #[test]
    fn options_allow_what_they_allow_there(
        options in "namespaces=\"[r!]?[*?]{1,3}(,!?(file|rootward-[t?]*))?\"\
            |valid-(after|before)=\"2026112[123]((09|10|11)(00|59)(0[01])?)?Z\"",
    ) {
        let signers = SSH.line("ed25519", &options);
        prop_assume!(allowed(&signers).is_ok());
        let ours = verify_at(TRANSCRIPT, &SIGNATURES[0], &signers, AT);
        let theirs = SSH.verify(TRANSCRIPT, &SIGNATURES[0], &signers, "ed25519", NAMESPACE, AT);
        prop_assert_eq!(ours.is_ok(), theirs, "{}: {:?}", options, ours);
    }
}
