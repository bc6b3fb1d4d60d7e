//! Distinguished names that rootward gives to what it issues.

use super::inspect::{COMMON_NAME, COUNTRY, ORGANIZATION, common_name};
use crate::error::{Error, Result};
use crate::model::{name::Name, root::Root, text::clean};

/// A subject: country and organization only for CAs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// C, of CAs.
    pub country: Option<String>,
    /// O, of CAs.
    pub organization: Option<String>,
    /// CN; of a leaf it is the Vault alias.
    pub common_name: String,
}

impl Subject {
    /// The declared common name; later generations say which they are.
    pub fn of_root(root: &Root, generation: u32) -> Self {
        let declared = &root.subject;
        let common_name = match generation {
            1 => declared.common_name.clone(),
            generation => format!("{} g{generation}", declared.common_name),
        };
        let organization = Some(declared.organization.clone());
        Self { country: declared.country.clone(), organization, common_name }
    }

    /// `prod vault CA g1`, in the root's organization.
    ///
    /// # Errors
    /// Usage, when the names together are longer than 64 characters (RFC 5280 appendix A).
    pub fn of_intermediate(
        root: &Root,
        environment: &Name,
        name: &Name,
        generation: u32,
    ) -> Result<Self> {
        let common_name = format!("{environment} {name} CA g{generation}");
        if common_name.len() > 64 {
            let message =
                format!("got the subject {common_name:?}, expected at most 64 characters");
            return Err(Error::usage(message).hint("choose a shorter name for the intermediate"));
        }
        Ok(Self { common_name, ..Self::of_root(root, 1) })
    }

    /// The common name alone: it is the Vault alias.
    pub fn of_leaf(name: &Name) -> Self {
        Self { country: None, organization: None, common_name: name.to_string() }
    }
}

impl Subject {
    /// The subject of a CA that exists. Attributes that rootward never gives are left out: the
    /// rules compare the bytes.
    pub fn read(attributes: &[(String, String)]) -> Self {
        let text = |wanted: &str| {
            let found = attributes.iter().find(|(oid, _)| oid == wanted);
            found.map(|(_, text)| text.clone())
        };
        Self {
            country: text(COUNTRY),
            organization: text(ORGANIZATION),
            common_name: common_name(attributes).to_owned(),
        }
    }

    /// As [`super::inspect::attributes`] reads it back.
    pub fn attributes(&self) -> Vec<(String, String)> {
        let country = self.country.iter().map(|text| (COUNTRY, text));
        let organization = self.organization.iter().map(|text| (ORGANIZATION, text));
        let all = country.chain(organization).chain([(COMMON_NAME, &self.common_name)]);
        all.map(|(oid, text)| (oid.to_owned(), text.clone())).collect()
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(country) = &self.country {
            write!(f, "C={country}, ")?;
        }
        if let Some(organization) = &self.organization {
            write!(f, "O={organization}, ")?;
        }
        write!(f, "CN={}", self.common_name)
    }
}

/// Attributes of any name as people write them: `O=Example Home, CN=Example Home Root`.
pub fn shown(attributes: &[(String, String)]) -> String {
    let attribute = |(oid, text): &(String, String)| match oid.as_str() {
        COMMON_NAME => format!("CN={text}"),
        ORGANIZATION => format!("O={text}"),
        COUNTRY => format!("C={text}"),
        "2.5.4.11" => format!("OU={text}"),
        "2.5.4.7" => format!("L={text}"),
        "2.5.4.8" => format!("ST={text}"),
        _ => format!("{oid}={text}"),
    };
    clean(&attributes.iter().map(attribute).collect::<Vec<_>>().join(", "))
}
