//! What a server has loaded, beside what was issued: CRLs of certificate login, the default issuer.

use super::{Judged, Known, Seen, Target, Verdict};
use crate::error::{Error, Result};
use crate::model::name::Name;
use crate::vault::client::Client;
use crate::vault::compare;
use crate::vault::desired::Desired;
use crate::vault::issuers::{issuers, mount_of};
use crate::vault::observed::{self, Depth};
use crate::vault::plan;
use crate::vault::resource::{Kind, Resource, field};
use serde_json::{Value, json};

/// The server itself, then its default issuer and CRLs. `is_sound`: its listener is as it was issued.
pub fn seen(target: &Target, desired: &Desired, known: &Known, is_sound: bool) -> Vec<Seen> {
    let (environment, connection) = (&target.declared.environment.name, &target.connection);
    let url = connection.address.to_string();
    let place = url.strip_prefix("https://").unwrap_or(&url).to_owned();
    let of_server = |judged: Judged| vec![judged.of(environment, environment.as_str(), &place)];
    let (client, version) = match open(target) {
        Ok(opened) => opened,
        // Whoever brings nothing to be let in by has not been told of anything wrong.
        Err(error) => {
            let is_nobody = connection.token.is_none() && connection.certificate.is_none();
            let judged = failed(&error, &url);
            let is_told = !(is_sound && is_nobody && judged.text.contains("client certificate"));
            let verdict = if is_told { Verdict::Differs } else { Verdict::NotAsked };
            return of_server(Judged { verdict, ..judged });
        }
    };
    let mut seen = of_server(Judged::as_issued(format!("up and unsealed, version {version}")));
    seen.extend(default_issuers(&client, environment, desired, known, &url));
    seen.extend(crls(&client, environment, desired, &url));
    seen
}

fn open(target: &Target) -> Result<(Client, String)> {
    let client = Client::new(&target.connection)?;
    let version = client.need_open()?.version;
    Ok((client, version))
}

/// In the words of the client, without what it was asked and where.
fn failed(error: &Error, url: &str) -> Judged {
    let said = error.messages().join(": ");
    let why = said.rsplit_once(&format!("{url}: ")).map_or(said.as_str(), |(_, why)| why);
    Judged { hint: error.hint.clone(), ..Judged::differs(why) }
}

/// In each PKI mount: is the one that signs by default the active generation?
fn default_issuers(
    client: &Client,
    environment: &Name,
    desired: &Desired,
    known: &Known,
    url: &str,
) -> Vec<Seen> {
    let is_default = |resource: &&Resource| {
        resource.address.kind == Kind::Issuer
            && *field(&resource.fields, "is_default") == json!(true)
    };
    let wanted = desired.resources.iter().filter(is_default);
    let look = |resource: &Resource| {
        let mount = mount_of(&resource.address);
        let serial = field(&resource.fields, "serial_number").as_str().unwrap_or_default();
        let owner = |serial: &str| {
            known.owner(serial).unwrap_or("one that the journal does not know").to_owned()
        };
        let judged = match issuers(client, mount) {
            Err(error) => failed(&error, url),
            Ok(all) => match all.iter().find(|issuer| issuer.info["is_default"] == json!(true)) {
                Some(issuer) if issuer.serial == serial => {
                    Judged::as_issued("it is the default issuer")
                }
                Some(issuer) => {
                    let text = format!("the default issuer is {}", owner(&issuer.serial));
                    Judged::differs(text).hint(apply(environment, "issuer"))
                }
                None => {
                    Judged::differs("there is no default issuer").hint(apply(environment, "issuer"))
                }
            },
        };
        judged.of(environment, owner(serial), mount)
    };
    wanted.map(look).collect()
}

/// Of a CRL the server keeps the serial numbers and nothing else: neither its number nor its dates.
fn crls(client: &Client, environment: &Name, desired: &Desired, url: &str) -> Vec<Seen> {
    let crls = desired.resources.iter().filter(|resource| resource.address.kind == Kind::Crl);
    let look = |resource: &Resource| {
        let judged = match client.connection().token {
            Some(_) => crl(client, environment, desired, resource, url),
            None => Judged::new(Verdict::NotAsked, "not asked: there is no token")
                .hint("--token-file FILE, or bao login"),
        };
        judged.of(environment, format!("{environment} CRL"), resource.address.path.clone())
    };
    crls.map(look).collect()
}

fn crl(
    client: &Client,
    environment: &Name,
    desired: &Desired,
    resource: &Resource,
    url: &str,
) -> Judged {
    let there = match observed::one(client, Kind::Crl, &resource.address.path, Depth::Quick) {
        Err(error) => return failed(&error, url),
        Ok(None) => {
            return Judged::differs("it is not loaded").hint(apply(environment, "crl"));
        }
        Ok(Some(there)) => there,
    };
    let changes = compare::changes(&resource.fields, &there);
    if plan::behind(&resource.address, &changes, desired).is_some() {
        return Judged::differs("it revokes what ours does not")
            .hint("bring the newest copy of the workspace; rootward explain CRL-BEHIND");
    }
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    match changes.first() {
        None => Judged::as_issued("loaded"),
        Some(change) => {
            let (there, ours) = (count(&change.before), count(&change.after));
            let text = format!("an older one is loaded: it revokes {there}, ours {ours}");
            Judged::differs(text).hint(apply(environment, "crl"))
        }
    }
}

fn apply(environment: &Name, kind: &str) -> String {
    format!("rootward vault apply {environment} --only {kind}")
}
