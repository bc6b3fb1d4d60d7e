//! `rootward intermediate request ENV/NAME --from-vault`

use crate::authority::{Estate, intermediate::Target};
use crate::commands::{Session, vault::connect};
use crate::error::{Error, Result};
use crate::model::{
    environment::KeyHome,
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::vault::{self, KeyWanted, RequestMade};

/// The request of a key that the environment's server has made, or makes now. One that is filed
/// already is not asked for again: the server would sign another.
///
/// # Errors
/// KEY-PLACE: the key is declared to be made here. As for [`connect::connect`], and what the
/// server says no to.
pub fn request(
    args: &connect::Args,
    session: &Session,
    estate: &Estate,
    object: &ObjectRef,
) -> Result<Vec<u8>> {
    let target = Target::find(estate, object)?;
    let (object, environment) = (&target.object, &target.environment);
    if target.intermediate.key != KeyHome::Vault {
        let message = format!("{object}: key = \"local\" is declared, expected one in Vault");
        return Err(Rule::KeyPlace.found(message).into());
    }
    estate.check_clock()?;
    if let Some(filed) = target.filed_request(estate)? {
        return Ok(filed.der);
    }
    let mount = environment.declared.mounts.path("pki").ok_or_else(|| {
        let message = format!("{} declares no mount for pki", environment.name);
        Error::usage(message).hint("add pki = \"pki\" to [mounts] of its environment.toml")
    })?;
    let client = connect::connect(args, session, estate, &environment.name)?;
    let wanted = KeyWanted {
        environment: environment.name.as_str(),
        mount,
        name: key_name(object),
        algorithm: target.intermediate.algorithm.into(),
        subject: target.subject(estate)?,
        first: object.generation == Some(1),
    };
    let made = vault::request(&client, &wanted)?;
    say(session, &wanted, &made);
    Ok(made.pem.into_bytes())
}

/// `rootward-ENV-NAME-gN`: what the key is called in the server.
fn key_name(object: &ObjectRef) -> String {
    let generation = object.generation.unwrap_or(1);
    match &object.scope {
        Scope::Root => format!("rootward-root-g{generation}"),
        Scope::Member { environment, name } => {
            format!("rootward-{environment}-{name}-g{generation}")
        }
    }
}

fn say(session: &Session, wanted: &KeyWanted, made: &RequestMade) {
    let KeyWanted { mount, name, .. } = wanted;
    let ui = session.ui;
    if made.mounted {
        ui.status(&format!("mounted pki at {mount}"));
    }
    ui.status(&match made.key_was_there {
        true => format!("found the key {name} at {mount}, which an earlier run had made"),
        false => format!("made the key {name} at {mount}"),
    });
    if !made.named {
        ui.warn(
            "this server does not keep the names of keys: if the request is lost before it is \
             signed, another run makes another key",
        );
    }
}
