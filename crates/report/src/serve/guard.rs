//! What holds for every request and every answer, whatever it is about.

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::address::Names;
use super::list::notice;
use crate::page::script_source;

/// Which requests are answered, and what browsers may do with the answers.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    names: Names,
    policy: HeaderValue,
}

impl Guard {
    /// Answers requests that use one of `names`; in a browser nothing but `scripts` runs.
    pub(crate) fn new(names: Names, scripts: &[&str]) -> Self {
        Self {
            names,
            policy: HeaderValue::from_str(&policy(scripts)).expect("the policy is ASCII"),
        }
    }

    /// Looks at a request before it is answered, and adds to every answer what browsers are told.
    pub(crate) async fn watch(State(guard): State<Self>, request: Request, next: Next) -> Response {
        let mut response = match guard.accepts(&request) {
            true => next.run(request).await,
            false => {
                let problem = "This server answers requests to the machine that it runs on. To \
                    reach it by another name, start it with --host and that name.";
                let page = notice("Not this server", problem);
                (StatusCode::MISDIRECTED_REQUEST, Html(page)).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, guard.policy);
        let fixed: [(HeaderName, &str); 4] = [
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "no-referrer"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// Whether a request names this server, in its one `Host` header and in its target if that has a
    /// name too.
    fn accepts(&self, request: &Request) -> bool {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let target = request.uri().authority();
        host.to_str().is_ok_and(|host| self.names.accept(host))
            && target.is_none_or(|target| self.names.accept(target.as_str()))
    }
}

/// The Content-Security-Policy under which exactly `scripts` run, and nothing is loaded from anywhere
/// but here.
fn policy(scripts: &[&str]) -> String {
    let hashes: Vec<String> = scripts.iter().map(|s| script_source(s)).collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        hashes.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_its_scripts_by_their_hash() {
        // The example of the specification (CSP Level 3, section 8.3): alert('Hello, world.');
        let policy = policy(&["alert('Hello, world.');", "x"]);
        assert!(
            policy.contains("script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=' '"),
            "{policy}"
        );
        assert!(!policy.contains("script-src 'unsafe"), "{policy}");
    }
}
