//! Which of the two media types of GraphQL responses a client wants.

/// How a response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    GraphQl,
    /// `application/json`: a well-formed request is always answered with 200.
    Json,
}

impl Media {
    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The type that an `Accept` header prefers; none when it accepts neither. Without a header, JSON.
    pub(super) fn accepted(header: Option<&str>) -> Option<Self> {
        let Some(header) = header.filter(|header| !header.trim().is_empty()) else { return Some(Self::Json) };
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::GraphQl,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            let quality = parts
                .find_map(|part| part.strip_prefix("q=").and_then(|quality| quality.parse().ok()))
                .unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
                best = Some((media, quality));
            }
        }
        best.map(|(media, _)| media)
    }
}

/// Whether a `Content-Type` is JSON in UTF-8, the only body that is read.
pub(super) fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return false };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_type_is_taken() {
        let graphql = "application/graphql-response+json";
        assert_eq!(Media::accepted(None), Some(Media::Json));
        assert_eq!(Media::accepted(Some("*/*")), Some(Media::Json));
        assert_eq!(Media::accepted(Some(graphql)), Some(Media::GraphQl));
        assert_eq!(
            Media::accepted(Some(&format!("application/json;q=0.9, {graphql}"))),
            Some(Media::GraphQl)
        );
        assert_eq!(Media::accepted(Some(&format!("{graphql};q=0, application/json"))), Some(Media::Json));
        assert_eq!(Media::accepted(Some("text/html")), None);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        assert!(is_json(Some("application/json")));
        assert!(is_json(Some("Application/JSON; charset=UTF-8")));
        assert!(!is_json(Some("application/json; charset=latin1")));
        assert!(!is_json(Some("text/plain")));
        assert!(!is_json(Some("multipart/form-data; boundary=x")));
        assert!(!is_json(None));
    }
}
