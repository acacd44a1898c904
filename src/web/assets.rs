//! Style sheets, scripts and pictures: in this program, under names that change with their bytes, so that browsers keep them for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, HeaderValue};
use rust_embed::RustEmbed;

use crate::crypto::digest::sha256;

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

/// The style sheet of every page: the design system's components as they are published, then our theme.
pub(super) const STYLES: &str = "styles.css";

/// Our theme, which gives the components their colours and sizes.
const THEME: &str = "theme.css";

/// What takes the secret of a one-time link out of the address.
pub(super) const SIGN_IN: &str = "sign-in.js";

/// What is served below `/assets/`.
pub(super) struct Assets(BTreeMap<&'static str, Asset>);

struct Asset {
    path: String,
    kind: &'static str,
    bytes: Bytes,
}

impl Assets {
    pub(super) fn embedded() -> Self {
        let scripts = [SIGN_IN].into_iter().filter_map(|name| Some((name, "text/javascript; charset=utf-8", read(name)?)));
        let styles = [(STYLES, "text/css; charset=utf-8", Bytes::from(styles()))];
        let pictures = ["icon.svg"].into_iter().filter_map(|name| Some((name, "image/svg+xml", read(name)?)));
        Self(
            styles
                .into_iter()
                .chain(pictures)
                .chain(scripts)
                .map(|(name, kind, bytes)| (name, Asset::new(name, kind, bytes)))
                .collect(),
        )
    }

    /// Where a page finds it.
    pub(super) fn path(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |asset| &asset.path)
    }

    /// The file at this path, if it is one of ours.
    pub(super) fn answer(&self, path: &str) -> Option<Response> {
        let asset = self.0.values().find(|asset| asset.path == path)?;
        let mut response = Response::new(Body::from(asset.bytes.clone()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        Some(response)
    }
}

impl Asset {
    fn new(name: &str, kind: &'static str, bytes: Bytes) -> Self {
        let digest = sha256(&bytes).iter().take(8).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { path: format!("/assets/{digest}/{name}"), kind, bytes }
    }
}

fn read(name: &str) -> Option<Bytes> {
    Files::get(name).map(|file| Bytes::from(file.data.into_owned()))
}

fn styles() -> Vec<u8> {
    let components = Files::iter().filter(|name| name.ends_with(".css") && name != THEME);
    let mut names: Vec<_> = components.map(std::borrow::Cow::into_owned).collect();
    names.sort();
    names.push(THEME.to_owned());
    names.iter().filter_map(|name| read(name)).flat_map(|bytes| [bytes, Bytes::from_static(b"\n")]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_under_its_digest_only() {
        let assets = Assets::embedded();
        let path = assets.path(STYLES);
        assert!(assets.answer(path).is_some(), "{path}");
        for wrong in ["/assets/styles.css", "/assets/0000000000000000/styles.css", "/assets/", "/assets/../theme.css"] {
            assert!(assets.answer(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_page_takes_little_and_nothing_from_elsewhere() {
        let styles = String::from_utf8(styles()).expect("UTF-8");
        assert!(styles.len() < 150 * 1024, "{} bytes", styles.len());
        assert!(styles.contains("--utrecht-document-color"), "the theme is in it");
        for foreign in ["url(", "@import", "//fonts"] {
            assert!(!styles.contains(foreign), "{foreign}");
        }
    }
}
