use super::*;

fn parse(text: &str) -> Result<Reminders> {
    Reminders::parse("ca/reminders.toml", format!("version = 1\n{text}").as_bytes())
}

fn one(text: &str) -> Channel {
    let all = parse(&format!("[[channel]]\n{text}")).unwrap();
    all.channels.into_iter().next().unwrap()
}

#[test]
fn what_is_left_out_is_as_usual() {
    assert!(Reminders::default().channels.is_empty());
    let channel = one("type = \"stdout\"\n");
    assert_eq!((channel.name.as_str(), channel.min), ("stdout", Stage::Notice));
    assert_eq!((channel.timeout, channel.way), (Duration::from_secs(10), Way::Stdout));
    let mail = "from = \"a@example.internal\"\nto = [\"b@example.internal\"]\n";
    let Way::Sendmail { program, mail: declared } =
        one(&format!("type = \"sendmail\"\n{mail}")).way
    else {
        panic!()
    };
    assert_eq!(program, PathBuf::from("/usr/sbin/sendmail"));
    assert_eq!(declared.to, ["b@example.internal"]);
    for (security, host, port) in [
        ("", "mail.example.internal", 587),
        ("security = \"tls\"\n", "mail.example.internal", 465),
        ("security = \"none\"\n", "::1", 25),
        ("security = \"none\"\n", "localhost", 25),
        ("port = 26\n", "mail.example.internal", 26),
    ] {
        let text = format!("type = \"smtp\"\nhost = \"{host}\"\n{security}{mail}");
        let Way::Smtp(smtp) = one(&text).way else { panic!() };
        assert_eq!((smtp.port, smtp.login, smtp.ca), (port, None, None));
    }
    assert!(one("type = \"ping\"\nurl_file = \"/p\"\n").is_ping());
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let mail = "from = \"a@b.internal\"\nto = [\"b@b.internal\"]\n";
    let far = format!("type = \"smtp\"\nhost = \"m.example\"\nsecurity = \"none\"\n{mail}");
    let user = format!("type = \"smtp\"\nhost = \"m.example\"\nuser = \"u\"\n{mail}");
    let odd = "type = \"sendmail\"\nfrom = \"a@b.internal\"\nto = [\"b@b.internal\\nBcc: c@d\"]\n";
    for (text, message) in [
        ("type = \"pigeon\"\n", "ca/reminders.toml:3:8: unknown variant"),
        ("type = \"ntfy\"\ntopic = \"x\"\n", ":4:1: unknown key \"topic\""),
        ("type = \"ntfy\"\nurl = \"https://a\"\n", ":2:1: missing key `topic_file`"),
        (
            "type = \"slack\"\ntopic_file = \"t\"\nurl_file = \"u\"\n",
            "`topic_file` is not a key of",
        ),
        ("type = \"slack\"\nurl = \"https://a/b\"\n", "expected `url_file`"),
        ("type = \"webhook\"\nurl = \"http://a.example/\"\n", "got http:// to another machine"),
        ("type = \"webhook\"\nurl = \"ftp://a\"\n", "`url`: got something else"),
        ("type = \"webhook\"\n", "missing key `url` or `url_file`"),
        ("type = \"webhook\"\nurl = \"https://a\"\nheader = \"X\"\n", "`header` is not a key"),
        ("type = \"ping\"\nurl_file = \"u\"\nmin = \"notice\"\n", "`min` is not for a ping"),
        ("type = \"stdout\"\nmin = \"quiet\"\n", ":4:7: got \"quiet\""),
        ("type = \"stdout\"\ntimeout = 0\n", "expected 1 to 300 seconds"),
        ("type = \"stdout\"\nca = \"x\"\n", "`ca` is not a key"),
        ("type = \"sendmail\"\nprogram = \"sendmail\"\n", "expected an absolute path"),
        (&far, "expected starttls or tls"),
        (&user, "without a `password_file`"),
        (odd, "expected NAME@DOMAIN"),
    ] {
        let error = parse(&format!("[[channel]]\n{text}")).unwrap_err();
        let said = error.messages().join(": ");
        assert!(said.contains(message), "{text}: {said}");
        assert!(said.starts_with("ca/reminders.toml:"), "{said}");
    }
    let twice = parse("[[channel]]\ntype = \"stdout\"\n[[channel]]\ntype = \"stdout\"\n");
    assert!(twice.unwrap_err().messages()[0].contains("two channels are called stdout"));
}

#[test]
fn only_this_machine_is_spoken_to_in_the_clear() {
    for good in
        ["https://a.example/x?y", "http://127.0.0.1:80/", "http://[::1]:8", "http://localhost"]
    {
        assert_eq!(check_url(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "http://",
        "http://127.0.0.1.example/",
        "http://localhost@example/",
        "https://a b",
        "x",
    ] {
        let error = check_url(bad).unwrap_err();
        assert!(bad.len() < 8 || !error.contains(bad), "{error}");
    }
}
