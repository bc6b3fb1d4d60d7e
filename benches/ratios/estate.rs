//! Workspaces of any size, made with rootward's own functions.

use rootward::authority::{self, Estate, Keys, Secrets, identity};
use rootward::ceremony::{plan::Wanted, single};
use rootward::context::Context;
use rootward::custody::shares::{Progress, Share};
use rootward::error::{Error, Result};
use rootward::journal::{Act, Origin, Record};
use rootward::model::name::{Name, ObjectRef};
use std::fs;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// The same passphrase for every key.
pub struct Fixed;

impl Secrets for Fixed {
    fn open(&mut self, _: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(b"a benchmark's passphrase".to_vec()))
    }

    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        self.open(object)
    }

    fn share(&mut self, _: &ObjectRef, _: Progress) -> Result<Option<Zeroizing<String>>> {
        Ok(None)
    }

    fn again(&mut self, refusal: Error, _: usize) -> Result<()> {
        Err(refusal)
    }

    fn show_share(&mut self, _: &ObjectRef, _: &Share, _: u8) -> Result<()> {
        Ok(())
    }

    fn pin(&mut self, _: &ObjectRef, _: &str) -> Result<Zeroizing<String>> {
        Ok(Zeroizing::default())
    }
}

pub fn context(rng: &ring::rand::SystemRandom) -> Context<'_> {
    let now = OffsetDateTime::now_utc();
    Context { origin: Origin { host: "bench".into(), user: "bench".into(), now }, rng }
}

pub fn prod() -> Name {
    "prod".parse().unwrap()
}

pub fn names(count: usize) -> Vec<Name> {
    (0..count).map(|index| format!("app-{index:05}").parse().unwrap()).collect()
}

/// A workspace with a root and `prod/identity`.
pub fn base(dir: &Path) {
    let domain = "example.internal".parse().unwrap();
    let scaffold = authority::scaffold::Scaffold::new("Bench", &domain).unwrap();
    for (path, text) in scaffold.files() {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng);
    let (mut estate, _) = Estate::change(dir, &context).unwrap();
    let mut secrets = Fixed;
    let mut keys = Keys::new(&mut secrets);
    single::perform(&mut estate, &mut keys, Wanted::Root(ObjectRef::root(1)), None).unwrap();
    let object: ObjectRef = "prod/identity".parse().unwrap();
    authority::intermediate::request(&mut estate, &object, None, &mut keys).unwrap();
    single::perform(&mut estate, &mut keys, Wanted::Intermediate(object.at(1)), None).unwrap();
}

/// Declares `names` in prod.
pub fn declare(dir: &Path, names: &[Name]) {
    for name in names {
        let dir = dir.join(format!("identities/prod/{name}"));
        fs::create_dir_all(&dir).unwrap();
        let text = "version = 1\nkind = \"app\"\npolicies = [\"kv-read\"]\nauth = [\"cert\"]\n";
        fs::write(dir.join("identity.toml"), text).unwrap();
    }
}

/// A copy of a prepared workspace in a fresh directory.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Issues `names`, with the issuer's key opened beforehand: the passphrase's scrypt is a constant
/// that is meant to be slow. Gives the seconds that the issuing took.
pub fn issue(dir: &Path, names: &[Name]) -> f64 {
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng);
    let (estate, _) = Estate::change(dir, &context).unwrap();
    let issuer = estate.issuer(&"prod/identity".parse::<ObjectRef>().unwrap()).unwrap();
    let mut secrets = Fixed;
    let mut keys = Keys::new(&mut secrets);
    let key = keys.signer(&estate, &issuer).unwrap();
    drop(estate);
    let start = std::time::Instant::now();
    let (mut estate, _) = Estate::change(dir, &context).unwrap();
    let environment = &prod();
    let asked = identity::Asked { environment, names, csr: None, by_name: false, anew: false };
    let tasks = identity::plan(&estate, &asked, &issuer).unwrap();
    let reports = identity::carry_out(&mut estate, &issuer, key, tasks, &|| ()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(reports.iter().all(|report| report.result.is_ok()));
    seconds
}

/// A prepared workspace with `count` identities declared, and issued when asked for.
pub fn prepared(dir: &Path, count: usize, issued: bool) -> PathBuf {
    let dir = dir.join(format!("estate-{count}-{issued}"));
    fs::create_dir_all(&dir).unwrap();
    base(&dir);
    declare(&dir, &names(count));
    if issued {
        issue(&dir, &names(count));
    }
    dir
}

/// A copy of a small workspace whose journal says that so many identities are there: no certificate
/// is made, which would take minutes; only what reads no file can be measured.
pub fn recorded(dir: &Path, like: &Path, count: usize) -> PathBuf {
    let dir = dir.join(format!("recorded-{count}"));
    fs::create_dir_all(&dir).unwrap();
    base(&dir);
    declare(&dir, &names(count));
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng);
    let made = Estate::read(like, &context).unwrap();
    let template = made.journal.records.iter().rfind(|record| record.act == Act::IdentityIssue);
    let template = template.unwrap();
    let (mut estate, _) = Estate::change(&dir, &context).unwrap();
    let record = |(index, name): (usize, Name)| Record {
        object: format!("prod/{name}"),
        serial: Some(format!("01{index:032x}")),
        key: Some(format!("{index:064x}")),
        cn: Some(name.to_string()),
        uri: Some(format!("spiffe://prod.example.internal/app/{name}")),
        ..template.clone()
    };
    let records = names(count).into_iter().enumerate().map(record).collect();
    estate.commit(Vec::new(), records).unwrap();
    dir
}

/// Declares `names` in prod, each with two policies: four templates and two logins.
pub fn declare_with_ops(dir: &Path, names: &[Name]) {
    let ca = dir.join("ca/prod/environment.toml");
    let text = fs::read_to_string(&ca).unwrap();
    let jwt = "\n[jwt]\nissuer = \"https://git.example.internal\"\naudiences = [\"vault\"]\n\
               keys = \"jwt.pem\"\n";
    fs::write(&ca, format!("{text}{jwt}").replace("[mounts]", "[mounts]\njwt = \"jwt\"")).unwrap();
    let write =
        "path \"{mounts.kv2}/data/{name}/*\" {\n  capabilities = [\"create\", \"update\"]\n}\n";
    fs::write(dir.join("identities/policies/kv-write.hcl"), write).unwrap();
    for name in names {
        let dir = dir.join(format!("identities/prod/{name}"));
        fs::create_dir_all(&dir).unwrap();
        let text = format!(
            "version = 1\nkind = \"app\"\npolicies = [\"kv-read\", \"self-renew\"]\n\
             ops = [\"kv-write\", \"self-renew\"]\nauth = [\"cert\", \"jwt\"]\n\n\
             [jwt]\nsubject = \"example/{name}\"\n"
        );
        fs::write(dir.join("identity.toml"), text).unwrap();
    }
}
